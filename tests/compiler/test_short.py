"""Blocks of short rows: operands that are repeated, sums that are made column by column; the same to the last bit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.passes import blocks, short
from gradarray.kernels import parts
from gradarray.kernels.rows import repeated, rooms
from gradarray.kernels.sums import SHORT, sum_of_short_rows, sums_short_rows_so

from .test_optimised import SPECIAL, compare, text_of

rng = np.random.default_rng(0)


@pytest.fixture(params=[1, 3])
def blocks_of_128(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LEAST", 2)
    monkeypatch.setattr(blocks, "ROWS", 128)
    monkeypatch.setattr(short, "LARGE", 2)
    monkeypatch.setattr(parts, "SPLIT", 8)
    monkeypatch.setattr(parts, "THREADS", request.param)


@pytest.mark.parametrize("n", range(2, SHORT))
def test_short_rows_are_summed_as_numpy_does(n: int) -> None:
    assert sums_short_rows_so(n)
    for x in (rng.normal(size=(500, n)), rng.choice(SPECIAL, (500, n)), rng.choice([0.0, -0.0], (7, 5, n))):
        with np.errstate(all="ignore"):
            found, expected = sum_of_short_rows(x, x.ndim - 1), np.add.reduce(x, axis=-1)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(np.signbit(found)[found == 0], np.signbit(expected)[expected == 0])
    assert not any(map(sums_short_rows_so, (0, 1, SHORT, 200)))


@pytest.mark.parametrize("shape", [(4, 1, 3), (1, 3), (3, 2, 1, 5, 2), (4, 1, 1), (0, 1, 3), (4, 1, 0), (2, 1, 60)])
@pytest.mark.parametrize("count", [1, 2, 7, 40, 61])
@pytest.mark.parametrize("dtype", "fD?")
def test_rows_are_repeated_as_numpy_does(shape: tuple[int, ...], count: int, dtype: str) -> None:
    axis = shape.index(1, 0 if len(shape) == 2 else 1)
    wide = rng.normal(size=(*shape[:-1], 2 * shape[-1]))
    for x in (wide[..., ::2].astype(dtype), wide.astype(dtype)[..., ::2]):
        found, expected = repeated(x, count, axis), x.repeat(count, axis)
        assert found.shape == expected.shape and found.dtype == expected.dtype and found.flags.c_contiguous
        np.testing.assert_array_equal(found, expected)


def test_rooms_begin_where_vectors_do_and_stand_apart() -> None:
    needs: Any = [((), np.float64), ((3,), np.bool), ((2, 5), np.complex64), ((), np.float32)]
    made = rooms(needs, 7)
    for k, (x, (shape, dtype)) in enumerate(zip(made, needs, strict=True)):
        assert x.shape == (7, *shape) and x.dtype == dtype and x.flags.writeable and x.flags.c_contiguous
        assert x.ctypes.data % 64 == 0
        assert not any(np.may_share_memory(x, other) for other in made[:k])
        x[...] = 1


def distances(x: Any) -> Any:
    squares = np.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1)
    return np.sum(np.sqrt(squares + 1e-9))


def scaled(x: Any) -> Any:
    y = x - np.max(x, axis=-1, keepdims=True)
    return np.sum(np.exp(y) / np.sum(np.exp(y), axis=-1, keepdims=True) * x)


def outer(x: Any) -> Any:
    return np.sum(np.sin(x[:, :, None] * x[:, None, :]) * x[:, 0][:, None, None] + x[None, 0, :, None])


FUNCTIONS: list[Any] = [distances, scaled, outer]


@pytest.mark.usefixtures("blocks_of_128")
@pytest.mark.parametrize("f", FUNCTIONS)
@pytest.mark.parametrize("shape", [(30, 3), (21, 10), (9, 16), (40, 1)])
def test_bits_stay(f: Any, shape: tuple[int, int]) -> None:
    points = (rng.normal(size=shape), rng.choice(SPECIAL, shape), rng.choice([0.0, -0.0, 1.0], shape))
    for dtype in (np.float64, np.float32):
        with np.errstate(all="ignore"):
            arrays = [(x.astype(dtype),) for x in points]
        compare(ga.value_and_grad(f), *arrays)
        compare(f, *arrays)


@pytest.mark.usefixtures("blocks_of_128")
def test_where_rows_are_short_and_where_they_are_not() -> None:
    text = text_of(ga.value_and_grad(distances), rng.normal(size=(21, 10)))
    assert ", 21, 1)" in text and ", 10, 2)" in text and text.count("_repeated(") == 2
    assert "_sum_of_short_rows)(" in text
    text = text_of(ga.value_and_grad(distances), rng.normal(size=(21, SHORT)))
    assert "_repeated(" not in text and "_sum_of_short_rows" not in text
    # Axes that an operand has not are one loop.
    text = text_of(lambda x: np.exp(x * x[:, :1, :1]) + 1, rng.normal(size=(30, 5, 6)))
    assert "_repeated(" not in text
    assert ", 3, 2)" in text_of(lambda x: np.exp(x * x[:, :, :1]) + 1, rng.normal(size=(30, 5, 3)))


@pytest.mark.usefixtures("blocks_of_128")
def test_numpy_says_of_them_what_it_would_say() -> None:
    def f(x: Any) -> Any:
        return np.exp(np.sum(x * 2 + 1, axis=-1))

    x = np.full((40, 9), 0.8e308 / 9)
    run = ga.jit(f, strict=True)
    assert "_sum_of_short_rows" in text_of(f, 0 * x)
    for given in (x, 2 * x):
        heard = []
        for g in (f, run):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                g(given)
            heard.append([str(w.message) for w in caught])
        assert heard[0] == heard[1]
    assert any("overflow encountered in reduce" in text for text in heard[1])
