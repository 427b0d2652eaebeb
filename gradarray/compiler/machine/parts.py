"""Which statements are compiled together, and which are NumPy's calls between these.

Statements are put into as few turns as what depends on what allows: a function that is compiled, NumPy's calls, a
function, and so on. Views are made where somebody needs them. A function that would compute too little for its call is
left to NumPy, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...kernels import parts
from ...kernels.arrays import SPLIT
from ..passes.optimise import PURE, Optimised
from ..program.forms import form_read
from ..program.program import Program
from ..program.statements import Statement, Variable
from .entries import TABLE
from .helpers import BOUNDED
from .loops import Compiled, LoopWriter
from .lowering import Operation, Whole
from .members import LoweringLoops
from .offsets import given_places, with_places
from .places import Places
from .products import small_product, with_copies
from .table import DEAR

# More operations than these take more than some seconds to be compiled, and are compiled in pieces; of so many times as
# many, and of numbers, which would go from piece to piece one by one, NumPy's program is kept.
MOST, _PIECES = 1200, 4
# So many operations on arrays, of which those on numbers count a part, make up for a call.
# A compiled loop over sines takes half as long as NumPy's in one thread.
_FEW_THREADS = 2
LEAST, _OF_NUMBERS = 3.0, 0.2


class CompiledCall(Statement):
    """The call of a compiled function.

    Attributes
    ----------
    updates : the memory that it writes into
    """

    __slots__ = ("updates",)
    updates: set[int | None]


class _Task:
    """A statement, with what it depends on.

    Attributes
    ----------
    operations : what is compiled of it; None for NumPy's call
    turn : even for compiled functions, odd for NumPy's calls
    """

    def __init__(self, s: Statement, operations: list[Operation | Whole] | None) -> None:
        self.s = s
        self.operations = operations
        self.before: list[_Task] = []
        self.turn = 0

    @property
    def weight(self) -> float:
        every = self.operations or ()
        return sum([LEAST if o.kind == "whole" else 1.0 if math.prod(o.shape) > 1 else _OF_NUMBERS for o in every])


def _is_for_threads(o: Operation) -> bool:
    """Tell whether NumPy's loops in several threads are done sooner than a compiled one."""
    dear = "**" in o.text or any(f"{name}(" in o.text for name in DEAR)
    dear = dear and not o.text.startswith(BOUNDED)  # for several numbers at once, ten times as fast as NumPy's
    return dear and parts.THREADS > _FEW_THREADS and math.prod(o.shape) >= SPLIT


