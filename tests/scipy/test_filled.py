"""Functions for solvers that fill an array made of what they are given: plain arrays, which could hold no variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", "1.15", reason="SciPy is an optional companion; older ones have other functions")
from scipy import integrate, optimize

import gradarray as ga

pytestmark = pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")

P, START = np.array([1.3, 0.8]), np.array([0.5, 0.5])
MADE: dict[str, Callable[[Any], Any]] = {
    "copy": lambda x: x.copy(),
    "array": np.array,
    "product": lambda x: 1.0 * np.asarray(x),
    "power": lambda x: x**2,
    "zeros_like": np.zeros_like,
    "empty": lambda x: np.empty(x.shape),
    "astype": lambda x: x.astype(float),
}


def equations(made: Callable[[Any], Any], x: Any, p: Any) -> Any:
    r = made(x)
    r[0] = p[0] * np.exp(x[0]) - 2 + 0.1 * x[1]
    r[1] = x[1] * p[1] - x[0]
    return r


class Model:
    """What has variables for attributes."""

    def __init__(self, made: Callable[[Any], Any], p: Any) -> None:
        self.made, self.p = made, p

    def slopes(self, _t: float, y: Any) -> Any:
        return -equations(self.made, y, self.p)


EXACT = {"rtol": 1e-8, "atol": 1e-9}
SOLVED: dict[str, Callable[[Any, Any], Any]] = {
    "root": lambda made, p: optimize.root(lambda x, p: equations(made, x, p), START, args=(p,)).x,
    "least_squares": lambda made, p: optimize.least_squares(lambda x: equations(made, x, p), START).x,
    "minimize": lambda made, p: (
        optimize.minimize(lambda x: np.sum(equations(made, x, p) ** 2) + np.sum((x - p) ** 2), START, tol=1e-10).x
    ),
    "fixed_point": lambda made, p: optimize.fixed_point(lambda x: 0.1 * equations(made, x, p), START),
    "solve_ivp": lambda made, p: (
        integrate.solve_ivp(lambda t, y: -equations(made, y, p), (0, 1), START, t_eval=[0.3, 1], **EXACT).y
    ),
    "solve_ivp, of many": lambda made, p: integrate.solve_ivp(
        lambda t, y: np.concatenate([-equations(made, y[:2], p), -y[2:]]), (0, 1), np.ones(50), **EXACT
    ).y[:2, -1],
    "solve_ivp by BDF": lambda made, p: integrate.solve_ivp(
        Model(made, p).slopes, (0, 1), START, "BDF", dense_output=True, **EXACT
    ).sol(np.array([0.3, 0.8])),
    "odeint": lambda made, p: integrate.odeint(
        lambda y, t, p: -equations(made, y, p), START, np.linspace(0, 1, 3), args=(p,)
    ),
}


@pytest.mark.parametrize("solver", SOLVED)
@pytest.mark.parametrize("way", MADE)
def test_arrays_made_of_what_a_function_is_given(solver: str, way: str) -> None:
    def loss(p: Any) -> Any:
        return np.sum(np.cos(SOLVED[solver](MADE[way], p)))

    expected = np.array([(loss(P + h) - loss(P - h)) / 2e-4 for h in 1e-4 * np.eye(2)])
    np.testing.assert_allclose(ga.grad(loss)(P), expected, rtol=1e-3, atol=1e-6)
    along = [ga.jvp(loss, (P,), (v,))[1] for v in np.eye(2)]
    np.testing.assert_allclose(along, expected, rtol=1e-3, atol=1e-6)


def test_what_a_solver_gives_is_not_written_into() -> None:
    def residuals(x: Any, p: Any) -> Any:
        x[0] = p[0] * x[0]  # into the solver's own array
        return x - p

    with pytest.raises(ga.GradientLossError, match="cannot write a variable into a plain ndarray"):
        ga.grad(lambda p: np.sum(optimize.root(residuals, START.copy(), args=(p,)).x))(P)
