"""Sorting functions and sets: NumPy's, of which those before 2.5 sort in ascending order alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..mirror import functions
from .creation import asarray
from .results import as_arrays


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Return `x` sorted along an axis."""
    ordered = np.sort(asarray(x), axis=axis, stable=stable)
    return np.flip(ordered, axis) if descending else ordered


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Return the indices that sort `x` along an axis."""
    x = asarray(x)
    if not descending:
        return as_arrays(np.argsort(x, axis=axis, stable=stable))
    # Equal elements keep their order: the last of the reversed ones is the first.
    backwards = np.argsort(np.flip(x, axis), axis=axis, stable=stable)
    return as_arrays(x.shape[axis] - 1 - np.flip(backwards, axis))


def unique_values(x: Any, /) -> Any:
    """Return the different elements of `x`, in ascending order; every NaN is one of its own.

    The standard leaves the order open, and NumPy's own function has had none since 2.3. But programs that ask for the
    classes of something, as scikit-learn's, reckon with one.
    """
    return functions.unique(asarray(x), equal_nan=False)


__all__ = ["argsort", "sort", "unique_values"]
