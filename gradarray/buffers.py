"""Products of large arrays: in place, and on pages that stay.

A fresh large array costs more than the arithmetic on it, since the operating system hands out its pages one by one.
"""

from __future__ import annotations

from operator import getitem
from typing import Any

import numpy as np

from .references import holders

# Below this many elements a fresh array is as cheap as the question whether it is needed.
LARGE = 4096


def product(g: Any, d: Any) -> Any:
    """Return g * d, in the memory of `d` where that is a large array which its caller has not kept.

    NumPy itself does so for temporaries in an expression; here the partial derivative is one, in effect.
    """
    place = [d]
    del d
    if _like(place[0], g) and holders(getitem, place, 0) == 1:
        return np.multiply(g, place[0], out=place[0])
    return g * place[0]


def _like(d: Any, g: Any) -> bool:
    return type(d) is np.ndarray and d.shape == g.shape and d.dtype is g.dtype and d.flags.owndata


def no_nan(x: Any) -> bool:
    """Tell whether a large array holds no NaN, in one pass and without memory of its own."""
    largest = np.maximum.reduce(x, axis=None)
    return bool(largest == largest)


def _keep_pages() -> None:
    """Make the C library keep freed memory of up to 32 MB an array for the next one, instead of giving it back.

    glibc does so from the moment that the first array of that size is freed; until then every large array costs a page
    fault for each 4 kB. A chain of four products of 10**6 numbers takes half as long afterwards (measured: 6.6 and
    3.5 ms, 2160 and 0 page faults). Elsewhere this does nothing.
    """
    np.empty(2**25 - 2**13, np.uint8)


_keep_pages()
