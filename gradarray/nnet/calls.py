"""What the functions of this room have in common: their arguments and their results."""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

import gradarray as ga

from ..elsewhere.answers import lacking as lacking
from ..elsewhere.answers import telling as telling


def called(func: Callable[..., Any], *args: Any, constant: bool | None = None, **params: Any) -> ga.Tensor:
    """Return the result of a call as a Tensor, which is a constant if all arguments are, or as `constant` says."""
    if constant:
        with ga.no_grad:
            result = func(*args, **params)
    else:
        result = func(*args, **params)
    if isinstance(result, (np.ndarray, np.generic)):
        return ga.tensor(result, constant=constant is not False or result.dtype.kind not in "fc", copy=False)
    if constant is False and isinstance(result, ga.Tensor) and result.constant:
        return ga.tensor(result, constant=False, copy=False)
    return result  # type: ignore[no-any-return]


def operand(x: Any, name: str = "x", kinds: str = "fiub") -> Any:
    """Return an operand as an array or a Tensor; TypeError for what are no numbers of these kinds: real ones."""
    if type(x) is int or type(x) is float:
        x = np.asarray(x)
    elif not hasattr(x, "dtype"):
        try:
            x = ga.positive(x)  # of a list a constant, or what its variables are stacked to
        except TypeError as error:
            raise TypeError(f"`{name}` must contain numbers, got {reprlib.repr(x)}") from error
    if x.dtype.kind not in kinds:
        raise TypeError(f"`{name}` must contain {'' if 'c' in kinds else 'real '}numbers, got {x.dtype}")
    return x


def floating(x: Any, name: str = "x", kinds: str = "fiub") -> Any:
    """Return an operand as an array or a Tensor of floating-point numbers: whole ones become float64."""
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    if kind == "f":
        return x
    x = operand(x, name, kinds)
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


def number(value: Any, name: str, like: Any) -> Any:
    """Return a real parameter as a Python number, which leaves the precision of `like` as it is.

    A variable stays one, so that its gradient is not lost.
    """
    if isinstance(value, (np.ndarray, np.generic)) and value.size == 1:
        value = value.item()
    elif hasattr(value, "__array_function__"):
        if value.size != 1 or value.dtype.kind not in "fiub":
            raise TypeError(f"`{name}` must be a real-valued scalar, got {value}")
        value = value.reshape(())
        return value.astype(like.dtype) if like.dtype.kind == "f" else value
    if isinstance(value, (int, float)):
        return value
    if not isinstance(value, Real):
        raise TypeError(f"`{name}` must be a real-valued scalar, got {value!r} (type {type(value).__name__})")
    return float(value)


def where_true(mask: Any, x: Any) -> Any:
    """Return `x` where a mask holds, and 0 elsewhere, in half of the time of np.where and of ``mask * x``."""
    return mask.astype(x.dtype) * x


def mean(x: Any) -> Any:
    """Return np.mean(x) in half of its time, where `x` is a small plain array."""
    if (
        type(x) is not np.ndarray or not x.size or x.dtype.itemsize < 4
    ):  # which NumPy warns of, or sums in another dtype
        return np.mean(x)
    return np.add.reduce(x, axis=None) / x.size


def chosen(mask: Any, x: Any, other: float) -> Any:
    """Return `x`, which is new, where a mask holds, and a number elsewhere, in less time than np.where."""
    if type(x) is not np.ndarray:
        return np.where(mask, x, other)
    np.putmask(x, ~mask, other)
    return x
