"""Text that repeats, written as a loop: what plans are made of for long tapes, whose programs were loops themselves.

A text comes in groups of lines, one group for each node from the youngest to the oldest. In it n5 and g5 are the node
with the number 5 and its cotangent. Where a group says the same as that of the node a period before, but for names
whose numbers are smaller by the period, and for names that are the same in all of them, one turn of a loop is written
for all. In its text the names are those of the first turn. At the end of a turn each is given what the next smaller
name of its residue class stands for, so that the text is right for the next turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

_NAME = re.compile(r"\b([ng])(\d+)\b")
# A loop has at least so many turns, and each of them at most so many groups.
_TURNS = 4
_PERIOD = 300
# Less is not looked through for a loop.
_SHORT = 4


class Stretch(NamedTuple):
    """A stretch of groups: `times` turns of `period` groups each, from `start` on; of what stands by itself, one."""

    start: int
    period: int
    times: int


class _Group(NamedTuple):
    """The text of a group without the numbers of its names, and these."""

    skeleton: str
    letters: tuple[str, ...]
    numbers: tuple[int, ...]


def runs(keys: Sequence[Hashable], same: Callable[[int, int], bool] = lambda _i, _period: True) -> list[Stretch]:
    """Return the stretches that a sequence falls into.

    Parameters
    ----------
    keys : one for each element; those that repeat are equal
    same : tells, of an element whose key comes again a period later, whether the two are alike in all else
    """
    found: list[Stretch] = []
    open_ = [(0, len(keys))]
    while open_:
        low, high = open_.pop()
        run = _longest(keys, same, low, high)
        if run is None:
            found += [Stretch(low, high - low, 1)] if high > low else []
        else:
            found.append(run)
            open_ += [(low, run.start), (run.start + run.period * run.times, high)]
    return sorted(found)


def _longest(keys: Sequence[Hashable], same: Callable[[int, int], bool], low: int, high: int) -> Stretch | None:
    """Return a loop that covers the middle of a stretch, or a place near by."""
    length = high - low
    if length < _SHORT * _TURNS:
        return None
    for place in (low + length // 2, low + length // 4, low + 3 * length // 4):
        best = None
        for period in range(1, min(_PERIOD, length // _TURNS) + 1):
            if place + period >= high or keys[place] != keys[place + period] or not same(place, period):
                continue
            if best is not None and period % best.period == 0:
                continue
            first = last = place
            while first > low and keys[first - 1] == keys[first - 1 + period] and same(first - 1, period):
                first -= 1
            while last + period < high and keys[last] == keys[last + period] and same(last, period):
                last += 1
            times = (last + period - first) // period
            # Of a loop within another one, the outer one is longer.
            if times >= _TURNS and (best is None or times * period > 2 * best.times * best.period):
                best = Stretch(first, period, times)
        if best is not None:
            return best
    return None


def size_of(found: Iterable[Stretch]) -> int:
    """Return how many groups are written down for some stretches."""
    return sum(run.period for run in found)


class Rolled:
    """A text in groups, the first of which is that of the node with the number `top`, and each next one's is smaller.

    Attributes
    ----------
    top : the number of the first group's node
    runs : the stretches that it falls into
    """

    def __init__(self, groups: Sequence[Sequence[str]], top: int, apart: Iterable[int] = ()) -> None:
        self._groups = groups
        self.top = top
        self._read = [_read(group) for group in groups]
        keys: list[Hashable] = [group.skeleton for group in self._read]
        for i in apart:  # those that are in no loop
            keys[i] = i
        self.runs = runs(keys, self._same)

    def _same(self, i: int, period: int) -> bool:
        pairs = zip(self._read[i].numbers, self._read[i + period].numbers, strict=True)
        return all(a in (b, b + period) for a, b in pairs)

    def names(self, run: Stretch) -> tuple[set[str], set[str]] | None:
        """Return the names in the text of a stretch's first turn: those that go on with the turns, and the others.

        None says that it cannot be written as a loop after all.
        """
        moving: set[tuple[str, int]] = set()
        fixed: set[tuple[str, int]] = set()
        for i in range(run.start, run.start + run.period):
            turns = [self._read[i + t * run.period].numbers for t in range(run.times)]
            for place, (letter, number) in enumerate(zip(self._read[i].letters, turns[0], strict=True)):
                along = [turn[place] for turn in turns]
                if run.times == 1 or all(k == number for k in along):
                    fixed.add((letter, number))
                elif all(k == number - t * run.period for t, k in enumerate(along)):
                    moving.add((letter, number))
                else:
                    return None
        moved = {(letter, k - t * run.period) for letter, k in moving for t in range(run.times)}
        if moved & fixed:
            return None
        return {f"{a}{k}" for a, k in moving}, {f"{a}{k}" for a, k in fixed}

    def lines(self, run: Stretch) -> list[str]:
        """Return the lines of the first turn."""
        return [line for group in self._groups[run.start : run.start + run.period] for line in group]

    def before(self, run: Stretch) -> set[str]:
        """Return the names that stand before a stretch in the text as a whole."""
        return {
            f"{a}{k}" for group in self._read[: run.start] for a, k in zip(group.letters, group.numbers, strict=True)
        }

    def carried(self, run: Stretch, moving: Iterable[str], letter: str) -> tuple[list[int], list[int]]:
        """Return the numbers of the names that are handed on from turn to turn, and of those that get nothing then.

        Between the first mention of a node and its own turn there may be turns that do not mention it.
        """
        lowest: dict[int, int] = {}
        for name in moving:
            if name[0] == letter:
                k = int(name[1:])
                lowest[k % run.period] = min(k, lowest.get(k % run.period, k))
        head = self.top - run.start
        handed: list[int] = []
        for low in lowest.values():
            handed += range(low + run.period, head + 1, run.period)
        return handed, [*lowest.values()]


def _read(group: Sequence[str]) -> _Group:
    parts = _NAME.split("\n".join(group))
    return _Group("\0".join(parts[::3] + parts[1::3]), tuple(parts[1::3]), tuple(map(int, parts[2::3])))


def mentioned(lines: Iterable[str]) -> set[str]:
    """Return the names in some lines."""
    return {match.group() for line in lines for match in _NAME.finditer(line)}


# --- writing ----------------------------------------------------------------------------------------------------------


def gathering(text: Rolled) -> list[str] | None:
    """Return a text that finds nodes by way of their users, and puts them into a list N; None where there is none.

    It ends without a name for any of them.
    """
    lines = ["N = []"]
    used: set[str] = set()
    for run in text.runs:
        found = text.names(run)
        if found is None:
            return None
        head = text.top - run.start
        body = [*text.lines(run), f"N += {''.join(f'n{head - k}, ' for k in range(run.period))}"]
        used |= mentioned(body)
        if run.times == 1:
            lines += body
            continue
        loop = _turning(text, run, found[0], "n", body, f"for _ in range({run.times}):")
        if loop is None:
            return None
        used |= mentioned(loop)
        lines += loop
    return [*lines, *_emptied(used)]


def going_along(text: Rolled) -> list[str] | None:
    """Return a text that takes nodes from the list N, and computes their cotangents; None likewise."""
    lines: list[str] = []
    used: set[str] = set()
    for run in text.runs:
        found = text.names(run)
        if found is None:
            return None
        moving, fixed = ({x for x in names if x[0] == "n"} for names in found)
        lines += [f"{x} = N[{text.top - int(x[1:])}]" for x in sorted(fixed)]
        body = text.lines(run)
        if run.times == 1:
            lines += body
            used |= mentioned(body)
        else:
            taken = [f"{x} = N[i + {text.top - int(x[1:])}]" for x in sorted(moving)]
            head = f"for i in range(0, {run.period * run.times}, {run.period}):"
            loop = _turning(text, run, found[0], "g", ["; ".join(taken), *body] if taken else body, head)
            if loop is None:
                return None
            used |= mentioned(loop)
            lines += loop
        # The nodes that are next may get other names, and a name counts as somebody who holds a node.
        lines += _emptied(moving | fixed) if body[-1:] != ["return kept"] else []
    return [*_emptied({x for x in used if x[0] == "g"} - {f"g{text.top}"}), *lines]


def _turning(text: Rolled, run: Stretch, moving: set[str], letter: str, body: list[str], head: str) -> list[str] | None:
    """Return a loop, at the end of which each name stands for what it stands for in the text as a whole."""
    handed, lowest = text.carried(run, moving, letter)
    before = text.before(run)
    # What a later turn meets for the first time nobody has met before the loop: it has another name there.
    if any(f"{letter}{low - t * run.period}" in before for low in lowest for t in range(1, run.times)):
        return None
    lines = _emptied({f"{letter}{k}" for k in (*handed, *lowest)} - before)
    lines += [head, *(f"  {line}" for line in body)]
    if handed:
        old = ", ".join(f"{letter}{k}" for k in handed)
        lines.append(f"  {old}, = {''.join(f'{letter}{k - run.period}, ' for k in handed)}")
    lines += [f"  {line}" for line in _emptied({f"{letter}{k}" for k in lowest})]
    if handed:
        new = [f"{letter}{k - run.times * run.period}" for k in handed]
        lines.append(f"{''.join(f'{x}, ' for x in new)}= {old},")
        lines += _emptied({f"{letter}{k}" for k in (*handed, *lowest)} - {*new})
    return lines


def _emptied(names: set[str]) -> list[str]:
    return [f"{' = '.join(sorted(names))} = None"] if names else []
