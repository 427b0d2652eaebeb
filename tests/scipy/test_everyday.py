"""Programs as they are written with SciPy: each way of differentiating them, and `vmap`, against the plain program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", "1.15", reason="SciPy is an optional companion; older ones have other functions")
from scipy import integrate, interpolate, linalg, ndimage, optimize, signal, sparse, spatial, stats
from scipy.sparse import linalg as sparse_linalg

import gradarray as ga

X = np.array([0.7, 1.3])
TIMES = np.linspace(0, 2, 9)
EXACT = {"rtol": 1e-10, "atol": 1e-12}


class Model:
    """What keeps a variable in an attribute."""

    def __init__(self, rate: Any) -> None:
        self.rate = rate

    def balance(self, q: Any) -> Any:
        return self.rate * q - np.cos(q)


def _frozen(p: Any) -> Any:
    made = stats.norm(loc=p[0], scale=p[1])
    return np.sum(made.logpdf(TIMES)) + made.ppf(0.7) + made.mean() + made.expect(np.cos)


def _frozen_of_lists(p: Any) -> Any:
    cov = [[p[1] ** 2 + 1, p[0]], [p[0], 2.0]]
    return stats.multivariate_normal(mean=[p[0], 0.0], cov=cov).logpdf([0.1, 0.2]) + stats.multivariate_t(
        loc=[p[0], 0.1], shape=cov, df=4
    ).logpdf([0.1, 0.2])


def _singular(p: Any) -> Any:
    cov = np.array([[2.0, 1, 0], [1, 2.0, 0], [0, 0, 0]])
    return stats.multivariate_normal.logpdf([p[1], 0.2, 0.0], [p[0], 0.1, 0.0], cov, allow_singular=True)


def _drawn(p: Any) -> Any:
    return np.sum(stats.norm.rvs(loc=p[0], scale=p[1], size=3, random_state=5) ** 2)


def _spline_in_a_solver(p: Any) -> Any:
    force = interpolate.CubicSpline(TIMES, np.sin(p[0] * TIMES))
    found = integrate.solve_ivp(lambda t, y: force(t) - p[1] * y, (0, 2), [0.5], t_eval=[1.0, 2.0], **EXACT)
    return found.y[0, -1] + integrate.quad(lambda t: force(t) ** 2, 0, 1)[0]


def _root_of_a_spline(p: Any) -> Any:
    line = interpolate.make_interp_spline(TIMES, p[0] * TIMES**2 + p[1], k=3)
    return optimize.brentq(lambda t: line(t) - 2.0, 0.0, 1.9, xtol=1e-13)


def _attribute(p: Any) -> Any:
    return np.sum(optimize.fsolve(Model(p).balance, 0.5 * np.ones(2), xtol=1e-13))


def _callback(p: Any) -> Any:
    trace: list[Any] = []
    found = optimize.minimize(
        lambda x: np.sum(np.cosh(x - p) + x**2), np.zeros(2), callback=lambda x: trace.append(x.copy()), tol=1e-11
    )
    return np.sum(found.x)


def _constraints(p: Any) -> Any:
    given = [{"type": "eq", "fun": lambda x: x[0] + x[1] - p[0]}]
    found = optimize.minimize(lambda x: x[0] ** 2 + 2 * x[1] ** 2, [1.0, 1.0], method="SLSQP", constraints=given)
    ball = optimize.NonlinearConstraint(lambda x: x[0] ** 2 + x[1] ** 2, -np.inf, p[1])
    other = optimize.minimize(lambda x: -x[0] - p[0] * x[1], [0.1, 0.1], constraints=[ball], method="SLSQP", tol=1e-13)
    return found.x[0] + other.fun


def _system(p: Any) -> Any:
    made = signal.lti([p[0]], [1.0, p[1], 2.0])
    sampled = signal.dlti([p[0]], [1.0, -0.5 * p[0]], dt=0.1)
    return np.sum(signal.step(made, T=TIMES)[1]) + np.sum(signal.dstep(sampled, n=5)[1][0])


def _system_of_lists(p: Any) -> Any:
    response = signal.freqresp(([p[0], 1.0], [1, 2.0, p[1]]), w=[1.0])[1][0]
    return np.abs(response) + signal.group_delay(([p[0], 1.0], [1, 0.3, 0.2]), w=[1.0])[1][0]


def _ends_of_a_spline(p: Any) -> Any:
    made = interpolate.CubicSpline([0.0, 1, 2.5, 4], [0.0, p[0], 1, p[1]], bc_type=((1, p[0]), (2, 0.5)))
    return made.integrate(0.5, 3) + made(1.7)


def _interpolated(p: Any) -> Any:
    return interpolate.interpn((np.arange(3.0), np.arange(2.0)), np.outer([1, 2, 4.0], p), [[1.5, 0.5]])[0]


def _interpolated_by_an_object(p: Any) -> Any:
    made = interpolate.RegularGridInterpolator((np.arange(4.0),), np.arange(4.0) ** 2 * p[0], method="cubic")
    return np.sum(made([[1.2], [p[1]]]))


def _matrix(p: Any) -> Any:
    made = sparse.diags([[p[0], p[1], 3.0], [1.0, 1.0], [0.5, 0.5]], [0, 1, -1], format="csc")
    symmetric = made + made.T
    return np.sum(sparse_linalg.splu(made).solve(np.ones(3))) + sparse_linalg.eigsh(symmetric, k=1)[0][0]


def _least_squares_of_a_matrix(p: Any) -> Any:
    made = sparse.csr_array(([1.0, 2, 3], ([0, 1, 2], [0, 1, 1])), shape=(3, 2)) @ sparse.diags_array(p)
    return np.sum(sparse_linalg.lsqr(made, np.ones(3), atol=1e-14, btol=1e-14)[0])


def _operator(p: Any) -> Any:
    rates = np.array([1.0, 2.0, 3.0]) * p[0]
    made = sparse_linalg.LinearOperator((3, 3), matvec=lambda v: rates * v + 0.1 * np.roll(v, 1), dtype=float)
    return sparse_linalg.bicgstab(made, np.array([1.0, p[1], 3.0]), rtol=1e-13)[0][1]


def _tree(p: Any) -> Any:
    points = np.array([[0.0, 1], [2, 0], [1, 3]]) * p
    return spatial.cKDTree(points).query([0.3, 0.2])[0]


def _rotations(p: Any) -> Any:
    made = spatial.transform.Rotation.from_rotvec([[p[0], 0, 0.1], [0, p[1], 0.2]])
    return spatial.transform.Slerp([0, 1], made)(0.4).as_rotvec() @ np.array([1.0, 2, 3])


def _written_into(p: Any) -> Any:
    out = np.zeros(4)
    ndimage.uniform_filter1d(np.array([p[0], 1.0, p[1], 2.0]), 3, output=out)
    return np.sum(out**2)


def _told(p: Any) -> Any:
    found = stats.pointbiserialr([0, 1, 0, 1], [p[0], p[1], 0.3, 2.0])
    return found.correlation + found.pvalue


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    name: value for name, value in [*globals().items()] if name[:1] == "_" and callable(value) and name[:2] != "__"
}


def differences(f: Callable[[Any], Any], x: Any, step: float = 2e-4) -> Any:
    def central(h: float) -> Any:
        return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in h * np.eye(len(x))])

    return (4 * central(step / 2) - central(step)) / 3


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradient(name: str) -> None:
    f = PROGRAMS[name]
    numbers = differences(f, X)
    near: dict[str, Any] = {"rtol": 2e-4, "atol": 1e-5}
    np.testing.assert_allclose(ga.grad(f)(X), numbers, **near)
    along = np.array([0.3, -1.2])
    np.testing.assert_allclose(ga.jvp(f, (X,), (along,))[1], numbers @ along, **near)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "_operator"])
def test_for_each_element(name: str) -> None:
    f, rows = PROGRAMS[name], np.stack([X, 1.05 * X, X + 0.02])
    np.testing.assert_allclose(ga.vmap(f)(rows), [f(x) for x in rows], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(ga.vmap(ga.grad(f))(rows), [ga.grad(f)(x) for x in rows], rtol=1e-6, atol=1e-7)


def test_an_operator_of_a_mapped_array_is_refused() -> None:
    with pytest.raises(ga.VmapError):
        ga.vmap(ga.grad(PROGRAMS["_operator"]))(np.stack([X, X]))


def test_a_generator_draws_for_no_element_what_it_draws_for_another() -> None:
    def f(p: Any) -> Any:
        return stats.norm.rvs(loc=p[0], scale=p[1], random_state=np.random.default_rng(0))

    plain, tangent = ga.jvp(f, (X,), (np.array([1.0, 0.0]),))
    assert plain == f(X) and tangent == 1.0
    with pytest.raises(ga.VmapError, match="numbers that are drawn here"):
        ga.vmap(f)(np.stack([X, X]))


def test_what_is_kept_of_one_element_is_refused_with_its_reason() -> None:
    def f(p: Any) -> Any:
        seen: list[Any] = []

        def equation(q: Any) -> Any:
            seen.append(q * p)
            return q**3 - p

        return np.sum(optimize.fsolve(equation, np.ones(2)))

    with pytest.raises(ga.VmapError, match="keeps something"):
        ga.vmap(ga.grad(f))(np.stack([X, X]))


# --- a coefficient that is zero ---------------------------------------------------------------------------------------

OF_ZERO = {
    "step": lambda c: signal.step(signal.lti([c[0], 1.0], [1, 2.0, 1]), T=TIMES)[1][-1],
    "step of a tuple": lambda c: signal.step(([c[0], 1.0], [1, 2.0, 1]), T=TIMES)[1][-1],
    "to_ss": lambda c: np.sum(signal.TransferFunction([c[0], 1.0], [1, 2.0, 1]).to_ss().C),
    "tf2ss": lambda c: np.sum(signal.tf2ss([c[0], 1.0], [1, 2.0, 1])[2]),
    "dlsim": lambda c: np.sum(signal.dlsim(([c[0], 1.0], [1, 0.3, 0.2], 1.0), [1.0, 2, 3])[1]),
    "residue": lambda c: np.sum(signal.residue([c[0], 1.0], [1, 3.0, 2])[0] * [1.0, 2.0]),
    "residue of zero": lambda c: np.sum(signal.residue([c[0], 0.0], [1, 3.0, 2])[0] * [1.0, 2.0]),
    "lagrange": lambda c: interpolate.lagrange([0.0, 1, 2], [c[0], 1.0, 3.0])(0.3),
    "lagrange, on a line": lambda c: interpolate.lagrange([0.0, 1, 2], [c[0], 1.0, 2.0])(0.3),
}


@pytest.mark.parametrize("name", OF_ZERO)
def test_a_coefficient_that_is_zero_still_varies(name: str) -> None:
    f, at = OF_ZERO[name], np.zeros(1)
    numbers = differences(f, at)
    assert np.all(np.abs(numbers) > 0.01)
    np.testing.assert_allclose(ga.grad(f)(at), numbers, rtol=1e-6)
    np.testing.assert_allclose(ga.jvp(f, (at,), (np.ones(1),))[1], numbers[0], rtol=1e-6)
    np.testing.assert_allclose(f(at), ga.value_and_grad(f)(at)[0], rtol=1e-12, atol=1e-14)


def test_second_derivatives_are_there_again_when_programs_are() -> None:
    """A right-hand side that has become a program reads a view, of which the tape knows what it is a view of."""

    def f(p: Any) -> Any:
        def miss(k: Any) -> Any:
            return (integrate.solve_ivp(lambda t, y: p[0] - k[0] * y, (0, 1), [p[1]], **EXACT).y[0, -1] - 0.8) ** 2

        return optimize.minimize(miss, [0.6], tol=1e-12).x[0]

    first = ga.hessian(f)(X)
    np.testing.assert_allclose(first, differences(ga.grad(f), X).T, rtol=1e-3, atol=1e-4)
    for _ in range(2):
        np.testing.assert_allclose(ga.hessian(f)(X), first, rtol=1e-6)


def test_a_matrix_of_lists_of_other_lengths_is_no_array() -> None:
    f = lambda p: np.sum(linalg.block_diag([[p[0], 1.0]], [[p[1]], [2.0]]) ** 2)  # noqa: E731
    np.testing.assert_allclose(ga.grad(f)(X), 2 * X)
