"""tap shows derivatives on their way, in both modes and of every order, and changes nothing unless it is asked to."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga
from tests.numeric import numeric_jacobian, slope

X = np.array([0.3, -1.2, 2.0])
V = np.array([1.0, -2.0, 0.5])


def outer(y: Any) -> Any:
    return np.sum(y**3) + y[0] * y[1]


def inner(x: Any) -> Any:
    return np.sin(x) + x[::-1]


class Seen:
    """A callback that keeps what it was shown, and f, which has it between two functions."""

    def __init__(self, answer: Any = None) -> None:
        self.all: list[Any] = []
        self.answer = answer

    def __call__(self, g: Any) -> Any:
        self.all.append(g)
        return None if self.answer is None else self.answer(g)

    def f(self, x: Any) -> Any:
        return outer(ga.tap(inner(x), self))


def untapped(x: Any) -> Any:
    return outer(inner(x))


COTANGENT = numeric_jacobian(outer, inner(X))
TANGENT = slope(lambda t: inner(X + t * V), 0.0)


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_a_cotangent():
    seen = Seen()
    np.testing.assert_array_equal(ga.grad(seen.f)(X), ga.grad(untapped)(X))
    (g,) = seen.all
    assert type(g) is np.ndarray
    np.testing.assert_allclose(g, COTANGENT, rtol=1e-7)


def test_a_tangent():
    seen = Seen()
    assert ga.jvp(seen.f, (X,), (V,)) == ga.jvp(untapped, (X,), (V,))
    (t,) = seen.all
    assert type(t) is np.ndarray
    np.testing.assert_allclose(t, TANGENT, rtol=1e-7)


def test_backward_of_a_tensor():
    seen = Seen()
    x = ga.tensor(X)
    y = inner(x)
    z = ga.tap(y, seen)
    assert type(z) is ga.Tensor
    assert z.base is None
    np.testing.assert_array_equal(z.data, y.data)
    loss = outer(z) + np.sum(z)
    for _ in range(2):
        loss.backward(retain_graph=True)
    np.testing.assert_allclose(x.grad, ga.grad(lambda x: untapped(x) + np.sum(inner(x)))(X), rtol=1e-13)
    assert len(seen.all) == 2
    for g in seen.all:  # all that arrives, in one
        np.testing.assert_allclose(g, COTANGENT + 1, rtol=1e-7)


def test_each_product_with_the_jacobian():
    seen = Seen()
    _, pull = ga.vjp(seen.f, X)
    assert not seen.all
    pull(1.0)
    pull(-2.0)
    np.testing.assert_allclose(seen.all, [COTANGENT, -2 * COTANGENT], rtol=1e-7)
    seen.all.clear()
    _, push = ga.linearize(seen.f, X)
    assert not seen.all
    np.testing.assert_allclose(push(V), COTANGENT @ TANGENT, rtol=1e-7)
    push(2 * V)
    np.testing.assert_allclose(seen.all, [TANGENT, 2 * TANGENT], rtol=1e-7)


def test_each_row_or_column_of_a_jacobian():
    by_x = numeric_jacobian(inner, X)
    seen = Seen()

    def f(x: Any) -> Any:
        return ga.tap(inner(x), seen)[:2] ** 2

    for transform, shown in ((ga.jacrev, np.diag(2 * inner(X))[:2]), (ga.jacfwd, by_x.T)):
        seen.all.clear()
        np.testing.assert_allclose(transform(f)(X), 2 * inner(X)[:2, None] * by_x[:2], rtol=1e-7)
        assert [type(each) for each in seen.all] == [np.ndarray] * len(shown)
        np.testing.assert_allclose(seen.all, shown, rtol=1e-7, atol=1e-9)


def test_derivatives_of_every_order():
    """The derivatives are right, to the third order in all modes; each order is shown."""
    seen = Seen()
    ga.check_grads(seen.f, (X,), order=3)
    expected = numeric_jacobian(ga.grad(untapped), X)
    for second in (ga.hessian(seen.f), ga.jacrev(ga.grad(seen.f)), ga.jacfwd(ga.grad(seen.f))):
        seen.all.clear()
        np.testing.assert_allclose(second(X), expected, rtol=1e-7, atol=1e-8)
        assert len(seen.all) >= 1 + 3
        np.testing.assert_allclose([np.all(np.abs(bare(g) - COTANGENT) < 1e-6) for g in seen.all].count(True), 1)
    seen.all.clear()
    np.testing.assert_allclose(ga.hvp(seen.f)(X, V), expected @ V, rtol=1e-7)
    shown = [bare(g) for g in seen.all]
    assert len(shown) == 2
    np.testing.assert_allclose(shown[0], COTANGENT, rtol=1e-7)
    along = slope(lambda t: numeric_jacobian(outer, inner(X + t * V)), 0.0)
    np.testing.assert_allclose(shown[1], along, rtol=1e-4)
    np.testing.assert_allclose(ga.hessian_diagonal(seen.f)(X), np.diag(expected), rtol=1e-7)


def bare(g: Any) -> Any:
    return g.data if isinstance(g, ga.Tensor) else g


def test_bare_values_may_be_taken_at_every_order():
    seen: list[float] = []

    def callback(g: Any) -> None:
        seen.append(float(np.linalg.norm(g)))
        print(f"{g}", np.asarray(g).tolist(), np.isnan(g).any())

    f = lambda x: outer(ga.tap(x, callback))  # noqa: E731
    np.testing.assert_allclose(ga.hessian(f)(X), ga.hessian(outer)(X))
    np.testing.assert_allclose(ga.hvp(f)(X, V), ga.hvp(outer)(X, V))
    assert seen[0] == pytest.approx(np.linalg.norm(ga.grad(outer)(X)))


def test_under_a_checkpoint():
    seen = Seen()
    np.testing.assert_array_equal(ga.grad(ga.checkpoint(seen.f))(X), ga.grad(untapped)(X))
    np.testing.assert_allclose(seen.all, [COTANGENT], rtol=1e-7)
    seen.all.clear()
    ga.jvp(ga.checkpoint(seen.f), (X,), (V,))
    np.testing.assert_allclose(seen.all, [TANGENT], rtol=1e-7)
    ga.check_grads(ga.checkpoint(seen.f), (X,))


def test_each_callback_is_that_of_its_call():
    """After some times a loop is swept by a plan."""
    for k in range(20):
        seen = Seen()
        np.testing.assert_array_equal(ga.grad(lambda x, s=seen, k=k: np.sum(ga.tap(x * x, s) * k))(X), 2 * X * k)
        np.testing.assert_array_equal(seen.all, [np.full(3, float(k))])


@pytest.mark.parametrize(
    "x", [np.float64(2.0), 2.0, np.array(2.0), np.zeros((0, 2)), np.arange(12.0).reshape(3, 4)[::2, ::-1].T]
)
def test_shapes(x: Any):
    seen = Seen()

    def f(x: Any) -> Any:
        return np.sum(ga.tap(x * 2, seen) ** 2)

    value, found = ga.value_and_grad(f)(x)
    np.testing.assert_array_equal(found, 8 * np.asarray(x))
    assert value == np.sum(4 * np.asarray(x) ** 2)
    ga.jvp(f, (x,), (np.ones(np.shape(x)),))
    for each, expected in zip(seen.all, (4 * np.asarray(x) * 1.0, 2 * np.ones(np.shape(x))), strict=True):
        assert isinstance(each, np.ndarray if np.ndim(x) else np.float64)
        np.testing.assert_array_equal(each, expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.complex64, np.complex128])
def test_dtypes(dtype: Any):
    seen = Seen(lambda g: g * np.float64(1.0))
    x = (X * (1 + 1j)).astype(dtype) if np.dtype(dtype).kind == "c" else X.astype(dtype)
    f = lambda x: np.sum(np.abs(ga.tap(x, seen)) ** 2)  # noqa: E731
    assert ga.grad(f)(x).dtype == dtype
    assert ga.jvp(f, (x,), (x,))[1].dtype == np.abs(x).dtype
    assert [each.dtype for each in seen.all] == [dtype] * 2


class Pair(NamedTuple):
    left: Any
    right: Any


def test_containers_are_tapped_array_by_array():
    seen = Seen()

    def f(p: Any) -> Any:
        q = ga.tap(p, seen)
        assert type(q) is Pair
        assert q.right["name"] == "x"
        return np.sum(q.left**2) + q.right["b"][0] ** 3

    found = ga.grad(f)(Pair(X, {"b": [2.0], "name": "x"}))
    np.testing.assert_array_equal(found.left, 2 * X)
    assert found.right["b"] == [12.0]
    assert sorted(map(np.size, seen.all)) == [1, 3]


# --- where there is nothing to show -----------------------------------------------------------------------------------


def test_no_call_without_a_derivative():
    seen = Seen()
    for x in (X, np.float32(2.0), 2.0, np.arange(3), 3, True, "x", None, [X, {"a": 1}], ga.tensor(X, constant=True)):
        y = ga.tap(x, seen)
        assert type(y) is type(x)
    assert ga.tap(ga.tensor(X, constant=True), seen).constant
    with ga.no_grad:
        assert ga.tap(ga.tensor(X), seen).constant
    x = ga.tensor(X)
    ga.tap(x, seen)
    np.sum(x).backward()  # the result does not depend on it
    ga.grad(lambda x: np.sum(x) + np.sum(ga.tap(X, seen)))(X)
    ga.grad(lambda x: np.sum(x * ga.stop_gradient(ga.tap(x, seen))))(X)

    def stopped(x: Any) -> Any:
        with ga.no_grad:
            y = ga.tap(x, seen)
        return np.sum(x * y)

    np.testing.assert_array_equal(ga.grad(stopped)(X), X)
    assert ga.jvp(stopped, (X,), (V,))[1] == pytest.approx(X @ V)
    assert not seen.all
    masked = np.ma.masked_array(X, [False, True, False])
    assert ga.tap(masked, seen) is masked


def test_the_values_have_memory_of_their_own():
    """In every mode alike, so that an update does the same with a derivative and without one."""

    def f(x: Any) -> Any:
        x = x * 1
        y = ga.tap(x, lambda g: None)
        y[0] = 0.0
        x[1] = 5.0
        return np.sum(x * y)

    assert f(X) == 0.3 * 0 + 5 * -1.2 + 4.0
    assert ga.jvp(f, (X,), (V,))[0] == f(X)
    ga.check_grads(f, (X,))
    x = ga.tensor(X)
    assert not np.shares_memory(ga.tap(x, print).data, x.data)
    constant = ga.tensor(X, constant=True)
    assert not np.shares_memory(ga.tap(constant, print).data, constant.data)


# --- what a callback may do -------------------------------------------------------------------------------------------


def test_another_derivative_in_its_place():
    clipped = lambda g: np.clip(g, -1, 1)  # noqa: E731
    seen = Seen(clipped)
    np.testing.assert_allclose(ga.grad(seen.f)(X), ga.vjp(inner, X)[1](clipped(COTANGENT))[0], rtol=1e-7)
    _, found = ga.jvp(Seen(clipped).f, (X,), (V,))
    np.testing.assert_allclose(found, COTANGENT @ clipped(TANGENT), rtol=1e-7)
    assert ga.linearize(Seen(clipped).f, X)[1](V) == pytest.approx(found)
    for transform in (ga.jacrev, ga.jacfwd):
        halved = transform(lambda x: np.sin(ga.tap(x, lambda g: g / 2)))(X)
        np.testing.assert_allclose(halved, np.diag(np.cos(X)) / 2)
    for nothing in (lambda g: np.zeros(3), lambda g: [0, 0, 0], lambda g: ga.zeros(3), np.zeros_like):
        np.testing.assert_array_equal(ga.grad(lambda x, c=nothing: outer(ga.tap(x, c)))(X), np.zeros(3))
    x = ga.tensor(X)
    outer(ga.tap(x, np.negative)).backward()
    np.testing.assert_array_equal(x.grad, -ga.grad(outer)(X))


def test_what_it_returns_is_differentiated():
    """d/dx of c(g(x)), where g is the derivative of outer, and c acts once more on what comes back through tap."""
    slopes = ga.grad(outer)(X)

    def square(g: Any) -> Any:
        return g * np.abs(g)

    found = ga.grad(lambda x: np.sum(ga.grad(lambda x: outer(ga.tap(x, square)))(x) * V))(X)
    back = numeric_jacobian(ga.grad(outer), X).T @ (V * 2 * np.abs(slopes))
    np.testing.assert_allclose(found, square(back), rtol=1e-6)


def test_what_it_computes_from_bare_values_is_refused_at_higher_order():
    f = lambda x: outer(ga.tap(x, lambda g: np.array([float(each) for each in g])))  # noqa: E731
    np.testing.assert_array_equal(ga.grad(f)(X), ga.grad(outer)(X))
    np.testing.assert_allclose(ga.hessian(f)(X), ga.hessian(outer)(X))  # drop-in mode keeps the variable
    for second in (ga.hessian(f, drop_in=False), ga.jacrev(ga.grad(f, drop_in=False), drop_in=False)):
        with pytest.raises(ga.GradientLossError, match="the callback of tap took the bare values"):
            second(X)
    # Said to be a constant, it is one.
    f = lambda x: outer(ga.tap(x, lambda g: ga.stop_gradient(g)))  # noqa: E731
    np.testing.assert_array_equal(ga.jacrev(ga.grad(f))(X), np.zeros((3, 3)))


def test_it_cannot_write_and_may_keep():
    kept: list[Any] = []

    def writes(g: Any) -> None:
        g[0] = 1.0

    for run in (ga.grad, lambda f: lambda x: ga.jvp(f, (x,), (V,))):
        with pytest.raises(ValueError, match="read-only"):
            run(lambda x: outer(ga.tap(x, writes)))(X)
    x = ga.tensor(X)
    y = ga.tap(x, kept.append)
    (outer(x) + outer(y) + np.sum(x)).backward()
    np.testing.assert_array_equal(kept[0], ga.grad(outer)(X))
    assert not np.shares_memory(kept[0], x.grad)
    assert not np.shares_memory(kept[0], y.grad)
    mine = np.ones(3)
    found = ga.grad(lambda x: np.sum(ga.tap(x, lambda g: mine)))(X)
    assert not np.shares_memory(found, mine)


def test_errors_of_the_callback_come_out():
    def refuse(g: Any) -> None:
        if not np.all(np.isfinite(g)):
            raise FloatingPointError("here it is")

    f = lambda x: np.sum(np.sqrt(ga.tap(x, refuse)))  # noqa: E731
    assert np.all(ga.grad(f)(np.abs(X)) > 0)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="here it is"):
        ga.grad(f)(np.zeros(2))

    def refuse_all(g: Any) -> None:
        calls.append(g)
        raise FloatingPointError("always")

    for transform in (ga.grad, ga.jacrev, ga.jacfwd, ga.hessian):
        calls: list[Any] = []
        with pytest.raises(FloatingPointError, match="always"):
            transform(lambda x: np.sum(ga.tap(x, refuse_all) ** 2))(X)
        assert len(calls) == 1


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda g: g[:2], ValueError, r"shape \(2,\) for a derivative of shape \(3,\)"),
        (lambda g: 1.0, ValueError, r"shape \(\)"),
        (lambda g: g * 1j, TypeError, "complex128 for a derivative of dtype float64"),
        (lambda g: "abc", TypeError, "returned"),
        (lambda g: [None] * 3, TypeError, "returned"),
    ],
)
def test_answers_that_do_not_fit(answer: Any, error: Any, message: str):
    for order in (1, 2):
        f = lambda x: outer(ga.tap(x, answer))  # noqa: E731
        with pytest.raises(error, match=message):
            ga.grad(f)(X) if order == 1 else ga.hessian(f)(X)
    with pytest.raises(error, match=message):
        ga.jvp(lambda x: outer(ga.tap(x, answer)), (X,), (V,))


def test_a_callback_that_cannot_be_called():
    with pytest.raises(TypeError, match="tap takes a value and a function"):
        ga.tap(X, None)  # type: ignore[arg-type]


# --- with the rest ----------------------------------------------------------------------------------------------------


def test_arrays_that_a_callback_makes_are_plain():
    """Also in forward mode, where drop-in mode goes on around it."""
    kinds: list[Any] = []

    def callback(g: Any) -> Any:
        made = np.zeros(3)
        for i in range(3):
            made[i] = g[i]
        kinds.append(made)
        return made

    def f(x: Any) -> Any:
        out = np.zeros(3)
        for i in range(3):
            out[i] = x[i] ** 2
        return np.sum(ga.tap(out, callback) ** 2)

    np.testing.assert_allclose(ga.grad(f)(X), 4 * X**3)
    np.testing.assert_allclose(ga.jvp(f, (X,), (V,))[1], 4 * X**3 @ V)
    assert [type(made) for made in kinds] == [np.ndarray] * 2  # out here, where drop-in mode does not answer


def test_a_nan_that_a_mask_leaves_out():
    """The sweep is done with care then; the derivative is that of the function without a tap."""
    x = np.array([0.0, 4.0, -1.0])
    for size in (1, 2**18):
        seen = Seen()

        def f(x: Any, y: Any, callback: Any = seen) -> Any:
            return np.sum(np.where(y > 0, np.sqrt(ga.tap(x, callback)) * np.log(y), 0.0))

        y = np.repeat(x, size)
        with np.errstate(all="ignore"):
            found = ga.grad(f, (0, 1))(y, y)
            expected = ga.grad(lambda x, y: np.sum(np.where(y > 0, np.sqrt(x) * np.log(y), 0.0)), (0, 1))(y, y)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(seen.all[-1], found[0])
    for size in (1, 2**18):  # the mask is known below the tap
        with np.errstate(all="ignore"):
            found = ga.grad(lambda x: np.sum(np.where(x > 0, ga.tap(np.sqrt(x), Seen()), 0.0)))(np.repeat(x, size))
        np.testing.assert_array_equal(found, np.repeat([0.0, 0.25, 0.0], size))
    seen = Seen()
    with np.errstate(all="ignore"):  # what it has shown is the same in the second sweep, and is not shown again
        ga.grad(lambda x: np.sum(ga.tap(np.where(x > 0, np.log(x), 0.0), seen)))(x)
    np.testing.assert_array_equal(seen.all, [np.ones(3)])


@pytest.mark.parametrize("size", [1, 2**17])
@pytest.mark.parametrize(
    "f",
    [
        lambda x, t: np.sum(t(np.log(x)) * np.repeat([0.0, 1.0, 0.0], len(x) // 3)),
        lambda x, t: np.sum(np.exp(t(np.log(x)))[1:]),
        lambda x, t: np.sum(np.sqrt(t(x) ** 2)),
        lambda x, t: np.sum(np.where(x > 0, t(1 / x), 0.0) ** 2),
        lambda x, t: np.sum(np.where(x > 0, t(np.sqrt(x)), 0.0) * np.where(x > 0, np.log(x), 0.0)),
    ],
)
def test_which_zeros_win_over_infinities_is_as_without_it(f: Any, size: int):
    x = np.repeat([0.0, 4.0, -1.0], size)
    for transform in (ga.grad, ga.hessian, ga.jacrev, ga.jacfwd)[: 1 if size > 1 else None]:
        with np.errstate(all="ignore"):
            found = transform(lambda x: f(x, lambda y: ga.tap(y, Seen())))(x)
            np.testing.assert_array_equal(found, transform(lambda x: f(x, lambda y: y))(x))


def test_under_detect_anomaly():
    seen = Seen()
    with ga.detect_anomaly():
        np.testing.assert_array_equal(ga.grad(seen.f)(X), ga.grad(untapped)(X))
    np.testing.assert_allclose(seen.all, [COTANGENT], rtol=1e-7)


def test_in_a_loop_with_updates_in_place():
    seen = Seen()

    def f(x: Any) -> Any:
        x = x * 1
        for _ in range(3):
            x *= 2
            x = ga.tap(x, seen)
            x[1:] += x[0]
        return np.sum(x)

    plain = lambda x: np.sum(x[1:] * 8 + x[0] * (2 * 4 + 4 * 2 + 8)) + 8 * x[0]  # noqa: E731
    np.testing.assert_allclose(ga.grad(f)(X), numeric_jacobian(plain, X), rtol=1e-8)
    assert len(seen.all) == 3
    ga.check_grads(f, (X,))
