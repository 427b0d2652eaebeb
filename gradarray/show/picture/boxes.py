"""What a picture of a graph says: boxes with lines of text, what leads from one to another, and the colours."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from textwrap import wrap
from typing import NamedTuple

from .layers import Edge
from .places import MARGIN, Layout, arranged, ports_width

SIZE = 12.0  # of the letters
LEADING = 16.0
_PAD, _TOP = 10.0, 7.0
# The letters of the usual fixed fonts are 0.55 to 0.602 of their size wide: Latin, Greek and Cyrillic ones, and the
# three dots that we write ourselves. Others may be taken from another font.
_NARROW, _OTHER, _WIDE = 0.61, 1.0, 1.5
LONGEST = 38
_NOTES = 320.0  # what lines under the boxes may always take


class Text(NamedTuple):
    """A piece of text in one style: "name", "call", "value", "gradient" or "note"."""

    text: str
    style: str


class Box(NamedTuple):
    """A box: its lines of text, what it stands for, and what is told of it where a pointer rests on it.

    `kind` is "variable", "constant", "call", "view", "update", "result" or "folded".
    """

    lines: tuple[tuple[Text, ...], ...]
    kind: str
    tip: str = ""


class Drawing(NamedTuple):
    """Boxes, and where they stand; under them lines of text, the last of which ends at the lower margin."""

    boxes: Sequence[Box]
    layout: Layout
    notes: Sequence[str] = ()


def text_width(text: str) -> float:
    """Return how wide a text is at most, in a fixed font of any make."""
    return SIZE * sum(map(_letter_width, text))


def is_plain(text: str) -> bool:
    """Tell whether each letter of a text is surely in a fixed font."""
    return all(_letter_width(letter) == _NARROW for letter in text)


def _letter_width(letter: str) -> float:
    if letter < "\u0500" or letter == "…":
        return _NARROW
    if unicodedata.east_asian_width(letter) in "WF":
        return _WIDE
    return _OTHER


def cut(text: str, longest: int = LONGEST) -> str:
    """Return a text in one line, its middle left out if it is too long, and what cannot be shown replaced.

    Examples
    --------
    >>> from gradarray.show.picture.boxes import cut
    >>> cut("np.einsum('ij,jk->ik', weights, values)", 20)
    'np.einsum(…, values)'
    """
    text = " ".join("".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text).split())
    if len(text) <= longest:
        return text
    return f"{text[: longest // 2]}…{text[len(text) - (longest - 1) // 2 :]}"


def size(box: Box, arriving: int) -> tuple[float, float]:
    """Return the width and height of a box at which so many lines end."""
    text = max((text_width("".join(t.text for t in line)) for line in box.lines), default=0.0)
    width = max(2 * _PAD + text, ports_width(arriving), 40.0)
    return float(-(-width // 2) * 2), len(box.lines) * LEADING + 2 * _TOP


def drawn(boxes: Sequence[Box], edges: Sequence[Edge], notes: Sequence[str] = ()) -> Drawing:
    """Arrange boxes, and notes under them; edges lead from a lower number to a higher one."""
    arriving = [0] * len(boxes)
    for _, b in edges:
        arriving[b] += 1
    layout = arranged([size(box, n) for box, n in zip(boxes, arriving, strict=True)], edges)
    if notes:
        room = max(layout.width, _NOTES) - 2 * MARGIN
        lines = [line for note in notes for line in wrap(cut(note, 1000), int(room / text_width("n")))]
        width = max(layout.width, max(map(text_width, lines)) + 2 * MARGIN)
        layout = layout._replace(width=width, height=layout.height + LEADING * len(lines) + _TOP)
        return Drawing(boxes, layout, lines)
    return Drawing(boxes, layout)


def note_baselines(drawing: Drawing) -> list[tuple[float, float]]:
    """Return where the notes begin."""
    bottom = drawing.layout.height - MARGIN
    return [(MARGIN, bottom - LEADING * k) for k in reversed(range(len(drawing.notes)))]


def baselines(box: Box, x: float, y: float) -> list[tuple[float, float]]:
    """Return where the lines of text in a box begin, whose corner is given."""
    return [(x + _PAD, y + _TOP + LEADING * k + 12.0) for k in range(len(box.lines))]


# --- colours --------------------------------------------------------------------------------------------------------


class Theme(NamedTuple):
    """Colours: of what is behind, of lines, inside and around a box by its kind, and of a text by its style."""

    ground: str
    line: str
    boxes: dict[str, tuple[str, str]]
    texts: dict[str, str]


LIGHT = Theme(
    ground="#ffffff",
    line="#7d8590",
    boxes={
        "variable": ("#ddf4ff", "#54aeff"),
        "constant": ("#f6f8fa", "#b6bec8"),
        "call": ("#ffffff", "#8c959f"),
        "view": ("#ffffff", "#8c959f"),
        "update": ("#fbefff", "#c297ff"),
        "result": ("#dafbe1", "#4ac26b"),
        "folded": ("#fff8c5", "#d4a72c"),
    },
    texts={"name": "#1f2328", "call": "#1f2328", "value": "#57606a", "gradient": "#cf222e", "note": "#57606a"},
)
DARK = Theme(
    ground="#0d1117",
    line="#8b949e",
    boxes={
        "variable": ("#0c2d6b", "#388bfd"),
        "constant": ("#161b22", "#484f58"),
        "call": ("#161b22", "#6e7681"),
        "view": ("#161b22", "#6e7681"),
        "update": ("#3c1e70", "#a371f7"),
        "result": ("#033a16", "#2ea043"),
        "folded": ("#3b2300", "#bb8009"),
    },
    texts={"name": "#f0f6fc", "call": "#f0f6fc", "value": "#b1bac4", "gradient": "#ff7b72", "note": "#b1bac4"},
)
# The border of a view, since it shows memory of another box.
DASHED = {"view": (4, 3)}
_BEHIND = 4.0


def shifts(box: Box) -> tuple[float, ...]:
    """Return by how much the rectangles of a box are shifted, the last one on top: one that stands for several has two.

    The others show by less than what is left free around each box.
    """
    return (_BEHIND, 0.0) if box.kind == "folded" else (0.0,)
