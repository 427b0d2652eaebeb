"""What the functions of images have in common: arrays that go on at their ends, and results in arrays of a caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from ..declared import FUNCTIONS
from ..standing import stands_for

MODULE = "scipy.ndimage"
_PADDED = {"reflect": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap"}
_PADDED |= {"grid-mirror": "symmetric", "grid-wrap": "wrap"}


def of_name(name: str) -> Callable[..., Any]:
    """Return what stands in for a function of images."""
    return FUNCTIONS[MODULE][name]


def extended(x: Any, margins: Sequence[tuple[int, int]], modes: Sequence[str], cval: Any) -> Any:
    """Return an array that goes on at the ends of each axis."""
    for axis, (margin, mode) in enumerate(zip(margins, modes, strict=True)):
        if not any(margin):
            continue
        pads = [margin if i == axis else (0, 0) for i in range(np.ndim(x))]
        options: Any = {"mode": _PADDED[mode]} if mode in _PADDED else {"constant_values": cval}
        x = np.pad(x, pads, **options)
    return x


def beyond(n: int, left: int, right: int, mode: str) -> Any:
    """Return which element of an axis, with its ends, is made of which one of it."""
    return np.pad(np.arange(n), (left, right), mode=_PADDED[mode])  # type: ignore[call-overload]


def folded(g: Any, margins: Sequence[tuple[int, int]], modes: Sequence[str]) -> Any:
    """Return the transpose: what is at the ends is added to the elements that it is made of."""
    for axis, ((left, right), mode) in enumerate(zip(margins, modes, strict=True)):
        if not left and not right:
            continue
        whole = np.moveaxis(g, axis, 0)
        n = len(whole) - left - right
        inner = whole[left : left + n].copy()
        if mode in _PADDED and n:
            places = beyond(n, left, right, mode)
            for i in (*range(left), *range(left + n, len(whole))):
                inner[places[i]] += whole[i]
        g = np.moveaxis(inner, 0, axis)
    return g


def of_images(*by: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a body whose result is written into `output`, or has its dtype, where the call asks for that."""

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(body)
        def call(*, output: Any, **arguments: Any) -> Any:
            image = arguments["input"]
            arguments["input"] = image = image if hasattr(image, "dtype") else np.asarray(image)
            if image.dtype.kind not in "fc":
                raise TypeError(
                    f"scipy.ndimage.{body.__name__} of whole numbers has whole numbers as its result, which have no "
                    "derivative: give it floating-point numbers, as with .astype(float)"
                )
            found = body(**arguments)
            if output is None:
                return found
            if hasattr(output, "__setitem__"):
                output[...] = found
                return output
            kind = np.dtype(output)  # of complex numbers SciPy keeps both parts
            return (
                found if kind == found.dtype or (found.dtype.kind == "c" and kind.kind == "f") else found.astype(kind)
            )

        del call.__wrapped__
        return stands_for(MODULE, *by, "output", name=body.__name__)(call)

    return declare


def per_axis(value: Any, count: int) -> list[Any]:
    """Return what is given for each axis, or for all of them."""
    if isinstance(value, (list, tuple)):
        return list(value)
    return [value] * count if isinstance(value, str) or np.ndim(value) == 0 else list(value)


def axes_of(axes: Any, ndim: int) -> list[int]:
    if axes is None:
        return list(range(ndim))
    return [int(axis) % ndim for axis in np.ravel(axes)]
