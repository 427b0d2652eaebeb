"""Triangulations of variable points, which scipy.spatial has and scipy.interpolate needs."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import spatial

from .undifferentiated import Undifferentiated
from .values import as_double, looked_at, valued


def filled(self: Any, cls: Any, points: Any, incremental: bool, *options: Any) -> Any:
    """Fill an object from the values of points, and return these as they are to be held in it."""
    if incremental:
        raise TypeError(f"scipy.spatial.{cls.__name__} of a variable: incremental= is not known here; give all points")
    cls.__init__(self, looked_at(points), *options)
    points = as_double(points)
    self._points = points
    self.min_bound, self.max_bound = np.min(points, axis=0), np.max(points, axis=0)
    return points


def delaunay_init(
    self: Any, points: Any, furthest_site: bool = False, incremental: bool = False, qhull_options: Any = None
) -> None:
    """Keep the points, and the affine maps to the barycentric coordinates of their triangles."""
    self._of_values = spatial.Delaunay(looked_at(points), furthest_site, False, qhull_options)
    points = filled(self, spatial.Delaunay, points, incremental, furthest_site, False, qhull_options)
    corners = points[self.simplices]
    last = corners[:, -1:]
    inverse = np.linalg.inv(np.swapaxes(corners[:, :-1] - last, 1, 2))
    self._transform = valued(np.concatenate([inverse, last], axis=1), self._of_values.transform)
    for name in ("equations", "paraboloid_scale", "paraboloid_shift"):
        setattr(self, name, Undifferentiated(name, "scipy.spatial.Delaunay"))


def delaunay(points: Any) -> Any:
    """Return the triangulation of variable points."""
    made = object.__new__(spatial.Delaunay)
    delaunay_init(made, points)
    return made


def of_bare_sites(sites: Any) -> Any:
    """Return points without their derivatives, or a triangulation of such points."""
    return getattr(sites, "_of_values", sites) if isinstance(sites, spatial.Delaunay) else looked_at(sites)
