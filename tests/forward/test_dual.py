"""Forward mode: Dual has ndarray's surface, its updates in place are NumPy's, and no tangent gets lost."""

from __future__ import annotations

import math
import pickle
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradarray as ga
from gradarray import GradientLossError, Tensor
from gradarray.forward.dual import Dual
from gradarray.tape import nodes
from tests.checks import difference, draw, leaves
from tests.counted import counted
from tests.test_programs import MAKERS, outcome, run, start

A = np.array([[0.5, 1.5, 2.5], [1.2, 0.7, 0.9]])
V = np.array([0.31, -0.83, 1.1])
MASK = np.array([[True, False, True], [False, True, True]])
DESCENDING = "descending" in str(np.sort.__doc__)  # since NumPy 2.5


def check(f: Callable[..., Any], *operands: Any) -> None:
    """Check value and tangent against NumPy and its differences, and that the caller's arrays stay as they are."""
    operands = tuple(np.asarray(x) for x in operands)
    before = [x.copy() for x in operands]
    rng = np.random.default_rng(7)
    direction = [draw(rng, x) for x in operands]
    value, tangent = ga.jvp(f, operands, tuple(direction))
    for x, old in zip(operands, before, strict=True):
        np.testing.assert_array_equal(x, old, "the caller's array was changed")
    expected = leaves(f(*(x.copy() for x in operands)))
    changes = difference(lambda *xs: leaves(f(*xs)), operands, direction)
    assert len(leaves(value)) == len(expected)
    for v, t, y, dy in zip(leaves(value), leaves(tangent), expected, changes, strict=True):
        np.testing.assert_allclose(v, y, 1e-13, 1e-13)
        np.testing.assert_allclose(t, dy, 1e-7, 1e-8)
        assert v.dtype == t.dtype == y.dtype


def seen(f: Callable[[Any], Any], x: Any, drop_in: bool = True) -> Any:
    """Return what a function returns of a Dual, which need not be an array."""
    found = []
    x = np.asarray(x)
    ga.jvp(lambda d: found.append(f(d)) or d, (x,), (np.ones_like(x),), drop_in=drop_in)
    return found[0]


# --- the surface -----------------------------------------------------------------------------------------------------

# What ndarray has and Dual has not, with the reason.
ABSENT = {
    "__array_finalize__": "only subclasses of ndarray are finalized",
    "__array_interface__": "would hand out the raw memory without a word about the tangent; __array__ says it",
    "__array_struct__": "as __array_interface__",
    "__array_wrap__": "results are wrapped by the dispatcher",
    "__buffer__": "as __array_interface__; memoryview(x.data) is there, in every version of Python",
    "__setstate__": "a Dual is not pickled",
    "base": "value and tangent have a base each",
    **dict.fromkeys(
        ("byteswap", "getfield", "setfield"), "bits have no derivative; x.data.byteswap() and its like are there"
    ),
}
# NumPy 2.0 has these still, only to say that they are gone.
ABSENT |= dict.fromkeys(("itemset", "newbyteorder", "ptp", "tostring"), "gone from NumPy 2")
# What Dual has and ndarray has not.
OWN = {
    "__dask_tokenize__",
    "__pandas_priority__",
    "__round__",
    "detach",
    "level",
    "moveaxis",
    "tangent",
    "to_numpy",
    "value",
}
# What Tensor has, for the tape that Dual does without.
OF_THE_TAPE = {"backward", "clear_graph", "constant", "creator", "grad", "null_grad", "null_gradients", "ops"}


