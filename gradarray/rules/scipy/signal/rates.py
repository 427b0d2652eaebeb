"""What is linear along one axis of a signal, with the transpose of each: no matrix of it is made."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import fft, signal

from ....tape.wrapping import bare, has_variable
from ...numpy import fft as numpys
from ..declared import methods
from ..ndimage.ends import of_name
from ..standing import Operator, along, stands_for
from ..values import as_precise
from .convolutions import MODULE
from .passes import sosfiltfilt
from .phases import back_to_signal, resampled
from .sections import sosfilt


def _inexact(x: Any) -> Any:
    return x if hasattr(x, "dtype") and x.dtype.kind in "fc" else np.asarray(x) * 1.0


def _applied(x: Any, call: Callable[[Any], Any], pull: Callable[[Any], Any], value: Any = None) -> Any:
    """Return a linear function of a signal; of real numbers the cotangent is real."""
    return Operator(call, pull if np.iscomplexobj(x) else lambda g: np.real(pull(g)), value)(x)


def _ends(axis: int) -> Any:
    return (slice(None),) * axis


def _fitted(g: Any, axis: int, n: int) -> Any:
    """Return the first elements along an axis, or zeros behind them."""
    g = g[(*_ends(axis), slice(n))]
    return np.pad(g, [(0, n - g.shape[i]) if i == axis else (0, 0) for i in range(g.ndim)])


# --- by Fourier transforms --------------------------------------------------------------------------------------------


@stands_for(MODULE, "x")
def hilbert(x: Any, N: Any, axis: Any) -> Any:
    x = _inexact(x)
    axis, length = axis % max(np.ndim(x), 1), np.shape(x)[axis]
    n = length if N is None else N
    turns = np.full(n // 2 + 1, 1j)
    turns[[0, -1] if n % 2 == 0 else [0]] = 0

    def pull(g: Any) -> Any:
        # The real part is the signal itself; the imaginary one is its transform, whose matrix is antisymmetric.
        g = np.moveaxis(g, axis, -1)
        found = np.fft.irfft(np.fft.rfft(np.imag(g)) * turns, n) + np.real(g)
        return _fitted(np.moveaxis(found, -1, axis), axis, length)

    return Operator(lambda x: signal.hilbert(x, N, axis), pull)(x)


def _chirped(x: Any, points: Any, axis: int) -> Any:
    """Return a transform at points on a spiral; its transpose goes back through the library's three factors."""

    def pull(g: Any) -> Any:
        g = np.moveaxis(g, axis, -1)
        spread = np.zeros((*g.shape[:-1], points._nfft), g.dtype)
        spread[..., points._yidx] = g * np.conj(points._wk2)
        found = fft.ifft(fft.fft(spread) * np.conj(points._Fwk2))[..., : points.n] * np.conj(points._Awk2)
        return np.moveaxis(found, -1, axis)

    return _applied(x, lambda x: points(x, axis=axis), pull)


@stands_for(MODULE, "x")
def czt(x: Any, m: Any, w: Any, a: Any, axis: Any) -> Any:
    x = _inexact(x)
    axis = axis % max(np.ndim(x), 1)
    return _chirped(x, signal.CZT(np.shape(x)[axis], m, w, a), axis)


@stands_for(MODULE, "x")
def zoom_fft(x: Any, fn: Any, m: Any, fs: Any, endpoint: Any, axis: Any) -> Any:
    x = _inexact(x)
    axis = axis % max(np.ndim(x), 1)
    return _chirped(x, signal.ZoomFFT(np.shape(x)[axis], fn, m, fs=fs, endpoint=endpoint), axis)


def _of_object(self: Any, x: Any, *, axis: int = -1) -> Any:
    x = _inexact(x)
    return _chirped(x, self, axis % np.ndim(x))


methods(MODULE, "CZT", __call__=_of_object)
methods(MODULE, "ZoomFFT", __call__=_of_object)


