"""A graph in layers: where everything stands, after the boxes are sorted into layers.

Across, it is U. Brandes and B. Koepf, "Fast and simple horizontal coordinate assignment", Graph Drawing 2001, Lecture
Notes in Computer Science 2265, 31-44: four drawings, each as far to the left or right as can be and aligned with the
upper or the lower neighbours, of which each item gets the mean of the two middle places. So long lines are straight.
Boxes have widths, so a block of aligned items is placed by the longest way through what must stand apart.

Lines run straight down where there are boxes beside them, and curve in the gaps between layers, where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from .layers import Edge, Layers

# Between two boxes, a box and a line, two lines; room for a line; the margin around everything.
_BOXES, _BESIDE, _LINES, _LINE, MARGIN = 24.0, 14.0, 6.0, 6.0, 16.0
# A gap between layers, at least and at most, and what of the longest way across is added to it.
_GAP, _DEEPEST, _SLANT = 34.0, 110.0, 0.1
# Between the lines that end at a box.
_PORTS = 12.0


class Rectangle(NamedTuple):
    """Where a box stands: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


class Stroke(NamedTuple):
    """A part of a line, from top to bottom: straight, or an S that leaves and arrives straight down."""

    x0: float
    y0: float
    x1: float
    y1: float


class Line(NamedTuple):
    """What leads from one box to others: strokes, the points where it forks, and where it arrives at which box."""

    source: int
    strokes: list[Stroke]
    forks: list[tuple[float, float]]
    heads: list[tuple[int, float, float]]


class Layout(NamedTuple):
    """Where everything stands; x goes to the right and y down."""

    width: float
    height: float
    boxes: list[Rectangle]
    lines: list[Line]


def ports_width(count: int) -> float:
    """Return how wide a box must be at least for so many lines to end at it."""
    return _PORTS * (count + 1)


def arranged(sizes: Sequence[tuple[float, float]], edges: Sequence[Edge]) -> Layout:
    """Place boxes of given widths and heights, and the lines between them.

    Edges lead from a lower number to a higher one, and one that is there several times is drawn as often.

    Examples
    --------
    >>> from gradarray.show.picture.places import arranged
    >>> layout = arranged([(80, 40), (80, 40), (80, 40)], [(0, 2), (1, 2)])
    >>> [box.y for box in layout.boxes]
    [16.0, 16.0, 94.0]
    """
    layers = Layers([width for width, _ in sizes], edges)
    widths = [*(width for width, _ in sizes), *(_LINE for _ in layers.source)]
    centres = _across(layers, widths)
    left = min((x - w / 2 for x, w in zip(centres, widths, strict=True)), default=0.0) - MARGIN
    centres = [round(x - left, 1) for x in centres]
    right = max((x + w / 2 for x, w in zip(centres, widths, strict=True)), default=0.0) + MARGIN
    ports = _ports(layers, sizes, centres)
    bands, bottom = _down(layers, sizes, centres, ports)
    boxes = [Rectangle(0.0, 0.0, 0.0, 0.0)] * len(sizes)
    for order, (top, end) in zip(layers.orders, bands, strict=True):
        for box in order:
            if box < len(sizes):
                width, height = sizes[box]
                boxes[box] = Rectangle(centres[box] - width / 2, (top + end - height) / 2, width, height)
    return Layout(right, bottom, boxes, _lines(layers, boxes, centres, ports, bands))


# --- across ---------------------------------------------------------------------------------------------------------


def _across(layers: Layers, widths: Sequence[float]) -> list[float]:
    """Return the middle of each item, from left to right."""
    bent = _crossed(layers) | _yielding(layers)
    drawings: list[list[float]] = []
    for down in (True, False):
        orders = layers.orders if down else layers.orders[::-1]
        neighbours = layers.above if down else layers.below
        for leftmost in (True, False):
            sorted_so = orders if leftmost else [order[::-1] for order in orders]
            root = _aligned(layers, sorted_so, neighbours, bent)
            places = _compact(layers, sorted_so, root, widths)
            drawings.append(places if leftmost else [-x for x in places])
    ends = [
        (min(x - w / 2 for x, w in zip(d, widths, strict=True)), max(x + w / 2 for x, w in zip(d, widths, strict=True)))
        for d in drawings
        if d
    ]
    if not ends:
        return []
    left, right = min(ends, key=lambda end: end[1] - end[0])
    for k, (d, (start, end)) in enumerate(zip(drawings, ends, strict=True)):
        by = left - start if k % 2 == 0 else right - end
        drawings[k] = [x + by for x in d]
    return [sum(sorted(places)[1:3]) / 2 for places in zip(*drawings, strict=True)]


