"""From statements to the text of a function that is carried out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..context.settings import SILENT, errors
from .expressions import Expressions
from .optimise import Optimised
from .program import Program


class Written(NamedTuple):
    """A program as text.

    Attributes
    ----------
    text : of a function that returns None where a guard fails, and its results in a tuple otherwise
    names : what the text refers to
    writes : the memory of arguments that is written into
    risky : something may fail behind the first of these writes
    """

    text: str
    names: dict[str, Any]
    writes: set[int | None]
    risky: bool


def write(p: Program, left: Optimised, name: str) -> Written:
    """Write down, as a function of a name, what is left of a program."""
    names = {"np": np, **left.constants, "errors": errors, "SILENT": SILENT}
    lines = [f"def {name}({', '.join(v.name for v in p.inputs)}):", *_lines(Expressions(left, p.inputs))]
    given = {v.memory for v in p.inputs if v.memory is not None}
    writes = {s.writes for s in left.statements if s.writes is not None} & given
    return Written("\n".join(lines) + "\n", names, writes, any(s.kind != "write" for s in left.statements))


def _lines(expressions: Expressions) -> list[str]:
    lines: list[str] = []
    silent, indent = False, "    "
    for s in expressions.left.statements:
        if expressions.is_inside(s):
            continue
        if s.silent != silent and not expressions.is_mute(s):
            if s.silent:
                lines += ["    before = errors.get()", "    try:", "        errors.set(SILENT)"]
                indent = "        "
            else:
                lines += ["    finally:", "        errors.set(before)"]
                indent = "    "
            silent = s.silent
        line = expressions.line(s)
        lines.append(indent + (f"if {line}: return None" if s.kind == "guard" else line))
    lines.append(f"{indent}return ({''.join([f'{x}, ' for x in expressions.results()])})")
    return [*lines, "    finally:", "        errors.set(before)"] if silent else lines
