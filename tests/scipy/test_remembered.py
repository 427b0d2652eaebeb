"""What functions keep from one call to the next, by which no derivative of a solution gets lost in silence."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytest.importorskip("scipy")
from scipy import optimize

from gradarray.solvers.remembered import State

from . import keeping
from .keeping import SOLVERS, STYLES

# Refusals that are about what is kept, or about an array that was not made to be filled.
REFUSALS = (ga.GradientLossError, TypeError, RuntimeError, ValueError, np.linalg.LinAlgError)
K = 1.5
FIRST: dict[str, Callable[[Any], Any]] = {
    "grad": lambda f: ga.grad(f)(K),
    "jvp": lambda f: ga.jvp(f, (K,), (1.0,))[1],
}
SECOND: dict[str, Callable[[Any], Any]] = {
    "hessian": lambda f: ga.hessian(f)(K),
    "forward over reverse": lambda f: ga.jvp(ga.grad(f), (K,), (1.0,))[1],
}
AGAIN: dict[str, Callable[[Any], Any]] = {
    "ten times": lambda f: [ga.grad(f)(K) for _ in range(10)][-1],
    "jit": lambda f: [ga.jit(ga.grad(f))(k) for k in (1.1 * K, K)][-1],
    "vmap": lambda f: ga.vmap(ga.grad(f))(np.array([K, 1.1 * K]))[0],
}


def of_style(solver: str, style: str) -> Callable[[Any], Any]:
    solve, make = SOLVERS[solver], STYLES[style]
    return lambda k: solve(make(k))


@functools.cache
def expected(solver: str) -> tuple[float, float, float]:
    """Return the value and its first two derivatives, by differences of what keeps nothing."""
    h = 1e-3
    f = [float(SOLVERS[solver](lambda _, y, k=K + j * h: -k * y)) for j in range(-2, 3)]
    return f[2], (8 * (f[3] - f[1]) - (f[4] - f[0])) / (12 * h), (f[3] - 2 * f[2] + f[1]) / h**2


def wrong(solver: str, style: str, modes: dict[str, Callable[[Any], Any]], order: int) -> list[str]:
    """Return what modes make of a style but what is expected and refusals, and note how many are right."""
    found = []
    want = expected(solver)[order]
    for mode, derivative in modes.items():
        try:
            value = float(derivative(of_style(solver, style)))
        except REFUSALS:
            continue
        right.append(f"{style}, {mode}")
        if not abs(value - want) <= (2e-4, 2e-2)[order - 1] * (1 + abs(want)):
            found.append(f"{style}, {mode}: {value}, not {want}")
    return found


right: list[str] = []
# It looks through all places, of which a solver of differential equations has many.
BY_FEW = ("RK45", "DOP853", "Radau", "LSODA", "start", "event", "odeint", "solve_bvp", "dblquad")
BY_FEW += ("quad, infinite", "quad, weight")


def styles_for(solver: str) -> list[str]:
    return [style for style in STYLES if style != "all_places" or solver not in BY_FEW]


SOME = ("memo_by_time", "lazy_property", "history", "by_bytes", "warm_start", "filled_at_the_second")
SOME += ("buffer_made_anew", "last_place_in_part", "generator", "counter", "filled_once")
# Styles whose derivative is found by all solvers, and those that are refused by some.
ALWAYS = ("filled_once", "filled_once_in_part", "memo", "lazy_property", "cached_property", "lazy_slot", "dataclass")
ALWAYS += ("class_attribute", "default_argument", "of_partial", "nested", "global_dict", "global_name", "generator")
ALWAYS += ("counter", "last_place_written", "history")


@pytest.mark.parametrize("solver", SOLVERS)
def test_derivatives_are_right_or_refused(solver: str) -> None:
    right.clear()
    assert [line for style in styles_for(solver) for line in wrong(solver, style, FIRST, 1)] == []
    assert {f"{style}, {mode}" for style in ALWAYS for mode in FIRST} <= set(right)


@pytest.mark.parametrize("solver", ["RK45", "Radau", "odeint", "quad", "brentq", "fsolve", "minimize", "curve_fit"])
def test_second_derivatives_are_right_or_refused(solver: str) -> None:
    right.clear()
    assert [line for style in SOME for line in wrong(solver, style, SECOND, 2)] == []
    assert {f"{style}, hessian" for style in ("filled_once", "counter")} <= set(right)


@pytest.mark.parametrize("solver", ["RK45", "odeint", "quad", "fsolve", "minimize", "least_squares"])
def test_again_and_again_and_in_other_transforms(solver: str) -> None:
    right.clear()
    assert [line for style in SOME[-5:] for line in wrong(solver, style, AGAIN, 1)] == []
    assert {f"filled_once, {mode}" for mode in ("ten times", "jit")} <= set(right)


@pytest.mark.parametrize("solver", ["RK45", "quad", "brentq", "minimize", "least_squares"])
def test_by_the_mirror_of_scipy(solver: str, monkeypatch: Any) -> None:
    expected(solver)
    right.clear()
    for name in ("optimize", "integrate"):
        monkeypatch.setattr(keeping, name, getattr(ga.scipy, name))
    assert [line for style in SOME for line in wrong(solver, style, FIRST, 1)] == []
    assert "filled_once, grad" in right


@pytest.mark.parametrize("solver", SOLVERS)
def test_values_are_those_of_scipy(solver: str) -> None:
    for style in ("filled_once", "last_place_in_part", "history"):
        value = ga.value_and_grad(of_style(solver, style))(K)[0]
        np.testing.assert_allclose(value, expected(solver)[0], rtol=1e-5)


def test_what_is_kept_of_an_earlier_gradient_is_a_constant() -> None:
    kept: dict[str, Any] = {}

    def root(k: Any) -> Any:
        def f(x: Any) -> Any:
            return kept.setdefault("rate", k * 1.0) * x - 3

        return optimize.brentq(f, 0, 100)

    np.testing.assert_allclose(ga.grad(root)(1.5), -3 / 1.5**2)
    assert ga.grad(root)(2.0) == 0 == root(2.0) - 2.0, "it is that of the earlier call, which is a constant"


def test_the_error_says_what_is_kept() -> None:

    make = STYLES["filled_somewhere"]

    def root(k: Any) -> Any:
        f = make(k)
        return optimize.fsolve(lambda x: f(0.0, x) + 3, [1.0, 1.0])[0]

    def anew(k: Any) -> Any:
        return optimize.fsolve(lambda x: make(k)(0.0, x) + 3, [1.0, 1.0])[0]

    with pytest.raises(ga.GradientLossError, match="keeps something from one call to the next"):
        ga.grad(root)(K)
    np.testing.assert_allclose(ga.grad(anew)(K), -3 / K**2, err_msg="one that is made for each call keeps nothing")


def test_a_function_that_keeps_plain_values_is_refused() -> None:
    def root(k: Any) -> Any:
        kept: dict[bytes, Any] = {}

        def f(x: Any) -> Any:
            key = np.asarray(x).tobytes()
            if key not in kept:
                value = k * x - 3
                kept[key] = ga.asarray(value)
                return value
            return kept[key]

        return optimize.brentq(f, 0, 100)

    for derivative in (lambda: ga.grad(root)(K), lambda: ga.jvp(root, (K,), (1.0,))):
        with pytest.raises(ga.GradientLossError, match="has lost its derivative"):
            derivative()


# --- what can be seen of a function -----------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_a_change_is_seen(style: str) -> None:
    seen = {"counter": False, "buffer_made_anew": False, "buffer_that_is_kept": False, "filled_somewhere": False}
    f = STYLES[style](K)
    before = State(f)
    assert (State(f) == before) is (style not in ("generator", "iterator"))
    f(0.0, np.array([1.0, 2.0]))
    assert (State(f) != before) is seen.get(style, True)


def test_what_is_not_changed_is_the_same() -> None:
    rates = {"a": np.ones(3), "b": [1.0, (2.0, None)]}

    def f(x: Any) -> Any:
        return rates["a"] @ x + rates["b"][0]

    several = [f, float("nan")]
    before = State(rates, several)
    f(np.ones(3))
    assert State(rates, several) == before
    rates["b"].append(3.0)
    assert State(several) != before


def test_what_goes_round_in_a_circle_is_looked_at_once() -> None:
    circle: list[Any] = [1.0]
    circle.append(circle)
    before = State(circle)
    circle.append(2.0)
    assert State(circle) != before


def test_variables_are_seen() -> None:
    t = ga.tensor(1.0)
    assert State({"a": [t]}).variables
    assert State(lambda x: t * x).variables
    assert not State({"a": [t.detach()]}, lambda x: 2 * x).variables
