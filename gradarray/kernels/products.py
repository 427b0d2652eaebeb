"""Products of large arrays: in place, and on pages that stay.

A fresh large array costs more than the arithmetic on it, since the operating system hands out its pages one by one.
"""

from __future__ import annotations

from operator import getitem
from typing import Any

import numpy as np

from .references import holders


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
    fault for each 4 kB. It takes 65 us and 0.9 MB at import. Without it, benchmarks with 10**6 elements take, from the
    twelfth step on, 870 to 2330 page faults in place of none, and 1.08 to 1.87 of the time (pairwise distances 1.87,
    softmax 1.65, polynomial 1.33); the second step 1.06 to 1.63. The peak of the memory is the same; up to 25 MB more
    stay between two steps. Elsewhere this does nothing.
    """
    np.empty(2**25 - 2**13, np.uint8)


_keep_pages()
