"""Markdown on a terminal: wrapped to its width, with headings and code set off."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from itertools import groupby

from .sessions import PROMPT

Style = Callable[[str, str], str]  # a text, by the code of ANSI that its look has

_BOLD, _CODE, _FAINT = "1", "36", "2"
_WIDEST = 100  # letters: longer lines are hard to read


def rendered(text: str, columns: int, style: Style) -> str:
    """Return Markdown as a terminal shows it.

    Parameters
    ----------
    text : str
        Headings, paragraphs, lists, tables and blocks of code, with an empty line between them.
    columns : int
        How wide the terminal is. Code keeps its lines.
    style : callable
        Gives a text the look of an ANSI code, or leaves it as it is where there are no colours.

    Examples
    --------
    >>> from gradarray.show.terminal import rendered
    >>> print(rendered("# Title\\n\\nFour words and `code`.\\n", 16, lambda code, text: text), end="")
    Title
    =====
    <BLANKLINE>
    Four words and
    `code`.
    """
    width = min(columns, _WIDEST)
    lines: list[str] = []
    for number, part in enumerate(re.split(r"^```", text, flags=re.MULTILINE)):
        if number % 2:
            lines += [_code(line, style) for line in part.splitlines()[1:]]
        else:
            lines += _prose(part, width, style)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _code(line: str, style: Style) -> str:
    prompt = PROMPT.match(line)
    if prompt is None:
        return f"    {line}" if line else ""
    return f"    {style(_FAINT, prompt[1])}{style(_CODE, prompt[2])}"


def _prose(text: str, width: int, style: Style) -> Iterator[str]:
    lines = [line for line in text.splitlines() if not line.startswith("<!--")]
    for kind, group in groupby(lines, _kind):
        block = [*group]
        match kind:
            case "empty":
                yield ""
            case "heading":
                yield from _heading(*block, style=style)
            case "table":
                yield from _table(block, width, style)
            case _:
                yield from _paragraphs(block, width, style)


def _kind(line: str) -> str:
    if not line.strip():
        return "empty"
    return "heading" if line.startswith("#") else "table" if line.startswith("|") else "text"


def _heading(*lines: str, style: Style) -> Iterator[str]:
    for line in lines:
        level, _, title = line.partition(" ")
        yield style(_BOLD, title)
        if len(level) < 3:
            yield style(_BOLD, ("=" if len(level) == 1 else "-") * len(title))


def _paragraphs(lines: list[str], width: int, style: Style) -> Iterator[str]:
    """Wrap a paragraph, or the items of a list."""
    for item in re.split(r"\n(?=- )", "\n".join(lines)):
        yield _inline(_wrapped(" ".join(item.split()), width, "  " if item.startswith("- ") else ""), style)


def _wrapped(text: str, width: int, indent: str = "") -> str:
    return textwrap.fill(text, max(width, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _inline(text: str, style: Style) -> str:
    """Give code and emphasis their look; without colours, the marks stay."""

    def looked(match: re.Match[str]) -> str:
        marks, code, words = match[0], match[1], match[2]
        shown = style(_CODE, code) if code else style(_BOLD, words)
        return marks if shown in (code, words) else shown

    return re.sub(r"`([^`]+)`|\*\*([^*]+)\*\*", looked, text)


def _table(lines: list[str], width: int, style: Style) -> Iterator[str]:
    """Align a table that fits; of another one, give each row as a paragraph."""
    head, _, *rows = [
        [cell.strip().replace(r"\|", "|").replace("<br>", " ") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    if sum(widths) + 2 * len(widths) <= width:
        for row in [head, *rows] if any(head) else rows:
            cells = [cell.ljust(size) for cell, size in zip(row, widths, strict=True)]
            yield _inline("  ".join(cells).rstrip(), style)
        return
    for row in rows:
        first, *others = [f"{name}: {cell}" if name else cell for name, cell in zip(head, row, strict=True) if cell]
        yield _inline(_wrapped(first, width, "    "), style)
        for cell in others:
            yield _inline("    " + _wrapped(cell, width - 4, "    "), style)
