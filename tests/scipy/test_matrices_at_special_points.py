"""Where a faster way has to step aside: eigenvalues that coincide, phases, singular matrices, large norms, poles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytest.importorskip("scipy", "1.15", reason="SciPy is an optional companion; older ones have other functions")
from scipy import linalg, special

from tests.scipy.calls import along, inner, weighted

A = np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.1, -0.2, 1.1]])
T = np.array([[0.3, -0.7, 0.2], [0.9, 0.1, -0.4], [0.5, 0.6, -0.2]])


def hermitian(a: Any) -> Any:
    return a + np.conj(a.T)


@pytest.mark.parametrize("count", [None, 2])
def test_phases_of_vectors_are_refused(count: int | None) -> None:
    a = A + 1j * T
    subset = None if count is None else (0, count - 1)
    vectors = [lambda a: linalg.eigh(hermitian(a), subset_by_index=subset)[1]]
    if count is None:
        vectors += [lambda a: np.linalg.eigh(hermitian(a))[1], lambda a: linalg.eigh(hermitian(a), np.eye(3))[1]]
    for v in vectors:
        with pytest.raises(ValueError, match="phases"):
            ga.grad(lambda a, v=v: np.sum(np.imag(v(a)[0] * v(a)[1])))(a)


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_pairs_whose_eigenvalues_coincide(kind: int) -> None:
    """What does not depend on the basis of the vectors has its derivative, and what does is refused."""
    basis = linalg.expm(T)
    b = hermitian(basis @ np.diag([1.0, 2.0, 0.5]) @ basis.T) / 2
    w = np.diag([2.0, 2.0, 3.0])
    half = np.linalg.cholesky(b)
    back = np.linalg.inv(half)
    a = half @ w @ half.T if kind == 1 else back.T @ w @ back
    a = hermitian(a) / 2

    def projector(b: Any) -> Any:
        v = linalg.eigh(a, b, type=kind)[1][:, :2]
        return weighted(v @ v.T)

    t = np.tril(hermitian(T))  # along which the eigenvalues part: their vectors together turn as these do
    found = ga.grad(projector)(b)
    near = [projector(b + h * hermitian(t)) for h in (1e-5, -1e-5)]
    assert inner([found], [hermitian(t)]) == pytest.approx((near[0] - near[1]) / 2e-5, rel=1e-5)
    with pytest.raises(ValueError, match="basis"):
        ga.grad(lambda b: weighted(linalg.eigh(a, b, type=kind)[1]))(b)


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2], [1, 2, 0]])
def test_the_sign_of_a_determinant(order: list[int]) -> None:
    a = A[order]
    value, found = ga.value_and_grad(linalg.det)(a)
    assert value == pytest.approx(np.linalg.det(a), rel=1e-14)
    assert inner([found], [T]) == pytest.approx(along(linalg.det, [a], [T]), rel=1e-8)


@pytest.mark.parametrize("least", [0.0, 1e-13])
def test_determinants_of_singular_matrices(least: float) -> None:
    """The second derivative has no digits of the inverse of a matrix that is singular but for rounding."""
    a = np.outer([1.0, 2.0, -1.0], [0.5, 1.0, 0.3]) + np.outer([0.2, 0.1, 1.0], [1.0, -1.0, 0.4])
    u, s, vh = np.linalg.svd(a)
    a = (u * [s[0], s[1], least]) @ vh
    slope = ga.grad(linalg.det)
    assert inner([slope(a)], [T]) == pytest.approx(along(linalg.det, [a], [T]), rel=1e-7)
    turn = inner([ga.grad(lambda a: inner([slope(a)], [T]))(a)], [T])
    assert turn == pytest.approx(along(lambda a: inner([slope(a)], [T]), [a], [T]), rel=1e-6)


def test_exponentials_of_stacks_whose_matrices_are_scaled_alike_or_not() -> None:
    scales = np.array([0.0, 1e-3, 0.1, 0.5, 1.5, 4.0, 9.0, 30.0])
    stack = scales[:, None, None] * (T - T.T)  # rotations, so that nothing overflows
    stack = stack.reshape(2, 4, 3, 3)

    def f(a: Any) -> Any:
        return weighted(linalg.expm(a))

    found = ga.grad(f)(stack)
    direction = np.broadcast_to(A, stack.shape) / 30
    assert inner([found], [direction]) == pytest.approx(along(f, [stack], [direction]), rel=1e-8)
    stack[1, 2, 0, 1] = np.nan
    assert np.isnan(ga.grad(lambda a: np.sum(linalg.expm(a)))(stack)).all((-2, -1)).sum() == 1


@pytest.mark.parametrize(("n", "k"), [(3.0, 4.0), (3.0, -1.0), (2.5, 3.5), (4.3, 2.1), (5.0, 5.0)])
def test_binomials_where_a_factor_has_a_pole(n: float, k: float) -> None:
    for x in (np.float64(k), np.array([k, 1.2])):
        found = np.ravel(ga.grad(lambda k: np.sum(special.binom(n, k)))(x))[0]
        h = 1e-5
        expected = (special.binom(n, k + h) - special.binom(n, k - h)) / (2 * h)
        assert found == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_empty_matrices() -> None:
    """The gradients are empty, too."""
    square, stack, bands, vector = np.zeros((0, 0)), np.zeros((0, 3, 3)), np.zeros((3, 0)), np.zeros(0)
    calls: list[tuple[Any, Any]] = [
        (lambda a: linalg.lu_factor(a)[0], square),
        (lambda a: linalg.lu(a)[1], square),
        (lambda a: linalg.lu_solve(linalg.lu_factor(a), vector), square),
        (lambda a: linalg.cho_solve(linalg.cho_factor(a), vector), square),
        (lambda a: linalg.qr(a, mode="r")[0], square),
        (linalg.det, square),
        (linalg.eigvalsh, square),
        (linalg.svdvals, square),
        (linalg.expm, stack),
        (linalg.cholesky_banded, bands),
        (linalg.eigvals_banded, bands),
        (linalg.eigvals_banded, square),
        (lambda a: linalg.solveh_banded(a, vector), bands),
        (lambda a: linalg.solve_banded((1, 1), a, vector), bands),
        (lambda a: linalg.cho_solve_banded((a, False), vector), bands),
    ]
    for f, a in calls:
        assert ga.grad(lambda a, f=f: np.sum(f(a)))(a).shape == a.shape


def test_an_imaginary_part_that_is_not_read() -> None:
    """That of the diagonal of a definite matrix, which LAPACK takes to be real."""
    bands = np.array([[0.2 + 0.1j, 0.3 - 0.2j, 0.0], [2.0, 1.7, 1.4]])[::-1] + np.array([[0.4j], [0.0]])
    right = np.array([1.0, 0.3, -0.2])

    def f(ab: Any) -> Any:
        return weighted(linalg.solveh_banded(ab, right, lower=True))

    value, found = ga.value_and_grad(f)(bands)
    assert value == pytest.approx(float(f(bands)), rel=1e-14)
    assert np.max(np.abs(found[0].imag)) < 1e-15
    assert inner([found], [bands[::-1]]) == pytest.approx(along(f, [bands], [bands[::-1]]), rel=1e-8)


def test_r_alone_of_stacks() -> None:
    """It has the rows that SciPy's has."""
    stack = np.stack([A[:, :2], T[:, :2]])
    r = linalg.qr(stack, mode="r")
    assert ga.jacobian(lambda a: linalg.qr(a, mode="r"))(stack).shape == r.shape + stack.shape == (2, 3, 2, 2, 3, 2)
