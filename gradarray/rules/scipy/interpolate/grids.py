"""Interpolants on regular grids: products of those along each axis, by values and points."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ...registry import rule
from ..declared import function, methods
from ..standing import Operator, affine
from ..values import Applied, as_double, as_library, from_library, looked_at, no_variable
from .bsplines import evaluated
from .cubic import hermite, pchip_slopes
from .fits import transposed_fit
from .parts import hold, part
from .patches import Patches, looked_up, patched

_DEGREES = {"slinear": 1, "cubic": 3, "quintic": 5}


def joined(xi: Any) -> Any:
    """Return points as one array with their coordinates along the last axis."""
    if isinstance(xi, tuple):
        return np.stack(np.broadcast_arrays(*[as_double(x) for x in xi]), axis=-1)
    xi = as_double(xi)
    return xi[..., None] if not np.ndim(xi) else xi


# --- how values count -------------------------------------------------------------------------------------------------


def _cell(sites: Array, points: Any) -> tuple[Any, Any]:
    i = np.clip(np.searchsorted(sites, bare(points)) - 1, 0, len(sites) - 2)
    return i, (points - sites[i]) / (sites[i + 1] - sites[i])


def _nearest(values: Any, grid: Any, points: Any) -> Any:
    cells = [_cell(sites, points[:, d]) for d, sites in enumerate(grid)]
    return values[tuple([np.where(bare(share) <= 0.5, i, i + 1) for i, share in cells])]


def _pchip(values: Any, grid: Any, points: Any) -> Any:
    """Interpolate along the last axis of the grid first, and then for each point along the next one."""
    n = len(grid)
    out = np.moveaxis(values, n - 1, 0)
    for d in range(n - 1, -1, -1):
        sites = grid[d]
        if d < n - 1:  # (points, ..., this axis, others)
            out = np.moveaxis(out, d + 1, 0)
        i, _ = _cell(sites, points[:, d])
        c = hermite(sites, out, pchip_slopes(sites, out))
        at = c[:, i] if d == n - 1 else c[:, i, np.arange(np.shape(points)[0])]
        s = np.reshape(points[:, d] - sites[i], (-1, *[1] * (np.ndim(at) - 2)))
        out = ((at[0] * s + at[1]) * s + at[2]) * s + at[3]
    return out


def _outside(grid: Any, points: Any) -> Any:
    low, high = np.array([g[0] for g in grid]), np.array([g[-1] for g in grid])
    return np.any((bare(points) < low) | (bare(points) > high), axis=1)


# --- the class --------------------------------------------------------------------------------------------------------


def _init(
    self: Any,
    points: Any,
    values: Any,
    method: str = "linear",
    bounds_error: bool = True,
    fill_value: Any = np.nan,
    **options: Any,
) -> None:
    no_variable("scipy.interpolate.RegularGridInterpolator", points=points, fill_value=fill_value)
    cls = interpolate.RegularGridInterpolator
    cls.__init__(self, looked_at(points), looked_at(values), method, bounds_error, bare(fill_value), **options)
    values = as_double(values)
    for axis, sites in enumerate(bare(points)):
        if sites[0] > sites[-1]:
            values = np.flip(values, axis)
    hold(self, values=values)
    self._options, self._spline = options, None


def _call(self: Any, xi: Any, method: Any = None, *, nu: Any = None) -> Any:
    method = self.method if method is None else method
    grid, values = [np.asarray(g) for g in part(self, "grid")], part(self, "values")
    xi = joined(xi)
    shape, n = np.shape(xi), len(grid)
    if np.ndim(xi) == 1 and n == 1:
        xi, shape = xi[:, None], (*shape, 1)
    if shape[-1] != n:
        raise ValueError(f"The requested sample points xi have dimension {shape[-1]} but this grid has dimension {n}")
    points = np.reshape(xi, (-1, n))
    outside = _outside(grid, points)
    if self.bounds_error and np.any(outside):
        raise ValueError("One of the requested xi is out of bounds")
    other = np.shape(values)[n:]
    if method == "linear":
        by = Patches(tuple([np.concatenate([g[:1], g, g[-1:]]) for g in grid]), (1,) * n, (0,) * n, "left")

        value = Applied(_flat_value, grid, method, np.shape(values))
        flat = np.reshape(values, (*np.shape(values)[:n], -1))
        out = np.reshape(looked_up(flat, points, by=by, value=value), (np.shape(points)[0], *other))
    elif method in ("nearest", "pchip"):
        out = {"nearest": _nearest, "pchip": _pchip}[method](values, grid, points)
        out = as_library(out, _value, values, points, grid=grid, method=method)
    elif method.removesuffix("_legacy") in _DEGREES:
        degree = _DEGREES[method.removesuffix("_legacy")]
        known = getattr(self, "_spline", None)
        if known is not None and method == self.method:  # the values are constants
            out = _product(points, known=known, nu=tuple(nu) if nu is not None else (0,) * n)
            return _with_holes(self, out, points, outside, shape, n)
        c = np.reshape(values, (*np.shape(values)[:n], -1))
        knots = []
        for axis, sites in enumerate(grid):
            t, c = _fit_along(c, sites, degree, axis)
            knots.append(t)
        by = Patches(tuple(knots), (degree,) * n, tuple(nu) if nu is not None else (0,) * n)
        out = np.reshape(patched(c, points, by=by), (np.shape(points)[0], *other))
        options = getattr(self, "_options", {})
        out = as_library(out, _value, values, points, grid=grid, method=method, nu=nu, options=options)
    else:
        raise ValueError(f"Method {method!r} is not defined")
    return _with_holes(self, out, points, outside, shape, n)


def _with_holes(self: Any, out: Any, points: Any, outside: Any, shape: Any, n: int) -> Any:
    """Return the results as the grid's outside and the points that are NaN have it."""
    other = np.shape(part(self, "values"))[n:]
    if not self.bounds_error and self.fill_value is not None:
        out = np.where(np.reshape(outside, (-1, *[1] * len(other))), self.fill_value, out)
    unknown = np.reshape(np.any(np.isnan(bare(points)), axis=1), (-1, *[1] * len(other)))
    return np.reshape(np.where(unknown, np.nan, out), (*shape[:-1], *other))


