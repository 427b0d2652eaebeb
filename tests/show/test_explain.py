"""What `explain` shows: that its numbers are right, that its formulas give them, and that the tape stays as it was.

``python -m tests.show.test_explain`` writes the golden texts anew, to be read before they are committed.
"""

from __future__ import annotations

import cProfile
import gc
import linecache
import math
import re
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradarray as ga
from gradarray.show.explain import Explanation
from gradarray.show.folding import Gap
from gradarray.show.steps import DerivativeStep
from gradarray.show.table import as_text
from gradarray.tape.sweeps import reachable
from gradarray.transforms.containers import flatten
from tests.rules.test_rules import SAMPLES
from tests.samples import Sample

from . import blackboard
from .blackboard import CASES
from .formulas import contributions, evaluate, recomputed

# Of what is infinite or undefined, the functions themselves are told.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value")

GOLDEN = Path(__file__).parent / "golden"
SHOWN = [
    *[(name, 80, "reverse") for name in CASES],
    *[(name, 50, "reverse") for name in ("chain", "updated", "softmax_regression")],
    *[(name, 80, "forward") for name in ("chain", "linear_layer", "updated")],
]


def text_of(name: str, width: int, mode: str) -> str:
    f, args = CASES[name]
    found = ga.explain(f, *args, steps=True, mode=mode)
    return as_text(found._record, found.steps, width) + "\n"


def path_of(name: str, width: int, mode: str) -> Path:
    return GOLDEN / f"{name}-{width}{'' if mode == 'reverse' else '-forward'}.txt"


@pytest.mark.parametrize(("name", "width", "mode"), SHOWN)
def test_golden(name: str, width: int, mode: str) -> None:
    assert text_of(name, width, mode) == path_of(name, width, mode).read_text(encoding="utf-8")


def test_there_is_a_golden_text_for_each_and_no_other() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {path_of(*shown).name for shown in SHOWN}


# --- numbers ---------------------------------------------------------------------------------------------------------

SCOPE = {**vars(blackboard), "log1pexp": lambda x: np.log1p(np.exp(x))}
# A kink and an edge have no difference quotient; of a thousand rounds one is as good as the other.
SMOOTH = [name for name in CASES if name not in ("kinked", "masked", "thousand", "complex_product")]


def total(found: Explanation, values: list[Any]) -> float:
    return math.fsum(float(np.sum(values[k])) for k in found._record.results)


@pytest.mark.parametrize("name", [name for name in CASES if name != "thousand"])
def test_values_are_what_the_table_says_they_are_computed_as(name: str) -> None:
    f, args = CASES[name]
    rows = ga.explain(f, *args).rows
    for row, value in zip(rows, recomputed(rows, SCOPE), strict=True):
        np.testing.assert_allclose(value, row.value, rtol=1e-13, err_msg=row.name)


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_by_each_value_agree_with_differences(name: str) -> None:
    f, args = CASES[name]
    found = ga.explain(f, *args)
    for row in found.rows:
        if row.cotangent is None:
            assert row.kind == "constant"
            continue
        for place in np.ndindex(row.shape):
            high, low = (np.array(row.value, float), np.array(row.value, float))
            high[place] += 1e-5
            low[place] -= 1e-5
            above, below = (total(found, recomputed(found.rows, SCOPE, {row.number: x})) for x in (high, low))
            assert row.cotangent[place] == pytest.approx((above - below) / 2e-5, rel=1e-5, abs=1e-7), row.name


@pytest.mark.parametrize("name", SMOOTH)
def test_tangents_agree_with_differences(name: str) -> None:
    f, args = CASES[name]
    found = ga.explain(f, *args, mode="forward")
    moving = [row for row in found.rows if row.kind == "argument"]
    assert [row.name for row in moving] == found._record.directions
    for k, argument in enumerate(moving):
        changed = [{argument.number: argument.value + h} for h in (1e-5, -1e-5)]
        above, below = (recomputed(found.rows, SCOPE, change) for change in changed)
        for row, a, b in zip(found.rows, above, below, strict=True):
            expected = (a - b) / 2e-5
            tangent = row.tangents[k] if row.tangents else np.zeros(row.shape)
            np.testing.assert_allclose(tangent, expected, rtol=1e-5, atol=1e-7, err_msg=row.name)


