"""Twins: functions of a library that do not dispatch, and who stands in for each of them where variables are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..batch.one_by_one import all_or_each, lane_within
from ..context.settings import held
from ..kernels.traced import traced_in
from ..rules.scipy.declared import WRITTEN
from ..tape.wrapping import bare, has_tensor, has_variable, without_zero_tangents
from .calls import as_one
from .making import making
from .table import like, stand_in


def twin(library_function: Callable[..., Any], stand_in_function: Callable[..., Any], *, looks: bool = False) -> None:
    """Declare who stands in for a function of a library that does not let NumPy's dispatch through.

    In drop-in mode, which transforms open by themselves, user code that calls the library's function with a variable
    among the arguments gets what the stand-in returns; all other calls go to the library.

    Parameters
    ----------
    library_function : callable
        As user code calls it.
    stand_in_function : callable
        Takes the same arguments, and computes the same in differentiable ``np.*``. It gets variables as they are, and
        one tensor in place of a list in which variables stand.
    looks : bool, optional
        Whether the stand-in gets all calls, as one that is given functions and finds the variables in their closures.

    Raises
    ------
    TypeError
        If one of the two cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> import statistics
    >>> ga.registry.twin(statistics.mean, lambda data: np.mean(np.stack(data)))
    """
    for function in (library_function, stand_in_function):
        if not callable(function):
            raise TypeError(f"a twin is declared for a function, by a function, not {function!r:.60}")
    name = getattr(library_function, "__name__", None) or stand_in_function.__name__  # an object's may be missing
    stand_in(library_function, lambda old: like(old)(stand_in_of(old, stand_in_function, looks)), name=name)


def stand_in_of(old: Callable[..., Any], new: Callable[..., Any], looks: bool = False) -> Callable[..., Any]:
    """Make the function that calls `new` where a variable is given, and otherwise the old one, with bare values.

    One that looks for itself is called in either case, while drop-in mode is open.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        mapped = bool(held().lanes) and lane_within(args, kwargs) is not None
        if not mapped:
            if making() is None or not (looks or has_tensor((args, kwargs))):
                return of_library(old, *args, **kwargs)
            if not (looks or has_variable(args) or has_variable(kwargs)):
                return call(*bare(args), **bare(kwargs))
        args, kwargs = lifted_arguments(args, kwargs, tuples=not looks)
        return all_or_each(new, args, kwargs, call) if mapped else new(*args, **kwargs)

    call.__name__ = getattr(old, "__name__", None) or new.__name__
    call.__wrapped__ = old  # type: ignore[attr-defined]
    return call


def of_library(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of a library with bare values; with traced arrays it is a statement of the program."""
    like = traced_in((args, kwargs))
    return func(*args, **kwargs) if like is None else like.program.opaque(func, args, kwargs)


def lifted_arguments(args: Any, kwargs: dict[str, Any], tuples: bool = False) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with one tensor in place of each list of variables; with `tuples`, of those of numbers, too."""
    args, kwargs = settled_arguments(args, kwargs)
    named = {name: _lifted(x, tuples and name not in _OF_SEVERAL) for name, x in kwargs.items()}
    return tuple([_lifted(x, tuples) for x in args]), named


def settled_arguments(args: Any, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with the bare values of arrays that were made in forward mode, and have no tangents."""
    named = {name: x if name in WRITTEN else without_zero_tangents(x) for name, x in kwargs.items()}
    return tuple(map(without_zero_tangents, args)), named


# What has parts of their own, which may be numbers.
_OF_SEVERAL = frozenset(("args", "sparams", "system"))


def _lifted(value: Any, tuples: bool) -> Any:
    """Return a list of variables as one tensor; a tuple, such as the factors of a matrix, keeps its parts.

    With `tuples`, one of numbers alone is an array of them.

    So does a list that is no array: of arrays of several shapes, as the diagonals of a matrix, of bounds, some of which
    are None, or of constraints.
    """
    if type(value) is tuple:
        return as_one(value) if tuples and has_tensor(value) and not any(map(_has_parts, value)) else value
    return as_one(value) if type(value) is list and _is_array(value) else value


def _has_parts(value: Any) -> bool:
    return value is None or isinstance(value, (bool, str, list, tuple, dict)) or np.ndim(bare(value)) > 0


def _is_array(value: list[Any] | tuple[Any, ...]) -> bool:
    return _shape_of(value) is not None


def _shape_of(value: Any) -> tuple[int, ...] | None:
    """Return the shape of the array that a list is, and None where it is none."""
    if value is None or isinstance(value, dict):
        return None
    if not isinstance(value, (list, tuple)):
        return tuple(np.shape(bare(value)))
    parts = {_shape_of(part) for part in value}
    if len(parts) > 1 or None in parts:
        return None
    return (len(value), *parts.pop()) if parts else (0,)  # type: ignore[misc]
