"""Products with Gauss-Newton matrices, compared with matrices that are formed of difference quotients."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from tests.numeric import numeric_jacobian

T = np.array([0.0, 0.5, 1.0, 2.0])
P = np.array([1.2, 0.6, -0.3])
V = np.array([1.0, -2.0, 0.5])


def residuals(p: Any, t: Any = T) -> Any:
    return p[0] * np.exp(-p[1] * t) + p[2] * t


def quartic(y: Any) -> Any:
    return np.sum(2.0 * y**2 + y**4)


J = numeric_jacobian(residuals, P)


def test_without_g_it_is_of_half_the_sum_of_squares() -> None:
    np.testing.assert_allclose(ga.ggnvp(residuals)(P, V), J.T @ J @ V, rtol=1e-6)
    squares = ga.ggnvp(residuals, lambda y: 0.5 * np.sum(y**2))(P, V)
    np.testing.assert_allclose(squares, J.T @ J @ V, rtol=1e-6)


def test_the_hessian_of_g_stands_in_the_middle() -> None:
    h = np.diag(4 + 12 * residuals(P) ** 2)
    np.testing.assert_allclose(ga.ggnvp(residuals, quartic)(P, V), J.T @ h @ J @ V, rtol=1e-6)
    # Not diagonal, with a result of one element.
    softened = ga.ggnvp(residuals, lambda y: np.log(np.sum(np.exp(y), keepdims=True)))(P, V)
    p = np.exp(residuals(P)) / np.sum(np.exp(residuals(P)))
    np.testing.assert_allclose(softened, J.T @ (np.diag(p) - np.outer(p, p)) @ J @ V, rtol=1e-6)


def test_of_a_linear_function_it_is_the_hessian_of_the_loss() -> None:
    a = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])
    hessian = numeric_jacobian(ga.grad(lambda p: quartic(a @ p)), P)
    np.testing.assert_allclose(ga.ggnvp(lambda p: a @ p, quartic)(P, V), hessian @ V, rtol=1e-6)


def test_other_arguments_follow_the_vector_and_argnums_chooses() -> None:
    np.testing.assert_allclose(ga.ggnvp(residuals)(P, V, T + 1), ga.ggnvp(lambda p: residuals(p, T + 1))(P, V))
    np.testing.assert_allclose(ga.ggnvp(residuals)(P, V, t=T + 1), ga.ggnvp(residuals)(P, V, T + 1))
    by_t = numeric_jacobian(lambda t: residuals(P, t), T)
    np.testing.assert_allclose(ga.ggnvp(residuals, argnums=1)(P, T + 2, T), by_t.T @ by_t @ (T + 2), rtol=1e-6)
    np.testing.assert_allclose(ga.ggnvp(residuals, argnums="t")(P, T + 2, T), by_t.T @ by_t @ (T + 2), rtol=1e-6)
    both = ga.ggnvp(residuals, argnums=(0, 1))(P, (V, T + 2), T)
    whole = np.hstack([J, by_t])
    np.testing.assert_allclose(np.hstack(both), whole.T @ whole @ np.hstack([V, T + 2]), rtol=1e-6)


def test_containers_of_arguments_and_results() -> None:
    def f(p: Any) -> Any:
        return {"a": p["w"] @ [1.0, 2.0], "b": [p["s"] * p["w"][0], 3]}

    p = {"w": np.array([[1.0, 2.0], [3.0, -1.0]]), "s": 2.0}
    v = {"w": np.array([[0.5, -1.0], [2.0, 1.0]]), "s": -1.0}
    flat, unflatten = ga.flatten(p)
    direction = ga.flatten(v)[0]
    jacobian = numeric_jacobian(lambda x: ga.flatten(f(unflatten(x)))[0], flat)
    found = ga.ggnvp(f)(p, v)
    assert type(found) is dict and found["w"].shape == (2, 2) and found["s"].shape == ()
    np.testing.assert_allclose(ga.flatten(found)[0], jacobian.T @ jacobian @ direction, rtol=1e-6)
    weighed = ga.ggnvp(f, lambda y: np.sum(y["a"] ** 2) + 5 * np.sum(y["b"][0] ** 2))
    with pytest.raises(TypeError, match="integers"):  # of which g could be a function
        weighed(p, v)
    weighed = ga.ggnvp(lambda p: (f(p)["a"], f(p)["b"][0]), lambda y: np.sum(y[0] ** 2) + 5 * np.sum(y[1] ** 2))
    h = np.diag([2.0, 2, 10, 10, 0])
    np.testing.assert_allclose(ga.flatten(weighed(p, v))[0], jacobian.T @ h @ jacobian @ direction, rtol=1e-6)


def test_complex_numbers() -> None:
    z, v = np.array([0.3 + 0.5j, -1.0j]), np.array([1.0 - 1j, 2.0])

    def f(z: Any) -> Any:
        return np.array([[1.0, 2j], [0.5, 1.0], [1j, 1.0]]) @ z**2

    # As a function of the real and imaginary parts.
    def parts(x: Any) -> Any:
        return f(x.view(complex)).view(float)

    jacobian = numeric_jacobian(parts, z.view(float))
    expected = (jacobian.T @ jacobian @ v.view(float)).view(complex)
    np.testing.assert_allclose(ga.ggnvp(f)(z, v), expected, rtol=1e-6)
    absolute = ga.ggnvp(f, lambda y: np.sum(np.abs(y) ** 2))(z, v)
    np.testing.assert_allclose(absolute, 2 * expected, rtol=1e-6)
    # A real argument, and complex residuals.
    real = numeric_jacobian(lambda x: f(x + 0j).view(float), z.real)
    np.testing.assert_allclose(ga.ggnvp(f)(z.real, z.imag), real.T @ real @ z.imag, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0,), (1, 1), (2, 3)])
def test_shapes_and_dtypes_are_the_argument_s(shape: tuple[int, ...], dtype: Any) -> None:
    x = np.full(shape, 0.5, dtype)[()]
    found = ga.ggnvp(np.sin)(x, x)
    assert (np.shape(found), found.dtype) == (shape, dtype)
    np.testing.assert_allclose(found, np.cos(x) ** 2 * x, rtol=1e-6)


def test_it_is_differentiable_itself_and_takes_tensors() -> None:
    ga.check_grads(ga.ggnvp(residuals), (P, V), order=1)
    ga.check_grads(ga.ggnvp(residuals, quartic), (P, V), order=1)
    p = ga.tensor(P)
    product = ga.ggnvp(residuals, quartic)(p, V)
    assert isinstance(product, ga.Tensor)
    product.backward()
    np.testing.assert_allclose(p.grad, ga.grad(lambda p: np.sum(ga.ggnvp(residuals, quartic)(p, V)))(P))


def test_a_result_that_depends_on_nothing_gives_zeros() -> None:
    np.testing.assert_array_equal(ga.ggnvp(lambda p: np.ones(2))(P, V), np.zeros(3))
    np.testing.assert_array_equal(ga.ggnvp(residuals, lambda y: 1.0)(P, V), np.zeros(3))


def test_programs_that_fill_arrays() -> None:
    def simulated(rate: Any) -> Any:
        level = np.zeros(3)
        level[0] = 1.0
        for i in range(2):
            level[i + 1] = level[i] * float(rate)
        return level

    np.testing.assert_allclose(ga.ggnvp(simulated)(0.5, 1.0), 1 + 4 * 0.5**2)
    with pytest.raises(ga.GradientLossError):
        ga.ggnvp(simulated, drop_in=False)(0.5, 1.0)


def test_mistakes() -> None:
    product = ga.ggnvp(residuals)
    with pytest.raises(ValueError, match="vector has shape"):
        product(P, np.ones(4))
    with pytest.raises(ValueError, match="2 argument"):
        ga.ggnvp(residuals, argnums=(0, 1))(P, (V,), T)
    with pytest.raises(TypeError, match=r"ggnvp differentiates by floating-point.*residuals"):
        product([1, 2, 3], V)
    with pytest.raises(ValueError, match="ggnvp needs a result with one element, but <lambda> returned shape"):
        ga.ggnvp(residuals, lambda y: y**2)(P, V)
    with pytest.raises(TypeError, match="ggnvp takes a function"):
        ga.ggnvp(residuals, 2.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="ggnvp needs a function that returns an array; nothing returned None"):

        def nothing(p: Any) -> None: ...

        ga.ggnvp(nothing)(P, V)


def test_it_can_be_pickled_and_has_a_name() -> None:
    product = ga.ggnvp(residuals, quartic)
    assert product.__name__ == "ggnvp_of_residuals"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(product))(P, V), product(P, V))


def test_scipy_minimizes_with_it() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    y = residuals([2.0, 1.0, 0.5])

    def misfit(p: Any) -> Any:
        return residuals(p) - y

    found = optimize.minimize(
        ga.value_and_grad(lambda p: 0.5 * np.sum(misfit(p) ** 2)),
        P,
        jac=True,
        hessp=ga.ggnvp(misfit),
        method="trust-ncg",
        tol=1e-10,
    )
    np.testing.assert_allclose(found.x, [2.0, 1.0, 0.5], atol=1e-6)
