"""The derivative of a power of a matrix along another one, in the basis of its Schur form.

Roots are taken until the matrix is near 1, as for the logarithm, and the result is squared as often. Near 1 a power
between -1 and 0 is that of Pade's approximant, as a sum of fractions by the nodes of Gauss and Jacobi, with the weight
t**(s - 1) (1 - t)**-s, which are here those of an integral of Euler's:

    (1 + R)**-s = sum of w (1 + t R)**-1

Higham, Lin, An improved Schur-Pade algorithm for fractional powers of a matrix and their Frechet derivatives, SIAM J.
Matrix Anal. Appl. 34 (2013), has the same approximant as a continued fraction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import lapack

from ..unswitched import special
from .logarithms import DEGREE, fractions_along, near_one, triangular_form, turned_back


def derivative_along(a: Any, e: Any, t: float) -> Any:
    """Return the derivative of the power `t` at `a` along `e`, both of doubles, real or complex.

    None where `a` has no root near 1, for a negative eigenvalue of a real matrix, and for whole numbers.
    """
    whole = int(t)
    if whole == t or not np.isfinite(t):
        return None
    form, basis = triangular_form(a)
    inner = basis.conj().T @ e @ basis
    near = near_one(form, inner.copy(), a.dtype.kind != "c")
    if near is None:
        return None
    near_form, near_inner, roots = near
    value, slope = _near_one(near_form, near_inner, t - whole)
    for _ in range(roots):
        value, slope = _product((value, slope), (value, slope))
    if whole:
        value, slope = _product(_whole_power(form, inner, whole), (value, slope))
    return turned_back(slope, basis, a, e)


def _near_one(form: Any, inner: Any, t: float) -> tuple[Any, Any]:
    """Return a power between -1 and 1 of a triangle near 1, and its derivative."""
    s = -t if t < 0 else 1 - t
    with np.errstate(all="ignore"):  # it divides 0 by 0, and leaves the quotient out
        nodes, weights = special.roots_jacobi(DEGREE + 1, -s, s - 1)
    nodes, weights, one = (nodes + 1) / 2, weights / weights.sum(), np.eye(len(form))
    invert = lapack.get_lapack_funcs("trtri", (form,))
    value = sum(w * invert(one + u * (form - one))[0] for u, w in zip(nodes, weights, strict=True))
    slope = -fractions_along(form, inner, nodes, weights * nodes)
    return (value, slope) if t < 0 else _product((form, inner), (value, slope))


def _product(one: tuple[Any, Any], other: tuple[Any, Any]) -> tuple[Any, Any]:
    (a, da), (b, db) = one, other
    return a @ b, da @ b + a @ db


def _whole_power(a: Any, da: Any, count: int) -> tuple[Any, Any]:
    if count < 0:
        inverse = np.linalg.inv(a)
        return _whole_power(inverse, -(inverse @ da @ inverse), -count)
    if count == 1:
        return a, da
    half = _whole_power(a, da, count // 2)
    both = _product(half, half)
    return _product(both, (a, da)) if count % 2 else both
