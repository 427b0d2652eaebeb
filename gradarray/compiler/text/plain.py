"""Statements as a student would write them: what is there for speed, or for the program itself, put plainly."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ...kernels.arrays import ONES
from ..passes.expressions import ANY, makes_view
from ..passes.folding import REDUCTIONS, in_few_pieces
from ..passes.optimise import Optimised, asked_for_nan, needed
from ..program.forms import Form, Hole, Other, RulesByName, form_read, operand
from ..program.lines import said
from ..program.statements import Pieces, Statement, Variable
from ..rolling.iterated import Loop

_RULES = RulesByName[Callable[[Any, Statement, Form], Any]]()
_rule = _RULES.adding


def plainly_put(left: Optimised, given: set[int | None]) -> Optimised:
    """Return a program for readers: without the guards that ask for a NaN, or of which only a sweep knows."""
    put = _Plain(left)
    for s in left.statements:
        if s.kind == "guard" and (s.silent or asked_for_nan(s) or " != np." in "".join(map(str, s.pieces))):
            continue
        put.take(s)
    outputs = [v for v in left.outputs if type(v) is Variable]
    given = {left.memory(m) for m in given}
    return left._replace(statements=needed(put.statements, given, outputs, left.memory))


# So long may a text be that stands wherever its result is used.
_SHORT = 16


def places_spelt_out(
    left: Optimised, parts: Sequence[tuple[str, str]], inputs: Sequence[Variable]
) -> tuple[Optimised, list[Variable]]:
    """Return a program that reads elements, as ``x[0]``, wherever it uses them; so a loop over places shows as one.

    Parameters
    ----------
    left
    parts : how what stands in containers is reached, by name
    inputs

    Returns
    -------
    Optimised
    list of Variable
        The containers, of which it reads items itself.
    """
    written = {left.memory(s.writes) for s in left.statements if s.writes is not None}
    given = {left.memory(v.memory) for v in inputs}
    written |= set() if written.isdisjoint(given) else given  # they may share memory
    kept = {v for v in left.returned() if type(v) is Variable}
    containers: dict[str, Variable] = {}
    texts: dict[Variable, Pieces] = {}
    reached = dict(parts)
    for v in inputs:
        name, bracket, rest = reached.get(v.name, "").partition("[")
        if _NUMBERED.search(bracket + rest) and v not in kept and left.memory(v.memory) not in written:
            texts[v] = containers.setdefault(name, Variable(name, memory=ANY)), bracket + rest
    labels = assigned(left.statements)
    statements: list[Statement] = []
    for s in left.statements:
        if not texts.keys().isdisjoint(s.reads):
            s = s.but(in_few_pieces([p for piece in s.pieces for p in texts.get(piece, (piece,))]))
        if _is_place(s, left, written) and s.results[0] not in labels and s.results[0] not in kept:
            texts[s.results[0]] = s.pieces
        else:
            statements.append(s)
    return left._replace(statements=statements), [*containers.values()]


_NUMBERED = re.compile(r"\[\d")


def _is_place(s: Statement, left: Optimised, written: set[int | None]) -> bool:
    """Tell whether a statement reads an element, or a part, of what is never written into."""
    if s.kind != "call" or len(s.results) != 1 or len(s.reads) != 1 or form_read(s).op != "index":
        return False
    (v,), (r,) = s.reads, s.results
    if s.pieces[0] is not v or len("".join(map(str, s.pieces[1:]))) > _SHORT or left.memory(v.memory) in written:
        return False
    return v.memory is not None and (r.memory is None or makes_view(s, left))


def assigned(statements: Sequence[Statement]) -> dict[Variable, str]:
    """Return the names that the user's lines assign, by what they came to."""
    labels: dict[Variable, str] = {}
    behind: Statement | None = None
    for s in reversed(statements):
        if type(s) is Loop:
            labels |= assigned(s.members)
        after, behind = behind, s if s.kind != "guard" else behind
        source = said(s.line)
        if s.silent or s.kind != "call" or source is None or not source.target or len(s.results) != 1:
            continue
        if after is None or after.silent or said(after.line) != source:
            labels[s.results[0]] = source.target
    return labels


class _Plain:
    def __init__(self, left: Optimised) -> None:
        self.left = left
        self.statements: list[Statement] = []
        self.made: dict[Variable, Statement] = {}

    def take(self, s: Statement) -> None:
        again: Statement | None = s
        while again is not None:
            s, again = again, None
            form = form_read(s)
            for rule in (*_RULES.of(form), _argument_lists):
                again = rule(self, s, form)
                if again is not None and again.pieces != s.pieces:
                    break
                again = None  # it is so already
        for r in s.results:
            self.made[r] = s
        self.statements.append(s)

    def is_ones(self, arg: Any) -> bool:
        value = self.left.constants.get(arg.text) if type(arg) is Other else None
        return getattr(value, "base", None) is ONES

    def ndim(self, x: Any) -> int:
        array = self.left.constants.get(x.text) if type(x) is Other else x
        return len(getattr(array, "shape", ()))

    def before(self, v: Any) -> Statement | None:
        """Return the statement that has just made a variable."""
        s = self.made.get(v) if type(v) is Variable else None
        return s if s is not None and s in self.statements[-2:] else None


