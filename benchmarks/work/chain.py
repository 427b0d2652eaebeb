"""A chain of 100 operations: what one small operation costs."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work

REPEATS = 10  # of 10 operations each


def loss(xp: Any, x: Any) -> Any:
    y = x
    for _ in range(REPEATS):
        a = xp.sin(y)
        e = xp.exp(xp.tanh(a * x + 0.5))
        h = e * 0.3 + a - x
        y = h * h / 2
    return xp.sum(y) if y.ndim else y


def by_hand(x: Any) -> tuple[Any, Arrays]:
    x = x[()]  # scalar arithmetic is several times faster than that of 0-d arrays
    y, saved = x, []
    for _ in range(REPEATS):
        a = np.sin(y)
        d = np.tanh(a * x + 0.5)
        e = np.exp(d)
        h = e * 0.3 + a - x
        saved.append((y, a, d, e, h))
        y = h * h / 2
    g, gx = np.ones_like(y), np.zeros_like(y)
    for y_in, a, d, e, h in reversed(saved):
        gh = g * h
        gb = gh * 0.3 * e * (1 - d * d)
        gx = gx + gb * a - gh
        g = (gh + gb * x) * np.cos(y_in)
    return np.sum(y) if y.ndim else y, [gx + g]


def chain(name: str, about: str, x: Any) -> Work:
    return Work(name, about, lambda: ([x], []), loss, by_hand)


WORKS = [
    chain("chain-0d", "100 operations on one 0-d value", np.array(2.5)),
    chain("chain-100", "the same 100 operations on 100 values", np.linspace(2, 3, 100)),
]
