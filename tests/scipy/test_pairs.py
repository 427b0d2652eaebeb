"""Distances of all pairs, whose cotangents are made by products of matrices: pairs that are near, or at one place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga

distance = pytest.importorskip("scipy.spatial.distance", reason="SciPy is an optional companion")

RNG = np.random.default_rng(3)
A, B, W = RNG.standard_normal((6, 3)) * 10 + 1000, RNG.standard_normal((5, 3)) * 10 + 1000, RNG.standard_normal((6, 5))
B[0], B[1] = A[0], A[1] + 1e-9
B[2, 0] = A[2, 0]


def slopes(metric: str) -> Any:
    """Return the derivative of each distance by the vector of the first operand, in extended precision."""
    apart = A.astype(np.longdouble)[:, None] - B
    if metric == "sqeuclidean":
        return 2 * apart
    if metric == "cityblock":
        return np.sign(apart)
    size = np.sqrt(np.sum(apart**2, axis=-1))[..., None]
    return np.where(size == 0, 0, apart / np.where(size == 0, 1, size))


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cityblock"])
def test_pairs_that_are_near_lose_no_digits(metric: str) -> None:
    found = ga.grad(lambda a, b: np.sum(W * distance.cdist(a, b, metric)), argnums=(0, 1))(A, B)
    each = W[..., None] * slopes(metric)
    for actual, expected in zip(found, (each.sum(1), -each.sum(0)), strict=True):
        np.testing.assert_allclose(actual, expected.astype(float), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cityblock", "seuclidean", "cosine", "correlation"])
def test_of_vectors_among_themselves_is_as_between_two_copies(metric: str) -> None:
    weights = distance.squareform(RNG.standard_normal(15))
    variances = {"V": np.array([1.0, 2.0, 0.7])} if metric == "seuclidean" else {}
    inner = ga.grad(
        lambda x: np.sum(distance.squareform(weights) * distance.pdist(x, metric, **variances)),
    )(A)
    both = ga.grad(lambda a, b: np.sum(weights * distance.cdist(a, b, metric, **variances)))(A, A)
    np.testing.assert_allclose(inner, both, rtol=1e-9, atol=1e-12)


def test_a_matrix_that_is_not_symmetric_is_read_above_its_diagonal() -> None:
    found = ga.grad(lambda x: np.sum(np.arange(3.0) * distance.squareform(x, checks=False)))(np.zeros((3, 3)))
    np.testing.assert_array_equal(found, [[0, 0, 1], [0, 0, 2], [0, 0, 0]])


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (2, 1)])
def test_few_vectors(shape: tuple[int, int]) -> None:
    np.testing.assert_array_equal(ga.grad(lambda x: np.sum(distance.cdist(x, x)))(np.ones(shape)), np.zeros(shape))


def test_programs_are_right_at_other_points() -> None:
    for metric, p in (("euclidean", {}), ("minkowski", {"p": 3.5}), ("minkowski", {"p": 1}), ("cosine", {})):
        gradient = ga.grad(lambda x, m=metric, p=p: np.sum(distance.pdist(x, m, **p) ** 2))
        program = ga.jit(gradient)
        for x in (A, B, B[::-1] + 1):
            np.testing.assert_allclose(program(x), gradient(x), rtol=1e-12)
