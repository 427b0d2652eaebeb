"""Forms for a Batch of functions that add up: reductions, running sums, products, equations, Fourier transforms."""

from __future__ import annotations

import math
import string
from typing import Any

import numpy as np

from ..kernels.arrays import Array
from ..rules.numpy.differences import difference
from ..rules.numpy.einsum import einsum_labels
from .algebra import contracted, each_times
from .batch import FORMS, Axis, Batch, Form, flat, form, front, fronts, reduced, with_ndim

# --- reductions ------------------------------------------------------------------------------------------------------


def _reduction(func: Form) -> None:
    @form(func)
    def reduce(
        a: Any, axis: Axis = None, dtype: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
    ) -> Any:
        if type(a) is not Batch or type(where) is Batch:
            return NotImplemented
        options = {"dtype": dtype, "initial": initial, "where": None if where is True else where}
        given = {name: value for name, value in options.items() if value is not None}
        along = fronts(axis, a.ndim) if func is np.mean else reduced(axis, a.ndim)
        return Batch(func(a.value, axis=along, keepdims=keepdims, **given))


for reducing in (np.sum, np.mean, np.prod, np.max, np.min, np.amax, np.amin, np.any, np.all):
    _reduction(reducing)


def _running(func: Form) -> None:
    @form(func)
    def run(a: Batch, axis: int | None = None, dtype: Any = None) -> Batch:
        a, axis = (flat(a), 0) if axis is None or not a.ndim else (a, axis)
        return Batch(func(a.value, axis=front(axis, a.ndim), dtype=dtype))


_running(np.cumsum)
if hasattr(np, "cumulative_sum"):  # NumPy 2.1

    @form(np.cumulative_sum)
    def _cumulative_sum(x: Batch, axis: int | None = None, dtype: Any = None, include_initial: Any = False) -> Batch:
        axis = 0 if axis is None else axis
        options = {"dtype": dtype, "include_initial": include_initial}
        return Batch(np.cumulative_sum(x.value, axis=front(axis, x.ndim), **options))


@form(np.diff, difference)
def _diff(a: Batch, n: int = 1, axis: int = -1) -> Batch:
    return Batch(np.diff(a.value, n, front(axis, a.ndim)))


# --- complex numbers -------------------------------------------------------------------------------------------------

FORMS[np.real] = lambda val: val.real
FORMS[np.imag] = lambda val: val.imag

# --- products --------------------------------------------------------------------------------------------------------


@form(np.matmul, np.linalg.matmul)
def _matmul(x1: Any, x2: Any) -> Any:
    p, q = np.ndim(x1), np.ndim(x2)
    if not p or not q:
        return NotImplemented
    if type(x2) is not Batch:
        if q == 2 and len(x1.diagonals) == 1:
            return Batch(x1.diagonals[0].times(x2), weights=1)
        if q == 2:
            return Batch(_rows(x1.value, x2))
        if q == 1:
            return Batch(x1.value @ x2)
    elif type(x1) is not Batch and p == 2 and len(x2.diagonals) == 1:
        return Batch(x2.diagonals[0].times(x1.T), weights=1)
    elif type(x1) is not Batch and p <= 2 and q == 1:
        return Batch(x2.value @ x1.T)
    elif type(x1) is Batch and q == 2 and (p == 1 or p == 2):
        return Batch(each_times(x1.value, x2.value))
    elif type(x1) is Batch and p == 2 and q == 1:
        return Batch(each_times(x2.value, np.swapaxes(x1.value, 1, 2)))
    # Vectors as matrices, so that stacks can be aligned.
    rows, columns = x1[None] if p == 1 else x1, x2[..., None] if q == 1 else x2
    ndim = max(np.ndim(rows), np.ndim(columns))
    product = with_ndim(rows, ndim) @ with_ndim(columns, ndim)
    product = product[..., 0, :] if p == 1 else product
    return Batch(product[..., 0] if q == 1 else product)


def _rows(stack: Array, matrix: Array) -> Array:
    """Return ``stack @ matrix``, as the product of two matrices: NumPy would go through the stack."""
    if stack.ndim <= 2:
        return stack @ matrix
    lead = stack.shape[:-1]
    return (stack.reshape(math.prod(lead), stack.shape[-1]) @ matrix).reshape(*lead, matrix.shape[1])


@form(np.dot)
def _dot(a: Any, b: Any) -> Any:
    p, q = np.ndim(a), np.ndim(b)
    if p == 0 or q == 0:
        return np.multiply(a, b)
    return _matmul(a, b) if p <= 2 and q <= 2 else _contract(a, b, [p - 1], [max(q - 2, 0)])


