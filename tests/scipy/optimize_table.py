"""Calls of scipy.optimize's, each a function of arrays: what the answer depends on, by a closure or by args=.

The tolerances are such that the values are good for differences.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from .calls import Call


def call(name: str, func: Callable[..., Any], *arrays: Any) -> Call:
    return Call(f"optimize.{name}", func, *arrays, rough=ROUGH)


# What solvers find is not so near that differences of it are as good as others.
ROUGH = 200
A = np.array([1.3, 2.1])
START = np.array([0.3, 0.2])
BOX = [(-3.0, 3.0), (-3.0, 3.0)]


# --- roots ------------------------------------------------------------------------------------------------------------


def cubic(x: Any, a: Any) -> Any:
    return x**3 + a[0] * x - a[1]


def _bracketing() -> list[Call]:
    rows = []
    for name in ("brentq", "brenth", "ridder", "bisect", "toms748"):
        rows += [
            call(name, lambda m, a, n=name: getattr(m.optimize, n)(lambda x: cubic(x, a), -9, 9, xtol=1e-13), A),
            call(f"{name} args", lambda m, a, n=name: getattr(m.optimize, n)(cubic, -9, 9, (a,), xtol=1e-13), A),
        ]
    return [
        *rows,
        call("brentq full_output", lambda m, a: m.optimize.brentq(cubic, -9, 9, (a,), full_output=True)[1].root, A),
        call("root_scalar", lambda m, a: m.optimize.root_scalar(cubic, (a,), bracket=(-9, 9)).root, A),
        call("root_scalar secant", lambda m, a: m.optimize.root_scalar(cubic, (a,), x0=1, x1=2, xtol=1e-13).root, A),
        call(
            "root_scalar newton",
            lambda m, a: (
                m.optimize.root_scalar(
                    cubic, (a,), "newton", x0=1.0, fprime=lambda x, a: 3 * x**2 + a[0], xtol=1e-13
                ).root
            ),
            A,
        ),
        call("newton", lambda m, a: m.optimize.newton(lambda x: cubic(x, a), 1.0, tol=1e-13), A),
        call("newton vectors", lambda m, a: m.optimize.newton(lambda x: x**2 - a, np.ones(2), tol=1e-13), A),
        call("newton complex", lambda m, a: m.optimize.newton(lambda x: x**2 + a[0], 1 + 1j, tol=1e-13).imag, A),
        call("newton full_output", lambda m, a: m.optimize.newton(cubic, 1.0, args=(a,), full_output=True)[0], A),
        call(
            "fixed_point", lambda m, a: m.optimize.fixed_point(lambda x: np.cos(x) * a, [0.5, 0.5], xtol=1e-13), A / 3
        ),
        call(
            "fixed_point iteration",
            lambda m, c: m.optimize.fixed_point(lambda x, c: np.cos(x) * c, 0.5, (c,), method="iteration", xtol=1e-14),
            0.6,
        ),
    ]


def pair(x: Any, a: Any) -> Any:
    return np.array([x[0] + 0.1 * a[0] * x[1] ** 2 - 1, x[1] + 0.2 * np.sin(x[0]) * a[1] - 1])


def _several() -> list[Call]:
    rows = [
        call(
            f"root {kind}", lambda m, a, k=kind: m.optimize.root(lambda x: pair(x, a), START, method=k, tol=1e-12).x, A
        )
        for kind in ("hybr", "lm", "broyden1", "broyden2", "anderson", "diagbroyden", "krylov", "df-sane")
    ]
    rows += [
        call(name, lambda m, a, n=name: getattr(m.optimize, n)(lambda x: pair(x, a), START, f_tol=1e-13), A)
        for name in ("broyden1", "broyden2", "anderson", "diagbroyden", "newton_krylov")
    ]
    return [
        *rows,
        call("root args", lambda m, a: m.optimize.root(pair, START, (a,), tol=1e-12).x, A),
        call("root a list", lambda m, a: m.optimize.root(lambda x: [x[0] - a[0], x[1] * a[1] - x[0]], START).x, A),
        call(
            "root jac=True",
            lambda m, a: m.optimize.root(lambda x: (x**3 - a, np.diag(3 * x**2)), START + 1, jac=True, tol=1e-12).x,
            A,
        ),
        call("fsolve", lambda m, a: m.optimize.fsolve(lambda x: pair(x, a), START, xtol=1e-13), A),
        call(
            "fsolve full_output", lambda m, a: m.optimize.fsolve(pair, START, (a,), full_output=True, xtol=1e-13)[0], A
        ),
    ]


# --- minima -----------------------------------------------------------------------------------------------------------


def bowl(x: Any, a: Any) -> Any:
    return (x[0] - a[0]) ** 2 + a[1] * (x[1] - a[0] * x[0] / 2) ** 2 + np.cosh(x[1] * 0.3)


def bowl_slope(x: Any, a: Any) -> Any:
    off = x[1] - a[0] * x[0] / 2
    return np.array([2 * (x[0] - a[0]) - a[1] * a[0] * off, 2 * a[1] * off + 0.3 * np.sinh(x[1] * 0.3)])


def valley(x: Any, a: Any) -> Any:
    return (x - a[0]) ** 2 + a[1] * np.cosh(x)


def _methods() -> list[Call]:
    by_gradient = ("BFGS", "CG", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "trust-constr")
    tight = {"trust-constr": 1e-9}
    return [
        call(
            f"minimize {kind}",
            lambda m, a, k=kind: (
                m.optimize.minimize(bowl, START, (a,), method=k, jac=bowl_slope, tol=tight.get(k, 1e-12)).x
            ),
            A,
        )
        for kind in by_gradient
    ] + [
        call(f"minimize {kind}", lambda m, a, k=kind: m.optimize.minimize(bowl, START, (a,), method=k, tol=1e-12).x, A)
        for kind in ("Nelder-Mead", "Powell")
    ]


def _constrained() -> list[Call]:
    def minimum(**options: Any) -> Callable[..., Any]:
        """Return a call, whose options are functions of `m` and `a`."""

        def func(m: Any, a: Any) -> Any:
            made = {name: make(m, a) for name, make in options.items()}
            return m.optimize.minimize(lambda x: bowl(x, a), START, jac=lambda x: bowl_slope(x, a), tol=1e-13, **made).x

        return func

    def sequential(*_: Any) -> str:
        return "SLSQP"

    equal = minimum(constraints=lambda _, a: {"type": "eq", "fun": lambda x: x[0] + a[1] * x[1] - 1})
    inside = minimum(constraints=lambda _, a: [{"type": "ineq", "fun": lambda x, c: c - x @ x, "args": (a[0] / 2,)}])
    slack = minimum(constraints=lambda _, a: {"type": "ineq", "fun": lambda x: 9 * a[0] - x @ x})
    line = minimum(constraints=lambda m, _: m.optimize.LinearConstraint([[1.0, 1.0]], -np.inf, 1.0))
    both = minimum(
        bounds=lambda _, a: [(None, a[0] / 2), (None, None)],
        constraints=lambda _, a: {"type": "ineq", "fun": lambda x: a[0] / 3 - x[1]},
    )
    return [
        call("minimize bounds", minimum(bounds=lambda _, a: [(0, 1.0), (None, a[1] / 9)], method=sequential), A),
        call(
            "minimize an idle bound", minimum(bounds=lambda _, a: [(-5, 5 * a[0]), (None, None)], method=sequential), A
        ),
        call(
            "minimize Bounds", minimum(bounds=lambda m, _: m.optimize.Bounds([0, 0], [1.0, 0.2]), method=sequential), A
        ),
        call("minimize an equation", equal, A),
        call("minimize an inequality", inside, A),
        call("minimize an idle inequality", slack, A),
        call("minimize LinearConstraint", line, A),
        call("minimize bounds and constraints", both, A),
    ]


def _older() -> list[Call]:
    return [
        call("minimize fun", lambda m, a: m.optimize.minimize(bowl, START, (a,), jac=bowl_slope, tol=1e-12).fun, A),
        call("minimize_scalar", lambda m, a: m.optimize.minimize_scalar(lambda x: valley(x, a), tol=1e-13).x, A),
        call("minimize_scalar fun", lambda m, a: m.optimize.minimize_scalar(valley, args=(a,)).fun, A),
        call(
            "minimize_scalar bounds",
            lambda m, a: m.optimize.minimize_scalar(valley, bounds=(a[0], 3), args=(a,), options={"xatol": 1e-12}).fun,
            A,
        ),
        call("brent", lambda m, a: m.optimize.brent(valley, (a,), full_output=True)[1], A),
        call("golden", lambda m, a: m.optimize.golden(valley, (a,), full_output=True)[1], A),
        call("brent, by a bracket", lambda m, a: m.optimize.brent(valley, (a,), a + 1, full_output=True)[1], A),
        call(
            "minimize_scalar, by bounds",
            lambda m, a: m.optimize.minimize_scalar(valley, args=(a,), bounds=a - 1).fun,
            A,
        ),
        call("fminbound", lambda m, a: m.optimize.fminbound(valley, 0, 3, (a,), xtol=1e-12, full_output=True)[1], A),
        call("fmin", lambda m, a: m.optimize.fmin(bowl, START, (a,), 1e-12, 1e-14, disp=0), A),
        call("fmin_powell", lambda m, a: m.optimize.fmin_powell(bowl, START, (a,), 1e-12, 1e-15, disp=0), A),
        call("fmin_bfgs", lambda m, a: m.optimize.fmin_bfgs(bowl, START, bowl_slope, (a,), 1e-12, disp=0), A),
        call(
            "fmin_cg",
            lambda m, a: m.optimize.fmin_cg(bowl, START, bowl_slope, (a,), 1e-12, full_output=1, disp=0)[0],
            A,
        ),
        call(
            "fmin_ncg", lambda m, a: m.optimize.fmin_ncg(bowl, START, bowl_slope, args=(a,), avextol=1e-13, disp=0), A
        ),
        call(
            "fmin_l_bfgs_b pair",
            lambda m, a: m.optimize.fmin_l_bfgs_b(
                lambda x: (bowl(x, a), bowl_slope(x, a)), START, bounds=[(None, a[0] / 2), (None, None)], pgtol=1e-12
            )[1],
            A,
        ),
        call(
            "fmin_tnc",
            lambda m, a: m.optimize.fmin_tnc(bowl, START, bowl_slope, (a,), ftol=1e-16, pgtol=1e-13, disp=0)[0],
            A,
        ),
        call(
            "fmin_slsqp",
            lambda m, a: m.optimize.fmin_slsqp(
                bowl, START, [lambda x, a: x[0] + a[1] * x[1] - 1], args=(a,), fprime=bowl_slope, acc=1e-14, iprint=0
            ),
            A,
        ),
        call("basinhopping", lambda m, a: m.optimize.basinhopping(lambda x: bowl(x, a), START, 1, rng=1).fun, A),
        call("dual_annealing", lambda m, a: m.optimize.dual_annealing(bowl, BOX, (a,), maxiter=3, rng=1).fun, A),
        call("shgo", lambda m, a: m.optimize.shgo(lambda x: bowl(x, a), BOX).fun, A),
        call(
            "differential_evolution",
            lambda m, a: m.optimize.differential_evolution(bowl, BOX, (a,), maxiter=9, popsize=5, rng=1, tol=0.1).fun,
            A,
        ),
        call(
            "differential_evolution constraints",
            lambda m, a: (
                m.optimize.differential_evolution(
                    lambda x: np.sum(x**2),
                    BOX,
                    maxiter=9,
                    popsize=5,
                    rng=1,
                    tol=0.1,
                    constraints=m.optimize.NonlinearConstraint(lambda x: x[0] + x[1], a[0], np.inf),
                ).x
            ),
            A,
        ),
        call("brute", lambda m, a: m.optimize.brute(bowl, BOX, (a,), 7, full_output=True)[1], A),
        call("approx_fprime", lambda m, a: m.optimize.approx_fprime(a, lambda x: np.sum(np.sin(x) * a), 0.01), A),
        call(
            "check_grad",
            lambda m, a: m.optimize.check_grad(lambda x: a @ np.sin(x), lambda x: 1.1 * a * np.cos(x), A, epsilon=0.01),
            A,
        ),
        *[
            call(name, lambda m, a, n=name: getattr(m.optimize, n)(a), A)
            for name in ("rosen", "rosen_der", "rosen_hess")
        ],
        call("rosen_hess_prod", lambda m, a, p: m.optimize.rosen_hess_prod(a, p), A, START),
    ]


# --- least squares ----------------------------------------------------------------------------------------------------

T = np.linspace(0, 2, 7)
Y = 1.5 * np.exp(-0.7 * T) + 0.05 * np.array([0.3, -0.8, 0.5, 0.9, -1.1, 0.2, 0.4])
TIGHT = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}


def decay(t: Any, height: Any, rate: Any) -> Any:
    return height * np.exp(-rate * t)


def decay_slopes(t: Any, height: Any, rate: Any) -> Any:
    e = np.exp(-rate * t)
    return np.stack([e, -t * height * e], axis=-1)


def _off(p: Any, y: Any) -> Any:
    return decay(T, p[0], p[1]) - y


def _slopes(p: Any, y: Any) -> Any:
    return decay_slopes(T, p[0], p[1])


def _fits() -> list[Call]:
    def fit(**options: Any) -> Callable[..., Any]:
        return lambda m, y: m.optimize.least_squares(_off, [1.0, 1.0], _slopes, args=(y,), **TIGHT, **options)

    rows = [
        call(f"least_squares {loss}", lambda m, y, k=loss: fit(loss=k, f_scale=0.1)(m, y).x, Y)
        for loss in ("linear", "soft_l1", "huber", "cauchy", "arctan")
    ]
    both = {"jac": decay_slopes, "p0": [1.3, 0.7]}
    return [
        *rows,
        call("least_squares lm", lambda m, y: fit(method="lm")(m, y).x, Y),
        call("least_squares cost", lambda m, y: fit()(m, y).cost, Y),
        call("least_squares fun", lambda m, y: fit()(m, y).fun, Y),
        call("least_squares jac", lambda m, y: fit()(m, y).jac, Y),
        call(
            "least_squares bounds",
            lambda m, y, h: (
                m.optimize.least_squares(
                    lambda p: _off(p, y), [1.0, 0.5], lambda p: _slopes(p, y), ([0, 0], [h, 3.0]), **TIGHT
                ).cost
            ),
            Y,
            1.4,
        ),
        call("leastsq", lambda m, y: m.optimize.leastsq(_off, [1.0, 1.0], (y,), _slopes, **TIGHT)[0], Y),
        call("leastsq cov_x", lambda m, y: m.optimize.leastsq(_off, [1.0, 1.0], (y,), _slopes, 1, **TIGHT)[1], Y),
        call("curve_fit", lambda m, y: m.optimize.curve_fit(decay, T, y, **both, **TIGHT)[0], Y),
        call("curve_fit pcov", lambda m, y: m.optimize.curve_fit(decay, T, y, **both, **TIGHT)[1], Y),
        call("curve_fit xdata", lambda m, t: m.optimize.curve_fit(decay, t, Y, **both, **TIGHT)[0], T),
        call(
            "curve_fit sigma",
            lambda m, s: m.optimize.curve_fit(decay, T, Y, sigma=s, absolute_sigma=True, **both, **TIGHT)[1],
            0.1 + T / 9,
        ),
        call(
            "curve_fit covariance",
            lambda m, s: m.optimize.curve_fit(decay, T, Y, sigma=np.diag(s) + 0.01, **both, **TIGHT)[0],
            0.1 + T / 9,
        ),
        call(
            "curve_fit bounds",
            lambda m, y: m.optimize.curve_fit(decay, T, y, bounds=([0, 0], [1.4, 3]), **both, **TIGHT)[0],
            Y,
        ),
    ]


# --- linear problems --------------------------------------------------------------------------------------------------

COST, ABOVE, LIMIT = np.array([-1.0, -2.0, -1.5]), np.array([[1.0, 1, 1], [1, 3, 0.5]]), np.array([4.0, 6.0])
M = np.array([[0.3, -0.9, 0.4], [1.1, 0.2, -0.5], [0.7, 0.8, 1.3], [-0.2, 0.5, 0.9], [0.6, -1.2, 0.1]])
B = np.array([0.5, -0.3, 1.2, 0.4, -0.8])


def _linear() -> list[Call]:
    return [
        call("linprog", lambda m, c, a, b: m.optimize.linprog(c, a, b).x, COST, ABOVE, LIMIT),
        call("linprog fun", lambda m, c, a, b: m.optimize.linprog(c, a, b).fun, COST, ABOVE, LIMIT),
        call("linprog slack", lambda m, c, a, b: m.optimize.linprog(c, a, b).slack, COST, ABOVE, LIMIT),
        call("linprog marginals", lambda m, c, a, b: m.optimize.linprog(c, a, b).ineqlin.marginals, COST, ABOVE, LIMIT),
        call("linprog lower", lambda m, c, a, b: m.optimize.linprog(c, a, b).lower.marginals, COST, ABOVE, LIMIT),
        call("linprog equal", lambda m, b: m.optimize.linprog(COST, ABOVE, LIMIT, [[1.0, 0, 1]], b).x, [2.0]),
        call(
            "linprog bounds",
            lambda m, b: m.optimize.linprog(COST, ABOVE, LIMIT, bounds=[(0, b[0]), (b[1], None), (0, None)]).x,
            [1.0, 0.5],
        ),
        call("nnls", lambda m, a, b: m.optimize.nnls(a, b)[0], M, B),
        call("nnls rnorm", lambda m, a, b: m.optimize.nnls(a, b)[1], M, B),
        call("lsq_linear", lambda m, a, b: m.optimize.lsq_linear(a, b).x, M, B),
        call("lsq_linear bounds", lambda m, a, b, u: m.optimize.lsq_linear(a, b, (-0.1, u), "bvls").x, M, B, 0.3),
        call("lsq_linear cost", lambda m, a, b: m.optimize.lsq_linear(a, b, (-0.1, 0.3), "bvls").cost, M, B),
        call("isotonic_regression", lambda m, y: m.optimize.isotonic_regression(y).x, [1.0, 3, 2, 4, 3.5, 6]),
        call(
            "isotonic_regression weights",
            lambda m, w: m.optimize.isotonic_regression([1.0, 3, 2, 4, 3.5, 6], weights=w).x,
            [1.0, 2, 3, 1, 2, 1],
        ),
        call(
            "milp", lambda m, c: m.optimize.milp(-c, integrality=[1, 1], bounds=m.optimize.Bounds(0, 2.5)).fun, [1.0, 2]
        ),
        call(
            "milp mixed",
            lambda m, a, b: (
                m.optimize.milp([-3.0, -2.0], integrality=[1, 0], bounds=(0, 5.0), constraints=(a, 0.0, b)).x
            ),
            [[2.0, 1.3]],
            [5.6],
        ),
        call(
            "milp bounds",
            lambda m, b: m.optimize.milp([-1.0, -2.0], bounds=m.optimize.Bounds(0, b)).fun,
            [1.3, 0.7],
        ),
        call(
            "quadratic_assignment",
            lambda m, a, b: m.optimize.quadratic_assignment(a, b, "2opt", {"rng": np.random.default_rng(0)}).fun,
            [[0.3, 1, 4], [2, 0, 3], [1, 1.5, 0]],
            [[0, 3.0, 1], [1, 0, 2.2], [2, 5, 0]],
        ),
        call("linear_sum_assignment", lambda m, c: c[m.optimize.linear_sum_assignment(c)], M[:3]),
    ]


_ALL = [*_bracketing(), *_several(), *_methods(), *_constrained(), *_older(), *_fits(), *_linear()]
CALLS = [call for call in _ALL if hasattr(optimize, call.name.removeprefix("optimize.").partition(" ")[0])]
