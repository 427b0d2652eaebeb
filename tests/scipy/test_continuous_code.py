"""Which functions may jump, by their code: whatever is not known to be continuous."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

import gradarray as ga

integrate = pytest.importorskip("scipy.integrate")
solve_ivp = integrate.solve_ivp
from gradarray.solvers.continuous_code import may_jump  # noqa: E402
from gradarray.solvers.integrate import switches  # noqa: E402

RATES, N, MATRIX, SCALE = [1.0, 2.0], 3, np.eye(3), ga.tensor(2.0)


class Model:
    rate = 2.0

    def slope(self, t, y):
        return -self.rate * y

    def norm(self, y):
        return y if y > 0 else -y


MODEL = Model()


def decay(t, y, k=2.0):
    return -k * y + RATES[0]


def step(y):
    return 1.0 if y > 0 else 0.0


def size(y):
    return abs(y)


def fitting(y):
    return [np.sin(x) for x in y]


CONTINUOUS = [
    decay,
    lambda t, y: np.array([y[1], -np.sin(y[0]) * abs(y[1])]),
    lambda t, y: MATRIX @ np.concatenate([[0.0], y[1:-1] / 2, [0.0]]) ** 3 + math.exp(-t),
    lambda t, y: sum(decay(t, x) for x in fitting(y)),
    functools.partial(decay, k=np.float64(3.0)),
    lambda t, y, k=SCALE: np.maximum(k * t, 0) * np.linalg.norm(y),
    np.sin,
    fitting,
]
JUMPING = [
    step,
    functools.partial(lambda f, y: f(y), step),
    lambda t, y: decay(t, y) + step(y),
    lambda t, y: [step(x) for x in y],
    lambda t, y, f=step: f(y),
    lambda t, y: (t > 1) * y,
    lambda t, y: (t - 1) / abs(t - 1) * y,
    lambda t, y: t * size(t) ** -1 * y,
    lambda t, y: y * np.power(np.sqrt(t * t), N),
    lambda t, y: np.arctan(1 / t) * y,
    lambda t, y: np.arctan2(t, y),
    lambda t, y: np.interp(t, MATRIX, MATRIX, left=1.0),
    lambda t, y: np.sum(np.arange(t)),
    lambda t, y: (not t) * y,
    lambda t, y: max(y, key=decay),
    lambda t, y: np.where(t, y, -y),
    lambda t, y: np.sign(y),
    lambda t, y: y // 2,
    lambda t, y: t % 2 * y,
    lambda t, y: RATES[int(t)] * y,
    lambda t, y: y and t,
    lambda t, y: math.floor(t) * y,
    lambda t, y: MODEL.norm(y),
    lambda t, y: Model().norm(y),
    MODEL.slope,  # of an object nobody knows
    MODEL,
    np.floor,
    np.vectorize(step),
]


@pytest.mark.parametrize("func", CONTINUOUS)
def test_continuous(func):
    assert not may_jump(func)


@pytest.mark.parametrize("func", JUMPING)
def test_what_may_jump(func):
    assert may_jump(func)
    assert may_jump(decay, (func,))  # it may be called as an argument
    assert may_jump(decay, ({"of": [func]},))


def test_functions_that_call_each_other():
    def first(y):
        return second(y)

    def second(y):
        return first(y) + other(y)

    other = abs
    assert not may_jump(first)
    other = step
    assert may_jump(first)


def test_a_quotient_that_jumps_where_a_variable_says_is_refused():
    def end(p):
        return solve_ivp(lambda t, y: -y * (t - p) / abs(t - p), (0.0, 1.0), [1.0], rtol=1e-6).y[0, -1]

    with pytest.raises(ValueError, match=r"jumps near 0\.4"):
        ga.grad(end)(0.4)


def smooth(p):
    return lambda x: np.exp(-p * x)


def compared(p):
    return lambda x: np.exp(-p * x) * np.where(x < 1e9, 1.0, 2.0)


def of_state(f):
    return lambda t, y: -y * f(t)


INTEGRATORS = [
    lambda f: integrate.solve_ivp(of_state(f), (0.0, 1.0), [1.0]).y[0, -1],
    lambda f: integrate.solve_ivp(of_state(f), (0.0, 1.0), [1.0], "LSODA").y[0, -1],
    lambda f: integrate.odeint(of_state(f), [1.0], [0.0, 1.0], tfirst=True)[-1, 0],
    lambda f: integrate.solve_bvp(
        lambda x, y: np.stack([y[1], -y[0] * f(x)]), lambda a, b: np.stack([a[0], b[0] - 1]), np.linspace(0, 1, 5),
        np.ones((2, 5)),
    ).y[1, 0],
    lambda f: integrate.quad(f, 0.0, np.inf)[0],
    lambda f: integrate.quad(f, 0.0, 1.0, weight="cos", wvar=2.0)[0],
    lambda f: integrate.nquad(lambda x, y: f(x) * y, [(0.0, np.inf), (0.0, 1.0)])[0],
    lambda f: integrate.quad_vec(f, 0.0, np.inf)[0],
    lambda f: integrate.fixed_quad(f, 0.0, 1.0)[0],
    lambda f: integrate.cubature(lambda x: f(x[:, 0]), [0.0], [1.0]).estimate,
    lambda f: integrate.tanhsinh(f, 0.0, 1.0).integral,
]  # fmt: skip


@pytest.mark.parametrize("solved", INTEGRATORS)
def test_what_cannot_jump_is_not_searched(solved, monkeypatch):
    searches = []
    monkeypatch.setattr(switches, "_jumps", lambda *given: searches.append(given) or ())
    found = ga.grad(lambda p: solved(smooth(p)))(1.3)
    assert not searches
    np.testing.assert_allclose(ga.grad(lambda p: solved(compared(p)))(1.3), found)
    assert searches
