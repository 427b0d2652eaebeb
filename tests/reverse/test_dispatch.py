"""Dispatch: plain np.* calls in every legal form, and refusals that say what to write instead."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from numpy.lib.recfunctions import find_duplicates

import gradarray as ga
from gradarray import Tensor
from gradarray.rules.primitives import primitive
from gradarray.rules.registry import rule

OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
    operator.floordiv,
    operator.mod,
    divmod,
]
OTHERS = [
    2,
    2.5,
    True,
    np.float32(1.5),
    np.int16(2),
    np.array(3.0),
    np.array([1.0, 2.0]),
    np.array([1, 2]),
    np.array([[1.0], [2.0]], np.float32),
    [1.0, 2.0],
    (1, 2),
]


def raw(value):
    return value.data if isinstance(value, Tensor) else value


def assert_same(found, expected):
    if isinstance(expected, tuple):
        for f, e in zip(found, expected, strict=True):
            assert_same(f, e)
        return
    assert isinstance(found, Tensor)
    np.testing.assert_array_equal(found.data, expected)
    assert found.dtype == np.asarray(expected).dtype


@pytest.mark.parametrize("op", OPERATORS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", OTHERS, ids=lambda o: f"{type(o).__name__}-{np.asarray(o).dtype}{np.shape(o)}")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_operators_with_anything_on_either_side(op, other, dtype):
    a = np.array([1.5, 2.5], dtype)
    for x, plain in ((ga.tensor(a), a), (ga.tensor(a[0]), a[0:1].reshape(()))):
        assert_same(op(x, other), op(plain, np.asarray(other) if isinstance(other, (list, tuple)) else other))
        assert_same(op(other, x), op(np.asarray(other) if isinstance(other, (list, tuple)) else other, plain))


def test_unary_operators():
    x = ga.tensor([1.0, -2.0])
    for op in (operator.neg, operator.pos, abs):
        assert_same(op(x), op(x.data))
    np.testing.assert_array_equal(~ga.tensor([True, False]), [False, True])
    np.testing.assert_array_equal(ga.tensor([6, 3]) & 2, [2, 2])
    np.testing.assert_array_equal(1 << ga.tensor([1, 3]), [2, 8])


@pytest.mark.parametrize("op", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_comparisons_give_plain_truth_values(op):
    x = ga.tensor([1.0, 2.0])
    for other in (1.0, [1.0, 3.0], ga.tensor([2.0, 2.0])):
        result = op(x, other)
        assert type(result) is np.ndarray
        np.testing.assert_array_equal(result, op(x.data, np.asarray(raw(other))))


@pytest.mark.parametrize("op", [operator.add, operator.mul, operator.matmul, operator.pow])
@pytest.mark.parametrize("other", ["text", object(), None, {}, {1}])
def test_operands_that_are_no_numbers_get_a_type_error(op, other):
    x = ga.tensor([1.0, 2.0])
    for args in ((x, other), (other, x)):
        with pytest.raises((TypeError, ValueError)):
            op(*args)
    assert x.grad is None


def test_power_takes_no_modulo():
    with pytest.raises(TypeError):
        pow(ga.tensor(2.0), 3, 5)


# --- foreign arrays --------------------------------------------------------------------------------------------------


class Foreign:
    """An array of another library, which answers NumPy's protocols itself."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return "foreign ufunc"

    def __array_function__(self, func, types, args, kwargs):
        return "foreign function"

    def __radd__(self, other):
        return "foreign radd"


class OptedOut:
    """A class that wants none of NumPy's ufuncs."""

    __array_ufunc__ = None

    def __rmul__(self, other):
        return "opted out"


def test_a_foreign_array_takes_its_turn():
    x = ga.tensor([1.0])
    assert np.multiply(x, Foreign()) == "foreign ufunc"
    assert np.add(Foreign(), x) == "foreign ufunc"
    assert np.multiply(x, Foreign(), where=True) == "foreign ufunc"
    assert np.concatenate([x, Foreign()]) == "foreign function"
    assert x + Foreign() == "foreign radd"
    assert x * OptedOut() == "opted out"
    assert ga.multiply(x, Foreign()) == "foreign ufunc"


# --- forms of a call -------------------------------------------------------------------------------------------------


def test_tensors_by_position_by_keyword_and_in_lists():
    a = np.arange(6.0).reshape(2, 3)
    x = ga.tensor(a)
    forms = [
        (lambda t: np.sum(t, 1), a.sum(1)),
        (lambda t: np.sum(a=t, axis=1), a.sum(1)),
        (lambda t: np.sum(axis=1, a=t), a.sum(1)),
        (lambda t: np.sum(t, axis=1, keepdims=True), a.sum(1, keepdims=True)),
        (lambda t: np.sum(t, 1, None, None, True), a.sum(1, keepdims=True)),
        (lambda t: np.concatenate([t, a]), np.concatenate([a, a])),
        (lambda t: np.concatenate((a, t), axis=1), np.concatenate([a, a], axis=1)),
        (lambda t: np.concatenate(t), a.ravel()),
        (lambda t: np.add(t, [t[0], t[1]]), a + a),
        (lambda t: np.where(t > 2, t, -1.0), np.where(a > 2, a, -1.0)),
        (lambda t: np.where(a > 2, -1.0, t), np.where(a > 2, -1.0, a)),
        (lambda t: np.einsum("ij,kj->ik", t, a), a @ a.T),
        (lambda t: np.clip(t, 1.0, t[1]), np.clip(a, 1.0, a[1])),
    ]
    for call, expected in forms:
        y = call(x)
        assert_same(y, expected)
        y.backward()
        assert x.grad.shape == (2, 3)


