"""Arrays with short rows, which stand turned in compiled functions: points, and what is computed of their pairs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler import jit as jit_module
from gradarray.compiler.machine import backend, loops, nests, parts, turned
from tests.compiler.test_numba_parts import agrees, interpreted
from tests.compiler.test_random_programs import outcome

pytestmark = pytest.mark.filterwarnings("ignore")


def distances(x: Any, y: Any) -> Any:
    apart = np.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1)
    return np.sum(np.sqrt(apart + 1e-9) * y[0, 0])


def between(x: Any, y: Any) -> Any:
    return np.sum(np.exp(-np.sum((x[:, None] - y) ** 2, axis=-1)) ** 2)


def forces(x: Any, y: Any) -> Any:
    apart = x[:, None, :] - x + np.eye(len(x))[:, :, None]
    inverse = 1 / np.sum(apart * apart, axis=2)
    return np.sum(np.sum(apart * (inverse**2 - inverse)[:, :, None], axis=1) * y)


def backwards(x: Any, y: Any) -> Any:
    apart = np.abs(x[::-1][:, None, :] - y[None, :, ::-1])
    return np.sum(np.sum(apart * x, axis=1) ** 2) + np.sum(apart * apart)


def part_of(x: Any, y: Any) -> Any:
    apart = x[1:, None, 1:] * 2 - y[None, 1:, :-1] + y[0, 0]
    return np.sum(np.tanh(np.sum(apart * apart, axis=-1)) + np.sum(apart, axis=-1))


def largest(x: Any, y: Any) -> Any:
    apart = x[:, None, :] - 3 * y
    return np.sum(np.max(apart * apart, axis=-1)) + np.sum(np.max(apart, axis=1))


def along_each(x: Any, y: Any) -> Any:
    apart = x[:, None, :] - 3 * y
    return np.sum(np.sum(apart, axis=0) ** 2) + np.sum(np.sum(apart * x, axis=1) ** 3) + np.sum(apart) ** 2


def four_axes(x: Any, y: Any) -> Any:
    apart = x[:, None, None, :] - y[:, None, :] * x
    return np.sum(np.sum(apart * apart, axis=-1) ** 2)


def handed_out(x: Any, y: Any) -> Any:
    apart = (x[:, None, :] - y) * y
    return np.sum(np.sum(apart, axis=-1) ** 2) + np.sum(np.sort(apart, axis=0)[0])


def reshaped(x: Any, y: Any) -> Any:
    apart = (x[:, None, :] - y) * 2
    flat = np.sin(apart).reshape(len(x), -1)
    return np.sum(np.sum(apart * apart, axis=-1)) + np.sum(flat[:, :-1] * flat[:, 1:])


def updated(x: Any, y: Any) -> Any:
    apart = x[:, None, :] - y
    apart[:, 1:] *= 2
    apart[..., 0] += y[:, 0]
    apart += x
    return np.sum(np.sum(apart * apart, axis=-1) ** 0.5)


def looked_up(x: Any, y: Any) -> Any:
    apart = (x[:, None, :] - y) * 2
    some = np.array([0, 2, 1, 0])
    return np.sum(np.sum(apart * apart, axis=-1)) + np.sum(apart[some] ** 3)


PROGRAMS = (
    distances,
    between,
    forces,
    backwards,
    part_of,
    largest,
    along_each,
    four_axes,
    handed_out,
    reshaped,
    updated,
    looked_up,
)


def points(n: int, k: int, seed: int, dtype: Any = float) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, size=(n, k)).astype(dtype) for _ in range(2)]


@pytest.fixture
def by_python(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[Callable[..., Any]]]:
    """Carry out what would be compiled, with arrays turned however few rows they have."""
    for place, name, value in (
        (nests, "LEAST", 1),
        (nests, "_ROW", 4),
        (nests, "_BLOCK", 8),
        (turned, "LONG", 2),
        (turned, "_MUCH", 1),
        (parts, "LEAST", 0.1),
        (backend, "compile_text", interpreted),
        (jit_module, "need_numba", lambda: None),
    ):
        monkeypatch.setattr(place, name, value)
    yield set()


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Note which arrays are turned."""
    every: list[Any] = []
    whole = turned.turned

    def noted(*args: Any) -> Any:
        every.append(whole(*args))
        return every[-1]

    monkeypatch.setattr(loops, "turned", noted)
    return every


def check(f: Any, n: int, k: int, dtype: Any = float) -> None:
    derivative = ga.value_and_grad(f, (0, 1))
    run = ga.jit(derivative, strict=True, backend="numba")
    for seed in (0, 0, 1):
        at = points(n, k, seed, dtype)
        before = [x.copy() for x in at]
        assert agrees(outcome(run, at), outcome(derivative, at)), (f.__name__, n, k)
        assert all(np.array_equal(x, y) for x, y in zip(at, before, strict=True))


@pytest.mark.usefixtures("by_python")
@pytest.mark.parametrize("f", PROGRAMS)
@pytest.mark.parametrize(("n", "k"), [(3, 2), (4, 3), (5, 9), (7, 1), (6, 17)])
def test_points(f: Any, n: int, k: int) -> None:
    check(f, n, k)


@pytest.mark.usefixtures("by_python")
@pytest.mark.parametrize("f", PROGRAMS)
def test_single_precision(f: Any) -> None:
    check(f, 4, 3, np.float32)


@pytest.mark.usefixtures("by_python")
@pytest.mark.parametrize("f", [distances, between, forces, part_of, updated])
def test_which_stand_turned(f: Any, found: list[Any]) -> None:
    check(f, 4, 3)
    assert any(found)


@pytest.mark.usefixtures("by_python")
def test_what_is_computed_of_them_is_copied_where_nobody_writes(found: list[Any]) -> None:
    check(distances, 5, 3)
    assert any(base is not t.base for some in found for base, t in some.items())

    def step(x: Any) -> None:
        apart = x[:, None, :] - x
        x -= 0.1 * np.sum(apart * np.sum(apart * apart, axis=-1)[:, :, None], axis=1)

    run = ga.jit(step, strict=True, backend="numba")
    for _ in range(3):
        (x, _), (y, _) = points(5, 3, 2), points(5, 3, 2)
        step(x)
        run(y)
        np.testing.assert_allclose(y, x, rtol=1e-13)


@pytest.mark.usefixtures("by_python")
def test_second_derivatives() -> None:
    x, y = points(4, 2, 0)
    product = ga.hvp(lambda x: forces(x, y))
    run = ga.jit(product, strict=True, backend="numba")
    for _ in range(3):
        assert agrees([run(x, y)], [product(x, y)])


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="Numba is not installed")
@pytest.mark.parametrize("f", [distances, forces, part_of, along_each, updated])
def test_compiled(f: Any, found: list[Any]) -> None:
    check(f, 70, 3)
    assert any(found)
