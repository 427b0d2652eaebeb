"""Arrays of zeros but for a few places."""

from __future__ import annotations

import bisect
from typing import Any

import numpy as np

from .arrays import ONES, Array
from .sums import total_kept


class Scattered:
    """A matrix of zeros but for a few places.

    Attributes
    ----------
    shape
    places : counted in C order; they rise
    values : what stands there, and is nowhere -0.
    rows : of the places, if no two of them are in the same row; or None
    """

    __slots__ = ("places", "rows", "shape", "values")

    def __init__(self, shape: tuple[int, int], places: Array, values: Array, rows: Array | None) -> None:
        self.shape = shape
        self.places = places
        self.values = values
        self.rows = rows

    @classmethod
    def added(cls, shape: tuple[int, int], dtype: Any, index: tuple[Array, Array], values: Any) -> Scattered:
        """Return what ``np.add.at(np.zeros(shape, dtype), index, values)`` makes of the zeros."""
        length, n = shape
        rows, columns = [i.reshape(-1) for i in index]
        try:
            places = np.ravel_multi_index((rows, columns), shape)
        except ValueError:  # some are counted from the end, or are not there
            np.add.at(np.zeros(shape, dtype), index, values)  # or NumPy's own error
            rows = np.where(rows < 0, rows + length, rows)
            places = rows * n + np.where(columns < 0, columns + n, columns)
        if len(rows) and np.logical_and.reduce(rows[1:] > rows[:-1]):
            given = np.empty(index[0].shape, dtype)
            np.add(values, 0, out=given, dtype=dtype)
            return cls(shape, places, given.reshape(-1), rows)
        places, found = np.unique(places, return_inverse=True)
        sums = np.zeros(len(places), dtype)
        np.add.at(sums, found, np.broadcast_to(values, index[0].shape).reshape(-1))  # in their order
        return cls(shape, places, sums, None)

    def __getitem__(self, rows: slice) -> Scattered:
        """Return some rows."""
        n = self.shape[1]
        first, last = [bisect.bisect_left(self.places, row * n) for row in (rows.start, rows.stop)]
        places = self.places[first:last] - rows.start * n
        return Scattered((rows.stop - rows.start, n), places, self.values[first:last], None)

    def dense(self) -> Array:
        a = np.zeros(self.shape, self.values.dtype)
        a.reshape(-1)[self.places] = self.values
        return a

    def total(self, keepdims: bool) -> Array:
        """Return the sum of each row, to the last bit, as `total_kept` has it, or a product with ones."""
        length, n = self.shape
        total = np.zeros((length, 1) if keepdims else length)
        if self.rows is not None:
            total.reshape(-1)[self.rows] = self.values
            return total
        rows = self.places // n
        if (rows[2:] == rows[:-2]).any():  # the order in which more than two are added matters
            return total_kept(self.dense(), 1) if keepdims else self.dense().dot(ONES[:n])
        np.add.at(total.reshape(-1), rows, self.values)
        return total


def added_at(a: Array, z: Scattered, factor: Array | None = None, out: Array | None = None) -> Array:
    """Return ``a + z``, for an array in C order.

    If a `factor` is given, and nowhere negative, there is no -0. in the array.
    """
    found = a.reshape(-1)[z.places] + z.values
    if factor is None or np.logical_or.reduce(np.signbit(factor), axis=None):
        out = np.add(a, np.zeros((), a.dtype), out=out)  # which makes 0. of -0.
    elif out is not a:
        out = np.positive(a, out=out)
    out.reshape(-1)[z.places] = found
    return out
