"""What is computed with a user's function again and again, by a program that `ga.jit` writes once.

A solver's function is often made anew for each call, with other variables in its closure. So programs are kept by what
it is made of: its code, and all that it closes over, but for the variables, which are arguments of the program.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..compiler.jit import Jitted
from ..compiler.program.statements import JitError
from ..kernels.gate import PLAIN
from ..reverse.tensor import Tensor
from ..tape.nodes import Node
from ..tape.wrapping import bare, has_variable
from .captured import Slot, kept
from .snapshot import snapshot

# A program takes some 10 ms to write, and saves some 200 us each time.
_REPEATS = 48
_MOST = 32
# So many are written of a function for other values and shapes, and one more for so many calls that went well.
_BRANCHES = 4
_WELL = 16


class OfValues:
    """A function with the values of the variables in its closure and among its last arguments.

    Parameters
    ----------
    func, args : the function, and its last arguments
    objects : whether variables that are attributes of objects are found, too

    Attributes
    ----------
    function : the same as a function in Python, whose closure can be looked at
    values : those of the variables, and of other arrays among the arguments
    variables : the places of the first
    nodes : these on the tape; None where one of them is no array there
    """

    def __init__(self, func: Callable[..., Any], args: tuple[Any, ...], objects: bool = False) -> None:
        self.values: list[Any] = []
        self.variables: list[int] = []
        self.nodes: list[Node] | None = []
        self._objects = objects
        self._template = kept(func, self._slot, objects)
        self._args = tuple([self._slot(x) if type(x) is np.ndarray or has_variable(x) else x for x in args])
        self._of: Callable[..., Any] | None = None
        self._key: Any = None
        self.function = self._filled(self.values)

    def _slot(self, value: Any) -> Slot:
        if has_variable(value):
            self.variables.append(len(self.values))
            if type(value) is not Tensor or type(value._raw) not in PLAIN:
                self.nodes = None
            elif self.nodes is not None:
                self.nodes.append(value._node)  # type: ignore[arg-type]  # a variable has one
        self.values.append(bare(value))
        return Slot(len(self.values) - 1)

    def _filled(self, values: Any) -> Callable[..., Any]:
        func = kept(self._template, lambda slot: values[slot.number], self._objects)
        args = tuple([values[x.number] if type(x) is Slot else x for x in self._args])
        whole = (lambda *given: func(*given, *args)) if args else func
        return whole if self._of is None else self._of(whole)

    def __call__(self, *given: Any) -> Any:
        return self.function(*given)

    def seen_as(self, of: Callable[..., Any]) -> OfValues:
        """Return what a function makes of this one."""
        made = self._with(_of=of)
        made.function = made._filled(self.values)
        return made

    def _with(self, **changes: Any) -> OfValues:
        made = OfValues.__new__(OfValues)
        made.__dict__.update(self.__dict__, **changes)
        return made

    def changed(self, step: float) -> Callable[..., Any]:
        """Return the function with other values, each of them by so much of its size."""
        values = [_changed(x, step) if i in self.variables else x for i, x in enumerate(self.values)]
        return self._filled(values)

    def filled(self, chosen: Iterable[Any]) -> Callable[..., Any]:
        """Return the function with others in place of its variables."""
        values = [*self.values]
        for i, x in zip(self.variables, chosen, strict=True):
            values[i] = x
        return self._filled(values)

    def snapshot(self) -> tuple[Any, ...] | None:
        """Return what it reads, to be compared; None where something may change without that."""
        return snapshot(self._template, self._args, *self.values)

    def program(self, computes: Callable[..., Any], times: int) -> Callable[..., Any] | None:
        """Return a program for ``computes(of_values, *arguments)``, to be called so often; None if it is too early.

        It raises what it cannot do.
        """
        found = self._program(computes)
        found.called += times
        if found.called < _REPEATS or not found.is_worth_it:
            return None
        return functools.partial(found, self.values)

    def has_program(self, computes: Callable[..., Any]) -> bool:
        """Tell whether there is a program, and it did what it should when it was last called."""
        return self._program(computes).succeeded

    def _program(self, computes: Callable[..., Any]) -> _Program:
        if self._key is None:
            self._key = _form(self._template, {}), tuple([_form(x, {}) for x in self._args])
        key = computes, self._of, self._key
        found = _programs.get(key)
        if found is None:
            if len(_programs) >= _MOST:
                _programs.clear()
            # Without the values of this call, which a program would take for a part of what it is right for.
            empty = self._with(values=[], function=None, nodes=None)
            found = _programs[key] = _Program(empty, computes)  # which another thread may clear away at once
        return found


class _Program:
    """A program, or as many as the function has branches; too many where there can be none."""

    def __init__(self, function: OfValues, computes: Callable[..., Any]) -> None:
        self._function, self._computes = function, computes
        self.called = 0
        self.succeeded = False
        self.written = self._went_well = 0
        self._jitted = Jitted(self._traced, ((), ()), strict=True)

    @property
    def is_worth_it(self) -> bool:
        return self.written <= _BRANCHES + self._went_well // _WELL

    def _traced(self, values: Any, *given: Any) -> Any:
        self.written += 1
        if not self.is_worth_it:
            raise JitError("it has too many branches")
        return self._computes(self._function._with(values=values, function=self._function._filled(values)), *given)

    def __call__(self, values: Any, *given: Any) -> Any:
        self.succeeded = False
        try:
            found = self._jitted(values, *given)
        except Exception:
            self.written, self._went_well = _BRANCHES + 1, 0
            raise
        self.succeeded = True
        self._went_well += 1
        return found


_programs: dict[Any, _Program] = {}


def _changed(value: Any, step: float) -> Any:
    if type(value) is tuple:
        return tuple([_changed(x, step) for x in value])
    value = np.asarray(value)
    if value.dtype.kind not in "fc":
        return value
    away = np.reshape(1.5 + np.cos(np.arange(value.size)), value.shape)  # so that differences of them change, too
    return value + step * away * np.where(value == 0, 1.0, np.abs(value))


def _form(value: Any, seen: dict[int, int]) -> Any:
    """Return what tells a function from others but for the variables that it closes over."""
    if type(value) is Slot:
        return "variable", value.number
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return type(value), repr(value)
    if id(value) in seen:
        return "again", seen[id(value)]
    seen[id(value)] = len(seen)
    if type(value) is functools.partial:
        named = tuple([(key, _form(x, seen)) for key, x in value.keywords.items()])
        return "partial", _form(value.func, seen), tuple([_form(x, seen) for x in value.args]), named
    if type(value) is types.MethodType:
        return "method", _form(value.__func__, seen), id(value.__self__)
    if type(value) is not types.FunctionType:
        return "object", id(value)
    cells = tuple([_content(cell, seen) for cell in value.__closure__ or ()])
    defaults = tuple([_form(x, seen) for x in value.__defaults__ or ()])
    named = tuple([(key, _form(x, seen)) for key, x in (value.__kwdefaults__ or {}).items()])
    return value.__code__, id(value.__globals__), cells, defaults, named


def _content(cell: types.CellType, seen: dict[int, int]) -> Any:
    try:
        return _form(cell.cell_contents, seen)
    except ValueError:  # it is bound to nothing yet
        return "nothing"
