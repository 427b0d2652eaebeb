"""The circular and hyperbolic functions that NumPy leaves out: the reciprocals of its own, and their inverses.

Principal values are those of the reciprocal's inverse, arcsec(x) = arccos(1 / x), so that arccot is odd. Of real
numbers they are computed in a form that neither cancels near 1 nor overflows, as are the derivatives
(https://dlmf.nist.gov/4.23, https://dlmf.nist.gov/4.37).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.arrays import Array
from .primitives import primitive
from .registry import rule


def _floating(x: Any) -> Array:
    """Return numbers in the precision in which NumPy computes a sine of them."""
    x = x if isinstance(x, (np.ndarray, np.generic)) else np.asarray(x)[()]
    return x if x.dtype.kind in "fc" else x.astype(np.sin(np.empty(0, x.dtype)).dtype)


# --- circular ---------------------------------------------------------------------------------------------------------


@primitive
def sec(x: Array) -> Array:
    return 1 / np.cos(_floating(x))


@primitive
def csc(x: Array) -> Array:
    return 1 / np.sin(_floating(x))


@primitive
def cot(x: Array) -> Array:
    return 1 / np.tan(_floating(x))


rule(sec, lambda g, ans, x: g * (ans * np.tan(x)))
rule(csc, lambda g, ans, x: -g * (ans / np.tan(x)))
rule(cot, lambda g, _ans, x: -g * csc(x) ** 2)


def _cathetus(x: Array) -> Array:
    """Return the root of x**2 - 1 for real x."""
    size = np.abs(x)
    return np.sqrt(size - 1) * np.sqrt(size + 1)


@primitive
def arcsec(x: Array) -> Array:
    x = _floating(x)
    return np.arccos(1 / x) if x.dtype.kind == "c" else np.arctan2(_cathetus(x), np.sign(x))


@primitive
def arccsc(x: Array) -> Array:
    x = _floating(x)
    return np.arcsin(1 / x) if x.dtype.kind == "c" else np.arctan2(np.sign(x), _cathetus(x))


@primitive
def arccot(x: Array) -> Array:
    x = _floating(x)
    if x.dtype.kind == "c":
        return np.arctan(1 / x)
    return np.arctan2(np.copysign(x.dtype.type(1), x), np.abs(x))


def arcsec_slope(x: Array) -> Array:
    if np.iscomplexobj(x):
        return 1 / (x * x * np.sqrt(1 - 1 / (x * x)))
    return 1 / (np.abs(x) * _cathetus(x))


def arccot_slope(x: Array) -> Array:
    return -1 / (1 + x * x) if np.iscomplexobj(x) else -1 / np.hypot(1, x) ** 2


rule(arcsec, lambda g, _ans, x: g * arcsec_slope(x))
rule(arccsc, lambda g, _ans, x: -g * arcsec_slope(x))
rule(arccot, lambda g, _ans, x: g * arccot_slope(x))


# --- hyperbolic -------------------------------------------------------------------------------------------------------


@primitive
def sech(x: Array) -> Array:
    x = _floating(x)
    if x.dtype.kind == "c":
        return 1 / np.cosh(x)
    small = np.exp(-np.abs(x))
    return 2 * small / (1 + small * small)


@primitive
def csch(x: Array) -> Array:
    x = _floating(x)
    if x.dtype.kind == "c":
        return 1 / np.sinh(x)
    size = np.abs(x)
    return np.copysign(2 * np.exp(-size) / -np.expm1(-2 * size), x)


@primitive
def coth(x: Array) -> Array:
    return 1 / np.tanh(_floating(x))


rule(sech, lambda g, ans, x: -g * (ans * np.tanh(x)))
rule(csch, lambda g, ans, x: -g * (ans / np.tanh(x)))
rule(coth, lambda g, _ans, x: -g * csch(x) ** 2)


@primitive
def arcsech(x: Array) -> Array:
    x = _floating(x)
    if x.dtype.kind == "c":
        return np.arccosh(1 / x)
    root = np.sqrt(x)  # NaN below 0
    return np.arcsinh(np.sqrt(1 - x) * np.sqrt(1 + x) / root / root)


@primitive
def arccsch(x: Array) -> Array:
    return np.arcsinh(1 / _floating(x))


@primitive
def arccoth(x: Array) -> Array:
    x = _floating(x)
    if x.dtype.kind == "c":
        return np.arctanh(1 / x)
    return np.copysign(np.log1p(2 / (np.abs(x) - 1)) / 2, x)


def arcsech_slope(x: Array) -> Array:
    if np.iscomplexobj(x):
        return -1 / (x * x * np.sqrt(1 / x - 1) * np.sqrt(1 / x + 1))
    return -1 / (x * np.sqrt(1 - x) * np.sqrt(1 + x))


def arccsch_slope(x: Array) -> Array:
    if np.iscomplexobj(x):
        return -1 / (x * x * np.sqrt(1 + 1 / (x * x)))
    return -1 / (np.abs(x) * np.hypot(1, x))


rule(arcsech, lambda g, _ans, x: g * arcsech_slope(x))
rule(arccsch, lambda g, _ans, x: g * arccsch_slope(x))
rule(arccoth, lambda g, _ans, x: g / ((1 - x) * (1 + x)))
