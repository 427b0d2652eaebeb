"""Results that take the memory of an operand which nobody looks at any more."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import LARGE
from ..program.forms import ANYTHING, ATOM, Form, Hole, Other, form_read
from ..program.statements import Statement, Variable
from .folding import ELEMENTWISE
from .optimise import Optimised
from .quicker import UFUNCS


def reusing(left: Optimised, in_block: bool = False) -> Optimised:
    """Return a program in which element-wise operations write into what is no longer needed: in L1, a fifth faster.

    Where no operand is to spare, another array is. A large one would be kept too long for that, but not `in_block`.
    """
    if left.largest < _FEWEST:
        return left
    memories = dict(left.memories)

    def memory(v: Variable) -> int | None:
        return memories.get(v.memory, v.memory)  # type: ignore[arg-type]  # None stays None

    last: dict[int | None, int] = {}
    own: set[Variable] = set()
    for k, s in enumerate(left.statements):
        for v in s.reads:
            if v.memory is not None:
                last[memories.get(v.memory, v.memory)] = k
        if s.results and s.results[0].shape and _is_made(s):
            own.update([r for r in s.results if r.memory is not None])
    for v in left.outputs:
        if type(v) is Variable:
            last[memory(v)] = len(left.statements)
    names: dict[int | None, list[int]] = {}  # the numbers of each piece of memory
    for number, place in memories.items():
        names.setdefault(place, []).append(number)
    statements = []
    spare: dict[Any, list[Variable]] = {}  # by shape, dtype and layout, arrays that nobody reads any more
    for k, s in enumerate(left.statements):
        ended = [v for v in s.reads if v in own and last[memory(v)] == k]
        free = _place(s, ended, spare) if ended or spare else None
        new = None if free is None else into(s, free)
        if free is not None and new is not None:
            if free not in ended:
                spare[free.shape, free.dtype, free.layout].pop()
            new.writes = free.memory
            place, taken = memory(free), memory(s.results[0])
            last[place] = last.get(taken, k)
            for number in (taken, *names.pop(taken, ())):
                memories[number] = place
                names.setdefault(place, []).append(number)
        for v in dict.fromkeys(ended):
            if v is not free and v.layout and (in_block or math.prod(v.shape) < LARGE):
                spare.setdefault((v.shape, v.dtype, v.layout), []).append(v)
        statements.append(s if new is None else new)
    return left._replace(statements=statements, memories=memories)


# Of fewer elements it does not matter.
_FEWEST = 2
_FRESH = frozenset(("np.zeros", "np.empty", "np.ones", "np.where", "np.concatenate", "np.stack", "np.dot"))
# What makes an array of another one, and changes it at a few places.
PATCHES = frozenset(("_added_at", "_added_where"))
_METHODS = frozenset(("copy", "dot"))


def _is_made(s: Statement) -> bool:
    """Tell whether nobody else has the memory of a result."""
    if s.kind in ("copy", "block"):
        return True
    if s.kind != "call":
        return False
    form = form_read(s)
    if form.op != "call":
        return form.op in ELEMENTWISE or form.op in ("neg", "~", "@") or (form.op == "method" and form.name in _METHODS)
    name = form.name
    if name in _FRESH or name.startswith(("total_", "_added_", "_repeated")):
        return True
    return name.endswith((".reduce", "_of_short_rows")) or _operands(name) is not None or name == "np.matmul"


def _place(s: Statement, ended: list[Variable], spare: dict[Any, list[Variable]]) -> Variable | None:
    """Return the array whose memory a result may take: an operand's, or another one's."""
    if s.kind != "call" or len(s.results) != 1:
        return None
    (r,) = s.results
    if r.memory is None or not r.layout:
        return None
    v: Variable
    for v in (*ended, *spare.get((r.shape, r.dtype, r.layout), ())[-1:]):
        if v.shape == r.shape and v.dtype == r.dtype and v.layout == r.layout:
            return v
    return None


def into(s: Statement, place: Variable | str) -> Statement | None:
    """Return an element-wise statement that writes into an array; None for another one."""
    form = form_read(s)
    if form.name in PATCHES:
        return None if "out" in form.keys else s.but((*s.pieces[:-1], ", out=", place, ")"))
    name = UFUNCS.get(form.op, form.name)
    if form.keys or len(form.args) != _operands(name):
        return None
    if form.op == "call" and s.pieces[-1] == ")":
        pieces = [*s.pieces[:-1]]
    else:
        pieces = []
        for arg in form.args:
            pieces += [", " if pieces else f"{name}("]
            pieces.append(s.reads[arg] if type(arg) is Hole else arg.text if type(arg) is Other else repr(arg))
    new = s.but((*pieces, ", out=" if name in _BY_KEYWORD else ", ", place, ")"))
    new.form = Form("call", name, (*form.args, None), {}, ATOM, (ANYTHING,) * len(new.reads))
    return new


def placed_from(
    members: Sequence[Statement], k: int, place: str, taken: Iterable[Variable]
) -> dict[Variable, Statement | None]:
    """Return, by what they result in, the statements that write a member's result into an array; None for another one.

    What makes its result of another one, and changes it at a few places, is handed it in that array already.
    """
    s = members[k]
    (r,) = s.results
    if form_read(s).name in PATCHES and type(form_read(s).args[0]) is Hole:
        v = s.reads[form_read(s).args[0]]
        at = next((j for j in range(k) if v in members[j].results), None)
        alike = (v.shape, v.dtype, v.layout) == (r.shape, r.dtype, r.layout)
        if at is not None and alike and v not in taken and s.reads.count(v) == 1:
            maker, later = members[at], members[k + 1 :]
            alone = all(x.memory != v.memory for m in members for x in (*m.reads, *m.results) if x is not v)
            if alone and maker.silent == s.silent and not any(v in m.reads for m in later):
                before = placed_from(members, at, place, taken)
                if before[v] is not None:
                    return {**before, r: into(s, v)}
    return {r: into(s, place)}


@functools.cache
def _operands(name: str) -> int | None:
    """Return how many arrays an element-wise function takes, if it makes one of them."""
    ufunc = getattr(np, name[3:], None) if name.startswith("np.") else None
    return ufunc.nin if type(ufunc) is np.ufunc and ufunc.nout == 1 and ufunc.signature is None else None


# NumPy deprecates a third operand of these. Elsewhere it takes 50 ns less than a keyword.
_BY_KEYWORD = frozenset(("np.maximum", "np.minimum"))
