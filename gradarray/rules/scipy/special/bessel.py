"""Bessel functions by argument, 10.6.1 and 10.29.1, those of Kelvin, Struve and Airy, and their integrals.

What is scaled by the exponential of a real or an imaginary part has no complex derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ....kernels.arrays import Array
from ....tape.wrapping import has_variable
from ...registry import rule
from ..declared import STEPS, UNKNOWN, elementwise, several
from ..unswitched import special
from ..values import from_library
from .orders import i_by_order, j_by_order, k_by_order, y_by_order


def _real(x: Array) -> Array:
    """Return a real argument; TypeError for a complex one."""
    if np.iscomplexobj(x):
        raise TypeError("a scaled Bessel function has no complex derivative: its scale is not holomorphic")
    return x


def _between(func: Callable[..., Any], v: Array, x: Array, sign: int) -> Array:
    """Return half of the function of the order below, plus or minus half of that of the order above."""
    lower, upper = func(v - 1, x), func(v + 1, x)
    return (lower + upper if sign > 0 else lower - upper) / 2


def _beside(library: Callable[..., Any], ans: Array, v: Array, x: Array, sign: int, next_sign: int) -> Array:
    """Return the derivative by the function itself and the next one alone, 10.6.2 and 10.29.2.

    Away from 0, and with a sign of the order that lets nothing cancel. To the next order there would be differences of
    large numbers near 0, so that variables have both neighbours.
    """
    plain = type(x) is type(ans) is np.ndarray and not has_variable(v)
    if plain and np.all(v >= 0) and not np.any(np.abs(x) < 1e-30):
        return next_sign * library(v + 1, x) + v / x * ans
    return _between(library, v, x, sign)


def _k_slope(library: Callable[..., Any], ans: Array, v: Array, x: Array) -> Array:
    """Return the derivative of K_v, of which both terms have one sign."""
    v = np.abs(v)
    return -(library(v - 1, x) + v / x * ans)


elementwise("jv", lambda _ans, v, z: j_by_order(v, z), lambda ans, v, z: _beside(special.jv, ans, v, z, -1, -1))
elementwise("jve", lambda _ans, v, z: j_by_order(v, z), lambda _ans, v, z: _between(special.jve, v, _real(z), -1))
elementwise("yv", lambda _ans, v, z: y_by_order(v, z), lambda _ans, v, z: _between(special.yv, v, z, -1))
elementwise("yve", lambda _ans, v, z: y_by_order(v, z), lambda _ans, v, z: _between(special.yve, v, _real(z), -1))
elementwise("yn", STEPS, lambda _ans, n, x: _between(special.yv, n, x, -1))
elementwise("iv", lambda _ans, v, z: i_by_order(v, z), lambda ans, v, z: _beside(special.iv, ans, v, z, 1, 1))
elementwise(
    "ive",
    lambda _ans, v, z: i_by_order(v, z, scaled=True),
    lambda ans, v, z: _between(special.ive, v, _real(z), 1) - np.sign(z) * ans,
)
elementwise("kv", lambda _ans, v, z: k_by_order(v, z), lambda ans, v, z: _k_slope(special.kv, ans, v, z))
elementwise(
    "kve",
    lambda _ans, v, z: k_by_order(v, z, scaled=True),
    lambda ans, v, z: ans + _k_slope(special.kve, ans, v, z),
)
elementwise("kn", STEPS, lambda ans, n, x: _k_slope(special.kv, ans, n, x))


def _hankel_by_order(v: Array, z: Array, sign: int, turn: Any = 1.0) -> Array:
    return (j_by_order(v, z) + sign * 1j * y_by_order(v, z)) * turn


elementwise(
    "hankel1",
    lambda _ans, v, z: _hankel_by_order(v, z, 1),
    lambda _ans, v, z: _between(special.hankel1, v, z, -1),
)
elementwise(
    "hankel2",
    lambda _ans, v, z: _hankel_by_order(v, z, -1),
    lambda _ans, v, z: _between(special.hankel2, v, z, -1),
)
elementwise(
    "hankel1e",
    lambda _ans, v, z: _hankel_by_order(v, z, 1, np.exp(-1j * z)),
    lambda ans, v, z: _between(special.hankel1e, v, z, -1) - 1j * ans,
)
elementwise(
    "hankel2e",
    lambda _ans, v, z: _hankel_by_order(v, z, -1, np.exp(1j * z)),
    lambda ans, v, z: _between(special.hankel2e, v, z, -1) + 1j * ans,
)


@from_library
def over_power(x: Array, first: Array, *, kind: str, n: int) -> Array:
    """Return J_n(x) / x**n, I_n(x) / x**n or that scaled, which are regular at 0; `first` is the function of order 1.

    To divide by x in the derivative itself would lose digits of all higher ones near 0.
    """
    near = np.abs(x) < (1.0 if n > 1 else np.finfo(x.dtype).tiny)
    if n == 1 and not np.any(near):
        return first / x
    far = np.where(near, 1, x)
    if n == 1:
        return np.where(near, np.asarray(0.5, x.dtype), first / far)
    series = special.hyp0f1(n + 1.0, np.where(near, x * x, 0) * (-0.25 if kind == "j" else 0.25))
    series = series / (2.0**n * math.factorial(n)) * (np.exp(-np.abs(np.where(near, x, 0))) if kind == "ie" else 1.0)
    library = {"j": special.jv, "i": special.iv, "ie": special.ive}[kind]
    return np.where(near, series, library(n, far) / far**n).astype(x.dtype)


def _over_power_slope(ans: Any, x: Any, kind: str, n: int) -> Any:
    next_one = x * over_power(x, np.zeros(0), kind=kind, n=n + 1)  # 10.6.6 and 10.29.4
    return -next_one if kind == "j" else next_one if kind == "i" else next_one - np.sign(x) * ans


rule(
    over_power,
    lambda g, ans, x, _first, *, kind, n: g * _over_power_slope(ans, x, kind, n),
    skip=("first",),
    jvp=lambda tangents, ans, x, _first, *, kind, n: tangents[0] * _over_power_slope(ans, x, kind, n),
)

elementwise("j0", lambda _ans, x: -special.j1(x))
elementwise("j1", lambda ans, x: special.j0(x) - over_power(x, ans, kind="j", n=1))
elementwise("y0", lambda _ans, x: -special.y1(x))
elementwise("y1", lambda ans, x: special.y0(x) - ans / x)
elementwise("i0", lambda _ans, x: special.i1(x))
elementwise("i1", lambda ans, x: special.i0(x) - over_power(x, ans, kind="i", n=1))
elementwise("i0e", lambda ans, x: special.i1e(x) - np.sign(x) * ans)
elementwise(
    "i1e",
    lambda ans, x: special.i0e(x) - over_power(x, ans, kind="ie", n=1) - np.sign(x) * ans,
)
elementwise("k0", lambda _ans, x: -special.k1(x))
elementwise("k1", lambda ans, x: -(special.k0(x) + ans / x))
elementwise("k0e", lambda ans, x: ans - special.k1e(x))
elementwise("k1e", lambda ans, x: ans - (special.k0e(x) + ans / x))


# --- integrals of Bessel functions ------------------------------------------------------------------------------------


def _without_start(x: Array, sign: int) -> Array:
    """Return (I_0(x) - 1) / x, or (J_0(x) - 1) / x with a negative sign, near 0 by its series."""
    near = np.abs(x) < 1
    small, far = np.where(near, x, 0), np.where(near, 1, x)
    square = sign * small * small / 4
    series = 0 * small
    for k in range(12, 0, -1):
        series = series * square + 1 / math.factorial(k) ** 2
    whole = special.i0(far) if sign > 0 else special.j0(far)
    return np.where(near, sign * small / 4 * series, (whole - 1) / far)


several("iti0k0", lambda _ans, x: (special.i0(x), special.k0(x)))
several("itj0y0", lambda _ans, x: (special.j0(x), special.y0(x)))
several("it2i0k0", lambda _ans, x: (_without_start(x, 1), -special.k0(x) / x))
several("it2j0y0", lambda _ans, x: (-_without_start(x, -1), -special.y0(x) / x))
elementwise(
    "besselpoly",
    lambda ans, a, lmb, nu: (special.jv(nu, 2 * a) - (lmb + 1) * ans) / a,
    UNKNOWN,
    UNKNOWN,
)

# --- Struve functions, 11.4.27 and 11.4.28 ----------------------------------------------------------------------------


def _struve_slope(func: Callable[..., Any], v: Array, x: Array, sign: int) -> Array:
    rest = (x / 2) ** (v + 0.0) * special.rgamma(v + 1.5) / math.sqrt(math.pi)
    return _between(func, v, x, sign) + rest / 2


def _struve_over(x: Array) -> Array:
    """Return H_0(x) / x, which is 2 / pi at 0."""
    zero = x == 0
    return np.where(zero, 2 / math.pi, special.struve(0, x) / np.where(zero, 1, x))


elementwise("struve", UNKNOWN, lambda _ans, v, x: _struve_slope(special.struve, v, x, -1))
elementwise("modstruve", UNKNOWN, lambda _ans, v, x: _struve_slope(special.modstruve, v, x, 1))
elementwise("itstruve0", lambda _ans, x: special.struve(0, x))
elementwise("it2struve0", lambda _ans, x: -_struve_over(x))
elementwise("itmodstruve0", lambda _ans, x: special.modstruve(0, x))

# --- Kelvin functions, whose squares turn: x^2 w'' + x w' = i x^2 w, 10.61.3 ------------------------------------------


def _over(ans: Array, x: Array, start: complex) -> Array:
    """Return ans / x, and what it tends to where x is 0."""
    zero = x == 0
    return np.where(zero, start, ans / np.where(zero, 1, x))


elementwise("ber", lambda _ans, x: special.berp(x))
elementwise("bei", lambda _ans, x: special.beip(x))
elementwise("ker", lambda _ans, x: special.kerp(x))
elementwise("kei", lambda _ans, x: special.keip(x))
elementwise("berp", lambda ans, x: -special.bei(x) - _over(ans, x, 0))
elementwise("beip", lambda ans, x: special.ber(x) - _over(ans, x, 0.5))
elementwise("kerp", lambda ans, x: -special.kei(x) - ans / x)
elementwise("keip", lambda ans, x: special.ker(x) - ans / x)


def _kelvin(ans: Any, x: Array) -> tuple[Array, ...]:
    be, ke, bep, kep = ans
    return bep, kep, 1j * be - _over(bep, x, 0.5j), 1j * ke - kep / x


several("kelvin", _kelvin)

# --- Airy functions, 9.2.1 --------------------------------------------------------------------------------------------


def _airy(ans: Any, z: Array) -> tuple[Array, ...]:
    ai, aip, bi, bip = ans
    return aip, z * ai, bip, z * bi


def _scaled_airy(ans: Any, z: Array) -> tuple[Array, ...]:
    ai, aip, bi, bip = ans
    root = np.sqrt(np.maximum(_real(z), 0))
    return aip + root * ai, z * ai + root * aip, bip - root * bi, z * bi - root * bip


several("airy", _airy)
several("airye", _scaled_airy)
several("itairy", lambda _ans, x: (*special.airy(x)[::2], *special.airy(-x)[::2]))
