"""The user's own lines: what a line says, which name it assigns, and which statements come from it."""

from __future__ import annotations

import ast
import bisect
import functools
import linecache
from typing import Any, NamedTuple

from ...context.frames import users_frame
from ...tape.nodes import next_order
from .statements import Line

# So many characters of a line are quoted.
_LONGEST = 60


class Said(NamedTuple):
    """A statement of the user's.

    Attributes
    ----------
    text : in one line
    target : the name that it assigns; "" for none
    """

    text: str
    target: str


def said(line: tuple[str, int, str] | None) -> Said | None:
    """Return the user's statement that stands at a line of a file; None where there is no text of it."""
    return None if line is None else _said(*line)


@functools.lru_cache(10_000)
def _said(file: str, number: int, function: str) -> Said | None:
    text = "".join(linecache.getlines(file))
    tree = _parsed(text)
    if tree is None:
        return None
    found: ast.AST | None = None
    for node in ast.walk(tree):
        kind = ast.Lambda if function == "<lambda>" else ast.stmt
        if isinstance(node, kind) and node.lineno <= number <= (node.end_lineno or 0):
            if isinstance(node, ast.stmt) and hasattr(node, "body"):
                continue
            if found is None or _extent(node) <= _extent(found):
                found = node
    if found is None:
        return None
    target = ""
    if isinstance(found, ast.Assign) and len(found.targets) == 1 and isinstance(found.targets[0], ast.Name):
        target = found.targets[0].id
    elif isinstance(found, (ast.AugAssign, ast.AnnAssign)) and isinstance(found.target, ast.Name):
        target = found.target.id
    quoted = " ".join((ast.get_source_segment(text, found) or "").split())
    return Said(quoted if len(quoted) <= _LONGEST else quoted[: _LONGEST - 3] + "...", target)


def _extent(node: ast.AST) -> tuple[int, int]:
    return node.end_lineno - node.lineno, node.end_col_offset - node.col_offset  # type: ignore[attr-defined]


@functools.lru_cache(4)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


# --- which statement comes from which line ----------------------------------------------------------------------------


class Origins:
    """Notes the user's line of each statement; of those of a sweep, that which recorded the node that it is at."""

    def __init__(self) -> None:
        # The lines of the statements, each behind the number that the next node was given then.
        self._marks: list[int] = []
        self._lines: list[Line | None] = []
        self._outside = _users_line()  # where the program was asked for
        self.pulled: int | None = None  # the number of the node that a sweep is at

    def next(self) -> Line | None:
        """Return the line of the next statement."""
        line = _users_line() if self.pulled is None else self._line_of(self.pulled)
        line = None if line == self._outside else line
        self._marks.append(next_order())
        self._lines.append(line)
        return line

    def _line_of(self, order: int) -> Line | None:
        """Return the line that recorded the node of a number."""
        k = bisect.bisect_left(self._marks, order)
        return self._lines[k - 1] if k else None

    def along(self, nodes: list[Any]) -> list[Any]:
        """Return the nodes of a sweep in a list that notes which of them it is at."""
        return _Along(nodes, self)


class _Along(list[Any]):
    """Nodes that a sweep goes through from the last one on."""

    def __init__(self, nodes: list[Any], origins: Origins) -> None:
        super().__init__(nodes)
        self._origins = origins

    def __reversed__(self) -> Any:
        return _Backwards(super().__reversed__(), self._origins)


class _Backwards:
    """It keeps no reference to the node that it has handed out, which would count as somebody who holds it."""

    def __init__(self, nodes: Any, origins: Origins) -> None:
        self._nodes = nodes
        self._origins = origins

    def __iter__(self) -> _Backwards:
        return self

    def __next__(self) -> Any:
        self._origins.pulled = None
        node = next(self._nodes)
        self._origins.pulled = node.order
        return node


def _users_line() -> Line | None:
    frame = users_frame()
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_name)
