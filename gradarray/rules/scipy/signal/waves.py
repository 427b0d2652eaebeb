"""Waves of a given form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..standing import constant, stands_for
from ..values import as_double

MODULE = "scipy.signal"


@stands_for(MODULE, "t", "fc", "bw")
def gausspulse(t: Any, fc: Any, bw: Any, bwr: Any, tpr: Any, retquad: bool, retenv: bool) -> Any:
    signal.gausspulse(0.0, bare(fc), bare(bw), bwr, tpr)  # SciPy's own errors
    width = -((np.pi * fc * bw) ** 2) / (4.0 * math.log(10.0 ** (bwr / 20.0)))
    if isinstance(t, str):
        signal.gausspulse(t, bare(fc), bare(bw), bwr, tpr)
        return np.sqrt(-math.log(10.0 ** (tpr / 20.0)) / width)
    t = as_double(t)
    bell = np.exp(-width * t * t)
    found = [bell * np.cos(2 * np.pi * fc * t)]
    if retquad:
        found.append(bell * np.sin(2 * np.pi * fc * t))
    if retenv:
        found.append(bell)
    return found[0] if len(found) == 1 else tuple(found)


@stands_for(MODULE, "t", "f0", "t1", "f1", "phi")
def chirp(t: Any, f0: Any, t1: Any, f1: Any, method: str, phi: Any, vertex_zero: bool, complex: bool = False) -> Any:
    signal.chirp(np.zeros(1), bare(f0), bare(t1), bare(f1), method)  # SciPy's own errors
    t = as_double(t)
    if method in ("linear", "lin", "li"):
        phase = f0 * t + 0.5 * ((f1 - f0) / t1) * t * t
    elif method in ("quadratic", "quad", "q"):
        rate = (f1 - f0) / t1**2
        phase = f0 * t + rate * t**3 / 3 if vertex_zero else f1 * t + rate * ((t1 - t) ** 3 - t1**3) / 3
    elif method in ("logarithmic", "log", "lo") and bare(f0) != bare(f1):
        rate = t1 / np.log(f1 / f0)
        phase = rate * f0 * ((f1 / f0) ** (t / t1) - 1.0)
    elif method in ("hyperbolic", "hyp") and bare(f0) != bare(f1):
        pole = -f1 * t1 / (f0 - f1)
        phase = -pole * f0 * np.log(np.abs(1 - t / pole))
    else:
        raise TypeError(f"scipy.signal.chirp of a variable: method={method!r} with f0 == f1 is not known here")
    angle = 2 * np.pi * phase + phi * np.pi / 180
    return np.exp(1j * angle) if complex else np.cos(angle)


@stands_for(MODULE, "t", "width")
def sawtooth(t: Any, width: Any) -> Any:
    t, width = as_double(t), as_double(width)
    t, width = t + 0.0 * width, width + 0.0 * t
    within = t - 2 * np.pi * np.floor(bare(t) / (2 * np.pi))
    w = bare(width)
    up = bare(within) < w * 2 * np.pi
    rising = within / (np.pi * np.where(up, width, 1.0)) - 1
    falling = (np.pi * (width + 1) - within) / (np.pi * (1 - np.where(up, 0.0, width)))
    return np.where((w > 1) | (w < 0), np.nan, np.where(up, rising, falling))


@stands_for(MODULE, "t", "poly", "phi", whole=("poly",))
def sweep_poly(t: Any, poly: Any, phi: Any) -> Any:
    coefficients = poly.coeffs if isinstance(poly, np.poly1d) else poly
    return np.cos(2 * np.pi * np.polyval(np.polyint(coefficients), t) + phi * np.pi / 180)


constant(MODULE, "square", "unit_impulse")
