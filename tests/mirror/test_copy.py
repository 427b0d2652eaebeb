"""Copies and pickles of tensors: what they keep, and that they have no history."""

from __future__ import annotations

import base64
import copy
import pickle
import warnings

import numpy as np
import pytest

import gradarray as ga

pytestmark = pytest.mark.filterwarnings("ignore::gradarray.GradientLossWarning")  # see test_gradient_loss

KINDS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {p}": lambda x, p=p: pickle.loads(pickle.dumps(x, p)) for p in range(2, pickle.HIGHEST_PROTOCOL + 1)},
}
DTYPES = ["?", "i1", "i8", "u2", "e", "f", "d", "g", "F", "D", "G"]


@pytest.fixture(params=KINDS)
def duplicate(request):
    return KINDS[request.param]


def test_dtype_values_and_constancy_survive(duplicate):
    for dtype in DTYPES:
        for constant in [None, True]:
            x = ga.tensor(np.arange(6).reshape(2, 3).astype(dtype), constant=constant)
            y = duplicate(x)
            assert type(y) is ga.Tensor and y.dtype == x.dtype and y.constant == x.constant
            np.testing.assert_array_equal(y.data, x.data)


# ga.tensor([1.5, 2.5]), as version 0.1.0 pickled it.
PICKLED = base64.b64decode(
    "gAJjZ3JhZGFycmF5Ll90ZW5zb3IKX3JlYnVpbGQKcQBjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQFjbnVt"
    "cHkKbmRhcnJheQpxAksAhXEDY19jb2RlY3MKZW5jb2RlCnEEWAEAAABicQVYBgAAAGxhdGluMXEGhnEHUnEIh3EJUnEKKEsBSwKF"
    "cQtjbnVtcHkKZHR5cGUKcQxYAgAAAGY4cQ2JiIdxDlJxDyhLA1gBAAAAPHEQTk5OSv////9K/////0sAdHERYoloBFgRAAAAAAAA"
    "AAAAw7g/AAAAAAAABEBxEmgGhnETUnEUdHEVYomGcRZScRcu"
)


def test_an_old_pickle_can_be_loaded_and_names_no_module_that_may_move():
    t = pickle.loads(PICKLED)
    assert not t.constant
    np.testing.assert_array_equal(t, [1.5, 2.5])
    assert b"cgradarray._tensor\n_rebuild\n" in pickle.dumps(t, 2)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (2, 3, 4)])
def test_the_shape_survives_and_the_copy_is_a_working_variable(duplicate, shape):
    y = duplicate(ga.tensor(np.full(shape, 2.0)))
    assert y.shape == shape and y.creator is None
    np.sum(y**2).backward()
    np.testing.assert_array_equal(y.grad, np.full(shape, 4.0))


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_memory_order_survives(duplicate, order):
    y = duplicate(ga.tensor(np.ones((2, 3), order=order)))
    assert y.flags[f"{order}_CONTIGUOUS"]


def test_a_copy_shares_no_memory_and_a_change_does_not_reach_it(duplicate):
    x = ga.tensor([1.0, 2.0])
    y = duplicate(x)
    assert not np.shares_memory(x.data, y.data)
    x[0] = 9.0
    np.testing.assert_array_equal(y.data, [1.0, 2.0])


def test_the_copy_of_a_view_owns_its_data(duplicate):
    x = ga.tensor(np.arange(12.0).reshape(3, 4))
    y = duplicate(x[:, ::2].detach())
    assert y.base is None
    y[...] = 0.0
    np.testing.assert_array_equal(x.data, np.arange(12.0).reshape(3, 4))
    assert x[1:, 1].base is x


def test_neither_the_tape_nor_the_gradient_travels(duplicate):
    x = ga.tensor([1.0, 2.0])
    (x**2).backward()
    y = duplicate(x)
    assert y.grad is None
    np.sum(3 * y).backward()
    np.testing.assert_array_equal(y.grad, [3.0, 3.0])
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


def test_what_had_a_history_becomes_a_leaf(duplicate):
    x = ga.tensor([1.0, 2.0])
    with pytest.warns(ga.GradientLossWarning, match=r"has no gradient\. t\.copy\(\) stays on the tape"):
        y = duplicate(x * 2)
    assert not y.constant and y.creator is None
    np.testing.assert_array_equal(y.data, [2.0, 4.0])


