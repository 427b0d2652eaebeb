"""Distances between all pairs of vectors, and what of their cotangents comes to each vector, by products of matrices.

Of most metrics a distance is a function of a sum over the coordinates, of a term for each difference there. A vector's
cotangent is then the sum over all others of the slope of that term, with a weight for each pair; no array of pairs and
coordinates is made.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from scipy.spatial import distance

from ...kernels.arrays import Array
from ..registry import composite, linear, nondifferentiable, rule
from .sweeps import leaning
from .values import as_double, from_library

# --- a condensed matrix of distances, and a whole one -----------------------------------------------------------------


@from_library
def squared(y: Array, *, checks: bool = False) -> Array:
    """Return the symmetric matrix, with zeros on its diagonal, of what stands above that, row after row."""
    return distance.squareform(y, "tomatrix", checks)


@from_library
def condensed(x: Array, *, checks: bool = False) -> Array:
    """Return what stands above the diagonal of a matrix."""
    return distance.squareform(x, "tovector", checks)


@from_library
def folded(x: Array) -> Array:
    """Return the sums of what stands above the diagonal of a matrix and in the same place below it."""
    found = distance.squareform(x, "tovector", False)
    n = len(x)
    found += np.reshape(x, -1).take(_below(n)) if n <= _SEVERAL else distance.squareform(x.T, "tovector", False)
    return found


_SEVERAL = 1000  # rows, of which places are kept


@functools.lru_cache(maxsize=2)
def _below(n: int) -> Array:
    """Return where in a matrix of n rows stands what is below the diagonal, column after column."""
    i, j = np.triu_indices(n, 1)
    return j * n + i


linear(squared, lambda g, y, *, checks=False: folded(g))
linear(folded, lambda g, x: squared(g))
linear(condensed, lambda g, x, *, checks=False: np.triu(squared(g)))

# --- sums over pairs --------------------------------------------------------------------------------------------------

_NEAR = 1e-3


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
def unequal(apart: Array) -> Array:
    """Return the matrix of the distances of vectors among themselves, without any of those from themselves."""
    found = distance.squareform(apart, "tomatrix", checks=False)
    np.fill_diagonal(found, np.inf)
    return found


nondifferentiable(unequal)

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
    if metric == "sqeuclidean":
        return 2 * g
    if metric in ("cityblock", "canberra", "chebyshev"):
        return g
    zero = ans == 0
    size = np.where(zero, 1.0, ans)
    if metric == "jensenshannon":  # a root of half of what is summed
        return np.where(zero, 0.0, g / (4 * size))
    return np.where(zero, 0.0, g / (size if metric == "euclidean" else size ** (p - 1)))


def _between_vjp(g: Any, ans: Any, a: Any, b: Any, *, metric: str, p: float) -> tuple[Any, Any]:
    if metric == "braycurtis":  # a quotient of two sums, of differences and of what are differences from -b
        weights = g / between(a, -b, metric="cityblock", p=p)
        near = _swept(weights, a, b, ans, "cityblock", p)
        far = _swept(weights * ans, a, -b, ans, "cityblock", p)
        return near[0] - far[0], near[1] + far[1]
    weights = _weights(g, ans, metric, p)
    if metric == "jensenshannon":
        shares, others = _shares(a), _shares(b)
        parts = _swept(weights, shares, others, ans, metric, p)
        return _of_shares(parts[0], shares, a), _of_shares(parts[1], others, b)
    if metric not in ("euclidean", "sqeuclidean"):
        return _swept(weights, a, b, ans, metric, p)
    power = 2 if metric == "sqeuclidean" else 1
    return (
        drawn(weights, a, b, ans, power),
        drawn(np.transpose(weights), b, a, np.transpose(ans), power),
    )


def _swept(weights: Any, a: Any, b: Any, ans: Any, metric: str, p: float, upper: bool = False) -> tuple[Any, Any]:
    power = p - 1 if metric == "minkowski" else 0.0
    both = leaning(weights, a, b, ans, metric=metric, power=power, upper=upper)
    return both[: np.shape(a)[0]], both[np.shape(a)[0] :]


def _within_vjp(g: Any, ans: Any, x: Any, *, metric: str, p: float) -> Any:
    if metric == "braycurtis":
        weights = g / condensed(between(x, -x, metric="cityblock", p=p))
        near, far = (
            _swept(each, x, other, each, "cityblock", p, upper=True)
            for each, other in ((squared(weights), x), (squared(weights * ans), -x))
        )
        return near[0] - far[0] + near[1] + far[1]
    weights = squared(_weights(g, ans, metric, p))
    if metric in ("euclidean", "sqeuclidean"):
        return drawn(weights, x, x, unequal(ans), 2 if metric == "sqeuclidean" else 1)
    if metric == "jensenshannon":
        shares = _shares(x)
        parts = _swept(weights, shares, shares, ans, metric, p, upper=True)
        return _of_shares(parts[0] + parts[1], shares, x)
    # Of the distances themselves the greatest of differences alone have a use.
    left, right = _swept(weights, x, x, squared(ans) if metric == "chebyshev" else weights, metric, p, upper=True)
    return left + right


def _shares(x: Any) -> Any:
    return x / np.sum(x, axis=1, keepdims=True)


def _of_shares(back: Any, shares: Any, x: Any) -> Any:
    """Return the cotangent of what was divided by its sum."""
    return (back - np.sum(back * shares, axis=1, keepdims=True)) / np.sum(x, axis=1, keepdims=True)


rule(between, joint=_between_vjp)
rule(within, _within_vjp)

# --- angles -----------------------------------------------------------------------------------------------------------


@from_library
def angles_between(a: Array, b: Array, *, metric: str) -> Array:
    """Return one less the cosines of the angles between vectors, of which the mean may have been taken away."""
    return distance.cdist(a, b, metric)


@from_library
def angles_within(x: Array, *, metric: str) -> Array:
    return distance.pdist(x, metric)


def _unit(x: Any, metric: str) -> tuple[Any, Any]:
    if metric == "correlation":
        x = x - np.mean(x, axis=-1, keepdims=True)
    size = np.sqrt(np.sum(x * x, axis=-1, keepdims=True))
    return x / size, size


def _turned(back: Any, unit: Any, size: Any, metric: str) -> Any:
    """Return the cotangent of vectors, given that of what they are once they have been made of unit length."""
    back = (back - unit * np.sum(back * unit, axis=-1, keepdims=True)) / size
    return back - np.mean(back, axis=-1, keepdims=True) if metric == "correlation" else back


def _angles_between_vjp(g: Any, _ans: Any, a: Any, b: Any, *, metric: str) -> tuple[Any, Any]:
    (u, size), (v, other) = (_unit(x, metric) for x in (a, b))
    return _turned(-(g @ v), u, size, metric), _turned(-(np.transpose(g) @ u), v, other, metric)


def _angles_within_vjp(g: Any, _ans: Any, x: Any, *, metric: str) -> Any:
    unit, size = _unit(x, metric)
    return _turned(-(squared(g) @ unit), unit, size, metric)


rule(angles_between, joint=_angles_between_vjp)
rule(angles_within, _angles_within_vjp)

# --- in a metric of a matrix's ----------------------------------------------------------------------------------------


@from_library
def stretched_between(a: Array, b: Array, inverse: Array) -> Array:
    """Return Mahalanobis's distances."""
    return distance.cdist(a, b, "mahalanobis", VI=inverse)


