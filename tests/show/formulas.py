"""The formulas of an explanation, evaluated: what stands there in words is read back by Python and NumPy alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradarray.show.folding import Gap
from gradarray.show.formulas import Formula
from gradarray.show.steps import Contribution, Step


def evaluate(formula: Formula, numbers: dict[str, Any], like: Any) -> Any:
    """Return what a formula gives for the numbers of its step, in the shape of an array."""
    known = {**numbers}
    for name, expression in formula.before:
        known[name] = _value(expression, known)
    value = _value(formula.expression, known)
    if formula.spread is not None:
        value = np.broadcast_to(value, formula.spread)
    if formula.place:
        whole = np.zeros_like(like)
        np.add.at(whole, _index(formula.place, known), value)
        return whole
    if formula.but_at:
        value = np.broadcast_to(value, np.shape(like)).astype(np.asarray(like).dtype)
        value[_index(formula.but_at, known)] = _value(formula.but, known)
    return value


def _value(expression: str, numbers: dict[str, Any]) -> Any:
    """Evaluate an expression in which names are such as ``d x`` and ``p['w']``."""
    scope: dict[str, Any] = {"np": np}

    def put(match: re.Match[str]) -> str:
        scope[name := f"value_{len(scope)}"] = numbers[match[0]]
        return name

    names = sorted(numbers, key=len, reverse=True)
    if names:
        expression = re.sub(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?![\w(])", put, expression)
    with np.errstate(all="ignore"):
        return eval(expression, scope)


def _index(place: str, numbers: dict[str, Any]) -> Any:
    return _value(f"np.s_{place}", numbers)


def contributions(steps: list[Step | Gap]) -> Iterator[tuple[Step, Contribution]]:
    for step in steps:
        if isinstance(step, Step):
            for entry in step.contributions:
                yield step, entry
