"""Tensor: creation, inspection, and the surface that ndarray has."""

from __future__ import annotations

import numpy as np
import pytest

import gradarray as ga
from gradarray import GradientLossError, Tensor
from tests.counted import counted

# --- the surface -----------------------------------------------------------------------------------------------------

# What ndarray has and Tensor has not, with the reason.
ABSENT = {
    "__array_finalize__": "only subclasses of ndarray are finalized",
    "__array_interface__": "would hand out the raw memory without a word about the gradient; __array__ says it",
    "__array_struct__": "as __array_interface__",
    "__array_wrap__": "results are wrapped by the dispatcher",
    "__buffer__": "as __array_interface__; memoryview(x.data) is there, in every version of Python",
    "__setstate__": "a Tensor is rebuilt from its data and its constant flag",
    "byteswap": "bits have no derivative; x.data.byteswap() is there",
    "getfield": "bits have no derivative; x.data.getfield() is there",
    "setfield": "bits have no derivative; x.data.setfield() is there",
}
# NumPy 2.0 has these still, only to say that they are gone.
ABSENT |= dict.fromkeys(("itemset", "newbyteorder", "ptp", "tostring"), "gone from NumPy 2")
# What Tensor has and ndarray has not.
OWN = {
    "__dask_tokenize__",
    "__pandas_priority__",
    "__round__",
    "backward",
    "clear_graph",
    "constant",
    "creator",
    "detach",
    "grad",
    "moveaxis",
    "null_grad",
    "null_gradients",
    "ops",
    "to_numpy",
}


# What Python itself keeps in a class, some of it once it was asked for.
OF_PYTHON = {"__slots__", "__annotations__", "__annotate_func__", "__annotations_cache__"}


class Empty:
    """What any class has."""


def test_the_surface_is_that_of_ndarray():
    public, of_ndarray = (
        {name for name in dir(cls) if not name.startswith("_") or name.endswith("__")} for cls in (Tensor, np.ndarray)
    )
    expected = of_ndarray - set(ABSENT) | OWN
    assert expected - public == set(), "ndarray has these, and no reason is given"
    missing_reasons_gone = set(ABSENT) & public
    assert missing_reasons_gone == set(), "Tensor has these, but a reason says that it has not"
    extra = public - expected - set(dir(Empty)) - OF_PYTHON
    assert extra == set(), "Tensor has these, and ndarray has not"


@pytest.mark.parametrize(
    "name", ["shape", "ndim", "size", "dtype", "itemsize", "nbytes", "strides", "device", "T", "mT", "real", "imag"]
)
def test_attributes_are_those_of_the_array(name):
    a = np.arange(6.0).reshape(2, 3)
    expected, found = getattr(a, name), getattr(ga.tensor(a), name)
    if isinstance(expected, np.ndarray):
        assert isinstance(found, Tensor)
        np.testing.assert_array_equal(found.data, expected)
    else:
        assert found == expected


METHODS = [
    *[(name, ()) for name in ("sum", "prod", "mean", "std", "var", "max", "min", "cumsum", "cumprod", "ravel")],
    *[(name, ()) for name in ("flatten", "copy", "squeeze", "transpose", "trace", "diagonal", "round", "conj")],
    *[
        (name, ())
        for name in ("all", "any", "argmax", "argmin", "argsort", "nonzero", "tolist", "tobytes", "conjugate")
    ],
    *[(name, (1,)) for name in ("sum", "mean", "max", "cumsum", "repeat", "argpartition", "argmax")],
    *[("reshape", args) for args in ((3, 2), ((3, 2),), (-1,))],
    *[("transpose", args) for args in ((1, 0), ((1, 0),))],
    ("swapaxes", (0, 1)),
    ("take", ([0, 2], 1)),
    ("clip", (1.0, 3.0)),
    ("compress", ([True, False], 0)),
    ("dot", (np.ones((3, 2)),)),
    ("astype", (np.float32,)),
    ("astype", (int,)),
    ("item", (3,)),
    ("searchsorted", (2.0,)),
    ("view", ()),
]


