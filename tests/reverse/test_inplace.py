"""Functions that change their first argument, on a Tensor: the values are NumPy's, and differentiable."""

from __future__ import annotations

import contextvars
import functools
import itertools
import operator
import sys
from pathlib import Path

import numpy as np
import pytest

import gradarray as ga
from gradarray import GradientLossError
from gradarray.kernels.arrays import HEAVY, LARGE
from gradarray.tape import sweeps
from tests.checks import check_forward, check_gradient
from tests.counted import counted
from tests.numeric import numeric_jacobian

MASK = np.array([[True, False, True], [False, True, True]])
A = np.array([[0.5, 1.5, 2.5], [1.2, 0.7, 0.9]])
CALLS = {
    "copyto": (lambda a, v: np.copyto(a, v), [3.0, 4.0, 5.0]),
    "copyto where": (lambda a, v: np.copyto(a, v, where=MASK), [3.0, 4.0, 5.0]),
    "put": (lambda a, v: np.put(a, [0, 4, -1], v), [3.0, 4.0, 5.0]),
    "put repeated": (lambda a, v: np.put(a, [0, 4, 1, 0], v), [3.0, 4.0]),
    "put wrap": (lambda a, v: np.put(a, [7, -8], v, mode="wrap"), [3.0, 4.0]),
    "put clip": (lambda a, v: np.put(a, [70, 1], v, "clip"), [3.0, 4.0]),
    "place": (lambda a, v: np.place(a, MASK, v), [3.0, 4.0]),
    "putmask": (lambda a, v: np.putmask(a, MASK, v), [3.0, 4.0, 5.0, 6.0]),
    "putmask short": (lambda a, v: np.putmask(a, MASK, v), [3.0, 4.0]),
    "put_along_axis": (lambda a, v: np.put_along_axis(a, np.array([[1], [2]]), v, 1), [[3.0], [4.0]]),
    "put_along_axis 0": (lambda a, v: np.put_along_axis(a, np.array([[1, 0, 1]]), v, axis=0), [[3.0, 4.0, 5.0]]),
    "fill_diagonal": (lambda a, v: np.fill_diagonal(a, v), [3.0, 4.0]),
    "fill_diagonal number": (lambda a, v: np.fill_diagonal(a, v, wrap=True), 3.0),
}


def changed(change):
    def call(a, v):
        out = a * 1.0
        assert change(out, v) is None
        return out

    return call


@pytest.mark.parametrize("name", CALLS)
def test_value_and_gradient(name):
    change, v = CALLS[name]
    operands = [A, np.asarray(v)]
    check_forward(changed(change), operands)
    check_gradient(changed(change), operands, np.random.default_rng(0))


def changed_through_a_view(change):
    def call(a, v):
        base = np.zeros((3, 4), like=a)
        view = base[::-1].T[1:, ::2].T  # a view of views, with strides of its own
        view[...] = a
        before = view * view
        change(view, v)
        return base + np.sum(before)

    return call


@pytest.mark.parametrize("name", CALLS)
def test_the_base_of_a_view_sees_the_value_and_the_gradient(name):
    change, v = CALLS[name]
    operands = [A, np.asarray(v)]
    check_forward(changed_through_a_view(change), operands)
    check_gradient(changed_through_a_view(change), operands, np.random.default_rng(0))


