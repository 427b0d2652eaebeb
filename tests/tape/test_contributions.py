"""Who may write into a pending cotangent: how it lies in memory, whether it is an array, and who else has it.

Each program is swept by the loop and by the plan that is written for it, small and large, and compared with the complex
step of the same program on plain arrays.
"""

import functools

import numpy as np
import pytest

import gradarray as ga
from gradarray.kernels.arrays import HEAVY, LARGE
from gradarray.tape import plans, sweeps

SMALL, BIG, HUGE = (3, 4), (72, 60), (73, 1800)
assert np.prod(BIG) > LARGE and np.prod(HUGE) > HEAVY


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Write a plan for the second tape that comes."""
    monkeypatch.setattr(plans, "REPEATS", 2)


@functools.cache
def numbers(n, k):
    return np.cos(k + np.arange(n))


def weight(shape, k=1):
    return numbers(int(np.prod(shape)), k).reshape(shape).copy()


def turned(x, k=1):
    """Use an array so that its cotangent comes in Fortran order."""
    return np.sum(x.T * weight(x.T.shape, k))


def radians(x):
    """Return radians, by a function whose derivative is a number and not an array; it takes no complex numbers."""
    return np.deg2rad(x) if x.dtype.kind == "f" else x * (np.pi / 180)


def filled(x, change):
    y = x * 1.5
    change(y)
    return y


def double_at(y, *places):
    flat = y.reshape(-1)
    for place in places:
        flat[place] = flat[place] * 2.0


def number(x):
    """Return an array without axes."""
    v = np.zeros((), x.dtype, like=x)
    v[...] = np.sum(x) * 0.25
    return v


def clipped(v):
    table = v.reshape(1, 1)
    table[...] = np.clip(table, -0.6, 0.6)
    return np.mean(table) * 0.81


def tripled(v):
    v *= 2.0
    row = v.reshape(1)
    row[0] = row[0] * 3
    return np.sum(row)


# What is recorded last is pulled first: each reads, or writes, before the uses whose cotangents it is added to.
PROGRAMS = {
    "a flat view beside a transpose": lambda x: x.reshape(-1)[5] ** 2 + turned(x),
    "a ravelled view beside moveaxis": (
        lambda x: np.ravel(x)[3] ** 2 + np.sum(np.moveaxis(x, 0, 1) * weight(x.T.shape))
    ),
    "another shape beside einsum": (
        lambda x: x.reshape(x.shape[::-1])[2, 0] ** 2 + np.sum(np.einsum("ij->ji", x) * weight(x.T.shape))
    ),
    "an index of integers beside a transpose": lambda x: np.sum(x.reshape(-1)[[1, 4, 1]]) ** 2 + turned(x),
    "a slice of a flat view beside a transpose": lambda x: np.sum(x.reshape(-1)[2:5] ** 2) + turned(x),
    "a flat view beside a solution": (
        lambda x: x.reshape(-1)[5] ** 2 + np.sum(np.linalg.solve(np.eye(len(x)) * 2, x) * weight(x.shape))
    ),
    "a flat view beside reversed rows": lambda x: x.reshape(-1)[5] ** 2 + np.sum(x[::-1, ::-1] * weight(x.shape)),
    "a flat view beside one number for all": lambda x: x.reshape(-1)[5] ** 2 + np.sum(x),
    "a flat view beside the sum of two transposes": lambda x: x.reshape(-1)[5] ** 2 + turned(x) + turned(x, 2),
    "a flat view beside a product in Fortran order": (
        lambda x: x.reshape(-1)[5] ** 2 + turned(x * np.asfortranarray(weight(x.shape)))
    ),
    "a flat view beside a scaled transpose": lambda x: x.reshape(-1)[5] ** 2 + turned(radians(x)),
    "flat views on both sides of a scaled transpose": lambda x: (
        x.reshape(-1)[1] ** 2 + turned(radians(x)) + x.reshape(-1)[6] ** 2
    ),
    "two flat views between transposes": lambda x: (
        x.reshape(-1)[1] ** 2 + turned(x) + x.reshape(-1)[1] * x.reshape(-1)[6] + turned(x, 2)
    ),
    "a write into a flat view before a transpose": lambda x: turned(filled(x, lambda y: double_at(y, 5))),
    "writes into a flat view before two transposes": lambda x: (
        turned(y := filled(x, lambda y: double_at(y, 5, 7))) + turned(y, 2)
    ),
    "a write into a flat view before one number for all": lambda x: np.sum(filled(x, lambda y: double_at(y, 5))) ** 2,
    "a cotangent that two tensors share": lambda x: (
        np.sum((x + (y := np.sin(x))) * weight(x.shape)) + y[0, 0] * x[1, 1]
    ),
    "readings before a cotangent that two tensors share": lambda x: (
        (y := np.sin(x))[0, 0] * x[1, 1] + np.sum((x + y) * weight(x.shape))
    ),
    "a write into one of two that share a cotangent": lambda x: np.sum(
        (filled(x, lambda y: double_at(y, 2)) + np.sin(x)) * weight(x.shape)
    ),
    "a value that is overwritten by a part of itself": lambda x: np.sum(
        filled(x, lambda y: y.__setitem__(0, y[1])) * weight(x.shape)
    ),
    "a number that is clipped in place": lambda x: clipped(v := number(x)) + np.sin(v),
    "a number that is tripled in place": lambda x: tripled(v := number(x)) * v,
    "a number with many uses": lambda x: (v := number(x)) * v.reshape(1)[0] + v[()] * clipped(v) + v + v,
}


def tensors_of(f, x):
    t = ga.tensor(x)
    return t, f(t)


def slope(f, x, direction):
    return np.imag(f(x + 1e-30j * direction)) / 1e-30


@pytest.fixture(params=[SMALL, BIG, HUGE], ids=["small", "large", "heavy"])
def point(request):
    return weight(request.param, 3) * 0.5


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_the_loop_and_every_call_give_the_gradient(f, point, monkeypatch):
    monkeypatch.setattr(plans, "_known", {})
    t, y = tensors_of(f, point)
    by_loop = sweeps.sweep(y._node, np.float64(1))[t._node]
    direction = weight(point.shape, 7)
    np.testing.assert_allclose(np.sum(by_loop * direction), slope(f, point, direction), rtol=1e-12)
    for i in range(7):
        place = np.unravel_index(i, point.shape)
        unit = np.zeros(point.shape)
        unit[place] = 1
        np.testing.assert_allclose(by_loop[place], slope(f, point, unit), rtol=1e-12, atol=1e-14)
    for _ in range(plans.REPEATS + 4):
        t, y = tensors_of(f, point)
        y.backward()
        assert t.grad.tobytes() == by_loop.tobytes()
        assert ga.grad(f)(point).tobytes() == by_loop.tobytes()


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_second_derivatives_of_the_same(f):
    x = weight(SMALL, 3) * 0.5
    v, u = weight(SMALL, 5), weight(SMALL, 6)
    h = 1e-4
    expected = np.sum((ga.grad(f)(x + h * v) - ga.grad(f)(x - h * v)) * u) / (2 * h)
    for _ in range(plans.REPEATS + 1):
        over_reverse = ga.grad(lambda z: np.sum(ga.grad(f)(z) * v))(x)
        np.testing.assert_allclose(np.sum(over_reverse * u), expected, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(np.sum(ga.hvp(f)(x, v) * u), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(np.sum(ga.hessian(f)(x) * v * u[:, :, None, None]), expected, rtol=1e-6, atol=1e-7)


def test_parts_of_a_kept_gradient_are_not_written_into():
    for _ in range(plans.REPEATS + 2):
        x = ga.tensor(weight(SMALL))
        y = x * 2.0
        read = y.reshape(-1)[0] ** 2
        both = np.concatenate([y, x])
        (read + np.sum(both * weight(both.shape))).backward()
        np.testing.assert_array_equal(both.grad, weight(both.shape))


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_a_gradient_that_is_kept_is_not_written_into(f, point):
    def held(x):
        y = np.exp(x)
        return y, f(y)

    t, value = tensors_of(f, held(ga.tensor(np.log(np.abs(point) + 1)))[0].data)
    by_loop = sweeps.sweep(value._node, np.float64(1))[t._node]
    for _ in range(plans.REPEATS + 2):
        y, total = held(ga.tensor(np.log(np.abs(point) + 1)))
        total.backward()
        kept = y.grad
        np.testing.assert_array_equal(ga.grad(f)(y.data), by_loop)
        np.testing.assert_array_equal(kept, by_loop)
