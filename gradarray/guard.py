"""The memory guard: a plain array that a tape has saved cannot be changed unnoticed while the tape lives.

A small array is saved as a copy, and so is a view of memory that others refer to, because their flags cannot be
reached. A large array that owns its memory is saved as it is and made read-only, so that writing into it raises NumPy's
own error; its flag is restored when the last tape that saved it lets it go. (A view of it that was taken before keeps
its own flag.)
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

from .references import holders
from .settings import Block, guarded, relaxed

# Up to this size a copy costs less than a lock, with its release (measured: 64 kB 1.4 us, a lock 2.5 us).
COPIED = 2**16


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


class _MemGuard(Block):
    """The memory guard on or off in a ``with`` block or a decorated function; may be nested.

    It acts on the calling thread, or asyncio task, alone.
    """


mem_guard_off = _MemGuard("mem_guard_off", relaxed, guarded=False)
mem_guard_on = _MemGuard("mem_guard_on", relaxed, guarded=True)


# --- what a tape saves ----------------------------------------------------------------------------------------------


class _Lock:
    """An array that tapes have saved: its flag from before, and the views of it that they keep."""

    __slots__ = ("array", "kept", "writeable")

    def __init__(self, array: Any) -> None:
        self.array = array
        self.writeable = array.flags.writeable
        self.kept: dict[int, _Kept] = {}


class _Kept(weakref.ref[Any]):
    """A weak reference to a view that a tape keeps, which knows the locked array."""

    __slots__ = ("key",)
    key: int


# By the identity of the array. A finalizer may run while the mutex is taken in the same thread.
_locks: dict[int, _Lock] = {}
_mutex = threading.RLock()


def _renew() -> None:
    """Take another mutex: who held that of the parent when it forked is not there in the child."""
    global _mutex
    _mutex = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


def hold(array: Any) -> Any:
    """Return what a tape saves of an array that its caller could change: a copy, or a view with the array locked."""
    if (relaxed or not _default) and not guarded(_default):
        return array
    if array.nbytes <= COPIED:
        return array.copy("K")
    if array.base is not None and holders(getattr, array, "base") > 1:
        return array.copy("K")
    return lock(array)


def writeable(array: Any) -> bool:
    """Tell whether an array can be written into, but for a lock."""
    entry = _locks.get(id(array))
    return bool(array.flags.writeable if entry is None else entry.writeable)


def lock(array: Any) -> Any:
    """Make an array read-only for as long as the view that is returned lives."""
    view = array.view()
    kept = _Kept(view, _unlock)
    kept.key = key = id(array)
    with _mutex:
        entry = _locks.get(key)
        if entry is None:
            entry = _locks[key] = _Lock(array)
            array.flags.writeable = False
        entry.kept[id(kept)] = kept
    return view


def _unlock(kept: _Kept) -> None:
    with _mutex:
        entry = _locks[kept.key]
        del entry.kept[id(kept)]
        if not entry.kept:
            del _locks[kept.key]
            entry.array.flags.writeable = entry.writeable
