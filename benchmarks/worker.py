"""The process of one library: ``python -m benchmarks.worker LIBRARY``, with JSON lines in and out.

It says first ``{"version": ...}`` or ``{"missing": reason}``, then answers

- ``{"prepare": work, "batch": seconds}`` with ``{"status": "ok" | "none" | "missing" | "wrong", "reason": ...}``,
  and, of a step, with the seconds of its ``"first"`` call and the ``"statements"`` that ``ga.jit`` traced in it;
- ``{"sample": true}`` with ``{"sample": seconds of one call, or bytes}``, or with one such number for each way.
"""

import importlib
import importlib.metadata
import json
import sys
from typing import Any

from benchmarks.libraries import module_of
from benchmarks.measures import Sampler, Timed
from benchmarks.work import LeftOut, Wrong, works


def main() -> None:
    library = sys.argv[1]
    answers, sys.stdout = sys.stdout, sys.stderr  # so that nothing a library prints gets among the answers

    def answer(**fields: Any) -> None:
        print(json.dumps(fields), file=answers, flush=True)

    try:
        module = importlib.import_module(module_of(library))
    except Exception as error:  # whatever is the matter with it, the others can go on
        return answer(missing=f"{type(error).__name__}: {error}")
    try:
        version = importlib.metadata.version(module_of(library))  # autograd has no __version__
    except importlib.metadata.PackageNotFoundError:
        version = getattr(module, "__version__", "not installed, imported from a folder")
    answer(version=version)

    sampler: Sampler | None = None
    for line in sys.stdin:
        request = json.loads(line)
        if "sample" in request:
            assert sampler is not None
            answer(sample=sampler())
            continue
        try:
            sampler = None  # frees the last work's arrays
            sampler = works()[request["prepare"]].sampler(library, request["batch"])
            facts = {"first": sampler.first, "statements": sampler.statements} if isinstance(sampler, Timed) else {}
            answer(status="ok" if sampler else "none", reason="", **facts)
        except Wrong as error:
            answer(status="wrong", reason=str(error))
        except LeftOut as error:
            answer(status="missing", reason=str(error))
        except Exception as error:
            answer(status="missing", reason=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
