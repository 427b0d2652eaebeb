"""NumPy's functions within vmap: each sample of the table, and random programs, against a loop over the elements."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import gradarray as ga
from gradarray.transforms.containers import flatten
from tests.compiler.test_random_programs import moved
from tests.differential import Program, programs
from tests.rules.test_rules import SAMPLES
from tests.samples import Sample
from tests.thoroughness import takes

pytestmark = pytest.mark.filterwarnings("ignore")

COUNT = 3
# Data decide on the shape, or on which of several results it is, so that there is nothing to stand side by side.
BY_DATA = ("by_class", "poly1d", "trim_zeros")


def leaves(result: Any) -> list[Any]:
    return [np.asarray(x) for x in flatten(result)[0]]


def looped(f: Callable[..., Any], operands: list[Any], axes: tuple[int | None, ...]) -> list[Any] | None:
    """Return what a loop over the elements gives; None where it raises, or where the results are of several shapes."""
    try:
        each = [leaves(f(*[x if a is None else x[k] for x, a in zip(operands, axes)])) for k in range(COUNT)]  # noqa: B905
        return [np.stack(parts) for parts in zip(*each, strict=True)]
    except Exception:
        return None


def compare(found: list[Any], expected: list[Any], tolerance: float = 1e-12) -> None:
    assert len(found) == len(expected)
    for x, y in zip(found, expected, strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        largest = np.max(np.abs(y[np.isfinite(y)]), initial=1.0) if y.dtype.kind in "fc" else 1.0
        assert np.allclose(x, y, rtol=tolerance, atol=tolerance * largest, equal_nan=True), f"{x} is not {y}"


def drawn(sample: Sample, only: int | None = None) -> tuple[list[Any], tuple[int | None, ...]]:
    """Return operands, of which all are mapped, or only one."""
    rows = [[o.make(np.random.default_rng((k, i))) for i, o in enumerate(sample.operands)] for k in range(COUNT)]
    axes = tuple([0 if only in (None, i) else None for i in range(len(sample.operands))])
    operands = [np.stack([row[i] for row in rows]) if axis is not None else rows[0][i] for i, axis in enumerate(axes)]
    return operands, axes


def gradient(sample: Sample) -> Callable[..., Any]:
    def loss(*operands: Any) -> Any:
        results = [x for x in flatten(sample(*operands))[0] if getattr(x, "dtype", np.dtype(int)).kind in "fc"]
        return sum(np.sum(np.real(x) * np.cos(np.arange(x.size)).reshape(x.shape)) for x in results)

    return ga.grad(loss, argnums=tuple(range(len(sample.operands))), drop_in=False)


def tangent(sample: Sample) -> Callable[..., Any]:
    def along(*operands: Any) -> Any:
        directions = tuple([np.cos(np.arange(1.0, x.size + 1)).reshape(x.shape) for x in operands])
        return ga.jvp(lambda *xs: sample(*xs), operands, directions, drop_in=False)[1]

    return along


def second(sample: Sample) -> Callable[..., Any]:
    first = gradient(sample)

    def total(*operands: Any) -> Any:
        return sum(np.sum(np.real(g * g)) for g in flatten(first(*operands))[0])

    return ga.grad(total, argnums=tuple(range(len(sample.operands))), drop_in=False)


def whole_gradient(sample: Sample) -> Callable[..., Any]:
    """Return the gradient of a mapped function, in place of the mapped gradient."""
    return gradient(Sample(ga.vmap(sample), tuple(sample.operands)))


KINDS: dict[str, tuple[Callable[[Sample], Any], int]] = {
    "value": (lambda sample: sample, 1),
    "gradient": (gradient, 2),
    "tangent": (tangent, 3),
    "second": (second, 9),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_table(kind: str) -> None:
    """What is mapped is what a loop gives, whichever operand is mapped; hardly any sample is refused."""
    make, step = KINDS[kind]
    compared, refused = 0, []
    for k, (name, sample) in enumerate(SAMPLES.items()):
        count = len(sample.operands)
        if not count or any(word in name for word in BY_DATA) or not takes(k, step):
            continue
        for only in [None, *(range(count) if count > 1 and kind == "value" else ())]:
            f = make(sample)
            operands, axes = drawn(sample, only)
            expected = looped(f, operands, axes)
            if expected is None or not expected:
                continue
            try:
                found = leaves(ga.vmap(f, in_axes=axes, drop_in=kind == "value" and k % 4 == 0)(*operands))
            except ga.VmapError:
                refused.append(f"{name} {only}")
                continue
            except Exception as error:
                error.add_note(f"in {name}, {only}")
                raise
            try:
                compare(found, expected, 1e-12 if kind == "value" else 1e-9)
            except AssertionError as error:
                raise AssertionError(f"{name}, {only}: {error}") from error
            compared += 1
    assert compared > (1700 if kind == "value" else 50)
    assert len(refused) <= compared // 50, refused


@pytest.mark.parametrize("kind", ["d", "D", "f", "i", "b"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_kinds_of_numbers(kind: str, order: str) -> None:
    x = np.array(np.arange(24).reshape(4, 3, 2) % 7 - 2, dtype=kind, order=order)[::2]
    x = x + 1j * x[::-1] if kind == "D" else x
    functions: list[Callable[[Any], Any]] = [
        lambda a: a + a,
        lambda a: a * 2,
        lambda a: a * 2.5,
        lambda a: a + np.float32(1.5),
        lambda a: np.sum(a, axis=0),
        lambda a: np.mean(a),
        lambda a: a.T.reshape(3, -1),
        lambda a: a[1] @ np.ones(2, x.dtype) if kind != "b" else a[1],
        lambda a: np.where(a == a[0, 0], a, 0),
        lambda a: np.cumsum(a, axis=1),
        lambda a: a.astype(complex),
        lambda a: a > 1 if kind != "D" else np.isreal(a),
        lambda a: np.sort(a, axis=0),
        lambda a: a.argmax(0),
        lambda a: np.var(a),
        lambda a: np.abs(a) if kind != "b" else ~a,
    ]
    for axis in (0, 1, -1):
        for f in functions:
            moved_axis = np.moveaxis(x, axis, 0)
            expected = [f(row.copy("K")) for row in moved_axis] if moved_axis.shape[1:] == (3, 2) else None
            if expected is not None:
                compare(leaves(ga.vmap(f, in_axes=axis)(x)), [np.stack(expected)], 1e-6 if kind == "f" else 1e-12)


def test_no_elements() -> None:
    """Shapes and dtypes are those of what there is one of."""
    none, one = np.zeros((0, 3), np.float32), np.ones((1, 3), np.float32)
    for f in (
        np.sin,
        np.sum,
        lambda a: a @ a,
        lambda a: np.stack([a, a * 2]),
        lambda a: a > 0,
        lambda a: np.histogram(a, 4, (0, 1))[0],
        lambda a: np.reshape(a, (3, 1)),
        lambda a: a[[0, 1]],
        lambda a: np.concatenate([a, np.zeros(2)]),
        np.vander,
        ga.grad(lambda a: np.sum(a**2)),
        ga.jacobian(np.sin),
    ):
        found, expected = ga.vmap(f)(none), ga.vmap(f)(one)  # type: ignore[operator]
        assert (found.shape, found.dtype) == ((0, *expected.shape[1:]), expected.dtype)


# --- places ----------------------------------------------------------------------------------------------------------

X = np.random.default_rng(0).normal(size=(COUNT, 4, 3, 2))
PLACES = np.array([2, 0, -1])
J = np.array([[0, 1, 1], [2, 2, 0], [-1, 0, 1]])
MASK = np.array([True, False, True, True])
READS = """x[0]; x[-1, 1]; x[1:]; x[..., 0]; x[:, None]; x[0, ..., None]; x[[0, 2]]; x[:, [0, 2, 1]]; x[[0, 1], [2, 0]]
x[[0, 1], :, [1, 0]]; x[:, [0], [1]]; x[MASK]; x[MASK, 0]; x[:, 1, [0, 1]]; x[True]; x[[[0, 1], [2, 3]]]
x[1, [0, 2]]; x[[]]
x[i]; x[:, i]; x[..., i % 2]; x[i, :, i % 2]; x[i, i]; x[j]; x[:, j]; x[j, :, j % 2]; x[j, j]; x[0, j]
x[:, j, None]; x[j, 1:]
x[None, i]; x[j][..., 0]; x[i][1]; x[j, [0, 1, 2]]; x[[0, 1, 2], j]; x[:, :, j % 2]; x[i, [0, 1]]; np.take(x, i, axis=0)
np.take(x, j, axis=1); np.take(x, j)
np.take_along_axis(x[:3, :, 0], j[:, None], 0); np.take_along_axis(T[:3], j[:, None], 0); x.take([0, 1], 1)"""
T = np.random.default_rng(1).normal(size=(5, 4))


def listed(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\n", ";").split(";")]


def by_text(code: str) -> Callable[..., Any]:
    return eval(f"lambda x, i, j: {code}", {"np": np, "MASK": MASK, "T": T})  # type: ignore[no-any-return]


def compare_at_places(f: Callable[..., Any]) -> None:
    """Compare a function of an element, a place and a row of places, and its gradient, with a loop over elements."""
    expected = np.stack([f(*each) for each in zip(X, PLACES, J, strict=True)])
    assert np.array_equal(ga.vmap(f)(X, PLACES, J), expected)

    def loss(x: Any, i: Any, j: Any) -> Any:
        return np.sum(f(x, i, j) ** 3)

    gradients = np.stack([ga.grad(loss)(*each) for each in zip(X, PLACES, J, strict=True)])
    assert np.allclose(ga.vmap(ga.grad(loss))(X, PLACES, J), gradients, 1e-13, 1e-13)
    assert np.allclose(ga.grad(lambda x: np.sum(ga.vmap(loss)(x, PLACES, J)))(X), gradients, 1e-13, 1e-13)


@pytest.mark.parametrize("code", listed(READS))
def test_reading(code: str) -> None:
    compare_at_places(by_text(code))


WRITES = """x[0] = x[1]; x[:, 0] = i; x[1:] = x[:-1] * 2; x[[0, 2]] = x[0]; x[MASK] = 1.5; x[i] = x[0] * 2; x[:, i] = 3.
x[j] = x[:3] * 2; x[..., i % 2] += x[..., 0]; x[j, 0] = x[j, 1]; x[j, :, 0] = 2.; x[x > 0] = 0.5
x[0][1] = i * 2.; x += x[0]; x *= 2; x **= 2; x /= x[0] + 9; x[i] -= 1; np.copyto(x, 2.)
np.copyto(x, x * 2, where=x > 0)
np.add.at(x, [0, 0], 1.); np.add.at(x, j, x[0]); np.put(x, [0, 1], 5.); x.fill(3.); x.sort(0); x[:, 1] = [[1., 2.]]
np.negative(x, out=x); np.multiply(x, 2, out=x, where=x > 0); np.fill_diagonal(x[..., 0], 1.5); np.sum(x, 0, out=x[0])
x[:, [0], [1]] = i * 1.; x[j, :, j % 2] = x[0, 0, 0]; x.real[0] = 2.; np.putmask(x, x > 0, 1.); x.T[0] = 4."""


@pytest.mark.parametrize("code", listed(WRITES))
def test_writing(code: str) -> None:
    space: dict[str, Any] = {"np": np, "MASK": MASK}
    body = (
        f"def f(x, i, j):\n    x = x * 1.0\n    y = x[1]\n    {code}\n    return np.concatenate([x.ravel(), y.ravel()])"
    )
    exec(body, space)
    compare_at_places(space["f"])


def test_a_plain_array_is_read_by_take() -> None:
    """NumPy does not dispatch on the indices, but drop-in mode does."""
    f = ga.vmap(lambda i, j: (np.take(T, i, axis=0), np.take(T, j, axis=1), np.take(T, indices=j)))
    assert np.array_equal(f(PLACES, J)[0], T[PLACES])
    assert np.array_equal(f(PLACES, J)[1], np.moveaxis(T[:, J], 1, 0))
    assert np.array_equal(f(PLACES, J)[2], np.take(T, J))
    with pytest.raises(ga.VmapError, match=r"np\.take"):
        ga.vmap(lambda i: T[i])(PLACES)


def test_numbers_are_no_views() -> None:
    def turned(x: Any) -> Any:
        first = x[0]
        x[0] = x[1]
        x[1] = first
        return x

    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(ga.vmap(turned)(x), x[:, ::-1])
    assert np.array_equal(x, [[1.0, 2.0], [3.0, 4.0]]), "the caller's array"


# --- random programs -------------------------------------------------------------------------------------------------


def outcome(f: Callable[..., Any], *operands: Any) -> Any:
    try:
        return leaves(f(*operands))
    except Exception as error:
        return error


@settings(max_examples=max(100, settings.default.max_examples))
@given(programs())
def test_random_programs(program: Program) -> None:
    # A mask as an index is refused; of an array without axes nobody can tell whether it is a number or an array.
    if any(shape == () for shape, _, _ in program.leaves):
        return
    f = program.function()
    every = tuple(range(len(program.leaves)))

    def loss(*xs: Any) -> Any:
        return f(*xs)[0]

    def along(*xs: Any) -> Any:
        return ga.jvp(loss, xs, tuple([np.ones_like(x) for x in xs]))

    points = [program.point(), moved(program.point()), program.point()]
    operands = [np.stack([point[i] for point in points]) for i in every]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for call in (f, ga.grad(loss, every), along):
            each = [outcome(call, *[x[k].copy("K") for x in operands]) for k in range(COUNT)]
            if any(isinstance(found, Exception) for found in each):
                continue
            if any(x.shape != y.shape for x, y in zip(each[0], each[1], strict=True)):
                continue
            found = outcome(ga.vmap(call), *operands)
            if isinstance(found, ga.VmapError):
                continue
            if isinstance(found, Exception):
                raise found
            expected = [np.stack(parts) for parts in zip(*each, strict=True)]
            compare(found, expected, 1e-3 if any(d == "f" for _, d, _ in program.leaves) else 1e-9)


@pytest.mark.parametrize("exponent", [2, 1, 0.5, -1, 2.0, 3])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_powers_are_those_of_the_elements(exponent: float, shape: tuple[int, ...]) -> None:
    every = np.array([-np.inf, -0.0, 0.0, 0.7, 1.3, np.inf])
    # Of -inf and -0.0, NumPy's scalars and its np.power have different roots.
    x = np.stack([np.broadcast_to(value, shape) for value in every]) if shape else every[2:]
    with np.errstate(all="ignore"):
        expected, found = np.stack([each**exponent for each in x]), ga.vmap(lambda x: x**exponent)(x)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))
