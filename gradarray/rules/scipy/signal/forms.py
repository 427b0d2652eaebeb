"""The forms in which a filter is given: zeros and poles, polynomials, sections, matrices; each made of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..standing import stands_for
from ..values import as_precise
from .convolutions import MODULE


def as_inexact(x: Any) -> Any:
    x = np.atleast_1d(x if hasattr(x, "dtype") else np.asarray(x))
    return x if x.dtype.kind in "fc" else x * 1.0


# --- polynomials, with the highest power first ------------------------------------------------------------------------


def from_roots(roots: Any, real: bool | None = None) -> Any:
    """Return the coefficients of a polynomial from its roots, real where these come in conjugate pairs."""
    values = np.atleast_1d(bare(roots))
    found: Any = np.ones(1)
    for root in roots if np.ndim(roots) else [roots]:
        found = np.concatenate([found, np.zeros(1)]) - np.concatenate([np.zeros(1), root * found])
    if real is None:
        real = np.array_equal(np.sort_complex(values), np.sort_complex(np.conj(values)))
    return np.real(found) if real else found


def _normal(b: Any, a: Any) -> tuple[Any, Any]:
    """Return a quotient of polynomials of which the divisor begins with one."""
    shape = signal.normalize(bare(b), bare(a))[0].shape  # and SciPy's own errors
    a = a[int(np.flatnonzero(bare(a))[0]) :]
    return np.reshape(b[..., np.shape(b)[-1] - shape[-1] :], shape) / a[0], a / a[0]


def divided(b: Any, a: Any) -> tuple[Any, Any]:
    """Return the same with the zeros at the front of the numerator, of which each may be a variable."""
    a = a[int(np.flatnonzero(bare(a))[0]) :]
    return b / a[0], a / a[0]


@stands_for(MODULE, "b", "a")
def normalize(b: Any, a: Any) -> Any:
    return _normal(as_inexact(b), as_inexact(a))


def _composed(c: Any, top: Any, bottom: Any, degree: int) -> Any:
    """Return a polynomial of a quotient of two, times a power of the divisor."""
    total: Any = 0.0
    for k, weight in enumerate(c[::-1]):
        factors = [top] * k + [bottom] * (degree - k)
        term: Any = weight * np.ones(1)
        for factor in factors:
            term = np.convolve(term, factor)
        missing = degree * (max(map(len, (top, bottom))) - 1) + 1 - len(term)
        total = total + np.concatenate([np.zeros(missing), term])
    return total


def _substituted(b: Any, a: Any, top: Sequence[Any], bottom: Sequence[Any]) -> tuple[Any, Any]:
    b, a = as_inexact(b), as_inexact(a)
    degree = max(len(b), len(a)) - 1
    numerator, divisor = (_composed(c, np.stack(top), np.stack(bottom), degree) for c in (b, a))
    return _stripped(numerator, divisor)


def _stripped(b: Any, a: Any) -> tuple[Any, Any]:
    """Return the same without the zeros at the front of the numerator, of which the library would complain."""
    first = np.flatnonzero(bare(b))
    return _normal(b[int(first[0]) if len(first) else 0 :], a)


@stands_for(MODULE, "b", "a", "wo")
def lp2lp(b: Any, a: Any, wo: Any) -> Any:
    return _substituted(b, a, [1.0 / wo, 0.0 * wo], [1.0])


@stands_for(MODULE, "b", "a", "wo")
def lp2hp(b: Any, a: Any, wo: Any) -> Any:
    b, a = as_inexact(b), as_inexact(a)
    degree = max(len(b), len(a)) - 1
    found = [_composed(c, np.stack([0.0 * wo, wo]), np.array([1.0, 0.0]), degree) for c in (b, a)]
    return _normal(*found)


@stands_for(MODULE, "b", "a", "wo", "bw")
def lp2bp(b: Any, a: Any, wo: Any, bw: Any) -> Any:
    return _substituted(b, a, [1.0 / bw, 0.0 * wo, wo * wo / bw], [0.0, 1.0, 0.0])


@stands_for(MODULE, "b", "a", "wo", "bw")
def lp2bs(b: Any, a: Any, wo: Any, bw: Any) -> Any:
    return _substituted(b, a, [0.0 * bw, bw, 0.0 * bw], [1.0, 0.0, wo * wo])


@stands_for(MODULE, "b", "a", "fs")
def bilinear(b: Any, a: Any, fs: Any) -> Any:
    return _substituted(b, a, [2.0 * fs, -2.0 * fs], [1.0, 1.0])


# --- zeros and poles --------------------------------------------------------------------------------------------------


def _degree(z: Any, p: Any) -> int:
    if len(p) < len(z):
        signal.lp2lp_zpk(bare(z), bare(p), 1.0)  # SciPy's own error
    return len(p) - len(z)


def _ratio(z: Any, p: Any) -> Any:
    return np.real(np.prod(z) / np.prod(p))


@stands_for(MODULE, "z", "p", "k", "wo")
def lp2lp_zpk(z: Any, p: Any, k: Any, wo: Any) -> Any:
    z, p = as_inexact(z), as_inexact(p)
    return wo * z, wo * p, k * wo ** _degree(z, p)


@stands_for(MODULE, "z", "p", "k", "wo")
def lp2hp_zpk(z: Any, p: Any, k: Any, wo: Any) -> Any:
    z, p = as_inexact(z), as_inexact(p)
    return np.concatenate([wo / z, np.zeros(_degree(z, p))]), wo / p, k * _ratio(-z, -p)


def _halves(x: Any, wo: Any) -> Any:
    apart = np.sqrt(x * (1 + 0j) * x - wo * wo)
    return np.concatenate([x + apart, x - apart])


@stands_for(MODULE, "z", "p", "k", "wo", "bw")
def lp2bp_zpk(z: Any, p: Any, k: Any, wo: Any, bw: Any) -> Any:
    z, p = as_inexact(z), as_inexact(p)
    degree = _degree(z, p)
    found = np.concatenate([_halves(z * (bw / 2), wo), np.zeros(degree)])
    return found, _halves(p * (bw / 2), wo), k * bw**degree


@stands_for(MODULE, "z", "p", "k", "wo", "bw")
def lp2bs_zpk(z: Any, p: Any, k: Any, wo: Any, bw: Any) -> Any:
    z, p = as_inexact(z), as_inexact(p)
    ends = 1j * wo * np.repeat([1.0, -1.0], _degree(z, p))
    return np.concatenate([_halves(bw / 2 / z, wo), ends]), _halves(bw / 2 / p, wo), k * _ratio(-z, -p)


@stands_for(MODULE, "z", "p", "k", "fs")
def bilinear_zpk(z: Any, p: Any, k: Any, fs: Any) -> Any:
    z, p = as_inexact(z), as_inexact(p)
    twice = 2.0 * fs
    found = np.concatenate([(twice + z) / (twice - z), -np.ones(_degree(z, p))])
    return found, (twice + p) / (twice - p), k * _ratio(twice - z, twice - p)


@stands_for(MODULE, "z", "p", "k")
def zpk2tf(z: Any, p: Any, k: Any) -> Any:
    if np.ndim(z) > 1 or np.ndim(k) > 0:
        raise TypeError("scipy.signal.zpk2tf of a variable: several filters are not known here")
    z, p = as_inexact(z), as_inexact(p)
    return k * as_precise(from_roots(z), z), as_precise(from_roots(p), p)


@stands_for(MODULE, "b", "a")
def tf2zpk(b: Any, a: Any) -> Any:
    b, a = _normal(as_inexact(b), as_inexact(a))
    return np.roots(b), np.roots(a), b[0]


# --- sections of second order -----------------------------------------------------------------------------------------


def _taken(roots: Any, free: list[int], coefficients: Any) -> Any:
    """Return the polynomial of a section from those roots of all, not yet taken, which are its own."""
    values, chosen = bare(roots), []
    leading = np.trim_zeros(coefficients, "f")
    for root in np.roots(leading):
        nearest = min(free, key=lambda i: abs(values[i] - root))
        free.remove(nearest)
        chosen.append(nearest)
    return np.concatenate([np.zeros(3 - len(leading)), from_roots(roots[np.array(chosen, int)], real=True)])


@stands_for(MODULE, "z", "p", "k")
def zpk2sos(z: Any, p: Any, k: Any, pairing: Any, analog: Any) -> Any:
    z, p = as_inexact(z), as_inexact(p)
    value = signal.zpk2sos(bare(z), bare(p), 1.0, pairing, analog=analog)  # which pairs them
    both = []
    for roots, part in ((z, value[:, :3]), (p, value[:, 3:])):
        count = sum(len(np.trim_zeros(row, "f")) - 1 for row in part)
        roots = np.concatenate([roots, np.zeros(count - len(roots))])
        free = list(range(count))
        both.append(np.stack([_taken(roots, free, row) for row in part]))
    gain = np.concatenate([k * np.ones(1), np.ones(len(value) - 1)])
    return np.concatenate([both[0] * gain[:, None], both[1]], axis=1)


@stands_for(MODULE, "b", "a")
def tf2sos(b: Any, a: Any, pairing: Any, analog: Any) -> Any:
    return zpk2sos(*tf2zpk(b, a), pairing=pairing, analog=analog)


def _sections(sos: Any) -> Any:
    signal.sos2tf(bare(sos))  # SciPy's own errors
    return [(row[:3], row[3:]) for row in sos]


@stands_for(MODULE, "sos")
def sos2tf(sos: Any) -> Any:
    b: Any = np.ones(1)
    a: Any = np.ones(1)
    for top, bottom in _sections(sos):
        b, a = (
            np.convolve(x, y[int(np.flatnonzero(bare(y))[0]) if np.any(bare(y)) else 2 :])
            for x, y in ((b, top), (a, bottom))
        )
    return b, a


@stands_for(MODULE, "sos")
def sos2zpk(sos: Any) -> Any:
    zeros, poles, gain = [], [], 1.0
    for b, a in _sections(sos):
        z, p, k = tf2zpk(b, a)
        zeros.append(np.concatenate([z, np.zeros(2 - len(z))]) + 0j)
        poles.append(np.concatenate([p, np.zeros(2 - len(p))]) + 0j)
        gain = gain * k
    return np.concatenate(zeros), np.concatenate(poles), gain


# --- matrices ---------------------------------------------------------------------------------------------------------


@stands_for(MODULE, "A", "B", "C", "D")
def abcd_normalize(A: Any, B: Any, C: Any, D: Any) -> Any:
    shapes = [np.shape(x) for x in signal.abcd_normalize(*bare((A, B, C, D)))]
    given = zip((A, B, C, D), shapes, strict=True)
    return tuple([np.zeros(shape) if x is None or not np.size(x) else np.reshape(x, shape) for x, shape in given])


@stands_for(MODULE, "num", "den")
def tf2ss(num: Any, den: Any) -> Any:
    num, den = as_inexact(num), as_inexact(den)
    shapes = [x.shape for x in signal.tf2ss(bare(num), bare(den))]  # and SciPy's own errors
    num, den = divided(num, den)
    num = np.reshape(num, (-1, np.shape(num)[-1]))
    n = len(den)
    num = np.concatenate([np.zeros((len(num), max(n - np.shape(num)[1], 0))), num], axis=1)[:, -n:]
    d = num[:, :1]
    if n == 1:
        return np.zeros(shapes[0]), np.zeros(shapes[1]), np.zeros(shapes[2]), np.reshape(d, shapes[3])
    a = np.concatenate([np.reshape(-den[1:], (1, -1)), np.eye(n - 2, n - 1)])
    return a, np.eye(n - 1, 1), num[:, 1:] - d * den[1:], d


def _characteristic(a: Any) -> Any:
    """Return the coefficients of det(s - A), by the traces of Faddeev and LeVerrier: polynomials of the elements."""
    n, found = len(a), [np.ones(())]
    m: Any = np.eye(n)
    for k in range(1, n + 1):
        am = a @ m
        found.append(-np.trace(am) / k)
        m = am + found[-1] * np.eye(n)
    return np.stack(found)


@stands_for(MODULE, "A", "B", "C", "D")
def ss2tf(A: Any, B: Any, C: Any, D: Any, input: Any) -> Any:
    signal.ss2tf(*bare((A, B, C, D)), input=input)  # SciPy's own errors
    a, b, c, d = abcd_normalize(A, B, C, D)
    if not np.size(b) and not np.size(c):
        return np.ravel(d), np.ones(()) if np.size(d) or np.size(a) else np.zeros(0)
    b, d = b[:, input : input + 1], d[:, input : input + 1]
    den = _characteristic(a)
    num = [_characteristic(a - b @ c[k : k + 1]) + (d[k] - 1) * den for k in range(len(c))]
    return np.stack(num), den


@stands_for(MODULE, "z", "p", "k")
def zpk2ss(z: Any, p: Any, k: Any) -> Any:
    return tf2ss(*zpk2tf(z, p, k))


@stands_for(MODULE, "A", "B", "C", "D")
def ss2zpk(A: Any, B: Any, C: Any, D: Any, input: Any) -> Any:
    return tf2zpk(*ss2tf(A, B, C, D, input=input))