def public(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_") or name.endswith("__")}


# What Python itself keeps in a class, some of it once it was asked for.
OF_PYTHON = {"__slots__", "__annotations__", "__annotate_func__", "__annotations_cache__"}


class Empty:
    """What any class has."""


def test_the_surface_is_that_of_ndarray():
    expected = public(np.ndarray) - set(ABSENT) | OWN
    assert expected - public(Dual) == set(), "ndarray has these, and no reason is given"
    assert set(ABSENT) & public(Dual) == set(), "Dual has these, but a reason says that it has not"
    extra = public(Dual) - expected - set(dir(Empty)) - OF_PYTHON
    assert extra == set(), "Dual has these, and ndarray has not"


def test_what_tensor_has_dual_has_too():
    missing = public(Tensor) - public(Dual) - set(ABSENT) - {"__weakref__"} - OF_PYTHON
    assert missing == OF_THE_TAPE


@pytest.mark.parametrize("name", sorted({*OF_THE_TAPE, "base", "byteswap", "getfield", "setfield"}))
def test_what_is_absent_says_why(name):
    with pytest.raises(AttributeError, match=r"ga\.grad|x\.data|np\.shares_memory"):
        seen(lambda d: getattr(d, name), V)
    assert not seen(lambda d: hasattr(d, name), V)


@pytest.mark.parametrize(
    "name",
    ["shape", "ndim", "size", "dtype", "itemsize", "nbytes", "strides", "device"],
)
def test_attributes_are_those_of_the_array(name):
    assert seen(lambda d: getattr(d, name), A.T) == getattr(A.T.copy(order="K"), name)


METHODS = [
    *[(name, ()) for name in ("sum", "prod", "mean", "std", "var", "max", "min", "cumsum", "cumprod", "ravel")],
    *[(name, ()) for name in ("flatten", "copy", "squeeze", "transpose", "trace", "diagonal", "conj", "conjugate")],
    *[(name, (1,)) for name in ("sum", "mean", "max", "cumsum", "repeat")],
    *[("reshape", args) for args in ((3, 2), ((3, 2),), (-1,))],
    *[("transpose", args) for args in ((1, 0), ((1, 0),))],
    ("swapaxes", (0, 1)),
    ("take", ([0, 2], 1)),
    ("clip", (0.8, 2.0)),
    ("compress", ([True, False], 0)),
    ("dot", (np.ones((3, 2)),)),
    ("view", ()),
    ("__getitem__", ((slice(None), -1),)),
    ("__abs__", ()),
    ("__neg__", ()),
    ("__pos__", ()),
]


@pytest.mark.parametrize(("name", "args"), METHODS, ids=str)
def test_methods_have_the_value_and_the_derivative_of_the_arrays_methods(name, args):
    check(lambda x: getattr(x, name)(*args), A)


@pytest.mark.parametrize("name", ["T", "mT", "real", "imag"])
@pytest.mark.parametrize("x", [A, A + 1j * A[::-1]], ids=["real", "complex"])
def test_views_by_attribute(name, x):
    check(lambda x: getattr(x, name), x)


PLAIN_METHODS = [("argmax", ()), ("argmin", (1,)), ("argsort", ()), ("argpartition", (1,)), ("all", ()), ("any", (0,))]
PLAIN_METHODS += [("nonzero", ()), ("__len__", ()), ("__contains__", (0.7,))]
PLAIN_METHODS += [("__lt__", (1.0,)), ("__ge__", (1.0,)), ("__eq__", (0.7,)), ("__ne__", (0.7,)), ("astype", (int,))]


@pytest.mark.parametrize(("name", "args"), PLAIN_METHODS, ids=str)
def test_what_has_no_derivative_is_numpys_own(name, args):
    found, expected = seen(lambda d: getattr(d, name)(*args), A), getattr(A, name)(*args)
    assert type(found) is type(expected)
    np.testing.assert_equal(found, expected)


def test_rounding_has_a_zero_tangent():
    value, tangent = ga.jvp(lambda x: x.round(), (A,), (A,))
    np.testing.assert_array_equal(value, A.round())
    np.testing.assert_array_equal(tangent, np.zeros_like(A))


def test_astype_keeps_the_tangent_among_floats():
    value, tangent = ga.jvp(lambda x: x.astype(np.float32), (V,), (2 * V,))
    assert value.dtype == tangent.dtype == np.float32
    np.testing.assert_array_equal(tangent, (2 * V).astype(np.float32))


def test_explicit_ways_off_are_silent():
    assert seen(lambda d: d.tobytes(), A) == A.tobytes()
    for leave in (
        lambda d: d.data,
        lambda d: d.to_numpy(),
        lambda d: d.detach(),
        ga.asarray,
        lambda d: ga.tensor(d).data,
    ):
        np.testing.assert_array_equal(seen(leave, A), A)
    assert seen(lambda d: f"{d:.2f} {d} {d!r}", 2.5) == "2.50 2.5 Dual(2.5, 1.0)"
    assert seen(bool, 2.5) is True
    with pytest.raises(ValueError, match="ambiguous"):
        seen(bool, A)


def held_by(array, kind):
    """Call a function with the array in a Tensor or in a Dual."""
    return (lambda f: f(ga.tensor(array))) if kind is Tensor else lambda f: seen(f, array)


@pytest.mark.parametrize("kind", [Tensor, Dual])
@pytest.mark.parametrize("x", [A, np.array(2.5)], ids=["array", "number"])
def test_what_is_written_to_a_file_is_the_values(kind, x, tmp_path):
    hold, path = held_by(x, kind), tmp_path / "values"
    assert hold(lambda t: t.dumps()) == x.dumps()
    hold(lambda t: t.dump(path))
    np.testing.assert_array_equal(np.load(path, allow_pickle=True), x)
    hold(lambda t: t.tofile(path))
    np.testing.assert_array_equal(np.fromfile(path), x.ravel())
    hold(lambda t: t.tofile(path, sep=" "))
    np.testing.assert_array_equal(np.fromfile(path, sep=" "), x.ravel())


@pytest.mark.parametrize("kind", [Tensor, Dual])
def test_the_only_device_is_that_of_numpy(kind):
    hold = held_by(A, kind)
    assert hold(lambda t: t.to_device("cpu") is t)
    assert hold(lambda t: t.__dlpack_device__()) == A.__dlpack_device__()
    for wrong in (lambda t: t.to_device("gpu"), lambda t: t.to_device("cpu", stream=1)):
        with pytest.raises(ValueError) as numpys:
            wrong(A)
        with pytest.raises(ValueError) as ours:
            hold(wrong)
        assert str(ours.value) == str(numpys.value)
    assert repr(kind[int]).endswith(f"{kind.__name__}[int]")


@pytest.mark.parametrize("by_flags", [False, True])
def test_what_is_read_only_is_not_written(by_flags):
    def lock(t, writeable):
        if by_flags:
            t.flags.writeable = writeable
        else:
            t.setflags(write=writeable)

    def program(x):
        y = x * 2.0
        view = y[1:]
        for t in (y, view):
            lock(t, False)
            for write in (lambda t=t: t.__setitem__(0, 5.0), t.sort, lambda t=t: np.copyto(t, 1.0)):
                with pytest.raises(ValueError, match="read-only"):
                    write()
            lock(t, True)
        y[0] = 3.0 * y[1]
        view *= y[0]
        return y

    np.testing.assert_array_equal(program(ga.tensor(A)).data, program(A))
    ga.check_grads(program, (A,))


def test_resize_to_fewer_elements_drops_the_others():
    def shortened(x):
        y = x * x
        y.resize(2, refcheck=False)
        return y

    check(shortened, V)


@pytest.mark.parametrize(
    "leave",
    [
        *(float, int, complex, math.sin, np.asarray, np.array, np.from_dlpack),
        *(lambda d: d.item(), lambda d: d.tolist()),
        *(lambda d: np.array([d, d]), lambda d: np.mean([d, d]), lambda d: pickle.loads(pickle.dumps(d))),
    ],
)
def test_what_would_lose_the_tangent_is_refused(leave):
    x = np.array(2.5)
    with pytest.raises(GradientLossError):
        seen(leave, x, drop_in=False)
    with ga.gradient_loss("ignore"):
        assert np.all(seen(leave, x, drop_in=False) == leave(x))
    for drop_in in (False, True):
        assert np.all(seen(ga.no_grad(lambda d: leave(d)), x, drop_in) == leave(x))


@pytest.mark.parametrize(
    ("mistake", "error", "message"),
    [
        (hash, TypeError, "unhashable"),
        (lambda d: d.view(int), TypeError, "no derivative"),
        (lambda d: d.__delitem__(0), ValueError, "cannot delete"),
        (lambda d: range(d), TypeError, "integer"),
        (round, TypeError, r"only 0-d arrays can be rounded by round\(\); use np.round"),
        (lambda d: d & 1, TypeError, "bitwise_and"),
        (lambda d: d.no_such_thing, AttributeError, "no_such_thing"),
        (lambda d: np.linalg.det(d), np.linalg.LinAlgError, "dimensional"),
        (lambda d: d[7], IndexError, "out of bounds"),
        (lambda d: d + np.ones(4), ValueError, "broadcast"),
        (lambda d: np.sum(d, axis=3), ValueError, "axis 3"),
        (lambda d: np.sum(d, 0, axis=0), TypeError, "axis"),
        (lambda d: d.mT, ValueError, "ndim"),
        (lambda d: np.var(d, ddof=d[0]), TypeError, r"np\.var is not differentiable with respect to 'ddof'"),
        (lambda d: setattr(d, "imag", 1.0), TypeError, "imaginary"),
    ],
)
def test_mistakes_get_a_clear_error(mistake, error, message):
    with pytest.raises(error, match=message):
        seen(mistake, V)


def test_a_0d_dual_is_no_sequence():
    with pytest.raises(TypeError, match="0-d"):
        seen(iter, 1.0)
    with pytest.raises(TypeError, match="unsized"):
        seen(len, 1.0)


def test_iteration_gives_the_rows():
    check(lambda x: sum(row * i for i, row in enumerate(x, 1)), A)
    check(lambda x: sum(e**2 for e in x.flat), A)
    assert seen(lambda d: len(d.flat), A) == 6


@pytest.mark.parametrize("clone", [np.copy, lambda x: x.copy(), lambda x: x.flatten(), lambda x: x[[0, 1, 2]]])
def test_copies_have_memory_of_their_own(clone):
    def program(x):
        y = clone(x)
        y[0] = 0.0
        return x * 2, y

    check(program, V)


# --- operands on both sides ------------------------------------------------------------------------------------------

OPERATORS = ["add", "sub", "mul", "truediv", "pow", "mod", "floordiv"]


@pytest.mark.parametrize(
    "other", [2.5, np.float64(2.5), np.float32(2.5), np.array([1.5, 2.5, 0.5]), [1.5, 2.5, 0.5], 2]
)
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_on_both_sides(name, other):
    x = np.abs(V) + 0.05
    check(lambda x: getattr(x, f"__{name}__")(other), x)
    check(lambda x: getattr(x, f"__r{name}__")(other), x)
    check(lambda x: getattr(x[1], f"__{name}__")(np.asarray(other)[()]), x)


@pytest.mark.parametrize("y", [np.array([1.5, 2.5, 0.5]), np.float64(1.5), A, A[:, :1]], ids=lambda y: str(y.shape))
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_on_two_duals_broadcast(name, y):
    check(lambda x, y: getattr(x, f"__{name}__")(y), np.abs(V) + 0.05, y)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.complex64, complex])
