"""`graph`: that nothing in a picture covers anything else, and that each file is one that others read."""

from __future__ import annotations

import math
import random
import re
import struct
import sys
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import gradarray as ga
from gradarray.show.graph import Graph
from gradarray.show.picture.boxes import (
    DARK,
    LIGHT,
    MARGIN,
    Box,
    Drawing,
    Text,
    baselines,
    cut,
    drawn,
    shifts,
    text_width,
)
from gradarray.show.picture.dot import dot
from gradarray.show.picture.layers import Layers
from gradarray.show.picture.places import Rectangle, Stroke, _across, arranged
from gradarray.show.picture.svg import svg

# --- programs -------------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(size=(4, 3)), np.array([0, 1, 2, 0])


def square(x: Any) -> Any:
    return x**2


def sine(x: Any, y: Any) -> Any:
    return np.sin(x * y) + x


def diamond(x: Any) -> Any:
    return np.sin(x) * np.cos(x)


def twice(x: Any) -> Any:
    return np.stack([x * x] * 5)


def softmax_loss(weights: Any, bias: Any) -> Any:
    z = X @ weights + bias
    s = z - np.max(z, axis=1, keepdims=True)
    logp = s - np.log(np.sum(np.exp(s), axis=1, keepdims=True))
    return -np.mean(logp[np.arange(4), LABELS])


def update(x: Any, y: Any) -> Any:
    x = x * 1.0
    x[1:] += y
    return np.sum(x**2)


def network(params: Any) -> Any:
    (w1, b1), (w2, b2) = params
    h = np.tanh(X @ w1 + b1)
    return np.mean((h @ w2 + b2 - 1.0) ** 2)


def recurrent(w: Any, u: Any, b: Any, xs: Any) -> Any:
    h = np.zeros(3)
    for x in xs:
        h = np.tanh(h @ w + x @ u + b)
    return np.sum(h**2)


def logistic(r: Any, x: Any) -> Any:
    for _ in range(40):
        x = r * x * (1 - x)
    return x


def wide(*xs: Any) -> Any:
    return np.sum(np.stack(xs) ** 2)


def added(*xs: Any) -> Any:
    return sum(xs)


def two(x: Any, y: Any) -> Any:
    return x * y, np.exp(x)


def unused(x: Any, n: Any, y: Any) -> Any:
    return np.where(x > 0, x, 0.0).sum()


def without_end(x: Any) -> Any:
    draw = random.Random(3)
    for _ in range(90):
        x = draw.choice([np.sin, np.cos, np.tanh, np.arctan, np.exp, np.negative, np.arcsinh, np.expm1])(x)
    return x


def nothing(x: Any) -> Any:
    return 1.0


PROGRAMS = {
    square: (3.0,),
    sine: (2.0, 3.0),
    diamond: (1.0,),
    twice: (2.0,),
    softmax_loss: (RNG.normal(size=(3, 3)), np.zeros(3)),
    update: (np.array([1.0, 2, 3]), 2.0),
    network: ([(RNG.normal(size=(3, 5)), np.zeros(5)), (RNG.normal(size=(5, 1)), np.zeros(1))],),
    recurrent: (RNG.normal(size=(3, 3)), RNG.normal(size=(2, 3)), np.zeros(3), RNG.normal(size=(5, 2))),
    logistic: (3.7, 0.4),
    wide: tuple(map(float, range(20))),
    added: tuple(map(float, range(20))),
    two: (1.0, 2.0),
    unused: (np.array([1.0, -1]), 3, 2.0),
    without_end: (0.3,),
    nothing: (1.0,),
}


def example(edges: list[tuple[int, int]], count: int, seed: int = 0) -> Drawing:
    """Boxes with texts of many lengths."""
    draw = random.Random(seed)
    kinds = ["variable", "constant", "call", "view", "update", "result", "folded"]
    boxes = []
    for _ in range(count):
        lines = [(Text("n" * draw.randint(1, 40), "value"),) for _ in range(draw.randint(1, 4))]
        boxes.append(Box(tuple(lines), draw.choice(kinds)))
    return drawn(boxes, edges)


def random_edges(seed: int, count: int) -> list[tuple[int, int]]:
    draw = random.Random(seed)
    width = draw.choice([3, 12, count])
    each = draw.choice([1, 2, 3])
    return [(draw.randrange(max(0, b - width), b), b) for b in range(1, count) for _ in range(draw.randint(0, each))]


# --- nothing covers anything else -----------------------------------------------------------------------------------


