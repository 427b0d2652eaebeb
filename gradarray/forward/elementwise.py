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
    float64, ndarray, constant = np.float64, np.ndarray, not callable(partial)
    func: Any = rule.func
    dual = wrapping.Dual

    def push(x: Any) -> Any:
        if type(x) is not dual:
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
            if type(out) is not ndarray or not same_layout(tangent, out):
                return paired(out, tangent, x.level)
        else:
            return pushed(rule, (x,), {})
        d = new_object(dual)
        d.value = out
        d.tangent = tangent
        d.level = x.level
        return d

    return push


def binary(rule: Elementwise, calculate: Pusher, large: Pusher, general: Pusher) -> Pusher:
    float64, ndarray = np.float64, np.ndarray
    numbers, plain, tangents = _NUMBERS, _NUMBERS | {np.ndarray}, _TANGENTS
    combine, exact = _combination(rule), rule.exact
    func: Any = rule.func
    dual = wrapping.Dual

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
            if type(out) is not ndarray or type(tangent) is not ndarray or not same_layout(tangent, out):
                return paired(out, tangent, level)
            if out.dtype is not FLOAT64 and out.dtype.kind not in NUMBERS:
                need_numbers(out, rule.name, (x1, x2))
        else:
            return general(x1, x2)
        d = new_object(dual)
        d.value = out
        d.tangent = tangent
        d.level = level
        return d

    return push


# Python's complex numbers are not among these: 1j * np.float64(2.0) is Python's complex number.
_NUMBERS = frozenset({float, int, bool, np.float64})
_TANGENTS = frozenset({np.ndarray, np.float64, type(None)})


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
    if total is not ta and type(total) is np.ndarray and same_layout(total, out):
        silently(add_in_parts, total, other)
        return total
    return total + other
