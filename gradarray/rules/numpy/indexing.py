"""Indexing routines: choosing among arrays, taking elements, diagonals and triangles, sorting.

Convention: elements that are equal share evenly what comes back to their places in the sorted order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec
from ...kernels.guests import in_sight
from ...tape.wrapping import bare
from ..primitives import astype, clear, primitive, scatter, updated
from ..registry import composite, linear, lowered, nondifferentiable, rule
from ..signature import parameter_names
from .joining import onto_mask
from .shape import as_array, gathered_back, plain

# --- generating index arrays -----------------------------------------------------------------------------------------

nondifferentiable(
    np.nonzero,
    np.argwhere,
    np.flatnonzero,
    np.ix_,
    np.ravel_multi_index,
    np.unravel_index,
    np.diag_indices_from,
    np.tril_indices_from,
    np.triu_indices_from,
)

# --- choosing among arrays -------------------------------------------------------------------------------------------


def where_jvp(tangents: Sequence[Array | None], _ans: Array, condition: Any, _x: Any, _y: Any) -> Array:
    _, tx, ty = tangents
    return np.where(condition, 0 if tx is None else tx, 0 if ty is None else ty)


rule(
    np.where,
    lambda g, _ans, condition, _x, _y: np.where(condition, g, 0),
    lambda g, _ans, condition, _x, _y: np.where(condition, 0, g),
    jvp=where_jvp,
    skip=("condition",),
    holomorphic=False,
    selects=True,
)

# np.where(condition) is np.nonzero; the rule is for three arguments.
lowered(np.where, lambda args, kwargs: NotImplemented if len(args) != 1 or kwargs else np.nonzero(*args))

_NUMBERS = (int, float, complex)  # among arrays, Python's own numbers take the precision of the others


def _choices(values: Any) -> list[Any]:
    return [value if type(value) in _NUMBERS else as_array(value) for value in values]


def choose(a: Any, choices: Any, mode: str = "raise") -> Array:
    choices = _choices(choices)
    dtype = np.result_type(*choices)
    # NumPy's own errors, and the mode applied.
    picked = np.choose(plain(as_array(a)), range(len(choices)), mode=mode)  # type: ignore[call-overload]
    result = np.where(picked == 0, choices[0], choices[0])
    for i, choice in enumerate(choices[1:], 1):
        result = np.where(picked == i, choice, result)
    return result if result.dtype == dtype else astype(result, dtype)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Array:
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if len(condlist) == 0:
        raise ValueError("select with an empty condition list is not possible")
    choices = _choices((*choicelist, default))
    dtype = np.result_type(*choices)
    result = choices.pop()
    for i, (condition, choice) in reversed(list(enumerate(zip(condlist, choices, strict=True)))):
        condition = plain(as_array(condition))
        if condition.dtype.kind != "b":
            raise TypeError(f"invalid entry {i} in condlist: should be boolean ndarray")
        result = np.where(condition, choice, result)
    result = result if result.dtype == dtype else astype(result, dtype)
    filled = bare(result)  # NumPy fills an array of its own, which has no order of the choices'
    return np.copy(result, order="C") if type(filled) is np.ndarray and not filled.flags.c_contiguous else result


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Array:
    x = as_array(x)
    conditions = bare(condlist)
    several = isinstance(conditions, (list, tuple)) or np.ndim(conditions) != 0
    if not several or (x.ndim != 0 and not isinstance(conditions[0], (list, np.ndarray))):
        conditions = [conditions]
    conditions = [as_array(condition).astype(bool) for condition in conditions]
    if len(conditions) == len(funclist) - 1:
        conditions.append(~np.any(conditions, axis=0))
    elif len(conditions) != len(funclist):
        count = len(conditions)
        raise ValueError(f"with {count} condition(s), either {count} or {count + 1} functions are expected")
    result = clear(x, index=...)
    for condition, func in zip(conditions, funclist, strict=True):
        value = func
        if callable(func):
            part = x[condition]
            if part.size == 0:
                continue
            value = func(part, *args, **kw)
        result = updated(result, as_array(value), index=condition)
    return result


composite(np.choose, choose, anew=True, sequences=("choices",))
composite(np.select, select, sequences=("condlist", "choicelist"))
composite(np.piecewise, piecewise, sequences=("condlist", "funclist", "args"))
# Even where x is a constant: its functions may have variables of their own. They may have any keywords, too.
lowered(np.piecewise, lambda args, kwargs: piecewise(*args, **kwargs))

# --- taking elements -------------------------------------------------------------------------------------------------


def take_adjoint(g: Array, a: Spec, *, indices: Any, axis: int | None = None, mode: Any = "raise") -> Array:
    return gathered_back(g, taken_places(indices, a.shape, axis, mode), a.shape)


@primitive
def taken_places(indices: Any, shape: tuple[int, ...], axis: int | None, mode: Any) -> Array:
    """Return which elements np.take takes of an array of a shape, in C order."""
    return np.take(np.arange(math.prod(shape)).reshape(shape), indices, axis, mode=mode)


def take_along_axis_adjoint(g: Array, arr: Spec, *, indices: Any, axis: int | None = -1) -> Array:
    """Return an array with the cotangent added at the places that were taken."""
    place = np.take_along_axis(np.arange(arr.size).reshape(arr.shape), indices, axis)
    return gathered_back(g, place, arr.shape)


def compress_vjp(g: Array, _ans: Spec, condition: Any, _a: Spec, axis: int | None = None) -> Array:
    axis = axis if _a.ndim else None  # NumPy takes what has no axes for one element along one
    count = _a.size if axis is None else _a.shape[axis]
    kept = np.zeros(count, bool)
    kept[np.flatnonzero(condition)] = True
    return onto_mask(g, kept, axis, _a.shape)


linear(np.take, take_adjoint)
linear(np.take_along_axis, take_along_axis_adjoint)
rule(
    np.compress,
    compress_vjp,
    jvp=lambda tangents, _ans, condition, _a, axis=None: np.compress(condition, tangents[1], axis),
    skip=("condition",),
    holomorphic=False,
    selects=True,
)
composite(np.extract, lambda condition, arr: np.take(np.ravel(as_array(arr)), np.flatnonzero(condition)))

# --- diagonals and triangles -----------------------------------------------------------------------------------------


def onto_diagonal(g: Array, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Return zeros of a shape with `g`, or its one element, on a diagonal; the diagonal is the last axis of `g`."""
    rest = [n for i, n in enumerate(shape) if i not in (axis1 % len(shape), axis2 % len(shape))]
    rows, columns = shape[axis1], shape[axis2]
    length = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    start = offset if offset >= 0 else -offset * columns
    # With its last two axes joined into one, a diagonal is a slice.
    step = slice(start, start + length * (columns + 1), columns + 1)
    flat = scatter(g, index=(..., step), shape=(*rest, rows * columns))
    square = flat.reshape(*rest, rows, columns)
    return square if not rest and (axis1, axis2) == (0, 1) else np.moveaxis(square, (-2, -1), (axis1, axis2))


