"""checkpoint, stop_gradient and implicit_root."""

from __future__ import annotations

import array
import gc
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

X = np.array([0.4, -1.1, 0.7])
Y = np.array([1.3, 0.2, -0.6])
W = np.array([[0.3, -0.8, 0.5], [0.9, 0.1, -0.4], [-0.2, 0.7, 0.6]])


# --- stop_gradient ---------------------------------------------------------------------------------------------------


def test_what_is_stopped_is_a_constant_in_both_modes():
    def f(x):
        return np.sum(x * ga.stop_gradient(np.sin(x)))

    np.testing.assert_array_equal(ga.grad(f)(X), np.sin(X))
    assert ga.jvp(f, (X,), (Y,))[1] == np.sum(Y * np.sin(X))
    # The derivative of the derivative sees no more of it.
    np.testing.assert_array_equal(ga.hessian(f)(X), np.zeros((3, 3)))
    np.testing.assert_array_equal(ga.jvp(ga.grad(f), (X,), (Y,))[1], np.zeros(3))
    assert ga.grad(lambda x: ga.jvp(lambda y: ga.stop_gradient(x * y), (x,), (1.0,))[0])(2.0) == 0


def test_stop_gradient_keeps_values_and_containers():
    x = ga.tensor(X)
    stopped = ga.stop_gradient({"a": [x * 2, 1.5], "b": (X, None, "name")})
    assert stopped["a"][0].constant
    np.testing.assert_array_equal(stopped["a"][0].data, 2 * X)
    assert stopped["a"][1] == 1.5
    assert stopped["b"][0] is X
    assert stopped["b"][1:] == (None, "name")
    assert ga.stop_gradient(3) == 3
    assert not x.constant


# --- checkpoint: the gradient ----------------------------------------------------------------------------------------


def layer(x, w, *, gain=1.0):
    return np.tanh(gain * (w @ x)) + x


def results(x, w):
    h = np.tanh(w @ x)
    return {"h": h, "total": np.sum(h * x), "n": 3}


def combined(found):
    return np.sum(found["h"] ** 3) * found["total"]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_gradients_of_every_order_are_those_without_it(times: int):
    kept = results
    for _ in range(times):
        kept = ga.checkpoint(kept)
    ga.check_grads(lambda x, w: combined(kept(x, w)), (X, W))
    for transform in (ga.grad, ga.hessian, ga.jacfwd):
        found = transform(lambda x: combined(kept(x, W)))(X)
        np.testing.assert_allclose(found, transform(lambda x: combined(results(x, W)))(X), 1e-12)


def squares(a, keep):
    """Return a loss of x that finds the traced value `a` in its closure."""
    return lambda x: np.sum(keep(lambda x: np.sin(a * x))(x * a) ** 2) / 2


@pytest.mark.parametrize(
    "nested",
    [
        lambda keep: ga.grad(lambda a: ga.grad(squares(a, keep))(X)[0])(0.7),
        lambda keep: ga.jvp(lambda a: ga.grad(squares(a, keep))(X), (0.7,), (1.0,))[1],
        lambda keep: ga.grad(lambda a: ga.jvp(squares(a, keep), (X,), (X * a,))[1])(0.7),
        lambda keep: ga.jvp(lambda a: ga.jvp(squares(a, keep), (X,), (X * a,))[1], (0.7,), (1.0,))[1],
        lambda keep: ga.grad(lambda a: np.sum(keep(lambda x: ga.grad(squares(a, keep))(x))(X)))(0.7),
        lambda keep: ga.jvp(lambda a: keep(lambda: np.sum(np.sin(a * X)))(), (0.7,), (1.0,))[1],
        lambda keep: ga.jacrev(keep(lambda x: {"a": np.tanh(W @ x), "b": x**2}))(X)["a"],
        lambda keep: ga.jacfwd(keep(lambda x: {"a": np.tanh(W @ x), "b": x**2}))(X)["b"],
        lambda keep: ga.jacobian(ga.hessian(lambda x: np.sum(keep(np.tanh)(W @ x))))(X),
        lambda keep: ga.linearize(lambda x: keep(np.tanh)(W @ x), X)[1](Y),
    ],
)
def test_it_nests_with_every_transform(nested: Callable[..., Any]):
    np.testing.assert_allclose(nested(ga.checkpoint), nested(lambda f: f), 1e-12, 1e-15)


