"""Statements that come to the same, to the last bit, and are fewer: what both writers begin with.

Nothing is moved here, and no sum or product is put in another order. What may be left out or taken together follows
from where memory is written into: each variable knows the piece of memory that it stands in.
"""

from __future__ import annotations

import bisect
import functools
import math
import types
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...context.settings import silently
from ...kernels.arrays import BLAS_THREADS, LARGE
from ..program.forms import form_read
from ..program.program import Program
from ..program.statements import Statement, Variable
from .folding import ELEMENTWISE, everywhere, simpler, simpler_update

NEVER, ALWAYS = -1, 1 << 60


def is_between(places: Sequence[int], first: int, last: int) -> bool:
    """Tell whether one of these numbers, which rise, is among those from the first one to the last."""
    at = bisect.bisect_left(places, first)
    return at < len(places) and places[at] <= last


class Optimised(NamedTuple):
    """What is left of a program.

    Attributes
    ----------
    statements
    outputs : what is returned: variables, text, or text that is cut at the variables
    constants : by name, what the text refers to
    memories : for a piece of memory, the one that it turned out to be
    largest : how many elements the largest array has that is made
    """

    statements: list[Statement]
    outputs: list[Any]
    constants: dict[str, Any]
    memories: dict[int, int | None]
    largest: int

    def memory(self, number: int | None) -> int | None:
        """Return the number of a piece of memory as it turned out."""
        return None if number is None else self.memories.get(number, number)

    def returned(self) -> list[Any]:
        """Return the variables and texts in what is returned."""
        return [p for x in self.outputs for p in (x if type(x) is tuple else (x,))]