def test_dtypes_are_numpys(dtype):
    x = V.astype(dtype)

    def f(x):
        return np.sin(x) * x + 2, np.sum(x / 3, dtype=x.dtype), x @ x, -x[0], np.float32(2) * x, 1.5 * x[1]

    value, tangent = ga.jvp(f, (x,), (x,))
    for v, t, y in zip(value, tangent, f(x), strict=True):
        assert (v.dtype, v.shape) == (t.dtype, t.shape) == (y.dtype, np.shape(y))
        np.testing.assert_array_equal(v, y)


MIXED = {
    "operator": lambda t, d: t * d,
    "operator, other side": lambda t, d: d - t,
    "matmul": lambda t, d: t @ d,
    "ufunc": lambda t, d: np.arctan2(t, d),
    "ufunc with where": lambda t, d: np.multiply(t, d, where=[True, False, True]),
    "function": lambda t, d: np.dot(t, d),
    "list of both": lambda t, d: np.stack([t, d, t * d]),
    "nested list beside a Tensor": lambda t, d: np.multiply(t, [d[0], t[1], 2.0]),
    "nested list beside a Dual": lambda t, d: np.multiply([t[0], d[1], 2.0], d),
    "function on a nested list": lambda t, d: np.dot(t, [d[0], t[1], 2.0]),
    "list without a Dual": lambda t, d: d * [t[0], 1.0, t[2]],
    "where": lambda t, d: np.where(d > 0, t, d),
    "einsum": lambda t, d: np.einsum("i,i->i", t, d),
    "mirror": lambda t, d: ga.multiply(t, d) + ga.sum(d) + ga.stack([t, d])[0],
    "mirror of a list": lambda t, d: ga.array([t[0], d[0], 1.0]) * 2,
    "augmented Tensor": lambda t, d: _augmented(t * 1.0, d),
    "augmented array": lambda t, d: _augmented(np.ones(3), t * d),
    "assignment": lambda t, d: _assigned(d * 1.0, t),
    "assignment into zeros": lambda t, d: _assigned(np.zeros_like(d), t * d),
}


