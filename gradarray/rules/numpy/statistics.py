"""Averages, variances and correlation, in the order of NumPy's reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec
from ...kernels.guests import decided
from ...tape.wrapping import bare
from ..kinks import at_kink, smooth_square, unknown
from ..names import warning_there
from ..primitives import standing_for
from ..registry import composite, linear, rule, straight
from ..signature import constant, parameter_names
from .axes import Axis, axes_of, count, expand
from .reductions import sum_adjoint
from .shape import as_array

# --- averages --------------------------------------------------------------------------------------------------------


def check_axis(func: Callable[..., Any], a: Array, axis: Axis) -> None:
    """Raise NumPy's own error for an axis that is not there."""
    if axis is not None and not all(-a.ndim <= k < a.ndim for k in (axis if isinstance(axis, Sequence) else (axis,))):
        func(np.zeros((1,) * a.ndim), axis=axis)


def over(g: Array, n: float) -> Array:
    """Divide by a count, which can be larger than float16's largest number."""
    return g / n if n <= 65504 else g * (1 / n)


def averaging(sum_adjoint: Callable[..., Array]) -> Callable[..., Array]:
    """Make the adjoint of the mean from that of the sum."""

    def mean_adjoint(
        g: Array, a: Spec, axis: Axis = None, dtype: Any = None, keepdims: bool = False, *, where: Any = True
    ) -> Array:
        if where is True:
            g = over(g, count(a, axis))
        else:
            where = np.broadcast_to(where, a.shape)
            g = g / np.sum(where, axis=axis, keepdims=keepdims)
        return sum_adjoint(g, a, axis, None, keepdims, 0, where)

    return mean_adjoint


def averaging_numbers(mean_adjoint: Callable[..., Array]) -> Callable[..., Array]:
    """Make the vjp of the mean of what is no NaN from the adjoint of the mean."""

    def nanmean_vjp(
        g: Array,
        _ans: Any,
        a: Array,
        axis: Axis = None,
        dtype: Any = None,
        keepdims: bool = False,
        *,
        where: Any = True,
    ) -> Array:
        return mean_adjoint(g, a, axis, dtype, keepdims, where=np.logical_not(np.isnan(a)) & where)

    return nanmean_vjp


mean_adjoint = averaging(sum_adjoint)
linear(np.mean, mean_adjoint)
rule(np.nanmean, averaging_numbers(mean_adjoint), holomorphic=False, selects=True)


def average(a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    a = as_array(a)
    if weights is None:
        avg = np.mean(a, axis=axis, keepdims=keepdims)
        n = a.size / avg.size
        return (avg, np.ones_like(avg) * n) if returned else avg
    weights = as_array(weights)
    if a.shape != weights.shape:
        np.average(np.zeros(a.shape), axis, np.ones(weights.shape))  # NumPy's own error for a mistake
        axes = axes_of(axis, a.ndim)
        weights = np.transpose(weights, sorted(range(len(axes)), key=axes.__getitem__))
        weights = np.reshape(weights, tuple(n if k in axes else 1 for k, n in enumerate(a.shape)))
    check_axis(np.average, a, axis)
    if a.dtype.kind in "iub":
        a = a.astype(float)
    total = np.sum(weights, axis=axis, dtype=np.result_type(a.dtype, weights.dtype), keepdims=keepdims)
    if decided(np.any(total == 0)):
        np.average(np.zeros(1), weights=np.zeros(1))  # NumPy's own error
    avg = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    if not returned:
        return avg
    return avg, total if total.shape == avg.shape else np.broadcast_to(total, avg.shape)


composite(np.average, average, anew=lambda args, kwargs: len(args) > 3 or bool(kwargs.get("returned")))

# --- variances -------------------------------------------------------------------------------------------------------


def _freedom(a: Array | Spec, axis: Axis, ddof: float, keepdims: Any, where: Any) -> Any:
    """Return the number that the squares are divided by."""
    n = _number(a, axis, keepdims, where)
    return max(n - ddof, 0) if where is True else np.maximum(n - ddof, 0)


def _number(a: Array | Spec, axis: Axis, keepdims: Any, where: Any) -> Any:
    """Return how many elements each variance is of."""
    if where is True:
        return count(a, axis)
    return np.sum(np.broadcast_to(where, a.shape), axis=axis, keepdims=keepdims)


def pull_squares(
    g: Array, a: Array, axis: Axis, dtype: Any, ddof: float, keepdims: bool, where: Any, mean: Any
) -> Array:
    """Return the cotangent that `g`, the one of a variance, has for each element."""
    freedom = _freedom(a, axis, ddof, keepdims, where)
    if where is True and freedom:
        g = over(g, freedom / 2)
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
    return pull_squares(g, a, axis, dtype, ddof, keepdims, where, mean)


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


def deviating(pull_squares: Callable[..., Array]) -> Callable[..., Array]:
    """Make the vjp of a standard deviation from what pulls a cotangent back through its square."""

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
        """Return zero where all elements are equal, the only place without a derivative; of one alone it has one."""
        g = unknown(g, np.asarray(_freedom(a, axis, ddof, keepdims, where)) == 0)
        equal = _are_equal(a, ans, axis, keepdims, where)
        g = g / (2 * ans) if equal is None else g * np.logical_not(equal) / np.where(equal, 1, 2 * ans)
        pulled = pull_squares(g, a, axis, dtype, ddof, keepdims, where, mean)
        if equal is None:
            return pulled
        return at_kink(pulled, expand(equal & (_number(a, axis, keepdims, where) != 1), axis, keepdims), a, axis)

    return std_vjp


std_vjp = deviating(pull_squares)


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
        a = as_array(a)
        if correction is not np._NoValue:
            if ddof:
                func(np.zeros(1), ddof=ddof, correction=correction)  # NumPy's own error
            ddof = correction
        if mean is not np._NoValue and not _is_real_constant(mean):
            check_axis(func, a, axis)
            ans = _about(a, as_array(mean), axis, dtype, ddof, keepdims, where, skip_nan)
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


def _is_real_constant(mean: Any) -> bool:
    return isinstance(mean, (np.ndarray, np.generic, float, int)) and not np.iscomplexobj(mean)


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


var, std = _declare_variance(np.var, False, False), _declare_variance(np.std, True, False)
nanvar, nanstd = _declare_variance(np.nanvar, False, True), _declare_variance(np.nanstd, True, True)
smooth_square(std, var)
smooth_square(nanstd, nanvar)

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
    m, y, fweights, aweights = (None if x is None else as_array(x) for x in (m, y, fweights, aweights))
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
        np.cov(*bare((m, y, rowvar, bias, ddof, fweights, aweights)), dtype=dtype)  # NumPy's own error
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
