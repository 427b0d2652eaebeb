"""Eigenvalues and eigenvectors, all of them stacked.

Convention: np.linalg.eigh and eigvalsh read one triangle, and so the gradient lies in that triangle alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array, conjugate
from ...kernels.traced import as_form
from ...tape.wrapping import bare, has_variable
from ..primitives import primitive
from ..registry import rule
from .matrices import adjoint, diagonal, hermitian, off_diagonal, one_triangle, transposed
from .triangles import on_diagonal
from .undetermined import cluster, divided, free_quotient, quotient, refuse_both, refuse_choice, untraced

# --- of Hermitian matrices -------------------------------------------------------------------------------------------


def eigh_vjp(g: list[Any], ans: tuple[Array, Array], a: Array, UPLO: str = "L") -> Array:
    (gw, gv), v = g, ans[1]
    if gv is None:
        if type(as_form(v)) is np.ndarray is type(as_form(gw)):
            return one_triangle((v * gw[..., None, :]) @ adjoint(v), UPLO)
        return gradient_by_eigenvalues(a, gw, UPLO)
    middle, whole = eigh_middle(gw, gv, ans)
    gradient = one_triangle(v @ middle @ adjoint(v), UPLO)
    return gradient if whole else gradient + gradient_by_eigenvalues(a, gw, UPLO)


def eigh_middle(gw: Any, gv: Array, ans: tuple[Array, Array]) -> tuple[Array, bool]:
    """Return the cotangent of a Hermitian matrix in the basis of its eigenvectors, and whether `gw` is a part of it."""
    w, v = ans
    moved = adjoint(v) @ gv
    if type(as_form(moved)) is np.ndarray and (gw is None or type(as_form(gw)) is np.ndarray) and apart(w):
        return _plain_middle(gw, gv, moved, w), True
    turn = (moved - adjoint(moved)) / 2
    if np.iscomplexobj(v):
        phases = diagonal(bare(turn))
        refuse_choice(phases, gv, "np.linalg.eigh", "the phases of the eigenvectors")
    same = cluster(w)
    if gw is not None:
        refuse_both(same, (bare(gv),), bare(gw), "np.linalg.eigh", "eigen")
    refuse_choice(np.where(same, bare(turn), 0), gv, "np.linalg.eigh", _BASIS)
    middle = quotient(off_diagonal(turn), w[..., None, :] - w[..., :, None], same)
    plain = gw is not None and type(as_form(middle)) is np.ndarray is type(as_form(gw))
    if plain:
        middle = middle + np.where(np.eye(w.shape[-1], dtype=bool), gw[..., None, :], 0)
    return middle, gw is None or plain


def apart(w: Array) -> bool:
    """Tell whether all of the eigenvalues of plain matrices, which are in order, are surely different."""
    if type(as_form(w)) is not np.ndarray or w.shape[-1] < 2:
        return False
    largest = np.maximum(-w[..., 0], w[..., -1])
    gaps = np.minimum.reduce(w[..., 1:] - w[..., :-1], axis=-1)
    return bool((gaps > np.finfo(w.dtype).eps ** 0.5 * largest).all())


def _plain_middle(gw: Any, gv: Array, moved: Array, w: Array) -> Array:
    """Return the same where nothing coincides, in few passes."""
    if moved.dtype.kind == "c":
        refuse_choice(1j * np.imag(diagonal(moved)), gv, "np.linalg.eigh", "the phases of the eigenvectors")
    gaps, diagonals = w[..., None, :] - w[..., :, None], on_diagonal(w.shape[-1])
    middle = (moved - adjoint(moved)) / np.where(diagonals, 1, gaps + gaps)
    return np.where(diagonals, 0 if gw is None else gw[..., None, :], middle)


_BASIS = "the basis of the eigenvectors of equal eigenvalues"


def eigh_jvp(t: tuple[Array], ans: tuple[Array, Array], a: Array, UPLO: str = "L") -> list[Array]:
    w, v = ans
    moved = adjoint(v) @ hermitian(t[0], UPLO) @ v
    turned = free_quotient(off_diagonal(moved), w[..., None, :] - w[..., :, None], cluster(w), t[0])
    plain = type(as_form(moved)) is np.ndarray
    return [np.real(diagonal(moved)) if plain else untraced(eigenvalue_slopes, a, t[0])(a, t[0], UPLO), v @ turned]


def gradient_by_eigenvalues(a: Array, g: Array, uplo: Any) -> Array:
    """Return the gradient by a Hermitian matrix from that by its eigenvalues."""
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

# --- of any square matrix --------------------------------------------------------------------------------------------


def eig_vjp(g: list[Any], ans: tuple[Array, Array], a: Array) -> Array:
    w, v = ans
    gw, gv = g
    if gv is None:
        if type(as_form(v)) is np.ndarray is type(as_form(gw)):
            return _by_vectors(v, gw)
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
    plain = gw is not None and type(as_form(middle)) is np.ndarray is type(as_form(gw))
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
    plain = type(as_form(moved)) is np.ndarray
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
    """Return the gradient by a matrix from that by its eigenvalues."""
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
    return _by_vectors(_eigenvectors(a, w)[1], weights)


def _by_vectors(v: Array, weights: Array) -> Array:
    vh = adjoint(v)
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
