"""Each function has a formula for its derivative in `explain(steps=True)`, and it gives the number of the sweep."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga
from gradarray.batch.batch import Batch
from gradarray.batch.batched import push
from gradarray.context.settings import silently
from gradarray.registry import RULES
from gradarray.rules.differentiable import Differentiable
from gradarray.show.folding import Gap
from gradarray.show.record import Record, TapeRow, read_function
from gradarray.show.steps import DerivativeStep, steps_of
from tests.rules.test_rules import SAMPLES, generator
from tests.show.formulas import contributions, evaluate

# Calls whose formulas would be longer than what can be read, or that a program cannot be written of.
LONG = {
    "decompositions-free_svd(2x5x3, True)",
    "einsum-einsum(2x3x4, [Ellipsis,40,1], 4, [1], [40,Ellipsis])",
    "equations-pinv(2x3x3, 0.5, hermitian=True)",
    "order_statistics-quantile(3x4, array, axis=0, keepdims=True)",
}
# The same of tangents, those of several quantiles most of all.
LONG_FORWARD = {
    # Ufuncs of NumPy 2.5 that have no public name, by which a program could call them.
    *[f"complexes-<lambda>({shape}){which}" for shape in ("2x3", "0d") for which in ("", " #2")],
    "einsum-einsum(2x3x4, [Ellipsis,40,1], 4, [1], [40,Ellipsis])",
    "equations-lstsq(3x4, 3, rcond=0.8)",
    "equations-pinv(2x3x3, 0.5, hermitian=True)",
    "equations-pinv(2x3x4, rcond=array)",
    "order_statistics-call(3x4, [30,50], axis=0)",
    "order_statistics-call(3x4, [30,50], axis=None)",
    "order_statistics-nanpercentile(3x5, [40,90], axis=1, keepdims=True, method=hazen)",
    "order_statistics-nanquantile(2x3x4, [0.2,0.8], axis=[0,-1], keepdims=True)",
    "order_statistics-nanquantile(3x4, [0.2,0.8])",
    "order_statistics-percentile(3x4, [10,62.5], axis=1, method=interpolated_inverted_cdf)",
    "order_statistics-percentile(3x4, [10,62.5], axis=1, method=linear)",
    "order_statistics-percentile(3x4, [10,62.5], axis=1, method=median_unbiased)",
    "order_statistics-percentile(3x4, [10,62.5], axis=1, method=midpoint)",
    "order_statistics-percentile(3x4, [10,62.5], axis=1, method=normal_unbiased)",
    "order_statistics-percentile(3x4, [10,62.5], axis=1, method=weibull)",
    "order_statistics-percentile(3x4, q=[20,75], axis=[0,1])",
    "order_statistics-quantile(3x4, [0.0,0.3,1.0])",
    "order_statistics-quantile(3x4, array, axis=0, keepdims=True)",
    "statistics-nanstd(2x3x4, axis=[0,-1], keepdims=True, ddof=1)",
    "statistics-nanvar(2x3x4, axis=[0,-1], keepdims=True, ddof=1)",
}
CHAPTERS = sorted({name.partition("-")[0] for name in SAMPLES})


class Found(NamedTuple):
    """What was found of a chapter: the rules that had a formula, those that had none, and what a formula gave wrong."""

    rules: set[str]
    without: set[str]
    wrong: list[str]


@functools.cache
def found(chapter: str) -> Found:
    rules: set[str] = set()
    without: set[str] = set()
    wrong: list[str] = []
    for name, sample in SAMPLES.items():
        if name.partition("-")[0] != chapter:
            continue
        operands = [operand.make(generator(sample)) for operand in sample.operands]
        record = read_function(lambda *xs, sample=sample: sample(*xs), operands, drop_in=False)
        for step, entry in contributions(steps_of(record)):
            if entry.formula is None:
                if name not in LONG:
                    without.add(f"{name}: {step.computed_as}")
                continue
            rules.add(rule_of(record.rows[step.rows[0]]))
            given, expected = evaluate(entry.formula, step.numbers, entry.values[0]), entry.values[0]
            if not entry.left_out and not np.allclose(given, expected, rtol=1e-9, atol=1e-12, equal_nan=True):
                wrong.append(f"{name}: {step.computed_as} has {entry.formula} with {entry.formula.before}")
    return Found(rules, without, wrong)


@functools.cache
def found_forward(chapter: str) -> Found:
    """Return the same of formulas of tangents, which are compared for tangents at random."""
    rules: set[str] = set()
    without: set[str] = set()
    wrong: list[str] = []
    for name, sample in SAMPLES.items():
        if name.partition("-")[0] != chapter:
            continue
        operands = [operand.make(generator(sample)) for operand in sample.operands]
        record = read_function(lambda *xs, sample=sample: sample(*xs), operands, mode="forward", drop_in=False)
        for step in [step for step in steps_of(record) if not isinstance(step, Gap)]:
            numbers, expected = at_random(record, step)
            for entry, t in zip(step.contributions, expected, strict=True):
                if entry.formula is None:
                    if name not in LONG_FORWARD:
                        without.add(f"{name}: {step.computed_as}")
                    continue
                rules.add(rule_of(record.rows[step.rows[0]]))
                given = evaluate(entry.formula, numbers, t)
                if not np.allclose(given, t, rtol=1e-9, atol=1e-12, equal_nan=True):
                    wrong.append(f"{name}: {step.computed_as} has {entry.formula} with {entry.formula.before}")
    return Found(rules, without, wrong)


def at_random(record: Record, step: DerivativeStep) -> tuple[dict[str, Any], list[Any]]:
    """Return the numbers of a step with tangents at random for its operands, and the tangents of its results."""
    rows = [record.rows[k] for k in step.rows]
    node = call_of(rows[0])
    rng = np.random.default_rng(0)
    own: dict[Any, Any] = {}
    for x, parent in zip(rows[0].operands, node.parents, strict=True):
        if x.row is not None and record.rows[x.row].tangents and parent not in own:
            t = rng.normal(size=parent.shape) + (1j * rng.normal(size=parent.shape) if parent.dtype.kind == "c" else 0)
            own[parent] = t.astype(parent.dtype)
    numbers = step.numbers | {
        f"d {x.text}": own[p] for x, p in zip(rows[0].operands, node.parents, strict=True) if p in own
    }
    found = silently(push, node, [Batch(own[p][None]) if p in own else None for p in node.parents])
    parts = [found[row.node.args[0]] for row in rows] if type(node.out) is tuple else [found]
    return numbers, [part.value[0] for part in parts]


def call_of(row: TapeRow) -> Any:
    """Return the node of a call, also of one with several results."""
    node: Any = row.node
    first = node.parents[0] if node.parents else None
    return first if first is not None and type(first.out) is tuple else node


def rule_of(row: TapeRow) -> str:
    """Return the name of the rule of a call."""
    return call_of(row).rule.name


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_formulas_give_the_numbers_of_the_sweep(chapter: str) -> None:
    assert found(chapter).without == set()
    assert found(chapter).wrong == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_formulas_of_tangents_give_those_of_forward_mode(chapter: str) -> None:
    assert found_forward(chapter).without == set()
    assert found_forward(chapter).wrong == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_function_of_numpy_with_a_derivative_has_a_formula() -> None:
    known, forward = (set().union(*(f(chapter).rules for chapter in CHAPTERS)) for f in (found, found_forward))
    own = {rule.name for rule in RULES.values() if isinstance(rule, Differentiable) and not rule.refused}
    assert len(known) > 180
    assert {name for name in own - (known & forward) if name.startswith("np.")} == set()


def test_what_a_formula_needs_and_no_more_is_before_it() -> None:
    found = ga.explain(np.sort, np.array([3.0, 1.0]), steps=True)
    ((_, entry),) = contributions(found.steps)
    assert entry.formula is not None
    assert entry.formula.before[-1].startswith("np.add.at(")
    text = str(found)
    assert "where t = " in text and "several lines" not in text


def test_a_helper_is_explained() -> None:
    text = str(ga.explain(lambda x: x**x, np.array([2.0, 3.0]), steps=True))
    assert "power_and_logarithms returns x**y log(x)**order, with its limit at 0" in " ".join(text.split())


def test_an_axis_that_matters_is_shown() -> None:
    text = str(ga.explain(lambda x: np.concatenate([x, x], axis=None), np.ones((1, 2)), steps=True, mode="forward"))
    assert "np.concatenate([d x, d x], axis=None)" in text


def test_what_is_written_through_a_view_is_before_a_formula() -> None:
    found = ga.explain(np.cumprod, np.array([3.0, 1.0, 2.0]), steps=True, mode="forward")
    ((_, entry),) = contributions(found.steps)
    assert entry.formula is not None
    lines = entry.formula.before
    (view,) = [line.split()[0] for line in lines if "= np.moveaxis(" in line]
    assert sum(line.startswith(f"{view}[") for line in lines) == 3


def test_each_of_several_results_has_its_formula() -> None:
    def f(x):
        floor, rest = np.divmod(x, 3.0)
        return floor + rest

    found = ga.explain(f, np.array([4.0, 8.5]), steps=True, mode="forward")
    formulas = {entry.name: str(entry.formula) for _, entry in contributions(found.steps)}
    assert formulas["rest"] == "d x"


def test_a_function_of_ones_own_says_where_its_tangent_is_from() -> None:
    square = ga.custom_gradient(lambda x: (x * x, lambda g: 2 * g * x))
    text = str(ga.explain(lambda x: square(x), 3.0, steps=True, mode="forward"))
    assert "comes with, transposed) = 6" in text
