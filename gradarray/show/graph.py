"""`graph`: a tape as a picture, of the same rows as the table of `explain`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, overload

from ..elsewhere.answers import telling
from ..reverse.tensor import Tensor
from ..transforms.argnums import DropIn
from .figures import figure, shape_text
from .folding import Gap, shortened
from .picture.boxes import Box, Text, cut, drawn
from .picture.dot import dot
from .picture.layers import Edge
from .picture.png import save_png
from .picture.svg import svg
from .record import Record, TapeRow, read_function, read_tensor
from .special import mark_special
from .steps import same_code

_THEMES = ("auto", "light", "dark")
_KINDS = {
    "argument": "variable",
    "leaf": "variable",
    "constant": "constant",
    "computed": "call",
    "view": "view",
    "update": "update",
}
_MOST = 60  # boxes, from which on loops are folded
_FIGURE = 30  # letters of a value
_LINES = 3  # of the user's code in a folded box


class Graph:
    """A picture of a graph, which a notebook shows: `graph` makes it.

    Attributes
    ----------
    theme : "auto", "light" or "dark"
    """

    def __init__(self, record: Record, theme: str, fold: bool) -> None:
        self.theme = _theme(theme)
        rows = record.rows
        parts: Sequence[int | Gap] = range(len(rows))
        if fold and len(rows) > _MOST:
            parts = shortened([same_code(row) for row in rows])
        runs = _runs(parts)
        notes = [*record.notes, *mark_special(rows[run.start] for run in runs if run.gap is None)]
        results = set(record.results)
        self._title = record.title
        self._boxes = [
            _block(rows[run.start : run.stop], run) if run.gap else _call(rows[run.start], run.start in results)
            for run in runs
        ]
        self._edges = _edges(rows, runs)
        self._drawing = drawn(self._boxes, self._edges, notes)

    def __repr__(self) -> str:
        boxes = "1 box" if len(self._boxes) == 1 else f"{len(self._boxes)} boxes"
        return f'<graph of {self._title}: {boxes}; .save("graph.svg") draws it>'

    def svg(self, theme: str | None = None) -> str:
        """Return the picture as the text of an SVG file."""
        return svg(self._drawing, self.theme if theme is None else _theme(theme), f"graph of {self._title}")

    def _repr_svg_(self) -> str:
        return self.svg()

    def dot(self) -> str:
        """Return the graph in the language of Graphviz."""
        return dot(self._boxes, self._edges)

    def save(self, path: Any, theme: str | None = None) -> None:
        """Write the picture into a file, as its suffix says: .svg, .png, or .dot for Graphviz.

        Parameters
        ----------
        path : str or path-like
        theme : {"light", "dark", "auto"}, optional
            Another one than that of the graph. A PNG is light unless it is dark.

        Raises
        ------
        ImportError
            For a PNG, if Matplotlib is not installed.
        ValueError
            If the suffix, or the theme, is another one.
        """
        path, theme = Path(path), self.theme if theme is None else _theme(theme)
        match path.suffix.lower():
            case ".svg":
                path.write_text(self.svg(theme), encoding="utf-8", newline="\n")
            case ".png":
                save_png(self._drawing, theme, path)
            case ".dot":
                path.write_text(self.dot() + "\n", encoding="utf-8", newline="\n")
            case _:
                raise ValueError(f"{path.name}: a graph is saved as .svg, .png or .dot")


@overload
def graph(f: Tensor, *, theme: str = "auto", fold: bool = True) -> Graph: ...
@overload
def graph(
    f: Callable[..., Any], *args: Any, theme: str = "auto", fold: bool = True, drop_in: DropIn = True
) -> Graph: ...
@telling
def graph(f: Any, *args: Any, theme: str = "auto", fold: bool = True, drop_in: DropIn = True) -> Graph:
    """Draw how a result came about: a box for each value, with the call, the value and the gradient of the result.

    Variables are blue, results green, and updates in place violet; a view has a dashed border. Where the pointer rests
    on a box, it shows the line of code. A value that is used several times is one line that forks.

    Parameters
    ----------
    f : callable or Tensor
        A function of arrays, numbers and containers of them, which is run once; or a tensor, whose tape is shown as
        far as it is known, and stays as it is.
    *args
        The arguments of the function. They are copied, so that it may write into them.
    theme : {"auto", "light", "dark"}
        Of the picture; "auto" is that of the reader's system.
    fold : bool
        Draw a loop in a long graph as its first and its last turn, and one box that stands for the others.
    drop_in : bool, str or sequence of str
        As of `grad`: let `f` make arrays and fill them, and so on.

    Returns
    -------
    Graph
        A notebook shows it. ``.save("graph.svg")`` writes it into a file, as does ``.save("graph.png")`` where
        Matplotlib is installed. ``.svg()`` and ``.dot()`` return it as text, the latter for Graphviz.

    Raises
    ------
    TypeError
        If `f` is neither a function nor a tensor.
    ValueError
        If there is no such theme.
    RuntimeError
        If the tape of the tensor has been released by a ``backward()``.

    See Also
    --------
    explain : the same as a table

    Notes
    -----
    The layout is that in layers of [1]_, with the coordinates of [2]_.

    .. [1] K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system structures",
       IEEE Transactions on Systems, Man, and Cybernetics 11 (1981), 109-125.
    .. [2] U. Brandes and B. Koepf, "Fast and simple horizontal coordinate assignment", Graph Drawing 2001, Lecture
       Notes in Computer Science 2265, 31-44.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> def f(x, y):
    ...     return np.sin(x * y) + x
    >>> ga.graph(f, 2.0, 3.0)
    <graph of f: 5 boxes; .save("graph.svg") draws it>
    >>> print(ga.graph(f, 2.0, 3.0).dot())
    digraph {
    ...
        0 -> 2;
        1 -> 2;
        2 -> 3;
        3 -> 4;
        0 -> 4;
    }
    """
    if isinstance(f, Tensor):
        if args:
            raise TypeError("graph takes a function and its arguments, as in graph(f, x), or a tensor alone")
        record = read_tensor(f)
    elif callable(f):
        record = read_function(f, args, drop_in=drop_in)
    else:
        raise TypeError(
            f"graph takes a function and its arguments, as in graph(f, x), or a tensor; it got {f!r:.60}. "
            "What is computed from an array is not known unless that is made a tensor first: ga.tensor(x)"
        )
    return Graph(record, theme, fold)


def _theme(theme: str) -> str:
    if theme not in _THEMES:
        raise ValueError(f"the theme is 'auto', 'light' or 'dark', not {theme!r}")
    return theme


# --- rows and runs of rows ------------------------------------------------------------------------------------------


class _Run(NamedTuple):
    """The rows of one box: one of them, or those of a gap."""

    start: int
    stop: int
    gap: Gap | None


def _runs(parts: Sequence[int | Gap]) -> list[_Run]:
    runs: list[_Run] = []
    for part in parts:
        start = runs[-1].stop if runs else 0
        runs.append(_Run(start, start + part.rows, part) if isinstance(part, Gap) else _Run(start, start + 1, None))
    return runs


def _edges(rows: Sequence[TapeRow], runs: Sequence[_Run]) -> list[Edge]:
    """Return the edges between boxes: one for each operand, but of folded ones one for all."""
    home = [k for k, run in enumerate(runs) for _ in range(run.start, run.stop)]
    edges: list[Edge] = []
    seen: set[Edge] = set()
    for k, row in enumerate(rows):
        for operand in row.operands:
            if operand.row is None or (edge := (home[operand.row], home[k])) in seen or edge[0] == edge[1]:
                continue
            if runs[edge[0]].gap or runs[edge[1]].gap:
                seen.add(edge)
            edges.append(edge)
    return edges


# --- what boxes say -------------------------------------------------------------------------------------------------


def _call(row: TapeRow, is_result: bool) -> Box:
    """Return the box of one value."""
    first = [Text(cut(row.name), "name")]
    if row.computed_as:
        first.append(Text(f" = {cut(row.computed_as)}", "call"))
    elif row.kind == "constant":
        first.append(Text(" constant", "note"))
    lines: list[tuple[Text, ...]] = [tuple(first)]
    lines.append((Text(_shape(row) if row.value is None else _figure(row.value), "value"),))
    if row.cotangent is not None:
        lines.append((Text(f"grad {_figure(row.cotangent)}", "gradient"),))
    elif row.kind != "constant":
        lines.append((Text("no grad", "note"),))
    if row.special is not None:
        lines.append((Text(f"{row.special} here", "note"),))
    kind = _KINDS[row.kind]
    return Box(tuple(lines), "result" if is_result and row.computed_as else kind, _tip(row))


def _figure(value: Any) -> str:
    return cut(figure(value, _FIGURE))


def _shape(row: TapeRow) -> str:
    return cut(f"{row.dtype} {shape_text(row.shape)}" if row.shape else str(row.dtype))


def _tip(row: TapeRow) -> str:
    """Return what is told of a value besides: the line of code, the whole call, type and shape."""
    where = f"{Path(row.file).name}, line {row.line}: {row.text}" if row.line else ""
    what = f"{row.name} = {row.computed_as}" if row.computed_as else f"{row.name}, {row.kind}"
    return "\n".join(filter(None, [where, what, _shape(row)]))


def _block(rows: Sequence[TapeRow], run: _Run) -> Box:
    """Return the box of turns of a loop, or of what was left out."""
    assert run.gap is not None
    rounds = run.gap.rounds
    one = rows[: len(rows) // rounds] if rounds else rows
    calls = cut(", ".join(dict.fromkeys(row.operation or row.kind for row in one)))
    count = f"{rounds} times" if rounds else f"{len(rows)} calls"
    lines: list[tuple[Text, ...]] = [(Text(count, "name"), Text(f": {calls}", "call"))]
    texts = list(dict.fromkeys(row.text for row in one if row.text))
    lines += [(Text(cut(text), "value"),) for text in texts[:_LINES]]
    if len(texts) > _LINES:
        lines.append((Text("…", "value"),))
    numbers = [row.line for row in one if row.line]
    where = ""
    if numbers:
        first, last = min(numbers), max(numbers)
        where = f", line {first}" if first == last else f", lines {first} to {last}"
    return Box(tuple(lines), "folded", "\n".join([f"{len(rows)} calls{where}", *texts[:20]]))
