"""Where the results of a call go that has out=: functions, ufuncs and their methods, in both modes and in the mirror.

NumPy itself fills an array: the memory of the output where nobody would notice, else one that stands for it until all
has gone well. So values, dtypes and errors are NumPy's, what a tape has saved stays as it is, and a call that fails
changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ..context.settings import silently
from ..kernels.arrays import Array
from ..kernels.gate import PLAIN
from ..kernels.traced import TRACED, copy_of
from ..rules.kinds import Rule
from ..rules.names import public_name
from ..rules.signature import parameter_kinds
from ..tape import loss, wrapping
from ..tape.wrapping import bare, has_variable, wrap, wrap_results

Call = Callable[[Any, dict[str, Any]], Any]


def taking(rule: Rule, call: Call, traced: Callable[[Any], bool]) -> Call:
    """Let a call of a function take out=, by keyword and by position, where NumPy's function does.

    Parameters
    ----------
    rule : Rule
    call : callable
        ``call(args, kwargs)`` carries out what has no out=.
    traced : callable
        Tells of arguments and outputs whether a derivative goes through the call.
    """
    func = rule.func
    positional, others = parameter_kinds(func)
    if isinstance(func, np.ufunc) or "out" not in (*positional, *others):
        return call  # of a ufunc's call, NumPy's protocol has sorted the arguments
    place, numpys = place_of(func), untouched(rule)

    def take(args: Any, kwargs: dict[str, Any]) -> Any:
        if len(args) > place:
            given = dict(zip(positional[place:], args[place:], strict=False))
            if len(args) > len(positional) or not given.keys().isdisjoint(kwargs):
                func(*bare(args), **bare(kwargs))  # NumPy's own error
            args, kwargs = args[:place], {**given, **kwargs}
        if "out" not in kwargs:
            return call(args, kwargs)
        kwargs = dict(kwargs)
        into = kwargs.pop("out")
        if into is None:
            return call(args, kwargs)
        return fill(numpys, args, kwargs, into, (lambda: call(args, kwargs)) if traced((args, kwargs, into)) else None)

    return take


def place_of(func: Callable[..., Any]) -> int:
    """Return where out= stands among the arguments of a function or ufunc; beyond all if it has none, or by name."""
    if isinstance(func, np.ufunc):
        return func.nin
    positional, _ = parameter_kinds(func)
    return positional.index("out") if "out" in positional else sys.maxsize


def output_of(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Return what stands for out= in a call, by position or by keyword; None if nothing does."""
    place = place_of(func)
    return args[place] if len(args) > place else kwargs.get("out")


def untouched(rule: Rule) -> Callable[..., Any]:
    """Return the function of a rule in a form that leaves its arguments alone, even with ``overwrite_input=True``."""
    func = rule.call
    if "overwrite_input" not in parameter_kinds(rule.func)[0]:
        return func

    def call(*args: Any, **kwargs: Any) -> Any:
        return func(*[copy_of(x) if isinstance(x, np.ndarray) else x for x in args], **kwargs)

    call.__name__, call.__module__ = func.__name__, func.__module__
    return call


def fill(
    func: Callable[..., Any], args: Any, kwargs: dict[str, Any], into: Any, record: Callable[[], Any] | None = None
) -> Any:
    """Carry out a call with ``out=into``, and return what NumPy does: `into`, or each one of several.

    Parameters
    ----------
    func : callable
        NumPy's function, or a ufunc's method; it gets the bare values.
    args, kwargs : tuple, dict
        Without out=.
    into : array, Tensor or Dual, or a tuple of these and of None
    record : callable, optional
        Carries out the call without out=, for results that have a derivative. Without it they are constants.
    """
    several = type(into) is tuple
    outs: tuple[Any, ...] = into if several else (into,)
    arrays = tuple([_stand_in(out, record is not None) for out in outs])
    if any(np.ndim(array) == 0 for array in arrays if array is not None) and _accumulates(func):
        raise ValueError("provided out is the wrong size for the accumulation.")  # where NumPy 2.4 crashes
    # What is both argument and output is so for NumPy, too, which may then take it in another shape.
    same = {id(out): array for out, array in zip(outs, arrays, strict=True) if out is not None}
    values = [same[id(x)] if id(x) in same else bare(x) for x in args]
    answer = func(*values, **bare(kwargs), out=arrays if several else arrays[0])
    answers = answer if isinstance(answer, tuple) else (answer,)
    results: Any = wrap_results(answers)
    if record is not None:
        result = silently(record)  # NumPy has said it
        results = result if isinstance(result, tuple) else (result,)
        for out, made in zip(outs, results, strict=True):
            if isinstance(out, np.ndarray) and has_variable(made):
                loss.refuse_write(f"out= of {_name(func)}")
    found = tuple(
        [
            made if out is None or new is not array else _put(out, array, made)  # NumPy 2.4 leaves that of hfft alone
            for out, array, new, made in zip(outs, arrays, answers, results, strict=True)
        ]
    )
    return found if isinstance(answer, tuple) else found[0]