@pytest.mark.parametrize("name", CALLS)
def test_a_variable_into_a_plain_array_is_refused_and_a_constant_is_not(name):
    change, v = CALLS[name]
    array, expected = A.copy(), A.copy()
    with pytest.raises(GradientLossError, match="plain ndarray"):
        change(array, ga.tensor(v))
    np.testing.assert_array_equal(array, A)
    change(array, ga.tensor(v, constant=True))
    change(expected, np.asarray(v))
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: np.copyto(a, np.ones(5)),
        lambda a: np.copyto(a, 1j),
        lambda a: np.put(a, [99], 1.0),
        lambda a: np.place(a, [True], 1.0),
        lambda a: np.putmask(a, [True], 1.0),
        lambda a: np.fill_diagonal(a[0], 1.0),
        lambda a: np.put_along_axis(a, np.array([[9]]), 1.0, 1),
        lambda a: operator.setitem(a, (0, 9), 1.0),
        lambda a: operator.setitem(a, 0, np.ones(5)),
    ],
)
def test_a_mistake_gets_numpys_error_and_changes_nothing(change):
    with pytest.raises(Exception) as theirs:
        change(A.copy())
    x = ga.tensor(A)
    with pytest.raises(type(theirs.value)):
        change(x)
    np.testing.assert_array_equal(x.data, A)
    np.sum(x * x).backward()
    np.testing.assert_array_equal(x.grad, 2 * A)
    assert x.creator is None


def test_a_tensor_in_any_argument_of_the_mirror():
    x = ga.tensor(5.0)
    for call in (
        lambda: ga.pad(np.ones(3), 1, constant_values=x),
        lambda: ga.select([np.array([True, False])], [np.zeros(2)], x) * 2,
        lambda: ga.mean([x, [3.0], 2.0 * x][::2]) * 2 / 1.5,
        lambda: ga.where([True, True], x, 0.0),
        lambda: ga.clip([9.0, 8.0], None, x),
        lambda: ga.full(2, x),
        lambda: ga.stack([x, 1.0, x]),
    ):
        call().backward()
        np.testing.assert_allclose(x.grad, 2)


def test_saving_and_printing_take_the_bare_values(tmp_path):
    x = ga.tensor(A)
    np.save(tmp_path / "one.npy", x)
    np.savez(tmp_path / "many.npz", x=x, y=x * 2)
    np.savez_compressed(tmp_path / "small.npz", x=x)
    np.savetxt(tmp_path / "text.txt", x)
    np.testing.assert_array_equal(np.load(tmp_path / "one.npy", allow_pickle=False), A)
    with np.load(tmp_path / "many.npz", allow_pickle=False) as many:
        np.testing.assert_array_equal(many["y"], 2 * A)
    with np.load(tmp_path / "small.npz", allow_pickle=False) as small:
        np.testing.assert_array_equal(small["x"], A)
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "text.txt"), A)
    assert np.array_repr(x) == repr(x)
    assert np.array_str(x) == str(x)
    assert np.array2string(x, precision=1) == np.array2string(A, precision=1)


@pytest.mark.parametrize(
    ("func", "args"),
    [
        (np.zeros, (3,)),
        (np.ones, ((2, 2),)),
        (np.empty, ((0, 2),)),
        (np.full, (2, 7.0)),
        (np.eye, (2,)),
        (np.identity, (2,)),
        (np.arange, (4,)),
        (np.array, ([1.0, 2.0],)),
        (np.asarray, ([1.0, 2.0],)),
        (np.tri, (3,)),
    ],
)
def test_like_makes_tensors(func, args):
    found = func(*args, like=ga.tensor(1.0))
    assert isinstance(found, ga.Tensor)
    np.testing.assert_array_equal(found.data, func(*args))


def test_a_preallocated_array_like_a_tensor_is_filled_in_a_loop():
    x = ga.tensor([1.0, 2.0, 3.0])
    out = np.zeros(3, like=x)
    for i in range(3):
        out[i] = x[i] ** 2
    np.sum(out * out).backward()
    np.testing.assert_array_equal(x.grad, 4 * x.data**3)


# --- augmented assignments ------------------------------------------------------------------------------------------

AUGMENTED = (
    *(operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow, operator.imatmul),
    *(operator.ifloordiv, operator.imod),
)
UPDATE_SHAPES = ((), (1,), (2,), (2, 2), (1, 2), (2, 1), (3, 2, 2), (1, 3, 2, 2), (0,), (2, 0))


