"""Filters by the order of the values: each result is an element of the image, whose place is found."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from ....tape.wrapping import bare
from ...registry import nondifferentiable
from ..values import as_precise, from_library
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


def _picked(x: Any, value: Any, mask: Any, added: Any, modes: Any, cval: Any, origins: Any, extreme: Any = None) -> Any:
    """Return the elements of which the values are, each the first among those that are equal to it."""
    shape = np.shape(x)
    margins = [(n // 2 + o, n - 1 - n // 2 - o) for n, o in zip(mask.shape, origins, strict=True)]
    around = Neighbours(mask, added, tuple(margins), tuple(modes), cval, extreme)
    which = nearest(bare(x), bare(value), around=around)
    # Of each element of the whole with its ends: where it stands in the image, or that it is the constant.
    places = _places(shape, around.margins, around.modes)
    corners, steps = (_places_in(places.shape, sizes) for sizes in (shape, mask.shape))
    found = np.ravel(places).take(corners + np.ravel(steps).take(which))
    picked = np.reshape(x, -1)[np.reshape(np.maximum(found, 0) if _constant_stands(modes) else found, -1)]
    picked = np.reshape(picked, shape)
    if _constant_stands(modes):
        picked = np.where(found < 0, cval, picked)
    return as_precise(picked + np.ravel(added)[which], x) if added.any() else picked


@functools.lru_cache(maxsize=4)
def _places(shape: tuple[int, ...], margins: tuple[tuple[int, int], ...], modes: tuple[str, ...]) -> Any:
    return extended(np.reshape(np.arange(math.prod(shape)), shape), margins, modes, -1)


def _places_in(shape: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    """Return where the elements of a part of an array stand, which begins where that does."""
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    lines = [np.arange(n) * stride for n, stride in zip(sizes, strides, strict=True)]
    return functools.reduce(np.add.outer, lines) if lines else np.zeros((), int)


class Neighbours(NamedTuple):
    """Which neighbours of each element take part in a filter, what is added to each, and how an image goes on.

    `extreme` is np.minimum or np.maximum where the results are those of the neighbours.
    """

    mask: Any
    added: Any
    margins: tuple[tuple[int, int], ...]
    modes: tuple[str, ...]
    cval: Any
    extreme: Any = None


def _constant_stands(modes: Any) -> bool:
    """Tell whether an image goes on by a constant somewhere."""
    return any(mode in ("constant", "grid-constant") for mode in modes)


@from_library
def nearest(x: Any, value: Any, *, around: Neighbours) -> Any:
    """Return which one of the neighbours, counted in C order, is equal to a value, or nearest to it; the first one."""
    mask, added, margins, modes, cval, extreme = around
    whole = extended(x, margins, modes, cval)
    if extreme is not None and mask.all() and not added.any():
        which = _of_extremes(whole, np.shape(x), mask.shape, extreme)
        if which is not None:
            return which
    offsets, shifts = np.flatnonzero(mask)[::-1].tolist(), np.ravel(added)
    # The greatest number that is written stands for the first one. Of as few bytes as there need be, and without a mask
    # to write by, it takes a fifth of the time.
    kind = np.min_scalar_type(mask.size)
    rank = np.zeros(np.shape(x), kind)
    for offset in offsets:
        part = _neighbour(whole, offset, mask.shape, np.shape(x))
        equal = np.equal(part + shifts[offset] if shifts[offset] else part, value)
        np.maximum(rank, _times(equal, kind.type(mask.size - offset)), out=rank)
    if rank.all():
        return mask.size - rank.astype(np.intp)
    least = np.full(np.shape(x), np.inf)  # what is added was rounded, or there are NaNs
    found = np.zeros(np.shape(x), np.intp)
    for offset in offsets:
        part = _neighbour(whole, offset, mask.shape, np.shape(x))
        apart = np.abs(part + shifts[offset] - value)
        closer = (apart <= least) | (np.isnan(part) & np.isnan(value))
        np.copyto(found, offset, where=closer)
        np.copyto(least, apart, where=closer)
    return found


nondifferentiable(nearest)


def _of_extremes(whole: Any, shape: tuple[int, ...], sizes: tuple[int, ...], extreme: Any) -> Any:
    """Return the same of the extremes of boxes: of those along the last axis, along the one before it, and so on.

    All is done in one row, at whose turns boxes reach from one line to the next: these are left out in the end. None
    stands for it where there are NaNs.
    """
    found: list[Any] = []  # along the axes that have been gone along
    axes = [axis for axis, size in enumerate(sizes) if size > 1]
    best = np.reshape(whole, -1)
    for axis in reversed(axes):
        size, stride = sizes[axis], math.prod(whole.shape[axis + 1 :])
        n = len(best) - (size - 1) * stride
        parts = [best[i * stride : i * stride + n] for i in range(size)]
        best = parts[0].copy()
        for part in parts[1:]:
            extreme(best, part, out=best)
        kind = np.min_scalar_type(size)
        rank = np.zeros(n, kind)
        for i, part in enumerate(parts):
            np.maximum(rank, _times(np.equal(part, best), kind.type(size - i)), out=rank)
        if not rank.all():
            return None
        which = size - rank.astype(np.intp)
        if found:
            # Where each stands among those before, and of the first one of the best.
            place = np.arange(n) + which * stride
            found = [each.take(place) for each in found]
        found.insert(0, which)
    corners = _places_in(whole.shape, shape)
    if not axes:
        return np.zeros(shape, np.intp)
    total = found[0].take(corners)
    for each, axis in zip(found[1:], axes[1:], strict=True):
        total = total * sizes[axis] + each.take(corners)
    return total


def _times(truth: Any, number: Any) -> Any:
    """Return a number where something is true, and 0 elsewhere; of one byte that is a product of bytes as they are."""
    if type(truth) is np.ndarray and number.itemsize == 1:
        return truth.view(np.uint8) * number
    return np.multiply(truth, number, dtype=number.dtype)


def _neighbour(whole: Any, offset: Any, sizes: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Return for each element one of its neighbours."""
    starts = np.unravel_index(offset, sizes)
    return whole[tuple([slice(int(i), int(i) + n) for i, n in zip(starts, shape, strict=True)])]


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
        return _picked(input, value, mask, sign * added, modes, cval, origins, np.minimum if sign < 0 else np.maximum)

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
        extreme = np.minimum if name == "minimum_filter1d" else np.maximum
        return _picked(input, value, mask, np.zeros(mask.shape), [mode] * count, cval, origins, extreme)

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
