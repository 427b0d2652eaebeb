"""scipy.integrate beyond its table: closures, singular integrands, steps that are not recorded, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", "1.15", reason="SciPy is an optional companion; older ones have other functions")
from scipy import integrate, optimize, special, stats

import gradarray as ga
from gradarray.solvers import written
from gradarray.solvers.integrate import adjoint, paths

pytestmark = pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")
EXACT = {"rtol": 1e-10, "atol": 1e-12}


def slope(f: Callable[..., Any], x: Any, v: Any, h: float = 1e-3) -> Any:
    """Return the derivative in a direction by differences of fourth order."""

    def at(k: float) -> Any:
        return np.asarray(f(x + k * h * v))

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)


# --- integrals --------------------------------------------------------------------------------------------------------

quad = integrate.quad
# Integrals of which the derivative is known: its value, and where.
KNOWN: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "a kink": (lambda p: quad(lambda x: np.abs(x - p), 0, 1)[0], 0.3, -0.4),
    "a kink that is a root": (lambda p: quad(lambda x: np.sqrt(np.abs(x - p)), 0, 1)[0], 0.3, 0.3**0.5 - 0.7**0.5),
    "infinite at the start": (lambda p: quad(lambda x: x ** (p - 1), 0, 1)[0], 0.2, -25.0),
    "infinite at 0, and to infinity": (
        lambda p: quad(lambda x: x ** (p - 1) * np.exp(-x), 0, np.inf)[0],
        0.3,
        special.gamma(0.3) * special.psi(0.3),
    ),
    "a heavy tail": (lambda p: quad(lambda x: (1 + x) ** -p, 0, np.inf)[0], 1.5, -4.0),
    "a steep end that moves": (lambda p: quad(lambda x: np.sqrt(p - x), 0, p)[0], 2.0, 2**0.5),
    "an infinite end that moves": (lambda p: quad(lambda x: 1 / np.sqrt(p - x), 0, p)[0], 2.0, 2**-0.5),
    "a branch": (lambda p: quad(lambda x: x * p if x < 0.3 else p * p * x, 0, 1)[0], 0.4, 0.045 + 0.4 * 0.91),
    "Python's math": (lambda p: quad(lambda x: math.exp(-p * x), 0, 1)[0], 1.0, 2 / math.e - 1),
    "over a square": (
        lambda p: integrate.dblquad(lambda y, x: np.exp(-p * (x + y)), 0, 1, 0, lambda x: 1.0)[0],
        1.0,
        2 * (1 - 1 / math.e) * (2 / math.e - 1),
    ),
    "no range": (lambda p: quad(lambda x: p * x, p, p)[0], 1.0, 0.0),
    "the weight's frequency": (
        lambda p: quad(lambda x: 1.0 + 0 * x, 0, 1, weight="cos", wvar=p)[0],
        9.0,
        math.cos(9) / 9 - math.sin(9) / 81,
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_integrals_whose_derivatives_are_known(name: str) -> None:
    f, p, expected = KNOWN[name]
    near = {"rel": 1e-4 if "root" in name else 1e-6, "abs": 1e-9}
    assert ga.grad(f)(p) == pytest.approx(expected, **near)
    assert ga.jvp(f, (p,), (1.0,))[1] == pytest.approx(expected, **near)
    assert f(ga.asarray(p)) == f(p)


def test_a_missed_peak_is_refused() -> None:
    def missed(p: Any) -> Any:
        return quad(lambda x: np.exp(-(((x - p) / 1e-3) ** 2)), -1, 1)[0]

    assert missed(0.3) < 1e-50  # SciPy does not see it
    with pytest.raises(ValueError, match="missed a narrow peak"):
        ga.grad(missed)(0.3)


def test_an_infinite_limit_has_no_derivative_but_0() -> None:
    assert ga.grad(lambda p: quad(lambda x: np.exp(-x), 0, 1 / p)[0])(1.0) == pytest.approx(-1 / math.e)
    with pytest.raises(TypeError, match="infinite limit"):
        ga.grad(lambda p: quad(lambda x: np.exp(-x), 0, np.inf * p)[0])(1.0)


def test_integrands_in_objects_and_partial_functions() -> None:
    class Decay:
        def __init__(self, rate: Any) -> None:
            self.rate = rate

        def __call__(self, x: Any) -> Any:
            return np.exp(-self.rate * x)

        method = __call__

    for make in (Decay, lambda p: Decay(p).method, lambda p: lambda x, held=[p]: np.exp(-held[0] * x)):
        assert ga.grad(lambda p, make=make: quad(make(p), 0, 1)[0])(1.0) == pytest.approx(2 / math.e - 1)


def test_what_is_asked_for_besides_is_refused_for_variables_alone() -> None:
    def f(p: Any) -> Any:
        return integrate.nquad(lambda x: p * x, [[0, 1]], full_output=True)

    with ga.drop_in():
        assert f(2.0)[0] == 1.0
    with pytest.raises(TypeError, match="full_output"):
        ga.grad(lambda p: f(p)[0])(2.0)


def test_vmap_goes_through_the_elements() -> None:
    found = ga.vmap(lambda p: quad(lambda x, p: np.exp(-p * x), 0, 1, (p,))[0])(np.array([1.0, 2.0]))
    np.testing.assert_allclose(found, [1 - np.exp(-1), (1 - np.exp(-2)) / 2])


def test_points_that_are_drawn() -> None:
    """The same points, though nobody can draw them again; what is random is told by SciPy."""
    rng = np.random.default_rng(1)

    def f(p: Any) -> Any:
        draw = stats.qmc.Halton(1, seed=rng)
        return integrate.qmc_quad(lambda x: p * x[0], [0], [1], n_points=8, n_estimates=2, qrng=draw).integral

    value, slope = ga.value_and_grad(f)(2.0)
    assert value == pytest.approx(2 * slope, rel=1e-12)
    with pytest.raises(TypeError, match="without log="):
        ga.grad(lambda p: integrate.qmc_quad(lambda x: p * x[0], [0], [1], log=True, n_points=8).integral.real)(2.0)


# --- initial value problems -------------------------------------------------------------------------------------------


def decaying(p: Any, method: str = "RK45", **options: Any) -> Any:
    return integrate.solve_ivp(lambda t, y: -p * y, (0, 1), [1.0, 2.0], method, **EXACT, **options)


@pytest.mark.parametrize("method", ["RK23", "RK45", "DOP853", "Radau", "BDF", "LSODA"])
def test_orders_and_modes(method: str) -> None:
    tight = {"rtol": 1e-7, "atol": 1e-9} if method in ("RK23", "Radau", "BDF") else EXACT

    def f(p: Any) -> Any:
        return integrate.solve_ivp(lambda t, y: -p * y, (0, 1), [1.0], method, **tight).y[0, -1]

    e = math.exp(-0.5)
    near = {"rel": 1e-5}
    assert ga.grad(f)(0.5) == pytest.approx(-e, **near)
    assert ga.jvp(f, (0.5,), (1.0,))[1] == pytest.approx(-e, **near)
    for second in (
        ga.hessian(f)(0.5),
        ga.grad(ga.grad(f))(0.5),
        ga.jvp(ga.grad(f), (0.5,), (1.0,))[1],
        ga.grad(lambda p: ga.jvp(f, (p,), (1.0,))[1])(0.5),
        ga.hvp(f)(0.5, 1.0),
    ):
        assert second == pytest.approx(e, **near)
    assert ga.grad(ga.grad(ga.grad(f)))(0.5) == pytest.approx(-e, **near)


def test_no_step_is_recorded(monkeypatch: Any) -> None:
    """A gradient takes another way than its derivatives, which the right-hand side tells of by how it is called."""
    replayed = []
    monkeypatch.setattr(paths, "explicit_steps", lambda *_: replayed.append(1) or pytest.fail("on a tape"))
    assert ga.grad(lambda p: np.sum(decaying(p).y))(0.5) < 0
    with pytest.raises(pytest.fail.Exception):
        ga.grad(ga.grad(lambda p: np.sum(decaying(p).y)))(0.5)


@pytest.mark.parametrize("small", [0, 40], ids=["one by one", "by matrices"])
@pytest.mark.parametrize("method", ["RK45", "DOP853", "Radau"])
def test_both_ways_backwards(method: str, small: int, monkeypatch: Any) -> None:
    """Through matrices of a small system, and step by step, with results at, and between, the ends of steps."""
    monkeypatch.setattr(adjoint, "SMALL", small)
    monkeypatch.setattr(paths, "SMALL", small)

    def f(p: Any, weights: Any) -> Any:
        def rhs(t: Any, y: Any) -> Any:
            return np.array([p[0] * y[1] - t * y[0], -p[1] * y[0] * y[2], np.sin(p[2] * y[0])])

        found = integrate.solve_ivp(rhs, (0.2, 1), p * 0.7, method, t_eval=[0.2, 0.5, 0.93, 1], **EXACT)
        return np.sum(weights * np.ravel(found.y))

    p, v = np.array([0.7, 1.3, -0.4]), np.array([1.0, -0.5, 0.3])
    for weights in (np.cos(np.arange(12.0)), -np.ones(12)):
        expected = slope(lambda p, weights=weights: f(p, weights), p, v)
        assert ga.grad(f)(p, weights) @ v == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("method", ["RK45", "DOP853", "BDF"])
def test_a_jacobian_by_rows_by_columns_and_by_single_tangents(method: str, monkeypatch: Any) -> None:
    def f(p: Any) -> Any:
        found = integrate.solve_ivp(
            lambda t, y: np.array([p[1] * y[1], -y[0] * p[0]]), (0, 1), p, method, t_eval=[0.3, 1], **EXACT
        )
        return np.ravel(found.y)

    p = np.array([0.7, 1.3])
    expected = ga.jacrev(f)(p)
    np.testing.assert_allclose(ga.jacfwd(f)(p), expected, rtol=1e-7)
    monkeypatch.setattr(adjoint.Adjoint, "by_matrices", False)
    np.testing.assert_allclose(ga.jvp(f, (p,), (np.ones(2),))[1], expected @ np.ones(2), rtol=1e-6)
    if method != "BDF":
        np.testing.assert_allclose(ga.jacfwd(f)(p), expected, rtol=1e-7)


class Decay:
    """y' = -k y, of an object."""

    def __init__(self, k: Any) -> None:
        self.k = k

    def rhs(self, _t: float, y: Any) -> Any:
        return -self.k * y

    def __call__(self, t: float, y: Any) -> Any:
        return self.rhs(t, y)


