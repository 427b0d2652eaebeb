"""Spellings that are carried out sooner, and sums that blocks compute as they go: the same to the last bit."""

from __future__ import annotations

import re
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.passes import blocks, gathers, quicker, signs
from gradarray.kernels import parts, sums
from gradarray.kernels.placing import added_where
from gradarray.transforms.containers import flatten

from .test_optimised import SPECIAL, compare, text_of

rng = np.random.default_rng(0)


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quicker, "LARGE", 2)
    monkeypatch.setattr(signs, "LARGE", 2)


@pytest.fixture(params=[1, 3])
def blocks_of_128(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LEAST", 2)
    monkeypatch.setattr(blocks, "ROWS", 128)
    monkeypatch.setattr(parts, "SPLIT", 8)
    monkeypatch.setattr(parts, "THREADS", request.param)


# --- numbers beside arrays --------------------------------------------------------------------------------------------

BESIDE = [
    lambda x: 0.1 * x,
    lambda x: x - 3,
    lambda x: 1 / x,
    lambda x: -0.1 / x,
    lambda x: np.maximum(x, 0),
    lambda x: np.minimum(0.5, x),
    lambda x: (x > 0.1) * x,
    lambda x: np.where(x > 0, x, 0),
    lambda x: np.where(x > 0, -0.0, x),
    lambda x: x**2 + 1e300,
    lambda x: (x > 9007199254740993) + x,
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.int8])
@pytest.mark.parametrize("f", BESIDE)
def test_a_number_beside_an_array_is_one_of_its_dtype(f: Any, dtype: Any) -> None:
    x = SPECIAL.astype(np.float64)
    with np.errstate(all="ignore"):
        if np.dtype(dtype).kind == "i":
            x = np.array([0, 1, 2, -3, 100])
        x = x.astype(dtype)
    compare(f, (x,), (x[::-1],), (x[:1],), (x[:0],), (x[3],), (x[3:4].reshape(()),))


def test_numbers_are_converted_once() -> None:
    text = text_of(lambda x: 2.5 * x + 1, np.ones(3))
    assert "2.5" not in text
    assert "np.dot(" not in text_of(ga.grad(lambda w, x: np.sum(np.tanh(x @ w))), np.ones((3, 3)), np.ones((2, 3)))


def test_a_number_too_large_for_the_dtype_stays_what_it_is() -> None:
    x = np.ones(3, np.float32)
    with pytest.warns(RuntimeWarning, match="overflow"):
        expected = x * 1e300
    run = ga.jit(lambda x: x * 1e300, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_array_equal(run(x), expected)


# --- memory that nobody needs any more --------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 3, 1000, 100_000])
def test_results_take_the_memory_of_operands(n: int) -> None:
    x = rng.normal(size=n)
    compare(lambda x: np.tanh(x * 2 + 1) * 3 - 4, (x,), (-x,))
    if 1 < n < 100_000:
        text = text_of(lambda x: np.tanh(x * 2 + 1) * 3 - 4, x)
        made = [line for line in text.splitlines() if " = np." in line]
        assert len(made) == 5 and ", x)" in made[0]
        assert all(re.search(r"\b(v\d)\b.*, \1\)$", line) for line in made[1:])


def test_where_no_operand_is_to_spare_another_array_is() -> None:
    def f(x: Any) -> Any:
        return np.add.reduce(np.exp(x) + 1), np.sin(x) * x

    compare(f, (rng.normal(size=200),))
    assert "np.sin(x, v" in text_of(f, np.ones(200))
    assert "np.sin(x, v" not in text_of(f, np.ones(5000))  # it would be kept for longer


def test_nobody_writes_into_what_somebody_has() -> None:
    def f(x: Any, held: Any) -> Any:
        y = x * 2
        view = y[::-1]
        z = y + 1
        w = np.broadcast_to(np.sum(x), x.shape) * np.zeros(3)
        held[:] = z
        return view * z, y - 1, w + z, x + held

    compare(f, (rng.normal(size=3), np.zeros(3)), (np.ones(3), np.ones(3)))
    compare(lambda x: (lambda y: (y, y + 1))(x * 2), (rng.normal(size=3),))


# --- slopes of maxima -------------------------------------------------------------------------------------------------


def softmax(x: Any) -> Any:
    shifted = x - np.max(x, axis=1, keepdims=True)
    return np.sum((shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))) ** 2)


