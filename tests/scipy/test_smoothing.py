"""Splines that are smooth by a weight which the values choose, against ones whose choice is made to all digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytest.importorskip("scipy", "1.17", reason="older versions of SciPy make other choices")
from scipy import interpolate, optimize

RNG = np.random.default_rng(0)
N = 30
X = np.sort(RNG.uniform(0, 10, N))
Y, WEIGHTS = np.sin(X) + 0.3 * RNG.standard_normal(N), RNG.uniform(0.5, 2, N)
DIRECTIONS = RNG.standard_normal((3, N)) * np.array([[0.02], [1.0], [0.2]])
POINTS, MEASURE = np.linspace(1, 9, 7), np.cos(np.arange(7.0))


def central(f: Callable[[float], Any], h: float = 1e-3) -> Any:
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


# --- FITPACK's, by s= -------------------------------------------------------------------------------------------------


def smooth(x: Any, y: Any, w: Any, t: Any, k: int, far: float) -> Any:
    """Return coefficients by a penalty on jumps, with which the values are so far away."""
    count = len(t) - k - 1
    design = interpolate.BSpline(t, np.eye(count), k)(x) * w[:, None]
    inner = t[k + 1 : -k - 1]
    sides = np.diff(np.r_[t[k], inner, t[-k - 1]]) / 2
    top = interpolate.BSpline(t, np.eye(count), k).derivative(k)
    jumps = top(inner + sides[1:]) - top(inner - sides[:-1])
    jumps = jumps / np.max(np.abs(jumps))

    def solved(log: float) -> Any:
        rows = np.concatenate([design, np.exp(log / 2) * jumps])
        return np.linalg.lstsq(rows, np.r_[w * y, np.zeros(len(jumps))])[0]

    log = optimize.brentq(lambda log: np.sum((w * y - design @ solved(log)) ** 2) - far, -25, 25, xtol=1e-13)
    return solved(log)


@pytest.mark.parametrize(("k", "s"), [(1, 8.0), (2, 8.0), (3, 3.0), (3, 8.0), (4, 2.0), (5, 3.0)])
def test_by_values_weights_and_sites(k: int, s: float) -> None:
    def f(x: Any, y: Any, w: Any) -> Any:
        return MEASURE @ interpolate.UnivariateSpline(x, y, w, k=k, s=s)(POINTS)

    made = interpolate.UnivariateSpline(X, Y, WEIGHTS, k=k, s=s)
    t, far = made._eval_args[0], made.get_residual()
    assert len(t) > 2 * k + 2 and abs(far - s) < 1e-3 * s  # neither a polynomial nor the nearest one of its knots
    places = np.searchsorted(X, t)
    np.testing.assert_array_equal(X[places], t)

    def exact(x: Any, y: Any, w: Any) -> Any:
        knots = x[places]
        return MEASURE @ interpolate.BSpline(knots, smooth(x, y, w, knots, k, far), k)(POINTS)

    arrays = X, Y, WEIGHTS
    assert exact(*arrays) == pytest.approx(f(*arrays), rel=1e-6)
    found = ga.grad(f, (0, 1, 2))(*arrays)
    for i, direction in enumerate(DIRECTIONS):
        moved = [direction if i == j else 0.0 * a for j, a in enumerate(arrays)]

        def along(h: float, moved: Any = moved) -> Any:
            return exact(*[a + h * d for a, d in zip(arrays, moved, strict=True)])

        slope, bend = central(along, 2e-4), (along(1e-3) - 2 * along(0.0) + along(-1e-3)) / 1e-6
        assert found[i] @ direction == pytest.approx(slope, rel=5e-6, abs=1e-8)
        assert ga.jvp(f, arrays, moved)[1] == pytest.approx(slope, rel=5e-6, abs=1e-8)
        bent = ga.grad(lambda *a, i=i, d=direction: ga.grad(f, i)(*a) @ d, i)(*arrays) @ direction
        assert bent == pytest.approx(bend, rel=2e-3, abs=2e-3)


def test_the_functions_are_the_class() -> None:
    by_class = ga.grad(lambda y: MEASURE @ interpolate.UnivariateSpline(X, y, WEIGHTS, s=8.0)(POINTS))(Y)
    by_names = ga.grad(lambda y: MEASURE @ interpolate.splev(POINTS, interpolate.splrep(X, y, WEIGHTS, s=8.0)))(Y)
    np.testing.assert_allclose(by_names, by_class, rtol=1e-9)
    mirror = ga.scipy.interpolate
    t = ga.tensor(Y)
    (MEASURE @ mirror.UnivariateSpline(X, t, WEIGHTS, s=8.0)(POINTS)).backward()
    np.testing.assert_allclose(t.grad, by_class, rtol=1e-9)

    # Of a curve both coordinates have one penalty; twice the same one, with twice the distance, is one of it.
    def curve(y: Any) -> Any:
        return MEASURE @ interpolate.splev(POINTS, interpolate.splprep([y, y], WEIGHTS, X, s=16.0)[0])[1]

    assert curve(Y) == pytest.approx(MEASURE @ interpolate.UnivariateSpline(X, Y, WEIGHTS, s=8.0)(POINTS), rel=1e-6)
    np.testing.assert_allclose(ga.grad(curve)(Y), by_class, rtol=1e-6)


def test_in_programs_and_mapped() -> None:
    f = lambda y: MEASURE @ interpolate.UnivariateSpline(X, y, WEIGHTS, s=8.0)(POINTS)  # noqa: E731
    program = ga.jit(ga.grad(f))
    several = np.stack([Y, 1.001 * Y, Y + 1e-3])
    each = np.stack([ga.grad(f)(y) for y in several])
    np.testing.assert_allclose(np.stack([program(y) for y in several]), each, rtol=1e-12)
    np.testing.assert_allclose(ga.vmap(ga.grad(f))(several), each, rtol=1e-9)
    assert ga.grad(f)(np.float32(Y)).dtype == np.float32


# --- by cross validation ----------------------------------------------------------------------------------------------


def validated(y: Any) -> Any:
    """Return values by the weight of the least score, which is found by another way, to all digits."""

    def score(log: float) -> Any:
        each = interpolate.make_smoothing_spline(X, np.eye(N), WEIGHTS, np.exp(log))(X)
        return np.log(np.sum((y - each @ y) ** 2) / (N - np.trace(each)) ** 2)

    near = np.log(optimize.minimize_scalar(lambda lam: score(np.log(lam)), bounds=(0, N), method="bounded").x)
    log = optimize.brentq(lambda log: central(lambda h: score(log + h)), near - 0.5, near + 0.5, xtol=1e-13)
    return MEASURE @ interpolate.make_smoothing_spline(X, y, WEIGHTS, np.exp(log))(POINTS)


def cross_validated(y: Any) -> Any:
    return MEASURE @ interpolate.make_smoothing_spline(X, y, WEIGHTS)(POINTS)


@pytest.mark.parametrize("y", [Y, np.exp(Y)])
def test_by_cross_validation(y: Any) -> None:
    d = DIRECTIONS[1]
    slope = central(lambda h: validated(y + h * d))
    bend = (validated(y + 0.01 * d) - 2 * validated(y) + validated(y - 0.01 * d)) / 1e-4
    assert cross_validated(y) == pytest.approx(validated(y), rel=1e-4)
    gradient = ga.grad(cross_validated)
    assert gradient(y) @ d == pytest.approx(slope, rel=1e-5)
    assert ga.jvp(cross_validated, (y,), (d,))[1] == pytest.approx(slope, rel=1e-5)
    assert ga.hvp(cross_validated)(y, d) @ d == pytest.approx(bend, rel=1e-2)
    program = ga.jit(gradient)
    for other in (y, 1.1 * y):
        np.testing.assert_allclose(program(other), gradient(other), rtol=1e-12)
    np.testing.assert_allclose(ga.vmap(gradient)(np.stack([y, -y])), [gradient(y), gradient(-y)], rtol=1e-12)


def test_several_columns_have_a_weight_each() -> None:
    both = np.stack([Y, np.exp(Y)])
    found = ga.grad(lambda y: np.sum(interpolate.make_smoothing_spline(X, y, WEIGHTS, axis=1)(POINTS) @ MEASURE))(both)
    np.testing.assert_allclose(found, [ga.grad(cross_validated)(y) for y in both], rtol=1e-9)


def test_a_score_without_a_least_value() -> None:
    with pytest.raises(TypeError, match="no single least value"):
        ga.grad(cross_validated)(2 * X + 1)
