"""Products with the Jacobian: vjp, jvp and linearize, and the derivative element by element."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga
from tests.numeric import numeric_jacobian

X = np.array([0.3, -1.2, 2.0])
A = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])


def loss(w: Any, x: Any = A, *, scale: Any = 1.0) -> Any:
    """Compute a loss."""
    return np.sum(np.tanh(x @ w) ** 2) * scale


def mixed(x: Any) -> Any:
    return np.sin(A @ x) * x[0] + np.exp(x[1])


# --- elementwise_grad ------------------------------------------------------------------------------------------------


def test_elementwise_grad_is_the_derivative_at_each_element() -> None:
    x = np.linspace(-2, 2, 7).reshape(7, 1)
    found = ga.elementwise_grad(lambda x: np.tanh(x) * np.sin(x))(x)
    np.testing.assert_allclose(
        found, (np.tanh(x + 1e-6) * np.sin(x + 1e-6) - np.tanh(x - 1e-6) * np.sin(x - 1e-6)) / 2e-6
    )
    assert ga.elementwise_grad(np.sin)(0.0) == 1.0
    curve = np.array([0.1, 0.2])
    for order in range(5):
        f: Any = np.sin
        for _ in range(order):
            f = ga.elementwise_grad(f)
        np.testing.assert_allclose(f(curve), np.sin(curve + order * np.pi / 2), rtol=1e-12)


def test_elementwise_grad_needs_a_result_of_the_argument_s_shape() -> None:
    for f in (np.sum, lambda x: np.outer(x, x), lambda x: 1.0):
        with pytest.raises(ValueError, match=r"argument's shape \(3,\).*use jacobian"):
            ga.elementwise_grad(f)(X)
    with pytest.raises(ValueError, match=r"argument's shape \(\)"):
        ga.elementwise_grad(np.multiply)(2.0, X)


# --- vjp, jvp, linearize ---------------------------------------------------------------------------------------------


def test_vjp_and_jvp_and_linearize_are_one_jacobian() -> None:
    numeric = numeric_jacobian(mixed, X)
    g, t = np.array([2.0, -1.0]), np.array([1.0, 0.5, -3.0])
    value, pull = ga.vjp(mixed, X)
    np.testing.assert_array_equal(value, mixed(X))
    np.testing.assert_allclose(pull(g)[0], g @ numeric, rtol=1e-8)
    np.testing.assert_allclose(pull(2 * g)[0], 2 * g @ numeric, rtol=1e-8)  # as often as one likes
    value, tangent = ga.jvp(mixed, (X,), (t,))
    np.testing.assert_allclose(tangent, numeric @ t, rtol=1e-8)
    value, push = ga.linearize(mixed, X)
    np.testing.assert_array_equal(value, mixed(X))
    np.testing.assert_allclose(push(t), numeric @ t, rtol=1e-8)
    np.testing.assert_allclose(push(2 * t), 2 * numeric @ t, rtol=1e-8)


def test_linearize_calls_the_function_once() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(x)
        return np.sin(x)

    push = ga.linearize(f, X)[1]
    for t in np.eye(3):
        push(t)
    assert len(calls) == 1


def test_linearize_keeps_an_infinite_slope() -> None:
    assert ga.linearize(np.sqrt, 0.0)[1](1.0) == np.inf


def test_several_arguments_and_results_at_once() -> None:
    def f(a: Any, b: Any) -> Any:
        return {"product": a * b, "sum": np.sum(a), "count": np.argmax(b)}

    a, b = np.array([1.0, 2.0]), 3.0
    _, pull = ga.vjp(f, a, b)
    da, db = pull({"product": np.array([1.0, 10.0]), "sum": 100.0, "count": 0.0})
    np.testing.assert_array_equal(da, [103.0, 130.0])
    assert db == 21.0
    _, push = ga.linearize(f, a, b)
    tangent = push(np.array([1.0, 0.0]), 2.0)
    np.testing.assert_array_equal(tangent["product"], [5.0, 4.0])
    assert tangent["sum"] == 1.0
    assert tangent["count"] == 0
    assert type(tangent["sum"]) is np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_products_keep_the_dtype(dtype: Any) -> None:
    x = np.array([1, 2], dtype)
    value, pull = ga.vjp(np.exp, x)
    assert value.dtype == pull(np.ones(2, dtype))[0].dtype == dtype
    assert ga.linearize(np.exp, x)[1](np.ones(2)).dtype == dtype
    assert ga.jvp(np.exp, (x,), (np.ones(2),))[1].dtype == dtype


def test_complex_products_are_adjoint() -> None:
    rng = np.random.default_rng(0)
    z, t, g = (rng.normal(size=3) + 1j * rng.normal(size=3) for _ in range(3))

    def f(z: Any) -> Any:
        return np.conj(z) * np.sin(z) + np.abs(z)

    numeric = (f(z + 1e-6 * t) - f(z - 1e-6 * t)) / 2e-6
    np.testing.assert_allclose(ga.jvp(f, (z,), (t,))[1], numeric, rtol=1e-7)
    np.testing.assert_allclose(ga.linearize(f, z)[1](t), numeric, rtol=1e-7)
    np.testing.assert_allclose(np.vdot(ga.vjp(f, z)[1](g)[0], t).real, np.vdot(g, numeric).real, rtol=1e-7)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ga.vjp(np.sin, X)[1](np.ones(2)), ValueError, r"cotangent has shape \(2,\), not the shape \(3,\)"),
        (lambda: ga.vjp(np.sin, X)[1](1.0), ValueError, r"cotangent has shape \(\)"),
        (lambda: ga.vjp(np.sin, X)[1](X * 1j), TypeError, "a cotangent of dtype complex128 does not fit"),
        (lambda: ga.vjp(np.sin, X)[1]([X]), ValueError, "the cotangent is an array or a number, not a list"),
        (lambda: ga.vjp(np.sin), TypeError, "at least one argument"),
        (lambda: ga.jvp(np.sin, (X,), (np.ones(2),)), ValueError, r"tangent 0 has shape \(2,\)"),
        (lambda: ga.jvp(np.sin, (X,), ()), ValueError, r"1 argument\(s\) need as many tangents, not 0"),
        (lambda: ga.jvp(np.sin, X, X), TypeError, "the primals of jvp are a tuple"),
        (lambda: ga.jvp(np.sin, (X,), X), TypeError, "the tangents of jvp are a tuple"),
        (lambda: ga.jvp(np.sin, (1,), (1.0,)), TypeError, "argument 0 of sin holds integers"),
        (lambda: ga.linearize(np.sin, X)[1](X, X), ValueError, r"1 argument\(s\) need as many tangents, not 2"),
        (lambda: ga.linearize(np.sin, X)[1](np.ones((3, 1))), ValueError, r"tangent has shape \(3, 1\)"),
        (lambda: ga.hvp(loss)(X, np.ones(2)), ValueError, r"shape \(2,\)"),
        (lambda: ga.hvp(loss, (0, 1))(X, (X,), A), ValueError, r"2 argument\(s\) need as many vectors, not 1"),
    ],
)
def test_directions_that_do_not_match_are_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, bool])
def test_a_product_that_numpy_cuts_off_on_its_way_has_no_gradient_that_is_known(dtype):
    a, b = np.array([[100, 3], [7, 100]]).astype(dtype), np.array([[400, 2], [5, 9]]).astype(dtype)
    x = np.arange(1.0, 5.0).reshape(2, 2)
    for call in (
        lambda x: np.einsum("ij,jk,kl->il", a, b, x, optimize=True),
        lambda x: np.einsum(a, [0, 1], b, [1, 2], x, [2, 3], optimize="greedy"),
    ):
        with pytest.raises(TypeError, match=r"a\.astype\(float\)"):
            ga.grad(lambda x, call=call: np.sum(call(x)))(x)

    def other(x):
        return np.sum(np.einsum("ij,jk,kl->il", a, b, x, optimize=["einsum_path", (1, 2), (0, 1)]))

    np.testing.assert_array_equal(ga.grad(other)(x), np.broadcast_to((a @ b.astype(float)).sum(0)[:, None], (2, 2)))


def test_an_ellipsis_of_more_axes_than_there_are_letters_is_refused() -> None:
    x = ga.tensor(np.ones((1,) * 60))
    with pytest.raises(ValueError, match=r"the gradient of einsum needs 60 letters that '\.\.\.->\.\.\.' leaves free"):
        np.einsum("...->...", x).backward()
