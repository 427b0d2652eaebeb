"""Overlapping segments of a signal, their spectra, and signals that are made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ....tape.wrapping import has_variable
from ...primitives import primitive
from ...registry import composite, linear
from .windows import window_of


@primitive
def laid(parts: Array, *, places: Array, count: int) -> Array:
    """Return the sum of segments, each at its places along the last axis."""
    found = np.zeros((*parts.shape[:-2], count), parts.dtype)
    where: Any = (..., places)
    np.add.at(found, where, parts)
    return found


linear(laid, lambda g, parts, *, places, count: g[..., places])


@primitive
def computed(x: Array, y: Array, window: Array, *, call: Any, body: Any) -> Array:
    """Return what the library computes of one or two signals and a window."""
    return call(x, y, window)


composite(computed, lambda x, y, window, *, call, body: body(x, y, window), anew=True)


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

    def places(self, count: int) -> Any:
        return np.arange(count)[:, None] * self.step + np.arange(self.size)

    def spectra(self, x: Any, window: Any, detrend: Any, one_sided: bool) -> Any:
        """Return the spectra of the segments along the last axis, one after the other along the axis before it."""
        parts = x[..., self.places((np.shape(x)[-1] - self.size) // self.step + 1)]
        if detrend == "constant":
            parts = parts - np.mean(parts, axis=-1, keepdims=True)
        elif detrend == "linear":
            t = np.arange(self.size) - (self.size - 1) / 2
            slope = np.sum(parts * t, axis=-1, keepdims=True) / np.sum(t * t)
            parts = parts - np.mean(parts, axis=-1, keepdims=True) - slope * t
        elif detrend:
            raise TypeError("a function as detrend= is not known here for a variable")
        parts = parts * window
        return np.fft.rfft(parts, self.nfft) if one_sided else np.fft.fft(parts, self.nfft)


def doubled(power: Any, n: int) -> Any:
    """Return a density of which the other half is not there."""
    weights = np.full(np.shape(power)[-1], 2.0)
    weights[0] = 1.0
    if n % 2 == 0:
        weights[-1] = 1.0
    return power * weights
