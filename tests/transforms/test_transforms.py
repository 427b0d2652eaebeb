"""Functions of functions: what goes in, what comes out, and what is refused."""

from __future__ import annotations

import copy
import functools
import gc
import inspect
import pickle
import pydoc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.transforms.argnums import names_of_parameters
from tests.numeric import numeric_jacobian, slope

X = np.array([0.3, -1.2, 2.0])
A = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])


def loss(w: Any, x: Any = A, *, scale: Any = 1.0) -> Any:
    """Compute a loss."""
    return np.sum(np.tanh(x @ w) ** 2) * scale


def mixed(x: Any) -> Any:
    return np.sin(A @ x) * x[0] + np.exp(x[1])


# --- grad ------------------------------------------------------------------------------------------------------------


def test_grad_agrees_with_differences() -> None:
    np.testing.assert_allclose(ga.grad(loss)(X), numeric_jacobian(loss, X), rtol=1e-8)


def test_value_and_grad_calls_the_function_once() -> None:
    calls = []

    def counted(x: Any) -> Any:
        calls.append(x)
        return np.sum(x**2)

    value, gradient = ga.value_and_grad(counted)(X)
    assert type(value) is np.float64
    assert value == np.sum(X**2)
    np.testing.assert_array_equal(gradient, 2 * X)
    assert len(calls) == 1


@pytest.mark.parametrize("argnums", [1, -1, "b", (0, 1), (1, 0), ("b", "a"), (-2, "b"), [0, 1], np.int64(1)], ids=repr)
def test_argnums_choose_the_arguments(argnums: Any) -> None:
    def f(a: Any, b: Any) -> Any:
        return a**2 * b

    by = {0: 2 * 3.0 * 5.0, 1: 9.0, -1: 9.0, -2: 30.0, "a": 30.0, "b": 9.0}
    expected = tuple(by[n] for n in argnums) if isinstance(argnums, (tuple, list)) else by[argnums]
    assert ga.grad(f, argnums)(3.0, 5.0) == expected
    assert ga.grad(f, argnums=argnums)(3.0, 5.0) == expected


@pytest.mark.parametrize("argnums", ["scale", ("w", "scale"), (0, "scale"), 1])
def test_arguments_are_found_by_name_wherever_they_stand(argnums: Any) -> None:
    numeric = {
        "scale": slope(lambda s: loss(X, scale=s), 2.0),
        "w": numeric_jacobian(lambda w: loss(w, scale=2.0), X),
        1: numeric_jacobian(lambda x: loss(X, x, scale=2.0), A),
    }
    numeric[0] = numeric["w"]
    gradients = ga.grad(loss, argnums)(w=X, x=A, scale=2.0)
    if argnums != (0, "scale"):  # by position where the first one is, too
        gradients = ga.grad(loss, argnums)(X, A, scale=2.0)
    names = argnums if isinstance(argnums, tuple) else (argnums,)
    for name, gradient in zip(names, gradients if isinstance(argnums, tuple) else (gradients,), strict=True):
        np.testing.assert_allclose(gradient, numeric[name], rtol=1e-8, atol=1e-9)


def test_a_default_is_differentiated_by_its_name() -> None:
    assert ga.grad(lambda x, k=3.0: x * k, "k")(5.0) == 5.0


@pytest.mark.parametrize(
    ("argnums", "error", "message"),
    [
        (2, TypeError, r"argnums=2\) of f: this call has no such argument; it has 2 by position"),
        (-3, TypeError, "argnums=-3"),
        ("c", TypeError, "argnums='c'"),
        ((0, 0), ValueError, "names an argument of f twice"),
        ((0, -2), ValueError, "twice"),
        ((1, "b"), ValueError, "twice"),
    ],
)
def test_wrong_argnums_are_told_when_called(argnums: Any, error: type[Exception], message: str) -> None:
    def f(a: Any, b: Any) -> Any:
        return a * b

    with pytest.raises(error, match=message):
        ga.grad(f, argnums)(1.0, 2.0)


