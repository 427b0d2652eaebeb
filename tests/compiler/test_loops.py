"""Loops that are rolled up again: the program with them does what the one without them does, to the last bit."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.passes.optimise import Optimised
from gradarray.compiler.program.statements import Statement, Variable
from gradarray.compiler.rolling import loops, rolled
from gradarray.compiler.rolling.iterated import Loop
from gradarray.compiler.rolling.repeats import Count, Word, lines_of
from gradarray.compiler.text import writer
from gradarray.tape import plans
from gradarray.transforms.containers import flatten

ALWAYS, NEVER = 8, 1 << 60


@pytest.fixture(autouse=True)
def _loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for loops in short programs too."""
    monkeypatch.setattr(rolled, "LONG", ALWAYS)


def bits(out: Any) -> list[Any]:
    return [(type(x), np.shape(x), np.asarray(x).dtype, np.asarray(x).tobytes()) for x in flatten(out)[0]]


def copied(points: Any) -> Any:
    leaves, tree = flatten(points)
    return tree.unflatten([x.copy() if isinstance(x, np.ndarray) else x for x in leaves])


def outcomes(g: Any, points: Any, monkeypatch: pytest.MonkeyPatch, long: int) -> tuple[list[Any], list[str]]:
    """Return results and arguments behind the calls, and the texts of the programs."""
    with monkeypatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(rolled, "LONG", long)
        run = ga.jit(g, strict=True)
        found = []
        for point in points:
            for _ in range(2):
                mine = copied(point)
                found.append(bits((run(*mine), mine)))
        return found, [r.text for runs in run._runs.values() for r in runs]


