"""Element-wise work on large arrays in several threads.

NumPy releases the interpreter lock while it computes, so that two threads work on two halves of an array at once. Each
element is computed as before, and the result is the same to the last bit.
"""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..context.settings import silently, told_once
from . import workers
from .arrays import BLOCK, LARGE, SPLIT
from .products import no_nan, product
from .rows import rooms
from .traced import TRACED


def _count_threads() -> int:
    """Return how many threads to use: as many as other numerical libraries do."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdigit() and int(told) > 0:
        return int(told)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


THREADS = _count_threads()


def _in_parts(compute: Callable[[slice], object], size: int, length: int | None = None) -> None:
    """Call `compute` for slices that cover `size` elements, or the `length` rows that hold them, at the same time."""
    length = size if length is None else length
    # No part is so small that its hand-over is not won back, however many processors there are.
    count = max(1, min(THREADS, 2 * size // SPLIT, length))
    workers.workers.run(compute, _evenly(0, length, count))


def _evenly(start: int, stop: int, count: int) -> list[slice]:
    """Return so many slices of about the same length, which cover what lies between."""
    edges = [start + (stop - start) * k // count for k in range(count + 1)]
    return [slice(first, last) for first, last in itertools.pairwise(edges)]


def _flat(operand: Any, shape: tuple[int, ...]) -> Any:
    """Return an operand so that it can be sliced, or as the number that it is; NotImplemented where it is neither."""
    if type(operand) is not np.ndarray:
        return operand
    if operand.ndim and not any(operand.strides):
        return operand[(0,) * operand.ndim]  # one number, spread over the shape
    if operand.shape != shape or not operand.flags.c_contiguous:
        return NotImplemented
    return operand.reshape(-1)


def ufunc_in_parts(ufunc: np.ufunc, *operands: Any, out: Any = None) -> Any:
    """Return ``ufunc(*operands)``; they, or the result that they are broadcast to, may be large arrays.

    What is small after all, or lies strided in memory, is left to NumPy.
    """
    if not TRACED.isdisjoint(map(type, (*operands, out))):
        return ufunc(*operands) if out is None else ufunc(*operands, out=out)
    shapes = {x.shape for x in operands if type(x) is np.ndarray}
    if len(shapes) > 1:
        return _broadcast_in_parts(ufunc, operands) if out is None and len(operands) == 2 else ufunc(*operands, out=out)
    (shape,) = shapes
    if THREADS == 1 or math.prod(shape) < SPLIT:
        return ufunc(*operands, out=out)
    flat = [_flat(operand, shape) for operand in (*operands, *(() if out is None else (out,)))]
    if any(operand is NotImplemented for operand in flat):
        return ufunc(*operands, out=out)
    fresh = out is None
    if fresh:
        out = np.empty(shape, _result_type(ufunc, flat))
        flat.append(out.reshape(-1))
    *flat, target = flat

    def compute(part: slice) -> None:
        ufunc(*[x[part] if type(x) is np.ndarray else x for x in flat], out=target[part])

    if fresh:
        told_once(lambda: _in_parts(compute, target.size), lambda: ufunc(*operands, out=out))
    else:  # an update, in the sweep, which says nothing
        _in_parts(compute, target.size)
    return out


def _broadcast_in_parts(ufunc: np.ufunc, operands: tuple[Any, ...]) -> Any:
    """Return ``ufunc(*operands)`` for two arrays of different shapes: in parts along the first axis."""
    first, second = operands
    size = 1
    for n, m in zip(first.shape, second.shape, strict=False):
        size *= n if n > m else m
    if size < SPLIT or first.ndim != second.ndim or THREADS == 1:
        return ufunc(*operands)
    if len(first) < THREADS > len(second) or not (first.flags.c_contiguous and second.flags.c_contiguous):
        return ufunc(*operands)
    shape = np.broadcast_shapes(first.shape, second.shape)  # or NumPy's own error
    out = np.empty(shape, _result_type(ufunc, operands))
    split = [len(x) > 1 for x in operands]

    def compute(part: slice) -> None:
        ufunc(*[x[part] if s else x for x, s in zip(operands, split, strict=True)], out=out[part])

    told_once(lambda: _in_parts(compute, size, len(out)), lambda: ufunc(*operands, out=out))
    return out


def _result_type(ufunc: np.ufunc, operands: Iterable[Any]) -> Any:
    kinds = [type(x) if type(x) in (int, float, complex) else np.asarray(x).dtype for x in operands]
    return ufunc.resolve_dtypes((*kinds, None))[-1]


# What Python's ** does with an array and one of these exponents.
_POWERS: dict[float, np.ufunc] = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}


def power_in_parts(x: Any, y: Any) -> Any:
    """Return ``x ** y`` for a large array `x`."""
    ufunc = _POWERS.get(y) if type(y) in (int, float) else None
    return ufunc_in_parts(np.power, x, y) if ufunc is None else ufunc_in_parts(ufunc, x)


def zero_fill(target: Any) -> None:
    """Fill a contiguous array with zeros."""
    if target.size >= SPLIT:
        flat = target.reshape(-1)
        _in_parts(lambda part: flat[part].fill(0), target.size)
    else:
        target.fill(0)


def add(target: Any, g: Any, assign: bool = False) -> None:
    """Carry out ``target += g``, or ``target[...] = g``."""
    if target.size >= SPLIT and target.shape == g.shape:
        ufunc_in_parts(np.positive if assign else np.add, *((g,) if assign else (target, g)), out=target)
    elif assign:
        target[...] = g
    else:
        target += g


def scaled_in_parts(g: Any, factor: float, spare: bool = False) -> Any:
    """Return ``factor * g`` for a large cotangent, in its own memory if that is to spare.

    Of one number, spread over a shape, the result is such a one again.
    """
    if g.size < SPLIT and g.flags.c_contiguous:
        return np.multiply(g, factor, out=g if spare else None)
    number = _flat(g, g.shape)
    if number is NotImplemented or type(number) is np.ndarray:
        return ufunc_in_parts(np.multiply, g, factor, out=g if spare else None)
    return np.broadcast_to(number * factor, g.shape)


def product_in_parts(
    g: Any,
    partial: Callable[..., Any],
    saved: tuple[Any, ...],
    into: Any = None,
    spare: bool = False,
    mend: Callable[[Any, Any, Any, Any], Any] | None = None,
) -> Any:
    """Return ``g * partial(*saved)`` for a large real cotangent and an element-wise function.

    Given `into`, a contiguous array of the cotangent's shape and dtype, add the product to that. The result may take
    the memory of a cotangent that is to `spare`. Where a NaN comes out, ``mend(place, g, d, product)`` returns what is
    to be taken for a product and its factors; the place is an index of rows, or of the elements in C order, or ``...``.
    """
    # Too small for threads, and for halves, which spare memory.
    if mend is None and g.size < (2 * LARGE if spare and into is None else SPLIT) and _is_packed((g, *saved)):
        result = product(g, partial(*saved))
        if into is not None:
            into += result
            return into
        return result.astype(g.dtype) if spare and result.dtype is not g.dtype else result
    shape = g.shape
    flat = [_flat(x, shape) for x in (g, *saved)]
    if not any(type(x) is np.ndarray or x is NotImplemented for x in flat):
        # One number, spread over the shape, times another one: so is the product.
        number = (flat[0] * partial(*flat[1:])).astype(g.dtype, copy=False)
        result = np.broadcast_to(number, shape)
        if mend is not None and number != number:
            result = mend(..., g, partial(*saved), result)
        if into is None:
            return result
        add(into, result)
        return into
    rows = any(x is NotImplemented for x in flat)
    if rows:  # strided or broadcast: in parts along the first axis, if they all have it
        flat = [g, *saved]
    threads = THREADS > 1 and g.size >= SPLIT
    spare = spare and into is None and g.flags.c_contiguous
    if (not threads and into is None and not spare) or (rows and not all(_has_rows(x, shape) for x in flat)):
        result = product(g, partial(*saved))
        if mend is not None and not no_nan(result):
            result = mend(..., g, partial(*saved), result)
        if into is None:
            return result
        into += result
        return into
    # A cotangent that is one number, neither zero nor infinite, has nothing that could win over a NaN.
    if type(flat[0]) is not np.ndarray and flat[0] != 0 and np.isfinite(flat[0]):
        mend = None
    out = into if into is not None else g if spare else np.empty(shape, g.dtype)
    fresh = into is None and not spare
    target = out if rows else out.reshape(-1)
    length = len(target)
    # One thread gains nothing by blocks but half of the memory beside that of a cotangent to spare. No block is smaller
    # than LARGE, from where on a partial derivative may be computed in another way, which rounds otherwise.
    halves = spare and length // 2 * (g.size // length) >= LARGE
    step = max(1, BLOCK * length // g.size) if threads else (length + 1) // 2 if halves else length

    def compute(part: slice) -> None:
        for block in _evenly(part.start, part.stop, -(-(part.stop - part.start) // step)):
            cotangent, *parts = [x[block] if type(x) is np.ndarray else x for x in flat]
            if fresh:
                result = np.multiply(cotangent, partial(*parts), out=target[block])
            else:
                result = product(cotangent, partial(*parts))
            if mend is not None and not no_nan(result):
                result = mend(block, cotangent, partial(*parts), result)
                if fresh:
                    target[block] = result
            if into is not None:
                target[block] += result
            elif spare:
                target[block] = result
            result = None  # for the next block

    if threads:
        _in_parts(compute, target.size, length)
    else:
        compute(slice(0, length))
    return out


def _is_packed(operands: Iterable[Any]) -> bool:
    """Tell whether all arrays among the operands lie in C order, without gaps: so does what is computed of them."""
    for x in operands:  # noqa: SIM110 - all() takes twice as long
        if type(x) is np.ndarray and not x.flags.c_contiguous:
            return False
    return True


def _has_rows(operand: Any, shape: tuple[int, ...]) -> bool:
    return type(operand) is not np.ndarray or operand.shape == shape


def reduce_in_parts(ufunc: np.ufunc, a: Any, axis: int, keepdims: bool) -> Any:
    """Return ``ufunc.reduce(a, axis)`` for a large array in C order; `axis` is not the first one.

    Each result comes from its own row in the same order, so it is the same to the last bit.
    """
    shape = (*a.shape[:axis], *((1,) if keepdims else ()), *a.shape[axis + 1 :])
    reduce: Any = ufunc.reduce
    out = np.empty(shape, silently(reduce, a[:1], axis).dtype)

    def compute(part: Any, out: Any) -> Any:
        return reduce(part, axis, None, out, keepdims)

    told_once(lambda: along_first(compute, a, out), lambda: compute(a, out))
    return out


# A block of rows that several statements work on has this many elements, or up to twice as many: that leaves a dozen
# such arrays in the cache that the processors share. In smaller ones threads wait for each other at the interpreter's
# lock: with half of it, in two threads, distances of 320 points took 1.3 times as long, softmax 0.92, polynomials and
# others 1.0 to 1.1. So what is less than two blocks is one: distances of 200 points take 0.8 of the time.
ROWS = 2**17
# What `rooms` is asked for: the shape of one row, and the dtype.
Needs = Sequence[tuple[tuple[int, ...], Any]]


def by_rows(compute: Callable[..., object], length: int, step: int, work: int, needs: Needs = ()) -> None:
    """Call `compute` for blocks of `step` rows or up to twice as many, which together are `length`, in threads.

    It is called with a block, False, and what `rooms` gives for its needs, which one block hands on to the next. `work`
    is how many elements all statements compute. If NumPy has something to say, a call with all rows and True follows.
    """

    def blocks(part: slice) -> None:
        count = max(1, (part.stop - part.start) // step)
        room = rooms(needs, -(-(part.stop - part.start) // count))
        for block in _evenly(part.start, part.stop, count):
            compute(block, False, [x[: block.stop - block.start] for x in room])

    told_once(lambda: _in_parts(blocks, work, length), lambda: compute(slice(0, length), True, rooms(needs, length)))


def by_halves(compute: Callable[..., object], length: int, step: int, work: int, needs: Needs = ()) -> None:
    """Do what `by_rows` does, with the blocks of which `total_by_halves` puts a sum together."""
    every = [*_halves(0, length, step)]

    def blocks(part: slice) -> None:
        mine = every[part]
        room = rooms(needs, max(block.stop - block.start for block in mine))
        for block in mine:
            compute(block, False, [x[: block.stop - block.start] for x in room])

    told_once(
        lambda: _in_parts(blocks, work, len(every)), lambda: compute(slice(0, length), True, rooms(needs, length))
    )


def _halves(start: int, stop: int, step: int) -> Iterator[slice]:
    """Yield the parts, of at most `step`, of which NumPy's pairwise sum of so many numbers is the sum."""
    if stop - start <= step:
        yield slice(start, stop)
    else:
        middle = _middle(start, stop)
        yield from _halves(start, middle, step)
        yield from _halves(middle, stop, step)


