"""What is computed of triangles of plain matrices, block by block: a third of the work of products of whole ones."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.arrays import Array

LARGEST = 56  # for one block, products of whole matrices are faster


@functools.lru_cache(64)
def below(n: int, k: int = 0) -> Array:
    """Return where the elements of a matrix stand that are not above its k-th diagonal."""
    mask = np.tri(n, k=k, dtype=bool)
    mask.flags.writeable = False
    return mask


@functools.lru_cache(64)
def _halves(n: int, dtype: Any) -> Array:
    factors = 1 - 0.5 * np.eye(n, dtype=dtype)
    factors.flags.writeable = False
    return factors


def _halved(a: Array) -> Array:
    """Return a matrix with half of its diagonal."""
    return a * _halves(len(a), np.finfo(a.dtype).dtype)


def blocks(n: int) -> list[tuple[int, int]]:
    """Return where blocks of about one size begin and end, the last one first."""
    size = -(-n // -(-n // LARGEST))
    return [(j, min(j + size, n)) for j in range((n - 1) // size * size, -1, -size)]


def cholesky_back(g: Array, factor: Array, inverse: Callable[[Array], Any]) -> Array:
    """Return the cotangent of a matrix, in its lower triangle, from that of its lower factor.

    I. Murray, Differentiation of the Cholesky decomposition (arXiv:1602.07527), section 3.3: the factorization block by
    block, backwards, in twice its work. `inverse` is that of a lower triangle.
    """
    n = len(factor)
    out = np.tril(g)
    for j, k in blocks(n):
        block = factor[j:k, j:k]
        inner, found = inverse(block), out[j:k, j:k]
        if k < n:
            out[k:, j:k] = under = out[k:, j:k] @ inner
            found = found - under.conj().T @ factor[k:, j:k]
        middle = _halved(np.where(below(k - j), block.conj().T @ found, 0))
        out[j:k, j:k] = inner.conj().T @ (middle + middle.conj().T) @ inner
        if j:
            out[j:k, :j] -= out[j:, j:k].conj().T @ factor[j:, :j]
            if k < n:
                out[k:, :j] -= under @ factor[j:k, :j]
    return _halved(np.where(below(n), out, 0))
