"""Zero times infinity: which zeros win, on the way back and in forward mode, and that no wrong number comes out of it.

A zero that comes from a selection wins. One of the data does not, and what is not known then is NaN or infinite.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.rules import differentiable
from gradarray.tape import careful, cotangents, sweeps
from tests import checks
from tests.rules.test_rules import SAMPLES, arrays, each, generator
from tests.samples import Sample

pytestmark = pytest.mark.usefixtures("quiet")

INF, NAN = np.inf, np.nan
N = 2**17 + 3  # so many elements that threads share them


@pytest.fixture(params=[2, sweeps.HEAVY], ids=["released", "whole"])
def all_large(request, monkeypatch):
    """Let the sweep take every array for a large one, after which nothing may be left of a node that it has used."""
    for module in (careful, cotangents, differentiable, sweeps):
        monkeypatch.setattr(module, "LARGE", 2)
    monkeypatch.setattr(sweeps, "HEAVY", request.param)


# --- identities ------------------------------------------------------------------------------------------------------


def stacked(function: Callable[..., Any], *parts: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function of a vector that is made of functions of a number."""
    return lambda x: function(np.stack([part(x) for part in parts]))


def root(x: Any) -> Any:
    return np.sqrt(x)


# f(g(x)) is x, by name, with points at which g is zero, infinite, or has lost all its digits.
IDENTITIES: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "exp of log": (lambda x: np.exp(np.log(x)), [0.0]),
    "log of exp": (lambda x: np.log(np.exp(x)), [-800.0, 800.0]),
    "exp2 of log2": (lambda x: np.exp2(np.log2(x)), [0.0]),
    "log2 of exp2": (lambda x: np.log2(np.exp2(x)), [-2000.0, 2000.0]),
    "10 to the log10": (lambda x: 10.0 ** np.log10(x), [0.0]),
    "log10 of a power of 10": (lambda x: np.log10(10.0**x), [-400.0, 400.0]),
    "expm1 of log1p": (lambda x: np.expm1(np.log1p(x)), [-1.0]),
    "log1p of expm1": (lambda x: np.log1p(np.expm1(x)), [-800.0, 800.0]),
    "softplus by hand": (lambda x: -np.log(1 + np.exp(-x)), [-800.0]),
    "log of a quotient": (lambda x: -np.log(1 / np.exp(x)), [-800.0, 800.0]),
    "log of a Gaussian": (lambda x: np.sqrt(-np.log(np.exp(-x * x))), [40.0]),
    "fourth power of a root": (lambda x: (x**0.25) ** 4, [0.0]),
    "root of a fourth power": (lambda x: (x**4) ** 0.25, [1e-200, 1e-90]),
    "root of a cube": (lambda x: (x**3) ** (1 / 3), [0.0, 1e-200, 1e-120]),
    "root of a product of three": (lambda x: (x * x * x) ** (1 / 3), [0.0, 1e-200]),
    "cube of cbrt": (lambda x: np.cbrt(x) ** 3, [0.0]),
    "cbrt of a cube": (lambda x: np.cbrt(x**3), [0.0, 1e-200]),
    "power 1.5 of a root": (lambda x: (x ** (2 / 3)) ** 1.5, [0.0, 1e-300]),
    "square of a root": (lambda x: np.sqrt(x) ** 2, [0.0]),
    "np.square of a root": (lambda x: np.square(np.sqrt(x)), [0.0]),
    "root times root": (lambda x: np.sqrt(x) * np.sqrt(x), [0.0]),
    "square of the size of a root": (lambda x: np.abs(np.sqrt(x)) ** 2, [0.0]),
    "float_power": (lambda x: np.float_power(np.float_power(x, 0.5), 2), [0.0]),
    "quotients": (lambda x: 1 / (1 / x), [0.0, 1e-320, INF]),
    "reciprocals": (lambda x: np.reciprocal(np.reciprocal(x)), [0.0, 1e-320]),
    "negative powers": (lambda x: (x**-1) ** -1, [0.0]),
    "a quotient by itself": (lambda x: x * x / x, [0.0]),
    "arctanh of tanh": (lambda x: np.arctanh(np.tanh(x)), [400.0, -400.0]),
    "tanh of arctanh": (lambda x: np.tanh(np.arctanh(x)), [1.0, -1.0]),
    "sin of arcsin": (lambda x: np.sin(np.arcsin(x)), [1.0, -1.0]),
    "cos of arccos": (lambda x: np.cos(np.arccos(x)), [1.0, -1.0]),
    "cosh of arccosh": (lambda x: np.cosh(np.arccosh(x)), [1.0]),
    "arcsinh of sinh": (lambda x: np.arcsinh(np.sinh(x)), [800.0]),
    "chosen where it is": (lambda x: np.where(x == x, np.exp(np.log(x)), 0.0), [0.0]),
    "log of a sum": (stacked(lambda v: np.log(np.sum(np.exp(v))), lambda x: x), [-800.0, 800.0]),
    "log of a product": (stacked(lambda v: np.log(np.prod(np.exp(v))), lambda x: x, lambda x: 0 * x), [-800.0]),
    "dot": (stacked(lambda v: np.dot(v, v), root), [0.0]),
    "matmul": (stacked(lambda v: v @ v, root), [0.0]),
    "einsum": (stacked(lambda v: np.einsum("i,i->", v, v), root), [0.0]),
    "outer": (stacked(lambda v: np.outer(v, v)[0, 0], root), [0.0]),
    "kron": (stacked(lambda v: np.kron(v, v)[0], root), [0.0]),
    "convolve": (stacked(lambda v: np.convolve(v, v)[0], root), [0.0]),
    "prod": (stacked(np.prod, root, root), [0.0]),
    "cumprod": (stacked(lambda v: np.cumprod(v)[-1], root, root), [0.0]),
    "polyval": (lambda x: np.polyval(np.array([1.0, 0.0, 0.0]), np.sqrt(x)), [0.0]),
    "variance": (stacked(np.var, root, lambda x: -np.sqrt(x)), [0.0]),
    "norm": (stacked(lambda v: np.linalg.norm(v) ** 2, root, lambda x: 0 * x), [0.0]),
    "determinant": (lambda x: 1 / np.linalg.det(np.reshape(1 / x, (1, 1))), [0.0]),
    "logaddexp with nothing": (lambda x: np.exp(np.logaddexp(np.log(x), -INF)), [0.0]),
}
BY_ELEMENT = list(IDENTITIES)[: list(IDENTITIES).index("log of a sum")]
POINTS = [pytest.param(f, x, id=f"{name} at {x:g}") for name, (f, points) in IDENTITIES.items() for x in points]


