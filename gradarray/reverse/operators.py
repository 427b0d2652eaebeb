"""The operators of Tensor and Dual: one table, given to each class, and given again when a derivative is declared anew.

With plain operands an operator is the recorder of its ufunc itself, in which everything has been decided when it was
made. With any other operand it does what an ndarray's operator does: first it asks who is to answer.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..kernels.gate import PLAIN, Guest, defers, is_one_object, outward
from ..kernels.parts import power_in_parts
from ..rules.registry import find, forgetters
from ..rules.scipy.families import operators_with
from .notes import add_shapes

Method = Callable[..., Any]


class Operator(NamedTuple):
    """One line of the table.

    Attributes
    ----------
    name : the name of the method, without the underscores
    symbol : how it is written, where it is none of Python's functions
    ufunc : what it computes
    python : the operator of Python's, which is several times as fast as the ufunc on NumPy scalars
    short : the operator may stand for the ufunc where only the values are wanted
    large : computes the same from arrays that are worth several threads, where it is not the ufunc in parts
    """

    name: str
    symbol: str
    ufunc: np.ufunc
    python: Method
    short: bool = False
    large: Method | None = None


_BINARY = (
    Operator("add", "+", np.add, operator.add, True),
    Operator("sub", "-", np.subtract, operator.sub, True),
    Operator("mul", "*", np.multiply, operator.mul, True),
    Operator("truediv", "/", np.divide, operator.truediv, True),
    Operator("pow", "**", np.power, operator.pow, True, power_in_parts),
    Operator("floordiv", "//", np.floor_divide, operator.floordiv),
    Operator("mod", "%", np.remainder, operator.mod),
    Operator("divmod", "", np.divmod, divmod),
    Operator("matmul", "@", np.matmul, operator.matmul),
    Operator("and", "&", np.bitwise_and, operator.and_),
    Operator("or", "|", np.bitwise_or, operator.or_),
    Operator("xor", "^", np.bitwise_xor, operator.xor),
    Operator("lshift", "<<", np.left_shift, operator.lshift),
    Operator("rshift", ">>", np.right_shift, operator.rshift),
)
_COMPARING = (
    Operator("lt", "<", np.less, operator.lt),
    Operator("le", "<=", np.less_equal, operator.le),
    Operator("gt", ">", np.greater, operator.gt),
    Operator("ge", ">=", np.greater_equal, operator.ge),
    Operator("eq", "==", np.equal, operator.eq),
    Operator("ne", "!=", np.not_equal, operator.ne),
)
_UNARY = (
    Operator("neg", "-", np.negative, operator.neg, True),
    Operator("pos", "+", np.positive, operator.pos, True),
    Operator("abs", "", np.absolute, operator.abs, True),
    Operator("invert", "~", np.invert, operator.invert),
)
# Those that have an augmented assignment.
SYMBOLS = {op.ufunc: op.symbol for op in _BINARY if op.symbol}
# Those that compute what their ufunc does, and sooner; ``**`` has ways of its own, as an augmented assignment has.
SHORT = {op.ufunc: op.python for op in _BINARY if op.short}
# What comes to the other operand when it is to answer.
_TURNED = {op.name: f"__r{op.name}__" for op in _BINARY} | {
    "lt": "__gt__",
    "le": "__ge__",
    "gt": "__lt__",
    "ge": "__le__",
    "eq": "__eq__",
    "ne": "__ne__",
}


class Maker(NamedTuple):
    """How the operators of a class are made.

    Attributes
    ----------
    record : makes what carries out a ufunc, from the ufunc, the shorter ways to its values, and a function that is
        handed what would carry out the call with operands that are not plain, and returns what does so in its place
    update : carries out an augmented assignment, from the array, the ufunc and the other operand
    foreign : tells whether an operand answers ufuncs itself, and is to get its turn
    bare : replaces what has a derivative by its values
    """

    record: Callable[[Any, Method | None, Method | None, Callable[[Method], Method]], Method]
    update: Callable[[Any, np.ufunc, Any], Any]
    foreign: Callable[[Any], bool]
    bare: Callable[[Any], Any]


def give(cls: type, maker: Maker) -> None:
    """Give a class all operators, with the derivatives that are declared, now and later."""
    _given.append((cls, maker))
    for op in (*_BINARY, *_COMPARING, *_UNARY):
        _give(cls, maker, op)


_given: list[tuple[type, Maker]] = []


def _again(func: Any) -> None:
    for op in (*_BINARY, *_COMPARING, *_UNARY):
        if op.ufunc is func:
            for cls, maker in _given:
                _give(cls, maker, op)


def _give(cls: type, maker: Maker, op: Operator) -> None:
    rule = find(op.ufunc)
    if op in _UNARY:
        method = maker.record(op.ufunc, op.python if op.short else None, None, lambda general: general)
    elif rule is not None and rule.plain and rule.lower is None:
        method = _of_values(cls, op, maker)
    else:
        short = op.python if op.short else None
        method = maker.record(op.ufunc, short, op.large, lambda general: _meeting(cls, op, general))
    _set(cls, f"__{op.name}__", method)
    if op in _BINARY:
        _set(cls, f"__r{op.name}__", _reflected(method))
        if op.ufunc in SYMBOLS:
            _set(cls, f"__i{op.name}__", _augmented(cls, op.ufunc, maker))


forgetters.append(_again)


def _set(cls: type, name: str, method: Method) -> None:
    method.__name__, method.__qualname__ = name, f"{cls.__name__}.{name}"
    setattr(cls, name, method)


def _meeting(cls: type, op: Operator, general: Method) -> Method:
    """Make the operator for operands that are not plain: the other one answers where it would answer an ndarray."""

    def operate(x1: Any, x2: Any) -> Any:
        ours = isinstance(x1, cls)
        forms = operators_with(x2 if ours else x1)
        if forms is not None and op.name in forms:
            return forms[op.name](x1, x2)
        if ours and (defers(x2) or (not x1.ndim and is_one_object(x2))):
            return NotImplemented
        try:
            answer = general(x1, x2)
            return _turn(op, x1, x2, ours) if answer is NotImplemented else answer
        except Exception as error:
            add_shapes(error, op.ufunc, (x1, x2))
            raise

    return operate


def _turn(op: Operator, x1: Any, x2: Any, ours: bool) -> Any:
    """Let the other operand answer: by its own operator, or by NumPy's protocol, which has an error that names it."""
    # By the classes alone: getattr() would find a class's own operators, as ``type.__or__`` is one.
    name = _TURNED[op.name]
    turned = next((vars(base)[name] for base in type(x2).__mro__ if name in vars(base)), None) if ours else None
    answer = NotImplemented if turned is None else turned(x2, x1)
    return op.ufunc(x1, x2) if answer is NotImplemented else answer


