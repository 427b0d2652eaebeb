"""vmap, by itself and with every other transform, against a loop over the elements."""

from __future__ import annotations

import math
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.transforms.containers import flatten

RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(5, 3)), RNG.normal(size=5), RNG.normal(size=3)
PLACES = np.array([0, 2, 1, 1, 0])


def loss(w: Any, x: Any, y: Any) -> Any:
    return (np.tanh(x @ w) - y) ** 2 + np.sum(w**2) * np.sum(np.sin(x))


def residuals(p: Any, x: Any) -> Any:
    return np.tanh(p * x)


def layer(x: Any) -> Any:
    return np.outer(np.sin(x), x)


@ga.custom_gradient
def three_times(x: Any) -> Any:
    e = np.exp(x)
    return np.log1p(e), lambda g: g * (1 - 1 / (1 + e)) * 3


@ga.registry.primitive
def doubled(x: Any) -> Any:
    return x * 2


ga.registry.rule(doubled, lambda g, _ans, _x: 2 * g)
root = ga.implicit_root(lambda x, a: x * x - a)(lambda a: np.sqrt(a))
block = ga.checkpoint(lambda x: np.sin(x) * x)
jitted = ga.jit(ga.grad(loss))


def filled(x: Any) -> Any:
    out = np.zeros((2, 3))
    out[0] = x
    out[1, 1:] = x[:2]
    out[1] += x
    out *= 2
    x += 1
    x[0] = 5.0
    return out @ x


def stacked(parts: list[Any]) -> Any:
    """Put results side by side, in their containers."""
    trees = [flatten(part) for part in parts]
    return trees[0][1].unflatten([np.stack(column) for column in zip(*[leaves for leaves, _ in trees], strict=True)])


def loop(f: Callable[..., Any], *args: Any, fixed: tuple[Any, ...] = ()) -> Any:
    return stacked([f(*fixed, *[np.array(x)[()] for x in each]) for each in zip(*args, strict=True)])


def agree(found: Any, expected: Any) -> None:
    (found, tree), (expected, same) = flatten(found), flatten(expected)
    assert [*tree.paths()] == [*same.paths()]
    for x, y in zip(found, expected, strict=True):
        assert type(x) is type(y)
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        assert np.allclose(x, y, 1e-11, 1e-12)


# --- inside ----------------------------------------------------------------------------------------------------------