def _fit_along(values: Any, sites: Any, k: int, axis: int) -> tuple[Any, Any]:
    """Return the knots, and the coefficients of the splines through values along an axis."""
    t = part(interpolate.make_interp_spline(sites, np.zeros(len(sites)), k), "t")
    if k == 1:
        return t, values

    def fit(v: Any) -> Any:
        c = part(interpolate.make_interp_spline(sites, np.moveaxis(v, axis, 0), k), "c")
        return np.moveaxis(np.asarray(c), 0, axis)

    transposed = transposed_fit(np.asarray(sites, float), t, k)
    return t, Operator(fit, lambda g: np.moveaxis(transposed(np.moveaxis(g, axis, 0)), 0, axis))(values)


@from_library
def _value(values: Array, points: Array, grid: Any, method: str, nu: Any = None, options: Any = None) -> Array:
    return _plain_value(values, points, grid, method, nu, options)


def _plain_value(values: Array, points: Array, grid: Any, method: str, nu: Any = None, options: Any = None) -> Array:
    made = interpolate.RegularGridInterpolator(
        tuple(grid), values, method, bounds_error=False, fill_value=None, **(options or {})
    )
    return np.asarray(made(points) if nu is None else made(points, nu=nu))


def _flat_value(grid: Any, method: str, shape: Any, c: Any, points: Any) -> Array:
    return np.reshape(_plain_value(np.reshape(c, shape), points, grid, method), (len(points), -1))


@from_library
def _product(points: Array, known: Any, nu: Any) -> Array:
    """Return the values of a product of splines, or of a derivative of it, by SciPy's own."""
    if any(order > degree for order, degree in zip(nu, known.k, strict=True)):
        return np.zeros((len(points), *known.c.shape[points.shape[1] :]))
    return np.asarray(known(points, nu=nu, extrapolate=True))


def _product_vjp(g: Any, _ans: Any, points: Any, *, known: Any, nu: Any) -> Any:
    columns = []
    for d in range(np.shape(points)[1]):
        slope = g * _product(points, known=known, nu=(*nu[:d], nu[d] + 1, *nu[d + 1 :]))
        columns.append(np.sum(np.reshape(slope, (np.shape(points)[0], -1)), axis=1))
    return np.stack(columns, axis=1)


rule(_product, _product_vjp)


methods("scipy.interpolate", "RegularGridInterpolator", __init__=_init, __call__=_call)


def interpn(
    points: Any, values: Any, xi: Any, method: str = "linear", bounds_error: bool = True, fill_value: Any = np.nan
) -> Any:
    if method == "splinef2d":
        raise TypeError("scipy.interpolate.interpn of a variable: method='splinef2d' is not known here; take 'cubic'")
    made = object.__new__(interpolate.RegularGridInterpolator)
    _init(made, points, values, method, bounds_error, fill_value)
    return _call(made, xi)


# --- FITPACK's splines of two variables -------------------------------------------------------------------------------


@from_library
def _rect_fit(z: Array, x: Array, y: Array, args: Any, options: Any) -> Array:
    """Return the coefficients of a spline through values on a grid."""
    return np.asarray(interpolate.RectBivariateSpline(x, y, z, *args, **options).tck[2])


