"""``plain += variable``: Python binds the name to the result, which may be a Tensor if nobody else has the array.

Whether somebody does is told by its reference count, compared with that of an array that is updated by the same
operator in a function of our own, where it has one name. Since Python 3.14 a local variable may be lent to the
operator, and an argument to the function; the compiler says which, and who lends an argument is among the callers.
"""

from __future__ import annotations

import dis
import functools
import sys
import threading
import types
from collections.abc import Callable, Iterable
from operator import getitem
from typing import Any

import numpy as np

from ..context.frames import PACKAGE, package, readable
from ..kernels.references import COUNTED, holders
from ..tape import loss
from ..tape.wrapping import bare
from .outputs import in_place

_OPERATORS: dict[np.ufunc, str] = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.true_divide: "/",
    np.floor_divide: "//",
    np.remainder: "%",
    np.power: "**",
    np.matmul: "@",
}
_BINARY = dis.opmap["BINARY_OP"]
# Before 3.14 what an operator is given is counted, and so is the argument of a function.
_LENDS = sys.version_info >= (3, 14)


def _in_place(operator: str) -> int:
    code = compile(f"a {operator}= b", "", "exec").co_code
    return next(code[i + 1] for i in range(0, len(code), 2) if code[i] == _BINARY)


_IN_PLACE = frozenset(map(_in_place, _OPERATORS.values()))


def rebinds(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> bool:
    """Tell whether the user's code is at an augmented assignment to a plain array that nobody else has.

    An augmented assignment arrives in the same form as a call with out=; what Python is carrying out at this moment
    tells them apart. An array that others may have is refused.
    """
    if type(inputs[0]) is not np.ndarray or ufunc not in _OPERATORS:
        return False
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and package(frame) == PACKAGE:
        frame = frame.f_back
    if frame is None:
        return False
    code, at = frame.f_code.co_code, frame.f_lasti
    if code[at] != _BINARY or code[at + 1] not in _IN_PLACE:
        return False
    found = holders(getitem, inputs, 0)
    if _probing.now:
        raise _Found(found)
    if COUNTED and _sole_memory(inputs):
        lent, argument = _target(frame.f_code, at) if _LENDS else (False, False)
        sole = found == _expected(ufunc, type(inputs[1]), inputs[1])[lent]
        if sole and not (argument and _among(frame.f_back, inputs)):
            return True
    loss.refuse_write(f"{_OPERATORS[ufunc]}=")
    return False


def fitted(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
    """Return the result with the dtype of the array that was updated, or raise what NumPy does."""
    plain = inputs[0]
    if result.shape == plain.shape and result.dtype == plain.dtype:
        return in_place(result, plain, ufunc, inputs[1])
    ufunc(*bare(inputs), **{**bare(kwargs), "out": np.empty(plain.shape, plain.dtype)})
    return result.astype(plain.dtype)


def _sole_memory(inputs: tuple[Any, ...]) -> bool:
    """Tell whether the memory of an array can be reached by way of that array alone."""
    if not inputs[0].flags.writeable:
        return False
    if inputs[0].base is None:
        return bool(inputs[0].flags.owndata)
    if type(inputs[0].base) is not np.ndarray or inputs[0].base.base is not None:
        return False
    return holders(getattr, inputs[0], "base") == 1


# --- what is counted of an array with one name ------------------------------------------------------------------------


class _Found(Exception):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count


class _Probing(threading.local):
    now = False


_probing = _Probing()
_known: dict[tuple[np.ufunc, type], tuple[int, int]] = {}
_NOWHERE = (-1, -1)


def _expected(ufunc: np.ufunc, kind: type, variable: Any) -> tuple[int, int]:
    """Return what is counted where the array is counted on its way to the operator, and where it is lent."""
    counts = _known.get((ufunc, kind))
    if counts is None:
        counted, lent, twice = [_counted_in(probe, variable) for probe in _probes(_OPERATORS[ufunc])]
        counts = _known[ufunc, kind] = (counted, lent) if twice == lent + 1 else _NOWHERE
    return counts


def _counted_in(probe: Callable[[Any], object], variable: Any) -> int:
    _probing.now = True
    try:
        probe(variable)
    except _Found as found:
        return found.count
    finally:
        _probing.now = False
    return -1


def _probes(operator: str) -> Iterable[Callable[[Any], object]]:
    space: dict[str, Any] = {"ones": np.ones}
    text = f"""
def counted(t):
    a = [ones((1, 1))]
    a[0] {operator}= t

def lent(t):
    a = ones((1, 1))
    a {operator}= t

def twice(t):
    a = ones((1, 1))
    b = [a]
    a {operator}= t
"""
    exec(readable(text, f"<gradarray probes of {operator}=>"), space)
    return space["counted"], space["lent"], space["twice"]


# --- what is lent, since Python 3.14 ----------------------------------------------------------------------------------


_JUMPS = frozenset((*dis.hasjrel, *dis.hasjabs))


@functools.lru_cache(maxsize=1024)
def _target(code: types.CodeType, at: int) -> tuple[bool, bool]:
    """Tell of an augmented assignment whether its target is lent to the operator, and whether it is an argument."""
    instructions = list(dis.get_instructions(code))
    (here,) = [k for k, instruction in enumerate(instructions) if instruction.offset == at]
    after = instructions[here + 1]
    if not after.opname.startswith("STORE_FAST"):
        return False, False
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    target = after.argval[0] if isinstance(after.argval, tuple) else after.argval
    return _loader(instructions[:here]).startswith("LOAD_FAST_BORROW"), target in names


def _loader(before: list[dis.Instruction]) -> str:
    """Return the name of the instruction that put the left operand of the next one on the stack."""
    missing = 2
    for instruction in reversed(before):
        if instruction.opcode in _JUMPS:
            return ""
        missing -= dis.stack_effect(instruction.opcode, instruction.arg)
        if missing <= 0:
            return str(instruction.opname)
        if instruction.is_jump_target:
            return ""
    return ""


def _among(frame: types.FrameType | None, inputs: tuple[Any, ...]) -> bool:
    """Tell whether a caller has the array in a local variable."""
    while frame is not None:
        if any(value is inputs[0] for value in frame.f_locals.values()):
            return True
        frame = frame.f_back
    return False
