"""Designs of filters without feedback, by the frequencies, gains and windows that they are made from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare, has_variable
from ..standing import constant, refuse, stands_for
from .convolutions import MODULE
from .windows import window_of

# --- Savitzky and Golay -----------------------------------------------------------------------------------------------


@stands_for(MODULE, "delta", "pos")
def savgol_coeffs(window_length: Any, polyorder: Any, deriv: Any, delta: Any, pos: Any, use: Any) -> Any:
    value = signal.savgol_coeffs(window_length, polyorder, deriv, bare(delta), bare(pos), use)
    if deriv > polyorder:
        return value
    middle = (window_length - 1) / 2
    x = np.arange(window_length) - (middle if pos is None else pos)
    powers = np.stack([x**k if k else np.ones(window_length) for k in range(polyorder + 1)])
    wanted = np.where(np.arange(polyorder + 1) == deriv, math.factorial(deriv) / delta**deriv, 0.0)
    # The shortest solution of fewer equations than there are taps.
    found = powers.T @ np.linalg.solve(powers @ powers.T, wanted)
    return found[::-1] if use == "conv" else found


# --- by windows -------------------------------------------------------------------------------------------------------


@stands_for(MODULE, "cutoff", "width", "window", whole=("window",))
def firwin(numtaps: Any, cutoff: Any, width: Any, window: Any, pass_zero: Any, scale: Any, fs: Any) -> Any:
    options = {"width": bare(width), "window": bare(window), "pass_zero": pass_zero, "scale": scale, "fs": fs}
    signal.firwin(numtaps, bare(cutoff), **options)  # SciPy's own errors
    nyquist = 1.0 if fs is None else 0.5 * fs
    if width is not None:
        window = "kaiser", _kaiser_beta(2.285 * (numtaps - 1) * np.pi * (width / nyquist) + 7.95)
    edges = np.atleast_1d(cutoff) / nyquist
    from_zero = pass_zero in ("bandstop", "lowpass") if isinstance(pass_zero, str) else bool(pass_zero)
    to_nyquist = (len(edges) % 2 == 0) == from_zero
    edges = np.concatenate([np.zeros(int(from_zero)), edges, np.ones(int(to_nyquist))])
    m = np.arange(numtaps) - 0.5 * (numtaps - 1)
    left, right = edges[::2, None], edges[1::2, None]
    found = np.sum(right * np.sinc(right * m) - left * np.sinc(left * m), axis=0) * _symmetric(window, numtaps)
    if not scale:
        return found
    at = 0.0 if from_zero else 1.0 if bare(edges)[1] == 1 else 0.5 * (edges[0] + edges[1])
    return found / np.sum(found * np.cos(np.pi * m * at))


def _symmetric(window: Any, n: int) -> Any:
    return window_of(window, n, False) if has_variable(window) else signal.get_window(window, n, fftbins=False)


@stands_for(MODULE, "freq", "gain", "window", whole=("window",))
def firwin2(numtaps: Any, freq: Any, gain: Any, nfreqs: Any, window: Any, antisymmetric: Any, fs: Any) -> Any:
    freq, gain = (x * 1.0 if hasattr(x, "dtype") else np.asarray(x, float) for x in (freq, gain))
    options = {"nfreqs": nfreqs, "window": bare(window), "antisymmetric": antisymmetric, "fs": fs}
    signal.firwin2(numtaps, bare(freq), bare(gain), **options)  # SciPy's own errors
    nyquist = 1.0 if fs is None else 0.5 * fs
    count = 1 + 2 ** math.ceil(math.log2(numtaps)) if nfreqs is None else nfreqs
    places = bare(freq)
    twice = places[1:] == places[:-1]  # a jump, of which the library makes a short slope
    eps = np.finfo(float).eps * nyquist
    freq = freq - eps * np.append(twice, False) + eps * np.insert(twice, 0, False)
    x = np.linspace(0.0, nyquist, count)
    turned = np.exp(-(numtaps - 1) / 2.0 * 1j * np.pi * x / nyquist) * (1j if antisymmetric else 1)
    found = np.fft.irfft(np.interp(x, freq, gain) * turned)[:numtaps]
    if window is not None:
        found = found * _symmetric(window, numtaps)
    if antisymmetric and numtaps % 2:
        found = np.where(np.arange(numtaps) == numtaps // 2, 0.0, found)
    return found


@stands_for(MODULE, "bands", "desired", "weight")
def firls(numtaps: Any, bands: Any, desired: Any, weight: Any, fs: Any) -> Any:
    signal.firls(numtaps, bare(bands), bare(desired), weight=bare(weight), fs=fs)  # SciPy's own errors
    numtaps = int(numtaps)
    bands = np.reshape(bands / (1.0 if fs is None else 0.5 * fs), (-1, 2))
    desired = np.reshape(desired, (-1, 2))
    weight = np.ones(len(desired)) if weight is None else np.reshape(weight, -1)
    half = (numtaps - 1) // 2
    n = np.arange(numtaps)[:, None, None]
    q = np.diff(np.sinc(bands * n) * bands, axis=2)[:, :, 0] @ weight
    i, j = np.indices((half + 1, half + 1))
    n = n[: half + 1]
    slope = np.diff(desired, axis=1) / np.diff(bands, axis=1)
    start = desired[:, :1] - bands[:, :1] * slope
    later = n[1:] * np.pi
    ends = [-(slope * bands * bands / 2.0)[None], slope * np.cos(later * bands) / later**2]
    integrals = bands * (slope * bands + start) * np.sinc(bands * n) + np.concatenate(ends)
    a = np.linalg.solve(q[np.abs(i - j)] + q[i + j], np.diff(integrals, axis=2)[:, :, 0] @ weight)
    return np.concatenate([a[:0:-1], 2 * a[:1], a[1:]])


@stands_for(MODULE, "fc", "window", whole=("window",))
def firwin_2d(hsize: Any, window: Any, fc: Any, fs: Any, circular: Any, pass_zero: Any, scale: Any) -> Any:
    if circular:
        signal.firwin_2d(hsize, bare(window), fc=bare(fc), fs=fs, circular=True)  # SciPy's own errors
        long = max(hsize) * 8
        x, y = np.meshgrid(np.linspace(-1, 1, hsize[0]), np.linspace(-1, 1, hsize[1]))
        return np.interp(np.sqrt(x**2 + y**2), np.linspace(0, 1, long), firwin(long, fc, window=window, fs=fs))
    signal.firwin_2d(hsize, bare(window), fc=bare(fc), fs=fs)
    return np.outer(*[firwin(n, fc, window=w, fs=fs) for n, w in zip(hsize, window, strict=True)])


# --- Kaiser's formulas ------------------------------------------------------------------------------------------------


def _kaiser_beta(a: Any) -> Any:
    if bare(a) > 50:
        return 0.1102 * (a - 8.7)
    return 0.5842 * (a - 21) ** 0.4 + 0.07886 * (a - 21) if bare(a) > 21 else 0.0 * a


@stands_for(MODULE, "a")
def kaiser_beta(a: Any) -> Any:
    return _kaiser_beta(a)


@stands_for(MODULE, "width")
def kaiser_atten(numtaps: Any, width: Any) -> Any:
    return 2.285 * (numtaps - 1) * np.pi * width + 7.95


@stands_for(MODULE, "ripple", "width")
def kaiserord(ripple: Any, width: Any) -> Any:
    return signal.kaiserord(bare(ripple), bare(width))[0], _kaiser_beta(np.abs(ripple))


# --- an ear -----------------------------------------------------------------------------------------------------------


@stands_for(MODULE, "freq")
def gammatone(freq: Any, ftype: Any, order: Any, numtaps: Any, fs: Any) -> Any:
    value = signal.gammatone(bare(freq), ftype, order, numtaps, fs)
    step = 1 / (2 if fs is None else fs)
    band = 2 * np.pi * 1.019 * (freq / 9.26449 + 24.7)
    if ftype.lower() == "fir":
        order, t = 4 if order is None else order, np.arange(len(value[0])) * step
        found = t ** (order - 1) * np.exp(-band * t) * np.cos(2 * np.pi * freq * t)
        return found * (2 * band**order / math.factorial(order - 1) * step), np.ones(1)
    angle, fall = 2 * np.pi * freq * step, np.exp(-band * step)
    c, s, turn = np.cos(angle), np.sin(angle), np.exp(2j * angle)
    roots = [sign * math.sqrt(3 + other * 2**1.5) for sign in (1, -1) for other in (1, -1)]
    gain = 1.0
    for root in roots:
        gain = gain * (-2 * turn * step + 2 * fall * np.exp(1j * angle) * step * (c + root * s))
    gain = np.abs(gain / (-2 * fall**2 - 2 * turn + 2 * (1 + turn) * fall) ** 4)
    k = np.arange(5)
    b = np.array([1, -4, 6, -4, 1]) * step**4 * np.cos(k * angle) * fall**k / gain
    quadratic = np.stack([np.ones(()), -2 * fall * c, fall**2])
    squared = np.convolve(quadratic, quadratic)
    return b, np.convolve(squared, squared)


constant(MODULE, "check_COLA", "check_NOLA", "max_len_seq")
refuse(MODULE, "it chooses an order, which is a whole number", "buttord", "cheb1ord", "cheb2ord", "ellipord")
refuse(MODULE, "it chooses an order: design with the one that it finds, as with butter", "iirdesign", "band_stop_obj")
