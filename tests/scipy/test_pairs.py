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


U, V = RNG.uniform(0.1, 2, (7, 3)), RNG.uniform(0.1, 2, (5, 3))
FORM = np.array([[3.0, 1.0, 0.2], [0.5, 2.0, 0.1], [0.0, 0.3, 1.5]])
SWEPT: dict[str, Any] = {
    **{m: {} for m in ["chebyshev", "canberra", "braycurtis", "cityblock", "jensenshannon", "cosine", "correlation"]},
    "minkowski": {"p": 3.5},
    "mahalanobis": {"VI": FORM},
}


@pytest.mark.parametrize("metric", SWEPT)
def test_weights_of_all_pairs_against_differences(metric: str) -> None:
    weights, options = RNG.standard_normal((7, 5)), SWEPT[metric]
    f = lambda a, b: np.sum(weights * distance.cdist(a, b, metric, **options) ** 2)  # noqa: E731
    inner = lambda a: np.sum(np.arange(21) * distance.pdist(a, metric, **options) ** 2)  # noqa: E731
    ga.testing.check_grads(f, (U, V), order=2)
    ga.testing.check_grads(inner, (U,), order=2)
    # Signs that differ, and coordinates that are equal or zero.
    if metric not in ("jensenshannon", "correlation"):
        ga.testing.check_grads(f, (U - 1, V - 0.9), order=2)


@pytest.mark.parametrize("scale", [1e-290, 1e-9, 1.0, 1e290])
@pytest.mark.parametrize("metric", ["cityblock", "canberra", "chebyshev"])
def test_slopes_are_those_of_numbers_of_any_size(metric: str, scale: float) -> None:
    a, b = np.array([[1.0, 2.0, -4.0]]), np.array([[1.0, 2.0 + 4e-16, -2.5]])
    found = ga.grad(lambda a: np.sum(distance.cdist(a, b * scale, metric)))(a * scale) * scale
    expected = {
        "cityblock": [0.0, -scale, -scale],
        "canberra": [0.0, -4 / (4 + 4e-16) ** 2 * (1 + 2e-16), -5 / 6.5**2],
        "chebyshev": [0.0, 0.0, -scale],
    }[metric]
    np.testing.assert_allclose(found, [expected], rtol=1e-13)


def test_ties_share_and_zeros_take_no_part() -> None:
    found = ga.grad(lambda a: np.sum(distance.cdist(a, np.zeros((1, 3)), "chebyshev")))(np.array([[2.0, -2.0, 1.0]]))
    np.testing.assert_array_equal(found, [[0.5, -0.5, 0.0]])
    a, b = np.array([[0.0, 0.3, 0.7]]), np.array([[0.0, 0.0, 1.0]])
    many = ga.grad(lambda a, b: np.sum(distance.cdist(a, b, "jensenshannon")), argnums=(0, 1))(a, b)
    one = ga.grad(lambda a, b: distance.jensenshannon(a[0], b[0]), argnums=(0, 1))(a, b)
    np.testing.assert_allclose(many, one, rtol=1e-12)
    assert np.isfinite(many).all()


@pytest.mark.parametrize("metric", ["chebyshev", "canberra", "cityblock", "jensenshannon"])
def test_tables_of_more_than_one_block(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradarray.rules.scipy.sweeps._BLOCK", 10_000)  # for two of the three coordinates
    a, b, w = RNG.uniform(0.1, 1, (150, 3)), RNG.uniform(0.1, 1, (300, 3)), RNG.standard_normal((150, 300))
    whole = ga.grad(lambda a, b: np.sum(w * distance.cdist(a, b, metric)), argnums=(0, 1))(a, b)
    for i, rows in enumerate((slice(0, 40), slice(40, 150))):
        part = ga.grad(lambda a, rows=rows: np.sum(w[rows] * distance.cdist(a, b, metric)))(a[rows])
        np.testing.assert_allclose(part, whole[0][rows], rtol=1e-11, atol=1e-12, err_msg=str(i))
    among = ga.grad(
        lambda b: np.sum(distance.squareform(w[:, :150] + w[:, :150].T, checks=False) * distance.pdist(b, metric))
    )(a)
    full = ga.grad(lambda b: np.sum(w[:, :150] * distance.cdist(b, b, metric)))(a)
    np.testing.assert_allclose(among, full, rtol=1e-9, atol=1e-10)


def test_forms_of_a_metric_have_derivatives() -> None:
    weights = RNG.standard_normal((7, 5))
    f = lambda a, b, form: np.sum(weights * distance.cdist(a, b, "mahalanobis", VI=form))  # noqa: E731
    ga.check_grads(f, (U, V, FORM), order=2)
    ga.check_grads(lambda a, form: np.sum(np.arange(21) * distance.pdist(a, "mahalanobis", VI=form)), (U, FORM))
    for metric in ("mahalanobis", "seuclidean"):  # of the vectors themselves
        ga.check_grads(lambda a, b, m=metric: np.sum(weights * distance.cdist(a, b, m)), (U, V))
