"""Interpolation by splines: linear in the image, and differentiable by where it is looked at.

The value is the library's own; the derivative is that of the sum of B-splines around each place (see sampling.py).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ...primitives import saving
from ...registry import rule
from ..standing import Operator, along, pulled, pushed
from ..values import from_library
from .ends import folded, of_images, per_axis
from .sampling import Taps, back_to_both, sloped, unsampled

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
        halved = mode not in ("reflect", "grid-mirror", "nearest", "grid-wrap")
        ends = (*(slice(None),) * axis, slice(None, None, n - 1))

        def pull(g: Any) -> Any:
            kind = np.complex128 if np.iscomplexobj(g) else np.float64
            if not halved:
                return call(g, order, axis, kind, mode)
            g = np.array(g)
            g[ends] *= 2
            found = call(g, order, axis, kind, mode)
            found[ends] /= 2
            return found

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


class Look(NamedTuple):
    """How an image is looked at.

    Attributes
    ----------
    value : the library's function of the image and of the parameters that there is a derivative by
    places : returns the coordinates along each of the first axes, of those parameters
    order, mode, cval, prefilter : of the library
    lines : the same as places along each axis alone, if all are their product
    of_coefficients : the library's function of the coefficients of splines, of the parameters and of a dtype
    """

    value: Callable[[Any, Any], Any]
    places: Callable[[Any], Sequence[Any]]
    order: int
    mode: str
    cval: Any
    prefilter: bool
    lines: Callable[[Any], Sequence[Any]] | None = None
    of_coefficients: Callable[[Any, Any, Any], Any] | None = None

    def at(self, p: Any) -> Any:
        """Return the places as one array, of shape (axes, places)."""
        places = self.places(p)
        if hasattr(places, "dtype"):
            return np.reshape(places, (np.shape(places)[0], -1))
        return np.stack([np.reshape(place, (-1,)) for place in places])

    def padding(self) -> int:
        """Return by how much the image is made longer at its ends before it is filtered."""
        return 12 if self.prefilter and self.order > 1 and self.mode in ("nearest", "grid-constant") else 0

    def longer(self, shape: tuple[int, ...], count: int) -> tuple[int, ...]:
        return (*[n + 2 * self.padding() for n in shape[:count]], *shape[count:])

    def taps(self, shape: tuple[int, ...], count: int) -> Taps:
        return Taps(self.longer(shape, count)[:count], self.order, self.mode, self.padding(), (0,) * count)

    def _ends(self, shape: tuple[int, ...], count: int) -> Operator:
        """Return what makes an image longer; of a constant, none is added to."""
        pad = self.padding()
        margins = [(pad, pad) if i < count else (0, 0) for i in range(len(shape))]
        mode = "nearest" if self.mode == "nearest" else "constant"
        return Operator(
            lambda x: np.pad(x, margins, mode="edge") if mode == "nearest" else np.pad(x, margins),
            lambda g: folded(g, margins, [mode] * len(shape)),
        )

    def coefficients(self, x: Any, count: int) -> Any:
        """Return the coefficients of splines through an image, and behind its ends through what is added to cval."""
        shape = np.shape(x)
        if self.mode == "grid-constant":
            x = x - self.cval
        if self.prefilter and self.order > 1:
            if self.padding():
                x = pushed(x, op=self._ends(shape, count))
            for axis in range(count):
                x = _filtered(x, self.order, axis, self.mode)
        return np.reshape(x, (*self.longer(shape, count)[:count], -1))

    def back(self, g: Any, at: Any, shape: tuple[int, ...]) -> Any:
        """Return the cotangent of an image."""
        count = np.shape(at)[0]
        longer = self.longer(shape, count)
        found = unsampled(np.reshape(g, (np.shape(at)[1], -1)), at, by=self.taps(shape, count))
        return self._unfiltered(np.reshape(found, longer), shape, count)

    def back_along(self, g: Any, p: Any, shape: tuple[int, ...]) -> Any:
        """Return the same where places are the product of those along each axis: a sum along one after the other."""
        lines = self.lines(p)  # type: ignore[misc]
        count, found = len(lines), g
        taps = self.taps(shape, count)
        for d, line in enumerate(lines):
            first = np.moveaxis(found, d, 0)
            flat = taps.matrix(line, d).T @ np.reshape(first, (len(first), -1))
            found = np.moveaxis(np.reshape(flat, (-1, *np.shape(first)[1:])), 0, d)
        return self._unfiltered(found, shape, count)

    def _unfiltered(self, found: Any, shape: tuple[int, ...], count: int) -> Any:
        """Return the cotangent of an image by that of its coefficients."""
        longer = self.longer(shape, count)
        if self.prefilter and self.order > 1:
            for axis in range(count):
                found = pulled(found, op=_filter(longer, np.iscomplexobj(found), self.order, axis, self.mode))
            if self.padding():
                found = pulled(found, op=self._ends(shape, count))
        return found

    def back_to_both(self, g: Array, c: Array, at: Array, shape: tuple[int, ...]) -> tuple[Any, Any]:
        """Return the cotangents of an image of real numbers and of the places."""
        count = np.shape(at)[0]
        taps = self.taps(shape, count)
        found, slopes = back_to_both(np.reshape(g, (-1, 1)), c, at, taps)
        return self._unfiltered(np.reshape(found, self.longer(shape, count)), shape, count), slopes

    def slopes(self, g: Any, x: Any, at: Any, c: Any = None) -> Any:
        """Return the cotangent of the places."""
        count = np.shape(at)[0]
        c = self.coefficients(x, count) if c is None else np.reshape(c, (*np.shape(c), 1))
        c = np.conj(c) if np.iscomplexobj(c) else c  # of real numbers a copy
        return np.real(sloped(np.reshape(g, (np.shape(at)[1], -1)), c, at, self.taps(np.shape(x), count)))


def _viewed(x: Any, p: Any, look: Look) -> Any:
    """Return an image at other places, which is linear in it where they are known."""
    if type(p) is not np.ndarray:
        return looked_at(x, look.at(p), p, look=look)
    shape = np.shape(x)
    zero = bool(np.equal(look.cval, 0)) or look.mode not in ("constant", "grid-constant")

    def value(x: Any) -> Any:
        return look.value(x, p)

    def push(x: Any) -> Any:
        return value(x) if zero else value(x) - value(np.zeros(shape, x.dtype))

    def pull(g: Any) -> Any:
        if look.lines is not None and np.size(g):
            return look.back_along(g, p, shape)
        return look.back(g, look.at(p), shape)

    return Operator(push, pull, None if zero else value)(x)


@from_library
@saving(alone=lambda x, at, p, *, look: np.asarray(look.value(x, p)))
def looked_at(x: Array, at: Array, p: Array, *, look: Look) -> Any:
    """Return an image at other places, which are of some parameters; keep the coefficients of its splines."""
    filters = look.prefilter and look.order > 1 and not look.padding()
    if look.of_coefficients is None or not filters or x.dtype.kind != "f" or not x.size:
        return np.asarray(look.value(x, p)), None
    c = ndimage.spline_filter(x, look.order, np.float64, look.mode)
    return np.asarray(look.of_coefficients(c, p, x.dtype)), c


def _looked_at_vjp(
    g: Any, _ans: Any, x: Any, at: Any, _p: Any, *, look: Look, saved: Any = None, wanted: Any = (True, True)
) -> tuple[Any, Any, Any]:
    shape = np.shape(x)
    plain = type(g) is type(x) is type(at) is np.ndarray and x.dtype == g.dtype == np.float64
    if plain and all(wanted[:2]) and len(shape) == len(at) and g.size:
        c = look.coefficients(x, len(at)) if saved is None else saved
        return (*look.back_to_both(g, c, at, shape), None)
    of_image = look.back(g, at, shape) if wanted[0] else None
    return of_image, look.slopes(g, x, at, saved) if wanted[1] else None, None


rule(looked_at, joint=_looked_at_vjp, skip=("p",), holomorphic=False)

# --- functions --------------------------------------------------------------------------------------------------------


def _float(x: Any) -> Any:
    return x * 1.0 if hasattr(x, "dtype") else np.asarray(x, float)


@of_images("input", "coordinates")
def map_coordinates(input: Any, coordinates: Any, order: int, mode: str, cval: Any, prefilter: bool) -> Any:
    def value(x: Any, p: Any) -> Any:
        return ndimage.map_coordinates(x, p, None, order, mode, cval, prefilter)

    def of_coefficients(c: Any, p: Any, dtype: Any) -> Any:
        return ndimage.map_coordinates(c, p, dtype, order, mode, cval, False)

    look = Look(value, lambda p: p, order, mode, cval, prefilter, None, of_coefficients)
    return _viewed(input, _float(coordinates), look)


def _grid(shape: Sequence[int]) -> list[Any]:
    return list(np.indices(shape, float))


@of_images("input", "shift")
def shift(input: Any, shift: Any, order: int, mode: str, cval: Any, prefilter: bool) -> Any:
    shape = np.shape(input)
    shift = _float(shift) * np.ones(len(shape))

    def value(x: Any, p: Any) -> Any:
        return ndimage.shift(x, p, None, order, mode, cval, prefilter)

    def lines(p: Any) -> Sequence[Any]:
        return [np.arange(float(n)) - p[i] for i, n in enumerate(shape)]

    look = Look(value, lambda p: [g - p[i] for i, g in enumerate(_grid(shape))], order, mode, cval, prefilter, lines)
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

    def lines(_p: Any) -> Sequence[Any]:
        return along_sides([np.arange(float(n)) for n in found])

    def along_sides(grid: Sequence[Any]) -> Sequence[Any]:
        sides = zip(grid, shape, found, strict=True)
        if grid_mode:
            return [(g + 0.5) * (n / m) - 0.5 for g, n, m in sides]
        return [g * ((n - 1) / (m - 1) if m > 1 else 1.0) for g, n, m in sides]

    look = Look(value, lambda _p: along_sides(_grid(found)), order, mode, cval, prefilter, lines)
    return _viewed(input, np.zeros(0), look)


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


@functools.lru_cache
def _turned_sides(sides: tuple[int, int], angle: float, reshape: bool) -> tuple[int, int]:
    """Return the sides of an image once it is turned."""
    one, other = ndimage.rotate(np.zeros(sides), angle, (1, 0), reshape, order=0, prefilter=False).shape
    return one, other


@of_images("input", "angle")
def rotate(input: Any, angle: Any, axes: Any, reshape: bool, order: int, mode: str, cval: Any, prefilter: bool) -> Any:
    count = np.ndim(input)
    first, second = sorted(int(axis) % count for axis in axes)
    sides = np.shape(input)[first], np.shape(input)[second]

    def value(x: Any, p: Any) -> Any:
        return ndimage.rotate(x, float(p), axes, reshape, None, order, mode, cval, prefilter)

    found = _turned_sides(sides, float(bare(angle)), bool(reshape))

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
