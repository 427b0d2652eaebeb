"""Matrices that are made of few numbers, and equations of these; norms."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ....tape.wrapping import bare
from ...primitives import primitive
from ...registry import rule
from ..declared import function
from .matrices import columns


def block_diag(*arrs: Any) -> Any:
    parts = [np.atleast_2d(a) for a in arrs]
    rows = [
        [part if i == j else np.zeros((np.shape(row)[0], np.shape(part)[1])) for j, part in enumerate(parts)]
        for i, row in enumerate(parts)
    ]
    return np.block(rows)


def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    return np.linalg.norm(a, ord, axis, keepdims)


# --- Toeplitz and Hankel ----------------------------------------------------------------------------------------------


def toeplitz(c: Any, r: Any = None) -> Any:
    c, r = _ends(c, r)
    values = np.concatenate([r[:0:-1], c])
    return values[np.size(r) - 1 + np.arange(np.size(c))[:, None] - np.arange(np.size(r))]


def _ends(c: Any, r: Any) -> tuple[Any, Any]:
    """Return the first column and the first row."""
    c = np.ravel(c)
    return c, np.conj(c) if r is None else np.ravel(r)


def hankel(c: Any, r: Any = None) -> Any:
    c = np.ravel(c)
    r = np.zeros(np.size(c)) if r is None else np.ravel(r)
    values = np.concatenate([c, r[1:]])
    return values[np.arange(np.size(c))[:, None] + np.arange(np.size(r))]


def circulant(c: Any) -> Any:
    n = np.shape(c)[-1]
    return c[..., (np.arange(n)[:, None] - np.arange(n)) % n]


def companion(a: Any) -> Any:
    n = np.shape(a)[-1] - 1
    if n < 1 or np.ndim(a) != 1:
        linalg.companion(np.ones(np.shape(a)))  # SciPy's own error
    return np.concatenate([(-a[1:] / a[:1])[None, :], np.eye(n)[: n - 1]])


def leslie(f: Any, s: Any) -> Any:
    n = np.shape(f)[-1]
    return np.concatenate([f[None, :], np.eye(n)[: n - 1] * s[:, None]])


def convolution_matrix(a: Any, n: int, mode: str = "full") -> Any:
    places = linalg.convolution_matrix(np.arange(1.0, np.size(a) + 1), n, mode).astype(np.intp)
    return np.concatenate([np.zeros(1), a])[places]


def fiedler(a: Any) -> Any:
    a = np.ravel(a)
    return np.abs(a[:, None] - a)


def khatri_rao(a: Any, b: Any) -> Any:
    if np.shape(a)[1] != np.shape(b)[1]:
        raise ValueError("The number of columns for both arrays should be equal.")  # SciPy's own error
    return np.reshape(a[:, None, :] * b[None, :, :], (-1, np.shape(a)[1]))


def kron(a: Any, b: Any) -> Any:
    return np.kron(a, b)


def diagsvd(s: Any, M: int, N: int) -> Any:
    return np.concatenate([np.diag(s), np.zeros((M - N, N))]) if M > N else _widened(np.diag(s), N)


def _widened(square: Any, count: int) -> Any:
    m = np.shape(square)[0]
    return np.concatenate([square, np.zeros((m, count - m))], axis=1)


@primitive
def levinson(c: Any, r: Any, b: Any) -> Any:
    """Return the solution of equations with a Toeplitz matrix, of its first column and row."""
    return linalg.solve_toeplitz((c, r), b)


def _levinson_vjp(g: Any, ans: Any, c: Any, r: Any, b: Any) -> Any:
    n = np.size(c)
    column, row = np.concatenate([c[:1], r[1:]]), c  # of the transposed matrix; what stands first in r is not read
    of_b = levinson(column, row, g)
    rows, across = columns(of_b), columns(ans)
    # Sums along the diagonals of -of_b x^T, the lowest one last: a convolution for each column.
    sums: Any = 0
    for k in range(np.shape(rows)[1]):
        sums = sums - np.convolve(rows[:, k], across[::-1, k])
    return sums[n - 1 :], np.concatenate([np.zeros(1), sums[: n - 1][::-1]]), of_b


rule(levinson, joint=_levinson_vjp)


def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    c, r = _ends(*c_or_cr) if isinstance(c_or_cr, tuple) else _ends(c_or_cr, None)
    return levinson(c, r, b)


def matmul_toeplitz(c_or_cr: Any, x: Any, check_finite: bool = False, workers: Any = None) -> Any:
    return toeplitz(*c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr,)) @ x


def solve_circulant(
    c: Any,
    b: Any,
    singular: str = "raise",
    tol: Any = None,
    caxis: int = -1,
    baxis: int = 0,
    outaxis: int = 0,
) -> Any:
    fc = np.fft.fft(np.moveaxis(c, caxis, -1))
    fb = np.fft.fft(np.moveaxis(b, baxis, -1))
    linalg.solve_circulant(bare(c), bare(b), singular, tol, caxis, baxis, outaxis)  # SciPy's own error
    small = np.abs(bare(fc))
    least = np.max(small, axis=-1, keepdims=True) * fc.shape[-1] * np.finfo(float).eps if tol is None else tol
    near = small <= least
    fc = np.where(near, 1.0, fc)
    if np.ndim(b) > 1:
        fc, near = fc[..., None, :], near[..., None, :]
    found = np.fft.ifft(np.where(near, 0.0, fb / fc))
    if not (np.iscomplexobj(c) or np.iscomplexobj(b)):
        found = np.real(found)
    return np.moveaxis(found, -1, outaxis)


function("scipy.linalg", block_diag, norm, toeplitz, hankel, circulant, companion, leslie, convolution_matrix, fiedler)
function("scipy.linalg", khatri_rao, kron, diagsvd, solve_toeplitz, matmul_toeplitz, solve_circulant)
