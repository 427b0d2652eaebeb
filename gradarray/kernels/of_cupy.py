"""The answers for CuPy's arrays, which are in the memory of a graphics processor.

CuPy answers NumPy's functions by its own of the same names. It takes no ndarray beside one of its arrays, so that what
this library makes in the memory of the host is brought to the device first.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .backends import Backend


class CuPy(Backend):
    name = "CuPy arrays"

    def __init__(self) -> None:
        self.cupy = importlib.import_module("cupy")  # where there is one of its arrays, it has been imported
        scatter: Any = getattr(self.cupy, "add", None)
        self._add_at = getattr(scatter, "at", None) or importlib.import_module("cupyx").scatter_add

    def zeros(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        with like.device:
            return self.cupy.zeros(shape, dtype)

    def ones(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        with like.device:
            return self.cupy.ones(shape, dtype)

    def array(self, value: Any, like: Any) -> Any:
        with like.device:
            return self.cupy.asarray(value)

    def to_numpy(self, x: Any) -> Any:
        return self.cupy.asnumpy(x)

    def is_clean(self, x: Any) -> bool:
        return not bool(self.cupy.isnan(x).any())

    def added(self, x: Any, index: Any, value: Any, own: bool) -> Any:
        x = x if own else x.copy()
        self._add_at(x, index, value)
        return x

    def call(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        if isinstance(func, np.ufunc):
            found: Any = getattr(self.cupy, func.__name__, None)
        else:
            found = self.cupy
            for name in (*(func.__module__ or "").split(".")[1:], func.__name__):
                found = getattr(found, name, None)
        if found is None or found is func:
            return NotImplemented
        return found(*args, **kwargs)
