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

_BLOCK = 32768


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
    step = max(1, _BLOCK // max(1, len(b)))
    for start in range(0, len(a), step):
        rows, columns = slice(start, start + step), slice(start if upper else 0, None)
        w = weights[rows, columns]
        w = np.triu(w, 1) if upper else np.ascontiguousarray(w)
        if not sweep(w, rows, columns, apart, sums):
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


# --- one coordinate after the other -----------------------------------------------------------------------------------


def _by_differences(a: Array, b: Array, power: float) -> Any:
    """Sweep for a power of the differences with their signs."""
    scale = None if power else _scale(a, b)
    if scale is not None:
        a, b = a * scale, b * scale
    turned = np.ascontiguousarray(b.T)

    def sweep(w: Array, rows: slice, columns: slice, _apart: Array, sums: Any) -> bool:
        table = np.empty(w.shape)
        for k in range(a.shape[1]):
            np.subtract(a[rows, k, None], turned[k, columns], out=table)
            if scale is not None:
                np.clip(table, -1.0, 1.0, out=table)
                table *= w
            else:
                np.multiply(signed_power(table, power), w, out=table)
            sums[0][rows, k] += table @ np.ones(table.shape[1])
            sums[1][columns, k] -= np.ones(len(table)) @ table
        return True

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
    sizes, turned = (np.abs(a), np.abs(b)), np.ascontiguousarray(b.T)
    across = np.ascontiguousarray(sizes[1].T)
    signs = np.sign(a), np.sign(b)
    empty = bool((a == 0).any() and (b == 0).any())
    scale = _scale(a, b)
    scaled, others = (a, turned) if scale is None else (a * scale, turned * scale)

    def sweep(w: Array, rows: slice, columns: slice, _apart: Array, sums: Any) -> bool:
        both, share, table = (np.empty(w.shape) for _ in range(3))
        for k in range(a.shape[1]):
            np.add(sizes[0][rows, k, None], across[k, columns], out=both)
            if empty:
                both[both == 0] = 1.0
            np.multiply(both, both, out=both)
            np.divide(w, both, out=share)
            np.subtract(scaled[rows, k, None], others[k, columns], out=table)
            if scale is None:
                np.sign(table, out=table)
            else:
                np.clip(table, -1.0, 1.0, out=table)
            table *= share
            # A vector's sign and the other one's are a factor: each is taken out of the sum.
            u, v = a[rows, k], turned[k, columns]
            sums[0][rows, k] += table @ across[k, columns] + signs[0][rows, k] * (table @ v)
            sums[1][columns, k] -= sizes[0][rows, k] @ table + signs[1][columns, k] * (u @ table)
        return True

    return sweep


def _by_logarithms(a: Array, b: Array, _power: float) -> Any:
    """Sweep for what shares tell of their mean, where there are no zeros."""
    turned = np.ascontiguousarray(b.T)
    usual = bool((a > 0).all() and (b > 0).all())

    def sweep(w: Array, rows: slice, columns: slice, _apart: Array, sums: Any) -> bool:
        if not usual:
            return False
        table, (left, right) = np.empty(w.shape), sums
        left[rows] += np.log(2 * a[rows]) * np.sum(w, axis=1)[:, None]
        right[columns] += np.log(2 * b[columns]) * np.sum(w, axis=0)[:, None]
        for k in range(a.shape[1]):
            np.add(a[rows, k, None], turned[k, columns], out=table)
            np.log(table, out=table)
            table *= w
            left[rows, k] -= table @ np.ones(table.shape[1])
            right[columns, k] -= np.ones(len(table)) @ table
        return True

    return sweep


def _by_greatest(a: Array, b: Array, _power: float) -> Any:
    """Sweep for the greatest of the differences, as long as each is the only one."""
    turned, width = np.ascontiguousarray(b.T), a.shape[1]
    kind = np.min_scalar_type(max(width, 1))

    def sweep(w: Array, rows: slice, columns: slice, apart: Array, sums: Any) -> bool:
        left, right = sums
        wanted = apart[rows, columns].copy()
        wanted[(wanted == 0) | (w == 0)] = -1.0  # equal vectors are at a kink
        table, hit, which = np.empty(w.shape), np.empty(w.shape, bool), np.zeros(w.shape, kind)
        here = np.empty_like(which)
        count = 0
        for k in range(width):
            np.subtract(a[rows, k, None], turned[k, columns], out=table)
            np.abs(table, out=table)
            np.equal(table, wanted, out=hit)
            count += int(np.count_nonzero(hit))
            np.multiply(hit, kind.type(k), out=here, dtype=kind)  # to write by a mask takes ten times as long
            np.maximum(which, here, out=which)
        pairs = np.count_nonzero(wanted > 0)
        all_apart = pairs == w.size
        if count != pairs:
            return False
        i, j = np.arange(len(w))[:, None] * width + which, np.arange(w.shape[1]) * width + which
        i, j = np.reshape(i, -1), np.reshape(j, -1)
        few, many = np.ascontiguousarray(a[rows]), np.ascontiguousarray(b[columns])
        slopes = np.sign(few.reshape(-1).take(i) - many.reshape(-1).take(j))
        signed = np.reshape(w if all_apart else np.where(wanted > 0, w, 0.0), -1) * slopes
        left[rows] += np.bincount(i, signed, few.size).reshape(few.shape)
        right[columns] -= np.bincount(j, signed, many.size).reshape(many.shape)
        return True

    return sweep


_SWEEPS = {
    "cityblock": _by_differences,
    "minkowski": _by_differences,
    "canberra": _by_shares,
    "chebyshev": _by_greatest,
    "jensenshannon": _by_logarithms,
}
