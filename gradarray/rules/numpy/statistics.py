"""Averages and variances, order statistics, correlation and histograms, in the order of NumPy's reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec
from ...kernels.gate import PLAIN
from ...tape.wrapping import bare, has_variable, unwrap
from ..names import warning_there
from ..primitives import scatter, standing_for
from ..registry import composite, linear, nondifferentiable, rule, straight
from ..signature import constant, not_differentiable, parameter_names
from .kinks import at_kink, smooth_square, unknown
from .reductions import BARE, FLOAT64, Axis, array, axes_of, count, expand, hits, rows, spread, unrows

add: Any = np.add.reduce

# --- order statistics ------------------------------------------------------------------------------------------------


def _share(x: Array, value: Array, g: Array) -> Array:
    """Share `g` evenly between the elements of each row that have the value, which may be NaN."""
    hit, n = hits(x, value[..., None], -1)
    return np.where(hit, g[..., None] / n, 0)


def _neighbours(x: Array, ranks: Callable[[int], Array], skip_nan: bool) -> Iterator[tuple[Array, Array, Array]]:
    """Return for each quantile the values between which it lies, and how far towards the second, for each row of x."""
    n = x.shape[-1]
    ordered = np.sort(x, axis=-1)
    if not skip_nan:
        for place in ranks(n):
            k = int(place)
            yield ordered[..., k], ordered[..., min(k + 1, n - 1)], place - k
        return
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
            pulled = pulled + _share(x, value, one)
    else:
        for one, value, (low, high, t) in zip(g, ans, _neighbours(x, ranks, skip_nan), strict=True):
            undefined = value != value
            pulled = pulled + _share(x, np.where(undefined, value, low), one * (1 - t))
            pulled = pulled + _share(x, np.where(undefined, value, high), one * t)
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
        return plain(array(a), axis=axis, keepdims=keepdims)

    rule(plain, vjp, holomorphic=False, selects=True)
    composite(func, body)


def _fixed(func: Callable[..., Any], name: str, value: Any) -> Any:
    """Return the bare value of a parameter that no derivative flows to."""
    raw = unwrap(value)
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
        return plain(array(a), q=q, axis=axis, method=method, keepdims=keepdims, weights=weights)

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


def check_axis(func: Callable[..., Any], a: Array, axis: Axis) -> None:
    """Raise NumPy's own error for an axis that is not there."""
    if axis is not None and not all(-a.ndim <= k < a.ndim for k in (axis if isinstance(axis, Sequence) else (axis,))):
        func(np.zeros((1,) * a.ndim), axis=axis)


# --- averages --------------------------------------------------------------------------------------------------------


def _over(g: Array, n: int) -> Array:
    """Divide by a count, which can be larger than float16's largest number."""
    return g / n if n <= 65504 else g * (1 / n)


def _spread_mean(g: Array, a: Array | Spec, axis: Axis, keepdims: Any, where: Any) -> Array:
    """Return the cotangent of each element of which a mean is taken, where there is a mask of those."""
    where = np.broadcast_to(where, a.shape)
    return np.where(where, spread(g / np.sum(where, axis=axis, keepdims=keepdims), a, axis, keepdims), 0)


def mean_adjoint(
    g: Array, a: Spec, axis: Axis = None, dtype: Any = None, keepdims: bool = False, *, where: Any = True
) -> Array:
    if where is not True:
        return _spread_mean(g, a, axis, keepdims, where)
    n = a.size if axis is None else count(a, axis)
    return spread(g / n if type(g) is np.float64 else _over(g, n), a, axis, keepdims)


def nanmean_vjp(
    g: Array, _ans: Any, a: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, *, where: Any = True
) -> Array:
    return _spread_mean(g, a, axis, keepdims, np.logical_not(np.isnan(a)) & where)


_mean = warning_there(np.mean)


def mean_forward(a: Array, axis: Axis = None, dtype: Any = None, keepdims: Any = False, where: Any = True) -> Array:
    if a.dtype is FLOAT64 and dtype is None and where is True and a.ndim:
        n = a.size if axis is None else count(a, axis)
        if n:
            return add(a, axis, None, None, keepdims) / n
    return _mean(a, axis=axis, dtype=dtype, keepdims=keepdims, where=where)


linear(np.mean, mean_adjoint, forward=mean_forward)
rule(np.nanmean, nanmean_vjp, holomorphic=False, selects=True)


