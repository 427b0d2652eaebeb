"""Functions of libraries that do not dispatch: who stands in for them, against differences of the library's own."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.dropin import table

linalg = pytest.importorskip("scipy.linalg", reason="SciPy is not installed")
import scipy.linalg as sla  # noqa: E402
import scipy.special as sps  # noqa: E402
from scipy.stats import multivariate_normal, norm  # noqa: E402

cdf = norm.cdf  # a method that a program has by a name of its own
A = np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.1, 0.2, 1.1]]) @ np.array(
    [[2.0, 0.2, 0], [0.3, 1, 0.1], [0, 0.4, 1]]
)
S = A @ A.T
W = np.cos(np.arange(9.0)).reshape(3, 3)
b = np.array([0.3, 1.1, -0.4])

PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "block_diag": lambda a: np.sum(sla.block_diag(a, a[:1], 2.0) ** 2) + sla.block_diag(a[0], a)[0, 1],
    "cho_factor, cho_solve": lambda a: (
        np.sum(sla.cho_solve(sla.cho_factor(a @ a.T), W) * W)
        + np.sum(sla.cho_solve(sla.cho_factor(a @ a.T, lower=True), b))
    ),
    "cholesky": lambda a: (
        np.sum(sla.cholesky(a @ a.T) * W) + np.sum(sla.cholesky(a @ a.T, lower=True, check_finite=False))
    ),
    "det": lambda a: sla.det(a) * sla.det(a, check_finite=False),
    "eig, eigvals": lambda a: np.sum(np.real(sla.eig(a)[0]) ** 2) + np.sum(np.real(sla.eigvals(a)) ** 3),
    "eigh": lambda a: (
        np.sum(sla.eigh(a)[0] ** 2)
        + sla.eigh(a, lower=False, eigvals_only=True)[0]
        + sla.eigh(a, W @ W.T + 3 * np.eye(3))[0][1]
    ),
    "eigvalsh": lambda a: np.sum(sla.eigvalsh(a) * b) + np.sum(sla.eigvalsh(a, np.eye(3) + a @ a.T) * b),
    "expm": lambda a: np.sum(sla.expm(a / 2) * W) + np.sum(sla.expm(0 * a)),
    "inv": lambda a: np.sum(sla.inv(a) * W) + np.sum(sla.inv(a, check_finite=False)),
    "lu_factor, lu_solve": lambda a: (
        np.sum(sla.lu_solve(sla.lu_factor(a[::-1]), b)) + np.sum(sla.lu_solve(sla.lu_factor(a), W, trans=1) * W)
    ),
    "norm": lambda a: sla.norm(a) + sla.norm(a, 1) * sla.norm(a[0]) + np.sum(sla.norm(a, axis=0)),
    "pinv": lambda a: np.sum(sla.pinv(a[:2]) ** 2),
    "qr": lambda a: (
        np.sum(sla.qr(a)[1] * W) + np.sum(sla.qr(a[:, :2], mode="economic")[0]) + sla.qr(a, mode="r")[0][0, 0]
    ),
    "solve": lambda a: (
        np.sum(sla.solve(a, W) * W)
        + np.sum(sla.solve(a, b, assume_a="pos"))
        + np.sum(sla.solve(a, b, lower=True, assume_a="sym"))
        + np.sum(sla.solve(a, b, transposed=True))
    ),
    "solve_triangular": lambda a: (
        np.sum(sla.solve_triangular(a, b))
        + np.sum(sla.solve_triangular(a, b, lower=True, trans=1))
        + np.sum(sla.solve_triangular(a, b, lower=True, unit_diagonal=True))
    ),
    "sqrtm": lambda a: np.sum(sla.sqrtm(a) * W),
    "svd, svdvals": lambda a: np.sum(sla.svd(a)[1] ** 3) + sla.svd(a, compute_uv=False)[0] * sla.svdvals(a)[1],
    "erf, erfc": lambda x: np.sum(sps.erf(x / 5) * sps.erfc(x / 9)),
    "expit, logit": lambda x: np.sum(sps.expit(x / 3) ** 2) + np.sum(sps.logit(sps.expit(x / 5) / 2)),
    "gamma, gammaln": lambda x: np.sum(sps.gamma(1 + x * x / 20) * sps.gammaln(x * x / 9 + 0.1)),
    "psi": lambda x: np.sum(sps.digamma(1 + x * x / 20) * sps.psi(x * x / 9 + 0.4)),
    "logsumexp": lambda x: (
        sps.logsumexp(x) + np.sum(sps.logsumexp(x, axis=1) * b) + sps.logsumexp(x, b=W**2, keepdims=True)[0, 0]
    ),
    "log_softmax, softmax": lambda x: (
        np.sum(sps.log_softmax(x, axis=0) * W) + np.sum(sps.softmax(x, axis=1) * W) + sps.softmax(x)[0, 1]
    ),
    "ndtr, ndtri": lambda x: np.sum(sps.ndtr(x / 4) * sps.ndtri(sps.ndtr(x / 6))),
    "norm of scipy.stats": lambda x: (
        np.sum(norm.cdf(x, loc=0.2, scale=9.0) * norm.pdf(x / 5) + norm.logpdf(x, 1.0, 4.0))
        + np.sum(norm.ppf(norm.sf(x / 9)) + norm.isf(0.3 * norm.cdf(x / 9)) + norm.logcdf(x))
    ),
    "a method": lambda x: np.sum(cdf(x / 5)),
    "multivariate_normal": lambda a: (
        multivariate_normal.logpdf(a[0], a[1], np.eye(3) + a @ a.T)
        + np.sum(multivariate_normal.pdf(a / 5, cov=np.eye(3)))
    ),
}


def slope(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Return the derivative in one direction by differences of fourth order."""
    h = 1e-4
    return (8 * (f(x + h * v) - f(x - h * v)) - (f(x + 2 * h * v) - f(x - 2 * h * v))) / (12 * h)


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_differentiated(name: str) -> None:
    f, x = PROGRAMS[name], S
    g = ga.grad(f)(x)
    for v in (W, W.T, np.roll(W, 1)):
        expected = slope(f, x, v)
        np.testing.assert_allclose(np.sum(g * v), expected, rtol=1e-6, atol=1e-7)
        value, tangent = ga.jvp(f, (x,), (v,))
        np.testing.assert_allclose(tangent, expected, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(value, f(x), rtol=1e-12)
    t = ga.tensor(x)
    with ga.drop_in():
        f(t).backward()
    np.testing.assert_allclose(t.grad, g, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_twice(name: str) -> None:
    f = PROGRAMS[name]
    expected = slope(ga.grad(f), S, W)
    scale = np.max(np.abs(expected))
    np.testing.assert_allclose(ga.hvp(f)(S, W), expected, rtol=1e-5, atol=1e-6 * scale)


def test_what_is_not_known_is_refused() -> None:
    for f in (
        lambda a: np.sum(sla.qr(a, mode="raw")[1]),
        lambda a: np.sum(sla.eig(a, homogeneous_eigvals=True)[0]),
    ):
        with pytest.raises(TypeError, match="of a variable"):
            ga.grad(f)(S)


@pytest.mark.filterwarnings("ignore:Diagonal number")
def test_factors_of_a_matrix_without_an_inverse() -> None:
    """Those of a generator, from which the stationary distribution of a Markov chain is found."""

    def f(x: Any) -> Any:
        generator = x - np.diag(np.sum(x, axis=1))
        packed, _ = sla.lu_factor(generator.T)
        found = np.append(sla.solve_triangular(packed[:-1, :-1], -packed[:-1, -1]), 1.0)
        return np.sum(found / np.sum(found) * b)

    rates = np.abs(S) + 0.1
    assert abs(np.linalg.det(rates - np.diag(np.sum(rates, axis=1)))) < 1e-12
    np.testing.assert_allclose(np.sum(ga.grad(f)(rates) * W), slope(f, rates, W), rtol=1e-6)


def test_a_twin_of_the_users_own() -> None:
    version = table.version[0]
    ga.registry.twin(statistics.geometric_mean, lambda data: np.exp(np.mean(np.log(data))))
    assert table.version[0] > version

    def f(x: Any) -> Any:
        return statistics.geometric_mean([x[0, 0], x[1, 1] * 2, 3.0]) ** 2

    np.testing.assert_allclose(np.sum(ga.grad(f)(S) * W), slope(f, S, W), rtol=1e-7)
    assert statistics.geometric_mean([2.0, 2.0]) == 2.0 and type(f(S)) is float
    with pytest.raises(TypeError, match="a twin is declared for a function"):
        ga.registry.twin(statistics.geometric_mean, 3)
