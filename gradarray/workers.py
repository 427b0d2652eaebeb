"""Threads that compute parts of a large array.

A thread that sleeps is awake some 20 to 40 us after it was called; 10**5 additions take as long. Where it meets another
one at the interpreter's lock, it sleeps too. So those who wait look out for a flag first, for a while and without the
lock.
"""

from __future__ import annotations

import contextvars
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue

import numpy as np

# Who looks out takes a processor from others, such as BLAS's threads, which stay awake for some 25 ms after a product.
# Where that kept a thread from computing for longer than _STARVED, nobody looks out for the next _CROWDED (seconds).
_STARVED = 4e-4
_CROWDED = 0.05


class _Flag:
    """A flag that a thread can look out for without the interpreter's lock, for some 1.3 ms.

    np.logical_or.reduce releases the lock, and leaves a row that begins with True. All elements of all rows are the
    flag itself, and one row takes a microsecond, so that it is soon seen when another thread sets the flag. The rows
    behind, left at once, take up to 10 us: by then the other thread has begun to compute, and does not need the lock.
    """

    __slots__ = ("_flag", "_rows")

    def __init__(self) -> None:
        self._flag = np.zeros((), bool)
        self._rows = np.broadcast_to(self._flag, (1024, 4096))

    def set(self, value: bool) -> None:
        self._flag.fill(value)

    def look_out(self) -> None:
        np.logical_or.reduce(self._rows, axis=1)


class _Job:
    """Parts to be computed: each by the thread that comes for it first."""

    __slots__ = ("_compute", "_context", "_done", "_ended", "_flag", "_parts", "_total")

    def __init__(self, compute: Callable[[slice], object], parts: Iterable[slice], flag: _Flag) -> None:
        self._compute: Callable[[slice], object] | None = compute
        self._parts = deque(parts)
        self._total = len(self._parts)
        self._ended: list[BaseException | None] = []
        self._context = contextvars.copy_context()
        self._done: SimpleQueue[None] = SimpleQueue()
        self._flag = flag
        flag.set(False)

    def compute(self) -> None:
        """Compute parts until none is left."""
        while True:
            error = None
            try:
                part = self._parts.popleft()
            except IndexError:
                return
            try:
                self._compute(part)  # type: ignore[misc]  # it is there as long as a part is
            except BaseException as caught:
                error = caught
            self._ended.append(error)

    def help(self) -> None:
        """Compute parts in another thread than the one that waits for them."""
        if self._parts:
            self._context.copy().run(self.compute)  # np.errstate of that thread holds here too
            if len(self._ended) == self._total:
                self._done.put(None)
                self._flag.set(True)

    def wait(self, look_out: bool) -> None:
        """Wait until all parts are computed, and raise the first error that came of them."""
        if look_out and len(self._ended) < self._total:
            self._flag.look_out()
        while len(self._ended) < self._total:
            self._done.get()
        # A thread that comes too late must not refer to an array when its owner goes on.
        self._compute = None
        errors = [error for error in self._ended if error is not None]
        self._ended.clear()
        if errors:
            try:
                raise errors[0]
            finally:
                del errors  # it would be a reference cycle, by way of the traceback


class _Here(threading.local):
    def __init__(self) -> None:
        self.flag = _Flag()


class Workers:
    """Threads that take jobs from a queue, sooner than those of concurrent.futures, which sleep until woken."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._posted = _Flag()
        self._idents: set[int] = set()
        self._growing = threading.Lock()
        self._crowded = 0.0  # until when there are fewer processors than threads that are awake
        self._here = _Here()

    def run(self, compute: Callable[[slice], object], parts: list[slice]) -> None:
        """Call `compute` for each part, at the same time, and return when all are done."""
        helpers = len(parts) - 1
        # Threads must not wait for each other, and those of an interpreter that ends do not run any more.
        if threading.get_ident() in self._idents or sys.is_finalizing():
            helpers = 0
        elif len(self._idents) < helpers:
            helpers = self._grow(helpers)
        if not helpers:
            for part in parts:
                compute(part)
            return
        job = _Job(compute, parts, self._here.flag)
        for _ in range(helpers):
            self._jobs.put(job)
        self._posted.set(True)
        start, used = time.perf_counter(), time.thread_time()
        job.compute()
        end = time.perf_counter()
        if end - start - (time.thread_time() - used) > _STARVED:
            self._crowded = end + _CROWDED
        job.wait(end > self._crowded)

    def _grow(self, count: int) -> int:
        """Start threads, and return how many there are: fewer, where the system has no more of them to give."""
        with self._growing:
            while len(self._idents) < count:
                thread = threading.Thread(target=self._serve, name="gradarray", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    break
                assert thread.ident is not None
                self._idents.add(thread.ident)
            return len(self._idents)

    def _serve(self) -> None:
        while True:
            self._posted.set(False)
            if self._jobs.empty() and time.perf_counter() > self._crowded:
                self._posted.look_out()
            self._jobs.get().help()


def _start_anew() -> None:
    global workers
    workers = Workers()


workers = Workers()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)  # threads do not follow into the child
