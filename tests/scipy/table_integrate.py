"""Calls of scipy.integrate."""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from tests.scipy.calls import Call

Y = np.array([[0.3, 1.2, 0.7, -0.4, 0.9], [1.1, 0.2, -0.3, 0.8, 0.5]])
X = np.array([0.0, 0.4, 1.1, 1.5, 2.3])
p = np.array([0.7, 1.3])
y0 = np.array([1.0, 0.4])
T = np.array([0.0, 0.2, 0.6])


def oscillating(t, y, p):
    return np.array([y[1] * p[0], -y[0] * p[1] - 0.1 * t * y[1] ** 2])


def stiff(t, y, p):
    return np.array([-1000 * p[0] * (y[0] - np.cos(t)), y[0] - p[1] * y[1]])


def crossing(t, y, p):
    return y[0] - 0.2 * p[0]


def stopping(t, y, p):
    return y[1] + 0.6 * p[1]


stopping.terminal = True


def ivp(sp, p, y0, method="RK45", span=(0, 0.6), **options):
    tight = {"rtol": 1e-9, "atol": 1e-11} | options
    return sp.integrate.solve_ivp(lambda t, y: oscillating(t, y, p), span, y0, method, **tight)


def switched(t, y, p):
    return [-p[0] * y[0] if t > p[0] / 2 else y[1], np.sin(t)]


def rubbing(t, y, p):
    return np.array([y[1], -p[0] * np.sign(y[1] - 0.3) - p[1] * y[0]])


def rising(t, y, p):
    return np.array([np.maximum(t - p[0] / 2, 0.0) ** 3 * y[1], np.where(t > 0.295, p[1], 0.2 * p[0]) * y[0]])


def stepping(x, p):
    return np.where(x > p[0], np.exp(-x), 0.1 * np.exp(-2 * x))


class Heater:
    def __init__(self, p):
        self.p = p

    def slope(self, t, y):
        return [1.0 if t > self.p[0] / 2 else 0.0]


def moving(name, func):
    return Call(f"integrate.{name} a jump that moves", func, p, refused="jumps near .*, at a place that moves")


