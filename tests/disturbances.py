"""What comes in between: threads whose failure is that of the test, and interrupts at any moment."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

needs_timers = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that send signals")


class Thread(threading.Thread):
    """A thread that has been started, and raises what it fails with in the thread that waits for it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work, self._error, self._result = work, None, None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:
            self._error = error

    def finish(self) -> Any:
        self.join(timeout=60)
        assert not self.is_alive()
        if self._error is not None:
            raise self._error
        return self._result


def interrupted(work: Callable[[], Any], delays: Iterable[float]) -> Iterator[bool]:
    """Begin some work once for each delay, send an interrupt so many seconds later, and yield whether it arrived in it.

    What is looked at in between is not interrupted. Python loses an interrupt that comes within a finalizer, so that
    others follow; it tells of it by a hook, which is here none of Python code, since another one would end that.
    """
    armed = False
    lost: list[sys.UnraisableHookArgs] = []

    def interrupt(*_: Any) -> None:
        if armed:
            raise KeyboardInterrupt

    former, tells = signal.signal(signal.SIGALRM, interrupt), sys.unraisablehook
    sys.unraisablehook = lost.append
    try:
        for delay in delays:
            arrived = False
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, delay, 0.1)
                work()
                armed = False
            except KeyboardInterrupt:
                arrived = True
            armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            yield arrived
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
        sys.unraisablehook = tells
        for error in lost:
            if error.exc_type is not KeyboardInterrupt:
                tells(error)
        lost.clear()