def _put(out: Any, array: Array, result: Any) -> Any:
    """Bring what NumPy has put into an array to the output, with the derivative of the result."""
    if isinstance(out, np.ndarray):
        if array is not out:
            out[...] = array
    elif not (isinstance(out, wrapping.Tensor) and array is out._raw):
        out[...] = _with_derivative(array, result)
    return out


def _name(func: Callable[..., Any]) -> str:
    ufunc = getattr(func, "__self__", None)
    return f"{public_name(ufunc)}.{func.__name__}" if isinstance(ufunc, np.ufunc) else public_name(func)


def _accumulates(func: Callable[..., Any]) -> bool:
    return "accumulate" in func.__name__ or "cum" in func.__name__


def _stand_in(out: Any, traced: bool) -> Any:
    """Return what NumPy is to fill in the place of an output."""
    if isinstance(out, (wrapping.Tensor, wrapping.Dual)):
        return out._output(traced)
    return likeness(out) if traced and isinstance(out, np.ndarray) else out


def likeness(array: Array) -> Array:
    """Return a copy of an array that lies in memory as it does, since some functions take not every output."""
    if array.flags.forc or array.size == 0 or type(array) in TRACED:
        return copy_of(array)
    low, high = byte_bounds(array)
    start = array.__array_interface__["data"][0] - low
    copy = np.ndarray(array.shape, array.dtype, np.empty(high - low, np.uint8), start, array.strides)
    copy[...] = array
    return copy


def revalued(result: Any, value: Any) -> Any:
    """Return NumPy's own value of a call with the derivative of what a body of ours gave, or of each one of several."""
    if isinstance(value, (tuple, list)):
        items = [revalued(made, item) for made, item in zip(result, value, strict=True)]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if not has_variable(result):
        return wrap_results(value) if isinstance(result, wrapping.Tensor) else value
    if result.dtype != value.dtype:
        result = result.astype(value.dtype)
    return result._revalued(value)


def _with_derivative(array: Array, result: Any) -> Any:
    """Return NumPy's values, which may be computed in the output's dtype, with the derivative of a result."""
    if not has_variable(result):
        return array
    if result.shape != array.shape and result.size == array.size:
        result = np.reshape(result, array.shape)
    if isinstance(result, wrapping.Tensor):
        return wrap(array, result._node)
    return wrapping.Dual(array, result.tangent, result.level) if type(result.value) in PLAIN else result


# --- augmented assignments --------------------------------------------------------------------------------------------


def updated_array(array: Array, ufunc: np.ufunc, value: Any) -> None:
    """Carry out an augmented assignment to an array, by a ufunc."""
    if ufunc is np.matmul:
        array @= value  # NumPy's operator is stricter than its function, whose result may be spread over the output
    elif ufunc is np.power:
        array **= value
    else:
        ufunc(array, value, out=array, casting="same_kind")


def in_place(result: Any, x: Any, ufunc: np.ufunc, value: Any) -> Any:
    """Return the result of an augmented assignment with the value that NumPy gives in place, to the last digit.

    NumPy takes an array of one element that is its own output for a reduction, and multiplies complex numbers of it
    without fused operations; powers of arrays it computes with the processor's wide registers, and of scalars not.
    """
    same = x.dtype.kind != "c" and ufunc is not np.power
    if x.size != 1 or same or result.size != 1 or isinstance(bare(x), np.generic):
        return result
    array = copy_of(bare(x))
    updated_array(array, ufunc, bare(value))
    return revalued(np.reshape(result, array.shape), array)
