"""A filter between zeros that are put in and elements that are left out: linear in the signal and in the taps.

Element m of the result is the sum of h[m * down - i * up] * x[i]. Which products a tap has a part in, and in which part
of both signals they stand, depends on the remainder of its number alone.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ...registry import bilinear
from ..values import from_library
from .correlating import blocks


@from_library
def resampled(h: Array, x: Array, *, up: int, down: int, axis: int) -> Array:
    """Return a signal with `up - 1` zeros after each element, filtered, and of that each `down`-th element."""
    return signal.upfirdn(h, x, up, down, axis)


@from_library
def back_to_signal(h: Array, y: Array, *, n: int, up: int, down: int, axis: int) -> Array:
    """Return the transpose: that of the filter from behind, up by the one and down by the other."""
    found = _by_blocks(h, np.moveaxis(y, axis, -1), n, up, down)
    if found is not None:
        return np.moveaxis(found, -1, axis)
    call: Any = signal.upfirdn
    turned = np.concatenate([np.zeros(-(len(h) - 1) % up), h[::-1]])
    first = (len(turned) - 1) // up
    found = call(turned, y, down, up, axis)[(*_before(axis), slice(first, first + n))]
    missing = n - found.shape[axis]
    return np.pad(found, [(0, missing) if i == axis else (0, 0) for i in range(y.ndim)]) if missing else found


def _by_blocks(h: Array, y: Array, n: int, up: int, down: int) -> Any:
    """Return the same along the last axis, by a matrix that a block of elements has in common with all others.

    None stands for what is short, or not finite, which would come to what is beside it.
    """
    common = math.gcd(up, down)
    at_once = down // common * max(1, 32 * common // down)
    if n < 4 * at_once or not np.isfinite(np.sum(y)):
        return None
    width = ((at_once - 1) * up + len(h) - 1) // down + 1
    if width > 8 * at_once * max(1, up // down):  # the taps are many, of which a block has few in common with the next
        return None
    of_tap = np.arange(width)[:, None] * down - np.arange(at_once) * up
    band = np.where((of_tap >= 0) & (of_tap < len(h)), h[np.clip(of_tap, 0, len(h) - 1)], 0)
    count = -(-n // at_once)
    found = blocks(y, count, width, at_once * up // down) @ band.astype(np.result_type(h, y), copy=False)
    return np.reshape(found, (*y.shape[:-1], -1))[..., :n]


@from_library
def back_to_taps(y: Array, x: Array, *, count: int, up: int, down: int, axis: int) -> Array:
    """Return the sum of the products that each of so many taps has a part in."""
    common = math.gcd(up, down)
    period, step = up // common, down // common
    found = np.zeros(count, np.result_type(y, x))
    late, early = (
        [np.ascontiguousarray(z[(*_before(axis), slice(first, None, by))]) for first in range(by)]
        for z, by in ((y, period), (x, step))
    )
    for k in range(0, min(count, period * down), common):
        m = next(m for m in range(period) if (m * down - k) % up == 0)
        lag, i = divmod((m * down - k) // up, step)
        of_tap = found[k :: period * down]
        of_tap += _lagged(late[m][(*_before(axis), slice(-lag, None))], early[i], len(of_tap), axis)
    return found


def _before(axis: int) -> tuple[slice, ...]:
    return (slice(None),) * axis


def _lagged(late: Array, early: Array, count: int, axis: int) -> Array:
    """Return the sums of the products of two signals at the first lags."""
    found = np.zeros(count, np.result_type(late, early))
    for k in range(min(count, late.shape[axis])):
        n = min(late.shape[axis] - k, early.shape[axis])
        pair = late[(*_before(axis), slice(k, k + n))], early[(*_before(axis), slice(n))]
        found[k] = np.dot(*pair) if late.ndim == 1 else np.sum(pair[0] * pair[1])
    return found


bilinear(
    resampled,
    lambda g, _h, x, *, up, down, axis: back_to_taps(g, x, count=len(_h), up=up, down=down, axis=axis),
    lambda g, h, _x, *, up, down, axis: back_to_signal(h, g, n=_x.shape[axis], up=up, down=down, axis=axis),
)
bilinear(
    back_to_signal,
    lambda g, _h, y, *, n, up, down, axis: back_to_taps(y, g, count=len(_h), up=up, down=down, axis=axis),
    lambda g, h, _y, *, n, up, down, axis: resampled(h, g, up=up, down=down, axis=axis),
)
bilinear(
    back_to_taps,
    lambda g, _y, x, *, count, up, down, axis: resampled(g, x, up=up, down=down, axis=axis),
    lambda g, y, _x, *, count, up, down, axis: back_to_signal(g, y, n=_x.shape[axis], up=up, down=down, axis=axis),
)
