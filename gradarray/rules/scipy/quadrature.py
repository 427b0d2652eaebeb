"""Integrals that derivatives by an order or a shape come to, for arrays of any kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...kernels.arrays import Array


def over_positive(
    integrand: Callable[..., Array], *params: Array, low: float = -75.0, high: float = 60.0, step: float = 0.5
) -> Array:
    """Return an integral over all positive numbers, by the trapezoidal rule in their logarithm.

    It converges geometrically for what is analytic about the positive numbers (Trefethen and Weideman,
    https://doi.org/10.1137/130932132, section 4); `step` is at most pi^2 / 38 where the integrand falls like exp(-t),
    and may be twice as large where it falls like a power.

    Parameters
    ----------
    integrand : callable
        ``integrand(t, *params)``, where the parameters have one axis more, the last one, along which `t` varies.
    low, high : float
        The logarithms of the least and the greatest t.
    """
    t = np.exp(np.arange(low, high + step, step))
    return _total(integrand(t, *_raised(params)) * t, step)


def over_line(integrand: Callable[..., Array], *params: Array, ends: float, step: float) -> Array:
    """Return an integral over the numbers from -ends to ends, by the trapezoidal rule; it has fallen off at both."""
    return _total(integrand(np.arange(-ends, ends + step / 2, step), *_raised(params)), step)


def over_half_turn(integrand: Callable[..., Array], *params: Array, points: int) -> Array:
    """Return an integral over the angles from 0 to pi, by Gauss and Legendre's rule."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return np.sum(integrand(np.pi / 2 * (nodes + 1), *_raised(params)) * weights, axis=-1) * (np.pi / 2)


def between(integrand: Callable[..., Array], low: Array, high: Array, *params: Array) -> Array:
    """Return an integral from one limit to another, by the double exponential rule, which takes singular ends.

    Takahasi and Mori, Double exponential formulas for numerical integration (1974). The limits may depend on what is
    differentiated by, as the nodes do then.
    """
    low, high, *raised = _raised((low, high, *params))
    width = high - low
    near, far = low + width * _RISE, high - width * _FALL
    return np.sum(integrand(np.where(_RISE < 0.5, near, far), *raised) * (width * _RISE_WEIGHTS), axis=-1)


def beyond(integrand: Callable[..., Array], low: Array, scale: Array, *params: Array) -> Array:
    """Return an integral from a limit to infinity, or with a negative scale to minus infinity, by the same rule.

    The scale is a constant, of the size of the distance over which the integrand falls off.
    """
    low, scale, *raised = _raised((low, scale, *params))
    return np.sum(integrand(low + scale * _FAR, *raised) * (np.abs(scale) * _FAR_WEIGHTS), axis=-1)


def throughout(integrand: Callable[..., Array], middle: Array, scale: Array, *params: Array) -> Array:
    """Return an integral over all numbers, by the same rule; middle and scale are constants."""
    middle, scale, *raised = _raised((middle, scale, *params))
    return np.sum(integrand(middle + scale * _WIDE, *raised) * (scale * _WIDE_WEIGHTS), axis=-1)


def _raised(params: Sequence[Array]) -> list[Array]:
    return [np.expand_dims(p, -1) for p in params]


def _total(values: Array, step: float) -> Array:
    return np.sum(values, axis=-1) * step


_STEP = 1 / 16
_t = np.arange(-5.5, 3.09, _STEP)  # up to the last numbers that differ from the upper limit
_turn = np.pi * np.sinh(_t)
_RISE, _FALL = 1 / (1 + np.exp(-_turn)), 1 / (1 + np.exp(_turn))
_RISE_WEIGHTS = _STEP * np.pi * np.cosh(_t) * _RISE * _FALL
_t = np.arange(-4.25, 4.26, _STEP)
_turn = np.pi / 2 * np.sinh(_t)
_FAR = np.exp(_turn)
_FAR_WEIGHTS = _STEP * np.pi / 2 * np.cosh(_t) * _FAR
_WIDE = np.sinh(_turn)
_WIDE_WEIGHTS = _STEP * np.pi / 2 * np.cosh(_t) * np.cosh(_turn)
