"""One table of operations over arrays of every kind: right, and of Dask's arrays without computing any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.show.device import Device
from gradarray.show.operations import BY_VALUES, TABLE, Trial, array_for, weighted

pytestmark = pytest.mark.filterwarnings("ignore")
operations = pytest.mark.parametrize("op", TABLE, ids=[op.name for op in TABLE])
LAZY = [op for op in TABLE if op.section != BY_VALUES]
lazy_operations = pytest.mark.parametrize("op", LAZY, ids=[op.name for op in LAZY])
# Around the sizes from which another way pays (LARGE, and SPLIT, which is HEAVY), and one far below.
SIZES = (100, 4095, 4097)
LARGEST = 2**17 + 8


def loose(op: Trial, tolerance: float) -> float:
    return 1e-3 if op.name == "float32" else tolerance


def direction(a: Any) -> Any:
    return np.cos(1.0 + np.arange(float(a.size))).reshape(a.shape)


def test_there_are_a_hundred_of_them() -> None:
    assert len(LAZY) >= 100
    assert len({op.name for op in TABLE}) == len(TABLE)


# --- ndarrays, and what stands around them ----------------------------------------------------------------------------


def smooth(op: Trial) -> float:
    """Return a step with which a central difference crosses no kink of an operation at these numbers."""
    return 1e-2 if op.name == "float32" else 1e-6


@operations
def test_of_ndarrays_the_gradient_is_that_of_differences(op: Trial) -> None:
    a, f = array_for(op.form, 40), weighted(op.call)
    v, h = direction(a), smooth(op)
    slope = (f(a + h * v) - f(a - h * v)) / (2 * h)
    assert np.sum(ga.grad(f)(a) * v) == pytest.approx(slope, rel=loose(op, 1e-5), abs=loose(op, 1e-6))


@operations
def test_a_dual_has_the_same_slope(op: Trial) -> None:
    a, f = array_for(op.form, 40), weighted(op.call)
    v = direction(a)
    value, tangent = ga.jvp(f, (a,), (v,))
    assert value == pytest.approx(f(a), rel=loose(op, 1e-12))
    assert tangent == pytest.approx(np.sum(ga.grad(f)(a) * v), rel=loose(op, 1e-9), abs=loose(op, 1e-9))


@operations
def test_a_tensor_in_a_tensor_has_the_slope_of_the_gradient(op: Trial) -> None:
    a, f = array_for(op.form, 24), weighted(op.call)
    v, h = direction(a), smooth(op)
    g = ga.grad(f)
    slope = (g(a + h * v) - g(a - h * v)) / (2 * h)
    found = ga.grad(lambda x: np.sum(g(x) * v))(a)
    np.testing.assert_allclose(found, slope, rtol=loose(op, 1e-4), atol=loose(op, 1e-4))


@operations
def test_a_batch_has_a_gradient_in_each_row(op: Trial) -> None:
    a = array_for(op.form, 8)
    matrix = ga.jacrev(lambda x: op.call(x) * 1.0)(a)
    weights = np.cos(np.arange(float(np.size(op.call(a))))).reshape(np.shape(op.call(a)))
    rows = np.tensordot(weights, matrix, axes=weights.ndim)
    np.testing.assert_allclose(rows, ga.grad(weighted(op.call))(a), rtol=loose(op, 1e-9), atol=loose(op, 1e-9))


# --- modes, over arrays of other libraries ----------------------------------------------------------------------------


def _backward(f: Any, a: Any, _v: Any) -> Any:
    x = ga.tensor(a)
    loss = f(x)
    loss.backward()
    return loss.data, x.grad


def _twice(f: Any, a: Any, v: Any) -> Any:
    x = ga.tensor(a)
    f(x).backward(create_graph=True)
    np.sum(x.grad * v * x).backward()  # which depends on x, whatever the operation
    return x.grad


MODES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "backward": _backward,
    "value_and_grad": lambda f, a, _: ga.value_and_grad(f)(a),
    "vjp": lambda f, a, _: ga.vjp(f, a)[1](1.0),
    "jvp": lambda f, a, v: ga.jvp(f, (a,), (v,)),
    "hvp": lambda f, a, v: ga.hvp(f)(a, v),
    "grad of grad": lambda f, a, v: ga.grad(lambda x: np.sum(ga.grad(f)(x) * v))(a),
    "create_graph": _twice,
    "checkpoint": lambda f, a, _: ga.grad(ga.checkpoint(f))(a),
}
FEW = [op for op in TABLE if op.name in ("power", "where", "softmax", "std", "cumsum", "solve", "places", "assignment")]


def leaves(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value.data if isinstance(value, ga.Tensor) else value]


def compare(op: Trial, found: list[Any], known: Any) -> None:
    known = leaves(known)
    assert len(found) == len(known)
    for x, y in zip(found, known, strict=True):
        assert np.shape(x) == np.shape(y)
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=loose(op, 1e-8), atol=loose(op, 1e-8))


@pytest.mark.parametrize("mode", MODES)
@operations
def test_on_a_device_it_is_the_same(op: Trial, mode: str) -> None:
    a, f = array_for(op.form, 24), weighted(op.call)
    found = leaves(MODES[mode](f, Device(a), Device(direction(a))))
    assert {type(x) for x in found} == {Device}
    compare(op, [x.get() for x in found], MODES[mode](f, a, direction(a)))


@pytest.mark.parametrize("size", SIZES[1:])
@operations
def test_on_a_device_at_other_sizes(op: Trial, size: int) -> None:
    a, f = array_for(op.form, size), weighted(op.call)
    found = _backward(f, Device(a), None)
    compare(op, [x.get() for x in found], _backward(f, a, None))


def chunked(a: Any) -> Any:
    da = pytest.importorskip("dask.array", reason="Dask is not installed")
    parts = [max(1, n // (3 if k == 0 else 2)) for k, n in enumerate(a.shape)]
    return da.from_array(a, chunks=tuple(parts))


def check_lazy(op: Trial, mode: str, size: int, computed: Any) -> None:
    """Check that a mode computes no chunk, and that what is computed then is right and laid out as the argument."""
    dask = pytest.importorskip("dask")
    a, f = array_for(op.form, size), weighted(op.call)
    x = chunked(a)
    found = leaves(MODES[mode](f, x, chunked(direction(a))))
    assert computed.count == 0, "chunks were computed"
    assert {type(y) for y in found} == {type(x)}
    assert all(y.chunks == x.chunks for y in found if y.shape == x.shape), "a gradient has other chunks than its value"
    compare(op, [np.asarray(y) for y in dask.compute(*found)], MODES[mode](f, a, direction(a)))


@lazy_operations
def test_of_dask_arrays_nothing_is_computed(op: Trial, computed: Any) -> None:
    check_lazy(op, "backward", SIZES[0], computed)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "backward"])
@pytest.mark.parametrize("op", FEW, ids=[op.name for op in FEW])
def test_of_dask_arrays_nothing_is_computed_in_any_mode(op: Trial, mode: str, computed: Any) -> None:
    check_lazy(op, mode, 24, computed)


@lazy_operations
def test_a_hessian_times_a_vector_of_dask_arrays_is_lazy(op: Trial, computed: Any) -> None:
    check_lazy(op, "hvp", 24, computed)


@pytest.mark.parametrize("size", SIZES[1:])
@pytest.mark.parametrize("op", FEW, ids=[op.name for op in FEW])
def test_of_dask_arrays_at_other_sizes(op: Trial, size: int, computed: Any) -> None:
    check_lazy(op, "backward", size, computed)


@pytest.mark.parametrize("name", ["sin", "power", "where", "maximum", "softmax", "sum along an axis", "slice"])
def test_of_large_dask_arrays(name: str, computed: Any) -> None:
    check_lazy(next(op for op in TABLE if op.name == name), "backward", LARGEST, computed)


@pytest.mark.parametrize("transform", [ga.jacobian, ga.jacrev, ga.jacfwd, ga.hessian])
def test_matrices_of_derivatives_of_dask_arrays_are_lazy(transform: Any, computed: Any) -> None:
    a = np.linspace(0.5, 1.5, 6)

    def f(x: Any) -> Any:
        return np.sum(x**3) * np.sum(np.sin(x)) if transform is ga.hessian else np.cumsum(x**2)[1:4]

    found = transform(f)(chunked(a))
    assert computed.count == 0
    assert type(found).__module__.startswith("dask")
    np.testing.assert_allclose(found.compute(), transform(f)(a), rtol=1e-12, atol=1e-12)


# --- mapped -----------------------------------------------------------------------------------------------------------


def mapped(op: Trial) -> tuple[Any, dict[str, Any]]:
    """Return three arrays as one, and functions of one of them: also one that goes on from a gradient."""
    g = ga.grad(weighted(op.call))
    functions = {"f": op.call, "grad": g, "onward": lambda x: np.sort(g(x), axis=-1) * x}
    return np.stack([array_for(op.form, 24, seed) for seed in range(3)]), functions


@lazy_operations
def test_on_a_device_many_arrays_are_one(op: Trial) -> None:
    rows, functions = mapped(op)
    for f in functions.values():
        found = ga.vmap(f)(Device(rows))
        assert type(found) is Device
        compare(op, [found.get()], np.stack([f(row) for row in rows]))


@pytest.mark.parametrize("op", FEW, ids=[op.name for op in FEW])
def test_many_dask_arrays_as_one_are_lazy(op: Trial, computed: Any) -> None:
    rows, functions = mapped(op)
    found = [ga.vmap(f)(chunked(rows)) for f in functions.values()]
    assert computed.count == 0, "chunks were computed"
    for f, y in zip(functions.values(), found, strict=True):
        compare(op, [y.compute()], np.stack([f(row) for row in rows]))


def test_one_after_the_other_they_are_those_of_the_library(computed: Any) -> None:
    rows = np.arange(6.0).reshape(3, 2)
    for x in (Device(rows), chunked(rows)):
        kinds = []
        found = ga.vmap(lambda r, kinds=kinds: kinds.append(type(r)) or r * 2, chunk_size=1)(x)
        assert {*kinds, type(found)} == {type(x)}
    assert computed.count == 0