@pytest.mark.parametrize(("name", "args"), METHODS, ids=str)
def test_methods_give_what_the_arrays_methods_give(name, args):
    a = np.array([[4.0, 1.0, 2.0], [0.0, 5.0, 3.0]])
    a = a.ravel() if name == "searchsorted" else a
    expected, found = getattr(a, name)(*args), getattr(ga.tensor(a), name)(*args)
    found = found.data if isinstance(found, Tensor) else found
    if isinstance(expected, tuple):
        for f, e in zip(found, expected, strict=True):
            np.testing.assert_array_equal(f, e)
    else:
        np.testing.assert_array_equal(found, expected)
        assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)


@pytest.mark.parametrize("value", [0.0, 2.5])
def test_conversions_to_python_numbers(value):
    x = ga.tensor(value, constant=True)
    assert bool(x) is bool(value)
    assert (float(x), int(x), complex(x), x.item(), x.tolist()) == (value, int(value), value, value, value)
    assert f"{x:.2f}" == f"{value:.2f}"
    assert [1, 2, 3][ga.tensor(1)] == 2
    with pytest.raises(TypeError):
        range(x)
    with pytest.raises(TypeError, match=r"only 0-d tensors can be rounded by round\(\); use np.round"):
        round(ga.tensor([value]))


def test_length_iteration_and_membership():
    x = ga.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    rows = list(x)
    (rows[0] * rows[1]).backward()
    np.testing.assert_array_equal(x.grad, [[3, 4], [1, 2]])
    assert 3.0 in x
    assert 7.0 not in x
    with pytest.raises(TypeError, match="0-d"):
        iter(ga.tensor(1.0))
    with pytest.raises(TypeError, match="unsized"):
        len(ga.tensor(1.0))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)
    with pytest.raises(ValueError, match="cannot delete"):
        del x[0]


# --- printing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.float64(0.0),
        np.array([1.0, 2.0], np.float32),
        np.arange(24.0).reshape(2, 3, 4),
        np.zeros((0, 3)),
        np.array([1, 2]),
        np.array([True]),
        np.array([1 + 2j]),
        np.linspace(0, 1, 2000),
        np.random.default_rng(0).normal(size=(3, 30)),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_repr_is_numpys_under_another_name(array):
    as_array = repr(np.asarray(array)).replace("array(", "Tensor(", 1)
    found = repr(ga.tensor(array))
    # Continuation lines are indented by one more, as the name is longer by one; a line may break earlier for it.
    assert found.split() == as_array.split()
    assert all(line.startswith(" " * 7) for line in found.splitlines()[1:] if line.strip())
    assert str(ga.tensor(array)) == str(np.asarray(array))


# --- creation --------------------------------------------------------------------------------------------------------


@counted
def test_tensor_copies_unless_told_not_to():
    a = np.array([1.0, 2.0])
    assert not np.shares_memory(ga.tensor(a).data, a)
    assert ga.tensor(a, copy=False).data is a
    assert ga.astensor(a).data is a
    assert ga.asarray(ga.astensor(a)) is a
    z = np.array(3.0)
    assert ga.tensor(z, copy=False).data is z


def test_tensor_keywords():
    x = ga.tensor([1, 2], dtype=float, ndmin=3)
    assert (x.shape, x.dtype, x.constant) == ((1, 1, 2), float, False)
    assert ga.tensor(1.0, constant=True).constant
    assert ga.tensor(True).constant
    assert not ga.tensor(1j).constant


@pytest.mark.parametrize("data", [[1, 2], True, np.uint8(3)])
def test_integers_must_be_constants(data):
    assert ga.tensor(data).constant
    with pytest.raises(ValueError, match=r"^Integer-valued tensors must be treated as constants\.$"):
        ga.tensor(data, constant=False)


@pytest.mark.parametrize("dtype", [int, bool, np.uint8])
def test_integers_made_of_a_variable_are_constants(dtype):
    x = ga.tensor([0.0, 1.5])
    for made in (ga.tensor(x, dtype), ga.Tensor(x, dtype), ga.tensor(x, dtype, copy=False), ga.astensor(x, dtype)):
        assert made.constant
        assert made.dtype == dtype
        np.testing.assert_array_equal(made.data, x.data.astype(dtype))
    with pytest.raises(ValueError, match="must be treated as constants"):
        ga.tensor(x, dtype, constant=False)
    assert not ga.tensor(x, np.float32).constant
    assert ga.tensor(ga.tensor([1.0], constant=True), np.float32).constant


