"""Where something stands in each iteration of a loop: numbers that advance evenly, and how they are found.

What a text gives is asked of Python itself, in some iterations: the first, the second and the last ones of each loop.
Where an even advance gives all of these, it gives those between: an index that begins to count from the other end, or
a slice that ends earlier, would not be even there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..program.statements import Pieces, Variable
from ..rolling.iterated import Loop

Point = dict[str, int]  # the iteration of each loop


class Even:
    """A whole number that advances evenly.

    Attributes
    ----------
    base : in the first iteration of each loop
    steps : for some of these, by how much it advances in each iteration
    """

    __slots__ = ("base", "steps")

    def __init__(self, base: int, steps: Mapping[str, int]) -> None:
        self.base = base
        self.steps = {name: steps[name] for name in sorted(steps) if steps[name]}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Even) and (self.base, self.steps) == (other.base, other.steps)

    def __hash__(self) -> int:
        return hash((self.base, *self.steps.items()))

    def __str__(self) -> str:
        terms = [name if n == 1 else f"-{name}" if n == -1 else f"{n} * {name}" for name, n in self.steps.items()]
        terms.sort(key=lambda term: term.startswith("-"))
        if self.base or not terms:
            terms.insert(len(terms) if self.base < 0 else 0, str(self.base))
        return " + ".join(terms).replace("+ -", "- ")

    def __add__(self, n: int) -> Even:
        return Even(self.base + n, self.steps)

    def __sub__(self, n: int) -> Even:
        return self + -n

    def at(self, point: Point) -> int:
        return self.base + sum([n * point[name] for name, n in self.steps.items()])

    def plus(self, other: Even, times: int = 1) -> Even:
        names = {**self.steps, **other.steps}
        steps = {name: self.steps.get(name, 0) + times * other.steps.get(name, 0) for name in names}
        return Even(self.base + times * other.base, steps)

    def by(self, n: int) -> Even | None:
        """Return the number divided, where that leaves nothing."""
        if self.base % n or any(step % n for step in self.steps.values()):
            return None
        return Even(self.base // n, {name: step // n for name, step in self.steps.items()})

    def within(self, name: str, value: Even) -> Even:
        """Return the number with another one in the place of an iteration."""
        step = self.steps.get(name, 0)
        rest = Even(self.base, {other: n for other, n in self.steps.items() if other != name})
        return rest.plus(value, step) if step else rest


def offset(number: Even | int) -> Even | int:
    """Return a number that does not advance as one of Python's."""
    return number.base if type(number) is Even and not number.steps else number


def as_even(number: Even | int) -> Even:
    return number if type(number) is Even else Even(number, {})  # type: ignore[arg-type]


class Around:
    """The loops around a statement.

    Attributes
    ----------
    names : of the iterations, from the outermost loop on
    trips : how often each repeats
    indices : what the index of each is, and numbers that are looked up in tables
    points : some iterations, the first of which is the first one of each loop
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.trips: list[Even] = []
        self.indices: dict[Variable, Even] = {}
        self.points: list[Point] = [{}]
        self._tables: dict[tuple[int, ...], str] = {}  # of the innermost loop

    def entering(self, loop: Loop, name: str) -> Around | None:
        """Return the loops around the members of a loop, whose iterations get a name; None where it is not even."""
        low, high, by = loop.times
        ends = [self.even([self.number(pieces, p) for p in self.points]) for pieces in (low, high)]
        if ends[0] is None or ends[1] is None:
            return None
        first, trips = ends[0], ends[1].plus(ends[0], -1)
        if by == -1:  # it is gone through from the other end
            first = ends[1].plus(Even(1, {}), -1)
        elif (found := trips.by(by)) is None:
            return None
        else:
            trips = found
        inner = Around()
        inner.names, inner.trips = [*self.names, name], [*self.trips, trips]
        inner.indices = self.indices | {loop.index: first.plus(Even(0, {name: by}))}
        inner.points = []
        for point in self.points:
            n = trips.at(point)
            if n < 1:
                return None
            inner.points += [point | {name: t} for t in sorted({0, min(1, n - 1), n - 1})]
        return inner

    def looking_up(self, v: Variable, values: Sequence[int]) -> tuple[str, bool]:
        """Let a variable be these numbers, one in each iteration.

        Return the name of how much it is more than the least of them, and whether that is a new one.
        """
        low, high = min(values), max(values)
        more = tuple([n - low for n in values])
        is_new = more not in self._tables
        if is_new:
            name = self._tables[more] = f"e{len(self.points[0])}_{self.names[-1]}"
            first, last = self.points[0], self.points[-1]
            ends = [first | {name: 1}, first | {name: high - low}, last | {name: high - low}]
            self.points = [*[point | {name: 0} for point in self.points], *ends]
        self.indices[v] = Even(low, {self._tables[more]: 1})
        return self._tables[more], is_new

    def number(self, pieces: Pieces, point: Point) -> int:
        texts = [p if type(p) is str else f"({self.indices[p].at(point)})" for p in pieces]
        return int(eval("".join(texts), {}))

    def even(self, values: Sequence[int]) -> Even | None:
        """Return what has these values at the points; None where nothing is even that has."""
        points = self.points
        known = {tuple(p.values()): value for p, value in zip(points, values, strict=True)}
        steps = {}
        for name in points[0]:
            second = known.get(tuple([int(other == name) for other in points[0]]))
            steps[name] = 0 if second is None else second - values[0]
        found = Even(values[0], steps)
        return found if all(found.at(p) == value for p, value in zip(points, values, strict=True)) else None

    def longest(self) -> list[int]:
        """Return how often each loop repeats at most."""
        return [max([trips.at(p) for p in self.points]) for trips in self.trips]
