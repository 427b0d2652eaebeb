"""The product of a Hessian with a vector along one tape: by the loop, by a plan, and through a recorded gradient."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.kernels import guard
from gradarray.tape import plans, second
from gradarray.transforms.containers import flatten
from tests.rules.test_rules import SAMPLES
from tests.samples import Sample
from tests.thoroughness import takes


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Know no structure yet, write a plan for the first tape that comes, and watch no array that others still have."""
    monkeypatch.setattr(second, "_known", {})
    monkeypatch.setattr(guard, "watched", {})
    monkeypatch.setattr(plans, "REPEATS", 1)


@pytest.fixture
def ways(monkeypatch):
    """Collect who gave the products: "loop", "plan", or "recorded" where neither did."""
    taken: list[str] = []
    product, along = second.hessian_product, second.along

    def noted(*args: Any) -> Any:
        taken.append("plan")
        found = product(*args)
        if found is None:
            taken[-1] = "recorded"
        return found

    def looped(*args: Any) -> Any:
        taken[-1] = "loop"
        return along(*args)

    monkeypatch.setattr(second, "hessian_product", noted)
    monkeypatch.setattr(second, "along", looped)
    return taken


def recorded(f: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return the same product by the recorded gradient alone, and by the loop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "REPEATS", 64)
        patch.setattr(second, "hessian_product", lambda *_: None)
        return ga.hvp(f, **options)(*args)


def by_differences(f: Callable[..., Any], x: np.ndarray, v: np.ndarray, h: float = 1e-5) -> Any:
    gradient = ga.grad(f)
    return (gradient(x + h * v) - gradient(x - h * v)) / (2 * h)


RNG = np.random.default_rng(5)
X, V = RNG.uniform(0.5, 1.5, (3, 4)), RNG.normal(size=(3, 4))
A, B = RNG.normal(size=(5, 3)), RNG.normal(size=4)

PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "element-wise": lambda x: np.sum(np.sin(x) * np.exp(x) / (1 + x**2) - x**3.5),
    "both operands": lambda x: np.sum((x * x[0] - x[1] / x) * (2.0 - x) * x),
    "a square of itself": lambda x: np.sum(np.multiply(x, x) * x),
    "broadcast": lambda x: np.sum((x - B) * x[:, :1] * np.tanh(x[0]) + x[2] ** 2),
    "network": lambda x: np.mean(np.tanh(np.tanh(A @ x + B) @ x.T + 1.0) ** 2),
    "softmax": lambda x: np.mean(np.log(np.sum(np.exp(x - np.max(x, axis=1, keepdims=True)), axis=1)) - x[:, 1]),
    "indices": lambda x: np.sum(x[[0, 0, 2]] ** 2 * x[::-1]) + x[1, 2] ** 3 * x[0, 0],
    "reductions": lambda x: np.prod(x) + np.sum(np.sum(x**2, axis=0) ** 1.5) + np.max(x) * np.min(x),
    "shapes": lambda x: np.sum(np.reshape(x.T, (2, 6)) ** 3 @ np.ones((6, 2))) + np.sum(np.concatenate([x, x**2])),
    "numbers": lambda x: np.exp(x[0, 0]) * x[1, 1] / x[2, 2] - x[0, 0] ** 3,
    "solve": lambda x: np.sum(np.linalg.solve(x @ x.T + np.eye(3), np.ones(3)) ** 2),
    "linear": lambda x: np.sum(2 * x) - x[0, 0],
    "half of it": lambda x: np.sum(x[0] ** 2),
    "filled": lambda x: np.sum(_filled(x) ** 2),
}


