"""Arrays with short rows, as those of points, which stand turned: column behind column, so that loops are long.

A loop over three coordinates has ended before several turns of it are done at once, and one over all points with steps
of three between them reads numbers one by one. So an array of which nobody else asks has, for each turn of the
outermost loop, all first coordinates first. What it is computed of is copied so, where that is little beside the rest.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from ..program.statements import Variable
from .lowering import Operation, Whole
from .places import Position, steps_along
from .reducing import SHORT

# So many rows are long for a loop.
LONG = 32
# An array is copied where loops do so many times as much as it has elements.
_MUCH = 8


class Turned(NamedTuple):
    """How an array stands.

    Attributes
    ----------
    base : the array, or a copy that is made first
    lead : of so many parts, one behind the other
    rows, columns : of each part
    """

    base: Variable
    lead: int
    rows: int
    columns: int

    @property
    def each(self) -> int:
        return self.rows * self.columns

    def place(self, place: Position, shape: tuple[int, ...]) -> Position:
        """Return where a view of the array stands; of one with other axes, which is reduced, where it begins."""
        return self.moved(place, shape) or Position(self.base, place.offset, place.strides)

    def moved(self, place: Position, shape: tuple[int, ...]) -> Position | None:
        """Return where a view of the array stands; None where that is in no even steps."""
        if type(place.offset) is not int:
            return None
        part, rest = divmod(place.offset, self.each)
        low = high = [*divmod(rest, self.columns)]
        strides = []
        for n, step in zip(shape, place.strides, strict=True):
            if n == 1 or step % self.each == 0:
                strides.append(0 if n == 1 else step)
                continue
            along = 0 if step % self.columns == 0 else 1
            if along and abs(step) >= self.columns:
                return None
            moved = step if along else step // self.columns
            strides.append(moved * (self.rows if along else 1))
            end = moved * (n - 1)
            low = [x + min(0, end) if k == along else x for k, x in enumerate(low)]
            high = [x + max(0, end) if k == along else x for k, x in enumerate(high)]
        if min(low) < 0 or high[0] >= self.rows or high[1] >= self.columns:
            return None
        row, column = divmod(rest, self.columns)
        return Position(self.base, part * self.each + column * self.rows + row, tuple(strides))


class _Touching(NamedTuple):
    """An operation, with the arrays that it touches, the places of these, and those in whose memory they stand."""

    o: Operation | Whole
    touched: list[tuple[Variable, Position | None, Variable]]

    def among(self, bases: Collection[Variable]) -> list[Variable]:
        return [base for *_, base in self.touched if base in bases]


def turned(
    groups: Sequence[Any],
    at: Callable[[Variable], Position],
    made: Collection[Variable],
    given: Collection[Variable],
    numbers: Collection[Variable],
) -> dict[Variable, Turned]:
    """Return which arrays stand turned, and how; those that are given as copies.

    Parameters
    ----------
    groups : of operations, each of which has a loop of its own
    at : where arrays stand by themselves
    made : the arrays that are made in the function, of which nobody else asks
    given : the arrays that nobody writes into
    numbers : the arrays that do not stand in memory, but are numbers in a loop
    """
    found = {v: t for v in made if (t := _in_parts(v)) is not None}
    if not found:
        return {}
    loops = [
        [_Touching(o, [x for x in _touched(o, at) if x[2] not in numbers]) for o in group.operations]
        for group in groups
    ]
    every = [*itertools.chain(*loops)]
    for o, touched in every:
        if o.kind == "columns" and o.shape[0] == 1 and touched[-1][2] in made:  # a sum over all parts
            (_, _, v), *_, (_, _, r) = touched
            if v in found and o.shape[1:] == (found[v].lead, found[v].each):
                found[r] = found[v]._replace(base=r, lead=1)
    while unknown := next((x for x in every if x.among(found) and not _is_known(x, found)), None):
        for base in unknown.among(found):
            found.pop(base, None)
    return {**found, **_copied(loops, found, given)}


def _in_parts(v: Variable) -> Turned | None:
    shape = [n for n in v.shape if n != 1]
    if len(shape) < 3 or v.layout != "C" or not 1 < v.shape[-1] < SHORT:
        return None
    rows = math.prod(shape[1:-1])
    return Turned(v, shape[0], rows, shape[-1]) if rows >= LONG else None


def _touched(o: Operation | Whole, at: Callable[[Variable], Position]) -> Iterator[Any]:
    if isinstance(o, Whole):
        yield from [(base, None, base) for base in (*o.reads, *o.writes, *o.makes)]
        return
    for v in (*o.operands, o.result, o.target):
        if v is not None and v.memory is not None:
            place = at(v)
            yield v, place, place.base


def _is_known(x: _Touching, found: dict[Variable, Turned]) -> bool:
    """Tell whether the lines of an operation can be written where its arrays stand turned."""
    o = x.o
    if isinstance(o, Whole):
        return False
    if o.kind in ("elements", "clean", "guard"):
        in_parts = any(found[base].lead > 1 for base in x.among(found))
        for v, place, base in x.touched:
            assert place is not None
            if base in found:
                if found[base].moved(place, v.shape) is None:
                    return False
            elif in_parts and all(n == 1 or s for n, s in zip(o.shape, steps_along(place, v, o.shape), strict=True)):
                return False  # as long as all, and not turned
        return True
    if o.kind not in ("rows", "columns"):
        return False
    (v, _, base), r = x.touched[0], o.result
    t, into = found.get(base), next((found[b] for w, _, b in x.touched if w is r and b in found), None)
    if t is None or math.prod(v.shape) != math.prod(base.shape):
        return False
    if o.kind == "rows":
        of_rows = o.text == "total" and t.lead > 1 and o.shape == (t.lead * t.rows, t.columns)
        return into is None and (o.shape[0] == 1 or of_rows)
    if into is not None:
        return o.shape == (1, t.lead, t.each) and into[1:] == (1, t.rows, t.columns)
    return t.lead > 1 and "+" in o.text and o.shape == (t.lead, t.rows, t.columns)


def _copied(
    loops: Sequence[Sequence[_Touching]], found: dict[Variable, Turned], given: Collection[Variable]
) -> dict[Variable, Turned]:
    """Return the given arrays that are copied."""
    work: dict[Variable, int] = {}
    for x in itertools.chain(*[loop for loop in loops if any(x.among(found) for x in loop)]):
        for v, place, base in x.touched:
            if base in given and place is not None and steps_along(place, v, x.o.shape)[-1:] == (1,):
                work[base] = max(work.get(base, 0), math.prod(x.o.shape))
    copies = {}
    for base, much in work.items():
        size, n = math.prod(base.shape), base.shape[-1]
        if base.layout == "C" and 1 < n < SHORT and size // n >= LONG and _MUCH * size <= much:
            t = Turned(Variable("", (size,), base.dtype), 1, size // n, n)
            uses = [(x.o, v, place) for x in itertools.chain(*loops) for v, place, b in x.touched if b is base]
            if all(o.kind == "elements" and place and t.moved(place, v.shape) is not None for o, v, place in uses):
                copies[base] = t
    return copies
