"""Distances between all pairs of points, by broadcasting."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work

EPSILON = 1e-9  # keeps the slope finite at a point's distance to itself


def loss(xp: Any, x: Any) -> Any:
    d2 = xp.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1)
    return xp.sum(xp.sqrt(d2 + EPSILON))


def by_hand(x: Any) -> tuple[Any, Arrays]:
    difference = x[:, None, :] - x[None, :, :]
    distance = np.sqrt(np.sum(difference * difference, axis=-1) + EPSILON)
    # Each pair counts twice, once in each order.
    return np.sum(distance), [2 * np.sum(difference / distance[:, :, None], axis=1)]


def pairwise(name: str, points: int, dimensions: int) -> Work:
    def inputs() -> tuple[Arrays, Arrays]:
        return [np.random.default_rng(0).normal(size=(points, dimensions))], []

    return Work(name, f"distances of {points} x {dimensions} points by broadcasting", inputs, loss, by_hand)


# The differences of 320 points are about 10^6 numbers.
WORKS = [pairwise("pairwise", 200, 10), pairwise("pairwise-1000000", 320, 10)]
