"""Transposes of the fits that make coefficients of values: their equations are banded, and so are those of these."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import solve_banded, solveh_banded

from ....kernels.arrays import Array
from .patches import located, weighted


def transposed_fit(x: Array, t: Array, k: int, w: Any = None) -> Any:
    """Return the transpose of what makes of values at `x` the coefficients of a spline.

    The spline goes through all values, where there are as many as coefficients, or is the nearest one with weights;
    None for any other.
    """
    n, count = len(x), len(t) - k - 1
    if n < count or np.any(x < t[k]) or np.any(x > t[count]) or not n:
        return None

    def pull(g: Array) -> Array:
        flat = np.reshape(g, (len(g), -1))[:count]  # FITPACK has zeros behind the coefficients
        places = located(x, t, k)
        values = np.stack(weighted(x, places, t, k), axis=1)
        if n == count:
            found = _through_all(values, places, flat)
        else:
            squares = (np.ones(n) if w is None else np.asarray(w, float) ** 2)[:, None]
            solved = solveh_banded(_squares(values, squares * values, places, count), flat, lower=True)
            found = squares * sum(values[:, j, None] * solved[places + j] for j in range(k + 1))
        return np.reshape(found, (n, *np.shape(g)[1:]))

    return pull


def _through_all(values: Array, places: Array, g: Array) -> Array:
    """Solve with the transpose of a square matrix, whose rows have some numbers from a place each."""
    n, width = values.shape
    shifts = places - np.arange(n)
    above, below = max(0, -int(shifts.min())), max(0, int(shifts.max()) + width - 1)
    bands = np.zeros((above + below + 1, n))
    bands[(above + shifts)[:, None] + np.arange(width), np.arange(n)[:, None]] = values
    return np.asarray(solve_banded((below, above), bands, g, overwrite_ab=True, check_finite=False))


def _squares(values: Array, weighted: Array, places: Array, count: int) -> Array:
    """Return the diagonal of a matrix times its transpose and those below it."""
    width = values.shape[1]
    bands = np.zeros((width, count))
    for j in range(width):
        for i in range(width - j):
            bands[j] += np.bincount(places + i, values[:, i] * weighted[:, i + j], count)
    return bands


def transposed_smoothing(x: Array, w: Any, lam: float) -> Any:
    """Return the transpose of what makes of values the coefficients of a smoothing spline.

    The values that the spline takes at the sites are those that are given less what bends: by the equations of
    C. Reinsch, Smoothing by Spline Functions (1967), for its second derivatives. It goes through them, and is natural.
    """
    x = np.asarray(x, float)
    n, h = len(x), np.diff(x)
    spread = lam / (np.ones(n) if w is None else np.asarray(w, float))

    def bent(y: Array) -> Array:  # the changes of slope at the inner sites
        slopes = np.diff(y, axis=0) / h[:, None]
        return np.diff(slopes, axis=0)

    def pull(g: Array) -> Array:
        flat = np.reshape(g, (n + 2, -1))
        at_sites = _natural(x, flat)
        left, right = 1 / h[:-1], 1 / h[1:]
        middle = -left - right
        inner = np.zeros((3, n - 2))
        inner[0] = (h[:-1] + h[1:]) / 3 + left**2 * spread[:-2] + middle**2 * spread[1:-1] + right**2 * spread[2:]
        near = right[:-1] * middle[1:] * spread[2:-1] + middle[:-1] * left[1:] * spread[1:-2]
        inner[1, :-1] = h[1:-1] / 6 + near
        inner[2, :-2] = right[:-2] * left[2:] * spread[2:-2]
        bends = solveh_banded(inner, bent(spread[:, None] / lam * at_sites if lam else 0 * at_sites), lower=True)
        back = np.zeros_like(at_sites)
        back[:-2] += left[:, None] * bends
        back[1:-1] += middle[:, None] * bends
        back[2:] += right[:, None] * bends
        return np.reshape(at_sites - lam * back, (n, *np.shape(g)[1:]))

    return pull


def _natural(x: Array, g: Array) -> Array:
    """Return the transpose of what makes of values the coefficients of the natural cubic spline through them."""
    t = np.concatenate([x[:1].repeat(3), x, x[-1:].repeat(3)])
    places = located(x, t, 3)
    columns = weighted(x, places, t, 3)
    places = np.concatenate([places[:1], places, places[-1:]])
    ends = np.stack(weighted(x[[0, -1]], places[[0, -1]], t, 3, 2), axis=1)
    values = np.concatenate([ends[:1], np.stack(columns, axis=1), ends[1:]])
    return _through_all(values, places, g)[1:-1]
