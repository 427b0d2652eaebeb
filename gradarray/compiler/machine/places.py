"""Where arrays stand in memory: each is a view of one that lies densely, by an offset and strides.

NumPy itself says what a view is: the text of its statement is carried out on an array of the same form.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from ..passes.optimise import Optimised
from ..program.statements import Statement, Variable


class Position(NamedTuple):
    """A view.

    Attributes
    ----------
    base : the array that lies densely
    offset, strides : counted in elements; in a loop, the offset is a number that advances
    """

    base: Variable
    offset: Any
    strides: tuple[int, ...]


class Places:
    """The places of a program's arrays."""

    def __init__(self, left: Optimised) -> None:
        self._left = left
        self._found: dict[Variable, Position | None] = {}
        self._forms: dict[Variable, tuple[Variable, Any]] = {}  # arrays of the same forms, of which nothing is read
        self._made_by: dict[Variable, Statement] = {}  # the statements that make views

    def of(self, v: Variable) -> Position | None:
        """Return the place of an array; None where it lies in no simple way, or is empty."""
        if v not in self._found:
            self._found[v] = self._own(v) if v.memory is not None else None
        return self._found[v]

    def _own(self, v: Variable) -> Position | None:
        if not v.layout or 0 in v.shape or v.dtype.char not in "df?l" or not v.dtype.isnative:
            return None
        like = np.empty(v.shape, v.dtype, order="F" if v.layout == "F" else "C")
        self._forms[v] = v, like
        return Position(v, 0, _counted(like.strides, like))

    def form(self, v: Variable) -> Any:
        """Return an array that lies as one does whose place is known."""
        return self._forms[v][1]

    def note(self, v: Variable, place: Position, like: Any) -> None:
        """Note where a view stands, which lies as an array does."""
        self._found[v], self._forms[v] = place, (place.base, like)

    def hide(self, v: Variable) -> None:
        """Forget where an array stands, which may lie otherwise each time."""
        self._found[v] = None

    def derive(self, s: Statement) -> bool:
        """Note the view that a statement makes; tell whether it is one."""
        if s.kind != "call" or len(s.results) != 1 or len(s.reads) != 1 or s.results[0].memory is None:
            return False
        (r,), (v,) = s.results, s.reads
        if self._left.memory(r.memory) != self._left.memory(v.memory) or self.of(v) is None:
            return False
        base, like = self._forms[v]
        try:
            view = eval("".join([p if type(p) is str else "_v" for p in s.pieces]), {"np": np, "_v": like})
        except Exception:
            return False
        return self._note(r, base, view)

    def element(self, v: Variable, index: str, r: Variable | None = None) -> Position | None:
        """Return the place of what is looked up, or assigned, in an array by an index that is spelt out."""
        if self.of(v) is None or not _SPELT.fullmatch(index):
            return None
        base, like = self._forms[v]
        try:
            at = eval(f"np.s_{index}", {"np": np})
            at = at if type(at) is tuple else (at,)
            view = like[at if Ellipsis in at else (*at, ...)]
        except Exception:
            return None
        r = Variable("", view.shape, v.dtype) if r is None else r
        return self._found[r] if self._note(r, base, view) else None

    def _note(self, r: Variable, base: Variable, view: Any) -> bool:
        whole = self._forms[base][1]
        if type(view) is not np.ndarray or view.shape != r.shape or view.dtype != whole.dtype or not view.size:
            return False
        if not np.may_share_memory(view, whole):
            return False
        start = (view.__array_interface__["data"][0] - whole.__array_interface__["data"][0]) // whole.itemsize
        self._found[r] = Position(base, start, _counted(view.strides, whole))
        self._forms[r] = base, view
        return True


_SPELT = re.compile(r"\[[-\d:, ().]*\]|\[(None|\.\.\.|:|\d|, )+\]")


def steps_along(place: Position, v: Variable, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of an array along the axes of a shape that it is broadcast to."""
    missing = len(shape) - len(v.shape)
    own = [0 if n == 1 else stride for n, stride in zip(v.shape, place.strides, strict=True)]
    return (*[0] * missing, *own)


def _counted(strides: tuple[int, ...], like: Any) -> tuple[int, ...]:
    return tuple([k // like.itemsize for k in strides])
