"""The same programs by ga.jit: derivatives are those without it at three points, most of them by one program."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import gradarray as ga
from gradarray.transforms.containers import flatten
from tests.idioms.programs import PROGRAMS, Program

# Thousands of statements, for a search by hand.
LONG = ("heated_rod", "binomial_tree", "lotka_volterra", "bicycle", "leapfrog", "controlled", "gauss_seidel")
WHOLE = settings.default.max_examples >= 1000
ROWS = [row for row in PROGRAMS if WHOLE or not row.name.endswith(LONG)]
# Of how many each takes more than one program, or none.
_counts: dict[str, int] = {}


def point(row: Program, k: int) -> list[Any]:
    """Return the arguments, or others near them."""
    rng = np.random.default_rng(k)
    return [x * (1 + 0.01 * k * rng.normal(size=np.shape(x))) for x in row.arguments()]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_programs(row: Program) -> None:
    func, every = row.func, tuple(range(len(row.start)))
    derivative = ga.jacobian(func, every) if np.ndim(func(*row.arguments())) else ga.value_and_grad(func, every)
    run = ga.jit(derivative)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ga.JitWarning)
        for k in range(3):
            expected = flatten(derivative(*point(row, k)))[0]
            found = flatten(run(*point(row, k)))[0]
            for x, y in zip(found, expected, strict=True):
                assert type(x) is type(y) and np.asarray(x).dtype == np.asarray(y).dtype
                np.testing.assert_array_equal(x, y)
    _counts[row.name] = max([len(runs) for runs in run._runs.values()], default=0)


def test_most_take_one_program() -> None:
    others = [name for name, count in _counts.items() if count != 1]
    assert len(others) <= 0.1 * len(_counts) + 1, others
