"""Products in place: the memory of a large array that nobody else holds takes the result.

A fresh large array costs more than the arithmetic on it, since the operating system hands out its pages one by one.
Who else holds an array is told by its reference count, as NumPy itself does for temporaries in an expression; an
interpreter without reference counts computes the same with more memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .tape import Array

references: Callable[[object], int] = getattr(sys, "getrefcount", lambda _: sys.maxsize)

# Below this many elements a fresh array is as cheap as the question whether it is needed.
LARGE = 4096


def _count(x: Any) -> int:
    return references(x)


def _pass_on(x: Any) -> int:
    return _count(x)


def _sole_local() -> int:
    x = np.empty(0)
    return _count(x)


def _sole_passed_on() -> int:
    x = np.empty(0)
    return _pass_on(x)


# The references to an array that is a local variable of the caller, or of the caller's caller, and nothing else.
_LOCAL = _sole_local()
_PASSED_ON = _sole_passed_on()


def product(g: Array, d: Array, last: bool = True) -> Array:
    """Return g * d, in the memory of either where it is theirs alone.

    Parameters
    ----------
    g : a large cotangent; it was handed to the calling function, which hands it on
    d : a partial derivative; a local variable of the calling function
    last : the calling function does not need `g` any more
    """
    dtype = g.dtype
    if type(d) is np.ndarray:
        if d.shape == g.shape and d.dtype is dtype and d.flags.owndata and references(d) <= _LOCAL:
            return np.multiply(g, d, out=d)
        fits = d.dtype is dtype and d.ndim <= g.ndim
    else:
        fits = type(d) in (float, int) or getattr(d, "dtype", None) is dtype
    alone = last and fits and references(g) <= _PASSED_ON and g.flags.owndata
    if alone and np.broadcast_shapes(g.shape, np.shape(d)) == g.shape:
        return np.multiply(g, d, out=g)
    return g * d


def _keep_pages() -> None:
    """Make the C library keep freed memory of up to 32 MB an array for the next one, instead of giving it back.

    glibc does so from the moment that the first array of that size is freed; until then every large array costs a page
    fault for each 4 kB. A chain of four products of 10**6 numbers takes half as long afterwards (measured: 6.6 and
    3.5 ms, 2160 and 0 page faults). Elsewhere this does nothing.
    """
    np.empty(2**25 - 2**13, np.uint8)


_keep_pages()
