"""Each function has a formula for its derivative in `explain(steps=True)`, and it gives the number of the sweep."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradarray as ga
from gradarray.registry import RULES
from gradarray.rules.differentiable import Differentiable
from gradarray.show.record import TapeRow, read_function
from gradarray.show.steps import steps_of
from tests.rules.test_rules import SAMPLES, generator
from tests.show.formulas import contributions, evaluate

# Calls whose formulas would be longer than what can be read, or that a program cannot be written of.
LONG = {
    "decompositions-free_svd(2x5x3, True)",
    "einsum-einsum(2x3x4, [Ellipsis,40,1], 4, [1], [40,Ellipsis])",
    "equations-pinv(2x3x3, 0.5, hermitian=True)",
    "order_statistics-quantile(3x4, array, axis=0, keepdims=True)",
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


def rule_of(row: TapeRow) -> str:
    """Return the name of the rule of a call, also of one with several results."""
    node: Any = row.node
    first = node.parents[0] if node.parents else None
    return (first if first is not None and type(first.out) is tuple else node).rule.name


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_formulas_give_the_numbers_of_the_sweep(chapter: str) -> None:
    assert found(chapter).without == set()
    assert found(chapter).wrong == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_function_of_numpy_with_a_derivative_has_a_formula() -> None:
    known = set().union(*(found(chapter).rules for chapter in CHAPTERS))
    own = {rule.name for rule in RULES.values() if isinstance(rule, Differentiable) and not rule.refused}
    assert len(known) > 180
    assert {name for name in own - known if name.startswith("np.")} == set()


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
