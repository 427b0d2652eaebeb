"""Set routines.

Conventions: of elements that are equal, each has an even share in the value that unique makes of them; slices that are
equal along an axis leave it to the first one; the values of intersect1d are those of its first operand.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ..primitives import astype
from ..registry import composite, nondifferentiable
from ..signature import parameter_names
from .shape import as_array, plain

_unique_names = parameter_names(np.unique) or ()


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    raw = plain(as_array(ar))
    options: dict[str, Any] = {"axis": axis, "equal_nan": equal_nan}
    _, index, *others = np.unique(raw, True, return_inverse, return_counts, **options)  # type: ignore[call-overload]
    if not sorted and not others and not return_index:
        index = _in_order_of(np.unique(raw, sorted=False, **options), index, axis)
    if axis is None and sorted:
        # Out of the sorted elements, since sorting shares what comes back evenly between those that are equal.
        counts = np.unique(raw, return_counts=True, equal_nan=equal_nan)[1]
        values = np.sort(as_array(ar), axis=None)[np.cumsum(counts) - counts]
    else:
        values = np.take(ar, index, axis)
    results = (values, index, *others) if return_index else (values, *others)
    return results if len(results) > 1 else values


def _in_order_of(found: Array, index: Array, axis: int | None = None) -> Array:
    """Return the indices of sorted values in the order in which NumPy found these, which need not be sorted."""
    return index[np.argsort(np.argsort(found))] if axis is None or found.ndim == 1 else index


def _of_slices(args: Any, kwargs: dict[str, Any]) -> bool:
    return len(args) > 4 or kwargs.get("axis") is not None


if "sorted" in _unique_names:  # NumPy 2.3
    composite(np.unique, unique, anew=_of_slices)
else:
    composite(
        np.unique,
        lambda ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True: unique(
            ar, return_index, return_inverse, return_counts, axis, equal_nan=equal_nan
        ),
        anew=_of_slices,
    )


def _unique_tuple(func: Any) -> Any:
    """Make the body of a function of the array API, which returns the values, or a named tuple with them in it."""

    def body(x: Any, /) -> Any:
        raw = plain(x)
        found = func(raw)
        index = np.unique(raw, return_index=True, equal_nan=False)[1]
        if not isinstance(found, tuple):
            return np.take(x, _in_order_of(found, index))
        return found._replace(values=np.take(x, _in_order_of(found.values, index)))  # type: ignore[attr-defined]

    return body


for unique_function in (np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values):
    composite(unique_function, _unique_tuple(unique_function))


def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    ar1, ar2 = as_array(ar1), as_array(ar2)
    found, index1, index2 = np.intersect1d(plain(ar1), plain(ar2), assume_unique, return_indices=True)
    values = np.take(ar1, index1)
    if values.dtype != found.dtype:
        values = astype(values, found.dtype)
    return (values, index1, index2) if return_indices else values


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Array:
    if assume_unique:
        ar1 = np.ravel(as_array(ar1))
    else:
        ar1, ar2 = np.unique(as_array(ar1)), np.unique(plain(as_array(ar2)))
    return ar1[np.isin(ar1, ar2, assume_unique=True, invert=True)]


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Array:
    ar1, ar2 = as_array(ar1), as_array(ar2)
    found = np.setxor1d(plain(ar1), plain(ar2), assume_unique)
    joined = np.concatenate((ar1, ar2), axis=None)
    order = np.argsort(joined, kind="stable")
    return np.take(joined, order[np.searchsorted(joined, found, sorter=order)])


composite(np.union1d, lambda ar1, ar2: np.unique(np.concatenate((ar1, ar2), axis=None)))
composite(np.intersect1d, intersect1d)
composite(np.setdiff1d, setdiff1d)
composite(np.setxor1d, setxor1d)
nondifferentiable(np.isin)
if hasattr(np, "in1d"):  # before NumPy 2.4
    nondifferentiable(np.in1d)  # noqa: NPY201
