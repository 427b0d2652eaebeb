"""The layout of graphs, and the files that show one, for boxes of any kind."""

from __future__ import annotations

import random
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gradarray.show.picture.boxes import DARK, LIGHT, Box, Text, cut, drawn, text_width
from gradarray.show.picture.dot import dot
from gradarray.show.picture.layers import Layers
from gradarray.show.picture.places import _across, arranged
from gradarray.show.picture.png import save_png
from gradarray.show.picture.svg import svg
from tests.show.clashes import clashes, example, random_edges

# --- nothing covers anything else -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_nothing_covers_anything_else_in_any_graph(seed: int) -> None:
    count = random.Random(seed).choice([1, 2, 3, 5, 10, 20, 40])
    edges = random_edges(seed, count)
    assert not clashes(example(edges, count, seed), edges)


def test_a_box_is_wide_enough_for_what_ends_there() -> None:
    boxes = [Box(((Text("v", "name"),),), "call")] * 31
    edges = [(k, 30) for k in range(30)]
    assert not clashes(drawn(boxes, edges), edges)
    assert not clashes(drawn(boxes[:2], [(0, 1)] * 20), [(0, 1)] * 20)


def test_what_covers_something_is_found() -> None:
    edges = random_edges(3, 20)
    drawing = example(edges, 20)
    layout = drawing.layout
    assert not clashes(drawing, edges) and any(line.forks for line in layout.lines)

    def moved(i: int, x: float, y: float) -> list[str]:
        boxes = [*layout.boxes]
        boxes[i] = boxes[i]._replace(x=x, y=y)
        return clashes(drawing._replace(layout=layout._replace(boxes=boxes)), edges)

    for i in range(1, 20):
        assert f"the boxes {i - 1} and {i}" in moved(i, layout.boxes[i - 1].x + 5, layout.boxes[i - 1].y + 5)
        assert f"box {i} is not on the page" in moved(i, layout.width - 20, 20.0)
    for line in layout.lines:
        for stroke in line.strokes:
            place = layout.boxes[19]
            x, y = (stroke.x0 + stroke.x1 - place.width) / 2, (stroke.y0 + stroke.y1 - place.height) / 2
            assert f"a line from {line.source} and the box 19" in moved(19, x, y)
    fewer = layout._replace(lines=layout.lines[1:])
    assert clashes(drawing._replace(layout=fewer), edges) == ["the lines are not those of the edges"]
    longer = drawing.boxes[0]._replace(lines=((Text("n" * 60, "value"),),))
    assert clashes(drawing._replace(boxes=[longer, *drawing.boxes[1:]]), edges) == ["a text of box 0 is not within it"]


# --- the layout -----------------------------------------------------------------------------------------------------


