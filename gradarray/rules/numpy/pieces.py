"""Functions that have one formula here and another one there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...kernels.arrays import Array
from ...tape.wrapping import bare


def in_pieces(
    there: Array,
    inner: Callable[..., Array],
    outer: Callable[..., Array],
    *operands: Array,
    inside: float,
    outside: float,
) -> Array:
    """Return ``inner(*operands)`` where `there` is true, and ``outer(*operands)`` elsewhere.

    Of plain arrays each is computed where it is asked for. Of others both are computed everywhere, with the number
    `inside`, which suits the inner one, in the place of the first operand where it does not matter, or `outside`.
    """
    x, *rest = operands
    if type(there) is np.ndarray and all(type(y) is np.ndarray and y.shape == there.shape for y in operands):
        count = np.count_nonzero(there)
        if count == 0:
            return outer(*operands)
        if count == there.size:
            return inner(*operands)
        some = inner(*[y[there] for y in operands])
        found = np.empty(there.shape, some.dtype)
        found[there] = some
        there = ~there
        found[there] = outer(*[y[there] for y in operands])
        return found
    return np.where(there, inner(np.where(there, x, inside), *rest), outer(np.where(there, outside, x), *rest))


def nowhere(there: Array) -> bool:
    """Tell whether a condition holds nowhere, as far as one may look at it."""
    there = bare(there)
    return type(there) in (np.ndarray, np.bool_) and not np.any(there)
