"""Running products and differences of plain arrays: by division, and in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec
from ...kernels.guests import in_sight
from ...kernels.traced import as_form
from ..numpy.axes import along
from ..numpy.differences import cumprod_vjp, difference, difference_adjoint, from_the_end, over_gaps, with_initial
from ..registry import faster
from .reductions import divisible

# --- running products ------------------------------------------------------------------------------------------------


def divided_cumprod(g: Array, ans: Array, a: Array, axis: int | None = None, dtype: Any = None) -> Array:
    bare = type(as_form(a)) is type(as_form(g)) is np.ndarray and in_sight(a)
    if bare and a.dtype.char in "dD" and dtype is None and divisible(ans):
        if axis is None or a.ndim == 0:
            return (from_the_end(g * ans, 0) / np.reshape(a, -1)).reshape(a.shape)
        return from_the_end(g * ans, axis) / a
    return cumprod_vjp(g, ans, a, axis, dtype)


faster(np.cumprod, divided_cumprod)
faster(np.nancumprod, over_gaps(divided_cumprod))
if hasattr(np, "cumulative_prod"):  # NumPy 2.1
    faster(np.cumulative_prod, with_initial(divided_cumprod))

# --- differences -----------------------------------------------------------------------------------------------------


def difference_in_place(g: Array, a: Spec, n: int = 1, axis: int = -1) -> Array:
    if type(g) is not np.ndarray or not 0 < n < a.shape[axis]:
        return difference_adjoint(g, a, n, axis)
    for _ in range(n):
        later, earlier = along(axis, a.ndim, slice(1, None)), along(axis, a.ndim, slice(None, -1))
        shape = list(g.shape)
        shape[axis] += 1
        longer = np.zeros(shape, g.dtype)
        longer[later] = g
        longer[earlier] -= g
        g = longer
    return g


faster(difference, difference_in_place)
