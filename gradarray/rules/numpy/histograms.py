"""Histograms.

Counts are constants, and sums of weights are linear in the weights. Edges between the least and the largest number
follow these, and so do densities, which are divided by the widths.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...tape.wrapping import bare, has_variable
from ..primitives import scatter, standing_for
from ..registry import composite, nondifferentiable
from ..signature import constant
from .shape import as_array


@standing_for(np.histogram_bin_edges)
def plain_edges(a: Array, *args: Any) -> Array:
    """Return the edges of the bins as bare numbers."""
    return np.histogram_bin_edges(a, *args)


@standing_for(np.histogramdd)
def plain_histogramdd(sample: Array, *args: Any) -> tuple[Array, Any]:
    """Return counts and edges as bare numbers."""
    return np.histogramdd(sample, *args)


nondifferentiable(plain_edges, plain_histogramdd)


def _zeros(weights: Any) -> Array | None:
    if weights is None:
        return None
    weights = as_array(weights)
    return np.zeros(weights.shape, weights.dtype)


def _follow(edges: Array, a: Array, range: Any) -> Array:
    """Return edges between the ends of the range, or the least and the largest number, as functions of these."""
    if range is None:
        if not a.size:
            return edges + np.sum(a)
        if a.dtype.kind != "f":
            return edges
        low, high = np.min(a), np.max(a)
    elif has_variable(range):
        low, high = range
    else:
        return edges
    # What is added is zero, so that the edges keep their values to the last bit.
    if bare(low) == bare(high):  # NumPy then goes half a unit to each side
        return edges + (low - (edges[0] + 0.5))
    share = (edges - edges[0]) / (edges[-1] - edges[0])
    return edges + ((low - edges[0]) * (1 - share) + (high - edges[-1]) * share)


def _plain_bins(func: Any, bins: Any) -> Any:
    """Return bins as bare numbers; edges may be variables, but not how many bins there are."""
    for b in bins if isinstance(bins, (list, tuple)) else (bins,):
        if not isinstance(b, str) and np.ndim(b) == 0:
            constant(func, "bins", b)
    return bare(bins)


def _bin_numbers(a: Array, edges: Array) -> Array:
    """Return the number of the bin that each element falls into; the last one is closed at both ends."""
    if not len(edges):
        return np.full(a.shape, -1)
    return np.where(a == edges[-1], len(edges) - 1, np.searchsorted(edges, a, side="right")) - 1


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    a, bins = as_array(a), as_array(bins) if isinstance(bins, (list, tuple)) else bins
    edges = plain_edges(a, _plain_bins(np.histogram_bin_edges, bins), bare(range), _zeros(weights))
    if not isinstance(bins, str) and np.ndim(bins) == 1:
        return as_array(bins)
    return _follow(edges, a, range)


def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    a, bins = as_array(a), as_array(bins) if isinstance(bins, (list, tuple)) else bins
    fixed = plain_edges(a, _plain_bins(np.histogram, bins), bare(range), _zeros(weights))
    n = max(len(fixed) - 1, 0)
    place = np.ravel(_bin_numbers(a, fixed))
    inside = (place >= 0) & (place < n)
    if weights is None:
        counts: Array = np.bincount(place[inside], minlength=n)
    else:
        w = np.ravel(as_array(weights))[inside]
        narrow = w.dtype.kind == "f" and w.dtype.itemsize < 8
        counts = scatter(w.astype(float) if narrow else w, index=place[inside], shape=(n,))
        counts = counts.astype(w.dtype) if narrow else counts
    edges = histogram_bin_edges(a, bins, range, weights)
    if density:
        widths = np.diff(edges)
        counts = counts / (widths if widths.dtype == float else widths.astype(float)) / np.sum(counts)
    return counts, edges


def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if not hasattr(sample, "shape"):
        sample = np.stack([as_array(column) for column in sample])
        sample = np.transpose(np.atleast_2d(sample))
    elif sample.ndim != 2:
        sample = np.transpose(np.atleast_2d(sample))
    if isinstance(bins, (list, tuple)):
        bins = [as_array(b) if isinstance(b, (list, tuple)) else b for b in bins]
    counts, fixed = plain_histogramdd(sample, _plain_bins(np.histogramdd, bins), bare(range), None, _zeros(weights))
    columns = [sample[:, k] for k in np.arange(sample.shape[1])]
    several = bins if hasattr(bins, "__len__") else [bins] * len(columns)
    ranges = [None] * len(columns) if range is None else range
    edges = [
        as_array(b) if np.ndim(b) else _follow(plain, column, r)
        for b, r, plain, column in zip(several, ranges, fixed, columns, strict=True)
    ]
    if weights is not None:
        places = [_bin_numbers(column, plain) for column, plain in zip(columns, fixed, strict=True)]
        inside = reduce(np.logical_and, [(p >= 0) & (p < n) for p, n in zip(places, counts.shape, strict=True)])
        weights = as_array(weights)[inside]
        weights = weights if weights.dtype == float else weights.astype(float)
        counts = scatter(weights, index=tuple(p[inside] for p in places), shape=counts.shape)
    if density:
        total = np.sum(counts)
        for k, e in enumerate(edges):
            counts = counts / np.expand_dims(np.diff(e), tuple(i for i, _ in enumerate(edges) if i != k))
        counts = counts / total
    return counts, edges


def histogram2d(x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if len(x) != len(y):
        np.histogram2d(np.zeros(len(x)), np.zeros(len(y)))  # NumPy's own error
    if hasattr(bins, "__len__") and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, edges = histogramdd([x, y], bins, range, density, weights)
    return counts, edges[0], edges[1]


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Array:
    minlength = constant(np.bincount, "minlength", minlength)
    x = bare(as_array(x)) if np.ndim(x) == 0 or len(x) else x  # an empty list is one of whole numbers to NumPy
    if weights is None:
        return np.bincount(x, None, minlength)
    weights = as_array(weights)
    n = len(np.bincount(x, np.zeros(weights.shape, weights.dtype), minlength))  # NumPy's own error for a mistake
    return scatter(weights if weights.dtype == float else weights.astype(float), index=x, shape=(n,))


composite(np.histogram, histogram, anew=True)
composite(np.histogram2d, histogram2d, anew=True, sequences=("bins", "range"))
composite(np.histogramdd, histogramdd, anew=True, sequences=("sample", "bins", "range"))
composite(np.histogram_bin_edges, histogram_bin_edges, anew=True)
composite(np.bincount, bincount)
nondifferentiable(np.digitize)
