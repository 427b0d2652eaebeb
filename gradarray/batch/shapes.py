"""Forms for a Batch of functions that move elements: shape, joining, choosing."""

# ruff: noqa: ARG001 - a form has the parameters of its function, whether it needs them or not
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..kernels.arrays import Array
from ..kernels.placing import is_basic
from ..kernels.traced import MEMORY, TRACED, copy_of, traced_in, zeros_beside
from ..rules.primitives import astype, clear, scatter
from .batch import FORMS, Axis, Batch, Form, aligned, batches, flat, form, front, fronts, with_ndim

# --- facts -----------------------------------------------------------------------------------------------------------

FORMS[np.shape] = lambda a: a.shape
FORMS[np.ndim] = lambda a: a.ndim
FORMS[np.size] = lambda a, axis=None: a.size if axis is None else a.shape[axis]
FORMS[np.iscomplexobj] = lambda x: x.dtype.kind == "c"
FORMS[np.isrealobj] = lambda x: x.dtype.kind != "c"
# The same for each of the arrays, so that a single one will do.
FORMS[np.zeros_like] = lambda a, dtype=None: np.zeros(a.shape, dtype or a.dtype)
FORMS[np.ones_like] = lambda a, dtype=None: np.ones(a.shape, dtype or a.dtype)

# --- shape -----------------------------------------------------------------------------------------------------------


