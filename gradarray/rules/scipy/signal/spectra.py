"""Spectra of signals, as means over segments."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ...primitives import primitive
from ...registry import composite
from ..standing import refuse, stands_for

MODULE = "scipy.signal"


def _array(x: Any) -> Any:
    return np.atleast_1d(x if hasattr(x, "dtype") else np.asarray(x))


# --- segments ---------------------------------------------------------------------------------------------------------


class Segments:
    """How a signal is cut into overlapping segments, and what is made of each."""

    def __init__(self, window: Any, nperseg: Any, noverlap: Any, nfft: Any, n: int, default: int, share: int) -> None:
        if isinstance(window, (str, tuple)):
            size = default if nperseg is None else int(nperseg)
            self.size = min(size, n)
            self.window = signal.get_window(window, self.size)
        else:
            self.window = np.asarray(window)
            self.size = len(self.window)
        overlap = self.size // share if noverlap is None else int(noverlap)
        self.step = self.size - overlap
        self.nfft = self.size if nfft is None else int(nfft)

    def cut(self, x: Any) -> Any:
        """Return the segments along the last axis, one after the other along the axis before it."""
        count = (np.shape(x)[-1] - self.size) // self.step + 1
        places = np.arange(count)[:, None] * self.step + np.arange(self.size)
        return x[..., places]

    def spectra(self, x: Any, detrend: Any, one_sided: bool) -> Any:
        parts = self.cut(x)
        if detrend == "constant":
            parts = parts - np.mean(parts, axis=-1, keepdims=True)
        elif detrend == "linear":
            t = np.arange(self.size) - (self.size - 1) / 2
            slope = np.sum(parts * t, axis=-1, keepdims=True) / np.sum(t * t)
            parts = parts - np.mean(parts, axis=-1, keepdims=True) - slope * t
        elif detrend:
            raise TypeError("a function as detrend= is not known here for a variable")
        parts = parts * self.window
        return np.fft.rfft(parts, self.nfft) if one_sided else np.fft.fft(parts, self.nfft)


def _spectral(
    x: Any, y: Any, fs: Any, scaling: str, axis: int, average: str, plan: Any, detrend: Any, sided: bool
) -> Any:
    one = sided and not np.iscomplexobj(x) and not np.iscomplexobj(y)
    x, y = np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1)
    n = max(np.shape(x)[-1], np.shape(y)[-1])
    x, y = (np.pad(v, [(0, 0)] * (np.ndim(v) - 1) + [(0, n - np.shape(v)[-1])]) for v in (x, y))
    power = np.conj(plan.spectra(x, detrend, one)) * plan.spectra(y, detrend, one)
    window = plan.window
    power = power / (fs * np.sum(window * window) if scaling == "density" else np.sum(window) ** 2)
    if one:
        doubled = np.full(np.shape(power)[-1], 2.0)
        doubled[0] = 1.0
        if plan.nfft % 2 == 0:
            doubled[-1] = 1.0
        power = power * doubled
    found = np.mean(power, axis=-2)
    return np.moveaxis(found, -1, axis)


@primitive
def spectrum(x: Array, y: Array, *, call: Any, body: Any) -> Array:
    """Return a spectrum that the library computes."""
    return call(x, y)[1]


composite(spectrum, lambda x, y, *, call, body: body(x, y), anew=True)


def _density(x: Any, y: Any, options: dict[str, Any], call: Any, real: bool) -> Any:
    axis, n = options["axis"], max(np.shape(x)[options["axis"]], np.shape(y)[options["axis"]])
    if options.get("average", "mean") != "mean":
        raise TypeError("scipy.signal.welch of a variable: average='median' is not known here")
    plan = Segments(options["window"], options["nperseg"], options["noverlap"], options["nfft"], n, 256, 2)

    def body(x: Any, y: Any) -> Any:
        found = _spectral(
            x, y, options["fs"], options["scaling"], axis, "mean", plan, options["detrend"], options["return_onesided"]
        )
        return np.real(found) if real else found

    with_zeros = np.zeros(np.shape(x), x.dtype), np.zeros(np.shape(y), y.dtype)
    frequencies = call(*with_zeros)[0]
    return frequencies, spectrum(x, y, call=call, body=body)


@stands_for(MODULE, "x")
def welch(x: Any, **options: Any) -> Any:
    x = _array(x) * 1.0
    return _density(x, x, options, lambda x, _y: signal.welch(x, **options), real=True)


@stands_for(MODULE, "x", "y")
def csd(x: Any, y: Any, **options: Any) -> Any:
    x, y = _array(x) * 1.0, _array(y) * 1.0
    return _density(x, y, options, lambda x, y: signal.csd(x, y, **options), real=False)


@stands_for(MODULE, "x")
def periodogram(x: Any, **options: Any) -> Any:
    x = _array(x) * 1.0
    n, nfft = np.shape(x)[options["axis"]], options["nfft"]
    if nfft is not None and nfft < n:
        cut = [slice(None)] * np.ndim(x)
        cut[options["axis"]] = slice(nfft)
        x, nfft, n = x[tuple(cut)], None, nfft
    more = {**options, "nfft": nfft}
    window = "boxcar" if options["window"] is None else options["window"]
    whole = {**more, "nperseg": n, "noverlap": 0, "window": window}
    return _density(x, x, whole, lambda x, _y: signal.periodogram(x, **more), real=True)


@stands_for(MODULE, "x", "y")
def coherence(x: Any, y: Any, **options: Any) -> Any:
    x, y = _array(x) * 1.0, _array(y) * 1.0
    more = {**options, "return_onesided": True, "scaling": "density", "average": "mean"}
    frequencies, crossed = csd(x, y, **more)
    return frequencies, np.abs(crossed) ** 2 / welch(x, **more)[1] / welch(y, **more)[1]


refuse(MODULE, "write it with scipy.fft, or with welch", "stft", "istft", "spectrogram", "lombscargle", "envelope")
refuse(MODULE, "not known here yet", "minimum_phase", "symiirorder1")
refuse(MODULE, "not known here yet", "symiirorder2", "cspline2d", "qspline2d", "sepfir2d")
