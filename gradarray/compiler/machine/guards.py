"""Guards that ask whether there is a NaN in arrays, by the sum of their squares or by their largest element."""

from __future__ import annotations

from typing import Any

from ..passes.folding import in_few_pieces
from ..program.forms import Form
from ..program.statements import Statement, Variable


def asks_itself(s: Statement) -> bool:
    """Tell whether a guard compares something with itself."""
    return s.kind == "guard" and len(s.reads) == 2 and s.pieces == (s.reads[0], " != ", s.reads[0])


def squared(s: Statement, form: Form) -> tuple[Variable, ...]:
    """Return the arrays whose sum of squares, or largest element, a statement gives: NaN where one of theirs is."""
    if form.name == "np.maximum.reduce" and form.keys == {"axis": None} and len(s.reads) == 1:
        return (s.reads[0],) if s.reads[0].dtype is not None and s.reads[0].dtype.kind == "f" else ()
    pairs = list(zip(s.reads[::2], s.reads[1::2], strict=False))
    if not pairs or len(s.reads) % 2 or any(a is not b or a.dtype is None or a.dtype.kind != "f" for a, b in pairs):
        return ()
    texts = [["", ".dot(", ")"], ["np.vdot(", ", ", ")"]]
    wanted: list[Any] = []
    for a, _ in pairs:
        first, between, last = texts[len(a.shape) != 1]
        wanted += [" + " if wanted else "", first, a, between, a, last]
    wanted = [p for p in wanted if p != ""]
    return tuple([a for a, _ in pairs]) if in_few_pieces(wanted) == in_few_pieces(s.pieces) else ()
