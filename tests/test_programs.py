"""Random programs of views, in-place updates and arithmetic, run on NumPy's arrays and on tensors side by side.

After each step every alias has the same value, flags and memory relations in both; at the end the gradients agree with
the complex-step derivative of the whole program.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradarray as ga
from gradarray.tape import plans, sweeps
from tests import checks

SHAPES = ((6,), (2, 3), (2, 2, 2))
Values = list[Any]
Step = Callable[[Values], None]


# --- what a step may be ---------------------------------------------------------------------------------------------
# Each maker looks at the arrays as they are and returns one step that works on arrays and tensors alike.


def index_into(shape: tuple[int, ...], rng: np.random.Generator, basic: bool = False) -> Any:
    """Return an index of any kind that NumPy takes."""
    ndim = len(shape)
    kinds = ["slice", "ellipsis", "tuple", "newaxis", "full", "negative"]
    if not basic:
        kinds += ["mask", "integers", "mixed", "list", "rows mask"]
    kind = rng.choice(kinds) if ndim else rng.choice(["ellipsis", "newaxis", "empty"])
    if kind == "ellipsis":
        return ...
    if kind == "empty":
        return ()
    if kind == "newaxis":
        return (None, ...) if rng.random() < 0.5 else (..., None)

    def part(n: int) -> Any:
        start = int(rng.integers(0, n)) if n else 0
        choice = rng.integers(4)
        if choice == 0 and n:
            return start if rng.random() < 0.5 else start - n
        if choice == 1:
            return slice(start, None)
        if choice == 2:
            return slice(None, None, -1)
        return slice(start % 2, None, 2)

    if kind == "slice":
        return slice(int(rng.integers(0, 2)), None, int(rng.integers(1, 3)))
    if kind == "negative":
        return slice(None, None, -1)
    if kind == "tuple":
        return tuple(part(n) for n in shape[: rng.integers(1, ndim + 1)])
    if kind == "full":
        return tuple(int(rng.integers(n)) if n else slice(None) for n in shape)
    if kind == "mask":
        return rng.random(shape) < 0.5
    if kind == "rows mask":
        return rng.random(shape[0]) < 0.5
    if kind == "list":
        return [int(i) for i in rng.integers(0, shape[0], 2)] if shape[0] else []
    if kind == "integers":
        return rng.integers(0, max(shape[0], 1), 3) if shape[0] else np.zeros(0, int)
    return (
        rng.integers(0, max(shape[0], 1), 2) if shape[0] else np.zeros(0, int),
        *([slice(None, None, -1)] * (ndim > 1)),
    )


def an_array(values: Values, rng: np.random.Generator) -> int:
    # NumPy gives scalars for single elements, which have no memory to share; a tensor of no dimensions has.
    return int(rng.choice([k for k, x in enumerate(values) if isinstance(x, np.ndarray)]))


def a_view(values: Values, rng: np.random.Generator) -> Step:
    k = an_array(values, rng)
    x = values[k]
    axes = [int(i) for i in rng.permutation(x.ndim)]
    index = index_into(x.shape, rng, basic=True)
    views: list[Callable[[Any], Any]] = [
        lambda x: x[index],
        lambda x: x[index],
        lambda x: x.T,
        lambda x: np.transpose(x, axes),
        lambda x: x.reshape(-1),
        lambda x: np.ravel(x),
        lambda x: np.expand_dims(x, 0),
        lambda x: np.squeeze(x),
        lambda x: np.atleast_2d(x),
        lambda x: np.flip(x),
        lambda x: np.broadcast_to(x, (2, *x.shape)),
        lambda x: x.view(),
    ]
    if x.ndim >= 1:
        views += [
            lambda x: np.array_split(x, 2)[0],
            lambda x: np.moveaxis(x, 0, -1),
            lambda x: np.einsum("i...->i...", x),
        ]
        if x.shape[0] >= 2:
            views.append(lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, 0))
            views.append(lambda x: list(x)[1] if x.ndim > 1 else x[1:])
    if x.ndim >= 2:
        views += [
            lambda x: np.swapaxes(x, 0, -1),
            lambda x: np.diagonal(x),
            lambda x: np.rot90(x),
            lambda x: x.mT,
            lambda x: np.einsum("ii...->i...", x) if x.shape[0] == x.shape[1] else x[0],
        ]
    view = views[rng.integers(len(views))]

    def step(values: Values) -> None:
        values.append(view(values[k]))

    return step


def matching(values: Values, shape: tuple[int, ...], rng: np.random.Generator) -> Callable[[Values], Any]:
    """Return how to get a value that broadcasts to a shape: an alias, or an array or number of no history."""
    fitting = [
        k
        for k, x in enumerate(values)
        if x.ndim <= len(shape) and all(n in (1, m) for n, m in zip(x.shape[::-1], shape[::-1], strict=False))
    ]
    if fitting and rng.random() < 0.7:
        k = int(rng.choice(fitting))
        return lambda values: values[k]
    plain = rng.normal(size=shape) if rng.random() < 0.5 else float(rng.normal())
    return lambda values: plain


def arithmetic(values: Values, rng: np.random.Generator) -> Step:
    k = int(rng.integers(len(values)))
    other = matching(values, values[k].shape, rng)
    functions: list[Callable[[Any, Any], Any]] = [
        lambda x, y: x * y,
        lambda x, y: x + 0.5 * y,
        lambda x, y: np.sin(x) - y,
        lambda x, y: np.exp(0.1 * x),
        lambda x, y: np.tanh(x) * x,
        lambda x, y: np.copy(x),
        lambda x, y: x * x,
    ]
    function = functions[rng.integers(len(functions))]

    def step(values: Values) -> None:
        values.append(function(values[k], other(values)))

    return step


def an_update(values: Values, rng: np.random.Generator) -> Step:
    k = an_array(values, rng)
    x = values[k]
    index = index_into(x.shape, rng)
    value = matching(values, x[index].shape, rng)
    whole = matching(values, x.shape, rng)
    mask = rng.random(x.shape) < 0.5
    flat = int(rng.integers(max(x.size, 1)))

    by_integers = not isinstance(x[index], np.ndarray) or x[index].base is None

    def augment(name: str) -> Step:
        def change(values: Values) -> None:
            y, other = values[k], whole(values)
            if name == "+":
                y += other
            elif name == "-":
                y -= 0.5 * other
            else:
                y *= 0.5 + 0.1 * other
            assert y is values[k] or x.ndim == 0

        return change

    def at_index(values: Values) -> None:
        values[k][index] += value(values)

    def store(values: Values) -> None:
        np.multiply(values[k], whole(values), out=values[k])

    def at_place(values: Values) -> None:
        other = whole(values)
        values[k].flat[flat] = other.flat[0] if np.ndim(other) else other

    def assign(values: Values) -> None:
        # NumPy reads what it has written already where the value is a view of the array, as in x[::2] = x[:3].
        other = value(values)
        values[k][index] = np.copy(other) if by_integers or isinstance(other, np.ndarray) else other

    changes: list[Step] = [
        assign,
        assign,
        lambda values: values[k].__setitem__(..., whole(values)),
        at_index,
        augment("+"),
        augment("-"),
        augment("*"),
        store,
        lambda values: np.copyto(values[k], 0.5 * whole(values), where=mask),
        lambda values: values[k].fill(0.25),
        lambda values: np.putmask(values[k], mask, whole(values)),
        lambda values: values[k].flat.__setitem__(slice(None, None, 2), 0.75),
    ]
    if x.size:
        changes.append(at_place)
        changes.append(lambda values: np.put(values[k], [flat, flat], [0.5, 0.75]))
    if x.flags.writeable:  # NumPy's own ufunc.at writes into some read-only arrays
        changes.append(lambda values: np.add.at(values[k], index, value(values)))
    if x.ndim == 1 and x.size > 1:

        def shift(values: Values) -> None:
            values[k][1:] = values[k][:-1]

        changes.append(shift)
    change = changes[rng.integers(len(changes))]

    def step(values: Values) -> None:
        change(values)

    step.target = k
    return step


def a_shape(values: Values, rng: np.random.Generator) -> Step:
    """Assign the shape of an array: what was computed before, and the views that there are, stay what they are."""
    k = an_array(values, rng)
    x = values[k]
    shapes: list[tuple[int, ...]] = [(x.size,), x.shape[::-1], (1, *x.shape), (*x.shape, 1), x.shape]
    shape = shapes[rng.integers(len(shapes))]

    def step(values: Values) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of NumPy, since 2.5
            values[k].shape = shape

    return step


MAKERS = (a_view, a_view, arithmetic, an_update, an_update, an_update, a_shape)


# --- running a program ----------------------------------------------------------------------------------------------


def outcome(step: Step, values: Values) -> type[BaseException] | None:
    """Carry out a step; return the class of what it raised."""
    try:
        step(values)
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        return type(error)
    return None


def loss(values: Values, weights: list[Any]) -> Any:
    total = 0.0
    for x, w in zip(values, weights, strict=True):
        total = total + np.sum(w * np.sin(x))
    return total


def start(dtype: Any = float) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(dtype) for shape in SHAPES]


def run(steps: list[Step], initial: list[np.ndarray], inject: tuple[int, int, Any] | None = None) -> Values:
    """Run a program on plain arrays; `inject` names a step after which a number is added to one of the arrays."""
    values: Values = [np.copy(x) for x in initial]
    for i, step in enumerate(steps):
        if inject is not None and inject[0] == i:
            values[inject[1]][...] += inject[2].reshape(values[inject[1]].shape)
        outcome(step, values)
    if inject is not None and inject[0] == len(steps):
        values[inject[1]][...] += inject[2].reshape(values[inject[1]].shape)
    return values


def check(seeds: list[int]) -> None:
    leaves = [ga.tensor(x) for x in start()]
    tensors: Values = [np.copy(x) for x in leaves]
    arrays: Values = [np.copy(x) for x in start()]
    steps: list[Step] = []
    written = [0] * len(SHAPES)  # for each of the first arrays, the step after which it was not written any more
    changed = [0] * len(SHAPES)  # the same for its values: x[...] = x writes and changes nothing
    for seed in seeds:
        rng = np.random.default_rng(seed)
        maker = MAKERS[rng.integers(len(MAKERS))]
        step = maker(arrays, rng)
        before = [x.copy() for x in arrays[: len(SHAPES)]]
        raised = outcome(step, arrays)
        assert outcome(step, tensors) is raised
        steps.append(step)
        compare(arrays, tensors)
        for k, old in enumerate(before):
            if not np.array_equal(old, arrays[k]):
                changed[k] = len(steps)
            if maker is an_update and raised is None and np.may_share_memory(arrays[k], arrays[step.target]):
                written[k] = len(steps)
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=x.shape) for x in arrays]
    total = loss(tensors, weights)
    if total.constant:
        return
    assert checks.check_plan(total)
    total.backward()
    directions = [rng.normal(size=shape) for shape in SHAPES]

    def derivative(**kwargs: Any) -> float:
        return float(np.imag(loss(run(steps, **kwargs), weights))) / 1e-30

    moved = [x + 1e-30j * d for x, d in zip(start(complex), directions, strict=True)]
    expected = derivative(initial=moved)
    found = sum(np.sum(x.grad * d) for x, d in zip(leaves, directions, strict=True) if x.grad is not None)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    # The gradient of each base belongs to the value that it holds now; a view's is the matching part of it.
    for k, d in enumerate(directions):
        if written[k] != changed[k]:
            continue
        expected = derivative(initial=start(complex), inject=(written[k], k, 1e-30j * d))
        found = np.sum(tensors[k].grad * d.reshape(tensors[k].shape))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    for t in tensors:
        if t.base is not None and t.grad is not None:
            assert np.shares_memory(t.grad, t.base.grad) or t.size == 0
            assert t.grad.shape == t.shape


def compare(arrays: Values, tensors: Values) -> None:
    """Check that every alias has the value, the flags and the memory relations of its twin."""
    for x, t in zip(arrays, tensors, strict=True):
        np.testing.assert_allclose(t._raw, x, rtol=1e-12, atol=1e-12)  # np.add.at adds in another order
        assert t.shape == x.shape
        assert t.flags.writeable == np.asarray(x).flags.writeable
        # NumPy's base may also be one that nobody else has seen, such as a copy that np.reshape made, and that of a
        # view of sliding windows is the array of the windows.
        base = x.base if isinstance(x, np.ndarray) else None
        twins = [u for y, u in zip(arrays, tensors, strict=True) if base is y]
        if twins:
            assert t.base is twins[0] or t.base is twins[0].base
        else:
            assert t.base is None or np.shares_memory(t, t.base) or not t.size
    for i, (x, t) in enumerate(zip(arrays, tensors, strict=True)):
        for y, u in zip(arrays[:i], tensors[:i], strict=True):
            assert np.shares_memory(t, u) == np.shares_memory(x, y)


@settings(max_examples=max(300, settings.default.max_examples))
@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=14))
def test_programs(seeds):
    check(seeds)


def check_second_order(seeds: list[int]) -> None:
    arrays: Values = [np.copy(x) for x in start()]
    steps = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        steps.append(MAKERS[rng.integers(len(MAKERS))](arrays, rng))
        outcome(steps[-1], arrays)
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=x.shape) for x in arrays]
    point, directions = start(), [rng.normal(size=shape) for shape in SHAPES]

    def along(gradients: Any) -> Any:
        total = 0.0
        for g, d in zip(gradients, directions, strict=True):
            total = total + np.sum(g * d)
        return total

    def slope(*leaves: Any) -> Any:
        return along(ga.grad(lambda *leaves: loss(run(steps, list(leaves)), weights), (0, 1, 2))(*leaves))

    by = 1e-5
    slopes = {s: slope(*[x + s * by * d for x, d in zip(point, directions, strict=True)]) for s in (-2, -1, 1, 2)}
    one, two = ((slopes[s] - slopes[-s]) / (2 * s * by) for s in (1, 2))
    expected = (4 * one - two) / 3
    if not np.allclose(one, two, rtol=1e-3, atol=1e-3):
        return  # the sine of a number so large that a difference tells nothing
    np.testing.assert_allclose(along(ga.grad(slope, (0, 1, 2))(*point)), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(ga.jvp(slope, tuple(point), tuple(directions))[1], expected, rtol=1e-5, atol=1e-5)


@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=10))
def test_second_derivatives_of_programs(seeds):
    check_second_order(seeds)


# --- cotangents of any layout, and numbers --------------------------------------------------------------------------
# What a sweep may write into depends on how a cotangent lies in memory, and on whether it is an array at all.


def a_turned_use(values: Values, rng: np.random.Generator) -> Step:
    """Return a use whose cotangent comes in Fortran, reversed or strided order, or spread over the shape."""
    k = an_array(values, rng)
    x = values[k]
    turned: list[Callable[[Any], Any]] = [
        lambda x: x.T,
        lambda x: np.flip(x),
        lambda x: x[..., ::2] if x.ndim else x[...],
        lambda x: x[::-1] if x.ndim else x[None],
        lambda x: np.sum(x),
    ]
    if x.ndim == 2:
        turned += [lambda x: np.moveaxis(x, 0, 1), lambda x: np.einsum("ij->ji", x), lambda x: x.T]
        matrix = np.eye(x.shape[0]) + 0.1
        turned.append(lambda x: np.linalg.solve(matrix, x))
    turn = turned[rng.integers(len(turned))]
    weight = rng.normal(size=np.shape(turn(x)))
    again = rng.random() < 0.3

    def step(values: Values) -> None:
        values.append(turn(values[k]) * weight + (turn(values[k]) * (1 - weight) if again else 0))

    return step


def a_reading(values: Values, rng: np.random.Generator) -> Step:
    """Return a reading of elements by way of a view of another shape."""
    k = an_array(values, rng)
    x = values[k]
    size = x.size
    element, other = (int(rng.integers(max(size, 1))) for _ in range(2))
    readings: list[Callable[[Any], Any]] = [
        lambda x: x.reshape(-1)[element],
        lambda x: np.ravel(x)[[element, other, element]],
        lambda x: x.reshape(-1)[element:],
        lambda x: x.reshape(x.shape[::-1])[..., -1],
        lambda x: x.reshape(x.shape[::-1]).T.reshape(-1)[element],
        lambda x: np.expand_dims(x, 0).reshape(-1)[::-1],
        lambda x: x.T.reshape(-1)[element],
    ]
    if not x.ndim:
        readings[3] = lambda x: x.reshape(1, 1)[0]
    read = readings[rng.integers(len(readings))]

    def step(values: Values) -> None:
        values.append(read(values[k]) * 1.5)

    return step


def a_number(values: Values, rng: np.random.Generator) -> Step:
    """Return a step that makes an array without axes, and perhaps a view of it."""
    k = int(rng.integers(len(values)))
    shape = ((), (1,), (1, 1))[rng.integers(3)]

    def step(values: Values) -> None:
        number = np.zeros((), values[k].dtype, like=values[0])
        number[...] = np.mean(values[k])
        values.append(number)
        if shape:
            values.append(number.reshape(shape))

    return step


def a_written_view(values: Values, rng: np.random.Generator) -> Step:
    """Return a step that writes into an array of the program's own, by way of a view of it."""
    own = [k for k, x in enumerate(values) if isinstance(x, np.ndarray) and k >= len(TURNED)]
    if not own:
        return a_number(values, rng)
    k = int(rng.choice(own))
    element = int(rng.integers(max(values[k].size, 1)))
    factor = float(rng.normal())

    def at_element(values: Values) -> None:
        flat = values[k].reshape(-1)
        flat[element] = flat[element] * 3 + factor

    def clip(values: Values) -> None:
        view = values[k].reshape(values[k].shape or (1, 1))
        view[...] = np.clip(view, -0.5, 0.5)

    def scale(values: Values) -> None:
        view = values[k]
        view *= factor

    def turn(values: Values) -> None:
        values[k].T[...] = np.sin(values[k].T)

    steps = (at_element, clip, scale, turn)
    return steps[rng.integers(len(steps))]


