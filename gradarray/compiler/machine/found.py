"""Loops of a program that is to be compiled: they are looked for, and it is asked what may be said of them otherwise.

What a loop saves stands in the rows of an array, which is what a member makes there: not a copy, so nobody can tell
it from the array that NumPy's program has. What is carried from one iteration to the next, or is an entry of a table,
is copied, which might be told where somebody writes there: such programs are left to NumPy, and so is what writes into
anything that was looked up in what a loop saved.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from ..passes.optimise import Optimised
from ..program.forms import form_read
from ..program.statements import Pieces, Statement, Variable
from ..rolling.iterated import Loop
from ..rolling.rolled import with_loops

# From so many statements on, loops of so many iterations are looked for.
LONG, REPEATS = 150, 3
_MOST = 32  # loops: a program of more is not one of loops, and takes long to be read
# So long, of what the program without them is, one with loops may be. What repeats by chance leaves more: it is sooner
# done in the loops over elements of what stands around it than in one of its own, between which arrays are kept.
SHORTER = 0.9


def looped(left: Optimised) -> Iterator[Optimised]:
    """Yield a program with loops, of which this room knows how to compile them: with most of these, and with fewer."""
    if len(left.statements) < LONG:
        return
    straight = _looked_up_where_used(left)
    for unevenly in (True, False):
        found = with_loops(straight, REPEATS, True, unevenly)
        if found is straight:
            return
        if _count(found.statements) > _MOST or _length(found.statements) > SHORTER * len(straight.statements):
            continue
        found = found._replace(memories=dict(found.memories), constants=dict(found.constants))
        roots = _Roots(found)
        roots.note(found.statements, ())
        if roots.are_told_apart() and (program := roots.returned()) is not None:
            yield program


def _count(statements: Sequence[Statement]) -> int:
    return sum([1 + _count(s.members) for s in statements if isinstance(s, Loop)])


def _length(statements: Sequence[Statement]) -> int:
    """Return how many statements there are, with those that copy what a loop begins with, or has in tables."""
    loops = [s for s in statements if isinstance(s, Loop)]
    copied = [p for s in loops for _, pieces in (*s.tables, *s.carried) for p in pieces if type(p) is Variable]
    return len(statements) + len(copied) + sum([_length(s.members) for s in loops])


# --- before loops are looked for --------------------------------------------------------------------------------------

_VIEWS = frozenset(("view", "transpose", "swapaxes"))


def _looked_up_where_used(left: Optimised) -> Optimised:
    """Return a program that makes views, and reads elements of what stays as it is, anew wherever it uses them.

    A view that many statements share would be an entry of a table, and would have to be saved for the way back.
    """
    written = {left.memory(s.writes) for s in left.statements if s.writes is not None}
    made: dict[Variable, Statement] = {}
    statements: list[Statement] = []

    def again(s: Statement, reads: Sequence[Variable]) -> dict[Variable, Variable]:
        found: dict[Variable, Variable] = {}
        for v in dict.fromkeys(reads):
            if v not in made:
                continue
            chain = [made[v]]
            while chain[-1].reads[0] in made:
                chain.append(made[chain[-1].reads[0]])
            for one in reversed(chain):
                (r,) = one.results
                if r not in found:
                    of = [found.get(x, x) for x in one.reads]
                    found[r] = Variable(r.name, r.shape, r.dtype, r.memory, r.layout)
                    pieces = one.of(of).pieces
                    statements.append(Statement("call", (found[r],), pieces, None, s.silent, s.line, one.form))
        return found

    same: dict[Variable, Variable] = {}
    whole: dict[Variable, Statement] = {}
    for s in left.statements:
        if not same.keys().isdisjoint(s.reads):
            s = s.of([same.get(v, v) for v in s.reads])
        if _is_looked_up(s, left, written):
            if s.pieces[1:] == (".view()",):
                same[s.results[0]], whole[s.results[0]] = s.reads[0], s
            else:
                made[s.results[0]] = s
            continue
        found = again(s, s.reads)
        statements.append(s.of([found.get(v, v) for v in s.reads]) if found else s)
    returned = [v for v in left.outputs if type(v) is Variable]
    found = again(left.statements[-1], [*returned, *[same[v] for v in returned if v in same]])
    views = dict.fromkeys([v for v in returned if v in same])
    statements += [whole[v].of([found.get(same[v], same[v])]) for v in views]
    return left._replace(statements=statements, outputs=[found.get(v, v) for v in left.outputs])


def _is_looked_up(s: Statement, left: Optimised, written: set[int | None]) -> bool:
    """Tell whether a statement makes a view, or reads an element of what nobody writes into."""
    if s.kind != "call" or len(s.results) != 1 or len(s.reads) != 1 or s.pieces[0] is not s.reads[0]:
        return False
    (r,), (v,), form = s.results, s.reads, form_read(s)
    memory = left.memory(v.memory)
    if memory is None or r.shape is None or v.shape is None:
        return False
    if r.memory is None:
        return form.op == "index" and memory not in written
    views = form.op in ("index", "attribute") or (form.op == "method" and form.name in _VIEWS)
    return views and left.memory(r.memory) == memory


# --- who may write into what ------------------------------------------------------------------------------------------


class _Roots:
    """Which array each one is a view of, and in which loops that is made."""

    def __init__(self, left: Optimised) -> None:
        self._left = left
        self._views: dict[Variable, Variable] = {}
        self._items: dict[Variable, Pieces] = {}  # what is looked up in what a loop saved, and where
        self._others: set[Variable] = set()  # what is carried, or looked up, or an entry of a table
        self._written: dict[int | None, int] = {}  # by memory, the last place where it is written into
        self._here = 0
        self._loops: dict[Variable, tuple[Loop, ...]] = {}  # around what makes an array that is no view
        self._copied: list[tuple[Variable, int]] = []  # and where; nothing may be written there from then on
        self._refused = False

    def note(self, statements: Sequence[Statement], around: tuple[Loop, ...]) -> None:
        for s in statements:
            self._here += 1
            if isinstance(s, Loop):
                starts = [p for _, pieces in (*s.carried, *s.tables) for p in pieces if type(p) is Variable]
                self._copied += [(p, self._here) for p in starts]
                self._others.update([v for v, _ in (*s.tables, *s.carried)], [v for v, _ in s.saved])
                inside = *around, s
                self.note(s.members, inside)
                self._written.update(dict.fromkeys(map(self._left.memory, s.updates), self._here))
                # Into what an iteration has made, nobody writes when it has ended.
                ended = [v for _, v in (*s.moves, *s.saved) if self._made(v)[: len(inside)] != inside]
                self._copied += [(v, 0) for v in ended]
                continue
            for r in s.results:
                if r.memory is not None and s.reads and self._memory(r) == self._memory(s.reads[0]):
                    self._views[r] = s.reads[0]
                    if s.reads[0] in self._others and s.reads[0] not in self._views:
                        self._items[r] = tuple(s.pieces)
                else:
                    self._loops[r] = around
            if s.writes is not None:
                self._written[self._left.memory(s.writes)] = self._here
                into = s.reads[0] if type(s.pieces[0]) is Variable else self._target(s)
                # What a loop has made is written into by that iteration alone.
                own = into is not None and around[: len(made := self._made(into))] == made
                self._refused |= not own or self.root(into) in self._others  # type: ignore[arg-type]

    def _memory(self, v: Variable) -> int | None:
        return self._left.memory(v.memory)

    def _target(self, s: Statement) -> Variable | None:
        out = getattr(form_read(s).keys.get("out"), "text", "").strip("(_,)")
        return s.reads[int(out)] if out.isdigit() else None

    def root(self, v: Variable) -> Variable:
        while v in self._views:
            v = self._views[v]
        return v

    def _place(self, v: Variable) -> Any:
        """Return what tells arrays of different memory."""
        while v in self._views and v not in self._items:
            v = self._views[v]
        return self._items.get(v, v)

    def _made(self, v: Variable) -> tuple[Loop, ...]:
        return self._loops.get(self.root(v), ())

    def are_told_apart(self) -> bool:
        """Tell whether nothing that is copied here could be told from what NumPy's program has in its place."""
        return not self._refused and all(itertools.starmap(self._stays, self._copied))

    def _stays(self, v: Variable, since: int) -> bool:
        root = self.root(v)
        return v.memory is None or root in self._others or self._written.get(self._memory(root), 0) <= since

    def returned(self) -> Optimised | None:
        """Return the program with copies of what it returns of what loops made; None where two of them share memory."""
        copies: dict[Variable, Variable] = {}
        roots: set[Any] = set()
        statements = [*self._left.statements]
        for v in self._left.outputs:
            if type(v) is not Variable:
                if type(v) is tuple:
                    return None
                continue
            root = self.root(v)
            if v.memory is None or v in copies or not (root in self._others or self._made(v)):
                continue
            place = self._place(v)
            if place in roots:
                return None
            roots.add(place)
            copies[v] = Variable(v.name, v.shape, v.dtype, _COPIES - len(copies), v.layout)
            statements.append(Statement("copy", (copies[v],), (v, '.copy("K")'), None, True, None))
        return self._left._replace(statements=statements, outputs=[copies.get(v, v) for v in self._left.outputs])


_COPIES = -1 << 57  # the numbers of memory of copies, from here on downwards
