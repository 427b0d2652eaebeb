"""Jacobians and Hessians: every mode, containers, complex numbers, empty arrays."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from tests.numeric import numeric_jacobian, slope

X = np.array([0.3, -1.2, 2.0])
A = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])


def loss(w: Any, x: Any = A, *, scale: Any = 1.0) -> Any:
    """Compute a loss."""
    return np.sum(np.tanh(x @ w) ** 2) * scale


def mixed(x: Any) -> Any:
    return np.sin(A @ x) * x[0] + np.exp(x[1])


@pytest.mark.parametrize("transform", [ga.jacobian, ga.jacrev, ga.jacfwd])
@pytest.mark.parametrize(
    ("f", "x"),
    [
        (mixed, X),
        (lambda x: np.sum(x**2), X),
        (lambda x: x * np.arange(1.0, 4.0), 2.0),
        (lambda x: x**3, 2.0),
        (lambda x: np.outer(x, x[:2]), X),
        (lambda x: np.linalg.inv(x + 3 * np.eye(2)), np.array([[0.1, 0.2], [0.3, 0.4]])),
        (lambda x: np.sort(x)[::-1], X),
    ],
)
def test_jacobians_agree_with_differences(transform: Any, f: Any, x: Any) -> None:
    found = transform(f)(x)
    np.testing.assert_allclose(found, numeric_jacobian(f, x), rtol=1e-7, atol=1e-9)
    assert np.shape(found) == np.shape(f(x)) + np.shape(x)


@pytest.mark.parametrize("transform", [ga.jacobian, ga.jacrev, ga.jacfwd])
@pytest.mark.parametrize(("out", "x"), [((0,), (3,)), ((2,), (0,)), ((0, 2), (0,))])
def test_jacobians_may_be_empty(transform: Any, out: tuple[int, ...], x: tuple[int, ...]) -> None:
    found = transform(lambda x: np.zeros(out) * np.sum(x))(np.ones(x, np.float32))
    assert found.shape == out + x


def test_the_dtypes_of_jacobians_in_both_modes_agree() -> None:
    x = np.ones(2, np.float32)
    for f in (np.sin, lambda x: x.astype(float), lambda x: x * 1j):
        assert ga.jacrev(f)(x).dtype.kind == ga.jacfwd(f)(x).dtype.kind


def test_jacobians_of_containers_by_containers() -> None:
    def f(p: Any, s: Any) -> Any:
        return {"a": A @ p["w"] * s, "b": (p["b"] ** 2,)}

    p, s = {"w": X, "b": 3.0}, 2.0
    for transform in (ga.jacobian, ga.jacrev, ga.jacfwd):
        found = transform(f, ("s", 0))(p, s)
        np.testing.assert_allclose(found["a"][0], A @ X)
        np.testing.assert_allclose(found["a"][1]["w"], A * s)
        np.testing.assert_array_equal(found["a"][1]["b"], np.zeros(2))
        assert found["b"][0][1]["b"] == 6.0
        np.testing.assert_array_equal(found["b"][0][1]["w"], np.zeros(3))
        assert type(found["b"][0][0]) is np.float64


@pytest.mark.parametrize("transform", [ga.jacobian, ga.jacrev, ga.jacfwd])
def test_complex_jacobians(transform: Any) -> None:
    z = np.array([1 + 2j, 0.5 - 1j])
    to_complex = numeric_jacobian(lambda x: np.exp(1j * x), X)
    np.testing.assert_allclose(transform(lambda x: np.exp(1j * x))(X), to_complex, rtol=1e-8)
    holomorphic = [(np.sin(z + 1e-6 * e) - np.sin(z - 1e-6 * e)) / 2e-6 for e in np.eye(2)]
    np.testing.assert_allclose(transform(np.sin, holomorphic=True)(z), np.stack(holomorphic, -1), rtol=1e-8, atol=1e-9)
    uphill = [[slope(lambda t, d=u * e: np.abs(z + t * d), 0.0) for e in np.eye(2)] for u in (1, 1j)]
    expected = np.transpose(uphill[0]) + 1j * np.transpose(uphill[1])
    np.testing.assert_allclose(transform(np.abs)(z), expected, rtol=1e-8, atol=1e-9)
    with pytest.raises(TypeError, match="Pass holomorphic=True"):
        transform(np.conj)(z)


@pytest.mark.parametrize("transform", [ga.jacobian, ga.jacrev, ga.jacfwd])
def test_stacked_columns_agree_with_differences(transform: Any) -> None:
    def model(t: Any, height: Any, rate: Any, shift: Any = 0.5) -> Any:
        return height * np.exp(-rate * t) + shift

    t = np.linspace(0.0, 2.0, 5)
    expected = numeric_jacobian(lambda p: model(t, *p), np.array([2.0, 0.7, 0.5]))
    np.testing.assert_allclose(transform(model, (1, 2), stack=True)(t, 2.0, 0.7), expected[:, :2], rtol=1e-8)
    np.testing.assert_allclose(transform(model, ("shift", 1), stack=True)(t, 2.0, 0.7), expected[:, [2, 0]], rtol=1e-8)
    np.testing.assert_allclose(transform(model, 2, stack=True)(t, 2.0, 0.7), expected[:, 1:2], rtol=1e-8)
    assert transform(model, (1, 2), stack=True)(0.3, 2.0, 0.7).shape == (2,)
    assert transform(model, (1, 2), stack=True)(np.zeros((0,)), 2.0, 0.7).shape == (0, 2)


@pytest.mark.parametrize("transform", [ga.jacobian, ga.jacrev, ga.jacfwd])
@pytest.mark.parametrize("rows", [2, 9])
def test_stacked_columns_of_arrays_and_containers(transform: Any, rows: int) -> None:
    matrix = np.cos(np.arange(6.0 * rows)).reshape(rows, 2, 3)

    def f(p: Any, q: Any) -> Any:
        return matrix @ p["w"][0] * q + p["b"] ** 2, np.sum(p["b"]) * q

    def of_flat(x: Any) -> Any:
        return f({"w": [x[:3]], "b": x[3:5]}, x[5])[0]

    x = np.array([0.5, -1.0, 2.0, 0.3, 0.7, 1.5])
    x2, s = transform(f, (0, 1), stack=True)({"w": [x[:3]], "b": x[3:5]}, 1.5)
    np.testing.assert_allclose(x2, numeric_jacobian(of_flat, x), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(s, [0, 0, 0, 1.5, 1.5, 1.0])
    by_matrix, aux = transform(lambda a: (a @ a[0], "aux"), stack=True, has_aux=True)(A[:, :2])
    assert aux == "aux"
    np.testing.assert_allclose(
        by_matrix, numeric_jacobian(lambda a: a @ a[0], A[:, :2]).reshape(2, 4), rtol=1e-8, atol=1e-9
    )


@pytest.mark.parametrize("transform", [ga.jacobian, ga.jacrev, ga.jacfwd])
def test_stacked_columns_of_every_kind_of_number(transform: Any) -> None:
    single = transform(lambda a, b: a * b, (0, 1), stack=True)(np.float32([1, 2]), np.float32(3))
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, [[3, 0, 1], [0, 3, 2]])
    by_complex = transform(lambda z, c: z * c, (0, 1), holomorphic=True, stack=True)(np.array([1j]), 2.0 + 0j)
    np.testing.assert_array_equal(by_complex, [[2.0, 1j]])
    assert transform(lambda p: np.ones(3), stack=True)([]).shape == (3, 0)
    np.testing.assert_array_equal(transform(lambda p: np.ones(2), stack=True)([1.0, 2.0]), np.zeros((2, 2)))
    # Tensors stay on their tape, and derivatives go through.
    t = ga.tensor([1.0, 2.0])
    found = transform(lambda a, b: a**2 * b, (0, 1), stack=True)(t, 3.0)
    np.testing.assert_array_equal(found.data, [[6.0, 0.0, 1.0], [0.0, 12.0, 4.0]])
    found.sum().backward()
    np.testing.assert_array_equal(t.grad, [8.0, 10.0])

    def g(x: Any) -> Any:
        return np.sum(transform(lambda a, b: np.sin(a) * b**2, (0, 1), stack=True)(x, x[0]) ** 2)

    ga.check_grads(g, (X,))
    assert type(transform(np.sin, stack=True)(ga.tensor([1.0], constant=True))) is ga.Tensor
    assert pickle.loads(pickle.dumps(transform(np.multiply, (0, 1), stack=True)))(X, 2.0).shape == (3, 4)


def test_hessians_agree_with_differences_of_the_gradient() -> None:
    expected = numeric_jacobian(ga.grad(loss), X)
    np.testing.assert_allclose(ga.hessian(loss)(X), expected, rtol=1e-7)
    np.testing.assert_allclose(ga.hessian_diagonal(loss)(X), np.diag(expected), rtol=1e-7)
    v = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(ga.hvp(loss)(X, v), expected @ v, rtol=1e-7)
    np.testing.assert_allclose(ga.hvp(loss)(X, v, A, scale=2.0), 2 * expected @ v, rtol=1e-7)
    by_w, by_scale = ga.hvp(loss, ("w", "scale"))(X, (v, 1.0), A, scale=2.0)
    np.testing.assert_allclose(by_w, 2 * expected @ v + ga.grad(loss)(X), rtol=1e-7)
    np.testing.assert_allclose(by_scale, ga.grad(loss)(X) @ v, rtol=1e-7)


def test_hessians_of_containers() -> None:
    found = ga.hessian(lambda p: p["s"] * np.sum(p["w"] ** 2))({"s": 2.0, "w": np.ones(2)})
    np.testing.assert_array_equal(found["w"]["w"], 4 * np.eye(2))
    np.testing.assert_array_equal(found["s"]["w"], [2.0, 2.0])
    np.testing.assert_array_equal(found["w"]["s"], [2.0, 2.0])
    assert found["s"]["s"] == 0.0
    both = ga.hessian(lambda a, b: a**2 * b, (0, 1))(2.0, 3.0)
    assert both == ((6.0, 4.0), (4.0, 0.0))
    diagonal = ga.hessian_diagonal(lambda p: p["s"] ** 2 * np.sum(p["w"] ** 3))({"s": 2.0, "w": np.ones(2)})
    np.testing.assert_array_equal(diagonal["w"], [24.0, 24.0])
    assert diagonal["s"] == 4.0


def test_hessians_by_complex_arguments_are_refused() -> None:
    for transform in (ga.hessian, ga.hessian_diagonal):
        with pytest.raises(TypeError, match="complex"):
            transform(lambda z: np.sum(np.abs(z) ** 2))(np.array([1j]))
