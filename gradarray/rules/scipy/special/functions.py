"""The functions of scipy.special that are no ufuncs: what stands in for each where a variable is given.

Parameters that say how to compute, and not what, have no effect.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ....tape.wrapping import bare, has_variable
from ...primitives import primitive
from ...registry import rule
from ..declared import function
from ..unswitched import special

# --- sums of exponentials ---------------------------------------------------------------------------------------------


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    values = bare(a) if b is None else np.where(np.equal(bare(b), 0), -np.inf, bare(a))
    top = np.max(np.real(values), axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    terms = np.exp(a - top) if b is None else b * np.exp(a - top)
    total = np.sum(terms, axis=axis, keepdims=True)
    sign = np.sign(total) if return_sign else None
    found = np.log(np.abs(total) if return_sign else total) + top
    results = [found] if sign is None else [found, sign]
    if not keepdims:
        results = [np.reshape(y, ())[()] if axis is None else np.squeeze(y, axis) for y in results]
    return tuple(results) if return_sign else results[0]


def softmax(x: Any, axis: Any = None) -> Any:
    terms = np.exp(x - np.max(bare(x), axis=axis, keepdims=True))
    return terms / np.sum(terms, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: Any = None) -> Any:
    return x - logsumexp(x, axis=axis, keepdims=True)


function("scipy.special", logsumexp, softmax, log_softmax)

# --- gamma and combinatorics ------------------------------------------------------------------------------------------


def polygamma(n: Any, x: Any) -> Any:
    n = _constant("polygamma", n=n)
    sign = np.where(n % 2 == 0, -1.0, 1.0)
    return np.where(n == 0, special.psi(x), sign * special.gamma(n + 1.0) * special.zeta(n + 1.0, x))


def multigammaln(a: Any, d: Any) -> Any:
    special.multigammaln(1e9, d)  # SciPy's own error, of the dimension
    outside = np.less_equal(bare(a), (d - 1) / 2)
    if isinstance(outside, (np.ndarray, np.bool_)) and np.any(outside):
        special.multigammaln(bare(a), d)  # and of the argument
    found = d * (d - 1) / 4 * math.log(math.pi) + sum(special.gammaln(a - j / 2) for j in range(int(d)))
    return np.where(outside, np.nan, found)


def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    _inexact("comb", exact)
    if repetition:
        whole = np.equal(bare(k), 0) & np.greater_equal(bare(N), 0)
        return np.where(whole, 1.0, special.binom(N + k - 1, k))
    return np.where(_within(bare(N), bare(k)), special.binom(N, k), 0.0)


def perm(N: Any, k: Any, exact: bool = False) -> Any:
    _inexact("perm", exact)
    return np.where(_within(bare(N), bare(k)), special.poch(N - k + 1, k), 0.0)


def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    _inexact("factorial", exact)
    found = special.gamma(n + 1)
    return found if extend == "complex" else np.where(np.less(bare(n), 0), 0.0, found)


def _within(n: Any, k: Any) -> Any:
    return np.less_equal(k, n) & np.greater_equal(n, 0) & np.greater_equal(k, 0)


def _inexact(name: str, exact: bool) -> None:
    if exact:
        raise TypeError(f"scipy.special.{name} of a variable: with exact=True it is defined for whole numbers alone")


def _constant(name: str, **given: Any) -> Any:
    """Return a parameter that there is no derivative by, as an array; TypeError for a variable."""
    ((parameter, value),) = given.items()
    if has_variable(value):
        raise TypeError(
            f"scipy.special.{name} has no derivative by {parameter}, which is a whole number; "
            f"pass it as ga.asarray({parameter})"
        )
    return bare(value) if hasattr(value, "dtype") else np.asarray(value)


def diric(x: Any, n: Any) -> Any:
    """Return Dirichlet's function as a Chebyshev polynomial, which divides nothing by zero."""
    n = _constant("diric", n=n)
    whole = (n > 0) & (n == np.floor(n))
    degree = np.where(whole, n, 1).astype(int)
    return np.where(whole, special.eval_chebyu(degree - 1, np.cos(x / 2)) / degree, np.nan)


function("scipy.special", polygamma, multigammaln, comb, perm, factorial, diric)

# --- derivatives of Bessel functions: 10.6.7 and 10.29.5 --------------------------------------------------------------


def _differentiated(name: str, of: str, sign: int, turn: int = 1) -> Callable[..., Any]:
    """Return a derivative of any order as a binomial sum of functions of orders around that of the function."""

    def call(v: Any, z: Any, n: int = 1) -> Any:
        getattr(special, name)(1.0, 1.0, n)  # SciPy's own errors
        func = getattr(special, of)
        terms = [math.comb(n, k) * sign**k * func(v - n + 2 * k, z) for k in range(n + 1)]
        return turn**n / 2.0**n * sum(terms)

    call.__name__ = name
    return call


function(
    "scipy.special",
    _differentiated("jvp", "jv", -1),
    _differentiated("yvp", "yv", -1),
    _differentiated("ivp", "iv", 1),
    _differentiated("kvp", "kv", 1, turn=-1),
    _differentiated("h1vp", "hankel1", -1),
    _differentiated("h2vp", "hankel2", -1),
)

