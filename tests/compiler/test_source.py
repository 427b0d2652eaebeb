"""The texts of programs: what readers get, and that it computes the same with nothing but NumPy.

``python -m tests.compiler.test_source`` writes the golden texts anew, to be read before they are committed.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.transforms.containers import flatten

GOLDEN = Path(__file__).parent / "golden"
rng = np.random.default_rng(0)
X = rng.normal(size=(5, 3))
Y = np.eye(2)[[0, 1, 1, 0, 1]]


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def softmax_regression(W: Any, b: Any) -> Any:
    z = X @ W + b
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(np.sum(Y * log_p, axis=1))


def network(params: Any, x: Any) -> Any:
    hidden = np.tanh(x @ params["w1"] + params["b1"])
    out = hidden @ params["w2"]
    return np.mean((out - 1.0) ** 2)


def horner(x: Any) -> Any:
    y = 0.5 * x - 1.0
    for c in (0.25, 2.0):
        y = y * x + c
    return np.sum(y)


def clipped(x: Any) -> Any:
    y = np.where(x > 0, np.sqrt(np.abs(x) + 1), x**3)
    return np.sum(np.maximum(y, 0.1))


def filled(x: Any) -> Any:
    out = np.zeros(3)
    for i in range(3):
        out[i] = x[i] ** 2
    return np.sum(out * x)


def embedded(table: Any) -> Any:
    rows = table[np.array([2, 0, 2])]
    return np.sum(np.sin(rows))


def step(w: Any) -> Any:
    w -= 0.1 * ga.grad(lambda v: np.sum((X @ v - 1) ** 2))(w)


def branching(x: Any) -> Any:
    if x[0] > 0:
        return np.sum(np.exp(x))
    return np.sum(x)


def root(a: Any) -> Any:
    y = a
    while abs(y * y - a) > 1e-3:
        y = 0.5 * (y + a / y)
    return y


def attention(q: Any, k: Any) -> Any:
    scores = q @ k.T / np.sqrt(3.0)
    weights = np.exp(scores) / np.sum(np.exp(scores), axis=-1, keepdims=True)
    return np.sum(weights @ k)


def power(x: Any, y: Any) -> Any:
    return np.sum(x**y)


def joined(x: Any) -> Any:
    y = np.concatenate([x[1:], np.array([1.0, 2.0])])
    return np.sum(np.stack([y, 2 * y]) ** 2)


def summed(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        s = s + np.sin(x[i]) * x[i]
    return s


def recurrence(W: Any, x: Any) -> Any:
    h = np.zeros(3)
    for t in range(len(x)):
        h = np.tanh(W @ h + x[t])
    return np.sum(h)


def pairs(x: Any) -> Any:
    e = 0.0
    for i in range(len(x)):
        for j in range(i):
            r = x[i] - x[j]
            e = e + np.exp(-r * r)
    return e


def grid(a: Any) -> Any:
    e = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            e = e + np.sin(a[i, j])
    return e


def layers(weights: Any, x: Any) -> Any:
    h = x
    for w in weights:
        h = np.tanh(h @ w)
    return np.sum(h)


def neighbours(x: Any) -> Any:
    out = np.zeros(len(x) - 1)
    for i in range(len(x) - 1):
        out[i] = (x[i + 1] - x[i]) ** 2
    return np.sum(out)


CASES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "rosenbrock": (ga.grad(rosenbrock), (np.array([0.5, -1.0, 2.0, 1.0]),)),
    "softmax_regression": (
        ga.value_and_grad(softmax_regression, argnums=(0, 1)),
        (rng.normal(size=(3, 2)), np.ones(2)),
    ),
    "network": (
        ga.grad(network),
        ({"w1": rng.normal(size=(3, 4)), "b1": np.ones(4), "w2": rng.normal(size=(4, 2))}, X),
    ),
    "horner": (ga.value_and_grad(horner), (np.array([0.5, -1.0]),)),
    "clipped": (ga.grad(clipped), (np.array([0.5, -1.0, 2.0]),)),
    "filled": (ga.grad(filled), (np.array([0.5, -1.0, 2.0]),)),
    "embedded": (ga.grad(embedded), (rng.normal(size=(4, 3)),)),
    "step": (step, (np.array([1.0, 2.0, 3.0]),)),
    "branching": (ga.grad(branching), (np.array([1.0, 2.0]),)),
    "root": (ga.grad(root), (2.0,)),
    "attention": (ga.grad(attention, argnums=(0, 1)), (rng.normal(size=(4, 3)), rng.normal(size=(5, 3)))),
    "power": (ga.grad(power, argnums=(0, 1)), (np.array([0.5, 2.0]), np.array([1.5, -1.0]))),
    "joined": (ga.grad(joined), (np.array([0.5, 2.0, 1.0]),)),
    "second_order": (ga.hvp(rosenbrock), (np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.0, 2.0]))),
    "forward_mode": (lambda x, v: ga.jvp(horner, (x,), (v,)), (np.array([0.5, -1.0]), np.array([1.0, 0.5]))),
    "summed": (ga.value_and_grad(summed), (np.linspace(-1, 1, 8),)),
    "recurrence": (ga.value_and_grad(recurrence), (rng.normal(size=(3, 3)), rng.normal(size=(6, 3)))),
    "pairs": (ga.value_and_grad(pairs), (rng.normal(size=7),)),
    "grid": (ga.value_and_grad(grid), (rng.normal(size=(4, 5)),)),
    "layers": (ga.grad(layers), ([rng.normal(size=(2, 2)) for _ in range(6)], X[:, :2])),
    "neighbours": (ga.grad(neighbours), (rng.normal(size=7),)),
}
SURROUNDINGS = {"softmax_regression": (X, Y), "step": (X,)}


def written(name: str) -> str:
    f, args = CASES[name]
    return ga.source(f, *args)


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    assert written(name) == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", CASES)
def test_numpy_alone_computes_the_same(name: str) -> None:
    f, args = CASES[name]
    space: dict[str, Any] = {"np": np, "math": math}
    exec(written(name), space)
    function = [value for key, value in space.items() if key not in ("np", "math", "__builtins__")][-1]
    mine = [np.copy(x) if isinstance(x, np.ndarray) else x for x in args]
    theirs = [np.copy(x) if isinstance(x, np.ndarray) else x for x in args]
    found, expected = flatten(function(*mine, *SURROUNDINGS.get(name, ())))[0], flatten(f(*theirs))[0]
    assert len(found) == len(expected)
    for a, b in zip([*found, *flatten(mine)[0]], [*expected, *flatten(theirs)[0]], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_a_softmax_regression_fits_on_a_screen() -> None:
    assert len(written("softmax_regression").splitlines()) <= 25


def test_what_a_text_was_written_for_is_asserted() -> None:
    space: dict[str, Any] = {"np": np}
    exec(written("branching"), space)
    with pytest.raises(AssertionError):
        space["grad_of_branching"](np.array([-1.0, 2.0]))


def test_a_text_has_no_names_of_the_package() -> None:
    for name in CASES:
        text = written(name)
        assert "ones_" not in text
        assert "errors" not in text
        assert "gradarray" not in text


if __name__ == "__main__":
    for case in CASES:
        (GOLDEN / f"{case}.txt").write_text(written(case))


def test_a_module_of_pythons_is_imported() -> None:
    def f(x: Any) -> Any:
        return math.sin(x) * x if x > 0 else x

    text = ga.source(ga.grad(f), 0.5)
    assert text.startswith("import math\n\n\ndef grad_of_f(x):")
    space: dict[str, Any] = {"np": np}
    exec(text, space)
    assert space["grad_of_f"](0.7) == ga.grad(f)(0.7)


def test_what_fails_is_asserted() -> None:
    def f(A: Any) -> Any:
        try:
            return np.sum(np.linalg.inv(A))
        except np.linalg.LinAlgError:
            return np.sum(A)

    space: dict[str, Any] = {"np": np}
    text = ga.source(f, np.ones((2, 2)))
    exec(text, space)
    assert space["f"](2 * np.ones((2, 2))) == 8
    with pytest.raises(AssertionError):
        space["f"](np.eye(2))


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_zeros_of_another_type_are_written(dtype: Any) -> None:
    x = np.ones((3, 2), dtype)
    text = ga.source(ga.grad(lambda x: np.sum(np.real(x[1:]) * 2)), x)
    assert f"np.zeros((3, 2), np.{dtype.__name__})" in text
