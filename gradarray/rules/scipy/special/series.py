"""Functions that scipy.special has in part only, by their series."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from ....kernels.arrays import Array
from ...numpy.pieces import in_pieces
from ...primitives import primitive
from ...registry import rule
from ..unswitched import special

_SHIFT = 10
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def trigamma(z: Array) -> Array:
    """Return the derivative of digamma: 5.15.6, 5.15.5 and 5.15.8."""
    return in_pieces(np.real(z) < 0.5, _reflected, _shifted, z, inside=0.25, outside=0.5)


def _reflected(z: Array) -> Array:
    turn = np.pi / np.sin(np.pi * (z - np.round(np.real(z))))  # near a pole nothing of the distance to it is lost
    return turn * turn - _shifted(1 - z)


def _shifted(z: Array) -> Array:
    """Return it on the right of 1/2, by as many steps and the asymptotic series."""
    if type(z) is np.ndarray and z.dtype == np.float64 and z.ndim:
        return by_blocks(_shifted_in_place, z)
    total = 0.0
    for k in range(_SHIFT):
        total = total + 1 / (z + k) ** 2
    far = 1 / (z + _SHIFT)
    square = far * far
    tail = 0.0
    for b in _BERNOULLI[::-1]:
        tail = (tail + b) * square
    return total + (1 + far / 2 + tail) * far


_ENDS = [k * (_SHIFT - 1 - k) for k in range(_SHIFT // 2)]


def _shifted_in_place(z: Array, out: Array) -> None:
    """Do the same with few arrays.

    The terms of the sum, from both ends, are in pairs: 1 / a^2 + 1 / b^2 is ((a + b)^2 - 2 a b) / (a b)^2.
    """
    least = np.minimum(z, 1e50)  # to which the sum gives nothing, and of which the products do not overflow
    inner = least + (_SHIFT - 1)
    inner *= least
    twice = inner + inner
    product, term = np.empty_like(z), np.empty_like(z)
    out[...] = 0
    for c in _ENDS:
        np.add(inner, c, out=product)
        np.add(twice, (_SHIFT - 1) ** 2 - 2 * c, out=term)
        product *= product
        term /= product
        out += term
    out[z > 1e50] = 0
    far = np.add(z, _SHIFT, out=inner)
    np.divide(1, far, out=far)
    square = np.multiply(far, far, out=product)
    term[...] = _BERNOULLI[6]
    term *= square
    for b in _BERNOULLI[5::-1]:
        term += b
        term *= square
    np.multiply(far, 0.5, out=square)
    term += square
    term += 1
    term *= far
    out += term


_BLOCK = 16384


def by_blocks(compute: Callable[[Array, Array], None], x: Array) -> Array:
    """Return an array that is computed in parts which stay in the cache: each is written into its place."""
    x = np.ascontiguousarray(x)
    out = np.empty_like(x)
    flat, found = x.reshape(-1), out.reshape(-1)
    for i in range(0, x.size, _BLOCK):
        compute(flat[i : i + _BLOCK], found[i : i + _BLOCK])
    return out


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


def riemann_slope(s: Array) -> Array:
    """Return the derivative of Riemann's zeta function."""
    if type(s) is np.ndarray and s.dtype == np.float64 and s.ndim and not np.any(s < 0):
        return by_blocks(_riemann_in_place, s)
    return zeta_by_order(s, 1.0)


_COMPOSED = {4: (2, 2), 6: (2, 3), 8: (4, 2), 9: (3, 3), 10: (2, 5), 12: (4, 3)}


@functools.cache
def _tail() -> list[float]:
    """Return the polynomial that the sum over Bernoulli's numbers is times n**-s, with the highest power first."""
    n, product, total = _TERMS + 1.0, np.polynomial.Polynomial([0.0, 1.0]), np.polynomial.Polynomial([0.0])
    for j, b in enumerate(_BERNOULLI[:7], 1):
        total = total + b / math.factorial(2 * j) * n ** (1 - 2 * j) * (product.deriv() - math.log(n) * product)
        product = product * np.polynomial.Polynomial([2 * j - 1, 1.0]) * np.polynomial.Polynomial([2 * j, 1.0])
    total = total - math.log(n) / 2
    return [float(c) for c in total.coef[::-1]]


def _riemann_in_place(s: Array, out: Array) -> None:
    """Do what zeta_by_order does, from 0 on, with powers of primes alone."""
    n, powers = _TERMS + 1, {2: np.exp2(-s)}  # of which alone the error of an exponent would show
    term = powers[2] * -math.log(2)
    out[...] = term
    for k in range(3, n + 1):
        if k in _COMPOSED:
            one, other = _COMPOSED[k]
            powers[k] = powers[one] * powers[other]
        else:
            powers[k] = power = s * -math.log(k)
            np.exp(power, out=power)
        if k < n:
            np.multiply(powers[k], -math.log(k), out=term)
            out += term
    first, *rest = _tail()
    term[...] = first
    for c in rest:
        term *= s
        term += c
    gap = s - 1
    np.divide(1, gap, out=gap)
    term -= (gap + math.log(n)) * gap * n
    term *= powers[n]
    out += term


@primitive
def exprel_derivative(x: Array, order: int) -> Array:
    """Return a derivative of (exp(x) - 1) / x.

    With x e_n = exp(x) - n e_(n-1); near zero, where that cancels, the power series, the sum of
    x^k / ((k + n + 1) k!).
    """

    def far(x: Array) -> Array:
        value, e = special.exprel(x), np.exp(x)
        for n in range(1, order + 1):
            value = (e - n * value) / x
        return value

    def near(x: Array) -> Array:
        series = 0 * x
        for k in range(24 + 2 * order, -1, -1):
            series = series * x + 1 / ((k + order + 1) * math.factorial(k))
        return series

    return in_pieces(np.abs(x) < 1 + order / 2, near, far, x, inside=0.0, outside=1.0 + order / 2)


def exprel_slope(ans: Array, x: Array) -> Array:
    """Return the first derivative of (exp(x) - 1) / x, whose value is known."""
    if not (type(x) is type(ans) is np.ndarray):
        return exprel_derivative(x, order=1)
    near, far = (lambda x, _ans: exprel_derivative(x, order=1)), (lambda x, ans: (np.exp(x) - ans) / x)
    return in_pieces(np.abs(x) < 1.5, near, far, x, ans, inside=0.0, outside=1.5)


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
