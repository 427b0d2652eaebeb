"""Eigenvalues and singular values. Vectors have the lengths and phases that SciPy gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ....tape.wrapping import bare
from ...numpy.decompositions import svd_jvp, svd_vjp
from ...numpy.eigenvalues import eigh_jvp, eigh_vjp
from ...registry import rule
from ..declared import function
from ..values import from_library
from .matrices import adjoined, from_triangle, over_batches
from .solving import triangular


@from_library
def singular(a: Any, *, full_matrices: bool, driver: str) -> Any:
    """Return singular values and vectors of a matrix, of which NumPy may find vectors with other signs."""
    return linalg.svd(a, full_matrices=full_matrices, lapack_driver=driver)


rule(
    singular,
    lambda g, ans, a, *, full_matrices, driver: svd_vjp(g, ans, a, full_matrices=full_matrices),
    jvp=lambda t, ans, a, *, full_matrices, driver: svd_jvp(t, ans, a, full_matrices=full_matrices),
    holomorphic=False,
    absent=True,
)


@over_batches(a=2)
def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    if not compute_uv:
        return np.linalg.svd(a, compute_uv=False)
    return tuple(singular(a, full_matrices=bool(full_matrices), driver=lapack_driver))


def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    return np.linalg.svd(a, compute_uv=False)


@over_batches(A=2)
def orth(A: Any, rcond: Any = None) -> Any:
    count = np.shape(linalg.orth(bare(A), rcond=rcond))[-1]
    return svd(A, full_matrices=False)[0][:, :count]


@over_batches(A=2, B=2)
def subspace_angles(A: Any, B: Any) -> Any:
    """Return the angles, of the cosines where these are small, and of the sines elsewhere."""
    one, other = orth(A), orth(B)
    across = adjoined(one) @ other
    more = np.shape(one)[1] >= np.shape(other)[1]
    rest = other - one @ across if more else one - other @ adjoined(across)
    cosines = np.linalg.svd(across, compute_uv=False)
    sines = np.linalg.svd(rest, compute_uv=False)[::-1]
    small = np.square(bare(cosines)) >= 0.5
    found = np.where(small, np.arcsin(np.where(small, sines, 0.0)), np.arccos(np.where(small, 0.0, cosines)))
    return found[::-1]


# --- Hermitian --------------------------------------------------------------------------------------------------------


def some(w: Any, by_index: Any, by_value: Any) -> Any:
    """Return which eigenvalues are asked for."""
    if by_index is not None:
        return slice(by_index[0], by_index[1] + 1)
    if by_value is not None:
        values = bare(w)
        return np.flatnonzero((values > by_value[0]) & (values <= by_value[1]))
    return slice(None)


@from_library
def hermitian(a: Any, *, side: str, driver: str | None) -> Any:
    """Return eigenvalues and eigenvectors of a matrix, of which NumPy may find vectors with other signs."""
    return linalg.eigh(a, lower=side == "L", driver=driver)


rule(
    hermitian,
    lambda g, ans, a, *, side, driver: eigh_vjp(g, ans, a, side),
    jvp=lambda t, ans, a, *, side, driver: eigh_jvp(t, ans, a, side),
    holomorphic=False,
    absent=True,
)


@over_batches(a=2, b=2)
def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Any:
    side: Any = "L" if lower else "U"
    subset = subset_by_index is not None or subset_by_value is not None
    if b is None and not subset and not eigvals_only:
        return tuple(hermitian(a, side=side, driver=driver))
    as_given, factor = (a, b), None
    if b is None:
        a = from_triangle(a, lower)
    else:
        a, b = from_triangle(a, lower), from_triangle(b, lower)
        factor = np.linalg.cholesky(b)
        if type == 1:  # a v = w b v: with b = L L^H, that of L^-1 a L^-H
            half = triangular(factor, a, True, False)
            a = triangular(factor, adjoined(half), True, False)
        else:  # a b v = w v, and b a v = w v: that of L^H a L
            a = adjoined(factor) @ a @ factor
        a = from_triangle(a, True)
    if eigvals_only:
        w = np.linalg.eigvalsh(a)
        return w[some(w, subset_by_index, subset_by_value)]
    w, v = np.linalg.eigh(a)
    if factor is not None:
        v = factor @ v if type == 3 else triangular(np.conj(factor), v, True, True)
    chosen = some(w, subset_by_index, subset_by_value)
    options = {"subset_by_index": subset_by_index, "subset_by_value": subset_by_value, "driver": driver}
    theirs = linalg.eigh(*bare(as_given), lower=lower, type=type, **options)[1]
    return w[chosen], in_phase(v[:, chosen], theirs)


def eigvalsh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Any:
    subset: Any = {"subset_by_index": subset_by_index, "subset_by_value": subset_by_value}
    return eigh(a, b, lower=lower, eigvals_only=True, type=type, **subset)


# --- any --------------------------------------------------------------------------------------------------------------


def in_phase(v: Any, theirs: Any) -> Any:
    """Return vectors with the phases that others have; of equal eigenvalues they are others, and stay."""
    plain = bare(v)
    overlap = np.sum(np.conj(plain) * theirs, axis=0)
    size, both = np.abs(overlap), np.linalg.norm(plain, axis=0) * np.linalg.norm(theirs, axis=0)
    same = size > 0.9 * both
    return v * np.where(same, overlap / np.where(same, size, 1), 1)


def _ordered(w: Any, theirs: Any) -> Any:
    """Return where each of others stands among eigenvalues that are the same but for rounding."""
    left, places = np.abs(bare(w)[:, None] - theirs), []
    for k in range(len(theirs)):
        places.append(int(np.argmin(left[:, k])))
        left[places[-1]] = np.inf
    return np.array(places, dtype=np.intp)


@over_batches(a=2, b=2)
def eig(
    a: Any,
    b: Any = None,
    left: bool = False,
    right: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Any:
    if homogeneous_eigvals:
        raise TypeError("scipy.linalg.eig of a variable: homogeneous_eigvals is not known here")
    if b is None and not left:
        w, v = np.linalg.eig(a)
        w = w if np.iscomplexobj(w) else w + 0j
        return (w, v) if right else w
    w, v = np.linalg.eig(a if b is None else np.linalg.solve(b, a))
    w = w if np.iscomplexobj(w) else w + 0j
    theirs = linalg.eig(bare(a), None if b is None else bare(b), left=True, right=True)
    order = _ordered(w, theirs[0])
    w, v = w[order], v[:, order]
    found = [w]
    if left:  # rows of the inverse are at right angles to the other vectors; u^H a = w u^H b
        u = adjoined(np.linalg.inv(v if b is None else b @ v))
        u = u / np.sqrt(np.sum(np.real(u * np.conj(u)), axis=0))
        found.append(in_phase(u, theirs[1]))
    if right:
        found.append(in_phase(v, theirs[2]))
    return tuple(found) if len(found) > 1 else w


def eigvals(
    a: Any, b: Any = None, overwrite_a: bool = False, check_finite: bool = True, homogeneous_eigvals: bool = False
) -> Any:
    return eig(a, b, right=False, homogeneous_eigvals=homogeneous_eigvals)


function("scipy.linalg", svd, svdvals, orth, subspace_angles, eigh, eigvalsh, eig, eigvals)