@pytest.mark.parametrize("n", [1, 50])
@pytest.mark.parametrize("method", ["RK45", "LSODA", "Radau", "odeint"])
@pytest.mark.parametrize("given", [lambda model: model.rhs, lambda model: model])
def test_variables_in_the_attributes_of_objects(method: str, n: int, given: Callable[..., Any]) -> None:
    def f(k: Any) -> Any:
        func, start, exact = given(Decay(k)), k * np.ones(n), {"rtol": 1e-9, "atol": 1e-9}
        if method == "odeint":
            return np.sum(integrate.odeint(func, start, [0.0, 1.0], tfirst=True, **exact)[-1]) / n
        return np.sum(integrate.solve_ivp(func, (0, 1), start, method, **exact).y[:, -1]) / n

    k = 0.5
    first, second = (1 - k) * math.exp(-k), (k - 2) * math.exp(-k)
    assert ga.grad(f)(k) == pytest.approx(first, rel=1e-6)
    assert ga.jvp(f, (k,), (2.0,))[1] == pytest.approx(2 * first, rel=1e-6)
    if n == 1:
        assert ga.jvp(ga.grad(f), (k,), (1.0,))[1] == pytest.approx(second, rel=1e-6)
        assert ga.grad(lambda k: ga.jvp(f, (k,), (1.0,))[1])(k) == pytest.approx(second, rel=1e-6)


