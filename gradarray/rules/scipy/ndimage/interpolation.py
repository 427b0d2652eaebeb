"""Interpolation by splines: linear in the image, and differentiable by where it is looked at.

The value is the library's own; the derivative is that of the sum of B-splines around each place.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ...primitives import primitive
from ...registry import composite
from ..standing import Operator, along
from .ends import folded, of_images, per_axis

# --- splines ----------------------------------------------------------------------------------------------------------


_SHORT = 64  # where SciPy's first value of the recursion is but close to that of a symmetric matrix


def _filtered(x: Any, order: int, axis: int, mode: str) -> Any:
    """Return the coefficients of the spline through the elements along an axis."""
    return _filter(np.shape(x), np.iscomplexobj(x), order, axis, mode)(x) if order > 1 else x * 1.0


def _filter(shape: tuple[int, ...], is_complex: bool, order: int, axis: int, mode: str) -> Operator:
    """Return what makes the coefficients of splines."""
    call: Any = ndimage.spline_filter1d
    n = shape[axis]
    if n <= _SHORT:
        pull = along(lambda one: call(one, order, 0, np.float64, mode), n, axis)
    else:  # with half a weight for elements that are their own mirror images, the matrix is symmetric
        weights = np.ones([n if i == axis else 1 for i in range(len(shape))])
        if mode not in ("reflect", "grid-mirror", "nearest", "grid-wrap"):
            weights[(slice(None),) * axis + ([0, -1],)] = 0.5

        def pull(g: Any) -> Any:
            return weights * call(g / weights, order, axis, np.complex128 if np.iscomplexobj(g) else np.float64, mode)

    kind = np.complex128 if is_complex else np.float64
    return Operator(lambda x: call(x, order, axis, kind, mode), pull)


@of_images("input")
def spline_filter1d(input: Any, order: int, axis: int, mode: str) -> Any:
    return _filtered(input, order, axis % np.ndim(input), mode)


@of_images("input")
def spline_filter(input: Any, order: int, mode: str) -> Any:
    if not 2 <= order <= 5:
        ndimage.spline_filter(np.zeros(2), order)  # SciPy's own error
    for axis in range(np.ndim(input)):
        input = _filtered(input, order, axis, mode)
    return input


def _weights(u: Any, order: int) -> list[Any]:
    """Return the B-splines that are not zero at a place between two knots, by de Boor's recurrence."""
    found: list[Any] = [1.0]
    for k in range(1, order + 1):
        left, right = [0.0, *found], [*found, 0.0]
        found = [((u + k - j) * left[j] + (j + 1 - u) * right[j]) / k for j in range(k + 1)]
    return found


def _mapped(c: Any, n: int, mode: str) -> Any:
    """Return where in an axis of n elements a place beyond its ends is looked up, as ``sign * c + offset``."""
    at = np.asarray(bare(c), float)
    if _is_inside(at, n):
        return c
    sign, offset = np.ones(at.shape), np.zeros(at.shape)
    if mode == "nearest":
        sign = np.where((at < 0) | (at > n - 1), 0.0, 1.0)
        offset = np.where(at > n - 1, n - 1.0, 0.0)
    elif mode == "wrap" and n > 1:
        turns = np.where(at < 0, np.floor(-at / (n - 1)) + 1, np.where(at > n - 1, -np.floor(at / (n - 1)), 0))
        offset = turns * (n - 1)
    elif mode == "grid-wrap":
        turns = np.where(at < 0, np.floor((-1 - at) / n) + 1, np.where(at > n - 1, -np.floor(at / n), 0))
        offset = turns * n
    elif mode in ("mirror", "reflect", "grid-mirror"):
        half = 0.0 if mode == "mirror" else 0.5
        period = 2.0 * (n - 1 if mode == "mirror" else n)
        if period > 0:
            turns = np.floor((at + half) / period)
            within = at + half - turns * period
            back = within > period / 2
            sign = np.where(back, -1.0, 1.0)
            offset = np.where(back, period * (turns + 1) - 2 * half, -period * turns)
        else:
            sign = np.zeros(at.shape)
    return sign * c + offset


