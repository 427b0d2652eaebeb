"""Mathematical functions that work element by element: every ufunc of NumPy, and the functions built like one.

Conventions at kinks: |x| and its like have derivative 0 at 0; ties of maximum and minimum share evenly, and of a pair
with a NaN the one that is the result takes it all; a**b has derivative 0 by b where a is 0 and b is not negative, and
0 by a where b is 0; arctan2 and hypot have derivative 0 at the origin; sqrt has an infinite slope at 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...context.settings import silently
from ...kernels.arrays import FLOAT64, LARGE, Array, Number
from ...kernels.gate import PLAIN
from ...tape.careful import HARD, ROOT, SHARP, raw
from ...tape.nodes import Node
from ...tape.wrapping import bare
from ..differentiable import Elementwise, Linear
from ..primitives import astype, primitive, standing_for
from ..registry import (
    RULES,
    composite,
    elementwise,
    family,
    linear,
    lowered,
    nondifferentiable,
    rule,
    straight,
    zero_gradient,
)
from .kinks import at_kink, smooth_square, squares
from .shape import made_array

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
    # On a branch cut the sign of a zero imaginary part decides, which 1 - x * x does not keep.
    return np.cos(np.arcsin(x)) if np.iscomplexobj(x) else np.sqrt((1 - x) * (1 + x))


elementwise(np.arcsin, lambda _ans, x: 1 / _cosine_of_arcsin(x))
elementwise(np.arccos, lambda _ans, x: -1 / _cosine_of_arcsin(x))


def _squares(x: Array) -> Any:
    """Return ``1 + x * x``, or None where it is not to be had so: there it overflows, or a call of np.hypot is as fast.

    On large arrays that takes ten times as long.
    """
    if type(x) is np.float64 or type(x) is float:
        one = 1 + x * x
        return one if one < np.inf else None
    if type(x) is np.ndarray and x.size >= LARGE and x.dtype.kind == "f":
        total = x * x
        total += 1
        return total if np.maximum.reduce(total, axis=None) < np.inf else None
    return None


def _over_squares(x: Array) -> Array:
    """Return 1 / (1 + x**2)."""
    if (total := _squares(x)) is not None:
        return 1 / total
    if np.iscomplexobj(x):
        return 1 / (1 + x * x)
    root = np.hypot(1, x)
    return 1 / root / root


elementwise(np.arctan, lambda _ans, x: _over_squares(x))


def _over_root_of_squares(x: Array) -> Array:
    """Return 1 / sqrt(1 + x**2)."""
    if (total := _squares(x)) is not None:
        return 1 / np.sqrt(total)
    return 1 / (np.cosh(np.arcsinh(x)) if np.iscomplexobj(x) else np.hypot(1, x))


def _hypot_partial(ans: Array, x: Array) -> Array:
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

rule(np.unwrap, lambda g, _ans, _p, discont=None, axis=-1, *, period=2 * np.pi: g)

# --- hyperbolic functions --------------------------------------------------------------------------------------------

elementwise(np.sinh, lambda _ans, x: np.cosh(x))
elementwise(np.cosh, lambda _ans, x: np.sinh(x))


def _tanh_partial(ans: Array, _x: Array) -> Array:
    square = ans * ans
    return np.subtract(1, square, square) if type(square) is np.ndarray else 1 - square


elementwise(np.tanh, _tanh_partial)
elementwise(np.arcsinh, lambda _ans, x: _over_root_of_squares(x))
# A product of two roots, not the root of a product, which lies on another branch for complex numbers.
elementwise(np.arccosh, lambda _ans, x: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)))
elementwise(np.arctanh, lambda _ans, x: 1 / ((1 - x) * (1 + x)))

# --- rounding --------------------------------------------------------------------------------------------------------

zero_gradient(np.rint, np.floor, np.ceil, np.trunc, np.round, np.around)
if hasattr(np, "fix"):  # deprecated since NumPy 2.5
    zero_gradient(np.fix)

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
nondifferentiable(np.signbit, np.isfinite, np.isinf, np.isnan, np.isnat)
zero_gradient(np.spacing)
rule(np.frexp, lambda g, ans, _x: np.ldexp(g[0], -ans[1]))

# --- arithmetic operations -------------------------------------------------------------------------------------------

elementwise(np.add, 1, 1)
elementwise(np.subtract, 1, -1)
elementwise(np.multiply, lambda _ans, _x1, x2: x2, lambda _ans, x1, _x2: x1)


def _beside(x: Array, other: Array) -> Array:
    """Return an operand in the dtype in which it is computed with: np.log of np.uint8 has the precision of a half."""
    dtype = np.result_type(getattr(x, "dtype", float), getattr(other, "dtype", float))
    return x if getattr(x, "dtype", dtype) == dtype else astype(x, dtype)


def _inverse(ans: Array, _x1: Array, x2: Array) -> Array:
    if type(x2) is np.ndarray or type(x2) is np.float64:
        return 1 / (x2 if x2.dtype is FLOAT64 else _beside(x2, ans))
    try:
        return 1 / _beside(x2, ans)
    except ZeroDivisionError:  # a number of Python's
        return silently(np.divide, 1, x2).item()


elementwise(np.divide, _inverse, lambda ans, _x1, x2: -ans / x2)
elementwise(np.positive, 1)
elementwise(np.negative, -1)
elementwise(np.reciprocal, lambda ans, _x: -ans * ans)
# Not floor(x1 / x2): 1 / 0.1 rounds to 10, but 1 holds 0.1 only nine times, and the remainder is that after the ninth.
elementwise(np.remainder, 1, lambda _ans, x1, x2: -np.floor_divide(x1, x2))
elementwise(np.fmod, 1, lambda ans, x1, x2: -np.rint((x1 - ans) / x2))
zero_gradient(np.floor_divide)
rule(np.divmod, lambda g, _ans, _x1, _x2: g[1], lambda g, ans, _x1, _x2: -g[1] * ans[0])
rule(np.modf, lambda g, _ans, _x: g[0])


def _power_by_base(_ans: Array, x1: Array, x2: Array) -> Array:
    if type(x2) in (int, float) and x2 != 0:
        return x2 * x1 if x2 == 2 else x2 * x1 ** (x2 - 1)
    x2 = _beside(x2, x1)
    # An infinite 1 / x1 is no factor of the derivative by an exponent 0. 1.0, because 0 - 1 is 255 in np.uint8.
    flat = (x2 == 0) & ~np.isfinite(1 / x1)
    return at_kink(+x2, flat, x2) * power_and_logarithms(x1, np.where(flat, 1, x2 - 1.0), order=0)


def _power_by_exponent(ans: Array, x1: Array, x2: Array) -> Array:
    if type(x1) in (int, float) and x1 > 0:
        return ans * (_number(np.log(_LONG(x1)), ans) if ans.dtype.char in "gG" else math.log(x1))
    x1 = _beside(x1, ans)
    if type(x1) in PLAIN and type(x2) in PLAIN:
        flat = (x1 == 0) & (np.real(x2) >= 0)
        if np.iscomplexobj(ans):
            x1 = x1 + 0j
        return np.where(flat, 0, np.log(np.where(flat, 1, x1)) * ans)
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
elementwise(np.power, _power_by_base, _power_by_exponent)
elementwise(np.float_power, _power_by_base, _power_by_exponent)

# --- extrema ---------------------------------------------------------------------------------------------------------


def _share(x1: Array, x2: Array, ahead: Array, nan: Array) -> Array:
    """Return the share of `x1` in an extremum: 1 where it is `ahead`, or where `nan` is NaN, and 1/2 in a tie."""
    return np.where(x1 == x2, 0.5, ahead | (nan != nan))  # which works for any of Python's integers, too


# Of two NaNs, NumPy returns the first; of one, maximum and minimum return the NaN, fmax and fmin the number.
elementwise(
    np.maximum,
    lambda _ans, x1, x2: _share(x1, x2, x1 > x2, x1),
    lambda _ans, x1, x2: 1 - _share(x1, x2, x1 > x2, x1),
    selects=True,
)
elementwise(
    np.minimum,
    lambda _ans, x1, x2: _share(x1, x2, x1 < x2, x1),
    lambda _ans, x1, x2: 1 - _share(x1, x2, x1 < x2, x1),
    selects=True,
)
elementwise(
    np.fmax,
    lambda _ans, x1, x2: _share(x1, x2, x1 > x2, x2),
    lambda _ans, x1, x2: 1 - _share(x1, x2, x1 > x2, x2),
    selects=True,
)
elementwise(
    np.fmin,
    lambda _ans, x1, x2: _share(x1, x2, x1 < x2, x2),
    lambda _ans, x1, x2: 1 - _share(x1, x2, x1 < x2, x2),
    selects=True,
)


@standing_for(np.clip)
def clipped(a: Array, low: Array, high: Array) -> Array:
    """Return `a` between two bounds, of which either may be None."""
    return np.clip(a, low, high)


def _outside(a: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Tell where each bound takes the place of `a`, as a NaN does; in the wrong order the upper one wins."""
    below = False if low is None else (a < low) | np.isnan(low)
    above = False if high is None else (a > high) | np.isnan(high)
    return (below, above) if low is None or high is None else (below, above | (low > high))


