"""Solutions of initial value problems, further: the adjoint's equation, LSODA asked anew, interrupts."""

from __future__ import annotations

import math
import types
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", "1.15", reason="SciPy is an optional companion; older ones have other functions")
from scipy import integrate

import gradarray as ga
from gradarray.context.settings import held
from gradarray.solvers import written
from gradarray.solvers.integrate import adjoint, continuous, multistep, paths
from tests.scipy.test_integrate import EXACT, slope

pytestmark = pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")


@pytest.mark.parametrize("turn", [1.0, -1.0], ids=["forth", "back in time"])
def test_the_equation_of_the_adjoint(turn: float, monkeypatch: Any) -> None:
    """Of a stiff system that is not symmetric: by few calls, at any scale, with times that are asked for twice."""
    monkeypatch.setattr(adjoint, "SMALL", 1)
    monkeypatch.setattr(paths, "SMALL", 1)
    monkeypatch.setattr(paths, "_MANY", 100)
    solve, solved = integrate.solve_ivp, []
    noted = types.SimpleNamespace(solve_ivp=lambda *a, **k: solved.append(solve(*a, **k)) or solved[-1])
    monkeypatch.setattr(continuous, "integrate", noted)
    a = np.array([[-1.0, 2.0, 0.0], [0.0, -30.0, 900.0], [0.0, 0.0, -800.0]])

    def f(p: Any, scale: float = 1.0) -> Any:
        def rhs(t: Any, y: Any, p: Any) -> Any:
            return turn * (a @ y + p * np.cos(turn * t) + y[0] * y)

        tight = {"rtol": 1e-6, "atol": 1e-9}
        sol = integrate.solve_ivp(rhs, (0, turn), p / 4, "BDF", dense_output=True, args=(p,), **tight).sol
        return scale * np.sum(np.arange(9.0).reshape(3, 3) * sol(turn * np.array([0.4, 1.0, 0.4])))

    p, v = np.array([0.7, 1.3, 0.4]), np.array([1.0, -0.5, 0.3])
    g = ga.grad(f)(p)
    assert g @ v == pytest.approx(slope(f, p, v), rel=3e-4)
    assert len(solved) == 2 and sum(found.nfev for found in solved) < 1000
    np.testing.assert_allclose(ga.grad(f)(p, 1e-9), 1e-9 * g, rtol=1e-9)
    noted.solve_ivp = lambda *_, **__: types.SimpleNamespace(success=False, message="too stiff")
    with pytest.raises(ValueError, match="adjoint could not be solved: too stiff"):
        ga.grad(f)(p)


@pytest.mark.parametrize("turn", [1, -1])
def test_lsoda_is_asked_for_what_lies_before_the_end_alone(turn: int) -> None:
    def f(p: Any) -> Any:
        def rhs(t: Any, y: Any) -> Any:
            assert turn * t <= 1
            return p * np.sqrt(1 - turn * t) * np.cos(3 * y)

        return integrate.solve_ivp(rhs, (0, turn), [0.0], "LSODA", **EXACT).y[0, -1]

    assert ga.grad(f)(2.0) == pytest.approx(slope(f, 2.0, 1.0), rel=1e-5)


@pytest.mark.filterwarnings("ignore::scipy.integrate.ODEintWarning", "ignore:overflow")
def test_lsoda_that_fails_when_it_is_asked_anew() -> None:
    blown_up = multistep.AskedAnew(lambda t, y: y**2, 0.0, [1.0], [0.5, 1.5], 2.0, EXACT, mxstep=50)
    with pytest.raises(ValueError, match=r"work done|step size"):
        blown_up([0.5, 1.5])


@pytest.mark.parametrize("method", ["RK45", "BDF", "LSODA"])
def test_interrupts_in_a_right_hand_side(method: str, monkeypatch: Any) -> None:
    """Wherever it is interrupted, on the way back too and while a program is written, all is as before."""
    monkeypatch.setattr(adjoint, "SMALL", 1)
    monkeypatch.setattr(paths, "SMALL", 1)
    monkeypatch.setattr(written, "_REPEATS", 4)
    calls: list[float] = []
    stops = [0]

    def f(p: Any) -> Any:
        def rhs(t: Any, y: Any) -> Any:
            calls.append(1)
            if len(calls) == stops[0]:
                raise KeyboardInterrupt
            return np.array([p[0] * y[1], -p[1] * y[0]])

        return np.sum(integrate.solve_ivp(rhs, (0, 1), [1.0, 0.5], method).y[:, -1])

    p, before = np.array([0.7, 1.3]), held()
    monkeypatch.setattr(written, "_programs", {})
    expected = ga.grad(f)(p)
    for stop in np.unique(np.linspace(1, len(calls), 8).astype(int)).tolist():
        calls.clear()
        written._programs.clear()
        stops[0] = stop
        with pytest.raises(KeyboardInterrupt):
            ga.grad(f)(p)
        stops[0] = 0
        assert held() is before
        np.testing.assert_allclose(ga.grad(f)(p), expected, rtol=1e-12)


