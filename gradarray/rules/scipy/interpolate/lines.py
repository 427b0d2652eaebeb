"""Interpolants along one axis of other kinds: interp1d, and the polynomials through all sites."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ...registry import rule
from ..declared import function, methods
from ..values import as_double, from_library, looked_at, moved_back, no_variable
from .bsplines import evaluated, make_interp_spline
from .parts import part
from .pieces import bundled, placed, spread

# --- interp1d ---------------------------------------------------------------------------------------------------------


def init(
    self: Any,
    x: Any,
    y: Any,
    kind: Any = "linear",
    axis: int = -1,
    copy: bool = True,
    bounds_error: Any = None,
    fill_value: Any = np.nan,
    assume_sorted: bool = False,
) -> None:
    no_variable("scipy.interpolate.interp1d", fill_value=fill_value)
    given = bare(fill_value)
    interpolate.interp1d.__init__(
        self, looked_at(x), looked_at(y), kind, axis, copy, bounds_error, given, assume_sorted
    )
    x, y = as_double(x), as_double(y)
    if not assume_sorted:
        order = np.argsort(bare(x), kind="stable")
        x, y = x[order], np.take(y, order, axis=axis)
    self.x, self.y, self._y = x, y, np.reshape(np.moveaxis(y, axis, 0), (np.shape(x)[0], -1))
    if self._kind == "spline":
        degree = self._spline.k
        self._spline = make_interp_spline(x, self._y, degree, check_finite=False)


def call(self: Any, x: Any) -> Any:
    x = as_double(x)
    shape, points = np.shape(x), np.reshape(x, (-1,))
    at, sites = bare(points), bare(self.x)
    n, kind = np.shape(sites)[0], self._kind
    if kind == "spline":
        out = evaluated(part(self._spline, "t"), part(self._spline, "c"), self._spline.k, points, 0, True)
    elif kind == "linear":
        out = joined(self.x, self._y, points)
    elif kind.startswith("nearest"):
        i = np.clip(np.searchsorted(sites[1:] / 2 + sites[:-1] / 2, at, side=self._side), 0, n - 1)
        out = self._y[i]
    else:
        shifted = np.nextafter(sites, -np.inf if kind == "previous" else np.inf)
        step = 0 if kind == "previous" else 1
        i = np.clip(np.searchsorted(shifted, at, side=self._side), 1 - step, n - step)
        out = self._y[i + step - 1]
    if not self._extrapolate:
        below, above = at < sites[0], at > sites[-1]
        if self.bounds_error and (np.any(below) or np.any(above)):
            interpolate.interp1d._check_bounds(_Bounds(self), np.asarray(at))
        if np.any(below) or np.any(above):
            upper = np.where(above[:, None], self._fill_value_above, out)
            out = np.where(below[:, None], self._fill_value_below, upper)
    extra = self._y_extra_shape
    return moved_back(np.reshape(out, (*shape, *extra)), len(shape), self._y_axis if shape else 0)


class _Bounds:
    """What SciPy's own check asks an interp1d for, in bare values."""

    def __init__(self, whose: Any) -> None:
        self.x, self.bounds_error = np.asarray(bare(whose.x)), True


@from_library
def joined(x: Array, y: Array, points: Array) -> Array:
    """Return what straight lines between values have at points, beyond the ends, too."""
    options = {"axis": 0, "assume_sorted": True}
    if y.shape[1] == 1:
        made = interpolate.interp1d(x, y[:, 0], bounds_error=False, **options)(points)[:, None]
        missing = np.isnan(made)
        if not missing.any():
            return made
        return np.where(missing, interpolate.interp1d(x, y, fill_value="extrapolate", **options)(points), made)
    return np.asarray(interpolate.interp1d(x, y, fill_value="extrapolate", **options)(points))


def _lines(x: Any, points: Any) -> tuple[Any, Any]:
    """Return which site is at the right of each point, and what the value there is multiplied by."""
    i = _right_of(x, points)
    shares = (points - np.take(x, i - 1)) / np.take(x[1:] - x[:-1], i - 1)
    return i, shares[:, None]


