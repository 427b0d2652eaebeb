"""A chain of many operations on one 0-d value: how the time grows with the length of the program.

Forward, backward and the freeing of what both left are timed.
"""

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.libraries import Arrays, Loss
from benchmarks.work import Work

SIZES = (100, 1000, 10_000, 100_000, 1_000_000)
LARGEST = 100_000  # of the peers that run each operation by itself; they need up to 10 s for ten times as many


def chain(n: int) -> Work:
    repeats = n // 2

    def loss(xp: Any, x: Any) -> Any:
        y = x
        for _ in range(repeats):
            y = xp.sin(y) * x
        return y

    def loss_jax(xp: Any, x: Any) -> Any:
        return import_module("jax.lax").fori_loop(0, repeats, lambda _, y: xp.sin(y) * x, x)

    def by_hand(x: Any) -> tuple[Any, Arrays]:
        x = x[()]
        y, saved = x, []
        for _ in range(repeats):
            sine = np.sin(y)
            saved.append((y, sine))
            y = sine * x
        g, gx = np.ones_like(x), np.zeros_like(x)
        for y_in, sine in reversed(saved):
            gx = gx + g * sine
            g = g * x * np.cos(y_in)
        return y, [gx + g]

    styles: dict[str, Loss] = {"jax": loss_jax}
    long = f"left out above {LARGEST} operations, to save time"
    left_out = dict.fromkeys(("torch", "mygrad", "autograd"), long) if n > LARGEST else {}
    about = f"{n} operations on one 0-d value: y = sin(y) x"

    def inputs() -> tuple[Arrays, Arrays]:
        return [np.array(1.7)], []

    return Work(f"operations-{n}", about, inputs, loss, by_hand, styles, left_out, n, heavy=n > 10_000)


WORKS = [chain(n) for n in SIZES]
