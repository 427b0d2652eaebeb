"""Views read and written through, under every memory order of the values and of the cotangents.

A program makes an array of variables in one layout, takes a view of it or a copy, and may write through that. It is
linear where it is looked at, and all its numbers are small and whole: values are NumPy's to the bit, and the gradient
is the transpose of the matrix that plain NumPy gives by unit steps, to the bit as well.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.tape import plans, sweeps
from tests.reverse.test_views import COPIES, REFUSED, SQUARE, VIEWS, A
from tests.thoroughness import takes

ONE = np.ones((1, 1))
MORE = {
    "an element, and a view of it": (lambda x: x[1, 2, 3, ...].reshape(-1), A),
    "an element, and axes for it": (lambda x: x[1, 2, 3, ...][None, None], A),
    "an element, and no other place": (lambda x: x[1, 2, 3, ...].T.squeeze()[...], A),
    "an element": (lambda x: x[1, 2, 3], A),
    "no axes left": (lambda x: np.reshape(x, ()), ONE),
    "squeezed": (lambda x: x.squeeze(), ONE),
    "squeezed, and an axis": (lambda x: np.expand_dims(np.squeeze(x), 0), ONE),
    "ravel": (lambda x: x.ravel(), A),
    "ravel in Fortran order": (lambda x: np.ravel(x, order="F"), SQUARE),
    "ravel as it lies": (lambda x: x.ravel(order="K"), A),
    "reshape as it lies": (lambda x: np.reshape(x, -1, order="A"), SQUARE),
    "reshape, and back": (lambda x: x.reshape(-1)[::-1].reshape(x.shape), A),
    "reshape of a transpose": (lambda x: x.T.reshape(-1), A),
    "flip of all": (lambda x: np.flip(x), A),
    "reversed, and turned": (lambda x: x[::-1].swapaxes(0, 1)[:, ::-1], A),
    "half a turn": (lambda x: np.rot90(x, 2), SQUARE),
    "x.diagonal": (lambda x: x.diagonal(1), SQUARE),
    "a diagonal below, reversed": (lambda x: np.diagonal(x, -1)[::-1], SQUARE),
    "a new axis first": (lambda x: x[None], A),
    "broadcast of a row": (lambda x: np.broadcast_to(x[:1], x.shape), SQUARE),
    "broadcast of an element": (lambda x: np.broadcast_to(x[1, 1, ...], (2, 2)), SQUARE),
    "parts of a transpose": (lambda x: x.T.real, SQUARE + 1j),
    "nothing": (lambda x: x[:, :0], A),
}
CALLS = {**VIEWS, **{f"{name} (more)": pair for name, pair in MORE.items()}}
CALLS |= {f"copy: {name}": (call, A if name != "sort" else SQUARE) for name, call in COPIES.items()}


def in_gaps(x: Any) -> Any:
    """Return an array between others, which lie two and three places apart."""
    gaps = [2 + axis % 2 for axis in range(x.ndim)]
    buffer = np.zeros([n * k for n, k in zip(x.shape, gaps, strict=True)], x.dtype, like=x)
    part = buffer[(*(slice(k - 1, None, k) for k in gaps), ...)]
    part[...] = x
    return part


def reversed_axes(x: Any) -> Any:
    index = (slice(None, None, -1),) * x.ndim
    return np.copy(x[index])[index]


def outer_axes_first(x: Any) -> Any:
    axes = (*range(1, x.ndim), 0)[: x.ndim]
    return np.transpose(np.copy(np.transpose(x, axes)), np.argsort(axes))


# Each returns an array of the same values, but for the last one, which can only have the same number in each row.
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "C": lambda x: np.copy(x, order="C"),
    "Fortran": lambda x: np.copy(x, order="F"),
    "neither": outer_axes_first,
    "reversed": reversed_axes,
    "in gaps": in_gaps,
    "spread": lambda x: np.broadcast_to(x[..., :1] if x.ndim else x, x.shape),
}


# Of a sort, ties share the gradient, and not in whole numbers.
PAIRS = [(name, layout) for name in CALLS for layout in LAYOUTS if (name, layout) != ("copy: sort", "spread")]


def by_out(y: Any, base: Any) -> None:
    np.subtract(y * 2.0, y[..., ::-1] if y.ndim else 1.0, out=y)


def through_another(y: Any, base: Any) -> None:
    flat = y.reshape(-1)
    flat[: flat.size // 2] = flat[flat.size - flat.size // 2 :] * 3.0
    flat[-1:] += 1.0


def at_a_part(y: Any, base: Any) -> None:
    part = y[..., :1] if y.ndim else y[...]
    part[...] = 7.0


def scaled(y: Any, base: Any) -> None:
    y *= 3.0


def by_the_base(y: Any, base: Any) -> None:
    base[...] = base[::-1] * 2.0
    base *= 2.0


WRITES: dict[str, Callable[[Any, Any], None]] = {
    "nothing": lambda y, base: None,
    "augmented": scaled,
    "out": by_out,
    "a part": at_a_part,
    "a view of it": through_another,
    "the base": by_the_base,
}


def program(name: str, layout: str, write: str) -> Callable[[Any], list[Any]]:
    call, array = CALLS[name]

    def run(t: Any) -> list[Any]:
        base = LAYOUTS[layout](t * (1.0 + 2.0j) if array.dtype.kind == "c" else t * 1.0)
        y = call(base)
        WRITES[write](y, base)
        return [y, np.real(base), base.reshape(-1)[:2].real]

    return run


def start_of(name: str) -> np.ndarray:
    """Return whole numbers, none of them 0, and so far from each other that a step of 1 changes no order."""
    return np.real(CALLS[name][1]).copy() * 10 + 5


def cotangents(shapes: list[tuple[int, ...]], layout: str) -> list[np.ndarray]:
    numbers = iter(range(1, 10_000))
    return [
        np.asarray(
            LAYOUTS[layout](np.array([next(numbers) % 7 - 2.0 for _ in range(np.prod(s, dtype=int))]).reshape(s))
        )
        for s in shapes
    ]


def passing(weights: list[np.ndarray]) -> Callable[..., Any]:
    """Return a function whose vjp hands out these very arrays."""

    @ga.custom_gradient
    def f(*outs: Any) -> Any:
        value = sum((np.sum(out * w) for out, w in zip(outs, weights, strict=True)), 0.0)
        return value, lambda g: tuple(weights)

    return f


def matrices(run: Callable[[Any], list[Any]], x: np.ndarray) -> list[np.ndarray]:
    """Return the derivative of each result, one row for each element of `x`."""
    values = run(x)
    steps = [run(x + unit.reshape(x.shape)) for unit in np.eye(x.size)]
    return [
        np.array([(step[k] - value).ravel() for step in steps]).reshape(x.size, value.size)
        for k, value in enumerate(values)
    ]


@pytest.mark.parametrize(("name", "layout"), PAIRS)
def test_values_are_numpys_and_the_gradient_is_the_transpose(name, layout, monkeypatch):
    monkeypatch.setattr(plans, "REPEATS", 2)
    monkeypatch.setattr(plans, "_known", {})
    x = start_of(name)
    names = list(LAYOUTS)
    for k, write in enumerate(WRITES, names.index(layout) + len(name)):
        if write not in ("nothing", "the base") and name in REFUSED:
            continue  # NumPy warns of it, and is to refuse it; see test_views.py
        run = program(name, layout, write)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                expected = run(x)
            except (ValueError, TypeError) as error:  # read-only; a scalar takes no item
                if name == "an element (more)":
                    continue  # a scalar is no output in NumPy; a tensor without axes becomes an array by it
                with pytest.raises(type(error)):
                    run(ga.tensor(x))
                continue
        # With each layout of a cotangent what is only read, and with one in turn what is written.
        turned = k % len(names)
        layouts = [*names[turned:], *names[:turned]] if write == "nothing" else [names[turned]]
        # To write a plan takes as long as all else: each way of writing has one in a third of the layouts.
        check(run, x, expected, layouts, by_plan=takes(list(WRITES).index(write), 3, names.index(layout)))


FLAGS = ("C_CONTIGUOUS", "F_CONTIGUOUS")  # test_views.py has those that tell of writing


def check(
    run: Callable[[Any], list[Any]], x: np.ndarray, expected: list[Any], layouts: list[str], by_plan: bool
) -> None:
    outs = run(ga.tensor(x))
    for out, value in zip(outs, expected, strict=True):
        assert out.dtype == value.dtype and out.shape == value.shape
        assert out.data.tobytes() == value.tobytes()
        assert [out.flags[flag] for flag in FLAGS] == [np.asarray(value).flags[flag] for flag in FLAGS]
    assert np.shares_memory(outs[0], outs[1]) == np.shares_memory(expected[0], expected[1])
    jacobians = matrices(run, x)
    for layout in layouts:
        weights = cotangents([np.shape(value) for value in expected], layout)
        kept = [w.copy() for w in weights]
        parts = [(j @ w.ravel()).reshape(x.shape) for j, w in zip(jacobians, weights, strict=True)]
        t = ga.tensor(x)
        run(t)[0].backward(weights[0])
        np.testing.assert_array_equal(t.grad, parts[0])
        t = ga.tensor(x)
        passing(weights)(*run(t)).backward()
        np.testing.assert_array_equal(t.grad, sum(parts))

        def total(t: Any, weights: list[np.ndarray] = weights) -> Any:
            return sum((np.sum(out * w) for out, w in zip(run(t), weights, strict=True)), 0.0)

        if layout == layouts[0]:
            t = ga.tensor(x)
            by_loop = sweeps.sweep(total(t)._node, np.float64(1))[t._node]
            np.testing.assert_array_equal(by_loop, sum(parts))
            for _ in range(3 if by_plan else 1):  # by the plan in the end
                np.testing.assert_array_equal(ga.grad(total)(x), sum(parts))
        for w, before in zip(weights, kept, strict=True):
            np.testing.assert_array_equal(w, before)
    direction = (np.arange(x.size) % 5 - 2.0).reshape(x.shape)
    tangents = ga.jvp(run, (x,), (direction,))[1]
    for tangent, j in zip(tangents, jacobians, strict=True):
        np.testing.assert_array_equal(np.ravel(tangent), direction.ravel() @ j)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_choice_lies_as_numpys_does_whatever_the_order_of_the_choices(order):
    x = np.array(np.arange(6.0).reshape(2, 3) - 2, order=order)

    def f(x):
        return np.select([x > 1, x > 0], [x * x, x], -1.0)

    for found in (f(ga.tensor(x)).data, ga.jvp(f, (x,), (x,))[0]):
        np.testing.assert_array_equal(found, f(x))
        assert found.flags.c_contiguous and f(x).flags.c_contiguous
    np.testing.assert_array_equal(ga.grad(lambda x: np.sum(f(x)))(x), [[0, 0, 0], [1, 4, 6]])
