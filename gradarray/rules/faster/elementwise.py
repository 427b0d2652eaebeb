"""Partial derivatives of ufuncs, in fewer passes over plain arrays. The chapter says what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.arrays import FLOAT64, LARGE, Array
from ...kernels.gate import PLAIN
from ...kernels.traced import as_form
from ..numpy.elementwise import (
    arcsinh_partial,
    arctan_partial,
    beside,
    divide_partial,
    power_by_base,
    power_by_exponent,
)
from ..registry import faster

# --- 1 + x**2 --------------------------------------------------------------------------------------------------------


def _squares(x: Array) -> Any:
    """Return ``1 + x * x``, or None where a call of np.hypot is as fast, or a number overflows.

    On large arrays that takes ten times as long.
    """
    kind = type(as_form(x))
    if kind is np.float64 or kind is float:
        one = 1 + x * x
        return one if one < np.inf else None
    if kind is np.ndarray and x.size >= LARGE and x.dtype.kind == "f":
        total = x * x
        total += 1
        return total
    return None


def _to_the_end(slope: Array, total: Array, partial: Callable[[Any, Array], Array], x: Array) -> Array:
    """Put the partial derivative itself where a square overflows: there alone, so that each element is by itself."""
    if type(as_form(total)) is np.ndarray and not np.maximum.reduce(total, axis=None) < np.inf:
        there = ~(total < np.inf)
        slope[there] = partial(None, x[there])
    return slope


def arctan(_ans: Array, x: Array) -> Array:
    total = _squares(x)
    return arctan_partial(_ans, x) if total is None else _to_the_end(1 / total, total, arctan_partial, x)


def arcsinh(_ans: Array, x: Array) -> Array:
    total = _squares(x)
    return arcsinh_partial(_ans, x) if total is None else _to_the_end(1 / np.sqrt(total), total, arcsinh_partial, x)


faster(np.arctan, arctan)
faster(np.arcsinh, arcsinh)

# --- without an array more -------------------------------------------------------------------------------------------


def tanh(ans: Array, _x: Array) -> Array:
    square = ans * ans
    return np.subtract(1, square, square) if type(square) is np.ndarray else 1 - square


faster(np.tanh, tanh)

# --- without a question ----------------------------------------------------------------------------------------------


def divide(ans: Array, _x1: Array, x2: Array) -> Array:
    if (type(x2) is np.ndarray or type(x2) is np.float64) and x2.dtype is FLOAT64:
        return 1 / x2
    return divide_partial(ans, _x1, x2)


def power(ans: Array, x1: Array, x2: Array) -> Array:
    """Multiply the result by the logarithm, where the power need not be differentiated once more."""
    if type(x1) not in PLAIN or type(x2) not in PLAIN or (type(x1) in (int, float) and x1 > 0):
        return power_by_exponent(ans, x1, x2)
    x1 = beside(x1, ans)
    flat = (x1 == 0) & (np.real(x2) >= 0)
    if np.iscomplexobj(ans):
        x1 = x1 + 0j
    return np.where(flat, 0, np.log(np.where(flat, 1, x1)) * ans)


faster(np.divide, divide)


def square(_ans: Array, x1: Array, x2: Array) -> Array:
    """Add the base to itself, where it is squared: a number of Python's has to be made an array's first."""
    if type(x2) is int and x2 == 2 and type(x1) is np.ndarray and x1.dtype is FLOAT64:
        return x1 + x1
    return power_by_base(_ans, x1, x2)


for func in (np.power, np.float_power):
    faster(func, square, power)
