"""Responses of filters by frequency: those of the library, whose derivatives are those of quotients of polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...primitives import primitive
from ...registry import composite
from ..declared import FUNCTIONS, function
from ..standing import constant, stands_for
from .convolutions import MODULE


def _array(x: Any) -> Any:
    return np.atleast_1d(x if hasattr(x, "dtype") else np.asarray(x))


def _polynomial(z: Any, coefficients: Any) -> Any:
    """Return a polynomial, with the constant first."""
    total: Any = 0.0
    for c in coefficients[::-1]:
        total = total * z + c
    return total


def _of_roots(z: Any, roots: Any) -> Any:
    return np.prod(np.expand_dims(z, -1) - roots, axis=-1)


@primitive
def response(b: Array, a: Array, w: Array, *, call: Any) -> Array:
    """Return the frequency response that the library computes."""
    return call(b, a)[1]


def _quotient(b: Any, a: Any, w: Any, *, call: Any) -> Any:
    z = np.exp(-1j * w)
    return _polynomial(z, b) / _polynomial(z, a)


composite(response, _quotient, anew=True)


@stands_for(MODULE, "b", "a", "worN")
def freqz(b: Any, a: Any, worN: Any, whole: Any, fs: Any, include_nyquist: Any) -> Any:
    b, a = _array(b), _array(a)
    if np.ndim(b) > 1 or np.ndim(a) > 1:
        raise TypeError("scipy.signal.freqz of a variable: coefficients of several filters are not known here")
    if has_variable(worN):
        return _array(worN) * 1.0, _quotient(b, a, _array(worN) * (2 * np.pi / fs), call=None)
    options = {"worN": worN, "whole": whole, "fs": fs, "include_nyquist": include_nyquist}
    w = signal.freqz(bare(b), bare(a), **options)[0]
    at = w * (2 * np.pi / fs)
    return w, response(b * 1.0, a * 1.0, at, call=lambda b, a: signal.freqz(b, a, **options))


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
    w = _array(worN) if np.ndim(worN) or has_variable(worN) else signal.freqs(bare(b), bare(a), worN)[0]
    s = 1j * w
    return w, _polynomial(s, b[::-1]) / _polynomial(s, a[::-1])


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
    divisor = _polynomial(z, c)
    singular = bare(divisor) == 0
    found = np.real(_polynomial(z, c * np.arange(len(c))) / np.where(singular, 1.0, divisor)) - len(a) + 1
    return at, np.where(singular | (value == 0), 0.0, found)


constant(MODULE, "findfreqs")
