"""Reductions: sums, products and extrema along axes, in the order of NumPy's reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec
from ...tape.wrapping import bare, has_variable, stack_nested
from ..primitives import primitive, standing_for
from ..registry import composite, linear, lowered, nondifferentiable, rule
from ..signature import constant, parameter_kinds
from .axes import Axis, axes_of, expand, rows, spread, unrows

# --- sums ------------------------------------------------------------------------------------------------------------


def sum_adjoint(
    g: Array,
    a: Spec,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = 0,
    where: Any = True,
) -> Array:
    g = spread(g, a, axis, keepdims)
    return g if where is True else np.where(where, g, 0)


def of_numbers(sum_adjoint: Callable[..., Array]) -> Callable[..., Array]:
    """Make the vjp of the sum of what is no NaN from the adjoint of the sum."""

    def nansum_vjp(
        g: Array,
        _ans: Any,
        a: Array,
        axis: Axis = None,
        dtype: Any = None,
        keepdims: bool = False,
        initial: Any = 0,
        where: Any = True,
    ) -> Array:
        return np.where(np.isnan(a), 0, sum_adjoint(g, a, axis, dtype, keepdims, initial, where))

    return nansum_vjp


linear(np.sum, sum_adjoint)
rule(np.nansum, of_numbers(sum_adjoint), holomorphic=False, selects=True)

# --- products --------------------------------------------------------------------------------------------------------


def reduction_jvp(vjp: Callable[..., Array]) -> Callable[..., Array]:
    """Make the jvp of a reduction: each element counts in one result alone, so the vjp of ones has all derivatives."""

    def jvp(tangents: Sequence[Array], ans: Array, a: Array, **params: Any) -> Array:
        one = ans.dtype.type(1)
        derivatives = vjp(np.full(ans.shape, one) if ans.ndim else one, ans, a, **params)
        return np.sum(derivatives * tangents[0], axis=params.get("axis"), keepdims=params.get("keepdims", False))

    return jvp


def running_product_before(x: Array) -> Array:
    """Return the product of all elements before each one, along the last axis."""
    return np.cumprod(np.concatenate([np.ones_like(x[..., :1]), x[..., :-1]], axis=-1), axis=-1)


def prod_vjp(
    g: Array,
    ans: Array,
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = 1,
    where: Any = True,
) -> Array:
    """Multiply all other elements, from both sides, so that zeros are exact at every order."""
    shape = a.shape
    g = expand(g, axis, keepdims)
    if where is not True:
        a = np.where(where, a, 1)
    if dtype is not None:
        a = a.astype(dtype)
    axes = axes_of(axis, len(shape))
    x = rows(a, axes)
    if x.shape[-1]:
        x = running_product_before(x) * running_product_before(x[..., ::-1])[..., ::-1]
    pulled = g * unrows(x, axes, shape) * initial
    return pulled if where is True else np.where(where, pulled, 0)


def without_nan(prod_vjp: Callable[..., Array]) -> Callable[..., Array]:
    """Make the vjp of the product of what is no NaN from that of the product."""

    def nanprod_vjp(
        g: Array,
        ans: Array,
        a: Array,
        axis: Axis = None,
        dtype: Any = None,
        keepdims: bool = False,
        initial: Any = 1,
        where: Any = True,
    ) -> Array:
        there = np.logical_not(np.isnan(a)) & where
        return prod_vjp(g, ans, a, axis, dtype, keepdims, initial, True if np.all(there) else there)

    return nanprod_vjp


nanprod_vjp = without_nan(prod_vjp)
rule(np.prod, prod_vjp, jvp=reduction_jvp(prod_vjp))
rule(np.nanprod, nanprod_vjp, jvp=reduction_jvp(nanprod_vjp), selects="nan")

# --- start values ----------------------------------------------------------------------------------------------------
# A start value that is a variable is one more operand.


@standing_for(np.sum)
def started_sum(
    a: Array, initial: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, where: Any = True
) -> Array:
    return np.sum(a, axis, dtype, None, keepdims, initial, where)


@standing_for(np.prod)
def started_prod(
    a: Array, initial: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, where: Any = True
) -> Array:
    return np.prod(a, axis, dtype, None, keepdims, initial, where)


rule(
    started_sum,
    lambda g, _ans, a, _initial, axis=None, dtype=None, keepdims=False, where=True: sum_adjoint(
        g, a, axis, dtype, keepdims, where=where
    ),
    lambda g, _ans, _a, _initial, axis=None, dtype=None, keepdims=False, where=True: g,
    holomorphic=False,
)
rule(
    started_prod,
    lambda g, ans, a, initial, axis=None, dtype=None, keepdims=False, where=True: prod_vjp(
        g, ans, a, axis, dtype, keepdims, initial, where
    ),
    lambda g, _ans, a, _initial, axis=None, dtype=None, keepdims=False, where=True: (
        g * np.prod(a, axis, dtype, keepdims=keepdims, where=where)
    ),
)


def start_with(func: Callable[..., Any], started: Callable[..., Any], there: Callable[..., Any] | None = None) -> None:
    """Let `started` answer the calls of a reduction whose start value is a variable.

    ``there(a)`` tells which elements count, and is not given where all do.
    """
    names = parameter_kinds(func)[0]

    def lower(args: Any, kwargs: dict[str, Any]) -> Any:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        if not has_variable(given.get("initial")) or len(args) > len(names):
            return NotImplemented
        given = {name: value for name, value in given.items() if value is not np._NoValue}
        a, initial = given.pop("a"), given.pop("initial")
        for name, value in given.items():
            constant(func, name, value)
        if np.ndim(initial):
            func(bare(a), initial=bare(initial), **bare(given))  # NumPy's own error
        if there is not None:
            given["where"] = there(bare(a)) & bare(given.get("where", True))
        return started(stack_nested(a), initial, **bare(given))

    lowered(func, lower, unusual=True)


def _is_number(a: Any) -> Any:
    return np.logical_not(np.isnan(a))


start_with(np.sum, started_sum)
start_with(np.prod, started_prod)
start_with(np.nansum, started_sum, _is_number)
start_with(np.nanprod, started_prod, _is_number)

# --- extrema ---------------------------------------------------------------------------------------------------------


def hits(a: Array, value: Array, axis: Axis, where: Any = True) -> tuple[Array, Array]:
    """Tell which elements are equal to the value found along an axis, and how many; a NaN is equal to a NaN."""
    hit = a == value if where is True else (a == value) & where
    n = np.sum(hit, axis=axis, keepdims=True)
    return (hit, n) if np.all(n) else _all_hits(a, value, axis, where)


def _all_hits(a: Array, value: Array, axis: Axis, where: Any) -> tuple[Array, Array]:
    """Return which elements are equal to the value found, a NaN among them, and how many."""
    hit = ((a == value) | ((a != a) & (value != value))) & where
    return hit, np.sum(hit, axis=axis, keepdims=True)


def extremum_vjp(
    g: Array,
    ans: Array,
    a: Array,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Array:
    """Share `g` evenly between the elements that are the result; if that is NaN, between the NaNs."""
    ans, g = expand(ans, axis, keepdims), expand(g, axis, keepdims)
    if initial is None:
        hit, n = hits(a, ans, axis, where)
    else:  # it may be that no element is the result
        hit, n = _all_hits(a, ans, axis, where)
        n = n + ((ans == initial) | ((ans != ans) & (initial != initial)))
    return np.where(hit, g / n, 0)


def started_extremum(
    reduce: Callable[..., Any],
) -> Callable[..., Any]:
    """Make a maximum or minimum in which the start value is one more candidate."""

    @standing_for(reduce)
    def started(a: Array, initial: Array, axis: Axis = None, keepdims: bool = False, where: Any = True) -> Array:
        return reduce(a, axis, None, keepdims, initial, where)

    def start_vjp(
        g: Array, ans: Array, a: Array, initial: Array, axis: Axis = None, keepdims: bool = False, where: Any = True
    ) -> Array:
        ans, g = expand(ans, axis, keepdims), expand(g, axis, keepdims)
        won = (ans == initial) | ((ans != ans) & (initial != initial))
        hit = ((a == ans) | ((a != a) & (ans != ans))) & where
        return np.where(won, g / (1 + np.sum(hit, axis=axis, keepdims=True)), 0)

    rule(
        started,
        lambda g, ans, a, initial, axis=None, keepdims=False, where=True: extremum_vjp(
            g, ans, a, axis, keepdims, initial, where
        ),
        start_vjp,
        holomorphic=False,
        selects=True,
    )
    return started


for extremum in (np.max, np.amax, np.min, np.amin, np.nanmax, np.nanmin):
    rule(extremum, extremum_vjp, jvp=reduction_jvp(extremum_vjp), holomorphic=False, selects=True)
started_max, started_min = started_extremum(np.max), started_extremum(np.min)
for largest in (np.max, np.amax):
    start_with(largest, started_max)
for least in (np.min, np.amin):
    start_with(least, started_min)
start_with(np.nanmax, started_max, _is_number)
start_with(np.nanmin, started_min, _is_number)
composite(
    np.ptp, lambda a, axis=None, keepdims=False: np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)
)

# --- reductions by other ufuncs --------------------------------------------------------------------------------------


def log_sum_vjp(
    g: Array,
    ans: Array,
    a: Array,
    exp: np.ufunc,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Array:
    """Multiply by exp(a - ans), the share of an element in the sum; infinite ones that are equal share evenly."""
    ans, g = expand(ans, axis, keepdims), expand(g, axis, keepdims)
    hit, n = hits(a, ans, axis, where)
    if initial is not None:
        n = n + (ans == initial)
    infinite = np.isinf(ans)
    gap = np.where(infinite | np.logical_not(where), 0, a - np.where(infinite, 0, ans))
    return np.where(where, g * np.where(infinite, hit / np.where(infinite, n, 1), exp(gap)), 0)


def _declare_fold(ufunc: np.ufunc, vjp: Callable[..., Array], **options: Any) -> Callable[..., Array]:
    """Declare the reduction by a ufunc that NumPy has no function for."""
    reduce: Any = ufunc.reduce

    @primitive
    def fold(a: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Array:
        return reduce(a, axis, None, None, keepdims, np._NoValue if initial is None else initial, where)

    fold.__name__ = f"{ufunc.__name__}.reduce"
    rule(fold, vjp, jvp=reduction_jvp(vjp), **options)
    return fold


def _log_sum(exp: np.ufunc) -> Callable[..., Array]:
    def vjp(
        g: Array,
        ans: Array,
        a: Array,
        axis: Axis = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Array:
        return log_sum_vjp(g, ans, a, exp, axis, keepdims, initial, where)

    return vjp


# Element by element, ties would be shared between each and all those before it.
FOLDS: dict[np.ufunc, Callable[..., Array]] = {
    np.fmax: _declare_fold(np.fmax, extremum_vjp, holomorphic=False, selects=True),
    np.fmin: _declare_fold(np.fmin, extremum_vjp, holomorphic=False, selects=True),
    np.logaddexp: _declare_fold(np.logaddexp, _log_sum(np.exp)),
    np.logaddexp2: _declare_fold(np.logaddexp2, _log_sum(np.exp2)),
}

# --- places and counts -----------------------------------------------------------------------------------------------

nondifferentiable(
    np.argmax,
    np.argmin,
    np.nanargmax,
    np.nanargmin,
    np.count_nonzero,
)
