"""Twins: functions of a library that do not dispatch, and who stands in for each of them where variables are given."""

from __future__ import annotations

import functools
import inspect
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
        args, kwargs = lifted_arguments(args, kwargs, old)
        return all_or_each(new, args, kwargs, call) if mapped else new(*args, **kwargs)

    call.__name__ = getattr(old, "__name__", None) or new.__name__
    call.__wrapped__ = old  # type: ignore[attr-defined]
    return call


def of_library(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of a library with bare values; with traced arrays it is a statement of the program."""
    like = traced_in((args, kwargs))
    return func(*args, **kwargs) if like is None else like.program.opaque(func, args, kwargs)


def lifted_arguments(
    args: Any, kwargs: dict[str, Any], of: Callable[..., Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with one tensor in place of each list of variables, and of each tuple that is an array.

    Which of them have parts of their own is told by the names of the parameters of `of`, the library's function.
    """
    args, kwargs = settled_arguments(args, kwargs)
    named = {name: _lifted(x, name) for name, x in kwargs.items()}
    if tuple not in map(type, args):
        return tuple([_lifted(x, "") for x in args]), named
    known = _parameters(of)
    names = [known[min(i, len(known) - 1)] if known else "" for i in range(len(args))]
    return tuple(map(_lifted, args, names)), named


@functools.cache
def _parameters(of: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's positional parameters, but for the object that a method is of."""
    try:
        found = inspect.signature(of).parameters.values()
    except (TypeError, ValueError):  # in C
        return ()
    positional = [p for p in found if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD) and p.name not in ("self", "cls")]
    return tuple(["" if p.kind is p.VAR_POSITIONAL else p.name for p in positional])


def settled_arguments(args: Any, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with the bare values of arrays that were made in forward mode, and have no tangents."""
    named = {name: x if name in WRITTEN else without_zero_tangents(x) for name, x in kwargs.items()}
    return tuple(map(without_zero_tangents, args)), named


# What has several parts, though these may be numbers, or arrays of one length: what a function of the user's is given,
# and limits, some of which may be None.
_AS_IT_IS = frozenset(
    (
        *("args", "extra_arguments", "sparams", "shapes", "window", "bc_type", "components", "histogram"),
        *("bounds", "bracket", "brack", "ranges", "span", "t_span", "constraints"),
    )
)
# The same, of which each part may be a list: a system's polynomials, knots and coefficients, coordinates, what is at
# either end, a matrix's factors, or its elements and where they stand.
_OF_ARRAYS = frozenset(
    (
        *("system", "tck", "points", "xi", "fill_value"),
        *("c_or_cr", "lu_and_piv", "c_and_lower", "cb_and_lower", "arg1"),
    )
)


def _lifted(value: Any, name: str) -> Any:
    """Return a list of variables as one tensor, and a tuple of them, if the parameter is not known to have several.

    One that is no array keeps its parts: of arrays of several shapes, as the diagonals of a matrix, of bounds, some of
    which are None, or of constraints.
    """
    if type(value) is tuple:
        if name in _AS_IT_IS or not has_tensor(value):
            return value
        if name in _OF_ARRAYS:
            return tuple([_part(x, name) for x in value])
        return as_one(value) if _shape(value) is not None else value
    return as_one(value) if type(value) is list and _shape(value) is not None else value


def _part(value: Any, name: str) -> Any:
    if type(value) not in (list, tuple) or not has_tensor(value):
        return value
    shape = _shape(value)
    # A list of coefficients that are arrays is one of several splines.
    return value if shape is None or (name == "tck" and len(shape) > 1) else as_one(value)


def _shape(value: Any) -> tuple[int, ...] | None:
    """Return the shape of nested sequences of numbers, or None where they are no array of any."""
    if not isinstance(value, (list, tuple)):
        return None if value is None or isinstance(value, (bool, str, dict)) else np.shape(bare(value))
    shapes = {_shape(part) for part in value}
    if len(shapes) != 1:
        return None
    (inner,) = shapes
    return None if inner is None else (len(value), *inner)