def largest_of_rows(x: Any) -> Any:
    return np.sum(np.sin(np.max(x, axis=1))) + np.sum(np.max(x * 2, axis=0) ** 2)


@pytest.mark.usefixtures("all_large")
@pytest.mark.parametrize("f", [softmax, largest_of_rows])
@pytest.mark.parametrize("shape", [(2, 60), (3, 300), (40, 2), (1, 50), (7, 1)])
def test_slopes_of_maxima_with_ties(f: Any, shape: tuple[int, int]) -> None:
    x = rng.normal(size=shape)
    ties, wild = np.round(x), rng.choice(SPECIAL, size=shape)
    compare(ga.value_and_grad(f), (x,), (ties,), (np.zeros(shape),), (-np.zeros(shape),), (wild,))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.7])
@pytest.mark.parametrize("form", [(9, 50), (9, 1), (1, 50), (1, 1), (50,), ()])
def test_what_is_added_where_something_is_true(dtype: Any, share: float, form: tuple[int, ...]) -> None:
    a, x = rng.choice(SPECIAL, size=(9, 50)), rng.choice(SPECIAL, size=form)
    with np.errstate(all="ignore"):
        a, x = a.astype(dtype), np.asarray(x).astype(dtype)
        c = rng.uniform(size=a.shape) < share
        expected = a + np.where(c, x, 0)
        for out in (None, np.empty_like(a), a):
            found = added_where(a, c, x, out=out)
            assert out is None or found is out
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_array_equal(np.signbit(found)[expected == 0], np.signbit(expected)[expected == 0])


@pytest.mark.parametrize("share", [0.02, 0.7])
def test_without_minus_zeros_only_what_is_added_to_is_written(share: float) -> None:
    a, x = rng.normal(size=(9, 50)), rng.normal(size=(9, 1))
    c = rng.uniform(size=a.shape) < share
    expected = a + np.where(c, x, 0)
    for out in (None, np.empty_like(a), a):
        found = added_where(a, c, x, False, out=out)
        assert found is out or (out is None and found is not a)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.usefixtures("all_large")
def test_ties_are_counted_by_their_places() -> None:
    x = np.round(2 * rng.normal(size=(5, 40)))
    assert text_of(ga.value_and_grad(softmax), x).count("np.flatnonzero(") == 1
    compare(ga.value_and_grad(softmax), (x,), (x[::-1].copy(),), (np.zeros(x.shape),), (rng.normal(size=x.shape),))


LABELS = np.array([1, 0, 1, 1])


def picked(x: Any) -> Any:
    y = x - np.max(x, axis=1, keepdims=True)
    return np.sum((y - np.log(np.sum(np.exp(y), axis=1, keepdims=True)))[np.arange(4), LABELS])


def filled(x: Any) -> Any:
    y = np.zeros(x.shape)
    y[:] = -0.0
    return (y + np.minimum(x * 0, -0.0)) + np.where(x > 5, x, 0)


def counted(x: Any) -> Any:
    y = np.zeros(x.shape)
    y[1:] += x[1:] * 0
    y[:2] -= x[:2] * 0
    return (y + x * 0) + np.where(x > 5, x, 0)


