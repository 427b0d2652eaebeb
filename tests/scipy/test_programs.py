"""Calls of SciPy in programs and for many elements: what they give there is what they give alone."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytest.importorskip("scipy", "1.15", "SciPy is an optional companion; older ones have other functions")
from tests.scipy.calls import Call, all_calls, by_library

RIGHT = [call for call in all_calls() if not call.refused and "rvs" not in call.name]


@pytest.mark.parametrize("call", RIGHT[::9], ids=repr)
def test_a_program_has_the_values_at_other_points(call: Call) -> None:
    """Whatever is looked at as a program is written down; what it is made of is found out anew, or there is none."""
    f = by_library(call)
    run = ga.jit(f)
    moved = [1.003 * a + 0.001 for a in call.arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ga.JitWarning)
        for arrays in (call.arrays, moved):
            assert run(*arrays) == pytest.approx(f(*arrays), rel=1e-9, abs=1e-10)


def test_a_function_that_scipy_is_given_is_no_program() -> None:
    """Beside a traced limit, what it computes with would be a constant of the program."""
    from scipy.integrate import fixed_quad

    def f(p: Any) -> Any:
        return fixed_quad(lambda x: np.exp(-p[0] * x), 0, p[1])[0]

    p = np.array([0.3, 1.2])
    run = ga.jit(f)
    with pytest.warns(ga.JitWarning, match="fixed_quad is given a function"):
        run(p)
    assert run(p + 1) == f(p + 1)


@pytest.mark.parametrize("name", ["solve", "inv", "cholesky", "lu_factor", "expm", "eigh", "svdvals"])
def test_a_gradient_is_one_program_to_the_last_bit(name: str) -> None:
    """Each call of SciPy's is a statement, on the way back too."""
    from scipy import linalg

    def f(a: Any) -> Any:
        found = getattr(linalg, name)(*((a, a[0]) if name == "solve" else (a,)))
        return np.sum(found[0] if type(found) is tuple else found)

    a = np.array([[3.0, 0.3, 0.1], [0.3, 1.5, 0.4], [0.1, 0.4, 1.1]])
    run, plain = ga.jit(ga.value_and_grad(f)), ga.value_and_grad(f)
    for x in (a, 1.1 * a, a + 0.1 * np.eye(3)):
        np.testing.assert_array_equal(run(x)[1], plain(x)[1])
    assert [len(runs) for runs in run._runs.values()] == [1]
