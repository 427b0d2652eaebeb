"""Functions that change their first argument: on a Tensor, each of them is an assignment."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...kernels.traced import as_form
from ...tape.wrapping import bare, stack_nested
from ..registry import inplace
from .indexing import taken_places

# --- whole arrays ---------------------------------------------------------------------------------------------------


def _copyto(dst: Array, src: Array, casting: Any = "same_kind", where: Any = True) -> None:
    scratch = np.empty(dst.shape, dst.dtype)
    np.copyto(scratch, as_form(bare(src)), casting=casting, where=as_form(where))  # NumPy's own error
    dst[...] = src if where is True else np.where(where, src, dst)


inplace(np.copyto, _copyto)

# --- elements in C order --------------------------------------------------------------------------------------------


def _put(a: Array, ind: Any, v: Array, mode: Any = "raise") -> None:
    places = taken_places(bare(ind), (a.size,), None, mode)
    v = stack_nested(v)
    if np.size(v):
        a.flat[places.ravel()] = v


def _place(arr: Array, mask: Any, vals: Array) -> None:
    np.place(np.empty(arr.shape, arr.dtype), as_form(bare(mask)), as_form(bare(vals)))  # NumPy's own error
    places = np.flatnonzero(bare(mask))
    if places.size:
        arr.flat[places] = stack_nested(vals)


def _putmask(a: Array, mask: Any, values: Array) -> None:
    np.putmask(np.empty(a.shape, a.dtype), as_form(bare(mask)), as_form(bare(values)))  # NumPy's own error
    places = np.flatnonzero(bare(mask))
    if places.size:
        values = np.ravel(stack_nested(values))
        a.flat[places] = values[places % values.size]


def _fill_diagonal(a: Array, val: Array, wrap: bool = False) -> None:
    places = np.zeros(a.shape, np.int8)
    np.fill_diagonal(places, 1, wrap)
    a.flat[np.flatnonzero(places)] = val


inplace(np.put, _put)
inplace(np.place, _place)
inplace(np.putmask, _putmask)
inplace(np.fill_diagonal, _fill_diagonal)

# --- along an axis --------------------------------------------------------------------------------------------------


def _put_along_axis(arr: Array, indices: Any, values: Array, axis: int | None) -> None:
    places = np.arange(arr.size).reshape(arr.shape)
    places = np.take_along_axis(places, bare(indices), axis)
    arr[np.unravel_index(places, arr.shape)] = values


inplace(np.put_along_axis, _put_along_axis)