@pytest.mark.parametrize("update", AUGMENTED, ids=lambda update: update.__name__)
@pytest.mark.parametrize("viewed", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.int64])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_augmented_assignment_takes_what_an_ndarrays_takes(update, viewed, dtype):
    for shape in UPDATE_SHAPES:
        for other in UPDATE_SHAPES:
            array, value = np.full(shape, 3, dtype), np.full(other, 1.5)
            expected = array.copy()
            try:
                update(expected, value)
                error = None
            except (TypeError, ValueError) as mistake:
                error = type(mistake)
                expected = array
            for constant in (False, True):
                x = ga.tensor(array, constant=constant or dtype is np.int64)
                view = x.reshape(-1) if viewed else None
                operand = ga.tensor(value, constant=constant or dtype is np.int64)
                if error is None:
                    assert update(x, operand) is x
                else:
                    with pytest.raises(error):
                        update(x, operand)
                assert (x.shape, x.dtype) == (shape, dtype)
                np.testing.assert_allclose(x.data, expected, rtol=1e-6)
                assert view is None or view.shape == (array.size,)

            def in_forward_mode(z, array=array, value=value):
                x = np.array(array, like=z)
                update(x, np.asarray(value, like=z))
                return x

            if dtype is not np.int64:
                if error is None:
                    np.testing.assert_allclose(ga.jvp(in_forward_mode, (1.0,), (1.0,))[0], expected, rtol=1e-6)
                else:
                    with pytest.raises(error):
                        ga.jvp(in_forward_mode, (1.0,), (1.0,))


@pytest.mark.parametrize("shapes", [((2, 2), (2, 2)), ((3, 2, 2), (2, 2)), ((3, 2, 2), (1, 3, 2, 2))])
def test_the_gradient_of_an_update_by_a_matrix_product(shapes, rng):
    def program(a, b):
        out = a * 1.0
        row = out[0]
        out @= b
        return np.sum(out**2) + np.sum(row)

    ga.check_grads(program, tuple(rng.normal(size=shape) for shape in shapes))


NOTHING_TO_WRITE = {
    "copyto where": lambda a, v: np.copyto(a, v, where=False),
    "put": lambda a, v: np.put(a, [], v),
    "place": lambda a, v: np.place(a, np.zeros(a.shape, bool), v),
    "putmask": lambda a, v: np.putmask(a, np.zeros(a.shape, bool), v),
    "put_along_axis": lambda a, v: np.put_along_axis(a, np.zeros((2, 0), int), np.zeros((2, 0)), 1),
}
READ_ONLY = {
    **{name: (change, np.array(values)) for name, (change, values) in CALLS.items()},
    **{f"{name}, nothing": (change, np.ones(3)) for name, change in NOTHING_TO_WRITE.items()},
}
PROTECTED = {"imag": lambda a: a.imag, "broadcast": lambda a: np.broadcast_to(a[:1], a.shape)}


@pytest.mark.parametrize("name", READ_ONLY)
@pytest.mark.parametrize("protect", PROTECTED.values(), ids=PROTECTED)
def test_what_is_read_only_is_refused_where_numpy_refuses_it(name, protect):
    change, v = READ_ONLY[name]
    found = []

    def tried(a):
        try:
            change(protect(a), v)
        except ValueError as error:
            assert "read-only" in str(error)
            found.append(True)
        else:
            found.append(False)
        return np.sum(a)

    tried(A.copy())
    tried(ga.tensor(A))
    ga.grad(tried)(A)
    ga.jvp(tried, (A,), (A,))
    ga.jvp(ga.grad(tried), (A,), (A,))
    assert found == found[:1] * 5