# --- the derivative of a copy ---------------------------------------------------------------------------------------

X = np.array([[0.3, 0.5], [0.9, 0.2]])

# How code for arrays copies them.
COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy in a dict": lambda x: copy.deepcopy({"w": (x,)})["w"][0],
    "method": lambda x: x.copy(),
    "np.copy": np.copy,
}
THINGS = {
    "argument": lambda x: x,
    "result": lambda x: x * 1.0,
    "view": lambda x: x.T,
    "constant": lambda x: np.ones_like(X),
    "element": lambda x: x[0, 1],
}


@pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")
@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("take", COPIES)
def test_in_a_transform_it_is_that_of_the_values(take, thing, rng):
    def f(x):
        return np.sum(np.sin(COPIES[take](THINGS[thing](x))) * x**2)

    v = rng.normal(size=X.shape)
    h = 1e-5
    slope = (f(X + h * v) - f(X - h * v)) / (2 * h)
    twice = (f(X + 1e-4 * v) - 2 * f(X) + f(X - 1e-4 * v)) / 1e-8
    np.testing.assert_allclose(np.sum(ga.grad(f)(X) * v), slope, rtol=1e-7)
    np.testing.assert_allclose(ga.jvp(f, (X,), (v,))[1], slope, rtol=1e-7)
    np.testing.assert_allclose(np.sum(ga.hvp(f)(X, v) * v), twice, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("take", ["copy", "deepcopy"])
def test_in_a_transform_a_copy_has_memory_and_order_of_its_own(take):
    def f(x):
        y = COPIES[take](x)
        assert y.flags["F_CONTIGUOUS"] and not y.flags["C_CONTIGUOUS"]
        y[0, 0] = 9.0
        return np.sum(x * y)

    a = np.asfortranarray(X)
    np.testing.assert_array_equal(ga.grad(f)(a), np.array([[9.0, 2 * X[0, 1]], [2 * X[1, 0], 2 * X[1, 1]]]))
    assert ga.jvp(f, (a,), (np.ones_like(a),))[1] == pytest.approx(9.0 + 2 * (X.sum() - X[0, 0]))


@pytest.mark.parametrize("take", ["copy", "sortby", "isel"])
def test_copies_of_a_dataarray(take):
    xr = pytest.importorskip("xarray", reason="xarray is not installed; copy.deepcopy is what it calls")
    ways = {"copy": lambda a: a.copy(), "sortby": lambda a: a.sortby("i"), "isel": lambda a: a.isel(i=[1, 0])}

    def copied(x):
        return ways[take](xr.DataArray(x, dims="i", coords={"i": [0, 1]})).data

    x = ga.tensor(X[0])
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        y = copied(x)
    lost = any(isinstance(message.message, ga.GradientLossWarning) for message in messages)
    np.sum(y * x).backward()
    weights = X[0] + copied(X[0]) if take != "isel" else 2 * X[0, ::-1]
    assert lost or np.allclose(x.grad, weights)
    np.testing.assert_allclose(ga.grad(lambda x: np.sum(copied(x) * x))(X[0]), weights)
    np.testing.assert_allclose(ga.jvp(lambda x: np.sum(copied(x) * x), (X[0],), (X[1],))[1], weights @ X[1])


@pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")
def test_under_no_grad_nothing_is_said(duplicate):
    y = ga.tensor([1.0, 2.0]) * 2
    with ga.no_grad():
        duplicate(y)


def test_shared_tensors_stay_shared_in_a_container():
    w = ga.tensor([1.0, 2.0])
    for model in [copy.deepcopy({"in": w, "out": [w]}), pickle.loads(pickle.dumps({"in": w, "out": [w]}))]:
        assert model["in"] is model["out"][0] and model["in"] is not w


def test_views_in_a_container_become_tensors_of_their_own():
    # As those of an ndarray do.
    x = ga.tensor([1.0, 2.0], constant=True)
    base, view = copy.deepcopy((x, x[:1]))
    base[0] = 5.0
    np.testing.assert_array_equal(view.data, [1.0])


def test_a_copy_of_a_copied_container_still_updates_alone():
    x = ga.tensor([1.0, 2.0])
    model = copy.deepcopy([x])
    model[0] += 1.0
    np.testing.assert_array_equal(x.data, [1.0, 2.0])