@pytest.mark.parametrize("data", ["text", ["a", "b"], [object()], np.array([1, None]), np.datetime64("2020-01-01"), {}])
def test_data_that_are_no_numbers_are_refused(data):
    with pytest.raises(TypeError, match="a Tensor holds numbers"):
        ga.tensor(data)


@pytest.mark.parametrize("constant", [False, True])
def test_the_data_of_a_number_is_an_array_on_its_memory(constant: bool) -> None:
    t = ga.tensor(0.7, constant=constant)
    data = t.data
    assert type(data) is np.ndarray
    np.testing.assert_array_equal(t.detach(), 0.7)
    later = t.detach()
    data[...] = 2.0
    assert t == 2.0 and later == 2.0 and np.asarray(later) == 2.0
    if not constant:
        np.sin(t * t).backward()
        np.testing.assert_allclose(t.grad, 4 * np.cos(4.0))


def test_text_is_called_so():
    with pytest.raises(TypeError, match="a Tensor holds numbers, not text such as 'abc'"):
        ga.tensor("abc")


def test_a_ragged_list_gets_numpys_error():
    with pytest.raises(ValueError, match="inhomogeneous"):
        ga.tensor([[1.0], [1.0, 2.0]])


def test_a_tensor_of_a_tensor_is_a_new_leaf_and_one_of_a_list_stays_connected():
    x = ga.tensor(2.0)
    y = ga.tensor(x * x)
    assert y.creator is None
    z = ga.tensor([x, x * x, 1.0])
    z.backward(np.array([1.0, 10.0, 100.0]))
    assert x.grad == 41
    assert ga.tensor([x, x], constant=True).constant


def test_astensor():
    x = ga.tensor([1.0, 2.0])
    assert ga.astensor(x) is x
    assert ga.astensor(x, constant=True).constant
    y = ga.astensor(x, dtype=np.float32)
    y.backward()
    np.testing.assert_array_equal(x.grad, [1, 1])
    assert ga.astensor([1, 2]).constant


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.int8])
def test_a_tensor_that_fits_is_returned_itself_where_nothing_is_to_be_copied(constant: bool, dtype: type) -> None:
    constant = constant or dtype is np.int8
    for shape in ((), (0, 3), (2, 3)):
        x = ga.tensor(np.ones(shape, dtype), constant=constant)
        for keywords in ({}, {"dtype": dtype}, {"ndmin": len(shape)}, {"constant": constant}, {"constant": None}):
            assert ga.tensor(x, copy=False, **keywords) is x
            assert ga.tensor(x, **keywords) is not x
        wider = ga.tensor(x, copy=False, ndmin=4)
        assert wider.shape == np.array(x.data, ndmin=4).shape
        assert np.shares_memory(wider, x) == (x.size > 0)
        assert wider.constant is constant
        other = ga.tensor(x, copy=False, constant=True)
        assert other.constant
        assert (other is x) is constant
    with pytest.raises(TypeError, match="constant="):
        ga.tensor(ga.tensor(1.0, constant=True), copy=False, constant=1)


def test_a_tensor_that_is_not_copied_stays_on_the_tape() -> None:
    x = ga.tensor([1.0, 2.0])
    y = ga.tensor(x * x, np.float32, copy=False, ndmin=2)
    assert (y.dtype, y.shape) == (np.float32, (1, 2))
    y.backward([[10.0, 100.0]])
    np.testing.assert_array_equal(x.grad, [20, 400])
    assert not ga.tensor(x, np.float32, copy=False, constant=False).creator


CREATION = [
    ("zeros", (3,)),
    ("zeros", ((2, 0),)),
    ("ones", ((2, 3),)),
    ("full", (2, 7.5)),
    ("full", ((1, 2), 3)),
    ("eye", (3,)),
    ("eye", (2, 3, 1)),
    ("identity", (2,)),
    ("arange", (4.0,)),
    ("arange", (1, 7, 2)),
    ("linspace", (0, 10, 5)),
    ("logspace", (0.0, 2.0, 3)),
    ("geomspace", (1.0, 8.0, 4)),
    ("zeros_like", (np.ones((2, 3), np.float32),)),
    ("ones_like", ([1.0, 2.0],)),
    ("full_like", (np.ones(3), 2.0)),
]


