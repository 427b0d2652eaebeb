"""What decides where a function leads, besides the modules that it reaches: in a key, and to be compared in place."""

from __future__ import annotations

import functools
import itertools
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .creation import TRACED
from .reach import FEW, LEAVES

_KNOWN_BY_TYPE = LEAVES | {*TRACED}
_KNOWN_BY_IDENTITY = (type, types.ModuleType, types.BuiltinFunctionType, np.ufunc)


def identity(f: Any) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Return the code of a function, what else decides what it reaches, and the objects that belong to it."""
    cls = type(f)
    if cls is types.FunctionType:
        space = id(f.__globals__)  # code may be run in several; a plan keeps its own
        if f.__closure__ is None and f.__defaults__ is None and f.__kwdefaults__ is None:
            return f.__code__, (space,), ()
        held = _held(f)
        return f.__code__, (space, *[_kind(value, 2) for value in held]), held
    if cls is types.MethodType:
        code, key, roots = identity(f.__func__)
        return code, (*key, _kind(f.__self__, 1)), (*roots, f.__self__)
    wrapped = getattr(f, "__wrapped__", None)
    if wrapped is not None and not isinstance(f, type):
        code, key, roots = identity(wrapped)
        return code, (*key, cls), roots
    if cls is functools.partial:
        code, key, roots = identity(f.func)
        given = _given(f)
        return code, (*key, *[_kind(value, 2) for value in given]), (*roots, *given, f)
    return (f if isinstance(f, type) else cls), (), (f,)


def identity_of_arguments(args: Iterable[Any], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return what decides where arguments lead, and those that lead anywhere."""
    kinds: tuple[Any, ...] = ()
    leading: tuple[Any, ...] = ()
    for value in (*args, *kwargs.values()) if kwargs else args:
        if type(value) not in _KNOWN_BY_TYPE:
            kinds, leading = (*kinds, _kind(value, 2)), (*leading, value)
    return kinds, leading


def _held(f: types.FunctionType) -> tuple[Any, ...]:
    """Return what a function has besides its code: the contents of its closure, and its defaults."""
    return _contents(f) + _defaults(f)


def _contents(f: types.FunctionType) -> tuple[Any, ...]:
    cells = f.__closure__
    if cells is None:
        return ()
    try:
        return tuple([cell.cell_contents for cell in cells])
    except ValueError:  # an empty one
        return tuple(map(_content, cells))


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _defaults(f: types.FunctionType) -> tuple[Any, ...]:
    defaults, named = f.__defaults__ or (), f.__kwdefaults__
    return (*defaults, *named.values()) if named else defaults


def _given(f: functools.partial[Any]) -> tuple[Any, ...]:
    return (*f.args, *f.keywords.values()) if f.keywords else f.args


def _kind(value: Any, depth: int) -> Any:
    """Return what decides where a value leads."""
    cls = type(value)
    if cls in LEAVES:
        return cls
    if cls is types.FunctionType:
        own = id(value.__code__), id(value.__globals__)
        return own + tuple([_kind(v, depth - 1) for v in _held(value)]) if depth else own
    if cls is list or cls is tuple or cls is dict:
        if not depth:
            return cls
        items = itertools.islice(value.values() if cls is dict else value, FEW)
        kinds = frozenset(map(type, items))
        if not kinds <= LEAVES:
            items = itertools.islice(value.values() if cls is dict else value, FEW)
            kinds = frozenset([_kind(v, depth - 1) for v in items])
        return cls, kinds
    if isinstance(value, _KNOWN_BY_IDENTITY):
        return id(value)
    wrapped = vars(value).get("__wrapped__") if hasattr(value, "__dict__") else None
    return cls if wrapped is None else (cls, _kind(wrapped, depth))


def weak(obj: Any) -> Callable[[], Any]:
    """Return what gives an object as long as somebody else keeps it, if it can be told when nobody does."""
    try:
        return weakref.ref(obj)
    except TypeError:
        return lambda: obj


# --- compared in place ------------------------------------------------------------------------------------------------

# Of what is in a closure, the type; where it counts, which one it is; of a short list of leaves, what types these have.
_Cell = tuple[type, Callable[[], Any] | None, frozenset[type] | None]
# A function; its code; whether it has no defaults; what is in its closure.
_Parts = tuple[Callable[[], Any], types.CodeType, bool, list[_Cell]]