def _is_inside(at: Any, n: int) -> bool:
    """Tell whether all places are within an axis: most often they are, and to see it takes a tenth of the time."""
    return type(at) is np.ndarray and at.size > 0 and bool(np.min(at) >= 0) and bool(np.max(at) <= n - 1)


def _looked_up(i: Any, n: int, mode: str) -> Any:
    """Return which coefficient a spline beyond the ends of an axis has."""
    if _is_inside(i, n):
        return i
    if mode in ("constant", "wrap", "mirror"):
        period = max(2 * (n - 1), 1)
        i = np.abs(np.mod(i, period))
        return np.where(i > n - 1, period - i, i) if n > 1 else np.zeros_like(i)
    if mode in ("reflect", "grid-mirror"):
        i = np.mod(i, 2 * n)
        return np.where(i > n - 1, 2 * n - 1 - i, i)
    return np.mod(i, n) if mode == "grid-wrap" else np.clip(i, 0, n - 1)


class Look(NamedTuple):
    """How an image is looked at.

    Attributes
    ----------
    value : the library's function of the image and of the parameters that there is a derivative by
    places : returns the coordinate along each of the first axes, of those parameters
    order, mode, cval, prefilter : of the library
    """

    value: Callable[[Any, Any], Any]
    places: Callable[[Any], Sequence[Any]]
    order: int
    mode: str
    cval: Any
    prefilter: bool

    def body(self, x: Any, p: Any) -> Any:
        places = self.places(p)
        pad, order, mode = self.padding(), self.order, self.mode
        if self.prefilter and order > 1:
            if pad:
                pads = [(pad, pad) if i < len(places) else (0, 0) for i in range(np.ndim(x))]
                x = np.pad(x, pads, mode="edge") if mode == "nearest" else np.pad(x, pads, constant_values=self.cval)
            for axis in range(len(places)):
                x = _filtered(x, order, axis, mode)
        behind = (1,) * (np.ndim(x) - len(places))
        taps, outside = self.taps(places, np.shape(x))
        total: Any = 0.0
        for choice in itertools.product(*taps):
            element = x[tuple([i for i, _, _ in choice])]
            missing = np.any(np.stack(np.broadcast_arrays(*[b for _, _, b in choice])), axis=0)
            if np.any(missing):
                element = np.where(np.reshape(missing, np.shape(missing) + behind), self.cval, element)
            weight = math.prod([w for _, w, _ in choice])
            total = total + element * np.reshape(weight, np.shape(weight) + behind)
        if np.any(outside):
            total = np.where(np.reshape(outside, np.shape(outside) + behind), self.cval, total)
        return total

    def padding(self) -> int:
        """Return by how much the image is made longer at its ends before it is filtered."""
        return 12 if self.prefilter and self.order > 1 and self.mode in ("nearest", "grid-constant") else 0

    def taps(self, places: Sequence[Any], shape: tuple[int, ...]) -> tuple[list[list[tuple[Any, Any, Any]]], Any]:
        """Return for each axis the coefficients around each place, with their weights; and which places are outside."""
        pad, order, mode = self.padding(), self.order, self.mode
        taps: list[list[tuple[Any, Any, Any]]] = []
        outside: Any = False
        for n, place in zip(shape, places, strict=False):
            c = place + pad
            at = bare(c)
            if mode == "constant":
                outside = outside | (at < 0) | (at > n - 1)
            c = _mapped(c, n, mode)
            start = np.floor(bare(c) + (0.5 if order % 2 == 0 else 0.0))
            u = c - start + (0.5 if order % 2 == 0 else 0.0)
            first = start.astype(int) - order // 2
            lines = []
            for j, w in enumerate(_weights(u, order)):
                i = first + j
                beyond = (i < 0) | (i > n - 1) if mode == "grid-constant" else False
                lines.append((_looked_up(i, n, mode), w, beyond))
            taps.append(lines)
        return taps, outside

    def pulled(self, g: Any, p: Any, shape: tuple[int, ...]) -> Any:
        """Return the cotangent of an image of which the places are known."""
        places, pad = self.places(p), self.padding()
        count = len(places)
        longer = (*[n + 2 * pad for n in shape[:count]], *shape[count:])
        taps, outside = self.taps(places, longer)
        inner = math.prod(shape[count:])
        g = np.reshape(g, (*np.shape(places[0]), inner))
        if np.any(outside):
            g = np.where(outside[..., None], 0, g)
        found = np.zeros(math.prod(longer), np.result_type(g, float))
        _scatter(found, taps, longer[:count], g, np.zeros(np.shape(places[0]), np.intp), inner)
        found = np.reshape(found, longer)
        if self.prefilter and self.order > 1:
            for axis in range(count):
                found = _filter(longer, np.iscomplexobj(found), self.order, axis, self.mode).pull(found)
        if pad:
            ends = "nearest" if self.mode == "nearest" else "constant"
            margins = [(pad, pad) if i < count else (0, 0) for i in range(len(shape))]
            found = folded(found, margins, [ends] * len(shape))
        return found


