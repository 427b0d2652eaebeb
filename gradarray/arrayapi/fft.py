"""The extension for Fourier transforms: numpy.fft's functions under their own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..mirror.mirrored import answering
from .creation import asarray
from .results import conforming

__all__ = [
    *("fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft"),
    *("rfftfreq", "rfftn"),
]


def fftfreq(n: int, /, *, d: Any = 1.0, dtype: Any = None, device: Any = None) -> Any:
    """Return the frequencies of a transform of `n` samples at a distance of `d`; see `numpy.fft.fftfreq`."""
    return asarray(np.fft.fftfreq(n), dtype, device=device) / d


def rfftfreq(n: int, /, *, d: Any = 1.0, dtype: Any = None, device: Any = None) -> Any:
    """Return the frequencies of a transform of `n` real samples at a distance of `d`; see `numpy.fft.rfftfreq`."""
    return asarray(np.fft.rfftfreq(n), dtype, device=device) / d


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        func = None if name.startswith("_") else getattr(np.fft, name, None)
        if not callable(func):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value = conforming(answering(func))
        return value

    def __dir__() -> list[str]:
        return sorted(__all__)
