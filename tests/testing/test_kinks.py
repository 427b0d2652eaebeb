"""check_grads looks at the function first: where that has no derivative, none is called wrong."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.testing.differences import FlatFunction
from gradarray.testing.kinks import rough
from tests.testing.test_testing import report, with_gradient

POINT = np.array([1.0, 0.0, -2.0])

ROUGH: dict[str, tuple[Any, Any, str]] = {
    "abs": (
        np.abs,
        POINT,
        "element (1,), result, element (1,), has a kink there, and no derivative: to one side it is 1",
    ),
    "relu": (lambda x: np.sum(np.maximum(x, 0)), POINT, "element (1,), result has a kink there"),
    "where": (lambda x: np.where(x > 0, 3 * x, x), POINT, "to one side it is 3, to the other 1"),
    "clip": (lambda x: np.clip(x, 0, 1) @ x, np.array([0.5, 1.0]), "element (1,), result has a kink there"),
    "ties": (np.max, np.array([2.0, 1.0, 2.0]), "element (0,), result has a kink there"),
    "sort": (np.sort, np.array([2.0, 1.0, 2.0]), "has a kink there"),
    "norm": (np.linalg.norm, np.zeros(3), "element (0,), result has a kink there"),
    "complex": (np.abs, np.array([1j, 0.0]), "element (1,), result, element (1,), has a kink there"),
    "number": (np.abs, 0.0, "result has a kink there, and no derivative: to one side it is 1, to the other -1"),
    "a part": (lambda x: {"a": x, "b": [np.abs(x)]}, POINT, "result['b'][0], element (1,), has a kink there"),
    "single": (lambda x: np.maximum(x, 0), POINT.astype(np.float32), "has a kink there"),
    "step": (
        lambda x: x + np.floor(x),
        np.array([0.5, 2.0]),
        "element (1,), result, element (1,), has a jump there, by 1",
    ),
    "sign": (np.sign, POINT, "element (1,), has a jump there, by 1"),
    "root": (
        lambda x: np.sum(np.sqrt(x)),
        np.array([1.0, 0.0]),
        "element (1,), result is finite there, and to one side",
    ),
    "cusp": (lambda x: np.sqrt(np.abs(x)), np.array([1.0, 0.0]), "element (1,), result, element (1,), is too steep"),
    "root to one side": (
        lambda x: np.where(x < 0, np.sqrt(np.maximum(-x, 0)), x),
        np.array([1.0, 0.0]),
        "element (1,), result, element (1,), is too steep",
    ),
    "root to the other": (
        lambda x: np.where(x > 0, np.sqrt(np.maximum(x, 0)), x),
        np.array([1.0, 0.0]),
        "element (1,), result, element (1,), is too steep",
    ),
    "cube root": (np.cbrt, np.array([1.0, 0.0]), "element (1,), result, element (1,), is too steep"),
}


@pytest.mark.parametrize("modes", ["rev", "fwd"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", ROUGH)
def test_a_function_that_is_not_smooth(name: str, order: int, modes: str):
    f, x, expected = ROUGH[name]
    with np.errstate(all="ignore"):
        found = report(f, x, order=order, modes=modes)
    assert expected in found
    assert "f itself is not smooth: at argument args[0]" in found
    assert "wrong" not in found


@pytest.mark.parametrize("modes", ["rev", "fwd"])
def test_a_derivative_that_is_not_smooth(modes: str):
    """The square of a relu has a derivative at zero, which is compared, and no second one."""

    def f(x: Any) -> Any:
        return np.sum(np.maximum(x, 0) ** 2)

    ga.check_grads(f, (POINT,), order=1, modes=modes)
    found = report(f, POINT, modes=modes)
    assert "cannot compare the derivative of order 2" in found
    assert "has a kink there" in found
    assert "wrong" not in found
    wrong = with_gradient(f, lambda g, x: g * 2 * np.maximum(x, 0.1))
    assert "is wrong" in report(wrong, POINT, order=1, modes=modes)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.abs(x + 1e-4)),
        lambda x: np.sum(np.abs(x - 1e-5)) + np.sum(x),
        lambda x: np.linalg.norm(x) * np.max(x),
        lambda x: np.sin(1e3 * x) / 1e3,
        lambda x: 1e9 + np.sin(x),
        lambda x: 1e-9 * np.exp(x) + 0 * x,
        lambda x: (x - POINT) ** 2,  # the slope is zero, and what is left of it is rounding
        lambda x: np.cumsum(np.tile(x, 300)),
        lambda x: np.abs(x) ** 3,
        lambda x: np.floor(x + 0.5),
    ],
)
def test_what_is_smooth_here_passes(f: Any):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ga.check_grads(f, (POINT,), order=1)


def test_what_is_computed_with_a_tolerance_of_its_own():
    """Here and there it looks steep, along each direction elsewhere."""
    x = np.linspace(-1, 1, 3000)

    def f(x: Any) -> Any:
        return np.sin(x) + 1e-6 * np.sin(1e13 * ga.stop_gradient(x))

    found = rough(
        FlatFunction(lambda x: [f(x)], ["result"]), [x], [np.random.default_rng(0).uniform(0.4, 1.4, 3000)], 1e-3
    )
    assert found[0].any()
    ga.check_grads(f, (x,), order=1, modes="fwd", rtol=100.0, atol=100.0)


def test_rounding_is_no_kink():
    x = np.linspace(-1, 1, 3000)
    for size in (1.0, 1e6, 1e8, 1e10, 1e11):
        function = FlatFunction(lambda x, size=size: [size + np.sin(3 * x)], ["result"])
        assert not rough(function, [x], [np.cos(1e5 * x)], 1e-3)[0].any()


def test_near_the_end_of_its_domain_differences_do_not_settle():
    with np.errstate(all="ignore"):
        found = report(np.log, np.array([1.0, 1e-5]), order=1)
        assert "cannot compare" in found
        assert "element (1,)" in found
        assert "wrong" not in found
        ga.check_grads(np.log, (np.array([1.0, 1e-5]),), order=1, eps=1e-7, rtol=1e-3)


def test_what_is_not_finite_is_told_first():
    wrong = with_gradient(lambda x: np.log(x), lambda g, x: g * 2 / x)
    with np.errstate(all="ignore"), pytest.warns(UserWarning, match=r"not finite: result, element \(1,\): nan"):
        report(wrong, np.array([1.0, -1.0]), order=1)
    with pytest.warns(UserWarning, match=r"element \(0,\): nan; nor is the argument args\[0\], element \(0,\): nan"):
        ga.check_grads(lambda x: 2 * x, (np.array([np.nan, 1.0]),))
    with pytest.raises(ValueError, match=r"\(result, element \(\): nan; nor .*ga.detect_anomaly"):
        ga.check_grads(lambda p: np.sum(p["w"]), ({"w": np.array([np.nan, 1.0])},))


def test_numbers_that_can_be_checked_by_hand():
    """Derivatives of x**3 at 2, 12, beside wrong ones, whatever was drawn for the other elements and results."""
    cube = with_gradient(lambda x: x**3, lambda g, x: g * np.array([3.0, 5.0]) * x**2)
    x = np.array([1.0, 2.0])
    by_scalar = report(lambda x: np.sum(cube(x)), x, order=1, modes="rev")
    assert "analytic 20\n  numeric  12 " in by_scalar
    assert "alone" not in by_scalar
    assert "that of result, element (1,), alone: analytic 20, numeric 12" in report(cube, x, order=1, modes="rev")
    by_element = report(lambda x: np.sum(cube(x)), x, order=1, modes="fwd")
    assert "that by args[0], element (1,), alone: analytic 20, numeric 12" in by_element
    of_scalar = with_gradient(lambda t: t**3, lambda g, t: g * 5 * t**2)
    for modes in ("rev", "fwd"):
        assert "analytic 20\n  numeric  12 " in report(of_scalar, 2.0, order=1, modes=modes)
