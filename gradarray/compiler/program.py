"""The program that is being written down: statements, in the order in which they were carried out.

It holds names and no arrays of the call, so that the reference counts by which the package knows who has an array are
as they would be without it. What Python learns of values on the way is written down as a guard.
"""

from __future__ import annotations

import bisect
import math
import warnings
import weakref
from collections.abc import Callable, Iterable, Sequence
from threading import get_ident
from typing import Any

import numpy as np

from ..context.frames import users_frame
from ..context.settings import SILENT, errors
from ..forward.dual import Dual
from ..kernels.arrays import FLOAT64, ONES
from ..kernels.gate import described
from ..kernels.traced import TRACED
from ..reverse.tensor import Tensor
from ..tape.nodes import next_order
from .statements import Line, Statement, Untraceable, Variable

LONGEST = 100_000  # statements, which take some seconds to be written down


def succeeds(compute: Callable[[], Any]) -> bool:
    """Tell whether something can be computed."""
    try:
        compute()
    except Exception:
        return False
    return True


def _warnings_raise() -> bool:
    """Tell whether NumPy's warnings are errors."""
    for action, _, category, *_ in warnings.filters:
        if issubclass(RuntimeWarning, category):
            return action == "error"
    return False


# Names that stand in the text of a program and are not the user's.
OWN = frozenset(
    ["_added_where", "_again", "_before", "_block", "_by_halves", "_by_rows", "_errors", "_rows", "_SILENT"]
)
OWN |= {"_added_at", "_scattered", "_sum_of_short_rows", "_total_by_halves", "_total_of_rows", "_isfinite", "_KNOWN"}
OWN |= {"_narrow", "_wide"}
# Scalars as large as this are near to infinity.
_TAME = 1e290
_NUMBERS = (bool, int, float, complex)
_ARRAYS = (np.ndarray, np.generic)


