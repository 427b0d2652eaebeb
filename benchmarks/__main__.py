"""The command line and the table."""

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from benchmarks.libraries import LIBRARIES
from benchmarks.runner import Result, Worker, measure, measure_imports, processors
from benchmarks.targets import targets_of
from benchmarks.work import Work, works

IMPORT = "import"  # the one row that is measured by the runner itself, in processes of its own
BUSY = 0.25  # load average for each processor, before the run, above which a warning is printed
NOISY = 0.1  # spread of a ratio above which a verdict on its target is marked
SCALE = {"ns": 1e9, "us": 1e6, "ms": 1e3}
Results = dict[str, Result]


def main() -> int:
    options = parse()
    about = {name: work.about for name, work in works().items()}
    about[IMPORT] = "what importing the library adds to `import numpy`"
    chosen = [name for name in about if any(part in name for part in options.only)]
    if options.list:
        print("\n".join(f"{name:<20} {about[name]}" for name in chosen))
        return 0
    if not chosen:
        print(f"no work has {' or '.join(map(repr, options.only))} in its name", file=sys.stderr)
        return 2
    out = sys.stderr if options.json == "-" else sys.stdout
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    workers: dict[str, Worker] = {}
    try:
        for library in options.libs:
            workers[library] = Worker(library, options.threads)
        left_out = {library: worker.missing for library, worker in workers.items() if worker.missing}
        ready = {library: worker for library, worker in workers.items() if library not in left_out}
        versions = {library: worker.version for library, worker in ready.items()}
        print(", ".join(f"{library} {version}" for library, version in versions.items()), end="; ", file=out)
        print(f"Python {platform.python_version()}; {options.threads} threads, {options.rounds} rounds", file=out)
        for library, reason in left_out.items():
            print(f"{library} is left out: {reason}", file=out)
        if load is not None and load > BUSY * processors():
            print(
                f"The machine is busy (load average {load:.2f}): the figures are doubtful. With more than one thread,"
                " a library whose threads wait for each other can look 100 times as slow as it is.",
                file=out,
            )
        if not ready:
            return 1
        table = Table(list(ready), out)
        for name in chosen:
            if name == IMPORT:
                imported = [library for library in ready if library != "numpy"]
                table.add(name, measure_imports(imported, options.rounds, options.threads))
            else:
                table.add(name, measure(name, ready, options.rounds, options.batch))
    finally:
        for worker in workers.values():
            worker.stop()
    table.finish()
    if options.json:
        facts: dict[str, Any] = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.system(),
            "load_before": load,
        }
        settings = {"threads": options.threads, "rounds": options.rounds, "batch_seconds": options.batch}
        report = {**facts, **settings, "versions": versions, "left_out": left_out, "works": table.as_json()}
        text = json.dumps(report, indent=1) + "\n"
        if options.json == "-":
            sys.stdout.write(text)
        else:
            Path(options.json).write_text(text)
    missed = table.missed or "gradarray" not in ready
    return 1 if table.wrong or (options.check and missed) else 0


def parse() -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser("python -m benchmarks", description="Time gradarray beside NumPy and its peers.")
    parser.add_argument("--only", type=names, default=[""], metavar="SUBSTR,...", help="works with this in their name")
    parser.add_argument("--libs", type=names, default=list(LIBRARIES), metavar="LIB,...", help=", ".join(LIBRARIES))
    parser.add_argument("--rounds", type=int, help="turns of each library (default 9, or 3 with --quick)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and shorter batches: a first impression")
    parser.add_argument("--threads", type=int, default=processors(), help="for each library (default: the processors)")
    parser.add_argument("--json", metavar="FILE", help="write everything, raw samples too; - for standard output")
    parser.add_argument("--check", action="store_true", help="exit status 1 also when a target is missed")
    parser.add_argument("--list", action="store_true", help="print the names of the works and stop")
    options = parser.parse_args()
    for library in options.libs:
        if library not in LIBRARIES:
            parser.error(f"unknown library {library!r}, choose from {', '.join(LIBRARIES)}")
    options.rounds = options.rounds or (3 if options.quick else 9)
    options.batch = 0.005 if options.quick else 0.02
    return options