def points(stroke: Stroke) -> list[tuple[float, float]]:
    """Points along a stroke, near enough to each other that no box is between two."""
    x0, y0, x1, y1 = stroke
    n = 2 + int(max(abs(x1 - x0), abs(y1 - y0)) / 4)
    middle = (y0 + y1) / 2
    found = []
    for k in range(n + 1):
        t = k / n
        a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
        x = a * x0 + b * x0 + c * x1 + d * x1
        found.append((x, a * y0 + b * middle + c * middle + d * y1))
    return found


def clashes(drawing: Drawing, edges: list[tuple[int, int]]) -> list[str]:
    """All that is wrong with a picture."""
    found: list[str] = []
    layout = drawing.layout
    shown = [
        Rectangle(place.x, place.y, place.width + max(shifts(box)), place.height + max(shifts(box)))
        for box, place in zip(drawing.boxes, layout.boxes, strict=True)
    ]
    for (i, a), (k, b) in combinations(enumerate(shown), 2):
        if a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height:
            found.append(f"the boxes {i} and {k}")
    for i, (box, place) in enumerate(zip(drawing.boxes, layout.boxes, strict=True)):
        if min(place.x, place.y) <= 0 or place.x + place.width >= layout.width:
            found.append(f"box {i} is not on the page")
        if place.y + place.height + len(drawing.notes) * 16 > layout.height:
            found.append(f"box {i} and what stands under all")
        for line, (x, y) in zip(box.lines, baselines(box, place.x, place.y), strict=True):
            right = x + text_width("".join(text.text for text in line))
            if not (place.x < x and right + 8 < place.x + place.width and place.y + 9 < y < place.y + place.height - 3):
                found.append(f"a text of box {i} is not within it")
    if any(MARGIN + text_width(note) > layout.width for note in drawing.notes):
        found.append("a note is not on the page")
    sides = sorted((place.x, i) for i, place in enumerate(layout.boxes))
    for line in layout.lines:
        ends = [(x + dx, y - dy) for _, x, y in line.heads for dx, dy in ((0, 0.5), (-3.5, 7), (3.5, 7))]
        for x, y in [point for stroke in line.strokes for point in points(stroke)] + ends:
            if not (0 < x < layout.width and 0 < y < layout.height):
                found.append(f"a line from {line.source} is not on the page")
            for left, i in sides:
                if left >= x:
                    break
                place = layout.boxes[i]
                if x < place.x + place.width and place.y < y < place.y + place.height:
                    found.append(f"a line from {line.source} and the box {i}")
        found += unconnected(line, layout.boxes)
    ends = sorted((target, x) for line in layout.lines for target, x, _ in line.heads)
    found += [f"two ends at {a[0]}" for a, b in pairwise(ends) if a[0] == b[0] and b[1] - a[1] < 8]
    heads = Counter((line.source, target) for line in layout.lines for target, _, _ in line.heads)
    if heads != Counter(edges):
        found.append("the lines are not those of the edges")
    return found


def unconnected(line: Any, boxes: list[Rectangle]) -> list[str]:
    """What is wrong with the course of a line from its box to others."""
    source = boxes[line.source]
    reached = {(source.x + source.width / 2, source.y + source.height)}
    for stroke in line.strokes:
        if (stroke.x0, stroke.y0) not in reached:
            return [f"a line from {line.source} does not come from there"]
        if stroke.y1 <= stroke.y0:
            return [f"a line from {line.source} goes up"]
        reached.add((stroke.x1, stroke.y1))
    for target, x, y in line.heads:
        place = boxes[target]
        if (x, y) not in reached or y != place.y or not place.x + 4 < x < place.x + place.width - 4:
            return [f"a line from {line.source} does not end at {target}"]
    return []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("fold", [True, False])
def test_nothing_covers_anything_else(program: Any, fold: bool) -> None:
    graph = ga.graph(program, *PROGRAMS[program], fold=fold)
    assert not clashes(graph._drawing, graph._edges)


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


def test_several_pictures_may_stand_on_one_page() -> None:
    picture = ga.graph(sine, 2.0, 3.0).svg()
    assert not re.search(r"""\bid\s*=|url\(|href""", picture)
    # The rules of a style sheet hold on the whole page: they are for pictures alone, and those of one theme.
    (sheet,) = re.findall(r"<style>(.*)</style>", picture)
    inner = sheet.removeprefix("@media (prefers-color-scheme:dark){").removesuffix("}")
    rules = [rule for rule in inner.split("}") if rule]
    assert rules and all(rule.startswith(".gradarray-auto ") for rule in rules)
    for theme in ("light", "dark"):
        assert "<style" not in ga.graph(sine, 2.0, 3.0, theme=theme).svg()


