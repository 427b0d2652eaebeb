"""Correlations of a long array with a short one, or at few lags, as products of matrices.

The last axis is cut into blocks, each with what of the next one it overlaps with: what a block has to do with the short
array is one product with a small matrix, at the speed of such products. Libraries go through the elements, or through
Fourier transforms, which are several times as dear here.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy import fft

# Products for each element, up to which this is faster than three Fourier transforms are; and up to which it takes no
# more memory than the array itself.
FEW, MANY = 200, 2000


def _block(m: int) -> int:
    """Return how long blocks are, for m lags."""
    return max(32, m // 2)


def is_worthwhile(long: tuple[int, ...], short: tuple[int, ...], most: int) -> bool:
    """Tell whether two arrays of these shapes are correlated so with at most so many products for each element."""
    if len(long) != len(short) or not long or 0 in short:
        return False
    lags = [n - m + 1 for n, m in zip(long, short, strict=True)]
    few = [min(n, m) for n, m in zip(lags, short, strict=True)]
    # Either of the two is short along all axes.
    if few not in (lags, list(short)) or min(few) < 1:
        return False
    work = few[-1] + _block(few[-1])
    for n in few[:-1]:
        work *= n
    return work <= most and max(lags[-1], short[-1]) >= 2 * _block(few[-1])


def correlated(long: Any, short: Any) -> Any:
    """Return ``sum(long[k + j] * short[j] for all j)``, where both overlap wholly.

    `is_worthwhile` says whether to call this.
    """
    dtype = np.result_type(long, short, np.float32)
    long, short = long.astype(dtype, copy=False), short.astype(dtype, copy=False)
    lags = [n - m + 1 for n, m in zip(long.shape, short.shape, strict=True)]
    if all(m <= n for n, m in zip(lags, short.shape, strict=True)):
        return _filtered(long, short, lags)
    return _at_few_lags(long, short, lags)


def blocks(x: Any, count: int, size: int, step: int) -> Any:
    """Return the last axis in `count` blocks, which may overlap, with zeros behind it."""
    missing = (count - 1) * step + size - x.shape[-1]
    if missing > 0:
        x = np.concatenate([x, np.zeros((*x.shape[:-1], missing), x.dtype)], axis=-1)
    shape, strides = (*x.shape[:-1], count, size), (*x.strides[:-1], x.strides[-1] * step, x.strides[-1])
    return np.ascontiguousarray(as_strided(x, shape, strides))


def _filtered(long: Any, short: Any, lags: list[int]) -> Any:
    n, m = lags[-1], short.shape[-1]
    step = _block(m)
    count = -(-n // step)
    size = step + m - 1
    parts = blocks(long, count, size, step)
    found: Any = None
    for place in product(*map(range, short.shape[:-1])):
        band = np.zeros((size, step), short.dtype)
        width = band.itemsize
        as_strided(band, (step, m), ((step + 1) * width, step * width))[...] = short[place]
        part = parts[tuple([slice(i, i + k) for i, k in zip(place, lags, strict=False)])]
        one = np.dot(part.reshape(-1, size), band)
        found = one if found is None else np.add(found, one, out=found)
    return found.reshape(*lags[:-1], count * step)[..., :n]


def _at_few_lags(long: Any, short: Any, lags: list[int]) -> Any:
    n, m = short.shape[-1], lags[-1]
    step = _block(m)
    count = -(-n // step)
    size = step + m - 1
    parts, others = blocks(long, count, size, step), blocks(short, count, step, step).reshape(-1, step).T
    found = np.empty(lags, long.dtype)
    for place in product(*map(range, lags[:-1])):
        part = parts[tuple([slice(i, i + k) for i, k in zip(place, short.shape, strict=False)])]
        square = np.dot(others, part.reshape(-1, size))
        width = square.itemsize
        found[place] = np.sum(as_strided(square, (step, m), ((size + 1) * width, width)), axis=0)
    return found


def crossed(full: Any, first: Any, second: Any) -> list[Any]:
    """Return the correlations of a signal with two shorter ones, each at as many lags as the other one has elements.

    One of the two is short. The transforms are of blocks, each with what of the next one it overlaps with.
    """
    long, short = (first, second) if len(first) >= len(second) else (second, first)
    n, m = len(long), len(short)
    real = not any(map(np.iscomplexobj, (full, first, second)))
    forth, back = (fft.rfft, fft.irfft) if real else (fft.fft, fft.ifft)
    size = fft.next_fast_len(max(8 * m, 256), real)
    step = size - m + 1
    count = -(-n // step)
    spectrum = forth(blocks(full, count, size, step), size)
    others = forth(blocks(long if real else np.conj(long), count, step, step), size)
    np.conjugate(others, out=others)
    at_lags = back(np.sum(np.multiply(others, spectrum, out=others), axis=0), size)[:m]
    spectrum *= np.conj(forth(short if real else np.conj(short), size))
    with_short = np.reshape(back(spectrum, size)[:, :step], -1)[:n]
    return [at_lags, with_short] if long is first else [with_short, at_lags]


def lagged_products(p: Any, x: Any, count: int) -> Any:
    """Return ``sum(p[k + j] * x[j] for all j)`` for the first lags k, of two signals of one length."""
    p, x = np.ascontiguousarray(p), np.ascontiguousarray(x)  # products of what lies from behind are slow
    n = len(x)
    if count > _SEVERAL and _by_blocks(p, x, (n + count - 1,), (n,)):
        return correlated(np.concatenate([p, np.zeros(count - 1, p.dtype)]), x)
    found = np.zeros(count, np.result_type(p, x))
    for start in range(0, n, _AT_ONCE):  # what all lags need stays in the cache
        part = x[start : start + _AT_ONCE]
        for k in range(min(count, n - start)):
            other = p[start + k : start + k + _AT_ONCE]
            found[k] += np.dot(other, part[: len(other)])
    return found


# A product of vectors for each lag takes less time than blocks do, up to so many.
_AT_ONCE, _SEVERAL = 32768, 32


def moved(b: Any, x: Any, *, back: bool) -> Any:
    """Return ``sum(b[k] * x[j - k] for all k)`` for each element j of a signal, or ``x[j + k]`` for the way back.

    There are zeros around the signal.
    """
    n, m = len(x), len(b)
    x = np.ascontiguousarray(x)
    if m > _FEW_TAPS and _by_blocks(x, b, (n + m - 1,), (m,)):
        zeros = np.zeros(m - 1, x.dtype)
        return correlated(np.concatenate([x, zeros] if back else [zeros, x]), b if back else b[::-1])
    if not n:
        return np.zeros(0, np.result_type(x, b))
    return np.convolve(x, b[::-1])[m - 1 :] if back else np.convolve(x, b)[:n]


_FEW_TAPS = 11  # for which NumPy has loops of their own


def _by_blocks(x: Any, y: Any, long: tuple[int], short: tuple[int]) -> bool:
    """Tell whether to take blocks, in which what is not finite would come to what is beside it."""
    return is_worthwhile(long, short, MANY) and bool(np.isfinite(np.sum(x))) and bool(np.isfinite(np.sum(y)))
