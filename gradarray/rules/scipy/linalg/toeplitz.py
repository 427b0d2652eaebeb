"""Matrices whose rows are those before them moved by one element, and equations of these."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import fft, linalg

from ....kernels.arrays import Array, conjugate
from ....tape.wrapping import bare
from ...registry import linear, rule
from ..declared import function
from ..values import as_double, from_library
from .matrices import arranged, columns, over_batches, zeros

# --- such a matrix, and the sums along its diagonals ------------------------------------------------------------------

# What stands before and behind a vector whose windows the rows are: nothing; itself, mirrored or once more, without the
# element that is there already; or a number of zeros, and others behind.
_Ends = str | int


@from_library
def sliding(c: Array, *, rows: int, columns: int, falling: bool, ends: _Ends = "") -> Array:
    """Return a matrix of the elements of a vector, that at i + j at [i, j]; `falling`, with the last column first."""
    if ends == "":
        whole = c
    elif ends == "mirrored":
        whole = np.concatenate([c[:0:-1], c])
    elif ends == "around":
        whole = np.concatenate([c[1:], c])
    else:
        whole = np.zeros(rows + columns - 1, c.dtype)
        whole[ends : ends + len(c)] = c  # type: ignore[operator]
    if falling:
        whole = whole[::-1].copy()
    step = whole.itemsize
    # np.lib.stride_tricks takes several times as long.
    view: Array = np.ndarray(
        (rows, columns),
        whole.dtype,
        whole if whole.flags.c_contiguous else whole.copy(),
        (rows - 1) * step if falling else 0,
        (-step if falling else step, step),
    )
    return view.copy()


@from_library
def summed_along(a: Array, *, size: int, falling: bool, ends: _Ends = "") -> Array:
    """Return the sums of the elements of a matrix that are the same element of such a vector."""
    sums = _along_diagonals(a[::-1])[::-1] if falling else _along_diagonals(a)
    if ends == "":
        return sums
    if ends not in ("mirrored", "around"):
        return sums[ends : ends + size].copy()  # type: ignore[operator]
    found = sums[size - 1 :].copy()
    found[1:] += sums[: size - 1][:: -1 if ends == "mirrored" else 1]
    return found


_ROWS = 96
_BLAS = frozenset("fdFD")


def _along_diagonals(a: Array) -> Array:
    """Return the sums of the elements [i, j] of a matrix with the same i + j."""
    rows, columns = a.shape
    size = min(rows, _ROWS)
    width = columns + size - 1
    found = np.zeros(rows + columns - 1, a.dtype)
    # With as many zeros behind each row as there are rows in a block, a view has them one element further each.
    padded = np.zeros((size, columns + size), a.dtype)
    inner, shifted = padded[:, :columns], padded.reshape(-1)[: size * width].reshape(size, width)
    ones = np.ones(size, a.dtype) if a.dtype.char in _BLAS else None
    for i in range(0, rows, size):
        k = min(size, rows - i)
        inner[:k] = a[i : i + k]
        part = np.add.reduce(shifted[:k], axis=0) if ones is None else ones[:k] @ shifted[:k]
        found[i : i + columns + k - 1] += part[: columns + k - 1]
    return found


linear(
    sliding,
    lambda g, c, *, rows, columns, falling, ends="": summed_along(g, size=c.shape[0], falling=falling, ends=ends),
)
linear(
    summed_along,
    lambda g, a, *, size, falling, ends="": sliding(g, rows=a.shape[0], columns=a.shape[1], falling=falling, ends=ends),
)


def _is_row(*vectors: Any) -> bool:
    return all(np.ndim(v) == 1 and np.size(v) for v in vectors)


def _ends(c: Any, r: Any) -> tuple[Any, Any]:
    """Return the first column and the first row."""
    return c, conjugate(c) if r is None else r


def toeplitz(c: Any, r: Any = None) -> Any:
    if not _is_row(c, *([] if r is None else [r])):
        return arranged(linalg.toeplitz, c, np.conj(c) if r is None else r)
    rows = np.size(c)
    if r is None and not np.iscomplexobj(c):
        return sliding(c, rows=rows, columns=rows, falling=True, ends="mirrored")
    c, r = _ends(c, r)
    return sliding(np.concatenate([r[:0:-1], c]), rows=rows, columns=np.size(r), falling=True)


def hankel(c: Any, r: Any = None) -> Any:
    if not _is_row(c, *([] if r is None else [r])):
        return arranged(linalg.hankel, c) if r is None else arranged(linalg.hankel, c, r)
    rows = np.size(c)
    if r is None:
        return sliding(c, rows=rows, columns=rows, falling=False, ends=0)
    return sliding(np.concatenate([c, r[1:]]), rows=rows, columns=np.size(r), falling=False)


def circulant(c: Any) -> Any:
    n = np.shape(c)[-1]
    if _is_row(c):
        return sliding(c, rows=n, columns=n, falling=True, ends="around")
    return c[..., (np.arange(n)[:, None] - np.arange(n)) % n]


def convolution_matrix(a: Any, n: int, mode: str = "full") -> Any:
    if not _is_row(a) or n < 1 or mode not in ("full", "same", "valid"):
        return arranged(lambda places: linalg.convolution_matrix(places, n, mode), a)
    m, size = np.size(a), int(n)
    count = m + size - 1
    if mode != "full":
        count = max(m, size) if mode == "same" else max(m, size) - min(m, size) + 1
    first = (m + size - 1 - count) // 2
    return sliding(a, rows=count, columns=size, falling=True, ends=size - 1 - first)


# --- equations and products -------------------------------------------------------------------------------------------


@from_library
def levinson(c: Any, r: Any, b: Any) -> Any:
    """Return the solution of equations with a Toeplitz matrix, of its first column and row."""
    return linalg.solve_toeplitz((c, r), b)


def _levinson_vjp(g: Any, ans: Any, c: Any, r: Any, b: Any, wanted: Any = None) -> Any:
    n = np.size(c)
    column, row = np.concatenate([c[:1], r[1:]]), c  # of the transposed matrix; what stands first in r is not read
    of_b = levinson(column, row, g)
    if wanted is not None and not (wanted[0] or wanted[1]):
        return None, None, of_b
    rows, across = columns(of_b), columns(ans)
    # Sums along the diagonals of -of_b x^T, the lowest one last: a convolution for each column.
    sums: Any = 0
    for k in range(np.shape(rows)[1]):
        sums = sums - np.convolve(rows[:, k], across[::-1, k])
    return sums[n - 1 :], np.concatenate([zeros(1, sums), sums[: n - 1][::-1]]), of_b


rule(levinson, joint=_levinson_vjp)


def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    c, r = _ends(*c_or_cr) if isinstance(c_or_cr, tuple) else _ends(c_or_cr, None)
    return _by_levinson(c, r, b)


@over_batches(c=1, r=1, b="1|2")
def _by_levinson(c: Any, r: Any, b: Any) -> Any:
    return levinson(c, r, b)


def matmul_toeplitz(c_or_cr: Any, x: Any, check_finite: bool = False, workers: Any = None) -> Any:
    c, r = map(as_double, _ends(*c_or_cr) if isinstance(c_or_cr, tuple) else _ends(c_or_cr, None))
    return _by_fourier(c, r, as_double(x))


@over_batches(c=1, r=1, x="1|2")
def _by_fourier(c: Any, r: Any, x: Any) -> Any:
    if np.shape(x)[0] != np.size(r):
        raise ValueError("Incompatible dimensions.")  # SciPy's own error
    rows, count = np.size(c), np.size(c) + np.size(r) - 1
    # Of a circulant matrix, of which this one is a corner; with zeros between, its size may have small factors alone.
    count, gap = (fast := fft.next_fast_len(count, real=True)), fast - count
    ring = np.concatenate([c, *([np.zeros(gap, bool)] if gap else []), r[:0:-1]])
    if np.iscomplexobj(ring) or np.iscomplexobj(x):
        return np.transpose(np.fft.ifft(np.fft.fft(ring) * np.fft.fft(np.transpose(x), count)))[:rows]
    return np.transpose(np.fft.irfft(np.fft.rfft(ring) * np.fft.rfft(np.transpose(x), count), count))[:rows]


def solve_circulant(
    c: Any,
    b: Any,
    singular: str = "raise",
    tol: Any = None,
    caxis: int = -1,
    baxis: int = 0,
    outaxis: int = 0,
) -> Any:
    given = bare(c), bare(b), singular, tol, caxis, baxis, outaxis
    if np.shape(np.atleast_1d(given[0]))[caxis] != np.shape(np.atleast_1d(given[1]))[baxis]:
        linalg.solve_circulant(*given)  # SciPy's own error
    real, n = not (np.iscomplexobj(c) or np.iscomplexobj(b)), np.shape(c)[caxis]
    there = np.fft.rfft if real else np.fft.fft
    fc, fb = there(np.moveaxis(c, caxis, -1)), there(np.moveaxis(b, baxis, -1))
    small = np.abs(bare(fc))
    least = np.max(small, axis=-1, keepdims=True) * n * np.finfo(float).eps if tol is None else tol
    near = small <= least
    if np.any(near):
        linalg.solve_circulant(*given)
        fc = np.where(near, 1.0, fc)
    if np.ndim(b) > 1:
        fc, near = fc[..., None, :], near[..., None, :]
    found: Any = fb / fc
    if np.any(near):
        found = np.where(near, 0.0, found)
    found = np.fft.irfft(found, n) if real else np.fft.ifft(found)
    return np.moveaxis(found, -1, outaxis)


function("scipy.linalg", toeplitz, hankel, circulant, convolution_matrix)
function("scipy.linalg", solve_toeplitz, matmul_toeplitz, solve_circulant)
