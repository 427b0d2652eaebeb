"""Derivatives inside derivatives: any order, any mix of the modes, closures, and tensors that are on a tape already."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.transforms.containers import flatten

X = np.array([0.3, -1.2, 2.0])
V = np.array([1.0, 0.5, -2.0])


def smooth(x: Any) -> Any:
    return np.sum(np.sin(x) * np.exp(x[::-1] / 2)) * np.sqrt(1 + x[0] ** 2)


def central(f: Callable[[Any], Any], x: Any, v: Any = 1.0, h: float = 1e-5) -> Any:
    """Return the derivative of a function of plain arrays along `v`, from central differences."""
    return (np.asarray(f(x + h * v)) - np.asarray(f(x - h * v))) / (2 * h)


def bare(x: Any) -> Any:
    return x.data if isinstance(x, ga.Tensor) else x


def forward(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make the derivative of a function of one number, in forward mode."""
    return lambda x: ga.jvp(f, (x,), (1.0,))[1]


def by_linearize(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: ga.linearize(f, x)[1](1.0)


def by_vjp(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: ga.vjp(f, x)[1](1.0)[0]


def by_backward(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make the derivative by hand, as somebody does who works with .grad."""

    def derivative(x: Any) -> Any:
        x = x * 1.0 if isinstance(x, ga.Tensor) else ga.tensor(x)
        f(x).backward(create_graph=True)
        return x.grad

    return derivative


WAYS = {
    "grad": ga.grad,
    "elementwise_grad": ga.elementwise_grad,
    "jvp": forward,
    "vjp": by_vjp,
    "linearize": by_linearize,
    "jacrev": ga.jacrev,
    "jacfwd": ga.jacfwd,
}


# --- any order, any mix ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [*itertools.product(WAYS, repeat=2)], ids="-".join)
def test_second_derivatives_in_every_combination(names: tuple[str, str]) -> None:
    outer, inner = (WAYS[name] for name in names)
    found = outer(inner(lambda x: np.exp(np.sin(x)) * x))(0.7)
    expected = central(ga.grad(lambda x: np.exp(np.sin(x)) * x), 0.7)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert type(found) is np.float64


@pytest.mark.parametrize("names", [*itertools.product(("grad", "jvp", "linearize"), repeat=3)], ids="-".join)
def test_third_derivatives_in_every_combination(names: tuple[str, str, str]) -> None:
    f: Any = lambda x: np.exp(x) * x**3  # noqa: E731
    derivative = f
    for name in reversed(names):
        derivative = WAYS[name](derivative)
    # By the complex step, which has no cancellation, of the second derivative by hand.
    second = lambda x: np.exp(x) * (x**3 + 6 * x**2 + 6 * x)  # noqa: E731
    np.testing.assert_allclose(derivative(0.7), second(0.7 + 1e-30j).imag / 1e-30, rtol=1e-12)


def test_high_orders() -> None:
    f: Any = np.sin
    for order in range(1, 7):
        f = ga.grad(f)
        np.testing.assert_allclose(f(0.3), np.sin(0.3 + order * np.pi / 2), rtol=1e-12)
    f = lambda x: x**4  # noqa: E731
    for expected in (4 * 8.0, 12 * 4.0, 24 * 2.0, 24.0, 0.0, 0.0):
        f = ga.grad(f)
        assert f(2.0) == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda f: ga.jacobian(ga.grad(f)),
        lambda f: ga.jacrev(ga.grad(f)),
        lambda f: ga.jacfwd(ga.grad(f)),
        lambda f: ga.jacrev(ga.jacrev(f)),
        lambda f: ga.jacrev(ga.jacfwd(f)),
        lambda f: ga.jacfwd(ga.jacrev(f)),
        lambda f: ga.jacfwd(ga.jacfwd(f)),
        ga.hessian,
    ],
)
def test_hessians_in_every_combination(make: Any) -> None:
    expected = np.stack([central(ga.grad(smooth), X, e) for e in np.eye(3)])
    found = make(smooth)(X)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
    assert type(found) is np.ndarray


def test_products_with_the_hessian_in_every_combination() -> None:
    expected = central(ga.grad(smooth), X, V)
    gradient = ga.grad(smooth)
    for found in (
        ga.jvp(gradient, (X,), (V,))[1],
        ga.grad(lambda x: np.sum(gradient(x) * V))(X),
        ga.grad(lambda x: ga.jvp(smooth, (x,), (V,))[1])(X),
        ga.vjp(gradient, X)[1](V)[0],
        ga.linearize(gradient, X)[1](V),
        ga.hvp(smooth)(X, V),
        ga.grad(lambda x: np.sum(ga.vjp(smooth, x)[1](1.0)[0] * V))(X),
        ga.grad(lambda x: ga.linearize(smooth, x)[1](V))(X),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_derivatives_of_hessians() -> None:
    def f(x: Any) -> Any:
        return np.sum(ga.hessian(smooth)(x) ** 2) + np.sum(ga.hessian_diagonal(smooth)(x)) + ga.hvp(smooth)(x, V)[0]

    expected = [central(f, X, e) for e in np.eye(3)]
    np.testing.assert_allclose(ga.grad(f)(X), expected, rtol=1e-6)
    np.testing.assert_allclose(ga.jvp(f, (X,), (V,))[1], central(f, X, V), rtol=1e-6)


def test_the_cotangent_and_the_direction_are_differentiated_too() -> None:
    f = np.exp
    pull, push = ga.vjp(f, X)[1], ga.linearize(f, X)[1]
    np.testing.assert_array_equal(ga.grad(lambda g: np.sum(pull(g)[0] * V))(X), np.exp(X) * V)
    np.testing.assert_array_equal(ga.grad(lambda t: np.sum(push(t) * V))(X), np.exp(X) * V)
    np.testing.assert_array_equal(ga.jvp(lambda g: pull(g)[0], (X,), (V,))[1], np.exp(X) * V)
    np.testing.assert_array_equal(ga.jvp(push, (X,), (V,))[1], np.exp(X) * V)
    np.testing.assert_array_equal(ga.grad(lambda t: np.sum(ga.jvp(f, (X,), (t,))[1] * V))(X), np.exp(X) * V)
    # The point and the direction at once.
    both = ga.grad(lambda x: np.sum(ga.jvp(f, (x,), (x,))[1]))(X)
    np.testing.assert_allclose(both, [central(lambda x: np.sum(np.exp(x) * x), X, e) for e in np.eye(3)], rtol=1e-7)
    both = ga.grad(lambda x: np.sum(ga.vjp(f, x)[1](x)[0]))(X)
    np.testing.assert_allclose(both, [central(lambda x: np.sum(np.exp(x) * x), X, e) for e in np.eye(3)], rtol=1e-7)


# --- no confusion of perturbations -----------------------------------------------------------------------------------

DERIVATIVES = {"grad": ga.grad, "jvp": forward, "vjp": by_vjp, "linearize": by_linearize}
PAIRS = pytest.mark.parametrize("names", [*itertools.product(DERIVATIVES, repeat=2)], ids="-".join)


@PAIRS
def test_an_inner_derivative_does_not_see_the_outer_variable(names: tuple[str, str]) -> None:
    # Siskind and Pearlmutter, "Perturbation confusion and referential transparency", 2005.
    outer, inner = (DERIVATIVES[name] for name in names)
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(3.0))(5.0) == 10.0
    assert outer(lambda x: x * inner(lambda y: x * y)(x))(5.0) == 10.0
    assert outer(lambda x: inner(lambda y: x)(3.0) + x)(5.0) == 1.0
    assert outer(lambda x: inner(lambda y: y**2)(3.0))(5.0) == 0.0
    assert outer(lambda x: x * inner(lambda y: x * inner(lambda z: x * y * z)(2.0))(3.0))(5.0) == 3 * 25.0


@PAIRS
def test_functions_that_return_functions_keep_derivatives_apart(names: tuple[str, str]) -> None:
    # Manzyuk, Pearlmutter, Radul, Rush and Siskind, "Perturbation confusion in forward automatic differentiation of
    # higher-order functions", 2019: the derivative of a curried shift operator.
    outer, inner = (DERIVATIVES[name] for name in names)

    def shift(offset: Any) -> Any:
        return lambda f: lambda x: f(x + offset)

    def shifted(f: Any) -> Any:
        """The derivative by the offset, at zero, of the shifted function: its derivative."""
        return lambda y: outer(lambda offset: shift(offset)(f)(y))(0.0)

    np.testing.assert_allclose(shifted(shifted(np.exp))(0.5), np.exp(0.5), rtol=1e-14)
    np.testing.assert_allclose(inner(shifted(np.sin))(0.5), -np.sin(0.5), rtol=1e-14)
    np.testing.assert_allclose(shifted(inner(np.sin))(0.5), -np.sin(0.5), rtol=1e-14)


@PAIRS
def test_closures_over_outer_variables(names: tuple[str, str]) -> None:
    outer, inner = (DERIVATIVES[name] for name in names)

    def f(x: Any) -> Any:
        computed = np.sin(x) * 2
        return inner(lambda y: np.exp(x * y) * computed + x**2)(0.4) * x

    def by_hand(x: Any) -> Any:
        return x * np.exp(x * 0.4) * np.sin(x) * 2 * x

    np.testing.assert_allclose(outer(f)(0.7), by_hand(0.7 + 1e-30j).imag / 1e-30, rtol=1e-13)


def test_the_derivative_of_a_gradient_step() -> None:
    def inner_loss(w: Any, a: Any) -> Any:
        return np.sum((w - a) ** 2 * np.cos(w))

    def after_steps(a: Any) -> Any:
        w = np.ones(2)
        for _ in range(3):
            w = w - 0.1 * ga.grad(inner_loss)(w, a)
        return np.sum(w**2)

    a = np.array([0.3, 0.8])
    expected = [central(after_steps, a, e) for e in np.eye(2)]
    np.testing.assert_allclose(ga.grad(after_steps)(a), expected, rtol=1e-7)
    np.testing.assert_allclose(ga.jacfwd(after_steps)(a), expected, rtol=1e-7)


def test_aux_and_values_stay_on_the_outer_tape() -> None:
    def f(x: Any) -> Any:
        gradient, aux = ga.grad(lambda y: (y**2 * x, {"both": x * y, "inner": y * 3}), has_aux=True)(2.0)
        (value, more), _ = ga.value_and_grad(lambda y: (y**3 * x, np.sin(x)), has_aux=True)(x)
        assert isinstance(aux["inner"], np.generic)
        return gradient + aux["both"] * aux["inner"] + value * more

    def by_hand(x: Any) -> Any:
        return 4 * x + 2 * x * 6 + x**4 * np.sin(x)

    expected = by_hand(0.7 + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(ga.grad(f)(0.7), expected, rtol=1e-13)


@pytest.mark.parametrize("transform", [ga.grad, ga.value_and_grad])
def test_an_aux_on_the_outer_tape_survives_a_result_that_is_not(transform: Any) -> None:
    def f(x: Any) -> Any:
        def inner(y: Any) -> Any:
            z = y**2
            return np.sum(z), z * x

        first, second = transform(inner, has_aux=True)(3.0)
        gradient, aux = (first, second) if transform is ga.grad else (second, first[1])
        assert isinstance(gradient, np.generic)
        return aux

    assert ga.grad(f)(2.0) == 9.0


# --- tensors that are on a tape already ------------------------------------------------------------------------------


def test_a_transform_of_the_user_s_tensor_stays_on_its_tape() -> None:
    x = ga.tensor(X)
    y = x * 2
    gradient = ga.grad(smooth)(y)
    assert isinstance(gradient, ga.Tensor)
    np.sum(gradient * V).backward()
    expected = [central(lambda x: np.sum(ga.grad(smooth)(2 * x) * V), X, e) for e in np.eye(3)]
    np.testing.assert_allclose(x.grad, expected, rtol=1e-7)


def test_an_inner_transform_leaves_the_user_s_gradients_and_tape_alone() -> None:
    x = ga.tensor(X)
    y = np.sin(x)
    z = np.sum(y * y)
    z.backward(retain_graph=True)
    before = x.grad.copy(), y.grad.copy()
    assert isinstance(ga.grad(smooth)(y), ga.Tensor)
    assert isinstance(ga.value_and_grad(lambda t: np.sum(t**2))(x)[1], ga.Tensor)
    ga.jacrev(lambda t: t**2)(x)
    ga.vjp(np.sin, y)[1](X)
    np.testing.assert_array_equal(x.grad, before[0])
    np.testing.assert_array_equal(y.grad, before[1])
    z.backward()  # the tape is still there
    np.testing.assert_array_equal(x.grad, before[0])


def test_a_closure_over_the_user_s_tensor_gives_a_traced_gradient() -> None:
    w = ga.tensor(2.0)
    gradient = ga.grad(lambda y: w * y**2)(3.0)
    assert isinstance(gradient, ga.Tensor)
    gradient.backward()
    assert w.grad == 6.0
    hessian = ga.hessian(lambda y: np.sum(y**2) * w)(X)
    np.sum(hessian).backward()
    assert w.grad == 6.0
    pushed = ga.linearize(lambda y: y**3 * w, 2.0)[1](1.0)
    pushed.backward()
    assert w.grad == 12.0
    _, tangent = ga.jvp(lambda y: y**3 * w, (2.0,), (1.0,))
    tangent.backward()
    assert w.grad == 12.0


def test_a_closure_over_a_constant_tensor_gives_plain_values() -> None:
    w = ga.tensor(2.0, constant=True)
    assert type(ga.grad(lambda y: w * y**2)(3.0)) is np.float64
    assert type(ga.jacrev(lambda y: w * y**2)(X)) is np.ndarray


@pytest.mark.parametrize("transform", [ga.jacrev, ga.jacfwd])
def test_complex_jacobians_under_a_variable_from_outside(transform: Any) -> None:
    w, z = ga.tensor(2.0), np.array([1 + 2j, 0.5 - 1j])
    by_real = transform(lambda x: w * np.exp(1j * x))(X)
    np.testing.assert_allclose(by_real.data, np.diag(2j * np.exp(1j * X)))
    np.sum(np.real(by_real)).backward()
    np.testing.assert_allclose(w.grad, np.sum(np.real(1j * np.exp(1j * X))))
    uphill = transform(lambda z: w * np.abs(z) ** 2)(z)
    np.testing.assert_allclose(uphill.data, np.diag(4 * z))
    holomorphic = transform(lambda z: w * z**2, holomorphic=True)(z)
    np.testing.assert_allclose(holomorphic.data, np.diag(4 * z))


def test_an_argument_that_is_not_differentiated_keeps_its_tape() -> None:
    w = ga.tensor(2.0)
    gradient = ga.grad(lambda y, w: w**2 * y**2)(3.0, w)
    gradient.backward()
    assert w.grad == 24.0


def test_backward_with_create_graph_mixes_with_transforms() -> None:
    def f(x: Any) -> Any:
        return np.exp(np.sin(x)) * x

    expected = central(ga.grad(f), 0.7)
    for outer in (ga.grad, by_vjp, by_linearize, ga.jacrev):
        np.testing.assert_allclose(outer(by_backward(f))(0.7), expected, rtol=1e-8)
    for inner in WAYS.values():
        x = ga.tensor(0.7)
        inner(f)(x).backward()
        np.testing.assert_allclose(x.grad, expected, rtol=1e-8)


def test_a_result_that_is_the_user_s_tensor_has_gradient_zero() -> None:
    w = ga.tensor(2.0)
    assert ga.grad(lambda y: w)(3.0) == 0.0
    assert ga.grad(lambda y: w * w)(3.0) == 0.0
    value, _ = ga.value_and_grad(lambda y: w * w)(3.0)
    value.backward()
    assert w.grad == 4.0


# --- Duals and Tensors together --------------------------------------------------------------------------------------

B = np.array([0.4, 0.9])


def updated(a: Any, b: Any) -> Any:
    c = a * b  # an array that depends on both; a plain one, or one of another kind, has no room for a derivative
    c[0] = a[1] * a[0]
    c[1] *= b[0]
    return c


def added_at(a: Any, b: Any) -> Any:
    c = a * b
    np.add.at(c, [0, 0], b)
    np.add.at(c, [1], a[:1])
    return c


def copied_to(a: Any, b: Any) -> Any:
    c = a * b
    np.copyto(c, b * b, where=[True, False])
    return c * a


def into_out(a: Any, b: Any) -> Any:
    c = a * b
    np.multiply(c, b, out=c)
    return np.add(a, b, out=c) * b


FORMS: dict[str, Callable[[Any, Any], Any]] = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "truediv", "pow")},
    "matmul": lambda a, b: (a @ b) * b,
    "mod": lambda a, b: (a % b) * b,
    "iadd": lambda a, b: operator.iadd(a * b, b) ** 2,
    "imul": lambda a, b: operator.imul(a * b, a) ** 2,
    "np.multiply": np.multiply,
    "np.hypot": np.hypot,
    "np.maximum": lambda a, b: np.maximum(a, b) * b,
    "where=": lambda a, b: np.where([True, False], np.multiply(a, b, where=np.array([True, False]), out=None), 0),
    "outer": lambda a, b: np.multiply.outer(a, b).sum(axis=0) * b,
    "np.where": lambda a, b: np.where(a > b, a * b, b),
    "np.dot": lambda a, b: np.dot(a, b) * b,
    "np.inner": lambda a, b: np.inner(b, a) * a,
    "np.einsum": lambda a, b: np.einsum("i,i,j->j", a, b, b),
    "np.tensordot": lambda a, b: np.tensordot(a, b, 1) * b,
    "np.outer": lambda a, b: np.outer(a, b)[0] * np.outer(b, a)[1],
    "np.stack": lambda a, b: np.prod(np.stack([a, b, a]), axis=0),
    "np.concatenate": lambda a, b: np.concatenate([a, b])[::3] * np.concatenate((b, a))[1:3],
    "np.clip": lambda a, b: np.clip(a * b, None, b),
    "np.linalg.solve": lambda a, b: np.linalg.solve(np.diag(a) + 0.1, b),
    "np.polyval": lambda a, b: np.polyval(np.stack([b[0], a[1]]), a * b),
    "np.interp": lambda a, b: np.interp(a, [0.0, 1.0, 2.0], np.stack([b[0], b[1], b[0] * a[1]])),
    "a list": lambda a, b: np.multiply([a[0], b[1]], a * b),
    "indexing": lambda a, b: a[0] * b[1] * b[[1, 0]],
    "setitem": updated,
    "add.at": added_at,
    "copyto": copied_to,
    "out=": into_out,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_dual_and_a_tensor_meet_in_every_form(form: Callable[[Any, Any], Any], swapped: bool) -> None:
    x, t = np.array([1.3, 0.7]), np.array([1.0, 0.5])
    weights = np.array([1.0, 2.0])

    def total(x: Any, y: Any) -> Any:
        return np.sum((form(y, x) if swapped else form(x, y)) * weights)

    def gradient(x: Any) -> Any:
        return ga.grad(total, 1)(x, B)

    value, tangent = ga.jvp(gradient, (x,), (t,))
    np.testing.assert_allclose(value, [central(lambda y: total(x, y), B, e) for e in np.eye(2)], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(tangent, central(gradient, x, t), rtol=1e-6, atol=1e-8)


def test_a_tensor_has_no_room_for_a_dual_and_says_so() -> None:
    def update(x: Any, y: Any) -> Any:
        y[0] = x
        return np.sum(y * x)

    with pytest.raises(ga.GradientLossError):
        ga.jvp(lambda x: ga.grad(update, 1)(x, B), (2.0,), (1.0,))


@pytest.mark.parametrize("transform", [ga.jacfwd, ga.jacrev, ga.hessian, ga.hessian_diagonal])
def test_one_argument_may_be_written_into_another(transform: Any) -> None:
    def f(p: Any) -> Any:
        p["a"][0] = p["b"] * p["a"][1]
        return np.sum(p["a"] ** 3) * p["b"]

    def of_array(x: Any) -> Any:
        return f({"a": x[:2].copy(), "b": x[2]})

    x = np.array([1.0, 2.0, 3.0])
    # Under a variable from outside, arrays go through the plain engines one by one.
    w = ga.tensor(2.0)
    for found in (transform(f), lambda p: transform(lambda p: f(p) * w)(p)):
        by = found({"a": x[:2], "b": 3.0})
        scale = 2.0 if isinstance(flatten(by)[0][0], ga.Tensor) else 1.0
        second = np.stack([central(ga.grad(of_array), x, e) for e in np.eye(3)])
        if transform is ga.hessian:
            np.testing.assert_allclose(bare(by["a"]["b"]), scale * second[:2, 2], rtol=1e-6)
            np.testing.assert_allclose(bare(by["b"]["b"]), scale * second[2, 2], rtol=1e-6)
        else:
            first = [central(of_array, x, e) for e in np.eye(3)]
            expected = np.diag(second) if transform is ga.hessian_diagonal else np.array(first)
            np.testing.assert_allclose(bare(by["a"]), scale * expected[:2], rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(bare(by["b"]), scale * expected[2], rtol=1e-6)


def test_forward_derivatives_inside_one_another_and_a_gradient_inside_both() -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        return np.exp(x * y) * np.sin(z * x) + y**2 * z

    def by_x_y_z(x: Any) -> Any:
        return forward(lambda y: ga.grad(lambda z: f(x, y, z))(0.3))(0.5)

    found = forward(by_x_y_z)(0.7)
    other = ga.grad(lambda x: forward(lambda z: ga.grad(lambda y: f(x, y, z))(0.5))(0.3))(0.7)
    np.testing.assert_allclose(found, other, rtol=1e-12)
    np.testing.assert_allclose(found, central(by_x_y_z, 0.7), rtol=1e-8)


def test_a_dual_inside_a_container_keeps_its_place() -> None:
    def f(x: Any) -> Any:
        return ga.grad(lambda p: p["a"] ** 2 * p["b"])({"a": x, "b": 3.0})

    value, tangent = ga.jvp(f, (2.0,), (1.0,))
    assert value == {"a": 12.0, "b": 4.0}
    assert tangent == {"a": 6.0, "b": 4.0}


# --- arrays and scalars -----------------------------------------------------------------------------------------------

WITHOUT_AXES = {
    "tensordot": lambda x: np.tensordot(x, x, axes=1),
    "squeeze": lambda x: np.squeeze(x[:1]),
    "reshape": lambda x: np.sum(x).reshape(()),
    "item": lambda x: x[0, ...],
    "copy": lambda x: np.copy(x[0]),
    "where": lambda x: np.where(True, x[0], 1.0),
    "clip": lambda x: np.clip(x[0, ...], 0.0, 0.2),
    "round": lambda x: np.round(x[0]),
    "piecewise": lambda x: np.piecewise(x[0], [True], [lambda z: z * 2]),
    "cov": np.cov,
    "sum": np.sum,
    "einsum": lambda x: np.einsum("i,i->", x, x),
    "median": np.median,
    "i0": lambda x: np.i0(x[0]),
}


def kinds(x: Any) -> set[type]:
    """Return the types of the arrays that a value is made of, in whatever stands around them."""
    parts = [getattr(x, name) for name in ("_raw", "value", "tangent") if hasattr(x, name)]
    return set().union(*map(kinds, parts)) if parts else {type(x)}


@pytest.mark.parametrize("name", WITHOUT_AXES)
def test_what_has_no_axes_is_an_array_or_a_scalar_as_in_numpy_at_each_level(name: str) -> None:
    f, found = WITHOUT_AXES[name], []

    def g(x: Any) -> Any:
        found.append(kinds(f(x)))
        return np.sum(x * x)

    ga.jvp(g, (X,), (V,))
    ga.jvp(ga.grad(g), (X,), (V,))
    ga.jvp(lambda x: ga.jvp(g, (x,), (V,))[1], (X,), (V,))
    ga.grad(lambda x: np.sum(ga.grad(g)(x)))(X)
    assert len(found) >= 4 and all(types == {type(f(X))} for types in found)


@pytest.mark.parametrize(
    "make", [lambda x: np.tensordot(x, x, axes=1), lambda x: np.copy(x[0])], ids=["product", "copy"]
)
def test_a_write_through_a_view_of_what_has_no_axes_reaches_it_at_each_level(make: Callable[[Any], Any]) -> None:
    def f(x: Any) -> Any:
        point = make(x)
        before = point * point
        point.reshape(-1)[:1] = 0.5
        return before + point * point

    once = ga.grad(f)
    expected = central(once, X, V)
    for twice in (
        ga.jvp(once, (X,), (V,))[1],
        ga.grad(lambda x: np.sum(once(x) * V))(X),
    ):
        np.testing.assert_allclose(twice, expected, rtol=1e-6, atol=1e-8)
    both = ga.jvp(lambda x: ga.jvp(f, (x,), (V,))[1], (X,), (V,))[1]
    np.testing.assert_allclose(both, np.sum(expected * V), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("update", [operator.iadd, operator.isub, operator.imul])
def test_a_scalar_that_is_updated_is_another_one_at_each_level(update: Callable[[Any, Any], Any]) -> None:
    """As ``total += x`` binds the name anew where the total is a number, which a list may have."""

    def f(x: Any) -> Any:
        total, kept = x[0] * x[1], []
        for v in x:
            total = update(total, v * v)
            kept.append(total)
        return np.sum(np.stack(kept) ** 2)

    once = ga.grad(f)
    expected = central(once, X, V)
    for twice in (
        ga.hvp(f)(X, V),
        ga.grad(lambda x: ga.jvp(f, (x,), (V,))[1])(X),
        ga.grad(lambda x: np.sum(once(x) * V))(X),
    ):
        np.testing.assert_allclose(twice, expected, rtol=1e-6, atol=1e-6)
    both = ga.jvp(lambda x: ga.jvp(f, (x,), (V,))[1], (X,), (V,))[1]
    np.testing.assert_allclose(both, np.sum(expected * V), rtol=1e-6, atol=1e-6)
