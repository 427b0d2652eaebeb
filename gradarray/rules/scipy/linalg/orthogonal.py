"""Factors of matrices that turn, and do not stretch: QR, RQ and the polar ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from ....kernels.traced import as_form
from ....tape.wrapping import bare
from ...numpy.decompositions import hermitian_of_both, leading, qr_vjp
from ...numpy.triangles import below, half
from ...primitives import primitive, saving
from ...registry import nondifferentiable, rule
from ..declared import function
from ..values import from_library
from .matrices import adjoined, dtype_of, over_batches, turned, zeros
from .triangular import triangular

# --- QR ---------------------------------------------------------------------------------------------------------------


@from_library
def orthogonal(a: Any, *, mode: str) -> Any:
    """Return Q and R of a matrix, or R alone."""
    return np.linalg.qr(a, mode)  # type: ignore[call-overload]


def _orthogonal_vjp(g: Any, ans: Any, a: Any, *, mode: str) -> Any:
    rows, columns = np.shape(a)
    if rows < columns:
        return qr_vjp(g, ans, a, mode=mode)
    # As for NumPy's function, with a triangular matrix in place of any.
    if mode == "r":
        q, r = np.linalg.qr(a)
        return q @ _over_adjoined(hermitian_of_both(g, r), r)
    q, gq = leading(ans[0], g[0], columns, "scipy.linalg.qr")
    r, gr = ans[1][:columns], g[1][:columns]
    found = q @ (hermitian_of_both(gr, r) - _hermitian_of(adjoined(q) @ gq))
    return _over_adjoined(gq + found, r)


def _hermitian_of(inner: Any) -> Any:
    """Return the Hermitian matrix whose upper triangle is that of another one."""
    n = np.shape(inner)[0]
    upper = np.where(below(n, -1), 0, inner * half(n, np.finfo(dtype_of(inner)).dtype, False))
    return upper + adjoined(upper)


def _over_adjoined(a: Any, r: Any) -> Any:
    """Return a matrix times the inverse of r^H, of which one triangle is read."""
    return adjoined(triangular(r, adjoined(a), False, False))


@from_library
def with_pivots(a: Any, *, mode: str) -> Any:
    """Return Q and R of a matrix, or R alone, and the order in which it has the columns."""
    return linalg.qr(a, mode=mode, pivoting=True)


nondifferentiable(with_pivots)


@primitive
def orthogonal_found(a: Any, q: Any, r: Any, *, mode: str) -> Any:
    """Return Q and R of a matrix as they were found."""
    return q.copy(order="K"), r.copy(order="K")


rule(
    orthogonal_found,
    lambda g, ans, a, _q, _r, *, mode: _orthogonal_vjp(g, ans, a, mode=mode),
    skip=("q", "r"),
    holomorphic=False,
)


@from_library
@saving
def upper_factor(a: Any) -> Any:
    """Return R of a matrix that has no more columns than rows, and keep the reflections that Q is made of."""
    (reflections, scales), r = linalg.qr(a, mode="raw")
    return r[: a.shape[1]], (reflections, scales)


def _upper_factor_vjp(g: Any, ans: Any, a: Any, saved: Any = None) -> Any:
    if saved is None or type(as_form(g)) is not np.ndarray:
        return _orthogonal_vjp(g, ans, a, mode="r")
    reflections, scales = saved
    apply = lapack.get_lapack_funcs("unmqr" if ans.dtype.kind == "c" else "ormqr", (ans,))
    found = np.zeros(a.shape, ans.dtype, order="F")
    found[: len(ans)] = _over_adjoined(hermitian_of_both(g, ans), ans)
    return apply("L", "N", reflections, scales, found, 64 * a.shape[1], overwrite_c=True)[0]


rule(upper_factor, _upper_factor_vjp, holomorphic=False)
rule(orthogonal, _orthogonal_vjp, holomorphic=False)


@over_batches(a=2)
def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    if mode not in ("full", "r", "economic"):
        raise TypeError("scipy.linalg.qr of a variable: mode='raw' is not known here")
    theirs: Any = {"full": "complete", "r": "r", "economic": "reduced"}[mode]
    places: tuple[Any, ...] = ()
    if pivoting:
        *found, where = with_pivots(a, mode=mode)
        places, a = (where,), a[:, where]
        if mode != "r":
            return (*orthogonal_found(a, *found, mode=theirs), *places)
    m, n = np.shape(a)
    if mode == "r" and m >= n > 0:  # SciPy's R has as many rows as the matrix
        found = upper_factor(a)
        found = found if m == n else np.concatenate([found, zeros((m - n, n), found)])
    else:
        found = orthogonal(a, mode=theirs)
    return (found, *places) if mode == "r" else (*found, *places)


@over_batches(a=2, c="1|2")
def qr_multiply(
    a: Any,
    c: Any,
    mode: str = "right",
    pivoting: bool = False,
    conjugate: bool = False,
    overwrite_a: bool = False,
    overwrite_c: bool = False,
) -> Any:
    q, *rest = qr(a, mode="economic", pivoting=pivoting)
    q = np.conj(q) if conjugate else q
    if mode == "left":
        return (q @ c, *rest) if np.shape(c)[0] == np.shape(q)[1] else (turned(q) @ c, *rest)
    return (c @ q, *rest)


@over_batches(a=2)
def rq(a: Any, overwrite_a: bool = False, lwork: Any = None, mode: str = "full", check_finite: bool = True) -> Any:
    if mode not in ("full", "r", "economic"):
        raise TypeError(f"scipy.linalg.rq of a variable: mode={mode!r} is not known here")
    m, n = np.shape(a)
    if mode != "economic" and m != n:
        raise TypeError(
            "scipy.linalg.rq of a variable: one that is not square needs mode='economic'; the rest is not unique"
        )
    q, r = orthogonal(adjoined(a[::-1]), mode="reduced")
    r, q = adjoined(r)[::-1, ::-1], adjoined(q)[::-1]
    theirs = linalg.rq(bare(a), mode="r")[:, n - m :]
    signs = np.sign(np.real(np.diagonal(theirs) / np.diagonal(bare(r))))
    return r * signs if mode == "r" else (r * signs, signs[:, None] * q)


@over_batches(a=2)
def polar(a: Any, side: str = "right") -> Any:
    if side not in ("right", "left"):
        raise ValueError("`side` must be either 'right' or 'left'")  # SciPy's own error
    u = turning(a)
    return u, adjoined(u) @ a if side == "right" else a @ adjoined(u)


@from_library
def turning(a: Any) -> Any:
    """Return the part of a matrix that turns, and does not stretch."""
    return linalg.polar(a)[0]


@primitive
def stretched(p: Any, c: Any) -> Any:
    """Return the solution of p x + x p = c, where p is Hermitian."""
    w, v = np.linalg.eigh(p)
    vh = np.conj(v.T)
    return v @ ((vh @ c @ v) / (w[:, None] + w)) @ vh


def _stretched_vjp(g: Any, ans: Any, p: Any, _c: Any) -> Any:
    s = stretched(turned(p), g)
    return -(s @ turned(ans)) - turned(ans) @ s, s


rule(stretched, joint=_stretched_vjp)


def _turning_vjp(g: Any, ans: Any, a: Any) -> Any:
    # With a = u p: du is u x + (1 - u u^H) da p^-1, where p x + x p = u^H da - da^H u (Higham, Functions of Matrices,
    # section 8.1). The inner product is the real part of tr(x^H y).
    m, n = np.shape(a)
    if m < n:
        return adjoined(_turning_vjp(adjoined(g), adjoined(ans), adjoined(a)))
    p = adjoined(ans) @ a
    p = (p + adjoined(p)) / 2
    across = adjoined(ans) @ g
    found = ans @ stretched(p, across - adjoined(across))
    if m == n:
        return found
    return found + adjoined(np.linalg.solve(p, adjoined(g - ans @ across)))


rule(turning, _turning_vjp, holomorphic=False)


@over_batches(A=2, B=2)
def orthogonal_procrustes(A: Any, B: Any, check_finite: bool = True) -> Any:
    across = adjoined(A) @ B
    found = turning(across)
    return found, np.real(np.sum(np.conj(found) * across))


function("scipy.linalg", qr, qr_multiply, rq, polar, orthogonal_procrustes)
