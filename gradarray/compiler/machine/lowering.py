"""From statements to what is compiled of them: element-wise operations, reductions and guards; None for any other."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..passes.optimise import Optimised, asked_for_nan
from ..program.forms import Form, Hole, Other, form_read
from ..program.statements import Statement, Variable
from .guards import asks_itself, squared
from .helpers import BOUNDED
from .indexing import added, places_looked_up
from .places import Places, Position
from .reducing import COLUMNS
from .table import FUNCTIONS, OPERATORS, POWERS, Expression

# How text refers to a dtype.
_CAST = {"d": "np.float64({})", "f": "np.float32({})", "l": "np.int64({})", "?": "({} != 0)"}
_PYTHONS = {float: "d", bool: "?"}
# As many as there are names of indices.
MOST_AXES = 5
# Reductions, by the function that carries them out on a row; see loops.py.
REDUCTIONS = {"add": "total", "maximum": "largest", "minimum": "smallest", "logical_and": "all_true"}
REDUCTIONS |= {"logical_or": "any_true"}


class Operation(NamedTuple):
    """What is compiled of a statement.

    Attributes
    ----------
    kind : "elements", at all places of a shape; "rows" and "columns", reductions; "clean" and "guard", which fail;
        "taken" and "added", at places that are looked up; "product", of matrices
    shape : of the places; of rows, that of two axes over which they go, and of columns, three
    text : an expression of the operands {0}, {1}, ..., which are variables; the name of a reduction
    operands
    result : what is made; None where it is written into `target`, or nowhere
    target : what is written into
    carries : the operands whose infinities are in the result
    silent : nobody has to be told of infinities
    """

    kind: str
    shape: tuple[int, ...]
    text: str
    operands: tuple[Variable, ...] = ()
    result: Variable | None = None
    target: Variable | None = None
    carries: frozenset[int] = frozenset()
    silent: bool = True

    @property
    def fails(self) -> bool:
        return self.kind in ("clean", "guard", "taken", "added") or self.text.startswith(BOUNDED)

    @property
    def checks(self) -> bool:
        """Tell whether it asks by itself for infinities."""
        return False

    def variables(self) -> tuple[Variable | None, ...]:
        """Return what is read, made or written into."""
        return (*self.operands, self.result, self.target)


class Whole:
    """An operation that stands for itself, as a loop with others in it, and writes its own lines.

    Attributes
    ----------
    numbers, reads : what is read: numbers, and the arrays that lie densely of which something is
    writes : the arrays that are written into
    makes : those of them that are made here
    results : the numbers that are made
    """

    kind, text, result, target, silent = "whole", "", None, None, True
    carries: frozenset[int] = frozenset()
    operands: tuple[Variable, ...] = ()
    fails = checks = False

    def __init__(
        self,
        work: int,
        numbers: Sequence[Variable],
        reads: Sequence[Variable],
        writes: Sequence[Variable],
        makes: Sequence[Variable] = (),
        results: Sequence[Variable] = (),
    ) -> None:
        self.shape = (work,)
        self.numbers, self.reads, self.writes, self.makes, self.results = numbers, reads, writes, makes, results

    def variables(self) -> tuple[Variable, ...]:
        return (*self.numbers, *self.reads, *self.writes, *self.results)

    def lines(self, writer: Any) -> list[str]:
        """Return the lines, in a function that a `LoopWriter` writes."""
        raise NotImplementedError


class Lowering:
    """Reads the statements of a program.

    Parameters
    ----------
    left : the program
    places : of its arrays
    kinds : the types of inputs that are numbers of Python's
    """

    def __init__(self, left: Optimised, places: Places, kinds: Mapping[Variable, type]) -> None:
        self._left = left
        self._places = places
        self._kinds: dict[Variable, str] = {v: _PYTHONS[t] for v, t in kinds.items() if t in _PYTHONS}
        self.inputs: dict[str, Variable] = {}  # constants that are arrays, as variables
        asks = [s for s in left.statements if asks_itself(s)]
        self._asked = {s.reads[0] for s in asks}  # what is only ever asked whether it is a NaN
        self._asked.difference_update(left.outputs, *[s.reads for s in left.statements if not asks_itself(s)])
        self.nan: dict[Variable, tuple[Variable, ...]] = {}  # by what is compared with itself, the arrays it comes of

    def of(self, s: Statement) -> list[Operation] | None:
        """Return what is compiled of a statement; nothing at all where another operation does it."""
        if s.kind == "guard":
            return self._guard(s)
        form = form_read(s)
        if s.kind == "write":
            return _one(self._write(s, form))
        if s.kind not in ("call", "copy") or len(s.results) != 1:
            return None
        (r,) = s.results
        if r in self._asked and (arrays := squared(s, form)) and all(map(self._places.of, arrays)):
            self.nan[r] = arrays
            return []
        return _one(self._made(s, form, r))

    def kind(self, v: Any) -> str:
        """Return the character of a dtype that is compiled with; "" for others."""
        if v.dtype is None:
            return self._kinds.get(v, "")
        return v.dtype.char if v.dtype.char in "df?l" and v.dtype.isnative and v.shape is not None else ""

    # --- guards -----------------------------------------------------------------------------------------------------

    def _guard(self, s: Statement) -> list[Operation] | None:
        v = asked_for_nan(s)
        if v is not None and self._places.of(v) is not None:
            return [Operation("clean", v.shape, "{0} != {0}", (v,))]
        if asks_itself(s) and s.reads[0] in self.nan:
            return [Operation("clean", v.shape, "{0} != {0}", (v,)) for v in self.nan[s.reads[0]]]
        if any(v.shape != () or v.memory is not None or not self.kind(v) for v in s.reads) or not s.reads:
            return None
        form = form_read(s)
        if form.op == "not" and len(s.reads) == 1 and self.kind(s.reads[0]) == "?":
            return [Operation("guard", (), "not {0}", tuple(s.reads))]
        if s.pieces == (s.reads[0],) and self.kind(s.reads[0]) == "?":
            return [Operation("guard", (), "{0}", tuple(s.reads))]
        if form.op not in ("<", "<=", ">", ">=", "==", "!="):
            return None
        found = self._function(s, form, OPERATORS[form.op], form.args)
        return None if found is None else [Operation("guard", (), found[0], found[1])]

    # --- what is written into ---------------------------------------------------------------------------------------

    def _write(self, s: Statement, form: Form) -> Operation | None:
        if type(s.pieces[0]) is Variable:
            target: Any = s.reads[0]
            if form.op == "update" and form.args[0] == Hole(0) and type(form.args[0]) is Hole:
                name = OPERATORS.get(form.name)
                return None if name is None else self._elements(s, form, name, form.args, None, target)
            if form.op != "assignment" or type(s.pieces[1]) is not str or "] = " not in s.pieces[1]:
                return None
            index, _, rest = s.pieces[1].partition("] = ")
            target = Variable("", None, s.reads[0].dtype)
            if not index.startswith("[") or len(s.reads) != 1 + (not rest) or len(s.pieces) != 2 + (not rest):
                return None
            place = self._places.element(s.reads[0], f"{index}]")
            if place is None:
                return None
            target = self._view(place, s.reads[0], f"{index}]")
            return self._elements(s, form, "positive", form.args[1:], None, target)
        if form.name == "np.add.at":
            return self._added(s, form)
        match = re.fullmatch(r"\(_(\d+)_,\)", getattr(form.keys.get("out"), "text", ""))
        if form.op != "call" or match is None or form.keys.keys() != {"out"}:
            return None
        return self._elements(s, form, form.name.removeprefix("np."), form.args, None, s.reads[int(match[1])])

    def _added(self, s: Statement, form: Form) -> Operation | None:
        """Return an addition at places that are looked up."""
        found = added(s, form) if s.silent else None
        target = s.reads[0]
        if found is None or self.kind(target) != "d" or self._places.of(target) is None:
            return None
        index, value = found
        operand = self._operand(s, value)
        if operand is None or operand[1] not in ("d", "weak d"):
            return None
        v, _, number = operand
        memory = self._left.memory
        others = [*index, v] if type(v) is Variable else index
        if any(self._places.of(x) is None or memory(x.memory) == memory(target.memory) for x in others if x.shape):
            return None
        shape = (*index[0].shape, *target.shape[len(index) :])
        if type(v) is Variable and v.shape not in ((), shape):
            return None
        if not all(map(self._rows_lie_densely, [x for x in (target, v) if type(x) is Variable])):
            return None
        text = "{0}" if type(v) is Variable else literal(number, "d")
        return Operation("added", shape, text, tuple(others), None, target)

    def _view(self, place: Position, of: Variable, index: str) -> Variable:
        shape = np.broadcast_to(np.empty(()), of.shape)[eval(f"np.s_{index}", {"np": np})].shape
        view = Variable("", shape, of.dtype, of.memory)
        self._places.element(of, index, view)
        return view

    # --- what is made -----------------------------------------------------------------------------------------------

    def _made(self, s: Statement, form: Form, r: Variable) -> Operation | None:
        if form.op == "index" and r.memory is None:
            return self._element(s, r)
        if form.op == "index" and (index := places_looked_up(s, form)):
            return self._taken(s, r, index)
        if r.memory is not None and self._places.of(r) is None:
            return None
        name = form.name.removeprefix("np.")
        if form.op in OPERATORS and not form.keys:
            return self._elements(s, form, OPERATORS[form.op], form.args, r)
        if form.op == "method" and name == "dot" and len(form.args) == 2:
            return self._summed(s, r, form.args[0], form.args[1], 1)
        if form.op == "method" and name == "copy" and form.args[1:] in ((), ("K",)):
            return self._elements(s, form, "positive", form.args[:1], r)
        if form.op != "call":
            return None
        if name == "dot" and len(form.args) == 2 and not form.keys:
            return self._summed(s, r, form.args[1], form.args[0], 2)
        if name in ("total_kept", "total_along") and len(s.reads) == 1 and type(form.args[1]) is int:
            return self._reduced(s, r, "add", s.reads[0], form.args[1])
        if name in ("zeros", "ones") and len(form.args) == 2 and not s.reads and self.kind(r) in "df":
            text = _CAST[self.kind(r)].format(float(name == "ones"))
            return Operation("elements", r.shape, text, (), r)
        if name == "empty" and not s.reads:
            return Operation("elements", r.shape, "", (), r)
        if name == "where" and len(form.args) == 3 and not form.keys:
            return self._chosen(s, form, r)
        reduction, _, reduce = name.partition(".")
        alone = len(s.reads) == len(form.args) == 1 and form.keys.keys() <= {"axis", "keepdims"}
        if reduction in REDUCTIONS and reduce == "reduce" and alone:
            return self._reduced(s, r, reduction, s.reads[0], form.keys.get("axis", 0))
        if name in FUNCTIONS and not form.keys:
            return self._elements(s, form, name, form.args, r)
        return None

    def _taken(self, s: Statement, r: Variable, index: list[Variable | int]) -> Operation | None:
        """Return a look-up at places in arrays."""
        v = s.reads[0]
        arrays = [x for x in index if type(x) is Variable]
        if any(self._places.of(x) is None for x in (*arrays, v, r)) or self.kind(r) != self.kind(v):
            return None
        if any(type(x) is int and x >= n for x, n in zip(index, v.shape, strict=False)):
            return None
        if not self._rows_lie_densely(v) or not self._rows_lie_densely(r):
            return None
        names = iter([f"at{k}" for k in range(len(arrays))])
        text = ", ".join([str(x) if type(x) is int else next(names) for x in index])
        return Operation("taken", r.shape, text, (*arrays, v), r)

    def _rows_lie_densely(self, v: Variable) -> bool:
        place = self._places.of(v)
        return place is not None and (len(v.shape) < 2 or self._dense(place, v))

    def _element(self, s: Statement, r: Variable) -> Operation | None:
        """Return the look-up of a number in an array."""
        if len(s.reads) != 1 or s.pieces[0] is not s.reads[0] or not self.kind(r):
            return None
        view = Variable("", (), r.dtype, s.reads[0].memory)
        if self._places.element(s.reads[0], "".join(s.pieces[1:]), view) is None:
            return None
        return Operation("elements", (), "{0}", (view,), r)

    def _elements(
        self, s: Statement, form: Form, name: str, args: Any, r: Variable | None, target: Variable | None = None
    ) -> Operation | None:
        """Return an element-wise operation whose operands NumPy casts as its own loop asks for."""
        into = r if target is None else target
        assert into is not None
        if target is not None and self._places.of(target) is None:
            return None
        found = self._function(s, form, name, args, into)
        if found is None:
            return None
        text, operands, kind, carries = found
        if into.dtype is None:  # a number of Python's
            self._kinds[into] = kind
        elif self.kind(into) != kind:
            return None
        shape: tuple[int, ...] = into.shape
        if kind == "l" or len(shape) > MOST_AXES or any(len(v.shape) > len(shape) for v in operands):
            return None
        if target is not None and not self._apart(target, operands):
            return None
        silent = s.silent and into.dtype is not None  # where Python divides by zero, it raises
        return Operation("elements", shape, text, operands, r, target, carries, silent or kind == "?")

    def _apart(self, target: Variable, operands: tuple[Variable, ...]) -> bool:
        """Tell whether each element is read at no other place than where it is written."""
        place, memory = self._places.of(target), self._left.memory(target.memory)
        for v in operands:
            same = v.memory is not None and self._left.memory(v.memory) == memory
            if same and (self._places.of(v) != place or v.shape != target.shape):
                return False
        return True

    def _function(self, s: Statement, form: Form, name: str, args: Any, into: Variable | None = None) -> Any:
        """Return the text, operands, kind and carried operands of a function, or None."""
        function = FUNCTIONS.get(name)
        operands = [self._operand(s, arg) for arg in args]
        ufunc = getattr(np, name, None)
        if function is None or ufunc is None or None in operands or len(args) != ufunc.nin:
            return None
        if name == "power" and type(args[1]) in (int, float) and (power := self._power(args[1], into)):
            carries = frozenset([0] if args[1] > 0 else ())
            operands, function = operands[:1], Expression(power, frozenset(["d->d"]), carries)
            ufunc = None
        if name == "positive" and "?" in operands[0][1]:
            ufunc, function = None, function._replace(loops=frozenset(["?->?"]), text="{0}")
        given = [kind for _, kind, _ in operands]
        if ufunc is None:
            loop = [*given, given[0]]
        else:
            try:
                weak = [_WEAK.get(kind) or np.dtype(kind) for kind in given]
                loop = [x.char for x in ufunc.resolve_dtypes((*weak, *[None] * ufunc.nout))]
            except TypeError:
                return None
        if f"{''.join(loop[:-1])}->{loop[-1]}" not in function.loops:
            return None
        texts: list[str] = []
        variables: list[Variable] = []
        for (value, kind, weak_value), wanted in zip(operands, loop, strict=False):
            if type(value) is Variable:
                text = f"{{{len(variables)}}}"
                variables.append(value)
                texts.append(text if kind in (wanted, f"weak {wanted}") else _CAST[wanted].format(text))
            else:
                texts.append(literal(weak_value, wanted))
        carried = [operands[j][0] for j in function.carries if j < len(operands)]
        carries = frozenset([k for k, v in enumerate(variables) if v in carried])
        return function.text.format(*texts), tuple(variables), loop[-1], carries

    def _power(self, exponent: float, into: Variable | None) -> str | None:
        if exponent == 0.5 and into is not None and into.memory is not None:
            return "np.sqrt({0})"
        return POWERS.get(int(exponent)) if math.isfinite(exponent) and exponent == int(exponent) else None

    def _operand(self, s: Statement, arg: Any) -> Any:
        """Return a variable or None, its kind, and the value if it is a number."""
        if type(arg) is Hole:
            v = s.reads[arg]
            kind = self.kind(v)
            if not kind or (v.memory is not None and self._places.of(v) is None):
                return None
            return v, kind if v.dtype is not None else f"weak {kind}", None
        if type(arg) in (int, float):
            return (None, f"weak {'d' if type(arg) is float else 'l'}", arg) if abs(arg) < 2**53 or arg != arg else None
        if type(arg) is bool:
            return None, "?", arg
        if type(arg) is not Other:
            return None
        value = self._left.constants.get(arg.text)
        if value is None and _NUMBER.fullmatch(arg.text):
            value = eval(arg.text, {"np": np})
        if type(value) is float:
            return None, "weak d", value
        if isinstance(value, np.ndarray) and value.ndim and value.strides == (0,) * value.ndim and value.size:
            return self._spread(value)
        if isinstance(value, np.ndarray):
            return self._constant(arg.text, value)
        if isinstance(value, np.generic) and value.dtype.char in "df?l":
            return None, value.dtype.char, value.item()
        return None

    def _spread(self, value: Any) -> Any:
        number = value[(0,) * value.ndim]
        return (None, number.dtype.char, number.item()) if number.dtype.char in "df?" else None

    def _constant(self, name: str, value: Any) -> Any:
        if name not in self.inputs:
            layout = "C" if value.flags.c_contiguous else "F" if value.flags.f_contiguous else ""
            self.inputs[name] = Variable(name, value.shape, value.dtype, -(1 << 50) - len(self.inputs), layout)
        v = self.inputs[name]
        return (v, v.dtype.char, None) if self._places.of(v) is not None else None

    def _chosen(self, s: Statement, form: Form, r: Variable) -> Operation | None:
        operands = [self._operand(s, arg) for arg in form.args]
        if None in operands or operands[0][1] != "?" or type(operands[0][0]) is not Variable:
            return None
        variables, texts = [operands[0][0]], ["{0}"]
        kind = self.kind(r)
        for value, own, number in operands[1:]:
            if type(value) is Variable:
                if own not in (kind, f"weak {kind}"):
                    return None
                texts.append(f"{{{len(variables)}}}")
                variables.append(value)
            elif (own.startswith("weak") and kind in "df") or own == kind:
                texts.append(literal(number, kind))
            else:
                return None
        if kind == "l" or not kind:
            return None
        text = f"{texts[1]} if {texts[0]} else {texts[2]}"
        return Operation("elements", r.shape, text, tuple(variables), r, silent=s.silent or kind == "?")

    # --- reductions -------------------------------------------------------------------------------------------------

    def _summed(self, s: Statement, r: Variable, array: Any, ones: Any, last: int) -> Operation | None:
        """Return a product with ones as the sum that it is, along the last axis or the one in front of it."""
        value = self._left.constants.get(getattr(ones, "text", ""))
        if type(array) is not Hole or type(value) is not np.ndarray or value.ndim != 1 or not (value == 1).all():
            return None
        v = s.reads[array]
        if not v.shape or r.dtype is None or v.dtype != r.dtype or self.kind(v) != "d":
            return None
        return self._reduced(s, r, "add", v, max(len(v.shape) - last, 0))

    def _reduced(self, s: Statement, r: Variable, name: str, v: Variable, axis: Any) -> Operation | None:
        place, kind, result = self._places.of(v), self.kind(v), self.kind(r)
        if place is None or not v.shape or not place.base.shape or not kind or not result or r.dtype is None:
            return None
        if r.memory is not None and self._places.of(r) is None:
            return None
        if len(v.shape) == 1 and axis == 0:
            axis = None
        if (kind == "f" and name == "add") or (name.startswith("logical") and kind not in "?l"):
            return None  # sums in single precision are NumPy's
        if name in ("maximum", "minimum") and kind == "?":
            return None
        dense = self._dense(place, v)
        carries = frozenset([0] if name == "add" else ())
        more: Any = {"result": r, "carries": carries, "silent": s.silent or result in "?l"}
        if axis is None:
            if not dense:
                return None
            return Operation("rows", (1, math.prod(v.shape)), REDUCTIONS[name], (v,), **more)
        if type(axis) is not int or not dense:
            return None
        axis %= len(v.shape)
        before, n, behind = math.prod(v.shape[:axis]), v.shape[axis], math.prod(v.shape[axis + 1 :])
        if behind == 1:
            return Operation("rows", (before, n), REDUCTIONS[name], (v,), **more)
        if name in COLUMNS and n > 1 and kind in "df" and result == kind:
            return Operation("columns", (before, n, behind), COLUMNS[name], (v,), **more)
        return None

    def _dense(self, place: Position, v: Variable) -> bool:
        """Tell whether an array lies in C order, without gaps."""
        step = 1
        for n, stride in zip(v.shape[::-1], place.strides[::-1], strict=True):
            if n != 1 and stride != step:
                return False
            step *= n
        return True


_WEAK: dict[str, Any] = {"weak d": float, "weak l": int, "weak ?": np.dtype(bool)}
_NUMBER = re.compile(r"-?np\.(nan|inf)|np\.(float64|float32|bool|int64)\((?!_)[-+.\w]*\)")


def _one(operation: Operation | None) -> list[Operation] | None:
    return None if operation is None else [operation]


def literal(value: Any, kind: str) -> str:
    """Return the text of a number as an operand of a loop."""
    if kind == "?":
        return repr(bool(value))
    if kind == "l":
        return repr(int(value))
    x = float(value) if kind == "d" else float(np.float32(value))
    text = repr(x) if math.isfinite(x) else "np.nan" if x != x else "np.inf" if x > 0 else "(-np.inf)"
    text = f"({text})" if text.startswith("-") else text
    return text if kind == "d" else f"np.float32({text})"
