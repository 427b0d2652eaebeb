"""Correlation, regression and tests: statistics, probabilities and intervals that are smooth in the samples."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from ....tape.wrapping import bare
from ..declared import function
from ..standing import stands_for
from ..unswitched import special
from ..values import as_double
from .descriptive import kurtosis, sem, skew, trim_mean
from .samples import PROPAGATE, TWO_SIDED, along, complete, count, of_precision, of_samples, raw, standing


class Result(namedtuple("Result", ["statistic", "pvalue"])):
    """A statistic and its probability, with what else is told of a test, and an interval where there is one."""

    def __new__(cls, statistic: Any, pvalue: Any, interval: Any = None, **others: Any) -> Any:
        self: Any = super().__new__(cls, statistic, pvalue)
        self.__dict__.update(others, _interval=interval)
        return self

    def confidence_interval(self, confidence_level: Any = 0.95) -> Any:
        """Return the bounds between which what is estimated lies with a probability."""
        if self._interval is None:  # type: ignore[attr-defined]
            raise AttributeError("this test has no confidence interval")
        found = ConfidenceInterval(*self._interval(confidence_level))  # type: ignore[attr-defined]
        return of_precision(found, [self.statistic])


ConfidenceInterval = namedtuple("ConfidenceInterval", ["low", "high"])


def _array(a: Any) -> Any:
    return a if hasattr(a, "dtype") else np.asarray(a)


def _t_probability(t: Any, df: Any, alternative: str) -> Any:
    lower = special.stdtr(df, -t if alternative == "greater" else t)
    return 2 * special.stdtr(df, -np.abs(t)) if alternative == TWO_SIDED else lower


def _normal_probability(z: Any, alternative: str) -> Any:
    if alternative == TWO_SIDED:
        return 2 * special.ndtr(-np.abs(z))
    return special.ndtr(z if alternative == "less" else -z)


def _bounds(level: Any, alternative: str, at: Any) -> tuple[Any, Any]:
    """Return the ends of an interval, of which one is infinite for a one-sided test; `at` gives a quantile's place."""
    if alternative == TWO_SIDED:
        return at((1 - level) / 2), at((1 + level) / 2)
    return (at(1 - level), np.inf) if alternative == "greater" else (-np.inf, at(level))


# --- correlation and regression ---------------------------------------------------------------------------------------


@stands_for("scipy.stats", "x", "y")
def pearsonr(x: Any, y: Any, alternative: str = TWO_SIDED, method: Any = None, axis: Any = 0) -> Any:
    if method is not None:
        raise TypeError("scipy.stats.pearsonr of a variable: method is not known here; it draws anew")
    if axis is None:
        x, y, axis = np.ravel(x), np.ravel(y), 0
    u, v = (z - np.mean(z, axis=axis, keepdims=True) for z in (x, y))
    n = np.shape(x)[axis]
    r = np.sum(u * v, axis=axis) / np.sqrt(np.sum(u * u, axis=axis) * np.sum(v * v, axis=axis))
    half = n / 2 - 1
    if alternative == TWO_SIDED:
        p = 2 * special.betainc(half, half, (1 - np.abs(r)) / 2)
    else:
        p = special.betainc(half, half, (1 + (r if alternative == "less" else -r)) / 2)

    def interval(level: Any) -> Any:
        if n <= 3:
            return -1.0, 1.0
        low, high = _bounds(level, alternative, lambda q: np.arctanh(r) + special.ndtri(q) * math.sqrt(1 / (n - 3)))
        return np.tanh(low), np.tanh(high)

    return Result(r, p, interval, correlation=r)


def pointbiserialr(x: Any, y: Any) -> Any:
    r, p = pearsonr(x, y)
    return Result(r, p, correlation=r)


class Regression(namedtuple("Regression", ["slope", "intercept", "rvalue", "pvalue", "stderr"])):
    """A line through points, with the error of its height at 0."""

    intercept_stderr: Any


@stands_for("scipy.stats", "x", "y")
def linregress(x: Any, y: Any, alternative: str = TWO_SIDED) -> Any:
    x, y = as_double(x), as_double(y)
    mean = np.mean(x)
    u, v = x - mean, y - np.mean(y)
    xx, xy, yy = np.mean(u * u), np.mean(u * v), np.mean(v * v)
    slope = xy / xx
    r = xy / np.sqrt(xx * yy)
    df = count(x) - 2
    t = r * np.sqrt(df / ((1 - r) * (1 + r)))
    error = np.sqrt((1 - r * r) * yy / xx / df)
    found = Regression(slope, np.mean(y) - slope * mean, r, _t_probability(t, df, alternative), error)
    found.intercept_stderr = error * np.sqrt(xx + mean**2)
    return found


Slopes = namedtuple("Slopes", ["slope", "intercept", "low_slope", "high_slope"])


