"""Eigenvalues of pairs of Hermitian matrices: a v = w b v, a b v = w v or b a v = w v, the types 1, 2 and 3.

Vectors are such that v^H b v is 1, and v^H b^-1 v for the last type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ....tape.wrapping import bare
from ...numpy.matrices import adjoint, diagonal, hermitian, off_diagonal, one_triangle
from ...numpy.undetermined import cluster, free_quotient, quotient, refuse_both, refuse_choice
from ...primitives import saving
from ...registry import rule
from ..values import from_library


@from_library
def pencil(a: Any, b: Any, *, side: str, type: int, driver: str | None = None) -> Any:
    """Return eigenvalues and eigenvectors."""
    return linalg.eigh(a, b, lower=side == "L", type=type, driver=driver)


@from_library
@saving(alone=lambda a, b, *, side, type: linalg.eigvalsh(a, b, lower=side == "L", type=type))
def pencil_values(a: Any, b: Any, *, side: str, type: int) -> Any:
    """Return the eigenvalues, and keep the vectors."""
    return linalg.eigh(a, b, lower=side == "L", type=type)


def _bases(b: Any, v: Any, side: str, type: int) -> tuple[Any, Any]:
    """Return p and q, by which p^H da p and q^H db q are what the eigenvalues and the vectors change with."""
    if type == 2:
        return hermitian(b, side) @ v, v
    return v, (v if type == 1 else np.linalg.solve(hermitian(b, side), v))


def _pencil_vjp(
    g: Any, ans: Any, a: Any, b: Any, *, side: str, type: int, driver: Any = None, wanted: Any = (True, True)
) -> tuple[Any, Any]:
    # With dv = v c: c_ij is x_ij / (w_j - w_i), where x is p^H da p - q^H db q w_j, and for the other types + w_i times
    # that; since v^H b v stays 1, c_ii is half of -q^H db q. Of the last type v is b q, whose b moves, too.
    (gw, gv), (w, v) = g, ans
    p, q = _bases(b, v, side, type)
    middle: Any = 0.0
    across: Any = 0.0
    if gv is not None:
        across = adjoint(v) @ gv
        turn, same = (across - adjoint(across)) / 2, cluster(w)
        if np.iscomplexobj(v):
            refuse_choice(diagonal(bare(turn)), gv, _NAME, "the phases of the eigenvectors")
        if gw is not None:
            refuse_both(same, (bare(gv),), bare(gw), _NAME, "eigen")
        refuse_choice(np.where(same, bare(turn), 0), gv, _NAME, "the basis of the eigenvectors of equal eigenvalues")
        middle = quotient(off_diagonal(across), w[None, :] - w[:, None], same)
        across = np.where(same | np.eye(len(same), dtype=bool), across, 0) / 2
    if gw is not None:
        middle = middle + np.where(np.eye(np.shape(w)[0], dtype=bool), gw, 0)
    by_a = one_triangle(p @ middle @ adjoint(p), side) if wanted[0] else None
    if not wanted[1]:
        return by_a, None
    by_b = q @ (-(middle * w) if type == 1 else middle * w[:, None]) @ adjoint(q)
    if gv is not None:
        by_b = by_b - q @ across @ adjoint(q)
        if type == 3:
            by_b = by_b + gv @ adjoint(q)
    return by_a, one_triangle(by_b, side)


_NAME = "scipy.linalg.eigh"


def _pencil_jvp(t: Any, ans: Any, a: Any, b: Any, *, side: str, type: int, driver: Any = None) -> list[Any]:
    (w, v), (ta, tb) = ans, t
    p, q = _bases(b, v, side, type)
    inner: Any = 0.0
    moved: Any = 0.0
    if ta is not None:
        inner = adjoint(p) @ hermitian(ta, side) @ p
    if tb is not None:
        moved = adjoint(q) @ hermitian(tb, side) @ q
        inner = inner + (-(moved * w) if type == 1 else moved * w[:, None])
    same = cluster(w)
    turned = free_quotient(off_diagonal(inner), w[None, :] - w[:, None], same, inner)
    if tb is not None:
        turned = turned - np.where(same | np.eye(len(same), dtype=bool), moved, 0) / 2
    tv = v @ turned
    if type == 3 and tb is not None:
        tv = tv + hermitian(tb, side) @ q
    return [np.real(diagonal(inner)), tv]


def _pencil_values_vjp(
    g: Any, ans: Any, a: Any, b: Any, *, side: str, type: int, saved: Any = None, wanted: Any = (True, True)
) -> Any:
    both = pencil(a, b, side=side, type=type) if saved is None else (ans, saved)
    return _pencil_vjp((g, None), both, a, b, side=side, type=type, wanted=wanted)


rule(pencil, joint=_pencil_vjp, jvp=_pencil_jvp, holomorphic=False, absent=True)
rule(pencil_values, joint=_pencil_values_vjp, holomorphic=False)
