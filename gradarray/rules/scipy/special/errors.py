"""The error function, its relatives, and Fresnel integrals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....kernels.arrays import Array
from ..declared import elementwise, several
from ..unswitched import special

ROOT_PI = math.sqrt(math.pi)
ROOT_2PI = math.sqrt(2 * math.pi)

elementwise("erf", lambda _ans, z: 2 / ROOT_PI * np.exp(-z * z))
elementwise("erfc", lambda _ans, x: -2 / ROOT_PI * np.exp(-x * x))
elementwise("erfi", lambda _ans, z: 2 / ROOT_PI * np.exp(z * z))
elementwise("erfinv", lambda ans, _y: ROOT_PI / 2 * np.exp(ans * ans))
elementwise("erfcinv", lambda ans, _y: -ROOT_PI / 2 * np.exp(ans * ans))


def _tail(square: Array) -> Array:
    """Return the sum of (-1)^k (2k-1)!! / (2 square)^k from k = 1 on, for a large square, 7.12.1."""
    u = -0.5 / square
    series = 0.0
    for k in (5, 4, 3, 2, 1):
        series = (series + 1) * u * (2 * k - 1)
    return series


# From here on the first terms of the asymptotic series are exact to rounding; before, little cancels.
_FAR = 40.0


def erfcx_slope(ans: Array, x: Array) -> Array:
    """Return 2 x erfcx(x) - 2 / sqrt(pi), without the difference where it cancels."""
    far = np.real(x) > _FAR
    return np.where(far, 2 / ROOT_PI * _tail(np.where(far, x * x, 1)), 2 * x * ans - 2 / ROOT_PI)


def _dawsn_slope(ans: Array, z: Array) -> Array:
    """Return 1 - 2 z D(z), without the difference where it cancels, which is off the imaginary axis."""
    far = np.real(z) ** 2 - np.imag(z) ** 2 > _FAR**2
    return np.where(far, -_tail(np.where(far, -z * z, -1)), 1 - 2 * z * ans)


def faddeeva_slope(ans: Array, z: Array) -> Array:
    """Return 2 i / sqrt(pi) - 2 z w(z), 7.10.2, without the difference where it cancels: above the real axis."""
    far = (np.abs(z) > _FAR) & (np.imag(z) >= 0)
    return np.where(far, -2j / ROOT_PI * _tail(np.where(far, -z * z, -1)), 2j / ROOT_PI - 2 * z * ans)


elementwise("erfcx", erfcx_slope)
elementwise("dawsn", _dawsn_slope)
elementwise("wofz", faddeeva_slope)


def _fresnel(_ans: Any, z: Array) -> tuple[Array, Array]:
    angle = np.pi / 2 * z * z
    return np.sin(angle), np.cos(angle)


def _modified(sign: int) -> Any:
    """Return the derivatives of F and K, where K = exp(-+i (x^2 + pi / 4)) F / sqrt(pi) and F' = -exp(+-i x^2)."""
    corner = np.exp(complex(0, -sign * math.pi / 4)) / ROOT_PI

    def slopes(ans: Any, x: Array) -> tuple[Array, Array]:
        _, k = ans
        return -np.exp(sign * 1j * x * x), -sign * 2j * x * k - corner

    return slopes


several("fresnel", _fresnel)
several("modfresnelp", _modified(1))
several("modfresnelm", _modified(-1))


# --- the normal distribution ------------------------------------------------------------------------------------------


def hazard(x: Array) -> Array:
    """Return density over distribution function of the standard normal distribution."""
    return math.sqrt(2 / math.pi) / special.erfcx(-x / math.sqrt(2))


elementwise("ndtr", lambda _ans, x: np.exp(-x * x / 2) / ROOT_2PI)
elementwise("log_ndtr", lambda _ans, x: hazard(x))
elementwise("ndtri", lambda ans, _y: ROOT_2PI * np.exp(ans * ans / 2))
elementwise("ndtri_exp", lambda ans, _y: 1 / hazard(ans))


def _voigt(x: Array, sigma: Array, gamma: Array) -> tuple[Array, Array, Array]:
    """Return z = (x + i gamma) / (sigma sqrt(2)), w'(z) and the scale of Re w(z) in the profile."""
    z = (x + 1j * gamma) / (sigma * math.sqrt(2))
    return z, faddeeva_slope(special.wofz(z), z), 1 / (sigma * ROOT_2PI)


def _voigt_by_x(_ans: Array, x: Array, sigma: Array, gamma: Array) -> Array:
    _, slope, scale = _voigt(x, sigma, gamma)
    return np.real(slope) * scale / (sigma * math.sqrt(2))


def _voigt_by_sigma(ans: Array, x: Array, sigma: Array, gamma: Array) -> Array:
    z, slope, scale = _voigt(x, sigma, gamma)
    return -(ans + np.real(slope * z) * scale) / sigma


def _voigt_by_gamma(_ans: Array, x: Array, sigma: Array, gamma: Array) -> Array:
    _, slope, scale = _voigt(x, sigma, gamma)
    return -np.imag(slope) * scale / (sigma * math.sqrt(2))


elementwise("voigt_profile", _voigt_by_x, _voigt_by_sigma, _voigt_by_gamma)
elementwise(
    "owens_t",
    lambda _ans, h, a: -np.exp(-h * h / 2) * special.erf(a * h / math.sqrt(2)) / (2 * ROOT_2PI),
    lambda _ans, h, a: np.exp(-h * h * (1 + a * a) / 2) / (2 * np.pi * (1 + a * a)),
)
