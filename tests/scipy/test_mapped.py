"""Calls of SciPy within vmap, and gradients of them: as for one element after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytest.importorskip("scipy", "1.15", reason="SciPy is an optional companion; older ones have other functions")
from scipy import integrate, interpolate, optimize, signal, sparse, stats

X = np.arange(6.0)
Y = np.array([[1.0, 2.0, 3.0, 1.5, 2.5, 0.5], [0.3, 0.7, 0.1, 1.0, 2.0, 1.4]])


def boundary(y: Any) -> Any:
    def slope(x: Any, z: Any) -> Any:
        return np.stack([z[1], -y[0] * z[0]])

    ends = lambda a, b: np.array([a[0], b[0] - y[1]])  # noqa: E731
    return integrate.solve_bvp(slope, ends, np.linspace(0, 1, 5), np.zeros((2, 5))).y[0]


# Each of one row: filters, which call the library; objects that hold arrays; solvers.
CALLS: dict[str, Callable[[Any], Any]] = {
    "lists": lambda y: np.concatenate([[y[0], 1.0], y, np.vstack([[y[1], y[2]], y[:2]])[0]]),
    "lfilter": lambda y: signal.lfilter([1, 0.5], [1, -0.3], y),
    "butter": lambda y: signal.butter(2, y[0] / 10 + 0.1)[0],
    "CubicSpline": lambda y: interpolate.CubicSpline(X, y)(2.3),
    "PchipInterpolator": lambda y: interpolate.PchipInterpolator(X, y).derivative()(y[:2]),
    "make_interp_spline": lambda y: interpolate.make_interp_spline(X, y)([2.3, 1.1]),
    "interp1d": lambda y: interpolate.interp1d(X, y)(2.3),
    "RegularGridInterpolator": lambda y: interpolate.RegularGridInterpolator((X,), y)([[2.3]]),
    "BSpline": lambda y: interpolate.BSpline([0, 0, 0, 0, 1, 2, 3, 3, 3, 3], y, 3)(1.3),
    "UnivariateSpline": lambda y: interpolate.UnivariateSpline(X, y, s=0)(2.3),
    "norm": lambda y: stats.norm(y[0], y[1]).logpdf(y),
    "gaussian_kde": lambda y: stats.gaussian_kde(y)(1.0),
    "diags_array": lambda y: sparse.diags_array(y) @ X,
    "solve_ivp": lambda y: integrate.solve_ivp(lambda t, z: -y[0] * z, (0, 1), y[:2]).y[:, -1],
    "solve_bvp": boundary,
    "minimize": lambda y: optimize.minimize(lambda x: np.sum((x - y[:2]) ** 2), np.zeros(2)).x,
}


@pytest.mark.parametrize("name", CALLS)
def test_mapped(name: str) -> None:
    f = CALLS[name]

    def weighted(y: Any) -> Any:
        found = f(y)
        return np.sum(found * np.cos(np.arange(np.size(found)).reshape(np.shape(found)) + 0.3))

    np.testing.assert_allclose(ga.vmap(f)(Y), np.stack([f(y) for y in Y]), rtol=1e-6)
    gradients = np.stack([ga.grad(weighted)(y) for y in Y])
    assert np.any(gradients)
    np.testing.assert_allclose(ga.vmap(ga.grad(weighted))(Y), gradients, rtol=1e-9, atol=1e-12)


def test_what_is_wrong_with_an_element_is_said() -> None:
    with pytest.raises(ValueError, match="strictly increasing"):
        ga.vmap(lambda x: interpolate.CubicSpline(x, X)(2.0))(np.stack([X, X[::-1]]))
