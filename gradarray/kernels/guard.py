"""The memory guard: a plain array that a tape has saved cannot be changed unnoticed while the tape lives.

A small array is saved as a copy. A large one is saved as it is, with a fingerprint of what stands there, and the sweep
compares that before it uses the array. No flag is touched: it could not reach other doors to the same memory (a view
that was taken before, a memoryview, the buffer of another library), and a view that is taken meanwhile would keep it.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ..context.settings import Block, guarded, relaxed
from .arrays import COPIED, SAMPLE, SEEN_WHOLE
from .traced import TRACED

_default = True


def mem_guard_active() -> bool:
    """Tell whether the memory guard is on here: in this thread, or asyncio task.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.mem_guard_active()
    True
    """
    return guarded(_default)


def turn_memory_guarding_off() -> None:
    """Switch the memory guard off for all threads, for speed: arrays that a tape saved must then be left alone.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.turn_memory_guarding_off()
    >>> ga.mem_guard_active()
    False
    >>> ga.turn_memory_guarding_on()
    """
    global _default
    _default = False


def turn_memory_guarding_on() -> None:
    """Switch the memory guard on again; see `turn_memory_guarding_off`.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.turn_memory_guarding_on()
    >>> ga.mem_guard_active()
    True
    """
    global _default
    _default = True


class _MemGuardOff(Block):
    """Switch the memory guard off in a ``with`` block or a decorated function, for speed.

    An array that is saved in it must be left alone until the tape is let go of. It acts on the calling thread, or
    asyncio task, alone, and may be nested.

    Examples
    --------
    >>> import gradarray as ga
    >>> with ga.mem_guard_off:
    ...     ga.mem_guard_active()
    False
    """


class _MemGuardOn(Block):
    """Switch the memory guard on in a ``with`` block or a decorated function, where it is off around that.

    It acts on the calling thread, or asyncio task, alone, and may be nested.

    Examples
    --------
    >>> import gradarray as ga
    >>> with ga.mem_guard_off, ga.mem_guard_on:
    ...     ga.mem_guard_active()
    True
    """


mem_guard_off = _MemGuardOff("mem_guard_off", relaxed, guarded=False)
mem_guard_on = _MemGuardOn("mem_guard_on", relaxed, guarded=True)


# --- what a tape saves ----------------------------------------------------------------------------------------------


class _Watched(weakref.ref[Any]):
    """A weak reference to an array that tapes keep, with the fingerprint that it had when it was saved.

    It stands twice among those that are watched: by the identity of that array, and of the one that was saved, which
    the other keeps alive.
    """

    __slots__ = ("fingerprint", "keys")
    fingerprint: bytes
    keys: tuple[int, ...]


# One look at it tells that there is nothing to compare. A finalizer may change it at any moment.
watched: dict[int, _Watched] = {}


def secured(array: Any) -> Any:
    """Return what a tape saves of an array that its caller could change."""
    return array.secured() if type(array) in TRACED else secured_array(array)


def secured_array(array: Any) -> Any:
    """Return the same of an ndarray: a copy, or a view that is watched."""
    if (relaxed or not _default) and not guarded(_default):
        return array
    if array.nbytes <= COPIED:
        return array.copy("K")
    if not all(array.strides):  # what is spread over a shape is looked at once
        core = secured_array(array[tuple([slice(None) if step else 0 for step in array.strides])])
        return np.broadcast_to(core[tuple([slice(None) if step else None for step in array.strides])], array.shape)
    if array.nbytes <= SEEN_WHOLE and not _in_one_piece(array):
        return array.copy("K")
    return _watch(array, fingerprint_of(array))


def _watch(array: Any, fingerprint: bytes) -> Any:
    known = watched.get(id(array))
    if known is not None and known.fingerprint == fingerprint:  # so that it is compared once, however often it is used
        earlier = known()
        if earlier is not None and _alike(earlier, array):
            return earlier
    keys: tuple[int, ...]
    try:
        kept: Any = np.asarray(memoryview(array))  # what is made of it keeps it alive, and not only the memory below
        keys = id(kept), id(array)
    except ValueError:  # of a dtype that memoryviews do not know
        kept = array.view()
        keys = (id(kept),)
    entry = _Watched(kept, _forget)
    entry.fingerprint = fingerprint
    entry.keys = keys
    for key in entry.keys:
        watched[key] = entry
    return kept


def _forget(entry: Any) -> None:
    for key in entry.keys:
        if watched.get(key) is entry:
            watched.pop(key, None)


# --- fingerprints -----------------------------------------------------------------------------------------------------


def _alike(a: Any, b: Any) -> bool:
    return a.shape == b.shape and a.strides == b.strides and a.dtype == b.dtype  # type: ignore[no-any-return]


def _in_one_piece(array: Any) -> bool:
    return bool(array.flags.c_contiguous or array.flags.f_contiguous)


# A prime number: elements that change places are in different columns, unless they are a multiple of it apart.
_COLUMNS = 509


def fingerprint_of(array: Any) -> bytes:
    """Return what tells that an array has been changed: sums of columns of its words, or a sample of a large one."""
    if array.nbytes > SEEN_WHOLE:
        return _sample(array)
    flat = array.ravel("K").view(np.uint8)
    whole = len(flat) - len(flat) % (8 * _COLUMNS)
    sums = np.add.reduce(flat[:whole].view(np.uint64).reshape(-1, _COLUMNS), axis=0)
    told: bytes = sums.tobytes() + flat[whole:].tobytes()
    return told


def _sample(array: Any) -> bytes:
    """Return some elements, evenly spread, with both ends among them."""
    if _in_one_piece(array):
        flat = array.ravel("K")
        some, last = flat[:: max(1, flat.size // SAMPLE)], flat[-1:]
    else:
        each = SAMPLE ** (1 / array.ndim)
        some = array[tuple([slice(None, None, max(1, int(n / each))) for n in array.shape])]
        last = array[(-1,) * array.ndim]
    told: bytes = some.tobytes() + last.tobytes()
    return told
