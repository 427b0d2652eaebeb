"""How a program is entered: the text that looks whether arguments and surroundings are what it was written for.

It takes arguments apart, compares types, shapes, dtypes and what Python finds elsewhere, calls the program, and puts
its results together. It returns None where the program is for something else.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..context.frames import readable
from ..dropin.places import value_in
from ..kernels.gate import PLAIN
from ..transforms.containers import Fixed, Tree, parts_of
from .program.statements import JitError
from .surroundings.locations import Found, Location
from .surroundings.objects import NUMBERS

# So many arrays are compared with each other, before that takes longer than to look for their identities.
_FEW = 6
# From so many items of one list or dict on, they are compared in one go, which takes as long, and less text.
_MANY = 8
_EQUAL = (str, bytes, int, float, complex, bool, type(None), np.dtype, range)


class Static:
    """An argument by whose value programs are kept."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Entry:
    """The text of an entry as it grows.

    Attributes
    ----------
    space : what its names lead to
    given : how the text calls the leaves of the arguments
    setters : by that, the text that puts another value in its place, where that is possible
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.space: dict[str, Any] = {"ndarray": np.ndarray, "may_share_memory": np.may_share_memory}
        self.given: list[str] = []
        self.setters: dict[str, str] = {}
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []  # what is made here, and told by its identity
        self._count = 0

    def constant(self, value: Any) -> str:
        """Return the name of an object."""
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = f"_c{len(self._names)}"
            self.space[name] = value
        return name

    def named(self, expression: str) -> str:
        """Give a value a name, and return it."""
        self._count += 1
        self.lines.append(f"_v{self._count} = {expression}")
        return f"_v{self._count}"

    def miss(self, condition: str) -> None:
        self.lines.append(f"if {condition}: return None")

    # --- arguments --------------------------------------------------------------------------------------------------

    def form(self, x: str, value: Any) -> None:
        """Compare the type, shape and dtype of a leaf."""
        if type(value) is not np.ndarray:
            self.miss(f"type({x}) is not {self.constant(type(value))}")
            return
        dtype = self.constant(value.dtype)
        # By name, so that the text need not be compiled again for arrays of other lengths. As many strides as axes.
        strides, shape = self.constant(value.strides), ""
        if value.ndim == 1:  # without a tuple, whose making takes as long as all else
            shape = f"len({x}) != {self.constant(len(value))} or "
        elif value.ndim:
            shape = f"{x}.shape != {self.constant(value.shape)} or "
        self.miss(
            f"type({x}) is not ndarray or {x}.strides != {strides} or {shape}"
            f"({x}.dtype is not {dtype} and {x}.dtype != {dtype})"
        )

    def same(self, x: str, value: Any) -> None:
        """Compare something that is no array."""
        if type(value) is Static:
            self.miss(f"type({x}) is not {self.constant(type(value.value))} or {x} != {self.constant(value.value)}")
        elif isinstance(value, _EQUAL) and value is not None:
            self.equal(x, value)
        else:
            self.miss(f"{x} is not {self.constant(value)}")

    def equal(self, x: str, value: Any) -> None:
        literal = repr(value) if type(value) in (int, bool, str, bytes) else self.constant(value)
        self.miss(f"type({x}) is not {self.constant(type(value))} or {x} != {literal}")
        parts = (value.real, value.imag) if isinstance(value, (complex, np.complexfloating)) else (value,)
        if isinstance(value, (float, complex, np.inexact)) and 0 in parts:  # -0.0 equals 0.0, and is not the same
            self.miss(f"str({x}) != {str(value)!r}")
        if isinstance(value, (float, complex)) and not math.isfinite(abs(value)) and value != value:
            raise JitError("a NaN is compared")

    def arguments(self, x: str, tree: Tree, leaves: Any) -> None:
        """Take a container apart; note how each leaf is called."""
        if tree.kind is None:
            self.form(x, next(leaves))
            self.given.append(x)
            return
        if tree.kind is Fixed or tree.kind is type(None):
            self.same(x, tree.build([]))
            return
        self.miss(f"type({x}) is not {self.constant(tree.kind)}")
        if tree.way is not None:
            x = self.named(f"dict(zip(*{self.constant(parts_of)}({x})[1:3]))")
            self.miss(f"tuple({x}) != {self.constant(tuple(tree.keys))}")
            parts = [f"{x}[{key!r}]" for key in tree.keys]
        elif issubclass(tree.kind, dict):
            self.miss(f"tuple({x}) != {self.constant(tuple(tree.keys))}")
            parts = [f"{x}[{self.constant(key) if type(key) is not str else repr(key)}]" for key in tree.keys]
        elif issubclass(tree.kind, (list, tuple)):
            self.miss(f"len({x}) != {len(tree.parts)}")
            parts = [f"{x}[{i}]" for i in range(len(tree.parts))]
        else:  # a dataclass
            parts = [f"{x}.{key}" for key in tree.keys]
        changes = tree.way is None and not issubclass(tree.kind, tuple)
        for part, text in zip(tree.parts, parts, strict=True):
            name = self.named(text)
            if changes:
                self.setters[name] = text.replace("{", "{{").replace("}", "}}") + " = {}"
            self.arguments(name, part, leaves)

    def distinct(self, arrays: list[str]) -> None:
        """Compare that no two arrays are one, which the function may ask, or write into."""
        if len(arrays) <= _FEW:
            pairs = [f"{a} is {b}" for a, b in itertools.combinations(arrays, 2)]
            if pairs:
                self.miss(" or ".join(pairs))
        else:
            self.miss(f"len({{{', '.join([f'id({x})' for x in arrays])}}}) != {len(arrays)}")

    # --- surroundings -----------------------------------------------------------------------------------------------

    def read(self, place: Location) -> str:
        simple = type(place.name) in (str, int)
        return place.text(self.constant(place.owner), repr(place.name) if simple else self.constant(place.name))

    def surroundings(self, every: Iterable[Found]) -> None:
        """Compare what stands at some places, but for arrays and numbers that the program is given."""
        groups: dict[tuple[int, str], list[Found]] = {}
        for found in every:
            if found.kind in ("same", "number", "equal") and found.place.how == "item":
                groups.setdefault((id(found.place.owner), found.kind), []).append(found)
            else:
                self._surrounding(found)
        for group in groups.values():
            if len(group) < _MANY:
                for found in group:
                    self._surrounding(found)
            else:
                getter, values = operator.itemgetter(*[f.place.name for f in group]), tuple([f.value for f in group])
                self._kept += [getter, values]
                owner, items, before = map(self.constant, (group[0].place.owner, getter, values))
                self.space["_unchanged"] = unchanged
                self.miss(f"not _unchanged({items}({owner}), {before})")

    def _surrounding(self, found: Found) -> None:
        if found.kind == "length":
            self.miss(f"len({self.constant(found.place.owner)}) != {found.value}")
        elif found.kind == "attributes":
            self.miss(f"len({self.constant(found.place.owner)}.__dict__) != {found.value}")
        elif found.kind == "absent":
            owner = self.constant(found.place.owner)
            own = owner if type(found.place.owner) is dict else f"{owner}.__dict__"
            self.miss(f"not {own}.keys().isdisjoint({self.constant(found.value)})")
        elif found.kind == "module":  # a block of drop-in mode may be open
            owner, name, module = map(self.constant, (found.place.owner, found.place.name, found.value))
            x = self.named(self.read(found.place))
            self.miss(f"{x} is not {module} and {self.constant(value_in)}({owner}, {name}) is not {module}")
        elif found.kind == "contents":
            self.miss(f"{self.constant(found.place.owner)} != {self.constant(found.value)}")
        elif found.kind == "same" or (found.kind == "equal" and not isinstance(found.value, (str, bytes))):
            self.miss(f"{self.read(found.place)} is not {self.constant(found.value)}")
        else:
            x = self.read(found.place)
            self.equal(x if type(found.value) in (int, bool, str, bytes) else self.named(x), found.value)

    # --- results ----------------------------------------------------------------------------------------------------

    def results(self, tree: Tree, leaves: list[str]) -> str:
        """Return the text that puts results together."""
        if tree.kind is None:
            return leaves.pop(0)
        if tree.kind is type(None):
            return "None"
        if tree.kind is Fixed:
            return self.constant(tree.build([]))
        if tree.kind in (list, tuple, dict) and tree.way is None:
            parts = [self.results(part, leaves) for part in tree.parts]
            if tree.kind is dict:
                keys = [repr(key) if type(key) is str else self.constant(key) for key in tree.keys]
                return "{" + ", ".join([f"{k}: {p}" for k, p in zip(keys, parts, strict=True)]) + "}"
            end = ",)" if len(parts) == 1 else ")"
            return f"[{', '.join(parts)}]" if tree.kind is list else f"({', '.join(parts)}{end}"
        count = sum(1 for _ in tree.paths())
        parts, leaves[:] = leaves[:count], leaves[count:]
        return f"{self.constant(tree)}.unflatten(({', '.join(parts)}{',' * (len(parts) == 1)}))"

    @staticmethod
    def spells(tree: Tree) -> bool:
        """Tell whether `results` puts results together by nothing but Python's own displays."""
        if tree.kind in (list, tuple, dict) and tree.way is None:
            keys = tree.keys if tree.kind is dict else ()
            return all(type(key) is str for key in keys) and all(map(Entry.spells, tree.parts))
        return tree.kind is None or tree.kind is type(None)

    def finished(self, count: int, words: Iterable[str], name: str) -> Any:
        """Return the function for so many arguments by position, and for these by their names."""
        parameters = [f"_a{i}" for i in range(count)]
        keywords = [*words]
        if not all(word.isidentifier() for word in keywords):
            raise JitError(f"the keywords {keywords}")
        parameters += [*(["/"] if count else []), *(["*"] if keywords else []), *keywords]
        text = "\n    ".join([f"def enter({', '.join(parameters)}):", *self.lines]) + "\n"
        exec(readable(text, f"<gradarray entry of {name}>"), self.space)
        return self.space.pop("enter")  # or its names would hold it, and it them


def unchanged(now: tuple[Any, ...], before: tuple[Any, ...]) -> bool:
    """Tell whether objects are the same ones, or numbers and texts of the same type and value."""
    return all(map(operator.is_, now, before)) or all(map(_is_like, now, before))


def _is_like(now: Any, before: Any) -> bool:
    if now is before:
        return True
    # Of a number of either zero, the text tells which it is.
    return type(now) is type(before) and isinstance(before, _TOLD) and now == before and repr(now) == repr(before)


_TOLD = (*NUMBERS, str, bytes)


def is_traceable(x: Any) -> bool:
    """Tell whether a leaf is an array, or a number, that a program can be given."""
    if type(x) is np.ndarray or (isinstance(x, np.generic) and type(x) in PLAIN):
        return x.dtype.kind in "biufc"
    return type(x) in (int, float, complex)


def overlapping(arrays: Sequence[Any]) -> bool:
    """Tell whether two of these arrays share memory without being one."""
    return any(a is not b and np.may_share_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