def clip_vjp(g: Array, _ans: Array, a: Array, low: Array, high: Array) -> Array:
    below, above = _outside(a, low, high)
    return np.where(below | above, 0, g)


def low_vjp(g: Array, _ans: Array, a: Array, low: Array, high: Array) -> Array:
    below, above = _outside(a, low, high)
    return np.where(np.greater(below, above), g, 0)


def high_vjp(g: Array, _ans: Array, a: Array, low: Array, high: Array) -> Array:
    return np.where(_outside(a, low, high)[1], g, 0)


rule(clipped, clip_vjp, low_vjp, high_vjp, holomorphic=False, selects=True)

_NOT_GIVEN = np._NoValue


def _bounds(a_min: Any, a_max: Any, min: Any, max: Any) -> tuple[Any, Any]:
    if a_min is _NOT_GIVEN and a_max is _NOT_GIVEN:
        return None if min is _NOT_GIVEN else min, None if max is _NOT_GIVEN else max
    if a_min is _NOT_GIVEN or a_max is _NOT_GIVEN or min is not _NOT_GIVEN or max is not _NOT_GIVEN:
        np.clip(0, a_min, a_max, min=min, max=max)  # NumPy's own error
    return a_min, a_max


def _clip(
    a: Array,
    a_min: Any = _NOT_GIVEN,
    a_max: Any = _NOT_GIVEN,
    *,
    min: Any = _NOT_GIVEN,
    max: Any = _NOT_GIVEN,
) -> Array:
    return clipped(a, *_bounds(a_min, a_max, min, max))


