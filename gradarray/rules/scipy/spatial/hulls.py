"""What Qhull finds among points: which of them belong together is constant, where they lie is differentiated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import spatial

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ..declared import methods
from ..simplices import delaunay_init, filled, of_bare_sites
from ..undifferentiated import Undifferentiated
from ..values import as_double, looked_at, valued


def _planes(facets: Any, inside: Array) -> Any:
    """Return the outward unit normals and the offsets of the planes through the corners of facets.

    A plane that does not pass through the point inside is that of all x with (x - inside) @ m = 1.
    """
    ones = np.ones((*np.shape(facets)[:-1], 1))
    m = np.linalg.solve(facets - inside, ones)[..., 0]
    length = np.sqrt(np.sum(m * m, axis=-1, keepdims=True))
    return np.concatenate([m, -1 - np.sum(m * inside, axis=-1, keepdims=True)], axis=-1) / length


def _hull_init(self: Any, points: Any, incremental: bool = False, qhull_options: Any = None) -> None:
    """Keep the volume and the surface of a hull, and the planes of its facets, by its corners."""
    points = filled(self, spatial.ConvexHull, points, incremental, False, qhull_options)
    d = self.ndim
    facets = points[self.simplices]
    inside = np.mean(bare(points)[self.vertices], axis=0)
    pyramids = np.abs(np.linalg.det(facets - inside))
    self.volume = valued(np.sum(pyramids) / math.factorial(d), np.asarray(self.volume))
    edges = facets[:, 1:] - facets[:, :1]
    squares = np.linalg.det(edges @ np.swapaxes(edges, 1, 2))
    self.area = valued(np.sum(np.sqrt(squares)) / math.factorial(d - 1), np.asarray(self.area))
    self.equations = valued(_planes(facets, inside), self.equations)


def _find_simplex(self: Any, xi: Any, bruteforce: bool = False, tol: Any = None) -> Any:
    """Return the triangles in which points lie: whole numbers."""
    return of_bare_sites(self).find_simplex(looked_at(xi), bruteforce, tol)


def _voronoi_init(
    self: Any, points: Any, furthest_site: bool = False, incremental: bool = False, qhull_options: Any = None
) -> None:
    """Keep the corners of the cells: each is as far from one of the points around it as from the others."""
    points = filled(self, spatial.Voronoi, points, incremental, furthest_site, False, qhull_options)
    around: list[list[int]] = [[] for _ in self.vertices]
    for point, region in enumerate(self.point_region):
        for corner in self.regions[region]:
            if corner >= 0:
                around[corner].append(point)
    _alone("Voronoi", "points on one circle or sphere", around, self.ndim + 1)
    self.vertices = valued(_centres(points[np.array(around)]), self.vertices)


def _centres(corners: Any) -> Any:
    """Return the centres of the spheres through d + 1 points each."""
    apart = corners[:, 1:] - corners[:, :1]
    half = np.sum(apart * apart, axis=-1, keepdims=True) / 2
    return corners[:, 0] + np.linalg.solve(apart, half)[..., 0]


def _spherical_init(self: Any, points: Any, radius: Any = 1, center: Any = None, threshold: float = 1e-6) -> None:
    """Keep the corners of the cells on a sphere: they lie where the normals of the hull's facets point."""
    spatial.SphericalVoronoi.__init__(self, *looked_at((points, radius, center)), threshold)
    self.points, self.radius = as_double(points), radius
    self.center = self.center if center is None else as_double(center)
    normals = _planes(self.points[self._simplices], np.mean(bare(self.points), axis=0))[:, :-1]
    self.vertices = valued(radius * normals + self.center, self.vertices)


def _spherical_areas(self: Any) -> Any:
    """Return the areas of the cells on a sphere, from triangles of a point and two neighbouring corners each.

    Of a triangle: A. van Oosterom, J. Strackee, "The solid angle of a plane triangle", IEEE Trans. Biomed. Eng. 30
    (1983).
    """
    if self._dim != 3:
        raise TypeError("scipy.spatial.SphericalVoronoi.calculate_areas of a variable: in three dimensions alone")
    self.sort_vertices_of_regions()
    sites, corners = ((x - self.center) / self.radius for x in (self.points, self.vertices))
    areas = []
    for site, region in enumerate(self.regions):
        a, b, c = sites[site], corners[np.array(region)], corners[np.roll(region, 1)]
        across = np.abs(np.sum(np.cross(b, c) * a, axis=1))
        along = 1 + b @ a + c @ a + np.sum(b * c, axis=1)
        areas.append(2 * np.sum(np.arctan2(across, along)))
    return np.stack(areas) * self.radius**2


def _intersection_init(
    self: Any, halfspaces: Any, interior_point: Any, incremental: bool = False, qhull_options: Any = None
) -> None:
    """Keep the corners of an intersection: each lies on the planes that meet there."""
    cls = spatial.HalfspaceIntersection
    inside = looked_at(interior_point)
    halfspaces = filled(self, cls, halfspaces, incremental, inside, False, qhull_options)
    _alone("HalfspaceIntersection", "more planes than dimensions", self.dual_facets, self.ndim)
    planes = halfspaces[np.array(self.dual_facets)]
    made = np.linalg.solve(planes[..., :-1], -planes[..., -1:])[..., 0]
    self.intersections = valued(made, self.intersections)
    for name in ("dual_points", "dual_equations", "dual_volume", "dual_area"):
        setattr(self, name, Undifferentiated(name, "scipy.spatial.HalfspaceIntersection"))


def _alone(name: str, what: str, meeting: Any, number: int) -> None:
    if any(len(several) != number for several in meeting):
        raise TypeError(f"scipy.spatial.{name} of a variable has no derivative where {what} meet in one corner")


def _refused(cls: Any, name: str) -> Callable[..., Any]:
    """Return a method that needs more of Qhull's than is kept: it is refused for variables."""

    def refuse(_self: Any, *_args: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"scipy.spatial.{cls.__name__}.{name} of a variable has no derivative here")

    return refuse


methods("scipy.spatial", "ConvexHull", __init__=_hull_init, add_points=_refused(spatial.ConvexHull, "add_points"))
methods(
    "scipy.spatial",
    "Delaunay",
    __init__=delaunay_init,
    find_simplex=_find_simplex,
    **{name: _refused(spatial.Delaunay, name) for name in ("add_points", "plane_distance", "lift_points")},
)
methods("scipy.spatial", "Voronoi", __init__=_voronoi_init, add_points=_refused(spatial.Voronoi, "add_points"))
methods("scipy.spatial", "SphericalVoronoi", __init__=_spherical_init, calculate_areas=_spherical_areas)
methods(
    "scipy.spatial",
    "HalfspaceIntersection",
    __init__=_intersection_init,
    add_halfspaces=_refused(spatial.HalfspaceIntersection, "add_halfspaces"),
)
