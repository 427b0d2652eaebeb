"""NumPy's two dispatch protocols: a call on a Tensor goes to a recorder, which is made from the function's rule.

Recorders alone unwrap Tensors, call NumPy, wrap the results and record: those of ufuncs with one or two operands stand
in elementwise.py, all others in functions.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..kernels.parts import ufunc_in_parts
from ..rules.differentiable import Bilinear, Elementwise
from ..rules.kinds import Reader, Rule
from ..rules.names import public_name
from ..rules.registry import find, forgetters
from ..tape.wrapping import all_entered
from .arguments import foreign, understood
from .elementwise import Calculation, binary, call_elementwise, unary
from .functions import function_recorder
from .ufuncs import METHODS, call_with_keywords


class Recorders(dict[Any, Callable[..., Any]]):
    """Recorders by function, each made when it is first asked for."""

    def __init__(self, make: Callable[[Any], Callable[..., Any]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, func: Any) -> Callable[..., Any]:
        recorder = self._make(func)
        if find(func) is not None:  # what is refused today may be declared tomorrow, by a family
            self[func] = recorder
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
    maker = _Ufuncs(func, calculate, large, meeting)
    return maker.function(rule) if rule is None else rule.read(maker)


class _Ufuncs(Reader):
    """Makes the recorder of a ufunc's plain call, by the kind of its rule; for the parameters see `recorder_for`."""

    def __init__(self, func: Any, calculate: Any, large: Any, meeting: Any) -> None:
        self.func, self.calculate = func, calculate
        self.large = large or functools.partial(ufunc_in_parts, func)  # of element-wise functions alone
        self.meeting = meeting or (lambda general: general)

    def elementwise(self, rule: Elementwise) -> Callable[..., Any]:
        general = self.meeting(lambda *inputs: call_elementwise(rule, inputs, {}))
        calculate = self.calculate or rule.func
        if rule.refused or len(rule.operands) > 2 or rule.call is not rule.func:
            return general  # type: ignore[no-any-return]
        if len(rule.operands) == 1:
            return unary(rule, calculate, self.large)
        return binary(rule, calculate, self.large, general)

    def bilinear(self, rule: Bilinear) -> Callable[..., Any]:
        return binary(rule, self.calculate or rule.func, self.large, self.function(rule))

    def function(self, rule: Rule | None) -> Callable[..., Any]:
        recorder = function_recorder(self.func)

        def general(*inputs: Any) -> Any:
            return NotImplemented if any(foreign(value) for value in inputs) else recorder(inputs, {})

        return self.meeting(general)  # type: ignore[no-any-return]

    composite = nondifferentiable = creation = zero_gradient = unsupported = function


UFUNCS = Recorders(recorder_for)
FUNCTIONS = Recorders(function_recorder)


def with_outputs(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return keywords with all outputs in a tuple, as NumPy has them, and Numba's ufuncs have not."""
    if "out" not in kwargs or type(kwargs["out"]) is tuple:
        return kwargs
    return {**kwargs, "out": (kwargs["out"],)}


def array_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer NumPy's `__array_ufunc__` for calls with keywords and for the methods of a ufunc."""
    kwargs = with_outputs(kwargs)
    if any(foreign(value) for value in (*inputs, *kwargs.get("out", ()))):
        return NotImplemented
    rule = find(ufunc)
    if method != "at" and (rule is None or not rule.plain):  # that has a target, and not operands alone
        inputs = all_entered(inputs, public_name(ufunc))
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