def diag_adjoint(g: Array, v: Spec, k: int = 0) -> Array:
    return np.diagonal(g, k) if v.ndim == 1 else onto_diagonal(g, v.shape, k)


def vander_vjp(g: Array, _ans: Spec, x: Array, N: int | None = None, increasing: bool = False) -> Array:
    g = g if increasing else g[:, ::-1]
    powers = range(1, g.shape[1])
    return np.sum(g[:, 1:] * np.array(powers, int) * np.vander(x, len(powers), increasing=True), axis=1)


linear(np.diag, diag_adjoint)
linear(np.diagonal, lambda g, a, offset=0, axis1=0, axis2=1: onto_diagonal(g, a.shape, offset, axis1, axis2))
linear(np.diagflat, lambda g, v, k=0: np.diagonal(g, k).reshape(v.shape))
linear(
    np.trace,
    lambda g, a, offset=0, axis1=0, axis2=1, dtype=None: onto_diagonal(
        np.expand_dims(g, -1), a.shape, offset, axis1, axis2
    ),
)
linear(np.tril, lambda g, m, k=0: np.tril(g, k))
linear(np.triu, lambda g, m, k=0: np.triu(g, k))
rule(np.vander, vander_vjp)

# --- sorting ---------------------------------------------------------------------------------------------------------


