"""All sorts of functions: with a program, at every point, they give and change what they do without one."""

from __future__ import annotations

import collections
import copy
import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.transforms.containers import flatten
from tests.checks import is_complex

rng = np.random.default_rng(0)
x, X, Y = rng.normal(size=3), rng.normal(size=(4, 3)), rng.normal(size=4)
W: dict[str, Any] = {"W": rng.normal(size=(3, 5)), "b": np.zeros(5), "V": rng.normal(size=5)}
opposite = {name: -2 * value for name, value in W.items()}
labels = np.array([0, 1, 2, 3])


def loss(p: Any, X: Any, Y: Any) -> Any:
    return np.mean((np.tanh(X @ p["W"] + p["b"]) @ p["V"] - Y) ** 2)


optimizer = ga.nnet.optimizers.adam(0.01)


def step(p: Any, state: Any, X: Any, Y: Any) -> Any:
    value, gradients = ga.value_and_grad(loss)(p, X, Y)
    updates, state = optimizer.update(gradients, state, p)
    return {name: p[name] + updates[name] for name in p}, state, value


def descend(p: Any, X: Any, Y: Any) -> Any:
    gradients = ga.grad(loss)(p, X, Y)
    for name in p:
        p[name] -= 0.1 * gradients[name]
    return loss(p, X, Y)


def classify(W: Any, X: Any, t: Any) -> Any:
    return ga.grad(lambda W: ga.nnet.softmax_crossentropy(np.maximum(X @ W, 0), t))(W)


@ga.custom_gradient
def rooted(x: Any) -> Any:
    y = np.sqrt(np.abs(x))
    return y, lambda g: g / (2 * y + 1e-3) * np.sign(x)


root = ga.implicit_root(lambda y, a: y * y - a, lambda a: np.sqrt(a))


def f(x: Any) -> Any:
    return np.sum(x[1:] * np.sin(x[:-1])) + x[0] ** 3


Pair = collections.namedtuple("Pair", "a b")


@dataclasses.dataclass
class Data:
    a: Any
    b: float = 2.0


def recursive(x: Any, n: int) -> Any:
    return x if n == 0 else np.sin(recursive(x, n - 1))


def generated(x: Any) -> Any:
    return sum(x[i] ** 2 for i in range(3))


def newton(a: Any) -> Any:
    y = a * 0 + 1.0
    while np.max(np.abs(y * y - a)) > 1e-9:
        y = 0.5 * (y + a / y)
    return np.sum(y)


def filled(x: Any) -> Any:
    out = np.zeros((3, 3))
    for i in range(3):
        for j in range(i + 1):
            out[i, j] = x[i] * x[j] + (out[i - 1, j] if i else 0)
    return np.sum(np.tril(out) ** 2)


