"""Designs of filters with feedback: poles and zeros of a low-pass, moved to the frequencies that are wanted.

Each is a smooth function of the frequencies, and of the ripples that it is allowed; the order is a whole number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..standing import refuse, stands_for
from ..unswitched import special
from .convolutions import MODULE
from .forms import bilinear_zpk, from_roots, lp2bp_zpk, lp2bs_zpk, lp2hp_zpk, lp2lp_zpk, zpk2sos

# --- low-passes -------------------------------------------------------------------------------------------------------


def _excess(decibels: Any) -> Any:
    """Return 10^(x / 10) - 1."""
    return np.expm1(math.log(10) * 0.1 * decibels)


def _angles(n: int) -> Any:
    return np.pi * np.arange(1 - n, n, 2) / (2 * n)


@stands_for(MODULE, "rp")
def cheb1ap(N: Any, rp: Any) -> Any:
    z, p, _ = signal.cheb1ap(N, bare(rp))
    if N == 0:
        return z, p, 10 ** (-rp / 20)
    ripple = np.sqrt(_excess(rp))
    p = -np.sinh(np.arcsinh(1 / ripple) / N + 1j * _angles(N))
    k = np.real(np.prod(-p))
    return np.zeros(0), p, k if N % 2 else k / np.sqrt(1 + ripple * ripple)


@stands_for(MODULE, "rs")
def cheb2ap(N: Any, rs: Any) -> Any:
    z = signal.cheb2ap(N, bare(rs))[0]
    if N == 0:
        return z, np.zeros(0, complex), 1.0
    p = -1 / np.sinh(np.arcsinh(np.sqrt(_excess(rs))) / N + 1j * _angles(N))
    return z, p, np.real(np.prod(-p) / np.prod(-z))


def _parameter(n: int, small: Any) -> Any:
    """Return the parameter m with K'(m) / K(m) = K'(small) / (n K(small)), by its nome."""
    nome = np.exp(-np.pi / n * special.ellipkm1(small) / special.ellipk(small))
    k = np.arange(8.0)
    above = np.sum(nome ** (k * (k + 1)))
    below = 1 + 2 * np.sum(nome ** ((k + 1) ** 2))
    return 16 * nome * (above / below) ** 4


@stands_for(MODULE, "rp", "rs")
def ellipap(N: Any, rp: Any, rs: Any) -> Any:
    none, one, _ = signal.ellipap(N, bare(rp), bare(rs))
    if N == 0:
        return none, one, 10 ** (-rp / 20)
    ripple = np.sqrt(_excess(rp))
    if N == 1:
        return none, -1 / ripple * np.ones(np.shape(one), np.asarray(one).dtype), 1 / ripple
    small = ripple**2 / _excess(rs)
    m = _parameter(N, small)
    quarter = special.ellipk(m)
    odd = N % 2
    s, c, d, _ = special.ellipj(np.arange(1 - odd, N, 2) * quarter / N, m)
    z = 1j / (np.sqrt(m) * s[odd:])
    place = quarter * special.ellipkinc(np.arctan(1 / ripple), 1 - small) / (N * special.ellipk(small))
    sv, cv, dv, _ = special.ellipj(place, 1 - m)
    p = -(c * d * sv * cv + 1j * s * dv) / (1 - (d * sv) ** 2.0)
    z, p = np.concatenate([z, np.conj(z)]), np.concatenate([p, np.conj(p[odd:])])
    k = np.real(np.prod(-p) / np.prod(-z))
    return z, p, k if odd else k / np.sqrt(1 + ripple**2)


refuse(MODULE, "the order is a whole number", "buttap", "besselap")

# --- the same for other frequencies -----------------------------------------------------------------------------------

_BANDS = {"low": ("lowpass", "l", "low", "lp"), "high": ("highpass", "high", "h", "hp")}
_BANDS |= {"pass": ("band", "bandpass", "pass", "bp"), "stop": ("bs", "bandstop", "bands", "stop")}
_NORMS = {"bessel": "phase", "bessel_phase": "phase", "bessel_delay": "delay", "bessel_mag": "mag"}


def _prototype(N: Any, rp: Any, rs: Any, ftype: str) -> Any:
    if ftype in _NORMS:
        return signal.besselap(N, norm=_NORMS[ftype])
    if ftype in ("butter", "butterworth"):
        return signal.buttap(N)
    if ftype in ("cheby1", "chebyshev1", "chebyshevi"):
        return cheb1ap(N, rp)
    return cheb2ap(N, rs) if ftype in ("cheby2", "chebyshev2", "chebyshevii") else ellipap(N, rp, rs)


@stands_for(MODULE, "Wn", "rp", "rs")
def iirfilter(N: Any, Wn: Any, rp: Any, rs: Any, btype: Any, analog: Any, ftype: Any, output: Any, fs: Any) -> Any:
    value = signal.iirfilter(N, bare(Wn), bare(rp), bare(rs), btype, analog, ftype, output, fs)
    z, p, k = _prototype(N, rp, rs, ftype.lower())
    band = next(band for band, called in _BANDS.items() if btype.lower() in called)
    at = np.reshape(Wn, -1) if fs is None else np.reshape(Wn, -1) / (fs / 2)
    at = at if analog else 4.0 * np.tan(np.pi * at / 2.0)
    if band in ("low", "high"):
        z, p, k = (lp2lp_zpk if band == "low" else lp2hp_zpk)(z, p, k, at[0])
    else:
        z, p, k = (lp2bp_zpk if band == "pass" else lp2bs_zpk)(z, p, k, np.sqrt(at[0] * at[1]), at[1] - at[0])
    if not analog:
        z, p, k = bilinear_zpk(z, p, k, 2.0)
    if output.lower() == "zpk":
        return z, p, k
    if output.lower() == "sos":
        return zpk2sos(z, p, k, analog=analog)
    numerator, divisor = (from_roots(x, real=not np.iscomplexobj(c)) for x, c in zip((z, p), value, strict=True))
    return k * numerator, divisor


@stands_for(MODULE, "Wn")
def butter(N: Any, Wn: Any, **how: Any) -> Any:
    return iirfilter(N, Wn, ftype="butter", **how)


@stands_for(MODULE, "rp", "Wn")
def cheby1(N: Any, rp: Any, Wn: Any, **how: Any) -> Any:
    return iirfilter(N, Wn, rp=rp, ftype="cheby1", **how)


@stands_for(MODULE, "rs", "Wn")
def cheby2(N: Any, rs: Any, Wn: Any, **how: Any) -> Any:
    return iirfilter(N, Wn, rs=rs, ftype="cheby2", **how)


@stands_for(MODULE, "rp", "rs", "Wn")
def ellip(N: Any, rp: Any, rs: Any, Wn: Any, **how: Any) -> Any:
    return iirfilter(N, Wn, rp=rp, rs=rs, ftype="ellip", **how)


@stands_for(MODULE, "Wn")
def bessel(N: Any, Wn: Any, norm: Any, **how: Any) -> Any:
    return iirfilter(N, Wn, ftype="bessel_" + norm, **how)


# --- one frequency, and its multiples ---------------------------------------------------------------------------------


def _narrow(name: str) -> None:
    library = getattr(signal, name)

    @stands_for(MODULE, "w0", "Q", "fs", name=name)
    def design(w0: Any, Q: Any, fs: Any) -> Any:
        library(*map(float, bare((w0, Q, fs))))  # SciPy's own errors
        angle = 2 * np.pi * w0 / fs
        gain = 1.0 / (1.0 + np.tan(angle / Q / 2.0))
        c, one = np.cos(angle), np.ones(())
        b = gain * np.stack([one, -2.0 * c, one]) if name == "iirnotch" else (1.0 - gain) * np.array([1.0, 0.0, -1.0])
        return b, np.stack([one, -2.0 * gain * c, 2.0 * gain - 1.0])


_narrow("iirnotch")
_narrow("iirpeak")


@stands_for(MODULE, "Q")
def iircomb(w0: Any, Q: Any, ftype: Any, fs: Any, pass_zero: Any) -> Any:
    a = signal.iircomb(w0, bare(Q), ftype, fs, pass_zero=pass_zero)[1]
    n = len(a) - 1
    beta = np.tan(n * (2 * np.pi * w0 / fs) / Q / 4)
    notch = ftype.lower() == "notch"
    sign = np.sign(a[-1]) * np.sign((1 - bare(beta)) / (1 + bare(beta))) or 1.0
    first, last = np.arange(n + 1) == 0, sign * (np.arange(n + 1) == n)
    above = (first + last if notch else beta * (first - last)) / (1 + beta)
    return above, first + last * (1 - beta) / (1 + beta)
