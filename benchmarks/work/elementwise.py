"""Elementwise functions that are dear to compute."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work


def loss(xp: Any, x: Any) -> Any:
    return xp.sum(xp.sin(x) * xp.exp(-x) + xp.sqrt(x) * x**2)


def by_hand(x: Any) -> tuple[Any, Arrays]:
    sin, exp, power = np.sin(x), np.exp(-x), np.sqrt(x) * x
    return np.sum(sin * exp + power * x), [(np.cos(x) - sin) * exp + 2.5 * power]


def elementwise(n: int) -> Work:
    about = f"sum(sin(x) exp(-x) + sqrt(x) x^2), n = {n}"
    return Work(f"elementwise-{n}", about, lambda: ([np.linspace(0.5, 2, n)], []), loss, by_hand, n=n)


WORKS = [elementwise(n) for n in (10, 1000, 100_000, 1_000_000)]
