"""Programs as people write them for autograd, whose gradients go through SciPy: with NumPy's and SciPy's own names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is not installed")
from scipy.integrate import odeint
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.stats import norm

import gradarray as ga


def slope(f: Callable[[Any], Any], at: Any, along: Any, h: float = 1e-5) -> Any:
    """Return the derivative of a function of a container along another one, from central differences."""

    def moved(step: float) -> Any:
        return ga.tree_map(lambda x, t: x + step * t, at, along)

    return (f(moved(h)) - f(moved(-h))) / (2 * h)


# --- a network that learns the dynamics of a system from one of its paths ---------------------------------------------


def predicted_field(y: Any, _t: float, params: Any) -> Any:
    for weights, offsets in params:
        out = y @ weights + offsets
        y = np.maximum(0, out)
    return out


def predicted_path(params: Any, start: Any, times: Any) -> Any:
    return odeint(predicted_field, start, times, args=(params,), rtol=1e-8, atol=1e-8)


def test_a_network_learns_the_dynamics_of_a_path() -> None:
    times, start = np.linspace(0.0, 1.0, 8), np.array([2.0, 0.0])
    turning = np.array([[-0.1, 2.0], [-2.0, -0.1]])
    path = odeint(lambda y, t: (y**3) @ turning, start, times)
    rng = np.random.default_rng(0)
    params = [(rng.normal(size=(m, n)) * 0.3, rng.normal(size=n) * 0.3) for m, n in ((2, 8), (8, 2))]

    def loss(params: Any) -> Any:
        return np.mean(np.abs(predicted_path(params, start, times) - path))

    along = ga.tree_map(lambda x: np.cos(np.arange(x.size) * 1.3).reshape(x.shape), params)
    gradient = ga.grad(loss)(params)
    found = sum(np.sum(g * t) for g, t in zip(ga.flatten(gradient)[0], ga.flatten(along)[0], strict=True))
    np.testing.assert_allclose(found, slope(loss, params, along), rtol=1e-4)
    np.testing.assert_allclose(ga.jvp(loss, (params,), (along,))[1], found, rtol=1e-5)

    first = loss(params)
    for _ in range(15):
        params = ga.tree_map(lambda x, g: x - 0.1 * g, params, ga.grad(loss)(params))
    assert loss(params) < 0.85 * first


# --- the highest point of a function that is dear, by a Gaussian process ----------------------------------------------


def covariance(params: Any, x: Any, other: Any) -> Any:
    scale, length = np.exp(params[0]), np.exp(params[1])
    apart = (x[:, None, :] - other[None, :, :]) / length
    return scale * np.exp(-0.5 * np.sum(apart**2, axis=2))


def prediction(params: Any, x: Any, y: Any, at: Any) -> Any:
    """Return mean and deviation of the process at other points."""
    factor = cho_factor(covariance(params, x, x) + 1e-4 * np.eye(len(y)))
    across = covariance(params, at, x)
    mean = across @ cho_solve(factor, y)
    spread = np.diag(covariance(params, at, at) - across @ cho_solve(factor, across.T))
    return mean, np.sqrt(spread + 1e-9)


def evidence(params: Any, x: Any, y: Any) -> Any:
    factor, lower = cho_factor(covariance(params, x, x) + 1e-4 * np.eye(len(y)))
    fit = y @ cho_solve((factor, lower), y) / 2 + np.sum(np.log(np.diag(factor)))
    return fit - np.sum(norm.logpdf(params, 0.0, 2.0))


def expected_gain(at: Any, params: Any, x: Any, y: Any) -> Any:
    mean, spread = prediction(params, x, y, np.atleast_2d(at))
    z = (mean - np.max(y)) / spread
    return np.sum(spread * (z * norm.cdf(z) + norm.pdf(z)))


def test_the_highest_point_is_found_by_expected_gains() -> None:
    def dear(x: Any) -> Any:
        return float(np.sum(x * np.sin(10.0 * x) + x) - 1)

    x = np.array([[0.1], [0.55], [1.0]])
    y = np.array([dear(p) for p in x])
    params = np.array([0.0, -1.5])
    fewest = np.max(y)
    for _ in range(3):
        fit = minimize(ga.value_and_grad(evidence), params, (x, y), jac=True, method="BFGS", options={"maxiter": 5})
        params = fit.x
        gain = ga.value_and_grad(lambda p: -expected_gain(p, params, x, y))  # noqa: B023 - it is used at once
        tries = [
            minimize(gain, p, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.1)], options={"maxiter": 6})
            for p in np.linspace(0.05, 0.95, 3)[:, None]
        ]
        best = min(tries, key=lambda found: found.fun).x
        x, y = np.concatenate([x, best[None]]), np.append(y, dear(best))
    assert np.max(y) > fewest + 0.1
    grid = np.linspace(0, 1.1, 200)
    assert np.max(y) > max(dear(np.array([p])) for p in grid) - 0.05

    for f, at in ((evidence, params), (expected_gain, np.array([0.83]))):
        rest = (x, y) if f is evidence else (params, x, y)
        along = np.array([0.7, -0.4])[: len(at)]
        found = ga.grad(f)(at, *rest) @ along
        np.testing.assert_allclose(found, slope(lambda a: f(a, *rest), at, along), rtol=1e-4, atol=1e-6)  # noqa: B023
