"""Calls of SciPy in programs and for many elements: what they give there is what they give alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytest.importorskip("scipy", "1.15", "SciPy is an optional companion; older ones have other functions")
from tests.scipy.calls import Call, all_calls, by_library

RIGHT = [call for call in all_calls() if not call.refused and "rvs" not in call.name]


@pytest.mark.parametrize("call", RIGHT[::13], ids=repr)
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


# --- vmap -------------------------------------------------------------------------------------------------------------

# Functions of arrays. What makes an object, as a spline or a frozen distribution, makes one of all elements, and a
# solution has as many points as a solver takes steps: they are refused.
FUNCTIONS = ("linalg.", "fft.", "signal.", "ndimage.", "integrate.", "stats.")
OBJECTS = ("integrate.solve_ivp", "integrate.solve_bvp", "linalg.funm of what is known", "frozen", "Covariance")
OBJECTS += ("signal.step object", "signal.cont2discrete object", "signal.place_poles")
SIDE_BY_SIDE = [
    call for call in RIGHT if call.name.startswith(FUNCTIONS) and not any(part in call.name for part in OBJECTS)
]


@pytest.mark.parametrize("call", SIDE_BY_SIDE[::11], ids=repr)
def test_elements_are_mapped(call: Call) -> None:
    """All at once where there is a form for that, and otherwise one after the other; derivatives inside and outside."""
    f, numbers = by_library(call), tuple(range(len(call.arrays)))
    arrays = [np.stack([a, 1.01 * a + 0.003]) for a in call.arrays]
    each = [[a[i] for a in arrays] for i in range(2)]
    weights = np.array([1.0, -0.7])
    np.testing.assert_allclose(ga.vmap(f)(*arrays), [f(*one) for one in each], rtol=1e-9, atol=1e-10)
    expected = [ga.grad(f, numbers)(*one) for one in each]
    inside = ga.vmap(ga.grad(f, numbers))(*arrays)
    outside = ga.grad(lambda *arrays: np.sum(weights * ga.vmap(f)(*arrays)), numbers)(*arrays)
    for k in numbers:
        both = np.stack([gradients[k] for gradients in expected])
        near = {"rtol": 1e-7, "atol": 1e-8 * max(1.0, float(np.max(np.abs(both), initial=0.0)))}
        np.testing.assert_allclose(inside[k], both, **near)
        np.testing.assert_allclose(outside[k], np.reshape(weights, (2,) + (1,) * (both.ndim - 1)) * both, **near)


def _solvers(sp: Any) -> dict[str, Callable[[Any], Any]]:
    """What is mapped stands in the closures, and nowhere else."""
    tight = {"rtol": 1e-9, "atol": 1e-9}
    near, two = {"tol": 1e-10}, np.ones(2)
    return {
        "brentq": lambda x: sp.optimize.brentq(lambda z: z**3 - x, 0, 3),
        "root": lambda x: sp.optimize.root(lambda z: z**3 - x, two).x.sum(),
        "minimize": lambda x: sp.optimize.minimize(lambda z: np.sum((z - x) ** 2) + z[0] ** 4, two, **near).x.sum(),
        "curve_fit": lambda x: sp.optimize.curve_fit(lambda t, k: np.exp(-k * t), T, np.exp(-T * x))[0][0],
        "quad": lambda x: sp.integrate.quad(lambda z: np.exp(-z * x), 0, 1)[0],
        "quad of a constant": lambda x: sp.integrate.quad(lambda z: x, 0, 1)[0],
        "fixed_quad": lambda x: sp.integrate.fixed_quad(lambda z: np.exp(-z * x), 0, 1)[0],
        "solve_ivp": lambda x: sp.integrate.solve_ivp(lambda t, y: -x * y, (0, 1), two, t_eval=[1], **tight).y.sum(),
    }


T = np.linspace(0, 1, 5)


@pytest.mark.parametrize("name", _solvers(None))
@pytest.mark.parametrize("door", ["library", "mirror"])
def test_a_solver_is_called_for_each_element(name: str, door: str) -> None:
    import scipy
    from scipy import integrate, optimize  # noqa: F401

    f = _solvers(scipy if door == "library" else ga.scipy)[name]
    x = np.array([[2.0, 1.5], [2.5, 1.2]])
    values, slopes = (np.array([[g(number) for number in row] for row in x]) for g in (f, ga.grad(f)))
    several = ga.vmap(f)
    np.testing.assert_allclose(several(x[0]), values[0], rtol=1e-7)
    np.testing.assert_allclose(ga.vmap(several)(x), values, rtol=1e-7)
    np.testing.assert_allclose(ga.vmap(ga.grad(f))(x[0]), slopes[0], rtol=1e-6)
    np.testing.assert_allclose(ga.grad(lambda x: np.sum(several(x)))(x[0]), slopes[0], rtol=1e-6)
    np.testing.assert_allclose(ga.jvp(several, (x[0],), (np.ones(2),))[1], slopes[0], rtol=1e-6)


def test_after_an_error_no_element_is_the_one() -> None:
    """Mapped arrays stand for all elements again."""
    kept = []

    def f(x: Any) -> Any:
        kept.append(x)
        return ga.scipy.optimize.brentq(lambda z: 1 / 0 if z > 2 else z - x, 0, 3)

    with pytest.raises(ZeroDivisionError):
        ga.vmap(f)(np.ones(2))
    assert kept[0].lane.at is None
    with pytest.raises(ga.VmapError):
        float(kept[0])
