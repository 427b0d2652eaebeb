"""Calling the functions that a solver is given, so that the variables in their closures are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..context.settings import held, hold
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


class Watched:
    """A function as a library calls it, with bare results; `variable` tells whether one of them was a variable."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func, self.variable = func, False

    def __call__(self, *args: Any) -> Any:
        result = self.func(*args)
        if has_variable(result):
            self.variable = True
        return bare(result)
