"""Statistics of samples of which a part is left out, or which are sorted: quantiles, L-moments, spacings, bins."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from ....tape.wrapping import bare
from ...primitives import scatter
from ..standing import stands_for
from ..unswitched import special
from ..values import as_double, either
from .samples import count, last, of_precision, of_samples

# --- within limits ----------------------------------------------------------------------------------------------------


def _outside(a: Any, low: Any, high: Any, inclusive: Any) -> Any:
    values = bare(a)
    out = np.zeros(np.shape(values), bool)
    if low is not None:
        out = out | (values < low if inclusive[0] else values <= low)
    if high is not None:
        out = out | (values > high if inclusive[1] else values >= high)
    return out


def _within(a: Any, limits: Any, inclusive: Any, ddof: Any) -> tuple[Any, Any]:
    """Return the variance of those numbers that are within limits, and how many there are."""
    low, high = (None, None) if limits is None else limits
    out = _outside(a, low, high, inclusive)
    n = np.sum(~out, axis=-1)
    mean = np.sum(np.where(out, 0, a), axis=-1) / n
    return np.sum(np.where(out, 0, a - last(mean)) ** 2, axis=-1) / (n - ddof), n


@of_samples("a")
def tvar(a: Any, limits: Any = None, inclusive: Any = (True, True), ddof: Any = 1) -> Any:
    return _within(a, limits, inclusive, ddof)[0]


@of_samples("a")
def tstd(a: Any, limits: Any = None, inclusive: Any = (True, True), ddof: Any = 1) -> Any:
    return np.sqrt(tvar(a, limits, inclusive, ddof))


@of_samples("a")
def tsem(a: Any, limits: Any = None, inclusive: Any = (True, True), ddof: Any = 1) -> Any:
    variance, n = _within(a, limits, inclusive, ddof)
    return np.sqrt(variance) / np.sqrt(n)


def _extreme(a: Any, out: Any, best: Callable[..., Any], none: float) -> Any:
    found = best(np.where(out, none, a), axis=-1)
    return np.where(np.all(out, axis=-1), np.nan, found)


@of_samples("a")
def tmin(a: Any, lowerlimit: Any = None, inclusive: bool = True) -> Any:
    return _extreme(a, _outside(a, lowerlimit, None, (inclusive, True)), np.min, np.inf)


@of_samples("a")
def tmax(a: Any, upperlimit: Any = None, inclusive: bool = True) -> Any:
    return _extreme(a, _outside(a, None, upperlimit, (True, inclusive)), np.max, -np.inf)


@stands_for("scipy.stats", "a")
def trimboth(a: Any, proportiontocut: float, axis: Any = 0) -> Any:
    return cut_off(a, proportiontocut, True, True, axis)


@stands_for("scipy.stats", "a")
def trim1(a: Any, proportiontocut: float, tail: str = "right", axis: Any = 0) -> Any:
    return cut_off(a, proportiontocut, tail.lower() == "left", tail.lower() == "right", axis)


def cut_off(a: Any, share: float, left: bool, right: bool, axis: Any) -> Any:
    """Return an array without its smallest or largest numbers; the others are partitioned as in the library."""
    if axis is None:
        a, axis = np.ravel(a), 0
    n = np.shape(a)[axis]
    cut = int(share * n)
    low, high = cut if left else 0, n - cut if right else n
    if low >= high:
        raise ValueError("Proportion too big.")
    order = np.argpartition(bare(a), (low, high - 1), axis)
    kept = np.moveaxis(np.moveaxis(order, axis, 0)[low:high], 0, axis)
    return np.take_along_axis(a, kept, axis)


SigmaclipResult = namedtuple("SigmaclipResult", ["clipped", "lower", "upper"])


@stands_for("scipy.stats", "a", "low", "high")
def sigmaclip(a: Any, low: Any = 4.0, high: Any = 4.0) -> Any:
    kept = np.ravel(a)
    while True:
        mean, deviation = np.mean(kept), np.std(kept)
        lower, upper = mean - deviation * low, mean + deviation * high
        inside = (bare(kept) >= bare(lower)) & (bare(kept) <= bare(upper))
        kept = kept[inside]
        if np.all(inside):
            return SigmaclipResult(kept, lower, upper)


@of_samples("x", by=("scale",))
def median_abs_deviation(x: Any, center: Any = None, scale: Any = 1.0) -> Any:
    center = np.median if center is None else center
    if isinstance(scale, str):
        if scale.lower() != "normal":
            raise ValueError(f"{scale} is not a valid scale value.")
        scale = 0.6744897501960817  # special.ndtri(0.75)
    return np.median(np.abs(x - last(center(x, axis=-1))), axis=-1) / scale


# --- quantiles --------------------------------------------------------------------------------------------------------

_STEPS = {"inverted_cdf", "averaged_inverted_cdf", "closest_observation"}


def _between(x: Any, p: Any, method: str) -> Any:
    """Return quantiles of numbers along the last axis, between two of them (Hyndman and Fan, 1996)."""
    n = count(x)
    shift = {
        "inverted_cdf": 0.0,
        "averaged_inverted_cdf": 0.0,
        "closest_observation": -0.5,
        "interpolated_inverted_cdf": 0.0,
        "hazen": 0.5,
        "weibull": p,
        "linear": 1 - p,
        "median_unbiased": p / 3 + 1 / 3,
        "normal_unbiased": p / 4 + 3 / 8,
    }[method]
    place = p * n + shift
    j = np.floor(bare(place)) - 1
    part = place - 1 - j
    if method in _STEPS:
        part = bare(part)
        if method == "closest_observation":
            part = 1.0 - ((part == 0) & (j % 2 == 1))
        else:
            part = (part > 0) * 1.0 if method == "inverted_cdf" else (1.0 + (part > 0)) / 2
    part = np.where(j < 0, 0, part)
    low, high = (in_order(x, np.clip(i, 0, n - 1).astype(int)) for i in (j, j + 1))
    return (1 - part) * low + part * high


def in_order(x: Any, places: Any) -> Any:
    """Return from each row those numbers that would stand at some places if it were sorted."""
    wanted = np.unique(places)
    values = bare(x)
    order = np.argpartition(values, wanted, axis=-1) if len(wanted) < 9 else np.argsort(values, axis=-1)
    return np.take_along_axis(x, np.take_along_axis(order, places, axis=-1), axis=-1)


def _weighted(ordered: Any, p: Any) -> Any:
    """Return quantiles as means of all numbers, weighted by a beta distribution (Harrell and Davis, 1982)."""
    n = count(ordered)
    at = last(p)
    whole = special.betainc(at * (n + 1), (1 - at) * (n + 1), np.arange(n + 1.0) / n)
    return np.sum(np.diff(whole, axis=-1) * ordered[..., None, :], axis=-1)


@stands_for("scipy.stats", "x", "p")
def quantile(
    x: Any,
    p: Any,
    method: str = "linear",
    axis: Any = 0,
    nan_policy: str = "propagate",
    keepdims: Any = None,
    weights: Any = None,
) -> Any:
    options = {} if weights is None else {"weights": weights}
    like = stats.quantile(
        bare(x), bare(p), method=method, axis=axis, nan_policy=nan_policy, keepdims=keepdims, **options
    )
    if weights is not None or np.any(np.isnan(bare(x))) or method.startswith("round"):
        raise TypeError("scipy.stats.quantile of a variable: weights, NaNs, and method='round_...' are not known here")
    ndim = 1 if axis is None else max(np.ndim(x), np.ndim(p))
    rows, levels = (_last_of(z, ndim, axis) for z in (x, p))
    shape = np.broadcast_shapes(np.shape(rows)[:-1], np.shape(levels)[:-1])
    rows = np.broadcast_to(rows, (*shape, count(rows)))
    levels = np.broadcast_to(levels, (*shape, count(levels)))
    of_all = method == "harrell-davis"
    found = _weighted(np.sort(rows, axis=-1), levels) if of_all else _between(rows, levels, method)
    found = np.reshape(np.moveaxis(found, -1, 0 if axis is None else axis), np.shape(like))
    return of_precision(found, [like])


def _last_of(x: Any, ndim: int, axis: Any) -> Any:
    """Return an array of so many axes with one of them as the last."""
    if axis is None:
        return np.ravel(x)
    return np.moveaxis(np.reshape(x, (*(1,) * (ndim - np.ndim(x)), *np.shape(x))), axis, -1)


_INTERPOLATED = {"fraction": "linear", "lower": "lower", "higher": "higher"}


@stands_for("scipy.stats", "a", "per")
def scoreatpercentile(
    a: Any, per: Any, limit: Any = (), interpolation_method: str = "fraction", axis: Any = None
) -> Any:
    a = as_double(a)
    if limit:
        a = a[(bare(a) >= limit[0]) & (bare(a) <= limit[1])]
    a = np.ravel(a) if axis is None else np.moveaxis(a, axis, -1)
    n = count(a)
    place = np.clip(bare(per), 0, 100) / 100 * (n - 1)
    if np.any(bare(per) != np.clip(bare(per), 0, 100)):
        raise ValueError("percentile must be in the range [0, 100]")
    low = np.floor(place).astype(int)
    both = np.stack([np.ravel(low), np.minimum(np.ravel(low) + 1, n - 1)])
    found = in_order(a, np.broadcast_to(np.ravel(both), (*np.shape(a)[:-1], both.size)))
    found = np.reshape(found, (*np.shape(a)[:-1], 2, *np.shape(low)))
    first, second = (np.take(found, i, axis=np.ndim(a) - 1) for i in (0, 1))
    if interpolation_method == "fraction":
        part = per / 100 * (n - 1) - low
        found = first * (1 - part) + second * part
    elif interpolation_method in _INTERPOLATED:
        found = first if interpolation_method == "lower" else np.where(place > low, second, first)
    else:
        raise ValueError("interpolation_method can only be 'fraction', 'lower' or 'higher'")
    return np.moveaxis(found, -1, 0) if np.ndim(per) else found


@stands_for("scipy.stats", "a", "alpha", "weights")
def expectile(a: Any, alpha: Any = 0.5, weights: Any = None) -> Any:
    """Return the mean whose weights tell on which side of it a number is: those of the library's own root."""
    at = stats.expectile(bare(a), bare(alpha), weights=bare(weights))
    share = either(bare(a) <= at, 1 - alpha, alpha)
    if weights is not None:
        share = share * weights
    return np.sum(share * a) / np.sum(share)


