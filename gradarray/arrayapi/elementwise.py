"""Element-wise functions that the standard has otherwise than NumPy.

One is NumPy's on purpose, as the standard allows: `floor_divide` of an infinity is NaN, and goes with `remainder`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..context.settings import silently
from ..kernels.gate import PLAIN
from ..kernels.traced import TRACED
from ..mirror import functions
from ..reverse.outputs import revalued
from ..tape.wrapping import bare, has_variable, wrap
from .creation import asarray


def clip(x: Any, /, min: Any = None, max: Any = None, **kwargs: Any) -> Any:
    """Return `x` between two bounds, of which either may be left away; see `numpy.clip`."""
    return asarray(x, copy=True) if min is None is max else functions.clip(x, min, max, **kwargs)


def expm1(x: Any, /) -> Any:
    """Return ``exp(x) - 1``; see `numpy.expm1`, which has other values for some infinite and undefined complex numbers.

    The derivative is that of NumPy's, there, too.
    """
    ans = functions.expm1(x)
    if ans.dtype.kind != "c":
        return ans
    z, value = bare(x), bare(ans)
    if type(value) not in PLAIN or type(value) in TRACED:  # may not be looked into
        return ans
    if np.all(np.isfinite(z) & (z != 0)):
        return ans
    value = silently(_standard_expm1, np.asarray(z, value.dtype), np.asarray(value))[()]
    return revalued(ans, value) if has_variable(ans) else wrap(value)


def _standard_expm1(z: Any, value: Any) -> Any:
    """Return the value of expm1 with what the standard says of infinities, undefined numbers and zeros."""
    a, b = np.real(z), np.imag(z)
    found = value.copy()
    low, high = a == -np.inf, a == np.inf
    found.real = np.where(low, -1.0, np.where(high & ~np.isfinite(b), np.inf, np.real(value)))
    found.imag = np.where(low, np.where(np.isfinite(b), 0.0 * np.sin(b), 0.0), np.imag(value))
    flat = b == 0
    found.real = np.where(flat, np.expm1(a) + 0.0, found.real)
    found.imag = np.where(flat, b, found.imag)
    return found


__all__ = ["clip", "expm1"]
