"""Loops that a trace has unrolled, found again.

One pass goes along the lines from left to right. Where their keys repeat with a period, each pair of leaves is compared
with its fellow one iration on: what is made within the run must keep its distance, in the same iteration or in an
earlier one; anything else is equal, advances evenly, or is put into a table. The run goes on for as long as that holds,
and becomes one loop, which is a line like others. So the next pass finds loops of loops, until nothing is found.

No statement changes its place, so effects and aliasing stay as they were, and NumPy gives the same bits. An iteration
that differs, as the first one often does, is not part of the run. The time is linear: `_VAIN` bounds what is compared
in vain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .repeats import (
    LAST,
    PLACES,
    TABLE,
    Before,
    Change,
    Count,
    Entered,
    Here,
    Pattern,
    Result,
    Round,
    Table,
    counted,
    every_leaf,
    in_common,
    kind,
    may_be_entry,
    path_change,
    paths_along,
    writes_of,
)

# A period is proposed by the next places where the same 2, 4, ... keys follow each other, so many of each.
_WINDOWS, _PROPOSALS = (2, 4, 16, 64), 4
_VAIN = 2000  # so many lines may be compared in vain, and one more for each line that has been passed
_FARTHEST = 4  # so many iterations may something come from
_SAVED = 8  # so many lines must a loop save that is carried out
_DEEPEST = 4  # loops in loops
_TURNS = 10_000  # lines of a body, times where it may begin


class Listing(NamedTuple):
    """Lines and loops, in their order, and the leaves that are returned."""

    nodes: list[Any]
    outputs: list[Any]


def roll(now: Listing, least: int, unevenly: bool = False) -> Listing | None:
    """Return the lines with loops of at least so many iterations; None where there are none.

    Parameters
    ----------
    now
    least
    unevenly : of what is left, also whole numbers that do not advance evenly may be put into tables
    """
    found, level = None, 1
    for level in range(1, _DEEPEST + 1):
        rolled = _Pass(now, level, least).run()
        if rolled is None:
            break
        found = now = rolled
    return (_Pass(now, level, least, True).run() or found) if unevenly else found


class _Pass:
    """One level of loops."""

    def __init__(self, now: Listing, level: int, least: int, unevenly: bool = False) -> None:
        self._now, self._old, self._level, self._least = now, now.nodes, level, least
        self._unevenly = unevenly
        self._new: list[Any] = []
        self._moved: list[tuple[int, tuple[Entered, ...]]] = []
        self._vain = _VAIN
        self._suspects: dict[int, int] = {}  # by period, where it failed last: that is looked at first
        # Before which line no loop begins, and how often a period was found to repeat from there on.
        self._later, self._found_later = 0, (-1, 0, (0, 0, 0))
        numbers: dict[Any, int] = {}
        self._ids = np.array([numbers.setdefault(x.key, len(numbers)) for x in self._old], np.int64)

    def run(self) -> Listing | None:
        old, k = self._old, 0
        if len(set(self._ids.tolist())) == len(old):
            return None
        tables = [_next_alike(self._ids, width) for width in _WINDOWS]
        found = False
        while k < len(old):
            run = self._proposed(k, tables) if self._vain > 0 and k >= self._later else None
            self._vain += 1
            if run is None:
                self._moved.append((len(self._new), ()))
                self._new.append(self._kept(old[k]))
                k += 1
                continue
            found, (p, m) = True, run
            columns = [[old[k + t * p + r] for t in range(m)] for r in range(p)]
            body = [self._general(column, k, p) for column in columns]
            writes = set().union(*[writes_of(x) for x in old[k : k + m * p]])
            at = len(self._new)
            for t in range(m):
                self._moved += [(at, (Entered(r, Count(t), Count(m - 1 - t)),)) for r in range(p)]
            self._new.append(Round(self._level, Count(m), body, writes))
            k += m * p
        return Listing(self._new, [self._moves(x) for x in self._now.outputs]) if found else None

    # --- which run ----------------------------------------------------------------------------------------------------

    def _proposed(self, k: int, tables: Sequence[Sequence[int]]) -> tuple[int, int] | None:
        """Return the period of a loop that begins at a line, and how often it repeats."""
        tried: set[int] = set()
        ids, least = self._ids, self._least
        for table in tables:
            j = k
            for _ in range(_PROPOSALS):
                j = table[j]
                if j < 0:
                    break
                p = j - k
                if p in tried or k + least * p > len(ids):
                    continue
                tried.add(p)
                if not (ids[k : k + 2 * p] == ids[k + p : k + 3 * p]).all():
                    self._vain -= 1
                    continue
                m, extra, count = self._found_later[2] if self._found_later[:2] == (k, p) else self._repeats(k, p)
                weight = sum([self._old[k + r].weight for r in range(p)])
                if m >= least and (least < 4 or (m - 1) * weight - count * m // 2 >= _SAVED):
                    q = self._turned(k, p, m, extra)
                    if q and (found := self._repeats(k + q, p))[0] >= m:
                        self._later, self._found_later = k + q, (k + q, p, found)
                        return None
                    return p, m
                self._vain -= max((m - 1) * p, 0) + extra + 1
        return None

    def _repeats(self, s: int, p: int) -> tuple[int, int, int]:
        """Return how many iterations of a period fit together from a line on.

        And how many lines of one more do; and how many tables they need.
        """
        r = self._suspects.get(p, -1) - s
        if 0 <= r < p:
            changes: dict[tuple[int, int], Change] = {}
            if not all(self._goes_on(s, p, t, r, changes) for t in (1, 2)):
                return 0, 0, 0
        changes, t, ids = {}, 1, self._ids
        weight = sum([self._old[s + r].weight for r in range(p)])
        while True:
            here = s + t * p
            same = (ids[here : here + p] == ids[s : s + len(ids[here : here + p])]).all() and here + p <= len(ids)
            bad = next((r for r in range(p) if not self._is_alike(s, p, t, r, same, changes)), None)
            if bad is not None:
                if t < 3:
                    self._suspects[p] = s + bad
                return t, bad, _count(changes)
            t += 1
            if t == 3 and weight <= _count(changes) / 2:
                return 0, 0, 0  # a loop that is all tables saves nothing, however long

    def _is_alike(self, s: int, p: int, t: int, r: int, same: bool, changes: dict[tuple[int, int], Change]) -> bool:
        here = s + t * p + r
        if not same and (here >= len(self._ids) or self._ids[here] != self._ids[s + r]):
            return False
        return self._goes_on(s, p, t, r, changes)

    def _turned(self, s: int, p: int, m: int, extra: int) -> int:
        """Return how many lines later a loop of as many iterations begins that takes the least from earlier ones."""
        if not extra or p * extra > _TURNS:
            return 0
        last = s + (m - 1) * p
        edges = set()
        for r in range(p):
            for leaf in every_leaf(self._old[last + r]):
                if type(leaf) is Result and leaf.at >= s:
                    back, place = divmod(leaf.at - s, p)
                    edges.add((r, place, m - 1 - back))

        def cost(q: int) -> int:
            taken = {(place, lag - (r < q) + (place < q)) for r, place, lag in edges}
            return sum([lag for _, lag in taken])

        return min(range(extra + 1), key=cost)

    def _goes_on(self, s: int, p: int, t: int, r: int, changes: dict[tuple[int, int], Change]) -> bool:
        """Tell whether the leaves of a line of the body go on from the iteration before to this one."""
        here = s + t * p + r
        for slot, (b, a) in enumerate(zip(every_leaf(self._old[here]), every_leaf(self._old[here - p]), strict=True)):
            inside, before = type(b) is Result and b.at >= s, type(a) is Result and a.at >= s
            if inside and before and not (b.path or a.path) and b.at - a.at == p and changes.get((r, slot)) == ():
                continue  # as most of them do
            if inside and not before:
                # Of the first iteration; what stood there before this one can be said in front of the loop.
                if b.at >= s + p or t > _FARTHEST or not may_be_entry(a) or any(x.behind != LAST for x in b.path):
                    return False
                changes.pop((r, slot), None)
                continue
            if before and (not inside or b.at - a.at != p):
                return False
            if inside and b.at < s + t * p and any(x.behind != LAST for x in b.path):
                return False
            change = self._change(a, b, inside)
            known = changes.get((r, slot), change)
            change = change if known == change else in_common(known, change)
            if change is None and type(b) is Count and self._unevenly and type(self._old[here]) is Pattern:
                change = TABLE  # in a loop, it might say how often that repeats
            if change is None or (change in (TABLE, PLACES) and not (may_be_entry(a) and may_be_entry(b))):
                return False
            if change == PLACES:
                return False
            changes[r, slot] = change
        return True

    def _change(self, a: Any, b: Any, inside: bool) -> Change:
        """Return how a leaf differs from the one an iteration before."""
        t = type(b)
        if t is not type(a):
            return TABLE
        if t is Count:
            return b.base - a.base
        if t is Here:
            return path_change(a.path, b.path)
        if t is not Result:
            return 0 if a == b else TABLE
        if not inside:
            a, b = self._moves(a), self._moves(b)
            if a.at != b.at or [x.place for x in a.path] != [x.place for x in b.path]:
                return PLACES if a.path or b.path else TABLE
        return path_change(a.path, b.path)

    # --- what stands for all iterations -------------------------------------------------------------------------------

    def _general(self, column: list[Any], s: int, p: int) -> Any:
        last = column[-1]
        if type(last) is Round:
            bodies = zip(*[x.body for x in column], strict=True)
            writes: set[int] = set().union(*[x.writes for x in column])
            trip = self._leaf([x.trip for x in column], s, p)
            return Round(last.level, trip, [self._general([*x], s, p) for x in bodies], writes)
        leaves = [self._leaf(c, s, p) for c in zip(*[x.leaves for x in column], strict=True)]
        own = last.key[0] if type(last.key) is tuple else last.key
        shape = last.shape if all(x.shape == last.shape for x in column) else None
        return Pattern(last.statement, last.template, leaves, (own, *map(kind, leaves)), shape)

    def _leaf(self, c: Sequence[Any], s: int, p: int) -> Any:
        first, last, level = c[0], c[-1], self._level
        t = type(first)
        if type(last) is Result and last.at >= s:
            back, place = divmod(last.at - s, p)
            lag = len(c) - 1 - back
            if lag == 0:
                return Here(level, place, paths_along(level, [x.path for x in c]))
            path = paths_along(level, [x.path for x in c[lag:]])
            return Before(level, place, lag, path, tuple(map(self._moves, c[:lag])))
        if t is Count:
            return counted(level, c) or Table(level, tuple(c))
        if t is Here:
            return Here(first.level, first.place, paths_along(level, [x.path for x in c]))
        if t is Before:
            starts = tuple([self._leaf(x, s, p) for x in zip(*[x.starts for x in c], strict=True)])
            return first._replace(path=paths_along(level, [x.path for x in c]), starts=starts)
        if t is Table:
            return Table(first.level, tuple([self._leaf(x, s, p) for x in zip(*[x.entries for x in c], strict=True)]))
        if t is not Result and all(x is first or x == first for x in c):
            return first
        c = [*map(self._moves, c)]
        if all(type(x) is type(c[0]) and x == c[0] for x in c):
            return c[0]
        if all(type(x) is Result and x.at == c[0].at for x in c):
            places = [[step.place for step in x.path] for x in c]
            if all(x == places[0] for x in places):
                path = paths_along(level, [x.path for x in c])
                if all(step.ahead or step.behind for step in path):
                    return Result(c[0].at, path)
        return Table(level, tuple(c))

    def _moves(self, leaf: Any) -> Any:
        """Return a leaf with places in the new list."""
        t = type(leaf)
        if t is Result:
            if leaf.at >= len(self._moved):
                return leaf  # it is only tried whether a loop may begin a little later
            at, path = self._moved[leaf.at]
            if not path:
                return leaf if at == leaf.at else Result(at, leaf.path)
            return Result(at, path + leaf.path)
        if t is Before:
            return leaf._replace(starts=tuple(map(self._moves, leaf.starts)))
        return leaf._replace(entries=tuple(map(self._moves, leaf.entries))) if t is Table else leaf

    def _kept(self, node: Any) -> Any:
        """Return a line, or a loop, in the new list."""
        if type(node) is Round:
            return Round(node.level, node.trip, [self._kept(x) for x in node.body], node.writes)
        leaves = [self._moves(leaf) if type(leaf) in _MOVED else leaf for leaf in node.leaves]
        return Pattern(node.statement, node.template, leaves, node.key, node.shape)


_MOVED = (Result, Before, Table)


def _count(changes: dict[tuple[int, int], Change]) -> int:
    """Return how many tables are needed."""
    return sum([change == TABLE for change in changes.values()])


def _next_alike(ids: Any, width: int) -> list[int]:
    """Return for each place the next one at which the same `width` numbers follow each other, or -1."""
    n = len(ids)
    if n < width:
        return [-1] * n
    mixed = np.zeros(n - width + 1, np.uint64)
    for i in range(width):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + ids[i : n - width + 1 + i].astype(np.uint64) + np.uint64(1)
    found = [-1] * n
    seen: dict[int, int] = {}
    for i, word in reversed([*enumerate(mixed.tolist())]):
        found[i] = seen.get(word, -1)
        seen[word] = i
    return found
