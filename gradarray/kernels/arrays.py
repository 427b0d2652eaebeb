"""What all rooms say of arrays: sizes from which another way pays, and numbers to multiply by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# Below this many elements a fresh array is as cheap as the question whether it is needed.
LARGE = 4096
# A tape that meets no array of so many elements is kept whole until its sweep ends. To release each node once it is
# used, so that the next one can have the memory, takes longer than the arithmetic on smaller ones.
HEAVY = 2**17
# A sum over more products than this is worth the search for an order of contraction, and BLAS: some 30 us in NumPy 2.4.
LARGE_SUM = 50_000

# The commonest dtypes by name: asking a NumPy scalar for its dtype takes longer than arithmetic on it.
FLOAT64, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)
ONES = np.ones(LARGE)
# From this size of an array on, OpenBLAS multiplies in threads. They stay awake for some 25 ms afterwards, in which
# others on their processors take twice as long; so they are left alone where this library has threads of its own.
BLAS_THREADS = 9216
# Below this many elements the hand-over to another thread, some 25 to 45 us, is not won back.
SPLIT = 2**17

# Several threads compute a product in blocks of this many elements, so that what it is made of stays small, and in the
# processor's cache. In smaller ones they would wait for each other at the interpreter's lock.
BLOCK = 2**17
# The elements that the batch of the widest node may have: those of a chunk should stay in the processor's cache.
CHUNK = 2**17
# In rows of this length, np.add.reduce adds one row to another as fast as BLAS does.
LONG_ROW = 64
# Up to this many bytes the memory guard copies an array (128 kB: 3 us; a fingerprint 8, and again in the sweep), and up
# to so many more it looks at all of it (1 MB: 40 us, as much as one multiplication of that size). Of larger ones it is
# some elements: one more pass over a data matrix would cost as much as its product with a vector.
COPIED = 2**17
SEEN_WHOLE = 2**20
# How many those are.
SAMPLE = 4096
# Up to this many bytes a copy costs less than a look at who has the array.
TINY = 2048

# Whatever can stand inside a Tensor: an ndarray, a NumPy scalar, another Tensor, a Dual, a foreign array.
Array = Any


class Spec:
    """The shape and dtype of an array whose values nobody needs."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype})"


class Number(float):
    """A number that does not change the dtype of what it is multiplied by, and is as precise as that."""

    value: Any

    def __new__(cls, value: Any) -> Number:
        self = super().__new__(cls, value)
        self.value = value
        return self

    def beside(self, dtype: np.dtype[Any] | None) -> Any:
        """Return what to multiply an array of this dtype by."""
        return self.value if dtype is not None and dtype.char in "gG" else float(self)


def constant_view(number: Any, shape: tuple[int, ...]) -> Array:
    """Return one number, or what is the only element of an array, in each place of a shape, without memory of its own.

    As np.broadcast_to does, which takes ten times as long on small arrays (2.1 us, here 0.2).
    """
    return np.ndarray(shape, number.dtype, number, 0, (0,) * len(shape))


def is_floating(x: Any) -> bool:
    """Tell whether an object is an array, or a scalar of NumPy's, of numbers that could have a derivative."""
    return getattr(getattr(x, "dtype", None), "kind", "") in ("f", "c")


def factor_of(d: Any, dtype: np.dtype[Any]) -> Any:
    """Return a constant partial derivative for arithmetic with an array of this dtype."""
    return d.beside(dtype) if type(d) is Number else d


def conjugate(d: Array) -> Array:
    """Return the complex conjugate; a real partial derivative is not copied."""
    return np.conj(d) if np.iscomplexobj(d) else d
