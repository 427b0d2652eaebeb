"""What the methods of a ufunc, and its keyword axes=, come to in plain calls, for any kind of array."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..tape import wrapping
from ..tape.wrapping import bare, has_variable, unwrap
from .names import public_name
from .numpy.reductions import FOLDS
from .primitives import astype, scatter, updated

Keywords = dict[str, Any]


def with_axes(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: Keywords) -> Any:
    """Lower axes=, axis= and keepdims= of a generalized ufunc to moves of axes around its plain call."""
    kwargs = dict(kwargs)
    expected = ufunc(*bare(inputs), **kwargs)  # NumPy's own error for a mistake
    axes, axis, keepdims = kwargs.pop("axes", None), kwargs.pop("axis", None), kwargs.pop("keepdims", False)
    moved = list(inputs)
    targets = [axis] * ufunc.nin if axes is None and axis is not None else axes
    if targets is not None:
        spread = [(t,) if isinstance(t, int) else tuple(t) for t in targets]
        moved = [np.moveaxis(x, t, range(-len(t), 0)) for x, t in zip(inputs, spread[: ufunc.nin], strict=True)]
    result = ufunc(*moved, **kwargs)
    if keepdims:
        result = np.reshape(result, np.shape(expected))
    elif axes is not None and len(axes) > ufunc.nin:
        result = np.moveaxis(result, range(-len(spread[-1]), 0), spread[-1])
    return result


_REDUCE: dict[np.ufunc, Callable[..., Any]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    **FOLDS,
}
_ACCUMULATE: dict[np.ufunc, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}


def reduce(ufunc: np.ufunc, array: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False, **rest: Any) -> Any:
    rest = {name: value for name, value in rest.items() if value is not np._NoValue and value is not None}
    if ufunc in _REDUCE and not (ufunc in FOLDS and has_variable(rest.get("initial"))):
        kwargs = {"axis": axis, "keepdims": keepdims, **rest}
        if dtype is not None:
            kwargs["dtype"] = dtype
        if "dtype" in kwargs and ufunc not in (np.add, np.multiply):
            array = array.astype(kwargs.pop("dtype"))
        return _REDUCE[ufunc](array, **kwargs)
    x = array if dtype is None else array.astype(dtype)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not x.ndim and axes:  # NumPy takes axis 0 of an array that has none
        x, keepdims, axes = np.reshape(x, 1), False, (0,)
    axes = tuple(a % x.ndim for a in axes)
    where = unwrap(rest.get("where", True))
    initial = rest.get("initial", ufunc.identity if where is not True or 0 in x.shape else None)
    # Several axes are one after the other, and none is one of length 1.
    others = tuple(a for a in range(x.ndim) if a not in axes)
    order = (*sorted(axes), *others)
    shape = (math.prod(x.shape[a] for a in axes), *(x.shape[a] for a in others))
    where = np.broadcast_to(where, x.shape).transpose(order).reshape(shape)
    x = np.reshape(np.transpose(x, order), shape)
    total: Any = None
    if initial is not None:
        start = initial if hasattr(initial, "dtype") else np.asarray(initial)
        total = np.broadcast_to(astype(start, x.dtype), shape[1:])
    for item, mask in zip(x, where, strict=True):
        step = np.copy(item) if total is None else ufunc(total, item)
        total = step if mask.all() else np.where(mask, step, total)
    return np.expand_dims(total, axes) if keepdims else total[()]


def accumulate(ufunc: np.ufunc, array: Any, axis: int | None = 0, dtype: Any = None) -> Any:
    axis = 0 if axis is None else axis  # NumPy takes it for the one axis that there is
    if ufunc in _ACCUMULATE:
        return _ACCUMULATE[ufunc](array, axis=axis, dtype=dtype)
    x = array if dtype is None else array.astype(dtype)
    x = np.moveaxis(x, axis, 0)
    steps = [x[0]] if len(x) else []
    for item in x[1:]:
        steps.append(ufunc(steps[-1], item))
    return np.moveaxis(np.stack(steps), 0, axis) if steps else array


def outer(ufunc: np.ufunc, a: Any, b: Any, **kwargs: Any) -> Any:
    a = np.expand_dims(a, tuple(range(np.ndim(a), np.ndim(a) + np.ndim(b))))
    return ufunc(a, b, **kwargs)


def reduceat(ufunc: np.ufunc, array: Any, indices: Any, axis: int | None = 0, dtype: Any = None) -> Any:
    axis = 0 if axis is None else axis
    x = np.moveaxis(array if dtype is None else array.astype(dtype), axis, 0)
    starts = [int(i) for i in np.asarray(unwrap(indices))]
    stops = [*starts[1:], len(x)]
    parts = [
        reduce(ufunc, x[start:stop]) if start < stop else x[start] for start, stop in zip(starts, stops, strict=True)
    ]
    return np.moveaxis(np.stack(parts), 0, axis) if parts else x[:0]


def updated_at(ufunc: np.ufunc, a: Any, indices: Any, rest: Any) -> Any:
    """Return what ``ufunc.at(a, indices, b)`` would make of `a`, for any kind of array."""
    place = np.arange(a.size).reshape(a.shape)[indices]
    others = [np.broadcast_to(wrapping.stacked(b, public_name(ufunc)), place.shape) for b in rest]
    if ufunc in (np.add, np.subtract):
        return ufunc(a, scatter(others[0], index=indices, shape=a.shape))
    # One pass for each time that an element is named; within a pass all elements differ.
    flat = np.ravel(a)
    others = [np.ravel(b) for b in others]
    place = place.ravel()
    rank = _occurrence(place)
    for turn in range(int(rank.max(initial=-1)) + 1):
        chosen = np.flatnonzero(rank == turn)
        spots = place[chosen]
        flat = updated(flat, ufunc(flat[spots], *[b[chosen] for b in others]), index=spots)
    return flat.reshape(a.shape)


def _occurrence(values: Any) -> Any:
    """Return for each value how many equal ones stand before it."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.searchsorted(ordered, ordered)
    rank = np.empty(values.size, int)
    rank[order] = np.arange(values.size) - first
    return rank


# What each method is lowered to, for any kind of array.
LOWERED: dict[str, Callable[..., Any]] = {
    "reduce": reduce,
    "accumulate": accumulate,
    "outer": outer,
    "reduceat": reduceat,
}
