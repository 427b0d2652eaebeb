"""Work on large arrays in blocks of rows: what fits into the processor's cache, and several threads at a time.

A block is a run of statements in which each row comes of the same row of other arrays: element-wise operations, and
reductions along other axes than the first. What is only used within it never becomes a large array. What stands
between and has no part in it is done before, or behind.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import SPLIT
from ...kernels.parts import PAIRWISE, ROWS, THREADS
from ..program.forms import Form, Hole, Other, form_read
from ..program.statements import Statement, Variable
from .expressions import makes_view
from .folding import ELEMENTWISE
from .folds import folded
from .optimise import Optimised

# From so many elements on, as threads share them, and so many statements: blocks of fewer ask for memory too often.
LEAST = SPLIT
_FEWEST = 2
# Of what takes long, 5 to 25 ns an element where sums and products take 0.3, threads share less: from LEAST elements in
# all on, and so many for each statement of the block, as each may wait 20 us for the interpreter's lock. With sines and
# exponentials of 10**5 numbers, in two threads, it took 0.7 of the time; a polynomial, without them, 1.8.
SMALL = 2**14
_EACH = 2**13
_SLOW = re.compile(r"np\.((arc)?(sin|cos|tan)h?|exp(2|m1)?|log(2|10|1p)?|arctan2|(float_)?power|cbrt|hypot)")
# Of so many statements, one has to be the second that joins in.
_PATIENCE = 30
_UNARY = frozenset(("neg", "~"))
_REDUCTION = re.compile(r"np\.\w+\.reduce")


class RowBlock(Statement):
    """Statements that are carried out together, block by block.

    Attributes
    ----------
    members
    length : of the first axis
    work : how many elements its members compute
    step : how many rows a block has at least
    updates : the memory that its members write into
    folded : names of what is computed of each block, by where that begins
    halved : the blocks are made by halving, as NumPy sums
    sliced : the arrays of which it takes the rows
    """

    __slots__ = ("folded", "halved", "length", "members", "sliced", "step", "updates", "work")

    def __init__(
        self,
        members: Sequence[Statement],
        length: int,
        stored: Sequence[Variable],
        updates: set[Any],
        sliced: Sequence[Variable],
    ) -> None:
        made = {r for s in members for r in s.results}
        outer = dict.fromkeys([v for s in members for v in s.reads if v not in made])
        silent = all(s.silent for s in members)
        super().__init__("block", tuple(stored), tuple(outer), None, silent, None)
        self.members = members
        self.length = length
        self.updates = updates
        self.sliced = sliced
        sizes = [*map(_size, members)]
        self.work = sum(sizes)
        rows = ROWS if max(sizes) >= LEAST else max(SMALL, max(sizes) // THREADS + PAIRWISE)
        self.step = max(2, rows * length // max(sizes))
        self.folded: list[str] = []
        self.halved = False


def in_blocks(left: Optimised) -> Optimised:
    """Return a program with blocks in it."""
    if left.largest < LEAST and (left.largest < SMALL or THREADS == 1 or _slow(left.statements) < LEAST):
        return left
    return left._replace(statements=folded(_arranged(left, left.statements), left.memory))


def _arranged(left: Optimised, statements: Iterable[Statement]) -> list[Statement]:
    rest = deque(statements)
    done: list[Statement] = []
    light: set[int] = set()  # what was in a block that would take too little time, and so would one from there on
    while rest:
        first = rest.popleft()
        run = None if id(first) in light else _Run.begun(left, first)
        if run is None:
            done.append(first)
            continue
        while rest and run.takes(rest[0]):
            rest.popleft()
        block = run.block()
        if block is None:
            if run.is_small():
                light.update(map(id, run.all))
            done.append(first)
            rest.extendleft(reversed(run.all[1:]))
        else:
            done += [*_arranged(left, run.before), block]
            rest.extendleft(reversed(run.behind))
    return done


class _Run:
    """A block that grows.

    Attributes
    ----------
    all : what was taken, in the order in which it came
    before, behind : what is to be done before the members, and behind them
    """

    def __init__(self, left: Optimised, length: int) -> None:
        self._left = left
        self._length = length
        self._by_rows: dict[Variable, bool] = {}  # of what is not made here, what members take: its rows, or all of it
        self.all: list[Statement] = []
        self.before: list[Statement] = []
        self._members: list[Statement] = []
        self.behind: list[Statement] = []
        self._made: dict[Variable, None] = {}  # by members
        self._later: set[Variable] = set()  # by what is done behind
        self._read: dict[int | None, set[Variable]] = {}  # by members, by memory
        self._written: dict[int | None, set[Variable]] = {}
        self._read_later: set[int | None] = set()

    @classmethod
    def begun(cls, left: Optimised, s: Statement) -> _Run | None:
        (r,) = s.results if len(s.results) == 1 else (None,)
        if r is None or not r.shape or _size(s) < (min(SMALL, LEAST) if THREADS > 1 else LEAST) or r.shape[0] < 2:
            return None
        run = cls(left, r.shape[0])
        return run if run._joins(s) else None

    def takes(self, s: Statement) -> bool:
        """Take a statement, as a member or before or behind; False where the block has to end."""
        if (len(self._members) < _FEWEST and len(self.all) > _PATIENCE) or hasattr(s, "updates"):
            return False
        return self._joins(s) or self._stands_before(s) or self._stands_behind(s)

    def _joins(self, s: Statement) -> bool:
        memory = self._left.memory
        taken = taken_by_rows(s, self._length)
        if taken is None or any(v in self._later for v in s.reads) or not self._has_it_so(s, taken):
            return False
        inputs = [v for v in s.reads if v not in self._made]
        if not s.silent and self._members and self._members[-1].silent:
            return False  # what NumPy has something to say of comes first, so that it can be done again by itself
        into = memory(s.writes)
        for v in inputs:
            place = memory(v.memory)
            # What is written into is seen by one name alone, and not by another view.
            seen = self._written.get(place, set()) | (self._read.get(place, set()) if place == into else set())
            if place is not None and seen - {v}:
                return False
        if s.kind == "write":
            target = s.reads[0]
            if not s.silent or target in self._made or into in self._read_later:
                return False
            if any(v is not target and memory(v.memory) == into for v in s.reads):
                return False
            self._written.setdefault(into, set()).add(target)
        for v in inputs:
            self._read.setdefault(memory(v.memory), set()).add(v)
            self._by_rows[v] = taken[v]
        self._members.append(s)
        self.all.append(s)
        self._made.update(dict.fromkeys(s.results))
        return True

    def _has_it_so(self, s: Statement, taken: dict[Variable, bool]) -> bool:
        """Tell whether there are the rows, or the whole arrays, that a statement takes."""
        if form_read(s).op == "index" and not (s.reads[0] in self._made and self._is_only_read(s.reads[0])):
            return False
        return all(self._by_rows.get(v, v in self._made or by_rows) == by_rows for v, by_rows in taken.items())

    def _is_only_read(self, v: Variable) -> bool:
        """Tell whether a copy does for a view: nobody writes there, and nothing there is returned."""
        place = self._left.memory(v.memory)
        others = [x.memory for x in self._left.outputs if type(x) is Variable]
        others += [s.writes for s in self._left.statements]
        return place not in map(self._left.memory, others)

    def _depends(self, s: Statement) -> bool:
        known = {*self._made, *self._later}
        places = {self._left.memory(v.memory) for v in known if v.memory is not None} | self._written.keys()
        return any(v in known or (v.memory is not None and self._left.memory(v.memory) in places) for v in s.reads)

    def _stands_before(self, s: Statement) -> bool:
        if self._depends(s) and not (makes_view(s, self._left) and s.reads[0] not in {*self._made, *self._later}):
            return False
        place = self._left.memory(s.writes)
        if s.writes is not None and (place in self._read or place in self._read_later):
            return False
        self.before.append(s)
        self.all.append(s)
        return True

    def _stands_behind(self, s: Statement) -> bool:
        if s.writes is not None:
            return False
        self.behind.append(s)
        self.all.append(s)
        self._later.update(s.results)
        self._read_later |= {self._left.memory(v.memory) for v in s.reads if v.memory is not None}
        return True

    def is_small(self) -> bool:
        """Tell whether only what takes long could make a block of it."""
        return THREADS > 1 and all(_size(s) < LEAST for s in self._members)

    def block(self) -> RowBlock | None:
        """Return the block; None where it is not worth while."""
        if sum(_size(s) >= LEAST for s in self._members) < _FEWEST:
            slow = _slow(self._members)
            if not self.is_small() or slow < max(LEAST, _EACH * len(self._members)):
                return None
        sliced = [v for v, by_rows in self._by_rows.items() if by_rows]
        return RowBlock(self._members, self._length, [*self._made], {*self._written}, sliced)


def _slow(statements: Iterable[Statement]) -> int:
    """Return how many elements are computed by what takes long."""
    return sum([_size(s) for s in statements if _SLOW.fullmatch(form_read(s).name)])


def _size(s: Statement) -> int:
    """Return how many elements the largest array of a statement has."""
    return max([math.prod(v.shape) for v in (*s.results, *s.reads) if v.shape], default=0)


def taken_by_rows(s: Statement, length: int) -> dict[Variable, bool] | None:
    """Return of which operands a statement takes rows to make rows of its result, and of which all; None for others."""
    form = form_read(s)
    if s.kind == "write":
        if form.op != "update" or len(s.reads) != 2 or type(form.args[0]) is not Hole or s.pieces[0] is not s.reads[0]:
            return None
        return _taken(s.reads, s.reads[0].shape, length)
    if s.kind != "call" or len(s.results) != 1:
        return None
    (r,) = s.results
    if r.memory is None or r.layout != "C" or not _has_rows(r, length) or r.dtype is None or not s.reads:
        return None
    if form.op == "index":
        text = "".join(map(str, s.pieces[1:]))
        return {s.reads[0]: True} if len(s.reads) == 1 and _NEW_AXES.fullmatch(text) else None
    if not _is_known(form):
        return None
    if not is_reduction(form):
        return _taken(s.reads, r.shape, length)
    v = s.reads[0]
    axis = form.args[1] if form.name == "total_kept" else form.keys.get("axis", 0)
    behind = type(axis) is int and axis % len(v.shape) != 0
    return {v: True} if behind and _has_rows(v, length) and v.layout == "C" else None


# An index that takes every row as it is, with axes that are new.
_NEW_AXES = re.compile(r"\[:(, (:|None))+\]")


def _taken(operands: Iterable[Variable], shape: tuple[int, ...], length: int) -> dict[Variable, bool] | None:
    """Return which operands have the rows of a shape, and which are the same for all of them."""
    taken: dict[Variable, bool] = {}
    for v in operands:
        rows = len(v.shape or ()) == len(shape) and v.shape[0] != 1
        if taken.setdefault(v, rows) != rows or (rows and v.shape[0] != length):
            return None
    return taken if shape and shape[0] == length else None


def is_reduction(form: Form) -> bool:
    return form.op == "call" and (form.name == "total_kept" or _REDUCTION.fullmatch(form.name) is not None)


def _is_known(form: Form) -> bool:
    numbers = all(type(a) in (Hole, int, float, bool) for a in form.args)
    if form.op in ELEMENTWISE | _UNARY:
        return numbers
    if form.op == "call" and form.name in ("total_kept", "_added_at"):
        return True
    if form.op != "call" or not form.name.startswith("np."):
        return False
    if any(type(x) in (Hole, Other) for x in form.keys.values()):
        return False
    if _REDUCTION.fullmatch(form.name):
        return len(form.args) == 1 and set(form.keys) <= {"axis", "keepdims"}
    func = getattr(np, form.name[3:], None)
    if func is np.where:
        return len(form.args) == 3 and numbers and not form.keys
    return type(func) is np.ufunc and func.signature is None and func.nout == 1 and numbers and not form.keys


def _has_rows(v: Variable, length: int) -> bool:
    return bool(v.shape) and v.shape[0] == length
