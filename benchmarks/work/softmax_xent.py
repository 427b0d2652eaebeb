"""Softmax cross-entropy with integer labels, written out."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Work


def loss(xp: Any, scores: Any, rows: Any, labels: Any) -> Any:
    shifted = scores - xp.amax(scores, axis=1, keepdims=True)
    log_p = shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
    return -xp.mean(log_p[rows, labels])


def by_hand(scores: Any, rows: Any, labels: Any) -> tuple[Any, Arrays]:
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    p = np.exp(shifted)
    total = np.sum(p, axis=1, keepdims=True)
    value = np.mean(np.log(total[:, 0]) - shifted[rows, labels])
    p /= total
    p[rows, labels] -= 1
    p /= len(rows)
    return value, [p]


def softmax(name: str, batch: int, classes: int) -> Work:
    def inputs() -> tuple[Arrays, Arrays]:
        rng = np.random.default_rng(0)
        return [rng.normal(size=(batch, classes))], [np.arange(batch), rng.integers(classes, size=batch)]

    return Work(name, f"log-softmax and labels by hand, {batch} x {classes}", inputs, loss, by_hand)


WORKS = [softmax("softmax-xent", 256, 100), softmax("softmax-xent-1000000", 1000, 1000)]
