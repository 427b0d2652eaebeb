"""Entropies and losses, transforms of Box and Cox, and functions that are more precise near a point."""

from __future__ import annotations

import math

import numpy as np

from ....kernels.arrays import Array
from ..declared import elementwise, flat
from ..unswitched import special
from .series import exprel_derivative, exprel_slope, log1prel_derivative

# --- information theory -----------------------------------------------------------------------------------------------

elementwise("entr", lambda _ans, x: -np.log(x) - 1)
elementwise("rel_entr", lambda _ans, x, y: np.log(x / y) + 1, lambda _ans, x, y: -x / y)
elementwise("kl_div", lambda _ans, x, y: np.log(x / y), lambda _ans, x, y: 1 - x / y)
elementwise(
    "huber",
    lambda _ans, delta, r: np.maximum(np.abs(r) - delta, 0),
    lambda _ans, delta, r: np.clip(r, -delta, delta),
)


def _length(delta: Array, r: Array) -> Array:
    length = np.hypot(delta, r)
    return np.where(length == 0, 1, length)


elementwise(
    "pseudo_huber",
    lambda _ans, delta, r: (np.hypot(delta, r) - delta) ** 2 / _length(delta, r),
    lambda _ans, delta, r: delta * r / _length(delta, r),
)

# --- logistic functions -----------------------------------------------------------------------------------------------

elementwise("expit", lambda ans, x: ans * special.expit(-x))
elementwise("log_expit", lambda _ans, x: special.expit(-x))
elementwise("logit", lambda _ans, x: 1 / (x * (1 - x)))

# --- transforms of Box and Cox ----------------------------------------------------------------------------------------


def _power_by_exponent(log: Array, lmbda: Array) -> Array:
    """Return the derivative by lambda of (exp(lambda log) - 1) / lambda."""
    return log * log * exprel_derivative(lmbda * log, order=1)


def _root_by_exponent(ans: Array, y: Array, lmbda: Array) -> Array:
    """Return the derivative by lambda of (1 + lambda y)^(1 / lambda)."""
    return ans * y * y * log1prel_derivative(lmbda * y, order=1)


elementwise(
    "boxcox",
    lambda _ans, x, lmbda: x ** (lmbda - 1.0),
    lambda _ans, x, lmbda: _power_by_exponent(np.log(x), lmbda),
)
elementwise(
    "boxcox1p",
    lambda _ans, x, lmbda: np.exp((lmbda - 1) * np.log1p(x)),
    lambda _ans, x, lmbda: _power_by_exponent(np.log1p(x), lmbda),
)
elementwise(
    "inv_boxcox",
    lambda ans, y, lmbda: ans / (1 + lmbda * y),
    lambda ans, y, lmbda: _root_by_exponent(ans, y, lmbda),
)
elementwise(
    "inv_boxcox1p",
    lambda ans, y, lmbda: (1 + ans) / (1 + lmbda * y),
    lambda ans, y, lmbda: _root_by_exponent(1 + ans, y, lmbda),
)


def _tukey_slope(p: Array, lmbda: Array) -> Array:
    """Return the derivative of the quantile function (p^lambda - (1 - p)^lambda) / lambda."""
    return p ** (lmbda - 1.0) + (1 - p) ** (lmbda - 1.0)


def _tukey_by_lambda(ans: Array, _x: Array, lmbda: Array) -> Array:
    by_lambda = _power_by_exponent(np.log(ans), lmbda) - _power_by_exponent(np.log1p(-ans), lmbda)
    return -by_lambda / _tukey_slope(ans, lmbda)


elementwise("tklmbda", lambda ans, _x, lmbda: 1 / _tukey_slope(ans, lmbda), _tukey_by_lambda)

# --- convenience functions --------------------------------------------------------------------------------------------

elementwise("cbrt", lambda ans, _x: 1 / (3 * ans * ans))
elementwise("exp10", lambda ans, _x: math.log(10) * ans)
elementwise("exp2", lambda ans, _x: math.log(2) * ans)
elementwise("expm1", lambda _ans, x: np.exp(x))
elementwise("log1p", lambda _ans, x: 1 / (1 + x))
elementwise("exprel", lambda ans, x: exprel_slope(ans, x))
elementwise("cosm1", lambda _ans, x: -np.sin(x))
elementwise("sindg", lambda _ans, x: math.pi / 180 * special.cosdg(x))
elementwise("cosdg", lambda _ans, x: -math.pi / 180 * special.sindg(x))
elementwise("tandg", lambda ans, _x: math.pi / 180 * (1 + ans * ans))
elementwise("cotdg", lambda ans, _x: -math.pi / 180 * (1 + ans * ans))
elementwise("radian", math.pi / 180, math.pi / 180 / 60, math.pi / 180 / 3600)
elementwise("powm1", lambda _ans, x, y: y * x ** (y - 1.0), lambda ans, x, y: special.xlogy(ans + 1, x))
flat("round")


def _over(x: Array, y: Array) -> Array:
    """Return x / y, and 0 where both are."""
    both = (x == 0) & (y == 0)
    return np.where(both, 0, x / np.where(both, 1, y))


elementwise("xlogy", lambda _ans, _x, y: np.log(y), lambda _ans, x, y: _over(x, y))
elementwise("xlog1py", lambda _ans, _x, y: np.log1p(y), lambda _ans, x, y: _over(x, 1 + y))
