"""Special functions. Each has a family of derivatives that is closed: the rule of a member is the next one."""

from __future__ import annotations

import math

import numpy as np

from ...kernels.arrays import Array
from ...kernels.traced import as_form
from ..primitives import primitive
from ..registry import rule
from .pieces import in_pieces


@primitive
def sinc_derivative(x: Array, order: int) -> Array:
    """Return a derivative of np.sinc.

    With s(z) = sin(z) / z, differentiating z s = sin(z) n times gives z s_n = sin(z + n pi / 2) - n s_(n-1). Near zero,
    where that cancels, it is the power series, sum over k of (-1)**k z**(2k - n) / ((2k - n)! (2k + 1)).
    """
    z = np.pi * x

    def far(z: Array) -> Array:
        value = np.sin(z) / z
        for n in range(1, order + 1):
            value = (np.sin(z + n * np.pi / 2) - n * value) / z
        return value

    def near(z: Array) -> Array:
        square, lowest = z * z, (order + 1) // 2
        series = 0 * z
        for k in range(lowest + 9 + order, lowest - 1, -1):
            series = series * square + (-1) ** k / (math.factorial(2 * k - order) * (2 * k + 1))
        return series * z if order % 2 else series

    found = in_pieces(np.abs(z) < 1 + order / 2, near, far, z, inside=0.0, outside=1.0 + order / 2)
    return np.pi**order * found


def _sinc_slope(ans: Array, x: Array) -> Array:
    """Return the derivative of np.sinc, whose value is known."""
    if not (type(as_form(x)) is type(as_form(ans)) is np.ndarray):
        return sinc_derivative(x, order=1)
    return in_pieces(
        np.abs(x) < 1.5 / np.pi,
        lambda x, _ans: sinc_derivative(x, order=1),
        lambda x, ans: (np.cos(np.pi * x) - ans) / x,
        *(x, ans),
        inside=0.0,
        outside=0.5,
    )


rule(np.sinc, lambda g, ans, x: g * _sinc_slope(ans, x))
rule(sinc_derivative, lambda g, _ans, x, *, order: g * sinc_derivative(x, order=order + 1))


@primitive
def i0_derivative(x: Array, order: int) -> Array:
    """Return a derivative of np.i0, the mean of cos(t)**n exp(x cos(t)) over a period.

    Near zero, where that cancels, it is the power series, sum over k of (2k)! x**(2k - n) / ((2k - n)! 4**k k!**2). The
    midpoint rule with m points on half a period leaves out only the Bessel functions of order 2 m and above, which
    for these m is less than rounding (Trefethen and Weideman, https://doi.org/10.1137/130932132).
    """
    largest = np.max(np.abs(x), where=np.isfinite(x), initial=0)
    m = 20 + order + int(6 * np.sqrt(largest))
    cosine = np.cos(np.pi * (np.arange(m) + 0.5) / m)
    far = np.mean(cosine**order * np.exp(x[..., None] * cosine), axis=-1)
    small = np.abs(x) < 1
    near = np.where(small, x, 0)
    square = near * near
    lowest = (order + 1) // 2
    series = 0 * near
    for k in range(lowest + 9 + order, lowest - 1, -1):
        series = series * square + math.perm(2 * k, order) / (4**k * math.factorial(k) ** 2)
    return np.where(small, series * near if order % 2 else series, far)


rule(np.i0, lambda g, _ans, x: g * i0_derivative(x, order=1))
rule(i0_derivative, lambda g, _ans, x, *, order: g * i0_derivative(x, order=order + 1))