def _of_values(cls: type, op: Operator, maker: Maker) -> Method:
    """Make an operator without a derivative: Python's own on the values, in which NumPy's rules hold for all else."""
    python, foreign, bare = op.python, maker.foreign, maker.bare

    def operate(x1: Any, x2: Any) -> Any:
        ours = isinstance(x1, cls)
        other = x2 if ours else x1
        if type(other) not in PLAIN:
            if ours and defers(other):
                return NotImplemented
            if foreign(other):
                return _turn(op, x1, x2, ours)
        try:
            out = python(bare(x1), bare(x2))
        except Exception as error:
            add_shapes(error, op.ufunc, (x1, x2))
            raise
        return outward(out) if type(out) is Guest else out

    return operate


def _reflected(method: Method) -> Method:
    """Make the method that Python calls when the array is the second operand."""

    def operate(self: Any, other: Any) -> Any:
        return method(other, self)

    return operate


def _augmented(cls: type, ufunc: np.ufunc, maker: Maker) -> Method:
    update, foreign = maker.update, maker.foreign

    def operate(self: Any, other: Any) -> Any:
        if type(other) not in PLAIN and type(other) is not cls and (defers(other) or foreign(other)):
            if getattr(type(other), "__array_ufunc__", other) is None:
                ufunc(self, other)  # NumPy's own error: in place, one that wants no ufuncs gets no turn
            return NotImplemented
        if type(other) not in PLAIN and not self.ndim and is_one_object(other):
            return NotImplemented
        try:
            return update(self, ufunc, other)
        except Exception as error:
            add_shapes(error, ufunc, (self, other))
            raise

    return operate
