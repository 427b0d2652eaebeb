"""Sorting functions: NumPy's, of which those before 2.5 sort in ascending order alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tape.wrapping import wrap_results
from .creation import asarray


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Return `x` sorted along an axis."""
    ordered = np.sort(asarray(x), axis=axis, stable=stable)
    return np.flip(ordered, axis) if descending else ordered


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Return the indices that sort `x` along an axis."""
    x = asarray(x)
    if not descending:
        return wrap_results(np.argsort(x, axis=axis, stable=stable))
    # Equal elements keep their order: the last of the reversed ones is the first.
    backwards = np.argsort(np.flip(x, axis), axis=axis, stable=stable)
    return wrap_results(x.shape[axis] - 1 - np.flip(backwards, axis))


__all__ = ["argsort", "sort"]