def check_formulas(found: Explanation) -> tuple[int, int]:
    """Check that each formula gives the number beside it; return how many there are, and how many have none."""
    count = without = 0
    for step, entry in contributions(found.steps):
        if entry.formula is None:
            without += 1
            continue
        for value in entry.values[:1]:
            given = evaluate(entry.formula, step.numbers, value)
            if not entry.left_out:
                np.testing.assert_allclose(given, value, rtol=1e-9, err_msg=f"{step.computed_as}: {entry.formula}")
            count += 1
    return count, without


@pytest.mark.parametrize("name", CASES)
def test_formulas_give_the_numbers(name: str) -> None:
    f, args = CASES[name]
    found = ga.explain(f, *args, steps=True)
    count, without = check_formulas(found)
    assert count >= 1
    assert without == {"with_own_gradient": 1}.get(name, 0)
    # In the steps of a tape that is shown whole, what comes in adds up to the derivative.
    if not any(isinstance(step, Gap) for step in found.steps):
        sums: dict[str, Any] = {found.rows[k].name: np.ones(found.rows[k].shape) for k in found._record.results}
        for _, entry in contributions(found.steps):
            sums[entry.name] = sums.get(entry.name, 0) + entry.values[0]
        for row in found.rows:
            if row.cotangent is not None:
                np.testing.assert_allclose(sums[row.name], row.cotangent, rtol=1e-12, err_msg=row.name)


@pytest.mark.parametrize("name", ["square", "chain", "linear_layer", "updated", "softmax_regression"])
def test_formulas_of_forward_mode_give_the_numbers(name: str) -> None:
    f, args = CASES[name]
    found = ga.explain(f, *args, steps=True, mode="forward")
    tangents = {f"d {row.name}": row.tangents[0] for row in found.rows if row.tangents}
    for step, entry in contributions(found.steps):
        assert entry.formula is not None
        given = evaluate(entry.formula, {**step.numbers, **tangents}, entry.values[0])
        np.testing.assert_allclose(given, entry.values[0], rtol=1e-9, err_msg=str(entry.formula))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("sample", [*SAMPLES.values()][::40], ids=lambda sample: sample.name)
def test_samples(sample: Sample) -> None:
    operands = [operand.make(np.random.default_rng(0)) for operand in sample.operands]

    def call(*xs: Any) -> Any:
        return sample(*xs)

    def summed(*xs: Any) -> Any:
        results = [x for x in flatten(sample(*xs))[0] if getattr(x, "dtype", np.dtype(int)).kind in "fc"]
        return sum([np.sum(np.real(x)) for x in results], 0.0)

    found = ga.explain(call, *operands, steps=True, drop_in=False)
    check_formulas(found)
    gradients = ga.grad(summed, tuple(range(len(operands))), drop_in=False)(*operands)
    arguments = [row for row in found.rows if row.kind == "argument"]
    for row, gradient in zip(arguments, gradients, strict=True):
        np.testing.assert_allclose(0 if row.cotangent is None else row.cotangent, gradient, rtol=1e-12, atol=1e-13)
    assert str(found) and found._repr_html_()
    assert str(ga.explain(call, *operands, steps=True, mode="forward", drop_in=False))


# --- names -----------------------------------------------------------------------------------------------------------


def names(f: Any, *args: Any) -> dict[str, str]:
    return {row.name: row.computed_as for row in ga.explain(f, *args).rows if row.operation}


def test_names_are_the_users() -> None:
    def f(x: Any) -> Any:
        a, b = x[0], x[1]
        if (c := a * b) > 0:
            c *= 2
        d: Any = c + a
        for e in x:
            d = d + e
        f, g = d**2, c**2
        h, j = x
        for k, m in enumerate(x):
            h = h * m + k
        return f + g + h * j

    assert names(f, np.array([2.0, 3.0])) == {
        "a": "x[0]",
        "b": "x[1]",
        "c": "a * b",
        "c_2": "c * 2",
        "d": "c_2 + a",
        "e": "x[0]",
        "d_2": "d + e",
        "e_2": "x[1]",
        "d_3": "d_2 + e_2",
        "f": "d_3 ** 2",
        "g": "c_2 ** 2",
        "h": "x[0]",
        "j": "x[1]",
        "m": "x[0]",
        "v1": "h * m",
        "h_2": "v1 + k",
        "m_2": "x[1]",
        "v2": "h_2 * m_2",
        "h_3": "v2 + k",
        "v3": "f + g",
        "v4": "h_3 * j",
        "v5": "v3 + v4",
    }


