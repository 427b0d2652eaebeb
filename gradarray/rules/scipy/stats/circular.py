"""Statistics of angles and directions, k-statistics, and what is told of a sample in one call."""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

import numpy as np
from scipy import stats

from ....tape.wrapping import bare
from ..declared import function
from ..standing import stands_for
from ..unswitched import special
from ..values import as_double
from .descriptive import kurtosis, skew
from .hypotheses import linregress
from .samples import count, of_samples, raw

# --- angles -----------------------------------------------------------------------------------------------------------


def _mean_of_circle(samples: Any, period: Any) -> tuple[Any, Any]:
    scaled = samples * (2 * np.pi / period)
    return np.mean(np.sin(scaled), axis=-1), np.mean(np.cos(scaled), axis=-1)


def _length(samples: Any, period: Any) -> Any:
    sine, cosine = _mean_of_circle(samples, period)
    return np.minimum(np.sqrt(sine**2 + cosine**2), 1.0)


@of_samples("samples", by=("high", "low"))
def circmean(samples: Any, high: Any = 2 * np.pi, low: Any = 0) -> Any:
    period = high - low
    angle = np.arctan2(*_mean_of_circle(samples, period)) * (period / (2 * np.pi))
    return (angle - low) % period + low


@of_samples("samples", by=("high", "low"))
def circvar(samples: Any, high: Any = 2 * np.pi, low: Any = 0) -> Any:
    return 1 - _length(samples, high - low)


@of_samples("samples", by=("high", "low"))
def circstd(samples: Any, high: Any = 2 * np.pi, low: Any = 0, normalize: bool = False) -> Any:
    found = np.sqrt(-2 * np.log(_length(samples, high - low)))
    return found if normalize else found * ((high - low) / (2 * np.pi))


DirectionalStats = namedtuple("DirectionalStats", ["mean_direction", "mean_resultant_length"])


@stands_for("scipy.stats", "samples")
def directional_stats(samples: Any, axis: Any = 0, normalize: bool = True) -> Any:
    samples = np.moveaxis(samples, axis, 0)
    if normalize:
        samples = samples / np.sqrt(np.sum(samples**2, axis=-1, keepdims=True))
    mean = np.mean(samples, axis=0)
    length = np.sqrt(np.sum(mean**2, axis=-1, keepdims=True))
    return DirectionalStats(mean / length, length[..., 0])


# --- k-statistics and others ------------------------------------------------------------------------------------------


@of_samples("data")
def kstat(data: Any, n: Any = 2) -> Any:
    """Return an unbiased estimate of a cumulant, of moments about the mean."""
    if n > 4 or n < 1:
        raise ValueError("k-statistics only supported for 1<=n<=4")
    size = count(data)
    if n == 1:
        return np.mean(data, axis=-1)
    second, third, fourth = raw(data, 2, 3, 4)
    if n == 2:
        return size * second / (size - 1)
    if n == 3:
        return size**2 * third / ((size - 1) * (size - 2))
    top = (size + 1) * fourth - 3 * (size - 1) * second**2
    return size**2 * top / ((size - 1) * (size - 2) * (size - 3))


@of_samples("data")
def kstatvar(data: Any, n: Any = 2) -> Any:
    if n not in (1, 2):
        raise ValueError("Only n=1 or n=2 supported.")
    size, second = count(data), kstat(data, 2)
    return second / size if n == 1 else (2 * size * second**2 + (size - 1) * kstat(data, 4)) / (size * (size + 1))


@of_samples("a")
def gstd(a: Any, ddof: Any = 1) -> Any:
    return np.exp(np.std(np.log(a), axis=-1, ddof=ddof))


DescribeResult = namedtuple("DescribeResult", ["nobs", "minmax", "mean", "variance", "skewness", "kurtosis"])


@of_samples("a")
def describe(a: Any, ddof: int = 1, bias: bool = True) -> Any:
    ends = np.min(a, axis=-1), np.max(a, axis=-1)
    mean, variance = np.mean(a, axis=-1), np.var(a, axis=-1, ddof=ddof)
    return DescribeResult(count(a), ends, mean, variance, skew(a, -1, bias), kurtosis(a, -1, bias=bias))


def obrientransform(*samples: Any) -> Any:
    if len(set(map(np.shape, samples))) > 1:
        raise TypeError("scipy.stats.obrientransform of a variable: samples of several lengths are not known here")
    found = []
    for a in samples:
        n, square = np.shape(a)[0], (a - np.mean(a)) ** 2
        found.append(((n - 1.5) * n * square - 0.5 * np.sum(square)) / ((n - 1) * (n - 2)))
    return np.stack(found)


function("scipy.stats", obrientransform)

Mean = namedtuple("Mean", ["statistic", "minmax"])
Variance = namedtuple("Variance", ["statistic", "minmax"])
Std_dev = namedtuple("Std_dev", ["statistic", "minmax"])


@stands_for("scipy.stats", "data", "alpha")
def bayes_mvs(data: Any, alpha: Any = 0.9) -> Any:
    data = as_double(np.ravel(data))
    n, mean, variance = count(data), np.mean(data), np.var(data)
    q = np.stack([(1 - alpha) / 2, (1 + alpha) / 2])
    if n > 1000:
        normal = special.ndtri(q)
        deviation = np.sqrt(variance)
        return (
            Mean(mean, tuple(mean + normal * np.sqrt(variance / n))),
            Variance(variance, tuple(variance * (1 + normal * math.sqrt(2 / n)))),
            Std_dev(deviation, tuple(deviation * (1 + normal / math.sqrt(2 * n)))),
        )
    half, scale = (n - 1) / 2, n * variance / 2
    spread = special.stdtrit(n - 1.0, q) * np.sqrt(variance / (n - 1))
    variances = scale / special.gammainccinv(half, q)
    deviation = np.sqrt(scale) * math.exp(math.lgamma(half - 0.5) - math.lgamma(half)) if n > 2 else np.inf
    return (
        Mean(mean, tuple(mean + spread)),
        Variance(scale / (half - 1) if n > 3 else np.inf, tuple(variances)),
        Std_dev(deviation, tuple(np.sqrt(variances))),
    )


@stands_for("scipy.stats", "x")
def probplot(x: Any, sparams: Any = (), dist: Any = "norm", fit: bool = True, plot: Any = None) -> Any:
    theirs = stats.probplot(bare(x), sparams, dist, fit=False)[0]
    ordered = np.sort(x)
    if not fit:
        return theirs, ordered
    line = linregress(theirs, ordered)
    return (theirs, ordered), (line.slope, line.intercept, line.rvalue)
