"""scipy.optimize: closures, nesting, refusals and programs; the calls of the table are tried in test_calls.py."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is not installed")
import scipy
import scipy.linalg
import scipy.optimize
import scipy.stats
from scipy import optimize

import gradarray as ga

from .optimize_table import START, A, bowl, cubic


def slope(f: Callable[..., Any], arrays: Any, along: Any, h: float = 2e-3) -> Any:
    """Return the derivative of a function in a direction by differences of fourth order."""

    def at(k: float) -> Any:
        return float(f(*[a + k * h * v for a, v in zip(arrays, along, strict=True)]))

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)


# --- what a function closes over --------------------------------------------------------------------------------------


def _root_of(a: Any) -> Any:
    return optimize.brentq(lambda x: x**3 - a * x - 1, 0, 10)


SLOPE = 0.2763932022500825  # x / (3 x^2 - a) where x^3 - 2 x = 1: x is the golden ratio


class _Model:
    def __init__(self, a: Any) -> None:
        self.a = a

    def residual(self, x: Any) -> Any:
        return x**3 - self.a * x - 1


@pytest.mark.parametrize(
    "residual",
    [
        lambda a: lambda x: x**3 - a * x - 1,
        lambda a: lambda x, held={"a": a}: x**3 - held["a"] * x - 1,
        lambda a: lambda x, held=[a]: x**3 - np.array([held[0], 1.0]) @ np.array([x, 1.0]),
        lambda a: functools.partial(lambda a, x: x**3 - a * x - 1, a),
        lambda a: _Model(a).residual,
        lambda a: (lambda inner: lambda x: inner(x) - 1)(lambda x: x**3 - a * x),
    ],
    ids=["closure", "default", "list", "partial", "method", "nested"],
)
def test_a_variable_is_found_wherever_it_stands(residual: Callable[..., Any]) -> None:
    def root(a: Any) -> Any:
        return optimize.brentq(residual(a), 0, 10)

    np.testing.assert_allclose(ga.grad(root)(2.0), SLOPE, rtol=1e-9)
    np.testing.assert_allclose(ga.jvp(root, (2.0,), (1.0,))[1], SLOPE, rtol=1e-9)
    a = ga.tensor(2.0)
    ga.scipy.optimize.brentq(residual(a), 0, 10).backward()
    np.testing.assert_allclose(a.grad, SLOPE, rtol=1e-9)


def test_a_name_that_is_bound_anew_does_not_matter() -> None:
    def total(a: Any) -> Any:
        found = 0.0
        for _ in range(3):
            a = a * 1.5
            found = found + optimize.brentq(lambda x: x**2 - a, 0, 100)  # noqa: B023 - this is what is tested
        return found

    expected = sum(0.5 * np.sqrt(1.5**k / 2.0) for k in (1, 2, 3))
    np.testing.assert_allclose(ga.grad(total)(2.0), expected, rtol=1e-9)
    np.testing.assert_allclose(ga.hessian(total)(2.0), -expected / 4, rtol=1e-8)


def test_what_changes_in_the_meantime_is_an_error() -> None:
    state = [ga.tensor(2.0)]
    x = ga.scipy.optimize.brentq(lambda x: x**2 - state[0], 0, 100)
    state[0] = ga.tensor(3.0)
    with pytest.raises((RuntimeError, ValueError)):
        x.backward()


def test_every_order_and_every_mode() -> None:
    first, second = ga.grad(_root_of), ga.grad(ga.grad(_root_of))
    step = 1e-3
    np.testing.assert_allclose(second(2.0), (first(2 + step) - first(2 - step)) / 2 / step, rtol=1e-5)
    third = (second(2 + step) - second(2 - step)) / 2 / step
    np.testing.assert_allclose(ga.grad(second)(2.0), third, rtol=1e-4)
    for again in (
        ga.hessian(_root_of)(2.0),
        ga.grad(lambda a: ga.jvp(_root_of, (a,), (1.0,))[1])(2.0),
        ga.jvp(first, (2.0,), (1.0,))[1],
        ga.jvp(lambda a: ga.jvp(_root_of, (a,), (1.0,))[1], (2.0,), (1.0,))[1],
        ga.jacfwd(ga.jacrev(_root_of))(2.0),
    ):
        np.testing.assert_allclose(again, second(2.0), rtol=1e-7)


def test_a_solution_within_a_solution() -> None:
    def inner(a: Any, b: Any) -> Any:
        return optimize.brentq(lambda y: y**3 + y * a - b, -10, 10, xtol=1e-14)

    def outer(t: Any) -> Any:
        return optimize.minimize_scalar(lambda a: inner(a, t) ** 2 + (a - t) ** 2, tol=1e-12).x

    # At the outer minimum the slope vanishes; its root is known better than the minimum.
    def slope_of(a: float, t: float) -> float:
        return float(slope(lambda a: inner(float(a), t) ** 2 + (a - t) ** 2, (a,), (1.0,)))

    up, down = (optimize.brentq(slope_of, 1, 4, (2 + h,), xtol=1e-14) for h in (1e-3, -1e-3))
    for _ in range(3):  # from the second time on there is a plan
        np.testing.assert_allclose(ga.grad(outer)(2.0), (up - down) / 2e-3, rtol=1e-4)
    np.testing.assert_allclose(ga.jvp(outer, (2.0,), (1.0,))[1], (up - down) / 2e-3, rtol=1e-4)


def test_a_function_that_depends_on_nothing_keeps_the_librarys_answer() -> None:
    assert type(ga.scipy.optimize.minimize(bowl, START, (A,)).x) is np.ndarray
    with ga.drop_in():
        found = optimize.brentq(cubic, -9, 9, (A,))
    assert found == optimize.brentq(cubic, -9, 9, (A,))
    # The answer does not depend on where the solver begins.
    assert not np.any(ga.grad(lambda x0: np.sum(optimize.minimize(bowl, x0, (A,)).x))(START))
    with ga.no_grad:
        a = ga.tensor(2.0)
        assert ga.scipy.optimize.brentq(lambda x: x**2 - a, 0, 9) == pytest.approx(np.sqrt(2))


def test_a_function_that_takes_no_tensors_is_still_minimised() -> None:
    compiled = np.frompyfunc(lambda x: (float(x) - 1.0) ** 2, 1, 1)

    def f(x: Any) -> float:
        return float(np.sum(compiled(x).astype(float)))

    np.testing.assert_allclose(ga.scipy.optimize.minimize(f, START).x, 1, atol=1e-5)


def test_containers_and_derivatives_by_themselves() -> None:
    calls = []

    def misfit(p: Any, y: Any) -> Any:
        calls.append(1)
        return np.sum((p["slope"] * np.arange(3.0) + p["offset"][0] - y) ** 2)

    y = np.array([1.0, 3.0, 5.0])
    found = ga.scipy.optimize.minimize(misfit, {"slope": 0.0, "offset": [0.0]}, (y,))
    np.testing.assert_allclose([found.x["slope"], found.x["offset"][0]], [2, 1], atol=1e-5)
    assert found.nfev < 12, "no small steps"

    def best(y: Any) -> Any:
        return optimize.minimize(misfit, {"slope": 0.0, "offset": [0.0]}, (y,), tol=1e-12).x["slope"]

    np.testing.assert_allclose(ga.grad(best)(y), [-0.5, 0, 0.5], atol=1e-8)


def test_many_unknowns_without_a_matrix() -> None:
    n = 205
    weights = 1 + np.cos(np.arange(n)) ** 2

    def best(b: Any) -> Any:
        def f(x: Any) -> Any:
            return np.sum(weights * x**2 / 2 + np.log(np.cosh(x))) + 0.1 * np.sum((x[1:] - x[:-1]) ** 2) - b @ x

        return np.sum(np.sin(optimize.minimize(f, np.zeros(n), method="Newton-CG", jac=ga.grad(f), tol=1e-12).x))

    b, along = np.sin(np.arange(n)), np.cos(np.arange(n) * 0.7)
    gradient = ga.grad(best)(b)
    np.testing.assert_allclose(gradient @ along, slope(lambda b: ga.asarray(best(b)), (b,), (along,)), rtol=1e-4)
    product = ga.hvp(best)(b, along)
    expected = (ga.grad(best)(b + 1e-3 * along) - ga.grad(best)(b - 1e-3 * along)) / 2e-3
    np.testing.assert_allclose(product, expected, rtol=1e-4, atol=1e-6)


def test_vmap_goes_through_the_elements_of_arguments() -> None:
    def root(c: Any) -> Any:
        return ga.scipy.optimize.brentq(lambda x, c: x**2 - c, 0, 10, (c,))

    np.testing.assert_allclose(ga.vmap(root)(np.array([1.0, 4.0])), [1, 2])
    np.testing.assert_allclose(ga.vmap(ga.grad(root))(np.array([1.0, 4.0])), [0.5, 0.25])
    closed = ga.vmap(lambda c: ga.scipy.optimize.brentq(lambda x: x**2 - c, 0, 10))
    np.testing.assert_allclose(closed(np.array([1.0, 4.0])), [1, 2])


def test_jit_carries_it_out_without_a_program() -> None:
    with pytest.warns(ga.JitWarning, match="no program"):
        np.testing.assert_allclose(ga.jit(ga.grad(_root_of))(2.0), SLOPE, rtol=1e-9)


def test_checkpoint_keeps_what_the_library_answers_of_constants() -> None:
    np.testing.assert_allclose(ga.grad(lambda a: ga.checkpoint(_root_of)(a))(2.0), SLOPE, rtol=1e-9)
    np.testing.assert_allclose(ga.hessian(ga.checkpoint(_root_of))(2.0), ga.hessian(_root_of)(2.0), rtol=1e-9)
    det = ga.checkpoint(lambda a: scipy.linalg.det(a))
    np.testing.assert_array_equal(ga.grad(lambda a: det(a))(np.eye(2)), np.eye(2))


def test_a_start_value_of_whole_numbers() -> None:
    found = ga.jacobian(lambda a: optimize.root(lambda x: x**2 - a, [1, 2]).x)(np.array([4.0, 9.0]))
    np.testing.assert_allclose(found, [[0.25, 0], [0, 1 / 6]], rtol=1e-9)
    found = ga.jacobian(lambda a: optimize.minimize(lambda x: np.sum((x - a) ** 2), [1, 2]).x)(np.ones(2))
    np.testing.assert_allclose(found, np.eye(2), atol=1e-9)


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_multiple_root_has_no_derivative() -> None:
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        ga.grad(lambda a: optimize.root(lambda x: (x - 1) ** 2 * np.array([1.0, 1.0]) - a, np.ones(2)).x[0])(0.0)


def test_a_bound_that_is_just_met_has_no_derivative() -> None:
    def at(a: Any, bound: float) -> Any:
        return optimize.minimize(lambda x: np.sum((x - a) ** 2), np.array([5.0]), bounds=[(bound, None)]).x[0]

    with pytest.raises(np.linalg.LinAlgError, match="just met"):
        ga.grad(at)(1.0, 1.0)
    assert ga.grad(at)(1.0, 2.0) == 0
    np.testing.assert_allclose(ga.grad(at)(1.0, 0.0), 1)


def test_what_is_no_solution_has_no_derivative() -> None:
    def cut_off(a: Any) -> Any:
        found = optimize.minimize(lambda x: np.sum((x - a) ** 4), np.array([5.0]), options={"maxiter": 1})
        assert not found.success
        return found.x[0]

    with pytest.raises(ValueError, match="did not succeed"):
        ga.grad(cut_off)(1.0)
    with pytest.raises(ValueError, match="did not succeed"):
        ga.jvp(cut_off, (1.0,), (1.0,))

    def nearly(a: Any) -> Any:
        options = {"maxiter": 12}
        return optimize.minimize(lambda x: np.sum((x - a) ** 2), [1.5], method="Nelder-Mead", options=options).x[0]

    assert 1e-5 < abs(nearly(1.0) - 1) < 1e-2
    with pytest.raises(ValueError, match="did not succeed"):
        ga.grad(nearly)(1.0)
    with pytest.raises(ValueError, match="no solution"):  # a kink
        ga.grad(lambda a: optimize.minimize_scalar(lambda x: np.abs(x - a) + (x - a) ** 2 + x / 2).x)(1.0)


def test_what_tells_of_the_way_is_refused_when_used() -> None:
    found = []
    ga.grad(lambda a: found.append(optimize.minimize(bowl, START, (a,))) or np.sum(found[0].x))(A)
    for use in (lambda h: h + 1, lambda h: np.sum(h), lambda h: h[0], lambda h: h.T, lambda h: np.asarray(h)):
        with pytest.raises(TypeError, match=r"hess_inv of .* has no derivative"):
            use(found[0].hess_inv)
    assert "no derivative" in repr(found[0].hess_inv)
    assert found[0].nit > 0 and found[0].success


@pytest.mark.parametrize(
    "program",
    [
        lambda c: optimize.linprog(-c, [[1.0, 1.0]], [1.0]).x,
        lambda c: optimize.linprog([-1.0, -2.0], [[1.0, 1.0], [0.0, 1.0], [0.5, 1.0]], [1.0, 1.0, c[0]]).x,
    ],
    ids=["many solutions", "too many constraints"],
)
def test_a_degenerate_program_has_no_derivative(program: Callable[..., Any]) -> None:
    with pytest.raises(np.linalg.LinAlgError, match="degenerate"):
        ga.jacobian(program)(np.array([1.0, 1.0]))


def test_whole_numbers_have_no_derivative() -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        ga.grad(lambda c: optimize.linprog(c, [[1.0, 3.0]], [4.0], integrality=1).fun)(np.array([-1.0, -2.0]))


# --- programs as people write them ------------------------------------------------------------------------------------


def test_bayesian_optimisation_with_a_gaussian_process() -> None:
    """The next point by expected improvement, of a process whose length is fitted to the data."""
    xs = np.array([0.1, 0.4, 0.75, 1.2])

    def kernel(a: Any, b: Any, length: Any) -> Any:
        return np.exp(-((a[:, None] - b[None, :]) ** 2) / (2 * length**2))

    def evidence(log_length: Any, ys: Any) -> Any:
        factor = scipy.linalg.cholesky(kernel(xs, xs, np.exp(log_length[0])) + 0.01 * np.eye(4), lower=True)
        white = scipy.linalg.solve_triangular(factor, ys, lower=True)
        return white @ white / 2 + np.sum(np.log(np.diag(factor)))

    def improvement(x: Any, ys: Any, length: Any) -> Any:
        gram = kernel(xs, xs, length) + 0.01 * np.eye(4)
        across = kernel(np.array([x]), xs, length)[0]
        solved = np.linalg.solve(gram, across)
        mean, deviation = solved @ ys, np.sqrt(1.01 - across @ solved)
        z = (np.min(ys) - mean) / deviation
        return deviation * (z * scipy.stats.norm.cdf(z) + scipy.stats.norm.pdf(z))

    def next_point(ys: Any) -> Any:
        found = optimize.minimize(evidence, np.array([-1.0]), (ys,), tol=1e-11, method="BFGS")
        length = np.exp(found.x[0])
        place = optimize.minimize_scalar(
            lambda x: -improvement(x, ys, length), bounds=(0.7, 1.2), method="bounded", options={"xatol": 1e-10}
        )
        return place.x

    ys = np.array([0.3, -0.5, -0.8, 0.4])
    along = np.array([0.3, -0.2, 0.5, 0.1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ga.grad(next_point)(ys)
        with ga.drop_in():
            expected = slope(lambda y: ga.asarray(next_point(y)), (ys,), (along,), 1e-2)
    np.testing.assert_allclose(found @ along, expected, rtol=1e-3)


def test_black_box_variational_inference() -> None:
    """The variational posterior of a normal model is the exact one, and moves with the data as that does."""
    draws = scipy.stats.norm.ppf((np.arange(8) + 0.5) / 8)
    draws = draws / np.sqrt(np.mean(draws**2))

    def posterior(data: Any) -> Any:
        def bound(params: Any) -> Any:
            mean, log_scale = params
            samples = mean + np.exp(log_scale) * draws
            joint = scipy.stats.norm.logpdf(samples, 0, 2.0)
            joint = joint + sum(scipy.stats.norm.logpdf(datum, samples, 1.0) for datum in data)
            return -np.mean(joint) - log_scale

        return optimize.minimize(bound, np.zeros(2), method="BFGS", tol=1e-9).x

    data = np.array([0.5, 1.5, 1.0])
    np.testing.assert_allclose(posterior(data), [3 / 3.25, -np.log(3.25) / 2], atol=1e-5)
    np.testing.assert_allclose(ga.jacobian(posterior)(data), [[1 / 3.25] * 3, [0.0] * 3], atol=1e-6)


def test_a_mixture_by_its_likelihood() -> None:
    data = np.array([-2.1, -1.7, -2.4, 1.8, 2.3, 2.0, 2.6])

    def fitted(data: Any) -> Any:
        def loss(p: Any) -> Any:
            logits = np.array([0.0, p[0]])
            logs = [scipy.stats.norm.logpdf(data, p[1 + k], np.exp(p[3 + k])) + logits[k] for k in range(2)]
            return -np.sum(scipy.special.logsumexp(np.stack(logs), axis=0) - scipy.special.logsumexp(logits))

        return optimize.minimize(loss, np.array([0.0, -1.0, 1.0, 0.0, 0.0]), method="BFGS", tol=1e-10).x

    along = np.cos(np.arange(7.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ga.jacobian(fitted)(data) @ along
        with ga.drop_in():
            up, down = (ga.asarray(fitted(data + h * along)) for h in (1e-3, -1e-3))
    np.testing.assert_allclose(found, (up - down) / 2e-3, rtol=1e-4, atol=1e-5)


def test_what_is_no_answer_is_differentiated_through_its_steps() -> None:
    def bracketed(a: Any) -> Any:
        return sum(optimize.bracket(lambda x: np.cosh(x - a) + 0.1 * x, xa=-1.0, xb=-0.9)[:6])

    def searched(a: Any) -> Any:
        def f(x: Any) -> Any:
            return np.sum((x - a) ** 4) + np.sum(np.sin(a * x))

        def slope(x: Any) -> Any:
            return 4 * (x - a) ** 3 + a * np.cos(a * x)

        found = optimize.line_search(f, slope, np.array([1.0, 1.0]), np.array([3.0, 7.0]))
        return found[0] + found[3]

    for f in (bracketed, searched):
        difference = (f(3.0 + 1e-5) - f(3.0 - 1e-5)) / 2e-5
        np.testing.assert_allclose([ga.grad(f)(3.0), ga.jvp(f, (3.0,), (1.0,))[1]], difference, rtol=1e-6)


def test_whole_numbers_that_just_meet_a_variable_limit_are_refused() -> None:
    def f(b: Any) -> Any:
        return optimize.milp(np.array([-1.0, -2.0]), integrality=[1, 1], bounds=optimize.Bounds(0, b)).fun

    assert np.all(ga.grad(f)(np.array([2.5, 1.5])) == 0)
    with pytest.raises(np.linalg.LinAlgError, match="degenerate"):
        ga.grad(f)(np.array([2.0, 1.5]))


def test_arrays_like_the_unknowns_can_be_filled_in_forward_mode() -> None:
    def f(k: Any) -> Any:
        def equations(x: Any) -> Any:
            out = np.zeros_like(x)
            out[:] = -k * x
            return out + 3 * x**2 - 2

        return optimize.fsolve(equations, [1.0, 1.0])[0]

    difference = (f(1.5 + 1e-5) - f(1.5 - 1e-5)) / 2e-5
    np.testing.assert_allclose(ga.jvp(f, (1.5,), (1.0,))[1], difference, rtol=1e-6)


def test_a_function_among_the_arguments_is_differentiated_by_the_unknowns() -> None:
    def f(k: Any) -> Any:
        return optimize.minimize(lambda x, g: np.sum((g(x) - 3) ** 2), [1.0, 1.0], args=(lambda x: k * x,)).x[0]

    np.testing.assert_allclose(ga.grad(f)(1.5), -3 / 1.5**2, rtol=1e-5)
