"""Second derivatives at points where a derivative is set by a convention: right, or NaN, in every transform alike.

At a kink the convention's value is no function that could be differentiated once more. The squares of absolute values,
norms and deviations are smooth, though.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga
from gradarray.forward import tangents
from gradarray.tape import careful

pytestmark = pytest.mark.usefixtures("quiet")

INF, LOG2 = np.inf, np.log(2)
norm = np.linalg.norm
Function = Callable[[Any], Any]


class Point(NamedTuple):
    """A function with a scalar result, where, its gradient there, and its Hessian, None where it has none."""

    f: Function
    x: Any
    gradient: Any
    hessian: Any


def deviation(n: int) -> Any:
    """Return the Hessian of the variance of n numbers."""
    return 2 * (np.eye(n) - 1 / n) / n


def twice(f: Function) -> Function:
    """Return the product of the results of two calls."""
    return lambda x: f(x) * f(x)


def with_itself(f: Function) -> Function:
    def product(x: Any) -> Any:
        r = f(x)
        return r * r

    return product


def rows(x: Any) -> Any:
    return np.sum(norm(x, axis=1) ** 2)


def updated(x: Any) -> Any:
    r = np.abs(x)
    r *= x
    return np.sum(r**2)


def complex_size(v: Any) -> Any:
    return np.abs(v[0] + 1j * v[1])


ORIGIN = np.zeros(2)
KINKS = {
    # --- smooth
    "norm squared": Point(lambda x: norm(x) ** 2, ORIGIN, 0, 2 * np.eye(2)),
    "norm, np.square": Point(lambda x: np.square(norm(x)), ORIGIN, 0, 2 * np.eye(2)),
    "norm, float power": Point(lambda x: np.float_power(norm(x), 2), ORIGIN, 0, 2 * np.eye(2)),
    "norm by itself": Point(with_itself(norm), ORIGIN, 0, 2 * np.eye(2)),
    "norm of each row": Point(rows, np.array([[0.0, 0.0], [1.0, 2.0]]), [[0, 0], [2, 4]], 2 * np.eye(4)),
    "norm of each column, kept": Point(
        lambda x: np.sum(norm(x, axis=0, keepdims=True) ** 2), np.zeros((1, 2)), 0, 2 * np.eye(2)
    ),
    "norm of matrices": Point(lambda x: np.sum(norm(x, "fro", (1, 2)) ** 2), np.zeros((2, 1, 2)), 0, 2 * np.eye(4)),
    "vector_norm": Point(lambda x: np.linalg.vector_norm(x) ** 2, np.zeros((2, 1)), 0, 2 * np.eye(2)),
    "vector_norm, an axis": Point(lambda x: np.sum(np.linalg.vector_norm(x, axis=-1) ** 2), ORIGIN, 0, 2 * np.eye(2)),
    "matrix_norm": Point(lambda x: np.linalg.matrix_norm(x) ** 2, np.zeros((2, 1)), 0, 2 * np.eye(2)),
    "hypot": Point(lambda v: np.hypot(v[0], v[1]) ** 2, ORIGIN, 0, 2 * np.eye(2)),
    "hypot with a constant": Point(lambda v: np.sum(np.hypot(v, 0) ** 2), ORIGIN, 0, 2 * np.eye(2)),
    "abs": Point(lambda x: np.abs(x) ** 2, 0.0, 0, 2),
    "abs, by itself": Point(with_itself(np.abs), 0.0, 0, 2),
    "abs, two calls": Point(twice(np.abs), 0.0, 0, 2),
    "abs, some at 0": Point(lambda x: np.sum(np.abs(x) ** 2.0), np.array([0.0, -3.0]), [0, -6], 2 * np.eye(2)),
    "abs, array of exponents": Point(lambda x: np.sum(np.abs(x) ** np.array([2, 2])), ORIGIN, 0, 2 * np.eye(2)),
    "abs, a factor between": Point(lambda x: (2 * np.abs(x)) ** 2 * (1 + x), 1.0, 20, 32),
    "abs, cubed": Point(lambda x: np.abs(x) ** 3, 0.0, 0, 0),
    "abs, updated": Point(updated, ORIGIN, 0, np.zeros((2, 2))),
    "fabs": Point(lambda x: np.fabs(x) ** 2, 0.0, 0, 2),
    "abs of complex numbers": Point(lambda v: complex_size(v) ** 2, ORIGIN, 0, 2 * np.eye(2)),
    "std of one": Point(lambda x: np.std(x), np.array([2.5]), 0, np.zeros((1, 1))),
    "std of one in each row": Point(lambda x: np.sum(np.std(x, axis=1)), np.ones((3, 1)), 0, np.zeros((3, 3))),
    "std of one of three": Point(
        lambda x: np.std(x, where=np.array([True, False, False])), np.ones(3), 0, np.zeros((3, 3))
    ),
    "nanstd of one": Point(lambda x: np.nanstd(np.append(x, np.nan)), np.array([2.5]), 0, np.zeros((1, 1))),
    "std": Point(lambda x: np.std(x) ** 2, np.ones(3), 0, deviation(3)),
    "std, ddof": Point(lambda x: np.std(x, ddof=1) ** 2, np.ones(2), 0, 2 * deviation(2)),
    "std of rows": Point(lambda x: np.sum(np.std(x, axis=1) ** 2), np.ones((1, 3)), 0, deviation(3)),
    "nanstd": Point(lambda x: np.nanstd(x) ** 2, np.ones(2), 0, deviation(2)),
    "power, quadratic": Point(lambda v: v[0] ** v[1], np.array([0.0, 2.0]), 0, [[2, 0], [0, 0]]),
    "power, cubic": Point(lambda v: v[0] ** v[1], np.array([0.0, 3.0]), 0, np.zeros((2, 2))),
    "power, constant exponents": Point(
        lambda x: np.sum(x ** np.arange(4)), np.zeros(4), [0, 1, 0, 0], np.diag([0, 0, 2, 0])
    ),
    "power": Point(
        lambda v: v[0] ** v[1],
        np.array([2.0, 1.0]),
        [1, 2 * LOG2],
        [[0, 1 + LOG2], [1 + LOG2, 2 * LOG2**2]],
    ),
    # --- without a second derivative
    "norm": Point(norm, ORIGIN, 0, None),
    "norm, ord 3": Point(lambda x: norm(x, 3), ORIGIN, 0, None),
    "norm, ord 1.5": Point(lambda x: norm(x, 1.5), np.array([0.0, 1.0]), [0, 1], None),
    "norm, ord 1": Point(lambda x: norm(x, 1), ORIGIN, 0, None),
    "norm, ord inf": Point(lambda x: norm(x, INF), ORIGIN, 0, None),
    "norm, ord 2 of a tie": Point(lambda x: norm(x, 2), np.eye(2), np.eye(2) / 2, None),
    "nuclear norm": Point(lambda x: norm(x, "nuc"), np.ones((2, 2)), np.ones((2, 2)) / 2, None),
    "vector_norm at 0": Point(np.linalg.vector_norm, ORIGIN, 0, None),
    "cosine of a norm": Point(lambda x: np.cos(norm(x)), ORIGIN, 0, -np.eye(2)),
    "norm times its sine": Point(lambda x: norm(x) * np.sin(norm(x)), ORIGIN, 0, 2 * np.eye(2)),
    "norm with the sum of squares": Point(lambda x: norm(x) + norm(x) ** 2, ORIGIN, 0, None),
    "hypot at 0": Point(lambda v: np.hypot(v[0], v[1]), ORIGIN, 0, None),
    "arctan2": Point(lambda v: np.arctan2(v[0], v[1]), ORIGIN, 0, None),
    "abs of complex zero": Point(complex_size, ORIGIN, 0, None),
    "std at equal numbers": Point(np.std, np.ones(3), 0, None),
    "nanstd at equal numbers": Point(np.nanstd, np.ones(3), 0, None),
    "0**1": Point(lambda v: v[0] ** v[1], np.array([0.0, 1.0]), [1, 0], [[0, -INF], [-INF, 0]]),
    "0**0": Point(lambda v: v[0] ** v[1], ORIGIN, 0, None),
    "norm of squares": Point(lambda x: norm(x**2), ORIGIN, 0, None),
    "root of a sum of squares": Point(lambda x: np.sqrt(np.sum(x * x)), ORIGIN, 0, None),
    "its square": Point(lambda x: np.sqrt(np.sum(x * x)) ** 2, ORIGIN, 0, 2 * np.eye(2)),
    "its cosine": Point(lambda x: np.cos(np.sqrt(x @ x)), ORIGIN, 0, -np.eye(2)),
    "root of a form": Point(lambda x: np.sqrt(np.einsum("i,i->", x, x)) ** 2, ORIGIN, 0, 2 * np.eye(2)),
    "root of a variance": Point(lambda x: np.sqrt(np.var(x)) ** 2, np.ones(2), 0, deviation(2)),
    "root of a square": Point(lambda x: np.sqrt(x**2), 0.0, 0, None),
    "root of a fourth power": Point(lambda x: np.sqrt(x**4), 0.0, 0, 2),
    "root of a sixth power": Point(lambda x: np.sqrt(x**6), 0.0, 0, 0),
    "power of a cube": Point(lambda x: (x**3) ** (2 / 3), 0.0, 0, 2),
    "power 3/4 of a square": Point(lambda x: (x * x) ** 0.75, 0.0, 0, INF),
    "power 3/2": Point(lambda x: x**1.5, 0.0, 0, INF),
    "root of 1 - cos": Point(lambda x: np.sqrt(1 - np.cos(x)) ** 2, 0.0, 0, 1),
    # --- piecewise linear ones have the second derivative of their pieces
    "abs at 0": Point(np.abs, 0.0, 0, 0),
    "maximum of a tie": Point(lambda v: np.maximum(v[0], v[1]), ORIGIN, 0.5, np.zeros((2, 2))),
    "clip at its bound": Point(lambda x: np.clip(x, 0, 1), 0.0, 1, 0),
}


# What has no second derivative in the first row, or stands at its kink there. The second row is where all is smooth.
ROWS: dict[str, Function] = {
    "norm": lambda x: norm(x, axis=1),
    "vector_norm": lambda x: np.linalg.vector_norm(x, axis=1),
    "hypot": lambda x: np.hypot(x[:, 0], x[:, 1]),
    "arctan2": lambda x: np.arctan2(x[:, 0], x[:, 1]),
    "abs of complex numbers": lambda x: np.abs(x[:, 0] + 1j * x[:, 1]),
    "std": lambda x: np.std(x, axis=1),
    "by hand": lambda x: np.sqrt(np.sum(x * x, axis=1)),
    "by einsum": lambda x: np.sqrt(np.einsum("ij,ij->i", x, x)),
}
KEPT = np.array([False, True])
LEFT_OUT: dict[str, Function] = {
    "where": lambda r: np.sum(np.where(KEPT, r, 0.0) ** 2 + np.where(KEPT, r, 0.0)),
    "mask": lambda r: np.sum(r[KEPT] ** 3),
    "index": lambda r: np.exp(r[1]),
    "maximum": lambda r: np.sum(np.maximum(r, 0.1) ** 2),
    "max": lambda r: np.max(r) ** 3,
}
# Which are x or worse although a slope vanishes on the way; no derivative at 0 is 0.
NOT_FLAT: dict[str, Function] = {
    "power of a power": lambda x: (x**1.5) ** (2 / 3),
    "of a sum": lambda x: np.sum(np.stack([2 * x**1.5, 0 * x])) ** (2 / 3),
    "float_power": lambda x: np.float_power(np.float_power(x, 1.5), 2 / 3),
    "root of a power": lambda x: np.sqrt(x**1.5),
    "root of a root of a cube": lambda x: np.sqrt(x**3) ** (2 / 3),
    "exponents in an array": lambda x: np.sum(np.stack([x, x]) ** np.array([1.5, 1.75])) ** (2 / 3),
    "chosen": lambda x: np.where(x >= 0, (x**1.5) ** (2 / 3), 0.0),
}


def weight(x: Any) -> Any:
    return np.linspace(1.0, 2.0, np.size(x)).reshape(np.shape(x))


def with_create_graph(f: Function) -> Function:
    def product(x: Any) -> Any:
        t = ga.tensor(x)
        f(t).backward(create_graph=True)
        gradient = t.grad
        t.null_grad()
        np.sum(gradient * weight(x)).backward()
        return np.zeros(np.shape(x)) if t.grad is None else t.grad

    return product


MATRICES: dict[str, Callable[[Function], Function]] = {
    "hessian": ga.hessian,
    "jacfwd of grad": lambda f: ga.jacfwd(ga.grad(f)),
    "jacrev of grad": lambda f: ga.jacrev(ga.grad(f)),
    "jacfwd of jacfwd": lambda f: ga.jacfwd(ga.jacfwd(f)),
    "jacrev of jacfwd": lambda f: ga.jacrev(ga.jacfwd(f)),
    "jacrev of jacrev": lambda f: ga.jacrev(ga.jacrev(f)),
}
PRODUCTS: dict[str, Callable[[Function], Function]] = {
    "hvp": lambda f: lambda x: ga.hvp(f)(x, weight(x)),
    "grad of jvp": lambda f: ga.grad(lambda x: ga.jvp(f, (x,), (weight(x),))[1]),
    "grad of grad": lambda f: ga.grad(lambda x: np.sum(ga.grad(f)(x) * weight(x))),
    "jvp of jvp": lambda f: lambda x: ga.jvp(lambda y: ga.jvp(f, (y,), (weight(x),))[1], (x,), (weight(x),))[1],
    "create_graph": with_create_graph,
}
ROOT = ga.implicit_root(lambda y, x: y - x, lambda x: x)
AROUND: dict[str, Callable[[Function], Function]] = {
    "alone": lambda f: f,
    "beside a stopped gradient": lambda f: lambda x: f(x) + ga.stop_gradient(np.sum(x * x)) * 3,
    "behind an implicit root": lambda f: lambda x: f(ROOT(x)),
}


def right_or_unknown(compute: Callable[[], Any], expected: Any) -> bool:
    """Check that what is known is right, and tell whether all is known."""
    try:
        found = np.asarray(compute())
    except ValueError as error:
        assert "not known" in str(error)
        return False
    known = np.isfinite(found)
    if expected is None:
        assert not known.all(), f"{found} where there is no derivative"
        return False
    expected = np.reshape(expected, found.shape)
    np.testing.assert_allclose(found[known], expected[known], 1e-12, 1e-12)
    return bool(known.all())


@pytest.mark.parametrize(
    ("name", "around"),
    [(name, "alone") for name in KINKS]
    + [(name, around) for name in ("norm squared", "abs", "norm") for around in [*AROUND][1:]],
)
def test_derivatives_at_a_kink(name, around):
    f, x, gradient, hessian = KINKS[name]
    f = AROUND[around](f)
    x = np.asarray(x)[()]
    n = np.size(x)
    gradient = np.broadcast_to(np.asarray(gradient, float), np.shape(x))
    for transform in (ga.grad, ga.jacrev, ga.jacfwd):
        np.testing.assert_allclose(transform(f)(x), gradient, 1e-12, 1e-12)
    np.testing.assert_allclose(ga.jvp(f, (x,), (weight(x),))[1], np.sum(gradient * weight(x)), 1e-12, 1e-12)
    matrix = None if hessian is None else np.reshape(hessian, (n, n))
    product = None if matrix is None or np.isinf(matrix).any() else matrix @ np.reshape(weight(x), -1)
    smooth = list(KINKS).index(name) < list(KINKS).index("norm") and matrix is not None
    known = [right_or_unknown(lambda make=make: make(f)(x), matrix) for make in MATRICES.values()]
    diagonal = None if matrix is None else matrix.diagonal()
    known.append(right_or_unknown(lambda: ga.hessian_diagonal(f)(x), diagonal))
    for way, make in PRODUCTS.items():
        expected = product
        if product is not None and way == "jvp of jvp":
            expected = product @ np.reshape(weight(x), -1)
        known.append(right_or_unknown(lambda make=make: make(f)(x), expected))
    assert all(known) or not smooth


def test_what_is_squared_still_has_its_gradient():
    x = ga.tensor([0.0, 0.0])
    r = np.abs(x)
    np.sum(r * r + 3 * r).backward(create_graph=True)
    np.testing.assert_array_equal(r.grad.data, [3, 3])
    x = ga.tensor([0.0, 2.0])
    r = np.abs(x)
    np.sum(r**2).backward(create_graph=True)
    np.testing.assert_array_equal(r.grad.data, [0, 4])
    np.testing.assert_array_equal(x.grad.data, [0, 4])


@pytest.mark.parametrize("way", LEFT_OUT)
@pytest.mark.parametrize("name", ROWS)
def test_what_a_selection_leaves_out_has_no_kink(name, way):
    def f(x):
        return LEFT_OUT[way](ROWS[name](x))

    def of_the_other(row):
        return f(np.stack([np.array([1e-3, 4e-3]), row]))  # which stays left out, and is smooth

    x = np.array([[0.0, 0.0], [1.0, 2.0]])
    expected = np.zeros((2, 2, 2, 2))
    expected[1, :, 1] = ga.hessian(of_the_other)(x[1])
    flat = expected.reshape(4, 4) @ weight(x).ravel()
    # Forward mode knows nothing of selections: a zero times an infinity is NaN there. And what an extremum leaves out
    # is a factor 0 in a tangent, which is no selection any more where that is differentiated in reverse.
    unclear = name.startswith("by") or way.startswith("max")
    for transform, make in MATRICES.items():
        found = make(f)(x)
        known = np.isfinite(found)
        np.testing.assert_allclose(found[known], expected[known], 1e-9, 1e-12)
        assert known.all() or "jacfwd" in transform or unclear, transform
    for transform, make in PRODUCTS.items():
        found = np.asarray(make(f)(x))
        right = flat @ weight(x).ravel() if transform == "jvp of jvp" else flat.reshape(2, 2)
        known = np.isfinite(found)
        np.testing.assert_allclose(found[known], np.asarray(right)[known], 1e-9, 1e-12)
        assert known.all() or "jvp" in transform or unclear, transform


def test_a_zero_of_the_cotangent_is_no_selection_where_it_varies():
    def pulled(v):
        return ga.vjp(lambda x: norm(x, axis=1), np.array([[0.0, 0.0], [3.0, 4.0]]))[1](v)[0]

    jacobian = ga.jacrev(pulled)(np.zeros(2))
    known = np.isfinite(jacobian)
    np.testing.assert_allclose(jacobian[known], np.stack([[[0, 0], [0, 0]], [[0, 0.6], [0, 0.8]]])[known])
    assert known[1].all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NOT_FLAT)
def test_a_slope_that_vanishes_is_not_taken_for_a_flat_place(name, dtype):
    f = NOT_FLAT[name]
    x = dtype(0)
    for transform in (ga.grad, ga.jacrev, ga.jacfwd, lambda f: lambda x: ga.jvp(f, (x,), (np.ones_like(x),))[1]):
        assert not np.isfinite(transform(f)(x))
    for make in (*MATRICES.values(), *PRODUCTS.values()):
        assert not np.isfinite(make(f)(x))


# Of which no derivative is known at these points: neither that of a first one that is not.
UNKNOWN: dict[str, tuple[Function, Any]] = {
    "slogdet of a singular matrix": (lambda a: np.linalg.slogdet(a)[1], np.ones((2, 2))),
    "a variance without freedom": (lambda x: np.var(x, ddof=3), np.array([1.0, 2.0, 4.0])),
    "a deviation without freedom": (lambda x: np.std(x, ddof=3), np.array([1.0, 2.0, 4.0])),
    "nanvar without freedom": (lambda x: np.nanvar(x, ddof=4), np.array([1.0, 2.0, 4.0])),
    "a variance of one by a mask": (lambda x: np.var(x, ddof=1, where=np.array([True, False])), np.array([1.0, 2.0])),
    "norm of roots": (lambda x: norm(np.sqrt(x)), ORIGIN),
    "norm of cube roots": (lambda x: norm(np.cbrt(x), 3), ORIGIN),
    "hypot of roots": (lambda x: np.hypot(np.sqrt(x[0]), np.sqrt(x[1])), ORIGIN),
    "std of roots": (lambda x: np.std(np.sqrt(x)), ORIGIN),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_has_no_derivative_that_is(name):
    f, x = UNKNOWN[name]
    found = {transform: transform(f)(x) for transform in (ga.grad, ga.jacrev, ga.jacfwd)}
    found["jvp"] = ga.jvp(f, (x,), (weight(x),))[1]
    for transform, make in (MATRICES | PRODUCTS).items():
        found[transform] = make(f)(x)
    for transform, derivative in found.items():
        assert not np.isfinite(derivative).all(), transform


def test_what_a_selection_leaves_out_need_not_be_known():
    matrices = np.stack([np.ones((2, 2)), np.diag([2.0, 4.0])])
    rows = np.array([[1.0, 2.0], [3.0, 5.0]])

    def f(a):
        return np.sum(np.where(KEPT, np.linalg.slogdet(a)[1], 0.0))

    def g(x):
        return np.sum(np.var(x, axis=1, ddof=1, where=np.array([[True, False], [True, True]]))[KEPT])

    inverse = np.diag([0.5, 0.25])
    np.testing.assert_allclose(ga.grad(f)(matrices), np.stack([np.zeros((2, 2)), inverse]))
    np.testing.assert_allclose(ga.grad(g)(rows), [[0, 0], [-2, 2]])
    np.testing.assert_allclose(ga.hvp(f)(matrices, np.ones((2, 2, 2)))[1], -inverse @ np.ones((2, 2)) @ inverse)
    np.testing.assert_allclose(ga.hvp(g)(rows, rows)[1], [-2, 2])


def test_nor_does_it_spoil_what_comes_after_it():
    assert np.isnan(ga.jvp(NOT_FLAT["power of a power"], (0.0,), (1.0,))[1])
    assert ga.jvp(lambda x: np.sqrt(x**2), (0.0,), (1.0,))[1] == 0


def test_nor_does_what_an_interrupt_has_left():
    tangents.met.vanished = careful.SHARP
    assert ga.jvp(lambda x: np.sqrt(x**2), (0.0,), (1.0,))[1] == 0
    assert tangents.met.vanished is None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("f", "x"),
    [
        (np.linalg.norm, np.zeros(3)),
        (lambda x: np.linalg.norm(x, 3), np.zeros(3)),
        (np.linalg.norm, np.zeros((2, 2))),
        (lambda x: np.linalg.norm(x, 2), np.zeros((2, 2))),
        (lambda x: np.linalg.norm(x, "nuc"), np.zeros((2, 2))),
        (lambda x: np.sum(np.linalg.norm(x, axis=0)), np.zeros((3, 1))),
        (np.std, np.ones(3)),
        (lambda x: np.hypot(x[0], x[1]), np.zeros(2)),
        (lambda x: np.sqrt(np.sum(x**2)), np.zeros(3)),
    ],
)
def test_where_a_gradient_is_a_convention_its_derivative_is_unknown_by_every_element(f: Any, x: Any) -> None:
    assert np.isnan(ga.hessian(f)(x)).all()
    assert np.isnan(ga.jacrev(ga.jacrev(f))(x)).all()
    for hessian in (ga.jacfwd(ga.jacfwd(f)), ga.jacfwd(ga.jacrev(f))):
        try:
            assert np.isnan(hessian(x)).all()
        except ValueError as error:  # forward mode refuses it
            assert "singular values coincide" in str(error)


def test_norms_along_an_axis_are_unknown_where_they_are_zero_alone() -> None:
    x = np.array([[0.0, 3.0], [0.0, 4.0]])
    h = ga.hessian(lambda x: np.sum(np.linalg.norm(x, axis=0)))(x)
    assert np.isnan(h[:, 0, :, 0]).all()
    np.testing.assert_allclose(h[:, 1, :, 1], ga.hessian(np.linalg.norm)(x[:, 1]))
    assert not h[:, 0, :, 1].any() and not h[:, 1, :, 0].any()


ORDERS = (None, 0, 1, -1, 2, -2, 1.5, 3, INF, -INF)
OF_MATRICES = ("fro", "nuc", 1, -1, 2, -2, INF, -INF)
VECTORS = {
    "0": np.zeros(3),
    "a tie": np.array([2.0, -2.0, 1.0]),
    "all tie": np.ones(3),
    "some 0": np.array([0.0, 0.0, 1.0]),
}
ONES_AND_ZEROS = {
    "0": np.zeros((2, 2)),
    "a tie": np.eye(2),
    "all tie": np.ones((2, 2)),
    "a row of 0": np.array([[0.0, 0.0], [1.0, 2.0]]),
}
# Of straight pieces: their second derivative is 0, wherever the pieces meet.
STRAIGHT: dict[str, Function] = {
    "max": np.max,
    "min": np.min,
    "ptp": np.ptp,
    "nanmax": np.nanmax,
    "maximum.reduce": np.maximum.reduce,
    "median": np.median,
    "nanmedian": np.nanmedian,
    "percentile": lambda x: np.percentile(x, 30),
    "quantile": lambda x: np.quantile(x, 0.7),
    "sort": lambda x: np.sort(x)[1],
    "partition": lambda x: np.partition(x, 1)[1],
    "unique": lambda x: np.unique(x)[0],
    "abs": lambda x: np.sum(np.abs(x)),
    "largest abs": lambda x: np.max(np.abs(x)),
    "fabs": lambda x: np.sum(np.fabs(x)),
    "clip": lambda x: np.sum(np.clip(x, 0, 2)),
    "maximum": lambda x: np.sum(np.maximum(x, 1)),
    "fmin": lambda x: np.sum(np.fmin(x, x[::-1])),
}
NORMS: dict[str, Function] = {f"norm {p}": lambda x, p=p: norm(x, p) for p in ORDERS}
NORMS |= {f"vector_norm {p}": lambda x, p=p: np.linalg.vector_norm(x, ord=p) for p in ORDERS[1:]}
NORMS_OF_MATRICES: dict[str, Function] = {f"norm {p}": lambda x, p=p: norm(x, p) for p in OF_MATRICES}
NORMS_OF_MATRICES |= {f"matrix_norm {p}": lambda x, p=p: np.linalg.matrix_norm(x, ord=p) for p in OF_MATRICES}
NORMS_OF_MATRICES |= {f"norm {p} of rows": lambda x, p=p: np.sum(norm(x, p, axis=1)) for p in ORDERS}
NORMS_OF_MATRICES |= {f"norm {p} of both axes": lambda x, p=p: norm(x.T, p, axis=(1, 0)) for p in OF_MATRICES}
ROOTS: dict[str, Function] = {
    "sqrt of a sum": lambda x: np.sqrt(np.sum(x * x)),
    "sqrt of squares": lambda x: np.sum(np.sqrt(x * x)),
    "hypot": lambda x: np.hypot(np.hypot(x[0], x[1]), x[2]),
    "std": np.std,
    "nanstd": np.nanstd,
    "sqrt of sizes": lambda x: np.sum(np.sqrt(np.abs(x))),
    "cbrt": lambda x: np.sum(np.cbrt(x)),
}
AT = (
    [(f, x) for f in (STRAIGHT | NORMS | ROOTS).items() for x in VECTORS.items()]
    + [(f, x) for f in NORMS_OF_MATRICES.items() for x in ONES_AND_ZEROS.items()]
)  # fmt: skip


def hessians(f: Function, x: Any) -> dict[str, Any]:
    """Return the Hessian by each way, as a matrix; without those that are refused."""
    found = {}
    ways = MATRICES | {"hvp": lambda f: lambda x: np.stack([ga.hvp(f)(x, v.reshape(x.shape)) for v in np.eye(x.size)])}
    for way, make in ways.items():
        try:
            found[way] = np.reshape(make(f)(x), (x.size, x.size))
        except ValueError as error:
            assert way in ("jacfwd of grad", "jacfwd of jacfwd") and "singular values coincide" in str(error)
    return found


@pytest.mark.parametrize(("named", "point"), AT, ids=[f"{f} at {x}" for (f, _), (x, _) in AT])
def test_what_is_not_known_is_so_in_each_way_and_on_both_sides(named, point):
    f, x = named[1], point[1]
    found = hessians(f, x)
    expected = found["hessian"]
    np.testing.assert_allclose(expected, expected.T, 1e-9, 1e-12)  # NaN at the same places
    for way, matrix in found.items():
        # What forward mode differentiates along a tangent, it knows less of: an unknown part spoils the whole.
        known = np.isfinite(matrix) if way.endswith("of jacfwd") else np.ones(matrix.shape, bool)
        np.testing.assert_allclose(matrix[known], expected[known], 1e-9, 1e-12, err_msg=way)
    if named[0] in STRAIGHT:
        assert not expected.any()
    if point[0] == "0" and named[0] in NORMS | NORMS_OF_MATRICES and " 0" not in named[0]:
        each = np.kron(np.eye(2), np.ones((2, 2))) if named[0].endswith("rows") else np.ones(expected.shape)
        np.testing.assert_array_equal(np.isnan(expected), each)


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("p", [INF, -INF])
def test_what_is_not_the_largest_has_no_part_in_an_infinite_slope(p, place):
    x = np.roll([4.0, -3.0, 3.0] if p < 0 else [2.0, -3.0, 3.0], place)
    expected = ga.grad(lambda x: np.sqrt((np.max if p > 0 else np.min)(np.abs(x)) - 3))(x)
    assert np.isinf(expected).sum() == 2 and expected[place] == 0
    np.testing.assert_array_equal(ga.grad(lambda x: np.sqrt(norm(x, p) - 3))(x), expected)
    both = ga.grad(lambda x: np.sum(np.sqrt(np.linalg.vector_norm(x, ord=p, axis=1) - 3)))(np.stack([x, x]))
    np.testing.assert_array_equal(both, np.stack([expected, expected]))
    large = np.full(100_000, x[place])
    large[[5, 70_000]] = 3, -3
    found = ga.grad(lambda x: np.sqrt(norm(x, p) - 3))(large)
    assert np.isinf(found).sum() == 2 and np.count_nonzero(found) == 2


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("p", [1, -1, INF, -INF])
def test_nor_has_a_row_or_column_that_is_not(p, place):
    x = np.full((3, 3), 1.0)
    lines = x.T if abs(p) == 1 else x
    lines[place] = 2 if p < 0 else 0.5
    gradient = ga.grad(lambda x: np.sqrt(norm(x, p) - 3))(x)
    left_out = (gradient.T if abs(p) == 1 else gradient)[place]
    assert np.isinf(gradient).sum() == 6 and not left_out.any()
