"""Matrices of derivatives: the Jacobian of two layers, the Hessian of a logistic loss with Rosenbrock's function."""

from typing import Any

import numpy as np

from benchmarks.libraries import Arrays
from benchmarks.work import Matrix, rosenbrock


def layers(xp: Any, x: Any, first: Any, bias: Any, second: Any) -> Any:
    return xp.tanh(second @ xp.tanh(first @ x + bias)) + xp.sin(x) * x


def jacobian_by_hand(x: Any, first: Any, bias: Any, second: Any) -> Any:
    inner = np.tanh(first @ x + bias)
    outer = np.tanh(second @ inner)
    matrix = (1 - outer * outer)[:, None] * second @ ((1 - inner * inner)[:, None] * first)
    matrix[np.diag_indices(len(x))] += np.cos(x) * x + np.sin(x)
    return matrix


def loss(xp: Any, x: Any, rows: Any) -> Any:
    return xp.sum(xp.log(1 + xp.exp(rows @ x))) + rosenbrock.loss(xp, x)


def hessian_by_hand(x: Any, rows: Any) -> Any:
    share = 1 / (1 + np.exp(-(rows @ x)))
    matrix = rows.T @ ((share * (1 - share))[:, None] * rows)
    left, right = x[:-1], x[1:]
    k = np.arange(len(left))
    matrix[k, k] += 1200 * left * left - 400 * right + 2
    matrix[k + 1, k + 1] += 200
    matrix[k, k + 1] -= 400 * left
    matrix[k + 1, k] -= 400 * left
    return matrix


def inputs(n: int, hidden: int) -> tuple[Any, Arrays]:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(hidden, n)) / np.sqrt(n), rng.normal(size=(n, hidden)) / np.sqrt(hidden)
    return rng.normal(size=n), [first, rng.normal(size=hidden), second]


def for_jacobian() -> tuple[Arrays, Arrays]:
    x, constants = inputs(100, 100)
    return [x], constants


def for_hessian() -> tuple[Arrays, Arrays]:
    x, (rows, _, _) = inputs(100, 200)
    return [x], [rows]


WORKS = [
    Matrix(
        "jacobian-100",
        "Jacobian of tanh(V tanh(W x + b)) + x sin(x), 100 results of 100 variables",
        for_jacobian,
        layers,
        jacobian_by_hand,
        what="jacobian",
    ),
    Matrix(
        "hessian-100",
        "Hessian of sum(log(1 + exp(A x))) and Rosenbrock's function, 100 variables, 200 rows",
        for_hessian,
        loss,
        hessian_by_hand,
        what="hessian",
    ),
]
