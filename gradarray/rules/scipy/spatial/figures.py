"""Alignments, paths on a sphere, and distances between points."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import spatial

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ..declared import function
from ..values import as_double, as_library, from_library


def procrustes(data1: Any, data2: Any) -> Any:
    """Return both figures, standardised and aligned, and how much they differ."""
    spatial.procrustes(np.asarray(bare(data1)), np.asarray(bare(data2)))  # SciPy's own errors
    one, other = (_standardised(as_double(x)) for x in (data1, data2))
    u, s, vt = np.linalg.svd(np.transpose(np.transpose(other) @ one), full_matrices=False)
    aligned = (other @ np.transpose(u @ vt)) * np.sum(s)
    return one, aligned, np.sum((one - aligned) ** 2)


def _standardised(x: Any) -> Any:
    x = x - np.mean(x, axis=0)
    return x / np.sqrt(np.sum(x * x))


def geometric_slerp(start: Any, end: Any, t: Any, tol: float = 1e-7) -> Any:
    """Return points on the great circle from one to another."""
    start, end, t = as_double(start), as_double(end), as_double(t)
    spatial.geometric_slerp(np.asarray(bare(start)), np.asarray(bare(end)), np.asarray(bare(t)), tol)
    # By the part of the end that is orthogonal to the start, as SciPy's QR has it.
    along = np.sum(start * end)
    across = end - start * along / np.sum(start * start)
    length = np.sqrt(np.sum(across * across))
    if bare(length) == 0:
        raise TypeError("scipy.spatial.geometric_slerp of a variable: between equal points it is not differentiated")
    angle = np.arctan2(length, along)
    at = np.reshape(t, (-1, 1)) * angle
    found = np.cos(at) * start + np.sin(at) * (across / length)
    return found if np.ndim(t) else found[0]


def by_norm(x: Any, y: Any, p: Any = 2.0) -> Any:
    """Return the distances of points, of which those at zero have a derivative of zero."""
    apart = np.abs(as_double(x) - as_double(y))
    if p == np.inf:
        return np.max(apart, axis=-1)
    zero = np.all(np.equal(bare(apart), 0), axis=-1)
    total = np.sum(apart**p, axis=-1)
    return np.where(zero, 0.0, np.where(zero, 1.0, total) ** (1 / p))


def minkowski_distance(x: Any, y: Any, p: Any = 2.0) -> Any:
    return as_library(by_norm(x, y, p), _minkowski_value, x, y, p=p)


def minkowski_distance_p(x: Any, y: Any, p: Any = 2.0) -> Any:
    apart = np.abs(as_double(x) - as_double(y))
    return np.max(apart, axis=-1) if p == np.inf else np.sum(apart**p, axis=-1)


@from_library
def _minkowski_value(x: Array, y: Array, p: float) -> Array:
    return np.asarray(spatial.minkowski_distance(x, y, p))


function("scipy.spatial", procrustes, geometric_slerp, minkowski_distance, minkowski_distance_p)
