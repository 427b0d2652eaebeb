"""Bessel functions by their order, for positive arguments.

J and I are differentiated in their power series, 10.2.2 and 10.25.2, where that does not cancel; J elsewhere, Y and K
under the integrals of Schlaefli and Sommerfeld, 10.9.6, 10.9.7 and 10.32.9.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ..quadrature import over_half_turn, over_positive
from ..unswitched import special
from .gamma import rgamma_slope


def _positive(x: Array) -> Array:
    if np.iscomplexobj(x):
        raise TypeError("a Bessel function has a derivative by its order for real arguments, and not for complex ones")
    return np.where(x > 0, x, np.nan)


def _largest(*values: Array) -> float:
    return sum(float(np.max(np.abs(x), where=np.isfinite(x), initial=0)) for x in map(np.asarray, map(bare, values)))


def _by_series(v: Array, x: Array, sign: int, scaled: bool = False) -> Array:
    """Return the derivative of the sum of sign^k (x/2)^(v + 2k) / (k! Gamma(v + k + 1)), for scaled ones by exp(-x)."""
    k = np.arange(30.0 + int(1.5 * _largest(x) + 0.5 * _largest(v)))
    v, x = np.expand_dims(v, -1), np.expand_dims(x, -1)
    a, log = v + k + 1, np.log(x / 2)
    size = (v + 2 * k) * log - special.gammaln(k + 1) - (x if scaled else 0)
    low = a < 0.5
    high = np.where(low, 1, a)
    above = np.exp(size - special.gammaln(high)) * (log - special.psi(high))
    near = np.where(low, a, 0.0)
    below = np.exp(np.where(low, size, 0)) * (log * special.rgamma(near) + rgamma_slope(near))
    return np.sum(np.where(low, below, above) * np.asarray(sign) ** k, axis=-1)


def _turning(wave: Callable[[Array], Array], v: Array, x: Array) -> Array:
    """Return the integral of t wave(x sin(t) - v t) from 0 to pi."""
    points = 32 + int(2 * _largest(v, x))  # two for each wave, and some more
    return over_half_turn(lambda t, v, x: t * wave(x * np.sin(t) - v * t), v, x, points=points)


def _step(v: Array) -> float:
    """Return a step for u^v exp(-x u), which in its logarithm is spread as 1 / sqrt(v)."""
    return min(0.25, float(0.7 / np.sqrt(1 + _largest(v))))


def _falling(v: Array, x: Array, power: int) -> Array:
    """Return the integral of t^power exp(-v t - x sinh(t)) over all positive t, by u = sinh(t)."""

    def integrand(u: Array, v: Array, x: Array) -> Array:
        t = np.arcsinh(u)
        return t**power * np.exp(-v * t - x * u) / np.sqrt(1 + u * u)

    return over_positive(integrand, v, x, low=-40, high=35, step=_step(v))


def j_by_order(v: Array, x: Array) -> Array:
    """Return the derivative of J_v(x) by v."""
    x = _positive(x)
    close = x * x < 16 * (np.abs(v) + 1)
    near, far = np.where(close, x, 1), np.where(close, 10 + np.abs(v), x)
    wave = _turning(np.sin, v, far) / np.pi
    wave = wave - np.cos(np.pi * v) * _falling(v, far, 0) + np.sin(np.pi * v) / np.pi * _falling(v, far, 1)
    return np.where(np.isnan(x), np.nan, np.where(close, _by_series(v, near, -1), wave))


def y_by_order(v: Array, x: Array) -> Array:
    """Return the derivative of Y_v(x) by v."""
    x = _positive(x)
    wave = -_turning(np.cos, v, np.where(np.isnan(x), 1, x)) - _falling(-v, x, 1)
    return (wave + np.cos(np.pi * v) * _falling(v, x, 1)) / np.pi + np.sin(np.pi * v) * _falling(v, x, 0)


def i_by_order(v: Array, x: Array, scaled: bool = False) -> Array:
    """Return the derivative of I_v(x), or of exp(-x) I_v(x), by v."""
    x = _positive(x)
    return np.where(np.isnan(x), np.nan, _by_series(v, np.where(np.isnan(x), 1, x), 1, scaled))


def k_by_order(v: Array, x: Array, scaled: bool = False) -> Array:
    """Return the derivative of K_v(x), or of exp(x) K_v(x), by v, with u = cosh(t) - 1."""

    def integrand(u: Array, v: Array, x: Array) -> Array:
        root = np.sqrt(u * (u + 2))
        t = np.log1p(u + root)
        start = x * u if scaled else x * (u + 1)
        return t * (np.exp(v * t - start) - np.exp(-v * t - start)) / (2 * root)

    return over_positive(integrand, v, _positive(x), low=-60, high=35, step=_step(v))
