"""Triangular matrices: equations, and products of which one triangle is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from ...numpy.triangles import above, below, solved_by_blocks
from ...registry import bilinear, linear, rule
from ..values import from_library
from .matrices import turned

_TRTRS = {"f": lapack.strtrs, "d": lapack.dtrtrs, "F": lapack.ctrtrs, "D": lapack.ztrtrs}


_TRTRI = {"f": lapack.strtri, "d": lapack.dtrtri, "F": lapack.ctrtri, "D": lapack.ztrtri}
_STEP = 32  # the size of the blocks of larger triangles


@from_library
def triangular(a: Any, b: Any, lower: bool, turn: bool, unit: bool = False) -> Any:
    """Return the solution of a x = b, or of its transposed, for one triangle of a matrix, all that is read of it.

    It is LAPACK's own, of which SciPy's function is several times as long in front of a vector. For many columns it
    goes block by block, by products, in half of the time, and is no less exact.
    """
    if a.ndim != 2 or a.dtype != b.dtype or a.dtype.char not in _TRTRS or not (a.size and b.size):
        return linalg.solve_triangular(a, b, trans=int(turn), lower=lower, unit_diagonal=unit, check_finite=False)
    if b.ndim == 2 and len(a) > _STEP <= b.shape[1]:
        low = bool(lower) != bool(turn)
        return solved_by_blocks(a.T if turn else a, b, lambda block: inverse_of(block, low, unit), low)
    solve = _TRTRS[a.dtype.char]
    if a.flags.f_contiguous:
        x, singular = solve(a, b, lower=lower, trans=turn, unitdiag=unit)
    else:  # LAPACK's matrices lie in Fortran's order
        x, singular = solve(a.T, b, lower=not lower, trans=not turn, unitdiag=unit)
    if singular:
        raise np.linalg.LinAlgError(f"singular matrix: resolution failed at diagonal {singular - 1}")
    return x


def inverse_of(block: Any, lower: bool, unit: bool = False) -> Any:
    """Return the inverse of one triangle of a matrix, all that is read of it."""
    found, singular = _TRTRI[block.dtype.char](block, lower=lower, unitdiag=unit)
    if singular:
        raise np.linalg.LinAlgError("singular matrix")
    n = len(found)
    np.copyto(found, 0, where=above(n) if lower else below(n, -1))
    if unit:
        np.einsum("ii->i", found)[...] = 1
    return found


@from_library
def given_triangle(a: Any, b: Any, lower: bool, turn: bool, unit: bool = False) -> Any:
    """Return the same as SciPy has it."""
    return linalg.solve_triangular(a, b, trans=int(turn), lower=lower, unit_diagonal=unit)


@from_library
def in_triangle(x: Any, y: Any, *, lower: bool, k: int) -> Any:
    """Return x y^T in one triangle, whose last diagonal is the k-th one, and zeros elsewhere."""
    n = np.shape(x)[0 if np.ndim(x) == 1 else -2]
    if not type(x) is type(y) is np.ndarray or x.ndim != y.ndim or x.ndim > 2:
        there = below(n, k) if lower else above(n, k - 1)
        return np.where(there, x[:, None] * y if np.ndim(x) == 1 else x @ turned(y), 0)
    one = x.ndim == 1 or x.shape[1] == 1
    if one or x.shape[1] <= _FEW or n <= _WIDTH:
        if one and n <= _WIDTH:
            found = x.reshape(n, 1) * y.reshape(n)
        elif one:  # BLAS takes less time for two columns than for one
            found = _beside_zeros(x, n) @ _beside_zeros(y, n).T
        else:
            found = x @ y.T
        np.copyto(found, 0, where=above(n, k) if lower else below(n, k - 1))
        return found
    found = np.zeros((n, n), np.result_type(x, y))
    for j in range(0, n, _WIDTH):
        last = min(j + _WIDTH, n)
        across, rows = slice(j, last), slice(j, n) if lower else slice(0, last)
        np.matmul(x[rows], y[across].T, out=found[rows, across])
        square = found[across, across]
        np.copyto(square, 0, where=above(last - j, k) if lower else below(last - j, k - 1))
    return found


def _beside_zeros(x: Any, n: int) -> Any:
    found = np.zeros((n, 2), x.dtype)
    found[:, 0] = x.reshape(n)
    return found


_FEW = 8  # for so few columns, what is computed and dropped takes less time than to go by blocks
_WIDTH = 48


@from_library
def one_side(a: Any, *, lower: bool, k: int) -> Any:
    """Return a square matrix with zeros beyond its k-th diagonal; np.tril, which makes a mask first, takes longer."""
    found = a.copy()
    np.copyto(found, 0, where=above(len(a), k) if lower else below(len(a), k - 1))
    return found


linear(one_side, lambda g, a, *, lower, k: one_side(g, lower=lower, k=k))


def _half(g: Any, lower: bool, k: int) -> Any:
    if np.ndim(g) == 2:
        return one_side(g, lower=lower, k=k)
    return np.tril(g, k) if lower else np.triu(g, k)


bilinear(
    in_triangle,
    lambda g, _x, y, *, lower, k: _half(g, lower, k) @ y,
    lambda g, x, _y, *, lower, k: turned(_half(g, lower, k)) @ x,
)


def _triangular_vjp(
    g: Any, ans: Any, a: Any, b: Any, lower: Any = False, turn: Any = False, unit: Any = False, wanted: Any = None
) -> tuple[Any, Any]:
    of_b = triangular(a, g, lower, not turn, unit)
    if wanted is not None and not wanted[0]:
        return None, of_b
    rows, across = (ans, of_b) if turn else (of_b, ans)
    return in_triangle(-rows, across, lower=bool(lower), k=-int(unit) if lower else int(unit)), of_b


rule(triangular, joint=_triangular_vjp)
rule(given_triangle, joint=_triangular_vjp)