composite(np.clip, _clip)


class _Asked:
    """Stands in a call to learn which ufunc it arrives at."""

    def __array_ufunc__(self, ufunc: np.ufunc, *_args: Any, **_kwargs: Any) -> Any:
        return ufunc


# What array.clip(t, 1) calls is a ufunc without a public name.
_clip_ufunc: Any = np.empty(0).clip(_Asked(), _Asked())  # type: ignore[call-overload]
elementwise(
    _clip_ufunc,
    lambda _ans, a, low, high: 1 - np.logical_or(*_outside(a, low, high)),
    lambda _ans, a, low, high: np.greater(*_outside(a, low, high)),
    lambda _ans, a, low, high: _outside(a, low, high)[1],
    selects=True,
)


def _beyond(a: Any, side: int) -> Any:
    """Return a bound that no number is beyond."""
    dtype = np.result_type(bare(a))
    if dtype.kind in "biu":
        return (
            dtype.type(side > 0)
            if dtype.kind == "b"
            else dtype.type((np.iinfo(dtype).min, np.iinfo(dtype).max)[side > 0])
        )
    return side * np.inf if dtype.kind == "f" else complex(side * np.inf, side * np.inf)


def lower_clip(args: Any, kwargs: dict[str, Any]) -> Any:
    """Hand the keywords of a ufunc, which np.clip takes, to the ufunc."""

    def of(
        a: Any,
        a_min: Any = _NOT_GIVEN,
        a_max: Any = _NOT_GIVEN,
        out: Any = None,
        *,
        min: Any = _NOT_GIVEN,
        max: Any = _NOT_GIVEN,
        **options: Any,
    ) -> Any:
        low, high = _bounds(a_min, a_max, min, max)
        low, high = _beyond(a, -1) if low is None else low, _beyond(a, 1) if high is None else high
        return _clip_ufunc(a, low, high, out=out, **options)

    return NotImplemented if _OPTIONS.isdisjoint(kwargs) else of(*args, **kwargs)