def test_programs_that_another_thread_clears_away(monkeypatch: Any) -> None:
    class Emptied(dict[Any, Any]):
        def __setitem__(self, key: Any, value: Any) -> None:
            super().__setitem__(key, value)
            self.clear()

    monkeypatch.setattr(adjoint, "SMALL", 0)
    monkeypatch.setattr(written, "_REPEATS", 4)
    monkeypatch.setattr(written, "_programs", Emptied())
    assert ga.grad(lambda p: integrate.solve_ivp(lambda t, y: -p * y, (0, 1), [1.0], **EXACT).y[0, -1])(
        0.5
    ) == pytest.approx(-math.exp(-0.5), rel=1e-7)


@pytest.mark.parametrize("fault", ["raises", "is infinite"])
@pytest.mark.parametrize("method", ["RK45", "BDF"])
def test_a_program_that_fails_half_way(method: str, fault: str, monkeypatch: Any) -> None:
    """What it has done is done again without one."""
    monkeypatch.setattr(adjoint, "SMALL", 1)
    monkeypatch.setattr(paths, "SMALL", 1)

    def f(p: Any) -> Any:
        slope = lambda t, y: np.array([p[0] * y[1], -p[1] * y[0]])  # noqa: E731
        return np.sum(integrate.solve_ivp(slope, (0, 1), [1.0, 0.5], method, **EXACT).y[:, 1:])

    p = np.array([0.7, 1.3])
    expected, calls = ga.grad(f)(p), []

    def program(self: Any, computes: Any, times: int) -> Any:
        def failing(*given: Any) -> Any:
            calls.append(1)
            found = computes(self, *given)
            if len(calls) < 10:
                return found
            if fault == "raises":
                raise ZeroDivisionError
            return tuple([x * np.inf for x in found]) if type(found) is tuple else found * np.inf

        return failing

    monkeypatch.setattr(written.OfValues, "program", program)
    np.testing.assert_allclose(ga.grad(f)(p), expected, rtol=1e-12)
    assert len(calls) >= 10


SCALE = 1.5


class Sized:
    size = 2.0


@pytest.mark.parametrize("n", [2, 5, 60])
@pytest.mark.parametrize("method", ["RK45", "DOP853", "LSODA", "Radau"])
def test_programs_take_the_place_of_the_tape(method: str, n: int, monkeypatch: Any) -> None:
    """From the second gradient on, of variables in the closure, among the arguments, twice, and at the start."""
    monkeypatch.setattr(written, "_REPEATS", 1)
    monkeypatch.setattr(written, "_programs", {})
    matrix = np.cos(np.arange(n * n)).reshape(n, n) / n
    mapped = []
    vmap = adjoint.vmap
    monkeypatch.setattr(adjoint, "vmap", lambda f: mapped.append(f) or vmap(f))

    def f(p: Any) -> Any:
        rate = same = p[0]
        start = p[1] * np.linspace(1, 2, n)

        def rhs(t: Any, y: Any, q: Any) -> Any:
            return SCALE * np.tanh(matrix @ (q[:, None] * y[None])[0]) - rate * y * np.sin(t) + same * q[1] + p[2]

        found = integrate.solve_ivp(rhs, (0, 1), start, method, args=(p[2:4],), t_eval=[0.5, 1.0], rtol=1e-9, atol=1e-9)
        return np.sum(found.y * np.arange(2.0 * n).reshape(n, 2))

    p, v = np.array([0.7, 1.3, 0.4, -0.6]), np.array([1.0, -0.5, 0.3, 0.8])
    first = ga.grad(f)(p)
    assert first @ v == pytest.approx(slope(f, p, v), rel=1e-5) and mapped
    for _ in range(2):
        mapped.clear()
        np.testing.assert_allclose(ga.grad(f)(p), first, rtol=1e-10)
    assert not mapped
    twice = ga.grad(lambda p: ga.grad(f)(p) @ v)(p)
    assert twice @ v == pytest.approx(slope(lambda p: ga.grad(f)(p) @ v, p, v), rel=1e-4)
    np.testing.assert_allclose(ga.jvp(f, (p,), (v,))[1], first @ v, rtol=1e-6)


