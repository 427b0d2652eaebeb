"""What is linear in a signal and works along an axis, so that a matrix tells its transpose; and filters by order."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare, has_variable
from ..ndimage.ends import of_name
from ..standing import Operator, along, refuse, stands_for
from .convolutions import convolve, correlate

MODULE = "scipy.signal"


def _along(name: str, operand: str = "x", scale: tuple[str, str] | None = None) -> None:
    """Declare a function that is linear in a parameter, along the axis that it is told.

    Of `scale` the first parameter is a distance, and the second one the power of it by which the result is divided.
    """
    library: Any = getattr(signal, name, None)

    @stands_for(MODULE, operand, *(scale or ())[:1], name=name)
    def call(**arguments: Any) -> Any:
        x = arguments.pop(operand)
        arguments.pop("overwrite_data", None)
        if scale and has_variable(arguments[scale[0]]):
            by = arguments[scale[0]] ** -float(arguments[scale[1]])
            return call(**{**arguments, operand: x, scale[0]: 1.0}) * by
        if name in _NONLINEAR and (reason := _NONLINEAR[name](arguments)):
            raise TypeError(f"scipy.signal.{name} of a variable has no derivative here: {reason}")
        axis = int(arguments["axis"]) % max(np.ndim(x), 1)
        cval = arguments.get("cval")
        plain = {**arguments, "cval": type(cval)(0)} if cval else arguments
        matrix = {**plain, "axis": 0}
        pull = along(lambda one: library(one, **matrix), np.shape(x)[axis], axis)
        op = Operator(
            lambda x: library(x, **plain),
            pull if np.iscomplexobj(x) else lambda g: np.real(pull(g)),
            (lambda x: library(x, **arguments)) if cval else None,
        )
        return op(x if hasattr(x, "dtype") and x.dtype.kind in "fc" else np.asarray(x) * 1.0)


_NONLINEAR: dict[str, Callable[[Any], str]] = {
    "resample_poly": lambda a: (
        f"padtype={a['padtype']!r} is not linear" if a["padtype"] in ("median", "minimum", "maximum") else ""
    ),
    "resample": lambda a: "t= is not known here" if a["t"] is not None else "",
}
_along("savgol_filter", scale=("delta", "deriv"))
for _name in ("resample", "resample_poly", "decimate", "hilbert", "czt", "zoom_fft"):
    _along(_name)
_along("detrend", "data")


@stands_for(MODULE, "h", "x")
def upfirdn(h: Any, x: Any, up: int, down: int, axis: int, mode: Any, cval: Any) -> Any:
    call: Any = signal.upfirdn
    axis = axis % np.ndim(x)
    if has_variable(h):
        if mode not in ("constant", None) or cval:
            raise TypeError(f"scipy.signal.upfirdn of a variable has no derivative by h with mode={mode!r} or cval")
        return _between(h, x, up, axis)[(slice(None),) * axis + (slice(None, None, down),)]
    h = bare(h)
    pull = along(lambda one: call(h, one, up, down, 0, mode, 0), np.shape(x)[axis], axis)
    return Operator(
        lambda x: call(h, x, up, down, axis, mode, 0),
        pull if np.iscomplexobj(x) else lambda g: np.real(pull(g)),
        (lambda x: call(h, x, up, down, axis, mode, cval)) if cval else None,
    )(x)


def _between(h: Any, x: Any, up: int, axis: int) -> Any:
    """Return a signal with zeros between its elements, filtered."""
    n = np.shape(x)[axis]
    apart = np.stack([x, *[np.zeros(np.shape(x))] * (up - 1)], axis=axis + 1)
    shape = (*np.shape(x)[:axis], n * up, *np.shape(x)[axis + 1 :])
    stuffed = np.reshape(apart, shape)[(slice(None),) * axis + (slice(0, (n - 1) * up + 1),)]
    return convolve(stuffed, np.reshape(h, [-1 if i == axis else 1 for i in range(np.ndim(x))]))


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


refuse(
    MODULE,
    "it chooses or sorts by a search",
    "invres",
    "invresz",
    "remez",
    "place_poles",
    "unique_roots",
    "residue",
    "residuez",
)
