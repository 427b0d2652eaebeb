"""Windows that slide over the last axes of an array."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

import gradarray as ga

from ..calls import telling

Sizes = tuple[int, ...]


def sizes(value: Any, count: int, name: str, least: int = 1) -> Sizes:
    """Return one whole number for each of several axes, from one for all of them or from a sequence."""
    try:
        found = (operator.index(value),) * count
    except TypeError:
        try:
            found = tuple([operator.index(item) for item in value])
        except TypeError:
            raise TypeError(f"`{name}` must be a whole number or a sequence of them, got {value!r}") from None
    if len(found) != count or any(item < least for item in found):
        raise ValueError(f"`{name}` must be {count} number(s) of at least {least}, got {value!r}")
    return found


def places_in(window: Sizes, grid: Sizes, step: Sizes, dilation: Sizes) -> Iterator[tuple[Sizes, tuple[slice, ...]]]:
    """Return each place in a window, with the slices that have what all windows hold there."""
    for place in itertools.product(*map(range, window)):
        parts = zip(place, grid, step, dilation, strict=True)
        yield place, tuple([slice(i * d, i * d + (n - 1) * s + 1, s) for i, n, s, d in parts])


def _strides(x: Any, step: Sizes, dilation: Sizes) -> tuple[Sizes, Sizes, Sizes]:
    """Return the strides of the axes that stay, of those of a window, and of those of the grid."""
    rest = x.ndim - len(step)
    ends = x.strides[rest:]
    within = tuple([n * d for n, d in zip(ends, dilation, strict=True)])
    return x.strides[:rest], within, tuple([n * s for n, s in zip(ends, step, strict=True)])


def windows(x: Any, window: Sizes, grid: Sizes, step: Sizes, dilation: Sizes) -> Any:
    """Return a view of a plain array, of shape (axes that stay, window, grid)."""
    staying, within, between = _strides(x, step, dilation)
    shape = x.shape[: len(staying)] + window + grid
    return as_strided(x, shape, staying + within + between, writeable=False)


@ga.registry.primitive(views=True)
def _slid(x: Any, *, window: Sizes, step: Sizes, dilation: Sizes) -> Any:
    staying, within, between = _strides(x, step, dilation)
    sides = zip(x.shape[len(staying) :], window, step, dilation, strict=True)
    grid = tuple([(n - (w - 1) * d - 1) // s + 1 for n, w, s, d in sides])
    # In one step, of which NumPy knows what it is a view of.
    shape = grid + x.shape[: len(staying)] + window
    return as_strided(x, shape, between + staying + within, writeable=False)


@ga.registry.primitive
def _overlapped(y: Any, *, shape: Sizes, step: Sizes, dilation: Sizes) -> Any:
    """Return zeros of a shape to which each window is added where it stands."""
    k = len(step)
    total: Any = np.zeros(shape, y.dtype)
    ordered = y.transpose(*range(k, y.ndim), *range(k))  # (axes that stay, window, grid)
    for place, where in places_in(ordered.shape[-2 * k : -k], y.shape[:k], step, dilation):
        total[(..., *where)] += ordered[(..., *place, *[slice(None)] * k)]
    return total


ga.registry.linear(
    _slid,
    lambda g, x, *, window, step, dilation: _overlapped(g, shape=x.shape, step=step, dilation=dilation),
)
ga.registry.linear(
    _overlapped,
    lambda g, y, *, shape, step, dilation: _slid(g, window=y.shape[y.ndim - len(step) :], step=step, dilation=dilation),
)


@telling
def sliding_window_view(arr: Any, window_shape: Any, step: Any, dilation: Any = None) -> Any:
    """View an array through windows that slide over its last axes.

    Parameters
    ----------
    arr : array_like, shape (..., x, [...], z)
    window_shape : sequence of int
        The size of the window along each of the last axes.
    step : int or sequence of int
        By how much it slides along each of these.
    dilation : int or sequence of int, optional
        By how much the elements that a window holds are apart; 1 by default.

    Returns
    -------
    ndarray or Tensor
        Of shape ``(X, [...], Z, ..., Wx, [...], Wz)``, where X to Z is the grid of the places at which a window lies
        within the array: ``(x - (Wx - 1) * dilation - 1) // step + 1`` along each axis. It is a view that cannot be
        written into, and a Tensor if `arr` is one, differentiated as any view.

    Raises
    ------
    TypeError
        If an argument holds something else than whole numbers.
    ValueError
        If there are more of these than axes, one is not positive, or the window does not fit.

    See Also
    --------
    numpy.lib.stride_tricks.sliding_window_view : with steps of 1, over any axes, which come first

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> x = np.arange(36).reshape(6, 6)
    >>> y = ga.sliding_window_view(x, window_shape=(3, 2), step=(2, 2))
    >>> y.shape
    (2, 3, 3, 2)
    >>> y[1, 0]
    array([[12, 13],
           [18, 19],
           [24, 25]])
    """
    x = arr if hasattr(arr, "dtype") else np.asarray(arr)
    try:
        window = tuple([operator.index(size) for size in window_shape])
    except TypeError:
        raise TypeError(f"`window_shape` must be a sequence of positive whole numbers, got {window_shape!r}") from None
    if any(size < 1 for size in window):
        raise ValueError(f"`window_shape` must be a sequence of positive whole numbers, got {window_shape!r}")
    if len(window) > x.ndim:
        raise ValueError(f"`window_shape` {window} has more axes than the array, which has {x.ndim}")
    steps = sizes(step, len(window), "step")
    dilations = sizes(1 if dilation is None else dilation, len(window), "dilation")
    sides = x.shape[x.ndim - len(window) :]
    for n, w, d in zip(sides, window, dilations, strict=True):
        if (w - 1) * d + 1 > n or d > n:
            raise ValueError(f"a window of shape {window} with dilation {dilations} does not fit into {sides}")
    return _slid(x, window=window, step=steps, dilation=dilations)
