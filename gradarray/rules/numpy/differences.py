"""Running sums and products, and differences, in the order of NumPy's reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec
from ..primitives import standing_for
from ..registry import composite, linear, rule, straight
from .axes import along
from .reductions import running_product_before
from .shape import as_array

# --- running sums ----------------------------------------------------------------------------------------------------


def from_the_end(g: Array, axis: int) -> Array:
    """Return the running sum that starts at the end of an axis."""
    backwards = along(axis, g.ndim, slice(None, None, -1))
    return np.cumsum(g[backwards], axis=axis)[backwards]


def cumsum_adjoint(g: Array, a: Spec, axis: int | None = None, dtype: Any = None) -> Array:
    """Return the sums from each element to the end."""
    return np.reshape(from_the_end(g, 0), a.shape) if axis is None else from_the_end(g, axis)


linear(np.cumsum, cumsum_adjoint)
rule(
    np.nancumsum,
    lambda g, _ans, a, axis=None, dtype=None: np.where(np.isnan(a), 0, cumsum_adjoint(g, a, axis, dtype)),
    holomorphic=False,
    selects=True,
)

# --- running products ------------------------------------------------------------------------------------------------


def _recurrence(g: Array, x: Array) -> Array:
    """Return s with ``s[i] = g[i] + x[i + 1] * s[i + 1]`` along the last axis.

    The distance that is bridged doubles with every pass (Hillis and Steele, Data parallel algorithms, CACM 1986), and
    nothing is divided, so that zeros are exact at every order.
    """
    s, factor, step, n = g, x[..., 1:], 1, x.shape[-1]
    while step < n:
        s = np.concatenate([s[..., :-step] + factor * s[..., step:], s[..., -step:]], axis=-1)
        factor = factor[..., : max(n - 2 * step, 0)] * factor[..., step:]
        step *= 2
    return s


def cumprod_vjp(g: Array, ans: Array, a: Array, axis: int | None = None, dtype: Any = None) -> Array:
    shape = a.shape
    if dtype is not None:
        a = a.astype(dtype)
    if axis is None or a.ndim == 0:
        a, axis = np.reshape(a, -1), 0
    x = np.moveaxis(a, axis, -1)
    pulled = running_product_before(x) * _recurrence(np.moveaxis(g, axis, -1), x) if a.size else x
    return np.reshape(np.moveaxis(pulled, -1, axis), shape)


def over_gaps(cumprod_vjp: Callable[..., Array]) -> Callable[..., Array]:
    """Make the vjp of the running product of what is no NaN from that of the running product."""

    def nancumprod_vjp(g: Array, ans: Array, a: Array, axis: int | None = None, dtype: Any = None) -> Array:
        gap = np.isnan(a)
        return np.where(gap, 0, cumprod_vjp(g, ans, np.where(gap, 1, a), axis, dtype))

    return nancumprod_vjp


rule(np.cumprod, cumprod_vjp)
rule(np.nancumprod, over_gaps(cumprod_vjp), selects="nan")


def cumulative_sum_adjoint(
    g: Array, x: Spec, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Array:
    axis = 0 if axis is None else axis
    return from_the_end(g[along(axis, g.ndim, slice(1, None))] if include_initial else g, axis)


def with_initial(cumprod_vjp: Callable[..., Array]) -> Callable[..., Array]:
    """Make the vjp of the array API's running product, which may start with a one, from that of NumPy's."""

    def cumulative_prod_vjp(
        g: Array, ans: Array, x: Array, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
    ) -> Array:
        axis = 0 if axis is None else axis
        if include_initial:
            later = along(axis, g.ndim, slice(1, None))
            g, ans = g[later], ans[later]
        return cumprod_vjp(g, ans, x, axis, dtype)

    return cumulative_prod_vjp


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    linear(np.cumulative_sum, cumulative_sum_adjoint)
    rule(np.cumulative_prod, with_initial(cumprod_vjp))

# --- differences -----------------------------------------------------------------------------------------------------


@standing_for(np.diff)
def difference(a: Array, n: int = 1, axis: int = -1) -> Array:
    """Return np.diff, without ends to put before and behind."""
    return np.diff(a, n, axis)


def difference_adjoint(g: Array, a: Spec, n: int = 1, axis: int = -1) -> Array:
    if n and a.shape[axis] <= n:
        return np.zeros(a.shape, a.dtype)
    for _ in range(n):
        later, earlier = along(axis, a.ndim, slice(1, None)), along(axis, a.ndim, slice(None, -1))
        edge = np.zeros_like(g[along(axis, a.ndim, slice(1))])
        padded = np.concatenate([edge, g, edge], axis=axis)
        g = padded[earlier] - padded[later]
    return g


linear(difference, difference_adjoint)


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue) -> Array:
    a = as_array(a)
    if n == 0:
        return a
    if n < 0 or a.ndim == 0:
        np.diff(np.zeros(a.shape), n)  # NumPy's own error
    ends: list[Any] = [value if value is np._NoValue else as_array(value) for value in (prepend, append)]
    if not all(end is np._NoValue for end in ends):
        edge = tuple(1 if k == axis % a.ndim else length for k, length in enumerate(a.shape))
        front, back = ([] if e is np._NoValue else [e if e.ndim else np.broadcast_to(e, edge)] for e in ends)
        a = np.concatenate([*front, a, *back], axis=axis)
    return difference(a, n=n, axis=axis)


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Array:
    ary = np.ravel(as_array(ary))
    pieces = [ary[1:] - ary[:-1]]
    ends = [None if end is None else np.ravel(as_array(end)) for end in (to_begin, to_end)]
    for end, place in zip(ends, (0, 2), strict=True):
        if end is not None:
            if not np.can_cast(end.dtype, ary.dtype, "same_kind"):
                np.ediff1d(np.zeros(2, ary.dtype), np.zeros(1, end.dtype))  # NumPy's own error
            pieces.insert(place, end if end.dtype == ary.dtype else end.astype(ary.dtype))
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


composite(np.diff, diff)
composite(np.ediff1d, ediff1d, anew=True)
straight(np.diff, difference, ("n", "axis"))