def slopes(f: Callable[[Any], Any], x: float) -> dict[str, Any]:
    """Return the derivative in each way that there is."""

    def row(v: Any) -> Any:
        return np.stack([f(v[0])])

    t = ga.tensor(x)
    f(t).backward()
    return {
        "backward": t.grad,
        "grad": ga.grad(f)(x),
        "jvp": ga.jvp(f, (x,), (1.0,))[1],
        "jacrev": ga.jacrev(row)(np.array([x])),
        "jacfwd": ga.jacfwd(row)(np.array([x])),
    }


@pytest.mark.parametrize(("f", "x"), POINTS)
def test_a_smooth_identity_has_slope_one_or_none_that_is_known(f, x):
    for way, slope in slopes(f, x).items():
        assert not np.isfinite(slope) or abs(slope - 1) < 1e-6, f"{way}: {slope}"


@pytest.mark.parametrize("n", [7, 5000, N])
@pytest.mark.parametrize("name", [name for name in BY_ELEMENT if name != "cosh of arccosh"])
def test_so_it_is_element_by_element(name, n):
    f, points = IDENTITIES[name]
    if n == N:
        points = points[:1]
    for x in points:
        v = np.full(n, 0.3)
        v[::3] = x
        t = ga.tensor(v)
        np.sum(f(t)).backward()
        assert not np.isfinite(t.grad[0]) or abs(t.grad[0] - 1) < 1e-6, t.grad[0]
        regular = np.abs(t.grad[1::3] - t.grad[1]) + np.abs(t.grad[1] - ga.grad(f)(0.3))
        assert np.max(regular) < 1e-12


