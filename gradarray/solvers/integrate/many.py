"""Integrals over boxes, and many integrals at once.

Nodes lie at fixed parts of each range, so that they move with limits that are variables: one sum over nodes has the
derivatives by the limits, and by all that the integrand depends on.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate
from scipy.special import roots_legendre

from ...reverse.outputs import revalued
from ...rules.scipy.declared import looking
from ...tape.wrapping import bare, has_variable, lifted
from ..calling import Watched, each
from ..captured import dropped_in
from ..written import OfValues
from .switches import Search, holds_variables, refuse_moving, slightly_others

# So many nodes along each axis of a box, by how many axes there are.
_COUNTS = (21, 10, 7, 5, 4)
# How far a sum over nodes may be from SciPy's value, of the sum of magnitudes.
_OFF = 1e-5


_INSTEAD = "take the integral in two parts"


def _of_rows(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda places: f(*places.T)


def refuse_apart(total: Any, size: Any, value: Any, error: Any, name: str) -> None:
    if not np.all(np.abs(bare(total) - value) <= _OFF * size + 10 * np.abs(error)):
        raise ValueError(
            f"the integral is {value!r:.60} to scipy.integrate.{name}, but {bare(total)!r:.60} by the nodes for its "
            "derivative: the integrand is not smooth enough within the range; take it in parts, or use quad"
        )


# --- boxes ------------------------------------------------------------------------------------------------------------


def cubature(f: Callable[..., Any], a: Any, b: Any, *, args: Any = (), points: Any = None, **options: Any) -> Any:
    def body() -> Any:
        watched = Watched(f, "scipy.integrate.cubature", f, args)
        values = bare(args)
        result = integrate.cubature(watched, bare(a), bare(b), args=values, points=bare(points), **options)
        known = not watched.depends(has_variable((a, b, args)))
        if known and not holds_variables(f, ()):
            return result
        low, high = (np.atleast_1d(lifted(x)) for x in (a, b))
        first, last = (np.asarray(bare(x), float) for x in (low, high))
        if not (np.all(np.isfinite(first)) and np.all(np.isfinite(last))):
            raise TypeError(
                "scipy.integrate.cubature of a variable takes finite limits; scipy.integrate.nquad takes others"
            )
        x, w = _in_boxes(result.regions, first, last)

        def search() -> Search:
            at = OfValues(f, args, objects=True)
            return Search([x], at, slightly_others(lambda: at, lambda f: f), kept=watched.kept)

        refuse_moving("scipy.integrate.cubature", _INSTEAD, (f, *args), search)
        if known:
            return result
        share = (x - first) / np.where(last == first, 1.0, last - first)
        values = f(low + share * (high - low), *args)
        weights = np.reshape(w, (-1, *[1] * (np.ndim(values) - 1)))
        scale = np.prod(high - low)
        total = scale * np.sum(weights * values, axis=0)
        refuse_apart(
            total, abs(bare(scale)) * np.sum(np.abs(weights * bare(values)), axis=0), *_told(result), "cubature"
        )
        result.estimate = revalued(total, np.asarray(result.estimate)[()])
        return result

    return dropped_in(body, f)


def _told(result: Any) -> tuple[Any, Any]:
    return result.estimate, result.error


def _in_boxes(regions: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Return Gauss's nodes in all regions, (number, axes), and how much of the whole box each counts for."""
    axes = low.size
    t, w = roots_legendre(_COUNTS[min(axes, len(_COUNTS)) - 1])
    parts = np.array([*itertools.product((1 + t) / 2, repeat=axes)])
    weights = np.prod([*itertools.product(w / 2, repeat=axes)], axis=1)
    left, right = (np.stack([getattr(region, side) for region in regions])[:, None] for side in "ab")
    volume = np.prod((right - left) / np.where(high == low, 1.0, high - low), axis=2)
    return np.reshape(left + (right - left) * parts, (-1, axes)), np.ravel(volume * weights)


# --- many at once -----------------------------------------------------------------------------------------------------