@pytest.mark.parametrize("protect", PROTECTED.values(), ids=PROTECTED)
@pytest.mark.parametrize("ufunc", [np.add, np.multiply])
def test_nor_does_the_method_at_write_into_what_is_read_only(ufunc, protect):
    # NumPy's own does, for want of a look at the flag.
    def tried(a):
        with pytest.raises(ValueError, match="read-only"):
            ufunc.at(protect(a), (0, [0, 0]), 2.0)
        return np.sum(a)

    np.testing.assert_array_equal(ga.grad(tried)(A), np.ones(A.shape))
    np.testing.assert_array_equal(ga.jvp(tried, (A,), (A,)), [np.sum(A), np.sum(A)])
    np.testing.assert_array_equal(ga.jvp(ga.grad(tried), (A,), (A,))[0], np.ones(A.shape))
    tried(ga.tensor(A, constant=True))


ORDERS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "reversed": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "neither": lambda a: np.array(a.transpose(1, 0, 2)).transpose(1, 0, 2),
}


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("op", [operator.imul, operator.iadd, operator.ipow, operator.itruediv])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("other", ORDERS)
def test_an_update_leaves_the_elements_in_the_order_that_they_have_in_memory(constant, op, order, other):
    rng = np.random.default_rng(0)
    a = np.array(ORDERS[order](1 + rng.random((4, 3, 5))))
    b = ORDERS[other](1 + rng.random((4, 3, 5)))
    for operand in (b, ga.tensor(b), ga.tensor(b, constant=True)):
        x, plain = ga.tensor(a, constant=constant), a.copy("K")
        result, expected = op(x, operand), op(plain, b)
        assert result is x
        assert x.data.strides == expected.strides
        np.testing.assert_array_equal(x, expected)
        np.testing.assert_array_equal(np.sum(x * x, axis=-1), np.sum(expected * expected, axis=-1))


UPDATED = {
    "a leaf": lambda f, x, y: f(ga.tensor(x), y),
    "a constant by a variable": lambda f, x, y: f(ga.tensor(x, constant=True), ga.tensor(y)),
    "a view": lambda f, x, y: f(ga.tensor(x)[...], y),
    "a reshaped view": lambda f, x, y: f(ga.tensor(x).reshape(1, -1), y.reshape(1, -1)),
    "a plain array": lambda f, x, y: f(x.copy(), ga.tensor(y)),
    "a value with a tangent": lambda f, x, y: ga.jvp(lambda z: f(np.copy(z), y), (x,), (x,))[0],
    "off the tape": lambda f, x, y: ga.no_grad(f)(ga.tensor(x), y),
    "data that somebody has": lambda f, x, y: (t := ga.tensor(x, constant=True), t.data, f(t, y))[-1],
}


@pytest.mark.parametrize("op", ["+=", "-=", "*=", "/=", "**="])
@pytest.mark.parametrize("way", [pytest.param(way, marks=counted if "plain" in way else ()) for way in UPDATED])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2,)], ids=str)
@pytest.mark.parametrize("dtype", [float, complex, np.complex64, np.float16])
def test_an_update_rounds_as_numpy_does_in_place(way, op, shape, dtype, rng):
    # NumPy multiplies one complex number in place without fused operations, and with them elsewhere.
    update = {}
    exec(f"def update(x, y):\n    x {op} y\n    return x", update)
    for _ in range(20):
        x, y = (
            np.array(3 + z * (1j if np.dtype(dtype).kind == "c" else 1) ** 0.5, dtype)
            for z in rng.normal(size=(2, *shape))
        )
        expected = update["update"](x.copy(), y)
        found = UPDATED[way](update["update"], x, y)
        found = found.data if isinstance(found, ga.Tensor) else found
        assert np.array_equal(np.reshape(found, shape), expected)


def test_a_mistake_with_a_variable_makes_none_of_a_constant_and_its_views():
    t = ga.tensor([1.0, 2.0])
    x = np.zeros_like(t)
    view = x[:1]
    with pytest.raises(ValueError, match="broadcast"):
        x[:1] = t
    assert x.constant
    assert view.constant
    assert (view * 2.0).constant
    x[:1] = t[1:]
    assert not view.constant


