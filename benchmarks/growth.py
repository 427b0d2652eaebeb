"""How time grows with size: exponents, the slopes of log time over log n."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from benchmarks.runner import Result
from benchmarks.work import Work, works

Points = list[tuple[int, float]]  # sizes and seconds


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """Return the slope of the straight line that fits log time over log n best."""
    logs = [(math.log(n), math.log(seconds)) for n, seconds in points]
    middle_n = math.fsum(n for n, _ in logs) / len(logs)
    return math.fsum((n - middle_n) * seconds for n, seconds in logs) / math.fsum((n - middle_n) ** 2 for n, _ in logs)


def steps(points: Sequence[tuple[int, float]]) -> list[float]:
    """Return the slope from each size to the next."""
    return [exponent(pair) for pair in pairwise(points)]


def families(rows: Mapping[str, Mapping[str, Result]]) -> dict[str, dict[str, Points]]:
    """Return the points of each family that was measured at several sizes, by library."""
    found: dict[str, dict[str, Points]] = {}
    for name, results in rows.items():
        work = works().get(name)
        if isinstance(work, Work) and work.n:
            for library, result in results.items():
                if result.samples:
                    found.setdefault(work.family, {}).setdefault(library, []).append((work.n, result.median))
    several = {
        family: {library: sorted(points) for library, points in libraries.items() if len(points) > 1}
        for family, libraries in found.items()
    }
    return {family: libraries for family, libraries in several.items() if libraries}
