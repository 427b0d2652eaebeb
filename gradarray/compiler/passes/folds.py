"""Reductions of a whole array which a block computes as it goes, so that the array is not read again, or never made.

- Whether there is a NaN: the largest of each block's largest.
- The sum of an array with one axis, where the blocks are those that NumPy itself halves it into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...kernels.parts import PAIRWISE, sums_by_halves
from ..program.forms import form_read
from ..program.statements import Statement, Variable


class Folds:
    """Looks for what may be computed in blocks.

    Parameters
    ----------
    statements : some of which are blocks
    memory : tells the number of a piece of memory as it turned out
    """

    def __init__(self, statements: Sequence[Statement], memory: Callable[[int | None], int | None]) -> None:
        self.statements = [*statements]
        self._memory = memory
        self._readers: dict[Variable, list[int]] = {}
        self._writes: dict[int | None, list[int]] = {}
        self._count = 0
        for k, s in enumerate(statements):
            for v in s.reads:
                self._readers.setdefault(v, []).append(k)
            for place in (s.writes, *getattr(s, "updates", ())):
                self._writes.setdefault(memory(place), []).append(k)

    def of(self, k: int, block: Any) -> None:
        """Let the block at a place compute what it can of the reductions of its results."""
        for r in block.results:
            for j in self._readers.get(r, ()):
                s = self.statements[j]
                if s.kind != "call" or len(s.results) != 1 or len(s.reads) != 1:
                    continue
                form = form_read(s)
                if form.op != "call" or form.keys.keys() - {"axis"}:
                    continue
                if r.dtype is None or any(k < w < j for w in self._writes.get(self._memory(r.memory), ())):
                    continue
                whole = len(form.args) == 1 and (len(r.shape) == 1 or form.keys.get("axis", 0) is None)
                largest = form.name == "np.maximum.reduce" and self._asks_for_nan(j)
                total = form.name == "np.add.reduce" and _is_summed_by_halves(r, block.step)
                if whole and (largest or total):
                    self._fold(k, block, r, j, form.name)

    def _asks_for_nan(self, j: int) -> bool:
        """Tell whether nothing else is asked of a maximum: which zero it is, say."""
        s = self.statements[j]
        used = self._readers.get(s.results[0], [])
        return s.results[0].dtype.kind == "f" and all(self.statements[i].kind == "guard" for i in used)

    def _fold(self, k: int, block: Any, r: Variable, j: int, name: str) -> None:
        s = self.statements[j]
        at = next((i for i, m in enumerate(block.members) if r in m.results), None)
        if at is None:
            return
        if s.silent != block.members[at].silent:
            if not s.silent or not block.members[-1].silent:
                return
            at = next(i for i, m in enumerate(block.members) if m.silent) - 1
        found = f"_f{self._count}"
        self._count += 1
        # Of the whole, for the sake of what NumPy says of it, nothing is kept.
        part = s.but((f"{found}.setdefault(_rows.start, {name}(", r, ", axis=None))"), "call", ())
        block.members = [*block.members[: at + 1], part, *block.members[at + 1 :]]
        block.folded.append(found)
        if name == "np.add.reduce":
            block.halved = True
            self.statements[j] = s.but((f"_total_by_halves({found}, 0, {block.length})",))
        else:
            self.statements[j] = s.but((f"{name}([*{found}.values()])",))


def _is_summed_by_halves(r: Variable, step: int) -> bool:
    return len(r.shape) == 1 and r.dtype.char in "df" and step >= PAIRWISE and sums_by_halves(r.dtype.char)


def folded(statements: Iterable[Any], memory: Callable[[int | None], int | None]) -> list[Statement]:
    """Return statements whose blocks reduce what they make, where that can be done block by block."""
    folds = Folds([*statements], memory)
    for k, s in enumerate(folds.statements):
        if s.kind == "block":
            folds.of(k, s)
    return folds.statements