def _middle(start: int, stop: int) -> int:
    half = (stop - start) // 2
    return start + half - half % 8


def total_by_halves(sums: dict[int, Any], start: int, stop: int) -> Any:
    """Return the sum that np.add.reduce has for a whole array, from those of its halves' halves."""
    if len(sums) == 1:
        (total,) = sums.values()
        return total
    middle = _middle(start, stop)
    first = {at: x for at, x in sums.items() if at < middle}
    last = {at: x for at, x in sums.items() if at >= middle}
    return np.add.reduce([total_by_halves(first, start, middle), total_by_halves(last, middle, stop)])


# NumPy's pairwise sum halves whatever is longer than this.
PAIRWISE = 128


@functools.cache
def sums_by_halves(code: str) -> bool:
    """Tell whether this NumPy sums numbers of a dtype so."""
    x = np.sin(np.arange(10_007.0)).astype(code)
    sums = {part.start: np.add.reduce(x[part]) for part in _halves(0, len(x), PAIRWISE)}
    return bool(total_by_halves(sums, 0, len(x)) == np.add.reduce(x))


def along_first(compute: Callable[[Any, Any], object], a: Any, out: Any) -> Any:
    """Return `out`, once ``compute(a[part], out[part])`` has filled it in parts along the first axis."""
    _in_parts(lambda part: compute(a[part], out[part]), a.size, len(a))
    return out
