"""What is asked of a row of a table: a call of SciPy's through two doors, in both modes, twice, against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy
import scipy.interpolate
import scipy.sparse.linalg
import scipy.spatial.distance

import gradarray as ga


class Row(NamedTuple):
    """A call.

    Attributes
    ----------
    name : str
    func : ``func(m, *arrays)``, of which `m` is scipy, or ga.scipy
    arrays : tuple of ndarray
    rtol : how well the derivatives of an iterative solver are known
    """

    name: str
    func: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    rtol: float = 1e-6


def row(name: str, func: Callable[..., Any], *arrays: Any, rtol: float = 1e-6) -> Row:
    return Row(name, func, tuple(np.asarray(a, float) for a in arrays), rtol)


def _weights(like: Any) -> np.ndarray:
    return np.cos(np.arange(float(np.size(like))) * 1.3 + 0.4).reshape(np.shape(like))


def _loss(call: Row) -> Callable[..., Any]:
    """Return a function of the arrays whose value is one number, and whose second derivative does not vanish."""

    func = call.func

    def loss(*arrays: Any) -> Any:
        out = func(scipy, *arrays)
        return np.sum(out * _weights(out)) + 0.3 * np.sum(out * out)

    return loss


def slope(f: Callable[..., Any], arrays: Any, directions: Any, h: float = 1e-3) -> Any:
    """Return the derivative of a function in a direction by differences of fourth order."""

    def at(k: float) -> Any:
        return f(*[a + k * h * v for a, v in zip(arrays, directions, strict=True)])

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)


def check(call: Row) -> None:
    loss, arrays = _loss(call), call.arrays
    numbers = tuple(range(len(arrays)))
    directions = tuple(np.sin(np.arange(float(a.size)) * 2.1 + 1).reshape(a.shape) for a in arrays)
    plain = loss(*arrays)
    value, grads = ga.value_and_grad(loss, numbers)(*arrays)
    np.testing.assert_allclose(value, plain, rtol=1e-12, atol=1e-13, err_msg="value")

    scale = 1 + max(float(np.max(np.abs(g), initial=0.0)) for g in grads)
    rough = {"rtol": call.rtol, "atol": call.rtol * scale}
    along = sum(np.sum(g * v) for g, v in zip(grads, directions, strict=True))
    np.testing.assert_allclose(along, slope(loss, arrays, directions), **rough, err_msg="first order, in reverse")
    _, tangent = ga.jvp(loss, arrays, directions)
    np.testing.assert_allclose(tangent, along, rtol=1e-7, atol=1e-9 * scale + call.rtol / 100, err_msg="forward mode")

    def first(*arrays: Any) -> Any:
        found = ga.grad(loss, numbers)(*arrays)
        return sum(np.sum(g * v) for g, v in zip(found, directions, strict=True))

    twice = sum(np.sum(g * v) for g, v in zip(ga.grad(first, numbers)(*arrays), directions, strict=True))
    up, down = ([a + k * 1e-4 * v for a, v in zip(arrays, directions, strict=True)] for k in (1, -1))
    expected = (first(*up) - first(*down)) / 2e-4
    tight = 20 * call.rtol
    np.testing.assert_allclose(
        twice, expected, rtol=tight, atol=tight * (scale + abs(expected)), err_msg="second order"
    )
    _, twice = ga.jvp(first, arrays, directions)
    np.testing.assert_allclose(twice, expected, rtol=tight, atol=tight * (scale + abs(expected)), err_msg="mixed")

    tensors = [ga.tensor(a) for a in arrays]
    out = call.func(ga.scipy, *tensors)
    total = np.sum(out * _weights(out)) + 0.3 * np.sum(out * out)
    np.testing.assert_allclose(total, plain, rtol=1e-12, atol=1e-13, err_msg="value through ga.scipy")
    total.backward()
    for t, g in zip(tensors, grads, strict=True):
        found = np.zeros(t.shape) if t.grad is None else t.grad
        np.testing.assert_allclose(found, g, rtol=1e-7, atol=1e-9 * scale, err_msg="through ga.scipy")