def _filled(x: Any) -> Any:
    y = np.zeros_like(x)
    y[1:] = x[1:] * x[:-1]
    y[0] += x[0] ** 2
    return y


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_products_are_right(f: Any, ways: list[str]) -> None:
    first = ga.hvp(f)(X, V)
    np.testing.assert_allclose(first, by_differences(f, X, V), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(first, recorded(f, X, V), rtol=1e-12, atol=1e-13)
    other = X[::-1] + 0.1
    np.testing.assert_array_equal(ga.hvp(f)(X, V), first)
    np.testing.assert_allclose(ga.hvp(f)(other, V), by_differences(f, other, V), rtol=1e-6, atol=1e-8)
    assert X.shape == first.shape


@pytest.mark.parametrize("name", ["element-wise", "both operands", "broadcast", "network", "softmax", "numbers"])
def test_the_second_tape_has_a_plan(name: str, ways: list[str]) -> None:
    for _ in range(3):
        ga.hvp(PROGRAMS[name])(X, V)
    assert ways == ["loop", "plan", "plan"]


def test_a_plan_is_for_one_structure(ways: list[str]) -> None:
    def f(x: Any, w: Any) -> Any:
        return np.sum(np.sin(x * w) * x)

    outer = ga.tensor(2.0)
    for x, w in ((X, 2.0), (X, B), (X, 2.0), (X[0], A[:, :1]), (X, B), (X[0], A[:, :1])):
        np.testing.assert_allclose(ga.hvp(f)(x, x, w), recorded(f, x, x, w), rtol=1e-13)
    assert "loop" in ways
    assert "plan" in ways
    # A variable from around is an older node: the product goes on its tape.
    found = ga.hvp(f)(X, V, outer)
    np.testing.assert_allclose(found.data, ga.hvp(f)(X, V, 2.0), rtol=1e-13)
    np.sum(found).backward()
    step = 1e-5
    change = np.sum(ga.hvp(f)(X, V, 2.0 + step) - ga.hvp(f)(X, V, 2.0 - step)) / (2 * step)
    np.testing.assert_allclose(outer.grad, change, rtol=1e-6)


def test_which_argument_has_which_direction(ways: list[str]) -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(x**2 * y**3)

    for _ in range(3):
        by_x, by_y = ga.hvp(f, (0, 1))(X, (V, X), V)
        np.testing.assert_allclose(by_x, 2 * V**3 * V + 6 * X * V**2 * X)
        np.testing.assert_allclose(by_y, 6 * X * V**2 * V + 6 * X**2 * V * X)
        turned_y, turned_x = ga.hvp(f, (1, 0))(X, (X, V), V)
        np.testing.assert_array_equal(turned_x, by_x)
        np.testing.assert_array_equal(turned_y, by_y)
        np.testing.assert_allclose(ga.hvp(f, 1)(X, X, V), 6 * X**2 * V * X)
        np.testing.assert_allclose(ga.hvp(f, 0)(X, X, V), 2 * V**3 * X)
    assert "plan" in ways


def test_an_argument_without_influence_has_a_product_of_zeros() -> None:
    for _ in range(2):
        zero, found = ga.hvp(lambda x, y: np.sum(y**2), (0, 1))(X, (V, V), X)
        np.testing.assert_array_equal(zero, np.zeros_like(X))
        np.testing.assert_array_equal(found, 2 * V)


def test_a_variable_that_is_made_inside_has_no_direction() -> None:
    def f(x: Any, inside: bool) -> Any:
        y = ga.tensor(X) if inside else x
        return np.sum(np.sin(y) * y)

    for inside in (False, False, True, False, True):
        expected = 0 if inside else (2 * np.cos(X) - np.sin(X) * X) * V
        np.testing.assert_allclose(ga.hvp(f)(X, V, inside), np.zeros_like(X) + expected, rtol=1e-12)


@pytest.mark.parametrize("x", [0.5, np.float64(0.5), np.array(0.5)])
def test_numbers(x: Any) -> None:
    for _ in range(3):
        found = ga.hvp(lambda x: np.sin(x) * x)(x, 2.0)
        np.testing.assert_allclose(found, 2 * (2 * np.cos(0.5) - np.sin(0.5) * 0.5), rtol=1e-15)
        assert type(found) is (np.ndarray if type(x) is np.ndarray else np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.longdouble])
def test_another_precision(dtype: Any, ways: list[str]) -> None:
    found = ga.hvp(PROGRAMS["network"])(X.astype(dtype), V)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.astype(float), ga.hvp(PROGRAMS["network"])(X, V), rtol=1e-3, atol=1e-5)


def test_nothing_that_it_was_given_is_changed_or_shared() -> None:
    x, v = X.copy(), V.copy()
    for _ in range(3):
        found = ga.hvp(lambda x: np.sum(x * x) / 2)(x, v)
        np.testing.assert_array_equal(found, V)
        assert not np.may_share_memory(found, v)
        found[...] = np.nan
        found = ga.hvp(lambda x, y: np.sum(x * y), (0, 1))(x, (v, v), x)
        assert not np.may_share_memory(found[0], found[1])
        assert not any(np.may_share_memory(part, v) for part in found)
        for part in found:
            part[...] = np.nan
        # One number, spread over the shape; and one array for both.
        found = [
            ga.hvp(lambda x: np.sum(x) ** 2)(x, v),
            *ga.hvp(lambda x, y: np.sum((x + y) ** 2), (0, 1))(x, (v, v), x),
        ]
        assert all(part.flags.writeable and part.base is None for part in found)
        for part, expected in zip(found, (np.full_like(X, 2 * np.sum(V)), 4 * V, 4 * V), strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-13)
            part[...] = np.nan
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(v, V)


def test_a_nan_and_a_kink_are_left_to_the_recorded_gradient(ways: list[str]) -> None:
    def masked(x: Any) -> Any:
        return np.sum(np.where(x > 0, np.sqrt(x) * np.log(x), x**2))

    x = np.array([0.0, 1.0, -2.0])
    for _ in range(3):
        np.testing.assert_allclose(ga.hvp(masked)(x, np.ones(3))[1:], [0, 2], atol=1e-14)
        np.testing.assert_array_equal(ga.hvp(masked)(x, np.ones(3)), recorded(masked, x, np.ones(3)))
        length = ga.hvp(lambda x: np.sqrt(np.sum(x**2)) ** 2)(np.zeros(3), np.ones(3))
        np.testing.assert_array_equal(length, recorded(lambda x: np.sqrt(np.sum(x**2)) ** 2, np.zeros(3), np.ones(3)))
    assert "recorded" in ways


