"""What is handed to Numba, carried out by Python itself: the sample table, and random programs, with none installed."""

from __future__ import annotations

import re
import types
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import gradarray as ga
from gradarray.compiler import jit as jit_module
from gradarray.compiler.machine import backend, nests, parts, turned
from gradarray.kernels import parts as kernel_parts
from gradarray.transforms.containers import flatten
from tests.compiler.test_random_programs import moved, outcome
from tests.compiler.test_sample_table import DRAWN, KINDS, SAMPLES, TIES, UNDEFINED, ZEROS, drawn, special
from tests.differential import Program, programs
from tests.numeric import largest
from tests.thoroughness import WHOLE, takes

pytestmark = pytest.mark.filterwarnings("ignore")
Array = np.ndarray[Any, Any]


class Broken(BaseException):
    """A compiled function would have read or written where nothing is; no call goes another way then."""


class _Type:
    """A type of Numba's, of which nothing is asked."""

    def __call__(self, *_args: Any) -> _Type:
        return self


def interpreted(text: str) -> dict[str, Any]:
    """Return what a text defines, to be carried out by Python."""

    def compiled(x: Any) -> Any:
        return x if isinstance(x, types.FunctionType) else lambda f: f

    names = ("Array", "Tuple", "boolean", "float32", "float64", "int64", "none")
    space: dict[str, Any] = {"np": np, "flat": lambda x: x.ravel("K"), **dict.fromkeys(names, _Type())}
    space |= dict.fromkeys(("compiled", "helper", "contracted"), compiled)
    space |= {"multiplied": _multiplied, "applied": _applied}
    try:
        exec(text, space)
    except NameError as error:
        raise Broken from error
    functions = {name: _silent(f) for name, f in space.items() if isinstance(f, types.FunctionType)}
    return {
        name: types.SimpleNamespace(overloads={0: types.SimpleNamespace(entry_point=f)})
        for name, f in functions.items()
    }


def _matrix(a: Any, at: int, m: int, n: int, layout: str) -> Any:
    part = a[at : at + m * n]
    return part.reshape(m, n) if layout == "r" else part.reshape(n, m).T


def _multiplied(x: str, y: str) -> Any:
    """Return what BLAS is called for: the product of a matrix of m rows and l columns, and one of n columns."""

    def product(a: Any, i: int, m: int, l: int, b: Any, j: int, n: int, c: Any, k: int) -> None:  # noqa: E741
        _matrix(c, k, m, n, "r")[...] = _matrix(a, i, m, l, x) @ _matrix(b, j, l, n, y)

    return product


def _applied(x: str) -> Any:
    """Return the same for a matrix and a vector."""

    def product(a: Any, i: int, m: int, n: int, b: Any, j: int, c: Any, k: int) -> None:
        c[k : k + m] = _matrix(a, i, m, n, x) @ b[j : j + n]

    return product


def _silent(f: Any) -> Any:
    """Return a function that says as little of infinities as a compiled one."""

    def silent(*args: Any) -> Any:
        try:
            with np.errstate(all="ignore"):
                return f(*args)
        except (IndexError, NameError, ValueError) as error:
            raise Broken from error

    return silent


