"""Rows of large arrays that are worked on block by block: memory for what is made of them, and copies of short ones."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

# Where the processor's vectors begin. NumPy's arrays begin at multiples of 16 bytes, and arithmetic on half of them
# takes 15 to 20 % longer, as long as they are in the cache.
_ALIGNED = 64


def rooms(needs: Iterable[tuple[tuple[int, ...], Any]], rows: int) -> list[Any]:
    """Return arrays of so many rows, with whatever stands in them: one for each shape of a row, and dtype."""
    forms = [((rows, *shape), np.dtype(dtype)) for shape, dtype in needs]
    sizes = [math.prod(shape) * dtype.itemsize for shape, dtype in forms]
    # With a gap: of arrays that touch, NumPy 2.0 takes one element at a time, and rounds exponentials in another way.
    sizes = [size + _ALIGNED - size % _ALIGNED for size in sizes]
    memory = np.empty(sum(sizes) + _ALIGNED, np.uint8)
    at = -memory.__array_interface__["data"][0] % _ALIGNED
    made: list[Any] = []
    for (shape, dtype), size in zip(forms, sizes, strict=True):
        made.append(np.ndarray(shape, dtype, memory, at))
        at += size
    return made


def repeated(a: Any, count: int, axis: int) -> Any:
    """Return ``a.repeat(count, axis)`` along an axis of length one.

    NumPy copies one row at a time, so that rows of some length are made first. To copy 10 numbers 6,400 times takes 11
    us, not 17; 3 numbers 20,000 times 15 us, not 61.
    """
    row = math.prod(a.shape[axis + 1 :])
    first = _first(count, row * a.itemsize)
    if first == 1:
        return a.repeat(count, axis)
    longer = a.repeat(first, axis).reshape(-1, 1, first * row)
    return longer.repeat(count // first, 1).reshape(*a.shape[:axis], count, *a.shape[axis + 1 :])


# A copy of so many bytes takes little longer than one of 24.
_WIDE = 400


@functools.cache
def _first(count: int, size: int) -> int:
    """Return how often a row of so many bytes is to be repeated first, so that the copies of that are wide."""
    if size in (1, 2, 4, 8, 16, 32) or not size:  # for which NumPy has loops of their own
        return 1
    divisors = [k for k in range(1, count // 2 + 1) if count % k == 0]
    return min(divisors, key=lambda k: abs(math.log(k * size / _WIDE)), default=1)
