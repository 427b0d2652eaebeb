"""Cubics on triangles, by values and points: P. Alfeld, A trivariate Clough-Tocher scheme (1984), and SciPy's form.

The slopes at the sites are those with which the curvature along all edges is least: linear equations of the values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate, spatial
from scipy.sparse import coo_array
from scipy.sparse import linalg as sparse_linalg

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ..standing import Operator
from ..values import as_double, as_library, from_library, looked_at, no_variable

# --- slopes at the sites ----------------------------------------------------------------------------------------------


def slopes_at(triangles: Any) -> Operator:
    """Return what makes of values, of shape (sites, functions), slopes, of shape (2 sites, functions)."""
    starts, others = triangles.vertex_neighbor_vertices
    sites = triangles.points
    n = len(sites)
    one = np.repeat(np.arange(n), np.diff(starts))
    edges = sites[others] - sites[one]
    weights = 1 / np.sum(edges * edges, axis=1) ** 1.5
    rows, columns, numbers = [], [], []
    for i in (0, 1):
        for j in (0, 1):
            products = weights * edges[:, i] * edges[:, j]
            rows += [2 * one + i, 2 * one + i]
            columns += [2 * one + j, 2 * others + j]
            numbers += [4 * products, 2 * products]
    parts = tuple(map(np.concatenate, (numbers, rows, columns)))
    matrix = coo_array((parts[0], parts[1:]), shape=(2 * n, 2 * n)).tocsc()
    steep = [6 * weights * edges[:, i] for i in (0, 1)]
    right = coo_array(
        (
            np.concatenate([*steep, *[-x for x in steep]]),
            (
                np.concatenate([2 * one, 2 * one + 1] * 2),
                np.concatenate([others, others, one, one]),
            ),
        ),
        shape=(2 * n, n),
    ).tocsr()
    solve = sparse_linalg.splu(matrix).solve  # of a symmetric matrix
    return Operator(lambda f: solve(right @ f), lambda g: right.T @ solve(np.ascontiguousarray(g)))


# --- on a triangle ----------------------------------------------------------------------------------------------------


def _of_neighbours(triangles: Any) -> list[Array]:
    """Return for each triangle what it takes over of the shape of that beyond each edge."""
    beyond, matrix = triangles.neighbors, triangles.transform
    centres = np.mean(triangles.points[triangles.simplices], axis=1)[beyond]  # (triangles, 3, 2)
    inner = np.einsum("tij,tkj->tki", matrix[:, :2], centres - matrix[:, None, 2])
    c = np.concatenate([inner, 1 - np.sum(inner, axis=2, keepdims=True)], axis=2)
    found = []
    for k in range(3):
        near, far = c[:, k, (k + 1) % 3], c[:, k, (k + 2) % 3]
        with np.errstate(all="ignore"):  # where there is none
            share = (2 * far + near - 1) / (2 - 3 * far - 3 * near)
        found.append(np.where(beyond[:, k] == -1, -0.5, share))
    return found


def on_triangles(triangles: Any, values: Any, slopes: Any, points: Any, which: Array) -> Any:
    """Return values of shape (points, functions), where each point is in a triangle."""
    corners, matrix = triangles.simplices[which], triangles.transform[which]
    inner = np.einsum("pij,pj->pi", matrix[:, :2], points - matrix[:, 2])
    b = [inner[:, 0], inner[:, 1], 1 - inner[:, 0] - inner[:, 1]]
    sites = triangles.points[corners]
    f = [values[corners[:, k]] for k in range(3)]
    by_x, by_y = slopes[::2], slopes[1::2]

    def along(k: int, j: int) -> Any:  # a third of the slope at a corner, times the edge to another one
        edge = (sites[:, j] - sites[:, k]) / 3
        return by_x[corners[:, k]] * edge[:, :1] + by_y[corners[:, k]] * edge[:, 1:]

    # At the corners, on the edges as seen from each corner, and inside beside each corner.
    out = [f[k] + along(k, (k + 1) % 3) for k in range(3)]
    back = [f[k] + along(k, (k + 2) % 3) for k in range(3)]
    beside = [(f[k] + out[k] + back[k]) / 3 for k in range(3)]
    inside = []
    for k, shares in enumerate(_of_neighbours(triangles)):  # across from each corner
        share = shares[which][:, None]
        i, j = (k + 1) % 3, (k + 2) % 3
        bend = 3 * (out[i] - back[j]) + f[j] - f[i]
        inside.append((share * bend + 2 * out[i] - f[i] - back[j] + beside[i] + beside[j]) / 2)
    middle = [(inside[(k + 1) % 3] + inside[(k + 2) % 3] + beside[k]) / 3 for k in range(3)]
    centre = (middle[0] + middle[1] + middle[2]) / 3
    least = np.argmin(np.stack([bare(x) for x in b]), axis=0)
    low = np.where(least == 0, b[0], np.where(least == 1, b[1], b[2]))
    a = [(x - low)[:, None] for x in b]
    d = (3 * low)[:, None]
    total = d * d * d * centre
    for k in range(3):
        i = (k + 1) % 3
        square = a[k] * a[k]
        total = total + square * (a[k] * f[k] + 3 * (a[i] * out[k] + a[(k + 2) % 3] * back[k] + d * beside[k]))
        total = total + 3 * d * a[k] * (d * middle[k] + 2 * a[i] * inside[(k + 2) % 3])
    return total


# --- the class --------------------------------------------------------------------------------------------------------


@from_library
def _value(values: Array, points: Array, sites: Any, options: Any) -> Array:
    return np.asarray(interpolate.CloughTocher2DInterpolator(sites, values, **options)(points))


@from_library
def _located(points: Array, triangles: Any) -> Array:
    return np.asarray(triangles.find_simplex(points))


def init(
    self: Any,
    points: Any,
    values: Any,
    fill_value: Any = np.nan,
    tol: float = 1e-6,
    maxiter: int = 400,
    rescale: bool = False,
) -> None:
    sites = points.points if isinstance(points, spatial.Delaunay) else points
    no_variable("scipy.interpolate.CloughTocher2DInterpolator", points=sites, fill_value=fill_value)
    cls = interpolate.CloughTocher2DInterpolator
    cls.__init__(self, looked_at(points), looked_at(values), bare(fill_value), tol, maxiter, rescale)
    self._ours = as_double(values)
    sites = bare(points) if rescale else self.tri  # which need not be found again
    self._made_of = sites, {"fill_value": bare(fill_value), "tol": tol, "maxiter": maxiter, "rescale": rescale}


def call(self: Any, points: Any) -> Any:
    """Return values at points of shape (points, 2)."""
    triangles, slopes = self.tri, None
    if not hasattr(self, "_made_of"):  # made of constants, before
        values = np.reshape(self.values, (np.shape(self.values)[0], *self.values_shape))
        sites = triangles if self.scale is None else self.points * self.scale + self.offset
        options = {"fill_value": np.ravel(self.fill_value)[0], "rescale": self.scale is not None}
        if hasattr(self, "grad"):  # as near to those as SciPy comes in its steps
            slopes = np.reshape(np.transpose(self.grad, (0, 2, 1)), (2 * len(self.grad), -1))
    else:
        values, (sites, options) = self._ours, self._made_of
    scaled = points if self.scale is None else (points - self.offset) / self.scale
    which = _located(bare(scaled), triangles=triangles)
    flat = np.reshape(values, (np.shape(values)[0], -1))
    slopes = slopes_at(triangles)(flat) if slopes is None else slopes
    made = on_triangles(triangles, flat, slopes, scaled, which)
    made = np.where((which < 0)[:, None], bare(self.fill_value), made)
    made = np.reshape(made, (np.shape(points)[0], *np.shape(values)[1:]))
    return as_library(made, _value, values, points, sites=sites, options=options)
