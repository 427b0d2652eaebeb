"""custom_gradient: a Python function with a gradient of its own, in both modes and of any order."""

from __future__ import annotations

import array
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga

X = np.array([0.4, -1.1, 0.7])
Y = np.array([1.3, 0.2, -0.6])


@ga.custom_gradient
def product(a: Any, b: Any) -> Any:
    """Multiply, by hand."""
    return a * b, lambda g: (g * np.conj(b), g * np.conj(a))


@ga.custom_gradient
def exp(x: Any) -> Any:
    e = np.exp(x)
    return e, lambda g: g * np.conj(e)


# --- the gradient ----------------------------------------------------------------------------------------------------


def test_both_modes_and_second_order_agree_with_differences():
    ga.check_grads(lambda a, b: product(np.sin(a), b) * a, (X, Y))
    ga.check_grads(lambda x: exp(exp(x) * x), (X,))
    ga.check_grads(lambda x: exp(x), (0.3,), order=3)


def test_complex_arguments_have_the_direction_of_steepest_ascent():
    z = X + 1j * Y
    ga.check_grads(lambda z, b: exp(product(z, b)), (z, Y))
    ga.check_grads(lambda z: np.abs(exp(z)) ** 2, (z,))


def test_it_is_the_users_gradient_that_counts():
    through = ga.custom_gradient(lambda x: (np.round(x), lambda g: g))  # the straight-through estimator
    np.testing.assert_array_equal(ga.grad(lambda x: np.sum(through(x) * Y))(X), Y)
    np.testing.assert_array_equal(ga.jvp(through, (X,), (Y,))[1], Y)
    np.testing.assert_array_equal(ga.jacobian(through)(X), np.eye(3))
    clipped = ga.custom_gradient(lambda x: (x * 1, lambda g: np.clip(g, -1, 1)))
    np.testing.assert_array_equal(ga.grad(lambda x: np.sum(clipped(x) * [5.0, -7.0, 0.5]))(X), [1, -1, 0.5])


def test_jacobians_and_hessians_go_through_it():
    np.testing.assert_allclose(ga.jacobian(exp)(X), np.diag(np.exp(X)))
    np.testing.assert_allclose(ga.jacfwd(exp)(X), np.diag(np.exp(X)))
    np.testing.assert_allclose(ga.hessian(lambda x: np.sum(exp(x)))(X), np.diag(np.exp(X)))


def test_an_argument_without_influence_has_no_gradient():
    first = ga.custom_gradient(lambda a, b: (a * 1, lambda g: (g, None)))
    a, b = ga.tensor(X), ga.tensor(Y)
    first(a, b).backward()
    np.testing.assert_array_equal(a.grad, np.ones(3))
    assert b.grad is None
    np.testing.assert_array_equal(ga.jvp(lambda b: first(X, b), (Y,), (Y,))[1], np.zeros(3))


def test_a_cotangent_is_summed_to_the_shape_of_its_argument():
    a = ga.tensor(2.0)
    product(a, Y).backward()
    np.testing.assert_allclose(a.grad, np.sum(Y))
    assert ga.jvp(lambda a: product(a, Y), (2.0,), (1.0,))[1].shape == (3,)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_dtypes_stay(dtype: Any):
    x = ga.tensor(X.astype(dtype))
    y = exp(x)
    y.backward()
    assert y.dtype == x.grad.dtype == dtype
    assert ga.jvp(exp, (X.astype(dtype),), (Y.astype(dtype),))[1].dtype == dtype


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1, 3)])
def test_shapes(shape: tuple[int, ...]):
    x = ga.tensor(np.full(shape, 0.5))
    exp(x).backward()
    np.testing.assert_allclose(x.grad, np.exp(x.data))
    assert ga.jvp(exp, (x.data,), (x.data,))[1].shape == shape


# --- what the function sees ------------------------------------------------------------------------------------------


def test_the_function_and_its_pull_see_plain_arrays():
    seen = []

    @ga.custom_gradient
    def watched(x, scale):
        seen.extend([type(x), type(scale)])
        return x * scale, lambda g: (seen.append(type(g)) or g * scale, None)

    x = ga.tensor(X)
    y = watched(x, 2)
    assert isinstance(y, ga.Tensor)
    y.backward()
    assert seen == [np.ndarray, int, np.ndarray]


def test_constants_give_constants():
    assert product(X, Y).constant
    assert product(ga.tensor(X, constant=True), 2.0).constant
    with ga.no_grad():
        assert product(ga.tensor(X), Y).constant


def test_name_and_documentation_stay():
    assert product.__name__ == "product"
    assert product.__doc__ == "Multiply, by hand."


def test_a_number_as_the_result():
    half = ga.custom_gradient(lambda x: (float(x) / 2, lambda g: g / 2))
    x = ga.tensor(3.0)
    y = half(x)
    y.backward()
    assert (y.data, x.grad) == (1.5, 0.5)


