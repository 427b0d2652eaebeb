"""Calls of scipy.interpolate, by values, points of evaluation, and sites or knots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.sparse.linalg import spsolve

from .calls import Call

X = np.array([0.0, 1, 1.5, 3, 4.2])
Y = np.array([0.3, 1.2, -0.5, 0.7, 0.1])
P = np.array([0.2, 1.3, 2.9, 4.0])
BEYOND = np.array([-0.3, 1.3, 2.9, 4.9])
C = np.cos(np.arange(12.0)).reshape(3, 4)
T = np.array([0.0, 0.1, 0.2, 0.3, 1, 1.7, 2, 3, 4, 4.3, 4.5, 5])
B = np.cos(np.arange(8.0))
WIDE = np.sin(np.arange(10.0) * 1.7).reshape(2, 5)
GX, GY = np.linspace(0, 3, 6) ** 1.2, np.linspace(0, 2, 7)
V = np.cos(np.arange(42.0) * 1.1).reshape(6, 7)
Q = np.array([[0.3, 0.4], [1.1, 1.9], [2.5, 0.77]])
S = np.array([[0, 0], [3, 0.1], [0.2, 2], [3.1, 2.2], [1.5, 1.1], [2.1, 0.4], [0.7, 1.6], [1.0, 0.3]])
Z = np.sin(S[:, 0]) + S[:, 1] ** 2


def closed(y: Any) -> Any:
    return np.concatenate([y, y[:1]])


def of_three(name: str, f: Callable[..., Any], p: Any = P) -> Iterator[Call]:
    """Yield a call by the values, by the sites, and by the points."""
    yield Call(f"{name}, by values and points", lambda m, y, q: f(m, X, y)(q), Y, p)
    yield Call(f"{name}, by sites", lambda m, x: f(m, x, Y)(p), X)


def with_sites_made_inside() -> Iterator[Call]:
    """Yield calls with arrays that in forward mode are variables, whose tangents are zeros."""

    def sites(*counts: float) -> tuple[Any, ...]:
        return tuple([np.arange(count) for count in counts])

    yield Call(
        "RegularGridInterpolator, sites made inside",
        lambda m, v, q: m.interpolate.RegularGridInterpolator(sites(6.0, 7.0), v)(q), V, Q,
    )  # fmt: skip
    yield Call(
        "RectBivariateSpline, sites made inside",
        lambda m, v: m.interpolate.RectBivariateSpline(*sites(6.0, 7.0), v)(1.2, 2.3), V,
    )  # fmt: skip
    yield Call(
        "make_lsq_spline, knots made inside",
        lambda m, y: m.interpolate.make_lsq_spline(X, y, np.concatenate([np.zeros(4), 4.2 * np.ones(4)]))(P), Y,
    )  # fmt: skip


def rows() -> Iterator[Call]:
    yield from with_sites_made_inside()
    yield from of_three("CubicSpline", lambda m, x, y: m.interpolate.CubicSpline(x, y), BEYOND)
    yield from of_three("CubicSpline, natural", lambda m, x, y: m.interpolate.CubicSpline(x, y, bc_type="natural"))
    yield from of_three("CubicSpline, clamped", lambda m, x, y: m.interpolate.CubicSpline(x, y, bc_type="clamped"))
    ends = ((1, 0.3), (2, -0.4))
    yield from of_three("CubicSpline, given ends", lambda m, x, y: m.interpolate.CubicSpline(x, y, bc_type=ends))
    mixed = ("not-a-knot", "natural")
    yield from of_three("CubicSpline, mixed ends", lambda m, x, y: m.interpolate.CubicSpline(x, y, bc_type=mixed))
    yield from of_three("PchipInterpolator", lambda m, x, y: m.interpolate.PchipInterpolator(x, y))
    yield from of_three("Akima1DInterpolator", lambda m, x, y: m.interpolate.Akima1DInterpolator(x, y))
    yield from of_three("makima", lambda m, x, y: m.interpolate.Akima1DInterpolator(x, y, method="makima"))
    yield from of_three("CubicHermiteSpline", lambda m, x, y: m.interpolate.CubicHermiteSpline(x, y, np.sin(y)))
    yield from of_three("interp1d", lambda m, x, y: m.interpolate.interp1d(x, y))
    periodic = {"bc_type": "periodic"}
    yield Call(
        "CubicSpline, periodic",
        lambda m, y, q: m.interpolate.CubicSpline(X, closed(y), **periodic)(q),
        Y[:4],
        BEYOND * 2,
    )
    yield Call(
        "CubicSpline, periodic, by sites",
        lambda m, x: m.interpolate.CubicSpline(x, closed(Y[:4]), **periodic)(BEYOND),
        X,
    )
    yield Call(
        "CubicSpline, of three, periodic",
        lambda m, y: m.interpolate.CubicSpline(X[:3], closed(y), **periodic)(P),
        Y[:2],
    )
    yield Call("CubicSpline, of two", lambda m, x, y: m.interpolate.CubicSpline(x, y)(P), X[:2], Y[:2])
    yield Call("CubicSpline, of three", lambda m, x, y: m.interpolate.CubicSpline(x, y)(P), X[:3], Y[:3])
    yield Call(
        "CubicSpline, its ends",
        lambda m, a: m.interpolate.CubicSpline(X, Y, bc_type=((1, a[0]), (2, a[1])))(P),
        [0.3, -0.4],
    )
    yield Call("CubicSpline, axis", lambda m, y: m.interpolate.CubicSpline(X, y, axis=1)(P.reshape(2, 2)), WIDE)
    yield Call("CubicSpline, nu", lambda m, y, q: m.interpolate.CubicSpline(X, y)(q, 1), Y, P)
    yield Call("CubicSpline.c", lambda m, y: m.interpolate.CubicSpline(X, y).c, Y)
    yield Call("CubicSpline.derivative", lambda m, y, q: m.interpolate.CubicSpline(X, y).derivative()(q), Y, P)
    yield Call("CubicSpline.antiderivative", lambda m, y, q: m.interpolate.CubicSpline(X, y).antiderivative(2)(q), Y, P)
    yield Call(
        "CubicSpline.integrate", lambda m, y, a: m.interpolate.CubicSpline(X, y).integrate(a[0], a[1]), Y, [0.2, 3.4]
    )
    yield Call(
        "CubicSpline.integrate, periodic",
        lambda m, a: m.interpolate.CubicSpline(X, closed(Y[:4]), **periodic).integrate(a[0], a[1]),
        [-1.0, 7.3],
    )
    yield Call("CubicSpline.roots", lambda m, y: m.interpolate.CubicSpline(X, y).roots(extrapolate=False), Y)
    yield Call(
        "CubicSpline.solve", lambda m, y, a: m.interpolate.CubicSpline(X, y).solve(a[0], extrapolate=False), Y, [0.2]
    )
    yield Call("PPoly", lambda m, c, x, q: m.interpolate.PPoly(c, x)(q), C, X, BEYOND)
    yield Call("BPoly", lambda m, c, x, q: m.interpolate.BPoly(c, x)(q), C, X, BEYOND)
    yield Call("BPoly, nu", lambda m, c, q: m.interpolate.BPoly(c, X)(q, 1), C, P)
    yield Call("pchip_interpolate", lambda m, y, q: m.interpolate.pchip_interpolate(X, y, q), Y, P)
    yield from _splines()
    yield from _lines()
    yield from _grids()
    yield from _scattered()


def _splines() -> Iterator[Call]:
    for k in (0, 1, 2, 3, 4):
        yield Call(f"make_interp_spline, k={k}", lambda m, y, k=k: m.interpolate.make_interp_spline(X, y, k=k)(P), Y)
    yield Call("make_interp_spline, by points", lambda m, y, q: m.interpolate.make_interp_spline(X, y)(q), Y, BEYOND)
    for bc in ("natural", "clamped", ([(1, 0.3)], [(2, -0.4)])):
        yield Call(
            f"make_interp_spline, {bc}", lambda m, y, bc=bc: m.interpolate.make_interp_spline(X, y, bc_type=bc)(P), Y
        )
    yield Call(
        "make_interp_spline, periodic",
        lambda m, y: m.interpolate.make_interp_spline(X, closed(y), bc_type="periodic")(P),
        Y[:4],
    )
    yield Call("make_interp_spline, axis", lambda m, y: m.interpolate.make_interp_spline(X, y, axis=1)(P), WIDE)
    yield Call("make_interp_spline.c", lambda m, y: m.interpolate.make_interp_spline(X, y).c, Y)
    yield Call("BSpline", lambda m, c, q: m.interpolate.BSpline(T, c, 3)(q), B, P)
    yield Call("BSpline, nu", lambda m, c, q: m.interpolate.BSpline(T, c, 3)(q, 2), B, P)
    yield Call("BSpline, by knots", lambda m, t: m.interpolate.BSpline(t, B, 3)(P), T)
    yield Call("BSpline, by knots, nu", lambda m, t: m.interpolate.BSpline(t, B, 3)(P, 1), T)
    yield Call("BSpline.derivative", lambda m, c, q: m.interpolate.BSpline(T, c, 3).derivative()(q), B, P)
    yield Call("BSpline.antiderivative", lambda m, c, q: m.interpolate.BSpline(T, c, 3).antiderivative(2)(q), B, P)
    yield Call("BSpline.integrate", lambda m, c, a: m.interpolate.BSpline(T, c, 3).integrate(a[0], a[1]), B, [0.5, 3.3])
    for e in ("periodic", False):
        yield Call(
            f"BSpline.integrate, {e}",
            lambda m, c, a, e=e: m.interpolate.BSpline(T, c, 3).integrate(a[0], a[1], extrapolate=e),
            B,
            [-0.5, 9.3],
        )
    sites, knots = np.linspace(0, 5, 9), np.r_[(0,) * 4, 2.5, (5,) * 4]
    yield Call("make_lsq_spline", lambda m, y: m.interpolate.make_lsq_spline(sites, y, knots, 3)(P), np.sin(sites))
    yield Call("make_smoothing_spline", lambda m, y: m.interpolate.make_smoothing_spline(X, y, lam=0.1)(P), Y)
    yield Call("splrep, splev", lambda m, y, q: m.interpolate.splev(q, m.interpolate.splrep(X, y, s=0)), Y, P)
    yield Call(
        "splrep, per", lambda m, y: m.interpolate.splev(P, m.interpolate.splrep(X, closed(y), s=0, per=1)), Y[:4]
    )
    yield Call("splev, der", lambda m, c, q: m.interpolate.splev(q, (T, c, 3), der=1), B, P)
    yield Call("splev, ext=1", lambda m, c, q: m.interpolate.splev(q, (T, c, 3), ext=1), B, BEYOND)
    yield Call("splev, ext=3", lambda m, c, q: m.interpolate.splev(q, (T, c, 3), ext=3), B, BEYOND)
    yield Call("splint", lambda m, c, a: m.interpolate.splint(a[0], a[1], (T, c, 3)), B, [0.5, 3.3])
    yield Call("splder", lambda m, c: m.interpolate.splev(P, m.interpolate.splder((T, _all(c), 3))), B)
    yield Call("splantider", lambda m, c: m.interpolate.splev(P, m.interpolate.splantider((T, _all(c), 3))), B)
    yield Call("spalde", lambda m, c, q: m.interpolate.spalde(q[0], (T, c, 3)), B, P[1:2])


def _all(c: Any) -> Any:
    """Return coefficients as FITPACK has them, one for each knot."""
    return np.concatenate([c, np.zeros(4)])


def _lines() -> Iterator[Call]:
    for kind in ("nearest", "nearest-up", "previous", "next", "zero", "slinear", "quadratic", "cubic", 2):
        yield Call(f"interp1d, {kind}", lambda m, y, q, kind=kind: m.interpolate.interp1d(X, y, kind=kind)(q), Y, P)
    beyond = {"fill_value": "extrapolate"}
    yield Call("interp1d, extrapolate", lambda m, y, q: m.interpolate.interp1d(X, y, **beyond)(q), Y, BEYOND)
    filled = {"bounds_error": False, "fill_value": (1.0, 2.0)}
    yield Call("interp1d, filled", lambda m, y, q: m.interpolate.interp1d(X, y, **filled)(q), Y, BEYOND)
    yield Call("interp1d, axis", lambda m, y: m.interpolate.interp1d(X, y)(P), WIDE)
    yield Call("KroghInterpolator", lambda m, y, q: m.interpolate.KroghInterpolator(X, y)(q), Y, P)
    yield Call(
        "KroghInterpolator.derivative", lambda m, y, q: m.interpolate.KroghInterpolator(X, y).derivative(q), Y, P
    )
    yield Call("BarycentricInterpolator", lambda m, y, q: m.interpolate.BarycentricInterpolator(X, y)(q), Y, P)
    yield Call("barycentric_interpolate", lambda m, y, q: m.interpolate.barycentric_interpolate(X, y, q), Y, P)
    yield Call("krogh_interpolate", lambda m, y, q: m.interpolate.krogh_interpolate(X, y, q, 1), Y, P)
    yield Call("UnivariateSpline", lambda m, y, q: m.interpolate.UnivariateSpline(X, y, s=0)(q), Y, P)
    yield Call(
        "InterpolatedUnivariateSpline",
        lambda m, y, q: m.interpolate.InterpolatedUnivariateSpline(X, y, k=2)(q, 1),
        Y,
        P,
    )
    yield Call(
        "UnivariateSpline.integral",
        lambda m, y, a: m.interpolate.InterpolatedUnivariateSpline(X, y).integral(a[0], a[1]),
        Y,
        [0.5, 3.3],
    )


def _grids() -> Iterator[Call]:
    for method in ("linear", "nearest", "slinear", "pchip"):
        yield Call(
            f"RegularGridInterpolator, {method}",
            lambda m, v, q, method=method: m.interpolate.RegularGridInterpolator((GX, GY), v, method=method)(q),
            V,
            Q,
        )
    for method in ("cubic", "quintic"):
        # SciPy finds the coefficients by an iteration, whose tolerance differences by the values would show.
        yield Call(
            f"RegularGridInterpolator, {method}",
            lambda m, q, method=method: m.interpolate.RegularGridInterpolator((GX, GY), V, method=method)(q),
            Q,
        )
        yield Call(
            f"RegularGridInterpolator, {method}, by values",
            lambda m, v, method=method: m.interpolate.RegularGridInterpolator(
                (GX, GY), v, method=method, solver=spsolve
            )(Q),
            V,
        )
    yield Call("interpn", lambda m, v, q: m.interpolate.interpn((GX, GY), v, q), V, Q)
    yield Call(
        "RectBivariateSpline", lambda m, z: m.interpolate.RectBivariateSpline(GX, GY, z)(GX[1:3] + 0.1, GY[:2]), V
    )
    yield Call(
        "RectBivariateSpline.ev",
        lambda m, z, q: m.interpolate.RectBivariateSpline(GX, GY, z).ev(q[:, 0], q[:, 1], dx=1),
        V,
        Q,
    )
    yield Call(
        "RectBivariateSpline.integral",
        lambda m, z, a: m.interpolate.RectBivariateSpline(GX, GY, z).integral(a[0], a[1], 0.2, 1.3),
        V,
        [0.1, 1.0],
    )
    knots = np.r_[(0.0,) * 4, 1.3, (3.0,) * 4]
    yield Call(
        "bisplev",
        lambda m, c, x, y: m.interpolate.bisplev(x, y, (knots, knots, c, 3, 3)),
        np.sin(np.arange(25.0)),
        P[:3] / 2,
        P[1:3] / 2,
    )


def _scattered() -> Iterator[Call]:
    yield Call("LinearNDInterpolator", lambda m, z, q: m.interpolate.LinearNDInterpolator(S, z)(q), Z, Q)
    yield Call("NearestNDInterpolator", lambda m, z, q: m.interpolate.NearestNDInterpolator(S, z)(q), Z, Q)
    yield Call(
        "CloughTocher2DInterpolator", lambda m, z: m.interpolate.CloughTocher2DInterpolator(S, z, tol=1e-13)(Q), Z
    )
    for method in ("linear", "nearest"):
        yield Call(
            f"griddata, {method}", lambda m, z, q, method=method: m.interpolate.griddata(S, z, q, method=method), Z, Q
        )
    yield Call("griddata, of one variable", lambda m, y, q: m.interpolate.griddata(X, y, q), Y, P)
    for kernel in (
        "linear",
        "thin_plate_spline",
        "cubic",
        "quintic",
        "multiquadric",
        "inverse_multiquadric",
        "gaussian",
    ):
        options = {"kernel": kernel, "epsilon": 0.7} if "qua" in kernel or "gau" in kernel else {"kernel": kernel}
        yield Call(
            f"RBFInterpolator, {kernel}",
            lambda m, s, z, q, options=options: m.interpolate.RBFInterpolator(s, z, smoothing=0.1, **options)(q),
            S,
            Z,
            Q,
            rough=20,
        )


CALLS = [*rows()]
