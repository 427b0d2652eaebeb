"""Short-time Fourier transforms: linear in the signal, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ...numpy import fft as numpys
from ..declared import methods
from ..standing import Operator, stands_for
from .convolutions import MODULE
from .segments import Segments, computed, computed_beside, doubled, overlapped, segmented

# --- functions --------------------------------------------------------------------------------------------------------


def _extended(x: Any, n: int, boundary: Any) -> Any:
    """Return a signal that goes on at both ends of the last axis."""
    if not boundary or not n:
        return x
    first, last = x[..., :1], x[..., -1:]
    if boundary in ("even", "odd"):
        ends = [np.flip(x[..., 1 : n + 1], -1), np.flip(x[..., -n - 1 : -1], -1)]
        if boundary == "odd":
            ends = [2 * at - end for at, end in zip((first, last), ends, strict=True)]
    else:
        ends = [np.repeat(end * (boundary == "constant"), n, axis=-1) for end in (first, last)]
    return np.concatenate([ends[0], x, ends[1]], axis=-1)


def _cut(x: Any, window: Any, options: dict[str, Any], plan: Segments, density: bool) -> Any:
    """Return the spectra of all segments, with the frequencies where the axis was and the times last."""
    axis = options["axis"] % np.ndim(x)
    one = options["return_onesided"] and not np.iscomplexobj(x)
    x = _extended(np.moveaxis(x, axis, -1), plan.size // 2, options.get("boundary"))
    if options.get("padded"):
        missing = (-(np.shape(x)[-1] - plan.size) % plan.step) % plan.size
        x = np.pad(x, [(0, 0)] * (np.ndim(x) - 1) + [(0, missing)])
    found = plan.spectra(x, window, options["detrend"], one)
    scale = options["fs"] * np.sum(window * window) if density else np.sum(window) ** 2
    return np.moveaxis(found / np.sqrt(scale), -1, axis)


def _without_ends(g: Any, n: int, boundary: Any) -> Any:
    """Return the transpose of `_extended`."""
    if not boundary or not n:
        return g
    found, before, after = g[..., n:-n].copy(), g[..., :n], g[..., -n:]
    sign = {"even": 1, "odd": -1}.get(boundary, 0)
    if sign:
        found[..., 1 : n + 1] += sign * np.flip(before, -1)
        found[..., -n - 1 : -1] += sign * np.flip(after, -1)
    if boundary in ("odd", "constant"):
        found[..., 0] += (1 - sign) * np.sum(before, axis=-1)
        found[..., -1] += (1 - sign) * np.sum(after, axis=-1)
    return found


def _put_together(g: Any, shape: Any, one: bool, options: dict[str, Any], plan: Segments, density: bool) -> Any:
    """Return the transpose of `_cut`, for a window that is constant."""
    axis = options["axis"] % len(shape)
    window, n, half = plan.window, shape[axis], plan.size // 2
    pull = numpys.pull_rfft if one else numpys.pull_fft
    parts = pull(np.moveaxis(g, axis, -1), plan.size, plan.nfft, -1, None)
    scale = options["fs"] * np.sum(window * window) if density else np.sum(window) ** 2
    parts = plan.detrended(parts * (window / np.sqrt(scale)), options["detrend"])
    whole = n + (2 * half if options.get("boundary") else 0)
    count = max(whole, (np.shape(parts)[-2] - 1) * plan.step + plan.size)
    signal = overlapped(parts, step=plan.step, count=count)[..., :whole]
    return np.moveaxis(_without_ends(signal, half, options.get("boundary")), -1, axis)


def _transformed(x: Any, options: dict[str, Any], library: Any, plan: Segments, density: bool) -> tuple[Any, ...]:
    if plan.varies or np.iscomplexobj(plan.window):
        return computed_beside(
            x,
            np.zeros(0),
            plan.window,
            lambda x, _y, window: library(x, **{**options, **plan.given(window)}),
            lambda x, _y, window: _cut(x, window, options, plan, density),
            *(np.zeros(np.shape(x), x.dtype), np.zeros(0), bare(plan.window)),
        )
    plan.detrended(np.zeros((1, plan.size)), options["detrend"])  # refuses a function
    shape, one = np.shape(x), options["return_onesided"] and not np.iscomplexobj(x)
    beside: list[Any] = []

    def push(x: Any) -> Any:
        *beside[:], found = library(x, **options)
        return found

    found = Operator(push, lambda g: _put_together(g, shape, one, options, plan, density))(x)
    return (*(beside or library(np.zeros(shape, x.dtype), **options)[:-1]), found)


def _inexact(x: Any) -> Any:
    return np.atleast_1d(x if hasattr(x, "dtype") else np.asarray(x)) * 1.0


@stands_for(MODULE, "x", "window", whole=("window",))
def stft(x: Any, **options: Any) -> Any:
    x = _inexact(x)
    plan = Segments(options, np.shape(x)[options["axis"]], 256, 2)
    return _transformed(x, options, signal.stft, plan, options["scaling"] == "psd")


@stands_for(MODULE, "x", "window", whole=("window",))
def spectrogram(x: Any, **options: Any) -> Any:
    x, mode = _inexact(x), options["mode"]
    plan = Segments(options, np.shape(x)[options["axis"]], 256, 8)
    density = options["scaling"] == "density"
    made = _transformed(x, {**options, "mode": "complex"}, signal.spectrogram, plan, density)
    found = made[2]
    if mode == "psd":
        axis = options["axis"] % np.ndim(x)
        found = np.real(found) ** 2 + np.imag(found) ** 2
        if options["return_onesided"] and not np.iscomplexobj(x):
            found = np.moveaxis(doubled(np.moveaxis(found, axis, -1), plan.nfft), -1, axis)
    elif mode == "magnitude":
        found = np.abs(found)
    elif mode != "complex":
        found = np.angle(found)
        axis = options["axis"] - (options["axis"] < 0)
        found = np.unwrap(found, axis=axis) if mode == "phase" else found
    return (*made[:2], found)


@stands_for(MODULE, "Zxx", "window", whole=("window",))
def istft(Zxx: Any, **options: Any) -> Any:
    z, one = _inexact(Zxx) + 0j, options["input_onesided"]
    f, t = options["freq_axis"] % np.ndim(z), options["time_axis"] % np.ndim(z)
    n = 2 * (np.shape(z)[f] - 1) if one else np.shape(z)[f]
    size = n if options["nperseg"] is None else int(options["nperseg"])
    nfft = options["nfft"]
    if nfft is None:
        nfft = size if one and size == n + 1 else n
    plan = Segments({**options, "nperseg": size, "nfft": nfft}, size, size, 2)

    def value(z: Any, _y: Any, window: Any) -> Any:
        more = {**plan.given(window), "nperseg": size} if plan.varies else {}
        return signal.istft(z, **{**options, **more})

    def body(z: Any, _y: Any, window: Any) -> Any:
        parts = np.moveaxis(z, (t, f), (-2, -1))
        parts = (np.fft.irfft if one else np.fft.ifft)(parts, nfft)[..., :size]
        scale = np.sum(window) if options["scaling"] == "spectrum" else np.sqrt(options["fs"] * np.sum(window**2))
        segments = np.shape(parts)[-2]
        count = (segments - 1) * plan.step + size
        norm = overlapped(np.ones((segments, 1)) * window**2, step=plan.step, count=count)
        whole = overlapped(parts * (scale * window), step=plan.step, count=count)
        whole = whole / np.where(bare(norm) > 1e-10, norm, 1.0)
        if options["boundary"]:
            whole = whole[..., size // 2 : count - size // 2]
        return np.moveaxis(whole, -1, t - (f < t))

    with_zeros = np.zeros(np.shape(z), complex), np.zeros(0), bare(plan.window)
    return computed_beside(z, np.zeros(0), plan.window, value, body, *with_zeros)


# --- objects, of which the window is constant -------------------------------------------------------------------------

_PADDED: dict[str, dict[str, Any]] = {"zeros": {"mode": "constant"}, "edge": {"mode": "edge"}}
_PADDED |= {kind: {"mode": "reflect", "reflect_type": kind} for kind in ("even", "odd")}


def _weights(self: Any) -> Any:
    """Return by what the spectra of segments are multiplied where one half stands for both."""
    weights = np.ones(self.f_pts)
    if self.fft_mode == "onesided2X":
        weights[1 : -1 if self.mfft % 2 == 0 else None] = 2**0.5 if self.scaling == "psd" else 2
    return weights


def _shift(self: Any) -> int:
    return 0 if self.phase_shift is None else (self.phase_shift + self.m_num_mid) % self.m_num


def _forward(self: Any, parts: Any) -> Any:
    if self.phase_shift is not None:
        missing = max(self.mfft - np.shape(parts)[-1], 0)
        parts = np.roll(np.pad(parts, [(0, 0)] * (np.ndim(parts) - 1) + [(0, missing)]), -_shift(self), axis=-1)
    if self.onesided_fft:
        return np.fft.rfft(parts, self.mfft) * _weights(self)
    found = np.fft.fft(parts, self.mfft)
    return np.fft.fftshift(found, axes=-1) if self.fft_mode == "centered" else found


def _backward(self: Any, spectra: Any) -> Any:
    if self.onesided_fft:
        found: Any = np.fft.irfft(spectra / _weights(self), self.mfft)
    else:
        found = np.fft.ifft(np.fft.ifftshift(spectra, axes=-1) if self.fft_mode == "centered" else spectra, self.mfft)
    return np.roll(found, _shift(self), axis=-1)[..., : self.m_num]


def _sliding(self: Any, x: Any, detr: Any, p0: Any, p1: Any, k_offset: int, padding: str, axis: int) -> Any:
    n = np.shape(x)[axis]
    p0, p1 = self.p_range(n, p0, p1)
    start = p0 * self.hop - self.m_num_mid + k_offset
    stop = start + (p1 - p0) * self.hop + self.m_num
    x = np.moveaxis(x, axis, -1)[..., max(start, 0) : min(stop, n)]
    pads = [(0, 0)] * (np.ndim(x) - 1) + [(-min(start, 0), max(stop - n, 0))]
    parts = segmented(np.pad(x, pads, **_PADDED[padding]), size=self.m_num, step=self.hop)[..., : p1 - p0, :]
    if detr is not None:  # a line or a mean is taken away by a matrix
        parts = parts @ signal.detrend(np.eye(self.m_num), axis=0, type=detr).T
    return np.moveaxis(_forward(self, parts * np.conj(self.win)), -1, axis if axis >= 0 else axis - 1)


def _stft_detrend(
    self: Any,
    x: Any,
    detr: Any,
    p0: Any = None,
    p1: Any = None,
    *,
    k_offset: int = 0,
    padding: str = "zeros",
    axis: int = -1,
) -> Any:
    if callable(detr):
        raise TypeError("ShortTimeFFT of a variable: a function as detr= is not known here")
    where: dict[str, Any] = {"k_offset": k_offset, "padding": padding, "axis": axis}
    return computed(
        _inexact(x),
        np.zeros(0),
        np.zeros(0),
        call=lambda x, _y, _window: signal.ShortTimeFFT.stft_detrend(self, x, detr, p0, p1, **where),
        body=lambda x, _y, _window: _sliding(self, x, detr, p0, p1, **where),
    )


def _stft(self: Any, x: Any, p0: Any = None, p1: Any = None, **where: Any) -> Any:
    return _stft_detrend(self, x, None, p0, p1, **where)


def _spectrogram(
    self: Any, x: Any, y: Any = None, detr: Any = None, *, p0: Any = None, p1: Any = None, **how: Any
) -> Any:
    one = _stft_detrend(self, x, detr, p0, p1, **how)
    if y is None or y is x:
        return np.real(one) ** 2 + np.imag(one) ** 2
    return one * np.conj(_stft_detrend(self, y, detr, p0, p1, **how))


def _istft(self: Any, S: Any, k0: int = 0, k1: Any = None, *, f_axis: int = -2, t_axis: int = -1) -> Any:
    z = _inexact(S)
    f, t = f_axis % np.ndim(z), t_axis % np.ndim(z)
    where: dict[str, Any] = {"f_axis": f_axis, "t_axis": t_axis}
    last = np.shape(z)[t] + self.p_min
    stop = (last - 1) * self.hop + self.m_num - self.m_num_mid if k1 is None else k1

    def body(z: Any, _y: Any, _window: Any) -> Any:
        first = k0 // self.hop + (self.p_min if k0 >= 0 else 0)
        which = np.arange(first, min(self.p_max(stop), last))
        spectra = np.moveaxis(z, (t, f), (-2, -1))[..., which - self.p_min, :]
        length = max(len(which) - 1, 0) * self.hop + self.m_num
        whole = overlapped(_backward(self, spectra) * self.dual_win, step=self.hop, count=length)
        # What sticks out at the ends falls beside the signal.
        count, start = stop - k0, (first * self.hop - self.m_num_mid - k0 if len(which) else 0)
        whole = whole[..., max(-start, 0) : max(count - start, 0)]
        before = min(max(start, 0), count)
        pads = [(0, 0)] * (np.ndim(whole) - 1) + [(before, count - before - np.shape(whole)[-1])]
        found = np.pad(whole, pads)
        return np.moveaxis(found, -1, f if f < np.ndim(found) else t) if np.ndim(found) > 1 else found

    def value(z: Any, _y: Any, _window: Any) -> Any:
        return signal.ShortTimeFFT.istft(self, z, k0, k1, **where)

    return computed(z, np.zeros(0), np.zeros(0), call=value, body=body)


def _init(*_args: Any, **_kwargs: Any) -> Any:
    raise TypeError(
        "scipy.signal.ShortTimeFFT of a variable: the window of the object is constant; scipy.signal.stft has a "
        "derivative by its window"
    )


methods(
    MODULE,
    "ShortTimeFFT",
    __init__=_init,
    stft=_stft,
    stft_detrend=_stft_detrend,
    spectrogram=_spectrogram,
    istft=_istft,
)