@stands_for(MODULE, "w", "a")
def czt_points(m: Any, w: Any, a: Any) -> Any:
    k = np.arange(m)
    return a * (np.exp(2j * np.pi * k / m) if w is None else w ** (-1.0 * k))


@stands_for(MODULE, "x")
def resample(x: Any, num: Any, t: Any, axis: Any, window: Any, domain: Any) -> Any:
    if t is not None:
        raise TypeError("scipy.signal.resample of a variable: t= is not known here")
    x = _inexact(x)
    call: Any = lambda x, axis=axis: signal.resample(x, num, None, axis, window, domain)  # noqa: E731
    n = np.shape(x)[axis]
    if np.iscomplexobj(x) or domain != "time" or callable(window):
        return _applied(x, call, along(lambda one: call(one, 0), n, axis % np.ndim(x)))
    weights = None
    if window is not None:
        weights = np.asarray(window) if hasattr(window, "shape") else np.fft.fftshift(signal.get_window(window, n))
        weights = 0.5 * (weights + np.roll(weights[::-1], 1))[: n // 2 + 1]
    least = min(n, num)

    def pull(g: Any) -> Any:
        spectrum = numpys.pull_irfft(np.moveaxis(g, axis, -1), least // 2 + 1, num, -1, None)
        if least % 2 == 0 and num != n:  # the highest frequency stands for both of a pair, or for one
            spectrum = spectrum * np.where(np.arange(least // 2 + 1) == least // 2, 2.0 if num < n else 0.5, 1.0)
        if weights is not None:
            spectrum = spectrum * weights[: least // 2 + 1]
        spectrum = numpys.resize(spectrum, -1, n // 2 + 1)
        return np.moveaxis(numpys.pull_rfft(spectrum, n, n, -1, None) * (num / n), -1, axis)

    return Operator(call, pull)(x)


# --- trends -----------------------------------------------------------------------------------------------------------


@stands_for(MODULE, "data")
def detrend(data: Any, axis: Any, type: Any, bp: Any) -> Any:
    def call(x: Any) -> Any:
        return signal.detrend(x, axis, type, bp)

    return _applied(_inexact(data), call, call)  # a projection


@functools.lru_cache
def _taps(w: int, polyorder: int, deriv: int, mode: str) -> Any:
    signal.savgol_filter(np.zeros(w), w, polyorder, deriv, mode=mode)  # SciPy's own errors
    return signal.savgol_coeffs(w, polyorder, deriv=deriv)


@stands_for(MODULE, "x", "delta")
def savgol_filter(
    x: Any, window_length: Any, polyorder: Any, deriv: Any, delta: Any, axis: Any, mode: Any, cval: Any
) -> Any:
    x = _inexact(x)
    axis, w = axis % max(np.ndim(x), 1), window_length
    taps = _taps(w, polyorder, deriv, mode)
    if has_variable(delta) or delta != 1.0:
        taps = taps / delta**deriv
    convolve1d = of_name("convolve1d")
    if mode != "interp":
        return as_precise(convolve1d(x, taps, axis=axis, mode=mode, cval=cval), x)
    n, half = np.shape(x)[axis], w // 2
    if w > n:
        signal.savgol_filter(np.zeros(n), w, polyorder)  # SciPy's own error
    y = np.moveaxis(convolve1d(x, taps, axis=axis, mode="constant"), axis, -1)
    # At the ends a polynomial is fitted to the elements of one window.
    matrix = signal.savgol_filter(np.eye(w), w, polyorder, deriv, axis=0).T / delta**deriv
    x = np.moveaxis(x, axis, -1)
    parts = [x[..., :w] @ matrix[:, :half], y[..., half : n - half], x[..., n - w :] @ matrix[:, w - half :]]
    return as_precise(np.moveaxis(np.concatenate(parts, axis=-1), -1, axis), x)


# --- other rates ------------------------------------------------------------------------------------------------------


@stands_for(MODULE, "h", "x")
def upfirdn(h: Any, x: Any, up: int, down: int, axis: int, mode: Any, cval: Any) -> Any:
    call: Any = signal.upfirdn
    axis = axis % np.ndim(x)
    if has_variable(h):
        if mode not in ("constant", None) or cval:
            raise TypeError(f"scipy.signal.upfirdn of a variable has no derivative by h with mode={mode!r} or cval")
        return resampled(h, x, up=up, down=down, axis=axis)
    h = bare(h)
    n = np.shape(x)[axis]
    if mode in ("constant", None):
        pull = _back(h, n, up, down, axis)
    else:
        pull = along(lambda one: call(h, one, up, down, 0, mode, 0), n, axis)
    value = (lambda x: call(h, x, up, down, axis, mode, cval)) if cval else None
    return _applied(x, lambda x: call(h, x, up, down, axis, mode, 0), pull, value)


def _back(h: Any, n: int, up: int, down: int, axis: int) -> Callable[[Any], Any]:
    return lambda g: back_to_signal(np.conj(h), g, n=n, up=up, down=down, axis=axis)


@stands_for(MODULE, "x")
def resample_poly(x: Any, up: Any, down: Any, axis: Any, window: Any, padtype: Any, cval: Any) -> Any:
    if padtype in ("median", "minimum", "maximum"):
        raise TypeError(
            f"scipy.signal.resample_poly of a variable has no derivative here: padtype={padtype!r} is not linear"
        )
    x = _inexact(x)
    axis, n = axis % max(np.ndim(x), 1), np.shape(x)[axis]

    def call(x: Any, axis: int = axis, cval: Any = None) -> Any:
        return signal.resample_poly(x, up, down, axis, window, padtype, cval)

    value = (lambda x: call(x, cval=cval)) if cval else None
    common = math.gcd(int(up), int(down))
    up, down = int(up) // common, int(down) // common
    if padtype != "constant" or up == down:
        return _applied(x, call, along(lambda one: call(one, 0), n, axis), value)
    if isinstance(window, list) or hasattr(window, "dtype"):
        h = np.asarray(window) * up
    else:
        rate = max(up, down)
        h = signal.firwin(20 * rate + 1, 1.0 / rate, window=window) * up
    half = (len(h) - 1) // 2
    before = down - half % down
    start = (half + before) // down
    whole = _back(np.concatenate([np.zeros(before), h]), n, up, down, axis)

    def pull(g: Any) -> Any:
        return whole(np.pad(g, [(start, 0) if i == axis else (0, 0) for i in range(g.ndim)]))

    return _applied(x, call, pull, value)


@stands_for(MODULE, "x")
def decimate(x: Any, q: Any, n: Any, ftype: Any, axis: Any, zero_phase: Any) -> Any:
    x = _inexact(x)
    axis = axis % max(np.ndim(x), 1)
    if ftype == "iir":
        sos = signal.cheby1(8 if n is None else n, 0.05, 0.8 / q, output="sos")
        found = (sosfiltfilt if zero_phase else sosfilt)(sos, x, axis=axis)
        return as_precise(found[(*_ends(axis), slice(None, None, q))], x)
    if ftype == "fir":
        b = signal.firwin((20 * q if n is None else n) + 1, 1.0 / q, window="hamming")
        if zero_phase:
            return resample_poly(x, 1, q, axis=axis, window=b.astype(np.real(x[:0]).dtype))
        return upfirdn(b.astype(np.real(x[:0]).dtype), x, 1, q, axis=axis)[
            (*_ends(axis), slice(-(-np.shape(x)[axis] // q)))
        ]

    def call(x: Any, axis: int = axis) -> Any:
        return signal.decimate(x, q, n, ftype, axis, zero_phase)

    return _applied(x, call, along(lambda one: call(one, 0), np.shape(x)[axis], axis))
