"""A graph in the language of Graphviz, for who has that."""

from __future__ import annotations

from collections.abc import Sequence

from .boxes import LIGHT, Box
from .layers import Edge


def dot(boxes: Sequence[Box], edges: Sequence[Edge]) -> str:
    """Return the text that ``dot -Tsvg`` draws.

    Examples
    --------
    >>> from gradarray.show.picture.boxes import Box, Text
    >>> from gradarray.show.picture.dot import dot
    >>> print(dot([Box(((Text("x", "name"),),), "call"), Box(((Text("y", "name"),),), "result")], [(0, 1)]))
    digraph {
        node [shape=box, style="rounded,filled", fontname=monospace, fontsize=10];
        0 [label="x\\l", tooltip="", fillcolor="#ffffff", color="#8c959f"];
        1 [label="y\\l", tooltip="", fillcolor="#dafbe1", color="#4ac26b"];
        0 -> 1;
    }
    """
    parts = ["digraph {", '    node [shape=box, style="rounded,filled", fontname=monospace, fontsize=10];']
    for number, box in enumerate(boxes):
        inside, border = LIGHT.boxes[box.kind]
        label = "".join(_quoted("".join(text.text for text in line)) + "\\l" for line in box.lines)
        colours = f'fillcolor="{inside}", color="{border}"'
        parts.append(f'    {number} [label="{label}", tooltip="{_quoted(box.tip)}", {colours}];')
    parts += [f"    {a} -> {b};" for a, b in edges]
    return "\n".join([*parts, "}"])


def _quoted(text: str) -> str:
    text = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
