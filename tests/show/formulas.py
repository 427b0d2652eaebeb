"""The formulas of an explanation, evaluated: what stands there in words is read back by Python and NumPy alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradarray.show.folding import Gap
from gradarray.show.formulas import Formula
from gradarray.show.record import TapeRow
from gradarray.show.steps import Contribution, DerivativeStep


def evaluate(formula: Formula, numbers: dict[str, Any], like: Any) -> Any:
    """Return what a formula gives for the numbers of its step, in the shape of an array."""
    known = {**numbers, **dict(formula.helpers)}
    _carry_out(formula.before, known)
    value = _value(formula.expression, known)
    if formula.spread is not None:
        value = np.broadcast_to(value, formula.spread)
    if formula.place:
        whole = np.zeros_like(like)
        if not formula.place.startswith("[") or "][" in formula.place:  # by way of views
            exec(f"whole{formula.place} += value", {"whole": whole, "value": value})
            return whole
        np.add.at(whole, _index(formula.place, known), value)
        return whole
    if formula.but_at:
        value = np.broadcast_to(value, np.shape(like)).astype(np.asarray(like).dtype)
        scope = {"value": value, "but": _value(formula.but, known)}
        if "][" in formula.but_at:
            exec(f"value{formula.but_at} = but", scope)
        else:
            value[_index(formula.but_at, known)] = scope["but"]
    return value


def recomputed(rows: list[TapeRow], scope: dict[str, Any], changed: dict[int, Any] | None = None) -> list[Any]:
    """Return the values of all rows, computed from what the column "computed as" says; some may be others."""
    known: dict[str, Any] = {}
    values = []
    for row in rows:
        if changed and row.number in changed:
            value = changed[row.number]
        elif not row.operation:
            value = np.copy(row.value)
        elif row.kind == "update":
            base, rest = row.computed_as.split(" with ")
            place, new = rest.split(" = ")
            value = np.copy(known[base] if base in known else np.zeros(row.shape, row.dtype))
            value[_index(place, known)] = _value(new, known, scope)
        else:
            value = _value(row.computed_as, known, scope)
        known[row.name] = value
        values.append(value)
    return values


def _carry_out(lines: tuple[str, ...], known: dict[str, Any]) -> None:
    """Carry out the lines before an expression, and add what they assign to the numbers that are known."""
    scope: dict[str, Any] = {"np": np}
    before = {*scope}
    with np.errstate(all="ignore"):
        exec("\n".join(_put(line, known, scope) for line in lines), scope)
    known |= {name: x for name, x in scope.items() if not name.startswith(("value_", "_")) and name not in before}


def _value(expression: str, numbers: dict[str, Any], others: dict[str, Any] | None = None) -> Any:
    """Evaluate an expression in which names are such as ``d x`` and ``p['w']``."""
    scope: dict[str, Any] = {"np": np, **(others or {})}
    expression = _put(expression, numbers, scope)
    with np.errstate(all="ignore"):
        return eval(expression, scope)


def _put(expression: str, numbers: dict[str, Any], scope: dict[str, Any]) -> str:
    """Return an expression with names of Python's in the place of such, and put their values into a scope."""

    def put(match: re.Match[str]) -> str:
        scope[name := f"value_{len(scope)}_"] = numbers[match[0]]
        return name

    names = sorted(numbers, key=len, reverse=True)
    if names:
        return re.sub(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?![\w])", put, expression)
    return expression


def _index(place: str, numbers: dict[str, Any]) -> Any:
    return _value(f"np.s_{place}", numbers)


def contributions(steps: list[DerivativeStep | Gap]) -> Iterator[tuple[DerivativeStep, Contribution]]:
    for step in steps:
        if isinstance(step, DerivativeStep):
            for entry in step.contributions:
                yield step, entry
