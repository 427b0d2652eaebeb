"""From statements to the text of a function."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from .program import Statement, Variable


def needed(statements: Sequence[Statement], given: set[int], outputs: Sequence[Variable]) -> list[Statement]:
    """Return the statements without those that nothing depends on.

    Guards stay, and so do writes into memory that is `given`, that an output stands in, or that a statement reads.
    """
    live = set(outputs)
    memories = given | {v.memory for v in outputs if v.memory is not None}
    kept = []
    for s in reversed(statements):
        if s.kind == "guard" or s.writes in memories or any(v in live for v in s.results):
            kept.append(s)
            live.update(s.reads)
            memories |= {v.memory for v in s.reads if v.memory is not None}
    return kept[::-1]


def text_of(name: str, inputs: Sequence[Variable], statements: Sequence[Statement], result: str) -> str:
    """Return the text of a function that carries out the statements; it returns None where a guard fails."""
    lines = [f"def {name}({', '.join(v.name for v in inputs)}):"]
    for silent, group in itertools.groupby(statements, lambda s: s.silent):
        indent = "    "
        if silent:
            lines.append('    with np.errstate(all="ignore"):')
            indent = "        "
        lines += [indent + _line(s) for s in group]
    lines.append(f"    return ({result},)")
    return "\n".join(lines) + "\n"


def _line(s: Statement) -> str:
    text = "".join([p if type(p) is str else p.name for p in s.pieces])
    if s.kind == "guard":
        return f"if {text}: return None"
    return f"{s.results[0].name} = {text}" if s.results else text
