"""Buffers that are never made, and arithmetic that is not buffered: the same to the last bit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.passes import blocks, scatters
from gradarray.context import settings
from gradarray.kernels import parts
from gradarray.kernels.scattered import Scattered, added_at
from gradarray.kernels.sums import total_kept

from .test_optimised import compare, text_of

rng = np.random.default_rng(0)


@pytest.fixture(params=[1, 2])
def small_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scatters, "LEAST", 2)
    monkeypatch.setattr(blocks, "LEAST", 2)
    monkeypatch.setattr(blocks, "ROWS", 128)
    monkeypatch.setattr(parts, "SPLIT", 8)
    monkeypatch.setattr(parts, "THREADS", request.param)


# --- the array --------------------------------------------------------------------------------------------------------

PLACES = {
    "one in each row": (np.arange(9), rng.integers(40, size=9)),
    "rows in disorder": (rng.permutation(9), rng.integers(40, size=9)),
    "some rows twice": (np.array([0, 3, 3, 3, 8, 0, 2]), np.array([1, 5, 5, 39, 0, 1, 7])),
    "many in a row": (np.full(20, 4), rng.permutation(40)[:20]),
    "from the end": (np.array([-1, 0, -9]), np.array([-1, -40, 3])),
    "none": (np.zeros(0, int), np.zeros(0, int)),
    "two axes": (np.arange(6).reshape(2, 3), np.array([[1, 2, 3], [1, 2, 3]], np.int8)),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", PLACES)
def test_a_scattered_matrix_is_what_numpy_adds_to_zeros(kind: str, dtype: Any) -> None:
    index = PLACES[kind]
    for values in (-0.1, -0.0, rng.normal(size=index[0].shape), 1e300 * rng.normal(size=index[0].shape)):
        if dtype is np.float32 and np.max(np.abs(values), initial=0) > 1e30:
            continue
        expected = np.zeros((9, 40), dtype)
        np.add.at(expected, index, values)
        z = Scattered.added((9, 40), dtype, index, values)
        assert z.dense().tobytes() == expected.tobytes()
        assert z[3:7].dense().tobytes() == expected[3:7].tobytes()
        if dtype is np.float64:
            assert z.total(True).tobytes() == total_kept(expected, 1).tobytes()
            assert z.total(False).tobytes() == expected.dot(np.ones(40)).tobytes()
        a = rng.normal(size=(9, 40)).astype(dtype)
        a[::2, ::3] = -0.0
        kept = a.copy()
        assert added_at(a, z).tobytes() == (a + expected).tobytes()
        assert a.tobytes() == kept.tobytes()
        assert added_at(a, z, np.array([[-1.0]])).tobytes() == (a + expected).tobytes()
        assert added_at(np.abs(a), z, np.ones((9, 1))).tobytes() == (np.abs(a) + expected).tobytes()
        assert added_at(a, z, out=a) is a
        assert a.tobytes() == (kept + expected).tobytes()


@pytest.mark.parametrize("index", [([9], [0]), ([0], [40]), ([-10], [0])])
def test_a_place_that_is_not_there_is_numpys_error(index: Any) -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        Scattered.added((9, 40), np.float64, tuple(map(np.array, index)), 1.0)


# --- programs ---------------------------------------------------------------------------------------------------------


def log_softmax(x: Any, rows: Any, labels: Any) -> Any:
    y = x - np.max(x, axis=1, keepdims=True)
    return -np.mean((y - np.log(np.sum(np.exp(y), axis=1, keepdims=True)))[rows, labels])


def unshifted(x: Any, rows: Any, labels: Any) -> Any:
    return np.sum(np.log(np.sum(np.exp(x), axis=1)) - x[rows, labels])


def squared(x: Any, rows: Any, labels: Any) -> Any:
    return np.sum(np.tanh(x) ** 2) - 3 * np.sum(x[rows, labels] ** 2)


def margins(x: Any, rows: Any, labels: Any) -> Any:
    return np.sum(np.maximum(x - x[rows, labels].reshape(-1, 1) + 1, 0)) / 7


def weighted(x: Any, rows: Any, labels: Any) -> Any:
    y = np.exp(x)
    return np.sum((y / np.sum(y, axis=1, keepdims=True))[rows, labels] * np.sin(x)[rows, labels])


def energy(x: Any, rows: Any, labels: Any) -> Any:
    return np.sum(np.log(np.sum(np.exp(x), axis=1))) - np.sum(x[rows, labels])


def picked_last(x: Any, rows: Any, labels: Any) -> Any:
    return 0.5 * np.sum(x * x) - np.sum(np.tanh(x[rows, labels]))


FUNCTIONS = [energy, picked_last, log_softmax, unshifted, squared, margins, weighted]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("f", FUNCTIONS)
def test_programs_with_few_places_change_by_no_bit(f: Any) -> None:
    gradient = ga.value_and_grad(f)
    rows = np.arange(11)
    points: list[Any] = []
    for _ in range(3):
        x = rng.normal(size=(11, 60))
        points += [
            (x, rows, rng.integers(60, size=11)),
            (np.round(x), rows[::-1].copy(), rng.integers(-60, 60, size=11)),
        ]
    points += [(-np.zeros((11, 60)), rows, rng.integers(60, size=11)), (-900 * np.abs(points[0][0]), *points[0][1:])]
    if f is not margins:
        points.append((points[0][0], np.array([3, 3, 3, 0, 0, 5, 3, 3, 10, 9, 9]), rng.integers(60, size=11)))
    compare(gradient, *points)


@pytest.mark.usefixtures("small_blocks")
def test_the_buffer_is_not_made() -> None:
    arguments = rng.normal(size=(11, 60)), np.arange(11), rng.integers(60, size=11)
    text = text_of(ga.value_and_grad(log_softmax), *arguments)
    assert "zeros" not in text
    assert "_scattered(" in text
    assert "out=" in text  # what is changed at few places stands in the result already
    for f in (energy, picked_last):  # an update of the buffer makes it
        text = text_of(ga.value_and_grad(f), *arguments)
        assert "zeros" not in text
        assert "_added_at(" in text
    many = rng.normal(size=(11, 60)), np.repeat(np.arange(11), 9), rng.integers(60, size=99)
    assert "_scattered(" not in text_of(ga.value_and_grad(log_softmax), *many)


@pytest.mark.usefixtures("small_blocks")
def test_a_buffer_that_is_looked_at_is_made() -> None:
    def returned(x: Any, rows: Any, labels: Any) -> Any:
        z = np.zeros(x.shape)
        np.add.at(z, (rows, labels), 2.0)
        return z + x, z

    def seen_empty(x: Any, rows: Any, labels: Any) -> Any:
        z = np.zeros(x.shape)
        y = z + x
        np.add.at(z, (rows, labels), 2.0)
        return y + (z + x)

    def twice(x: Any, rows: Any, labels: Any) -> Any:
        z = np.zeros(x.shape)
        np.add.at(z, (rows, labels), 2.0)
        np.add.at(z, (rows, labels), 3.0)
        return z + x

    def viewed(x: Any, rows: Any, labels: Any) -> Any:
        z = np.zeros(x.shape)
        row = z[3]
        np.add.at(z, (rows, labels), 2.0)
        return z + x, row * 2

    def of_itself(x: Any, rows: Any, labels: Any) -> Any:
        z = np.zeros(x.shape)
        np.add.at(z, (rows, labels), x[rows, labels])
        return (z + z) + x, -z

    def overwritten(x: Any, rows: Any, labels: Any) -> Any:
        z = np.zeros(x.shape)
        np.add.at(z, (rows, labels), 2.0)
        z[:] = 3.0
        return z + x

    def updated(x: Any, rows: Any, labels: Any) -> Any:
        z = np.zeros(x.shape)
        np.add.at(z, (rows, labels), 2.0)
        z += z
        return z + x

    def broadcast(x: Any, rows: Any, labels: Any) -> Any:
        z = np.zeros(x.shape)
        np.add.at(z, (rows, labels), 2.0)
        z += x[:1]
        return z + x

    for f in (overwritten, updated, broadcast, returned, seen_empty, twice, viewed, of_itself):
        arguments = rng.normal(size=(11, 60)), np.arange(11), rng.integers(60, size=11)
        compare(f, arguments)
        assert "_scattered(" not in text_of(f, *arguments)


@pytest.mark.usefixtures("small_blocks")
def test_results_that_are_held_are_not_written_into() -> None:
    run = ga.jit(ga.value_and_grad(log_softmax), strict=True)
    rows, labels = np.arange(40), rng.integers(60, size=40)
    points = [rng.normal(size=(40, 60)) for _ in range(4)]
    held = [run(x, rows, labels) for x in points]
    kept = [g.copy() for _, g in held]
    for x in points:
        run(x[::-1].copy(), rows, labels)
    assert all(g.tobytes() == k.tobytes() for (_, g), k in zip(held, kept, strict=True))


# --- no buffer --------------------------------------------------------------------------------------------------------

BROADCAST = [
    lambda x, c, r: x - c,
    lambda x, c, r: (x * r + c) / (2 + r * r),
    lambda x, c, r: np.maximum(x, c) * (x == r),
    lambda x, c, r: np.sum(np.exp(x - c) * r, axis=1),
    lambda x, c, r: np.add.reduce(np.subtract(x, c), axis=1) + np.max(x * r, axis=1),
    lambda x, c, r: np.sum(x - c) + np.sum((x + r) ** 2),
    lambda x, c, r: np.sum(np.tanh(x * c + r)[:, None, :] * c[:, :, None], axis=(0, 1)),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("length", [299, 300, 1000, 8191, 8192])
@pytest.mark.parametrize("f", BROADCAST)
def test_arithmetic_with_broadcast_operands_changes_by_no_bit(f: Any, length: int, dtype: Any) -> None:
    x, c, r = [rng.normal(size=s).astype(dtype) for s in ((40, length), (40, 1), (1, length))]
    compare(f, (x, c, r), (np.round(x), np.round(c), np.round(r)))
    compare(ga.grad(lambda *a: np.sum(f(*a)), (0, 1, 2)), (x, c, r))


def test_only_such_arithmetic_is_not_buffered() -> None:
    x, c = rng.normal(size=(40, 1000)), rng.normal(size=(40, 1))
    assert "_narrow(" in text_of(lambda x, c: x - c, x, c)
    assert "_narrow(" not in text_of(lambda x, c: x - c, x[:, :100], c)
    assert "_narrow(" not in text_of(lambda x, c: x - c, x, x[:1, :1])
    assert "_narrow(" not in text_of(lambda x, c: x - c, x, x[::-1].copy())
    lines = text_of(lambda x, c: np.sum(x - c, axis=1), x, c).splitlines()
    after = next(k for k, line in enumerate(lines) if "_narrow(" in line)
    assert "reduce" not in lines[after + 1]  # which adds in another order in a smaller buffer


def test_what_numpy_says_and_how_large_its_buffer_is_stays() -> None:
    x, c = np.full((40, 1000), 1e300), np.full((40, 1), 1e10)
    run = ga.jit(lambda x, c: x * c, strict=True)
    run(x * 0, c)
    size = np.getbufsize()
    with pytest.warns(RuntimeWarning, match="overflow"):
        run(x, c)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        run(x, c)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        run(x, c)
    assert np.getbufsize() == size
    assert np.geterr()["over"] == "warn"


def test_a_setting_that_knows_no_buffer_stays_what_it_is() -> None:
    setting = {"over": "warn"}
    assert settings.narrow(setting) is setting
