"""Matrices of more than one block, and of one: their factors and equations against differences, and twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.rules.numpy.triangles import LARGEST, blocks

pytest.importorskip("scipy", "1.15", "SciPy is an optional companion; older ones have other functions")
from scipy import linalg

from gradarray.rules.scipy.linalg.diagonals import along_diagonals
from tests.scipy.calls import along, inner, weighted


def matrix(n: int, dtype: Any) -> Any:
    rng = np.random.default_rng(n)
    a = rng.standard_normal((n, n)) / n**0.5 + 2.5 * np.eye(n)[rng.permutation(n)]
    return (a + 1j * rng.standard_normal((n, n)) / n**0.5).astype(dtype) if dtype is complex else a


def definite(a: Any) -> Any:
    return a @ np.conj(a.T) + np.eye(len(a))


def bands(a: Any, lower: bool, count: int = 5) -> Any:
    """Return some diagonals of a matrix that is made definite, the last ones of them filled up with ones."""
    a, n = definite(a) + 20 * np.eye(len(a)), len(a)
    rows = []
    for k in range(min(count, n)):
        row = np.diagonal(a, -k if lower else k)
        rows.append(np.concatenate([row, np.ones(k)] if lower else [np.ones(k), row]))
    return np.stack(rows if lower else rows[::-1])


B = np.cos(np.arange(300.0))
CALLS: dict[str, Callable[[Any], Any]] = {
    "np.linalg.cholesky": lambda a: np.linalg.cholesky(definite(a)),
    "np.linalg.cholesky upper": lambda a: np.linalg.cholesky(definite(a), upper=True),
    "cholesky": lambda a: linalg.cholesky(definite(a)),
    "cholesky lower": lambda a: linalg.cholesky(definite(a), lower=True),
    "cho_factor": lambda a: linalg.cho_factor(definite(a))[0],
    "cho_solve": lambda a: linalg.cho_solve(linalg.cho_factor(definite(a)), a[0]),
    "cho_solve lower": lambda a: linalg.cho_solve((definite(a), True), a),
    "cholesky_banded": lambda a: linalg.cholesky_banded(bands(a, False)),
    "cholesky_banded lower": lambda a: linalg.cholesky_banded(bands(a, True), lower=True),
    "cholesky_banded of two": lambda a: linalg.cholesky_banded(bands(a, False, 2)),
    "cholesky_banded of one": lambda a: linalg.cholesky_banded(bands(a, False, 1)),
    "cholesky_banded of many": lambda a: linalg.cholesky_banded(bands(a, True, 9), lower=True),
    "cho_solve_banded": lambda a: linalg.cho_solve_banded((bands(a, False), False), a[:, :3]),
    "cho_solve_banded lower": lambda a: linalg.cho_solve_banded((bands(a, True), True), a[0]),
    "solveh_banded": lambda a: linalg.solveh_banded(bands(a, False), a[0]),
    "solve_banded": lambda a: linalg.solve_banded((3, 1), bands(a, True), a[:, :3]),
    "eigvals_banded": lambda a: linalg.eigvals_banded(bands(a, False, 3)),
    "lu tall": lambda a: linalg.lu(a[:, : len(a) // 2 + 1], p_indices=True)[1:],
    "lu wide": lambda a: linalg.lu(a[: len(a) // 2 + 1], permute_l=True),
    "np.linalg.qr": lambda a: np.linalg.qr(a),
    "np.linalg.qr r": lambda a: np.linalg.qr(a[:, : len(a) // 2], mode="r"),
    "qr r": lambda a: linalg.qr(a[:, : len(a) // 2], mode="r"),
    "qr": lambda a: linalg.qr(a),
    "qr economic": lambda a: linalg.qr(a[:, : len(a) // 2], mode="economic"),
    "toeplitz": lambda a: [linalg.toeplitz(a[0]), linalg.toeplitz(a[0], a[:, 1])],
    "hankel": lambda a: [linalg.hankel(a[0]), linalg.hankel(a[0, :9], a[:, 1])],
    "circulant": lambda a: linalg.circulant(a[0]),
    "convolution_matrix": lambda a: [linalg.convolution_matrix(a[0], 5, m) for m in ("full", "same", "valid")],
    "convolution_matrix long": lambda a: [
        linalg.convolution_matrix(a[0], len(a) + 7, m) for m in ("full", "same", "valid")
    ],
    "matmul_toeplitz": lambda a: linalg.matmul_toeplitz((a[0], a[1]), a[:, :2]),
    "khatri_rao": lambda a: linalg.khatri_rao(a[:3], a[:5]),
    "expm_frechet": lambda a: linalg.expm_frechet(a, a.T / 2 + 0.1),
    "expm": lambda a: linalg.expm(a),
    "expm symmetric": lambda a: linalg.expm((a + np.conj(a.T)) / 2),
    "cosm": lambda a: linalg.cosm(a),
    "sinm": lambda a: linalg.sinm(a),
    "sinhm": lambda a: linalg.sinhm(a),
    "coshm": lambda a: linalg.coshm(a),
    "logm": lambda a: linalg.logm(a @ a / 9 + 2 * np.eye(len(a))),
    "fractional_matrix_power": lambda a: linalg.fractional_matrix_power(a @ a / 9 + 2 * np.eye(len(a)), 0.3),
    "det": lambda a: linalg.det(a / 2),
    "solve_triangular": lambda a: linalg.solve_triangular(a + 9 * np.eye(len(a)), a, unit_diagonal=False),
    "lu_factor": lambda a: linalg.lu_factor(a)[0],
    "lu_solve": lambda a: linalg.lu_solve(linalg.lu_factor(a), a[0]),
    "lu_solve transposed": lambda a: linalg.lu_solve(linalg.lu_factor(a), a[0], trans=1),
    "lu_solve adjoint": lambda a: linalg.lu_solve(linalg.lu_factor(a), a, trans=2),
    "lu_solve turned": lambda a: linalg.lu_solve(linalg.lu_factor(a), a[:, :2], trans=1),
    "lu": lambda a: linalg.lu(a)[1:],
    "solve": lambda a: linalg.solve(a, B[: len(a)]),
    "solve pos": lambda a: linalg.solve(definite(a), a[:, :2], assume_a="pos"),
}


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("n", [LARGEST, 115])
@pytest.mark.parametrize("name", CALLS)
def test_against_differences(name: str, n: int, dtype: Any) -> None:
    if dtype is complex and name == "lu_solve turned":
        return
    a, t = matrix(n, dtype), matrix(n + 1, dtype)[1:, 1:] / n

    def f(x: Any) -> Any:
        return weighted(CALLS[name](x))

    slope = along(f, [a], [t])
    assert inner([ga.grad(f)(a)], [t]) == pytest.approx(slope, rel=1e-7)
    if dtype is float:
        turn = along(lambda x: inner([ga.grad(f)(x)], [t]), [a], [t])
        assert ga.jvp(lambda x: inner([ga.grad(f)(x)], [t]), (a,), (t,))[1] == pytest.approx(turn, rel=1e-6)


@pytest.mark.parametrize("n", [1, 2, LARGEST, LARGEST + 1, 3 * LARGEST + 1, 500])
def test_blocks_follow_each_other(n: int) -> None:
    found = blocks(n)
    assert [k for _, k in found] == [n, *[j for j, _ in found[:-1]]]
    assert found[-1][0] == 0
    assert all(0 < k - j <= LARGEST for j, k in found)


def test_a_singular_matrix_is_refused_on_the_way_back_too() -> None:
    """But for the last pivot, which is not divided by: see test_twins."""
    a = matrix(3, float)
    a[1] = a[0]
    a[2] = 2 * a[0]
    with pytest.warns(linalg.LinAlgWarning, match="ingular"), pytest.raises(np.linalg.LinAlgError, match="singular"):
        ga.grad(lambda x: np.sum(linalg.lu_factor(x)[0]))(a)


@pytest.mark.filterwarnings("ignore:Diagonal number")
def test_the_last_pivot_may_be_zero() -> None:
    a, t = np.array([[2.0, 1.0], [4.0, 2.0]]), np.array([[0.3, -0.7], [0.2, 0.9]])
    assert linalg.lu_factor(a)[0][1, 1] == 0

    def f(x: Any) -> Any:
        return weighted(linalg.lu_factor(x)[0])

    assert inner([ga.grad(f)(a)], [t]) == pytest.approx(along(f, [a], [t]), rel=1e-7)


def test_there_is_nothing_beside_the_ends_of_diagonals() -> None:
    x = np.array([1.0, 2.0, 3.0])
    found = along_diagonals(x, np.array([np.inf, 5.0, np.nan]), lower=1, upper=2)
    np.testing.assert_array_equal(found, [[0, 0, np.nan], [0, 5, np.nan], [np.inf, 10, np.nan], [np.inf, 15, 0]])
