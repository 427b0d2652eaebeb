"""Spectra of signals: as means over segments, and by times that are not evenly spaced."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..standing import refuse, stands_for
from .convolutions import MODULE
from .segments import Segments, computed_beside, doubled

# --- means over segments ----------------------------------------------------------------------------------------------


def _array(x: Any) -> Any:
    return np.atleast_1d(x if hasattr(x, "dtype") else np.asarray(x))


def _median(power: Any) -> Any:
    """Return the median over segments, without its bias."""
    k = 2.0 * np.arange(1, (np.shape(power)[-2] - 1) // 2 + 1)
    bias = 1 + np.sum(1 / (k + 1) - 1 / k)
    if not np.iscomplexobj(power):
        return np.median(power, axis=-2) / bias
    return (np.median(np.real(power), axis=-2) + 1j * np.median(np.imag(power), axis=-2)) / bias


def _spectral(x: Any, y: Any, window: Any, options: dict[str, Any], plan: Segments) -> Any:
    """Return the spectral density of two signals together, or of one for no `y`."""
    axis, both = options["axis"], [x] if y is None else [x, y]
    one = options["return_onesided"] and not any(map(np.iscomplexobj, both))
    both = [np.moveaxis(v, axis, -1) for v in both]
    n = max(np.shape(v)[-1] for v in both)
    both = [np.pad(v, [(0, 0)] * (np.ndim(v) - 1) + [(0, n - np.shape(v)[-1])]) for v in both]
    found = [plan.spectra(v, window, options["detrend"], one) for v in both]
    power = np.real(found[0]) ** 2 + np.imag(found[0]) ** 2 if y is None else np.conj(found[0]) * found[1]
    density = options["scaling"] == "density"
    power = power / (options["fs"] * np.sum(window * window) if density else np.sum(window) ** 2)
    power = doubled(power, plan.nfft) if one else power
    mean = np.mean(power, axis=-2) if options.get("average", "mean") == "mean" else _median(power)
    return np.moveaxis(mean, -1, axis)


def _density(x: Any, y: Any, options: dict[str, Any], call: Any) -> tuple[Any, ...]:
    n = max(np.shape(v)[options["axis"]] for v in (x, y) if v is not None)
    plan = Segments(options, n, 256, 2)
    two = y is not None
    y = y if two else np.zeros(0)

    def body(x: Any, y: Any, window: Any) -> Any:
        return _spectral(x, y if two else None, window, options, plan)

    def value(x: Any, y: Any, window: Any) -> Any:
        return call(x, y, {**options, **plan.given(window)})

    with_zeros = np.zeros(np.shape(x), x.dtype), np.zeros(np.shape(y), y.dtype)
    return computed_beside(x, y, plan.window, value, body, *with_zeros, bare(plan.window))


@stands_for(MODULE, "x", "window", whole=("window",))
def welch(x: Any, **options: Any) -> Any:
    x = _array(x) * 1.0
    return _density(x, None, options, lambda x, _y, how: signal.welch(x, **how))


@stands_for(MODULE, "x", "y", "window", whole=("window",))
def csd(x: Any, y: Any, **options: Any) -> Any:
    x, y = _array(x) * 1.0, _array(y) * 1.0
    return _density(x, y, options, lambda x, y, how: signal.csd(x, y, **how))


@stands_for(MODULE, "x", "window", whole=("window",))
def periodogram(x: Any, **options: Any) -> Any:
    x = _array(x) * 1.0
    n, nfft = np.shape(x)[options["axis"]], options["nfft"]
    if nfft is not None and nfft < n:
        cut = [slice(None)] * np.ndim(x)
        cut[options["axis"]] = slice(nfft)
        x, nfft, n = x[tuple(cut)], None, nfft
    window = "boxcar" if options["window"] is None else options["window"]
    known = {**options, "nfft": nfft, "window": window}
    whole = {**known, "nperseg": n, "noverlap": 0}

    def call(x: Any, _y: Any, how: dict[str, Any]) -> Any:
        return signal.periodogram(x, **{name: how[name] for name in known})

    return _density(x, None, whole, call)


@stands_for(MODULE, "x", "y", "window", whole=("window",))
def coherence(x: Any, y: Any, **options: Any) -> Any:
    x, y = _array(x) * 1.0, _array(y) * 1.0
    more = {**options, "return_onesided": True, "scaling": "density", "average": "mean"}
    frequencies, crossed = csd(x, y, **more)
    return frequencies, np.abs(crossed) ** 2 / welch(x, **more)[1] / welch(y, **more)[1]


# --- at any times -----------------------------------------------------------------------------------------------------


@stands_for(MODULE, "x", "y", "freqs", "weights")
def lombscargle(
    x: Any, y: Any, freqs: Any, precenter: Any, normalize: Any, weights: Any = None, floating_mean: bool = False
) -> Any:
    weights = np.ones(np.shape(y)) if weights is None else weights
    signal.lombscargle(
        bare(x), bare(y), bare(freqs)[:1] * 0 + 1.0, weights=np.array(bare(weights))
    )  # its own errors; it may scale them
    w = (weights / np.sum(weights))[:, None]
    y = (y - np.mean(y) if isinstance(precenter, bool) and precenter else y)[:, None]
    angles = x[:, None] * freqs
    c, s = np.cos(angles), np.sin(angles)

    def mean(v: Any) -> Any:
        return np.sum(w * v, axis=0)

    def apart(u: Any, v: Any) -> Any:
        return mean(u * v) - mean(u) * mean(v) if floating_mean else mean(u * v)

    cc = mean(c * c)
    crossed, off = 2.0 * mean(c * s), 2.0 * cc - 1.0
    if floating_mean:
        crossed, off = crossed - 2.0 * mean(c) * mean(s), off - mean(c) ** 2 + mean(s) ** 2
    tau = 0.5 * np.arctan2(crossed, off)
    c, s = np.cos(angles - tau), np.sin(angles - tau)
    cc, ss = mean(c * c), 1.0 - mean(c * c)
    if floating_mean:
        cc, ss = cc - mean(c) ** 2, ss - mean(s) ** 2
    least = np.finfo(float).epsneg
    yc, ys = apart(y, c), apart(y, s)
    a, b = yc / np.maximum(cc, least), ys / np.maximum(ss, least)
    if normalize == "amplitude":
        return (a + 1j * b) * np.exp(1j * tau)
    power = 2.0 * (a * yc + b * ys)
    if normalize is True or normalize == "normalize":
        return power * 0.5 / apart(y, y)
    return power * (len(x) / 4.0)


@stands_for(MODULE, "events", "period")
def vectorstrength(events: Any, period: Any) -> Any:
    signal.vectorstrength(bare(events), bare(period))  # SciPy's own errors
    turned = np.exp(2j * np.pi * np.reshape(events, (1, -1)) / np.reshape(period, (-1, 1)))
    mean = np.mean(turned, axis=1)
    mean = mean if np.ndim(period) else mean[0]
    return np.abs(mean), np.angle(mean)


refuse(MODULE, "it minimises over windows", "closest_STFT_dual_window")