def test_a_right_hand_side_that_asks_for_values() -> None:
    def f(p: Any) -> Any:
        def rhs(t: Any, y: Any) -> Any:
            if y[0] > 0:  # so that it is not carried out for many at once
                return [p * y[1], -p * y[0]]
            return [0.0, 0.0]

        return integrate.solve_ivp(rhs, (0, 1), [1.0, 0.0], **EXACT).y[0, -1]

    assert ga.grad(f)(1.0) == pytest.approx(-math.sin(1), rel=1e-8)


def test_a_variable_that_is_met_later_is_found() -> None:
    def f(p: Any) -> Any:
        return integrate.solve_ivp(
            lambda t, y: (p if t > 0.5 else 1.0) * np.ones(1), (0, 1), [0.0], max_step=0.01, **EXACT
        ).y[0, -1]

    assert ga.grad(f)(2.0) == pytest.approx(0.5, rel=1e-2)


def test_an_event_may_depend_on_a_variable_alone() -> None:
    def when(p: Any) -> Any:
        def event(t: Any, y: Any) -> Any:
            return y[0] - p

        event.terminal = True  # type: ignore[attr-defined]
        found = integrate.solve_ivp(lambda t, y: -y, (0, 5), [1.0], events=event, **EXACT)
        return found.t_events[0][0] + 0 * found.t[-1]

    assert ga.grad(when)(0.5) == pytest.approx(-2, rel=1e-7)
    assert ga.hessian(when)(0.5) == pytest.approx(4, rel=1e-5)