@pytest.mark.parametrize(("name", "args"), CREATION, ids=str)
def test_creation_functions(name, args):
    expected = getattr(np, name)(*args)
    for constant in (None, True, False):
        if constant is False and expected.dtype.kind not in "fc":
            with pytest.raises(ValueError, match="Integer-valued"):
                getattr(ga, name)(*args, constant=False)
            continue
        found = getattr(ga, name)(*args, constant=constant)
        assert isinstance(found, Tensor)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.data, expected)
        assert found.constant is (bool(constant) or expected.dtype.kind not in "fc")


def test_empty():
    assert (ga.empty((2, 3), np.float32).shape, ga.empty_like(ga.tensor([1.0])).shape) == ((2, 3), (1,))


def test_full_of_a_variable_stays_connected():
    x = ga.tensor(2.0)
    y = ga.full((2, 3), x)
    y.backward()
    assert x.grad == 6
    np.full_like(ga.tensor([1.0, 2.0]), x).backward()
    assert x.grad == 2


# --- the mirror ------------------------------------------------------------------------------------------------------


def test_the_mirror_takes_anything_and_returns_tensors():
    assert ga.sum([1.0, 2.0]).constant
    assert isinstance(ga.sqrt(4.0), Tensor)
    x = ga.tensor([1.0, 4.0])
    assert ga.sqrt(x, constant=True).constant
    assert not ga.sqrt([1.0, 4.0], constant=False).constant
    y = ga.sum([x, x * 2])
    y.backward()
    np.testing.assert_array_equal(x.grad, [3, 3])
    assert ga.argmax(x) == 1
    assert "Add arguments element-wise." in ga.add.__doc__ and "help(np.add)" in ga.add.__doc__
    with pytest.raises(ValueError, match="Integer-valued"):
        ga.add(1, 2, constant=False)


def test_every_name_of_the_package_is_there():
    for name in ga.__all__:
        if hasattr(np, name) or name in vars(ga):
            assert hasattr(ga, name), name


# --- shape assignment and in-place methods ---------------------------------------------------------------------------


def test_assigning_the_shape():
    x = ga.tensor([1.0, 2.0, 3.0, 4.0])
    x.shape = (2, 2)
    assert x.shape == (2, 2)
    (x[0] * 5).backward()
    np.testing.assert_array_equal(x.grad, [[5, 5], [0, 0]])
    with pytest.raises(ValueError, match="cannot reshape"):
        x.shape = (3,)
    assert x.shape == (2, 2)


def test_item_assignment():
    x = ga.tensor([1.0, 2.0, 3.0])
    y = x * 2
    y[1] = x[0] * x[2]
    y[[0, 0]] = ga.tensor([7.0, 8.0])  # the last one stays
    np.testing.assert_array_equal(y.data, [8, 3, 6])
    y.backward(np.array([1.0, 10.0, 100.0]))
    np.testing.assert_array_equal(x.grad, [30, 0, 210])


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        slice(1, None),
        (slice(None), 1),
        ...,
        (0, ..., None),
        [0, 1],
        ([0, 1], [1, 1]),
        np.array([[True, False, True]] * 2),
    ],
    ids=str,
)
def test_item_assignment_for_every_kind_of_index(index):
    a = np.arange(6.0).reshape(2, 3)
    v = np.float64(7.0)
    expected = a.copy()
    expected[index] = v
    x, value = ga.tensor(a), ga.tensor(v)
    y = x * 1.0
    y[index] = value
    np.testing.assert_array_equal(y.data, expected)
    g = np.random.default_rng(0).normal(size=a.shape)
    y.backward(g)
    mask = np.zeros(a.shape, bool)
    mask[index] = True
    np.testing.assert_allclose(x.grad, np.where(mask, 0, g))
    np.testing.assert_allclose(value.grad, g[mask].sum())


