"""Programs of functions that are made anew for each call: one for what differs in variables alone, and none too few."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", "1.15", reason="SciPy is an optional companion; older ones have other functions")
import gradarray as ga
from gradarray.solvers import written
from gradarray.solvers.written import OfValues

Y = np.array([0.5, 2.0])


@pytest.fixture(autouse=True)
def at_once(monkeypatch: Any) -> None:
    """Write each program when it is first asked for, and with none of other tests."""
    monkeypatch.setattr(written, "_REPEATS", 1)
    monkeypatch.setattr(written, "_programs", {})


def computed(f: Any, t: Any, y: Any) -> Any:
    return f(t, y)


def twice(f: Any, t: Any, y: Any) -> Any:
    return 2 * f(t, y)


def right(function: OfValues, computes: Callable[..., Any] = computed, t: float = 0.25) -> None:
    """Compare a program with the function that it is of."""
    program = function.program(computes, 1)
    assert program is not None
    np.testing.assert_allclose(program(t, Y), computes(function, t, Y), rtol=1e-14)


class Scaled:
    def __init__(self, scale: float) -> None:
        self.scale = scale

    def method(self, t: Any, y: Any) -> Any:
        return self.scale * y

    __call__ = method


def by_default(scale: Any) -> Any:
    return lambda t, y, scale=scale: scale * y


def by_keyword(scale: Any) -> Any:
    def f(t: Any, y: Any, *, scale: Any = scale) -> Any:
        return scale * y

    return f


def by_partial(scale: Any) -> Any:
    return functools.partial(lambda scale, t, y: scale * y, scale)


def by_word(scale: Any) -> Any:
    return functools.partial(lambda t, y, scale: scale * y, scale=scale)


def by_inner(scale: Any) -> Any:
    def inner(y: Any) -> Any:
        return scale * y

    return lambda t, y: inner(y) + inner(y)


def by_itself(scale: Any) -> Any:
    def f(t: Any, y: Any, left: int = 2) -> Any:
        return scale * y if left == 0 else f(t, y, left - 1)

    return f


MAKERS = [
    *(lambda scale: lambda t, y: scale * y, by_default, by_keyword, by_partial, by_word, by_inner, by_itself),
    *(Scaled, lambda scale: Scaled(scale).method),
]


@pytest.mark.parametrize("number", range(len(MAKERS)))
def test_functions_that_hold_other_constants(number: int) -> None:
    made = MAKERS[number]
    for scale in (2.0, 3.0, 3, -1.5):
        right(OfValues(made(scale), ()))


@pytest.mark.parametrize("number", range(7))
def test_functions_that_hold_other_variables_share_a_program(number: int) -> None:
    made = MAKERS[number]
    for scale in (2.0, 3.0, -1.5):
        function = OfValues(made(ga.tensor(scale)), ())
        assert function.variables == [0] and function.values == [scale]
        right(function)
    assert [p.written for p in written._programs.values()] == [1]


def test_functions_that_hold_the_same_variables_elsewhere() -> None:
    for order in (1, -1):
        p, q = [ga.tensor(3.0), ga.tensor(5.0)][::order]
        right(OfValues(lambda t, y, p=p, q=q: p * y - q, ()))

    def of_two(first: Any, second: Any) -> Any:
        return lambda t, y: first * y - second

    p, q = ga.tensor(3.0), ga.tensor(5.0)
    for pair in ((p, q), (q, p), (p, 5.0), (3.0, q), (p, p)):
        right(OfValues(of_two(*pair), ()))


def test_what_is_made_of_a_function_is_told_apart() -> None:
    function = OfValues(lambda t, y: y + 1, ())
    for of in (lambda f: lambda t, y: f(t, y) ** 2, lambda f: lambda t, y: 7 * f(t, y)):
        right(function.seen_as(of))
    right(function)
    right(function, twice)


def test_last_arguments() -> None:
    def f(t: Any, y: Any, first: Any, second: Any) -> Any:
        return first * y + second

    for first in (np.array([1.0, 2.0]), np.array([3.0, 5.0])):
        function = OfValues(f, (ga.tensor(first), np.array(first + 1)))
        assert function.variables == [0]
        right(function)
    assert [p.written for p in written._programs.values()] == [1]
    for number in (2.0, 3.0):
        right(OfValues(f, (number, Y)))


def test_only_variables_are_changed() -> None:
    constant = np.array([2.0, 3.0])
    function = OfValues(lambda t, y, p, q: p * y + q, (ga.tensor(5.0), constant))
    base, moved = function(0.0, Y), function.changed(1e-3)(0.0, Y)
    assert np.all(np.abs(moved - base) < 0.1) and np.all(moved != base)
    apart = moved - base
    np.testing.assert_allclose(apart / Y, apart[0] / Y[0], rtol=1e-9)  # of the first one alone
    pair = ga.tensor(5.0), 2  # of which the second one is none
    np.testing.assert_array_equal(OfValues(lambda t, y: y ** pair[1] + 0 * pair[0], ()).changed(0.1)(0.0, Y), Y**2)


def test_no_more_programs_than_are_kept(monkeypatch: Any) -> None:
    monkeypatch.setattr(written, "_MOST", 3)
    for scale in range(8):
        right(OfValues(lambda t, y, scale=scale: scale * y, ()))
        assert len(written._programs) <= 3


def test_no_program_before_it_pays(monkeypatch: Any) -> None:
    monkeypatch.setattr(written, "_REPEATS", 10)
    function = OfValues(lambda t, y: 2 * y, ())
    assert function.program(computed, 4) is None and function.program(computed, 5) is None
    assert function.program(computed, 1) is not None


def test_a_function_with_too_many_branches_has_no_program() -> None:
    function = OfValues(lambda t, y: y if t < 1 else y * 2 if t < 2 else y * 3 if t < 3 else y * 4, ())
    for t in range(4):
        right(function, t=t + 0.5)
    calls: list[int] = []

    def f(t: Any, y: Any) -> Any:
        for k in range(20):
            if t < k:
                return k * y
        return y

    many = OfValues(f, ())
    for t in range(20):
        program = many.program(computed, 1)
        if program is None:
            break
        calls.append(t)
        try:
            np.testing.assert_allclose(program(t + 0.5, Y), f(t + 0.5, Y))
        except ga.JitError:
            continue
    assert 4 <= len(calls) <= 6


def test_a_function_of_which_there_is_no_program_is_tried_once() -> None:
    def f(t: Any, y: Any) -> Any:
        return y if t > 0 else later

    function = OfValues(f, ())  # whose closure is bound to nothing yet
    program = function.program(computed, 1)
    assert program is not None
    with pytest.raises(ga.JitError):
        program(1.0, Y)
    assert function.program(computed, 1) is None
    later = Y
    right(OfValues(f, ()))
