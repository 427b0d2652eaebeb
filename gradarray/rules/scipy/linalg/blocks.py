"""The way back through the factors of single matrices, block by block, with LAPACK's own inverses of triangles."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import lapack

from ....kernels.arrays import conjugate
from ...numpy.decompositions import cholesky_back_whole
from ...numpy.triangles import below, blocks, cholesky_back
from ...registry import composite
from ..values import from_library
from .matrices import identity, turned
from .triangular import inverse_of, triangular


def _inverse(triangle: Any) -> Any:
    return inverse_of(triangle, True)


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
    for j, k in blocks(n) if n else ():
        block, found = ans[j:k, j:k], out[j:k, j:k]
        strict = below(k - j, -1)
        lower = np.where(strict, block, 0)
        upper = block - lower
        lower.reshape(-1)[:: k - j + 1] = 1
        regular = upper
        if k == n:  # the last pivot, which may be 0, is not divided by
            regular = upper.copy()
            regular[-1, -1] = 1
        left, right = inverse_of(block, True, unit=True).T, inverse_of(regular, False).T
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


@from_library
def pulled_band(g: Any, band: Any, *, lower: bool) -> Any:
    """Return the cotangent of a matrix from that of its factor, all given by the diagonals of one triangle.

    It is pulled_factor, each block with what of the matrix there is beside it.
    """
    width, n = band.shape[0] - 1, band.shape[1]
    if not n:
        return g.copy()
    turned = not lower and g.dtype.kind == "c"  # the factor is the adjoint of the lower one
    factor, out = band.conj() if turned else band, g.conj() if turned else g.copy()
    diagonals, found = _by_diagonals(factor, lower), _by_diagonals(out, lower)
    if width <= _NARROW and width < n and band.dtype.char in _TBTRS and g.dtype == band.dtype:
        _pull_narrow(diagonals, found)
    else:
        _pull_band(diagonals, found, width, n)
    return out.conj() if turned else out


def _by_diagonals(band: Any, lower: bool) -> list[Any]:
    """Return views of the diagonals, the main one first, each of its elements alone."""
    count, n = band.shape
    size = min(count, n)
    return [band[k, : n - k] if lower else band[count - 1 - k, k:] for k in range(size)]


def _pull_band(band: Any, out: Any, width: int, n: int) -> None:
    size = max(width, 32)
    for j in range((n - 1) // size * size, -1, -size):
        k, first, last = min(j + size, n), max(j - width, 0), min(j + size + width, n)
        factor, part = (_dense(of, first, last) for of in (band, out))
        a, b = j - first, k - first
        block, found = factor[a:b, a:b], part[a:b, a:b]
        inner = _inverse(block)
        under = part[b:, a:b] @ inner
        found = found - conjugate(under).T @ factor[b:, a:b]
        middle = np.where(below(b - a), conjugate(block).T @ found, 0)
        middle.reshape(-1)[:: b - a + 1] *= 0.5
        part[b:, a:b] = under  # further to the left there is nothing of these rows
        part[a:b, a:b] = conjugate(inner).T @ (middle + conjugate(middle).T) @ inner
        if a:
            part[a:b, :a] -= conjugate(part[a:, a:b]).T @ factor[a:, :a]
        for d in range(min(len(out), last - first)):
            out[d][first : last - d] = np.diagonal(part, -d)
    out[0] *= 0.5


_TBTRS = {"f": lapack.stbtrs, "d": lapack.dtbtrs}
_NARROW = 4  # equations for wider ones take more memory and time than blocks do


def _pull_narrow(band: Any, out: Any) -> None:
    """Do the same for few diagonals, whose elements, row after row, are the solution of banded equations.

    Their matrix is the transpose of that of dA = dL L^T + L dL^T: dA_ij is the sum of L_jk dL_ik + L_ik dL_jk.
    """
    row, n = len(band), len(band[0])  # of the unknowns, whose last one stands on the diagonal
    width = row - 1
    matrix = np.zeros((width * width + 1, n * row), band[0].dtype, order="F")  # as LAPACK has it
    for o in range(row):  # i - j
        for q in range(row - o):  # j - k
            first = o + q
            matrix[q, first * row + width - first :: row] += band[q][: n - first]
            matrix[o * width + q, q * row + width - q : (n - o) * row : row] += band[first]
    for k in range(width):  # where there is no column
        matrix[0, k : (width - k) * row : row] = 1
    right = np.zeros((n, row), band[0].dtype)
    for d in range(row):
        right[d:, width - d] = out[d]
    found, singular = _TBTRS[matrix.dtype.char](matrix, right.reshape(-1, 1), uplo="L", trans="T", overwrite_b=1)
    if singular:
        raise np.linalg.LinAlgError("singular matrix")
    found = found.reshape(n, row)
    for d in range(row):
        out[d][...] = found[d:, width - d]


def _dense(band: Any, first: int, last: int) -> Any:
    """Return a part of a lower triangle that is given by its diagonals."""
    n = last - first
    found = np.zeros((n, n), band[0].dtype)
    for d in range(min(len(band), n)):
        found.reshape(-1)[d * n :: n + 1][: n - d] = band[d][first : last - d]
    return found