def test_values_that_the_tape_needs_survive_an_assignment():
    x = ga.tensor([1.0, 2.0])
    y = x * x
    with ga.no_grad():
        x[0] = 100.0
    y.backward()
    np.testing.assert_array_equal(x.grad, [2, 4])
    np.testing.assert_array_equal(x.data, [100, 2])

    c = ga.tensor([1.0, 2.0], constant=True)
    v = ga.tensor([3.0, 4.0])
    z = c * v
    c[0] = 50.0
    z.backward()
    np.testing.assert_array_equal(v.grad, [1, 2])


def test_an_assignment_without_a_tape_writes_in_place():
    w = ga.tensor([1.0, 2.0])
    buffer = w.data
    with ga.no_grad():
        w -= 0.5
        w[0] = 9.0
    assert w.data is buffer
    np.testing.assert_array_equal(buffer, [9, 1.5])


def test_augmented_assignment():
    x = ga.tensor([1.0, 2.0])
    y = x * 1.0
    z = y
    y *= x
    y += 1
    y **= 2
    assert z is y
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * (x.data**2 + 1) * 2 * x.data)
    for bad in (np.ones(3), np.ones((2, 2))):
        with pytest.raises(ValueError, match="broadcast"):
            y += bad
    with pytest.raises(TypeError, match=r"same_kind|casting"):
        y += 1j


def test_augmented_assignment_of_a_float32_tensor_keeps_its_dtype():
    x = ga.tensor([1.0, 2.0], dtype=np.float32)
    y = x * 1
    y *= np.float64(2)
    y += np.array([1.0, 1.0])
    assert y.dtype == np.float32
    y.backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [2, 2])


@counted
def test_an_ndarray_plus_equals_a_variable_becomes_a_tensor():
    a = np.array([1.0, 2.0])
    x = ga.tensor([3.0, 4.0])
    total = a.copy()
    total += x * x
    assert isinstance(total, Tensor)
    total.backward()
    np.testing.assert_array_equal(x.grad, [6, 8])
    total = a
    with pytest.raises(GradientLossError, match=r"\+= cannot write .* plain ndarray"):
        total += x * x
    np.testing.assert_array_equal(a, [1, 2])
    with pytest.raises(GradientLossError, match="plain ndarray"):
        np.add(a, x, out=a)


def test_an_integer_tensor_takes_no_variable():
    n = ga.tensor([1, 2])
    with pytest.raises(GradientLossError, match="int64"):
        n[0] = ga.tensor(2.0)
    np.testing.assert_array_equal(n.data, [1, 2])


def test_a_constant_that_receives_a_variable_becomes_one():
    out = np.zeros_like(ga.tensor(np.ones(3)))
    assert out.constant
    x = ga.tensor(2.0)
    out[1] = x * x
    assert not out.constant
    out.backward()
    assert x.grad == 4


def test_in_place_methods():
    x = ga.tensor([3.0, 1.0, 2.0])
    y = x * 1
    y.sort()
    np.testing.assert_array_equal(y.data, [1, 2, 3])
    y.backward(np.array([1.0, 10.0, 100.0]))
    np.testing.assert_array_equal(x.grad, [100, 1, 10])
    y = x * 1
    y.put([0, 2], [x[1] * 5, 7.0])
    y.flat[1] = x[0]
    y.backward()
    np.testing.assert_array_equal(x.grad, [1, 5, 0])
    y = x * 1
    y.resize(5)
    np.testing.assert_array_equal(y.data, [3, 1, 2, 0, 0])
    y.fill(x[0])
    y.backward()
    np.testing.assert_array_equal(x.grad, [5, 0, 0])


@pytest.mark.parametrize("f", [lambda x: x * x, lambda x: x**2, lambda x: x * x[()] * 3, lambda x: x / (x + 1)])
def test_one_complex_number_rounds_as_an_array_of_it(f):
    rng = np.random.default_rng(0)
    for z in rng.normal(size=50) + 1j * rng.normal(size=50):
        x = np.array(z)
        assert f(ga.tensor(x)).data == f(x)
        assert ga.value_and_grad(lambda t: np.real(f(t)))(x)[0] == np.real(f(x))
