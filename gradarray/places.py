"""Places in an array: adding, clearing and writing at an index, by which reading and writing are differentiated."""

from __future__ import annotations

import math
from types import EllipsisType
from typing import Any

import numpy as np

from . import gate, guard
from .dispatch import primitive
from .parallel import SPLIT, add
from .registry import linear, lowered, rule
from .tape import Array
from .wrapping import unwrap

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


def freeze(index: Any) -> Any:
    """Return an index that later changes to the caller's lists and arrays do not reach."""
    if type(index) in BASIC:
        return index
    if type(index) is tuple:
        return tuple([x if type(x) in BASIC else _held(x) if type(x) is np.ndarray else freeze(x) for x in index])
    if type(index) is not np.ndarray:
        index = unwrap(index)
        if isinstance(index, list):
            return np.array(index) if index else np.array(index, np.intp)
        if not isinstance(index, np.ndarray):
            return gate.parameter(index)
    return _held(index)


def _held(index: Array) -> Array:
    # A small one is copied also where the guard is off: it is a small part of what a tape holds.
    return index.copy() if index.nbytes <= guard.COPIED else guard.hold(index)


# Up to this many elements it takes longer to find their places than it saves.
_FEW = 500


def add_at(buffer: Array, index: Any, g: Array) -> None:
    """Add into a buffer at an index, as often as an element is named there."""
    if is_basic(index):
        add_in_slice(buffer, index, g)
    else:
        add_at_places(buffer, index, g)


def add_in_slice(buffer: Array, index: Any, g: Array) -> None:
    if type(g) is np.ndarray and g.size >= SPLIT:
        add(buffer[index], g)
    else:
        buffer[index] += g


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


# --- primitives -----------------------------------------------------------------------------------------------------
# They are functions of their own, so that the same rules serve every order and both modes.


@primitive
def scatter(y: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Return zeros of a shape, with `y` added at an index: the adjoint of reading there."""
    buffer = np.zeros(shape, y.dtype)
    add_at(buffer, index, y)
    return buffer


@primitive
def clear(y: Array, index: Any) -> Array:
    """Return a copy of `y` with zeros at an index."""
    cleared = np.array(y)
    cleared[index] = 0
    return cleared


@primitive
def updated(x: Array, v: Array, index: Any) -> Array:
    """Return a copy of `x` that holds `v` at an index."""
    copy = np.array(x)
    copy[index] = v
    return copy


@primitive
def astype(
    x: Array, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
) -> Array:
    """Return the array with another dtype."""
    return x.astype(dtype, order, casting, subok, copy)


def _winners(index: Any, shape: tuple[int, ...]) -> Any:
    """Tell for each assigned value whether it is the one that stays: of a repeated index only the last does."""
    place = np.zeros(shape, int)
    count = np.arange(place[index].size).reshape(np.shape(place[index]))
    place[index] = count
    return place[index] == count


def value_vjp(g: Array, _ans: Any, _x: Any, _v: Any, *, index: Any) -> Array:
    picked = g[index]
    if not is_basic(index):
        winners = _winners(index, g.shape)
        if not np.all(winners):
            picked = np.where(winners, picked, 0)
    # NumPy lets the value have extra leading axes of length one.
    return picked.reshape((1,) * (_v.ndim - picked.ndim) + picked.shape) if _v.ndim > picked.ndim else picked


def _of_numbers(args: Any, kwargs: dict[str, Any]) -> Any:
    dtype = np.dtype(args[1] if len(args) > 1 else kwargs["dtype"])
    if dtype.kind not in "biufc":
        raise TypeError(
            f"a Tensor holds numbers, not {dtype.name} data; x.data.astype({dtype}) gives an array of the bare values"
        )
    return NotImplemented


linear(astype, lambda g, x, *, dtype, order="K", casting="unsafe", subok=True, copy=True: g)  # noqa: ARG005
lowered(astype, _of_numbers)
linear(scatter, lambda g, y, *, index, shape: g[index])  # noqa: ARG005 - the signature is the support statement
linear(clear, lambda g, y, *, index: clear(g, index=index))  # noqa: ARG005
rule(updated, lambda g, _ans, _x, _v, *, index: clear(g, index=index), value_vjp, holomorphic=False, selects=True)
