"""Functions that differ by places in arrays alone, which are one function that is given these places."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_INDEX = re.compile(r"(?<=\w)\[([^\[\]:()]+)\]")
_OFFSET = re.compile(r"(?:^|(?<=[+-] ))\d+(?=$| [+-])")


def with_places(text: str, place: Callable[[str], str | None]) -> str:
    """Return a text with something else for each offset in an array that is spelt out, as 8 in ``x[i * 3 + 8]``."""
    return _INDEX.sub(lambda index: f"[{_OFFSET.sub(lambda found: place(found[0]) or '', index[1])}]", text)


def given_places(text: str, moving: Sequence[int]) -> str:
    """Return a function that is given some of its offsets.

    Parameters
    ----------
    text : of the function
    moving : for each offset in it, the number of the argument that it becomes; 0 where it stays
    """
    numbers = iter(moving)

    def place(offset: str) -> str:
        k = next(numbers)
        return f"s{k}" if k else offset

    def unsigned(index: re.Match[str]) -> str:
        return f"[np.uint64({index[1]})]" if _GIVEN.search(index[1]) else index[0]

    head, names, body = _INDEX.sub(unsigned, with_places(text, place)).split("\n", 2)
    arguments = [f"s{k}" for k in range(1, max(moving, default=0) + 1)]
    if arguments:
        separator = "" if names.endswith("():") else ", "
        head = head.removesuffix("))") + separator + ", ".join(["int64"] * len(arguments)) + "))"
        names = names.removesuffix("):") + separator + ", ".join(arguments) + "):"
    return f"{head}\n{names}\n{body}"


# Unsigned, or whatever is done there would be done for one place after the other, each of which might be negative.
_GIVEN = re.compile(r"\bs\d+\b")
