"""Overlapping segments of a signal, their spectra, and signals that are made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ....tape.wrapping import has_variable
from ...primitives import primitive
from ...registry import composite, linear
from .windows import window_of


@primitive
def segmented(x: Array, *, size: int, step: int) -> Array:
    """Return the overlapping segments along the last axis, one after the other."""
    return np.lib.stride_tricks.sliding_window_view(x, size, -1)[..., ::step, :].copy()


@primitive
def overlapped(parts: Array, *, step: int, count: int) -> Array:
    """Return the sum of such segments, in a signal of `count` elements."""
    n, size = parts.shape[-2:]
    pieces = -(-size // step)
    rows = np.zeros((*parts.shape[:-2], max(n + pieces - 1, -(-count // step)), step), parts.dtype)
    for k in range(pieces):  # what of each segment falls into one step
        piece = parts[..., k * step : (k + 1) * step]
        rows[..., k : k + n, : piece.shape[-1]] += piece
    return rows.reshape(*parts.shape[:-2], -1)[..., :count]


linear(segmented, lambda g, x, *, size, step: overlapped(g, step=step, count=x.shape[-1]))
linear(overlapped, lambda g, parts, *, step, count: _cut_out(g, parts, step))


def _cut_out(g: Any, parts: Any, step: int) -> Any:
    n, size = parts.shape[-2:]
    missing = (n - 1) * step + size - np.shape(g)[-1]
    if missing > 0:
        g = np.pad(g, [(0, 0)] * (np.ndim(g) - 1) + [(0, missing)])
    return segmented(g, size=size, step=step)[..., :n, :]


@primitive
def computed(x: Array, y: Array, window: Array, *, call: Any, body: Any) -> Array:
    """Return what the library computes of one or two signals and a window."""
    return call(x, y, window)


composite(computed, lambda x, y, window, *, call, body: body(x, y, window), anew=True)


def computed_beside(
    x: Any, y: Any, window: Any, value: Callable[[Any, Any, Any], Any], body: Any, *zeros: Any
) -> tuple[Any, ...]:
    """Return the same as the last result of a call, behind the others, which are had of zeros where it is not made."""
    beside: list[Any] = []

    def call(x: Any, y: Any, window: Any) -> Any:
        *others, found = value(x, y, window)
        beside[:] = others
        return found

    found = computed(x, y, window, call=call, body=body)
    return (*(beside or value(*zeros)[:-1]), found)


class Segments:
    """How a signal is cut into overlapping segments, and what is made of each.

    Parameters
    ----------
    n : of elements of the signal
    size : of a segment, where nothing is said
    share : which part of a segment the next one overlaps with, where nothing is said
    """

    def __init__(self, options: dict[str, Any], n: int, size: int, share: int) -> None:
        window, nperseg, noverlap = options["window"], options["nperseg"], options["noverlap"]
        self.varies = has_variable(window)
        if isinstance(window, (str, tuple)):
            self.size = min(size if nperseg is None else int(nperseg), n)
            self.window = (window_of if self.varies else signal.get_window)(window, self.size)
        else:
            self.window = window if hasattr(window, "dtype") else np.asarray(window)
            self.size = len(self.window)
        self.overlap = self.size // share if noverlap is None else int(noverlap)
        self.step = self.size - self.overlap
        self.nfft = self.size if options["nfft"] is None else int(options["nfft"])

    def given(self, window: Any) -> dict[str, Any]:
        """Return the parameters with which the library takes a window whose parameters are variables."""
        if not self.varies:
            return {}
        return {"window": window, "nperseg": None, "noverlap": self.overlap, "nfft": self.nfft}

    def spectra(self, x: Any, window: Any, detrend: Any, one_sided: bool) -> Any:
        """Return the spectra of the segments along the last axis, one after the other along the axis before it."""
        parts = self.detrended(segmented(x, size=self.size, step=self.step), detrend) * window
        return np.fft.rfft(parts, self.nfft) if one_sided else np.fft.fft(parts, self.nfft)

    def detrended(self, parts: Any, detrend: Any) -> Any:
        """Return segments without their means or lines: a symmetric map."""
        if detrend == "constant":
            parts = parts - np.mean(parts, axis=-1, keepdims=True)
        elif detrend == "linear":
            t = np.arange(self.size) - (self.size - 1) / 2
            slope = np.sum(parts * t, axis=-1, keepdims=True) / np.sum(t * t)
            parts = parts - np.mean(parts, axis=-1, keepdims=True) - slope * t
        elif detrend:
            raise TypeError("a function as detrend= is not known here for a variable")
        return parts


def doubled(power: Any, n: int) -> Any:
    """Return a density of which the other half is not there."""
    weights = np.full(np.shape(power)[-1], 2.0)
    weights[0] = 1.0
    if n % 2 == 0:
        weights[-1] = 1.0
    return power * weights
