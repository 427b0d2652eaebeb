"""Functions of all mapped elements at once, with ways of their own: what makes arrays, and takes from them."""

# ruff: noqa: ARG001 - what stands for a function has its parameters, whether it needs them or not
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .mapped import Lane, Mapped, lane_in
from .one_by_one import one_after_another

OWN: dict[Any, Callable[..., Any]] = {}


def _alike(func: Any) -> None:
    def make(lane: Lane, a: Any, *args: Any, shape: Any = None, **kwargs: Any) -> Any:
        if not lane.is_on(a) or lane_in((args, kwargs)) is lane:
            return NotImplemented
        if shape is not None:
            kwargs["shape"] = (lane.size, *(shape if np.ndim(shape) else (shape,)))
        return lane.mapped(func(a.value, *args, **kwargs))

    OWN[func] = make


_func: Any
for _func in (np.zeros_like, np.ones_like, np.empty_like, np.full_like):
    _alike(_func)


def _array(lane: Lane, a: Any, *args: Any, **kwargs: Any) -> Any:
    """Make an array of a list in which mapped arrays stand, or a copy of one."""
    dtype = kwargs.get("dtype", args[0] if args else None)
    made = np.copy(a) if type(a) is Mapped else from_lists(a)
    more = kwargs.get("ndmin", 0) - made.ndim
    made = np.reshape(made, (*(1,) * more, *made.shape)) if more > 0 else made
    return made if dtype is None or made.dtype == dtype else made.astype(dtype)


def from_lists(value: Any) -> Any:
    """Make one array of nested lists in which mapped arrays stand."""
    if isinstance(value, (list, tuple)) and lane_in(value) is not None:
        return np.stack([from_lists(item) for item in value])
    return value


def _as_array(lane: Lane, a: Any, *args: Any, **kwargs: Any) -> Any:
    return _array(lane, a, *args, **kwargs) if type(a) is not Mapped or args or kwargs else a


OWN[np.array] = _array
for _func in (np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.asarray_chkfinite):
    OWN[_func] = _as_array


def _take(lane: Lane, a: Any, indices: Any, axis: int | None = None, out: None = None, mode: Any = "raise") -> Any:
    """Take elements at places that are others for each element."""
    if not lane.is_on(indices) or mode != "raise":
        return NotImplemented
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = np.lib.array_utils.normalize_axis_index(axis, np.ndim(a))
    if lane.is_on(a):
        return a[(*(slice(None),) * axis, indices)]
    return lane.mapped(np.moveaxis(np.take(a, indices.value, axis), axis, 0))


def _take_along_axis(lane: Lane, arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if not lane.is_on(indices) or axis is None or np.ndim(arr) != indices.ndim:
        return NotImplemented
    axis = np.lib.array_utils.normalize_axis_index(axis, indices.ndim) + 1
    values = lane.spread(arr) if lane.is_on(arr) else np.asarray(arr)[None] if type(arr) is list else arr[None]
    return lane.mapped(np.take_along_axis(values, indices.value, axis))


OWN[np.take] = _take
OWN[np.take_along_axis] = _take_along_axis


def _require(lane: Lane, a: Any, dtype: Any = None, requirements: Any = None) -> Any:
    return _as_array(lane, a, dtype=dtype) if dtype is not None else _as_array(lane, a)


def _from_iterator(lane: Lane, iter: Any, dtype: Any, count: int = -1) -> Any:
    items = [*iter]
    return from_lists(items if count < 0 else items[:count]).astype(dtype)


def _arange(lane: Lane, *args: Any, **kwargs: Any) -> Any:
    one = next(x for x in (*args, *kwargs.values()) if type(x) is Mapped)
    if type(one.value) is np.ndarray or not lane.size:
        return NotImplemented
    like = one.value[0]  # NumPy asks a variable only here
    return one_after_another(lane, lambda *a, **k: np.arange(*a, **k, like=like), args, kwargs)


OWN[np.arange] = _arange
OWN[np.require] = _require
OWN[np.fromiter] = _from_iterator


def _copyto(lane: Lane, dst: Mapped, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    dst[...] = src if where is True else np.where(where, src, dst)


UPDATES: dict[Any, Callable[..., Any]] = {np.copyto: _copyto}
