"""What a teacher puts on a blackboard, and what programs do besides: functions with arguments to explain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import gradarray as ga

X = np.arange(6.0).reshape(2, 3)
rng = np.random.default_rng(0)
IRIS = rng.normal(size=(6, 4))
SPECIES = np.array([0, 1, 2, 0, 1, 2])


def square(x: Any) -> Any:
    return x**2


def chain(x: Any, y: Any) -> Any:
    a = np.sin(x * y)
    return a + x


def linear_layer(w: Any, b: Any) -> Any:
    r = X @ w + b
    loss = np.mean(r**2)
    return loss


def updated(x: Any, y: Any) -> Any:
    x[1:] += y
    return np.sum(x**2)


def thousand(x: Any) -> Any:
    s = 0.0
    for _ in range(1000):
        s = s * 0.99 + np.sin(x)
    return s


def softmax_regression(W: Any, b: Any) -> Any:
    z = IRIS @ W + b
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    loss = -np.mean(log_p[np.arange(len(SPECIES)), SPECIES])
    return loss


def filled(x: Any) -> Any:
    out = np.zeros(3)
    for i in range(3):
        out[i] = x[i] ** 2
    return np.sum(out)


def masked(x: Any) -> Any:
    return np.where(x > 0, np.sqrt(x), 0.0)


def kinked(x: Any) -> Any:
    return np.sum(np.abs(x))


def taken_apart(A: Any) -> Any:
    q, r = np.linalg.qr(A)
    return np.sum(q) * r[0, 0]


def containers(params: Any, n: Any) -> Any:
    first, (second, third) = params["w"], params["rest"]
    return {"p": first * second, "q": third**n}


@ga.custom_gradient
def log1pexp(x: Any) -> Any:
    e = np.exp(x)
    return np.log1p(e), lambda g: g * (1 - 1 / (1 + e))


def with_own_gradient(x: Any) -> Any:
    y = log1pexp(x)
    return 2 * y


def complex_product(z: Any) -> Any:
    return z * z


CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "square": (square, (3.0,)),
    "chain": (chain, (2.0, 3.0)),
    "linear_layer": (linear_layer, (np.ones(3), 0.5)),
    "updated": (updated, (np.ones(3), 5.0)),
    "thousand": (thousand, (0.5,)),
    "softmax_regression": (softmax_regression, (np.linspace(-1, 1, 12).reshape(4, 3), np.zeros(3))),
    "filled": (filled, (np.array([1.0, 2.0, 3.0]),)),
    "masked": (masked, (np.array([0.0, 4.0, -1.0]),)),
    "kinked": (kinked, (np.array([-1.0, 0.0, 2.0]),)),
    "taken_apart": (taken_apart, (np.array([[2.0, 1.0], [1.0, 3.0]]),)),
    "containers": (containers, ({"w": np.array([1.0, 2.0]), "rest": (3.0, 4.0)}, 2)),
    "with_own_gradient": (with_own_gradient, (0.0,)),
    "complex_product": (complex_product, (1 + 2j,)),
}
