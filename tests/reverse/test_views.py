"""Views share memory with their base, updates reach every alias, and nothing is copied that need not be."""

from __future__ import annotations

import sys
import tracemalloc

import numpy as np
import pytest

import gradarray as ga
from gradarray import GradientLossError
from gradarray.tape import cotangents
from tests.checks import check_gradient
from tests.counted import counted

A = np.arange(24.0).reshape(2, 3, 4)
SQUARE = np.arange(9.0).reshape(3, 3)

# Calls that give a view in NumPy: name, call, the array.
VIEWS = {
    "integer": (lambda x: x[1], A),
    "slices": (lambda x: x[:, ::2, 1:], A),
    "negative step": (lambda x: x[::-1], A),
    "newaxis": (lambda x: x[:, None, ..., None], A),
    "ellipsis": (lambda x: x[...], A),
    "one element with an ellipsis": (lambda x: x[1, 2, 3, ...], A),
    "view of a view": (lambda x: x[1][1:].T, A),
    "reshape": (lambda x: np.reshape(x, (6, 4)), A),
    "x.reshape": (lambda x: x.reshape(4, -1), A),
    "reshape in Fortran order": (lambda x: np.reshape(x, 9, order="F"), np.asfortranarray(SQUARE)),
    "ravel": (lambda x: np.ravel(x), A),
    "ravel as it lies": (lambda x: np.ravel(x, order="K"), np.asfortranarray(SQUARE)),
    "T": (lambda x: x.T, A),
    "mT": (lambda x: x.mT, A),
    "transpose": (lambda x: np.transpose(x, (2, 0, 1)), A),
    "x.transpose": (lambda x: x.transpose(1, 0, 2), A),
    "permute_dims": (lambda x: np.permute_dims(x, (1, 2, 0)), A),
    "matrix_transpose": (lambda x: np.matrix_transpose(x), A),
    "linalg.matrix_transpose": (lambda x: np.linalg.matrix_transpose(x), A),
    "swapaxes": (lambda x: x.swapaxes(0, 2), A),
    "moveaxis": (lambda x: np.moveaxis(x, 0, -1), A),
    "rollaxis": (lambda x: np.rollaxis(x, 2), A),
    "squeeze": (lambda x: np.squeeze(x), A[:1]),
    "expand_dims": (lambda x: np.expand_dims(x, (0, 2)), A),
    "diagonal": (lambda x: np.diagonal(x, 1, 1, 2), A),
    "diag": (lambda x: np.diag(x, -1), SQUARE),
    "linalg.diagonal": (lambda x: np.linalg.diagonal(x), A),
    "real": (lambda x: x.real, SQUARE + 1j),
    "imag": (lambda x: np.imag(x), SQUARE + 1j),
    "split": (lambda x: np.split(x, 2, axis=2)[1], A),
    "array_split": (lambda x: np.array_split(x, 2, axis=1)[0], A),
    "hsplit": (lambda x: np.hsplit(x, 3)[2], A),
    "vsplit": (lambda x: np.vsplit(x, 2)[1], A),
    "dsplit": (lambda x: np.dsplit(x, 2)[0], A),
    "broadcast_to": (lambda x: np.broadcast_to(x, (2, 3, 3)), SQUARE),
    "broadcast_arrays": (lambda x: np.broadcast_arrays(x, np.zeros((2, 1, 1)))[0], SQUARE),
    "atleast_2d": (lambda x: np.atleast_2d(x), SQUARE[0].copy()),
    "atleast_3d": (lambda x: np.atleast_3d(x), SQUARE),
    "sliding_window_view": (lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=1), SQUARE),
    "einsum transposing": (lambda x: np.einsum("ij->ji", x), SQUARE),
    "einsum diagonal": (lambda x: np.einsum("ii->i", x), SQUARE),
    "rot90": (lambda x: np.rot90(x), SQUARE),
    "flip": (lambda x: np.flip(x, 1), A),
    "fliplr": (lambda x: np.fliplr(x), A),
    "flipud": (lambda x: np.flipud(x), A),
    "trim_zeros": (lambda x: np.trim_zeros(x), SQUARE[0].copy()),
    "row of an iteration": (lambda x: list(x)[1], A),
    "view": (lambda x: x.view(), A),
    "meshgrid": (lambda x: np.meshgrid(x, x, copy=False)[0], SQUARE[0].copy()),
    "unstack": (lambda x: np.unstack(x, axis=1)[1] if hasattr(np, "unstack") else x[:, 1], A),
}
# NumPy warns of writing to these, because elements share memory, and is to refuse it; here it is refused.
REFUSED = ("broadcast_arrays", "meshgrid")
# Calls that give a copy.
COPIES = {
    "integers": lambda x: x[[0, 1]],
    "mask": lambda x: x[x > 3],
    "mixed": lambda x: x[:, [0, 1]],
    "copy": lambda x: x.copy(),
    "flatten": lambda x: x.flatten(),
    "ravel of what is not contiguous": lambda x: x.T.ravel(),
    "astype": lambda x: x.astype(float),
    "take": lambda x: np.take(x, [0, 1], axis=1),
    "roll": lambda x: np.roll(x, 1),
    "repeat": lambda x: np.repeat(x, 2),
    "tile": lambda x: np.tile(x, 2),
    "where": lambda x: np.where(x > 3, x, x),
    "positive": lambda x: +x,
    "a slice of flat": lambda x: x.flat[1:3],
    "sort": lambda x: np.sort(x),
}
# Calls that give the array itself.
THE_SAME = {
    "real part of a real array": lambda x: x.real,
    "np.real": lambda x: np.real(x),
    "atleast_1d": lambda x: np.atleast_1d(x),
    "astype without a copy": lambda x: x.astype(float, copy=False),
}


