"""Results that take the memory of an operand which nobody looks at any more: of large arrays, by out=."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kernels.arrays import LARGE
from .forms import form_read
from .optimise import Optimised
from .statements import Statement, Variable

_UFUNCS = {"+": "np.add", "-": "np.subtract", "*": "np.multiply", "/": "np.divide", "neg": "np.negative"}


def reusing(left: Optimised) -> Optimised:
    """Return a program in which element-wise operations on large arrays write into what is no longer needed."""
    if left.largest < LARGE:
        return left
    last: dict[int | None, int] = {}
    own: set[Variable] = set()
    for k, s in enumerate(left.statements):
        reads = {left.memory(v.memory) for v in s.reads}
        for memory in reads:
            last[memory] = k
        if s.kind in ("call", "copy", "block") and _is_made(s):
            own.update([r for r in s.results if r.memory is not None and left.memory(r.memory) not in reads])
    for v in left.outputs:
        if type(v) is Variable:
            last[left.memory(v.memory)] = len(left.statements)
    memories = dict(left.memories)
    statements = []
    for k, s in enumerate(left.statements):
        place = _place(s, [v for v in s.reads if v in own and last[left.memory(v.memory)] == k])
        if place is not None:
            (r,) = s.results
            new = into(s, place)
            if new is not None:
                s = new
                s.writes = place.memory
                taken = left.memory(r.memory)
                last[left.memory(place.memory)] = last.get(taken, k)
                for number in (r.memory, *[n for n, found in memories.items() if found == taken]):
                    if number is not None:
                        memories[number] = left.memory(place.memory)
                left = left._replace(memories=memories)
        statements.append(s)
    return left._replace(statements=statements)


def _is_made(s: Statement) -> bool:
    """Tell whether nobody else has the memory of a result."""
    form = form_read(s) if s.kind != "block" else None
    return form is None or form.op not in ("call", "") or form.name.startswith(("np.", "total_"))


def _place(s: Statement, free: list[Variable]) -> Variable | None:
    """Return the operand whose memory a result may take."""
    if s.kind != "call" or len(s.results) != 1 or not free:
        return None
    (r,) = s.results
    if r.memory is None or r.layout != "C" or math.prod(r.shape) < LARGE:
        return None
    for v in free:
        if v.shape == r.shape and v.dtype == r.dtype and v.layout == "C":
            return v
    return None


def into(s: Statement, place: Variable | str) -> Statement | None:
    """Return an element-wise statement that writes into an array; None for another one."""
    form = form_read(s)
    name = _UFUNCS.get(form.op)
    if form.name == "_added_where":
        return None if form.keys else s.but((*s.pieces[:-1], ", out=", place, ")"))
    if name is None:
        func: Any = getattr(np, form.name[3:], None) if form.op == "call" and form.name.startswith("np.") else None
        if type(func) is not np.ufunc or func.nout != 1 or func.signature is not None or form.keys:
            return None
        name = form.name
    operands: list[Any] = []
    for arg in form.args:
        if type(arg) in (int, float):
            operands.append(repr(arg))
        elif hasattr(arg, "text"):
            operands.append(arg.text)
        else:
            operands.append(s.reads[arg])
    pieces: list[Any] = [f"{name}("]
    for x in operands:
        pieces += [x, ", "]
    return s.but((*pieces, "out=", place, ")"))
