"""Distances between all pairs of vectors, and what of their cotangents comes to each vector, by products of matrices.

Of most metrics a distance is a function of a sum over the coordinates, of a term for each difference there. A vector's
cotangent is then the sum over all others of the slope of that term, with a weight for each pair; no array of pairs and
coordinates is made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial import distance

from ....kernels.arrays import Array
from ...registry import composite, linear, rule
from ..values import from_library

# --- a condensed matrix of distances, and a whole one -----------------------------------------------------------------


@from_library
def squared(y: Array) -> Array:
    """Return the symmetric matrix, with zeros on its diagonal, of what stands above that, row after row."""
    return distance.squareform(y, "tomatrix", checks=False)


@from_library
def condensed(x: Array) -> Array:
    """Return what stands above the diagonal of a matrix."""
    return distance.squareform(x, "tovector", checks=False)


linear(squared, lambda g, y: condensed(g + np.transpose(g)))
linear(condensed, lambda g, x: np.triu(squared(g)))

# --- sums over pairs --------------------------------------------------------------------------------------------------

_NEAR, _BLOCK = 1e-3, 16384


@from_library
def drawn(weights: Array, a: Array, b: Array, apart: Array, power: int) -> Array:
    """Return for each vector in `a` the sum of its differences from those in `b`, with weights.

    `apart` are the distances, or a power of them.

    The sum of products is a difference of sums, in which digits are lost of pairs that are near to each other; of these
    the differences are taken.
    """
    middle = np.mean(b, axis=0) if len(b) else np.zeros(1)
    middle = middle if np.isfinite(middle).all() else np.zeros(1)
    around, others = a - middle, b - middle
    sizes = [np.max(np.abs(x), initial=0.0) for x in (around, others)]
    least = (_NEAR * max(sizes)) ** power
    i = j = np.zeros(0, np.intp)
    far = weights
    if not np.min(apart, initial=np.inf) >= least:
        i, j = np.nonzero(~(apart >= least))
        far = weights.copy()
        far[i, j] = 0
    found = around * np.sum(far, axis=1)[:, None] - far @ others
    if len(i):
        np.add.at(found, i, weights[i, j][:, None] * (a[i] - b[j]))
    return found


composite(drawn, lambda weights, a, b, apart, power: leaned(weights, a[:, None] - b), anew=True)


def leaned(weights: Any, slopes: Any) -> Any:
    return np.sum(weights[..., None] * slopes, axis=1)


@from_library
def leaning(weights: Array, a: Array, b: Array, power: float) -> Array:
    """Return the same of a power of the differences with their signs, which is a row for each of those in `a`."""
    found = np.empty(a.shape)
    step = max(1, _BLOCK // max(1, len(b)))
    for start in range(0, len(a), step):  # as many as stay in the cache
        rows = slice(start, start + step)
        for k in range(a.shape[1]):
            slopes = _signed_power(np.subtract.outer(a[rows, k], b[:, k]), power)
            np.einsum("ij,ij->i", slopes, weights[rows], out=found[rows, k])
    return found


def _signed_power(apart: Any, power: float) -> Any:
    return np.sign(apart) * np.abs(apart) ** power if power else np.sign(apart)


composite(leaning, lambda weights, a, b, power: leaned(weights, _signed_power(a[:, None] - b, power)), anew=True)

# --- distances --------------------------------------------------------------------------------------------------------


@from_library
def between(a: Array, b: Array, *, metric: str, p: float) -> Array:
    """Return the distances of the vectors in one matrix from those in another one."""
    return distance.cdist(a, b, metric, **_options(metric, p))


@from_library
def within(x: Array, *, metric: str, p: float) -> Array:
    """Return the distances of vectors from each other."""
    return distance.pdist(x, metric, **_options(metric, p))


def _options(metric: str, p: float) -> Any:
    return {"p": p} if metric == "minkowski" else {}


def _weights(g: Any, ans: Any, metric: str, p: float) -> Any:
    """Return by what the slopes of the terms of each distance are multiplied; 0 where that is 0, at a kink."""
    if metric in ("cityblock", "sqeuclidean"):
        return g if metric == "cityblock" else 2 * g
    zero = ans == 0
    size = np.where(zero, 1.0, ans)
    return np.where(zero, 0.0, g / (size if metric == "euclidean" else size ** (p - 1)))


def _pulled(weights: Any, a: Any, b: Any, ans: Any, metric: str, p: float) -> Any:
    if metric in ("euclidean", "sqeuclidean"):
        return drawn(weights, a, b, ans, 2 if metric == "sqeuclidean" else 1)
    return leaning(weights, a, b, 0.0 if metric == "cityblock" else p - 1)


def _between_vjp(g: Any, ans: Any, a: Any, b: Any, *, metric: str, p: float) -> tuple[Any, Any]:
    weights = _weights(g, ans, metric, p)
    return (
        _pulled(weights, a, b, ans, metric, p),
        _pulled(np.transpose(weights), b, a, np.transpose(ans), metric, p),
    )


def _within_vjp(g: Any, ans: Any, x: Any, *, metric: str, p: float) -> Any:
    return _pulled(squared(_weights(g, ans, metric, p)), x, x, squared(ans), metric, p)


rule(between, joint=_between_vjp)
rule(within, _within_vjp)


def turned_apart(a: Any, b: Any, centered: bool) -> Any:
    """Return one less the cosines of the angles between vectors, of which the mean may have been taken away."""
    if centered:
        a, b = (x - np.mean(x, axis=-1, keepdims=True) for x in (a, b))
    a, b = (x / np.sqrt(np.sum(x * x, axis=-1, keepdims=True)) for x in (a, b))
    return 1.0 - a @ np.transpose(b)


def of_pairs(name: str, a: Any, b: Any, given: dict[str, Any]) -> tuple[Any, bool]:
    """Return distances of all pairs, of the vectors in `a` alone for no `b`, and whether they are the library's own.

    None stands for them where there is no product that has their derivative.
    """
    p = given.get("p", 2.0) if name == "minkowski" else 2.0
    known = {"minkowski": {"p"}, "seuclidean": {"V"}}.get(name, set())
    if given.keys() - known or np.shape(a)[-1] == 0 or not 1.0 <= p < np.inf:
        return None, False
    if name in ("cosine", "correlation"):
        found = turned_apart(a, a if b is None else b, name == "correlation")
        return (condensed(found) if b is None else found), False
    own = name != "seuclidean"
    if name == "minkowski":
        name = {1.0: "cityblock", 2.0: "euclidean"}.get(p, name)
    elif name == "seuclidean":
        a, b = (x if x is None else x / np.sqrt(given["V"]) for x in (a, b))
        name = "euclidean"
    elif name not in ("euclidean", "sqeuclidean", "cityblock"):
        return None, False
    how: dict[str, Any] = {"metric": name, "p": float(p)}
    return (within(a, **how) if b is None else between(a, b, **how)), own
