"""Where a name of the user's can be bound to something else for a while: modules, classes, closures, defaults.

A place has owners, the openings that need it bound; the first one binds it, and the last one puts back what stood
there. What the user has bound to something of his own meanwhile stays. Everything here can be done again after half of
it: an interrupt may come anywhere.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_MISSING = object()
# Reentrant, because a signal's handler may differentiate something. An interrupt that comes as it has just been taken
# leaves it taken, as it does with any lock since Python 3.12; what it guards takes microseconds, so that whoever has
# waited for long takes another one.
_lock = threading.RLock()
_LONG = 0.5  # seconds


def _locked(change: Callable[..., None], *args: Any) -> None:
    """Make a change while no other thread makes one."""
    global _lock
    lock = _lock
    if not (lock.acquire(False) or lock.acquire(True, _LONG)):  # asking without a time takes a third
        lock = _lock = threading.RLock()
        lock.acquire()
    try:
        change(*args)
    finally:
        lock.release()


def _are_alike(new: Any, other: Any) -> bool:
    """Tell whether two stand-ins are the same, or are made of the same."""
    if type(new) is staticmethod is type(other):
        return new.__func__ is other.__func__
    if type(new) is tuple is type(other):
        return len(new) == len(other) and all(map(operator.is_, new, other))
    return new is other


class Place:
    """Names that stand in one namespace, and what stands in for their values.

    Parameters
    ----------
    get, set : functions of a name, and of a name and a value
    """

    __slots__ = ("__weakref__", "bound", "get", "owners", "set")

    def __init__(self, get: Callable[..., Any], set: Callable[[Any, Any], Any]) -> None:
        self.get = get
        self.set = set
        self.bound: dict[Any, tuple[Any, Any]] = {}  # name -> what stands there, what stands in for it
        self.owners: dict[Any, None] = {}

    def add(self, name: Any, old: Any, new: Any) -> None:
        """Bind one more name whenever this is open."""
        known = self.bound.get(name)
        if known is not None and known[0] is old and _are_alike(known[1], new):
            new = known[1]
            if not self.owners:
                return
        _locked(self._add, name, old, new)

    def _add(self, name: Any, old: Any, new: Any) -> None:
        known = self.bound.get(name)
        if known is not None and self.owners and (known[0] is not old or known[1] is not new):
            self._put(name, known[1], known[0])
        self.bound[name] = old, new
        if self.owners:
            self._put(name, old, new)

    def users(self, name: Any, value: Any) -> Any:
        """Return what the user has bound, given what is there at present, whether this is open or not."""
        known = self.bound.get(name)
        return known[0] if known is not None and known[1] is value else value

    def put(self) -> None:
        get, set = self.get, self.set
        for name, (old, new) in self.bound.items():
            if get(name, _MISSING) is old:
                set(name, new)

    def put_back(self) -> None:
        get, set = self.get, self.set
        for name, (old, new) in self.bound.items():
            if get(name, _MISSING) is new:
                set(name, old)

    def _put(self, name: Any, expected: Any, value: Any) -> None:
        if self.get(name, _MISSING) is expected:
            self.set(name, value)


class Names(Place):
    """The names in a dictionary: all of them are bound in one call."""

    __slots__ = ("_news", "_olds", "_space")

    def __init__(self, space: dict[Any, Any]) -> None:
        super().__init__(space.get, space.__setitem__)
        self._space = space
        self._olds: dict[Any, Any] = {}
        self._news: dict[Any, Any] = {}

    def _add(self, name: Any, old: Any, new: Any) -> None:
        super()._add(name, old, new)
        # Not changed while an opening of another thread's goes through them.
        self._olds = {name: pair[0] for name, pair in self.bound.items()}
        self._news = {name: pair[1] for name, pair in self.bound.items()}

    def put(self) -> None:
        if self._are(self._olds):
            self._space.update(self._news)
        else:
            super().put()

    def put_back(self) -> None:
        if self._are(self._news):
            self._space.update(self._olds)
        else:
            super().put_back()

    def _are(self, values: dict[Any, Any]) -> bool:
        """Tell whether the names lead to these values, which are those of all that are bound."""
        space = self._space
        if len(values) != len(self.bound):  # an interrupt came as one was added
            return False
        try:
            for name, value in values.items():
                if space[name] is not value:
                    return False
        except KeyError:  # the user has deleted one
            return False
        return True


def attribute_of(obj: Any, name: str) -> Any:
    """Return an attribute that stands in an object, or None.

    What its class does when it is asked for one is passed over: it might raise, load a module, or make a mock.
    """
    try:
        return object.__getattribute__(obj, name)
    except AttributeError:
        return None


# Places other than those of modules, by their kind and the identity of whose they are, which each of them keeps. Plans
# share them: what an outer opening has bound is not put back by an inner one, nor taken for what the user has bound.
_others: dict[tuple[Callable[[Any], Place], int], weakref.ref[Place]] = {}


def the_place(kind: Callable[[Any], Place], owner: Any) -> Place:
    """Return the one place of a kind of somebody's, for as long as a plan keeps it."""
    key = kind, id(owner)
    known = _others.get(key)
    place = None if known is None else known()
    if place is None:
        place = kind(owner)
        # What is called when it is no more has no line of Python's, in which an interrupt would be swallowed.
        _others[key] = weakref.ref(place, functools.partial(_others.pop, key))
    return place