@form(np.reshape)
def _reshape(a: Batch, shape: Any = None, order: str = "C", newshape: Any = None, copy: Any = None) -> Any:
    shape = newshape if shape is None else shape
    shape = tuple(shape) if np.ndim(shape) else (shape,)
    if -1 in shape:
        known = math.prod(n for n in shape if n != -1)
        shape = tuple([a.size // max(known, 1) if n == -1 else n for n in shape])
    if order == "C":
        return Batch(a.value.reshape(len(a.value), *shape))
    return Batch(a.T.value.reshape(len(a.value), *shape[::-1])).T if order == "F" else NotImplemented


@form(np.ravel)
def _ravel(a: Batch, order: str = "C") -> Any:
    return _reshape(a, -1, order)


@form(np.transpose)
def _transpose(a: Batch, axes: Any = None) -> Batch:
    return a.T if axes is None else Batch(a.value.transpose((0, *fronts(tuple(axes), a.ndim))))


@form(np.matrix_transpose)
def _matrix_transpose(x: Batch) -> Batch:
    return Batch(np.swapaxes(x.value, -1, -2))


@form(np.swapaxes)
def _swapaxes(a: Batch, axis1: int, axis2: int) -> Batch:
    return Batch(a.value.swapaxes(front(axis1, a.ndim), front(axis2, a.ndim)))


@form(np.moveaxis)
def _moveaxis(a: Batch, source: Axis, destination: Axis) -> Batch:
    return Batch(np.moveaxis(a.value, fronts(source, a.ndim), fronts(destination, a.ndim)))


@form(np.expand_dims)
def _expand_dims(a: Batch, axis: Axis) -> Batch:
    more = len(axis) if isinstance(axis, (tuple, list, range)) else 1
    return Batch(np.expand_dims(a.value, fronts(axis, a.ndim + more)))


@form(np.squeeze)
def _squeeze(a: Batch, axis: Axis = None) -> Batch:
    axes = fronts(axis, a.ndim)
    return Batch(np.squeeze(a.value, tuple([k for k in axes if axis is not None or a.value.shape[k] == 1])))


@form(np.broadcast_to)
def _broadcast_to(array: Batch, shape: Any, subok: bool = False) -> Batch:
    shape = tuple(shape) if np.ndim(shape) else (shape,)
    return Batch(np.broadcast_to(with_ndim(array, len(shape)), (len(array.value), *shape)))


@form(np.copy)
def _copy(a: Batch, order: str = "K", subok: bool = False) -> Batch:
    return Batch(a.value.copy())


@form(astype)
def _astype(
    x: Batch, dtype: Any, order: str = "K", casting: str = "unsafe", subok: Any = True, copy: Any = True
) -> Any:
    return x.astype(dtype)


@form(np.flip)
def _flip(m: Batch, axis: Axis = None) -> Batch:
    return Batch(np.flip(m.value, fronts(axis, m.ndim)))


@form(np.fliplr)
def _fliplr(m: Batch) -> Batch:
    return m[:, ::-1]


@form(np.flipud)
def _flipud(m: Batch) -> Batch:
    return m[::-1]


@form(np.roll)
def _roll(a: Batch, shift: Any, axis: Axis = None) -> Batch:
    if axis is None:
        return Batch(np.roll(flat(a).value, shift, 1).reshape(a.value.shape))
    return Batch(np.roll(a.value, shift, fronts(axis, a.ndim)))


@form(np.rot90)
def _rot90(m: Batch, k: int = 1, axes: Any = (0, 1)) -> Batch:
    one, other = fronts(tuple(axes), m.ndim)
    return Batch(np.rot90(m.value, k, (one, other)))


@form(np.repeat)
def _repeat(a: Batch, repeats: Any, axis: int | None = None) -> Batch:
    a, axis = (flat(a), 0) if axis is None or not a.ndim else (a, axis)
    return Batch(np.repeat(a.value, repeats, front(axis, a.ndim)))


@form(np.tile)
def _tile(A: Batch, reps: Any) -> Batch:
    counts = tuple(reps) if np.ndim(reps) else (reps,)
    ndim = max(len(counts), A.ndim)
    return Batch(np.tile(with_ndim(A, ndim), (1,) * (1 + ndim - len(counts)) + counts))


# --- joining ---------------------------------------------------------------------------------------------------------


@form(np.concatenate)
def _concatenate(arrays: Sequence[Any], axis: int | None = 0, dtype: Any = None, casting: Any = "same_kind") -> Batch:
    parts = batches(arrays)
    if axis is None:
        parts, axis = [part.reshape(len(part), math.prod(part.shape[1:])) for part in parts], 0
    return Batch(np.concatenate(parts, front(axis, parts[0].ndim - 1), dtype=dtype, casting=casting))


@form(np.stack)
def _stack(arrays: Sequence[Any], axis: int = 0, dtype: Any = None, casting: Any = "same_kind") -> Batch:
    parts = batches(arrays)
    return Batch(np.stack(parts, front(axis, parts[0].ndim), dtype=dtype, casting=casting))


@form(np.vstack)
def _vstack(tup: Sequence[Any], dtype: Any = None, casting: Any = "same_kind") -> Any:
    rows = [Batch(part if part.ndim > 2 else _as_row(part)) for part in batches(tup)]
    return _concatenate(rows, 0, dtype, casting)


@form(np.hstack)
def _hstack(tup: Sequence[Any], dtype: Any = None, casting: Any = "same_kind") -> Any:
    parts = [Batch(part if part.ndim > 1 else part[:, None]) for part in batches(tup)]
    return _concatenate(parts, 0 if parts[0].ndim == 1 else 1, dtype, casting)


@form(np.dstack)
def _dstack(tup: Sequence[Any]) -> Any:
    parts = [part if part.ndim > 2 else _as_row(part) for part in batches(tup)]
    return _concatenate([Batch(part if part.ndim > 3 else part[..., None]) for part in parts], 2)


@form(np.column_stack)
def _column_stack(tup: Sequence[Any]) -> Any:
    rows = [part if part.ndim > 2 else np.swapaxes(_as_row(part), 1, 2) for part in batches(tup)]
    return _concatenate(list(map(Batch, rows)), 1)


def _as_row(part: Any) -> Any:
    """Return numbers, or vectors, of a batch as matrices with one row."""
    return part[:, None, :] if part.ndim == 2 else part[:, None, None]


# --- choosing --------------------------------------------------------------------------------------------------------


@form(np.where)
def _where(condition: Any, x: Any, y: Any) -> Batch:
    return Batch(np.where(*aligned((condition, x, y))))


@form(np.take)
def _take(a: Batch, indices: Any, axis: int | None = None, out: None = None, mode: Any = "raise") -> Batch:
    a, axis = (flat(a), 0) if axis is None or not a.ndim else (a, axis)
    return Batch(np.take(a.value, indices, front(axis, a.ndim), mode=mode))


@form(np.take_along_axis)
def _take_along_axis(arr: Batch, indices: Any, axis: int | None = -1) -> Batch:
    arr, axis = (flat(arr), 0) if axis is None else (arr, axis)
    return Batch(np.take_along_axis(arr.value, np.expand_dims(indices, 0), front(axis, arr.ndim)))


@form(np.compress)
def _compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    if type(condition) is Batch:
        return NotImplemented
    a, axis = (flat(a), 0) if axis is None or not a.ndim else (a, axis)
    return Batch(np.compress(condition, a.value, front(axis, a.ndim)))


@form(np.delete)
def _delete(arr: Batch, obj: Any, axis: int | None = None) -> Batch:
    arr, axis = (flat(arr), 0) if axis is None else (arr, axis)
    return Batch(np.delete(arr.value, obj, front(axis, arr.ndim)))


@form(scatter)
def _scatter(y: Batch, index: Any, shape: tuple[int, ...]) -> Batch:
    if type(y.value) not in MEMORY:  # a variable, which no buffer can hold
        place = index if isinstance(index, tuple) else (index,)
        return Batch(scatter(y.value, index=(slice(None), *place), shape=(len(y.value), *shape)))
    buffer = zeros_beside(y.value, (len(y.value), *shape), y.dtype)
    add_each(buffer, index, y.value)
    return Batch(buffer)


def add_each(buffer: Array, index: Any, values: Array) -> None:
    """Add into each array of a batch at an index, as often as an element is named there."""
    if is_basic(index):
        buffer[(slice(None), *(index if isinstance(index, tuple) else (index,)))] += values
        return
    if type(buffer) in TRACED:
        buffer.whole(add_each, buffer, index, values, writes=buffer)
        return
    place = places(index, buffer.shape[1:])
    if place.size:
        values = values.reshape(len(values), -1)
        order = np.argsort(place, kind="stable")
        place = place[order]
        first = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]]))
        elements = buffer.reshape(len(buffer), -1)  # a view: the buffer is contiguous
        elements[:, place[first]] += np.add.reduceat(values[:, order], first, axis=1)


