"""Convolution over any number of axes.

With x of shape (N, C, X...), w of shape (F, C, W...) and y of shape (N, F, G...), one sum of products of all three is
linear in each. What multiplies y in it is the convolution, what multiplies x or w is what comes back to these; and so
the derivatives of each of the three are the other two. All are products of matrices: x is laid out as columns, one
for each place of the filter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

import gradarray as ga

from ..calls import called, operand, telling
from .utils import Sizes, places_in, sizes, windows

# How many elements are laid out as columns at a time, so that they stay in the cache.
_COLUMNS = 2**17


def _grid(x: Sizes, w: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """Return the shape of the places of a filter, which must fill the padded data."""
    grid = []
    for n, size, s, p, d in zip(x, w, stride, padding, dilation, strict=True):
        last, rest = divmod(n + 2 * p - (size - 1) * d - 1, s)
        if last < 0 or rest or not size:
            raise ValueError(
                f"a filter of shape {w} does not fill data of shape {x} with stride {stride}, padding {padding} and "
                f"dilation {dilation}"
            )
        grid.append(last + 1)
    return tuple(grid)


def _parts(count: int, size: int) -> Iterator[slice]:
    """Return slices of the batch, whose columns are `size` elements for each datum."""
    several = max(1, _COLUMNS // max(1, size))
    for start in range(0, count, several):
        yield slice(start, min(start + several, count))


def _inner(shape: Sizes, padding: Sizes) -> tuple[Any, ...]:
    """Return the index of the data within padded ones."""
    return (..., *[slice(p, p + n) for n, p in zip(shape, padding, strict=True)])


def _padded_shape(shape: Sizes, padding: Sizes) -> Sizes:
    return tuple([n + 2 * p for n, p in zip(shape, padding, strict=True)])


def _columns(x: Any, w: Sizes, grid: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Iterator[Any]:
    """Return slices of the batch with their columns, of shape (C * W..., n * G...)."""
    sides = x.shape[2:]
    x = x.swapaxes(0, 1)  # (C, N, X...)
    k = len(w)
    for part in _parts(x.shape[1], x.shape[0] * math.prod(w + grid)):
        some = x[:, part]
        if any(padding):
            data = np.zeros(some.shape[:2] + _padded_shape(sides, padding), x.dtype)
            data[_inner(sides, padding)] = some
            some = data
        view = windows(some, w, grid, stride, dilation).transpose(0, *range(2, 2 + k), 1, *range(2 + k, 2 + 2 * k))
        yield part, view.reshape(len(x) * math.prod(w), some.shape[1] * math.prod(grid))


def _channels_first(g: Any) -> Any:
    """Return what has shape (n, F, G...) as (F, n * G...)."""
    return g.swapaxes(0, 1).reshape(g.shape[1], len(g) * math.prod(g.shape[2:]))


def _rows(w: Any) -> Any:
    """Return one row for each filter."""
    return w.reshape(len(w), math.prod(w.shape[1:]))


@ga.registry.primitive
def _convolved(x: Any, w: Any, *, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    grid = _grid(x.shape[2:], w.shape[2:], stride, padding, dilation)
    ans = np.empty((len(x), len(w), *grid), np.result_type(x, w))
    rows = _rows(w)
    for part, columns in _columns(x, w.shape[2:], grid, stride, padding, dilation):
        ans[part] = (rows @ columns).reshape(len(w), part.stop - part.start, *grid).swapaxes(0, 1)
    return ans


@ga.registry.primitive
def _to_data(y: Any, w: Any, *, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    sides, window, grid = shape[2:], w.shape[2:], y.shape[2:]
    ans = np.empty(shape, np.result_type(y, w))
    rows = _rows(w).T
    for part in _parts(len(y), shape[1] * math.prod(window + grid)):
        count = part.stop - part.start
        columns = (rows @ _channels_first(y[part])).reshape(shape[1], *window, count, *grid)
        total: Any = np.zeros((shape[1], count, *_padded_shape(sides, padding)), ans.dtype)
        for place, where in places_in(window, grid, stride, dilation):
            total[(..., *where)] += columns[(slice(None), *place)]
        ans[part] = total[_inner(sides, padding)].swapaxes(0, 1)
    return ans


@ga.registry.primitive
def _to_filters(y: Any, x: Any, *, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    ans = np.zeros((shape[0], math.prod(shape[1:])), np.result_type(y, x))
    for part, columns in _columns(x, shape[2:], y.shape[2:], stride, padding, dilation):
        ans += _channels_first(y[part]) @ columns.T
    return ans.reshape(shape)


ga.registry.bilinear(
    _convolved,
    lambda g, _x, w, *, stride, padding, dilation: _to_data(
        g, w, shape=_x.shape, stride=stride, padding=padding, dilation=dilation
    ),
    lambda g, x, _w, *, stride, padding, dilation: _to_filters(
        g, x, shape=_w.shape, stride=stride, padding=padding, dilation=dilation
    ),
)
ga.registry.bilinear(
    _to_data,
    lambda g, _y, w, *, shape, stride, padding, dilation: _convolved(
        g, w, stride=stride, padding=padding, dilation=dilation
    ),
    lambda g, y, _w, *, shape, stride, padding, dilation: _to_filters(
        y, g, shape=_w.shape, stride=stride, padding=padding, dilation=dilation
    ),
)
ga.registry.bilinear(
    _to_filters,
    lambda g, _y, x, *, shape, stride, padding, dilation: _convolved(
        x, g, stride=stride, padding=padding, dilation=dilation
    ),
    lambda g, y, _x, *, shape, stride, padding, dilation: _to_data(
        y, g, shape=_x.shape, stride=stride, padding=padding, dilation=dilation
    ),
)


@telling
def conv_nd(
    x: Any, filter_bank: Any, *, stride: Any, padding: Any = 0, dilation: Any = 1, constant: bool | None = None
) -> ga.Tensor:
    """Convolve a batch of data with filters, as neural networks do, over any number of axes.

    Parameters
    ----------
    x : array_like, shape (N, C, X0, ...)
        N data of C channels.
    filter_bank : array_like, shape (F, C, W0, ...)
        F filters of as many channels.
    stride : int or tuple of int
        By how much a filter moves along each axis.
    padding : int or tuple of int
        How many zeros are put at both ends of each axis.
    dilation : int or tuple of int
        By how much the data are apart that neighbours in a filter meet.
    constant : bool, optional
        Whether the result is a constant; by default it is if the arguments are.

    Returns
    -------
    Tensor
        Of shape (N, F, G0, ...), where the last ones are the grid of the places of a filter,
        ``(X + 2 * padding - (W - 1) * dilation - 1) / stride + 1`` along each axis. The filters are not turned round:
        each element is the sum of a filter times the data that it lies on.

    Raises
    ------
    TypeError
        If `stride`, `padding` or `dilation` hold something else than whole numbers.
    ValueError
        If the shapes do not fit, or the grid would not have a whole, positive number of places.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> x = ga.tensor(np.zeros((1, 1, 8)))
    >>> x[..., 3:6] = 1
    >>> kernel = ga.tensor(np.ones((1, 1, 3)))
    >>> y = ga.nnet.conv_nd(x, kernel, stride=1)
    >>> y
    Tensor([[[0., 1., 2., 3., 2., 1.]]])
    >>> y.backward()
    >>> kernel.grad
    array([[[3., 3., 3.]]])

    Ten images of three colours, and five filters of 2 by 2 that do not overlap:

    >>> images, kernels = np.ones((10, 3, 32, 32)), np.ones((5, 3, 2, 2))
    >>> ga.nnet.conv_nd(images, kernels, stride=2).shape
    (10, 5, 16, 16)
    """
    x, w = (operand(value, name, "fiubc") for value, name in ((x, "x"), (filter_bank, "filter_bank")))
    if x.ndim < 3:
        raise ValueError(f"`x` must have at least three axes, (N, C, X0, ...), got {x.shape}")
    if x.ndim != w.ndim:
        raise ValueError(f"`filter_bank` must have as many axes as `x`, got {w.shape} for {x.shape}")
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"`filter_bank` must have as many channels as `x`, got {w.shape[1]} for {x.shape[1]}")
    k = x.ndim - 2
    options = {
        "stride": sizes(stride, k, "stride"),
        "padding": sizes(padding, k, "padding", least=0),
        "dilation": sizes(dilation, k, "dilation"),
    }
    _grid(x.shape[2:], w.shape[2:], **options)
    return called(_convolved, x, w, constant=constant, **options)
