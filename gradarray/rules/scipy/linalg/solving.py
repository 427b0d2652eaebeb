"""Equations and inverses."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from ....kernels.arrays import conjugate
from ....tape.wrapping import bare, has_variable
from ...numpy.norms import det_vjp
from ...primitives import saving
from ...registry import rule, zero_gradient
from ..declared import function
from ..standing import Operator
from ..values import as_double, as_library, from_library
from .matrices import columns, dtype_of, from_triangle, ndim_of, over_batches, read, turned
from .triangular import given_triangle, triangular


@from_library
def solution(a: Any, b: Any, how: str | None, lower: bool, turn: bool) -> Any:
    """Return the solution of a x = b, or of its transposed, as SciPy has it for a matrix of some structure."""
    return linalg.solve(a, b, lower=lower, assume_a=how, transposed=turn)


def _turned_solution(g: Any, a: Any, how: Any, lower: Any, turn: Any) -> Any:
    """Return the solution of the transposed equations."""
    if how in (None, "gen", "general"):
        # NumPy does not estimate how well the equations are conditioned, which has been told of the same ones.
        return np.linalg.solve(a if turn else turned(a), g)
    if how in ("sym", "symmetric"):
        return solution(a, g, how, lower, False)
    if how in ("her", "hermitian", "pos", "positive definite"):
        if how.startswith("pos") and type(a) is type(g) is np.ndarray and a.ndim == 2 and a.size:
            factor = linalg.cho_factor(conjugate(a), lower=lower, check_finite=False)
            return linalg.cho_solve(factor, g, check_finite=False)  # how it is conditioned has been told
        return solution(np.conj(a) if np.iscomplexobj(a) else a, g, how, lower, False)
    # SciPy has no way for the transposed of complex ones
    return solution(turned(a), g, _TURNED.get(how, how), lower, turn)


def _solution_vjp(
    g: Any, ans: Any, a: Any, b: Any, how: Any = None, lower: Any = False, turn: Any = False, wanted: Any = None
) -> Any:
    of_b = _turned_solution(g, a, how, lower, turn)
    if wanted is not None and not wanted[0]:
        return None, of_b
    rows, across = (ans, of_b) if turn else (of_b, ans)
    if np.ndim(rows) == 1:
        return np.multiply.outer(-rows, across), of_b
    return -columns(rows) @ turned(columns(across)), of_b


_TURNED = {"lower triangular": "upper triangular", "upper triangular": "lower triangular"}
rule(solution, joint=_solution_vjp)


def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    a = read(a, assume_a, lower)
    if ndim_of(b) == 1 < ndim_of(a) - 1:  # one vector for all matrices
        return solution(a, b[:, None], assume_a, lower, transposed)[..., 0]
    if is_known(a, b) and a.dtype == dtype_of(b):
        return Operator(
            lambda b: solution(a, b, assume_a, lower, transposed),
            lambda g: _turned_solution(g, np.conj(a), assume_a, lower, transposed),
        )(b)
    return solution(a, b, how=assume_a, lower=lower, turn=transposed)


@from_library
def inverse(a: Any, how: str | None, lower: bool) -> Any:
    """Return the inverse, as SciPy has it for a matrix of some structure; older versions know of none."""
    return linalg.inv(a) if how is None else linalg.inv(a, assume_a=how, lower=lower)


rule(inverse, lambda g, ans, _a, how=None, lower=False: -(turned(ans) @ g @ turned(ans)))


def inv(
    a: Any,
    overwrite_a: bool = False,
    check_finite: bool = True,
    *,
    assume_a: str | None = None,
    lower: bool = False,
) -> Any:
    return inverse(read(a, assume_a, lower), assume_a, lower)


@from_library
def determinant(a: Any) -> Any:
    return linalg.det(a)


zero_gradient(determinant)


@from_library
@saving
def determinant_of_one(a: Any) -> Any:
    """Return the determinant of a matrix of doubles, and keep its L and U."""
    packed, pivots, _ = lapack.get_lapack_funcs(("getrf",), (a,))[0](a)
    exchanges = np.count_nonzero(pivots != np.arange(len(pivots)))
    return np.prod(np.diagonal(packed)) * (-1.0) ** exchanges, (packed, pivots)


def _determinant_vjp(g: Any, ans: Any, a: Any, saved: Any = None) -> Any:
    if saved is None or ans == 0:
        return det_vjp(g, ans, a)
    inverse, singular = lapack.get_lapack_funcs(("getri",), (a,))[0](*saved, lwork=64 * len(a))
    if singular:
        return det_vjp(g, ans, a)
    # However small a pivot is, it divides the inverse as it is a factor of the determinant.
    return (g * ans)[..., None, None] * turned(inverse)


rule(determinant_of_one, _determinant_vjp)


def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    doubles = as_double(a)  # SciPy's result is of double precision also for single ones
    one = doubles.ndim == 2 and 0 < doubles.shape[0] == doubles.shape[1]
    find: Any = determinant_of_one if one else np.linalg.det
    found = find(doubles)
    return found if dtype_of(a) == dtype_of(found) else as_library(found, determinant, a)


def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    a, turn = np.conj(a) if trans in (2, "C") else a, trans not in (0, "N")
    if ndim_of(b) == 1 < ndim_of(a) - 1:  # one vector for all matrices
        return given_triangle(a, b[:, None], lower, turn, unit_diagonal)[..., 0]
    if is_known(a, b):
        return Operator(
            lambda b: given_triangle(a, b, lower, turn, unit_diagonal),
            lambda g: triangular(np.conj(a), g, lower, not turn, unit_diagonal),
        )(b)
    return given_triangle(a, b, lower=lower, turn=turn, unit=unit_diagonal)


def is_known(a: Any, b: Any) -> bool:
    """Tell whether equations are those of a single plain matrix, so that the solution is linear in a variable."""
    return type(a) is np.ndarray and a.ndim == 2 and a.dtype.kind in "fc" and has_variable(b) and ndim_of(b) <= 2


def pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True) -> Any:
    return _pseudo(a, atol, rtol, return_rank, False)


def _pseudo(a: Any, atol: Any, rtol: Any, return_rank: bool, hermitian: bool) -> Any:
    if rtol is None:
        rtol = max(np.shape(a)[-2:]) * np.finfo(dtype_of(a)).eps if atol is None else 0.0
    if atol is None and not return_rank:
        return np.linalg.pinv(a, rtol, hermitian)
    sizes = np.linalg.svd(bare(a), compute_uv=False)
    largest = np.max(sizes, axis=-1, initial=0.0)
    least = (0.0 if atol is None else atol) + largest * rtol
    found = np.linalg.pinv(a, least / np.where(largest > 0, largest, 1.0), hermitian)
    rank = np.sum(sizes > least[..., None], axis=-1)
    return (found, rank if np.ndim(rank) else int(rank)) if return_rank else found


def pinvh(
    a: Any,
    atol: Any = None,
    rtol: Any = None,
    lower: bool = True,
    return_rank: bool = False,
    check_finite: bool = True,
) -> Any:
    return _pseudo(from_triangle(a, lower), atol, rtol, return_rank, True)


@over_batches(a=2, b="1|2")
def lstsq(
    a: Any,
    b: Any,
    cond: Any = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: str | None = None,
) -> Any:
    x, residues, rank, s = np.linalg.lstsq(a, b, np.finfo(bare(a).dtype).eps if cond is None else cond)
    if np.ndim(b) == 1 and np.size(residues):
        residues = residues[0]
    return x, residues, rank, None if lapack_driver == "gelsy" else s


function("scipy.linalg", solve, inv, det, solve_triangular, pinv, pinvh, lstsq)
