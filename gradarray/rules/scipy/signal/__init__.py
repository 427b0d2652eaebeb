"""Signals: scipy.signal, by the sections of its reference."""

from . import (
    convolutions,
    designs,
    filters,
    forms,
    responses,
    segments,
    smoothing,
    spectra,
    systems,
    taps,
    transforms,
    waves,
    windows,
)

__all__ = [
    "convolutions",
    "designs",
    "filters",
    "forms",
    "responses",
    "segments",
    "smoothing",
    "spectra",
    "systems",
    "taps",
    "transforms",
    "waves",
    "windows",
]
