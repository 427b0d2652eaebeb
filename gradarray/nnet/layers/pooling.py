"""Pooling: the largest element of each window."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

import gradarray as ga

from ..calls import called, operand, telling
from .utils import Sizes, places_in, sizes, windows

# With more elements in a window it is sooner laid out by itself than gone through place by place.
_FEW = 32


def _largest(x: Any, pool: Sizes, grid: Sizes, stride: Sizes) -> Any:
    """Return the place in its window, counted in C order, of the first largest element, or of the first NaN."""
    ones = (1,) * len(pool)
    if math.prod(pool) > _FEW:
        view = windows(x, pool, grid, stride, ones)
        k = len(pool)
        rest = x.ndim - k
        ordered = view.transpose(*range(rest), *range(rest + k, rest + 2 * k), *range(rest, rest + k))
        return ordered.reshape(*ordered.shape[: rest + k], math.prod(pool)).argmax(-1)
    found: Any = None
    best: Any = None
    for i, (_, where) in enumerate(places_in(pool, grid, stride, ones)):
        value = x[(..., *where)]
        if best is None:
            found, best = np.zeros(value.shape, np.int8), value
            continue
        better = value <= best
        np.logical_not(better, out=better)
        better &= best == best
        np.maximum(found, better.view(np.int8) * np.int8(i), out=found)
        best = np.maximum(best, value)
    return found


@ga.registry.primitive
def _picked(x: Any, *, index: Any, several: bool) -> Any:
    """Return the elements at an index that counts all of them."""
    return x.reshape(-1)[index]


@ga.registry.primitive
def _placed(y: Any, *, index: Any, shape: Sizes, several: bool) -> Any:
    """Return zeros of a shape, to which `y` is added at such an index; `several` times at an element where so said."""
    total = np.zeros(math.prod(shape), y.dtype)
    if several:
        np.add.at(total, index.reshape(-1), y.reshape(-1))
    else:
        total[index] = y
    return total.reshape(shape)


ga.registry.linear(_picked, lambda g, x, *, index, several: _placed(g, index=index, shape=x.shape, several=several))
ga.registry.linear(_placed, lambda g, _y, *, index, shape, several: _picked(g, index=index, several=several))


@telling
def max_pool(x: Any, pool: Any, stride: Any, *, constant: bool | None = None) -> ga.Tensor:
    """Take the largest element of each window that slides over the last axes.

    Parameters
    ----------
    x : array_like, shape (..., X0, ...)
        Real numbers.
    pool : sequence of int
        The size of the window along each of the last axes; all axes before them stay.
    stride : int or tuple of int
        By how much it slides along each of these.
    constant : bool, optional
        Whether the result is a constant; by default it is if `x` is.

    Returns
    -------
    Tensor
        Of shape (..., G0, ...), where the last ones are the grid of the places of the window,
        ``(X - pool) / stride + 1`` along each axis. Of equal elements the first one takes the derivative.

    Raises
    ------
    TypeError
        If `pool` or `stride` hold something else than whole numbers.
    ValueError
        If there are more of these than axes, or the grid would not have a whole, positive number of places.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor([[0.0, 10.0, 8.0], [2.0, 7.0, 3.0], [5.0, 7.0, 20.0]])
    >>> y = ga.nnet.max_pool(x, pool=(2, 2), stride=1)
    >>> y
    Tensor([[10., 10.],
            [ 7., 20.]])
    >>> y.backward()
    >>> x.grad
    array([[0., 2., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    x = operand(x)
    try:
        pool = tuple([operator.index(size) for size in pool])
    except TypeError:
        raise TypeError(f"`pool` must be a sequence of whole numbers, got {pool!r}") from None
    if not 0 < len(pool) <= x.ndim or any(size < 1 for size in pool):
        raise ValueError(f"`pool` must have one positive number for each of the last axes of {x.shape}, got {pool}")
    stride = sizes(stride, len(pool), "stride")
    rest = x.ndim - len(pool)
    sides, grid = x.shape[rest:], []
    for n, p, s in zip(sides, pool, stride, strict=True):
        last, over = divmod(n - p, s)
        if last < 0 or over:
            raise ValueError(f"windows of shape {pool} with stride {stride} do not fill data of shape {sides}")
        grid.append(last + 1)
    found = _largest(ga.asarray(x), pool, tuple(grid), stride)
    inner = np.arange(math.prod(sides)).reshape(sides)
    # Where each window starts, and how far from there its places are, in the last axes counted as one.
    starts = inner[tuple([slice(None, (n - 1) * s + 1, s) for n, s in zip(grid, stride, strict=True)])]
    offsets = inner[tuple([slice(p) for p in pool])].reshape(-1)
    index = offsets[found]
    index += starts
    index += (np.arange(math.prod(x.shape[:rest])) * inner.size).reshape(*x.shape[:rest], *[1] * len(pool))
    several = any(s < p for s, p in zip(stride, pool, strict=True))
    return called(_picked, x, index=index, several=several, constant=constant)