@pytest.mark.usefixtures("all_large")
@pytest.mark.parametrize("share", [1, 100])
@pytest.mark.parametrize("f", [ga.value_and_grad(picked), filled, counted])
def test_zeros_keep_their_signs_where_few_are_added_to(f: Any, share: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradarray.kernels.placing.FEWER", share)
    x = rng.normal(size=(4, 30))
    compare(f, (x,), (np.round(x),), (-np.zeros(x.shape),), (np.zeros(x.shape),), (6 * x,))
    if f is not filled:
        assert ", False" in text_of(f, x)


@pytest.mark.usefixtures("all_large")
def test_what_is_needed_as_it_was_is_not_joined() -> None:
    def written_between(a: Any, x: Any) -> Any:
        c = x > 0
        y = np.where(c, x, 0)
        x[0] = 5.0
        return a + y

    def returned(a: Any, x: Any) -> Any:
        y = np.where(x > 0, x, 0)
        return a + y, y

    def used_twice(a: Any, x: Any) -> Any:
        y = np.where(x > 0, x, 0)
        return y + a, y * a

    for f in (written_between, returned, used_twice):
        compare(f, tuple(rng.normal(size=(2, 3, 40))), tuple(rng.normal(size=(2, 3, 40))))


# --- elements that are looked up --------------------------------------------------------------------------------------


def used_elsewhere(x: Any, i: Any, j: Any) -> Any:
    y = x - x[:1]
    return y[i, j], np.sum(y)


def returned_too(x: Any, i: Any, j: Any) -> Any:
    y = x * 2
    return y[i, j] * 3, y


def written_before(x: Any, i: Any, j: Any) -> Any:
    z = np.sin(x)
    y = z * x
    z[0] = 7.0
    return y[i, j] + z[0, 0]


def written_itself(x: Any, i: Any, j: Any) -> Any:
    y = x * x
    y[1] = -1.0
    return y[i, j]


LOOKED_UP = [
    lambda x, i, j: (x - np.max(x, axis=1, keepdims=True))[i, j],
    lambda x, i, j: (x / x[0] + x[:, :1])[i, j] * 2,
    lambda x, i, j: (3 * x[:1] - x[:, 1:2])[i, j],
    lambda x, i, j: (-(x * x) / x)[i, j][::2],
    lambda x, i, j: (x - np.sum(x))[i, j],
    lambda x, i, j: (x * x[:1, :1])[i, j],
    lambda x, i, j: (x[0] - 2 * x[1])[j] - (x[:, 0] * x[:, 1])[i],
    lambda x, i, j: np.exp(x - 1)[i, j],
    lambda x, i, j: (x + x.T.copy().T)[i, j],
    used_elsewhere,
    returned_too,
    written_before,
    written_itself,
]


@pytest.mark.parametrize("f", LOOKED_UP, ids=range(len(LOOKED_UP)))
@pytest.mark.parametrize("least", [2, 10_000])
def test_what_is_looked_up_is_computed_of_what_is_looked_up(
    f: Any, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathers, "LARGE", 2)
    monkeypatch.setattr(gathers, "SPLIT", least)
    i, j = np.array([0, 3, -1, 3]), np.array([8, -9, 0, 8])
    points = [(rng.normal(size=(6, 9)), i, j), (rng.choice(SPECIAL, size=(6, 9)), j // 3, i)]
    compare(f, *points)

    def loss(x: Any, i: Any, j: Any) -> Any:
        return sum(np.sum(part) for part in flatten(f(x, i, j))[0])

    compare(ga.value_and_grad(loss), points[0])


def test_only_what_is_looked_up_is_computed() -> None:
    x, i = rng.normal(size=(70, 60)), np.arange(60)
    text = text_of(lambda x, i: (x / (x[:1] + 1))[i, i], x, i)
    assert "divide(x[i, i], " in text
    text = text_of(lambda x, i: (y := x / 3)[i, i] + np.sum(y), x, i)
    assert "x[i, i]" not in text
    with pytest.raises(IndexError, match="out of bounds"):
        ga.jit(lambda x, i: (x / (x[:1] + 1))[i, i], strict=True)(x, i + 1)


# --- sums of negative numbers -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("all_large")
@pytest.mark.parametrize("x", [np.zeros((4, 30)), rng.normal(size=(4, 30)), np.zeros((1, 9))])
def test_the_sum_of_negative_numbers_has_the_right_zero(x: Any) -> None:
    def f(x: Any, c: Any) -> Any:
        return np.sum((x - np.sum(x * c, axis=1, keepdims=True)) * x)

    c = rng.normal(size=x.shape)
    compare(ga.value_and_grad(f), (x, c), (x, np.zeros(x.shape)), (x, -np.zeros(x.shape)))
    slope = ga.grad(lambda s, x: np.sum((x - s) * x))
    text = text_of(slope, np.ones((len(x), 1)), x)
    assert "= x.dot(" in text and "np.negative(" not in text
    compare(slope, (np.ones((len(x), 1)), x))


@pytest.mark.parametrize("shape", [(3, 40), (3, 40, 5), (2, 5000), (300, 2, 7), (2, 3, 4000)])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_total_turns_with_the_sign(shape: tuple[int, ...], axis: int) -> None:
    if not sums.total_turns_with_sign(shape, axis):
        return
    for g in (np.zeros(shape), -np.zeros(shape), rng.normal(size=shape), np.round(rng.normal(size=shape))):
        found, expected = 0 - sums.total_kept(g, axis), sums.total_kept(-g, axis)
        assert found.tobytes() == expected.tobytes()


def test_totals_turn_with_the_sign_somewhere() -> None:
    assert sums.total_turns_with_sign((3, 40), 1)
    assert not sums.total_turns_with_sign((1, 40), 1)


def test_a_sum_of_rows_turns_where_numpy_begins_with_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_sums_of_rows_begin_with_zero", lambda: True)
    assert sums.total_turns_with_sign((300, 40), 0)
    monkeypatch.setattr(sums, "_sums_of_rows_begin_with_zero", lambda: False)
    assert not sums.total_turns_with_sign((300, 40), 0)


@pytest.mark.parametrize("shape", [(40, 70, 5), (70, 40, 3), (60, 50, 8)])
def test_what_is_only_summed_is_not_turned_in_blocks(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LEAST", 2)
    monkeypatch.setattr(blocks, "ROWS", 2048)
    monkeypatch.setattr(sums, "SPLIT", 2)

    def f(x: Any, y: Any) -> Any:
        return np.sum(np.sqrt(np.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=-1) + 1))

    x, y = rng.normal(size=(shape[0], shape[2])), rng.normal(size=(shape[1], shape[2]))
    slope = ga.grad(f, (0, 1))
    assert "np.negative(" not in text_of(slope, x, y)
    compare(slope, (x, y), (0 * x, 0 * y), (np.round(x), np.round(y)), (-0 * x, 0 * y))


# --- sums of blocks ---------------------------------------------------------------------------------------------------


NEW = np.lib.NumpyVersion(np.__version__) >= "2.3.0"
since_2_3 = pytest.mark.skipif(not NEW, reason="before NumPy 2.3 sums are put together otherwise")


@pytest.mark.parametrize("code", ["d", "f"])
def test_whether_numpy_sums_by_halves_is_found_out(code: str) -> None:
    assert parts.sums_by_halves(code) == NEW


@since_2_3
@pytest.mark.parametrize("code", ["d", "f"])
@pytest.mark.parametrize("step", [128, 200, 1000])
def test_numpys_sum_is_that_of_its_halves(code: str, step: int) -> None:
    for n in (1, 127, 128, 129, 255, 1000, 1001, 4097, 12_345):
        x = (rng.normal(size=n) * 10 ** rng.uniform(-9, 9, size=n)).astype(code)
        pieces: dict[int, Any] = {}
        parts.by_halves(
            lambda part, again, room, x=x, p=pieces: p.setdefault(part.start, np.add.reduce(x[part])), n, step, n
        )
        assert parts.total_by_halves(pieces, 0, n) == np.add.reduce(x)


def valley(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def several(x: Any) -> Any:
    y = np.exp(x) * 0.5
    return np.sum(y) + np.mean(y * x) * np.sum(np.sqrt(y + 1), axis=0)


@pytest.mark.usefixtures("blocks_of_128")
@pytest.mark.parametrize("f", [valley, several])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_of_blocks_are_the_same(f: Any, dtype: Any) -> None:
    both, x = ga.value_and_grad(f), rng.normal(size=3001).astype(dtype)
    assert ("_total_by_halves(" in text_of(both, x)) == NEW
    wild = np.where(np.arange(3001) == 777, np.nan, x).astype(dtype)
    compare(both, (x,), (x * 3,), (np.zeros(3001, dtype),), (-np.zeros(3001, dtype),), (wild,), (wild * np.inf,))


@pytest.mark.usefixtures("blocks_of_128")
def test_a_sum_that_is_too_large_is_said_once() -> None:
    def f(x: Any) -> Any:
        return np.sum(x * 2 + x)

    run, x = ga.jit(f, strict=True), np.full(1000, 1e306)
    run(np.ones(1000))
    with pytest.warns(RuntimeWarning, match="overflow encountered in reduce") as told:
        assert run(x) == np.inf
    assert len(told) == 1
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow encountered in reduce"):
        run(x)


@pytest.mark.usefixtures("blocks_of_128")
def test_what_is_written_into_later_is_not_summed_before() -> None:
    def f(x: Any) -> Any:
        y = np.sin(x) * 2
        y[3] = 7.0
        return np.sum(y)

    def g(x: Any) -> Any:
        y = np.sin(x) * 2
        y += x
        return np.sum(y), np.sum(y * x)

    for h in (f, g):
        compare(h, (rng.normal(size=1000),), (rng.normal(size=1000),))


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("blocks_of_128")
def test_the_users_names_are_no_others() -> None:
    def f(v1: Any, rows: Any, r2: Any, errors: Any, _rows: Any, n0: Any, _f0: Any) -> Any:
        y = np.sin(v1) * r2 * 0.5
        z = np.exp(y) * rows + y * v1 * errors + _rows
        return np.sum(z * n0 + _f0, axis=1), z

    args = [rng.normal(size=shape) for shape in ((20, 300), (20, 300), (300,), (20, 1), (300,), (1,), (20, 300))]
    compare(f, tuple(args), tuple([x + 1 for x in args]))
    compare(ga.grad(lambda *a: np.sum(f(*a)[1]), argnums=(0, 1, 2)), tuple(args))


def test_a_program_of_small_arrays_holds_no_more_than_the_tape() -> None:
    def recurrent(w: Any, x: Any) -> Any:
        h = x
        for _ in range(30):
            h = np.tanh(h @ w + x)
        return np.mean(h**2)

    f, args = ga.value_and_grad(recurrent), (rng.normal(size=(20, 20)) / 9, rng.normal(size=(15, 20)))
    run = ga.jit(f, strict=True)
    found = []
    for step in (f, run):
        step(*args)
        step(*args)
        tracemalloc.start()
        step(*args)
        found.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert found[1] <= found[0]
    compare(f, args)


# --- blocks of arrays with different axes -----------------------------------------------------------------------------


def distances(x: Any) -> Any:
    apart = x[:, None, :] - x[None, :, :]
    return np.sum(np.sqrt(np.sum(apart**2, axis=-1) + 1e-9))


def weighed(x: Any, w: Any) -> Any:
    y = np.exp(x) * w  # its columns are weighed, and then its rows
    z = np.sum(y * x, axis=1) * w
    return np.sum(z * np.sqrt(z * z + 1)) + np.sum(y[:, :, None] * x[:, None, :] * 0.5)


def along_rows(x: Any, w: Any) -> Any:
    y = np.sin(x) * w
    return np.sum(np.add.reduce(y * y, axis=0) * np.cos(w) + np.add.reduce(y * 2, axis=1) * w)


def a_view_that_is_kept(x: Any, w: Any) -> Any:
    y = np.sin(x) * w
    z = y[:, :, None]
    return z * 2 + 1, z, y


def a_view_that_is_written_into(x: Any, w: Any) -> Any:
    y = np.sin(x) * w
    z = y[:, :, None]
    u = z * 2 + 1
    z[1] = 7.0
    return np.sum(u * 2) + np.sum(y)


def some_rows(x: Any, w: Any) -> Any:
    y = np.sin(x) * w
    return np.sum(y[:, 1:] * 2 + y[:, :-1]) + np.sum(y[::-1] * y) + np.sum((y * w)[:, None] * 2)


def summed_and_spread(x: Any, w: Any) -> Any:
    y = np.exp(x * 0.1) * 2
    s = np.sum(y, axis=1)
    return np.sum(y * s + w) + np.sum(y.T * s)


@pytest.fixture(params=[1, 3])
def small_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LEAST", 2)
    monkeypatch.setattr(blocks, "ROWS", 12)
    monkeypatch.setattr(parts, "SPLIT", 8)
    monkeypatch.setattr(parts, "THREADS", request.param)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    "f", [weighed, along_rows, a_view_that_is_kept, a_view_that_is_written_into, some_rows, summed_and_spread]
)
@pytest.mark.parametrize("n", [2, 5, 16])
def test_blocks_of_arrays_with_different_axes(f: Any, n: int) -> None:
    points = [(rng.normal(size=(n, n)), rng.normal(size=n)) for _ in range(2)]
    compare(f, *points, (np.zeros((n, n)), -np.zeros(n)))
    if not isinstance(f(*points[0]), tuple):
        compare(ga.value_and_grad(f, argnums=(0, 1)), *points)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("shape", [(7, 3), (3, 7), (5, 5), (2, 1)])
def test_distances_are_one_block(shape: tuple[int, int]) -> None:
    both, x = ga.value_and_grad(distances), rng.normal(size=shape)
    assert text_of(both, x).count("def _block") == 1
    compare(both, (x,), (x + 1,), (np.where(x > 0, np.nan, x),), (np.zeros(shape),))


def test_distances_of_many_points() -> None:
    compare(ga.value_and_grad(distances), (rng.normal(size=(200, 5)),))
