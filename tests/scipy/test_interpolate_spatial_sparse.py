"""scipy.interpolate, scipy.spatial and scipy.sparse: what is asked of objects. The tables: test_calls.py."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is not installed")
from scipy import interpolate, sparse, spatial
from scipy.sparse import linalg
from scipy.spatial import distance

import gradarray as ga

from .interpolate_table import P, Q, S, X, Y, Z
from .sparse_table import RIGHT, A, D, M

spline = interpolate.CubicSpline(X, Y)
tree = spatial.KDTree(A)
factors = linalg.splu(M.tocsc())


class Model:
    def __init__(self) -> None:
        self.inner = {"spline": spline}
        self.matrix = M

    def at(self, p: Any) -> Any:
        return self.inner["spline"](p)


@pytest.mark.parametrize(
    "f",
    [lambda p: spline(p), Model().at, lambda p, s=spline: s(p), lambda p: [spline][0](p), lambda p: Model().at(p)],
    ids=["global", "attribute", "default", "list", "made inside"],
)
def test_an_object_from_outside(f: Callable[..., Any]) -> None:
    np.testing.assert_allclose(ga.grad(lambda p: np.sum(f(p)))(P), spline(P, 1), rtol=1e-12)
    np.testing.assert_allclose(ga.jvp(f, (P,), (np.ones(4),))[1], spline(P, 1), rtol=1e-12)
    np.testing.assert_array_equal(ga.vmap(f)(P), spline(P))
    np.testing.assert_array_equal(ga.jit(f)(P), spline(P))


def test_an_object_as_an_argument() -> None:
    np.testing.assert_allclose(ga.grad(lambda p, s: np.sum(s(p)))(P, spline), spline(P, 1), rtol=1e-12)
    np.testing.assert_allclose(ga.grad(lambda b: np.sum(factors.solve(b)))(RIGHT), np.linalg.inv(D).sum(0))
    np.testing.assert_allclose(ga.grad(lambda b: np.sum(Model().matrix @ b))(RIGHT), D.sum(0))


def test_the_methods_are_the_librarys_afterwards() -> None:
    before = {name: vars(interpolate.PPoly).get(name) for name in dir(interpolate.PPoly)}
    with pytest.raises(ZeroDivisionError):
        ga.grad(lambda p: spline(p) / 0 if spline(p) is None else 1 / 0)(1.0)
    ga.grad(lambda p: spline(p))(1.0)
    assert before == {name: vars(interpolate.PPoly).get(name) for name in dir(interpolate.PPoly)}


def test_another_thread_meets_the_library_meanwhile() -> None:
    found = []

    def f(p: Any) -> Any:
        thread = threading.Thread(target=lambda: found.append(spline(P)))
        thread.start()
        thread.join()
        return np.sum(spline(p))

    ga.grad(f)(P)
    assert type(found[0]) is np.ndarray
    np.testing.assert_array_equal(found[0], spline(P))


def test_objects_are_the_librarys_own() -> None:
    kinds = []

    def f(y: Any) -> Any:
        kinds.extend(map(type, (interpolate.CubicSpline(X, y), interpolate.make_interp_spline(X, y))))
        assert isinstance(interpolate.CubicSpline(X, y), interpolate.PPoly)
        return np.sum(interpolate.CubicSpline(X, y)(P))

    ga.grad(f)(Y)
    assert kinds == [interpolate.CubicSpline, interpolate.BSpline]
    mirrored = ga.scipy.interpolate.CubicSpline(X, Y)
    assert isinstance(mirrored, interpolate.CubicSpline) and isinstance(mirrored.derivative(), interpolate.CubicSpline)
    assert type(mirrored(P)) is np.ndarray
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(mirrored))(P), spline(P))
    assert isinstance(ga.scipy.interpolate.make_interp_spline(X, Y), interpolate.BSpline)


def test_a_class_derived_from_the_librarys() -> None:
    class Twice(interpolate.CubicSpline):
        def __call__(self, x: Any, *args: Any) -> Any:
            return 2 * super().__call__(x, *args)

    np.testing.assert_allclose(ga.grad(lambda p: np.sum(Twice(X, Y)(p)))(P), 2 * spline(P, 1), rtol=1e-12)
    np.testing.assert_allclose(
        ga.grad(lambda y: np.sum(Twice(X, y)(P)))(Y), 2 * ga.grad(lambda y: np.sum(interpolate.CubicSpline(X, y)(P)))(Y)
    )


def test_products_outside_of_transforms() -> None:
    t = ga.tensor(RIGHT)
    for out in (M @ t, t @ M.T, M.dot(t), sparse.csr_matrix(D) * t):
        np.testing.assert_allclose(out, D @ RIGHT)
        t.grad = None
        np.sum(out).backward()
        np.testing.assert_allclose(t.grad, D.sum(0))


def test_what_is_chosen_where_there_is_no_value() -> None:
    p = np.array([1.2, 9.0])
    for make in (interpolate.Akima1DInterpolator, lambda x, y: interpolate.CubicSpline(x, y, extrapolate=False)):
        inner = make(X, Y)
        found = ga.grad(lambda p, inner=inner: np.sum(np.where(p < 4, inner(p), 2 * p)))(p)
        np.testing.assert_allclose(found, [inner(1.2, 1), 2.0])
        found = ga.grad(lambda y, make=make: np.sum(np.where(p < 4, make(X, y)(p), 0.0)))(Y)
        assert np.isfinite(found).all() and found.any()
    t, c, k = interpolate.splrep(X, Y, s=0)
    found = ga.grad(lambda p: np.sum(np.where(p < 4, interpolate.BSpline(t, c, k, extrapolate=False)(p), 0.0)))(p)
    np.testing.assert_allclose(found, [interpolate.splev(1.2, (t, c, k), 1), 0.0])


def test_dtypes_and_sizes() -> None:
    for p in (np.float32([0.5, 2.0]), np.zeros(0), np.array(1.2), np.linspace(0, 4, 6)[::2], np.ones((2, 0, 3))):
        g = ga.grad(lambda p: np.sum(spline(p)))(p)
        assert g.dtype == p.dtype
        np.testing.assert_allclose(g, spline(p, 1), rtol=1e-6)
    assert ga.grad(lambda y: np.sum(interpolate.CubicSpline(X, y)([1, 2])))(np.float32(Y)).dtype == np.float32
    equal = ga.grad(lambda a: np.sum(distance.pdist(a)))(np.ones((3, 2)))
    np.testing.assert_array_equal(equal, 0.0)
    for matrix in (M.astype(np.float32), M.astype(int)):
        np.testing.assert_allclose(ga.grad(lambda b, m=matrix: np.sum(m @ b))(RIGHT), matrix.sum(axis=0))


def test_errors_are_the_librarys() -> None:
    with pytest.raises(ValueError, match="must be strictly increasing"):
        ga.grad(lambda y: np.sum(interpolate.CubicSpline(X[::-1], y)(P)))(Y)
    with pytest.raises(ValueError, match="above the interpolation range's maximum"):
        ga.grad(lambda p: np.sum(interpolate.interp1d(X, Y)(p)))(P + 9)
    with pytest.raises(ValueError, match="dimension mismatch"):
        ga.grad(lambda b: np.sum(M @ b[:2]))(RIGHT)


def test_complex_matrices() -> None:
    turned = sparse.csr_array(D * (1 + 0.5j))
    f = lambda b: np.sum(np.abs(turned @ b) ** 2) + np.sum(np.abs(linalg.spsolve(turned, b)) ** 2)  # noqa: E731
    g = ga.grad(f)(RIGHT)
    numbers = [(f(RIGHT + 1e-6 * e) - f(RIGHT - 1e-6 * e)) / 2e-6 for e in np.eye(4)]
    np.testing.assert_allclose(g, numbers, rtol=1e-6)


IN_PROGRAMS: dict[str, tuple[Callable[..., Any], np.ndarray]] = {
    "interp1d": (lambda y: interpolate.interp1d(X, y, "cubic")(P), Y),
    "interp1d by points": (lambda p: interpolate.interp1d(X, Y)(p), P),
    "KroghInterpolator": (lambda y: interpolate.KroghInterpolator(X, y)(P), Y),
    "InterpolatedUnivariateSpline": (lambda y: interpolate.InterpolatedUnivariateSpline(X, y)(P), Y),
    "FloaterHormannInterpolator": (lambda y: interpolate.FloaterHormannInterpolator(X, y)(P), Y),
    "LSQUnivariateSpline": (lambda y: interpolate.LSQUnivariateSpline(X, y, [1.6], k=2)(P), Y),
    "CubicSpline": (lambda y: interpolate.CubicSpline(X, y)(P), Y),
    "BSpline": (lambda c: interpolate.BSpline(np.arange(9.0), c, 3)(P + 3), Y),
    "PPoly": (lambda c: interpolate.PPoly(c, X)(P), np.ones((2, 4))),
    "RegularGridInterpolator": (lambda y: interpolate.RegularGridInterpolator((X,), y)(P[:, None]), Y),
    "LinearNDInterpolator": (lambda z: interpolate.LinearNDInterpolator(S, z)(Q), Z),
    "NearestNDInterpolator": (lambda z: interpolate.NearestNDInterpolator(S, z)(Q), Z),
    "CloughTocher2DInterpolator": (lambda z: interpolate.CloughTocher2DInterpolator(S, z)(Q), Z),
    "RBFInterpolator": (lambda s: interpolate.RBFInterpolator(s, Z)(Q), S),
    "ConvexHull": (lambda s: spatial.ConvexHull(s).volume, S),
    "KDTree": (lambda s: spatial.KDTree(s).query(Q)[0], S),
}


@pytest.mark.filterwarnings("error::gradarray.JitWarning")
@pytest.mark.parametrize("name", IN_PROGRAMS)
def test_objects_made_in_programs(name: str) -> None:
    """A program is right at other values than those that it was written at."""
    f, x = IN_PROGRAMS[name]
    gradient = ga.grad(lambda x: np.sum(f(x) ** 2))
    run = ga.jit(gradient)
    for at in (x, x * 1.01, x * 0.97):
        np.testing.assert_array_equal(run(at), gradient(at))


REFUSED: dict[str, tuple[Callable[..., Any], np.ndarray, str]] = {
    "make_interp_spline by sites": (lambda x: interpolate.make_interp_spline(x, Y)(P), X, "no derivative by x"),
    "RegularGridInterpolator by grid": (
        lambda x: interpolate.RegularGridInterpolator((x,), Y)(P[:, None]),
        X,
        "no derivative by points",
    ),
    "RBFInterpolator with neighbors": (lambda z: interpolate.RBFInterpolator(S, z, neighbors=5)(Q), Z, "neighbors="),
    "AAA by values": (lambda y: interpolate.AAA(X, y)(P), Y, "is chosen by the values"),
    "PPoly.extend": (lambda c: interpolate.PPoly(c, X).extend(c, X + 9), np.ones((2, 4)), "no form for variables"),
    "hamming": (lambda a: distance.hamming(a[0], a[1]), A, "compares truth values"),
    "cdist, jaccard": (lambda a: distance.cdist(a, a, "jaccard"), A, "compares truth values"),
    "minkowski by p": (lambda p: distance.minkowski(A[0], A[1], p), np.array(3.0), "no derivative by p"),
    "a row of an array": (lambda d: sparse.csr_array((d, M.indices, M.indptr))[0], M.data, "take it of toarray"),
    "dia_array": (lambda d: sparse.dia_array((d[None], [0]), shape=(4, 4)) @ RIGHT, RIGHT, "cannot hold a variable"),
    "lil_array, filled": (lambda d: _filled(d), RIGHT, "cannot hold a variable"),
    "spilu": (lambda d: linalg.spilu(sparse.csc_array((d, M.indices, M.indptr))), M.data, "no derivative here"),
    "inv": (lambda d: linalg.inv(sparse.csc_array((d, M.indices, M.indptr))), M.data, "no derivative here"),
    "eigs": (lambda d: linalg.eigs(sparse.csc_array((d, M.indices, M.indptr)), k=1), M.data, "no derivative here"),
}


@pytest.mark.parametrize("form", ["dia", "bsr", "lil", "dok"])
def test_a_constant_matrix_of_another_form_meets_one_of_variables(form: str) -> None:
    constant = sparse.csr_array(M).asformat(form)

    def f(d: Any) -> Any:
        variable = sparse.csr_array((d, M.indices, M.indptr), shape=(4, 4))
        both = constant @ variable - constant + variable
        return np.sum(both.toarray() ** 2) / 99 + np.sum(constant.multiply(d[:4]).toarray() ** 2)

    numbers = [(f(M.data + step) - f(M.data - step)) / 2e-5 for step in 1e-5 * np.eye(len(M.data))]
    np.testing.assert_allclose(ga.grad(f)(M.data), numbers, rtol=1e-6, atol=1e-6)


def test_a_matrix_that_is_filled_is_not_filled_for_all_elements() -> None:
    with pytest.raises(Exception, match="cannot hold a variable"):
        ga.vmap(_filled)(np.stack([RIGHT, RIGHT + 1]))


def _filled(d: Any) -> Any:
    matrix = sparse.lil_array((4, 4))
    matrix[0, 1] = d[0]
    return matrix.tocsr() @ RIGHT


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    f, x, message = REFUSED[name]
    with pytest.raises(TypeError, match=message):
        ga.grad(lambda x: np.sum(f(x)))(x)


def test_an_operator_of_the_mirrors_is_the_librarys() -> None:
    made = ga.scipy.sparse.linalg.LinearOperator((2, 2), matvec=lambda v: 2 * v)
    assert isinstance(made, linalg.LinearOperator) and isinstance(made, ga.scipy.sparse.linalg.LinearOperator)
    assert made.dtype == linalg.LinearOperator((2, 2), matvec=lambda v: 2 * v).dtype
    np.testing.assert_array_equal(linalg.cg(made, np.ones(2))[0], [0.5, 0.5])
    with pytest.raises(ValueError, match="dimension mismatch"):
        made @ ga.tensor(np.ones(3))


def test_an_operator_from_outside_is_called_for_what_it_finds() -> None:
    """What a function makes of an array may depend on a variable that stood elsewhere when the operator was made."""
    held = {"k": np.float64(2.0)}
    operator = linalg.LinearOperator((2, 2), matvec=lambda v: held["k"] * v, dtype=float)

    def f(k: Any) -> Any:
        held["k"] = k
        return np.sum(linalg.cg(operator, np.ones(2))[0])

    assert ga.grad(f)(3.0) == pytest.approx(-2 / 9)
    assert ga.jvp(f, (3.0,), (1.0,))[1] == pytest.approx(-2 / 9)