@pytest.fixture(autouse=True, scope="module")
def by_python() -> Any:
    """Carry out what would be compiled, and in nests, however little it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nests, "LEAST", 1)
        patch.setattr(nests, "LARGE", 5)
        patch.setattr(turned, "LONG", 2)
        patch.setattr(nests, "_ROW", 3)
        patch.setattr(nests, "_BLOCK", 4)
        patch.setattr(jit_module, "need_numba", lambda: None)
        patch.setattr(backend, "compile_text", interpreted)
        patch.setattr(parts, "LEAST", 0.1)
        yield


def agrees(found: Any, expected: Any) -> bool:
    """Tell whether results agree to 1e-13 of their largest element; infinities and integers are equal.

    A result that is one number may be a sum that cancels, over as many elements as the largest result has: it agrees to
    1e-13 of so many times the largest element of all results.
    """
    if isinstance(found, type) or isinstance(expected, type):
        return found is expected
    whole = largest(expected) * max([np.size(y) for y in expected], default=0)
    return len(found) == len(expected) and all(
        _agrees(x, y, largest([y]) if np.ndim(y) else whole) for x, y in zip(found, expected, strict=True)
    )


def _agrees(x: Array, y: Array, size: float) -> bool:
    if (x.dtype, x.shape) != (y.dtype, y.shape):
        return False
    if x.dtype.kind not in "fc":
        return np.array_equal(x, y)
    there = np.isfinite(y)
    if not np.array_equal(np.isfinite(x), there) or not np.array_equal(x[~there], y[~there], equal_nan=True):
        return False
    tolerance = 1e-13 if x.dtype.char in "dD" else 1e-6
    return not there.any() or bool(np.max(np.abs(x[there] - y[there])) <= tolerance * size + 1e-15)


# Of so many samples, one is tried each time; the programs of second derivatives are long.
_EACH = {"tangent": 8, "gradient": 8, "second": 16}


@pytest.mark.parametrize("kind", KINDS)
def test_sample_table(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    whole: Callable[..., Any] = backend.NumbaBackend.program

    def program(*args: Any) -> Any:
        compiled.append(whole(*args))
        return compiled[-1]

    monkeypatch.setattr(backend.NumbaBackend, "program", program)
    wrong = []
    for k, sample in enumerate(SAMPLES.values()):
        if not sample.operands or not takes(k, _EACH[kind], 0 if kind == "gradient" else 2):
            continue
        f = KINDS[kind](sample)
        run = ga.jit(f, strict=True, backend="numba")
        if isinstance(outcome(f, drawn(sample, 0)), type):
            continue
        specials = [TIES, ZEROS, UNDEFINED]
        if getattr(sample.func, "__name__", "") in DRAWN:
            specials.remove(UNDEFINED)
        if sample.name.startswith(("polyfit", "qr")):
            specials.remove(TIES)  # almost singular: the order of a sum shows in the twelfth digit
        if not WHOLE:
            specials = [specials[k // 2 % len(specials)]]
        points = [
            partial(drawn, sample, 0),
            partial(drawn, sample, 1),
            *[partial(special, sample, x) for x in specials],
        ]
        expected_at = [outcome(f, point()) for point in points]
        unusual = range(2, len(points))
        for j in (0, 0, 1, *unusual, *unusual, 0):
            operands, expected = points[j](), expected_at[j]
            found = outcome(run, operands)
            if not agrees(found, expected):
                wrong.append(f"{sample.name} at {operands}: {found} is not {expected}")
                break
    assert not wrong, "\n".join(wrong)
    assert sum(c is not None for c in compiled) > 0.75 * len(compiled) > 40


@settings(max_examples=max(60, settings.default.max_examples))
@given(programs())
def test_random_programs(program: Program) -> None:
    f = program.function()

    def loss(*xs: Any) -> Any:
        return f(*xs)[0]

    derivative = ga.value_and_grad(loss, tuple(range(len(program.leaves))))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        run = ga.jit(derivative, backend="numba")
        for change in (list, list, moved, moved, list):
            expected = outcome(derivative, change(program.point()))
            with np.errstate(divide="warn", over="warn", invalid="warn"):
                found = outcome(run, change(program.point()))
            assert agrees(found, expected), f"{found} is not {expected}"


def test_what_is_asked_of_a_value_is_asked_each_time() -> None:
    def f(x: Any) -> Any:
        y = np.sin(x) * x + x * x - x / 3
        return np.sum(y) if np.sum(y) > 0 else -np.sum(y * y)

    run = ga.jit(ga.grad(f), strict=True, backend="numba")
    for x in (np.ones(5), np.ones(5), -np.ones(5) / 3, -np.ones(5) / 3, np.ones(5)):
        np.testing.assert_allclose(run(x), ga.grad(f)(x), rtol=1e-13)


def test_large_programs_are_cut_and_those_of_numbers_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST", 5)

    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x + x * x - x / 3 + np.exp(x) * x)

    run = ga.jit(ga.grad(f), strict=True, backend="numba")
    for x in (np.ones(3), np.ones(3), np.linspace(0, 2, 3)):
        np.testing.assert_allclose(run(x), ga.grad(f)(x), rtol=1e-13)
    assert "compiled_3" in run.source(np.ones(3))
    assert "compiled" not in run.source(np.float64(1))
    monkeypatch.setattr(parts, "_PIECES", 1)
    assert "compiled" not in run.source(np.ones(3))


def test_what_threads_do_sooner_is_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any) -> Any:
        return np.sum(np.arctan(x) * np.sin(x) + x * x - x / 3)

    x = np.linspace(0, 1, 2**17)
    for threads, compiled in ((1, True), (8, False)):
        monkeypatch.setattr(kernel_parts, "THREADS", threads)
        text = ga.jit(f, strict=True, backend="numba").source(x)
        assert ("= np.arctan(" in text) == compiled
        assert " sin(" in text


def test_arrays_that_lie_in_other_ways() -> None:
    def f(x: Any, y: Any) -> Any:
        z = x * y + x - y / 2
        return np.sum(z * z + np.exp(z), axis=0), z.T.ravel(), (z + 1).reshape(-1)

    base = np.linspace(-1, 1, 240).reshape(2, 10, 12)
    for x in (base[0, ::2, 1:6], base[0, :5, :5].T, np.asfortranarray(base[0, :5, :5]), base[0, :5, 4::-1]):
        for y in (
            base[1, :5, :5],
            base[1, :1, :5],
            base[1, :5, :1],
            np.float64(0.3),
            np.asfortranarray(base[1, :5, :5]),
        ):
            run = ga.jit(f, strict=True, backend="numba")
            for _ in range(3):
                found, expected = run(x, y), f(x, y)
                for a, b in zip(flatten(found)[0], flatten(expected)[0], strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-13)
                    assert a.flags.c_contiguous == b.flags.c_contiguous


def test_updates_of_views() -> None:
    def f(x: Any) -> Any:
        y = x * 2.0
        y[1:] += y[:-1] * 0.5
        y[1:] += y[:-1]
        y[:-1] -= y[::-1][1:]
        y[::2] *= x[::2]
        y[0] = y[-1] * 3
        rows = y.reshape(2, -1)
        rows[1] -= rows[0]
        return np.sum(y * y), y

    x = np.linspace(0.1, 1, 8)
    run = ga.jit(ga.value_and_grad(f, has_aux=True), strict=True, backend="numba")
    expected = ga.value_and_grad(f, has_aux=True)(x)
    for _ in range(3):
        for a, b in zip(flatten(run(x))[0], flatten(expected)[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13)


def test_functions_that_differ_by_places_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for few in (0, 1, 8):
        monkeypatch.setattr(parts, "_FEW_PLACES", few)
        for derivative in (pairs, ga.value_and_grad(pairs)):
            run = ga.jit(derivative, strict=True, backend="numba")
            x = np.linspace(0.1, 1, 6)
            for k in (1, 1, -2, np.nan):
                expected, found = [outcome(g, (x * k,)) for g in (derivative, run)]
                assert agrees(found, expected)
            text = run.source(x)
            counts.append(text.count("def compiled_"))
            assert counts[-1] == len(set(re.findall(r"= (compiled_\w+)\(", text)))
    several, of_derivative, *_, one, of_derivatives = counts
    assert several > one
    assert of_derivative > of_derivatives


def pairs(x: Any) -> Any:
    found = []
    for k in range(5):
        x = np.sort(x)
        found.append(np.exp(x[k]) * x[k + 1] + np.sin(x[5 - k]))
        x = x * found[-1] - x[k]
    return np.sum(x) + sum(found)


def test_an_argument_may_have_the_name_of_a_table() -> None:
    def f(x: Any, table_0: Any, table_1: Any) -> Any:
        return np.sum(x[table_0] * x[table_1] + x[table_0] / 3 - x[table_1])

    derivative = ga.value_and_grad(f)
    run = ga.jit(derivative, strict=True, backend="numba")
    for k in (1, 1, 2):
        at = np.linspace(0.1, 1, 5) * k, np.array([0, 3, 1]) + k, np.array([4, 1, 0]) - k
        assert agrees(outcome(run, at), outcome(derivative, at))


def test_functions_that_differ_by_rows_are_one() -> None:
    def f(x: Any, a: Any) -> Any:
        rows = np.zeros((8, 3))
        rows[0] = x
        for t in range(1, 8):
            rows[t] = np.cumsum(rows[t - 1]) * a[t] + x / (t + 1.0)
            rows[t] /= np.sum(rows[t])
        return np.sum(rows[2:] * rows[:-2]), rows

    derivative = ga.value_and_grad(f, (0, 1), has_aux=True)
    run = ga.jit(derivative, strict=True, backend="numba")
    rng = np.random.default_rng(0)
    for _ in range(3):
        at = rng.uniform(0.5, 1, 3), rng.uniform(0.5, 1, (8, 3))
        assert agrees(outcome(run, at), outcome(derivative, at))
    text = run.source(*at)
    assert 0 < text.count("def compiled_") < 15 < len(re.findall(r"= compiled_\w+\(", text))


def test_programs_that_take_long_to_be_compiled_are_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any) -> Any:
        y = np.sin(x) * x + x / 3
        total = np.sum(y * y)
        for i in range(10):  # in each turn, a shorter array
            apart = y[i] - y[i + 1 :]
            total = total + np.sum(1 / (1 + apart * apart)) * np.exp(-apart[0])
        return total

    derivative = ga.value_and_grad(f)
    for longest in (100.0, 0.0):
        monkeypatch.setattr(backend, "LONGEST", longest)
        run = ga.jit(derivative, strict=True, backend="numba")
        for seed in (0, 0, 1):
            x = np.random.default_rng(seed).normal(size=12)
            assert agrees(outcome(run, (x,)), outcome(derivative, (x,)))
        assert ("compiled_" in run.source(x)) == (longest > 0)


def test_updates_by_what_overlaps() -> None:
    def f(x: Any) -> Any:
        y = x * 2.0 + x / 3
        np.add(y[1:], y[:-1], out=y[1:])
        np.multiply(y[:-1], y[::-1][1:], out=y[:-1])
        return y + 1

    x = np.linspace(0.1, 1, 8)
    run = ga.jit(f, strict=True, backend="numba")
    for _ in range(3):
        assert agrees([run(x)], [f(x)])
    assert "compiled_" in run.source(x)


def test_an_infinity_that_is_overwritten_is_told_of() -> None:
    def f(x: Any) -> Any:
        y = np.exp(x)
        z = np.minimum(y, 3) + x / 3
        y[...] = x * 2
        return y + 1, z * 2

    run = ga.jit(f, strict=True, backend="numba")
    for x in (1.0, 1.0, 1000.0):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run(np.full(3, x))
        assert [str(w.message) for w in caught] == ["overflow encountered in exp"] * (x > 700)


def test_a_step_that_fails_half_way_leaves_its_arguments_alone() -> None:
    def step(w: Any, b: Any, x: Any) -> Any:
        g = np.exp(w * x) * x + w
        w -= 0.1 * g
        b *= np.exp(b * x)
        return np.sum(g)

    compiled = ga.jit(step, strict=True, backend="numba")
    for x in (0.5, 0.5, 0.5, 1000.0, 0.25):
        w, b = np.linspace(0.5, 1, 4), np.linspace(0, 2, 4)
        v, c = w.copy(), b.copy()
        found, expected = compiled(w, b, np.float64(x)), step(v, c, np.float64(x))
        assert agrees([np.asarray(y) for y in (found, w, b)], [np.asarray(y) for y in (expected, v, c)])


@pytest.mark.parametrize("columns", [4, 2])  # a row at a time, and two of them
def test_rows_that_are_done_together(columns: int) -> None:
    """Softmax, distances of points and moments of rows: also of NaN, infinities and in other layouts."""

    def softmax(x: Any, rows: Any, labels: Any) -> Any:
        shifted = x - np.max(x, axis=1, keepdims=True)
        log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        return -np.mean(log_p[rows, labels])

    def distances(x: Any, *_: Any) -> Any:
        return np.sum(np.sqrt(np.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1) + 1e-9))

    def moments(x: Any, *_: Any) -> Any:
        y = x - np.mean(x, axis=1, keepdims=True)
        y[:, 1:] += y[:, :-1] * 0.5
        y[1:] += x[:-1] * 0.5
        y[:-1] -= np.sin(y[:-1] * y[1:])
        z = np.max(y, axis=0) * np.sum(y * y, axis=0) + np.min(x, axis=0) + np.sum(y[:1] * x[:1], axis=0)
        return np.sum(z) * np.sum(np.any(x > 0.5, axis=1) * np.mean(y * y, axis=-1))

    rng = np.random.default_rng(0)
    rows, labels = np.arange(7), np.array([0, 3, -1, 2, -4, 1, 0]) % columns
    for loss in (softmax, distances, moments):
        derivative = ga.value_and_grad(loss)
        run = ga.jit(derivative, strict=True, backend="numba")
        xs = [rng.normal(size=(7, columns)) for _ in range(4)]
        for x in (*xs, np.where(xs[0] > 1, np.nan, xs[0]), np.where(xs[0] > 1, np.inf, xs[0]), xs[0].T.copy().T):
            for _ in range(2):
                expected, found = outcome(derivative, (x, rows, labels)), outcome(run, (x, rows, labels))
                assert agrees(found, expected), f"{loss.__name__}: {found} is not {expected}"
        text = run.source(xs[0], rows, labels)
        assert ("for part in range(4):" if columns == 2 else "for i in range(7):\n        for j") in text


def test_places_that_are_not_there() -> None:
    def f(x: Any, rows: Any, columns: Any) -> Any:
        return np.sum(np.sin(x[rows, columns]) * x[rows, 1])

    run, derivative = [make(ga.value_and_grad(f)) for make in (lambda g: ga.jit(g, backend="numba"), lambda g: g)]
    x, rows = np.linspace(0, 1, 12).reshape(3, 4), np.array([0, 2, 2])
    for columns in ([0, 1, 1], [0, 1, 1], [0, -1, -4], [0, 4, 1], [0, -5, 1], [3, 3, 3]):
        expected, found = [outcome(g, (x, rows, np.array(columns))) for g in (derivative, run)]
        assert agrees(found, expected), f"{found} is not {expected}"
    assert "at0 = " in run.source(x, rows, rows)


def test_small_products() -> None:
    """Of steps that are alike there is one function; a factor that does not lie in rows is copied, once."""

    def f(w: Any, xs: Any, h: Any) -> Any:
        for x in xs:
            h = np.tanh(x @ w + h @ w.T - h * 0.5)
        return np.sum(h * h)

    rng = np.random.default_rng(0)
    w, xs, h = rng.normal(size=(3, 3)), rng.normal(size=(5, 2, 3)), rng.normal(size=(2, 3))
    derivative = ga.value_and_grad(f, (0, 2))
    run = ga.jit(derivative, strict=True, backend="numba")
    for k in (1, 1, 0.5, np.nan, np.inf):
        expected, found = [outcome(g, (w * k, xs, h)) for g in (derivative, run)]
        assert agrees(found, expected), f"{found} is not {expected}"
    text = run.source(w, xs, h)
    assert text.count("ascontiguousarray(") == 1
    assert text.count("= compiled_2(") > 2
    assert " @ " not in text
