"""Tensors without axes: arrays and scalars, as NumPy has them.

``np.array(1.0)`` is an array, of which there are views; the results of functions, and elements, are scalars, of which a
view is a copy. Each check runs NumPy's own array or scalar beside a tensor of either kind, constant and variable, and a
Dual, and writes into a view: all that can be seen afterwards is as with NumPy.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from tests.checks import difference, leaves
from tests.rules.test_rules import SAMPLES, generator

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # NumPy's, of writing where elements share memory
]

FORMS = ("array", "scalar")
# These are read-only here, where NumPy warns that they will be.
READ_ONLY = ("meshgrid", "broadcast_arrays", "shape-<lambda>(3x1)")  # the last: a broadcast array, ravelled


def numpys(value: Any, form: str) -> Any:
    return np.array(value) if form == "array" else np.asarray(value)[()]


def tensors(value: Any, form: str, constant: bool) -> ga.Tensor:
    x = ga.tensor(np.array(value), constant=constant)
    return x if form == "array" else x[()]  # an element


def overwritten(call: Any, operands: Any) -> list[Any]:
    """Return the results of a call and its operands, after a view of each result has been written into."""
    results = [leaf for leaf in leaves(call(*operands)) if getattr(getattr(leaf, "dtype", None), "kind", "") in "fc"]
    for k, result in enumerate(results):
        view = result.reshape(-1)
        if view.flags.writeable:
            view[...] = 7.0 + k
    return [x * 1.0 for x in (*results, *operands)]


def values(results: Any) -> list[Any]:
    return [x.data if isinstance(x, ga.Tensor) else np.asarray(x) for x in results]


def scalar_samples() -> Any:
    for name, sample in SAMPLES.items():
        operands = [operand.scalar().make(generator(sample)) for operand in sample.operands]
        if operands and not any(x.ndim for x in operands) and not any(part in name for part in READ_ONLY):
            yield pytest.param(sample, operands, id=name)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("sample", "operands"), list(scalar_samples()))
def test_a_view_of_a_result_is_one_or_a_copy_as_in_numpy(sample, operands, form):
    try:
        expected = overwritten(sample, [numpys(x, form) for x in operands])
    except Exception:
        return  # NumPy takes no operands without axes; that its errors are ours, others check
    try:
        for constant in (False, True):
            found = overwritten(sample, [tensors(x, form, constant) for x in operands])
            for x, y in zip(values(found), expected, strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12)
        given = tuple(numpys(x, form) for x in operands)
        found, _ = ga.jvp(lambda *xs: overwritten(sample, xs), given, given, drop_in=False)
        for x, y in zip(values(found), expected, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12)
    except ValueError as error:
        # A conversion that must not copy takes arrays alone, and asks for them before it looks at the tensor.
        assert form == "scalar" and "avoid copy" in str(error)


VIEWS = {
    "T": lambda x: x.T,
    "transpose": lambda x: x.transpose(),
    "reshape": lambda x: x.reshape(()),
    "reshape to one axis": lambda x: x.reshape(1),
    "reshape to two": lambda x: x.reshape(1, -1),
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(),
    "squeeze": lambda x: x.squeeze(),
    "view": lambda x: x.view(),
    "copy": lambda x: x.copy(),
    "real": lambda x: x.real,
    "astype": lambda x: x.astype(float, copy=False),
    "sum": lambda x: x.sum(),
    "max": lambda x: x.max(),
    "clip": lambda x: x.clip(0.0, 9.0),
    "repeat": lambda x: x.repeat(2),
    "...": lambda x: x[...],
    "()": lambda x: x[()],
    "newaxis": lambda x: x[None],
    "..., newaxis": lambda x: x[..., None],
    "mask": lambda x: x[np.array(True)],
    "view of a view": lambda x: x[None][0, ...],
    "element of a view": lambda x: x[None][0],
    "np.atleast_1d": lambda x: np.atleast_1d(x),
    "np.atleast_3d": lambda x: np.atleast_3d(x),
    "np.expand_dims": lambda x: np.expand_dims(x, 0),
    "np.moveaxis": lambda x: np.moveaxis(x, (), ()),
    "np.einsum": lambda x: np.einsum("->", x),
    "np.split": lambda x: np.split(x[None], 1)[0],
    "np.real": lambda x: np.real(x),
    "np.copy": lambda x: np.copy(x),
    "np.positive": lambda x: +x,
}


def array_of(x: Any) -> Any:
    """Return an array, or raise TypeError for a NumPy scalar, which forgets what its flat and its methods are given."""
    operator.setitem(x, ..., x)
    return x


WRITES = {
    "...": lambda x: operator.setitem(x, ..., 5.0),
    "()": lambda x: operator.setitem(x, (), 5.0),
    "flat": lambda x: operator.setitem(array_of(x).flat, ..., 5.0),
    "element of flat": lambda x: operator.setitem(array_of(x).flat, 0, 5.0),
    "all of flat": lambda x: setattr(array_of(x), "flat", 5.0),
    "fill": lambda x: array_of(x).fill(5.0),
    "put": lambda x: np.put(array_of(x), 0, 5.0),
    "place": lambda x: np.place(x, np.array(True), 5.0),
    "putmask": lambda x: np.putmask(x, np.array(True), 5.0),
    "copyto": lambda x: np.copyto(x, 5.0),
    "out": lambda x: np.add(x, 3.0, out=x),
    "out of a reduction": lambda x: np.sum(np.arange(4.0), out=x),
    "at": lambda x: np.add.at(x, (), 3.0),
    "+=": lambda x: operator.iadd(x, 3.0),
    "*= itself": lambda x: operator.imul(x, x),
    "mask": lambda x: operator.setitem(x, np.array(True), 5.0),
    "put method": lambda x: array_of(x).put(0, 5.0),
}


def written(take: Any, write: Any, x: Any) -> list[Any]:
    view = take(x)
    before = np.sin(view)
    write(view)
    return [x * 1.0, view * 1.0, before]


@pytest.mark.parametrize("take", VIEWS)
@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_into_a_view_is_seen_as_in_numpy(take, form):
    for name, write in WRITES.items():
        try:
            expected = written(VIEWS[take], write, numpys(2.0, form))
        except (TypeError, AttributeError, ValueError, IndexError):  # of a scalar, into which nothing is written
            continue
        for constant in (False, True):
            found = written(VIEWS[take], write, tensors(2.0, form, constant))
            for x, y in zip(values(found), expected, strict=True):
                np.testing.assert_allclose(x, y, err_msg=name)
        operand = numpys(2.0, form)

        def program(x, write=write):
            return written(VIEWS[take], write, x)

        _, slopes = ga.jvp(program, (operand,), (operand / 2,))
        steps = difference(lambda x: program(np.array(x) if form == "array" else x[()]), [np.array(2.0)], [1.0])
        jacobian = [ga.grad(lambda x, k=k: np.sum(program(x)[k]))(operand) for k in range(3)]
        for slope, by_reverse, step in zip(slopes, jacobian, steps, strict=True):
            np.testing.assert_allclose(slope, step, atol=1e-8, err_msg=name)
            np.testing.assert_allclose(by_reverse, np.sum(step), atol=1e-8, err_msg=name)


METHODS = {
    "reduce": lambda ufunc, x: ufunc.reduce(x),
    "reduce along 0": lambda ufunc, x: ufunc.reduce(x, axis=0),
    "reduce along -1": lambda ufunc, x: ufunc.reduce(x, axis=-1),
    "reduce all": lambda ufunc, x: ufunc.reduce(x, axis=None),
    "reduce nothing": lambda ufunc, x: ufunc.reduce(x, axis=()),
    "reduce with axes kept": lambda ufunc, x: ufunc.reduce(x, keepdims=True),
    "reduce along 1": lambda ufunc, x: ufunc.reduce(x, axis=1),
    "accumulate": lambda ufunc, x: ufunc.accumulate(x),
    "outer": lambda ufunc, x: ufunc.outer(x, [1.0, 2.0]),
    "outer of two": lambda ufunc, x: ufunc.outer(x, x),
}
UFUNCS = (np.add, np.multiply, np.maximum, np.minimum, np.logaddexp, np.fmax, np.fmin, np.hypot, np.logaddexp2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda ufunc: ufunc.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_methods_of_ufuncs(ufunc, method, form):
    def call(x):
        return METHODS[method](ufunc, x)

    try:
        expected = overwritten(call, [numpys(1.5, form)])
    except (TypeError, ValueError) as error:
        for constant in (False, True):
            with pytest.raises(type(error)):
                call(tensors(1.5, form, constant))
        return
    for constant in (False, True):
        found = overwritten(call, [tensors(1.5, form, constant)])
        for x, y in zip(values(found), expected, strict=True):
            np.testing.assert_allclose(x, y)
    x = tensors(1.5, form, False)
    np.sum(call(x)).backward()
    np.testing.assert_allclose(x.grad, difference(lambda x: [np.sum(call(x))], [np.array(1.5)], [1.0])[0], rtol=1e-7)


@pytest.mark.parametrize("axis", [0, -1, None, ()])
@pytest.mark.parametrize("func", [np.max, np.min, np.ptp, np.nanmax, np.sum, np.prod, np.mean, np.nansum, np.std])
def test_reductions_along_an_axis_that_is_not_there(func, axis):
    try:
        expected = func(np.array(2.5), axis=axis)
    except (ValueError, IndexError, TypeError):
        return
    slope = {np.ptp: 0.0, np.std: 0.0}.get(func, 1.0)
    for x in (ga.tensor(2.5), ga.tensor(2.5) * 1.0):
        y = func(x, axis=axis)
        y.backward()
        np.testing.assert_allclose([y.data, x.grad], [expected, slope])
    np.testing.assert_allclose(ga.jvp(lambda x: func(x, axis=axis), (2.5,), (1.0,)), [expected, slope])


def test_a_scalar_is_replaced_and_not_changed():
    x = ga.tensor([1.0, 2.0])
    total = np.sum(x)
    before, element = total, x[0]
    total += 1.0
    element *= 5.0
    assert (before.item(), total.item(), element.item(), x[0].item()) == (3.0, 4.0, 5.0, 1.0)
    np.sum(total * element).backward()
    np.testing.assert_array_equal(x.grad, [25.0, 5.0])
    single = np.sum(ga.tensor([1.0], dtype=np.float32))
    single += np.float64(1)
    assert single.dtype == np.float64  # as NumPy's scalars
    wide = np.sum(x)
    wide += np.ones(3)
    assert wide.shape == (3,)


def test_an_array_is_changed_and_not_replaced():
    x = ga.tensor(1.0)
    same, view = x, x.reshape(1)
    x += 1.0
    x *= ga.tensor(3.0)
    assert same is x and (x.item(), view[0].item()) == (6.0, 6.0)
    single = ga.tensor(1.0, dtype=np.float32)
    single += np.float64(1)
    assert single.dtype == np.float32


def test_an_assignment_makes_an_array_of_a_scalar():
    total = np.sum(ga.tensor([1.0, 2.0]))
    total[...] = 5.0
    view = total.reshape(1)
    view[0] = 7.0
    assert total.item() == 7.0


def test_looking_at_a_scalar_makes_no_array_of_it():
    for look in (lambda v: v.data, lambda v: v.flags, lambda v: v.strides, str, repr, lambda v: 3.0 in v, np.array_str):
        total = np.sum(ga.tensor([1.0, 2.0]))
        look(total)
        total.reshape(1)[0] = 9.0
        assert total.item() == 3.0


@pytest.mark.parametrize("transform", [ga.value_and_grad, lambda f: lambda x: ga.jvp(f, (x,), (np.ones_like(x),))])
def test_the_argument_of_a_transform_is_what_was_given(transform):
    def doubled(x):
        whole = np.reshape(x, 1)
        whole *= 2.0
        return x * x

    value, slope = transform(doubled)(np.array(3.0))
    assert (float(value), float(slope)) == (36.0, 24.0)
    value, slope = transform(doubled)(3.0)
    assert (float(value), float(slope)) == (9.0, 6.0)


@pytest.mark.parametrize("repetition", range(12))  # by the loop, and by a plan
def test_a_view_of_a_sum_is_a_copy_at_each_time(repetition):
    def program(x):
        total = np.sum(x)
        copy = total.reshape(-1)
        copy *= 2.0
        return np.sum(copy) + np.sin(total)

    x = np.array([0.1, 0.2, -0.05])
    value, gradient = ga.value_and_grad(program)(x)
    np.testing.assert_allclose(value, 0.5 + np.sin(0.25), rtol=1e-14)
    np.testing.assert_allclose(gradient, np.full(3, 2 + np.cos(0.25)), rtol=1e-14)


def test_text():
    for x in (ga.tensor(1.5), ga.tensor([1.5])[0]):
        assert np.array_str(x) == str(x) == f"{x}" == "1.5"