@pytest.mark.parametrize("argnums", [1.5, None, True, (0, None), {0}])
def test_argnums_of_a_wrong_type_are_told_at_once(argnums: Any) -> None:
    with pytest.raises(TypeError, match="argnums is the position of an argument"):
        ga.grad(loss, argnums)
    with pytest.raises(ValueError, match="names no argument"):
        ga.grad(loss, ())


@pytest.mark.parametrize(
    "transform",
    [
        *(ga.grad, ga.value_and_grad, ga.elementwise_grad, ga.jacobian, ga.jacrev, ga.jacfwd, ga.hessian, ga.hvp),
        *(ga.hessian_diagonal, lambda f: ga.vjp(f, 1.0), lambda f: ga.jvp(f, (1.0,), (1.0,))),
    ],
)
def test_what_is_no_function_is_refused(transform: Any) -> None:
    with pytest.raises(TypeError, match="takes a function and returns one"):
        transform(ga.tensor(1.0) * 2)


def test_aux_is_handed_on_as_plain_values() -> None:
    def f(x: Any) -> Any:
        y = x**2
        return np.sum(y), {"y": y, "name": "squares", "count": 3, "seen": [np.sum(y) > 1, None]}

    expected = {"y": X**2, "name": "squares", "count": 3, "seen": [True, None]}
    gradient, aux = ga.grad(f, has_aux=True)(X)
    (value, aux2), gradient2 = ga.value_and_grad(f, has_aux=True)(X)
    np.testing.assert_array_equal(gradient, 2 * X)
    np.testing.assert_array_equal(gradient2, 2 * X)
    assert value == np.sum(X**2)
    for found in (aux, aux2):
        assert type(found["y"]) is np.ndarray
        np.testing.assert_array_equal(found.pop("y"), expected["y"])
        assert found == {name: item for name, item in expected.items() if name != "y"}


def test_every_transform_takes_aux() -> None:
    def f(x: Any) -> Any:
        return x**2, x + 1

    def total(x: Any) -> Any:
        return np.sum(x**2), x + 1

    x, t = np.array([1.0, 2.0]), np.array([1.0, 0.0])
    for transform in (ga.jacobian, ga.jacrev, ga.jacfwd):
        found, aux = transform(f, has_aux=True)(x)
        np.testing.assert_array_equal(found, np.diag(2 * x))
        np.testing.assert_array_equal(aux, x + 1)
        assert type(aux) is np.ndarray
    answers = [
        ga.elementwise_grad(f, has_aux=True)(x),
        ga.hessian(total, has_aux=True)(x),
        ga.vjp(f, x, has_aux=True)[1:],
        ga.linearize(f, x, has_aux=True)[1:],
        ga.jvp(f, (x,), (t,), has_aux=True)[1:],
    ]
    for _, aux in answers:
        np.testing.assert_array_equal(aux, x + 1)
        assert type(aux) is np.ndarray
    np.testing.assert_array_equal(answers[0][0], 2 * x)
    np.testing.assert_array_equal(answers[1][0], 2 * np.eye(2))
    np.testing.assert_array_equal(answers[2][0](t)[0], [2.0, 0.0])
    np.testing.assert_array_equal(answers[3][0](t), [2.0, 0.0])
    np.testing.assert_array_equal(answers[4][0], [2.0, 0.0])


def test_aux_needs_a_pair() -> None:
    for f in (lambda x: x, lambda x: (x, x, x)):
        with pytest.raises(TypeError, match=r"has_aux=True needs a function that returns \(result, aux\)"):
            ga.grad(f, has_aux=True)(1.0)


# --- what comes back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3)])
def test_a_gradient_is_an_array_of_the_argument_s_shape_and_dtype(shape: tuple[int, ...], dtype: Any) -> None:
    x = np.ones(shape, dtype)
    for transform in (ga.grad, lambda f: lambda x: ga.value_and_grad(f)(x)[1]):
        gradient = transform(lambda x: np.sum(np.abs(x) ** 2))(x)
        assert type(gradient) is np.ndarray
        assert (gradient.shape, gradient.dtype) == (shape, dtype)
        assert gradient.flags.writeable
        np.testing.assert_array_equal(gradient, 2 * x)


