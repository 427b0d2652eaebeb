"""Statements as Python's text, where what is used once stands inside of what uses it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Self

from ..program.forms import ANYTHING, Form, form_read, of_text
from ..program.statements import Statement, Variable
from .optimise import Optimised, is_between

# Memory that may be any, as what stands in a list.
ANY = -1 << 60
# So deep may one expression stand in another.
_DEEPEST = 12
# What cannot meet an infinity or a NaN, and so may stand among statements of either kind.
_MUTE = frozenset(("index", "attribute", "neg", "pos", "~"))
_MUTE_CALLS = frozenset(
    [
        "np.zeros",
        "np.empty",
        "np.where",
        "np.broadcast_to",
        "np.concatenate",
        "reshape",
        "copy",
        "transpose",
        "swapaxes",
        "ravel",
        "squeeze",
    ]
)


@of_text
def _is_mute(form: Form) -> bool:
    return form.op in _MUTE or (form.op in ("call", "method") and form.name in _MUTE_CALLS)


def is_mute(s: Statement) -> bool:
    """Tell whether NumPy has nothing to say of a statement."""
    return s.kind == "guard" or _is_mute(s)


def makes_view(s: Statement, left: Optimised, indices: frozenset[Variable] = frozenset()) -> bool:
    """Tell whether a statement makes a view, at a place that depends on no value but the indices of loops."""
    if len(s.results) != 1 or not s.reads or form_read(s).op not in ("index", "attribute"):
        return False
    if len(s.reads) != 1 and not indices.issuperset(s.reads[1:]):
        return False
    memory = left.memory(s.results[0].memory)
    return memory is not None and memory == left.memory(s.reads[0].memory)


class Expressions:
    """The texts of statements, in their order.

    Attributes
    ----------
    names : what each variable is called
    inputs : those that the program is given
    used : which of them are read, or returned
    free : names of variables that nobody reads any more; what takes one of them lets the array go
    """

    prefix = "v"
    longest = 1 << 30  # so many characters may an expression have that stands in another one

    def __init__(self, left: Optimised, inputs: Iterable[Variable]) -> None:
        self.names: dict[Variable, str] = {v: v.name for v in inputs}
        self.inputs = frozenset(self.names)
        self.taken = {*self.names.values(), *left.constants}  # names that are no variable's
        self.free: list[str] = []
        self._numbers = itertools.count(1)
        self._indices: frozenset[Variable] = frozenset()
        self._own: dict[Variable, int] = {}
        self._begin(left)

    def _begin(self, left: Optimised) -> None:
        self.left = left
        self._texts: dict[Variable, tuple[str, int]] = {}
        self._loud: set[int] = set()
        self._users = self._found(left.statements)

    def of_loop(self, loop: Any) -> Self:
        """Return the texts of the members of a loop, with names of the same kind."""
        inner = copy.copy(self)
        inner._indices = self._indices | {loop.index}
        inner._own = {r: k for k, s in enumerate(loop.members) for r in s.results if r in loop.own}
        inner._begin(self.left._replace(statements=loop.members, outputs=loop.outputs))
        return inner

    def stays(self, s: Statement) -> bool:
        """Tell whether a statement keeps a line of its own anyway."""
        return False

    def repeats(self, s: Statement) -> bool:
        """Tell whether a text stands wherever its result is used."""
        return False

    def may_stand(self, r: Variable, user: Statement) -> bool:
        """Tell whether a text may stand in the place of a variable: not of one that is updated."""
        return user.kind != "write" or user.pieces[0] is not r

    def _found(self, statements: Sequence[Statement]) -> dict[Variable, int]:
        """Return what is to stand in another statement, and in which."""
        left, users = self.left, {}
        uses: dict[Variable, list[int]] = {}
        for k, s in enumerate(statements):
            for v in s.reads:
                if v in uses:
                    uses[v].append(k)
                else:
                    uses[v] = [k]
        returned = {v for v in left.returned() if type(v) is Variable}
        self.used = {*uses, *returned}
        # What an expression reads, whether NumPy has something to say there, and how deep it is.
        read: dict[Variable, set[int | None]] = {}
        loud: dict[Variable, bool] = {}
        depth: dict[Variable, int] = {}
        # By memory, where it is written into; by variable, where it becomes another one.
        writes: dict[Any, list[int]] = {v: [k] for v, k in self._own.items()}
        for k, s in enumerate(statements):
            places = [*([] if s.writes is None else [s.writes]), *getattr(s, "updates", ())]
            for place in {*map(self._memory, places), ANY} if places else ():
                writes.setdefault(place, []).append(k)
        for k, s in enumerate(statements):
            inner = [v for v in s.reads if v in users]
            says = not is_mute(s) or (len(inner) > 0 and any(loud[v] for v in inner))
            if says:
                self._loud.add(id(s))
            if s.kind not in ("call", "copy") or len(s.results) != 1 or s.results[0] in returned or self.stays(s):
                continue
            (r,) = s.results
            used = uses.get(r, ())
            if not used or (len(used) > 1 and (inner or not self.repeats(s))):
                continue
            deep = 1 + max([depth[v] for v in inner]) if inner else 1
            if deep > _DEEPEST or not all(self._takes(statements[j], s, says) for j in used):
                continue
            last = used[-1]
            if writes:
                view = self._makes_view(s)
                own: list[Any] = [] if view else [self._memory(v.memory) for v in s.reads if v.memory is not None]
                own += [v for v in s.reads if v in self._own]
                reads = set(own).union(*[read[v] for v in inner])
                if any(is_between(writes.get(place, ()), k + 1, last - 1) for place in reads):
                    continue
                read[r] = reads
            users[r], depth[r], loud[r] = last, deep, says
        return users

    def _memory(self, number: int | None) -> int | None:
        """Return the number of a piece of memory; in a loop, where it may be another one each time, it is any."""
        return ANY if self._indices else self.left.memory(number)

    def _makes_view(self, s: Statement) -> bool:
        return makes_view(s, self.left, self._indices)

    def _takes(self, user: Statement, s: Statement, says: bool) -> bool:
        """Tell whether the text of a statement may stand in that of another one."""
        if user.kind in ("several", "block", "loop") or (says and user.silent != s.silent):
            return False
        return self.may_stand(s.results[0], user)

    def last_reads(self) -> dict[Variable, int]:
        """Return where each variable is read for the last time; what stands in another statement is read there."""
        statements = self.left.statements
        last: dict[Variable, int] = {v: 1 << 60 for v in self.left.returned() if type(v) is Variable}
        at = [*range(len(statements))]
        for k in range(len(statements) - 1, -1, -1):
            results = statements[k].results
            if len(results) == 1 and results[0] in self._users:
                at[k] = at[self._users[results[0]]]
            for v in statements[k].reads:
                last[v] = max(last.get(v, 0), at[k])
        return last

    def is_inside(self, s: Statement) -> bool:
        """Tell whether a statement has no line of its own; its text is kept for that of its user."""
        if len(s.results) != 1 or s.results[0] not in self._users:
            return False
        text = self.text(s)
        if len(text) > self.longest:
            return False
        self._texts[s.results[0]] = text, form_read(s).level
        return True

    def is_mute(self, s: Statement) -> bool:
        """Tell whether NumPy has nothing to say of a statement and of what stands in it."""
        return id(s) not in self._loud

    def is_taken(self, name: str) -> bool:
        """Tell whether a name stands for something already."""
        return name in self.taken

    def name(self, v: Variable) -> str:
        name = self.names.get(v)
        if name is None:
            name = self.names[v] = self.new_name(v)
        return name

    def new_name(self, v: Variable) -> str:
        if self.free:
            return self.free.pop()
        while (name := f"{self.prefix}{next(self._numbers)}") in self.taken:
            pass
        return name

    def text(self, s: Statement) -> str:
        """Return the text of a statement without what it results in."""
        holes = iter(form_read(s).holes)
        parts = []
        for piece in s.pieces:
            if type(piece) is str:
                parts.append(piece)
                continue
            outer = next(holes, ANYTHING)
            if piece in self._texts:
                text, level = self._texts[piece]
                parts.append(f"({text})" if level < outer else text)
            else:
                parts.append(self.names.get(piece) or self.name(piece))
        return "".join(parts)

    def results(self) -> list[str]:
        """Return the texts of what is returned."""
        return [self._returned(v) for v in self.left.outputs]

    def _returned(self, v: Any) -> str:
        if type(v) is tuple:
            return "".join([p if type(p) is str else self.name(p) for p in v])
        return v if type(v) is str else self.name(v)

    def line(self, s: Statement) -> Any:
        """Return the line of a statement."""
        text = self.text(s)
        return f"{self.name(s.results[0])} = {text}" if s.results else text
