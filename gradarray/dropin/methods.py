"""Methods of a library's classes that take values: what computes the same for variables, bound in the classes.

An object may come from anywhere: made in the function, before it, or kept in an attribute. So no name of the user's is
bound, but the methods themselves, where the code mentions a class, or what makes an object of one, or comes to one.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..batch import one_by_one
from ..batch.mapped import lane_in
from ..batch.refusals import refused
from ..context.settings import held
from ..kernels.traced import TRACED
from ..rules.scipy.declared import LOOKING, MAKERS, METHODS, RELATED, asked
from ..tape.wrapping import bare, has_tensor, has_variable
from . import places
from .making import at_work
from .places import Place
from .table import meet, original_of
from .twins import lifted_arguments, of_library


def method_of(old: Callable[..., Any], body: Callable[..., Any], at_work: Callable[[], bool]) -> Callable[..., Any]:
    """Make the method that calls `body` where a variable is given or stands in the object, and otherwise the old one.

    Parameters
    ----------
    at_work : tells whether it does anything else here than the old one
    """
    looks, fills = body in LOOKING, old.__name__ == "__init__"

    @functools.wraps(old)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not at_work():
            return old(self, *args, **kwargs) if fills else _of_numbers(old, body, self, args, kwargs)
        # A library asks which of its functions it was given.
        args, kwargs = tuple(map(original_of, args)), {name: original_of(x) for name, x in kwargs.items()}
        if looks or varies(self) or varies((args, kwargs)):
            args, kwargs = lifted_arguments(args, kwargs, old)
            if not (looks or varies(self) or varies((args, kwargs))):  # but for arrays that are made in forward mode
                return of_library(old, self, *args, **kwargs)
            return _at_once_or_each(call, body, self, args, kwargs) if held().lanes else body(self, *args, **kwargs)
        if has_tensor((args, kwargs)):
            args, kwargs = bare(args), bare(kwargs)
        return of_library(old, self, *args, **kwargs)

    return call


def _of_numbers(old: Callable[..., Any], body: Callable[..., Any], self: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a method where no derivative is asked for, as by a solver, of an object that may hold variables."""
    if varies(self):
        self = one_by_one.with_state(self, {name: _of_number(x) for name, x in one_by_one.attributes_of(self).items()})
    try:
        return old(self, *args, **kwargs)
    except Exception:
        try:  # an object that was filled by a body has no more than that needs
            return bare(body(self, *args, **kwargs))
        except Exception:
            pass
        raise


def _of_number(value: Any) -> Any:
    found = bare(value)
    return np.ascontiguousarray(found) if found is not value and np.ndim(found) else found


def static_of(old: Callable[..., Any], body: Callable[..., Any], at_work: Callable[[], bool]) -> Callable[..., Any]:
    """Make the same of a static method, such as one that makes an object of one form of it."""

    @functools.wraps(old)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not at_work():
            return old(*args, **kwargs)
        args, kwargs = tuple(map(original_of, args)), {name: original_of(x) for name, x in kwargs.items()}
        if varies((args, kwargs)):
            args, kwargs = lifted_arguments(args, kwargs, old)
            if varies((args, kwargs)):
                return one_by_one.all_or_each(body, args, kwargs, call) if held().lanes else body(*args, **kwargs)
        if has_tensor((args, kwargs)):
            args, kwargs = bare(args), bare(kwargs)
        return of_library(old, *args, **kwargs)

    return call


def stood_in(old: Any, body: Callable[..., Any], at_work: Callable[[], bool]) -> Any:
    """Make what stands in a class for a method of it, of any kind."""
    if isinstance(old, classmethod):
        return classmethod(method_of(old.__func__, body, at_work))
    if isinstance(old, staticmethod):
        return staticmethod(static_of(old.__func__, body, at_work))
    if isinstance(old, property):
        return property(method_of(old.fget, body, at_work), old.fset, old.fdel, old.__doc__)  # type: ignore[arg-type]
    return method_of(old, body, at_work)


