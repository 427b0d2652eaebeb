"""Loops that stay loops in what is handed to Numba, mostly carried out by Python itself: as NumPy's program does it."""

from __future__ import annotations

import importlib.util
import re
import warnings
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler import jit as jit_module
from gradarray.compiler.machine import backend, cache, found, iterations, multiplied
from gradarray.transforms.containers import flatten
from tests.compiler.test_loops import KINDS, Random, copied, smoothed
from tests.compiler.test_numba_parts import agrees, interpreted

pytestmark = pytest.mark.filterwarnings("ignore")


shorter = found.SHORTER


@pytest.fixture(autouse=True)
def _by_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for loops in short programs too, and carry out what would be compiled."""
    monkeypatch.setattr(jit_module, "need_numba", lambda: None)
    monkeypatch.setattr(backend, "compile_text", interpreted)
    monkeypatch.setattr(found, "LONG", 8)
    monkeypatch.setattr(found, "SHORTER", np.inf)


def compared(g: Any, *points: Any) -> bool:
    """Compare a program with NumPy's, also in what becomes of its arguments; tell whether it has compiled loops."""
    run, plain = ga.jit(g, strict=True, backend="numba"), ga.jit(g, strict=True)
    for point in [p for p in points for _ in range(3)]:
        mine, others = copied(point), copied(point)
        found, expected = flatten((run(*mine), mine))[0], flatten((plain(*others), others))[0]
        assert agrees([np.asarray(x) for x in found], [np.asarray(x) for x in expected]), (found, expected)
    return any("    for t" in run.source(*copied(point)) for point in points)


@pytest.mark.parametrize("f", KINDS)
def test_kinds_of_loops(f: Any) -> None:
    x = np.random.default_rng(1).normal(size=12)
    compared(f, [x], [x * 0.9], [-x])
    assert compared(ga.value_and_grad(f), [x], [x * 0.9], [-x])


@pytest.mark.parametrize("seed", [200, 201, 202, 205, 206, 208, 209, 210, 213, 214, 218, 222])
def test_random_programs(seed: int) -> None:
    f = Random(seed).function()
    rng = np.random.default_rng(seed)
    x, a, ws = rng.normal(size=10), rng.normal(size=(6, 4)), [rng.normal(size=(4, 4)) for _ in range(5)]
    points = [x, a, ws], [x * 0.9, a, ws], [-x, a * 1.1, [0.5 * w for w in ws]]
    with np.errstate(all="ignore"):
        assert compared(ga.value_and_grad(f, (0, 1, 2)), *points)


def ragged(x: Any) -> Any:
    rows, s = [np.tanh(x[i:]) for i in range(len(x))], 0.0
    for y in rows:
        s = s + np.sum(y * y)
    return s


def test_rows_of_several_lengths_are_left_to_numpy() -> None:
    x = np.linspace(0.1, 1, 12)
    for f in (ragged, ga.value_and_grad(ragged)):
        compared(f, [x], [x * 0.9])


DRAWN = np.random.default_rng(0).integers(0, 4, (200, 3)).tolist()


def by_chance(x: Any) -> Any:
    found = [x, np.sin(x), np.cos(x), np.exp(x)]
    for i, j, kind in DRAWN:
        a, b = found[-1 - i], found[-1 - j]
        found.append(np.tanh(a * b) if kind == 0 else a + b if kind == 1 else np.sin(a) if kind == 2 else a - 0.5 * b)
    total = found[0]
    for y in found[-20:]:
        total = total + y
    return np.sum(total)


def test_what_repeats_by_chance_is_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(0.1, 1, 9)
    assert compared(by_chance, [x], [x * 0.9])
    monkeypatch.setattr(found, "SHORTER", shorter)
    assert not compared(by_chance, [x], [x * 0.9])
    assert compared(smoothed, [x], [x * 0.9])


def test_arguments_are_as_before_where_a_guard_fails() -> None:
    x = np.linspace(0.1, 1, 9)
    other = x.copy()
    other[6] = -3.0
    assert compared(smoothed, [x], [other], [x * 2])


def growing(x: Any) -> Any:
    s, total = x[0], 0.0
    for i in range(len(x)):
        s = s * s + x[i]
        total = total + 1 / s
    return total


def test_numpy_says_what_it_says_within_a_loop() -> None:
    run, plain = ga.jit(growing, strict=True, backend="numba"), ga.jit(growing, strict=True)
    x = np.linspace(0.1, 1, 12)
    for scale in (1.0, 1.0, 1e30, 1.0, 0.0, 1.0):
        found = []
        for f in (run, plain):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                found.append((float(f(x * scale)), sorted({str(w.message) for w in caught})))
        assert str(found[0]) == str(found[1]) or np.isclose(found[0][0], found[1][0], rtol=1e-13)
        assert found[0][1] == found[1][1]
        assert (len(found[0][1]) > 0) is (scale != 1.0)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        run(x * 1e30)
    assert "    for t" in run.source(x)


