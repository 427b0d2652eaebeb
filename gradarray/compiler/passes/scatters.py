"""Buffers of zeros into which little is added at an index, as the cotangent of ``x[rows, labels]``: never made.

What is left of one are its places and what stands there. It is enough for the sum of each row, and to be added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...kernels.arrays import ONES, SPLIT
from ...kernels.placing import FEWER
from ...kernels.scattered import Scattered, added_at
from ...kernels.sums import total_turns_with_sign
from ..program.forms import Other, form_read
from ..program.statements import Statement, Variable
from .optimise import Optimised

# Below this many elements a buffer is as cheap as a look at places.
LEAST = SPLIT


def scattered(left: Optimised) -> Optimised:
    """Return a program without buffers of which its places say all that is asked."""
    if left.largest < LEAST:
        return left
    writes = [s for s in left.statements if s.kind == "write" and form_read(s).name == "np.add.at"]
    if not writes:
        return left
    readers: dict[Any, list[Statement]] = {}
    for s in left.statements:
        for v in dict.fromkeys(s.reads):
            readers.setdefault(v, []).append(s)
    taken: dict[int, list[Statement]] = {}
    for write in writes:
        _take(left, readers, write, taken)
    if not taken:
        return left
    names = {"_scattered": Scattered.added, "_added_at": added_at}
    statements = [new for s in left.statements for new in taken.get(id(s), [s])]
    return left._replace(statements=statements, constants=left.constants | names)


def _take(
    left: Optimised, readers: dict[Any, list[Statement]], write: Statement, taken: dict[int, list[Statement]]
) -> None:
    """Note what takes the place of the statements about a buffer, if all of them can be told."""
    buffer = write.reads[0]
    made = _maker(left, buffer)
    if made is None or not _is_little(left, write) or readers[buffer][0] is not write:  # who looks at it while empty
        return
    z = Variable("", buffer.shape, buffer.dtype, (1 << 43) + len(taken), "C")
    pieces = (f"_scattered({z.shape}, np.{z.dtype.name}", *_behind(write))
    scatter = Statement("call", (z,), pieces, None, write.silent, write.line)
    new: dict[int, list[Statement]] = {id(made): [], id(write): [scatter]}
    for s in readers[buffer][1:]:
        if s.kind == "write" and left.memory(s.writes) == left.memory(buffer.memory):
            update = _update(s, buffer, z)  # from here on it is there
            if update is not None:
                new[id(s)] = [update]
                taken.update(new)
            return
        if form_read(s).op == "neg" and s.kind == "call":
            (r,) = s.results
            new[id(s)] = []
            if r in left.outputs:
                return
            for user in readers.get(r, ()):
                total = _total(left, user, z)
                if total is None or not total_turns_with_sign(z.shape, 1):
                    return
                (t,) = user.results
                turned = Variable("", t.shape, t.dtype, t.memory, t.layout)
                new[id(user)] = [total.but(total.pieces, results=(turned,)), user.but(("0 - ", turned))]
        else:
            other = _total(left, s, z) or _sum(left, s, buffer, z)
            if other is None:
                return
            new[id(s)] = [other]
    if buffer not in left.outputs:
        taken.update(new)


def _maker(left: Optimised, z: Variable) -> Statement | None:
    """Return the statement that makes a buffer of zeros, which has one name; None for others."""
    place, made = left.memory(z.memory), None
    for s in left.statements:
        for r in s.results:
            if r is z:
                made = s
            elif r.memory is not None and left.memory(r.memory) == place:
                return None
    if any(v is not z and type(v) is Variable and left.memory(v.memory) == place for v in left.outputs):
        return None
    return made if made is not None and made.kind == "call" and form_read(made).name == "np.zeros" else None


def _behind(write: Statement) -> Sequence[Any]:
    """Return the pieces behind the buffer."""
    return write.pieces[write.pieces.index(write.reads[0]) + 1 :]


def _is_little(left: Optimised, write: Statement) -> bool:
    """Tell whether something is added at places that are named for each axis, and are few."""
    z, *index = write.reads
    form = form_read(write)
    if z.dtype is None or z.dtype.char not in "fd" or len(z.shape) != 2 or z.layout != "C":
        return False
    size = math.prod(z.shape)
    rest = "".join([p if type(p) is str else "_" for p in _behind(write)])
    if size < LEAST or not rest.startswith(", (_, _), ") or len(form.args) != 3 or form.keys:
        return False
    rows, columns, *values = index
    for v in (rows, columns):
        if v.dtype is None or v.dtype.kind not in "iu" or not v.shape or math.prod(v.shape) * FEWER > size:
            return False
    if rows.shape != columns.shape or len(values) > 1:
        return False
    if values:
        return rest == ", (_, _), _)" and values[0].dtype is not None and values[0].dtype.kind == "f"
    value = form.args[2]
    constant = left.constants.get(value.text) if type(value) is Other else value
    return type(constant) in (int, float) or getattr(getattr(constant, "dtype", None), "kind", "") == "f"


def _total(left: Optimised, s: Statement, z: Variable) -> Statement | None:
    """Return what sums the rows of a buffer, in place of a statement that does."""
    form = form_read(s)
    if s.kind != "call" or len(s.reads) != 1 or len(s.results) != 1 or z.dtype.char != "d":
        return None
    if form.op == "call" and form.name == "total_kept" and form.args[1:] in ((1,), (-1,)) and not form.keys:
        return s.but((z, ".total(True)"))
    if form.op == "method" and form.name == "dot" and type(form.args[1]) is Other:
        ones: Any = left.constants.get(form.args[1].text)
        if getattr(ones, "base", None) is ONES and ones.shape == z.shape[1:]:
            return s.but((z, ".total(False)"))
    return None


def _update(s: Statement, buffer: Variable, z: Variable) -> Statement | None:
    """Return what makes a buffer of an array that is added to it, in place of a statement that adds it."""
    form = form_read(s)
    if len(s.reads) < 2:
        return None
    plain = form.op == "update" and form.name == "+" and len(s.reads) == 2 and s.pieces[0] is buffer
    call = form.name == "np.add" and form.keys.keys() == {"out"} and s.reads[2:] == [buffer] and len(form.args) == 2
    a = s.reads[1]
    if not (plain or call) or s.reads[0] is not buffer or a is buffer or not _is_alike(a, z):
        return None
    return Statement("call", (buffer,), ("_added_at(", a, ", ", z, ")"), None, s.silent, s.line)


def _is_alike(a: Variable, z: Variable) -> bool:
    return a.memory is not None and a.shape == z.shape and a.dtype == z.dtype and a.layout == "C"


def _sum(left: Optimised, s: Statement, buffer: Variable, z: Variable) -> Statement | None:
    """Return what adds a buffer to an array, in place of a statement that does."""
    if s.kind != "call" or len(s.reads) != 2 or len(s.results) != 1 or form_read(s).op != "+":
        return None
    a, (r,) = next((v for v in s.reads if v is not buffer), buffer), s.results
    if a is buffer or not _is_alike(a, z) or not _is_alike(r, z):
        return None
    factor = _sign(left, a)
    return s.but(("_added_at(", a, ", ", z, *(() if factor is None else (", ", factor)), ")"))


# What they return has no sign.
_NO_SIGN = frozenset(("np.exp", "np.exp2", "np.square", "np.absolute", "np.abs"))


def _sign(left: Optimised, a: Variable) -> Variable | None:
    """Return the column that says whether there may be a -0. in an array: by which what has no sign was multiplied."""
    made = {r: s for s in left.statements for r in s.results}
    s = made.get(a)
    if s is None or s.kind != "call" or form_read(s).op != "*" or len(s.reads) != 2:
        return None
    for factor, other in (s.reads, s.reads[::-1]):
        maker = made.get(other)
        if maker is None or maker.kind != "call" or form_read(maker).name not in _NO_SIGN:
            continue
        places = [left.memory(v.memory) for v in (factor, other, a)]
        written = [left.memory(w.writes) for w in left.statements if w.writes is not None]
        if factor.shape == (a.shape[0], 1) and set(written).isdisjoint(places):
            return factor
    return None
