"""Augmented assignments, and assignments to the shape."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np

from ..context import settings
from ..kernels.arrays import FLOAT64, Array
from ..kernels.gate import PLAIN, Guest
from ..kernels.traced import array_of, as_form
from ..rules.names import public_name
from ..rules.primitives import astype
from ..tape import nodes, wrapping
from ..tape.wrapping import new_object, unwrap
from .operators import SHORT
from .outputs import in_place, updated_array
from .protocols import FUNCTIONS, UFUNCS
from .views.sharing import Family, become_array, family_of, shared
from .views.steps import Step
from .views.writing import recorded, setitem, write, writeable

# Where NumPy's operator has ways of its own, such as squares for powers of 2, which differ in the last bit.
OPERATED: dict[np.ufunc, Callable[[Any, Any], Any]] = {np.power: operator.pow}


def update(x: Any, ufunc: np.ufunc, other: Any) -> Any:
    """Carry out an augmented assignment, such as ``x += other``."""
    if type(x._raw) is not np.ndarray and wrapping.is_scalar(x) and (x._known is None or settings.recording()):
        # It is not changed but replaced; off the tape, a variable is changed, because what replaces it were a constant.
        return UFUNCS[ufunc](x, other)
    if type(other) is not wrapping.Tensor and type(other) not in PLAIN:
        other = wrapping.stacked(other, public_name(ufunc))
    _check_update(x, ufunc, unwrap(other))
    if recorded(x, other):
        result = (SHORT.get(ufunc) or UFUNCS[ufunc])(x, other)
        if x._raw.size == 1:
            result = in_place(result, x, ufunc, other)
        if result.dtype != x._raw.dtype:
            result = astype(result, x.dtype)
        if result.shape != x._raw.shape:  # with more axes of length one, which NumPy's A @= B takes
            result = result.reshape(x.shape)
        if not x._alias:
            if x._known is not None:
                nodes.drop_gradient(x._known, by=nodes.UPDATED)
            data = _laid_as(x._raw, result._raw)
            alias = False if isinstance(data, np.generic) else None
            x._raw, x._known, x._alias = data, result._known, alias
        else:
            base, steps = x._alias if type(x._alias) is tuple else (x, (...,))
            if len(steps) == 1 and not isinstance(steps[0], Step):
                setitem(base, steps[0], result)
            else:
                setitem(x, ..., result)
    elif not x._alias and (type(x._raw) is not np.ndarray or shared(x)):
        raw = OPERATED.get(ufunc, ufunc)(x._raw, unwrap(other))
        raw = in_place(raw if type(raw) is Guest else array_of(raw), x, ufunc, other)
        raw = raw.astype(x.dtype, copy=False).reshape(x.shape)
        x._raw = raw[()] if isinstance(x._raw, np.generic) else _laid_as(x._raw, raw)
    else:
        write(x, lambda raw: updated_array(raw, ufunc, unwrap(other)))
    return x


def _laid_as(old: Array, new: Array) -> Array:
    """Return the array that takes the place of another one, with its elements in memory in that one's order."""
    if type(new) is not np.ndarray or type(old) is not np.ndarray or new.strides == old.strides:
        return new
    laid = np.empty_like(old, new.dtype)
    if laid.strides == new.strides:
        return new
    laid[...] = new
    return laid


def _check_update(x: Any, ufunc: np.ufunc, value: Any) -> None:
    """Raise what NumPy would, before anything has changed."""
    raw = x._raw
    if type(raw) is np.ndarray and ufunc is not np.matmul:
        # The usual cases, of which nothing has to be asked but whether x may be written into.
        if type(value) is np.float64:
            usual = raw.dtype is FLOAT64
        else:
            usual = type(value) is np.ndarray and value.dtype is raw.dtype and value.shape in ((), raw.shape)
        if usual and writeable(x):
            return
    fits = writeable(x) if type(x._raw) is np.ndarray else True
    fits = fits and np.can_cast(np.result_type(x._raw, value), x.dtype, "same_kind")
    if not fits or ufunc is np.matmul or not _spreads(np.shape(value), x.shape):
        scratch = np.array(as_form(x._raw))
        scratch.flags.writeable = writeable(x) if type(x._raw) is np.ndarray else True
        updated_array(scratch, ufunc, as_form(value))


def _spreads(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    """Tell whether an array of one shape can be broadcast to another one."""
    return len(shape) <= len(into) and all(n in (1, m) for n, m in zip(shape[::-1], into[::-1], strict=False))


def without_copy(array: Array, shape: Any) -> Array:
    """Return a view of an array in another shape, or raise what ``array.shape = shape`` does.

    NumPy deprecates that assignment since 2.5, and np.reshape has no copy=False before 2.1.
    """
    if shape is None:
        raise TypeError("the shape of an array without axes is (), not None")
    view = np.reshape(array, shape)
    if view.size and not np.may_share_memory(view, array):
        raise AttributeError(
            f"an array of shape {array.shape} does not lie in memory so that it can have the shape {view.shape} "
            "without a copy; x.reshape() makes one"
        )
    return view


def reshape_inplace(x: Any, shape: Any) -> None:
    """Carry out ``x.shape = shape``.

    A tensor that is no view becomes one, of a base of the old shape that nobody sees: what was computed from the old
    shape, and the views of it, go on from there.
    """
    become_array(x)
    shape = without_copy(x._raw, shape).shape
    if type(x._alias) is not tuple:
        _stand_in_front(x)
    base = x._alias[0]
    front = base._alias.front() is x if type(base._alias) is Family else False
    start = base if front else x
    new: Any = FUNCTIONS[np.reshape]((start, shape), {})
    x._raw, x._alias = new._raw, (base, new._alias[1])
    if x._known is not None:
        x._known = nodes.OUTDATED


def _stand_in_front(x: Any) -> None:
    """Put a base behind a tensor that has been none, or a base."""
    base = new_object(wrapping.Tensor)
    base._raw, base._alias, base._known = x._raw, x._alias, x._known
    node = x._known
    if node is not None and node.grad is nodes.OUTSIDE:
        base._grad = x._grad
        del x._grad
    if node is not None and hasattr(node, "holder"):
        node.holder = ref(base)
    family = family_of(base)
    for view in family.members():
        view._alias = (base, view._alias[1])
    family.front = ref(x)
    family.add(x)
    x._alias = (base, ())
