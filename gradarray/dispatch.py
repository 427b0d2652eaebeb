"""NumPy's two dispatch protocols: a call on a Tensor goes to a recorder, which is made from the function's rule.

Recorders alone unwrap Tensors, call NumPy, wrap the results and record: those of ufuncs with one or two operands stand
in recorders.py, all others in functions.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import functions as function_recorders
from . import recorders, wrapping
from .functions import function_recorder
from .gate import PLAIN
from .kinds import Bilinear, Elementwise, Nondifferentiable, public_name
from .parallel import ufunc_in_parts
from .recorders import Calculation, binary, call_elementwise, unary
from .registry import find, forgetters
from .wrapping import entered, foreign, understood


def install(cls: type) -> None:
    """Make `cls` the class that results are wrapped in."""
    wrapping.Tensor = recorders.Tensor = function_recorders.Tensor = cls


class Recorders(dict[Any, Callable[..., Any]]):
    """Recorders by function, each made when it is first asked for."""

    def __init__(self, make: Callable[[Any], Callable[..., Any]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, func: Any) -> Callable[..., Any]:
        recorder = self[func] = self._make(func)
        return recorder


def recorder_for(
    func: Any,
    calculate: Calculation | None = None,
    large: Calculation | None = None,
    meeting: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None,
) -> Callable[..., Any]:
    """Make the recorder of a ufunc's plain call.

    `calculate` may compute the same from the raw operands by a shorter way, such as ``operator.mul`` for np.multiply,
    which is several times as fast on NumPy scalars; `large` the same for arrays that are worth several threads.
    `meeting` makes what takes the calls with other operands of what would take them; see `operators`.
    """
    rule = find(func)
    if large is None:
        large = functools.partial(ufunc_in_parts, func)  # of element-wise functions alone
    if isinstance(rule, Elementwise):

        def general(*inputs: Any) -> Any:
            return call_elementwise(rule, inputs, {})

    else:
        recorder = function_recorder(func)

        def general(*inputs: Any) -> Any:
            return NotImplemented if any(foreign(value) for value in inputs) else recorder(inputs, {})

    if meeting is not None:
        general = meeting(general)
    if isinstance(rule, Elementwise) and rule.refused:
        return general
    if isinstance(rule, Elementwise) and len(rule.operands) == 1:
        return unary(rule, calculate or rule.func, large)
    if isinstance(rule, (Elementwise, Bilinear)) and len(rule.operands) == 2:
        return binary(rule, calculate or rule.func, large, general)
    return general


UFUNCS = Recorders(recorder_for)
FUNCTIONS = Recorders(function_recorder)


def array_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer NumPy's `__array_ufunc__` for calls with keywords and for the methods of a ufunc."""
    from .ufuncs import METHODS, call_with_keywords  # they are written on top of this module

    if any(foreign(value) for value in (*inputs, *kwargs.get("out", ()))):
        return NotImplemented
    if method != "at" and not isinstance(find(ufunc), Nondifferentiable):  # that has a target, and not operands alone
        inputs = entered(inputs, public_name(ufunc))
    if method == "__call__":
        return call_with_keywords(ufunc, inputs, kwargs)
    return METHODS[method](ufunc, inputs, kwargs)


def array_function(func: Callable[..., Any], types: Iterable[type], args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer NumPy's `__array_function__`."""
    if not understood(types):
        return NotImplemented
    return FUNCTIONS[func](args, kwargs)


def _forget(func: Any) -> None:
    UFUNCS.pop(func, None)
    FUNCTIONS.pop(func, None)


forgetters.append(_forget)


def straight(
    func: Callable[..., Any],
    part: Callable[..., Any],
    params: tuple[str, ...],
    keywords: tuple[str, ...] = (),
    *,
    operands: int = 1,
) -> None:
    """Let the usual calls of a composite go to the part of it that they are about, at once.

    Those are the calls with no parameters but `params`, which directly follow the operands, and `keywords`. That takes
    half of the time on small arrays.
    """
    whole, record = FUNCTIONS[func], FUNCTIONS[part]
    few, most = frozenset((*params, *keywords)), operands + len(params)

    def call(args: Any, kwargs: dict[str, Any]) -> Any:
        return (record if operands <= len(args) <= most and few.issuperset(kwargs) else whole)(args, kwargs)

    FUNCTIONS[func] = call


def standing_for(numpys: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a primitive that carries out a function of NumPy's: messages call it by that one's name."""

    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        call = primitive(func)
        call.__stands_for__ = numpys  # type: ignore[attr-defined]
        return call

    return decorate


def primitive(func: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of our own dispatch on its positional arguments, as NumPy's functions do.

    The body sees plain arrays; a Tensor, or any other array with the protocol, answers for itself.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        others = {type(x): x for x in args if type(x) not in PLAIN and not isinstance(x, np.ndarray)}
        types = [cls for cls in others if hasattr(cls, "__array_function__")]
        for cls in types:
            answer = cls.__array_function__(others[cls], call, types, args, kwargs)
            if answer is not NotImplemented:
                return answer
        if types:
            raise TypeError(f"{public_name(call)} has no form for {', '.join(cls.__name__ for cls in types)}")
        return func(*args, **kwargs)

    call.__name__ = func.__name__
    call.__module__ = func.__module__
    call.__doc__ = func.__doc__
    call.__wrapped__ = func  # type: ignore[attr-defined]
    return call
