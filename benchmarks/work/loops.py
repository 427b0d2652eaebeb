"""Loops over the elements of an array: reading each, filling an array with results, adding to what it holds.

Derived by hand, they are such loops too, forward and backward: NumPy's column and, compiled, Numba's.
"""

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.libraries import Arrays, Loss
from benchmarks.work import Work

SIZES = (1000, 10_000, 100_000)
DECAY = 0.99
# MyGrad and autograd spread the gradient of each x[i] over an array of zeros, and so does PyTorch.
LARGEST = {"torch": 10_000, "mygrad": 10_000, "autograd": 10_000}
UNROLLED = 1000  # elements; JAX takes half a minute to compile a loop of so many, and each call takes longer
NO_ASSIGNMENT = {"autograd": "its arrays cannot be assigned to"}


def read(xp: Any, x: Any) -> Any:
    total = 0.0
    for i in range(len(x)):
        total = total * DECAY + xp.sin(x[i])
    return total


def read_jax(xp: Any, x: Any) -> Any:
    return import_module("jax.lax").fori_loop(0, len(x), lambda i, total: total * DECAY + xp.sin(x[i]), 0.0)


def read_by_hand(x: Any) -> tuple[Any, Arrays]:
    total = 0.0
    for i in range(len(x)):
        total = total * DECAY + np.sin(x[i])
    gradient, weight = np.empty_like(x), 1.0
    for i in range(len(x) - 1, -1, -1):
        gradient[i] = weight * np.cos(x[i])
        weight *= DECAY
    return total, (gradient,)


def fill(xp: Any, x: Any) -> Any:
    out = xp.zeros_like(x)
    for i in range(len(x)):
        out[i] = xp.sin(x[i])
    return xp.sum(out * out)


def fill_jax(xp: Any, x: Any) -> Any:
    out = import_module("jax.lax").scan(lambda carried, number: (carried, xp.sin(number)), 0.0, x)[1]
    return xp.sum(out * out)


def fill_unrolled(xp: Any, x: Any) -> Any:
    out = xp.stack([xp.sin(x[i]) for i in range(len(x))])
    return xp.sum(out * out)


def fill_by_hand(x: Any) -> tuple[Any, Arrays]:
    out, gradient = np.zeros_like(x), np.empty_like(x)
    for i in range(len(x)):
        out[i] = np.sin(x[i])
    value = np.sum(out * out)
    for i in range(len(x)):
        gradient[i] = 2 * out[i] * np.cos(x[i])
    return value, (gradient,)


def accumulate(xp: Any, x: Any) -> Any:
    out = x * 2
    for i in range(len(x)):
        out[i] += xp.sin(x[i])
    return xp.sum(out * out)


def accumulate_jax(xp: Any, x: Any) -> Any:
    out = import_module("jax.lax").scan(lambda carried, number: (carried, 2 * number + xp.sin(number)), 0.0, x)[1]
    return xp.sum(out * out)


def accumulate_by_hand(x: Any) -> tuple[Any, Arrays]:
    out, gradient = x * 2, np.empty_like(x)
    for i in range(len(x)):
        out[i] += np.sin(x[i])
    value = np.sum(out * out)
    for i in range(len(x)):
        gradient[i] = 2 * out[i] * (2 + np.cos(x[i]))
    return value, (gradient,)


def loop(
    name: str, code: str, n: int, loss: Loss, by_hand: Any, cannot: dict[str, str], styles: dict[str, Loss]
) -> Work:
    def inputs() -> tuple[Arrays, Arrays]:
        return [np.linspace(0, 3, n)], []

    slow = {
        library: f"above n = {largest} it would take too long: the time grows with the square of n"
        for library, largest in LARGEST.items()
        if n > largest
    }
    about = f"{code} for {n} values of i"
    used = {library: style for library, style in styles.items() if n <= UNROLLED or library != "jax unrolled"}
    return Work(
        f"{name}-{n}", about, inputs, loss, by_hand, used | {"numba": by_hand}, slow | cannot, n, heavy=n > 1000
    )


WORKS = [
    loop(name, code, n, loss, by_hand, cannot, styles)
    for name, code, loss, by_hand, cannot, styles in (
        (
            "loop-read",
            f"total = total * {DECAY} + sin(x[i])",
            read,
            read_by_hand,
            {},
            {"jax": read_jax, "jax unrolled": read},
        ),
        (
            "loop-fill",
            "out[i] = sin(x[i])",
            fill,
            fill_by_hand,
            NO_ASSIGNMENT,
            {"jax": fill_jax, "jax unrolled": fill_unrolled},
        ),
        (
            "loop-accumulate",
            "out[i] += sin(x[i])",
            accumulate,
            accumulate_by_hand,
            NO_ASSIGNMENT,
            {"jax": accumulate_jax},
        ),
    )
    for n in SIZES
]
