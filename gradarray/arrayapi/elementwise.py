"""Element-wise functions that the standard has otherwise than NumPy.

One is NumPy's on purpose, as the standard allows: `floor_divide` of an infinity is NaN, and goes with `remainder`.
"""

from __future__ import annotations

from collections.abc import Callable
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


def expm1(x: Any, /, **kwargs: Any) -> Any:
    """Return ``exp(x) - 1``; see `numpy.expm1`, which has other values for some infinite and undefined complex numbers.

    The derivative is that of NumPy's, there, too; so are the values with one of its keywords, such as ``out=``.
    """
    return functions.expm1(x, **kwargs) if kwargs else _mended(functions.expm1(x), x, _standard_expm1)


def tanh(x: Any, /, **kwargs: Any) -> Any:
    """Return the hyperbolic tangent; see `numpy.tanh`, which has another zero for some infinite complex numbers.

    The derivative is that of NumPy's, there, too; so are the values with one of its keywords, such as ``out=``.
    """
    return functions.tanh(x, **kwargs) if kwargs else _mended(functions.tanh(x), x, _standard_tanh)


def _mended(ans: Any, x: Any, mend: Callable[[Any, Any, Any, Any], tuple[Any, Any]]) -> Any:
    """Return a result with its derivative, and with what the standard says where a complex `x` is no usual number."""
    if ans.dtype.kind != "c":
        return ans
    z, value = bare(x), bare(ans)
    if type(value) not in PLAIN or type(value) in TRACED:  # may not be looked into
        return ans
    z, value = np.asarray(z, value.dtype), np.asarray(value)
    if np.all(np.isfinite(z) & (z != 0)):
        return ans
    found = np.empty_like(value)
    found.real, found.imag = silently(mend, np.real(z), np.imag(z), np.real(value), np.imag(value))
    return revalued(ans, found[()]) if has_variable(ans) else wrap(found[()])


def _standard_expm1(a: Any, b: Any, real: Any, imag: Any) -> tuple[Any, Any]:
    low, high = a == -np.inf, a == np.inf
    real = np.where(low, -1.0, np.where(high & ~np.isfinite(b), np.inf, real))
    imag = np.where(low, np.where(np.isfinite(b), 0.0 * np.sin(b), 0.0), imag)
    return np.where(b == 0, np.expm1(a) + 0.0, real), np.where(b == 0, b, imag)


def _standard_tanh(a: Any, b: Any, real: Any, imag: Any) -> tuple[Any, Any]:
    return real, np.where(np.isinf(a) & np.isfinite(b), np.copysign(0.0, b), imag)


__all__ = ["clip", "expm1", "tanh"]
