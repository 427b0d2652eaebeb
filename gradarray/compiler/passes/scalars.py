"""Numbers of Python's in place of NumPy's scalars, with which Python computes in a third of the time; the same bits.

Python says nothing of an infinity, and raises where it divides by zero. So a program that computes so is written where
all scalars are far from infinite, and fails where one is not: another one is written then, in which NumPy says what
there is to say. Of an underflow it says nothing, unless the user has asked for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...context.settings import USUAL, ignores_underflow
from ...kernels.arrays import FLOAT64
from ..program.forms import Form, Hole, form_read, of_text
from ..program.program import Program
from ..program.statements import Statement, Variable
from .optimise import Optimised

_ARITHMETIC = frozenset(("+", "-", "*", "/", "neg"))
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))
# What is infinite or undefined if its first operand is; and if its second one is.
_CARRIES = (_ARITHMETIC, frozenset(("+", "-", "*")))
_EXACT = 2**53
# So many are asked at a time whether they are finite: their sum is, where each is as small as has been seen.
_AT_ONCE = 50


def in_python(p: Program, left: Optimised) -> Optimised:
    """Return a program that computes with numbers of Python's where that is the same."""
    if not p.tame:
        return left
    forms = [_arithmetic(s) for s in left.statements]
    if not any(forms):
        return left
    numbers = _Numbers(left, forms, p.ambient is USUAL)
    return left._replace(statements=numbers.of(left.statements, forms), outputs=numbers.returned(left.outputs))


def _is_scalar(v: Any) -> bool:
    return v.memory is None and v.dtype is FLOAT64 and v.shape == ()


def _is_number(v: Variable) -> bool:
    return v.memory is None and v.shape == () and (v.dtype is None or v.dtype is FLOAT64)


def _arithmetic(s: Statement) -> Form | None:
    """Return the form of a statement, if Python computes the same of floating-point numbers of its own."""
    if s.kind != "call" or len(s.results) != 1 or not _is_scalar(s.results[0]) or not _says_arithmetic(s):
        return None
    for v in s.reads:
        if v.memory is not None or v.shape != () or not (v.dtype is FLOAT64 or v.dtype is None):
            return None
    return form_read(s)


@of_text
def _says_arithmetic(form: Form) -> bool:
    if not all(map(_is_exact, form.args)):
        return False
    return form.op in _ARITHMETIC or (form.op == "**" and type(form.args[0]) is Hole and type(form.args[1]) is int)


def _is_exact(arg: Any) -> bool:
    kind = type(arg)
    return kind is Hole or kind is float or (kind is int and abs(arg) < _EXACT)


class _Numbers:
    """What becomes a number of Python's.

    Parameters
    ----------
    left
    forms : of the statements that are arithmetic
    usual : NumPy says of infinities what it says unless it is told otherwise, and nothing of underflows
    """

    def __init__(self, left: Optimised, forms: Sequence[Form | None], usual: bool) -> None:
        self._wanted: set[Variable] = set()  # with which something is computed
        self._kept: set[Variable] = set()  # which have to be NumPy's
        self._pythons: set[Variable] = set()
        self._open: dict[Variable, None] = {}  # of which it is to be asked whether they are finite
        self._count = 0
        asked = {v for s in left.statements if s.kind == "guard" for v in s.reads}  # by guards alone
        asked.difference_update(left.outputs, *[s.reads for s in left.statements if s.kind != "guard"])
        for s, form in zip(left.statements, forms, strict=True):
            if form is None:
                self._kept.update([v for v in s.reads if _is_scalar(v) and not _takes(s, v, asked)])
            elif usual or s.silent:
                self._wanted.update([v for v in s.reads if v.dtype is not None])
            else:
                self._kept.update(s.reads)

    def of(self, statements: Sequence[Statement], forms: Sequence[Form | None]) -> list[Statement]:
        new: list[Statement] = []
        for s, form in zip(statements, forms, strict=True):
            new.append(s if s.kind != "call" or len(s.results) != 1 else self._computed(s, form))
        self._last = statements[-1]
        if self._open:
            new.insert(0, self._last.but(("not _ignores_underflow(_errors.get())",), "guard", ()))
            every = [*self._open]
            for k in range(0, len(every), _AT_ONCE):
                pieces = [x for v in every[k : k + _AT_ONCE] for x in (" + ", v)]
                new.append(self._last.but(("not _isfinite(", *pieces[1:], ")"), "guard", ()))
        self._new = new
        return new

    def _computed(self, s: Statement, form: Form | None) -> Statement:
        (r,) = s.results
        if form is not None and self._pythons.issuperset([v for v in s.reads if v.dtype is not None]):
            if not s.silent:
                self._open[r] = None
                for k, arg in enumerate(form.args):
                    if type(arg) is Hole and form.op in _CARRIES[k]:
                        self._open.pop(s.reads[arg], None)
            if r in self._kept:
                return s.but(("np.float64(", *s.pieces, ")"))
            self._pythons.add(r)
            return s
        if r in self._wanted and r not in self._kept:
            self._pythons.add(r)
            if s.pieces[1:] == ("[()]",):
                return s.but((s.pieces[0], ".item()"))
            return s.but(("float(", *s.pieces, ")"))
        return s

    def returned(self, outputs: Sequence[Any]) -> list[Any]:
        """Return the outputs, those of NumPy's type again that had it."""
        made: dict[Any, Variable] = {}
        for v in outputs:
            if v in self._pythons and v not in made:
                self._count += 1
                made[v] = Variable(f"s{self._count}", (), FLOAT64)
                self._new.append(self._last.but(("np.float64(", v, ")"), "call", (made[v],)))
        return [made.get(v, v) for v in outputs]


def _takes(s: Statement, v: Variable, asked: set[Variable]) -> bool:
    """Tell whether a statement that is no arithmetic does the same with a number of Python's."""
    if s.kind == "guard":
        return _asks(s)
    if s.kind not in ("write", "call"):
        return False
    form = form_read(s)
    if s.kind == "write":
        into = form.op in ("update", "assignment") and type(form.args[1]) is Hole
        return into and s.reads[form.args[1]] is v and s.reads[0].dtype is FLOAT64 and s.reads.count(v) == 1
    if len(s.results) != 1:
        return False
    (r,) = s.results
    if not all(type(a) is Hole or _is_exact(a) for a in form.args) or form.keys:
        return False
    if form.op in _ARITHMETIC:  # beside arrays
        return r.dtype is FLOAT64 and all(x.dtype is FLOAT64 for x in s.reads)
    if not all(map(_is_number, s.reads)):
        return False
    if form.op in _COMPARISONS:
        return r in asked
    if form.name == "np.array":
        return r.dtype is FLOAT64 and len(form.args) == 1
    ufunc = getattr(np, form.name[3:], None) if form.name.startswith("np.") else None
    return type(ufunc) is np.ufunc and ufunc.nout == 1 and _is_scalar(r)


def _asks(s: Statement) -> bool:
    """Tell whether a guard asks for the value alone."""
    form = form_read(s)
    plain = form.op in _COMPARISONS or form.op == "not" or s.pieces == tuple(s.reads)
    return (plain and all(type(a) is Hole or _is_exact(a) for a in form.args)) or s.pieces[0] == "np.asarray("


NAMES = {"_isfinite": math.isfinite, "_ignores_underflow": ignores_underflow}
