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
from collections.abc import Callable
from operator import getitem
from typing import Any
from weakref import ref

import numpy as np

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


# --- the probe --------------------------------------------------------------------------------------------------------

# Calls after which the interpreter has replaced what it carries out by faster forms.
_WARM = 40


class _Slot:
    __slots__ = ("held",)
    held: Any


def places() -> tuple[Callable[[Any], tuple[Any, ...]], ...]:
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
    for put in places():
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
