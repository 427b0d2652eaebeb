"""What drop-in mode costs: transforms with and without it, opening and closing, an array of variables."""

import functools
import itertools
import types
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.libraries import Loss
from benchmarks.work import Ways, Work, chain, mlp, rosenbrock

ON, OFF = "dropped_in()", "as_it_stands()"


def with_numpy(loss: Loss) -> Callable[..., Any]:
    return functools.partial(loss, np)


def switched(work: Work) -> Ways:
    def names(ga: Any) -> dict[str, Any]:
        leaves, constants = work.inputs()
        argnums = tuple(range(len(leaves)))

        def step(drop_in: bool) -> Callable[[], Any]:
            value_and_grad = ga.value_and_grad(with_numpy(work.loss), argnums, drop_in=drop_in)
            return lambda: value_and_grad(*leaves, *constants)

        return {"dropped_in": step(True), "as_it_stands": step(False)}

    return Ways(f"dropin-{work.name}", f"drop-in mode on and off: {work.about}", [OFF, ON], names, base=OFF)


# --- opening and closing ----------------------------------------------------------------------------------------------

MAKES = """
import math
from numpy import exp, zeros
def makes():
    return None
    np.array([1.0]), zeros(3), exp(1.0), math.sin(1.0), float(1.0)
"""


def program(count: int) -> Callable[[], Any]:
    """Return a function that calls one of each of `count` modules, itself in the first of them."""
    modules = [types.ModuleType(f"users_{count}_{i}") for i in range(count)]
    for module in modules:
        vars(module)["np"] = np
        exec(compile(MAKES, module.__name__, "exec"), vars(module))
    first = vars(modules[0])
    first.update({module.__name__: module for module in modules[1:]})
    calls = "; ".join(["makes()", *(f"{module.__name__}.makes()" for module in modules[1:])])
    exec(compile(f"def function(): {calls}", modules[0].__name__, "exec"), first)
    return first["function"]  # type: ignore[no-any-return]


def opened(ga: Any) -> dict[str, Any]:
    """Return what calls a function in a block of its own, as transforms do, and what makes functions that are new."""
    call = import_module(f"{ga.__name__}.dropin.blocks").call
    one, twenty = program(1), program(20)
    lines = itertools.count(1)

    def fresh() -> Any:
        code = twenty.__code__.replace(co_firstlineno=next(lines))
        return types.FunctionType(code, twenty.__globals__)

    return {"call": call, "one": one, "twenty": twenty, "fresh": fresh, "none": {}}


def opening(name: str, about: str, code: str, function: str) -> Ways:
    plain = f"{function}()"
    return Ways(f"opening-{name}", about, [plain, code], opened, base=plain)


# --- an array of variables --------------------------------------------------------------------------------------------


def pair(t: Any, u: Any) -> Any:
    return np.array([t, u])


def nothing(_t: Any, _u: Any) -> Any:
    return None


def variables(ga: Any) -> dict[str, Any]:
    return {"pair": pair, "nothing": nothing, "t": ga.tensor(2.0) * 1.0, "u": ga.tensor(3.0) * 1.0}


WORKS = [
    *[switched(work) for work in (rosenbrock.WORKS[0], chain.WORKS[0], mlp.WORKS[0])],
    opening("1", "opening and closing for a function in one module", "call(one, (), none)", "one"),
    opening("20", "the same for a function that calls twenty modules", "call(twenty, (), none)", "twenty"),
    opening("first", "the same, when that function is first met", "call(fresh(), (), none)", "twenty"),
    Ways(
        "opening-array",
        "np.array([t, u]) of two variables, in a block",
        ["nothing(t, u)", "pair(t, u)"],
        variables,
        {"pair(t, u)": lambda ga: ga.drop_in(pair)},
        base="nothing(t, u)",
    ),
]
