"""The process of one library: ``python -m benchmarks.worker LIBRARY``, with JSON lines in and out.

It says first ``{"version": ...}`` or ``{"missing": reason}``, then answers

- ``{"prepare": work, "batch": seconds}`` with ``{"status": "ok" | "none" | "missing" | "wrong", "reason": ...}``;
- ``{"sample": true}`` with ``{"seconds": time of one call, from one batch}``.
"""

import importlib
import importlib.metadata
import json
import sys
from collections.abc import Callable
from itertools import repeat
from time import perf_counter
from typing import Any

from benchmarks.work import Wrong, works


def batch_time(call: Callable[[], Any], number: int) -> float:
    """Return the seconds that `number` calls take; the garbage collector stays as the user has it."""
    start = perf_counter()
    for _ in repeat(None, number):
        call()
    return perf_counter() - start


def calibrate(call: Callable[[], Any], seconds: float) -> int:
    """Return the number of calls, a power of two, that takes `seconds` or up to twice as long."""
    call()
    number = 1
    while batch_time(call, number) < seconds:
        number *= 2
    return number


def main() -> None:
    library = sys.argv[1]
    answers, sys.stdout = sys.stdout, sys.stderr  # so that nothing a library prints gets among the answers

    def answer(**fields: Any) -> None:
        print(json.dumps(fields), file=answers, flush=True)

    try:
        module = importlib.import_module(library)
    except Exception as error:  # whatever is the matter with it, the others can go on
        return answer(missing=f"{type(error).__name__}: {error}")
    try:
        version = importlib.metadata.version(library)  # autograd has no __version__
    except importlib.metadata.PackageNotFoundError:
        version = getattr(module, "__version__", "not installed, imported from a folder")
    answer(version=version)

    call: Callable[[], Any] | None = None
    number = 0
    for line in sys.stdin:
        request = json.loads(line)
        if "sample" in request:
            assert call is not None
            call()  # wakes threads and caches after the other libraries' turns
            answer(seconds=batch_time(call, number) / number)
            continue
        try:
            call = None  # frees the last work's arrays
            call = works()[request["prepare"]].prepare(library)
            number = calibrate(call, request["batch"]) if call else 0
            answer(status="ok" if call else "none", reason="")
        except Wrong as error:
            answer(status="wrong", reason=str(error))
        except Exception as error:
            answer(status="missing", reason=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
