"""Triangular factors of matrices: Cholesky and LU."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from ....kernels.arrays import conjugate
from ...numpy.triangles import below
from ...primitives import primitive, saving
from ...registry import nondifferentiable, rule
from ..declared import function
from ..standing import Operator
from ..values import from_library
from .blocks import pulled_factor, pulled_lu
from .matrices import adjoined, columns, from_triangle, identity, ndim_of, over_batches, refused, turned
from .solving import is_known
from .triangular import in_triangle, triangular

# --- Cholesky ---------------------------------------------------------------------------------------------------------


@from_library
def factor(a: Any, *, lower: bool) -> Any:
    """Return the triangular factor of a Hermitian matrix, of which one triangle is read."""
    return linalg.cholesky(a, lower=lower)


def _factor_vjp(g: Any, ans: Any, _a: Any, *, lower: bool) -> Any:
    return pulled_factor(g, ans) if lower else adjoined(pulled_factor(adjoined(g), adjoined(ans)))


rule(factor, _factor_vjp, holomorphic=False)


def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    if ndim_of(a) == 2:
        return factor(a, lower=bool(lower))
    found = np.linalg.cholesky(from_triangle(a, lower))
    return found if lower else adjoined(found)


@from_library
def factor_beside(a: Any, *, lower: bool) -> Any:
    """Return the factor of a matrix, and what stands in the other triangle as it was."""
    return linalg.cho_factor(a, lower=lower)[0]


def _factor_beside_vjp(g: Any, ans: Any, _a: Any, *, lower: bool) -> Any:
    there = below(np.shape(g)[-1])
    return np.where(there if lower else there.T, _factor_vjp(g, ans, _a, lower=lower), g)


rule(factor_beside, _factor_beside_vjp, holomorphic=False)


@over_batches(a=2)
def _cho_factor(a: Any, lower: bool) -> Any:
    return factor_beside(a, lower=lower)


def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    return _cho_factor(a, bool(lower)), lower


def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    return _cho_solve(c_and_lower[0], b, c_and_lower[1])


@over_batches(c=2, b="1|2")
def _cho_solve(c: Any, b: Any, lower: bool) -> Any:
    if is_known(c, b):
        return Operator(lambda b: by_halves(c, b, lower=bool(lower)), lambda g: by_halves(c, g, lower=bool(lower)))(b)
    return by_halves(c, b, lower=bool(lower))


def _fits(c: Any, b: Any) -> bool:
    """Tell whether LAPACK's own functions can be called with a factor and a right side as they are."""
    square = c.ndim == 2 and c.shape[0] == c.shape[1] and 1 <= b.ndim <= 2
    return square and c.dtype == b.dtype and c.dtype.kind in "fc" and c.shape[0] == b.shape[0] and b.size > 0


@from_library
@saving
def by_halves(c: Any, b: Any, *, lower: bool) -> Any:
    """Return the solution of c c^H x = b, or of c^H c x = b for the upper triangle of a matrix; keep the half way."""
    if not _fits(c, b):
        return linalg.cho_solve((c, lower), b), None
    half = _first_half(c, b, lower)
    return _second_half(c, half, lower), half


def _first_half(c: Any, b: Any, lower: bool) -> Any:
    """Return c^-1 b, or c^-H b for the upper triangle."""
    return triangular(c, b, True, False) if lower else _adjoined_solution(c, b, False)


def _second_half(c: Any, half: Any, lower: bool) -> Any:
    return _adjoined_solution(c, half, True) if lower else triangular(c, half, False, False)


def _adjoined_solution(c: Any, b: Any, lower: bool) -> Any:
    return conjugate(triangular(c, conjugate(b), lower, True))


def _by_halves_vjp(g: Any, ans: Any, c: Any, b: Any, *, lower: bool, saved: Any = None, wanted: Any = (True,)) -> Any:
    # With a = c c^H: da = dc c^H + c dc^H, of which the cotangent is -s x^H, where a s = g.
    v = _first_half(c, g, lower)  # c^H s, as c^H x is u; of the upper triangle c s and c x
    s = _second_half(c, v, lower)
    if not wanted[0]:
        return None, s
    u, x = _first_half(c, b, lower) if saved is None else saved, ans
    pairs = ((s, x), (u, v)) if lower else ((v, u), (x, s))
    left, right = (np.concatenate([columns(part) for part in parts], axis=1) for parts in pairs)
    return in_triangle(-left, conjugate(right), lower=lower, k=0), s


rule(by_halves, joint=_by_halves_vjp, holomorphic=False)


# --- LU ---------------------------------------------------------------------------------------------------------------


@primitive
def packed_lu(a: Any, packed: Any, *, order: Any) -> Any:
    """Return L and U of a square matrix with its rows in the order of their pivots, in one matrix, as it was found."""
    return packed.copy(order="K")


def _lu_vjp(g: Any, ans: Any, _a: Any, _packed: Any, *, order: Any) -> Any:
    return pulled_lu(g, ans)[np.argsort(order)]


rule(packed_lu, _lu_vjp, skip=("packed",))


@from_library
def pivoted(a: Any) -> Any:
    """Return L and U in one matrix, and the rows that were exchanged."""
    return linalg.lu_factor(a)


nondifferentiable(pivoted)


def _order_of(pivots: Any) -> Any:
    """Return the order of the rows that exchanges one after the other lead to."""
    if not len(pivots):
        return np.zeros(0, np.intp)
    places = np.arange(float(len(pivots)))[:, None]
    return lapack.dlaswp(places, pivots)[:, 0].astype(np.intp)