def test_keywords_and_containers():
    kept = ga.checkpoint(lambda p, *, gain, mode: [layer(p["x"], p["w"], gain=gain), mode])
    assert kept({"x": X, "w": W}, gain=2.0, mode="fast")[1] == "fast"
    ga.check_grads(lambda x, w, gain: kept({"x": x, "w": w}, gain=gain, mode="fast")[0], (X, W, 2.0))


def test_complex_values():
    kept = ga.checkpoint(lambda z, w: np.sin(z * w))
    ga.check_grads(lambda z, w: kept(z, w), (X + 1j * Y, Y))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_dtypes_stay(dtype: Any):
    x = ga.tensor(X.astype(dtype))
    y = ga.checkpoint(np.sin)(x)
    y.backward()
    assert y.dtype == x.grad.dtype == dtype


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1, 3)])
def test_shapes(shape: tuple[int, ...]):
    x = ga.tensor(np.full(shape, 0.5))
    ga.checkpoint(np.exp)(x).backward()
    np.testing.assert_allclose(x.grad, np.exp(x.data))


def test_constants_and_plain_arrays_go_through_as_they_are():
    seen = []
    kept = ga.checkpoint(lambda x: seen.append(type(x)) or x * 2)
    assert type(kept(X)) is np.ndarray
    assert kept(ga.tensor(X, constant=True)).constant
    with ga.no_grad():
        assert kept(ga.tensor(X)).constant
    assert seen == [np.ndarray, ga.Tensor, ga.Tensor]
    assert ga.checkpoint(lambda x: np.argmax(x))(ga.tensor(X)) == 2


def test_backward_inside_no_grad():
    x = ga.tensor(X)
    y = ga.checkpoint(np.sin)(x)
    with ga.no_grad():
        y.backward()
    np.testing.assert_allclose(x.grad, np.cos(X))


# --- checkpoint: variables of the closure ----------------------------------------------------------------------------


def test_variables_of_the_closure_have_their_gradient():
    def loss(x, w, keep):
        return np.sum(keep(lambda x: np.tanh(w @ x) * np.sum(w))(x * 2) ** 2)

    ga.check_grads(lambda x, w: loss(x, w, ga.checkpoint), (X, W))
    ga.check_grads(lambda x, w: loss(x, w, lambda f: ga.checkpoint(ga.checkpoint(f))), (X, W))
    w = ga.tensor(W)
    loss(X, w, ga.checkpoint).backward()
    expected = ga.grad(lambda w: loss(X, w, lambda f: f))(W)
    np.testing.assert_allclose(w.grad, expected, 1e-12)
    # A variable that comes back as it is, and one that was computed outside.
    v = w * 1
    ga.checkpoint(lambda: [v, v.T])()[1][0].backward()
    np.testing.assert_array_equal(w.grad, [[1, 0, 0]] * 3)


def test_a_variable_of_the_closure_that_was_updated_in_between_is_refused():
    w = ga.tensor(W)
    y = ga.checkpoint(lambda x: w @ x)(ga.tensor(X))
    w *= 2
    with pytest.raises(RuntimeError, match="has been changed in the meantime"):
        y.backward()


def test_an_array_of_the_closure_that_was_changed_in_between_is_refused():
    a = W.copy()
    y = ga.checkpoint(lambda x: a @ x)(ga.tensor(X))
    a[0] = 0
    with pytest.raises(RuntimeError, match="has been changed in the meantime"):
        y.backward()


def test_random_numbers_drawn_inside_are_refused():
    rng = np.random.default_rng(0)
    noisy = ga.checkpoint(lambda x: x * rng.standard_normal(3))
    with pytest.raises(RuntimeError, match="draws random numbers"):
        ga.grad(lambda x: np.sum(noisy(x)))(X)
    sized = iter([2, 3])
    with pytest.raises(RuntimeError, match="another result"):
        ga.grad(lambda x: np.sum(ga.checkpoint(lambda x: x[: next(sized)])(x)))(X)


