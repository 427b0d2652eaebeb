"""Threads that compute parts of a large array.

A thread that sleeps is awake some 25 to 45 us after it was called; 10**5 additions take as long. To look out for a flag
in place of sleeping, without the interpreter's lock, does not pay: the seven large benchmarks take 0.94 to 1.05 of the
time, and 2**17 additions after a product of BLAS, whose threads stay awake, 1.75 of it.
"""

from __future__ import annotations

import contextvars
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue

from . import processors


class _Job:
    """Parts to be computed: each by the thread that comes for it first."""

    __slots__ = ("_compute", "_context", "_done", "_ended", "_owner", "_parts", "_processor", "_total")

    def __init__(self, compute: Callable[[slice], object], parts: Iterable[slice], processor: int) -> None:
        self._compute: Callable[[slice], object] | None = compute
        self._parts = deque(parts)
        self._total = len(self._parts)
        self._ended: list[BaseException | None] = []
        self._context = contextvars.copy_context()
        self._done: SimpleQueue[None] = SimpleQueue()
        self._owner, self._processor = threading.get_native_id(), processor

    def compute(self) -> None:
        """Compute parts until none is left."""
        self._tell(self._computed(self._taken()))

    def help(self) -> None:
        """Compute parts in another thread than the one that waits for them."""
        part = self._taken()
        if part is None:
            return
        # The owner waits for this part, so that it goes on with the processors that it had.
        with processors.pinned(self._owner, self._processor):
            ended = self._context.copy().run(self._computed, part)  # np.errstate of that thread holds here too
        self._tell(ended)
        if len(self._ended) == self._total:
            self._done.put(None)

    def _taken(self) -> slice | None:
        try:
            return self._parts.popleft()
        except IndexError:
            return None

    def _computed(self, part: slice | None) -> list[BaseException | None]:
        """Compute a part, and others until none is left; return how each of them ended."""
        ended: list[BaseException | None] = []
        while part is not None:
            ended.append(self._error_of(part))
            part = self._taken()
        return ended

    def _error_of(self, part: slice) -> BaseException | None:
        try:
            self._compute(part)  # type: ignore[misc]  # it is there as long as a part is
        except BaseException as error:
            return error
        return None

    def _tell(self, ended: list[BaseException | None]) -> None:
        self._ended += ended
        ended.clear()  # to which an error refers, by way of its traceback

    def wait(self) -> None:
        """Wait until all parts are computed, and raise the first error that came of them."""
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


class Workers:
    """Threads that take jobs from a queue of C's: 73 us after a rest until one runs, by concurrent.futures 91."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._idents: set[int] = set()
        self._natives: list[int] = []  # what the system calls them
        self._kept_off = -1  # the processor that they leave to whoever has called them last
        self._growing = threading.Lock()

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
        processor = processors.current()
        if processor != self._kept_off:
            processors.keep_off(self._natives, processor)
            self._kept_off = processor
        job = _Job(compute, parts, processor)
        for _ in range(helpers):
            self._jobs.put(job)
        job.compute()
        job.wait()

    def _grow(self, count: int) -> int:
        """Start threads, and return how many there are: fewer, where the system has no more of them to give."""
        with self._growing:
            while len(self._idents) < count:
                thread = threading.Thread(target=self._serve, name="gradarray", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    break
                assert thread.ident is not None and thread.native_id is not None
                self._idents.add(thread.ident)
                self._natives.append(thread.native_id)
                self._kept_off = -1  # not by this one
            return len(self._idents)

    def _serve(self) -> None:
        while True:
            self._jobs.get().help()


def _start_anew() -> None:
    global workers
    workers = Workers()


workers = Workers()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)  # threads do not follow into the child
