"""Parameters beside the operands: what NumPy takes is taken, and a variable is differentiated or refused by name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.rules.names import public_name
from gradarray.show import coverage
from tests import checks
from tests.rules.test_rules import SAMPLES

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # NumPy's, of undefined values
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # numbers with a fraction where a whole one is meant
    pytest.mark.filterwarnings("error::gradarray.GradientLossWarning"),
]

X = np.array([1.0, 2.0, 3.0])

# --- a variable for each parameter that takes a number ---------------------------------------------------------------

# What a parameter is given where no sample gives it a number; NumPy refuses it where it takes none.
NUMBERS: dict[str, Any] = {
    **dict.fromkeys(("fill_value", "initial", "start", "ddof", "correction", "k", "decimals", "edge_order"), 1.0),
    **dict.fromkeys(("base", "bins", "minlength", "ord", "stop"), 3.5),
    **dict.fromkeys(("atol", "rcond", "rtol", "tol"), 1e-3),
    **dict.fromkeys(
        ("append", "d", "default", "dx", "left", "prepend", "q", "right", "step", "to_begin", "to_end"), 0.4
    ),
    "a_min": 0.2,
    "min": 0.2,
    "a_max": 0.9,
    "max": 0.9,
    "discont": 3.5,
    "period": 6.0,
    "range": (0.2, 3.3),
    "nan": 0.3,
    "neginf": -4.0,
    "posinf": 4.0,
    "axis": 0.0,
    "deg": 2.0,
    "n": 2.0,
    "p": 2.0,
    "scale": 0.5,
}


def calls() -> Iterator[Any]:
    """Yield a call for each function and each parameter that takes a number: ``call(number, form)``.

    ``form`` makes of the arrays of the call what they are to be.
    """
    seen, rules = set(), coverage.partition()
    for sample in SAMPLES.values():
        rule = rules.get(sample.func)
        if rule is None or isinstance(sample.func, np.ufunc):
            continue
        rng = np.random.default_rng(0)
        args, kwargs = sample.fill(*[operand.make(rng) for operand in sample.operands])
        try:
            signature = inspect.signature(sample.func)
            given = signature.bind(*args, **kwargs).arguments
        except (TypeError, ValueError):
            continue
        for name in signature.parameters.keys() - set(getattr(rule, "operands", ())) - {"axis", "condition"}:
            value = given.get(name, NUMBERS.get(name))
            numbers = value if isinstance(value, (tuple, list)) else (value,)
            if (sample.func, name) in seen or not numbers or not all(type(x) in (int, float) for x in numbers):
                continue
            call = with_number(sample.func, signature, dict(given), name, value)
            try:
                with np.errstate(all="ignore"):
                    call(np.float64(numbers[-1]), lambda x: x)
            except Exception:
                continue
            seen.add((sample.func, name))
            yield pytest.param(sample.func, name, call, float(numbers[-1]), id=f"{public_name(sample.func)}-{name}")


def with_number(func: Any, signature: inspect.Signature, given: dict[str, Any], name: str, value: Any) -> Any:
    def call(number: Any, form: Callable[[Any], Any]) -> Any:
        several = isinstance(value, (tuple, list))
        arguments = {**given, name: type(value)([*value[:-1], number]) if several else number}
        by_position, by_name = [], {}
        for place, (key, p) in enumerate(signature.parameters.items()):
            if p.kind is p.VAR_POSITIONAL:
                by_position += list(arguments.get(key, ()))
            elif p.kind is p.VAR_KEYWORD:
                by_name.update(arguments.get(key, {}))
            elif key in arguments:
                if p.kind is not p.KEYWORD_ONLY and len(by_position) == place:
                    by_position.append(form(arguments[key]))
                else:
                    by_name[key] = form(arguments[key])
        return func(*by_position, **by_name)

    return call


def total(result: Any) -> Any:
    """Return a weighted sum of all results that may have a derivative."""
    return sum(np.sum(np.real(y) * np.arange(1.0, y.size + 1).reshape(y.shape)) for y in checks.floating(result))


def constants(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return ga.tensor(x, constant=True) if x.dtype.kind == "f" else x
    return [constants(item) for item in x] if type(x) is list else x


CALLS = list(calls())


def test_many_parameters_are_tried() -> None:
    assert len(CALLS) > 80
    assert {"initial", "range", "period", "ddof", "nan"} <= {p.values[1] for p in CALLS}


@pytest.mark.parametrize(("func", "name", "call", "value"), CALLS)
def test_a_variable_is_differentiated_or_refused_by_name(func: Any, name: str, call: Any, value: float) -> None:
    def slope(h: float) -> float:
        ends = [total(call(np.float64(value + k * h), lambda x: x)) for k in (2, 1, -1, -2)]
        return float(8 * (ends[1] - ends[2]) - (ends[0] - ends[3])) / (12 * h)

    for derivative in (
        lambda: ga.grad(lambda t: total(call(t, constants)))(value),
        lambda: ga.jvp(lambda t: total(call(t, constants)), (value,), (1.0,))[1],
    ):
        try:
            with np.errstate(all="ignore"):
                found = derivative()
        except TypeError as error:
            # np.hsplit hands its parameter on to np.array_split.
            named = "ddof" if name == "correction" else name
            assert re.search(rf"np\.[\w.]+ is not differentiable with respect to '{named}'", str(error)), error
            assert f"pass ga.asarray({named})," in str(error)
            bare = ga.asarray(ga.tensor(value))
            if func is not np.linalg.cond:  # which asks NumPy for a number of Python's
                bare = bare.astype(int) if func in (np.take, np.repeat) else bare
                call(bare, lambda x: ga.tensor(x) if isinstance(x, np.ndarray) and x.ndim else x)
            continue
        if np.isclose(slope(1e-5), slope(2e-5), 1e-4, 1e-6):  # not at a jump
            np.testing.assert_allclose(found, slope(1e-5), 1e-6, 1e-6)


WHOLE: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "repeat": ("repeats", lambda x, n: np.repeat(x, n)),
    "the method repeat": ("repeats", lambda x, n: x.repeat(n)),
    "reshape": ("(?:new)?shape", lambda x, n: np.reshape(x, n)),
    "the method reshape": ("(?:new)?shape", lambda x, n: x.reshape(n, -1)),
    "tile": ("reps", lambda x, n: np.tile(x, n)),
    "roll": ("shift", lambda x, n: np.roll(x, n)),
    "broadcast_to": ("shape", lambda x, n: np.broadcast_to(x, (n, 1, 4))),
    "expand_dims": ("axis", lambda x, n: np.expand_dims(x, n)),
    "sum": ("axis", lambda x, n: np.sum(x[None], axis=n)),
    "take": ("indices", lambda x, n: np.take(x, n)),
    "moveaxis": ("source", lambda x, n: np.moveaxis(x[None], n, 0)),
    "array_split": ("indices_or_sections", lambda x, n: np.array_split(x, n)[0]),
    "diff": ("n", lambda x, n: np.diff(x, n)),
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_a_variable_for_a_whole_number_is_to_be_given_as_runs(case: str) -> None:
    name, call = WHOLE[case]
    t, x = ga.tensor(1.0), ga.tensor([0.5, 2.0, 1.5, 0.25])
    if case == "reshape":
        t = ga.tensor([2.0, 2.0])
    with pytest.raises(TypeError, match=f"with respect to '{name}'.*ga.asarray\\({name}\\).astype\\(int\\)"):
        call(x, t)
    whole = ga.asarray(t).astype(int)
    assert type(call(x, whole)) is ga.Tensor
    np.testing.assert_array_equal(call(x, whole), call(x.data, whole))
    np.testing.assert_array_equal(call(x, whole), call(x, t.astype(int)))


# --- start values ----------------------------------------------------------------------------------------------------

A = np.array([[0.5, 2.0, 1.5], [1.25, 0.75, 2.5]])
GAPS = np.where(A == 0.75, np.nan, A)
MASK = np.array([[True, False, True], [True, True, False]])
STARTS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda x, t: np.sum(x, initial=t),
    "sum, axis": lambda x, t: np.sum(x, 0, None, None, True, t),
    "sum, where": lambda x, t: np.sum(x, axis=1, initial=t, where=MASK),
    "sum, dtype": lambda x, t: np.sum(x, axis=1, initial=t, dtype=np.complex128),
    "the method": lambda x, t: x.sum(axis=0, initial=t),
    "prod": lambda x, t: np.prod(x, initial=t),
    "prod, axis": lambda x, t: np.prod(x, axis=0, initial=t, keepdims=True),
    "prod, where": lambda x, t: np.prod(x, axis=1, initial=t, where=MASK),
    "max": lambda x, t: np.max(x, initial=t),
    "max, of rows": lambda x, t: np.max(x, axis=1, initial=t),
    "max, the start alone": lambda x, t: np.max(x, axis=1, initial=10 * t),
    "min, where": lambda x, t: np.amin(x, axis=0, initial=t, where=MASK, keepdims=True),
    "amax": lambda x, t: np.amax(x, axis=0, initial=t),
    "a ufunc's method": lambda x, t: np.add.reduce(x, axis=1, initial=t),
    "another ufunc's method": lambda x, t: np.logaddexp.reduce(x, axis=1, initial=t),
    "maximum.reduce": lambda x, t: np.maximum.reduce(x, axis=1, initial=t),
    "nothing to add": lambda x, t: np.sum(x[:0], axis=0, initial=t),
    "nothing to multiply": lambda x, t: np.prod(x[:0], axis=0, initial=t),
    "nothing to compare": lambda x, t: np.max(x[:0], axis=0, initial=t),
}
WITH_GAPS: dict[str, Callable[[Any, Any], Any]] = {
    "nansum": lambda x, t: np.nansum(x, axis=0, initial=t),
    "nanprod": lambda x, t: np.nanprod(x, axis=0, initial=t),
    "nanmax": lambda x, t: np.nanmax(x, axis=1, initial=t),
    "nanmin": lambda x, t: np.nanmin(x, axis=1, initial=t, where=MASK),
}


@pytest.mark.parametrize("name", [*STARTS, *WITH_GAPS])
def test_a_start_value_is_one_more_operand(name: str) -> None:
    call, x = (STARTS[name], A) if name in STARTS else (WITH_GAPS[name], GAPS)
    rng = np.random.default_rng(4)
    checks.check_forward(call, [x, np.array(1.4)])
    checks.check_gradient(call, [x, np.array(1.4)], rng)
    checks.check_forward_mode(call, [x, np.array(1.4)], rng)
    if name in STARTS:
        checks.check_second_order(call, [x, np.array(1.4)], rng)


def test_a_tie_with_the_start_value_is_shared() -> None:
    x, t = ga.tensor([1.0, 2.0, 2.0]), ga.tensor(2.0)
    np.max(x, initial=t).backward()
    np.testing.assert_allclose(x.grad, [0, 1 / 3, 1 / 3])
    np.testing.assert_allclose(t.grad, 1 / 3)


def test_a_start_value_with_axes_is_refused() -> None:
    for x in (X, ga.tensor(X)):
        with pytest.raises(ValueError, match=r"scalar|sequence|size-1|size 1|broadcast|dimension"):
            np.sum(x, initial=X if x is X else ga.tensor(X))


# --- the range of a histogram ----------------------------------------------------------------------------------------

SAMPLE = np.array([0.3, 1.7, 2.9, 3.6, 0.8, 2.2])
RANGES: dict[str, Callable[[Any, Any], Any]] = {
    "edges": lambda x, ends: np.histogram_bin_edges(x, 3, range=(ends[0], ends[1])),
    "an array of both": lambda x, ends: np.histogram_bin_edges(x, 3, range=ends),
    "density": lambda x, ends: np.histogram(x, 3, range=(ends[0], ends[1]), density=True)[0],
    "weights": lambda x, ends: np.histogram(x, 3, (ends[0], ends[1]), True, np.arange(6.0) + x)[0],
    "one of two dimensions": lambda x, ends: np.histogramdd([x, x[::-1]], 2, [None, (ends[0], ends[1])], True),
    "two dimensions": lambda x, ends: np.histogram2d(x, x[::-1], 2, [(ends[0], ends[1]), (0.0, ends[1])], True),
    "the edges as a list": lambda x, ends: np.histogram(x, [0.0, ends[0], 2.0, ends[1]], density=True),
    "edges of two dimensions": lambda x, ends: np.histogramdd([x, x], [[0.0, 1.0, ends[1]], [0.0, 5.0]], density=True),
}


@pytest.mark.parametrize("name", RANGES)
def test_edges_follow_the_ends_of_the_range(name: str) -> None:
    def call(x: Any, ends: Any) -> Any:
        return tuple(y for y in checks.leaves(RANGES[name](x, ends)) if y.dtype.kind == "f")

    operands = [SAMPLE, np.array([0.1, 4.1])]
    rng = np.random.default_rng(4)
    checks.check_gradient(call, operands, rng)
    checks.check_forward_mode(call, operands, rng)


def test_the_number_of_bins_is_refused_by_name() -> None:
    for call in (np.histogram, np.histogram_bin_edges):
        with pytest.raises(TypeError, match="bins"):
            call(ga.tensor(SAMPLE), ga.tensor(3.0))
    with pytest.raises(TypeError, match="bins"):
        np.histogramdd([ga.tensor(SAMPLE)], [ga.tensor(3.0)])


# --- calls that NumPy takes ------------------------------------------------------------------------------------------

# Methods with what may be left away left away, or given by position and by name.
METHODS: dict[str, Callable[[Any], Any]] = {
    "clip(low)": lambda x: x.clip(1.5),
    "clip(None, high)": lambda x: x.clip(None, 2.5),
    "clip(max=)": lambda x: x.clip(max=2.5),
    "clip(min=, casting=)": lambda x: x.clip(min=1.5, casting="same_kind"),
    "round()": lambda x: x.round(),
    "round(1)": lambda x: x.round(1),
    "sum()": lambda x: x.sum(),
    "sum(initial=)": lambda x: x.sum(initial=2.0),
    "mean(dtype=)": lambda x: x.mean(dtype=np.float32),
    "std(ddof=)": lambda x: x.std(ddof=1),
    "var(0, None)": lambda x: x.var(0, None),
    "prod(keepdims=)": lambda x: x.prod(keepdims=True),
    "max(initial=)": lambda x: x.max(initial=0.0),
    "min(where=)": lambda x: x.min(initial=9.0, where=np.array([True, False, True])),
    "cumsum()": lambda x: x.cumsum(),
    "cumprod(0)": lambda x: x.cumprod(0),
    "argmax(keepdims=)": lambda x: x.argmax(keepdims=True),
    "argsort(stable=)": lambda x: x.argsort(stable=True),
    "argsort(-1, None, None)": lambda x: x.argsort(-1, None, None),
    "argpartition(1)": lambda x: x.argpartition(1),
    "all()": lambda x: x.all(),
    "any(where=)": lambda x: x.any(where=np.array([True, False, True])),
    "take(mode=)": lambda x: x.take([4, 1], mode="clip"),
    "repeat(2)": lambda x: x.repeat(2),
    "reshape(order=)": lambda x: x.reshape(3, 1, order="F"),
    "ravel('F')": lambda x: x.ravel("F"),
    "flatten('F')": lambda x: x.flatten("F"),
    "squeeze()": lambda x: x.reshape(1, 3).squeeze(),
    "swapaxes": lambda x: x.reshape(1, 3).swapaxes(0, 1),
    "diagonal()": lambda x: x[:, None].diagonal(),
    "trace()": lambda x: x[:, None].trace(),
    "searchsorted(side=)": lambda x: x.searchsorted(2.0, side="right"),
    "nonzero()": lambda x: x.nonzero(),
    "compress": lambda x: x.compress([True, False, True]),
    "dot": lambda x: x.dot(X),
    "copy(order=)": lambda x: x.copy(order="F"),
    "astype(order=, copy=)": lambda x: x.astype(np.float32, order="C", casting="same_kind", copy=False),
    "conj()": lambda x: x.conj(),
    "conjugate()": lambda x: x.conjugate(),
    "transpose(None)": lambda x: x.reshape(1, 3).transpose(None),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_what_that_of_an_array_takes(name: str) -> None:
    expected = METHODS[name](X)
    for constant in (False, True):
        found = METHODS[name](ga.tensor(X, constant=constant))
        if checks.is_floating(expected):
            checks.compare_results(found, expected)
        else:
            np.testing.assert_array_equal(found, expected)
    if checks.is_floating(expected) and expected.dtype == float and "round" not in name:
        checks.check_forward_mode(METHODS[name], [X + 0.1], np.random.default_rng(1))


CLIPS: dict[str, dict[str, Any]] = {
    "casting": {"casting": "unsafe"},
    "order": {"order": "F"},
    "dtype": {"dtype": np.float64},
    "subok": {"subok": False},
    "where and out": {"where": np.array([True, False, True])},
}


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("bounds", [(1.5, 2.5), (None, 2.0), (1.5, None)])
def test_clip_takes_the_keywords_of_a_ufunc(name: str, bounds: tuple[Any, Any]) -> None:
    def call(x: Any) -> Any:
        old = 5.0 * x
        if name == "where and out":
            np.clip(x, *bounds, out=old, **CLIPS[name])
            return old
        return np.clip(x, *bounds, **CLIPS[name])

    rng = np.random.default_rng(1)
    for x in (X + 0.1, X.astype(np.float32)):
        checks.check_forward(call, [x])
        checks.check_constants(call, [x])
    checks.check_gradient(call, [X + 0.1], rng)
    checks.check_forward_mode(call, [X + 0.1], rng)
    y = ga.tensor([1.5, 2.5, 3.0])
    np.clip(y, 1.5, None, casting="same_kind").backward()  # the closed interval, as without the keyword
    np.testing.assert_array_equal(y.grad, [1, 1, 1])


def test_clip_of_integers_by_one_bound() -> None:
    for dtype in (np.int8, np.uint8, int):
        array = np.array([1, 5, 9], dtype)
        for bounds in ((3, None), (None, 6)):
            found = np.clip(ga.tensor(array), *bounds, casting="same_kind")
            expected = np.clip(array, *bounds, casting="same_kind")
            np.testing.assert_array_equal(found.data, expected)
            assert found.dtype == expected.dtype


def test_piecewise_takes_integers_as_conditions() -> None:
    for condition in ([1, 0, 1], [True, False, True]):
        for conditions in ([ga.tensor(np.array(condition))], [condition], ga.tensor([condition])):
            found = ga.piecewise([5.0, 6.0, 7.0], conditions, [1.0])
            np.testing.assert_array_equal(found.data, np.piecewise(np.array([5.0, 6.0, 7.0]), [condition], [1.0]))


def test_a_function_as_the_mode_of_pad_is_refused_with_what_to_do() -> None:
    for pad in (np.pad, ga.pad):
        with pytest.raises(TypeError, match=r"a function as its mode.*put the padding together with np\.concatenate"):
            pad(ga.tensor(X), 1, lambda *_: None)


def test_nan_to_num_may_change_the_array_itself() -> None:
    def program(x: Any) -> Any:
        y = np.where(x > 1.5, x, np.nan) * x
        z = np.nan_to_num(y, copy=False, nan=2.0)
        z *= x
        return y * z

    np.testing.assert_array_equal(program(ga.tensor(X)).data, program(X))
    ga.check_grads(program, (X,))


def test_nothing_may_be_counted() -> None:
    found = np.bincount([], ga.tensor([]), 2)
    assert not found.constant
    np.testing.assert_array_equal(found.data, np.bincount([], [], 2))


def test_containers_may_be_empty() -> None:
    for empty in ({}, [], (), {"a": []}):
        assert ga.jvp(lambda d: d, (empty,), (empty,)) == (empty, empty)
        value, pull = ga.vjp(lambda d: d, empty)
        assert value == empty
        assert pull(empty) == (empty,)
    for nothing in (None, "text", [None], [], {}):
        with pytest.raises(TypeError, match="returns an array"):
            ga.jvp(lambda x: nothing, (1.0,), (1.0,))  # noqa: B023