_OPTIONS = frozenset({"where", "casting", "order", "subok", "signature", "dtype"})
lowered(np.clip, lower_clip)
straight(np.clip, clipped, (), operands=3)

# --- miscellaneous ---------------------------------------------------------------------------------------------------

elementwise(np.sqrt, lambda ans, _x: 0.5 / ans)
elementwise(np.cbrt, lambda ans, _x: 1 / (3 * ans * ans))
elementwise(np.square, lambda _ans, x: 2 * x)


def _absolute_partial(_ans: Array, x: Array) -> Array:
    return at_kink(np.conj(np.sign(x)), x == 0, x) if x.dtype.kind == "c" else np.sign(x)


elementwise(np.absolute, _absolute_partial)
elementwise(np.fabs, lambda _ans, x: np.sign(x))
elementwise(np.heaviside, 0, lambda _ans, x1, _x2: np.equal(x1, 0))


def sign_vjp(g: Array, ans: Array, x: Array) -> Array:
    """Return zero for real numbers; a complex z/|z| turns with z, so what is across the ray remains."""
    if not np.iscomplexobj(ans):
        return np.zeros_like(g)
    size = np.abs(x)
    across = g - ans * np.real(np.conj(ans) * g)
    return np.where(size == 0, 0, across / np.where(size == 0, 1, size))


rule(np.sign, sign_vjp, holomorphic=False)


@primitive
def squared_absolute(x: Array) -> Array:
    return np.real(x * np.conj(x))


@primitive
def squared_hypot(x1: Array, x2: Array) -> Array:
    return x1 * x1 + x2 * x2


rule(squared_absolute, lambda g, _ans, x: 2 * g * x, holomorphic=False)
rule(squared_hypot, lambda g, _ans, x1, _x2: 2 * g * x1, lambda g, _ans, _x1, x2: 2 * g * x2)
smooth_square(np.absolute, squared_absolute)
smooth_square(np.fabs, squared_absolute)
smooth_square(np.hypot, squared_hypot)


def exponent_two(_x1: Any, x2: Any) -> bool:
    return type(x2) in PLAIN and bool(np.all(np.equal(x2, 2)))


squares(np.square, lambda _x: True)
squares(np.multiply, lambda x1, x2: x1 is x2)
squares(np.power, exponent_two)
squares(np.float_power, exponent_two)