def test_a_result_that_is_the_argument_shares_nothing_with_it():
    same = ga.custom_gradient(lambda x: (x, lambda g: g))

    def f(x):
        x = x * 1
        y = same(x)
        y *= 2
        return x + y

    np.testing.assert_array_equal(f(ga.tensor(X)).data, 3 * X)
    ga.check_grads(f, (X,), order=1)


def test_the_function_cannot_change_its_arguments():
    @ga.custom_gradient
    def doubled(x):
        x *= 2
        return x, lambda g: 2 * g

    for call in (lambda: doubled(ga.tensor(X)), lambda: ga.jvp(doubled, (X,), (Y,)), lambda: doubled(X)):
        with pytest.raises(ValueError, match="read-only"):
            call()


def test_arguments_may_be_changed_after_the_call():
    x, y = ga.tensor(X) * 1, Y.copy()
    z = product(x, y)
    y_before = y.copy()
    x[0] = 7.0
    y[0] = 7.0
    z.backward()
    w = ga.tensor(X)
    product(w, y_before).backward()
    np.testing.assert_array_equal(w.grad, Y)
    np.testing.assert_array_equal(z.data, X * Y)


# --- containers ------------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    s: Any
    c: Any


@dataclass
class Layer:
    w: Any
    b: Any
    name: str = "dense"


@ga.custom_gradient
def sincos(x):
    s, c = np.sin(x), np.cos(x)
    return Pair(s, c), lambda g: g.s * c - g.c * s


def test_several_results():
    pair = sincos(ga.tensor(X))
    assert type(pair) is Pair
    ga.check_grads(lambda x: sincos(x).s * sincos(x).c ** 2, (X,))
    ga.check_grads(lambda x: sincos(x), (X,))
    # A result that is not used has the cotangent zero.
    np.testing.assert_allclose(ga.grad(lambda x: np.sum(sincos(x).c))(X), -np.sin(X))


def test_results_without_a_gradient_are_handed_on():
    @ga.custom_gradient
    def f(x):
        return {"y": x**2, "n": 3, "where": np.argmax(x), "how": "fast"}, lambda g: 2 * x * g["y"]

    x = ga.tensor(X)
    found = f(x)
    assert (found["n"], found["where"], found["how"]) == (3, 2, "fast")
    assert type(found["where"]) is np.int64
    found["y"].backward()
    np.testing.assert_allclose(x.grad, 2 * X)
    assert ga.custom_gradient(lambda x: (3, lambda g: None))(x) == 3


@ga.custom_gradient
def dense(layer, x):
    w = layer.w
    return np.tanh(w @ x + layer.b), lambda g: _dense_pull(g, layer, x)


def _dense_pull(g, layer, x):
    g = g * (1 - np.tanh(layer.w @ x + layer.b) ** 2)
    return Layer(np.outer(g, x), g, layer.name), layer.w.T @ g


def test_containers_as_arguments():
    layer = Layer(np.arange(6.0).reshape(2, 3) / 7, np.array([0.1, -0.2]))
    ga.check_grads(dense, (layer, X))
    scaled = ga.custom_gradient(lambda p: (p["a"] * p["more"][0], lambda g: {"more": [g * p["a"], None], "a": None}))
    found = ga.grad(lambda p: np.sum(scaled(p)))({"a": X, "more": [Y, Y]})
    np.testing.assert_array_equal(found["more"][0], X)
    np.testing.assert_array_equal(found["a"], np.zeros(3))  # None is no gradient


def test_a_tuple_as_the_only_argument():
    bare = ga.custom_gradient(lambda p: (p[0] * p[1], lambda g: (g * p[1], g * p[0])))
    wrapped = ga.custom_gradient(lambda p: (p[0] * p[1], lambda g: ((g * p[1], g * p[0]),)))
    for f in (bare, wrapped):
        a, b = ga.grad(lambda p, f=f: np.sum(f(p)))((X, Y))
        np.testing.assert_array_equal(a, Y)
        np.testing.assert_array_equal(b, X)


# --- keyword arguments -----------------------------------------------------------------------------------------------


@ga.custom_gradient
def scaled(a, b, power=1, *, shift=0.0):
    return a * b**power + shift, lambda g: (g * b**power, g * a * power * b ** (power - 1))


def test_keywords_are_operands_where_they_have_a_position():
    a, b = ga.tensor(X), ga.tensor(Y)
    scaled(b=b, a=a, power=2, shift=1.0).backward()
    np.testing.assert_allclose(a.grad, Y**2)
    np.testing.assert_allclose(b.grad, 2 * X * Y)
    scaled(a, b, 2).backward()  # a parameter with a default may go without a cotangent
    np.testing.assert_allclose(b.grad, 2 * X * Y)
    np.testing.assert_allclose(ga.grad(lambda b: np.sum(scaled(X, b=b)))(Y), X)


