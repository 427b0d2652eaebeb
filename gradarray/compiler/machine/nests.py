"""Loops that share the outermost one: what is done to some rows is done to these at once, while they are in the cache.

Along the first axis that is longer than one, a loop or a reduction goes over rows. It joins others with as many rows if
whatever one of them writes, and another touches, is touched in the same rows by both. An array of which only one nest
has to do is then no longer than what it has in so many rows as are done at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ..program.statements import Variable
from .lowering import Operation, Whole
from .places import Position, steps_along

# The elements of the largest array in a nest: below, everything is in the cache anyway.
LEAST = 4096
# The elements of an array that does not stay in it.
LARGE = 1 << 18
# Rows as long are done one at a time; of shorter ones, so many that they have about as many elements.
_ROW, _BLOCK = 64, 1024
_LOOKED_UP = frozenset(("taken", "added"))


class _Touch(NamedTuple):
    """What of a piece of memory is touched.

    Attributes
    ----------
    base : the array that lies there
    step : how far the next row is; None where more than its own rows is touched
    low, high : the first and the last element in the first row
    reduced : an array is asked for, also where a row has one element
    """

    base: Variable
    step: int | None
    low: int = 0
    high: int = 0
    reduced: bool = False


class Room(NamedTuple):
    """Where an array stands of which only some rows are kept at a time.

    Attributes
    ----------
    low : what would be the place of its first element
    size : how many elements it takes; 0 for a number
    """

    low: int
    size: int


class Nest:
    """Loops in a loop.

    Attributes
    ----------
    length : how many rows; 0 where there is no outer loop
    groups : what is carried out for each row, or some of them
    rows : how many are done at a time
    local : where arrays stand of which only these rows are kept
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.groups: list[Any] = []
        self.rows = 1
        self.local: dict[Variable, Room] = {}
        self.touches: dict[int | None, list[tuple[bool, _Touch]]] = {}

    @property
    def parts(self) -> int:
        """Return how often some rows are done."""
        return -(-self.length // self.rows)

    def head(self) -> list[str]:
        """Return the lines that begin the outer loop."""
        if self.rows == 1:
            return [f"    for i in range({self.length}):"]
        lines = [f"    for part in range({self.parts}):", f"        first = part * {self.rows}"]
        return [*lines, f"        rows = min({self.rows}, {self.length} - first)"]

    def units(self, count: int) -> tuple[str, str, str]:
        """Return a loop over what there is `count` times in all rows; its place among all, and among what is kept."""
        each = count // self.length
        if self.rows == 1:
            return ("", "i", "0") if each == 1 else (f"for j in range({each}):", f"(i * {each} + j)", "j")
        # Counted from 0, since a compiler does several turns at once only where it knows that no place is negative.
        begin, turns = ("first", "rows") if each == 1 else (f"first * {each}", f"rows * {each}")
        return f"for i in range({turns}):", f"({begin} + i)", "i"

    def _keep(self, v: Variable) -> None:
        """Keep only some rows of an array that is made here, if nobody asks for more."""
        touches = [t for some in self.touches.values() for _, t in some if t.base is v]
        steps = {t.step for t in touches}
        step, low = touches[0].step, min(t.low for t in touches)
        width = max(t.high for t in touches) - low + 1
        if len(steps) == 1 and step is not None and width <= step:
            first = next(writes for some in self.touches.values() for writes, t in some if t.base is v)
            number = self.rows == 1 and width == 1 and first and not any(t.reduced for t in touches)
            self.local[v] = Room(low, 0 if number else (self.rows - 1) * step + width)


def in_nests(
    groups: Sequence[Any],
    at: Callable[[Variable], Position],
    memory: Callable[[int | None], int | None],
    made: Iterable[Variable],
) -> list[Nest]:
    """Return groups in nests, in the order in which they are carried out; those of one have no outer loop.

    Parameters
    ----------
    groups : of operations, each of which has a loop of its own
    at, memory : the places of arrays, and the numbers of memory
    made : the arrays of which nobody else asks
    """
    finder = _Finder(at, memory)
    for group in groups:
        finder.place(group)
    nests: list[Nest] = []
    for nest in finder.nests:
        if nest.length and len(nest.groups) > 1 and max(map(_size, nest.groups)) >= LEAST:
            width = max(map(_size, nest.groups)) // nest.length
            nest.rows = 1 if width >= _ROW else -(-_BLOCK // width)
            # One loop over numbers is done sooner by itself, as long as what it makes stays in the cache.
            if nest.length > nest.rows and (width > 1 or nest.length >= LARGE):
                nests.append(nest)
                continue
        for group in nest.groups:
            alone = Nest(0)
            alone.groups.append(group)
            nests.append(alone)
    for v in made:
        place = memory(v.memory)
        having = [nest for nest in finder.nests if place in nest.touches]
        if len(having) == 1 and having[0] in nests and all(t.base is v for _, t in having[0].touches[place]):
            having[0]._keep(v)
    return nests


class _Finder:
    def __init__(self, at: Callable[[Variable], Position], memory: Callable[[int | None], int | None]) -> None:
        self._at, self._memory = at, memory
        self.nests: list[Nest] = []
        self._having: dict[int | None, dict[int, None]] = {}  # by memory, the nests that touch it
        self._made: dict[Variable, int] = {}  # numbers, by the nest that makes them

    def place(self, group: Any) -> None:
        """Put a group into the first nest that it may join."""
        touched = [t for o in group.operations for t in self._touched(o)]
        length = _length(group)
        earliest = 0
        for o in group.operations:
            earliest = max([earliest, *[self._made[v] + 1 for v in o.operands if v in self._made]])
        for writes, place, t in touched:
            for k in self._having.get(place, ()):
                others = [x for wrote, x in self.nests[k].touches[place] if wrote or writes]
                if others:
                    apart = length and self.nests[k].length == length and all(_in_same_rows(t, x) for x in others)
                    earliest = max(earliest, k if apart else k + 1)
        places = range(earliest, len(self.nests)) if length else ()
        k = next((k for k in places if self.nests[k].length == length), len(self.nests))
        if k == len(self.nests):
            self.nests.append(Nest(length))
        nest = self.nests[k]
        nest.groups.append(group)
        for writes, place, t in touched:
            nest.touches.setdefault(place, []).append((writes, t))
            self._having.setdefault(place, {})[k] = None
        for o in group.operations:
            for r in o.results if isinstance(o, Whole) else (o.result,):
                if r is not None and r.memory is None:
                    self._made[r] = k

    def _touched(self, o: Operation | Whole) -> Iterable[tuple[bool, int | None, _Touch]]:
        if isinstance(o, Whole):
            for writes, bases in ((False, o.reads), (True, (*o.writes, *o.makes))):
                for base in bases:
                    yield writes, self._memory(base.memory), _Touch(base, None)
            return
        lead = _lead(o.shape if o.kind in ("elements", "clean") else o.operands[0].shape if o.operands else ())
        into = o.result if o.target is None else o.target
        for v in dict.fromkeys((*o.operands, into)):
            if v is None or v.memory is None:
                continue
            place = self._at(v)
            if o.kind == "product" or (o.kind in _LOOKED_UP and v is (o.target or o.operands[-1])):
                yield v is into, self._memory(v.memory), _Touch(place.base, None)
                continue
            if o.kind in _LOOKED_UP:
                yield v is into, self._memory(v.memory), _touch(place, place.strides, v.shape, 0 if v.shape else None)
                continue
            if o.kind in ("elements", "clean"):
                touch = _touch(place, steps_along(place, v, o.shape), o.shape, lead)
            elif v is into and (o.shape[0] == 1 or not v.shape):
                touch = _Touch(place.base, None)
            else:
                step = math.prod(v.shape) // o.operands[0].shape[lead] if lead is not None else 0
                touch = _Touch(place.base, step, place.offset, place.offset + step - 1, v is not into)
            yield v is into, self._memory(v.memory), touch
            if v is into and v in o.operands:
                yield False, self._memory(v.memory), touch


def _lead(shape: tuple[int, ...]) -> int | None:
    return next((k for k, n in enumerate(shape) if n != 1), None)


def _length(group: Any) -> int:
    """Return how many rows a group has; 0 where it has none."""
    o = group.operations[0]
    if o.kind in ("product", "whole"):
        return 0
    if o.kind in _LOOKED_UP:
        shape: tuple[int, ...] = o.shape[:1]
    else:
        shape = group.shape if group.kind == "elements" else o.operands[0].shape
    lead = _lead(shape)
    return 0 if lead is None else shape[lead]


def _size(group: Any) -> int:
    return math.prod(group.shape)


def _touch(place: Position, strides: tuple[int, ...], shape: tuple[int, ...], lead: int | None) -> _Touch:
    if lead is None:
        return _Touch(place.base, None)
    inner = [s * (n - 1) for k, (s, n) in enumerate(zip(strides, shape, strict=True)) if k != lead]
    low, high = sum([min(0, x) for x in inner]), sum([max(0, x) for x in inner])
    return _Touch(place.base, strides[lead], place.offset + low, place.offset + high)


def _in_same_rows(a: _Touch, b: _Touch) -> bool:
    """Tell whether no row of one is in another row of the other one."""
    if a.base is not b.base or a.step != b.step or a.step is None:
        return False
    return max(a.high, b.high) - min(a.low, b.low) < a.step