def test_updates_have_the_name_of_their_array() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[0] = 2.0
        y[1:] *= x[0]
        np.add(y, 1, out=y)
        z = np.zeros(3)
        np.copyto(z, y)
        return z

    assert names(f, np.ones(3)) == {
        "y": "x * 1.0",
        "y_2": "y with [0] = 2.0",
        "v1": "y_2[1:]",
        "v2": "x[0]",
        "v3": "v1 * v2",
        "y_3": "y_2 with [1:] = v3",
        "v4": "y_3 + 1",
        "y_4": "y_3 with [...] = v4",
        "z_2": "z with [...] = y_4",
    }


def test_constants_are_written_as_the_user_does() -> None:
    scale = 3.0

    def f(x: Any, n: Any) -> Any:
        return np.sum(blackboard.X @ x * scale - np.arange(2.0), axis=0) ** n + np.hypot(x[0], 1e-3)

    assert list(names(f, np.ones(3), 2).values()) == [
        "blackboard.X @ x",
        "v1 * scale",
        "v2 - np.arange(2.0)",
        "np.sum(v3, axis=0)",
        "v4 ** n",
        "x[0]",
        "np.hypot(v6, 0.001)",
        "v5 + v7",
    ]


def test_calls_have_the_parameters_that_were_given() -> None:
    def f(x: Any) -> Any:
        return np.median(x) + np.linalg.norm(x, axis=0, keepdims=True) + x.reshape(-1)[0] + np.concatenate([x, x])[1]

    assert list(names(f, np.array([1.0, 2.0, 4.0])).values()) == [
        "np.median(x)",
        "np.linalg.norm(x, axis=0, keepdims=True)",
        "v1 + v2",
        "x.reshape(-1)[0]",
        "v3 + v4",
        "np.concatenate([x, x])",
        "v6[1]",
        "v5 + v7",
    ]
    found = ga.explain(lambda x: x.reshape(-1)[1], np.ones((2, 2)), steps=True)
    assert check_formulas(found) == (1, 0)
    assert "d x.reshape(-1)[1] += d v1 = 1" in str(found)


def test_arguments_in_containers_and_without_a_name() -> None:
    def f(*layers: Any) -> Any:
        return layers[0]["w"] * layers[1][0]

    assert [row.name for row in ga.explain(f, {"w": 2.0}, (3.0, 4)).rows] == [
        "layers[0]['w']",
        "layers[1][0]",
        "layers[1][1]",
        "v1",
    ]
    assert [row.name for row in ga.explain(lambda x: np.sin(x), 1.0).rows] == ["x", "v1"]
    # NumPy's ufuncs have signatures since 2.4.
    assert [row.name for row in ga.explain(np.sin, 1.0).rows] in (["x", "v1"], ["args[0]", "v1"])


def test_lines_and_kinds() -> None:
    found = ga.explain(blackboard.updated, np.ones(3), 5.0)
    assert [row.kind for row in found.rows] == [
        *("argument", "argument", "view", "computed", "update", "computed", "computed")
    ]
    texts = [row.text for row in found.rows]
    assert texts == ["", "", *["x[1:] += y"] * 3, *["return np.sum(x**2)"] * 2]
    assert all(linecache.getline(row.file, row.line).strip() == row.text for row in found.rows if row.line)


def test_code_whose_source_is_not_there() -> None:
    scope: dict[str, Any] = {"np": np}
    exec("def f(x):\n    y = np.sin(x)\n    return y * x", scope)
    found = ga.explain(scope["f"], 1.0, steps=True)
    assert [(row.name, row.line) for row in found.rows] == [("x", 0), ("v1", 2), ("v2", 3)]
    assert "line 2" in str(found)


# --- a tensor --------------------------------------------------------------------------------------------------------


def test_a_tensor_shows_its_tape_and_keeps_it() -> None:
    x = ga.tensor([1.0, 2.0])
    y = np.exp(x)
    loss = np.sum(y * x)
    found = ga.explain(loss, steps=True)
    assert [row.kind for row in found.rows] == ["leaf", "computed", "computed", "computed"]
    np.testing.assert_array_equal(found.rows[0].value, [1, 2])
    np.testing.assert_array_equal(found.rows[1].value, np.exp([1, 2]))
    assert found.rows[2].value is None  # nobody has kept it
    assert x.grad is y.grad is loss.grad is None
    loss.backward()
    np.testing.assert_array_equal(x.grad, found.rows[0].cotangent)
    np.testing.assert_array_equal(y.grad, found.rows[1].cotangent)
    with pytest.raises(RuntimeError, match=r"released by an earlier backward\(\)"):
        ga.explain(loss)


