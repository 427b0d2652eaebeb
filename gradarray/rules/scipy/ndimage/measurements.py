"""Measurements of labelled parts of an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage

from ....tape.wrapping import bare
from ...primitives import scatter
from ..standing import constant, refuse, stands_for
from ..values import as_double

MODULE = "scipy.ndimage"


def _parts(x: Any, labels: Any, index: Any) -> tuple[Any, Any]:
    """Return for each index a mask of the elements that it is about, and the shape of the results."""
    if labels is None:
        return [np.ones(np.shape(x), bool)], ()
    labels = np.broadcast_to(labels, np.shape(x))
    if index is None:
        return [labels > 0], ()
    return [labels == i for i in np.ravel(index)], np.shape(index)


class Bins:
    """Which of the parts that an index names each element of an image belongs to.

    Attributes
    ----------
    places : of the part of each element among the names in order; behind them for those that belong to none
    order : where the names stand there
    sizes : how many elements each of the named parts has; NaN for none
    """

    def __init__(self, shape: tuple[int, ...], labels: Any, index: Any) -> None:
        names, self.order = np.unique(np.asarray(index), return_inverse=True)
        self.order = np.reshape(self.order, np.shape(index))
        labels = np.ravel(np.broadcast_to(labels, shape))
        self.count = len(names)
        self.places = self._found(names, labels)
        sizes = np.bincount(self.places, minlength=self.count + 1)[self.order]
        self.sizes = np.where(sizes > 0, sizes, np.nan)

    def _found(self, names: Any, labels: Any) -> Any:
        """Return the place of each label among the names; for whole numbers that are near, by a table."""
        if labels.dtype.kind in "iu" and names.dtype.kind in "iu" and labels.size and self.count:
            low, high = int(names[0]), int(names[-1])
            if high - low < 4 * labels.size and labels.dtype != np.uint64:
                table = np.full(high - low + 3, self.count)
                table[names - low + 1] = np.arange(self.count)
                return table.take(np.clip(labels.astype(np.intp), low - 1, high + 1) - (low - 1))
        places = np.searchsorted(names, labels)
        missing = names[np.minimum(places, self.count - 1)] != labels if self.count else np.ones(labels.shape, bool)
        places[missing] = self.count
        return places

    def sums(self, x: Any) -> Any:
        return scatter(np.reshape(x, -1), self.places, (self.count + 1,))[self.order]

    def variances(self, x: Any) -> Any:
        means = scatter(np.reshape(x, -1), self.places, (self.count + 1,)) / np.maximum(
            np.bincount(self.places, minlength=self.count + 1), 1
        )
        off = np.reshape(x, -1) - means[self.places]
        return self.sums(off * np.conj(off)) / self.sizes


def _measured(x: Any, labels: Any, index: Any, measure: Any) -> Any:
    if labels is None:
        return measure(np.reshape(x, -1))
    masks, shape = _parts(x, labels, index)
    found = [measure(x[mask]) for mask in masks]
    return np.reshape(np.stack(found), shape) if shape != () else found[0]


def _mean(part: Any) -> Any:
    count = np.shape(part)[0]
    return np.sum(part) / count if count else np.sum(part) * np.nan


def _variance(part: Any) -> Any:
    off = part - _mean(part)
    return _mean(off * np.conj(off))


def _first(pick: Any) -> Any:
    def measure(part: Any) -> Any:
        return part[int(pick(bare(part)))] if np.shape(part)[0] else np.sum(part)

    return measure


_MEASURES = {
    "sum": np.sum,
    "sum_labels": np.sum,
    "mean": _mean,
    "variance": _variance,
    "standard_deviation": lambda part: np.sqrt(_variance(part)),
    "maximum": _first(np.argmax),
    "minimum": _first(np.argmin),
    "median": np.median,
}


_BY_BINS: dict[str, Callable[[Bins, Any], Any]] = {
    "sum": Bins.sums,
    "sum_labels": Bins.sums,
    "mean": lambda bins, x: bins.sums(x) / bins.sizes,
    "variance": Bins.variances,
    "standard_deviation": lambda bins, x: np.sqrt(bins.variances(x)),
}


def _measurement(name: str) -> None:
    @stands_for(MODULE, "input", name=name)
    def measurement(input: Any, labels: Any, index: Any) -> Any:
        x = input if hasattr(input, "dtype") else np.asarray(input)
        if np.ndim(index) and name in ("sum", "sum_labels", "mean", "variance", "standard_deviation"):
            x = as_double(x)  # SciPy counts with bins, of double precision
            if labels is not None:
                return _BY_BINS[name](Bins(np.shape(x), labels, index), x)
        return _measured(x, labels, index, _MEASURES[name])


for _name in _MEASURES:
    _measurement(_name)


@stands_for(MODULE, "input")
def extrema(input: Any, labels: Any, index: Any) -> Any:
    least, most = (_measured(input, labels, index, _MEASURES[name]) for name in ("minimum", "maximum"))
    places = ndimage.extrema(bare(input), labels, index)[2:]
    return (least, most, *places)


@stands_for(MODULE, "input")
def center_of_mass(input: Any, labels: Any, index: Any) -> Any:
    if labels is not None and np.ndim(index) == 1:
        bins = Bins(np.shape(input), labels, index)
        total = bins.sums(input)
        along = [np.ravel(bins.sums(input * place) / total) for place in np.indices(np.shape(input))]
        return list(zip(*along, strict=True))
    masks, shape = _parts(input, labels, index)
    found = []
    for mask in masks:
        part = input[mask]
        total = np.sum(part)
        found.append(tuple(np.sum(part * place) / total for place in np.nonzero(mask)))
    return found[0] if shape == () else found


constant(MODULE, "label", "maximum_position", "minimum_position", "find_objects", "histogram", "value_indices")
constant(MODULE, "binary_closing", "binary_dilation", "binary_erosion", "binary_fill_holes", "binary_hit_or_miss")
constant(MODULE, "binary_opening", "binary_propagation", "generate_binary_structure", "iterate_structure")
refuse(
    MODULE,
    "it looks at zeros and others alone, so that it is constant but for jumps; pass it bare values, as ga.asarray(x)",
    *("distance_transform_bf", "distance_transform_cdt", "watershed_ift"),
)
refuse(
    MODULE,
    "the function that it is given is called on buffers of SciPy's",
    *("generic_filter1d", "vectorized_filter", "generic_laplace", "generic_gradient_magnitude"),
)
