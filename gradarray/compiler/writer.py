"""From statements to the text of a function that is carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..context.settings import SILENT, errors
from .forms import ANYTHING, ATOM, form_of
from .optimise import Optimised
from .program import Program, Statement, Variable

# So deep may one expression stand in another.
_DEEPEST = 12
# What cannot meet an infinity or a NaN, and so may stand among statements of either kind.
_MUTE = frozenset(("index", "attribute", "neg", "pos", "~"))
_MUTE_CALLS = frozenset(
    "np.zeros np.empty np.where np.broadcast_to np.concatenate reshape copy transpose swapaxes ravel squeeze".split()
)


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
    statements = left.statements
    names = {"np": np, **left.constants, "errors": errors, "SILENT": SILENT}
    lines = [f"def {name}({', '.join(v.name for v in p.inputs)}):"]
    expressions = Expressions(left, p)
    lines += _lines(expressions, statements)
    given = {v.memory for v in p.inputs if v.memory is not None}
    writes = {s.writes for s in statements if s.writes is not None} & given
    return Written("\n".join(lines) + "\n", names, writes, any(s.kind != "write" for s in statements))


def _lines(expressions: Expressions, statements: Sequence[Statement]) -> list[str]:
    lines: list[str] = []
    silent, indent = False, "    "
    rest = [s for s in statements if not expressions.is_inside(s)]
    for s in rest:
        if s.silent != silent and not is_mute(s):
            if s.silent:
                lines += ["    before = errors.get()", "    try:", "        errors.set(SILENT)"]
                indent = "        "
            else:
                lines += ["    finally:", "        errors.set(before)"]
                indent = "    "
            silent = s.silent
        lines.append(indent + expressions.line(s))
    lines.append(f"{indent}return ({expressions.result()})")
    return [*lines, "    finally:", "        errors.set(before)"] if silent else lines


def is_mute(s: Statement) -> bool:
    form = form_of(s)
    return s.kind == "guard" or form.op in _MUTE or (form.op in ("call", "method") and form.name in _MUTE_CALLS)


class Expressions:
    """The statements' texts, in which what is used once stands inside of what uses it.

    Attributes
    ----------
    names : what each variable is called
    """

    def __init__(self, left: Optimised, p: Program, may_stay: Callable[[Statement], bool] = lambda _: True) -> None:
        self.names: dict[Variable, str] = {v: v.name for v in p.inputs}
        self._left = left
        self._texts: dict[Variable, tuple[str, int]] = {}
        self._inside: dict[Variable, int] = {}
        self._count = 0
        self._find(left.statements)

    def _memory(self, memory: int | None) -> int | None:
        return self._left.memories.get(memory, memory) if memory is not None else None

    def _find(self, statements: Sequence[Statement]) -> None:
        """Find what is to stand inside of what uses it: no write may come between, and nothing be said otherwise."""
        uses: dict[Variable, list[int]] = {}
        for k, s in enumerate(statements):
            for v in s.reads:
                uses.setdefault(v, []).append(k)
        for v in self._left.outputs:
            if type(v) is Variable:
                uses.setdefault(v, []).extend([len(statements)] * 2)
        # What an expression reads, and how deep it is.
        read: dict[Variable, set[int | None]] = {}
        depth: dict[Variable, int] = {}
        writes = [(k, self._memory(s.writes)) for k, s in enumerate(statements) if s.writes is not None]
        for k, s in enumerate(statements):
            inner = [v for v in s.reads if v in self._inside]
            deep = 1 + max([depth[v] for v in inner], default=0)
            reads = {self._memory(v.memory) for v in s.reads if v.memory is not None}.union(*[read[v] for v in inner])
            if s.kind not in ("call", "copy") or len(s.results) != 1:
                continue
            (r,) = s.results
            if len(uses.get(r, ())) != 1 or deep > _DEEPEST:
                continue
            (j,) = uses[r]
            user = statements[j]
            if user.kind == "several" or (user.silent != s.silent and not is_mute(s)):
                continue
            if any(k < w < j and memory in reads for w, memory in writes):
                continue
            if user.kind == "write" and user.pieces[0] is r:
                continue
            self._inside[r] = j
            read[r], depth[r] = reads, deep

    def is_inside(self, s: Statement) -> bool:
        """Tell whether a statement has no line of its own; its text is kept for that of its user."""
        if len(s.results) == 1 and s.results[0] in self._inside:
            self._texts[s.results[0]] = self.text(s), form_of(s).level
            return True
        return False

    def name(self, v: Variable) -> str:
        if v not in self.names:
            self._count += 1
            self.names[v] = f"v{self._count}"
        return self.names[v]

    def text(self, s: Statement) -> str:
        """Return the text of a statement without what it results in."""
        holes = iter(form_of(s).holes)
        parts = []
        for piece in s.pieces:
            if type(piece) is str:
                parts.append(piece)
                continue
            text, level = self._texts.get(piece) or (self.name(piece), ATOM)
            parts.append(f"({text})" if level < next(holes, ANYTHING) else text)
        return "".join(parts)

    def line(self, s: Statement) -> str:
        text = self.text(s)
        if s.kind == "guard":
            return f"if {text}: return None"
        return f"{self.name(s.results[0])} = {text}" if s.results else text

    def result(self) -> str:
        shown = [v if type(v) is str else self.name(v) for v in self._left.outputs]
        return "".join([f"{x}, " for x in shown])
