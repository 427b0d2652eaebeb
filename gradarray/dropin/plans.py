"""Plans: what to open for a call, found out once for each function and kept as long as it holds."""

from __future__ import annotations

import contextlib
import functools
import sys
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import draws, iteration, jitted, places, table  # noqa: F401 - they fill the table
from .identity import Met, identity, identity_of_arguments, weak
from .numbers import BUILTINS
from .places import Place
from .reach import LEAVES, MISSING, Reach, is_users

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
    own : the code of functions that have such places in their closures or defaults
    whose : gives the function, where its code is among these: others of the same code have closures of their own
    """

    __slots__ = (
        "_kept",
        "_missing",
        "_version",
        "_watched",
        "imports",
        "own",
        "particular",
        "places",
        "roots",
        "whose",
    )

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
        particular = tuple(dict.fromkeys((*found.particular, *(found.with_lists if found.lists else ()))))
        self.places: tuple[Place, ...] = (*bound.values(), *found.inside, *particular) if needed else ()
        self.imports = needed and found.imports
        self.particular, self.own = bool(particular), found.own
        self.roots: tuple[Any, ...] = ()
        self.whose: Callable[[], Any] | None = None
        # What is told by its identity, in a key or in the walk, must live as long as the plan.
        kept = [obj.__code__ if type(obj) is types.FunctionType else obj for obj in found.kept]
        self._kept = [obj for obj in kept if isinstance(obj, _TOLD_BY_IDENTITY)]
        self._missing = found.missing
        self._version = table.version[0]
        self._watched = [_watch(space, names) for space, names, _ in found.spaces.values()]

    def is_of(self, roots: tuple[Any, ...], own: Any = None) -> bool:
        """Tell whether the plan was made for these very objects, and for this function."""
        if self.whose is not None and self.whose() is not own:
            return False
        return len(roots) == len(self.roots) and all(a() is b for a, b in zip(self.roots, roots, strict=True))

    def fresh(self) -> bool:
        """Tell whether the modules have what they had, as far as it counts."""
        if self._version != table.version[0] or (self._missing and any(m in sys.modules for m in self._missing)):
            return False
        for space, size, names in self._watched:
            if len(space) != size:
                return False
            try:
                for name, value in names:  # a block around this one may be open
                    if space[name] is not value and places.value_in(space, name) is not value:
                        return False
            except KeyError:  # another one came instead
                return False
        return True


# --- the plans that are kept ------------------------------------------------------------------------------------------

_plans: dict[int, dict[Any, Plan]] = {}


def _watch(space: dict[str, Any], names: Iterable[str]) -> tuple[dict[str, Any], int, tuple[tuple[str, Any], ...]]:
    """Return what tells whether names of a module lead to what they led to."""
    values = [(name, places.value_in(space, name, MISSING)) for name in names]
    here = [(name, value) for name, value in values if value is not MISSING and type(value) not in _WATCHED_NOT]
    return space, len(space), tuple(here)


def plan_for(f: Any, args: Any, kwargs: dict[str, Any]) -> Plan:
    """Return the plan of a call, from the list that is kept with the code of the function."""
    code, key, roots = identity(f)
    kinds, given = identity_of_arguments(args, kwargs)
    key, roots = (*key, *kinds), (*roots, *given)
    kept = _plans.get(id(code))
    if kept is None:
        kept = _kept(_plans)[id(code)] = {}
    plan = kept.get(key)
    own = f.__func__ if type(f) is types.MethodType else f
    if plan is None or not plan.fresh() or (plan.particular and not plan.is_of(roots, own)):
        if len(kept) > 20:
            kept.clear()
        plan = kept[key] = Plan((f, *args, *kwargs.values()))
        if plan.particular:
            plan.roots = tuple([weak(root) for root in roots])
            plan.whose = weak(own) if code in plan.own else None
        plan._kept.append(code)
    if not plan.particular:
        _remember(f, args, kwargs, kinds, plan)
    return plan


# By the identity of functions, for as long as they live: what is known of those that were called more than once, and
# weak references to others, so that one which is called once costs nothing more.
met: dict[int, Met] = {}
_once: dict[int, weakref.ref[Any]] = {}
_MANY = 1000


def _remember(f: Any, args: Any, kwargs: dict[str, Any], kinds: tuple[Any, ...], plan: Plan) -> None:
    """Keep a plan with a function for which it need not be looked for then."""
    known, once = met.get(id(f)), _once.get(id(f))
    if known is not None:
        known.add(kinds, plan)
        if known.plan(f, args, kwargs) is not plan:  # it is that of another function, or this one has changed
            met.pop(id(f), None)
    elif once is not None and once() is f:
        with contextlib.suppress(TypeError, ValueError):
            known = Met(f, _forgetting(met, f))
            known.add(kinds, plan)
            _kept(met)[id(f)] = known
    else:
        with contextlib.suppress(TypeError):
            _kept(_once)[id(f)] = weakref.ref(f, _forgetting(_once, f))


def _forgetting(functions: dict[int, Any], f: Any) -> Callable[[Any], Any]:
    """Return what is called with the reference to a function when it is no more.

    It has no line of Python's, in which an interrupt would be swallowed.
    """
    return functools.partial(functions.pop, id(f))


def _kept(functions: dict[int, Any]) -> dict[int, Any]:
    """Return the dictionary, empty if it has become large."""
    if len(functions) > _MANY:
        functions.clear()
    return functions


def plan_of(roots: tuple[Any, ...]) -> Plan:
    """Return the plan for all that functions and modules reach, whatever they will be called with."""
    found = [identity(root) for root in roots]
    key = tuple([(id(code), *key) for code, key, _ in found])
    held = (*roots, *[obj for _, _, objects in found for obj in objects])
    plan = _by_roots.get(key)
    if plan is None or not plan.is_of(held) or not plan.fresh():
        if len(_by_roots) > 20:  # they may hold objects of the program's
            _by_roots.clear()
        plan = _by_roots[key] = Plan(roots, whole=True)
        plan.roots = tuple([weak(root) for root in held])
    return plan


_by_roots: dict[Any, Plan] = {}


def whole_program() -> Plan:
    """Return the plan for all modules of the user's."""
    modules = [m for m in [*sys.modules.values()] if isinstance(m, types.ModuleType)]
    return Plan([m for m in modules if is_users(vars(m))], whole=True)