@pytest.mark.parametrize("x", [1.5, np.float32(1.5), np.float64(1.5), 1.5 + 0j, np.complex64(1.5)], ids=repr)
def test_the_gradient_by_a_number_is_a_numpy_scalar(x: Any) -> None:
    gradient = ga.grad(lambda x: np.abs(x) ** 2)(x)
    assert isinstance(gradient, np.generic)
    assert gradient.dtype == np.result_type(x)
    assert gradient == 3.0


@pytest.mark.parametrize("make", [lambda x: x[::2], lambda x: x[::-1], lambda x: np.asfortranarray(x[:, None] + x)])
def test_arguments_may_lie_in_memory_in_any_way(make: Callable[[Any], Any]) -> None:
    x = make(np.arange(1.0, 7.0))
    np.testing.assert_array_equal(ga.grad(lambda x: np.sum(x**2))(x), 2 * x)
    np.testing.assert_allclose(ga.jvp(lambda x: np.ravel(x) ** 2, (x,), (x,))[1], np.ravel(2 * x * x))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 1, 1)])
def test_the_one_number_may_stand_in_an_array(shape: tuple[int, ...]) -> None:
    def loss(x: Any) -> Any:
        return np.reshape(np.sum(np.sin(x) * x), shape)

    x, v = np.array([0.3, 1.2]), np.array([1.0, -2.0])
    value, gradient = ga.value_and_grad(loss)(x)
    assert np.shape(value) == shape
    np.testing.assert_allclose(gradient, np.sin(x) + x * np.cos(x))
    ga.check_grads(ga.grad(loss), (x,))
    ga.check_grads(lambda x: ga.value_and_grad(loss)(x)[0], (x,))
    second = np.diag(2 * np.cos(x) - x * np.sin(x))
    np.testing.assert_allclose(ga.hessian(loss)(x), second, atol=1e-15)
    np.testing.assert_allclose(ga.hvp(loss)(x, v), second @ v)
    np.testing.assert_allclose(ga.hessian_diagonal(loss)(x), np.diag(second))
    np.testing.assert_allclose(ga.jvp(ga.grad(loss), (x,), (v,))[1], second @ v)
    gradient, aux = ga.grad(lambda x: (loss(x), x), has_aux=True)(x.astype(np.float32))
    assert gradient.dtype == np.float32 and aux.shape == (2,)
    assert ga.grad(lambda x: np.full(shape, 2.0))(3.0) == 0
    # As everywhere, these keep its shape.
    assert ga.jacobian(loss)(x).shape == (*shape, 2)
    assert np.shape(ga.jvp(loss, (x,), (v,))[1]) == shape


def test_arguments_that_broadcast_get_gradients_of_their_own_shapes() -> None:
    a, b, c = ga.grad(lambda a, b, c: np.sum(a * b * c), (0, 1, 2))(2.0, np.ones((3, 1)), np.ones(4))
    assert a == 12.0
    np.testing.assert_array_equal(b, np.full((3, 1), 8.0))
    np.testing.assert_array_equal(c, np.full(4, 6.0))


def test_no_two_gradients_share_memory() -> None:
    a, b = ga.grad(lambda a, b: np.sum(a + b), (0, 1))(np.ones(3), np.ones(3))
    a[0] = 7.0
    np.testing.assert_array_equal(b, np.ones(3))
    g = np.ones(3)
    (same,) = ga.vjp(lambda x: x, X)[1](g)
    assert not np.shares_memory(same, g)


@pytest.mark.parametrize("constant", [False, True])
def test_a_tensor_given_comes_back_as_a_tensor(constant: bool) -> None:
    x = ga.tensor(X, constant=constant)
    value, gradient = ga.value_and_grad(lambda x: np.sum(x**3))(x)
    assert isinstance(value, ga.Tensor)
    assert isinstance(gradient, ga.Tensor)
    assert gradient.constant is constant
    np.testing.assert_array_equal(gradient.data, 3 * X**2)
    value, pull = ga.vjp(lambda x: x**2, x)
    assert isinstance(value, ga.Tensor)
    assert isinstance(pull(np.ones(3))[0], ga.Tensor)


