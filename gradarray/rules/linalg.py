"""Linear algebra: numpy.linalg, all of it stacked; its products are in products.py.

Where a function has no derivative, a convention takes its place:

- norms have gradient 0 at 0; what attains a maximum or minimum together shares evenly;
- np.linalg.cholesky, eigh and eigvalsh read one triangle, and so the gradient lies in that triangle alone;
- between equal eigenvalues or singular values the coefficient of the eigenvectors' derivative is 0;
- where eigenvectors are free up to a phase, or a basis up to a rotation, a loss that depends on that choice is refused.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..dispatch import primitive
from ..kinds import conjugate
from ..registry import composite, nondifferentiable, rule
from ..tape import Array


def transposed(x: Array) -> Array:
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def adjoint(x: Array) -> Array:
    """Return the conjugate transpose."""
    return conjugate(transposed(x))


def reciprocal(x: Array) -> Array:
    """Return 1 / x, and 0 where x is 0."""
    zero = x == 0
    return np.where(zero, 0, 1 / np.where(zero, 1, x))


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
    if ord is None or ord == 2:
        return x * (g * (ans != 0) / (ans + (ans == 0)))
    if ord == 1:
        return g * np.sign(x)
    if ord == 0:
        return np.zeros_like(x)
    if x.size == 0:
        return np.zeros_like(x)
    size = np.abs(x)
    if ord in (np.inf, -np.inf):
        first = size == (np.max if ord > 0 else np.min)(size, axis=axes, keepdims=True)
        return np.sign(x) * (g * first / np.sum(first, axis=axes, keepdims=True))
    # |x| / ans stays in range where a power of |x| alone might not.
    ratio = np.where(size == 0, 1, size) / (ans + (ans == 0))
    return np.sign(x) * (g * (ans != 0) * ratio ** (ord - 1))


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
    u, s, vh = np.linalg.svd(x if last else np.moveaxis(x, axes, (-2, -1)), full_matrices=False)
    if ord == "nuc":  # singular values that are zero but for rounding have no direction
        weight = s > s[..., :1] * (max(u.shape[-2], vh.shape[-1]) * np.finfo(s.dtype).eps)
    else:
        weight = extreme(s, 0 if ord > 0 else -1) * (s > 0)
    gradient = (u * weight[..., None, :]) @ vh
    return g * (gradient if last else np.moveaxis(gradient, (-2, -1), axes))


def extreme(s: Array, position: int) -> Array:
    """Return the share of each singular value in the one at a position: equal ones share evenly."""
    first = s == np.expand_dims(s[..., position], -1)
    return first / np.sum(first, axis=-1, keepdims=True)


rule(np.linalg.norm, norm_vjp, holomorphic=False)
rule(np.linalg.vector_norm, vector_norm_vjp, holomorphic=False)
rule(np.linalg.matrix_norm, matrix_norm_vjp, holomorphic=False)

# --- numbers that describe a matrix -----------------------------------------------------------------------------------


def det_vjp(g: Array, ans: Array, a: Array) -> Array:
    if np.all(ans != 0):
        return (g * ans)[..., None, None] * transposed(np.linalg.inv(a))
    return g[..., None, None] * cofactors(a)


@primitive
def cofactors(a: Array) -> Array:
    """Return the matrix of cofactors, which the gradient of the determinant is for singular matrices too.

    With a = U S V^H it is det(U V^H) conj(U) C conj(V^H), and C holds the products of all the other singular values
    (G. W. Stewart, On the adjugate matrix, Linear Algebra Appl. 283, 1998).
    """
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
    direction = direction[..., None, None]
    return np.where(singular, np.where(direction == 0, 0, np.nan), direction * adjoint(inverse))


def cond_vjp(g: Array, ans: Array, x: Array, p: Any = None) -> Array:
    # For a complex matrix the result of NumPy 2.0 is complex too, with imaginary part zero.
    g, ans = np.real(g)[..., None], np.real(ans)[..., None]
    if p in (None, 2, -2):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        above, below = (0, -1) if p != -2 else (-1, 0)
        weight = g / np.expand_dims(s[..., below], -1) * (extreme(s, above) - ans * extreme(s, below))
        return (u * weight[..., None, :]) @ vh
    axes = (x.ndim - 2, x.ndim - 1)
    inverse = np.linalg.inv(x)
    of_x, of_inverse = (np.linalg.norm(y, p, (-2, -1), keepdims=True) for y in (x, inverse))
    g = g[..., None]
    turned = adjoint(inverse)
    through_inverse = matrix_gradient(g * of_x, of_inverse, inverse, p, axes)
    return matrix_gradient(g * of_inverse, of_x, x, p, axes) - turned @ through_inverse @ turned


rule(cofactors, cofactors_vjp)
rule(np.linalg.det, det_vjp)
rule(np.linalg.slogdet, slogdet_vjp, holomorphic=False)
rule(np.linalg.cond, cond_vjp, holomorphic=False)
nondifferentiable(np.linalg.matrix_rank)

# --- equations and inverses -------------------------------------------------------------------------------------------


def inv_vjp(g: Array, ans: Array, _a: Array) -> Array:
    turned = transposed(ans)
    return -(turned @ g @ turned)


def pinv_vjp(g: Array, ans: Array, a: Array, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Array:
    """Pull back through the derivative of Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973: the rank is constant."""
    if hermitian:
        lower = np.tril(a, -1)
        a = lower + adjoint(lower) + np.where(np.eye(a.shape[-1], dtype=bool), np.real(a), 0)
    p, ph, gh = ans, adjoint(ans), adjoint(g)
    gradient = -(ph @ g @ ph)
    left, right = gh @ (p @ ph), (ph @ p) @ gh
    gradient = gradient + left - a @ (p @ left) + right - (right @ p) @ a
    return one_triangle(gradient, "L") if hermitian else gradient


def solve_vjp(g: Array, ans: Array, a: Array, _b: Array) -> tuple[Array, Array]:
    if _b.ndim == 1:  # since NumPy 2.0 the one case in which b is a vector
        of_b = np.linalg.solve(transposed(a), g[..., None])
        return -(of_b * ans[..., None, :]), of_b[..., 0]
    of_b = np.linalg.solve(transposed(a), g)
    return -(of_b @ transposed(ans)), of_b


def lstsq_vjp(g: list[Array], ans: tuple[Array, ...], a: Array, b: Array, rcond: Any = None) -> tuple[Array, Array]:
    """Pull back x = pinv(a) b, the sums of squares of b - a x, and the singular values of a."""
    x, residuals, _, s = ans
    gx, gr, _, gs = g
    vector = b.ndim == 1
    if vector:
        b, x, gx = b[:, None], x[:, None], gx[:, None]
    eps = np.finfo(s.dtype).eps
    cutoff = eps * max(a.shape) if rcond is None else eps if rcond < 0 else rcond
    ph = adjoint(np.linalg.pinv(a, cutoff))
    rest = b - a @ x
    of_b = ph @ gx
    shift = (ph @ x) @ adjoint(gx)
    of_a = -(of_b @ adjoint(x)) + rest @ adjoint(adjoint(ph) @ of_b) + shift - (shift @ adjoint(ph)) @ a
    if residuals.size:  # `rest` is orthogonal to the columns of a, so that x may be held fixed
        pull = 2 * (rest * gr)
        of_a, of_b = of_a - pull @ adjoint(x), of_b + pull
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    of_a = of_a + (u * gs[..., None, :]) @ vh
    return of_a, of_b[:, 0] if vector else of_b


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
rule(np.linalg.lstsq, joint=lstsq_vjp, holomorphic=False)
composite(np.linalg.tensorsolve, tensorsolve)
composite(np.linalg.tensorinv, tensorinv)

# --- decompositions ---------------------------------------------------------------------------------------------------
# The formulas for qr and svd are those of K. and J. Townsend and of Wan and Zhang (arXiv:1909.02659), that for cholesky
# is I. Murray's (arXiv:1602.07527); all are written for complex numbers.


def one_triangle(gradient: Array, uplo: str) -> Array:
    """Return the gradient by the triangle that is read, from any gradient that is right for Hermitian changes."""
    both = gradient + adjoint(gradient)
    triangle = np.tril(both) if uplo in ("L", "l") else np.triu(both)
    return triangle * (1 - 0.5 * np.eye(both.shape[-1], dtype=np.finfo(both.dtype).dtype))


def refuse_choice(deviation: Array, g: Array, name: str, what: str) -> None:
    """Raise if a loss changes with a choice that the decomposition leaves open."""
    if deviation.size and np.max(np.abs(deviation)) > np.finfo(g.dtype).eps ** 0.25 * np.max(np.abs(g)):
        raise ValueError(
            f"The gradient of {name} is not defined here: the result depends on {what}, which is not determined by "
            "the matrix. Use what does not depend on it, such as absolute values or the projector v @ v.conj().mT."
        )


def leading(q: Array, g: Array, k: int, name: str) -> tuple[Array, Array]:
    """Return the first k columns of a square unitary matrix, and their cotangent.

    The others are some basis of the orthogonal complement. It moves as the complement does, and does not turn in it:
    that is right for all that does not depend on which basis it is, and the rest is refused.
    """
    if q.shape[-1] == k:
        return q, g
    first, second, g_second = q[..., :k], q[..., k:], g[..., k:]
    turn = adjoint(second) @ g_second
    refuse_choice(turn - adjoint(turn), g, name, "the basis of an orthogonal complement")
    return first, g[..., :k] - second @ (adjoint(g_second) @ first)


def cholesky_vjp(g: Array, ans: Array, _a: Array, *, upper: bool = False) -> Array:
    lower, g = (adjoint(ans), adjoint(g)) if upper else (ans, g)
    inverse = np.linalg.inv(lower)
    middle = np.tril(adjoint(lower) @ g) * (1 - 0.5 * np.eye(g.shape[-1], dtype=np.finfo(g.dtype).dtype))
    return one_triangle(adjoint(inverse) @ middle @ inverse, "U" if upper else "L")


@primitive
def _qr(a: Array, mode: Any) -> Any:
    return np.linalg.qr(a, mode)


def qr(a: Array, mode: Any = "reduced") -> Any:
    if mode not in ("reduced", "complete", "r"):
        np.linalg.qr(np.eye(1), mode)  # NumPy's own error
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


def svd_vjp(g: list[Array], ans: tuple[Array, Array, Array], _a: Array, *, full_matrices: bool) -> Array:
    u, s, vh = ans
    k = s.shape[-1]
    rows, columns = u.shape[-2], vh.shape[-1]
    u, gu = leading(u, g[0], k, "np.linalg.svd")
    v, gv = leading(adjoint(vh), adjoint(g[2]), k, "np.linalg.svd")
    vh = adjoint(v)
    of_u, of_v = adjoint(u) @ gu, vh @ gv
    # Column j of U moves towards column i in proportion to 1 / (s_j^2 - s_i^2).
    one, other = s[..., None, :], s[..., :, None]
    gap = reciprocal((one - other) * (one + other))
    middle = gap * (of_u - adjoint(of_u)) * one + other * gap * (of_v - adjoint(of_v))
    diagonal = g[1]
    if np.iscomplexobj(u):
        turn_u, turn_v = (np.imag(np.sum(np.conj(q) * gq, axis=-2)) for q, gq in ((u, gu), (v, gv)))
        largest = np.maximum(np.max(np.abs(gu), initial=0), np.max(np.abs(gv), initial=0))
        refuse_choice(turn_u + turn_v, largest, "np.linalg.svd", "the phases of the singular vectors")
        diagonal = diagonal + 1j * turn_u * reciprocal(s)
    middle = np.where(np.eye(k, dtype=bool), diagonal[..., None, :], middle)
    gradient = u @ middle @ vh
    if rows > k:
        gradient = gradient + ((gu - u @ of_u) * reciprocal(s)[..., None, :]) @ vh
    if columns > k:
        gradient = gradient + (u * reciprocal(s)[..., None, :]) @ adjoint(gv - v @ of_v)
    return gradient


def svdvals_vjp(g: Array, _ans: Array, a: Array) -> Array:
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return (u * g[..., None, :]) @ vh


rule(np.linalg.cholesky, cholesky_vjp, holomorphic=False)
rule(_qr, qr_vjp, holomorphic=False)
composite(np.linalg.qr, qr)
rule(_svd, svd_vjp, holomorphic=False)
rule(_svdvals, svdvals_vjp, holomorphic=False)
composite(np.linalg.svd, svd)
composite(np.linalg.svdvals, lambda x: np.linalg.svd(x, compute_uv=False))

# --- eigenvalues ------------------------------------------------------------------------------------------------------


def eigh_vjp(g: list[Array], ans: tuple[Array, Array], _a: Array, UPLO: str = "L") -> Array:
    w, v = ans
    gw, gv = g
    vh = adjoint(v)
    moved = vh @ gv
    if np.iscomplexobj(v):
        turn = np.imag(np.sum(np.conj(v) * gv, axis=-2))
        refuse_choice(turn, gv, "np.linalg.eigh", "the phases of the eigenvectors")
    moved = moved * reciprocal(w[..., None, :] - w[..., :, None])
    middle = np.where(np.eye(w.shape[-1], dtype=bool), gw[..., None, :], moved)
    return one_triangle(v @ middle @ vh, UPLO)


def eigvalsh_vjp(g: Array, _ans: Array, a: Array, UPLO: Any = "L") -> Array:
    _, v = np.linalg.eigh(a, UPLO)
    return one_triangle((v * g[..., None, :]) @ adjoint(v), UPLO)


def eig_vjp(g: list[Array], ans: tuple[Array, Array], _a: Array) -> Array:
    w, v = ans
    gw, gv = g
    if np.iscomplexobj(v):
        gv = unturned(gv, v)
    vh = adjoint(v)
    # Eigenvectors have length one: what lies along them is taken out.
    along = np.real(np.sum(np.conj(v) * gv, axis=-2))
    moved = vh @ (gv - v * along[..., None, :]) * conjugate(reciprocal(w[..., None, :] - w[..., :, None]))
    middle = np.where(np.eye(w.shape[-1], dtype=bool), gw[..., None, :], moved)
    return np.linalg.solve(vh, middle @ vh)


def unturned(gv: Array, v: Array) -> Array:
    """Return the cotangent of the eigenvectors before LAPACK's geev turns them so that a largest component is real."""
    if v.size == 0:
        return gv
    size = np.where(np.imag(v) == 0, np.abs(v), -1)
    position = np.argmax(size, axis=-2)
    chosen = np.arange(v.shape[-1])[:, None] == position[..., None, :]
    turn = np.imag(np.sum(np.conj(gv) * v, axis=-2))
    refuse_choice(np.where(np.max(size, axis=-2) > 0, 0, turn), gv, "np.linalg.eig", "the phases of the eigenvectors")
    pivot = np.real(np.sum(np.where(chosen, v, 0), axis=-2))
    return gv + np.where(chosen, 1j * (turn * reciprocal(pivot))[..., None, :], 0)


def eigvals_vjp(g: Array, ans: Array, a: Array) -> Array:
    w, v = np.linalg.eig(a)
    # With and without eigenvectors LAPACK goes different ways, and may find the eigenvalues in another order.
    if ans.size and np.max(np.abs(w - ans)) > np.finfo(w.dtype).eps ** 0.5 * np.max(np.abs(w)):
        nearest = np.argmin(np.abs(ans[..., :, None] - w[..., None, :]), axis=-1)
        v = np.take_along_axis(v, nearest[..., None, :], axis=-1)
    vh = adjoint(v)
    return np.linalg.solve(vh, g[..., :, None] * vh)


rule(np.linalg.eigh, eigh_vjp, holomorphic=False)
rule(np.linalg.eigvalsh, eigvalsh_vjp, holomorphic=False)
rule(np.linalg.eig, eig_vjp, holomorphic=False)
rule(np.linalg.eigvals, eigvals_vjp, holomorphic=False)
