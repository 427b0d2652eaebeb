"""Gradients for SciPy's solvers, as its users pass them: jac=, hessp= and functions of plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.show.tour import load_iris

optimize = pytest.importorskip("scipy.optimize", reason="SciPy is an optional companion")
integrate = pytest.importorskip("scipy.integrate", reason="SciPy is an optional companion")


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


# --- minimize --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B"])
def test_minimize_rosenbrock_in_100_dimensions(method: str):
    found = optimize.minimize(ga.value_and_grad(rosenbrock), np.zeros(100), jac=True, method=method)
    assert found.success
    np.testing.assert_allclose(found.x, np.ones(100), rtol=1e-4)
    # No value of the function was spent on differences.
    assert found.nfev == found.njev


@pytest.mark.parametrize("method", ["Newton-CG", "trust-krylov"])
def test_minimize_with_products_with_the_hessian(method: str):
    options = {"maxiter": 500, **({"xtol": 1e-10} if method == "Newton-CG" else {"gtol": 1e-8})}
    found = optimize.minimize(
        ga.value_and_grad(rosenbrock), np.zeros(100), jac=True, hessp=ga.hvp(rosenbrock), method=method, options=options
    )
    np.testing.assert_allclose(found.x, np.ones(100), rtol=1e-6)
    assert found.nhev > 0


def test_minimize_with_a_hessian_and_further_arguments():
    def shifted(x, target, scale):
        return rosenbrock(x - target) * scale

    found = optimize.minimize(
        shifted,
        np.zeros(4),
        args=(3.0, 2.0),
        jac=ga.grad(shifted),
        hess=ga.hessian(shifted),
        method="trust-exact",
        options={"gtol": 1e-10},
    )
    np.testing.assert_allclose(found.x, np.full(4, 4.0), rtol=1e-8)


def test_minimize_a_logistic_regression():
    x, species = load_iris()
    x = np.column_stack([x - x.mean(axis=0), np.ones(len(x))])
    y = np.asarray(species) == 2

    def loss(w):
        return np.mean(np.logaddexp(0, np.where(y, -1, 1) * (x @ w))) + 1e-3 * np.sum(w**2)

    found = optimize.minimize(ga.value_and_grad(loss), np.zeros(5), jac=True, options={"gtol": 1e-10})
    by_newton = np.zeros(5)
    for _ in range(20):  # iteratively reweighted least squares, by hand
        p = 1 / (1 + np.exp(-(x @ by_newton)))
        gradient = x.T @ (p - y) / len(y) + 2e-3 * by_newton
        by_newton -= np.linalg.solve((x.T * (p * (1 - p))) @ x / len(y) + 2e-3 * np.eye(5), gradient)
    np.testing.assert_allclose(found.x, by_newton, atol=1e-6)
    assert np.mean((x @ found.x > 0) == y) > 0.95


def test_minimize_under_a_constraint():
    on_circle = {"type": "eq", "fun": lambda x: np.sum(x**2) - 2.0, "jac": ga.grad(lambda x: np.sum(x**2) - 2.0)}
    found = optimize.minimize(
        ga.value_and_grad(lambda x: x[0] + x[1]), [1.0, -0.5], jac=True, method="SLSQP", constraints=[on_circle]
    )
    np.testing.assert_allclose(found.x, [-1, -1], rtol=1e-5)


# --- root and least_squares ------------------------------------------------------------------------------------------


def test_root_with_a_jacobian():
    def residual(x):
        return np.stack([x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]])

    found = optimize.root(residual, np.zeros(2), jac=ga.jacobian(residual), tol=1e-12)
    assert found.success
    np.testing.assert_allclose(residual(found.x), 0, atol=1e-10)
    np.testing.assert_allclose(found.x, [0.8411639, 0.1588361], rtol=1e-6)


def test_least_squares_with_a_jacobian():
    t = np.linspace(0, 10, 40)
    truth = np.array([2.0, 0.3, 1.5, 0.4])

    def model(p):
        return p[0] * np.exp(-p[1] * t) * np.cos(p[2] * t + p[3])

    data = model(truth)
    found = optimize.least_squares(lambda p: model(p) - data, [1.5, 0.2, 1.4, 0.0], jac=ga.jacobian(model), xtol=1e-12)
    np.testing.assert_allclose(found.x, truth, rtol=1e-7)


@pytest.mark.parametrize("transform", [ga.jacobian, ga.jacrev, ga.jacfwd])
def test_curve_fit_with_a_jacobian(transform):
    t = np.linspace(0, 4, 30)

    def model(t, a, b):
        return a * np.exp(-b * t)

    jac = transform(model, argnums=(1, 2), stack=True)
    data = model(t, 2.5, 1.3) + 0.01 * np.cos(40 * t)
    for sigma in (None, np.linspace(1, 2, 30)):
        found, covariance = optimize.curve_fit(model, t, data, p0=(1.0, 1.0), sigma=sigma, jac=jac)
        expected = optimize.curve_fit(model, t, data, p0=(1.0, 1.0), sigma=sigma)
        np.testing.assert_allclose(found, expected[0], rtol=1e-6)
        np.testing.assert_allclose(covariance, expected[1], rtol=1e-5)


def test_the_gradient_of_a_root_that_scipy_found():
    def residual(x, a, b):
        return np.tanh(a @ x) + 2 * x - b

    @ga.implicit_root(residual)
    def solve(a, b):
        return optimize.root(lambda x: residual(x, a, b), np.zeros(3), tol=1e-13).x

    a = np.array([[0.3, -0.8, 0.5], [0.9, 0.1, -0.4], [-0.2, 0.7, 0.6]])
    ga.check_grads(solve, (a, np.array([1.0, -0.5, 0.2])))


# --- differential equations ------------------------------------------------------------------------------------------

TIMES = np.linspace(0, 6, 13)
PREY_AND_PREDATORS = np.array([1.0, 0.5])
TRUTH = np.array([0.9, 1.1, 0.6])


def lotka_volterra(_t: Any, y: Any, p: Any) -> Any:
    return np.stack([p[0] * y[0] - p[1] * y[0] * y[1], -p[2] * y[1] + y[0] * y[1]])


def runge_kutta(p, steps=40):
    """Integrate with the classical method of fourth order, in plain NumPy."""
    y = PREY_AND_PREDATORS
    found = [y]
    h = (TIMES[1] - TIMES[0]) / steps
    for _ in TIMES[1:]:
        for _ in range(steps):
            k1 = lotka_volterra(0, y, p)
            k2 = lotka_volterra(0, y + h / 2 * k1, p)
            k3 = lotka_volterra(0, y + h / 2 * k2, p)
            k4 = lotka_volterra(0, y + h * k3, p)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        found.append(y)
    return np.stack(found, axis=1)


def sensitivities(p, rtol=1e-9):
    """Integrate the equation with solve_ivp, together with the derivative of its solution by the parameters."""
    by_y = ga.jacobian(lotka_volterra, argnums=1)
    by_p = ga.jacobian(lotka_volterra, argnums=2)

    def extended(t, z):
        y, s = z[:2], z[2:].reshape(2, 3)
        return np.concatenate([lotka_volterra(t, y, p), np.ravel(by_y(t, y, p) @ s + by_p(t, y, p))])

    start = np.concatenate([PREY_AND_PREDATORS, np.zeros(6)])
    z = integrate.solve_ivp(extended, (0, 6), start, t_eval=TIMES, rtol=rtol, atol=rtol / 100).y
    return z[:2], z[2:].reshape(2, 3, -1)


def test_a_gradient_through_an_integrator_agrees_with_forward_sensitivities():
    solution, by_p = sensitivities(TRUTH)
    np.testing.assert_allclose(runge_kutta(TRUTH), solution, atol=1e-7)
    through = ga.jacfwd(runge_kutta)(TRUTH)
    np.testing.assert_allclose(np.moveaxis(through, 2, 1), by_p, atol=1e-6)


def test_solve_ivp_with_a_jacobian_of_a_stiff_equation():
    def robertson(_t, y):
        slow, fast = 0.04 * y[0] - 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
        return np.stack([-slow, slow - fast, fast])

    start = np.array([1.0, 0.0, 0.0])
    jac = ga.jacobian(robertson, argnums=1)
    found = integrate.solve_ivp(robertson, (0, 40), start, method="BDF", jac=jac, rtol=1e-8, atol=1e-12)
    assert found.success
    assert found.njev > 0
    np.testing.assert_allclose(found.y[:, -1], [0.7158270688, 9.185534765e-6, 0.2841637457], rtol=1e-5)


@pytest.mark.parametrize("way", ["integrator", "sensitivities"])
def test_fit_of_an_equation_to_data(way: str):
    data = integrate.solve_ivp(
        lotka_volterra, (0, 6), PREY_AND_PREDATORS, t_eval=TIMES, args=(TRUTH,), rtol=1e-10, atol=1e-12
    ).y
    if way == "integrator":
        objective = ga.value_and_grad(lambda p: np.sum((runge_kutta(p, 4) - data) ** 2))
    else:

        def objective(p):
            y, by_p = sensitivities(p, 1e-5)
            return np.sum((y - data) ** 2), 2 * np.einsum("it,ipt->p", y - data, by_p)

    found = optimize.minimize(objective, [0.7, 0.9, 0.8], jac=True, method="L-BFGS-B", options={"gtol": 1e-9})
    np.testing.assert_allclose(found.x, TRUTH, rtol=1e-3)
