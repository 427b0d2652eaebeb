"""Plans: what to open for a call, found out once for each function and kept as long as it holds."""

from __future__ import annotations

import functools
import itertools
import operator
import sys
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import draws, iteration, jitted, places, table  # noqa: F401 - they fill the table
from .creation import TRACED
from .numbers import BUILTINS
from .places import Place
from .reach import FEW, LEAVES, MISSING, Reach, is_users

_TOLD_BY_IDENTITY = (types.CodeType, types.BuiltinFunctionType, types.ModuleType, type, np.ufunc)
# What a global name that is None may lead to later on counts.
_WATCHED_NOT = LEAVES - {type(None)}


class Plan:
    """What to open for a function, and what would make another plan necessary.

    Attributes
    ----------
    places : to be bound
    imports : modules are imported inside of functions
    particular : some places are those of single objects, so that the plan serves for these alone
    """

    __slots__ = ("_kept", "_missing", "_version", "_watched", "imports", "particular", "places", "roots")

    def __init__(self, roots: Iterable[Any], whole: bool = False) -> None:
        found = Reach(roots, whole)
        bound: dict[int, Place] = {}
        for space, _, _ in found.spaces.values():
            places.in_module(space)
        entries = list(found.need())
        needed = found.needed or (found.lists and bool(entries or found.with_lists or found.library))
        if needed:
            for space, name, value, new in entries:
                if name in BUILTINS:
                    # It stays, as the builtin itself: a key that comes and goes would make the interpreter forget
                    # where each global of the module is.
                    space.setdefault(name, value)
                place = places.in_module(space)
                place.add(name, value, new)
                bound[id(space)] = place
            for space, _, _ in found.spaces.values():  # also one that has no such name says that variables stay here
                bound.setdefault(id(space), places.in_module(space))
        particular = (*found.particular, *(found.with_lists if found.lists else ()))
        self.places: tuple[Place, ...] = (*bound.values(), *particular) if needed else ()
        self.imports = needed and found.imports
        self.particular = bool(particular)
        self.roots: tuple[Any, ...] = ()
        # What is told by its identity, in a key or in the walk, must live as long as the plan.
        kept = [getattr(obj, "__code__", obj) for obj in found.kept]
        self._kept = [obj for obj in kept if isinstance(obj, _TOLD_BY_IDENTITY)]
        self._missing = found.missing
        self._version = table.version[0]
        self._watched = [_watch(space, names) for space, names, _ in found.spaces.values()]

    def is_of(self, roots: tuple[Any, ...]) -> bool:
        """Tell whether the plan was made for these very objects."""
        return len(roots) == len(self.roots) and all(a() is b for a, b in zip(self.roots, roots, strict=True))

    def fresh(self) -> bool:
        """Tell whether the modules have what they had, as far as it counts."""
        if self._version != table.version[0] or (self._missing and any(m in sys.modules for m in self._missing)):
            return False
        for space, size, get, names, values in self._watched:
            if len(space) != size:
                return False
            if names and not all(map(operator.is_, get(space), values)):
                now = [places.value_in(space, name) for name in names]  # a block around this one may be open
                if not all(map(operator.is_, now, values)):
                    return False
        return True


# --- the plans that are kept ------------------------------------------------------------------------------------------

_plans: dict[int, dict[Any, Plan]] = {}


def _watch(space: dict[str, Any], names: Iterable[str]) -> tuple[Any, ...]:
    """Return what tells whether names of a module lead to what they led to."""
    values = {name: places.value_in(space, name, MISSING) for name in names}
    here = [n for n, value in values.items() if value is not MISSING and type(value) not in _WATCHED_NOT]
    get = operator.itemgetter(*here, here[0]) if here else None  # of two names at least it gives a tuple
    return space, len(space), get, [*here, *here[:1]], [values[name] for name in [*here, *here[:1]]]