def test_a_plan_leaves_it_to_the_careful_sweep():
    for _ in range(12):
        x = ga.tensor([0.0, 4.0])
        np.sum(np.exp(np.log(x)) + np.where(x > 0, np.log(x), 0.0)).backward()
        np.testing.assert_array_equal(x.grad, [NAN, 1.25])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * INF * 0.0,
        lambda x: x / 1.0 * 0.0 * INF,
        lambda x: np.array([0.0, 1.0]) @ np.stack([np.log(x), x]),
        lambda x: np.sum(np.stack([x, 1 / x]) * np.array([1.0, 0.0])),
        lambda x: np.sum(np.where(True, np.log(x) * 0.0, 1.0)),
    ],
)
def test_a_result_that_is_nan_has_no_finite_gradient(f):
    value, slope = ga.value_and_grad(f)(1.0 if np.isnan(f(1.0)) else 0.0)
    assert np.isnan(value)
    assert np.isnan(slope)


# --- the slope of a root at 0 ----------------------------------------------------------------------------------------

ZERO = np.zeros(2)
DISTANCES: dict[str, Callable[[Any], Any]] = {
    "square": lambda x: np.sqrt(np.sum(x**2)),
    "product": lambda x: np.sqrt(np.sum(x * x)),
    "np.square": lambda x: np.sqrt(np.sum(np.square(x))),
    "matmul": lambda x: np.sqrt(x @ x),
    "dot": lambda x: np.sqrt(np.dot(x, x)),
    "inner": lambda x: np.sqrt(np.inner(x, x)),
    "vdot": lambda x: np.sqrt(np.vdot(x, x)),
    "einsum": lambda x: np.sqrt(np.einsum("i,i->", x, x)),
    "a form": lambda x: np.sqrt(x @ np.diag([1.0, 2.0]) @ x),
    "a sum of two": lambda x: np.sqrt(x[0] ** 2 + x[1] ** 2),
    "squared": lambda x: np.sqrt(np.sum(x * x)) ** 2,
    "times another": lambda x: np.sqrt(np.sum(x * x)) * np.sum(np.cos(x)),
    "3-norm": lambda x: np.sum(np.abs(x) ** 3) ** (1 / 3),
    "1.5-norm": lambda x: np.sum(np.abs(x) ** 1.5) ** (2 / 3),
    "4-norm": lambda x: np.sum(x**4) ** 0.25,
    "deviation": lambda x: np.sqrt(np.var(x)),
    "deviation by hand": lambda x: np.sqrt(np.mean((x - np.mean(x)) ** 2)),
    "chord": lambda x: np.sqrt(np.sum(2 - 2 * np.cos(x))),
    "by parts": lambda x: np.sqrt(np.sum((x + 1j * x).real ** 2 + (x + 1j * x).imag ** 2)),
}


@pytest.mark.parametrize("f", DISTANCES.values(), ids=DISTANCES)
def test_a_distance_has_gradient_0_at_0(f):
    np.testing.assert_array_equal(ga.grad(f)(ZERO), ZERO)
    np.testing.assert_array_equal(ga.jacrev(lambda x: np.stack([f(x)]))(ZERO), [ZERO])