def steps(x: Any) -> list[Any]:
    found = []
    for _ in range(8):
        x = np.sin(x) * 0.5 + x
        found.append(x)
    return found


def test_what_is_returned_owns_its_memory() -> None:
    run = ga.jit(steps, strict=True, backend="numba")
    x = np.linspace(0.1, 1, 5)
    first = [run(x) for _ in range(3)][-1]
    assert all(y.flags.owndata for y in first)
    assert agrees(first, steps(x))
    assert "    for t" in run.source(x)


def first_is_changed(x: Any) -> Any:
    found = steps(x)
    found[2] += 1.0
    total = 0.0
    for y in found:
        total = total + np.sum(y * y)
    return total


def all_are_changed(x: Any) -> Any:
    found, total = steps(x), 0.0
    for y in found:
        y *= x
    for y in found[::-1]:
        total = total + np.sum(y)
    return total


def start_is_changed(x: Any) -> Any:
    y = x * 2.0
    z, total = y, 0.0
    for i in range(8):
        total = total + np.sum(z) * y[0]
        y[0] = y[0] * 0.5
        z = np.sin(z) if i > 0 else y
    return total


def end_is_changed(x: Any) -> Any:
    h, total = x * 1.0, 0.0
    for _ in range(8):
        h = np.sin(h) + 0.1
    for i in range(8):
        h[0] = h[0] * 0.5
        total = total + np.sum(h) * x[0] * i
    return total


def made_anew_and_filled(x: Any) -> Any:
    total = 0.0
    for i in range(8):
        y = np.zeros_like(x)
        for j in range(4):
            y[j] = x[j] * i
            y[j] += total * 0.1
        total = total + np.sum(y * y)
    return total


@pytest.mark.parametrize(
    "f", [first_is_changed, all_are_changed, start_is_changed, end_is_changed, made_anew_and_filled]
)
def test_what_is_carried_or_saved_and_written_into(f: Any) -> None:
    x = np.linspace(0.1, 1, 5)
    compared(f, [x], [x * 0.7])
    compared(ga.value_and_grad(f), [x], [x * 0.7])


def test_parts_of_what_the_last_iteration_made() -> None:
    def f(x: Any) -> Any:
        rows = []
        for _ in range(6):
            x = np.sin(x) + 0.1
            rows.append(x)
        last = x[1:] * x[:-1] + rows[-1][2] * rows[3][:-1] - x[::-1][:4]
        return np.sum(last * last)

    x = np.linspace(0.1, 1, 5)
    assert compared(f, [x], [x * 0.7])
    assert compared(ga.value_and_grad(f), [x], [x * 0.7])


def test_indices_that_do_not_advance_evenly() -> None:
    def f(x: Any) -> Any:
        s = 0.0
        for i in range(-4, 5):
            s = s * 0.5 + x[i]  # from the other end at first
        for i in (0, 3, 1, 4, 2, 5):
            s = s * 0.5 + x[i] * i
        return s

    x = np.linspace(0.1, 1, 9)
    compared(ga.value_and_grad(f), [x], [-x])


PAIRS = ((0, 3), (4, 1), (2, 2), (5, 0), (1, 4), (3, 5), (0, 1), (2, 0))


def springs(x: Any) -> Any:
    energy = 0.0
    for i, j in PAIRS:
        apart = x[i : i + 2] - x[j]
        energy = energy * 0.9 + np.sqrt(np.sum(apart * apart) + 1) * i
    return energy


def moved_apart(x: Any) -> Any:
    y, s = x * 1.0, 0.5
    for i, j in PAIRS:  # one of which is the same place twice
        y[i] += np.sin(x[j]) * s
        y[j] *= 0.5
        s = np.sin(s + y[i])
    return np.sum(y * y)


def from_the_end(x: Any) -> Any:
    s = 0.0
    for _ in range(4):
        for i in (-1, -4, -2, -7):
            s = np.sin(s) + x[i] * x[i + 1 or 3]
    return s


@pytest.mark.parametrize("f", [springs, moved_apart, from_the_end])
def test_places_in_tables(f: Any) -> None:
    x = np.random.default_rng(2).normal(size=9)
    assert compared(f, [x], [-x])
    assert compared(ga.value_and_grad(f), [x], [-x])
    assert "range(" in (text := ga.jit(f, strict=True, backend="numba").source(x))
    assert " = table_" in text or "[t1]" in text


