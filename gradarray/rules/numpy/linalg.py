"""Linear algebra: numpy.linalg, all of it stacked; its products are in products.py.

Where a function has no derivative, a convention takes its place:

- norms have gradient 0 at 0; what attains a maximum or minimum together shares evenly;
- np.linalg.cholesky, eigh and eigvalsh read one triangle, and so the gradient lies in that triangle alone;
- equal eigenvalues or singular values leave the basis of their eigenvectors open. What does not depend on it, such as
  the projector on all of them, or any symmetric function of the values, has its derivative; a loss that depends on it
  is refused, as is one that depends on phases, or on which basis of a complement was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...kernels.arrays import Array, conjugate
from ...tape.wrapping import bare, has_variable
from ..names import warning_there
from ..primitives import astype, primitive
from ..registry import composite, nondifferentiable, rule
from .kinks import at_kink, smooth_square, unknown


def transposed(x: Array) -> Array:
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def adjoint(x: Array) -> Array:
    """Return the conjugate transpose."""
    return conjugate(transposed(x))


# --- norms ------------------------------------------------------------------------------------------------------------


def norm_vjp(g: Array, ans: Array, x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    if axis is None:
        if ord is None or x.ndim == 1:
            return vector_gradient(g, ans, x, ord, None)
        axes: tuple[int, ...] = (0, 1)
    else:
        axes = tuple(i % x.ndim for i in axis) if isinstance(axis, tuple) else (int(axis) % x.ndim,)
    if not keepdims:
        index = kept(axes, x.ndim)
        g, ans = g[index], ans[index]
    if len(axes) == 1 or ord is None:
        return vector_gradient(g, ans, x, ord, axes)
    return matrix_gradient(g, ans, x, ord, axes)


def vector_norm_vjp(g: Array, ans: Array, x: Array, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:
    if axis is None:
        return vector_gradient(g, ans, x, ord, None)
    axes = tuple(i % x.ndim for i in axis) if isinstance(axis, tuple) else (axis % x.ndim,)
    if not keepdims:
        index = kept(axes, x.ndim)
        g, ans = g[index], ans[index]
    return vector_gradient(g, ans, x, ord, axes)


def matrix_norm_vjp(g: Array, ans: Array, x: Array, keepdims: bool = False, ord: Any = "fro") -> Array:
    if not keepdims:
        g, ans = g[..., None, None], ans[..., None, None]
    return matrix_gradient(g, ans, x, ord, (x.ndim - 2, x.ndim - 1))


def kept(axes: tuple[int, ...], ndim: int) -> Any:
    """Return the index that puts axes of length one where a norm has removed some; cheaper than np.expand_dims."""
    return tuple(None if i in axes else slice(None) for i in range(ndim))


def vector_gradient(g: Array, ans: Array, x: Array, ord: Any, axes: tuple[int, ...] | None) -> Array:
    """Return the gradient of a vector norm; `g` and `ans` broadcast against `x`."""
    kink = ans == 0
    if ord is None or ord == 2:
        return at_kink(x * (g * ~kink / (ans + kink)), kink, x)
    if ord == 1:
        return at_kink(g * np.sign(x), kink, x)
    if ord == 0:
        return np.zeros_like(x)
    if x.size == 0:
        return np.zeros_like(x)
    size = np.abs(x)
    if ord in (np.inf, -np.inf):
        first = size == (np.max if ord > 0 else np.min)(size, axis=axes, keepdims=True)
        return at_kink(np.sign(x) * (g * first / np.sum(first, axis=axes, keepdims=True)), kink, x)
    # |x| / ans stays in range where a power of |x| alone might not.
    ratio = np.where(size == 0, 1, size) / (ans + kink)
    return at_kink(np.sign(x) * (g * ~kink * ratio ** (ord - 1)), kink | (size == 0) if ord < 2 else kink, x)


def matrix_gradient(g: Array, ans: Array, x: Array, ord: Any, axes: tuple[int, ...]) -> Array:
    """Return the gradient of a matrix norm; `g` and `ans` have axes of length one in place of `axes`."""
    if ord in (None, "fro", "f"):
        return vector_gradient(g, ans, x, 2, axes)
    if x.size == 0:
        return np.zeros_like(x)
    if ord in (1, -1, np.inf, -np.inf):
        summed, other = axes if abs(ord) == 1 else axes[::-1]
        sums = np.sum(np.abs(x), axis=summed, keepdims=True)
        first = sums == (np.max if ord > 0 else np.min)(sums, axis=other, keepdims=True)
        return np.sign(x) * (g * first / np.sum(first, axis=other, keepdims=True))
    last = axes == (x.ndim - 2, x.ndim - 1)
    x = x if last else np.moveaxis(x, axes, (-2, -1))
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    if ord == "nuc":  # singular values that are zero but for rounding have no direction
        weight = s > s[..., :1] * (max(u.shape[-2], vh.shape[-1]) * np.finfo(s.dtype).eps)
        kink = ~np.all(weight, axis=-1)
    else:
        weight = extreme(s, 0 if ord > 0 else -1) * (s > 0)
        kink = np.max(weight, axis=-1) != 1
    gradient = (u * weight[..., None, :]) @ vh
    gradient = at_kink(gradient, kink[..., None, None], x)
    return g * (gradient if last else np.moveaxis(gradient, (-2, -1), axes))


def extreme(s: Array, position: int) -> Array:
    """Return the share of each singular value in the one at a position: equal ones share evenly."""
    first = s == np.expand_dims(s[..., position], -1)
    return first / np.sum(first, axis=-1, keepdims=True)


rule(np.linalg.norm, norm_vjp, holomorphic=False)
rule(np.linalg.vector_norm, vector_norm_vjp, holomorphic=False)
rule(np.linalg.matrix_norm, matrix_norm_vjp, holomorphic=False)


@primitive
def sum_of_squares(x: Array, *, axis: Any, keepdims: bool) -> Array:
    return np.sum(np.real(x * np.conj(x)), axis=axis, keepdims=keepdims)


def sum_of_squares_vjp(g: Array, _ans: Array, x: Array, *, axis: Any, keepdims: bool) -> Array:
    if not keepdims and axis is not None:
        axes = axis if isinstance(axis, tuple) else (axis,)
        g = g[kept(tuple([i % x.ndim for i in axes]), x.ndim)]
    return 2 * g * x


def _square_of_norm(operands: Sequence[Any], given: dict[str, Any]) -> dict[str, Any] | None:
    ord, axis = given.get("ord"), given.get("axis")
    ndim = operands[0].ndim if axis is None else len(axis) if isinstance(axis, tuple) else 1
    if ord not in ((None, 2) if ndim == 1 else (None, "fro", "f")):
        return None
    return {"axis": axis, "keepdims": given.get("keepdims", False)}


def _square_of_vector_norm(_operands: Sequence[Any], given: dict[str, Any]) -> dict[str, Any] | None:
    if given.get("ord", 2) != 2:
        return None
    return {"axis": given.get("axis"), "keepdims": given.get("keepdims", False)}


def _square_of_matrix_norm(_operands: Sequence[Any], given: dict[str, Any]) -> dict[str, Any] | None:
    if given.get("ord", "fro") not in ("fro", "f"):
        return None
    return {"axis": (-2, -1), "keepdims": given.get("keepdims", False)}


rule(sum_of_squares, sum_of_squares_vjp, holomorphic=False)
smooth_square(np.linalg.norm, sum_of_squares, _square_of_norm)
smooth_square(np.linalg.vector_norm, sum_of_squares, _square_of_vector_norm)
smooth_square(np.linalg.matrix_norm, sum_of_squares, _square_of_matrix_norm)

# --- numbers that describe a matrix -----------------------------------------------------------------------------------


def det_vjp(g: Array, ans: Array, a: Array) -> Array:
    if np.all(ans != 0):
        inverse = np.linalg.inv(a)
        if well_conditioned(bare(a), bare(inverse)):
            return (g * ans)[..., None, None] * transposed(inverse)
    return g[..., None, None] * cofactors(a)


def well_conditioned(a: Array, inverse: Array) -> bool:
    """Tell whether the determinant may be differentiated by way of the inverse.

    Second derivatives lose the digits of the condition number, and have none at a matrix that is singular but for
    rounding. The Frobenius norms are cheap and at least as large as those that it is defined by.
    """
    squares = [np.sum(np.square(np.abs(x)), axis=(-2, -1)) for x in (a, inverse)]
    return bool(np.all(squares[0] * squares[1] <= np.finfo(a.dtype).eps ** (-2 / 3)))


@primitive
def cofactors(a: Array) -> Array:
    """Return the matrix of cofactors, which the gradient of the determinant is for singular matrices too.

    With a = U S V^H it is det(U V^H) conj(U) C conj(V^H), and C holds the products of all the other singular values
    (G. W. Stewart, On the adjugate matrix, Linear Algebra Appl. 283, 1998).
    """
    finite = np.all(np.isfinite(a), axis=(-2, -1), keepdims=True)
    if not np.all(finite):  # LAPACK refuses the others, too
        return np.where(finite, cofactors(np.where(finite, a, np.eye(a.shape[-1], dtype=a.dtype))), np.nan)
    u, s, vh = np.linalg.svd(a)
    others = np.prod(np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]), axis=-1)
    return np.linalg.det(u @ vh)[..., None, None] * (conjugate(u) * others[..., None, :] @ conjugate(vh))


def cofactors_vjp(g: Array, _ans: Array, a: Array) -> Array:
    # Cofactors are polynomials: of a diagonal matrix, C_ii changes with every other diagonal element and C_ij with
    # element ji alone, each in proportion to the product of the singular values that are in neither's row.
    u, s, vh = np.linalg.svd(a)
    same = np.eye(s.shape[-1], dtype=bool)
    others = np.prod(np.where(same[:, None] | same, 1, s[..., None, None, :]), axis=-1) * ~same
    inner = transposed(adjoint(u) @ g @ adjoint(vh))
    diagonal = np.sum(others * np.sum(np.where(same, inner, 0), axis=-1)[..., None, :], axis=-1)
    middle = np.where(same, diagonal[..., None, :], -others * inner)
    return np.linalg.det(u @ vh)[..., None, None] * (conjugate(u) @ middle @ conjugate(vh))


def slogdet_vjp(g: list[Array], ans: tuple[Array, Array], a: Array) -> Array:
    # The derivative of log det a is tr(a^-1 da); its real part moves logabsdet, its imaginary part turns the sign.
    sign, _ = ans
    direction = g[1]
    if np.iscomplexobj(sign):
        direction = direction + 1j * np.imag(g[0] * np.conj(sign))
    singular = sign == 0
    if not np.any(singular):
        return direction[..., None, None] * adjoint(np.linalg.inv(a))
    singular = singular[..., None, None]
    inverse = np.linalg.inv(np.where(singular, np.eye(a.shape[-1]), a))
    direction = unknown(direction[..., None, None], singular)
    return direction * np.where(singular, a, adjoint(inverse))


def cond_vjp(g: Array, ans: Array, x: Array, p: Any = None) -> Array:
    # For a complex matrix the result of NumPy 2.0 is complex too, with imaginary part zero.
    g, ans = np.real(g)[..., None], np.real(ans)[..., None]
    if p in (None, 2, -2):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        above, below = (0, -1) if p != -2 else (-1, 0)
        largest, least = extreme(s, above), extreme(s, below)
        weight = g / np.expand_dims(s[..., below], -1) * (largest - ans * least)
        kink = (np.max(largest, axis=-1) != 1) | (np.max(least, axis=-1) != 1)
        return at_kink((u * weight[..., None, :]) @ vh, kink[..., None, None], x)
    axes = (x.ndim - 2, x.ndim - 1)
    inverse = np.linalg.inv(x)
    of_x, of_inverse = (np.linalg.norm(y, p, (-2, -1), keepdims=True) for y in (x, inverse))
    g = g[..., None]
    turned = adjoint(inverse)
    through_inverse = matrix_gradient(g * of_x, of_inverse, inverse, p, axes)
    return matrix_gradient(g * of_inverse, of_x, x, p, axes) - turned @ through_inverse @ turned


def diagonal(x: Array) -> Array:
    return np.diagonal(x, axis1=-2, axis2=-1)


rule(cofactors, cofactors_vjp)
rule(np.linalg.det, det_vjp)
rule(np.linalg.slogdet, slogdet_vjp, holomorphic=False)
rule(np.linalg.cond, cond_vjp, holomorphic=False)
nondifferentiable(np.linalg.matrix_rank)

# --- equations and inverses -------------------------------------------------------------------------------------------


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
    gradient = -(ph @ g @ ph)
    left, right = gh @ (p @ ph), (ph @ p) @ gh
    gradient = gradient + left - a @ (p @ left) + right - (right @ p) @ a
    rank = np.rint(np.real(np.sum(bare(p) * transposed(bare(a)), axis=(-2, -1))))  # the trace of a projector
    if (beyond := beyond_cutoff(g, a, rank)) is not None:
        gradient = gradient + beyond
    return one_triangle(gradient, "L") if hermitian else gradient


def solve_vjp(g: Array, ans: Array, a: Array, _b: Array) -> tuple[Array, Array]:
    if _b.ndim == 1:  # since NumPy 2.0 the one case in which b is a vector
        of_b = np.linalg.solve(transposed(a), g[..., None])
        return -(of_b * ans[..., None, :]), of_b[..., 0]
    of_b = np.linalg.solve(transposed(a), g)
    return -(of_b @ transposed(ans)), of_b


def lstsq_vjp(g: list[Array], ans: tuple[Array, ...], a: Array, b: Array, rcond: Any = None) -> tuple[Array, Array]:
    """Pull back x = pinv(a) b, the sums of squares of b - a x, and the singular values of a."""
    x, residuals, rank, s = ans
    gx, gr, _, gs = g
    a, b = (y if y.dtype == x.dtype else astype(y, x.dtype) for y in (a, b))
    vector = b.ndim == 1
    if vector:
        b, x, gx = b[:, None], x[:, None], gx[:, None]
    ph = adjoint(np.linalg.pinv(a, _cutoff(bare(s), int(bare(rank)))))
    rest = b - a @ x
    of_b = ph @ gx
    shift = (ph @ x) @ adjoint(gx)
    of_a = -(of_b @ adjoint(x)) + rest @ adjoint(adjoint(ph) @ of_b) + shift - (shift @ adjoint(ph)) @ a
    if (beyond := beyond_cutoff(gx @ adjoint(b), a, np.asarray(bare(rank)))) is not None:
        of_a = of_a + beyond
    if residuals.size:  # `rest` is orthogonal to the columns of a, so that x may be held fixed
        pull = 2 * (rest * gr)
        of_a, of_b = of_a - pull @ adjoint(x), of_b + pull
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    of_a = of_a + (u * gs[..., None, :]) @ vh
    return of_a, of_b[:, 0] if vector else of_b


def _cutoff(s: Array, rank: int) -> float:
    """Return what to cut off singular values at, relative to the first one, in order to keep as many as LAPACK has."""
    if rank == s.size or not s[0]:
        return 0.0
    return float((s[rank - 1] + s[rank]) / (2 * s[0])) if rank else 2.0


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

# --- decompositions ---------------------------------------------------------------------------------------------------
# The formulas for qr and svd are those of K. and J. Townsend and of Wan and Zhang (arXiv:1909.02659), that for cholesky
# is I. Murray's (arXiv:1602.07527); all are written for complex numbers.


def one_triangle(gradient: Array, uplo: Any) -> Array:
    """Return the gradient by the triangle that is read, from any gradient that is right for Hermitian changes."""
    both = gradient + adjoint(gradient)
    triangle = np.tril(both) if uplo in ("L", "l") else np.triu(both)
    return triangle * (1 - 0.5 * np.eye(both.shape[-1], dtype=np.finfo(both.dtype).dtype))


# --- eigenvalues ------------------------------------------------------------------------------------------------------


def hermitian(a: Array, uplo: Any) -> Array:
    """Return the Hermitian matrix that is read from one triangle of `a`."""
    strict = np.tril(a, -1) if uplo in ("L", "l") else np.triu(a, 1)
    return strict + adjoint(strict) + np.where(np.eye(a.shape[-1], dtype=bool), np.real(a), 0)


rule(np.linalg.pinv, pinv_vjp, holomorphic=False)
rule(np.linalg.solve, joint=solve_vjp)
rule(np.linalg.lstsq, joint=lstsq_vjp, holomorphic=False)
composite(np.linalg.tensorsolve, tensorsolve)
composite(np.linalg.tensorinv, tensorinv)


def refuse_choice(deviation: Array, g: Array, name: str, what: str) -> None:
    """Raise if a loss changes with a choice that the decomposition leaves open; `g` says what is much.

    The deviation belongs to the columns of matrices, or to pairs of them.
    """
    deviation, g = np.abs(bare(deviation)), np.abs(bare(g))
    if not deviation.size:
        return
    most = np.max(g, axis=(-2, -1), keepdims=True) if g.ndim > 1 else g
    if np.any(deviation > np.finfo(g.dtype).eps ** 0.5 * (most if deviation.ndim == g.ndim else most[..., 0])):
        raise ValueError(
            f"The gradient of {name} is not defined here: the result depends on {what}, which is not determined by "
            "the matrix. Use what does not depend on it, such as absolute values or the projector v @ v.conj().mT."
        )


def refuse_both(same: Array, g_vectors: Sequence[Array], g_values: Array, name: str, kind: str) -> None:
    """Raise if a loss takes equal values together with their vectors.

    Of a function f of them, as in v @ diag(f(w)) @ v^H, the derivative asks for the slope of f at w, which is in
    neither's cotangent. What takes part in nothing, while others do, has been left out by the loss.
    """
    idle = g_values == 0
    for g in g_vectors:
        idle = idle & np.all(g == 0, axis=-2)
    if not np.all(idle):
        same = same & ~(idle[..., None, :] & idle[..., :, None])
    if np.any(same):
        raise ValueError(
            f"The gradient of {name} is not known here: {kind}values coincide, and the loss takes them together with "
            f"their {kind}vectors. For a function of the matrix use matrix products, np.linalg.inv or "
            f"np.linalg.matrix_power; of the {kind}values alone, np.linalg.{_VALUES[kind]}; in place of sums over them "
            "np.trace or np.linalg.norm."
        )


_VALUES = {"eigen": "eigvalsh", "singular ": "svdvals"}


def off_diagonal(x: Array) -> Array:
    return np.where(np.eye(x.shape[-1], dtype=bool), 0, x)


def untraced(part: Any, *operands: Array) -> Any:
    """Return a function of our own, or where nothing is differentiated once more its body, which takes a Batch too."""
    return part if has_variable(operands) else part.__wrapped__


def cluster(w: Array) -> Array:
    """Tell which pairs of values coincide, as far as rounding lets one tell: the vectors of each pair are then free."""
    w = bare(w)
    gap = np.abs(w[..., None, :] - w[..., :, None])
    largest = np.max(np.abs(w), axis=-1, initial=0)[..., None, None]
    return (gap <= np.finfo(w.dtype).eps ** 0.5 * largest) & ~np.eye(w.shape[-1], dtype=bool)


def quotient(x: Array, y: Array, pole: Array) -> Array:
    """Return x / y, and 0 at poles, where the derivative of the quotient is not known, and where y is 0."""
    skip = pole | (bare(y) == 0)
    return at_kink(np.where(skip, 0 * x, x / np.where(skip, 1, y)), pole, x)  # 0 * x, so that a NaN stays one


def free_quotient(x: Array, y: Array, pole: Array, scale: Array) -> Array:
    """Return x / y, for poles 0 where x is 0, too, next to `scale`, and else NaN."""
    scale = np.max(np.abs(bare(scale)), axis=(-2, -1), keepdims=True, initial=0)
    found = quotient(x, y, pole)
    undefined = pole & (np.abs(bare(x)) > np.finfo(scale.dtype).eps ** 0.5 * scale)
    return np.where(undefined, np.nan * found, found) if np.any(undefined) else found


def divided(x: Array, scale: Array, top: Array, bottom: Array, pole: Array, varies: bool, kind: str) -> Array:
    """Return x times a divided difference of the derivative of a loss by the values.

    At a pole that is a second derivative, which is not known unless the first one is constant.
    """
    scale = np.max(np.abs(bare(scale)), axis=(-2, -1), keepdims=True, initial=0)
    asked = pole & (np.abs(bare(x)) > np.finfo(scale.dtype).eps ** 0.5 * scale)
    if np.any(asked if varies else asked & (bare(top) != 0)):
        raise ValueError(
            f"The second derivative by {kind}values is not known here: some of them coincide. In place of a sum over "
            "them use np.trace, np.linalg.norm, np.linalg.det or matrix products."
        )
    return quotient(x * top, bottom, pole)


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


def cholesky_vjp(g: Array, ans: Array, _a: Array, *, upper: bool = False) -> Array:
    lower, g = (adjoint(ans), adjoint(g)) if upper else (ans, g)
    inverse = np.linalg.inv(lower)
    middle = np.tril(adjoint(lower) @ np.tril(g)) * (1 - 0.5 * np.eye(g.shape[-1], dtype=np.finfo(g.dtype).dtype))
    return one_triangle(adjoint(inverse) @ middle @ inverse, "U" if upper else "L")


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
    return _qr(a, mode)


def qr_vjp(g: Any, ans: Any, a: Array, *, mode: str) -> Array:
    rows, columns = a.shape[-2:]
    if mode == "r":
        q, r = np.linalg.qr(a)
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
    upper = np.triu(gr @ adjoint(r) - adjoint(q) @ gq)
    hermitian = (upper + adjoint(upper)) * (1 - 0.5 * np.eye(r.shape[-1], dtype=np.finfo(r.dtype).dtype))
    return adjoint(np.linalg.solve(r, adjoint(gq + q @ hermitian)))


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


def zeros_of(zero: Array, diagonal: bool) -> Array:
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
    both = zeros_of(zero, np.iscomplexobj(u))
    refuse_choice(np.where(both, bare(apart), 0), both_g, name, what)
    middle = quotient(off_diagonal(common), one - other, same) + quotient(apart, one + other, both)
    plain = gs is not None and type(middle) is np.ndarray is type(gs)
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
    apart = free_quotient(rest, one + other, zeros_of(zero, np.iscomplexobj(u)), t)
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
    plain = type(moved) is np.ndarray
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
    both = zeros_of(zero, np.iscomplexobj(u))
    gradient = u @ (found + divided(rest, c, g1 + g2, one + other, both, varies, "singular ")) @ vh
    zero = zero[..., None, :]
    if rows > k:
        gradient = gradient + divided(c @ v - u @ middle, c, g1, one, zero, varies, "singular ") @ vh
    if columns > k:
        beyond = divided(adjoint(c) @ u - v @ adjoint(middle), c, g1, one, zero, varies, "singular ")
        gradient = gradient + u @ adjoint(beyond)
    return gradient


rule(np.linalg.cholesky, cholesky_vjp, holomorphic=False)
rule(_qr, qr_vjp, holomorphic=False)
composite(np.linalg.qr, qr)
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


def eigh_vjp(g: list[Any], ans: tuple[Array, Array], a: Array, UPLO: str = "L") -> Array:
    w, v = ans
    gw, gv = g
    if gv is None:
        return gradient_by_eigenvalues(a, gw, UPLO)
    vh = adjoint(v)
    moved = vh @ gv
    turn = (moved - adjoint(moved)) / 2
    if np.iscomplexobj(v):
        phases = diagonal(bare(turn))
        refuse_choice(phases, gv, "np.linalg.eigh", "the phases of the eigenvectors")
    same = cluster(w)
    if gw is not None:
        refuse_both(same, (bare(gv),), bare(gw), "np.linalg.eigh", "eigen")
    refuse_choice(np.where(same, bare(turn), 0), gv, "np.linalg.eigh", _BASIS)
    middle = quotient(off_diagonal(turn), w[..., None, :] - w[..., :, None], same)
    plain = gw is not None and type(middle) is np.ndarray is type(gw)
    if plain:
        middle = middle + np.where(np.eye(w.shape[-1], dtype=bool), gw[..., None, :], 0)
    gradient = one_triangle(v @ middle @ vh, UPLO)
    return gradient if gw is None or plain else gradient + gradient_by_eigenvalues(a, gw, UPLO)


_BASIS = "the basis of the eigenvectors of equal eigenvalues"


def eigh_jvp(t: tuple[Array], ans: tuple[Array, Array], a: Array, UPLO: str = "L") -> list[Array]:
    w, v = ans
    moved = adjoint(v) @ hermitian(t[0], UPLO) @ v
    turned = free_quotient(off_diagonal(moved), w[..., None, :] - w[..., :, None], cluster(w), t[0])
    plain = type(moved) is np.ndarray
    return [np.real(diagonal(moved)) if plain else untraced(eigenvalue_slopes, a, t[0])(a, t[0], UPLO), v @ turned]


def gradient_by_eigenvalues(a: Array, g: Array, uplo: Any) -> Array:
    return untraced(by_eigenvalues, a, g)(a, g, uplo=uplo, varies=has_variable(g))


@primitive
def by_eigenvalues(a: Array, weights: Array, *, uplo: Any, varies: bool) -> Array:
    """Return the gradient by a Hermitian matrix from that by its eigenvalues."""
    _, v = np.linalg.eigh(a, uplo)
    return one_triangle((v * weights[..., None, :]) @ adjoint(v), uplo)


@primitive
def eigenvalue_slopes(a: Array, t: Array, uplo: Any = "L") -> Array:
    """Return how the eigenvalues of a Hermitian matrix change along a direction."""
    _, v = np.linalg.eigh(a, uplo)
    return np.real(np.sum(np.conj(v) * (hermitian(t, uplo) @ v), axis=-2))


def _turning(c: Array, a: Array, g: Array, uplo: Any, varies: bool) -> Array:
    """Return the gradient by `a` of the inner product of `c` and v diag(g) v^H."""
    w, v = np.linalg.eigh(a, uplo)
    vh = adjoint(v)
    off = off_diagonal(vh @ hermitian(c, uplo) @ v)
    top, bottom = (x[..., None, :] - x[..., :, None] for x in (g, w))
    return one_triangle(v @ divided(off, c, top, bottom, cluster(w), varies, "eigen") @ vh, uplo)


def eig_vjp(g: list[Any], ans: tuple[Array, Array], a: Array) -> Array:
    w, v = ans
    gw, gv = g
    if gv is None:
        return gradient_by_general_eigenvalues(a, w, gw)
    if np.iscomplexobj(v):
        gv = unturned(gv, v)
    vh = adjoint(v)
    # Eigenvectors have length one: what lies along them is taken out.
    along = np.real(np.sum(np.conj(v) * gv, axis=-2))
    moved = off_diagonal(vh @ (gv - v * along[..., None, :]))
    same = cluster(w)
    if gw is not None:
        refuse_both(same, (bare(gv),), bare(gw), "np.linalg.eig", "eigen")
    refuse_choice(np.where(same, bare(moved), 0), gv, "np.linalg.eig", _BASIS)
    middle = quotient(moved, conjugate(w[..., None, :] - w[..., :, None]), same)
    plain = gw is not None and type(middle) is np.ndarray is type(gw)
    if plain:
        middle = middle + np.where(np.eye(w.shape[-1], dtype=bool), gw[..., None, :], 0)
    gradient = np.linalg.solve(vh, middle @ vh)
    return gradient if gw is None or plain else gradient + gradient_by_general_eigenvalues(a, w, gw)


def eig_jvp(t: tuple[Array], ans: tuple[Array, Array], a: Array) -> list[Array]:
    w, v = ans
    moved = np.linalg.solve(v, t[0] @ v)
    tv = v @ free_quotient(off_diagonal(moved), w[..., None, :] - w[..., :, None], cluster(w), t[0])
    tv = tv - v * np.real(np.sum(np.conj(v) * tv, axis=-2))[..., None, :]
    if np.iscomplexobj(v) and v.size:
        chosen, _ = pivots(v)
        turn, pivot = (np.sum(np.where(chosen, part, 0), axis=-2) for part in (np.imag(tv), np.real(v)))
        tv = tv - v * (1j * turn / pivot)[..., None, :]
    plain = type(moved) is np.ndarray
    return [diagonal(moved) if plain else untraced(general_eigenvalue_slopes, a, t[0])(a, t[0], w=bare(w)), tv]


def pivots(v: Array) -> tuple[Array, Array]:
    """Tell which component of each eigenvector LAPACK's geev makes real, and which vectors have one."""
    v = bare(v)
    size = np.where(np.imag(v) == 0, np.abs(v), -1)
    position = np.argmax(size, axis=-2)
    return np.arange(v.shape[-1])[:, None] == position[..., None, :], np.max(size, axis=-2) > 0


