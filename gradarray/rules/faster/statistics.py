"""Means and variances of plain arrays, without NumPy's preparations, which take longer on small arrays.

The steps are NumPy's own, and so are the values to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.arrays import FLOAT32, FLOAT64, Array, Spec
from ..names import warning_there
from ..numpy.axes import Axis, count, expand
from ..numpy.statistics import averaging, averaging_numbers, deviating, over, pull_squares, std, var
from ..registry import faster
from .reductions import spread_sum

_BARE = (np.ndarray, np.float64)  # what a first-order sweep hands to a rule
_add: Any = np.add.reduce

# --- averages --------------------------------------------------------------------------------------------------------

_numpys_mean = warning_there(np.mean)


def mean(a: Array, axis: Axis = None, dtype: Any = None, keepdims: Any = False, where: Any = True) -> Array:
    if (a.dtype is FLOAT64 or a.dtype is FLOAT32) and dtype is None and where is True and a.ndim:
        n = a.size if axis is None else count(a, axis)
        if 0 < n <= 2**24:  # which single precision can tell
            return _add(a, axis, None, None, keepdims) / n
    return _numpys_mean(a, axis=axis, dtype=dtype, keepdims=keepdims, where=where)


_mean_adjoint = averaging(spread_sum)


def spread_mean(
    g: Array, a: Spec, axis: Axis = None, dtype: Any = None, keepdims: bool = False, *, where: Any = True
) -> Array:
    if axis is None and where is True:
        if type(g) is np.float64:
            return spread_sum(g / a.size, a)
        if type(g) is np.float32:
            return spread_sum(over(g, a.size), a)
    return _mean_adjoint(g, a, axis, dtype, keepdims, where=where)


faster(np.mean, spread_mean, forward=mean)
faster(np.nanmean, averaging_numbers(_mean_adjoint))

# --- variances -------------------------------------------------------------------------------------------------------


def _pull_squares(
    g: Array, a: Array, axis: Axis, dtype: Any, ddof: float, keepdims: bool, where: Any, mean: Any
) -> Array:
    if type(a) is np.ndarray and a.dtype is FLOAT64 and type(g) in _BARE and where is True and mean is None is dtype:
        n = count(a, axis)
        if n > ddof:
            d = a - _add(a, axis, None, None, True) / n
            d *= expand(over(g, (n - ddof) / 2), axis, keepdims)
            return d
    return pull_squares(g, a, axis, dtype, ddof, keepdims, where, mean)


def pull_var(
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


_of_any_size = deviating(_pull_squares)


def pull_std(
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
    """Ask nothing more of one deviation that is far from 0."""
    usual = type(ans) is np.float64 and where is True and type(a) is np.ndarray and a.size
    if usual and 1e-6 * abs(a.item(0)) < ans < np.inf:
        return _pull_squares(g / (2 * ans), a, axis, dtype, ddof, keepdims, where, mean)
    return _of_any_size(g, ans, a, axis, dtype, ddof, keepdims, where, mean)


def _variance(numpys: Callable[..., Array], root: bool) -> Callable[..., Array]:
    def forward(
        a: Array,
        axis: Axis = None,
        dtype: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        where: Any = True,
        mean: Any = None,
    ) -> Array:
        if type(a) is np.ndarray and a.ndim and a.dtype is FLOAT64 and where is True and mean is None is dtype:
            n = count(a, axis)
            if n > ddof:
                d = a - _add(a, axis, None, None, True) / n
                d *= d
                ans: Array = _add(d, axis, None, None, keepdims) / (n - ddof)
                return np.sqrt(ans) if root else ans
        return numpys(a, axis, dtype, ddof, keepdims, where, mean)

    return forward


faster(var, pull_var, forward=_variance(var, False))
faster(std, pull_std, forward=_variance(std, True))
