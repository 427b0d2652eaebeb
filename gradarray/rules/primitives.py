"""Functions of our own that dispatch as NumPy's do, by which reading and writing at an index are differentiated."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels.arrays import Array
from ..kernels.gate import PLAIN
from ..kernels.placing import add_at, is_basic
from ..kernels.traced import TRACED, copy_of, zeros_beside
from .names import public_name
from .registry import linear, lowered, rule


def primitive(func: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of our own dispatch on its positional arguments, as NumPy's functions do.

    The body sees plain arrays; a Tensor, or any other array with the protocol, answers for itself.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        others = {type(x): x for x in args if type(x) in TRACED or not (type(x) in PLAIN or isinstance(x, np.ndarray))}
        types = [cls for cls in others if hasattr(cls, "__array_function__")]
        for cls in types:
            answer = cls.__array_function__(others[cls], call, types, args, kwargs)
            if answer is not NotImplemented:
                return answer
        if types:
            raise TypeError(f"{public_name(call)} has no form for {', '.join(cls.__name__ for cls in types)}")
        return func(*args, **kwargs)

    call.__name__ = func.__name__
    call.__module__ = func.__module__
    call.__doc__ = func.__doc__
    call.__wrapped__ = func  # type: ignore[attr-defined]
    return call


def saving(func: Any = None, *, alone: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Make a primitive of a function that returns its result and what a tape keeps of it for the derivative.

    That gets it as `saved`, which is None where the operands were no plain arrays, or the derivative is differentiated.
    Where nothing is kept, as in forward mode, a function may find the result `alone` sooner.
    """
    if func is None:
        return functools.partial(saving, alone=alone)

    def value(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)[0] if alone is None else alone(*args, **kwargs)

    def both(*args: Any, **kwargs: Any) -> Any:
        plain = all(type(x) in PLAIN and type(x) not in TRACED for x in args)
        return func(*args, **kwargs) if plain else (call(*args, **kwargs), None)

    value.__name__, value.__module__, value.__doc__ = func.__name__, func.__module__, func.__doc__
    call = primitive(value)
    call.__saves__, call.__of_arrays__ = True, both  # type: ignore[attr-defined]
    return call


# --- primitives -----------------------------------------------------------------------------------------------------
# They are functions of their own, so that the same rules serve every order and both modes.


@primitive
def scatter(y: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Return zeros of a shape, with `y` added at an index: the adjoint of reading there."""
    buffer = zeros_beside(y, shape, y.dtype)
    add_at(buffer, index, y)
    return buffer


@primitive
def clear(y: Array, index: Any) -> Array:
    """Return a copy of `y` with zeros at an index."""
    cleared = copy_of(y)
    cleared[index] = 0
    return cleared


@primitive
def updated(x: Array, v: Array, index: Any) -> Array:
    """Return a copy of `x` that holds `v` at an index."""
    copy = copy_of(x)
    copy[index] = v
    return copy


@primitive
def astype(
    x: Array, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
) -> Array:
    """Return the array with another dtype."""
    return x.astype(dtype, order, casting, subok, copy)


def _winners(index: Any, shape: tuple[int, ...]) -> Any:
    """Tell for each assigned value whether it is the one that stays: of a repeated index only the last does."""
    place = np.zeros(shape, int)
    count = np.arange(place[index].size).reshape(np.shape(place[index]))
    place[index] = count
    return place[index] == count


def value_vjp(g: Array, _ans: Any, _x: Any, _v: Any, *, index: Any) -> Array:
    picked = g[index]
    if not is_basic(index):
        winners = _winners(index, g.shape)
        if not np.all(winners):
            picked = np.where(winners, picked, 0)
    # NumPy lets the value have extra leading axes of length one.
    return picked.reshape((1,) * (_v.ndim - picked.ndim) + picked.shape) if _v.ndim > picked.ndim else picked


def _of_numbers(args: Any, kwargs: dict[str, Any]) -> Any:
    dtype = np.dtype(args[1] if len(args) > 1 else kwargs["dtype"])
    if dtype.kind not in "biufc":
        raise TypeError(
            f"a Tensor holds numbers, not {dtype.name} data; x.data.astype({dtype}) gives an array of the bare values"
        )
    return NotImplemented


linear(astype, lambda g, x, *, dtype, order="K", casting="unsafe", subok=True, copy=True: g)
lowered(astype, _of_numbers)
linear(scatter, lambda g, y, *, index, shape: g[index])
linear(clear, lambda g, y, *, index: clear(g, index=index))
rule(updated, lambda g, _ans, _x, _v, *, index: clear(g, index=index), value_vjp, holomorphic=False, selects=True)


def standing_for(numpys: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a primitive that carries out a function of NumPy's: messages call it by that one's name."""

    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        call = primitive(func)
        call.__stands_for__ = numpys  # type: ignore[attr-defined]
        return call

    return decorate
