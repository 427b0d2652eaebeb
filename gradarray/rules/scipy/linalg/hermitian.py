"""Derivatives of functions of Hermitian matrices: in the basis of the eigenvectors, divided differences.

    f(A + E) - f(A) = V (D * (V^H E V)) V^H + ...,  D_ij = (f(w_i) - f(w_j)) / (w_i - w_j)

Daleckii, Krein, Integration and differentiation of functions of Hermitian operators (1951). The differences are written
so that no digits cancel, however near two eigenvalues are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

_Differences = Callable[[Any, Any], Any]


def derivative_along(differences: _Differences, a: Any, e: Any, positive: bool = False) -> Any:
    """Return the derivative of a function at a Hermitian matrix, or at each of several, along any other one.

    Parameters
    ----------
    differences : of two eigenvalues, the divided difference of the function
    positive : whether the function needs eigenvalues above 0

    Returns
    -------
    array or None
        None where `a` is not exactly Hermitian, or its eigenvalues are not such ones.
    """
    if not (np.array_equal(a, _adjoint(a)) and np.isfinite(e).all()):  # what is not finite is not equal, or goes on
        return None
    try:
        w, v = np.linalg.eigh(a)
    except np.linalg.LinAlgError:
        return None
    # What may be zero but for rounding is not told from what is negative.
    if positive and np.any(w[..., :1] <= np.finfo(w.dtype).eps * a.shape[-1] * w[..., -1:]):
        return None
    vh = _adjoint(v)
    inner = vh @ e @ v
    inner *= differences(w[..., :, None], w[..., None, :])
    return v @ inner @ vh


def _adjoint(a: Any) -> Any:
    turned = np.swapaxes(a, -1, -2)
    return turned.conj() if a.dtype.kind == "c" else turned


def of_exponential(x: Any, y: Any) -> Any:
    gap = np.abs(x - y)
    same = gap == 0
    return np.exp(np.maximum(x, y)) * np.where(same, 1.0, -np.expm1(-gap) / np.where(same, 1.0, gap))


def of_hyperbolic_sine(x: Any, y: Any) -> Any:
    return np.cosh((x + y) / 2) * _sinch((x - y) / 2)


def of_hyperbolic_cosine(x: Any, y: Any) -> Any:
    return np.sinh((x + y) / 2) * _sinch((x - y) / 2)


def _sinch(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.sinh(safe) / safe)


def of_sine(x: Any, y: Any) -> Any:
    return np.cos((x + y) / 2) * np.sinc((x - y) / (2 * np.pi))


def of_cosine(x: Any, y: Any) -> Any:
    return -np.sin((x + y) / 2) * np.sinc((x - y) / (2 * np.pi))


def of_logarithm(x: Any, y: Any) -> Any:
    root, ratio = np.sqrt(x), np.log(x) - np.log(y)
    return _by_ratio(x, y, ratio, ratio, lambda half: half / (root * np.swapaxes(root, -1, -2)))


def of_power(t: float) -> _Differences:
    return partial(_of_power, t)


def _of_power(t: float, x: Any, y: Any) -> Any:
    ratio, scale = np.log(x) - np.log(y), x ** ((t - 1) / 2)
    both = scale * np.swapaxes(scale, -1, -2)
    return _by_ratio(x, y, ratio, x**t - y**t, lambda half: np.sinh(t * half) * both, t * both)


def _by_ratio(x: Any, y: Any, ratio: Any, top: Any, near: Callable[[Any], Any], same: Any = None) -> Any:
    """Return top / (x - y), of numbers near one another by hyperbolic sines of the logarithm of their ratio."""
    is_near, gap = np.abs(ratio) < 1, x - y
    half = np.where(is_near & (ratio != 0), ratio / 2, 1.0)
    found = near(half) / np.sinh(half)
    found = np.where(ratio == 0, 1 / x if same is None else same, found)
    return np.where(is_near, found, top / np.where(gap == 0, 1.0, gap))
