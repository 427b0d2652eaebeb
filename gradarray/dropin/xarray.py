"""Functions inside xarray that hand values to compiled code, or make arrays and fill them, and what stands in for them.

All else of xarray comes to NumPy's functions and operators. These are reached by methods, so that no name of the user's
leads to them: they are bound in xarray's own modules, where the user's code mentions one of the methods.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..reverse.outputs import revalued
from ..tape import loss
from ..tape.wrapping import bare, has_variable
from .making import making
from .places import Place, in_dict
from .table import counterpart
from .twins import of_library

_METHODS = frozenset(
    ("interp", "interp_like", "interpolate", "interpolate_na", "ffill", "bfill", "polyfit", "quantile", "apply_ufunc")
)
loss.carried_in_drop_in |= _METHODS


def inside_xarray(names: Iterable[str], whole: bool) -> list[Place]:
    """Return the places in xarray that code with these names comes to, or all of them."""
    if "xarray" not in sys.modules or not (whole or not _METHODS.isdisjoint(names)):
        return []
    return [place for module in _INSIDE if (place := _place(module)) is not None]


@functools.cache
def _place(module: str) -> Place | None:
    try:
        space = vars(importlib.import_module(module))  # some are imported when they are needed first
    except ImportError:  # of another version
        return None
    place = in_dict(space)
    for name in _INSIDE[module].keys() & space.keys():
        place.add(name, space[name], _INSIDE[module][name](space[name]))
    return place


def _given(variable: Callable[[Any], Any]) -> Callable[..., Any]:
    """Make what makes the stand-in of a function whose first argument has the values, of what computes it for those."""

    def make(old: Callable[..., Any]) -> Callable[..., Any]:
        new = variable(old)

        @functools.wraps(old)
        def call(x: Any, *args: Any, **kwargs: Any) -> Any:
            if making() is None or not has_variable(getattr(x, "data", x) if hasattr(x, "dims") else x):
                return old(x, *args, **kwargs)
            return new(x, *args, **kwargs)

        return call

    return make


# --- missing values, filled with those before -------------------------------------------------------------------------


def _pushed(old: Callable[..., Any]) -> Callable[..., Any]:
    def push(array: Any, n: Any, axis: int, *args: Any, **kwargs: Any) -> Any:
        values = bare(array)
        along = np.expand_dims(
            np.arange(float(values.shape[axis])), [k for k in range(values.ndim) if k != axis % values.ndim]
        )
        places = of_library(old, np.where(np.isnan(values), np.nan, along), n, axis, *args, **kwargs)
        absent = np.isnan(places)
        return np.where(absent, np.nan, np.take_along_axis(array, np.where(absent, 0, places).astype(np.intp), axis))

    return push


# --- interpolation ----------------------------------------------------------------------------------------------------

# All methods but these are linear in the values, whatever else they do.
_NOT_LINEAR = frozenset(("pchip", "akima", "makima", "spline"))


def _interpolated(old: Callable[..., Any]) -> Callable[..., Any]:
    def interp(var: Any, indexes_coords: Any, method: str, **kwargs: Any) -> Any:
        if method in _NOT_LINEAR:
            return old(var, indexes_coords, method, **kwargs)

        def carried_out(values: Any, like: Any) -> Any:
            return old(like.copy(deep=False, data=values), dict(indexes_coords), method, **kwargs)

        found = carried_out(of_library(np.asarray, bare(var.data)), var)
        inner = [dim for dim in var.dims if dim in indexes_coords]
        targets = {dim for _, new in indexes_coords.values() for dim in new.dims}
        shared = [dim for dim in var.dims if dim not in inner and dim in targets]
        others = [dim for dim in var.dims if dim not in inner and dim not in shared]
        outer = [dim for dim in found.dims if dim not in shared and dim not in others]
        # The rows of the matrix are what comes of one that is 1 in one place, and 0 elsewhere.
        sizes, row = var.sizes, "the rows of a matrix"
        n = int(np.prod([sizes[dim] for dim in inner]))
        one = np.eye(n).reshape(n, *[1] * len(shared), *[sizes[dim] for dim in inner])
        one = np.broadcast_to(one, (n, *[sizes[dim] for dim in (*shared, *inner)]))
        like = type(var)((row, *shared, *inner), one)
        rows, none = (carried_out(x, like).transpose(*shared, row, *outer).data for x in (one, np.zeros_like(one)))
        matrix = np.nan_to_num(rows - none, nan=0.0).reshape(*[sizes[dim] for dim in shared], n, -1)
        values = var.transpose(*others, *shared, *inner).data
        values = values.reshape(*values.shape[: len(others) + len(shared)], 1, n)
        # A product with NaN is NaN for all, where an interpolation is not; the values are known anyway.
        products = (np.where(np.isnan(values), 0.0, values) @ matrix).reshape(
            *[sizes[dim] for dim in (*others, *shared)], *[found.sizes[dim] for dim in outer]
        )
        made = type(found)((*others, *shared, *outer), products).transpose(*found.dims)
        return found.copy(deep=False, data=revalued(made.data, found.data))

    return interp


def _numpy(old: Any) -> Any:
    return counterpart(old)


# By module: the names in it, and what makes the stand-in of what each leads to.
_INSIDE: dict[str, dict[str, Callable[[Any], Any]]] = {
    "xarray.core.missing": {"push": _given(_pushed), "interp": _given(_interpolated)},
    # They have NumPy call a function for each part of an array, and fill arrays with what it gives.
    "xarray.core.nputils": {"np": _numpy},
    "xarray.core.computation": {"np": _numpy},
    "xarray.computation.apply_ufunc": {"np": _numpy},
}
