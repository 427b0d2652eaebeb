"""Calls of SciPy within vmap, and gradients of them: as for one element after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytest.importorskip("scipy", "1.15", reason="SciPy is an optional companion; older ones have other functions")
from scipy import integrate, interpolate, optimize, signal, sparse, spatial, stats

X = np.arange(6.0)
Y = np.array([[1.0, 2.0, 3.0, 1.5, 2.5, 0.5], [0.3, 0.7, 0.1, 1.0, 2.0, 1.4]])


def boundary(y: Any) -> Any:
    def slope(x: Any, z: Any) -> Any:
        return np.stack([z[1], -y[0] * z[0]])

    ends = lambda a, b: np.array([a[0], b[0] - y[1]])  # noqa: E731
    return integrate.solve_bvp(slope, ends, np.linspace(0, 1, 5), np.zeros((2, 5)))


def between(y: Any) -> Any:
    found = integrate.solve_ivp(lambda t, z: -y[0] * z, (0, 1), y[:2], dense_output=True)
    return found.sol(y[2] / 9)


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
    "solve_ivp, between": between,
    "solve_bvp": lambda y: boundary(y).y[0],
    "solve_bvp, between": lambda y: boundary(y).sol(y[2] / 9),
    "ConvexHull": lambda y: spatial.ConvexHull(np.reshape(y, (3, 2)) ** 2).volume,
    "Delaunay": lambda y: spatial.Delaunay(np.reshape(y, (3, 2)) ** 2).transform,
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


def test_what_is_no_array_is_that_of_each_element() -> None:
    """Objects, texts and truth values are not those of the last element."""

    def f(a: Any) -> Any:
        found = optimize.root(lambda x: x * x + a, 1.0)
        return np.where(found.success, found.x[0], 0.0), len(found.message) if isinstance(found.message, str) else 0

    for a in (np.array([-1.0, 2.0]), np.array([2.0, -1.0])):
        np.testing.assert_allclose(ga.vmap(lambda a: f(a)[0])(a), np.where(a < 0, 1.0, 0.0))
    assert f(2.0)[1] != f(-1.0)[1]

    def told(a: Any) -> Any:
        return optimize.root(lambda x: x * x + a, 1.0).message.startswith("The solution converged")

    np.testing.assert_array_equal(ga.vmap(told)(np.array([-1.0, 2.0])), [True, False])


def test_an_object_in_c_is_made_for_one_element_at_a_time() -> None:
    def nearest(p: Any) -> Any:
        return spatial.KDTree(np.reshape(p, (3, 2))).query([0.0, 0.0])[0]

    with pytest.raises(ga.VmapError, match="keeps its numbers in C"):
        ga.vmap(nearest)(Y)
    np.testing.assert_allclose(ga.vmap(nearest, chunk_size=1)(Y), [nearest(y) for y in Y])


def test_what_is_wrong_with_an_element_is_said() -> None:
    with pytest.raises(ValueError, match="strictly increasing"):
        ga.vmap(lambda x: interpolate.CubicSpline(x, X)(2.0))(np.stack([X, X[::-1]]))
