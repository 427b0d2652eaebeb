"""Interpolants of many points: what is computed in another way for them than for the few ones of the tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga

interpolate = pytest.importorskip("scipy.interpolate", reason="SciPy is an optional companion")
ndimage = pytest.importorskip("scipy.ndimage")

RNG = np.random.default_rng(11)
X = np.sort(RNG.uniform(0, 5, 9))
Y = np.sin(2 * X)
KNOTS = np.r_[(0.0,) * 3, 0.0, 1.0, 1.0, 2.5, 4.0, (5.0,) * 4]
C = RNG.standard_normal(8)
ANY, ROWS = RNG.uniform(0.1, 4.9, 120), RNG.standard_normal((8, 2))
SORTED = np.sort(ANY)
GRID, TABLE = np.linspace(0, 5, 7), RNG.standard_normal((7, 7))
PAIRS = RNG.uniform(0.1, 4.9, (90, 2))

SITES = np.concatenate([RNG.uniform(0, 5, (16, 2)), [[-1.0, -1.0], [7.0, -1.0], [-1.0, 6.0], [6.5, 6.0]]])
CUBIC = interpolate.CloughTocher2DInterpolator(SITES, np.sin(SITES[:, 0]))

FORMS: dict[str, tuple[Any, ...]] = {
    **{
        f"BSpline {name} {nu}": (lambda i, c, p, nu=nu: i.BSpline(KNOTS, c, 3)(p, nu), C, p)
        for name, p in (("in order", SORTED), ("out of order", ANY))
        for nu in (0, 1, 2)
    },
    "BSpline of several": (lambda i, c: i.BSpline(KNOTS, c, 3)(ANY), ROWS),
    "BSpline, some outside": (
        lambda i, c: np.where(ANY < 4, i.BSpline(KNOTS, c, 3, extrapolate=False)(ANY + 1.0), 0.0),
        C,
    ),
    **{
        f"{cls} {name} {nu}": (
            lambda i, c, p, cls=cls, nu=nu: (i.PPoly(c, X) if cls == "PPoly" else i.BPoly(c, X))(p, nu),
            RNG.standard_normal((4, 8)),
            p,
        )
        for cls in ("PPoly", "BPoly")
        for name, p in (("in order", np.sort(np.r_[ANY, -0.2, 5.3])), ("out of order", ANY))
        for nu in (0, 1)
    },
    **{
        f"CubicSpline {name}": (
            lambda i, y, bc=bc: i.CubicSpline(X, y, bc_type=bc)(SORTED),
            np.stack([Y, Y**2], axis=1),
        )
        for name, bc in {
            "not-a-knot": "not-a-knot",
            "natural": "natural",
            "clamped": "clamped",
            "slope and bend": ((1, np.array([0.3, 0.1])), (2, np.array([-0.5, 0.0]))),
        }.items()
    },
    "interp1d": (lambda i, y: i.interp1d(X, y, fill_value="extrapolate")(ANY), Y),
    "interp1d of several": (
        lambda i, y: i.interp1d(X, y, axis=0, fill_value=2.0, bounds_error=False)(ANY),
        ROWS[[*range(8), 0]],
    ),
    "make_smoothing_spline": (
        lambda i, y: i.make_smoothing_spline(X, y, w=np.arange(1.0, 10.0), lam=0.3)(ANY),
        Y,
    ),
    "make_smoothing_spline of several": (
        lambda i, y: i.make_smoothing_spline(X, y, lam=2.0)(ANY),
        np.stack([Y, Y**2], 1),
    ),
    "make_lsq_spline": (
        lambda i, y: i.make_lsq_spline(SORTED, y, KNOTS[[0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]], 3)(ANY),
        SORTED**0.5,
    ),
    "LSQUnivariateSpline": (lambda i, y: i.LSQUnivariateSpline(X, y, [2.0, 3.0], w=np.arange(1.0, 10.0))(ANY), Y),
    "splprep": (lambda i, y: i.splev(ANY, i.splprep([X, y], u=X, s=0)[0])[1], Y),
    "KroghInterpolator": (lambda i, y, p: i.KroghInterpolator(X, y)(p), Y, SORTED),
    "BarycentricInterpolator": (lambda i, y, p: i.BarycentricInterpolator(X, y, rng=0)(p), Y, SORTED + 1e-3),
    "a derivative of Krogh's": (lambda i, y, p: i.KroghInterpolator(X, y).derivative(p, 2), Y, SORTED),
    "FloaterHormannInterpolator": (lambda i, y: i.FloaterHormannInterpolator(X, y)(np.r_[ANY, X[2]]), Y),
    "FloaterHormannInterpolator by points": (lambda i, p: i.FloaterHormannInterpolator(X, Y)(p), ANY),
    "AAA by points": (lambda i, p: i.AAA(X, Y)(p), ANY),
    **{
        f"RegularGridInterpolator {method}": (
            lambda i, v, p, method=method: i.RegularGridInterpolator((GRID, GRID**1.1), v, method=method)(p),
            TABLE,
            PAIRS,
        )
        for method in ("linear", "slinear")
    },
    "RegularGridInterpolator of several": (
        lambda i, v, p: i.RegularGridInterpolator((GRID, GRID), v)(p),
        RNG.standard_normal((7, 7, 2)),
        PAIRS,
    ),
    **{
        f"RectBivariateSpline.ev {dx}": (
            lambda i, z, x, y, dx=dx: i.RectBivariateSpline(GRID, GRID, z, ky=2).ev(x, y, dx=dx),
            TABLE,
            *PAIRS.T,
        )
        for dx in (0, 1)
    },
    "RectBivariateSpline": (lambda i, z: i.RectBivariateSpline(GRID, GRID, z)(SORTED[::9], SORTED[::7]), TABLE),
    **{
        f"CloughTocher2DInterpolator {rescale}": (
            lambda i, z, p, rescale=rescale: i.CloughTocher2DInterpolator(
                SITES * [1, 9], z, tol=1e-13, maxiter=10**5, fill_value=2.0, rescale=rescale
            )(p * np.array([1, 9])),
            np.stack([np.sin(SITES[:, 0]), np.cos(SITES[:, 1])], axis=1),
            np.concatenate([PAIRS[:30], [[9.0, 9.0]]]),
        )
        for rescale in (False, True)
    },
    "CloughTocher2DInterpolator from before": (lambda _i, p: CUBIC(p), PAIRS[:30]),
    "RBFInterpolator": (
        lambda i, s, z, p: i.RBFInterpolator(s, z, kernel="gaussian", epsilon=0.8, smoothing=0.1)(p),
        PAIRS[:9],
        Y,
        PAIRS[9:20],
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str) -> None:
    f, *arrays = FORMS[name]
    weights = RNG.standard_normal(np.shape(f(interpolate, *arrays)))
    measured = lambda *a: np.sum(weights * f(interpolate, *a) ** 2)  # noqa: E731
    ga.check_grads(measured, tuple(arrays), order=1 if "Clough" in name else 2)  # whose bends have jumps
    with ga.drop_in():
        out = f(ga.scipy.interpolate, *map(ga.tensor, arrays))
    np.testing.assert_allclose(out, f(interpolate, *arrays), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("side", ["left", "right"])
def test_places_are_those_of_a_search(side: str) -> None:
    from gradarray.rules.scipy.interpolate.pieces import placed

    for sites in (np.linspace(0, 1, 30), np.linspace(-3, 7, 2), np.sort(RNG.uniform(0, 1, 9)), np.zeros(0), np.ones(1)):
        for points in (
            RNG.uniform(-1, 2, 500),
            np.sort(RNG.uniform(-1, 2, 500)),
            np.r_[RNG.permutation(np.repeat(sites, 40)), RNG.uniform(-9, 9, 300)],
            np.array([np.nan, 1, 0.2, np.inf, -np.inf] * 60),
        ):
            np.testing.assert_array_equal(placed(sites, points, side=side), np.searchsorted(sites, points, side=side))


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("mode", ["constant", "nearest", "reflect", "mirror", "wrap", "grid-wrap", "grid-constant"])
def test_images_looked_at_beyond_their_ends(mode: str, order: int) -> None:
    image, places = RNG.standard_normal((5, 70)), RNG.uniform(-6, 75, (2, 50)) * [[0.1], [1.0]]
    weights = RNG.standard_normal(50)
    f = lambda x, p: np.sum(weights * ndimage.map_coordinates(x, p, order=order, mode=mode, cval=1.5) ** 2)  # noqa: E731
    ga.check_grads(lambda x: f(x, places), (image,), order=2)
    if order > 1:
        slope = ga.grad(f, argnums=1)(image, places)
        step = 1e-6 * RNG.standard_normal(places.shape)
        number = (f(image, places + step) - f(image, places - step)) / 2
        np.testing.assert_allclose(np.sum(slope * step), number, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("mode", ["reflect", "nearest", "mirror", "wrap", "constant"])
def test_filters_along_an_axis_are_transposed_at_the_ends(mode: str) -> None:
    image, weights = RNG.standard_normal((6, 9)), RNG.standard_normal((6, 9))
    for taps in ([1.0, 2.0], [-1.0, 0.0, 1.0], [0.3, 1.0, -2.0, 0.5, 0.1], np.arange(13.0)):
        for axis in (0, 1):
            f = lambda x, w, axis=axis: np.sum(  # noqa: E731
                weights * ndimage.correlate1d(x, w, axis=axis, mode=mode, cval=0.7) ** 2
            )
            ga.check_grads(f, (image, np.array(taps)), order=2)


def test_the_first_of_equal_neighbours_is_found_axis_after_axis() -> None:
    from gradarray.rules.scipy.ndimage.orders import Neighbours, nearest

    for turn in range(60):
        count = 1 + turn % 3
        shape, sizes = tuple(RNG.integers(1, 7, count)), tuple(map(int, RNG.integers(1, 5, count)))
        image = np.round(RNG.standard_normal(shape) * 1.5)
        if turn % 5 == 0:
            image = np.where(RNG.uniform(size=shape) < 0.1, np.nan, image)
        margins = tuple((n // 2, n - 1 - n // 2) for n in sizes)
        how: Any = (np.ones(sizes, bool), np.zeros(sizes), margins, ("reflect",) * count, 0.0)
        for extreme, filtered in ((np.minimum, ndimage.minimum_filter), (np.maximum, ndimage.maximum_filter)):
            value = filtered(image, sizes)
            one, other = (nearest(image, value, around=Neighbours(*how, by)) for by in (None, extreme))
            np.testing.assert_array_equal(one, other)
