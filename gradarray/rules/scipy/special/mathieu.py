"""Mathieu functions (28.2.1, 28.20.1), parabolic cylinder functions (12.2.2, 12.2.3) and spheroidal ones (30.2.1).

Second derivatives are those of the equations. By a parameter there is no closed form, but for the eigenvalues of
Mathieu's equation, which grow by the mean of 2 cos(2 x) over the square of the eigenfunction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....kernels.arrays import Array
from ..declared import STEPS, UNKNOWN, elementwise, several
from ..unswitched import special

_POINTS = 256  # the rule is exact for all waves below, and higher ones have fallen off


def _eigenvalue_slope(func: Callable[..., Any], m: Array, q: Array) -> Array:
    angle = np.arange(_POINTS) * (360 / _POINTS)
    wave, _ = func(np.expand_dims(m, -1), np.expand_dims(q, -1), angle)
    return 4 / _POINTS * np.sum(np.cos(np.deg2rad(2 * angle)) * wave * wave, axis=-1)


elementwise("mathieu_a", STEPS, lambda _ans, m, q: _eigenvalue_slope(special.mathieu_cem, m, q))
elementwise("mathieu_b", STEPS, lambda _ans, m, q: _eigenvalue_slope(special.mathieu_sem, m, q))


def _angular(value: Callable[..., Any]) -> Callable[..., Any]:
    def by_x(ans: Any, m: Array, q: Array, x: Array) -> tuple[Array, Array]:
        y, slope = ans
        radian = np.pi / 180
        return slope * radian, (2 * q * np.cos(2 * radian * x) - value(m, q)) * y * radian

    return by_x


def _radial(value: Callable[..., Any]) -> Callable[..., Any]:
    def by_x(ans: Any, m: Array, q: Array, x: Array) -> tuple[Array, Array]:
        y, slope = ans
        return slope, (value(m, q) - 2 * q * np.cosh(2 * x)) * y

    return by_x


several("mathieu_cem", STEPS, UNKNOWN, _angular(special.mathieu_a))
several("mathieu_sem", STEPS, UNKNOWN, _angular(special.mathieu_b))
for _kind in "12":
    several(f"mathieu_modcem{_kind}", STEPS, UNKNOWN, _radial(special.mathieu_a))
    several(f"mathieu_modsem{_kind}", STEPS, UNKNOWN, _radial(special.mathieu_b))

# --- parabolic cylinder functions -------------------------------------------------------------------------------------


def _parabolic(ans: Any, v: Array, x: Array) -> tuple[Array, Array]:
    d, slope = ans
    return slope, (x * x / 4 - v - 0.5) * d


def _parabolic_w(ans: Any, a: Array, x: Array) -> tuple[Array, Array]:
    w, slope = ans
    return slope, (a - x * x / 4) * w


several("pbdv", UNKNOWN, _parabolic)
several("pbvv", UNKNOWN, _parabolic)
several("pbwa", UNKNOWN, _parabolic_w)

# --- spheroidal wave functions ----------------------------------------------------------------------------------------


def _bend(y: Array, slope: Array, m: Array, c: Array, cv: Array, x: Array, oblate: int, radial: bool) -> Array:
    """Return the second derivative that the equation gives."""
    square = c * c * x * x
    if oblate and radial:
        room = 1 + x * x
        return (-2 * x * slope + (cv - square - m * m / room) * y) / room
    room = 1 - x * x
    return (2 * x * slope - (cv + (square if oblate else -square) - m * m / room) * y) / room


def _spheroidal(oblate: int, radial: bool, value: Callable[..., Any]) -> Callable[..., Any]:
    def by_x(ans: Any, m: Array, n: Array, c: Array, x: Array) -> tuple[Array, Array]:
        y, slope = ans
        return slope, _bend(y, slope, m, c, value(m, n, c), x, oblate, radial)

    return by_x


def _spheroidal_of(oblate: int, radial: bool) -> Callable[..., Any]:
    def by_x(ans: Any, m: Array, _n: Array, c: Array, cv: Array, x: Array) -> tuple[Array, Array]:
        y, slope = ans
        return slope, _bend(y, slope, m, c, cv, x, oblate, radial)

    return by_x


for _oblate, _prefix in enumerate(("pro", "obl")):
    for _name in ("ang1", "rad1", "rad2"):
        _is_radial = _name != "ang1"
        _value = getattr(special, f"{_prefix}_cv")
        several(f"{_prefix}_{_name}", STEPS, STEPS, UNKNOWN, _spheroidal(_oblate, _is_radial, _value))
        several(f"{_prefix}_{_name}_cv", STEPS, STEPS, UNKNOWN, UNKNOWN, _spheroidal_of(_oblate, _is_radial))
    elementwise(f"{_prefix}_cv", STEPS, STEPS, UNKNOWN)