class Met:
    """A function that was met before, with its plans and all that decided where it leads. `gone` is called at its end.

    To see that this is as it was takes a fraction of the time in which the identity is found: a gradient of 100 us
    finds none of it in the caches, so that each line that is run counts, and each call of a function twice. It keeps
    nothing alive but what plans do: code, modules and classes.

    Raises
    ------
    TypeError, ValueError
        For a function that cannot be compared so.
    """

    __slots__ = ("_f", "_functions", "_others", "_plans")

    def __init__(self, f: Any, gone: Callable[[Any], object]) -> None:
        self._f = weakref.ref(f, gone)
        self._functions: list[_Parts] = []
        # What else may lead elsewhere later on: what tells where, of which object, and what that told.
        self._others: list[tuple[Callable[..., Any], Callable[[], Any], Any]] = []
        self._plans: dict[Any, Any] = {}
        # A method or a partial function keeps what it is made of; what is in that may change.
        while type(f) is not types.FunctionType:
            if hasattr(f, "__wrapped__"):
                raise TypeError
            if type(f) is types.MethodType:
                self._other(functools.partial(_kind, depth=1) if callable(f.__self__) else type, f.__self__)
                f = f.__func__
            elif type(f) is functools.partial:
                if not (LEAVES | {*_KNOWN_BY_IDENTITY}).issuperset(map(type, _given(f))):
                    self._other(_kinds_given, f)
                f = f.func
            else:
                raise TypeError
        self._function(f, 3)

    def _function(self, f: types.FunctionType, depth: int) -> None:
        depth -= 1
        if depth < 0:
            self._functions.append((weakref.ref(f), f.__code__, False, []))
            return
        cells: list[_Cell] = []
        bare = f.__defaults__ is None and f.__kwdefaults__ is None
        self._functions.append((weakref.ref(f), f.__code__, bare, cells))
        if not bare:
            self._other(functools.partial(_kinds_of_defaults, depth=depth), f)
        for i, cell in enumerate(f.__closure__ or ()):
            value = cell.cell_contents
            known = isinstance(value, (types.FunctionType, *_KNOWN_BY_IDENTITY))
            leaves = None
            if (
                (type(value) is list or type(value) is tuple)
                and len(value) <= FEW
                and LEAVES.issuperset(map(type, value))
            ):
                leaves = frozenset(map(type, value))
            cells.append((type(value), weak(value) if known else None, leaves))
            if leaves is not None:
                continue
            if type(value) is types.FunctionType:
                self._function(value, depth)
            elif not known and (type(value) in _CONTAINERS or (type(value) not in LEAVES and callable(value))):
                self._other(functools.partial(_kind_of_content, i=i, depth=depth), f)

    def _other(self, tell: Callable[..., Any], obj: Any) -> None:
        self._others.append((tell, weakref.ref(obj), tell(obj)))

    def add(self, kinds: tuple[Any, ...], plan: Any) -> None:
        """Keep the plan for arguments of this identity."""
        if len(self._plans) > 20:
            self._plans.clear()
        self._plans[kinds] = plan

    def plan(self, f: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Return the plan for these arguments; None where there is none that still holds, or if this is not of `f`."""
        if self._f() is not f:
            return None
        try:
            for function, code, bare, cells in self._functions:
                f = function()
                if f.__code__ is not code:
                    return None
                if bare and (f.__defaults__ is not None or f.__kwdefaults__ is not None):
                    return None
                if cells:
                    for cell, (cls, which, leaves) in zip(f.__closure__, cells):  # noqa: B905 - its code is the same
                        value: Any = cell.cell_contents
                        kind = type(value)
                        if kind is not cls or (which is not None and which() is not value):
                            return None
                        if leaves is not None and (len(value) > FEW or leaves != {*map(type, value)}):
                            return None
            for tell, obj, told in self._others:
                if tell(obj()) != told:
                    return None
        except (AttributeError, ValueError):  # a function that is gone, a cell that is empty
            return None
        kinds: tuple[Any, ...] = ()
        if kwargs or not _KNOWN_BY_TYPE.issuperset(map(type, args)):
            kinds = identity_of_arguments(args, kwargs)[0]
        plan = self._plans.get(kinds)
        return plan if plan is not None and plan.fresh() else None


_CONTAINERS = frozenset((list, tuple, dict))


def _kinds_given(f: functools.partial[Any]) -> list[Any]:
    return [_kind(value, 2) for value in _given(f)]


def _kinds_of_defaults(f: types.FunctionType, depth: int) -> list[Any]:
    return [_kind(value, depth) for value in _defaults(f)]


def _kind_of_content(f: Any, i: int, depth: int) -> Any:
    return _kind(f.__closure__[i].cell_contents, depth)