@stands_for("scipy.stats", "y", "x")
def theilslopes(y: Any, x: Any = None, alpha: Any = 0.95, method: str = "separate") -> Any:
    """Return the median of the slopes between points; the bounds are two of these slopes (Sen, 1968)."""
    y = as_double(np.ravel(y))
    x = np.arange(float(count(y))) if x is None else as_double(np.ravel(x))
    first, second = np.nonzero(np.subtract.outer(bare(x), bare(x)) > 0)

    def slopes(which: Any) -> Any:
        return _slopes(y, x, first[which], second[which])

    values = (bare(y)[first] - bare(y)[second]) / (bare(x)[first] - bare(x)[second])
    slope = _median_of(values, slopes)
    intercept = np.median(y - slope * x) if method == "joint" else np.median(y) - slope * np.median(x)
    z = special.ndtri(min(alpha, 1 - alpha) / 2)
    n, total = count(y), len(values)
    square = n * (n - 1) * (2 * n + 5) / 18
    for given in (bare(x), bare(y)):
        k = np.unique(given, return_counts=True)[1]
        square -= np.sum(k * (k - 1) * (2 * k + 5)) / 18
    reach = z * math.sqrt(square) if square >= 0 else np.nan
    if np.isnan(reach):
        return Slopes(slope, intercept, np.nan, np.nan)
    low, high = max(round((total + reach) / 2) - 1, 0), min(round((total - reach) / 2), total - 1)
    bounds = slopes(np.argpartition(values, (low, high))[[low, high]])
    return Slopes(slope, intercept, bounds[0], bounds[1])


def _slopes(y: Any, x: Any, first: Any, second: Any) -> Any:
    return (y[first] - y[second]) / (x[first] - x[second])