class Optimiser:
    """One walk along the statements of a program.

    Attributes
    ----------
    known : the values of variables that depend on no input
    made : by the variable that it results in, each statement so far
    uses : how often each variable is read, or returned
    negatives, broadcast : the variables that are made so
    """

    def __init__(self, p: Program, outputs: Sequence[Any]) -> None:
        self.constants = dict(p.constants)
        self._space = {"np": np, "math": math, **self.constants}  # what text refers to
        self.known: dict[Variable, Any] = {}
        self.made: dict[Variable, Statement] = {}
        self.uses: dict[Variable, int] = {}
        self.negatives: set[Variable] = set()
        self.broadcast: set[Variable] = set()
        self._p = p
        self._outputs = outputs
        self._given = {v.memory for v in p.inputs if v.memory is not None}
        self._returned = {v.memory for v in outputs if type(v) is Variable and v.memory is not None}
        self._memories: dict[int, int] = {}
        self._alias: dict[Variable, Variable] = {}
        self._kept: list[Statement] = []
        self._made_at: dict[Variable, int] = {}
        self._shared: dict[Any, Variable] = {}
        self._guards: set[Any] = set()
        self._spelt: dict[Any, str] = {}
        self._count = 0
        self._here = 0
        self._writes: dict[int | None, list[int]] = {}
        self._last_read: dict[int, int] = {}
        uses, last_read = self.uses, self._last_read
        for k, s in enumerate(p.statements):
            for v in s.reads:
                uses[v] = uses.get(v, 0) + 1
                if v.memory is not None:
                    last_read[v.memory] = k
            if s.writes is not None:
                self._writes.setdefault(s.writes, []).append(k)
        for v in outputs:
            if type(v) is Variable:
                self.uses[v] = self.uses.get(v, 0) + 1
        for memory in self._returned | self._given:
            self._last_read[memory] = ALWAYS

    # --- memory -----------------------------------------------------------------------------------------------------

    def memory(self, v: Variable) -> int | None:
        """Return the number of the memory that a variable stands in after all."""
        return self._found(v.memory) if self._memories else v.memory

    def _found(self, memory: int | None) -> int | None:
        while memory in self._memories:
            memory = self._memories[memory]
        return memory

    def written(self, memory: int | None, until: int = ALWAYS) -> bool:
        """Tell whether a piece of memory is written into from here on."""
        return memory is not None and is_between(self._writes.get(memory, ()), self._here, until)

    def _version(self, memory: int | None) -> int:
        return 0 if memory is None else bisect.bisect_left(self._writes.get(memory, ()), self._here)

    def may_stand_for(self, v: Variable, made: Variable) -> bool:
        """Tell whether an array that is there may take the place of one that would be made with the same content."""
        mine, other = self.memory(v), self.memory(made)
        if other is None or mine is None:
            return other is mine
        if mine == other:
            return True
        s = self.made.get(v)
        own = s is not None and mine not in {self.memory(x) for x in s.reads} and self._is_pure(s)
        if own and self._last_read.get(mine, NEVER) <= self._here:
            return True  # nobody looks at it any more
        if self.written(other) or other in self._returned:
            return False
        return not self.written(mine, self._last_read.get(other, NEVER))

    def _join(self, v: Variable, made: Variable) -> None:
        self._alias[made] = v
        mine, other = self.memory(v), self.memory(made)
        if mine is not None and other is not None and mine != other:
            self._memories[other] = mine
            if other in self._writes:
                self._writes[mine] = sorted([*self._writes.get(mine, ()), *self._writes[other]])
            self._last_read[mine] = max(self._last_read.get(mine, NEVER), self._last_read.get(other, NEVER))
            if other in self._returned:
                self._returned.add(mine)

    # --- what rules ask ----------------------------------------------------------------------------------------------

    def found(self, v: Variable) -> Variable:
        """Return the variable that has taken the place of one."""
        return self._alias.get(v, v)

    def origin(self, v: Any) -> Statement | None:
        """Return the statement that made a variable, if it would come to the same here."""
        s = self.made.get(v) if type(v) is Variable else None
        if s is None or s.kind != "call":
            return None
        if not self._writes:
            return s
        since = self._made_at[v]
        for x in (v, *s.reads):
            if x.memory is not None and is_between(self._writes.get(self.memory(x), ()), since, self._here - 1):
                return None
        return s

    def fresh(self, like: Variable) -> Variable:
        """Return a new variable of the same form."""
        self._count += 1
        memory = None if like.memory is None else -self._count
        return Variable(f"w{self._count}", like.shape, like.dtype, memory, like.layout)

    def item(self, v: Variable, s: Statement) -> Variable:
        """Return the scalar that stands in an array without axes, before a statement."""
        self._count += 1
        scalar = Variable(f"w{self._count}", (), v.dtype)
        self.add(s.but((v, "[()]"), "call", (scalar,)))
        return self.found(scalar)

    def constant(self, value: Any) -> str:
        """Return the name of a value that depends on no input."""
        key: Any = (value.dtype.char, value.tobytes()) if not value.ndim else id(value)
        if key not in self._spelt:
            name = self._p.named(f"k{len(self._spelt)}")
            self._spelt[key] = name
            self.constants[name] = self._space[name] = value
        return self._spelt[key]

    # --- the walk ----------------------------------------------------------------------------------------------------

    def run(self) -> Optimised:
        for k, s in enumerate(self._p.statements):
            self._here = k
            self._take(s)
        outputs = [self._output(v) for v in self._outputs]
        given = {self._found(m) for m in self._given}
        kept = needed(self._kept, given, [v for v in outputs if type(v) is Variable], self._found)
        kept = clean_at_once(kept, given, self._found, self.fresh)
        memories = {m: self._found(m) for m in self._memories}
        largest = max([math.prod(r.shape) for s in kept for r in s.results if r.shape], default=0)
        return Optimised(kept, outputs, self.constants, memories, largest)

    def _output(self, v: Any) -> Any:
        if type(v) is not Variable:
            return v
        v = self._alias.get(v, v)
        return self.constant(self.known[v]) if v in self.known else v

    def _take(self, s: Statement) -> None:
        alias = self._alias
        if alias and not alias.keys().isdisjoint(s.reads):
            s = s.of([alias.get(v, v) for v in s.reads])
        if s.kind in ("call", "copy") and len(s.results) == 1:
            self._call(s)
        elif s.kind == "guard":
            self._guard(s)
        else:
            self._keep(simpler_update(self, s) if s.kind == "write" else s)

    def _guard(self, s: Statement) -> None:
        if all(v in self.known for v in s.reads) and not self._value(s):
            return
        key = self._key(s)
        if key not in self._guards:
            self._guards.add(key)
            self._keep(s)

    def _call(self, s: Statement) -> None:
        (r,) = s.results
        for v in s.reads:
            if v not in self.known:
                break
        else:
            if self._is_known(s):
                return
        again: Any = s
        while type(again) is Statement:
            s = again
            again = simpler(self, s, form_read(s))
        if again is not None:
            self._join(again, r)
            return
        key = self._key(s)
        before = self._shared.get(key)
        if before is not None and self._is_pure(s) and self._may_share(before, r):
            self._join(before, r)
            return
        self._shared[key] = r
        form = form_read(s)
        if form.op == "neg":
            self.negatives.add(r)
        elif form.name == "np.broadcast_to":
            self.broadcast.add(r)
        self._keep(s)

    def add(self, s: Statement) -> None:
        """Take a statement of which a rule has made several."""
        self._call(s)

    def _may_share(self, before: Variable, r: Variable) -> bool:
        mine, other = self.memory(before), self.memory(r)
        if mine == other:
            return True
        if mine is None or other is None or self.written(mine) or self.written(other):
            return False
        if is_between(self._writes.get(mine, ()), self._made_at[before], ALWAYS):  # it holds something else by now
            return False
        return not (mine in self._returned and other in self._returned)

    def _keep(self, s: Statement) -> None:
        known = self.known
        if known and not known.keys().isdisjoint(s.reads):
            s = s.but(tuple([self.constant(known[p]) if type(p) is not str and p in known else p for p in s.pieces]))
        for r in s.results:
            self.made[r] = s
            self._made_at[r] = self._here
        self._kept.append(s)

    def _key(self, s: Statement) -> Any:
        """Return what tells a text together with what its variables held."""
        if not self._writes or self._writes.keys().isdisjoint([self.memory(v) for v in s.reads]):
            return s.pieces
        made = {self.memory(v) for v in s.results}
        versions = [0 if self.memory(v) in made else self._version(self.memory(v)) for v in s.reads]
        return (s.pieces, *versions) if any(versions) else s.pieces

    def _is_pure(self, s: Statement) -> bool:
        """Tell whether what is called is NumPy's or the package's own, which has no effects."""
        form = form_read(s)
        if form.op != "call" or form.name.startswith(("np.", "math.")) or form.name in PURE:
            return True
        func = self.constants.get(form.name)
        return type(func) is np.ufunc or (getattr(func, "__module__", None) or "").startswith("gradarray.")

    def _is_known(self, s: Statement) -> bool:
        """Carry out a statement that depends on no input, and keep its value in mind where that takes no memory."""
        (r,) = s.results
        if not self._is_pure(s) or (not r.shape and r.dtype is None):
            return False
        memory = self.memory(r)
        if memory is not None and (
            memory in self._returned or self._writes.get(memory) or (math.prod(r.shape) >= LARGE and not s.reads)
        ):
            return False
        value = self._value(s)
        if not isinstance(value, (np.ndarray, np.generic)) or (value.size >= LARGE and any(value.strides)):
            return False
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        self.known[r] = value
        return True

    def _value(self, s: Statement) -> Any:
        order = {v: f"_{k}" for k, v in enumerate(dict.fromkeys(s.reads))}
        values = {name: self.known[v] for v, name in order.items()}
        text = "".join([p if type(p) is str else order[p] for p in s.pieces])
        r: Any = s.results[0] if s.results else None
        large = r is not None and math.prod(r.shape or ()) >= LARGE and form_read(s).op in ELEMENTWISE | {"neg"}
        if large:  # of numbers that stand everywhere comes one that does
            numbers = {name: everywhere(value) for name, value in values.items()}
            if any(x is None for x in numbers.values()):
                return None
            values = {name: x if not values[name].ndim else np.full((1,), x) for name, x in numbers.items()}
        self._space.update(values)  # and not beside it, where functions inside the text would not find them
        value = silently(eval, _code(text), self._space)
        if large and np.size(value) != 1:  # the text itself has an array
            return None
        return np.broadcast_to(value[0], r.shape) if large else value


