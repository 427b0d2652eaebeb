"""Filters, recursive ones too.

With A(z) y = B(z) x the cotangent of x is that of y, filtered from behind; those of the coefficients are correlations
of p = A^-T g with x and with y.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...primitives import primitive
from ...registry import bilinear, composite, rule
from ..standing import Operator, along, stands_for
from ..values import as_precise
from .convolutions import convolve
from .correlating import lagged_products

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


def _part(x: Any, axis: int, start: int, stop: int) -> Any:
    return x[(slice(None),) * axis + (slice(start, stop),)]


def _padded(x: Any, axis: int, before: int, after: int) -> Any:
    return np.pad(x, [(before, after) if i == axis else (0, 0) for i in range(np.ndim(x))])


@primitive
def lagged(p: Array, x: Array, *, count: int, axis: int) -> Array:
    """Return the correlation of two signals at some lags."""
    n = x.shape[axis]
    if x.ndim == 1:
        return lagged_products(p, x, count)
    pairs = [(_part(p, axis, min(k, n), n), _part(x, axis, 0, max(n - k, 0))) for k in range(count)]
    return np.stack([np.dot(np.reshape(one, -1), np.reshape(other, -1)) for one, other in pairs])


def _behind(b: Any, a: Any, g: Any, axis: int) -> Any:
    call = filtered_by_all if has_variable((b, a)) else filtered
    return np.flip(call(b, a, np.flip(g, axis), axis=axis), axis)


bilinear(
    lagged,
    lambda g, _p, x, *, count, axis: _unrecursive(g, x, axis),
    lambda g, p, _x, *, count, axis: np.flip(_unrecursive(g, np.flip(p, axis), axis), axis),
)


def _unrecursive(b: Any, x: Any, axis: int) -> Any:
    """Return what a filter without feedback makes of a signal."""
    return (filtered_by_all if has_variable(b) else filtered)(b, np.ones(1), x, axis=axis)


def _is_long(x: Any, axis: int) -> bool:
    """Tell whether a filter without feedback is the faster one: the library goes through its rows one by one."""
    return np.ndim(x) == 1 or np.shape(x)[axis] > 1000


def _by_b(g: Any, a: Any, x: Any, count: int, axis: int) -> Any:
    return lagged(_behind(np.ones(1), a, g, axis), x, count=count, axis=axis)


def _by_a(g: Any, ans: Any, a: Any, axis: int) -> Any:
    return -lagged(_behind(np.ones(1), a, g, axis), ans, count=len(a), axis=axis)


def _started_by_a(g: Any, ans: Any, a: Any, zi: Any, axis: int) -> Any:
    # The state is added to what has been divided by a[0].
    p = _behind(np.ones(1), a, g, axis)
    n = min(np.shape(ans)[axis], np.shape(zi)[axis])
    first = np.sum(_part(p, axis, 0, n) * _part(zi, axis, 0, n))
    return np.concatenate([np.reshape(first, 1), np.zeros(len(a) - 1)]) - lagged(p, ans, count=len(a), axis=axis)


def _by_state(g: Any, a: Any, zi: Any, axis: int) -> Any:
    count, n = zi.shape[axis], np.shape(g)[axis]
    p = a[0] * _part(_behind(np.ones(1), a, g, axis), axis, 0, min(count, n))
    repeated = tuple([i for i, (m, k) in enumerate(zip(np.shape(p), zi.shape, strict=True)) if k != m and i != axis])
    p = np.sum(p, axis=repeated, keepdims=True) if repeated else p
    return _padded(p, axis, 0, max(count - n, 0))


def _filtered_vjp(g: Any, ans: Any, b: Any, a: Any, x: Any, *, axis: int, wanted: Any) -> tuple[Any, Any, Any]:
    p = _behind(np.ones(1), a, g, axis)
    of_x = None
    if wanted[2]:
        of_x = _behind(b, np.ones(1), p, axis) if _is_long(g, axis) else _behind(b, a, g, axis)
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
    found = _padded(_part(zi, axis, n, count), axis, 0, min(n, count)) if n < count else 0
    for k in range(1, count + 1):
        m = min(k, n)
        terms = [c[k] / a[0] * _part(v, axis, n - m, n) for c, v in ((b, x), (-a, y)) if k < len(c)]
        found = found + _padded(sum(terms), axis, k - m, count - k)
    return found


composite(final_state, _final_state, anew=True)


def _coefficients(c: Any) -> Any:
    return np.atleast_1d(c) if hasattr(c, "dtype") else np.atleast_1d(np.asarray(c))


def _inexact(x: Any) -> Any:
    x = x if hasattr(x, "dtype") else np.asarray(x)
    return x if x.dtype.kind in "fc" else x * 1.0


@stands_for(MODULE, "b", "a", "x", "zi")
def lfilter(b: Any, a: Any, x: Any, axis: int, zi: Any) -> Any:
    b, a, x = _coefficients(b), _coefficients(a), _inexact(x)
    axis = axis % np.ndim(x)
    if np.ndim(b) > 1 or np.ndim(a) > 1:
        signal.lfilter(np.zeros(np.shape(b)), np.zeros(np.shape(a)), np.zeros(np.shape(x)))  # SciPy's own error
    if zi is None:
        return (filtered_by_all if has_variable((b, a)) else filtered)(b, a, x, axis=axis)
    zi = _inexact(zi)
    return filtered_from(b, a, x, zi, axis=axis), final_state(b, a, x, zi, axis=axis)


# --- states -----------------------------------------------------------------------------------------------------------


@stands_for(MODULE, "b", "a")
def lfilter_zi(b: Any, a: Any) -> Any:
    b, a = _coefficients(b), _coefficients(a)
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
    b, a = _coefficients(b), _coefficients(a)
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


@stands_for(MODULE, "sos")
def sosfilt_zi(sos: Any) -> Any:
    signal.sosfilt_zi(bare(sos))  # SciPy's own errors
    found, scale = [], 1.0
    for section in sos:
        b, a = section[:3], section[3:]
        found.append(scale * lfilter_zi(b, a))
        scale = scale * (np.sum(b) / np.sum(a))
    return np.stack(found)


# --- sections of second order -----------------------------------------------------------------------------------------


@primitive
def cascade(sos: Array, x: Array, *, axis: int) -> Array:
    """Return what filters of second order make of a signal, one after the other."""
    return signal.sosfilt(sos, x, axis)


@primitive
def cascade_by_all(sos: Array, x: Array, *, axis: int) -> Array:
    """Return the same where the sections are variables."""
    return signal.sosfilt(sos, x, axis)


@primitive
def cascade_from(sos: Array, x: Array, zi: Array, *, axis: int) -> Array:
    """Return the same from a state of the filters."""
    return signal.sosfilt(sos, x, axis, zi)[0]


@primitive
def cascade_state(sos: Array, x: Array, zi: Array, *, axis: int) -> Array:
    """Return the state of the filters at the end."""
    return signal.sosfilt(sos, x, axis, zi)[1]


def _cascade_vjp(g: Any, ans: Any, sos: Any, x: Any, *, axis: int) -> tuple[Any, Any]:
    def one(section: Any, x: Any) -> Any:
        return (cascade_by_all if has_variable(section) else cascade)(np.reshape(section, (1, 6)), x, axis=axis)

    signals = [x]
    for section in sos[:-1]:
        signals.append(one(section, signals[-1]))
    signals.append(ans)
    found = []
    for section, before, after in zip(sos[::-1], signals[-2::-1], signals[::-1], strict=False):
        alone = np.concatenate([np.array([1.0, 0.0, 0.0]), section[3:]])
        p = one(alone, np.flip(g, axis))
        if _is_long(g, axis):
            g = np.flip(_unrecursive(section[:3], p, axis), axis)
        else:
            g = np.flip(one(section, np.flip(g, axis)), axis)
        p = np.flip(p, axis)
        by_b, by_a = (lagged(p, x, count=3, axis=axis) for x in (before, after))
        found.append(np.concatenate([by_b, -by_a]))
    return np.stack(found[::-1]), g


def _cascade(sos: Any, x: Any, zi: Any, axis: int) -> tuple[Any, Any]:
    states = []
    for section, state in zip(sos, zi, strict=True):
        b, a = section[:3], section[3:]
        states.append(final_state(b, a, x, state, axis=axis))
        x = filtered_from(b, a, x, state, axis=axis)
    return x, np.stack(states)


rule(cascade_by_all, joint=_cascade_vjp)
rule(
    cascade,
    lambda g, _ans, sos, _x, *, axis: np.flip(cascade(sos, np.flip(g, axis), axis=axis), axis),
    skip=("sos",),
)
composite(cascade_from, lambda sos, x, zi, *, axis: _cascade(sos, x, zi, axis)[0], anew=True)
composite(cascade_state, lambda sos, x, zi, *, axis: _cascade(sos, x, zi, axis)[1], anew=True)


@stands_for(MODULE, "sos", "x", "zi")
def sosfilt(sos: Any, x: Any, axis: int, zi: Any) -> Any:
    x = _inexact(x)
    axis = axis % np.ndim(x)
    few = [min(n, 1) if i == axis else n for i, n in enumerate(np.shape(x))]
    signal.sosfilt(bare(sos), np.zeros(few), axis, None if zi is None else np.zeros(np.shape(zi)))  # its errors
    if zi is None:
        return (cascade_by_all if has_variable(sos) else cascade)(sos, x, axis=axis)
    return cascade_from(sos, x, zi, axis=axis), cascade_state(sos, x, zi, axis=axis)


# --- forward and backward ---------------------------------------------------------------------------------------------


def _lengthened(x: Any, axis: int, padtype: Any, padlen: Any, taps: int) -> tuple[Any, int]:
    """Return a signal that goes on at both ends, and by how much."""
    edge = 0 if padtype is None else 3 * taps if padlen is None else padlen
    n = np.shape(x)[axis]
    if padtype not in (None, "odd", "even", "constant") or n <= edge or edge < 0:
        signal.filtfilt(np.ones(taps), np.ones(1), np.zeros(n), padtype=padtype, padlen=padlen)  # SciPy's own error
    if edge == 0:
        return x, 0
    first, last = _part(x, axis, 0, 1), _part(x, axis, n - 1, n)
    if padtype == "constant":
        ends = [np.repeat(first, edge, axis), np.repeat(last, edge, axis)]
    else:
        parts = _part(x, axis, 1, edge + 1), _part(x, axis, n - edge - 1, n - 1)
        ends = [np.flip(part, axis) for part in parts]
        if padtype == "odd":
            ends = [2 * at - end for at, end in zip((first, last), ends, strict=True)]
    return np.concatenate([ends[0], x, ends[1]], axis=axis), edge


def _forth_and_back(run: Any, x: Any, edge: int, axis: int) -> Any:
    """Filter a signal, and the result from behind; each time from the state that its first element would lead to."""
    for _ in range(2):
        x = np.flip(run(x, _part(x, axis, 0, 1)), axis)
    return _part(x, axis, edge, np.shape(x)[axis] - edge)


def _known(call: Any, zi: Any, axis: int, rest: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the same filter for one whose coefficients are known: it is linear, with the first element's part in it.

    Parameters
    ----------
    call : filters a signal, from a state, and returns the state at the end, too
    zi : the state that ones before the signal lead to
    rest : returns from a state the sum of all that would follow
    """

    def pull(g: Any) -> Any:
        # The transpose goes on beyond the first element, where all the ones were.
        found, state = call(np.flip(g, axis), np.zeros(zi.shape) * _part(g, axis, 0, 1))
        found = np.flip(found, axis)
        _part(found, axis, 0, 1)[...] += rest(state)
        return found

    op = Operator(lambda x: call(x, zi * _part(x, axis, 0, 1))[0], pull)
    return lambda x, _x0: op(x)


