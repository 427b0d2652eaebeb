"""What is wrong with a picture of a graph: what covers what, and what leads where it does not belong."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, pairwise
from typing import Any

from gradarray.show.picture.boxes import MARGIN, Box, Drawing, Text, baselines, drawn, shifts, text_width
from gradarray.show.picture.places import Rectangle, Stroke


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
