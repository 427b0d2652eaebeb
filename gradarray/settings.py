"""What holds in a block: whether calls are recorded, what a lost gradient does, whether memory is guarded.

The settings belong to the context, as NumPy's errstate does: to one thread, and within it to one asyncio task. Two
things are done otherwise than in most libraries, because Ctrl-C may come at any moment:

- A block ends by releasing a lock, in C. Python looks for a signal at the start of a function that is written in
  Python, such as an ``__exit__``: one that comes there would leave the block open for good, which 1 to 6 % of the
  interrupts of a tight loop did. A block whose lock is free is over, whatever the context says.
- The library itself does without NumPy's blocks. It sets the context variable within a ``try`` and sets it back in its
  ``finally``, which is one call into C as well; `within` and `silently` do so for a function. No loop stands in such a
  ``try``: Python 3.13 looks for a signal as it jumps back, and takes that place for one outside of it.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import operator
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload
from weakref import ref

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


class Settings:
    """What holds in a context.

    Attributes
    ----------
    recording : calls on variables are recorded
    stopped : differentiations in forward mode up to this level have been stopped; those that began later go on
    policy : what a lost gradient does, or None for what holds in the program
    transforms : how many transforms' functions are being carried out
    named : in those, where bare values were asked for by name; see loss.py
    guarded : whether memory is guarded, or None for what holds in the program
    lock : of a block that somebody else ends, what it holds until then
    outer : what holds when it has ended
    block : the block itself
    by_hand : it was opened by a call of ``__enter__``, and not by a ``with`` statement
    anomalies : what is noted in a block that looks for infinities and NaN; see anomaly.py
    undo : of a block that has set more than this, what sets that back
    """

    __slots__ = (
        "anomalies",
        "block",
        "by_hand",
        "guarded",
        "lock",
        "named",
        "outer",
        "policy",
        "recording",
        "stopped",
        "transforms",
        "undo",
    )

    recording: bool
    stopped: int
    policy: str | None
    transforms: int
    named: dict[Any, Any] | None
    guarded: bool | None
    lock: Any
    outer: Settings | None
    block: Block | None
    by_hand: bool
    anomalies: Any
    undo: Any

    def __init__(
        self,
        recording: bool = True,
        stopped: int = 0,
        policy: str | None = None,
        transforms: int = 0,
        named: dict[Any, Any] | None = None,
        guarded: bool | None = None,
        anomalies: Any = None,
    ) -> None:
        self.recording, self.stopped, self.policy = recording, stopped, policy
        self.transforms, self.named, self.guarded = transforms, named, guarded
        self.anomalies = anomalies
        self.lock = self.outer = self.block = self.undo = None
        self.by_hand = False

    def here(self, **changes: Any) -> Settings:
        """Return the same with some of them changed until the block that is open ends."""
        kept = {"lock": self.lock, "outer": self.outer, "block": self.block, "by_hand": self.by_hand}
        return self.with_(**kept, undo=self.undo, **changes)

    def with_(self, **changes: Any) -> Settings:
        """Return the same with some of them changed, for a stretch of code that restores them itself."""
        new = Settings(
            self.recording, self.stopped, self.policy, self.transforms, self.named, self.guarded, self.anomalies
        )
        for name, value in changes.items():
            setattr(new, name, value)
        return new


_FIRST = Settings()
_context: ContextVar[Settings] = ContextVar("gradarray", default=_FIRST)
hold = _context.set


def held() -> Settings:
    """Return what holds in this context."""
    now = _context.get()
    while now.lock is not None and not now.lock.locked():
        assert now.outer is not None
        now = now.outer
    return now


# The levels of forward mode: of two differentiations, the one that began later, which is the inner one, has the higher.
next_level = itertools.count(1).__next__

# The locks of the blocks that are open in any context, by a running number: of those that stop recording or look for
# anomalies, and of those that set the guard. One look at whether there are any spares the look at the context, which
# costs several times as much. They are dictionaries, of which entries are taken out one by one, because other threads
# put in theirs meanwhile.
Open = dict[int, "ref[Any]"]
paused: Open = {}
relaxed: Open = {}
_number = itertools.count().__next__


def _tidy(blocks: Open) -> None:
    """Take out the blocks that are over."""
    for number, link in [*blocks.items()]:
        lock = link()
        if lock is None or not lock.locked():
            blocks.pop(number, None)


def recording() -> bool:
    """Tell whether operations on variables are recorded in this context."""
    now = held()
    if now.recording:
        if paused:
            if now.anomalies is not None:
                now.anomalies.note()
            _tidy(paused)
        return True
    return False


def watching() -> Any:
    """Return what is noted of infinities and NaN in this context, or None."""
    return held().anomalies


def stopped(level: int) -> bool:
    """Tell whether tangents of a level are dropped here, because recording was stopped after that had begun."""
    if level <= held().stopped:
        return True
    if paused:
        _tidy(paused)
    return False


def guarded(default: bool) -> bool:
    """Tell whether the memory guard is on in this context."""
    now = held().guarded
    if now is None:
        if relaxed:
            _tidy(relaxed)
        return default
    return now


# --- NumPy's errors of floating-point numbers ------------------------------------------------------------------------


class _ByCalls:
    """NumPy's settings, got and set by its functions."""

    def get(self) -> Any:
        return np.geterr()

    def set(self, value: Any) -> Any:
        return np.seterr(**value)

    def reset(self, before: Any) -> None:
        np.seterr(**before)


