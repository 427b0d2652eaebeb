"""The lines of operations that are not element-wise: reductions, products, look-ups; in a nest or by themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..program.statements import Variable
from .indexing import check_lines, place_lines
from .lowering import Operation
from .nests import Nest
from .places import Places, Position
from .products import product_line
from .reducing import NEUTRAL, columns_lines, indented, row_text, started
from .turned import Turned

_DTYPES = {"d": "float64", "f": "float32", "?": "bool_", "l": "int64"}


class WholeOperations:
    """What `LoopWriter` has for these."""

    _places: Places
    _kind: Callable[[Variable], str]
    _memory: Callable[[int | None], int | None]
    _given: dict[Variable, None]
    _names: dict[Variable, str]
    _lines: list[str]
    _helpers: dict[str, None]
    _checked: set[int]
    _writes: dict[int | None, list[Any]]

    def __init__(self) -> None:
        self._nest = Nest(0)
        self._around: tuple[list[str], list[str]] = [], []  # what stands before a nest, and behind it
        self._totals = 0
        self._offsets: list[int] = []
        self._turned: Mapping[Variable, Turned] = {}
        self._inside: dict[tuple[Variable, int], None] = {}  # places that are checked before anything is done

    def _at(self, v: Variable) -> Position:
        place = self._places.of(v)
        assert place is not None
        if place.base in self._turned:
            place = self._turned[place.base].place(place, v.shape)
        return place

    def _named(self, v: Variable) -> str:
        raise NotImplementedError

    def _array(self, base: Variable) -> str:
        raise NotImplementedError

    def _element(self, base: Variable, index: str) -> str:
        raise NotImplementedError

    def write_whole(self, o: Operation) -> None:
        if o.kind == "rows":
            self._write_rows(o)
        elif o.kind == "columns":
            self._write_columns(o)
        elif o.kind == "product":
            self._write_product(o)
        else:
            self._write_looked_up(o)

    def _write_rows(self, o: Operation) -> None:
        (v,), r, (m, n) = o.operands, o.result, o.shape
        assert r is not None
        place = self._at(v)
        if not place.base.shape:
            raise NotImplementedError
        name = "count" if self._kind(v) in "?l" and o.text == "total" else o.text
        self._helpers[name] = None
        if m == 1:
            self._write_total(o, name, place)
            return
        base = self._at(r).base
        if place.base in self._turned:
            t = self._turned[place.base]
            head, given = self._unit(t.lead, t.each, place)
            into = self._element(base, f"{self._unit(t.lead, t.rows, self._at(r))[1]} + j")
            line = f"{into} = {row_text(name, self._array(t.base), f'{given} + j', n, t.rows)}"
            self._add(head, [f"for j in range({t.rows}):", *indented([line, *self._asked(o, into)])])
            return
        head, given = self._unit(m, n, place)
        _, to = self._unit(m, 1, self._at(r))
        into = self._element(base, to)
        self._add(head, [f"{into} = {row_text(name, self._array(place.base), given, n)}", *self._asked(o, into)])

    def _write_total(self, o: Operation, name: str, place: Position) -> None:
        """Reduce everything; in a nest, what is reduced of some rows at a time is reduced in the end."""
        nest, n, r = self._nest, o.shape[1], o.result
        assert r is not None
        into, array = self._named(r) if r.memory is None else self._element(r, "0"), self._array(place.base)
        if not nest.length:
            self._add("", [f"{into} = {row_text(name, array, str(place.offset), n)}", *self._asked(o, into)])
            return
        before, behind = self._around
        if n == nest.length and place.base not in nest.local:
            behind += indented([f"{into} = {name}({array}, {place.offset}, {n})", *self._asked(o, into)])
            return
        self._totals += 1
        parts = f"p{self._totals}"
        before.append(f"    {parts} = np.empty({nest.parts}, np.{_DTYPES[self._kind(r)]})")
        each = n // nest.length
        if nest.rows == 1:
            part = row_text(name, array, self._unit(nest.length, each, place)[1], each)
            self._add("", [f"{parts}[i] = {part}"])
        else:
            room = nest.local.get(place.base)
            start = started("0" if room else "first", each, place.offset - (room.low if room else 0))
            rows = "rows" if each == 1 else f"rows * {each}"
            self._add("", [f"{parts}[part] = {name}({array}, {start}, {rows})"])
        behind += indented([f"{into} = {name}({parts}, 0, {nest.parts})", *self._asked(o, into)])

    def _write_columns(self, o: Operation) -> None:
        (v,), r, (m, n, k) = o.operands, o.result, o.shape
        assert r is not None
        place = self._at(v)
        array, base = self._array(place.base), self._at(r).base
        if m == 1 and self._nest.length:
            head, given = self._unit(n, k, place)
            before, behind = self._around
            e = self._element(base, "k")
            before += indented([f"for k in range({k}):", f"    {e} = {NEUTRAL[o.text]}"])
            more = o.text.format(e, f"{array}[{given} + k]")
            self._add(head, [f"for k in range({k}):", f"    {e} = {more}"])
            if id(o) in self._checked:
                behind += indented([f"for k in range({k}):", *indented(self._asked(o, e))])
            return
        head, given = self._unit(m, n * k, place)
        _, to = self._unit(m, k, self._at(r))
        into = self._element(base, f"{to} + k")
        if place.base in self._turned and base not in self._turned:
            self._helpers["total"] = None
            line = f"{into} = {row_text('total', array, f'{given} + k * {n}', n)}"
            self._add(head, [f"for k in range({k}):", *indented([line, *self._asked(o, into)])])
            return
        lines = columns_lines(o.text, n, k, lambda at: f"{array}[{given} + {at}]", into)
        if id(o) in self._checked:
            lines += [f"for k in range({k}):", *indented(self._asked(o, into))]
        self._add(head, lines)

    def _write_looked_up(self, o: Operation) -> None:
        of = o.operands[-1] if o.target is None else o.target
        index = [v for v in o.operands if self._kind(v) == "l" and v is not of]
        n, place = o.shape[0], self._at(of)
        names = [f"at{k}" for k in range(len(index))]
        each = math.prod(o.shape[1:])  # elements lie behind each place
        behind = "" if each == 1 else " + k"

        def start(v: Variable) -> tuple[str, str]:
            at = self._at(v)
            head, text = self._unit(n, at.strides[0] if at.strides else 0, at)
            return head, self._element(at.base, text + (behind if len(v.shape) > 1 else ""))

        head = start(index[0])[0]
        lines = [f"{name} = {start(v)[1]}" for name, v in zip(names, index, strict=True)]
        at = o.text.split(", ") if o.target is None else names
        inside = [self._is_checked(v, of.shape[at.index(x)]) for x, v in zip(names, index, strict=True)]
        lines += place_lines(at, of.shape, place.strides, place.offset, inside)
        element = self._element(place.base, f"at{behind}")
        if o.result is not None:
            line = f"{start(o.result)[1]} = {element}"
        else:
            values = [v for v in o.operands if v not in index]
            x = o.text.format(*[self._named(v) if v.memory is None else start(v)[1] for v in values])
            line = f"{element} = {element} + {x}"
        self._add(head, [*lines, f"for k in range({each}):", f"    {line}"] if behind else [*lines, line])

    def _write_product(self, o: Operation) -> None:
        assert o.result is not None
        given: list[tuple[str, str, tuple[int, ...]]] = []
        for v in o.operands:
            place = self._at(v)
            offset = str(place.offset)
            if place.base is not v and place.base in self._given:
                # So that the text is the same for the next of several matrices in a row.
                self._offsets.append(place.offset)
                offset = f"o{len(self._offsets)}"
            given.append((self._array(place.base), offset, place.strides))
        self._helpers["product"] = None
        self._add("", [product_line(given[0], given[1], self._array(o.result), o.shape)])
        if id(o) in self._checked:
            e = self._element(o.result, "i")
            self._add(f"for i in range({math.prod(o.result.shape)}):", self._asked(o, e))

    def _unit(self, m: int, n: int, place: Position) -> tuple[str, str]:
        """Return a loop over `m` rows, and the place where the `n` elements of one begin."""
        room = self._nest.local.get(place.base)
        if self._nest.length:
            head, of_all, own = self._nest.units(m)
        else:
            head, of_all, own = (f"for i in range({m}):", "i", "") if m > 1 else ("", "0", "")
        return head, started(own if room else of_all, n, place.offset - (room.low if room else 0))

    def _asked(self, o: Operation, e: str) -> list[str]:
        return [f"odd = odd | ({e} - {e} != 0)"] if id(o) in self._checked else []

    def _add(self, head: str, lines: list[str]) -> None:
        self._lines += indented([head, *indented(lines)] if head else lines)

    def _is_checked(self, v: Variable, n: int) -> bool:
        """Let places be checked at the beginning, if they are there; tell whether they are."""
        if self._at(v).base not in self._given or self._memory(v.memory) in self._writes:
            return False
        self._inside[v, n] = None
        return True

    def place_checks(self, types: list[str]) -> list[str]:
        """Return the lines that check places, and fail at once with numbers of these types."""
        if not self._inside:
            return []
        lines = ["    lost = False"]
        for v, n in self._inside:
            place = self._at(v)
            index = started("i", place.strides[0], place.offset)
            lines += indented(check_lines(self._element(place.base, index), v.shape[0], n))
        failed = ", ".join(["1", *[f"{x}(0)" if x != "boolean" else "False" for x in types]])
        return [*lines, "    if lost:", f"        return {failed}"]