OF_LOSS = {
    "grad": ga.grad(loss),
    "by several": ga.grad(loss, argnums=(0, 1)),
    "by name": ga.grad(loss, argnums="w"),
    "value_and_grad": ga.value_and_grad(loss),
    "aux": ga.grad(lambda w, x, y: (loss(w, x, y), {"twice": x * 2, "same": w}), has_aux=True),
    "value and aux": ga.value_and_grad(lambda w, x, y: (loss(w, x, y), x), has_aux=True),
    "hessian": ga.hessian(loss),
    "hessian by several": ga.hessian(loss, argnums=(0, 1)),
    "diagonal": ga.hessian_diagonal(loss),
    "hvp": lambda w, x, y: ga.hvp(loss)(w, x, x, y),
    "grad of grad": ga.grad(lambda w, x, y: np.sum(ga.grad(loss)(w, x, y) ** 2)),
    "closure": lambda w, x, y: ga.grad(lambda v: loss(v * w, x, y))(np.ones(3)),
    "jitted": jitted,
    "jacobian of gradient": ga.jacobian(ga.grad(loss, argnums=1)),
    "vmap": lambda w, x, y: ga.vmap(ga.grad(loss), in_axes=(None, 0, None))(w, np.stack([x, 2 * x]), y),
    "grad of vmap": ga.grad(lambda w, x, y: np.sum(ga.vmap(lambda a: loss(w, a, y))(np.stack([x, 2 * x])))),
}
OF_ONE = {
    "jacobian": ga.jacobian(layer),
    "jacrev": ga.jacrev(layer),
    "jacfwd": ga.jacfwd(layer),
    "jacobian, aux": ga.jacobian(lambda x: (np.sin(x), x), has_aux=True),
    "jacobian, stacked": ga.jacobian(lambda x: (np.sin(x), x @ x), stack=True),
    "jacobian of containers": ga.jacobian(lambda p: {"a": p[0] * p[1], "b": p[1]}),
    "ggnvp": lambda x: ga.ggnvp(residuals)(W, x, x),
    "ggnvp, g": lambda x: ga.ggnvp(residuals, lambda z: np.sum(z**4))(W, x, x),
    "jvp": lambda x: ga.jvp(lambda x: np.sin(x) * W, (x,), (x,)),
    "jvp, constant": lambda x: ga.jvp(lambda v: v * x, (W,), (W,)),
    "vjp": lambda x: ga.vjp(lambda x: np.sin(x) * W, x)[1](x),
    "linearize": lambda x: ga.linearize(lambda x: np.sin(x) * W, x)[1](x),
    "elementwise_grad": ga.elementwise_grad(np.sin),
    "custom_gradient": ga.grad(lambda x: np.sum(three_times(x))),
    "primitive": ga.grad(lambda x: np.sum(doubled(x))),
    "checkpoint": ga.grad(lambda x: np.sum(block(x))),
    "implicit_root": ga.grad(lambda x: np.sum(root(x * x + 1))),
    "stop_gradient": ga.grad(lambda x: np.sum(ga.stop_gradient(x) * x)),
    "filled": filled,
    "grad of filled": ga.grad(lambda x: np.sum(filled(x))),
    "math": lambda x: math.sin(x[0]) + float(x[1]),
    "lists": lambda x: np.array([[x[0], 1.0], [x[1] * 2, x[2]]]).T,
    "sum of a list": lambda x: np.sum([x[0], 1.0, x[1] * 2]),
    "mirror": lambda x: np.asarray(ga.grad(lambda x: ga.sum(ga.sin(x) * ga.concatenate([x, x])[:3]))(x)),
}


@pytest.mark.parametrize("name", OF_LOSS)
def test_of_a_loss(name: str) -> None:
    f = OF_LOSS[name]
    expected = loop(f, X, Y, fixed=(W,))
    agree(ga.vmap(f, in_axes=(None, 0, 0))(W, X, Y), expected)
    agree(ga.vmap(lambda w, x, y: f(w, x, y))(np.stack([W] * 5), X, Y), expected)


@pytest.mark.parametrize("name", OF_ONE)
def test_of_one_argument(name: str) -> None:
    agree(ga.vmap(OF_ONE[name])(X), loop(OF_ONE[name], X))


def test_tap_sees_each_element() -> None:
    seen: list[Any] = []
    ga.vmap(ga.grad(lambda x: np.sum(ga.tap(x, lambda g: seen.append(g.copy())) ** 2)))(X)
    assert np.array_equal(sorted(seen, key=lambda g: g[0]), sorted(2 * X, key=lambda g: g[0]))


# --- around ----------------------------------------------------------------------------------------------------------

AROUND: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    name: (
        lambda x, f=f: np.sum(np.cos(flatten(ga.vmap(f)(x))[0][0])),
        lambda x, f=f: sum(np.sum(np.cos(flatten(f(row))[0][0])) for row in x),
    )
    for name, f in {
        "plain": lambda x: np.sin(x) * x[0],
        "grad": ga.grad(lambda x: np.sum(np.sin(x) ** 3)),
        "jacobian": ga.jacobian(layer),
        "jacfwd": ga.jacfwd(lambda x: np.sin(x) * x[0]),
        "hessian": ga.hessian(lambda x: np.prod(np.sin(x))),
        "custom_gradient": three_times,
        "checkpoint": block,
        "filled": filled,
        "vmap": ga.vmap(lambda t: t**3),
    }.items()
}


