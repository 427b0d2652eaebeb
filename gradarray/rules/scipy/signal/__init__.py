"""Signals: scipy.signal, by the sections of its reference."""

from . import (
    convolutions,
    designs,
    envelopes,
    filters,
    forms,
    peaks,
    responses,
    segments,
    smoothing,
    spectra,
    splines,
    systems,
    taps,
    transforms,
    waves,
    windows,
)

__all__ = [
    "convolutions",
    "designs",
    "envelopes",
    "filters",
    "forms",
    "peaks",
    "responses",
    "segments",
    "smoothing",
    "spectra",
    "splines",
    "systems",
    "taps",
    "transforms",
    "waves",
    "windows",
]