@standing_for(np.nan_to_num)
def finite(x: Array, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Array:
    """Return a copy of `x` with numbers in place of NaN and infinities."""
    return np.nan_to_num(x, True, nan, posinf, neginf)


def finite_vjp(g: Array, _ans: Array, x: Array, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Array:
    if np.iscomplexobj(x):  # NumPy replaces real and imaginary parts by themselves
        real = np.where(np.isfinite(np.real(x)), np.real(g), 0)
        return real + np.where(np.isfinite(np.imag(x)), np.imag(g), 0) * 1j
    return np.where(np.isfinite(x), g, 0)


rule(finite, finite_vjp, holomorphic=False, selects=True)


def _nan_to_num(x: Array, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Array:
    numbers = finite(x, nan=nan, posinf=posinf, neginf=neginf)
    if copy:
        return numbers
    x[...] = numbers
    return x


composite(np.nan_to_num, _nan_to_num)
# For copy=False the body also serves constants: NumPy itself would write where a tape may have saved.
lowered(
    np.nan_to_num,
    lambda args, kwargs: (
        NotImplemented if (args[1] if len(args) > 1 else kwargs.get("copy", True)) else _nan_to_num(*args, **kwargs)
    ),
)


def _real_if_close(a: Array, tol: float = 100) -> Array:
    a = made_array(a)
    if not np.iscomplexobj(a):
        return a
    if tol > 1:  # a number of machine epsilons
        tol = tol * float(np.finfo(a.dtype).eps)
    return np.real(a) if np.all(np.abs(np.imag(a)) < tol) else a


composite(np.real_if_close, _real_if_close)

# --- zero times infinity ----------------------------------------------------------------------------------------------
# What the careful sweep has to know of infinite and vanishing derivatives.


def _elementwise_rule(func: np.ufunc) -> Elementwise:
    found = RULES[func]
    assert isinstance(found, Elementwise)
    return found


def _root_of_sqrt(_i: int, ans: Any, _x: Any) -> Any:
    return HARD if np.all(ans) else np.where(ans == 0, ROOT, HARD)


def _root_of_power(i: int, _ans: Any, x1: Any, x2: Any) -> Any:
    if i or type(x2) is int or np.iscomplexobj(x2) or (np.ndim(x2) == 0 and not 0 < x2 < 1) or np.all(x1):
        return HARD
    return np.where((x1 == 0) & (x2 > 0) & (x2 < 1), np.where(np.less(x2, 0.5), SHARP, ROOT), HARD)


def _excused_by_power(i: int, node: Node) -> Any:
    """Tell which roots an inner power is stationary under: a whole one of 0 under a square root, an even one always.

    Beside 0 the derivative has only become 0 by rounding.
    """
    x1, x2 = map(raw, node.args)
    if i or np.iscomplexobj(x2):
        return 0
    return np.where(x1 == 0, np.where(np.equal(x2 % 2, 0), SHARP, np.where(np.equal(x2 % 1, 0), ROOT, 0)), 0)


def _vanishing_power(t: Any, x1: Any, x2: Any) -> int:
    """Tell what a power with an exponent above 1 that is not even excuses at 0.

    Where the tangent is 0 already, as that of an absolute value, it is for that to tell.
    """
    if (x2 <= 1 or x2 == 2) if type(x2) is float or type(x2) is int else np.iscomplexobj(x2):
        return 0
    if x1 != 0 if type(x1) is np.float64 else np.logical_and.reduce(x1, axis=None):
        return 0
    zero = np.equal(x1, 0) & np.not_equal(t, 0)
    if np.any(zero & np.greater(x2, 1) & np.less(x2, 2)):
        return SHARP
    return ROOT if np.any(zero & np.greater(x2, 2) & np.not_equal(x2 % 2, 0)) else 0


_elementwise_rule(np.sqrt).root = _root_of_sqrt
for power in (np.power, np.float_power):
    _elementwise_rule(power).root = _root_of_power
    _elementwise_rule(power).excuses = _excused_by_power
    _elementwise_rule(power).vanishes = _vanishing_power
    _elementwise_rule(power).constant = lambda i, node: (
        np.equal(raw(node.args[1]), 0) if i == 0 and node.parents[1] is None else False
    )
for even in (np.square, np.absolute, np.fabs, np.cos, np.cosh, np.hypot):
    _elementwise_rule(even).excuses = lambda _i, _node: SHARP
_elementwise_rule(np.multiply).excuses = lambda _i, node: SHARP if node.parents[0] is node.parents[1] else ROOT
_elementwise_rule(np.multiply).constant = lambda i, node: (
    np.equal(raw(node.args[1 - i]), 0) if node.parents[1 - i] is None else False
)
_elementwise_rule(np.divide).excuses = lambda i, _node: ROOT if i else 0

# --- other special functions -----------------------------------------------------------------------------------------
# Each of the two has a family of derivatives that is closed: the rule of a member is the next one.


@primitive
def sinc_derivative(x: Array, order: int) -> Array:
    """Return a derivative of np.sinc.

    With s(z) = sin(z) / z, differentiating z s = sin(z) n times gives z s_n = sin(z + n pi / 2) - n s_(n-1). Near zero,
    where that cancels, it is the power series, sum over k of (-1)**k z**(2k - n) / ((2k - n)! (2k + 1)).
    """
    z = np.pi * x
    small = np.abs(z) < 1 + order / 2
    far = np.where(small, 1, z)
    value = np.sin(far) / far
    for n in range(1, order + 1):
        value = (np.sin(far + n * np.pi / 2) - n * value) / far
    near = np.where(small, z, 0)
    square = near * near
    lowest = (order + 1) // 2
    series = 0 * near
    for k in range(lowest + 9 + order, lowest - 1, -1):
        series = series * square + (-1) ** k / (math.factorial(2 * k - order) * (2 * k + 1))
    return np.pi**order * np.where(small, series * near if order % 2 else series, value)


rule(np.sinc, lambda g, _ans, x: g * sinc_derivative(x, order=1))
rule(sinc_derivative, lambda g, _ans, x, *, order: g * sinc_derivative(x, order=order + 1))


@primitive
def i0_derivative(x: Array, order: int) -> Array:
    """Return a derivative of np.i0, the mean of cos(t)**n exp(x cos(t)) over a period.

    Near zero, where that cancels, it is the power series, sum over k of (2k)! x**(2k - n) / ((2k - n)! 4**k k!**2). The
    midpoint rule with m points on half a period leaves out only the Bessel functions of order 2 m and above, which
    for these m is less than rounding (Trefethen and Weideman, https://doi.org/10.1137/130932132).
    """
    largest = float(np.max(np.abs(x), where=np.isfinite(x), initial=0))
    m = 20 + order + int(6 * math.sqrt(largest))
    cosine = np.cos(np.pi * (np.arange(m) + 0.5) / m)
    far = np.mean(cosine**order * np.exp(x[..., None] * cosine), axis=-1)
    small = np.abs(x) < 1
    near = np.where(small, x, 0)
    square = near * near
    lowest = (order + 1) // 2
    series = 0 * near
    for k in range(lowest + 9 + order, lowest - 1, -1):
        series = series * square + math.perm(2 * k, order) / (4**k * math.factorial(k) ** 2)
    return np.where(small, series * near if order % 2 else series, far)


rule(np.i0, lambda g, _ans, x: g * i0_derivative(x, order=1))
rule(i0_derivative, lambda g, _ans, x, *, order: g * i0_derivative(x, order=order + 1))

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

# --- automatic domain ------------------------------------------------------------------------------------------------
# Of NumPy's second set of functions, which give complex results where those above have none.


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

# --- truth values, comparison and logic ------------------------------------------------------------------------------

nondifferentiable(np.isposinf, np.isneginf, np.iscomplex, np.isreal, np.iscomplexobj, np.isrealobj)
nondifferentiable(np.isclose, np.allclose, np.array_equal, np.array_equiv)
nondifferentiable(
    np.greater,
    np.greater_equal,
    np.less,
    np.less_equal,
    np.equal,
    np.not_equal,
    np.logical_and,
    np.logical_or,
    np.logical_xor,
    np.logical_not,
    np.bitwise_and,
    np.bitwise_or,
    np.bitwise_xor,
    np.invert,
    np.left_shift,
    np.right_shift,
    np.gcd,
    np.lcm,
)
if hasattr(np, "bitwise_count"):
    nondifferentiable(np.bitwise_count)
