"""The table of SciPy's functions says of each what it does."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.__main__ import main
from gradarray.show import scipy_table

pytest.importorskip("scipy", "1.15", "SciPy is an optional companion; older ones have other functions")
special = pytest.importorskip("scipy.special", reason="SciPy is an optional companion")


def test_most_ufuncs_are_differentiated_by_every_operand() -> None:
    found = [
        answer
        for name, answer in scipy_table.scipy_partition("scipy.special").items()
        if isinstance(getattr(special, name), np.ufunc)
    ]
    assert scipy_table.OTHERS not in found
    assert found.count(scipy_table.DIFFERENTIATED) > 150


def test_each_function_of_statistics_is_declared() -> None:
    """Those that are not known are told nothing of, and are to say why."""
    found = scipy_table.scipy_partition("scipy.stats")
    assert {name for name, answer in found.items() if answer == scipy_table.OTHERS} <= {"make_distribution"}
    assert found["kendalltau"] == scipy_table.REFUSED and found["rankdata"] == scipy_table.FLAT
    assert found["gamma"] == found["dirichlet"] == scipy_table.OBJECTS


@pytest.mark.parametrize("module", scipy_table.MODULES)
def test_what_stands_in_is_asked_through_the_mirror(module: str) -> None:
    mirror: Any = functools.reduce(getattr, module.split(".")[1:], ga.scipy)
    for name, answer in scipy_table.scipy_partition(module).items():
        assert callable(getattr(mirror, name)), answer


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "scipy"]) == 0
    printed = capsys.readouterr().out
    assert "eval_jacobi (n, alpha, beta)" in printed
    special_functions = printed.partition("scipy.special, ")[2]
    assert "logsumexp" in special_functions.partition(scipy_table.STANDS_IN)[2].partition("\n\n")[0]
    assert max(map(len, printed.splitlines())) <= scipy_table.WIDTH