def _augmented(target, value):
    target *= value
    return target


def _assigned(target, value):
    target[1:] = value[:-1]
    return target


# Whether a view shares the memory of what is written into is told by counts.
WRITTEN = {"augmented array", "assignment", "assignment into zeros"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=counted if name in WRITTEN else ()) for name in MIXED])
def test_a_tensor_and_a_dual_give_a_dual_and_both_derivatives(name):
    f = MIXED[name]
    rng = np.random.default_rng(3)
    a, x, direction = (rng.uniform(0.5, 1.5, 3) for _ in range(3))
    t = ga.tensor(a)
    value, tangent = ga.jvp(lambda d: f(t, d), (x,), (direction,))

    def plain(a):
        # A constant Tensor: from a plain array NumPy would not come to the list beside it.
        return [ga.asarray(y) for y in ga.jvp(lambda d: f(ga.tensor(a, constant=True), d), (x,), (direction,))]

    (numeric,) = difference(lambda x: [ga.asarray(f(ga.tensor(a), ga.tensor(x)))], [x], [direction])
    np.testing.assert_allclose(ga.asarray(tangent), numeric, 1e-7, 1e-8)

    for k, made in enumerate((value, tangent)):
        np.testing.assert_allclose(ga.asarray(made), plain(a)[k], 1e-14)
        w = rng.normal(size=made.shape)
        (numeric,) = difference(lambda a, k=k, w=w: [np.sum(w * plain(a)[k])], [a], [direction])
        t.null_grad()
        if isinstance(made, Tensor):
            np.sum(w * made).backward(retain_graph=True)
        found = np.zeros(3) if t.grad is None else t.grad
        np.testing.assert_allclose(found @ direction, numeric, 1e-7, 1e-8)


def test_a_foreign_array_type_gets_its_turn():
    class Foreign:
        __array_ufunc__ = None

        def __radd__(self, other):
            return "foreign"

    assert seen(lambda d: d + Foreign(), V) == "foreign"


@pytest.mark.parametrize(
    "f",
    [lambda x: (0.5 + 1j) * x, lambda x: x * (0.5 + 1j), lambda x: (0.5 + 1j) / x, lambda x: x - 1j, lambda x: 1j**x],
)
def test_a_complex_number_of_pythons_with_a_scalar(f):
    check(f, np.array(0.7))
    check(f, np.array(0.7 - 0.2j))


# --- updates in place ------------------------------------------------------------------------------------------------


def into(change: Callable[..., Any], target: Callable[[Any], Any] = lambda x: x * 1.0) -> Callable[..., Any]:
    """Return the program that changes a new array in place and returns it."""

    def program(x, v):
        y = target(x)
        change(y, v)
        return y, x * 3

    return program


def augment(operator: str) -> Callable[..., Any]:
    def change(y, v):
        view = y[:, 1:]
        scope = {"y": y, "view": view, "v": v}
        exec(f"y {operator}= v; view {operator}= 0.5", scope)
        assert scope["y"] is y and scope["view"] is view

    return change


def assign_shape(y: Any, v: Any) -> None:
    with warnings.catch_warnings():
        if isinstance(y, np.ndarray):  # for its own arrays NumPy deprecates it since 2.5
            warnings.simplefilter("ignore", DeprecationWarning)
        y.shape = (3, 2)