def test_a_tensor_shows_the_names_of_the_module_that_asks() -> None:
    scope: dict[str, Any] = {"np": np, "ga": ga}
    exec("x = ga.tensor([1.0, 2.0])\ny = x * 2 + 1\nloss = np.sum(y)\nfound = ga.explain(loss)", scope)
    found = [(row.name, row.computed_as) for row in scope["found"].rows]
    assert found == [("x", ""), ("v1", "x * 2"), ("y", "v1 + constant"), ("loss", "np.sum(y)")]
    np.testing.assert_array_equal(scope["found"].rows[2].value, [3, 5])


def test_a_profiler_goes_on() -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    during = sys.getprofile()
    ga.explain(*_call("square"))
    after = sys.getprofile()
    profiler.disable()
    assert during is after


def test_gradients_that_are_there_stay() -> None:
    x = ga.tensor([1.0, 2.0])
    loss = np.sum(x**2)
    loss.backward(retain_graph=True)
    x.grad *= 10
    z = ga.tensor(2.0)
    unreached = ga.stop_gradient(z) * x[0]
    before = x.grad
    ga.explain(loss)
    ga.explain(unreached)
    ga.explain(left_alone(ga.tensor(1.0), x))  # from which nothing comes back
    assert x.grad is before
    np.testing.assert_array_equal(x.grad, [20, 40])


@ga.custom_gradient
def left_alone(a: Any, b: Any) -> Any:
    return a + np.sum(b), lambda g: (g, None)


def test_an_explanation_holds_no_tape() -> None:
    w = ga.tensor([1.0, 2.0])
    loss = np.sum((w * 2) ** 2)
    nodes = [weakref.ref(node) for node in [*reachable(loss._node)] if node.rule is not None] if _WEAK else []
    found = ga.explain(loss, steps=True)
    assert all(row.node is None for row in found.rows)
    loss.backward()
    w -= 0.1 * w.grad  # a leaf again, as nobody else knows what it came from
    np.sum(w).backward()
    np.testing.assert_array_equal(w.grad, [1, 1])
    del loss
    assert all(node() is None for node in nodes)


_WEAK = hasattr(type(ga.tensor(1.0)._node), "__weakref__")


def test_nothing_is_left_behind() -> None:
    f, args = CASES["softmax_regression"]
    before = sys.getprofile()
    ga.explain(f, *args, steps=True)
    gc.collect()
    gc.disable()
    try:
        found = weakref.ref(ga.explain(f, *args, steps=True, mode="forward"))
        assert found() is None  # no cycle keeps it
        assert sys.getprofile() is before
    finally:
        gc.enable()


def test_arguments_are_not_written_into() -> None:
    x = np.ones(3)
    ga.explain(blackboard.updated, x, 5.0)
    np.testing.assert_array_equal(x, np.ones(3))


def test_errors_of_the_function_come_through() -> None:
    before = sys.getprofile()

    def f(x: Any) -> Any:
        return np.sin(x) / np.zeros(2)[5]

    with pytest.raises(IndexError):
        ga.explain(f, 1.0)
    assert sys.getprofile() is before


# --- what is said ----------------------------------------------------------------------------------------------------


def notes(f: Any, *args: Any) -> str:
    return " ".join(ga.explain(f, *args).notes)


def test_why_there_is_no_derivative() -> None:
    assert "does not depend on its arguments" in notes(lambda x: float(x > 0), 1.5)
    assert "x holds whole numbers" in notes(lambda x: x**2, 3)
    assert "give it 3.0" in notes(lambda x: x**2, 3)
    assert "x.astype(float)" in notes(lambda x: x**2, np.arange(3))
    assert "was given no number" in notes(lambda: 3.0)
    assert "is a constant" in " ".join(ga.explain(ga.tensor(3.0, constant=True)).notes)
    assert ga.explain(lambda x: x**2, 3).result == 9


def test_what_is_differentiated() -> None:
    assert "the shape (2,): the sum of its elements" in notes(lambda x: x**2, np.ones(2))
    assert "2 results: the sum of all their elements" in notes(lambda x: (x, x**2), 1.0)
    assert "its real part" in notes(lambda z: z * z, 1j)
    assert notes(lambda x: x**2, 1.0) == ""


def test_a_result_that_another_one_is_computed_from() -> None:
    def f(x: Any) -> Any:
        y = x * 2
        return y, y**2

    found = ga.explain(f, 3.0, steps=True)
    assert float(found.rows[1].cotangent) == 13.0
    text = str(found)
    assert "d y = 1, since y is one of the results" in text
    assert "d y += d v1 * (2 * y) = 1 * (2 * 6) = 12" in text
    assert "2 ways lead to y: they add to 13" in text


