"""Splines on a grid at any places: around each a few coefficients count, with a weight each."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    if order == 3 and nu < 2:  # as SciPy has them: in a third of the steps
        rest, square = 1 - u, u * u
        if nu:
            first, last, second = rest * rest / -2, square / 2, (1.5 * u - 2) * u
            return [first, second, -(first + second + last), last]
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

    @property
    def terms(self) -> int:
        """Return how many coefficients count at a place."""
        return int((self.order + 1) ** len(self.shape))

    def along(self, axis: int) -> Taps:
        """Return the same for one more derivative along an axis."""
        return self._replace(nu=tuple([n + (d == axis) for d, n in enumerate(self.nu)]))

    def _of_axis(self, at: Array, n: int, nus: Sequence[int], stride: int) -> tuple[Array, list[Array]]:
        """Return where the coefficients that count along an axis stand, and for each order of derivative their weights.

        Both are of shape (coefficients, places).
        """
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
        if self.mode == "grid-constant":
            numbers = first + np.arange(order + 1)[:, None]
            outside = (numbers < 0) | (numbers > n - 1)
        table = _looked_up(np.arange(low, high + 1), n, self.mode) * stride
        if low:
            first -= low
        u, places = c - start + half if half else c - start, np.empty((order + 1, len(at)), np.intp)
        for j, row in enumerate(places):
            table[j:].take(first, out=row, mode="clip")  # where no place needs to be looked for beyond the ends
        found = []
        for nu in nus:
            weights = np.empty(places.shape)
            for j, weight in enumerate(_weights(u, order, nu)):
                weights[j] = weight
            if nu and np.ndim(sign):
                weights *= sign**nu
            if outside is not None:
                np.copyto(weights, 0.0, where=outside)
            found.append(weights)
        return places, found

    def rows(self, at: Array, slopes: bool = False) -> tuple[list[Array], list[list[Array]]]:
        """Return for each axis where the coefficients that count stand among all, and what each is multiplied by.

        Behind that is what it is for one more derivative along the axis, where slopes are asked for.
        """
        strides = [math.prod(self.shape[d + 1 :]) for d in range(len(self.shape))]
        axes = zip(at, self.shape, self.nu, strides, strict=True)
        found = [self._of_axis(line, n, (nu, nu + 1)[: 1 + slopes], stride) for line, n, nu, stride in axes]
        return [places for places, _ in found], [weights for _, weights in found]

    def matrix(self, line: Array, d: int) -> Any:
        """Return as a sparse matrix what makes of coefficients along an axis those at places along it."""
        n = self.shape[d]
        places, (weights,) = self._of_axis(line, n, (0,), 1)
        starts = np.arange(0, places.size + 1, len(places))
        return csr_array((np.ravel(weights.T), np.ravel(places.T), starts), shape=(len(line), n))


# Of so many numbers what is computed stays in the cache; and of so many the places of the sums are counted at once, or
# of as many as there are coefficients.
_BLOCK, _MANY = 131072, 2**18


def _over_all(parts: list[Array], combined: Any, out: Any = None) -> Any:
    """Return the sums, or products, of one row for each axis, in each choice of these: of shape (..., places)."""
    found = parts[0]
    for part in parts[1:-1]:
        found = combined(found[..., None, :], part)
    if len(parts) > 1:
        return combined(found[..., None, :], parts[-1], out=out)
    if out is None:
        return found
    out[...] = found
    return out


@from_library
def sampled(c: Array, at: Array, *, by: Taps) -> Array:
    """Return values of shape (places, functions) of coefficients, which have the functions along their last axis."""
    flat = np.reshape(c, (-1, c.shape[-1]))
    total = np.zeros((at.shape[1], flat.shape[1]), np.result_type(c, float))
    step = max(1, _BLOCK // by.terms)
    for start in range(0, at.shape[1], step):
        some = slice(start, start + step)
        places, weights = by.rows(at[:, some])
        index, factors = _over_all(places, np.add), _over_all([w for (w,) in weights], np.multiply)
        index, factors = (np.reshape(each, (by.terms, -1)) for each in (index, factors))
        for f in range(flat.shape[1]):
            total[some, f] = np.einsum("tp,tp->p", flat[:, f].take(index), factors)
    return total


@from_library
def unsampled(of: Array, at: Array, *, by: Taps) -> Array:
    """Return the adjoint of `sampled` by the coefficients."""
    return _back(by, at, of, None)[0]


def back_to_both(of: Array, c: Array, at: Array, by: Taps) -> tuple[Array, Array]:
    """Return the adjoint by the coefficients of one function and that by the places, of which each is read once."""
    found, slopes = _back(by, at, of, c.reshape(-1))
    return found, slopes * of[:, 0]


def _back(by: Taps, at: Array, of: Any, flat: Any) -> tuple[Any, Any]:
    """Return the sums at the coefficients of what is given of the places, and the slopes there of given coefficients.

    None stands for the one or the other where that is not given.
    """
    count, terms, n = math.prod(by.shape), by.terms, at.shape[1]
    whole = None if of is None else np.zeros((count, of.shape[1]), np.result_type(of, float))
    slopes = None if flat is None else np.empty(at.shape, flat.dtype)
    many, few = max(1, min(n, max(_MANY, count) // terms)), max(1, _BLOCK // terms)
    index, factors = np.empty((terms, many), np.intp), np.empty((terms, many))
    form = (by.order + 1,) * len(by.shape)
    for first in range(0, n, many):
        size = min(many, n - first)
        numbered, weighed = (np.reshape(x[:, :size], (*form, size)) for x in (index, factors))
        for start in range(0, size, few):
            some = slice(start, min(start + few, size))
            of_all = slice(first + some.start, first + some.stop)
            places, weights = by.rows(at[:, of_all], flat is not None)
            here = _over_all(places, np.add, numbered[..., some])
            if whole is not None:
                _over_all([w[0] for w in weights], np.multiply, weighed[..., some])
            if slopes is not None:
                slopes[:, of_all] = _contracted(flat.take(here), weights)
        if whole is not None:
            _add_at(whole, np.reshape(index[:, :size], -1), factors[:, :size], of[first : first + size])
    return whole if whole is None else np.reshape(whole, (*by.shape, -1)), slopes


def _add_at(whole: Array, index: Array, factors: Array, of: Array) -> None:
    for f, some in enumerate(of.T):
        if whole.dtype.kind == "c":
            whole[:, f] += 1j * np.bincount(index, np.reshape(factors * some.imag, -1), len(whole))
        whole[:, f] += np.bincount(index, np.reshape(factors * some.real, -1), len(whole))


def _contracted(values: Array, weights: list[list[Array]]) -> list[Array]:
    """Return the slopes along all axes, of the values at each choice of coefficients."""
    found: list[Array] = []
    for weight, slope in reversed(weights):
        others = [np.einsum("...kp,kp->...p", x, weight) for x in found]
        found = [np.einsum("...kp,kp->...p", values, slope), *others]
        values = np.einsum("...kp,kp->...p", values, weight)
    return found


def sloped(g: Any, c: Any, at: Any, by: Taps) -> Any:
    """Return for each place the sum over the functions of a weight times their slopes along each axis."""
    if type(g) is type(c) is type(at) is np.ndarray and c.shape[-1] == 1 and c.dtype == np.float64:
        return _back(by, at, None, c.reshape(-1))[1] * g[:, 0]
    rows = [np.sum(g * sampled(c, at, by=by.along(d)), axis=1) for d in range(np.shape(at)[0])]
    return np.stack(rows)


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
