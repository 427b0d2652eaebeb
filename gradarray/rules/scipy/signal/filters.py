"""Filters, recursive ones too.

With A(z) y = B(z) x the cotangent of x is that of y, filtered from behind; those of the coefficients are correlations
of p = A^-T g with x and with y.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...primitives import primitive
from ...registry import bilinear, composite, rule
from ..standing import stands_for
from ..values import as_precise, from_library
from .convolutions import convolve
from .correlating import lagged_products, moved

MODULE = "scipy.signal"

# --- lfilter ----------------------------------------------------------------------------------------------------------


@primitive
def filtered(b: Array, a: Array, x: Array, *, axis: int) -> Array:
    """Return what a filter makes of a signal that was zero before."""
    return signal.lfilter(b, a, x, axis)


@primitive
def filtered_by_all(b: Array, a: Array, x: Array, *, axis: int) -> Array:
    """Return the same where the coefficients are variables: the cotangents of all operands have one pass in common."""
    return signal.lfilter(b, a, x, axis)


@primitive
def filtered_from(b: Array, a: Array, x: Array, zi: Array, *, axis: int) -> Array:
    """Return what a filter makes of a signal, from a state of the filter."""
    return signal.lfilter(b, a, x, axis, zi)[0]


@primitive
def final_state(b: Array, a: Array, x: Array, zi: Array, *, axis: int) -> Array:
    """Return the state of a filter at the end of a signal."""
    return signal.lfilter(b, a, x, axis, zi)[1]


def part_of(x: Any, axis: int, start: int, stop: int) -> Any:
    return x[(slice(None),) * axis + (slice(start, stop),)]


def _padded(x: Any, axis: int, before: int, after: int) -> Any:
    return np.pad(x, [(before, after) if i == axis else (0, 0) for i in range(np.ndim(x))])


@from_library
def lagged(p: Array, x: Array, *, count: int, axis: int) -> Array:
    """Return the correlation of two signals at some lags."""
    n = x.shape[axis]
    if x.ndim == 1:
        return lagged_products(p, x, count)
    pairs = [(part_of(p, axis, min(k, n), n), part_of(x, axis, 0, max(n - k, 0))) for k in range(count)]
    return np.stack([np.dot(np.reshape(one, -1), np.reshape(other, -1)) for one, other in pairs])


@from_library
def unrecursive(b: Array, x: Array, *, axis: int) -> Array:
    """Return what a filter without feedback makes of a signal that was zero before."""
    if x.ndim == 1:
        return moved(b, x, back=False)
    return signal.lfilter(b, np.ones(1), x, axis)


@from_library
def ahead(b: Array, x: Array, *, axis: int) -> Array:
    """Return its transpose: what is made of a signal from behind."""
    if x.ndim == 1:
        return moved(b, x, back=True)
    return np.flip(signal.lfilter(b, np.ones(1), np.flip(x, axis), axis), axis)


bilinear(
    lagged,
    lambda g, _p, x, *, count, axis: unrecursive(g, x, axis=axis),
    lambda g, p, _x, *, count, axis: ahead(g, p, axis=axis),
)
bilinear(
    unrecursive,
    lambda g, _b, x, *, axis: lagged(g, x, count=len(_b), axis=axis),
    lambda g, b, _x, *, axis: ahead(b, g, axis=axis),
)
bilinear(
    ahead,
    lambda g, _b, x, *, axis: lagged(x, g, count=len(_b), axis=axis),
    lambda g, b, _x, *, axis: unrecursive(b, g, axis=axis),
)


def _behind(b: Any, a: Any, g: Any, axis: int) -> Any:
    if len(a) == 1:
        return ahead(b / a[0], g, axis=axis)
    call = filtered_by_all if has_variable((b, a)) else filtered
    return turned(call(b, a, np.flip(g, axis), axis=axis), axis)


def turned(x: Any, axis: int) -> Any:
    """Return a signal from behind, as it is read from there several times."""
    return np.ascontiguousarray(x[::-1]) if type(x) is np.ndarray and x.ndim == 1 else np.flip(x, axis)


def _divided(a: Any, g: Any, axis: int) -> Any:
    """Return what feedback alone makes of a signal, from behind."""
    return g / a[0] if len(a) == 1 else _behind(np.ones(1), a, g, axis)


def is_long(x: Any, axis: int) -> bool:
    """Tell whether a filter without feedback is the faster one: the library goes through its rows one by one."""
    return np.ndim(x) == 1 or np.shape(x)[axis] > 1000


def _by_b(g: Any, a: Any, x: Any, count: int, axis: int) -> Any:
    return lagged(_divided(a, g, axis), x, count=count, axis=axis)


def _by_a(g: Any, ans: Any, a: Any, axis: int) -> Any:
    return -lagged(_divided(a, g, axis), ans, count=len(a), axis=axis)


def _started_by_a(g: Any, ans: Any, a: Any, zi: Any, axis: int) -> Any:
    # The state is added to what has been divided by a[0].
    p = _divided(a, g, axis)
    n = min(np.shape(ans)[axis], np.shape(zi)[axis])
    first = np.sum(part_of(p, axis, 0, n) * part_of(zi, axis, 0, n))
    return np.concatenate([np.reshape(first, 1), np.zeros(len(a) - 1)]) - lagged(p, ans, count=len(a), axis=axis)


def _by_state(g: Any, a: Any, zi: Any, axis: int) -> Any:
    count, n = zi.shape[axis], np.shape(g)[axis]
    p = a[0] * part_of(_divided(a, g, axis), axis, 0, min(count, n))
    repeated = tuple([i for i, (m, k) in enumerate(zip(np.shape(p), zi.shape, strict=True)) if k != m and i != axis])
    p = np.sum(p, axis=repeated, keepdims=True) if repeated else p
    return _padded(p, axis, 0, max(count - n, 0))


def _filtered_vjp(g: Any, ans: Any, b: Any, a: Any, x: Any, *, axis: int, wanted: Any) -> tuple[Any, Any, Any]:
    p = _divided(a, g, axis)
    of_x = None
    if wanted[2]:
        of_x = ahead(b, p, axis=axis) if is_long(g, axis) else _behind(b, a, g, axis)
    of_b = lagged(p, x, count=len(b), axis=axis) if wanted[0] else None
    return of_b, -lagged(p, ans, count=len(a), axis=axis) if wanted[1] else None, of_x


rule(filtered_by_all, joint=_filtered_vjp)
rule(
    filtered,
    lambda g, _ans, _b, a, x, *, axis: _by_b(g, a, x, len(_b), axis),
    lambda g, ans, _b, a, _x, *, axis: _by_a(g, ans, a, axis),
    lambda g, _ans, b, a, _x, *, axis: _behind(b, a, g, axis),
)
rule(
    filtered_from,
    lambda g, _ans, _b, a, x, _zi, *, axis: _by_b(g, a, x, len(_b), axis),
    lambda g, ans, _b, a, _x, zi, *, axis: _started_by_a(g, ans, a, zi, axis),
    lambda g, _ans, b, a, _x, _zi, *, axis: _behind(b, a, g, axis),
    lambda g, _ans, _b, a, _x, _zi, *, axis: _by_state(g, a, _zi, axis),
)


def _final_state(b: Any, a: Any, x: Any, zi: Any, *, axis: int) -> Any:
    """Return what the coefficients make of the last elements, as if zeros followed."""
    y = filtered_from(b, a, x, zi, axis=axis)
    n, count = np.shape(x)[axis], np.shape(zi)[axis]
    found = _padded(part_of(zi, axis, n, count), axis, 0, min(n, count)) if n < count else 0
    for k in range(1, count + 1):
        m = min(k, n)
        terms = [c[k] / a[0] * part_of(v, axis, n - m, n) for c, v in ((b, x), (-a, y)) if k < len(c)]
        found = found + _padded(sum(terms), axis, k - m, count - k)
    return found


composite(final_state, _final_state, anew=True)


def coefficients(c: Any) -> Any:
    return np.atleast_1d(c) if hasattr(c, "dtype") else np.atleast_1d(np.asarray(c))


def inexact(x: Any) -> Any:
    x = x if hasattr(x, "dtype") else np.asarray(x)
    return x if x.dtype.kind in "fc" else x * 1.0


@stands_for(MODULE, "b", "a", "x", "zi")
def lfilter(b: Any, a: Any, x: Any, axis: int, zi: Any) -> Any:
    b, a, x = coefficients(b), coefficients(a), inexact(x)
    axis = axis % np.ndim(x)
    if np.ndim(b) > 1 or np.ndim(a) > 1:
        signal.lfilter(np.zeros(np.shape(b)), np.zeros(np.shape(a)), np.zeros(np.shape(x)))  # SciPy's own error
    if zi is None:
        return (filtered_by_all if has_variable((b, a)) else filtered)(b, a, x, axis=axis)
    zi = inexact(zi)
    return filtered_from(b, a, x, zi, axis=axis), final_state(b, a, x, zi, axis=axis)


# --- states -----------------------------------------------------------------------------------------------------------


@stands_for(MODULE, "b", "a")
def lfilter_zi(b: Any, a: Any) -> Any:
    b, a = coefficients(b), coefficients(a)
    signal.lfilter_zi(bare(b), bare(a))  # SciPy's own errors
    a = a[int(np.flatnonzero(bare(a))[0]) :]
    b, a = b / a[0], a / a[0]  # also if that is 1, and a variable
    n = max(len(a), len(b))
    a, b = np.pad(a, (0, n - len(a))), np.pad(b, (0, n - len(b)))
    first = np.reshape(-a[1:] / (1.0 * a[0]), (1, -1))
    companion = np.concatenate([first, np.eye(n - 2, n - 1)]) if n > 1 else np.zeros((0, 0))
    return as_precise(np.linalg.solve(np.eye(n - 1) - companion.T, b[1:] - a[1:] * b[0]), a, b)


@stands_for(MODULE, "b", "a", "y", "x")
def lfiltic(b: Any, a: Any, y: Any, x: Any) -> Any:
    b, a = coefficients(b), coefficients(a)
    signal.lfiltic(bare(b), bare(a), bare(y), bare(x))  # SciPy's own errors
    n, m = len(a) - 1, len(b) - 1
    x = np.zeros(m) if x is None else x
    found = np.zeros(max(n, m))
    for sign, c, v in ((1, b, x), (-1, a, y)):
        past = np.pad(v, (0, max(0, len(c) - 1 - len(v))))
        for k in range(1, len(c)):
            found = found + sign * c[k] * np.pad(past[:k][::-1], (0, len(found) - k))
    divides = signal.lfiltic([1.0], [2.0, 1.0], [1.0])[0] == -0.5  # not before SciPy 1.16
    return as_precise(found / a[0] if divides else found, a, b)


@stands_for(MODULE, "signal", "divisor")
def deconvolve(signal: Any, divisor: Any) -> Any:
    num, den = coefficients(signal), coefficients(divisor)
    n = len(num) - len(den) + 1
    if n < 1:
        return [], num
    quotient = lfilter(num, den, np.concatenate([np.ones(1), np.zeros(n - 1)]))
    return quotient, num - convolve(den, quotient)
