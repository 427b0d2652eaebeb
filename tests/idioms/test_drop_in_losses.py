"""What cannot be differentiated is told, with the expression; and nothing of the program has changed by then."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from tests.idioms import failing, isinstance_and_types

X = np.array([0.3, 1.1, 2.6])

# The program, and what of its text stands in the message; None where the error is not ours.
LOSSES = {
    "packed_array": 'array.array("d", x)',
    "packed_structure": 'struct.pack("dd", x[0], x[1])',
    "through_a_list_of_bytes": None,
    "compiled_number": None,
    "decimal_number": None,
    "as_json": None,
    "fast_mean": "statistics.fmean(x)",
    "module_buffer": "BUFFER[0] = x[0] * 2",
    "module_buffer_slice": "BUFFER[:] = x",
    "module_buffer_added": "BUFFER += x",
    "module_buffer_filled": "BUFFER.fill(x[1])",
    "module_buffer_copied": "np.copyto(BUFFER, x)",
    "module_buffer_as_out": "np.multiply(x, 2.0, out=BUFFER)",
    "buffer_in_a_table": 'TABLE["state"][1] = x[1]',
    "default_buffer": "out[0] = x[0]",
    "object_made_before": "self.own[0] = x[0]",
    "class_buffer": "self.shared[0] = x[0]",
    "copy_of_a_module_array": "w[0] = x[0]",
    "result_of_plain_arithmetic": "w[1] = x[1]",
    "view_of_a_module_array": "BUFFER.reshape(3, 1)[0, 0] = x[0]",
    "subclass": None,
    "matrix": "np.matrix(x)",
    "masked": "np.ma.array(x, mask=[True, False, False])",
    "masked_where": "np.ma.masked_where(x > 1, x)",
    "record": 'points["x"] = x',
}
# Of np.matrix.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
each = pytest.mark.parametrize("name", LOSSES)


# Where the programs have arrays that were made before.
PLACES = [
    (vars(failing), "BUFFER"),
    (vars(failing), "WEIGHTS"),
    (failing.TABLE, "state"),
    (vars(failing.MODEL), "own"),
]


def buffers() -> list[Any]:
    return [*(space[name] for space, name in PLACES), failing.Model.shared, *failing.default_buffer.__defaults__]


def told(name: str, error: BaseException) -> None:
    expected = LOSSES[name]
    if expected is None:
        return
    assert isinstance(error, ga.GradientLossError | ga.GradientLossWarning)
    assert expected in str(error)


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    """See that no half-written array is left behind, nor a tensor in its place."""
    arrays = buffers()
    values = [a.copy() for a in arrays]
    yield
    now = buffers()
    for (space, name), array in zip(PLACES, arrays, strict=False):
        space[name] = array
    changed = [value for array, value in zip(arrays, values, strict=True) if not np.array_equal(array, value)]
    for array, value in zip(arrays, values, strict=True):
        array[:] = value
    assert all(new is old for new, old in zip(now, arrays, strict=True)) and not changed


@each
def test_it_runs_without_gradarray(name: str) -> None:
    saved = [a.copy() for a in buffers()]
    assert np.isfinite(getattr(failing, name)(X.copy()))
    for array, value in zip(buffers(), saved, strict=True):
        array[:] = value


@each
def test_grad(name: str) -> None:
    with pytest.raises(TypeError) as caught:
        ga.grad(getattr(failing, name))(X)
    told(name, caught.value)


@each
def test_jvp(name: str) -> None:
    with pytest.raises(TypeError) as caught:
        ga.jvp(getattr(failing, name), (X,), (np.ones(3),))
    told(name, caught.value)


@each
def test_tensors_in_a_block(name: str) -> None:
    """Outside of transforms, taking a value is warned of."""
    with warnings.catch_warnings(), pytest.raises((TypeError, ga.GradientLossWarning)) as caught, ga.drop_in():
        warnings.simplefilter("error", ga.GradientLossWarning)
        getattr(failing, name)(ga.tensor(X)).backward()
    told(name, caught.value)


@pytest.mark.parametrize("name", ["copy_of_a_module_array", "result_of_plain_arithmetic", "module_buffer"])
def test_the_way_out_is_told(name: str) -> None:
    with pytest.raises(ga.GradientLossError, match=r"np\.array\("):
        ga.grad(getattr(failing, name))(X)


@pytest.mark.filterwarnings("ignore")
def test_bisection_is_not_loud() -> None:
    """No automatic differentiation sees what only comparisons decide; the guide says so."""
    assert ga.grad(failing.bisected)(2.0) == 0
    np.testing.assert_allclose(failing.bisected(2.0), np.sqrt(2), rtol=1e-9)


def test_the_exact_type_takes_another_way_or_none() -> None:
    """Whichever way the program takes, it is right; or it ends in the program's own error."""
    np.testing.assert_allclose(ga.grad(isinstance_and_types.exact_type)(X), 2 * X)
    try:
        found = ga.grad(failing.only_exact_arrays)(X)
    except TypeError as error:
        assert str(error) == "an array is needed"
    else:
        np.testing.assert_array_equal(found, np.ones(3))


def test_bytes_are_asked_for_by_name() -> None:
    """As those of t.data: it is said where nothing else comes out of a transform."""
    with pytest.warns(ga.GradientLossWarning, match=r"x\.tobytes\(\)"):
        assert not np.any(ga.grad(failing.through_bytes)(X))