@of_samples("a")
def mode(a: Any) -> Any:
    found = stats.mode(bare(a), axis=-1)
    same = bare(a) == last(found.mode)
    return ModeResult(np.sum(np.where(same, a, 0), axis=-1) / np.sum(same, axis=-1), found.count)


ModeResult = namedtuple("ModeResult", ["mode", "count"])

# --- of numbers in order ----------------------------------------------------------------------------------------------


@of_samples("sample")
def lmoment(sample: Any, order: Any = None, sorted: bool = False, standardize: bool = True) -> Any:
    order = np.asarray([1, 2, 3, 4] if order is None else order)
    x = sample if sorted else np.sort(sample, axis=-1)
    n, most = count(x), int(np.max(order))
    j, r = np.arange(float(n)), np.arange(float(most))[:, None]
    powers = special.binom(j, r) / special.binom(n - 1, r) / n
    legendre = (-1.0) ** (r - r.T) * special.binom(r, r.T) * special.binom(r + r.T, r.T)
    found = [np.sum(np.where(k < n, row, np.nan) * x, axis=-1) for k, row in enumerate(legendre @ powers)]
    if standardize:
        found = [value / found[1] if k > 1 else value for k, value in enumerate(found)]
    return found[int(order) - 1] if order.ndim == 0 else np.stack([found[k - 1] for k in order])