class Program:
    """What one call did.

    Attributes
    ----------
    statements
    constants : by name, what the text refers to that is neither an argument nor of NumPy's
    inputs : what the program is given: the arguments, and behind them what the function refers to by its closure and
        its globals
    tame : all scalars were far from infinite
    ambient : what NumPy says of infinite results around the call
    """

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.constants: dict[str, Any] = {}
        self.tame = True
        self.inputs: list[Variable] = []
        self._names: set[str] = {"np", "math", *OWN}
        self._count = 0
        self._memories = 0
        # By the identity of the array that owns a piece of memory: a weak reference to it, and the memory's number.
        self._owners: dict[int, tuple[weakref.ref[Any], int]] = {}
        # By the identity of a constant: itself, a copy of what stood there, and its name.
        self._constants: dict[int, tuple[Any, Any, str]] = {}
        self._thread: int | None = get_ident()
        self.ambient = errors.get()
        self._filters = [*warnings.filters]
        self._strict = _warnings_raise()
        self.refused = ""  # why there can be no program, which shows if the function ends all the same
        self.foreign = False  # another thread has used a traced array
        # By the number of a piece of memory: what tapes have saved of it, which is copied before somebody writes there.
        self._saved: dict[int, list[weakref.ref[Any]]] = {}
        # The lines of what was recorded, each behind the number that came next then; and the node that a sweep is at.
        self._marks: list[int] = []
        self._lines: list[Line | None] = []
        self._outside = _users_line()
        self.pulled: int | None = None
        self.array: Any = None  # the types of what stands for values, handed in by their module
        self.scalar: Any = None

    # --- what stands for values -----------------------------------------------------------------------------------

    def named(self, name: str) -> str:
        """Return a name that is not taken yet, like this one."""
        name = name if name.isidentifier() else "c"
        found, k = name, 1
        while found in self._names:
            found, k = f"{name}_{k}", k + 1
        self._names.add(found)
        return found

    def _numbered(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def enter(self, value: Any, name: str) -> Any:
        """Return what stands for a value that the program is given."""
        traced = self.standing(value, self.named(name))
        self.inputs.append(traced.variable)
        return traced

    def standing(self, value: Any, name: str, base: Any = None) -> Any:
        """Return what stands for a value under a name."""
        if not isinstance(value, np.ndarray):
            dtype = FLOAT64 if type(value) is np.float64 else getattr(value, "dtype", None)
            if dtype is FLOAT64 and not -_TAME < value < _TAME:
                self.tame = False
            return self.scalar(self, Variable(name, (), dtype), value, None)
        flags = value.flags
        layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else ""
        variable = Variable(name, value.shape, value.dtype, self._memory(value), layout)
        return self.array(self, variable, value, base)

    def _memory(self, value: Any) -> int:
        owner = value
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        known = self._owners.get(id(owner))
        if known is None or known[0]() is not owner:
            self._memories += 1
            known = self._owners[id(owner)] = weakref.ref(owner), self._memories
        return known[1]

    def here(self) -> bool:
        """Tell whether this is written at present, by this thread; to another one, traced arrays are plain."""
        if self._thread == get_ident():
            return True
        self.foreign |= self._thread is not None
        return False

    def close(self) -> None:
        """End the writing: what is left of traced arrays computes as what they stand for."""
        self._thread = None

    # --- statements -----------------------------------------------------------------------------------------------

    def add(self, kind: str, results: tuple[Variable, ...], pieces: Sequence[Any], writes: int | None = None) -> None:
        if not self.here():
            return
        if self._filters != warnings.filters and not self._strict and _warnings_raise():
            self.refused = "warnings are errors in it"
        silent = (now := errors.get()) is SILENT
        if not silent and now is not self.ambient:
            state = np.geterr()
            if "raise" in state.values() or "call" in state.values():
                self.refused = "NumPy's warnings are errors in it, or are handed to a function"
            silent = state["divide"] == "ignore" or state["invalid"] == "ignore"
        line = _users_line() if self.pulled is None else self._line_of(self.pulled)
        line = None if line == self._outside else line  # where the program was asked for
        if len(self.statements) >= LONGEST:
            self.refused = f"it comes to more than {LONGEST} statements"
            raise Untraceable(self.refused)
        self._marks.append(next_order())
        self._lines.append(line)
        self.statements.append(Statement(kind, results, tuple(pieces), writes, silent, line))

    def _line_of(self, order: int) -> Line | None:
        """Return the line that recorded the node of a number."""
        k = bisect.bisect_left(self._marks, order)
        return self._lines[k - 1] if k else None

    def along(self, nodes: list[Any]) -> list[Any]:
        """Return the nodes of a sweep in a list that notes which of them it is at."""
        return _Along(nodes, self)

    def guard(self, *pieces: Any) -> None:
        """Write down that the program fails where this text is true."""
        self.add("guard", (), pieces)

    def values(self, x: Any) -> Any:
        """Return the bare values of a traced array, which Python or compiled code asks for: they are guarded."""
        known = np.asarray(x.value)
        if not known.ndim and known.dtype.kind in "biuf":
            self.guard_number(x, known[()].item())
        else:
            self.guard("np.asarray(", x.variable, ").tobytes() != ", self.constant(known.tobytes(), "seen"))
        return x.value

    def guard_number(self, x: Any, known: Any) -> None:
        """Write down that the program is for this number alone."""
        if known != known:
            self.guard(x.variable, " == ", x.variable)
        elif isinstance(known, float) and known == 0:  # -0.0 equals 0.0, and is not the same
            self.guard(
                "np.asarray(", x.variable, ").tobytes() != ", self.constant(np.asarray(x.value).tobytes(), "seen")
            )
        else:
            self.guard(x.variable, " != ", *self.spelt(known)[1])

    def result(
        self, value: Any, pieces: Sequence[Any], sources: Iterable[Any] = (), static: bool = True, kind: str = "call"
    ) -> Any:
        """Write a statement down; return what stands for its value.

        Parameters
        ----------
        value : what the call returned
        pieces : its text
        sources : traced arrays of whose memory the value may be a view, or which it may be itself
        static : the shapes and dtypes of the arguments tell those of the value
        """
        if not self.here():
            return value
        if isinstance(value, _ARRAYS):
            base = None
            for s in sources:
                if value is s.value:
                    return s
            if isinstance(value, np.ndarray):
                for s in sources:
                    owner = s if s.base is None else s.base
                    if value.base is not None and (value.base is s.value or value.base is owner.value):
                        base = owner
            made = self.standing(value, self._numbered(), base)
            self.add(kind, (made.variable,), pieces)
            if not static:
                self._guard_form(made)
            return made
        if isinstance(value, (tuple, list)) and any(isinstance(v, (*_ARRAYS, tuple, list)) for v in value):
            name = Variable(self._numbered())
            self.add("several", (name,), pieces)
            if not static:
                self.guard("len(", name, f") != {len(value)}")
            parts = [self.result(v, (name, f"[{i}]"), sources, static) for i, v in enumerate(value)]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if value is None or value is NotImplemented:
            self.add("call", (), pieces)
            return value
        if isinstance(value, (*_NUMBERS, str, bytes, tuple, list)):
            self.guard(*pieces, " != ", *self.spelt(value)[1])
            return value
        raise Untraceable(f"{self.shown(pieces)} gives {described(value)}")

    def python(self, func: Callable[..., Any], label: Any, args: Sequence[Any]) -> Any:
        """Carry out a function that gives a number, or a tuple of them, and write it down."""
        pairs = [self.spelt(a) for a in args]
        pieces = [*((label,) if type(label) is str else label), "("]
        for k, (_, text) in enumerate(pairs):
            pieces += [", ", *text] if k else text
        pieces.append(")")
        value = self.tried(lambda: func(*[p[0] for p in pairs]), pieces)
        if type(value) is tuple and all(isinstance(v, (int, float, complex)) for v in value):
            name = Variable(self._numbered())
            self.add("several", (name,), pieces)
            return tuple([self.number(v, (name, f"[{k}]")) for k, v in enumerate(value)])
        return self.number(value, pieces) if type(value) in _NUMBERS else self.result(value, pieces)

    def module(self, module: Any) -> str:
        """Return the name by which the program has a module of Python's own."""
        self._names.add(module.__name__)
        self.constants[module.__name__] = module
        return str(module.__name__)

    def number(self, value: Any, pieces: Sequence[Any]) -> Any:
        """Write down a statement that gives one of Python's numbers."""
        if not self.here():
            return value
        made = self.scalar(self, Variable(self._numbered(), (), None), value, None)
        self.add("call", (made.variable,), pieces)
        return made

    def _guard_form(self, x: Any) -> None:
        v = x.variable
        self.guard(v, f".shape != {v.shape} or ", v, ".dtype != ", *self.spelt(v.dtype)[1])

    @staticmethod
    def shown(pieces: Sequence[Any]) -> str:
        """Return the text of pieces."""
        return "".join([p if type(p) is str else p.name for p in pieces])

    # --- what tapes save ------------------------------------------------------------------------------------------

    def secured(self, x: Any) -> Any:
        """Return an array of its own that stands for the same memory until somebody writes there."""
        saved = self.array(self, x.variable, x.value, x.base)
        self._saved.setdefault(x.variable.memory, []).append(weakref.ref(saved))
        return saved

    def will_write(self, memory: int | None) -> None:
        """Copy what tapes have saved of a piece of memory, which is about to be written into."""
        for ref in self._saved.pop(memory, ()):  # type: ignore[arg-type]
            saved = ref()
            if saved is not None:
                copy = self.result(saved.value.copy("K"), (saved.variable, '.copy("K")'), kind="copy")
                saved.variable, saved.value, saved.base = copy.variable, copy.value, None

    # --- calls ----------------------------------------------------------------------------------------------------

    def call(
        self,
        func: Callable[..., Any],
        label: Sequence[Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        sources: Iterable[Any] = (),
        static: bool = True,
        kind: str = "call",
        writes: Any = None,
    ) -> Any:
        """Carry out a call and write it down; `writes` is the traced array that it writes into."""
        out = kwargs.get("out")
        out = out[0] if type(out) is tuple and len(out) == 1 else out
        if writes is None and type(out) in TRACED:
            writes = out
        pairs = [self.spelt(a) for a in args]
        keys = {k: self.spelt(v) for k, v in kwargs.items() if v is not np._NoValue}
        if writes is not None:
            self.will_write(writes.variable.memory)
        pieces = [*label, "("]
        for k, (_, text) in enumerate(pairs):
            pieces += [", ", *text] if k else text
        for k, (name, (_, text)) in enumerate(keys.items()):
            pieces += [f"{', ' if k or pairs else ''}{name}=", *text]
        pieces.append(")")
        positional, named = [p[0] for p in pairs], {k: p[0] for k, p in keys.items()}
        value = self.tried(lambda: func(*positional, **named), pieces, writes is not None)
        if writes is not None:
            self.add("write", (), pieces, writes.variable.memory)
            return out if out is not None else value
        return self.result(value, pieces, sources, static, kind)

    def tried(self, compute: Callable[[], Any], pieces: Sequence[Any], writes: bool = False) -> Any:
        """Return what a call gives; where it fails now, and the user's code goes on, it has to fail each time."""
        try:
            return compute()
        except Exception as error:
            if writes:
                self.refused = f"{self.shown(pieces)} fails with {error!r:.80}, which is caught"
            self.guard(self.helper(succeeds), "(lambda: ", *pieces, ")")
            raise

    def whole(self, func: Callable[..., Any], *args: Any, writes: Any = None) -> Any:
        """Carry out a function of the package's own as one statement, which calls it again."""
        sources = [a for a in args if type(a) in TRACED]
        return self.call(func, (self.helper(func),), args, {}, sources, writes=writes)

    def opaque(self, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Carry out a function of another library as one statement, of whose results nothing is known beforehand."""
        return self.call(func, (self.helper(func),), args, kwargs, static=False)

    def helper(self, func: Callable[..., Any]) -> str:
        """Return the name by which the program calls a function that is not of NumPy's."""
        return self.constant(func, getattr(func, "__name__", "helper"))

    # --- arrays that are made ---------------------------------------------------------------------------------------

    def zeros(self, shape: tuple[int, ...], dtype: Any, order: str = "") -> Any:
        dtype = np.dtype(dtype)
        value = np.zeros(shape, dtype, "F" if order else "C")
        return self.result(value, ("np.zeros(", f"{tuple(shape)}, ", *self.spelt(dtype)[1], order, ")"))

    def made(self, value: Any, call: Any = None) -> Any:
        """Return what stands for an array that the function has just made, of nothing that is traced.

        `call` tells by which function of NumPy's, with its arguments and keywords. Of whole numbers and truth values,
        only such as are made to be filled become a part of the program; Python computes with the others.
        """
        func, args, kwargs = call or (None, (), {})
        name = getattr(func, "__name__", "")
        if value.dtype.kind not in "fc" and name not in _TO_FILL:
            return value
        if name.startswith("empty") or (not value.any() and not np.signbit(value.real).any()):
            order = "" if value.flags.c_contiguous else ', order="F"' if value.flags.f_contiguous else None
            if order is not None:
                return self.zeros(value.shape, value.dtype, order)
        if getattr(np, name, None) is func is not None and all(map(_is_short, (*args, *kwargs.values()))):
            return self.call(func, (f"np.{name}",), args, kwargs)
        return self.result(value.copy("K"), (self.constant(value), '.copy("K")'), kind="copy")

    def entered(self, value: Any) -> Any:
        """Return what stands for a constant."""
        if type(value) in TRACED:
            return value
        if isinstance(value, np.ndarray):
            return self.result(value.copy("K"), (self.constant(value), '.copy("K")'))
        return self.result(np.asarray(value)[()], ("np.asarray(", *self.spelt(value)[1], ")[()]"))

    def one(self, dtype: Any, shape: tuple[int, ...]) -> Any:
        """Return the cotangent of a sum."""
        one = self.result(np.dtype(dtype).type(1), (*self.spelt(np.dtype(dtype))[1], "(1)"))
        if shape == ():
            return one
        return self.result(np.broadcast_to(one.value, shape), ("np.broadcast_to(", one.variable, f", {shape})"), (one,))

    # --- values as text -------------------------------------------------------------------------------------------

    def constant(self, value: Any, name: str = "c") -> str:
        """Return the name of a constant; of an array, a snapshot, since the function may write into it later."""
        if type(value) is np.ndarray and value.base is ONES and value.strides == ONES.strides:
            return self.ones(len(value))
        known = self._constants.get(id(value))
        if known is not None and known[0] is value and (type(value) is not np.ndarray or _same_bytes(known[1], value)):
            return known[2]
        kept = value
        if type(value) is np.ndarray:
            kept = value.copy("K")
            self._memory(kept)
        found = self.named(name if name != "c" else f"c{len(self.constants)}")
        self._constants[id(value)] = value, kept, found
        self.constants[found] = kept
        return found

    def ones(self, n: int) -> str:
        """Return the name of so many ones, a product with which is a sum."""
        name = f"ones_{n}"
        if name not in self.constants:
            self.constants[self.named(name)] = ONES[:n]
        return name

    def spelt(self, x: Any) -> tuple[Any, list[Any]]:
        """Return the value of an argument of a call, and its text in pieces."""
        t = type(x)
        if t in TRACED:
            if x.program is not self:
                raise Untraceable("an array of another program")
            return x.value, [x.variable]
        if t is int or t is bool or x is None or t is str:
            return x, [repr(x)]
        if x is Ellipsis:
            return x, ["..."]
        if t is float:
            return x, [repr(x) if math.isfinite(x) else "np.nan" if x != x else "np.inf" if x > 0 else "-np.inf"]
        if t is tuple or t is list:
            pairs = [self.spelt(i) for i in x]
            pieces: list[Any] = ["[" if t is list else "("]
            for k, (_, text) in enumerate(pairs):
                pieces += [", ", *text] if k else text
            pieces.append("]" if t is list else ",)" if len(x) == 1 else ")")
            return t([p[0] for p in pairs]), pieces
        if t is slice:
            parts = [self.spelt(i) for i in (x.start, x.stop, x.step)]
            (_, a), (_, b), (_, c) = parts
            return slice(*[p[0] for p in parts]), ["slice(", *a, ", ", *b, ", ", *c, ")"]
        if isinstance(x, np.generic) and x.dtype.char in _SPELT:
            return x, [f"np.{x.dtype.name}({self.shown(self.spelt(x.item())[1])})"]
        if t is complex:
            return x, ["complex(", *self.spelt(x.real)[1], ", ", *self.spelt(x.imag)[1], ")"]
        if isinstance(x, np.dtype):
            known = x.isbuiltin == 1 and x.isnative and getattr(np, x.name, None)
            return x, [f"np.{x.name}" if known else self.constant(x, "dtype")]
        if isinstance(x, type):
            x = kind = getattr(x, "acts_for", x)  # drop-in mode's
            public = "np." if getattr(np, kind.__name__, None) is kind else "" if kind in _BUILTINS else None
            return x, [self.constant(x) if public is None else public + kind.__name__]
        if isinstance(x, (Tensor, Dual)):
            raise Untraceable("a Tensor among the arguments of a call on bare values")
        if t is dict:
            items = {k: self.spelt(v) for k, v in x.items()}
            pieces = ["{"]
            for k, (key, (_, text)) in enumerate(items.items()):
                pieces += [f"{', ' if k else ''}{key!r}: ", *text]
            return {k: v for k, (v, _) in items.items()}, [*pieces, "}"]
        return x, [self.constant(x)]

    def index(self, i: Any) -> tuple[Any, list[Any]]:
        """Return an index, and its text in Python's own syntax."""
        if type(i) is not tuple or not i:
            return self._part(i)
        pairs = [self._part(q) for q in i]
        pieces: list[Any] = []
        for k, (_, text) in enumerate(pairs):
            pieces += [", ", *text] if k else text
        return tuple([p[0] for p in pairs]), pieces + [","] * (len(i) == 1)

    def _part(self, i: Any) -> tuple[Any, list[Any]]:
        if type(i) is not slice:
            return self.spelt(i)
        parts = [self.spelt(q) for q in (i.start, i.stop, i.step)]
        a, b, c = [[] if q is None else p[1] for q, p in zip((i.start, i.stop, i.step), parts, strict=True)]
        return slice(*[p[0] for p in parts]), [*a, ":", *b, *([":", *c] if c else [])]


_SPELT = frozenset("?bBhHiIlLqQefdFD")
_BUILTINS = {bool, int, float, complex}
# Functions whose arrays are made to be written into.
_TO_FILL = frozenset(("empty", "zeros", "ones", "empty_like", "zeros_like", "ones_like"))


def _is_short(x: Any) -> bool:
    """Tell whether an argument is best written down as it is: a number, a name, a shape."""
    if type(x) is tuple:
        return len(x) < 9 and all(map(_is_short, x))
    return type(x) in (*_BUILTINS, str, type(None), slice) or isinstance(x, (np.dtype, np.number, type))


def _same_bytes(a: Any, b: Any) -> bool:
    return bool(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes())


class _Along(list[Any]):
    """Nodes that a sweep goes through from the last one on."""

    def __init__(self, nodes: list[Any], program: Program) -> None:
        super().__init__(nodes)
        self._program = program

    def __reversed__(self) -> Any:
        return _Backwards(super().__reversed__(), self._program)


class _Backwards:
    """It keeps no reference to the node that it has handed out, which would count as somebody who holds it."""

    def __init__(self, nodes: Any, program: Program) -> None:
        self._nodes = nodes
        self._program = program

    def __iter__(self) -> _Backwards:
        return self

    def __next__(self) -> Any:
        self._program.pulled = None
        node = next(self._nodes)
        self._program.pulled = node.order
        return node


def _users_line() -> Line | None:
    frame = users_frame()
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_name)
