"""Calls of SciPy: its own values, and derivatives by each door, in both modes and twice, against differences."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.rules.scipy.families import functions_of

pytest.importorskip("scipy", "1.15", "SciPy is an optional companion; older ones have other functions")
from tests.scipy.calls import Call, all_calls, along, by_library, by_mirror, directions, inner, leaves

CALLS = all_calls()
RIGHT = [call for call in CALLS if not call.refused]
# What these return has nothing to differentiate.
NO_NUMBERS = {
    f"linalg.{name}"
    for name in ("find_best_blas_type", "get_blas_funcs", "get_lapack_funcs", "ishermitian", "issymmetric")
} | {
    f"{module}.{name}"
    for module, names in {
        "fftpack": "next_fast_len",
        "ndimage": "binary_closing binary_dilation binary_erosion binary_fill_holes binary_hit_or_miss binary_opening "
        "binary_propagation find_objects generate_binary_structure histogram iterate_structure maximum_position "
        "minimum_position value_indices",
        "signal": "argrelextrema argrelmax argrelmin check_COLA check_NOLA choose_conv_method correlation_lags "
        "find_peaks_cwt findfreqs max_len_seq unit_impulse",
    }.items()
    for name in names.split()
}
# At least 9,261 nodes; dblquad goes the same way.
LONG = {"integrate.tplquad"}
DOORS = (by_library, by_mirror)
SCIPY = tuple(map(int, version("scipy").split(".")[:2]))
pytestmark = [
    pytest.mark.filterwarnings("error::gradarray.GradientLossWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings(
        "ignore::RuntimeWarning", "ignore::UserWarning"
    ),  # SciPy's, of solvers and sparse matrices
]


def gradients(f: Callable[..., Any], arrays: Any) -> Any:
    return ga.grad(f, argnums=tuple(range(len(arrays))))(*arrays)


@pytest.mark.parametrize("call", RIGHT, ids=repr)
def test_value(call: Call) -> None:
    """The values are SciPy's own, through the mirror as well, and of the same shape and dtype."""
    import scipy

    expected = [*leaves(call.func(scipy, *call.arrays))]
    found = [*leaves(call.func(ga.scipy, *map(ga.tensor, call.arrays)))]
    assert len(found) == len(expected) > 0
    for x, y in zip(found, expected, strict=True):
        assert isinstance(x, ga.Tensor)
        assert (x.shape, x.dtype) == (np.shape(y), np.asarray(y).dtype)
        near = {"rtol": 1e-10 * call.rough, "atol": 1e-12 * call.rough * max(1.0, float(np.max(np.abs(y), initial=0)))}
        np.testing.assert_allclose(x.data, y, **near)


@pytest.mark.parametrize("call", RIGHT, ids=repr)
def test_derivatives(call: Call) -> None:
    tangents = directions(call)
    expected = along(by_library(call), call.arrays, tangents)
    assert np.isfinite(expected)
    near = {"rel": 1e-7 * call.rough, "abs": 1e-8 * call.rough}
    value = by_library(call)(*call.arrays)
    for door in DOORS:
        f = door(call)
        there, found = ga.value_and_grad(f, argnums=tuple(range(len(call.arrays))))(*call.arrays)
        assert there == pytest.approx(value, rel=1e-10 * call.rough, abs=1e-11 * call.rough), f"{door.__name__}, value"
        assert [np.shape(g) for g in found] == [a.shape for a in call.arrays]
        slope = inner(found, tangents)
        assert slope == pytest.approx(expected, **near), f"{door.__name__}, reverse"
        tangent = ga.jvp(f, call.arrays, tangents)[1]
        assert tangent == pytest.approx(slope, rel=1e-7, abs=1e-8), f"{door.__name__}, forward"


@pytest.mark.parametrize("call", [call for call in RIGHT if call.orders > 1], ids=repr)
def test_second_derivatives(call: Call) -> None:
    """The derivative of a gradient along a direction: forward over reverse, and reverse over reverse."""
    tangents = directions(call)

    def sloping(door: Callable[[Call], Callable[..., Any]]) -> Callable[..., Any]:
        f = door(call)
        return lambda *arrays: inner(gradients(f, arrays), tangents)

    inside, mirrored = map(sloping, DOORS)
    expected = along(inside, call.arrays, tangents)
    near = {"rel": 1e-6 * call.rough, "abs": 1e-7 * call.rough}
    assert ga.jvp(inside, call.arrays, tangents)[1] == pytest.approx(expected, **near), "forward over reverse"
    assert inner(gradients(mirrored, call.arrays), tangents) == pytest.approx(expected, **near), "reverse over reverse"


LINALG = [call for call in RIGHT if call.name.startswith("linalg.")]
# A stack of vectors on the right is taken for one matrix; norm takes no stack, and bandwidth is one number.
NO_STACKS = {"linalg.solve_circulant", "linalg.solve_toeplitz symmetric", "linalg.matmul_toeplitz one"}
NO_STACKS |= {"linalg.norm", "linalg.norm nuclear", "linalg.bandwidth"}


