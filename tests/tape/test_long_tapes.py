"""Plans of long tapes, which are compared in columns; their programs have loops. Here both begin sooner."""

import gc
import weakref

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler import sweeping
from gradarray.compiler.rolling import rolled
from gradarray.rules.primitives import primitive
from gradarray.tape import plans, sweeps
from tests.counted import counted

pytestmark = pytest.mark.usefixtures("fresh_plans", "long_sooner")

TURNS = 40
rng = np.random.default_rng(0)
X, Y, M = rng.normal(size=5), rng.uniform(0.5, 1.5, 5), 0.4 * rng.normal(size=(5, 5))


@pytest.fixture
def long_sooner(monkeypatch):
    monkeypatch.setattr(sweeping, "LONGEST", 50)
    monkeypatch.setattr(rolled, "LONG", 50)


def by_loop(f, *arrays):
    """Return the gradients of the arrays, and of what is held, without a plan."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "_known", {})
        patch.setattr(plans, "MOST_NODES", -1)
        return by_plan(f, *arrays)


def by_plan(f, *arrays):
    tensors = [ga.tensor(x) for x in arrays]
    y, held = f(*tensors)
    y.backward(retain_graph=True)
    return [t.grad for t in (*tensors, *held)]


def agree(found, expected):
    for g, e in zip(found, expected, strict=True):
        assert (g is None) == (e is None)
        if e is not None:
            assert np.asarray(g).tobytes() == np.asarray(e).tobytes()


def iterated(x, y, m, turns=TURNS):
    for _ in range(turns):
        x = np.tanh(m @ x + y * x)
    return np.sum(x), []


def read(x, y, m, turns=TURNS):
    total = 0.0
    for k in range(turns):
        total = total * 0.9 + np.sin(x[k % 5]) * y[k % 3]
    return total, []


def filled(x, y, m, turns=TURNS):
    out = ga.zeros(turns, constant=True)
    for k in range(turns):
        out[k] = np.sin(x[k % 5] * y[0])
    return np.sum(out * out), []


def stepping(x, y, m, turns=TURNS):
    u = ga.zeros((turns + 1, 5), constant=True)
    u[0] = x
    for k in range(turns):
        u[k + 1, 1:-1] = u[k, 1:-1] + 0.1 * y[1:-1] * (u[k, 2:] - u[k, :-2])
        u[k + 1, 0] = u[k + 1, 1]
        u[k + 1, -1] = u[k + 1, -2] * y[0]
    return np.sum(u[-1] ** 2), []


def in_place(x, y, m, turns=TURNS):
    x = x * 1.0
    for k in range(turns):
        x[k % 5] *= y[1]
        x[1:] += 0.01 * x[:-1]
        x /= np.sum(x * x)
    return np.sum(x * y), []


def lagging(x, y, m, turns=TURNS):
    before = [x, y, x * y]
    for _ in range(turns):
        before = [*before[1:], np.tanh(before[0] + 0.5 * y)]
    return np.sum(before[0] + before[1] * before[2]), []


def fibonacci(x, y, m, turns=TURNS):
    a, b = x, y
    for _ in range(turns):
        a, b = b, np.tanh(a + 0.5 * b)
    return np.sum(a * b), []


def two_loops(x, y, m, turns=TURNS):
    x, _ = iterated(x, y, m, turns), None
    z = y * x[0]
    for _ in range(turns):
        z = z + 0.1 * np.sin(z) * y
    return np.sum(z), []


def nested(x, y, m, turns=TURNS):
    for _ in range(turns - 10):
        z = x
        for _ in range(4):
            z = z * y + 0.1
        x = np.tanh(z) + x
    return np.sum(x), []


def collected(x, y, m, turns=TURNS):
    states = []
    for _ in range(turns):
        x = np.tanh(m @ x + y)
        states.append(x)
    return np.sum(np.stack(states) * y), []


def collected_early(x, y, m, turns=TURNS):
    states = []
    for _ in range(turns):
        x = np.tanh(m @ x + y)
        states.append(np.sum(x))
    total = 0.0
    for state in states:
        total = total + state * state
    return total, []


def held_in_the_middle(x, y, m, turns=TURNS):
    held = []
    for k in range(turns):
        x = np.tanh(m @ x + y * x)
        if k in (3, 20, turns - 1):
            held.append(x)
    return np.sum(x), held


def held_buffer(x, y, m, turns=TURNS):
    out = x * 1.0
    held = [out]
    for k in range(turns):
        held = [*held[-1:], out[1:] * y[1:]]
        out[k % 4] = np.sum(held[-1]) * y[0]
    return np.sum(out[1:] ** 2) + out[0], [out, *held]


def leaf_in_each_turn(x, y, m, turns=TURNS):
    leaves = []
    for k in range(turns):
        leaves.append(ga.tensor(np.full(5, 0.1 * k)))
        x = np.tanh(x * y + leaves[-1])
    return np.sum(x), leaves


def nothing_comes(x, y, m, turns=TURNS):
    for _ in range(turns):
        x = np.tanh(x + y) + np.floor(x)
    return np.sum(x), []


def unequal_ends(x, y, m, turns=TURNS):
    x = np.exp(x) / np.sum(np.exp(x))
    z = m @ x
    x, _ = iterated(x, y, m, turns)
    return np.sum(np.outer(z, y)[1:] * x) + np.max(z) + x, []


PROGRAMS = [
    *(iterated, read, filled, stepping, in_place, lagging, fibonacci, two_loops, nested, collected, collected_early),
    *(held_in_the_middle, held_buffer, leaf_in_each_turn, nothing_comes, unequal_ends),
]


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_the_loop_and_the_plan_give_the_same_bits(f, loops):
    expected = by_loop(f, X, Y, M)
    loops.clear()
    for _ in range(3):
        agree(by_plan(f, X, Y, M), expected)
    assert len(loops) == 1
    agree(by_plan(f, Y, X, M.T), by_loop(f, Y, X, M.T))


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_a_plan_is_not_taken_for_more_or_fewer_turns(f, loops, monkeypatch):
    for _ in range(2):
        by_plan(f, X, Y, M)
    assert len(loops) == 1
    monkeypatch.setattr(plans, "REPEATS", 64)  # for the others none is written
    for turns in (TURNS - 1, 2 * TURNS):
        loops.clear()
        found = by_plan(lambda *x: f(*x, turns=turns), X, Y, M)  # noqa: B023
        assert len(loops) == 1
        agree(found, by_loop(lambda *x: f(*x, turns=turns), X, Y, M))  # noqa: B023


def test_a_plan_is_not_taken_where_one_turn_is_another_one(loops, monkeypatch):
    def f(x, y, m, odd=None):
        for k in range(TURNS):
            x = np.tanh(m @ x + y * x) if k != odd else np.sin(m @ x + y * x)
        return np.sum(x), []

    for _ in range(2):
        by_plan(f, X, Y, M)
    assert len(loops) == 1
    monkeypatch.setattr(plans, "REPEATS", 64)  # for the others none is written
    for odd in (0, 1, TURNS // 2, TURNS - 2, TURNS - 1):
        loops.clear()
        found = by_plan(lambda *x: f(*x, odd=odd), X, Y, M)  # noqa: B023
        assert len(loops) == 1
        agree(found, by_loop(lambda *x: f(*x, odd=odd), X, Y, M))  # noqa: B023


def test_a_plan_is_not_taken_where_what_is_added_up_first_is_another_one(loops):
    def f(x, y, m, turned=-1):
        for k in range(TURNS):
            if k == turned:
                second, first = y * x, m @ x
            else:
                first, second = m @ x, y * x
            x = np.tanh(first + second)
        return np.sum(x), []

    for _ in range(2):
        by_plan(f, X, Y, M)
    loops.clear()
    found = by_plan(lambda *x: f(*x, turned=TURNS // 2), X, Y, M)
    assert len(loops) == 1
    agree(found, by_loop(lambda *x: f(*x, turned=TURNS // 2), X, Y, M))


def test_the_tape_is_released_unless_it_is_to_stay(loops):
    def run(retain):
        x = ga.tensor(X)
        y, _ = iterated(x, Y, M)
        y.backward(retain_graph=retain)
        return x, y

    for _ in range(2):
        x, y = run(False)
    assert len(loops) == 1
    with pytest.raises(RuntimeError, match="released by an earlier backward"):
        y.backward()
    loops.clear()
    x, y = run(True)
    first = x.grad
    y.backward()
    np.testing.assert_array_equal(x.grad, first)
    assert loops == []


@counted
def test_what_is_held_shows_its_gradient_and_is_released(loops):
    for _ in range(3):
        x = ga.tensor(X)
        y, held = held_in_the_middle(x, Y, M)
        nodes = [t._node for t in held]
        y.backward()
        assert all(t.grad is not None for t in held)
        assert [node.rule.name for node in nodes] == ["released"] * 3
    assert len(loops) == 1


def test_a_zero_still_wins_over_an_infinity(loops):
    def f(x, turns):
        total = 0.0
        for k in range(turns):
            total = total + np.where(x > 0.1 * k, np.sqrt(x - 0.1 * k), 0.0) * 0.5
        return np.sum(total)

    x = np.array([-1.0, 0.1 * 7, 1e3])
    with np.errstate(all="ignore"):
        for turns in (TURNS, TURNS, TURNS):
            t = ga.tensor(x)
            f(t, turns).backward()
            assert t.grad[0] == 0
            assert np.isfinite(t.grad[1])
            expected = sum(0.25 / np.sqrt(x[2] - 0.1 * k) for k in range(turns))
            np.testing.assert_allclose(t.grad[2], expected, rtol=1e-12)
    assert len(loops) == 3


def test_what_a_plan_holds_is_its_text():
    """Neither a node nor an array of the tape that it was written from is held by it."""
    x = ga.tensor(X)
    y, _ = stepping(x, ga.tensor(Y), M)
    held = [weakref.ref(y), weakref.ref(x._raw)]
    y.backward()
    assert any(known.plans for known in plans._known.values())
    del x, y
    gc.collect()
    assert [r() for r in held] == [None, None]


def test_what_returns_nothing_in_some_turns_has_no_influence_there(restored_tables, loops):
    step = primitive(lambda x, y: np.tanh(x + y))

    def slope(g, ans, x, y):
        return None if ans[0] < 0.3 else g * (1 - ans * ans)

    ga.registry.rule(step, slope, lambda g, ans, x, y: None if ans[1] < 0.1 else g * (1 - ans * ans))

    def f(x, y, m):
        out = ga.zeros((TURNS, 5), constant=True)
        for k in range(TURNS):
            out[k] = np.sin(step(np.cos(x * y), y)) + 0.1 * x
            x = step(np.sin(x * 2.0), out[k]) * y[0] + step(x[::-1], y)
        return np.sum(out[-1] * x) + np.sum(x), []

    def chain(x, y, m):
        for _ in range(TURNS):
            x = step(np.sin(3.0 * x), y)
        return np.sum(x), []

    for program in (f, chain):
        expected = by_loop(program, X, Y, M)
        loops.clear()
        for _ in range(3):
            agree(by_plan(program, X, Y, M), expected)
        assert len(loops) == 1
        agree(by_plan(program, X, -Y, M), by_loop(program, X, -Y, M))


@counted
@pytest.mark.parametrize("f", [*PROGRAMS, *range(12)], ids=lambda f: getattr(f, "__name__", f))
def test_the_loop_and_the_plan_keep_the_same(f):
    f = random_program(f) if isinstance(f, int) else f
    by_plan(f, X, Y, M)
    arrays = [ga.tensor(x) for x in (X, Y, M)]
    y, held = f(*arrays)
    # By their numbers: whoever has a node counts as somebody who holds it.
    ways = [[node.order for node in sweep(y._node, np.float64(1), True)] for sweep in (sweeps.sweep, plans.sweep)]
    assert sorted(ways[0]) == sorted(ways[1])
    del arrays, held


# --- programs at random ----------------------------------------------------------------------------------------------


def random_program(seed):
    """Return a program with a loop: each turn does the same, at random, with buffers, views and what stands before."""
    rng = np.random.default_rng(seed)
    steps = [(int(rng.integers(9)), *map(int, rng.integers(6, size=2))) for _ in range(rng.integers(3, 9))]
    lag = int(rng.integers(1, 4))
    held = [int(k) for k in rng.integers(TURNS, size=rng.integers(3))]

    def f(x, y, m, turns=TURNS):
        buffer = ga.zeros((turns + lag, 5), constant=True)
        for k in range(lag):
            buffer[k] = x * (k + 1)
        kept = []
        constant = y * 2.0
        for k in range(turns):
            values = [x, y, constant, buffer[k], buffer[k + lag - 1], x * 0.5]
            for what, i, j in steps:
                a, b = values[i], values[j]
                if what == 0:
                    new = a + 0.1 * b
                elif what == 1:
                    new = a * np.tanh(b)
                elif what == 2:
                    new = np.sin(m @ a) - b
                elif what == 3:
                    new = a / (1.5 + np.sum(b * b))
                elif what == 4:
                    new = a * 1.0
                    new[1:] = b[:-1]
                elif what == 5:
                    new = np.tanh(a)
                    new[2] += np.sum(b)
                elif what == 6:
                    new = np.where(a > b, a, b * 0.5)
                elif what == 7:
                    new = np.concatenate([a[2:], b[:2]])
                else:
                    new = np.max(a) * b
                values[(i + j) % 6] = new
            buffer[k + lag] = np.tanh(values[3])
            if k in held:
                kept.append(values[4])
            x = np.tanh(values[0] + 0.1 * values[5])
        return np.sum(buffer[-1] * x) + np.sum(buffer[turns // 2]), kept

    return f


@pytest.mark.parametrize("seed", range(12))
def test_programs_at_random(seed):
    f = random_program(seed)
    expected = by_loop(f, X, Y, M)
    for _ in range(2):
        agree(by_plan(f, X, Y, M), expected)
    agree(by_plan(f, Y, X, M.T), by_loop(f, Y, X, M.T))


def test_most_random_programs_have_a_plan():
    served = 0
    for seed in range(8):
        plans._known.clear()
        by_plan(random_program(seed), X, Y, M)
        served += any(known.plans for known in plans._known.values())
    assert served > 5
