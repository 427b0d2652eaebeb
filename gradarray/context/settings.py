"""What holds in a block: whether calls are recorded, what a lost gradient does, whether memory is guarded.

The settings belong to the context, as NumPy's errstate does: to one thread, and within it to one asyncio task. Two
things are done otherwise than in most libraries, because Ctrl-C may come at any moment:

- A ``with`` statement ends its block by releasing a lock, in C. Python looks for a signal at the start of a function
  that is written in Python, such as an ``__exit__``: one that comes there would leave the block open for good, which 1
  to 6 % of the interrupts of a tight loop did. A block whose lock is free is over, whatever the context says.
- The library itself does without NumPy's blocks. It sets the context variable within a ``try`` and sets it back in its
  ``finally``, which is one call into C as well; `within` and `silently` do so for a function. No loop stands in such a
  ``try``: Python 3.13 looks for a signal as it jumps back, and takes that place for one outside of it.
"""

from __future__ import annotations

import dis
import functools
import inspect
import itertools
import operator
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload
from weakref import ref

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

_new = object.__new__


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
    outer : what holds when it has ended, or what this was made of
    changes : the names of what was changed of that
    block : the block itself
    by_hand : it was opened by a call of ``__enter__``, and not by a ``with`` statement
    making : what becomes of arrays that are made, or None where drop-in mode is off; see dropin/making.py
    program : that is being written down, of which arrays that are made are a part, or None; see compiler/
    lanes : the calls of `vmap` that go on here, from the outermost to the innermost; see batch/mapped.py
    anomalies : what is noted in a block that looks for infinities and NaN; see anomaly.py
    undo : of a block that has set more than this, what sets that back
    at_leave : of such a block of a ``with`` statement, the reference to its exit that calls it when that is gone
    """

    __slots__ = (
        "anomalies",
        "at_leave",
        "block",
        "by_hand",
        "changes",
        "guarded",
        "lanes",
        "lock",
        "making",
        "named",
        "outer",
        "policy",
        "program",
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
    changes: Iterable[str]
    anomalies: Any
    making: Any
    program: Any
    lanes: tuple[Any, ...]
    undo: Any
    at_leave: Any

    def __init__(
        self,
        recording: bool = True,
        stopped: int = 0,
        policy: str | None = None,
        transforms: int = 0,
        named: dict[Any, Any] | None = None,
        guarded: bool | None = None,
        anomalies: Any = None,
        making: Any = None,
        program: Any = None,
        lanes: tuple[Any, ...] = (),
    ) -> None:
        self.recording, self.stopped, self.policy = recording, stopped, policy
        self.transforms, self.named, self.guarded = transforms, named, guarded
        self.anomalies, self.making, self.program, self.lanes = anomalies, making, program, lanes
        self.lock = self.outer = self.block = self.undo = self.at_leave = None
        self.by_hand, self.changes = False, ()

    def here(self, **changes: Any) -> Settings:
        """Return the same with some of them changed until the block that is open ends."""
        return self.with_(**changes) if self.outer is None else self.upon(self.outer, **changes)

    def upon(self, outer: Settings, **changes: Any) -> Settings:
        """Return what changes of another one what this has changed of its own, and has the same end."""
        new = outer.with_(**{name: getattr(self, name) for name in self.changes} | changes)
        new.undo, new.at_leave = self.undo, self.at_leave
        return new

    def with_(self, **changes: Any) -> Settings:
        """Return the same with some of them changed, for a stretch of code that restores them itself."""
        new = Settings(
            self.recording,
            self.stopped,
            self.policy,
            self.transforms,
            self.named,
            self.guarded,
            self.anomalies,
            self.making,
            self.program,
            self.lanes,
        )
        new.outer, new.changes = self, changes
        for name, value in changes.items():
            setattr(new, name, value)
        return new

    def in_transform(self, policy: str | None, named: dict[Any, Any] | None, making: Any, recorded: bool) -> Settings:
        """Return what holds while the function of a transform runs; `recorded`: whatever block is open around it.

        It does what `with_` does, without a loop: that counts beside the gradient of a small function.
        """
        new = _new(Settings)
        new.policy, new.named, new.making = policy, named, making
        new.transforms = self.transforms + 1
        new.stopped, new.guarded, new.anomalies, new.program = self.stopped, self.guarded, self.anomalies, self.program
        new.lanes = self.lanes
        new.lock = new.block = new.undo = new.at_leave = None
        new.by_hand, new.outer = False, self
        new.recording = recorded or self.recording
        new.changes = _IN_RECORDED if recorded else _IN_TRANSFORM
        return new


_IN_TRANSFORM = ("policy", "transforms", "named", "making")
_IN_RECORDED = (*_IN_TRANSFORM, "recording")
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
# What stands there as long as nobody has set anything: NumPy warns of all but underflows.
USUAL = Context().run(errors.get)


def _under(setting: Any) -> bool:
    errors.set(setting)
    return np.geterr()["under"] == "ignore"


@functools.lru_cache(32)
def _ignored(setting: Any) -> bool:
    return copy_context().run(_under, setting)


# Tells of a setting whether NumPy says nothing of results that are too small under it, as it does by itself.
ignores_underflow: Callable[[Any], bool] = _ignored if type(SILENT) is not dict else lambda x: x["under"] == "ignore"


def _narrow(setting: Any) -> Any:
    errors.set(setting)
    np.setbufsize(16)
    return errors.get()


@functools.lru_cache(32)
def _narrowed(setting: Any) -> Any:
    return copy_context().run(_narrow, setting)


def narrow(setting: Any) -> Any:
    """Return a setting of what NumPy says with the smallest buffer, for arithmetic that shall not be buffered."""
    return setting if type(setting) is dict else _narrowed(setting)  # which says nothing of buffers


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


def plainly(f: Callable[..., Any], args: Any, kwargs: Mapping[str, Any] = types.MappingProxyType({})) -> Any:
    """Call a function that is to see plain arrays, and to make them, whatever goes on around it."""
    before = held()
    try:
        if before.making is not None:
            hold(before.with_(making=None))
        return f(*args, **kwargs)  # as `f`, by which messages know what was called
    finally:
        hold(before)


# Of `within`: record, whatever block is open, and look for nothing. Not to record takes a block, which those who look
# at `paused` see.
RECORDED: dict[str, Any] = {"recording": True, "anomalies": None}


# --- blocks -----------------------------------------------------------------------------------------------------------


# Where a ``with`` statement asks for ``__exit__``, just before it enters.
_AT_WITH = frozenset(dis.opmap[name] for name in ("BEFORE_WITH", "LOAD_SPECIAL") if name in dis.opmap)
# By the identity of the frame that is at such a place: what it has been given there, which is its own alone.
_asked: dict[int, ref[Any]] = {}


class Exit:
    """The ``__exit__`` of a block, or of what has one as `_block`.

    A ``with`` statement gets the release of a lock, which is C's, and its opening takes that lock. All others get what
    ends the innermost opening that is not a ``with`` statement's own.
    """

    def __get__(self, owner: Any, cls: type) -> Callable[..., None]:
        if owner is None:  # so contextlib.ExitStack asks for it
            return _end
        frame = sys._getframe(1)
        if frame.f_code.co_code[frame.f_lasti] not in _AT_WITH:
            return functools.partial(_end, owner)
        leave = threading.Lock().__exit__
        _asked[id(frame)] = ref(leave)
        return leave


def _end(owner: Any, *_: object) -> None:
    """End the innermost opening of a block that was opened by a call of ``__enter__``."""
    block, now = owner._block, held()
    inner = []
    while not (now.by_hand and now.block is block and now.lock.locked()):
        if now.outer is None:
            raise RuntimeError(f"{block!r} was not opened here by a call of __enter__, or has ended since")
        if now.lock is None or now.lock.locked():
            inner.append(now)
        now = now.outer
    now.lock.release()
    if now.undo is not None:
        now.undo(None)
    if inner:  # those that stay open had what this one set
        hold(functools.reduce(lambda outer, other: other.upon(outer), reversed(inner), now.outer))


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
        self.open(sys._getframe(1))
        return self

    def open(self, frame: types.FrameType) -> None:
        """Open the block for a frame: for its ``with`` statement, if it is at one."""
        asked = _asked.pop(id(frame), None)
        leave = None if asked is None else asked()
        lock = threading.Lock() if leave is None else leave.__self__
        now = held().with_(lock=lock, block=self, by_hand=leave is None, **self._changes())
        lock.acquire()
        try:
            if self._among is not None:
                self._among[_number()] = ref(lock)
            self._set_besides(now)
            if leave is not None and now.undo is not None:  # the statement alone has it, and lets go of it, in C
                # Two of them: an interrupt that comes in the first call ends that call alone.
                now.at_leave = ref(leave, now.undo), ref(leave, functools.partial(now.undo))
            hold(now)
        except BaseException:
            lock.release()
            if now.undo is not None:
                now.undo(None)
            raise

    def _set_besides(self, now: Settings) -> None:
        """Set what is to be set elsewhere, once `now` has the `undo` of that."""

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


# --- decorated functions ----------------------------------------------------------------------------------------------


def _decorated(block: Block, func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs within a block: of a generator or a coroutine, whenever it runs."""
    for code in (func, type(func).__call__):  # that of an object may be one, too
        if inspect.isasyncgenfunction(code):
            return functools.wraps(func)(_steps_awaited(block, func))
        if inspect.iscoroutinefunction(code):
            return functools.wraps(func)(_awaited(block, func))
        if inspect.isgeneratorfunction(code):
            return functools.wraps(func)(_steps(block, func, _flags(code)))

    @functools.wraps(func)
    def called(*args: Any, **kwargs: Any) -> Any:
        with block:
            result = func(*args, **kwargs)
        kind = type(result)
        return _later(block, result) if kind in _LATER else result

    return called


