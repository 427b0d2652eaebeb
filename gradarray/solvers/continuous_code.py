"""Whether a user's function can jump at all, read from its code: most right-hand sides have nothing to jump by."""

from __future__ import annotations

import builtins
import contextlib
import dis
import functools
import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..compiler.surroundings.reads import reads
from ..tape.wrapping import bare

# Functions and methods of NumPy, and of arrays, that are continuous in all numbers that they are given, or give the
# same whatever these are.
_CONTINUOUS = frozenset(
    """
    sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp exp2 expm1 log log2 log10
    log1p logaddexp logaddexp2 sqrt cbrt square reciprocal power float_power abs absolute fabs hypot add subtract
    multiply divide true_divide negative positive conj conjugate real imag sinc maximum minimum fmax fmin clip max
    min amax amin ptp sum mean prod cumsum cumprod diff gradient trapezoid std var dot vdot inner outer matmul
    tensordot einsum kron cross array asarray asanyarray ascontiguousarray atleast_1d atleast_2d stack vstack hstack
    column_stack concatenate append r_ c_ reshape ravel flatten transpose swapaxes moveaxis squeeze expand_dims
    broadcast_to tile repeat roll flip copy T shape size ndim dtype zeros zeros_like ones ones_like empty empty_like
    full full_like eye identity diag diagonal trace triu tril linspace pi e newaxis float64 float32 float
    complex128 linalg norm solve inv det convolve correlate polyval pad math
    """.split()  # noqa: SIM905 - which is easier to read
)
# Of these, and divisions, functions that jump can be made: x / abs(x), arctan(1 / x).
_BENT = frozenset(
    """
    abs absolute fabs sqrt cbrt hypot norm max min amax amin maximum minimum fmax fmin clip arctan tanh arcsinh exp exp2
    expm1 logaddexp logaddexp2
    """.split()  # noqa: SIM905 - which is easier to read
)
_DIVIDING = frozenset(["divide", "true_divide", "reciprocal", "power", "float_power", "pow", "inv", "solve"])
_BUILTINS = (abs, float, complex, sum, min, max, len, range, zip, enumerate, reversed, list, tuple, pow, map)
_MODULES = frozenset(["numpy", "math", "numpy.linalg", "scipy", "scipy.linalg"])
_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.ndarray, np.generic)
_DEEPEST = 16


def may_jump(func: Any, args: tuple[Any, ...] = ()) -> bool:
    """Tell whether a function may jump: where it compares, rounds, or calls what is not known to be continuous.

    `args` are its last arguments, which may be functions and objects.
    """
    seen: dict[int, Any] = {}
    if any(_may_jump(x, 0, seen) for x in (func, *args)):
        return True
    codes = [x.__code__ for x in seen.values() if isinstance(x, types.FunctionType)]
    names = {getattr(x, "__name__", "") for x in seen.values()}
    names |= {name for code in codes for name in reads(code).attributes}
    return not names.isdisjoint(_BENT) and (not names.isdisjoint(_DIVIDING) or any(map(_divides, codes)))


def _may_jump(value: Any, depth: int, seen: dict[int, Any]) -> bool:
    """Tell whether there is anything to jump by in a function, or in what it refers to."""
    value = bare(value)
    if isinstance(value, _PLAIN):
        return False
    if id(value) in seen:
        return False
    seen[id(value)] = value
    if depth > _DEEPEST:
        return True
    if isinstance(value, types.ModuleType):
        return value.__name__ not in _MODULES
    inside: Iterable[Any]
    if type(value) in (list, tuple):
        inside = value
    elif type(value) is dict:
        inside = value.values()
    elif isinstance(value, functools.partial):
        inside = (value.func, *value.args, *value.keywords.values())
    elif not isinstance(value, types.FunctionType):
        name = getattr(value, "__name__", "")
        return not (any(value is f for f in _BUILTINS) or (name in _CONTINUOUS and getattr(np, name, None) is value))
    elif _jumps_by_itself(value.__code__):
        return True
    else:
        inside = _referred_to(value)
    return any(_may_jump(x, depth + 1, seen) for x in inside)


def _referred_to(func: types.FunctionType) -> Iterator[Any]:
    """Return what a function closes over, its globals and what arguments may be left at."""
    for cell in func.__closure__ or ():
        with contextlib.suppress(ValueError):  # it is empty
            yield cell.cell_contents
    builtin = vars(builtins)
    for name in reads(func.__code__).globals:
        yield func.__globals__.get(name, builtin.get(name))
    yield from func.__defaults__ or ()
    yield from (func.__kwdefaults__ or {}).values()


@functools.lru_cache(1000)
def _jumps_by_itself(code: types.CodeType) -> bool:
    """Tell whether code, or that of functions inside it, compares or rounds, or has attributes that are not known."""
    if reads(code).attributes - _CONTINUOUS:
        return True
    every = _with_inner(code)
    by_key = any(type(const) is tuple and "key" in const for x in every for const in x.co_consts)  # max(y, key=f)
    return by_key or any(_decides(x) for part in every for x in dis.get_instructions(part))


def _decides(instruction: dis.Instruction) -> bool:
    name = instruction.opname
    if name == "BINARY_OP":
        return instruction.argrepr[:2] == "//" or instruction.argrepr[:1] == "%"
    return name in ("COMPARE_OP", "CONTAINS_OP", "UNARY_NOT") or "JUMP_IF" in name


@functools.lru_cache(1000)
def _divides(code: types.CodeType) -> bool:
    """Tell whether code divides, or has powers that may be negative."""
    for part in _with_inner(code):
        before: Any = None
        for x in dis.get_instructions(part):
            if x.opname == "BINARY_OP":
                operator = x.argrepr.removesuffix("=")
                if operator in ("/", "**") and not _is_positive(before):
                    return True
            before = x.argval if x.opname in ("LOAD_CONST", "LOAD_SMALL_INT") else None
    return False


def _is_positive(value: Any) -> bool:
    return type(value) in (int, float) and value > 0


def _with_inner(code: types.CodeType) -> list[types.CodeType]:
    """Return code, and that of functions inside it."""
    found = [code]
    for x in found:
        found += [const for const in x.co_consts if isinstance(const, types.CodeType)]
    return found