@pytest.mark.parametrize("n", [3, 80])
def test_distances_between_all_pairs(n):
    x = np.random.default_rng(0).normal(size=(n, 3))
    x[1] = x[0]

    def energy(x):
        return np.sum(np.exp(-np.sqrt(np.sum((x[:, None] - x[None]) ** 2, axis=-1))))

    def without_the_equal_ones(x):
        square = np.sum((x[:, None] - x[None]) ** 2, axis=-1)
        return np.sum(np.where(square > 0, np.exp(-np.sqrt(np.where(square > 0, square, 1.0))), 0.0))

    np.testing.assert_allclose(ga.grad(energy)(x), ga.grad(without_the_equal_ones)(x), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("n", [5, 5000, N])
def test_the_slope_of_a_root_counts_where_it_is_no_distance(n):
    x = np.linspace(0.0, 1.0, n)
    t = ga.tensor(x)
    np.sum(np.log(np.sqrt(t * t)) + np.sqrt(t)).backward()
    assert not np.isfinite(t.grad[0])
    np.testing.assert_allclose(t.grad[1:], 1 / x[1:] + 0.5 / np.sqrt(x[1:]))


@pytest.mark.parametrize("name", [name for name in DISTANCES if name not in ("3-norm", "4-norm")])
def test_a_distance_does_not_change_at_0_in_forward_mode_either(name):
    np.testing.assert_array_equal(ga.jvp(DISTANCES[name], (ZERO,), (np.array([1.0, -2.0]),))[1], 0)


def test_a_power_between_whole_ones_is_not_stationary_under_a_root():
    assert np.isnan(ga.grad(lambda x: (x**1.5) ** (2 / 3))(0.0))  # it is x itself
    assert np.isnan(ga.grad(lambda x: np.sqrt(x**1.5))(0.0))  # infinite, as the slope of x ** 0.75


def test_an_infinite_operand_counts_where_the_cotangent_is_a_zero_of_the_data():
    def f(w, z):
        return np.sum((np.array([[INF, 1.0]]) @ w) * z)

    np.testing.assert_array_equal(ga.grad(f)(np.ones(2), 0.0), [NAN, 0])


# --- zeros of constants ----------------------------------------------------------------------------------------------

MASK = np.array([0.0, 1.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(MASK * np.sqrt(x)),
        lambda x: MASK @ np.sqrt(x),
        lambda x: np.einsum("i,i->", MASK, np.sqrt(x)),
        lambda x: np.average(np.sqrt(x), weights=MASK),
        lambda x: np.sum(np.array([False, True]) * np.sqrt(x)),
        lambda x: np.sqrt(x)[0] * 0.0 + np.sqrt(x)[1],
        lambda x: np.sqrt(x)[0] ** 0 + np.sqrt(x)[1],
    ],
)
def test_what_a_constant_leaves_out_has_no_slope(f):
    np.testing.assert_array_equal(ga.grad(f)(np.array([0.0, 4.0])), [0, 0.25])


@pytest.mark.parametrize("n", [6, 5000, N])
def test_so_it_is_in_arrays_of_any_size(n):
    x = np.linspace(0.0, 1.0, n)
    mask = np.ones(n)
    mask[[0, 2]] = 0
    t = ga.tensor(x)
    np.sum(mask * np.sqrt(t)).backward()
    np.testing.assert_allclose(t.grad[1:], mask[1:] * 0.5 / np.sqrt(x[1:]))
    assert t.grad[0] == 0


# --- selections ------------------------------------------------------------------------------------------------------


def assigned(x: Any, index: Any) -> Any:
    y = np.log(x)
    y[index] = 0.0
    return np.sum(y)


def copied(x: Any) -> Any:
    y = np.log(x)
    np.copyto(y, 0.0, where=x <= 0)
    return np.sum(y)


X = np.array([0.0, 4.0, 5.0])
# What leaves out the first element, whose logarithm is minus infinity, and the gradient at the other two.
SELECTIONS: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "where": (lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)), [0.25, 0.2]),
    "where a product": (lambda x: np.sum(np.where(x > 0, x * np.log(x), 0.0)), [1 + np.log(4), 1 + np.log(5)]),
    "select": (lambda x: np.sum(np.select([x > 0], [np.log(x)], 0.0)), [0.25, 0.2]),
    "choose": (lambda x: np.sum(np.choose((x > 0).astype(int), [0 * x, np.log(x)])), [0.25, 0.2]),
    "piecewise": (lambda x: np.sum(np.piecewise(x, [x > 0], [np.log, 0.0])), [0.25, 0.2]),
    "where of a ufunc": (lambda x: np.sum(np.log(x, where=x > 0, out=np.zeros_like(x))), [0.25, 0.2]),
    "maximum": (lambda x: np.sum(np.maximum(np.log(x), -5.0)), [0.25, 0.2]),
    "fmax": (lambda x: np.sum(np.fmax(np.log(x), -5.0)), [0.25, 0.2]),
    "minimum": (lambda x: np.sum(np.minimum(-np.log(x), 5.0)), [-0.25, -0.2]),
    "clip": (lambda x: np.sum(np.clip(np.log(x), -5.0, 5.0)), [0.25, 0.2]),
    "clip, the ufunc": (lambda x: np.sum(np.log(x).clip(-5.0, 5.0)), [0.25, 0.2]),
    "nan_to_num": (lambda x: np.sum(np.nan_to_num(np.log(x))), [0.25, 0.2]),
    "nansum": (lambda x: np.nansum(np.log(x) * np.where(x > 0, 1.0, NAN)), [0.25, 0.2]),
    "nanmean": (lambda x: np.nanmean(np.sqrt(x - 3.0)), [0.25, 0.125 * 2**0.5]),
    "nanprod": (lambda x: np.nanprod(np.sqrt(x - 3.0)), [2**-0.5, 2**-1.5 * 1.0]),
    "nanmax": (lambda x: np.nanmax(np.sqrt(x - 3.0)), [0, 2**-1.5]),
    "max": (lambda x: np.max(np.log(x)), [0, 0.2]),
    "sort": (lambda x: np.sort(np.log(x))[1], [0.25, 0]),
    "partition": (lambda x: np.partition(np.log(x), 2)[2], [0, 0.2]),
    "median": (lambda x: np.median(np.log(x)), [0.25, 0]),
    "unique": (lambda x: np.unique(np.log(x))[1], [0.25, 0]),
    "a slice": (lambda x: np.sum(np.log(x)[1:]), [0.25, 0.2]),
    "a number": (lambda x: np.log(x)[2], [0, 0.2]),
    "a list": (lambda x: np.sum(np.log(x)[[1, 2]]), [0.25, 0.2]),
    "a mask": (lambda x: np.sum(np.log(x)[x > 0]), [0.25, 0.2]),
    "take": (lambda x: np.sum(np.take(np.log(x), [1, 2])), [0.25, 0.2]),
    "compress": (lambda x: np.sum(np.compress([False, True, True], np.log(x))), [0.25, 0.2]),
    "delete": (lambda x: np.sum(np.delete(np.log(x), 0)), [0.25, 0.2]),
    "diff": (lambda x: np.diff(np.log(x))[1], [-0.25, 0.2]),
    "sum, where": (lambda x: np.sum(np.log(x), where=x > 0), [0.25, 0.2]),
    "mean, where": (lambda x: np.mean(np.log(x), where=x > 0), [0.125, 0.1]),
    "max, where": (lambda x: np.max(np.log(x), where=x > 0, initial=-9.0), [0, 0.2]),
    "std, where": (lambda x: np.std(np.log(x), where=x > 0), [-0.125, 0.1]),
    "assignment": (lambda x: assigned(x, 0), [0.25, 0.2]),
    "assignment by a mask": (lambda x: assigned(x, x.data <= 0 if isinstance(x, ga.Tensor) else x <= 0), [0.25, 0.2]),
    "copyto": (copied, [0.25, 0.2]),
    "interp": (lambda x: np.interp(2.5, np.array([1.0, 2.0, 3.0]), np.log(x)), [0.125, 0.1]),
    "convolve": (lambda x: np.convolve(np.log(x), np.ones(2))[3], [0, 0.2]),
    "triangle": (lambda x: np.sum(np.tril(np.log(np.stack([x[2:], x[:1]], 1)))), [0, 0.2]),
}