def users_values(kind: Callable[[Any], Place], owner: Any, items: list[tuple[Any, Any]]) -> list[Any]:
    """Return what the user has bound names to in such a place, given what is there at present."""
    known = _others.get((kind, id(owner)))
    place = None if known is None else known()
    return [value if place is None else place.users(name, value) for name, value in items]


def users_value(kind: Callable[[Any], Place], owner: Any, name: Any, value: Any) -> Any:
    (found,) = users_values(kind, owner, [(name, value)])
    return found


def in_dict(space: dict[str, Any]) -> Place:
    return Names(space)


def in_attributes(owner: Any) -> Place:
    """Return the place of what attributes of an object give, such as the content of a closure's cell."""
    return Place(lambda name, default: getattr(owner, name, default), lambda name, value: setattr(owner, name, value))


def in_class(cls: type) -> Place:
    """Return the place of a class's own attributes, found without asking its descriptors."""
    return Place(lambda name, default: vars(cls).get(name, default), lambda name, value: setattr(cls, name, value))


def in_elements(items: list[Any]) -> Place:
    return Place(lambda i, default: items[i] if i < len(items) else default, items.__setitem__)


def in_partial(p: functools.partial[Any]) -> Place:
    """Return the place of the function that a partial calls."""

    def set(_name: Any, function: Any) -> None:
        p.__setstate__((function, p.args, p.keywords, vars(p)))  # type: ignore[attr-defined]

    return Place(lambda _name, _default: p.func, set)


# The modules' places, by the identity of their globals, which each of them keeps.
_modules: dict[int, tuple[dict[str, Any], Place]] = {}


def in_module(space: dict[str, Any]) -> Place:
    """Return the one place of a module's globals."""
    found = _modules.get(id(space))
    if found is None:
        found = _modules.setdefault(id(space), (space, in_dict(space)))
    return found[1]


def value_in(space: dict[str, Any], name: str, default: Any = None) -> Any:
    """Return what the user has bound a name to in a module, whether that is open or not."""
    value = space.get(name, default)
    if value is default:
        return value
    found = _modules.get(id(space))
    return value if found is None else found[1].users(name, value)


def is_bound(space: dict[str, Any]) -> bool:
    """Tell whether names in these globals are bound to stand-ins at present."""
    found = _modules.get(id(space))
    return found is not None and bool(found[1].owners)


def is_known(space: dict[str, Any]) -> bool:
    return id(space) in _modules


def open_all(places: Iterable[Place], owner: Any) -> None:
    _locked(_open, places, owner)


def close_all(places: Iterable[Place], owner: Any) -> None:
    _locked(_close, places, owner)


def _open(places: Iterable[Place], owner: Any) -> None:
    for place in places:
        owners = place.owners
        if owners:
            owners[owner] = None
        else:
            owners[owner] = None
            place.put()


def _close(places: Iterable[Place], owner: Any) -> None:
    for place in places:
        owners = place.owners
        owners.pop(owner, None)
        if not owners:
            place.put_back()


@contextlib.contextmanager
def suspended() -> Iterator[None]:
    """Put all names of modules back for a while, for those who read them, such as a compiler."""
    places = [place for _, place in [*_modules.values()] if place.owners]
    try:
        for place in places:
            place.put_back()
        yield
    finally:
        for place in places:
            if place.owners:
                place.put()
