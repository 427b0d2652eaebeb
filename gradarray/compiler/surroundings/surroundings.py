"""What a function finds outside of its arguments: every place that it can read, and what stands there.

A program is right as long as these places have what they had, but for arrays, which it is given anew each time. So a
walk goes to all that the code of a function names: globals, closures, defaults, attributes of objects, items of lists.
While the program is written, arrays at these places give way to traced ones.
"""

from __future__ import annotations

import builtins
import functools
import itertools
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ...context.frames import PACKAGE
from ...dropin.mentions import mentions
from ...dropin.places import attribute_of, is_bound, value_in
from ...dropin.reach import OWN, Plainly, absolute, is_users, is_users_class
from ...kernels.gate import described, hosted
from ...kernels.traced import TRACED, traced_in
from ...transforms.transformed import Transformed
from ..program.statements import JitError, of_another_library
from .locations import MISSING, Found, Location, slots_of
from .objects import (
    BY_TEXT,
    CACHED,
    DYNAMIC,
    EQUAL,
    GENERATORS,
    NUMBERS,
    OPERATORS,
    SAME,
    has_state,
    is_told_by_identity,
    state_of,
)
from .reads import reads
from .volatile import volatile_in

_LIMIT = 5_000  # objects looked at


class Surroundings:
    """The places that a function and all that it calls can read.

    Parameters
    ----------
    roots : the function, and arguments that are objects
    earlier : these places, as they were before the function was called

    Attributes
    ----------
    names : all that the code mentions
    volatile : the functions that it may call and no program can stand for
    """

    def __init__(self, roots: Iterable[Any], earlier: Surroundings | None = None) -> None:
        self.roots = tuple(roots)
        self.names: set[str] = set() if earlier is None else {*earlier.names}
        self.volatile: set[str] = set()
        self._read: set[str] = set() if earlier is None else {*earlier._read}  # those of attributes that are read
        self._catches: bool = earlier is not None and earlier._catches  # whether somewhere errors are caught
        if earlier is None:
            self._mentioned()
        while True:  # what is found depends on what all code mentions
            before = len(self.names), len(self._read), self._catches
            self._walk()
            if before == (len(self.names), len(self._read), self._catches):
                break

    # --- the walk -------------------------------------------------------------------------------------------------

    def _mentioned(self) -> None:
        """Note what the code of functions mentions to which functions alone lead: mostly, it is all that there is."""
        todo, seen = [*self.roots], set()
        while todo:
            f: Any = todo.pop()
            if isinstance(f, Transformed):
                todo += f._made_by[1]
            elif type(f) is functools.partial:
                todo.append(f.func)
            elif type(f) is types.FunctionType and id(f) not in seen and is_users(f.__globals__, f.__code__):
                seen.add(id(f))
                self._note(f.__code__)
                todo += [value_in(f.__globals__, name) for name in reads(f.__code__).globals]
                todo += [Location(cell, "cell_contents", "attribute", "").get() for cell in f.__closure__ or ()]

    def _note(self, code: types.CodeType) -> None:
        read = reads(code)
        self.names |= mentions(code).names
        self._read |= read.attributes
        self._catches |= read.catches

    def _walk(self) -> None:
        self.found: list[Found] = []
        self.spaces: list[dict[str, Any]] = []
        self.generators: list[tuple[Any, str]] = []
        self.caches: list[tuple[Any, int]] = []
        self._mutable: list[tuple[Any, Any]] = []  # containers, and copies of what they held
        self._seen: set[int] = set()
        self._places: set[tuple[int, Any]] = set()
        self._kept: list[Any] = []  # what is told by its identity
        self._todo: list[tuple[Any, str]] = [(root, "") for root in self.roots]
        while self._todo:
            value, label = self._todo.pop()
            self._visit(value, label)
            if len(self._seen) > _LIMIT:
                raise JitError(f"the function reaches more than {_LIMIT} objects")

    def _place(self, owner: Any, name: Any, how: str, value: Any, label: str) -> None:
        """Note what stands at a place, and go there."""
        key = id(owner), name
        if key in self._places:
            return
        self._places.add(key)
        place = Location(owner, name, how, label)
        cls = type(value)
        kind = _SIMPLE.get(cls)
        if kind is None:
            if cls is np.ndarray and value.dtype.kind in "biufc":
                kind = "array"
            elif isinstance(value, NUMBERS):
                kind = "number"
            elif isinstance(value, EQUAL):
                kind = "equal"
            else:
                kind = "module" if isinstance(value, types.ModuleType) else "same"
                self._todo.append((value, label))
        self.found.append(Found(place, value, kind))

    def _absent(self, owner: Any, names: Iterable[str], label: str) -> None:
        """Note which names there are none of, in the attributes of an object or among the names of a module."""
        if names := frozenset(names):
            self.found.append(Found(Location(owner, None, "fixed", label), names, "absent"))

    def _count(self, owner: Any, count: int, label: str, kind: str = "length") -> None:
        self.found.append(Found(Location(owner, None, "fixed", label), count, kind))

    def _visit(self, obj: Any, label: str) -> None:
        if id(obj) in self._seen or isinstance(obj, _VALUES) or type(obj) in TRACED:
            return
        self._seen.add(id(obj))
        self._kept.append(obj)
        kind = type(obj)
        if isinstance(obj, Transformed):
            self._todo += [(value, label) for value in obj._made_by[1]]
        elif kind is Plainly:
            self._todo.append((obj.f, label))
        elif kind is types.FunctionType:
            self._function(obj)
        elif kind is types.MethodType:
            self._todo += [(obj.__func__, label), (obj.__self__, label)]
        elif isinstance(obj, types.ModuleType):
            self._module(obj)
        elif isinstance(obj, type):
            self._class(obj)
        elif isinstance(obj, (list, tuple, dict, set, frozenset)):
            self._container(obj, label)
            if kind not in _PLAIN_CONTAINERS:
                self._attributes(obj, label)
        elif kind is functools.partial:
            self._todo += [(obj.func, label), (obj.keywords, label)]
            self._place(obj, "args", "attribute", obj.args, label)
        elif kind in (property, staticmethod, classmethod, functools.cached_property, functools.partialmethod):
            parts = ("fget", "fset", "func", "__func__")
            self._todo += [(getattr(obj, part), label) for part in parts if getattr(obj, part, None) is not None]
        elif isinstance(obj, GENERATORS):
            self.generators.append((obj, state_of(obj)))
        elif isinstance(obj, CACHED):
            self.caches.append((obj, obj.cache_info().misses))
            self._todo.append((obj.__wrapped__, label))
        elif isinstance(obj, types.BuiltinFunctionType):
            self.volatile |= volatile_in(str(obj.__module__), {obj.__name__})
        elif not isinstance(obj, SAME):
            self._instance(obj, label)

    def _function(self, f: types.FunctionType) -> None:
        if is_users(f.__globals__, f.__code__):
            self._code(f.__code__, f.__globals__)
        else:  # of the package's, say; it may hold functions of the user's
            contents = [Location(cell, "cell_contents", "attribute", "").get() for cell in f.__closure__ or ()]
            self._todo += [(value, f.__name__) for value in contents if callable(value)]
            return
        for name, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True):
            place = Location(cell, "cell_contents", "attribute", name)
            self._place(cell, place.name, place.how, place.get(), name)
        if f.__defaults__:
            self._place(f, "__defaults__", "attribute", f.__defaults__, f.__name__)
        if f.__kwdefaults__:
            self._visit(f.__kwdefaults__, f.__name__)
        for name, value in [*vars(f).items()]:
            if name == "__wrapped__":
                self._todo.append((value, f.__name__))
            elif self._asked(name):
                self._place(f, name, "attribute", value, f"{f.__name__}_{name}")
        self._absences(f, vars(f), (), f.__name__)

    def _code(self, code: types.CodeType, space: dict[str, Any]) -> None:
        found, read = mentions(code), reads(code)
        self._note(code)
        if not any(space is known for known in self.spaces):
            self.spaces.append(space)
        if OWN.isdisjoint(read.globals):
            for name in sorted(read.globals | read.set_globals):
                self._global(space, name)
        else:
            self._all_of(space)
        missing = {name for name in read.globals if value_in(space, name, MISSING) is MISSING}
        self.volatile |= volatile_in("builtins", missing)
        for name in sorted(missing & _BUILTINS.keys()):
            place = Location(space, name, "builtin", name)
            if place.key not in self._places:
                self._places.add(place.key)
                self.found.append(Found(place, _BUILTINS[name], "same"))
        self._absent(space, missing - _BUILTINS.keys(), "")
        for level, name in found.imports:
            parts = absolute(space, level, name).split(".")
            for name in itertools.accumulate(parts, "{}.{}".format):
                module = sys.modules.get(name)
                if module is None:
                    self._absent(sys.modules, (name,), name)
                else:
                    self._place(sys.modules, name, "item", module, name)

    def _global(self, space: dict[str, Any], name: str) -> None:
        value = value_in(space, name, MISSING)
        if value is not MISSING:
            self._place(space, name, "item", value, name)

    def _all_of(self, space: dict[str, Any]) -> None:
        self._count(space, len(space), "")
        for name in [*space]:
            if not name.startswith("__"):
                self._global(space, name)

    def _module(self, module: types.ModuleType) -> None:
        space = vars(module)
        self.volatile |= volatile_in(module.__name__, self.names)
        if not is_users(space):
            return
        self._seen.discard(id(module))  # another name may be asked for
        if not BY_TEXT.isdisjoint(self.names):
            self._all_of(space)
            return
        for name in self.names & space.keys():
            self._global(space, name)
        self._absences(space, space, (), module.__name__)

    def _absences(self, owner: Any, own: Any, behind: Iterable[Any], label: str) -> None:
        """Note which attributes an object does not have of its own, where it would count if it had them.

        Parameters
        ----------
        owner : the object; of a module, its names
        own : its attributes
        behind : the attributes of classes that are looked at after these
        """
        names = self._read if self._catches else self._read.intersection(itertools.chain(*behind))
        self._absent(owner, names - own.keys(), label)

    def _class(self, cls: type) -> None:
        self.volatile |= volatile_in(f"{cls.__module__}.{cls.__name__}", self.names)
        behind = cls.__mro__[1:]
        self._todo += [(base, "") for base in behind]
        if is_users_class(cls):
            own = vars(cls)
            for name, value in [*own.items()]:
                if name in OPERATORS or (self._asked(name) and not name.startswith("__")):
                    self._place(cls, name, "class", value, name)
            self._absences(cls, own, map(vars, behind), cls.__name__)
            if not BY_TEXT.isdisjoint(self.names):
                self._count(cls, len(own), cls.__name__, "attributes")

    def _asked(self, name: str) -> bool:
        return name in self.names or not DYNAMIC.isdisjoint(self.names)

    def _container(self, obj: Any, label: str) -> None:
        if isinstance(obj, dict):
            if "__builtins__" in obj or "__spec__" in obj:  # the names of a module
                return
            items: Iterable[tuple[Any, Any]] = [*obj.items()]
            if not all(map(_is_key, obj)):
                raise JitError(f"{label} is a dict whose keys are objects")
        elif isinstance(obj, (set, frozenset)):
            if not all(isinstance(item, (*NUMBERS, *EQUAL, *SAME)) for item in obj):
                raise JitError(f"{label} is a set of objects")
            self.found.append(Found(Location(obj, None, "fixed", label), type(obj)(obj), "contents"))
            return
        else:
            items = [*enumerate(obj)]
        if len(self._seen) + len(obj) > _LIMIT:
            raise JitError(f"{label} is a {type(obj).__name__} of {len(obj)} items")
        if not isinstance(obj, tuple):
            self._mutable.append((obj, obj.copy()))
            self._count(obj, len(obj), label)
        how = "fixed" if isinstance(obj, tuple) else "item"
        for name, value in items:
            word = f"{label}_{name}" if label else str(name)
            if how == "item":
                self._place(obj, name, how, value, word)
            elif type(value) is np.ndarray and value.dtype.kind in "biufc":
                self.found.append(Found(Location(obj, name, how, word), value, "array"))
            else:
                self._todo.append((value, word))

    def _instance(self, obj: Any, label: str) -> None:
        cls: Any = type(obj)
        if hosted(cls):
            raise of_another_library(obj, label or "an argument")
        users = is_users_class(cls)
        own = attribute_of(obj, "__dict__")
        known = is_told_by_identity(obj)
        if known or (type(own) is not dict and not slots_of(cls)):
            if not known:
                raise JitError(
                    f"{label or 'an argument'} is {described(obj)}, in which arrays may stand that no program would "
                    "see change"
                )
            return
        if cls.__module__.partition(".")[0] == PACKAGE:
            if has_state(obj):
                raise JitError(f"{label or 'an argument'} is {described(obj)}")
            self._todo += [(value, label) for value in (own or {}).values() if callable(value)]
            return
        function = own.get("py_func") if type(own) is dict and not users else None
        if isinstance(function, types.FunctionType):  # one of Numba's
            self._todo.append((function, label))
            return
        self._attributes(obj, label)

    def _attributes(self, obj: Any, label: str) -> None:
        cls: Any = type(obj)
        own = attribute_of(obj, "__dict__")
        users = is_users_class(cls)
        self._todo.append((cls, label))
        for name in itertools.chain(own or (), slots_of(cls)):
            if users and not self._asked(name):
                continue
            how = "attribute"
            value = Location(obj, name, how, "").get()
            if value is not MISSING:
                self._place(obj, name, how, value, f"{label}_{name}" if label else name)
        if type(own) is dict:
            self._mutable.append((own, own.copy()))
            self._absences(obj, own, map(vars, cls.__mro__), label)
            if not DYNAMIC.isdisjoint(self.names):
                self._count(obj, len(own), label, "attributes")

    # --- while a program is written ---------------------------------------------------------------------------------

    def changed(self) -> Iterator[tuple[Found, Any]]:
        """Yield the places that have another value now, with what is there now."""
        for found in self.found:
            if found.place.how != "fixed":
                now = found.place.get()
                if now is not found.value:
                    yield found, now

    def restore(self) -> None:
        """Put everything back to what it was."""
        for owner, copy in self._mutable:
            if isinstance(owner, dict):
                for name in owner.keys() - copy.keys():
                    del owner[name]
                for name, value in copy.items():
                    if owner.get(name, MISSING) is not value:
                        owner[name] = value
            elif len(owner) != len(copy) or any(map(_differs, owner, copy)):
                owner[:] = copy
        for found, _ in [*self.changed()]:
            if not found.place.inherited():
                found.place.set(found.value)
        for space, names in self._defined():
            for name in names:
                del space[name]

    def redo(self, back: dict[int, Any]) -> Callable[[], None]:
        """Return what does once more to containers and places what was done to them, but for traced values.

        Parameters
        ----------
        back : by the identity of what stood in for a value, that value
        """
        owners: list[tuple[Any, Any, Any]] = []
        for owner, copy in self._mutable:
            if isinstance(owner, dict):
                now = {k: back.get(id(v), v) for k, v in owner.items()}
                if now.keys() != copy.keys() or any(now[k] is not copy[k] for k in copy):
                    plain = {k: v for k, v in now.items() if traced_in(v) is None}
                    owners.append((owner, plain, copy.keys() - now.keys()))
            else:
                now_list = [back.get(id(v), v) for v in owner]
                if len(now_list) != len(copy) or any(map(_differs, now_list, copy)):
                    if len(now_list) != len(copy) and traced_in(now_list) is not None:
                        raise JitError(KEPT.format("a list"))
                    owners.append((owner, now_list, ()))
        lists = {id(owner) for owner, _, _ in owners if not isinstance(owner, dict)}
        changes = [
            (f.place, now)
            for f, now in self.changed()
            if id(now) not in back and traced_in(now) is None and id(f.place.owner) not in lists
        ]

        def again() -> None:
            for owner, now, gone in owners:
                if isinstance(owner, dict):
                    for name in gone:
                        owner.pop(name, None)
                    owner.update(now)
                elif len(now) != len(owner):
                    owner[:] = now
                else:
                    owner[:] = [a if traced_in(b) is not None else b for a, b in zip(owner, now, strict=True)]
            for place, value in changes:
                place.set(value)

        return again

    def _defined(self) -> Iterator[tuple[dict[str, Any], list[str]]]:
        for found in self.found:
            space = found.place.owner
            if found.kind == "absent" and type(space) is dict and space is not sys.modules:
                yield space, [name for name in found.value if name in space]

    def defined(self) -> list[str]:
        """Return the names of globals, and the modules, that were not there before."""
        modules = [f for f in self.found if f.kind == "absent" and f.place.owner is sys.modules]
        imported = [name for f in modules for name in f.value if name in sys.modules]
        return imported + [name for _, names in self._defined() for name in names]

    def numbers(self) -> list[tuple[Location, Any]]:
        """Return where numbers stand, and which."""
        return [(found.place, found.value) for found in self.found if found.kind == "number"]

    def has(self, obj: Any) -> bool:
        """Tell whether an object was there before the call."""
        return id(obj) in self._seen

    def bound(self) -> bool:
        """Tell whether names of the modules lead to stand-ins at present."""
        return any(map(is_bound, self.spaces))

    def drew(self) -> bool:
        """Tell whether one of the generators that the function refers to was drawn from since."""
        return any(state_of(generator) != before for generator, before in self.generators)


_BUILTINS = vars(builtins)
KEPT = "{} keeps an array of the call, and a program adds nothing to a container: let the function return it instead"
_VALUES = (*NUMBERS, *EQUAL)
# The kinds of values that there are most of.
_SIMPLE = {bool: "number", int: "number", float: "number", str: "equal", type(None): "equal"}
_PLAIN_CONTAINERS = frozenset((list, tuple, dict, set, frozenset))


def _differs(a: Any, b: Any) -> bool:
    return a is not b


def _is_key(key: Any) -> bool:
    """Tell whether a key of a dict is the same as long as it is equal."""
    return all(map(_is_key, key)) if type(key) is tuple else isinstance(key, (*NUMBERS, *EQUAL, *SAME))