def test_an_update_drops_the_gradient_and_what_that_was_computed_from():
    x = ga.tensor([1.0, 2.0])
    np.sum(x**3).backward(create_graph=True)
    known = x._known
    assert x.grad.constant is False
    x[0] = 5.0
    assert x.grad is None
    assert known.grad is None
    assert not hasattr(x, "_grad")


# --- interrupts ------------------------------------------------------------------------------------------------------


def interrupted(step, line, error):
    """Tell whether a step did not end, which gets an error at a line of the package: that number from its start on."""
    package, left = str(Path(ga.__file__).parent), [line]

    def trace(frame, event, _arg):
        if not frame.f_code.co_filename.startswith(package):
            return None
        if event == "line":
            left[0] -= 1
            if not left[0]:
                sys.settrace(None)
                raise error
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        contextvars.copy_context().run(step)  # a signal does not come in a `finally` that restores a setting
    except error:
        return True
    finally:
        sys.settrace(former)
    return False


# Of the tensor that is updated: how it is made of a leaf, and what else there is of it.
STATES = {
    "a variable": lambda t: (t * 2.0, None),
    "a constant": lambda t: (np.zeros_like(t), None),
    "seen by a view": lambda t: (lambda x: (x, x[1:]))(t * 2.0),
    "a constant seen by a view": lambda t: (lambda x: (x, x.reshape(3, 1)))(np.zeros_like(t)),
    "saved, and seen by a view": lambda t: (lambda x: (x, (x[1:], x * x, x[1:] ** 2)))(t * 2.0),
}
UPDATES = {
    "an element": lambda x, t: operator.setitem(x, 1, t[2]),
    "a number": lambda x, _: operator.setitem(x, 1, 5.0),
    "a slice": lambda x, t: operator.setitem(x, slice(1, None), t[:2] * t[1]),
    "a mask": lambda x, t: operator.setitem(x, np.array([True, False, True]), t[0]),
    "by way of a view": lambda x, t: operator.imul(x[1:], t[:2]),
    "*=": lambda x, t: operator.imul(x, t),
    "copyto": lambda x, t: np.copyto(x, t),
    "sort": lambda x, _: x.sort(),
    "fill": lambda x, _: x.fill(1.0),
    "put": lambda x, t: np.put(x, [2], t[:1]),
    "out=": lambda x, t: np.multiply(x, t, out=x),
}


def outcome(t, x, others):
    """Return the values of a tensor and what is seen of it, with the gradient: what a program gives in the end."""
    view = others[0] if isinstance(others, tuple) else others
    loss = np.sum(x * np.array([1.0, 10.0, 100.0])) + np.sum(t)
    for part in [x] if view is None else [x, view]:
        loss = loss + np.sum(part**2)
    loss.backward()
    return x.data.tolist(), None if view is None else view.data.tolist(), t.grad.tolist()


