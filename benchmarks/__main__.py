"""The command line."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import idioms, scipy_rules
from benchmarks.libraries import BY_STYLE, JIT, LIBRARIES
from benchmarks.plot import FAMILIES, draw
from benchmarks.runner import Worker, measure, measure_imports, processors
from benchmarks.table import Table
from benchmarks.work import works

IMPORT = "import"  # the one row that is measured by the runner itself, in processes of its own
BUSY = 0.25  # load average for each processor, before the run, above which a warning is printed


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["plot"]:
        return plot(arguments[1:])
    if arguments[:1] == ["programs"]:
        return idioms.main(arguments[1:])
    if arguments[:1] == ["scipy"]:
        return scipy_rules.main(arguments[1:])
    options = parse(arguments)
    about = {name: work.about for name, work in works().items() if not (options.quick and work.heavy)}
    about[IMPORT] = "what importing the library adds to `import numpy`"
    chosen = [name for name in about if any(part in name for part in options.only)]
    if options.list:
        print("\n".join(f"{name:<22} {about[name]}" for name in chosen))
        return 0
    if not chosen:
        print(f"no work has {' or '.join(map(repr, options.only))} in its name", file=sys.stderr)
        return 2
    report, table = run(options, chosen)
    if table is None:
        return 1
    if options.json == "-":
        sys.stdout.write(as_text(report))
    elif options.json:
        Path(options.json).write_text(as_text(report))
    missed = table.missed or "gradarray" not in report["versions"]
    return 1 if table.wrong or (options.check and missed) else 0


def run(options: argparse.Namespace, chosen: Sequence[str]) -> tuple[dict[str, Any], Table | None]:
    """Measure, print, and return the report; without a library there is no table."""
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
        table = Table(list(ready), out) if ready else None
        for name in chosen if table else ():
            assert table is not None
            if name == IMPORT:
                imported = [library for library in ready if library not in ("numpy", *JIT, *BY_STYLE)]
                table.add(name, measure_imports(imported, options.rounds, options.threads))
            else:
                table.add(name, measure(name, ready, options.rounds, options.batch, options.budget))
    finally:
        for worker in workers.values():
            worker.stop()
    if table:
        table.finish()
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "load_before": load,
    }
    settings = {"threads": options.threads, "rounds": options.rounds, "batch_seconds": options.batch}
    found = {"works": table.as_json(), "growth": table.growth_as_json()} if table else {}
    return {**facts, **settings, "versions": versions, "left_out": left_out, **found}, table


def as_text(report: dict[str, Any]) -> str:
    return json.dumps(report, indent=1) + "\n"


def plot(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks plot", description="Draw the growth of time with size.")
    parser.add_argument("--json", metavar="FILE", help="what an earlier run wrote; without it, one is made now")
    parser.add_argument("--out", default="benchmarks/growth.svg", metavar="FILE", help="default: %(default)s")
    options = parser.parse_args(arguments)
    if options.json:
        report = json.loads(Path(options.json).read_text())
    else:
        chosen = [name for name, work in works().items() if getattr(work, "family", None) in FAMILIES]
        report, table = run(parse([]), chosen)
        if table is None:
            return 1
    draw(report, Path(options.out))
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description="Time gradarray beside NumPy and its peers.",
        epilog="`python -m benchmarks plot` draws the growth of time with size, `python -m benchmarks programs` times"
        " ordinary NumPy programs with ga.jit and without, `python -m benchmarks scipy` SciPy's functions and their way"
        " back; see their own --help.",
    )
    parser.add_argument("--only", type=names, default=[""], metavar="SUBSTR,...", help="works with this in their name")
    parser.add_argument("--libs", type=names, metavar="LIB,...", help=", ".join(LIBRARIES))
    parser.add_argument("--rounds", type=int, help="turns of each library (default 9, or 3 with --quick)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter batches, no work that takes long")
    parser.add_argument("--threads", type=int, default=processors(), help="for each library (default: the processors)")
    parser.add_argument("--json", metavar="FILE", help="write everything, raw samples too; - for standard output")
    parser.add_argument("--check", action="store_true", help="exit status 1 also when a target is missed")
    parser.add_argument("--list", action="store_true", help="print the names of the works and stop")
    options = parser.parse_args(arguments)
    if options.libs is None:  # what JAX unrolls takes it up to a minute or two to compile
        options.libs = [library for library in LIBRARIES if not (options.quick and library == "jax unrolled")]
    for library in options.libs:
        if library not in LIBRARIES:
            parser.error(f"unknown library {library!r}, choose from {', '.join(LIBRARIES)}")
    options.rounds = options.rounds or (3 if options.quick else 9)
    options.batch = 0.005 if options.quick else 0.02
    options.budget = 1.0 if options.quick else 3.0  # seconds of a work's rounds, after which it gets no more
    return options


if __name__ == "__main__":
    sys.exit(main())
