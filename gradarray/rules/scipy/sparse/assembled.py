"""Sparse matrices that are put together from others, and parts of them, where their data are variables."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import looking, methods
from .matrices import FORMS, coordinates, holds_variable, of_coordinates, of_dense, of_form

# --- blocks -----------------------------------------------------------------------------------------------------------


def _sparse(x: Any) -> Any:
    """Return a block as a matrix; a row where it has one axis, as SciPy does."""
    if sparse.issparse(x):
        return x
    x = x if hasattr(x, "ndim") else np.asarray(x) if not has_variable(x) else np.stack([np.stack(row) for row in x])
    x = np.reshape(x, (1, -1)) if np.ndim(x) < 2 else x
    return of_dense(x) if has_variable(x) else sparse.csr_array(x)


def _assembled(blocks: Sequence[Sequence[Any]], format: Any, dtype: Any, kind: str) -> Any:
    rows = [[None if x is None else _sparse(x) for x in row] for row in blocks]
    heights = [_edge(row, 0) for row in rows]
    widths = [_edge(column, 1) for column in zip(*rows, strict=True)]
    starts_i, starts_j = (np.concatenate([[0], np.cumsum(edges)]) for edges in (heights, widths))
    parts = []
    for i, row in enumerate(rows):
        for j, block in enumerate(row):
            if block is not None:
                if block.shape != (heights[i], widths[j]):
                    raise ValueError(f"blocks[{i},{j}] has incompatible dimensions")
                data, r, c = coordinates(block)
                parts.append((data, r + starts_i[i], c + starts_j[j]))
    data, r, c = (np.concatenate(each) for each in zip(*parts, strict=True))
    data = data if dtype is None else data.astype(dtype)
    like = getattr(sparse, f"{format if format in FORMS else 'coo'}_{kind}")
    return of_coordinates(data, bare(r), bare(c), (int(starts_i[-1]), int(starts_j[-1])), like)


def _edge(blocks: Sequence[Any], axis: int) -> int:
    known = [x.shape[axis] for x in blocks if x is not None]
    if not known:
        raise ValueError(f"blocks: a {'column' if axis else 'row'} of them is empty")
    return int(known[0])


def _kind(blocks: Sequence[Sequence[Any]]) -> str:
    return "array" if any(isinstance(x, sparse.sparray) for row in blocks for x in row) else "matrix"


def bmat(blocks: Any, format: Any = None, dtype: Any = None) -> Any:
    return _assembled(blocks, format, dtype, _kind(blocks))


def block_array(blocks: Any, *, format: Any = None, dtype: Any = None) -> Any:
    return _assembled(blocks, format, dtype, "array")


def hstack(blocks: Any, format: Any = None, dtype: Any = None) -> Any:
    return _assembled([[*blocks]], format, dtype, _kind([blocks]))


def vstack(blocks: Any, format: Any = None, dtype: Any = None) -> Any:
    return _assembled([[x] for x in blocks], format, dtype, _kind([blocks]))


def block_diag(mats: Any, format: Any = None, dtype: Any = None) -> Any:
    mats = [*mats]
    n = len(mats)
    blocks = [[x if i == j else None for j in range(n)] for i, x in enumerate(mats)]
    return _assembled(blocks, format, dtype, _kind([mats]))


# --- parts ------------------------------------------------------------------------------------------------------------


def _chosen(matrix: Any, keep: Array, form: Any) -> Any:
    matrix = _sparse(matrix)
    data, rows, cols = coordinates(matrix)
    on = np.flatnonzero(keep(rows, cols))
    return of_coordinates(data[on], rows[on], cols[on], matrix.shape, of_form(matrix, form if form in FORMS else "coo"))


def tril(A: Any, k: int = 0, format: Any = None) -> Any:
    return _chosen(A, lambda rows, cols: cols - rows <= k, format)


def triu(A: Any, k: int = 0, format: Any = None) -> Any:
    return _chosen(A, lambda rows, cols: cols - rows >= k, format)


def _item(self: Any, index: Any) -> Any:
    """Return elements, which are looked up where SciPy finds their numbers."""
    if self.format == "coo":
        raise TypeError("a sparse matrix in coo form has no items; take tocsr()")
    data, rows, cols = coordinates(self)
    numbers = type(self)((np.arange(1.0, len(rows) + 1), (rows, cols)), shape=self.shape)
    found = numbers[index]
    if not sparse.issparse(found):
        places = np.asarray(found).astype(int)
        some = np.where(places == 0, 0.0, data[np.maximum(places, 1) - 1]) if len(rows) else np.zeros(places.shape)
        return some[()] if isinstance(some, np.ndarray) else some
    if found.ndim != 2:
        raise TypeError("a row or column of a sparse array of variables is not known here; take it of toarray()")
    which, rows, cols = coordinates(found)
    return of_coordinates(data[which.astype(int) - 1], rows, cols, found.shape, of_form(self, self.format))


def _row(self: Any, i: int) -> Any:
    return _item(self if self.format == "csr" else self.tocsr(), (slice(i, i + 1) if i >= 0 else [i], slice(None)))


def _column(self: Any, i: int) -> Any:
    return _item(self if self.format != "coo" else self.tocsr(), (slice(None), slice(i, i + 1) if i >= 0 else [i]))


for _which in ("array", "matrix"):
    for _form in FORMS:
        methods("scipy.sparse", f"{_form}_{_which}", __getitem__=_item, getrow=_row, getcol=_column)


def _looking(body: Callable[..., Any], library: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does the same for matrices that hold variables, and calls the library for others."""

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        return body(*args, **kwargs) if _varies((args, kwargs)) else library(*args, **kwargs)

    return call


def _varies(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_varies, value))
    if isinstance(value, dict):
        return any(map(_varies, value.values()))
    return holds_variable(value) or has_variable(value)


for _body in (bmat, block_array, hstack, vstack, block_diag, tril, triu):
    looking("scipy.sparse", _looking(_body, getattr(sparse, _body.__name__)))