def average(a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    a = array(a)
    if weights is None:
        avg = np.mean(a, axis=axis, keepdims=keepdims)
        n = a.size / avg.size
        return (avg, np.ones_like(avg) * n) if returned else avg
    weights = array(weights)
    if a.shape != weights.shape:
        np.average(np.zeros(a.shape), axis, np.ones(weights.shape))  # NumPy's own error for a mistake
        axes = axes_of(axis, a.ndim)
        weights = np.transpose(weights, sorted(range(len(axes)), key=axes.__getitem__))
        weights = np.reshape(weights, tuple(n if k in axes else 1 for k, n in enumerate(a.shape)))
    check_axis(np.average, a, axis)
    if a.dtype.kind in "iub":
        a = a.astype(float)
    total = np.sum(weights, axis=axis, dtype=np.result_type(a.dtype, weights.dtype), keepdims=keepdims)
    if np.any(total == 0):
        np.average(np.zeros(1), weights=np.zeros(1))  # NumPy's own error
    avg = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    if not returned:
        return avg
    return avg, total if total.shape == avg.shape else np.broadcast_to(total, avg.shape)


composite(np.average, average, anew=lambda args, kwargs: len(args) > 3 or bool(kwargs.get("returned")))

# --- variances -------------------------------------------------------------------------------------------------------


def _freedom(a: Array | Spec, axis: Axis, ddof: float, keepdims: Any, where: Any) -> Any:
    """Return the number that the squares are divided by."""
    if where is True:
        return max(count(a, axis) - ddof, 0)
    n = np.sum(np.broadcast_to(where, a.shape), axis=axis, keepdims=keepdims)
    return np.maximum(n - ddof, 0)


def _pull_squares(
    g: Array, a: Array, axis: Axis, dtype: Any, ddof: float, keepdims: bool, where: Any, mean: Any
) -> Array:
    """Return the cotangent that `g`, the one of a variance, has for each element."""
    freedom = _freedom(a, axis, ddof, keepdims, where)
    if where is True and freedom:
        g = _over(g, freedom / 2)
        if type(a) is np.ndarray and a.dtype is FLOAT64 and type(g) in BARE and mean is None is dtype:
            d = a - add(a, axis, None, None, True) / count(a, axis)
            d *= expand(g, axis, keepdims)
            return d
    else:  # where nothing is left to divide by, the result is not finite
        none = np.asarray(freedom) == 0
        g = unknown(g, none) / np.where(none, 1, freedom / 2)
    if not np.size(a):
        mean = 0  # as good as any, and NumPy has warned of none
    elif mean is None:
        some = where if where is True else where | ~np.any(np.broadcast_to(where, a.shape), axis=axis, keepdims=True)
        mean = np.mean(a, axis=axis, dtype=dtype, keepdims=True, where=some)
    pulled = expand(g, axis, keepdims) * (a - mean)
    return pulled if where is True else np.where(where, pulled, 0)


def var_vjp(
    g: Array,
    _ans: Any,
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
) -> Array:
    return _pull_squares(g, a, axis, dtype, ddof, keepdims, where, mean)


def _are_equal(a: Array, ans: Array, axis: Axis, keepdims: bool, where: Any) -> Any:
    """Tell which standard deviations are those of equal elements; None where it is certain that none is.

    The mean of equal elements is rounded, so that the deviation need not be zero; but it is small beside any of them.
    """
    a, ans = bare(a), bare(ans)
    if not a.size:
        return None
    if where is True:
        axes = axes_of(axis, a.ndim)
        some = np.abs(a[tuple([slice(1) if k in axes else slice(None) for k in range(a.ndim)])])
    else:
        some = np.max(np.abs(a), axis=axis, keepdims=True, initial=0, where=where)
    if not np.any(expand(ans, axis, keepdims) <= np.finfo(ans.dtype).eps ** 0.5 * some):
        return None
    parts = (np.real(a), np.imag(a)) if np.iscomplexobj(a) else (a,)
    equal = True
    for part in parts:
        most = np.max(part, axis=axis, keepdims=keepdims, initial=-np.inf, where=where)
        equal = equal & (most == np.min(part, axis=axis, keepdims=keepdims, initial=np.inf, where=where))
    return equal


def std_vjp(
    g: Array,
    ans: Array,
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
) -> Array:
    """Return zero where all elements are equal, the only place without a derivative."""
    usual = type(ans) is np.float64 and where is True and type(a) is np.ndarray and a.size
    usual = usual and 1e-6 * abs(a.item(0)) < ans < np.inf
    if not usual:
        g = unknown(g, np.asarray(_freedom(a, axis, ddof, keepdims, where)) == 0)
    equal = None if usual else _are_equal(a, ans, axis, keepdims, where)
    g = g / (2 * ans) if equal is None else g * np.logical_not(equal) / np.where(equal, 1, 2 * ans)
    pulled = _pull_squares(g, a, axis, dtype, ddof, keepdims, where, mean)
    return pulled if equal is None else at_kink(pulled, expand(equal, axis, keepdims), a)


def _declare_variance(func: Callable[..., Any], root: bool, skip_nan: bool) -> Callable[..., Any]:
    """Declare a function, and return the part of it that has the rule."""
    numpys = warning_there(func)

    @standing_for(func)
    def plain(
        a: Array,
        axis: Axis = None,
        dtype: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        where: Any = True,
        mean: Any = None,
    ) -> Array:
        usual = type(a) is np.ndarray and a.ndim and a.dtype is FLOAT64 and where is True and mean is None is dtype
        if usual and not skip_nan:
            n = count(a, axis)
            if n > ddof:
                # The same steps as in NumPy, without its preparations, which take longer on small arrays.
                d = a - add(a, axis, None, None, True) / n
                d *= d
                ans: Array = add(d, axis, None, None, keepdims) / (n - ddof)
                return np.sqrt(ans) if root else ans
        given: dict[str, Any] = {} if mean is None else {"mean": mean}
        return numpys(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, where=where, **given)

    def nanvar_vjp(
        g: Array,
        ans: Array,
        a: Array,
        axis: Axis = None,
        dtype: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        where: Any = True,
        mean: Any = None,
    ) -> Array:
        there = np.logical_not(np.isnan(a)) & where
        return (std_vjp if root else var_vjp)(g, ans, a, axis, dtype, ddof, keepdims, there, mean)

    vjp = nanvar_vjp if skip_nan else std_vjp if root else var_vjp
    rule(plain, vjp, holomorphic=False, selects="nan" if skip_nan else False)

    def body(
        a: Any,
        axis: Axis = None,
        dtype: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        where: Any = True,
        mean: Any = np._NoValue,
        correction: Any = np._NoValue,
    ) -> Array:
        a = array(a)
        if correction is not np._NoValue:
            if ddof:
                func(np.zeros(1), ddof=ddof, correction=correction)  # NumPy's own error
            ddof = correction
        if mean is not np._NoValue and (type(mean) not in PLAIN or np.iscomplexobj(mean)):
            check_axis(func, a, axis)
            ans = _about(a, array(mean), axis, dtype, ddof, keepdims, where, skip_nan)
            return np.sqrt(ans) if root else ans
        given: dict[str, Any] = {"mean": mean} if mean is not np._NoValue and mean is not None else {}
        if axis is not None:
            given["axis"] = axis
        if ddof:
            given["ddof"] = ddof
        if keepdims:
            given["keepdims"] = True
        if where is not True or dtype is not None:
            given.update(where=where, dtype=dtype)
        return plain(a, **given)

    composite(func, body, anew=lambda _args, kwargs: "mean" in kwargs)
    straight(func, plain, ("axis",), ("ddof", "keepdims"))
    return plain


def _about(
    a: Array, mean: Array, axis: Axis, dtype: Any, ddof: float, keepdims: Any, where: Any, skip_nan: bool
) -> Array:
    """Return the variance about a mean that is a variable itself."""
    if skip_nan:
        there = np.logical_not(np.isnan(a))
        a, where = np.where(there, a, 0), there & where
    d = a - mean
    squares = np.real(d * np.conj(d)) if a.dtype.kind == "c" else d * d
    if skip_nan and squares.dtype.kind == "c":  # a complex mean of real numbers; np.var then returns the complex square
        squares = np.real(d) ** 2
    total = np.sum(squares, axis=axis, dtype=dtype, keepdims=keepdims, where=where)
    freedom = np.asarray(_freedom(a, axis, ddof, keepdims, where), total.dtype)
    return total / (np.where(freedom, freedom, np.nan) if skip_nan else freedom)


for skip_nan, (variance, deviation) in enumerate(((np.var, np.std), (np.nanvar, np.nanstd))):
    smooth_square(
        _declare_variance(deviation, root=True, skip_nan=bool(skip_nan)),
        _declare_variance(variance, root=False, skip_nan=bool(skip_nan)),
    )

# --- correlation -----------------------------------------------------------------------------------------------------


def _observations(m: Any, rowvar: bool, dtype: Any, first: bool) -> Array:
    x = m if m.ndim == 2 else np.reshape(m, (1, -1))
    if not rowvar and (m.ndim != 1 if first else x.shape[0] != 1):
        x = np.transpose(x)
    return x if x.dtype == dtype else x.astype(dtype)


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Array:
    ddof = constant(np.cov, "ddof", ddof)
    m, y, fweights, aweights = (None if x is None else array(x) for x in (m, y, fweights, aweights))
    data = [m] if y is None else [m, y]
    dtype = np.dtype(np.result_type(*(x.dtype for x in data), float) if dtype is None else dtype)
    weights = [np.real(w) for w in (fweights, aweights) if w is not None]
    weights = [w if w.dtype == float else w.astype(float) for w in weights]
    fine = all(x.ndim <= 2 for x in data) and all(w.ndim == 1 and not np.any(w < 0) for w in weights)
    if fine and fweights is not None:
        fine = bool(np.all(weights[0] == np.around(weights[0])))
    x = [_observations(v, rowvar, dtype, v is m) for v in data] if fine else []
    fine = fine and len({len(w) for w in weights} | {v.shape[1] for v in x}) == 1
    if not fine or (ddof is not None and ddof != int(ddof)):
        np.cov(*unwrap((m, y, rowvar, bias, ddof, fweights, aweights)), dtype=dtype)  # NumPy's own error
    if not x[0].shape[0]:
        return np.real(np.dot(x[0], np.transpose(x[0]))).astype(float)
    both = x[0] if len(x) == 1 else np.concatenate(x, axis=0)
    ddof = int(not bias) if ddof is None else ddof
    w = None if not weights else weights[0] if len(weights) == 1 else weights[0] * weights[1]
    freedom: Any = both.shape[1] - ddof
    if w is None:
        centred = both - np.mean(both, axis=1, keepdims=True)
        weighted = centred
    else:
        mean = np.average(both, axis=1, weights=w)
        total = np.sum(w, dtype=np.finfo(np.result_type(dtype, float)).dtype)
        freedom = total - (ddof if aweights is None else ddof * np.sum(w * weights[-1]) / total)
        centred = both - mean[:, None]
        weighted = centred * w
    if freedom <= 0:  # NumPy has warned
        freedom = 0.0
    c = np.dot(centred, np.transpose(np.conj(weighted) if dtype.kind == "c" else weighted))
    scaled = c * np.true_divide(1, freedom)
    return np.squeeze(scaled if scaled.dtype == c.dtype else scaled.astype(c.dtype))


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    c: Any = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(np.real(np.diagonal(c)))
    c = c / deviation[:, None] / deviation[None, :]
    if c.dtype.kind == "c":
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return np.clip(c, -1, 1)


def corrcoef_20(
    x: Any, y: Any = None, rowvar: bool = True, bias: Any = np._NoValue, ddof: Any = np._NoValue, *, dtype: Any = None
) -> Array:
    return corrcoef(x, y, rowvar, dtype=dtype)  # they have had no effect since NumPy 1.10


composite(np.cov, cov, anew=True)
composite(np.corrcoef, corrcoef_20 if "bias" in (parameter_names(np.corrcoef) or ()) else corrcoef, anew=True)

# --- histograms ------------------------------------------------------------------------------------------------------
# Counts are constants, and sums of weights are linear in the weights. Edges between the least and the largest number
# follow these, and so do densities, which are divided by the widths.


@standing_for(np.histogram_bin_edges)
def plain_edges(a: Array, *args: Any) -> Array:
    """Return the edges of the bins as bare numbers."""
    return np.histogram_bin_edges(a, *args)


@standing_for(np.histogramdd)
def plain_histogramdd(sample: Array, *args: Any) -> tuple[Array, Any]:
    """Return counts and edges as bare numbers."""
    return np.histogramdd(sample, *args)


nondifferentiable(plain_edges, plain_histogramdd)


def _zeros(weights: Any) -> Array | None:
    if weights is None:
        return None
    weights = array(weights)
    return np.zeros(weights.shape, weights.dtype)


def _follow(edges: Array, a: Array, range: Any) -> Array:
    """Return edges between the ends of the range, or the least and the largest number, as functions of these."""
    if range is None:
        if not a.size:
            return edges + np.sum(a)
        if a.dtype.kind != "f":
            return edges
        low, high = np.min(a), np.max(a)
    elif has_variable(range):
        low, high = range
    else:
        return edges
    # What is added is zero, so that the edges keep their values to the last bit.
    if bare(low) == bare(high):  # NumPy then goes half a unit to each side
        return edges + (low - (edges[0] + 0.5))
    share = (edges - edges[0]) / (edges[-1] - edges[0])
    return edges + ((low - edges[0]) * (1 - share) + (high - edges[-1]) * share)


def _plain_bins(func: Any, bins: Any) -> Any:
    """Return bins as bare numbers; edges may be variables, but not how many bins there are."""
    for b in bins if isinstance(bins, (list, tuple)) else (bins,):
        if not isinstance(b, str) and np.ndim(b) == 0:
            constant(func, "bins", b)
    return bare(bins)


def _bin_numbers(a: Array, edges: Array) -> Array:
    """Return the number of the bin that each element falls into; the last one is closed at both ends."""
    if not len(edges):
        return np.full(a.shape, -1)
    return np.where(a == edges[-1], len(edges) - 1, np.searchsorted(edges, a, side="right")) - 1


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    a, bins = array(a), array(bins) if isinstance(bins, (list, tuple)) else bins
    edges = plain_edges(a, _plain_bins(np.histogram_bin_edges, bins), bare(range), _zeros(weights))
    if not isinstance(bins, str) and np.ndim(bins) == 1:
        return array(bins)
    return _follow(edges, a, range)


def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    a, bins = array(a), array(bins) if isinstance(bins, (list, tuple)) else bins
    fixed = plain_edges(a, _plain_bins(np.histogram, bins), bare(range), _zeros(weights))
    n = max(len(fixed) - 1, 0)
    place = np.ravel(_bin_numbers(a, fixed))
    inside = (place >= 0) & (place < n)
    if weights is None:
        counts: Array = np.bincount(place[inside], minlength=n)
    else:
        w = np.ravel(array(weights))[inside]
        narrow = w.dtype.kind == "f" and w.dtype.itemsize < 8
        counts = scatter(w.astype(float) if narrow else w, index=place[inside], shape=(n,))
        counts = counts.astype(w.dtype) if narrow else counts
    edges = histogram_bin_edges(a, bins, range, weights)
    if density:
        widths = np.diff(edges)
        counts = counts / (widths if widths.dtype == float else widths.astype(float)) / np.sum(counts)
    return counts, edges


def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if not hasattr(sample, "shape"):
        sample = np.stack([array(column) for column in sample])
        sample = np.transpose(np.atleast_2d(sample))
    elif sample.ndim != 2:
        sample = np.transpose(np.atleast_2d(sample))
    if isinstance(bins, (list, tuple)):
        bins = [array(b) if isinstance(b, (list, tuple)) else b for b in bins]
    counts, fixed = plain_histogramdd(sample, _plain_bins(np.histogramdd, bins), bare(range), None, _zeros(weights))
    columns = [sample[:, k] for k in np.arange(sample.shape[1])]
    several = bins if hasattr(bins, "__len__") else [bins] * len(columns)
    ranges = [None] * len(columns) if range is None else range
    edges = [
        array(b) if np.ndim(b) else _follow(plain, column, r)
        for b, r, plain, column in zip(several, ranges, fixed, columns, strict=True)
    ]
    if weights is not None:
        places = [_bin_numbers(column, plain) for column, plain in zip(columns, fixed, strict=True)]
        inside = np.all([(p >= 0) & (p < n) for p, n in zip(places, counts.shape, strict=True)], axis=0)
        weights = array(weights)[inside]
        weights = weights if weights.dtype == float else weights.astype(float)
        counts = scatter(weights, index=tuple(p[inside] for p in places), shape=counts.shape)
    if density:
        total = np.sum(counts)
        for k, e in enumerate(edges):
            counts = counts / np.expand_dims(np.diff(e), tuple(i for i, _ in enumerate(edges) if i != k))
        counts = counts / total
    return counts, edges


def histogram2d(x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if len(x) != len(y):
        np.histogram2d(np.zeros(len(x)), np.zeros(len(y)))  # NumPy's own error
    if hasattr(bins, "__len__") and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, edges = histogramdd([x, y], bins, range, density, weights)
    return counts, edges[0], edges[1]


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Array:
    x, minlength = bare(array(x)), constant(np.bincount, "minlength", minlength)
    if weights is None:
        return np.bincount(x, None, minlength)
    weights = array(weights)
    n = len(np.bincount(x, np.zeros(weights.shape, weights.dtype), minlength))  # NumPy's own error for a mistake
    return scatter(weights if weights.dtype == float else weights.astype(float), index=x, shape=(n,))


composite(np.histogram, histogram, anew=True)
composite(np.histogram2d, histogram2d, anew=True)
composite(np.histogramdd, histogramdd, anew=True)
composite(np.histogram_bin_edges, histogram_bin_edges, anew=True)
composite(np.bincount, bincount)
nondifferentiable(np.digitize)
