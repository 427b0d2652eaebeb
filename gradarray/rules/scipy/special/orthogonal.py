"""Orthogonal polynomials by their argument: 18.9.15 to 18.9.27; Legendre functions, 14.10.5.

Each derivative is a polynomial of the next family, never a quotient, which would be 0 / 0 at the ends.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....kernels.arrays import Array
from ..declared import STEPS, UNKNOWN, elementwise
from ..standing import refuse
from ..unswitched import special


def _of_lower_degree(n: Array, lower: Callable[[Array], Array]) -> Array:
    """Return what a polynomial of the degree n - 1 comes to, and 0 for the derivative of a constant."""
    constant = (n <= 0) & (n == np.floor(n))
    return np.where(constant, 0, lower(np.where(constant, 1, n) - 1))


def _jacobi(n: Array, a: Array, b: Array, x: Array) -> Array:
    return (n + a + b + 1) / 2 * _of_lower_degree(n, lambda m: special.eval_jacobi(m, a + 1, b + 1, x))


def _gegenbauer(n: Array, a: Array, x: Array) -> Array:
    return 2 * a * _of_lower_degree(n, lambda m: special.eval_gegenbauer(m, a + 1, x))


def _legendre(n: Array, x: Array) -> Array:
    return _jacobi(np.where(n < 0, -n - 1, n), 0.0, 0.0, x)


def _chebyu(n: Array, x: Array) -> Array:
    return np.where(n < 0, -1, 1) * _gegenbauer(np.where(n < 0, -n - 2, n), 1.0, x)


elementwise("eval_legendre", STEPS, lambda _ans, n, x: _legendre(n, x))
elementwise("eval_sh_legendre", STEPS, lambda _ans, n, x: 2 * _legendre(n, 2 * x - 1))
elementwise("eval_chebyt", STEPS, lambda _ans, n, x: n * special.eval_chebyu(n - 1, x))
elementwise("eval_chebyu", STEPS, lambda _ans, n, x: _chebyu(n, x))
elementwise("eval_chebyc", STEPS, lambda _ans, n, x: n * special.eval_chebyu(n - 1, x / 2))
elementwise("eval_chebys", STEPS, lambda _ans, n, x: _chebyu(n, x / 2) / 2)
elementwise("eval_sh_chebyt", STEPS, lambda _ans, n, x: 2 * n * special.eval_chebyu(n - 1, 2 * x - 1))
elementwise("eval_sh_chebyu", STEPS, lambda _ans, n, x: 2 * _chebyu(n, 2 * x - 1))
elementwise("eval_hermite", STEPS, lambda _ans, n, x: 2 * n * _of_lower_degree(n, lambda m: special.eval_hermite(m, x)))
elementwise(
    "eval_hermitenorm", STEPS, lambda _ans, n, x: n * _of_lower_degree(n, lambda m: special.eval_hermitenorm(m, x))
)
elementwise(
    "eval_laguerre", STEPS, lambda _ans, n, x: -_of_lower_degree(n, lambda m: special.eval_genlaguerre(m, 1.0, x))
)
elementwise(
    "eval_genlaguerre",
    STEPS,
    UNKNOWN,
    lambda _ans, n, alpha, x: -_of_lower_degree(n, lambda m: special.eval_genlaguerre(m, alpha + 1, x)),
)
elementwise("eval_gegenbauer", STEPS, UNKNOWN, lambda _ans, n, alpha, x: _gegenbauer(n, alpha, x))
elementwise("eval_jacobi", STEPS, UNKNOWN, UNKNOWN, lambda _ans, n, alpha, beta, x: _jacobi(n, alpha, beta, x))
elementwise(
    "eval_sh_jacobi",
    STEPS,
    UNKNOWN,
    UNKNOWN,
    lambda _ans, n, p, q, x: n * _of_lower_degree(n, lambda m: special.eval_sh_jacobi(m, p + 2, q + 1, x)),
)
elementwise(  # in SciPy up to 1.16
    "sph_harm", STEPS, STEPS, lambda ans, m, _n, _theta, _phi: 1j * m * ans, "scipy.special.sph_harm_y has one"
)
elementwise(
    "lpmv",
    STEPS,
    STEPS,
    lambda ans, m, v, x: (v * x * ans - (v + m) * special.lpmv(m, v - 1, x)) / (x * x - 1),
)

# Where both are equal, SciPy goes on with one of them.
refuse(
    "scipy.special",
    "no closed form of the roots by the parameters is known",
    *("jacobi", "sh_jacobi", "genlaguerre", "gegenbauer", "j_roots", "js_roots", "la_roots", "cg_roots"),
    *("roots_jacobi", "roots_sh_jacobi", "roots_genlaguerre", "roots_gegenbauer"),  # their own names, told last
)