# --- spherical Bessel functions: the second derivative is that of their equation, 10.47.1 and 10.47.2 -----------------


def _spherical(name: str, sign: int, regular: bool) -> Callable[..., Any]:
    library = getattr(special, name)

    @primitive
    def value(n: Any, z: Any) -> Any:
        return library(n, z)

    @primitive
    def slope(n: Any, z: Any) -> Any:
        return library(n, z, derivative=True)

    def bend(n: Any, z: Any, first: Any) -> Any:
        zero = z == 0
        at = np.where(zero, 1, z)
        bent = (sign + n * (n + 1) / (at * at)) * value(n, z) - 2 / at * first
        start = np.where(n == 0, sign / 3, np.where(n == 2, 2 / 15, 0.0)) if regular else np.nan
        return np.where(zero, start, bent)

    rule(value, None, lambda g, _ans, n, z: g * slope(n, z))
    rule(slope, None, lambda g, ans, n, z: g * bend(n, z, ans))

    def call(n: Any, z: Any, derivative: bool = False) -> Any:
        n = _constant(name, n=n)
        return slope(n, z) if derivative else value(n, z)

    call.__name__ = name
    return call


function(
    "scipy.special",
    _spherical("spherical_jn", -1, regular=True),
    _spherical("spherical_yn", -1, regular=False),
    _spherical("spherical_in", 1, regular=True),
    _spherical("spherical_kn", 1, regular=False),
)

# --- Legendre functions and spherical harmonics: the second derivative is that of their equation, 14.2.2 --------------


def _legendre_like(name: str, bend: Callable[..., Any], **options: Any) -> tuple[Callable[..., Any], ...]:
    """Return a function of scipy.special of order, degree and argument, its derivative, and the next one."""
    library = getattr(special, name)

    def differentiated(k: int) -> Callable[..., Any]:
        return primitive(lambda n, m, z: library(n, m, z, diff_n=k, **options)[k])

    value, slope = differentiated(0), differentiated(1)

    def second(n: Any, m: Any, z: Any) -> Any:
        return bend(value(n, m, z), slope(n, m, z), n * (n + 1), m, z)

    rule(value, None, None, lambda g, _ans, n, m, z: g * slope(n, m, z))
    rule(slope, None, None, lambda g, _ans, n, m, z: g * second(n, m, z))
    return value, slope, second


def _bend(y: Any, slope: Any, degree: Any, m: Any, z: Any) -> Any:
    room = 1 - z * z
    return (2 * z * slope - (degree - m * m / room) * y) / room


def _turned_bend(y: Any, slope: Any, degree: Any, m: Any, theta: Any) -> Any:
    """Return the same for cos(theta)."""
    sine = np.sin(theta)
    return -np.cos(theta) / sine * slope - (degree - m * m / (sine * sine)) * y


@functools.cache
def _associated(norm: bool, branch_cut: int) -> tuple[Callable[..., Any], ...]:
    return _legendre_like("assoc_legendre_p", _bend, norm=norm, branch_cut=branch_cut)


@functools.cache
def _on_sphere() -> tuple[Callable[..., Any], ...]:
    return _legendre_like("sph_legendre_p", _turned_bend)


def assoc_legendre_p(n: Any, m: Any, z: Any, *, branch_cut: int = 2, norm: bool = False, diff_n: int = 0) -> Any:
    n, m = _constant("assoc_legendre_p", n=n), _constant("assoc_legendre_p", m=m)
    return np.stack([f(n, m, z) for f in _associated(norm, branch_cut)[: diff_n + 1]])


def sph_legendre_p(n: Any, m: Any, theta: Any, *, diff_n: int = 0) -> Any:
    n, m = _constant("sph_legendre_p", n=n), _constant("sph_legendre_p", m=m)
    return np.stack([f(n, m, theta) for f in _on_sphere()[: diff_n + 1]])


def legendre_p(n: Any, z: Any, *, diff_n: int = 0) -> Any:
    n = _constant("legendre_p", n=n)
    found = [special.eval_legendre(n, z)]
    for k in range(diff_n):
        lower = np.maximum(n - k - 1, 0)
        factor = np.where(n > k, special.poch(n + 1.0, k + 1) / 2 ** (k + 1), 0.0)
        found.append(factor * special.eval_jacobi(lower, k + 1.0, k + 1.0, z))
    return np.stack(found)


def sph_harm_y(n: Any, m: Any, theta: Any, phi: Any, *, diff_n: int = 0) -> Any:
    n, m = _constant("sph_harm_y", n=n), _constant("sph_harm_y", m=m)
    turn = np.exp(1j * m * phi)
    value, slope, bend = _on_sphere()
    y = value(n, m, theta) * turn
    if diff_n == 0:
        return y
    by_theta = slope(n, m, theta) * turn
    first = np.stack([by_theta, 1j * m * y], axis=-1)
    if diff_n == 1:
        return y, first
    twice = bend(n, m, theta) * turn
    mixed = 1j * m * by_theta
    rows = [np.stack([twice, mixed], axis=-1), np.stack([mixed, -m * m * y], axis=-1)]
    return y, first, np.stack(rows, axis=-2)


function("scipy.special", assoc_legendre_p, sph_legendre_p, legendre_p, sph_harm_y)
