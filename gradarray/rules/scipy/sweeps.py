"""Sums over pairs of vectors, coordinate after coordinate: what of the cotangents of distances comes to each vector.

A table of all pairs is swept for one coordinate at a time, in blocks that stay in the cache; no array of pairs and
coordinates is made.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...tape.wrapping import bare
from ..registry import composite
from .values import from_library

# What stays in the cache, and how many rows there are at least in what is worked on at once.
_BLOCK, _ROWS = 131072, 16


@from_library
def leaning(weights: Array, a: Array, b: Array, apart: Array, *, metric: str, power: float, upper: bool) -> Array:
    """Return for each vector in `a`, and behind these in `b`, the sum of the slopes of its distances, with weights.

    Parameters
    ----------
    weights : one for each pair
    apart : the distances
    metric : which sum over the coordinates, or for chebyshev which greatest of them
    power : for minkowski, of the differences in the slopes
    upper : whether pairs count for which `b` comes behind `a` alone; both are the same vectors
    """
    width = a.shape[1]
    sums = np.zeros((len(a), width)), np.zeros((len(b), width))
    unit = 1.0
    if metric == "canberra":  # whose slopes have squares of the numbers in them, of which all may be small or large
        most = np.max(np.abs(np.concatenate([a, b])), initial=0.0)
        unit = 2.0 ** min(1000, -int(np.frexp(most)[1])) if 0 < most < np.inf else 1.0
        a, b = a * unit, b * unit
    sweep = _SWEEPS[metric](a, b, power)
    columns = max(1, len(b))
    together = max(1, min(width, _BLOCK // (_ROWS * columns)))
    if metric == "chebyshev":
        together = width
    step = max(1, _BLOCK // (together * columns))
    behind = np.tri(step if upper else 0, dtype=bool)
    for start in range(0, len(a), step):
        part = slice(start, start + step), slice(start if upper else 0, None)
        w = weights[part]
        w = w.copy() if upper else np.ascontiguousarray(w)
        if upper:
            np.copyto(w[:, : len(w)], 0.0, where=behind[: len(w), : len(w)])
        for first in range(0, width, together):
            if not sweep(w, *part, slice(first, first + together), apart, sums):
                return np.asarray(_leaning(weights, a, b, apart, metric, power, upper)) * unit
    return np.concatenate(sums) * unit


def _leaning(weights: Any, a: Any, b: Any, apart: Any, metric: str, power: float, upper: bool) -> Any:
    """Return the same by arrays of pairs and coordinates, which other orders are made of."""
    u, v = a[:, None], b
    if metric == "canberra":
        near, far = np.abs(bare(u)) + np.abs(bare(v)), np.sign(bare(u)) * np.sign(bare(v))
        both = np.where(near == 0, 1.0, np.abs(u) + np.abs(v))
        steep = np.sign(bare(u - v)) * (1 + far) / both / both
        left, right = steep * np.abs(v), -steep * np.abs(u)
    elif metric == "jensenshannon":
        left, right = _information(u, v), _information(v, u)
    else:
        if metric == "chebyshev":
            hits = np.equal(np.abs(bare(u - v)), bare(apart)[:, :, None])
            left = np.sign(bare(u - v)) * hits / np.maximum(np.sum(hits, axis=-1, keepdims=True), 1)
        else:
            left = signed_power(u - v, power)
        right = -left
    w = (np.triu(weights, 1) if upper else weights)[..., None]
    return np.concatenate([np.sum(w * left, axis=1), np.sum(w * right, axis=0)])


composite(
    leaning,
    lambda weights, a, b, apart, *, metric, power, upper: _leaning(weights, a, b, apart, metric, power, upper),
    anew=True,
)


def _information(p: Any, q: Any) -> Any:
    """Return the slope by p of what two shares tell of their mean; of none there is but what comes by the mean."""
    none, neither = np.equal(bare(p), 0), np.equal(bare(p) + bare(q), 0)
    whole = np.log(2 * np.where(none, 1.0, p) / np.where(neither, 1.0, p + q))
    return np.where(none, np.where(neither, 0.0, -1.0), whole)


def signed_power(apart: Any, power: float) -> Any:
    return np.sign(apart) * np.abs(apart) ** power if power else np.sign(apart)


# --- some coordinates after others ------------------------------------------------------------------------------------


def _tables(left: Array, right: Array, sign: float) -> Any:
    """Return what makes tables of sums, or differences, of the elements of two matrices, for each of some columns.

    A table is a product of two columns with two rows, which takes a third of the time of sums along short rows, and is
    rounded in the same way: each product is one with 1.
    """
    rows, columns = np.ones((left.shape[1], len(left), 2)), np.ones((right.shape[1], 2, len(right)))
    rows[:, :, 0], columns[:, 1] = left.T, sign * right.T
    return lambda some, others, along: np.matmul(rows[along, some], columns[along, :, others])


def _add_up(table: Array, some: slice, others: slice, along: slice, sums: Any) -> bool:
    """Add the sums over the rows and over the columns of tables to what there is of both sides."""
    count, rows, columns = table.shape
    sums[0][some, along] += np.reshape(np.reshape(table, (-1, columns)) @ np.ones(columns), (count, rows)).T
    sums[1][others, along] -= (np.ones(rows) @ table).T
    return True


def _by_differences(a: Array, b: Array, power: float) -> Any:
    """Sweep for a power of the differences with their signs."""
    scale = None if power else _scale(a, b)
    if scale is not None:
        a, b = a * scale, b * scale
    finite = bool(np.isfinite(a).all() and np.isfinite(b).all())
    differences = _tables(a, b, -1.0)

    def sweep(w: Array, rows: slice, columns: slice, along: slice, _apart: Array, sums: Any) -> bool:
        if not finite:
            return False
        table = differences(rows, columns, along)
        if scale is not None:
            np.clip(table, -1.0, 1.0, out=table)
            table *= w
        else:
            np.multiply(signed_power(table, power), w, out=table)
        return _add_up(table, rows, columns, along, sums)

    return sweep


def _scale(a: Array, b: Array) -> float | None:
    """Return a power of two that makes each difference but zero one or more: to clip it gives the sign sooner.

    None stands for numbers of which that cannot be said.
    """
    sizes = np.abs(np.concatenate([np.ravel(a), np.ravel(b)]))
    most, least = np.max(sizes, initial=0.0), np.min(sizes, initial=np.inf, where=sizes > 0)
    usual = np.isfinite(most) and most > 2.0**-20 and least > most * 2.0**-900
    return float(2.0 ** (1000 - np.frexp(most)[1])) if usual else None


def _by_shares(a: Array, b: Array, _power: float) -> Any:
    """Sweep for what a difference is of the sum of both sizes."""
    scale, empty = _scale(a, b), bool((a == 0).any() and (b == 0).any())
    factor = 1.0 if scale is None else scale
    sizes, differences = _tables(np.abs(a), np.abs(b), 1.0), _tables(a * factor, b * factor, -1.0)
    # A vector's sign and the other one's are a factor: each is taken out of the sum.
    of_rows, of_columns = np.stack([np.abs(a).T, a.T], axis=1), np.stack([np.abs(b).T, b.T], axis=2)
    signs = np.sign(a), np.sign(b)
    finite = bool(np.isfinite(a).all() and np.isfinite(b).all())

    def sweep(w: Array, rows: slice, columns: slice, along: slice, _apart: Array, sums: Any) -> bool:
        if not finite:
            return False
        share = sizes(rows, columns, along)
        if empty:
            share[share == 0] = 1.0
        np.multiply(share, share, out=share)
        np.divide(w, share, out=share)
        table = differences(rows, columns, along)
        if scale is None:
            np.sign(table, out=table)
        else:
            np.clip(table, -1.0, 1.0, out=table)
        table *= share
        left, right = table @ of_columns[along, columns], of_rows[along, :, rows] @ table
        sums[0][rows, along] += left[:, :, 0].T + signs[0][rows, along] * left[:, :, 1].T
        sums[1][columns, along] -= right[:, 0].T + signs[1][columns, along] * right[:, 1].T
        return True

    return sweep


def _by_logarithms(a: Array, b: Array, _power: float) -> Any:
    """Sweep for what shares tell of their mean, where there are no zeros."""
    usual = bool((a > 0).all() and (b > 0).all() and np.isfinite(a).all() and np.isfinite(b).all())
    wholes = _tables(a, b, 1.0)

    def sweep(w: Array, rows: slice, columns: slice, along: slice, _apart: Array, sums: Any) -> bool:
        if not usual:
            return False
        table, (left, right) = wholes(rows, columns, along), sums
        np.log(table, out=table)
        table *= w
        of_rows, of_columns = np.sum(w, axis=1)[:, None], np.sum(w, axis=0)[:, None]
        left[rows, along] += np.log(2 * a[rows, along]) * of_rows - np.sum(table, axis=2).T
        right[columns, along] += np.log(2 * b[columns, along]) * of_columns - (np.ones(len(w)) @ table).T
        return True

    return sweep


def _by_greatest(a: Array, b: Array, _power: float) -> Any:
    """Sweep for the greatest of the differences, as long as each is the only one."""
    width = a.shape[1]
    numbers = np.arange(width, dtype=np.min_scalar_type(max(width, 1)))[:, None]
    finite = bool(np.isfinite(a).all() and np.isfinite(b).all())
    differences = _tables(a, b, -1.0)

    def sweep(w: Array, rows: slice, columns: slice, _along: slice, apart: Array, sums: Any) -> bool:
        if not finite:
            return False
        wanted = apart[rows, columns].copy()
        left_out = (wanted == 0) | (w == 0)  # equal vectors are at a kink
        wanted[left_out] = -1.0
        table = differences(rows, columns, slice(None)).reshape(width, -1)
        hits = np.equal(np.abs(table), np.reshape(wanted, -1)).view(np.uint8)
        pairs = w.size - np.count_nonzero(left_out)
        if np.count_nonzero(hits) != pairs:
            return False
        which = np.maximum.reduce(hits * numbers, axis=0).astype(np.intp)
        places = which * w.size
        places += np.arange(w.size)
        slopes = table.reshape(-1).take(places)
        slopes /= np.reshape(wanted, -1)  # to have the signs; of what is left out it is of no account
        signed = np.multiply(slopes, np.reshape(w, -1), out=slopes)
        if pairs < w.size:
            signed[np.reshape(left_out, -1)] = 0.0
        which = which.reshape(w.shape)
        for side, some, numbered in ((0, rows, np.arange(len(w))[:, None]), (1, columns, np.arange(w.shape[1]))):
            part = sums[side][some]
            places = np.reshape(which + numbered * width, -1)
            part += (1 - 2 * side) * np.bincount(places, signed, part.size).reshape(part.shape)
        return True

    return sweep


_SWEEPS = {
    "cityblock": _by_differences,
    "minkowski": _by_differences,
    "canberra": _by_shares,
    "chebyshev": _by_greatest,
    "jensenshannon": _by_logarithms,
}
