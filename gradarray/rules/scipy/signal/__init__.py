"""Signals: scipy.signal, by the sections of its reference."""

from . import convolutions, designs, filters, forms, responses, smoothing, spectra, systems, taps, waves, windows

__all__ = [
    "convolutions",
    "designs",
    "filters",
    "forms",
    "responses",
    "smoothing",
    "spectra",
    "systems",
    "taps",
    "waves",
    "windows",
]