def _at_once_or_each(
    call: Callable[..., Any], body: Callable[..., Any], self: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    """Call a method for all mapped elements at once, or for each one with an object that has what is the element's."""
    objects = [self, *[x for x in (*args, *kwargs.values()) if bodies_of(type(x))]]
    lane = lane_in([[*one_by_one.attributes_of(x).values()] for x in objects]) or one_by_one.lane_within(args, kwargs)
    if lane is None or lane.at is not None or call.__name__ in _UPDATING:
        return body(self, *args, **kwargs)
    try:
        return body(self, *args, **kwargs)
    except Exception:  # what is wrong, and not only with all elements at once, comes up again one by one
        if not lane.size or not lane.is_open:
            raise
    fills = call.__name__ == "__init__"
    cls: Any = type(self)
    if fills and one_by_one.is_made_in_c(cls):
        raise refused("memory")

    def either(one: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return call(one, *args, **kwargs)
        except Exception:  # an object that was filled by a body has no more than that needs
            return body(one, *args, **kwargs)

    found = []
    for i in range(lane.size):
        one = object.__new__(cls) if fills else one_by_one.of_element(lane, self, i)
        # What the library computes when it is first asked for, the body has: the arrays of all elements are none of it.
        result = one_by_one.at_one(lane, i, functools.partial(body if fills else either, one), args, kwargs)
        found.append(one if fills else result)
    whole = one_by_one.gathered_lanes(lane, found, call.__name__)
    if not fills:
        return whole
    for key, value in one_by_one.attributes_of(whole).items():
        object.__setattr__(self, key, value)
    return None


# What changes the object itself, which is one for all elements.
_UPDATING = frozenset(("__setitem__", "setdiag"))


def varies(value: Any) -> bool:
    """Tell whether a variable stands in a value, in its containers, or in an object that has some."""
    if type(value) in (tuple, list):
        return any(map(varies, value))
    if type(value) is dict:
        return any(map(varies, value.values()))
    if _is_one(value):
        return True
    cls: Any = type(value)
    slots = _slots(cls)
    if slots is None:
        return False
    state = [getattr(value, name, None) for name in slots]
    return any(map(_is_one, (*state, *getattr(value, "__dict__", {}).values())))


def _is_one(value: Any) -> bool:
    # What is written down in a program is not the library's to look at; the bodies hand it over in one statement.
    return has_variable(value) or type(value) in TRACED or (bool(held().lanes) and lane_in(value) is not None)


@functools.cache
def _slots(cls: Any) -> tuple[str, ...] | None:
    """Return the slots of a class some of whose methods take variables, and None for any other one."""
    if not bodies_of(cls):
        return None
    found = [vars(base).get("__slots__", ()) for base in cls.__mro__]
    return tuple(name for names in found for name in ((names,) if isinstance(names, str) else names))


def bodies_of(cls: type) -> dict[str, Callable[..., Any]]:
    """Return, by their names, the methods of a class that take variables, its own and those that it inherits."""
    meet(cls)
    found: dict[str, Callable[..., Any]] = {}
    for base in reversed(cls.__mro__):
        for module, classes in METHODS.items():
            if base.__name__ in classes and _is_of(base, module):
                found |= classes[base.__name__]
    return found


def inside_classes(names: set[str], kinds: Iterable[type], whole: bool) -> list[Place]:
    """Return the places in classes that code comes to which mentions these names, and objects of these kinds."""
    found: list[Place] = []
    for module, classes in METHODS.items():
        if module not in sys.modules:
            continue
        if whole or not names.isdisjoint(MAKERS.get(module, ())):
            found += _places(module, None)
            continue
        chosen = {base.__name__ for kind in kinds for base in kind.__mro__ if _is_met(base, module, names)}
        made = names & classes.keys()
        if chosen or made:
            found += _places(module, None if made and module in RELATED else frozenset(chosen | made))
    return found


def _is_met(cls: type, module: str, names: set[str]) -> bool:
    """Tell whether code with these names may call a method of an object of a class that takes variables."""
    bodies = METHODS[module].get(cls.__name__)
    if bodies is None or not _is_of(cls, module):
        return False
    # To call an object, or to multiply by it, takes no name.
    return not names.isdisjoint(bodies) or any(name.startswith("__") and name != "__init__" for name in bodies)


def _is_of(cls: type, module: str) -> bool:
    return module in sys.modules and vars(sys.modules[module]).get(cls.__name__) is cls


@functools.cache
def _places(module: str, chosen: frozenset[str] | None) -> tuple[Place, ...]:
    """Return the places in some classes of a module and those that they are derived from, or in all of them."""
    # By the class in whose namespace a method stands: those which have it from there, and what stands in for it.
    several: dict[tuple[type, str], list[tuple[type, Callable[..., Any]]]] = {}
    wanted: set[tuple[type, str]] = set()
    named = [getattr(sys.modules[module], name, object) for name in chosen or ()]
    for name, bodies in METHODS[module].items():
        cls: Any = getattr(sys.modules[module], name, None)
        for method, body in bodies.items() if isinstance(cls, type) else ():
            owner = next((base for base in cls.__mro__ if method in vars(base)), object)
            if owner is not object and not owner.__flags__ & _IMMUTABLE:
                several.setdefault((owner, method), []).append((cls, body))
                if chosen is None or any(issubclass(cls, other) or issubclass(other, cls) for other in named):
                    wanted.add((owner, method))
    return tuple([_place(owner, method, several[owner, method]) for owner, method in sorted(wanted, key=str)])


# Of each method there is one place, which all plans share: an opening that ends puts nothing back that another needs.
_bound: dict[tuple[type, str], Place] = {}


def _place(owner: type, method: str, choices: list[tuple[type, Callable[..., Any]]]) -> Place:
    known = _bound.get((owner, method))
    if known is None:
        choices.sort(key=lambda choice: -len(choice[0].__mro__))  # the most derived ones first
        old = vars(owner)[method]
        made = places.in_class(owner)
        made.add(method, old, stood_in(old, _one_of(choices, old), at_work))
        known = _bound.setdefault((owner, method), made)
    return known


_IMMUTABLE = 1 << 8  # of a type in C, whose attributes cannot be set


def _one_of(choices: list[tuple[type, Callable[..., Any]]], old: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that is that of the first of the classes which the object is of, or the old one."""
    if isinstance(old, property) or (len(choices) == 1 and old is vars(choices[0][0]).get(old.__name__)):
        return choices[0][1]

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        body = next((body for cls, body in choices if isinstance(self, cls)), old)
        return body(self, *args, **kwargs)

    return asked(method) if any(body in LOOKING for _, body in choices) else method


one_by_one.take_apart(lambda value: bool(bodies_of(type(value))))
