"""Forms for a Batch of functions that sort, search, and tell what is typical; and of functions of each element."""

# ruff: noqa: ARG001 - a form has the parameters of its function, whether it needs them or not
from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .batch import FORMS, Axis, Batch, Form, aligned, flat, form, front, fronts, with_ndim

_function: Any

# --- sorting ---------------------------------------------------------------------------------------------------------


def _sorting(func: Form) -> None:
    @form(func)
    def along(a: Batch, axis: int | None = -1, kind: Any = None, order: None = None, stable: Any = None) -> Any:
        a, axis = (flat(a), 0) if axis is None else (a, axis)
        options = {"kind": kind} if stable is None else {"stable": stable}
        return Batch(func(a.value, axis=front(axis, a.ndim), **{k: v for k, v in options.items() if v is not None}))


def _partition(func: Form) -> None:
    @form(func)
    def along(a: Batch, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Any:
        a, axis = (flat(a), 0) if axis is None else (a, axis)
        return Batch(func(a.value, kth, axis=front(axis, a.ndim), kind=kind))


def _extreme(func: Form) -> None:
    @form(func)
    def along(a: Batch, axis: int | None = None, out: None = None, keepdims: Any = False) -> Any:
        if axis is None:
            return NotImplemented if keepdims else Batch(func(flat(a).value, axis=1))
        return Batch(func(a.value, axis=front(axis, a.ndim), keepdims=keepdims))


_sorting(np.sort)
_sorting(np.argsort)
_partition(np.partition)
_partition(np.argpartition)
for _function in (np.argmax, np.argmin, np.nanargmax, np.nanargmin):
    _extreme(_function)


@form(np.count_nonzero)
def _count_nonzero(a: Batch, axis: Axis = None, keepdims: bool = False) -> Any:
    return Batch(np.count_nonzero(a.value, axis=fronts(axis, a.ndim), keepdims=keepdims))


@form(np.searchsorted)
def _searchsorted(a: Any, v: Any, side: Any = "left", sorter: Any = None) -> Any:
    if type(v) is not Batch or type(a) is Batch or type(sorter) is Batch:
        return NotImplemented
    return Batch(np.searchsorted(a, v.value, side, sorter))


@form(np.digitize)
def _digitize(x: Batch, bins: Any, right: bool = False) -> Any:
    return Batch(np.digitize(x.value, bins, right))


# --- what is typical -------------------------------------------------------------------------------------------------


def _moment(func: Form) -> None:
    @form(func)
    def reduce(
        a: Batch, axis: Axis = None, dtype: Any = None, out: None = None, ddof: Any = 0, keepdims: Any = False
    ) -> Any:
        return Batch(func(a.value, axis=fronts(axis, a.ndim), dtype=dtype, ddof=ddof, keepdims=keepdims))


def _without_nan(func: Form) -> None:
    @form(func)
    def reduce(a: Batch, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: Any = False) -> Any:
        options = {} if dtype is None else {"dtype": dtype}
        return Batch(func(a.value, axis=fronts(axis, a.ndim), keepdims=keepdims, **options))


for _function in (np.var, np.std, np.nanvar, np.nanstd):
    _moment(_function)
for _function in (np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean):
    _without_nan(_function)


def _median(func: Form) -> None:
    @form(func)
    def reduce(
        a: Batch, axis: Axis = None, out: None = None, overwrite_input: Any = False, keepdims: Any = False
    ) -> Any:
        return Batch(func(a.value, axis=fronts(axis, a.ndim), keepdims=keepdims))


def _quantile(func: Form) -> None:
    @form(func)
    def reduce(
        a: Batch,
        q: Any,
        axis: Axis = None,
        out: None = None,
        overwrite_input: Any = False,
        method: Any = "linear",
        keepdims: Any = False,
    ) -> Any:
        result = func(a.value, q, axis=fronts(axis, a.ndim), method=method, keepdims=keepdims)
        return Batch(np.moveaxis(result, np.ndim(q), 0))


_median(np.median)
_median(np.nanmedian)
for _function in (np.quantile, np.percentile, np.nanquantile, np.nanpercentile):
    _quantile(_function)


def _product(func: Form) -> None:
    @form(func)
    def run(a: Batch, axis: int | None = None, dtype: Any = None) -> Any:
        a, axis = (flat(a), 0) if axis is None or not a.ndim else (a, axis)
        return Batch(func(a.value, axis=front(axis, a.ndim), dtype=dtype))


for _function in (np.cumprod, np.nancumsum, np.nancumprod):
    _product(_function)
if hasattr(np, "cumulative_prod"):  # NumPy 2.1

    @form(np.cumulative_prod)
    def _cumulative_prod(x: Batch, axis: int | None = None, dtype: Any = None, include_initial: Any = False) -> Any:
        if axis is None and x.ndim != 1:
            return NotImplemented
        options = {"dtype": dtype, "include_initial": include_initial}
        return Batch(np.cumulative_prod(x.value, axis=front(axis or 0, x.ndim), **options))


# --- each element by itself ------------------------------------------------------------------------------------------


def _one_operand(func: Any) -> None:
    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        rest = (*args[1:], *kwargs.values())
        if not args or type(args[0]) is not Batch or any(type(x) is Batch for x in rest):
            return NotImplemented
        return Batch(func(args[0].value, *args[1:], **kwargs))

    FORMS[func] = call


for _function in (
    *(np.round, np.around, np.fix, np.sinc, np.i0, np.angle, np.nan_to_num, np.isreal, np.iscomplex),
    *(np.isposinf, np.isneginf, np.linalg.matrix_transpose),
):
    _one_operand(_function)


@form(np.isclose)
def _isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False) -> Any:
    if type(rtol) is Batch or type(atol) is Batch:
        return NotImplemented
    x, y = aligned((a, b))
    return Batch(np.isclose(x, y, rtol, atol, equal_nan))