def test_a_result_that_does_not_depend_on_the_argument_has_the_derivative_zero() -> None:
    for f in (lambda x: 3.0, lambda x: 3, lambda x: np.float32(2.0), lambda x: np.sum(np.sign(x)), lambda x: X[0]):
        gradient = ga.grad(f)(X)
        np.testing.assert_array_equal(gradient, np.zeros(3))
        assert gradient.dtype == float
    assert ga.grad(lambda x, y: x**2, (0, 1))(3.0, 4.0) == (6.0, 0.0)
    np.testing.assert_array_equal(ga.jacobian(lambda x: np.ones(2))(X), np.zeros((2, 3)))
    np.testing.assert_array_equal(ga.jacfwd(lambda x: np.ones(2))(X), np.zeros((2, 3)))
    np.testing.assert_array_equal(ga.jvp(lambda x: np.ones(2), (X,), (X,))[1], np.zeros(2))
    np.testing.assert_array_equal(ga.linearize(lambda x: np.ones(2), X)[1](X), np.zeros(2))
    np.testing.assert_array_equal(ga.vjp(lambda x: np.ones(2), X)[1](np.ones(2))[0], np.zeros(3))
    np.testing.assert_array_equal(ga.hessian(lambda x: np.sum(x))(X), np.zeros((3, 3)))


def test_the_gradient_by_a_complex_argument_points_uphill() -> None:
    z = np.array([1 + 2j, -0.5j])

    def f(z: Any) -> Any:
        return np.sum(np.abs(np.sin(z)) ** 2)

    gradient = ga.grad(f)(z)
    along = [slope(lambda t, e=e, u=u: f(z + t * e * u), 0.0) for e in np.eye(2) for u in (1, 1j)]
    np.testing.assert_allclose(gradient, np.array(along[::2]) + 1j * np.array(along[1::2]), rtol=1e-7)


def test_in_place_updates_do_not_reach_the_caller_s_arrays() -> None:
    def f(x: Any) -> Any:
        x *= 2.0
        x[0] = x[1] * x[2]
        return np.sum(x)

    x = X.copy()
    np.testing.assert_allclose(ga.grad(f)(x), numeric_jacobian(lambda x: f(x.copy()), X), rtol=1e-7)
    np.testing.assert_array_equal(x, X)
    ga.jvp(f, (x,), (x,))
    np.testing.assert_array_equal(x, X)
    t = ga.tensor(X)
    np.testing.assert_allclose(ga.grad(f)(t).data, ga.grad(f)(x))
    np.testing.assert_array_equal(t.data, X)


def test_what_the_caller_does_to_the_value_does_not_change_later_pullbacks() -> None:
    value, pull = ga.vjp(np.exp, X)
    np.multiply(value, 0.0, out=value)
    np.testing.assert_array_equal(pull(np.ones(3))[0], np.exp(X))
    value, push = ga.linearize(np.exp, X)
    np.multiply(value, 0.0, out=value)
    np.testing.assert_array_equal(push(np.ones(3)), np.exp(X))


# --- names -----------------------------------------------------------------------------------------------------------


def test_the_function_made_is_named_and_documented_after_the_first() -> None:
    gradient = ga.grad(loss, "w")
    assert gradient.__name__ == "grad_of_loss"
    assert gradient.__doc__.startswith("Return the gradient of loss by argument 'w'.")
    assert "Compute a loss." in gradient.__doc__
    assert [*inspect.signature(gradient).parameters] == ["w", "x", "scale"]
    assert gradient.__module__ == __name__
    assert ga.jacobian(loss, (0, 1)).__doc__.startswith("Return the Jacobian of loss by argument 0 and argument 1.")
    assert ga.hvp(loss).__name__ == "hvp_of_loss"
    assert list(inspect.signature(ga.hvp(loss)).parameters) == ["x", "v", "args", "kwargs"]


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (np.sin, "grad_of_sin"),
        (lambda x: x, "grad_of_lambda"),
        (functools.partial(loss, scale=2.0), "grad_of_loss"),
        (type("Model", (), {"__call__": lambda self, x: x})(), "grad_of_Model"),
    ],
)
def test_anything_that_can_be_called_will_do(f: Any, name: str) -> None:
    assert ga.grad(f).__name__ == name
    x = X if name == "grad_of_loss" else 0.0
    np.testing.assert_allclose(ga.grad(f)(x), numeric_jacobian(f, x), rtol=1e-7)


