"""The table: a row for each work, printed as soon as it is measured."""

from collections.abc import Sequence
from typing import Any, TextIO

from benchmarks.growth import exponent, families, steps
from benchmarks.libraries import COMPILED
from benchmarks.runner import Result
from benchmarks.verdicts import (
    NOISY,
    Verdict,
    base_of,
    each,
    first_verdicts,
    growth_verdict,
    ratio,
    spread,
    verdicts,
)
from benchmarks.work import Ways, Work, works

UNITS = {
    "seconds": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")),
    "bytes": ((1e6, "MB"), (1e3, "kB"), (1.0, "B")),
}


class Table:
    """Prints gradarray's time or bytes, and its ratio to each other library's.

    Without gradarray the figures of the others are shown instead of ratios.
    """

    def __init__(self, libraries: Sequence[str], out: TextIO) -> None:
        self.rows: dict[str, dict[str, Result]] = {}
        self.wrong = self.missed = False
        self._libraries, self._out = libraries, out
        self._reasons: dict[str, list[str]] = {}  # the same reason is printed once for all its works
        self._ways = False
        heads = [f"/ {library}" if self._ratios and library != "gradarray" else library for library in libraries]
        print(f"\n{'':<22}", *(f"{head:>13}" for head in heads), " targets" * self._ratios, file=out)

    @property
    def _ratios(self) -> bool:
        return "gradarray" in self._libraries

    def add(self, name: str, results: dict[str, Result]) -> None:
        self.rows[name] = results
        work = works().get(name)
        if isinstance(work, Ways) and work.codes[0] in results:
            self._add_ways(work, results)
            return
        cells = [self._cell(name, library, results) for library in self._libraries]
        print(f"{name:<22}", *(f"{cell:>13}" for cell in cells), f" {self._verdict(name)}", file=self._out, flush=True)

    def _add_ways(self, work: Ways, results: dict[str, Result]) -> None:
        if not self._ways:
            print("\nWays of doing the same; a ratio is to the first one's time.", file=self._out)
            self._ways = True
        base = base_of(work, results)
        cells = [f"{base} {shown(results[base].median, 'seconds')}"]
        others = sorted(set(work.codes) - {base}, key=lambda code: results[code].median)
        cells += [f"{code} {ratio(results, base, code):.2f} ±{spread(results, base, code):3.0%}" for code in others]
        cells += [f"[{code} {shown(results[code].median, 'seconds')}]" for code in work.floors]
        print(f"{work.name:<22} {'; '.join(cells)}  {self._verdict(work.name)}", file=self._out, flush=True)

    def _cell(self, name: str, library: str, results: dict[str, Result]) -> str:
        result = results.get(library)
        if result is None or result.status == "none":
            return ""
        if result.status != "ok":
            self.wrong |= result.status == "wrong"
            self._reasons.setdefault(f"{library}: {result.reason}", []).append(name)
            return "WRONG" if result.status == "wrong" else "-"
        if library == "gradarray" or not self._ratios:
            return shown(result.median, quantity(name))
        found = ratio(results, library)
        return f"{found:.2f} ±{spread(results, library):3.0%}" if found else "?"

    def _verdict(self, name: str) -> str:
        found = verdicts(name, self.rows[name])
        self.missed |= not all(verdict.met for verdict in found)
        return told(found)

    def finish(self) -> None:
        """Print the growth, what first calls took, and what explains the table."""
        self._growth()
        self._first_calls()
        if self._ratios:
            print(
                "\nA ratio is gradarray's median time, or bytes, over the other's (below 1: gradarray needs less),"
                f"\n± half the interquartile range of the ratios of the single rounds; noisy means above {NOISY:.0%}.",
                file=self._out,
            )
        for reason, names in self._reasons.items():
            listed = ", ".join(names) if len(names) < 5 else f"{names[0]} and {len(names) - 1} more"
            print(f"{reason} ({listed})", file=self._out)

    def _growth(self) -> None:
        found = families(self.rows)
        if not found:
            return
        heads = [library for library in self._libraries if any(library in libraries for libraries in found.values())]
        print("\nGrowth: the exponent of n in the time, and gradarray's from each size to the next.", file=self._out)
        print(f"{'':<22}", *(f"{head:>13}" for head in heads), file=self._out)
        for family, libraries in found.items():
            cells = [f"{exponent(libraries[head]):.2f}" if head in libraries else "" for head in heads]
            ours = " ".join(f"{step:.2f}" for step in steps(libraries.get("gradarray", [])))
            verdict = growth_verdict(family, libraries)
            self.missed |= verdict is not None and not verdict.met
            end = f"  {ours:<24} {told([verdict] if verdict else [])}"
            print(f"{family:<22}", *(f"{cell:>13}" for cell in cells), end.rstrip(), file=self._out)

    def _first_calls(self) -> None:
        """Print what writing and compiling took."""
        heads = [library for library in self._libraries if library in COMPILED]
        rows = {
            name: results
            for name, results in self.rows.items()
            if any(head in results and results[head].first for head in heads)
        }
        if not rows:
            return
        print(
            "\nFirst calls, which write and compile; what is behind a bar is for each statement of the trace.",
            file=self._out,
        )
        print(f"{'':<22}", *(f"{head:>21}" for head in heads), " targets", file=self._out)
        for name, results in rows.items():
            found = first_verdicts(results)
            self.missed |= not all(verdict.met for verdict in found)
            cells = [first_call(results[head]) if head in results else "" for head in heads]
            print(f"{name:<22}", *(f"{cell:>21}" for cell in cells), f" {told(found)}".rstrip(), file=self._out)

    def as_json(self) -> dict[str, Any]:
        return {name: row_as_json(name, results) for name, results in self.rows.items()}

    def growth_as_json(self) -> dict[str, dict[str, float]]:
        return {
            family: {library: exponent(points) for library, points in libraries.items()}
            for family, libraries in families(self.rows).items()
        }


