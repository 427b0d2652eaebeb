"""Long sequences made short: what repeats, as the blocks of a loop do, is one item with a count."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

# Blocks longer than this are not looked for.
_LONGEST = 2000


class Run(NamedTuple):
    """A part of a sequence, from `start` to before `stop`, that is one item: `times` blocks of `period` elements each.

    Of one element it is that element, and of one block what is left out in the middle of a sequence.
    """

    start: int
    stop: int
    times: int = 1

    @property
    def period(self) -> int:
        """How many elements a block has."""
        return (self.stop - self.start) // self.times


def folded(tokens: Sequence[Hashable], most: int) -> list[Run]:
    """Return the runs of a sequence, in their order: at most about so many.

    Of what repeats the first and the last block stay as they are. If that is not enough, the middle is left out.

    Examples
    --------
    >>> from gradarray.show.picture.runs import folded
    >>> [(run.start, run.stop, run.times) for run in folded("xabababababy", 8)]
    [(0, 1, 1), (1, 2, 1), (2, 3, 1), (3, 9, 3), (9, 10, 1), (10, 11, 1), (11, 12, 1)]
    """
    runs = [Run(k, k + 1) for k in range(len(tokens))]
    numbers: dict[Hashable, int] = {}
    codes = [numbers.setdefault(token, len(numbers)) for token in tokens]
    while len(runs) > max(most, 3):
        start, period, times = _longest(np.array(codes))
        if not times:
            kept = max(most - 1, 2)
            first, last = kept // 2, len(runs) - (kept - kept // 2)
            runs[first:last] = [Run(runs[first].start, runs[last].start)]
            break
        stop = start + period * times
        inner = tuple(codes[start : start + period])
        runs[start:stop] = [Run(runs[start].start, runs[stop - 1].stop, times)]
        codes[start:stop] = [numbers.setdefault(("run", times, inner), len(numbers))]
    return runs


def _longest(codes: np.ndarray) -> tuple[int, int, int]:
    """Return where what repeats most begins, without its first and last block, the length of a block, and the number.

    There is none of fewer than two blocks.
    """
    best, saved = (0, 0, 0), 0
    for period in range(1, min(len(codes) // 4, _LONGEST) + 1):
        if saved >= len(codes) - 2 * period:
            break
        same = np.concatenate([[False], codes[period:] == codes[:-period], [False]])
        edges = np.flatnonzero(same[1:] != same[:-1]).reshape(-1, 2)
        if not len(edges):
            continue
        start, stop = edges[np.argmax(edges[:, 1] - edges[:, 0])].tolist()
        times = (stop - start + period) // period - 2
        if times > 1 and times * period > saved:
            best, saved = (start + period, period, times), times * period
    return best
