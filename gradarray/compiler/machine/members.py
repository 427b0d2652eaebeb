"""From loops to operations: their members are lowered as any statement is, each with its place in each iteration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..passes.optimise import Optimised
from ..program.forms import Form, form_read
from ..program.statements import Pieces, Statement, Variable
from ..rolling.iterated import Loop
from .apart import by_themselves, is_in_order, leading_to, long_ones
from .bodies import LoopOperation, PlaceInTable
from .entries import LoweringEntries, Refused, required, value_of
from .iterations import Around, Even, as_even, offset
from .lowering import Operation, literal
from .multiplied import matrix_product
from .places import Places, Position

# Where places are looked up that are only known then, they are compared before a function does anything.
_LOOKED_UP = ("taken", "added")


class LoweringLoops(LoweringEntries):
    """Reads the statements of a program with loops.

    Attributes
    ----------
    views : of what a loop leaves that stands in a row of what it saves, the statement that looks it up there
    """

    def __init__(self, left: Optimised, places: Places, kinds: Mapping[Variable, type]) -> None:
        super().__init__(left._replace(statements=[*_every(left.statements)]), places, kinds)
        self._around = Around()
        self._count = 0
        self.views: list[Statement] = []
        self._rows: dict[Variable, tuple[Variable, list[Even]]] = {}
        self._depths: dict[Variable, int] = {}  # of the arrays in which these rows are, how many loops are around them
        self._before: list[Operation] = []  # what the statement that is read needs

    def of(self, s: Statement) -> list[Any] | None:
        if not isinstance(s, Loop):
            return super().of(s)
        around = self._around
        try:
            return self._loop(s)
        except Refused:
            # What stands behind it is not in it, nor in what of it was read already.
            self._around, self._before = around, []
            return None

    def _loop(self, loop: Loop) -> list[Any]:
        self._count += 1
        name = f"t{self._count}"
        outside = self._around
        inside = required(outside.entering(loop, name))
        before = [self._start(v, pieces) for v, pieces in loop.carried]
        makes = [v for v, _ in loop.carried if v.memory is not None]
        stores: list[Any] = []
        operations: list[Any] = []
        for v, pieces in loop.tables:
            operations += self._table(v, pieces, inside, before)
        operations.sort(
            key=lambda o: not isinstance(o, PlaceInTable)
        )  # these first, since others do not say that they need them
        fresh, lists = _made_in(loop), {many for many, _ in loop.saved}
        inner = {many for s in loop.members if isinstance(s, Loop) for many, _ in s.saved}
        for many, v in loop.saved:
            base, row = self._row(many, name)
            makes += [base] if base is many else []
            if v.memory is None or v not in fresh | inner:
                stores.append(self._copy(v, self._at(base, row, v)))
            else:
                self._rows[v] = base, row
                self._at(base, row, v)
                self._left.memories.update({k: base.memory for k, m in self._left.memories.items() if m == v.memory})
                self._left.memories[v.memory] = base.memory
        self._around = inside
        for s in loop.members:
            operations += self._member(s)
        numbers = [(a, b) for a, b in loop.moves if a.memory is None]
        moves = [self._copy(b, a) for a, b in loop.moves if a.memory is not None]
        self._around = outside
        results = [v for v in loop.results if v not in lists]
        kept = [required(self.kind(v) and v) for v in results if v.memory is None]
        for v in [v for v in results if v.memory is not None]:
            if v in self._rows:
                base = self._rows[v][0]
                makes += [base] if self._depths[base] > len(outside.names) and base not in makes else []
            else:
                makes.append(required(v in fresh and getattr(self._places.of(v), "base", None) is v and v))
        every = [*operations, *stores, *moves]
        free = by_themselves(every, [a for a, _ in numbers], self._left.memory)
        if (long := long_ones(free)) and is_in_order(every, bool(numbers), self._places, self._left.memory):
            every = self._ahead(long, every, free, inside, before)
        at_once = {id(o) for o in free}
        whole = LoopOperation(self._places, self._left.memory, self.kind, inside, every, at_once, numbers, makes, kept)
        for v in results:
            if v in self._rows:
                self._last(v, name, inside)
        return [*before, whole]

    def _ahead(
        self, long: Sequence[Operation], every: Sequence[Any], free: Sequence[Any], inside: Around, before: list[Any]
    ) -> list[Any]:
        """Let operations of a loop be carried out in another one in front of it; return what is left to be done."""
        name = inside.names[-1]
        table = Variable("", (len(long), inside.longest()[-1]), np.dtype(np.float64), self._new_memory(), "C")
        first = [*[o for o in every if isinstance(o, PlaceInTable)], *leading_to(long, free)]
        found = {}
        for k, o in enumerate(long):
            there = self._at(table, [Even(k, {}), Even(0, {name: 1})], required(o.result))
            first.append(self._copy(required(o.result), there))
            found[id(o)] = Operation("elements", (), "{0}", (there,), o.result)
        before.append(Operation("elements", table.shape, "", (), table))
        at_once = {id(o) for o in free}
        before.append(LoopOperation(self._places, self._left.memory, self.kind, inside, first, at_once, [], [], []))
        return [found.get(id(o), o) for o in every]

    def _member(self, s: Statement) -> list[Any]:
        if isinstance(s, Loop):
            return self._loop(s)
        if self._is_view(s):
            return []
        s, before = self._with_plain_operands(s)
        found: list[Any] | None = super().of(s)
        if found is None:
            found = [required(self._spread_out(s) or matrix_product(s, form_read(s), self._places, self.kind))]
        required(all(o.kind not in _LOOKED_UP for o in found))
        found = [*before, *self._needed(), *found]
        for k, o in enumerate(found):
            r = o.result
            if o.kind in ("rows", "columns") and r.shape and self._places.of(r) != (r, 0, _strides(r)):
                new = Variable("", r.shape, r.dtype, self._new_memory(), "C")
                found[k : k + 1] = [o._replace(result=new), self._copy(new, r)]
        return found

    def _needed(self) -> list[Operation]:
        taken, self._before = self._before, []
        return taken

    def _spread_out(self, s: Statement) -> Operation | None:
        """Return what fills an array with a number, or with the elements of a smaller one; or sums a number."""
        form = form_read(s)
        if len(s.reads) != 1 or len(s.results) != 1 or form.op != "call" or form.args[0] != 0:
            return None
        (r,), (v,) = s.results, s.reads
        if not self.kind(v) or self.kind(r) != self.kind(v) or (v.memory is not None and self._places.of(v) is None):
            return None
        if form.name == "np.add.reduce" and v.shape == () == r.shape and self.kind(v) == "d":
            return Operation("elements", (), "{0} + 0.0", (v,), r)
        if form.name != "np.broadcast_to" or r.memory is None:
            return None
        if self._places.of(r) is None:
            dense = Variable(r.name, r.shape, r.dtype, r.memory, "C")
            self._places.note(r, required(self._places.of(dense)), self._places.form(dense))
            r = dense
        return Operation("elements", r.shape, "{0}", (v,), r)

    def _reduced(self, s: Statement, r: Variable, name: str, v: Variable, axis: Any) -> Operation | None:
        """Return a reduction, of a copy of what does not lie densely."""
        place = self._places.of(v)
        if place is not None and self._around.names and v.shape and not self._dense(place, v) and self.kind(v):
            copy = Variable("", v.shape, v.dtype, self._new_memory(), "C")
            self._before.append(self._copy(v, copy, True))
            v = copy
        return super()._reduced(s, r, name, v, axis)

    # --- what is carried and saved ------------------------------------------------------------

    def _start(self, v: Variable, pieces: Pieces) -> Operation:
        """Return what a variable is before the first iteration."""
        start = pieces[0] if len(pieces) == 1 else None
        if type(start) is Variable:
            return self._copy(start, v, True)
        value, kind = value_of(pieces, self._left.constants), self.kind(v)
        if isinstance(value, np.ndarray) and value.shape == v.shape and value.dtype == v.dtype and all(value.strides):
            array, _, _ = required(self._constant(str(start), value))
            return self._copy(array, v, True)
        if isinstance(value, np.ndarray) and value.shape == v.shape and value.dtype == v.dtype:
            value = required(not any(value.strides) and value.size > 0 and value[(0,) * value.ndim])
        elif v.memory is not None:
            raise Refused
        fits = isinstance(value, np.generic) and value.dtype.char == kind
        if not fits and (type(value) not in (int, float) or kind not in ("d", "f") or abs(value) > 2**53):
            raise Refused
        return Operation("elements", v.shape, literal(value, kind), (), v)

    def _row(self, many: Variable, name: str) -> tuple[Variable, list[Even]]:
        """Return where an iteration saves something."""
        if many not in self._rows:
            required(many.shape is not None and many.dtype is not None)
            many.layout = "C"
            required(self._places.of(many))
            self._rows[many], self._depths[many] = (many, []), len(self._around.names)
        base, row = self._rows[many]
        return base, [*row, Even(0, {name: 1})]

    def _last(self, v: Variable, name: str, inside: Around) -> None:
        """Let a variable stand for what the last iteration made."""
        base, row = self._rows[v]
        row = [n.within(name, inside.trips[-1].plus(Even(-1, {}))) for n in row]
        self._rows[v] = base, row
        self._at(base, row, v)
        if not self._around.names:
            index = f"[{', '.join([str(n) for n in row])}]"
            self.views.append(Statement("call", (v,), (base, index), None, True, None))

    # --- places that advance -----------------------------------------------------------------------------------------

    def _is_view(self, s: Statement) -> bool:
        """Note the view that a statement makes; tell whether it is one."""
        if s.kind != "call" or len(s.results) != 1 or not s.reads or s.results[0].memory is None:
            return False
        (r,), v = s.results, s.reads[0]
        if v.memory is None or self._left.memory(r.memory) != self._left.memory(v.memory):
            return False
        return self._advances(v, s.pieces, r)

    def _advances(self, v: Variable, pieces: Pieces, r: Variable) -> bool:
        """Note where a view stands."""
        place = self._places.of(v)
        if place is None or pieces[0] is not v:
            return False
        around, like = self._around, self._places.form(v)
        moves = any(p in around.indices for p in pieces if type(p) is Variable)
        seen = []
        try:
            for point in around.points if moves else around.points[:1]:
                texts = [p if type(p) is str else f"({around.indices[p].at(point)})" for p in pieces[1:]]
                seen.append(_viewed(like, "".join(texts)))
        except Exception:
            return False
        first = seen[0]
        if any((x.shape, x.strides, x.dtype) != (r.shape, first.strides, like.dtype) or not x.size for x in seen):
            return False
        starts = [(_address(x) - _address(like)) // like.itemsize for x in seen]
        start = around.even(starts) if moves else Even(starts[0], {})
        if start is None:
            return False
        strides = tuple([n // like.itemsize for n in first.strides])
        self._places.note(r, Position(place.base, offset(as_even(place.offset).plus(start)), strides), first)
        return True

    def _element(self, s: Statement, r: Variable) -> Operation | None:
        if not self._around.names:
            return super()._element(s, r)
        v = s.reads[0]
        if not self.kind(r) or v.memory is None or r.dtype != v.dtype:
            return None
        view = Variable("", (), r.dtype, v.memory)
        return Operation("elements", (), "{0}", (view,), r) if self._advances(v, s.pieces, view) else None

    def _write(self, s: Statement, form: Form) -> Operation | None:
        if form.op != "assignment" or type(s.pieces[0]) is not Variable:
            return super()._write(s, form)
        k = next((k for k, p in enumerate(s.pieces) if type(p) is str and "] = " in p), 0)
        index = (*s.pieces[:k], str(s.pieces[k]).partition("] = ")[0] + "]")
        v = s.reads[0]
        try:
            point, like = self._around.points[0], self._places.form(v)
            texts = [p if type(p) is str else f"({self._around.indices[p].at(point)})" for p in index[1:]]
            target = Variable("", _viewed(like, "".join(texts)).shape, v.dtype, v.memory)
        except Exception:
            return None
        if not self._advances(v, index, target):
            return None
        whole = self.kind(v) in ("d", "f") and type(form.args[1]) is int and abs(form.args[1]) < 2**53
        return self._elements(s, form, "positive", (float(form.args[1]),) if whole else form.args[1:], None, target)


def _every(statements: Sequence[Statement]) -> Iterator[Statement]:
    for s in statements:
        if isinstance(s, Loop):
            yield from _every(s.members)
        else:
            yield s


def _made_in(loop: Loop) -> set[Variable]:
    """Return what an iteration makes that is no view, nor made by a loop within."""
    return {
        r
        for s in loop.members
        if not isinstance(s, Loop) and s.kind in ("call", "copy")
        for r in s.results
        if not any(v.memory == r.memory for v in s.reads)
    }


def _viewed(like: Any, text: str) -> Any:
    if text.startswith("["):
        at = eval(f"np.s_{text}", {"np": np})
        at = at if type(at) is tuple else (at,)
        view = like[at if Ellipsis in at else (*at, ...)]
    else:
        view = eval(f"_v{text}", {"_v": like})
    if not isinstance(view, np.ndarray) or not np.may_share_memory(view, like):
        raise ValueError
    return view


def _strides(v: Variable) -> tuple[int, ...]:
    return tuple([int(np.prod(v.shape[k + 1 :], dtype=np.int64)) for k in range(len(v.shape))])


def _address(x: Any) -> int:
    return int(x.__array_interface__["data"][0])
