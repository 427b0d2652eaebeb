"""A polynomial by Horner's scheme: products and sums alone."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work

COEFFICIENTS = (0.5, -1.0, 0.25, 2.0, -0.75, 1.5)  # from the highest power on


def loss(xp: Any, x: Any) -> Any:
    y = COEFFICIENTS[0] * x + COEFFICIENTS[1]
    for coefficient in COEFFICIENTS[2:]:
        y = y * x + coefficient
    return xp.sum(y)


def by_hand(x: Any) -> tuple[Any, Arrays]:
    y, slope = np.full_like(x, COEFFICIENTS[0]), np.zeros_like(x)
    for coefficient in COEFFICIENTS[1:]:
        slope *= x
        slope += y
        y *= x
        y += coefficient
    return np.sum(y), [slope]


def polynomial(n: int) -> Work:
    about = f"a polynomial of degree {len(COEFFICIENTS) - 1} by Horner's scheme, n = {n}"
    return Work(f"polynomial-{n}", about, lambda: ([np.linspace(-1.5, 1.5, n)], []), loss, by_hand, n=n)


WORKS = [polynomial(n) for n in (10, 1000, 1_000_000)]