@of_samples("values")
def differential_entropy(values: Any, window_length: Any = None, base: Any = None, method: str = "auto") -> Any:
    n = count(values)
    m = math.floor(math.sqrt(n) + 0.5) if window_length is None else window_length
    if not 2 <= 2 * m < n:
        raise ValueError(f"Window length ({m}) must be positive and less than half the sample size ({n}).")
    method = method.lower()
    if method == "auto":
        method = "van es" if n <= 10 else "ebrahimi" if n <= 1000 else "vasicek"
    found = _ENTROPIES[method](np.sort(values, axis=-1), n, m)
    return found if base is None else found / math.log(base)


def _spacings(x: Any, n: int, m: int) -> Any:
    """Return how far numbers are apart that are 2 m places apart; beyond the ends stand the first and the last one."""
    place = np.arange(n)
    return x[..., np.minimum(place + m, n - 1)] - x[..., np.maximum(place - m, 0)]


def _vasicek(x: Any, n: int, m: int) -> Any:
    return np.mean(np.log(n / (2 * m) * _spacings(x, n, m)), axis=-1)


def _van_es(x: Any, n: int, m: int) -> Any:
    logs = np.log((n + 1) / m * (x[..., m:] - x[..., :-m]))
    return np.mean(logs, axis=-1) + np.sum(1 / np.arange(m, n + 1.0)) + math.log(m) - math.log(n + 1)


