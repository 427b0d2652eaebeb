"""Responses of filters by frequency: those of the library, whose derivatives are those of quotients of polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...primitives import primitive
from ...registry import rule
from ..declared import FUNCTIONS, function
from ..standing import constant, stands_for
from .convolutions import MODULE


def _array(x: Any) -> Any:
    return np.atleast_1d(x if hasattr(x, "dtype") else np.asarray(x))


@primitive
def polynomial(z: Array, c: Array) -> Array:
    """Return a polynomial, with the constant first."""
    total = np.zeros(z.shape, np.result_type(z, c))
    for some, part in _parts(total, z):
        for k in range(len(c) - 1, -1, -1):
            some *= part
            some += c[k]
    return total


def _parts(*arrays: Any) -> Any:
    """Return parts of arrays of one shape, as large as may stay in the cache."""
    flat = [x.reshape(-1) for x in arrays]
    for start in range(0, flat[0].size, _AT_ONCE):
        yield [x[start : start + _AT_ONCE] for x in flat]


_AT_ONCE = 16384


@primitive
def power_sums(y: Array, z: Array, *, count: int) -> Array:
    """Return ``y @ z**k`` for the first powers k: what coefficients have of the cotangent of a polynomial."""
    found = np.zeros((len(y), count), np.result_type(y, z))
    for z_part, *rows in _parts(z, *y):
        power = np.ones(len(z_part), z.dtype)
        for k in range(count):
            power = np.multiply(power, z_part, out=power) if k else power
            for i, row in enumerate(rows):
                found[i, k] += np.dot(row, power)
    return found


def _slope(z: Any, c: Any) -> Any:
    return polynomial(z, (c * np.arange(len(c)))[1:])


rule(
    polynomial,
    lambda g, _ans, z, c: g * _slope(z, c),
    lambda g, _ans, z, _c: power_sums(np.reshape(g, (1, -1)), np.reshape(z, -1), count=_c.shape[0])[0],
)
rule(
    power_sums,
    lambda g, _ans, _y, z, *, count: np.stack([polynomial(z, row) for row in g]),
    lambda g, _ans, y, z, *, count: sum([one * _slope(z, row) for one, row in zip(y, g, strict=True)]),
)


def _of_roots(z: Any, roots: Any) -> Any:
    return np.prod(np.expand_dims(z, -1) - roots, axis=-1)


@primitive
def response(b: Array, a: Array, z: Array, *, call: Any) -> Array:
    """Return the quotient of two polynomials, with the constants first, as the library computes it."""
    return call(b, a)[1]


def _response_vjp(g: Any, ans: Any, _b: Any, a: Any, z: Any, *, call: Any) -> tuple[Any, Any, None]:
    g = g / polynomial(z, a)
    n, m = _b.shape[0], len(a)
    both = np.stack([np.reshape(g, -1), np.reshape(g * ans, -1)])
    found = power_sums(both, np.reshape(z, -1), count=max(n, m))
    return found[0, :n], -found[1, :m], None


rule(response, joint=_response_vjp, skip=("z",))


def _quotient(b: Any, a: Any, z: Any) -> Any:
    return polynomial(z, b) / polynomial(z, a)


@stands_for(MODULE, "b", "a", "worN")
def freqz(b: Any, a: Any, worN: Any, whole: Any, fs: Any, include_nyquist: Any) -> Any:
    b, a = _array(b), _array(a)
    if np.ndim(b) > 1 or np.ndim(a) > 1:
        raise TypeError("scipy.signal.freqz of a variable: coefficients of several filters are not known here")
    if has_variable(worN):
        return _array(worN) * 1.0, _quotient(b, a, np.exp(_array(worN) * (-2j * np.pi / fs)))
    options = {"worN": worN, "whole": whole, "fs": fs, "include_nyquist": include_nyquist}
    known = bare(b), bare(a)
    w, *first = signal.freqz(*known, **options)

    def call(*given: Any) -> Any:  # the first time with what it has been called with already
        if first and all(map(np.array_equal, given, known)):
            return w, first.pop()
        return signal.freqz(*given, **options)

    return w, response(b * 1.0, a * 1.0, np.exp(w * (-2j * np.pi / fs)), call=call)


@stands_for(MODULE, "sos", "worN")
def freqz_sos(sos: Any, worN: Any, whole: Any, fs: Any) -> Any:
    signal.freqz_sos(bare(sos), 1)  # SciPy's own errors
    total: Any = 1.0
    w = None
    for row in sos:
        w, part = freqz(row[:3], row[3:], worN=worN, whole=whole, fs=fs, include_nyquist=False)
        total = total * part
    return w, total


def sosfreqz(*args: Any, **kwargs: Any) -> Any:
    return FUNCTIONS[MODULE]["freqz_sos"](*args, **kwargs)


function(MODULE, sosfreqz)


@stands_for(MODULE, "z", "p", "k", "worN")
def freqz_zpk(z: Any, p: Any, k: Any, worN: Any, whole: Any, fs: Any) -> Any:
    z, p = _array(z), _array(p)
    w = signal.freqz_zpk(bare(z), bare(p), 1.0, bare(worN), whole, fs)[0]
    w = _array(worN) * 1.0 if has_variable(worN) else w
    at = np.exp(1j * w * (2 * np.pi / fs))
    return w, k * _of_roots(at, z) / _of_roots(at, p)


@stands_for(MODULE, "b", "a", "worN")
def freqs(b: Any, a: Any, worN: Any) -> Any:
    b, a = _array(b), _array(a)
    if has_variable(worN):
        w = _array(worN)
        return w, _quotient(b[::-1], a[::-1], 1j * w)
    w = _array(worN) if np.ndim(worN) else signal.freqs(bare(b), bare(a), worN)[0]
    b, a = b[::-1] * 1.0, a[::-1] * 1.0
    return w, response(b, a, 1j * w, call=lambda b, a: signal.freqs(b[::-1], a[::-1], w))


@stands_for(MODULE, "z", "p", "k", "worN")
def freqs_zpk(z: Any, p: Any, k: Any, worN: Any) -> Any:
    z, p = _array(z), _array(p)
    w = signal.freqs_zpk(bare(z), bare(p), 1.0, bare(worN))[0]
    w = _array(worN) if has_variable(worN) else w
    return w, k * _of_roots(1j * w, z) / _of_roots(1j * w, p)


@stands_for(MODULE, "system", "w", whole=("system",))
def group_delay(system: Any, w: Any, whole: Any, fs: Any) -> Any:
    b, a = map(_array, system)
    at, value = signal.group_delay((bare(b), bare(a)), bare(w), whole, fs)
    at = _array(w) * 1.0 if has_variable(w) else at
    z = np.exp(-1j * at * (2 * np.pi / fs))
    c = np.convolve(b, np.conj(a[::-1]))
    divisor = polynomial(z, c)
    singular = bare(divisor) == 0
    found = np.real(polynomial(z, c * np.arange(len(c))) / np.where(singular, 1.0, divisor)) - len(a) + 1
    return at, np.where(singular | (value == 0), 0.0, found)


constant(MODULE, "findfreqs")
