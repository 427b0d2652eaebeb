"""Functions that are compiled, or wrapped in C: where variables are given, their Python body runs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..kernels.traced import has_traced
from ..tape.wrapping import has_tensor
from .iteration import Vectorize
from .making import making
from .places import suspended
from .table import for_type, for_type_named, kept_for_good


def _traced(args: Any, kwargs: Any) -> bool:
    return (making() is not None and has_tensor((args, kwargs))) or has_traced((args, kwargs))


def _jitted(old: Any) -> Callable[..., Any]:
    """Make the stand-in of a function that Numba compiles: for types that are new to it, with all names put back."""
    known: set[Any] = set()
    kept_for_good(old)

    @functools.wraps(old.py_func)
    def call(*args: Any, **kwargs: Any) -> Any:
        if _traced(args, kwargs):
            return old.py_func(*args, **kwargs)
        kinds = tuple([(type(x), getattr(x, "dtype", None), getattr(x, "ndim", None)) for x in args])
        if kinds in known and not kwargs:
            return old(*args)
        with suspended():
            result = old(*args, **kwargs)
        known.add(kinds)
        return result

    call.py_func = old.py_func  # type: ignore[attr-defined]
    call.__wrapped__ = old
    return call


def _jitted_ufunc(old: Any) -> Callable[..., Any]:
    elementwise = Vectorize(old._dispatcher.py_func)

    def call(*args: Any, **kwargs: Any) -> Any:
        if _traced(args, kwargs):
            return elementwise(*args, **kwargs)
        with suspended():
            return old(*args, **kwargs)

    call.__wrapped__ = old  # type: ignore[attr-defined]
    return call


def _cached(old: Any) -> Callable[..., Any]:
    """Make the stand-in of a function with a cache, which a variable is no key of."""

    @functools.wraps(old)
    def call(*args: Any, **kwargs: Any) -> Any:
        return old.__wrapped__(*args, **kwargs) if _traced(args, kwargs) else old(*args, **kwargs)

    call.__wrapped__ = old
    for name in ("cache_clear", "cache_info", "cache_parameters"):
        setattr(call, name, getattr(old, name))
    return call


for_type_named("CPUDispatcher", _jitted)
for_type_named("DUFunc", _jitted_ufunc)
for_type(type(functools.lru_cache(lambda: None)), _cached)