def _scatter(found: Any, taps: Any, sizes: tuple[int, ...], g: Any, places: Any, inner: int) -> None:
    """Add numbers at all combinations of what is around their places along each axis, with the weights of each."""
    if not taps:
        places = places[..., None] * inner + np.arange(inner) if inner != 1 else places
        np.add.at(found, np.reshape(places, -1), np.reshape(g, -1))
        return
    for i, w, beyond in taps[0]:
        w = np.where(beyond, 0.0, w) if beyond is not False else np.asarray(w)
        _scatter(found, taps[1:], sizes[1:], g * w[..., None], places * sizes[0] + i, inner)


def _viewed(x: Any, p: Any, look: Look) -> Any:
    """Return an image at other places, which is linear in it where they are known."""
    if type(p) is not np.ndarray:
        return looked_at(x, p, look=look)
    shape = np.shape(x)
    zero = bool(np.equal(look.cval, 0)) or look.mode not in ("constant", "grid-constant")

    def value(x: Any) -> Any:
        return look.value(x, p)

    def push(x: Any) -> Any:
        return value(x) if zero else value(x) - value(np.zeros(shape, x.dtype))

    return Operator(push, lambda g: look.pulled(g, p, shape), None if zero else value)(x)


@primitive
def looked_at(x: Array, p: Array, *, look: Look) -> Array:
    """Return an image at other places."""
    return look.value(x, p)


composite(looked_at, lambda x, p, *, look: look.body(x, p), anew=True)

# --- functions --------------------------------------------------------------------------------------------------------


def _float(x: Any) -> Any:
    return x * 1.0 if hasattr(x, "dtype") else np.asarray(x, float)


@of_images("input", "coordinates")
def map_coordinates(input: Any, coordinates: Any, order: int, mode: str, cval: Any, prefilter: bool) -> Any:
    count = np.ndim(input)

    def value(x: Any, p: Any) -> Any:
        return ndimage.map_coordinates(x, p, None, order, mode, cval, prefilter)

    look = Look(value, lambda p: [p[i] for i in range(count)], order, mode, cval, prefilter)
    return _viewed(input, _float(coordinates), look)


def _grid(shape: Sequence[int]) -> list[Any]:
    return list(np.indices(shape, float))


@of_images("input", "shift")
def shift(input: Any, shift: Any, order: int, mode: str, cval: Any, prefilter: bool) -> Any:
    shape = np.shape(input)
    shift = _float(shift) * np.ones(len(shape))

    def value(x: Any, p: Any) -> Any:
        return ndimage.shift(x, p, None, order, mode, cval, prefilter)

    look = Look(value, lambda p: [g - p[i] for i, g in enumerate(_grid(shape))], order, mode, cval, prefilter)
    return _viewed(input, shift, look)