def gradient(f: Callable[[Any], Any], x: Any) -> Any:
    t = ga.tensor(x)
    f(t).backward()
    return t.grad


@pytest.mark.parametrize(("f", "expected"), SELECTIONS.values(), ids=SELECTIONS)
def test_a_zero_of_a_selection_wins(f, expected):
    np.testing.assert_allclose(gradient(f, X), [0, *expected], rtol=1e-14)


@pytest.mark.parametrize(("f", "expected"), SELECTIONS.values(), ids=SELECTIONS)
def test_so_it_does_for_large_arrays(f, expected, all_large):
    np.testing.assert_allclose(gradient(f, X), [0, *expected], rtol=1e-14)


@pytest.mark.parametrize("n", [5000, N])
@pytest.mark.parametrize(
    "leave_out",
    [
        lambda x, y: np.where(x > 0, y, 0.0),
        lambda x, y: np.maximum(y, -700.0),
        lambda x, y: np.clip(y, -700.0, None),
        lambda x, y: y[x > 0],
        lambda x, y: np.where(x > 0, y.reshape(1, -1) * 1.0, 0.0)[0],
        lambda x, y: np.sort(y)[np.count_nonzero(x <= 0) :],
    ],
)
def test_so_it_does_in_large_arrays(leave_out, n):
    x = np.random.default_rng(1).permutation(n) / n  # one of them is 0
    expected = np.where(x > 0, 1 / np.where(x > 0, x, 1), 0)
    np.testing.assert_allclose(gradient(lambda t: np.sum(leave_out(t, np.log(t))), x), expected)
    np.testing.assert_allclose(gradient(lambda t: np.sum(leave_out(t, np.log(t) * 1.0) * 2), x), 2 * expected)