def test_the_same_variable_at_the_start_and_in_the_equation() -> None:
    def f(p: Any) -> Any:
        return integrate.solve_ivp(lambda t, y: -p[0] * y, (0, 1), p, **EXACT).y[0, -1]

    def by_hand(p: Any) -> Any:
        return p[0] * np.exp(-p[0])

    p = np.array([0.7])
    np.testing.assert_allclose(ga.grad(f)(p), ga.grad(by_hand)(p), rtol=1e-7)
    np.testing.assert_allclose(ga.hessian(f)(p), ga.hessian(by_hand)(p), rtol=1e-6)
    np.testing.assert_allclose(ga.jacrev(ga.jacrev(ga.jacrev(f)))(p)[0, 0, 0], (3 - 0.7) * math.exp(-0.7), rtol=1e-5)


def test_stiff_and_long() -> None:
    def f(mu: Any) -> Any:
        def rhs(t: Any, y: Any) -> Any:
            return np.array([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])

        return integrate.solve_ivp(rhs, (0, 80), [2.0, 0.0], "Radau", **EXACT).y[0, -1]

    assert ga.grad(f)(100.0) == pytest.approx(slope(f, 100.0, 1.0), rel=1e-5)


def test_odeint_with_all_that_it_takes() -> None:
    times = np.linspace(0, 1, 4)

    def f(p: Any) -> Any:
        found, told = integrate.odeint(
            lambda y, t, q: [-p * q * y[0], y[0]],
            [1.0, p],
            times,
            (2.0,),
            Dfun=lambda y, t, q: [[-p * q, 0.0], [1.0, 0.0]],
            full_output=True,
            rtol=1e-10,
            atol=1e-12,
        )
        assert told["message"] == "Integration successful."
        return np.sum(found * np.arange(8.0).reshape(4, 2))

    assert ga.grad(f)(0.5) == pytest.approx(slope(f, 0.5, 1.0), rel=1e-7)
    assert ga.hessian(f)(0.5) == pytest.approx(slope(ga.grad(f), 0.5, 1.0), rel=1e-5)


def test_nothing_changes_without_variables() -> None:
    with ga.drop_in():
        found = decaying(0.5, t_eval=[0.5, 1.0])
    plain = decaying(0.5, t_eval=[0.5, 1.0])
    assert type(found.y) is np.ndarray
    np.testing.assert_array_equal(found.y, plain.y)
    assert found.sol is None and plain.nfev == found.nfev
    solved = ga.scipy.integrate.solve_ivp(lambda t, y: -y, (0, 1), ga.tensor([1.0]), "BDF")
    assert solved.sol is None and solved.y.shape[0] == 1