def _clipped(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None, **others: Any) -> Any:
    low = min if a_min is None or a_min is np._NoValue else a_min
    high = max if a_max is None or a_max is np._NoValue else a_max
    if others or (low is None and high is None):
        return NotImplemented
    given = aligned([x for x in (a, low, high) if x is not None])
    left = iter(given)
    values: list[Any] = [None if x is None else next(left) for x in (a, low, high)]
    return Batch(np.clip(*values))


FORMS[np.clip] = _clipped


@form(np.interp)
def _interp(x: Batch, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    return Batch(np.interp(x.value, xp, fp, left, right, period))


@form(np.unwrap)
def _unwrap(p: Batch, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi) -> Any:
    return Batch(np.unwrap(p.value, discont, front(axis, p.ndim), period=period))


@form(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    if isinstance(p, (np.poly1d, list, tuple)) or isinstance(x, (np.poly1d, list, tuple)) or np.ndim(p) != 1:
        return NotImplemented
    total = np.zeros_like(x.value) if type(x) is Batch else np.zeros_like(x)
    total = Batch(total) if type(x) is Batch else total
    for k in range(np.shape(p)[0]):  # Horner's rule, as NumPy has it
        total = total * x + p[k]
    return total


@form(np.pad)
def _pad(
    array: Batch, pad_width: Any, mode: Any = "constant", constant_values: Any = 0, reflect_type: Any = "even"
) -> Any:
    if isinstance(pad_width, dict) or callable(mode) or np.ndim(constant_values):
        return NotImplemented
    widths = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    options = {"constant": {"constant_values": constant_values}}.get(mode, {})
    if mode in ("reflect", "symmetric"):
        options = {"reflect_type": reflect_type}
    return Batch(np.pad(array.value, [(0, 0), *map(tuple, widths)], mode, **options))


@form(np.full_like)
def _full_like(a: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Any:
    shape = np.shape(a) if shape is None else tuple(shape) if np.ndim(shape) else (shape,)
    kind = (a.dtype if hasattr(a, "dtype") else np.asarray(a).dtype) if dtype is None else dtype
    if type(fill_value) is not Batch:
        return NotImplemented
    value = np.copy(np.broadcast_to(with_ndim(fill_value, len(shape)), (fill_value.count, *shape)))
    return Batch(value if value.dtype == kind else value.astype(kind))


@form(np.full)
def _full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C") -> Any:
    shape = tuple(shape) if np.ndim(shape) else (shape,)
    value = np.copy(np.broadcast_to(with_ndim(fill_value, len(shape)), (fill_value.count, *shape)))
    return Batch(value if dtype is None else value.astype(dtype))