@pytest.mark.parametrize("call", LINALG, ids=repr)
def test_single_precision(call: Call) -> None:
    """Results have the precision that SciPy's have, which is the double one here and there."""
    import scipy

    if call.name.startswith(("linalg.bandwidth", "linalg.funm")):  # a number of NumPy's; complex by rounding
        return
    arrays = [a.astype(np.complex64 if a.dtype.kind == "c" else np.float32) for a in call.arrays]
    expected = [np.asarray(y).dtype for y in leaves(call.func(scipy, *arrays))]
    assert [x.dtype for x in leaves(call.func(ga.scipy, *map(ga.tensor, arrays)))] == expected
    assert [g.dtype for g in gradients(by_mirror(call), arrays)] == [a.dtype for a in arrays]


@pytest.mark.skipif(SCIPY < (1, 17), reason="older versions of SciPy compute more of them in double precision")
def test_statistics_in_single_precision() -> None:
    """Results of samples have the precision that SciPy's have."""
    import scipy

    from tests.scipy.table_samples import CALLS as samples

    for call in (call for call in samples if not call.refused):
        arrays = [a.astype(np.float32) for a in call.arrays]
        expected = [np.asarray(y).dtype for y in leaves(call.func(scipy, *arrays))]
        assert [x.dtype for x in leaves(call.func(ga.scipy, *map(ga.tensor, arrays)))] == expected, call


@pytest.mark.filterwarnings("ignore::gradarray.JitWarning")
def test_statistics_in_programs() -> None:
    """A gradient that is written down as a program is right for other arrays, and so is one that cannot be."""
    from tests.scipy.table_distributions import CALLS as objects
    from tests.scipy.table_samples import CALLS as samples

    for call in [call for call in (*samples, *objects) if not call.refused][::7]:
        f, others = by_library(call), [1.0007 * a for a in call.arrays]
        program = ga.jit(ga.grad(f, argnums=tuple(range(len(call.arrays)))))
        for arrays in (call.arrays, others):
            for found, expected in zip(program(*arrays), gradients(f, arrays), strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12, err_msg=call.name)


@pytest.mark.skipif(SCIPY < (1, 17), reason="older versions of SciPy take fewer stacks of matrices")
@pytest.mark.parametrize("call", [call for call in LINALG if call.name not in NO_STACKS], ids=repr)
def test_stacks(call: Call) -> None:
    """Matrices on leading axes; one vector on the right stands for all."""
    import scipy

    vector = call.arrays[-1].ndim == 1 and any(a.ndim > 1 for a in call.arrays)
    stacked = call.arrays[:-1] if vector else call.arrays
    arrays = [np.stack([a, 1.03 * a + 0.01]) if a.ndim else a for a in stacked] + call.arrays[len(stacked) :]
    expected = [*leaves(call.func(scipy, *arrays))]
    found = [*leaves(call.func(ga.scipy, *map(ga.tensor, arrays)))]
    for x, y in zip(found, expected, strict=True):
        assert (x.shape, x.dtype) == (np.shape(y), np.asarray(y).dtype)
        np.testing.assert_allclose(x.data, y, rtol=1e-10, atol=1e-11)
    tangents = [np.cos(np.arange(a.size) + 0.3).reshape(a.shape) for a in arrays]
    slope = along(by_library(call), arrays, tangents)
    near = {"rel": 1e-6 * call.rough, "abs": 1e-7 * call.rough}
    assert inner(gradients(by_mirror(call), arrays), tangents) == pytest.approx(slope, **near)
    assert ga.jvp(by_mirror(call), arrays, tangents)[1] == pytest.approx(slope, **near)


@pytest.mark.parametrize("call", [call for call in CALLS if call.refused], ids=repr)
@pytest.mark.parametrize("door", DOORS)
def test_what_is_refused_says_why(call: Call, door: Callable[[Call], Callable[..., Any]]) -> None:
    with pytest.raises((TypeError, ValueError), match=call.refused):
        gradients(door(call), call.arrays)


@pytest.mark.parametrize("module", ["fftpack", "integrate", "linalg", "ndimage", "signal"])
def test_each_function_that_is_declared_is_called(module: str) -> None:
    called = {call.name.split()[0] for call in CALLS}
    assert {f"{module}.{f}" for f in functions_of(f"scipy.{module}")} - NO_NUMBERS - LONG <= called


@pytest.mark.parametrize("module", ["fftpack", "ndimage", "signal", "signal.windows"])
def test_each_function_is_declared(module: str) -> None:
    """Each name of a new version of SciPy is looked at; NumPy's own functions that stand there have rules."""
    library = import_module(f"scipy.{module}")
    public = {name: getattr(library, name) for name in library.__all__}
    functions = {name for name, f in public.items() if callable(f) and not isinstance(f, type)}
    functions -= {name for name in functions if getattr(np.fft, name, None) is public[name]}
    assert functions <= functions_of(f"scipy.{module}").keys()


def test_names_are_unique() -> None:
    names = [call.name for call in CALLS]
    assert len(set(names)) == len(names)
