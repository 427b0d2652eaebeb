"""One sample of a time, or of the most memory that is allocated at a time."""

import json
import tempfile
import timeit
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import repeat
from pathlib import Path
from time import perf_counter
from typing import Any

Sampler = Callable[[], float | dict[str, float]]

LONG = 0.1  # seconds of a call which needs no other one to wake threads and caches


def batch_time(call: Callable[[], Any], number: int) -> float:
    """Return the seconds that `number` calls take; the garbage collector stays as the user has it."""
    start = perf_counter()
    for _ in repeat(None, number):
        call()
    return perf_counter() - start


def calibrate(batch: Callable[[int], float], seconds: float) -> tuple[int, float]:
    """Return the number of calls, a power of two, that takes `seconds` or up to twice as long, and how long."""
    number = 1
    taken = batch(number)
    if taken < max(seconds, LONG):  # a shorter one was a warm-up
        while (taken := batch(number)) < seconds:
            number *= 2
    return number, taken


def time_sampler(call: Callable[[], Any], seconds: float) -> Sampler:
    """Return what times one call, from a batch that takes about `seconds`."""
    number, taken = calibrate(lambda number: batch_time(call, number), seconds)

    def sample() -> float:
        if taken < LONG:
            call()  # wakes threads and caches after the other libraries' turns
        return batch_time(call, number) / number

    return sample


def expression_sampler(
    codes: Mapping[str, AbstractContextManager[Any] | None], names: dict[str, Any], seconds: float
) -> Sampler:
    """Return what times each expression, in its context, without a function call around it."""
    timers = {code: timeit.Timer(code, "gc.enable()", globals=names | {"gc": __import__("gc")}) for code in codes}
    numbers = {code: calibrate(timer.timeit, seconds)[0] for code, timer in timers.items()}
    order = list(codes)

    def sample() -> dict[str, float]:
        order.append(order.pop(0))
        found = {}
        for code in order:
            with codes[code] or nullcontext():
                found[code] = timers[code].timeit(numbers[code]) / numbers[code]
        return found

    return sample


# --- memory ---------------------------------------------------------------------------------------------------------
# Not the growth of the resident set: it also has what a library's first call sets up, threads' stacks and memory that
# the C library keeps for later, and comes in pages, which hides a small network altogether.


def traced_peak(step: Callable[[], Any]) -> float:
    """Return the peak of NumPy's buffers and Python's objects, which `tracemalloc` both sees."""
    tracemalloc.start()
    try:
        result = step()  # kept until the peak is read, as the caller of a training step keeps it
        _, peak = tracemalloc.get_traced_memory()
        del result
        return float(peak)
    finally:
        tracemalloc.stop()


def torch_peak(step: Callable[[], Any]) -> float:
    """Return the peak of the bytes in tensors, as PyTorch's profiler has them from the allocator.

    The nodes of its graph are not among them, which is to PyTorch's advantage.
    """
    import torch

    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        result = step()
        del result
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trace.json")
        profile.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    return peak_of_changes([(e["ts"], e["args"]["Bytes"]) for e in events if e.get("name") == "[memory]"])


def peak_of_changes(changes: list[tuple[float, int]]) -> float:
    """Return the largest sum of the changes up to some time, given pairs of a time and a number of bytes."""
    total = peak = 0
    for _, change in sorted(changes, key=lambda pair: pair[0]):
        total += change
        peak = max(peak, total)
    return float(peak)


PEAKS: dict[str, Callable[[Callable[[], Any]], float]] = {
    "gradarray": traced_peak,
    "numpy": traced_peak,
    "torch": torch_peak,
    "mygrad": traced_peak,
    "autograd": traced_peak,
}
