"""Eigenvalues and singular values. Vectors have the lengths and phases that SciPy gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ....kernels.traced import as_form
from ....tape.wrapping import bare
from ...numpy.decompositions import gradient_by_singular_values, singular_value_slopes, svd_jvp, svd_vjp
from ...numpy.eigenvalues import apart, eigenvalue_slopes, eigh_jvp, eigh_vjp, gradient_by_eigenvalues
from ...numpy.matrices import adjoint, one_triangle
from ...numpy.undetermined import untraced
from ...primitives import saving, scatter
from ...registry import rule
from ..declared import function
from ..values import from_library
from .matrices import adjoined, over_batches
from .pencils import pencil, pencil_values


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


@from_library
@saving(alone=lambda a: np.linalg.svd(a, compute_uv=False))
def singular_values(a: Any) -> Any:
    """Return the singular values, found together with the vectors, which the way back needs."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return s, (u, vh)


def _singular_values_vjp(g: Any, _ans: Any, a: Any, saved: Any = None) -> Any:
    if saved is None:
        return gradient_by_singular_values(a, g)
    u, vh = saved
    return (u * g[..., None, :]) @ vh


rule(
    singular_values,
    _singular_values_vjp,
    jvp=lambda t, _ans, a: untraced(singular_value_slopes, a, t[0])(a, t[0]),
    holomorphic=False,
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
        return singular_values(a)
    return tuple(singular(a, full_matrices=bool(full_matrices), driver=lapack_driver))


def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    return singular_values(a)


@over_batches(A=2)
def orth(A: Any, rcond: Any = None) -> Any:
    u, s, _ = svd(A, full_matrices=False)
    s = bare(s)
    least = np.max(s, initial=0.0) * (np.finfo(s.dtype).eps * max(np.shape(A)) if rcond is None else rcond)
    return u[:, : np.count_nonzero(s > least)]


@over_batches(A=2, B=2)
def subspace_angles(A: Any, B: Any) -> Any:
    """Return the angles, of the cosines where these are small, and of the sines elsewhere."""
    one, other = orth(A), orth(B)
    across = adjoined(one) @ other
    more = np.shape(one)[1] >= np.shape(other)[1]
    rest = other - one @ across if more else one - other @ adjoined(across)
    cosines = singular_values(across)
    sines = singular_values(rest)[::-1]
    small = np.square(bare(cosines)) >= 0.5
    found = np.where(small, np.arcsin(np.where(small, sines, 0.0)), np.arccos(np.where(small, 0.0, cosines)))
    return found[::-1]


# --- Hermitian --------------------------------------------------------------------------------------------------------


def some(w: Any, by_index: Any = None, by_value: Any = None) -> Any:
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


@from_library
@saving(alone=lambda a, uplo="L": np.linalg.eigvalsh(a, uplo))
def hermitian_values(a: Any, uplo: Any = "L") -> Any:
    """Return the eigenvalues of a Hermitian matrix, found together with the vectors, which the way back needs."""
    return np.linalg.eigh(a, uplo)


def _hermitian_values_vjp(g: Any, _ans: Any, a: Any, uplo: Any = "L", saved: Any = None) -> Any:
    if saved is None:
        return gradient_by_eigenvalues(a, g, uplo)
    return one_triangle((saved * g[..., None, :]) @ adjoint(saved), uplo)


rule(
    hermitian_values,
    _hermitian_values_vjp,
    jvp=lambda t, _ans, a, uplo="L": untraced(eigenvalue_slopes, a, t[0])(a, t[0], uplo),
    holomorphic=False,
)


@from_library
def some_of_hermitian(a: Any, *, side: str, driver: str | None, by_index: Any, by_value: Any) -> Any:
    """Return some eigenvalues and their vectors, of a real matrix: complex ones have phases, that move."""
    return linalg.eigh(a, lower=side == "L", driver=driver, subset_by_index=by_index, subset_by_value=by_value)


def _some_vjp(g: Any, ans: Any, a: Any, *, side: Any, driver: Any, by_index: Any, by_value: Any) -> Any:
    (gw, gv), (some_w, some_v) = g, ans
    if gv is None and type(as_form(some_v)) is np.ndarray is type(as_form(gw)):
        return one_triangle((some_v * gw) @ adjoint(some_v), side)
    w, v = np.linalg.eigh(a, side)  # vectors turn towards all others
    there = some(w, by_index, by_value)
    plain = all(type(as_form(x)) is np.ndarray for x in (*ans, v, *(x for x in g if x is not None)))
    if gv is not None and plain and apart(w):
        across, gaps = adjoint(v) @ gv, some_w - w[:, None]
        places = np.arange(len(w))[there], np.arange(len(some_w))
        gaps[places] = 1
        across /= gaps
        across[places] = 0
        rows = v @ across if gw is None else v @ across + some_v * gw
        return one_triangle(rows @ adjoint(some_v), side)
    turn = phases(v[:, there], bare(some_v))
    n = np.shape(a)[0]
    whole = [None if gw is None else scatter(gw, there, (n,))]
    whole.append(None if gv is None else scatter(gv * turn, (slice(None), there), (n, n)))
    return eigh_vjp(whole, (w, v), a, side)


def _some_jvp(t: Any, ans: Any, a: Any, *, side: Any, driver: Any, by_index: Any, by_value: Any) -> Any:
    w, v = np.linalg.eigh(a, side)
    there = some(w, by_index, by_value)
    tw, tv = eigh_jvp(t, (w, v), a, side)
    return [tw[there], tv[:, there] * phases(v[:, there], bare(ans[1]))]


rule(some_of_hermitian, _some_vjp, jvp=_some_jvp, holomorphic=False, absent=True)


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
    options: Any = {"by_index": _bounds(subset_by_index), "by_value": _bounds(subset_by_value)}
    if b is None:
        if eigvals_only:
            w = hermitian_values(a, side)
            return w[some(w, **options)] if subset else w
        if subset and not np.iscomplexobj(a):
            return tuple(some_of_hermitian(a, side=side, driver=driver, **options))
        if not subset:
            return tuple(hermitian(a, side=side, driver=driver))
        w, v = np.linalg.eigh(a, side)
    elif eigvals_only:
        w = pencil_values(a, b, side=side, type=type)
        return w[some(w, **options)] if subset else w
    elif not subset:
        return tuple(pencil(a, b, side=side, type=type, driver=driver))
    else:
        w, v = pencil(a, b, side=side, type=type)
    there = some(w, **options)
    theirs = linalg.eigh(
        *bare((a, b)),
        lower=lower,
        type=type,
        subset_by_index=subset_by_index,
        subset_by_value=subset_by_value,
        driver=driver,
    )[1]
    return w[there], in_phase(v[:, there], theirs)


def _bounds(given: Any) -> Any:
    return None if given is None else tuple(given)


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


def phases(v: Any, theirs: Any) -> Any:
    """Return the phases that others have; of equal eigenvalues they are others, and 1."""
    plain = bare(v)
    overlap = np.sum(np.conj(plain) * theirs, axis=0)
    size, both = np.abs(overlap), np.linalg.norm(plain, axis=0) * np.linalg.norm(theirs, axis=0)
    same = size > 0.9 * both
    return np.where(same, overlap / np.where(same, size, 1), 1)


def in_phase(v: Any, theirs: Any) -> Any:
    """Return vectors with the phases that others have."""
    return v * phases(v, theirs)


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