def test_the_dark_theme_of_a_style_sheet_is_the_dark_theme() -> None:
    graph = ga.graph(update, *PROGRAMS[update])
    (sheet,) = re.findall(r"<style>(.*)</style>", graph.svg())
    for colour in set(re.findall("#[0-9a-f]{6}", graph.svg("dark"))):
        assert colour in sheet


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


def test_the_same_in_another_process(run_python: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import numpy as np, gradarray as ga\n"
        "def f(x, y, z):\n    return np.sin(x * y) + np.cos(x) * z + (x + z) * np.exp(y), y * z\n"
        "print(ga.graph(f, 1.0, 2.0, 3.0).svg())"
    )
    found = set()
    for seed in "123":
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        found.add(run_python("-c", program).stdout)
    assert len(found) == 1 and "</svg>" in found.pop()


# --- what is drawn --------------------------------------------------------------------------------------------------


def kinds(graph: Graph) -> list[str]:
    return [box.kind for box in graph._boxes]


def said(graph: Graph) -> list[str]:
    return [" | ".join("".join(text.text for text in line) for line in box.lines) for box in graph._boxes]


def test_boxes_say_call_value_and_gradient() -> None:
    graph = ga.graph(sine, 2.0, 3.0)
    assert said(graph) == [
        f"x | 2 | grad {3 * math.cos(6) + 1:.4g}",
        f"y | 3 | grad {2 * math.cos(6):.4g}",
        f"v1 = x * y | 6 | grad {math.cos(6):.4g}",
        f"v2 = np.sin(v1) | {math.sin(6):.4g} | grad 1",
        f"v3 = v2 + x | {math.sin(6) + 2:.4g} | grad 1",
    ]
    assert kinds(graph) == ["variable", "variable", "call", "call", "result"]
    assert graph._edges == [(0, 2), (1, 2), (2, 3), (3, 4), (0, 4)]
    assert {box.tip.splitlines()[0] for box in graph._boxes[2:]} == {
        f"{Path(__file__).name}, line {sine.__code__.co_firstlineno + 1}: return np.sin(x * y) + x"
    }


def test_a_value_that_goes_in_twice_has_two_lines() -> None:
    assert Counter(ga.graph(twice, 2.0)._edges) == {(0, 1): 2, (1, 2): 5}


def test_kinds() -> None:
    assert kinds(ga.graph(update, *PROGRAMS[update])) == [
        *("variable", "variable", "call", "view", "call", "update", "call", "result")
    ]
    assert kinds(ga.graph(two, 1.0, 2.0)).count("result") == 2
    assert kinds(ga.graph(unused, *PROGRAMS[unused]))[:3] == ["variable", "constant", "variable"]
    assert "no grad" in said(ga.graph(unused, *PROGRAMS[unused]))[2]


def test_a_note_tells_what_is_differentiated() -> None:
    assert "sum" in " ".join(texts(ga.graph(two, 1.0, 2.0).svg())[-3:])
    assert "no derivative" in " ".join(texts(ga.graph(nothing, 1.0).svg()))


def test_a_kink_is_told() -> None:
    graph = ga.graph(lambda x: abs(x) + x**2, 0.0)
    assert [text.endswith(" | kink here") for text in said(graph)] == [False, True, False, False]
    assert "kink" in " ".join(graph._drawing.notes) and not clashes(graph._drawing, graph._edges)


def test_a_loop_is_folded() -> None:
    graph = ga.graph(logistic, 3.7, 0.4)
    (k,) = [k for k, kind in enumerate(kinds(graph)) if kind == "folded"]
    assert said(graph)[k] == "38 times: *, - | x = r * x * (1 - x)"
    assert len(graph._boxes) == 9
    # What goes in and out of the turns that are not drawn is one line each.
    assert Counter(graph._edges)[(0, k)] == 1 and max(Counter(graph._edges).values()) == 1
    assert len(ga.graph(logistic, 3.7, 0.4, fold=False)._boxes) == 2 + 3 * 40


def test_loops_in_a_loop_are_folded() -> None:
    def epochs(w: Any) -> Any:
        for _ in range(30):
            h = w
            for _ in range(10):
                h = np.tanh(h * w)
                h = np.sin(h) + 1.0
            w = w - 0.01 * h
        return w

    graph = ga.graph(epochs, 0.3)
    folded = [text.split(":")[0] for text, kind in zip(said(graph), kinds(graph), strict=True) if kind == "folded"]
    assert folded == ["8 times", "28 times", "8 times"]
    assert len(graph._boxes) == 1 + 2 * (4 + 1 + 4 + 2) + 1
    assert not clashes(graph._drawing, graph._edges)


