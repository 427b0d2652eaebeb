"""Rosenbrock's function: slices and arithmetic."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work


def loss(xp: Any, x: Any) -> Any:
    return xp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def by_hand(x: Any) -> tuple[Any, Arrays]:
    left = x[:-1]
    valley, slope = x[1:] - left * left, 1 - left
    gradient = np.zeros_like(x)
    gradient[1:] = 200 * valley
    gradient[:-1] -= 400 * valley * left + 2 * slope
    return np.sum(100 * (valley * valley) + slope * slope), [gradient]


def rosenbrock(n: int) -> Work:
    def inputs() -> tuple[Arrays, Arrays]:
        return [np.random.default_rng(0).uniform(-1.5, 1.5, n)], []

    about = f"sum(100 (x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2), n = {n}"
    return Work(f"rosenbrock-{n}", about, inputs, loss, by_hand, n=n)


WORKS = [rosenbrock(n) for n in (10, 1000, 100_000, 1_000_000)]
