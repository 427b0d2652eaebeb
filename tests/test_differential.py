"""Random programs against NumPy and against differences; differential.py says what a program is and what must hold.

A long search draws other programs each time: HYPOTHESIS_PROFILE=long pytest tests/test_differential.py
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import gradarray as ga
from tests.differential import (
    LEAVES,
    TABLES,
    Program,
    argument,
    carried_out,
    check,
    filled,
    namespace,
    programs,
    suitable,
)

TEMPLATES = [(kind, template) for kind, (templates, _) in TABLES.items() for template in templates]


@pytest.mark.parametrize(("kind", "template"), TEMPLATES, ids=[template for _, template in TEMPLATES])
def test_each_statement_by_itself(kind: str, template: str) -> None:
    judged = 0
    for leaf in LEAVES:
        for axis in (0, None) if "{i}" in template else (0,):
            x = argument(0, *leaf)
            values = {"x0": x, "x1": argument(1, *leaf)}
            if not suitable(kind, x):
                continue
            line = filled(kind, template, "v0", x, "x0", "x1", axis)
            if carried_out(line, values, namespace()):
                judged += check(Program((leaf, leaf), (line,), tuple(values)), repeats=3)
    assert judged, "no array suits it"


@settings(max_examples=max(400, settings.default.max_examples))
@given(programs())
def test_programs(program: Program) -> None:
    check(program)


class TestTheInstrument:
    """What is wrong has to be found."""

    leaf = ((2, 3), "d", "F")

    def fails(self, *lines: str, names: tuple[str, ...] = ("x0", "v0"), **options: Any) -> None:
        with pytest.raises(AssertionError):
            check(Program((self.leaf, self.leaf), lines, names), **options)

    def test_a_right_program_passes(self) -> None:
        assert check(Program((self.leaf, self.leaf), ("v0 = np.sin(x0) * x1",), ("x0", "v0")))

    def test_a_derivative_that_is_off_by_a_thousandth(self, restored_tables: None) -> None:
        ga.registry.elementwise(np.sin, lambda _ans, x: 1.001 * np.cos(x))
        self.fails("v0 = np.sin(x0)")

    def test_a_second_derivative_that_is_lost(self, restored_tables: None) -> None:
        ga.registry.elementwise(np.sin, lambda _ans, x: np.cos(ga.stop_gradient(x)))
        self.fails("v0 = np.sin(x0)")

    def test_a_value_that_is_off_in_its_last_bit(self) -> None:
        self.fails("v0 = x0 * (1. if type(x0) is np.ndarray else 1 + 2.**-52)")

    def test_another_dtype(self) -> None:
        self.fails("v0 = x0.astype(single if type(x0) is np.ndarray else double) * 0")

    def test_a_gradient_that_is_lost(self) -> None:
        self.fails("v0 = x0 * (x0 if type(x0) is np.ndarray else x0.data)")

    def test_a_mistake_that_is_passed_over(self) -> None:
        self.fails("with mistake(): v1 = x0[9] if type(x0) is np.ndarray else x0[0]", names=("x0",))

    def test_a_derivative_that_changes_from_the_tenth_call_on(self, restored_tables: None) -> None:
        calls = itertools.count()
        ga.registry.elementwise(np.sin, lambda _ans, x: np.cos(x) * (1.0 + 2.0**-52 * (next(calls) > 9)))
        self.fails("v0 = np.sin(x0)")
