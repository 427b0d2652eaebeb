"""The guide as a notebook: ``python -m gradarray guide --notebook FILE``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .pages import CHAPTERS, chapter
from .sessions import CodeBlock, prose_and_code

_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(names: Sequence[str]) -> str:
    """Return chapters as the text of a notebook in the format 4.5, without outputs.

    Each chapter binds the names that it uses before it uses them, so that one may follow another in one namespace.

    Examples
    --------
    >>> import json
    >>> from gradarray.show.notebook import notebook
    >>> cells = json.loads(notebook(["tape"]))["cells"]
    >>> cells[1]["id"], cells[1]["source"][:2]
    ('tape-2', ['import numpy as np\\n', 'import gradarray as ga\\n'])
    """
    cells = [cell for name in names for cell in _cells(name)]
    content = {"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def write_notebook(file: str, name: str | None) -> str:
    """Write a notebook of a chapter, or of all, and return what was done."""
    names = list(CHAPTERS) if name is None else [name]
    Path(file).write_text(notebook(names), encoding="utf-8", newline="\n")
    return f"{file}: {len(names)} chapters" if name is None else f"{file}: the chapter {name}"


def _cells(name: str) -> Iterator[dict[str, Any]]:
    sources = (cell for part in prose_and_code(chapter(name)) for cell in _sources(part))
    for number, (kind, source, raises) in enumerate(sources, 1):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"{name}-{number}", "metadata": {}}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        if raises:
            # With this, a notebook that is run as a whole goes on after the exception.
            cell["metadata"] = {"tags": ["raises-exception"]}
        yield cell | {"source": source.splitlines(keepends=True)}


def _sources(part: str | CodeBlock) -> Iterator[tuple[str, str, bool]]:
    """Yield the kind of each cell, its source, and whether it ends with an exception."""
    if isinstance(part, str):
        if part.strip():
            yield "markdown", part.strip(), False
    elif part.can_run:
        source = ""
        for example in part.examples:
            source += example.source
            # A notebook shows the last value of a cell.
            if example.want:
                yield "code", source.rstrip("\n"), example.exc_msg is not None
                source = ""
        if source:
            yield "code", source.rstrip("\n"), False
