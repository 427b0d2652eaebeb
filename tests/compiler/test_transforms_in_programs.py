"""Transforms, and what users declare, within ga.jit: one program, right at other points, to the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.transforms.containers import flatten

POINTS = [np.random.default_rng(k).normal(size=3) for k in range(3)]


@ga.custom_gradient
def log1pexp(x: Any) -> Any:
    e = np.exp(x)
    return np.log1p(e), lambda g: g * (1 - 1 / (1 + e))


@ga.checkpoint
def block(x: Any) -> Any:
    return np.tanh(np.sin(x) * 2)


root = ga.implicit_root(lambda x, a: x**3 + x - a, lambda a: newton(a))


def newton(a: Any, x: float = 0.0) -> Any:
    for _ in range(40):
        x = x - (x**3 + x - a) / (3 * x**2 + 1)
    return x


def curved(x: Any) -> Any:
    return np.sum(x**3 * x[0]) + np.prod(x)


def filled(x: Any) -> Any:
    out = np.zeros(3)
    for i in range(3):
        out[i] = math.sin(x[i]) * float(x[0])
    return np.sum(out * np.array([x[1], 2.0, x[2]]))


def written(x: Any) -> Any:
    """Each operand is written into after a call that its derivative needs."""
    w = np.cos(x) * 0 + np.array([0.5, -1.0, 2.0])
    total = np.sum(x * w) + np.dot(x, w) + np.sum(np.where(w > 0, x, x**2) * w)
    w *= 3.0
    total = total + np.sum(w * x)
    w[...] = 0.0
    view = x[1:]
    squares = view * view
    x[...] = 1.0
    return total + np.sum(squares) + np.sum(x)


def beside(x: Any, w: Any) -> Any:
    """The same of an array that is no variable, and of indices."""
    w = w.copy()
    places = np.argsort(np.abs(w)).copy()
    total = np.sum(x * w * x) + np.sum(np.multiply(w, x) ** 2) + np.sum(x[places] * np.take(x, places))
    w += 1.0
    places[:] = 0
    return total + np.dot(w[1:], x[1:]) * x[0]


def same(found: Any, expected: Any) -> None:
    for x, y in zip(flatten(found)[0], flatten(expected)[0], strict=True):
        assert type(x) is type(y)
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_array_equal(x, y)


TRANSFORMS: dict[str, Callable[..., Any]] = {
    "grad": ga.grad,
    "jvp": lambda f: lambda x: ga.jvp(f, (x,), (np.cos(x),)),
    "jacobian of grad": lambda f: ga.jacobian(ga.grad(f)),
    "hessian": ga.hessian,
    "hvp": lambda f: lambda x: ga.hvp(f)(x, np.cos(x)),
    "vjp": lambda f: lambda x: ga.vjp(f, x)[1](2.0),
    "grad of jvp": lambda f: ga.grad(lambda x: ga.jvp(f, (x,), (np.ones(3),))[1]),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "plain": curved,
    "filled": filled,
    "written": written,
    "custom_gradient": lambda x: np.sum(log1pexp(x) * x),
    "checkpoint": lambda x: np.sum(block(x) * x[1]),
    "implicit_root": lambda x: np.sum(root(x[0] * x[1]) * x),
}
# Checkpoints and roots found elsewhere have no second derivatives of each kind; what does not work is no matter of
# programs.


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_program_is_right_elsewhere(name: str, transform: str) -> None:
    derivative = TRANSFORMS[transform](FUNCTIONS[name])
    run = ga.jit(derivative, strict=True)
    for x in (*POINTS, POINTS[0]):
        same(run(x.copy()), derivative(x.copy()))
    assert [len(runs) for runs in run._runs.values()] == [1]


@pytest.mark.parametrize("transform", [ga.grad, ga.hessian, lambda f: ga.jacobian(ga.grad(f))])
def test_an_operand_that_is_written_into_later(transform: Any) -> None:
    derivative = transform(beside)
    run = ga.jit(derivative, strict=True)
    for x, w in zip(POINTS, [y + 1 for y in POINTS[::-1]], strict=True):
        before = w.copy()
        same(run(x, w), derivative(x, w))
        np.testing.assert_array_equal(w, before)
    assert [len(runs) for runs in run._runs.values()] == [1]


def test_a_training_step_with_tensors() -> None:
    def step(w: Any, x: Any) -> Any:
        t = ga.tensor(w)
        loss = np.mean((x @ t - 1) ** 2)
        loss.backward()
        w -= 0.1 * t.grad
        return loss.item()

    run, x = ga.jit(step, strict=True), np.random.default_rng(0).normal(size=(5, 3))
    ours, plain = POINTS[0].copy(), POINTS[0].copy()
    for _ in range(4):
        assert run(ours, x) == step(plain, x)
        np.testing.assert_array_equal(ours, plain)
    assert [len(runs) for runs in run._runs.values()] == [1]


def test_copies_that_are_written_into_are_not_shared() -> None:
    def copies(x: Any) -> Any:
        a = np.array(x, copy=True)
        a *= 2.0
        b = np.array(x, copy=True)
        return a + b * x

    run = ga.jit(copies, strict=True)
    for x in POINTS:
        same(run(x), copies(x))


def accumulated(x: Any, y: Any) -> Any:
    q, p, r = np.zeros(3), np.zeros((3, 2)).T, np.zeros(())
    for i in range(3):
        q += y[i]
        p *= y[i]
        p += y[0]
        r -= y[i]
        q[i] *= y[i]
        q[...] = np.tanh(q)
    s = y[1]
    s += y[2]
    return np.sum(q * x) + np.sum(p) * x[0] + r * x[1] + s


@pytest.mark.parametrize("argnums", [0, 1, (0, 1)])
def test_constants_are_updated_by_constants(argnums: Any) -> None:
    """What is no variable here is none of the program's constants for all that."""
    derivative = ga.value_and_grad(accumulated, argnums)
    run = ga.jit(derivative, strict=True)
    for x, y in zip(POINTS, POINTS[1:] + POINTS[:1], strict=True):
        same(run(x, y), derivative(x, y))
    assert [len(runs) for runs in run._runs.values()] == [1]


def test_writing_into_what_asarray_gives_reaches_the_argument() -> None:
    def through(x: Any) -> Any:
        np.asarray(x)[0] = 5.0
        return np.sum(x)

    run = ga.jit(through, strict=True)
    for x in POINTS:
        ours, plain = x.copy(), x.copy()
        same(run(ours), through(plain))
        np.testing.assert_array_equal(ours, plain)


def test_numbers_of_pythons_stay_numbers() -> None:
    """So that they do not widen an array of single precision."""

    def numbers(x: Any) -> Any:
        z = complex(x[0], x[1])
        listed = x.tolist()
        return x.astype(np.float32) * float(x[0]) * listed[1] * z.conjugate().imag * round(listed[2], 1)

    run = ga.jit(numbers, strict=True)
    for x in POINTS:
        same(run(x), numbers(x))
    assert [len(runs) for runs in run._runs.values()] == [1]