def test_a_nan_in_a_large_view_is_seen():
    a = np.full((100, 100), 2.0)
    a[3] = NAN
    kept = np.arange(100) != 3
    g = gradient(lambda w: np.sum(np.where(kept[:, None], (a @ w.T).T.T, 0.0)), np.ones((100, 100)))
    np.testing.assert_array_equal(g, np.full((100, 100), 198.0))


LEFT = np.array([True, False])
# Of two items the second is not finite, and left out; with the gradient by what the case says.
ITEMS: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
    "rows by a matrix": (
        lambda w: np.sum(np.where(LEFT[:, None], np.array([[1.0, 2.0], [NAN, 1.0]]) @ w, 0.0)),
        np.ones((2, 2)),
        [[1, 1], [2, 2]],
    ),
    "tensordot": (
        lambda w: np.sum(np.where(LEFT, np.tensordot(np.array([[3.0, -1.0], [2.0, INF]]), w, 1), 0.0)),
        [1.0, 0.5],
        [3, -1],
    ),
    "convolve": (lambda v: np.convolve(np.array([1.0, 2.0, INF]), v)[0], [1.0, 2.0], [1, 0]),
    "norm": (
        lambda x: np.sum(np.where(LEFT, np.linalg.norm(x, axis=1), 0.0)),
        [[3.0, 4.0], [NAN, 1.0]],
        [[0.6, 0.8], [0, 0]],
    ),
    "inverse": (
        lambda x: np.sum(np.linalg.inv(x)[0]),
        [[[1.0, 0.0], [0.0, 1.0]], [[NAN, NAN], [NAN, NAN]]],
        [[[-1, -1], [-1, -1]], [[0, 0], [0, 0]]],
    ),
    "solve": (
        lambda x: np.sum(np.linalg.solve(np.stack([2 * np.eye(2)] * 2), x[..., None])[0]),
        [[1.0, 2.0], [NAN, 1.0]],
        [[0.5, 0.5], [0, 0]],
    ),
    "determinant": (
        lambda x: np.linalg.det(x)[0],
        [[[2.0, 0.0], [0.0, 2.0]], [[INF, 1.0], [1.0, 1.0]]],
        [[[2, 0], [0, 2]], [[0, 0], [0, 0]]],
    ),
    "determinant of a singular one": (
        lambda x: np.linalg.det(x)[0],
        [[[1.0, 2.0], [2.0, 4.0]], [[NAN, 1.0], [1.0, 1.0]]],
        [[[4, -2], [-2, 1]], [[0, 0], [0, 0]]],
    ),
    "std": (lambda x: np.std(x, axis=1)[0], [[3.0, 5.0], [NAN, 1.0]], [[-0.5, 0.5], [0, 0]]),
    "var": (lambda x: np.var(x, axis=1)[0], [[3.0, 5.0], [INF, 1.0]], [[-1, 1], [0, 0]]),
    "prod": (lambda x: np.prod(x, axis=1)[0], [[3.0, 5.0], [INF, 0.0]], [[5, 3], [0, 0]]),
    "cumprod": (lambda x: np.cumprod(x, axis=1)[0, 1], [[3.0, 5.0], [NAN, 0.0]], [[5, 3], [0, 0]]),
    "a softmax": (
        lambda x: np.log((np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True))[0, 1]),
        [[0.0, 0.0], [NAN, 1.0]],
        [[-0.5, 0.5], [0, 0]],
    ),
}


@pytest.mark.parametrize(("f", "x", "expected"), ITEMS.values(), ids=ITEMS)
def test_an_item_that_is_left_out_has_no_gradient_and_spoils_none(f, x, expected):
    np.testing.assert_allclose(gradient(f, x), expected, rtol=1e-12, atol=1e-12)
    t = np.random.default_rng(5).normal(size=np.shape(x))
    np.testing.assert_allclose(ga.jvp(f, (np.array(x),), (t,))[1], np.sum(expected * t), rtol=1e-12, atol=1e-12)