def test_no_tape_is_left() -> None:
    def count() -> int:
        gc.collect()
        return sum(type(x).__name__ == "Node" for x in gc.get_objects())

    f = ga.hvp(PROGRAMS["network"])
    f(X, V), f(X, V)
    gc.collect()
    gc.disable()
    try:
        before = sum(type(x).__name__ == "Node" for x in gc.get_objects())
        for _ in range(5):
            f(X, V)
        assert sum(type(x).__name__ == "Node" for x in gc.get_objects()) == before
    finally:
        gc.enable()
    assert count() <= before


@ga.checkpoint
def block(x: Any, scale: float = 2.0) -> Any:
    return np.tanh(np.sin(x) * scale) * x


def test_checkpoints_are_computed_again_along_the_tape(ways: list[str]) -> None:
    def f(x: Any) -> Any:
        return np.sum(block(block(x) * x, scale=3.0) ** 2)

    for _ in range(2):
        found = ga.hvp(f)(X, V)
        np.testing.assert_allclose(found, by_differences(f, X, V), rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(found, recorded(f, X, V), rtol=1e-12)
    assert "recorded" not in ways
    w = ga.tensor(0.5)  # found outside of the arguments

    def g(x: Any) -> Any:
        return np.sum(ga.checkpoint(lambda x: np.sin(x * w))(x) ** 2)

    np.testing.assert_allclose(ga.hvp(g)(X, V).data, (np.cos(X) * V) / 2, rtol=1e-12)


@pytest.mark.parametrize("n", [5000, 200_000])
def test_large_arrays(n: int, ways: list[str]) -> None:
    x, v = np.linspace(0.1, 1, n), np.cos(np.arange(n))
    for _ in range(2):
        found = ga.hvp(lambda x: np.sum(np.sin(x) * x - x[1:].sum() * x**2))(x, v)
    total, along = np.sum(x[1:]), np.sum(v[1:])
    expected = (2 * np.cos(x) - np.sin(x) * x - 2 * total) * v - 2 * x * along
    expected[1:] -= np.sum(2 * x * v)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-7)
    assert ways == ["loop", "loop"]


# --- every function ---------------------------------------------------------------------------------------------------


def loss_of(sample: Sample) -> Callable[..., Any]:
    def loss(*operands: Any) -> Any:
        result = flatten(sample(*operands))[0]
        parts = [x for x in result if getattr(x, "dtype", np.dtype(int)).kind in "fc"]
        return sum(np.sum(np.real(x * x) * np.cos(np.arange(x.size)).reshape(x.shape)) for x in parts)

    return loss


def outcome(f: Callable[..., Any], *args: Any) -> Any:
    try:
        return [np.asarray(x) for x in flatten(f(*args))[0]]
    except Exception as error:
        return type(error)


def alike(found: Any, expected: Any, **tolerance: float) -> None:
    if isinstance(expected, type) or isinstance(found, type):
        assert found == expected
        return
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, **tolerance)


NAMES = [name for name, s in SAMPLES.items() if s.operands and s.order > 1]
KINDS = ["drawn", "ties", "zeros"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (name, kind)
        for k, name in enumerate(NAMES)
        for kind in KINDS
        if kind == "drawn" or takes(k, 2, KINDS.index(kind))
    ],
)
def test_each_function_has_the_same_product_by_each_way(name: str, kind: str) -> None:
    sample = SAMPLES[name]
    operands = [operand.make(np.random.default_rng(3)) for operand in sample.operands]
    for x in operands:
        if kind != "drawn" and x.size:
            x.flat[: (x.size + 1) // 2] = x.flat[-1] if kind == "ties" else 0.0
    vectors = tuple([np.sin(np.arange(1.0, x.size + 1)).reshape(x.shape) for x in operands])
    loss, every = loss_of(sample), tuple(range(len(operands)))
    args = (operands[0], vectors, *operands[1:])
    expected = outcome(lambda *a: recorded(loss, *a, argnums=every, drop_in=False), *args)
    found = outcome(ga.hvp(loss, every, drop_in=False), *args)
    scale = 1.0 if isinstance(expected, type) else max([np.max(np.abs(x), initial=1) for x in expected], default=1)
    alike(found, expected, rtol=1e-8, atol=1e-10 * (scale if np.isfinite(scale) else 1))
    again = outcome(ga.hvp(loss, every, drop_in=False), *args)  # by a plan, if there is one
    alike(again, found, rtol=0, atol=0)
