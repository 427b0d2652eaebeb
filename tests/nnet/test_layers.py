"""Layers and windows against loops that say what they are."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray import nnet
from gradarray.nnet.layers import convolution, pooling

RNG = np.random.default_rng(0)

# --- convolution -----------------------------------------------------------------------------------------------------


def conv_by_loops(x: Any, w: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    k = x.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    sides = zip(x.shape[2:], w.shape[2:], stride, dilation, strict=True)
    grid = [(n - (m - 1) * d - 1) // s + 1 for n, m, s, d in sides]
    found = np.zeros((len(x), len(w), *grid))
    for place in product(*map(range, grid)):
        where = [slice(i * s, i * s + (m - 1) * d + 1, d) for i, m, s, d in zip(place, w.shape[2:], stride, dilation)]  # noqa: B905
        part = x[(slice(None), slice(None), *where)]
        found[(slice(None), slice(None), *place)] = np.tensordot(part, w, [range(1, k + 2)] * 2)
    return found


@pytest.mark.parametrize(
    "x, w, stride, padding, dilation",
    [
        ((2, 3, 9), (4, 3, 3), (2,), (0,), (1,)),
        ((2, 3, 9), (4, 3, 3), (1,), (2,), (3,)),
        ((3, 2, 5, 6), (2, 2, 2, 3), (1, 1), (0, 1), (1, 2)),
        ((1, 1, 6, 5), (1, 1, 6, 5), (1, 1), (0, 0), (1, 1)),
        ((2, 2, 3, 4, 3), (3, 2, 1, 2, 3), (2, 1, 1), (0, 0, 1), (1, 3, 1)),
        ((0, 2, 4), (3, 2, 2), (1,), (0,), (1,)),
        ((2, 0, 4), (3, 0, 2), (1,), (0,), (1,)),
        ((2, 3, 4), (0, 3, 2), (1,), (0,), (1,)),
    ],
)
@pytest.mark.parametrize("columns", [convolution._COLUMNS, 1])
def test_conv_nd(x: Any, w: Any, stride: Any, padding: Any, dilation: Any, columns: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(convolution, "_COLUMNS", columns)  # one datum after the other, and all at once
    data, filters = RNG.normal(size=x), RNG.normal(size=w)
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    expected = conv_by_loops(data, filters, **options)
    np.testing.assert_allclose(nnet.conv_nd(data, filters, **options).data, expected, rtol=1e-12, atol=1e-12)
    a, b = ga.tensor(data), ga.tensor(filters)
    g = RNG.normal(size=expected.shape)
    nnet.conv_nd(a, b, **options).backward(g)
    # It is linear in each: <g, conv(t, w)> is <gradient, t>.
    for t, gradient, along in (
        (RNG.normal(size=x), a.grad, lambda t: conv_by_loops(t, filters, **options)),
        (RNG.normal(size=w), b.grad, lambda t: conv_by_loops(data, t, **options)),
    ):
        np.testing.assert_allclose(np.vdot(gradient, t), np.vdot(g, along(t)), rtol=1e-10, atol=1e-10)


def test_conv_nd_takes_one_number_for_all_axes() -> None:
    x, w = RNG.normal(size=(1, 1, 5, 5)), RNG.normal(size=(1, 1, 2, 2))
    one = nnet.conv_nd(x, w, stride=np.int64(2), padding=1, dilation=2)
    several = nnet.conv_nd(x, w, stride=np.array([2, 2]), padding=[1, 1], dilation=(2, 2))
    np.testing.assert_array_equal(one, several)


# --- pooling ---------------------------------------------------------------------------------------------------------


def pool_by_loops(x: Any, pool: Any, stride: Any) -> tuple[Any, Any]:
    """Return the largest elements and where they come from: the number of the first one, in C order."""
    k = len(pool)
    grid = [(n - p) // s + 1 for n, p, s in zip(x.shape[-k:], pool, stride, strict=True)]
    number = np.arange(x.size).reshape(x.shape)
    value, place = np.zeros((*x.shape[:-k], *grid)), np.zeros((*x.shape[:-k], *grid), int)
    for i in product(*map(range, value.shape)):
        where = [slice(j * s, j * s + p) for j, s, p in zip(i[x.ndim - k :], stride, pool, strict=True)]
        part, numbers = x[(*i[: x.ndim - k], *where)], number[(*i[: x.ndim - k], *where)]
        value[i], place[i] = np.max(part), numbers.reshape(-1)[np.argmax(part)]
    return value, place


@pytest.mark.parametrize(
    "shape, pool, stride",
    [
        ((7,), (3,), (2,)),
        ((2, 6), (2,), (2,)),
        ((2, 3, 4, 6), (2, 2), (2, 2)),
        ((2, 5, 5), (3, 2), (1, 3)),
        ((9, 8), (7, 8), (2, 1)),
        ((2, 3, 3, 3), (3, 3, 3), (1, 1, 1)),
        ((0, 4), (2,), (2,)),
    ],
)
@pytest.mark.parametrize("few", [pooling._FEW, 0])
def test_max_pool(shape: Any, pool: Any, stride: Any, few: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(pooling, "_FEW", few)  # by either way
    x = RNG.integers(4, size=shape).astype(float)  # many are equal
    value, place = pool_by_loops(x, pool, stride)
    t = ga.tensor(x)
    y = nnet.max_pool(t, pool, stride)
    np.testing.assert_array_equal(y, value)
    g = RNG.normal(size=value.shape)
    y.backward(g)
    expected = np.zeros(x.size)
    np.add.at(expected, place.reshape(-1), g.reshape(-1))
    np.testing.assert_allclose(t.grad, expected.reshape(shape))


@pytest.mark.parametrize("few", [pooling._FEW, 0])
def test_max_pool_of_nan_and_infinity(few: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(pooling, "_FEW", few)
    x = ga.tensor([[np.nan, 5.0, 1.0, np.nan, -np.inf, -np.inf, np.inf, np.nan]])
    y = nnet.max_pool(x, (2,), 2)
    np.testing.assert_array_equal(y, [[np.nan, np.nan, -np.inf, np.nan]])
    y.backward()
    np.testing.assert_array_equal(x.grad, [[1, 0, 0, 1, 1, 0, 0, 1]])


# --- normalization ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (2, 3, 4, 2)])
def test_batchnorm(shape: Any) -> None:
    x, gamma, beta = RNG.normal(3, 2, size=shape), RNG.normal(size=3), RNG.normal(size=3)
    y = nnet.batchnorm(x, gamma=gamma, beta=beta, eps=0.1).data
    for i in range(3):
        part = x[:, i]
        np.testing.assert_allclose(y[:, i], gamma[i] * (part - part.mean()) / np.sqrt(part.var() + 0.1) + beta[i])
    ones = nnet.batchnorm(x, gamma=np.ones(3), beta=beta, eps=0.1)
    np.testing.assert_array_equal(nnet.batchnorm(x, beta=beta, eps=0.1), ones)


# --- recurrence ------------------------------------------------------------------------------------------------------

T, N, C, D = 4, 2, 3, 5
SHAPES = [(T, N, C), *[(C, D), (D, D), (D,)] * 3]


def gru_by_steps(
    X: Any, uz: Any, wz: Any, bz: Any, ur: Any, wr: Any, br: Any, uh: Any, wh: Any, bh: Any, s: Any
) -> Any:
    def logistic(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    states = [s]
    for x in X:
        z, r = logistic(x @ uz + s @ wz + bz), logistic(x @ ur + s @ wr + br)
        h = np.tanh(x @ uh + (r * s) @ wh + bh)
        s = (1 - z) * h + z * s
        states.append(s)
    return np.stack(states)


def unit() -> list[Any]:
    return [RNG.normal(size=shape) / 2 for shape in SHAPES]


@pytest.mark.parametrize("limit", [None, T - 1])
def test_gru(limit: int | None) -> None:
    arrays, s0 = unit(), RNG.normal(size=(N, D))
    expected = gru_by_steps(*arrays, s0)
    np.testing.assert_allclose(nnet.gru(*arrays, s0=s0).data, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(nnet.gru(*arrays).data, gru_by_steps(*arrays, np.zeros((N, D))), rtol=1e-12, atol=1e-15)
    weights = RNG.normal(size=expected.shape)

    def gradients(function: Any) -> Any:
        return ga.grad(lambda *xs: np.sum(function(*xs) * weights), tuple(range(11)))(*arrays, s0)

    found = gradients(lambda *xs: nnet.gru(*xs[:-1], s0=xs[-1], bp_lim=limit))
    for gradient, wanted in zip(found, gradients(gru_by_steps), strict=True):
        np.testing.assert_allclose(gradient, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_gru_with_a_limit_goes_back_so_many_steps(limit: int) -> None:
    arrays, s0 = unit(), np.zeros((N, D))
    weights = RNG.normal(size=(T + 1, N, D))

    def cut(*xs: Any) -> Any:
        """Of each state what comes from the gates of the last steps alone: the states before are constants."""
        total = 0.0
        states = ga.asarray(nnet.gru(*arrays))
        for t in range(1, T + 1):
            first = max(0, t - limit - 1)
            part = gru_by_steps(xs[0][first:t], *xs[1:], states[first])
            total = total + np.sum(part[-1] * weights[t])
        return total

    def loss(*xs: Any) -> Any:
        return np.sum(nnet.gru(*xs, s0=s0, bp_lim=limit) * weights)

    places = tuple(range(10))
    for found, wanted in zip(ga.grad(loss, places)(*arrays), ga.grad(cut, places)(*arrays), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)


def test_gru_with_dropout_leaves_out_and_scales() -> None:
    arrays = unit()
    np.random.seed(3)  # noqa: NPY002
    found = nnet.gru(*arrays, dropout=0.25)
    np.random.seed(3)  # noqa: NPY002
    of_data = np.random.binomial(1, 0.75, size=(3, 1, N, D)) / 0.75  # noqa: NPY002
    of_weights = np.random.binomial(1, 0.75, size=(3, D, D)) / 0.75  # noqa: NPY002
    X, uz, wz, bz, ur, wr, br, uh, wh, bh = arrays
    a = [X @ u * mask for u, mask in zip((uz, ur, uh), of_data, strict=True)]
    wz, wr, wh = (w * mask for w, mask in zip((wz, wr, wh), of_weights, strict=True))
    joined, eye = np.concatenate(a, axis=-1), np.eye(3 * D)
    uz, ur, uh = eye[:, :D], eye[:, D : 2 * D], eye[:, 2 * D :]
    expected = gru_by_steps(joined, uz, wz, bz, ur, wr, br, uh, wh, bh, np.zeros((N, D)))
    np.testing.assert_allclose(found.data, expected, rtol=1e-12, atol=1e-15)

    def fixed(*xs: Any) -> Any:
        np.random.seed(3)  # noqa: NPY002
        return nnet.gru(*xs, dropout=0.25)

    ga.check_grads(fixed, tuple(arrays), order=1)


def test_gru_takes_the_widest_precision_and_few_or_no_times() -> None:
    single = [array.astype(np.float32) for array in unit()]
    assert nnet.gru(*single).dtype == np.float32
    assert nnet.gru(*single[:-1], single[-1].astype(float)).dtype == float
    tensors = [ga.tensor(array) for array in single]
    nnet.gru(*tensors).backward()
    assert {t.grad.dtype for t in tensors} == {np.dtype(np.float32)}
    assert nnet.gru(single[0][:0], *single[1:]).shape == (1, N, D)
    assert nnet.gru(single[0][:, :0], *single[1:]).shape == (T + 1, 0, D)


def test_gru_does_not_warn_of_gates_that_are_shut() -> None:
    arrays = [array * 1e4 for array in unit()]
    with np.errstate(all="raise", under="ignore"):
        assert np.all(np.isfinite(nnet.gru(*arrays).data))


# --- windows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    "window, step, dilation", [((2,), 1, None), ((2, 3), (2, 1), None), ((3, 2), 1, (1, 2)), ((1, 1, 2), 2, 1)]
)
def test_sliding_window_view(window: Any, step: Any, dilation: Any, order: Any) -> None:
    x = np.array(RNG.normal(size=(3, 5, 6)), order=order)
    y = ga.sliding_window_view(x, window, step, dilation)
    k = len(window)
    steps, apart = np.broadcast_to(step, k), np.broadcast_to(1 if dilation is None else dilation, k)
    assert type(y) is np.ndarray
    assert y.shape[k:] == x.shape[: 3 - k] + window
    for place in product(*map(range, y.shape[:k])):
        where = [
            slice(i * s, i * s + (w - 1) * d + 1, d) for i, s, w, d in zip(place, steps, window, apart, strict=True)
        ]
        np.testing.assert_array_equal(y[place], x[(..., *where)])
        assert all(part.stop <= n for part, n in zip(where, x.shape[-k:], strict=True))
    outside = [i * s + (w - 1) * d + 1 for i, s, w, d in zip(y.shape[:k], steps, window, apart, strict=True)]
    assert all(end > n for end, n in zip(outside, x.shape[-k:], strict=True)), "one more would fit"
    assert np.shares_memory(x, y)
    assert not y.flags.writeable


def test_windows_of_a_tensor_are_a_view() -> None:
    x = ga.tensor(np.arange(6.0))
    y = ga.sliding_window_view(x, (3,), 1)
    assert y.base is x
    x[2] = 10
    assert y[0, 2] == y[1, 1] == y[2, 0] == 10
    y.backward()
    np.testing.assert_array_equal(x.grad, [1, 2, 3, 3, 2, 1])


# --- mistakes --------------------------------------------------------------------------------------------------------

ONES = np.ones
MISTAKES: dict[str, tuple[type[Exception], Any]] = {
    "at least three axes": (ValueError, lambda: nnet.conv_nd(ONES((2, 3)), ONES((2, 3)), stride=1)),
    "as many axes as `x`": (ValueError, lambda: nnet.conv_nd(ONES((1, 2, 3)), ONES((1, 2, 3, 1)), stride=1)),
    "as many channels": (ValueError, lambda: nnet.conv_nd(ONES((1, 2, 3)), ONES((1, 3, 3)), stride=1)),
    "does not fill data of": (ValueError, lambda: nnet.conv_nd(ONES((1, 1, 6)), ONES((1, 1, 3)), stride=2)),
    r"a filter of shape \(7,\) does not": (
        ValueError,
        lambda: nnet.conv_nd(ONES((1, 1, 6)), ONES((1, 1, 7)), stride=1),
    ),
    r"a filter of shape \(0,\) does not": (
        ValueError,
        lambda: nnet.conv_nd(ONES((1, 1, 6)), ONES((1, 1, 0)), stride=1),
    ),
    "`stride` must be 1 number": (ValueError, lambda: nnet.conv_nd(ONES((1, 1, 6)), ONES((1, 1, 3)), stride=0)),
    "`stride` must be a whole number": (TypeError, lambda: nnet.conv_nd(ONES((1, 1, 6)), ONES((1, 1, 3)), stride=1.0)),
    "`padding` must be 1 number": (
        ValueError,
        lambda: nnet.conv_nd(ONES((1, 1, 6)), ONES((1, 1, 3)), stride=1, padding=(1, 1)),
    ),
    "`dilation` must be 1 number": (
        ValueError,
        lambda: nnet.conv_nd(ONES((1, 1, 6)), ONES((1, 1, 3)), stride=1, dilation=-1),
    ),
    "`pool` must be a sequence": (TypeError, lambda: nnet.max_pool(ONES((4, 4)), 2, 2)),
    "`pool` must have one positive": (ValueError, lambda: nnet.max_pool(ONES(4), (2, 2), 2)),
    r"`pool` must have one positive number .* \(0,\)": (ValueError, lambda: nnet.max_pool(ONES(4), (0,), 2)),
    r"windows of shape \(2,\) with stride \(2,\) do not fill": (ValueError, lambda: nnet.max_pool(ONES(5), (2,), 2)),
    r"windows of shape \(6,\)": (ValueError, lambda: nnet.max_pool(ONES(5), (6,), 1)),
    r"`x` must have shape \(N, C, \.\.\.\)": (ValueError, lambda: nnet.batchnorm(ONES(3), eps=1)),
    r"`gamma` must have shape \(2,\), got \(3,\)": (
        ValueError,
        lambda: nnet.batchnorm(ONES((3, 2)), gamma=ONES(3), eps=1),
    ),
    r"`Wr` must have shape \(5, 5\), got \(5, 4\)": (ValueError, lambda: nnet.gru(*of_shapes(5, (5, 4)))),
    r"`bh` must have shape \(5,\)": (ValueError, lambda: nnet.gru(*of_shapes(9, (4,)))),
    r"`X` must have shape \(T, N, C\)": (ValueError, lambda: nnet.gru(*of_shapes(0, (2, 3)))),
    r"`s0` must have shape \(2, 5\)": (ValueError, lambda: nnet.gru(*of_shapes(1, (C, D)), s0=ONES((1, 5)))),
    r"`bp_lim` must be in \[0, 4\), got 4": (ValueError, lambda: nnet.gru(*of_shapes(1, (C, D)), bp_lim=4)),
    r"`dropout` must be in \[0, 1\)": (ValueError, lambda: nnet.gru(*of_shapes(1, (C, D)), dropout=1)),
    "`window_shape` must be a sequence": (TypeError, lambda: ga.sliding_window_view(ONES(4), 2, 1)),
    "positive whole numbers, got": (ValueError, lambda: ga.sliding_window_view(ONES(4), (0,), 1)),
    "has more axes than the array": (ValueError, lambda: ga.sliding_window_view(ONES(4), (1, 1), 1)),
    "`step` must be a whole number": (TypeError, lambda: ga.sliding_window_view(ONES(4), (1,), None)),
    r"with dilation \(7,\) does not fit": (ValueError, lambda: ga.sliding_window_view(ONES(4), (1,), 1, 7)),
    "does not fit into": (ValueError, lambda: ga.sliding_window_view(ONES(4), (3,), 1, 2)),
}


def of_shapes(place: int, shape: Any) -> list[Any]:
    shapes = list(SHAPES)
    shapes[place] = shape
    return [np.ones(shape) for shape in shapes]


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(message: str) -> None:
    error, call = MISTAKES[message]
    with pytest.raises(error, match=message):
        call()
