"""Programs: written at one point, right at others."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Hashable, Iterable, Sequence, Sized
from numbers import Real
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.program import forms

X = np.linspace(-1.0, 1.0, 15).reshape(5, 3)
Y = np.eye(2)[[0, 1, 1, 0, 1]]


def softmax_loss(W: Any, b: Any) -> Any:
    z = X @ W + b
    return -np.mean(np.sum(Y * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))), axis=1))


def root(a: Any) -> Any:
    y = a * 0 + 1
    while np.max(np.abs(y * y - a)) > 1e-10:
        y = 0.5 * (y + a / y)
    return np.sum(y)


def branch(x: Any) -> Any:
    return np.sum(x**2) if x[0] > 0 else np.sum(np.sin(x))


def masked(x: Any) -> Any:
    return np.sum(x[x > 0] ** 3) + np.max(np.sort(x))


def filled(x: Any) -> Any:
    out = np.zeros(3)
    for i in range(3):
        out[i] = x[i] ** 2
    return np.sum(out * x)


POINTS = [np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 0.5]), np.array([0.0, -2.0, 1.0])]
CASES: list[tuple[Callable[..., Any], list[tuple[Any, ...]]]] = [
    (softmax_loss, [(np.ones((3, 2)), np.zeros(2)), (np.eye(3, 2), np.ones(2))]),
    (root, [(np.array([2.0, 3.0]),), (np.array([1e4, 0.1]),)]),
    *[(f, [(x,) for x in POINTS]) for f in (branch, masked, filled)],
]


@pytest.mark.parametrize(("f", "points"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_values_and_gradients_are_those_without_a_program(f: Any, points: Any) -> None:
    plain = ga.value_and_grad(f, argnums=tuple(range(len(points[0]))))
    run, forward = ga.jit(plain, strict=True), ga.jit(f, strict=True)
    for point in (*points, *points):
        value, gradients = plain(*point)
        found, programs = run(*point)
        assert found == value
        assert forward(*point) == f(*point)
        for a, b in zip(programs, gradients, strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_a_closure_refers_to_is_taken_by_reference() -> None:
    scale, shift = np.ones(2), 1.0
    run = ga.jit(lambda x: x * scale + shift, strict=True)
    np.testing.assert_array_equal(run(np.ones(2)), [2, 2])
    scale[:] = 3
    np.testing.assert_array_equal(run(np.ones(2)), [4, 4])
    shift = 2.0
    np.testing.assert_array_equal(run(np.ones(2)), [5, 5])
    scale = np.zeros(2)
    np.testing.assert_array_equal(run(np.ones(2)), [2, 2])


def test_arguments_are_written_into_as_the_function_does() -> None:
    def step(w: Any) -> Any:
        w -= 0.5 * ga.grad(lambda v: np.sum(v**2))(w)
        return float(w[0]) > 2

    w, plain = np.array([4.0, 1.0]), np.array([4.0, 1.0])
    run = ga.jit(step, strict=True)
    for _ in range(3):
        assert run(w) == step(plain)
        np.testing.assert_array_equal(w, plain)


def test_an_argument_is_left_alone_where_the_function_does_so() -> None:
    x = np.ones(3)
    ga.jit(ga.grad(lambda v: np.sum(v * v)))(x)
    np.testing.assert_array_equal(x, np.ones(3))


def test_errors_are_those_of_the_function() -> None:
    def fails(x: Any) -> Any:
        if np.sum(x) > 5:
            raise ValueError("too much")
        return x[2]

    run = ga.jit(fails, strict=True)
    assert run(np.ones(3)) == 1
    with pytest.raises(ValueError, match="too much"):
        run(np.full(3, 2.0))
    with pytest.raises(IndexError):
        run(np.ones(2))


def test_jit_within_jit_and_within_a_transform() -> None:
    square = ga.jit(lambda x: np.sum(x**2))
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(ga.grad(square)(x), [2, 4])
    assert ga.jit(lambda x: square(x) + 1, strict=True)(x) == 6


def test_static_arguments() -> None:
    @ga.jit(static_argnums=1, strict=True)
    def power(x: Any, n: int) -> Any:
        return x**n if n > 0 else x

    assert power(3.0, 2) == 9
    assert power(3.0, 3) == 27
    with pytest.raises(TypeError, match="hash"):
        power(3.0, [])


def test_a_number_is_no_collection() -> None:
    def kinds(x: Any) -> Any:
        first = x[0]
        return [
            isinstance(first, kind)
            for kind in (Iterable, Sized, Container, Sequence, Hashable, Real, float, np.floating)
        ] + [isinstance(x, kind) for kind in (Iterable, Sized, Hashable, np.ndarray)]

    assert ga.jit(kinds, strict=True)(np.ones(2)) == kinds(np.ones(2))
    for misuse in (iter, len, lambda x: 1 in x):
        with pytest.raises(TypeError):
            ga.jit(lambda x: misuse(x[0]), strict=True)(np.ones(2))  # noqa: B023 - it is called at once


def test_an_array_of_one_element_is_a_number_to_math() -> None:
    def slope(x: Any) -> Any:
        return ga.grad(lambda x: math.sin(np.reshape(x[0], (1,))) * x[1])(x)

    x = np.array([0.3, 2.0])
    np.testing.assert_array_equal(ga.jit(slope, strict=True)(x), slope(x))


def test_a_truth_value_of_numbers_is_a_result_like_others() -> None:
    for f in (lambda x, y: (x * y, x * y < 1), lambda x, y: {"small": x * y < 1}, lambda x, y: x * y < 1):
        run = ga.jit(f, strict=True)
        for point in ((0.3, 0.2), (3.0, 2.0), (0.1, 2.0)):
            found, expected = run(*point), f(*point)
            assert found == expected
            assert repr(found) == repr(expected)


def test_what_no_program_can_be_written_for_has_a_public_error() -> None:
    def noisy(x: Any) -> Any:
        return x + np.random.default_rng().normal()

    assert issubclass(ga.JitError, TypeError)
    assert f"{ga.JitError.__module__}.{ga.JitError.__qualname__}" == "gradarray.JitError"
    with pytest.raises(ga.JitError, match="random numbers"):
        ga.jit(noisy, strict=True)(2.0)
    with pytest.raises(ga.JitError, match="random numbers"):
        ga.source(noisy, 2.0)
    with pytest.raises(TypeError) as misuse:
        ga.source(ga.jit(noisy), ga.Tensor(2.0))
    assert type(misuse.value) is TypeError


def test_more_texts_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "_MOST", 3)
    monkeypatch.setattr(forms, "_forms", {})

    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * 3 + np.exp(-x) / (1 + x**2) - x[0])

    x = np.array([0.3, 1.5])
    assert ga.jit(f, strict=True)(x) == f(x)
    np.testing.assert_array_equal(ga.jit(ga.grad(f), strict=True)(x), ga.grad(f)(x))
    assert len(forms._forms) <= 3


def test_programs_of_the_same_text_are_apart() -> None:
    def scaled(scale: Any) -> Any:
        return ga.jit(lambda x: x * scale - np.sin(x), strict=True)

    whole, half = scaled(np.array([1.0, 2.0])), scaled(np.array([0.5, 1.0]))
    for n in range(1, 4):
        x = np.full(2, float(n))
        np.testing.assert_array_equal(whole(x), x * [1, 2] - np.sin(x))
        np.testing.assert_array_equal(half(x), x * [0.5, 1] - np.sin(x))
