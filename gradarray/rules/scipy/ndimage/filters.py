"""Filters that are linear in an image, and in their weights."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ...registry import rule
from ..standing import Operator
from ..values import from_library
from .ends import axes_of, beyond, extended, folded, of_images, per_axis

# --- correlations: y[p] = sum of w[k] x[p + k], with p + k folded back into the image ---------------------------------


# At whose ends weights meet themselves; and where the transpose is the same with the weights turned.
_MEETING = ("reflect", "grid-mirror", "wrap", "grid-wrap", "constant", "grid-constant")
_ROUND = ("wrap", "grid-wrap", "constant", "grid-constant")


_AT_ONCE = 131072  # elements of an image and of its cotangent


class Kernel(NamedTuple):
    """How an image is correlated with weights of as many dimensions.

    Attributes
    ----------
    margins : how far the weights reach beyond the image, on both sides of each axis
    modes : how the image goes on there
    cval : its constant value there
    origins : for the library
    axis : of weights that stand along one, None for others
    """

    margins: tuple[tuple[int, int], ...]
    modes: tuple[str, ...]
    cval: Any
    origins: tuple[int, ...]
    axis: int | None

    def value(self, x: Any, w: Any) -> Any:
        w = np.conj(w)  # of which the library takes the conjugate
        if self.axis is not None:
            i = self.axis
            return ndimage.correlate1d(x, np.ravel(w), i, None, self.modes[i], self.cval, self.origins[i])
        return ndimage.correlate(x, w, None, self.modes[0], self.cval, self.origins)

    def back(self, g: Any, w: Any) -> Any:
        """Return the cotangent of the image."""
        turned = np.conj(np.flip(w))
        pairs = zip(self.origins, np.shape(w), strict=True)
        origins = tuple(_placed(-o - (n % 2 == 0), n) for o, n in pairs)
        i = self.axis
        if i is not None:
            mode = self.modes[i]
            if mode in _MEETING and self._is_symmetric(w):
                return ndimage.correlate1d(g, np.ravel(turned), i, None, mode, 0.0)
            return self._back_along(g, np.ravel(turned), i, origins[i])
        if all(mode in _ROUND for mode in self.modes):
            return ndimage.correlate(g, turned, None, self.modes[0], 0.0, origins)
        full = ndimage.correlate(np.pad(g, self.margins), turned, None, "constant", 0.0, origins)
        return folded(full, self.margins, self.modes)

    def _back_along(self, g: Any, w: Any, i: int, origin: int) -> Any:
        """Return the same for weights along an axis; what comes from beyond an end is of the elements near to it."""
        mode, n = self.modes[i], np.shape(g)[i]
        if mode not in ("wrap", "grid-wrap") and i == np.ndim(g) - 1 and len(w) <= _FEW and g.dtype == w.dtype == float:
            found = _along_lines(g, w, origin)
        else:
            found = ndimage.correlate1d(g, w, i, None, mode if mode in _ROUND else "constant", 0.0, origin)
        if mode in _ROUND or not n:
            return found
        how = w.tobytes(), w.dtype, origin, self.margins[i], mode
        if n < 2 * len(w):
            return found + np.moveaxis(np.tensordot(_ends(n, *how), g, (1, i)), 0, i)
        matrix, reach = _ends(2 * len(w), *how), len(w)
        inner, outer = np.moveaxis(found, i, -1), np.moveaxis(g, i, -1)
        for part in (slice(0, reach), slice(-reach, None)):
            inner[..., part] += outer[..., part] @ matrix[part, part].T
        return found

    def _is_symmetric(self, w: Any) -> bool:
        """Tell whether weights are, so that with ends at which they meet themselves the whole matrix is, too."""
        return not any(self.origins) and np.size(w) % 2 == 1 and np.array_equal(w, np.flip(w))

    def taps(self, g: Any, x: Any, shape: tuple[int, ...]) -> Any:
        """Return the cotangent of the weights."""
        whole = extended(x, self.margins, self.modes, self.cval)
        found = np.zeros(shape, np.result_type(g, x))
        if not g.size:
            return found
        flat = np.reshape(whole, -1).astype(found.dtype, copy=False)
        if found.dtype.kind in "fc" and np.isfinite(np.dot(flat, flat)):
            # With zeros behind each line, as long as those of the image with its ends, one product is of whole arrays.
            rows = np.ascontiguousarray(g)
            if whole.shape[1:] != np.shape(g)[1:]:
                wide = np.zeros((len(g), *whole.shape[1:]), found.dtype)
                wide[tuple([slice(n) for n in np.shape(g)])] = g
                rows = wide
            rows = np.reshape(rows, -1).astype(found.dtype, copy=False)
            strides = [math.prod(whole.shape[axis + 1 :]) for axis in range(whole.ndim - 1)]
            for first in range(0, len(rows), _AT_ONCE):  # what all weights need stays in the cache
                part, m = rows[first : first + _AT_ONCE], shape[-1]
                for place in np.ndindex(*shape[:-1]):
                    start = first + sum(i * stride for i, stride in zip(place, strides, strict=True))
                    other = flat[start : start + len(part) + m - 1]
                    found[place] += _at_lags(other, part[: len(other) - m + 1], m)
            return found
        for place in np.ndindex(*shape):
            part = whole[tuple(slice(i, i + n) for i, n in zip(place, np.shape(g), strict=True))]
            found[place] = np.sum(g * part)
        return found

    def homogeneous(self) -> Kernel:
        return self._replace(cval=0.0)


_FEW = 11  # weights, for which NumPy has loops of their own


def _along_lines(g: Any, w: Any, origin: int) -> Any:
    """Return the correlation along the last axis: that of all lines as one, with zeros behind each of them."""
    n, m = g.shape[-1], len(w)
    wide = np.zeros((*g.shape[:-1], n + m - 1))
    wide[..., :n] = g
    start = m - 1 - m // 2 - origin
    if not g.size:
        return np.zeros(g.shape)
    whole = np.convolve(np.reshape(wide, -1), w[::-1])[: wide.size]
    return np.ascontiguousarray(np.reshape(whole, wide.shape)[..., start : start + n])


def _at_lags(long: Any, short: Any, count: int) -> Any:
    """Return the sums of the products of two rows at the first lags, which are all that there are."""
    if count == 1 or long.dtype.kind == "c":
        return [short @ long[k : k + len(short)] for k in range(count)]
    return np.correlate(long, short, "valid")


@functools.lru_cache
def _ends(n: int, weights: bytes, dtype: Any, origin: int, margin: tuple[int, int], mode: str) -> Any:
    """Return the matrix, for an axis of n elements, of what the weights have beyond its ends."""
    w = np.frombuffer(weights, dtype)
    whole = ndimage.correlate1d(np.pad(np.eye(n, dtype=dtype), (margin, (0, 0))), w, 0, None, "constant", 0.0, origin)
    places = beyond(n, *margin, mode)
    places[margin[0] : margin[0] + n] = -1
    found = np.zeros((n, n), dtype)
    np.add.at(found, places[places >= 0], whole[places >= 0])
    return found


def _placed(origin: int, n: int) -> int:
    return max(-(n // 2), min(origin, (n - 1) // 2))


@from_library
def correlated(x: Array, w: Array, *, by: Kernel) -> Array:
    """Return the correlation of an image with weights."""
    return by.value(x, w)


@from_library
def back_to_image(y: Array, w: Array, *, by: Kernel) -> Array:
    """Return the cotangent of the image."""
    return by.back(y, w)


@from_library
def back_to_weights(y: Array, x: Array, *, by: Kernel, shape: tuple[int, ...]) -> Array:
    """Return that of the weights, which is affine in the image."""
    return by.taps(y, x, shape)


rule(
    correlated,
    lambda g, _ans, _x, w, *, by: back_to_image(g, w, by=by),
    lambda g, _ans, x, _w, *, by: back_to_weights(g, x, by=by, shape=_w.shape),
)
rule(
    back_to_image,
    lambda g, _ans, _y, w, *, by: correlated(g, w, by=by.homogeneous()),
    lambda g, _ans, y, _w, *, by: back_to_weights(y, g, by=by.homogeneous(), shape=_w.shape),
)
rule(
    back_to_weights,
    lambda g, _ans, _y, x, *, by, shape: correlated(x, g, by=by),
    lambda g, _ans, y, _x, *, by, shape: back_to_image(y, g, by=by),
)


def _correlation(x: Any, w: Any, modes: Any, cval: Any, origins: Any, axis: int | None = None) -> Any:
    shape = np.shape(w)
    margins = tuple((n // 2 + o, n - 1 - n // 2 - o) for n, o in zip(shape, origins, strict=True))
    if any(left < 0 or right < 0 for left, right in margins):
        raise ValueError("invalid origin: the weights of a filter do not reach to the element that they are for")
    return correlated(x, w * 1.0, by=Kernel(margins, tuple(modes), cval, tuple(origins), axis))


def _of_weights(name: str, convolves: bool) -> None:
    def body(input: Any, weights: Any, mode: Any, cval: Any, origin: Any, axes: Any = None) -> Any:
        count = np.ndim(input)
        kept = axes_of(axes, count)
        w = weights if hasattr(weights, "dtype") else np.asarray(weights)
        given = per_axis(origin, len(kept))
        origins, shape = [0] * count, [1] * count
        for axis, n, o in zip(kept, np.shape(w), given, strict=True):
            shape[axis] = n
            origins[axis] = -o - (n % 2 == 0) if convolves else o
        w = np.reshape(np.flip(w), shape) if convolves else np.reshape(np.conj(w), shape)
        return _correlation(input, w, [mode] * count, cval, origins)

    body.__name__ = name
    of_images("input", "weights")(body)

    def body_of_one(input: Any, weights: Any, axis: int, mode: Any, cval: Any, origin: Any) -> Any:
        return _one(input, weights, axis, mode, cval, origin, convolves)

    body_of_one.__name__ = name + "1d"
    of_images("input", "weights")(body_of_one)


def _one(x: Any, weights: Any, axis: int, mode: str, cval: Any, origin: int = 0, convolves: bool = False) -> Any:
    w = weights if hasattr(weights, "dtype") else np.asarray(weights)
    count, n = np.ndim(x), len(w)
    axis = axis % count
    if convolves:
        w, origin = np.flip(w), -origin - (n % 2 == 0)
    else:
        w = np.conj(w)
    along = [origin if i == axis else 0 for i in range(count)]
    w = np.reshape(w, [n if i == axis else 1 for i in range(count)])
    return _correlation(x, w, [mode] * count, cval, along, axis)


_of_weights("correlate", convolves=False)
_of_weights("convolve", convolves=True)

# --- Gaussian ---------------------------------------------------------------------------------------------------------


def _gaussian_weights(sigma: Any, order: int, radius: int) -> Any:
    """Return a Gaussian of unit sum, or a derivative of it, which is it times a Hermite polynomial."""
    x = np.arange(-radius, radius + 1)
    variance = sigma * sigma
    bell = np.exp(-0.5 / variance * x**2)
    bell = bell / np.sum(bell)
    # The coefficients of p in (p * bell)' = (p' - x / variance * p) * bell.
    p: list[Any] = [1.0]
    for _ in range(order):
        slope: list[Any] = [*[k * c for k, c in enumerate(p)][1:], 0.0, 0.0]
        for k, c in enumerate(p):
            slope[k + 1] = slope[k + 1] + c / -variance
        p = slope
    return bell if order == 0 else sum(c * x**k for k, c in enumerate(p)) * bell


def _gaussian(x: Any, sigma: Any, axis: int, order: int, mode: str, cval: Any, truncate: Any, radius: Any) -> Any:
    width = int(truncate * float(bare(sigma)) + 0.5) if radius is None else radius
    if order < 0 or width < 0 or int(width) != width:
        ndimage.gaussian_filter1d(np.zeros(1), bare(sigma), 0, order, truncate=truncate, radius=radius)  # its own error
    return _one(x, _gaussian_weights(sigma, order, width)[::-1], axis, mode, cval)


@of_images("input", "sigma")
def gaussian_filter1d(
    input: Any, sigma: Any, axis: int, order: int, mode: Any, cval: Any, truncate: Any, radius: Any
) -> Any:
    return _gaussian(input, sigma, axis, order, mode, cval, truncate, radius)


@of_images("input", "sigma")
def gaussian_filter(
    input: Any, sigma: Any, order: Any, mode: Any, cval: Any, truncate: Any, radius: Any, axes: Any = None
) -> Any:
    return _gaussians(input, sigma, order, mode, cval, axes, truncate, radius)


def _gaussians(
    x: Any, sigma: Any, order: Any, mode: Any, cval: Any, axes: Any, truncate: Any = 4.0, radius: Any = None
) -> Any:
    kept = axes_of(axes, np.ndim(x))
    lists = [per_axis(value, len(kept)) for value in (sigma, order, mode, radius)]
    found = x
    for axis, s, o, m, r in zip(kept, *lists, strict=True):
        if bare(s) > 1e-15:
            found = _gaussian(found, s, axis, o, m, cval, truncate, r)
    return found * 1.0 if found is x else found


# --- differences ------------------------------------------------------------------------------------------------------


def _edges(name: str, across: list[int]) -> None:
    def body(input: Any, axis: int, mode: Any, cval: Any) -> Any:
        axis = axis % np.ndim(input)
        modes = per_axis(mode, np.ndim(input))
        found = _one(input, np.array([-1, 0, 1]), axis, modes[axis], cval)
        for i in range(np.ndim(input)):
            if i != axis:
                found = _one(found, np.array(across), i, modes[i], cval)
        return found

    body.__name__ = name
    of_images("input")(body)


_edges("prewitt", [1, 1, 1])
_edges("sobel", [1, 2, 1])


def _summed(terms: list[Any], x: Any) -> Any:
    total = terms[0] if terms else x * 1.0
    for term in terms[1:]:
        total = total + term
    return total


@of_images("input")
def laplace(input: Any, mode: Any, cval: Any, axes: Any = None) -> Any:
    kept = axes_of(axes, np.ndim(input))
    modes = per_axis(mode, len(kept))
    terms = [_one(input, np.array([1, -2, 1]), i, m, cval) for i, m in zip(kept, [modes[0], *modes[1:]], strict=True)]
    return _summed(terms, input)


def _derivatives(x: Any, sigma: Any, order: int, mode: Any, cval: Any, axes: Any, kwargs: Any) -> list[Any]:
    """Return the derivatives of an image by each axis, of which Gaussians take the mean."""
    count = np.ndim(x)
    kept = axes_of(axes, count)
    sigmas: list[Any] = [0] * count
    for axis, s in zip(kept, per_axis(sigma, len(kept)), strict=True):
        sigmas[axis] = s
    modes = per_axis(mode, len(kept))
    orders = [[order if i == axis else 0 for i in range(count)] for axis in kept]
    return [_gaussians(x, sigmas, o, m, cval, None, **kwargs) for o, m in zip(orders, modes, strict=True)]


@of_images("input", "sigma")
def gaussian_laplace(input: Any, sigma: Any, mode: Any, cval: Any, kwargs: Any, axes: Any = None) -> Any:
    return _summed(_derivatives(input, sigma, 2, mode, cval, axes, kwargs), input)


@of_images("input", "sigma")
def gaussian_gradient_magnitude(input: Any, sigma: Any, mode: Any, cval: Any, kwargs: Any, axes: Any = None) -> Any:
    return np.sqrt(_summed([d * d for d in _derivatives(input, sigma, 1, mode, cval, axes, kwargs)], input))


# --- means ------------------------------------------------------------------------------------------------------------


@of_images("input")
def uniform_filter1d(input: Any, size: int, axis: int, mode: str, cval: Any, origin: int) -> Any:
    return _uniform(input, size, axis, mode, cval, origin)


def _uniform(x: Any, size: int, axis: int, mode: str, cval: Any, origin: int) -> Any:
    call: Any = ndimage.uniform_filter1d
    axis, count = axis % np.ndim(x), np.ndim(x)
    w = np.reshape(np.full(size, 1.0 / size), [size if i == axis else 1 for i in range(count)])
    margin = (size // 2 + origin, size - 1 - size // 2 - origin)
    margins = tuple(margin if i == axis else (0, 0) for i in range(count))
    by = Kernel(margins, (mode,) * count, 0.0, tuple(origin if i == axis else 0 for i in range(count)), axis)
    same = mode in _MEETING and size % 2 == 1 and not origin  # a symmetric matrix
    return Operator(
        lambda x: call(x, size, axis, None, mode, 0.0, origin),
        lambda g: call(g, size, axis, None, mode, 0.0) if same else by.back(g, w),
        (lambda x: call(x, size, axis, None, mode, cval, origin)) if cval else None,
    )(x)


@of_images("input")
def uniform_filter(input: Any, size: Any, mode: Any, cval: Any, origin: Any, axes: Any = None) -> Any:
    kept = axes_of(axes, np.ndim(input))
    lists = [per_axis(value, len(kept)) for value in (size, mode, origin)]
    found = input
    for axis, n, m, o in zip(kept, *lists, strict=True):
        if n > 1:
            found = _uniform(found, int(n), axis, m, cval, o)
    return found * 1.0 if found is input else found
