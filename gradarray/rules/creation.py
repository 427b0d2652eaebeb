"""Array creation: new arrays in the likeness of another, ranges between differentiable ends, and ``like=``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import stack_nested, unwrap
from ..registry import composite, creation
from ..tape import Array
from ..views import astype

# --- from shape or value --------------------------------------------------------------------------------------------

creation(np.empty_like, np.zeros_like, np.ones_like)
# These arrive here by like= alone.
creation(np.empty, np.zeros, np.ones, np.eye, np.identity, np.tri, np.arange)


def _full(shape: Any, fill_value: Array, dtype: Any = None, order: Any = "C", *, device: Any = None) -> Array:
    like = np.empty(shape, dtype, order, device=device)  # NumPy's own error for a mistake
    filled = np.copy(np.broadcast_to(fill_value, like.shape), order=order)
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
    like = np.empty_like(unwrap(a), dtype, order, subok, shape, device=device)
    filled = np.copy(np.broadcast_to(fill_value, like.shape), order="F" if like.flags.fnc else "C")
    return astype(filled, like.dtype)


composite(np.full, _full)
composite(np.full_like, _full_like)

# --- from existing data ---------------------------------------------------------------------------------------------
# A Tensor comes here by like= alone; without it, np.array and np.asarray ask for the bare values.


def _array(
    object: Array, dtype: Any = None, *, copy: bool | None = True, order: Any = "K", subok: Any = False, ndmin: int = 0
) -> Array:
    stacked = stack_nested(object)
    stacked = np.copy(stacked, order=order or "K", subok=subok) if copy else stacked
    stacked = stacked if dtype is None else astype(stacked, dtype)
    return np.expand_dims(stacked, tuple(range(ndmin - stacked.ndim))) if stacked.ndim < ndmin else stacked


def _asarray(a: Array, dtype: Any = None, order: Any = None, *, device: Any = None, copy: bool | None = None) -> Array:
    np.empty(0, device=device)  # NumPy's own error for a device that there is not
    stacked = stack_nested(a)
    stacked = np.copy(stacked, order=order or "K") if copy or order in ("C", "F") else stacked
    return stacked if dtype is None else astype(stacked, dtype)


composite(np.array, _array)
composite(np.asarray, _asarray)
composite(np.asanyarray, _asarray)

# --- numerical ranges -----------------------------------------------------------------------------------------------


def _end(x: Any) -> Array:
    """Return an end of a range as an array; a number stays one, since it does not widen the dtype."""
    return x if isinstance(x, (int, float, complex)) else stack_nested(x)


def _points(start: Array, stop: Array, num: int, endpoint: bool) -> tuple[Array, Array]:
    """Return evenly spaced points along a first axis, in NumPy's own order of operations, and their distance."""
    start, stop = _end(start) * 1.0, _end(stop) * 1.0
    dtype = np.result_type(start, stop, float(num))
    intervals = num - 1 if endpoint else num
    steps = np.arange(num, dtype=dtype.type(0).real.dtype).reshape((-1,) + (1,) * max(np.ndim(start), np.ndim(stop)))
    if intervals <= 0:
        return steps * (stop - start) + start, np.nan
    step = (stop - start) / intervals
    points = steps * step + start
    if endpoint:
        points = np.concatenate([points[:-1], np.expand_dims(stop + 0 * start, 0)])
    return points, step


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
    start, stop, base = _end(start), _end(stop), _end(base)
    if np.ndim(base):
        ndim = max(np.ndim(start), np.ndim(stop), np.ndim(base))
        start, stop, base = (np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x)) for x in (start, stop, base))
        base = np.expand_dims(base, axis)
    points = np.power(base, _finish(_points(start, stop, num, endpoint)[0], None, axis))
    return points if dtype is None else astype(points, dtype)


def _geomspace(
    start: Array, stop: Array, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Array:
    start, stop = _end(start) * 1.0, _end(stop) * 1.0
    if np.any(np.equal(start, 0)) or np.any(np.equal(stop, 0)):
        raise ValueError("Geometric sequence cannot include zero")
    # NumPy computes in double precision at least.
    start = start * np.ones((), np.result_type(start, stop, np.float64))
    # The quotient keeps a common sign or phase out of the logarithm.
    shares = _points(np.zeros(np.shape(start)), np.log(stop / start), num, endpoint)[0]
    return _finish(start * np.exp(shares), dtype, axis)


composite(np.linspace, _linspace)
composite(np.logspace, _logspace)
composite(np.geomspace, _geomspace)
