"""Functions with kinks and steps: rounding, absolute values and signs, extrema, bounds, and what is no number.

Conventions: |x| and its like have derivative 0 at 0; ties of maximum and minimum share evenly, and of a pair with a NaN
the one that is the result takes it all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...tape.wrapping import bare
from ..kinks import at_kink, smooth_square
from ..primitives import primitive, standing_for
from ..registry import composite, elementwise, lowered, rule, straight, zero_gradient

# --- rounding --------------------------------------------------------------------------------------------------------

zero_gradient(np.rint, np.floor, np.ceil, np.trunc, np.round, np.around)
if hasattr(np, "fix"):  # deprecated since NumPy 2.5
    zero_gradient(np.fix)

rule(np.unwrap, lambda g, _ans, _p, discont=None, axis=-1, *, period=2 * np.pi: g)

# --- absolute values and signs ---------------------------------------------------------------------------------------


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
    if low is None or high is None:
        return below, above
    # Python does not compare its complex numbers.
    return below, above | (np.greater(low, high) if complex in (type(low), type(high)) else low > high)


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
        np.clip(0, *bare((a_min, a_max)), min=bare(min), max=bare(max))  # NumPy's own error
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

# --- NaN and infinities ----------------------------------------------------------------------------------------------


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
