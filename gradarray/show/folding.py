"""Blocks that come again and again, as a loop makes them, are shown once, with a count."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

_LONGEST = 2000  # rows of a block
_LEAST = 4  # so often a block has to come to be folded
_MOST = 60  # rows that are shown where nothing repeats


class Gap(NamedTuple):
    """What is left out: so many rows, which are so many rounds of a block, or 0 where they are all different."""

    rows: int
    rounds: int

    def __str__(self) -> str:
        if not self.rounds:
            return f"... {self.rows} more ..."
        each = self.rows // self.rounds
        return (
            f"... {self.rounds} more rounds of these {each} ..."
            if each > 1
            else f"... {self.rounds} more like this ..."
        )


def shortened(keys: Sequence[Hashable]) -> list[int | Gap]:
    """Return the numbers of the rows to show, and the gaps between them.

    Rows with equal keys are alike. Of a block of rows that comes several times in a row, the first and the last are
    shown; what comes several times within these, as an inner loop, likewise.

    Examples
    --------
    >>> from gradarray.show.folding import shortened
    >>> [str(part) for part in shortened("abcbcbcbcbcd")]
    ['0', '1', '2', '... 3 more rounds of these 2 ...', '9', '10', '11']
    """
    shown: list[int | Gap] = [*range(len(keys))]
    numbers: dict[Hashable, int] = {}
    codes = np.array([numbers.setdefault(key, len(numbers)) for key in keys])
    while period := _period(codes):
        for start, stop in reversed(_runs(codes, period)):
            rounds = (stop - start) // period - 2
            first, last = start + period, start + period * (rounds + 1)
            shown[first:last] = [Gap(_rows(shown[first:last]), rounds)]
            # Loops that are alike stay so: the body of another loop may repeat them.
            code = numbers.setdefault((rounds, *codes[start:first].tolist()), len(numbers))
            codes = np.concatenate([codes[:first], [code], codes[last:]])
    if len(shown) > _MOST:
        half = _MOST // 2
        shown[half:-half] = [Gap(_rows(shown[half:-half]), 0)]
    return shown


def _rows(parts: Sequence[int | Gap]) -> int:
    return sum(part.rows if isinstance(part, Gap) else 1 for part in parts)


def _period(codes: Any) -> int:
    """Return the length of the block by whose repetitions most can be left out, or 0."""
    best = most = 0
    for period in range(1, min(_LONGEST, len(codes) // _LEAST) + 1):
        spared = max((((stop - start) // period - 2) * period for start, stop in _runs(codes, period)), default=0)
        if spared > most:
            best, most = period, spared
        if most >= len(codes) - 2 * period:
            break
    return best


def _runs(codes: Any, period: int) -> list[tuple[int, int]]:
    """Return where blocks of a length come often enough, one after the other."""
    same = np.concatenate([[False], codes[period:] == codes[:-period], [False]])
    edges = np.flatnonzero(same[1:] != same[:-1]).reshape(-1, 2)
    edges = edges[edges[:, 1] - edges[:, 0] >= (_LEAST - 1) * period]
    found: list[tuple[int, int]] = []
    for start, end in edges.tolist():
        first, stop = max(start, found[-1][1] if found else 0), end + period  # those of one length may overlap
        if stop - first >= _LEAST * period:
            found.append((first, stop))
    return found
