"""Whether a sample is of a distribution: statistics that are smooth in it while its order stays."""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

import numpy as np
from scipy import stats

from ....tape.wrapping import bare, with_items
from ..standing import stands_for
from ..undifferentiated import Undifferentiated
from ..unswitched import special
from ..values import as_double, valued
from .descriptive import iqr
from .hypotheses import Result
from .samples import along, complete, count, of_precision, standing

# --- normal distributions ---------------------------------------------------------------------------------------------


def _polynomial(x: Any, *coefficients: float) -> Any:
    return np.polynomial.polynomial.polyval(x, coefficients)


def _weights(n: int) -> Any:
    """Return by what the differences of a sample's ends are weighted (Royston, AS R94, 1995)."""
    if n == 3:
        return np.array([math.sqrt(0.5)])
    m = special.ndtri((np.arange(1, n // 2 + 1) - 0.375) / (n + 0.25))
    square, root = 2 * np.sum(m * m), 1 / math.sqrt(n)
    ends = [_polynomial(root, 0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056) - m[0] / math.sqrt(square)]
    if n > 5:
        ends.append(
            _polynomial(root, 0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633) - m[1] / math.sqrt(square)
        )
    k = len(ends)
    scale = math.sqrt((square - 2 * np.sum(m[:k] ** 2)) / (1 - 2 * sum(a * a for a in ends)))
    return np.concatenate([ends, -m[k:] / scale])


def _probability(w: Any, n: int) -> Any:
    if n == 3:
        return 6 / math.pi * (np.arcsin(np.sqrt(w)) - math.asin(math.sqrt(0.75)))
    y, log = np.log(1 - w), math.log(n)
    if n <= 11:
        y = -np.log(-2.273 + 0.459 * n - y)
        mean = _polynomial(n, 0.544, -0.39978, 0.025054, -6.714e-4)
        deviation = math.exp(_polynomial(n, 1.3822, -0.77857, 0.062767, -0.0020322))
    else:
        mean = _polynomial(log, -1.5861, -0.31082, -0.083751, 0.0038915)
        deviation = math.exp(_polynomial(log, -0.4803, -0.082676, 0.0030302))
    return special.ndtr((mean - y) / deviation)


@stands_for("scipy.stats", "x")
def shapiro(x: Any, axis: Any, nan_policy: str, keepdims: Any) -> Any:
    complete("shapiro", nan_policy, x)
    value = stats.shapiro(bare(x), axis=axis, keepdims=keepdims)  # and SciPy's own errors
    ndim, x = np.ndim(x), along(as_double(x), axis)  # in single precision, too
    n = count(x)
    ordered, half = np.sort(x, axis=-1), n // 2
    apart = ordered[..., : n - half - 1 : -1] - ordered[..., :half]
    w = np.sum(_weights(n) * apart, axis=-1) ** 2 / (n * np.var(x, axis=-1))
    found = [standing(one, ndim, axis) if keepdims else one for one in (w, _probability(w, n))]
    return with_items(value, [valued(made, np.asarray(one)) for made, one in zip(found, value, strict=True)])


# --- any distribution -------------------------------------------------------------------------------------------------


def _logarithms(x: Any, dist: str) -> tuple[Any, Any]:
    """Return the logarithms of a distribution and of what is missing to 1, with the parameters of the sample."""
    if dist == "norm":
        w = (x - np.mean(x, axis=-1)) / np.std(x, axis=-1, ddof=1)
        return special.log_ndtr(w), special.log_ndtr(-w)
    if dist == "expon":
        w = x / np.mean(x, axis=-1)
        return np.log(-np.expm1(-w)), -w
    raise TypeError(f"scipy.stats.anderson of a variable: dist={dist!r} is fitted by a solver; norm and expon are not")


@stands_for("scipy.stats", "x")
def anderson(x: Any, dist: Any, method: Any = None) -> Any:
    more = {} if method is None else {"method": method}
    found = stats.anderson(bare(x), dist, **more)
    below, above = _logarithms(np.sort(x), dist)
    n = count(x)
    statistic = -n - np.sum((2 * np.arange(1, n + 1) - 1.0) / n * (below + above[::-1]))
    statistic = valued(statistic, np.asarray(found[0]))
    if method is not None:
        return Result(statistic, Undifferentiated("pvalue", "anderson"))
    return AndersonResult(statistic, found[1], found[2])


AndersonResult = namedtuple("AndersonResult", ["statistic", "critical_values", "significance_level"])

_KNOWN = {"norm": special.ndtr, "expon": lambda x: -np.expm1(-x), "uniform": lambda x: np.clip(x, 0.0, 1.0)}


def _distribution(name: str, x: Any, cdf: Any, args: Any) -> Any:
    """Return the values of a distribution function at a sample in order."""
    x = np.sort(np.ravel(x))
    if not isinstance(cdf, str):
        return cdf(x, *args)
    if cdf not in _KNOWN or len(args) > 2:
        raise TypeError(f"scipy.stats.{name} of a variable: give the distribution function itself, not {cdf!r}")
    loc, scale = args[0] if len(args) else 0.0, args[1] if len(args) > 1 else 1.0
    return _KNOWN[cdf]((x - loc) / scale)


@stands_for("scipy.stats", "x", "args", whole=("args",))
def ks_1samp(x: Any, cdf: Any, args: Any, alternative: str, axis: Any, nan_policy: str, keepdims: Any) -> Any:
    return _largest_distance("ks_1samp", x, cdf, args, alternative, axis, nan_policy, keepdims)


def _largest_distance(
    name: str, x: Any, cdf: Any, args: Any, alternative: str, axis: Any, nan_policy: str, keepdims: Any
) -> Any:
    _one_sample(name, x, nan_policy, keepdims)
    values = _distribution(name, x, cdf, args)
    n = count(values)
    above = np.max(np.arange(1.0, n + 1) / n - values)
    below = np.max(values - np.arange(0.0, n) / n)
    sides = {"greater": above, "less": below, "two-sided": np.maximum(above, below)}
    if alternative not in sides:
        stats.ks_1samp(bare(x), "norm", alternative=alternative)  # SciPy's own error
    return Result(sides[alternative], Undifferentiated("pvalue", name))


def _one_sample(name: str, x: Any, nan_policy: str, keepdims: Any) -> None:
    complete(name, nan_policy, x)
    if np.ndim(x) != 1 or keepdims:
        raise TypeError(f"scipy.stats.{name} of a variable: give one sample, without keepdims=")


@stands_for("scipy.stats", "rvs", "args", whole=("args",))
def kstest(rvs: Any, cdf: Any, args: Any, alternative: str, axis: Any, nan_policy: str, keepdims: Any) -> Any:
    if isinstance(rvs, str) or callable(rvs) or not (isinstance(cdf, str) or callable(cdf)):
        raise TypeError(
            "scipy.stats.kstest of a variable has no derivative here for two samples, or one that is drawn: it depends "
            "on ranks alone"
        )
    return _largest_distance("kstest", rvs, cdf, args, alternative, axis, nan_policy, keepdims)


@stands_for("scipy.stats", "rvs", "args", whole=("args",))
def cramervonmises(rvs: Any, cdf: Any, args: Any, axis: Any, nan_policy: str, keepdims: Any) -> Any:
    _one_sample("cramervonmises", rvs, nan_policy, keepdims)
    values = _distribution("cramervonmises", rvs, cdf, args)
    n = count(values)
    off = (2 * np.arange(1, n + 1) - 1) / (2 * n) - values
    return Result(1 / (12 * n) + np.sum(off * off), Undifferentiated("pvalue", "cramervonmises"))


# --- another sample's -------------------------------------------------------------------------------------------------


@stands_for("scipy.stats", "x", "y", "t")
def epps_singleton_2samp(x: Any, y: Any, t: Any, axis: Any, nan_policy: str, keepdims: Any) -> Any:
    value = stats.epps_singleton_2samp(bare(x), bare(y), bare(t), axis=axis)  # and SciPy's own errors
    _one_sample("epps_singleton_2samp", x, nan_policy, keepdims)
    nx, ny = count(x), count(y)
    n = nx + ny
    places = np.reshape(t, (-1, 1)) / (iqr(np.concatenate([x, y])) / 2)
    waves = [np.concatenate([np.cos(places * v), np.sin(places * v)]) for v in (x, y)]
    spread = n / nx * np.cov(waves[0], bias=True) + n / ny * np.cov(waves[1], bias=True)
    rank = np.linalg.matrix_rank(bare(spread))
    apart = np.mean(waves[0], axis=-1) - np.mean(waves[1], axis=-1)
    w = n * (apart @ np.linalg.pinv(spread) @ apart)
    if max(nx, ny) < 25:
        w = w / (1.0 + n**-0.45 + 10.1 * (nx**-1.7 + ny**-1.7))
    pair = zip(of_precision((w, special.gammaincc(rank / 2, w / 2)), (x, y)), value, strict=True)
    return with_items(value, [valued(made, np.asarray(one)) for made, one in pair])
