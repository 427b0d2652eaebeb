"""A graph in layers: which box stands in which layer, and in which order, so that few lines cross.

This and `places` are the layered drawing of directed graphs by K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual
understanding of hierarchical system structures", IEEE Transactions on Systems, Man, and Cybernetics 11 (1981), 109-125,
with the exchange of neighbours of E. R. Gansner, E. Koutsofios, S. C. North and K.-P. Vo, "A technique for drawing
directed graphs", IEEE Transactions on Software Engineering 19 (1993), 214-230. All of it is geometry: nothing is known
of tapes, texts and colours.

What leads from one box to several others is one line that forks, since it is one value. So a box has at most one way
point in each layer below it, however many boxes it leads to.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import itemgetter

Edge = tuple[int, int]

# Sweeps over the layers, and how many items they look at in all: a large graph is given fewer.
_SWEEPS, _LOOKS = 24, 100_000
# What the boxes of one layer may take together, unless more than a few would be made of one.
WIDEST, _FEW = 900.0, 5


class Layers:
    """Boxes and way points in layers, from left to right; what stands in one layer leads to the next one.

    Items are numbered: the boxes by their own numbers, the way points from there on.

    Attributes
    ----------
    orders : the items of each layer
    above, below : for each item, those that it comes from, and leads to; one stands there as often as lines lead there
    source : for each way point, the box that its line comes from
    depth : for each box, how many edges the longest way to it has
    """

    def __init__(self, widths: Sequence[float], edges: Sequence[Edge]) -> None:
        self.count = count = len(widths)
        self.depth = _depths(count, edges)
        layer = _layers(self.depth, widths, edges)
        self.orders: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
        self.above: list[list[int]] = [[] for _ in range(count)]
        self.below: list[list[int]] = [[] for _ in range(count)]
        self.source: dict[int, int] = {}
        for box, k in enumerate(layer):
            self.orders[k].append(box)
        self._join(layer, edges)
        self._sort()

    def _join(self, layer: list[int], edges: Sequence[Edge]) -> None:
        """Lead a line from each box through the layers, with a fork where one of its targets stands in the next.

        At first lines and boxes are mixed evenly, as is best for many boxes in several layers that lead to one.
        """
        targets: list[list[int]] = [[] for _ in range(self.count)]
        for a, b in edges:
            targets[a].append(b)
        for box, reached in enumerate(targets):
            last, k = box, layer[box]
            for b in sorted(reached, key=layer.__getitem__):
                while k < layer[b] - 1:
                    k += 1
                    point = len(self.above)
                    self.source[point] = box
                    self.orders[k].append(point)
                    self.above.append([last])
                    self.below.append([])
                    self.below[last].append(point)
                    last = point
                self.below[last].append(b)
                self.above[b].append(last)
        for order in self.orders:
            boxes = [item for item in order if item < self.count]
            points = [item for item in order if item >= self.count]
            places = {item: (i + 0.5) / len(part) for part in (boxes, points) for i, item in enumerate(part)}
            order.sort(key=places.__getitem__)

    # --- the order within each layer -----------------------------------------------------------------------------

    def _sort(self) -> None:
        """Sweep down and up; in each layer, sort by the mean of the neighbours before it (Sugiyama et al.)."""
        best, fewest = [[*order] for order in self.orders], self.crossings()
        looks = 0
        for sweep in range(_SWEEPS):
            if not fewest or looks > _LOOKS:
                break
            down = sweep % 2 == 0
            layers = range(1, len(self.orders)) if down else range(len(self.orders) - 2, -1, -1)
            for k in layers:
                self._sort_layer(k, self.above if down else self.below, k - 1 if down else k + 1, sweep % 4 > 1)
            self._exchange()
            looks += len(self.above)
            if (found := self.crossings()) < fewest:
                best, fewest = [[*order] for order in self.orders], found
        self.orders = best

    def _sort_layer(self, k: int, neighbours: list[list[int]], other: int, turned: bool) -> None:
        """Sort one layer; items without neighbours keep their places, equal ones are turned about now and then."""
        place = {item: i for i, item in enumerate(self.orders[other])}
        order = self.orders[k]
        means = {i: sum(place[n] for n in neighbours[i]) / len(neighbours[i]) for i in order if neighbours[i]}
        movable = [item for item in (reversed(order) if turned else order) if item in means]
        moved = iter(sorted(movable, key=means.__getitem__))
        self.orders[k] = [next(moved) if item in means else item for item in order]

    def _exchange(self) -> None:
        """Exchange neighbours in a layer as long as that takes crossings away (Gansner et al.)."""
        for _ in range(4):
            better = False
            for k, order in enumerate(self.orders):
                if len(order) < 2 or len(order) > 100:
                    continue
                up = {item: i for i, item in enumerate(self.orders[k - 1])} if k else {}
                down = {item: i for i, item in enumerate(self.orders[k + 1])} if k + 1 < len(self.orders) else {}
                ways = {i: (self._ends(i, self.above, up), self._ends(i, self.below, down)) for i in order}
                for i in range(len(order) - 1):
                    a, b = ways[order[i]], ways[order[i + 1]]
                    now = _inversions(a[0], b[0]) + _inversions(a[1], b[1])
                    if now and now > _inversions(b[0], a[0]) + _inversions(b[1], a[1]):
                        order[i], order[i + 1] = order[i + 1], order[i]
                        better = True
            if not better:
                break

    def _ends(self, item: int, neighbours: list[list[int]], place: dict[int, int]) -> list[int]:
        """Return the places of neighbours; between two way points, where a line is to be straight, it counts thrice."""
        along = item in self.source
        return sorted(place[n] for n in neighbours[item] for _ in range(3 if along and n in self.source else 1))

    def crossings(self) -> int:
        """Count the pairs of lines that cross."""
        total = 0
        for upper, lower in pairwise(self.orders):
            place = {item: i for i, item in enumerate(lower)}
            ends: list[int] = []
            for item in upper:
                reached = self._ends(item, self.below, place)
                total += sum(len(ends) - bisect_left(ends, end + 1) for end in reached)
                for end in reached:
                    insort(ends, end)
        return total


def _inversions(left: list[int], right: list[int]) -> int:
    """Count the crossings of lines that lead from a left and a right item to sorted places."""
    return sum(bisect_left(right, end) for end in left)


def _depths(count: int, edges: Iterable[Edge]) -> list[int]:
    """Return the length of the longest way to each box."""
    depth = [0] * count
    for a, b in sorted(edges, key=itemgetter(1)):
        if not 0 <= a < b < count:
            raise ValueError(f"the edge {a, b}: edges lead from a lower number to a higher one, below {count}")
        depth[b] = max(depth[b], depth[a] + 1)
    return depth


def _layers(depth: Sequence[int], widths: Sequence[float], edges: Iterable[Edge]) -> list[int]:
    """Return the layer of each box: below all that it comes from, and so that lines are short.

    The depths are the first layers. Then, from the last box to the first, each goes down to the next one that it leads
    to, if that makes lines no longer in all, or no line longer: so a variable stands above its first use. What leads to
    this box alone goes with it, and a line that leads to several boxes is a small part of the way to each. At last
    those for which there is no room in their layer go up.
    """
    layer = [*depth]
    above: list[set[int]] = [set() for _ in layer]
    below: list[set[int]] = [set() for _ in layer]
    for a, b in edges:
        above[b].add(a)
        below[a].add(b)
    longer = [0.0] * len(layer)  # what lines grow by if a box goes down by one layer
    for b, sources in enumerate(above):
        longer[b] = sum(longer[a] if len(below[a]) == 1 else 1 / len(below[a]) for a in sorted(sources))
    furthest = [max((layer[b] for b in reached), default=0) for reached in below]
    for box in reversed(range(len(layer))):
        if below[box]:
            lowest = min(layer[b] for b in below[box]) - 1
            free = lowest if longer[box] <= 1 else min(furthest[a] for a in above[box])
            layer[box] = max(layer[box], min(lowest, free))
            for a in above[box]:
                furthest[a] = max(furthest[a], layer[box])
    _make_room(layer, widths, below)
    first = min(layer, default=0)
    return [k - first for k in layer]


def _make_room(layer: list[int], widths: Sequence[float], below: Sequence[set[int]]) -> None:
    """Move boxes up, with all that they come from, where a layer is wider than a page; one becomes a few."""
    total: dict[int, float] = {}
    for k, width in zip(layer, widths, strict=True):
        total[k] = total.get(k, 0.0) + width
    widest = max(WIDEST, max(total.values(), default=0.0) / _FEW)
    taken: dict[int, float] = {}
    full: dict[int, int] = {}  # for a layer that was full, one above it that was not when it was last looked at
    for box in sorted(range(len(layer)), key=lambda box: (layer[box], box), reverse=True):
        k = min((layer[b] - 1 for b in below[box]), default=layer[box])
        k = min(k, layer[box])
        looked = []
        while k in full or (taken.get(k, 0.0) and taken[k] + widths[box] > widest):
            looked.append(k)
            k = full.get(k, k - 1)
        for other in looked:
            full[other] = k
        layer[box] = k
        taken[k] = taken.get(k, 0.0) + widths[box]
