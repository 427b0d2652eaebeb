"""Decompositions of matrices, all of them stacked: cholesky, qr and svd.

The formulas for qr and svd are those of K. and J. Townsend and of Wan and Zhang (arXiv:1909.02659), that for cholesky
is I. Murray's (arXiv:1602.07527); all are written for complex numbers. Convention: np.linalg.cholesky reads one
triangle, and so the gradient lies in that triangle alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...kernels.traced import as_form
from ...tape.wrapping import bare, has_variable
from ..names import warning_there
from ..primitives import primitive, saving
from ..registry import composite, rule
from .matrices import adjoint, diagonal, off_diagonal, one_triangle, transposed
from .triangles import cholesky_back, hermitian_of_product, solved_by_blocks
from .undetermined import cluster, divided, free_quotient, quotient, refuse_both, refuse_choice, untraced

# --- cholesky --------------------------------------------------------------------------------------------------------


@primitive
def pulled_cholesky(g: Array, factor: Array) -> Array:
    """Return the cotangent of a matrix, in its lower triangle, from that of its lower factor."""
    if factor.ndim == g.ndim == 2 and factor.size:
        return cholesky_back(g, factor, np.linalg.inv)
    return cholesky_back_whole(g, factor)


def cholesky_back_whole(g: Array, factor: Array) -> Array:
    """Return the same by whole matrices, also of stacks of them, and differentiable."""
    factor = np.tril(factor)
    inverse = np.linalg.inv(factor)
    middle = np.tril(adjoint(factor) @ np.tril(g)) * (1 - 0.5 * np.eye(g.shape[-1], dtype=np.finfo(g.dtype).dtype))
    return one_triangle(adjoint(inverse) @ middle @ inverse, "L")


composite(pulled_cholesky, cholesky_back_whole, anew=True)


def cholesky_vjp(g: Array, ans: Array, _a: Array, *, upper: bool = False) -> Array:
    if upper:
        return adjoint(pulled_cholesky(adjoint(g), adjoint(ans)))
    return pulled_cholesky(g, ans)


rule(np.linalg.cholesky, cholesky_vjp, holomorphic=False)

# --- qr --------------------------------------------------------------------------------------------------------------


def leading(q: Array, g: Array, k: int, name: str) -> tuple[Array, Array]:
    """Return the first k columns of a square unitary matrix, and their cotangent.

    The others are some basis of the orthogonal complement. It moves as the complement does, and does not turn in it:
    that is right for all that does not depend on which basis it is, and the rest is refused.
    """
    if q.shape[-1] == k:
        return q, g
    first, second, g_second = q[..., :k], q[..., k:], g[..., k:]
    turn = adjoint(second) @ g_second
    refuse_choice(turn - adjoint(turn), g_second, name, "the basis of an orthogonal complement")
    return first, g[..., :k] - second @ (adjoint(g_second) @ first)


@primitive
def _qr(a: Array, mode: Any) -> Any:
    return np.linalg.qr(a, mode)


def qr(a: Array, mode: Any = "reduced") -> Any:
    if mode not in ("reduced", "complete", "r"):
        warning_there(np.linalg.qr)(np.eye(1), mode)  # NumPy's own error and warning
        raise TypeError(
            f"np.linalg.qr on a Tensor does not support mode='{mode}', the form in which LAPACK keeps the reflectors. "
            "The modes are 'reduced', 'complete' and 'r'."
        )
    return upper_factor(a) if mode == "r" else _qr(a, mode)


@saving(alone=lambda a: np.linalg.qr(a, "r"))
def upper_factor(a: Array) -> Any:
    """Return R, and keep Q, which the way back needs."""
    q, r = np.linalg.qr(a)
    return r, q


def _upper_factor_vjp(g: Array, ans: Array, a: Array, saved: Any = None) -> Array:
    return qr_vjp(g, ans, a, mode="r", q=saved)


def qr_vjp(g: Any, ans: Any, a: Array, *, mode: str, q: Any = None) -> Array:
    rows, columns = a.shape[-2:]
    if mode == "r":
        q, r = np.linalg.qr(a) if q is None else (q, ans)
        if rows >= columns:
            return q @ _over_adjoint(hermitian_of_both(g, r), r)
        gq, gr = np.zeros_like(q), g
    else:
        q, r = ans
        q, gq = leading(q, g[0], min(rows, columns), "np.linalg.qr")
        r, gr = r[..., :columns, :], g[1][..., :columns, :]
    if rows >= columns:
        return square_qr_vjp(gq, gr, q, r)
    # The columns on the right are Q times those of R, and Q and the square part of R come from those on the left.
    right = gr[..., rows:]
    gq = gq + a[..., rows:] @ adjoint(right)
    return np.concatenate([square_qr_vjp(gq, gr[..., :rows], q, r[..., :rows]), q @ right], axis=-1)


def square_qr_vjp(gq: Array, gr: Array, q: Array, r: Array) -> Array:
    hermitian = _hermitian_of(gr @ adjoint(r) - adjoint(q) @ gq)
    return _over_adjoint(gq + q @ hermitian, r)


def _hermitian_of(inner: Array) -> Array:
    """Return the Hermitian matrix whose upper triangle is that of another one."""
    upper = np.triu(inner)
    return (upper + adjoint(upper)) * (1 - 0.5 * np.eye(inner.shape[-1], dtype=np.finfo(inner.dtype).dtype))


def hermitian_of_both(g: Array, r: Array) -> Array:
    """Return the Hermitian matrix whose upper triangle is that of g r^H, where r is an upper triangle."""
    large = g.ndim == r.ndim == 2 and len(r) > _FEW
    return hermitian_of_large(g, r) if large else _hermitian_of(g @ adjoint(r))


@primitive
def hermitian_of_large(g: Array, r: Array) -> Array:
    """Return the same, block by block."""
    return hermitian_of_product(g, r)


composite(hermitian_of_large, lambda g, r: _hermitian_of(g @ adjoint(r)), anew=True)


def _over_adjoint(a: Array, r: Array) -> Array:
    """Return a r^-H, where r is an upper triangle."""
    b = adjoint(a)
    return adjoint(upper_solution(r, b) if r.ndim == b.ndim == 2 and len(r) > _FEW else np.linalg.solve(r, b))


@primitive
def upper_solution(r: Array, b: Array) -> Array:
    """Return r^-1 b, where r is an upper triangle; np.linalg.solve would factor it first."""
    return solved_by_blocks(r, b, np.linalg.inv, lower=False)


_FEW = 32

composite(upper_solution, lambda r, b: np.linalg.solve(r, b), anew=True)


rule(_qr, lambda g, ans, a, *, mode: qr_vjp(g, ans, a, mode=mode), holomorphic=False)
rule(upper_factor, _upper_factor_vjp, holomorphic=False)
composite(np.linalg.qr, qr)

# --- svd -------------------------------------------------------------------------------------------------------------


@primitive
def _svd(a: Array, full_matrices: bool) -> Any:
    return np.linalg.svd(a, full_matrices)


@primitive
def _svdvals(a: Array) -> Array:
    return np.linalg.svd(a, compute_uv=False)


_SVDResult: Any = type(np.linalg.svd(np.eye(1)))


def svd(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if not hermitian:
        return _svd(a, bool(full_matrices)) if compute_uv else _svdvals(a)
    w, v = np.linalg.eigh(a) if compute_uv else (np.linalg.eigvalsh(a), None)
    order = np.argsort(np.abs(w), axis=-1)[..., ::-1]
    w = np.take_along_axis(w, order, axis=-1)
    if v is None:
        return np.abs(w)
    u = np.take_along_axis(v, order[..., None, :], axis=-1)
    return _SVDResult(u, np.abs(w), np.conj(transposed(u * np.sign(w)[..., None, :])))


def vanishing(s: Array, rows: int, columns: int) -> Array:
    """Tell which singular values are zero but for rounding."""
    s = bare(s)
    return s <= max(rows, columns) * np.finfo(s.dtype).eps * s[..., :1]


def both_zero(zero: Array, diagonal: bool) -> Array:
    """Tell which pairs of singular values are both zero; on the diagonal if that is wanted."""
    both = zero[..., None, :] & zero[..., :, None]
    return both if diagonal else both & ~np.eye(zero.shape[-1], dtype=bool)


def svd_vjp(g: list[Any], ans: tuple[Array, Array, Array], a: Array, *, full_matrices: bool) -> Array:
    u, s, vh = ans
    gu, gs, gvh = g
    name, what = "np.linalg.svd", "the singular vectors of a singular value that is zero"
    if gu is None and gvh is None:
        return gradient_by_singular_values(a, gs)
    k = s.shape[-1]
    rows, columns = u.shape[-2], vh.shape[-1]
    u, gu = leading(u, np.zeros_like(u) if gu is None else gu, k, name)
    v, gv = leading(adjoint(vh), adjoint(np.zeros_like(vh) if gvh is None else gvh), k, name)
    vh = adjoint(v)
    both_g = np.concatenate([bare(gu), bare(gv)], axis=-2)
    of_u, of_v = adjoint(u) @ gu, vh @ gv
    # With u moving by u X and v by v Y, the Hermitian part of u^H da v is X + Y times s_j - s_i, and what is left of it
    # X - Y times s_j + s_i.
    turn_u, turn_v = of_u - adjoint(of_u), of_v - adjoint(of_v)
    one, other = s[..., None, :], s[..., :, None]
    same, zero = cluster(s), vanishing(s, rows, columns)
    if gs is not None:
        refuse_both(same, (bare(gu), bare(gv)), bare(gs), "np.linalg.svd", "singular ")
    common, apart = (turn_u + turn_v) / 2, (turn_u - turn_v) / 2
    refuse_choice(
        np.where(same, bare(common), 0), both_g, name, "the basis of the singular vectors of equal singular values"
    )
    if np.iscomplexobj(u):
        phases = np.sum(np.where(np.eye(k, dtype=bool), bare(common), 0), axis=-1)
        refuse_choice(phases, both_g, name, "the phases of the singular vectors")
    both = both_zero(zero, np.iscomplexobj(u))
    refuse_choice(np.where(both, bare(apart), 0), both_g, name, what)
    middle = quotient(off_diagonal(common), one - other, same) + quotient(apart, one + other, both)
    plain = gs is not None and type(as_form(middle)) is np.ndarray is type(as_form(gs))
    if plain:
        middle = middle + np.where(np.eye(k, dtype=bool), gs[..., None, :], 0)
    gradient = u @ middle @ vh
    zero = zero[..., None, :]
    if rows > k:
        rest = gu - u @ of_u
        refuse_choice(np.where(zero, bare(rest), 0), both_g, name, what)
        gradient = gradient + quotient(rest, one, zero) @ vh
    if columns > k:
        rest = gv - v @ of_v
        refuse_choice(np.where(zero, bare(rest), 0), both_g, name, what)
        gradient = gradient + u @ adjoint(quotient(rest, one, zero))
    return gradient if gs is None or plain else gradient + gradient_by_singular_values(a, gs)


def svd_jvp(t: tuple[Array], ans: tuple[Array, Array, Array], a: Array, *, full_matrices: bool) -> list[Array]:
    (t,) = t
    u, s, vh = ans
    k = s.shape[-1]
    rows, columns = u.shape[-2], vh.shape[-1]
    first, v = u[..., :k], adjoint(vh[..., :k, :])
    moved = adjoint(first) @ t @ v
    hermitian, rest = (moved + adjoint(moved)) / 2, (moved - adjoint(moved)) / 2
    one, other = s[..., None, :], s[..., :, None]
    zero = vanishing(s, rows, columns)
    common = free_quotient(off_diagonal(hermitian), one - other, cluster(s), t)
    apart = free_quotient(rest, one + other, both_zero(zero, np.iscomplexobj(u)), t)
    tu, tv = first @ (common + apart), v @ (common - apart)
    zero = zero[..., None, :]
    if rows > k:
        tu = tu + free_quotient(t @ v - first @ moved, one, zero, t)
    if columns > k:
        tv = tv + free_quotient(adjoint(t) @ first - v @ adjoint(moved), one, zero, t)
    if u.shape[-1] > k:
        tu = np.concatenate([tu, -(first @ (adjoint(tu) @ u[..., k:]))], axis=-1)
    if vh.shape[-2] > k:
        tv = np.concatenate([tv, -(v @ (adjoint(tv) @ adjoint(vh[..., k:, :])))], axis=-1)
    plain = type(as_form(moved)) is np.ndarray
    return [tu, np.real(diagonal(moved)) if plain else untraced(singular_value_slopes, a, t)(a, t), adjoint(tv)]


def svdvals_vjp(g: Array, _ans: Array, a: Array) -> Array:
    return gradient_by_singular_values(a, g)


def gradient_by_singular_values(a: Array, g: Array) -> Array:
    return untraced(by_singular_values, a, g)(a, g, varies=has_variable(g))


@primitive
def by_singular_values(a: Array, weights: Array, *, varies: bool) -> Array:
    """Return the gradient by a matrix from that by its singular values."""
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return (u * weights[..., None, :]) @ vh


@primitive
def singular_value_slopes(a: Array, t: Array) -> Array:
    """Return how the singular values of a matrix change along a direction."""
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return np.real(np.sum(np.conj(u) * (t @ adjoint(vh)), axis=-2))


def _turning_singular(c: Array, a: Array, g: Array, varies: bool) -> Array:
    """Return the gradient by `a` of the inner product of `c` and u diag(g) vh."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    k = s.shape[-1]
    rows, columns = u.shape[-2], vh.shape[-1]
    v = adjoint(vh)
    middle = adjoint(u) @ c @ v
    hermitian, rest = off_diagonal(middle + adjoint(middle)) / 2, (middle - adjoint(middle)) / 2
    one, other, g1, g2 = s[..., None, :], s[..., :, None], g[..., None, :], g[..., :, None]
    zero = vanishing(s, rows, columns)
    found = divided(hermitian, c, g1 - g2, one - other, cluster(s), varies, "singular ")
    both = both_zero(zero, np.iscomplexobj(u))
    gradient = u @ (found + divided(rest, c, g1 + g2, one + other, both, varies, "singular ")) @ vh
    zero = zero[..., None, :]
    if rows > k:
        gradient = gradient + divided(c @ v - u @ middle, c, g1, one, zero, varies, "singular ") @ vh
    if columns > k:
        beyond = divided(adjoint(c) @ u - v @ adjoint(middle), c, g1, one, zero, varies, "singular ")
        gradient = gradient + u @ adjoint(beyond)
    return gradient


rule(_svd, svd_vjp, jvp=svd_jvp, holomorphic=False, absent=True)
rule(_svdvals, svdvals_vjp, jvp=lambda t, _ans, a: untraced(singular_value_slopes, a, t[0])(a, t[0]), holomorphic=False)
rule(
    by_singular_values,
    lambda g, _ans, a, weights, *, varies: _turning_singular(g, a, weights, varies),
    lambda g, _ans, a, _weights, *, varies: singular_value_slopes(a, g),
    holomorphic=False,
)
rule(
    singular_value_slopes,
    lambda g, _ans, a, t: _turning_singular(t, a, g, True),
    lambda g, _ans, a, _t: gradient_by_singular_values(a, g),
    holomorphic=False,
)
composite(np.linalg.svd, svd)
composite(np.linalg.svdvals, lambda x: np.linalg.svd(x, compute_uv=False))
