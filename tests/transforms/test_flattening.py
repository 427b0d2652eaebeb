"""Containers as one vector: there and back, in every dtype and mode, and what solvers do with it."""

from __future__ import annotations

import pickle
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga

WEIGHTS = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])


class Point(NamedTuple):
    x: Any
    y: Any


@dataclass
class Layer:
    weight: Any
    bias: Any
    activation: str = "tanh"


def same(a: Any, b: Any) -> None:
    """Compare containers: their types, and the type, dtype, shape and elements of each leaf."""
    if isinstance(a, dict):
        assert type(a) is type(b) and [*a] == [*b]
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert type(a) is type(b) and len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif isinstance(a, Layer):
        assert type(b) is Layer
        same(vars(a), vars(b))
    elif a is None or isinstance(a, (str, bool)) or callable(a):
        assert a is b
    else:
        assert isinstance(b, np.ndarray) is isinstance(a, np.ndarray) or isinstance(a, ga.Tensor)
        assert isinstance(b, ga.Tensor) is isinstance(a, ga.Tensor)
        assert np.shape(a) == b.shape and np.asarray(ga.asarray(a)).dtype == b.dtype
        np.testing.assert_array_equal(ga.asarray(a), ga.asarray(b))


CONTAINERS: dict[str, Any] = {
    "array": WEIGHTS,
    "number": 2.5,
    "complex number": 1 - 2j,
    "scalar of NumPy": np.float32(1.5),
    "without axes": np.array(2.5),
    "without elements": np.zeros((0, 3)),
    "list": [1.0, WEIGHTS],
    "tuple": (WEIGHTS, 2.0),
    "named tuple": Point(1.0, WEIGHTS),
    "dict": {"w": WEIGHTS, "b": 0.5},
    "ordered dict": OrderedDict(w=WEIGHTS, b=0.5),
    "default dict": defaultdict(list, w=WEIGHTS, b=0.5),
    "keys that have no order": {"w": WEIGHTS, 3: 0.5, None: 1.0},
    "dataclass": Layer(WEIGHTS, np.arange(2.0)),
    "nested": {"layers": [Layer(WEIGHTS, np.arange(2.0)), Layer(0.5, ())], "rate": (0.1, {"a": None, "b": [[2.0]]})},
    "strings and functions": ["relu", np.tanh, True, None, 1.5],
    "nothing": {},
    "empty ones": ([], {"a": ()}, None),
    "float32 alone": [WEIGHTS.astype(np.float32), np.float32(2)],
    "several precisions": [WEIGHTS.astype(np.float16), WEIGHTS.astype(np.float32), 0.1, np.longdouble("0.1")],
    "integers alone": [np.arange(3), np.int64(7)],
    "real and complex": {"a": WEIGHTS, "z": np.array([1 + 2j, 3]), "c": np.complex64(1j)},
    "not contiguous": [WEIGHTS.T, WEIGHTS[:, ::-2], np.asfortranarray(WEIGHTS)],
    "tensors": {"w": ga.tensor(WEIGHTS), "b": ga.tensor(0.5), "c": ga.tensor([1.0], constant=True)},
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_there_and_back(name: str) -> None:
    value = CONTAINERS[name]
    flat, unflatten = ga.flatten(value)
    vector = ga.asarray(flat)
    assert flat.ndim == 1
    same(value, unflatten(vector))
    again = ga.flatten(unflatten(vector))[0]
    assert again.dtype == flat.dtype
    np.testing.assert_array_equal(ga.asarray(again), vector)


def test_elements_come_in_the_order_of_the_container_and_of_the_keys() -> None:
    flat, _ = ga.flatten({"b": [1.0, 2.0], "a": WEIGHTS.T, "c": (3.0,)})
    np.testing.assert_array_equal(flat, [*WEIGHTS.T.ravel(), 1, 2, 3])
    params, found = {"w": 1.0, "b": 2.0}, {"b": 20.0, "w": 10.0}
    np.testing.assert_array_equal(ga.flatten(params)[0] * 10, ga.flatten(found)[0])
    np.testing.assert_array_equal(ga.flatten([{2: 1.0, 10: 2.0, 1: 3.0}])[0], [3, 1, 2])


def test_the_dtype_holds_all_elements() -> None:
    def dtype(*values: Any) -> Any:
        return ga.flatten(values)[0].dtype

    assert dtype() == np.float64
    assert dtype(np.float32(1), np.float16(1)) == np.float32
    assert dtype(np.arange(3), 0.5) == np.float64
    assert dtype(np.float32(1), 1j) == np.complex128
    assert dtype(np.array([True]), np.int8(3)) == np.int8


def test_parts_get_their_dtypes_back_and_integers_become_what_a_solver_finds() -> None:
    _, unflatten = ga.flatten({"n": 3, "w": np.float32(1), "mask": np.array([True, False]), "z": 1j})
    found = unflatten(np.array([0.25, 0.5, 2.5, 1 / 3 + 1j, 1 + 1j]))
    assert found["n"] == 2.5 and found["n"].dtype == np.float64
    assert found["w"] == np.float32(1 / 3) and found["w"].dtype == np.float32
    np.testing.assert_array_equal(found["mask"], [0.25, 0.5])
    assert found["z"] == 1 + 1j


def test_neither_shares_memory_with_what_it_was_made_of() -> None:
    x = np.arange(3.0)
    flat, unflatten = ga.flatten([x])
    flat[0] = 9
    found = unflatten(x)[0]
    found += 1
    np.testing.assert_array_equal(x, [0, 1, 2])
    t = ga.tensor(x)
    parts = unflatten(t)
    parts[0][0] = 5.0
    np.testing.assert_array_equal(t.data, [0, 1, 2])


@pytest.mark.parametrize("name", [n for n in CONTAINERS if n not in ("integers alone", "nothing", "empty ones")])
def test_both_ways_have_derivatives_of_every_order_in_both_modes(name: str) -> None:
    value = CONTAINERS[name]
    flat, unflatten = ga.flatten(value)
    vector = ga.asarray(flat)
    if vector.size:
        low = name == "several precisions"  # which a difference of float16 would drown in
        ga.check_grads(lambda p: np.sin(ga.flatten(p)[0]) * ga.flatten(p)[0], (value,), order=1 if low else 2)
        ga.check_grads(lambda x: unflatten(x * np.cos(x)), (vector,), order=1 if low else 2)
    g = ga.vjp(lambda p: ga.flatten(p)[0], value)[1](vector)[0]
    same(g, unflatten(vector))


def test_gradients_come_in_containers_or_in_vectors_as_one_likes() -> None:
    params = {"w": WEIGHTS, "b": [np.arange(2.0), 0.5]}

    def loss(p: Any) -> Any:
        return np.sum(np.tanh(p["w"] @ [1.0, 2.0, 3.0] + p["b"][0])) * p["b"][1]

    flat, unflatten = ga.flatten(params)
    by_vector = ga.grad(lambda x: loss(unflatten(x)))(flat)
    np.testing.assert_allclose(ga.flatten(ga.grad(loss)(params))[0], by_vector)
    hessian = ga.hessian(lambda x: loss(unflatten(x)))(flat)
    np.testing.assert_allclose(hessian, hessian.T)
    np.testing.assert_allclose(ga.hvp(lambda x: loss(unflatten(x)))(flat, flat), hessian @ flat)


def test_tensors_and_backward() -> None:
    params = {"w": ga.tensor(WEIGHTS), "scale": ga.tensor(2.0, constant=True)}
    flat, unflatten = ga.flatten(params)
    (flat**2).backward()
    np.testing.assert_array_equal(params["w"].grad, 2 * WEIGHTS)
    # A vector of numbers gives tensors anew, of the same kind, and so `.grad` goes on being of use.
    found = unflatten(flat.data + 1)
    assert not found["w"].constant and found["scale"].constant
    (found["w"] * found["scale"]).backward()
    np.testing.assert_array_equal(found["w"].grad, np.full((2, 3), 3.0))
    # A vector on a tape gives tensors on it.
    x = ga.tensor(flat.data)
    np.sum(unflatten(x)["w"][0] * 3).backward()
    np.testing.assert_array_equal(x.grad, [0, 3, 3, 3, 0, 0, 0])


def test_registered_containers() -> None:
    xarray = pytest.importorskip("xarray")
    array = xarray.DataArray(WEIGHTS, dims=("a", "b"), coords={"b": [1, 2, 3]}, name="w")
    flat, unflatten = ga.flatten({"x": array, "y": 2.0})
    assert flat.shape == (7,)
    xarray.testing.assert_identical(unflatten(flat * 2)["x"], array * 2)


def test_the_function_back_can_be_pickled() -> None:
    value = {"b": [1.0, np.float32(2)], "a": Point(WEIGHTS, np.array(3.0)), "t": ga.tensor([1.0])}
    flat, unflatten = ga.flatten(value)
    same(unflatten(flat.data), pickle.loads(pickle.dumps(unflatten))(flat.data))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "takes arrays, numbers and containers of them, not 'text'"),
        (np.sin, "takes arrays, numbers and containers"),
        ({"a": [np.array(["text"])]}, r"value\['a'\]\[0\] is of dtype <U4"),
        ([np.array([None])], r"value\[0\] is of dtype object"),
        ([1.0, np.ma.array([1.0])], r"value\[1\]: a numpy\.ma\.MaskedArray gives"),
    ],
)
def test_what_is_no_number_is_refused(value: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        ga.flatten(value)


def test_a_vector_that_does_not_fit_is_refused() -> None:
    _, unflatten = ga.flatten({"w": WEIGHTS})
    for vector in (np.zeros(5), np.zeros((6, 1)), 0.0, []):
        with pytest.raises(ValueError, match=r"holds 6 number\(s\), but the vector has shape"):
            unflatten(vector)
    with pytest.raises(TypeError, match="vector of numbers, not one of dtype <U1"):
        unflatten(np.array(["a"] * 6))
    same(unflatten([1, 2, 3, 4, 5, 6])["w"], np.arange(1.0, 7.0).reshape(2, 3))


@pytest.mark.parametrize("method", ["L-BFGS-B", "BFGS", "trust-ncg"])
def test_scipy_minimizes_over_a_container(method: str) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    x = np.linspace(-1, 1, 30)
    y = 1.5 * np.exp(-0.7 * x) + 0.25

    def loss(p: Any) -> Any:
        model = p["amplitude"] * np.exp(-p["rate"] * x) + p["rest"][0]
        return np.mean((model - y) ** 2)

    start = {"amplitude": 1.0, "rate": 0.0, "rest": [np.zeros(())]}
    flat, unflatten = ga.flatten(start)

    def f(v: Any) -> Any:
        return loss(unflatten(v))

    hessp = {"hessp": ga.hvp(f)} if method == "trust-ncg" else {}
    found = optimize.minimize(ga.value_and_grad(f), flat, jac=True, method=method, tol=1e-10, **hessp)
    best = unflatten(found.x)
    np.testing.assert_allclose([best["amplitude"], best["rate"], best["rest"][0]], [1.5, 0.7, 0.25], atol=1e-4)