def test_the_zeros_above_a_cholesky_factor_are_constant():
    x = np.array([[1.0, 0.2, 0.3], [0.1, 2.0, 0.4], [0.5, 0.1, 1.5]])

    def f(x):
        return np.sum(np.cbrt(np.linalg.cholesky(x @ x.T + 2 * np.eye(3))))

    def below(x):
        return np.sum(np.cbrt(np.linalg.cholesky(x @ x.T + 2 * np.eye(3))[np.tril_indices(3)]))

    np.testing.assert_allclose(ga.grad(f)(x), ga.grad(below)(x), rtol=1e-12)


@pytest.mark.parametrize(
    ("f", "x", "exact"),
    [
        (lambda x: np.log(np.exp(x[0]) / np.sum(np.exp(x))), [-800.0, 0.0], [1, -1]),
        (lambda x: np.log(np.exp(-x * x)) + x, 40.0, -79),
        (lambda x: np.sum((np.roots(x) - 1) ** 2).real, [1.0, -2.0, 1.0], [NAN] * 3),
    ],
)
def test_what_has_lost_its_digits_is_not_taken_for_an_optimum(f, x, exact):
    g = gradient(f, x)
    known = np.isfinite(g)
    np.testing.assert_allclose(g[known], np.broadcast_to(exact, g.shape)[known])


@pytest.mark.parametrize("n", [20, 400])
def test_a_masked_row_does_not_reach_the_weights(n):
    rng = np.random.default_rng(2)
    a, w = rng.normal(size=(n, 30)), rng.normal(size=(30, 30))
    kept = np.arange(n) % 5 != 2
    a[~kept, 7] = NAN

    def loss(w, a=a, kept=kept):
        y = np.maximum(a @ w, 0.0) @ w
        return np.sum(np.where(kept[:, None], y, 0.0) ** 2)

    expected = ga.grad(lambda w: loss(w, a[kept], kept[kept]))(w)
    np.testing.assert_allclose(ga.grad(loss)(w), expected, rtol=1e-10)
    np.testing.assert_allclose(ga.jacrev(lambda w: np.stack([loss(w)]))(w)[0], expected, rtol=1e-10)
    t = rng.normal(size=w.shape)
    np.testing.assert_allclose(ga.jvp(loss, (w,), (t,))[1], np.sum(expected * t), rtol=1e-10)


def test_second_derivatives_beside_what_is_left_out():
    def f(x):
        return np.sum(np.where(x > 0, np.log(x) * x[1], 0.0))

    x = np.array([0.0, 2.0])
    expected = [[0, 0], [0, 1 / x[1]]]
    np.testing.assert_allclose(ga.hessian(f)(x), expected)
    np.testing.assert_allclose(ga.jacrev(ga.grad(f))(x), expected)
    np.testing.assert_allclose(ga.jacfwd(ga.grad(f))(x), expected)
    np.testing.assert_allclose(ga.hvp(f)(x, np.array([1.0, 3.0])), [0, 1.5])
    t = ga.tensor(x)
    f(t).backward(create_graph=True)
    first = t.grad
    np.testing.assert_allclose(first.data, [0, 1 + np.log(2)])
    t.null_grad()
    np.sum(first).backward()
    np.testing.assert_allclose(t.grad, [0, 0.5])


def test_a_function_of_the_users_own_is_asked_for_nothing_else():
    calls = []

    @ga.custom_gradient
    def logarithm(x):
        def pull(g):
            calls.append(1)
            return g / x

        return np.log(x), pull

    np.testing.assert_array_equal(gradient(lambda x: np.where(False, logarithm(x), x), 0.0), 1)
    assert len(calls) == 2  # the second time with care
    assert np.isnan(gradient(lambda x: np.exp(logarithm(x)), 0.0))


def test_loops_over_elements_stay_linear():
    x = np.linspace(0.0, 1.0, 300)

    def f(t):
        y = np.zeros_like(t)
        for i in range(len(x)):
            y[i] = np.sqrt(t[i]) if i else 0.0 * t[i]
        return np.sum(np.where(x > 0, y, 0.0)) + np.where(False, np.log(t[0]), 0.0)

    np.testing.assert_allclose(gradient(f, x)[1:], 0.5 / np.sqrt(x[1:]))


