"""Products of matrices that are given by their diagonals: the k-th one above the main one stands k rows above it.

As in LAPACK, element ij of the matrix stands in column j, and of a diagonal's row nothing else is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...registry import bilinear
from ..values import from_library


def _places(count: int, upper: int, n: int) -> Iterator[tuple[int, slice, slice]]:
    """Return for each diagonal that is there its row, and the rows and columns of the matrix that it goes over."""
    for d in range(count):
        k = upper - d
        if abs(k) < n:
            yield d, slice(max(-k, 0), n - max(k, 0)), slice(max(k, 0), n - max(-k, 0))


@from_library
def along_diagonals(x: Any, y: Any, *, lower: int, upper: int) -> Any:
    """Return the diagonals of x y^T, and zeros where there is nothing of them."""
    n, count = len(x), lower + upper + 1
    if x.ndim == 1 or x.shape[1] == 1:
        return _along_one(np.ravel(x), np.ravel(y), lower, upper)
    found = np.zeros((count, n), np.result_type(x, y))
    for d, i, j in _places(count, upper, n):
        np.einsum("ij,ij->i", x[i], y[j], out=found[d, j])
    return found


def _along_one(x: Any, y: Any, lower: int, upper: int) -> Any:
    """Return the same of two vectors: all diagonals at once."""
    n, count = len(x), lower + upper + 1
    padded = np.zeros(n + count - 1, x.dtype)
    padded[upper : upper + n] = x
    step = padded.itemsize
    shifted: Any = np.ndarray((count, n), x.dtype, padded, 0, (step, step))
    with np.errstate(invalid="ignore"):  # zeros beside the ends, which are none of the matrix
        found = shifted * y
    for d in range(upper):  # a number that is not finite would leave its trace there
        found[d, : upper - d] = 0
    for d in range(1, lower + 1):
        found[upper + d, max(n - d, 0) :] = 0
    return found


@from_library
def times_columns(ab: Any, x: Any, *, upper: int, turn: bool) -> Any:
    """Return the product of a matrix, or of its transposed, and others."""
    n = len(x)
    found = np.zeros(x.shape, np.result_type(ab, x))
    for d, i, j in _places(len(ab), upper, n):
        row = ab[d, j] if x.ndim == 1 else ab[d, j, None]
        if turn:
            found[j] += row * x[i]
        else:
            found[i] += row * x[j]
    return found


bilinear(
    along_diagonals,
    lambda g, _x, y, *, lower, upper: times_columns(g, y, upper=upper, turn=False),
    lambda g, x, _y, *, lower, upper: times_columns(g, x, upper=upper, turn=True),
)


def _by_diagonals(g: Any, ab: Any, x: Any, upper: int, turn: bool) -> Any:
    rows, across = (x, g) if turn else (g, x)
    return along_diagonals(rows, across, lower=np.shape(ab)[0] - 1 - upper, upper=upper)


bilinear(
    times_columns,
    lambda g, _ab, x, *, upper, turn: _by_diagonals(g, _ab, x, upper, turn),
    lambda g, ab, _x, *, upper, turn: times_columns(ab, g, upper=upper, turn=not turn),
)