def test_a_method_is_differentiated_by_its_own_arguments() -> None:
    class Model:
        def __init__(self) -> None:
            self.k = 3.0

        def loss(self, x: Any) -> Any:
            return self.k * x**2

    assert ga.grad(Model().loss)(2.0) == 12.0
    assert ga.grad(Model().loss, "x")(2.0) == 12.0


# --- state and memory ------------------------------------------------------------------------------------------------


def test_no_grad_around_a_transform_is_about_the_outer_tape() -> None:
    x = ga.tensor(3.0)
    with ga.no_grad():
        assert ga.grad(lambda y: y**2)(2.0) == 4.0
        gradient = ga.grad(lambda y: y**2)(x)
        assert isinstance(gradient, ga.Tensor)
        assert gradient.constant
        assert gradient == 6.0
        closed = ga.grad(lambda y: x * y**2)(2.0)
        assert isinstance(closed, np.float64)
        assert closed == 12.0
        assert ga.linearize(np.sin, 0.0)[1](2.0) == 2.0
        np.testing.assert_array_equal(ga.hessian(lambda y: np.sum(y**2))(X), 2 * np.eye(3))


def test_no_grad_inside_a_transform_makes_constants() -> None:
    def f(x: Any) -> Any:
        with ga.no_grad():
            c = x * 10
        return c * x

    assert ga.grad(f)(2.0) == 20.0


