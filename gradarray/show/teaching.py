"""A lesson, carried out: each of its lines is executed, shown with what it gave, and compared with what it says."""

from __future__ import annotations

import contextlib
import doctest
import io
import linecache
import sys
import traceback
from typing import Any

from .explain import Explanation
from .screen import WIDTH, Screen
from .table import as_text


class TourError(Exception):
    """Something in the tour did not come out as it should have."""


def execute(source: str, namespace: dict[str, Any], width: int = WIDTH) -> tuple[str, str]:
    """Run an example as an interactive session does.

    Parameters
    ----------
    source : str
        A statement.
    namespace : dict
        What it can see, and where it leaves its variables.
    width : int
        How many letters a line on the screen has.

    Returns
    -------
    checked, shown : str
        What it showed, the last line of its exception if there was one: in a full width, and in that of the screen.
        They differ where it is a table of `explain`, which fits itself to a terminal.
    """
    written = io.StringIO()
    explained: list[Explanation] = []

    def display(value: Any) -> None:
        if isinstance(value, Explanation):
            explained.append(value)
        elif value is not None:
            print(repr(value))

    name = f"<tour {hash(source)}>"
    # Errors, programs and `explain` quote the line. Without a time the entry stays; the same line has the same one.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    usual, sys.displayhook = sys.displayhook, display
    try:
        with contextlib.redirect_stdout(written):
            exec(compile(source, name, "single"), namespace)
    except Exception as error:
        text = traceback.format_exception_only(error)[-1]
        return text, text
    finally:
        sys.displayhook = usual
    if explained:
        full, fitting = (as_text(explained[0]._record, explained[0].steps, n) + "\n" for n in (WIDTH - 4, width))
        return full, fitting
    return written.getvalue(), written.getvalue()


def teach(screen: Screen, lesson: str, namespace: dict[str, Any]) -> int:
    """Show a lesson, with what its lines give in the place of what they should give.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    lesson : str
        Prose and ``>>>`` lines, as in a doctest.
    namespace : dict
        What the lines can see, and where they leave their variables.

    Returns
    -------
    int
        How many examples there were.

    Raises
    ------
    TourError
        An example gave something else than the lesson says.
    """
    check = doctest.OutputChecker().check_output
    count = 0
    for piece in doctest.DocTestParser().parse(lesson):
        if isinstance(piece, str):
            for number, paragraph in enumerate(piece.split("\n\n")):
                if number or paragraph.startswith("\n"):
                    screen.write()
                if paragraph.strip():
                    screen.prose(paragraph)
            continue
        count += 1
        screen.prompted(piece.source)
        got, shown = execute(piece.source, namespace, screen.width - len(screen.indent))
        screen.output(shown)
        # A message is one long line, which a lesson writes in several.
        wanted, flags = (piece.exc_msg, doctest.NORMALIZE_WHITESPACE) if piece.exc_msg else (piece.want, 0)
        if not check(wanted, got, flags):
            raise TourError(
                f">>> {piece.source}gave\n{got or '(nothing)'}\nand should have given\n{wanted or '(nothing)'}"
            )
    return count