class Table:
    """Prints a row as soon as it is measured: gradarray's time, and its ratio to each other library's.

    Without gradarray the times of the others are shown instead of ratios.
    """

    def __init__(self, libraries: Sequence[str], out: TextIO) -> None:
        self.rows: dict[str, Results] = {}
        self.wrong = self.missed = False
        self._libraries, self._out = libraries, out
        self._reasons: dict[str, list[str]] = {}  # the same reason is printed once for all its works
        heads = [f"/ {library}" if self._ratios and library != "gradarray" else library for library in libraries]
        print(f"\n{'':<20}", *(f"{head:>13}" for head in heads), " targets" * self._ratios, file=out)

    @property
    def _ratios(self) -> bool:
        return "gradarray" in self._libraries

    def add(self, name: str, results: Results) -> None:
        self.rows[name] = results
        cells = [self._cell(name, library, results) for library in self._libraries]
        print(f"{name:<20}", *(f"{cell:>13}" for cell in cells), f" {self._targets(name)}", file=self._out, flush=True)

    def _cell(self, name: str, library: str, results: Results) -> str:
        result = results.get(library)
        if result is None or result.status == "none":
            return ""
        if result.status != "ok":
            self.wrong |= result.status == "wrong"
            self._reasons.setdefault(f"{library}: {result.reason}", []).append(name)
            return "WRONG" if result.status == "wrong" else "-"
        if library == "gradarray" or not self._ratios:
            unit = unit_of(name)
            return f"{result.median * SCALE[unit]:,.{0 if unit == 'ns' else 1}f} {unit}"
        found = ratio(results, library)
        return f"{found:.2f} ±{spread(results, library):3.0%}" if found else "?"

    def _targets(self, name: str) -> str:
        checks = targets(name, self.rows[name])
        if not checks:
            return ""
        missed = [check for check in checks if not check["met"]]
        self.missed |= bool(missed)
        if checks[0]["ratio"] is None:
            return "not measured"
        shown = [f"{check['peer']} {check['limit']}" for check in missed or checks]
        noise = " (noisy)" if any(spread(self.rows[name], check["peer"]) > NOISY for check in checks) else ""
        return f"{'MISSED' if missed else 'met'}: {', '.join(shown)}{noise}"

    def finish(self) -> None:
        """Print what explains the table."""
        if self._ratios:
            print(
                "\nA ratio is gradarray's median time over the other's (below 1: gradarray is faster),"
                f"\n± half the interquartile range of the ratios of the single rounds; noisy means above {NOISY:.0%}.",
                file=self._out,
            )
        for reason, names in self._reasons.items():
            shown = ", ".join(names) if len(names) < 5 else f"{names[0]} and {len(names) - 1} more"
            print(f"{reason} ({shown})", file=self._out)

    def as_json(self) -> dict[str, Any]:
        return {
            name: {
                "unit_shown": unit_of(name),
                "results": {library: vars(result) for library, result in results.items()},
                "medians": {library: result.median for library, result in results.items() if result.seconds},
                "ratios": {library: ratio(results, library) for library in results if library != "gradarray"},
                "spreads": {library: spread(results, library) for library in results if ratio(results, library)},
                "targets": targets(name, results),
            }
            for name, results in self.rows.items()
        }


def unit_of(name: str) -> str:
    return "ms" if name == IMPORT else works()[name].unit


def ratio(results: Results, peer: str) -> float | None:
    """Return gradarray's median time over the peer's, None where one of them has none."""
    ours, theirs = results.get("gradarray"), results[peer]
    return ours.median / theirs.median if ours and ours.status == theirs.status == "ok" else None


def spread(results: Results, peer: str) -> float:
    """Return half the interquartile range of the rounds' own ratios, relative to their median."""
    pairs = zip(results["gradarray"].seconds, results[peer].seconds, strict=True)
    ratios = [ours / theirs for ours, theirs in pairs]
    if len(ratios) == 1:
        return 0.0
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return (high - low) / 2 / middle


def targets(name: str, results: Results) -> list[dict[str, Any]]:
    """Return what became of each target; one without a measured peer says nothing, one without gradarray is missed."""
    if "gradarray" not in results or not isinstance(works().get(name), Work):
        return []
    measured = {peer: limit for peer, limit in targets_of(name).items() if peer in results and results[peer].seconds}
    found = {peer: ratio(results, peer) for peer in measured}
    return [
        {"peer": peer, "limit": limit, "ratio": found[peer], "met": (found[peer] or float("inf")) <= limit}
        for peer, limit in measured.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
