"""Updates of Duals in place: value and tangent are written side by side, so that every view of the Dual sees both."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..context.settings import paused, stopped, together
from ..kernels.arrays import Array
from ..kernels.gate import PLAIN
from ..kernels.references import holders
from ..kernels.traced import MEMORY, as_form
from ..reverse import updates as reverse
from ..reverse.outputs import in_place, updated_array
from ..reverse.updates import OPERATED
from ..reverse.views.reading import freeze
from ..tape import wrapping
from ..tape.loss import GradientLossError
from ..tape.wrapping import bare, has_variable, is_scalar, stack_nested
from .levels import level_of, values_of
from .protocols import UFUNCS
from .tangents import note_write, traced_as


def assign(d: Any, index: Any, value: Any, flat: bool = False) -> None:
    """Write into value and tangent, or into the elements of each in C order, at an index.

    What shares memory with them, and so with the views of the Dual, sees it.
    """
    value = stack_nested(value) if isinstance(value, (list, tuple)) else value
    level = level_of(value)
    if level > d.level:
        raise GradientLossError(
            "this array belongs to an outer differentiation and cannot hold the tangent of an inner one. "
            "Make it inside the inner function, with np.zeros_like(x) of the argument x that is differentiated there."
        )
    inner, tangent = (value.value, value.tangent) if level == d.level else (value, None)
    if paused and stopped(d.level):  # the value alone, as of a Tensor that is not recorded
        (d.value.flat if flat else d.value)[index] = bare(inner) if _cannot_hold(d.value, inner) else inner
        return
    if not type(inner) is type(d.value) is np.ndarray and (
        _cannot_hold(d.value, inner) or (tangent is not None and _cannot_hold(d.tangent, tangent))
    ):
        _promote(d, inner, tangent, holders(getattr, d, "value") > 1 or holders(getattr, d, "tangent") > 1)
    note_write(d)
    if tangent is None:
        tangent = np.zeros((), d.tangent.dtype)
    elif tangent.dtype.kind == "c" != d.dtype.kind:
        tangent = np.real(tangent)
    places = (d.value.flat, d.tangent.flat) if flat else (d.value, d.tangent)
    together(operator.setitem, places, (index, index), (inner, tangent))


def _cannot_hold(array: Array, value: Any) -> bool:
    """Tell whether a value is traced by an outer differentiation of which the array knows nothing."""
    return level_of(value) > level_of(array) or (type(array) in PLAIN and has_variable(value))


def _promote(d: Any, value: Any, tangent: Any, shared: bool) -> None:
    """Bring value and tangent into a form that can hold what an outer differentiation traces."""
    if shared or _is_part(d.value):
        raise GradientLossError(
            "this array shares its memory with a view and cannot hold a value that an outer differentiation traces. "
            "Make it with np.zeros_like of such a value."
        )
    for like in (value, tangent):
        if like is not None:
            d.value, d.tangent = traced_as(d.value, like), traced_as(d.tangent, like)


def _is_part(array: Array) -> bool:
    """Tell whether an array is a view of one that somebody else has, too; after ``x.shape = ...`` nobody has."""
    if type(array) not in MEMORY or array.base is None:
        return False
    return type(array.base) not in MEMORY or array.base.base is not None or holders(getattr, array, "base") > 1


def update(d: Any, ufunc: np.ufunc, other: Any) -> Any:
    """Carry out an augmented assignment, such as ``x += other``."""
    result = OPERATED.get(ufunc, UFUNCS[ufunc])(d, other)
    scalar = is_scalar(d)
    if scalar and paused and stopped(d.level) and result is not NotImplemented:
        return type(d)(_updated_value(d.value, ufunc, values_of(other, d.level)), d.tangent, d.level)
    if result is NotImplemented or scalar or level_of(result) > d.level:
        return result  # a scalar is not changed but replaced; so is what cannot hold the tangent of an inner level
    if result.shape != d.shape or not np.can_cast(result.dtype, d.dtype, "same_kind"):
        updated_array(np.array(as_form(bare(d))), ufunc, as_form(bare(other)))  # NumPy's own error
        result = np.reshape(result, d.shape)
    d[...] = in_place(result, d, ufunc, other)
    return d


def _updated_value(value: Any, ufunc: np.ufunc, other: Any) -> Any:
    """Return the value of a scalar after an update that is not recorded, which keeps what it is traced by."""
    if isinstance(value, np.generic):
        return ufunc(value, bare(other))
    return update(value, ufunc, other) if type(value) is wrapping.Dual else reverse.update(value, ufunc, other)


class Flat:
    """The elements of a Dual in C order, as ``x.flat`` gives them."""

    __slots__ = ("base",)

    def __init__(self, base: Any) -> None:
        self.base = base

    def __len__(self) -> int:
        return self.base.size  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Any]:
        return iter(np.ravel(self.base))

    def __getitem__(self, index: Any) -> Any:
        picked = np.ravel(self.base)[index]
        return picked if is_scalar(picked) else np.copy(picked)

    def __setitem__(self, index: Any, value: Any) -> None:
        assign(self.base, freeze(values_of(index)), value, flat=True)