def test_an_argument_may_be_updated_after_the_call_and_not_inside_it():
    leaf, plain, constant = ga.tensor(X), Y.copy(), ga.tensor(Y, constant=True)
    x = leaf * 1
    y = ga.checkpoint(lambda *xs: np.prod(np.stack(xs), axis=0))(x, plain, constant)
    x[0] = plain[0] = constant[0] = 5.0
    y.backward()
    np.testing.assert_allclose(leaf.grad, Y * Y, 1e-15)

    def update(x):
        x[0] = 0.0
        return x * 2

    before = ga.tensor(X)
    with pytest.raises(TypeError, match="updates an argument in place"):
        ga.checkpoint(update)(before)
    np.testing.assert_array_equal(before.data, X)
    ga.check_grads(ga.checkpoint(lambda x: update(x * 1)), (X,))


def test_a_result_is_no_view_of_an_argument():
    x = ga.tensor(X)
    for same in (lambda x: x, lambda x: x[::-1][::-1], np.transpose):
        y = ga.checkpoint(same)(x)
        y *= 3
        np.testing.assert_array_equal(x.data, X)
        y.backward()
        np.testing.assert_array_equal(x.grad, [3, 3, 3])


def test_a_gradient_that_would_be_lost_inside_is_an_error():
    kept = ga.checkpoint(lambda x: np.asarray(x) * x)
    np.testing.assert_allclose(ga.grad(lambda x: np.sum(kept(x)))(X), 2 * X)
    kept = ga.checkpoint(lambda x: array.array("d", x)[0] * x)
    with pytest.raises(ga.GradientLossError):
        ga.grad(lambda x: np.sum(kept(x)))(X)


def test_only_functions():
    with pytest.raises(TypeError, match="checkpoint takes a function, not ndarray"):
        ga.checkpoint(X)
    assert ga.checkpoint(layer).__name__ == "layer"


# --- checkpoint: what is kept ----------------------------------------------------------------------------------------


def test_the_function_runs_again_once_for_a_gradient_and_not_in_forward_mode():
    calls = []
    kept = ga.checkpoint(lambda x: calls.append(1) or np.sin(x))
    ga.grad(lambda x: np.sum(kept(kept(x))))(X)
    assert len(calls) == 4
    calls.clear()
    ga.jvp(kept, (X,), (Y,))
    assert len(calls) == 1


def test_nothing_of_the_inside_is_kept():
    inside = []

    def f(x):
        y = np.sin(x)
        inside.append(weakref.ref(y))
        return np.cos(y)

    x = ga.tensor(X)
    gc.disable()
    try:
        y = ga.checkpoint(f)(x)
        assert inside[0]() is None
        y.backward()
        assert inside[1]() is None
    finally:
        gc.enable()