class Partition:
    """A program in turns.

    Attributes
    ----------
    statements : NumPy's calls, and those of functions
    functions : the texts of these, by name
    helpers : the names of what they call
    tables : the texts of arrays that stand in front of them, by name
    """

    def __init__(self, p: Program, left: Optimised, kinds: Mapping[Variable, type]) -> None:
        self._p, self._left = p, left
        self._places = Places(left)
        self._lowering = LoweringLoops(left, self._places, kinds)
        self._views: dict[Variable, Statement] = {}
        self._tasks = self._sorted()
        self._connect()
        self._take_turns()
        self._take_products()
        self._cut()
        self.takes_loops = all(t.operations is not None for t in self._tasks if t.s.kind == "loop")
        self._count = 0
        self.statements: list[Statement] = []
        self.functions: dict[str, str] = {}
        self._calls: list[tuple[int, str]] = []  # the places of their statements, and their texts
        self.helpers: dict[str, None] = {}
        self.tables: dict[str, str] = {}
        self._shown: set[Variable] = set()  # views that are made already
        if any(t.operations is not None for t in self._tasks):
            self._write()
        else:
            self.statements = left.statements

    def _sorted(self) -> list[_Task]:
        tasks = []
        foreign: set[Variable] = set()  # results of other libraries, which may lie otherwise each time
        for s in with_copies(self._left.statements, self._places, self._left.memory):
            if self._places.derive(s):
                self._views[s.results[0]] = s
            else:
                operations = self._lowering.of(s)
                self._views.update({x.results[0]: x for x in self._lowering.views})
                tasks.append(_Task(s, None if operations and any(map(_is_for_threads, operations)) else operations))
                if not self._is_pure(s) or any(v.shape is None and v in foreign for v in s.reads):
                    foreign.update(s.results)
                    for r in s.results:
                        self._places.hide(r)
        sizes = [math.prod(o.shape) for t in tasks for o in t.operations or ()]
        if len(sizes) > MOST and (len(sizes) > _PIECES * MOST or 2 * sizes.count(1) > len(sizes)):
            for t in tasks:
                t.operations = None
        return tasks

    def _origin(self, v: Variable) -> Variable:
        place = self._places.of(v) if v in self._views else None
        return v if place is None else place.base

    def _connect(self) -> None:
        """Note what each task depends on."""
        memory = self._left.memory
        maker: dict[Variable, _Task] = {}
        reads: dict[int | None, list[_Task]] = {}
        writes: dict[int | None, list[_Task]] = {}
        effect: _Task | None = None
        for t in self._tasks:
            s = t.s
            nan = [v for o in t.operations or () for v in o.operands]
            every = dict.fromkeys([*s.reads, *nan])
            for v in every:
                made = maker.get(self._origin(v))
                if made is not None:
                    t.before.append(made)
                if v.memory is not None:
                    place = memory(v.memory)
                    t.before += writes.get(place, ())
                    reads.setdefault(place, []).append(t)
            into = {memory(place) for place in getattr(s, "updates", ())}
            into |= {memory(s.writes)} if s.writes is not None else set()
            into |= {memory(r.memory) for r in s.results if r.memory is not None}
            for place in into:
                t.before += [*writes.get(place, ()), *reads.get(place, ())]
                writes.setdefault(place, []).append(t)
            if t.operations is None and not self._is_pure(s):
                if effect is not None:
                    t.before.append(effect)
                effect = t
            t.before = [b for b in dict.fromkeys(t.before) if b is not t]
            arrays = [v for o in t.operations or () if isinstance(o, Whole) for v in o.makes]
            maker.update(dict.fromkeys([*s.results, *arrays], t))

    def _is_pure(self, s: Statement) -> bool:
        form = form_read(s)
        if form.op != "call" or form.name.startswith(("np.", "math.")) or form.name in PURE:
            return True
        return (getattr(self._left.constants.get(form.name), "__module__", None) or "").startswith("gradarray.")

    def _take_turns(self) -> None:
        while True:
            weights: dict[int, float] = {}
            for t in self._tasks:
                compiled = t.operations is not None
                t.turn = 0 if compiled else -1
                for b in t.before:
                    t.turn = max(t.turn, b.turn if (b.operations is not None) == compiled else b.turn + 1)
                if compiled:
                    weights[t.turn] = weights.get(t.turn, 0) + t.weight
            light = {turn for turn, weight in weights.items() if weight < LEAST}
            if not light and not self._lacks():
                return
            first = min(light, default=None)
            for t in self._tasks:
                if t.operations is not None and t.turn == first:
                    t.operations = None

    def _take_products(self) -> None:
        """Let small products be done by the function that first needs them."""
        first: dict[_Task, int] = {}
        for t in self._tasks:
            for b in t.before:
                first[b] = min(first.get(b, t.turn), t.turn)
        for t in self._tasks:
            if t.operations is None and first.get(t, 1) % 2 == 0 and (o := small_product(t.s, self._places)):
                t.operations, t.turn = [o], first[t]

    def _cut(self) -> None:
        """Cut functions that would have too many operations into several turns."""
        turns: dict[int, list[_Task]] = {}
        for t in self._tasks:
            turns.setdefault(t.turn, []).append(t)
        now = -3
        for turn in sorted(turns):
            begun, count = False, 0
            for t in turns[turn]:
                count += len(t.operations or ())
                if not begun or count > MOST:
                    now += 2 if (now + turn) % 2 == 0 else 1
                    begun, count = True, len(t.operations or ())
                t.turn = now

    def _lacks(self) -> bool:
        """Leave to NumPy what it has to do because of others; tell whether there was anything.

        A statement whose operations are another's, such as a sum that is only asked whether it is a NaN, goes with it.
        """
        lowered = self._lowering.nan
        left = {t.s.results[0] for t in self._tasks if t.operations == [] and t.s.results}
        asking = [t for t in self._tasks if t.s.kind == "guard" and t.s.reads and t.s.reads[0] in lowered]
        changed = False
        for t in asking:
            v = t.s.reads[0]
            if (t.operations is None) == (v in left):
                for other in self._tasks:
                    if (other is t or v in other.s.results) and other.operations is not None:
                        other.operations = None
                        changed = True
        return changed

    # --- statements ---------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        turns: dict[int, list[_Task]] = {}
        for t in self._tasks:
            turns.setdefault(t.turn, []).append(t)
        memory = self._left.memory
        outside: set[Variable] = {v for v in self._left.outputs if type(v) is Variable}
        for t in self._tasks:
            if t.operations is None:
                outside.update(t.s.reads)
        outside = {*outside, *map(self._origin, outside)}
        used: dict[Any, set[int]] = {}  # by variable, or by memory, the turns that touch it
        for t in self._tasks:
            for o in t.operations or ():
                for v in o.variables():
                    if v is not None:
                        used.setdefault(v if v.memory is None else memory(v.memory), set()).add(t.turn)
        self._out = {v.memory for v in outside if v.memory is not None}
        for turn in sorted(turns):
            if turn % 2:
                for t in turns[turn]:
                    self._show(t.s.reads)
                    self.statements.append(t.s)
                continue

            def wanted(v: Variable) -> bool:
                if v.memory is None:
                    return v in outside or len(used[v]) > 1
                place = memory(v.memory)
                return place in map(memory, self._out) or len(used.get(place, ())) > 1

            operations = [o for t in turns[turn] for o in t.operations or ()]
            writer = LoopWriter(self._places, memory, self._lowering.kind, wanted, self._is_table)
            self._call(writer.function(operations), self.statements[-1] if self.statements else turns[turn][0].s)
        self._show([v for v in self._left.outputs if type(v) is Variable])
        self._name_functions()

    def _is_table(self, v: Variable) -> bool:
        """Tell whether an array is one of a few places that a loop looks up, and no value of the program's."""
        if self._lowering.inputs.get(v.name) is not v or not v.name.startswith(TABLE):
            return False  # an argument of the user's may have such a name
        return len(v.shape) == 1 and v.dtype.kind == "i" and v.shape[0] <= _SHORT_TABLE

    def _show(self, variables: Sequence[Variable]) -> None:
        """Make the views among these."""
        for v in variables:
            chain: list[Statement] = []
            while v in self._views and v not in self._shown:
                self._shown.add(v)
                chain.append(self._views[v])
                v = chain[-1].reads[0]
            self.statements += reversed(chain)

    def _call(self, f: Compiled, like: Statement) -> None:
        """Add the statements that call a function, which has no name yet."""
        self.helpers.update(dict.fromkeys(f.helpers))
        for v in f.tables:
            values = self._left.constants[v.name].tolist()
            self.tables[v.name] = f"{v.name} = np.array({values}, np.int64)"
        for v in f.filled:
            order = ', order="F"' if v.layout == "F" else ""
            self.statements.append(_statement(like, "call", (v,), (f"np.empty({v.shape}, np.{v.dtype.name}{order})",)))
        constants = {v: name for name, v in self._lowering.inputs.items()}
        given = [*[constants.get(v, v) for v in (*f.arguments, *f.filled)], *map(str, f.offsets)]
        self._count += 1
        failed = Variable(f"failed_{self._count}")
        written = [self._left.memory(v.memory) for v in f.written]
        call = CompiledCall("several", (failed,), tuple(given), (*written, -1)[0], like.silent, like.line)
        call.updates = {*written}
        self._calls.append((len(self.statements), f.text))
        self.statements.append(call)
        self.statements.append(_statement(like, "guard", (), (failed, "[0]" if f.numbers else "")))
        for k, v in enumerate(f.numbers, 1):
            kind = "" if v.dtype is None else f"np.{v.dtype.name}"
            text = (f"{kind}(", failed, f"[{k}])") if kind else (failed, f"[{k}]")
            self.statements.append(_statement(like, "call", (v,), text))

    def _name_functions(self) -> None:
        """Name the functions, and complete the calls. What differs by places in arrays alone is one function."""
        alike: dict[str, dict[str, list[str]]] = {}
        for _, text in self._calls:
            found: list[str] = []
            alike.setdefault(with_places(text, found.append), {})[text] = found
        named: dict[str, tuple[str, list[str]]] = {}
        for texts in alike.values():
            columns = [*zip(*texts.values(), strict=True)]
            moving = {column: k for k, column in enumerate(dict.fromkeys([c for c in columns if len({*c}) > 1]), 1)}
            if len(moving) > _FEW_PLACES:
                named |= {text: (self._named(text), []) for text in texts}
                continue
            name = self._named(given_places(next(iter(texts)), [moving.get(column, 0) for column in columns]))
            for k, text in enumerate(texts):
                named[text] = name, [column[k] for column in moving]
        for k, text in self._calls:
            name, given = named[text]
            call = self.statements[k]
            assert isinstance(call, CompiledCall)
            pieces = [x for piece in (*call.pieces, *given) for x in (piece, ", ")]
            pieces = [f"{name}(", *pieces[:-1], ")"]
            whole = CompiledCall(call.kind, call.results, _joined(pieces), call.writes, call.silent, call.line)
            whole.updates = call.updates
            self.statements[k] = whole

    @property
    def seconds(self) -> float:
        """Return about how long the functions take to be compiled."""
        every = "\n".join(self.functions.values())
        return _LINE * every.count("\n") + _LOOP * every.count("    for ")

    def _named(self, text: str) -> str:
        name = self._p.named(f"compiled_{len(self.functions) + 1}")
        self.functions[name] = text.replace("NAME", name)
        return name


# What a line and a loop take Numba and LLVM, in seconds, as measured on programs of 200 to 4000 lines.
_LINE, _LOOP = 0.005, 0.045
# Of a longer table, its text costs more than an argument.
_SHORT_TABLE = 100
# So many may be arguments: each is handed over in each call.
_FEW_PLACES = 8


def _joined(pieces: Sequence[Any]) -> tuple[Any, ...]:
    joined: list[Any] = []
    for p in pieces:
        if type(p) is str and joined and type(joined[-1]) is str:
            joined[-1] += p
        else:
            joined.append(p)
    return tuple(joined)


def _statement(
    like: Statement, kind: str, results: tuple[Variable, ...], pieces: tuple[Any, ...], writes: int | None = None
) -> Statement:
    return Statement(kind, results, tuple([p for p in pieces if p != ""]), writes, like.silent, like.line)