def agrees(g: Any, *points: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """Compare a program with loops and without them; return how many loops there are."""
    with_loops, texts = outcomes(g, points, monkeypatch, ALWAYS)
    without, others = outcomes(g, points, monkeypatch, NEVER)
    assert with_loops == without
    assert len(texts) == len(others)
    assert not any("    for " in text for text in others)
    return sum(text.count("    for ") for text in texts)


# --- kinds of loops --------------------------------------------------------------------------------------------------


def summed(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        s = s + np.sin(x[i]) * x[i]
    return s


def last_differs(x: Any) -> Any:
    s = x[0]
    for i in range(len(x)):
        s = s * x[i] if i < len(x) - 1 else np.exp(s)
    return s


def woven(x: Any) -> Any:
    a, b = x[0], x[1]
    for i in range(2, len(x)):
        if i % 2:
            a = np.sin(a) * x[i]
        else:
            b = np.cos(b) + x[i]
    return a * b


def tuples(x: Any) -> Any:
    u, v, w = x[0], x[1], x[2]
    for i in range(len(x)):
        u, v, w = v, w, u * np.cos(v) + x[i]
    return u + v * w


def strided(x: Any) -> Any:
    s = 1.0
    for i in range(len(x) // 2):
        s = s * np.cos(x[2 * i]) + x[-1 - i]
    return s


def rows(x: Any) -> Any:
    a = np.outer(x, x)
    for i in range(1, len(a)):
        a[i] = a[i - 1] * 0.5 + a[i]
        a[i, 0] += a[i - 1, -1]
    return np.sum(a * a)


def triangle(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        for j in range(i, len(x)):
            s = s + np.tanh(x[i] * x[j])
    return s


def looked_up(x: Any) -> Any:
    s, k = 0.0, 0
    for _ in range(len(x)):
        s = s + x[k] ** 2
        k = int(abs(x[k]) * 10) % len(x)
    return s


def until(x: Any) -> Any:
    s = x[0]
    for i in range(len(x)):
        s = s + np.abs(x[i])
        if s > 1e6:
            break
    return s


def collected(x: Any) -> Any:
    terms = [np.exp(x[i]) * i for i in range(len(x))]
    return np.sum(np.stack(terms) ** 2) + np.sum(np.array(terms[::-1]) * x)


def coefficients(x: Any) -> Any:
    y = x * 0.0
    for c in (0.25, 2.0, 1.5, 0.1, 7.0, 2.5, 0.75, 1.25):
        y = y * x + c
    return np.sum(y)


def aliased(x: Any) -> Any:
    y = x * 1.0
    views = [y[i : i + 2] for i in range(len(x) - 1)]
    for v in views:
        v *= 0.5
        v += np.sin(y[0])
    return np.sum(y)


def late(x: Any) -> Any:
    s, y, first = 0.0, x[-1], (x[-1] * 1.5, x[-2] * 2.5)
    for i in range(len(x)):
        z = first[i] if i < 2 else y
        s = s + np.cos(z) * x[i]
        y = np.sin(s)
    return s


def from_the_start_twice(x: Any) -> Any:
    s, start = 0.0, np.exp(x[-1])
    y = start
    for i in range(len(x)):
        z = np.sin(y * x[i])
        s = s + z
        y = start if i == 0 else z  # what the first iteration made is not carried, what the others made is
    return s


def no_longer_the_last(x: Any) -> Any:
    s, carried = x[0] * 1.5, x[1] * 2.5
    for i in range(5, len(x)):
        made = []
        for _ in range(i):
            s = np.sin(s * carried) + 0.5
            made.append(s)
        carried = made[4]  # the last one the first time
    return s


def stencil(x: Any) -> Any:
    u = [x[i] * 1.0 for i in range(len(x))]
    for _ in range(5):
        u = [u[0], *[0.25 * u[i - 1] + 0.5 * u[i] + 0.25 * u[i + 1] for i in range(1, len(x) - 1)], u[-1]]
    return np.sum(np.stack(u) ** 2)


def read_before(x: Any) -> Any:
    y = x * 1.0
    total = np.sum(y)
    for i in range(len(y)):
        y[i] = y[i] * 0.5
    return 2 * total + y[0]


def saved_then_written(x: Any) -> Any:
    y = x * 1.0
    views = [y[i : i + 2] for i in range(len(x) - 1)]
    total = np.sum(views[1])
    for v in views:
        v *= 0.5
    return 2 * total + np.sum(y)


def carried_and_new(x: Any) -> Any:
    s, t = x[0] * 1.0, 0.0
    for i in range(len(x)):
        old = s * x[i]
        s = np.sin(s) + x[i]
        t = t * 0.5 + old * s
    return t


KINDS = [
    late,
    from_the_start_twice,
    no_longer_the_last,
    stencil,
    read_before,
    carried_and_new,
    saved_then_written,
    summed,
    last_differs,
    woven,
    tuples,
    strided,
    rows,
    triangle,
    looked_up,
    until,
    collected,
    coefficients,
    aliased,
]


@pytest.mark.parametrize("f", KINDS)
def test_kinds_of_loops(f: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(1).normal(size=12)
    agrees(f, [x], [x * 0.9], [-x], monkeypatch=monkeypatch)
    loops = agrees(ga.value_and_grad(f), [x], [x * 0.9], [-x], monkeypatch=monkeypatch)
    assert (loops > 0) is (f is not looked_up)
    slope = ga.jvp(f, (x,), (np.cos(x),))[1]
    np.testing.assert_allclose(np.vdot(ga.jit(ga.grad(f))(x), np.cos(x)), slope, rtol=1e-10)


@pytest.mark.parametrize("f", KINDS)
@pytest.mark.parametrize("n", [3, 4, 5, 6, 7])
def test_short_loops(f: Any, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(n).normal(size=n)
    agrees(ga.value_and_grad(f), [x], [x[::-1].copy()], monkeypatch=monkeypatch)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_next_to_no_iterations(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any) -> Any:
        s = np.sum(x)
        for i in range(n):
            s = s * np.cos(x[i])
        return s

    assert agrees(ga.value_and_grad(f), [np.linspace(0, 1, 5)], monkeypatch=monkeypatch) == 0


def smoothed(x: Any) -> Any:
    for i in range(1, len(x)):
        if x[i] > 0:
            x[i] = x[i - 1] * 0.5 + x[i]
    return x[-1]


def test_in_place_and_guards_leave_arguments_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(0.1, 1, 9)
    other = x.copy()
    other[6] = -3.0  # the guard of this iteration fails, when the first ones have been written
    assert agrees(smoothed, [x], [other], [x * 2], monkeypatch=monkeypatch) > 0


def test_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(weights: Any, x: Any) -> Any:
        for w, b in weights:
            x = np.tanh(x @ w + b)
        return np.sum(x)

    rng = np.random.default_rng(0)
    weights = [(rng.normal(size=(3, 3)), rng.normal(size=3)) for _ in range(8)]
    x = rng.normal(size=(4, 3))
    assert agrees(ga.value_and_grad(f, (0, 1)), [weights, x], [weights[::-1], -x], monkeypatch=monkeypatch) > 0


@pytest.mark.parametrize("f", [summed, tuples, strided])
def test_a_text_does_not_grow_with_a_loop(f: Any) -> None:
    lengths = set()
    for n in (40, 80):
        x = np.linspace(0.1, 1, n)
        run = ga.jit(ga.value_and_grad(f))
        run(x)
        texts = run._recent[0].text, ga.source(ga.value_and_grad(f), x)
        lengths.add(tuple([len(text.splitlines()) for text in texts]))
    assert len(lengths) == 1
    assert max(map(max, lengths)) < 70


def test_each_line_is_compared_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that begins later than it may is not looked for again at each line until then."""

    def f(x: Any, measured: Any) -> Any:
        state, found = np.zeros(2), np.zeros(len(measured))
        for k in range(len(measured)):
            found[k] = state[0] * state[1] + x[0] + x[1]
            state = state + state * state / found[k] * measured[k]
        return np.sum(np.log(found) + 1)

    compared, goes_on = [], loops._Pass._goes_on

    def counting(*args: Any) -> bool:
        compared.append(args)
        return goes_on(*args)

    monkeypatch.setattr(loops._Pass, "_goes_on", counting)
    x, measured = np.array([1.0, 0.5]), np.arange(40.0)
    assert agrees(ga.value_and_grad(f), (x, measured), monkeypatch=monkeypatch) > 0
    _, (text,) = outcomes(ga.value_and_grad(f), [(x, measured)], monkeypatch, NEVER)
    assert len(compared) < 10 * text.count("\n")


def test_plans_of_long_tapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a tape of thousands of nodes there is a plan; what is compared to find its loops grows as the tape does."""
    compared, goes_on, plans_made, program = [], loops._Pass._goes_on, [], plans.program

    def counting(*args: Any) -> bool:
        compared.append(None)
        return goes_on(*args)

    def written(uses: Any, *args: Any) -> Any:
        plans_made.append((len(uses), program(uses, *args)))
        return plans_made[-1][1]

    monkeypatch.setattr(loops._Pass, "_goes_on", counting)
    monkeypatch.setattr(plans, "program", written)
    monkeypatch.setattr(plans, "REPEATS", 1)
    monkeypatch.setattr(plans, "_known", {})
    monkeypatch.setattr(rolled, "LONG", 500)
    counts = []
    for n in (300, 1300):
        x, gradients = ga.tensor(np.linspace(0.1, 1, n)), []
        for _ in range(2):
            s: Any = 0.0
            for i in range(n):
                s = s + x[i] * x[i]
            s.backward()
            gradients.append(np.asarray(x.grad))
        np.testing.assert_array_equal(*gradients)
        counts.append(len(compared))
        compared.clear()
    assert [found is not None for _, found in plans_made] == [True, True]
    assert plans_made[1][0] > 5_000
    assert 0 < counts[1] < 1.2 * counts[0] * plans_made[1][0] / plans_made[0][0]


def test_what_is_quoted_stays() -> None:
    def leaves(text: str) -> list[Any]:
        s = Statement("call", (Variable("v", (), np.dtype(float)),), (text,), None, False, None)
        return lines_of(Optimised([s], [], {}, {}, 1))[0].leaves

    assert leaves("np.f([3], 2)") == [Count(3), Word("2")]
    assert leaves("np.f([3], 'as 2')") == []


def test_what_a_loop_saves_can_be_an_array(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(W: Any, x: Any) -> Any:
        h = x[0]
        for i in range(len(x)):
            h = np.tanh(W @ h + x[i])
        return np.sum(h)

    loops: list[Loop] = []

    def noted(left: Any, least: int) -> Any:
        found = with_loops(left, least)
        loops.extend(s for s in found.statements if isinstance(s, Loop))
        return found

    with_loops = rolled.with_loops
    monkeypatch.setattr(writer.rolled, "with_loops", noted)
    ga.jit(ga.grad(f))(np.eye(3), np.ones((9, 3)))
    saved = [many for loop in loops for many, _ in loop.saved]
    assert saved
    assert {many.shape[1:] for many in saved} == {(3,)}
    assert {many.dtype for many in saved} == {np.dtype(float)}


# --- random programs -------------------------------------------------------------------------------------------------


class Random:
    """The text of a random function of a vector, a matrix and a list of square matrices, with loops and updates."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.lines = ["def f(x, a, ws):"]
        self.depth = 1
        self.emit("s, t, h, q = x[0] * 1.0, 0.5, a[1] * 0.25, a[0] * 1.0")
        self.emit("buf, mat, kept = x * 0.0, a[:5] * 0.0, []")
        for _ in range(self.choose.randrange(1, 4)):
            self.loop([])
            if self.choose.random() < 0.4:
                self.statement([])
        self.emit("s = s + t + np.sum(h) + np.sum(q * q) + np.sum(buf * buf) + np.sum(np.tanh(mat))")
        self.emit("if kept: s = s + np.sum(np.stack([np.sum(z) for z in kept]) ** 2)")
        self.emit("return s")

    def emit(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def one_of(self, *texts: Any) -> Any:
        return self.choose.choice(texts)

    def place(self, indices: list[str], size: int) -> str:
        forms = [f"{self.choose.randrange(3)}"]
        for v in indices:
            forms += [v, f"{v} + {self.choose.randrange(1, 3)}", f"-1 - {v}", f"2 * {v}", f"{size - 1} - {v}"]
        return f"({self.one_of(*forms)}) % {size}"

    def scalar(self, v: list[str], depth: int = 0) -> str:
        kind = self.choose.randrange(11) if depth < 3 else 0
        if kind < 2:
            return str(self.one_of("s", "t"))
        if kind < 5:
            return str(self.one_of(f"x[{self.place(v, 10)}]", f"a[{self.place(v, 6)}, {self.place(v, 4)}]"))
        if kind == 5:
            return f"np.{self.one_of('sin', 'cos', 'tanh', 'exp')}({self.scalar(v, depth + 1)} * 0.5)"
        if kind == 6:
            return f"buf[{self.place(v, 10)}]"
        if kind == 7:
            return f"np.sum({self.array(v, depth + 1)})"
        if kind == 8:
            return f"CONSTANTS[{self.place(v, 9)}]"
        return f"({self.scalar(v, depth + 1)} {self.one_of('+', '-', '*')} {self.scalar(v, depth + 1)})"

    def array(self, v: list[str], depth: int = 0) -> str:
        kind = self.choose.randrange(8) if depth < 3 else 0
        if kind < 2:
            return str(self.one_of("h", "q", "h[::-1]"))
        if kind == 2:
            return f"np.tanh({self.array(v, depth + 1)})"
        if kind == 3:
            return f"({self.array(v, depth + 1)} + {self.scalar(v, depth + 1)})"
        if kind == 4:
            return f"({self.array(v, depth + 1)} * {self.array(v, depth + 1)} * 0.5)"
        if kind == 5:
            return f"(ws[{self.place(v, 5)}] @ {self.array(v, depth + 1)})"
        return str(self.one_of(f"a[{self.place(v, 6)}]", f"x[{self.place(v, 10)}] * {self.array(v, depth + 1)}"))

    def statement(self, v: list[str]) -> None:
        scalar, array = self.one_of("s", "t"), self.one_of("h", "q")
        forms = [
            f"{scalar} = np.tanh({self.scalar(v)})",
            f"{scalar} = {self.scalar(v)} * 0.5",
            f"{array} = np.tanh({self.array(v)})",
            f"buf[{self.place(v, 10)}] = {self.scalar(v)}",
            f"buf[{self.place(v, 10)}] += np.sin({self.scalar(v)})",
            f"mat[{self.place(v, 5)}] = {self.array(v)}",
            f"mat[{self.place(v, 5)}, {self.place(v, 4)}] *= {self.scalar(v)}",
            f"kept.append({self.scalar(v)})",
            f"kept.append({self.array(v)})",
            "s, t = t, s * 0.5 + t",
            "h, q = q, np.tanh(h + q)",
            f"if {self.scalar(v)} > {self.one_of(0.3, -5.0, 5.0)}: {scalar} = {scalar} * 0.5",
            "h = h * 1.0; v = h[1:3]; v *= 0.5; q = np.tanh(q + h)",
        ]
        if v:
            forms += [f"if {self.scalar(v)} > 1.2: break", f"if {v[-1]} < {self.choose.randrange(3)}: t = s + t"]
        self.emit(str(self.one_of(*forms)))

    def loop(self, v: list[str]) -> None:
        n, index = self.choose.randrange(10), "ijk"[len(v)]
        ranges = [f"range({n})", f"range(1, {n})", f"reversed(range({n}))", f"range(0, {n}, 2)"]
        ranges += [f"range({v[-1]})", f"range({v[-1]}, {n})"] if v else []
        self.emit(f"for {index} in {self.one_of(*ranges)}:")
        self.depth += 1
        for _ in range(self.choose.randrange(1, 4)):
            self.statement([*v, index])
        if len(v) < 2 and self.choose.random() < 0.35:
            self.loop([*v, index])
        self.depth -= 1

    def function(self) -> Any:
        space = {"np": np, "CONSTANTS": (0.25, -1.5, 2.0, 0.125, 3.5, -0.75, 1.25, 0.1, 0.9)}
        exec("\n".join(self.lines), space)
        return space["f"]


@pytest.mark.parametrize("seed", range(24))
def test_random_programs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    f = Random(seed).function()
    rng = np.random.default_rng(seed)
    x, a, ws = rng.normal(size=10), rng.normal(size=(6, 4)), [rng.normal(size=(4, 4)) for _ in range(5)]
    points = [x, a, ws], [x * 0.9, a, ws], [-x, a * 1.1, [0.5 * w for w in ws]]
    with np.errstate(all="ignore"):
        agrees(ga.value_and_grad(f, (0, 1, 2)), *points, monkeypatch=monkeypatch)


@pytest.mark.parametrize("seed", range(100, 110))
def test_texts_for_readers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    f = Random(seed).function()
    rng = np.random.default_rng(seed)
    point = rng.normal(size=10), rng.normal(size=(6, 4)), [rng.normal(size=(4, 4)) for _ in range(5)]
    g = ga.value_and_grad(f, (0, 1, 2))

    def texts() -> Iterator[str]:
        yield ga.source(g, *point)
        monkeypatch.setattr("gradarray.compiler.text.readable.with_loops", lambda left, least: left)
        yield ga.source(g, *point)

    found = []
    with np.errstate(all="ignore"):
        for text in texts():
            space: dict[str, Any] = {"np": np}
            exec(text, space)
            found.append(bits(space["value_and_grad_of_f"](*copied(point))))
    assert found[0] == found[1]