@from_library
def stretched_within(x: Array, inverse: Array) -> Array:
    return distance.pdist(x, "mahalanobis", VI=inverse)


def _stretched_between_vjp(g: Any, ans: Any, a: Any, b: Any, inverse: Any) -> tuple[Any, Any, Any]:
    weights, even = _weights(g, ans, "euclidean", 2.0), (inverse + np.transpose(inverse)) / 2
    sums = drawn(weights, a, b, ans, 1), drawn(np.transpose(weights), b, a, np.transpose(ans), 1)
    middle = np.sum(b, axis=0) / max(np.shape(b)[0], 1)
    products = np.transpose(a - middle) @ sums[0] + np.transpose(b - middle) @ sums[1]
    return sums[0] @ even, sums[1] @ even, products / 2


def _stretched_within_vjp(g: Any, ans: Any, x: Any, inverse: Any) -> tuple[Any, Any]:
    weights = squared(_weights(g, ans, "euclidean", 2.0))
    sums = drawn(weights, x, x, unequal(ans), 1)
    even = (inverse + np.transpose(inverse)) / 2
    return sums @ even, np.transpose(x - np.sum(x, axis=0) / max(np.shape(x)[0], 1)) @ sums / 2


rule(stretched_between, joint=_stretched_between_vjp)
rule(stretched_within, joint=_stretched_within_vjp)


def of_pairs(name: str, a: Any, b: Any, given: dict[str, Any]) -> tuple[Any, bool]:
    """Return distances of all pairs, of the vectors in `a` alone for no `b`, and whether they are the library's own.

    None stands for them where there is no product that has their derivative.
    """
    p = given.get("p", 2.0) if name == "minkowski" else 2.0
    known = {"minkowski": {"p"}, "seuclidean": {"V"}, "mahalanobis": {"VI"}}.get(name, set())
    if given.keys() - known or np.shape(a)[-1] == 0 or not 1.0 <= p < np.inf:
        return None, False
    if name in ("cosine", "correlation"):
        return (angles_within(a, metric=name) if b is None else angles_between(a, b, metric=name)), True
    if name == "mahalanobis":
        inverse = as_double(given["VI"])
        return (stretched_within(a, inverse) if b is None else stretched_between(a, b, inverse)), True
    own = name != "seuclidean"
    if name == "minkowski":
        name = {1.0: "cityblock", 2.0: "euclidean"}.get(p, name)
    elif name == "seuclidean":
        a, b = (x if x is None else x / np.sqrt(given["V"]) for x in (a, b))
        name = "euclidean"
    elif name not in _OWN:
        return None, False
    how: dict[str, Any] = {"metric": name, "p": float(p)}
    return (within(a, **how) if b is None else between(a, b, **how)), own


_OWN = ("euclidean", "sqeuclidean", "cityblock", "chebyshev", "canberra", "braycurtis", "jensenshannon")