@pytest.mark.parametrize("name", AROUND)
@pytest.mark.parametrize("transform", ["grad", "jvp", "jit", "hvp", "vmap", "tensors"])
def test_around(name: str, transform: str) -> None:
    mapped, looped = AROUND[name]

    def apply(f: Callable[..., Any]) -> Any:
        if transform == "jvp":
            return ga.jvp(f, (X,), (np.cos(X),))
        if transform == "jit":
            run = ga.jit(ga.grad(f))
            return [run(X), run(X * 2), run(X)]
        if transform == "hvp":
            return ga.hvp(f)(X, np.cos(X))
        if transform == "vmap":
            stack = np.stack([X, X * 2])
            return ga.vmap(ga.grad(f))(stack) if f is mapped else np.stack([ga.grad(f)(x) for x in stack])
        if transform == "tensors":
            x = ga.tensor(X)
            with ga.drop_in():
                f(x * 1.0).backward()  # a loop would write into x itself
            return x.grad
        return ga.grad(f)(X)

    agree(apply(mapped), apply(looped))


def test_jacobian_and_hessian_of_what_is_mapped() -> None:
    f = ga.vmap(lambda x: np.sin(x) * x[0])
    agree(ga.jacobian(f)(X), ga.jacobian(lambda x: np.stack([np.sin(row) * row[0] for row in x]))(X))
    agree(
        ga.hessian(lambda w: np.sum(ga.vmap(loss, in_axes=(None, 0, 0))(w, X, Y)))(W),
        ga.hessian(lambda w: sum(loss(w, x, y) for x, y in zip(X, Y, strict=True)))(W),
    )


def test_tensors_are_recorded() -> None:
    w = ga.tensor(W)
    result = ga.vmap(loss, in_axes=(None, 0, 0))(w, X, Y)
    assert isinstance(result, ga.Tensor)
    np.sum(result).backward()
    assert np.allclose(w.grad, sum(ga.grad(loss)(W, x, y) for x, y in zip(X, Y, strict=True)))


# --- axes ------------------------------------------------------------------------------------------------------------


def test_axes() -> None:
    agree(ga.vmap(lambda x: x * 2, in_axes=1)(X), X.T * 2)
    agree(ga.vmap(lambda x: x * 2, in_axes=-1, out_axes=-1)(X), X * 2)
    agree(ga.vmap(lambda x, y: x * y)(X, y=Y), X * Y[:, None])
    agree(ga.vmap(lambda x: np.outer(x, x), out_axes=-1)(X), np.stack([np.outer(x, x) for x in X], -1))
    agree(ga.vmap(lambda x: (x, x.sum(), 3.0), out_axes=(1, 0, 0))(X), (X.T.copy(), X.sum(1), np.full(5, 3.0)))
    agree(ga.vmap(lambda x: (x, W), out_axes=(0, None))(X), (X, W))
    params = {"w": X.T, "b": 2.0}
    found = ga.vmap(lambda p, x: p["w"] @ x + p["b"], in_axes=({"w": 1, "b": None}, 0))(params, X)
    agree(found, np.sum(X * X, 1) + 2)
    agree(ga.vmap(lambda p: p["a"] + p["b"][0])({"a": X, "b": [X]}), 2 * X)


@pytest.mark.parametrize("size", [1, 2, 4, 5, 9])
def test_chunks(size: int) -> None:
    f = ga.vmap(ga.grad(loss), in_axes=(None, 0, 0), out_axes=1, chunk_size=size)
    agree(f(W, X, Y), np.ascontiguousarray(loop(ga.grad(loss), X, Y, fixed=(W,)).T))


def test_one_at_a_time_may_ask_for_anything() -> None:
    def halved(x: Any) -> Any:
        return x * 2 if x[0] > 0 else x[x < 0][:1].sum() + x

    agree(ga.vmap(halved, chunk_size=1)(X), loop(halved, X))


REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "if": (lambda x: x if x[0] > 0 else -x, "np.where"),
    "mask": (lambda x: x[x > 0], "where="),
    "int": (lambda x: np.zeros(int(x[0])), r"astype\(int\)"),
    "range": (lambda x: sum(range(x.argmax())), "the same for all elements"),
    "float": (lambda x: f"{x.__float__()}", "chunk_size=1"),
    "item": (lambda x: x[0].item(), "chunk_size=1"),
    "index of a plain array": (lambda x: W[x.argmax()], r"np\.take\(table, i, axis=0\).*np\.array\(table\)\[i, j\]"),
    "into a plain array": (lambda x: W.__setitem__(slice(None), x), "np.stack"),
    "out=": (lambda x: np.sin(x, out=np.asarray(W).view()), "write"),
    "copyto": (lambda x: np.copyto(W, x), "write"),
    "random": (lambda x: x + np.random.normal(size=3), "argument"),  # noqa: NPY002
    "generator": (lambda x: x + ga.random.default_rng(0).normal(size=3), "argument"),
    "nonzero": (lambda x: np.nonzero(x > 0)[0], "another shape"),
    "in": (lambda x: 1.0 in x, "np.any"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_say_what_to_write(name: str) -> None:
    f, says = REFUSED[name]
    before = W.copy()
    with pytest.raises(ga.VmapError, match=says):
        ga.vmap(f)(X)
    assert np.array_equal(W, before)


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "lengths": (lambda: ga.vmap(loss)(W, X, Y), "w has 3, x has 5, y has 5"),
    "nothing": (lambda: ga.vmap(np.sin, in_axes=None)(X), "no argument is mapped"),
    "axis": (lambda: ga.vmap(lambda x: x, in_axes=3)(X), "axis 3 of x"),
    "number": (lambda: ga.vmap(lambda w, x: x)(2.0, X), "a number has none"),
    "entries": (lambda: ga.vmap(loss, in_axes=(0, 0))(W, X, Y), "2 entries for 3 arguments"),
    "out_axes": (lambda: ga.vmap(lambda x: x, out_axes=5)(X), "out_axes is 5"),
    "None of what is mapped": (lambda: ga.vmap(lambda x: x, out_axes=None)(X), "out_axes is None"),
    "chunk_size": (lambda: ga.vmap(np.sin, chunk_size=0), "chunk_size"),
    "parts": (lambda: ga.vmap(lambda p: p["a"], in_axes=({"b": 0},))({"a": X}), "in_axes"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str) -> None:
    call, says = MISTAKES[name]
    with pytest.raises(ValueError, match=says):
        call()


def test_nothing_is_kept_beyond_its_end() -> None:
    kept: list[Any] = []
    ga.vmap(lambda x: (kept.append(x), x)[1])(X)
    with pytest.raises(ga.VmapError, match="has ended"):
        kept[0] * 2
    with pytest.raises(TypeError, match="no array"):
        ga.vmap(lambda x: None)(X)
    with pytest.raises(ZeroDivisionError):
        ga.vmap(lambda x: 1 // 0)(X)
    agree(ga.grad(lambda x: np.sum(x**2))(W), 2 * W)  # and nothing is mapped here any more


def test_threads() -> None:
    found: dict[int, Any] = {}

    def work(k: int) -> None:
        found[k] = ga.vmap(ga.grad(loss), in_axes=(None, 0, 0))(W * k, X, Y)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k, result in found.items():
        agree(result, loop(ga.grad(loss), X, Y, fixed=(W * k,)))


def test_it_looks_like_the_function_and_can_be_pickled() -> None:
    mapped = ga.vmap(np.sin)
    assert mapped.__name__ == "vmap_of_sin"
    agree(pickle.loads(pickle.dumps(mapped))(X), np.sin(X))


def test_a_plain_array_is_read_at_a_place_of_each_element_as_the_message_says() -> None:
    table, i, j = np.arange(12.0).reshape(4, 3), np.array([3, 0]), np.array([-1, 1])
    agree(ga.vmap(lambda i: np.take(table, i, axis=0))(i), table[i])
    agree(ga.vmap(lambda j: np.take(table, j, axis=1))(j), table[:, j].T)
    agree(ga.vmap(lambda i, j: np.array(table)[i, j])(i, j), table[i, j])
    agree(ga.vmap(ga.grad(lambda t, i: np.sum(np.take(t, i, axis=0) ** 2)), (None, 0))(table, i)[0, 3], 2 * table[3])


def test_the_callers_arrays_stay() -> None:
    x = X.copy()

    def f(x: Any) -> Any:
        x *= 2
        return x

    agree(ga.vmap(f)(x), 2 * X)
    assert np.array_equal(x, X)
    result = ga.vmap(lambda x: x)(x)
    result[...] = 0
    assert np.array_equal(x, X)
