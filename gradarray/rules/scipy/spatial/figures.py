"""Alignments, paths on a sphere, and distances between points."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import spatial

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ...registry import rule
from ..declared import function
from ..values import as_double, from_library, no_variable


def procrustes(data1: Any, data2: Any) -> Any:
    """Return both figures, standardised and aligned, and how much they differ."""
    one, other = as_double(data1), as_double(data2)
    if np.ndim(one) != 2 or np.shape(one) != np.shape(other) or 0 in np.shape(one) or _at_one_place(one, other):
        spatial.procrustes(np.asarray(bare(data1)), np.asarray(bare(data2)))  # SciPy's own errors
    one, other = _standardised(one), _standardised(other)
    u, s, vt = np.linalg.svd(np.transpose(np.transpose(other) @ one), full_matrices=False)
    aligned = (other @ np.transpose(u @ vt)) * np.sum(s)
    return one, aligned, np.sum((one - aligned) ** 2)


def _at_one_place(*figures: Any) -> bool:
    """Tell whether all points of a figure may be at one place."""
    return any(np.ptp(bare(x[:, :1])) == 0 for x in figures)


def _standardised(x: Any) -> Any:
    x = x - np.mean(x, axis=0)
    return x / np.sqrt(np.sum(x * x))


def geometric_slerp(start: Any, end: Any, t: Any, tol: float = 1e-7) -> Any:
    """Return points on the great circle from one to another."""
    start, end, t = as_double(start), as_double(end), as_double(t)
    at = np.asarray(bare(t))
    ends = np.array([np.min(at), np.max(at)]) if at.size else at  # for all that SciPy asks of them
    spatial.geometric_slerp(np.asarray(bare(start)), np.asarray(bare(end)), ends if at.ndim < 2 else at, tol)
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


@from_library
def by_norm(x: Array, y: Array, *, p: float, value: Any = None) -> Array:
    """Return the distances of points, or their given value; those at zero have a derivative of zero."""
    return np.asarray(spatial.minkowski_distance(x, y, p) if value is None else value, dtype=float)


def _minkowski_vjp(g: Any, ans: Any, x: Any, y: Any, *, p: float, value: Any = None) -> tuple[Any, Any]:
    apart = x - y
    zero = np.equal(bare(ans), 0) | ~np.isfinite(bare(ans))
    size = np.where(zero, 1.0, ans)
    if p == 2:
        slope = np.where(zero, 0.0, g / size)[..., None] * apart
    elif p == 1:
        slope = g[..., None] * np.sign(apart)
    elif p == np.inf:
        hits = np.equal(np.abs(bare(apart)), np.max(np.abs(bare(apart)), axis=-1, keepdims=True))
        slope = g[..., None] * np.sign(apart) * hits / np.sum(hits, axis=-1, keepdims=True)
    else:
        steep = np.sign(apart) * np.abs(apart) ** (p - 1)
        slope = np.where(zero, 0.0, g / size ** (p - 1))[..., None] * steep
    return slope, -slope


rule(by_norm, joint=_minkowski_vjp)


def minkowski_distance(x: Any, y: Any, p: Any = 2.0) -> Any:
    no_variable("scipy.spatial.minkowski_distance", p=p)
    return by_norm(as_double(x), as_double(y), p=float(p))


def minkowski_distance_p(x: Any, y: Any, p: Any = 2.0) -> Any:
    apart = np.abs(as_double(x) - as_double(y))
    return np.max(apart, axis=-1) if p == np.inf else np.sum(apart**p, axis=-1)


def distance_matrix(x: Any, y: Any, p: Any = 2, threshold: int = 1_000_000) -> Any:
    x, y = as_double(x), as_double(y)
    if np.shape(x)[-1] != np.shape(y)[-1]:
        spatial.distance_matrix(bare(x), bare(y), p)  # SciPy's own error
    return minkowski_distance(x[:, None, :], y[None, :, :], p)


function("scipy.spatial", procrustes, geometric_slerp, minkowski_distance, minkowski_distance_p, distance_matrix)
