"""The ufunc protocol beyond plain calls: where=, out=, dtype=, axes=, and the methods."""

from __future__ import annotations

import numpy as np
import pytest

import gradarray as ga
from gradarray import GradientLossError
from gradarray.registry import RULES
from gradarray.rules import ufunc_methods
from gradarray.rules.differentiable import Elementwise
from tests.checks import check_forward, check_gradient


def gradients_agree(call, *arrays):
    """Compare value and gradient of a call on tensors with NumPy's and with differences."""
    operands = [np.asarray(a, dtype=float) for a in arrays]
    check_forward(call, operands, exact=False)
    check_gradient(call, operands, np.random.default_rng(3))


A = np.array([[0.5, 1.5, 2.5], [1.2, 0.7, 0.9]])
B = np.array([1.1, 0.6, 1.7])
MASK = np.array([[True, False, True], [False, True, True]])

# --- where=, out= ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ufunc", [np.multiply, np.divide, np.power, np.maximum, np.logaddexp])
def test_where_with_out(ufunc):
    def call(a, b, start):
        out = start * 1.0
        result = ufunc(a, b, out=out, where=MASK)
        assert result is out
        return result

    gradients_agree(call, A, B, np.ones((2, 3)))


def test_where_evaluates_and_differentiates_only_where_it_holds():
    x = ga.tensor([-1.0, 0.0, 4.0])
    with np.errstate(all="raise"):
        y = np.log(x, out=np.zeros_like(x), where=x > 0)
    y.backward()
    np.testing.assert_array_equal(y.data, [0, 0, np.log(4)])
    np.testing.assert_array_equal(x.grad, [0, 0, 0.25])
    with np.errstate(all="raise"):
        y = np.sqrt(x, where=x > 0)
    y.backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 0.25])


def test_where_may_broadcast_the_result():
    x = ga.tensor(2.0)
    out = ga.zeros(3)
    np.multiply(x, x, out=out, where=[True, False, True]).backward()
    assert x.grad == 8


def test_out_is_filled_and_returned():
    x = ga.tensor([1.0, 4.0])
    out = np.empty_like(x)
    assert np.sqrt(x, out=out) is out
    assert np.sqrt(x, out) is out
    out.backward()
    np.testing.assert_array_equal(x.grad, [0.5, 0.25])
    assert np.sum(x, out=ga.zeros(())).data == 5
    quotient, rest = ga.zeros(2), ga.zeros(2)
    np.divmod(x, 3.0, out=(quotient, rest))
    np.testing.assert_array_equal(quotient.data, [0, 1])
    (quotient + rest).backward()
    np.testing.assert_array_equal(x.grad, [1, 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda x, out: np.sqrt(x, out=out[:1]),
        lambda x, out: np.add(x, 1j, out=out),
        lambda x, out: np.sqrt(x, out=np.empty_like(x, dtype=int)),
        lambda x, out: np.sqrt(x, out=5),
    ],
)
def test_an_out_that_does_not_fit_gets_numpys_error_and_nothing_changes(call):
    x, out = ga.tensor([1.0, 4.0]), ga.zeros(2)
    with pytest.raises((ValueError, TypeError)) as ours:
        call(x, out)
    with pytest.raises(type(ours.value)):
        call(np.array([1.0, 4.0]), np.zeros(2))
    np.testing.assert_array_equal(out.data, [0, 0])
    assert out.creator is None


def test_a_variable_into_a_plain_out_is_refused_before_anything_is_written():
    x, out = ga.tensor([1.0, 4.0]), np.zeros(2)
    for call in (lambda: np.sqrt(x, out=out), lambda: np.sum(x, axis=0, out=np.zeros(()))):
        with pytest.raises(GradientLossError, match="plain ndarray"):
            call()
    np.testing.assert_array_equal(out, [0, 0])
    np.sqrt(x.detach(), out=out)
    np.testing.assert_array_equal(out, [1, 2])


# --- dtype=, casting=, order= ----------------------------------------------------------------------------------------


def test_dtype_casting_order_and_subok():
    x = ga.tensor([[1.0, 4.0]])
    y = np.multiply(x, 3, dtype=np.float32, casting="same_kind", order="F", subok=False)
    assert y.dtype == np.float32
    y.backward()
    assert x.grad.dtype == np.float64
    np.testing.assert_array_equal(x.grad, [[3, 3]])
    with pytest.raises(TypeError, match="casting"):
        np.multiply(x, 3, dtype=np.float32, casting="safe")
    z = np.conjugate(x, dtype=complex)
    assert z.dtype == complex
    with pytest.raises(TypeError, match="dtypo"):
        np.multiply(x, 3, dtypo=1)


