"""Programs are made smaller and faster, and compute the same to the last bit."""

from __future__ import annotations

import re
import tracemalloc
import warnings
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.passes import blocks
from gradarray.kernels import parts
from gradarray.transforms.containers import flatten

rng = np.random.default_rng(0)
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 1.7e308, -1.7e308, 1.0, -3.5])


def text_of(f: Any, *args: Any) -> str:
    """Return the text that is carried out, with functions under NumPy's names."""
    run = ga.jit(f, strict=True)
    run(*args)
    return re.sub(
        r"\bnp_(\w+?)(?:_(reduce))?\(",
        lambda found: f"np.{'.'.join(filter(None, found.groups()))}(",
        run._recent[0].text,
    )


def silenced() -> Any:
    return np.errstate(all="ignore")


def compare(f: Any, *points: tuple[Any, ...], around: Any = silenced) -> None:
    """Compare a jitted function with itself, to the last bit but for the signs of NaN."""
    if around is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compare(f, *points, around=nullcontext)
    run = ga.jit(f, strict=True)
    for point in (*points, *points):
        mine = [np.copy(x) if isinstance(x, np.ndarray) else x for x in point]
        theirs = [np.copy(x) if isinstance(x, np.ndarray) else x for x in point]
        with around():
            found, expected = flatten((run(*mine), mine))[0], flatten((f(*theirs), theirs))[0]
        for a, b in zip(found, expected, strict=True):
            assert (type(a), np.asarray(a).dtype) == (type(b), np.asarray(b).dtype)
            np.testing.assert_array_equal(a, b)
            np.testing.assert_array_equal(np.signbit(a)[np.asarray(a) == 0], np.signbit(b)[np.asarray(b) == 0])


FOLDED = [
    lambda x: 1 * x,
    lambda x: x / 1,
    lambda x: 0 + x,
    lambda x: x - 0.0,
    lambda x: -1 * x,
    lambda x: 100 * (2 * x),
    lambda x: 0.25 * (2 * x),
    lambda x: 2 * (3 * x),
    lambda x: 2 * (0.3 * x),
    lambda x: 2 * (1.5 * x),
    lambda x: 3 * (1.1 * x),
    lambda x: 0.5 * (0.5 * x),
    lambda x: -(3 * x),
    lambda x: -(-x) + x,  # noqa: B002
    lambda x: 3 * -x,
    lambda x: 1 + -x,
    lambda x: x[::-1] - -x,
    lambda x: (-x) * x[::-1] + x,
    lambda x: x - (-x) / x[::-1],
    lambda x: (x[::-1] / -x + x) / -3,
    lambda x: np.broadcast_to(np.float64(1), x.shape) * x,
    lambda x: np.ones(11) * 7 * x,
    lambda x: np.float64(2.5) * x,
    lambda x: np.add(np.multiply(x, x), 1.0),
    lambda x: x.reshape(11) + x.astype(float) + x.copy(),
    lambda x: x.T.T + +x,
]


@pytest.mark.parametrize("f", FOLDED, ids=range(len(FOLDED)))
def test_bits_stay(f: Any) -> None:
    compare(f, (SPECIAL,), (SPECIAL[::-1].copy(),), (rng.normal(size=11),))
    with np.errstate(over="ignore"):
        single = SPECIAL.astype(np.float32)
    compare(f, (single,), (single[::-1].copy(),))


def test_what_comes_to_the_same_is_left_out() -> None:
    x = np.ones(3)
    text = text_of(lambda x: (np.exp(x) + np.exp(x), 1 * np.sin(x) / 1), x)
    assert text.count("np.exp") == 1
    assert "1 *" not in text and "/ 1" not in text
    assert "2 *" not in text_of(ga.grad(lambda x: np.sum(0.5 * x * 4)), x)
    assert "np.cos" not in text_of(lambda x: [np.cos(x), x][1], x)
    assert "float64" not in text_of(lambda x: x * np.float64(0.5), x)


def test_nothing_is_shared_across_a_write() -> None:
    def f(x: Any) -> Any:
        a = x * 2
        a += 1
        b = x * 2
        x[0] = 5.0
        c = x * 2
        return np.sum(a), b, c

    compare(f, (np.arange(3.0),))


