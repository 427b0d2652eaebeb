"""`graph`: a tape as a picture, of the same rows as the table of `explain`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..reverse.tensor import Tensor
from .picture.boxes import Box, Drawing, Text, cut, drawn
from .picture.dot import dot
from .picture.layers import Edge
from .picture.png import save_png
from .picture.runs import Run, folded
from .picture.svg import svg
from .record import TapeRow, Record, read_function, read_tensor

_THEMES = ("auto", "light", "dark")
_KINDS = {
    "argument": "variable",
    "leaf": "variable",
    "constant": "constant",
    "computed": "call",
    "view": "view",
    "update": "update",
}
_FEW, _LONGEST = 4, 30  # elements of an array that are shown, and letters
_LINES = 3  # of the user's code in a folded box


class Graph:
    """A picture of a graph, which a notebook shows: `graph` makes it.

    Attributes
    ----------
    theme : "auto", "light" or "dark"
    """

    def __init__(self, record: Record, theme: str, most: int) -> None:
        self.theme = _theme(theme)
        runs = folded([_token(row) for row in record.rows], most)
        self._title = record.title
        self._boxes = [_box(record, run) for run in runs]
        self._edges = _edges(record.rows, runs)
        self._drawing = drawn(self._boxes, self._edges, record.notes)

    def __repr__(self) -> str:
        return f'<graph of {self._title}: {len(self._boxes)} boxes; .save("graph.svg") draws it>'

    def svg(self, theme: str | None = None) -> str:
        """Return the picture as the text of an SVG file."""
        return svg(self._drawing, self.theme if theme is None else _theme(theme), f"graph of {self._title}")

    def _repr_svg_(self) -> str:
        return self.svg()

    def dot(self) -> str:
        """Return the graph in the language of Graphviz."""
        return dot(self._boxes, self._edges)

    def save(self, path: Any, theme: str | None = None) -> None:
        """Write the picture into a file, as its suffix says: ".svg"; ".png", for which Matplotlib is needed; ".dot".

        A PNG is light unless the theme is "dark".
        """
        path = Path(path)
        if path.suffix == ".svg":
            path.write_text(self.svg(theme), encoding="utf-8")
        elif path.suffix == ".dot":
            path.write_text(self.dot() + "\n", encoding="utf-8")
        elif path.suffix == ".png":
            save_png(self._drawing, self.theme if theme is None else _theme(theme), path)
        else:
            raise ValueError(f"{path.name}: a picture is saved as .svg, .png or .dot")


def graph(f: Callable[..., Any] | Tensor, *args: Any, theme: str = "auto", most: int = 60) -> Graph:
    """Draw what a function computes at a point, or the tape behind a tensor.

    Each box is a value: what it is called, how it was computed, the value, and the gradient of the result by it.
    Variables are blue, results green, updates in place violet; the border of a view of another value is dashed. A
    pointer on a box shows the line of code. Long graphs are folded: the first and the last turn of a loop are drawn,
    and between them one box for the others.

    A notebook shows the picture, ``.save("graph.svg")`` writes it, and ``.save("graph.png")`` does where Matplotlib is
    installed. ``.dot()`` gives it in the language of Graphviz.

    Parameters
    ----------
    f : function, called with `args`; or a tensor, as its tape was recorded
    theme : "light", "dark", or "auto" for what the system of the reader has
    most : how many boxes are drawn at most, about

    Notes
    -----
    The layout is the layered one of K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of
    hierarchical system structures", IEEE Transactions on Systems, Man, and Cybernetics 11 (1981), 109-125, with the
    coordinates of U. Brandes and B. Koepf, "Fast and simple horizontal coordinate assignment", Graph Drawing 2001.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> def f(x, y):
    ...     return np.sin(x * y) + x
    >>> ga.graph(f, 2.0, 3.0)
    <graph of f: 5 boxes; .save("graph.svg") draws it>
    >>> print(ga.graph(f, 2.0, 3.0).svg().splitlines()[0])
    <svg xmlns="http://www.w3.org/2000/svg" class="gradarray-auto" role="img" aria-label="graph of f" ...
    """
    if isinstance(f, Tensor):
        if args:
            raise TypeError("graph takes a function and its arguments, or a tensor alone")
        return Graph(read_tensor(f), theme, most)
    return Graph(read_function(f, args), theme, most)


def _theme(theme: str) -> str:
    if theme not in _THEMES:
        raise ValueError(f"theme is {theme!r}: there are {', '.join(map(repr, _THEMES))}")
    return theme


# --- rows and runs of rows ------------------------------------------------------------------------------------------


def _token(row: TapeRow) -> tuple[Any, ...]:
    """Return what is the same for the same call in each turn of a loop."""
    if row.operation:
        return (row.kind, row.operation, row.file, row.line)
    return (row.kind, re.sub(r"\d+", "", row.name), row.shape)


def _edges(rows: Sequence[TapeRow], runs: Sequence[Run]) -> list[Edge]:
    """Return the edges between runs: of calls one for each operand, of folded ones one for all."""
    home = [k for k, run in enumerate(runs) for _ in range(run.start, run.stop)]
    edges: list[Edge] = []
    seen: set[Edge] = set()
    for row in rows:
        for operand in row.operands:
            if operand.row is None or (edge := (home[operand.row], home[row.number])) in seen:
                continue
            if any(runs[end].stop - runs[end].start > 1 for end in edge):
                seen.add(edge)
            if edge[0] != edge[1]:
                edges.append(edge)
    return edges


def _box(record: Record, run: Run) -> Box:
    rows = record.rows[run.start : run.stop]
    return _call(record, rows[0]) if len(rows) == 1 else _block(rows, run)


def _call(record: Record, row: TapeRow) -> Box:
    """Return the box of one value."""
    first = [Text(cut(row.name), "name")]
    if row.computed_as:
        first.append(Text(f" = {cut(row.computed_as)}", "call"))
    elif row.kind == "constant":
        first.append(Text(" constant", "note"))
    lines = [tuple(first), (Text(_short(row.value, row), "value"),)]
    if row.cotangent is not None:
        lines.append((Text("grad ", "gradient"), Text(_short(row.cotangent, row), "gradient")))
    elif row.kind != "constant":
        lines.append((Text("no grad", "note"),))
    kind = _KINDS[row.kind]
    if row.number in record.results and kind != "variable":
        kind = "result"
    return Box(tuple(lines), kind, _tip(row))


def _block(rows: Sequence[TapeRow], run: Run) -> Box:
    """Return the box of blocks that repeat, or of what was left out."""
    block = rows[: run.period]
    calls = ", ".join(dict.fromkeys(row.operation or row.kind for row in block))
    count = f"{run.times} times" if run.times > 1 else f"{len(rows)} calls"
    first = (Text(count, "name"), Text(f": {cut(calls)}", "call"))
    texts = dict.fromkeys(row.text for row in block if row.text)
    lines = [first, *((Text(cut(text), "value"),) for text in list(texts)[:_LINES])]
    if len(texts) > _LINES:
        lines.append((Text("…", "value"),))
    numbers = [row.line for row in block if row.line]
    places = f"line {min(numbers)}" if numbers else ""
    if numbers and max(numbers) > min(numbers):
        places = f"lines {min(numbers)}–{max(numbers)}"
    return Box(tuple(lines), "folded", "\n".join(filter(None, [f"{len(rows)} calls, {places}", *texts])))


def _tip(row: TapeRow) -> str:
    """Return what is told of a value besides: the line of code, the whole call, shape and type."""
    where = f"{Path(row.file).name}, line {row.line}: {row.text}" if row.line else ""
    what = f"{row.name} = {row.computed_as}" if row.computed_as else f"{row.name}, {row.kind}"
    kind = f"{'×'.join(map(str, row.shape))} {row.dtype}".strip() if row.shape else f"{row.dtype}"
    return "\n".join(filter(None, [where, what, kind]))


def _short(value: Any, row: TapeRow) -> str:
    """Return a value in a few letters; of a large array its shape and its bounds."""
    if value is None:
        return f"{row.dtype} {row.shape}" if row.shape else f"{row.dtype}"
    x = np.asarray(value)
    if x.size <= _FEW and len(text := _listed(x.tolist())) <= _LONGEST:
        return text
    if x.dtype.kind not in "fiub" or not np.all(np.isfinite(x)):
        return f"{x.shape} {x.dtype}" + ("" if np.all(np.isfinite(x)) else ", not finite")
    low, high = x.min(), x.max()
    return f"{x.shape} all {low:.4g}" if low == high else f"{x.shape} {low:.4g} … {high:.4g}"


def _listed(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_listed, value))}]"
    return f"{value:.4g}" if isinstance(value, (float, complex)) else str(value)