def _errors() -> tuple[Any, Any]:
    """Return where NumPy keeps its settings, and the value of it under which nothing is said.

    It is a context variable, which can be set in a tenth of the time that np.errstate takes, and set back in C.
    """
    before = copy_context()
    silent = before.copy()
    silent.run(np.seterr, all="ignore")
    changed = [var for var in silent if var not in before or silent[var] is not before[var]]
    return (changed[0], silent[changed[0]]) if len(changed) == 1 else (_ByCalls(), dict.fromkeys(np.geterr(), "ignore"))


errors, SILENT = _errors()


def silently(compute: Callable[..., Any], *args: Any) -> Any:
    """Call a function while NumPy says nothing of infinite and undefined results."""
    before = errors.get()
    try:
        errors.set(SILENT)
        return compute(*args)
    finally:
        errors.set(before)


class _Collector(threading.local):
    """A setting of each thread under which NumPy says nothing, and the kinds of errors are collected."""

    def __init__(self) -> None:
        self.flags: list[int] = []
        self.setting = copy_context().run(self._make, self.flags.append)

    def _make(self, collect: Callable[[int], None]) -> Any:
        np.seterrcall(lambda _text, flags: collect(flags))
        np.seterr(all="call")
        return errors.get()


_collector = _Collector()
_FLAGS = {"divide": 1, "over": 2, "under": 4, "invalid": 8}


def told_once(in_parts: Callable[[], object], in_one: Callable[[], object]) -> None:
    """Compute something in parts, and then in one go if NumPy has something to say of it, so that it is said once.

    What is then done is what the user has set: a warning, an error, a call or nothing.
    """
    before = errors.get()
    if before is SILENT:
        in_parts()
        return
    collector = _collector
    collector.flags.clear()
    try:
        errors.set(collector.setting)
        in_parts()
    finally:
        errors.set(before)
    if collector.flags:
        said = functools.reduce(operator.or_, collector.flags)
        if any(said & _FLAGS[kind] for kind, mode in np.geterr().items() if mode != "ignore"):
            in_one()


def within(changes: dict[str, Any], compute: Callable[..., Any], *args: Any) -> Any:
    """Call a function while some of the settings are others."""
    before = held()
    try:
        hold(before.with_(**changes))
        return compute(*args)
    finally:
        hold(before)


def together(func: Callable[..., object], *arguments: Iterable[Any]) -> None:
    """Call a function that is written in C for all its arguments, as `map` does, with no place for a signal between."""
    deque(map(func, *arguments), 0)