def _right_of(x: Any, points: Any) -> Any:
    return placed(bare(x)[1:-1], bare(points), side="left") + 1


def _slopes(x: Any, y: Any, i: Any) -> Any:
    return np.take((y[1:] - y[:-1]) / (x[1:] - x[:-1])[:, None], i - 1, axis=0)


def _to_both(left: Any, right: Any, i: Any, shape: Any) -> Any:
    n = np.shape(left)[0]
    whole = int(np.prod(shape[1:]))
    parts = [
        bundled(np.reshape(part, (1, n, whole)), places=at, count=shape[0]) for part, at in ((left, i - 1), (right, i))
    ]
    return np.reshape(parts[0] + parts[1], shape)


def _row_sums(x: Any) -> Any:
    return x[:, 0] if np.shape(x)[1] == 1 else np.sum(x, axis=1)


def _by_lines(g: Any, _ans: Any, x: Any, _y: Any, points: Any) -> Any:
    if not np.isnan(bare(points)).any():
        sums = spread(g, x, points, order=2, nu=0, extrapolate=True)  # with the distances from the left, and without
        right = sums[0] / (x[1:] - x[:-1])[:, None]
        end = np.zeros((1, np.shape(right)[1]))
        return np.concatenate([sums[1] - right, end]) + np.concatenate([end, right])
    i, share = _lines(x, points)
    return _to_both(g * (1 - share), g * share, i, np.shape(_y))


def _by_sites(g: Any, _ans: Any, x: Any, y: Any, points: Any) -> Any:
    i, share = _lines(x, points)
    steep = -g * _slopes(x, y, i)
    return _to_both(_row_sums(steep * (1 - share)), _row_sums(steep * share), i, np.shape(x))


def _by_points(g: Any, _ans: Any, x: Any, y: Any, points: Any) -> Any:
    return _row_sums(g * _slopes(x, y, _right_of(x, points)))


rule(joined, _by_sites, _by_lines, _by_points)

methods("scipy.interpolate", "interp1d", __init__=init, __call__=call)

# --- polynomials through all sites ------------------------------------------------------------------------------------


@from_library
def through(points: Array, yi: Array, *, cls: Any, sites: Array, der: int) -> Array:
    """Return the der-th derivative of the polynomials through values, of shape (points, functions)."""
    made = _made(cls, sites, yi)
    if der == 0:
        return np.asarray(made(points))
    return np.asarray(made.derivative(points, der)) if der < len(sites) else np.zeros((len(points), yi.shape[1]))


@from_library
def collected(of: Array, points: Array, *, cls: Any, sites: Array) -> Array:
    """Return the adjoint of `through` by the values."""
    made = _made(cls, sites, np.eye(len(sites)))
    if cls is interpolate.BarycentricInterpolator:
        return np.asarray(made(points).T @ of)
    found = np.zeros((len(sites), of.shape[1]), of.dtype)  # by Newton's polynomials, of which Krogh's are made
    for start in range(0, len(points), _BLOCK):
        at, some = points[start : start + _BLOCK], of[start : start + _BLOCK]
        row, step = np.ones(len(at)), np.empty(len(at))
        for k, site in enumerate(sites):
            found[k] += row @ some
            np.subtract(at, site, out=step)
            row *= step
    return np.asarray(made.c[: len(sites)].T @ found)


_BLOCK = 16384


def _made(cls: Any, sites: Array, yi: Array) -> Any:
    return cls(sites, yi, **({"rng": 0} if cls is interpolate.BarycentricInterpolator else {}))


def _slopes_at(sites: Array) -> Array:
    """Return the matrix that makes of a polynomial's values at sites those of its derivative there."""
    n = len(sites)
    apart = sites[:, None] - sites + np.eye(n)
    scale = 4 / np.ptp(sites) if n > 1 else 1.0
    weights = 1 / np.prod(apart * scale * (1 - np.eye(n)) + np.eye(n), axis=1)
    matrix = weights / weights[:, None] / apart * (1 - np.eye(n))
    return matrix - np.diag(np.sum(matrix, axis=1))


