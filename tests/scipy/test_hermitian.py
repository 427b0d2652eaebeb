"""Derivatives of functions of Hermitian matrices by divided differences, to all digits, and what is none of these."""

from __future__ import annotations

import numpy as np
import pytest

import gradarray as ga

linalg = pytest.importorskip("scipy.linalg", reason="SciPy is an optional companion")
mpmath = pytest.importorskip("mpmath")

from gradarray.rules.scipy.linalg import hermitian  # noqa: E402

RNG = np.random.default_rng(0)
NUMBERS = np.array([1e-9, 1e-3, 1.0, 1 + 1e-15, 1 + 1e-9, 1.1, 2.7, 2.71828, 2.8, 30.0, 600.0])
ABOVE = {
    "log": (hermitian.of_logarithm, mpmath.log),
    **{f"power {t}": (hermitian.of_power(t), lambda x, t=t: x ** mpmath.mpf(t)) for t in (0.4, -1.7, 3.3)},
}
ALL = {
    "exp": (hermitian.of_exponential, mpmath.exp),
    "sin": (hermitian.of_sine, mpmath.sin),
    "cos": (hermitian.of_cosine, mpmath.cos),
    "sinh": (hermitian.of_hyperbolic_sine, mpmath.sinh),
    "cosh": (hermitian.of_hyperbolic_cosine, mpmath.cosh),
}


@pytest.mark.parametrize("name", [*ABOVE, *ALL])
def test_divided_differences_have_all_digits(name):
    found, function = (ABOVE | ALL)[name]
    numbers = NUMBERS if name in ABOVE else np.concatenate([-NUMBERS, NUMBERS])
    got = found(numbers[:, None], numbers)
    with mpmath.workdps(60):
        values = [mpmath.mpf(x) for x in numbers.tolist()]
        for i, x in enumerate(values):
            for j, y in enumerate(values):
                expected = mpmath.diff(function, x) if x == y else (function(x) - function(y)) / (x - y)
                # Those of sine and cosine vanish here and there.
                assert abs(got[i, j] - expected) <= 1e-13 * max(abs(expected), 1e-3 * (name in ("sin", "cos")))


def a_hermitian(is_complex, n=20):
    a = RNG.standard_normal((n, n)) + (1j * RNG.standard_normal((n, n)) if is_complex else 0)
    a = a @ a.conj().T / n
    return (a + a.conj().T) / 2 + 0.1 * np.eye(n)


FUNCTIONS = {
    "expm": lambda a: linalg.expm(a),
    "logm": lambda a: linalg.logm(a),
    "power": lambda a: linalg.fractional_matrix_power(a, -0.4),
    "sinm": lambda a: linalg.sinm(a),
    "cosm": lambda a: linalg.cosm(a),
    "sinhm": lambda a: linalg.sinhm(a),
    "coshm": lambda a: linalg.coshm(a),
}


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_at_hermitian_matrices(name, is_complex):
    f, a, n = FUNCTIONS[name], a_hermitian(is_complex), 20
    e, g = RNG.standard_normal((2, n, n)) + (1j * RNG.standard_normal((2, n, n)) if is_complex else 0)
    block = np.block([[a, e], [np.zeros((n, n)), a]])
    expected = f(block)[:n, n:]
    found = ga.jvp(f, (a,), (e,))[1]
    np.testing.assert_allclose(found, expected, atol=1e-11 * np.abs(expected).max())
    (gradient,) = ga.vjp(f, a)[1](g)
    np.testing.assert_allclose(np.real(np.vdot(gradient, e)), np.real(np.vdot(g, expected)), rtol=1e-9)
    e = 0.01 * (e + e.conj().T)
    slope = ga.grad(lambda t: np.sum(np.real(np.conj(g) * f(a + t * e))))
    step = 1e-4
    np.testing.assert_allclose(ga.grad(slope)(0.1), (slope(0.1 + step) - slope(0.1 - step)) / (2 * step), rtol=1e-6)


def test_equal_eigenvalues_are_no_hindrance():
    e = RNG.standard_normal((20, 20))
    for name, factor in {"expm": np.exp(2.0), "logm": 0.5, "power": -0.4 * 2**-1.4, "cosm": -np.sin(2.0)}.items():
        found = ga.jvp(FUNCTIONS[name], (2 * np.eye(20),), (e,))[1]
        np.testing.assert_allclose(found, factor * e, rtol=1e-13)


def test_what_is_not_surely_hermitian_and_positive_is_none_of_it():
    a, e = a_hermitian(False), np.eye(20)
    assert hermitian.derivative_along(hermitian.of_exponential, a, e) is not None
    assert hermitian.derivative_along(hermitian.of_exponential, a + np.eye(20, k=1) * 1e-14, e) is None
    assert hermitian.derivative_along(hermitian.of_exponential, a + 1j * np.eye(20) * 1e-14, e + 0j) is None
    assert hermitian.derivative_along(hermitian.of_logarithm, a - 3 * e, e, positive=True) is None
    assert hermitian.derivative_along(hermitian.of_logarithm, 0 * a, e, positive=True) is None
    assert hermitian.derivative_along(hermitian.of_exponential, a * np.nan, e) is None
    assert hermitian.derivative_along(hermitian.of_exponential, a, np.full((20, 20), np.inf)) is None