_LATER = frozenset((types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType))


def _later(block: Block, result: Any) -> Any:
    """Return what runs as a generator or a coroutine does that a plain function has returned, within a block."""
    if isinstance(result, types.AsyncGeneratorType):
        return _steps_awaited(block, lambda: result)()
    if isinstance(result, types.CoroutineType):
        return _awaited(block, lambda: result)()
    return _steps(block, lambda: result, result.gi_code.co_flags)()


def _flags(func: Any) -> int:
    while isinstance(func, functools.partial):
        func = func.func
    return getattr(getattr(func, "__code__", None), "co_flags", 0)


def _awaited(block: Block, func: Callable[..., Any]) -> Callable[..., Any]:
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        with block:
            return await func(*args, **kwargs)

    return awaited


def _steps(block: Block, func: Callable[..., Any], flags: int) -> Callable[..., Any]:
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

    return types.coroutine(steps) if flags & inspect.CO_ITERABLE_COROUTINE else steps


def _steps_awaited(block: Block, func: Callable[..., Any]) -> Callable[..., Any]:
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


# --- recording state ------------------------------------------------------------------------------------------------


class _NoGrad(Block):
    """Stop recording inside a ``with`` block or a decorated function; results are constants.

    It acts on the calling thread, or asyncio task, alone; blocks may be nested. The function that is differentiated may
    hold such a block: what is computed there is a constant in both modes. One that was open before concerns only what
    is outside of the derivative that is asked for within it. A generator or a coroutine function that is decorated
    does not record whenever it runs.

    As a decorator it takes `to_numpy`: True makes a plain ndarray of what the function returns.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor(2.0)
    >>> with ga.no_grad:
    ...     y = x * x
    >>> y.constant
    True
    >>> @ga.no_grad
    ... def double(x):
    ...     return 2 * x
    >>> double(x).constant
    True
    >>> ga.no_grad(double, to_numpy=True)(x)
    array(4.)
    """

    def _changes(self) -> dict[str, Any]:
        return {"recording": False, "stopped": next_level()}

    @overload
    def __call__(self, func: None = None, to_numpy: bool = False) -> Any: ...
    @overload
    def __call__(self, func: F, to_numpy: bool = False) -> F: ...
    def __call__(self, func: Any = None, to_numpy: bool = False) -> Any:
        if not to_numpy:
            return super().__call__(func)
        return self._giving_arrays if func is None else self._giving_arrays(func)

    def _giving_arrays(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that runs within a block and gives its result as a plain array."""
        within = super().__call__(func)

        @functools.wraps(func)
        def called(*args: Any, **kwargs: Any) -> Any:
            result = within(*args, **kwargs)
            with self:  # nothing is lost of what was not to be recorded
                return np.asarray(result)

        return called


no_grad = _NoGrad("no_grad", paused)
