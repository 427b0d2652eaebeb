"""Containers leaf by leaf: what users of JAX expect, derivatives, and errors that say where containers differ."""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga


class Point(NamedTuple):
    x: Any
    y: Any


@dataclass
class Layer:
    weight: Any
    bias: Any
    activation: str = "tanh"


class Signal:
    """A container when it is registered."""

    def __init__(self, samples: Any, rate: float) -> None:
        self.samples = samples
        self.rate = rate


V = np.array([0.5, -1.5, 2.0])
CONTAINERS: dict[str, Callable[[Any, Any], Any]] = {
    "list": lambda a, b: [a, b],
    "tuple": lambda a, b: (a, b),
    "dict": lambda a, b: {"w": b, "b": a},
    "default dict": lambda a, b: collections.defaultdict(list, w=b, b=a),
    "named tuple": Point,
    "nested": lambda a, b: {"z": [Point((a,), None), []], "a": (), "c": {"z": b, "b": [a]}},
    "empty": lambda a, b: {"a": [], "b": None},
    "a leaf": lambda a, b: a,
}


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_it_is_as_in_jax(make: Callable[[Any, Any], Any]) -> None:
    """Values, containers, and the order in which the leaves come."""
    tree = pytest.importorskip("jax", reason="compares with JAX").tree
    first, second = make(1.0, 2.0), make(30.0, 40.0)
    seen: list[list[Any]] = [[], []]
    made = []
    for library, into in zip((ga.tree_map, tree.map), seen, strict=True):
        made.append(library(lambda a, b, into=into: into.append((a, b)) or a + b, first, second))
    assert made[0] == made[1]
    assert type(made[0]) is type(made[1])
    assert seen[0] == seen[1]
    assert ga.tree_leaves(first) == tree.leaves(first) == [a for a, _ in seen[0]]
    # What stands in the place of a leaf may be anything.
    assert ga.tree_map(lambda _, b: b, first, make((1, 2), None)) == tree.map(lambda _, b: b, first, make((1, 2), None))
    for whole in (
        lambda part: isinstance(part, list),
        lambda part: part is None,
        lambda part: isinstance(part, tuple),
        lambda part: True,
    ):
        assert ga.tree_map(lambda part: [part], first, is_leaf=whole) == tree.map(
            lambda part: [part], first, is_leaf=whole
        )
        assert ga.tree_leaves(first, is_leaf=whole) == tree.leaves(first, is_leaf=whole)


def test_what_is_no_number_stays() -> None:
    layer = Layer(V, 2.0)
    made = ga.tree_map(lambda p: 2 * p, {"layer": layer, "train": True, "f": np.tanh, "none": None})
    assert type(made["layer"]) is Layer
    np.testing.assert_array_equal(made["layer"].weight, 2 * V)
    assert (made["layer"].bias, made["layer"].activation) == (4.0, "tanh")
    assert (made["train"], made["f"], made["none"]) == (True, np.tanh, None)
    assert layer.bias == 2.0
    assert len(ga.tree_leaves({"layer": layer, "train": True})) == 2
    flipped = ga.tree_map(lambda m: not m, {"w": True, "b": [False]}, is_leaf=lambda part: isinstance(part, bool))
    assert flipped == {"w": False, "b": [True]}


def test_the_leaves_are_in_the_order_of_the_vector() -> None:
    made = {"z": [1.0, {"b": np.array([2.0, 3.0]), "a": 4.0}], "c": (5.0,)}
    flat, _ = ga.flatten(made)
    np.testing.assert_array_equal(np.concatenate([np.ravel(leaf) for leaf in ga.tree_leaves(made)]), flat)
    given = iter(ga.tree_leaves(made))
    assert ga.tree_map(lambda leaf: leaf is next(given), made) == {"z": [True, {"b": True, "a": True}], "c": (True,)}
    assert list(ga.tree_map(abs, {"z": -1, 3: -2})) == ["z", 3]  # keys that have no order


def test_tensors_and_arrays_of_any_kind_are_leaves() -> None:
    given = [ga.tensor(1.0), np.float32(2), np.array(3), 4j, np.zeros((0, 2)), np.bool_(True)]
    assert all(a is b for a, b in zip(ga.tree_leaves(given), given, strict=True))
    t = ga.tensor([1.0, 2.0])
    made = ga.tree_map(lambda p: p**2, {"t": t})
    np.sum(made["t"]).backward()
    np.testing.assert_array_equal(t.grad, [2.0, 4.0])


def test_a_registered_class_is_looked_into() -> None:
    ga.register_container(Signal, lambda s: {"samples": s.samples}, lambda s, parts: Signal(parts["samples"], s.rate))
    made = ga.tree_map(np.add, Signal(V, 8.0), Signal(10 * V, 3.0))
    assert (type(made), made.rate) == (Signal, 8.0)
    np.testing.assert_array_equal(made.samples, 11 * V)
    np.testing.assert_array_equal(ga.tree_map(np.add, Signal(V, 8.0), V).samples, 2 * V)