@pytest.fixture(params=[False, True], ids=["variable", "constant"])
def constant(request):
    return request.param


@pytest.mark.parametrize("name", VIEWS)
def test_what_is_a_view_in_numpy_is_one_here(name, constant):
    call, array = VIEWS[name]
    a, x = array.copy(order="K"), ga.tensor(array, constant=constant)
    expected, view = call(a), call(x)
    assert view.base is x
    assert x.base is None
    assert np.shares_memory(view, x)
    assert view.constant == constant
    np.testing.assert_array_equal(view.data, expected)
    for flag in ("C_CONTIGUOUS", "F_CONTIGUOUS", "OWNDATA", "WRITEABLE")[: 3 if name in REFUSED else 4]:
        assert view.flags[flag] == expected.flags[flag], flag
        assert x.flags[flag] == a.flags[flag], flag


@pytest.mark.parametrize("name", VIEWS)
def test_an_update_of_the_base_is_seen_by_the_view(name, constant):
    call, array = VIEWS[name]
    a, x = array.copy(order="K"), ga.tensor(array, constant=constant)
    expected, view = call(a), call(x)
    for target in (a, x):
        target *= 2
        target[..., 0] = 77
    np.testing.assert_array_equal(view.data, expected)
    assert np.shares_memory(view, x)


@pytest.mark.parametrize("name", VIEWS)
def test_an_update_of_the_view_is_seen_by_the_base(name, constant):
    call, array = VIEWS[name]
    a, x = array.copy(order="K"), ga.tensor(array, constant=constant)
    expected, view = call(a), call(x)
    if name in REFUSED or not expected.flags.writeable:
        with pytest.raises(ValueError, match="read-only"):
            view[...] = 5
        np.testing.assert_array_equal(x.data, array)
        return
    for target in (expected, view):
        target[...] = 5
        target += 1
    np.testing.assert_array_equal(x.data, a)


@pytest.mark.parametrize("name", [name for name in VIEWS if VIEWS[name][1].dtype.kind == "f"])
def test_updates_through_a_view_are_differentiable(name, rng):
    call, array = VIEWS[name]

    def program(x, v):
        base = np.copy(x, order="F" if "Fortran" in name or "lies" in name else "C")
        view = call(base)
        before = np.sin(view)
        if name not in REFUSED and view.flags.writeable:
            view *= v
            view[...] = np.cos(view) + v
        else:
            base *= v
        return np.sum(before) + np.sum(base * base) + np.sum(view * v)

    check_gradient(program, [array / 10 + 0.1, np.array(0.7)], rng)


@pytest.mark.parametrize("name", VIEWS)
def test_the_gradient_of_a_view_is_the_matching_view_of_its_bases(name):
    call, array = VIEWS[name]
    x = ga.tensor(array)
    view = call(x)
    assert view.grad is None
    (np.sum(np.abs(x) ** 2) + np.sum(np.abs(view) ** 2)).backward()
    assert np.shares_memory(view.grad, x.grad)
    np.testing.assert_array_equal(view.grad, call(x.grad))


@pytest.mark.parametrize("name", COPIES)
def test_what_is_a_copy_in_numpy_is_one_here(name, constant):
    x = ga.tensor(SQUARE, constant=constant)
    result = COPIES[name](x)
    assert result.base is None
    assert not np.shares_memory(result, x)
    result[...] = 77
    np.testing.assert_array_equal(x.data, SQUARE)


@pytest.mark.parametrize("name", THE_SAME)
def test_what_is_the_array_itself_in_numpy_is_the_tensor_itself_here(name, constant):
    x = ga.tensor(SQUARE, constant=constant)
    assert THE_SAME[name](SQUARE) is SQUARE
    assert THE_SAME[name](x) is x
    with ga.no_grad():
        alias = THE_SAME[name](x)
    assert alias.constant
    assert np.shares_memory(alias, x)


def test_a_tensor_of_no_dimensions_has_views_too():
    x = ga.tensor(2.0)
    view = x.reshape(1)
    view[0] = 3.0
    assert x.item() == 3.0
    x[...] = 4.0
    assert view[0].item() == 4.0


def test_a_view_keeps_its_base_alive_and_no_circle():
    import gc
    import weakref

    x = ga.tensor([1.0, 2.0])
    view = x[:1]
    gone = weakref.ref(x)
    gc.disable()
    try:
        del x
        assert gone() is not None
        del view
        assert gone() is None
    finally:
        gc.enable()


# --- constants and variables ----------------------------------------------------------------------------------------


def test_a_constant_that_receives_a_variable_becomes_one_with_all_its_views():
    out = ga.zeros(3, constant=True)
    view, other = out[:2], out[2:]
    t = ga.tensor(2.0)
    out[0] = t
    assert not (out.constant or view.constant or other.constant)
    np.sum(view * view).backward()
    assert t.grad == 4


def test_a_base_becomes_a_variable_through_its_view():
    out = np.zeros_like(ga.tensor([1.0, 2.0, 3.0], constant=True))
    t = ga.tensor(2.0)
    out[1:][0] = t
    np.sum(out**2).backward()
    assert t.grad == 4


def test_a_view_that_was_made_a_constant_stays_one():
    x = ga.tensor([1.0, 2.0])
    y = x * 1.0
    with ga.no_grad():
        view = y[:1]
    y *= x
    assert view.constant
    assert view[0].item() == 1