@pytest.mark.parametrize(
    "call",
    [
        lambda x, **as_int: np.negative(x, **as_int),
        lambda x, **as_int: np.add(x, x, **as_int),
        lambda x, **as_int: np.multiply(x, 2.5, out=None, where=[True, True], **as_int),
        lambda x, **as_int: np.maximum(x, 1, **as_int),
        lambda x, **as_int: np.multiply.outer(x, x, **as_int),
        lambda x, **as_int: np.matmul(x, x, **as_int),
        lambda x, **as_int: np.vecdot(x, x, **as_int),
    ],
)
def test_integers_that_dtype_asks_for_are_constants(call):
    as_int = {"dtype": np.int64, "casting": "unsafe"}
    x = ga.tensor([1.5, -2.5])
    y = call(x, **as_int)
    assert y.constant
    assert y.creator is None
    np.testing.assert_array_equal(y.data, call(x.data, **as_int))
    assert y.dtype == np.int64
    (np.sum(x) * np.sum(y)).backward()
    np.testing.assert_array_equal(x.grad, np.full(2, y.data.sum()))


# --- generalized ufuncs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (lambda a, b: np.matmul(a, b, axes=[(0, 1), (1, 0), (1, 0)]), [(2, 3), (4, 3)]),
        (lambda a, b: np.matmul(a, b, axes=[(-2, -1), (0, 1), (0, 1)]), [(5, 2, 3), (3, 4, 5)]),
        (lambda a, b: np.vecdot(a, b, axis=0), [(3, 2), (3, 2)]),
        (lambda a, b: np.vecdot(a, b, axis=0, keepdims=True), [(3, 2), (3, 2)]),
        (lambda a, b: np.vecdot(a, b, axes=[0, 1, ()]), [(3, 2), (2, 3)]),
    ],
)
def test_axes_of_generalized_ufuncs(call, shapes):
    gradients_agree(call, *[np.random.default_rng(7).normal(size=s) for s in shapes])


# --- methods ---------------------------------------------------------------------------------------------------------

# NumPy's reduce of power and arctan2 depends on the processor (0.5 ** 1.5 ** 2.5 along the last axis may come out as
# 0.5 ** 2.5), so that there is nothing to compare with.
BINARY = [np.add, np.multiply, np.maximum, np.minimum, np.subtract, np.divide, np.logaddexp, np.hypot, np.float_power]


@pytest.mark.parametrize("ufunc", BINARY)
@pytest.mark.parametrize("kwargs", [{}, {"axis": 1}, {"axis": -1, "keepdims": True}], ids=str)
def test_reduce(ufunc, kwargs):
    gradients_agree(lambda a: ufunc.reduce(a, **kwargs), A)


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.logaddexp, np.hypot])
def test_reduce_over_several_axes_with_initial_and_where(ufunc):
    gradients_agree(lambda a: ufunc.reduce(a, axis=(0, 1)), A)
    gradients_agree(lambda a: ufunc.reduce(a, axis=None), A)
    gradients_agree(lambda a: ufunc.reduce(a, axis=1, initial=0.3), A)
    gradients_agree(lambda a: ufunc.reduce(a, axis=0, initial=0.3, where=MASK), A)


FOLDED = sorted(
    (
        func
        for func, rule in RULES.items()
        if isinstance(rule, Elementwise) and rule.nin == 2 and func not in (np.power, np.arctan2, np.ldexp)
    ),
    key=lambda func: func.__name__,
)
OPTIONS = {
    "alone": {},
    "a number": {"initial": 1.5},
    "a variable": {"initial": ga.tensor(1.5)},
    "kept": {"initial": 0.7, "keepdims": True},
    "a mask": {"initial": 0.7, "where": MASK},
    "the identity": {"where": MASK},
    "single": {"initial": 0.7, "dtype": np.float32},
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("ufunc", FOLDED, ids=lambda func: func.__name__)
def test_what_reduce_is_lowered_to_has_its_value(ufunc, options):
    kwargs = OPTIONS[options]
    if options == "a variable" and ufunc in (np.add, np.multiply, np.maximum, np.minimum):
        return  # these take none
    plain = {name: x.data[()] if isinstance(x, ga.Tensor) else x for name, x in kwargs.items()}
    compared = 0
    for x in (A, np.float64(0.6), A[:1], A[:, :1], A[:0]):
        for axis in (0, -1, 1, None, (0, 1), (1, 0), ()):
            if np.shape(plain.get("where", True)) not in ((), np.shape(x)):
                continue
            try:
                expected = ufunc.reduce(x, axis=axis, **plain)
            except (ValueError, TypeError):  # np.exceptions.AxisError, or an order that matters
                continue
            found = ufunc_methods.LOWERED["reduce"](ufunc, np.asarray(x), axis=axis, **kwargs)
            compared += 1
            assert np.shape(found) == np.shape(expected)
            np.testing.assert_allclose(ga.asarray(found), expected, 1e-6 if "dtype" in kwargs else 1e-12)
    assert compared or options == "the identity" or ufunc is np.float_power  # of which there is no single one


@pytest.mark.parametrize("ufunc", [np.subtract, np.divide, np.hypot, np.logaddexp, np.fmax, np.multiply])
def test_reduce_with_an_initial_value(ufunc):
    many = {} if ufunc in (np.subtract, np.divide) else {"all": None, "both": (0, 1)}
    for axis in ((), 0, 1, *many.values()):
        gradients_agree(lambda a, axis=axis: ufunc.reduce(a, axis=axis, initial=0.3), A)
        if ufunc is not np.multiply:  # whose initial value is none of those that may be variables
            gradients_agree(lambda x, i, axis=axis: ufunc.reduce(x, axis=axis, initial=i), A, np.float64(0.3))
    gradients_agree(lambda a: ufunc.reduce(a, axis=None, initial=5.0), np.float64(0.3))


@pytest.mark.parametrize("ufunc", BINARY)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_accumulate(ufunc, axis):
    gradients_agree(lambda a: ufunc.accumulate(a, axis=axis), A)


@pytest.mark.parametrize("ufunc", BINARY)
def test_outer(ufunc):
    gradients_agree(ufunc.outer, A, B)
    gradients_agree(ufunc.outer, B, np.float64(1.5))


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.logaddexp])
def test_reduceat(ufunc):
    gradients_agree(lambda a: ufunc.reduceat(a, [0, 2, 1, 3]), np.array([0.5, 1.5, 2.5, 0.7]))
    gradients_agree(lambda a: ufunc.reduceat(a, [0, 1], axis=1), A)


