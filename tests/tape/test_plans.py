"""Plans: sweeps written out for a structure that comes again and again."""

import gc
import inspect
import linecache
import math
import threading
import traceback
import tracemalloc
import weakref

import numpy as np
import pytest

import gradarray as ga
from gradarray import registry
from gradarray.compiler import sweeping
from gradarray.kernels.arrays import HEAVY
from gradarray.rules.differentiable import Elementwise
from gradarray.rules.primitives import primitive
from gradarray.tape import plans, sweeps
from tests.counted import counted

pytestmark = pytest.mark.usefixtures("fresh_plans")


def gradients(f, *arrays, retain=False):
    tensors = [ga.tensor(x) for x in arrays]
    f(*tensors).backward(retain_graph=retain)
    return [t.grad for t in tensors]


def by_loop(f, *arrays, retain=False):
    tensors = [ga.tensor(x) for x in arrays]
    y = f(*tensors)
    found = sweeps.sweep(y._node, np.ones(y.shape, y.dtype)[()], retain)
    return [None if t.constant else found.get(t._node) for t in tensors]


def agree(found, expected):
    for g, e in zip(found, expected, strict=True):
        assert (g is None) == (e is None)
        if e is not None:
            np.testing.assert_array_equal(g, e)
            np.testing.assert_array_equal(np.signbit(np.real(g)), np.signbit(np.real(e)))
            assert g.dtype == getattr(e, "dtype", g.dtype)


A, B, C = np.linspace(0.5, 2, 12).reshape(3, 4), np.linspace(-1, 1, 4), np.linspace(0.25, 1.5, 12).reshape(4, 3)

FUNCTIONS = {
    "network": lambda w, b, v: np.mean(np.tanh(np.ones((5, 4)) @ v @ w + b) ** 2),
    "numbers": lambda w, b, v: np.exp(w[0, 0]) * b[1] / v[2, 2] - w[0, 0] ** 3,
    "broadcasting": lambda w, b, v: np.sum((w - b) / (v.T * w[:, :1] - b[:1]) + w[1]),
    "reductions": lambda w, b, v: np.max(w * b) + np.sum(np.log(np.sum(np.exp(v), axis=1, keepdims=True))),
    "several uses": lambda w, b, v: np.sum(w * w + w) + np.sum(w @ v) + np.sum(b) + np.sum(b * b) + np.sum(w.T * v),
    "indexing": lambda w, b, v: np.sum(b[[0, 0, 2]] * 2) + b[3] + np.sum(w[1:] * b) + np.sum(v[:, ::-1] * v),
    "joining": lambda w, b, v: np.sum(np.sin(np.concatenate([w, [b], v.T], axis=0)) * np.stack([b] * 7)),
    "whole": lambda w, b, v: w * v.T + b,
}


# The same, so that they are of one dtype and shapes may be others.
SINGLE = {name: f for name, f in FUNCTIONS.items() if name not in ("network", "indexing", "joining", "numbers")} | {
    "network": lambda w, b, v: np.mean(np.tanh(np.ones((5, len(v)), w.dtype) @ v @ w + b) ** 2),
    "indexing": lambda w, b, v: (
        np.sum(b[[0, 0, 1]] * 2) + b[1] + np.sum(w[1:] * b) + np.sum(v[:, ::-1] * v) + np.sum(w[2:] * w[1:-1])
    ),
    "joining": lambda w, b, v: np.sum(np.sin(np.concatenate([w, [b], v.T], axis=0)) * b) + np.sum(np.stack([b] * 7)),
    "extrema": lambda w, b, v: np.sum(np.max(v, axis=1)) + np.max(w) + np.sum(w - np.max(w, axis=-1, keepdims=True)),
    "differences": lambda w, b, v: np.sum((b - w) * (-v.T - b)) + np.sum(2.0 - w) - np.sum(b - v.T),
    "one number for all": lambda w, b, v: np.mean(2.0 - (w + b)) * 0.7 + np.mean(w - b),
    "signs of zeros": lambda w, b, v: np.sum(m := np.max(w, axis=-1)) + np.sum(w * (v.T * -0.0)) + np.sum(m),
    "slopes of double precision": lambda w, b, v: np.sum(np.maximum(w, v.T)) + np.sum(np.maximum(w * v.T, w) * w),
    "one part": lambda w, b, v: np.sum(w[2:] * b) + np.sum(np.exp(v[:1, 1:])) + np.sum(w.reshape(-1)[3:]),
}


@pytest.mark.parametrize("in_columns", [False, True])
@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_plan_serves_every_later_tape(f, in_columns, loops, monkeypatch):
    if in_columns:  # as long tapes are compared
        monkeypatch.setattr(sweeping, "LONGEST", 0)
    expected = by_loop(f, A, B, C)
    loops.clear()
    for _ in range(3):
        agree(gradients(f, A, B, C), expected)
    assert len(loops) == 1
    other = A + 0.25, B * 1.5, C - 0.125
    agree(gradients(f, *other), by_loop(f, *other))


