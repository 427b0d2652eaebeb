"""The way back through the factors of single matrices, block by block, with LAPACK's own inverses of triangles."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import lapack

from ...numpy.decompositions import cholesky_back_whole
from ...numpy.triangles import below, blocks, cholesky_back
from ...registry import composite
from ..values import from_library
from .matrices import identity, turned
from .solving import triangular

_TRTRI = {"f": lapack.strtri, "d": lapack.dtrtri, "F": lapack.ctrtri, "D": lapack.ztrtri}


def _inverse(triangle: Any, lower: int = 1, unit: int = 0) -> Any:
    """Return the inverse of a triangular matrix, which has zeros in its other triangle."""
    found, singular = _TRTRI[triangle.dtype.char](triangle, lower=lower, unitdiag=unit)
    if singular:
        raise np.linalg.LinAlgError("singular matrix")
    return found


@from_library
def pulled_factor(g: Any, factor: Any) -> Any:
    """Return the cotangent of a matrix, in its lower triangle, from that of its lower factor."""
    return cholesky_back(g, factor, _inverse) if np.size(factor) else g.copy()


composite(pulled_factor, cholesky_back_whole, anew=True)


@from_library
def pulled_lu(g: Any, ans: Any) -> Any:
    """Return the cotangent of a matrix, with its rows in the order of the pivots, from that of L and U in one matrix.

    It goes through the factorization block by block, backwards, in twice its work; see lu_back for one block.
    """
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
    return out


def lu_back(g: Any, ans: Any) -> Any:
    # From dA = dL U + L dU: L^-1 dA U^-1 has L^-1 dL below the diagonal, and dU is L^-1 dA - (L^-1 dL) U. In this the
    # last pivot is not divided by, which is 0 for the generator of a Markov chain, say.
    n = np.shape(ans)[-1]
    lower, upper = np.tril(ans, -1) + identity(n, ans), np.triu(ans)
    inner = np.tril(turned(lower) @ np.tril(g, -1) - np.triu(g) @ turned(upper), -1)
    regular = np.where(np.reshape(np.arange(n * n) == n * n - 1, (n, n)), 1.0, upper)
    return triangular(ans, turned(triangular(regular, turned(inner), False, False)) + np.triu(g), True, True, True)


composite(pulled_lu, lu_back, anew=True)
