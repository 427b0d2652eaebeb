"""Programs drawn at random, with views and updates in place: jitted, they do the same to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.passes import blocks
from gradarray.transforms.containers import flatten

N = 6


def drawn(seed: int, length: int = 25) -> Any:
    """Return a function of two arrays that does as many things as that, the same each time."""

    def f(x: Any, y: Any) -> Any:
        rng = np.random.default_rng(seed)
        rows, views, sums = [x, y], [x[1:], y[:-1]], [x[0]]

        def one(of: list[Any]) -> Any:
            return of[rng.integers(len(of))]

        for _ in range(length):
            a, b, v, w, s = one(rows), one(rows), one(views), one(views), one(sums)
            c = float(rng.choice([1.0, -1.0, 2.0, 0.5, -3.0, 0.1]))
            match rng.integers(17):
                case 0:
                    rows.append(a * b)
                case 1:
                    rows.append(c * a)
                case 2:
                    rows.append(-a)
                case 3:
                    rows.append(a + b * c)
                case 4:
                    rows.append(a - -b)
                case 5:
                    rows.append(np.tanh(a))
                case 6:
                    rows.append(a.copy())
                case 7:
                    views.append(a[1:] if rng.integers(2) else a[:-1])
                case 8:
                    rows.append(np.where(a > b, a, c))
                case 9:
                    a += np.tanh(b)
                case 10:
                    v -= w * 0.5 if v is not w else 0.25
                case 11:
                    rows.append(np.concatenate([v, w[:1]]))
                case 12:
                    sums.append(np.sum(v))
                case 13:
                    rows.append(a * np.tanh(s))
                case 14:
                    a[int(rng.integers(N))] = np.tanh(s)
                case 15:
                    buffer = np.zeros(N)
                    buffer[1:] += v
                    rows.append(buffer)
                case _:
                    rows.append(np.ones(N) * c * np.exp(-np.abs(a)))
        total = sum(np.sum(np.tanh(r)) for r in rows[-4:]) + np.sum(np.tanh(views[-1])) + sums[-1]
        return total, rows[-1].copy(), rows[2:][:1]

    return f


def value(seed: int) -> Any:
    f = drawn(seed)
    return lambda x, y: f(x.copy(), y * 1)[0]


def both(f: Any, point: tuple[Any, ...]) -> Any:
    mine = [np.copy(x) for x in point]
    with np.errstate(all="ignore"):
        return flatten((f(*mine), mine))[0]


@pytest.fixture(params=["plain", "blocks"])
def _sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "blocks":
        monkeypatch.setattr(blocks, "LEAST", 2)
        monkeypatch.setattr(blocks, "ROWS", 2)
        monkeypatch.setattr("gradarray.compiler.text.writer.LARGE", 2)


@pytest.mark.usefixtures("_sizes")
@pytest.mark.parametrize("seed", range(12))
def test_the_same_is_done(seed: int) -> None:
    points = [(np.random.default_rng(k).normal(size=N), np.random.default_rng(k + 50).normal(size=N)) for k in range(3)]
    for f in (drawn(seed), ga.value_and_grad(value(seed), argnums=(0, 1))):
        run = ga.jit(f, strict=True)
        for point in (*points, *points[:1]):
            for a, b in zip(both(run, point), both(f, point), strict=True):
                np.testing.assert_array_equal(a, b)
                assert type(a) is type(b)
