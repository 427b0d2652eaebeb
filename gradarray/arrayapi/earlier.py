"""What the standard has and NumPy 2.0 has not. With a later NumPy, these are its own functions."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ..mirror import functions
from .creation import asarray

__all__: list[str] = []


def _reshape(x: Any, /, shape: Any, *, copy: bool | None = None) -> Any:
    """Return `x` in another shape; see `numpy.reshape`, which takes `copy` since NumPy 2.1."""
    x = asarray(x)
    found = np.reshape(x, shape)
    if copy:
        return np.copy(found)
    if copy is False and not np.may_share_memory(found, x):
        raise ValueError("Unable to avoid creating a copy while reshaping.")
    return found


def _unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Return the parts of an array along an axis, without it."""
    if not x.ndim:
        raise ValueError("Input array must be at least 1-d.")
    return tuple(np.moveaxis(x, axis, 0))


def _cumulated(func: Any, first: float, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> Any:
    x = asarray(x)
    if axis is None:
        if x.ndim != 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0
    found = func(x, axis=axis, dtype=dtype)
    if not include_initial:
        return found
    shape = list(x.shape)
    shape[axis] = 1
    return np.concatenate([np.full(shape, first, found.dtype), found], axis=axis)


def _cumulative_sum(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """Return the sums of the elements up to each one."""
    return _cumulated(functions.cumsum, 0, x, axis, dtype, include_initial)


def _cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """Return the products of the elements up to each one."""
    return _cumulated(functions.cumprod, 1, x, axis, dtype, include_initial)


for _function in (_unstack, _cumulative_sum, _cumulative_prod, _reshape):
    _name = _function.__name__[1:]
    if not hasattr(np, _name) or (_name == "reshape" and "copy" not in inspect.signature(np.reshape).parameters):
        _function.__name__ = _function.__qualname__ = _name
        globals()[_name] = _function
        __all__ += [_name]
