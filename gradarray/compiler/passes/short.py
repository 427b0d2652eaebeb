"""Short rows in blocks. NumPy begins a loop for each of them, which takes as long as the arithmetic of 60 elements.

- An operand that is broadcast to short rows is repeated first, so that the loop goes on from row to row.
- Short rows are summed column by column, in the order in which NumPy sums a row.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

import numpy as np

from ...kernels.arrays import FLOAT64, LARGE
from ...kernels.sums import SHORT, sums_short_rows_so
from ..program.forms import Hole, form_read
from ..program.statements import Statement, Variable
from .blocks import RowBlock
from .folding import ELEMENTWISE
from .optimise import Optimised


def in_long_rows(left: Optimised) -> Optimised:
    """Return a program whose blocks have no loops over short rows."""
    for k, s in enumerate(left.statements):
        if isinstance(s, RowBlock):
            s.members = [*_longer(s.members, k << 20 | 1 << 41)]
    return left


def _longer(members: Iterable[Statement], memory: int) -> Iterable[Statement]:
    for s in members:
        if s.kind != "call" or len(s.results) != 1 or math.prod(s.results[0].shape or ()) < 2:
            yield s
            continue
        form, (r,) = form_read(s), s.results
        if form.name == "np.add.reduce":
            yield _by_columns(s)
        elif form.op in ELEMENTWISE or _is_binary(form.name):
            for v in dict.fromkeys(s.reads):
                short = v
                for axis, count in _repeats(v, r):
                    memory += 1
                    shape = (*short.shape[:axis], count, *short.shape[axis + 1 :])
                    longer = Variable("", shape, v.dtype, memory, "C")
                    yield s.but(("_repeated(", short, f", {count}, {axis})"), results=(longer,))
                    short = longer
                if short is not v:
                    s = s.but(tuple([short if p is v else p for p in s.pieces]))
            yield s
        else:
            yield s


def _is_binary(name: str) -> bool:
    ufunc = getattr(np, name[3:], None) if name.startswith("np.") else None
    return type(ufunc) is np.ufunc and ufunc.nin == 2 and ufunc.signature is None


def _repeats(v: Variable, r: Variable) -> Iterable[tuple[int, int]]:
    """Yield along which axes, and how often, an operand is to be repeated so that loops are long; never the first."""
    if v.memory is None or len(v.shape) != len(r.shape) or math.prod(r.shape) < LARGE or len(r.shape) < 2:
        return
    axes = [axis for axis in range(len(r.shape) - 1, 0, -1) if r.shape[axis] != 1]
    rows = 1  # so long is the loop
    for broadcast, group in itertools.groupby(axes, lambda axis: bool(v.shape[axis] != r.shape[axis])):
        along = [*group]  # over which NumPy goes in one loop
        length = math.prod([r.shape[axis] for axis in along])
        if max(rows, length if rows == 1 else 1) >= SHORT:
            return
        if broadcast:
            yield from [(axis, r.shape[axis]) for axis in along]
        rows *= length


def _by_columns(s: Statement) -> Statement:
    form, v = form_read(s), s.reads[0]
    n, axis = v.shape[-1], form.keys.get("axis")
    if len(form.args) != 1 or type(form.args[0]) is not Hole or form.keys.keys() != {"axis"} or type(axis) is not int:
        return s
    if axis % len(v.shape) != len(v.shape) - 1 or v.dtype is not FLOAT64 or v.layout != "C":
        return s
    if math.prod(v.shape) < LARGE or not sums_short_rows_so(n):
        return s
    return s.but(("(np.add.reduce if _again else _sum_of_short_rows)(", v, f", axis={len(v.shape) - 1})"))
