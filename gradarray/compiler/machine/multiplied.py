"""Products of matrices and vectors within loops: small ones are loops themselves, others are those of BLAS."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from typing import Any

from ..program.forms import Form, Hole
from ..program.statements import Statement, Variable
from .lowering import Whole
from .places import Places, Position

# So many multiplications are done sooner than BLAS is called; so many where there is no BLAS for Numba.
_FEW, _MOST = 300, 30_000


def matrix_product(s: Statement, form: Form, places: Places, kind: Callable[[Variable], str]) -> Whole | None:
    """Return the product that a statement gives, if it is one of two arrays of double precision."""
    called = (form.op == "call" and form.name in ("np.dot", "np.matmul")) or (
        form.op == "method" and form.name == "dot"
    )
    if not (called or form.op == "@") or form.keys or len(form.args) != 2 or len(s.results) != 1:
        return None
    if any(type(arg) is not Hole for arg in form.args):
        return None
    (r,), (a, b) = s.results, [s.reads[arg] for arg in form.args]
    every = [(v, places.of(v)) for v in (a, b) + ((r,) if r.memory is not None else ())]
    if any(place is None or kind(v) != "d" for v, place in every) or kind(r) != "d":
        return None
    if not {len(a.shape), len(b.shape)} <= {1, 2} or a.shape[-1] != b.shape[0]:
        return None
    found = _Product(a, b, r, [place for _, place in every], s.silent)
    return found if found.work <= (_MOST if not _has_blas() else math.inf) else None


def _has_blas() -> bool:
    """Tell whether Numba finds the library that it calls for products."""
    return importlib.util.find_spec("scipy") is not None


class _Product(Whole):
    def __init__(self, a: Variable, b: Variable, r: Variable, places: list[Any], silent: bool) -> None:
        bases = [place.base for place in places]
        makes = [r] if bases[2:] == [r] else []
        numbers = [r] if r.memory is None else []
        self.work = math.prod(r.shape) * b.shape[0]
        super().__init__(self.work, (), [*dict.fromkeys(bases[:2])], bases[2:], makes, numbers)
        self._a, self._b, self._r, self._places = a, b, r, places
        self.checks = not silent

    def lines(self, writer: Any) -> list[str]:
        if self._r.memory is None:
            lines = self._inner(writer)
        elif self.work > _FEW and _has_blas() and (layouts := self._layouts()):
            lines = [self._by_blas(writer, layouts)]
        else:
            lines = self._loops(writer)
        return ["    " + line for line in [*lines, *self._checked(writer)]]

    def _at(self, writer: Any, k: int, *indices: str) -> str:
        """Return the text of an element of an operand, or of the result."""
        place: Position = self._places[k]
        terms = [f"{i} * {n}" for i, n in zip(indices, place.strides, strict=True)]
        return str(writer._element(place.base, " + ".join([*terms, str(place.offset)]).replace("+ -", "- ")))

    def _inner(self, writer: Any) -> list[str]:
        name = writer._named(self._r)
        product = f"{self._at(writer, 0, 'k')} * {self._at(writer, 1, 'k')}"
        return [f"{name} = 0.0", f"for k in range({self._b.shape[0]}):", f"    {name} = {name} + {product}"]

    def _loops(self, writer: Any) -> list[str]:
        rows = [f"for i in range({self._a.shape[0]}):"] if len(self._a.shape) == 2 else []
        columns = [f"for j in range({self._b.shape[1]}):"] if len(self._b.shape) == 2 else []
        i, j = ["i"] * len(rows), ["j"] * len(columns)
        into = self._at(writer, 2, *i, *j)
        product = f"{self._at(writer, 0, *i, 'k')} * {self._at(writer, 1, 'k', *j)}"
        along = f"for k in range({self._b.shape[0]}):"
        if not columns:
            return _nested([*rows], ["y = 0.0", along, f"    y = y + {product}", f"{into} = y"])
        zero = _nested(columns, [f"{into} = 0.0"])
        add = _nested([along, *columns], [f"{into} = {into} + {product}"])
        return _nested(rows, [*zero, *add])

    def _by_blas(self, writer: Any, layouts: list[str]) -> str:
        """Return the call of a product of what lies densely."""
        a, b, r = (f"{writer._array(p.base)}, {p.offset}" for p in self._places)
        x, y = layouts
        rows, along, columns = math.prod(self._a.shape[:-1]), self._b.shape[0], math.prod(self._b.shape[1:])
        if columns == 1:
            name, given = f"applied_{x}", f"{a}, {rows}, {along}, {b}, {r}"
        elif rows == 1:  # the other way round, of the transposed
            name, given = f"applied_{'c' if y == 'r' else 'r'}", f"{b}, {columns}, {along}, {a}, {r}"
        else:
            name, given = f"product_{x}_{y}", f"{a}, {rows}, {along}, {b}, {columns}, {r}"
        writer._helpers[name] = None
        return f"{name}({given})"

    def _layouts(self) -> list[str]:
        """Return whether the factors lie in rows or in columns; nothing where an array does not lie densely."""
        found = []
        for v, place in zip((self._a, self._b, self._r), self._places, strict=True):
            if not place.base.shape:
                return []
            if place.strides in ((1,), (v.shape[-1], 1)):
                found.append("r")
            elif place.strides == (1, v.shape[0]):
                found.append("c")
            else:
                return []
        return found[:2] if found[2] == "r" else []

    def _checked(self, writer: Any) -> list[str]:
        if not self.checks:
            return []
        if self._r.memory is None:
            name = writer._named(self._r)
            return [f"odd = odd | ({name} - {name} != 0)"]
        axes = [f"for {i} in range({n}):" for i, n in zip("ij", self._r.shape, strict=False)]
        element = self._at(writer, 2, *"ij"[: len(axes)])
        return _nested(axes, [f"y = {element}", "odd = odd | (y - y != 0)"])


def _nested(heads: list[str], lines: list[str]) -> list[str]:
    """Return lines in loops."""
    for head in reversed(heads):
        lines = [head, *["    " + line for line in lines]]
    return lines
