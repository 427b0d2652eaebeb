"""Operands of statements: what a program calls the values that its calls are given."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...forward.dual import Dual
from ...kernels.arrays import ONES
from ...kernels.gate import Guest, hosted
from ...kernels.traced import TRACED
from ...reverse.tensor import Tensor
from .statements import JitError, of_another_library

# Names that stand in the text of a program and are not the user's.
OWN = frozenset(
    ["_added_where", "_again", "_before", "_block", "_by_halves", "_by_rows", "_errors", "_rows", "_SILENT"]
)
OWN |= {"_added_at", "_scattered", "_sum_of_short_rows", "_total_by_halves", "_total_of_rows", "_isfinite"}
OWN |= {"_ignores_underflow", "_narrow", "_repeated", "_room", "_wide"}


class Operands:
    """The values that a program refers to, as text.

    Attributes
    ----------
    constants : by name, what the text refers to that is neither an argument nor of NumPy's
    """

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self._names: set[str] = {"np", "math", *OWN}
        self._memories = 0
        # By the identity of the array that owns a piece of memory: a weak reference to it, and the memory's number.
        self._owners: dict[int, tuple[weakref.ref[Any], int]] = {}
        # By the identity of a constant: itself, a copy of what stood there, and its name.
        self._constants: dict[int, tuple[Any, Any, str]] = {}

    def named(self, name: str) -> str:
        """Return a name that is not taken yet, like this one."""
        name = name if name.isidentifier() else "c"
        found, k = name, 1
        while found in self._names:
            found, k = f"{name}_{k}", k + 1
        self._names.add(found)
        return found

    def _memory(self, value: Any) -> int:
        owner = allocation_of(value)
        known = self._owners.get(id(owner))
        if known is None or known[0]() is not owner:
            self._memories += 1
            known = self._owners[id(owner)] = weakref.ref(owner), self._memories
        return known[1]

    def module(self, module: Any) -> str:
        """Return the name by which the program has a module of Python's own."""
        self._names.add(module.__name__)
        self.constants[module.__name__] = module
        return str(module.__name__)

    def helper(self, func: Callable[..., Any]) -> str:
        """Return the name by which the program calls a function that is not of NumPy's."""
        return self.constant(func, getattr(func, "__name__", "helper"))

    @staticmethod
    def shown(pieces: Sequence[Any]) -> str:
        """Return the text of pieces."""
        return "".join([p if type(p) is str else p.name for p in pieces])

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
                raise JitError(f"an array of another {'library' if t is Guest else 'program'} meets those of this one")
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
            raise JitError("a Tensor among the arguments of a call on bare values")
        if t is dict:
            items = {k: self.spelt(v) for k, v in x.items()}
            pieces = ["{"]
            for k, (key, (_, text)) in enumerate(items.items()):
                pieces += [f"{', ' if k else ''}{key!r}: ", *text]
            return {k: v for k, (v, _) in items.items()}, [*pieces, "}"]
        if hosted(t):
            raise of_another_library(x, "what it computes with")
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


def _same_bytes(a: Any, b: Any) -> bool:
    return bool(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes())


def allocation_of(array: Any) -> Any:
    """Return the array that owns the memory of one; between both may be objects of NumPy's own, and memoryviews."""
    found, base, before = array, array.base, None
    while base is not None and base is not before:  # an array of Cython's, as SciPy has them, is its own base
        if isinstance(base, np.ndarray):
            found = base
        before, base = base, base.obj if type(base) is memoryview else getattr(base, "base", None)
    return found
