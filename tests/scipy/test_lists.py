"""Nested lists and tuples of variables in the place of an array, wherever SciPy takes them for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytest.importorskip("scipy", "1.17", reason="older versions of SciPy take other ones")
import scipy
from scipy import interpolate, optimize, signal, sparse, stats  # of which names in the functions are bound

from tests.scipy.calls import Call, all_calls, by_library, by_mirror, leaves

pytestmark = [pytest.mark.filterwarnings("ignore")]
CALLS = [call for call in all_calls() if not call.refused]
PARTS = 8
# Functions of the user's that compute with what closes over a list, which NumPy's arrays would take for one.
OWN = [f"optimize.{name}" for name in ("newton", "fixed_point", "root", "least_squares", "leastsq")]
OWN += ["integrate.solve_bvp between"]  # whose result, where constants alone are solved for, is SciPy's own


def nested(x: Any, kind: Callable[[Any], Any]) -> Any:
    return kind([nested(part, kind) for part in x]) if np.ndim(x) else x


def same(one: Any, other: Any) -> bool:
    pairs = [*leaves(one)], [*leaves(other)]
    if len(pairs[0]) != len(pairs[1]):
        return False
    near = {"rtol": 1e-9, "atol": 1e-11, "equal_nan": True}
    return all(np.shape(x) == np.shape(y) and np.allclose(x, y, **near) for x, y in zip(*pairs, strict=True))


def taken_for_one(call: Call, i: int, kind: Callable[[Any], Any]) -> bool:
    """Tell whether SciPy computes the same of one array when its numbers stand in lists or tuples."""
    arrays = [nested(a, kind) if i == j else a for j, a in enumerate(call.arrays)]
    try:
        return same(call.func(scipy, *arrays), call.func(scipy, *call.arrays))
    except Exception:
        return False


@pytest.mark.parametrize("part", range(PARTS))
def test_each_call(part: int) -> None:
    tried = 0
    for call in CALLS[part::PARTS]:
        for i, a in enumerate(call.arrays):
            if not 0 < a.size <= 60 or not a.ndim or call.name.startswith(tuple(OWN)):
                continue
            kinds = [kind for kind in (list, tuple) if taken_for_one(call, i, kind)]
            if not kinds:
                continue
            before, after = call.arrays[:i], call.arrays[i + 1 :]
            doors = by_library(call), by_mirror(call)
            expected = ga.grad(lambda x, f=doors[0], before=before, after=after: f(*before, x, *after))(a)
            near = {"rtol": 1e-6 * call.rough, "atol": 1e-7 * call.rough}
            for kind in kinds:
                for f in doors[: 1 + (kind is tuple)]:

                    def listed(x: Any, f: Any = f, ends: Any = (before, after), kind: Any = kind) -> Any:
                        return f(*ends[0], nested(x, kind), *ends[1])

                    np.testing.assert_allclose(ga.grad(listed)(a), expected, **near, err_msg=f"{call}, {i}, {kind}")
                tried += 1
    assert tried > 200


X = (0, 1, 2.5, 3, 4.5, 6)
SQUARE = sparse.dia_array(np.diag([1.0, 2.0]))
LISTS: dict[str, Callable[..., Any]] = {
    "interp1d": lambda a, b: interpolate.interp1d((0, 1, 2), (a, b, 1.0), kind="quadratic")((0.3, 1.2)),
    "interp1d, sites": lambda a, b: interpolate.interp1d([0, a, 2], (a, b, 1.0))((0.2, b)),
    "CubicSpline": lambda a, b: interpolate.CubicSpline((0, a, 2), [a, b, 1.0], bc_type=((1, b), (2, a)))((0.3, 1.2)),
    "PPoly": lambda a, b: interpolate.PPoly(((a, b), (1, 2.0)), (0, 1, 2))((0.3, 1.2)),
    "BSpline": lambda a, b: interpolate.BSpline((0, 1, 2, a + 3, 4, 5, 6), (a, b, 2.0, 1), 2)((2.3,)),
    "RegularGridInterpolator": lambda a, b: interpolate.RegularGridInterpolator(
        ([0, 1], (0, 1, 2)), ((a, b, 1.0), (b, 2, a))
    )([(0.3, 1.2), (a, b)]),
    "interpn": lambda a, b: interpolate.interpn([(0, 1), (0, 1, 2)], ((a, b, 1), (b, 2, a)), (0.3, b)),
    "LinearNDInterpolator": lambda a, b: interpolate.LinearNDInterpolator([(0, 0), (1, 0), (0, 1)], (a, b, 1))(0.3, a),
    "griddata of coordinates": lambda a, b: interpolate.griddata(
        ([0, 1, 0, 1.0], [0, 0, 1.0, 1]), (a, b, 1, 2), ([0.3, a], [0.2, 0.6])
    ),
    "splev": lambda a, b: interpolate.splev((0.3, a), ((0, 0, 1, 1), [a, b, 0, 0], 1)),
    "splev of two": lambda a, b: interpolate.splev(a, (np.array([0.0, 0, 1, 1]), [np.array([1.0, 3]), [a, b]], 1)),
    "splrep": lambda a, b: interpolate.splev((0.3, a), interpolate.splrep((0, 1, 2, 3), (a, b, 1, 2))),
    "csr_array": lambda a, b: sparse.csr_array(([a, b], ((0, 1), (1, 0))), shape=(2, 2)) @ [b, a],
    "a matrix in diagonals": lambda a, b: SQUARE @ [b, a],
    "a frozen distribution": lambda a, b: stats.norm(loc=(a, b), scale=[b, 2.0]).logpdf((1.0, a)),
    "multivariate_normal": lambda a, b: stats.multivariate_normal((a, b), ((a + 2, 0), (0, 2.0))).logpdf((1.0, b)),
    "gaussian_kde": lambda a, b: stats.gaussian_kde((0.3, 1.0, a))((a, b)),
    "lti": lambda a, b: signal.lti((a, b), (-1.0, -2.0), 3.0).impulse(T=[0.1, 0.2])[1],
    "freqresp": lambda a, b: np.abs(signal.freqresp(([a, b], (1.0, b, 2.0)), [0.3, 2.0])[1]),
    "Bounds": lambda a, b: optimize.minimize(
        lambda x: np.sum((x - 1) ** 2), np.zeros(2), bounds=optimize.Bounds([a, b], (2, 3)), method="L-BFGS-B"
    ).x,
    "LinearConstraint": lambda a, b: optimize.minimize(
        lambda x: np.sum((x - 1) ** 2), (0.0, 0), constraints=optimize.LinearConstraint([[1, a]], [b], (b,)),
        method="trust-constr", options={"gtol": 1e-10, "xtol": 1e-12},
    ).x,
    "NonlinearConstraint": lambda a, b: optimize.minimize(
        lambda x: np.sum((x - 1) ** 2), np.array([0.1, 0.2]), method="SLSQP", options={"ftol": 1e-14},
        constraints=optimize.NonlinearConstraint(lambda x: [x[0] * x[1], x[0] - x[1]], [a, b - 0.5], (a, b - 0.5)),
    ).x,
    "milp": lambda a, b: optimize.milp(
        [1.0, b], bounds=optimize.Bounds([a, a], 9), constraints=optimize.LinearConstraint([[1, 1]], [a + b + 1.0], 9)
    ).fun,
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_numbers_of_several_kinds(name: str) -> None:
    weights = np.cos(np.arange(12.0))

    def f(a: Any, b: Any) -> Any:
        found = LISTS[name](a, b)
        found = np.stack(found) if isinstance(found, list) else found
        return np.sum(np.ravel(found) * weights[: np.size(found)])

    point = (0.3, 0.7)
    h = 1e-4
    expected = [
        (f(0.3 + h, 0.7) - f(0.3 - h, 0.7)) / (2 * h),
        (f(0.3, 0.7 + h) - f(0.3, 0.7 - h)) / (2 * h),
    ]
    assert np.isfinite(expected).all() and np.any(expected)
    value, found = ga.value_and_grad(f, argnums=(0, 1))(*point)
    assert value == pytest.approx(f(*point), rel=1e-6)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    along = [ga.jvp(f, point, direction)[1] for direction in ((1.0, 0.0), (0.0, 1.0))]
    np.testing.assert_allclose(along, expected, rtol=1e-5, atol=1e-6)
