"""Interpolants of scattered sites: linear on triangles, radial functions; others by the values alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from scipy import interpolate, spatial

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import function, methods
from ..pairs import between
from ..simplices import delaunay, of_bare_sites
from ..values import as_double, from_library, looked_at, no_variable
from . import lines, triangles
from .grids import joined

# --- on triangles -----------------------------------------------------------------------------------------------------


def _points_of(xi: Any, n: int) -> tuple[Any, tuple[int, ...]]:
    xi = joined(xi[0] if len(xi) == 1 else tuple(xi))
    if n == 1 and np.shape(xi)[-1:] != (1,):
        xi = xi[..., None]
    if np.shape(xi)[-1] != n:
        raise ValueError(f"number of dimensions in xi does not match x: {np.shape(xi)[-1]} and {n}")
    return np.reshape(xi, (-1, n)), np.shape(xi)[:-1]


@from_library
def _simplices(points: Array, triangles: Any) -> Array:
    return np.asarray(of_bare_sites(triangles).find_simplex(points))


def _on_triangles(self: Any, *args: Any) -> Any:
    tri, values = self.tri, self._ours
    points, shape = _points_of(args, tri.points.shape[1])
    scaled = points if self.scale is None else (points - self.offset) / self.scale
    which = _simplices(bare(scaled), triangles=tri)
    matrix = tri.transform[which]
    inner = np.einsum("pij,pj->pi", matrix[:, :-1], scaled - matrix[:, -1])
    weights = np.concatenate([inner, 1 - np.sum(inner, axis=1, keepdims=True)], axis=1)
    corners = values[tri.simplices[which]]
    out = np.sum(corners * np.reshape(weights, (*np.shape(weights), *[1] * (np.ndim(corners) - 2))), axis=1)
    out = np.where(np.reshape(which < 0, (-1, *[1] * (np.ndim(out) - 1))), bare(self.fill_value), out)
    return np.reshape(out, (*shape, *np.shape(values)[1:]))


def _linear_init(self: Any, points: Any, values: Any, fill_value: Any = np.nan, rescale: bool = False) -> None:
    no_variable("scipy.interpolate.LinearNDInterpolator", fill_value=fill_value)
    of_values = of_bare_sites(points)
    interpolate.LinearNDInterpolator.__init__(self, of_values, looked_at(values), bare(fill_value), rescale)
    if isinstance(points, spatial.Delaunay):
        self.tri = points
    elif has_variable(points):
        # Where a point lies in its triangle does not change with the scale, which may thus be a constant.
        scaled = points if self.scale is None else (points - self.offset) / self.scale
        self.tri = delaunay(as_double(scaled))
    self._sites = self.tri.points  # where a variable is looked for
    self._ours = as_double(values)


def _linear_call(self: Any, *args: Any) -> Any:
    if not hasattr(self, "_ours"):
        self._ours = np.reshape(self.values, (np.shape(self.values)[0], *self.values_shape))
    return _on_triangles(self, *args)


methods("scipy.interpolate", "LinearNDInterpolator", __init__=_linear_init, __call__=_linear_call)


@from_library
def _nearest(points: Array, tree: Any) -> Array:
    return np.asarray(tree.query(points)[1])


def _nearest_init(self: Any, x: Any, y: Any, rescale: bool = False, tree_options: Any = None) -> None:
    no_variable("scipy.interpolate.NearestNDInterpolator", x=x)
    interpolate.NearestNDInterpolator.__init__(self, looked_at(x), looked_at(y), rescale, tree_options)
    self.values = as_double(y)


def _nearest_call(self: Any, *args: Any, **options: Any) -> Any:
    if options:
        raise TypeError(
            "scipy.interpolate.NearestNDInterpolator of a variable: options of the query are not known here"
        )
    points, shape = _points_of(args, self.points.shape[1])
    scaled = points if self.scale is None else (points - self.offset) / self.scale
    values = self.values
    return np.reshape(values[_nearest(bare(scaled), tree=self.tree)], (*shape, *np.shape(values)[1:]))


methods("scipy.interpolate", "NearestNDInterpolator", __init__=_nearest_init, __call__=_nearest_call)


def griddata(
    points: Any, values: Any, xi: Any, method: str = "linear", fill_value: Any = np.nan, rescale: bool = False
) -> Any:
    no_variable("scipy.interpolate.griddata", fill_value=fill_value)
    sites = joined(points)
    if sites.ndim == 1 or sites.shape[-1] == 1:
        order = np.argsort(bare(sites).ravel())
        outside = "extrapolate" if method == "nearest" else fill_value
        made = object.__new__(interpolate.interp1d)
        lines.init(made, sites.ravel()[order], as_double(values)[order], method, 0, True, False, outside)
        return lines.call(made, xi[0] if isinstance(xi, tuple) else xi)
    ways: dict[str, tuple[Any, Any, Any]] = {
        "linear": (interpolate.LinearNDInterpolator, _linear_init, _linear_call),
        "nearest": (interpolate.NearestNDInterpolator, _nearest_init, _nearest_call),
        "cubic": (interpolate.CloughTocher2DInterpolator, triangles.init, _clough_call),
    }
    cls, init, call = ways[method]
    made = object.__new__(cls)
    init(made, sites, values, rescale=rescale, **({} if method == "nearest" else {"fill_value": fill_value}))
    return call(made, xi)


# --- radial functions -------------------------------------------------------------------------------------------------

# Of the squared distance; those that are no function of it at zero are given there.
_KERNELS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda d: -_root(d),
    "thin_plate_spline": lambda d: np.where(bare(d) == 0, 0.0, 0.5 * d * np.log(_positive(d))),
    "cubic": lambda d: d * _root(d),
    "quintic": lambda d: -d * d * _root(d),
    "multiquadric": lambda d: -np.sqrt(d + 1),
    "inverse_multiquadric": lambda d: 1 / np.sqrt(d + 1),
    "inverse_quadratic": lambda d: 1 / (d + 1),
    "gaussian": lambda d: np.exp(-d),
}
_LEAST_DEGREES = {"multiquadric": 0, "linear": 0, "thin_plate_spline": 1, "cubic": 1, "quintic": 2}


def _positive(d: Any) -> Any:
    return np.where(bare(d) == 0, 1.0, d)


def _root(d: Any) -> Any:
    return np.where(bare(d) == 0, 0.0, np.sqrt(_positive(d)))


_SQUARES: dict[str, Any] = {"metric": "sqeuclidean", "p": 2.0}


def _monomials(x: Any, degree: int) -> Any:
    columns = [np.ones(np.shape(x)[0])]
    for order in range(1, degree + 1):
        for which in combinations_with_replacement(range(np.shape(x)[1]), order):
            column = x[:, which[0]]
            for i in which[1:]:
                column = column * x[:, i]
            columns.append(column)
    return np.stack(columns[: len(columns) if degree >= 0 else 0], axis=1) if degree >= 0 else np.zeros((len(x), 0))


def _rbf_init(
    self: Any,
    y: Any,
    d: Any,
    neighbors: Any = None,
    smoothing: Any = 0.0,
    kernel: str = "thin_plate_spline",
    epsilon: Any = None,
    degree: Any = None,
) -> None:
    if neighbors is not None:
        raise TypeError("scipy.interpolate.RBFInterpolator of a variable: neighbors= is not known here")
    cls = interpolate.RBFInterpolator
    cls.__init__(self, *looked_at((y, d)), neighbors, looked_at(smoothing), kernel, looked_at(epsilon), degree)
    least = _LEAST_DEGREES.get(kernel, -1)
    self._ours = (
        as_double(y),
        as_double(d),
        smoothing,
        kernel,
        1.0 if epsilon is None else epsilon,
        max(least, 0) if degree is None else degree,
    )


def _rbf_call(self: Any, x: Any) -> Any:
    if not hasattr(self, "_ours"):
        values = np.reshape(np.asarray(self.d).view(self.d_dtype), (len(self.d), *self.d_shape))
        degree = max(self.powers.sum(axis=1), default=-1) if len(self.powers) else -1
        self._ours = (self.y, values, self.smoothing, self.kernel, self.epsilon, int(degree))
    sites, values, smoothing, kernel, epsilon, degree = self._ours
    if self.neighbors is not None:
        raise TypeError("scipy.interpolate.RBFInterpolator of a variable: neighbors= is not known here")
    x = as_double(x)
    of, n = _KERNELS[kernel], np.shape(sites)[0]
    low, high = np.min(bare(sites), axis=0), np.max(bare(sites), axis=0)
    shift, scale = (high + low) / 2, np.where(high == low, 1.0, (high - low) / 2)
    eps2 = epsilon * epsilon
    matrix = of(between(sites, sites, **_SQUARES) * eps2) + np.eye(n) * smoothing
    columns = _monomials((sites - shift) / scale, degree)
    m = np.shape(columns)[1]
    whole = np.concatenate(
        [np.concatenate([matrix, columns], axis=1), np.concatenate([np.transpose(columns), np.zeros((m, m))], axis=1)]
    )
    flat = np.reshape(values, (n, -1))
    weights = np.linalg.solve(whole, np.concatenate([flat, np.zeros((m, np.shape(flat)[1]))]))
    at = np.concatenate([of(between(x, sites, **_SQUARES) * eps2), _monomials((x - shift) / scale, degree)], axis=1)
    out = at @ weights
    return np.reshape(out, (np.shape(x)[0], *np.shape(values)[1:]))


methods("scipy.interpolate", "RBFInterpolator", __init__=_rbf_init, __call__=_rbf_call)

# --- cubic on triangles -----------------------------------------------------------------------------------------------


def _clough_call(self: Any, *args: Any) -> Any:
    points, shape = _points_of(args, 2)
    out = triangles.call(self, points)
    return np.reshape(out, (*shape, *np.shape(out)[1:]))


methods("scipy.interpolate", "CloughTocher2DInterpolator", __init__=triangles.init, __call__=_clough_call)
function("scipy.interpolate", griddata)
