"""Calling the functions that a solver is given, so that the variables in their closures are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..context.settings import held, hold, within
from ..dropin import blocks
from ..dropin.making import in_reverse
from ..tape.loss import differentiating
from ..tape.wrapping import bare, has_variable


def dropped_in(body: Callable[[], Any], func: Any) -> Any:
    """Carry out what calls a user's function, in drop-in mode; a gradient that would be lost is an error there."""
    before = held()
    try:
        hold(differentiating(before, in_reverse(before.making)))
        return blocks.call(lambda: body(), (), {}, root=func)
    finally:
        hold(before)


_UNRECORDED = {"recording": False}


class Watched:
    """A function as a library calls it, with bare results; `variable` tells whether one of them was a variable."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func, self.variable = func, False

    def __call__(self, *args: Any) -> Any:
        if self.variable:
            return unrecorded(self.func, *args)
        result = self.func(*args)
        self.variable = has_variable(result)
        return bare(result)


def unrecorded(func: Callable[..., Any], *args: Any) -> Any:
    """Return the bare result of a function, no operation of which is recorded."""
    return bare(within(_UNRECORDED, func, *args))
