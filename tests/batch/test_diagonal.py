"""Batches that are zero but for diagonals: they answer as the matrices do for which they stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.batch import batched
from gradarray.batch.batch import Batch
from gradarray.batch.diagonal import Diagonal, identity_rows

rng = np.random.default_rng(0)
W = rng.normal(size=(5, 5))
COUNT, SIZE = 4, 5


def diagonal(row: int, column: int, length: int) -> Diagonal:
    return Diagonal(rng.normal(size=length), row, column, COUNT, SIZE)


MATRICES = [
    (diagonal(0, 0, 4),),
    (diagonal(0, 1, 4),),
    (diagonal(1, 0, 3),),
    (diagonal(2, 2, 1),),
    (diagonal(3, 4, 0),),
    (diagonal(0, 0, 4), diagonal(1, 0, 2), diagonal(0, 3, 2)),
    (identity_rows(0, COUNT, SIZE, np.float64),),
]


def written(diagonals: tuple[Diagonal, ...]) -> Any:
    """Return the matrix, element by element."""
    matrix = np.zeros((COUNT, SIZE))
    for d in diagonals:
        for k, x in enumerate(d.vector):
            matrix[d.row + k, d.column + k] = x
    return matrix


ASKED = [
    lambda m: m * np.arange(1.0, SIZE + 1),
    lambda m: 3 * m,
    lambda m: np.float64(0.1) * m / np.arange(1.0, SIZE + 1),
    lambda m: -m,
    lambda m: m + m,
    lambda m: m + m * 2 - m,
    lambda m: np.exp(m),
    lambda m: np.arange(1.0, SIZE + 1) / (m + 1),
    lambda m: m @ W,
    lambda m: m @ W.T[:, :2],
    lambda m: np.matmul(m * 2, W),
    lambda m: np.sum(m * m, axis=0),
    lambda m: m * W[None, 0, :],
    lambda m: m.astype(np.float32),
    *[lambda m, a=a, b=b: m[a:b] * 2 for a in (0, 1, 3, 5) for b in (0, 2, 4, 5, -1)],
    lambda m: m[::2] - m[1:4][:-1].sum(),
    lambda m: m[3],
    lambda m: m[1:][:-1] * np.arange(3.0) + m[2:],
]


@pytest.mark.parametrize("f", ASKED, ids=range(len(ASKED)))
@pytest.mark.parametrize("diagonals", MATRICES, ids=range(len(MATRICES)))
def test_a_diagonal_answers_as_its_matrix(diagonals: tuple[Diagonal, ...], f: Any) -> None:
    matrix = written(diagonals)
    found, expected = f(Batch(None, diagonals)), f(Batch(matrix))
    assert (found.shape, found.dtype, found.ndim, found.size, found.count) == (
        *(expected.shape, expected.dtype, expected.ndim, expected.size, COUNT),
    )
    np.testing.assert_array_equal(found.value, expected.value)
    np.testing.assert_array_equal(written(diagonals), matrix)


ROW = np.array([2.0, -0.3, 0.0, 7.0, 1e3])
WEIGHTED = [
    lambda m: m * ROW,
    lambda m: 3 * (m * ROW) * ROW[::-1],
    lambda m: -(ROW * m),
    lambda m: -m * ROW + m * 3,
    lambda m: m * ROW + m * ROW[::-1],
    lambda m: (m * ROW + m * ROW[::-1] + m) * ROW,
    lambda m: m * ROW / ROW[0],
    lambda m: (m * ROW)[1:],
    lambda m: m * ROW * m,
    lambda m: m * ROW @ W,
    lambda m: (m * ROW * np.float32(2)) * ROW.astype(np.float32),
    lambda m: np.sum(m * ROW),
    lambda m: m * ROW[:1],
    lambda m: m * ROW[None],
]


@pytest.mark.parametrize("f", WEIGHTED, ids=range(len(WEIGHTED)))
@pytest.mark.parametrize("diagonals", MATRICES, ids=range(len(MATRICES)))
def test_a_product_with_a_matrix_waits_for_its_weights(diagonals: tuple[Diagonal, ...], f: Any) -> None:
    product = Batch(None, diagonals) @ W
    found, expected = f(product), f(Batch(written(diagonals) @ W))
    assert (found.shape, found.dtype, found.count) == (expected.shape, expected.dtype, COUNT)
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-14, atol=1e-300)
    np.testing.assert_array_equal(product.value, written(diagonals) @ W)


def test_weights_of_two_matrices_are_not_added() -> None:
    a, b = Batch(None, MATRICES[0]) @ W * ROW, Batch(None, MATRICES[0]) @ W.T * ROW
    matrix = written(MATRICES[0])
    np.testing.assert_allclose((a + b).value, (matrix @ W + matrix @ W.T) * ROW, rtol=1e-14)


@pytest.mark.parametrize("right", MATRICES, ids=range(len(MATRICES)))
@pytest.mark.parametrize("left", MATRICES, ids=range(len(MATRICES)))
def test_sums_of_diagonals(left: tuple[Diagonal, ...], right: tuple[Diagonal, ...]) -> None:
    expected = written(left) + written(right)
    for a in (Batch(None, left), Batch(written(left)), Batch(np.asfortranarray(written(left)))):
        for b in (Batch(None, right), Batch(written(right))):
            total = a + b
            a.add(b)
            np.testing.assert_array_equal(total.value, expected)
            np.testing.assert_array_equal(a.value, expected)
            np.testing.assert_array_equal(b.value, written(right))
            a = Batch(None, left)


def test_what_is_only_scaled_and_shifted_is_never_a_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    dense = batched.Batch.value.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(Batch, "value", property(lambda self: (made.append(self.diagonals), dense(self))[1]))
    x = rng.normal(size=6)
    found = ga.jacobian(lambda x: 3 * np.sin(x[1:]) * np.cos(x[:-1]))(x)
    assert len([d for d in made if d]) == 1  # in the end
    expected = np.zeros((5, 6))
    k = np.arange(5)
    expected[k, k], expected[k, k + 1] = -3 * np.sin(x[1:]) * np.sin(x[:-1]), 3 * np.cos(x[1:]) * np.cos(x[:-1])
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("chunk", [5, 11, 10_000])
@pytest.mark.parametrize("transform", [ga.jacrev, ga.jacfwd])
def test_jacobians_by_parts(transform: Any, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batched, "CHUNK", chunk)

    def f(x: Any) -> Any:
        return np.tanh(W @ np.sin(x)) * x + W[:, 1:] @ x[:-1] * x[0] + np.concatenate([x[1:], x[:1]])

    x = rng.normal(size=5)
    step = 1e-30
    expected = np.stack([f(x + 1j * step * one).imag / step for one in np.eye(5)], axis=1)
    np.testing.assert_allclose(transform(f)(x), expected, rtol=1e-12, atol=1e-14)


def test_a_matrix_of_the_functions_own_is_not_handed_out() -> None:
    matrix = ga.jacobian(lambda x: W @ x)(np.ones(5))
    assert not np.shares_memory(matrix, W)
    same = ga.jit(ga.jacobian(lambda x: W @ x), strict=True)
    for found in (matrix, same(np.ones(5)), same(np.zeros(5))):
        np.testing.assert_array_equal(found, W)
        found[:] = 0
    assert W.any()


def test_a_zero_beside_the_diagonal_stays_one() -> None:
    x = np.array([np.inf, 0.0, 2.0])
    for transform in (ga.jacrev, ga.jacfwd):
        with np.errstate(all="ignore"):
            found = transform(lambda x: 1 / x + np.sqrt(x))(x)
        np.testing.assert_array_equal(found[~np.eye(3, dtype=bool)], 0)
