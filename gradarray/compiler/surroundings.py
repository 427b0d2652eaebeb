"""What a function refers to by its closure and its globals: taken by reference, and compared at each run."""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..context.frames import PACKAGE
from ..kernels.gate import SIMPLE, described
from ..transforms.transformed import Transformed
from .program import Program, Untraceable

Getter = Callable[[], Any]
_MISSING = object()


class Surroundings:
    """The names that a function, and the functions that it refers to, find outside of themselves.

    Attributes
    ----------
    watched : how each is looked up, and what was found
    arrays : those of them that the program is given behind its arguments
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._copies: dict[int, Any] = {}
        self._known: dict[int, Any] = {}
        self.watched: list[tuple[Getter, Any]] = []
        self.arrays: list[Any] = []
        self.generators: list[tuple[Any, str]] = []

    def around(self, f: Any) -> Any:
        """Return a function like this one that finds traced arrays where this one finds arrays."""
        if id(f) in self._copies:
            return self._copies[id(f)]
        if isinstance(f, Transformed):
            make, args = f._made_by
            return make(*[self.around(a) if callable(a) else a for a in args])
        if isinstance(f, types.MethodType):
            return types.MethodType(self.around(f.__func__), f.__self__)
        if type(f) is not types.FunctionType or (f.__module__ or "").partition(".")[0] in (PACKAGE, "numpy"):
            return f
        names = f.__code__.co_names
        cells = None if f.__closure__ is None else tuple([types.CellType() for _ in f.__closure__])
        copy = types.FunctionType(f.__code__, dict(f.__globals__), f.__name__, f.__defaults__, cells)
        copy.__kwdefaults__, copy.__module__, copy.__qualname__ = f.__kwdefaults__, f.__module__, f.__qualname__
        copy.__dict__.update(f.__dict__)
        self._copies[id(f)] = copy
        self._copies[id(copy)] = copy
        for name in names:
            if name in f.__globals__:
                copy.__globals__[name] = self._found(name, partial(f.__globals__.get, name, _MISSING))
        for name, cell, new in zip(f.__code__.co_freevars, f.__closure__ or (), cells or (), strict=True):
            if _content(cell) is not _MISSING:
                new.cell_contents = self._found(name, partial(_content, cell))
        return copy

    def _found(self, name: str, get: Getter) -> Any:
        value = get()
        if not isinstance(value, types.ModuleType):
            self.watched.append((get, value))
        if type(value) is np.ndarray and value.dtype.kind in "biufc":
            if id(value) not in self._known:
                self._known[id(value)] = self._program.enter(value.copy("K"), name)
                self.arrays.append(value)
            return self._known[id(value)]
        if isinstance(value, (np.random.Generator, np.random.RandomState)):
            self.generators.append((value, _state(value)))
            return value
        if not _is_told_by_identity(value):
            raise Untraceable(
                f"{name} is {described(value)}, in which arrays may stand that no program would see change"
            )
        return self.around(value) if callable(value) else value

    def drew(self) -> bool:
        """Tell whether one of the generators that the function refers to was drawn from since."""
        return any(_state(generator) != before for generator, before in self.generators)

    def still(self) -> bool:
        """Tell whether all names lead to what they led to."""
        return all(get() is value for get, value in self.watched)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty
        return _MISSING


def _state(generator: Any) -> str:
    with np.printoptions(threshold=10**4):  # all of it
        of = getattr(generator, "bit_generator", None)
        return repr(generator.get_state() if of is None else of.state)


_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type, np.ufunc)


def _is_told_by_identity(value: Any) -> bool:
    """Tell whether nothing can change in an object that is still the same."""
    if isinstance(value, types.MethodType):
        return isinstance(value.__self__, types.ModuleType)
    if type(value) is tuple:
        return all(map(_is_told_by_identity, value))
    known = type(value) in SIMPLE or value is Ellipsis or isinstance(value, (int, bytes, slice, range, *_FUNCTIONS))
    known = known or isinstance(value, type(np.sum)) or type(value).__module__ == "typing"
    return known or (type(value).__module__.startswith(PACKAGE) and callable(value))
