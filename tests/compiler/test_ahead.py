"""Partial evaluation: what a function computes before its last argument is known, for many calls at once."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import gradarray as ga
from gradarray.compiler.ahead import known_ahead, with_known
from gradarray.kernels.traced import copy_of
from tests.differential import Program, programs

from .test_random_programs import outcome

rng = np.random.default_rng(0)
W, V = rng.standard_normal((2, 5, 5)) / 2
PLACES = rng.standard_normal((4, 5))
BETWEEN = float(np.median(PLACES[:, 0]))


def pulled(f: Callable[..., Any], *given: Any) -> Any:
    """Return the cotangent of the first argument, of which a function makes one array: the last is that of this."""
    first, *others = given[:-1]
    return ga.vjp(lambda x: f(x, *others), first)[1](given[-1])[0]


def by_known(f: Callable[..., Any], first: list[Any], g: Any) -> tuple[Any, list[Any]]:
    """Return the same for several calls, one after the other, by what is known of all of them; and that."""
    return computed(functools.partial(pulled, f), first, g)


def computed(pull: Callable[..., Any], first: list[Any], g: Any) -> tuple[Any, list[Any]]:
    """Return what a function makes of several calls' arguments, by what is known of all of them; and that."""

    def ahead(first: list[Any], g: Any) -> Any:
        found = known_ahead(pull, [x[0, ...] for x in first], copy_of(g[0]))
        if not found.results:
            return []
        return [x if x.flags.c_contiguous else copy_of(x, "C") for x in ga.vmap(found.computed)(*first)]

    def behind(first: list[Any], g: Any, of_all: list[Any]) -> Any:
        return with_known(pull, first, g, of_all)

    of_all = ga.jit(ahead, strict=True)(first, g)
    last, before = ga.jit(behind, strict=True), [x.copy() for x in of_all]
    found = [last([x[k, ...] for x in first], g[k], [x[k] for x in of_all]) for k in range(len(g))]
    for x, y in zip(of_all, before, strict=True):
        np.testing.assert_array_equal(x, y)
    return np.stack(found), of_all


def filled(y: Any) -> Any:
    made = np.zeros(5)
    made[1:] = np.sin(y[:-1])
    made[0] += np.cos(y[4])
    return made * y


def by_rows(y: Any) -> Any:
    rows = np.reshape(np.outer(y, np.exp(y)), (5, 5))
    return np.sum(rows.T * np.tanh(rows), axis=0)


SLOPES: dict[str, Callable[[Any], Any]] = {
    "a network": lambda y: W @ np.tanh(V @ y) - y,
    "one of two layers": lambda y: W @ np.tanh(V @ np.tanh(W @ y + 1)),
    "linear": lambda y: W @ y + 3,
    "products of places": lambda y: y * np.roll(y, 1) - y[::-1] ** 2,
    "views of what it has made": lambda y: np.sum(np.exp(np.outer(y, y))[1:, ::2] ** 2) * y,
    "products of such views": lambda y: y * np.sum(np.sin(np.outer(y, y))[1:] * np.cos(np.outer(y, y))[1:]),
    "writes": filled,
    "transposes": by_rows,
    "scalars": lambda y: np.sqrt(np.sum(y**2)) * y / (1 + np.max(y)),
    "several results": lambda y: (
        np.concatenate(np.split(np.sin(y), [2]))[::-1] * np.sum(np.linalg.qr(W + np.diag(y))[1])
    ),
    "choices": lambda y: np.where(y > 0, np.exp(y), y**3),
    "the same branch": lambda y: np.exp(y) if y[0] > 100 else np.sin(y),
    "in order": lambda y: np.sort(y) * np.cumsum(y),
    "spectra": lambda y: np.real(np.fft.ifft(np.fft.fft(np.sin(y)) * np.fft.fft(y**2))),
    "solutions": lambda y: np.linalg.solve(np.eye(5) * 9 + np.outer(y, y), np.cos(y)),
    "single precision": lambda y: np.tanh(np.float32(2) * y.astype(np.float32)).astype(float) * y,
}
# What it learns of a value is another program for another one.
BRANCHES: dict[str, Callable[[Any], Any]] = {
    "a branch": lambda y: np.exp(y) if y[0] > BETWEEN else np.sin(y),
    "a loop": lambda y: functools.reduce(lambda z, _: np.sin(z), range(int(np.abs(y[0])) + 1), y),
}


