"""Order statistics: medians and quantiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...tape.wrapping import bare, has_variable
from ..names import warning_there
from ..primitives import standing_for
from ..registry import composite, rule
from ..signature import not_differentiable, parameter_names
from .axes import Axis, axes_of, rows, unrows
from .reductions import hits
from .shape import as_array


def _evenly(x: Array, value: Array, g: Array) -> Array:
    """Share `g` evenly between the elements of each row that have the value, which may be NaN."""
    hit, n = hits(x, value[..., None], -1)
    return np.where(hit, g[..., None] / n, 0)


def _neighbours(x: Array, ranks: Callable[[int], Array], skip_nan: bool) -> Iterator[tuple[Array, Array, Array]]:
    """Return for each quantile the values between which it lies, and how far towards the second, for each row of x."""
    n = x.shape[-1]
    if not skip_nan:
        each = [(place, int(place), min(int(place) + 1, n - 1)) for place in ranks(n)]
        ordered = np.partition(x, sorted({k for _, *both in each for k in both}), axis=-1)
        for place, k, following in each:
            yield ordered[..., k], ordered[..., following], place - k
        return
    ordered = np.sort(x, axis=-1)
    there = np.sum(np.logical_not(np.isnan(x)), axis=-1)
    sizes, which = np.unique(there, return_inverse=True)
    table = np.stack([ranks(max(int(size), 1)) for size in sizes], axis=-1)
    for places in table[:, np.reshape(which, there.shape)]:
        k = places.astype(int)
        both = np.stack([k, np.minimum(k + 1, n - 1)], axis=-1)
        values = np.take_along_axis(ordered, both, axis=-1)
        yield values[..., 0], values[..., 1], places - k


def order_statistic_vjp(
    g: Array, ans: Array, a: Array, axis: Axis, ranks: Callable[[int], Array] | None, skip_nan: bool
) -> Array:
    """Pull `g` back to the elements between which a quantile interpolates; equal ones share evenly, as for np.max.

    A NaN result passes the gradient to the NaNs. `ranks` tells the places of the quantiles among n sorted numbers, a
    fraction where one lies between two; without it each quantile is an element.
    """
    if not (a.size and g.size):
        return np.zeros(a.shape, a.dtype)
    axes = axes_of(axis, a.ndim)
    x = rows(a, axes)
    g, ans = (np.reshape(value, (-1, *x.shape[:-1])) for value in (g, ans))
    pulled: Any = 0
    if ranks is None or not (skip_nan or np.any(ranks(x.shape[-1]) % 1)):
        for one, value in zip(g, ans, strict=True):
            pulled = pulled + _evenly(x, value, one)
    else:
        for one, value, (low, high, t) in zip(g, ans, _neighbours(x, ranks, skip_nan), strict=True):
            undefined = value != value
            pulled = pulled + _evenly(x, np.where(undefined, value, low), one * (1 - t))
            pulled = pulled + _evenly(x, np.where(undefined, value, high), one * t)
    return unrows(pulled, axes, a.shape)


def _declare_median(func: Callable[..., Any], skip_nan: bool) -> None:
    numpys = warning_there(func)

    @standing_for(func)
    def plain(a: Array, axis: Axis = None, keepdims: bool = False) -> Array:
        return numpys(a, axis=axis, keepdims=keepdims)

    def vjp(g: Array, ans: Array, a: Array, axis: Axis = None, keepdims: bool = False) -> Array:
        return order_statistic_vjp(g, ans, a, axis, lambda n: np.array([(n - 1) / 2]), skip_nan)

    # The tape needs the input as it is, so that it is never overwritten.
    def body(a: Any, axis: Axis = None, overwrite_input: bool = False, keepdims: bool = False) -> Array:
        return plain(as_array(a), axis=axis, keepdims=keepdims)

    rule(plain, vjp, holomorphic=False, selects=True)
    composite(func, body)


def _fixed(func: Callable[..., Any], name: str, value: Any) -> Any:
    """Return the bare value of a parameter that no derivative flows to."""
    raw = bare(value)
    if has_variable(value) or not (isinstance(raw, (np.ndarray, np.generic)) or not hasattr(raw, "__array_function__")):
        raise not_differentiable(func, name)
    return raw


def _declare_quantile(func: Callable[..., Any], ranks: Callable[..., Array], skip_nan: bool) -> None:
    numpys = warning_there(func)

    @standing_for(func)
    def plain(
        a: Array, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False, weights: Any = None
    ) -> Array:
        return numpys(a, q, axis=axis, method=method, keepdims=keepdims, weights=weights)

    def vjp(
        g: Array,
        ans: Array,
        a: Array,
        *,
        q: Any,
        axis: Axis = None,
        method: str = "linear",
        keepdims: bool = False,
        weights: Any = None,
    ) -> Array:
        # A quantile of the numbers 0, 1, 2, ... is its own place among them, whatever the method.
        places = None if weights is not None else lambda n: np.ravel(ranks(np.arange(float(n)), q, method=method))
        return order_statistic_vjp(g, ans, a, axis, places, skip_nan)

    def body(
        a: Any,
        q: Any,
        axis: Axis = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: bool = False,
        *,
        weights: Any = None,
    ) -> Array:
        q, weights = _fixed(func, "q", q), _fixed(func, "weights", weights)
        return plain(as_array(a), q=q, axis=axis, method=method, keepdims=keepdims, weights=weights)

    def body_20(
        a: Any,
        q: Any,
        axis: Axis = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: bool = False,
        *,
        weights: Any = None,
        interpolation: str | None = None,
    ) -> Array:
        return body(a, q, axis, overwrite_input, interpolation or method, keepdims, weights=weights)

    rule(plain, vjp, holomorphic=False, selects=True)
    # The old name of method= was there until NumPy 2.3.
    composite(func, body_20 if "interpolation" in (parameter_names(func) or ()) else body)


_declare_median(np.median, False)
_declare_median(np.nanmedian, True)
_declare_quantile(np.percentile, np.percentile, False)
_declare_quantile(np.quantile, np.quantile, False)
_declare_quantile(np.nanpercentile, np.percentile, True)
_declare_quantile(np.nanquantile, np.quantile, True)
