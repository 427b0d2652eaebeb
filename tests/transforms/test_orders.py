"""Second and third derivatives of whole programs, in every combination of forward and reverse mode.

tests/rules/test_rules.py does the same for each function by itself; here are updates in place, views, loops and
branches.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradarray as ga
from tests.checks import difference
from tests.forward.test_dual import random_steps, updated_in_place
from tests.test_programs import start

Function = Callable[[Any], Any]

X = np.array([[0.5, -0.3, 0.9], [1.2, 0.7, -0.4]])


# --- programs, each with a scalar result -----------------------------------------------------------------------------


def branches(x: Any) -> Any:
    total = 0.0
    for row in x:
        for e in row:
            total = total + (e**3 if e > 0 else np.sin(e) * x[0, 0])
    return total


def fills_zeros(x: Any) -> Any:
    y = np.zeros_like(x)
    for i in range(2):
        y[i] = np.tanh(x[1 - i]) * x[i, 0]
    return np.sum(y * x)


def fills_zeros_by_like(x: Any) -> Any:
    y = np.zeros(4, like=x)
    y[0] = x[0, 0] * x[1, 1]
    for i in range(1, 4):
        y[i] = np.sin(y[i - 1]) * x[1, 0] + x[0, 1]
    return np.sum(y**2)


def updates_its_argument(x: Any) -> Any:
    x[0] *= x[1]
    x += 1.0
    x[:, 1:] = x[:, :-1] * x[1, 2]
    return np.sum(x**3)


def writes_through_views(x: Any) -> Any:
    y = x * x
    column, flat = y.T[1], y.reshape(-1)
    column += x[:, 0]
    flat[::2] = np.exp(x[0]) * column[0]
    np.add.at(flat, [0, 0, 3], x[1])
    return np.prod(column) + np.sum(np.sin(y))


def uses_out(x: Any) -> Any:
    y = np.empty_like(x)
    np.multiply(x, x[::-1], out=y)
    np.exp(y, out=y, where=np.array([[True, False, True], [False, True, False]]))
    np.copyto(y[:1], x[1] * y[1])
    return np.sum(y * y)


def sorts(x: Any) -> Any:
    y = np.sin(x)
    y.sort(axis=1)
    return np.sum(y**2 * np.arange(3.0)) + np.max(x) ** 3


def solves(x: Any) -> Any:
    a = x @ x.T + np.eye(2)
    return np.linalg.slogdet(a)[1] + np.sum(np.linalg.solve(a, x) ** 2)


def convolves(x: Any) -> Any:
    return np.sum(np.convolve(x[0], x[1]) ** 2) + np.var(x) * np.linalg.norm(x)


def complex_inside(x: Any) -> Any:
    z = x[0] + 1j * x[1]
    z.imag *= x[0]
    return np.sum(np.abs(np.fft.fft(z**2)) ** 2)


PROGRAMS: list[Function] = [
    branches,
    fills_zeros,
    fills_zeros_by_like,
    updates_its_argument,
    writes_through_views,
    uses_out,
    sorts,
    solves,
    convolves,
    complex_inside,
]


# --- derivatives along directions ------------------------------------------------------------------------------------


def forward(f: Function, t: Any) -> Function:
    """Return the derivative of a scalar function along a direction, by forward mode."""
    return lambda x: ga.jvp(f, (x,), (t,))[1]


def reverse(f: Function, t: Any) -> Function:
    """The same by reverse mode."""
    return lambda x: np.sum(ga.grad(f)(x) * t)


MODES = {"forward": forward, "reverse": reverse}
COMBINATIONS = [pytest.param(pair, id=" over ".join(pair)) for pair in itertools.product(MODES, repeat=2)]


def directions(count: int, shape: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(11)
    return [rng.normal(size=shape) for _ in range(count)]


def numeric(f: Function, t: Any) -> Any:
    """Return the derivative along a direction by differences of the plain function."""
    return difference(lambda x: [f(x.copy())], [X], [t])[0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_first_order_by_differences_of_the_program(f, mode):
    (t,) = directions(1, X.shape)
    np.testing.assert_allclose(MODES[mode](f, t)(X), numeric(f, t), 1e-7)


@pytest.mark.parametrize("modes", COMBINATIONS)
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_second_order_by_differences_of_the_first(f, modes):
    t, d = directions(2, X.shape)
    outer, inner = modes
    # The first derivative on plain arrays is tested above, against differences of the program.
    expected = numeric(MODES[inner](f, t), d)
    np.testing.assert_allclose(MODES[outer](MODES[inner](f, t), d)(X), expected, 1e-7)


@pytest.mark.parametrize("f", [fills_zeros, writes_through_views, solves, branches], ids=lambda f: f.__name__)
def test_third_order_is_the_same_in_all_eight_combinations(f):
    t, d, e = directions(3, X.shape)
    expected = numeric(forward(forward(f, t), d), e)
    for first, second, third in itertools.product(MODES.values(), repeat=3):
        np.testing.assert_allclose(third(second(first(f, t), d), e)(X), expected, 1e-6)


def test_the_callers_array_survives_every_combination():
    t, d = directions(2, X.shape)
    x = X.copy()
    for outer, inner in itertools.product(MODES.values(), repeat=2):
        outer(inner(updates_its_argument, t), d)(x)
        np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_an_argument_updated_inside_does_not_reach_the_outer_function(outer, inner):
    t, d = directions(2, X.shape)

    def f(x):
        y = x * 1.0
        return MODES[inner](updates_its_argument, t)(y) * np.sum(y**2)

    np.testing.assert_allclose(MODES[outer](f, d)(X), numeric(f, d), 1e-7)


# --- random programs -------------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=8))
def test_random_programs_of_views_and_updates(numbers):
    steps, arrays = random_steps(numbers)
    program = updated_in_place(steps)
    rng = np.random.default_rng(2)
    weights = [rng.normal(size=np.shape(x)) for x in arrays]
    rest = start()[1:]
    x = start()[0]
    t, d = (rng.normal(size=x.shape) for _ in range(2))

    def f(x):
        # All of them depend on x, since a plain array cannot be updated with a variable.
        values = program(x, *[y + 0 * np.sum(x) for y in rest])
        return sum(np.sum(w * np.sin(y)) for w, y in zip(weights, values, strict=True))

    (expected,) = difference(lambda x: [forward(f, t)(x)], [x], [d])
    for outer, inner in itertools.product(MODES.values(), repeat=2):
        np.testing.assert_allclose(outer(inner(f, t), d)(x), expected, 1e-6, 1e-6)