@functools.lru_cache(1000)
def _code(text: str) -> types.CodeType:
    return compile(text, "<gradarray constant>", "eval")


PURE = frozenset({"abs", "bool", "int", "float", "complex", "len", "round"})


def needed(
    statements: Sequence[Statement],
    given: set[int | None],
    outputs: Sequence[Variable],
    found: Callable[[int | None], int | None],
) -> list[Statement]:
    """Return the statements without those that nothing depends on.

    Guards stay, and so do writes into memory that is `given`, that an output stands in, or that a statement reads, and
    what may fail, since the function may catch that.
    """
    live = set(outputs)
    memories = given | {found(v.memory) for v in outputs}
    kept = []
    for s in reversed(statements):
        alive = s.kind == "guard" or not live.isdisjoint(s.results)
        alive = alive or (s.writes is not None and found(s.writes) in memories)
        if alive or may_fail(s):
            kept.append(s)
            live.update(s.reads)
            for v in s.reads:
                if v.memory is not None:
                    memories.add(found(v.memory))
    return kept[::-1]


def may_fail(s: Statement) -> bool:
    """Tell whether it depends on values if a statement raises an exception."""
    form = form_read(s)
    if form.op == "call":
        return form.name.startswith(("np.linalg.", "math.")) and form.name not in _NEVER_FAIL
    pythons = s.kind == "call" and len(s.results) == 1 and s.results[0].dtype is None
    return pythons and form.op in ("/", "//", "%", "**")


