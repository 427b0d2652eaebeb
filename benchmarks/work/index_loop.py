"""A recurrence over the elements of an array, which no vectorised call can replace."""

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work

N, DECAY = 1000, 0.99


def loss(xp: Any, x: Any) -> Any:
    total = 0.0
    for i in range(N):
        total = total * DECAY + xp.sin(x[i])
    return total


def loss_jax(xp: Any, x: Any) -> Any:
    # Unrolled, the loop would take minutes to compile.
    return import_module("jax.lax").fori_loop(0, N, lambda i, total: total * DECAY + xp.sin(x[i]), 0.0)


def by_hand(x: Any) -> tuple[Any, Arrays]:
    total = 0.0
    for i in range(N):
        total = total * DECAY + np.sin(x[i])
    gradient, weight = np.empty_like(x), 1.0
    for i in reversed(range(N)):
        gradient[i] = weight * np.cos(x[i])
        weight *= DECAY
    return total, [gradient]


about = f"total = total * {DECAY} + sin(x[i]) for {N} values of i"
WORKS = [Work("index-loop", about, lambda: ([np.linspace(0, 3, N)], []), loss, by_hand, {"jax": loss_jax})]
