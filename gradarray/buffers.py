"""Products of large arrays: in place, with a zero that wins over an infinity, on pages that stay.

A fresh large array costs more than the arithmetic on it, since the operating system hands out its pages one by one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np

# How many references there are to an object; an interpreter that does not count them says that there are many.
references_to: Callable[[object], int] = getattr(sys, "getrefcount", lambda _: sys.maxsize)

# Below this many elements a fresh array is as cheap as the question whether it is needed.
LARGE = 4096


def _count(x: Any) -> int:
    return references_to(x)


def _sole_local() -> int:
    x = np.empty(0)
    return _count(x)


# The references to an array that is a local variable of the caller and nothing else.
_LOCAL = _sole_local()


class _Slot:
    __slots__ = ("_raw",)
    _raw: Any


def _in_slot() -> int:
    holder = _Slot()
    holder._raw = np.empty(1)
    return references_to(holder._raw)


def _loose_and_in_slot() -> tuple[int, int]:
    holder = _Slot()
    holder._raw = np.empty(1)
    raw = ref(holder._raw)()
    in_slot = references_to(raw)
    return in_slot - 1, in_slot


# The references to an array that one slot of an object, or one view, refers to and nobody else: asked for by way of
# the slot, and by a local variable. LOOSE is that of an array which is in the local variable alone.
SOLE = _in_slot()
LOOSE, IN_SLOT = _loose_and_in_slot()


def product(g: Any, d: Any) -> Any:
    """Return g * d, in the memory of `d` where that is a large array which only the calling function knows.

    NumPy itself does so for temporaries in an expression; here the partial derivative is one, in effect.
    """
    if (
        type(d) is np.ndarray
        and d.shape == g.shape
        and d.dtype is g.dtype
        and d.flags.owndata
        and references_to(d) <= _LOCAL
    ):
        return np.multiply(g, d, out=d)
    return g * d


def no_nan(x: Any) -> bool:
    """Tell whether a large array holds no NaN, in one pass and without memory of its own."""
    largest = np.maximum.reduce(x, axis=None)
    return bool(largest == largest)


def absorbing(g: Any, d: Any) -> Any:
    """Multiply so that an exact zero wins over an infinity or a NaN in the derivative."""
    plain = g * d
    # Only where the product is NaN: elsewhere it stays on the tape, because its derivative by g is d for a zero g too.
    zero = np.isnan(plain) & ((g == 0) | ((d == 0) & np.isinf(g)))
    return np.where(zero, np.zeros((), plain.dtype), plain)


def _keep_pages() -> None:
    """Make the C library keep freed memory of up to 32 MB an array for the next one, instead of giving it back.

    glibc does so from the moment that the first array of that size is freed; until then every large array costs a page
    fault for each 4 kB. A chain of four products of 10**6 numbers takes half as long afterwards (measured: 6.6 and
    3.5 ms, 2160 and 0 page faults). Elsewhere this does nothing.
    """
    np.empty(2**25 - 2**13, np.uint8)


_keep_pages()