def _sum(put: _Plain, s: Statement, x: Any, axis: int, more: str = "") -> Statement:
    """Return a sum of a variable, or of a constant, along an axis."""
    along = f", axis={axis}{more})" if put.ndim(x) > 1 else ")"
    return s.but(in_few_pieces(["np.sum(", x if type(x) is Variable else x.text, along]))


@_rule("dot")
def _along_ones(put: _Plain, s: Statement, form: Form) -> Any:
    v = operand(s, form.args[0])
    return _sum(put, s, v, len(v.shape) - 1) if type(v) is Variable and put.is_ones(form.args[1]) else None


@_rule("np.dot")
def _by_ones(put: _Plain, s: Statement, form: Form) -> Any:
    w, v = [operand(s, arg) for arg in form.args]
    if type(v) is Variable and put.is_ones(form.args[0]):
        return _sum(put, s, v, 0)
    if all(0 < put.ndim(x) < 3 for x in (v, w)):
        return s.but(in_few_pieces([x if type(x) is Variable else x.text for x in (w, Other(" @ "), v)]))
    return None


@_rule("total_along", "total_kept")
def _along(put: _Plain, s: Statement, form: Form) -> Any:
    kept = ", keepdims=True" if form.name == "total_kept" else ""
    return _sum(put, s, operand(s, form.args[0]), form.args[1], kept)


@_rule("reshape")
def _keeping_axes(put: _Plain, s: Statement, form: Form) -> Any:
    v = operand(s, form.args[0])
    inner = put.before(v)
    if inner is None or len(inner.pieces) != 3 or inner.pieces[0] != "np.sum(" or form.op != "method":
        return None
    w, axis = inner.pieces[1], re.fullmatch(r", axis=(\d)\)", inner.pieces[2])
    if axis is None:
        return None
    shape = tuple([1 if i == int(axis[1]) else n for i, n in enumerate(w.shape)])
    return _sum(put, s, w, int(axis[1]), ", keepdims=True") if shape == s.results[0].shape else None


@_rule(*REDUCTIONS)
def _reduction(_put: _Plain, s: Statement, form: Form) -> Any:
    v = operand(s, form.args[0])
    if type(v) is not Variable or len(form.args) != 1 or any(type(x) in (Hole, Other) for x in form.keys.values()):
        return None
    keys = "".join([f", {k}={x!r}" for k, x in form.keys.items() if (k, x) != ("axis", None)])
    return s.but((f"{REDUCTIONS[form.name]}(", v, f"{keys})"))


@_rule("np.zeros", "np.empty", "np.ones")
def _made(_put: _Plain, s: Statement, form: Form) -> Any:
    if len(form.args) != 2 or type(form.args[0]) is not tuple:
        return None
    (shape, dtype), rest = form.args, ""
    if dtype != Other("np.float64"):
        rest = f", {dtype.text}"
    return s.but((f"{form.name}({shape[0] if len(shape) == 1 else shape}{rest})",))


@_rule("copy", "np.copy")
def _copied(_put: _Plain, s: Statement, form: Form) -> Any:
    v = operand(s, form.args[0])
    return s.but((v, ".copy()")) if form.op == "method" and len(form.args) > 1 and type(v) is Variable else None


@_rule("assignment")
def _updated(put: _Plain, s: Statement, _form: Form) -> Any:
    """Make ``x[i] += v`` of ``x[i] = x[i] + v``."""
    inner = put.before(s.pieces[-1])
    if inner is None or form_read(inner).op not in ("+", "-"):
        return None
    left, right = form_read(inner).args
    read = put.made.get(operand(inner, left))
    place = s.pieces[:-1]
    if read is None or type(place[-1]) is not str or not place[-1].endswith("] = "):
        return None
    if tuple(read.pieces) != (*place[:-1], place[-1][:-3]):
        return None
    term = operand(inner, right)
    piece = term if type(term) is Variable else term.text if type(term) is Other else repr(term)
    return s.but((*place[:-1], f"{place[-1][:-3]} {form_read(inner).op}= ", piece))


def _argument_lists(_put: _Plain, s: Statement, _form: Form) -> Any:
    """Leave the comma out behind an index that stands alone."""
    pieces = tuple([re.sub(r":(-?\d*),\]", r":\1]", p) if type(p) is str else p for p in in_few_pieces(s.pieces)])
    return s.but(pieces) if pieces != tuple(s.pieces) else None
