"""Derivatives of functions of plain arrays from central differences, for the tests of the transforms."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def slope(f: Callable[[Any], Any], x: Any, axis: tuple[int, ...] = ()) -> Any:
    """Return the derivative of a function of plain arrays by one element, from central differences."""
    x = np.asarray(x, dtype=float)
    step = np.zeros(x.shape)
    step[axis] = 1e-5
    return (np.asarray(f(x + step)) - np.asarray(f(x - step))) / 2e-5


def largest(results: Iterable[Any]) -> float:
    """Return the size of the largest finite number in all results: one of them may be a sum that cancels."""
    sizes = [np.abs(y[np.isfinite(y)]) for y in map(np.asarray, results) if y.dtype.kind in "fc"]
    return max((float(np.max(y, initial=0.0)) for y in sizes), default=0.0)


def numeric_jacobian(f: Callable[[Any], Any], x: Any) -> Any:
    columns = [slope(f, x, axis) for axis in np.ndindex(np.shape(x))]
    return np.stack(columns, axis=-1).reshape(columns[0].shape + np.shape(x))


@functools.cache
def is_reduced_rightly(ufunc: np.ufunc) -> bool:
    """Tell whether NumPy reduces a row as a loop does.

    Where the processor has AVX-512, ``np.power.reduce`` and ``np.arctan2.reduce`` of NumPy 2.4 forget what they have
    so far: their values have no derivative that could be compared with differences.
    """
    row = np.array([1.1, 1.2, 1.3, 1.05, 1.4])
    return bool(np.isclose(ufunc.reduce(row), functools.reduce(ufunc, row), rtol=1e-12))
