"""Array creation: new arrays in the likeness of another, ranges between differentiable ends, and ``like=``."""

from __future__ import annotations

from itertools import islice
from operator import index
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...kernels.guests import decided
from ...kernels.traced import as_form
from ...tape.wrapping import bare, stack_nested
from ..kinds import Creation
from ..primitives import astype, primitive
from ..registry import composite, creation, family, lowered
from ..signature import is_differentiated
from .shape import as_array, made_array, plain

# --- from shape or value --------------------------------------------------------------------------------------------

creation(np.empty_like, np.zeros_like, np.ones_like)
# A ufunc that NumPy itself has no use for any more.
family(lambda func: isinstance(func, np.ufunc) and func.__name__ == "_ones_like", Creation)
# These arrive here by like= alone.
creation(np.empty, np.zeros, np.ones, np.eye, np.identity, np.tri)


def _full(shape: Any, fill_value: Array, dtype: Any = None, order: Any = "C", *, device: Any = None) -> Array:
    like = np.empty(shape, dtype, order, device=device)  # NumPy's own error for a mistake
    filled = np.copy(np.broadcast_to(stack_nested(fill_value), like.shape), order=order)
    return filled if dtype is None else astype(filled, like.dtype)


def _full_like(
    a: Array,
    fill_value: Array,
    dtype: Any = None,
    order: Any = "K",
    subok: Any = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Array:
    like = np.empty_like(bare(a), dtype, order, subok, shape, device=device)
    filled = np.copy(np.broadcast_to(stack_nested(fill_value), like.shape), order="F" if like.flags.fnc else "C")
    return astype(filled, like.dtype)


composite(np.full, _full)
composite(np.full_like, _full_like)

# --- from existing data ---------------------------------------------------------------------------------------------
# A Tensor comes here by like= alone; without it, np.array and np.asarray ask for the bare values.


def _array(
    object: Array, dtype: Any = None, *, copy: bool | None = True, order: Any = "K", subok: Any = False, ndmin: int = 0
) -> Array:
    stacked = made_array(stack_nested(object))
    stacked = np.copy(stacked, order=order or "K", subok=subok) if copy else stacked
    stacked = stacked if dtype is None else astype(stacked, dtype, copy=False)
    return np.expand_dims(stacked, tuple(range(ndmin - stacked.ndim))) if stacked.ndim < ndmin else stacked


def _asarray(a: Array, dtype: Any = None, order: Any = None, *, device: Any = None, copy: bool | None = None) -> Array:
    np.empty(0, device=device)  # NumPy's own error for a device that there is not
    stacked = made_array(stack_nested(a))
    lies = order not in ("C", "F") or stacked.flags[f"{order}_CONTIGUOUS"]
    stacked = np.copy(stacked, order=order or "K") if copy or not lies else stacked
    return stacked if dtype is None else astype(stacked, dtype, copy=False)


def _require(a: Array, dtype: Any = None, requirements: Any = None) -> Array:
    stacked = made_array(stack_nested(a))
    raw = plain(stacked)
    form = as_form(raw)
    wanted = np.require(form, dtype, requirements)  # NumPy's own error for a mistake
    return stacked if wanted is form else astype(np.copy(stacked, order="F" if wanted.flags.fnc else "C"), wanted.dtype)


def _fromiter(iter: Any, dtype: Any, count: int = -1) -> Array:
    items = list(islice(iter, count if count >= 0 else None))
    wanted = np.fromiter([as_form(plain(item)) for item in items], dtype, count)  # NumPy's own error for a mistake
    return astype(stack_nested(items), wanted.dtype)


def _fromfunction(function: Any, shape: Any, *, dtype: Any = float, **kwargs: Any) -> Any:
    return function(*np.indices(shape, dtype=dtype), **kwargs)


composite(np.array, _array)
composite(np.asarray, _asarray)
composite(np.asanyarray, _asarray)
composite(np.ascontiguousarray, lambda a, dtype=None: np.atleast_1d(_asarray(a, dtype, "C")))
composite(np.asfortranarray, lambda a, dtype=None: np.atleast_1d(_asarray(a, dtype, "F")))
composite(np.require, _require)
composite(np.fromiter, _fromiter)
composite(np.fromfunction, _fromfunction)
# Always: the user's function may have variables of its own. It may have any keywords, too.
lowered(np.fromfunction, lambda args, kwargs: _fromfunction(*args, **kwargs))


def _frombuffer(args: Any, kwargs: dict[str, Any]) -> Any:
    if is_differentiated((args, kwargs.get("buffer"))):
        raise TypeError("the bytes of a variable have no derivative; np.frombuffer takes x.data for its bits")
    return NotImplemented


creation(np.frombuffer, np.fromfile, np.fromstring, np.loadtxt, np.genfromtxt)
lowered(np.frombuffer, _frombuffer)

# --- numerical ranges -----------------------------------------------------------------------------------------------


def _range_end(x: Any) -> Array:
    """Return an end of a range as an array; a number stays one, since it does not widen the dtype."""
    return x if isinstance(x, (int, float, complex)) else stack_nested(x)


def _points(start: Array, stop: Array, num: int, endpoint: bool) -> tuple[Array, Array]:
    """Return evenly spaced points along a first axis, in NumPy's own order of operations, and their distance."""
    start, stop = _range_end(start) * 1.0, _range_end(stop) * 1.0
    dtype = np.result_type(start, stop, float(num))
    num = index(num)
    intervals = num - 1 if endpoint else num
    steps = np.arange(num, dtype=dtype.type(0).real.dtype).reshape((-1,) + (1,) * max(np.ndim(start), np.ndim(stop)))
    if intervals <= 0:
        return steps * (stop - start) + start, np.nan
    step = (stop - start) / intervals
    points = steps * step + start
    if endpoint:
        points = np.concatenate([points[:-1], np.expand_dims(np.where(True, stop, start), 0)])
    return points, step


@primitive
def numbered(start: Any, stop: Any, step: Any, *, dtype: Any, device: Any) -> Array:
    """Do what np.arange does, whose length is up to the values."""
    return np.arange(start, stop, step, dtype=dtype, device=device)


numbered.by_values = True  # type: ignore[attr-defined]


def _arange(
    start_or_stop: Array, /, stop: Array | None = None, step: Array = 1, dtype: Any = None, *, device: Any = None
) -> Array:
    start, stop = (0, start_or_stop) if stop is None else (start_or_stop, stop)
    ends: Any = plain(start), plain(stop), plain(step)
    raw = numbered(*ends, dtype=dtype, device=device)
    # NumPy finds out the distance from the first two values, as they are rounded.
    first, second = (astype(as_array(x), raw.dtype) for x in (start, start + step))
    return first + np.arange(len(raw), dtype=raw.dtype) * (second - first)


def _finish(points: Array, dtype: Any, axis: int) -> Array:
    points = np.moveaxis(points, 0, axis) if axis != 0 else points
    if dtype is None:
        return points
    # NumPy rounds towards minus infinity where whole numbers are asked for.
    return astype(np.floor(points) if np.issubdtype(dtype, np.integer) else points, dtype)


def _linspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    np.linspace(0, 1, num, device=device)  # NumPy's own error for a mistake
    points, step = _points(start, stop, num, endpoint)
    points = _finish(points, dtype, axis)
    return (points, step) if retstep else points


def _logspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    base: Array = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    start, stop, base = _range_end(start), _range_end(stop), _range_end(base)
    if np.ndim(base):
        ndim = max(np.ndim(start), np.ndim(stop), np.ndim(base))
        start, stop, base = (np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x)) for x in (start, stop, base))
        base = np.expand_dims(base, axis)
    points = np.power(base, _finish(_points(start, stop, num, endpoint)[0], None, axis))
    return points if dtype is None else astype(points, dtype)


def _geomspace(
    start: Array, stop: Array, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Array:
    start, stop = _range_end(start) * 1.0, _range_end(stop) * 1.0
    if decided(np.any(np.equal(start, 0))) or decided(np.any(np.equal(stop, 0))):
        raise ValueError("Geometric sequence cannot include zero")
    # NumPy computes in double precision at least.
    start = start * np.ones((), np.result_type(start, stop, np.float64))
    # The quotient keeps a common sign or phase out of the logarithm.
    shares = _points(np.zeros(np.shape(start)), np.log(stop / start), num, endpoint)[0]
    return _finish(start * np.exp(shares), dtype, axis)


composite(np.arange, _arange)
composite(np.linspace, _linspace, anew=True)
composite(np.logspace, _logspace, anew=True)
composite(np.geomspace, _geomspace, anew=True)
