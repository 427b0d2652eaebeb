"""One sample of a time, or of the most memory that is allocated at a time."""

import tempfile
import timeit
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from time import perf_counter
from typing import Any

Sampler = Callable[[], float | dict[str, float]]


@dataclass(frozen=True)
class Timed:
    """What takes a sample of a time; the seconds of a first call before, and how many statements were traced in it."""

    sample: Sampler
    first: float
    statements: int

    def __call__(self) -> float | dict[str, float]:
        return self.sample()


LONG = 0.1  # seconds of a call which needs no other one to wake threads and caches
SETTLED = 128  # calls, after which a library has written the programs that it writes, if they take less than ...
SHORT = 0.005  # seconds


def batch_time(call: Callable[[], Any], number: int) -> float:
    """Return the seconds that `number` calls take; the garbage collector stays as the user has it."""
    start = perf_counter()
    for _ in repeat(None, number):
        call()
    return perf_counter() - start


def calibrate(batch: Callable[[int], float], seconds: float) -> tuple[int, float]:
    """Return the number of calls, a power of two, that takes `seconds` or up to twice as long, and how long.

    What a library does once after some calls, as writing a program, is not taken for the time of a call.
    """
    number = 1
    taken = batch(number)
    if taken < max(seconds, LONG):  # a shorter one was a warm-up
        while (taken := min(batch(number), batch(number))) < seconds:
            number *= 2
        if taken / number < SHORT:
            batch(max(0, SETTLED - number))
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

    def timed(code: str, number: int) -> float:
        with codes[code] or nullcontext():
            return timers[code].timeit(number)

    numbers = {code: calibrate(partial(timed, code), seconds)[0] for code in codes}
    order = list(codes)

    def sample() -> dict[str, float]:
        order.append(order.pop(0))
        return {code: timed(code, numbers[code]) / numbers[code] for code in order}

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


def native_peak(step: Callable[[], Any]) -> float:
    """Return the peak of all that is allocated, in C++ too: tensors, the nodes of graphs, Python's objects.

    Of gradarray's small steps it says the same as `traced_peak`, up to 1 %. In larger ones it also sees the 0.5 MB of
    scratch memory which OpenBLAS takes for each product in threads, and which NumPy's own user has as well.
    """
    import memray

    with tempfile.TemporaryDirectory() as folder:
        for name in ("warm-up", "measured"):  # on its first time through, a tracker makes tables of lines of code
            path = Path(folder, name)
            with memray.Tracker(path, trace_python_allocators=True):
                result = step()
                del result
        return float(memray.FileReader(path).metadata.peak_memory)


PEAKS: dict[str, Callable[[Callable[[], Any]], float]] = {
    "gradarray": traced_peak,
    "jit": traced_peak,
    "jit numba": traced_peak,
    "numba": traced_peak,
    "numpy": traced_peak,
    "torch": native_peak,
    "mygrad": traced_peak,
    "autograd": traced_peak,
    "jax": native_peak,
    "jax unrolled": native_peak,
}


def peak_sampler(library: str, step: Callable[[], Any], seconds: float) -> Sampler:
    """Return what measures the peak of one step, after many: as in the middle of a training loop."""
    calibrate(lambda number: batch_time(step, number), seconds)
    return lambda: PEAKS[library](step)


def missing_for_peak(library: str) -> str:
    """Return what a library's peak cannot be measured without, if that is not installed."""
    if PEAKS[library] is not native_peak:
        return ""
    try:
        import memray  # noqa: F401
    except ImportError:
        return "memray"
    return ""
