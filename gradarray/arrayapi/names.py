"""The names of the namespace, and what stands behind each: a chapter of this room, or the mirror."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..mirror import additions, constants, functions
from . import creation, dtypes, earlier, elementwise, inspection, ordering
from .results import conforming

_ROOM = __name__.rpartition(".")[0]
_CHAPTERS = (creation, dtypes, elementwise, ordering, earlier, inspection)
_MIRRORS = (functions, additions)
# Each is a module, imported when it is first asked for; `special` is what SciPy looks for in a namespace.
_EXTENSIONS = ("fft", "linalg", "special")

# The names of the standard, by its areas.
AREAS = {
    "constants": "e inf nan newaxis pi",
    "creation": "arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like tril "
    "triu zeros zeros_like",
    "data types": "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128 astype "
    "can_cast finfo iinfo isdtype result_type",
    "element-wise": "abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert "
    "bitwise_or bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh divide equal exp expm1 floor "
    "floor_divide greater greater_equal hypot imag isfinite isinf isnan less less_equal log log1p log2 log10 logaddexp "
    "logical_and logical_not logical_or logical_xor maximum minimum multiply negative nextafter not_equal positive pow "
    "real reciprocal remainder round sign signbit sin sinh square sqrt subtract tan tanh trunc",
    "indexing": "take take_along_axis",
    "inspection": "__array_namespace_info__",
    "linear algebra": "matmul matrix_transpose tensordot vecdot",
    "manipulation": "broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape roll "
    "squeeze stack tile unstack",
    "searching": "argmax argmin count_nonzero nonzero searchsorted where",
    "sets": "unique_all unique_counts unique_inverse unique_values",
    "sorting": "argsort sort",
    "statistics": "cumulative_prod cumulative_sum max mean min prod std sum var",
    "utilities": "all any diff",
}


def standard() -> list[str]:
    """Return the names of the standard."""
    return [name for names in AREAS.values() for name in names.split()]


def every() -> list[str]:
    """Return all names that there are."""
    found = {*standard(), *_EXTENSIONS, "__array_api_version__", "lib"}
    for module in (*_CHAPTERS, *_MIRRORS, constants):
        found.update(module.__all__)
    return sorted(found)


def find(name: str) -> Any:
    """Return what stands behind a name."""
    if name == "__all__":
        return [*standard(), *_EXTENSIONS, "__array_api_version__"]
    if name in _EXTENSIONS:
        return import_module(f"{_ROOM}.{name}")
    if name == "lib":  # xarray looks for sliding_window_view in it
        return np.lib
    for module in (*_CHAPTERS, constants):
        if name in module.__all__:
            return getattr(module, name)
    for module in _MIRRORS:
        if name in module.__all__:
            return conforming(getattr(module, name))
    raise AttributeError(f"module {_ROOM!r} has no attribute {name!r}")
