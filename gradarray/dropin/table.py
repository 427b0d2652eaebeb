"""The table of stand-ins: what a function, a class or a module of a library is replaced by in drop-in mode.

An entry is made when its original is first met in a user's code. In a thread without drop-in mode, a stand-in does what
its original does.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from .places import attribute_of

Maker = Callable[[Any], Any]

# By the identity of the original, which each entry keeps: what makes the stand-in of one, and what has been made.
_special: dict[int, tuple[Any, Maker]] = {}
_made: dict[int, tuple[Any, Any]] = {}
# What makes one for all of a type, or None where there is none for this one.
_by_type: dict[type, Maker] = {}
# The packages, by the first part of their names, some of whose functions have a stand-in.
_packages: set[str] = set()
# Counts the declarations, so that what was found out before the last of them can be found out anew.
version = [0]
# Names of what user code can need a stand-in for, whatever it does with it. All else matters only where lists are
# handed over, or elements assigned.
NEEDED: set[str] = {"item", "tolist"}
# The names of classes that have one.
CLASSES: set[str] = set()


def stand_in(original: Any, make: Maker, *, name: str | None = None) -> None:
    """Declare what makes the stand-in of a function, a class or an object of a library.

    Parameters
    ----------
    original, make
    name : what user code calls it, where it does not tell itself
    """
    _special[id(original)] = original, make
    _made.pop(id(original), None)
    version[0] += 1
    module = getattr(original, "__module__", None)
    if isinstance(module, str):
        _packages.add(module.partition(".")[0])
    NEEDED.add(name or original.__name__)
    if isinstance(original, type):
        CLASSES.add(original.__name__)


# By the name of a package: what declares the stand-ins that a module of it has.
_declarers: dict[str, Callable[[str], None]] = {}


def when_met(package: str, declare: Callable[[str], None]) -> None:
    """Say what declares the stand-ins that a module of a package has, when something of that module is met."""
    _packages.add(package)
    _declarers[package] = declare


def meet(value: Any) -> None:
    """Have the stand-ins declared that there are in the modules of a value, of its class and of the bases of that.

    All that looks for a stand-in asks this first.
    """
    owners = value.__mro__ if isinstance(value, type) else (value, *type(value).__mro__)
    for owner in owners:
        module = attribute_of(owner, "__name__" if type(owner) is types.ModuleType else "__module__")
        if type(module) is str and (declare := _declarers.get(module.partition(".")[0])) is not None:
            declare(module)


def for_type(kind: type, make: Maker) -> None:
    """Declare what makes the stand-in of anything of a type."""
    _by_type[kind] = make


def _of_tuple(value: tuple[Any, ...]) -> Any:
    """Return a tuple of what stands in for its items, as for the classes of which ``isinstance`` is given several."""
    if type(value) is not tuple or len(value) > 20 or not any(is_special(item) for item in value):
        return None
    return tuple([counterpart(item) if is_special(item) else item for item in value])


for_type(tuple, _of_tuple)


def for_type_named(name: str, make: Maker) -> None:
    """Declare the same for a type of another library, by its name, since that may never be imported."""
    _by_type_name[name] = make


def for_subtypes_of(name: str, make: Maker) -> None:
    """Declare the same for all types with a base of this name."""
    _by_base_name[name] = make


_by_type_name: dict[str, Maker] = {}
_by_base_name: dict[str, Maker] = {}


def _of_base(kind: type) -> Maker | None:
    for base in kind.__mro__[1:-1]:
        if base.__name__ in _by_base_name:
            return _by_base_name[base.__name__]
    return None


def counterpart(value: Any) -> Any:
    """Return what stands in for a value, or None where nothing does."""
    known = _made.get(id(value))
    if known is not None and known[0] is value:
        return known[1]
    meet(value)
    special = _special.get(id(value))
    if special is not None and special[0] is value:
        new = special[1](value)
    else:
        make = _by_type.get(type(value)) or _by_type_name.get(type(value).__name__) or _of_base(type(value))
        new = None if make is None else make(value)
    if new is not None and (special is not None or isinstance(value, _LASTING) or type(value) in _kept):
        _made[id(value)] = value, new
        _originals[id(new)] = new, value
    return new


# Other things come and go, such as a function that is vectorized within another one: what stands in for one of these
# is made anew each time, or neither would ever be let go of.
_LASTING = (types.BuiltinFunctionType, types.ModuleType, type, np.ufunc, type(np.sum))
_kept: set[type] = set()


def kept_for_good(value: Any) -> None:
    """Say that things of the type of this one are few, and that what stands in for one learns something."""
    _kept.add(type(value))


_originals: dict[int, tuple[Any, Any]] = {}


def original_of(value: Any) -> Any:
    """Return what a value stands in for, or the value itself."""
    found = _originals.get(id(value))
    return found[1] if found is not None and found[0] is value else value


def is_special(value: Any) -> bool:
    """Tell whether a value has a stand-in of its own, which code that names it needs."""
    meet(value)
    found = _special.get(id(value))
    return found is not None and found[0] is value


# --- modules ----------------------------------------------------------------------------------------------------------


def module_stand_in(module: types.ModuleType, kept: Collection[str] = ()) -> types.ModuleType | None:
    """Return a module in which names lead to stand-ins, and all others to what they lead to in the original.

    It is of type ModuleType exactly, for which the interpreter has a fast way, and filled as names are asked for.
    Classes under the names in `kept` stay what they are.
    """
    name = module.__name__
    if name.partition(".")[0] not in _packages and not _hands_on(module):
        return None
    made = types.ModuleType(name, module.__doc__)
    space = vars(made)

    def find(attribute: str) -> Any:
        value = getattr(module, attribute)
        new = None if attribute in kept and isinstance(value, type) else counterpart(value)
        if new is None:
            new = value
        space[attribute] = new
        return new

    space.update(__getattr__=find, __dir__=lambda: dir(module), __file__=getattr(module, "__file__", None))
    space.update(__path__=getattr(module, "__path__", []), __spec__=getattr(module, "__spec__", None))
    return made


def _hands_on(module: types.ModuleType) -> bool:
    """Tell whether a module hands on NumPy's functions under its own name, as array_api_compat.numpy does."""
    space = vars(module)
    return any(space.get(name) is getattr(np, name) for name in ("array", "asarray", "zeros"))


for_type(types.ModuleType, module_stand_in)
_keeping: dict[tuple[str, frozenset[str]], types.ModuleType | None] = {}


def module_keeping(module: types.ModuleType, names: Collection[str]) -> types.ModuleType | None:
    """Return what stands in for a module in code that compares classes of these names by ``is``."""
    kept = frozenset(name for name in names if isinstance(vars(module).get(name), type))
    if not kept:
        return counterpart(module)  # type: ignore[no-any-return]
    key = module.__name__, kept
    if key not in _keeping:
        _keeping[key] = new = module_stand_in(module, kept)
        if new is not None:
            _originals[id(new)] = new, module
    return _keeping[key]


def like(original: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a stand-in the name and the documentation of its original, and a path by which pickle finds it again."""

    def decorate(new: Callable[..., Any]) -> Callable[..., Any]:
        functools.update_wrapper(new, original, ("__name__", "__doc__"), ())
        name = new.__name__
        owner = getattr(original, "__module__", None) or "numpy"
        for public in ("numpy", owner):
            module: Any = sys.modules.get(public)
            if getattr(module, name, None) is original:
                owner = public
                break
        new.__module__ = _PICKLED
        new.__qualname__ = f"{owner}.{name}"
        return new

    return decorate


_PICKLED = f"{__name__.rpartition('.')[0]}.named"
