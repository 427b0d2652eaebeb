"""A recurrent network, back-propagated through time."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work

STEPS, BATCH, INPUTS, HIDDEN = 20, 16, 16, 32


def loss(xp: Any, w_in: Any, w_hidden: Any, bias: Any, xs: Any, h: Any, target: Any) -> Any:
    for t in range(len(xs)):
        h = xp.tanh(xs[t] @ w_in + h @ w_hidden + bias)
    return xp.mean((h - target) ** 2)


def by_hand(w_in: Any, w_hidden: Any, bias: Any, xs: Any, h: Any, target: Any) -> tuple[Any, Arrays]:
    states = [h]
    for x in xs:
        states.append(np.tanh(x @ w_in + states[-1] @ w_hidden + bias))
    error = states[-1] - target
    g = 2 / error.size * error
    g_in, g_hidden, g_bias = np.zeros_like(w_in), np.zeros_like(w_hidden), np.zeros_like(bias)
    for t in reversed(range(len(xs))):
        g = g * (1 - states[t + 1] * states[t + 1])
        g_in += xs[t].T @ g
        g_hidden += states[t].T @ g
        g_bias += np.sum(g, axis=0)
        g = g @ w_hidden.T
    return np.mean(error * error), [g_in, g_hidden, g_bias]


def inputs(steps: int = STEPS) -> tuple[Arrays, Arrays]:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(INPUTS, HIDDEN)) / 4, rng.normal(size=(HIDDEN, HIDDEN)) / 6, rng.normal(size=HIDDEN)]
    xs, target = rng.normal(size=(steps, BATCH, INPUTS)), rng.normal(size=(BATCH, HIDDEN))
    return weights, [xs, np.zeros((BATCH, HIDDEN)), target]


WORKS = [Work("rnn", f"{STEPS} steps of tanh, batch {BATCH}, hidden {HIDDEN}", inputs, loss, by_hand)]
