"""What no iteration of a loop has to wait for: it is computed for several iterations at once.

Where a number is carried from one iteration to the next, the processor goes through a loop number by number. Functions
that take long, of numbers that are there before the loop, are then computed in a loop of their own in front of it, and
looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..program.statements import Variable
from .bodies import PlaceInTable
from .helpers import AT_ONCE
from .lowering import Operation, Whole
from .places import Places

Memory = Callable[[int | None], int | None]


def by_themselves(operations: Sequence[Any], carried: Iterable[Variable], memory: Memory) -> list[Operation]:
    """Return the operations on numbers that depend on nothing that the loop they are in has done in other iterations.

    Parameters
    ----------
    operations : all that an iteration does
    carried : numbers of earlier iterations
    memory : tells the number of a piece of memory as it turned out
    """
    written = {memory(v.memory) for o in operations for v in _written(o)}
    waiting = {*carried}
    found = []
    for o in operations:
        free = not isinstance(o, Whole) and o.kind == "elements" and o.shape == () and o.result is not None
        free = free and o.result.memory is None
        free = free and not any(v in waiting if v.memory is None else memory(v.memory) in written for v in o.operands)
        if free:
            found.append(o)
        else:
            waiting.update(o.results if isinstance(o, Whole) else () if o.result is None else (o.result,))
    return found


def _written(o: Any) -> Sequence[Variable]:
    if isinstance(o, Whole):
        return (*o.writes, *o.makes)
    return [v for v in (o.result, o.target) if v is not None and v.memory is not None]


def long_ones(operations: Iterable[Operation]) -> list[Operation]:
    """Return those that take long, and less for several numbers at once."""
    return [o for o in operations if o.text.startswith(tuple(AT_ONCE))]


def is_in_order(operations: Sequence[Any], carries: bool, places: Places, memory: Memory) -> bool:
    """Tell whether iterations have to be carried out one after the other."""
    operations = [o for o in operations if not isinstance(o, PlaceInTable)]
    if carries or any(isinstance(o, Whole) or o.shape for o in operations):
        return True
    written = [(memory(v.memory), places.of(v)) for o in operations for v in _written(o)]
    touched = [v for o in operations for v in (*o.operands, *_written(o)) if v.memory is not None]
    return any(place == memory(v.memory) and at != places.of(v) for place, at in written for v in touched)


def leading_to(wanted: Iterable[Operation], operations: Sequence[Operation]) -> list[Operation]:
    """Return operations and those of others, in their order, whose results they need."""
    ids = {id(o) for o in wanted}
    needed: set[Variable | None] = set()
    found = []
    for o in reversed(operations):
        if id(o) in ids or o.result in needed:
            needed.update(o.operands)
            found.append(o)
    return found[::-1]
