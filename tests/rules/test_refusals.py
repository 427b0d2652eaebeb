"""What the transforms refuse, and what their messages say to do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradarray as ga

X = np.array([0.3, -1.2, 2.0])
A = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (3, r"argument 0 of f holds integers \(int64\); convert it first: float\(x\), or 3\.0"),
        (np.arange(3), r"argument 0 of f holds integers \(int64\); convert it first: x\.astype\(float\)"),
        (np.array([True]), r"holds truth values \(bool\)"),
        (ga.tensor([1, 2]), r"argument 0 of f holds integers"),
        (np.array(["a"]), "is of dtype <U1"),
        (np.array([1.0, None]), "is of dtype object"),
        ("one", "argument 0 of f is 'one'"),
        (None, "argument 0 of f is None"),
        (True, "argument 0 of f is True"),
        ([1.0, 2], r"argument 0\[1\] of f holds integers"),
    ],
    ids=repr,
)
def test_what_is_no_floating_point_number_is_refused_with_the_way_out(x: Any, message: str) -> None:
    def f(x: Any) -> Any:
        raise AssertionError("never called")

    for call in (
        *(transform(f) for transform in (ga.grad, ga.jacobian, ga.jacfwd, ga.hessian, ga.hessian_diagonal)),
        lambda x: ga.vjp(f, x),
        lambda x: ga.linearize(f, x),
        lambda x: ga.hvp(f)(x, x),
    ):
        with pytest.raises(TypeError, match=message):
            call(x)


@pytest.mark.parametrize("result", [None, "text", (), [], {}, pytest.param(object(), id="object")], ids=repr)
def test_a_function_that_returns_no_array_is_refused(result: Any) -> None:
    def f(x: Any) -> Any:
        return result

    for call in (
        *(transform(f) for transform in (ga.grad, ga.value_and_grad, ga.elementwise_grad, ga.jacobian, ga.jacfwd)),
        lambda x: ga.vjp(f, x),
        lambda x: ga.linearize(f, x),
        lambda x: ga.jvp(f, (x,), (x,)),
    ):
        with pytest.raises(TypeError, match=r"f returned (None; does it lack a return|'text'|\(\)|\[\]|\{\}|<object)"):
            call(1.0)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (
            np.ma.array([1.0]),
            r"returned a numpy\.ma\.MaskedArray, and no gradient can be found in that; .*register_container",
        ),
        (np.array(["one"]), "needs a function of numbers; f returned an array of <U3"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_function_that_returns_another_array_is_refused(result: Any, message: str) -> None:
    def f(x: Any) -> Any:
        return result

    for transform in (ga.jacobian, ga.jacrev, ga.jacfwd, ga.elementwise_grad):
        with pytest.raises(TypeError, match=message):
            transform(f)(1.0)
    zero = ga.jacobian(lambda x: np.ones(2).view(type("Plain", (np.ndarray,), {})))(1.0)
    np.testing.assert_array_equal(zero, [0, 0])


def test_a_result_that_is_not_one_number_is_refused_with_the_names_of_what_to_use() -> None:
    for shape in ((3,), (0,), (1, 2)):
        with pytest.raises(ValueError, match=r"returned shape \(.*jacobian, or elementwise_grad"):
            ga.grad(lambda x, shape=shape: np.broadcast_to(x, shape))(1.0)
    with pytest.raises(TypeError, match=r"f returned a tuple.*has_aux=True"):

        def f(x: Any) -> Any:
            return x, x

        ga.value_and_grad(f)(1.0)


def test_a_complex_result_is_refused() -> None:
    for transform in (ga.grad, ga.value_and_grad, ga.elementwise_grad, ga.hessian):
        with pytest.raises(TypeError, match=r"returned a complex one; differentiate its np\.real"):
            transform(lambda x: x * 1j)(1.0)
        with pytest.raises(TypeError, match="complex one"):
            transform(lambda x: 1j)(1.0)


def test_taking_raw_values_from_a_variable_is_an_error_inside() -> None:
    for f in (math.sin, lambda x: float(x) * x, lambda x: np.array([x, x]).sum()):
        with pytest.raises(ga.GradientLossError):
            ga.grad(f, drop_in=False)(1.0)
    t = ga.tensor(1.0)  # of a forward derivative, variables from outside are meant
    for call in (
        lambda f: ga.jvp(f, (1.0,), (1.0,), drop_in=False),
        lambda f: ga.vjp(f, 1.0, drop_in=False),
        lambda f: ga.linearize(f, 1.0, drop_in=False),
    ):
        with pytest.raises(ga.GradientLossError):
            call(lambda x: math.sin(t) * x)
    with ga.no_grad():
        pass  # the state outside is as it was
    with pytest.warns(ga.GradientLossWarning):
        math.sin(ga.tensor(1.0))


def test_an_exception_in_the_function_leaves_nothing_behind() -> None:
    def fails(x: Any) -> Any:
        _ = x * 2
        raise KeyError

    for call in (ga.grad(fails), lambda x: ga.jvp(fails, (x,), (x,)), ga.jacfwd(fails)):
        for context in (ga.no_grad, ga.registry.__class__):
            with pytest.raises(KeyError):
                if context is ga.no_grad:
                    with ga.no_grad():
                        call(1.0)
                call(1.0)
    x = ga.tensor(1.0)
    with pytest.warns(ga.GradientLossWarning):
        math.sin(x)
    assert not (x * 2).constant
