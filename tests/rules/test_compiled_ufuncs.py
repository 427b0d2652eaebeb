"""Ufuncs and generalized ones that Numba compiles: a rule, their bodies in drop-in mode, or a word of what to write."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.rules import registry

numba = pytest.importorskip("numba", reason="Numba is not installed")

A = np.array([0.3, 0.8, 1.2])
M = np.arange(1.0, 7).reshape(2, 3) / 5


@numba.vectorize
def _late(x, y):  # compiled when it is called
    return math.sin(x) * y * y


@numba.vectorize(["float64(float64, float64)"])
def _early(x, y):
    return math.sin(x) * y * y


@numba.guvectorize(["(float64[:], float64[:], float64[:])"], "(n),(n)->()")
def _inner(a, b, total):
    total[0] = 0.0
    for i in range(a.shape[0]):
        total[0] += math.exp(a[i]) * b[i] ** 2


@numba.guvectorize(["(float64[:], float64, float64[:], float64[:])"], "(n),()->(n),()")
def _several(a, k, scaled, total):
    total[0] = 0.0
    for i in range(a.shape[0]):
        scaled[i] = a[i] * k
        total[0] += a[i] ** 2


@numba.guvectorize("(n)->(n)")
def _late_squares(a, squares):
    for i in range(a.shape[0]):
        squares[i] = a[i] ** 2


@pytest.fixture
def table() -> Iterator[None]:
    """Put the rules back as they were."""
    before = dict(registry.RULES)
    yield
    for func in [func for func in registry.RULES if func not in before]:
        del registry.RULES[func]
        for forget in registry.forgetters:
            forget(func)


def check(f: Callable[[Any], Any], x: Any, drop_in: bool) -> None:
    """Check derivatives of a function with one number for its result against differences, to the second order."""
    v, h = np.cos(np.arange(float(np.size(x)))).reshape(np.shape(x)), 1e-6
    g = ga.grad(f, drop_in=drop_in)
    slope = (f(x + h * v) - f(x - h * v)) / (2 * h)
    assert np.sum(g(x) * v) == pytest.approx(slope, rel=1e-7)
    value, tangent = ga.jvp(f, (x,), (v,), drop_in=drop_in)
    assert value == pytest.approx(f(x), rel=1e-14)
    assert tangent == pytest.approx(slope, rel=1e-7)
    curve = (g(x + h * v) - g(x - h * v)) / (2 * h)
    np.testing.assert_allclose(ga.hvp(f, drop_in=drop_in)(x, v), curve, rtol=1e-6, atol=1e-6)


def declare_sine(func: Any) -> None:
    ga.registry.elementwise(func, lambda _ans, x, y: np.cos(x) * y * y, lambda _ans, x, y: 2 * np.sin(x) * y)


def declare_inner(func: Any) -> None:
    ga.registry.rule(
        func,
        lambda g, _ans, a, b: g[..., None] * np.exp(a) * b**2,
        lambda g, _ans, a, b: g[..., None] * 2 * np.exp(a) * b,
    )


# --- with a rule ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drop_in", [True, False])
@pytest.mark.parametrize("func", [_late, _early], ids=["late", "early"])
def test_a_ufunc_takes_partial_derivatives(func: Any, drop_in: bool, table: None) -> None:
    declare_sine(func)
    check(lambda x: np.sum(func(x, A[::-1])), M, drop_in)
    check(lambda y: np.sum(func(M, y)), A, drop_in)
    check(lambda x: np.sum(func(x, x) * A), A, drop_in)
    x = ga.tensor(A)
    func(x, 2.0).sum().backward()
    np.testing.assert_allclose(x.grad, 4 * np.cos(A))
    np.testing.assert_allclose(
        ga.jacobian(lambda x: func(x, A), drop_in=drop_in)(A), np.diag(np.cos(A) * A * A), rtol=1e-14
    )
    np.testing.assert_allclose(ga.vmap(lambda x: func(x, 2.0), drop_in=drop_in)(A), func(A, 2.0), rtol=1e-15)


def test_a_rule_goes_before_the_body(table: None) -> None:
    ga.registry.elementwise(_late, lambda _ans, x, y: 100 + 0 * x * y, None)
    assert ga.grad(lambda x: _late(x, 2.0))(0.5) == 100.0
    with pytest.raises(TypeError, match="no derivative by its operand y"):
        ga.grad(lambda y: _late(0.5, y))(2.0)


def test_other_precisions_are_compiled_as_they_come(table: None) -> None:
    declare_sine(_late)
    low = A.astype(np.float32)
    found = ga.grad(lambda x: np.sum(_late(x, np.float32(2))), drop_in=False)(low)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 4 * np.cos(A), rtol=1e-6)


def test_results_go_into_an_output(table: None) -> None:
    """Numba hands it on as it is, and NumPy in a tuple."""
    for func in (_late, _early):
        declare_sine(func)
        check(lambda x, func=func: np.sum(func(x, A, out=np.zeros_like(x))), M, True)
        out = ga.tensor(np.zeros(3))
        x = ga.tensor(A)
        assert func(x, 2.0, out=out) is out
        out.sum().backward()
        np.testing.assert_allclose(x.grad, 4 * np.cos(A))


@pytest.mark.parametrize("drop_in", [True, False])
def test_a_generalized_ufunc_takes_a_rule(drop_in: bool, table: None) -> None:
    declare_inner(_inner)
    check(lambda a: np.sum(_inner(a, A) * np.array([1.0, 3.0])), M, drop_in)
    check(lambda b: np.sum(_inner(M, b) * np.array([1.0, 3.0])), A, drop_in)
    assert ga.jacobian(lambda a: _inner(a, A), drop_in=drop_in)(M).shape == (2, 2, 3)


# --- without one ------------------------------------------------------------------------------------------------------


def _filled(x: Any) -> Any:
    out = np.zeros(2)
    _inner(x, A, out)
    return np.sum(out * np.array([1.0, 3.0]))


BODIES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "ufunc": (lambda x: np.sum(_late(x, A)), M),
    "ufunc of a list": (lambda x: np.sum(_late([x[0], x[1] * 2], 2.0)), A),
    "generalized": (lambda x: np.sum(_inner(x, A) * np.array([1.0, 3.0])), M),
    "without loops": (lambda x: _inner(x, A), A),
    "into an array": (_filled, M),
    "several results": (lambda x: np.sum(_several(x, 2.0)[0] ** 2 * A) + np.sum(_several(x, A[:2])[1]), M),
    "compiled when it is called": (lambda x: np.sum(_late_squares(x, np.zeros_like(x)) * A), M),
}


@pytest.mark.parametrize("name", BODIES)
def test_in_drop_in_mode_its_body_is_differentiated(name: str) -> None:
    f, x = BODIES[name]
    check(f, x, True)


@pytest.mark.parametrize(
    ("call", "declaration"),
    [
        (lambda x: _late(x, 2.0), "ga.registry.elementwise"),
        (lambda x: _early(2.0, x), "ga.registry.elementwise"),
        (lambda x: _late.reduce(x), "ga.registry.elementwise"),
        (lambda x: _inner(x, A), "ga.registry.rule"),
    ],
)
def test_otherwise_it_says_what_to_write(call: Callable[[Any], Any], declaration: str) -> None:
    for fails in (
        lambda: call(ga.tensor(A)),
        lambda: ga.grad(lambda x: np.sum(call(x)), drop_in=False)(A),
        lambda: ga.jvp(call, (A,), (A,), drop_in=False),
    ):
        with pytest.raises(
            TypeError, match=f"has no rule for it. To give .* a derivative, declare one with {declaration}"
        ):
            fails()


def test_a_rule_for_one_that_is_compiled_late_asks_for_types(table: None) -> None:
    ga.registry.rule(_late_squares, lambda g, _ans, a: 2 * g * a)
    with pytest.raises(TypeError, match=r"name them, as in @numba\.guvectorize"):
        ga.grad(lambda x: np.sum(_late_squares(x, np.zeros(3))))(A)


def test_constants_go_to_the_compiled_one() -> None:
    with ga.drop_in():
        assert type(_inner(M, A)) is np.ndarray
        np.testing.assert_array_equal(_late(A, 2.0), _early(A, 2.0))
        assert _late.nin == 2
