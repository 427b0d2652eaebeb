"""Forms for a Batch of linear algebra: NumPy's functions for stacks of matrices, and products of two batches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..rules.numpy.decompositions import cholesky_back_whole, pulled_cholesky
from ..rules.primitives import primitive
from ..rules.registry import bilinear
from .batch import FORMS, Axis, Batch, Form, flat, form, fronts

# --- stacks of matrices ----------------------------------------------------------------------------------------------


def several(result: Any) -> Any:
    """Return a Batch in place of each array of a result, which may be a named tuple."""
    if isinstance(result, tuple):
        parts = map(Batch, result)
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    return Batch(result)


def _of_matrices(func: Form) -> None:
    def call(a: Batch, *args: Any, **kwargs: Any) -> Any:
        # An array that is no matrix would be one with the batch; NumPy is to refuse it.
        return several(func(a.value, *args, **kwargs)) if a.ndim >= 2 else NotImplemented

    from_first(func, call)


def from_first(func: Form, call: Form) -> None:
    """Declare a form for calls with a Batch for the first argument alone."""

    def first(*args: Any, **kwargs: Any) -> Any:
        rest = (*args[1:], *kwargs.values())
        if not args or type(args[0]) is not Batch or any(type(x) is Batch for x in rest):
            return NotImplemented
        return call(*args, **kwargs)

    FORMS[func] = first


for _name in (
    *("det", "inv", "slogdet", "cholesky", "eigh", "eigvalsh", "eig", "eigvals", "svd", "svdvals", "qr", "pinv"),
    *("matrix_power", "cond", "matrix_rank", "matrix_norm", "trace", "diagonal"),
):
    _of_matrices(getattr(np.linalg, _name))


@form(pulled_cholesky)
def _pulled_cholesky(g: Any, factor: Any) -> Any:
    return Batch(cholesky_back_whole(*[x.value if type(x) is Batch else x for x in (g, factor)]))


@form(np.linalg.norm)
def _norm(x: Batch, ord: Any = None, axis: Axis = None, keepdims: Any = False) -> Any:
    if axis is None:
        if ord is None or x.ndim == 1:
            found = np.linalg.norm(flat(x).value, ord, axis=1)
            return Batch(found.reshape(-1, *(1,) * x.ndim) if keepdims else found)
        if x.ndim != 2:
            return NotImplemented
        axis = (0, 1)
    axes = fronts(axis, x.ndim)
    return Batch(np.linalg.norm(x.value, ord, axes if len(axes) > 1 else axes[0], keepdims))


@form(np.linalg.vector_norm)
def _vector_norm(x: Batch, axis: Axis = None, keepdims: Any = False, ord: Any = 2) -> Any:
    if axis is None:
        found = np.linalg.vector_norm(flat(x).value, axis=1, ord=ord)
        return Batch(found.reshape(-1, *(1,) * x.ndim) if keepdims else found)
    axes = fronts(axis, x.ndim)
    return Batch(np.linalg.vector_norm(x.value, axis=axes if len(axes) > 1 else axes[0], keepdims=keepdims, ord=ord))


# --- products --------------------------------------------------------------------------------------------------------


@primitive
def each_times(x: Any, w: Any) -> Any:
    """Return ``x[i] @ w[i]`` for vectors, or matrices, side by side, and matrices that may be the same for all."""
    if type(x) is np.ndarray is type(w) and is_same_for_all(w):
        return (x.reshape(-1, x.shape[-1]) @ w[0]).reshape(*x.shape[:-1], w.shape[2])
    return np.matmul(x[:, None, :], w)[:, 0, :] if x.ndim == 2 else np.matmul(x, w)


def is_same_for_all(w: Any) -> bool:
    """Tell whether an array was spread out along its first axis, as what is differentiated by is."""
    return bool(w.strides[0] == 0 and w.shape[0] > 1 and w.size > 0)


def _times_right(g: Any, x: Any, _w: Any) -> Any:
    return x[:, :, None] * g[:, None, :] if x.ndim == 2 else np.matmul(np.swapaxes(x, 1, 2), g)


bilinear(each_times, lambda g, _x, w: each_times(g, np.swapaxes(w, 1, 2)), _times_right)


def contracted(a: Batch, b: Batch, of_a: list[int], of_b: list[int]) -> Batch:
    """Sum over pairs of axes of two batches, counted from the front, as products of matrices."""
    p, q = a.ndim, b.ndim
    left = [k for k in range(p) if k not in of_a]
    right = [k for k in range(q) if k not in of_b]
    size = math.prod(a.shape[k] for k in of_a)
    if [a.shape[k] for k in of_a] != [b.shape[k] for k in of_b]:
        raise ValueError("shape-mismatch for sum")
    lead_a, lead_b = [a.shape[k] for k in left], [b.shape[k] for k in right]
    rows = a.value.transpose((0, *[k + 1 for k in (*left, *of_a)])).reshape(a.count, math.prod(lead_a), size)
    columns = b.value.transpose((0, *[k + 1 for k in (*of_b, *right)])).reshape(b.count, size, math.prod(lead_b))
    return Batch(np.matmul(rows, columns).reshape(a.count, *lead_a, *lead_b))


@form(np.vdot)
def _vdot(a: Any, b: Any) -> Any:
    a, b = np.ravel(a), np.ravel(b)
    return np.matmul(np.conjugate(a), b)


@form(np.correlate)
def _correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    if mode not in ("valid", "same", "full") or np.ndim(a) != 1 or np.ndim(v) != 1:
        return NotImplemented
    if np.shape(v)[0] > np.shape(a)[0] or not np.shape(v)[0]:
        return NotImplemented
    return np.convolve(a, np.conjugate(v)[::-1], mode)
