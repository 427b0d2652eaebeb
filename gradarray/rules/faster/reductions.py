"""Sums, products and extrema of plain arrays: in threads, by division, in place, and as views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import FLOAT64, LARGE, SPLIT, Array, Spec, constant_view
from ...kernels.guests import in_sight
from ...kernels.parts import THREADS, reduce_in_parts, ufunc_in_parts
from ...kernels.traced import as_form
from ...tape.cotangents import Scatter
from ...tape.sweeps import is_clean
from ..numpy.axes import Axis, expand
from ..numpy.reductions import FOLDS, extremum_vjp, of_numbers, prod_vjp, reduction_jvp, sum_adjoint, without_nan
from ..registry import faster

# --- sums ------------------------------------------------------------------------------------------------------------


def reducing(ufunc: np.ufunc) -> Callable[..., Array]:
    """Return what np.sum and the like do for plain arrays: they take as long again to get there."""
    reduce: Any = ufunc.reduce

    def forward(
        a: Array,
        axis: Axis = None,
        dtype: Any = None,
        keepdims: bool = False,
        initial: Any = np._NoValue,
        where: Any = True,
    ) -> Array:
        if type(a) is np.ndarray and a.size >= SPLIT and type(axis) is int:
            plain = dtype is None and initial is np._NoValue and where is True and a.flags.c_contiguous
            if plain and -a.ndim <= axis < a.ndim and axis % a.ndim and len(a) >= THREADS > 1:
                return reduce_in_parts(ufunc, a, axis % a.ndim, keepdims)
        if initial is np._NoValue and where is True:  # each argument more takes some time
            return reduce(a, axis, dtype, None, keepdims)
        return reduce(a, axis, dtype, None, keepdims, initial, where)

    return forward


def spread_view(g: Array, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array | None:
    """Return the cotangent of a reduction's result as a view in the shape of the operand; None for what is unusual."""
    if type(g) is np.float64:  # as below, without the call
        return np.ndarray(shape, FLOAT64, g, 0, (0,) * len(shape)) if shape else g
    if type(g) is np.float32:
        return constant_view(g, shape) if shape else g
    if type(g) is np.ndarray:
        if g.shape == shape:
            return g
        if g.size == 1:
            return constant_view(g, shape)
        if type(axis) is int and g.flags.forc and g.size:
            k, strides = axis % len(shape), g.strides
            return np.ndarray(shape, g.dtype, g, 0, (*strides[:k], 0, *strides[k + 1 if keepdims else k :]))
    return None


def spread_sum(
    g: Array,
    a: Spec,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = 0,
    where: Any = True,
) -> Array:
    view = spread_view(g, a.shape, axis, keepdims)
    if view is not None:
        return view if where is True else np.where(where, view, 0)
    return sum_adjoint(g, a, axis, dtype, keepdims, initial, where)


faster(np.sum, spread_sum, forward=reducing(np.add))
faster(np.nansum, of_numbers(spread_sum))

# --- products --------------------------------------------------------------------------------------------------------


def divisible(ans: Array) -> bool:
    """Tell whether these products can be divided by their factors: none is zero, infinite, or has lost digits."""
    kind = type(as_form(ans))
    if kind is np.ndarray:
        if not ans.size:
            return False
        size = abs(ans)
        return bool(size.min() > 1e-290 and size.max() < np.inf)
    return bool(kind in (np.float64, np.complex128) and 1e-290 < abs(ans) < np.inf)


def divided_prod(
    g: Array,
    ans: Array,
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = 1,
    where: Any = True,
) -> Array:
    """Divide by the one element, in place of multiplying all others."""
    bare = where is True and type(as_form(a)) is np.ndarray and type(as_form(g)) is type(as_form(ans)) and in_sight(a)
    if bare and a.dtype.char in "dD" and a.dtype == ans.dtype and divisible(ans):
        return expand(g * ans, axis, keepdims) / a
    return prod_vjp(g, ans, a, axis, dtype, keepdims, initial, where)


divided_nanprod = without_nan(divided_prod)
faster(np.prod, divided_prod, jvp=reduction_jvp(divided_prod), forward=reducing(np.multiply))
faster(np.nanprod, divided_nanprod, jvp=reduction_jvp(divided_nanprod))

# --- extrema ---------------------------------------------------------------------------------------------------------


_add: Any = np.add.reduce


def at_extrema(
    g: Array,
    ans: Array,
    a: Array,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Array:
    """Count the elements that are the result: most of the time there is one in each place, and `g` is put there."""
    if initial is None and where is True and type(a) is np.ndarray:
        if axis is None and (type(g) is np.float64 or (type(g) is np.float32 and a.flags.c_contiguous)):
            hit = a == ans
            n = np.count_nonzero(hit)
            if n == 1:
                pulled = np.zeros(a.shape, a.dtype)
                pulled.reshape(-1)[hit.argmax()] = g
                return pulled
            if n:
                return np.where(hit, g / n, 0)
        elif type(g) is np.ndarray and a.ndim:
            value, share = (ans, g) if keepdims else (expand(ans, axis, False), expand(g, axis, False))
            hit = a == value
            if np.count_nonzero(hit) == g.size and is_clean(value):
                pulled = np.zeros(a.shape, g.dtype)
                np.copyto(pulled, share, where=hit)  # one for each: no NaN, so that each has one, and no ties
                return pulled
            each = _add(hit, axis, None, None, True)
            if each.all():
                return np.where(hit, share / each, 0)
    return extremum_vjp(g, ans, a, axis, keepdims, initial, where)


def one_place_each(g: Array, ans: Array, a: Array, axis: Axis = None, keepdims: bool = False, **unusual: Any) -> Any:
    """Return the same for rows of a large array of which each has one element that is the result, as a `Scatter`."""
    if unusual or a.size < LARGE or axis not in (-1, a.ndim - 1):
        return NotImplemented
    found = np.flatnonzero(ufunc_in_parts(np.equal, a, expand(ans, axis, keepdims)))
    if found.size != g.size or not is_clean(ans):
        return NotImplemented
    return Scatter(found, g.reshape(-1), _add_at_flat)


def _add_at_flat(buffer: Array, places: Array, g: Array) -> None:
    buffer.flat[places] += g


_by_derivatives = reduction_jvp(at_extrema)
_USUAL = {"axis", "keepdims"}


def extremum_jvp(tangents: Sequence[Array], ans: Array, a: Array, **params: Any) -> Array:
    """Sum up the tangents where there is one element that is the result, without an array of derivatives."""
    t = tangents[0]
    if type(t) is np.ndarray is type(a) and type(ans) is np.ndarray and params.keys() <= _USUAL:
        axis, keepdims = params.get("axis"), params.get("keepdims", False)
        value = ans if keepdims else expand(ans, axis, False)
        hit = a == value
        if np.count_nonzero(hit) == ans.size and is_clean(value):
            return _add(t * hit, axis, None, None, keepdims)
    return _by_derivatives(tangents, ans, a, **params)


for largest in (np.max, np.amax):
    faster(largest, at_extrema, jvp=extremum_jvp, forward=reducing(np.maximum), sparse=one_place_each)
for least in (np.min, np.amin):
    faster(least, at_extrema, jvp=extremum_jvp, forward=reducing(np.minimum), sparse=one_place_each)
for func in (np.nanmax, np.nanmin, FOLDS[np.fmax], FOLDS[np.fmin]):
    faster(func, at_extrema, jvp=extremum_jvp)