_NEVER_FAIL = frozenset({"np.linalg.norm", "np.linalg.det", "np.linalg.slogdet", "np.linalg.qr", "np.linalg.cross"})


def clean_at_once(
    statements: Sequence[Statement],
    given: set[int | None],
    found: Callable[[int | None], int | None],
    fresh: Callable[[Variable], Variable],
) -> list[Statement]:
    """Return the statements with the guards that ask for a NaN taken together, before anything given is written into.

    A sum of squares is NaN where an element is. BLAS would sum those of large arrays in threads, which stay awake.
    """
    kept: list[Statement] = []
    small: list[tuple[Variable, Statement]] = []
    scalar = np.dtype(np.float64)

    def flush() -> None:
        if small:
            pieces: list[Any] = []
            for v, _ in small:
                flat = len(v.shape) == 1 and v.dtype.kind == "f"
                pieces += [" + "] if pieces else []
                pieces += [v, ".dot(", v, ")"] if flat else ["np.vdot(", v, ", ", v, ")"]
            last = small[-1][1]
            total = fresh(Variable("", (), scalar))
            kept.append(last.but(tuple(pieces), "call", (total,)))
            kept.append(last.but((total, " != ", total)))
            small.clear()

    for s in statements:
        into = None if s.writes is None else found(s.writes)
        if into is not None and (into in given or into in {found(v.memory) for v, _ in small}):
            flush()
        v = asked_for_nan(s)
        if v is None:
            kept.append(s)
        elif math.prod(v.shape) < BLAS_THREADS or v.dtype.kind == "c":
            if v not in [w for w, _ in small]:
                small.append((v, s))
        else:
            largest = fresh(Variable("", (), v.dtype))
            kept.append(s.but(("np.maximum.reduce(", v, ", axis=None)"), "call", (largest,)))
            kept.append(s.but((largest, " != ", largest)))
    flush()
    return kept


_NAN_GUARD = "np.isnan(np.vdot(, ))"


def asked_for_nan(s: Statement) -> Variable | None:
    """Return the variable that a guard asks whether there is a NaN in it."""
    if s.kind != "guard" or len(s.reads) != 2 or "".join([p for p in s.pieces if type(p) is str]) != _NAN_GUARD:
        return None
    return s.reads[0]


def optimised(p: Program, outputs: Sequence[Any]) -> Optimised:
    """Return what is left of a program."""
    return Optimiser(p, outputs).run()
