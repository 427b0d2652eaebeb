"""Filters of images that are signals in a plane: by order, by local means, and to analytic ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..ndimage.ends import of_name
from ..standing import Operator, stands_for
from .convolutions import correlate

MODULE = "scipy.signal"


@stands_for(MODULE, "x")
def hilbert2(x: Any, N: Any, axes: Any = (-2, -1)) -> Any:
    shape = np.shape(x)
    kept = tuple(axis % len(shape) for axis in axes)
    sizes = tuple(shape[axis] for axis in kept) if N is None else (N, N) if np.ndim(N) == 0 else tuple(N)

    def pull(g: Any) -> Any:
        spectrum = np.fft.fft2(g, axes=kept)
        for axis, n in zip(kept, sizes, strict=True):
            weights = np.zeros(n)
            weights[: (n + 1) // 2] = 2.0
            weights[0] = 1.0
            if n == 1:
                weights[:] = 0.0 if (n + 1) // 2 == 0 else 1.0
            spectrum = spectrum * weights.reshape(-1, *(1,) * (len(shape) - 1 - axis))
        whole = np.real(np.fft.ifft2(spectrum, axes=kept))
        cut = whole[tuple(slice(shape[i]) if i in kept else slice(None) for i in range(len(shape)))]
        return np.pad(cut, [(0, shape[i] - cut.shape[i]) for i in range(len(shape))])

    more = {} if tuple(axes) == (-2, -1) else {"axes": axes}  # which versions before 1.16 do not have
    return Operator(lambda x: signal.hilbert2(x, N, **more), pull)(x)


# --- by the order of the values: the place of the one that stands there -----------------------------------------------


@stands_for(MODULE, "volume")
def medfilt(volume: Any, kernel_size: Any) -> Any:
    return _median(volume, kernel_size, signal.medfilt)


@stands_for(MODULE, "input")
def medfilt2d(input: Any, kernel_size: Any) -> Any:
    return _median(input, kernel_size, signal.medfilt2d)


def _median(x: Any, kernel_size: Any, library: Any) -> Any:
    values = bare(x)
    shape = np.shape(values)
    value = library(values, kernel_size)
    sizes = [3] * len(shape) if kernel_size is None else np.broadcast_to(kernel_size, len(shape)).tolist()
    padded = np.pad(x, [(n // 2, n // 2) for n in sizes])
    windows = np.lib.stride_tricks.sliding_window_view(bare(padded), sizes)
    flat = np.reshape(windows, (*shape, -1))
    which = np.argmax(flat == np.asarray(value)[..., None], axis=-1)
    places = [np.arange(n).reshape(-1, *(1,) * (len(shape) - 1 - i)) for i, n in enumerate(shape)]
    offsets = np.unravel_index(which, sizes)
    return padded[tuple(p + o for p, o in zip(places, offsets, strict=True))]


@stands_for(MODULE, "im")
def wiener(im: Any, mysize: Any, noise: Any) -> Any:
    sizes = [3] * np.ndim(im) if mysize is None else [mysize] * np.ndim(im) if np.ndim(mysize) == 0 else list(mysize)
    ones, count = np.ones(sizes), float(math.prod(sizes))
    mean = correlate(im, ones, "same") / count
    variance = correlate(im**2, ones, "same") / count - mean**2
    level = np.mean(variance) if noise is None else noise
    found = (im - mean) * (1 - level / variance) + mean
    return np.where(bare(variance) < bare(level), mean, found)


@stands_for(MODULE, "a")
def order_filter(a: Any, domain: Any, rank: Any) -> Any:
    signal.order_filter(bare(a), domain, rank)  # SciPy's own errors
    return of_name("rank_filter")(a, rank, footprint=domain, mode="constant")
