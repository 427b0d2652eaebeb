"""One gradient of a logistic regression on 2 GB of data in chunks of 64 MB, by two workers, beside Dask by hand.

``python -m benchmarks.chunks ours`` and ``... hand``, each in a process of its own, whose peak of memory is its own;
with one thread of BLAS, as by ``OMP_NUM_THREADS=1``. Needs Dask.
"""

from __future__ import annotations

import importlib
import resource
import sys
import time
from typing import Any

import numpy as np

import gradarray as ga

ROWS, COLUMNS = 2_500_000, 100
CHUNK = 64 * 2**20 // (8 * COLUMNS)


def loss(weights: Any, x: Any, y: Any) -> Any:
    z = x @ weights
    return np.mean(np.logaddexp(0.0, z) - y * z)


def by_hand(da: Any, weights: Any, x: Any, y: Any) -> tuple[Any, Any]:
    z = x @ weights
    return da.mean(da.logaddexp(0.0, z) - y * z), x.T @ ((1 / (1 + da.exp(-z)) - y) / len(x))


def main(who: str) -> None:
    dask, da = importlib.import_module("dask"), importlib.import_module("dask.array")
    random = da.random.RandomState(0)
    x = random.normal(size=(ROWS, COLUMNS), chunks=(CHUNK, COLUMNS))
    y = (random.uniform(size=ROWS, chunks=CHUNK) > 0.5) * 1.0
    weights = np.linspace(-1, 1, COLUMNS)
    found = ga.value_and_grad(loss)(weights, x, y) if who == "ours" else by_hand(da, weights, x, y)
    start = time.process_time()
    with dask.config.set(scheduler="threads", num_workers=2):
        value, gradient = dask.compute(*found)
    seconds, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{who}: {seconds:.2f} s of processors, {peak} MB; {value:.12f} {np.abs(gradient).sum():.12f}")


if __name__ == "__main__":
    main(sys.argv[1])
