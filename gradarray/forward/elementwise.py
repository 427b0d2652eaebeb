"""The usual calls of ufuncs on Duals, on plain arrays, in line."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..context.settings import paused, silently, stopped, watching
from ..kernels.arrays import FLOAT64, LARGE, SPLIT
from ..kernels.gate import NUMBERS, need_numbers
from ..kernels.parts import add as add_in_parts
from ..kernels.parts import product_in_parts, ufunc_in_parts
from ..reverse.notes import add_shapes
from ..rules.differentiable import Elementwise
from ..tape import wrapping
from ..tape.wrapping import new_object
from . import tangents
from .levels import Pusher, foreign, same_layout
from .tangents import paired, product_with, pushed, tangent_of, untraced


def unary(rule: Elementwise, calculate: Pusher) -> Pusher:
    (partial,) = rule.partials
    float64, ndarray, float64_dtype, constant = np.float64, np.ndarray, FLOAT64, not callable(partial)
    func: Any = rule.func
    dual, new = wrapping.Dual, new_object

    def push(x: Any) -> Any:
        if type(x) is not dual:
            return NotImplemented if foreign(x) else pushed(rule, (x,), {})
        if paused:
            if stopped(x.level):
                return untraced(func, (x,), {})
            if (watch := watching()) is not None:
                return watch.pushed(push, rule.name, x.level, (x,), x)
        value, t = x.value, x.tangent
        if type(t) is ndarray and type(value) is ndarray and value.dtype is float64_dtype:
            out = calculate(value) if value.size < SPLIT else ufunc_in_parts(func, value)
            if constant:
                tangent = t * partial
            elif value.size < LARGE:
                tangent = partial(out, value) * t  # type: ignore[operator]
                if rule.root is not None and _undefined(tangent):
                    tangent = product_with(rule, 0, t, out, (value,))
            else:
                tangent = _large(rule, 0, t, out, value)
            if type(out) is not ndarray or not same_layout(tangent, out):
                return paired(out, tangent, x.level)
        elif type(t) is float64 and type(value) is float64:
            out = calculate(value)
            tangent = t * partial if constant else partial(out, value) * t  # type: ignore[operator]
            if rule.root is not None and tangent != tangent:
                tangent = product_with(rule, 0, t, out, (value,))
            if type(tangent) is not float64 or type(out) is not float64:
                return paired(out, tangent, x.level)
        else:
            return pushed(rule, (x,), {})
        d = new(dual)
        d.value = out
        d.tangent = tangent
        d.level = x.level
        return d

    return push


def binary(rule: Elementwise, calculate: Pusher, large: Pusher, general: Pusher) -> Pusher:
    float64, ndarray, float64_dtype = np.float64, np.ndarray, FLOAT64
    numbers, plain, tangent_types = _NUMBERS, _NUMBERS | {np.ndarray}, _TANGENTS
    combine = _combination(rule)
    left, right = map(_called, rule.partials)
    # Where an infinite slope, or a derivative that vanishes, is to be noted.
    marked, regular, vanishes = rule.root is not None or rule.vanishes is not None, rule.regular, rule.vanishes
    func: Any = rule.func
    dual, new = wrapping.Dual, new_object

    def push(x1: Any, x2: Any) -> Any:
        if type(x1) is dual:
            a, ta, level = x1.value, x1.tangent, x1.level
            if type(x2) is dual:
                if x2.level != level:
                    if paused and stopped(max(level, x2.level)):
                        return untraced(calculate, (x1, x2), {})
                    return pushed(rule, (x1, x2), {})
                b, tb = x2.value, x2.tangent
            else:
                b, tb = x2, None
        elif type(x2) is dual:
            a, ta = x1, None
            b, tb, level = x2.value, x2.tangent, x2.level
        else:
            return general(x1, x2)
        if paused:
            if stopped(level):
                return untraced(calculate, (x1, x2), {})
            if (watch := watching()) is not None:
                return watch.pushed(push, rule.name, level, (x1, x2), x1, x2)
        t = tb if ta is None else ta
        if type(t) is float64 and type(a) in numbers and type(b) in numbers and type(tb) is not ndarray:
            out = calculate(a, b)
            if combine is not None:
                tangent = combine(ta, tb)
            else:
                if tb is None:
                    tangent = left(out, a, b) * ta
                elif ta is None:
                    tangent = right(out, a, b) * tb
                else:
                    tangent = left(out, a, b) * ta + right(out, a, b) * tb
                if marked and ((type(b) is not int and type(b) is not float) or b not in regular):
                    if vanishes is not None and ta is not None:
                        tangents.note_vanishing(vanishes(ta, a, b))
                    if tangent != tangent:
                        tangent = _careful(rule, ta, tb, out, a, b)
            if type(tangent) is not float64 or type(out) is not float64:
                return paired(out, tangent, level)
        elif type(a) in plain and type(b) in plain and type(ta) in tangent_types and type(tb) in tangent_types:
            try:
                out = large(a, b) if type(a) is ndarray and a.size >= SPLIT else calculate(a, b)
            except Exception as error:
                add_shapes(error, func, (x1, x2))
                raise
            if combine is not None:
                tangent = combine(ta, tb)
                if tangent is t:
                    tangent = t.copy()
            elif out.size >= LARGE:
                tangent = _large_sum(rule, ta, tb, out, a, b)
            else:
                if tb is None:
                    tangent = left(out, a, b) * ta
                elif ta is None:
                    tangent = right(out, a, b) * tb
                else:
                    tangent = left(out, a, b) * ta + right(out, a, b) * tb
                if marked and ((type(b) is not int and type(b) is not float) or b not in regular):
                    if vanishes is not None and ta is not None:
                        tangents.note_vanishing(vanishes(ta, a, b))
                    if _undefined(tangent):
                        tangent = _careful(rule, ta, tb, out, a, b)
            if type(out) is not ndarray or type(tangent) is not ndarray or not same_layout(tangent, out):
                return paired(out, tangent, level)
            if out.dtype is not float64_dtype and out.dtype.kind not in NUMBERS:
                need_numbers(out, rule.name, (x1, x2))
        else:
            return general(x1, x2)
        d = new(dual)
        d.value = out
        d.tangent = tangent
        d.level = level
        return d

    # Of constant partial derivatives, those of a sum and of a difference alone: there the tangent is one, too.
    sums = rule.partials in ((1, 1), (1, -1))
    return _of_arrays(rule, calculate, push) if sums or not rule.exact else push


def _of_arrays(rule: Elementwise, calculate: Pusher, other: Pusher) -> Pusher:
    """Make what takes the most usual calls, of small arrays and numbers, with the fewest questions asked.

    The arithmetic is that of `other`, which takes all else, and says what is wrong.
    """
    float64_dtype, ndarray, numbers, least, lifted = FLOAT64, np.ndarray, _NUMBERS, SPLIT, _lifted
    left, right = map(_called, rule.partials)
    constant, negative, lifts = rule.exact, rule.partials[1] == -1, rule.func in _LIFTING
    marked, regular = rule.root is not None or rule.vanishes is not None, rule.regular
    # Beside a number, a tangent comes out in the shape and dtype of the result.
    trusted = rule.ours
    dual, new = wrapping.Dual, new_object

    def push(x1: Any, x2: Any) -> Any:
        level = None
        try:
            if paused:
                pass
            elif type(x1) is dual:
                a, ta = x1.value, x1.tangent
                if type(a) is not ndarray or type(ta) is not ndarray or a.size >= least:
                    pass
                elif type(x2) is dual:
                    b, tb = x2.value, x2.tangent
                    if type(b) is ndarray and type(tb) is ndarray and x2.level == x1.level and not marked:
                        out, level, same = calculate(a, b), x1.level, False
                        if constant:
                            tangent = calculate(ta, tb)
                        elif out.size < LARGE:
                            tangent = left(out, a, b) * ta + right(out, a, b) * tb
                        else:
                            tangent = _large_sum(rule, ta, tb, out, a, b)
                elif type(x2) in numbers and (not marked or x2 in regular):
                    same = trusted and a.dtype is float64_dtype
                    b = x2
                    if lifts and same:
                        b = lifted.get(x2) if type(x2) is int else None
                        if b is None:
                            b = _lift(x2)
                    out, level = calculate(a, b), x1.level
                    tangent = ta.copy() if constant else left(out, a, b) * ta
            elif type(x2) is dual and type(x1) in numbers and not marked:
                b, tb = x2.value, x2.tangent
                if type(b) is ndarray and type(tb) is ndarray and b.size < least:
                    same = trusted and b.dtype is float64_dtype
                    a = x1
                    if lifts and same:
                        a = lifted.get(x1) if type(x1) is int else None
                        if a is None:
                            a = _lift(x1)
                    out, level = calculate(a, b), x2.level
                    tangent = right(out, a, b) * tb if not constant else -tb if negative else tb.copy()
        except Exception:
            return other(x1, x2)
        if level is None:
            return other(x1, x2)
        if (
            type(out) is ndarray
            and type(tangent) is ndarray
            and out.dtype is float64_dtype
            and (same or (tangent.dtype is float64_dtype and tangent.shape == out.shape))
            and (out.ndim == 1 or tangent.strides == out.strides)
        ):
            d = new(dual)
            d.value = out
            d.tangent = tangent
            d.level = level
            return d
        return _finished(rule, out, tangent, level, (x1, x2))

    return push


# Of these it makes no difference whether an operand is a number of Python's or an array of one element of the other
# one's dtype. NumPy takes twice as long for the number.
_LIFTING = frozenset({np.add, np.subtract, np.multiply})
# The whole numbers that came first, as such arrays.
_lifted: dict[int, Any] = {}


def _lift(x: Any) -> Any:
    made = np.array(float(x))
    if type(x) is int and len(_lifted) < 256:
        made.setflags(write=False)
        _lifted[x] = made
    return made


def _finished(rule: Elementwise, out: Any, tangent: Any, level: int, operands: Any) -> Any:
    if getattr(out, "dtype", None) is None or out.dtype.kind not in NUMBERS:
        need_numbers(out, rule.name, operands)
    return paired(out, tangent, level)


# Python's complex numbers are not among these: 1j * np.float64(2.0) is Python's complex number.
_NUMBERS = frozenset({float, int, bool, np.float64})
_TANGENTS = frozenset({np.ndarray, np.float64, type(None)})


def _undefined(x: Any) -> bool:
    """Tell whether a small array holds a NaN, in the cheapest way: by its sum of squares, which may overflow."""
    total = silently(x.dot, x) if x.ndim == 1 else silently(np.vdot, x, x)
    return total != total  # type: ignore[no-any-return]


def _called(partial: Any) -> Any:
    """Return a partial derivative as a function."""
    return partial if callable(partial) else lambda *_: partial


def _combination(rule: Elementwise) -> Pusher | None:
    """Make the sum of constant partial derivatives of a function of two operands, each times its tangent."""
    if not rule.exact:
        return None
    left: Any
    right: Any
    left, right = rule.partials
    if (left, right) == (1, 1):
        return lambda ta, tb: ta if tb is None else tb if ta is None else ta + tb
    if (left, right) == (1, -1):
        return lambda ta, tb: ta if tb is None else -tb if ta is None else ta - tb
    return lambda ta, tb: left * ta if tb is None else right * tb if ta is None else left * ta + right * tb


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
    if total is not ta and type(total) is np.ndarray and same_layout(total, out):
        silently(add_in_parts, total, other)
        return total
    return total + other