def plan_for(f: Any, args: Any, kwargs: dict[str, Any]) -> Plan:
    """Return the plan of a call, from the list that is kept with the code of the function."""
    code, key, roots = _identity(f)
    for value in (*args, *kwargs.values()) if kwargs else args:
        if type(value) not in LEAVES and type(value) not in TRACED:
            key = (*key, _kind(value, 2))
            roots = (*roots, value)
    kept = _plans.get(id(code))
    if kept is None:
        if len(_plans) > 1000:
            _plans.clear()
        kept = _plans[id(code)] = {}
    plan = kept.get(key)
    if plan is not None and plan.fresh() and (not plan.particular or plan.is_of(roots)):
        return plan
    if len(kept) > 20:
        kept.clear()
    plan = kept[key] = Plan((f, *args, *kwargs.values()))
    if plan.particular:
        plan.roots = tuple([_weak(root) for root in roots])
    plan._kept.append(code)
    return plan


def plan_of(roots: tuple[Any, ...]) -> Plan:
    """Return the plan for all that functions and modules reach, whatever they will be called with."""
    found = [_identity(root) for root in roots]
    key = tuple([(id(code), *key) for code, key, _ in found])
    held = (*roots, *[obj for _, _, objects in found for obj in objects])
    plan = _by_roots.get(key)
    if plan is None or not plan.is_of(held) or not plan.fresh():
        if len(_by_roots) > 20:  # they may hold objects of the program's
            _by_roots.clear()
        plan = _by_roots[key] = Plan(roots, whole=True)
        plan.roots = tuple([_weak(root) for root in held])
    return plan


_by_roots: dict[Any, Plan] = {}


def _weak(obj: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(obj)
    except TypeError:
        return lambda: obj


def _identity(f: Any) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Return the code of a function, what else decides what it reaches, and the objects that belong to it."""
    cls = type(f)
    if cls is types.FunctionType:
        space = id(f.__globals__)  # code may be run in several; a plan keeps its own
        if f.__closure__ is None and f.__defaults__ is None and f.__kwdefaults__ is None:
            return f.__code__, (space,), ()
        held = _held(f)
        return f.__code__, (space, *[_kind(value, 2) for value in held]), held
    if cls is types.MethodType:
        code, key, roots = _identity(f.__func__)
        return code, (*key, _kind(f.__self__, 1)), (*roots, f.__self__)
    wrapped = getattr(f, "__wrapped__", None)
    if wrapped is not None and not isinstance(f, type):
        code, key, roots = _identity(wrapped)
        return code, (*key, cls), roots
    if cls is functools.partial:
        code, key, roots = _identity(f.func)
        return code, (*key, *[_kind(v, 2) for v in f.args]), (*roots, *f.args, f)
    return (f if isinstance(f, type) else cls), (), (f,)


def _held(f: types.FunctionType) -> tuple[Any, ...]:
    """Return what a function has besides its code: the contents of its closure, and its defaults."""
    return *map(_content, f.__closure__ or ()), *(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _kind(value: Any, depth: int) -> Any:
    """Return what decides where a value leads."""
    cls = type(value)
    if cls in LEAVES:
        return cls
    if cls is types.FunctionType:
        own = id(value.__code__), id(value.__globals__)
        return own + tuple([_kind(v, depth - 1) for v in _held(value)]) if depth else own
    if cls is list or cls is tuple or cls is dict:
        items = value.values() if cls is dict else value
        return (cls, frozenset([_kind(v, depth - 1) for v in itertools.islice(items, FEW)])) if depth else cls
    if isinstance(value, (type, types.ModuleType, types.BuiltinFunctionType, np.ufunc)):
        return id(value)
    wrapped = vars(value).get("__wrapped__") if hasattr(value, "__dict__") else None
    return cls if wrapped is None else (cls, _kind(wrapped, depth))


def whole_program() -> Plan:
    """Return the plan for all modules of the user's."""
    modules = [m for m in [*sys.modules.values()] if isinstance(m, types.ModuleType)]
    return Plan([m for m in modules if is_users(vars(m))], whole=True)
