"""Peak memory of a step, forward and backward."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Peak, Work, mlp, rnn

LAYERS, N = 50, 1_000_000


def loss(xp: Any, x: Any) -> Any:
    y = x
    for _ in range(LAYERS):
        y = xp.tanh(y * x + 0.5)
    return xp.sum(y)


def by_hand(x: Any) -> tuple[Any, Arrays]:
    saved = [x]
    for _ in range(LAYERS):
        saved.append(np.tanh(saved[-1] * x + 0.5))
    value = np.sum(saved[-1])
    g, gx = np.ones_like(x), np.zeros_like(x)
    while len(saved) > 1:
        y = saved.pop()
        g *= 1 - y * y
        gx += g * saved[-1]
        g *= x
    return value, [gx + g]


about = f"{LAYERS} layers of y = tanh(y x + 0.5), n = {N}"
layers = Work(f"layers-{LAYERS}", about, lambda: ([np.linspace(0.5, 1.5, N)], []), loss, by_hand)
STEPS = [work for work in (*mlp.WORKS, *rnn.WORKS) if work.name in ("mlp-32", "mlp-256", "rnn")]
WORKS = [*(Peak(f"peak-{work.name}", work) for work in STEPS), Peak(f"peak-{layers.name}", layers, heavy=True)]
