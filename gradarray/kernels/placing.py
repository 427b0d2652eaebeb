"""Adding at an index, as often as an element is named there."""

from __future__ import annotations

import math
from types import EllipsisType
from typing import Any

import numpy as np

from .arrays import SPLIT, Array
from .guests import Guest
from .parts import add

# Indices of these types give a view.
BASIC: frozenset[type] = frozenset(
    {int, slice, type(None), EllipsisType, *(np.dtype(code).type for code in np.typecodes["AllInteger"])}
)


def is_basic(index: Any) -> bool:
    """Tell whether an index gives a view: integers, slices, None and Ellipsis alone."""
    if type(index) is not tuple:
        return type(index) in BASIC
    for item in index:  # noqa: SIM110 - all() of a generator takes twice as long
        if type(item) not in BASIC:
            return False
    return True


# Up to this many elements it takes longer to find their places than it saves.
_FEW = 500


def add_at(buffer: Array, index: Any, g: Array) -> None:
    """Add into a buffer at an index, as often as an element is named there."""
    if is_basic(index):
        add_in_slice(buffer, index, g)
    else:
        add_at_places(buffer, index, g)


def add_in_slice(buffer: Array, index: Any, g: Array) -> None:
    if type(g) is not np.ndarray or type(buffer) is not np.ndarray:
        if type(buffer) is Guest:
            buffer.add_at(index, g)
        else:
            buffer[index] += g
        return
    part = buffer[index]
    if type(part) is not np.ndarray:
        buffer[index] = part + g
    elif g.size >= SPLIT:
        add(part, g)
    else:
        part += g  # ``buffer[index] += g`` would write the view into its own place in the end


def add_at_places(buffer: Array, index: Any, g: Array) -> None:
    if type(index) is np.ndarray and index.dtype.kind == "b":
        buffer[index] += g
        return
    # np.add.at is fastest in one dimension: 1.2 instead of 4.0 ms for 10**4 rows of 64. Neither np.bincount nor sorting
    # with np.add.reduceat is faster (1.2 and 5.7 ms; for 10**5 numbers in one dimension 0.10, 0.11 and 5.9 ms).
    places = None
    if g.size > _FEW and buffer.ndim > 1 and buffer.flags.c_contiguous:
        places = _in_one_dimension(index, buffer.shape)
    if places is None:
        np.add.at(buffer, index, g)
    else:
        np.add.at(buffer.reshape(-1), places.reshape(-1), np.broadcast_to(g, places.shape).reshape(-1))


def _in_one_dimension(index: Any, shape: tuple[int, ...]) -> Any:
    """Return where an index of integers leads, counted in C order; None for an index of another kind."""
    if type(index) is np.ndarray:
        inner = math.prod(shape[1:])
        places = (index.astype(np.intp) % shape[0])[..., np.newaxis] * inner + np.arange(inner)
        return places.reshape(index.shape + shape[1:])
    if (
        type(index) is tuple
        and len(index) == len(shape)
        and all(type(i) is np.ndarray and i.dtype.kind in "iu" for i in index)
    ):
        return np.ravel_multi_index(index, shape, mode="wrap")
    return None


def added_where(
    a: Array, c: Array, x: Array, signed: bool = True, places: Array | None = None, out: Array | None = None
) -> Array:
    """Return ``a + np.where(c, x, 0)``, for an array in C order, and truth values of its shape.

    Where few are true, it takes a third of the time, or less; less again where there is no -0. in `a`, which is no more
    `signed` then, and where it is known already at which `places` they are.
    """
    places = np.flatnonzero(c) if places is None else places
    if FEWER * len(places) > c.size:
        return np.add(a, np.where(c, x, 0), out=out)
    if x.shape == (*c.shape[:-1], 1):  # as the slope of a maximum along the last axis is
        found = x.reshape(-1)[places // c.shape[-1]]
    else:
        found = np.broadcast_to(x, c.shape)[np.unravel_index(places, c.shape)]
    found = a.reshape(-1)[places] + found
    if signed:
        out = np.add(a, np.zeros((), a.dtype), out=out)  # which makes 0. of -0.
    elif out is not a:
        out = np.positive(a, out=out)
    out.reshape(-1)[places] = found
    return out


# One of so many, or fewer, is true.
FEWER = 16