@form(np.inner)
def _inner(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return _contract(a, b, [np.ndim(a) - 1], [np.ndim(b) - 1])


@form(np.outer)
def _outer(a: Any, b: Any) -> Any:
    return np.multiply(np.ravel(a)[:, None], np.ravel(b))


@form(np.kron)
def _kron(a: Any, b: Any) -> Any:
    ndim = max(np.ndim(a), np.ndim(b))
    of_a, of_b = ((1,) * (ndim - np.ndim(x)) + np.shape(x) for x in (a, b))
    # Each axis of the result is split into one of each operand.
    blocks = np.multiply(
        np.reshape(a, [n for k in of_a for n in (k, 1)]), np.reshape(b, [n for k in of_b for n in (1, k)])
    )
    return np.reshape(blocks, [i * k for i, k in zip(of_a, of_b, strict=True)])


@form(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    p, q = np.ndim(a), np.ndim(b)
    if np.ndim(axes) == 0:
        return _contract(a, b, list(range(p - axes, p)), list(range(axes)))
    of_a, of_b = ([axis] if np.ndim(axis) == 0 else list(axis) for axis in axes)
    return _contract(a, b, [k % p for k in of_a], [k % q for k in of_b])


def _contract(a: Any, b: Any, of_a: list[int], of_b: list[int]) -> Any:
    """Sum over pairs of axes, counted from the front; one of the operands is a Batch."""
    if type(a) is Batch:
        if type(b) is Batch:
            return contracted(a, b, of_a, of_b)
        return Batch(np.tensordot(a.value, b, ([k + 1 for k in of_a], of_b)))
    product = np.tensordot(a, b.value, (of_a, [k + 1 for k in of_b]))
    return Batch(np.moveaxis(product, np.ndim(a) - len(of_a), 0))


@form(np.einsum)
def _einsum(subscripts: Any, *operands: Any, optimize: Any = False, dtype: Any = None, casting: Any = "safe") -> Any:
    if not isinstance(subscripts, str):
        return NotImplemented
    labels, output = einsum_labels(subscripts, [np.ndim(x) for x in operands])
    used = {*output}.union(*labels)
    spare = next(letter for letter in string.ascii_letters if letter not in used)
    terms = [spare + term if type(x) is Batch else term for term, x in zip(labels, operands, strict=True)]
    values = [x.value if type(x) is Batch else x for x in operands]
    # With the batch in it, the sum is nearly always large enough for BLAS, which forgets a dtype in NumPy 2.0. Of one
    # operand, the result may be a view.
    equation = f"{','.join(terms)}->{spare}{output}"
    optimize = optimize or (len(values) > 1 and dtype is None)
    return Batch(np.einsum(equation, *values, optimize=optimize, dtype=dtype, casting=casting))


@form(np.cross)
def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    p, q = np.ndim(a), np.ndim(b)
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    if axisc >= 0 or (np.ndim(a if type(a) is not Batch else b) > min(p, q)):
        return NotImplemented
    # Counted from the end, an axis stays where it is.
    axisa, axisb = front(axisa, p) - 1 - p, front(axisb, q) - 1 - q
    values = [with_ndim(x, max(p, q)) for x in (a, b)]
    return Batch(np.cross(values[0], values[1], axisa, axisb, axisc))


@form(np.convolve)
def _convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    other: Any
    batch, other = (a, v) if type(a) is Batch else (v, a)
    if batch.ndim > 1 or np.ndim(other) > 1 or mode not in ("full", "same", "valid"):
        return NotImplemented
    batch, other = flat(batch), np.ravel(other)  # a number counts as one element
    n, m = batch.size, other.size
    if not n or not m:
        return NotImplemented
    zeros = np.zeros((len(batch.value), m - 1), batch.dtype)
    padded = np.concatenate([zeros, batch.value, zeros], axis=1)
    start = {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]
    count = {"full": n + m - 1, "same": max(n, m), "valid": max(n, m) - min(n, m) + 1}[mode]
    windows = np.lib.stride_tricks.sliding_window_view(padded, m, axis=1)
    if type(other) is Batch:
        return Batch((windows[:, start : start + count] @ other.value[:, ::-1, None])[..., 0])
    return Batch(windows[:, start : start + count] @ other[::-1])


@form(np.linalg.solve)
def _solve(a: Any, b: Any) -> Any:
    if type(a) is Batch or not hasattr(a, "ndim") or a.ndim < b.ndim:
        return _solve_each(a, b)
    # All right-hand sides are columns of one, so that the matrix is factorized once.
    columns = np.moveaxis(b.value if b.ndim > 1 else b.value[..., None], 0, -1)
    lead = columns.shape[:-2]
    solved = np.linalg.solve(a, columns.reshape(*lead, math.prod(columns.shape[-2:])))
    solved = np.moveaxis(solved.reshape(*solved.shape[:-1], *columns.shape[-2:]), -1, 0)
    return Batch(solved if b.ndim > 1 else solved[..., 0])


def _solve_each(a: Any, b: Any) -> Any:
    """Solve with a matrix for each of the arrays."""
    p, q = np.ndim(a), np.ndim(b)
    if p < 2 or q < 1:
        return NotImplemented
    a = a if hasattr(a, "ndim") else np.asarray(a)
    columns = b if hasattr(b, "ndim") else np.asarray(b)
    columns = columns[..., None] if q == 1 else columns
    ndim = max(p, columns.ndim)
    solved = np.linalg.solve(with_ndim(a, ndim), with_ndim(columns, ndim))
    return Batch(solved[..., 0] if q == 1 else solved)


# --- Fourier transforms ----------------------------------------------------------------------------------------------


def _shift(func: Form) -> None:
    @form(func)
    def shift(x: Batch, axes: Any = None) -> Batch:
        return Batch(func(x.value, fronts(axes, x.ndim)))


_shift(np.fft.fftshift)
_shift(np.fft.ifftshift)


def _transform(func: Form) -> None:
    @form(func)
    def along(a: Batch, n: Any = None, axis: int = -1, norm: Any = None) -> Batch:
        return Batch(func(a.value, n, front(axis, a.ndim), norm))


def _transforms(func: Form, default: Any) -> None:
    @form(func)
    def along(a: Batch, s: Any = None, axes: Any = default, norm: Any = None) -> Batch:
        if axes is None and s is not None:
            axes = range(-len(s), 0)
        return Batch(func(a.value, s, fronts(axes, a.ndim), norm))


transform: Form
for transform in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft):
    _transform(transform)
for transform in (np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn):
    _transforms(transform, None)
for transform in (np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2):
    _transforms(transform, (-2, -1))