def unturned(gv: Array, v: Array) -> Array:
    """Return the cotangent of the eigenvectors before LAPACK's geev turns them so that a largest component is real."""
    if v.size == 0:
        return gv
    chosen, found = pivots(v)
    turn = np.imag(np.sum(np.conj(gv) * v, axis=-2))
    refuse_choice(np.where(found, 0, bare(turn)), gv, "np.linalg.eig", "the phases of the eigenvectors")
    pivot = np.real(np.sum(np.where(chosen, v, 0), axis=-2))
    return gv + np.where(chosen, 1j * (turn / np.where(found, pivot, 1))[..., None, :], 0)


def eigvals_vjp(g: Array, ans: Array, a: Array) -> Array:
    return gradient_by_general_eigenvalues(a, ans, g)


def gradient_by_general_eigenvalues(a: Array, w: Array, g: Array) -> Array:
    return untraced(by_general_eigenvalues, a, g)(a, g, w=bare(w), varies=has_variable(g))


def _eigenvectors(a: Array, w: Array) -> tuple[Array, Array]:
    """Return the eigenvalues and eigenvectors of a matrix, in the order that `w` has the values in.

    With and without eigenvectors LAPACK goes different ways, and may find them in another order.
    """
    values, v = np.linalg.eig(a)
    found = bare(values)
    if w.size and np.max(np.abs(found - w)) > np.finfo(w.dtype).eps ** 0.5 * np.max(np.abs(w)):
        nearest = np.argmin(np.abs(w[..., :, None] - found[..., None, :]), axis=-1)
        values = np.take_along_axis(values, nearest, axis=-1)
        v = np.take_along_axis(v, nearest[..., None, :], axis=-1)
    return values, v


