"""Containers: taken apart, put together again, and compared."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga
from gradarray.transforms.containers import flatten


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
    "counter": lambda a, b: collections.Counter(w=a, b=b),
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
    tripled = ga.tree_map(lambda x: 3 * x, collections.defaultdict(list, w=1.0))
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
        ({"w": 1.0, "b": 2.0}, r"tangent 0\['b'\] is a float; .* is a list with the parts \[0\]"),
        ({"w": [1.0], "b": [2.0]}, r"tangent 0\['w'\] is an array or a number, not a list"),
        ({"w": None, "b": [2.0]}, r"tangent 0\['w'\] is an array or a number, not None"),
        ({"w": "one", "b": [2.0]}, r"tangent 0\['w'\] is an array or a number, not a str"),
        (1.0, r"tangent 0 is a float; the container"),
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


# --- objects of other libraries, and of the user's -------------------------------------------------------------------


class Signal:
    """An array with something else that is none."""

    def __init__(self, samples: Any, rate: float) -> None:
        self.samples = samples
        self.rate = rate

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signal) and self.rate == other.rate and bool(np.all(self.samples == other.samples))

    __hash__ = None  # type: ignore[assignment]


class Loud(Signal):
    """What is said of a class holds for its subclasses."""


class Boxed:
    """An array of a library that nobody told us of."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside
        self.dtype, self.shape = inside.dtype, inside.shape


def registered_signal() -> None:
    ga.register_container(Signal, lambda s: {"samples": s.samples}, lambda s, parts: type(s)(parts["samples"], s.rate))


Pair = Callable[[Any], Any]
V = np.array([1.0, 2.0, 3.0])


def data_array(x: Any) -> Any:
    xr = pytest.importorskip("xarray")
    return xr.DataArray(x, dims=["a"][: x.ndim], name="n", attrs={"unit": "m"})


def dataset(x: Any) -> Any:
    xr = pytest.importorskip("xarray")
    return xr.Dataset({"first": data_array(x), "second": xr.DataArray(2.0 * x, dims=["a"][: x.ndim])})


def variable(x: Any) -> Any:
    return pytest.importorskip("xarray").Variable(["a"][: x.ndim], x)


def quantity(x: Any) -> Any:
    return x * units().metre


@functools.cache
def units() -> Any:
    """Return pint's registry, made only once: quantities of two are strangers."""
    return pytest.importorskip("pint").UnitRegistry()


def signal(x: Any) -> Any:
    registered_signal()
    return Loud(x, 8.0)


# How the objects are made of an array, and the arrays in them are taken out again.
OBJECTS: dict[str, tuple[Pair, Pair]] = {
    "DataArray": (data_array, lambda made: [made.data]),
    "Dataset": (dataset, lambda made: [made["first"].data, made["second"].data]),
    "Variable": (variable, lambda made: [made.data]),
    "Quantity": (quantity, lambda made: [made.magnitude]),
    "registered": (signal, lambda made: [made.samples]),
    "in a dict": (lambda x: {"signal": signal(x), "beside": x}, lambda made: [made["signal"].samples, made["beside"]]),
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_may_be_the_result(kind: str) -> None:
    make, arrays = OBJECTS[kind]
    factors = {"Dataset": [1.0, 2.0], "in a dict": [1.0, 1.0]}.get(kind, [1.0])

    def f(x: Any) -> Any:
        return make(x**2)

    value, pull = ga.vjp(f, V)
    assert type(value) is type(make(V))
    for found, factor in zip(arrays(value), factors, strict=True):
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, factor * V**2)
    np.testing.assert_allclose(pull(make(V))[0], 2 * V * V * sum(c * c for c in factors))
    value, tangent = ga.jvp(f, (V,), (V,))
    _, push = ga.linearize(f, V)
    for t in (tangent, push(V)):
        assert type(t) is type(value)
        for found, factor in zip(arrays(t), factors, strict=True):
            np.testing.assert_allclose(found, factor * 2 * V * V)
    for transform in (ga.jacobian, ga.jacrev, ga.jacfwd):
        found = transform(f)(V)
        parts = flatten(found)[0]
        for part, factor in zip(parts, factors, strict=True):
            assert type(part) is np.ndarray
            np.testing.assert_allclose(part, factor * np.diag(2 * V))


