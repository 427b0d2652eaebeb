"""Code that meets no variable sees in drop-in mode what it sees without: values, types as it asks for them, errors."""

from __future__ import annotations

import ast
import cmath
import copy
import functools
import math
import numbers
import operator

import numpy as np
import pytest

import gradarray as ga

X = np.array([0.3, 0.5, 0.9])
MODULES = (cmath, copy, functools, math, numbers, operator)
NAMES = {module.__name__: module for module in MODULES} | {"np": np, "__name__": "users_module"}
TEXT = """
np.issubdtype(np.float64, np.floating), np.issubdtype(x.dtype, np.floating), np.issubdtype(float, np.number),
np.issubdtype(np.int64, np.floating),
np.dtype(np.float32), np.dtype(float), np.dtype(np.complex128), np.dtype(complex), np.dtype(np.float16).itemsize,
np.zeros(2, np.float32).dtype, np.zeros(2, float).dtype, np.zeros(2, dtype=np.complex64).dtype,
np.empty(0, dtype=np.longdouble).dtype,
np.finfo(np.float32).eps, np.finfo(float).max, np.finfo(np.float64).tiny, np.finfo(x.dtype).eps,
isinstance(1.0, float), isinstance(1, float), isinstance(True, float), isinstance(np.float64(1), float),
isinstance(np.float32(1), float),
isinstance(1.0, numbers.Real), isinstance(1, numbers.Number), isinstance(1j, numbers.Real),
isinstance("a", numbers.Number),
isinstance(np.zeros(2), np.ndarray), isinstance([1], np.ndarray), isinstance(np.float64(1), np.generic),
isinstance(np.float64(1), np.ndarray),
isinstance(x, np.ndarray), isinstance(x[0], np.ndarray), isinstance(x[0], np.floating), isinstance(x[0], float),
isinstance(x[0], numbers.Number),
isinstance(np.sin, np.ufunc), callable(np.sin), np.sin.__name__, np.add.identity, np.add.nin,
type(1.0) is float, type(1.0) == float, type(1) is int, type("a") is str, type(x) == np.ndarray,
type(np.zeros(2)) == np.ndarray,
type(1.0).__name__,
{float: 1, int: 2}[float], {np.float64: 3}[np.float64], {float: 1}[type(1.0)],
{np.sin: 1}[np.sin], np.sin is np.sin, np.sin == np.sin, [np.sin, np.cos].index(np.cos),
float("1.5"), float("inf"), float(2), complex("1+2j"), float(np.float32(0.1)), float(True),
float.fromhex("0x1p-2"), float.__name__, (0.5).hex(), float.is_integer(2.0), (2.0).is_integer(),
issubclass(float, float), issubclass(np.float64, float), issubclass(np.float64, np.floating),
issubclass(int, float), issubclass(type(x), np.ndarray),
list(map(float, ["1", "2"])), sum(map(float, [1, 2])), sorted([3.0, 1.0], key=float),
float is float, float == float, float != int, np.float64 == np.float64, np.ndarray is np.ndarray,
np.float64(3).dtype, np.float32(1) + np.float64(2), np.float64([1, 2]), np.float32("2.5"),
np.array([1, 2]).dtype, np.array([1.0, 2]).dtype, np.array([True]).dtype, np.array(["a"]).dtype,
np.array([1.0, 2], dtype="f4").dtype,
np.arange(3).dtype, np.arange(3.0), np.linspace(0, 1, 3), np.linspace(0, 1, 3, retstep=True),
np.zeros(3).shape, np.zeros((2, 3)).strides, np.zeros((2, 3), order="F").flags.f_contiguous, np.zeros(3).nbytes,
np.zeros(3).itemsize,
np.zeros(3).tolist(), np.ones(2).sum(), np.eye(2).tolist(), np.ones(3).any(), np.ones(3).all(), bool(np.ones(1)),
str(np.zeros(2)), f"{np.ones(2).sum():.2f}", "%g" % np.ones(1)[0], str(np.float64(2)), repr(np.float64(2)),
str(1.5),
np.array_equal(np.zeros(3), [0, 0, 0]), np.allclose(np.ones(2), 1), (np.zeros(2) == 0).all(),
np.zeros(3)[np.zeros(3) == 0].size, np.nonzero(np.ones(3)), np.where(np.ones(2) > 0), np.argmax(np.arange(3.0)),
np.ones(3).argmax(),
int(np.ones(1)[0]), int(np.float64(3.7)), range(int(np.zeros(1)[0])), np.ones(3).astype(int),
np.ones(2).astype(np.float32).dtype,
np.array([1, 2, 3])[np.array([0, 2])], np.arange(5)[np.ones(2).astype(int)], "abc"[int(np.ones(1)[0])],
math.floor(2.5), math.floor(np.float64(2.5)), math.sqrt(4), math.pi, math.factorial(5), math.comb(5, 2),
math.gcd(4, 6), math.inf,
type(math.sqrt(4.0)), type(math.floor(2.5)), type(np.sqrt(4.0)), type(np.float64(1) + 1),
cmath.sqrt(-1), cmath.phase(1j), cmath.polar(1j), cmath.isclose(1, 1),
np.random.default_rng(0).normal(size=2), np.random.default_rng(1).integers(5, size=3),
np.random.default_rng(1).random(),
np.random.RandomState(0).rand(2), np.random.RandomState(3).randint(9),
np.vectorize(lambda a: a + 1)(np.array([1, 2])), np.vectorize(lambda a: a > 1)(np.array([1.0, 2.0])),
np.frompyfunc(lambda a: a, 1, 1)(np.arange(2)).dtype,
np.r_[1, 2.5], np.c_[np.ones(2), np.zeros(2)], np.mgrid[0:2, 0:2].shape, np.ogrid[0:2, 0:2][0].shape, np.s_[1:2],
np.r_[0:3],
np.add.reduce([1, 2]), np.add.accumulate([1, 2]), np.multiply.outer([1, 2], [3, 4]), np.maximum.reduce([1.0, 5.0]),
np.add.reduceat([1, 2, 3], [0, 1]),
np.sum([1, 2]), np.mean([1, 2]), np.max([1, 2]), type(np.sum([1, 2])), np.dot([1, 2], [3, 4]),
np.linalg.norm([3, 4]), np.cross([1, 0, 0], [0, 1, 0]),
np.linalg.eigh(np.eye(2))[0], np.linalg.svd(np.eye(2)).S, np.linalg.eigh(np.eye(2)).eigenvalues,
np.linalg.solve(np.eye(2), np.ones(2)), np.linalg.LinAlgError.__name__,
np.unique([3, 1, 1], return_counts=True), np.histogram([1, 2, 3], bins=2), np.meshgrid([1, 2], [3, 4])[0].shape,
np.split(np.arange(4.0), 2)[1],
np.isscalar(1.0), np.isscalar(np.zeros(1)), np.isscalar(np.zeros(1)[0]), np.isscalar("a"), np.ndim(1.0),
np.shape([1, 2]), np.size(np.ones((2, 3))),
np.asarray([1, 2]) is np.asarray([1, 2]), (lambda a: np.asarray(a) is a)(np.zeros(2)),
(lambda a: np.asarray(a) is a)(np.arange(2)), (lambda a: np.array(a, copy=False) is a)(np.arange(3)),
np.shares_memory((lambda a: a)(np.zeros(3)), np.zeros(3)), (lambda a: np.shares_memory(a, a[1:]))(np.zeros(3)),
(lambda a: a.flags.owndata)(np.zeros(3)),
(lambda a: [a.sort(), a])(np.array([2.0, 1.0])), (lambda a: [a.fill(3), a])(np.zeros(2)),
(lambda a, b: [a.__setitem__(0, 5.0), a, b])(*(lambda z: (z, z[:1]))(np.zeros(2))),
(lambda a: [np.asarray(a).__setitem__(0, 7.0), a])(np.zeros(2)),
(lambda a: [a.ravel().__setitem__(0, 7.0), a])(np.zeros((2, 2))),
hash(1.5) == hash(float(1.5)), hash(np.float64(1.5)), {np.float64(1.5): 1}[1.5],
len(np.zeros(3)), list(np.zeros(2)), max(np.array([1.0, 2.0])), sum(np.ones(3)), sorted(np.array([2.0, 1.0])),
tuple(np.zeros(2)), 1.0 in np.ones(2), np.ones(2).tolist() == [1.0, 1.0],
round(np.ones(1)[0], 2), abs(np.float64(-1)), divmod(np.float64(7), 2), np.float64(7) // 2, -np.zeros(1)[0],
np.ones(1)[0] ** -1,
np.zeros(2, dtype=[("a", float)]).dtype, np.zeros(2, int).dtype, np.zeros(2, bool).dtype,
np.zeros(2, object).dtype, np.zeros(2, "U3").dtype, np.empty((0, 3)).shape,
np.matrix([[1.0, 2.0]]).shape, np.ma.array([1.0, 2.0], mask=[0, 1]).sum(), np.poly1d([1, 2])(3),
np.polynomial.Polynomial([1, 2])(3.0),
np.where([True, False], 1, 2), np.select([[True, False]], [[1, 2]], 0),
np.piecewise(np.arange(3.0), [np.arange(3) > 1], [lambda a: a * 2, 0]), np.interp(0.5, [0, 1], [0, 10]),
np.clip(5, 0, 3),
np.iinfo(np.int32).max, np.can_cast(np.float32, np.float64), np.promote_types(np.float32, np.float64),
np.result_type(np.float32, 1.0), np.min_scalar_type(3),
list(np.ndenumerate(np.arange(2))), list(np.ndindex(2)), [int(a) for a in np.nditer(np.arange(2))],
copy.copy(np.zeros(2)), copy.deepcopy({"a": np.zeros(2)})["a"], np.copy(np.arange(2)), np.zeros(2).copy(),
np.zeros(2).view(),
np.einsum("i,i", [1, 2], [3, 4]), np.tensordot(np.ones(2), np.ones(2), 1), np.kron([1, 2], [1, 1]),
np.outer([1, 2], [3, 4]),
np.fromiter((i for i in range(3)), float), np.fromfunction(lambda i: i, (2,)), np.frombuffer(b"abcd", np.uint8),
np.array(range(3)), np.array(b"a"),
np.errstate(all="ignore").__class__.__name__, np.geterr()["over"], np.pi, np.newaxis, np.inf,
np.nan_to_num(np.nan), np.isnan(np.nan),
type(np.zeros(3).sum()).__name__, type(np.zeros(3)[0]).__name__, type(np.array(1.0)).__name__, np.array(1.0).shape,
np.array(1.0)[()], np.array(1.0).ndim,
float(np.array([1.0])[0]), float(np.array(2.0)), int(np.array(2)), np.array([1.0]).item(),
np.array([[1, 2]]).tolist(),
np.float64.__name__, np.ndarray.__name__, np.sum.__name__, np.zeros.__name__, np.ndarray.__mro__[-1],
isinstance(np.zeros(3)[0], float), isinstance(np.zeros(3).sum(), np.floating),
isinstance(np.zeros(3).max(), numbers.Real), isinstance(np.float64(1), (int, float)),
isinstance(np.ones(1), (list, np.ndarray)), isinstance(2, int | float), isinstance(2.0, int | float),
functools.reduce(np.add, [np.ones(2), np.ones(2)]), functools.partial(np.add, 1)(2),
functools.partial(np.zeros, 2)().tolist(), operator.itemgetter(0)([np.ones(1)]),
eval("np.zeros(2).tolist()"), getattr(np, "sin")(0.0), vars(np)["pi"], np.__name__,
np.__version__ == np.version.version, hasattr(np, "nothing"), getattr(math, "nothing", 1), "sin" in dir(np),
float.__add__(1.0, 2.0), float("nan") != float("nan"), float().__class__.__name__, complex().real,
np.float64(np.array([1.0, 2.0])), np.float64(2).item(), np.float64("3"), np.float64(), np.complex128(1, ),
np.float32(3).tobytes(),
np.lib.stride_tricks.sliding_window_view(np.arange(4.0), 2).shape,
np.lib.stride_tricks.as_strided(np.arange(4.0), (2,), (8,)),
np.lib.stride_tricks.as_strided(np.arange(4), (2, 2), (8, 8)).flags.writeable,
np.testing.assert_allclose(np.ones(2), 1.0), np.testing.assert_array_equal(np.zeros(2), [0, 0]),
isinstance(np.random.default_rng(0), np.random.Generator),
isinstance(np.random.RandomState(0), np.random.RandomState),
isinstance(np.random.default_rng(0), np.random.RandomState),
[type(v).__name__ for v in (1, 1.0, "a", None, [], np.int64(1), np.float64(1.0), np.zeros(1))], type([]) == list,
type(np.int64(1)) == np.int64, type(np.float64(1)) == np.float64, type(np.float64(1)) is np.float64,
type(np.zeros(1)) is np.ndarray,
type("C", (), {"a": 1})().a, type("D", (float,), {})(2.5),
[isinstance(f, np.ufunc) for f in (np.sin, np.add, np.sum, len)],
isinstance(np.nditer(np.arange(2)), np.nditer), isinstance([1.0], (np.nditer, np.ndenumerate, np.vectorize)),
"""
EXPRESSIONS = [ast.unparse(part) for part in ast.parse(f"[{TEXT}]", mode="eval").body.elts]


def in_a_block(f):
    with ga.drop_in(f):
        return f(ga.tensor(X))


CONTEXTS = {
    "grad": lambda f: ga.grad(f)(X),
    "jvp": lambda f: ga.jvp(f, (X,), (X,)),
    "nested": lambda f: ga.hvp(f)(X, X),
    "block": in_a_block,
}


def shown(value) -> str:
    """Return a text of a value, with its types, in which a constant tensor is as an array or as a number."""
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if type(value).__name__ in ("Tensor", "Dual"):
        value = ga.asarray(ga.stop_gradient(value))
    if isinstance(value, (float, np.generic, np.ndarray)):  # a number that float() has made may be NumPy's
        value = np.asarray(value)
        return f"{value.dtype}{value.shape}{value.tolist()}"
    return repr(value)


def seen(source: str, run) -> str:
    names = dict(NAMES)
    exec(f"def users(x):\n    return [{source}]", names)
    users, found = names["users"], []

    def f(x):
        found[:] = users(x)
        return np.sum(x)

    run(f)
    return shown(found)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("source", EXPRESSIONS)
def test_it_is_what_it_is_without(source, context):
    assert seen(source, CONTEXTS[context]) == seen(source, lambda f: f(X))