@pytest.mark.parametrize(
    "step_by_step",
    [
        lambda p: integrate.ode(lambda t, y: -p * y).set_initial_value([1.0], 0).integrate(1.0)[0],
        lambda p: integrate.ode(lambda t, y: -y).set_initial_value([p], 0).integrate(1.0)[0],
        lambda p: integrate.RK45(lambda t, y: -p * y, 0, np.ones(1), 1.0).step(),
        lambda p: integrate.BDF(lambda t, y: -y, 0, np.stack([p]), 1.0).y[0],
    ],
)
def test_solvers_as_objects_are_refused(step_by_step: Callable[..., Any]) -> None:
    with pytest.raises(TypeError):
        ga.grad(step_by_step)(0.5)


def test_a_fit_of_predators_and_prey() -> None:
    """Rates are found again from what they lead to, by least squares."""
    times = np.linspace(0, 8, 12)

    def grown(rates: Any) -> Any:
        def rhs(t: Any, y: Any) -> Any:
            prey, hunters = y
            return np.array([rates[0] * prey - rates[1] * prey * hunters, rates[2] * prey * hunters - hunters])

        return np.ravel(integrate.solve_ivp(rhs, (0, 8), [10.0, 5.0], t_eval=times, rtol=1e-7, atol=1e-8).y)

    true = np.array([1.5, 0.2, 0.05])
    data = grown(true)
    start = np.array([1.2, 0.25, 0.06])
    found = optimize.least_squares(lambda r: grown(r) - data, start, ga.jacobian(lambda r: grown(r) - data))
    np.testing.assert_allclose(found.x, true, rtol=1e-6)


def test_a_network_that_learns_a_field() -> None:
    """A neural ordinary differential equation: the gradient by all weights at once."""
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=(8, 2)) / 2, rng.normal(size=(2, 8)) / 3]
    starts = rng.normal(size=(2, 5))

    def loss(weights: Any) -> Any:
        def rhs(t: Any, y: Any) -> Any:
            return np.ravel(weights[1] @ np.tanh(weights[0] @ np.reshape(y, (2, 5))))

        ends = integrate.solve_ivp(rhs, (0, 1), np.ravel(starts), rtol=1e-9, atol=1e-9).y[:, -1]
        return np.mean((np.reshape(ends, (2, 5)) - starts[::-1]) ** 2)

    g = ga.grad(loss)(weights)
    v = [np.cos(np.arange(float(w.size))).reshape(w.shape) for w in weights]
    expected = slope(lambda h: loss([w + h * d for w, d in zip(weights, v, strict=True)]), 0.0, 1.0)
    assert sum(np.sum(a * b) for a, b in zip(g, v, strict=True)) == pytest.approx(expected, rel=1e-7)


def test_large_systems_by_programs(monkeypatch: Any) -> None:
    """What a step, and the whole, make of cotangents is written down once, for functions that differ in variables."""
    asked = []
    program = written.OfValues.program
    monkeypatch.setattr(written.OfValues, "program", lambda self, *a: asked.append(program(self, *a)) or asked[-1])
    monkeypatch.setattr(adjoint, "SMALL", 0)
    monkeypatch.setattr(written, "_REPEATS", 8)
    monkeypatch.setattr(written, "_programs", {})
    table = np.array([0.3, 0.7])

    def made(scale: float, branch: float, table: Any) -> Callable[..., Any]:
        def f(p: Any) -> Any:
            def rhs(t: Any, y: Any, q: Any) -> Any:
                if branch > 1:
                    return scale * np.sin(table * y) * q
                return [math.cos(p[0]) * y[1], -p[1] * y[0]]

            found = integrate.solve_ivp(rhs, (0, 1), [1.0, 0.5], t_eval=[0.3, 1], args=(p,), rtol=1e-9, atol=1e-9)
            return np.sum(found.y * np.array([[1.0, 2.0], [-1.0, 0.3]]))

        return f

    for change in range(4):  # to another number, another branch, other contents of the same array
        f = made(1.0 + (change == 1), 0.5 + (change >= 2), table)
        table[0] += 0.2 * (change == 3)
        for p in (np.array([0.7, 1.3]), np.array([-0.4, 0.9])):
            v = np.array([1.0, -0.5])
            assert ga.grad(f)(p) @ v == pytest.approx(slope(f, p, v), rel=2e-6)
    # Of a step there are two: of what no cotangent tells, and of the rest.
    assert sum(x is not None for x in asked) == 2 * 8 + 5
    assert not any(p.written > 4 for p in written._programs.values())


