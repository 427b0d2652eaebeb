"""``python -m benchmarks programs``: ordinary NumPy programs through ``ga.jit``, beside themselves without it.

The programs are those of the tests, ``tests/idioms``, and of the module ``benchmarks.work.programs``; that the
derivatives are right at other points than the one that a program was written at is tested, not measured.
"""

import argparse
import os
import statistics
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.measures import time_sampler
from benchmarks.work import programs

BACKENDS = ("numpy", "numba")
CALLS = 2  # until Numba has compiled


@dataclass(frozen=True)
class Row:
    """A program, its arguments, and by how many of them it is differentiated."""

    name: str
    function: Callable[..., Any]
    arguments: Sequence[Any]
    count: int

    def derivative(self, ga: Any) -> Callable[..., Any]:
        """Return its derivative: with its value, where that is a number."""
        several = np.ndim(self.function(*self.arguments))
        return (ga.jacobian if several else ga.value_and_grad)(self.function, tuple(range(self.count)))  # type: ignore[no-any-return]


@dataclass
class Found:
    """Seconds of a call: of the program, of its derivative, and of that by each backend; first calls; what was said."""

    plain: float = 0.0
    unjitted: float = 0.0
    jitted: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def rows() -> list[Row]:
    """Return the programs; those of the tests without what is not installed for them."""
    found = []
    for work in programs.PROGRAMS:
        leaves, constants = work.inputs()
        found.append(Row(work.name, work.loss, [*leaves, *constants], len(leaves)))
    for row in import_module("tests.idioms.programs").PROGRAMS:
        try:
            found.append(Row(row.name, row.func, row.arguments(), len(row.start)))
        except BaseException as error:  # pytest's own, which is no Exception
            if type(error).__name__ != "Skipped":
                raise
    return found


def measured(row: Row, ga: Any, backends: Sequence[str], rounds: int, seconds: float) -> Found:
    """Time a program, its derivative, and that by each backend, in turns."""
    found, derivative = Found(), row.derivative(ga)
    calls: dict[str, Callable[[], Any]] = {
        "plain": partial(row.function, *row.arguments),
        "unjitted": partial(derivative, *row.arguments),
    }
    for backend in backends:
        run = ga.jit(derivative, backend=backend)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            start = perf_counter()
            for _ in range(CALLS if backend == "numba" else 1):
                run(*row.arguments)
            found.first[backend] = perf_counter() - start
        for warning in caught:
            what, _, why = str(warning.message).partition(": ")
            if issubclass(warning.category, ga.JitWarning):
                found.notes[backend] = f"unjitted: {why}"
            elif "is carried out by NumPy" in what:
                found.notes[backend] = why
        if backend == "numba" and not found.notes and "@compiled" not in run.source(*row.arguments):
            found.notes[backend] = "there is nothing to compile"
        calls[backend] = partial(run, *row.arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samplers = {name: time_sampler(call, seconds) for name, call in calls.items()}
        samples = [{name: sampler() for name, sampler in samplers.items()} for _ in range(rounds)]
    medians = {name: statistics.median(float(sample[name]) for sample in samples) for name in calls}  # type: ignore[arg-type]
    found.plain, found.unjitted = medians.pop("plain"), medians.pop("unjitted")
    found.jitted = medians
    return found


def told(name: str, found: Found) -> str:
    """Return a line of the table."""
    cells = [f"{found.plain * 1e6:>9,.1f}", f"{found.unjitted / found.plain:>9.2f}"]
    for backend, seconds in found.jitted.items():
        cells += [
            f"{seconds / found.plain:>10.2f}",
            f"{seconds / found.unjitted:>10.2f}",
            f"{found.first[backend]:>8.2f}",
        ]
    notes = sorted({*found.notes.values()})
    return f"{name:<44}{''.join(cells)}  {'; '.join(notes)}".rstrip()


def summed_up(table: dict[str, Found], backends: Sequence[str]) -> list[str]:
    """Return what becomes of all of them."""
    lines = []
    for backend in backends:
        over_plain = [found.jitted[backend] / found.plain for found in table.values()]
        over = [found.jitted[backend] / found.unjitted for found in table.values()]
        quicker = sum(ratio < 1 for ratio in over_plain)
        unjitted = [name for name, found in table.items() if found.notes.get(backend, "").startswith("unjitted")]
        lines.append(
            f"{backend}: in the median {statistics.median(over):.2f} of the time without a program, and"
            f" {statistics.median(over_plain):.2f} of the plain call's; {quicker} of {len(table)} derivatives take less"
            f" than the plain call; carried out as they are: {', '.join(unjitted) or 'none'}"
        )
    return lines


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    os.environ.setdefault("GRADARRAY_CACHE_DIR", "")  # so that first calls compile
    ga = import_module("gradarray")
    chosen = [row for row in rows() if any(part in row.name for part in options.only)]
    if not chosen:
        print(f"no program has {' or '.join(map(repr, options.only))} in its name", file=sys.stderr)
        return 2
    print(
        "Derivatives of ordinary NumPy programs: the time over that of the plain call, and over that without a program"
    )
    print("(below 1: faster); the seconds of the first calls, which write and compile.\n")
    heads = [f"{'plain, us':>9}{'unjitted':>9}"]
    heads += [f"{backend + ' /':>10}{'/':>10}{'first, s':>8}" for backend in options.backends]
    under = [f"{'':>9}{'/ plain':>9}", *[f"{'plain':>10}{'unjitted':>10}{'':>8}" for _ in options.backends]]
    print(f"{'':<44}{''.join(heads)}\n{'':<44}{''.join(under)}")
    table = {}
    for row in chosen:
        name = row.name if row.name not in table else f"{row.name} (2)"
        table[name] = measured(row, ga, options.backends, options.rounds, options.batch)
        print(told(name, table[name]), flush=True)
    print("\n" + "\n".join(summed_up(table, options.backends)))
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(
        "python -m benchmarks programs", description="Time ordinary NumPy programs with ga.jit and without it."
    )
    parser.add_argument("--only", type=names, default=[""], metavar="SUBSTR,...", help="programs with this in the name")
    parser.add_argument("--backends", type=names, default=list(BACKENDS), metavar="NAME,...", help=", ".join(BACKENDS))
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (default %(default)s)")
    parser.add_argument("--batch", type=float, default=0.01, help="seconds of a turn (default %(default)s)")
    options = parser.parse_args(arguments)
    for backend in options.backends:
        if backend not in BACKENDS:
            parser.error(f"unknown backend {backend!r}, choose from {', '.join(BACKENDS)}")
    return options
