"""`detect_anomaly`: whose line NumPy's warnings name, and where infinities and NaN come from."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import itertools
import linecache
import re
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.context import settings
from gradarray.show import anomaly
from gradarray.tape import plans
from tests.rules.test_special_points import LINES, NUMBERS
from tests.rules.test_special_values import FIRST_ORDER

HERE = Path(__file__).name


def line() -> int:
    """Return the line of the caller."""
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    return frame.f_back.f_lineno


def told(error: Any) -> tuple[str, str, int]:
    """Return what an error says: the function, the file and the line."""
    found = re.fullmatch(r"(\S+): the .* is .*\. It comes from (.+):(\d+)(, `.*`)?", str(error.value))
    assert found, error.value
    return found[1], Path(found[2]).name, int(found[3])


# --- NumPy's warnings ------------------------------------------------------------------------------------------------


def heard(call: Any) -> list[tuple[str, int, str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        call()
    return [(Path(w.filename).name, w.lineno, str(w.message)) for w in caught]


def overflow(x: Any) -> Any:
    return np.exp(x + 1000.0)


# Calls on zeros, of which NumPy warns.
WARNED = [
    np.log,
    overflow,
    lambda x: x / x,
    lambda x: 1 / x,
    lambda x: x**-1.0,
    lambda x: np.divide(1.0, x),
    lambda x: ga.log(x),
    lambda x: np.sqrt(x - 1),
    lambda x: np.add.reduce(x + np.array([np.inf, -np.inf])),
    lambda x: np.divide(x, x, out=np.ones_like(x)),
]


@pytest.mark.parametrize("call", WARNED)
@pytest.mark.parametrize("make", [ga.tensor, lambda x: ga.tensor(x, constant=True), lambda x: ga.tensor(x[0])])
def test_a_warning_names_the_users_line_and_begins_with_numpys_text(call, make):
    x = make(np.zeros(2))
    plain = [text for _, _, text in heard(lambda: call(np.zeros(2) if x.ndim else np.float64(0.0)))]

    def twice():
        with ga.detect_anomaly():
            for _ in range(2):
                call(x)

    found = heard(twice)
    code = getattr(call, "__code__", twice.__code__)
    assert [text.partition(": ")[0] for _, _, text in found] == plain  # once for a line, as NumPy's own
    assert all(": " in text for _, _, text in found)
    for file, number, _ in found:
        assert file == HERE
        assert code.co_firstlineno <= number <= max(n for *_, n in code.co_lines() if n)


def test_each_line_is_warned_of():
    def two():
        with ga.detect_anomaly():
            z = ga.tensor([0.0])
            np.log(z)
            np.log(z * 1.0)
            np.log(ga.tensor(np.zeros(2**18)))

    first = two.__code__.co_firstlineno
    said = "divide by zero encountered in log: np.log is -inf at element (0,). There x = 0, where"
    assert [(*place, text.partition(" np.log has")[0]) for *place, text in heard(two)] == [
        (HERE, first + k, said) for k in (3, 4, 5)
    ]


X = np.array([1.0, 0.0, 2.0])
ZEROS = np.array([[3.0], [0.0]])
FORWARD = {
    "divide by zero encountered in log: np.log is -inf at element (1,). There x = 0, where np.log has": np.log,
    "invalid value encountered in divide: np.divide is nan at element (1,). There x1 = 0, x2 = 0, wh": lambda x: x / x,
    "divide by zero encountered in divide: np.divide is inf at element (1,). There x1 = 1, x2 = 0,": lambda x: 1 / x,
    "invalid value encountered in sqrt: np.sqrt is nan at element (1,). There x = -1, wh": lambda x: np.sqrt(x - 1),
    "overflow encountered in exp: np.exp is inf at element (2,). There x = 1000, where": lambda x: np.exp(x * 500.0),
    "divide by zero encountered in divide: np.divide is inf at element (1, 0). There x1 = 1, x2 =": lambda x: x / ZEROS,
    "invalid value encountered in divide: np.divide is nan at element (1, 1). There x1 = 0, x2 =": lambda x: x / ZEROS,
    "invalid value encountered in arctanh: np.arctanh is nan at element (2,). There x = 2, where": np.arctanh,
    "divide by zero encountered in arctanh: np.arctanh is inf at element (0,). There x = 1, where": np.arctanh,
    "divide by zero encountered in power: np.power is inf at element (1,). There x1 = 0, x2 = -1, where": (
        lambda x: np.power(x, -1, where=[True, True, False])
    ),
    "invalid value encountered in subtract: np.subtract is nan at element (1,). There x1 = inf, x2 = inf: x1 and x2 "
    "are infinite or NaN already": lambda x: np.where(x == 0, np.inf, x) - np.where(x == 0, np.inf, x),
    "overflow encountered in matmul: np.matmul is inf": lambda x: (x + 1e200) @ (x + 1e200),
    "overflow encountered in reduce: this is a part of np.prod": lambda x: np.prod(x + 1e300),
    "invalid value encountered in reduce: this is a part of np.sum": (
        lambda x: np.sum((x + 1) * np.array([0.1, np.inf, -np.inf]))
    ),
}


@pytest.mark.parametrize("said", FORWARD)
@pytest.mark.parametrize("dtype", [float, np.longdouble])
def test_a_warning_tells_the_first_element_and_what_is_there(said, dtype):
    x = ga.tensor(X.astype(dtype))

    def call():
        with ga.detect_anomaly():
            FORWARD[said](x)

    if dtype is float or not said.startswith("overflow"):
        assert any(text.startswith(said) for _, _, text in heard(call))


def test_what_where_leaves_out_is_not_told():
    def call():
        with ga.detect_anomaly():
            np.divide(1.0, ga.tensor([0.0, 2.0, 0.0]), where=[False, True, True])

    ((_, _, text),) = heard(call)
    assert "at element (2,)" in text


def test_the_first_element_that_is_told_of_a_line_stays_the_one():
    def loop(how):
        def call():
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter(how)
                with ga.detect_anomaly():
                    for k in range(4):
                        np.log(ga.tensor(np.eye(4)[0] * 0.0 + (np.arange(4) != k)))
            return [str(w.message) for w in caught]

        return call()

    (text,) = loop("default")
    assert "at element (0,)" in text
    assert loop("always")[0] == text
    assert loop("always")[1:] == ["divide by zero encountered in log"] * 3
    with pytest.raises(RuntimeWarning, match="at element"):
        loop("error")


def test_a_plain_call_in_a_block_keeps_numpys_text():
    def call():
        with ga.detect_anomaly():
            np.log(np.zeros(2))

    assert [text for _, _, text in heard(call)] == ["divide by zero encountered in log"]


def test_forward_mode_warns_at_the_users_line():
    def pushed():
        with ga.detect_anomaly():
            ga.jvp(lambda x: np.where(x > 0, np.log(x), 0.0), (np.zeros(2),), (np.ones(2),))

    found = heard(pushed)
    assert found[0][:2] == (HERE, pushed.__code__.co_firstlineno + 2)
    assert found[0][2].startswith("divide by zero encountered in log: np.log is -inf at element (0,). There x = 0,")
    assert {file for file, _, _ in found} == {HERE}


def test_the_users_error_state_holds_in_a_block():
    z, calls = ga.tensor([0.0]), []
    with np.errstate(divide="raise"), ga.detect_anomaly, pytest.raises(FloatingPointError, match="encountered in log"):
        np.log(z)
    with ga.detect_anomaly, np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="encountered in log"):
        np.log(z)

    def silent():
        with np.errstate(all="ignore"), ga.detect_anomaly():
            np.log(z)

    assert heard(silent) == []
    with np.errstate(divide="call", call=lambda *args: calls.append(args)), ga.detect_anomaly():
        np.log(z)
    assert calls == [("divide by zero", 1)]

    class Log:
        def write(self, text):
            calls.append(text)

    with np.errstate(divide="log", call=Log()), ga.detect_anomaly():
        np.log(z)
    assert calls[1:] == ["Warning: divide by zero encountered in log\n"]
    with warnings.catch_warnings(), ga.detect_anomaly(), pytest.raises(RuntimeWarning):
        warnings.simplefilter("error")
        np.log(z)
    assert np.geterrcall() is None


# --- on the way back -------------------------------------------------------------------------------------------------


def is_finite(gradients: Any) -> bool:
    return all(np.all(np.isfinite(g)) for g in gradients)


@pytest.mark.filterwarnings("ignore:(Mean of empty|All-NaN) slice:RuntimeWarning")
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(("function", "point", "derivative"), LINES, ids=lambda text: text)
def test_each_special_point_of_the_readme(function, point, derivative):
    values = re.findall(r"(\w) = (.+?)(?=, \w = |$)", point)
    variables = {name: ga.tensor(eval(value, NUMBERS)) for name, value in values}
    file, expected = f"<{function}>", eval(f"({derivative},)", NUMBERS)
    linecache.cache[file] = (0, None, ["\n"] * 6 + [f"{function}\n"], file)
    try:
        with ga.detect_anomaly():
            result = eval(compile("\n" * 6 + function, file, "eval"), {"np": np, "ga": ga}, variables)
            if is_finite(expected):
                result.backward()
                for x, gradient in zip(variables.values(), expected, strict=True):
                    np.testing.assert_array_equal(x.grad, gradient)
            else:
                with pytest.raises(FloatingPointError) as error:
                    result.backward()
                assert str(error.value).endswith(f"It comes from {file}:7, `{function}`")
    finally:
        del linecache.cache[file]


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(("function", "point", "cotangent", "expected"), [case[1:] for case in FIRST_ORDER])
def test_each_special_value(function, point, cotangent, expected):
    variables = [ga.tensor(x, dtype=complex if isinstance(x, complex) else float) for x in point]
    with ga.detect_anomaly():
        result, here = function(*variables), line()
        if is_finite(expected) or not np.all(np.isfinite(cotangent)):
            result.backward(cotangent)
            return
        with pytest.raises(FloatingPointError) as error:
            result.backward(cotangent)
    code = getattr(function, "__code__", None)
    _, file, number = told(error)
    if code is None or "gradarray" in code.co_filename or "numpy" in code.co_filename:
        assert (file, number) == (HERE, here)
    else:
        assert file == Path(code.co_filename).name
        assert code.co_firstlineno <= number <= max(n for *_, n in code.co_lines() if n)


def roots(x: Any) -> Any:
    """Return a sum of which one term is steep, and two are excused."""
    product = x[0] * x[1]
    steep = np.sqrt(product)
    later = np.sqrt(x[0] ** 2) + np.sum(np.where(x > 5, np.log(x - 5), 0.0))
    return later + 3 * steep


STEEP = roots.__code__.co_firstlineno + 3
POINT = np.array([0.0, 4.0, 5.0])

WAYS = {
    "backward": lambda f: f(ga.tensor(POINT)).backward(),
    "grad": lambda f: ga.grad(f)(POINT),
    "value_and_grad": lambda f: ga.value_and_grad(f)(POINT),
    "create_graph": lambda f: f(ga.tensor(POINT)).backward(create_graph=True),
    "vjp": lambda f: ga.vjp(f, POINT)[1](1.0),
    "jacobian": lambda f: ga.jacobian(f)(POINT),
    "jacrev": lambda f: ga.jacrev(f)(POINT),
    "checkpoint": lambda f: ga.grad(ga.checkpoint(f))(POINT),
    "of a tensor": lambda f: ga.grad(f)(ga.tensor(POINT)),
    "thirteenth": lambda f: [ga.grad(lambda x: f(x + 1))(POINT) for _ in range(12)] and ga.grad(f)(POINT),
}


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("way", WAYS)
def test_the_call_at_which_a_gradient_became_infinite(way):
    with pytest.raises(FloatingPointError) as error, ga.detect_anomaly():
        WAYS[way](roots)
    assert told(error) == ("np.sqrt", HERE, STEEP)
    assert "the derivative by x is inf." in str(error.value)
    assert "`steep = np.sqrt(product)`" in str(error.value)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("way", ["jvp", "out=", "jacfwd", "stretched", "updated", "hessian", "hvp", "second backward"])
def test_a_tangent_that_becomes_infinite(way):
    def at(x: Any) -> Any:
        return np.sqrt(x * 2.0)[0]

    def cube(x: Any) -> Any:
        return np.sum(x**1.5)

    def filled(x: Any) -> Any:
        y = np.zeros_like(x)
        y[1:] = np.sqrt(x)[:-1]
        return y

    def into(x: Any) -> Any:
        return np.sqrt(x, out=np.zeros_like(x))

    def again() -> None:
        x = ga.tensor(POINT)
        cube(x).backward(create_graph=True)
        x.grad.sum().backward()

    calls: dict[str, Any] = {
        "jvp": (at, lambda: ga.jvp(at, (POINT,), (np.ones(3),))),
        "out=": (into, lambda: ga.jvp(into, (POINT,), (np.ones(3),))),
        "jacfwd": (at, lambda: ga.jacfwd(at)(POINT)),
        "stretched": (at, lambda: ga.jvp(lambda x: 3 * at(x).reshape(1) + x[1], (POINT,), (np.ones(3),))),
        "updated": (filled, lambda: ga.jvp(filled, (POINT,), (np.ones(3),))),
        "hessian": (cube, lambda: ga.hessian(cube)(POINT)),
        "hvp": (cube, lambda: ga.hvp(cube)(POINT, np.ones(3))),
        "second backward": (cube, again),
    }
    function, call = calls[way]
    first = function.__code__.co_firstlineno
    with pytest.raises(FloatingPointError) as error, ga.detect_anomaly():
        call()
    _, file, number = told(error)
    assert file == HERE
    assert number in (first + 1, first + 2) or function is cube
    assert "element (0,)" in str(error.value)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("n", [1, 3, 5000, 2**17 + 5])
def test_what_does_not_arrive_is_no_anomaly(n):
    def masked(x: Any) -> Any:
        return np.sum(np.where(x > 0, np.log(x), 0.0)) + np.sqrt(np.sum(x * x))

    x = np.zeros(n)
    with ga.detect_anomaly():
        assert np.array_equal(ga.grad(masked)(x), np.zeros(n))
        assert ga.jvp(masked, (x,), (np.ones(n),))[1] == 0
    x[-1] = 2.0
    with ga.detect_anomaly():
        found = ga.grad(masked)(x)
    assert np.array_equal(found, ga.grad(masked)(x))


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("n", [1, 5000, 2**17 + 5])
@pytest.mark.parametrize("dtype", [np.float32, float, complex])
def test_the_element_is_named(n, dtype):
    x = np.ones(n, dtype)
    x[-1] = 0
    t = ga.tensor(x)
    with ga.detect_anomaly(), pytest.raises(FloatingPointError, match=rf"np.sqrt: .* at element \({n - 1},\)"):
        np.sum(np.sqrt(t).real).backward()
    with ga.detect_anomaly(), pytest.raises(FloatingPointError, match=r"np.divide: the derivative by x2 is"):
        np.sum((x / t).real).backward()


POINTS = {
    "np.sqrt: the derivative by x is inf at element (1,). There x = 0, where np.sqrt has an infinite slope.": np.sqrt,
    "np.log: the derivative by x is inf at element (1,). There x = 0, where np.log has an infinite value.": np.log,
    "There x1 = 0, x2 = 0, where np.divide has no value.": lambda x: x / x,
    "There x1 = 1, x2 = 0, where np.divide has an infinite value.": lambda x: 1.0 / x,
    "There x1 = 0, x2 = 0.5, where np.power has an infinite slope.": lambda x: x**0.5,
    "where np.sqrt has an infinite slope. What comes back to it is 0, and 0 * inf is NaN": lambda x: np.sqrt(x) ** 2,
    "There x1 = nan, x2 = 4: x1 is infinite or NaN already on the way forward, as it came in": lambda x: np.nan * x,
    "There np.exp has an infinite value.": lambda x: np.exp(x + 1000.0),
}


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("said", POINTS)
@pytest.mark.parametrize("dtype", [float, np.float32])
def test_what_is_special_about_the_point_is_told(said, dtype):
    x = ga.tensor(np.array([4.0, 0.0], dtype))
    with ga.detect_anomaly(), pytest.raises(FloatingPointError) as error:
        np.sum(POINTS[said](x)).backward()
    assert said in str(error.value)
    assert told(error)[1] == HERE


@pytest.mark.usefixtures("quiet")
def test_what_is_special_about_the_point_of_a_tangent_is_told():
    with (
        ga.detect_anomaly(),
        pytest.raises(FloatingPointError, match=r"There x = 0, where np\.sqrt has an infinite slope"),
    ):
        ga.jvp(np.sqrt, (np.array([4.0, 0.0]),), (np.ones(2),))


@pytest.mark.usefixtures("quiet")
def test_a_broadcast_operand_is_told_at_the_element():
    x, y = ga.tensor([[1.0], [0.0]]), ga.tensor([2.0, 3.0])
    with ga.detect_anomaly(), pytest.raises(FloatingPointError, match=r"There x1 = 2, x2 = 0, where np\.divide"):
        np.sum(y / x).backward()


@pytest.mark.usefixtures("quiet")
def test_what_was_infinite_on_the_way_forward_is_told_with_its_line():
    x, w = ga.tensor([4.0, 0.0]), ga.tensor([1.0, 2.0])
    with ga.detect_anomaly(), pytest.raises(FloatingPointError) as error:
        y = np.log(x)
        np.sum(y * w).backward()
    first = test_what_was_infinite_on_the_way_forward_is_told_with_its_line.__code__.co_firstlineno + 4
    text = str(error.value)
    assert "np.multiply: the derivative by x2 is -inf at element (1,). There x1 = -inf, x2 = 2: x1 is" in text
    assert re.search(rf"on the way forward, since np\.log \(.*:{first}, `y = np\.log\(x\)`\)\. It comes from", text)


@pytest.mark.usefixtures("quiet")
def test_where_values_were_not_kept_what_goes_in_is_told_too():
    x, w = ga.tensor([4.0, 0.0]), ga.tensor([1.0, 2.0])
    with ga.detect_anomaly(), pytest.raises(FloatingPointError, match=r"since np\.multiply .* or what goes into that"):
        np.sum(np.log(x) * 3.0 * w).backward()


@pytest.mark.usefixtures("quiet")
def test_a_nan_that_no_zero_has_part_in_is_no_product():
    x = ga.tensor([0.0])
    with ga.detect_anomaly(), pytest.raises(FloatingPointError, match=r"x2 is nan .* np\.divide has no value") as error:
        np.sum(np.zeros(1) / x).backward()
    assert "0 * inf" not in str(error.value)


@pytest.mark.usefixtures("quiet")
def test_a_masked_operand_has_no_such_point():
    x = ga.tensor([4.0, 0.0])
    with ga.detect_anomaly():
        ok = x > 0
        np.sum(np.where(ok, np.sqrt(np.where(ok, x, 1.0)), 0.0)).backward()
    assert np.array_equal(x.grad, [0.25, 0.0])


@pytest.mark.usefixtures("quiet")
def test_after_an_anomaly_the_tape_is_still_there():
    x = ga.tensor(0.0)
    y = np.sqrt(x)
    with ga.detect_anomaly(), pytest.raises(FloatingPointError):
        y.backward()
    y.backward()  # the call was made before the block
    assert x.grad == np.inf


@pytest.mark.usefixtures("quiet")
def test_what_was_infinite_before_is_no_anomaly():
    x = ga.tensor([1.0, 2.0])
    with ga.detect_anomaly():
        (x * 2.0).backward(np.array([np.inf, 1.0]))
        ga.jvp(lambda x: x * 2.0, (1.0,), (np.nan,))
    assert np.array_equal(x.grad, [np.inf, 2.0])


@pytest.mark.usefixtures("quiet")
def test_parts_that_overflow_in_their_sum_are_told():
    with ga.detect_anomaly(), pytest.raises(FloatingPointError, match="overflow in their sum"):
        ga.grad(lambda x: x * 1e308 + x * 1e308)(0.5)


@pytest.mark.usefixtures("quiet")
def test_gradients_and_the_tape_are_what_they_are_outside(rng):
    def loss(x: Any, w: Any) -> Any:
        h = np.tanh(x @ w)
        h[0] *= 2.0
        return np.mean((h - np.max(h, axis=0)) ** 2)

    x, w = rng.normal(size=(5, 4)), rng.normal(size=(4, 3))
    outside = ga.grad(loss, (0, 1))(x, w)
    with ga.detect_anomaly():
        inside = ga.grad(loss, (0, 1))(x, w)
        t = ga.tensor(w)
        f = loss(ga.tensor(x), t)
        f.backward()
        with pytest.raises(RuntimeError, match="released"):
            f.backward()
    assert all(map(np.array_equal, outside, inside))
    assert np.array_equal(t.grad, outside[1])


# --- the block -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quiet")
def test_other_threads_are_not_concerned():
    found: list[Any] = []
    with ga.detect_anomaly():
        thread = threading.Thread(target=lambda: found.append((ga.grad(np.sqrt)(0.0), np.geterr()["divide"])))
        thread.start()
        thread.join()
    assert found == [(np.inf, "warn")]


def steps() -> Any:
    with ga.detect_anomaly():
        while True:
            yield np.geterr()["divide"], settings.watching() is not None


def test_in_a_generator_that_another_context_closes_it_ends_without_a_word(monkeypatch):
    said: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    before = np.geterr()
    for close in (lambda generator: generator.close(), lambda generator: None):
        there, generator = contextvars.Context(), steps()
        assert there.run(next, generator) == ("log", True)
        with np.errstate(divide="raise"):
            close(generator)
            del generator
            assert np.geterr()["divide"] == "raise"
        assert there.run(settings.watching) is None
    assert np.geterr() == before
    assert not said


def test_in_an_asynchronous_generator_that_another_task_closes_it_ends_without_a_word(monkeypatch):
    said: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)

    async def awaited() -> Any:
        for item in steps():
            yield item

    async def main() -> Any:
        opened = awaited()
        assert await asyncio.create_task(anext(opened)) == ("log", True)
        await asyncio.create_task(opened.aclose())
        return np.geterr()

    assert asyncio.run(main()) == np.geterr()
    assert not said


def test_in_generators_that_end_in_any_order_it_leaves_nothing():
    before = np.geterr()
    for order in itertools.permutations(range(3)):
        opened = [steps() for _ in order]
        assert {next(generator) for generator in opened} == {("log", True)}
        for k in order:
            opened[k].close()
        assert np.geterr() == before
        assert settings.watching() is None


def test_what_is_set_within_for_numpy_ends_with_it():
    before = np.geterr(), np.geterrcall()
    with ga.detect_anomaly():
        np.seterr(all="ignore")
        np.seterrcall(lambda *args: None)
    assert (np.geterr(), np.geterrcall()) == before


def test_nothing_is_noted_outside(monkeypatch):
    x = ga.tensor([1.0, 2.0])
    with ga.detect_anomaly():
        pass
    monkeypatch.setattr(anomaly, "Anomalies", None)
    np.sum(np.sin(x[:1]) * x).backward()
    assert not settings.paused


def test_plans_are_not_taken_in_a_block(monkeypatch):
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x)

    for _ in range(12):
        ga.grad(f)(POINT)
    monkeypatch.setattr(plans, "_known", None)
    with ga.detect_anomaly():
        ga.grad(f)(POINT)
