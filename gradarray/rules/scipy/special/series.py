"""Functions that scipy.special has in part only, by their series."""

from __future__ import annotations

import math

import numpy as np

from ....kernels.arrays import Array
from ...primitives import primitive
from ...registry import rule
from ..unswitched import special

_SHIFT = 10
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def trigamma(z: Array) -> Array:
    """Return the derivative of digamma: 5.15.6, 5.15.5 and 5.15.8."""
    left = np.real(z) < 0.5
    right = np.where(left, 1 - z, z)
    total = 0.0
    for k in range(_SHIFT):
        total = total + 1 / (right + k) ** 2
    far = right + _SHIFT
    square = 1 / (far * far)
    tail = 0.0
    for b in _BERNOULLI[::-1]:
        tail = (tail + b) * square
    total = total + (1 + 1 / (2 * far) + tail) / far
    reflected = np.pi / np.sin(np.pi * np.where(left, z, 0.5))
    return np.where(left, reflected * reflected - total, total)


_TERMS = 12


def zeta_by_order(s: Array, q: Array) -> Array:
    """Return the derivative of Hurwitz's zeta function by its order, of Euler and Maclaurin's sum, 25.11.28.

    Left of 1 the sum is its continuation; the number of terms is enough down to about -10.
    """
    s, q = s + 0 * q, q + 0 * s
    total = 0.0
    for k in range(_TERMS):
        total = total - np.log(q + k) * (q + k) ** -s
    n = q + _TERMS
    log, power = np.log(n), n**-s
    total = total - power * n * (log / (s - 1) + 1 / (s - 1) ** 2) - power * log / 2
    factor, slope = s, 1.0  # of the product s (s + 1) ... and its derivative
    for j, b in enumerate(_BERNOULLI, 1):
        share = power * n ** (1 - 2 * j) * (b / math.factorial(2 * j))
        total = total + share * (slope - factor * log)
        for step in (2 * j - 1, 2 * j):
            slope = slope * (s + step) + factor
            factor = factor * (s + step)
    return total


@primitive
def exprel_derivative(x: Array, order: int) -> Array:
    """Return a derivative of (exp(x) - 1) / x.

    With x e_n = exp(x) - n e_(n-1); near zero, where that cancels, the power series, the sum of
    x^k / ((k + n + 1) k!).
    """
    near = np.abs(x) < 1 + order / 2
    far = np.where(near, 1, x)
    value = special.exprel(far)
    for n in range(1, order + 1):
        value = (np.exp(far) - n * value) / far
    small = np.where(near, x, 0)
    series = 0 * small
    for k in range(24 + 2 * order, -1, -1):
        series = series * small + 1 / ((k + order + 1) * math.factorial(k))
    return np.where(near, series, value)


rule(exprel_derivative, lambda g, _ans, x, *, order: g * exprel_derivative(x, order=order + 1))


@primitive
def log1prel_derivative(x: Array, order: int) -> Array:
    """Return a derivative of log(1 + x) / x.

    With x l_n = (-1)^(n-1) (n-1)! / (1 + x)^n - n l_(n-1); near zero the power series, whose terms are
    (-1)^(k+n) (k+n)! x^k / (k! (k + n + 1)).
    """
    near = np.abs(x) < 0.25
    far = np.where(near, 1, x)
    value = np.log1p(far) / far
    for n in range(1, order + 1):
        value = ((-1) ** (n - 1) * math.factorial(n - 1) / (1 + far) ** n - n * value) / far
    small = np.where(near, x, 0)
    series = 0 * small
    for k in range(30 + 4 * order, -1, -1):
        series = series * small + (-1) ** (k + order) * math.perm(k + order, order) / (k + order + 1)
    return np.where(near, series, value)


rule(log1prel_derivative, lambda g, _ans, x, *, order: g * log1prel_derivative(x, order=order + 1))
