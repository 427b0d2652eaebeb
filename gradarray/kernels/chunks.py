"""What Dask carries out on ndarrays, the chunks of an array or all of it, when somebody computes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


class Picked:
    """One of the results of a ufunc."""

    def __init__(self, func: np.ufunc, k: int) -> None:
        self.func, self.k = func, k
        self.__name__ = f"{func.__name__}-{k}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.func(*args, **{n: v for n, v in kwargs.items() if n != "dtype"})[self.k]


class Changed:
    """What an array is after a function has written into it."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func = func
        self.__name__ = getattr(func, "__name__", "changed")

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        x = np.array(x)
        self.func(x, *args, **kwargs)
        return x


def taken(x: Any, index: Any) -> Any:
    return x[_as_index(index)]


def with_assigned(x: Any, index: Any, value: Any) -> Any:
    x = np.array(x)
    x[_as_index(index)] = value
    return x


def with_added(x: Any, index: Any, value: Any) -> Any:
    x = np.array(x)
    np.add.at(x, _as_index(index), value)
    return x


def _as_index(index: Sequence[Any]) -> Any:
    return tuple(index)


def rows_added(value: Any, places: Any, n: int, axis: int) -> Any:
    """Return zeros, with rows of a block added at places along an axis."""
    made = np.zeros((*value.shape[:axis], n, *value.shape[axis + 1 :]), value.dtype)
    np.add.at(made, (slice(None),) * axis + (places,), value)
    return made


def positive(places: Any, n: int) -> Any:
    """Return places counted from the start; IndexError for one that there is not."""
    if places.size and (places.min() < -n or places.max() >= n):
        np.empty(n, np.bool_)[places]  # NumPy's own error
    return places % n if n else places


def shape_at(shape: tuple[int, ...], index: Any) -> tuple[int, ...]:
    return np.broadcast_to(np.bool_(), shape)[index].shape  # type: ignore[no-any-return]


def places_of(shape: tuple[int, ...], index: Any) -> Any:
    """Return where an index leads among the elements in C order."""
    if len(index) == len(shape) and all(isinstance(item, np.ndarray) for item in index):
        index = np.broadcast_arrays(*[positive(item, n) for item, n in zip(index, shape, strict=True)])
        return np.ravel_multi_index(tuple(index), shape)
    return np.arange(math.prod(shape)).reshape(shape)[index]