def peak(run: Callable[[], Any]) -> int:
    """Return the most bytes that were allocated at a time."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_loop_in_segments_needs_about_the_square_root_of_the_memory():
    n, size = 100, 20_000
    x = np.linspace(0.1, 1, size)

    def steps(y, count):
        for _ in range(count):
            y = np.sin(y)
        return y

    def segments(y):
        for _ in range(10):
            y = ga.checkpoint(lambda y: steps(y, n // 10))(y)
        return y

    plain = peak(lambda: ga.grad(lambda x: np.sum(steps(x, n)))(x)) / x.nbytes
    checkpointed = peak(lambda: ga.grad(lambda x: np.sum(segments(x)))(x)) / x.nbytes
    assert plain > n
    assert checkpointed < 2 * np.sqrt(n) + 10  # one array for each segment, one for each step of a segment, and a few
    inner = peak(lambda: ga.hvp(lambda x: np.sum(segments(x)))(x, x)) / x.nbytes
    whole = peak(lambda: ga.hvp(lambda x: np.sum(steps(x, n)))(x, x)) / x.nbytes
    assert inner < whole / 3


# --- implicit_root ---------------------------------------------------------------------------------------------------


def newton(residual: Callable[..., Any], start: Any) -> Callable[..., Any]:
    """Return a solver that knows nothing of derivatives beyond its own differences."""

    def solve(*params: Any) -> Any:
        x = np.array(start, float)
        for _ in range(40):
            value = np.ravel(residual(x, *params))
            columns = []
            for i in np.ndindex(x.shape):
                step = np.zeros(x.shape)
                step[i] = 1e-6
                columns.append(np.ravel(residual(x + step, *params) - residual(x - step, *params)) / 2e-6)
            x = x - np.linalg.solve(np.stack(columns, 1), value).reshape(x.shape)
        return x

    return solve


def cubic(x, a, b):
    return x**3 + a * x - b


def system(x, p):
    return W @ np.tanh(x) + p["a"] * x - p["b"]


def test_root_of_an_equation():
    root = ga.implicit_root(cubic, newton(cubic, 1.0))
    np.testing.assert_allclose(cubic(root(1.5, 2.0).data, 1.5, 2.0), 0, atol=1e-12)
    ga.check_grads(root, (1.5, 2.0), order=3)


def test_root_of_a_system_with_containers_of_parameters():
    root = ga.implicit_root(system, newton(system, np.zeros(3)))
    ga.check_grads(root, ({"a": 2.0, "b": X},))
    np.testing.assert_allclose(
        ga.jacfwd(lambda b: root({"a": 2.0, "b": b}))(X), ga.jacrev(lambda b: root({"a": 2.0, "b": b}))(X), 1e-10
    )
    hessian = ga.hessian(lambda b: np.sum(root({"a": 2.0, "b": b}) ** 2))(X)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)


def test_a_matrix_as_the_root():
    def residual(x, a):
        return x @ x - a

    spd = W @ W.T + np.eye(3)
    root = ga.implicit_root(residual, newton(residual, np.eye(3) * 1.5))
    np.testing.assert_allclose(root(spd).data @ root(spd).data, spd, 1e-8)
    ga.check_grads(root, (spd,), order=1, rtol=1e-5)


def test_fixed_point_by_decorator():
    @ga.implicit_root(lambda x, w: np.cos(w * x) - x)
    def fixed_point(w, start=0.5, steps=200):
        """Iterate."""
        x = np.full(np.shape(w), start)
        for _ in range(steps):
            x = np.cos(w * x)
        return x

    assert fixed_point.__doc__ == "Iterate."
    ga.check_grads(lambda w: fixed_point(w, start=0.7), (np.array([0.3, 0.6, 0.8]),))


def test_a_minimum_is_a_root_of_the_gradient():
    def objective(w, penalty, y):
        return np.sum((W @ w - y) ** 2) + penalty * np.sum(w**2) + np.sum(w**4) / 4

    root = ga.implicit_root(ga.grad(objective), newton(ga.grad(objective), np.zeros(3)))
    ga.check_grads(root, (0.1, Y))


def test_complex_root():
    def residual(z, c):
        return z**2 + np.conj(z) * 0.1 - c

    def solve(c):
        z = np.sqrt(c)
        for _ in range(100):
            z = np.sqrt(c - 0.1 * np.conj(z))
        return z

    root = ga.implicit_root(residual, solve)
    ga.check_grads(root, (np.array([1 + 2j, 2 - 0.5j]),))


def test_single_precision_stays_and_half_precision_is_solved_in_double():
    for dtype in (np.float16, np.float32):
        root = ga.implicit_root(lambda x, a: x**2 - a, lambda a: np.sqrt(a))
        a = ga.tensor(np.array([4.0, 9.0], dtype))
        root(a).backward()
        assert a.grad.dtype == dtype
        np.testing.assert_allclose(a.grad, [1 / 4, 1 / 6], 1e-3)


def test_no_tape_of_the_solver_and_one_call_for_a_gradient():
    seen = []

    def solve(a):
        seen.append(type(a))
        return np.sqrt(a)

    root = ga.implicit_root(lambda x, a: x**2 - a, solve)
    ga.grad(lambda a: np.sum(root(a)))(np.array([4.0, 9.0]))
    assert seen == [np.ndarray]
    ga.grad(lambda a: ga.grad(lambda a: root(a))(a))(4.0)
    assert len(seen) == 2


def test_inside_no_grad_there_is_just_the_answer():
    root = ga.implicit_root(lambda x, a: x**2 - a, np.sqrt)
    a = ga.tensor(4.0)
    with ga.no_grad():
        assert root(a).constant
    y = root(a)
    with ga.no_grad():
        y.backward()
    assert a.grad == 0.25


# --- implicit_root: mistakes -----------------------------------------------------------------------------------------


def test_a_multiple_root_has_no_derivative():
    root = ga.implicit_root(lambda x, a: (x - a) ** 2, lambda a: a * 1.0)
    for derivative in (lambda: ga.grad(root)(2.0), lambda: ga.jvp(root, (2.0,), (1.0,))):
        with pytest.raises(np.linalg.LinAlgError, match="singular at what <lambda> returned"):
            derivative()
    one = lambda x, a: x[0] + x[1] - a  # noqa: E731
    twice = ga.implicit_root(lambda x, a: np.stack([one(x, a), 2 * one(x, a)]), lambda a: np.stack([a, 0 * a]))
    with pytest.raises(np.linalg.LinAlgError, match="not the only one nearby"):
        ga.jacobian(twice)(1.0)


def test_an_answer_that_is_no_root():
    root = ga.implicit_root(lambda x, a: x**2 - a, lambda a: a / 3)
    for derivative in (lambda: ga.grad(root)(4.0), lambda: ga.jvp(root, (4.0,), (1.0,))):
        with pytest.raises(ValueError, match="no root of the residual: Newton's method would move it by"):
            derivative()


def test_a_residual_of_another_shape():
    root = ga.implicit_root(lambda x, a: np.sum(x) - a, lambda a: np.stack([a, 0 * a]))
    with pytest.raises(ValueError, match="as many equations as unknowns"):
        ga.jacobian(root)(4.0)
    real = ga.implicit_root(lambda x, a: (x - a) * 1j, lambda a: a)
    with pytest.raises(TypeError, match="the residual is complex, but the root is real"):
        ga.grad(real)(4.0)


def test_a_solver_that_returns_no_array():
    root = ga.implicit_root(lambda x, a: x - a, lambda a: {"x": a})
    with pytest.raises(TypeError, match="returns the root here, an array of floating-point numbers"):
        root(ga.tensor(1.0))


def test_variables_that_would_be_lost():
    w = ga.tensor(2.0)
    by_keyword = ga.implicit_root(lambda x, a: x**2 - a, lambda a, start=1.0: np.sqrt(a))
    with pytest.raises(TypeError, match="'start', which was given a variable"):
        by_keyword(4.0, start=w)
    for root in (
        ga.implicit_root(lambda x, a: w * x - a, lambda a: a / 2.0),
        ga.implicit_root(lambda x, a: 2 * x - a, lambda a: a / w),
    ):
        with pytest.raises(ga.GradientLossError, match="not among its arguments"):
            root(ga.tensor(4.0))


def test_only_functions_in_implicit_root():
    with pytest.raises(TypeError, match="implicit_root takes functions, not int"):
        ga.implicit_root(3)
    with pytest.raises(TypeError, match="implicit_root takes functions, not int"):
        ga.implicit_root(np.sin, 3)


@pytest.mark.parametrize("transform", [lambda f: ga.grad(f)(4.0), lambda f: ga.jvp(f, (4.0,), (1.0,))])
@pytest.mark.parametrize("given", [(), (1.0,), "a constant"])
def test_a_variable_that_the_residual_finds_outside_of_its_arguments_is_refused(transform, given):
    def f(a):
        params = (ga.tensor(1.0, constant=True),) if given == "a constant" else given
        root = ga.implicit_root(lambda x, *b: x * x - a * (b[0] if b else 1.0), lambda *b: 2.0)
        return root(*params) * a

    with pytest.raises(ga.GradientLossError, match="not among its arguments"):
        transform(f)


def test_a_function_that_gives_plain_numbers_of_constants():
    """A call of a library's function with constants is the library's, whose result is no tensor."""

    @ga.registry.primitive
    def halved(x):
        return float(np.sum(x) / 2)

    ga.registry.rule(halved, lambda g, ans, x: g * np.ones_like(x) / 2)
    plain = ga.checkpoint(lambda x: halved(x) if isinstance(x, ga.Tensor) and not x.constant else halved(x.data))
    x = ga.tensor(X)
    out = plain(x)
    assert not out.constant
    out.backward()
    np.testing.assert_array_equal(x.grad, np.full(3, 0.5))
    assert type(ga.checkpoint(lambda x: 2.0)(X)) is float
