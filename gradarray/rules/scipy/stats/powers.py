"""Power transformations, and the exponents by which what they make is the most like a normal distribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from ....tape.wrapping import bare
from ..declared import function
from ..special.series import exprel_derivative
from ..standing import stands_for
from ..unswitched import special
from ..values import as_double, either, valued
from .descriptive import count_along
from .samples import PROPAGATE, complete

# --- Box and Cox ------------------------------------------------------------------------------------------------------


@stands_for("scipy.stats", "x", "lmbda")
def boxcox(x: Any, lmbda: Any, alpha: Any) -> Any:
    if lmbda is not None:
        return special.boxcox(x, lmbda)
    if alpha is not None:
        raise TypeError(
            "scipy.stats.boxcox of a variable: the bounds of an interval, as alpha= asks for, are not known"
        )
    found = boxcox_normmax(x, method="mle")
    return special.boxcox(x, found), found


def boxcox_llf(lmb: Any, data: Any, *, axis: Any = 0, keepdims: bool = False, nan_policy: str = PROPAGATE) -> Any:
    complete("boxcox_llf", nan_policy, data)
    data = as_double(data)
    spread = np.var(special.boxcox(data, lmb), axis=axis, keepdims=keepdims)
    logs = np.sum(np.log(data), axis=axis, keepdims=keepdims)
    return (lmb - 1) * logs - count_along(data, axis) / 2 * np.log(spread)


# --- Yeo and Johnson --------------------------------------------------------------------------------------------------


@stands_for("scipy.stats", "x", "lmbda")
def yeojohnson(x: Any, lmbda: Any) -> Any:
    if lmbda is not None:
        return _yeojohnson(x, lmbda)
    found = yeojohnson_normmax(x)
    return _yeojohnson(x, found), found


def _yeojohnson(x: Any, lmbda: Any) -> Any:
    # On both sides of 0 it is one function of how far away a number is, with an exponent of its own.
    positive = np.greater_equal(bare(x), 0)
    sign = either(positive, 1.0, -1.0)
    return sign * special.boxcox1p(sign * x, either(positive, lmbda, 2 - lmbda))


def yeojohnson_llf(lmb: Any, data: Any, *, axis: Any = 0, nan_policy: str = PROPAGATE, keepdims: bool = False) -> Any:
    complete("yeojohnson_llf", nan_policy, data)
    data = as_double(data)
    spread = np.var(_yeojohnson(data, lmb), axis=axis, keepdims=keepdims)
    logs = np.sum(np.sign(bare(data)) * np.log1p(np.abs(data)), axis=axis, keepdims=keepdims)
    return (lmb - 1) * logs - count_along(data, axis) / 2 * np.log(spread)


function("scipy.stats", boxcox_llf, yeojohnson_llf)

# --- the most likely exponents ----------------------------------------------------------------------------------------


def _most_likely(name: str, at: Any, logs: Any, weight: Any, exponents: Callable[[Any], Any], sign: Any) -> Any:
    """Return an exponent at which the likelihood has no slope.

    Each transformed number is ``sign * (exp(e * log) - 1) / e``, with an exponent e that goes up or down with the one
    that is looked for. Steps with a constant slope leave that where it is; each brings one order of derivatives.
    """
    n = len(logs)

    def transformed(exponent: Any, logs: Any, order: int) -> Any:
        return sign ** (order + 1) * logs ** (order + 1) * exprel_derivative(exponents(exponent) * logs, order=order)

    def together(u: Any, v: Any) -> Any:
        return np.mean(u * v) - np.mean(u) * np.mean(v)

    def slope(exponent: Any, logs: Any, weight: Any) -> Any:
        y, y1 = (transformed(exponent, logs, order) for order in (0, 1))
        return weight - n * together(y, y1) / together(y, y)

    y, y1, y2 = (transformed(at, bare(logs), order) for order in range(3))
    variance = together(y, y)
    bend = 2 * n * (together(y, y1) / variance) ** 2 - n * (together(y1, y1) + together(y, y2)) / variance
    if not (bend < 0 and abs(slope(at, bare(logs), bare(weight)) / bend) < 1e-4 * (1 + abs(at))):
        raise TypeError(f"scipy.stats.{name} of a variable: the exponent is at a bound, or its likelihood has a slope")
    found: Any = at
    for _ in range(2):
        found = found - slope(found, logs, weight) / bend
    return valued(found, np.float64(at))


@stands_for("scipy.stats", "x")
def boxcox_normmax(x: Any, brack: Any, method: Any, optimizer: Any, ymax: Any = None) -> Any:
    if method != "mle":
        raise TypeError(f"scipy.stats.boxcox_normmax of a variable: method={method!r} is not known here; 'mle' is")
    more = {} if ymax is None else {"ymax": ymax}
    at = stats.boxcox_normmax(bare(x), brack, method, optimizer, **more)
    logs = np.log(np.ravel(as_double(x)))
    return _most_likely("boxcox_normmax", at, logs, np.sum(logs), lambda exponent: exponent, 1.0)


@stands_for("scipy.stats", "x")
def yeojohnson_normmax(x: Any, brack: Any) -> Any:
    at = stats.yeojohnson_normmax(bare(x), brack)
    x = np.ravel(as_double(x))
    positive = bare(x) >= 0
    sign = np.where(positive, 1.0, -1.0)
    logs = np.log1p(sign * x)
    weight = np.sum(sign * logs)
    return _most_likely(
        "yeojohnson_normmax", at, logs, weight, lambda exponent: np.where(positive, exponent, 2 - exponent), sign
    )