@pytest.mark.parametrize("name", SINGLE)
def test_so_does_one_for_single_precision(name, loops):
    f, arrays = SINGLE[name], [x.astype(np.float32) for x in (A, B, C)]
    expected = by_loop(f, *arrays)
    loops.clear()
    for _ in range(3):
        found = gradients(f, *arrays)
        agree(found, expected)
        assert all(g is None or g.dtype == np.float32 for g in found)
    assert len(loops) == 1
    gradients(f, A, B, C)  # for which there is none yet
    assert len(loops) == 2


# Of these, some shapes are left to the loop: gradients lie in memory, are summed up, or have signs of zeros as in no
# program, or that depends on whether the tape stays.
OF_THE_LOOP = [
    SINGLE[name]
    for name in ("joining", "one number for all", "differences", "signs of zeros", "slopes of double precision")
]


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", SINGLE.values(), ids=SINGLE)
def test_so_does_one_for_larger_arrays(f, dtype, retain, loops):
    rng = np.random.default_rng(0)
    # Of some, only what they are multiplied to is large; the first one lies in Fortran order.
    for rows, columns in ((70, 60), (350, 12), (60, 12)):
        w, v = rng.uniform(0.5, 1, (columns, rows)).T, rng.uniform(0.5, 1, (columns, rows))
        arrays = [x.astype(dtype) for x in (w, v[:, 0].copy(), v)]
        assert arrays[0].flags.f_contiguous
        expected = by_loop(f, *arrays, retain=retain)
        loops.clear()
        plans._known.clear()
        for _ in range(3):
            found = gradients(f, *arrays, retain=retain)
            for g, e in zip(found, expected, strict=True):
                assert (g is None) == (e is None)
                assert g is None or g.tobytes() == e.tobytes()
        assert len(loops) == 1 or (f in OF_THE_LOOP and len(loops) == 3)


def test_updates_in_place_have_plans(loops):
    def f(w, b, v):
        y = np.zeros((3, 4), like=w)
        y[0] = b
        y[1:] = w[1:] * v.T[1:]
        y *= w
        row = y[2]
        row += b
        return np.sum(y * y) + row[0]

    expected = by_loop(f, A, B, C)
    loops.clear()
    for _ in range(3):
        agree(gradients(f, A, B, C), expected)
    assert len(loops) == 1


def fixed_point(w, b, v):
    values, vectors = np.linalg.eigh(w @ w.T + np.eye(3))
    _, logdet = np.linalg.slogdet(v @ w + 2 * np.eye(4))
    fraction, _ = np.modf(b)
    first, *rest = np.split(w, [1])
    return np.sum(values * vectors[0] ** 2) + logdet + np.sum(fraction * first) + np.sum(rest[0])


def windows(w, b, v):
    flat = w.reshape(-1)
    diagonal = np.einsum("ii->i", v[:3])
    w.T[1:, ::2][0] *= 2.0
    diagonal += b[:3]
    flat[2:5] = flat[5:8] * b[0]
    shown = np.lib.stride_tricks.sliding_window_view(b, 2)
    return np.sum(w * w) + np.sum(np.sin(v)) + np.sum(shown[1:] * shown[:-1])


STRUCTURED = {
    "several results": fixed_point,
    "views that are written into": lambda w, b, v: windows(w * 1.0, b * 1.0, v * 1.0),
    "assignments by arrays": lambda w, b, v: assigned(w * 1.0, b, v),
    "a mask": lambda w, b, v: np.sum(np.where(w > 1, w * b, b) ** 2) + np.sum(w[w > 1.2]) * v[0, 0],
}


