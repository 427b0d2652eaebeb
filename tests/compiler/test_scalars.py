"""Programs compute with numbers of Python's where scalars are, and nobody can tell: not by bits, types or warnings."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.jit import Jitted

from .test_optimised import SPECIAL, compare, silenced, text_of

rng = np.random.default_rng(0)

SCALAR: list[Any] = [
    lambda x, y: np.exp(x * y) - x / y,
    lambda x, y: (x + 1) * (y - 2.5) / 3 - -x,
    lambda x, y: np.tanh(np.exp(x * 2 + y)) * y,
    lambda x, y: x**2 + y**3 - x**-1,
    lambda x, y: np.maximum(x - y, 0) * (x + y) if x * y > 1 else x - 2 * y,
    lambda x, y: abs(x - y) * np.sign(x * y + 1),
    lambda x, y: (x * y, x + y, 2 * (x + y), np.array([x * y, y]), x * y < 1),
    lambda x, y: (x * y < 1, x * y + 1 if x * y < 1 else x),
    lambda x, y: 1 / np.exp(-(x * x)) + 1 / (y * y),
    lambda x, y: (x * y) * np.array([1.0, 2.0]) + np.array([1, 2], np.float32) * (x + y),
]


@pytest.mark.parametrize("f", SCALAR, ids=range(len(SCALAR)))
@pytest.mark.parametrize("kind", [np.float64, np.array, float, np.float32])
def test_bits_and_types_stay(f: Any, kind: Any) -> None:
    def gradient(x: Any, y: Any) -> Any:
        return ga.grad(lambda x, y: np.sum(np.asarray(f(x, y)[1] if type(f(x, y)) is tuple else f(x, y))), (0, 1))(x, y)

    with np.errstate(all="ignore"):
        special = [kind(x) for x in (0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1.7e308)]
    points = [(kind(a), kind(b)) for a, b in rng.normal(size=(3, 2))]
    if kind is not float:  # with which Python itself raises
        points += itertools.product(special[::3], special[1::2])
    for around in (None, silenced):  # NumPy's settings are those that everybody has, or others
        compare(f, *points, around=around)
        compare(gradient, *points, around=around)


def chain(x: Any) -> Any:
    y = x
    for _ in range(3):
        y = np.tanh(y * y * x + 0.5) * x
    return y


def test_python_computes() -> None:
    text = text_of(ga.value_and_grad(chain), np.array(0.5))
    assert "float(np.tanh(" in text
    assert text.count("np.float64(") == 1  # the value
    assert "float(" not in text_of(ga.value_and_grad(chain), np.array(0.5, np.float32))
    assert "float(" not in text_of(lambda x: np.sin(np.exp(x)), np.array(0.5))  # there is nothing to win


def told(f: Any, *args: Any) -> tuple[Any, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = f(*args)
    return value, [str(w.message) for w in caught]


@pytest.mark.parametrize("bad", [1e200, -1e308, np.inf, np.nan, 0.0])
def test_numpy_says_what_it_would_say(bad: float) -> None:
    def f(x: Any) -> Any:
        return np.tanh(x * x - 1 / x) + 1 / (1 + x * x * x * x) + np.exp(-(x * x * x * x)) * np.float64(2)

    run = ga.jit(f, strict=True)
    for x in (0.5, bad, bad, 0.5, bad):
        value = np.float64(x)
        (expected, said), (found, heard) = told(f, value), told(run, value)
        np.testing.assert_array_equal(found, expected)
        assert set(heard) == set(said)  # what is equal is computed once; the program that fails has its say too
    assert len(programs(run)) == 1 + (bad != 0.5)


def programs(run: Jitted[Any, Any]) -> list[Any]:
    return [program for some in run._runs.values() for program in some]


def test_errors_that_the_user_asks_for_are_raised() -> None:
    run = ga.jit(lambda x: np.tanh(x * x + 1.0), strict=True)
    tiny = ga.jit(lambda x: np.tanh(x * x + 1.0), strict=True)
    run(np.float64(2)), tiny(np.float64(2))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
        run(np.float64(1e200))
    with np.errstate(under="raise"), pytest.raises(FloatingPointError, match="underflow"):
        tiny(np.float64(1e-200))
    for _ in range(40):  # blocks, each with settings of its own, share one program
        with np.errstate(under="raise"):
            assert run(np.float64(2)) == np.tanh(5.0)
    assert len(programs(run)) == 2


def test_large_numbers_do_not_stop_a_program() -> None:
    def f(x: Any) -> Any:
        return np.tanh(x * 1.0) + np.tanh(x * 1.5) + np.tanh(x - 1)

    run = ga.jit(f, strict=True)
    for x in (1.0, 1.1e308, 1.0, -1.1e308):
        assert run(np.float64(x)) == f(np.float64(x))


def test_a_program_that_divides_by_zero_is_written_anew_once() -> None:
    slope = ga.jit(ga.grad(lambda x: np.log(x * 1.0) * x), strict=True)
    with np.errstate(all="ignore"):
        expected = ga.grad(lambda x: np.log(x * 1.0) * x)(np.array(0.0))
    for x in (1.0, 0.0, 0.0, 0.0, 2.0):
        with np.errstate(all="ignore"):
            found = slope(np.array(x))
        if not x:
            np.testing.assert_array_equal(found, expected)
    assert len(programs(slope)) == 2


def test_an_overflow_that_ends_in_a_zero_is_told() -> None:
    run = ga.jit(lambda x: 1 / (x * np.exp(x)), strict=True)
    run(np.array(0.5))
    with pytest.warns(RuntimeWarning, match="overflow encountered in .*multiply"):
        assert run(np.array(709.5)) == 0


def test_what_is_written_into_arrays_stays() -> None:
    def f(x: Any) -> Any:
        out, single = np.zeros(4), np.zeros(4, np.float32)
        for i in range(3):
            out[i] = x[i] * x[i + 1] - 1
            out[i + 1] += x[i] / 3
            single[i] = x[i] * 3
        return out, single, out[2] * x[0]

    for around in (None, silenced):
        compare(f, (rng.normal(size=4),), (SPECIAL[:4],), (SPECIAL[4:8],), (rng.normal(size=4),), around=around)
