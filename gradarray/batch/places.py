"""Indexing all elements of a mapped array at once, where each may have an index of its own; see mapped.py."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..kernels.gate import PLAIN
from .refusals import refused


def chosen(lane: Any, value: Any, index: Any) -> Any:
    """Return ``x[index]`` for each x along the first axis of a value."""
    index = index if isinstance(index, tuple) else (index,)
    if all(_is_basic(item) for item in index):
        return value[(slice(None), *map(_as_basic, index))]
    place = _Place(lane, value.ndim - 1, value.shape, index)
    found = value[place.index]
    return np.moveaxis(found, place.there, place.here) if place.there else found


def put(lane: Any, target: Any, index: Any, new: Any) -> None:
    """Assign ``x[index] = new`` for each x of a mapped array."""
    index = index if isinstance(index, tuple) else (index,)
    value = target.value
    if any(lane.is_on(item) and item.dtype == bool for item in index):
        (mask,) = index if len(index) == 1 else (None,)
        if mask is None or np.ndim(new):
            raise refused("mask")
        mask = np.reshape(mask, (*mask.shape, *(1,) * (target.ndim - mask.ndim)))
        put(lane, target, (...,), np.where(mask, new, target))
        return
    if all(_is_basic(item) for item in index):
        full: Any = (slice(None), *map(_as_basic, index))
        shape = _shape_of(value, full)
        there: tuple[int, ...] = ()
        here: tuple[int, ...] = ()
    else:
        place = _Place(lane, value.ndim - 1, value.shape, index)
        full, there, here = place.index, place.there, place.here
        shape = _shape_of(value, full)
        if there:
            shape = np.moveaxis(np.broadcast_to(np.int8(0), shape), there, here).shape
    if lane.is_on(new):
        new = new.value
        # NumPy lets leading axes of length one be too many.
        while new.ndim > len(shape) and new.shape[1] == 1:
            new = new.reshape(new.shape[0], *new.shape[2:])
        if new.ndim < len(shape):
            new = new.reshape(new.shape[0], *(1,) * (len(shape) - new.ndim), *new.shape[1:])
    if there:
        new = np.moveaxis(np.broadcast_to(new, shape), here, there)
    if type(value) is np.ndarray and type(new) not in PLAIN and not isinstance(new, (list, tuple)):
        raise refused("holds")
    value[full] = new


def _shape_of(value: Any, index: Any) -> tuple[int, ...]:
    """Return the shape of what an index names."""
    bare = tuple([i if _is_basic(i) or type(i) is np.ndarray else np.zeros(i.shape, np.intp) for i in index])
    return np.broadcast_to(np.int8(0), value.shape)[bare].shape  # type: ignore[no-any-return]


def _is_basic(item: Any) -> bool:
    if item is None or item is Ellipsis or type(item) is int:
        return True
    if type(item) is slice:
        return True
    return isinstance(item, (int, np.integer)) and not isinstance(item, (bool, np.bool_))


def _as_basic(item: Any) -> Any:
    return item if type(item) is not slice else slice(*[_edge(x) for x in (item.start, item.stop, item.step)])


def _edge(x: Any) -> Any:
    return None if x is None else operator.index(x)


class _Place:
    """Where the elements that an index with arrays in it names are in the whole.

    Attributes
    ----------
    index : the index of the whole
    there, here : which axes NumPy puts in another place than it does for one element, and where they belong
    """

    def __init__(self, lane: Any, ndim: int, shape: tuple[int, ...], index: tuple[Any, ...]) -> None:
        items: list[Any] = []
        for item in index:
            if lane.is_on(item):
                if item.dtype == bool:
                    raise refused("mask")
                items.append(item)
            elif isinstance(item, (list, tuple)):
                stacked = np.asarray(item) if not _has_lane(lane, item) else np.stack([*item])
                items.append(stacked if np.size(stacked) else np.zeros(np.shape(stacked), np.intp))
            elif isinstance(item, (bool, np.bool_)):
                items.append(np.asarray(item))
            else:
                items.append(_as_basic(item))
        # Masks by the places that they name.
        split: list[Any] = []
        for item in items:
            if isinstance(item, np.ndarray) and item.dtype == bool and not lane.is_on(item) and item.ndim:
                split += np.nonzero(item)
            else:
                split.append(item)
        consumed = sum(1 for item in split if item is not None and item is not Ellipsis and not _is_flag(item))
        if not any(item is Ellipsis for item in split):
            split.append(Ellipsis)
        at = next(k for k, item in enumerate(split) if item is Ellipsis)
        split[at : at + 1] = [slice(None)] * (ndim - consumed)
        advanced = [k for k, item in enumerate(split) if item is not None and type(item) is not slice]
        nd = max(
            [1 if _is_flag(split[k]) else np.ndim(split[k]) for k in advanced], default=0
        )  # x[True]: one more axis
        adjacent = advanced == list(range(advanced[0], advanced[-1] + 1))
        before = advanced[0] if adjacent else 0
        full: list[Any] = []
        for item in split:
            if lane.is_on(item):
                own = item.value
                full.append(own.reshape(own.shape[0], *(1,) * (nd + 1 - own.ndim), *own.shape[1:]))
            else:
                full.append(item)
        every = np.arange(shape[0]).reshape(-1, *(1,) * nd)
        self.index = (every, *full)
        self.there: tuple[int, ...] = ()
        self.here: tuple[int, ...] = ()
        if before and nd:
            self.there = tuple(range(1, nd + 1))
            self.here = tuple(range(before + 1, before + nd + 1))


def _is_flag(item: Any) -> bool:
    return isinstance(item, np.ndarray) and item.dtype == bool and not item.ndim


def _has_lane(lane: Any, value: Any) -> bool:
    return any(lane.is_on(item) or (isinstance(item, (list, tuple)) and _has_lane(lane, item)) for item in value)
