"""Dask arrays inside a Tensor: what is particular to arrays that are computed later."""

from __future__ import annotations

import socket
from typing import Any

import numpy as np
import pytest

import gradarray as ga

dask = pytest.importorskip("dask", reason="Dask is not installed")
da = pytest.importorskip("dask.array", reason="Dask is not installed")

A = np.linspace(-1.0, 2.0, 30).reshape(6, 5)


def lazy(a: Any = A, chunks: Any = (2, 5)) -> Any:
    return da.from_array(a, chunks=chunks)


def test_a_tensor_keeps_it(computed: Any) -> None:
    x = lazy()
    t = ga.tensor(x)
    assert type(t.data) is type(x)
    assert t.data.chunks == x.chunks
    assert (t.shape, t.dtype, t.ndim, t.size, len(t)) == (A.shape, A.dtype, 2, 30, 6)
    assert type(t.to_numpy()) is type(t.detach().data) is type(x)
    assert "dask.array" in str(t)
    assert "dask.array" in repr(t)
    assert type(ga.tensor(x, dtype=np.float32).data) is type(x)
    assert ga.tensor(da.arange(3, chunks=1)).constant
    assert computed.count == 0
    np.testing.assert_array_equal(np.asarray(t.detach()), A)
    assert computed.count == 1


def test_operands_masks_and_indices(computed: Any) -> None:
    x, plain, mask = lazy(), np.full(5, 2.0), lazy() > 0
    t, w = ga.tensor(x), ga.tensor(plain)
    results = [t * x, x * t, plain * t, w * x, x * w, x @ w, np.where(mask, x, t), np.where(mask, t, 0.0), t + x[0]]
    results.append(t / w)
    known = [A * A, A * A, plain * A, A * 2, A * 2, A @ plain, A, np.where(A > 0, A, 0), A + A[0], A / 2]
    loss = sum([np.sum(y * y) for y in results], start=0.0)
    loss.backward()
    assert type(t > 0) is type(np.argmax(t, axis=1)) is type(x)
    assert computed.count == 0
    for y, expected in zip(results, known, strict=True):
        assert type(y) is ga.Tensor
        np.testing.assert_allclose(y.data.compute(), expected)
    eager_t, eager_w = ga.tensor(A), ga.tensor(plain)
    s, v = eager_t, eager_w
    eager = [
        s * A,
        A * s,
        plain * s,
        v * A,
        A * v,
        A @ v,
        np.where(A > 0, A, s),
        np.where(A > 0, s, 0.0),
        s + A[0],
        s / v,
    ]
    sum([np.sum(y * y) for y in eager], start=0.0).backward()
    np.testing.assert_allclose(t.grad.compute(), eager_t.grad)
    np.testing.assert_allclose(w.grad.compute(), eager_w.grad)


INDICES = [
    *(0, -1, slice(1, 5, 2), slice(None, None, -1), (slice(None), 2), (..., 1), None, (slice(1, 3), None, 0)),
    *([2, 0, 2], np.array([[0, 1], [1, -1]]), (slice(None), [1, 1, 0]), ([0, 1, 0], [2, 3, 2]), (0, [1, 3])),
    *((slice(1, 4), np.array([0, 2])), A > 0, np.array([True, False] * 3), (np.array([0, 2])[:, None], [1, 3])),
    *((slice(0, 0),), (Ellipsis, None), ([1], slice(None), None)),
]


@pytest.mark.parametrize("index", INDICES, ids=[str(k) for k in range(len(INDICES))])
def test_reading_and_writing_at_an_index(index: Any, computed: Any) -> None:
    def f(x: Any) -> Any:
        y = x[index]
        z = x * 2.0
        z[index] = x[index] ** 2
        z[index] += 1.0
        return np.sum(y**3 * np.arange(1.0, y.size + 1).reshape(y.shape)) + np.sum(z * np.cos(A))

    found = ga.value_and_grad(f)(lazy())
    assert computed.count == 0
    value, gradient = dask.compute(*found)
    known = ga.value_and_grad(f)(A)
    np.testing.assert_allclose(value, known[0])
    np.testing.assert_allclose(gradient, known[1], atol=1e-12)


def test_of_a_place_that_is_named_twice_the_last_value_stays(computed: Any) -> None:
    x = ga.tensor(lazy(np.zeros(4), 2))
    v = ga.tensor(lazy(np.array([1.0, 2.0, 3.0]), 2))
    y = x * 1.0
    y[[3, 0, 3]] = v
    np.sum(y * np.array([1.0, 10.0, 100.0, 1000.0])).backward()
    assert computed.count == 0
    assert y.data.compute().tolist() == [2.0, 0.0, 0.0, 3.0]
    assert v.grad.compute().tolist() == [0.0, 1.0, 1000.0]


