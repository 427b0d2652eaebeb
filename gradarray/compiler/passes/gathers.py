"""Elements that are looked up in what was computed of whole arrays: only they are computed.

``(a - b)[rows, columns]``, as the terms of a loss that belong to labels, becomes ``a[rows, columns] - b[rows, 0]``
where nobody needs the difference, or where it is large: a block need not store it then. The bits are the same, since
each element of a sum, a product or a quotient is rounded by itself.
"""

from __future__ import annotations

import math
from typing import Any

from ...kernels.arrays import LARGE, SPLIT
from ..program.forms import form_read
from ..program.statements import Statement, Variable
from .folding import in_few_pieces
from .optimise import Optimised, is_between

_OPERATORS = frozenset(("+", "-", "*", "/", "neg"))
# So many times fewer have to be looked up.
_FEWER = 8


def gathered(left: Optimised, always: bool = False) -> Optimised:
    """Return a program that looks elements up before it computes with them; `always`, or where arrays are large."""
    return left if left.largest < LARGE else _Gathers(left, always).done()


class _Gathers:
    def __init__(self, left: Optimised, always: bool) -> None:
        self._left, self._always = left, always
        self._made: dict[Variable, tuple[int, Statement]] = {}
        self._uses: dict[Any, int] = dict.fromkeys(left.outputs, 1 << 30)
        self._writes: dict[int | None, list[int]] = {}
        self._count = 1 << 41  # of pieces of memory, whose numbers are nobody else's
        self._gone: set[Variable] = set()
        for k, s in enumerate(left.statements):
            for v in s.reads:
                self._uses[v] = self._uses.get(v, 0) + 1
            if s.writes is not None:
                self._writes.setdefault(left.memory(s.writes), []).append(k)

    def done(self) -> Optimised:
        statements: list[Statement] = []
        for k, s in enumerate(self._left.statements):
            statements += self._looked_up(s, k)
            if len(s.results) == 1:
                self._made[s.results[0]] = k, s
        kept = [s for s in statements if self._gone.isdisjoint(s.results)]
        return self._left._replace(statements=kept)

    def _looked_up(self, s: Statement, k: int) -> list[Statement]:
        """Return what takes the place of a statement: itself, or look-ups of operands and what is computed of them."""
        index = _places(s)
        found = self._made.get(s.reads[0]) if index else None
        if found is None or not self._pays(s, *found, k):
            return [s]
        whole, inner = s.reads[0], found[1]
        before: list[Statement] = []
        taken: dict[Variable, Variable] = {}
        for v in inner.reads:
            if v.shape and v not in taken:
                self._count += 1
                taken[v] = element = Variable("", s.results[0].shape, v.dtype, self._count, "C")
                look_up = s.but(_look_up(v, whole.shape, index), results=(element,))
                for w in look_up.reads:
                    self._uses[w] = self._uses.get(w, 0) + 1
                before += self._looked_up(look_up, k)
        self._forget(s)
        return [
            *before,
            inner.but(tuple([p if type(p) is str else taken.get(p, p) for p in inner.pieces]), results=s.results),
        ]

    def _pays(self, s: Statement, at: int, inner: Statement, k: int) -> bool:
        (whole, *_), (r,) = s.reads, s.results
        size = math.prod(whole.shape)
        alone = self._uses[whole] == 1
        if size < LARGE or math.prod(r.shape) * _FEWER > size or not (alone or self._always or size >= SPLIT):
            return False
        if inner.kind != "call" or inner.silent != s.silent or form_read(inner).op not in _OPERATORS:
            return False
        if any(v.dtype is None or (v.shape and v.memory is None) for v in inner.reads):
            return False
        # A row, or a column, that is looked up has as many elements as there are places.
        if any(v.shape and all(n == 1 for n in v.shape) for v in inner.reads):
            return False
        memories = [self._left.memory(v.memory) for v in (whole, *inner.reads) if v.memory is not None]
        return not any(is_between(self._writes.get(m, ()), at, k) for m in memories)

    def _forget(self, s: Statement) -> None:
        """Leave out what only this statement has read, and what only that has."""
        rest = [s]
        while rest:
            for v in rest.pop().reads:
                self._uses[v] -= 1
                if not self._uses[v] and v in self._made and self._made[v][1].kind == "call":
                    inner = self._made[v][1]
                    if form_read(inner).op in _OPERATORS:
                        self._gone.add(v)
                        rest.append(inner)


def _places(s: Statement) -> list[Variable]:
    """Return the lists of places, one for each axis, at which a statement looks elements up; none for another one."""
    if s.kind != "call" or len(s.results) != 1 or form_read(s).op != "index" or s.pieces[0] is not s.reads[0]:
        return []
    whole, *index = s.reads
    text = "".join([p if type(p) is str else "_" for p in s.pieces[1:]])
    if whole.shape is None or len(index) != len(whole.shape) or text != f"[{', '.join('_' * len(index))}]":
        return []
    one = len(index) > 0 and all(len(v.shape or ()) == 1 and v.dtype.kind in "iu" for v in index)
    return index if one and len({v.shape for v in index}) == 1 else []


def _look_up(v: Variable, shape: tuple[int, ...], index: list[Variable]) -> tuple[Any, ...]:
    """Return the text that looks up, of what is broadcast to a shape, the elements at some places."""
    pieces: list[Any] = [v, "["]
    behind = len(shape) - len(v.shape)
    for k, n in enumerate(v.shape):
        pieces += [", "] if k else []
        pieces.append("0" if n == 1 != shape[behind + k] else index[behind + k])
    return in_few_pieces([*pieces, "]"])
