"""The derivative of the exponential of a matrix along two others, by what it and that along one are computed of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .exponentials import Quotient, Rational, Slopes, quotients_along, slopes_along, sums_of, value_and_parts


class Along(NamedTuple):
    """The derivatives along a matrix of U, V and all that they are made of, and of the quotient and its squares."""

    slopes: Slopes
    quotients: list[Any]


def along(of: Rational, quotient: Quotient, e: Any) -> Along:
    slopes = slopes_along(of, e)
    return Along(slopes, quotients_along(slopes.u, slopes.v, quotient, of.squarings))


def second_along(a: Any, one: Any, other: Any, third: Any = None) -> tuple[Any, Any]:
    """Return the derivative at a matrix along another one, and that along both others, and maybe a third one."""
    if not all(np.isfinite(x).all() for x in (a, one, other, *([] if third is None else [third]))) or not a.size:
        return np.full(a.shape, np.nan, a.dtype), np.full(a.shape, np.nan, a.dtype)
    ((_, of, quotient),) = value_and_parts(a)[1]
    return second_by_parts(of, quotient, along(of, quotient, other), one, third)


def second_by_parts(of: Rational, quotient: Quotient, other: Along, e: Any, third: Any = None) -> tuple[Any, Any]:
    """Return the derivative along a matrix, and that along it and another one, by what was kept of the latter.

    The derivative along a third one may be added to the second: it takes hardly any work of its own.
    """
    one = along(of, quotient, e)
    u, v = _mixed(of, one.slopes, other.slopes, third)
    (x, y), squares = (one, other), quotient.squares
    found = _total(
        (squares[0], u - v), (x.quotients[0], y.slopes.u - y.slopes.v), (y.quotients[0], x.slopes.u - x.slopes.v)
    )
    found += u
    found += v
    found = found @ quotient.inverse
    for k in range(of.squarings):
        p, q = x.quotients[k], y.quotients[k]
        found = _total((squares[k], found), (found, squares[k]), (p, q), (q, p))
    return one.quotients[-1], found


def _mixed(of: Rational, x: Slopes, y: Slopes, third: Any) -> tuple[Any, Any]:
    """Return the derivatives of U and V along two matrices."""
    a, powers, mixed = of.a, of.powers, np.empty_like(of.powers)
    mixed[0] = _total((x.e, y.e), (y.e, x.e), *([] if third is None else [(a, third), (third, a)]))
    for k in range(1, len(powers)):
        j = k - 1
        mixed[k] = _total(
            (powers[j], mixed[0]), (mixed[j], powers[0]), (x.powers[j], y.powers[0]), (y.powers[j], x.powers[0])
        )
    highest, inner, v = sums_of(mixed, of.b)
    if highest is not None:
        for part, high, own, of_x, of_y in zip((inner, v), highest, of.highest, x.highest, y.highest, strict=True):
            part += _total((powers[2], high), (mixed[2], own), (x.powers[2], of_y), (y.powers[2], of_x))
    u = _total((a, inner), (x.e, y.inner), (y.e, x.inner), *([] if third is None else [(third, of.inner)]))
    return u, v


def _total(*pairs: tuple[Any, Any]) -> Any:
    """Return the sum of products."""
    (a, b), *others = pairs
    found = a @ b
    for a, b in others:
        found += a @ b
    return found
