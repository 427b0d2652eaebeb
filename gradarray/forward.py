"""Forward mode: what each function of NumPy does to Duals.

As in `gradarray.dispatch`, there is a function for each one of NumPy's, made from its rule when it is first called on a
Dual. The usual calls of ufuncs, on plain arrays, are carried out in line; `gradarray.tangents` has all others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import loss, rebinding, tangents
from .buffers import LARGE
from .dispatch import Recorders
from .fitting import FLOAT64
from .gate import ARRAYS, NUMBERS, PLAIN, need_numbers
from .kinds import (
    Bilinear,
    Composite,
    Creation,
    Elementwise,
    Function,
    InPlace,
    Linear,
    Nondifferentiable,
    Rule,
    Unsupported,
    ZeroGradient,
    public_name,
)
from .notes import add_shapes
from .outputs import fill, revalued, taking
from .parallel import SPLIT, product_in_parts, ufunc_in_parts
from .parallel import add as add_in_parts
from .registry import find, forgetters
from .settings import paused, silently, stopped, together, watching
from .signatures import UFUNC_KEYWORDS, CallSignature
from .tangents import (
    laid_alike,
    level_of,
    paired,
    product_with,
    pushed,
    tangent_of,
    understood,
    untraced,
    values_of,
    written,
)
from .ufuncs import LOWERED, updated_at, with_axes
from .wrapping import bare, entered, new_object, refuse, stack_nested

Pusher = Callable[..., Any]

# The class Dual, set by install(): its operators are made here.
Dual: Any = None


def install(cls: type) -> None:
    """Make `cls` the class of values with a tangent."""
    global Dual
    Dual = cls
    tangents.install(cls)


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

    def general(*operands: Any) -> Any:
        if any(map(foreign, operands)):
            return NotImplemented
        if not isinstance(rule, Elementwise):
            return FUNCTIONS[func](operands, {})
        pythons = any(type(x) is complex for x in operands)  # 1j * np.float64(2.0) is Python's complex number
        return pushed(rule, operands, {}, None if pythons else calculate)

    if meeting is not None:
        general = meeting(general)
    if isinstance(rule, Elementwise) and rule.refused:
        return general
    if isinstance(rule, Elementwise):
        if len(rule.partials) == 1:
            return _unary(rule, calculate or func)
        if len(rule.partials) == 2:
            return _binary(rule, calculate or func, large or partial(ufunc_in_parts, func), general)
    if isinstance(rule, Bilinear):
        return _bilinear(rule, general)
    if isinstance(rule, Nondifferentiable) and rule.lower is None:
        return lambda *operands: NotImplemented if any(map(foreign, operands)) else func(*map(values_of, operands))
    return general


def _bilinear(rule: Bilinear, general: Pusher) -> Pusher:
    func, ndarray = rule.call, np.ndarray

    def push(x1: Any, x2: Any) -> Any:
        (a, ta, level) = (x1.value, x1.tangent, x1.level) if type(x1) is Dual else (x1, None, 0)
        (b, tb, other) = (x2.value, x2.tangent, x2.level) if type(x2) is Dual else (x2, None, level)
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
            if type(out) is ndarray is type(tangent) and _same_layout(tangent, out):
                return Dual(out, tangent, other)
            return paired(out, tangent, other)
        return general(x1, x2)

    return push


def foreign(value: Any) -> bool:
    """Tell whether another operand of a ufunc is to get its turn before a Dual."""
    cls = type(value)
    return cls is not Dual and cls not in PLAIN and not understood((cls,))


def _unary(rule: Elementwise, calculate: Pusher) -> Pusher:
    (partial,) = rule.partials
    float64, ndarray, constant = np.float64, np.ndarray, not callable(partial)
    func: Any = rule.func

    def push(x: Any) -> Any:
        if type(x) is not Dual:
            return NotImplemented if foreign(x) else pushed(rule, (x,), {})
        if paused:
            if stopped(x.level):
                return untraced(func, (x,), {})
            if (watch := watching()) is not None:
                return watch.pushed(push, rule.name, x.level, (x,), x)
        value, t = x.value, x.tangent
        if type(t) is float64 and type(value) is float64:
            out = calculate(value)
            tangent = t * partial if constant else partial(out, value) * t  # type: ignore[operator]
            if tangent != tangent:
                tangent = product_with(rule, 0, t, out, (value,))
            if type(tangent) is not float64 or type(out) is not float64:
                return paired(out, tangent, x.level)
        elif type(t) is ndarray and type(value) is ndarray and value.dtype is FLOAT64:
            out = calculate(value) if value.size < SPLIT else ufunc_in_parts(func, value)
            if constant:
                tangent = t * partial
            elif value.size < LARGE:
                tangent = partial(out, value) * t  # type: ignore[operator]
                if _undefined(tangent):
                    tangent = product_with(rule, 0, t, out, (value,))
            else:
                tangent = _large(rule, 0, t, out, value)
            if type(out) is not ndarray or not _same_layout(tangent, out):
                return paired(out, tangent, x.level)
        else:
            return pushed(rule, (x,), {})
        d = new_object(Dual)
        d.value = out
        d.tangent = tangent
        d.level = x.level
        return d

    return push


def _binary(rule: Elementwise, calculate: Pusher, large: Pusher, general: Pusher) -> Pusher:
    float64, ndarray = np.float64, np.ndarray
    numbers, plain, tangents = _NUMBERS, _NUMBERS | {np.ndarray}, _TANGENTS
    combine, exact = _combination(rule), rule.exact
    func: Any = rule.func

    def push(x1: Any, x2: Any) -> Any:
        if type(x1) is Dual:
            a, ta, level = x1.value, x1.tangent, x1.level
            if type(x2) is Dual:
                if x2.level != level:
                    if paused and stopped(max(level, x2.level)):
                        return untraced(calculate, (x1, x2), {})
                    return pushed(rule, (x1, x2), {})
                b, tb = x2.value, x2.tangent
            else:
                b, tb = x2, None
        elif type(x2) is Dual:
            a, ta = x1, None
            b, tb, level = x2.value, x2.tangent, x2.level
        else:
            return general(x1, x2)
        if paused:
            if stopped(level):
                return untraced(calculate, (x1, x2), {})
            if (watch := watching()) is not None:
                return watch.pushed(push, rule.name, level, (x1, x2), x1, x2)
        if (
            (ta is None or type(ta) is float64)
            and (tb is None or type(tb) is float64)
            and type(a) in numbers
            and type(b) in numbers
        ):
            out = calculate(a, b)
            tangent = combine(ta, tb, out, a, b)
            if tangent != tangent:
                tangent = _careful(rule, ta, tb, out, a, b)
            if type(tangent) is not float64 or type(out) is not float64:
                return paired(out, tangent, level)
        elif type(a) in plain and type(b) in plain and type(ta) in tangents and type(tb) in tangents:
            try:
                out = large(a, b) if type(a) is ndarray and a.size >= SPLIT else calculate(a, b)
            except Exception as error:
                add_shapes(error, func, (x1, x2))
                raise
            if out.size < LARGE or exact:
                tangent = combine(ta, tb, out, a, b)
                if not exact and _undefined(tangent):
                    tangent = _careful(rule, ta, tb, out, a, b)
            else:
                tangent = _large_sum(rule, ta, tb, out, a, b)
            if tangent is ta or tangent is tb:
                tangent = tangent.copy()
            if type(out) is not ndarray or type(tangent) is not ndarray or not _same_layout(tangent, out):
                return paired(out, tangent, level)
            if out.dtype is not FLOAT64 and out.dtype.kind not in NUMBERS:
                need_numbers(out, rule.name, (x1, x2))
        else:
            return general(x1, x2)
        d = new_object(Dual)
        d.value = out
        d.tangent = tangent
        d.level = level
        return d

    return push


# Python's complex numbers are not among these: 1j * np.float64(2.0) is Python's complex number.
_NUMBERS = frozenset({float, int, bool, np.float64})
_TANGENTS = frozenset({np.ndarray, np.float64, type(None)})


def _same_layout(a: Any, b: Any) -> bool:
    return a.dtype is b.dtype and a.shape == b.shape and (a.ndim == 1 or a.strides == b.strides)


def _undefined(x: Any) -> bool:
    """Tell whether a small array holds a NaN, in the cheapest way: by its sum of squares, which may overflow."""
    total = silently(x.dot, x) if x.ndim == 1 else silently(np.vdot, x, x)
    return total != total  # type: ignore[no-any-return]


def _combination(rule: Elementwise) -> Pusher:
    """Make the sum of the partial derivatives of a function of two operands, each times its tangent."""
    signs = [d for d in rule.partials if not callable(d)]
    if signs == [1, 1]:
        return lambda ta, tb, _out, _a, _b: ta if tb is None else tb if ta is None else ta + tb
    if signs == [1, -1]:
        return lambda ta, tb, _out, _a, _b: ta if tb is None else -tb if ta is None else ta - tb
    derivatives: list[Any] = [d if callable(d) else lambda *_, d=d: d for d in rule.partials]
    left, right = derivatives

    def combine(ta: Any, tb: Any, out: Any, a: Any, b: Any) -> Any:
        if tb is None:
            return left(out, a, b) * ta
        if ta is None:
            return right(out, a, b) * tb
        return left(out, a, b) * ta + right(out, a, b) * tb

    vanishes = rule.vanishes
    if vanishes is None:
        return combine

    def combine_noting(ta: Any, tb: Any, out: Any, a: Any, b: Any) -> Any:
        if ta is not None and ((type(b) is not int and type(b) is not float) or 1 < b != 2):
            tangents.note_vanishing(vanishes(ta, a, b))
        return combine(ta, tb, out, a, b)

    return combine_noting


def _careful(rule: Elementwise, ta: Any, tb: Any, out: Any, a: Any, b: Any) -> Any:
    """Do the same with the slope of a root at 0 in mind; see `product_with`."""
    return tangent_of(rule, out, [a, b], [ta, tb], {})


def _large(rule: Elementwise, i: int, t: Any, out: Any, *operands: Any) -> Any:
    """Return a partial derivative times a tangent, for large arrays."""
    d = rule.partials[i]
    if rule.vanishes is not None and i == 0:
        tangents.note_vanishing(rule.vanishes(t, *operands))
    if callable(d) and type(t) is np.ndarray and t.dtype is FLOAT64 and t.shape == out.shape:
        term = silently(product_in_parts, t, d, (out, *operands))  # of what is infinite, the value has told
        if rule.root is not None:
            term = tangents.at_roots(rule, i, term, t, out, operands)
        return term if term.flags.owndata else term.copy()
    return product_with(rule, i, t, out, operands)


def _large_sum(rule: Elementwise, ta: Any, tb: Any, out: Any, a: Any, b: Any) -> Any:
    terms = [_large(rule, i, t, out, a, b) for i, t in enumerate((ta, tb)) if t is not None]
    if len(terms) == 1:
        return terms[0]
    total, other = terms
    if total is not ta and type(total) is np.ndarray and _same_layout(total, out):
        silently(add_in_parts, total, other)
        return total
    return total + other


# --- functions ------------------------------------------------------------------------------------------------------


def function_pusher(func: Callable[..., Any]) -> Pusher:
    """Make what carries out a function on Duals, from its rule."""
    rule = find(func)
    push = _pusher(func, rule)
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


def _pusher(func: Callable[..., Any], rule: Rule | None) -> Pusher:
    if isinstance(rule, Elementwise):
        return lambda args, kwargs: pushed(rule, args, kwargs)
    if isinstance(rule, Linear) and len(rule.operands) == 1 and not rule.sequence:
        return _linear(rule)
    if isinstance(rule, Function):
        return _function(rule)
    if isinstance(rule, InPlace):
        return _inplace(rule)
    if isinstance(rule, Composite):
        return taking(rule, _composite(rule), lambda _: True, rule.params)
    if isinstance(rule, Nondifferentiable):
        return taking(rule, lambda args, kwargs: rule.call(*values_of(args), **values_of(kwargs)), lambda _: False)
    if isinstance(rule, ZeroGradient):
        return taking(rule, _zero_gradient(rule), lambda _: True)
    if isinstance(rule, Creation):
        return _creation(rule)

    def refuse_call(_args: Any, _kwargs: dict[str, Any]) -> Any:
        raise refuse(func, rule)

    return refuse_call


def _function(rule: Function) -> Pusher:
    params = UFUNC_KEYWORDS if isinstance(rule.func, np.ufunc) else rule.params
    signature = CallSignature(rule, rule.operands, params, rule.variadic)
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
    return taking(rule, call, lambda _: True, rule.params)


def _linear(rule: Linear) -> Pusher:
    general, func = _function(rule), rule.forward
    names = CallSignature(rule, rule.operands, rule.params, False).names
    supported = frozenset(rule.params) - {"initial"}  # a start value is not part of the linear map

    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        x: Any = args[0] if args else None
        if type(x) is not Dual or type(x.value) not in PLAIN or type(x.tangent) not in PLAIN or len(args) > len(names):
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
        if type(out) not in ARRAYS or out.dtype is not x.dtype:
            return general(args, kwargs)
        tangent = func(x.tangent, **params)
        if type(out) is type(tangent) and (type(out) is not np.ndarray or _same_layout(tangent, out)):
            return Dual(out, tangent, x.level)
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
        args = entered(args, rule.name)
        if kwargs:
            kwargs = dict(zip(kwargs, entered(tuple(kwargs.values()), rule.name), strict=True))
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

    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        target = args[0] if args else kwargs.get(first)
        if type(target) is not Dual:
            loss.refuse_write(rule.name)
            return rule.func(*bare(args), **bare(kwargs))
        raw: Any = bare(target)
        if type(raw) is np.ndarray and not raw.flags.writeable:
            raise ValueError(f"{rule.name}: the array is read-only")
        return rule.body(*args, **kwargs)

    return push


def _zero_gradient(rule: ZeroGradient) -> Pusher:
    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        level = level_of((args, kwargs))
        args = entered(args, rule.name)
        return paired(rule.call(*values_of(args, level), **values_of(kwargs, level)), None, level)

    return push


def _creation(rule: Creation) -> Pusher:
    def push(args: Any, kwargs: dict[str, Any]) -> Any:
        level = level_of((args, kwargs))
        return paired(rule.call(*values_of(args, level), **values_of(kwargs, level)), None, level)

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
    out = kwargs.get("out")
    if not understood(map(type, (*inputs, *(out or ())))):
        return NotImplemented
    rule = find(ufunc)
    if rule is None or isinstance(rule, Unsupported):
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
    constant = isinstance(rule, Nondifferentiable)
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
        inputs = inputs if constant else entered(inputs, public_name(ufunc))

        def record() -> Any:
            return LOWERED[method](ufunc, *inputs, **kwargs)

    if out is not None:
        return fill(numpys, inputs, kwargs, out, None if constant else record)
    if constant:
        return numpys(*values_of(inputs), **values_of(kwargs))
    if method == "__call__":
        return record()
    value = numpys(*bare(inputs), **bare(kwargs))  # and NumPy's own error
    return revalued(record(), value)


def _call_with_keywords(
    ufunc: np.ufunc, rule: Rule, inputs: tuple[Any, ...], kwargs: dict[str, Any], before: tuple[Any, ...]
) -> Any:
    """Call a ufunc without out=; `before` holds the arrays that keep their elements where a mask says so."""
    where = values_of(kwargs.get("where", True))
    kwargs = {name: value for name, value in kwargs.items() if name != "where"}
    if isinstance(rule, Elementwise):
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
    if type(a) is not Dual:
        loss.refuse_write(f"{public_name(ufunc)}.at")
        ufunc.at(bare(a), bare(indices), *bare(rest))
        return
    raw = bare(a)
    if type(raw) is np.ndarray and not raw.flags.writeable:  # where NumPy's own writes all the same
        raise ValueError("assignment destination is read-only")
    indices = values_of(indices)
    rest = tuple([stack_nested(b) for b in rest])
    plain = type(a.value) is np.ndarray is type(a.tangent)
    if ufunc in (np.add, np.subtract) and plain:
        (b,) = rest
        same = type(b) is Dual and b.level == a.level and type(b.value) in PLAIN and type(b.tangent) in PLAIN
        if same or type(b) is np.ndarray:
            written(a)
            if same:
                together(ufunc.at, (a.value, a.tangent), (indices, indices), (b.value, b.tangent))
            else:
                ufunc.at(a.value, indices, b)
            return
    value = np.array(bare(a))
    ufunc.at(value, indices, *bare(rest))  # and NumPy's own error, before anything has changed
    a[...] = revalued(updated_at(ufunc, a, indices, rest), value)


UFUNCS = Recorders(pusher_for)
FUNCTIONS = Recorders(function_pusher)


def _forget(func: Any) -> None:
    UFUNCS.pop(func, None)
    FUNCTIONS.pop(func, None)


forgetters.append(_forget)
