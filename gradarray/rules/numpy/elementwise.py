"""Mathematical functions that work element by element; those with kinks and steps are in kinked.py.

Conventions: a**b has derivative 0 by b where a is 0 and b is not negative, and 0 by a where b is 0; arctan2 and hypot
have derivative 0 at the origin; sqrt has an infinite slope at 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Number
from ...kernels.traced import as_form
from ..kinks import are_known, at_kink, squares
from ..primitives import astype, primitive
from ..registry import elementwise, nondifferentiable, rule, zero_gradient

# Numbers that have to be as precise as what they are multiplied by.
_LONG = np.longdouble
LOG2, LOG10 = np.log(_LONG(2)), np.log(_LONG(10))
DEGREE = np.arctan(_LONG(1)) / 45


def _number(value: Any, like: Array) -> Any:
    """Return a number for arithmetic with an array."""
    return Number(value).beside(getattr(like, "dtype", None))


# --- trigonometric functions ---------------------------------------------------------------------------------------

elementwise(np.sin, lambda _ans, x: np.cos(x))
elementwise(np.cos, lambda _ans, x: -np.sin(x))
elementwise(np.tan, lambda ans, _x: 1 + ans * ans)


def _cosine_of_arcsin(x: Array) -> Array:
    """Return sqrt(1 - x**2), the cosine of the angle whose sine is x."""
    # On a branch cut the sign of a zero imaginary part decides, which 1 - x * x does not keep.
    return np.cos(np.arcsin(x)) if np.iscomplexobj(x) else np.sqrt((1 - x) * (1 + x))


elementwise(np.arcsin, lambda _ans, x: 1 / _cosine_of_arcsin(x))
elementwise(np.arccos, lambda _ans, x: -1 / _cosine_of_arcsin(x))


def arctan_partial(_ans: Array, x: Array) -> Array:
    """Return 1 / (1 + x**2)."""
    if np.iscomplexobj(x):
        return 1 / (1 + x * x)
    root = np.hypot(1, x)
    return 1 / root / root


elementwise(np.arctan, arctan_partial)


def arcsinh_partial(_ans: Array, x: Array) -> Array:
    """Return 1 / sqrt(1 + x**2)."""
    return 1 / (np.cosh(np.arcsinh(x)) if np.iscomplexobj(x) else np.hypot(1, x))


def _hypot_partial(ans: Array, x: Array) -> Array:
    """Return x / ans, and 0 where both are."""
    kink = ans == 0
    return at_kink(np.where(kink, 0, x / np.where(kink, 1, ans)), kink, ans)


def _arctan2_partial(x1: Array, x2: Array, numerator: Array) -> Array:
    """Return numerator / (x1**2 + x2**2), divided twice by the root so that nothing overflows."""
    r = np.hypot(x1, x2)
    flat = (r == 0) | np.isinf(r)  # the angle does not change there, as far as it has a derivative
    size = np.where(flat, 1, r)
    return at_kink(np.where(flat, 0, numerator) / size / size, r == 0, r)


elementwise(np.hypot, lambda ans, x1, _x2: _hypot_partial(ans, x1), lambda ans, _x1, x2: _hypot_partial(ans, x2))
elementwise(
    np.arctan2,
    lambda _ans, x1, x2: _arctan2_partial(x1, x2, x2),
    lambda _ans, x1, x2: _arctan2_partial(x1, x2, -1.0 * x1),  # -x1 of np.uint8 is no negative number
)
for to_degrees in (np.degrees, np.rad2deg):
    elementwise(to_degrees, Number(1 / DEGREE))
for to_radians in (np.radians, np.deg2rad):
    elementwise(to_radians, Number(DEGREE))

# --- hyperbolic functions --------------------------------------------------------------------------------------------

elementwise(np.sinh, lambda _ans, x: np.cosh(x))
elementwise(np.cosh, lambda _ans, x: np.sinh(x))
elementwise(np.tanh, lambda ans, _x: 1 - ans * ans)
elementwise(np.arcsinh, arcsinh_partial)
# A product of two roots, not the root of a product, which lies on another branch for complex numbers.
elementwise(np.arccosh, lambda _ans, x: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)))
elementwise(np.arctanh, lambda _ans, x: 1 / ((1 - x) * (1 + x)))

# --- exponents and logarithms ----------------------------------------------------------------------------------------

elementwise(np.exp, lambda ans, _x: ans)
elementwise(np.exp2, lambda ans, _x: ans * _number(LOG2, ans))
elementwise(np.expm1, lambda _ans, x: np.exp(x))
elementwise(np.log, lambda _ans, x: 1 / x)
elementwise(np.log2, lambda _ans, x: _number(1 / LOG2, x) / x)
elementwise(np.log10, lambda _ans, x: _number(1 / LOG10, x) / x)
elementwise(np.log1p, lambda _ans, x: 1 / (1 + x))


def _log_share(ans: Array, x: Array, other: Array, exp: np.ufunc) -> Array:
    """Return exp(x - ans), the share of one operand in the sum; infinite operands that are equal share evenly."""
    gap = np.where(x == ans, 0, x - ans)
    return np.where(np.isinf(x) & (x == other), 0.5, exp(gap))


elementwise(
    np.logaddexp,
    lambda ans, x1, x2: _log_share(ans, x1, x2, np.exp),
    lambda ans, x1, x2: _log_share(ans, x2, x1, np.exp),
)
elementwise(
    np.logaddexp2,
    lambda ans, x1, x2: _log_share(ans, x1, x2, np.exp2),
    lambda ans, x1, x2: _log_share(ans, x2, x1, np.exp2),
)

# --- floating-point routines -----------------------------------------------------------------------------------------

elementwise(np.copysign, lambda _ans, x1, x2: np.sign(x1) * np.copysign(1, x2), 0)
elementwise(np.nextafter, 1, 0)
elementwise(np.ldexp, lambda _ans, _x1, x2: np.ldexp(1.0, x2), 0)
nondifferentiable(np.signbit)
zero_gradient(np.spacing)
rule(np.frexp, lambda g, ans, _x: np.ldexp(g[0], -ans[1]))

# --- arithmetic operations -------------------------------------------------------------------------------------------

elementwise(np.add, 1, 1)
elementwise(np.subtract, 1, -1)
elementwise(np.multiply, lambda _ans, _x1, x2: x2, lambda _ans, x1, _x2: x1)


def beside(x: Array, other: Array) -> Array:
    """Return an operand in the dtype in which it is computed with: np.log of np.uint8 has the precision of a half."""
    dtype = np.result_type(getattr(x, "dtype", float), getattr(other, "dtype", float))
    return x if getattr(x, "dtype", dtype) == dtype else astype(x, dtype)


def divide_partial(ans: Array, _x1: Array, x2: Array) -> Array:
    try:
        return 1 / beside(x2, ans)
    except ZeroDivisionError:  # a number of Python's
        return complex(math.inf, math.nan) if isinstance(x2, complex) else math.copysign(math.inf, x2)


elementwise(np.divide, divide_partial, lambda ans, _x1, x2: -ans / x2)
elementwise(np.positive, 1)
elementwise(np.negative, -1)
elementwise(np.reciprocal, lambda ans, _x: -ans * ans)
# Not floor(x1 / x2): 1 / 0.1 rounds to 10, but 1 holds 0.1 only nine times, and the remainder is that after the ninth.
elementwise(np.remainder, 1, lambda _ans, x1, x2: -np.floor_divide(x1, x2))
elementwise(np.fmod, 1, lambda ans, x1, x2: -np.rint((x1 - ans) / x2))
zero_gradient(np.floor_divide)
rule(np.divmod, lambda g, _ans, _x1, _x2: g[1], lambda g, ans, _x1, _x2: -g[1] * ans[0])
rule(np.modf, lambda g, _ans, _x: g[0])


def power_by_base(_ans: Array, x1: Array, x2: Array) -> Array:
    if (type(x2) in (int, float) or type(as_form(x2)) in (int, float)) and x2 != 0:
        return x2 * x1 if x2 == 2 else x2 * x1 ** (x2 - 1)
    x2 = beside(x2, x1)
    # An infinite 1 / x1 is no factor of the derivative by an exponent 0. 1.0, because 0 - 1 is 255 in np.uint8.
    flat = (x2 == 0) & ~np.isfinite(1 / x1)
    return at_kink(+x2, flat, x2) * power_and_logarithms(x1, np.where(flat, 1, x2 - 1.0), order=0)


def power_by_exponent(ans: Array, x1: Array, x2: Array) -> Array:
    if type(x1) in (int, float) and x1 > 0:
        return ans * (_number(np.log(_LONG(x1)), ans) if ans.dtype.char in "gG" else math.log(x1))
    x1 = beside(x1, ans)
    corner = (x1 == 0) & (x2 == 0)
    value = power_and_logarithms(np.where(corner, 1, x1), x2, order=1)
    return at_kink(at_kink(value, corner, x1), corner, x2)


@primitive
def power_and_logarithms(x: Array, y: Array, *, order: int) -> Array:
    """Return x**y log(x)**order, with its limit at 0: the derivatives of powers are made of these at every order."""
    if np.iscomplexobj(y):
        x = x + 0j
    zero = x == 0
    power = x**y
    if not order:
        return power
    logarithm = np.log(np.where(zero, 1, x)) ** order
    limit = np.where(np.real(y) > 0, 0, np.inf * (-1) ** order)
    return np.where(zero, limit, power * logarithm) if np.any(zero) else power * logarithm


def _by_base(g: Array, _ans: Array, x: Array, y: Array, *, order: int) -> Array:
    flat = (y == 0) & ~np.isfinite(1 / x)
    lower = np.where(flat, 1, y - 1.0)
    slope = y * power_and_logarithms(x, lower, order=order)
    return g * (slope + order * power_and_logarithms(x, y - 1.0, order=order - 1) if order else slope)


rule(
    power_and_logarithms,
    _by_base,
    lambda g, _ans, x, y, *, order: g * power_and_logarithms(x, y, order=order + 1),
)
elementwise(np.power, power_by_base, power_by_exponent)
elementwise(np.float_power, power_by_base, power_by_exponent)

# --- roots and squares -----------------------------------------------------------------------------------------------

elementwise(np.sqrt, lambda ans, _x: 0.5 / ans)
elementwise(np.cbrt, lambda ans, _x: 1 / (3 * ans * ans))
elementwise(np.square, lambda _ans, x: 2 * x)


def exponent_two(_x1: Any, x2: Any) -> bool:
    return are_known(x2) and bool(np.all(np.equal(x2, 2)))


squares(np.square, lambda _x: True)
squares(np.multiply, lambda x1, x2: x1 is x2)
squares(np.power, exponent_two)
squares(np.float_power, exponent_two)
