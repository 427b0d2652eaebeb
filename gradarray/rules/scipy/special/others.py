"""Lambert's W, exponential integrals, Spence's function and Wright's."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....kernels.arrays import Array
from ..declared import STEPS, UNKNOWN, elementwise, several
from ..unswitched import special
from .series import log1prel_derivative

elementwise("_lambertw", lambda ans, _z, _k, _tol: np.exp(-ans) / (1 + ans), STEPS, "it says how to compute")
elementwise("wrightomega", lambda ans, _z: ans / (1 + ans))
elementwise("wright_bessel", UNKNOWN, UNKNOWN, lambda _ans, a, b, x: special.wright_bessel(a, a + b, x))
elementwise(
    "log_wright_bessel",
    UNKNOWN,
    UNKNOWN,
    lambda ans, a, b, x: np.exp(special.log_wright_bessel(a, a + b, x) - ans),
)


def _spence_slope(_ans: Array, z: Array) -> Array:
    """Return log(z) / (1 - z), which is -1 at 1."""
    if np.iscomplexobj(z):
        one = z == 1
        return np.where(one, -1, np.log(z) / np.where(one, 1, 1 - z))
    return -log1prel_derivative(z - 1, order=0)


elementwise("spence", _spence_slope)

# --- exponential integrals --------------------------------------------------------------------------------------------

elementwise("exp1", lambda _ans, z: -np.exp(-z) / z)
elementwise("expi", lambda _ans, x: np.exp(x) / x)
elementwise("expn", STEPS, lambda _ans, n, x: -special.expn(n - 1, x))


def _sine_and_cosine(_ans: Any, x: Array) -> tuple[Array, Array]:
    whole = np.sin(x) / x if type(x) is np.ndarray and x.all() else np.sinc(x / np.pi)
    return whole, np.cos(x) / x


def _hyperbolic(_ans: Any, x: Array) -> tuple[Array, Array]:
    quotient = np.sinc(1j * x / np.pi)
    return (quotient if np.iscomplexobj(x) else np.real(quotient)), np.cosh(x) / x


several("sici", _sine_and_cosine)
several("shichi", _hyperbolic)
