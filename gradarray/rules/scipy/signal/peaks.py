"""Peaks: where they are is a whole number; how high and how wide they are is a function of the signal."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..standing import constant, stands_for
from ..values import as_double
from .convolutions import MODULE


def _prominences(x: Any, peaks: Any, left: Any, right: Any) -> Any:
    return x[peaks] - np.maximum(x[left], x[right])


def _crossing(x: Any, height: Any, at: Any, step: int) -> Any:
    """Return where a line between two elements has a height; SciPy has found between which ones."""
    outer = (np.floor if step < 0 else np.ceil)(at).astype(int)
    inside = at != outer
    inner = np.where(inside, outer - step, outer)
    rise = np.where(inside, x[inner] - x[outer], 1.0)
    return outer - step * np.where(inside, (height - x[outer]) / rise, 0.0)


def _widths(x: Any, peaks: Any, prominences: Any, share: Any, value: Any) -> Any:
    height = x[peaks] - prominences * share
    left, right = _crossing(x, height, value[2], -1), _crossing(x, height, value[3], 1)
    return right - left, height, left, right


@stands_for(MODULE, "x")
def peak_prominences(x: Any, peaks: Any, wlen: Any) -> Any:
    x = as_double(x)
    _, left, right = signal.peak_prominences(bare(x), peaks, wlen)
    return _prominences(x, np.asarray(peaks), left, right), left, right


@stands_for(MODULE, "x", "rel_height", "prominence_data", whole=("prominence_data",))
def peak_widths(x: Any, peaks: Any, rel_height: Any, prominence_data: Any, wlen: Any) -> Any:
    x = as_double(x)
    value = signal.peak_widths(bare(x), peaks, bare(rel_height), bare(prominence_data), wlen)
    peaks = np.asarray(peaks)
    prominences = (peak_prominences(x, peaks, wlen) if prominence_data is None else prominence_data)[0]
    return _widths(x, peaks, prominences, rel_height, value)


@stands_for(MODULE, "x", "rel_height")
def find_peaks(x: Any, rel_height: Any, **conditions: Any) -> Any:
    x = as_double(x)
    peaks, found = signal.find_peaks(bare(x), rel_height=bare(rel_height), **conditions)
    top = x[peaks]
    for name, neighbour in (("left_thresholds", -1), ("right_thresholds", 1)):
        if name in found:
            found[name] = top - x[peaks + neighbour]
    if "peak_heights" in found:
        found["peak_heights"] = top
    if "prominences" in found:
        found["prominences"] = _prominences(x, peaks, found["left_bases"], found["right_bases"])
    names = ("widths", "width_heights", "left_ips", "right_ips")
    if "widths" in found:
        value = [found[name] for name in names]
        found |= dict(zip(names, _widths(x, peaks, found["prominences"], rel_height, value), strict=True))
    return peaks, found


constant(MODULE, "argrelextrema", "argrelmax", "argrelmin", "find_peaks_cwt")
