"""Integrals of samples, for scipy.integrate: sums whose weights depend on where the samples were taken."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate

from .declared import function


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    return np.trapezoid(y, x, dx, axis)


def _last(y: Any, x: Any, dx: Any, axis: int) -> tuple[Any, Any]:
    """Return samples with their axis at the end, and the steps between them."""
    y = np.moveaxis(y, axis, -1)
    if x is None:
        return y, np.ones(np.shape(y)[-1] - 1) * dx
    x = x if np.ndim(x) == 1 else np.moveaxis(x, axis, -1)
    return y, np.diff(x)


def cumulative_trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None) -> Any:
    if initial not in (None, 0):
        raise ValueError("`initial` must be `None` or `0`.")  # SciPy's own error
    y, steps = _last(y, x, dx, axis)
    found = np.cumsum(steps * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)
    return np.moveaxis(_begun(found, initial), -1, axis)


def _begun(found: Any, initial: Any) -> Any:
    if initial is None:
        return found
    return np.concatenate([np.ones((*np.shape(found)[:-1], 1)) * initial, found + initial], axis=-1)


def simpson(y: Any, x: Any = None, *, dx: Any = 1.0, axis: int = -1) -> Any:
    """Return Simpson's sum for uneven steps; of an odd number of intervals, the last one has Cartwright's correction.

    Cartwright, Simpson's rule cumulative integration with MS Excel and irregularly-spaced data, J. Math. Sci. Math.
    Educ. 12 (2017).
    """
    y, steps = _last(y, x, dx, axis)
    count = np.shape(y)[-1]
    if count < 3:
        return np.trapezoid(y, dx=1.0) * steps[..., 0] if count == 2 else np.sum(0.0 * y, axis=-1)
    odd = count if count % 2 else count - 1
    total = np.sum(_pairs(y[..., :odd], steps[..., : odd - 1]), axis=-1)
    if count % 2 == 0:
        h0, h1 = steps[..., -2], steps[..., -1]
        total = total + y[..., -1] * (2 * h1**2 + 3 * h0 * h1) / (6 * (h1 + h0))
        total = total + y[..., -2] * (h1**2 + 3 * h0 * h1) / (6 * h0)
        total = total - y[..., -3] * h1**3 / (6 * h0 * (h0 + h1))
    return total


def _pairs(y: Any, steps: Any) -> Any:
    """Return the integrals over two intervals each."""
    h0, h1 = steps[..., ::2], steps[..., 1::2]
    both = h0 + h1
    middle = y[..., 1::2] * both * (both / h0) / h1
    return both / 6 * (y[..., :-1:2] * (2 - h1 / h0) + y[..., 2::2] * (2 - h0 / h1) + middle)


def cumulative_simpson(y: Any, *, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None) -> Any:
    if np.shape(y)[axis] < 3:
        found = np.moveaxis(cumulative_trapezoid(y, x, dx, axis), axis, -1)
    else:
        y, steps = _last(y, x, dx, axis)
        steps = steps + np.zeros((*np.shape(y)[:-1], 1))
        first = _single(y, steps)
        second = _single(y[..., ::-1], steps[..., ::-1])[..., ::-1]
        count = np.shape(y)[-1] - 1
        turn = np.arange(count) % 2 == 0
        ahead = first[..., np.minimum(np.arange(count), count - 2)]
        behind = second[..., np.maximum(np.arange(count) - 1, 0)]
        turn[-1] = False
        found = np.cumsum(np.where(turn, ahead, behind), axis=-1)
    return np.moveaxis(_begun(found, initial), -1, axis)


def _single(y: Any, steps: Any) -> Any:
    """Return the integral over the first of two intervals, of the parabola through three samples."""
    h0, h1 = steps[..., :-1], steps[..., 1:]
    part, across = h0 / (h0 + h1), h0 / h1
    last = part * across
    return h0 / 6 * ((3 - part) * y[..., :-2] + (3 + last + part) * y[..., 1:-1] - last * y[..., 2:])


def romb(y: Any, dx: Any = 1.0, axis: int = -1, show: bool = False) -> Any:
    y = np.moveaxis(y, axis, -1)
    weights = integrate.romb(np.eye(np.shape(y)[-1]), axis=0)
    return np.sum(y * weights, axis=-1) * dx


function("scipy.integrate", trapezoid, cumulative_trapezoid, simpson, cumulative_simpson, romb)