@stands_for(MODULE, "b", "a", "x")
def filtfilt(b: Any, a: Any, x: Any, axis: int, padtype: Any, padlen: Any, method: str, irlen: Any) -> Any:
    b, a, x = _coefficients(b), _coefficients(a), _inexact(x)
    axis = axis % np.ndim(x)
    if method == "gust":
        return _gust(b, a, x, axis=axis, irlen=irlen)
    if method != "pad":
        signal.filtfilt(bare(b), bare(a), np.zeros(np.shape(x)), method=method)  # SciPy's own error
    longer, edge = _lengthened(x, axis, padtype, padlen, max(len(a), len(b)))
    zi = np.reshape(lfilter_zi(b, a), [-1 if i == axis else 1 for i in range(np.ndim(x))])
    if has_variable((b, a)) or np.iscomplexobj(zi):
        return _forth_and_back(lambda x, x0: filtered_from(b, a, x, zi * x0, axis=axis), longer, edge, axis)

    def rest(state: Any) -> Any:
        return np.sum(state, axis=axis, keepdims=True) * (a[0] / np.sum(a))

    run = _known(lambda x, state: signal.lfilter(b, a, x, axis, state), zi, axis, rest)
    return _forth_and_back(run, longer, edge, axis)


@primitive
def _gust(b: Array, a: Array, x: Array, *, axis: int, irlen: Any) -> Array:
    return signal.filtfilt(b, a, x, axis, method="gust", irlen=irlen)


