"""What a loop looks up in tables: entries that are numbers, places or arrays, which stand in the rows of one array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..passes.folding import in_few_pieces
from ..passes.optimise import Optimised
from ..program.statements import Pieces, Statement, Variable
from .bodies import PlaceInTable
from .iterations import Around, Even, offset
from .lowering import Lowering, Operation, literal
from .places import Places, Position

TABLE = "table_"
_LARGEST = 10_000  # elements of an array that is an entry of a table


class LoweringEntries(Lowering):
    """Reads the tables of loops, and what is done with their entries."""

    def __init__(self, left: Optimised, places: Places, kinds: Mapping[Variable, type]) -> None:
        super().__init__(left, places, kinds)
        self._memories = -1 << 59
        self._entries: set[Variable] = set()  # numbers that are entries of tables

    def _at(self, base: Variable, row: list[Even], v: Variable) -> Variable:
        """Note that a variable stands in a row; of a number, return what does."""
        place, whole = required(self._places.of(base)), self._places.form(base)
        if v.shape != base.shape[len(row) :] or v.dtype not in (base.dtype, None) or v.layout not in ("C", ""):
            raise Refused
        v = Variable("", (), base.dtype, base.memory) if v.memory is None else v
        start = Even(0, {})
        for n, stride in zip(row, place.strides, strict=False):
            start = start.plus(n, stride)
        like = whole[tuple([0 if n.steps else n.base for n in row])]
        self._places.note(v, Position(base, offset(start), place.strides[len(row) :]), like)
        return v

    def _copy(self, v: Variable, into: Variable, new: bool = False) -> Operation:
        kind = self.kind(v)
        alike = v.shape == into.shape if v.memory is not None else v.shape in ((), into.shape)
        if not kind or kind != self.kind(into) or not alike or (into.memory is None and v.memory is not None):
            raise Refused
        if v.memory is not None:
            required(self._places.of(v))
        result, target = (into, None) if new else (None, into)
        return Operation("elements", into.shape, "{0}", (v,), result, target)

    def _new_memory(self) -> int:
        self._memories -= 1
        return self._memories

    # --- tables ------------------------------------------------------------------------------------------------------

    def _table(self, v: Variable, pieces: Pieces, inside: Around, before: list[Any]) -> list[Any]:
        """Let a variable stand for an entry of a table; return what has to be done in each iteration.

        Of entries that are made elsewhere, an array is made before the loop.
        """
        name, entries = inside.names[-1], [p for p in pieces if type(p) is Variable]
        if not entries:
            values = value_of(pieces, self._left.constants)
            if (
                {*map(type, values)} == {int}
                and max(map(abs, values)) < 2**53
                and (min(values) < 0) == (max(values) < 0)
            ):
                return self._places_in_table(v, values, inside)
            table = self._constant_table(v, values)
        else:
            given = {f"_entry_{k}": x for k, x in enumerate(entries)}
            names = iter(given)
            text = tuple([next(names) if type(p) is Variable else p for p in pieces])
            items = value_of(text, self._left.constants | given)
            kinds = {(x.shape, x.dtype, x.memory is None) for x in entries}
            numbers = {type(x) for x in items} - {Variable}
            if len(kinds) > 1 or not self.kind(entries[0]) or not numbers <= {float}:
                raise Refused
            if numbers and (self.kind(entries[0]), entries[0].shape) != ("d", ()):
                raise Refused
            shape = (len(items), *entries[0].shape)
            table = Variable("", shape, entries[0].dtype, self._new_memory(), "C")
            before.append(Operation("elements", shape, "", (), table))
            for k, x in enumerate(items):
                row = self._at(table, [Even(k, {})], Variable(v.name, shape[1:], table.dtype, table.memory, "C"))
                number = Operation("elements", (), literal(x, "d"), (), None, row) if type(x) is float else None
                before.append(number or self._copy(x, row))
            v.shape, v.dtype = entries[0].shape, entries[0].dtype
        self._entries.add(v)
        there = self._at(table, [Even(0, {name: 1})], v)
        return [Operation("elements", (), "{0}", (there,), v)] if v.memory is None else []

    def _places_in_table(self, v: Variable, values: Sequence[int], inside: Around) -> list[Any]:
        """Let a variable stand for a whole number of a table, which may be a place."""
        low = min(values)
        name, is_new = inside.looking_up(v, values)
        self._kinds[v], v.shape = "l", ()
        self._entries.add(v)
        number = Operation("elements", (), f"{name} + {literal(low, 'l')}", (), v)
        if not is_new:
            return [number]
        return [PlaceInTable(name, self._table_of([n - low for n in values]), inside.names[-1]), number]

    def _constant_table(self, v: Variable, entries: Any) -> Variable:
        kinds = {*map(type, entries)}
        if kinds <= {int, float}:
            self._kinds[v] = "d" if float in kinds else "l"
            if any(abs(x) >= 2**53 for x in entries if type(x) is int):
                raise Refused
        elif kinds == {np.float64}:
            v.dtype = np.dtype(np.float64)
        elif kinds != {np.ndarray} or len({(x.shape, x.dtype) for x in entries}) > 1 or entries[0].size > _LARGEST:
            raise Refused
        v.shape = ()
        if kinds == {np.ndarray}:
            v.shape, v.dtype, v.memory, v.layout = entries[0].shape, entries[0].dtype, self._new_memory(), "C"
        return self._table_of(entries)

    def _table_of(self, entries: Any) -> Variable:
        name = f"{TABLE}{len(self._left.constants)}"
        if name in self._left.constants:
            raise Refused
        self._left.constants[name] = value = np.array(entries)
        table, _, _ = required(self._constant(name, value))
        return table  # type: ignore[no-any-return]

    def _with_plain_operands(self, s: Statement) -> tuple[Statement, list[Operation]]:
        """Return a statement without a sign in front of an entry of a table, where the trace had a number."""
        pieces, before = [*s.pieces], []
        for k, p in enumerate(pieces[1:], 1):
            sign = pieces[k - 1]
            if type(p) is Variable and type(sign) is str and sign.endswith("-") and p in self._entries:
                if sign.rstrip("-")[-1:] not in ("", "(", " ") or sign.endswith(" -"):
                    continue
                new = Variable(p.name, (), p.dtype)
                self._kinds[new] = self.kind(p)
                before.append(Operation("elements", (), "-{0}", (p,), new))
                pieces[k - 1 : k + 1] = sign[:-1], new
        return (s, []) if not before else (s.but(in_few_pieces([p for p in pieces if p != ""])), before)


class Refused(Exception):
    """A loop is left to NumPy."""


def required(found: Any) -> Any:
    """Return what was found; without it, the loop is left to NumPy."""
    if found is None or found is False or found == "":
        raise Refused
    return found


def value_of(pieces: Pieces, constants: dict[str, Any]) -> Any:
    """Return what a text without variables gives."""
    try:
        return eval("".join(pieces), {"np": np, **constants})
    except Exception:
        raise Refused from None
