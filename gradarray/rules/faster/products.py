"""Products of plain matrices and vectors, without the preparations of ``@``, which take longer than a small product."""

from __future__ import annotations

import numpy as np

from ...kernels.arrays import Array
from ..numpy.products import matmul_left, matmul_right, outer_left, outer_right
from ..registry import faster


def _in_one_piece(matrix: Array, vector: Array) -> bool:
    """Tell whether ``@`` and ``dot`` hand them to the same function of BLAS.

    What is strided, or has a length of one, ``@`` may multiply and add up itself: there 0 times infinity is NaN.
    """
    return bool(vector.ndim == 1 and matrix.flags.forc and vector.flags.c_contiguous and 1 not in matrix.shape)


def dot_left(g: Array, _x1: Array, x2: Array) -> Array:
    if type(g) is np.ndarray is type(x2) and x2.ndim == 2 and (g.ndim == 2 or _in_one_piece(x2, g)):
        return g.dot(x2.T)
    return matmul_left(g, _x1, x2)


def dot_right(g: Array, x1: Array, _x2: Array) -> Array:
    if type(g) is np.ndarray is type(x1):
        if x1.ndim == 2 and (g.ndim == 2 or _in_one_piece(x1, g)):
            return x1.T.dot(g)
        if x1.ndim == 1 == g.ndim:
            return x1[:, None] * g
    return matmul_right(g, x1, _x2)


faster(np.matmul, dot_left, dot_right)


def pull_outer_left(g: Array, _a: Array, b: Array) -> Array:
    if type(g) is np.ndarray is type(b):
        return g.dot(b.reshape(-1)).reshape(_a.shape)
    return outer_left(g, _a, b)


def pull_outer_right(g: Array, a: Array, _b: Array) -> Array:
    if type(g) is np.ndarray is type(a):
        return a.reshape(-1).dot(g).reshape(_b.shape)
    return outer_right(g, a, _b)


faster(np.outer, pull_outer_left, pull_outer_right)