def row_as_json(name: str, results: dict[str, Result]) -> dict[str, Any]:
    work = works().get(name)
    sized = work if isinstance(work, Work) and work.n else None
    if isinstance(work, Ways) and work.codes[0] in results:
        compared = {code: (base_of(work, results), code) for code in work.codes}
    else:
        compared = {library: (library, "gradarray") for library in results if library != "gradarray"}
    ratios = {label: ratio(results, *pair) for label, pair in compared.items()}
    return {
        "quantity": quantity(name),
        "family": sized.family if sized else None,
        "n": sized.n if sized else None,
        "results": {label: vars(result) for label, result in results.items()},
        "medians": {label: result.median for label, result in results.items() if result.samples},
        "ratios": ratios,
        "spreads": {label: spread(results, *pair) for label, pair in compared.items() if ratios[label]},
        "targets": [
            vars(verdict) | {"met": verdict.met} for verdict in (*verdicts(name, results), *first_verdicts(results))
        ],
    }


def quantity(name: str) -> str:
    return works()[name].quantity if name in works() else "seconds"


def shown(value: float, what: str) -> str:
    """Return a figure with three digits in the unit that suits its size."""
    scale, unit = next((pair for pair in UNITS[what] if value >= pair[0]), UNITS[what][-1])
    value /= scale
    return f"{value:,.{max(0, 3 - len(str(int(value))))}f} {unit}"


def first_call(result: Result) -> str:
    """Return what a first call took, and for each statement, where these are many."""
    if not result.first:
        return ""
    seconds = each(result)
    part = f" | {shown(seconds, 'seconds')}" if seconds else ""
    return shown(result.first, "seconds") + part


def told(found: Sequence[Verdict]) -> str:
    """Return the verdicts in words: the missed ones, or else all."""
    if not found:
        return ""
    if all(verdict.found is None for verdict in found):
        return "not measured"
    missed = [verdict for verdict in found if not verdict.met]
    listed = ", ".join(f"{verdict.of} {verdict.limit:g}" for verdict in missed or found)
    noisy = " (noisy)" if any(verdict.spread > NOISY for verdict in found) else ""
    return f"{'MISSED' if missed else 'met'}: {listed}{noisy}"