def test_results_are_arrays_of_their_own() -> None:
    run = ga.jit(lambda x: (x.copy(), x * 1, x * 2, x * 2), strict=True)
    x = np.ones(3)
    for out in (run(x), run(x)):
        arrays = [x, *out]
        assert not any(np.may_share_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_a_copy_is_one_where_the_first_is_changed_later() -> None:
    def f(x: Any) -> Any:
        before = x.copy()
        x *= 2
        y = np.zeros(3)
        y[1:] = x[1:]
        z = y.copy()
        z[0] = 7.0
        return before, y, z

    compare(f, (np.arange(3.0),))


def test_a_copy_is_left_out_where_nobody_sees_the_first_again() -> None:
    def f(x: Any) -> Any:
        y = np.exp(x)
        z = y.copy()
        z[0] = 7.0
        return z

    assert "copy" not in text_of(f, np.arange(3.0))
    compare(f, (np.arange(3.0),))

    def g(x: Any) -> Any:
        y = np.exp(x)
        z = y.copy()
        y[0] = 7.0
        return z

    compare(g, (np.arange(3.0),))


def test_a_result_without_contents_of_its_own_is_not_written_into() -> None:
    def f(x: Any) -> Any:
        y = x[1:]
        z = y.copy()
        z[0] = 7.0
        return z

    compare(f, (np.arange(3.0),))


def test_one_guard_asks_for_all_small_gradients() -> None:
    f = ga.grad(lambda a, b: np.sum(np.exp(a) * np.sin(b)), argnums=(0, 1))
    text = text_of(f, np.ones(3), np.ones(3))
    assert text.count("return None") == 1
    compare(f, (np.ones(3), np.ones(3)), (np.array([np.nan, 1, 2]), np.ones(3)), (np.ones(3), np.array([np.inf, 0, 1])))


def test_a_guard_comes_before_what_is_given_is_written_into() -> None:
    def step(w: Any) -> Any:
        w -= ga.grad(lambda v: np.sum(np.sqrt(v)))(w)
        return w.copy()

    text = text_of(step, np.ones(2))
    assert text.index("return None") < text.index("w -= ")

    compare(step, (np.array([1.0, 4.0]),), (np.array([0.0, 4.0]),), (np.array([np.nan, 4.0]),))


# --- large arrays -----------------------------------------------------------------------------------------------------


def normalised(x: Any) -> Any:
    z = x - np.max(x, axis=1, keepdims=True)
    p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    return np.sum(np.sqrt(p + 1) * x[:, :1])


def valley(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def smoothed(x: Any) -> Any:
    return np.sum(np.exp(x[2:] * x[1:-1] - x[:-2] ** 2))


def lengths(x: Any) -> Any:
    return np.sum(np.sqrt(np.sum(x * x, axis=1)) * 2 + 1)


def spread(x: Any) -> Any:
    u = np.zeros((3, 9))
    u[0] = x
    for k in range(2):
        u[k + 1, 1:-1] = u[k, 1:-1] + np.sin(x[1:-1]) * (u[k, 2:] - u[k, :-2] * 0.5)
    return np.sum(u**2)


def gated(x: Any) -> Any:
    return np.sum(np.where(x > 0, x**3, np.abs(x)) * np.tanh(x))


@pytest.fixture(params=[1, 3])
def small_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LEAST", 2)
    monkeypatch.setattr(blocks, "ROWS", 4)
    monkeypatch.setattr(parts, "SPLIT", 8)
    monkeypatch.setattr(parts, "THREADS", request.param)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("f", "shape"),
    [
        (normalised, (9, 4)),
        (normalised, (4, 4)),
        (valley, (23,)),
        (smoothed, (23,)),
        (lengths, (7, 3)),
        (gated, (5, 3)),
    ],
)
def test_blocks_of_rows_compute_the_same(f: Any, shape: tuple[int, ...]) -> None:
    points = [(rng.normal(size=shape),) for _ in range(2)]
    both = ga.value_and_grad(f)
    assert "by_rows(" in text_of(both, *points[0])
    compare(both, *points)
    compare(both, (np.where(points[0][0] > 0, np.nan, points[0][0]),), (np.full(shape, np.inf),))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_share_smaller_arrays_of_what_takes_long(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in (blocks, parts):
        monkeypatch.setattr(room, "THREADS", threads)
    monkeypatch.setattr(blocks, "LEAST", 2000)
    monkeypatch.setattr(blocks, "SMALL", 500)
    monkeypatch.setattr(blocks, "_EACH", 150)
    monkeypatch.setattr(parts, "SPLIT", 1000)

    def waves(x: Any) -> Any:
        return np.sum(np.sin(x) * np.exp(-x) + np.sqrt(x) * x**2)

    def cubic(x: Any) -> Any:
        return np.sum((x * x * 3 + x * 2 - 1) * x)

    def mixed(x: Any) -> Any:
        y = np.sin(x) + np.exp(x)
        for k in range(10):
            y = y * x + k
        return np.sum(y)

    def by_rows(x: Any) -> Any:
        return np.sum(np.tanh(x) * np.cos(x), axis=1) + np.log(np.sum(np.exp(x), axis=1))

    for f, shape, slow in [
        (waves, (999,), True),
        (cubic, (999,), False),
        (mixed, (999,), False),
        (by_rows, (66, 15), True),
    ]:
        points = [(rng.uniform(0.1, 2, size=shape),) for _ in range(2)]
        both = ga.value_and_grad(f) if f is not by_rows else f
        found = re.search(r"_by_\w+\(_block, (\d+), (\d+),", text_of(both, *points[0]))
        assert (found is not None) == (slow and threads > 1)
        assert found is None or int(found[2]) < int(found[1])  # a block for each thread
        compare(both, *points)
    many = np.full(499, 0.5)  # too small, however long it takes
    assert "_block(" not in text_of(ga.value_and_grad(waves), many)


@pytest.mark.usefixtures("small_blocks")
def test_what_numpy_says_of_a_block_is_said_once_and_changes_nothing() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.log(x) * 2 + x)

    run, x = ga.jit(ga.grad(f), strict=True), np.arange(1.0, 10.0)
    expected = ga.grad(f)(x)
    np.testing.assert_array_equal(run(x), expected)
    x[3] = 0.0
    forward = ga.jit(lambda x: np.log(x) * 2 + x, strict=True)
    forward(x + 1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        result = forward(x)
    assert len(told) == 1
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(result, np.log(x) * 2 + x)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        forward(x)


@pytest.mark.usefixtures("small_blocks")
def test_a_buffer_is_added_to_once_where_numpy_has_something_to_say() -> None:
    x = np.linspace(1, 2, 12)
    x[5] = 1e200
    run = ga.jit(ga.value_and_grad(valley), strict=True)
    run(np.ones(12))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (value, gradient), (v, g) = run(x), ga.value_and_grad(valley)(x)
    assert value == v
    np.testing.assert_array_equal(gradient, g)


@pytest.mark.usefixtures("small_blocks")
def test_what_is_silent_does_not_silence_what_follows() -> None:
    def f(x: Any) -> Any:
        g = ga.grad(lambda v: np.sum(np.exp(v) * v))(x)
        return np.log(x) * 2 + g

    run, x = ga.jit(f, strict=True), np.arange(1.0, 10.0)
    run(x)
    x[3] = 0.0
    with pytest.warns(RuntimeWarning, match="divide by zero") as told:
        run(x)
    assert len(told) == 1


@pytest.mark.usefixtures("small_blocks")
def test_a_write_stays_behind_what_was_read_before() -> None:
    def f(x: Any) -> Any:
        y = x * 2
        z = y + x
        x[0] = 5.0
        return z * x

    compare(f, (np.arange(1.0, 8.0),))


@pytest.mark.usefixtures("small_blocks")
def test_windows_are_views_of_what_they_slide_over() -> None:
    slide = np.lib.stride_tricks.sliding_window_view

    def read_late(x: Any) -> Any:
        first, second = np.sin(x), np.cos(x)
        x = x * 1.0
        x[0] = 1.5
        windows = slide(x, 2)
        several = np.sum(first * 2) + np.sum(second * first) + np.sum(second * 3)
        return several + np.sum(windows * np.arange(2.0))

    def written(x: Any) -> Any:
        y = x * 2
        windows = slide(y, 2, writeable=True)
        before = np.sum(np.sin(y))
        y *= 3
        windows[0] = 1.0
        return before + np.sum(np.sin(y) * x) + np.sum(windows**2)

    x = np.linspace(-0.5, 0.7, 4)
    for f in (read_late, written):
        for of in (f, ga.value_and_grad(f)):
            run = ga.jit(of, strict=True)
            for at in (x, x, -x):
                for found, expected in zip(flatten(run(at))[0], flatten(of(at))[0], strict=True):
                    np.testing.assert_array_equal(found, expected)


def test_rows_that_are_changed_by_several_names() -> None:
    compare(ga.value_and_grad(spread), (rng.normal(size=9),), (rng.normal(size=9),))


@pytest.mark.usefixtures("small_blocks")
def test_rows_that_look_at_others_are_no_block() -> None:
    def f(x: Any) -> Any:
        y = x * 2
        z = y[::-1] + x
        w = z * y.T
        return w + np.add.reduce(w * x, axis=0) + np.sum(x + w, axis=1)

    compare(f, (rng.normal(size=(5, 5)),))


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_a_program_needs_no_more_memory_than_the_function(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "THREADS", threads)

    def network(w: Any, v: Any, x: Any) -> Any:
        return np.mean((np.tanh(np.tanh(x @ w) @ v) - 1) ** 2)

    args = (rng.normal(size=(64, 64)) / 8, rng.normal(size=(64, 8)) / 8, rng.normal(size=(256, 64)))
    cases: list[tuple[Any, tuple[Any, ...]]] = [
        (ga.value_and_grad(network, argnums=(0, 1)), args),
        (ga.value_and_grad(valley), (rng.normal(size=150_000),)),
        (ga.value_and_grad(normalised), (rng.normal(size=(200, 1000)),)),
        (ga.value_and_grad(gated), (rng.normal(size=20_000),)),
    ]
    for f, point in cases:
        run = ga.jit(f, strict=True)
        assert peak(run, *point) <= 1.05 * peak(f, *point)
        compare(f, point)


def peak(f: Any, *args: Any) -> int:
    f(*args)
    f(*args)
    tracemalloc.start()
    f(*args)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_large_results_take_the_place_of_what_is_not_needed() -> None:
    def f(x: Any) -> Any:
        y = np.exp(x)
        z = np.sin(y)
        return z * 2 + y.sum(), z

    x = rng.normal(size=5000)
    assert "np.exp(x)" in text_of(f, x)
    compare(f, (x,), (x[::-1].copy(),))

    def g(x: Any) -> Any:
        y = x * 2
        view = y[1:]
        z = np.sqrt(np.abs(y))
        return z[1:] + view

    compare(g, (x,))


# --- updates in place -------------------------------------------------------------------------------------------------

CONSTANT = np.array([3.0])
FREED = [
    lambda x: np.broadcast_to(CONSTANT, (1,)) * x,
    lambda x: np.reshape(CONSTANT, (1,)) + x,
    lambda x: np.atleast_1d(CONSTANT) / x,
    lambda x: (x.reshape(-1) * x, x),
    lambda x: np.asarray(x) - x,
    lambda x: np.squeeze(np.exp(x)[None], 0) + x,
    lambda x: (np.sin(x) + 1)[None, :] + np.cos(x),
    lambda x: -np.maximum(2, np.sin(x)) - 1,
    lambda x: [y := np.sin(x), y[:1] + 1, y * 2],
    lambda x: np.sin(x).T + np.sin(x).T[::-1],
    lambda x: (y := np.exp(x)) + y,
    lambda x: (y := np.exp(x)) - (y - 1) * y,
    lambda x: np.sum(np.stack([x * x, x + 1]) * 2, axis=0) / x,
    lambda x: np.exp(x) * x[0] + np.exp(-x) * x[0],
]


@pytest.mark.parametrize("n", [1, 70])
@pytest.mark.parametrize("f", FREED, ids=range(len(FREED)))
def test_what_is_updated_in_place_is_nobody_elses(f: Any, n: int) -> None:
    compare(f, *[(np.full(n, x),) for x in (0.3, -1.5, 0.0, np.inf)])
    assert CONSTANT == 3
    loss = ga.value_and_grad(lambda x: sum(np.sum(part**2) for part in flatten(f(x))[0]))
    compare(loss, (np.linspace(0.3, 0.4, n),), (np.linspace(-1.5, -1, n),))


def test_few_numbers_are_updated_in_place() -> None:
    text = text_of(lambda x, y: np.sin(x) * y - x / y, np.ones(3), np.ones(3))
    assert "multiply(v1, y, v1)" in text and "divide(x, y), v2)" in text
    text = text_of(lambda x, y: (np.sin(x) * y, x - y, y * x), np.ones(3), np.ones(3))
    assert "subtract(x, y)" in text


@pytest.mark.parametrize("n", [10, 5000])
def test_a_cotangent_of_ones_times_weights_that_are_made_in_the_function(n: int) -> None:
    """Such a product is the weights, and not the first of them everywhere, in a large array as in a small one."""

    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * np.cos(np.arange(n)))

    compare(ga.grad(f), (np.linspace(0, 1, n),), (np.linspace(-1, 2, n),))