# Where nothing is counted, each node is told of its tensor, by a function that an interrupt may come before.
@counted
# An interrupt in a finalizer is told and lost, as Python has it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("state", "error"),
    # What signal.alarm is used for is an Exception.
    [*((state, KeyboardInterrupt) for state in STATES), ("saved, and seen by a view", TimeoutError)],
)
def test_an_interrupt_leaves_value_and_gradient_of_one_program(state, error):
    def run(update, line):
        t = ga.tensor([3.0, 1.0, 2.5])
        x, others = STATES[state](t)
        ended = not interrupted(lambda: update(x, t), line, error)
        try:
            return ended, outcome(t, x, others)
        except RuntimeError as told:
            assert "was interrupted" in str(told)
        x[:] = t * t  # what was not known is all gone
        np.testing.assert_array_equal(x.data, [9.0, 1.0, 6.25])
        if others is not None:
            view = others[0] if isinstance(others, tuple) else others
            np.testing.assert_array_equal(view.data.ravel()[-2:], [1.0, 6.25])
        t.grad = None
        np.sum(x).backward()
        np.testing.assert_array_equal(t.grad, [6.0, 2.0, 5.0])
        return ended, "told"

    for name, update in UPDATES.items():
        before, after = (run(change, 0)[1] for change in (lambda x, t: None, update))
        found = []
        for line in itertools.count(1):
            ended, answer = run(update, line)
            assert answer in (before, after, "told"), (name, line)
            found.append(answer)
            if ended:
                break
        assert answer == after
        assert len(found) > 10


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", [*UPDATES, "add.at"])
def test_an_interrupt_leaves_value_and_tangent_of_one_program(name):
    change = UPDATES.get(name, lambda x, t: np.add.at(x, [0, 2, 0], t))
    v = np.array([3.0, 1.0, 2.5])

    def run(update, line):
        ended = []

        def f(t):
            x = t * t
            ended.append(not interrupted(lambda: update(x, t), line, KeyboardInterrupt))
            return x

        return ended, [array.tolist() for array in ga.jvp(f, (v,), (np.ones(3),))]

    before, after = (run(update, 0)[1] for update in (lambda x, t: None, change))
    for line in itertools.count(1):
        (ended,), answer = run(change, line)
        assert answer in (before, after)
        if ended:
            assert line > 10
            break


class Interrupting:
    def __float__(self):
        raise KeyboardInterrupt


def interrupted_update(x, kind=lambda x: x):
    """Return a copy of `x` with an interrupt in the middle of an update."""
    out = x * 1.0
    view = kind(out)
    with pytest.raises(KeyboardInterrupt):
        view[1:] = [5.0, Interrupting()]
    return out


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: lambda x, _: ga.grad(f)(x),
        lambda f: lambda x, _: ga.value_and_grad(f)(x),
        lambda f: lambda x, _: ga.jacrev(f)(x),
        lambda f: lambda x, _: ga.hessian(f)(x),
        lambda f: ga.hvp(lambda x, f=f: f(x) ** 2),
        lambda f: lambda x, _: ga.vjp(f, x)[1](1.0),
        lambda f: lambda x, _: ga.linearize(f, x)[1](x),
        lambda f: lambda x, _: f(ga.tensor(x)).backward(),
        lambda f: lambda x, _: f(ga.tensor(x)).backward(create_graph=True),
        lambda f: lambda x, _: f(ga.tensor(x)).backward(retain_graph=True),
    ],
)
@pytest.mark.parametrize("kind", [lambda x: x, lambda x: x[:]])
def test_what_an_interrupt_left_is_refused(transform, kind):
    def f(x):
        return np.sum(interrupted_update(x, kind) * x)

    x = np.array([1.0, 2.0, 3.0])
    with pytest.raises(RuntimeError, match=r"was interrupted while it wrote.*x\[\.\.\.\] = value"):
        transform(f)(x, x)


@pytest.mark.parametrize("value", [lambda t: 2.0, lambda t: t[0], lambda t: t[::-1] * t])
@pytest.mark.parametrize("whole", [..., slice(None), (slice(None), ...), slice(None, None, -1)])
def test_a_value_for_all_of_it_mends_what_an_interrupt_left(value, whole):
    t = ga.tensor([1.0, 2.0, 3.0])
    x = interrupted_update(t)
    view = x[1:]
    with pytest.raises(ValueError, match="broadcast"):
        x[whole] = np.ones(4)
    x[0] = t[1]  # which is not all
    for part in (x, view):
        with pytest.raises(RuntimeError, match="was interrupted"):
            np.sum(part).backward()
    with pytest.raises(RuntimeError, match="was interrupted"):
        x.grad = np.ones(3)
    assert x.grad is None
    x[whole] = value(t)
    expected = t * 0.0
    expected[whole] = value(t)
    np.testing.assert_array_equal(x.data, expected.data)
    (np.sum(expected * [1.0, 2.0, 3.0]) + np.sum(expected[1:]) + t[0]).backward()
    gradient, t.grad = t.grad, None
    (np.sum(x * [1.0, 2.0, 3.0]) + np.sum(view) + t[0]).backward()
    np.testing.assert_array_equal(t.grad, gradient)
    np.testing.assert_array_equal(x.grad, [1.0, 3.0, 4.0])


