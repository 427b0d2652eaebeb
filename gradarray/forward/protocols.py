"""NumPy's two dispatch protocols, and keywords and methods of ufuncs, for Duals.

As in reverse mode, there is a function for each one of NumPy's, made from its rule when it is first called on a Dual.
The usual calls of ufuncs are carried out in line; `tangents` has all others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..context.settings import paused, silently, stopped, together, watching
from ..kernels.gate import PLAIN, outward
from ..kernels.parts import ufunc_in_parts
from ..kernels.traced import MEMORY, copy_of
from ..reverse import rebinding
from ..reverse.notes import add_shapes
from ..reverse.outputs import fill, revalued
from ..reverse.protocols import Recorders, with_outputs
from ..rules.differentiable import Bilinear, Elementwise
from ..rules.kinds import Reader, Rule, refuse
from ..rules.names import public_name
from ..rules.registry import find, forgetters
from ..rules.ufunc_methods import LOWERED, updated_at, with_axes
from ..tape import loss, wrapping
from ..tape.wrapping import all_entered, bare, stack_nested
from .elementwise import binary, unary
from .functions import function_pusher
from .levels import Pusher, foreign, level_of, same_layout, understood, values_of
from .tangents import note_write, paired, pushed, untraced

# --- ufuncs: functions of a fixed number of operands ----------------------------------------------------------------


def pusher_for(
    func: Any,
    calculate: Pusher | None = None,
    large: Pusher | None = None,
    meeting: Callable[[Pusher], Pusher] | None = None,
) -> Pusher:
    """Make what carries out a ufunc's plain call on Duals.

    `calculate` may compute the same from the values by a shorter way, such as ``operator.mul`` for np.multiply,
    `large` the same for arrays that are worth several threads.
    `meeting` makes what takes the calls with other operands of what would take them; see `operators`.
    """
    rule = find(func)
    maker = _Ufuncs(func, calculate, large, meeting)
    return maker.function(rule) if rule is None else rule.read(maker)


class _Ufuncs(Reader):
    """Makes what carries out a ufunc's plain call, by the kind of its rule; for the parameters see `pusher_for`."""

    def __init__(self, func: Any, calculate: Any, large: Any, meeting: Any) -> None:
        self.func, self.calculate, self.large = func, calculate, large
        self.meeting = meeting or (lambda general: general)

    def elementwise(self, rule: Elementwise) -> Pusher:
        func, calculate = self.func, self.calculate

        def pushed_plainly(*operands: Any) -> Any:
            if any(map(foreign, operands)):
                return NotImplemented
            pythons = any(type(x) is complex for x in operands)  # 1j * np.float64(2.0) is Python's complex number
            return pushed(rule, operands, {}, None if pythons else calculate)

        general: Pusher = self.meeting(pushed_plainly)
        if rule.refused or len(rule.partials) > 2 or rule.call is not rule.func:
            return general
        if len(rule.partials) == 1:
            return unary(rule, calculate or func)
        return binary(rule, calculate or func, self.large or partial(ufunc_in_parts, func), general)

    def bilinear(self, rule: Bilinear) -> Pusher:
        return _bilinear(rule, self.function(rule))

    def nondifferentiable(self, rule: Rule) -> Pusher:
        if rule.lower is not None:
            return self.function(rule)
        func = self.func
        return lambda *operands: (
            NotImplemented if any(map(foreign, operands)) else outward(func(*map(values_of, operands)))
        )

    def function(self, rule: Rule | None) -> Pusher:
        func = self.func
        return self.meeting(  # type: ignore[no-any-return]
            lambda *operands: NotImplemented if any(map(foreign, operands)) else FUNCTIONS[func](operands, {})
        )

    composite = creation = zero_gradient = unsupported = function


def _bilinear(rule: Bilinear, general: Pusher) -> Pusher:
    func, ndarray = rule.call, np.ndarray
    dual = wrapping.Dual

    def push(x1: Any, x2: Any) -> Any:
        (a, ta, level) = (x1.value, x1.tangent, x1.level) if type(x1) is dual else (x1, None, 0)
        (b, tb, other) = (x2.value, x2.tangent, x2.level) if type(x2) is dual else (x2, None, level)
        if (
            not paused
            and type(a) is ndarray is type(b)
            and (ta is None or type(ta) is ndarray)
            and (tb is None or type(tb) is ndarray)
            and (level == other or not level)
        ):
            try:
                out = func(a, b)
            except Exception as error:
                add_shapes(error, func, (x1, x2))
                raise
            tangent = func(a, tb) if ta is None else func(ta, b) if tb is None else func(ta, b) + func(a, tb)
            if type(out) is ndarray is type(tangent) and same_layout(tangent, out):
                return dual(out, tangent, other)
            return paired(out, tangent, other)
        return general(x1, x2)

    return push


