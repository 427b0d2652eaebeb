"""A rule prints what it was declared with: its derivative in NumPy, its special points, and where it stands."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import gradarray as ga
from gradarray.rules.written import special_points
from gradarray.show.coverage import partition

RULES = {rule.name: rule for rule in partition().values() if rule is not None}


def shown(func: object) -> str:
    return repr(ga.registry.find(func))


def test_an_elementwise_function() -> None:
    assert re.fullmatch(
        r"np\.tanh: elementwise\n  d/dx = 1 - ans \* ans\n  where ans = np\.tanh\(x\)\n"
        r"  declared in gradarray\.rules\.numpy\.elementwise, line \d+",
        shown(np.tanh),
    )


@pytest.mark.parametrize("name", RULES)
def test_each_rule_of_numpys_functions(name: str) -> None:
    text = repr(RULES[name])
    assert text.startswith(f"{name}: {RULES[name].kind}\n")
    assert "not there" not in text and "declared in gradarray.rules" in text
    assert max(map(len, text.split("\n"))) < 140


def unary_formulas() -> dict[str, str]:
    found = {}
    for name, rule in RULES.items():
        for line in repr(rule).split("\n"):
            if line.startswith("  d/dx = ") and rule.is_elementwise and rule.nin == 1:
                found[name] = line.removeprefix("  d/dx = ")
    return found


@pytest.mark.parametrize(("name", "formula"), unary_formulas().items())
def test_a_formula_gives_the_slope(name: str, formula: str) -> None:
    # Against a difference of the function itself, which the formula has no part in.
    rule = RULES[name]
    x, h = (1.3 if name == "np.arccosh" else 0.4), 1e-6
    scope = {**vars(__import__(rule.chapter, fromlist=["x"])), "x": np.float64(x), "ans": rule.func(np.float64(x))}
    slope = eval(formula, scope)
    difference = (rule.func(x + h) - rule.func(x - h)) / (2 * h)
    np.testing.assert_allclose(slope, difference, rtol=1e-7)


def test_there_are_many_formulas() -> None:
    assert len(unary_formulas()) > 20


def test_the_line_of_a_declaration() -> None:
    text = shown(np.flip)
    line = int(text.rpartition("line ")[2])
    source = Path(ga.__file__).parent / "rules" / "numpy" / "shape.py"
    assert "np.flip" in source.read_text().split("\n")[line - 1]
    assert "g_m = np.flip(g, axis)" in text


def test_other_kinds_say_what_they_are() -> None:
    assert "a function of steps" in shown(np.floor)
    assert "no derivative flows" in shown(np.argmax)
    assert "is a constant" in shown(np.zeros_like)
    assert "differentiated as what it is made of" in shown(np.cov) and "def cov(" in shown(np.cov)
    refused = next(rule for rule in RULES.values() if rule.refuses)
    assert f"refused: {refused.reason}" in repr(refused)


POINTS = {
    np.sqrt: ["x = 0: an infinite slope"],
    np.arcsin: ["x = 1 and x = -1: an infinite slope"],
    np.log: ["x = 0: an infinite value"],
    np.absolute: ["x = 0: a kink, with slopes -1 and 1 to its sides; the derivative there is 0"],
    np.exp: [],
    np.multiply: [],
}


@pytest.mark.parametrize("func", POINTS)
def test_special_points(func: np.ufunc) -> None:
    assert special_points(ga.registry.find(func)) == POINTS[func]


def test_ties_are_special_points() -> None:
    assert any("x1 = 0, x2 = 0: by x1 a kink" in point for point in special_points(ga.registry.find(np.maximum)))


def test_a_declaration_of_the_users() -> None:
    cube = np.frompyfunc(lambda x: x**3, 1, 1)
    ga.registry.elementwise(cube, lambda _ans, x: 3 * x**2)
    text = shown(cube)
    assert "d/dx = 3 * x ** 2" in text and f"declared in {__name__}, line " in text
    ga.registry.faster(cube, lambda _ans, x: 3 * np.square(x))
    assert "d/dx = 3 * x ** 2" in shown(cube)  # what it is declared with, not how it is had sooner
    assert ast.parse("3 * x ** 2")


def test_two_lambdas_in_one_line() -> None:
    product = np.frompyfunc(lambda a, b: a * b, 2, 1)
    ga.registry.elementwise(product, lambda _ans, _a, b: +b, lambda _ans, a, _b: +a)
    text = shown(product)
    assert "d/da = +b" in text and "d/db = +a" in text


def test_conditional_lambdas_in_one_line() -> None:
    twice = np.frompyfunc(lambda a, b: a * b, 2, 1)
    ga.registry.elementwise(twice, lambda _ans, _a, b: b if b else 0, lambda _ans, a, _b: a if a else 0)
    text = shown(twice)
    assert "d/da = b if b else 0" in text and "d/db = a if a else 0" in text


def test_without_source() -> None:
    scope: dict[str, object] = {"np": np, "ga": ga}
    exec("f = np.frompyfunc(lambda x: x**3, 1, 1); ga.registry.elementwise(f, lambda _ans, x: 3 * x**2)", scope)
    assert "whose source is not there" in shown(scope["f"])
