"""The functions of SciPy that have twins: the same in differentiable ``np.*``.

Parameters that say how to compute, and not what, have no effect.
"""
# ruff: noqa: ARG001, ARG005

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..kernels.traced import copy_of
from ..reverse.outputs import revalued
from ..rules.primitives import primitive
from ..rules.registry import rule
from ..rules.scipy.declared import LOOKING
from ..rules.scipy.families import chapters, functions_of
from ..tape.wrapping import bare
from . import distributions as distributions
from .twins import of_library, twin


def _cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    factor = np.linalg.cholesky(a)
    return factor if lower else np.conj(np.swapaxes(factor, -1, -2))


def _cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    return _cholesky(a, lower), lower


def _cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    factor, lower = c_and_lower
    factor = np.tril(factor) if lower else np.conj(np.swapaxes(np.triu(factor), -1, -2))
    return np.linalg.solve(np.conj(np.swapaxes(factor, -1, -2)), np.linalg.solve(factor, b))


def _solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    a = np.tril(a) if lower else np.triu(a)
    if unit_diagonal:
        n = np.eye(np.shape(a)[-1])
        a = a * (1 - n) + n
    if trans in (1, "T"):
        a = np.swapaxes(a, -1, -2)
    elif trans in (2, "C"):
        a = np.conj(np.swapaxes(a, -1, -2))
    return np.linalg.solve(a, b)


def _from_one_triangle(a: Any, lower: bool, symmetric: bool = False) -> Any:
    """Return the Hermitian, or symmetric, matrix of which SciPy looks at one triangle alone."""
    half = np.tril(a, -1) if lower else np.triu(a, 1)
    other = np.swapaxes(half, -1, -2)
    return half + (other if symmetric else np.conj(other)) + np.tril(np.triu(a))


def _solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    if assume_a in ("sym", "symmetric", "her", "hermitian", "pos", "positive definite"):
        a = _from_one_triangle(a, lower, assume_a.startswith("sym"))
    elif assume_a in ("lower triangular", "upper triangular"):
        a = np.tril(a) if assume_a.startswith("lower") else np.triu(a)
    return np.linalg.solve(np.swapaxes(a, -1, -2) if transposed else a, b)


def _eigh(a: Any, b: Any = None, lower: bool = True, eigvals_only: bool = False, **kwargs: Any) -> Any:
    _only(kwargs, "eigh")
    side: Any = "L" if lower else "U"
    if b is None:
        return np.linalg.eigvalsh(a, side) if eigvals_only else tuple(np.linalg.eigh(a, side))
    a, b = _from_one_triangle(a, lower), _from_one_triangle(b, lower)
    factor = np.linalg.cholesky(b)  # a v = w b v: with b = L L*, that of L^-1 a L^-*
    half = np.linalg.solve(factor, a)
    reduced = np.linalg.solve(factor, np.conj(np.swapaxes(half, -1, -2)))
    if eigvals_only:
        return np.linalg.eigvalsh(reduced, side)
    w, v = np.linalg.eigh(reduced, side)
    return w, np.linalg.solve(np.conj(np.swapaxes(factor, -1, -2)), v)


def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, **kwargs: Any) -> Any:
    _only(kwargs, "svd", "lapack_driver")
    svd: Any = np.linalg.svd
    found = svd(a, full_matrices=full_matrices, compute_uv=compute_uv)
    return tuple(found) if compute_uv else found


def _eig(a: Any, b: Any = None, left: bool = False, right: bool = True, **kwargs: Any) -> Any:
    _only(kwargs, "eig")
    if b is not None or left:
        raise TypeError("scipy.linalg.eig of a variable: neither b= nor left= has a derivative here")
    return tuple(np.linalg.eig(a)) if right else np.linalg.eigvals(a)


def _norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    return np.linalg.norm(a, ord, axis, keepdims)