@primitive
def by_general_eigenvalues(a: Array, weights: Array, *, w: Array, varies: bool) -> Array:
    """Return the gradient by any square matrix from that by its eigenvalues."""
    vh = adjoint(_eigenvectors(a, w)[1])
    return np.linalg.solve(vh, weights[..., :, None] * vh)


@primitive
def general_eigenvalue_slopes(a: Array, t: Array, *, w: Array) -> Array:
    """Return how the eigenvalues of any square matrix change along a direction."""
    _, v = _eigenvectors(a, w)
    return np.sum(transposed(np.linalg.solve(v, t)) * v, axis=-2)


def _turning_general(c: Array, a: Array, g: Array, w: Array, varies: bool) -> Array:
    """Return the gradient by `a` of the inner product of `c` and v^-H diag(g) v^H."""
    values, v = _eigenvectors(a, w)
    off = off_diagonal(np.linalg.solve(v, c @ v))
    top, bottom = (x[..., None, :] - x[..., :, None] for x in (np.conj(g), values))
    middle = divided(off, c, top, bottom, cluster(values), varies, "eigen")
    return np.conj(np.linalg.solve(transposed(v), transposed(v @ middle)))


rule(np.linalg.eigh, eigh_vjp, jvp=eigh_jvp, holomorphic=False, absent=True)
rule(
    np.linalg.eigvalsh,
    lambda g, _ans, a, UPLO="L": gradient_by_eigenvalues(a, g, UPLO),
    jvp=lambda t, _ans, a, UPLO="L": untraced(eigenvalue_slopes, a, t[0])(a, t[0], UPLO),
    holomorphic=False,
)
rule(
    by_eigenvalues,
    lambda g, _ans, a, weights, *, uplo, varies: _turning(g, a, weights, uplo, varies),
    lambda g, _ans, a, _weights, *, uplo, varies: eigenvalue_slopes(a, g, uplo),
    holomorphic=False,
)
rule(
    eigenvalue_slopes,
    lambda g, _ans, a, t, uplo="L": _turning(t, a, g, uplo, True),
    lambda g, _ans, a, _t, uplo="L": gradient_by_eigenvalues(a, g, uplo),
    holomorphic=False,
)
rule(np.linalg.eig, eig_vjp, jvp=eig_jvp, holomorphic=False, absent=True)
rule(
    np.linalg.eigvals,
    eigvals_vjp,
    jvp=lambda t, ans, a: untraced(general_eigenvalue_slopes, a, t[0])(a, t[0], w=bare(ans)),
    holomorphic=False,
)
rule(
    by_general_eigenvalues,
    lambda g, _ans, a, weights, *, w, varies: _turning_general(g, a, weights, w, varies),
    lambda g, _ans, a, _weights, *, w, varies: general_eigenvalue_slopes(a, g, w=w),
    holomorphic=False,
)
rule(
    general_eigenvalue_slopes,
    lambda g, _ans, a, t, *, w: _turning_general(t, a, g, w, True),
    lambda g, _ans, a, _t, *, w: gradient_by_general_eigenvalues(a, w, g),
    holomorphic=False,
)
