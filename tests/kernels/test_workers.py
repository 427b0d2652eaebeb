"""Threads that compute parts: whoever is late is not waited for."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import nullcontext

import numpy as np
import pytest

from gradarray.kernels import processors
from gradarray.kernels.workers import Workers

PARTS = [slice(k, k + 1) for k in range(4)]


def test_parts_are_computed_at_the_same_time():
    both = threading.Barrier(2, timeout=30)
    Workers().run(lambda _: both.wait(), PARTS[:2])


def test_each_part_is_computed_once():
    workers = Workers()
    for _ in range(200):
        found = []
        workers.run(found.append, PARTS)
        assert sorted(part.start for part in found) == [0, 1, 2, 3]


def test_threads_that_do_not_come_are_not_waited_for():
    end = threading.Event()

    class Late(Workers):
        def _serve(self):
            end.wait()

    array, found = np.zeros(4), []
    workers = Late()
    workers.run(lambda part: found.append((part, array.size)), PARTS)
    assert [part for part, _ in found] == PARTS
    assert sys.getrefcount(array) == 2  # nor do they refer to anything when they come
    end.set()


def test_several_threads_may_ask_at_once():
    workers, results = Workers(), {}

    def ask(k):
        total = []
        for _ in range(50):
            workers.run(lambda part: total.append(k * part.start), PARTS)
        results[k] = sum(total)

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == {k: 50 * 6 * k for k in range(5)}


def test_all_parts_are_computed_before_an_error_is_raised():
    found = []

    def compute(part):
        found.append(part)
        raise ValueError(str(part.start))

    with pytest.raises(ValueError, match=r"^[0-3]$"):
        Workers().run(compute, PARTS)
    assert len(found) == 4


@pytest.mark.parametrize("started", [0, 1])
def test_where_no_further_thread_can_be_started_it_takes_longer(started, monkeypatch):
    start, left = threading.Thread.start, [started]

    def refuse(self):
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    workers, found = Workers(), []
    for _ in range(3):
        workers.run(found.append, PARTS)
    assert len(found) == 12
    assert len(workers._idents) == started


several = pytest.mark.skipif(
    processors.current() < 0 or len(os.sched_getaffinity(0)) < 2, reason="needs two processors, and to know of them"
)


@pytest.fixture
def processors_of_mine():
    """The processors that this thread may run on, which it has back at the end."""
    mine = os.sched_getaffinity(0)
    yield mine
    os.sched_setaffinity(0, mine)


@several
@pytest.mark.parametrize("fails", [False, True])
def test_threads_of_a_job_are_on_processors_of_their_own(fails, processors_of_mine):
    found = {}

    def compute(part):
        together.wait()
        found[threading.get_ident()] = os.sched_getaffinity(0)
        together.wait()
        if fails:
            raise KeyboardInterrupt

    workers = Workers()
    for threads in (2, 2, 3, 3):
        together = threading.Barrier(threads, timeout=30)
        with pytest.raises(KeyboardInterrupt) if fails else nullcontext():
            workers.run(compute, PARTS[:threads])
        assert os.sched_getaffinity(0) == processors_of_mine
        own = found.pop(threading.get_ident())
        assert len(own) == 1
        assert [*found.values()] == [processors_of_mine - own] * (threads - 1)
        found.clear()


@several
def test_processors_that_are_chosen_meanwhile_stay(processors_of_mine):
    both, owner, chosen = threading.Barrier(2, timeout=30), threading.get_ident(), set()

    def compute(part):
        both.wait()
        if threading.get_ident() == owner:
            chosen.update(processors_of_mine - os.sched_getaffinity(0))
            os.sched_setaffinity(0, chosen)
        both.wait()

    workers = Workers()
    workers.run(compute, PARTS[:2])
    workers.run(lambda _: both.wait(), PARTS[:2])  # the helper is done with the first
    assert os.sched_getaffinity(0) == chosen
    assert chosen != processors_of_mine


@several
def test_where_processors_cannot_be_chosen_nothing_is_lost(monkeypatch):
    def forbid(*args):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", forbid)
    test_each_part_is_computed_once()
    monkeypatch.setattr(processors, "current", lambda: -1)
    monkeypatch.delattr(os, "sched_getaffinity")
    test_each_part_is_computed_once()


def test_large_work_at_the_end_of_an_interpreter(run_python):
    program = """
import numpy as np, gradarray as ga
class Last:
    def __del__(self, np=np, ga=ga):
        x = ga.tensor(np.ones(2**18))
        np.sum(np.exp(x) * x).backward()
        print(float(x.grad[0]))
if %r:
    np.exp(ga.tensor(np.ones(2**18)))
last = Last()
"""
    for with_threads in (False, True):
        assert run_python("-c", program % with_threads).stdout.strip() == str(2 * np.exp(1.0))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_at_any_line_of_a_thread_that_records(run_python):
    """The child has the locks as they were, and the threads not that would release them."""
    program = """
import os, signal, sys, threading, warnings
import numpy as np, gradarray as ga
warnings.simplefilter("ignore")
a, large, b, c = np.ones(40_000), np.ones(2**17), ga.tensor(np.ones(40_000)), ga.tensor(np.ones(2**17))
def work():
    with ga.no_grad, ga.mem_guard_on:
        b * a
    (b * a).sum().backward()
    np.exp(c * large)
work()
stopped, go, done, seen = threading.Semaphore(0), threading.Semaphore(0), [], set()
def watch(frame, event, arg):
    if not str(frame.f_globals.get("__name__")).startswith("gradarray"):
        return None
    if event == "line" and (line := (frame.f_code, frame.f_lineno)) not in seen:
        seen.add(line)
        stopped.release()
        go.acquire()
    return watch
def run():
    sys.settrace(watch)
    work()
    sys.settrace(None)
    done.append(1)
    stopped.release()
threading.Thread(target=run, daemon=True).start()
forks = hung = 0
while not hung:
    stopped.acquire()
    if done:
        break
    child = os.fork()
    if not child:
        signal.alarm(20)
        work()
        os._exit(0)
    forks += 1
    hung = os.waitpid(child, 0)[1]
    go.release()
print("hung" if hung else "ended", forks > 50, flush=True)
os._exit(0)
"""
    assert run_python("-c", program).stdout.split() == ["ended", "True"]