def _crossed(layers: Layers) -> set[tuple[int, int]]:
    """Return the parts of lines that cross a long line between two of its way points: they are not to be straight."""
    found: set[tuple[int, int]] = set()
    for upper, lower in pairwise(layers.orders):
        place = {item: i for i, item in enumerate(upper)}
        start, scanned = -1, 0
        for i, item in enumerate(lower):
            inner = item in layers.source and layers.above[item][0] in layers.source
            if not inner and i < len(lower) - 1:
                continue
            end = place[layers.above[item][0]] if inner else len(upper)
            for other in lower[scanned : i + 1]:
                for n in layers.above[other]:
                    straight = other in layers.source and n in layers.source
                    if not straight and not start <= place[n] <= end:
                        found.add((n, other))
            start, scanned = end, i + 1
    return found


def _yielding(layers: Layers) -> set[tuple[int, int]]:
    """Return the parts of lines that need not be straight, since others that meet them there are to be.

    A branch yields where its line goes on, and a long line yields to one between two boxes. Of these the one from the
    box that has come the longest way is straight: so a chain of calls stands in one column, and variables beside it.
    """
    found: set[tuple[int, int]] = set()
    for item, reached in enumerate(layers.below):
        onward = [n for n in reached if n in layers.source]
        if onward and (item in layers.source or len(onward) < len(reached)):
            found.update((item, n) for n in reached if (n in layers.source) == (item not in layers.source))
    for box in range(layers.count):
        sources = layers.above[box]
        longest = max((layers.depth[n] for n in sources if n not in layers.source), default=-1)
        if longest >= 0:
            found.update((n, box) for n in sources if n in layers.source or layers.depth[n] < longest)
    return found


