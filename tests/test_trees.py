"""Containers: taken apart, put together again, and compared."""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga
from gradarray.trees import flatten, tree_map


class Point(NamedTuple):
    x: Any
    y: Any


@dataclass
class Layer:
    weight: Any
    bias: Any
    activation: str = "tanh"


@dataclass(frozen=True, slots=True)
class Frozen:
    a: Any
    b: Any


@dataclass
class Checked:
    """Its constructor would refuse, or convert, what a transform puts in."""

    value: Any
    doubled: Any = field(init=False)

    def __post_init__(self) -> None:
        if type(self.value) is not float:
            raise TypeError("floats only")
        self.doubled = 2 * self.value


class Vector(list):  # type: ignore[type-arg]
    pass


CONTAINERS: dict[str, Callable[[Any, Any], Any]] = {
    "list": lambda a, b: [a, b],
    "tuple": lambda a, b: (a, b),
    "dict": lambda a, b: {"w": a, 3: b},
    "ordered dict": lambda a, b: collections.OrderedDict(w=a, b=b),
    "default dict": lambda a, b: collections.defaultdict(list, w=a, b=b),
    "named tuple": Point,
    "dataclass": Layer,
    "frozen dataclass": Frozen,
    "subclass of list": lambda a, b: Vector([a, b]),
    "nested": lambda a, b: {"layers": [Layer((a,), None), [Point(b, ())]], "none": None, "name": "net"},
}


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_a_container_is_put_together_again_with_other_leaves(make: Callable[[Any, Any], Any]) -> None:
    leaves, tree = flatten(make(1.0, 2.0))
    assert leaves == [1.0, 2.0]
    made = tree.unflatten([30.0, 40.0])
    assert made == make(30.0, 40.0)
    assert type(made) is type(make(0, 0))


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_the_gradient_has_the_argument_s_container(make: Callable[[Any, Any], Any]) -> None:
    def loss(p: Any) -> Any:
        a, b = flatten(p)[0]
        return np.sum(a**2) * b

    gradient = ga.grad(loss)(make(np.array([1.0, 2.0]), 3.0))
    a, b = flatten(gradient)[0]
    np.testing.assert_array_equal(a, [6.0, 12.0])
    assert type(a) is np.ndarray
    assert b == 5.0
    assert type(b) is np.float64
    assert type(gradient) is type(make(0, 0))


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_the_result_of_a_function_may_be_a_container(make: Callable[[Any, Any], Any]) -> None:
    value, pull = ga.vjp(lambda x: make(x * 2, np.sum(x)), np.array([1.0, 2.0]))
    first, second = flatten(value)[0]
    np.testing.assert_array_equal(first, [2.0, 4.0])
    assert second == 3.0
    np.testing.assert_array_equal(pull(make(np.array([1.0, 10.0]), 100.0))[0], [102.0, 120.0])
    value, tangent = ga.jvp(lambda x: make(x * 2, np.sum(x)), (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))
    assert type(tangent) is type(make(0, 0))
    first, second = flatten(tangent)[0]
    np.testing.assert_array_equal(first, [2.0, 20.0])
    assert second == 11.0


def test_a_defaultdict_keeps_its_default() -> None:
    tripled = tree_map(lambda x: 3 * x, collections.defaultdict(list, w=1.0))
    assert tripled["w"] == 3.0
    assert tripled["absent"] == []


def test_no_constructor_of_a_dataclass_is_called() -> None:
    gradient = ga.grad(lambda p: p.value * p.doubled)(Checked(3.0))
    assert (gradient.value, gradient.doubled) == (6.0, 3.0)
    assert type(gradient) is Checked


def test_the_caller_s_container_is_left_alone() -> None:
    def loss(p: Any) -> Any:
        p["w"] = p["w"] * 2.0
        p["extra"] = 1.0
        return np.sum(p["w"])

    p = {"w": np.ones(2)}
    np.testing.assert_array_equal(ga.grad(loss)(p)["w"], [2.0, 2.0])
    assert list(p) == ["w"]
    np.testing.assert_array_equal(p["w"], [1.0, 1.0])


@pytest.mark.parametrize("fixed", ["relu", None, True, np.tanh, b"x", pytest.param(object(), id="object")], ids=repr)
def test_what_is_no_number_travels_with_its_container(fixed: Any) -> None:
    seen = []

    def loss(p: Any) -> Any:
        seen.append(p["fixed"])
        return p["w"] ** 2

    gradient = ga.grad(loss)({"w": 3.0, "fixed": fixed})
    assert gradient == {"w": 6.0, "fixed": fixed}
    assert seen[0] is fixed


def test_an_empty_container_has_an_empty_gradient() -> None:
    assert ga.grad(lambda p, x: x)([], 1.0) == []
    assert ga.grad(lambda p, x: x * 2.0, (0, 1))({}, 1.0) == ({}, 2.0)


def test_integers_in_a_container_are_refused_by_their_path() -> None:
    with pytest.raises(TypeError, match=r"argument 0\['layers'\]\[1\]\.weight of loss holds integers \(int64\).*float"):

        def loss(p: Any) -> Any:
            return 1.0

        ga.grad(loss)({"layers": [Layer(1.0, 2.0), Layer(np.arange(2), 2.0)]})


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"w": 1.0}, r"tangent 0 is a dict with the parts \['w'\].*parts \['w', 'b'\]"),
        ([1.0, 2.0], r"tangent 0 is a list"),
        ({"w": 1.0, "b": 2.0}, r"tangent 0\['b'\] is a float with the parts \[\].*a list with the parts \[0\]"),
        ({"w": [1.0], "b": [2.0]}, r"tangent 0\['w'\] is an array or a number, not a list"),
        ({"w": None, "b": [2.0]}, r"tangent 0\['w'\] is an array or a number, not None"),
        ({"w": "one", "b": [2.0]}, r"tangent 0\['w'\] is an array or a number, not a str"),
        (1.0, r"tangent 0 is a float with the parts \[\]"),
    ],
)
def test_a_container_of_another_shape_is_refused(other: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ga.jvp(lambda p: p["w"] * p["b"][0], ({"w": 1.0, "b": [2.0]},), (other,))


def test_the_order_of_the_keys_does_not_matter() -> None:
    _, tangent = ga.jvp(lambda p: p["w"] * p["b"], ({"w": 2.0, "b": 3.0},), ({"b": 10.0, "w": 1.0},))
    assert tangent == 23.0


def test_paths_name_every_leaf() -> None:
    _, tree = flatten({"a": [1.0, Point(2.0, Layer(3.0, 4.0))], 5: (6.0,)})
    assert list(tree.paths()) == ["['a'][0]", "['a'][1].x", "['a'][1].y.weight", "['a'][1].y.bias", "[5][0]"]
