"""Filters by the order of the values: each result is an element of the image, whose place is found."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from ....tape.wrapping import bare
from ..values import as_precise
from .ends import axes_of, extended, of_images, per_axis


def footprint_of(count: int, size: Any, footprint: Any, structure: Any, axes: Any) -> tuple[Any, Any]:
    """Return which neighbours take part, and what is added to each."""
    kept = axes_of(axes, count)
    if structure is not None:
        mask = np.ones(np.shape(structure), bool) if footprint is None else np.asarray(footprint, bool)
        added = np.asarray(structure, float)
    else:
        mask = np.ones(per_axis(size, len(kept)), bool) if footprint is None else np.asarray(footprint, bool)
        added = np.zeros(mask.shape)
    shape = [1] * count
    for axis, n in zip(kept, mask.shape, strict=True):
        shape[axis] = n
    return np.reshape(mask, shape), np.reshape(added, shape)


def _picked(x: Any, value: Any, mask: Any, added: Any, modes: Any, cval: Any, origins: Any) -> Any:
    """Return the elements of which the values are, each the first among those that are equal to it."""
    shape, sizes = np.shape(x), mask.shape
    margins = [(n // 2 + o, n - 1 - n // 2 - o) for n, o in zip(sizes, origins, strict=True)]
    whole = extended(x, margins, modes, cval)
    windows = np.lib.stride_tricks.sliding_window_view(bare(whole), sizes) + added
    found = np.reshape(
        np.where(mask, np.abs(windows - np.reshape(value, shape + (1,) * len(shape))), np.inf), (*shape, -1)
    )
    offsets = np.unravel_index(np.argmin(found, axis=-1), sizes)
    places = np.indices(shape)
    picked = whole[tuple(p + o for p, o in zip(places, offsets, strict=True))]
    return as_precise(picked + added[offsets], x) if added.any() else picked


def _extreme(name: str, sign: int) -> None:
    library = getattr(ndimage, name)
    grey = name.startswith("grey")

    def body(
        input: Any,
        size: Any,
        footprint: Any,
        mode: Any,
        cval: Any,
        origin: Any,
        structure: Any = None,
        axes: Any = None,
    ) -> Any:
        count = np.ndim(input)
        kept = axes_of(axes, count)
        more = {} if axes is None else {"axes": axes}
        if grey:
            more["structure"] = structure
        value = library(bare(input), size, footprint, mode=mode, cval=cval, origin=origin, **more)
        mask, added = footprint_of(count, size, footprint, structure, axes)
        origins, modes = [0] * count, ["reflect"] * count
        for axis, o, m in zip(kept, per_axis(origin, len(kept)), per_axis(mode, len(kept)), strict=True):
            origins[axis], modes[axis] = o, m
        if name == "grey_dilation":  # looks at the neighbours from the other side
            mask, added = np.flip(mask), np.flip(added)
            origins = [-o - (n % 2 == 0) for o, n in zip(origins, mask.shape, strict=True)]
        return _picked(input, value, mask, sign * added, modes, cval, origins)

    body.__name__ = name
    of_images("input")(body)


_extreme("minimum_filter", -1)
_extreme("maximum_filter", 1)
_extreme("grey_erosion", -1)
_extreme("grey_dilation", 1)


def _along(name: str) -> None:
    library = getattr(ndimage, name)

    def body(input: Any, size: int, axis: int, mode: str, cval: Any, origin: int) -> Any:
        count = np.ndim(input)
        axis = axis % count
        value = library(bare(input), size, axis, None, mode, cval, origin)
        mask = np.ones([size if i == axis else 1 for i in range(count)], bool)
        origins = [origin if i == axis else 0 for i in range(count)]
        return _picked(input, value, mask, np.zeros(mask.shape), [mode] * count, cval, origins)

    body.__name__ = name
    of_images("input")(body)


_along("minimum_filter1d")
_along("maximum_filter1d")


def _ranked(name: str, *leading: str) -> None:
    library = getattr(ndimage, name)

    def body(input: Any, size: Any, footprint: Any, mode: Any, cval: Any, origin: Any, **others: Any) -> Any:
        count, axes = np.ndim(input), others.pop("axes", None)
        kept = axes_of(axes, count)
        more = others if axes is None else {**others, "axes": axes}
        options = {"size": size, "footprint": footprint, "mode": mode, "cval": cval, "origin": origin}
        value = library(bare(input), **more, **options)
        mask, added = footprint_of(count, size, footprint, None, axes)
        origins, modes = [0] * count, ["reflect"] * count
        for axis, o, m in zip(kept, per_axis(origin, len(kept)), per_axis(mode, len(kept)), strict=True):
            origins[axis], modes[axis] = o, m
        return _picked(input, value, mask, added, modes, cval, origins)

    body.__name__ = name
    of_images("input")(body)


_ranked("median_filter")
_ranked("percentile_filter")
_ranked("rank_filter")
