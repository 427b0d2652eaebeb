"""Where a function has no derivative at a point, so that there is nothing to compare one with."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..context.settings import silently
from .differences import FlatFunction, largest, machine_eps, some_indices, unit_direction, values_at

Arrays = Sequence[Any]

# How near to the point is looked, in parts of the step of the differences; each is an eighth of the one before.
_NEARER = (1 / 8, 1 / 64, 1 / 512)
_ADVICE = "move the point, or leave it out"


class Rough(NamedTuple):
    """Which elements of one result have no derivative along a direction.

    Attributes
    ----------
    one_sided : those that are finite to one side of the point alone
    jumps, kinks : those that jump, and those whose derivatives to the two sides differ
    steep : those whose slope grows towards the point, as where the derivative is infinite
    right, left : the derivatives to the two sides, very near to the point
    height : how far each element jumps
    """

    one_sided: Any
    jumps: Any
    kinks: Any
    steep: Any
    right: Any
    left: Any
    height: Any

    def any(self) -> bool:
        return bool(np.any(self.one_sided | self.jumps | self.kinks | self.steep))

    def both(self, other: Rough) -> Rough:
        """Return the same, with what was found in another look as well."""
        return Rough(
            self.one_sided & other.one_sided,
            self.jumps & other.jumps,
            self.kinks & other.kinks,
            self.steep & other.steep,
            *self[4:],
        )

    def told(self, name: str) -> str:
        """Say what the first such element is, of a result with this name."""
        for mask, tell in zip(self[:4], (_tell_side, self._tell_jump, self._tell_kink, _tell_steep), strict=True):
            if np.any(mask):
                place = tuple(map(int, np.argwhere(mask)[0]))
                return f"{name}{f', element {place},' if place else ''} {tell(place)}; {_ADVICE}"
        return ""

    def _tell_jump(self, place: tuple[int, ...]) -> str:
        return f"has a jump there, by {self.height[place]:.6g}, and no derivative"

    def _tell_kink(self, place: tuple[int, ...]) -> str:
        return (
            f"has a kink there, and no derivative: to one side it is {self.right[place]:.6g}, to the other "
            f"{self.left[place]:.6g}"
        )


def _tell_side(_place: tuple[int, ...]) -> str:
    return "is finite there, and to one side of it alone"


def _tell_steep(_place: tuple[int, ...]) -> str:
    return "is too steep there: the nearer to the point its slope is taken, the larger it comes out"


def rough(function: FlatFunction, point: Arrays, direction: Arrays, step: float) -> list[Rough]:
    """Return which elements of each result have no derivative along a direction.

    At a kink the derivatives to both sides stay apart however near to the point they are taken. In what is smooth they
    come nearer to each other, as fast as the points do, and where there is only rounding they go apart at random.
    """
    longest = max(largest(t / np.maximum(1, np.abs(x))) for x, t in zip(point, direction, strict=True))
    sizes = [step * part / (longest or 1) for part in _NEARER]
    here = values_at(function, point)
    sides = [[values_at(function, _moved(point, direction, h)) for h in (size, -size)] for size in sizes]
    return [silently(_rough, y, [(right[k], left[k]) for right, left in sides], sizes) for k, y in enumerate(here)]


def _moved(point: Arrays, direction: Arrays, h: float) -> list[Any]:
    return [x + h * t for x, t in zip(point, direction, strict=True)]


def _rough(here: Any, sides: list[tuple[Any, Any]], sizes: list[float]) -> Rough:
    lost = [~np.logical_or.reduce([np.isfinite(both[k]) for both in sides]) for k in (0, 1)]
    rights = [(right - here) / h for (right, _), h in zip(sides, sizes, strict=True)]
    lefts = [(here - left) / h for (_, left), h in zip(sides, sizes, strict=True)]
    gaps = [right - left for right, left in zip(rights, lefts, strict=True)]
    right, left, h = rights[-1], lefts[-1], sizes[-1]
    least = 64 * machine_eps(here) * largest(here) / h + 1e-7 * max(largest(right), largest(left))

    def grows(slopes: list[Any], low: float, high: float) -> Any:
        """Tell where a slope, or the gap between two, grows by such factors as the point comes nearer."""
        factors = [np.real(b * np.conj(a)) / np.abs(a) ** 2 for a, b in itertools.pairwise(slopes)]
        return (np.abs(slopes[-1]) > least) & np.logical_and.reduce([(low < f) & (f < high) for f in factors])

    jumps = grows(rights, 7.5, 8.5) | grows(lefts, 7.5, 8.5)
    steep = (grows(rights, 1.5, 7.5) | grows(lefts, 1.5, 7.5)) & ~jumps
    kinks = grows(gaps, 0.7, 1.5) & (np.abs(gaps[-1]) > 1e-4 * (np.abs(right) + np.abs(left)))
    height = np.where(np.abs(right) > np.abs(left), right, left) * h
    return Rough(np.isfinite(here) & (lost[0] ^ lost[1]), jumps, kinks, steep, right, left, height)


def look(
    function: FlatFunction,
    names: Sequence[str],
    point: Arrays,
    draw: Callable[[], Arrays],
    step: float,
    count: int,
    rng: np.random.Generator,
) -> str:
    """Say where a function has no derivative at a point, if there is such a place.

    Parameters
    ----------
    function : FlatFunction
    names : what its arguments are called
    point : the arguments
    draw : returns a random direction
    step : of the differences
    count : how many elements of each argument are looked at alone
    rng : for which these are
    """
    found = rough(function, point, draw(), step)
    for part in (0.7, 0.45):  # what computes with a tolerance of its own has a kink here and there, and no two alike
        if not any(each.any() for each in found):
            return ""
        found = [a.both(b) for a, b in zip(rough(function, point, draw(), step * part), found, strict=True)]
    for k, name in enumerate(names):
        for i in some_indices(point[k], count, rng):
            alone = rough(function, point, unit_direction(point, k, i, 1), step)
            for each, both, result in zip(alone, found, function.names, strict=True):
                if told := each.both(both).told(result):
                    return f"at argument {name}, element {i}, {told}"
    return next(
        (f"at this point, {told}" for each, r in zip(found, function.names, strict=True) if (told := each.told(r))), ""
    )
