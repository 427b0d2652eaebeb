"""Large arrays: several threads give the same to the last bit, and memory is let go of on the way."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import tracemalloc
import warnings
import weakref
from operator import getitem

import numpy as np
import pytest

import gradarray as ga
from gradarray.kernels import arrays, parts
from gradarray.kernels.references import holders
from gradarray.rules.differentiable import Elementwise
from gradarray.rules.registry import RULES
from tests.counted import counted

N = arrays.SPLIT + 5


@pytest.fixture(params=[2, 3])
def threads(request, monkeypatch):
    monkeypatch.setattr(parts, "THREADS", request.param)


# For what is told of memory: each thread has a block of its own.
TWO = pytest.mark.parametrize("threads", [2], indirect=True)


def data(seed=0, n=N):
    return np.random.default_rng(seed).uniform(0.5, 1.5, n)


CALLS = [
    lambda x, y: np.sin(x) * y,
    lambda x, y: x / y - 2.0 * x,
    lambda x, y: x**2 + y**0.5 + x**-1 + y**3 + x**y,
    lambda x, y: np.maximum(x, y) + np.hypot(x, 1.0),
    lambda x, y: np.exp(-x) + np.tanh(y),
    lambda x, y: (x[1:] - x[:-1] ** 2) * y[1:],
    lambda x, y: x.reshape(-1, 1)[::2] * y[::2, None],
    lambda x, y: x.astype(np.float32) * 2 + y.astype(np.float32),
    lambda x, y: np.abs(x + 1j * y),
    lambda x, y: ((0.5 * x + y) * x - 1.0) * x + 2.0**y - y * x,
    lambda x, y: (x[:700, None] - y[:500]) * x[:500] + 1.0 / y[None, :500],
    lambda x, y: (x[:70, None, None] * y[:60, None]) ** 2 - x[None, :60, None] / y[:80],
    lambda x, y: log_softmax(x[: 256 * 512].reshape(256, 512) * y[:512]),
]


def log_softmax(x):
    x = x - np.max(x, axis=1, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=1, keepdims=True))


def value_and_gradients(call):
    x, y = ga.tensor(data(0)), ga.tensor(data(1))
    f = call(x, y)
    f.backward(np.linspace(-1, 1, f.size).reshape(f.shape).astype(f.dtype))
    return f.data, x.grad, y.grad


@pytest.mark.parametrize("call", CALLS)
def test_threads_give_the_same_to_the_last_bit(call, threads, monkeypatch):
    found = value_and_gradients(call)
    np.testing.assert_array_equal(found[0], call(data(0), data(1)))
    monkeypatch.setattr(parts, "THREADS", 1)
    for array, single in zip(found, value_and_gradients(call), strict=True):
        assert array.dtype == single.dtype
        np.testing.assert_array_equal(array, single)


def test_parts_are_never_small_however_many_threads_there_are(monkeypatch):
    monkeypatch.setattr(parts, "THREADS", 64)
    for size, expected in ((arrays.SPLIT, 2), (5 * arrays.SPLIT, 10), (100 * arrays.SPLIT, 64)):
        found = []
        parts._in_parts(found.append, size)
        found.sort(key=lambda part: part.start)
        assert len(found) == expected
        assert [part.start for part in found] == [0, *(part.stop for part in found[:-1])]
        assert found[-1].stop == size


def test_a_large_gradient_against_differences(threads):
    a, b = data(0), data(1)
    x, y = ga.tensor(a), ga.tensor(b)
    np.sum(np.sin(x) * np.exp(-y) + np.sqrt(x) * x**2 / y).backward()

    def f(a, b):
        return np.sum(np.sin(a) * np.exp(-b) + np.sqrt(a) * a**2 / b)

    t, h = data(2), 1e-5
    slope = (f(a + h * t, b - h * t) - f(a - h * t, b + h * t)) / (2 * h)
    np.testing.assert_allclose(np.sum(x.grad * t) - np.sum(y.grad * t), slope, rtol=1e-8)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("n", [5000, N])
def test_zero_times_infinity_is_zero_in_large_arrays_too(n, threads):
    a = data(n=n)
    a[[0, 7, -1]] = 0
    a[[3, 8]] = -1
    x = ga.tensor(a)
    y = np.where(x > 0, np.sqrt(x) + np.log(x), 0.0)
    y.backward()
    inside = a > 0
    np.testing.assert_array_equal(x.grad[~inside], 0)
    np.testing.assert_allclose(x.grad[inside], 0.5 / np.sqrt(a[inside]) + 1 / a[inside])
    x = ga.tensor(a)
    np.sum(np.sqrt(x * x)).backward()
    np.testing.assert_allclose(x.grad, np.sign(a), rtol=1e-15)
    # A small part beside a large one, on the same tape.
    s = ga.tensor([0.0, 4.0])
    (np.sum(x * x) + np.sum(np.where(s > 0, np.log(s), 0.0))).backward()
    np.testing.assert_array_equal(s.grad, [0, 0.25])
    np.testing.assert_array_equal(x.grad, 2 * a)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("zeros", [slice(0, 2), slice(4, 6)])
@pytest.mark.parametrize("parts", [[slice(0, 8)], [slice(0, 4), slice(4, 8)]])
def test_zero_times_infinity_is_zero_in_small_parts_of_a_large_array(parts, zeros, threads):
    def logarithms(y):
        return sum(np.sum(np.where(y[part] > 0, np.log(y[part]), 0.0)) for part in parts)

    a = data()
    a[zeros] = 0
    x = ga.tensor(a)
    logarithms(x * 2.0).backward()
    expected = np.zeros(N)
    expected[:8] = np.where(a[:8] > 0, 1 / np.maximum(a[:8], 0.1), 0)
    np.testing.assert_array_equal(x.grad, expected)


def test_errstate_and_exceptions_of_the_caller_hold_in_the_other_threads(threads):
    a = data()
    a[-1] = 0
    x = ga.tensor(a)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
        np.log(x)
    with np.errstate(divide="ignore"):
        np.log(x)


def test_an_error_in_another_thread_is_raised_and_keeps_nothing_alive(threads):
    def attempt():
        array = data()

        def fail(part):
            if part.start:
                array[part] /= None

        with contextlib.suppress(TypeError):
            parts._in_parts(fail, N)
            raise AssertionError("no error")
        return weakref.ref(array)

    gc.disable()
    try:
        assert attempt()() is None
    finally:
        gc.enable()
    found = []
    parts._in_parts(found.append, N)
    assert len(found) == 2


def test_parts_of_parts_are_not_waited_for(threads):
    seen = []
    parts._in_parts(lambda part: parts._in_parts(seen.append, N), N)
    assert sum(part.stop - part.start for part in seen) == 2 * N


@counted
def test_threads_let_go_of_arrays_before_their_owner_goes_on(threads):
    place = [data()]
    for _ in range(20):
        parts._in_parts(place[0].__getitem__, N)
        assert holders(getitem, place, 0) == 1


def test_a_child_process_makes_threads_of_its_own(threads):
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("there is no fork on this platform")
    np.sin(ga.tensor(data()))
    child = multiprocessing.get_context("fork").Process(target=_sine)
    child.start()
    child.join(30)
    assert child.exitcode == 0


def _sine():
    np.testing.assert_array_equal(np.sin(ga.tensor(data())).data, np.sin(data()))


@counted
@TWO
def test_a_large_sweep_lets_go_of_what_it_used(threads):
    layers, n = 20, 8 * arrays.HEAVY
    x = ga.tensor(data(n=n))

    def forward():
        y = x
        for _ in range(layers):
            y = np.sin(y)
        return np.sum(y)

    forward().backward()
    tracemalloc.start()
    loss = forward()
    saved = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    loss.backward()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    array = 8 * n
    assert saved > (layers - 1) * array
    assert peak - saved < 1.5 * array  # each cotangent is in the memory of the one that it is made of
    assert now < 1.5 * array  # the gradient alone


@counted
@TWO
def test_the_first_large_cotangent_lends_its_memory_too(threads):
    n = 8 * arrays.HEAVY
    x, w = ga.tensor(data(n=n)), ga.tensor(data(1, n=n), constant=True)
    loss = np.dot(np.sin(x), w)
    tracemalloc.start()
    loss.backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.75 * 8 * n  # the cotangent and half of the cosine


def test_a_large_sweep_that_fails_has_released_what_it_used():
    @ga.custom_gradient
    def broken(x):
        def pull(g):
            raise ZeroDivisionError

        return 2 * x, pull

    x = ga.tensor(data(n=arrays.HEAVY))
    y = np.sin(broken(x))
    with pytest.raises(ZeroDivisionError):
        y.backward()
    assert x.grad is None
    with pytest.raises(RuntimeError, match="released"):
        y.backward()


@pytest.mark.parametrize("n", [3, 200_000])
def test_where_no_cotangent_comes_from_there_is_none_to_pull(n):
    @ga.custom_gradient
    def product(a, b):
        return a * b, lambda g: (g * b, None)

    x, z = ga.tensor(data(n=n)), ga.tensor(data(1, n=n))
    w = np.cos(z)
    product(np.sin(x), 2 * w).backward()
    np.testing.assert_allclose(x.grad, np.cos(x.data) * 2 * np.cos(z.data))
    assert w.grad is None
    assert z.grad is None
    w = np.cos(z)
    (product(np.sin(x), 2 * w) + w).backward()
    np.testing.assert_allclose(z.grad, -np.sin(z.data))


def test_gradients_of_large_tensors_are_the_callers_own():
    x, y = ga.tensor(data()), ga.tensor(data(1))
    g = data(2)
    z = x + y
    z.backward(g)
    for a, b in ((x.grad, y.grad), (x.grad, z.grad), (y.grad, z.grad), (x.grad, g)):
        assert not np.shares_memory(a, b)
    np.testing.assert_array_equal(g, data(2))


@pytest.mark.parametrize(
    ("shape", "axis"), [((600, 50, 10), 1), ((600, 50, 10), -1), ((1000, 300), 1), ((300, 1000), 1)]
)
@pytest.mark.parametrize("reduce", [np.sum, np.max])
@pytest.mark.parametrize("dtype", [float, np.float32, int])
def test_a_reduction_in_parts_is_numpys_to_the_last_bit(shape, axis, reduce, dtype, rng, monkeypatch):
    monkeypatch.setattr(parts, "THREADS", 3)
    monkeypatch.setattr("gradarray.rules.faster.reductions.THREADS", 3)
    a = (100 * rng.normal(size=shape)).astype(dtype)
    for x in (a, np.asfortranarray(a), a[::-1]):
        for keepdims in (False, True):
            found = reduce(ga.tensor(x, copy=False, constant=True), axis=axis, keepdims=keepdims)
            expected = reduce(x, axis=axis, keepdims=keepdims)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found.data, expected)


@pytest.mark.parametrize("shape", [(3, 2000), (2000, 3), (5, 40, 50), (6000,)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda a: None,
        lambda a: a[..., :2].fill(9.0),  # ties
        lambda a: a[0, ..., :1].fill(np.nan) if a.ndim > 1 else a[:1].fill(np.nan),
        lambda a: (a[0].fill(np.nan), a[1, ..., :2].fill(9.0)) if a.ndim > 1 else a.fill(np.nan),
    ],
    ids=["usual", "ties", "NaN", "NaN and ties"],
)
def test_extrema_of_large_arrays_share_like_those_of_small_ones(shape, keepdims, spoil, rng):
    a = rng.normal(size=shape)
    spoil(a)
    weight = rng.normal(size=np.max(a, axis=-1, keepdims=keepdims).shape)
    x = ga.tensor(a)
    (np.sum(x * x) + np.sum(np.max(x * 1.0, axis=-1, keepdims=keepdims) * weight)).backward()
    found = x.grad
    rows = a.reshape(-1, shape[-1])
    expected = []
    for row, w in zip(rows, np.ravel(weight), strict=True):
        x = ga.tensor(row)
        (np.max(x) * w).backward()
        expected.append(x.grad)
    np.testing.assert_allclose(found, np.reshape(expected, shape) + 2 * a, rtol=1e-14)


@counted
@TWO
def test_what_is_used_often_takes_one_buffer(threads):
    n, uses = 8 * arrays.SPLIT, 6
    x = ga.tensor(data(n=n))

    def forward():
        y = x
        for _ in range(uses):
            y = y * x
        return np.sum(y)

    forward().backward()
    loss = forward()
    tracemalloc.start()
    loss.backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.5 * 8 * n  # the buffer, the cotangent, and the one that it is made of


def test_an_axis_that_a_large_array_does_not_have_is_refused():
    with pytest.raises(np.exceptions.AxisError):
        np.sum(ga.tensor(np.ones((600, 600))), axis=3)


# --- what NumPy says of results ---------------------------------------------------------------------------------------

ZEROS, SQUARE = np.zeros(N), np.zeros((512, 512))
# Calls on large arrays, and what NumPy warns of, once.
TOLD = [
    (lambda x: np.log(x), ZEROS, ["divide by zero encountered in log"]),
    (lambda x: x**-1, ZEROS, ["divide by zero encountered in reciprocal"]),
    (lambda x: x / x, ZEROS, ["invalid value encountered in divide"]),
    (lambda x: x / np.zeros((512, 1)), SQUARE, ["invalid value encountered in divide"]),
    (lambda x: np.exp(x + 1000.0), ZEROS, ["overflow encountered in exp"]),
    (lambda x: np.exp(x - 1000.0), ZEROS, []),  # an underflow, of which NumPy says nothing unless it is told to
    (lambda x: np.max(x + 1e308, axis=1) + x[:, 0], SQUARE, []),
    (lambda x: np.power(x, -1.0), np.where(np.arange(N) % 2, 0.0, 1e-320), None),
    (lambda x: np.sum(x + np.array([np.inf, -np.inf] * 256), axis=1), SQUARE, ["invalid value encountered in reduce"]),
]


def warned(call, x):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        call(x)
    return [str(w.message) for w in heard]


@pytest.mark.parametrize(("call", "x", "expected"), TOLD)
def test_numpy_warns_once_of_a_large_array(call, x, expected, threads):
    heard = warned(call, ga.tensor(x))
    assert heard == warned(call, x)  # NumPy's own
    assert expected is None or heard == expected
    assert warned(lambda x: ga.jvp(call, (x,), (np.ones_like(x),)), x)[: len(heard)] == heard


def test_numpys_error_state_holds_for_a_large_array(threads):
    z, calls = ga.tensor(ZEROS), []
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero encountered in log"):
        np.log(z)
    with np.errstate(divide="call", call=lambda *args: calls.append(args)):
        np.log(z)
    assert calls == [("divide by zero", 1)]
    with np.errstate(divide="ignore"):
        assert warned(np.log, z) == []
    with np.errstate(under="warn"):
        assert warned(np.exp, z - 1000.0) == ["underflow encountered in exp"]
    assert np.geterr() == {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    assert np.geterrcall() is None


def test_the_tangent_of_a_large_array_says_nothing(threads):
    assert warned(lambda x: ga.jvp(np.sqrt, (x,), (x + 1,)), ZEROS) == []
    assert warned(lambda x: ga.jvp(lambda x: np.hypot(x, x) * x**0.5, (x,), (x + 1,)), ZEROS) == []


# --- the same to the last bit, however it is cut ----------------------------------------------------------------------

UFUNCS = {
    func.__name__: rule
    for func, rule in RULES.items()
    if isinstance(func, np.ufunc) and isinstance(rule, Elementwise) and rule.ours and all(map(callable, rule.partials))
}
# So many elements, in rows of so many: those of a half, of a block or of the last block are fewer than LARGE in some.
SIZES = [(arrays.LARGE, 1), (2 * arrays.LARGE - 1, 1), (2731, 3), (3, 2731), (70, 60), (3, arrays.LARGE)]


@pytest.mark.parametrize("ufunc", UFUNCS)
def test_a_product_does_not_depend_on_how_it_is_cut(ufunc, monkeypatch):
    rule = UFUNCS[ufunc]
    cuts = [(shape, count, spare) for shape in SIZES for count in (1, 2) for spare in (False, True)]
    cuts += [((arrays.SPLIT + 5, 1), 2, False), ((2 * arrays.SPLIT + 5, 1), 3, True), ((5, arrays.SPLIT - 7), 2, True)]
    for shape, count, spare in cuts:
        rng = np.random.default_rng(0)
        operands = [rng.uniform(0.1, 0.9, shape) + (ufunc == "arccosh") for _ in range(rule.nin)]
        operands[0].flat[-1] = operands[0].flat[3] = 1e200  # whose square overflows
        with np.errstate(all="ignore"):
            saved = (rule.func(*operands), *operands)
            for partial in rule.partials:
                g = rng.normal(size=shape)
                whole = g * partial(*saved)
                monkeypatch.setattr(parts, "THREADS", count)
                product = parts.product_in_parts(g.copy(), partial, saved, spare=spare)
                np.testing.assert_array_equal(product, whole, err_msg=f"{shape}, {count} threads, spare {spare}")
