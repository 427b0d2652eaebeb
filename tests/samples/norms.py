"""Samples of the norms, and of other numbers that describe a matrix."""

from __future__ import annotations

import numpy as np

from . import Operand, Sample, case, distinct, normal


def near_diagonal(*shape: int) -> Operand:
    """Matrices near a diagonal one of 2, 4, 6, ...: all eigenvalues and singular values are far apart."""

    def domain(rng: np.random.Generator, s: tuple[int, ...]) -> np.ndarray:
        noise = rng.uniform(-0.4, 0.4, size=s)
        return noise + np.eye(*s[-2:]) * 2 * np.arange(1, s[-1] + 1) if len(s) > 1 else noise

    return Operand(shape, domain)


def singular(*rows: list[float]) -> Operand:
    """One given matrix."""
    return Operand(np.shape(rows), lambda _rng, _shape: np.array(rows))


VECTOR = (None, 1, 2, 3, 0.5, -1, -2, 0, np.inf, -np.inf)
MATRIX = ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)


SAMPLES: list[Sample] = [
    # norms
    case(np.linalg.norm, normal(2, 3, 4)),
    case(np.linalg.norm, normal(2, 3), keepdims=True),
    case(np.linalg.norm, normal(2, 3, 4), axis=(0, -1)),
    *(case(np.linalg.norm, distinct(4), ord) for ord in VECTOR),
    *(case(np.linalg.norm, distinct(2, 4, 3), ord, -2, keepdims=True) for ord in VECTOR),
    case(np.linalg.norm, distinct(3, 4), ord=3, axis=(1,)),
    *(case(np.linalg.norm, near_diagonal(3, 4), ord) for ord in MATRIX),
    *(case(np.linalg.norm, near_diagonal(2, 3, 3), ord, (-1, 1), keepdims=True) for ord in MATRIX),
    case(np.linalg.norm, distinct(3, 2, 4), "nuc", (2, 0)),
    case(np.linalg.norm, distinct(3, 2, 4), 2, (0, 2)),
    case(np.linalg.norm, distinct(3, 2, 4), 1, (2, 0)),
    *(case(np.linalg.vector_norm, distinct(2, 3), ord=ord) for ord in VECTOR[1:]),
    case(np.linalg.vector_norm, normal(2, 3, 4)),
    case(np.linalg.vector_norm, normal(2, 3, 4), axis=(0, -1), keepdims=True),
    case(np.linalg.vector_norm, distinct(2, 3), axis=-1, ord=-np.inf),
    *(case(np.linalg.matrix_norm, near_diagonal(2, 3, 3), ord=ord) for ord in MATRIX),
    case(np.linalg.matrix_norm, normal(2, 3, 4), keepdims=True),
    # numbers that describe a matrix
    case(np.linalg.det, near_diagonal(3, 3)),
    case(np.linalg.det, normal(2, 3, 3)),
    case(np.linalg.det, singular([1.0, 2.0], [2.0, 4.0]), fixed=True, real_only=True),
    case(np.linalg.det, singular([0.0, 0.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 0.0]), fixed=True, real_only=True),
    case(np.linalg.slogdet, near_diagonal(3, 3)),
    case(np.linalg.slogdet, near_diagonal(2, 2, 2)),
    *(case(np.linalg.cond, near_diagonal(3, 3), p) for p in (None, *MATRIX)),
    case(np.linalg.cond, near_diagonal(2, 3, 3), "fro"),
    case(np.linalg.cond, near_diagonal(2, 4, 3), -2),
]
