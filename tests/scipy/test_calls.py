"""Calls of SciPy: its own values, and derivatives by each door, in both modes and twice, against differences."""

from __future__ import annotations

from collections.abc import Callable
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
}
# At least 9,261 nodes; dblquad goes the same way.
LONG = {"integrate.tplquad"}
DOORS = (by_library, by_mirror)
pytestmark = [
    pytest.mark.filterwarnings("error::gradarray.GradientLossWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
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
        np.testing.assert_allclose(x.data, y, rtol=1e-10, atol=1e-12 * max(1.0, float(np.max(np.abs(y), initial=0))))


@pytest.mark.parametrize("call", RIGHT, ids=repr)
def test_derivatives(call: Call) -> None:
    tangents = directions(call)
    expected = along(by_library(call), call.arrays, tangents)
    assert np.isfinite(expected)
    near = {"rel": 1e-7 * call.rough, "abs": 1e-8 * call.rough}
    for door in DOORS:
        f = door(call)
        found = gradients(f, call.arrays)
        assert [np.shape(g) for g in found] == [a.shape for a in call.arrays]
        assert inner(found, tangents) == pytest.approx(expected, **near), f"{door.__name__}, reverse"
        assert ga.jvp(f, call.arrays, tangents)[1] == pytest.approx(expected, **near), f"{door.__name__}, forward"


@pytest.mark.parametrize("call", [call for call in RIGHT if call.orders > 1], ids=repr)
def test_second_derivatives(call: Call) -> None:
    """The derivative of a gradient along a direction: forward over reverse, and reverse over reverse."""
    f, tangents = by_mirror(call), directions(call)

    def sloping(*arrays: Any) -> Any:
        return inner(gradients(f, arrays), tangents)

    expected = along(sloping, call.arrays, tangents)
    near = {"rel": 1e-6 * call.rough, "abs": 1e-7 * call.rough}
    assert ga.jvp(sloping, call.arrays, tangents)[1] == pytest.approx(expected, **near), "forward over reverse"
    assert inner(gradients(sloping, call.arrays), tangents) == pytest.approx(expected, **near), "reverse over reverse"


@pytest.mark.parametrize("call", [call for call in CALLS if call.refused], ids=repr)
@pytest.mark.parametrize("door", DOORS)
def test_what_is_refused_says_why(call: Call, door: Callable[[Call], Callable[..., Any]]) -> None:
    with pytest.raises((TypeError, ValueError), match=call.refused):
        gradients(door(call), call.arrays)


@pytest.mark.parametrize("module", ["integrate", "linalg"])
def test_each_function_that_is_declared_is_called(module: str) -> None:
    called = {call.name.split()[0] for call in CALLS}
    assert {f"{module}.{f}" for f in functions_of(f"scipy.{module}")} - NO_NUMBERS - LONG <= called


def test_names_are_unique() -> None:
    names = [call.name for call in CALLS]
    assert len(set(names)) == len(names)
