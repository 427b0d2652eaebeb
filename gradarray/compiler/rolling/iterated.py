"""A loop as one statement, and its lines."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ..passes.expressions import Expressions
from ..program.forms import ANYTHING, Form
from ..program.statements import Pieces, Statement, Variable


class Loop(Statement):
    """Statements that repeat.

    Attributes
    ----------
    members
    index : counts the iterations, as `times` says: the ends of a range, and its steps, which is gone through from its
        other end where that is -1
    tables : variables that are another item of a sequence in each iteration, and the pieces of its text
    carried : variables that stand for what an earlier iteration made, and the pieces of what they are in the first one
    moves : at the end of an iteration, which of these become which variable
    own : variables that stand for what the iteration before made until the iteration makes them itself
    saved : at the end of an iteration, which lists get which variable: one of its own, or the list of a loop within
    updates : the memory that is written into
    outputs : what is needed when an iteration has ended
    """

    __slots__ = ("carried", "index", "members", "moves", "outputs", "own", "saved", "tables", "times", "updates")

    def __init__(
        self,
        members: Sequence[Statement],
        index: Variable,
        times: tuple[Pieces, Pieces, int],
        tables: list[tuple[Variable, Pieces]],
        carried: list[tuple[Variable, Pieces]],
        moves: list[tuple[Variable, Variable]],
        saved: list[tuple[Variable, Variable]],
        updates: set[int],
        results: Sequence[Variable],
        own: set[Variable],
    ) -> None:
        inside = {r for s in members for r in s.results} | {v for v, _ in (*tables, *carried)} | {index}
        around = [p for _, pieces in (*tables, *carried) for p in pieces if type(p) is Variable]
        around += [p for pieces in times[:2] for p in pieces if type(p) is Variable]
        reads = dict.fromkeys([*around, *[v for s in members for v in s.reads if v not in inside]])
        super().__init__("loop", tuple(results), tuple(reads), None, all(s.silent for s in members), None)
        self.form = Form("loop", "", (), {}, ANYTHING, ())
        self.members, self.index, self.times = members, index, times
        self.tables, self.carried, self.moves, self.saved = tables, carried, moves, saved
        self.updates, self.own = updates, own
        kept = {*own, *results, *[v for _, v in (*saved, *moves)]}
        self.outputs = [r for s in members for r in s.results if r in kept]


_INDICES = "ijklmn"


def loop_begun(texts: Expressions, loop: Loop) -> list[str]:
    """Return the lines in front of the members of a loop."""

    def shown(pieces: Pieces) -> str:
        return "".join([p if type(p) is str else texts.name(p) for p in pieces])

    lines = []
    pairs = [(texts.name(v), shown(pieces)) for v, pieces in loop.carried]
    pairs = [(name, value) for name, value in pairs if name != value]
    if pairs:
        lines.append(f"{', '.join([name for name, _ in pairs])} = {', '.join([value for _, value in pairs])}")
    lines += [f"{texts.name(v)} = []" for v, _ in loop.saved]
    items = [texts.name(v) for v, _ in loop.tables]
    sequences = [shown(pieces) for _, pieces in loop.tables]
    if any(loop.index in s.reads for s in loop.members) or not items:
        texts.names[loop.index] = next(name for name in _index_names() if not texts.is_taken(name))
        texts.taken.add(texts.names[loop.index])
        items.insert(0, texts.names[loop.index])
        sequences.insert(0, _range(shown(loop.times[0]), shown(loop.times[1]), loop.times[2]))
    over = sequences[0] if len(sequences) == 1 else f"zip({', '.join(sequences)})"
    return [*lines, f"for {', '.join(items)} in {over}:"]


def _index_names() -> Iterator[str]:
    yield from _INDICES
    yield from map("i{}".format, itertools.count(1))


def _range(low: str, high: str, by: int) -> str:
    if abs(by) != 1:
        return f"range({low}, {high}, {by})"
    text = f"range({high})" if low == "0" else f"range({low}, {high})"
    return text if by == 1 else f"reversed({text})"


def loop_ended(texts: Expressions, loop: Loop) -> list[str]:
    """Return the lines at the end of an iteration, and give the name of the index back."""
    texts.taken.discard(texts.names.get(loop.index, ""))
    lines = [f"{texts.name(many)}.append({texts.name(v)})" for many, v in loop.saved]
    return [*lines, *[f"{texts.name(a)} = {texts.name(b)}" for a, b in loop.moves]]
