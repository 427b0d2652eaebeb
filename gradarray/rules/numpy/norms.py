"""Norms, and other numbers that describe a matrix.

Conventions: norms have gradient 0 at 0; what attains a maximum or minimum together shares evenly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array, conjugate
from ...tape.wrapping import bare
from ..kinks import are_known, at_kink, smooth_square, unknown
from ..primitives import primitive
from ..registry import nondifferentiable, rule
from .matrices import adjoint, transposed

# --- norms ------------------------------------------------------------------------------------------------------------


def norm_vjp(g: Array, ans: Array, x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    axes = axes_of_norm(x.ndim, ord, axis)
    if axes is None:
        return vector_gradient(g, ans, x, ord, None)
    if not keepdims:
        index = kept(axes, x.ndim)
        g, ans = g[index], ans[index]
    if len(axes) == 1 or ord is None:
        return vector_gradient(g, ans, x, ord, axes)
    return matrix_gradient(g, ans, x, ord, axes)


def axes_of_norm(ndim: int, ord: Any, axis: Any) -> tuple[int, ...] | None:
    """Return the axes that np.linalg.norm runs over, None for all elements as those of one vector."""
    if axis is None:
        return None if ord is None or ndim == 1 else (0, 1)
    return tuple(i % ndim for i in axis) if isinstance(axis, tuple) else (int(axis) % ndim,)


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
        return at_kink(x * (g * ~kink / (ans + kink)), kink, x, axes)
    if ord == 1:
        return at_kink(g * np.sign(x), kink, x, axes)
    if ord == 0:
        return np.zeros_like(x)
    if x.size == 0:
        return np.zeros_like(x)
    size = np.abs(x)
    if ord in (np.inf, -np.inf):
        first = _attains(size, ord, axes)
        share = g * first / np.sum(first, axis=axes, keepdims=True)
        return at_kink(np.sign(x) * share, kink, _part_in(x, first, ord), axes)
    # |x| / ans stays in range where a power of |x| alone might not.
    ratio = np.where(size == 0, 1, size) / (ans + kink)
    gradient = at_kink(np.sign(x) * (g * ~kink * ratio ** (ord - 1)), kink, x, axes)
    return at_kink(gradient, size == 0, x) if ord < 2 else gradient


def matrix_gradient(g: Array, ans: Array, x: Array, ord: Any, axes: tuple[int, ...], parts: Any = None) -> Array:
    """Return the gradient of a matrix norm; `g` and `ans` have axes of length one in place of `axes`.

    The `parts` of a singular value decomposition may be known.
    """
    if ord in (None, "fro", "f"):
        return vector_gradient(g, ans, x, 2, axes)
    if x.size == 0:
        return np.zeros_like(x)
    if ord in (1, -1, np.inf, -np.inf):
        summed, other = axes if abs(ord) == 1 else axes[::-1]
        sums = np.sum(np.abs(x), axis=summed, keepdims=True)
        first = _attains(sums, ord, other)
        share = g * first / np.sum(first, axis=other, keepdims=True)
        return at_kink(np.sign(x) * share, ans == 0, _part_in(x, first, ord), axes)
    last = axes == (x.ndim - 2, x.ndim - 1)
    x = x if last else np.moveaxis(x, axes, (-2, -1))
    u, s, vh = np.linalg.svd(x, full_matrices=False) if parts is None else parts
    if ord == "nuc":  # singular values that are zero but for rounding have no direction
        weight = s > s[..., :1] * (max(u.shape[-2], vh.shape[-1]) * np.finfo(s.dtype).eps)
        kink = ~np.all(weight, axis=-1)
    else:
        weight = extreme(s, 0 if ord > 0 else -1) * (s > 0)
        kink = np.max(weight, axis=-1) != 1
    gradient = (u * weight[..., None, :]) @ vh
    gradient = at_kink(gradient, kink[..., None, None], x, (-2, -1))
    return g * (gradient if last else np.moveaxis(gradient, (-2, -1), axes))


def _attains(sizes: Array, ord: Any, axes: Any) -> Array:
    """Tell what is the largest, or the least for a negative order; a NaN is."""
    return (sizes == (np.max if ord > 0 else np.min)(sizes, axis=axes, keepdims=True)) | (sizes != sizes)


def _part_in(x: Array, first: Array, ord: Any) -> Array:
    """Return what a norm that is 0 depends on: of a least size, what attains that."""
    return x if ord > 0 or are_known(x) else np.where(first, x, 0)


def extreme(s: Array, position: int) -> Array:
    """Return the share of each singular value in the one at a position: equal ones share evenly."""
    first = s == np.expand_dims(s[..., position], -1)
    return first / np.sum(first, axis=-1, keepdims=True)


def extremes_of_norm(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array | None:
    axes = axes_of_norm(x.ndim, ord, axis)
    return _extremes(x, ord, axes, axes is not None and len(axes) == 2)


def extremes_of_vector_norm(x: Array, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array | None:
    return _extremes(x, ord, None, False)


def extremes_of_matrix_norm(x: Array, keepdims: bool = False, ord: Any = "fro") -> Array | None:
    return _extremes(x, ord, (x.ndim - 2, x.ndim - 1), True)


def _extremes(x: Array, ord: Any, axes: Any, of_matrices: bool) -> Array | None:
    """Return an array without a zero whose norm is attained by the same elements; None where it is not by some alone.

    It has the places in order, of the sizes or of the sums of them, so that what ties still does.
    """
    if ord not in ((1, -1, np.inf, -np.inf) if of_matrices else (np.inf, -np.inf)):
        return None
    sizes = np.abs(x)
    if of_matrices:
        sizes = np.broadcast_to(np.sum(sizes, axis=axes[0 if abs(ord) == 1 else 1], keepdims=True), x.shape)
    places = np.unique(np.where(np.isnan(sizes) & (ord < 0), -1, sizes), return_inverse=True)[1].reshape(x.shape)
    return (places + 1).astype(x.dtype)


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
    if a.ndim == 2:
        squares: Any = [np.vdot(x, x).real for x in (a, inverse)]
        return bool(squares[0] * squares[1] <= np.finfo(a.dtype).eps ** (-2 / 3))
    squares = [
        np.einsum("...ij,...ij->...", *((x, x) if x.dtype.kind == "f" else (x, np.conj(x)))).real for x in (a, inverse)
    ]
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
        return at_kink((u * weight[..., None, :]) @ vh, kink[..., None, None], x, (-2, -1))
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
