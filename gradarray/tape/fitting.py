"""Cotangents brought to the shape of what they belong to: sums over the axes that were broadcast."""

from __future__ import annotations

import math

import numpy as np

from ..kernels.arrays import FLOAT64, LARGE, ONES, Array, Spec
from ..kernels.sums import total_along, total_kept
from ..kernels.traced import TRACED


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
        elif type(g) is np.ndarray and g.ndim == 1 and not shape and g.dtype is FLOAT64 is like.dtype:
            if 0 < g.size < LARGE and g.flags.c_contiguous:
                return g.dot(ONES[: g.size])
        elif type(g) in TRACED and g.ndim == 2 and g.size < LARGE and g.dtype is FLOAT64 is like.dtype:
            # The same in a program.
            n, m = g.shape
            if shape == (m,):
                return np.dot(ONES[:n], g)
            if shape == (n, 1):
                return g.dot(ONES[:m]).reshape(shape)
        extra = g.ndim - len(shape)
        if extra > 0:
            g = total_along(g if extra == 1 else g.reshape(math.prod(g.shape[:extra]), *g.shape[extra:]), 0)
            if g.shape == shape and g.dtype is like.dtype:
                return g
        stretched = [i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1] if extra >= 0 else []
        for axis in stretched:
            g = total_kept(g, axis)
        if g.shape != shape:
            raise AssertionError(f"a rule returned a cotangent of shape {g.shape} for an operand of shape {shape}")
    if g.dtype is not like.dtype and g.dtype != like.dtype:
        if g.dtype.kind == "c" and like.dtype.kind != "c":
            g = np.real(g)
        g = g.astype(like.dtype)
    return g
