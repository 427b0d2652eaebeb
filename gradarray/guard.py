"""The memory guard: a plain array that a tape has saved cannot be changed unnoticed while the tape lives.

A small array is saved as a copy, and so is a view of memory that others refer to, because their flags cannot be
reached. A large array that owns its memory is saved as it is and made read-only, so that writing into it raises NumPy's
own error; its flag is restored when the last tape that saved it lets it go. (A view of it that was taken before keeps
its own flag.)
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from .references import holders

F = TypeVar("F", bound=Callable[..., Any])

# Up to this size a copy costs less than a lock, with its release (measured: 64 kB 1.4 us, a lock 2.5 us).
COPIED = 2**16


class _State(threading.local):
    override: bool | None = None


_state = _State()
_default = True
# How many blocks are open in all threads that set it otherwise: one look at it spares that at the thread's own state.
_relaxed = 0
_counting = threading.Lock()


def mem_guard_active() -> bool:
    """Tell whether the memory guard is on in this thread.

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.mem_guard_active()
    True
    """
    return _default if _state.override is None else _state.override


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
    global _default, _relaxed
    with _counting:
        _relaxed += _default
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
    global _default, _relaxed
    with _counting:
        _relaxed -= not _default
        _default = True


class _MemGuard:
    """The memory guard on or off in this thread, in a ``with`` block or in a decorated function; may be nested."""

    def __init__(self, active: bool) -> None:
        self._active = active
        self._local = threading.local()

    def __enter__(self) -> None:
        global _relaxed
        with _counting:
            _relaxed += 1
        self._local.before = [*getattr(self._local, "before", ()), _state.override]
        _state.override = self._active

    def __exit__(self, *_: object) -> None:
        global _relaxed
        with _counting:
            _relaxed -= 1
        _state.override = self._local.before.pop()

    def __call__(self, func: F) -> F:
        @functools.wraps(func)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    def __repr__(self) -> str:
        return f"mem_guard_{'on' if self._active else 'off'}"


mem_guard_off = _MemGuard(False)
mem_guard_on = _MemGuard(True)


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


def hold(array: Any) -> Any:
    """Return what a tape saves of an array that its caller could change: a copy, or a view with the array locked."""
    if _relaxed and not mem_guard_active():
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
