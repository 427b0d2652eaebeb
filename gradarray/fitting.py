"""Cotangents brought to the shape of what they belong to: sums over the axes that were broadcast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .buffers import LARGE
from .parallel import SPLIT, along_first, reduce_in_parts

if TYPE_CHECKING:
    from .tape import Array, Spec

# The commonest dtype by name: asking a NumPy scalar for its dtype takes longer than arithmetic on it.
FLOAT64 = np.dtype(np.float64)
ONES = np.ones(LARGE)
# From this size of an array on, OpenBLAS multiplies in threads. They stay awake for some 25 ms afterwards, in which
# others on their processors take twice as long; so they are left alone where this library has threads of its own.
BLAS_THREADS = 9216
# In rows of this length, np.add.reduce adds one row to another as fast as BLAS does.
_LONG = 64


def fit(g: Array, like: Spec) -> Array:
    """Bring a cotangent to the shape and dtype of the operand that it belongs to.

    Broadcast axes are summed, a real operand gets the real part, and the dtype is the operand's. This is the one place
    where that happens, so that no rule has to think of broadcasting.
    """
    shape = like.shape
    if g.shape != shape:
        if type(g) is np.ndarray and g.ndim == 2 and g.size < LARGE and g.dtype is FLOAT64 is like.dtype:
            # The usual cases.
            n, m = g.shape
            if shape == (m,):
                return ONES[:n].dot(g)
            if shape == (n, 1):
                return g.dot(ONES[:m]).reshape(shape)
        extra = g.ndim - len(shape)
        if extra > 0:
            g = _sum(g if extra == 1 else g.reshape(math.prod(g.shape[:extra]), *g.shape[extra:]), 0)
            if g.shape == shape and g.dtype is like.dtype:
                return g
        stretched = [i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1] if extra >= 0 else []
        for axis in stretched:
            g = _sum(g, axis).reshape(*g.shape[:axis], 1, *g.shape[axis + 1 :])
        if g.shape != shape:
            raise AssertionError(f"a rule returned a cotangent of shape {g.shape} for an operand of shape {shape}")
    if g.dtype is not like.dtype and g.dtype != like.dtype:
        if g.dtype.kind == "c" and like.dtype.kind != "c":
            g = np.real(g)
        g = g.astype(like.dtype)
    return g


def _sum(g: Array, axis: int) -> Array:
    """Return the sum along one axis.

    A product with ones is several times as fast as np.add.reduce where rows are short, and twice as fast elsewhere: 1.1
    and 0.4 us for 32 x 64 numbers along the rows, 640 and 140 us for 200 x 200 x 10 along the second axis.
    """
    if type(g) is not np.ndarray:
        return np.sum(g, axis=axis)
    shape = g.shape
    n = shape[axis]
    if g.dtype is not FLOAT64 or not g.size or not g.flags.c_contiguous:
        if g.dtype.char == "e":  # whose sums of ones end at 2048
            return np.add.reduce(g, axis=axis, dtype=np.float32)
        return np.add.reduce(g, axis=axis)  # the ufunc's own method takes half the time of np.sum on small arrays
    before, behind = shape[:axis], shape[axis + 1 :]
    if g.size < SPLIT and n <= LARGE:
        if not behind:
            return g.dot(ONES[:n])
        if not before:
            return ONES[:n].dot(g.reshape(n, -1)).reshape(behind)
    return _sum_in_parts(g.reshape(math.prod(before), n, math.prod(behind))).reshape(before + behind)


def _sum_in_parts(g: Array) -> Array:
    """Return the sum along the second of three axes, in threads, and without those of BLAS.

    Of 10**6 numbers in rows of 10: 0.2 ms along the rows and 0.3 across, where np.add.reduce takes 1.6 and 1.9.
    """
    outer, n, inner = g.shape
    if outer == 1:
        return _sum_of_rows(g[0])
    if inner == 1 and n <= LARGE:
        return along_first(lambda part, out: np.einsum("ij->i", part, out=out), g[:, :, 0], np.empty(outer))
    if n * inner < BLAS_THREADS and n <= LARGE:
        return along_first(lambda part, out: np.matmul(ONES[:n], part, out=out), g, np.empty((outer, inner)))
    return reduce_in_parts(np.add, g, 1, False)


def _sum_of_rows(g: Array) -> Array:
    n, length = g.shape
    if length >= _LONG:
        return np.add.reduce(g, axis=0)
    rows = min(BLAS_THREADS // length, LARGE)
    whole = n - n % rows
    sums = np.matmul(ONES[:rows], g[:whole].reshape(-1, rows, length))
    return np.add.reduce(sums, axis=0) + ONES[: n - whole].dot(g[whole:])