UPDATES = {
    **{f"{name}=": augment(name) for name in ("+", "-", "*", "/", "**", "%", "//")},
    "@=": lambda y, v: exec("y @= v[:, None] * v", {"y": y, "v": v}),
    "element": lambda y, v: y.__setitem__((0, 1), v[0]),
    "row": lambda y, v: y.__setitem__(1, v),
    "constant": lambda y, v: y.__setitem__(slice(None, 1), 3.0),
    "list": lambda y, v: y.__setitem__(0, [v[0], 1.0, v[2]]),
    "mask": lambda y, v: y.__setitem__(MASK, v[1]),
    "integers": lambda y, v: y.__setitem__(([0, 1], [2, 0]), v[:2]),
    "repeated integers": lambda y, v: y.__setitem__((0, [0, 0, 1]), v),
    "newaxis": lambda y, v: y.__setitem__((None, ...), v),
    "overlap": lambda y, v: y.__setitem__((slice(None), slice(1, None)), y[:, :-1]),
    "view": lambda y, v: y.T[1].__setitem__(0, v[2]),
    "view of a view": lambda y, v: y.reshape(-1)[1:][::2].__setitem__(slice(None), v[:, None].ravel()[:3]),
    "row by iteration": lambda y, v: [row.__setitem__(0, s) for row, s in zip(y, v, strict=False)],
    "real": lambda y, v: setattr(y, "real", v),
    "flat": lambda y, v: y.flat.__setitem__([0, 4, -1], v),
    "flat, too short": lambda y, v: y.flat.__setitem__(slice(None), v[:2]),
    "flat itself": lambda y, v: setattr(y, "flat", v[0] * v),
    "fill": lambda y, v: y.fill(v[1]),
    "sort": lambda y, v: y.sort(axis=0),
    **({"descending sort": lambda y, v: y.sort(descending=True)} if DESCENDING else {}),
    "partition": lambda y, v: y.partition(1),
    "put": lambda y, v: y.put([1, 5], v[:2]),
    "resize": lambda y, v: y.resize((2, 4), refcheck=False),
    "shape": assign_shape,
    "out of a ufunc": lambda y, v: np.multiply(y, v, out=y),
    "out of a ufunc with where": lambda y, v: np.sin(y, out=y, where=MASK),
    "out of a reduction": lambda y, v: np.sum(np.outer(v, v), axis=0, out=y[0]),
    "out of a method": lambda y, v: np.outer(v, v).cumsum(axis=1, out=y[:1].T * np.outer(v, v)),
    "out of ufunc.reduce": lambda y, v: np.multiply.reduce(np.outer(v, v), out=y[0]),
    "out of constants": lambda y, v: np.add(1.0, A[0], out=y[0]),
    "two outs": lambda y, v: np.divmod(v, 0.4, out=(y[0], y[1])),
    "out of a composite": lambda y, v: np.clip(v, -0.5, 0.5, out=y[1]),
    "add.at": lambda y, v: np.add.at(y, (0, [0, 0, 1]), v),
    "add.at of a constant": lambda y, v: np.add.at(y, (0, [0, 0, 1]), 2.0),
    "subtract.at": lambda y, v: np.subtract.at(y, ([0, 0, 1], [0, 0, 2]), [v[0], 1.0, v[2]]),
    "multiply.at": lambda y, v: np.multiply.at(y, (0, [0, 0, 1]), v),
    "negative.at": lambda y, v: np.negative.at(y, (0, [0, 1])),
    "copyto": lambda y, v: np.copyto(y, v, where=MASK),
    "place": lambda y, v: np.place(y, MASK, v),
    "putmask": lambda y, v: np.putmask(y, MASK, v[:2]),
    "np.put": lambda y, v: np.put(y, [0, 0, 4], v),
    "put_along_axis": lambda y, v: np.put_along_axis(y, np.array([[1], [2]]), v[:2, None], 1),
    "fill_diagonal": lambda y, v: np.fill_diagonal(y, v[:2]),
}


@pytest.mark.parametrize("name", UPDATES)
def test_updates_in_place(name):
    check(into(UPDATES[name]), A, V)


@pytest.mark.parametrize("name", [n for n in UPDATES if n not in ("**=", "%=", "//=", "resize", "shape")])
def test_updates_of_an_argument_leave_the_callers_array_as_it_is(name):
    check(into(UPDATES[name], lambda x: x), A, V)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", ["view", "view of a view", "row", "flat", "+="])
def test_updates_whatever_the_layout_of_argument_and_tangent(name, order):
    program, x = into(UPDATES[name], lambda x: x), np.asarray(A, order=order)
    for t in (A[::-1] * 2, np.asarray(A[::-1] * 2, order="F"), np.broadcast_to(V, (2, 3)), np.repeat(A, 2, 1)[:, ::2]):
        value, tangent = ga.jvp(program, (x, V), (t, V))
        np.testing.assert_array_equal(value[0], program(x.copy(order="K"), V)[0])
        numeric = difference(lambda *xs: program(*map(np.copy, xs)), [x, V], [np.array(t, order=order), V])
        np.testing.assert_allclose(tangent[0], numeric[0], 1e-7, 1e-8)


CREATIONS = {
    "zeros_like": lambda x: np.zeros_like(x),
    "empty_like": lambda x: np.empty_like(x),
    "ones_like": lambda x: np.ones_like(x),
    "full_like": lambda x: np.full_like(x, 2.0),
    "full_like of a value": lambda x: np.full_like(x, x[0, 0]),
    "zeros": lambda x: np.zeros((2, 3), like=x),
    "empty": lambda x: np.empty((2, 3), like=x),
    "ones": lambda x: np.ones((2, 3), like=x),
    "full": lambda x: np.full((2, 3), 2.0, like=x),
    "array": lambda x: np.array([[1.0, 2, 3], [4, 5, 6]], like=x),
    "array of values": lambda x: np.array([[x[0, 0], 2, 3], [4, 5, 6]], like=x),
    "asarray": lambda x: np.asarray(A * 2, like=x),
}


@pytest.mark.parametrize("name", CREATIONS)
def test_arrays_in_the_likeness_of_a_dual_can_be_written_into(name):
    def program(x, v):
        y = CREATIONS[name](x)
        y[...] = x if "empty" in name else y
        y[0] = v
        return y, y[1] * x[0]

    check(program, A, V)


def test_whole_numbers_in_the_likeness_of_a_dual_are_plain():
    assert seen(lambda d: type(np.zeros_like(d, dtype=int)), V) == np.ndarray
    assert seen(lambda d: type(np.arange(3, like=d)), V) == np.ndarray


def test_scalars_are_replaced_as_numpys_are():
    def program(x):
        s = x[0]
        old = s
        s += x[1]
        s *= 2
        return s, old

    check(program, V)