# --- derivatives -----------------------------------------------------------------------------------------------------


def step_of(p: Any) -> Any:
    moved = ga.tree_map(lambda a, b: np.sin(a) * b + a**3, p, {"b": [p["w"][0], p["w"]], "w": V})
    return sum(np.sum(part**2) for part in ga.tree_leaves(moved))


@pytest.mark.parametrize("transform", [lambda f: f, ga.jit], ids=["", "jit"])
def test_it_is_differentiated(transform: Callable[..., Any]) -> None:
    p = {"w": V, "b": [0.3, np.array([1.0, -0.5, 0.25])]}
    flat, back = ga.flatten(p)
    h = 1e-6
    expected = [(step_of(back(flat + h * e)) - step_of(back(flat - h * e))) / (2 * h) for e in np.eye(flat.size)]
    gradient = transform(ga.grad(step_of))(p)
    np.testing.assert_allclose(ga.flatten(gradient)[0], expected, 1e-6)
    direction = back(np.cos(np.arange(7.0)))
    tangent = ga.jvp(step_of, (p,), (direction,))[1]
    np.testing.assert_allclose(tangent, np.dot(expected, np.cos(np.arange(7.0))), 1e-6)


def test_a_training_loop_in_jaxs_manner() -> None:
    x = np.linspace(-1.0, 1.0, 30)

    def loss(p: Any) -> Any:
        return np.mean((p["layers"][0].weight * x + p["layers"][0].bias - (3 * x - 1)) ** 2)

    p = {"layers": [Layer(np.array(0.0), np.array(0.0), "none")]}
    for _ in range(300):
        p = ga.tree_map(lambda a, g: a - 0.3 * g, p, ga.grad(loss)(p))
    np.testing.assert_allclose(ga.tree_leaves(p), [3.0, -1.0], atol=1e-6)
    assert p["layers"][0].activation == "none"


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ({"w": 1.0}, r"^rest\[0\] is a dict with the parts \['w'\].*a dict with the parts \['w', 'b', 'n'\]$"),
        ({"w": 1.0, "b": [2.0], "n": None, "c": 3.0}, r"^rest\[0\] is a dict with the parts .*'c'\]; "),
        ([1.0, 2.0], r"^rest\[0\] is a list with the parts \[0, 1\]; "),
        (None, r"^rest\[0\] is None; the container that it belongs to is a dict"),
        ({"w": 1.0, "b": 2.0, "n": None}, r"^rest\[0\]\['b'\] is a float; the container that it belongs to is a list"),
        ({"w": 1.0, "b": (2.0,), "n": None}, r"^rest\[0\]\['b'\] is a tuple with the parts \[0\]; .* is a list"),
        ({"w": 1.0, "b": [2.0, 3.0], "n": None}, r"^rest\[0\]\['b'\] is a list with the parts \[0, 1\]; "),
        ({"w": 1.0, "b": [2.0], "n": 3.0}, r"^rest\[0\]\['n'\] is a float; in its place stands None, no number$"),
        ({"w": 1.0, "b": [2.0], "n": []}, r"^rest\[0\]\['n'\] is a list; in its place stands None, no number$"),
    ],
)
def test_other_parts_are_refused(rest: Any, message: str) -> None:
    given = {"w": 1.0, "b": [2.0], "n": None}
    with pytest.raises(ValueError, match=message):
        ga.tree_map(lambda a, b: a, given, rest)
    with pytest.raises(ValueError, match=message.replace("0", "1", 1)):
        ga.tree_map(lambda a, b, c: a, given, given, rest)


def test_truth_values_are_no_leaves_beside_arrays() -> None:
    """Nothing would be done, where JAX's would call the function."""
    with pytest.raises(ValueError, match=r"^rest\[0\]\['w'\] is an ndarray; in its place stands True, no number$"):
        ga.tree_map(lambda m, p: m * p, {"w": True}, {"w": V})
    made = ga.tree_map(lambda p, m: p * m, {"w": V, "b": 1.0}, {"w": True, "b": False})
    np.testing.assert_array_equal(made["w"], V)
    assert made["b"] == 0.0


@pytest.mark.parametrize("wrong", ["relu", object(), np.tanh, True, (x for x in [1.0]), {1.0}], ids=type)
def test_what_is_no_container_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^tree_map takes arrays, numbers and containers of them, not "):
        ga.tree_map(abs, wrong)
    with pytest.raises(TypeError, match=r"^tree_leaves takes arrays, .* ga\.register_container"):
        ga.tree_leaves(wrong)


def test_an_error_of_the_function_is_the_functions() -> None:
    with pytest.raises(ZeroDivisionError):
        ga.tree_map(lambda p: 1 // 0, [1.0])
    with pytest.raises(TypeError, match="positional argument"):
        ga.tree_map(lambda p: p, [1.0], [2.0])