def a_clip(values: Values, rng: np.random.Generator) -> Step:
    k = int(rng.integers(len(values)))
    low = float(rng.normal())

    def step(values: Values) -> None:
        values.append(np.clip(values[k], low, low + 1))

    return step


TURNED = ((2, 3), (3, 3), ())
TURNING = (a_turned_use, a_turned_use, a_reading, a_reading, a_number, a_written_view, a_written_view, a_clip)


def check_every_call(seeds: list[int]) -> None:
    """Check that the loop and a plan give the same gradients, call by call and to the last bit, and the right ones."""
    rng = np.random.default_rng(2)
    start = [rng.normal(size=shape) for shape in TURNED]
    directions = [rng.normal(size=shape) for shape in TURNED]

    def first(leaves: list[Any]) -> Values:
        return [*leaves, np.exp(leaves[0]), np.sin(leaves[1])]

    arrays = first(start)
    steps = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        steps.append(TURNING[rng.integers(len(TURNING))](arrays, rng))
        steps[-1](arrays)
    weights = [rng.normal(size=np.shape(x)) for x in arrays]

    def total(leaves: list[Any]) -> Any:
        values = first(leaves)
        for step in steps:
            step(values)
        return loss(values, weights)

    expected = np.imag(total([x + 1e-30j * d for x, d in zip(start, directions, strict=True)])) / 1e-30
    leaves = [ga.tensor(x) for x in start]
    root = total(leaves)._node
    rule = root.rule
    by_loop = sweeps.sweep(root, np.float64(1))
    wanted = [by_loop[x._node] for x in leaves]
    found = sum(float(np.sum(g * d)) for g, d in zip(wanted, directions, strict=True))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    plans._known.clear()
    for _ in range(12):
        leaves = [ga.tensor(x) for x in start]
        total(leaves).backward()
        for x, g in zip(leaves, wanted, strict=True):
            assert x.grad.tobytes() == g.tobytes()
    assert plans._known[rule].plans