def _aligned(
    layers: Layers, orders: Sequence[Sequence[int]], neighbours: Sequence[Sequence[int]], bent: set[tuple[int, int]]
) -> list[int]:
    """Return for each item the first of the block that is to stand in one straight column with it."""
    root = [*range(len(layers.above))]
    taken: set[int] = set()
    for before, order in pairwise(orders):
        place = {item: i for i, item in enumerate(before)}
        last = -1
        for item in order:
            near = sorted({place[n] for n in neighbours[item] if (n, item) not in bent and (item, n) not in bent})
            for i in near[(len(near) - 1) // 2 : len(near) // 2 + 1]:
                n = before[i]
                if i > last and n not in taken and root[item] == item:
                    root[item] = root[n]
                    taken.add(n)
                    last = i
    return root


def _compact(
    layers: Layers, orders: Sequence[Sequence[int]], root: Sequence[int], widths: Sequence[float]
) -> list[float]:
    """Place the blocks as far to the left as the widths allow, and then those that can towards their right."""
    apart: dict[int, dict[int, float]] = {block: {} for block in root}
    waiting = dict.fromkeys(apart, 0)
    for order in orders:
        for a, b in pairwise(order):
            among = (a in layers.source) + (b in layers.source)
            distance = (widths[a] + widths[b]) / 2 + (_BOXES, _BESIDE, _LINES)[among]
            if root[b] not in apart[root[a]]:
                waiting[root[b]] += 1
            apart[root[a]][root[b]] = max(distance, apart[root[a]].get(root[b], 0.0))
    place = dict.fromkeys(apart, 0.0)
    ready = [block for block, number in waiting.items() if not number]
    for block in ready:  # grows
        for other, distance in apart[block].items():
            place[other] = max(place[other], place[block] + distance)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    for block in reversed(ready):
        if apart[block]:
            place[block] = max(place[block], min(place[other] - d for other, d in apart[block].items()))
    return [place[block] for block in root]


# --- down -----------------------------------------------------------------------------------------------------------


def _ports(layers: Layers, sizes: Sequence[tuple[float, float]], centres: Sequence[float]) -> list[list[float]]:
    """Return where the lines arrive at each box, in the order of `layers.above`.

    They do not cross there, and one that comes from right above arrives straight, if that can be.
    """
    found = []
    for box, (width, _) in enumerate(sizes):
        above = layers.above[box]
        last = max(len(above) - 1, 1)
        apart = min(_PORTS, (width - 2 * _PORTS) / last)
        order = sorted(range(len(above)), key=lambda k: centres[above[k]])
        wanted = [centres[above[k]] - centres[box] for k in order]
        ports = [0.0] * len(above)
        for k, x in zip(order, _apart(wanted, apart, min(apart * last, width / 2 - _PORTS)), strict=True):
            ports[k] = round(centres[box] + x, 1)
        found.append(ports)
    return found


def _apart(wanted: Sequence[float], distance: float, reach: float) -> list[float]:
    """Return the places nearest to those wanted, in order, so far apart, and at most so far from the middle.

    With their distances taken off they are, by least squares, the nearest sequence that does not fall: neighbours that
    would are pooled.
    """
    pools: list[tuple[float, int]] = []
    for k, x in enumerate(wanted):
        mean, size = min(max(x, -reach), reach) - k * distance, 1
        while pools and pools[-1][0] > mean:
            other, number = pools.pop()
            mean, size = (mean * size + other * number) / (size + number), size + number
        pools.append((mean, size))
    flat = [mean for mean, size in pools for _ in range(size)]
    highest = reach - (len(wanted) - 1) * distance
    return [min(max(x, -reach), highest) + k * distance for k, x in enumerate(flat)]


def _down(
    layers: Layers,
    sizes: Sequence[tuple[float, float]],
    centres: Sequence[float],
    ports: Sequence[Sequence[float]],
) -> tuple[list[tuple[float, float]], float]:
    """Return the top and the bottom of each layer, and the height of everything."""
    bands: list[tuple[float, float]] = []
    end = MARGIN
    for k, order in enumerate(layers.orders):
        if k:
            ends = [
                (n, x) for box in order if box < len(sizes) for n, x in zip(layers.above[box], ports[box], strict=True)
            ]
            ends += [(layers.above[point][0], centres[point]) for point in order if point in layers.source]
            aside = max((abs(centres[n] - x) for n, x in ends), default=0.0)
            end += round(min(_GAP + _SLANT * aside, _DEEPEST))
        height = max(sizes[item][1] if item < len(sizes) else 0.0 for item in order)
        bands.append((end, end + height))
        end += height
    return bands, end + MARGIN


def _lines(
    layers: Layers,
    boxes: Sequence[Rectangle],
    centres: Sequence[float],
    ports: Sequence[Sequence[float]],
    bands: Sequence[tuple[float, float]],
) -> list[Line]:
    """Return the line of each box that leads to others."""
    band = {item: k for k, order in enumerate(layers.orders) for item in order}
    arriving: list[dict[int, list[float]]] = [{} for _ in boxes]
    for box, found in enumerate(ports):
        for item, x in zip(layers.above[box], found, strict=True):
            arriving[box].setdefault(item, []).append(x)
    lines = []
    for source, place in enumerate(boxes):
        line = Line(source, [], [], [])
        item, start = source, place.y + place.height
        while layers.below[item]:
            x, (_, bottom) = centres[item], bands[band[item]]
            if start < bottom:
                line.strokes.append(Stroke(x, start, x, bottom))
            if item != source and len(layers.below[item]) > 1:
                line.forks.append((x, bottom))
            onward = source
            for target in dict.fromkeys(layers.below[item]):
                start = bands[band[target]][0]
                if target in layers.source:
                    line.strokes.append(Stroke(x, bottom, centres[target], start))
                    onward = target
                    continue
                end = boxes[target].y
                for port in arriving[target][item]:
                    line.strokes.append(Stroke(x, bottom, port, start))
                    if start < end:
                        line.strokes.append(Stroke(port, start, port, end))
                    line.heads.append((target, port, end))
            if onward == source:
                break
            item, start = onward, bands[band[onward]][0]
        if line.strokes:
            lines.append(line)
    return lines
