"""From statements to the text of a function that is carried out."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...context.settings import SILENT, errors, narrow
from ...kernels.arrays import LARGE
from ...kernels.parts import by_halves, by_rows, total_by_halves
from ...kernels.rows import repeated
from ...kernels.sums import sum_of_short_rows, total_of_rows
from ..passes.blocks import RowBlock, in_blocks
from ..passes.expressions import Expressions
from ..passes.folding import in_few_pieces
from ..passes.gathers import gathered
from ..passes.narrow import is_narrow, narrowed
from ..passes.optimise import Optimised
from ..passes.quicker import quicker
from ..passes.reuse import PATCHES, into, placed_from, reusing
from ..passes.scalars import NAMES, in_python
from ..passes.scatters import scattered
from ..passes.short import in_long_rows
from ..passes.signs import signs_behind_sums
from ..program.forms import form_read
from ..program.program import Program
from ..program.statements import Statement, Variable
from ..rolling import rolled
from ..rolling.iterated import Loop, loop_begun, loop_ended


class Written(NamedTuple):
    """A program as text.

    Attributes
    ----------
    text : of a function that returns None where a guard fails, and otherwise a tuple: of its results, or of what they
        are put together to
    names : what the text refers to
    writes : the memory of arguments that is written into
    risky : something may fail behind the first of these writes
    """

    text: str
    names: dict[str, Any]
    writes: set[int | None]
    risky: bool


def _returned(results: list[str]) -> list[str]:
    return [f"return ({''.join([f'{x}, ' for x in results])})"]


def write_program(
    p: Program,
    left: Optimised,
    head: str,
    opening: Sequence[str] = (),
    ending: Callable[[list[str]], list[str]] = _returned,
) -> Written:
    """Write down, as a function with this head, what is left of a program.

    What stands between other lines takes the place of a function: of those at its beginning, and of those that are made
    of the texts of the results.
    """
    left = in_python(p, reusing(in_long_rows(quicker(p, in_blocks(signs_behind_sums(scattered(gathered(left))))))))
    flat = left.statements
    if len(flat) >= rolled.LONG:
        left = rolled.with_loops(left, rolled.REPEATS)
    names = {"np": np, **left.constants, "_errors": errors, "_narrow": narrow, "_SILENT": SILENT, "_by_rows": by_rows}
    names |= NAMES | {"_by_halves": by_halves, "_total_by_halves": total_by_halves, "_total_of_rows": total_of_rows}
    names |= {"_sum_of_short_rows": sum_of_short_rows, "_repeated": repeated}
    carried = _Carried(left, p.inputs)
    opening = [f"    {line}" for line in opening]
    lines = [f"def {head}:", *opening, *_lines(carried, ending)]
    names |= carried.functions
    given = {v.memory for v in p.inputs if v.memory is not None}
    writes: set[int | None] = {s.writes for s in flat if s.writes is not None}
    writes.update(*[s.updates for s in flat if isinstance(s, RowBlock)])
    return Written("\n".join(lines) + "\n", names, writes & given, any(s.kind != "write" for s in flat))


# The names of functions at the beginning of an expression.
_FUNCTION = re.compile(r"((?:float\()?)np\.(\w+(?:\.reduce)?)\(")


class _Carried(Expressions):
    """Texts that are carried out, with names for functions: to find one in NumPy's module takes 25 to 60 ns.

    Attributes
    ----------
    functions : by name
    """

    def __init__(self, left: Optimised, inputs: Iterable[Variable]) -> None:
        super().__init__(left, inputs)
        self.functions: dict[str, Any] = {}

    def stays(self, s: Statement) -> bool:
        return is_narrow(s)

    def text(self, s: Statement) -> str:
        text = super().text(s)
        found = _FUNCTION.match(text)
        if found is None:
            return text
        around, name = found.groups()
        short = f"np_{name.replace('.', '_')}"
        if short not in self.functions:
            if short in self.taken:
                return text
            self.functions[short] = operator.attrgetter(name)(np)
        return f"{around}{short}({text[found.end() :]}"


# Of arrays from this size on it matters how long they are there.
_SOME = 64


def _lines(expressions: Expressions, ending: Callable[[list[str]], list[str]]) -> list[str]:
    lines, silent = _body(expressions, False)
    indent = "        " if silent else "    "
    lines += [indent + line for line in ending(expressions.results())]
    return [*lines, *_silenced(True)] if silent else lines


def _body(expressions: Expressions, silent: bool) -> tuple[list[str], bool]:
    """Return the lines of statements, and whether NumPy is silent behind them; it may be so before already."""
    lines: list[str] = []
    already = silent
    indent = "    "
    ends: dict[int, list[Variable]] = {}
    if expressions.left.largest >= _SOME:
        made = {r for s in expressions.left.statements for r in s.results}
        for v, k in expressions.last_reads().items():
            if v.memory is not None and v in made:
                ends.setdefault(k, []).append(v)
    for k, s in enumerate(expressions.left.statements):
        if expressions.is_inside(s):
            continue
        if s.silent != silent and not already and not expressions.is_mute(s):
            lines += _silenced(silent)
            silent = s.silent
            indent = "        " if silent else "    "
        if isinstance(s, RowBlock):
            lines += [indent + line for line in _block(expressions, s)]
        elif isinstance(s, Loop):
            lines += [indent + line for line in _loop(expressions, s, silent)]
        else:
            line = expressions.line(s)
            line = f"if {line}: return None" if s.kind == "guard" else line
            lines += [indent + part for part in narrowed(line, s)]
        gone = [v for v in ends.get(k, ()) if v in expressions.names]
        expressions.free += [expressions.names[v] for v in gone]
        dead = [expressions.names[v] for v in gone if v.shape and math.prod(v.shape) >= LARGE]
        if dead:
            lines.append(f"{indent}del {', '.join(dead)}")
    return lines, silent and not already


def _loop(outer: Expressions, loop: Loop, silent: bool) -> list[str]:
    """Return the lines of a loop."""
    before = loop_begun(outer, loop)
    inner = outer.of_loop(loop)
    lines, silenced = _body(inner, silent)
    if silenced:
        lines += _silenced(True)
    return [*before, *lines, *[f"    {line}" for line in loop_ended(inner, loop)]]


def _silenced(ends: bool) -> list[str]:
    if ends:
        return ["    finally:", "        _errors.set(_before)"]
    return ["    _before = _errors.get()", "    try:", "        _errors.set(_SILENT)"]


class _Rows(Expressions):
    prefix = "r"

    def stays(self, s: Statement) -> bool:
        return is_narrow(s)


def _block(outer: Expressions, block: RowBlock) -> list[str]:
    """Return the lines of a function of a part of the rows, and of its call for all."""
    stored = [r for r in block.results if r in outer.used]
    placed: dict[Variable, Statement | None] = {}
    for k, s in enumerate(block.members):
        for r in s.results:
            if r in stored:
                placed |= placed_from(block.members, k, f"{outer.name(r)}[_rows]", {*stored, *placed})
    members = [next((new for r in s.results if (new := placed.get(r)) is not None), s) for s in block.members]
    left = reusing(outer.left._replace(statements=members, outputs=[*placed]), True)
    needs, members = _in_rooms(left.statements, block.length)
    inner = _Rows(left._replace(statements=members), ())
    inner.taken = outer.taken
    lines = ["def _block(_rows, _again, _room):"]
    for v in block.reads:
        inner.names[v] = outer.name(v)
    for v in block.sliced:
        inner.names[v] = inner.new_name(v)
        lines.append(f"    {inner.names[v]} = {outer.name(v)}[_rows]")
    silent, indent = block.silent, "    "
    for s in inner.left.statements:
        carried_out = _of_rows(s)
        if inner.is_inside(carried_out):
            continue
        if s.silent != silent:  # only now may something be written into that is there already
            lines += ["    if _again: return", *_silenced(False)]
            silent, indent = True, "        "
        lines += [indent + line for line in narrowed(inner.line(carried_out), s)]
        lines += [
            f"{indent}{outer.name(r)}[_rows] = {inner.name(r)}" for r in s.results if r in stored and not placed[r]
        ]
    if silent and not block.silent:
        lines += _silenced(True)
    made = [f"{outer.name(r)} = np.empty({r.shape}, np.{r.dtype.name})" for r in stored]
    lists = [f"{name} = {{}}" for name in block.folded]
    by = "_by_halves" if block.halved else "_by_rows"
    return [*lines, *made, *lists, f"{by}(_block, {block.length}, {block.step}, {block.work}, [{', '.join(needs)}])"]


def _in_rooms(statements: Iterable[Statement], length: int) -> tuple[list[str], list[Statement]]:
    """Return what the statements of a block need room for, and the statements, which write their results there."""
    needs: list[str] = []
    placed = []
    for s in statements:
        (r,) = s.results if s.kind == "call" and s.writes is None and len(s.results) == 1 else (None,)
        if r is not None and r.shape and r.shape[0] == length and form_read(s).name not in PATCHES:
            new = into(s, f"_room[{len(needs)}]")
            if new is not None:
                needs.append(f"({r.shape[1:]}, np.{r.dtype.name})")
                s = new
        placed.append(s)
    return needs, placed


def _of_rows(s: Statement) -> Statement:
    """Return a statement as it is carried out for some rows."""
    if form_read(s).name == "total_kept":
        return s.but(("_total_of_rows(", *in_few_pieces(s.pieces)[1:]))
    return s
