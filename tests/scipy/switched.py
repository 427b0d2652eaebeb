"""Calls of SciPy with the array API switched on: a program of its own, as SciPy reads the switch when it is imported.

A line is printed for each call: what becomes of the gradients in drop-in mode, through the mirror, and on tensors
outside of both: "right", "refused", or what is wrong.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import special

import gradarray as ga
from tests.scipy.calls import Call, all_calls, along, by_library, by_mirror, directions, inner
from tests.scipy.table import Interval, operands_of
from tests.thoroughness import takes

EVERY = 9
REFUSED = (TypeError, ValueError, ga.GradientLossError, ga.GradientLossWarning)


def calls() -> Iterator[Call]:
    """Yield a selection of all tables, and each special function that SciPy puts something around."""
    yield from [call for k, call in enumerate(all_calls()) if takes(k, EVERY) and not call.refused]
    rng = np.random.default_rng(0)
    for name in special.__all__:
        ufunc = getattr(getattr(special, name), "__wrapped__", None)
        if isinstance(ufunc, np.ufunc):
            where = operands_of(ufunc.__name__, ufunc.nin)
            drawn = [rng.uniform(*w, 3) if type(w) is Interval else w.low for w in where]
            yield Call(f"special.{name}", of_last(name, drawn), drawn[-1], rough=100)


def of_last(name: str, operands: list[Any]) -> Callable[..., Any]:
    """Return a function of the last operand, beside arrays in the places of the others."""
    return lambda sp, x: getattr(sp.special, name)(*operands[:-1], x)


def in_drop_in_mode(call: Call) -> Any:
    return ga.grad(by_library(call), argnums=tuple(range(len(call.arrays))))(*call.arrays)


def through_mirror(call: Call) -> Any:
    return on_tensors(by_mirror(call), call.arrays)


def outside(call: Call) -> Any:
    return on_tensors(by_library(call), call.arrays)


def on_tensors(f: Callable[..., Any], arrays: Any) -> Any:
    """Return the gradients of a call on tensors where drop-in mode is not open, or None for a plain result."""
    tensors = [ga.tensor(a) for a in arrays]
    out = f(*tensors)
    if not isinstance(out, ga.Tensor):
        return None
    out.backward()
    return [np.zeros(t.shape) if t.grad is None else t.grad for t in tensors]


def told(call: Call, way: Callable[[Call], Any], expected: Any, tangents: Any) -> str:
    """Return what becomes of the gradients of a call."""
    try:
        gradients = way(call)
    except REFUSED as error:
        return f"refused, {type(error).__name__}"
    if gradients is None:
        return "lost" if abs(expected) > 1e-8 else "right"
    slope = inner(gradients, tangents)
    near = abs(slope - expected) <= 1e-6 * max(call.rough, 10) * (1 + abs(expected))
    return "right" if near else f"wrong, {slope} in place of {expected}"


def main() -> None:
    warnings.simplefilter("ignore")
    warnings.filterwarnings("error", category=ga.GradientLossWarning)
    for call in calls():
        tangents = directions(call)
        expected = along(by_library(call), call.arrays, tangents)
        ways = (in_drop_in_mode, through_mirror, outside)
        print(repr(call.name), *[told(call, way, expected, tangents) for way in ways], sep="\t")


if __name__ == "__main__":
    main()