def test_a_tree_has_no_crossings_and_a_chain_is_straight() -> None:
    tree = [((k - 1) // 2, k) for k in range(1, 31)]
    assert Layers([50.0] * 31, tree).crossings() == 0
    chain = arranged([(50.0 + 10 * (k % 3), 30.0) for k in range(10)], [(k, k + 1) for k in range(9)])
    assert len({place.x + place.width / 2 for place in chain.boxes}) == 1
    assert all(stroke.x0 == stroke.x1 for line in chain.lines for stroke in line.strokes)


def test_crossings_are_those_that_are_counted_pair_by_pair() -> None:
    for seed in range(20):
        layers = Layers([50.0] * 25, random_edges(seed, 25))
        counted = 0
        for upper, lower in pairwise(layers.orders):
            parts = [
                (upper.index(a), lower.index(b), 3 if a in layers.source and b in layers.source else 1)
                for a in upper
                for b in layers.below[a]
            ]
            counted += sum(p[2] * q[2] for p, q in combinations(parts, 2) if (p[0] - q[0]) * (p[1] - q[1]) < 0)
        assert layers.crossings() == counted


def test_sorting_takes_crossings_away() -> None:
    # What leads to what is turned about, so that all lines cross at first.
    edges = [(k, 39 - k) for k in range(20)]
    assert Layers([10.0] * 40, edges).crossings() == 0


def test_a_long_line_is_straight_beside_what_is_between() -> None:
    layout = arranged([(80.0, 40.0)] * 6, [*((k, k + 1) for k in range(5)), (0, 5)])
    (line,) = [line for line in layout.lines if line.source == 0]
    assert len({s.x0 for s in line.strokes if s.x0 == s.x1 and s.y0 > layout.boxes[1].y}) == 1
    assert len({place.x for place in layout.boxes}) == 1


def test_long_lines_are_straight_where_short_ones_cross_them() -> None:
    crossed = 0
    for seed in range(60):
        layers = Layers([80.0] * 30, random_edges(seed, 30))
        middles = _across(layers, [80.0] * 30 + [6.0] * len(layers.source))
        for upper, lower in pairwise(layers.orders):
            parts = [(upper.index(a), lower.index(b), a, b) for a in upper for b in layers.below[a]]
            for i, k, a, b in parts:
                if a in layers.source and b in layers.source:
                    over = [(c, d) for p, q, c, d in parts if (p - i) * (q - k) < 0]
                    if not any(c in layers.source and d in layers.source for c, d in over):
                        assert middles[a] == pytest.approx(middles[b])
                        crossed += len(over)
    assert crossed > 10


def test_a_variable_stands_right_above_its_first_use() -> None:
    # 0 -> 1 -> 2 -> 3, and 4 joins at the end.
    layout = arranged([(80.0, 40.0)] * 6, [(0, 1), (1, 2), (2, 3), (3, 5), (4, 5)])
    assert layout.boxes[4].y == layout.boxes[3].y


def test_many_boxes_side_by_side_are_several_rows() -> None:
    layout = arranged([(100.0, 40.0)] * 41, [(k, 40) for k in range(40)])
    assert layout.width < 40 * 100 and len({place.y for place in layout.boxes}) > 2


def test_large_graphs() -> None:
    n = 1000
    for edges in (
        [(k, k + 1) for k in range(n - 1)],
        [(k, n - 1) for k in range(n - 1)],
        [(0, k) for k in range(1, n)],
        [(k % 5, k) for k in range(5, n)] + [(k - 1, k) for k in range(6, n)],
    ):
        layout = arranged([(80.0, 40.0)] * n, edges)
        assert sum(len(line.heads) for line in layout.lines) == len(edges)
        assert len(set(layout.boxes)) == n


def test_edges_lead_on() -> None:
    for edge in ((1, 0), (1, 1), (0, 3), (-1, 1)):
        with pytest.raises(ValueError, match="lower number to a higher one"):
            arranged([(80.0, 40.0)] * 3, [edge])


def test_no_boxes() -> None:
    layout = arranged([], [])
    assert (layout.boxes, layout.lines) == ([], []) and layout.width > 0 and layout.height > 0


# --- SVG ------------------------------------------------------------------------------------------------------------

STRANGE = "<b> & \"quoted\" 'x' ]]> \x00\x07\x1b[0m \ud800 \ufffe \u202e é 変数 \U0001f600"


def texts(picture: str) -> list[str]:
    root = ElementTree.fromstring(picture)
    return ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_svg_is_well_formed_for_any_text(theme: str) -> None:
    boxes = [Box(((Text(STRANGE, "name"), Text(STRANGE, "call")),), "call", STRANGE)]
    picture = svg(drawn(boxes, [], [STRANGE]), theme, STRANGE)
    picture.encode()
    for text in [*texts(picture), ElementTree.fromstring(picture).attrib["aria-label"]]:
        assert text.startswith("<b> & \"quoted\" 'x' ]]>") and "変数" in text


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_can_be_read(theme: Any) -> None:
    """The contrast is what the W3C's guidelines want of small text, 4.5, and of lines, 3."""
    for ground in (theme.ground, *[inside for inside, _ in theme.boxes.values()]):
        assert contrast(theme.line, theme.ground) >= 3
        for style, colour in theme.texts.items():
            assert contrast(colour, ground) >= 4.5, (style, ground)


def contrast(a: str, b: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


def test_a_letter_takes_no_more_than_is_thought() -> None:
    # The widest of the usual fixed fonts, DejaVu Sans Mono and Menlo: 1233 of 2048 units.
    assert text_width("mmmmmmmmmm") >= 10 * 12 * 1233 / 2048
    assert text_width("変") >= 12 and text_width("\U0001f600") >= 1.3 * 12


def test_what_is_cut_is_one_line_that_can_be_shown() -> None:
    assert cut(" a\n\tb\x00 \u202e") == "a b\ufffd \ufffd"
    for longest in (5, 6):
        assert cut("0123456789", longest) in ("01…89", "012…89") and len(cut("0123456789", longest)) == longest
    assert cut("0123456789", 10) == "0123456789"


def test_texts_in_a_png_are_no_formulas(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    save_png(drawn([Box(((Text("$\\frac{$ <&", "call"),),), "call")], []), "light", tmp_path / "g.png")
    assert (tmp_path / "g.png").stat().st_size > 0


def test_dot_quotes() -> None:
    text = dot([Box(((Text('a "b" \\n', "call"),),), "call", 'line 1\n"\\"')], [])
    assert 'label="a \\"b\\" \\\\n\\l"' in text and 'tooltip="line 1\\n\\"\\\\\\""' in text
