"""A rule as text: what it was declared with, where, and at which points its derivative is a special one."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import linecache
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..context.frames import PACKAGE
from ..context.settings import silently

# Of a longer derivative no more lines are shown.
_LONGEST = 16
# Where the functions of NumPy have their special points, most of all.
_PLACES = (0.0, 1.0, -1.0)
_NEAR = 1e-6


def as_declared(rule: Any) -> str:
    """Return a rule as its ``repr`` shows it: the function and kind, its derivatives, special points, and the place."""
    lines = [f"{rule.name}: {rule.kind}", *rule.told()]
    lines += [f"at {point}" for point in special_points(rule)]
    if rule.chapter:
        lines.append(f"declared in {rule.chapter}{_at(rule)}")
    return "\n".join([lines[0], *(textwrap.indent(line, "  ") for line in lines[1:])])


def _at(rule: Any) -> str:
    """Return the line of the declaration, as far as a derivative tells it."""
    found = next((x for x in rule.declared if callable(x)), None)
    code = getattr(inspect.unwrap(found) if found is not None else None, "__code__", None)
    return "" if code is None else f", line {code.co_firstlineno}"


def formula(derivative: Any) -> str:
    """Return a derivative as it is written: the expression of a lambda, or the lines of a function."""
    if not callable(derivative):
        return str(derivative)
    function: Any = inspect.unwrap(derivative)
    code = getattr(function, "__code__", None)
    if code is None:
        return getattr(function, "__name__", repr(function))
    if code.co_name == "<lambda>":
        return _of_lambda(code) or "a lambda whose source is not there"
    try:
        lines = textwrap.dedent(inspect.getsource(function)).rstrip().split("\n")
    except (OSError, TypeError):
        return f"{code.co_name}(...), whose source is not there"
    if len(lines) > _LONGEST:
        lines[_LONGEST:] = [f"    ...  # {len(lines) - _LONGEST} more lines"]
    return "\n".join(lines)


def _of_lambda(code: Any) -> str | None:
    """Return the expression of a lambda, which is told from others in its line by the places of its instructions."""
    # Of a conditional expression no instruction has the whole place.
    spans = [(a, c, b, d) for a, b, c, d in code.co_positions() if None not in (a, b, c, d) and (c, d) != (0, 0)]
    bodies = _bodies(tuple(linecache.getlines(code.co_filename))).get(code.co_firstlineno, [])
    if not spans or not bodies:
        return None
    begin, end = min(span[:2] for span in spans), max(span[2:] for span in spans)
    around = [
        body
        for body in bodies
        if (body.lineno, body.col_offset) <= begin and end <= (body.end_lineno, body.end_col_offset)
    ]
    return ast.unparse(around[-1]) if around else None  # the innermost one


@functools.lru_cache(maxsize=4)
def _bodies(lines: tuple[str, ...]) -> dict[int, list[ast.expr]]:
    """Return the expressions of all lambdas in a file, by the lines that these begin in."""
    found: dict[int, list[ast.expr]] = {}
    for node in ast.walk(ast.parse("".join(lines))):
        if isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node.body)
    return found


# --- special points --------------------------------------------------------------------------------------------------


def special_points(rule: Any) -> list[str]:
    """Return at which of some usual points a ufunc's derivative is infinite, or jumps, and what it is there.

    Nothing of it is listed by hand: the declared derivatives are computed there, and to both sides.
    """
    return list(silently(_special_points, rule)) if rule.is_elementwise and not rule.refused else []


def _special_points(rule: Any) -> list[str]:
    found: dict[str, list[str]] = {}
    for point in itertools.product(_PLACES, repeat=rule.nin):
        at = ", ".join(f"{name} = {x:g}" for name, x in zip(rule.operands, point, strict=True))
        for i, partial in enumerate(rule.declared):
            try:
                said = class_at(rule.call, partial, point, i) if callable(partial) else ""
            except Exception:  # it takes other numbers than these
                continue
            if said and said != NO_VALUE:  # which is where it is not defined
                by = "" if rule.nin == 1 else f"by {rule.operands[i]} "
                found.setdefault(by + said, []).append(at)
    # Of two operands, one place stands for all of its kind: a tie is one everywhere.
    return [f"{' and '.join(at if rule.nin == 1 else at[:1])}: {said}" for said, at in found.items()]


# The words for what a function has at a special point, in a rule as text, in `explain` and in `detect_anomaly`.
NO_VALUE, NO_SLOPE, POLE, STEEP = "no value", "no slope", "an infinite value", "an infinite slope"
KINK, JUMP, EDGE = "a kink", "a jump", "an edge"
MEANING = {
    KINK: "to both sides it has different derivatives, and the one here is a convention",
    JUMP: "there is no derivative",
    STEEP: "the nearer to it, the steeper",
    EDGE: "it is defined to one side alone",
}


def class_at(func: Callable[..., Any], partial: Callable[..., Any], point: Sequence[Any], i: int) -> str:
    """Return what is special about a ufunc at a point, along its i-th operand; nothing where nothing is.

    Parameters
    ----------
    func, partial : the function, and its derivative by that operand, ``partial(ans, *operands)``
    point : numbers, one for each operand
    """

    def slope(*x: Any) -> Any:
        values = [np.float64(v) for v in x]
        return partial(func(*values), *values)

    value = func(*map(np.float64, point))
    if not np.isfinite(value):
        return NO_VALUE if np.isnan(value) else POLE
    here = slope(*point)
    if np.isnan(here):
        return NO_SLOPE
    if np.isinf(here):
        return STEEP
    left, right = (slope(*(x + side * (k == i) for k, x in enumerate(point))) for side in (-_NEAR, _NEAR))
    if np.isfinite(left) and np.isfinite(right) and abs(right - left) > 0.1:
        return f"{KINK}, with slopes {left:.3g} and {right:.3g} to its sides; the derivative there is {here:.3g}"
    return ""


# --- helpers ---------------------------------------------------------------------------------------------------------


def helpers(derivatives: Sequence[Any], text: str) -> dict[str, Callable[..., Any]]:
    """Return the functions of this library that derivatives call and that stand in a text, by their names there."""
    found: dict[str, Callable[..., Any]] = {}
    for derivative in filter(callable, derivatives):
        function: Any = inspect.unwrap(derivative)
        for name in getattr(getattr(function, "__code__", None), "co_names", ()):
            helper = function.__globals__.get(name)
            ours = inspect.isfunction(helper) and helper.__module__.partition(".")[0] == PACKAGE
            if ours and re.search(rf"(?<![\w.]){name}\(", text):
                found[name] = helper
    return found


def purpose(helper: Callable[..., Any]) -> str:
    """Return what a function does, as its docstring says it, such as "returns the sum"; nothing where there is none."""
    what = re.split(r"[.:;]\s|\.$", (helper.__doc__ or "").strip(), maxsplit=1)[0]
    verb, space, rest = what.partition(" ")
    return f"{verb.lower()}{'es' if verb.endswith('o') else 's'}{space}{rest}" if what else ""


def equation(what: str, text: str) -> str:
    """Return a formula after what it is of, on lines of its own if it has several."""
    return f"{what}:\n{textwrap.indent(text, '  ')}" if "\n" in text else f"{what} = {text}"


__all__ = [
    "EDGE",
    "JUMP",
    "KINK",
    "MEANING",
    "NO_SLOPE",
    "NO_VALUE",
    "POLE",
    "STEEP",
    "as_declared",
    "class_at",
    "equation",
    "formula",
    "helpers",
    "purpose",
    "special_points",
]