def test_a_variable_that_has_no_cotangent_is_refused():
    with pytest.raises(TypeError, match=r"scaled has no gradient with respect to the keyword argument 'shift'"):
        scaled(X, Y, shift=ga.tensor(1.0))
    with pytest.raises(TypeError, match="'shift'"):
        ga.jvp(lambda s: scaled(X, Y, shift=s), (1.0,), (1.0,))
    y = scaled(X, Y, power=ga.tensor(2.0))
    with pytest.raises(ValueError, match=r"2 cotangent\(s\) for 3 argument\(s\)"):
        y.backward()


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_a_function_that_does_not_return_a_pair():
    with pytest.raises(TypeError, match=r"pair \(result, pull\) here, not array"):
        ga.custom_gradient(lambda x: x)(ga.tensor(X))
    with pytest.raises(TypeError, match="pair"):
        ga.custom_gradient(lambda x: (x, x))(ga.tensor(X))
    with pytest.raises(TypeError, match="takes a function, not ndarray"):
        ga.custom_gradient(X)


def test_a_pull_that_does_not_fit_the_arguments():
    with pytest.raises(ValueError, match=r"1 cotangent\(s\) for 2 argument\(s\)"):
        ga.custom_gradient(lambda x, y: (x * y, lambda g: g))(ga.tensor(1.0), 2.0).backward()
    with pytest.raises(ValueError, match="the cotangent of argument 0"):
        ga.custom_gradient(lambda p: (p["a"] * 1, lambda g: {"b": g}))({"a": ga.tensor(1.0)}).backward()
    wrong = ga.custom_gradient(lambda x: (x * 1, lambda g: np.ones(7)))
    for derivative in (lambda: wrong(ga.tensor(X)).backward(), lambda: ga.jvp(wrong, (X,), (Y,))):
        with pytest.raises(ValueError, match=r"a cotangent of shape \(7,\) for argument 0, which has the shape \(3,\)"):
            derivative()


def test_a_variable_of_the_closure_is_not_lost():
    w = ga.tensor(2.0)
    f = ga.custom_gradient(lambda x: (w * x, lambda g: g * w))
    for x in (ga.tensor(X), X):
        with pytest.raises(ga.GradientLossError, match="not among its arguments"):
            f(x)
    with pytest.raises(ga.GradientLossError, match="not among its arguments"):
        ga.jvp(lambda w: ga.custom_gradient(lambda x: (w * x, lambda g: g))(X), (2.0,), (1.0,))
    fixed = ga.stop_gradient(w)
    y = ga.custom_gradient(lambda x: (fixed * x, lambda g: g * fixed))(ga.tensor(X))
    np.testing.assert_array_equal(y.data, 2 * X)


def test_a_second_derivative_needs_differentiable_code():
    @ga.custom_gradient
    def by_hand(x):
        out = np.empty(3)
        for i in range(3):
            out[i] = x[i] ** 2
        return out, lambda g: 2 * x * g

    @ga.custom_gradient
    def by_other_code(x):
        return np.square(array.array("d", x)), lambda g: 2 * x * g

    for f in (by_hand, by_other_code):
        np.testing.assert_array_equal(ga.grad(lambda x, f=f: np.sum(f(x)))(X), 2 * X)
    np.testing.assert_array_equal(ga.hessian(lambda x: np.sum(by_hand(x)))(X), 2 * np.eye(len(X)))
    with pytest.raises(ga.GradientLossError) as raised:
        ga.hessian(lambda x: np.sum(by_other_code(x)))(X)
    assert any("A derivative of the gradient of by_other_code" in note for note in raised.value.__notes__)


def test_an_infinite_derivative_in_a_branch_not_taken():
    log = ga.custom_gradient(lambda x: (np.log(x), lambda g: g / x))
    with np.errstate(all="ignore"):
        found = ga.grad(lambda x: np.sum(np.where(x > 0, log(np.where(x > 0, x, 1.0)), 0.0)))(np.array([0.0, 2.0]))
    np.testing.assert_array_equal(found, [0, 0.5])


def test_arrays_that_a_pull_makes_in_forward_mode():
    """They were given a tangent of the differentiation that goes along the pull, which then came out of it."""

    def cubed(x: Any) -> Any:
        def pull(g: Any) -> Any:
            out = np.zeros(2)
            for i in range(2):
                out[i] = g[i] * x[i] ** 2
            return out * np.array([3.0, 3.0])

        return x**3, pull

    cube = ga.custom_gradient(cubed)
    x, t = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    value, tangent = ga.jvp(lambda x: np.sum(cube(x)), (x,), (t,))
    assert type(value) is type(tangent) is np.float64
    assert tangent == -9.0
    ga.check_grads(lambda x: np.sum(np.sin(cube(x))), (x,), order=1)
    other = ga.custom_gradient(lambda x: (x**3, lambda g: g * np.array([3.0, 3.0]) * x**2))
    ga.check_grads(lambda x: np.sum(np.sin(other(x))), (x,), order=3)
