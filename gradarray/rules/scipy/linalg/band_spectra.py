"""Eigenvalues of Hermitian matrices that are given by their diagonals, along which alone the way back goes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ....kernels.arrays import conjugate
from ....kernels.traced import as_form
from ....tape.wrapping import bare
from ...numpy.eigenvalues import eigh_jvp, eigh_middle, eigh_vjp, gradient_by_eigenvalues
from ...primitives import saving
from ...registry import rule
from ..declared import function
from ..values import from_library
from .bands import from_bands, to_bands
from .diagonals import along_diagonals
from .matrices import dtype_of, over_batches, zeros
from .spectra import eigh, in_phase, some

# --- all of them ------------------------------------------------------------------------------------------------------


def _vectors(ab: Any, lower: bool, tridiagonal: bool) -> Any:
    if tridiagonal:
        return linalg.eigh_tridiagonal(ab[0], ab[1, :-1])
    return linalg.eig_banded(ab, lower=lower)


def _values(ab: Any, *, lower: bool, tridiagonal: bool) -> Any:
    if tridiagonal:
        return linalg.eigvalsh_tridiagonal(ab[0], ab[1, :-1])
    return linalg.eigvals_banded(ab, lower=lower)


@from_library
@saving(alone=_values)
def eigenvalues(ab: Any, *, lower: bool, tridiagonal: bool) -> Any:
    """Return the eigenvalues, and keep the vectors."""
    return _vectors(ab, lower, tridiagonal)


@from_library
def spectrum(ab: Any, *, lower: bool, tridiagonal: bool) -> Any:
    """Return eigenvalues and eigenvectors."""
    return _vectors(ab, lower, tridiagonal)


def _pulled(rows: Any, v: Any, ab: Any, lower: bool) -> Any:
    """Return the diagonals of the cotangent of a matrix, which is Hermitian, times v^H; each element is read twice."""
    width = np.shape(ab)[0] - 1
    twice = np.full((width + 1, 1), 2.0, np.finfo(dtype_of(ab)).dtype)
    twice[slice(0, 1) if lower else slice(width, None)] = 1
    extent: Any = {"lower": width, "upper": 0} if lower else {"lower": 0, "upper": width}
    return along_diagonals(rows, conjugate(v), **extent) * twice


def _restricted(gradient: Any, ab: Any, lower: bool) -> Any:
    return to_bands(gradient, zeros(np.shape(ab), ab), lower)


def _side(lower: bool) -> Any:
    return "L" if lower else "U"


def _eigenvalues_vjp(g: Any, _ans: Any, ab: Any, *, lower: bool, tridiagonal: bool, saved: Any = None) -> Any:
    if saved is not None:
        return _pulled(saved * g[..., None, :], saved, ab, lower)
    return _restricted(gradient_by_eigenvalues(from_bands(ab, lower), g, _side(lower)), ab, lower)


def _spectrum_vjp(g: Any, ans: Any, ab: Any, *, lower: bool, tridiagonal: bool) -> Any:
    gw, gv = g
    if type(as_form(ans[1])) is np.ndarray:
        v = ans[1]
        if gv is None:
            return _pulled(v * gw[..., None, :], v, ab, lower)
        middle, whole = eigh_middle(gw, gv, ans)
        if whole:
            return _pulled(v @ middle, v, ab, lower)
    return _restricted(eigh_vjp(g, ans, from_bands(ab, lower), _side(lower)), ab, lower)


rule(eigenvalues, _eigenvalues_vjp, holomorphic=False)
rule(
    spectrum,
    _spectrum_vjp,
    jvp=lambda t, ans, ab, *, lower, tridiagonal: eigh_jvp(
        (from_bands(t[0], lower),), ans, from_bands(ab, lower), _side(lower)
    ),
    holomorphic=False,
    absent=True,
)

# --- some of them -----------------------------------------------------------------------------------------------------


def _chosen(select: str, select_range: Any) -> dict[str, Any]:
    by_index = select_range if select in ("i", "index", 2) else None
    by_value = select_range if select in ("v", "value", 1) else None
    return {"by_index": by_index, "by_value": by_value}


def _of_bands(ab: Any, lower: bool, tridiagonal: bool, eigvals_only: bool, select: str, select_range: Any) -> Any:
    chosen: Any = _chosen(select, select_range)
    if eigvals_only:
        w = eigenvalues(ab, lower=bool(lower), tridiagonal=tridiagonal)
        return w[some(w, **chosen)]
    if not any(x is not None for x in chosen.values()):
        return tuple(spectrum(ab, lower=bool(lower), tridiagonal=tridiagonal))
    w, v = eigh(from_bands(ab, lower), lower=lower)
    there = some(w, **chosen)
    options: Any = {"select": select, "select_range": select_range}
    if tridiagonal:
        theirs = linalg.eigh_tridiagonal(bare(ab)[0], bare(ab)[1, :-1], **options)[1]
    else:
        theirs = linalg.eig_banded(bare(ab), lower=lower, **options)[1]
    return w[there], in_phase(v[:, there], theirs)


@over_batches(a_band=2)
def eig_banded(
    a_band: Any,
    lower: bool = False,
    eigvals_only: bool = False,
    overwrite_a_band: bool = False,
    select: str = "a",
    select_range: Any = None,
    max_ev: int = 0,
    check_finite: bool = True,
) -> Any:
    return _of_bands(a_band, lower, False, eigvals_only, select, select_range)


def eigvals_banded(
    a_band: Any,
    lower: bool = False,
    overwrite_a_band: bool = False,
    select: str = "a",
    select_range: Any = None,
    check_finite: bool = True,
) -> Any:
    return eig_banded(a_band, lower, True, select=select, select_range=select_range)


@over_batches(d=1, e=1)
def eigh_tridiagonal(
    d: Any,
    e: Any,
    eigvals_only: bool = False,
    select: str = "a",
    select_range: Any = None,
    check_finite: bool = True,
    tol: float = 0.0,
    lapack_driver: str = "auto",
) -> Any:
    if np.size(e) + 1 != np.size(d):
        linalg.eigh_tridiagonal(*bare((d, e)))  # SciPy's own error
    ab = np.stack([d, np.concatenate([e, zeros(1, e)])])
    return _of_bands(ab, True, True, eigvals_only, select, select_range)


def eigvalsh_tridiagonal(
    d: Any,
    e: Any,
    select: str = "a",
    select_range: Any = None,
    check_finite: bool = True,
    tol: float = 0.0,
    lapack_driver: str = "auto",
) -> Any:
    return eigh_tridiagonal(d, e, True, select, select_range)


function("scipy.linalg", eig_banded, eigvals_banded, eigh_tridiagonal, eigvalsh_tridiagonal)