def _median_of(values: Any, computed: Callable[[Any], Any]) -> Any:
    """Return the median of numbers that are computed at some places only: of those it is made of; ties share evenly."""
    n = len(values)
    if np.any(np.isnan(values)):
        return np.mean(computed(np.flatnonzero(np.isnan(values))))
    middle = np.partition(values, ((n - 1) // 2, n // 2))[[(n - 1) // 2, n // 2]]
    return sum([np.mean(computed(np.flatnonzero(values == value))) for value in middle]) / 2


Siegel = namedtuple("Siegel", ["slope", "intercept"])


@stands_for("scipy.stats", "y", "x")
def siegelslopes(y: Any, x: Any = None, method: str = "hierarchical") -> Any:
    """Return the median of the medians of the slopes from each point (Siegel, 1982)."""
    y = as_double(np.ravel(y))
    x = np.arange(float(count(y))) if x is None else as_double(np.ravel(x))
    apart = np.subtract.outer(bare(x), bare(x))
    others = apart != 0
    apart = np.where(others, apart, np.nan)

    def repeated(above: Any, computed: Callable[[Any, Any], Any]) -> Any:
        """Return the median of the medians of what is computed for each point and the others."""
        table = above / apart
        ordered, counts = np.sort(table, axis=-1), np.sum(others, axis=-1)
        middle = [ordered[np.arange(len(table)), np.maximum(k, 0)] for k in ((counts - 1) // 2, counts // 2)]

        def of_row(j: int) -> Any:
            which = np.flatnonzero(others[j])
            return _median_of(table[j, which], lambda k: computed(which[k], j))

        return _median_of(sum(middle) / 2, lambda rows: np.stack([of_row(j) for j in rows]))

    slope = repeated(np.subtract.outer(bare(y), bare(y)), lambda i, j: _slopes(y, x, i, j))
    if method == "separate":
        products = np.outer(bare(x), bare(y))
        height = repeated(products.T - products, lambda i, j: (y[j] * x[i] - y[i] * x[j]) / (x[i] - x[j]))
        return Siegel(slope, height)
    return Siegel(slope, np.median(y - slope * x))


function("scipy.stats", pointbiserialr)

# --- tests of means ---------------------------------------------------------------------------------------------------


def _t_result(difference: Any, error: Any, df: Any, alternative: str, estimate: Any, against: Any) -> Any:
    t = difference / error

    def interval(level: Any) -> Any:
        return _bounds(level, alternative, lambda q: estimate + special.stdtrit(df, q) * error - against)

    return Result(t, _t_probability(t, df, alternative), interval, df=df)


@of_samples("a", by=("popmean",))
def ttest_1samp(a: Any, popmean: Any, alternative: str = TWO_SIDED) -> Any:
    mean, df = np.mean(a, axis=-1), count(a) - 1.0
    return _t_result(mean - popmean, sem(a, -1), df, alternative, mean, 0.0)


@of_samples("a", "b")
def ttest_rel(a: Any, b: Any, alternative: str = TWO_SIDED) -> Any:
    return ttest_1samp(a - b, 0.0, alternative)


@of_samples("a", "b")
def ttest_ind(
    a: Any,
    b: Any,
    equal_var: bool = True,
    alternative: str = TWO_SIDED,
    trim: float = 0,
    method: Any = None,
    permutations: Any = None,
    random_state: Any = None,
) -> Any:
    if trim or method is not None or permutations:
        raise TypeError("scipy.stats.ttest_ind of a variable: trim, method and permutations are not known here")
    first, second = (np.var(z, axis=-1, ddof=1) for z in (a, b))
    return _two_means(
        np.mean(a, axis=-1), first, count(a), np.mean(b, axis=-1), second, count(b), equal_var, alternative
    )


def _two_means(
    mean1: Any, variance1: Any, n: Any, mean2: Any, variance2: Any, m: Any, equal_var: bool, alternative: str
) -> Any:
    df: Any
    if equal_var:
        df = n + m - 2.0
        square = ((n - 1) * variance1 + (m - 1) * variance2) / df * (1 / n + 1 / m)
    else:
        first, second = variance1 / n, variance2 / m
        square = first + second
        df = square**2 / (first**2 / (n - 1) + second**2 / (m - 1))
    return _t_result(mean1 - mean2, np.sqrt(square), df, alternative, mean1 - mean2, 0.0)


@stands_for("scipy.stats", "mean1", "std1", "mean2", "std2")
def ttest_ind_from_stats(
    mean1: Any,
    std1: Any,
    nobs1: Any,
    mean2: Any,
    std2: Any,
    nobs2: Any,
    equal_var: bool = True,
    alternative: str = TWO_SIDED,
) -> Any:
    return Result(*_two_means(mean1, std1**2, nobs1, mean2, std2**2, nobs2, equal_var, alternative))


# --- tests of several samples -----------------------------------------------------------------------------------------


def _several(name: str, samples: Any, axis: Any, nan_policy: str, keepdims: bool, body: Any, *options: Any) -> Any:
    samples = [_array(x) for x in samples]
    if len(samples) < 2:
        raise TypeError(f"at least two inputs are required; got {len(samples)}.")
    complete(name, nan_policy, *samples)
    found = of_precision(body([along(x, axis) for x in samples], *options), samples)
    return standing(found, np.ndim(samples[0]), axis) if keepdims else found


def f_oneway(
    *samples: Any, axis: Any = 0, equal_var: bool = True, nan_policy: str = PROPAGATE, keepdims: bool = False
) -> Any:
    return _several("f_oneway", samples, axis, nan_policy, keepdims, _analysis, equal_var)


def _analysis(samples: list[Any], equal_var: bool) -> Any:
    k, sizes = len(samples), [count(x) for x in samples]
    total = sum(sizes)
    means = [np.mean(x, axis=-1) for x in samples]
    if equal_var:
        grand = sum(n * mean for n, mean in zip(sizes, means, strict=True)) / total
        between = sum(n * (mean - grand) ** 2 for n, mean in zip(sizes, means, strict=True))
        within = sum(np.sum((x - mean[..., None]) ** 2, axis=-1) for x, mean in zip(samples, means, strict=True))
        f = between / (k - 1) / (within / (total - k))
        return Result(f, special.fdtrc(k - 1, total - k, f))
    weights = [n / np.var(x, axis=-1, ddof=1) for n, x in zip(sizes, samples, strict=True)]
    whole = sum(weights)
    grand = sum(w * mean for w, mean in zip(weights, means, strict=True)) / whole
    between = sum(w * (mean - grand) ** 2 for w, mean in zip(weights, means, strict=True))
    spread = sum((1 - w / whole) ** 2 / (n - 1) for w, n in zip(weights, sizes, strict=True))
    f = between / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
    return Result(f, special.fdtrc(k - 1.0, (k**2 - 1) / (3 * spread), f))


def alexandergovern(*samples: Any, nan_policy: str = PROPAGATE, axis: Any = 0, keepdims: bool = False) -> Any:
    return _several("alexandergovern", samples, axis, nan_policy, keepdims, _alexander)


def _alexander(samples: list[Any]) -> Any:
    means = [np.mean(x, axis=-1) for x in samples]
    errors = [np.var(x, axis=-1, ddof=1) / count(x) for x in samples]
    whole = sum(1 / e for e in errors)
    common = sum(mean / e for mean, e in zip(means, errors, strict=True)) / whole
    statistic: Any = 0.0
    for x, mean, error in zip(samples, means, errors, strict=True):
        df = count(x) - 1
        a = df - 0.5
        b = 48 * a**2
        c = np.sqrt(a * np.log1p((mean - common) ** 2 / error / df))
        high = (4 * c**7 + 33 * c**5 + 240 * c**3 + 855 * c) / (b**2 * 10 + 8 * b * c**4 + 1000 * b)
        statistic = statistic + (c + (c**3 + 3 * c) / b - high) ** 2
    return Result(statistic, special.chdtrc(len(samples) - 1, statistic))


def bartlett(*samples: Any, axis: Any = 0, nan_policy: str = PROPAGATE, keepdims: bool = False) -> Any:
    return _several("bartlett", samples, axis, nan_policy, keepdims, _bartlett)


def _bartlett(samples: list[Any]) -> Any:
    k, left = len(samples), [count(x) - 1 for x in samples]
    squares = [np.var(x, axis=-1, ddof=1) for x in samples]
    rest = sum(left)
    pooled = sum(n * s for n, s in zip(left, squares, strict=True)) / rest
    top = rest * np.log(pooled) - sum(n * np.log(s) for n, s in zip(left, squares, strict=True))
    statistic = top / (1 + (sum(1 / n for n in left) - 1 / rest) / (3 * (k - 1)))
    return Result(statistic, special.chdtrc(k - 1, statistic))


def levene(
    *samples: Any,
    center: str = "median",
    proportiontocut: float = 0.05,
    axis: Any = 0,
    nan_policy: str = PROPAGATE,
    keepdims: bool = False,
) -> Any:
    return _several("levene", samples, axis, nan_policy, keepdims, _levene, center, proportiontocut)


def _levene(samples: list[Any], center: str, cut: float) -> Any:
    if center not in ("mean", "median", "trimmed"):
        raise ValueError("center must be 'mean', 'median' or 'trimmed'.")
    middle: Any = {"mean": np.mean, "median": np.median}.get(center, lambda x, axis: trim_mean(x, cut))
    found = _analysis([np.abs(x - middle(x, axis=-1)[..., None]) for x in samples], True)
    if center == "trimmed":
        theirs = stats.levene(*bare(samples), center=center, proportiontocut=cut, axis=-1).statistic
        if not np.allclose(bare(found.statistic), theirs, equal_nan=True):
            raise TypeError("scipy.stats.levene of a variable: center='trimmed' trims the samples in this SciPy")
    return found


function("scipy.stats", f_oneway, alexandergovern, bartlett, levene)

# --- tests of shape ---------------------------------------------------------------------------------------------------


@of_samples("a")
def skewtest(a: Any, alternative: str = TWO_SIDED) -> Any:
    z = _skew_score(a)
    return Result(z, _normal_probability(z, alternative))


def _skew_score(a: Any) -> Any:
    """Return what is normally distributed for a normal sample (D'Agostino, 1970)."""
    n = count(a) if count(a) >= 8 else math.nan
    y = skew(a, -1) * math.sqrt((n + 1) * (n + 3) / (6 * (n - 2)))
    beta = 3 * (n**2 + 27 * n - 70) * (n + 1) * (n + 3) / ((n - 2) * (n + 5) * (n + 7) * (n + 9))
    square = -1 + math.sqrt(2 * (beta - 1))
    y = np.where(bare(y) == 0, 1.0, y)
    return np.arcsinh(y / math.sqrt(2 / (square - 1))) / math.sqrt(0.5 * math.log(square))


@of_samples("a")
def kurtosistest(a: Any, alternative: str = TWO_SIDED) -> Any:
    z = _kurtosis_score(a)
    return Result(z, _normal_probability(z, alternative))


def _kurtosis_score(a: Any) -> Any:
    """Return what is normally distributed for a normal sample (Anscombe and Glynn, 1983)."""
    n = count(a) if count(a) >= 5 else math.nan
    variance = 24 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3) * (n + 5))
    x = (kurtosis(a, -1, fisher=False) - 3 * (n - 1) / (n + 1)) / math.sqrt(variance)
    root = 6 * (n * n - 5 * n + 2) / ((n + 7) * (n + 9)) * math.sqrt(6 * (n + 3) * (n + 5) / (n * (n - 2) * (n - 3)))
    degrees = 6 + 8 / root * (2 / root + math.sqrt(1 + 4 / root**2))
    below = 1 + x * math.sqrt(2 / (degrees - 4))
    return (1 - 2 / (9 * degrees) - np.cbrt((1 - 2 / degrees) / below)) / math.sqrt(2 / (9 * degrees))


@of_samples("a")
def normaltest(a: Any) -> Any:
    statistic = _skew_score(a) ** 2 + _kurtosis_score(a) ** 2
    return Result(statistic, special.chdtrc(2, statistic))


@of_samples("x")
def jarque_bera(x: Any) -> Any:
    second, third, fourth = raw(x, 2, 3, 4)
    statistic = count(x) / 6 * (third**2 / second**3 + (fourth / second**2 - 3) ** 2 / 4)
    return Result(statistic, special.chdtrc(2, statistic))
