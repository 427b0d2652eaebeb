"""One training step of a small network.

The same formula is written out for every library in ``mlp-*``. In ``mlp-builtin-*`` a library that has fused layers
or losses of its own uses them, as its users do: there the others are measured against those libraries at their best.
"""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work, softmax_xent

SIZES = (64, 64, 10)


def loss(xp: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, rows: Any, labels: Any) -> Any:
    return softmax_xent.loss(xp, xp.tanh(x @ w1 + b1) @ w2 + b2, rows, labels)


def loss_mygrad(xp: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, _rows: Any, labels: Any) -> Any:
    return xp.nnet.losses.softmax_crossentropy(xp.tanh(x @ w1 + b1) @ w2 + b2, labels)


def loss_torch(xp: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, _rows: Any, labels: Any) -> Any:
    hidden = xp.tanh(xp.addmm(b1, x, w1))
    return xp.nn.functional.cross_entropy(xp.addmm(b2, hidden, w2), labels)


def by_hand(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, rows: Any, labels: Any) -> tuple[Any, Arrays]:
    hidden = np.tanh(x @ w1 + b1)
    value, (g2,) = softmax_xent.by_hand(hidden @ w2 + b2, rows, labels)
    g1 = g2 @ w2.T * (1 - hidden * hidden)
    return value, [x.T @ g1, np.sum(g1, axis=0), hidden.T @ g2, np.sum(g2, axis=0)]


def mlp(batch: int) -> list[Work]:
    def inputs() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(0)
        n_in, n_hidden, n_out = SIZES
        w1, w2 = rng.normal(size=(n_in, n_hidden)) / 8, rng.normal(size=(n_hidden, n_out)) / 8
        x, labels = rng.normal(size=(batch, n_in)), rng.integers(n_out, size=batch)
        return [w1, rng.normal(size=n_hidden), w2, rng.normal(size=n_out)], [x, np.arange(batch), labels]

    about = f"{'-'.join(map(str, SIZES))} tanh network, softmax cross-entropy, batch {batch}"
    builtin = {"mygrad": loss_mygrad, "torch": loss_torch}
    return [
        Work(f"mlp-{batch}", f"{about}, written out", inputs, loss, by_hand),
        Work(f"mlp-builtin-{batch}", f"{about}, PyTorch and MyGrad with their own", inputs, loss, by_hand, builtin),
    ]


WORKS = [*mlp(32), *mlp(256)]