@pytest.mark.parametrize("name", SLOPES)
def test_derivatives_along_directions(name: str) -> None:
    f = SLOPES[name]
    g, along = rng.standard_normal((2, *PLACES.shape))
    found, of_all = by_known(f, [PLACES], g)
    step = 1e-3 if "single" in name else 1e-6
    differences = [
        g[k] @ (f(y + step * v) - f(y - step * v)) / (2 * step)
        for k, (y, v) in enumerate(zip(PLACES, along, strict=True))
    ]
    np.testing.assert_allclose(np.sum(found * along, axis=1), differences, rtol=2e-3 if "single" in name else 1e-7)
    assert bool(of_all) == (name != "linear")
    assert all(len(x) == len(PLACES) for x in of_all)


def test_views_of_what_is_known_are_not_written_into() -> None:
    def compute(y: Any, g: Any) -> Any:
        table = np.sin(np.outer(y, y))
        part = table[1:] * g[1:, None]  # for which there would be room where the view stands
        return np.sum(part, axis=0) + np.sum(table * g, axis=0)

    found, of_all = computed(compute, [PLACES], PLACES)
    np.testing.assert_allclose(found, [compute(y, y) for y in PLACES], rtol=1e-13)
    memories = []

    def behind(y: Any, g: Any, of_all: list[Any]) -> Any:
        out = with_known(compute, [y], g, of_all)
        views = [s for s in g.program.statements if s.pieces == (of_all[0].variable, "[", "1", ":", "]")]
        memories.extend([(s.results[0].memory, of_all[0].variable.memory) for s in views])
        return out

    ga.jit(behind, strict=True)(PLACES[0], PLACES[0], [x[0] for x in of_all])
    assert memories and all(one == other for one, other in memories)


def test_views_are_made_anew_of_what_is_known() -> None:
    for name, shapes in {"a network": [(5,)], "views of what it has made": [(5,), (5, 5), (), (4, 3)]}.items():
        assert [x.shape[1:] for x in by_known(SLOPES[name], [PLACES], PLACES)[1]] == shapes


@pytest.mark.parametrize("name", SLOPES)
def test_the_same_as_at_once(name: str) -> None:
    f = SLOPES[name]
    g = rng.standard_normal(PLACES.shape)
    at_once = np.stack([pulled(f, y, row) for y, row in zip(PLACES, g, strict=True)])
    np.testing.assert_allclose(by_known(f, [PLACES], g)[0], at_once, rtol=1e-6 if "single" in name else 1e-12)


def test_what_is_known_is_not_computed_again() -> None:
    calls = ga.source(lambda y, g: pulled(SLOPES["a network"], y, g), PLACES[0], PLACES[1])
    assert "np.tanh" in calls
    for name, products in {"a network": 2, "the same branch": 0}.items():

        def behind(y: Any, g: Any, of_all: list[Any], f: Any = SLOPES[name]) -> Any:
            return with_known(functools.partial(pulled, f), [y], g, of_all)

        _, of_all = by_known(SLOPES[name], [PLACES], PLACES)
        text = re.sub("#.*", "", ga.source(behind, PLACES[0], PLACES[1], [x[0] for x in of_all]))
        assert "np.tanh" not in text and "np.cos" not in text and "assert" not in text
        assert text.count("@") == products


@pytest.mark.parametrize("name", BRANCHES)
def test_what_depends_on_a_value_is_not_known(name: str) -> None:
    with pytest.raises(ga.JitError):
        by_known(BRANCHES[name], [PLACES], PLACES)


def test_another_function_is_refused() -> None:
    _, of_all = by_known(SLOPES["a network"], [PLACES], PLACES)

    def behind(y: Any, g: Any, of_all: list[Any]) -> Any:
        return with_known(functools.partial(pulled, SLOPES["spectra"]), [y], g, of_all)

    with pytest.raises(ga.JitError, match="is not the function"):
        ga.jit(behind, strict=True)(PLACES[0], PLACES[1], [x[0] for x in of_all])


@settings(max_examples=max(60, settings.default.max_examples // 2))
@given(programs())
def test_random_programs(program: Program) -> None:
    f = program.function()
    point = [np.array(np.real(x), float, order="C") for x in program.point()]

    def loss(*xs: Any) -> Any:
        return np.atleast_1d(f(*xs)[0])

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        expected = outcome(functools.partial(pulled, loss), [*[x.copy() for x in point], np.full(1, 0.5)])
        if isinstance(expected, type) or not np.all(np.isfinite(expected[0])):
            return
        found = outcome(lambda *xs: by_known(loss, [np.stack([x, x]) for x in xs], np.full((2, 1), 0.5))[0], point)
    if not isinstance(found, type):
        for row in found[0]:
            np.testing.assert_allclose(row, expected[0], rtol=1e-9, atol=1e-12)
