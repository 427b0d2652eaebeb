"""Matrices that are made of few numbers, and equations of these; norms."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg

from ....kernels.arrays import Array, conjugate
from ....tape.wrapping import bare
from ...numpy.norms import matrix_gradient
from ...primitives import primitive, saving, scatter
from ...registry import linear, rule
from ..declared import function
from ..values import as_double, from_library, no_variable
from .matrices import columns, dtype_of, identity, over_batches, zeros


def _arranged(library: Callable[..., Any], *operands: Any) -> Any:
    """Return what a function makes of its operands' elements, and zeros, without computing with them."""
    places, first = [], 1
    for a in operands:
        places.append(np.arange(first, first + np.size(a), dtype=np.intp).reshape(np.shape(a)))
        first += np.size(a)
    whole = np.concatenate([np.zeros(1, bool), *map(np.ravel, operands)])
    return whole[library(*places).astype(np.intp)]


@primitive
def diagonal_blocks(*parts: Any) -> Any:
    """Return matrices along the diagonal of one of zeros."""
    rows, columns = (sum(part.shape[axis] for part in parts) for axis in (-2, -1))
    found = np.zeros((*parts[0].shape[:-2], rows, columns), np.result_type(*parts))
    for part, place in zip(parts, _places(parts), strict=True):
        found[place] = part
    return found


def _places(parts: Any) -> list[Any]:
    """Return where each of several matrices stands."""
    row = column = 0
    found = []
    for part in parts:
        m, n = part.shape[-2:]
        found.append((..., slice(row, row + m), slice(column, column + n)))
        row, column = row + m, column + n
    return found


def _diagonal_blocks_jvp(tangents: Any, _ans: Any, *_parts: Any) -> Any:
    pairs = zip(tangents, _parts, strict=True)
    return diagonal_blocks(*[np.zeros(part.shape, part.dtype) if t is None else t for t, part in pairs])


rule(
    diagonal_blocks,
    joint=lambda g, _ans, *_parts: [g[place] for place in _places(_parts)],
    jvp=_diagonal_blocks_jvp,
    holomorphic=False,
)


def block_diag(*arrs: Any) -> Any:
    parts = [np.atleast_2d(a) for a in arrs]
    stack = np.broadcast_shapes(*(np.shape(a)[:-2] for a in parts))
    return diagonal_blocks(*[np.broadcast_to(a, stack + np.shape(a)[-2:]) if stack else a for a in parts])