def test_views_of_a_dual_share_memory_in_value_and_tangent():
    def program(x):
        y = np.sin(x) * 1.0
        views = [
            y,
            y.T,
            y[1:],
            y.reshape(-1),
            np.ravel(y)[::2],
            y.real,
            np.atleast_3d(y),
            np.broadcast_to(y, (2, 2, 3)),
        ]
        for a in views:
            for b in views:
                assert np.shares_memory(a, b)
                assert np.shares_memory(a.tangent, b.tangent)
        for z in (np.copy(y), y + 0.0, +y, y.flatten(), -y, y.astype(float), np.where(True, y, y), y * x):
            assert not np.shares_memory(y, z)
            assert not np.shares_memory(y.tangent, z.tangent)
        return y

    ga.jvp(program, (A,), (A,))


def test_results_of_linear_calls_do_not_share_a_tangent_unless_they_share_the_value():
    def program(x):
        y, z = x + 1.0, 1.0 + x
        y[0] = 0.0
        z += y - x
        return x * 1.0, y, z

    check(program, V)


@st.composite
def seeds(draw):
    return draw(st.lists(st.integers(0, 2**20), min_size=1, max_size=12))


def updated_in_place(steps: list[Any]) -> Callable[..., list[Any]]:
    """Return a program of views, updates in place and arithmetic as a function of the arrays that it starts from."""

    def program(*arrays: Any) -> list[Any]:
        values = [np.copy(x) for x in arrays]
        for step in steps:
            outcome(step, values)
        return values

    return program


def random_steps(numbers: list[int]) -> tuple[list[Any], list[Any]]:
    arrays = [np.copy(x) for x in start()]
    steps = []
    for number in numbers:
        rng = np.random.default_rng(number)
        steps.append(MAKERS[rng.integers(len(MAKERS))](arrays, rng))
        outcome(steps[-1], arrays)
    return steps, arrays


@given(seeds())
def test_every_alias_of_a_random_program_has_the_tangent_of_the_program(numbers):
    steps, arrays = random_steps(numbers)
    directions = [np.random.default_rng(k).normal(size=x.shape) for k, x in enumerate(start())]
    moved = run(steps, [x + 1e-30j * d for x, d in zip(start(complex), directions, strict=True)])
    duals: list[Any] = []

    def program(*xs: Any) -> Any:
        duals.extend(updated_in_place(steps)(*xs))
        return duals

    values, tangents = ga.jvp(program, tuple(start()), tuple(directions))
    for x, v, t, y in zip(arrays, values, tangents, moved, strict=True):
        np.testing.assert_allclose(v, x, 1e-12, 1e-12)
        np.testing.assert_allclose(t, np.imag(y) / 1e-30, 1e-9, 1e-9)
    for i, (x, d) in enumerate(zip(arrays, duals, strict=True)):
        for y, e in zip(arrays[:i], duals[:i], strict=True):
            shared = np.shares_memory(x, y)
            assert np.shares_memory(d, e) == shared
            if isinstance(d, Dual) and isinstance(e, Dual):
                assert np.shares_memory(d.tangent, e.tangent) == shared


# --- what cannot hold a tangent --------------------------------------------------------------------------------------

REFUSED = {
    "item": lambda target, d: target.__setitem__(0, d[0]),
    "slice": lambda target, d: target.__setitem__(slice(None), d),
    "mask": lambda target, d: target.__setitem__(np.array([True, False, True]), d[:2]),
    "copyto": lambda target, d: np.copyto(target, d),
    "put": lambda target, d: np.put(target, [0], d[:1]),
    "place": lambda target, d: np.place(target, [True, False, True], d),
    "putmask": lambda target, d: np.putmask(target, [True, False, True], d),
    "put_along_axis": lambda target, d: np.put_along_axis(target, np.array([0]), d[:1], 0),
    "add.at": lambda target, d: np.add.at(target, [0, 0], d[:2]),
    "out of a ufunc": lambda target, d: np.sin(d, out=target),
    "out of a function": lambda target, d: np.cumsum(d, out=target),
    "out of a method": lambda target, d: np.add.accumulate(d, out=target),
    "flat": lambda target, d: target.flat.__setitem__(0, d[0]),
    "fill": lambda target, d: target.fill(d[0]),
}


@pytest.mark.parametrize("kind", ["ndarray", "Tensor", "Dual of an outer level"])
@pytest.mark.parametrize("name", REFUSED)
def test_writing_into_what_holds_no_tangent_of_this_level_is_refused(name, kind):
    target = V.copy() if kind == "ndarray" else ga.tensor(V)
    change = REFUSED[name]
    if kind == "Dual of an outer level":

        def outer(x):
            y = x * 1.0
            with pytest.raises(GradientLossError):
                ga.jvp(lambda d: change(y, d) or d, (V,), (V,))
            return y

        value, tangent = ga.jvp(outer, (V,), (2 * V,))
        np.testing.assert_array_equal(value, V)
        np.testing.assert_array_equal(tangent, 2 * V)
    else:
        with pytest.raises(GradientLossError):
            seen(lambda d: change(target, d), V)
        np.testing.assert_array_equal(ga.asarray(target), V)


@counted
def test_an_array_plus_equals_a_dual_becomes_a_dual():
    def program(x):
        y = np.ones(3)
        y += x
        y[0] *= 2
        return y

    check(program, V)


