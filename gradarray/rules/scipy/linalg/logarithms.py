"""The derivative of the logarithm of a matrix along another one, in the basis of its Schur form.

With A = B B the derivative of the logarithm at A along E is twice that at B along F, where B F + F B = E. Near 1 it is
that of Pade's approximant, as a sum of fractions by the nodes of Gauss and Legendre:

    log(1 + R) = sum of w R (1 + t R)**-1,  with the derivative  sum of w (1 + t R)**-1 F (1 + t R)**-1

Al-Mohy, Higham, Relton, Computing the Frechet derivative of the matrix logarithm, SIAM J. Sci. Comput. 35 (2013).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from .sylvester import root, solved

# Up to this norm of R the approximant of degree 8 is the logarithm to all digits, and so is its derivative.
_LARGEST, DEGREE = 0.25, 8
_ROOTS = 60


def derivative_along(a: Any, e: Any) -> Any:
    """Return the derivative at `a` along `e`, both of doubles, real or complex.

    None where `a` has no root near 1, or for a negative eigenvalue of a real matrix, whose logarithm is not real.
    """
    form, basis = triangular_form(a)
    near = near_one(form, basis.conj().T @ e @ basis, a.dtype.kind != "c")
    if near is None:
        return None
    form, inner, roots = near
    nodes, weights = np.polynomial.legendre.leggauss(DEGREE)
    found = fractions_along(form, inner, (nodes + 1) / 2, weights / 2)
    return turned_back(2.0**roots * found, basis, a, e)


def near_one(form: Any, inner: Any, real: bool) -> Any:
    """Return a root near 1 of a triangle, the direction that is its own there, and how often a root was taken.

    None where there is none, or for a negative eigenvalue of a matrix that is known to be real.
    """
    values = np.diagonal(form)
    if real and np.any((values.real <= 0) & (np.abs(values.imag) <= 1e-8 * np.abs(values))):
        return None
    one, roots = np.eye(len(form)), 0
    while not _is_small(form - one):
        if roots == _ROOTS or not np.isfinite(form).all():
            return None
        form = root(form)
        inner, roots = solved(form, form, inner), roots + 1
    return form, inner, roots


def fractions_along(form: Any, inner: Any, nodes: Any, weights: Any) -> Any:
    """Return the sum of w (1 + t R)**-1 F (1 + t R)**-1, where 1 + R is a triangle, and F the direction."""
    solve = lapack.get_lapack_funcs("trtrs", (form, inner))
    one, found = np.eye(len(form)), np.zeros_like(inner, np.result_type(form, inner))
    for t, w in zip(nodes, weights, strict=True):
        triangle = one + t * (form - one)
        left = solve(triangle, inner)[0]
        found += w * solve(triangle, left.T, trans=1)[0].T
    return found


def turned_back(found: Any, basis: Any, *given: Any) -> Any:
    """Return a derivative in the basis that the matrices are given in, real for real ones."""
    found = basis @ found @ basis.conj().T
    return found if any(x.dtype.kind == "c" for x in given) else np.real(found)


def _is_small(r: Any) -> bool:
    """Tell whether the approximant and its derivative have all digits, by norms of powers, which may be far smaller.

    What is left out begins with r**17, and of its derivative with r**j e r**(16 - j): all but one of these factors are
    at most `size` to the power that they are of.
    """
    norm = _norm(r)
    if not _LARGEST < norm <= 4 * _LARGEST:
        return bool(norm <= _LARGEST)
    square = r @ r
    size = max(_norm(square) ** (1 / 2), _norm(square @ r) ** (1 / 3))
    return bool(size ** (1 - 1 / (2 * DEGREE)) * norm ** (1 / (2 * DEGREE)) <= _LARGEST)


def _norm(a: Any) -> Any:
    return np.abs(a).sum(0).max()


def triangular_form(a: Any) -> tuple[Any, Any]:
    """Return an upper triangle and a basis in which `a` is that one; real, if its eigenvalues are.

    That of a real matrix is found from its real one, in half of the time.
    """
    if a.dtype.kind == "c":
        return linalg.schur(a, "complex")  # type: ignore[no-any-return]
    form, basis = linalg.schur(a)
    return linalg.rsf2csf(form, basis) if np.any(np.diagonal(form, -1)) else (form, basis)
