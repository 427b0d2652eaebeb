"""Who else holds an object: all that is asked of reference counts.

What CPython counts is more, or less, than who holds an object, and how much so differs between its versions:

- 3.11 to 3.13: what stands on the evaluation stack of a function is counted there too, so that a local variable that is
  given to `sys.getrefcount` counts twice.
- 3.14: a local variable is mostly lent to the stack without being counted, and so is an argument to the function that
  is called with it. Whether it is lent is up to the compiler: not across a branch, nor in a function of more than 64
  local variables.
- Free-threaded builds lend more, and other threads may hold what they have not counted yet.

What holds in all of them: each place in which an object stands (an attribute, an item, a local variable that the result
of a call was assigned to) counts once, what a call returns counts once while it is on the stack, and whoever is lent a
reference was lent it by somebody who is counted. So `holders` never looks at a variable: it fetches the object itself,
by a call, from the place where it stands. Those who ask say where that is, and keep no variable for it meanwhile.

A probe compares this with a known number of holders when the library is imported, and with weak references. Where one
of them comes out otherwise, as where nothing is counted at all, everything has many holders: what would be written into
is copied first.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from operator import getitem
from typing import Any
from weakref import ref

import numpy as np

from ..context.frames import readable

# More than anybody asks for.
MANY = sys.maxsize


def _uncounted(_: object) -> int:
    return MANY


# What the interpreter counts. It is to be used as it is only where a call of `holders` would cost too much: of an item
# that is read in the argument itself, or in a loop that finds out by itself what its own references add.
count: Callable[[object], int] = getattr(sys, "getrefcount", _uncounted)

# What `count` finds beyond the holders of an object that a call has just returned, or an index just read.
RETURNED = 0


def holders(fetch: Callable[..., Any], *place: Any) -> int:
    """Return in how many places the object stands that ``fetch(*place)`` returns: itself, and not a copy.

    >>> holders(getattr, x, "_raw")  # doctest: +SKIP
    1
    """
    return count(fetch(*place)) - RETURNED


def sole_memory(place: Sequence[Any]) -> bool:
    """Tell whether the memory of an array, the first one of some objects, can be reached by way of that alone."""
    if not place[0].flags.writeable:
        return False
    if place[0].base is None:
        return bool(place[0].flags.owndata)
    if type(place[0].base) is not np.ndarray or place[0].base.base is not None:
        return False
    return holders(getattr, place[0], "base") == 1


def fewest(enough: Callable[[int], bool]) -> int:
    """Return how many references to an object a loop holds itself: the fewest that are `enough` for it.

    They differ between versions of Python, so each loop tries it out once.
    """
    return next((own for own in range(_MOST_OWN) if enough(own)), _MOST_OWN)


_MOST_OWN = 16


# --- the probe --------------------------------------------------------------------------------------------------------

# Calls after which the interpreter has replaced what it carries out by faster forms.
_WARM = 40


class _Slot:
    __slots__ = ("held",)
    held: Any


def place_kinds() -> tuple[Callable[[Any], tuple[Any, ...]], ...]:
    """Return the kinds of places in which arrays are counted: each puts one there, and says how it is fetched."""

    def attribute(array: Any) -> tuple[Any, ...]:
        slot = _Slot()
        slot.held = array
        return getattr, slot, "held"

    def item(array: Any) -> tuple[Any, ...]:
        return getitem, [array], 0

    def entry(array: Any) -> tuple[Any, ...]:
        key = _Slot()
        return {key: array}.get, key

    def base(array: Any) -> tuple[Any, ...]:
        return getattr, array[:1], "base"

    return attribute, item, entry, base


def _counted() -> bool:
    """Tell whether a known number of holders is found in each kind of place, also once the interpreter is warm."""
    global RETURNED
    slot = _Slot()
    slot.held = np.empty(2)
    RETURNED = 0
    RETURNED = holders(getattr, slot, "held") - 1
    for put in place_kinds():
        for others in range(3):
            slot.held = np.empty(2)
            known = (slot.held,) * others
            place = put(slot.held)
            weak = ref(slot.held)
            slot.held = None
            for _ in range(_WARM):
                if holders(*place) != 1 + others or holders(weak) != 1 + others:
                    return False
                if others and count(known[0]) - RETURNED != 1 + others:
                    return False
            del known, place
            if weak() is not None:
                return False
    return True


def _calibrate() -> None:
    global count
    gil = getattr(sys, "_is_gil_enabled", None)
    if (gil is not None and not gil()) or not _counted():
        count = _uncounted


_calibrate()
# Whether counts mean anything. Where they do not, `holders` says that there are many.
COUNTED = count is not _uncounted


# --- an array on its way to an operator -------------------------------------------------------------------------------

# Before 3.14 what an operator is given is counted, and so is the argument of a function.
LENDS = sys.version_info >= (3, 14)


def has_one_name(operator: str, operands: tuple[Any, Any], lent: bool) -> bool:
    """Tell whether nobody but one variable has the first operand of the augmented assignment that has led here.

    Its count is compared with that of an array that is updated by the same operator in a function of our own, where it
    has one name. Since Python 3.14 a local variable may be `lent` to the operator.
    """
    found = holders(getitem, operands, 0)
    if _probing.now:
        raise _Found(found)
    return COUNTED and found == _expected(operator, type(operands[1]), operands[1])[lent]


class _Found(Exception):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count


class _Probing(threading.local):
    now = False


_probing = _Probing()
_known: dict[tuple[str, type], tuple[int, int]] = {}
_NOWHERE = (-1, -1)


def _expected(operator: str, kind: type, variable: Any) -> tuple[int, int]:
    """Return what is counted where the array is counted on its way to the operator, and where it is lent."""
    counts = _known.get((operator, kind))
    if counts is None:
        counted, lent, twice = [_counted_in(probe, variable) for probe in _probes(operator)]
        counts = _known[operator, kind] = (counted, lent) if twice == lent + 1 else _NOWHERE
    return counts


def _counted_in(probe: Callable[[Any], object], variable: Any) -> int:
    _probing.now = True
    try:
        probe(variable)
    except _Found as found:
        return found.count
    finally:
        _probing.now = False
    return -1


def _probes(operator: str) -> Iterable[Callable[[Any], object]]:
    space: dict[str, Any] = {"ones": np.ones}
    text = f"""
def counted(t):
    a = [ones((1, 1))]
    a[0] {operator}= t

def lent(t):
    a = ones((1, 1))
    a {operator}= t

def twice(t):
    a = ones((1, 1))
    b = [a]
    a {operator}= t
"""
    exec(readable(text, f"<gradarray probes of {operator}=>"), space)
    return space["counted"], space["lent"], space["twice"]