def averaged(g: Array, ordered: Array, axis: int | None) -> Array:
    """Replace what belongs to equal elements of a sorted array by its mean; this is its own adjoint."""
    k = -1 if axis is None else axis
    rows = np.moveaxis(plain(ordered), k, -1)
    new = rows[..., 1:] != rows[..., :-1]
    if new.all():
        return g
    first = np.ones((*rows.shape[:-1], 1), bool)
    group = np.cumsum(np.concatenate([first, new], -1)).reshape(-1) - 1
    flat = np.moveaxis(g, k, -1).reshape(-1)
    if in_sight(group):
        mean = scatter(flat, index=group, shape=(int(group[-1]) + 1,)) / np.bincount(group)
    else:  # there may be as many groups as elements
        count = scatter(np.ones_like(flat), index=group, shape=(group.size,))
        mean = scatter(flat, index=group, shape=(group.size,)) / np.maximum(count, 1)
    return np.moveaxis(mean[group].reshape(rows.shape), -1, k)


def _order(a: Array, axis: int | None, descending: Any) -> Array:
    if descending is np._NoValue or not descending:
        return np.argsort(a, axis, kind="stable")
    options: dict[str, Any] = {"stable": True, "descending": True}  # which an older NumPy's stubs do not have
    return np.argsort(a, axis, **options)


def sort_vjp(
    g: Array,
    ans: Array,
    a: Array,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    stable: bool | None = None,
    descending: Any = np._NoValue,
) -> Array:
    return take_along_axis_adjoint(averaged(g, ans, axis), a, indices=_order(a, axis, descending), axis=axis)


def sort_jvp(
    tangents: Sequence[Array],
    ans: Array,
    a: Array,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    stable: bool | None = None,
    descending: Any = np._NoValue,
) -> Array:
    return averaged(np.take_along_axis(tangents[0], _order(a, axis, descending), axis), ans, axis)


def partition_vjp(
    g: Array,
    ans: Array,
    a: Array,
    *,
    kth: Any,
    axis: int | None = -1,
    kind: str = "introselect",
    order: Any = None,
) -> Array:
    # How the elements lie within the parts is NumPy's own affair, so the result and the operand are matched by rank.
    rank = np.argsort(ans, axis, kind="stable")
    ordered = averaged(np.take_along_axis(g, rank, axis), np.take_along_axis(plain(ans), rank, axis), axis)
    return take_along_axis_adjoint(ordered, a, indices=np.argsort(a, axis, kind="stable"), axis=axis)


def sort_complex(a: Any) -> Array:
    ordered = np.sort(a)
    return ordered if ordered.dtype.kind == "c" else astype(ordered, np.sort_complex(plain(ordered[:0])).dtype)


if "descending" in (parameter_names(np.sort) or ()):
    rule(np.sort, sort_vjp, jvp=sort_jvp, holomorphic=False, selects=True)
else:  # before NumPy 2.5
    rule(
        np.sort,
        lambda g, ans, a, axis=-1, kind=None, order=None, *, stable=None: sort_vjp(g, ans, a, axis),
        jvp=sort_jvp,
        holomorphic=False,
        selects=True,
    )
rule(np.partition, partition_vjp, holomorphic=False, selects=True)
composite(np.sort_complex, sort_complex)
nondifferentiable(np.argsort, np.argpartition, np.lexsort, np.searchsorted)
