"""Functions that are compiled, or wrapped in C: where variables are given, their Python body runs."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels.traced import has_traced
from ..rules.registry import find
from ..tape.wrapping import bare, has_tensor
from .calls import as_one
from .iteration import Vectorize
from .making import fillable, making
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
    """Make the stand-in of a ufunc that Numba compiles; a derivative that is declared for it goes before its body."""
    elementwise = Vectorize(old._dispatcher.py_func)
    return _with_methods(old, lambda *args: elementwise(*args))


def _jitted_gufunc(old: Any) -> Callable[..., Any]:
    """Make the same for a generalized one, whose body fills an array for each call."""
    return _with_methods(old, functools.partial(_looped, old))


def _with_methods(old: Any, body: Callable[..., Any]) -> Callable[..., Any]:
    kept_for_good(old)

    def call(*args: Any, **kwargs: Any) -> Any:
        if _traced(args, kwargs) and not kwargs and find(old) is None:
            return body(*args)
        if _traced(args, kwargs) and getattr(old, "is_dynamic", False):
            raise TypeError(
                f"{old.__name__} is compiled for the types of what it is called with, and Numba knows none of a "
                "variable: name them, as in @numba.guvectorize(['(float64[:], float64[:])'], '(n)->(n)')"
            )
        with suspended():
            return old(*map(as_one, args), **{name: as_one(x) for name, x in kwargs.items()})

    for name in ("nin", "nout", "signature", "ufunc", "reduce", "accumulate", "outer", "reduceat", "at"):
        if hasattr(old, name):
            setattr(call, name, getattr(old, name))
    call.__wrapped__ = old  # type: ignore[attr-defined]
    return call


def _looped(old: Any, *args: Any) -> Any:
    """Call the body of a generalized ufunc for each loop over its operands, with arrays to fill for its results."""
    cores = [_names(part) for part in old.gufunc_builder.signature.split("->")]
    nin = len(cores[0])
    operands, given = [np.asarray(x) if type(x) is list else x for x in map(as_one, args[:nin])], args[nin:]
    sizes: dict[str, int] = {}
    for names, x in [*zip(cores[0], operands, strict=True), *zip(cores[1], given, strict=False)]:
        sizes.update(zip(names, np.shape(x)[np.ndim(x) - len(names) :], strict=True))
    loops = [np.shape(x)[: np.ndim(x) - len(names)] for names, x in zip(cores[0], operands, strict=True)]
    shape = np.broadcast_shapes(*loops)
    whole = [np.broadcast_to(x, (*shape, *np.shape(x)[len(loop) :])) for x, loop in zip(operands, loops, strict=True)]
    dtype = np.result_type(*map(np.asarray, map(bare, operands)))
    columns: list[list[Any]] = [[] for _ in cores[1]]
    for index in np.ndindex(shape):
        outs = [fillable(np.zeros([sizes[name] for name in names] or [1], dtype)) for names in cores[1]]
        old.gufunc_builder.py_func(*[x[index] for x in whole], *outs)
        for column, out, names in zip(columns, outs, cores[1], strict=True):
            column.append(out if names else out[0])
    made = [np.reshape(np.stack(column), (*shape, *np.shape(column[0]))) for column in columns]
    for out, value in zip(given, made, strict=False):
        out[...] = value
    results = [*given, *made[len(given) :]]
    return results[0] if len(results) == 1 else tuple(results)


def _names(part: str) -> list[list[str]]:
    """Return the names of the core dimensions of operands: of "(m,n),(n)" they are [m, n] and [n]."""
    return [[name.strip() for name in core.split(",") if name.strip()] for core in re.findall(r"\(([^)]*)\)", part)]


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
for_type_named("GUFunc", _jitted_gufunc)
for_type(type(functools.lru_cache(lambda: None)), _cached)
