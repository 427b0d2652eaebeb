"""What ``ga.jit`` costs besides what a program computes: writing it, calling it, asking its guards."""

from typing import Any

import numpy as np

from benchmarks.work import AnyWork, Program, Ways, Work, chain, elementwise, mlp, programs, rnn, rosenbrock

# --- a call -----------------------------------------------------------------------------------------------------------


def nothing(_x: Any) -> None:
    """Return nothing."""


def empty(kind: str, value: Any) -> Ways:
    def names(ga: Any) -> dict[str, Any]:
        return {"nothing": nothing, "jitted": ga.jit(nothing, strict=True), "given": value}

    about = f"calling a jitted function of {kind} that does nothing"
    return Ways(
        f"jit-call-{kind.split()[-1]}", about, ["nothing(given)", "jitted(given)"], names, base="nothing(given)"
    )


# --- writing a program ------------------------------------------------------------------------------------------------

GRADIENT, FIRST = "gradient(*arrays)", "fresh()(*arrays)"


def first_call(work: Work) -> Ways:
    def names(ga: Any) -> dict[str, Any]:
        leaves, constants = work.inputs()
        loss = work.loss
        if isinstance(work, Program):
            gradient = ga.value_and_grad(loss)
        else:
            gradient = ga.value_and_grad(lambda *arrays: loss(np, *arrays), tuple(range(len(leaves))))
        return {"gradient": gradient, "fresh": lambda: ga.jit(gradient, strict=True), "arrays": (*leaves, *constants)}

    about = f"the first jitted call over an unjitted one: {work.about}"
    return Ways(f"writing-{work.name}", about, [GRADIENT, FIRST], names, base=GRADIENT)


# --- guards -----------------------------------------------------------------------------------------------------------

STEPS = 9  # after which the roots below are exact to the last bit


def roots(x: Any, asking: bool) -> Any:
    """Square roots by Newton's method, with what changed in each step; `asking` whether that is the end."""
    y, changes = x, []
    for _ in range(STEPS):
        step = (y - x / y) / 2
        y = y - step
        changes.append(np.max(np.abs(step)))
        if asking and changes[-1] < 0:
            break
    return y, changes


def until_small(x: Any) -> Any:
    return roots(x, True)


def so_many(x: Any) -> Any:
    return roots(x, False)


def guarded(n: int) -> Ways:
    def names(ga: Any) -> dict[str, Any]:
        asking, straight = ga.jit(until_small, strict=True), ga.jit(so_many, strict=True)
        return {"asking": asking, "straight": straight, "given": np.linspace(0.5, 4, n)}

    codes = ["straight(given)", "asking(given)"]
    about = f"a program that asks {STEPS} times whether to go on, and one that does not, n = {n}"
    return Ways(f"guards-{n}", about, codes, names, base=codes[0])


def small(work: Any) -> bool:
    return bool(work.name in ("chain-0d", "chain-100", "elementwise-10", "mlp-32", "rnn", "rosenbrock-10"))


SMALL: list[Any] = [*chain.WORKS, *elementwise.WORKS, *mlp.WORKS, *rnn.WORKS, *rosenbrock.WORKS]
WRITTEN = [*filter(small, SMALL), *programs.PROGRAMS]
WORKS: list[AnyWork] = [
    empty("a number", 2.0),
    empty("an array", np.linspace(0.5, 2, 10)),
    *map(first_call, WRITTEN),
    *map(guarded, (10, 1000)),
]