CALLS = [
    *[moving(f"solve_ivp {method} {f.__name__}", lambda sp, p, f=f, method=method: sp.integrate.solve_ivp(
        f, (0, 1), y0, method, args=(p,)).y) for method in ("RK45", "LSODA", "Radau") for f in (switched, rubbing)],
    moving("odeint", lambda sp, p: sp.integrate.odeint(lambda y, t: switched(t, y, p), y0, [0.0, 1.0])),
    moving("solve_ivp of constants but for where", lambda sp, p: sp.integrate.solve_ivp(
        lambda t, y: [1.0 if t > p[0] else 0.0], (0, 1), [0.0]).y),
    moving("solve_ivp of an object's attribute", lambda sp, p: sp.integrate.solve_ivp(
        Heater(p).slope, (0, 1), [0.0]).y),
    Call("integrate.solve_ivp a switch without a jump, and one that stays", lambda sp, p, y0: sp.integrate.solve_ivp(
        rising, (0, 0.6), y0, args=(p,), first_step=0.02, max_step=0.02, atol=1).y, p, y0, orders=1),
    moving("solve_bvp", lambda sp, p: sp.integrate.solve_bvp(
        lambda x, y: np.stack([y[1], stepping(x, p)]), lambda a, b: np.array([a[0], b[0] - 1]),
        np.linspace(0, 2, 11), np.zeros((2, 11))).y),
    moving("quad infinite", lambda sp, p: sp.integrate.quad(lambda x: stepping(x, p), 0, np.inf)[0]),
    moving("quad both infinite", lambda sp, p: sp.integrate.quad(lambda x: stepping(abs(x), p), -np.inf, np.inf)[0]),
    moving("quad weight", lambda sp, p: sp.integrate.quad(stepping, 0, 2, args=(p,), weight="cos", wvar=p[1])[0]),
    moving("quad weight of constants but for where", lambda sp, p: sp.integrate.quad(
        lambda x: float(x > p[0]), 0, 2, weight="sin", wvar=2.0)[0]),
    moving("quad_vec", lambda sp, p: sp.integrate.quad_vec(lambda x: 1.0 * (x > p), 0, 2)[0]),
    moving("quad_vec infinite", lambda sp, p: sp.integrate.quad_vec(
        lambda x: stepping(x, p[0:1]), 0, np.inf, epsrel=1e-3)[0]),
    moving("fixed_quad", lambda sp, p: sp.integrate.fixed_quad(lambda x: stepping(x, p), 0, 2, n=9)[0]),
    moving("tanhsinh", lambda sp, p: sp.integrate.tanhsinh(lambda x: stepping(x, p), 0, 2).integral),
    moving("tanhsinh args", lambda sp, p: sp.integrate.tanhsinh(
        lambda x, q: stepping(x, (q,)), 0, 2, args=(p[0],)).integral),
    moving("cubature", lambda sp, p: sp.integrate.cubature(
        lambda x: stepping(x[:, 0] + x[:, 1], p), [0, 0], [1, 1], rtol=1e-2, max_subdivisions=20).estimate),
    Call("integrate.cumulative_simpson", lambda sp, y: sp.integrate.cumulative_simpson(y, dx=0.3, axis=0), Y.T),
    Call("integrate.cumulative_simpson x", lambda sp, y, x: sp.integrate.cumulative_simpson(y, x=x, initial=0), Y, X),
    Call("integrate.cumulative_trapezoid", lambda sp, y, x: sp.integrate.cumulative_trapezoid(y, x, initial=0), Y, X),
    Call("integrate.dblquad", lambda sp, p: sp.integrate.dblquad(
        lambda y, x: np.sin(p[0] * x) * y, 0, 1, lambda x: 0 * x, lambda x: p[1] * x)[0], p),
    Call("integrate.fixed_quad", lambda sp, p: sp.integrate.fixed_quad(lambda x: np.exp(-p[0] * x), 0, p[1])[0], p),
    Call("integrate.nquad", lambda sp, p: sp.integrate.nquad(
        lambda x, y, a: np.exp(-a * x * y), [[0, 1], lambda a: [0, a]], args=(p[1],))[0], p),
    Call("integrate.nsum", lambda sp, a: sp.integrate.nsum(lambda k: a[0] / k**a[1], 1, 9).sum, [1.3, 2.0]),
    Call("integrate.nsum infinite", lambda sp, a: sp.integrate.nsum(lambda k: 1 / k**a, 1, np.inf).sum, 2.3,
         rough=10),
    Call("integrate.nsum many", lambda sp, a: sp.integrate.nsum(lambda k: 1 / k**a, 1, 9000, step=2).sum, 1.3,
         rough=10),
    Call("integrate.nsum args", lambda sp, a: sp.integrate.nsum(lambda k, q: np.exp(-q * k), 0, np.inf, args=(a,)).sum,
         [1.3, 0.7], rough=10),
    Call("integrate.nsum limit", lambda sp, b: sp.integrate.nsum(lambda k: 1 / k**2, 1, 9 * b).sum, 1.0,
         refused="no derivative by b="),
    Call("integrate.odeint", lambda sp, y0, p: sp.integrate.odeint(
        lambda y, t: oscillating(t, y, p), y0, T, rtol=1e-10, atol=1e-10), y0, p),
    Call("integrate.odeint times", lambda sp, y0, t: sp.integrate.odeint(
        oscillating, y0, t, args=(p,), tfirst=True, rtol=1e-10, atol=1e-10), y0, T, rough=10),
    Call("integrate.odeint stiff", lambda sp, y0, p: sp.integrate.odeint(
        stiff, y0, T / 20, args=(p,), tfirst=True, rtol=1e-9, atol=1e-9, mxstep=9000, full_output=1)[0],
        y0, p, rough=1e3, orders=1),
    Call("integrate.cubature", lambda sp, p, b: sp.integrate.cubature(
        lambda x, p: np.exp(-p[0] * x[:, :1] * x[:, 1:]) * np.arange(1, 3), [0, p[1] - 2], b, args=(p,)).estimate,
        p, p + 1),
    Call("integrate.cubature infinite", lambda sp, p: sp.integrate.cubature(
        lambda x: np.exp(-p[0] * x[:, 0]), [0], [np.inf]).estimate, p, refused="takes finite limits"),
    Call("integrate.tanhsinh", lambda sp, p, b: sp.integrate.tanhsinh(
        lambda x, q: np.exp(-q * x), np.zeros((2, 1)), b, args=(p[:1],)).integral, p, p + 1),
    Call("integrate.tanhsinh singular", lambda sp, p: sp.integrate.tanhsinh(
        lambda x: p[0] * np.log(x) / np.sqrt(1 - x), 0, 1).integral, p),
    Call("integrate.tanhsinh infinite", lambda sp, p: sp.integrate.tanhsinh(
        lambda x: np.exp(-p[0] * x), p[1], np.inf).integral + sp.integrate.tanhsinh(
        lambda x: np.exp(-p[0] * x**2), np.inf, -np.inf).integral, p),
    Call("integrate.qmc_quad", lambda sp, p, b: sp.integrate.qmc_quad(
        lambda x: np.exp(-p[0] * x[0] * x[1]), [0, 0.2], b, n_estimates=3, n_points=32, qrng=qmc.Halton(2, seed=1)
        ).integral, p, p + 1),
    Call("integrate.quad", lambda sp, p: sp.integrate.quad(lambda x: np.sin(p[0] * x) / (x + p[1]), 0, 2)[0], p),
    Call("integrate.quad points that move", lambda sp, p: sp.integrate.quad(
        lambda x: np.where(x < p[0], x * p[1], np.where(x < p[1], 2.0, np.exp(p[0] * x))), 0, p[1] + 1,
        points=[p[0], 0.1, p[1]])[0], p),
    Call("integrate.quad points singular", lambda sp, p: sp.integrate.quad(
        lambda x: 1 / np.sqrt(np.abs(x - p[0])), 0, 2, points=(p[0],))[0], p, orders=1, rough=1e3),
    Call("integrate.quad jump", lambda sp, p: sp.integrate.quad(
        lambda x: x * p[0] if x < p[1] ** 2 else 1.0, 0, 2)[0], p, refused="at a place that moves"),
    Call("integrate.quad jump alone", lambda sp, p: sp.integrate.quad(
        lambda x, q: np.heaviside(x - q, 0.5), 0, 2, args=(p[0],))[0], p, refused="at a place that moves"),
    Call("integrate.quad fixed jump", lambda sp, p: sp.integrate.quad(
        lambda x: p[0] * x if x < 0.7 else p[1], 0, 1)[0], p, rough=1e3),
    Call("integrate.nquad jump", lambda sp, p: sp.integrate.nquad(
        lambda x, y: np.where(x < p[0], y * p[1], 2.0), [[0, 1], [0, 1]])[0], p, refused="at a place that moves"),
    Call("integrate.quad_vec points", lambda sp, p: sp.integrate.quad_vec(
        lambda x: np.where(x < p[0], x, 2.0) * np.ones(2), 0, 1, points=[p[0]])[0], p),
    Call("integrate.quad args", lambda sp, a, b: sp.integrate.quad(
        lambda x, a, b: np.exp(-a * x) * b, 0, 1, args=(a, b), full_output=1)[0], 0.7, 1.3),
    Call("integrate.quad limits", lambda sp, a, b: sp.integrate.quad(lambda x: np.exp(-a * x * x), a, b)[0], 0.7, 2.3),
    Call("integrate.quad backwards", lambda sp, a, b: sp.integrate.quad(lambda x: np.exp(-a * x), b, a)[0], 0.7, 2.3),
    Call("integrate.quad to infinity", lambda sp, a: sp.integrate.quad(
        lambda x: x * np.exp(-a * x), a, np.inf)[0], 1.3),
    Call("integrate.quad from infinity", lambda sp, a: sp.integrate.quad(
        lambda x: np.exp(a * x), -np.inf, a)[0], 1.3),
    Call("integrate.quad whole line", lambda sp, p: sp.integrate.quad(
        lambda x: np.exp(-p[0] * (x - p[1]) ** 2), -np.inf, np.inf)[0], p),
    Call("integrate.quad infinite at an end", lambda sp, p: sp.integrate.quad(
        lambda x: x ** (p[0] - 1) * np.log(x), 0, p[1])[0], p),
    Call("integrate.quad points", lambda sp, p: sp.integrate.quad(
        lambda x: np.abs(x - 0.5) * p[0], 0, p[1], points=[0.5])[0], p),
    Call("integrate.quad complex", lambda sp, p: sp.integrate.quad(
        lambda x: np.exp(1j * p[0] * x), 0, p[1], complex_func=True)[0], p),
    Call("integrate.quad weight cos", lambda sp, p: sp.integrate.quad(
        lambda x: np.exp(-p[0] * x), 0, p[1], weight="cos", wvar=9 * p[0])[0], p),
    Call("integrate.quad weight alg", lambda sp, p: sp.integrate.quad(
        lambda x: np.exp(-p[0] * x), 0, 2 * p[1], weight="alg-logb", wvar=(-0.3 * p[0], 0.3))[0], p),
    Call("integrate.quad weight cauchy", lambda sp, p: sp.integrate.quad(
        lambda x: np.exp(-p[0] * x), 0, 2 * p[1], weight="cauchy", wvar=p[1])[0], p),
    Call("integrate.quad weight, infinite", lambda sp, p: sp.integrate.quad(
        lambda x: np.exp(-p[0] * x), 0, np.inf, weight="cos", wvar=2.0)[0], p, refused="infinite limit"),
    Call("integrate.quad kink", lambda sp, p: sp.integrate.quad(
        lambda x: np.abs(np.sin(x) - p[0]) + 1, 0, p[1])[0], p, orders=1),
    Call("integrate.quad steep at an end", lambda sp, p: sp.integrate.quad(
        lambda x: np.sqrt(p[1] - x) * np.exp(-p[0] * x), 0, p[1])[0], p),
    Call("integrate.quad infinite at both ends", lambda sp, p: sp.integrate.quad(
        lambda x: x ** (-p[0]) * np.exp(-p[1] * x), 0, np.inf)[0], p),
    Call("integrate.quad branch", lambda sp, p: sp.integrate.quad(
        lambda x: p[0] * x if x < 0.3 else p[1] * x * x, 0, 1, points=[0.3])[0], p),
    Call("integrate.quad_vec", lambda sp, p: sp.integrate.quad_vec(
        lambda x: np.sin(x * p), 0, p[1])[0], p),
    Call("integrate.quad_vec infinite", lambda sp, p: sp.integrate.quad_vec(
        lambda x: np.exp(-p * x * x) * (1 + x), -np.inf, np.inf)[0], p),
    Call("integrate.quad_vec half", lambda sp, p: sp.integrate.quad_vec(
        lambda x: np.exp(-p * x), p[0], np.inf)[0], p),
    Call("integrate.romb", lambda sp, y: sp.integrate.romb(y, dx=0.3), Y),
    Call("integrate.simpson", lambda sp, y, x: sp.integrate.simpson(y, x=x), Y, X),
    Call("integrate.simpson even", lambda sp, y, x: sp.integrate.simpson(y, x=x, axis=0), Y[:, :4].T, X[:4]),
    Call("integrate.simpson dx", lambda sp, y, h: sp.integrate.simpson(y[0], dx=h), Y, 0.3),
    Call("integrate.solve_bvp", lambda sp, p: sp.integrate.solve_bvp(
        lambda x, y: np.array([y[1], -p[0] * np.exp(y[0])]), lambda a, b: np.array([a[0], b[0] - p[1]]),
        np.linspace(0, 1, 5), np.zeros((2, 5)), tol=1e-5).y[1, 0], p, rough=1e3),
    Call("integrate.solve_bvp between", lambda sp, p, x: (lambda found: [found.sol(x), found.sol(x, 1), found.yp])(
        sp.integrate.solve_bvp(
            lambda x, y: np.array([y[1], -p[0] * np.exp(y[0])]), lambda a, b: np.array([a[0], b[0] - p[1]]),
            np.linspace(0, 1, 5), np.zeros((2, 5)), tol=1e-5)), p, [[0.33, 0.9]], rough=1e3),
    Call("integrate.solve_bvp eigenvalue", lambda sp, c: sp.integrate.solve_bvp(
        lambda x, y, k: np.array([y[1], -(k[0] ** 2 + c * x) * y[0]]),
        lambda a, b, k: np.array([a[0], b[0], a[1] - k[0]]), np.linspace(0, 1, 5),
        np.sin(np.pi * np.linspace(0, 1, 5) + [[0], [np.pi / 2]]), p=[3.0], tol=1e-4).p, 0.1, rough=1e4, orders=1),
    Call("integrate.solve_ivp no times", lambda sp, p: p[0] * len(ivp(sp, p, [1.0, 0.4], t_eval=[]).t) + p[1] ** 2, p),
    Call("integrate.solve_ivp", lambda sp, y0, p: ivp(sp, p, y0, t_eval=T).y, y0, p),
    Call("integrate.solve_ivp RK23", lambda sp, y0, p: ivp(sp, p, y0, "RK23", rtol=1e-6).y[:, -1], y0, p, rough=100),
    Call("integrate.solve_ivp DOP853", lambda sp, y0, p: ivp(sp, p, y0, "DOP853", t_eval=T).y, y0, p),
    Call("integrate.solve_ivp Radau", lambda sp, y0, p: ivp(sp, p, y0, "Radau").y[:, -1], y0, p, rough=10),
    Call("integrate.solve_ivp BDF", lambda sp, y0, p: ivp(sp, p, y0, "BDF").y[:, -1], y0, p, rough=1e3),
    Call("integrate.solve_ivp LSODA", lambda sp, y0, p: ivp(sp, p, y0, "LSODA").y[:, -1], y0, p, rough=1e3),
    Call("integrate.solve_ivp args", lambda sp, y0, p: sp.integrate.solve_ivp(
        oscillating, (0, 0.6), y0, args=(p,), rtol=1e-9, atol=1e-11).y[:, -1], y0, p),
    Call("integrate.solve_ivp backwards", lambda sp, y0, p: ivp(sp, p, y0, span=(0.6, 0)).y[:, -1], y0, p),
    Call("integrate.solve_ivp times", lambda sp, a, b: ivp(sp, p, y0, span=(a, b)).y[:, -1], 0.2, 0.6),
    Call("integrate.solve_ivp t_eval", lambda sp, t: ivp(sp, p, y0, t_eval=t).y, 0.9 * T[1:]),
    Call("integrate.solve_ivp dense", lambda sp, y0, t: ivp(sp, p, y0, dense_output=True).sol(t), y0, T[1:]),
    *[
        Call(
            f"integrate.solve_ivp dense, of constants, {method}",
            lambda sp, t, method=method: sp.integrate.solve_ivp(
                lambda t, y: -y * np.sin(3 * t), (0.9, 0), [1.0, 2.0], method, dense_output=True
            ).sol(t),
            np.append(0.95 * T[1:], 1.1),
        )
        for method in ("RK23", "DOP853", "Radau", "BDF", "LSODA")
    ],
    Call("integrate.solve_ivp events", lambda sp, y0, p: [
        (s.t_events[0], s.y_events[0]) for s in [sp.integrate.solve_ivp(
            oscillating, (0, 3), y0, args=(p,), events=crossing, rtol=1e-10, atol=1e-12)]], y0, p, rough=10),
    Call("integrate.solve_ivp terminal", lambda sp, y0, p: [
        (s.t[-1], s.y[:, -1]) for s in [sp.integrate.solve_ivp(
            oscillating, (0, 3), y0, args=(p,), events=stopping, rtol=1e-10, atol=1e-12)]], y0, p, rough=10),
    Call("integrate.solve_ivp complex", lambda sp, y0, p: sp.integrate.solve_ivp(
        lambda t, y: 1j * p[0] * y, (0, 1), y0 + 0j, rtol=1e-9, atol=1e-11).y[:, -1], y0, p),
    Call("integrate.solve_ivp stiff", lambda sp, y0, p: sp.integrate.solve_ivp(
        stiff, (0, 0.05), y0, "Radau", args=(p,), rtol=1e-9, atol=1e-11).y[:, -1], y0, p, rough=1e3, orders=1),
    Call("integrate.trapezoid", lambda sp, y, x: sp.integrate.trapezoid(y, x), Y, X),
]  # fmt: skip
