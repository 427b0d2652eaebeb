"""Solving equations, and inverses."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...tape.wrapping import bare
from ..primitives import astype
from ..registry import composite, rule
from .matrices import adjoint, chain, one_triangle, transposed
from .shape import as_array


def inv_vjp(g: Array, ans: Array, _a: Array) -> Array:
    turned = transposed(ans)
    return -(turned @ g @ turned)


def beyond_cutoff(g: Array, a: Array, rank: Array) -> Array | None:
    """Return what the cotangent of a pseudoinverse has beside that at a constant rank; None where that is all.

    So it is where singular values were left out that are not 0. The pseudoinverse is h(a)^H, with h(s) = 1 / s for what
    is kept and 0 for the others, and its derivative is made of divided differences of h (V. Noferini, SIAM J. Matrix
    Anal. Appl. 38, 2017); those between kept and others are as if these were 0 in the formula of Golub and Pereyra.
    """
    count = min(a.shape[-2:])
    if not np.any(rank < count):
        return None
    s = np.linalg.svd(bare(a), compute_uv=False)
    kept = np.arange(count) < rank[..., None]
    if not np.any(~kept & (s > np.finfo(s.dtype).eps * max(a.shape[-2:]) * s[..., :1])):
        return None
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    g = adjoint(u) @ adjoint(g) @ adjoint(vh)
    row, column = s[..., :, None], s[..., None, :]
    down, across = kept[..., :, None] & ~kept[..., None, :], ~kept[..., :, None] & kept[..., None, :]
    large = np.where(down, row, np.where(across, column, 1))
    small = np.where(down, column, np.where(across, row, 0))
    even, odd = small / (large - small), small / (large + small)
    return u @ ((even * (g + adjoint(g)) - odd * (g - adjoint(g))) / (2 * large * large)) @ vh


def pinv_vjp(g: Array, ans: Array, a: Array, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Array:
    """Pull back through the derivative of Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973: the rank is constant.

    Where singular values are left out, that is the rank of what is kept.
    """
    if hermitian:
        lower = np.tril(a, -1)
        a = lower + adjoint(lower) + np.where(np.eye(a.shape[-1], dtype=bool), np.real(a), 0)
    p, ph, gh = ans, adjoint(ans), adjoint(g)
    left, right = chain(gh, p, ph), chain(ph, p, gh)
    gradient = left - chain(a, p, left) + right - chain(right, p, a) - chain(ph, g, ph)
    rank = np.rint(np.real(np.sum(bare(p) * transposed(bare(a)), axis=(-2, -1))))  # the trace of a projector
    if (beyond := beyond_cutoff(g, a, rank)) is not None:
        gradient = gradient + beyond
    return one_triangle(gradient, "L") if hermitian else gradient


def solve_vjp(g: Array, ans: Array, a: Array, _b: Array, wanted: Any = None) -> tuple[Any, Array]:
    by_a = wanted is None or wanted[0]
    if _b.ndim == 1:  # since NumPy 2.0 the one case in which b is a vector
        of_b = np.linalg.solve(transposed(a), g[..., None])
        return -(of_b * ans[..., None, :]) if by_a else None, of_b[..., 0]
    of_b = np.linalg.solve(transposed(a), g)
    return -(of_b @ transposed(ans)) if by_a else None, of_b


def lstsq_vjp(g: list[Any], ans: tuple[Array, ...], a: Array, b: Array, rcond: Any = None) -> tuple[Array, Array]:
    """Pull back x = pinv(a) b, the sums of squares of b - a x, and the singular values of a."""
    x, residuals, *_ = ans
    gx, gr, _, gs = g
    a, b = (y if y.dtype == x.dtype else astype(y, x.dtype) for y in (a, b))
    vector = b.ndim == 1
    if vector:
        b, x, gx = b[:, None], x[:, None], None if gx is None else gx[:, None]
    rest = b - a @ x
    of_a, of_b = (np.zeros_like(a), np.zeros_like(b)) if gx is None else _of_solution(gx, x, rest, ans, a, b)
    if residuals.size and gr is not None:  # `rest` is orthogonal to the columns of a, so that x may be held fixed
        pull = 2 * (rest * gr)
        of_a, of_b = of_a - pull @ adjoint(x), of_b + pull
    if gs is not None:
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        of_a = of_a + (u * gs[..., None, :]) @ vh
    return of_a, of_b[:, 0] if vector else of_b


def _of_solution(gx: Array, x: Array, rest: Array, ans: tuple[Array, ...], a: Array, b: Array) -> tuple[Array, Array]:
    rank, s = int(bare(ans[2])), bare(ans[3])
    m, n = a.shape
    if rank == n <= m:  # pinv(a) is r^-1 q^H, of which q is a r^-1, and pinv(a) a is 1
        r = np.linalg.qr(a, "r")
        inner = np.linalg.solve(r, np.linalg.solve(adjoint(r), gx))
        of_b = a @ inner
        return rest @ adjoint(inner) - of_b @ adjoint(x), of_b
    if rank == m:  # it is q r^-H, and there is no rest
        both: Any = np.linalg.qr(adjoint(a))
        q, r = both
        within = adjoint(q) @ gx
        both = np.linalg.solve(r, np.concatenate([within, adjoint(q) @ x], axis=1))
        of_b, left = both[:, : gx.shape[1]], both[:, gx.shape[1] :]
        return left @ adjoint(gx - q @ within) - of_b @ adjoint(x), of_b
    ph = adjoint(np.linalg.pinv(a, _cutoff(s, rank)))
    of_b = ph @ gx
    shift = (ph @ x) @ adjoint(gx)
    of_a = -(of_b @ adjoint(x)) + rest @ adjoint(adjoint(ph) @ of_b) + shift - chain(shift, adjoint(ph), a)
    if (beyond := beyond_cutoff(gx @ adjoint(b), a, as_array(bare(ans[2])))) is not None:
        of_a = of_a + beyond
    return of_a, of_b


def _cutoff(s: Array, rank: int) -> Any:
    """Return what to cut off singular values at, relative to the first one, in order to keep as many as LAPACK has."""
    if rank == s.size or not s[0]:
        return 0.0
    return (s[rank - 1] + s[rank]) / (2 * s[0]) if rank else 2.0


def tensorsolve(a: Array, b: Array, axes: Any = None) -> Array:
    ndim, shape = np.ndim(a), np.shape(b)
    if axes is not None:
        order = [i for i in range(ndim) if i not in [j % ndim for j in axes]] + list(axes)
        a = np.transpose(a, order)
    unknown = np.shape(a)[len(shape) - ndim :] if len(shape) < ndim else ()
    if prod(np.shape(a)) != prod(unknown) ** 2:
        raise np.linalg.LinAlgError(
            "Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    matrix = np.reshape(a, (prod(unknown), prod(unknown)))
    return np.reshape(np.linalg.solve(matrix, np.ravel(b)), unknown)


def tensorinv(a: Array, ind: int = 2) -> Array:
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    shape = a.shape
    inverse = np.linalg.inv(np.reshape(a, (prod(shape[ind:]), -1)))
    return np.reshape(inverse, shape[ind:] + shape[:ind])


rule(np.linalg.inv, inv_vjp)
rule(np.linalg.pinv, pinv_vjp, holomorphic=False)
rule(np.linalg.solve, joint=solve_vjp)
rule(np.linalg.lstsq, joint=lstsq_vjp, holomorphic=False, absent=True)
composite(np.linalg.tensorsolve, tensorsolve)
composite(np.linalg.tensorinv, tensorinv)