def _again(yi: Any, sites: Any, times: int) -> Any:
    for _ in range(times):
        yi = _slopes_at(sites) @ yi
    return yi


def _collected(g: Any, points: Any, cls: Any, sites: Any, der: int) -> Any:
    found = collected(g, points, cls=cls, sites=sites)
    for _ in range(der):
        found = np.transpose(_slopes_at(sites)) @ found
    return found


def _moved(g: Any, yi: Any, points: Any, cls: Any, sites: Any, times: int) -> Any:
    """Return the cotangent of points. A derivative is the polynomial through its own values at all sites."""
    return _row_sums(g * through(points, _again(yi, sites, times), cls=cls, sites=sites, der=0))


rule(
    through,
    lambda g, _ans, points, yi, *, cls, sites, der: _moved(g, yi, points, cls, sites, der + 1),
    lambda g, _ans, points, _yi, *, cls, sites, der: _collected(g, points, cls, sites, der),
)
rule(
    collected,
    lambda g, _ans, _of, points, *, cls, sites: through(points, g, cls=cls, sites=sites, der=0),
    lambda g, _ans, of, points, *, cls, sites: _moved(of, g, points, cls, sites, 1),
)


def _polynomial_init(cls: Any) -> Any:
    def init(self: Any, xi: Any, yi: Any = None, axis: int = 0, **options: Any) -> None:
        no_variable(f"scipy.interpolate.{cls.__name__}", xi=xi)
        xi = bare(xi)
        cls.__init__(self, looked_at(xi), looked_at(yi), axis, **options)
        values = np.moveaxis(as_double(yi), axis, 0)
        self.yi = np.reshape(values, (np.shape(values)[0], -1))

    return init


def _polynomial_at(cls: Any) -> Any:
    def at(self: Any, x: Any, der: int = 0) -> Any:
        x = as_double(x)
        shape = np.shape(x)
        if len(np.unique(self.xi)) < len(self.xi):
            raise TypeError(f"scipy.interpolate.{cls.__name__} of a variable: given slopes, it is not differentiated")
        sites = np.asarray(self.xi, float)
        out = through(np.reshape(x, (-1,)), self.yi, cls=cls, sites=sites, der=der)
        extra = self._y_extra_shape
        return moved_back(np.reshape(out, (*shape, *extra)), len(shape), self._y_axis if shape else 0)

    return at


for _cls in (interpolate.KroghInterpolator, interpolate.BarycentricInterpolator):
    _at = _polynomial_at(_cls)
    methods(
        "scipy.interpolate",
        _cls.__name__,
        __init__=_polynomial_init(_cls),
        __call__=_at,
        derivative=lambda self, x, der=1, _at=_at: _at(self, x, der),
        derivatives=lambda self, x, der=None, _at=_at: np.stack([_at(self, x, k) for k in range(der or len(self.xi))]),
    )


def barycentric_interpolate(xi: Any, yi: Any, x: Any, axis: int = 0, *, der: Any = 0, rng: Any = None) -> Any:
    return _through(interpolate.BarycentricInterpolator, xi, yi, x, der, axis)


def krogh_interpolate(xi: Any, yi: Any, x: Any, der: Any = 0, axis: int = 0) -> Any:
    return _through(interpolate.KroghInterpolator, xi, yi, x, der, axis)


def _through(cls: Any, xi: Any, yi: Any, x: Any, der: Any, axis: int) -> Any:
    made = object.__new__(cls)
    _polynomial_init(cls)(made, xi, yi, axis)
    at = _polynomial_at(cls)
    return at(made, x, der) if np.ndim(der) == 0 else np.stack([at(made, x, each) for each in der])


function("scipy.interpolate", barycentric_interpolate, krogh_interpolate)
