"""Random programs of the differential generator by ga.jit: derivatives are those without it, to the last bit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from hypothesis import given, settings

import gradarray as ga
from gradarray.transforms.containers import flatten
from tests.differential import Program, programs


def moved(points: list[Any]) -> list[Any]:
    """Return other values, of other signs and in another order, laid out alike."""
    found = []
    for x in points:
        y = x.copy("K") if isinstance(x, np.ndarray) else x
        found.append(-y if np.ndim(y) == 0 else y)
        if np.ndim(y):
            y[...] = np.sort(-np.asarray(x), axis=None).reshape(x.shape)
    return found


def outcome(f: Any, points: list[Any]) -> Any:
    try:
        return [np.asarray(x) for x in flatten(f(*points))[0]]
    except Exception as error:
        return type(error)


@settings(max_examples=max(100, settings.default.max_examples))
@given(programs())
def test_random_programs(program: Program) -> None:
    f = program.function()

    def loss(*xs: Any) -> Any:
        return f(*xs)[0]

    every = tuple(range(len(program.leaves)))
    first = ga.value_and_grad(loss, every)

    def along(*xs: Any) -> Any:
        return ga.jvp(loss, xs, tuple([np.ones_like(x) for x in xs]))

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for derivative in (first, along):
            run = ga.jit(derivative)
            for change in (list, moved, list):
                expected, found = outcome(derivative, change(program.point())), outcome(run, change(program.point()))
                if isinstance(expected, type):
                    assert found is expected
                    continue
                assert not isinstance(found, type), found
                for x, y in zip(found, expected, strict=True):
                    assert (x.shape, x.dtype) == (y.shape, y.dtype)
                    assert np.array_equal(x, y, equal_nan=True), f"{x} is not {y}"
