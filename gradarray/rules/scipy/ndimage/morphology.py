"""What is made of erosions and dilations, and of functions of the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage

from ....tape.wrapping import bare, has_variable
from ..declared import looking
from ..standing import stands_for
from .ends import MODULE, axes_of, extended, of_images, of_name, per_axis
from .orders import footprint_of

# --- erosions and dilations -------------------------------------------------------------------------------------------


def _made(name: str, combine: Callable[..., Any]) -> None:
    """Declare a function by what is combined of the image and of two functions of the same neighbours."""

    def body(input: Any, size: Any, footprint: Any, structure: Any, **how: Any) -> Any:
        def run(called: str, x: Any) -> Any:
            given = {key: value for key, value in how.items() if key != "axes" or value is not None}
            return of_name(called)(x, size=size, footprint=footprint, structure=structure, **given)

        return combine(input, lambda x: run("grey_erosion", x), lambda x: run("grey_dilation", x))

    body.__name__ = name
    of_images("input")(body)


_made("grey_opening", lambda x, erode, dilate: dilate(erode(x)))
_made("grey_closing", lambda x, erode, dilate: erode(dilate(x)))
_made("morphological_gradient", lambda x, erode, dilate: dilate(x) - erode(x))
_made("morphological_laplace", lambda x, erode, dilate: dilate(x) + erode(x) - 2 * x)
_made("white_tophat", lambda x, erode, dilate: x - dilate(erode(x)))
_made("black_tophat", lambda x, erode, dilate: erode(dilate(x)) - x)


# --- functions of the user's ------------------------------------------------------------------------------------------


def _needed(name: str, *given: Any) -> None:
    if any(callable(g) for g in given):
        return
    raise TypeError(f"scipy.ndimage.{name} of a variable needs a function")


def generic_filter(
    input: Any,
    function: Any,
    size: Any = None,
    footprint: Any = None,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    extra_arguments: Any = (),
    extra_keywords: Any = None,
    *,
    axes: Any = None,
) -> Any:
    """Return a function of the neighbours of each element, which is called for one after the other."""
    _needed("generic_filter", function)
    if output is not None:
        raise TypeError("scipy.ndimage.generic_filter in drop-in mode: output= is not known here")
    x = input if hasattr(input, "dtype") else np.asarray(input)
    shape, kept = np.shape(x), axes_of(axes, np.ndim(x))
    mask, _ = footprint_of(len(shape), size, footprint, None, axes)
    origins, modes = [0] * len(shape), ["reflect"] * len(shape)
    for axis, o, m in zip(kept, per_axis(origin, len(kept)), per_axis(mode, len(kept)), strict=True):
        origins[axis], modes[axis] = o, m
    margins = [(n // 2 + o, n - 1 - n // 2 - o) for n, o in zip(mask.shape, origins, strict=True)]
    whole = extended(x * 1.0, margins, modes, cval)
    near, keywords = np.nonzero(mask), extra_keywords or {}
    found = [
        function(whole[tuple([i + d for i, d in zip(place, near, strict=True)])], *extra_arguments, **keywords)
        for place in np.ndindex(*shape)
    ]
    result = np.reshape(np.stack(found), shape) if found else x * 1.0
    return result if has_variable(result) else np.asarray(result).astype(x.dtype)


def geometric_transform(
    input: Any,
    mapping: Any,
    output_shape: Any = None,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
    extra_arguments: Any = (),
    extra_keywords: Any = None,
) -> Any:
    """Return an image looked up at the places that a function tells, which is called for one after the other."""
    _needed("geometric_transform", mapping)
    shape = np.shape(input) if output_shape is None else tuple(output_shape)
    keywords = extra_keywords or {}
    rows = [np.stack([*mapping(place, *extra_arguments, **keywords)]) for place in np.ndindex(*shape)]
    places = np.reshape(np.stack(rows), (*shape, np.ndim(input)))
    how: dict[str, Any] = {"output": output, "order": order, "mode": mode, "cval": cval, "prefilter": prefilter}
    at = np.moveaxis(places, -1, 0)
    if has_variable((input, at, output)):
        return of_name("map_coordinates")(input, at, **how)
    return ndimage.map_coordinates(bare(input), bare(at), **how)


def labeled_comprehension(
    input: Any, labels: Any, index: Any, func: Any, out_dtype: Any, default: Any, pass_positions: bool = False
) -> Any:
    """Return a function of the elements of each part."""
    _needed("labeled_comprehension", func)
    x = input if hasattr(input, "dtype") else np.asarray(input)
    positions = np.reshape(np.arange(np.size(x)), np.shape(x))

    def call(mask: Any) -> Any:
        return func(x[mask], positions[mask]) if pass_positions else func(x[mask])

    if labels is None:
        found, shape = [call(np.ones(np.shape(x), bool))], ()
    else:
        labels = np.broadcast_to(labels, np.shape(x))
        masks = [labels > 0] if index is None else [labels == i for i in np.ravel(index)]
        found = [call(mask) if np.any(mask) else default for mask in masks]
        shape = () if index is None else np.shape(index)
    result = np.reshape(np.stack(found), shape) if shape else found[0]
    return result if has_variable(result) else np.asarray(result).astype(out_dtype)[()]


looking(MODULE, generic_filter, geometric_transform, labeled_comprehension)

# --- distances, by how far the elements are apart ---------------------------------------------------------------------


@stands_for(MODULE, "sampling")
def distance_transform_edt(
    input: Any, sampling: Any, return_distances: bool, return_indices: bool, distances: Any, indices: Any
) -> Any:
    if distances is not None or indices is not None:
        raise TypeError(
            "scipy.ndimage.distance_transform_edt of a variable: distances= and indices= are not known here"
        )
    count = np.ndim(input)
    step = np.reshape(sampling, -1) * np.ones(count)
    nearest = ndimage.distance_transform_edt(input, bare(step).tolist(), return_distances=False, return_indices=True)
    apart = np.moveaxis(np.indices(np.shape(input)) - nearest, 0, -1)
    here = ~np.any(apart, axis=-1)
    squared = np.sum((apart * step) ** 2, axis=-1)
    found = np.where(here, 0.0, np.sqrt(np.where(here, 1.0, squared)))
    both = [part for part, wanted in ((found, return_distances), (nearest, return_indices)) if wanted]
    return both[0] if len(both) == 1 else tuple(both)
