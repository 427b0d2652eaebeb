"""Ratios, their spread, and what became of the targets."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.growth import Points, exponent
from benchmarks.runner import Result
from benchmarks.targets import (
    EXPONENTS,
    FIRST,
    MANY_STATEMENTS,
    SECONDS,
    WAYS,
    jit_targets_of,
    numba_targets_of,
    targets_of,
)
from benchmarks.work import Peak, Ways, Work, works

NOISY = 0.1  # spread of a ratio above which a verdict on its target is marked
Results = Mapping[str, Result]


@dataclass(frozen=True)
class Verdict:
    """Whether `found`, a ratio to the time or bytes of `of`, or another figure, is at most `limit`.

    `found` is None where gradarray has no figure, which misses every target.
    """

    of: str
    limit: float
    found: float | None
    spread: float = 0.0

    @property
    def met(self) -> bool:
        return self.found is not None and self.found <= self.limit


def ratio(results: Results, peer: str, ours: str = "gradarray") -> float | None:
    """Return gradarray's median over the peer's, None where one of them has none."""
    mine, theirs = results.get(ours), results[peer]
    return mine.median / theirs.median if mine and mine.status == theirs.status == "ok" else None


def spread(results: Results, peer: str, ours: str = "gradarray") -> float:
    """Return half the interquartile range of the rounds' own ratios, relative to their median."""
    pairs = zip(results[ours].samples, results[peer].samples, strict=True)
    ratios = [mine / theirs for mine, theirs in pairs]
    if len(ratios) == 1:
        return 0.0
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return (high - low) / 2 / middle


def verdicts(name: str, results: Results) -> list[Verdict]:
    """Return what became of a work's targets; one that has nothing to be compared with is left out."""
    work = works().get(name)
    if isinstance(work, Ways):
        limit = SECONDS.get(name) or WAYS.get(name.partition("-")[0])
        if work.codes[0] not in results:
            return [Verdict("gradarray", limit, None)] if limit and "gradarray" in results else []
        base = base_of(work, results)
        ways = [code for code in work.codes if code != base]
        if name in SECONDS:
            return [Verdict("seconds", SECONDS[name], results[way].median - results[base].median) for way in ways]
        return [Verdict(way, limit, ratio(results, base, way), spread(results, base, way)) for way in ways if limit]
    if "gradarray" not in results:
        return []
    if name in SECONDS:
        return [Verdict("seconds", SECONDS[name], results["gradarray"].median)]
    found = []
    if isinstance(work, Work | Peak):
        for peer, limit in targets_of(name).items():
            if peer in results and results[peer].samples:
                value = ratio(results, peer)
                found.append(Verdict(peer, limit, value, spread(results, peer) if value else 0.0))
        for ours, targets in (("jit", jit_targets_of(name)), ("jit numba", numba_targets_of(name))):
            for peer, limit in targets.items():
                if ours in results and peer in results and results[peer].samples:
                    value = ratio(results, peer, ours)
                    found.append(Verdict(f"{ours}/{peer}", limit, value, spread(results, peer, ours) if value else 0.0))
    return found


def each(result: Result) -> float | None:
    """Return the seconds of a first call for each statement, None where these are too few to tell anything."""
    return result.first / result.statements if result.statements >= MANY_STATEMENTS else None


def first_verdicts(results: Results) -> list[Verdict]:
    """Return what became of the targets of first calls."""
    found = []
    if "jit" in results and (seconds := each(results["jit"])) is not None:
        found.append(Verdict("seconds a statement", FIRST["jit"], seconds))
    if "jit numba" in results and results["jit numba"].first:
        found.append(Verdict("seconds", FIRST["jit numba"], results["jit numba"].first))
    return found


def growth_verdict(family: str, libraries: Mapping[str, Points]) -> Verdict | None:
    """Return what became of a family's target, if it has one."""
    if family not in EXPONENTS or "gradarray" not in libraries:
        return None
    return Verdict("n", EXPONENTS[family], exponent(libraries["gradarray"]))


def base_of(work: Ways, results: Results) -> str:
    """Return the way that the others are compared with: the given one, or the fastest."""
    return work.base or min(work.codes, key=lambda code: results[code].median)
