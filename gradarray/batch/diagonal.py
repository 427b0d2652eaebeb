"""Arrays side by side that are zero but for one element each: what a sweep for a Jacobian begins with.

As long as they are only scaled, and their elements shifted, a vector stands for them, and a product with a matrix
scales its rows. A zero that meets an infinity there stays zero, as in any sweep (see tape/careful.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..kernels.arrays import Array
from ..kernels.traced import of_program, zeros_beside


class Diagonal(NamedTuple):
    """A matrix of so many rows and columns: `vector` begins in it at a row and a column, and goes downwards."""

    vector: Array
    row: int
    column: int
    height: int
    width: int

    def is_at(self, other: Diagonal) -> bool:
        """Tell whether another one has the same elements."""
        return (self.row, self.column, self.vector.shape) == (other.row, other.column, other.vector.shape)

    def put_into(self, buffer: Array) -> None:
        """Set the elements of a matrix in C order."""
        self._elements(buffer)[...] = self.vector

    def add_into(self, buffer: Array) -> None:
        """Add to the elements of a matrix in C order."""
        elements = self._elements(buffer)
        elements += self.vector

    def _elements(self, buffer: Array) -> Array:
        """Return a view of the elements of a matrix in C order that are not zero in this one."""
        start, step = self.row * self.width + self.column, self.width + 1
        return buffer.reshape(-1)[start : start + step * self.vector.shape[0] : step]

    def columns(self, start: int, stop: int) -> Diagonal:
        """Return some columns of it."""
        length = self.vector.shape[0]
        first = min(max(start - self.column, 0), length)
        last = max(min(stop - self.column, length), first)
        vector = self.vector if last - first == length else self.vector[first:last]
        size = max(stop - start, 0)
        return Diagonal(vector, self.row + first, max(self.column + first - start, 0), self.height, size)

    def among(self, start: int, width: int) -> Diagonal:
        """Return the matrix as columns of another one of zeros."""
        return self._replace(column=self.column + start, width=width)

    def times(self, matrix: Array) -> Array:
        """Return its product with a matrix."""
        length = self.vector.shape[0]
        rows = self.vector[:, None] * self._part(matrix)
        if length == self.height:
            return rows
        product = zeros_beside(rows, (self.height, matrix.shape[1]), rows.dtype)
        product[self.row : self.row + length] = rows
        return product

    def scaled(self, ufunc: Any, other: Any, first: bool) -> Diagonal | None:
        """Return its product with a number or a row, or its quotient; the matrix is the first operand, or the second.

        None for other operands.
        """
        if np.ndim(other) == 1 and other.shape[0] == self.width:
            other = self._part(other)
        elif np.ndim(other) != 0:
            return None
        return self._replace(vector=ufunc(self.vector, other) if first else ufunc(other, self.vector))

    def _part(self, along_columns: Array) -> Array:
        """Return the elements, or the rows, that meet the numbers of the vector."""
        length = self.vector.shape[0]
        return along_columns if length == self.width else along_columns[self.column : self.column + length]


def dense(diagonals: Sequence[Diagonal]) -> Array:
    """Return the sum of diagonals of a matrix, of which no two have an element in common."""
    first = diagonals[0]
    buffer = zeros_beside(first.vector, (first.height, first.width), first.vector.dtype)
    for diagonal in diagonals:
        diagonal.put_into(buffer)
    return buffer


def total(left: Sequence[Diagonal], right: Sequence[Diagonal]) -> tuple[Diagonal, ...] | None:
    """Return the sum of two such sums; None where diagonals have some elements in common and others not."""
    found = [*left]
    for d in right:
        k = next((k for k, e in enumerate(left) if d.column - d.row == e.column - e.row), None)
        if k is None:
            found.append(d)
        elif d.is_at(found[k]):
            found[k] = d._replace(vector=found[k].vector + d.vector)
        else:
            return None
    return tuple(found)


def identity_rows(start: int, stop: int, size: int, dtype: Any) -> Diagonal:
    """Return rows of the identity matrix of a size."""
    return Diagonal(of_program(np.ones(stop - start, dtype)), 0, start, stop - start, size)
