"""Blocks that come again and again, as a loop makes them, are shown once, with a count."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

_LONGEST = 64  # rows of a block
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
    shown.

    Examples
    --------
    >>> from gradarray.show.folding import shortened
    >>> [str(part) for part in shortened("abcbcbcbcbcd")]
    ['0', '1', '2', '... 3 more rounds of these 2 ...', '9', '10', '11']
    """
    shown: list[int | Gap] = []
    i = 0
    while i < len(keys):
        period, count = _block(keys, i)
        if not period:
            shown.append(i)
            i += 1
            continue
        end = i + period * count
        shown += [*range(i, i + period), Gap(period * (count - 2), count - 2), *range(end - period, end)]
        i = end
    if len(shown) > _MOST:
        half = _MOST // 2
        left_out = shown[half : len(shown) - half]
        shown[half : len(shown) - half] = [Gap(sum(part.rows if isinstance(part, Gap) else 1 for part in left_out), 0)]
    return shown


def _block(keys: Sequence[Hashable], i: int) -> tuple[int, int]:
    """Return the length of the block that starts at a row and comes again, and how often; zeros where none does."""
    best = (0, 0)
    most = 0
    for period in range(1, min(_LONGEST, (len(keys) - i) // _LEAST) + 1):
        if keys[i] != keys[i + period]:
            continue
        end = i + period
        while end < len(keys) and keys[end] == keys[end - period]:
            end += 1
        count = (end - i) // period
        spared = period * (count - 2)
        if count >= _LEAST and spared > most:
            best, most = (period, count), spared
    return best
