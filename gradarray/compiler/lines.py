"""The user's own lines: what a line says, and which name it assigns."""

from __future__ import annotations

import ast
import functools
import linecache
from typing import NamedTuple

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
