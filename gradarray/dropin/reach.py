"""Which of the user's modules a function can reach, and which names in them need a stand-in.

Functions lead to what their code names (globals, attributes of modules, modules imported inside), to closures,
defaults and what they wrap; classes to methods and bases; instances to class and attributes; containers to items. What
is reached only later, through something that the function makes or is given, is missed: then a variable that would be
lost there raises, as anywhere outside of drop-in mode.
"""

from __future__ import annotations

import functools
import itertools
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..context.frames import LIBRARIES
from ..kernels.gate import PLAIN, SIMPLE, hosted
from . import places, table
from .creation import TRACED
from .mentions import mentions
from .methods import inside_classes
from .numbers import BUILTINS
from .places import Place
from .scipy import meet_below, meet_methods
from .table import NEEDED, counterpart, is_special
from .xarray import inside_xarray

# Objects looked at, the nearest ones first: some 50 ms. What lies beyond is missed.
_LIMIT = 5_000
FEW = 100  # items looked at in each container
MISSING = object()
LEAVES = (SIMPLE | PLAIN | {str, bytes, range, np.dtype, *map(type, (np.dtype("f8"), np.dtype("i8")))}) - {type}
# Code that names these looks names up at run time: all of the module counts.
OWN = frozenset(("globals", "eval", "exec"))
_DYNAMIC = OWN | {"getattr", "vars"}


def is_users(space: dict[str, Any], code: types.CodeType | None = None) -> bool:
    """Tell whether globals are those of a module of the user's, which is written in Python."""
    if code is not None and code.co_filename.startswith("<doctest"):
        return True
    return _in_python(space.get("__name__"), space.get("__spec__"))


def is_users_class(cls: type) -> bool:
    """Tell whether a class is defined in such a module, whatever stands in for that among the modules."""
    return _in_python(cls.__module__, getattr(sys.modules.get(cls.__module__), "__spec__", None))


def _in_python(name: Any, spec: Any) -> bool:
    if type(name) is not str or (name.partition(".")[0] in LIBRARIES and not name.startswith(_let_in or "\0")):
        return False
    loader = type(getattr(spec, "loader", None)).__name__
    return loader not in ("ExtensionFileLoader", "BuiltinImporter", "FrozenImporter")


# Libraries, or parts of them, that are let in by name: they are treated as the user's.
_let_in: tuple[str, ...] = ()


def let_in(names: Iterable[str]) -> tuple[str, ...]:
    """Let libraries in by name, and return all that are."""
    global _let_in
    new = tuple(name for name in names if name not in _let_in)
    if new:
        _let_in += new
        table.version[0] += 1
    return _let_in


def absolute(space: dict[str, Any], level: int, name: str) -> str:
    """Return the whole name of a module that is imported, with so many dots in front of its name."""
    if not level:
        return name
    parts = str(space.get("__package__") or "").split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])])


_LEADS: dict[type, tuple[str, ...]] = {
    types.MethodType: ("__func__", "__self__"),
    property: ("fget", "fset"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    functools.cached_property: ("func",),
    functools.partial: ("func", "args", "keywords"),
    functools.partialmethod: ("func", "args", "keywords"),
}
_NONE: frozenset[str] = frozenset()


class Plainly:
    """A function that a transform is to call as it stands, with no name rebound."""

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f)
        self.f = f

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.f(*args, **kwargs)


