"""Discrete Fourier transforms: numpy.fft. All of them are linear.

The adjoint of a transform is the one in the other direction, with the scale factor moved to where the first one has
none; a transform of real numbers also drops half of a spectrum that is symmetric, and its adjoint counts what is left
once or twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec
from ..registry import composite, linear

# The same scale factor, in the words of the transform in the other direction.
OPPOSITE: dict[Any, Any] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def resize(g: Array, axis: int, length: int) -> Array:
    """Cut an axis, or fill it up with zeros, as the transforms do with their input."""
    have = g.shape[axis]
    if have == length:
        return g
    axis %= g.ndim
    if have > length:
        return g[(slice(None),) * axis + (slice(length),)]
    shape = (*g.shape[:axis], length - have, *g.shape[axis + 1 :])
    return np.concatenate([g, np.zeros(shape, g.dtype)], axis=axis)


@lru_cache(maxsize=256)
def _weights(n: int, inner: float, dtype: np.dtype[Any], trailing: int) -> Any:
    """Return weights for the half spectrum of n real numbers: 1 for what is its own mirror image, else `inner`."""
    weights = np.full(n // 2 + 1, inner, dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    weights.flags.writeable = False
    return weights.reshape(-1, *(1,) * trailing)


def weights(g: Array, n: int, axis: int, inner: float) -> Any:
    return _weights(n, inner, np.finfo(g.dtype).dtype, g.ndim - 1 - axis % g.ndim)


# --- standard and real transforms along one axis ----------------------------------------------------------------------
# Each of these pulls a cotangent back to an operand of the given length.


def pull_complex(back: Callable[..., Array], g: Array, length: int, _n: int | None, axis: int, norm: Any) -> Array:
    return resize(back(g, axis=axis, norm=OPPOSITE[norm]), axis, length)


pull_fft = partial(pull_complex, np.fft.ifft)
pull_ifft = partial(pull_complex, np.fft.fft)


def pull_to_real(g: Array, axes: Sequence[int], norm: Any, inverse: bool = False) -> Array:
    """Return the cotangent of real numbers that were transformed along different axes.

    It is the real part of the transform back, that of what in `g` has the symmetry of such a spectrum: half of it tells
    the rest.
    """
    *others, last = axes
    n = g.shape[last]
    inner, mirrored = (n - 1) // 2, g[_along(g, last, n - 1, n // 2, -1)]
    for axis in others:
        mirrored = np.take(mirrored, -np.arange(g.shape[axis]) % g.shape[axis], axis)
    # What the transform along the last axis makes real needs no mirror image.
    middle = (g[_along(g, last, 1, inner + 1)] + np.conj(mirrored)) * 0.5
    ends = g[_along(g, last, 0, 1)], g[_along(g, last, inner + 1, n // 2 + 1)]
    spectrum = np.concatenate([ends[0], middle, ends[1]], axis=last)
    spectrum = np.conj(spectrum) if inverse else spectrum
    scale = norm if inverse else OPPOSITE[norm]
    for axis in others:
        spectrum = np.fft.ifft(spectrum, axis=axis, norm=scale)
    return np.fft.irfft(spectrum, n, last, scale)


def pull_one(inverse: bool, g: Array, length: int, n: int | None, axis: int, norm: Any, real: bool) -> Array:
    """Return the cotangent of what a transform along one axis, or an inverse one, is of."""
    if real:
        return resize(pull_to_real(g, (axis,), norm, inverse), axis, length)
    return (pull_ifft if inverse else pull_fft)(g, length, n, axis, norm)


def _along(g: Array, axis: int, first: int, last: int, step: int = 1) -> Any:
    return (slice(None),) * (axis % g.ndim) + (slice(first, last, step),)


def pull_rfft(g: Array, length: int, n: int | None, axis: int, norm: Any) -> Array:
    """Return the cotangent of the numbers that np.fft.rfft transforms."""
    n = length if n is None else n
    spectrum = g * weights(g, n, axis, 0.5)
    return resize(np.fft.irfft(spectrum, n, axis, OPPOSITE[norm]), axis, length)


def pull_irfft(g: Array, length: int, _n: int | None, axis: int, norm: Any) -> Array:
    """Return the cotangent of the spectrum that np.fft.irfft transforms back."""
    spectrum = np.fft.rfft(g, axis=axis, norm=OPPOSITE[norm])
    return resize(spectrum * weights(spectrum, g.shape[axis], axis, 2), axis, length)


def hfft(a: Array, n: int | None = None, axis: int = -1, norm: Any = None) -> Array:
    n = (a.shape[axis] - 1) * 2 if n is None else n
    return np.fft.irfft(np.conj(a), n, axis, _opposite(norm))


def ihfft(a: Array, n: int | None = None, axis: int = -1, norm: Any = None) -> Array:
    return np.conj(np.fft.rfft(a, n, axis, _opposite(norm)))


def _opposite(norm: Any) -> Any:
    """Return the norm that a transform has as the inverse of one."""
    return OPPOSITE.get(norm, norm)  # a mistake gets NumPy's own error


def _is_real(a: Spec) -> bool:
    """Return whether an array is one of real numbers."""
    return a.dtype.kind != "c"


linear(
    np.fft.fft,
    lambda g, a, n=None, axis=-1, norm=None: pull_one(False, g, a.shape[axis], n, axis, norm, _is_real(a)),
)
linear(
    np.fft.ifft,
    lambda g, a, n=None, axis=-1, norm=None: pull_one(True, g, a.shape[axis], n, axis, norm, _is_real(a)),
)
linear(np.fft.rfft, lambda g, a, n=None, axis=-1, norm=None: pull_rfft(g, a.shape[axis], n, axis, norm))
linear(np.fft.irfft, lambda g, a, n=None, axis=-1, norm=None: pull_irfft(g, a.shape[axis], n, axis, norm))
composite(np.fft.hfft, hfft)
composite(np.fft.ihfft, ihfft)

# --- transforms along several axes ------------------------------------------------------------------------------------
# NumPy takes one axis after the other; an axis may come twice, and its length may change on the way. The adjoint goes
# back step by step.

Pull = Callable[[Array, int, int | None, int, Any], Array]


def steps(shape: tuple[int, ...], s: Any, axes: Any) -> list[tuple[int, int | None]]:
    """Return (axis, length) for each step, in the order in which the arguments name them."""
    if axes is None:
        axes = range(len(shape)) if s is None else range(-len(s), 0)
    if s is None:
        return [(axis, shape[axis]) for axis in axes]
    return [(axis, shape[axis] if n == -1 else n) for axis, n in zip(axes, s, strict=True)]


def pull_steps(g: Array, shape: tuple[int, ...], done: Sequence[tuple[int, int | None, Pull]], norm: Any) -> Array:
    """Pull a cotangent back through steps that were done in this order on an operand of the given shape."""
    now, lengths = list(shape), []
    for axis, n, pull in done:
        lengths.append(now[axis])
        now[axis] = now[axis] if n is None else n
        if pull is pull_rfft:
            now[axis] = now[axis] // 2 + 1
    for (axis, n, pull), length in zip(reversed(done), reversed(lengths), strict=True):
        g = pull(g, length, n, axis, norm)
    return g


def differ(axes: Sequence[int], ndim: int) -> bool:
    """Tell whether there are axes, and no axis twice."""
    return 0 < len(axes) == len({axis % ndim for axis in axes})


def fftn_adjoint(back: Callable[..., Array], pull: Pull, g: Array, a: Spec, s: Any, axes: Any, norm: Any) -> Array:
    if s is None:
        known = range(len(a.shape)) if axes is None else axes
        if _is_real(a) and differ(known, len(a.shape)):
            return pull_to_real(g, known, norm, pull is pull_ifft)
        return back(g, axes=axes, norm=OPPOSITE[norm])
    return pull_steps(g, a.shape, [(axis, n, pull) for axis, n in reversed(steps(a.shape, s, axes))], norm)


def rfftn_adjoint(g: Array, a: Spec, s: Any, axes: Any, norm: Any) -> Array:
    """Return the cotangent of the numbers that np.fft.rfftn transforms, axis by axis."""
    *others, (axis, n) = steps(a.shape, s, axes)
    return pull_steps(g, a.shape, [(axis, n, pull_rfft), *((i, m, pull_fft) for i, m in reversed(others))], norm)


def irfftn_adjoint(g: Array, a: Spec, s: Any, axes: Any, norm: Any) -> Array:
    """Return the cotangent of the spectrum that np.fft.irfftn transforms back, axis by axis."""
    *others, (axis, n) = steps(a.shape, s, axes)
    return pull_steps(g, a.shape, [*((i, m, pull_ifft) for i, m in others), (axis, n, pull_irfft)], norm)


pull_fftn = partial(fftn_adjoint, np.fft.ifftn, pull_fft)
pull_ifftn = partial(fftn_adjoint, np.fft.fftn, pull_ifft)

linear(np.fft.fftn, lambda g, a, s=None, axes=None, norm=None: pull_fftn(g, a, s, axes, norm))
linear(np.fft.ifftn, lambda g, a, s=None, axes=None, norm=None: pull_ifftn(g, a, s, axes, norm))
linear(np.fft.rfftn, lambda g, a, s=None, axes=None, norm=None: rfftn_adjoint(g, a, s, axes, norm))
linear(np.fft.irfftn, lambda g, a, s=None, axes=None, norm=None: irfftn_adjoint(g, a, s, axes, norm))
linear(np.fft.fft2, lambda g, a, s=None, axes=(-2, -1), norm=None: pull_fftn(g, a, s, axes, norm))
linear(np.fft.ifft2, lambda g, a, s=None, axes=(-2, -1), norm=None: pull_ifftn(g, a, s, axes, norm))
linear(np.fft.rfft2, lambda g, a, s=None, axes=(-2, -1), norm=None: rfftn_adjoint(g, a, s, axes, norm))
linear(np.fft.irfft2, lambda g, a, s=None, axes=(-2, -1), norm=None: irfftn_adjoint(g, a, s, axes, norm))

# --- helper routines --------------------------------------------------------------------------------------------------

linear(np.fft.fftshift, lambda g, x, axes=None: np.fft.ifftshift(g, axes))
linear(np.fft.ifftshift, lambda g, x, axes=None: np.fft.fftshift(g, axes))