def written(write: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    def call(x: Any) -> Any:
        out = np.empty(3)
        write(out, x)
        return out

    return call


def counted(x: Any, i: Any) -> Any:
    out = np.zeros(4)
    np.add.at(out, i, x)
    return out


def doubled(x: Any) -> Any:
    x *= 2
    return 1 if x[0] > 0 else 2


def sorted_first(x: Any) -> Any:
    x.sort()
    return x[0]


POINTS: dict[str, list[tuple[Any, ...]]] = {
    "x": [(x,), (-x,), (0 * x,), (np.abs(x),), (x[::-1].copy(),), (x * np.nan,)],
    "positive": [(np.abs(x),), (np.abs(x) * 1e4,), (np.abs(x) * 2,)],
    "x v": [(x, x), (-x, 2 * x), (0 * x, x)],
    "net": [(W, X, Y), (opposite, -X, Y)],
    "X": [(X,), (-X,), (2 * X,)],
}
CASES: dict[str, tuple[Callable[..., Any], Any]] = {
    "value_and_grad": (ga.value_and_grad(loss), "net"),
    "adam": (step, [(W, optimizer.init(W), X, Y), (opposite, optimizer.init(W), X, -Y)]),
    "descent in place": (descend, "net"),
    "classification": (classify, [(W["W"], X, labels), (-W["W"], X, labels[::-1] // 2)]),
    "custom_gradient": (ga.grad(lambda x: np.sum(rooted(x))), "x"),
    "checkpoint": (ga.grad(lambda x: np.sum(ga.checkpoint(lambda y: np.sin(y) * y)(x))), "x"),
    "implicit_root": (ga.grad(lambda a: np.sum(root(a) * a)), "positive"),
    **{name: (getattr(ga, name)(f), "x") for name in ("jacobian", "hessian", "jacrev", "jacfwd", "hessian_diagonal")},
    "hvp": (lambda x, v: ga.hvp(f)(x, v), "x v"),
    "jvp": (lambda x, v: ga.jvp(f, (x,), (v,)), "x v"),
    "vjp": (lambda x, v: ga.vjp(lambda x: np.sin(x) * x[0], x)[1](v), "x v"),
    "jacobian of an array that is made": (ga.jacobian(lambda x: np.array([x[0] * x[1], np.sin(x[2])])), "x"),
    "complex": (ga.grad(lambda z: np.sum(np.abs(z * z + 1j))), [(x + 1j * x[::-1],), (x - 2j,)]),
    "float32": (ga.grad(lambda x: np.sum(np.sin(x) * x)), [(x.astype("f4"),), (-x.astype("f4"),)]),
    "empty": (ga.grad(lambda x: np.sum(np.sin(x) * x)), [(np.zeros(0),)]),
    "no axes": (ga.grad(lambda x: np.sin(x) * x), [(np.array(1.0),), (np.array(2.0),), (1.0,), (2.0,)]),
    "integer": (lambda x, n: x**n, [(x, 2), (x, 3), (-x, 2)]),
    "keyword": (lambda x, *, s=2.0: x * s, "x"),
    "many": (lambda *xs: sum(xs), [(x, x), (x, 2 * x, 3 * x)]),
    "orders": (ga.grad(lambda x: np.sum(x @ x.T * x[0, 0])), [(np.asfortranarray(X),), (X,), (X[::-1, ::-1],)]),
    "strided": (ga.grad(lambda x: np.sum(x * x)), [(np.arange(12.0)[::3],)]),
    "None": (lambda x: None, "x"),
    "word": (lambda x: "positive" if x.sum() > 0 else "negative", "x"),
    "results": (lambda x: (x, [2 * x, {"k": x.sum()}], None, 3, "s"), "x"),
    "named tuple": (lambda p: Pair(p.b * 2, p.a), [(Pair(x, x + 1),), (Pair(0 * x, x),)]),
    "dataclass": (lambda d: Data(d.a * d.b, d.b + 1), [(Data(x),), (Data(-x, 3.0),)]),
    "recursion": (ga.grad(lambda x: np.sum(recursive(x, 3))), "x"),
    "generator": (ga.grad(generated), "x"),
    "where": (ga.grad(lambda x: np.sum(np.where(x > 0, x**2, -x))), "x"),
    "mask": (ga.grad(lambda x: np.sum(x[x > 0] ** 2)), "x"),
    "sort": (ga.grad(lambda x: np.sum(np.sort(x) * np.arange(3))), "x"),
    "argmax": (ga.grad(lambda x: x[np.argmax(x)] * x[0]), "x"),
    "unique": (lambda x: np.unique(np.round(x)), "x"),
    "nonzero": (lambda x: np.nonzero(x > 0)[0] * 2, "x"),
    "until convergence": (ga.grad(newton), "positive"),
    "shown": (lambda x: repr(x), "x"),
    "float and int": (lambda x: float(x[0]) * 2 + int(x[1]), [(x,), (-x,), (3 * x,)]),
    "einsum": (ga.grad(lambda A: np.einsum("ij,ik->", A, A)), "X"),
    "det": (ga.grad(lambda A: np.log(np.linalg.det(A @ A.T + np.eye(4)))), "X"),
    "filled": (ga.grad(filled), "x"),
    "copyto": (written(np.copyto), "x"),
    "out": (written(lambda out, x: np.sin(x, out=out)), "x"),
    "add.at": (counted, [(x, np.array([0, 0, 1])), (-x, np.array([3, 2, 1]))]),
    "indices": (ga.grad(lambda x, i: np.sum(x[i] ** 2)), [(x, np.array([0, 0, 1])), (-x, np.array([2, 2, 1]))]),
    "one array twice": (lambda a, b: (a is b, a + b), [(x, -x), (x, x), (-x, x)]),
    "a view of an argument": (lambda x: (x[1:], x), "x"),
    "updated": (lambda x: x.__iadd__(1), "x"),
    "sorted in place": (sorted_first, "x"),
    "a guard behind an update": (doubled, "x"),
    "list": (lambda items: sum(items) * 2, [([x, x + 1],), ([x],)]),
    "function": (lambda g, x: g(x) * 2, [(np.sin, x), (np.cos, x)]),
    "truth values": (lambda m, x: x[m].sum(), [(np.array([True, False, True]), x), (np.zeros(3, bool), x)]),
    "whole numbers": (lambda n: n // 2 + n % 3, [(np.arange(5),), (np.arange(5) - 3,)]),
    "longdouble": (lambda x: x * 2, [(x.astype(np.longdouble),)]),
    "ties": (ga.grad(lambda x: np.max(x) * x[0]), "x"),
    "prod": (ga.grad(lambda x: np.prod(x + 1)), [(x,), (x * [0, 1, 1],), (0 * x,)]),
    "norm": (ga.grad(np.linalg.norm), "x"),
    "a masked logarithm": (ga.grad(lambda x: np.sum(np.where(x > 0, np.log(x), 0))), "x"),
}
# These are carried out as they are: what they take are no numbers.
PLAIN: dict[str, tuple[Callable[..., Any], Any]] = {
    "dates": (lambda d: d + np.timedelta64(1, "D"), [(np.array(["2020-01-01"], "M8[D]"),)]),
    "objects": (lambda d: d + 1, [(np.array([1, 2], object),)]),
}


# Small arrays have a faster way of their own, which rounds otherwise.
ROUNDED = {"prod"}


def _same(a: Any, b: Any, close: bool = False) -> bool:
    """Tell whether two results are equal; where asked, or where NumPy itself varies (complex), but for rounding."""
    (one, shape), (other, _) = flatten(a), flatten(b)
    return repr(shape.unflatten([None] * len(one))) == repr(flatten(b)[1].unflatten([None] * len(other))) and all(
        type(p) is type(q)
        and getattr(p, "dtype", None) == getattr(q, "dtype", None)
        and (
            np.array_equal(p, q, equal_nan=np.asarray(p).dtype.kind in "fc")
            or ((close or is_complex(p)) and np.allclose(p, q, 1e-12))
        )
        for p, q in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("name", [*CASES, *PLAIN])
def test_it_is_the_function(name: str) -> None:
    func, points = CASES.get(name) or PLAIN[name]
    points = POINTS[points] if isinstance(points, str) else points
    run = ga.jit(func, strict=name in CASES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("error", ga.JitWarning)
        for point in (*points, *points):
            mine, others = copy.deepcopy(point), copy.deepcopy(point)
            expected = func(*others)
            assert _same(run(*mine), expected, name in ROUNDED)
            assert _same(mine, others)
    assert bool(run._runs) == (name in CASES)
