"""Results that take the memory of an operand which nobody looks at any more.

An update in place, ``a *= b``, takes a seventh less time than ``a * b`` makes of few numbers, which have to be
allocated, and a fifth less of some thousands, which have to be brought into the cache. What has no such operator is
given the array by its position: ``out=`` takes 0.1 us more.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .forms import ANYTHING, ATOM, Form, Hole, form_read
from .optimise import Optimised
from .statements import Statement, Variable

# Of fewer numbers, two operands have made a new array by the time that a place for it is read.
_SOME = 64
_UFUNCS = {"+": "np.add", "-": "np.subtract", "*": "np.multiply", "/": "np.divide", "neg": "np.negative"}

_UPDATES = {op: Form("update", op, (Hole(0), Hole(1)), {}, ANYTHING, (ATOM, ANYTHING)) for op in "+-*/"}


def reusing(left: Optimised) -> Optimised:
    """Return a program in which element-wise operations write into what is no longer needed."""
    return left if left.largest < 2 else _Reuse(left).done()


class _Reuse:
    """One walk along the statements of a program, which knows who is read for the last time.

    Attributes
    ----------
    taken : what stands where a result would, by that
    """

    def __init__(self, left: Optimised) -> None:
        self._left = left
        self._joined: dict[int | None, int | None] = {}  # pieces of memory that are one now
        self._last: dict[int | None, int] = {}
        self._made: dict[Variable, Statement] = {}
        self._in_blocks: set[Variable] = set()
        self.taken: dict[Variable, Variable] = {}
        known, last = left.memories, self._last
        for k, s in enumerate(left.statements):
            for v in s.reads:
                number = v.memory
                if number is not None:
                    last[known.get(number, number)] = k
            if s.kind == "block":
                self._in_blocks.update(s.reads)
        for v in left.outputs:
            if type(v) is Variable:
                last[self._memory(v)] = len(left.statements)

    def _memory(self, v: Variable) -> int | None:
        return self._found(self._left.memory(v.memory))

    def _found(self, number: int | None) -> int | None:
        while number in self._joined:
            number = self._joined[number]
        return number

    def done(self) -> Optimised:
        left, taken = self._left, self.taken
        statements = []
        for k, s in enumerate(left.statements):
            if taken and not taken.keys().isdisjoint(s.reads):
                s = s.but(tuple([p if type(p) is str else taken.get(p, p) for p in s.pieces]))
            place = self._place(s, k)
            s = s if place is None else self._moved(s, place, k)
            statements.append(s)
            for r in s.results:
                self._made[r] = s
        if not self._joined:
            return left
        outputs = [taken.get(v, v) if type(v) is Variable else v for v in left.outputs]
        numbers = {*self._joined, *left.memories}
        memories = {n: self._found(left.memory(n)) for n in numbers if n is not None}
        return left._replace(statements=statements, outputs=outputs, memories=memories)

    def _place(self, s: Statement, k: int) -> Variable | None:
        """Return the operand whose memory the result of a statement may take."""
        if s.kind != "call" or len(s.results) != 1:
            return None
        (r,) = s.results
        if r.memory is None or not r.layout or not r.shape:
            return None
        for v in s.reads:
            alike = v.shape == r.shape and v.layout == r.layout and v.dtype == r.dtype
            if alike and self._last.get(self._memory(v)) == k and self._is_own(v):
                return v
        return None

    def _is_own(self, v: Variable) -> bool:
        """Tell whether a variable was made in a piece of memory of its own."""
        s = self._made.get(v)
        if s is None or s.kind not in ("call", "copy", "block") or not _is_made(s):
            return False
        return s.kind != "call" or self._memory(v) not in map(self._memory, s.reads) or s.writes is not None

    def _moved(self, s: Statement, place: Variable, k: int) -> Statement:
        """Return a statement whose result takes the place of an operand; itself where there is no such statement."""
        (r,) = s.results
        new = None if r in self._in_blocks else _updated(s, place)
        if new is None and (len(form_read(s).args) == 1 or math.prod(r.shape) >= _SOME):
            new = into(s, place)
        if new is None:
            return s
        new.writes = place.memory
        mine, other = self._memory(place), self._memory(r)
        self._last[mine] = self._last.get(other, k)
        if mine != other:
            self._joined[other] = mine
        if new.kind == "write":
            self.taken[r] = place
        return new


def _is_made(s: Statement) -> bool:
    """Tell whether nobody else has the memory of a result: not so of what may be a view, of a constant, say."""
    if s.kind != "call":
        return True
    form = form_read(s)
    if form.op == "call":
        return (
            form.name in _MAKERS
            or form.name.startswith("total_")
            or _ufunc(form.name.removesuffix(".reduce")) is not None
        )
    return form.name in ("dot", "copy") if form.op == "method" else form.op not in ("attribute", "index", "")


_MAKERS = frozenset(["np.zeros", "np.empty", "np.where", "np.concatenate", "np.stack", "np.dot"])


def _ufunc(name: str) -> Any:
    """Return the ufunc that a name of NumPy's is, or None."""
    func = getattr(np, name[3:], None) if name.startswith("np.") else None
    return func if type(func) is np.ufunc else None


def _updated(s: Statement, place: Variable) -> Statement | None:
    """Return an update in place that leaves there what a statement results in; None where there is no such operator."""
    form = form_read(s)
    if form.op not in ("+", "-", "*", "/"):
        return None
    operands = [_spelt(s, arg) for arg in form.args]
    if operands[0] is not place:
        if form.op in ("-", "/") or operands[1] is not place:
            return None
        operands.reverse()
    new = s.but((place, f" {form.op}= ", operands[1]), "write", ())
    if len(new.reads) == 2:
        new.form = _UPDATES[form.op]
    return new


def into(s: Statement, place: Variable | str) -> Statement | None:
    """Return an element-wise statement that writes into an array; None for another one."""
    form = form_read(s)
    if form.name == "_added_where":
        return None if "out" in form.keys else s.but((*s.pieces[:-1], ", out=", place, ")"))
    name = _UFUNCS.get(form.op, form.name if form.op == "call" else "")
    func = _ufunc(name)
    if func is None or func.nout != 1 or func.signature is not None or form.keys or len(form.args) != func.nin:
        return None
    pieces: list[Any] = [f"{name}("]
    for arg in form.args:
        pieces += [_spelt(s, arg), ", "]
    # NumPy 2.4 wants to have it said of a maximum's or a minimum's third argument what it is.
    return s.but((*pieces, "out=" if name in ("np.maximum", "np.minimum") else "", place, ")"))


def _spelt(s: Statement, arg: Any) -> Any:
    """Return an operand as it stands in a text."""
    return s.reads[arg] if type(arg) is Hole else getattr(arg, "text", None) or repr(arg)
