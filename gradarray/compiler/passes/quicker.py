"""Spellings that NumPy carries out sooner, with the same bits; the text for readers does without them.

- A number of Python's beside a small array costs as much as the arithmetic: 0.6 us with it, 0.35 with an array without
  axes. So it is made such an array once, when the program is written.
- An operator between small arrays takes a tenth longer than the function of NumPy's that it calls.
- ``np.dot`` asks all operands whether they want to answer, which the method of an array does not. Nor does it look for
  axes to be broadcast, as ``@`` does: between a small matrix and a vector it takes a fifth less.
- The true ones in a row of truth values are counted in the shortest integers that can hold the count, not the longest;
  by their places, where these are needed anyway.
- ``a + np.where(c, x, 0)``, the slope of a maximum, looks at the places alone where `c` is true.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import FLOAT64, LARGE
from ...kernels.placing import added_where
from ..program.forms import ANYTHING, ATOM, Form, Hole, Other, form_read, operand
from ..program.program import Program
from ..program.statements import Statement, Variable
from .blocks import RowBlock
from .optimise import Optimised

# What operators between arrays call. There, a number stands for an array of itself.
UFUNCS = {"+": "np.add", "-": "np.subtract", "*": "np.multiply", "/": "np.divide", "neg": "np.negative"}
UFUNCS |= {"<": "np.less", "<=": "np.less_equal", ">": "np.greater", ">=": "np.greater_equal"}
UFUNCS |= {"==": "np.equal", "!=": "np.not_equal"}
# What ** does with an array and one of these exponents.
_POWERS: dict[float, str] = {2: "np.square", 0.5: "np.sqrt"}
_FUNCTIONS = frozenset(("np.maximum", "np.minimum", "np.where"))
_EXACT = 2**53
_REDUCTIONS = frozenset(f"np.{name}.reduce" for name in ("add", "multiply", "maximum", "minimum"))


def quicker(p: Program, left: Optimised) -> Optimised:
    """Return a program in the spellings that are carried out soonest."""
    if left.largest < 2:
        return left
    spelling = _Spelling(p, left)
    return left._replace(statements=spelling.of(left.statements, left.outputs), constants=spelling.constants)


def _is_by_vector(s: Statement, form: Form) -> bool:
    """Tell whether this is a product by an operator for which BLAS is called in the same way by the method ``dot``."""
    if form.op != "@" or len(s.reads) != 2 or any(v.dtype.char not in "fd" or not v.layout for v in s.reads):
        return False
    a, b = s.reads
    return a.dtype is b.dtype and {len(a.shape), len(b.shape)} == {1, 2} and min(a.shape + b.shape) > 1


class _Spelling:
    """What is spelt anew.

    Attributes
    ----------
    constants : by name, what the text refers to
    """

    def __init__(self, p: Program, left: Optimised) -> None:
        self.constants = dict(left.constants)
        self._p, self._left = p, left
        self._names: dict[Any, str] = {}
        self._makers: dict[Variable, Statement] = {}
        self._masks: set[Variable] = set()  # by which `np.where` chooses
        self._places: dict[Variable, Variable] = {}  # of what is true in a mask
        self._writers: dict[int | None, list[Statement]] = {}
        for outer in left.statements:
            for s in outer.members if isinstance(outer, RowBlock) else (outer,):
                if s.writes is not None:
                    self._writers.setdefault(left.memory(s.writes), []).append(s)

    def of(self, statements: Iterable[Statement], outputs: Iterable[Any]) -> list[Statement]:
        statements = [*statements]
        uses: dict[Any, int] = dict.fromkeys(outputs, 2)
        for s in statements:
            for v in s.reads:
                uses[v] = uses.get(v, 0) + 1
            if s.kind == "call" and s.reads and form_read(s).name == "np.where":
                self._masks.add(s.reads[0])
        kept: dict[int, list[Statement]] = {}
        # Where something was made that may join what it is used in; of what it reads, nothing was written into since.
        waiting: dict[Variable, int] = {}
        for k, s in enumerate(statements):
            kept[k] = [s]
            self._makers.update(dict.fromkeys(s.results, s))
            if isinstance(s, RowBlock):
                s.members = self.of(s.members, [r for r in s.results if r in uses])
                if s.updates:
                    waiting.clear()
            elif s.kind == "call" and len(s.results) == 1:
                (r,) = s.results
                joined = self._joined(s, statements, waiting)
                if joined is None:
                    kept[k] = self._counted_by_places(s) or [self._respelt(s)]
                    if uses.get(r) == 1 and r.shape and form_read(s).name == "np.where":
                        waiting[r] = k
                else:
                    gone, kept[k] = joined
                    del kept[gone]
            if s.writes is not None:
                waiting.clear()
        return [s for some in kept.values() for s in some]

    # --- one statement ----------------------------------------------------------------------------------------------

    def _respelt(self, s: Statement) -> Statement:
        form = form_read(s)
        if form.op in UFUNCS or form.name in _FUNCTIONS:
            return self._with_number(s, form)
        if form.op == "**" and type(form.args[1]) in (int, float) and form.args[1] in _POWERS:
            (r,) = s.results
            if r.dtype is FLOAT64 and r.shape:
                return self._as_call(s, _POWERS[form.args[1]], form.args[:1])
        if (form.name == "np.dot" and len(form.args) == 2 and not form.keys) or _is_by_vector(s, form):
            return self._as_method(s, form)
        if form.name in _REDUCTIONS and len(s.reads) == 1 and s.pieces[0] == f"{form.name}(":
            v, (r,) = s.reads[0], s.results
            if len(v.shape) == 1 and form.keys == {"axis": None} and len(form.args) == 1:
                return s.but((s.pieces[0], v, ")"))
            if form.name == "np.add.reduce" and v.dtype.char == "?" and form.keys.keys() <= {"axis", "keepdims"}:
                return self._counted(s, v, r, form.keys)
        return s

    def _with_number(self, s: Statement, form: Form) -> Statement:
        """Take an array without axes for a number of Python's beside an array of floating-point ones."""
        args, (r,) = form.args, s.results
        beside = [s.reads[a] for a in args if type(a) is Hole]
        if form.name == "np.where":
            beside = beside[1:]
        if len(beside) == 1 and len(args) == len(s.reads) + 1 and beside[0].memory is not None and not form.keys:
            dtype = beside[0].dtype
            if dtype.char in "fd" and r.dtype in (dtype, np.bool_):
                args = tuple(
                    [Other(self._number(a, dtype)) if type(a) in (int, float) and abs(a) < _EXACT else a for a in args]
                )
        if form.op == "call":
            return s if args is form.args else self._as_call(s, form.name, args)
        if r.shape and math.prod(r.shape) < LARGE and all(map(self._is_numeric, args)):
            return self._as_call(s, UFUNCS[form.op], args)
        if args is form.args or len(args) == 1:
            return s
        left, right = [operand(s, a) if type(a) is Hole else getattr(a, "text", None) for a in args]
        if left is None or right is None:
            return s
        return self._but(s, (left, f" {form.op} ", right), form.of(args))

    def _number(self, x: Any, dtype: Any) -> str:
        value = np.array(x, dtype)
        key = dtype.char, value.tobytes()
        if key not in self._names:
            value.flags.writeable = False
            self._names[key] = name = self._p.named(f"n{len(self._names)}")
            self.constants[name] = value
        return self._names[key]

    @staticmethod
    def _but(s: Statement, pieces: Sequence[Any], form: Form) -> Statement:
        new = s.but(tuple(pieces))
        new.form = form  # which need not be read from the text
        return new

    def _is_numeric(self, arg: Any) -> bool:
        """Tell whether an operator does with an operand just what its function does: not with a string, or None."""
        if type(arg) is Other:
            return arg.text.startswith("np.") or isinstance(self.constants.get(arg.text), (np.ndarray, np.generic))
        return type(arg) in (Hole, int, float, bool, complex)

    def _as_call(self, s: Statement, name: str, args: tuple[Any, ...]) -> Statement:
        """Call a function by its name; between small arrays, that which an operator calls."""
        pieces: list[Any] = []
        for arg in args:
            pieces += [", " if pieces else f"{name}("]
            pieces += [operand(s, arg) if type(arg) is Hole else arg.text if type(arg) is Other else repr(arg)]
        pieces.append(")")
        return self._but(s, pieces, Form("call", name, args, {}, ATOM, (ANYTHING,) * len(s.reads)))

    def _as_method(self, s: Statement, form: Form) -> Statement:
        a, b = form.args
        if type(b) is not Hole:
            return s
        if type(a) is Hole:
            if s.reads[a].memory is None or not s.reads[a].shape:
                return s
            levels: tuple[int, ...] = (ATOM, ANYTHING)
            pieces = [s.reads[a], ".dot(", s.reads[b], ")"]
        elif type(a) is Other and type(self.constants.get(a.text)) is np.ndarray:
            levels, pieces = (ANYTHING,), [f"{a.text}.dot(", s.reads[b], ")"]
        else:
            return s
        return self._but(s, pieces, Form("method", "dot", form.args, {}, ATOM, levels))

    def _counted(self, s: Statement, v: Variable, r: Variable, keys: dict[str, Any]) -> Statement:
        axis = keys.get("axis", 0)
        if type(axis) is not int or math.prod(v.shape) < LARGE:
            return s
        least = np.min_scalar_type(v.shape[axis])
        text = "".join([f", {k}={x!r}" for k, x in keys.items()])
        return s.but(("np.add.reduce(", v, f"{text}, dtype=np.{least.name}).astype(np.{r.dtype.name})"))

    def _counted_by_places(self, s: Statement) -> list[Statement] | None:
        """Return what counts the true ones in the rows of a mask that is also added by."""
        v, (r,), form = s.reads[0] if s.reads else None, s.results, form_read(s)
        if v not in self._masks or form.name != "np.add.reduce" or len(s.reads) != 1 or r.dtype != np.intp:
            return None
        along_rows = form.keys in ({"axis": 1, "keepdims": True}, {"axis": -1, "keepdims": True})
        if not along_rows or len(v.shape) != 2 or v.dtype.char != "?" or math.prod(v.shape) < LARGE or v.layout != "C":
            return None
        if self._left.memory(v.memory) in self._writers:
            return None
        self._places[v] = places = Variable("")
        row = f" // {v.shape[1]}, minlength=len("
        count = s.but(("np.bincount(", places, row, v, ")).reshape(-1, 1)"))
        return [s.but(("np.flatnonzero(", v, ")"), results=(places,)), count]

    # --- two in one -------------------------------------------------------------------------------------------------

    def _joined(
        self, s: Statement, statements: Sequence[Statement], waiting: dict[Variable, int]
    ) -> tuple[int, list[Statement]] | None:
        """Return what takes the place of a statement and of one that waits for it, and where the latter stood."""
        form = form_read(s)
        for k, v in enumerate(s.reads):
            at = waiting.get(v)
            if at is None:
                continue
            inner = statements[at]
            if form.op == "+" and form_read(inner).op == "call" and len(s.reads) == 2:
                new = self._added(s, inner, s.reads[1 - k])
                if new is not None:
                    return at, new
        return None

    def _added(self, s: Statement, inner: Statement, a: Variable) -> list[Statement] | None:
        """Return ``a + np.where(c, x, 0)`` in one."""
        (r,), form = s.results, form_read(inner)
        if len(form.args) != 3 or type(form.args[0]) is not Hole or type(form.args[1]) is not Hole or form.keys:
            return None
        c, x = inner.reads[0], inner.reads[1] if len(inner.reads) == 2 else None
        if x is None or form.args[2] != 0 or c.dtype is None or c.dtype.char != "?" or x.dtype is None:
            return None
        alike = a.shape == c.shape == r.shape and a.dtype == x.dtype == r.dtype and r.dtype.kind == "f"
        if not alike or a.layout != "C" or x.memory is None or math.prod(r.shape) < LARGE or s.silent != inner.silent:
            return None
        self.constants["_added_where"] = added_where
        signed = (", False",) if self._has_no_minus_zero(a) else ()
        places = (", places=", self._places[c]) if c in self._places else ()
        return [s.but(("_added_where(", a, ", ", c, ", ", x, *signed, *places, ")"))]

    def _has_no_minus_zero(self, a: Variable) -> bool:
        """Tell whether no element is -0., as in the sum of anything and of a buffer of zeros that was added to."""
        s = self._makers.get(a)
        if s is None or s.kind != "call" or self._left.memory(a.memory) in self._writers:
            return False
        if form_read(s).name == "_added_at":
            return True
        if form_read(s).op != "+":
            return False
        return any(map(self._is_buffer, s.reads))

    def _is_buffer(self, v: Variable) -> bool:
        s = self._makers.get(v)
        if s is None or s.kind != "call" or form_read(s).name != "np.zeros":
            return False
        forms = map(form_read, self._writers.get(self._left.memory(v.memory), ()))
        return all(form.name == "np.add.at" or (form.op == "update" and form.name in ("+", "-")) for form in forms)