@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=10))
def test_every_call_gives_the_same_gradient(seeds):
    check_every_call(seeds)


# --- several losses -------------------------------------------------------------------------------------------------
# Tensors are computed, rebound, written into and dropped, and now and then a loss of some of them is differentiated.
# Each backward gives every tensor that is there the gradient which it has when it is the only backward of the program,
# or it raises.

NAMES = 5


def lived(seed: int, only: int | None = None) -> tuple[list[list[Any]], int]:
    """Run a program of several losses; return the gradients after each backward, and how many of them raised.

    `only` names the one backward that is carried out.
    """
    rng = np.random.default_rng(seed)
    shape = ((2, 3), (3,), (600, 10))[rng.choice(3, p=(0.5, 0.3, 0.2))]
    named: list[Any] = [ga.tensor(rng.normal(size=shape)) for _ in range(NAMES)]
    losses: list[Any] = []
    found: list[list[Any]] = []
    raised = 0
    for _ in range(rng.integers(6, 16)):
        i, j, k = (int(n) for n in rng.integers(NAMES, size=3))
        action, amount = rng.integers(12), float(rng.uniform(0.5, 1.5))
        x, y = named[j], named[k]
        if action == 0:
            named[i] = x * amount
        elif action == 1:
            named[i] = np.sin(x) + y
        elif action == 2:
            named[i] = x * y
        elif action == 3:
            named[i] -= amount
        elif action == 4:
            named[i] *= np.cos(x)
        elif action == 5:
            named[i] = x[::-1]
        elif action == 6:
            named[i] = x.reshape(-1)[::-1].reshape(shape)
        elif action == 7:
            named[i][0] = amount * x[-1]
        elif action == 8:
            named[i] = ga.tensor(x.data)
        x = y = None
        if action < 9:
            continue
        root = np.sum(named[i] * np.exp(0.1 * named[j])) + np.sum(named[k])
        number = len(found)
        found.append([])
        if action == 9 and losses:
            root = losses[int(rng.integers(len(losses)))] * amount + root
        keep = bool(rng.random() < 0.3)
        retain, create = bool(rng.random() < 0.2), bool(rng.random() < 0.1)
        if keep:
            losses.append(root)
        if only is not None and only != number:
            continue
        for t in named:
            t.null_grad()
        try:
            root.backward(retain_graph=retain or None, create_graph=create)
        except RuntimeError as error:
            assert "released by an earlier backward()" in str(error)
            raised += 1
            found[-1] = ["raised"]
        else:
            found[-1] = [None if t.grad is None else np.array(ga.asarray(t.grad)) for t in named]
    return found, raised


def check_losses(seed: int) -> tuple[int, int]:
    """Check a program; return how many gradients were right, and how many were refused."""
    plans._known.clear()
    alone: dict[int, list[Any]] = {}
    for _ in range(3):  # by the loop, and by the plans that are written then
        found, raised = lived(seed)
        for number, gradients in enumerate(found):
            if gradients == ["raised"]:
                continue
            if number not in alone:
                alone[number] = lived(seed, number)[0][number]
            for g, expected in zip(gradients, alone[number], strict=True):
                if expected is not None:  # what this backward does not reach keeps the gradient of another one
                    assert g is not None
                    np.testing.assert_allclose(g, expected, rtol=1e-12, atol=1e-14)
    return len(found) - raised, raised


@given(st.integers(0, 2**20))
def test_several_losses(seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "REPEATS", 1)
        check_losses(seed)


def test_most_losses_are_not_refused():
    right, refused = np.sum([check_losses(seed) for seed in range(40)], axis=0)
    assert right > 3 * refused > 0
