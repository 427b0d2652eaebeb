"""Of a large array, the sum of -x is 0 minus the sum of x; -x is never made then, in a block or elsewhere."""

from __future__ import annotations

import math
from typing import Any

from ...kernels.arrays import LARGE, ONES
from ...kernels.sums import total_turns_with_sign
from ..program.forms import Form, Other, form_read
from ..program.statements import Statement, Variable
from .optimise import Optimised, is_between


def signs_behind_sums(left: Optimised) -> Optimised:
    """Return a program that sums before it changes the sign."""
    if left.largest < LARGE:
        return left
    uses: dict[Any, int] = dict.fromkeys(left.outputs, 2)
    negatives: dict[Variable, int] = {}
    writes: dict[int | None, list[int]] = {}
    for k, s in enumerate(left.statements):
        for v in s.reads:
            uses[v] = uses.get(v, 0) + 1
        if s.writes is not None:
            writes.setdefault(left.memory(s.writes), []).append(k)
        if s.kind == "call" and len(s.results) == 1 and form_read(s).op == "neg" and s.reads:
            negatives[s.results[0]] = k
    kept: dict[int, list[Statement]] = {k: [s] for k, s in enumerate(left.statements)}
    memory = 1 << 42  # of pieces of memory, whose numbers are nobody else's
    for k, s in enumerate(left.statements):
        at = negatives.get(s.reads[0]) if len(s.reads) == 1 and len(s.results) == 1 and s.kind == "call" else None
        if at is None or uses[s.reads[0]] != 1:
            continue
        inner = left.statements[at]
        (x,), (r,) = inner.reads, s.results
        form = form_read(s)
        places = [left.memory(v.memory) for v in (x, s.reads[0])]
        if inner.silent != s.silent or not _turns(left, form, x) or not r.shape:
            continue
        if any(is_between(writes.get(place, ()), at, k) for place in places):
            continue
        memory += 1
        total = Variable("", r.shape, r.dtype, memory, r.layout)
        pieces = tuple([x if p is s.reads[0] else p for p in s.pieces])
        kept[at], kept[k] = [], [s.but(pieces, results=(total,)), s.but(("0 - ", total))]
    return left._replace(statements=[s for some in kept.values() for s in some])


def _turns(left: Optimised, form: Form, x: Variable) -> bool:
    """Tell whether a statement sums, and the sum of -x is 0 minus that of x, to the last bit."""
    if x.dtype is None or x.dtype.char != "d" or x.layout != "C" or math.prod(x.shape) < LARGE:
        return False
    if form.op == "method" and form.name == "dot" and len(x.shape) == 2 and type(form.args[1]) is Other:
        return getattr(left.constants.get(form.args[1].text), "base", None) is ONES
    return form.op == "call" and form.name == "total_kept" and total_turns_with_sign(x.shape, form.args[1])
