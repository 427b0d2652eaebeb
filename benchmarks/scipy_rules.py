"""``python -m benchmarks scipy``: what recording SciPy's functions and their way back take, over the plain call."""

import argparse
import os
import statistics
import subprocess
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter, thread_time
from typing import Any

import numpy as np

from benchmarks.scipy_calls import Call, calls

BACK = 1.5  # times the function's own time, that the way back may take
BATCH = 0.002  # seconds of a sample


@dataclass(frozen=True)
class Found:
    """Seconds of a plain call, of one that is recorded, and of the way back from its results; the work of that."""

    plain: float
    recorded: float
    back: float
    work: int = 1


def least(call: Any, budget: float) -> float:
    """Return the least processor time of this thread that a call takes, in some seconds of trials."""
    call()
    start = thread_time()
    call()
    number = max(1, int(BATCH / max(thread_time() - start, 1e-7)))
    found, end = np.inf, perf_counter() + budget
    for trial in range(1000):
        if trial >= 3 and perf_counter() > end:
            break
        start = thread_time()
        for _ in range(number):
            call()
        found = min(found, (thread_time() - start) / number)
    return float(found)


def measured(ga: Any, call: Call, budget: float) -> Found:
    """Time a call, plain and recorded, and its way back."""
    results, pull = ga.vjp(call.function, *call.operands)
    cotangent = ga.tree_map(np.ones_like, results)
    return Found(
        least(partial(call.function, *call.operands), budget),
        least(partial(ga.vjp, call.function, *call.operands), budget),
        least(partial(pull, cotangent), budget),
        call.work,
    )


def told(name: str, found: Found) -> str:
    """Return a line of the table."""
    recorded, back = found.recorded / found.plain, found.back / found.plain
    work = f"  of {found.work}" if found.work > 1 else ""
    return f"{name:<88}{found.plain * 1e6:>10,.0f}{recorded:>10.2f}{back:>10.2f}{work}"


def summed_up(table: dict[str, Found]) -> list[str]:
    """Return what becomes of all of them, and of those of each module."""
    lines = []
    for part in ("", *dict.fromkeys(name.partition(".")[0] for name in table)):
        back = [found.back / found.plain for name, found in table.items() if name.startswith(part)]
        few = sum(ratio <= BACK for ratio in back)
        lines.append(
            f"{part or 'all':<12} {few:>4} of {len(back):>4} ways back take at most {BACK} times the call, in the"
            f" median {statistics.median(back):.2f}"
        )
    more = [found.back / found.plain / found.work for found in table.values() if found.work > 1]
    if more:
        few = sum(ratio <= BACK for ratio in more)
        lines.append(f"{few} of the {len(more)} that have twice the function's own work take at most {BACK} times that")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Run in a process with one thread: what others do is not in this one's time."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "benchmarks.scipy_rules", *arguments]
    return subprocess.run(command, env=os.environ | one, check=False).returncode


def run(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    if find_spec("scipy") is None:
        print("SciPy is not installed", file=sys.stderr)
        return 2
    ga = import_module("gradarray")
    chosen = [call for call in calls() if any(part in call.name for part in options.only)]
    if not chosen:
        print(f"no call has {' or '.join(map(repr, options.only))} in it", file=sys.stderr)
        return 2
    print("SciPy's functions: microseconds of the plain call, and recording and the way back over it; one thread.\n")
    print(f"{'':<88}{'plain':>10}{'recorded':>10}{'back':>10}")
    table = {}
    for call in chosen:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                table[call.name] = measured(ga, call, options.seconds)
        except Exception as error:
            print(f"{call.name:<88}  FAILED: {type(error).__name__}: {error}", flush=True)
        else:
            print(told(call.name, table[call.name]), flush=True)
    print("\n" + "\n".join(summed_up(table)) if table else "")
    return 0 if len(table) == len(chosen) else 1


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(
        "python -m benchmarks scipy", description="Time SciPy's functions on the way forward and back."
    )
    parser.add_argument("--only", type=names, default=[""], metavar="SUBSTR,...", help="calls with this in them")
    parser.add_argument("--seconds", type=float, default=0.1, help="of trials, for each time (default %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
