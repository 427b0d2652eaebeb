"""Threads that work at the same time stay on processors of their own, on Linux.

Linux wakes a thread where the one that wakes it runs, if it takes the thread's own processor for occupied; in a virtual
machine it takes one that sleeps for that. Then two halves of a job share one processor until its load is next balanced,
some 10 ms later: a sum of 10**6 products in two threads took 6.4 to 8.4 ms after a rest of 0.1 s, and 4.4 ms so.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterable, Iterator


def _find_current() -> Callable[[], int]:
    if not hasattr(os, "sched_setaffinity"):
        return lambda: -1
    try:
        found: Callable[[], int] = ctypes.CDLL(None).sched_getcpu
    except (OSError, AttributeError):  # a C library without it
        return lambda: -1
    return found


# The number of the processor that the calling thread runs on; -1 where it is not known.
current = _find_current()


def keep_off(threads: Iterable[int], processor: int) -> None:
    """Let threads, given by what the system calls them, run on any processor of the calling one's but this."""
    with contextlib.suppress(OSError):  # where it is forbidden
        others = os.sched_getaffinity(0) - {processor}
        if others:
            for thread in threads:
                os.sched_setaffinity(thread, others)


@contextlib.contextmanager
def pinned(thread: int, processor: int) -> Iterator[None]:
    """Let another thread run on no processor but this one; it must not start threads of its own meanwhile.

    It is for that one's helper, since it must end though the thread is interrupted.
    """
    if processor < 0:
        yield
        return
    before: set[int] = set()
    with contextlib.suppress(OSError):
        before = os.sched_getaffinity(thread)
        if len(before) > 1 and processor in before:
            os.sched_setaffinity(thread, {processor})
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if len(before) > 1 and os.sched_getaffinity(thread) == {processor}:  # nobody has set another since
                os.sched_setaffinity(thread, before)
