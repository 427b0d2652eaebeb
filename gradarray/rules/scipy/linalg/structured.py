"""Matrices that are made of few numbers, or of others; norms."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from scipy import linalg

from ...numpy.norms import matrix_gradient
from ...primitives import primitive, saving, scatter
from ...registry import composite, rule
from ..declared import function
from ..values import from_library, no_variable
from .matrices import arranged, dtype_of, identity, over_batches


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
    if not (np.ndim(f) == np.ndim(s) == 1 and np.size(f) and np.size(s)):
        return arranged(linalg.leslie, f, s)
    n = np.size(f)
    if np.size(s) != n - 1 or n < 2:
        linalg.leslie(np.zeros(n), np.zeros(np.size(s)))  # SciPy's own errors
    places = np.arange(n)
    index = np.concatenate([0 * places, places[1:]]), np.concatenate([places, places[:-1]])
    return scatter(np.concatenate([f, s]), index, (n, n))


def fiedler(a: Any) -> Any:
    if np.ndim(linalg.fiedler(np.zeros(np.shape(a)))) == 2:  # older versions take any array for a vector
        a = np.ravel(a)
    return np.abs(a[..., :, None] - a[..., None, :])


def khatri_rao(a: Any, b: Any) -> Any:
    if np.shape(a)[-1] != np.shape(b)[-1]:
        raise ValueError("The number of columns for both arrays should be equal.")  # SciPy's own error
    return each_times_each(a, b)


@from_library
def each_times_each(a: Any, b: Any) -> Any:
    """Return the products of each row of a matrix, element by element, with each row of another one."""
    m, n = a.shape[-2], b.shape[-2]
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    found = np.empty((*stack, m * n, a.shape[-1]), np.result_type(a, b))  # SciPy's is a view
    np.multiply(a[..., :, None, :], b[..., None, :, :], out=found.reshape(*stack, m, n, a.shape[-1]))
    return found


@from_library
def rows_back(g: Any, a: Any, b: Any) -> Any:
    """Return the cotangents of both matrices, from that of the products, which is read once."""
    if not a.ndim == b.ndim == 2:
        return _rows_back_whole(g, a, b)
    g = np.reshape(g, (len(a), *b.shape))
    of_a, of_b = np.empty((len(a), a.shape[1]), g.dtype), np.zeros(b.shape, g.dtype)
    product = np.empty(b.shape, g.dtype)
    for i, part in enumerate(g):
        np.einsum("jk,jk->k", part, b, out=of_a[i])
        of_b += np.multiply(part, a[i], out=product)
    return of_a, of_b


def _rows_back_whole(g: Any, a: Any, b: Any) -> Any:
    g = np.reshape(g, (*np.shape(g)[:-2], np.shape(a)[-2], *np.shape(b)[-2:]))
    return np.sum(g * b[..., None, :, :], axis=-2), np.sum(g * a[..., :, None, :], axis=-3)


def _each_times_each_jvp(tangents: Any, _ans: Any, a: Any, b: Any) -> Any:
    one, other = tangents
    parts = [each_times_each(*pair) for pair, t in (((one, b), one), ((a, other), other)) if t is not None]
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


rule(each_times_each, joint=lambda g, _ans, a, b: rows_back(g, a, b), jvp=_each_times_each_jvp)
composite(rows_back, _rows_back_whole, anew=True)


def kron(a: Any, b: Any) -> Any:
    return np.kron(a, b)


def diagsvd(s: Any, M: int, N: int) -> Any:
    return arranged(lambda places: linalg.diagsvd(places, M, N), s)


function("scipy.linalg", block_diag, norm, companion, leslie, fiedler, fiedler_companion, khatri_rao, kron, diagsvd)
