"""Array manipulation that leaves the elements alone: shape, order of axes, number of dimensions, tiling, rearranging.

Where NumPy gives a view, so do these functions, because the forward call is NumPy's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import Array, Spec
from ...tape.wrapping import is_scalar
from ..primitives import astype, primitive, scatter
from ..registry import RULES, composite, linear, lowered, nondifferentiable
from ..signature import parameter_names


def as_array(x: Any) -> Array:
    """Return an operand that may be a number or nested lists, with Tensors in them, as an array."""
    if hasattr(x, "ndim"):
        return x
    return np.stack([as_array(item) for item in x]) if _holds_arrays(x) else np.asarray(x)


def made_array(x: Any) -> Array:
    """Return an operand as an array that views can be taken of, which a scalar is not."""
    x = as_array(x)
    return np.copy(x) if is_scalar(x) else x


def _holds_arrays(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and any(hasattr(item, "ndim") or _holds_arrays(item) for item in x)


@primitive
def plain(x: Array) -> Array:
    """Return the bare values, through which no derivative flows."""
    return x


nondifferentiable(plain)


def gathered_back(g: Array, place: Any, shape: tuple[int, ...]) -> Array:
    """Return zeros of a shape with `g` added where `place` says, which counts the elements.

    All in one dimension, where np.add.at is several times as fast.
    """
    return scatter(g.reshape(-1), index=place.reshape(-1), shape=(math.prod(shape),)).reshape(shape)


# --- basic operations ------------------------------------------------------------------------------------------------

linear(np.copy, lambda g, a, order="K", subok=False: g)
nondifferentiable(np.shape, np.size, np.ndim)

# --- changing array shape --------------------------------------------------------------------------------------------


def reshape_adjoint(g: Array, a: Spec, *, shape: Any, order: Any = "C", copy: bool | None = None) -> Array:
    """Return the cotangent in the shape that the array had."""
    return g.reshape(a.shape) if order == "C" else np.reshape(g, a.shape, order=order)


def reshape_adjoint_21(
    g: Array, a: Spec, shape: Any = None, order: Any = "C", *, newshape: Any = None, copy: bool | None = None
) -> Array:
    return reshape_adjoint(g, a, shape=shape, order=order)


def reshape_adjoint_20(g: Array, a: Spec, *, newshape: Any, order: Any = "C") -> Array:
    return reshape_adjoint(g, a, shape=newshape, order=order)


# NumPy 2.0 calls the parameter newshape, 2.1 to 2.3 take both names.
_reshape_names = parameter_names(np.reshape) or ()
if "newshape" not in _reshape_names:
    linear(np.reshape, reshape_adjoint)
elif "shape" in _reshape_names:
    linear(np.reshape, reshape_adjoint_21)
else:
    linear(np.reshape, reshape_adjoint_20)
linear(np.ravel, lambda g, a, order="C": reshape_adjoint(g, a, shape=-1, order=order))


# How order="A" and order="K" read an array depends on how it lies in memory, which the tape does not keep and which a
# tangent need not share, so they are resolved before anything is recorded.


def lower_reshape(args: Any, kwargs: dict[str, Any]) -> Any:
    order = args[2] if len(args) > 2 else kwargs.get("order", "C")
    if order not in ("A", "a"):
        return NotImplemented
    return np.reshape(*args[:2], **{**kwargs, "order": "F" if plain(args[0]).flags.fnc else "C"})


def lower_ravel(args: Any, kwargs: dict[str, Any]) -> Any:
    order = args[1] if len(args) > 1 else kwargs.get("order", "C")
    if order not in ("A", "a", "K", "k"):
        return NotImplemented
    a = args[0] if args else kwargs["a"]
    if order in ("A", "a"):
        return np.ravel(a, order="F" if plain(a).flags.fnc else "C")
    return np.ravel(np.transpose(a, _axes_in_memory(plain(a))))  # a view where the elements lie one after the other


def _axes_in_memory(a: Any) -> list[int]:
    """Return the axes as NumPy's iterator sorts them, from the last one on: each goes before those with smaller steps.

    Which way a step goes does not matter, and a step of zero is not compared.
    """
    axes: list[int] = []
    steps = [abs(step) if n > 1 else 0 for step, n in zip(a.strides, a.shape, strict=True)]
    for axis in reversed(range(a.ndim)):
        place = len(axes)
        for i in reversed(range(len(axes))):
            if steps[axis] and steps[axes[i]]:
                if steps[axis] >= steps[axes[i]]:
                    break
                place = i
        axes.insert(place, axis)
    return axes[::-1]


lowered(np.reshape, lower_reshape)
lowered(np.ravel, lower_ravel)

# --- transpose-like operations ---------------------------------------------------------------------------------------


def transpose_adjoint(g: Array, a: Spec, axes: Sequence[int] | None = None) -> Array:
    if axes is None:
        return g.T
    order = [axis % a.ndim for axis in axes]
    return np.transpose(g, sorted(range(a.ndim), key=order.__getitem__))


def rollaxis_adjoint(g: Array, a: Spec, *, axis: int, start: int = 0) -> Array:
    axis %= a.ndim
    if start < 0:
        start += a.ndim
    return np.moveaxis(g, start - (axis < start), axis)


linear(np.transpose, transpose_adjoint)
linear(np.matrix_transpose, lambda g, x: np.matrix_transpose(g))
linear(np.swapaxes, lambda g, a, *, axis1, axis2: np.swapaxes(g, axis1, axis2))
linear(np.moveaxis, lambda g, a, *, source, destination: np.moveaxis(g, destination, source))
linear(np.rollaxis, rollaxis_adjoint)

# --- changing number of dimensions -----------------------------------------------------------------------------------

linear(np.squeeze, lambda g, a, axis=None: g.reshape(a.shape))
linear(np.expand_dims, lambda g, a, *, axis: g.reshape(a.shape))
linear(np.broadcast_to, lambda g, array, *, shape, subok=False: g)


def broadcast_arrays(*args: Array, subok: bool = False) -> tuple[Array, ...]:
    arrays = [made_array(a) for a in args]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return tuple(a if a.shape == shape else np.broadcast_to(a, shape, subok=subok) for a in arrays)


def _each(change: Callable[[Array], Array]) -> Callable[..., Any]:
    """Make the function that changes one array, or each one of several into a tuple."""

    def body(*arys: Any) -> Any:
        results = tuple(change(as_array(a)) for a in arys)
        return results[0] if len(results) == 1 else results

    return body


composite(np.broadcast_arrays, broadcast_arrays)
composite(np.atleast_1d, _each(lambda a: a if a.ndim else a.reshape(1)))
composite(np.atleast_2d, _each(lambda a: a if a.ndim > 1 else a.reshape(1, 1) if a.ndim == 0 else a[np.newaxis]))
composite(
    np.atleast_3d,
    _each(
        lambda a: (
            a
            if a.ndim > 2
            else a[:, :, np.newaxis]
            if a.ndim == 2
            else a[np.newaxis, :, np.newaxis]
            if a.ndim == 1
            else a.reshape(1, 1, 1)
        )
    ),
)

# --- changing kind of array ------------------------------------------------------------------------------------------


def astype_body(x: Array, dtype: Any, /, *, copy: bool = True, device: str | None = None) -> Array:
    if device not in ("cpu", None):
        raise ValueError(f'Device not understood. Only "cpu" is allowed, but received: {device}')
    return astype(x, dtype, copy=copy)


if "device" in (parameter_names(np.astype) or ()):
    composite(np.astype, astype_body)
else:  # before NumPy 2.1
    composite(np.astype, lambda x, dtype, /, *, copy=True: astype(x, dtype, copy=copy))
    # NumPy 2.0 refuses scalars, as which a Tensor holds a 0-d array.
    lowered(np.astype, lambda args, kwargs: RULES[np.astype].body(*args, **kwargs))  # type: ignore[attr-defined]

# --- tiling arrays ---------------------------------------------------------------------------------------------------


def repeat_adjoint(g: Array, a: Spec, *, repeats: Any, axis: int | None = None) -> Array:
    shape = (a.size,) if axis is None else a.shape or (1,)
    axis = 0 if axis is None else axis % len(shape)
    if np.size(repeats) == 1:
        count = int(np.ravel(repeats)[0])
        g = g.reshape(*shape[: axis + 1], count, *shape[axis + 1 :])
        # A short last axis is summed many times as fast by a product.
        last = axis + 1 == len(shape)
        return (g @ np.ones(count, g.dtype) if last else np.sum(g, axis=axis + 1)).reshape(a.shape)
    return gathered_back(g, np.repeat(np.arange(a.size).reshape(shape), repeats, axis), a.shape)


def tile_adjoint(g: Array, A: Spec, *, reps: Any) -> Array:
    counts = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    ndim = max(len(counts), A.ndim)
    counts = (1,) * (ndim - len(counts)) + counts
    shape = (1,) * (ndim - A.ndim) + A.shape
    spread = [n for pair in zip(counts, shape, strict=True) for n in pair]
    return np.sum(g.reshape(spread), axis=tuple(range(0, 2 * ndim, 2))).reshape(A.shape)


def resize_adjoint(g: Array, a: Spec, *, new_shape: Any) -> Array:
    g = g.reshape(-1)
    if a.size == 0:
        return g[:0].reshape(a.shape)
    if missing := -g.size % a.size:
        g = np.concatenate([g, np.zeros(missing, g.dtype)])
    return np.sum(g.reshape(-1, *a.shape), axis=0)


linear(np.repeat, repeat_adjoint)
linear(np.tile, tile_adjoint)
linear(np.resize, resize_adjoint)

# --- rearranging elements --------------------------------------------------------------------------------------------

linear(np.flip, lambda g, m, axis=None: np.flip(g, axis))
linear(np.fliplr, lambda g, m: g[:, ::-1])
linear(np.flipud, lambda g, m: g[::-1])
linear(np.roll, lambda g, a, *, shift, axis=None: np.roll(g, np.negative(shift), axis))
linear(np.rot90, lambda g, m, k=1, axes=(0, 1): np.rot90(g, -k, axes))


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    trim = trim.lower()
    if trim not in ("fb", "bf", "f", "b"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    ndim = np.ndim(filt)
    places = np.nonzero(filt) if ndim else ()
    axes = range(ndim) if axis is None else [axis] if np.ndim(axis) == 0 else axis
    kept = [slice(None)] * ndim
    for i in axes:
        if not -ndim <= i < ndim:
            raise np.exceptions.AxisError(i, ndim)
        found = places[i]
        # Where all is zero, nothing is left, whichever end was to be trimmed.
        start = 0 if not found.size else found.min() if "f" in trim else None
        stop = 0 if not found.size else found.max() + 1 if "b" in trim else None
        kept[i] = slice(start, stop)
    return filt if not ndim else filt[kept[0]] if ndim == 1 else filt[tuple(kept)]


if "axis" in (parameter_names(np.trim_zeros) or ()):
    composite(np.trim_zeros, trim_zeros)
else:  # before NumPy 2.2

    def trim_zeros_22(filt: Any, trim: Any = "fb") -> Any:
        if np.ndim(filt) != 1:
            np.trim_zeros(plain(filt), trim)  # NumPy's own error
        return trim_zeros(filt, trim, 0)

    composite(np.trim_zeros, trim_zeros_22)

# --- coordinates and windows -----------------------------------------------------------------------------------------


# Of sparse grids that are views, NumPy makes a list before 2.5.
_OF_GRIDS: Any = type(np.meshgrid(0.0, sparse=True, copy=False))


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    place = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        place[:2] = 1, 0
    grids: Any = [
        as_array(x).reshape([-1 if i == p else 1 for i in range(len(xi))]) for x, p in zip(xi, place, strict=True)
    ]
    if not sparse:
        grids = np.broadcast_arrays(*grids, subok=True)
    return tuple(np.copy(x, order="C") for x in grids) if copy else _OF_GRIDS(grids) if sparse else grids


def windows_adjoint(
    g: Array, x: Spec, *, window_shape: Any, axis: Any = None, subok: bool = False, writeable: bool = False
) -> Array:
    place = np.lib.stride_tricks.sliding_window_view(np.arange(x.size).reshape(x.shape), window_shape, axis)
    return gathered_back(g, place, x.shape)


composite(np.meshgrid, meshgrid)
linear(np.lib.stride_tricks.sliding_window_view, windows_adjoint)

# --- facts about arrays ----------------------------------------------------------------------------------------------

nondifferentiable(
    np.shares_memory, np.may_share_memory, np.result_type, np.can_cast, np.min_scalar_type, np.common_type
)