@pytest.mark.parametrize("func", [find_duplicates, np.frompyfunc(lambda x: x, 1, 1), primitive(lambda x: x)])
def test_a_function_without_a_rule_is_refused_with_the_ways_out(func):
    x = ga.tensor([1.0, 2.0])
    with pytest.raises(TypeError, match=r"cannot be called on a Tensor: .+\. To (compute|give)") as error:
        func(x)
    for way in ("ga.asarray(t)", "t.data", "ga.registry", "ga.custom_gradient"):
        assert way in str(error.value)


def test_results_that_carry_no_derivative_are_plain():
    x = ga.tensor([1.0, 3.0, 2.0])
    assert np.argmax(x) == 1
    assert np.shape(x) == (3,)
    assert type(np.argsort(x)) is np.ndarray
    assert type(np.isfinite(x)) is np.ndarray
    assert np.result_type(x) == np.float64


def test_a_result_is_constant_when_every_input_is():
    c, x = ga.tensor([1.0], constant=True), ga.tensor([1.0])
    assert np.add(c, c).constant
    assert np.concatenate([c, c]).constant
    assert not np.add(c, x).constant
    assert not np.concatenate([c, x]).constant
    assert np.sin(ga.tensor([1, 2])).constant
    assert not np.floor(x).constant


def test_nan_passes_where_numpy_lets_it_pass():
    x = ga.tensor([np.nan, 1.0])
    y = np.sum(x * 2)
    assert np.isnan(y.data)
    y.backward()
    np.testing.assert_array_equal(x.grad, [2, 2])


def test_a_failed_operation_leaves_tensors_and_tape_as_they_were():
    x = ga.tensor([1.0, 2.0])
    y = x * x
    for call in (lambda: y + np.ones(3), lambda: np.sum(y, axis=4), lambda: y.__setitem__(9, 1.0)):
        with pytest.raises((ValueError, IndexError, np.exceptions.AxisError)):
            call()
    np.testing.assert_array_equal(y.data, [1, 4])
    y.backward()
    np.testing.assert_array_equal(x.grad, [2, 4])


def test_an_index_is_kept_as_it_was_when_it_was_used():
    x = ga.tensor([1.0, 2.0, 3.0])
    array, entries = np.array([0, 1]), [0, 2]
    y, z = x[array], x[entries]
    array[:] = 2
    entries[:] = [1, 1]
    (y + z).backward()
    np.testing.assert_array_equal(x.grad, [2, 1, 1])


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        np.int64(1),
        slice(None, None, -1),
        (slice(1), 2),
        ...,
        None,
        (None, ..., 0),
        [0, 0, 1],
        [[0, 1], [1, 0]],
        ([0, 1, 1], [2, 2, 2]),
        (slice(None), [0, 0]),
        ([1, 1], None, slice(None, 2)),
        np.array([True, False]),
        np.array([[True, False, True], [False, False, True]]),
        (np.array([True, True]), 1),
        [],
        True,
        (0, 0),
        (),
    ],
    ids=str,
)
def test_reading_with_every_kind_of_index(index):
    a = np.arange(6.0).reshape(2, 3)
    x = ga.tensor(a)
    y = x[index]
    np.testing.assert_array_equal(y.data, a[index])
    g = np.random.default_rng(0).normal(size=a[index].shape)
    y.backward(g)
    expected = np.zeros_like(a)
    np.add.at(expected, index, g)
    np.testing.assert_allclose(x.grad, expected)
    x[index].backward(g, create_graph=True)
    np.testing.assert_allclose(x.grad.data, expected)


def test_an_integer_tensor_is_an_index():
    x = ga.tensor([1.0, 2.0, 3.0])
    i = ga.tensor([2, 0])
    x[i].backward()
    np.testing.assert_array_equal(x.grad, [1, 0, 1])
    x[ga.tensor([True, False, True])].backward()
    np.testing.assert_array_equal(x.grad, [1, 0, 1])
    assert x[i[0]].data == 3


def test_out_by_position_in_a_function_without_slope():
    x, out = ga.tensor([1.26, 2.54]), ga.zeros(2)
    assert np.round(x, 1, out) is out
    np.testing.assert_array_equal(out.data, [1.3, 2.5])
    out.backward()
    np.testing.assert_array_equal(x.grad, [0, 0])


@pytest.mark.parametrize(
    "result",
    [
        lambda x, y: x + y,
        lambda x, y: np.sum(x * y),
        lambda x, y: (x + y, x * y),
        lambda x, y: x[1:],
        lambda x, y: np.argmax(x),
    ],
    ids=["array", "number", "two arrays", "view", "integer"],
)
def test_a_function_of_several_operands_is_called_once(result, restored_tables):
    calls = []

    def body(x, y):
        calls.append(1)
        return result(x, y)

    f = primitive(body)
    ga.registry.rule(f, lambda g, ans, x, y: x, lambda g, ans, x, y: y)
    f(ga.tensor([1.0, 2.0]), ga.tensor([3.0, 4.0]))
    assert len(calls) == 1


def test_a_function_with_several_results_is_computed_once() -> None:
    calls = []

    @primitive
    def parts(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        calls.append(x)
        return np.cos(x), np.sin(x)

    rule(parts, lambda g, ans, _x: g[1] * ans[0] - g[0] * ans[1])
    x = ga.tensor([0.3, 1.2])
    cosine, sine = parts(x)
    assert len(calls) == 1
    (cosine + 3 * sine).sum().backward()
    np.testing.assert_allclose(x.grad, 3 * np.cos(x.data) - np.sin(x.data))