def _pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True) -> Any:
    if atol is not None or return_rank:
        raise TypeError("scipy.linalg.pinv of a variable: neither atol= nor return_rank= is known here")
    if rtol is None:
        rtol = max(np.shape(a)[-2:]) * np.finfo(a.dtype).eps
    return np.linalg.pinv(a, rtol)


def _only(given: dict[str, Any], function: str, *harmless: str) -> None:
    """Raise for keywords whose meaning is more than how to compute."""
    known = {"overwrite_a", "overwrite_b", "check_finite", "driver", "turbo", *harmless}
    odd = [name for name, value in given.items() if name not in known and value is not None]
    if odd:
        raise TypeError(f"scipy.linalg.{function} of a variable: {', '.join(odd)} is not known here")


def _expm(A: Any) -> Any:
    """Return the matrix exponential by the [13/13] Pade approximant, with scaling and squaring.

    Higham, The scaling and squaring method for the matrix exponential revisited, SIAM J. Matrix Anal. Appl. 26 (2005).
    """
    value = of_library(sys.modules["scipy.linalg"].expm, bare(A))
    norm = np.max(np.sum(np.abs(bare(A)), axis=-2), initial=0.0)
    squarings = max(0, int(np.ceil(np.log2(norm / 5.371920351148152)))) if norm > 0 else 0
    A = A / 2.0**squarings
    one = np.eye(np.shape(A)[-1])
    A2 = A @ A
    A4 = A2 @ A2
    A6 = A4 @ A2
    b = _PADE
    odd = A @ (A6 @ (b[13] * A6 + b[11] * A4 + b[9] * A2) + b[7] * A6 + b[5] * A4 + b[3] * A2 + b[1] * one)
    even = A6 @ (b[12] * A6 + b[10] * A4 + b[8] * A2) + b[6] * A6 + b[4] * A4 + b[2] * A2 + b[0] * one
    result = np.linalg.solve(even - odd, even + odd)
    for _ in range(squarings):
        result = result @ result
    return revalued(result, value)


_PADE = (
    *(64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0),
    *(10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0),
)


@primitive
def packed_lu(a: Any) -> Any:
    """Return L and U of a square matrix whose rows stand in the order of their pivots, in one matrix."""
    packed = copy_of(a)
    for k in range(len(packed) - 1):
        packed[k + 1 :, k] /= packed[k, k]
        packed[k + 1 :, k + 1 :] -= np.multiply.outer(packed[k + 1 :, k], packed[k, k + 1 :])
    return packed


def _lu_vjp(g: Any, ans: Any, _a: Any) -> Any:
    # From dA = dL U + L dU: L^-1 dA U^-1 has L^-1 dL below the diagonal, and dU is L^-1 dA - (L^-1 dL) U. In this the
    # last pivot is not divided by, which is 0 for the generator of a Markov chain, say.
    n = np.shape(ans)[-1]
    lower, upper = np.tril(ans, -1) + np.eye(n), np.triu(ans)
    inner = np.tril(lower.T @ np.tril(g, -1) - np.triu(g) @ upper.T, -1)
    regular = np.where(np.reshape(np.arange(n * n) == n * n - 1, (n, n)), 1.0, upper)
    return np.linalg.solve(lower.T, np.linalg.solve(regular, inner.T).T + np.triu(g))


rule(packed_lu, _lu_vjp)


def _lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    linalg = sys.modules["scipy.linalg"]
    values, pivots = of_library(linalg.lu_factor, bare(a), check_finite=check_finite)
    return revalued(packed_lu(a[_order_of(pivots)]), values), pivots


def _order_of(pivots: Any) -> Any:
    """Return the order of the rows that exchanges one after the other lead to."""
    order = np.arange(len(pivots))
    for i, k in enumerate(pivots.tolist()):
        order[[i, k]] = order[[k, i]]
    return order