@of_images("input")
def zoom(input: Any, zoom: Any, order: int, mode: str, cval: Any, prefilter: bool, grid_mode: bool) -> Any:
    shape = np.shape(input)
    factors = per_axis(zoom, len(shape))
    found = tuple(round(n * f) for n, f in zip(shape, factors, strict=True))
    if prefilter and all(f == 1 for f in factors):
        return input * 1.0

    def value(x: Any, _p: Any) -> Any:
        return ndimage.zoom(x, zoom, None, order, mode, cval, prefilter, grid_mode=grid_mode)

    def places(_p: Any) -> Sequence[Any]:
        sides = zip(_grid(found), shape, found, strict=True)
        if grid_mode:
            return [(g + 0.5) * (n / m) - 0.5 for g, n, m in sides]
        return [g * ((n - 1) / (m - 1) if m > 1 else 1.0) for g, n, m in sides]

    return _viewed(input, np.zeros(0), Look(value, places, order, mode, cval, prefilter))


@of_images("input", "matrix", "offset")
def affine_transform(
    input: Any, matrix: Any, offset: Any, output_shape: Any, order: int, mode: str, cval: Any, prefilter: bool
) -> Any:
    n = np.ndim(input)
    shape = np.shape(input) if output_shape is None else tuple(output_shape)
    matrix = _float(matrix)
    if np.ndim(matrix) == 2 and np.shape(matrix) in ((n, n + 1), (n + 1, n + 1)):
        if len(matrix) == n + 1 and not np.array_equal(bare(matrix)[n], [0] * n + [1]):
            ndimage.affine_transform(np.zeros(np.shape(input)), bare(matrix))  # SciPy's own error
        matrix, offset = matrix[:n, :n], matrix[:n, n]
    p = np.concatenate([np.ravel(matrix), _float(offset) * np.ones(n)])
    kind = np.shape(matrix)

    def value(x: Any, p: Any) -> Any:
        return ndimage.affine_transform(x, np.reshape(p[:-n], kind), p[-n:], shape, None, order, mode, cval, prefilter)

    def places(p: Any) -> Sequence[Any]:
        m, grid = np.reshape(p[:-n], kind), _grid(shape)
        if len(kind) == 1:
            return [m[i] * grid[i] + p[i - n] for i in range(n)]
        return [sum(m[i, j] * grid[j] for j in range(len(grid))) + p[i - n] for i in range(n)]

    return _viewed(input, p, Look(value, places, order, mode, cval, prefilter))


@of_images("input", "angle")
def rotate(input: Any, angle: Any, axes: Any, reshape: bool, order: int, mode: str, cval: Any, prefilter: bool) -> Any:
    count = np.ndim(input)
    first, second = sorted(int(axis) % count for axis in axes)
    sides = np.shape(input)[first], np.shape(input)[second]

    def value(x: Any, p: Any) -> Any:
        return ndimage.rotate(x, float(p), axes, reshape, None, order, mode, cval, prefilter)

    probe = np.zeros([n if i in (first, second) else 1 for i, n in enumerate(np.shape(input))])
    plane = ndimage.rotate(probe, float(bare(angle)), axes, reshape, None, 0, mode, cval, False).shape
    found = plane[first], plane[second]

    def places(p: Any) -> Sequence[Any]:
        c, s = np.cos(np.deg2rad(p)), np.sin(np.deg2rad(p))
        y, x = (g - (m - 1) / 2 for g, m in zip(_grid(found), found, strict=True))
        return [c * y + s * x + (sides[0] - 1) / 2, c * x - s * y + (sides[1] - 1) / 2]

    look = Look(
        lambda x, p: np.moveaxis(value(np.moveaxis(x, (0, 1), (first, second)), p), (first, second), (0, 1)),
        places,
        order,
        mode,
        cval,
        prefilter,
    )
    turned = _viewed(np.moveaxis(input, (first, second), (0, 1)), _float(angle), look)
    return np.moveaxis(turned, (0, 1), (first, second))
