"""Arithmetic that is cheap to compute: the time goes into moving memory."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work


def loss(xp: Any, a: Any, b: Any, c: Any) -> Any:
    return xp.sum((a * b + c) * a - b / c)


def by_hand(a: Any, b: Any, c: Any) -> tuple[Any, Arrays]:
    ab, inverse = a * b, 1 / c
    inner, quotient = ab + c, b * inverse
    return np.sum(inner * a - quotient), [ab + inner, a * a - inverse, a + quotient * inverse]


def memory(n: int) -> Work:
    def inputs() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(0)
        return [rng.uniform(0.5, 2, n) for _ in range(3)], []

    return Work(f"memory-{n}", f"sum((a b + c) a - b / c), n = {n}", inputs, loss, by_hand, n=n)


WORKS = [memory(n) for n in (10, 1000, 100_000, 1_000_000)]