def assigned(w, b, v):
    w[[0, 2], [1, 1]] = b[1:3]
    w[np.array([True, False, True])] += b
    w[1:, 0] = v[2, 1]
    w[...] *= 0.5
    return np.sum(w * w * b) + w[0, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", STRUCTURED.values(), ids=STRUCTURED)
def test_structured_tapes_have_plans(f, dtype, loops):
    arrays = [x.astype(dtype) for x in (A, B, C)]
    others = [x.astype(dtype) for x in (A + 0.01, B * 0.98, C - 0.01)]
    expected, expected_too = by_loop(f, *arrays), by_loop(f, *others)
    loops.clear()
    for _ in range(3):
        agree(gradients(f, *arrays), expected)
        agree(gradients(f, *others), expected_too)
    assert len(loops) == 1


def test_a_number_that_is_another_one_each_time_is_given_to_the_plan(loops):
    def f(rate):
        return lambda w, b: np.sum(np.sin(w * rate) * b) * (1 / rate)

    for k in range(1, 12):
        agree(gradients(f(1 / k), A, B), by_loop(f(1 / k), A, B))
        loops.pop()  # of by_loop
    # At the second one it is found out, and a new plan is written.
    assert len(loops) <= 2


def test_numbers_have_been_looked_at_when_the_plan_is_written(monkeypatch, loops):
    monkeypatch.setattr(plans, "REPEATS", 8)
    for k in range(1, 20):
        gradients(lambda w, rate=1 / k: np.sum(w * rate * 0.5) * rate, A)
    assert len(loops) == 8


def test_a_decision_by_values_is_made_each_time():
    def f(x):
        return np.sum(np.sort(x) * B) + np.max(x) + np.sum(np.abs(x) ** 1.5)

    for start in (B, np.zeros(4), B, np.array([1.0, 1.0, 0.0, -1.0]), np.zeros(4), B[::-1].copy()):
        for _ in range(2):
            agree(gradients(f, start), by_loop(f, start))


def test_numbers_are_read_and_written_like_arrays():
    def f(a):
        y = a[()] * a[...] + a[None][0] + np.sin(a) * a[()]
        z = y * 1.0
        z[...] = y[()] * z
        z[()] *= a
        return z[()] * z[...] + y + y[()]

    for _ in range(3):
        agree(gradients(f, np.array(1.5)), by_loop(f, np.array(1.5)))


def test_a_plan_does_not_depend_on_which_operands_were_saved():
    # A list goes through another recorder, which saves more of the operands than the shortest one.
    rows = C.T.tolist()
    for first, second in ((rows, C.T), (C.T, rows)):
        plans._known.clear()
        for operand in (first, first, second, second):
            agree(gradients(lambda b: np.sum(np.dot(operand, b)), B), [np.sum(C, axis=1)])  # noqa: B023


def test_transforms_use_plans(loops):
    f = FUNCTIONS["network"]
    expected = by_loop(f, A, B, C)
    loops.clear()
    for _ in range(3):
        agree(ga.grad(f, (0, 1, 2))(A, B, C), expected)
    assert len(loops) == 1


# --- what is another structure ---------------------------------------------------------------------------------------

x, y = np.array([1.0, 2.0, 4.0]), np.array([0.5, 3.0, -1.0])
EMPTY = np.ones(0)


def sine_squared(a, b):
    s = np.sin(a)
    return np.sum(s * s)


OTHERS = {
    "one operand twice": (lambda a, b: np.sum(a * b), lambda a, b: np.sum(a * a)),
    "one result twice": (lambda a, b: np.sum(np.sin(a) * np.sin(a)), sine_squared),
    "a constant operand": (lambda a, b: np.sum(a * b), lambda a, b: np.sum(a * b.data)),
    "another function": (lambda a, b: np.sum(np.sin(a) * b), lambda a, b: np.sum(np.cos(a) * b)),
    "a shape": (lambda a, b: np.sum(a * b), lambda a, b: np.sum(a[:, None] * b)),
    "an axis": (
        lambda a, b: np.sum(np.sum(np.outer(a, b), axis=0) * a),
        lambda a, b: np.sum(np.sum(np.outer(a, b), axis=1) * a),
    ),
    "keywords": (lambda a, b: np.sum(np.exp(a) * b), lambda a, b: np.sum(np.exp(a) * b, where=[True, False, True])),
    "a mask of a sum that keeps its axes": (
        lambda a, b: np.sum(np.exp(np.outer(a, b)), axis=(0, 1), keepdims=True) * b[:1],
        lambda a, b: np.sum(np.exp(np.outer(a, b)), where=[True, False, True], keepdims=True) * b[:1],
    ),
    "the number of operands": (
        lambda a, b: np.sum(np.concatenate([a, b])),
        lambda a, b: np.sum(np.concatenate([a, b, EMPTY])),
    ),
    "an index": (lambda a, b: np.sum(a[1:] * b[:2]), lambda a, b: np.sum(a[:2] * b[1:])),
    "an exponent": (lambda a, b: np.sum(a**2 * b), lambda a, b: np.sum(a**3 * b)),
    "the sign of a zero": (lambda a, b: np.sum(a * 0.0) + b[0], lambda a, b: np.sum(a * -0.0) + b[0]),
    "the kind of a number": (lambda a, b: np.sum(a * 1.0) + b[0], lambda a, b: np.sum(a * np.float64(1)) + b[0]),
    "an index that is equal": (lambda a, b: cleared(a, 1) + b[0], lambda a, b: cleared(a, True) + b[0]),
    "a place": (lambda a, b: cleared(a, slice(1)) + b[0], lambda a, b: cleared(a, slice(2)) + b[0]),
    "the shape of a constant": (
        lambda a, b: np.sum((a + y) * 2.0) + b[0],
        lambda a, b: np.sum((a + np.ones((2, 3))) * 2.0) + b[0],
    ),
    "the kind of an index": (
        lambda a, b: np.sum(a[np.array([True, True, True])] * b),
        lambda a, b: np.sum(a[np.array([1, 1, 0], np.int8)] * b),
    ),
    "an array of another shape": (
        lambda a, b: np.sum(np.concatenate([y, a, y[:1]]) * np.arange(7)) + b[0],
        lambda a, b: np.sum(np.concatenate([y[:1], a, y]) * np.arange(7)) + b[0],
    ),
    "the order of elements": (
        lambda a, b: np.sum(np.outer(a, b) * np.arange(9.0).reshape(3, 3)),
        lambda a, b: np.sum(np.outer(a, b) * np.arange(9.0).reshape(3, 3).T),
    ),
    "who is held": (lambda a, b: np.sum(kept(np.sin(a)) * b), lambda a, b: np.sum(np.sin(a) * kept(b * 1.0))),
    "a cotangent": (lambda a, b: np.sum(a * b), lambda a, b: a * b),
}
KEPT = []


def kept(t):
    KEPT[:] = [t]
    return t


def cleared(a, index):
    t = a * a
    t[index] = 5.0
    return np.sum(t)


@pytest.mark.parametrize("in_columns", [False, True])
@pytest.mark.parametrize("first, second", OTHERS.values(), ids=OTHERS)
def test_a_plan_is_not_taken_for_another_structure(first, second, in_columns, monkeypatch):
    if in_columns:  # as long tapes are compared
        monkeypatch.setattr(sweeping, "LONGEST", 0)
    for f, other in ((first, second), (second, first)):
        plans._known.clear()
        for _ in range(3):
            gradients(f, x, y)
        agree(gradients(other, x, y), by_loop(other, x, y))


def test_a_plan_is_not_taken_for_leaves_of_other_shapes():
    def f(a, b):
        return np.sum(a * b)

    shapes = [(3, 3), (3,), (1, 3), (3, 1), (1,), ()]
    for left in shapes:
        for right in shapes:
            arrays = [np.linspace(1, 2, np.prod(shape, dtype=int)).reshape(shape) for shape in (left, right)]
            agree(gradients(f, *arrays), by_loop(f, *arrays))


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_other_dtypes_have_plans(dtype, loops):
    for f in FUNCTIONS.values():
        if np.issubdtype(dtype, np.complexfloating) and f is FUNCTIONS["reductions"]:
            continue  # there is no order of complex numbers
        plans._known.clear()
        arrays = [x.astype(dtype) for x in (A, B, C)]
        expected = by_loop(f, *arrays)
        loops.clear()
        for _ in range(3):
            found = gradients(f, *arrays)
            agree(found, expected)
            assert [g.dtype for g in found if g is not None] == [dtype] * sum(g is not None for g in found)
        assert len(loops) == 1


@pytest.mark.parametrize("in_columns", [False, True])
def test_a_plan_is_not_taken_for_another_dtype(in_columns, monkeypatch):
    if in_columns:
        monkeypatch.setattr(sweeping, "LONGEST", 0)
    dtypes = [np.float64, np.float32, np.complex64, np.complex128]
    for dtype in dtypes * 2:
        arrays = [z.astype(dtype) for z in (A, B, C)]
        agree(gradients(FUNCTIONS["broadcasting"], *arrays), by_loop(FUNCTIONS["broadcasting"], *arrays))
        agree(gradients(lambda a, b: np.sum(a + b), B.astype(dtype), B), [np.ones(4, dtype), np.ones(4)])


@pytest.mark.parametrize("f", [*FUNCTIONS.values(), *STRUCTURED.values()], ids=[*FUNCTIONS, *STRUCTURED])
def test_gradients_lie_in_memory_as_the_loop_leaves_them(f):
    for order in "CFAFC":
        arrays = [np.asarray(z[::-1], order=order)[::-1] for z in (A, B, C)]
        if order == "A":
            arrays = [np.repeat(z, 2, axis=-1)[..., ::2] for z in arrays]
        for _ in range(2):
            tensors = [ga.tensor(z) for z in arrays]
            y = f(*tensors)
            g = np.broadcast_to(1.0, y.shape)[()]
            expected = sweeps.sweep(y._node, g, True)
            found = plans.sweep(y._node, g, True)
            assert {node: z.strides for node, z in found.items()} == {node: z.strides for node, z in expected.items()}


def _centred(y, axis):
    return y - np.mean(y, axis, keepdims=True)


@pytest.mark.parametrize(
    "step",
    [
        lambda y, x, v: np.sin(np.maximum(y[::-1] + x, v)) * x,
        lambda y, x, v: np.sin(_centred(_centred((y - v)[::-1] + x, -1), None)) * x,
    ],
)
def test_a_plan_sums_up_in_the_order_of_the_loop(step):
    # Where cotangents in C and in Fortran order meet, the order of the result hangs on who computes it, and how.
    def f(x, v):
        y = x * 1.0
        for _ in range(4):
            y = step(y, x, v)
        return np.sum(y * 1.0)

    rng = np.random.default_rng(3)
    for _ in range(20):
        arrays = np.asfortranarray(rng.uniform(0.3, 1.5, (37, 8))), rng.uniform(0.3, 1.5, 8)
        agree(gradients(f, *arrays), by_loop(f, *arrays))


def test_long_numbers_and_heavy_arrays_are_left_to_the_loop(loops):
    for _ in range(2):
        gradients(lambda x: np.sum(np.sin(x)), np.ones(3, np.longdouble))
        gradients(lambda x: np.sum(np.sin(x)), np.ones(HEAVY))
    assert len(loops) == 4


def test_what_is_added_up_first_is_compared_too(loops):
    def one(a, b):
        p, q = np.sin(a), np.cos(b)
        return np.sum(p * q)

    def other(a, b):
        q, p = np.cos(b), np.sin(a)
        return np.sum(p * q)

    for f in (one, other, one, other):
        gradients(f, x, y)
    assert len(loops) == 2


def test_older_tensors_are_no_constants_for_backward():
    w = ga.tensor(3.0)
    f = ga.grad(lambda x: np.sum(x * x) * 2.0)
    with ga.no_grad():  # where the older w is a constant for the transform
        g = ga.grad(lambda x: np.sum(x * w) * 2.0)
        for _ in range(3):
            np.testing.assert_array_equal(g(x), [6, 6, 6])
    np.testing.assert_array_equal(f(x), 4 * x)
    t = ga.tensor(x)
    (np.sum(t * w) * 2.0).backward()
    assert w.grad == 2 * np.sum(x)
    np.testing.assert_array_equal(t.grad, [6, 6, 6])


def test_what_is_older_has_no_gradient_although_a_plan_has_it():
    w = ga.tensor(y)
    for oldest in (-1, -1, None):
        t = ga.tensor(x)
        z = np.sum(np.sin(t) * w)
        root = z._node
        found = plans.sweep(root, np.float64(1), True, None, t._node.order if oldest is None else oldest)
        assert set(found) == {root, t._node, *([] if oldest is None else [w._node])}


# --- what a sweep promises -------------------------------------------------------------------------------------------


@pytest.fixture
def planned(loops):
    """Return a function that calls another one often enough to have a plan, and makes sure that it is used."""

    def repeat(f):
        for _ in range(2):
            f()
        loops.clear()
        result = f()
        assert loops == []
        return result

    return repeat


def test_gradients_stay_on_what_is_held(planned):
    def step():
        t = ga.tensor(x)
        held = np.sin(t)
        y = np.sum(held * held * t)
        y.backward()
        return t, held, y

    t, held, y = planned(step)
    np.testing.assert_array_equal(held.grad, 2 * np.sin(x) * x)
    assert y.grad == 1
    assert t.grad is not None


def test_a_gradient_that_is_held_has_the_whole_shape_although_the_sweep_had_a_part(planned):
    def step():
        t = ga.tensor(A)
        held = np.exp(t)
        np.sum(np.sum(held, axis=1, keepdims=True) * C[:3, :1]).backward()
        return t, held

    t, held = planned(step)
    np.testing.assert_array_equal(held.grad, np.broadcast_to(C[:3, :1], A.shape))
    np.testing.assert_array_equal(t.grad, C[:3, :1] * np.exp(A))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_factor_of_a_function_of_one_operand_has_its_shape():
    rules = [rule for rule in registry.RULES.values() if isinstance(rule, Elementwise) and rule.nin == 1]
    assert len(rules) > 20
    for rule in rules:
        if callable(rule.partials[0]):
            assert rule.partials[0](rule.func(A), A).shape == A.shape


DROPPING = {
    "arrays": lambda held, t: np.sum(np.cos(held * held) * t),
    "elements": lambda held, t: np.sum((e := np.exp(held * t))[1:] * e[:-1]) + np.sum(e * e) + e[0],
    "elements behind a sequence": lambda held, t: np.sum(
        (e := np.exp(held * t))[1:] * np.concatenate([e[1:], e])[:2] + np.sum(np.concatenate([e, e]) ** 2)
    ),
}


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize("way", DROPPING)
def test_no_gradient_stays_on_what_was_dropped(planned, way, retain):
    def step():
        t = ga.tensor(x)
        held = np.sin(t)
        y = DROPPING[way](held, t)
        return t, held, y, plans.sweep(y._node, np.float64(1), retain)

    t, held, y, kept = planned(step)
    assert set(kept) == {t._node, held._node, y._node}


def test_the_tape_is_released_unless_it_is_to_stay(planned):
    def step():
        t = ga.tensor(x)
        y = np.sum(np.sin(t) * t)
        y.backward(retain_graph=True)
        first = t.grad
        y.backward()
        np.testing.assert_array_equal(t.grad, first)
        return y

    y = planned(step)
    assert y._node.parents == ()
    with pytest.raises(RuntimeError, match="released by an earlier backward"):
        y.backward()


def test_a_rule_that_fails_leaves_the_tape_as_it_was(restored_tables):
    broken = False

    def vjp(g, ans, x):
        if broken:
            raise ZeroDivisionError("broken")
        return g * np.cos(x)

    f = primitive(lambda x: np.sin(x))
    ga.registry.rule(f, vjp)

    def step():
        t = ga.tensor(x)
        return t, np.sum(f(np.exp(t)) * t)

    for _ in range(3):
        step()[1].backward()
    t, y = step()
    broken = True
    with pytest.raises(ZeroDivisionError):
        y.backward()
    broken = False
    y.backward()
    np.testing.assert_array_equal(t.grad, np.sin(np.exp(x)) + x * np.cos(np.exp(x)) * np.exp(x))


def test_a_zero_still_wins_over_an_infinity(planned, quiet):
    def f(x):
        return np.sum(np.where(x > 0, np.log(x), 0.0) * x)

    for _ in range(3):
        gradients(f, x)
    (g,) = gradients(f, x * [0, 1, 1])
    np.testing.assert_allclose(g, [0, np.log(2) + 1, np.log(4) + 1])


def test_a_derivative_that_returns_nothing_has_no_influence(restored_tables, loops):
    f = primitive(lambda x: np.floor(x))
    ga.registry.rule(f, lambda g, ans, x: None)
    for _ in range(3):
        t = ga.tensor(x)
        y = np.sum(f(np.sin(t)) + t)
        y.backward()
        np.testing.assert_array_equal(t.grad, np.ones(3))
    assert len(loops) == 1


def test_a_cotangent_that_stays_another_ones_is_not_written_into(restored_tables, loops):
    f = primitive(lambda x: np.floor(x))
    ga.registry.rule(f, lambda g, ans, x: None)

    def total(t, w):
        y = t * 1.0
        y[0] = 5.0  # clears the cotangent there, in place where it is nobody else's
        nothing = f(np.sin(y))
        return np.sum(y + w) + np.sum(nothing)

    for _ in range(3):
        agree(gradients(total, x, x), [[0, 1, 1], [1, 1, 1]])
    assert len(loops) == 1


def test_a_derivative_may_be_called_as_a_variable_of_the_plan(restored_tables, loops):
    def g(g, ans, x):
        return g * np.cos(x)

    def n0(g, ans, x):
        return g * 2.0

    first, second = primitive(lambda x: np.sin(x)), primitive(lambda x: x + x)
    ga.registry.rule(first, g)
    ga.registry.rule(second, n0)
    for _ in range(3):
        agree(gradients(lambda t: np.sum(second(first(t))), x), [2 * np.cos(x)])
    assert len(loops) == 1


def test_a_declared_derivative_may_be_broadcast(restored_tables, loops):
    f = primitive(lambda x, y: x * y)
    ga.registry.rule(f, lambda g, ans, x, y: g * y, lambda g, ans, x, y: g * x)
    for _ in range(3):
        agree(gradients(lambda a, b: np.sum(f(a, b) * a), A, B), [2 * A * B, np.sum(A * A, axis=0)])
    assert len(loops) == 1


def test_gradients_belong_to_the_caller(planned):
    def step():
        t, u = ga.tensor(x), ga.tensor(x)
        held = t * 1.0
        y = np.sum(held + u) + np.sum(np.exp(u[:2]))
        y.backward()
        return t, u, held

    found = [tensor.grad for _ in range(3) for tensor in planned(step)]
    for k, g in enumerate(found):
        assert g.flags.writeable and not any(np.may_share_memory(g, other) for other in [x, *found[:k]])
        g[...] = np.nan
    t, u, held = step()
    np.testing.assert_array_equal([t.grad, held.grad], np.ones((2, 3)))
    np.testing.assert_array_equal(u.grad, 1 + np.exp(x) * [1, 1, 0])


@pytest.mark.parametrize("in_columns", [False, True])
def test_two_who_hold_something_else_have_a_plan_each(in_columns, monkeypatch, loops):
    if in_columns:
        monkeypatch.setattr(sweeping, "LONGEST", 0)

    def step(which):
        t = ga.tensor(x)
        first = np.sin(t)
        second = first * t
        total = np.sum(second * second)
        held = {"none": [], "first": [first], "second": [second], "both": [first, second]}[which]
        del first, second
        found = plans.sweep(total._node, np.float64(1))
        assert set(found) == {total._node, t._node, *[h._node for h in held]}
        return [found[t._node], *[found[h._node] for h in held]]

    expected = {}
    for which in ("none", "first", "second", "both"):
        plans._known.clear()
        expected[which] = step(which)  # by the loop
    plans._known.clear()
    for _ in range(16):  # whoever comes now and then has one, too
        for which in expected:
            step(which)
    loops.clear()
    for which, gradients in expected.items():
        agree(step(which), gradients)
    assert loops == []


@counted
def test_a_plan_keeps_nothing_of_a_tape(planned):
    refs = []

    def step():
        data = np.array(x)
        t = ga.tensor(data, copy=False) * 1.0
        other = np.array(y)
        refs[:] = [weakref.ref(data), weakref.ref(other), weakref.ref(t.data)]
        np.sum(np.where(other > 0, t * other, 1.0)[np.array([0, 2])]).backward()

    planned(step)
    gc.collect()
    assert all(known.plans for known in plans._known.values())
    assert [ref() for ref in refs] == [None] * 3


@pytest.mark.parametrize("shape", [(3,), (3, 4)])
def test_somebody_elses_derivative_is_asked_at_the_users_numbers_alone(shape, restored_tables, loops):
    seen = []
    f = primitive(lambda x: np.sin(x))

    def slope(g, ans, x):
        seen.append(np.array(x))
        return g * np.cos(x)

    ga.registry.rule(f, slope)
    data = np.linspace(0.5, 2, math.prod(shape)).reshape(shape)
    for _ in range(4):
        np.sum(f(np.exp(ga.tensor(data)))).backward()
    assert len(loops) == 1
    for x in seen:
        np.testing.assert_array_equal(x, np.exp(data))


def test_what_a_call_was_given_is_not_kept_alive_by_a_plan(restored_tables, loops):
    class Model:
        pass

    f = primitive(lambda x, model=None: np.sin(x))
    ga.registry.rule(f, lambda g, ans, x, model=None: g * np.cos(x))
    refs = []

    def step():
        model = Model()
        refs[:] = [weakref.ref(model)]
        t = ga.tensor(x)
        np.sum(f(np.exp(t), model=model)).backward()

    for _ in range(4):
        step()
    assert refs[0]() is None and len(loops) == 4  # since there is no plan, either


def test_a_derivative_that_returns_nothing_at_first_is_asked_each_time(restored_tables):
    answers = False
    f = primitive(lambda x: np.floor(x))
    ga.registry.rule(f, lambda g, ans, x: g if answers else None)
    for answers in (False, False, True, True, False):
        t = ga.tensor(x)
        np.sum(f(t * 2.0) + t).backward()
        np.testing.assert_array_equal(t.grad, [3.0 if answers else 1.0] * 3)


def test_what_nothing_comes_to_has_no_gradient_of_an_earlier_sweep(restored_tables, loops):
    f = primitive(lambda x: np.floor(x))
    ga.registry.rule(f, lambda g, ans, x: None)
    for _ in range(3):
        t, w = ga.tensor(x), ga.tensor(x)
        np.sum(w).backward()
        loops.clear()
        np.sum(f(w) + t).backward()
        assert w.grad is None and t.grad is not None
    assert loops == []


def test_a_plan_is_for_cotangents_of_one_kind():
    whole = np.arange(1.0, 13).reshape(3, 4)
    cotangents = [1.0, 2.0, whole, np.asfortranarray(whole), np.ones((3, 4)), whole[:1], whole.astype(np.float32), -0.0]
    for start in range(len(cotangents)):
        plans._known.clear()
        for g in [*cotangents[start:], *cotangents[:start]]:
            t = ga.tensor(A)
            (np.exp(t) * C.T).backward(g)
            np.testing.assert_array_equal(t.grad, g * C.T * np.exp(A))
            u = ga.tensor(1.5)
            z = np.sin(u)
            found = plans.sweep(z._node, np.float64(np.sum(g)))
            np.testing.assert_array_equal(found[u._node], np.sum(g) * np.cos(1.5))


def test_an_interrupt_in_a_plan_leaves_tape_and_settings_as_they_were(rule):
    step, calls = rule

    def stop():
        raise KeyboardInterrupt

    before = np.geterr()
    t = ga.tensor([1.0, 2.0])
    y = step(t)
    calls.append(stop)
    with pytest.raises(KeyboardInterrupt):
        y.backward()
    assert np.geterr() == before
    calls.clear()
    y.backward()
    e = np.exp(t.data)
    np.testing.assert_array_equal(t.grad, np.sin(e) + np.cos(e) * t.data * e)


def test_threads_that_share_a_plan():
    w = ga.tensor(x)
    wrong = []

    def work(factor):
        for _ in range(200):
            held = w * factor
            y = np.sum(np.sin(held) * w)
            gradients = plans.sweep(y._node, np.float64(1))
            expected = np.sin(factor * x) + factor * x * np.cos(factor * x)
            if not np.allclose(gradients[w._node], expected):
                wrong.append(factor)

    threads = [threading.Thread(target=work, args=(k,)) for k in (1.0, 2.0, 3.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- what is remembered ----------------------------------------------------------------------------------------------


def test_a_plan_is_written_when_a_structure_has_come_often(monkeypatch, loops):
    monkeypatch.setattr(plans, "REPEATS", 8)
    for _ in range(20):
        gradients(FUNCTIONS["network"], A, B, C)
    assert len(loops) == 8


def test_structures_that_change_each_time_get_ever_fewer_plans(monkeypatch):
    written = []
    write = plans.written
    monkeypatch.setattr(plans, "written", lambda *args: written.append(1) or write(*args))
    for n in range(1, 65):
        gradients(lambda x: np.sum(np.sin(x) * x), np.ones(n))
    assert len(written) == 7
    assert all(len(known.plans) <= plans.MOST for known in plans._known.values())


def test_rules_of_a_single_call_are_not_remembered():
    @ga.custom_gradient
    def twice(x):
        return 2 * x, lambda g: 2 * g

    for _ in range(3):
        gradients(lambda x: twice(x), x)
        gradients(lambda x: np.sum(twice(x) * x), x)
    assert [rule.name for rule in plans._known] == ["np.sum"]
    assert all(known.plans == () for known in plans._known.values())


def test_a_plan_that_is_given_up_is_freed_at_once():
    gc.collect()
    gc.disable()
    try:
        for n in range(1, 40):
            for _ in range(3):
                plans._known.clear()
                gradients(lambda x: np.sum(np.sin(x) * x), np.ones(n))
        plans._known.clear()
        assert gc.collect() == 0
    finally:
        gc.enable()


def lines_of_plans():
    return {name for name in linecache.cache if name.startswith("<gradarray plan")}


@pytest.fixture
def rule(restored_tables):
    """Return a step whose derivative calls the function that is in a list, if there is one."""
    calls = []

    def vjp(g, ans, x):
        for call in calls:
            call()
        return g * np.cos(x)

    f = primitive(lambda x: np.sin(x))
    ga.registry.rule(f, vjp)

    def step(t=None):
        if t is not None:
            return np.sum(f(np.exp(t)) * t)
        t = ga.tensor([1.0, 2.0])
        return np.sum(f(np.exp(t)) * t).backward()

    for _ in range(3):
        step()
    return step, calls


def test_a_traceback_shows_the_line_of_a_plan(rule):
    class Stop(BaseException):
        pass

    def stop():
        raise Stop

    step, calls = rule
    calls.append(stop)
    with pytest.raises(Stop) as error:
        step()
    (entry,) = [e for e in traceback.extract_tb(error.tb) if e.filename.startswith("<gradarray plan")]
    assert entry.name == "plan" and "derivative(x" in entry.line
    text = "".join(traceback.format_exception(error.value))
    assert f'File "{entry.filename}", line {entry.lineno}, in plan\n    {entry.line}\n' in text
    plan = next(iter(plans._known.values())).plans[0]
    assert entry.line in inspect.getsource(plan) and inspect.getmodule(plan) is plans


def test_every_line_is_there_in_the_traceback_of_a_rule_that_fails(rule):
    step, calls = rule
    calls.append(lambda: {}["missing"])
    with pytest.raises(KeyError) as error:
        step()
    entries = traceback.extract_tb(error.tb)
    assert all(entry.line for entry in entries) and entries[-2].line == "call()"


def test_a_debugger_sees_the_line_of_a_plan(rule):
    step, calls = rule
    calls.append(lambda: seen.extend(traceback.extract_stack()))
    seen = []
    step()
    linecache.checkcache()
    (entry,) = [e for e in seen if e.filename.startswith("<gradarray plan")]
    assert linecache.getline(entry.filename, entry.lineno).strip() == entry.line != ""


def test_the_lines_of_a_plan_go_with_it():
    gc.collect()
    before = lines_of_plans()
    gc.disable()
    try:
        for n in range(1, 30):
            for _ in range(2):
                gradients(lambda x: np.sum(np.sin(x) * x), np.ones(n))
        assert len(lines_of_plans() - before) == sum(len(known.plans) for known in plans._known.values()) > 1
        plans._known.clear()
        assert lines_of_plans() == before
    finally:
        gc.enable()


def test_the_lines_of_a_plan_stay_while_a_traceback_has_it(rule):
    class Stop(BaseException):
        pass

    def stop():
        plans._known.clear()
        raise Stop

    step, calls = rule
    calls.append(stop)
    with pytest.raises(Stop) as error:
        step()
    (entry,) = [e for e in traceback.extract_tb(error.tb) if e.filename.startswith("<gradarray plan")]
    assert entry.line


@counted
def test_cotangents_are_freed_during_the_sweep(planned):
    n, layers = 4000, 60

    def step():
        t = ga.tensor(np.full(n, 0.5))
        y = t
        for _ in range(layers):
            y = y + 1.0
            y = y * 0.5
        total = np.sum(y)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        total.backward()
        return (tracemalloc.get_traced_memory()[1] - before) / t.nbytes

    tracemalloc.start()
    try:
        assert planned(step) < 5
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 1)])
@pytest.mark.parametrize("x", [np.array([[1.0, -1, 2, -2], [-1, 1, -2, 2]]), np.zeros((2, 4)), -np.zeros((2, 4))])
def test_zeros_that_come_out_have_the_signs_of_the_loop(shape, x):
    def f(x, b):
        return np.sum((x - b) * x)

    expected = by_loop(f, x, np.zeros(shape))
    for _ in range(3):
        found = gradients(f, x, np.zeros(shape))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(np.signbit(a), np.signbit(b))
