"""The same programs by ga.jit: derivatives are those without it at several points, most of them by one program."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.compiler.machine.cache import VARIABLE
from gradarray.transforms.containers import flatten
from tests.idioms.programs import PROGRAMS, Program
from tests.numeric import largest
from tests.thoroughness import WHOLE

# Thousands of statements, for a search by hand.
LONG = ("heated_rod", "binomial_tree", "lotka_volterra", "bicycle", "leapfrog", "controlled", "gauss_seidel")
ROWS = [row for row in PROGRAMS if WHOLE or not row.name.endswith(LONG)]
# Those that Numba compiles soonest.
BY_NUMBA = [
    "bound_early.expansion",
    "checks_and_output.line_search",
    "in_place.grown",
    "in_place.sorted_copy",
    "imports_inside.residual",
    "isinstance_and_types.only_floats",
    "isinstance_and_types.seen_as_arrays",
    "iterating.over_flat",
    "iterating.pairs",
    "jitted.chain_energy",
    "math_module.great_circle",
    "other_names.moving_windows",
    "scalars_and_lists.triangle_area",
    "scalars_and_lists.any_and_all",
]
COMPILED = [row for row in PROGRAMS if WHOLE or row.name in BY_NUMBA]
# Of how many each takes more than one program, or none.
# In a program, what scipy.linalg keeps of a call for its way back is computed anew, and so in another order.
IN_ANOTHER_ORDER = {"scipy_linalg.inverses"}

_counts: dict[str, int] = {}


def point(row: Program, k: int) -> list[Any]:
    """Return the arguments, or others near them."""
    rng = np.random.default_rng(k)
    return [x * (1 + 0.01 * k * rng.normal(size=np.shape(x))) for x in row.arguments()]


def derivative_of(row: Program) -> Any:
    func, every = row.func, tuple(range(len(row.start)))
    return ga.jacobian(func, every) if np.ndim(func(*row.arguments())) else ga.value_and_grad(func, every)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_programs(row: Program) -> None:
    derivative = derivative_of(row)
    run = ga.jit(derivative)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ga.JitWarning)
        for k in range(3):
            expected = flatten(derivative(*point(row, k)))[0]
            found = flatten(run(*point(row, k)))[0]
            for x, y in zip(found, expected, strict=True):
                assert type(x) is type(y) and np.asarray(x).dtype == np.asarray(y).dtype
                if row.name in IN_ANOTHER_ORDER:
                    np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-13 * largest(expected))
                else:
                    np.testing.assert_array_equal(x, y)
    _counts[row.name] = max([len(runs) for runs in run._runs.values()], default=0)


@pytest.mark.parametrize("row", COMPILED, ids=str)
def test_programs_by_numba(row: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled when they are called for the second time, they are right where they were written and elsewhere."""
    pytest.importorskip("numba")
    monkeypatch.setenv(VARIABLE, "")
    derivative = derivative_of(row)
    run = ga.jit(derivative, backend="numba")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ga.JitWarning)
        for k in (0, 0, 1, 2, 1, 0):
            expected = flatten(derivative(*point(row, k)))[0]
            found = flatten(run(*point(row, k)))[0]
            for x, y in zip(found, expected, strict=True):
                assert type(x) is type(y) and np.asarray(x).dtype == np.asarray(y).dtype
                np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-13 * largest(expected))
    if row.name in BY_NUMBA:
        assert "@compiled" in run.source(*point(row, 0))


def test_most_take_one_program() -> None:
    others = [name for name, count in _counts.items() if count != 1]
    assert len(others) <= 0.1 * len(_counts) + 1, others
