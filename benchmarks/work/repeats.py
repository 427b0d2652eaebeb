"""Integer indices, many of them the same: the gradient adds up at each place."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work

PLACES = 1000


def loss(xp: Any, x: Any, index: Any, weights: Any) -> Any:
    return xp.sum(x[index] * weights)


def by_hand(x: Any, index: Any, weights: Any) -> tuple[Any, Arrays]:
    return np.sum(x[index] * weights), [np.bincount(index, weights, len(x))]


def rows_by_hand(x: Any, index: Any, weights: Any) -> tuple[Any, Arrays]:
    order = np.argsort(index, kind="stable")
    places, starts = np.unique(index[order], return_index=True)
    gradient = np.zeros_like(x)
    gradient[places] = np.add.reduceat(weights[order], starts)
    return np.sum(x[index] * weights), [gradient]


def repeats(name: str, indices: int, *row: int) -> Work:
    def inputs() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(0)
        x, weights = rng.normal(size=(PLACES, *row)), rng.normal(size=(indices, *row))
        return [x], [rng.integers(PLACES, size=indices), weights]

    about = f"x[index] with {indices} integers, x of shape {(PLACES, *row)}"
    return Work(name, about, inputs, loss, rows_by_hand if row else by_hand)


WORKS = [repeats("repeated-index", 100_000), repeats("repeated-rows", 10_000, 16)]
