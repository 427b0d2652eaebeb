"""Faster ways for single plain matrices: by LAPACK's functions themselves, block by block, of one triangle.

Each comes before a declaration of the other files, and calls that where it has nothing to gain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from ...numpy.triangles import below, blocks, cholesky_back
from ...registry import faster
from .factors import _factor_vjp, _lu_vjp, factor, packed_lu
from .solving import _solution_vjp, solution

_TRTRI = {"f": lapack.strtri, "d": lapack.dtrtri, "F": lapack.ctrtri, "D": lapack.ztrtri}


def _inverse(triangle: Any, lower: int = 1, unit: int = 0) -> Any:
    """Return the inverse of a triangular matrix, which has zeros in its other triangle."""
    found, singular = _TRTRI[triangle.dtype.char](triangle, lower=lower, unitdiag=unit)
    if singular:
        raise np.linalg.LinAlgError("singular matrix")
    return found


def _plain(*arrays: Any) -> bool:
    """Tell whether these are NumPy's own arrays, the first one a matrix with elements, and all of one dtype."""
    first = arrays[0]
    return all(type(a) is np.ndarray and a.dtype == first.dtype for a in arrays) and first.ndim == 2 and first.size > 0


# --- factors ----------------------------------------------------------------------------------------------------------


def pull_factor(g: Any, ans: Any, _a: Any, *, lower: bool) -> Any:
    if not _plain(ans, g):
        return _factor_vjp(g, ans, _a, lower=lower)
    if lower:
        return cholesky_back(g, ans, _inverse)
    return cholesky_back(g.conj().T, ans.conj().T, _inverse).conj().T


def pull_lu(g: Any, ans: Any, _a: Any, _packed: Any, *, order: Any) -> Any:
    """Go through the factorization block by block, backwards, in twice its work; see the declared one for a block."""
    if not _plain(ans, g):
        return _lu_vjp(g, ans, _a, _packed, order=order)
    n = len(ans)
    out = g.copy()
    for j, k in blocks(n):
        block, found = ans[j:k, j:k], out[j:k, j:k]
        strict = below(k - j, -1)
        lower = np.where(strict, block, 0)
        upper = block - lower
        lower.reshape(-1)[:: k - j + 1] = 1
        regular = upper
        if k == n:  # the last pivot, which may be 0, is not divided by
            regular = upper.copy()
            regular[-1, -1] = 1
        left, right = _inverse(lower, unit=1).T, _inverse(regular, lower=0).T
        if k < n:
            under, beside, rest = ans[k:, j:k], ans[j:k, k:], out[k:, k:]
            of_under = (out[k:, j:k] - rest @ beside.T) @ right
            of_beside = left @ (out[j:k, k:] - under.T @ rest)
            out[k:, j:k], out[j:k, k:] = of_under, of_beside
            found = found - np.where(strict, of_beside @ beside.T, under.T @ of_under)
        of_lower = np.where(strict, found, 0)
        of_upper = found - of_lower
        inner = np.where(strict, lower.T @ of_lower - of_upper @ upper.T, 0)
        out[j:k, j:k] = left @ (inner @ right + of_upper)
    return out[np.argsort(order)]


faster(factor, pull_factor)
faster(packed_lu, pull_lu)

# --- equations --------------------------------------------------------------------------------------------------------


def _negative_product(rows: Any, across: Any) -> Any:
    """Return minus the product of two vectors, or of a matrix and a transposed one."""
    return np.multiply.outer(-rows, across) if rows.ndim == 1 else -rows @ across.T


_DEFINITE = ("pos", "positive definite")
_GENERAL = (None, "gen", "general")


def pull_solution(g: Any, ans: Any, a: Any, b: Any, how: Any = None, lower: Any = False, turn: Any = False) -> Any:
    if not _plain(a, g, ans) or g.ndim > 2 or how not in (*_DEFINITE, *_GENERAL):
        return _solution_vjp(g, ans, a, b, how, lower, turn)
    if how in _DEFINITE:
        halves = linalg.cho_factor(a.conj(), check_finite=False)
        of_b = linalg.cho_solve(halves, g, check_finite=False)
    else:  # NumPy's does not estimate how well the equations are conditioned, which has been told of the same ones
        of_b = np.linalg.solve(a if turn else a.T, g)
    rows, across = (ans, of_b) if turn else (of_b, ans)
    return _negative_product(rows, across), of_b


faster(solution, pull_solution)
