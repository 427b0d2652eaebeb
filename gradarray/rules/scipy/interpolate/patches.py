"""Products of splines along several axes: at each point a few coefficients around it count, with a weight each."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from ....kernels.arrays import Array
from ...primitives import scatter
from ...registry import rule
from ..values import from_library
from .pieces import placed


def located(x: Array, t: Array, k: int, side: str = "right") -> Array:
    """Return the place of the first coefficient that counts at each point; at a knot, of the given side."""
    return np.asarray(placed(t[k + 1 : len(t) - k - 1], x, side=side))


def weighted(x: Array, places: Array, t: Array, k: int, nu: int = 0) -> list[Array]:
    """Return the weights of the coefficients that count at each point.

    They are the nu-th derivatives of the B-splines that are not zero there, by the recurrence of Cox and de Boor.
    """
    if nu > k:
        return [np.zeros(len(x))] * (k + 1)
    i = places + k
    found = [np.ones(len(x))]
    for d in range(1, k + 1):
        knots = [t.take(i + j) for j in range(1 - d, d + 1)]
        if d <= k - nu:
            rise = [f / (knots[j + d] - knots[j]) for j, f in enumerate(found)]
            left = [(x - knots[j]) * r for j, r in enumerate(rise)]
            right = [(knots[j + d] - x) * r for j, r in enumerate(rise)]
        else:
            left = right = [d * f / (knots[j + d] - knots[j]) for j, f in enumerate(found)]
            right = [-r for r in right]
        found = [right[0], *[a + b for a, b in zip(left[:-1], right[1:], strict=True)], left[-1]]
    return found


class Patches(NamedTuple):
    """How coefficients are weighted around points.

    Attributes
    ----------
    knots, degrees : along each axis
    nu : the order of the derivative along each
    side : whose polynomial counts at a knot
    """

    knots: tuple[Array, ...]
    degrees: tuple[int, ...]
    nu: tuple[int, ...]
    side: str = "right"

    def along(self, axis: int) -> Patches:
        """Return the same for one more derivative along an axis."""
        return self._replace(nu=tuple([n + (d == axis) for d, n in enumerate(self.nu)]))

    def shape(self) -> tuple[int, ...]:
        return tuple([len(t) - k - 1 for t, k in zip(self.knots, self.degrees, strict=True)])

    def located(self, points: Array) -> list[Array]:
        """Return for each axis the place of the first coefficient that counts at each point."""
        return [
            located(points[:, d], t, k, self.side)
            for d, (t, k) in enumerate(zip(self.knots, self.degrees, strict=True))
        ]

    def terms(self, points: Array, places: list[Array]) -> Any:
        """Yield the places of coefficients, one for each point, and what each is multiplied by."""
        ways = zip(places, self.knots, self.degrees, self.nu, strict=True)
        rows = [(place, weighted(points[:, d], place, t, k, n)) for d, (place, t, k, n) in enumerate(ways)]
        sizes = self.shape()
        strides = [math.prod(sizes[d + 1 :]) for d in range(len(sizes))]
        first = sum(place * stride for (place, _), stride in zip(rows, strides, strict=True))
        for choice in itertools.product(*[range(k + 1) for k in self.degrees[:-1]]):
            weight: Any = 1.0
            for (_, weights), j in zip(rows, choice, strict=False):
                weight = weight * weights[j]
            step = sum(j * stride for j, stride in zip(choice, strides, strict=False))
            for j, last in enumerate(rows[-1][1]):
                yield first + (step + j), weight * last


@from_library
def patched(c: Array, points: Array, *, by: Patches) -> Array:
    """Return values of shape (points, functions) of coefficients, which have the functions along their last axis."""
    return _values(c, by.terms(points, by.located(points)))


def _values(c: Array, terms: Any) -> Array:
    flat, total = np.reshape(c, (-1, c.shape[-1])), None
    one = flat[:, 0] if flat.shape[1] == 1 else None
    for places, weight in terms:
        if total is None:
            total = np.zeros((len(places), flat.shape[1]), c.dtype)
        if one is not None:
            total[:, 0] += one.take(places) * weight
        else:
            total += flat.take(places, axis=0) * weight[:, None]
    return np.asarray(total)


@from_library
def unpatched(of: Array, points: Array, *, by: Patches) -> Array:
    """Return the adjoint of `patched` by the coefficients."""
    shape, width = by.shape(), of.shape[1]
    count = math.prod(shape)
    found = np.zeros((count, width), of.dtype)
    for places, weight in by.terms(points, by.located(points)):
        if width == 1 and of.dtype == np.float64:
            found[:, 0] += np.bincount(places, weight * of[:, 0], count)
        else:
            found += scatter(weight[:, None] * of, index=places, shape=(count, width))
    return np.reshape(found, (*shape, width))


def sloped(g: Any, c: Any, points: Any, by: Patches) -> Any:
    """Return for each point the sum over the functions of a weight times their slopes along each axis."""
    if not type(g) is type(c) is type(points) is np.ndarray:
        columns = [np.sum(g * patched(c, points, by=by.along(d)), axis=1) for d in range(np.shape(points)[1])]
        return np.stack(columns, axis=1)
    found, places = np.empty(points.shape), by.located(points)
    for d in range(points.shape[1]):
        found[:, d] = np.einsum("pf,pf->p", g, _values(c, by.along(d).terms(points, places)))
    return found


rule(
    patched,
    lambda g, _ans, _c, points, *, by: unpatched(g, points, by=by),
    lambda g, _ans, c, points, *, by: sloped(g, c, points, by),
)
rule(
    unpatched,
    lambda g, _ans, _of, points, *, by: patched(g, points, by=by),
    lambda g, _ans, of, points, *, by: sloped(of, g, points, by),
)


@from_library
def looked_up(c: Array, points: Array, *, by: Patches, value: Any) -> Array:
    """Return the same with the library's own values."""
    return np.asarray(value(c, points), dtype=np.result_type(c, float))


rule(
    looked_up,
    lambda g, _ans, _c, points, *, by, value: unpatched(g, points, by=by),
    lambda g, _ans, c, points, *, by, value: sloped(g, c, points, by),
)
