"""What becomes of arrays that are made while drop-in mode is on: constants into which a variable can be written."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..batch.mapped import Mapped
from ..context.settings import held, hold
from ..forward.levels import level_of
from ..forward.tangents import as_constant
from ..kernels.arrays import FLOAT64
from ..kernels.gate import PLAIN
from ..tape import wrapping
from ..tape.wrapping import wrap
from .places import is_bound, is_known


class Making:
    """Which differentiations go on here, so that an array can hold what any of them traces.

    Attributes
    ----------
    reverse : variables can be Tensors
    levels : those of forward mode, from the outermost to the innermost
    """

    __slots__ = ("levels", "reverse")

    def __init__(self, reverse: bool, levels: tuple[int, ...]) -> None:
        self.reverse = reverse
        self.levels = levels

    def keeps(self, names: dict[str, Any]) -> bool:
        """Tell whether code with these globals is to get variables where it asks for Python's numbers."""
        return is_bound(names)

    def knows(self, names: dict[str, Any]) -> bool:
        """Tell whether a function was ever seen to reach the module with these globals."""
        return is_known(names)


REVERSE = Making(True, ())


def in_reverse(outer: Making | None) -> Making:
    """Return what holds in a differentiation in reverse, within another one."""
    if outer is None or not outer.levels:
        return REVERSE
    return outer if outer.reverse else Making(True, outer.levels)


def in_forward(outer: Making | None, level: int) -> Making:
    """Return what holds in a differentiation in forward mode, within another one."""
    return Making(False, (level,)) if outer is None else Making(outer.reverse, (*outer.levels, level))


def mapping(outer: Making | None) -> Making:
    """Return what holds where a function is mapped, by which arrays are made for all elements; see `fillable`."""
    return Making(False, ()) if outer is None else outer


def in_transposition(outer: Making | None, level: int) -> Making:
    """Return what holds where a level of forward mode goes along a pullback, which gets Tensors for it."""
    return Making(True, () if outer is None else tuple(each for each in outer.levels if each < level))


def to_hold(value: Any) -> Making | None:
    """Return what arrays have to become that can hold what stands in a value, however deep; None where it is plain."""
    levels: set[int] = set()
    reverse = _layers(value, levels)
    return Making(reverse, tuple(sorted(levels))) if reverse or levels else None


def _layers(value: Any, levels: set[int]) -> bool:
    """Add the levels of all Duals in a value, and tell whether there is a Tensor."""
    kind = type(value)
    if kind in PLAIN:
        return False
    if kind is wrapping.Dual:
        levels.add(value.level)
        return _layers(value.value, levels) | _layers(value.tangent, levels)
    if kind is Mapped:
        return _layers(value.value, levels)
    if isinstance(value, (list, tuple, dict)):
        items = value.values() if isinstance(value, dict) else value
        return sum(_layers(item, levels) for item in items) > 0  # each is asked
    return isinstance(value, wrapping.Tensor)


def making() -> Any:
    """Return what arrays that are made here become, or None where drop-in mode is off."""
    return held().making


def at_work() -> bool:
    """Tell whether stand-ins have anything else to do here than what they stand in for."""
    now = held()
    return now.making is not None or now.program is not None


def fillable(raw: Any, call: Any = None) -> Any:
    """Return a new array of floating-point numbers as one that a variable can be written into; all else as it is.

    Whole numbers and truth values carry no derivative, and stay plain. Where a program is being written down, the array
    becomes a part of that, by the `call` that made it, if it is given: a function, its arguments, its keywords.
    """
    if type(raw) is np.ndarray:
        now = held()
        floating = raw.dtype is FLOAT64 or raw.dtype.kind in "fc"
        if floating and now.lanes and now.making is not None:
            return _for_all(raw, now.lanes)
        if now.program is not None and (floating or call is not None):
            raw = now.program.made(raw, call)
        if now.making is not None and floating:
            if now.making.reverse:
                raw = wrap(raw)
            for level in now.making.levels:
                raw = as_constant(raw, level)
        return raw
    if type(raw) is list or type(raw) is tuple:
        return type(raw)(map(fillable, raw))
    return raw


def fillable_like(made: Any) -> Any:
    """Return a new array that is like another one, and so holds what that one traces, as one for all levels."""
    now = held().making
    if now is not None and now.levels and isinstance(made, (wrapping.Tensor, wrapping.Dual)):
        for level in now.levels:
            made = as_constant(made, level) if level > level_of(made) else made
    return made


def as_fillable(given: Any) -> Any:
    """Return an array that a function is given as one that holds the same: what is made of that can hold a variable."""
    if type(given) is Mapped:
        before = held()
        try:
            hold(before.with_(lanes=()))
            return given.lane.mapped(as_fillable(given.value))
        finally:
            hold(before)
    if type(given) is not np.ndarray:
        return fillable_like(given)
    given = given.view()
    given.flags.writeable = False  # whoever else has it would not see what is written there
    return fillable(given)


def _for_all(raw: Any, lanes: tuple[Any, ...]) -> Any:
    """Return a new array as one for each element that is mapped, in which each can have other values."""
    before = held()
    whole = np.array(np.broadcast_to(raw, (*[lane.size for lane in lanes], *raw.shape)))
    try:
        hold(before.with_(lanes=()))
        made = fillable(whole)
    finally:
        hold(before)
    for lane in lanes:
        made = lane.mapped(made)
    return made


def filled(result: Any, args: Any, call: Any = None) -> Any:
    """Return the result of a function of NumPy's likewise, unless it is memory that somebody else has.

    Parameters
    ----------
    result : what NumPy returned for arguments without any variable
    args : these
    call : what made it, as for `fillable`
    """
    if type(result) is np.ndarray:
        if result.base is None:
            for value in args:
                if value is result:
                    return result
        else:
            if not result.flags.writeable:
                return result
            for value in args:
                if isinstance(value, np.ndarray):
                    return result
        return fillable(result, call)
    if type(result) is list or type(result) is tuple:
        return type(result)([filled(item, args) for item in result])
    return result