def _gust_vjp(g: Any, _ans: Any, b: Any, a: Any, _x: Any, *, axis: int, irlen: Any) -> Any:
    b, a, n = bare(b), bare(a), _x.shape[axis]

    def run(x: Any, axis: int) -> Any:
        return signal.filtfilt(b, a, x, axis, method="gust", irlen=irlen)

    pull = along(lambda one: run(one, 0), n, axis)
    return Operator(pull, lambda x: run(x, axis))(g)


rule(_gust, None, None, _gust_vjp)


@stands_for(MODULE, "sos", "x")
def sosfiltfilt(sos: Any, x: Any, axis: int, padtype: Any, padlen: Any) -> Any:
    x = _inexact(x)
    axis = axis % np.ndim(x)
    values = bare(sos)
    signal.sosfilt(values, np.zeros(1))  # SciPy's own errors
    taps: Any = 2 * len(values) + 1
    taps -= min(np.count_nonzero(values[:, 2] == 0), np.count_nonzero(values[:, 5] == 0))
    longer, edge = _lengthened(x, axis, padtype, padlen, taps)
    shape = (len(values), *[2 if i == axis else 1 for i in range(np.ndim(x))])
    zi = np.reshape(sosfilt_zi(sos), shape)
    if has_variable(sos) or np.iscomplexobj(zi):
        return _forth_and_back(lambda x, x0: cascade_from(sos, x, zi * x0, axis=axis), longer, edge, axis)

    def rest(states: Any) -> Any:
        total: Any = 0.0
        for section, state in zip(values, states, strict=True):
            # All that comes in and all that the section holds goes out.
            held = np.sum(state, axis=axis, keepdims=True) + np.sum(section[:3]) * total
            total = held / np.sum(section[3:])
        return total

    run = _known(lambda x, state: signal.sosfilt(sos, x, axis, state), zi, axis, rest)
    return _forth_and_back(run, longer, edge, axis)


@stands_for(MODULE, "signal", "divisor")
def deconvolve(signal: Any, divisor: Any) -> Any:
    num, den = _coefficients(signal), _coefficients(divisor)
    n = len(num) - len(den) + 1
    if n < 1:
        return [], num
    quotient = lfilter(num, den, np.concatenate([np.ones(1), np.zeros(n - 1)]))
    return quotient, num - convolve(den, quotient)
