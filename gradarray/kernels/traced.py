"""The table of types: what is an array here, and what is one that answers for itself.

Beside NumPy's own arrays there may be arrays that carry out each call and write it down, so that it becomes a program;
see compiler/. They stand wherever an ndarray does. Three questions are asked of a type, and answered by sets, because
the usual answer has to cost no more than a look:

- Has it memory, of which there are views, and into which one can write? `MEMORY`
- May a rule compute with it directly, because it hides no variable? `gate.PLAIN`, `gate.ARRAYS`, which they join when
  they are let in: `gate.admit`
- Is it written down what is done with it? `TRACED`. What looks at values, at sizes or at who holds an array so as to
  be faster stands aside then, because another time the values are others. So it does for an array of another library,
  which stands there as a `guests.Guest` and answers the same questions: its ``program`` makes arrays of that library.

A traced array says by its ``__class__`` that it is an ndarray, and a traced scalar that it is one of NumPy's, so that
``isinstance`` has the usual answer. Only ``type(x) is np.ndarray`` tells that one may do with it as one likes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..context.settings import held


class Traced:
    """What all arrays have in common that write down what is done with them."""

    __slots__ = ("__weakref__",)


# What has memory.
MEMORY: set[type] = {np.ndarray}
# What writes down what is done with it.
TRACED: set[type] = set()


_CONTAINERS = frozenset([list, tuple, dict])


def has_traced(value: Any) -> bool:
    """Tell whether a traced array stands in a value, or in the lists, tuples and dictionaries that it is made of."""
    kind = type(value)
    if kind is list or kind is tuple:
        for item in value:
            kind = type(item)
            if kind in TRACED or (kind in _CONTAINERS and has_traced(item)):
                return True
        return False
    return any(map(has_traced, value.values())) if kind is dict else kind in TRACED


def traced_in(value: Any) -> Any:
    """Return a traced array that stands in nested lists, tuples and dicts, or None."""
    if isinstance(value, Traced):
        return value
    if isinstance(value, (list, tuple)):
        return next((found for item in value if (found := traced_in(item)) is not None), None)
    if isinstance(value, dict):
        return traced_in([*value.values()])
    return None


def zeros_beside(like: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return an array of zeros into which one can write what `like` is."""
    if type(like) in TRACED:
        return like.program.zeros(shape, dtype)
    return np.zeros(shape, dtype)


def of_program(array: Any) -> Any:
    """Return an array that is made here as a part of the program that is being written down, if there is one."""
    program = held().program
    return array if program is None else program.made(array)


def one_beside(values: Iterable[Any]) -> Any:
    """Return the number 1 that a sweep begins with; with a traced array among the values, which tells it so, as one."""
    like = next((x for x in values if type(x) in TRACED), None)
    return np.float64(1) if like is None else like.program.one(np.float64, ())


def as_form(x: Any) -> Any:
    """Return an array that is alike in shape, dtype and memory, for what asks for these and for no values."""
    return x.value if type(x) in TRACED else x


def copy_of(x: Any, order: Any = "K") -> Any:
    """Return a copy as an array, also of a scalar."""
    if type(x) in TRACED:
        return x.as_array(order, copy=True)
    return np.array(x, order=order)


def fresh_array(x: Any, **options: Any) -> Any:
    """Do what np.array does, with a traced array."""
    return x.__array_function__(np.array, (type(x),), (x,), options)


def array_of(x: Any) -> Any:
    """Return an array; of a scalar, a copy as one."""
    return x.as_array() if type(x) in TRACED else np.asarray(x)


def address(x: Any) -> int:
    """Return where in memory the first element of an array stands."""
    return int((x.value if type(x) in TRACED else x).__array_interface__["data"][0])
