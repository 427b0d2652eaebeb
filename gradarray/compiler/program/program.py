"""The program that is being written down: statements, in the order in which they were carried out.

It holds names and no arrays of the call, so that the reference counts by which the package knows who has an array are
as they would be without it. What Python learns of values on the way is written down as a guard.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterable, Sequence
from threading import get_ident
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ...context.frames import LIBRARIES
from ...context.settings import SILENT, errors
from ...kernels.arrays import FLOAT64
from ...kernels.gate import described
from ...kernels.traced import TRACED
from .forms import Form
from .lines import Origins
from .operands import Operands, allocation_of
from .statements import JitError, Statement, Variable

LONGEST = 500_000  # statements, which take half a minute to be written down, and a gigabyte


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


# Scalars as large as this are near to infinity.
_TAME = 1e290
_NUMBERS = (bool, int, float, complex)
_ARRAYS = (np.ndarray, np.generic)


class Program(Operands):
    """What one call did.

    Attributes
    ----------
    statements
    inputs : what the program is given: the arguments, and behind them what the function refers to by its closure and
        its globals
    tame : all scalars were far from infinite
    ambient : what NumPy says of infinite results around the call
    origins : notes which of the user's lines statements come from, where somebody is to read that
    """

    def __init__(self, origins: Origins | None = None) -> None:
        super().__init__()
        self.statements: list[Statement] = []
        self.tame = True
        self.inputs: list[Variable] = []
        self.origins = origins
        self._thread: int | None = get_ident()
        self.ambient = errors.get()
        self._filters = [*warnings.filters]
        self._strict = _warnings_raise()
        self.refused = ""  # why there can be no program, which shows if the function ends all the same
        self.foreign = False  # another thread has used a traced array
        # By the number of a piece of memory: what tapes have saved of it, which is copied before somebody writes there.
        self._saved: dict[int, list[weakref.ref[Any]]] = {}
        self.array: Any = None  # the types of what stands for values, handed in by their module
        self.scalar: Any = None

    # --- what stands for values -----------------------------------------------------------------------------------

    def enter(self, value: Any, name: str) -> Any:
        """Return what stands for a value that the program is given."""
        traced = self.standing(value, self.named(name))
        self.inputs.append(traced.variable)
        return traced

    def standing(self, value: Any, name: str = "v", base: Any = None) -> Any:
        """Return what stands for a value, under a name if it has one from the beginning."""
        if not isinstance(value, np.ndarray):
            dtype = FLOAT64 if type(value) is np.float64 else getattr(value, "dtype", None)
            if dtype is FLOAT64 and not -_TAME < value < _TAME:
                self.tame = False
            return self.scalar(self, Variable(name, (), dtype), value, None)
        flags = value.flags
        layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else ""
        variable = Variable(name, value.shape, value.dtype, self._memory(value), layout)
        return self.array(self, variable, value, base)

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

    def add(
        self,
        kind: str,
        results: tuple[Variable, ...],
        pieces: Sequence[Any],
        writes: int | None = None,
        form: Form | None = None,
    ) -> None:
        """Write down a statement, of a form that may be known."""
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
        if len(self.statements) >= LONGEST:
            self.refused = f"it comes to more than {LONGEST} statements"
            raise JitError(self.refused)
        line = None if self.origins is None else self.origins.next()
        self.statements.append(Statement(kind, results, tuple(pieces), writes, silent, line, form))

    def along(self, nodes: list[Any]) -> list[Any]:
        """Return the nodes of a sweep, of whose statements the lines are noted that recorded them."""
        return nodes if self.origins is None else self.origins.along(nodes)

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
        self,
        value: Any,
        pieces: Sequence[Any],
        sources: Iterable[Any] = (),
        static: bool = True,
        kind: str = "call",
        form: Form | None = None,
    ) -> Any:
        """Write a statement down; return what stands for its value.

        Parameters
        ----------
        value : what the call returned
        pieces : its text
        sources : traced arrays of whose memory the value may be a view, or which it may be itself
        static : the shapes and dtypes of the arguments tell those of the value
        form : of the text, if it is known
        """
        if not self.here():
            return value
        if isinstance(value, _ARRAYS):
            base = None
            for s in sources:
                if value is s.value:
                    return s
            if isinstance(value, np.ndarray):
                for s in sources if value.base is not None else ():
                    owner = s if s.base is None else s.base
                    if isinstance(owner.value, np.ndarray) and allocation_of(value) is allocation_of(owner.value):
                        base = owner
            made = self.standing(value, base=base)
            self.add(kind, (made.variable,), pieces, None, form)
            if not static:
                self._guard_form(made)
            return made
        if isinstance(value, (tuple, list)) and any(isinstance(v, (*_ARRAYS, tuple, list)) for v in value):
            name = Variable("v")
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
        raise JitError(f"{self.shown(pieces)} gives {described(value)}")

    def python(self, func: Callable[..., Any], label: Any, args: Sequence[Any]) -> Any:
        """Carry out a function that gives a number, or a tuple of them, and write it down."""
        pairs = [self.spelt(a) for a in args]
        pieces = [*((label,) if type(label) is str else label), "("]
        for k, (_, text) in enumerate(pairs):
            pieces += [", ", *text] if k else text
        pieces.append(")")
        value = self.tried(lambda: func(*[p[0] for p in pairs]), pieces)
        if type(value) is tuple and all(isinstance(v, (int, float, complex)) for v in value):
            name = Variable("v")
            self.add("several", (name,), pieces)
            return tuple([self.number(v, (name, f"[{k}]")) for k, v in enumerate(value)])
        return self.number(value, pieces) if type(value) in _NUMBERS else self.result(value, pieces)

    def number(self, value: Any, pieces: Sequence[Any]) -> Any:
        """Write down a statement that gives one of Python's numbers."""
        if not self.here():
            return value
        made = self.scalar(self, Variable("v", (), None), value, None)
        self.add("call", (made.variable,), pieces)
        return made

    def _guard_form(self, x: Any) -> None:
        v = x.variable
        self.guard(v, f".shape != {v.shape} or ", v, ".dtype != ", *self.spelt(v.dtype)[1])

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
            self.failed(error, pieces, writes)
            raise

    def failed(self, error: Exception, pieces: Sequence[Any], writes: bool = False) -> None:
        """Write down that a call fails."""
        if writes:
            self.refused = f"{self.shown(pieces)} fails with {error!r:.80}, which is caught"
        self.guard(self.helper(succeeds), "(lambda: ", *pieces, ")")

    def whole(self, func: Callable[..., Any], *args: Any, writes: Any = None) -> Any:
        """Carry out a function of the package's own as one statement, which calls it again."""
        sources = [a for a in args if type(a) in TRACED]
        return self.call(func, (self.helper(func),), args, {}, sources, writes=writes)

    def opaque(self, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Carry out a function of another library as one statement, of whose results nothing is known beforehand.

        What a user's function that it is given computes with may be traced, and is not seen.
        """
        for x in (*args, *kwargs.values()):
            if isinstance(x, _FUNCTIONS) and x.__module__.partition(".")[0] not in LIBRARIES:
                self.refused = (
                    f"{getattr(func, '__name__', 'a library')} is given a function, which it calls with values"
                )
        return self.call(func, (self.helper(func),), args, kwargs, static=False)

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


_FUNCTIONS = (FunctionType, MethodType)
# Functions whose arrays are made to be written into.
_TO_FILL = frozenset(("empty", "zeros", "ones", "empty_like", "zeros_like", "ones_like"))


def _is_short(x: Any) -> bool:
    """Tell whether an argument is best written down as it is: a number, a name, a shape."""
    if type(x) is tuple:
        return len(x) < 9 and all(map(_is_short, x))
    return type(x) in (*_NUMBERS, str, type(None), slice) or isinstance(x, (np.dtype, np.number, type))