def test_special_points() -> None:
    found = ga.explain(lambda x: np.sum(np.abs(x) + np.sqrt(np.maximum(x, -5.0) + 1)), np.array([3.0, 0.0, -1.0]))
    assert [row.special for row in found.rows if row.special] == ["kink", "infinite slope"]
    said = " ".join(found.notes)
    assert "v1 = np.absolute(x), element (1,), has a kink here: to both sides" in said
    assert "element (2,), has an infinite slope here" in said
    assert [row.special for row in ga.explain(blackboard.chain, 2.0, 3.0).rows] == [None] * 5


def test_wrong_calls() -> None:
    with pytest.raises(TypeError, match="takes a function and its arguments"):
        ga.explain(np.ones(3))
    with pytest.raises(ValueError, match="'reverse' or 'forward', not 'backward'"):
        ga.explain(np.sin, 1.0, mode="backward")
    with pytest.raises(TypeError, match="goes back along its tape"):
        ga.explain(ga.tensor(1.0), mode="forward")


@pytest.mark.parametrize(
    "x", [np.float32(2), np.array(2.0), np.zeros((0, 3)), np.asfortranarray(np.ones((2, 2))), 1 + 2j, ga.tensor(3.0)]
)
@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_arguments_of_all_sorts(x: Any, mode: str) -> None:
    found = ga.explain(lambda x: np.sum(np.exp(x) * x), x, steps=True, mode=mode)
    assert found.rows[0].dtype == np.result_type(x)
    assert found.rows[0].shape == np.shape(x)
    assert str(found) and found._repr_html_()


# --- the text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("name", CASES)
def test_lines_fit(name: str, mode: str) -> None:
    f, args = CASES[name]
    found = ga.explain(f, *args, steps=True, mode=mode)
    for width in (40, 50, 80, 120):
        text = as_text(found._record, found.steps, width)
        assert max(map(len, text.split("\n"))) <= width
        assert re.fullmatch(r"[ -~\n]*", text)  # no control characters, and nothing that a terminal may not have


def test_the_terminals_width_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ga.explain(*_call("softmax_regression"))
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, repr(found).split("\n"))) <= 60
    monkeypatch.setenv("COLUMNS", "160")
    assert max(map(len, repr(found).split("\n"))) > 100


def _call(name: str) -> tuple[Any, ...]:
    f, args = CASES[name]
    return f, *args


def test_loops_are_folded() -> None:
    found = ga.explain(*_call("thousand"), steps=True)
    assert len(found.rows) == 3000
    text = str(found)
    assert text.count("... 997 more rounds of these 3 ...") == 2
    assert len(text.split("\n")) < 60
    last = [step for step in found.steps if isinstance(step, DerivativeStep)][-1]
    assert last.number == 2999
    assert last.contributions[0].way == last.contributions[0].ways == 1000


def test_long_tapes_are_shortened() -> None:
    def f(x: Any) -> Any:
        for k in range(300):
            x = [np.sin, np.cos, np.exp, np.tanh][k * k % 7 % 4](x) if k % 3 else x * k**0.1
        return x

    assert len(str(ga.explain(f, 0.5)).split("\n")) < 80


def test_html_says_the_same_and_escapes() -> None:
    page = ga.explain(lambda x: np.where(x < 2, x, 0.0), 1.0, steps=True)._repr_html_()
    assert "x &lt; 2" in page and "x < 2" not in page
    assert page.count("<table>") == page.count("</table>") == 1


if __name__ == "__main__":
    for shown in SHOWN:
        path_of(*shown).write_text(text_of(*shown), encoding="utf-8")


def test_a_call_is_shown_with_what_is_no_variable_in_it() -> None:
    def f(x):
        y = x.astype(complex)
        z = np.floor(x)
        low = np.concatenate([0, x], axis=None)
        return np.sum(y.real) + np.sum(z) + np.sum(np.astype(x, np.float32)) + np.sum(low[1:].astype("f4", copy=False))

    shown = {row.name: row.computed_as for row in ga.explain(f, np.array([1.5, 2.0])).rows}
    assert shown["y"] == "x.astype(complex)"
    assert shown["z"] == "np.floor(x)"
    assert shown["low"] == "np.concatenate([0, x], axis=None)"
    assert "np.astype(x, np.float32)" in shown.values()
    assert any(text.endswith(".astype('f4', copy=False)") for text in shown.values())