class Reach:
    """A walk from some roots to all that their code can call.

    Attributes
    ----------
    spaces : by identity, the globals of the modules that are reached, the names that are mentioned of each, and those
        of them that something is compared with by ``is``
    particular : places other than names of modules, in which something stands that has a stand-in
    inside : places in a library that what is mentioned comes to
    own : the code of functions of which something in the closure or the defaults is bound
    missing : modules that are imported inside, and are not there yet
    with_lists : those of them that matter only where lists are handed over, or elements assigned
    """

    def __init__(self, roots: Iterable[Any], whole: bool = False) -> None:
        self.spaces: dict[int, tuple[dict[str, Any], set[str], set[str]]] = {}
        self.particular: list[Place] = []
        self.with_lists: list[Place] = []
        self.lists = self.imports = self.needed = self.library = False
        self.own: set[types.CodeType] = set()
        self.missing: list[str] = []
        self.kept: list[Any] = []
        self._whole = whole
        self._seen: set[int] = set()
        self._named: dict[int, set[str]] = {}
        self._mentioned: set[str] = set()
        self._kinds: set[type] = set()
        self._awaited: set[int] = set()  # modules, which are kept, of which it is not known yet what is needed
        self._bound: list[tuple[Place, list[Any]]] = []
        self._todo: deque[tuple[Any, frozenset[str] | set[str]]] = deque([(root, _NONE) for root in roots])
        limit = 4 * _LIMIT if whole else _LIMIT
        while self._todo and len(self._seen) < limit:
            self._visit(*self._todo.popleft())
        for place, values in self._bound:
            needed = any(map(self._is_needed, values))
            (self.particular if needed else self.with_lists).append(place)
            self.needed |= needed
        meet_methods(self._mentioned)
        if whole or id(sys.modules.get("scipy")) in self._seen:  # which may be handed on to code that has other names
            meet_below("scipy", None if whole else self._mentioned)
        self.inside = inside_xarray(self._mentioned, whole) + inside_classes(self._mentioned, self._kinds, whole)
        self.needed |= bool(self.inside)

    def _add(self, values: Iterable[Any], names: Any) -> None:
        for value in values:
            if type(value) in LEAVES:
                continue
            if type(value) is types.ModuleType:  # of which each name is followed once
                done = self._named.setdefault(id(value), set())
                if new := names - done:
                    done |= new
                    self._todo.append((value, new))
            elif id(value) not in self._seen:
                self._todo.append((value, names))

    def _visit(self, obj: Any, names: Any) -> None:
        kind = type(obj)
        if kind in LEAVES or kind in TRACED or kind is Plainly:
            return
        if hosted(obj if isinstance(obj, type) else kind):  # arrays that compute by themselves what they are asked for
            return
        if isinstance(obj, types.ModuleType):
            self._seen.add(id(obj))
            self.kept.append(obj)
            self._module(obj, names)
            return
        if id(obj) in self._seen:
            return
        self._seen.add(id(obj))
        self.kept.append(obj)
        table.meet(obj)
        if kind is types.FunctionType:
            self._function(obj, names)
        elif isinstance(obj, type):
            self._class(obj, names)
        elif kind in _CONTAINERS:
            self._container(obj, names)
        elif (leads := _LEADS.get(kind)) is not None:
            if kind is functools.partial:
                func = places.users_value(places.in_partial, obj, "func", obj.func)
                self._add([func, obj.args, obj.keywords], names)
                self._stand(places.in_partial, obj, "func", func)
            else:
                self._add([getattr(obj, name) for name in leads], names)
        else:
            self._instance(obj, kind, names)

    def _space(self, space: dict[str, Any], names: Iterable[str], identical: Iterable[str] = ()) -> None:
        found = self.spaces.get(id(space))
        if found is None:
            self.spaces[id(space)] = space, set(names), set(identical)
            if self._whole:
                self._all_of(space)
        else:
            found[1].update(names)
            found[2].update(identical)

    def _all_of(self, space: dict[str, Any]) -> None:
        names = [name for name in [*space] if not name.startswith("__")]
        self.spaces[id(space)][1].update(names)
        self._add([places.value_in(space, name) for name in names], _NONE)

    def _function(self, f: types.FunctionType, names: Any) -> None:
        users = is_users(f.__globals__, f.__code__)
        if users:
            space, found = f.__globals__, mentions(f.__code__)
            names = found.names
            self.lists |= found.lists
            self._mentioned |= names
            self._space(space, names, found.identical)
            self.needed |= not NEEDED.isdisjoint(names) and ("item" in names or "tolist" in names)
            if not OWN.isdisjoint(names):
                self._all_of(space)
            self._add([places.value_in(space, name) for name in names if name in space], names)
            for level, name in found.imports:
                self._imports(space, level, name, names)
            before = len(self._bound)
            self._defaults(f)
        for cell in f.__closure__ or ():
            try:
                value = cell.cell_contents
            except ValueError:  # an empty cell
                continue
            if users:
                value = places.users_value(places.in_attributes, cell, "cell_contents", value)
                self._stand(places.in_attributes, cell, "cell_contents", value, names)
            self._add((value,), names)
        if users and len(self._bound) > before:
            self.own.add(f.__code__)
        self._add((*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()), names)
        self._add([v for k, v in vars(f).items() if k == "__wrapped__"], names)

    def _imports(self, space: dict[str, Any], level: int, name: str, names: Any) -> None:
        """Follow what a function imports."""
        self.imports = True
        name = absolute(space, level, name)
        module = sys.modules.get(name)
        if module is None:  # it is met as it arrives
            self.needed = True
            self.missing.append(name)
        elif is_users(vars(module)):
            self._add((module,), names)
        elif counterpart(sys.modules[name.partition(".")[0]]) is not None:
            self._of_library(module, names)
            self.needed |= _needs(module, names)
            self.library = True

    def _defaults(self, f: types.FunctionType) -> None:
        defaults = places.users_value(places.in_attributes, f, "__defaults__", f.__defaults__ or ())
        new = tuple([_or_itself(counterpart(v), v) for v in defaults])
        changed = [v for v, stand_in in zip(defaults, new, strict=True) if v is not stand_in]
        if changed:
            self._bind(places.the_place(places.in_attributes, f), "__defaults__", defaults, new, changed)
        if f.__kwdefaults__:
            self._items(f.__kwdefaults__)

    def _module(self, module: types.ModuleType, names: Any) -> None:
        space = vars(module)
        if not is_users(space):
            self._of_library(module, names)
            return
        if self._whole or not _DYNAMIC.isdisjoint(names):
            self._space(space, ())
            self._all_of(space)
            return
        here = [name for name in names if name in space]
        self._add([places.value_in(space, name) for name in here], names)
        self._space(space, here)  # `common.np.zeros(3)`

    def _of_library(self, module: types.ModuleType, names: Any) -> None:
        """Have the stand-ins declared that code with these names comes to from a module, now or as it arrives."""
        table.meet(module)
        if meet_below(module.__name__, names if _DYNAMIC.isdisjoint(names) else None):
            self.needed = True
            self._awaited.add(id(module))

    def _class(self, cls: type, names: Any) -> None:
        self._kinds.add(cls)
        self._add(cls.__mro__[1:], names)
        if is_users_class(cls):
            here = [*vars(cls).items()]
            for (name, _), value in zip(here, places.users_values(places.in_class, cls, here), strict=True):
                if type(value) is staticmethod:
                    new = counterpart(value.__func__)
                    if new is not None:
                        place = places.the_place(places.in_class, cls)
                        self._bind(place, name, value, staticmethod(new), [value.__func__])
                self._stand(places.in_class, cls, name, value, names)
                self._add((value,), names)

    def _container(self, obj: Any, names: Any) -> None:
        if type(obj) is dict:
            if "__spec__" in obj or "__builtins__" in obj:  # the names of a module, which is met as such or not at all
                return
            self._add(itertools.islice(self._items(obj), FEW), names)
            return
        items = [*itertools.islice(obj, FEW)]
        self.lists |= any(type(item) in TRACED for item in items)  # it may be handed over as it is
        if type(obj) is list:
            items = places.users_values(places.in_elements, obj, [*enumerate(items)])
            for i, value in enumerate(items):
                self._stand(places.in_elements, obj, i, value, names)
        self._add(items, names)

    def _items(self, space: dict[Any, Any]) -> list[Any]:
        """Bind what the first items of a dictionary need, and return the values of all."""
        here = [*space.items()]
        values = places.users_values(places.in_dict, space, here)
        for (name, _), value in itertools.islice(zip(here, values, strict=True), FEW):
            self._stand(places.in_dict, space, name, value)
        return values

    def _instance(self, obj: Any, kind: type, names: Any) -> None:
        self._kinds.add(kind)
        own = places.attribute_of(obj, "__dict__")
        if type(own) is dict and callable(obj):
            self._add([own[name] for name in ("py_func", "__wrapped__") if name in own], names)
        base = next((base for base in _CONTAINERS if issubclass(kind, base)), None)
        if base is not None:  # such as an OrderedDict, or a named tuple; what its class does with items is passed over
            items: Iterable[Any] = dict.values(obj) if base is dict else base.__iter__(obj)
            self._add([*itertools.islice(items, FEW)], names)
        if type(own) is dict and not is_users_class(kind):  # of a library: the graph, say, in which functions are kept
            self._add([value for value in own.values() if type(value) in _CONTAINERS], names)
        if is_users_class(kind):
            self._todo.append((kind, names))
            if type(own) is dict:
                self._add(self._items(own), names)
            for part in kind.__mro__:
                slots = vars(part).get("__slots__", ())
                for name in (slots,) if isinstance(slots, str) else slots:
                    value = places.users_value(places.in_attributes, obj, name, places.attribute_of(obj, name))
                    if type(value) not in LEAVES:
                        self._stand(places.in_attributes, obj, name, value, names)
                        self._todo.append((value, names))

    def _stand(self, kind: Callable[[Any], Place], owner: Any, name: Any, value: Any, names: Any = _NONE) -> None:
        """Bind what stands in for a value in a place other than a module, if it needs one."""
        if type(value) in LEAVES or (isinstance(value, types.ModuleType) and is_users(vars(value))):
            return
        new = counterpart(value)
        if new is None:
            return
        if kind is places.in_class and not hasattr(type(value), "__get__"):
            new = staticmethod(new)  # as the original, it is no method
        self._bind(places.the_place(kind, owner), name, value, new, [value])

    def _bind(self, place: Place, name: Any, old: Any, new: Any, values: list[Any]) -> None:
        """Have a name bound anew for the sake of these values, which it leads to."""
        place.add(name, old, new)
        self._bound.append((place, values))

    def need(self) -> Iterator[tuple[dict[str, Any], str, Any, Any]]:
        """Yield the globals, the name, the value and what stands in for it, of each name of a module that is bound."""
        for space, names, identical in self.spaces.values():
            for name in names:
                value = places.value_in(space, name, MISSING)
                if value is MISSING:
                    if name not in BUILTINS or name in identical:
                        continue
                    value = BUILTINS[name]
                if type(value) in LEAVES:
                    continue
                if isinstance(value, types.ModuleType):
                    if is_users(vars(value)):
                        continue
                    new: Any = table.module_keeping(value, identical)
                else:
                    if isinstance(value, type) and name in identical:
                        continue
                    new = counterpart(value)
                if new is not None:
                    self.needed = self.needed or self._is_needed(value)
                    yield space, name, value, new

    def _is_needed(self, value: Any) -> bool:
        """Tell whether code that has a value needs its stand-in, even if it makes no lists and assigns no elements.

        Of a module, all code counts: it may be handed on, as the `xp` of who writes for several libraries.
        """
        if isinstance(value, types.ModuleType):
            return id(value) in self._awaited or _needs(value, self._mentioned)
        return is_special(value) or type(value) not in _WITH_LISTS


_CONTAINERS: tuple[type[Any], ...] = (list, tuple, set, frozenset, dict, deque)
_WITH_LISTS = frozenset((np.ufunc, type(np.sum)))


def _needs(module: types.ModuleType, names: set[str]) -> bool:
    """Tell whether one of the names is, in a module or further down in it, that of something that needs a stand-in."""
    space = vars(module)
    found = [space.get(name) for name in NEEDED.intersection(names)]
    return any(is_special(value) or type(value) not in _WITH_LISTS for value in found)


def _or_itself(new: Any, value: Any) -> Any:
    return value if new is None else new