@from_library
@saving(alone=lambda a, *, ord: np.linalg.norm(a, ord))
def of_singular_values(a: Any, *, ord: Any) -> Any:
    """Return the largest or the least singular value, or the sum of all, which are found together with the vectors."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return np.sum(s) if ord == "nuc" else s[0 if ord > 0 else -1], (u, s, vh)


rule(
    of_singular_values,
    lambda g, ans, a, *, ord, saved=None: matrix_gradient(
        g[..., None, None], ans[..., None, None], a, ord, (0, 1), saved
    ),
    holomorphic=False,
)


def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    no_variable("scipy.linalg.norm", ord=ord)
    if ord in (2, -2, "nuc") and axis is None and np.ndim(a) == 2 and np.size(a):
        found = of_singular_values(a, ord=ord)
        return np.reshape(found, (1, 1)) if keepdims else found
    return np.linalg.norm(a, ord, axis, keepdims)


# --- Toeplitz and Hankel ----------------------------------------------------------------------------------------------


@primitive
def sliding(w: Array, *, rows: int, up: bool) -> Array:
    """Return a matrix of which each row is the one before it, or after it, one element further along a vector."""
    found = np.lib.stride_tricks.sliding_window_view(w, len(w) - rows + 1)
    return (found[::-1] if up else found).copy()


@primitive
def summed_along(a: Array, *, up: bool) -> Array:
    """Return the sums of the elements of a matrix that are the same element of such a vector."""
    rows, columns = a.shape
    a, size = (a[::-1] if up else a), min(rows, _ROWS)
    found = np.zeros(rows + columns - 1, a.dtype)
    # With as many zeros behind each row as there are rows in a block, a view has them one element further each.
    padded = np.zeros((size, columns + size), a.dtype)
    for i in range(0, rows, size):
        k = min(size, rows - i)
        padded[:k, :columns] = a[i : i + k]
        shifted = padded.reshape(-1)[: k * (columns + size - 1)].reshape(k, columns + size - 1)
        found[i : i + columns + k - 1] += np.add.reduce(shifted, axis=0)[: columns + k - 1]
    return found


_ROWS = 32


linear(sliding, lambda g, w, *, rows, up: summed_along(g, up=up))
linear(summed_along, lambda g, a, *, up: sliding(g, rows=a.shape[0], up=up))


def _is_row(*vectors: Any) -> bool:
    return all(np.ndim(v) == 1 and np.size(v) for v in vectors)


def toeplitz(c: Any, r: Any = None) -> Any:
    if not _is_row(c, *([] if r is None else [r])):
        return _arranged(linalg.toeplitz, c, np.conj(c) if r is None else r)
    c, r = _ends(c, r)
    return sliding(np.concatenate([c[::-1], r[1:]]), rows=np.size(c), up=True)


def _ends(c: Any, r: Any) -> tuple[Any, Any]:
    """Return the first column and the first row."""
    return c, conjugate(c) if r is None else r


def hankel(c: Any, r: Any = None) -> Any:
    if _is_row(c, *([] if r is None else [r])):
        rest = np.zeros(np.size(c) - 1, bool) if r is None else r[1:]
        return sliding(np.concatenate([c, rest]), rows=np.size(c), up=False)
    return _arranged(linalg.hankel, c) if r is None else _arranged(linalg.hankel, c, r)


def circulant(c: Any) -> Any:
    n = np.shape(c)[-1]
    if _is_row(c):
        return toeplitz(c, np.concatenate([c[:1], c[:0:-1]]))
    return c[..., (np.arange(n)[:, None] - np.arange(n)) % n]


def companion(a: Any) -> Any:
    linalg.companion(np.ones(np.shape(a)[-1]))  # SciPy's own error
    n = np.shape(a)[-1] - 1
    row = -a[..., 1:] / a[..., :1]
    if np.ndim(a) == 1:
        places = np.arange(n)
        ones = np.ones(n - 1, dtype_of(row))
        index = np.concatenate([0 * places, places[1:]]), np.concatenate([places, places[:-1]])
        return scatter(np.concatenate([row, ones]), index, (n, n))
    below = np.broadcast_to(identity(n, a)[: n - 1], (*np.shape(a)[:-1], n - 1, n))
    return np.concatenate([row[..., None, :], below], axis=-2)


@functools.lru_cache(16)
def _of_fiedler(count: int) -> tuple[Any, Any]:
    """Return where coefficients stand with a minus, and which ones, and then where ones do."""
    places = linalg.fiedler_companion(np.arange(1.0, count + 1)).astype(np.intp)
    there, ones = np.nonzero(places < 0), np.nonzero(places > 0)
    return tuple(map(np.concatenate, zip(there, ones, strict=True))), -places[there] - 1


@over_batches(a=1)
def fiedler_companion(a: Any) -> Any:
    # It has zeros, ones and all other coefficients with a minus.
    index, which = _of_fiedler(np.size(a))
    a = a / a[0]
    ones = np.ones(len(index[0]) - len(which), dtype_of(a))
    return scatter(np.concatenate([-a[which], ones]), index, (np.size(a) - 1,) * 2)


def leslie(f: Any, s: Any) -> Any:
    if not _is_row(f, s):
        return _arranged(linalg.leslie, f, s)
    n = np.size(f)
    if np.size(s) != n - 1 or n < 2:
        linalg.leslie(np.zeros(n), np.zeros(np.size(s)))  # SciPy's own errors
    places = np.arange(n)
    index = np.concatenate([0 * places, places[1:]]), np.concatenate([places, places[:-1]])
    return scatter(np.concatenate([f, s]), index, (n, n))


def convolution_matrix(a: Any, n: int, mode: str = "full") -> Any:
    if not _is_row(a) or n < 1 or mode not in ("full", "same", "valid"):
        return _arranged(lambda places: linalg.convolution_matrix(places, n, mode), a)
    m, size = np.size(a), int(n)
    zeros = np.zeros(size - 1, bool)
    whole = toeplitz(np.concatenate([a, zeros]), np.concatenate([a[:1], zeros]))
    if mode == "full":
        return whole
    count = max(m, size) if mode == "same" else max(m, size) - min(m, size) + 1
    first = (m + size - 1 - count) // 2
    return whole[first : first + count]


def fiedler(a: Any) -> Any:
    if np.ndim(linalg.fiedler(np.zeros(np.shape(a)))) == 2:  # older versions take any array for a vector
        a = np.ravel(a)
    return np.abs(a[..., :, None] - a[..., None, :])


def khatri_rao(a: Any, b: Any) -> Any:
    if np.shape(a)[-1] != np.shape(b)[-1]:
        raise ValueError("The number of columns for both arrays should be equal.")  # SciPy's own error
    found = np.einsum("...ij,...kj->...ikj", a, b)
    return np.reshape(found, (*np.shape(found)[:-3], -1, np.shape(a)[-1]))


def kron(a: Any, b: Any) -> Any:
    return np.kron(a, b)


def diagsvd(s: Any, M: int, N: int) -> Any:
    return _arranged(lambda places: linalg.diagsvd(places, M, N), s)


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
    ring = np.concatenate([c, r[:0:-1]])  # of a circulant matrix, of which this one is a corner
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


function("scipy.linalg", block_diag, norm, toeplitz, hankel, circulant, companion, leslie, convolution_matrix, fiedler)
function("scipy.linalg", fiedler_companion)
function("scipy.linalg", khatri_rao, kron, diagsvd, solve_toeplitz, matmul_toeplitz, solve_circulant)
