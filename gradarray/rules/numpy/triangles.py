"""What is computed of triangles of plain matrices, block by block: a third of the work of products of whole ones."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.arrays import Array, conjugate

LARGEST = 48  # for one block, products of whole matrices are faster


@functools.lru_cache(64)
def below(n: int, k: int = 0) -> Array:
    """Return where the elements of a matrix stand that are not above its k-th diagonal."""
    mask = np.tri(n, k=k, dtype=bool)
    mask.flags.writeable = False
    return mask


@functools.lru_cache(64)
def above(n: int, k: int = 0) -> Array:
    """Return where the elements above the k-th diagonal stand."""
    mask = ~below(n, k)
    mask.flags.writeable = False
    return mask


@functools.lru_cache(64)
def on_diagonal(n: int) -> Array:
    """Return where the elements of the diagonal stand."""
    mask = np.eye(n, dtype=bool)
    mask.flags.writeable = False
    return mask


@functools.lru_cache(64)
def half(n: int, dtype: Any, lower: bool = True) -> Array:
    """Return ones below the diagonal, or above it, halves on it and zeros elsewhere."""
    factors = np.tri(n, dtype=dtype)
    factors.reshape(-1)[:: n + 1] = 0.5
    factors.flags.writeable = False
    return factors if lower else factors.T


def blocks(n: int) -> list[tuple[int, int]]:
    """Return where blocks of about one size begin and end, the last one first."""
    size = -(-n // -(-n // LARGEST))
    return [(j, min(j + size, n)) for j in range((n - 1) // size * size, -1, -size)]


def cholesky_back(g: Array, factor: Array, inverse: Callable[[Array], Any]) -> Array:
    """Return the cotangent of a matrix, in its lower triangle, from that of its lower factor; above may be anything.

    I. Murray, Differentiation of the Cholesky decomposition (arXiv:1602.07527), section 3.3: the factorization block by
    block, backwards, in twice its work. `inverse` is that of a lower triangle.
    """
    n, dtype = len(factor), np.finfo(g.dtype).dtype
    out = g.copy()
    np.copyto(out, 0, where=above(n))  # what is infinite there would not vanish by a zero
    for j, k in blocks(n):
        block, factors = np.where(below(k - j), factor[j:k, j:k], 0), half(k - j, dtype)
        inner, found = inverse(block), out[j:k, j:k]
        if k < n:
            under = out[k:, j:k] @ inner
            out[k:, j:k] = under
            found = found - conjugate(under).T @ factor[k:, j:k]
        middle = conjugate(block).T @ found
        middle *= factors
        middle += conjugate(middle).T
        whole = conjugate(inner).T @ middle @ inner
        if j:
            out[j:k, j:k] = whole
            left = out[:, :j]
            left[j:k] -= conjugate(out[j:, j:k]).T @ factor[j:, :j]
            if k < n:
                left[k:] -= under @ factor[j:k, :j]
        whole *= factors
        out[j:k, j:k] = whole
    return out


_STEP = 32


def solved_by_blocks(t: Array, b: Array, inverse: Callable[[Array], Any], lower: bool) -> Array:
    """Return t^-1 b, where t is a triangle, by the inverses of its blocks on the diagonal."""
    n, found = len(t), np.empty(b.shape, np.result_type(t, b))
    for i in range(0, n, _STEP):
        j, k = (i, min(i + _STEP, n)) if lower else (max(n - i - _STEP, 0), n - i)
        known = slice(j) if lower else slice(k, n)
        part = b[j:k] - t[j:k, known] @ found[known] if i else b[j:k]
        np.matmul(inverse(t[j:k, j:k]), part, out=found[j:k])
    return found


def hermitian_of_product(g: Array, r: Array) -> Array:
    """Return the Hermitian matrix whose upper triangle is that of g r^H, where r is an upper triangle."""
    n, rh = len(r), conjugate(r).T
    found = np.zeros((n, n), np.result_type(g, r))
    for j in range(0, n, _STEP):
        k = min(j + _STEP, n)
        np.matmul(g[:k, j:], rh[j:, j:k], out=found[:k, j:k])
    np.copyto(found, 0, where=below(n, -1))
    found.reshape(-1)[:: n + 1] *= 0.5
    return found + conjugate(found).T