def _ebrahimi(x: Any, n: int, m: int) -> Any:
    i = np.arange(1.0, n + 1)
    share = np.minimum(np.minimum(1 + (i - 1) / m, 1 + (n - i) / m), 2.0)
    return np.mean(np.log(n * _spacings(x, n, m) / (share * m)), axis=-1)


def _correa(x: Any, n: int, m: int) -> Any:
    steps = np.arange(-m, m + 1)[:, None]
    near = x[..., np.clip(np.arange(n) + steps, 0, n - 1)]
    off = near - np.mean(near, axis=-2, keepdims=True)
    return -np.mean(np.log(np.sum(off * steps, axis=-2) / (n * np.sum(off**2, axis=-2))), axis=-1)


_ENTROPIES = {"vasicek": _vasicek, "van es": _van_es, "ebrahimi": _ebrahimi, "correa": _correa}

# --- in bins ----------------------------------------------------------------------------------------------------------

_OF_BIN: dict[str, Callable[[Any], Any]] = {
    "mean": lambda v: np.mean(v, axis=-1),
    "sum": lambda v: np.sum(v, axis=-1),
    "std": lambda v: np.std(v, axis=-1),
    "median": lambda v: np.median(v, axis=-1),
    "min": lambda v: np.min(v, axis=-1),
    "max": lambda v: np.max(v, axis=-1),
}


def _binned(name: str, places: tuple[Any, ...], values: Any, statistic: Any, options: dict[str, Any]) -> Any:
    """Return what the library does, with the statistic of the values in each bin; it tells which these are."""
    library = getattr(stats, name)
    if np.ndim(values) != 1 or not (statistic in _OF_BIN or statistic == "count" or callable(statistic)):
        raise TypeError(f"scipy.stats.{name} of a variable: give one row of values, and a statistic that is known")
    if statistic == "count":
        return library(*places, bare(values), statistic, **options)
    if statistic in ("mean", "sum") and options.get("binned_statistic_result") is None:
        return _summed(library(*places, bare(values), "count", **options), values, statistic)
    groups: list[Any] = []

    def number(members: Any) -> float:
        groups.append(np.asarray(members, int))
        return len(groups) - 1.0

    found = library(*places, np.arange(np.size(bare(values))), number, **options)
    of_bin = _OF_BIN.get(statistic, statistic) if isinstance(statistic, str) else statistic
    return type(found)(_each(groups, values, of_bin, statistic)[found[0].astype(int)], *found[1:])


def _summed(found: Any, values: Any, statistic: str) -> Any:
    """Return the sums, or the means, of the values in each bin, given how many there are, and which bins these are."""
    counts, numbers = found[0], found[-1]
    shape = tuple([n + 2 for n in np.shape(counts)])  # with bins for what is outside
    if np.ndim(numbers) > 1:
        numbers = np.ravel_multi_index(tuple(numbers), shape)
    values = as_double(values)
    whole = np.reshape(scatter(values, numbers, (math.prod(shape),)), shape)
    sums = whole[tuple([slice(1, -1)] * len(shape))]
    return type(found)(sums if statistic == "sum" else sums / np.where(counts > 0, counts, np.nan), *found[1:])


def _each(groups: list[Any], values: Any, of_bin: Any, statistic: Any) -> Any:
    """Return the statistic of the members of each group; the library's own function of none, where it is given one."""
    try:
        none = 0.0 if statistic == "sum" else np.nan if isinstance(statistic, str) else bare(statistic(np.zeros(0)))
    except Exception:  # as the library does
        none = np.nan
    return np.stack([of_bin(values[members]) if members.size else none for members in groups])


@stands_for("scipy.stats", "values")
def binned_statistic(x: Any, values: Any, statistic: Any = "mean", **options: Any) -> Any:
    return _binned("binned_statistic", (x,), values, statistic, options)


@stands_for("scipy.stats", "values")
def binned_statistic_2d(x: Any, y: Any, values: Any, statistic: Any = "mean", **options: Any) -> Any:
    return _binned("binned_statistic_2d", (x, y), values, statistic, options)


@stands_for("scipy.stats", "values")
def binned_statistic_dd(sample: Any, values: Any, statistic: Any = "mean", **options: Any) -> Any:
    return _binned("binned_statistic_dd", (sample,), values, statistic, options)