@pytest.mark.parametrize("way", ["known of stages", "whole steps", "matrices"])
def test_steps_of_any_number(way: str, monkeypatch: Any) -> None:
    """There are few programs, whatever a step goes by, for many numbers of steps."""

    def known_of_stages(*_: Any) -> Any:
        raise ga.JitError("nothing is known")

    monkeypatch.setattr(adjoint, "SMALL", 40 if way == "matrices" else 0)
    monkeypatch.setattr(adjoint, "_ROWS", 16)
    monkeypatch.setattr(written, "_REPEATS", 1)
    monkeypatch.setattr(written, "_programs", {})
    if way == "whole steps":
        monkeypatch.setattr(adjoint, "known_of_stages", known_of_stages)
    w, steps = np.cos(np.arange(9.0)).reshape(3, 3), set()

    def f(p: Any) -> Any:
        found = integrate.solve_ivp(lambda t, y: np.tanh(w @ y) * p, (0, 1), [1.0, 0.5, -0.3], rtol=1e-8, atol=1e-9)
        steps.add(len(found.t))
        return np.sum(found.y[:, -1] * np.arange(3.0))

    v = np.array([1.0, -0.5, 0.3])
    for scale in (5.0, 5.3, 5.6, 5.9, 6.2, 6.5, 6.8, 7.1, 7.4):
        p = scale * np.array([0.7, 1.3, 0.4])
        assert ga.grad(f)(p) @ v == pytest.approx(slope(f, p, v), rel=1e-4)
    assert len(steps) >= 6
    done = {computes.__name__: kept.written for (computes, *_), kept in written._programs.items() if kept.succeeded}
    expected = {"known of stages": {"known_of_stages": 1, "pulled_step_by_known": 1}, "whole steps": {"pulled_step": 1}}
    for name, number in expected.get(way, {"slopes_by_y": 3}).items():
        assert done.pop(name) <= number
    assert done.keys() == {"pulled_values"} and done["pulled_values"] <= 3


@pytest.mark.parametrize("method", ["BDF", "Radau", "LSODA"])
def test_large_and_stiff(method: str, monkeypatch: Any) -> None:
    """The equation of the adjoint is solved by the same method, and an explicit one is not tried for long."""
    monkeypatch.setattr(adjoint, "SMALL", 5)
    monkeypatch.setattr(paths, "SMALL", 5)
    monkeypatch.setattr(paths, "_MANY", 100)
    monkeypatch.setattr(paths, "implicit_steps", lambda *_: pytest.fail("on a tape"))
    n = 12
    w = np.cos(np.arange(3.0 * n)).reshape(n, 3)

    def f(k: Any) -> Any:
        def rhs(t: Any, y: Any, k: Any) -> Any:
            z = np.concatenate([np.array([math.sin(k[2] * t)]), y, [0.0]])
            return k[0] * (z[2:] - 2 * z[1:-1] + z[:-2]) * n**2 + k[1] * y * (1 - y)

        start, tight = np.sin(np.linspace(0, 3, n)) * k[1], {"rtol": 1e-6, "atol": 1e-8}
        return np.sum(w * integrate.solve_ivp(rhs, (0, 2), start, method, [0.0, 0.7, 2.0], args=(k,), **tight).y)

    k, v = np.array([1.0, 0.8, 1.2]), np.array([1.0, -0.5, 0.3])
    assert ga.grad(f)(k) @ v == pytest.approx(slope(f, k, v), rel=3e-4)


@pytest.mark.parametrize("steep", [1.0, 1e2, 1e4])
def test_jumps_beside_large_changes_are_met(steep: float) -> None:
    def solved(p: Any) -> Any:
        return integrate.solve_ivp(lambda t, y: np.array([steep * t + (1.0 if t > p else 0.0)]), (0, 1), [0.0]).y[0, -1]

    def summed(p: Any) -> Any:
        return integrate.quad(lambda t: steep * np.exp(t) + (1.0 if t > p else 0.0), 0, 1)[0]

    for f in (solved, summed):
        with pytest.raises(ValueError, match="at a place that moves"):
            ga.grad(f)(0.4321)