@counted
def test_an_outer_value_can_be_written_into_an_inner_array():
    def outer(a):
        def inner(x):
            y = np.zeros_like(x)
            y[0] = a[0] * x[1]
            y[1:] = a[:2]
            y *= a
            return y

        return ga.jvp(inner, (V,), (np.ones(3),))

    check(outer, A[0])
    for made in ga.grad(lambda a: np.sum(outer(a)[0]))(A[0]), ga.grad(lambda a: np.sum(outer(a)[1]))(A[0]):
        assert made.shape == (3,)
    for k in (0, 1):
        direction = np.array([0.3, -0.4, 0.9])
        (numeric,) = difference(lambda a, k=k: [np.sum(outer(a)[k])], [A[0]], [direction])
        found = ga.grad(lambda a, k=k: np.sum(outer(a)[k]))(A[0]) @ direction
        np.testing.assert_allclose(found, numeric, 1e-7)


def test_an_outer_value_does_not_go_into_memory_that_a_view_of_the_inner_array_shares():
    def outer(a):
        def inner(x):
            y = np.zeros_like(x)
            view = y[1:]
            y[0] = a[0]
            return view

        return ga.jvp(inner, (V,), (V,))[0]

    with pytest.raises(GradientLossError, match="view"):
        ga.jvp(outer, (V,), (V,))


@counted
@pytest.mark.parametrize("keep_view", [False, True])
def test_an_outer_value_goes_into_an_array_whose_shape_was_assigned_unless_there_is_a_view(keep_view):
    def outer(a):
        def inner(x):
            y = np.zeros_like(x)
            view = y[1:] if keep_view else None
            y.shape = (3, 1)
            y[0, 0] = a[0] * x[1]
            return y if view is None else (y, view)

        return ga.jvp(inner, (V,), (V,))[1]

    if keep_view:
        with pytest.raises(GradientLossError, match="view"):
            ga.grad(lambda a: np.sum(outer(a)[0]))(V)
    else:
        np.testing.assert_array_equal(ga.grad(lambda a: np.sum(outer(a)))(A[0]), [V[1], 0, 0])


def test_a_shape_that_does_not_fit_is_refused():
    for shape, error in (((4,), ValueError), (None, TypeError)):
        with pytest.raises(error):
            seen(lambda d, shape=shape: setattr(d * 1.0, "shape", shape), V)
    with pytest.raises(AttributeError, match="without a copy"):
        seen(lambda d: setattr((d * 1.0)[:, :2], "shape", (4,)), A)


def test_an_update_does_not_reach_what_a_tape_has_saved():
    def f(a):
        def inner(x):
            y = x * 1.0
            product = a * y * y
            y[...] = 100.0
            return product

        return np.sum(ga.jvp(inner, (V,), (A[0],))[1])

    direction = np.array([0.3, -0.4, 0.9])
    (numeric,) = difference(lambda a: [f(a)], [A[1]], [direction])
    np.testing.assert_allclose(ga.grad(f)(A[1]) @ direction, numeric, 1e-7)


# --- values at the edge ----------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("size", [1, 3, 5000])
def test_a_zero_tangent_wins_over_an_infinite_derivative(size):
    x, t = np.zeros(size), np.zeros(size)
    x[-1], t[-1] = 4.0, 2.0
    expected = np.zeros(size)
    expected[-1] = 0.5
    np.testing.assert_array_equal(ga.jvp(np.sqrt, (x,), (t,))[1], expected)
    np.testing.assert_array_equal(ga.jvp(lambda x: np.divide(x, np.sqrt(x) * 0 + 4), (x,), (t,))[1], expected)
    if size == 1:
        assert ga.jvp(np.sqrt, (0.0,), (0.0,))[1] == 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_was_not_chosen_has_no_influence():
    x = np.array([0.0, 2.0, -1.0])
    _, tangent = ga.jvp(lambda x: np.where(x > 0, np.log(x), 0.0), (x,), (np.ones(3),))
    np.testing.assert_array_equal(tangent, [0, 0.5, 0])


def test_large_arrays_take_the_same_way_in_parts():
    rng = np.random.default_rng(5)
    x, y, t, u = (rng.uniform(0.5, 1.5, 300_000) for _ in range(4))

    def f(x, y):
        return np.sin(x) * y + x / y - np.sqrt(x) ** 2.5 + 2 * x

    value, tangent = ga.jvp(f, (x, y), (t, u))
    small = [ga.jvp(f, (x[k : k + 1], y[k : k + 1]), (t[k : k + 1], u[k : k + 1])) for k in (0, 150_000, 299_999)]
    for k, (v, dt) in zip((0, 150_000, 299_999), small, strict=True):
        np.testing.assert_allclose((value[k], tangent[k]), (v[0], dt[0]), 1e-14)


# --- no tape ---------------------------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_length_of_the_program():
    x = np.linspace(0.1, 1.0, 20_000)

    def peak(steps: int) -> int:
        def program(x):
            y = x * 1.0
            for _ in range(steps):
                y = np.sin(y) + 0.5 * x
                y[1:] += y[:-1]
                y /= np.max(y)
            return np.sum(y)

        tracemalloc.start()
        try:
            ga.jvp(program, (x,), (x,))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)
    few, many = peak(3), peak(60)
    assert few > 4 * x.nbytes
    assert many <= few + 10_000


def test_no_node_is_made_where_no_variable_takes_part():
    before = nodes.next_order()
    ga.jvp(lambda x: np.sum(np.tanh(x @ A.T) ** 2 / np.max(x)), (A,), (A,))
    assert nodes.next_order() == before + 1


