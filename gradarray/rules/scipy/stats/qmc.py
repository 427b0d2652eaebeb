"""Measures of how evenly points fill a cube, which are smooth in the points."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import qmc

from ....tape.wrapping import bare
from ..standing import stands_for
from ..values import as_double, as_library, from_library

# --- discrepancies: closed forms of integrals (Hickernell, 1998; Zhou, Fang and Ning, 2013) ---------------------------

_compute = from_library(qmc.discrepancy)


@stands_for("scipy.stats.qmc", "sample")
def discrepancy(sample: Any, iterative: bool = False, method: str = "CD", workers: int = 1) -> Any:
    of_points, of_pairs, whole, root = _METHODS[method] if method in _METHODS else _METHODS["CD"]
    sample = as_double(sample)
    n, d = np.shape(sample)
    size = n + 1 if iterative else n
    first, second = sample[:, None], sample[None]
    single = np.sum(np.prod(of_points(sample), axis=-1)) if of_points else 0.0
    double = np.sum(np.prod(of_pairs(first, second), axis=-1))
    found = whole(d) - 2 / size * single + double / size**2
    options = {"iterative": iterative, "method": method}
    return as_library(np.sqrt(found) if root else found, _compute, sample, **options)


def _off(x: Any) -> Any:
    return np.abs(x - 0.5)


_METHODS: dict[str, Any] = {
    "CD": (
        lambda x: 1 + 0.5 * _off(x) - 0.5 * _off(x) ** 2,
        lambda x, y: 1 + 0.5 * _off(x) + 0.5 * _off(y) - 0.5 * np.abs(x - y),
        lambda d: (13 / 12) ** d,
        False,
    ),
    "WD": (None, lambda x, y: 1.5 - np.abs(x - y) * (1 - np.abs(x - y)), lambda d: -((4 / 3) ** d), False),
    "MD": (
        lambda x: 5 / 3 - 0.25 * _off(x) - 0.25 * _off(x) ** 2,
        lambda x, y: 15 / 8 - 0.25 * _off(x) - 0.25 * _off(y) - 0.75 * np.abs(x - y) + 0.5 * (x - y) ** 2,
        lambda d: (19 / 12) ** d,
        False,
    ),
    "L2-star": (lambda x: (1 - x**2) / 2, lambda x, y: 1 - np.maximum(x, y), lambda d: 3.0 ** (-d), True),
}


@stands_for("scipy.stats.qmc", "sample")
def geometric_discrepancy(sample: Any, method: str = "mindist", metric: str = "euclidean") -> Any:
    """Return the least distance, or the mean of those in a tree that is as short as may be: of the library's choice."""
    if metric != "euclidean":
        raise TypeError("scipy.stats.qmc.geometric_discrepancy of a variable: only metric='euclidean' is known here")
    qmc.geometric_discrepancy(bare(sample), method, metric)  # the library's own error
    sample = as_double(sample)
    pairs = np.triu_indices(np.shape(sample)[0], 1)
    apart = np.sqrt(np.sum((sample[pairs[0]] - sample[pairs[1]]) ** 2, axis=-1))
    if method == "mindist":
        return np.min(apart)
    return np.mean(apart[np.array(_shortest_tree(bare(apart), pairs))])


def _shortest_tree(lengths: Any, pairs: Any) -> list[int]:
    """Return the edges of a spanning tree that is as short as may be (Kruskal, 1956)."""
    group = {int(i): int(i) for i in (*pairs[0], *pairs[1])}
    chosen = []
    for k in np.argsort(lengths, kind="stable"):
        a, b = group[int(pairs[0][k])], group[int(pairs[1][k])]
        if a != b:
            chosen.append(int(k))
            group = {i: a if g == b else g for i, g in group.items()}
    return chosen


@stands_for("scipy.stats.qmc", "sample", "l_bounds", "u_bounds")
def scale(sample: Any, l_bounds: Any, u_bounds: Any, reverse: bool = False) -> Any:
    sample = as_double(sample) if reverse else sample
    qmc.scale(bare(sample), bare(l_bounds), bare(u_bounds), reverse=reverse)  # the library's own error
    return (sample - l_bounds) / (u_bounds - l_bounds) if reverse else sample * (u_bounds - l_bounds) + l_bounds


@stands_for("scipy.stats.qmc", "x_new", "sample", "initial_disc")
def update_discrepancy(x_new: Any, sample: Any, initial_disc: Any) -> Any:
    """Return the centered discrepancy with one point more; the first one is of one point more than there are."""
    qmc.update_discrepancy(bare(x_new), bare(sample), float(bare(initial_disc)))  # the library's own error
    of_points, of_pairs, _, _ = _METHODS["CD"]
    size = np.shape(sample)[0] + 1
    single = np.prod(of_points(x_new))
    own = np.prod(1 + _off(x_new))
    double = np.sum(np.prod(of_pairs(x_new, sample), axis=-1))
    return initial_disc - 2 / size * single + 2 / size**2 * double + own / size**2
