"""Distances in a tree, by the points that are asked for and by the sites: which one is the nearest is constant."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from scipy import spatial

from ....tape.wrapping import bare, has_variable
from ..declared import looking, makers, methods, objects
from ..values import as_double, looked_at
from .figures import by_norm


@functools.cache
def _of_variables(cls: Any) -> Any:
    """Return the class of trees whose sites are variables, which a tree's own memory cannot hold."""
    space: dict[str, Any] = {
        **{name: method for name, method in _METHODS.items() if name != "__init__"},
        "__module__": "scipy.spatial",
        "__doc__": cls.__doc__,
        "data": property(lambda self: self._sites),
        "mins": property(lambda self: np.min(self._sites, axis=0)),
        "maxes": property(lambda self: np.max(self._sites, axis=0)),
    }
    return type(cls.__name__, (cls,), space)


def _init(self: Any, data: Any, *args: Any, **options: Any) -> None:
    spatial.KDTree.__init__(self, looked_at(data), *args, **options)
    if has_variable(data):
        self._sites = as_double(data)
        kind: Any = type(self)
        self.__class__ = _of_variables(kind)


def _query(
    self: Any,
    x: Any,
    k: Any = 1,
    eps: float = 0.0,
    p: float = 2.0,
    distance_upper_bound: float = np.inf,
    workers: int = 1,
) -> Any:
    """Return the distances of the nearest neighbours, with the derivative by the points, and which these are."""
    found, which = _neighbours(bare(x), tree=self, options=(k, eps, p, distance_upper_bound, workers))
    x, sites = as_double(x), self.data
    several = np.ndim(which) > np.ndim(x) - 1
    missing = np.equal(which, self.n)
    nearest = sites[np.where(missing, 0, which)]
    return by_norm(x[..., None, :] if several else x, nearest, p=float(p), value=found), which


def _neighbours(x: Any, tree: Any, options: Any) -> Any:
    return spatial.cKDTree.query(tree, np.asarray(x), *options)


def _of_values(name: str) -> Any:
    """Return a method that gives whole numbers or pairs of them, of the values."""

    def call(self: Any, *args: Any, **options: Any) -> Any:
        given = [x if isinstance(x, spatial.cKDTree) else looked_at(x) for x in args]
        return getattr(spatial.cKDTree, name)(self, *given, **bare(options))

    return call


def _sparse_distance_matrix(self: Any, *_args: Any, **_options: Any) -> Any:
    raise TypeError("scipy.spatial.KDTree.sparse_distance_matrix of a variable has no derivative here; query has one")


_COUNTS = ("query_ball_point", "query_ball_tree", "query_pairs", "count_neighbors")
_METHODS = {
    "__init__": _init,
    "query": _query,
    "sparse_distance_matrix": _sparse_distance_matrix,
    **{name: _of_values(name) for name in _COUNTS},
}
methods("scipy.spatial", "KDTree", **_METHODS)
makers("scipy.spatial", "cKDTree")

# --- the same class in C, which can do nothing else -------------------------------------------------------------------


def cKDTree(data: Any, *args: Any, **options: Any) -> Any:
    made = spatial.KDTree.__new__(spatial.KDTree)
    _init(made, data, *args, **options)
    return made


class _Standing:
    """Stands for a tree in C that was made before, and takes variables."""

    def __init__(self, real: Any) -> None:
        self.__wrapped__ = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def query(self, x: Any, *args: Any, **options: Any) -> Any:
        return _query(self.__wrapped__, x, *args, **options)


objects("cKDTree", _Standing)
looking("scipy.spatial", cKDTree)