@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.power])
@pytest.mark.parametrize("index", [[0, 1, 0], [2, 2, 2], (slice(None),)], ids=str)
def test_at(ufunc, index):
    def call(a, b):
        out = a * 1.0
        ufunc.at(out, index if isinstance(index, list) else index[0], b)
        return out

    gradients_agree(call, B, np.array([1.3, 0.8, 2.1]))


def test_at_of_a_unary_ufunc_and_of_a_plain_array():
    def call(a):
        out = a * 1.0
        np.sqrt.at(out, [0, 0, 2])
        return out

    gradients_agree(call, B)
    plain = np.zeros(2)
    with pytest.raises(GradientLossError, match="plain ndarray"):
        np.add.at(plain, [0], ga.tensor([1.0]))
    np.add.at(plain, [0, 0], ga.tensor([1.0, 2.0], constant=True))
    np.testing.assert_array_equal(plain, [3, 0])


def test_methods_of_truth_functions_give_plain_values():
    x = ga.tensor([1.0, 0.0, 2.0])
    assert np.logical_and.reduce(x) is np.False_
    np.testing.assert_array_equal(np.greater.outer(x, [0.5]), [[True], [False], [True]])


def test_methods_out_and_errors():
    x = ga.tensor(A)
    out = ga.zeros(3)
    assert np.add.reduce(x, out=out) is out
    np.testing.assert_array_equal(out.data, A.sum(0))
    for call in (
        lambda a: np.add.reduce(a, axis=5),
        lambda a: np.sin.reduce(a),
        lambda a: np.subtract.reduce(a, axis=(0, 1)),
        lambda a: np.add.reduceat(a, [9]),
        lambda a: np.maximum.reduce(a[:, :0], axis=1),
    ):
        with pytest.raises(Exception) as theirs:
            call(A)
        with pytest.raises(type(theirs.value)):
            call(x)


def test_methods_on_constants_are_numpys():
    c = ga.tensor(A, constant=True)
    y = np.add.reduce(c)
    assert y.constant
    np.testing.assert_array_equal(y.data, A.sum(0))


def test_generalized_ufuncs_with_out_and_dtype():
    x = ga.tensor(A)
    for t in (x, x.detach()):
        out = ga.zeros((2, 2))
        assert np.matmul(t, A.T, out=out) is out
        np.testing.assert_allclose(out.data, A @ A.T)
        assert np.matmul(t, A.T, dtype=np.float32).dtype == np.float32


# --- values of methods -----------------------------------------------------------------------------------------------

FOLDED = [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.hypot, np.logaddexp]


@pytest.mark.parametrize("ufunc", FOLDED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_methods_have_numpys_values_to_the_last_bit(ufunc, mode):
    x = np.random.default_rng(3).normal(size=(40, 3)) + 3
    calls = [
        lambda a: ufunc.reduce(a),
        lambda a: ufunc.reduce(a, axis=1, keepdims=True),
        lambda a: ufunc.accumulate(a, axis=0),
        lambda a: ufunc.accumulate(a, axis=1),
        lambda a: ufunc.reduceat(a, [0, 7, 31, 12]),
        lambda a: ufunc.reduceat(a, [0, 2], axis=1),
        lambda a: ufunc.outer(a[0], a[:, 1]),
        lambda a: changed_at(ufunc, a),
    ]
    for call in calls:
        for y in (x, np.asfortranarray(x), x[::-1].astype(np.float32)):
            expected = call(y)
            found = call(ga.Tensor(y)).data if mode == "reverse" else ga.jvp(call, (y,), (np.ones_like(y),))[0]
            np.testing.assert_array_equal(found, expected, strict=True)
            for order in ("C", "F"):
                assert found.flags[order] == expected.flags[order]


def changed_at(ufunc, a):
    a = a * 1.0
    ufunc.at(a, ([0, 5, 0, 0], [1, 2, 1, 1]), a[:4, 0])
    return a
