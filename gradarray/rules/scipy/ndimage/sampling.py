"""Splines on a grid at any places: around each a few coefficients count, with a weight each."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from ....kernels.arrays import Array
from ...registry import rule
from ..values import from_library


def _weights(u: Any, order: int, nu: int) -> list[Any]:
    """Return the B-splines that are not zero at a place between two knots, or their nu-th derivatives.

    By de Boor's recurrence; the derivative is a difference of those of one degree less.
    """
    if nu > order:
        return [0.0] * (order + 1)
    if order == 1:
        return [-1.0, 1.0] if nu else [1 - u, u]
    if order == 3 and not nu:  # as SciPy has them: in a third of the steps
        rest, square = 1 - u, u * u
        first, last = rest * rest * rest / 6, square * u / 6
        second = (u - 2) * square / 2 + 2 / 3
        return [first, second, 1 - first - second - last, last]
    found: list[Any] = [1.0]
    for k in range(1, order + 1):
        left, right = [0.0, *found], [*found, 0.0]
        if k <= order - nu:
            found = [((u + k - j) * left[j] + (j + 1 - u) * right[j]) / k for j in range(k + 1)]
        else:
            found = [left[j] - right[j] for j in range(k + 1)]
    return found


def _mapped(at: Array, n: int, mode: str) -> tuple[Any, Any]:
    """Return where in an axis of n elements a place beyond its ends is looked up, and the sign of its slope."""
    if _is_inside(at, n):
        return at, 1.0
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
    return sign * at + offset, sign


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


class Taps(NamedTuple):
    """Which coefficients count at a place.

    Attributes
    ----------
    shape : of the coefficients, along the axes of the places
    order, mode : of the splines, and how they go on at the ends
    pad : by how much the coefficients are more than the image, at both ends
    nu : the order of the derivative along each axis
    """

    shape: tuple[int, ...]
    order: int
    mode: str
    pad: int
    nu: tuple[int, ...]

    def along(self, axis: int) -> Taps:
        """Return the same for one more derivative along an axis."""
        return self._replace(nu=tuple([n + (d == axis) for d, n in enumerate(self.nu)]))

    def _of_axis(self, at: Array, n: int, nu: int, stride: int) -> list[tuple[Array, Any]]:
        """Return for each of the coefficients that count along an axis where it stands, and its weight."""
        c, order = at + self.pad if self.pad else at, self.order
        outside: Any = None
        if self.mode == "constant" and not _is_inside(c, n):
            outside = (c < 0) | (c > n - 1)
            c = np.clip(c, 0, n - 1)
        c, sign = _mapped(c, n, self.mode)
        half = 0.5 if order % 2 == 0 else 0.0
        start = np.floor(c + half) if half else np.floor(c)
        first = start.astype(np.intp)
        if order > 1:
            first -= order // 2
        low, high = int(np.min(first)), int(np.max(first)) + order
        table = _looked_up(np.arange(low, high + 1), n, self.mode) * stride
        if low:
            first -= low
        found = []
        for j, weight in enumerate(_weights(c - start + half if half else c - start, order, nu)):
            w = weight * sign**nu if nu and np.ndim(sign) else weight
            if self.mode == "grid-constant":
                i = first + (low + j)
                w = np.where((i < 0) | (i > n - 1), 0.0, w)
            found.append((table[j:].take(first), w))
        if outside is not None:
            found = [(i, np.where(outside, 0.0, w)) for i, w in found]
        return found

    def rows(self, at: Array) -> list[list[tuple[Array, Any]]]:
        """Return for each axis where the coefficients that count stand among all, and what each is multiplied by."""
        strides = [math.prod(self.shape[d + 1 :]) for d in range(len(self.shape))]
        return [self._of_axis(*each) for each in zip(at, self.shape, self.nu, strides, strict=True)]

    def matrix(self, line: Array, d: int) -> Any:
        """Return as a sparse matrix what makes of coefficients along an axis those at places along it."""
        n = self.shape[d]
        terms = self._of_axis(line, n, 0, 1)
        places, weights = (np.stack(np.broadcast_arrays(*column), axis=1) for column in zip(*terms, strict=True))
        starts = np.arange(0, places.size + 1, len(terms))
        return csr_array((np.ravel(weights) * np.ones(places.size), np.ravel(places), starts), shape=(len(line), n))

    def terms(self, at: Array) -> Any:
        """Yield the places of coefficients, one for each place, and what each is multiplied by."""
        rows = self.rows(at)
        for choice in itertools.product(*rows[:-1]):
            place, weight = sum(i for i, _ in choice), math.prod([w for _, w in choice])
            for i, w in rows[-1]:
                yield place + i, weight * w if choice else w


# Of so many places what is computed stays in the cache; and of so many numbers the places of the sums are counted once.
_BLOCK, _MANY = 32768, 2**18


@from_library
def sampled(c: Array, at: Array, *, by: Taps) -> Array:
    """Return values of shape (places, functions) of coefficients, which have the functions along their last axis."""
    flat = np.reshape(c, (-1, c.shape[-1]))
    total = np.zeros((at.shape[1], flat.shape[1]), np.result_type(c, float))
    one = np.ascontiguousarray(flat[:, 0]) if flat.shape[1] == 1 else None
    for start in range(0, at.shape[1], _BLOCK):
        part = total[start : start + _BLOCK]
        for places, weight in by.terms(at[:, start : start + _BLOCK]):
            if one is not None:
                part[:, 0] += one.take(places) * weight
            else:
                part += flat.take(places, axis=0) * np.reshape(weight, (-1, 1))
    return total


@from_library
def unsampled(of: Array, at: Array, *, by: Taps) -> Array:
    """Return the adjoint of `sampled` by the coefficients."""
    count, width, n = math.prod(by.shape), of.shape[1], at.shape[1]
    found = np.zeros((count, width), np.result_type(of, float))
    terms = (by.order + 1) ** len(by.shape)
    step = max(1, min(n, _MANY // terms))
    index, weights = np.empty((terms, step), np.intp), np.empty((terms, step))
    for first in range(0, n, step):
        last = min(first + step, n)
        for start in range(first, last, _BLOCK):
            end = min(start + _BLOCK, last)
            for k, (places, weight) in enumerate(by.terms(at[:, start:end])):
                index[k, start - first : end - first] = places
                weights[k, start - first : end - first] = weight
        size = last - first
        flat = np.reshape(index[:, :size], -1)
        for f in range(width):
            some = of[first:last, f]
            if found.dtype.kind == "c":
                found[:, f] += 1j * np.bincount(flat, np.reshape(weights[:, :size] * some.imag, -1), count)
            found[:, f] += np.bincount(flat, np.reshape(weights[:, :size] * some.real, -1), count)
    return np.reshape(found, (*by.shape, width))


def sloped(g: Any, c: Any, at: Any, by: Taps) -> Any:
    """Return for each place the sum over the functions of a weight times their slopes along each axis."""
    if type(g) is type(c) is type(at) is np.ndarray and c.shape[-1] == 1 and c.dtype == np.float64:
        found, flat = np.empty(at.shape), c.reshape(-1)
        for start in range(0, at.shape[1], _BLOCK):
            some = slice(start, start + _BLOCK)
            found[:, some] = _contracted(flat, by, at[:, some])
        return found * g[:, 0]
    rows = [np.sum(g * sampled(c, at, by=by.along(d)), axis=1) for d in range(np.shape(at)[0])]
    return np.stack(rows)


def _contracted(flat: Array, by: Taps, at: Array) -> Array:
    """Return the slopes along all axes: each coefficient is read once."""
    rows, steep = by.rows(at), [by.along(d).rows(at)[d] for d in range(len(by.shape))]

    def inner(d: int, place: Any) -> tuple[Any, list[Any]]:
        if d == len(rows):
            return flat.take(place), []
        value: Any = 0.0
        slopes: list[Any] = [0.0] * (len(rows) - d)
        for (i, w), (_, slope) in zip(rows[d], steep[d], strict=True):
            v, others = inner(d + 1, place + i)
            value = value + w * v
            slopes[0] = slopes[0] + slope * v
            slopes[1:] = [so_far + w * other for so_far, other in zip(slopes[1:], others, strict=True)]
        return value, slopes

    return np.stack(inner(0, 0)[1])


rule(
    sampled,
    lambda g, _ans, _c, at, *, by: unsampled(g, at, by=by),
    lambda g, _ans, c, at, *, by: np.real(sloped(g, c, at, by)),
)
rule(
    unsampled,
    lambda g, _ans, _of, at, *, by: sampled(g, at, by=by),
    lambda g, _ans, of, at, *, by: np.real(sloped(of, g, at, by)),
)