def _rect_init(
    self: Any, x: Any, y: Any, z: Any, bbox: Any = (None,) * 4, kx: int = 3, ky: int = 3, s: Any = 0, **options: Any
) -> None:
    no_variable("scipy.interpolate.RectBivariateSpline", x=x, y=y)
    if s:
        raise TypeError("scipy.interpolate.RectBivariateSpline of a variable: knots that s= chooses have no derivative")
    x, y = np.asarray(bare(x), float), np.asarray(bare(y), float)
    cls = interpolate.RectBivariateSpline
    cls.__init__(self, x, y, looked_at(z), list(bbox), kx, ky, s, **options)
    (tx, ty, value), shape = self.tck, (len(x), len(y))
    pulls = transposed_fit(x, tx, kx), transposed_fit(y, ty, ky)

    def pull(g: Any) -> Any:
        return np.transpose(pulls[1](np.transpose(pulls[0](np.reshape(g, shape)))))

    def push(t: Any) -> Any:
        return _rect_fit(np.reshape(t, shape), x, y, [list(bbox), kx, ky, s], options)

    def own(t: Any) -> Any:  # these have been computed
        return value.copy() if type(t) is np.ndarray and np.array_equal(t, plain) else push(t)

    plain = bare(z)
    self._coefficients = affine(as_double(z), op=Operator(push, pull, own))
    self.tck = tx, ty, self._coefficients


def bisplev(x: Any, y: Any, tck: Any, dx: int = 0, dy: int = 0) -> Any:
    tx, ty, c, kx, ky = tck
    no_variable("scipy.interpolate.bisplev", tx=tx, ty=ty)
    found = _on_grid((tx, ty, c), (kx, ky), np.reshape(x, (-1,)), np.reshape(y, (-1,)), dx, dy)
    return found[0, 0] if found.shape == (1, 1) else np.squeeze(found, tuple(i for i in (0, 1) if found.shape[i] == 1))


def _weights(t: Any, k: int, x: Any, nu: int) -> Any:
    n = len(t) - k - 1
    inside = np.clip(as_double(x), t[k], t[n])
    return evaluated(t, np.eye(n), k, inside, nu, True)


def _on_grid(tck: Any, degrees: Any, x: Any, y: Any, dx: int, dy: int) -> Any:
    (tx, ty, c), (kx, ky) = tck, degrees
    table = np.reshape(c, (len(tx) - kx - 1, len(ty) - ky - 1))
    return _weights(tx, kx, x, dx) @ table @ np.transpose(_weights(ty, ky, y, dy))


def _rect_call(self: Any, x: Any, y: Any, dx: int = 0, dy: int = 0, grid: bool = True) -> Any:
    if not grid:
        return _rect_ev(self, x, y, dx, dy)
    return _on_grid(self.tck, self.degrees, np.reshape(x, (-1,)), np.reshape(y, (-1,)), dx, dy)


def _bivariate(tx: Array, ty: Array, degrees: Any, nu: Any, c: Any, points: Any) -> Any:
    plain = interpolate.BivariateSpline._from_tck((tx, ty, np.reshape(c, -1), *degrees))
    return plain.ev(points[:, 0], points[:, 1], *nu)[:, None]


def _rect_ev(self: Any, xi: Any, yi: Any, dx: int = 0, dy: int = 0) -> Any:
    (tx, ty, c), (kx, ky) = self.tck, self.degrees
    xi, yi = np.broadcast_arrays(as_double(xi), as_double(yi))
    ways = ((xi, tx, kx), (yi, ty, ky))
    points = np.stack([np.clip(np.reshape(x, (-1,)), t[k], t[-k - 1]) for x, t, k in ways], axis=-1)
    by = Patches((tx, ty), (kx, ky), (dx, dy))

    value = Applied(_bivariate, tx, ty, (kx, ky), (dx, dy))
    table = np.reshape(c, (*by.shape(), 1))
    return np.reshape(looked_up(table, points, by=by, value=value), np.shape(xi))


def _rect_integral(self: Any, xa: Any, xb: Any, ya: Any, yb: Any) -> Any:
    (tx, ty, c), (kx, ky) = self.tck, self.degrees
    table = np.reshape(c, (len(tx) - kx - 1, len(ty) - ky - 1))
    whole = []
    for t, k, a, b in ((tx, kx, xa, xb), (ty, ky, ya, yb)):
        sums = interpolate.BSpline(t, np.eye(len(t) - k - 1), k).antiderivative()
        ends = [np.clip(as_double(x), t[k], t[-k - 1]) for x in (a, b)]
        low, high = (evaluated(part(sums, "t"), part(sums, "c"), k + 1, x, 0, True) for x in ends)
        whole.append(high - low)
    return whole[0] @ table @ whole[1]


methods(
    "scipy.interpolate",
    "RectBivariateSpline",
    __init__=_rect_init,
    __call__=_rect_call,
    ev=_rect_ev,
    integral=_rect_integral,
)
function("scipy.interpolate", interpn, bisplev)
