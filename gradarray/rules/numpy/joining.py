"""Joining and splitting arrays, adding and removing elements, padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec
from ...kernels.traced import as_form
from ..primitives import astype, scatter, standing_for
from ..registry import composite, linear, rule
from ..signature import constant
from .axes import along
from .shape import as_array, plain


def onto_mask(g: Array, mask: Array, axis: int | None, shape: tuple[int, ...]) -> Array:
    """Return zeros of a shape with `g` where the mask is True along an axis, or among all elements."""
    if axis is None:
        return scatter(g, index=mask, shape=mask.shape).reshape(shape)
    # A mask on the first axis, which is assigned to without a look at repeated elements.
    g = np.moveaxis(g, axis, 0)
    return np.moveaxis(scatter(g, index=mask, shape=(mask.size, *g.shape[1:])), 0, axis)


# --- joining arrays --------------------------------------------------------------------------------------------------


def cut(g: Array, arrays: Sequence[Spec], axis: int, lengths: Iterable[int]) -> list[Array]:
    """Cut a joined array into pieces of these lengths along an axis, in the shapes of the arrays."""
    lead = (slice(None),) * axis
    pieces = []
    stop = 0
    for a, length in zip(arrays, lengths, strict=True):
        start, stop = stop, stop + length
        piece = g[(*lead, slice(start, stop))]
        pieces.append(piece if piece.shape == a.shape else piece.reshape(a.shape))
    return pieces


def concatenate_adjoint(
    g: Array, arrays: Sequence[Spec], axis: int | None = 0, dtype: Any = None, casting: str = "same_kind"
) -> list[Array]:
    if axis is None:
        return cut(g, arrays, 0, [a.size for a in arrays])
    return cut(g, arrays, axis % g.ndim, [a.shape[axis] for a in arrays])


def stack_adjoint(
    g: Array, arrays: Sequence[Spec], axis: int = 0, dtype: Any = None, casting: str = "same_kind"
) -> list[Array]:
    return list(np.moveaxis(g, axis, 0) if axis else g)


def vstack_adjoint(g: Array, tup: Sequence[Spec], dtype: Any = None, casting: str = "same_kind") -> list[Array]:
    return cut(g, tup, 0, [a.shape[0] if a.ndim > 1 else 1 for a in tup])


def hstack_adjoint(g: Array, tup: Sequence[Spec], dtype: Any = None, casting: str = "same_kind") -> list[Array]:
    return cut(g, tup, 0, [a.size for a in tup]) if g.ndim == 1 else cut(g, tup, 1, [a.shape[1] for a in tup])


def dstack_adjoint(g: Array, tup: Sequence[Spec]) -> list[Array]:
    return cut(g, tup, 2, [a.shape[2] if a.ndim > 2 else 1 for a in tup])


def column_stack_adjoint(g: Array, tup: Sequence[Spec]) -> list[Array]:
    return cut(g, tup, 1, [a.shape[1] if a.ndim > 1 else 1 for a in tup])


linear(np.concatenate, concatenate_adjoint, sequence=True)
linear(np.stack, stack_adjoint, sequence=True)
linear(np.vstack, vstack_adjoint, sequence=True)
linear(np.hstack, hstack_adjoint, sequence=True)
linear(np.dstack, dstack_adjoint, sequence=True)
linear(np.column_stack, column_stack_adjoint, sequence=True)


def _depth(arrays: Any) -> int:
    if type(arrays) is tuple:
        raise TypeError("np.block takes nested lists of arrays, and no tuples.")
    if type(arrays) is not list:
        return 0
    if not arrays:
        raise ValueError("np.block takes no empty lists.")
    depths = {_depth(item) for item in arrays}
    if len(depths) > 1:
        raise ValueError(f"np.block takes lists of equal depth, not of the depths {sorted(depths)}.")
    return 1 + depths.pop()


def _leaves(arrays: Any) -> list[Any]:
    return [leaf for item in arrays for leaf in _leaves(item)] if type(arrays) is list else [arrays]


def block(arrays: Any) -> Array:
    depth = _depth(arrays)
    ndim = max(depth, *(np.ndim(leaf) for leaf in _leaves(arrays)))

    def join(item: Any, level: int) -> Array:
        if level == 0:
            missing = ndim - np.ndim(item)
            return np.reshape(item, (1,) * missing + np.shape(item)) if missing else item
        return np.concatenate([join(part, level - 1) for part in item], axis=-level)

    return join(arrays, depth) if depth else np.copy(arrays)


composite(np.block, block, anew=True, sequences=("arrays",))

# --- splitting arrays ------------------------------------------------------------------------------------------------


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    indices_or_sections = constant(np.array_split, "indices_or_sections", indices_or_sections)
    ary = as_array(ary)
    total = ary.shape[axis]
    try:
        bounds = [0, *indices_or_sections, total]
    except TypeError:
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.") from None
        each, extra = divmod(total, sections)
        bounds = [i * each + min(i, extra) for i in range(sections + 1)]
    return [ary[along(axis, ary.ndim, slice(start, stop))] for start, stop in pairwise(bounds)]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    ary = as_array(ary)
    if np.ndim(indices_or_sections) == 0 and ary.shape[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Array]:
    if np.ndim(ary) == 0:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if np.ndim(ary) > 1 else 0)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Array]:
    if np.ndim(ary) < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Array]:
    if np.ndim(ary) < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


composite(np.array_split, array_split)
composite(np.split, split)
composite(np.hsplit, hsplit)
composite(np.vsplit, vsplit)
composite(np.dsplit, dsplit)

if hasattr(np, "unstack"):  # NumPy 2.1

    def unstack(x: Any, /, *, axis: int = 0) -> tuple[Array, ...]:
        if np.ndim(x) == 0:
            raise ValueError("Input array must be at least 1-d.")
        return tuple(np.moveaxis(x, axis, 0))

    composite(np.unstack, unstack)

# --- adding and removing elements ------------------------------------------------------------------------------------


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Array:
    arr, values, obj = as_array(arr), as_array(values), plain(obj)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    elif not -arr.ndim <= axis < arr.ndim:
        raise np.exceptions.AxisError(axis, arr.ndim)
    axis %= arr.ndim
    old = np.arange(arr.shape[axis])
    marked = np.insert(old, obj, -1)
    count = marked.size - old.size
    if count == 0 and values.size == 0:
        return np.copy(arr)
    if values.ndim != arr.ndim:
        values = values.reshape((1,) * (arr.ndim - values.ndim) + values.shape[max(values.ndim - arr.ndim, 0) :])
    if values.dtype != arr.dtype:
        values = astype(values, arr.dtype)
    if np.ndim(obj) == 0 and not isinstance(obj, slice):
        values = np.moveaxis(values, 0, axis)
    single = count == 1
    if single:
        count = values.shape[axis]  # at one place NumPy inserts as many as there are
    shape = (*arr.shape[:axis], count, *arr.shape[axis + 1 :])
    if values.shape != shape:
        values = np.broadcast_to(values, shape)
    if single:
        place = int(np.argmin(marked))
        return np.concatenate(
            (arr[along(axis, arr.ndim, slice(place))], values, arr[along(axis, arr.ndim, slice(place, None))]), axis
        )
    source = np.insert(old, obj, old.size + np.arange(count))
    return np.take(np.concatenate((arr, values), axis), source, axis)


def delete_adjoint(g: Array, arr: Spec, *, obj: Any, axis: int | None = None) -> Array:
    count = arr.size if axis is None else arr.shape[axis]
    kept = np.zeros(count, bool)
    kept[np.delete(np.arange(count), obj)] = True
    return onto_mask(g, kept, axis, arr.shape)


composite(np.append, lambda arr, values, axis=None: np.concatenate((as_array(arr), as_array(values)), axis=axis))
composite(np.insert, insert, anew=True)
linear(np.delete, delete_adjoint)

# --- padding ---------------------------------------------------------------------------------------------------------

_STATISTICS: dict[str, Any] = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}


def _pairs(value: Any, ndim: int) -> Any:
    """Return one pair, before and after, for each axis."""
    if isinstance(value, dict):
        return [np.broadcast_to(value[i] if i in value else value.get(i - ndim, 0), 2) for i in range(ndim)]
    return np.broadcast_to(as_array(value), (ndim, 2))


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    if isinstance(pad_width, int):
        return [(pad_width, pad_width)] * ndim
    return [(int(before), int(after)) for before, after in _pairs(pad_width, ndim)]


@standing_for(np.pad)
def padded(array: Array, pad_width: Any, mode: str, options: dict[str, Any]) -> Array:
    """Return np.pad of the array, in a mode in which the padding is made of elements of the array or of constants."""
    return np.pad(array, pad_width, mode, **options)  # type: ignore[call-overload]


def padded_vjp(g: Array, _ans: Spec, _array: Spec, *, pad_width: Any, mode: str, options: dict[str, Any]) -> Array:
    widths = _widths(pad_width, _array.ndim)
    if mode in ("constant", "empty") or _array.size == 0:
        return g[tuple(slice(before, before + n) for (before, _), n in zip(widths, _array.shape, strict=True))]
    # NumPy pads one axis after the other, so the last one is undone first.
    for axis in reversed(range(_array.ndim)):
        if any(widths[axis]):
            g = np.moveaxis(unpadded(np.moveaxis(g, axis, 0), _array.shape[axis], widths[axis], mode, options), 0, axis)
    return g


def unpadded(g: Array, n: int, width: tuple[int, int], mode: str, options: dict[str, Any]) -> Array:
    """Return the cotangent of what was padded along its first axis, of length `n`, with elements of its own."""
    before, stop = width[0], width[0] + n
    shape = (n, *g.shape[1:])
    pad: Any = np.pad

    def outside(a: Array) -> Array:
        return np.concatenate([a[:before], a[stop:]])

    inner, outer, source = g[before:stop], outside(g), outside(pad(np.arange(n), width, mode))
    if options.get("reflect_type") != "odd" or n == 1:
        return inner + scatter(outer, index=source, shape=shape)
    # An odd reflection adds multiples of the two edges to plus or minus an element, such that constants stay what they
    # are. So the reflections of the two unit vectors at the edges tell all of its coefficients.
    first, last = (outside(pad(np.eye(1, n, edge)[0], width, mode, **options)) for edge in (0, n - 1))
    column = (-1,) + (1,) * (g.ndim - 1)
    inner = inner + scatter(outer * (1 - first - last).reshape(column), index=source, shape=shape)
    inner = inner + scatter(np.sum(outer * first.reshape(column), axis=0), index=0, shape=shape)
    return inner + scatter(np.sum(outer * last.reshape(column), axis=0), index=-1, shape=shape)


def padded_jvp(
    tangents: list[Array], _ans: Array, _array: Array, *, pad_width: Any, mode: str, options: dict[str, Any]
) -> Array:
    if mode in ("constant", "empty"):
        mode, options = "constant", {}
    return padded(tangents[0], pad_width, mode, options)


rule(padded, padded_vjp, jvp=padded_jvp, holomorphic=False, selects=True)


def pad(
    array: Any,
    pad_width: Any,
    mode: Any = "constant",
    stat_length: Any = None,
    constant_values: Any = None,
    end_values: Any = None,
    reflect_type: str | None = None,
) -> Array:
    if callable(mode):
        raise TypeError(
            "np.pad cannot be called on a Tensor with a function as its mode, because the function writes into a plain "
            "array; put the padding together with np.concatenate instead."
        )
    named = {"stat_length": stat_length, "constant_values": constant_values, "end_values": end_values}
    values = {name: as_array(value) for name, value in named.items() if value is not None}
    options = {name: plain(value) for name, value in values.items()}
    if reflect_type is not None:
        options["reflect_type"] = reflect_type
    given, pad_width = as_array(array), plain(pad_width)
    array = given
    if array.dtype.kind not in "fc":
        return np.pad(plain(array), pad_width, mode, **options)
    statistic = _STATISTICS.get(mode)
    variable = mode == "constant" and any(value is not options[name] for name, value in values.items())
    if not variable and (array.size == 0 or (mode != "linear_ramp" and statistic is None)):
        return padded(array, pad_width=pad_width, mode=mode, options=options)
    # NumPy's own error for a mistake.
    np.pad(np.empty((1,) * array.ndim, array.dtype), pad_width, mode, **{k: as_form(x) for k, x in options.items()})
    ends = _pairs(values.get("end_values", values.get("constant_values", 0)), array.ndim)
    lengths = _pairs(options.get("stat_length", max(array.shape, default=0)), array.ndim)
    for axis, width in enumerate(_widths(pad_width, array.ndim)):
        sides = [array]
        for side, count in enumerate(width):
            if count:
                if statistic is not None:
                    edge = statistic(_at_end(array, axis, side, lengths), axis=axis, keepdims=True)
                elif mode == "linear_ramp":
                    edge = _ramp(array, axis, side, count, ends[axis, side])
                else:
                    edge = astype(as_array(ends[axis, side]), array.dtype)
                shape = (*array.shape[:axis], count, *array.shape[axis + 1 :])
                sides.insert(2 if side else 0, np.broadcast_to(edge, shape))
        array = np.concatenate(sides, axis=axis) if len(sides) > 1 else array
    return np.copy(array) if array is given else array


def _at_end(array: Array, axis: int, side: int, lengths: Any) -> Array:
    """Return the part of the array at one end of an axis that a statistic is taken of."""
    total = array.shape[axis]
    length = min(int(lengths[axis, side]), total)
    return array[along(axis, array.ndim, slice(total - length, None) if side else slice(length))]


def _ramp(array: Array, axis: int, side: int, count: int, end: Array) -> Array:
    """Return the values that lead from the end value, outside, to the edge of the array, which is left out."""
    edge = array[along(axis, array.ndim, slice(-1, None) if side else slice(1))]
    step = np.arange(count, dtype=np.finfo(np.result_type(array.dtype, float)).dtype) / count
    step = (step[::-1] if side else step).reshape((-1,) + (1,) * (array.ndim - 1 - axis))
    return astype(end + (edge - end) * step, array.dtype)


def _fills(args: Any, kwargs: dict[str, Any]) -> bool:
    mode = args[2] if len(args) > 2 else kwargs.get("mode")
    return mode in ("linear_ramp", "maximum", "mean", "median", "minimum")


composite(np.pad, pad, anew=_fills, sequences=("pad_width", "constant_values", "end_values"))
