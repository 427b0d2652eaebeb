"""What fails at one point, or does not, and what the function makes of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga


def definite(A: Any) -> Any:
    try:
        np.linalg.cholesky(A)
    except np.linalg.LinAlgError:
        return np.sum(A) * 0
    return np.sum(A)


def repaired(A: Any) -> Any:
    try:
        return np.sum(np.linalg.cholesky(A))
    except np.linalg.LinAlgError:
        return np.sum(np.linalg.cholesky(A + 10 * np.eye(2)))


def solved(A: Any) -> Any:
    try:
        return np.sum(np.linalg.solve(A, np.ones(2)))
    except np.linalg.LinAlgError:
        return np.sum(A) * np.nan


def divided(A: Any) -> Any:
    try:
        return float(A[0, 0]) / float(A[0, 1])
    except ZeroDivisionError:
        return 7.0 * float(A[0, 0])


def rooted(A: Any) -> Any:
    try:
        return math.sqrt(A[0, 1] - 0.5) * A[0, 0]
    except ValueError:
        return 3.0 * A[1, 1]


def looked_up(A: Any) -> Any:
    try:
        return A[int(A[0, 0])][0]
    except IndexError:
        return A[1, 1] * 5


def picked(A: Any) -> Any:
    i = np.array([0, 1]) * A[0, 0].astype(int)
    try:
        return np.sum(A[i])
    except IndexError:
        return A[1, 1] * 5


def raised(A: Any) -> Any:
    with np.errstate(all="raise"):
        try:
            return np.sum(A / A[0, 1])
        except FloatingPointError:
            return A[1, 1]


def ignored(A: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sum(np.where(A > 0, np.log(A), 0.0))


def warned(A: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return np.sum(np.log(A))
        except RuntimeWarning:
            return A[1, 1]


FUNCTIONS: list[Callable[[Any], Any]] = [definite, repaired, solved, divided, rooted, looked_up, picked, raised]
FUNCTIONS += [ignored, warned]
POINTS = [
    np.array([[2.0, 1.0], [1.0, 2.0]]),
    np.array([[1.0, 1.0], [1.0, 1.0]]),
    np.array([[1.0, 2.0], [2.0, 1.0]]),
    np.array([[1.0, 0.0], [0.0, 1.0]]),
    np.array([[-1.0, 0.0], [0.0, -2.0]]),
]


@pytest.mark.parametrize("first", range(len(POINTS)))
@pytest.mark.parametrize("f", FUNCTIONS, ids=[f.__name__ for f in FUNCTIONS])
def test_each_point_goes_its_own_way(f: Callable[[Any], Any], first: int) -> None:
    points = [*POINTS[first:], *POINTS[:first]]
    for transform in (lambda f: f, ga.grad):
        run = ga.jit(transform(f))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = [transform(f)(A) for A in points]
            for A, value in zip([*points, *points], [*expected, *expected], strict=True):
                np.testing.assert_array_equal(run(A), value)


def test_a_silenced_part_says_nothing() -> None:
    run = ga.jit(ignored, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for A in POINTS:
            assert run(A) == ignored(A)
