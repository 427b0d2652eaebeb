"""Lists of numbers as arguments: what a function hands to NumPy as it was given is a list of variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: np.sum(x),
    "a function of NumPy's itself": np.linalg.norm,
    "a ufunc itself": np.sin,
    "outer": lambda x: np.outer(x, x),
    "median": lambda x: np.median(x),
    "linspace": lambda x: np.linspace(x, 9.0, 4),
    "values of a dict": lambda x: np.sum(list({"a": x}.values())),
}
START = np.array([0.3, 1.7, -0.4])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_list_has_the_derivatives_of_an_array(name: str) -> None:
    f, x = FUNCTIONS[name], [*map(float, START)]
    jacobian = np.asarray(ga.jacobian(lambda x: f(x * 1.0))(START))
    ones = np.ones(jacobian.shape[:-1])
    np.testing.assert_allclose(np.moveaxis(np.asarray(ga.jacobian(f)(x)), 0, -1), jacobian)
    value, pull = ga.vjp(f, x)
    np.testing.assert_array_equal(value, f(START))
    np.testing.assert_allclose(pull(ones)[0], np.tensordot(ones, jacobian, ones.ndim))
    np.testing.assert_allclose(ga.jvp(f, (x,), ([1.0, 2.0, 3.0],))[1], jacobian @ [1.0, 2.0, 3.0])
    np.testing.assert_allclose(ga.linearize(f, x)[1]([1.0, 2.0, 3.0]), jacobian @ [1.0, 2.0, 3.0])
    ga.check_grads(f, (x,))


def test_nested_lists_and_several_arguments() -> None:
    found = ga.jacobian(np.append, argnums=(0, 1))([[1.0, 2.0]], [[3.0]])
    np.testing.assert_array_equal(found[0][0], np.eye(3)[:2])
    ga.check_grads(lambda a, b: np.append(a, b, axis=0), ([[1.0, 2.0]], [[3.0, 4.0]]))
    ga.check_grads(np.hypot, ([1.0, 2.0], [3.0, 4.0]))
    ga.check_grads(lambda p: np.sum(p["a"]) * np.max(p["b"]), ({"a": [1.0, 2.0], "b": (3.0, 4.0)},))
