"""Elliptic integrals and functions.

By the parameter m, Carlson's symmetric integrals are used, where the classical formulas subtract what is nearly equal
(and divide zero by zero where m is 0).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....kernels.arrays import Array
from ...numpy.pieces import in_pieces
from ..declared import elementwise, several
from ..quadrature import over_positive
from ..unswitched import special


def _series(m: Array, a: float, b: float, c: float) -> Array:
    """Return the hypergeometric series for a small argument."""
    total = 1.0 + 0 * m
    for k in range(17, -1, -1):
        total = 1 + (a + k) * (b + k) / ((c + k) * (1 + k)) * m * total
    return total


def k_by_m(m: Array, k: Array | None = None) -> Array:
    """Return the derivative of the complete integral of the first kind, which may be known, 19.4.1 and 19.5.1."""

    def far(m: Array, k: Array) -> Array:
        rest = 1 - m
        return (special.ellipe(m) - rest * k) / (2 * m * rest)

    def near(m: Array, _k: Any = None) -> Array:
        return np.pi / 8 * _series(m, 1.5, 1.5, 2.0)

    if type(m) is np.ndarray and k is not None:
        return in_pieces(np.abs(m) < 0.1, near, far, m, k, inside=0.0, outside=0.5)
    return in_pieces(np.abs(m) < 0.1, near, lambda m: far(m, special.ellipk(m)), m, inside=0.0, outside=0.5)


def e_by_m(m: Array, e: Array | None = None) -> Array:
    """Return the derivative of the complete integral of the second kind, which may be known, 19.4.2 and 19.5.2."""

    def far(m: Array, e: Array) -> Array:
        return (e - special.ellipk(m)) / (2 * m)

    def near(m: Array, _e: Any = None) -> Array:
        return -np.pi / 8 * _series(m, 0.5, 1.5, 2.0)

    if type(m) is np.ndarray and e is not None:
        return in_pieces(np.abs(m) < 0.1, near, far, m, e, inside=0.0, outside=0.5)
    return in_pieces(np.abs(m) < 0.1, near, lambda m: far(m, special.ellipe(m)), m, inside=0.0, outside=0.5)


elementwise("ellipk", lambda ans, m: k_by_m(m, ans))
elementwise("ellipkm1", lambda _ans, p: -special.elliprd(0.0, 1.0, p) / 6)
elementwise("ellipe", lambda ans, m: e_by_m(m, ans))


def _squares(phi: Array, m: Array) -> Array:
    """Return 1 - m sin(phi)^2, which is small where m is nearly 1 and the angle nearly right."""
    return np.cos(phi) ** 2 + (1 - m) * np.sin(phi) ** 2


def _turns(phi: Array) -> tuple[Array, Array, Array]:
    """Return the half turns in an angle, and sine and cosine of what remains of it, which is at most a quarter."""
    turns = np.round(phi / np.pi)
    rest = phi - turns * np.pi
    return turns, np.sin(rest), np.cos(rest)


def first_by_m(phi: Array, m: Array) -> Array:
    """Return the derivative of the incomplete integral of the first kind by m, by 19.25.5 and 19.18.1."""
    turns, s, c = _turns(phi)
    rest = s**3 * special.elliprd(c * c, 1.0, c * c + (1 - m) * s * s) / 6
    return rest + np.where(turns == 0, 0, 2 * turns * k_by_m(np.where(turns == 0, 0, m)))


def second_by_m(phi: Array, m: Array) -> Array:
    """Return the derivative of the incomplete integral of the second kind by m, (E - F) / (2 m), by 19.25.9."""
    turns, s, c = _turns(phi)
    rest = -(s**3) * special.elliprd(c * c, c * c + (1 - m) * s * s, 1.0) / 6
    return rest + np.where(turns == 0, 0, 2 * turns * e_by_m(np.where(turns == 0, 0, m)))


elementwise(
    "ellipkinc",
    lambda _ans, phi, m: 1 / np.sqrt(_squares(phi, m)),
    lambda _ans, phi, m: first_by_m(phi, m),
)
elementwise(
    "ellipeinc",
    lambda _ans, phi, m: np.sqrt(_squares(phi, m)),
    lambda _ans, phi, m: second_by_m(phi, m),
)


def _jacobi_by_u(ans: Any, _u: Array, m: Array) -> tuple[Array, ...]:
    """Return the derivatives of sn, cn, dn and the amplitude by the argument, 22.13.1 and 22.16.3."""
    sn, cn, dn, _ = ans
    return cn * dn, -sn * dn, -m * sn * cn, dn


def _jacobi_by_m(ans: Any, _u: Array, m: Array) -> tuple[Array, ...]:
    """Return the derivatives by the parameter: the amplitude is the inverse of the integral of the first kind."""
    sn, cn, dn, phi = ans
    slope = -dn * first_by_m(phi, m)
    return cn * slope, -sn * slope, -(sn * sn / 2 + m * sn * cn * slope) / dn, slope


several("ellipj", _jacobi_by_u, _jacobi_by_m)


# --- Carlson's symmetric integrals ------------------------------------------------------------------------------------
# Derivatives are 19.18.1 and 19.18.2, or those of the integrals that define them, 19.16.1 to 19.16.5.


def _rc_by_x(ans: Array, x: Array, y: Array) -> Array:
    # Below zero R_C is a principal value, and R_D has none; above, the difference may be one of equal numbers.
    below = y < 0
    at = np.where(below, 1, y)
    across = (ans - 1 / np.sqrt(x)) / (2 * np.where(below, y - x, 1))
    return np.where(below, across, -special.elliprd(at, at, x) / 6)


def _rc_by_y(ans: Array, x: Array, y: Array) -> Array:
    below = y < 0
    at = np.where(below, 1, y)
    across = (ans - np.sqrt(x) / y) / (2 * np.where(below, x - y, 1))
    return np.where(below, across, -special.elliprd(x, at, at) / 3)


elementwise("elliprc", _rc_by_x, _rc_by_y)
elementwise(
    "elliprf",
    lambda _ans, x, y, z: -special.elliprd(y, z, x) / 6,
    lambda _ans, x, y, z: -special.elliprd(x, z, y) / 6,
    lambda _ans, x, y, z: -special.elliprd(x, y, z) / 6,
)


def _rg_part(x: Array, y: Array, z: Array) -> Array:
    """Return the derivative of R_G by x."""
    zero = x == 0
    return (special.elliprf(x, y, z) - np.where(zero, 0, x * special.elliprd(y, z, np.where(zero, 1, x)) / 3)) / 4


elementwise(
    "elliprg",
    lambda _ans, x, y, z: _rg_part(x, y, z),
    lambda _ans, x, y, z: _rg_part(y, x, z),
    lambda _ans, x, y, z: _rg_part(z, x, y),
)


def _integral(x: Array, y: Array, z: Array, p: Array, i: int, j: int, k: int, n: int) -> Array:
    """Return the integral of (t+x)^(-i/2) (t+y)^(-j/2) (t+z)^(-k/2) (t+p)^(-n), t from 0 on."""
    scale = (np.abs(x) + np.abs(y) + np.abs(z) + np.abs(p)) / 4
    x, y, z, p = x / scale, y / scale, z / scale, p / scale

    def integrand(t: Array, x: Array, y: Array, z: Array, p: Array) -> Array:
        return (t + x) ** (-i / 2) * (t + y) ** (-j / 2) * (t + z) ** (-k / 2) * (t + p) ** -n

    return over_positive(integrand, x, y, z, p) * scale ** (1 - (i + j + k) / 2 - n)


elementwise(
    "elliprd",
    lambda _ans, x, y, z: -0.75 * _integral(x, y, z, z, 3, 1, 3, 0),
    lambda _ans, x, y, z: -0.75 * _integral(x, y, z, z, 1, 3, 3, 0),
    lambda _ans, x, y, z: -2.25 * _integral(x, y, z, z, 1, 1, 5, 0),
)


def _positive(p: Array) -> Array:
    """Return p, and NaN where the integral is a principal value."""
    return np.where(p > 0, p, np.nan)


elementwise(
    "elliprj",
    lambda _ans, x, y, z, p: -0.75 * _integral(x, y, z, _positive(p), 3, 1, 1, 1),
    lambda _ans, x, y, z, p: -0.75 * _integral(x, y, z, _positive(p), 1, 3, 1, 1),
    lambda _ans, x, y, z, p: -0.75 * _integral(x, y, z, _positive(p), 1, 1, 3, 1),
    lambda _ans, x, y, z, p: -1.5 * _integral(x, y, z, _positive(p), 1, 1, 1, 2),
)


def _agm_part(a: Array, b: Array, sign: int) -> Array:
    """Return the derivative of pi / 4 (a + b) / K(((a - b) / (a + b))^2), 19.8.5, by one of both."""
    total, gap = a + b, sign * (a - b)
    root = gap / total
    m = root * root
    k = special.ellipk(m)
    other = b if sign > 0 else a
    return np.pi / 4 * (1 - 4 * root * other / total * k_by_m(m) / k) / k


elementwise("agm", lambda _ans, a, b: _agm_part(a, b, 1), lambda _ans, a, b: _agm_part(a, b, -1))
