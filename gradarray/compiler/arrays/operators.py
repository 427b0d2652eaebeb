"""The operators of arrays and scalars that write down what is done with them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels import gate
from ...kernels.traced import TRACED, Traced
from ..program.forms import known_form
from ..program.program import Program
from ..program.statements import Variable


class Operators(Traced):
    """What has operators. They are added below."""

    __slots__ = ()

    program: Program
    value: Any
    variable: Variable


class Updates:
    """What is changed in place by ``+=`` and its like, which are added below."""

    __slots__ = ()


_BINARY = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "pow": "**",
    "floordiv": "//",
    "mod": "%",
    "matmul": "@",
    "and": "&",
    "or": "|",
    "xor": "^",
    "lshift": "<<",
    "rshift": ">>",
}
_COMPARING = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_PYTHONS = {"and": operator.and_, "or": operator.or_}


def _operated(self: Operators, python: Callable[[Any, Any], Any], sign: str, a: Any, b: Any) -> Any:
    p = self.program
    if type(a) in TRACED and a.program is p:
        x, left, gap = a.value, (a.variable,), None
    else:
        x, left, gap = _beside(p, a)
        if gap is not None and gap.startswith("-"):
            left, gap = (f"({gap})",), f"({gap})"
    if type(b) in TRACED and b.program is p:
        y, right, end = b.value, (b.variable,), None
    else:
        y, right, end = _beside(p, b)
    pieces = (*left, sign, *right)
    try:
        value = python(x, y)
    except Exception as error:
        p.failed(error, pieces)
        raise
    kind = type(value)
    if kind is not np.float64 and kind is not np.ndarray:
        if kind is bool and type(x) in _PYTHON_NUMBERS and type(y) in _PYTHON_NUMBERS:
            return p.number(value, pieces)
        if kind in (int, float, complex):
            return p.number(value, pieces)
        if value is NotImplemented or isinstance(value, bool):
            return value
    return p.result(value, pieces, form=known_form((gap, sign, end)) if len(pieces) == 3 else None)


def _beside(p: Program, x: Any) -> tuple[Any, tuple[Any, ...], str | None]:
    """Return the value of an operand that is not traced, its text in pieces, and in one if no variable stands in it."""
    value, pieces = p.spelt(x)
    if len(pieces) == 1 or all(type(piece) is str for piece in pieces):
        text = "".join(pieces)
        return value, (text,), text
    return value, tuple(pieces), None


_PYTHON_NUMBERS = (int, float, complex, bool)


def _knows(other: Any) -> bool:
    """Tell whether an operand is met here, and not by a method of its own."""
    return type(other) in gate.PLAIN or type(other) in (list, tuple) or isinstance(other, np.ndarray)


def _binary(name: str, symbol: str) -> None:
    python: Any = _PYTHONS.get(name) or getattr(operator, name)
    augmented: Any = getattr(operator, f"i{name}", None)
    sign = f" {symbol} "

    def method(self: Operators, other: Any, *rest: Any) -> Any:
        return NotImplemented if not _knows(other) or rest else _operated(self, python, sign, self, other)

    def reflected(self: Operators, other: Any) -> Any:
        return NotImplemented if not _knows(other) else _operated(self, python, sign, other, self)

    def update(self: Operators, other: Any) -> Any:
        if not _knows(other):
            return NotImplemented
        value, right = self.program.spelt(other)
        self.program.will_write(self.variable.memory)
        augmented(self.value, value)
        self.program.add("write", (), (self.variable, f" {symbol}= ", *right), self.variable.memory)
        return self

    setattr(Operators, f"__{name}__", method)
    if symbol in _COMPARING.values():
        return
    setattr(Operators, f"__r{name}__", reflected)
    setattr(Updates, f"__i{name}__", update)


for _name, _symbol in (*_BINARY.items(), *_COMPARING.items()):
    _binary(_name, _symbol)


def _unary(name: str, symbol: str, call: str = "") -> None:
    python: Any = getattr(operator, name)

    def method(self: Operators) -> Any:
        value = python(self.value)
        pieces = (symbol, self.variable, call)
        if type(value) in _PYTHON_NUMBERS:
            return self.program.number(value, pieces)
        return self.program.result(value, pieces, form=known_form((symbol, None, call)))

    setattr(Operators, f"__{name}__", method)


for _name, _symbol, _call in (("neg", "-", ""), ("pos", "+", ""), ("invert", "~", ""), ("abs", "abs(", ")")):
    _unary(_name, _symbol, _call)


def _divmod(self: Operators, other: Any) -> Any:
    return NotImplemented if not _knows(other) else (self // other, self % other)


def _rdivmod(self: Operators, other: Any) -> Any:
    return NotImplemented if not _knows(other) else (other // self, other % self)


Operators.__divmod__, Operators.__rdivmod__ = _divmod, _rdivmod  # type: ignore[attr-defined,operator]
