"""Axes of arrays: what the chapters that work along them share. It declares nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec

Axis = Any  # a number, a tuple of numbers, or None for all


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Return the axes of a reduction as a tuple of numbers that are not negative."""
    if axis is None or ndim == 0:  # NumPy lets axis=0 of a number pass
        return tuple(range(ndim))
    return tuple(k % ndim for k in axis) if isinstance(axis, Sequence) else (axis % ndim,)


def count(a: Array | Spec, axis: Axis) -> int:
    """Return how many elements of `a` go into each element of a reduction."""
    if axis is None:
        return int(a.size)
    n = 1
    for k in axes_of(axis, a.ndim):
        n *= a.shape[k]
    return n


def expand(reduced: Array, axis: Axis, keepdims: bool) -> Array:
    """Give the result of a reduction, or its cotangent, axes of length one again; after axis=None it needs none."""
    if keepdims or axis is None:
        return reduced
    if type(reduced) is np.ndarray and type(axis) is int:
        return reduced[along(axis, reduced.ndim + 1, None)]
    return np.expand_dims(reduced, axis)


def spread(g: Array, a: Array | Spec, axis: Axis, keepdims: bool) -> Array:
    """Return the cotangent of a reduction's result, broadcast to the shape of the operand."""
    return g if g.shape == a.shape else np.broadcast_to(expand(g, axis, keepdims), a.shape)


def rows(a: Array, axes: tuple[int, ...]) -> Array:
    """Return `a` with the given axes made into one, the last."""
    if len(axes) == a.ndim:
        return np.reshape(a, -1)
    kept = [k for k in range(a.ndim) if k not in axes]
    a = np.transpose(a, (*kept, *axes))
    shape = a.shape[: len(kept)]
    return np.reshape(a, (*shape, int(np.prod(a.shape[len(kept) :], dtype=int))))


def unrows(x: Array, axes: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Undo `rows` for an array of this shape."""
    if len(axes) == len(shape):
        return np.reshape(x, shape)
    order = (*(k for k in range(len(shape)) if k not in axes), *axes)
    x = np.reshape(x, tuple(shape[k] for k in order))
    return np.transpose(x, tuple(order.index(k) for k in range(len(shape))))


def along(axis: int, ndim: int, piece: Any) -> tuple[Any, ...]:
    """Return the index with a piece, such as a slice, in the place of one axis."""
    return (*(slice(None),) * (axis % ndim), piece)