# Of `within`: record, whatever block is open, and look for nothing. Not to record takes a block, which those who look
# at `paused` see.
RECORDED: dict[str, Any] = {"recording": True, "anomalies": None}


# --- blocks -----------------------------------------------------------------------------------------------------------


class _Next(threading.local):
    """The lock of the block that this thread is about to open: ``with`` asks for ``__exit__`` before it enters."""

    lock: Any = None


_next = _Next()


class Exit:
    """The ``__exit__`` of a block, or of what has one as `_block`: the release of a lock, which is C's."""

    def __get__(self, owner: Any, cls: type) -> Callable[..., None]:
        if owner is None:  # so contextlib.ExitStack asks for it
            return _end
        block, now = owner._block, held()
        if now.block is block and now.by_hand:
            return now.lock.__exit__  # type: ignore[no-any-return]
        _next.lock = threading.Lock()
        return _next.lock.__exit__  # type: ignore[no-any-return]


def _end(owner: Any, *_: object) -> None:
    """End the innermost opening of a block."""
    block, now = owner._block, held()
    while now.block is not block and now.outer is not None:
        now = now.outer
    if now.block is block:
        now.lock.release()
        if now.undo is not None:
            now.undo(None)


class Block:
    """Some settings for a ``with`` statement or a decorated function.

    One object serves any number of openings, nested and in several threads and tasks. Called with nothing, it is
    itself; called with a function, it is the decorator.
    """

    def __init__(self, name: str, among: Open | None = None, **changes: Any) -> None:
        self._name, self._among, self._settings = name, among, changes

    @property
    def _block(self) -> Block:
        return self

    def _changes(self) -> dict[str, Any]:
        return self._settings

    def __enter__(self) -> Self:
        lock, _next.lock = _next.lock, None
        by_hand = lock is None
        if by_hand:
            lock = threading.Lock()
        before = held()
        now = before.with_(lock=lock, outer=before, block=self, by_hand=by_hand, **self._changes())
        lock.acquire()
        try:
            if self._among is not None:
                self._among[_number()] = ref(lock)
            hold(now)
        except BaseException:
            lock.release()
            raise
        return self

    if TYPE_CHECKING:

        def __exit__(self, kind: Any, error: Any, traceback: Any) -> None: ...

    else:
        __exit__ = Exit()

    @overload
    def __call__(self) -> Self: ...
    @overload
    def __call__(self, func: F) -> F: ...
    def __call__(self, func: Any = None) -> Any:
        if func is None:
            return self
        if not callable(func):
            raise TypeError(f"{self._name} decorates a function, not {type(func).__name__}")
        return _decorated(self, func)

    def __repr__(self) -> str:
        return f"ga.{self._name}"

    def __reduce__(self) -> str:
        return self._name


def _decorated(block: Block, func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs within a block: of a generator or a coroutine, whenever it runs."""
    if inspect.isasyncgenfunction(func):

        @functools.wraps(func)
        async def steps_awaited(*args: Any, **kwargs: Any) -> Any:
            inner = func(*args, **kwargs)
            step, sent = inner.asend, None
            try:
                while True:
                    with block:
                        item = await step(sent)
                    try:
                        step, sent = inner.asend, (yield item)
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step, sent = inner.athrow, error
            except StopAsyncIteration:
                return
            finally:
                with block:
                    await inner.aclose()

        return steps_awaited

    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            with block:
                return await func(*args, **kwargs)

        return awaited

    if inspect.isgeneratorfunction(func):

        @functools.wraps(func)
        def steps(*args: Any, **kwargs: Any) -> Any:
            inner = func(*args, **kwargs)
            step, sent = inner.send, None
            try:
                while True:
                    with block:
                        item = step(sent)
                    try:
                        step, sent = inner.send, (yield item)
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step, sent = inner.throw, error
            except StopIteration as end:
                return end.value
            finally:
                with block:
                    inner.close()

        return steps

    @functools.wraps(func)
    def called(*args: Any, **kwargs: Any) -> Any:
        with block:
            return func(*args, **kwargs)

    return called
