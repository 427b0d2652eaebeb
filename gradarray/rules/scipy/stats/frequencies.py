"""Tests of frequencies, tables of them, and of probabilities."""

from __future__ import annotations

import functools
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
from .hypotheses import Result
from .samples import along, complete, count, of_precision, of_samples, standing

_POWERS = {
    "pearson": 1,
    "log-likelihood": 0,
    "freeman-tukey": -0.5,
    "mod-log-likelihood": -1,
    "neyman": -2,
    "cressie-read": 2 / 3,
}


def _power(given: Any) -> Any:
    if isinstance(given, str) and given not in _POWERS:
        raise ValueError(f"invalid string for lambda_: {given!r}. Valid strings are {', '.join(_POWERS)}")
    return 1 if given is None else _POWERS[given] if isinstance(given, str) else given


def _divergence(observed: Any, expected: Any, power: Any) -> Any:
    """Return the terms whose sum is distributed as chi square (Cressie and Read, 1984)."""
    if power == 1:
        return (observed - expected) ** 2 / expected
    if power == 0:
        return 2 * special.xlogy(observed, observed / expected)
    if power == -1:
        return 2 * special.xlogy(expected, expected / observed)
    return observed * ((observed / expected) ** power - 1) / (0.5 * power * (power + 1))


@stands_for("scipy.stats", "f_obs", "f_exp")
def power_divergence(
    f_obs: Any,
    f_exp: Any = None,
    ddof: Any = 0,
    axis: Any = 0,
    lambda_: Any = None,
    nan_policy: str = "propagate",
    keepdims: bool = False,
) -> Any:
    if f_exp is not None:
        stats.power_divergence(bare(f_obs), bare(f_exp), 0, axis, lambda_)  # the library's own error
    return _compared(f_obs, f_exp, ddof, axis, lambda_, nan_policy, keepdims)


def _compared(f_obs: Any, f_exp: Any, ddof: Any, axis: Any, lambda_: Any, nan_policy: str, keepdims: bool) -> Any:
    complete("power_divergence", nan_policy, f_obs)
    if np.ndim(ddof):
        raise TypeError("scipy.stats.power_divergence of a variable: an array as ddof is not known here")
    power = _power(lambda_)
    observed = along(f_obs, axis)
    expected = np.mean(observed, axis=-1, keepdims=True) if f_exp is None else along(f_exp, axis)
    terms = _divergence(observed, expected, power)
    statistic = np.sum(terms, axis=-1)
    found = Result(statistic, special.chdtrc(count(terms) - 1 - ddof, statistic))
    return standing(found, np.ndim(f_obs), axis) if keepdims else found


@stands_for("scipy.stats", "f_obs", "f_exp")
def chisquare(
    f_obs: Any,
    f_exp: Any = None,
    ddof: Any = 0,
    axis: Any = 0,
    nan_policy: str = "propagate",
    keepdims: bool = False,
    **checked: Any,
) -> Any:
    if f_exp is not None:
        stats.chisquare(bare(f_obs), bare(f_exp), 0, axis, **checked)  # the library's own error
    return _compared(f_obs, f_exp, ddof, axis, "pearson", nan_policy, keepdims)


@stands_for("scipy.stats.contingency", "observed")
def expected_freq(observed: Any) -> Any:
    """Return the frequencies of independent factors with the sums of a table."""
    observed = as_double(observed)
    found: Any = functools.reduce(np.multiply, margins(observed))
    return found / np.sum(observed) ** (np.ndim(observed) - 1)


@stands_for("scipy.stats.contingency", "a")
def margins(a: Any) -> Any:
    axes = range(np.ndim(a))
    return [np.sum(a, axis=tuple(j for j in axes if j != i), keepdims=True) for i in axes]


Contingency = namedtuple("Contingency", ["statistic", "pvalue", "dof", "expected_freq"])


@stands_for("scipy.stats", "observed")
def chi2_contingency(observed: Any, correction: bool = True, lambda_: Any = None, method: Any = None) -> Any:
    if method is not None:
        raise TypeError("scipy.stats.chi2_contingency of a variable: method is not known here; it draws anew")
    observed = as_double(observed)
    theirs = stats.chi2_contingency(bare(observed), correction, lambda_)
    expected = expected_freq(observed)
    if theirs.dof == 1 and correction:  # Yates' correction, which never passes what is expected
        apart = expected - observed
        observed = observed + np.minimum(0.5, np.abs(bare(apart))) * np.sign(bare(apart)) + _whole(apart)
    power = _power(lambda_)
    statistic = np.sum(_divergence(observed, expected, power)) if theirs.dof else 0 * np.sum(observed)
    p = special.chdtrc(theirs.dof, statistic) if theirs.dof else 1 + 0 * statistic
    return Contingency(statistic, p, theirs.dof, expected)


function("scipy.stats.contingency", chi2_contingency)  # which is the same one


def _whole(apart: Any) -> Any:
    """Return 0 with the derivative of a difference where the correction takes all of it."""
    return np.where(np.abs(bare(apart)) < 0.5, apart - bare(apart), 0.0)


# --- of probabilities -------------------------------------------------------------------------------------------------


@of_samples("pvalues", by=("weights",))
def combine_pvalues(pvalues: Any, method: str = "fisher", weights: Any = None) -> Any:
    n = count(pvalues)
    if method == "fisher":
        statistic = -2 * np.sum(np.log(pvalues), axis=-1)
        return Result(statistic, special.chdtrc(2 * n, statistic))
    if method == "pearson":
        statistic = 2 * np.sum(np.log1p(-pvalues), axis=-1)
        return Result(statistic, special.chdtr(2 * n, -statistic))
    if method == "mudholkar_george":
        statistic = np.sum(np.log1p(-pvalues) - np.log(pvalues), axis=-1)
        df = 5 * n + 4
        return Result(statistic, special.stdtr(df, -statistic * math.sqrt(3 / n * df / (df - 2)) / math.pi))
    if method == "tippett":
        statistic = np.min(pvalues, axis=-1)
        return Result(statistic, -np.expm1(n * np.log1p(-statistic)))
    if method != "stouffer":
        raise ValueError(f"Invalid method {method!r}.")
    weights = np.ones(n) if weights is None else weights
    scores = -special.ndtri(pvalues)
    statistic = np.sum(weights * scores, axis=-1) / np.sqrt(np.sum(weights * weights, axis=-1))
    return Result(statistic, special.ndtr(-statistic))


@stands_for("scipy.stats", "ps")
def false_discovery_control(ps: Any, axis: Any = 0, method: str = "bh") -> Any:
    """Return the least of what the larger ones are adjusted to: each is one of the adjusted ones, or 1."""
    stats.false_discovery_control(bare(ps), axis=axis, method=method)  # the library's own error
    if axis is None:
        ps, axis = np.ravel(ps), 0
    p = np.moveaxis(ps, axis, -1)
    m = count(p)
    order = np.argsort(bare(p), axis=-1)
    i = np.arange(1.0, m + 1)
    adjusted = np.take_along_axis(p, order, -1) * (m / i)
    if method.lower() == "by":
        adjusted = adjusted * np.sum(1 / i)
    lowest = np.minimum.accumulate(adjusted[..., ::-1], axis=-1)[..., ::-1]
    found = np.take_along_axis(lowest, np.argsort(order, axis=-1), -1)
    return of_precision(np.moveaxis(np.minimum(found, 1.0), -1, axis), [ps])
