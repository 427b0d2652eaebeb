"""Functional programming: NumPy's functions that call a function of the user's on parts of an array."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ..primitives import astype
from ..registry import composite, lowered
from .shape import as_array

# --- along one axis --------------------------------------------------------------------------------------------------


def _apply_along_axis(func1d: Callable[..., Any], axis: Any, arr: Any, *args: Any, **kwargs: Any) -> Array:
    arr = as_array(arr)
    slices = np.moveaxis(arr, axis, -1)
    lead = slices.shape[:-1]
    axis = axis % arr.ndim
    if prod(lead) == 0:
        raise ValueError("np.apply_along_axis cannot tell what func1d returns where there is no slice to call it on")
    results = [as_array(func1d(slices[i], *args, **kwargs)) for i in np.ndindex(lead)]
    # NumPy makes room for results like the first one, and the others are fitted to it.
    first = results[0]
    fitted = [x if x.dtype == first.dtype else astype(x, first.dtype) for x in results]
    fitted = [x if x.shape == first.shape else np.broadcast_to(x, first.shape) for x in fitted]
    joined = np.reshape(np.stack(fitted), (*lead, *first.shape))
    where = range(len(lead), joined.ndim)
    return np.moveaxis(joined, tuple(where), tuple(range(axis, axis + len(where))))


# --- over several axes -----------------------------------------------------------------------------------------------


def _apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Array:
    value = as_array(a)
    ndim = value.ndim
    for axis in (axes,) if np.ndim(axes) == 0 else axes:
        axis = axis + ndim if axis < 0 else axis
        result = func(value, axis)
        if result.ndim != value.ndim:
            result = np.expand_dims(result, axis)
        if result.ndim != value.ndim:
            raise ValueError("function is not returning an array of the correct shape")
        value = result
    return value


composite(np.apply_along_axis, _apply_along_axis)
composite(np.apply_over_axes, _apply_over_axes)
# Even where the array is a constant: the user's function may have variables of its own. It may have any keywords, too.
lowered(np.apply_along_axis, lambda args, kwargs: _apply_along_axis(*args, **kwargs))
lowered(np.apply_over_axes, lambda args, kwargs: _apply_over_axes(*args, **kwargs))