def test_an_update_leaves_what_was_saved_and_the_callers_array(computed: Any) -> None:
    x = lazy(np.array([1.0, 2.0, 3.0]), 2)
    t = ga.tensor(x)
    y = t * 1.0
    z = y**3
    y[0] = 10.0
    y[1:] += 1.0
    x[...] = 0.0
    loss = np.sum(z + y)
    loss.backward()
    t.data[0] = 7.0
    assert computed.count == 0
    assert t.data.compute().tolist() == [1.0, 2.0, 3.0]
    assert t.grad.compute().tolist() == [3.0, 13.0, 28.0]


def test_a_function_of_ones_own_is_given_dask_arrays(computed: Any) -> None:
    @ga.custom_gradient
    def cube(x):
        return x**3, lambda g: g * 3 * x**2

    gradient = ga.grad(lambda x: np.sum(cube(x) * np.cos(A)))(lazy())
    assert computed.count == 0
    np.testing.assert_allclose(gradient.compute(), 3 * A**2 * np.cos(A))


def test_a_size_that_is_known_only_later_is_refused() -> None:
    t = ga.tensor(lazy())
    for call in (lambda: t[lazy() > 0], lambda: t[t > 0]):
        with pytest.raises(TypeError, match=r"known only once it is computed.*np\.where"):
            call()
    with pytest.raises(TypeError):
        np.unique(t)


def test_what_would_need_all_of_a_large_array_is_refused() -> None:
    x = ga.tensor(da.zeros((6000, 6000), chunks=2000))
    with pytest.raises(TypeError, match="carried out on all of it at once"):
        np.linalg.inv(x)


def test_mistakes_have_numpys_errors() -> None:
    t = ga.tensor(lazy())
    for call in (lambda x: x + np.ones(3), lambda x: x[7], lambda x: x.reshape(7), lambda x: x[:, [9]]):
        with pytest.raises((ValueError, IndexError)):
            call(A)
        with pytest.raises((ValueError, IndexError)):
            call(t)


def test_bare_values_are_computed_when_they_are_asked_for(computed: Any) -> None:
    t = ga.tensor(lazy(), constant=True)
    assert float(np.sum(t)) == pytest.approx(A.sum())
    assert np.sum(t).item() == pytest.approx(A.sum())
    assert bool(np.all(t < 3))
    assert computed.count == 3


def logistic(weights: Any, x: Any, y: Any) -> Any:
    z = x @ weights
    return np.mean(np.logaddexp(0.0, z) - y * z)


def test_parameters_may_be_plain_and_data_lazy(computed: Any) -> None:
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(500, 4)), np.array([1.0, -1.0, 0.5, 0.0])
    y = (x @ weights > 0) * 1.0
    lazily = lazy(x, (100, 4)), lazy(y, 100)
    loss, gradient = ga.value_and_grad(logistic)(weights, *lazily)
    assert computed.count == 0
    known = ga.value_and_grad(logistic)(weights, x, y)
    for found, expected in zip(dask.compute(loss, gradient), known, strict=True):
        np.testing.assert_allclose(found, expected)
    step = ga.tensor(weights)
    logistic(step, *lazily).backward()
    np.testing.assert_allclose(step.grad.compute(), known[1])


def _connects() -> bool:
    """Tell whether processes of this machine can talk to each other by sockets, as those of a cluster do."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _connects(), reason="no sockets here, by which the processes of a cluster talk")
def test_on_a_cluster() -> None:
    distributed = pytest.importorskip("distributed", reason="Dask's distributed scheduler is not installed")
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(500, 4)), np.array([1.0, -1.0, 0.5, 0.0])
    y = (x @ weights > 0) * 1.0
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster):
        loss, gradient = ga.value_and_grad(logistic)(weights, lazy(x, (100, 4)), lazy(y, 100))
        found = dask.compute(loss, gradient)
        sorted_too = ga.grad(lambda v: np.sum(np.sort(v) ** 2 * np.arange(500.0)))(lazy(y + x[:, 0], 100)).compute()
    for value, expected in zip(found, ga.value_and_grad(logistic)(weights, x, y), strict=True):
        np.testing.assert_allclose(value, expected)
    known = ga.grad(lambda v: np.sum(np.sort(v) ** 2 * np.arange(500.0)))(y + x[:, 0])
    np.testing.assert_allclose(sorted_too, known)
