"""Integrals that derivatives by an order or a shape come to, for arrays of any kind."""

from __future__ import annotations

from collections.abc import Callable

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


def _raised(params: tuple[Array, ...]) -> list[Array]:
    return [np.expand_dims(p, -1) for p in params]


def _total(values: Array, step: float) -> Array:
    return np.sum(values, axis=-1) * step