# --- large arrays that are filled in small parts ----------------------------------------------------------------------

ENDS = {
    "all": lambda u: np.sum(u * u),
    "spread": lambda u: np.sum(u),
    "last": lambda u: np.sum(u[-1] ** 2),
    "windows": lambda u: np.sum(u[::3, 1:] ** 2) + np.sum(u[-1]),
}


def filled_in_parts(x, rows, end):
    u = np.zeros_like(x, shape=(rows, x.size)) * 1.0
    u[0] = x
    u[1] = np.where(x > 0.5, np.log(np.where(x > 0.5, x, 1.0)), 0.0)
    for k in range(2, rows):
        u[k, 1:] = 0.5 * u[k - 1, :-1] + 0.3 * u[k - 2, 1:] + 0.1 * x[1:]
        u[k, 0] = u[k, 1]
        u[k] *= np.cos(u[k - 1, 2])
    return end(u)


START = np.array([0.3, 0.7, 0.0, 1.2, 0.9])


@functools.cache
def by_differences(end, rows):
    return numeric_jacobian(lambda v: filled_in_parts(v, rows, ENDS[end]), START)


@pytest.fixture(params=[LARGE, HEAVY], ids=["released", "whole"])
def heavy(request, monkeypatch):
    """Let the sweep release the nodes that it has used from the first large array on, or keep the tape whole."""
    monkeypatch.setattr(sweeps, "HEAVY", request.param)


@pytest.mark.parametrize("rows", [12, 1 + LARGE // 5])
@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("end", ENDS)
def test_a_large_array_that_is_filled_in_small_parts(end, held, rows, heavy):
    kept = []
    x = ga.tensor(START)
    loss = filled_in_parts(x, rows, lambda u: ENDS[end](kept.append(u) or u if held else u))
    loss.backward(retain_graph=True)
    first = x.grad
    loss.backward()
    np.testing.assert_allclose(x.grad, first, rtol=1e-12)
    np.testing.assert_allclose(first, by_differences(end, rows), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("rows", [4, 1 + LARGE // 3])
def test_a_zero_that_is_selected_wins_in_a_large_array_that_is_filled(rows, heavy):
    """``np.log(x)`` at 0 is left out by np.where: nothing undefined comes back through what is filled with it."""
    x = ga.tensor([0.0, 2.0, 3.0])
    u = np.zeros_like(x, shape=(rows, 3)) * 1.0
    with np.errstate(divide="ignore"):
        u[0] = np.where(x > 0, np.log(x), 0.0)
    for k in range(1, rows):
        u[k] = u[k - 1] * 1.0
    np.sum(u[-1]).backward()
    np.testing.assert_allclose(x.grad, [0.0, 0.5, 1 / 3])


@pytest.mark.parametrize("retain", [False, True])
def test_the_gradient_of_an_array_that_is_held_is_that_of_all_its_elements(retain):
    """Also where the sweep has it in a buffer of its own, of which the elements that were written are cleared."""
    x = ga.tensor([1.0, 2.0, 3.0])
    out = x * 1.0
    before = out[1] * 4.0
    out[0] = x[1] * 5.0
    out[1:] = x[:2] * 7.0
    (out[0] * 2.0 + out[1] + before).backward(retain_graph=retain)
    np.testing.assert_array_equal(out.grad, [2.0, 1.0, 0.0])
    np.testing.assert_array_equal(x.grad, [7.0, 10.0 + 4.0, 0.0])
