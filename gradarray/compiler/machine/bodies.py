"""The text of loops: members are written as statements outside of loops are, into what is there for each iteration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..program.statements import Variable
from .iterations import Around, Even, as_even
from .loops import LoopWriter, checked
from .lowering import Operation, Whole
from .places import Places, Position


class _Body(LoopWriter):
    """Writes the members of a loop."""

    def __init__(
        self,
        places: Places,
        memory: Callable[[int | None], int | None],
        kind: Callable[[Variable], str],
        operations: Sequence[Any],
        at_once: set[int],
        makes: Sequence[Variable],
    ) -> None:
        super().__init__(places, memory, kind, _never)
        self._outside, self._at_once = {*makes}, at_once
        self._there: dict[Variable, Position] = {}  # where they stand in this loop, not behind it
        for o in operations:
            self._place(o)

    def bases(self, writes: bool) -> list[Variable]:
        """Return the arrays of others that are read, or written into."""
        touches = self._writes if writes else self._reads
        found = dict.fromkeys([t.place.base for some in touches.values() for t in some])
        return [base for base in found if base not in self._bases]

    def _at(self, v: Variable) -> Position:
        if v not in self._there:
            self._there[v] = super()._at(v)
        return self._there[v]

    def _is_at_once(self, o: Operation) -> bool:
        return id(o) in self._at_once or super()._is_at_once(o)

    def _local(self) -> str:
        return self._outer._local()

    def numbers(self) -> list[Variable]:
        return [v for v in self._given if v.memory is None]

    def _make(self, base: Variable, into: Variable) -> None:
        super()._make(base, base if base is into and base not in self._outside else None)  # type: ignore[arg-type]

    def written(self, outer: LoopWriter, checked: set[int]) -> list[str]:
        self._outer, self._names, self._helpers, self._checked = outer, outer._names, outer._helpers, checked
        self._lines: list[str] = []
        stored = self._stored()
        self._stored_ones = {*stored}
        outer.allocate(stored)
        for group in self._groups:
            self._write(group)
        return self._lines

    def _write_rows(self, o: Operation) -> None:
        """Write the sum of a few numbers as NumPy adds them up, without a call."""
        (v,), r, n = o.operands, o.result, o.shape[1]
        if r is None or r.memory is not None or o.text != "total" or n >= _HALVES or self._kind(v) != "d":
            super()._write_rows(o)
            return
        place = self._at(v)
        terms = [self._element(place.base, str(as_even(place.offset).plus(Even(k, {})))) for k in range(n)]
        self._lines.append(f"    {self._named(r)} = {' + '.join(terms)} + 0.0")
        if id(o) in self._checked:
            self._lines.append(f"    odd = odd | ({self._named(r)} - {self._named(r)} != 0)")

    def allocate(self, arrays: Sequence[Variable], rooms: Mapping[Variable, int] = MappingProxyType({})) -> None:
        self._outer.allocate(arrays, rooms)

    def _array(self, base: Variable) -> str:
        return self._named(base) if base in self._bases else self._outer._array(base)

    def _element(self, base: Variable, index: str) -> str:
        return f"{self._named(base)}[{index}]" if base in self._bases else self._outer._element(base, index)


# So many numbers are added up in another order.
_HALVES = 8


def _never(_v: Variable) -> bool:
    return False


class PlaceInTable(Whole):
    """The whole number of a table, by which places are found in an iteration.

    Parameters
    ----------
    name : of the number
    table : an array
    at : the place in the table
    """

    def __init__(self, name: str, table: Variable, at: str) -> None:
        super().__init__(1, (), (table,), ())
        self.name, self._at = name, at

    def lines(self, writer: Any) -> list[str]:
        return [f"    {self.name} = {writer._array(self.reads[0])}[{self._at}]"]


class LoopOperation(Whole):
    """A loop.

    Parameters
    ----------
    places, memory, kind : as `LoopWriter` has them
    around : the loops, of which this is the innermost one
    operations
    at_once : those, by their identities, that no iteration has to wait for
    moves : numbers that become others at the end of an iteration
    makes, results : the arrays and the numbers of it that are needed elsewhere
    """

    def __init__(
        self,
        places: Places,
        memory: Callable[[int | None], int | None],
        kind: Callable[[Variable], str],
        around: Around,
        operations: Sequence[Any],
        at_once: set[int],
        moves: Sequence[tuple[Variable, Variable]],
        makes: Sequence[Variable],
        results: Sequence[Variable],
    ) -> None:
        self._body = _Body(places, memory, kind, operations, at_once, makes)
        self._around, self._operations, self._moves = around, operations, moves
        own = {a for a, _ in moves}
        numbers = [v for v in self._body.numbers() if v not in own] + [*own]
        super().__init__(
            around.longest()[-1] * len(operations),
            [*dict.fromkeys(numbers)],
            self._body.bases(False),
            self._body.bases(True),
            makes,
            results,
        )
        self._checked = checked(operations, kind, memory)
        self.fails = any(o.fails for o in operations)
        self.checks = bool(self._checked) or any(o.checks for o in operations)

    def lines(self, writer: Any) -> list[str]:
        name, trips = self._around.names[-1], self._around.trips[-1]
        inner = self._body.written(writer, self._checked)
        inner += [f"    {writer._named(a)} = {writer._named(b)}" for a, b in self._moves]
        return [f"    for {name} in range({trips}):", *[f"    {line}" for line in inner]]
