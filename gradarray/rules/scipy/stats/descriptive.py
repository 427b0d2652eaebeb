"""Statistics of samples: means, moments, transformations, correlation, tests."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....tape.wrapping import bare, has_variable
from ..declared import function
from ..unswitched import special
from .robust import cut_off
from .samples import complete, count, of_samples, raised

_PROPAGATE = "propagate"


def _only(name: str, **odd: Any) -> None:
    """Raise for parameters whose meaning is not known here."""
    given = [key for key, value in odd.items() if value is not None]
    if given:
        raise TypeError(f"scipy.stats.{name} of a variable: {', '.join(given)} is not known here")


def _constant(name: str, parameter: str, value: Any) -> Any:
    if has_variable(value):
        raise TypeError(f"scipy.stats.{name} has no derivative by {parameter}; pass it as a constant")
    return bare(value)


def _array(a: Any) -> Any:
    return a if hasattr(a, "dtype") else np.asarray(a)


def count_along(a: Any, axis: Any) -> int:
    shape = np.shape(a)
    return math.prod(shape if axis is None else [shape[i] for i in np.atleast_1d(axis)])


# --- moments ----------------------------------------------------------------------------------------------------------


def moment(
    a: Any, order: Any = 1, axis: Any = 0, nan_policy: str = _PROPAGATE, *, center: Any = None, keepdims: bool = False
) -> Any:
    complete("moment", nan_policy, a)
    order = _constant("moment", "order", order)
    if np.ndim(order):
        return np.stack([moment(a, k, axis, center=center, keepdims=keepdims) for k in order])
    if center is None:
        center = np.mean(a, axis=axis, keepdims=True)
    if order == 0:
        return np.mean(0 * a + 1, axis=axis, keepdims=keepdims)
    return _mean_power(a - center, int(order), axis, keepdims)


def _mean_power(off: Any, order: int, axis: Any, keepdims: bool) -> Any:
    powers = raised(off, n=order) if order >= 0 else off**order
    return np.mean(powers, axis=axis, keepdims=keepdims)


def skew(a: Any, axis: Any = 0, bias: bool = True, nan_policy: str = _PROPAGATE, *, keepdims: bool = False) -> Any:
    complete("skew", nan_policy, a)
    off = a - np.mean(a, axis=axis, keepdims=True)
    second, third = (_mean_power(off, k, axis, keepdims) for k in (2, 3))
    found = third / second**1.5
    n = count_along(a, axis)
    return found if bias or n < 3 else found * math.sqrt((n - 1.0) * n) / (n - 2.0)


def kurtosis(
    a: Any,
    axis: Any = 0,
    fisher: bool = True,
    bias: bool = True,
    nan_policy: str = _PROPAGATE,
    *,
    keepdims: bool = False,
) -> Any:
    complete("kurtosis", nan_policy, a)
    off = a - np.mean(a, axis=axis, keepdims=True)
    second, fourth = (_mean_power(off, k, axis, keepdims) for k in (2, 4))
    found = fourth / second**2
    n = count_along(a, axis)
    if not bias and n > 3:
        found = 1 / (n - 2) / (n - 3) * ((n**2 - 1.0) * found - 3 * (n - 1) ** 2.0) + 3.0
    return found - 3 if fisher else found


def variation(a: Any, axis: Any = 0, nan_policy: str = _PROPAGATE, ddof: int = 0, *, keepdims: bool = False) -> Any:
    complete("variation", nan_policy, a)
    return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims) / np.mean(a, axis=axis, keepdims=keepdims)


def sem(a: Any, axis: Any = 0, ddof: int = 1, nan_policy: str = _PROPAGATE, *, keepdims: bool = False) -> Any:
    complete("sem", nan_policy, a)
    return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims) / math.sqrt(count_along(a, axis))


function("scipy.stats", moment, skew, kurtosis, variation, sem)

# --- standard scores --------------------------------------------------------------------------------------------------


def zmap(scores: Any, compare: Any, axis: Any = 0, ddof: int = 0, nan_policy: str = _PROPAGATE) -> Any:
    complete("zmap", nan_policy, scores, compare)
    mean = np.mean(compare, axis=axis, keepdims=True)
    return (scores - mean) / np.std(compare, axis=axis, ddof=ddof, keepdims=True)


def zscore(a: Any, axis: Any = 0, ddof: int = 0, nan_policy: str = _PROPAGATE) -> Any:
    complete("zscore", nan_policy, a)
    return zmap(a, a, axis, ddof)


def gzscore(a: Any, *, axis: Any = 0, ddof: int = 0, nan_policy: str = _PROPAGATE) -> Any:
    complete("gzscore", nan_policy, a)
    return zscore(np.log(a), axis, ddof)


function("scipy.stats", zmap, zscore, gzscore)

# --- means ------------------------------------------------------------------------------------------------------------


def _mean(a: Any, axis: Any, weights: Any, keepdims: bool) -> Any:
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    weights = np.broadcast_to(weights, np.shape(a))
    return np.sum(a * weights, axis=axis, keepdims=keepdims) / np.sum(weights, axis=axis, keepdims=keepdims)


def gmean(
    a: Any,
    axis: Any = 0,
    dtype: Any = None,
    weights: Any = None,
    nan_policy: str = _PROPAGATE,
    *,
    keepdims: bool = False,
) -> Any:
    complete("gmean", nan_policy, a)
    _only("gmean", dtype=dtype)
    return np.exp(_mean(np.log(a), axis, weights, keepdims))


def hmean(
    a: Any,
    axis: Any = 0,
    dtype: Any = None,
    *,
    weights: Any = None,
    nan_policy: str = _PROPAGATE,
    keepdims: bool = False,
) -> Any:
    complete("hmean", nan_policy, a)
    _only("hmean", dtype=dtype)
    return 1 / _mean(1 / _array(a), axis, weights, keepdims)


def pmean(
    a: Any,
    p: Any,
    *,
    axis: Any = 0,
    dtype: Any = None,
    weights: Any = None,
    nan_policy: str = _PROPAGATE,
    keepdims: bool = False,
) -> Any:
    complete("pmean", nan_policy, a)
    _only("pmean", dtype=dtype)
    if not has_variable(p) and p == 0:
        return gmean(a, axis, weights=weights, keepdims=keepdims)
    return _mean(_array(a) ** p, axis, weights, keepdims) ** (1 / p)


@of_samples("a")
def trim_mean(a: Any, proportiontocut: float) -> Any:
    if 2 * int(proportiontocut * count(a)) == count(a):
        return np.mean(a[..., :0], axis=-1)  # nothing is left, and SciPy does not mind
    return np.mean(cut_off(a, proportiontocut, True, True, -1), axis=-1)


def tmean(
    a: Any,
    limits: Any = None,
    inclusive: Any = (True, True),
    axis: Any = None,
    *,
    nan_policy: str = _PROPAGATE,
    keepdims: bool = False,
) -> Any:
    complete("tmean", nan_policy, a)
    low, high = (None, None) if limits is None else limits
    values = bare(a)
    inside = np.ones(np.shape(a), bool)
    if low is not None:
        inside &= values >= low if inclusive[0] else values > low
    if high is not None:
        inside &= values <= high if inclusive[1] else values < high
    total = np.sum(np.where(inside, a, 0), axis=axis, keepdims=keepdims)
    return total / np.sum(inside, axis=axis, keepdims=keepdims)


def iqr(
    x: Any,
    axis: Any = None,
    rng: Any = (25, 75),
    scale: Any = 1.0,
    nan_policy: str = _PROPAGATE,
    interpolation: Any = "linear",
    keepdims: bool = False,
) -> Any:
    complete("iqr", nan_policy, x)
    if scale == "normal":
        scale = 2 * special.erfinv(0.5) * math.sqrt(2)
    low, high = sorted(rng)
    found = [np.percentile(x, q, axis=axis, method=interpolation, keepdims=keepdims) for q in (low, high)]
    return (found[1] - found[0]) / scale


function("scipy.stats", gmean, hmean, pmean, tmean, iqr)

# --- information ------------------------------------------------------------------------------------------------------


def entropy(
    pk: Any,
    qk: Any = None,
    base: Any = None,
    axis: Any = 0,
    *,
    nan_policy: str = _PROPAGATE,
    keepdims: bool = False,
) -> Any:
    complete("entropy", nan_policy, pk)
    pk = pk / np.sum(pk, axis=axis, keepdims=True)
    other = None if qk is None else qk / np.sum(qk, axis=axis, keepdims=True)
    terms = special.entr(pk) if other is None else special.rel_entr(pk, other)
    found = np.sum(terms, axis=axis, keepdims=keepdims)
    return found if base is None else found / np.log(base)


function("scipy.stats", entropy)

# --- distances of samples ---------------------------------------------------------------------------------------------


def _cdf_distance(p: int, u: Any, v: Any, u_weights: Any, v_weights: Any) -> Any:
    """Return the integral of a power of the difference of two empirical distribution functions, and its root."""
    u, v = _array(u), _array(v)
    joined = np.concatenate([u, v])
    order = np.argsort(bare(joined), kind="stable")
    gaps = np.diff(joined[order])

    def cumulative(weights: Any, n: int, first: bool) -> Any:
        weights = np.ones(n) if weights is None else _array(weights)
        zeros = np.zeros(len(order) - n)
        placed = np.concatenate([weights, zeros] if first else [zeros, weights])[order]
        return np.cumsum(placed)[:-1] / np.sum(weights)

    apart = cumulative(u_weights, np.size(u), True) - cumulative(v_weights, np.size(v), False)
    if p == 1:
        return np.sum(np.abs(apart) * gaps)
    return np.sqrt(np.sum(apart**2 * gaps))


def wasserstein_distance(u_values: Any, v_values: Any, u_weights: Any = None, v_weights: Any = None) -> Any:
    return _cdf_distance(1, u_values, v_values, u_weights, v_weights)


def energy_distance(u_values: Any, v_values: Any, u_weights: Any = None, v_weights: Any = None) -> Any:
    return math.sqrt(2) * _cdf_distance(2, u_values, v_values, u_weights, v_weights)


function("scipy.stats", wasserstein_distance, energy_distance)
