"""Derivatives of functions of plain arrays from central differences, for the tests of the transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def slope(f: Callable[[Any], Any], x: Any, axis: tuple[int, ...] = ()) -> Any:
    """Return the derivative of a function of plain arrays by one element, from central differences."""
    x = np.asarray(x, dtype=float)
    step = np.zeros(x.shape)
    step[axis] = 1e-5
    return (np.asarray(f(x + step)) - np.asarray(f(x - step))) / 2e-5


def numeric_jacobian(f: Callable[[Any], Any], x: Any) -> Any:
    columns = [slope(f, x, axis) for axis in np.ndindex(np.shape(x))]
    return np.stack(columns, axis=-1).reshape(columns[0].shape + np.shape(x))
