"""FITPACK's functions that make splines of values, by these, and by weights and sites."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import function
from ..values import Fit, as_double, fitted, looked_at, no_variable, valued
from .bsplines import padded
from .fits import transposed_fit
from .knots import chosen, moving_unless_given


def splrep(
    x: Any,
    y: Any,
    w: Any = None,
    xb: Any = None,
    xe: Any = None,
    k: int = 3,
    task: int = 0,
    s: Any = None,
    t: Any = None,
    full_output: int = 0,
    per: int = 0,
    quiet: int = 1,
) -> Any:
    no_variable("scipy.interpolate.splrep", xb=xb, xe=xe, s=s, t=t)
    if full_output or task == 1:
        raise TypeError("scipy.interpolate.splrep of a variable: neither full_output= nor task=1 is known here")
    chooses = t is None and (s if s is not None else 0.0 if w is None else 1.0)
    if (chooses or has_variable((x, w))) and per:
        raise TypeError(
            "scipy.interpolate.splrep of a variable: with per=1 there is a derivative by values alone, with s=0 or t="
        )
    if chooses or has_variable((x, w)):
        given = looked_at((x, y, w))
        knots, c, _ = interpolate.splrep(*given, xb, xe, k, task, s, t, 0, per, quiet)
        found = chosen(
            as_double(x),
            as_double(y)[:, None],
            None if w is None else as_double(w),
            moved := moving_unless_given(knots, x, k, (xb, xe), t),
            c[: len(knots) - k - 1, None],
            k,
        )
        return moved, padded(found[:, 0], knots), k
    x, w, t = bare(x), bare(w), bare(t)

    def value(v: Array) -> Array:
        if v.ndim == 1:
            return np.asarray(interpolate.splrep(x, v, w, xb, xe, k, task, s, t, 0, per, quiet)[1])
        return np.stack([value(column) for column in v.T], axis=-1)

    knots = interpolate.splrep(x, bare(y), w, xb, xe, k, task, s, t, 0, per, quiet)[0]
    y = as_double(y)
    if per:  # the last value counts for nothing

        def linear(one: Array) -> Array:
            return value(one * np.where(np.arange(len(one)) == len(one) - 1, 0.0, 1.0)[:, None])

        return knots, fitted(y, fit=Fit(value, linear, np.shape(y)[0])), k
    pull = transposed_fit(np.asarray(x, float), knots, k, w)
    return knots, fitted(y, fit=Fit(value, value, np.shape(y)[0], pull)), k


def _along(curve: list[Any], plain: Array) -> Any:
    """Return the lengths along a polygon to its corners, of its whole one, where a variable moves these."""
    steps = [x[1:] - x[:-1] for x in curve]
    sums = np.cumsum(np.sqrt(sum(step * step for step in steps)))
    return valued(np.concatenate([np.zeros(1), sums / sums[-1]]), plain)


def splprep(
    x: Any,
    w: Any = None,
    u: Any = None,
    ub: Any = None,
    ue: Any = None,
    k: int = 3,
    task: int = 0,
    s: Any = None,
    t: Any = None,
    full_output: int = 0,
    nest: Any = None,
    per: int = 0,
    quiet: int = 1,
) -> Any:
    no_variable("scipy.interpolate.splprep", ub=ub, ue=ue, s=s, t=t)
    if full_output or task == 1 or per:
        raise TypeError("scipy.interpolate.splprep of a variable: neither full_output=, task= nor per= is known here")
    curve = [as_double(x[i]) for i in range(len(x))]
    plain = [*map(looked_at, curve)]
    (knots, c, _), sites = interpolate.splprep(plain, *looked_at((w, u)), ub, ue, k, 0, s, t, 0, nest, 0, quiet)
    if s == 0 and u is not None and not has_variable((w, u)):
        return (knots, _through(curve, w, sites, knots, k), k), sites
    at = _along(curve, sites) if u is None else as_double(u)
    moved = moving_unless_given(knots, at, k, (ub, ue), t)
    found = chosen(at, np.stack(curve, axis=-1), None if w is None else as_double(w), moved, np.stack(c, axis=-1), k)
    return (moved, [found[:, i] for i in range(len(curve))], k), at


def _through(curve: list[Any], w: Any, u: Array, knots: Array, k: int) -> list[Any]:
    """Return the coefficients of splines through all values, which are a linear function of these."""
    w = looked_at(w)

    def value(v: Array) -> Array:
        rows = np.reshape(v, (len(v), -1)).T
        found = [interpolate.splprep([row] * 2, w, u, k=k, s=0)[0][1][0] for row in rows]
        return np.reshape(np.stack(found, axis=-1), (-1, *np.shape(v)[1:]))

    fit = Fit(value, value, len(u), transposed_fit(u, knots, k, w))
    return [fitted(row, fit=fit) for row in curve]


function("scipy.interpolate", splrep, splprep)