@pytest.mark.parametrize("kind", ["DataArray", "Variable", "Quantity", "registered"])
def test_a_scalar_may_be_in_an_object(kind: str) -> None:
    make, _ = OBJECTS[kind]

    def f(x: Any) -> Any:
        return make(np.sum(x**3))

    np.testing.assert_allclose(ga.grad(f)(V), 3 * V**2)
    value, gradient = ga.value_and_grad(f)(V)
    assert type(value) is type(make(np.float64(1)))
    np.testing.assert_allclose(gradient, 3 * V**2)
    np.testing.assert_allclose(ga.hessian(f)(V), np.diag(6 * V))
    np.testing.assert_allclose(ga.hvp(f)(V, V), 6 * V * V)
    np.testing.assert_allclose(ga.hessian_diagonal(f)(V), 6 * V)
    np.testing.assert_allclose(ga.elementwise_grad(lambda x: make(x**3))(V), 3 * V**2)
    (pulled,) = ga.vjp(f, V)[1](2.0)
    np.testing.assert_allclose(pulled, 6 * V**2)
    gradient, aux = ga.grad(lambda x: (np.sum(x), make(x)), has_aux=True)(V)
    np.testing.assert_array_equal(gradient, np.ones(3))
    assert type(flatten(aux)[0][0]) is np.ndarray


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_may_be_the_argument(kind: str) -> None:
    make, arrays = OBJECTS[kind]

    def f(p: Any) -> Any:
        total = sum(np.sum(x**2) for x in arrays(p))
        return total

    point = make(V)
    inside = arrays(point)
    gradient = ga.grad(f)(point)
    if kind == "Quantity":  # whose derivative has another unit
        np.testing.assert_allclose(gradient, 2 * V)
        assert type(gradient) is np.ndarray
    else:
        assert type(gradient) is type(point)
        for found, x in zip(arrays(gradient), inside, strict=True):
            np.testing.assert_allclose(found, 2 * x)
    value, tangent = ga.jvp(f, (point,), (point,))
    np.testing.assert_allclose(tangent, 2 * value)
    rows = flatten(ga.jacobian(f)(point))[0]
    for found, x in zip(rows, inside, strict=True):
        np.testing.assert_allclose(found, 2 * x)
    found = flatten(ga.hvp(f)(point, point))[0]
    for part, x in zip(found, inside, strict=True):
        np.testing.assert_allclose(part, 2 * x)
    np.testing.assert_allclose(arrays(point)[0], V)


def test_what_belongs_to_an_object_travels_with_it() -> None:
    value, _ = ga.vjp(lambda x: data_array(x * 2), V)
    assert (value.name, value.attrs, value.dims) == ("n", {"unit": "m"}, ("a",))
    registered_signal()
    gradient = ga.grad(lambda s: np.sum(s.samples**2) / s.rate)(Loud(V, 8.0))
    assert gradient == Loud(2 * V / 8, 8.0)
    assert type(gradient) is Loud


def test_a_variable_in_a_coordinate_is_refused() -> None:
    xr = pytest.importorskip("xarray")
    with pytest.raises(TypeError, match="coordinate 'c'"):
        ga.grad(lambda x: xr.DataArray(V, dims="a").assign_coords(c=("a", x)))(V)


UNKNOWN: dict[str, Callable[[Any], Any]] = {
    "Boxed": Boxed,
    "Series": lambda x: pytest.importorskip("pandas").Series([x[0], x[1]]),
    "Series of numbers": lambda x: pytest.importorskip("pandas").Series([1.0, 2.0]),
    "MaskedArray": lambda x: np.ma.array([1.0, 2.0]),
    "an array of object": lambda x: np.array([None, None], dtype=object),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_object_that_nobody_told_of_is_never_a_constant(kind: str) -> None:
    make, name = UNKNOWN[kind], kind.removesuffix(" of numbers")
    for transform in (
        ga.grad(make),
        ga.value_and_grad(make),
        ga.elementwise_grad(make),
        ga.jacobian(make),
        ga.jacrev(make),
        ga.jacfwd(make),
        ga.hessian(make),
        lambda x: ga.hvp(make)(x, x),
        lambda x: ga.vjp(make, x),
        lambda x: ga.jvp(make, (x,), (x,)),
        lambda x: ga.linearize(make, x),
        ga.grad(lambda x: (make(x), 1.0), has_aux=True),
        lambda x: ga.vjp(lambda x: [x, make(x)], x),
    ):
        with pytest.raises(TypeError, match=name):
            transform(V)


def test_register_container_takes_a_class_and_two_functions() -> None:
    for wrong in ((Signal(V, 1.0), dict, dict), (Signal, None, dict), (Signal, dict, 3)):
        with pytest.raises(TypeError, match="a class and two functions"):
            ga.register_container(*wrong)  # type: ignore[arg-type]


def test_a_way_of_the_users_goes_before_one_of_ours() -> None:
    class Model(dict):  # type: ignore[type-arg]
        pass

    ga.register_container(Model, lambda m: {"w": m["w"]}, lambda m, parts: Model(m, **parts))
    gradient = ga.grad(lambda m: m["w"] ** 2 * m["fixed"])(Model(w=3.0, fixed=2.0))
    assert gradient == {"w": 12.0, "fixed": 2.0}
    assert type(gradient) is Model