# Functions that a Dual reaches by like= alone.
LIKE = frozenset(
    getattr(np, name)
    for name in (
        *("arange", "array", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray", "empty", "eye"),
        *("frombuffer", "fromfile", "fromfunction", "fromiter", "fromstring", "full", "genfromtxt", "identity"),
        *("loadtxt", "ones", "require", "tri", "zeros"),
    )
)


def created_like(func: Callable[..., Any], args: Any, kwargs: dict[str, Any], like: Any) -> Any:
    """Return what a call with ``like=`` makes: an array that a Dual of the level of `like` can be written into."""
    if level_of((args, kwargs)) == like.level:
        return FUNCTIONS[func](args, kwargs)
    inner = like.value
    made = func(*args, **kwargs) if type(inner) in PLAIN else func(*args, **kwargs, like=inner)
    return made if level_of(made) >= like.level else paired(made, None, like.level)


# --- the ufunc protocol: keywords and methods -----------------------------------------------------------------------


def array_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer NumPy's `__array_ufunc__` for Duals."""
    kwargs = with_outputs(kwargs)
    out = kwargs.get("out")
    if not understood(map(type, (*inputs, *(out or ())))):
        return NotImplemented
    rule = find(ufunc)
    if rule is None or rule.refuses:
        raise refuse(ufunc, rule)
    if paused:
        level = level_of((inputs, kwargs))
        if stopped(level):
            return untraced(getattr(ufunc, method), inputs, kwargs)
        if (watch := watching()) is not None:
            call = array_ufunc, ufunc.__name__, level, (inputs, kwargs), ufunc, method, inputs, kwargs
            return watch.pushed(*call)
    if method == "at":
        return _at(ufunc, *inputs)
    kwargs = {name: value for name, value in kwargs.items() if name != "out"}
    constant = rule.plain
    if method == "__call__":
        numpys: Callable[..., Any] = ufunc
        if out is not None and out[0] is inputs[0] and not constant and rebinding.rebinds(ufunc, inputs):
            result = _call_with_keywords(ufunc, rule, inputs, kwargs, (None,))
            return rebinding.fitted(ufunc, inputs, kwargs, result)
        before = (None,) * ufunc.nout if out is None else out

        def record() -> Any:
            return _call_with_keywords(ufunc, rule, inputs, kwargs, before)

    else:
        numpys = getattr(ufunc, method)
        inputs = inputs if constant else all_entered(inputs, public_name(ufunc))

        def record() -> Any:
            return LOWERED[method](ufunc, *inputs, **kwargs)

    if out is not None:
        return fill(numpys, inputs, kwargs, out, None if constant else record)
    if constant:
        return outward(numpys(*values_of(inputs), **values_of(kwargs)))
    if method == "__call__":
        return record()
    value = numpys(*bare(inputs), **bare(kwargs))  # and NumPy's own error
    return revalued(record(), value)


def _call_with_keywords(
    ufunc: np.ufunc, rule: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any], before: tuple[Any, ...]
) -> Any:
    """Call a ufunc without out=; `before` holds the arrays that keep their elements where a mask says so."""
    where = values_of(kwargs.get("where", True))
    kwargs = {name: value for name, value in kwargs.items() if name != "where"}
    if rule.is_elementwise:
        push = pushed if where is True else partial(silently, pushed)
        result = push(rule, inputs, kwargs)
    elif {"axes", "axis", "keepdims"} & kwargs.keys():
        result = with_axes(ufunc, inputs, kwargs)
    else:
        result = FUNCTIONS[ufunc](inputs, kwargs)
    if where is True:
        return result
    results = result if isinstance(result, tuple) else (result,)
    chosen = tuple([np.where(where, new, 0 if old is None else old) for new, old in zip(results, before, strict=True)])
    return chosen if isinstance(result, tuple) else chosen[0]


def _at(ufunc: np.ufunc, a: Any, indices: Any, *rest: Any) -> None:
    if type(a) is not wrapping.Dual:
        loss.refuse_write(f"{public_name(ufunc)}.at")
        ufunc.at(bare(a), bare(indices), *bare(rest))
        return
    raw = bare(a)
    if type(raw) in MEMORY and not raw.flags.writeable:  # where NumPy's own writes all the same
        raise ValueError("assignment destination is read-only")
    indices = values_of(indices)
    rest = tuple([stack_nested(b) for b in rest])
    plain = type(a.value) is np.ndarray is type(a.tangent)
    if ufunc in (np.add, np.subtract) and plain:
        (b,) = rest
        same = type(b) is wrapping.Dual and b.level == a.level and type(b.value) in PLAIN and type(b.tangent) in PLAIN
        if same or type(b) is np.ndarray:
            note_write(a)
            if same:
                together(ufunc.at, (a.value, a.tangent), (indices, indices), (b.value, b.tangent))
            else:
                ufunc.at(a.value, indices, b)
            return
    value = copy_of(bare(a))
    ufunc.at(value, indices, *bare(rest))  # and NumPy's own error, before anything has changed
    a[...] = revalued(updated_at(ufunc, a, indices, rest), value)


FUNCTIONS = Recorders(function_pusher)


UFUNCS = Recorders(pusher_for)


def _forget(func: Any) -> None:
    UFUNCS.pop(func, None)
    FUNCTIONS.pop(func, None)


forgetters.append(_forget)