def _lu_solve(lu_and_piv: Any, b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    packed, pivots = lu_and_piv
    order = _order_of(pivots)
    one = np.eye(np.shape(packed)[-1])
    lower, upper = np.tril(packed, -1) + one, np.triu(packed)
    if not trans:
        return np.linalg.solve(upper, np.linalg.solve(lower, b[order]))
    transposed = np.transpose if trans == 1 else lambda m: np.conj(np.transpose(m))
    x = np.linalg.solve(transposed(lower), np.linalg.solve(transposed(upper), b))
    return x[np.argsort(order)]


@primitive
def square_root(a: Any) -> Any:
    """Return the principal square root of a matrix."""
    return sys.modules["scipy.linalg"].sqrtm(a)


def _square_root_vjp(g: Any, ans: Any, _a: Any) -> Any:
    # From X X = A: X dX + dX X = dA, an equation for each dA, of which this is the transposed one.
    one = np.eye(np.shape(ans)[-1])
    whole = np.kron(ans.T, one) + np.kron(one, ans)
    return np.reshape(np.linalg.solve(whole, np.ravel(g)), np.shape(g))


rule(square_root, _square_root_vjp)


def _qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    if pivoting or mode not in ("full", "r", "economic"):
        raise TypeError("scipy.linalg.qr of a variable: neither pivoting nor mode='raw' is known here")
    theirs: Any = {"full": "complete", "r": "r", "economic": "reduced"}[mode]
    found = np.linalg.qr(a, theirs)
    return (found,) if mode == "r" else tuple(found)


def _block_diag(*arrs: Any) -> Any:
    parts = [np.atleast_2d(a) for a in arrs]
    rows = [
        [part if i == j else np.zeros((np.shape(row)[0], np.shape(part)[1])) for j, part in enumerate(parts)]
        for i, row in enumerate(parts)
    ]
    return np.block(rows)


def _ignoring(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Return a function of NumPy's with the keywords of SciPy's that say how to compute, and not what."""

    def call(*args: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
        return function(*args[:count])

    return call


_SCIPY: dict[str, dict[str, Callable[..., Any]]] = {
    "scipy.linalg": {
        "cho_factor": _cho_factor,
        "cho_solve": _cho_solve,
        "block_diag": _block_diag,
        "cholesky": _cholesky,
        "det": _ignoring(np.linalg.det, 1),
        "eig": _eig,
        "eigh": _eigh,
        "eigvals": lambda a, **_: np.linalg.eigvals(a),
        "eigvalsh": lambda a, b=None, lower=True, **kwargs: _eigh(a, b, lower, True, **kwargs),
        "expm": _expm,
        "qr": _qr,
        "sqrtm": lambda A, disp=True, blocksize=64: square_root(A) if disp else (square_root(A), 0.0),
        "lu_factor": _lu_factor,
        "lu_solve": _lu_solve,
        "inv": lambda a, overwrite_a=False, check_finite=True, **_: np.linalg.inv(a),
        "norm": _norm,
        "pinv": _pinv,
        "solve": _solve,
        "solve_triangular": _solve_triangular,
        "svd": _svd,
        "svdvals": lambda a, **_: np.linalg.svd(a, compute_uv=False),
    },
}
_declared: set[str] = set()


def _functions(module: str) -> Mapping[str, Callable[..., Any]]:
    return _SCIPY.get(module) or functions_of(module)


def declare_known() -> None:
    """Declare the twins of those functions whose library has been imported since."""
    for module in ("scipy.linalg", *chapters()):
        if module in sys.modules and module not in _declared:
            for name, function in _functions(module).items():
                if hasattr(sys.modules[module], name):
                    twin(getattr(sys.modules[module], name), function, looks=function in LOOKING)
            _declared.add(module)


def body_of(module: str, name: str) -> Callable[..., Any] | None:
    """Return what stands in for a function of a module of SciPy that has been imported, or None where nothing does."""
    return _functions(module).get(name)
