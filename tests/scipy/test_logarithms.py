"""The derivatives of logarithms and roots of larger matrices, beside a block of a larger logarithm and equations."""

from __future__ import annotations

import numpy as np
import pytest

import gradarray as ga

linalg = pytest.importorskip("scipy.linalg", reason="SciPy is an optional companion")

from gradarray.rules.scipy.linalg import logarithms  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:logm result may be inaccurate")
RNG = np.random.default_rng(0)


def near_one(n, is_complex=False):
    a = RNG.standard_normal((n, n)) + (1j * RNG.standard_normal((n, n)) if is_complex else 0)
    return a / n**0.5 + 2 * np.eye(n)


def block(a, e):
    return np.block([[a, e], [np.zeros(a.shape), a]])


MATRICES = {
    "real": near_one(20),
    "large": 100 * near_one(110),
    "complex": near_one(60, True) - 2 * np.eye(60),
    "symmetric": near_one(20) @ near_one(20).T + 1e-3 * np.eye(20),
    "of one block": np.kron(np.eye(60), [[1.0, -0.7], [0.7, 1.0]]) + np.triu(RNG.standard_normal((120, 120)), 2) / 60,
}


@pytest.mark.parametrize("name", MATRICES)
def test_of_a_logarithm(name):
    a = MATRICES[name]
    e = RNG.standard_normal(a.shape)
    found, n = ga.jvp(linalg.logm, (a,), (e * (1 + 0 * a),))[1], len(a)
    expected = linalg.logm(block(a, e))[:n, n:]
    np.testing.assert_allclose(found, expected, atol=1e-11 * np.abs(expected).max())
    weights = RNG.standard_normal(a.shape)
    gradient = ga.grad(lambda a: np.sum(weights * np.real(linalg.logm(a))))(a)
    np.testing.assert_allclose(np.real(np.sum(np.conj(gradient) * e)), np.sum(weights * np.real(expected)), rtol=1e-8)


def test_of_a_logarithm_that_is_not_real():
    a = near_one(20) - 2.5 * np.eye(20)
    e = RNG.standard_normal(a.shape)
    with np.errstate(all="ignore"):
        expected = linalg.logm(block(a, e))[:20, 20:]
        found = ga.jvp(lambda t: linalg.logm(a + t * e), (0.0,), (1.0,))[1]
        across = (linalg.logm(a + 1e-6 * e) - linalg.logm(a - 1e-6 * e)) / 2e-6
    assert np.abs(expected.imag).max() > 1
    np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(found, across, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["large", "complex", "of one block"])
def test_of_a_square_root(name):
    a = MATRICES[name]
    e = RNG.standard_normal(a.shape) * (1 + 0 * a)
    root, slope = ga.jvp(linalg.sqrtm, (a,), (e,))
    np.testing.assert_allclose(root @ slope + slope @ root, e, atol=1e-10)


@pytest.mark.parametrize("t", [0.3, 0.5, -0.4, 0.97, -1.7, 3.6])
@pytest.mark.parametrize("name", MATRICES)
def test_of_a_power(name, t):
    a = MATRICES[name] + 2 * np.eye(len(MATRICES[name])) * (name == "complex")
    e = RNG.standard_normal(a.shape) * (1 + 0 * a)
    found, n = ga.jvp(lambda a: linalg.fractional_matrix_power(a, t), (a,), (e,))[1], len(a)
    expected = linalg.fractional_matrix_power(block(a, e), t)[:n, n:]
    np.testing.assert_allclose(found, expected, atol=1e-11 * np.abs(expected).max())
    weights = RNG.standard_normal(a.shape)
    gradient = ga.grad(lambda a: np.sum(weights * np.real(linalg.fractional_matrix_power(a, t))))(a)
    np.testing.assert_allclose(np.real(np.sum(np.conj(gradient) * e)), np.sum(weights * np.real(expected)), rtol=1e-8)


def test_of_a_power_that_is_not_real():
    a = near_one(20) - 2.5 * np.eye(20)
    e = RNG.standard_normal(a.shape)
    expected = linalg.fractional_matrix_power(block(a, e), 0.3)[:20, 20:]
    assert np.abs(expected.imag).max() > 1
    found = ga.jvp(lambda t: linalg.fractional_matrix_power(a + t * e, 0.3), (0.0,), (1.0,))[1]
    np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize(("own", "beside"), [(0.45, 0.5), (0.42, 0.27), (0.2, 0.04)])
def test_a_logarithm_has_all_digits_with_as_few_roots(own, beside):
    mpmath = pytest.importorskip("mpmath")
    rng = np.random.default_rng(0)
    a = np.diag(1 - own + 0.01 * np.arange(5)) + np.diag(beside * np.array([1, -1, 1, 1]), 1)
    e = rng.standard_normal((5, 5))
    whole = mpmath.matrix(block(a, e).tolist())
    with mpmath.workdps(30):
        exact = mpmath.logm(whole)
    expected = np.array([[float(mpmath.re(exact[i, 5 + j])) for j in range(5)] for i in range(5)])
    found = logarithms.derivative_along(a, e)
    np.testing.assert_allclose(found, expected, atol=2e-15 * np.abs(expected).max())