@functools.cache
def _double_exponential(reach: float) -> tuple[Any, Any, Any]:
    """Return nodes on (0, 1), from the left and from the right end, and their weights; see nodes.py."""
    t = np.arange(-round(reach * 20), round(reach * 20) + 1) / 20
    u = np.pi / 2 * np.sinh(t)
    return 1 / (1 + np.exp(-2 * u)), 1 / (1 + np.exp(2 * u)), np.pi / 4 * np.cosh(t) / np.cosh(u) ** 2 / 20


# How far towards the ends: where the range is infinite, its variable is large enough there.
_REACH, _REACH_OF_INFINITE = 6.0, 4.2


def tanhsinh(f: Callable[..., Any], a: Any, b: Any, *, args: Any = (), **options: Any) -> Any:
    given = args if isinstance(args, tuple) else (args,)

    def body() -> Any:
        watched = Watched(f, "scipy.integrate.tanhsinh", f, args)
        result = integrate.tanhsinh(watched, bare(a), bare(b), args=bare(given), **options)
        known = not watched.depends(has_variable((a, b, given)))
        if known and not holds_variables(f, ()):
            return result
        for name in ("log", "preserve_shape"):
            if options.get(name):
                raise TypeError(f"scipy.integrate.tanhsinh of a variable: {name}= is not known here")
        low, high = (lifted(x) if np.ndim(bare(x)) or has_variable(x) else float(x) for x in (a, b))
        x, w = nodes_of_range(low, high)
        each_arg = [np.expand_dims(lifted(arg), -1) if np.ndim(bare(arg)) else arg for arg in given]

        def search() -> Search:
            columns = np.broadcast_arrays(*map(bare, (x, *each_arg)))
            rows = [*np.reshape(np.stack(columns, axis=-1), (-1, x.shape[-1], len(columns)))]
            alone = OfValues(f, (), objects=True)
            others = slightly_others(lambda: alone, _of_rows)
            return Search(rows, _of_rows(alone), others, has_variable(given), watched.kept)

        refuse_moving("scipy.integrate.tanhsinh", _INSTEAD, (f,), search)
        if known:
            return result
        values = f(x, *each_arg)
        total = np.sum(w * values, axis=-1)
        size = np.sum(np.abs(bare(w) * bare(values)), axis=-1)
        refuse_apart(total, size, result.integral, result.error, "tanhsinh")
        value = np.asarray(result.integral)[()]
        result.integral = revalued(np.broadcast_to(total, np.shape(value)), value)
        return result

    return dropped_in(body, f)


def nodes_of_range(low: Any, high: Any) -> tuple[Any, Any]:
    """Return nodes between limits, along a last axis, and their weights."""
    ends = [np.isfinite(np.asarray(bare(x), float)) for x in (low, high)]
    if any(end.any() != end.all() for end in ends):
        raise TypeError("scipy.integrate.tanhsinh of a variable: limits are all finite, or all infinite, at one end")
    left, right = (bool(end.all()) for end in ends)
    for x, finite in ((low, left), (high, right)):
        if has_variable(x) and not finite:
            raise TypeError("an integral has no derivative by an infinite limit")
    u, v, w = _double_exponential(_REACH if left and right else _REACH_OF_INFINITE)
    low, high = (np.expand_dims(x, -1) if np.ndim(x) else x for x in (low, high))
    if left and right:
        x = np.where(u < 0.5, low + (high - low) * u, high - (high - low) * v)
        plain = np.asarray(bare(x))
        inside = (plain != bare(low)) & (plain != bare(high))  # to which the nodes next to an end may round
        return np.where(inside, x, (low + high) / 2), np.where(inside, w, 0.0) * (high - low)
    turn = 1.0 if np.all(np.asarray(bare(low)) < bare(high)) else -1.0
    if left:
        return low + turn * u / v, turn * w / v**2
    if right:
        return high - turn * v / u, turn * w / u**2
    size = np.zeros(np.broadcast_shapes(np.shape(low), np.shape(high)))
    return (u - v) / (u * v) + size, turn * w * (u**2 + v**2) / (u * v) ** 2


looking("scipy.integrate", each(cubature), each(tanhsinh))