@pytest.mark.parametrize("dtype", [int, bool])
def test_an_integer_tensor_cannot_take_a_variable(dtype):
    x = ga.zeros(3, dtype=dtype)
    view = x[1:]
    with pytest.raises(GradientLossError, match="convert it to floating-point"):
        view[0] = ga.tensor(1.0)
    np.testing.assert_array_equal(x.data, np.zeros(3))
    view[0] = 1
    assert x[1] == 1


def test_a_detached_tensor_keeps_the_value_that_it_had(constant):
    x = ga.tensor([1.0, 2.0], constant=constant)
    y = x.detach()
    assert np.shares_memory(x, y)
    x[0] = 5
    np.testing.assert_array_equal(y.data, [1, 2])
    z = x.detach()
    z[1] = 7
    np.testing.assert_array_equal(x.data, [5, 2])


# --- repeated places ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "index"),
    [
        ((6,), np.array([[0, -1, 0], [5, 5, 2]])),
        ((5, 4, 3), np.array([[0, -1, 0], [4, 4, 2]])),
        ((300, 2), np.array([255, 255, 0], np.uint8)),
        ((5, 4), np.array(-2)),
        ((5, 4), np.zeros(0, int)),
        ((5, 0), np.array([0, 0])),
        ((5, 4), (np.array([0, -1, 0]), np.array([3, 3, 3]))),
        ((5, 4), (np.array([[0], [0]]), np.array([1, -1, 1]))),
        ((5, 4), (np.array([0, 0]), slice(1, 3))),
        ((5, 4), (slice(None), np.array([0, 0]))),
        ((300, 4), np.arange(600) % 7 - 3),
        ((40, 40), (np.arange(600) % 7 - 3, np.arange(600) % 5)),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_read_more_than_once_is_added_up(shape, index, order):
    x = ga.tensor(np.zeros(shape).copy(order))
    y = x[index]
    g = np.random.default_rng(0).normal(size=y.shape)
    y.backward(g)
    expected = np.zeros(shape)
    np.add.at(expected, index, g)
    np.testing.assert_allclose(x.grad, expected, rtol=1e-14)


# --- other ways to write ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["real", "imag"])
def test_assignment_to_a_part_of_a_complex_tensor(part, rng):
    def program(z, v):
        out = z * (1 + 2j)
        setattr(out, part, v)
        view = getattr(out, part)
        view *= 2.0
        return np.sum(out * np.conj(out) * 0.5).real + np.sum(np.imag(out) * v)

    check_gradient(program, [np.array([1 + 2j, 3 - 1j]), np.array([0.3, 0.4])], rng)


def test_parts_of_complex_tensors_have_derivatives_of_second_order():
    def program(v):
        out = (v[:2] + 1j * v[2:]) * (1 + 2j)
        imag, wide = out.imag, np.broadcast_to(out.imag, (2, 2))
        imag[0] = imag[1] ** 2
        real = out.real
        out.real = real * imag
        return np.sum(np.abs(out) ** 2 * (1 + imag[0] ** 2) * real[1]) + np.sum(wide[1] ** 2 * wide[0])

    ga.check_grads(program, (np.array([0.5, 0.3, 0.2, -0.1]),), order=2)


def test_the_imaginary_part_of_a_real_tensor_cannot_be_set():
    with pytest.raises(TypeError, match="imaginary"):
        ga.tensor([1.0]).imag = 2.0


def test_shape_can_be_assigned_and_views_stay_what_they_are():
    x = ga.tensor(np.arange(6.0))
    y = x * 2.0
    view, whole = y[1:3], y[...]
    y.shape = (2, 3)
    assert (y.shape, view.shape, whole.shape) == ((2, 3), (2,), (6,))
    y[0, 1] = 70.0
    view[1] = 80.0
    np.testing.assert_array_equal(y.data, [[0, 70, 80], [6, 8, 10]])
    np.testing.assert_array_equal(whole.data, [0, 70, 80, 6, 8, 10])
    (np.sum(y) + np.sum(view)).backward()
    np.testing.assert_array_equal(x.grad, [2, 0, 0, 2, 2, 2])
    np.testing.assert_array_equal(y.grad, [[1, 2, 2], [1, 1, 1]])


def test_the_shape_of_a_view_can_be_assigned():
    y = ga.tensor(np.arange(6.0)) * 1.0
    view = y[2:]
    view.shape = (2, 2)
    view[1, 1] = 9.0
    assert y[5].item() == 9
    y[2] = 8.0
    assert view[0, 0].item() == 8


# What is computed from a vector of six variables before its shape is set, and from the array of the new shape.
BEFORE_AND_AFTER = {
    "result and element": (lambda x: np.sum(x**2), lambda x: 3.0 * x[1, 2]),
    "view and whole": (lambda x: x[1:4], lambda x: np.sin(x)),
    "view and view": (lambda x: x[::-2], lambda x: x.T[1:]),
    "nothing before": (lambda x: np.zeros(1), lambda x: x * x),
    "nothing after": (lambda x: np.exp(x), lambda x: np.zeros(1)),
    "row and update": (lambda x: x[2:] * 2.0, lambda x: x.__setitem__((0, slice(None)), x[1] ** 2) or x),
    "view and update": (lambda x: x[:2], lambda x: x.__imul__(x)),
}


@pytest.mark.parametrize("name", BEFORE_AND_AFTER)
@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_new_shape_forgets_nothing(name, leaf, order, rng):
    first, second = BEFORE_AND_AFTER[name]
    weights = rng.normal(size=6), rng.normal(size=6)

    def program(x, array=None):
        before = first(x)
        if array is None:
            x.shape = (2, 3)
        else:  # complex numbers, of which NumPy 2.5 wants no new shape either
            x = array.reshape(2, 3)
        after = second(x)
        parts = [np.ravel(part, order) for part in (before, after)]
        return sum(np.sum(w[: p.size] * p) for w, p in zip(weights, parts, strict=True)), x

    values = np.linspace(0.5, 1.5, 6)
    expected = []
    for k in range(6):
        moved = values + 1e-30j * (np.arange(6) == k)
        expected.append(np.imag(program(moved, moved)[0]) / 1e-30)
    if "update" in name:  # x.grad belongs to the value that x holds, and so the leaf is another one

        def found(x):
            y = x * 1.0
            return program(y)[0]

        np.testing.assert_allclose(ga.grad(found)(values), expected, rtol=1e-12)
        return
    x = ga.tensor(values)
    y = x if leaf else x * 1.0
    total, y = program(y)
    assert (y.base, y.creator is None) == (None, leaf)
    total.backward()
    assert (y.shape, y.grad.shape) == ((2, 3), (2, 3))
    np.testing.assert_allclose(np.ravel(y.grad), expected, rtol=1e-12)
    np.testing.assert_allclose(np.ravel(x.grad), expected, rtol=1e-12)
    assert (y.base, y.creator) == (None, None)


def test_a_tensor_of_a_new_shape_is_still_the_one_that_it_was():
    x = ga.tensor(np.arange(6.0))
    early = x[:2]
    np.sum(x * x).backward()
    for shape in ((2, 3), (3, 2), (6, 1), (3, 2)):
        x.shape = shape
        np.testing.assert_array_equal(x.grad, 2 * np.arange(6.0).reshape(shape))
    late = x[0]
    assert x.base is None and early.base is x and late.base is x
    x[...] = 7.0
    np.testing.assert_array_equal(early.data, [7, 7])
    np.testing.assert_array_equal(late.data, [7, 7])
    x.grad = np.ones((3, 2))
    np.testing.assert_array_equal(early.grad, [1, 1])
    x.null_grad()
    assert x.grad is None
    with pytest.raises(ValueError, match="there are views"):
        x.resize(2)
    del early, late
    x.resize(2)
    np.testing.assert_array_equal(x.data, [7, 7])


def test_a_gradient_on_the_tape_gets_the_new_shape():
    x = ga.tensor([1.0, 2.0])
    np.sum(x**3).backward(create_graph=True)
    x.shape = (2, 1)
    np.testing.assert_array_equal(x.grad.data, [[3], [12]])
    np.sum(x.grad).backward()
    np.testing.assert_array_equal(x.grad, [[6], [12]])


def test_a_shape_that_is_set_off_the_tape_makes_no_constant():
    x = ga.tensor([1.0, 2.0])
    with ga.no_grad():
        x.shape = (2, 1)
        assert not x.constant
    np.sum(x * x).backward()
    np.testing.assert_array_equal(x.grad, [[2], [4]])


def test_the_gradient_of_a_view_can_be_set():
    x = ga.tensor(np.asfortranarray(SQUARE))
    row, column = x[1], x[:, 0]
    row.grad = [1.0, 2.0, 3.0]
    column.grad = [4.0, 5.0, 6.0]
    np.testing.assert_array_equal(x.grad, [[4, 0, 0], [5, 2, 3], [6, 0, 0]])
    row.null_grad()
    assert x.grad is None


def test_a_view_outlives_the_tape_of_its_reading():
    x = ga.tensor([1.0, 2.0, 3.0])
    views = x[1:], x.reshape(3, 1), x[::-1][1:]
    for _ in range(3):
        sum(np.sum(view * view) for view in views).backward()
        np.testing.assert_array_equal(x.grad, [4, 12, 12])


def test_a_shape_that_needs_a_copy_is_refused():
    view = ga.tensor(SQUARE)[:, :2]
    with pytest.raises(AttributeError, match="without a copy"):
        view.shape = (6,)
    with pytest.raises(TypeError):
        view.shape = None
    assert view.shape == (3, 2)
    empty = ga.tensor(SQUARE)[:, :0]
    empty.shape = (0, 5)
    assert empty.shape == (0, 5)


def test_resize():
    x = ga.tensor([1.0, 2.0])
    y = x * 1.0
    y.resize(3)
    np.testing.assert_array_equal(y.data, [1, 2, 0])
    y.resize((2, 1))
    y.resize()
    assert y.shape == (2, 1)
    np.sum(y * y).backward()
    np.testing.assert_array_equal(x.grad, [2, 4])
    view = y[:1]
    for shared in (y, view):
        with pytest.raises(ValueError, match="cannot resize"):
            shared.resize(5)
    del view, shared
    y.resize(1)


SORTS = {
    "sort": lambda x: x.sort(),
    "stable sort": lambda x: x.sort(stable=True),
    "partition": lambda x: x.partition(1),
}
if "descending" in str(np.sort.__doc__):  # NumPy 2.5
    SORTS["descending sort"] = lambda x: x.sort(descending=True)


@pytest.mark.parametrize("name", SORTS)
def test_sorting_in_place_reaches_views_and_gradients(name, rng):
    def program(x):
        out = x * 1.0
        view = out[::-1]
        SORTS[name](out)
        return view * np.arange(1.0, 4.0)

    array = np.array([3.0, 1.0, 2.0])
    for constant in (False, True):
        tensor = ga.tensor(array, constant=constant)
        np.testing.assert_array_equal(program(tensor).data, program(array))
    check_gradient(program, [array], rng)


@pytest.mark.parametrize("constant", [False, True])
def test_sorting_in_place_knows_numpys_options_alone(constant):
    x = ga.tensor([2.0, 1.0], constant=constant) * 1.0
    with pytest.raises(TypeError, match="backwards"):
        x.sort(backwards=True)
    np.testing.assert_array_equal(x.data, [2, 1])


def test_fill_takes_one_number():
    x = ga.tensor([1.0, 2.0]) * 1.0
    t = ga.tensor(3.0)
    x.fill(t)
    np.sum(x).backward()
    assert t.grad == 2
    with pytest.raises((ValueError, TypeError)):
        x.fill([1.0, 2.0])


def test_several_outputs_into_views():
    x = ga.tensor([1.25, -2.5])
    parts = np.zeros((2, 2), like=x)
    np.modf(x, out=(parts[0], parts[1]))
    np.testing.assert_array_equal(parts.data, np.stack(np.modf(x.data)))
    np.sum(parts[0] * 3.0).backward()
    np.testing.assert_array_equal(x.grad, [3, 3])


def test_an_overlapping_assignment_reads_before_it_writes(rng):
    def program(x):
        out = x * 1.0
        out[1:] = out[:-1]
        out[:-1] += out[1:]
        out[::-1] -= 0.5 * out
        return out

    array = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(program(ga.tensor(array)).data, program(array))
    check_gradient(program, [array], rng)


def crowded(x, count=20):
    """Return a copy of which many views were taken, and one written into: from then on it is known who has it."""
    out = x * 1.0
    views = [out[k : k + 1] for k in range(count)]
    out[0] = out[0] * 2.0
    del views[:]
    return out


OVERLAPS = {
    "steps": lambda out: out.__setitem__(slice(None, None, 2), out[: (len(out) + 1) // 2]),
    "mask": lambda out: out.__setitem__(np.arange(len(out)) % 3 > 0, out[-2 : -2 - 2 * len(out) // 3 : -1]),
    "plain": lambda out: out.__setitem__(slice(None, None, 2), np.asarray(getattr(out, "data", out))[: len(out) // 2]),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_an_overlapping_assignment_to_an_array_with_views_reads_before_it_writes(name):
    """NumPy itself takes what it has written already in some of these."""
    for made in (lambda x: x * 1.0, crowded):
        array = np.arange(1.0, 31.0)
        start = np.array(made(ga.tensor(array)).data)
        expected = start.copy()
        OVERLAPS[name](_Apart(expected))
        out = made(ga.tensor(array))
        OVERLAPS[name](out)
        np.testing.assert_array_equal(out.data, expected)


class _Apart:
    """An array of which every part that is read is a copy."""

    def __init__(self, array):
        self.data = array

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.data[index].copy()

    def __setitem__(self, index, value):
        self.data[index] = np.array(value)


@pytest.mark.parametrize("count", [2, 20])
def test_what_was_saved_of_an_array_with_views_stays(count):
    """An update comes after a product has saved the array: before its first view, and once it is known who has it."""
    x = ga.tensor(np.arange(1.0, 31.0))
    early = x * 1.0
    first = early * early
    views = [early[k : k + 1] for k in range(20)]
    early[3] = 100.0
    late = crowded(x, count)
    second = late * late
    late[3] = 100.0
    (np.sum(first) + np.sum(second)).backward()
    expected = 4.0 * x.data
    expected[0] += 6.0 * x.data[0]
    np.testing.assert_allclose(x.grad, expected)
    assert views[3].data[0] == 100.0 == early.data[3] == late.data[3]


@pytest.mark.parametrize("count", [2, 20])
@pytest.mark.parametrize("saved", [False, True])
def test_an_array_that_was_made_read_only_by_its_data(saved, count):
    out = crowded(ga.tensor(np.arange(1.0, 1001.0)), count)
    out.data.flags.writeable = False
    if saved:
        out * out
    with pytest.raises(ValueError, match="read-only"):
        out[3] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        out[3:4] = out[3:4]
    np.testing.assert_array_equal(out.data, [2.0, *range(2, 1001)])


@pytest.mark.parametrize("count", [2, 20])
@pytest.mark.parametrize("kept", [False, True])
def test_an_array_that_was_made_read_only_by_its_flags(kept, count):
    out = crowded(ga.tensor(np.arange(1.0, 1001.0)), count)
    flags = out.flags
    flags.writeable = False
    if not kept:
        del flags
    with pytest.raises(ValueError, match="read-only"):
        out[3] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        out[3] += 5.0
    with pytest.raises(ValueError, match="read-only"):
        out *= 5.0
    np.testing.assert_array_equal(out.data, [2.0, *range(2, 1001)])
    out.flags.writeable = True
    out[3] = 5.0
    assert out.data[3] == 5.0


def test_an_assignment_that_fails_leaves_the_views_of_a_constant_constants():
    out = ga.tensor(np.arange(1.0, 31.0), constant=True)
    views = [out[k : k + 1] for k in range(20)]
    out[0] = 2.0
    with pytest.raises(ValueError, match="broadcast"):
        out[:2] = ga.tensor([1.0, 2.0, 3.0])
    assert out.constant and all(view.constant for view in views)
    out[:2] = ga.tensor([1.0, 2.0])
    assert not out.constant and not views[1].constant and views[1].data[0] == 2.0


WINDOWS = {
    "once": lambda w, t: w.__setitem__(..., t),
    "twice": lambda w, t: (w.__setitem__(..., t), w.__setitem__(..., t[::-1] * 2.0)),
    "a part": lambda w, t: w.__setitem__((slice(1, None), 0), t[1:, 1]),
    "one number": lambda w, t: w.__setitem__(..., t[0, 0]),
    "a row": lambda w, t: w.__setitem__(..., t[1]),
    "flat": lambda w, t: w.flat.__setitem__(slice(1, 4), t[0, 0] ** 2),
    "out": lambda w, t: np.multiply(t, 2.0, out=w),
}


@pytest.mark.parametrize("write", WINDOWS)
@pytest.mark.parametrize("stride", [1, 2])
def test_of_what_is_written_twice_through_a_view_one_value_has_the_derivative(write, stride, rng):
    def program(x, t):
        y = x * 1.0
        windows = np.lib.stride_tricks.sliding_window_view(y, 3, writeable=True)[::stride]
        before = np.sum(windows**2)
        WINDOWS[write](windows, t[: len(windows)])
        return np.sum(y * np.arange(1.0, 9.0)) + before + np.sum(windows[0] ** 2)

    check_gradient(program, [rng.normal(size=8), rng.normal(size=(6, 3))], rng)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("kind", ["base", "view", "rows", "other view"])
def test_so_does_each_of_many(kind, held, rng):
    """More than are looked through one by one: what is saved is a copy then."""

    def program(x):
        y, total, views = 1.0 * x, 0.0, []
        for i in range(3):
            for k in range(20):
                view = y[k : k + 3]
                views += [view] if held or not views else []
                total = total + np.sum(view * view * (i + 1))
            if kind == "base":
                y[i] = 0.01 * total
            elif kind == "view":
                view *= 1.01
            elif kind == "rows":
                y[::2] = 0.9 * y[1::2]
            else:
                views[0][...] = 0.5 * view
        return total + np.sum(y**3)

    ga.check_grads(program, (rng.uniform(0.1, 0.4, 24),), order=1)


def test_a_saved_value_stays_intact_whoever_writes(rng):
    def program(x):
        base = x * 1.0
        row, column = base[0], base[:, 0]
        saved = base * base + np.exp(row) + np.sin(column)
        row *= 2.0
        column[...] = 7.0
        base[1, 1] = 0.5
        return saved + base * base

    check_gradient(program, [np.array([[0.1, 0.2], [0.3, 0.4]])], rng)


@pytest.mark.parametrize("n", [6, 6000])
def test_what_a_tape_saved_of_a_view_stays_intact_after_the_first_update_too(n):
    z = ga.tensor(np.linspace(0.1, 1.0, n))
    w = z * 1.0
    part = w[1:]
    w[0] = 0.5
    loss = np.sum(np.sin(part))
    w[1] = 2.0
    loss.backward()
    expected = np.cos(np.linspace(0.1, 1.0, n))
    expected[0] = 0
    np.testing.assert_allclose(z.grad, expected)


# --- errors come before any change ----------------------------------------------------------------------------------

FAILURES = {
    "shape": lambda x, v: x.__setitem__(slice(None), np.ones(7)),
    "shape of a variable": lambda x, v: x.__setitem__(slice(None), np.ones(7) * v),
    "index": lambda x, v: x.__setitem__(9, v),
    "integers": lambda x, v: x.__setitem__([0, 9], v),
    "mask": lambda x, v: x.__setitem__(np.ones(7, bool), v),
    "kind of index": lambda x, v: x.__setitem__("a", v),
    "type": lambda x, v: x.__setitem__(0, "text"),
    "augmented shape": lambda x, v: x.__iadd__(np.ones((5, 4)) * v),
    "augmented casting": lambda x, v: x.__iadd__(v * 1j),
    "out shape": lambda x, v: np.multiply(np.ones(7) * v, 2.0, out=x),
    "out casting": lambda x, v: np.multiply(v, 2j, out=x),
    "one of two outputs": lambda x, v: np.modf(v * np.ones(4), out=(x, ga.tensor([1.0]))),
    "at index": lambda x, v: np.add.at(x, [0, 9], v),
    "at shape": lambda x, v: np.add.at(x, [0, 1], v * np.ones(3)),
    "copyto": lambda x, v: np.copyto(x, v * np.ones(7)),
    "copyto casting": lambda x, v: np.copyto(x, v * 1j),
    "put": lambda x, v: np.put(x, [0, 9], v),
    "put of constants": lambda x, v: np.put(x, [0, 9], 5.0),
    "place": lambda x, v: np.place(x, np.ones(4, bool), []),
    "putmask": lambda x, v: np.putmask(x, np.ones(7, bool), v),
    "put_along_axis": lambda x, v: np.put_along_axis(x, np.array([9]), v, 0),
    "flat": lambda x, v: x.flat.__setitem__(99, v),
    "shape assigned": lambda x, v: setattr(x, "shape", (3, 3)),
    "fill": lambda x, v: x.fill([1.0, 2.0]),
    "sort": lambda x, v: x.sort(axis=5),
    "partition": lambda x, v: x.partition(9),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("variable", [False, True])
@pytest.mark.parametrize("recording", [False, True])
def test_an_update_that_fails_changes_nothing(name, variable, recording):
    leaf = ga.tensor([1.0, 2.0, 3.0, 4.0])
    x = leaf * 1.0
    view, saved = x[1:], x * x
    v = ga.tensor(2.0, constant=not variable)
    node, place, flags = x._node, x._raw.ctypes.data, (x.flags.writeable, view.flags.writeable)
    with pytest.raises(Exception) as error:
        if recording:
            FAILURES[name](x, v)
        else:
            with ga.no_grad():
                FAILURES[name](x, v)
    assert not isinstance(error.value, AssertionError)
    assert x._node is node
    assert x._raw.ctypes.data == place
    assert (x.flags.writeable, view.flags.writeable) == flags
    assert np.shares_memory(x, view)
    np.testing.assert_array_equal(x.data, [1, 2, 3, 4])
    (np.sum(saved) + np.sum(view)).backward()
    np.testing.assert_array_equal(leaf.grad, [2, 5, 7, 9])


# --- costs ----------------------------------------------------------------------------------------------------------

N = 200_000


def peak_of(step):
    """Return the bytes that a step had in use at once, beyond those before it."""
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    step()
    return tracemalloc.get_traced_memory()[1] - before


@pytest.fixture
def traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


def fill(out, x, i):
    out[i] = np.sin(x[i])


def accumulate(out, x, i):
    out[i] += x[i] * x[i]


def recur(out, x, i):
    out[i + 1] = out[i] * x[i]


def fill_rows(out, x, i):
    rows = out.reshape(-1, 2)
    rows[i] = x[i : i + 2]


def recur_in_rows(out, x, i):
    rows = out.reshape(-1, 2)
    rows[i + 1] = np.tanh(rows[i]) + x[i]


def fill_columns(out, x, i):
    columns = out.reshape(2, -1)
    columns[:, i + 1] = np.tanh(columns[:, i]) * x[i]


LOOPS = [fill, accumulate, recur, fill_rows, recur_in_rows, fill_columns]


@counted
@pytest.mark.parametrize("step", LOOPS)
def test_a_loop_that_writes_costs_the_same_at_each_step(step, traced, monkeypatch):
    x = ga.tensor(np.linspace(0.1, 1.0, N))
    out = np.zeros(N, like=x)
    fill(out, x, 0)
    whole = N * 8
    for i in range(3):  # the first read of a part may find that the buffer has to be looked into
        step(out, x, i)
    for i in range(3, 40):
        assert peak_of(lambda i=i: step(out, x, i)) < whole / 10
    taken = []

    class Counted:
        """NumPy, with each array noted that the sweep makes."""

        def __getattr__(self, name):
            return getattr(np, name)

        def array(self, *args, **kwargs):
            return self.noted(np.array(*args, **kwargs))

        def empty(self, *args, **kwargs):
            return self.noted(np.empty(*args, **kwargs))

        def noted(self, array):
            taken.append(array.size)
            return array

    monkeypatch.setattr(cotangents, "np", Counted())
    loss = np.sum(out)
    loss.backward()
    assert 1 <= sum(size >= N for size in taken) <= 4
    assert x.grad is not None


def test_a_loop_that_reads_costs_the_same_at_each_step(traced):
    x = ga.tensor(np.linspace(0.1, 1.0, N))
    total = x[0] * 1.0
    for i in range(1, 40):

        def step(i=i):
            nonlocal total
            total = total + x[i] * x[i]

        assert peak_of(step) < 10_000


# --- growth: n steps with as many views and updates -----------------------------------------------------------------


def slices_of_slices(x):
    while x.size > 3:
        x[0] = x[-2]
        x = x[:-1]


def swaps_at_both_ends(x):
    while x.size > 3:
        first = x[0] * 1.0
        x[0] = x[-1]
        x[-1] = first
        x = x[1:-1] if x.size % 2 else x[::-1][1:]


def slices_of_rows(x):
    x = np.stack([x, x], axis=1)
    while len(x) > 3:
        x[0] = x[-1] * 0.5
        x = x[:-1]


def slices_of_columns(x):
    x = np.stack([x, x]).T * 1.0
    while len(x) > 3:
        x[0] = x[-1] * 0.5
        x = x[1:, ::-1]


def living_views_of_the_whole(x):
    views = []
    for i in range(x.size):
        views.append(x[:-2])
        x[i] = 1.0
    return views[0]


def living_views_that_are_written(x):
    views = []
    for i in range(x.size):
        views.append(x[i:])
        views[-1][0] += 1.0
    return x


def living_views_that_are_saved(x):
    views = [x[i : i + 2] for i in range(x.size)]
    total = 0.0
    for view in views:
        view *= 0.5
        total = total + np.sum(np.exp(view))
    return total


def a_base_that_is_saved(x):
    views, y, total = [], x[:3] * 1.0, 0.0
    for i in range(x.size):
        views.append(y[:2])
        total = total + np.sum(np.sin(y))
        y[i % 3] = 0.5
    return total


def rows_by_rows(x):
    table = np.stack([x, x], axis=1) * 1.0
    rows = list(table)
    for row, before in zip(rows[1:], rows, strict=False):
        row[...] = np.tanh(before)
    return table


def columns_by_columns(x):
    table = np.stack([x, x]) * 1.0
    columns = list(table.T)
    for column, before in zip(columns[1:], columns, strict=False):
        column += before * 0.1
    return table


def views_beside_a_plain_array(x):
    data = x.data
    views = [x[i:] for i in range(x.size)]
    for i, view in enumerate(views):
        x[i] = 2.0
        _ = view * 1.0
    return data


def detached_values(x):
    kept, y = [], x[:3] * 1.0
    for _ in range(x.size):
        kept.append(y[:2].detach())
        y[0] = 1.0


def shapes_and_views(x):
    views, y, total = [], x[:6] * 1.0, 0.0
    for i in range(x.size):
        views.append(y[:1])
        y.shape = (2, 3) if y.ndim == 1 else (6,)
        total = total + np.ravel(y)[i % 6]
        y[...] = y * 0.5
    return total


GROWING = [
    *(slices_of_slices, swaps_at_both_ends, slices_of_rows, slices_of_columns, living_views_of_the_whole),
    *(living_views_that_are_written, living_views_that_are_saved, a_base_that_is_saved, rows_by_rows),
    *(columns_by_columns, views_beside_a_plain_array, detached_values, shapes_and_views),
]


def lines_of(f):
    """Return how many lines Python runs in `f`; those do not depend on the machine, as seconds do."""
    count = 0

    def note(frame, event, arg):
        nonlocal count
        count += 1
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        f()
    finally:
        sys.settrace(before)
    return count


@counted
@pytest.mark.parametrize("loop", GROWING)
def test_views_and_updates_cost_the_same_at_each_step(loop, constant):
    def step(n):
        result = loop(ga.tensor(np.linspace(0.5, 1.0, n), constant=constant))
        if isinstance(result, ga.Tensor) and not result.constant:
            np.sum(result).backward()

    step(20)
    few, many = lines_of(lambda: step(120)), lines_of(lambda: step(240))
    assert many < 2.3 * few


@counted
@pytest.mark.parametrize("loop", [living_views_of_the_whole, living_views_that_are_saved])
def test_large_views_and_updates_cost_the_same_at_each_step(loop):
    def step(part):
        x = ga.tensor(np.linspace(0.5, 1.0, 5000))  # each view is one that a tape keeps as it is
        views, total = [], 0.0
        for i in range(part):
            views.append(x[:-2])
            if loop is living_views_that_are_saved:
                total = total + np.sum(np.exp(views[i]))
            x[i] = 1.0

    few, many = lines_of(lambda: step(60)), lines_of(lambda: step(120))
    assert many < 2.3 * few


def test_a_long_chain_of_slices_is_one_view(rng):
    def index_of(shape):
        index = []
        for n in shape:
            start, stop = rng.integers(-n - 1, n + 2, 2)
            kind = rng.integers(5)
            index += [
                [slice(None)],
                [slice(start, None, int(rng.choice([1, 2, -1, -3])))],
                [slice(None, stop)],
                [None, slice(None, None, -1)],
                [int(rng.integers(n)) if n and rng.random() < 0.3 else slice(1 % max(n, 1), None)],
            ][kind]
        return (*index[: rng.integers(len(index) + 1)], ...)

    for _ in range(60):
        shape = tuple(rng.integers(1, 9, rng.integers(1, 4)))
        x = ga.tensor(np.arange(np.prod(shape, dtype=float)).reshape(shape).copy(rng.choice(["C", "F"])))
        y = x * 1.0
        array, view = np.array(y.data), y
        whole, before = array, 0.0
        for _ in range(8):
            index = index_of(array.shape)
            array, view = array[index], view[index]
            if array.size and rng.random() < 0.5:
                before = before + np.sum(view * 3.0)
                array += 1.0
                view += 1.0
        np.testing.assert_array_equal(view.data, array)
        np.testing.assert_array_equal(y.data, whole)
        assert view.base is y and np.shares_memory(view, y) == bool(view.size)
        (np.sum(view * view) + before + 0.0 * np.sum(y)).backward()
        np.testing.assert_array_equal(view.grad, (2 * array))


IN_PLACE = {
    "item": lambda w, g: w.__setitem__(3, 5.0),
    "slice": lambda w, g: w.__setitem__(slice(5, None), 5.0),
    "array": lambda w, g: w.__setitem__(..., g),
    "augmented": lambda w, g: w.__isub__(g),
    "augmented view": lambda w, g: w[10:].__imul__(2.0),
    "out": lambda w, g: np.add(g, g, out=w),
    "out of itself": lambda w, g: np.add(w, g, out=w),
    "copyto": lambda w, g: np.copyto(w, g),
    "putmask": lambda w, g: np.putmask(w, MASK, 1.0),
    "fill": lambda w, g: w.fill(2.0),
    "sort": lambda w, g: w.sort(),
    "data": lambda w, g: setattr(w, "data", g),
    "flat": lambda w, g: w.flat.__setitem__(7, 2.0),
    "at": lambda w, g: np.add.at(w, [1, 2], 1.0),
}
MASK = np.arange(N) % 2 == 0


@counted
@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("viewed", [False, True])
def test_without_recording_an_update_allocates_nothing(name, viewed, traced):
    g = np.linspace(0.0, 1.0, N)
    w = ga.tensor(g[::-1])
    view = w[:4] if viewed else None
    with ga.no_grad():
        IN_PLACE[name](w, g)
        assert peak_of(lambda: IN_PLACE[name](w, g)) < 10_000
    assert view is None or np.shares_memory(view, w)


def test_a_training_step_updates_in_place():
    w = ga.tensor([1.0, 2.0])
    data = w.data
    for _ in range(3):
        np.sum(w * w).backward()
        w.data -= 0.1 * w.grad
        with ga.no_grad():
            w *= 0.5
    assert w.data is data
    np.testing.assert_allclose(data, np.array([1.0, 2.0]) * 0.4**3)


class Matrix(np.ndarray):
    """Its product is another one, and it holds the elements themselves."""

    def __mul__(self, other):
        return np.matmul(self, other)


def test_a_variable_is_seen_as_an_array_and_as_nothing_derived_from_it():
    np.testing.assert_array_equal(ga.grad(lambda x: np.sum(x.view(np.ndarray) ** 2))(A), 2 * A)
    np.testing.assert_array_equal(ga.jvp(lambda x: x.view(np.ndarray) * 2, (A,), (A,))[1], 2 * A)
    for derive in (ga.grad(lambda x: np.sum(x.view(Matrix))), lambda x: ga.jvp(lambda y: y.view(Matrix), (x,), (x,))):
        with pytest.raises(TypeError, match="a variable cannot be seen as Matrix"):
            derive(A)