def test_a_short_loop_is_not_folded() -> None:
    assert "folded" not in kinds(ga.graph(recurrent, *PROGRAMS[recurrent]))


def test_the_middle_is_left_out_where_nothing_repeats() -> None:
    graph = ga.graph(without_end, 0.3)
    (k,) = [k for k, kind in enumerate(kinds(graph)) if kind == "folded"]
    left_out = int(said(graph)[k].split()[0])
    assert len(graph._boxes) <= 61 and left_out + len(graph._boxes) - 1 == 91
    assert graph._edges == [(i, i + 1) for i in range(len(graph._boxes) - 1)]


def test_of_a_tensor() -> None:
    x = ga.tensor([1.0, 2.0])
    y = np.sum(x * x)
    graph = ga.graph(y)
    assert len(graph._boxes) == 3 and x.grad is None
    y.backward()
    assert np.array_equal(x.grad, [2.0, 4.0])
    assert "constant" in " ".join(texts(ga.graph(ga.tensor(1.0, constant=True)).svg()))


def test_a_picture_keeps_no_tape(without_collector: None) -> None:
    x = ga.tensor([1.0, 2.0])
    y = np.sum(np.sin(x))
    node = y._node
    before = sys.getrefcount(node)
    graph = ga.graph(y)
    assert sys.getrefcount(node) == before and len(graph._boxes) == 3


def test_refuses() -> None:
    x = ga.tensor(1.0)
    with pytest.raises(TypeError, match=r"ga\.tensor\(x\)"):
        ga.graph(np.ones(3))  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="tensor alone"):
        ga.graph(x, 1.0)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="'auto', 'light' or 'dark', not 'night'"):
        ga.graph(sine, 1.0, 2.0, theme="night")
    with pytest.raises(ValueError, match="night"):
        ga.graph(sine, 1.0, 2.0).svg("night")


# --- files ----------------------------------------------------------------------------------------------------------


def test_files(tmp_path: Path) -> None:
    graph = ga.graph(sine, 2.0, 3.0)
    graph.save(tmp_path / "g.svg")
    assert (tmp_path / "g.svg").read_text(encoding="utf-8") == graph.svg() == graph._repr_svg_()
    graph.save(str(tmp_path / "g.SVG"), theme="dark")
    assert (tmp_path / "g.SVG").read_text(encoding="utf-8") == graph.svg("dark") != graph.svg()
    graph.save(tmp_path / "g.dot")
    assert (tmp_path / "g.dot").read_text(encoding="utf-8") == graph.dot() + "\n"
    for name in ("g.pdf", "g"):
        with pytest.raises(ValueError, match=r"\.svg, \.png or \.dot"):
            graph.save(tmp_path / name)
    assert not list(tmp_path.glob("g.p*"))


def test_png_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        ga.graph(sine, 2.0, 3.0).save(tmp_path / "g.png")


def test_png(tmp_path: Path, run_python: Any) -> None:
    pytest.importorskip("matplotlib")
    graph = ga.graph(update, *PROGRAMS[update])
    graph.save(tmp_path / "g.png")
    data = (tmp_path / "g.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    assert abs(width - 2 * graph._drawing.layout.width) <= 2 and abs(height - 2 * graph._drawing.layout.height) <= 2
    graph.save(tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == data
    graph.save(tmp_path / "dark.png", theme="dark")
    assert (tmp_path / "dark.png").read_bytes() != data
    # Whatever else draws in the process is left alone.
    program = "import sys, gradarray as ga; ga.graph(abs, 1.0).save('g.png'); print('matplotlib.pyplot' in sys.modules)"
    assert run_python("-c", program).stdout == "False\n"


def test_texts_in_a_png_are_no_formulas(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from gradarray.show.picture.png import save_png

    save_png(drawn([Box(((Text("$\\frac{$ <&", "call"),),), "call")], []), "light", tmp_path / "g.png")
    assert (tmp_path / "g.png").stat().st_size > 0


def test_dot_quotes() -> None:
    text = dot([Box(((Text('a "b" \\n', "call"),),), "call", 'line 1\n"\\"')], [])
    assert 'label="a \\"b\\" \\\\n\\l"' in text and 'tooltip="line 1\\n\\"\\\\\\""' in text