def test_what_a_program_reads_may_not_change_before_it_is_called(monkeypatch: Any) -> None:
    monkeypatch.setattr(written, "_REPEATS", 1)
    monkeypatch.setattr(written, "_programs", {})
    matrix, few, sized = np.eye(200) / 2, np.ones(200), Sized()
    w = ga.tensor(0.3)

    def solved(of: Any) -> Any:
        found = ga.scipy.integrate.solve_ivp(lambda t, y: of(w, y), (0, 1), np.linspace(0, 1, 200))
        return np.sum(found.y[:, -1])

    def smooth(w: Any, y: Any) -> Any:
        return w * (matrix @ y) + few

    def scaled(w: Any, y: Any) -> Any:
        return w * SCALE * y

    def sizes(w: Any, y: Any) -> Any:
        return w * sized.size * y

    def change_matrix() -> None:
        matrix[3, 3] = 1.0

    def change_few() -> None:
        few[7] = 2.0

    def change_scale() -> None:
        monkeypatch.setitem(globals(), "SCALE", 2.5)

    for of, change in ((smooth, change_matrix), (smooth, change_few), (scaled, change_scale)):
        for _ in range(3):
            solved(of).backward()
        loss = solved(of)
        change()
        with pytest.raises(RuntimeError, match="changed since"):
            loss.backward()
        solved(of).backward()

    for size in (3.0, 4.0, 5.0):  # of an object it is not known what the function reads
        loss = solved(sizes)
        sized.calls = size
        loss.backward()


def test_what_gives_other_values_for_all_stages_at_once_is_carried_out_step_by_step(monkeypatch: Any) -> None:
    def grown(p: Any) -> Any:
        return integrate.solve_ivp(lambda t, y: -p * y, (0, 1), [1.0], **EXACT).y[0, -1]

    vmap = adjoint.vmap
    monkeypatch.setattr(adjoint, "vmap", lambda f: vmap(lambda t, y: 1.001 * f(t, y)))
    assert ga.grad(grown)(0.5) == pytest.approx(-math.exp(-0.5), rel=1e-8)


def test_a_function_that_counts_its_calls_is_no_program(monkeypatch: Any) -> None:
    monkeypatch.setattr(written, "_REPEATS", 1)
    monkeypatch.setattr(written, "_programs", {})
    calls, counted = [], np.zeros(1)

    def f(p: Any) -> Any:
        def rhs(t: Any, y: Any) -> Any:
            calls.append(t)
            counted[0] += 1
            return -p * y

        return integrate.solve_ivp(rhs, (0, 1), [1.0], **EXACT).y[0, -1]

    for _ in range(3):
        assert ga.grad(f)(0.5) == pytest.approx(-math.exp(-0.5), rel=1e-8)
        assert len(calls) == counted[0] > 20


def test_steps_of_lsoda_are_told_by_its_calls() -> None:
    """A step that failed is none, nor is what lies beyond the end; both ways in time."""
    called_at = [0.0, 0.1, 0.1, 0.4, 0.4, 0.2, 0.3, 0.5, 0.7, 1.2]
    for turn in (1.0, -1.0):
        found = multistep.AskedAnew(abs, 0.0, [1.0], [turn * t for t in called_at], turn, EXACT)
        np.testing.assert_array_equal(found.ts, turn * np.array([0.0, 0.2, 0.5, 1.0]))


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("given", [{}, {"t_eval": [0.3, 0.9]}, {"events": lambda t, y: y[0] - 0.6}])
def test_lsoda_of_solve_ivp_is_asked_once(turn: int, given: Any) -> None:
    """Between its steps lie polynomials, which come as close as its own."""
    calls = []
    if "events" in given:
        given["events"].terminal = True
    elif given:
        given = {"t_eval": turn * np.array(given["t_eval"])}

    def f(p: Any) -> Any:
        def rhs(t: Any, y: Any) -> Any:
            calls.append(t)
            return np.stack([p[0] * y[1], -p[1] * y[0] + np.cos(3 * t)]) * turn

        found = integrate.solve_ivp(rhs, (0, turn), [0.0, 1.0], "LSODA", **EXACT, **given)
        return found.y[0, -1] + found.t[-1]

    p, v = np.array([0.7, 1.3]), np.array([1.0, -0.5])
    f(p)
    alone = len(calls)
    calls.clear()
    assert ga.grad(f)(p) @ v == pytest.approx(slope(f, p, v), rel=3e-6)
    calls.clear()
    ga.grad(f)(p)
    assert len(calls) < 1.6 * alone


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("rtol", [1e-4, 1e-8])
def test_polynomials_between_the_steps_of_lsoda(turn: int, rtol: float) -> None:
    told: list[Any] = []
    slope_of = lambda t, y: turn * np.array([y[1], -y[0]])  # noqa: E731
    how = {"rtol": rtol, "atol": rtol}
    integrate.solve_ivp(slope_of, (0, turn * 20), [0.0, 1.0], multistep.TellingLSODA, told=told, **how)
    found = multistep.FromSteps(slope_of, 0.0, [0.0, 1.0], told, turn * 20.0, how)

    def off(t: Any, y: Any) -> Any:
        return np.abs(y - np.stack([np.sin(np.abs(t)), np.cos(np.abs(t))])).max()

    times = turn * np.linspace(0, 20, 301)
    assert off(times, found(times)) < 3 * max(rtol, *[off(t, y) for t, y in told])
    short = multistep.FromSteps(slope_of, 0.0, [0.0, 1.0], told[:2], told[1][0], how)
    np.testing.assert_allclose(short([0.0, told[0][0], told[1][0]]).T, [[0.0, 1.0], told[0][1], told[1][1]])