def test_a_value_of_an_inner_differentiation_that_has_ended_is_refused():
    def outer(x):
        kept = []
        ga.jvp(lambda y: kept.append(x * y) or y, (2.0,), (1.0,))
        return kept[0]

    with pytest.raises(RuntimeError, match="inner differentiation"):
        ga.jvp(outer, (3.0,), (1.0,))


def test_no_grad_around_a_derivative_does_not_concern_it():
    with ga.no_grad():
        np.testing.assert_allclose(ga.jvp(np.sin, (V,), (V,))[1], np.cos(V) * V)


# --- forward over reverse ---------------------------------------------------------------------------------------------


def real_part_of_a_composite(x):
    table = np.vander(x, 3)
    part = np.real(table)
    table[...] *= 0.77
    return np.sum(part**2)


def squeezed_result(x):
    table = np.stack([x, x * x], axis=1)[:, None]
    part = np.squeeze(table)
    table *= 0.5
    part[0] = part[1] ** 2
    return np.sum(table**3)


def maximum_into_its_argument(x):
    before = +x
    x = x * 1.0
    np.maximum(x, np.sqrt(1 + x**2), out=x)
    return np.sum(before * 0.95) + np.sum(x * before)


def rows_of_a_constant(x):
    v = np.full_like(x, 0.5)
    v[1:] *= x[1:]
    return np.sum(v * x)


def transpose_of_a_constant(x):
    v = np.full_like(x, 0.5)
    v.T[0] += x[0] ** 2
    return np.sum(v * x)


def diagonal_of_zeros(x):
    v = np.zeros((3, 3), like=x)
    np.einsum("ii->i", v)[...] = np.sin(x)
    row = v[1]
    row *= x
    return np.sum(v**2)


def parts_of_a_sum(x):
    total = np.zeros((), like=x)
    total[...] = np.sum(x**3)
    whole = total.reshape(1)
    whole *= x[:1]
    return total * 2.0


@pytest.mark.parametrize(
    "f",
    [
        *(real_part_of_a_composite, squeezed_result, maximum_into_its_argument, rows_of_a_constant),
        *(transpose_of_a_constant, diagonal_of_zeros, parts_of_a_sum),
    ],
)
def test_updates_in_place_have_one_second_derivative(f):
    x, v, h = np.array([0.5, 0.3, -0.4]), np.array([1.0, 0.5, -2.0]), 1e-4

    def mixed(e):
        """The second derivative along `e` and `v`, by differences of NumPy's own program."""
        corners = [(s * t, f(x + s * h * e + t * h * v)) for s in (1, -1) for t in (1, -1)]
        return sum(sign * value for sign, value in corners) / (4 * h * h)

    expected = [mixed(e) for e in np.eye(3)]
    for _ in range(12):  # by the loop, and by a plan
        found = ga.hvp(f)(x, v)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ga.hessian(f)(x) @ v, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ga.jvp(ga.grad(f), (x,), (v,))[1], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ga.grad(lambda z: np.sum(ga.grad(f)(z) * v))(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("start", [np.array(0.3), 0.3])
def test_the_sign_plus_makes_a_copy_without_axes(start):
    def f(x):
        w = +x
        np.maximum(x, np.sqrt(1 + x**2), out=x)
        return w * 0.95

    if isinstance(start, float):
        np.testing.assert_allclose(ga.hvp(lambda x: f(x * 1.0))(start, 1.0), 0.0, atol=1e-12)
    else:
        np.testing.assert_allclose(ga.hvp(f)(start, np.array(1.0)), 0.0, atol=1e-12)


@pytest.mark.parametrize("index", [1, np.int64(1), np.array(1), [1, 2], slice(1, 3), np.arange(6) > 3, ...], ids=repr)
def test_parts_in_c_order_are_scalars_and_arrays_of_their_own_as_in_numpy(index):
    x = np.arange(6.0).reshape(2, 3)
    found = []

    def f(a):
        part = a.flat[index]
        found.append((type(ga.stop_gradient(part)), np.shape(part), np.shares_memory(part, a)))
        return np.sum(part)

    f(x)
    value, tangent = ga.jvp(f, (x,), (x + 1,))
    assert found[0] == found[1]
    assert (value, tangent) == (np.sum(x.flat[index]), np.sum((x + 1).flat[index]))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_constant_partial_derivatives_that_are_no_sum(shape: tuple[int, ...]) -> None:
    x, t = np.full(shape, 0.5), np.full(shape, 0.25)
    _, tangent = ga.jvp(np.nextafter, (x, x + 1), (t, np.full(shape, 0.75)))
    np.testing.assert_array_equal(tangent, t)  # to the last bit


@pytest.mark.parametrize("operator", [np.add, np.subtract, np.multiply, np.divide, np.power])
@pytest.mark.parametrize("other", [2, 0.5, True, np.float64(3.0), 2**60 + 1])
def test_numbers_beside_arrays_of_another_precision(operator: Any, other: Any) -> None:
    for dtype in (np.float32, np.float64, np.longdouble):
        x, t = np.linspace(0.5, 1.5, 6).astype(dtype).reshape(2, 3), np.ones((2, 3), dtype)
        for order in "CF":
            a, b = np.asarray(x, order=order), np.asarray(t, order=order)
            value, tangent = ga.jvp(lambda y: operator(y, other), (a,), (b,))
            expected = operator(a, other)
            assert value.dtype == tangent.dtype == expected.dtype
            assert value.strides == tangent.strides == expected.strides
            np.testing.assert_array_equal(value, expected)
