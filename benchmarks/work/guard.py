"""What the memory guard costs: the same step with it and without."""

from typing import Any

from benchmarks.libraries import gradarray_step
from benchmarks.work import Ways, Work, chain, mlp, polynomial, rnn, rosenbrock

ON, OFF = "guarded()", "unguarded()"


def guard(work: Work) -> Ways:
    def names(ga: Any) -> dict[str, Any]:
        step = gradarray_step(ga, work.loss, *work.inputs())
        return {"guarded": step, "unguarded": step}

    # The switch is turned around a whole batch, so that turning it is not timed.
    off = {OFF: lambda ga: ga.mem_guard_off}
    return Ways(f"guard-{work.name}", f"the memory guard on and off: {work.about}", [OFF, ON], names, off, base=OFF)


SMALL = [chain.WORKS[0], mlp.WORKS[0], rosenbrock.WORKS[0], *rnn.WORKS]
WORKS = [guard(work) for work in [*SMALL, polynomial.WORKS[-1]]]
