"""Small products of matrices: a call of NumPy's takes longer than the product itself.

A product is done in the function that first needs it; where there is none, it is NumPy's. The second factor lies in
rows: of one that does not, and that nobody writes into, there is a copy if several products have it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from ..program.forms import Hole, form_read
from ..program.statements import Statement, Variable
from .lowering import Operation
from .places import Places

# So many products of numbers: from there on, BLAS is done sooner, also with its call.
MOST = 1 << 15
# So many products make up for a copy of a factor.
_COPIED = 3
_CALLS = frozenset(("np.dot", "np.matmul"))


def factors(s: Statement) -> tuple[Variable, Variable] | None:
    """Return the factors of a small product of two matrices; None for another statement."""
    if s.kind != "call" or len(s.results) != 1 or len(s.reads) != 2:
        return None
    form = form_read(s)
    called = form.op == "@" or (form.op == "method" and form.name == "dot") or form.name in _CALLS
    if not called or form.keys or form.args != (Hole(0), Hole(1)) or not all(type(a) is Hole for a in form.args):
        return None
    a, b = s.reads
    if any(len(v.shape or ()) != 2 or v.dtype.char != "d" or not v.dtype.isnative for v in (a, b)):
        return None
    (m, k), n = a.shape, b.shape[1]
    return (a, b) if 0 < m * k * n <= MOST and n > 1 and k == b.shape[0] else None


def small_product(s: Statement, places: Places) -> Operation | None:
    """Return the operation of a small product, where the second factor lies in rows."""
    found = factors(s)
    (r,) = s.results if len(s.results) == 1 else (None,)
    if found is None or r is None or r.memory is None or r.layout != "C" or r.dtype.char != "d":
        return None
    at = [places.of(v) for v in (*found, r)]
    if None in at or at[1].strides[1] != 1 or at[2].base is not r:  # type: ignore[union-attr]
        return None
    shape = (*found[0].shape, found[1].shape[1])
    return Operation("product", shape, "product", found, r, None, frozenset([0, 1]), s.silent)


def with_copies(
    statements: Iterable[Statement], places: Places, memory: Callable[[int | None], int | None]
) -> list[Statement]:
    """Return statements in which second factors lie in rows."""
    statements = [*statements]
    used: Counter[Variable] = Counter()
    for s in statements:
        found = factors(s)
        place = places.of(found[1]) if found else None
        if found and place is not None and place.strides[1] != 1:
            used[found[1]] += 1
    written = {memory(s.writes) for s in statements if s.writes is not None}
    copies: dict[Variable, Variable] = {}
    new: list[Statement] = []
    for s in statements:
        found = factors(s)
        b = found[1] if found else None
        if b is not None and found is not None and used[b] >= _COPIED and memory(b.memory) not in written:
            if b not in copies:
                copies[b] = copy = Variable("", b.shape, b.dtype, 1 << 45 | len(copies), "C")
                new.append(Statement("call", (copy,), ("np.ascontiguousarray(", b, ")"), None, s.silent, s.line))
            pieces = [*s.pieces]
            last = max(k for k, p in enumerate(pieces) if type(p) is Variable)
            pieces[last] = copies[b]
            s = s.but(tuple(pieces))
        new.append(s)
    return new


def product_line(a: Any, b: Any, c: str, shape: tuple[int, ...]) -> str:
    """Return the line that fills `c` with the product of two factors, each an array, an offset and strides."""
    (x, x0, (xi, xj)), (y, y0, (yi, _)) = a, b
    m, k, n = shape
    return f"product({x}, {x0}, {xi}, {xj}, {y}, {y0}, {yi}, {c}, {m}, {k}, {n})"
