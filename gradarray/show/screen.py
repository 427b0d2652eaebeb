"""Where the tour is shown: with colour and a moving line on a terminal that has these, as plain lines elsewhere."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Sequence
from typing import TextIO

WIDTH = 78  # letters in a line, where there is room for as many
_ROOMY = 60  # in fewer, code is not set in
_NARROWEST = 40  # in fewer, no line moves, as it might be wrapped


class Screen:
    """A stream of text, in ASCII whatever its encoding, wrapped between words to the width of a terminal.

    Parameters
    ----------
    stream : file
        Receives the text.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        able = stream.isatty() and os.environ.get("TERM") != "dumb"
        columns = shutil.get_terminal_size().columns if stream.isatty() else WIDTH
        self.width = max(min(columns, WIDTH), 20)
        self.indent = "    " if self.width >= _ROOMY else ""
        self.moving = able and columns >= _NARROWEST
        # Any value of NO_COLOR that is not empty means no colour: https://no-color.org
        # The old console of Windows shows the codes as they are; the new one, and what replaces it, say who they are.
        self.color = able and not os.environ.get("NO_COLOR") and (os.name != "nt" or _knows_codes())

    def style(self, code: str, text: str) -> str:
        """Give `text` the look that the ANSI `code` stands for, where there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text

    def _put(self, text: str) -> None:
        self.stream.write(text.encode("ascii", "backslashreplace").decode())

    def wrapped(self, text: str) -> list[str]:
        """Return `text` in lines that fit, what is continued farther in; a word, and so a number, is never cut."""
        if len(text) <= self.width:
            return [text]
        lead = " " * min(len(text) - len(text.lstrip()), self.width // 2)
        within = textwrap.TextWrapper(
            self.width,
            initial_indent=lead,
            subsequent_indent=f"{lead}    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        return within.wrap(text.strip())

    def write(self, text: str = "", code: str = "") -> None:
        """Show a line, or several if it is too long for one, in the look of an ANSI `code`."""
        for line in self.wrapped(text):
            self._put((self.style(code, line) if code else line) + "\n")

    def prose(self, text: str) -> None:
        """Show a paragraph, filled."""
        for line in textwrap.wrap(" ".join(text.split()), self.width, break_long_words=False, break_on_hyphens=False):
            self._put(line + "\n")

    def title(self, text: str) -> None:
        """Show a heading."""
        self.write()
        self.write(text, "1")
        self.write("-" * min(len(text), self.width), "1")

    def code(self, text: str) -> None:
        """Show source code, set in."""
        for line in text.splitlines():
            self.write(self.indent + line if line else "", "36")

    def prompted(self, source: str) -> None:
        """Show source code with the prompts of a session, set in."""
        for number, line in enumerate(source.splitlines()):
            prompt = "... " if number else ">>> "
            first, *others = self.wrapped(self.indent + prompt + line)
            start = len(self.indent + prompt)
            self._put(self.indent + self.style("2", prompt) + self.style("36", first[start:]) + "\n")
            for other in others:
                self._put(self.style("36", other) + "\n")

    def output(self, text: str) -> None:
        """Show what code gave, set in."""
        for line in text.splitlines():
            self.write(self.indent + line if line else "")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> None:
        """Show a table, set in; where there is no room for it, a line for each cell.

        Parameters
        ----------
        heads : sequence of str
            One for each column, or all empty, for a table without.
        rows : sequence of sequence of str
            The cells.
        sides : str
            For each column ``<`` or ``>``: the side on which its cells are in line.
        """
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        if len(self.indent) + sum(widths) + 2 * len(widths) - 2 <= self.width:
            for row in (heads, *rows) if any(heads) else rows:
                cells = [f"{cell:{side}{size}}" for cell, side, size in zip(row, sides, widths, strict=True)]
                self.write((self.indent + "  ".join(cells)).rstrip())
            return
        for first, *others in rows:
            self.write(self.indent + first)
            for head, cell in zip(heads[1:], others, strict=True):
                if cell:
                    self.write(f"{self.indent}  {head}: {cell}" if head else f"{self.indent}  {cell}")

    def progress(self, text: str, *, last: bool = False) -> None:
        """Show a line that the next one replaces, or, where none moves, stays."""
        text = self.indent + text
        if self.moving:
            self._put(f"\r\x1b[K{text}" if self.color else f"\r{text:<{self.width - 1}}")
            self._put("\n" if last else "")
        else:
            self.write(text)
        self.stream.flush()


def _knows_codes() -> bool:
    return any(name in os.environ for name in ("WT_SESSION", "ANSICON", "ConEmuANSI", "TERM", "TERM_PROGRAM"))