# --- a NaN or an infinity in what is left out, in every function ------------------------------------------------------

# Results that are finite, and whose derivatives are not where they were: within one matrix, all elements hang together.
TOGETHER = {"decompositions-qr", "decompositions-full_qr", "decompositions-cholesky", "norms-det", "creation-geomspace"}


def cases(sample: Sample, value: float) -> Any:
    """Yield operands of which one has an infinity or a NaN in one place that makes some of the results undefined."""
    operands = arrays(sample.operands, generator(sample))
    plain = checks.floating(sample(*operands))
    for k, x in enumerate(operands):
        if not x.size:
            continue
        place = tuple(n // 2 for n in x.shape)
        spoilt = [np.array(y) for y in operands]
        spoilt[k][place] = value
        try:
            found = checks.floating(sample(*[y.copy() for y in spoilt]))
        except (ValueError, np.linalg.LinAlgError):  # NumPy refuses it
            continue
        if [y.shape for y in found] != [y.shape for y in plain]:
            continue
        kept = [np.isfinite(y) for y in found]
        if all(m.all() for m in kept):
            continue
        # All others have to be what they were: sort, for one, puts a NaN last.
        if all(np.allclose(a[m], b[m]) for a, b, m in zip(found, plain, kept, strict=True)):
            yield k, place, operands, spoilt, kept


def weighed(sample: Sample, kept: Any, choose: Callable[..., Any]) -> Callable[..., Any]:
    rng = np.random.default_rng(3)
    weights = [rng.uniform(0.5, 1.5, m.shape) for m in kept]

    def loss(*xs: Any) -> Any:
        results = checks.floating(sample(*xs))
        return sum(np.sum(np.real(choose(m, w * y))) for m, w, y in zip(kept, weights, results, strict=True))

    return loss


CHOICES: dict[str, Callable[..., Any]] = {
    "where": lambda m, y: np.where(m, y, 0.0),
    "index": lambda m, y: y[m],
    "numbers": lambda m, y: np.where(m, np.nan_to_num(y), 0.0),
}


def check_left_out(sample: Sample, value: float, way: str, forward: bool = False) -> None:
    if any(sample.func.__name__ == name.partition("-")[2] for name in TOGETHER):
        pytest.skip("within one matrix, or between two ends, all elements hang together")
    if sample.func is np.linalg.cond and np.lib.NumpyVersion(np.__version__) >= "2.5.0":
        pytest.skip("NumPy 2.5 has no singular values of a matrix with a NaN, which the derivative asks for")
    for k, place, operands, spoilt, kept in cases(sample, value):
        loss = weighed(sample, kept, CHOICES[way])
        pairs = zip(pulled(loss, operands), operands, strict=True)
        expected = [np.zeros(x.shape) if g is None else np.array(g) for g, x in pairs]
        expected[k][place] = 0
        found = pulled(loss, spoilt)
        for g, e in zip(found, expected, strict=True):
            np.testing.assert_allclose(0 if g is None else g, e, rtol=1e-6, atol=1e-9)
        if forward:
            rng = np.random.default_rng(4)
            directions = [rng.normal(size=x.shape) for x in operands]
            slope = ga.jvp(loss, tuple(spoilt), tuple(directions), drop_in=False)[1]
            total = sum(np.sum(e * t) for e, t in zip(expected, directions, strict=True))
            np.testing.assert_allclose(slope, total, rtol=1e-6, atol=1e-9)


def pulled(loss: Callable[..., Any], operands: Any) -> list[Any]:
    variables = [ga.tensor(x) for x in operands]
    total = loss(*variables)
    if isinstance(total, ga.Tensor):
        total.backward()
    return [x.grad for x in variables]


@each()
def test_what_is_left_out_does_not_matter(sample):
    number = zlib.crc32(sample.name.encode()) // 8
    check_left_out(sample, (NAN, INF)[number % 2], list(CHOICES)[number % 3], forward=True)


@pytest.mark.parametrize("name", list(SAMPLES)[::4])
def test_nor_does_it_for_large_arrays(name, all_large):
    check_left_out(SAMPLES[name], NAN, "index")
