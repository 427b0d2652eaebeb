"""Calls of scipy.spatial's classes: hulls, triangulations, cells and trees, by the points that they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calls import Call

_RNG = np.random.default_rng(5)
FLAT = _RNG.standard_normal((8, 2))
SOLID = _RNG.standard_normal((9, 3))
AROUND = _RNG.standard_normal((8, 3))
INSIDE = np.mean(FLAT, axis=0) + 0.2 * _RNG.standard_normal((4, 2))
HALVES = np.array([[-1.0, 0, 0.1], [0.1, -1, 0], [1, 1.2, -3], [1, -0.5, -2]])


def _barycentric(m: Any, points: Any) -> Any:
    triangles = m.spatial.Delaunay(points)
    which = triangles.find_simplex(INSIDE)
    maps = triangles.transform[which]
    return np.einsum("pij,pj->pi", maps[:, :2], INSIDE - maps[:, 2])


def _areas(m: Any, points: Any) -> Any:
    triangles = m.spatial.Delaunay(points)
    corners = triangles.points[triangles.simplices]
    return np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))


def _on_a_sphere(points: Any) -> Any:
    return 1.5 * points / np.sqrt(np.sum(points**2, axis=1, keepdims=True)) + 0.3


def _sphere(m: Any, points: Any) -> Any:
    return m.spatial.SphericalVoronoi(_on_a_sphere(points), 1.5, np.full(3, 0.3))


def _lengths(tree: Any, points: Any) -> Any:
    return np.sum((tree.data[tree.query(INSIDE)[1]] - points[:4]) ** 2, axis=1)


def rows() -> Iterator[Call]:
    for name, points in (("flat", FLAT), ("solid", SOLID), ("in four dimensions", _RNG.standard_normal((9, 4)))):
        yield Call(f"ConvexHull, volume, {name}", lambda m, p: m.spatial.ConvexHull(p).volume, points)
        yield Call(f"ConvexHull, area, {name}", lambda m, p: m.spatial.ConvexHull(p).area, points)
    yield Call("ConvexHull, equations", lambda m, p: m.spatial.ConvexHull(p).equations, SOLID)
    yield Call(
        "ConvexHull, points and bounds",
        lambda m, p: [(h := m.spatial.ConvexHull(p)).points[h.vertices], h.min_bound, h.max_bound], FLAT,
    )  # fmt: skip
    yield Call("Delaunay, transform", lambda m, p: m.spatial.Delaunay(p).transform, FLAT, rough=1e2)
    yield Call("Delaunay, barycentric coordinates", _barycentric, FLAT)
    yield Call("Delaunay, areas", _areas, FLAT)
    yield Call("Voronoi, flat", lambda m, p: m.spatial.Voronoi(p).vertices, FLAT, rough=1e3)
    yield Call("Voronoi, solid", lambda m, p: m.spatial.Voronoi(p).vertices, SOLID, rough=1e4)
    yield Call("SphericalVoronoi, vertices", lambda m, p: _sphere(m, p).vertices, AROUND, rough=10)
    yield Call("SphericalVoronoi, areas", lambda m, p: _sphere(m, p).calculate_areas(), AROUND, rough=10)
    yield Call(
        "HalfspaceIntersection",
        lambda m, h: m.spatial.HalfspaceIntersection(h, np.array([0.5, 0.5])).intersections, HALVES,
    )  # fmt: skip
    yield Call("KDTree.query, by sites", lambda m, p: m.spatial.KDTree(p).query(INSIDE, k=2)[0], FLAT)
    yield Call("KDTree.query, by both", lambda m, p: m.spatial.KDTree(p).query(p[:3] * 1.1, k=2, p=1)[0], FLAT)
    yield Call("KDTree.data", lambda m, p: _lengths(m.spatial.KDTree(p), p), FLAT)
    yield Call("cKDTree.query, by sites", lambda m, p: m.spatial.cKDTree(p).query(INSIDE)[0], FLAT)
    yield Call("cKDTree.query, by points", lambda m, q: m.spatial.cKDTree(FLAT).query(q)[0], INSIDE)
    yield Call(
        "KDTree.mins and maxes", lambda m, p: [(t := m.spatial.KDTree(p)).mins, t.maxes], FLAT
    )  # fmt: skip
    yield Call(
        "LinearNDInterpolator, by sites",
        lambda m, s, q: m.interpolate.LinearNDInterpolator(s, np.arange(8.0) ** 2)(q), FLAT, INSIDE,
    )  # fmt: skip
    yield Call(
        "LinearNDInterpolator of a Delaunay",
        lambda m, s: m.interpolate.LinearNDInterpolator(m.spatial.Delaunay(s), np.arange(8.0) ** 2)(INSIDE), FLAT,
    )  # fmt: skip
    yield Call(
        "LinearNDInterpolator, rescaled",
        lambda m, s: m.interpolate.LinearNDInterpolator(s * np.array([1, 50]), s[:, 0], rescale=True)(
            INSIDE * np.array([1, 50])
        ),
        FLAT,
    )
    yield Call("griddata, by sites", lambda m, s: m.interpolate.griddata(s, np.arange(8.0) ** 2, INSIDE), FLAT)
    yield Call(
        "griddata on a line, by sites", lambda m, s: m.interpolate.griddata(s[:, 0], s[:, 1], INSIDE[:, 0]), FLAT
    )  # fmt: skip
    square = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    yield Call("Voronoi of a square", lambda m, p: m.spatial.Voronoi(p).vertices, square, refused="in one corner")
    yield Call("ConvexHull, incremental", lambda m, p: m.spatial.ConvexHull(p, True), FLAT, refused="give all points")
    yield Call("Delaunay, plane_distance", lambda m, p: m.spatial.Delaunay(p).plane_distance(p), FLAT, refused="here")
    yield Call("Delaunay, equations", lambda m, p: m.spatial.Delaunay(p).equations + 1, FLAT, refused="has no deriv")
    yield Call(
        "KDTree.sparse_distance_matrix",
        lambda m, p: m.spatial.KDTree(p).sparse_distance_matrix(m.spatial.KDTree(p), 1.0), FLAT, refused="query has",
    )  # fmt: skip
    yield Call(
        "CloughTocher2DInterpolator of a Delaunay",
        lambda m, p: m.interpolate.CloughTocher2DInterpolator(m.spatial.Delaunay(p), p[:, 0])(INSIDE),
        FLAT,
        refused="no derivative by points",
    )


CALLS = list(rows())
