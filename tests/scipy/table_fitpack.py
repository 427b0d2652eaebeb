"""Calls of FITPACK's names: roots, inserted knots, and other forms of splines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .calls import Call

X = np.linspace(0, 3, 9)
Y = np.sin(2 * X) - 0.2
KNOTS = np.r_[[0.0] * 4, X[2:-2], [3.0] * 4]
INNER, WEIGHTS = np.array([0.3, 1.2, 2.4]), np.cos(X) + 1.5
BOTH = np.stack([Y, np.cos(X)], axis=1)


def rows() -> Iterator[Call]:
    spline = "InterpolatedUnivariateSpline"
    yield Call(
        f"{spline}.derivative", lambda m, y: m.interpolate.InterpolatedUnivariateSpline(X, y).derivative()(1.2), Y
    )
    yield Call(
        f"{spline}.derivative, const",
        lambda m, y: m.interpolate.InterpolatedUnivariateSpline(X, y, ext=3).derivative()(9),
        Y,
    )
    yield Call(
        f"{spline}.antiderivative",
        lambda m, y: m.interpolate.InterpolatedUnivariateSpline(X, y).antiderivative(2)(1.2),
        Y,
    )
    yield Call(f"{spline}.roots", lambda m, y: m.interpolate.InterpolatedUnivariateSpline(X, y).roots(), Y)
    yield Call("UnivariateSpline.roots", lambda m, y: m.interpolate.UnivariateSpline(X, y, s=0).roots(), Y)
    yield Call("sproot", lambda m, y: m.interpolate.sproot(m.interpolate.splrep(X, y)), Y)
    yield Call("sproot of a BSpline", lambda m, y: m.interpolate.sproot(m.interpolate.make_interp_spline(X, y)), Y)
    yield Call("sproot of two", lambda m, y: m.interpolate.sproot((KNOTS, [y, 2 * y + 0.1], 3)), np.r_[Y, np.zeros(4)])
    yield Call("insert", lambda m, y: m.interpolate.insert(1.1, m.interpolate.splrep(X, y), 2)[1], Y)
    yield Call(
        "insert, BSpline",
        lambda m, y: m.interpolate.insert(1.1, m.interpolate.make_interp_spline(X, y))(X[:5] + 0.1),
        BOTH,
    )
    yield Call(
        "PPoly.from_spline",
        lambda m, y, q: m.interpolate.PPoly.from_spline(m.interpolate.splrep(X, y))(q),
        Y,
        X[:4] + 0.1,
    )
    yield Call(
        "PPoly.from_spline, roots",
        lambda m, y: m.interpolate.PPoly.from_spline(m.interpolate.make_interp_spline(X, y)).roots(extrapolate=False),
        Y,
    )
    points = X[:5] * 1.7 + 0.05
    yield Call(
        "BPoly.from_derivatives",
        lambda m, y, q: m.interpolate.BPoly.from_derivatives(X, np.stack([y, 2 * y, y**2], axis=1))(q), Y, points,
    )  # fmt: skip
    yield Call(
        "BPoly.from_derivatives, by sites",
        lambda m, x: m.interpolate.BPoly.from_derivatives(x, np.stack([Y, 2 * Y], axis=1))(points), X,
    )  # fmt: skip
    yield Call(
        "BPoly.from_derivatives, several counts",
        lambda m, y: m.interpolate.BPoly.from_derivatives(X, [[v, 2 * v][: 1 + i % 2] for i, v in enumerate(y)])(
            points
        ),
        Y,
    )
    yield Call(
        "BPoly.from_derivatives, orders",
        lambda m, y: m.interpolate.BPoly.from_derivatives(X, np.stack([y, 2 * y, y**2], axis=1), orders=2)(points), Y,
    )  # fmt: skip
    yield Call(
        "insert of a variable knot",
        lambda m, x: m.interpolate.insert(x, m.interpolate.splrep(X, Y))[1], 1.1, refused="no derivative by x",
    )  # fmt: skip
    yield Call(
        "sproot at a flat root",
        lambda m, c: m.interpolate.sproot((np.repeat([-1.0, 1.0], 4), c, 3)), np.array([-1.0, 1, -1, 1, 0, 0, 0, 0]),
        refused="slope is zero",
    )  # fmt: skip


def by_sites_and_weights() -> Iterator[Call]:
    for k in (2, 3):
        yield Call(
            f"splrep, by sites and values, {k}",
            lambda m, x, y, k=k: m.interpolate.splev(INNER, m.interpolate.splrep(x, y, k=k)), X, Y, rough=10,
        )  # fmt: skip
    yield Call(
        "splrep, by sites and weights, of given knots",
        lambda m, x, y, w: m.interpolate.splev(INNER, m.interpolate.splrep(x, y, w, xb=-0.1, t=[1.1])), X, Y, WEIGHTS,
        rough=10,
    )  # fmt: skip
    yield Call(
        "UnivariateSpline, one polynomial",
        lambda m, x, y, w: m.interpolate.UnivariateSpline(x, y, w, s=50)(INNER), X, Y, WEIGHTS,
    )  # fmt: skip
    yield Call(
        "InterpolatedUnivariateSpline, by sites",
        lambda m, x, y: m.interpolate.InterpolatedUnivariateSpline(x, y, k=4)(INNER), X, Y, rough=10,
    )  # fmt: skip
    yield Call(
        "LSQUnivariateSpline.get_residual",
        lambda m, x, y, w: m.interpolate.LSQUnivariateSpline(x, y, [1.3], w).get_residual(), X, Y, WEIGHTS, rough=10,
    )  # fmt: skip
    yield Call(
        "splprep, by lengths along a curve",
        lambda m, x, y: (
            (found := m.interpolate.splprep([x, y], s=0), m.interpolate.splev(INNER / 3, found[0]))[::-1][0]
            + [found[1]]
        ),
        X,
        Y,
        rough=100,
    )
    yield Call(
        "UnivariateSpline.set_smoothing_factor",
        lambda m, y: m.interpolate.UnivariateSpline(X, y).set_smoothing_factor(3.0), Y, refused="make another",
    )  # fmt: skip
    yield Call(
        "splrep, periodic, smooth",
        lambda m, y: m.interpolate.splrep(X, y, s=1.0, per=1)[1], np.r_[Y[:-1], Y[0]], refused="with per=1",
    )  # fmt: skip
    yield Call(
        "make_smoothing_spline, by its weight",
        lambda m, y, lam: m.interpolate.make_smoothing_spline(X, y, WEIGHTS, lam)(INNER), Y, 0.03, rough=10,
    )  # fmt: skip


def of_series() -> Iterator[Call]:
    series = np.array([1, 0.9, 1.3, -0.7, 0.8, 1.1])
    for m, n in ((2, None), (1, 3), (3, 0)):
        yield Call(
            f"pade, {m}, {n}",
            lambda m, a, x, given=(m, n): [(p.c, p(x)) for p in m.interpolate.pade(a, *given)], series, 0.7, rough=100,
        )  # fmt: skip


CALLS = [*rows(), *by_sites_and_weights(), *of_series()]