def test_threads_have_transforms_of_their_own() -> None:
    wrong = []

    def work(k: float) -> None:
        for _ in range(50):
            if ga.grad(lambda x: ga.grad(lambda y: y**2 * x * k)(3.0) * x)(2.0) != 2 * 2 * 3.0 * k * 2.0:
                wrong.append(k)
            if ga.jvp(ga.grad(lambda x: k * x**3), (1.0,), (1.0,))[1] != 6 * k:
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in (1.0, 2.0, 4.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


CALLS: dict[str, Callable[[], Any]] = {
    "grad": lambda: ga.grad(loss)(X),
    "value_and_grad": lambda: ga.value_and_grad(lambda p: (loss(p["w"]), p["w"] * 2), has_aux=True)({"w": X}),
    "grad of grad": lambda: ga.grad(lambda x: np.sum(ga.grad(loss)(x) ** 2))(X),
    "vjp": lambda: ga.vjp(mixed, X)[1](np.ones(2)),
    "linearize": lambda: ga.linearize(mixed, X)[1](X),
    "jvp": lambda: ga.jvp(mixed, (X,), (X,)),
    "jvp of grad": lambda: ga.jvp(ga.grad(loss), (X,), (X,)),
    "jacobian": lambda: ga.jacobian(mixed)(X),
    "jacfwd": lambda: ga.jacfwd(mixed)(X),
    "hessian": lambda: ga.hessian(loss)(X),
    "by a tensor": lambda: ga.value_and_grad(loss)(ga.tensor(X)),
    "a new function, twice": lambda: [*map(ga.grad(lambda x: loss(x) * 2.0), (X, X))],
    "closure": lambda: (lambda x: ga.grad(lambda y: x * y**2)(2.0))(ga.tensor(2.0)),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_reference_cycles_and_no_leaks(without_collector: None, name: str) -> None:
    call = CALLS[name]
    for _ in range(10):
        call()
    gc.collect()  # what was made on the first call, once and for all
    before = len(gc.get_objects())
    for _ in range(50):
        call()
    assert len(gc.get_objects()) - before < 25
    assert gc.collect() == 0


def test_the_tape_is_gone_when_the_gradient_is_there(without_collector: None) -> None:
    held = []

    def f(x: Any) -> Any:
        y = np.sin(x)
        held.append(weakref.ref(y.creator.args[0]))
        return np.sum(y)

    gradient = ga.grad(f)(X)
    assert held[0]() is None
    _, pull = ga.vjp(f, X)
    assert held[1]() is not None
    del pull
    assert held[1]() is None
    np.testing.assert_allclose(gradient, np.cos(X))


# --- what a transform returns -----------------------------------------------------------------------------------------


def scalar(x, b=2.0):
    """What it does."""
    return np.sum(np.sin(x) * b)


@ga.grad
def decorated(x):
    return np.sum(x**3)


MAKERS = {
    "grad": lambda: ga.grad(scalar, argnums=(0, 1)),
    "value_and_grad": lambda: ga.value_and_grad(scalar, has_aux=False),
    "elementwise_grad": lambda: ga.elementwise_grad(np.sin),
    "jacobian": lambda: ga.jacobian(np.cumsum),
    "jacrev": lambda: ga.jacrev(np.cumsum),
    "jacfwd": lambda: ga.jacfwd(np.cumsum),
    "hessian": lambda: ga.hessian(scalar),
    "hvp": lambda: ga.hvp(scalar),
    "hessian_diagonal": lambda: ga.hessian_diagonal(scalar),
    "one of another": lambda: ga.grad(ga.grad(np.sin)),
    "decorated": lambda: decorated,
}


@pytest.mark.parametrize("name", MAKERS)
def test_what_a_transform_returns_can_be_pickled_and_copied(name):
    made = MAKERS[name]()
    x = 0.5 if name == "one of another" else np.array([1.0, 2.0])
    args = (x, x) if name == "hvp" else (x, 2.0) if name == "grad" else (x,)
    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        np.testing.assert_equal(other(*args), made(*args))
        assert other.__name__ == made.__name__ and other.__doc__ == made.__doc__


def test_what_a_transform_returns_looks_like_a_function():
    made = ga.grad(scalar)
    assert repr(made) == "<function grad_of_scalar>"
    assert inspect.signature(made) == inspect.signature(scalar)
    assert "What it does." in inspect.getdoc(made) and "What it does." in pydoc.render_doc(made)
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_what_a_transform_returns_is_a_method_in_a_class():
    class Model:
        scale = 3.0

        def loss(self, x):
            return np.sum(self.scale * x**2)

        slope = ga.grad(loss, argnums=1)

    np.testing.assert_allclose(Model().slope(np.array([1.0, 2.0])), [6.0, 12.0])


# --- names of parameters ----------------------------------------------------------------------------------------------


def _signed(x: Any) -> Any:
    return x


_signed.__signature__ = inspect.signature(loss)  # type: ignore[attr-defined]


class Called:
    def method(self, a: Any, b: Any = 1, /, *rest: Any, c: Any, d: Any = 2, **more: Any) -> None: ...

    @classmethod
    def of_class(cls, a: Any) -> None: ...

    def __call__(self, x: Any, y: Any) -> None: ...


@pytest.mark.parametrize(
    "f",
    [
        loss,
        Called().method,
        Called.method,
        Called.of_class,
        Called(),
        Called,
        ga.grad(loss),
        ga.jit(ga.grad(loss)),
        ga.grad(Called().method),
        functools.partial(loss, 1),
        functools.wraps(loss)(lambda *args, **kwargs: loss(*args, **kwargs)),
        ga.grad(functools.partial(loss, x=A)),
        lambda *args, last: last,
        lambda: 0,
        _signed,
        ga.grad(_signed),
        np.sin,
        len,
        int,
    ],
)
def test_names_of_parameters_are_those_of_the_signature(f: Any) -> None:
    try:
        expected = [*inspect.signature(f).parameters]
    except (TypeError, ValueError):
        expected = []
    assert names_of_parameters(f) == expected
