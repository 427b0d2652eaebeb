"""Start a process for each library, let them take turns, collect their times."""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parent.parent
FEWEST = 3  # rounds, however long one of them takes


@dataclass
class Result:
    """What one library did with one work: `status` is "ok", "none", "missing" or "wrong".

    The samples are seconds or bytes. The `first` call, of which there is one, took so many seconds; `statements` is how
    many of them ``ga.jit`` traced there.
    """

    status: str
    reason: str = ""
    samples: list[float] = field(default_factory=list)
    first: float = 0.0
    statements: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.samples)


class Worker:
    """The process of one library."""

    def __init__(self, library: str, threads: int) -> None:
        self.library, self.threads = library, threads
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", self.library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(self.threads),
        )
        hello = self._answer()
        self.version: str | None = hello.get("version")
        self.missing: str | None = hello.get("missing")

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            # OpenBLAS's threads spin for 0.1 s after their work, which made the next in turn up to 2.5 times as slow.
            self._signal("SIGSTOP")
            answer: dict[str, Any] = json.loads(line)
            return answer
        return {"status": "missing", "missing": f"its process ended with exit status {self._process.wait()}"}

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for the answer; a process that has died is replaced first."""
        if self._process.poll() is not None:
            self._start()
        assert self._process.stdin is not None
        self._signal("SIGCONT")
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return self._answer()

    def _signal(self, name: str) -> None:
        if hasattr(signal, name):  # Windows has neither
            self._process.send_signal(getattr(signal, name))

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def environment(threads: int) -> dict[str, str]:
    """Return the environment of a worker: the same number of threads for all, float64 for JAX, a silent profiler.

    What is compiled is kept nowhere, so that first calls compile.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")  # JAX reads NPROC
    return (
        os.environ
        | dict.fromkeys(names, str(threads))
        | {"JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu", "KINETO_LOG_LEVEL": "9", "GRADARRAY_CACHE_DIR": ""}
    )


def measure(
    work: str, workers: Mapping[str, Worker], rounds: int, batch: float, budget: float = float("inf")
) -> dict[str, Result]:
    """Check a work in every library, then sample it: in each round, each library has one turn.

    After `budget` seconds no new round begins, unless there were too few. The results are by library; for a work that
    compares ways within one library, by way, and by both where one of the ways stands for the library.
    """
    results = {}
    for library, worker in workers.items():
        answer = worker.ask(prepare=work, batch=batch)
        why = answer.get("reason") or answer.get("missing", "")
        facts = {fact: answer[fact] for fact in ("first", "statements") if fact in answer}
        results[library] = Result(answer["status"], why, **facts)
    ready = [library for library, result in results.items() if result.status == "ok"]
    ways: dict[str, Result] = {}
    start = perf_counter()
    for done in range(rounds):
        if done >= FEWEST and perf_counter() - start > budget:
            break
        ready = ready[1:] + ready[:1]  # nobody is always first, or always after the same neighbour
        for library in list(ready):
            answer = workers[library].ask(sample=True)
            if "sample" not in answer:
                results[library] = Result("missing", answer["missing"])
                ready.remove(library)
            elif isinstance(answer["sample"], dict):
                for way, seconds in answer["sample"].items():
                    ways.setdefault(way, Result("ok")).samples.append(seconds)
            else:
                results[library].samples.append(answer["sample"])
    return results | ways if ways.keys() & results.keys() else ways or results


def measure_imports(libraries: list[str], rounds: int, threads: int) -> dict[str, Result]:
    """Time what importing each library adds to ``import numpy``, each time in a process of its own."""
    results = {library: Result("ok") for library in libraries}
    with tempfile.TemporaryDirectory() as folder:
        for library in libraries:
            if library == "gradarray":  # the others were compiled when they were installed
                import_time(library, threads, folder)
        for _ in range(rounds):
            for library, result in results.items():
                result.samples.append(import_time(library, threads, folder if library == "gradarray" else ""))
    return results


def import_time(library: str, threads: int, compiled: str = "") -> float:
    """Return the seconds; `compiled` is a folder for compiled files, where the library's own may have none."""
    code = f"import numpy, time; t = time.perf_counter(); import {library}; print(time.perf_counter() - t)"
    switches = {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""} if compiled else {}
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(threads) | switches,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(run.stdout.split()[-1])


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