def carried(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        s = s * 0.9 + np.sin(x[i])
    return s


def carried_in_memory(x: Any) -> Any:
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = y[i - 1] * 0.9 + np.sin(x[i])
    return y[-1]


def filled(x: Any) -> Any:
    y = x * 1.0
    for i in range(len(x)):
        y[i] += np.sin(x[i])
    return np.sum(y * y)


def of_what_is_carried(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        s = np.sin(s) + x[i]
    return s


@pytest.mark.parametrize(("f", "loops"), [(carried, 2), (carried_in_memory, 2), (filled, 1), (of_what_is_carried, 1)])
def test_what_takes_long_is_done_ahead_where_a_loop_has_to_wait(f: Any, loops: int) -> None:
    x = np.linspace(0.1, 2, 30)
    assert compared(f, [x], [-x])
    text = ga.jit(f, strict=True, backend="numba").source(x)
    assert text.count("    for t") == loops
    assert (" = sin(" in text) is (f is not of_what_is_carried)


def test_a_loop_that_is_refused_is_not_around_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    depths = []
    whole = iterations.Around.entering

    def entering(around: iterations.Around, loop: Any, name: str) -> Any:
        depths.append(len(around.names))
        return whole(around, loop, name)

    monkeypatch.setattr(iterations.Around, "entering", entering)

    def f(x: Any) -> Any:
        s = 0.0
        for function in (np.sin, np.cos, np.tanh, np.exp):
            for i in range(6):
                s = s + np.cumsum(function(x * i))[3]
        return s

    compared(f, [np.linspace(0.1, 1, 9)])
    assert len(depths) >= 4
    assert max(depths) == 0


def test_other_kinds_of_numbers() -> None:
    def f(x: Any, y: Any, mask: Any, k: Any) -> Any:
        s, t = 0.0, 0
        for i in range(8):
            s = s * np.float32(0.5) + x[i]
            t = t + (y[i] if i % 2 else -y[i]) * k
            t = np.where(mask, t, 0.5)
        return s, t, s * t

    x, y = np.linspace(0, 1, 8, dtype=np.float32), np.linspace(0, 1, 24).reshape(8, 3)
    compared(f, [x, y, np.array([True, False, True]), 0.3], [x * 2, y, np.array([False, False, True]), 0.7])


def test_tables_of_scalars() -> None:
    def f(x: Any) -> Any:
        total = 0.0
        for c in (0.5, 2.0, -1.0, 0.25, 3.0, -0.5):
            total = total + np.sum(np.where(x > 0, x * -c, np.float64(c))) * np.float64(c)
        return total

    x = np.linspace(-1, 1, 5)
    compared(f, [x], [x * 0.7])
    compared(ga.value_and_grad(f), [x], [x * 0.7])


@pytest.mark.parametrize("ours", [(False, True, False), (False, True, True), (True, False, True), (True, True, True)])
def test_tables_of_results_among_numbers(ours: tuple[bool, ...]) -> None:
    def f(x: Any) -> Any:
        y, s = x[0] * x[1], x[2]
        for i in range(3):
            s = np.tanh((y if ours[i] else 0.5) * s) + x[i]
        return s

    x = np.random.default_rng(0).normal(size=12)
    assert compared(f, [x], [x * 0.9])
    compared(ga.value_and_grad(f), [x], [x * 0.9])


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_products(shape: tuple[int, ...]) -> None:
    def f(w: Any, b: Any, h: Any) -> Any:
        for i in range(6):
            h = np.tanh(h @ w[i] + b)
        return np.sum(h @ b) if h.ndim > 1 else h @ b

    rng = np.random.default_rng(0)
    w, b, h = rng.normal(size=(6, 3, 3)), rng.normal(size=3), rng.normal(size=shape)
    for few in (0, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(multiplied, "_FEW", few)
            assert compared(ga.value_and_grad(f, (0, 1, 2)), [w, b, h], [-w, b, h * 2])


def test_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    monkeypatch.setattr(backend, "compile_text", cache.compile_text)
    monkeypatch.setattr(multiplied, "_FEW", 0)

    def f(x: Any, w: Any, m: Any) -> Any:
        s, h = 0.0, x[:4] * 1.0
        for i in range(len(x)):
            s = s * 0.9 + np.sin(x[i])
        for _ in range(6):
            h = np.tanh(w @ h + x[1:5])
            m = np.tanh(m @ w + h @ w + (w.T @ m.T).T)  # matrices and vectors, in rows and in columns
        return s + np.sum(h[1:] * h[:-1]) + np.sum(m[1:] * m[:-1])

    rng = np.random.default_rng(0)
    x, w, m = rng.normal(size=9), rng.normal(size=(4, 4)), rng.normal(size=(3, 4))
    g = ga.value_and_grad(f, (0, 1, 2))
    assert compared(g, [x, w, m], [-x, w * 0.5, m])
    called = {*re.findall("(?:product|applied)_[rc_]+", ga.jit(g, backend="numba").source(x, w, m))}
    expected = {"applied_c", "applied_r"} | {f"product_{a}_{b}" for a in "rc" for b in "rc"}
    assert called == expected or importlib.util.find_spec("scipy") is None, called
