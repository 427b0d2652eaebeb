"""Complex numbers, and NumPy's second set of functions, which go over to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ..differentiable import Linear
from ..primitives import astype
from ..registry import composite, family, linear
from .shape import made_array

# --- complex numbers -------------------------------------------------------------------------------------------------

linear(np.conjugate, lambda g, x: np.conj(g))
linear(np.real, lambda g, val: g)
linear(np.imag, lambda g, val: g * 1j if val.dtype.kind == "c" else np.zeros_like(g))


def _part(func: Any) -> bool:
    """Tell whether a function is one of the two ufuncs behind the attributes, which are in NumPy since 2.5.

    They take complex numbers alone, and have no public name.
    """
    if not isinstance(func, np.ufunc) or func.__name__ not in ("real", "imag"):
        return False
    from numpy.testing import overrides  # its import takes as long as NumPy's own

    return func in overrides.get_overridable_numpy_ufuncs()


family(_part, lambda func: Linear(func, lambda g, x: g if func.__name__ == "real" else g * 1j))


def _angle(z: Array, deg: bool = False) -> Array:
    angle = np.arctan2(np.imag(z), np.real(z))
    return angle * (180 / np.pi) if deg else angle


composite(np.angle, _angle)


def _real_if_close(a: Array, tol: float = 100) -> Array:
    a = made_array(a)
    if not np.iscomplexobj(a):
        return a
    if tol > 1:  # a number of machine epsilons
        tol = tol * float(np.finfo(a.dtype).eps)
    return np.real(a) if np.all(np.abs(np.imag(a)) < tol) else a


composite(np.real_if_close, _real_if_close)

# --- automatic domain ------------------------------------------------------------------------------------------------
# NumPy's second set of functions gives complex results where the first has none.


def _extended(x: Array, outside: Any) -> Array:
    """Return `x` as an array, of complex numbers if any of it is outside the real domain."""
    x = x if hasattr(x, "dtype") else np.asarray(x)
    if not np.any(np.isreal(x) & outside(x)):
        return x
    return astype(x, np.complex64 if x.dtype.char in "fFbBhH" else np.complex128)


def _below_zero(x: Array) -> Array:
    return _extended(x, lambda x: x < 0)


def _beyond_one(x: Array) -> Array:
    return _extended(x, lambda x: np.abs(x) > 1)


composite(np.emath.sqrt, lambda x: np.sqrt(_below_zero(x)))
composite(np.emath.log, lambda x: np.log(_below_zero(x)))
composite(np.emath.log2, lambda x: np.log2(_below_zero(x)))
composite(np.emath.log10, lambda x: np.log10(_below_zero(x)))
composite(np.emath.logn, lambda n, x: np.log(_below_zero(x)) / np.log(_below_zero(n)))
composite(np.emath.arccos, lambda x: np.arccos(_beyond_one(x)))
composite(np.emath.arcsin, lambda x: np.arcsin(_beyond_one(x)))
composite(np.emath.arctanh, lambda x: np.arctanh(_beyond_one(x)))


def _power(x: Array, p: Array) -> Array:
    p = p if hasattr(p, "dtype") else np.asarray(p)
    return np.power(_below_zero(x), p * 1.0 if p.dtype.kind == "i" and np.any(p < 0) else p)


composite(np.emath.power, _power)