def places(index: Any, shape: tuple[int, ...]) -> Any:
    """Return the elements that an index names, counted in C order."""
    like = traced_in(index)
    if like is not None:
        return like.program.opaque(places, (index, shape), {})
    return np.arange(math.prod(shape)).reshape(shape)[index].reshape(-1)


@form(clear)
def _clear(y: Batch, index: Any) -> Batch:
    value = copy_of(y.value, "C")
    if is_basic(index):
        value[(slice(None), *(index if isinstance(index, tuple) else (index,)))] = 0
    else:
        value.reshape(len(value), -1)[:, places(index, y.shape)] = 0
    return Batch(value)


@form(np.diagonal)
def _diagonal(a: Batch, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Batch:
    return Batch(np.diagonal(a.value, offset, front(axis1, a.ndim), front(axis2, a.ndim)))


@form(np.trace)
def _trace(a: Batch, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Batch:
    return Batch(np.trace(a.value, offset, front(axis1, a.ndim), front(axis2, a.ndim), dtype))


@form(np.rollaxis)
def _rollaxis(a: Batch, axis: int, start: int = 0) -> Batch:
    start = start + a.ndim if start < 0 else start
    return Batch(np.rollaxis(a.value, front(axis, a.ndim), start + 1))


@form(np.lib.stride_tricks.sliding_window_view)
def _windows(x: Batch, window_shape: Any, axis: Axis = None, subok: Any = False, writeable: Any = False) -> Batch:
    return Batch(np.lib.stride_tricks.sliding_window_view(x.value, window_shape, fronts(axis, x.ndim)))


@form(np.diag)
def _diag(v: Batch, k: int = 0) -> Any:
    if not v.ndim:
        return NotImplemented
    if v.ndim > 1:
        return _diagonal(v, k)
    n = v.size + abs(k)
    diagonal = np.arange(v.size) * (n + 1) + (k if k >= 0 else -k * n)
    return scatter(v, index=diagonal, shape=(n * n,)).reshape(n, n)


def _triangle(func: Form) -> None:
    # Of a vector NumPy makes the rows of a matrix first.
    @form(func)
    def triangle(m: Batch, k: int = 0) -> Batch:
        whole = m.value if m.ndim > 1 else np.broadcast_to(m.value[:, None], (m.count, m.size, m.size))
        return Batch(func(whole, k))


_triangle(np.tril)
_triangle(np.triu)
