"""Signals: scipy.signal, by the sections of its reference."""

from . import convolutions, filters, smoothing, spectra, taps, waves, windows

__all__ = ["convolutions", "filters", "smoothing", "spectra", "taps", "waves", "windows"]