@over_batches(a=2)
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    if len(np.shape(a)) != 2 or np.shape(a)[0] != np.shape(a)[1]:
        raise TypeError("scipy.linalg.lu_factor of a variable takes one square matrix; scipy.linalg.lu takes any")
    packed, pivots = pivoted(a)
    return packed_lu(a, packed, order=_order_of(pivots)), pivots


def lu_solve(lu_and_piv: Any, b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    return _lu_solve(*lu_and_piv, b, trans)


@over_batches(packed=2, pivots=1, b="1|2")
def _lu_solve(packed: Any, pivots: Any, b: Any, trans: int) -> Any:
    if is_known(packed, b):
        turn = bool(trans)
        packed = np.conj(packed) if trans == 2 else packed
        back = np.conj(packed) if np.iscomplexobj(packed) else packed
        return Operator(
            lambda b: by_pivots(packed, b, pivots=pivots, turn=turn),
            lambda g: by_pivots(back, g, pivots=pivots, turn=not turn),
        )(b)
    return by_pivots(np.conj(packed) if trans == 2 else packed, b, pivots=pivots, turn=bool(trans))


@from_library
@saving
def by_pivots(packed: Any, b: Any, *, pivots: Any, turn: bool) -> Any:
    """Return the solution of a x = b, or of its transposed, by L and U of a matrix and the rows that were exchanged.

    What is kept is the half way.
    """
    if not _fits(packed, b):
        return linalg.lu_solve((packed, pivots), b, int(turn)), None
    order = _order_of(pivots)
    if not turn:
        half = triangular(packed, b[order], True, False, True)
        return triangular(packed, half, False, False), half
    half = triangular(packed, b, False, True)
    found = np.empty_like(half)
    found[order] = triangular(packed, half, True, True, True)
    return found, half


def _by_pivots_vjp(
    g: Any, ans: Any, packed: Any, b: Any, *, pivots: Any, turn: bool, saved: Any = None, wanted: Any = (True,)
) -> Any:
    # The cotangent of a, whose rows in their order are L U, is that of a solution; that of L is it times U^T, and that
    # of U is L^T times it.
    order = _order_of(pivots)
    back = np.argsort(order)
    if turn:
        across = triangular(packed, g[order], True, False, True)
        whole = triangular(packed, across, False, False)
        if not wanted[0]:
            return None, whole
        half = triangular(packed, b, False, True) if saved is None else saved
        rows = ans[order]
    else:
        half = triangular(packed, g, False, True)
        rows = triangular(packed, half, True, True, True)
        if not wanted[0]:
            return None, rows[back]
        across = triangular(packed, b[order], True, False, True) if saved is None else saved
        whole = ans
    found = in_triangle(-half, whole, lower=False, k=0) + in_triangle(-rows, across, lower=True, k=-1)
    return found, whole if turn else rows[back]


rule(by_pivots, joint=_by_pivots_vjp)


@from_library
def permuted(a: Any) -> Any:
    """Return the places of the rows of a matrix, and its factors L and U."""
    return linalg.lu(a, p_indices=True)


nondifferentiable(permuted)


@over_batches(a=2)
def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True, p_indices: bool = False
) -> Any:
    rows, *both = permuted(a)  # l[rows] @ u is the matrix
    lower, upper = lower_and_upper(a, *both, rows=rows)
    if permute_l:
        return lower[rows], upper
    return (rows if p_indices else identity(len(rows), lower)[rows]), lower, upper


@primitive
def lower_and_upper(a: Any, lower: Any, upper: Any, *, rows: Any) -> Any:
    """Return L and U of a matrix with its rows in the order of their pivots, as they were found."""
    return lower.copy(order="K"), upper.copy(order="K")


def _lower_and_upper_vjp(g: Any, ans: Any, a: Any, _lower: Any, _upper: Any, *, rows: Any) -> Any:
    (g_lower, g_upper), (lower, upper) = g, ans
    (m, k), n = np.shape(lower), np.shape(upper)[1]
    strict = below(k, -1)
    packed = np.where(strict, lower[:k], upper[:, :k])
    found = np.where(strict, g_lower[:k], g_upper[:, :k])
    rest = None
    if m > k:  # these rows of L are those of the matrix times the inverse of U
        rest = turned(triangular(packed, turned(g_lower[k:]), False, False))
        found = found - in_triangle(turned(lower[k:]), turned(rest), lower=False, k=0)
    elif n > k:  # these columns of U are the inverse of L times those of the matrix
        rest = triangular(packed, g_upper[:, k:], True, True, True)
        found = found - in_triangle(rest, upper[:, k:], lower=True, k=-1)
    found = pulled_lu(found, packed)
    if rest is not None:
        found = np.concatenate([found, rest], 0 if m > k else 1)
    return found[rows]


rule(lower_and_upper, _lower_and_upper_vjp, skip=("lower", "upper"))


function("scipy.linalg", cholesky, cho_factor, cho_solve, lu_factor, lu_solve, lu)
refused("the vectors are not unique; a projector made of scipy.linalg.orth is", "null_space")
refused(
    "where eigenvalues meet, it jumps; scipy.linalg.eig is differentiated, and so are functions of matrices",
    *("schur", "qz", "ordqz", "rsf2csf", "cdf2rdf", "hessenberg", "cossin"),
)
refused("its blocks jump; scipy.linalg.cholesky and lu are differentiated", "ldl")
refused("factor the new matrix by scipy.linalg.qr", "qr_delete", "qr_insert", "qr_update")
refused("its scales are powers of 2", "matrix_balance")
