"""What carries out a function on Duals, made from its rule."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..context.settings import paused, silently, stopped, watching
from ..kernels.gate import ARRAYS, PLAIN, as_guest, outward
from ..kernels.traced import MEMORY
from ..reverse.arguments import CallSignature
from ..reverse.outputs import revalued, taking
from ..rules.differentiable import Function, Linear
from ..rules.kinds import Composite, Creation, InPlace, Reader, Rule, ZeroGradient, refusing
from ..rules.names import public_name
from ..rules.registry import find
from ..tape import loss, wrapping
from ..tape.wrapping import all_entered, bare, lifted, new_object
from .levels import Pusher, level_of, same_layout, values_of
from .tangents import laid_alike, paired, pushed, untraced


def function_pusher(func: Callable[..., Any]) -> Pusher:
    """Make what carries out a function on Duals, from its rule."""
    rule = find(func)
    push: Pusher = refusing(func, rule) if rule is None else rule.read(_PUSHERS)
    lower = None if rule is None else rule.lower

    def push_unless_stopped(args: Any, kwargs: dict[str, Any]) -> Any:
        if paused:
            level = level_of((args, kwargs))
            if stopped(level):
                return untraced(func, args, kwargs)
            if (watch := watching()) is not None:
                return watch.pushed(push_unless_stopped, public_name(func), level, (args, kwargs), args, kwargs)
        if lower is not None:
            answer = lower(args, kwargs)
            if answer is not NotImplemented:
                return answer
        return push(args, kwargs)

    return push_unless_stopped


def _lowering(lower: Pusher, push: Pusher) -> Pusher:
    def lower_first(args: Any, kwargs: dict[str, Any]) -> Any:
        answer = lower(args, kwargs)
        return push(args, kwargs) if answer is NotImplemented else answer

    return lower_first


class _Pushers(Reader):
    """Makes what carries out a function on Duals, by the kind of its rule."""

    def function(self, rule: Function) -> Pusher:
        kinked = rule.squares is not None or rule.smooth_square is not None
        return _alone(rule) if rule.alone and rule.jvp is not None and not (kinked or rule.saves) else _function(rule)

    def linear(self, rule: Linear) -> Pusher:
        return _function(rule) if rule.sequence else _linear(rule)

    def composite(self, rule: Composite) -> Pusher:
        return taking(rule, _composite(rule), lambda _: True)

    def inplace(self, rule: InPlace) -> Pusher:
        return _inplace(rule)

    def nondifferentiable(self, rule: Rule) -> Pusher:
        def call(args: Any, kwargs: dict[str, Any]) -> Any:
            out = rule.call(*values_of(args), **values_of(kwargs))
            return out if rule.is_internal else outward(out)

        return taking(rule, call, lambda _: False)

    def zero_gradient(self, rule: ZeroGradient) -> Pusher:
        return taking(rule, _zero_gradient(rule), lambda _: True)

    def creation(self, rule: Creation) -> Pusher:
        return _creation(rule)

    def unsupported(self, rule: Rule) -> Pusher:
        return refusing(rule.func, rule)


_PUSHERS = _Pushers()


def _function(rule: Function) -> Pusher:
    signature = CallSignature(rule, rule.operands, rule.keywords, rule.variadic)
    count = len(rule.operands)

    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        if kwargs or len(args) != count:
            args, kwargs = signature.sort(args, kwargs)
        if rule.sequence:
            (args,) = args
            if not isinstance(args, (list, tuple)):
                args = list(args)
        return pushed(rule, args, kwargs)

    call = push if rule.lower_unusual is None else _lowering(rule.lower_unusual, push)
    return taking(rule, call, lambda _: True)


def _alone(rule: Function) -> Pusher:
    """Make what takes the usual calls of a function with one operand, on an array and with simple parameters."""
    general, func, jvp, supported = _function(rule), rule.forward, rule.jvp, frozenset(rule.params)
    dual, ndarray, skipped = wrapping.Dual, np.ndarray, rule.refused or rule.skip

    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        x: Any = args[0] if len(args) == 1 else None
        if type(x) is not dual or type(x.value) is not ndarray or type(x.tangent) is not ndarray or skipped:
            return general(args, kwargs)
        for name, value in kwargs.items():
            if name not in supported or not _simple(value):
                return general(args, kwargs)
        try:
            out = func(x.value, **kwargs)
            if type(out) is not ndarray or out.dtype is not x.value.dtype:
                return general(args, kwargs)
            tangent = jvp((x.tangent,), out, x.value, **kwargs)  # type: ignore[misc]
        except Exception:
            return general(args, kwargs)  # where NumPy's own function says what is wrong
        if type(tangent) is ndarray and tangent is not x.tangent and same_layout(tangent, out):
            return dual(out, tangent, x.level)
        return paired(out, tangent.copy() if tangent is x.tangent else tangent, x.level)

    return push


def _linear(rule: Linear) -> Pusher:
    general, func = _function(rule), rule.forward
    names = CallSignature(rule, rule.operands, rule.params, False).names
    supported = frozenset(rule.params) - rule.added
    dual, new, ndarray, float64 = wrapping.Dual, new_object, np.ndarray, np.float64

    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        x: Any = args[0] if args else None
        if not kwargs and len(args) == 1 and type(x) is dual and type(x.tangent) is ndarray is type(x.value):
            try:
                out, tangent = func(x.value), func(x.tangent)
            except Exception:
                return general(args, kwargs)
            if type(out) is float64 is type(tangent):
                d = new(dual)
                d.value = out
                d.tangent = tangent
                d.level = x.level
                return d
            if type(out) not in ARRAYS or out.dtype is not x.value.dtype:
                return general(args, kwargs)
            alike = type(out) is type(tangent) and (type(out) not in MEMORY or same_layout(tangent, out))
            return (dual if alike else paired)(out, tangent, x.level)
        if type(x) is not dual or type(x.value) not in PLAIN or type(x.tangent) not in PLAIN or len(args) > len(names):
            return general(args, kwargs)
        params = kwargs
        if len(args) > 1:
            params = dict(zip(names[1:], args[1:], strict=False))
            if not params.keys().isdisjoint(kwargs):
                return general(args, kwargs)
            params.update(kwargs)
        for name, value in params.items():
            if name not in supported or not _simple(value):
                return general(args, kwargs)
        try:
            out = func(x.value, **params)
        except Exception:
            return general(args, kwargs)  # where NumPy's own function says what is wrong
        if type(out) not in ARRAYS or out.dtype is not x.value.dtype:
            return general(args, kwargs)
        tangent = func(x.tangent, **params)
        if type(out) is type(tangent) and (type(out) not in MEMORY or same_layout(tangent, out)):
            return dual(out, tangent, x.level)
        return paired(out, tangent, x.level)

    return push


def _simple(value: Any) -> bool:
    """Tell whether a parameter certainly holds no Dual."""
    return (
        type(value) in PLAIN
        or value is None
        or isinstance(value, (str, type, np.dtype))
        or (type(value) is tuple and all(type(item) is int for item in value))
    )


def _composite(rule: Composite) -> Pusher:
    signature = CallSignature(rule, (), rule.params, variadic=True)
    filled = rule.func is np.full_like  # it has the level of what it is like, whatever it is filled with

    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        kwargs = {name: value for name, value in kwargs.items() if value is not np._NoValue}
        args = all_entered(args, rule.name)
        if kwargs:
            kwargs = dict(zip(kwargs, all_entered(tuple(kwargs.values()), rule.name), strict=True))
        args, kwargs = rule.of_arrays(args, kwargs, lifted)
        if any(name not in rule.params for name in kwargs):
            signature.let_numpy_refuse(args, kwargs)
        if rule.computes_anew(args, kwargs):
            value = rule.call(*bare(args), **bare(kwargs))  # and NumPy's own error and warning
            return laid_alike(revalued(silently(partial(rule.body, *args, **kwargs)), value))
        result = rule.body(*args, **kwargs)
        if filled:
            level = level_of((args, kwargs))
            if level_of(result) < level:  # made of what stands inside, so that it can hold what an outer tape records
                result = paired(rule.func(*values_of(args, level), **values_of(kwargs, level)), None, level)
        return result if any(result is x for x in args) else laid_alike(result)

    return push


def _inplace(rule: InPlace) -> Pusher:
    first = rule.params[0]
    dual = wrapping.Dual

    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        target = args[0] if args else kwargs.get(first)
        if type(target) is not dual:
            loss.refuse_write(rule.name)
            return rule.func(*bare(args), **bare(kwargs))
        raw: Any = bare(target)
        if type(raw) in MEMORY and not raw.flags.writeable:
            raise ValueError(f"{rule.name}: the array is read-only")
        return rule.body(*map(as_guest, args), **{name: as_guest(value) for name, value in kwargs.items()})

    return push


def _zero_gradient(rule: ZeroGradient) -> Pusher:
    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        level = level_of((args, kwargs))
        args = all_entered(args, rule.name)
        return paired(rule.call(*values_of(args, level), **values_of(kwargs, level)), None, level)

    return push


def _creation(rule: Creation) -> Pusher:
    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        level = level_of((args, kwargs))
        return paired(rule.call(*values_of(args, level), **values_of(kwargs, level)), None, level)

    return push
