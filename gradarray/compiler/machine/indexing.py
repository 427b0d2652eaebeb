"""Elements at places that are looked up in arrays of integers: ``x[rows, labels]``, and what is added there.

A place that is not there fails, and NumPy says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..program.forms import Form, Hole, Other
from ..program.statements import Statement, Variable

_HOLE = re.compile(r"_\d+_")
_PLACES = re.compile(r"\((_\d+_(?:, _\d+_)*),?\)")


def places_looked_up(s: Statement, form: Form) -> list[Variable | int]:
    """Return the places, for each axis an array or a number, at which elements are looked up; none elsewhere."""
    whole = s.reads[0] if s.reads else None
    if s.kind != "call" or s.pieces[0] is not whole or whole is None or whole.shape is None or len(form.args) != 2:
        return []
    at = form.args[1]
    texts = [f"_{at:d}_"] if type(at) is Hole else at.text[1:-1].split(", ") if type(at) is Other else []
    index: list[Variable | int] = []
    for text in texts:
        if text.isdigit():
            index.append(int(text))
        elif _HOLE.fullmatch(text):
            index.append(s.reads[int(text[1:-1])])
    known = len(index) == len(texts) and _are_places(index, whole)
    return index if known else []


def _are_places(index: Sequence[Variable | int], whole: Variable) -> bool:
    """Tell whether these are places along the first axes of an array."""
    arrays = [v for v in index if isinstance(v, Variable)]
    if any(v.dtype is None or v.dtype.char != "l" or len(v.shape) != 1 for v in arrays):
        return False
    if len({v.shape for v in arrays}) != 1 or not 0 < len(index) <= len(whole.shape):
        return False
    return len(index) == len(whole.shape) or len(arrays) == len(index)


def added(s: Statement, form: Form) -> tuple[list[Variable], Any] | None:
    """Return the places at which a statement adds something, and that; None for another statement."""
    if form.name != "np.add.at" or len(form.args) != 3 or form.keys or form.args[0] != Hole(0):
        return None
    at = form.args[1]
    match = _PLACES.fullmatch(at.text) if type(at) is Other else None
    if type(at) is Hole:
        index = [s.reads[at]]
    elif match is not None:
        index = [s.reads[int(hole[1:-1])] for hole in match[1].split(", ")]
    else:
        return None
    target = s.reads[0]
    known = target.shape is not None and _are_places(index, target)
    return (index, form.args[2]) if known else None


def check_lines(place: str, count: int, n: int) -> list[str]:
    """Return the lines that look whether places are among `n`."""
    return [f"for i in range({count}):", f"    lost = lost | ({place} < {-n}) | ({place} >= {n})"]


def place_lines(
    names: Sequence[str], lengths: Sequence[int], strides: Sequence[int], offset: int, inside: Sequence[bool]
) -> list[str]:
    """Return the lines that turn places, which are variables or numbers, into that of an element, in `at`.

    Those that are not known to be `inside` are looked at first.
    """
    lines = []
    known = iter(inside)
    for x, n in zip(names, lengths, strict=False):
        if x.isdigit():
            continue
        lines.append(f"{x} = {x} + {n} if {x} < 0 else {x}")
        if not next(known):
            lines += [f"lost = ({x} < 0) | ({x} >= {n})", "missed = missed | lost", f"{x} = 0 if lost else {x}"]
    terms = [x if s == 1 else f"{x} * {s}" for x, s in zip(names, strides, strict=False)]
    return [*lines, f"at = {' + '.join([*terms, str(offset)] if offset else terms)}".replace("+ -", "- ")]
