"""Sums, products, extrema, differences and running totals, in the order of NumPy's reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...kernels.arrays import LARGE, SPLIT, Array, Spec
from ...kernels.parts import THREADS, reduce_in_parts, ufunc_in_parts
from ...tape.cotangents import Scatter
from ...tape.sweeps import is_clean
from ...tape.wrapping import bare, has_variable, stack_nested
from ..primitives import primitive, standing_for
from ..registry import bilinear, composite, linear, lowered, nondifferentiable, rule, straight
from ..signature import constant, parameter_kinds

Axis = Any  # a number, a tuple of numbers, or None for all

# --- axes ------------------------------------------------------------------------------------------------------------

FLOAT64 = np.dtype(float)
BARE = (np.ndarray, np.float64)  # what a first-order sweep hands to a rule
_add: Any = np.add.reduce


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Return the axes of a reduction as a tuple of numbers that are not negative."""
    if axis is None or ndim == 0:  # NumPy lets axis=0 of a number pass
        return tuple(range(ndim))
    return tuple(k % ndim for k in axis) if isinstance(axis, Sequence) else (axis % ndim,)


def count(a: Array | Spec, axis: Axis) -> int:
    """Return how many elements of `a` go into each element of a reduction."""
    if axis is None:
        return int(a.size)
    n = 1
    for k in axes_of(axis, a.ndim):
        n *= a.shape[k]
    return n


def expand(reduced: Array, axis: Axis, keepdims: bool) -> Array:
    """Give the result of a reduction, or its cotangent, axes of length one again; after axis=None it needs none."""
    if keepdims or axis is None:
        return reduced
    if type(reduced) is np.ndarray and type(axis) is int:
        return reduced[along(axis, reduced.ndim + 1, None)]
    return np.expand_dims(reduced, axis)


def spread(g: Array, a: Array | Spec, axis: Axis, keepdims: bool) -> Array:
    """Return the cotangent of a reduction's result, broadcast to the shape of the operand.

    The bare arrays of a first-order sweep become the same view without np.broadcast_to, which takes ten times as long
    on small ones (2.1 us, here 0.2).
    """
    shape = a.shape
    if type(g) is np.float64:
        return np.ndarray(shape, FLOAT64, g, 0, (0,) * len(shape)) if shape else g
    if g.shape == shape:
        return g
    if type(g) is np.ndarray:
        if g.size == 1:
            return np.ndarray(shape, g.dtype, g, 0, (0,) * len(shape))
        if type(axis) is int and g.flags.forc and g.size:
            k, strides = axis % len(shape), g.strides
            return np.ndarray(shape, g.dtype, g, 0, (*strides[:k], 0, *strides[k + 1 if keepdims else k :]))
    return np.broadcast_to(expand(g, axis, keepdims), shape)


def rows(a: Array, axes: tuple[int, ...]) -> Array:
    """Return `a` with the given axes made into one, the last."""
    if len(axes) == a.ndim:
        return np.reshape(a, -1)
    kept = [k for k in range(a.ndim) if k not in axes]
    a = np.transpose(a, (*kept, *axes))
    shape = a.shape[: len(kept)]
    return np.reshape(a, (*shape, int(np.prod(a.shape[len(kept) :], dtype=int))))


def unrows(x: Array, axes: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Undo `rows` for an array of this shape."""
    if len(axes) == len(shape):
        return np.reshape(x, shape)
    order = (*(k for k in range(len(shape)) if k not in axes), *axes)
    x = np.reshape(x, tuple(shape[k] for k in order))
    return np.transpose(x, tuple(order.index(k) for k in range(len(shape))))


def along(axis: int, ndim: int, piece: Any) -> tuple[Any, ...]:
    """Return the index with a piece, such as a slice, in the place of one axis."""
    return (*(slice(None),) * (axis % ndim), piece)


def array(x: Any) -> Array:
    """Return what a composite was given as an array; lists may hold Tensors."""
    if isinstance(x, (list, tuple)):
        return stack_nested(x)
    return x if hasattr(x, "shape") else np.array(x)


# --- sums ------------------------------------------------------------------------------------------------------------


def sum_adjoint(
    g: Array,
    a: Spec,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = 0,
    where: Any = True,
) -> Array:
    g = spread(g, a, axis, keepdims)
    return g if where is True else np.where(where, g, 0)


def nansum_vjp(
    g: Array,
    _ans: Any,
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = 0,
    where: Any = True,
) -> Array:
    return np.where(np.isnan(a) | np.logical_not(where), 0, spread(g, a, axis, keepdims))


def reducing(ufunc: np.ufunc) -> Callable[..., Array]:
    """Return what np.sum and the like do for plain arrays: they take as long again to get there."""
    reduce: Any = ufunc.reduce

    def forward(
        a: Array,
        axis: Axis = None,
        dtype: Any = None,
        keepdims: bool = False,
        initial: Any = np._NoValue,
        where: Any = True,
    ) -> Array:
        if type(a) is np.ndarray and a.size >= SPLIT and type(axis) is int:
            plain = dtype is None and initial is np._NoValue and where is True and a.flags.c_contiguous
            if plain and -a.ndim <= axis < a.ndim and axis % a.ndim and len(a) >= THREADS > 1:
                return reduce_in_parts(ufunc, a, axis % a.ndim, keepdims)
        return reduce(a, axis, dtype, None, keepdims, initial, where)

    return forward


linear(np.sum, sum_adjoint, forward=reducing(np.add))
rule(np.nansum, nansum_vjp, holomorphic=False, selects=True)

# --- products --------------------------------------------------------------------------------------------------------


def reduction_jvp(vjp: Callable[..., Array]) -> Callable[..., Array]:
    """Make the jvp of a reduction: each element counts in one result alone, so the vjp of ones has all derivatives."""

    def jvp(tangents: Sequence[Array], ans: Array, a: Array, **params: Any) -> Array:
        one = ans.dtype.type(1)
        derivatives = vjp(np.full(ans.shape, one) if ans.ndim else one, ans, a, **params)
        return np.sum(derivatives * tangents[0], axis=params.get("axis"), keepdims=params.get("keepdims", False))

    return jvp


def _divisible(ans: Array) -> bool:
    """Tell whether these products can be divided by their factors: none is zero, infinite, or has lost digits."""
    if type(ans) is np.ndarray:
        if not ans.size:
            return False
        size = abs(ans)
        return bool(size.min() > 1e-290 and size.max() < np.inf)
    return type(ans) in (np.float64, np.complex128) and 1e-290 < abs(ans) < np.inf


def _before(x: Array) -> Array:
    """Return the product of all elements before each one, along the last axis."""
    return np.cumprod(np.concatenate([np.ones_like(x[..., :1]), x[..., :-1]], axis=-1), axis=-1)


def prod_vjp(
    g: Array,
    ans: Array,
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = 1,
    where: Any = True,
) -> Array:
    """Multiply all other elements, from both sides, so that zeros are exact at every order."""
    bare = where is True and type(a) is np.ndarray and type(g) is type(ans)
    if bare and a.dtype.char in "dD" and a.dtype == ans.dtype and _divisible(ans):
        return expand(g * ans, axis, keepdims) / a
    shape = a.shape
    g = expand(g, axis, keepdims)
    if where is not True:
        a = np.where(where, a, 1)
    if dtype is not None:
        a = a.astype(dtype)
    axes = axes_of(axis, len(shape))
    x = rows(a, axes)
    if x.shape[-1]:
        x = _before(x) * _before(x[..., ::-1])[..., ::-1]
    pulled = g * unrows(x, axes, shape) * initial
    return pulled if where is True else np.where(where, pulled, 0)


def nanprod_vjp(
    g: Array,
    ans: Array,
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = 1,
    where: Any = True,
) -> Array:
    there = np.logical_not(np.isnan(a)) & where
    return prod_vjp(g, ans, a, axis, dtype, keepdims, initial, True if np.all(there) else there)


rule(np.prod, prod_vjp, jvp=reduction_jvp(prod_vjp), forward=reducing(np.multiply))
rule(np.nanprod, nanprod_vjp, jvp=reduction_jvp(nanprod_vjp), selects="nan")

# --- start values ----------------------------------------------------------------------------------------------------
# A start value that is a variable is one more operand.


@standing_for(np.sum)
def started_sum(
    a: Array, initial: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, where: Any = True
) -> Array:
    return np.sum(a, axis, dtype, None, keepdims, initial, where)


@standing_for(np.prod)
def started_prod(
    a: Array, initial: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, where: Any = True
) -> Array:
    return np.prod(a, axis, dtype, None, keepdims, initial, where)


rule(
    started_sum,
    lambda g, _ans, a, _initial, axis=None, dtype=None, keepdims=False, where=True: sum_adjoint(
        g, a, axis, dtype, keepdims, where=where
    ),
    lambda g, _ans, _a, _initial, axis=None, dtype=None, keepdims=False, where=True: g,
    holomorphic=False,
)
rule(
    started_prod,
    lambda g, ans, a, initial, axis=None, dtype=None, keepdims=False, where=True: prod_vjp(
        g, ans, a, axis, dtype, keepdims, initial, where
    ),
    lambda g, _ans, a, _initial, axis=None, dtype=None, keepdims=False, where=True: (
        g * np.prod(a, axis, dtype, keepdims=keepdims, where=where)
    ),
)


def start_with(func: Callable[..., Any], started: Callable[..., Any], there: Callable[..., Any] | None = None) -> None:
    """Let `started` answer the calls of a reduction whose start value is a variable.

    ``there(a)`` tells which elements count, and is not given where all do.
    """
    names = parameter_kinds(func)[0]

    def lower(args: Any, kwargs: dict[str, Any]) -> Any:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        if not has_variable(given.get("initial")) or len(args) > len(names):
            return NotImplemented
        given = {name: value for name, value in given.items() if value is not np._NoValue}
        a, initial = given.pop("a"), given.pop("initial")
        for name, value in given.items():
            constant(func, name, value)
        if np.ndim(initial):
            func(bare(a), initial=bare(initial), **bare(given))  # NumPy's own error
        if there is not None:
            given["where"] = there(bare(a)) & bare(given.get("where", True))
        return started(stack_nested(a), initial, **bare(given))

    lowered(func, lower, unusual=True)


def _is_number(a: Any) -> Any:
    return np.logical_not(np.isnan(a))


start_with(np.sum, started_sum)
start_with(np.prod, started_prod)
start_with(np.nansum, started_sum, _is_number)
start_with(np.nanprod, started_prod, _is_number)

# --- running sums ----------------------------------------------------------------------------------------------------


def _from_the_end(g: Array, axis: int) -> Array:
    """Return the running sum that starts at the end of an axis."""
    backwards = along(axis, g.ndim, slice(None, None, -1))
    return np.cumsum(g[backwards], axis=axis)[backwards]


def cumsum_adjoint(g: Array, a: Spec, axis: int | None = None, dtype: Any = None) -> Array:
    return np.reshape(_from_the_end(g, 0), a.shape) if axis is None else _from_the_end(g, axis)


linear(np.cumsum, cumsum_adjoint)
rule(
    np.nancumsum,
    lambda g, _ans, a, axis=None, dtype=None: np.where(np.isnan(a), 0, cumsum_adjoint(g, a, axis, dtype)),
    holomorphic=False,
    selects=True,
)

# --- running products ------------------------------------------------------------------------------------------------


def _recurrence(g: Array, x: Array) -> Array:
    """Return s with ``s[i] = g[i] + x[i + 1] * s[i + 1]`` along the last axis.

    The distance that is bridged doubles with every pass (Hillis and Steele, Data parallel algorithms, CACM 1986), and
    nothing is divided, so that zeros are exact at every order.
    """
    s, factor, step, n = g, x[..., 1:], 1, x.shape[-1]
    while step < n:
        s = np.concatenate([s[..., :-step] + factor * s[..., step:], s[..., -step:]], axis=-1)
        factor = factor[..., : max(n - 2 * step, 0)] * factor[..., step:]
        step *= 2
    return s


def cumprod_vjp(g: Array, ans: Array, a: Array, axis: int | None = None, dtype: Any = None) -> Array:
    shape = a.shape
    if dtype is not None:
        a = a.astype(dtype)
    if axis is None or a.ndim == 0:
        a, axis = np.reshape(a, -1), 0
    if type(a) is type(g) is np.ndarray and a.dtype.char in "dD" and _divisible(ans):
        return (_from_the_end(g * ans, axis) / a).reshape(shape)
    x = np.moveaxis(a, axis, -1)
    pulled = _before(x) * _recurrence(np.moveaxis(g, axis, -1), x) if a.size else x
    return np.reshape(np.moveaxis(pulled, -1, axis), shape)


def nancumprod_vjp(g: Array, ans: Array, a: Array, axis: int | None = None, dtype: Any = None) -> Array:
    gap = np.isnan(a)
    return np.where(gap, 0, cumprod_vjp(g, ans, np.where(gap, 1, a), axis, dtype))


rule(np.cumprod, cumprod_vjp)
rule(np.nancumprod, nancumprod_vjp, selects="nan")


def cumulative_sum_adjoint(
    g: Array, x: Spec, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Array:
    axis = 0 if axis is None else axis
    return _from_the_end(g[along(axis, g.ndim, slice(1, None))] if include_initial else g, axis)


def cumulative_prod_vjp(
    g: Array, ans: Array, x: Array, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Array:
    axis = 0 if axis is None else axis
    if include_initial:
        later = along(axis, g.ndim, slice(1, None))
        g, ans = g[later], ans[later]
    return cumprod_vjp(g, ans, x, axis, dtype)


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    linear(np.cumulative_sum, cumulative_sum_adjoint)
    rule(np.cumulative_prod, cumulative_prod_vjp)

# --- differences -----------------------------------------------------------------------------------------------------


@standing_for(np.diff)
def difference(a: Array, n: int = 1, axis: int = -1) -> Array:
    """Return np.diff, without ends to put before and behind."""
    return np.diff(a, n, axis)


def difference_adjoint(g: Array, a: Spec, n: int = 1, axis: int = -1) -> Array:
    if n and a.shape[axis] <= n:
        return np.zeros(a.shape, a.dtype)
    for _ in range(n):
        later, earlier = along(axis, a.ndim, slice(1, None)), along(axis, a.ndim, slice(None, -1))
        if type(g) is np.ndarray:
            shape = list(g.shape)
            shape[axis] += 1
            longer = np.zeros(shape, g.dtype)
            longer[later] = g
            longer[earlier] -= g
            g = longer
        else:
            edge = np.zeros_like(g[along(axis, a.ndim, slice(1))])
            padded = np.concatenate([edge, g, edge], axis=axis)
            g = padded[earlier] - padded[later]
    return g


linear(difference, difference_adjoint)


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue) -> Array:
    a = array(a)
    if n == 0:
        return a
    if n < 0 or a.ndim == 0:
        np.diff(np.zeros(a.shape), n)  # NumPy's own error
    ends: list[Any] = [value if value is np._NoValue else array(value) for value in (prepend, append)]
    if not all(end is np._NoValue for end in ends):
        edge = tuple(1 if k == axis % a.ndim else length for k, length in enumerate(a.shape))
        front, back = ([] if e is np._NoValue else [e if e.ndim else np.broadcast_to(e, edge)] for e in ends)
        a = np.concatenate([*front, a, *back], axis=axis)
    return difference(a, n=n, axis=axis)


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Array:
    ary = np.ravel(array(ary))
    pieces = [ary[1:] - ary[:-1]]
    ends = [None if end is None else np.ravel(array(end)) for end in (to_begin, to_end)]
    for end, place in zip(ends, (0, 2), strict=True):
        if end is not None:
            if not np.can_cast(end.dtype, ary.dtype, "same_kind"):
                np.ediff1d(np.zeros(2, ary.dtype), np.zeros(1, end.dtype))  # NumPy's own error
            pieces.insert(place, end if end.dtype == ary.dtype else end.astype(ary.dtype))
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


composite(np.diff, diff)
composite(np.ediff1d, ediff1d, anew=True)
straight(np.diff, difference, ("n", "axis"))


def _parabola(h: Array, k: Array) -> tuple[tuple[Array, Array, Array], ...]:
    """Return the weights with which three values give the slope of the parabola through them, at each of the points.

    The points lie `h` and then `k` apart (Fornberg, Generation of finite difference formulas, Math. Comp. 51, 1988).
    """
    both = h + k
    return (
        (-(2 * h + k) / (h * both), both / (h * k), -h / (k * both)),
        (-k / (h * both), (k - h) / (h * k), h / (k * both)),
        (k / (h * both), -both / (h * k), (2 * k + h) / (k * both)),
    )


def _slope(f: Array, spacing: Array, axis: int, edge_order: int) -> Array:
    """Return the derivative along one axis of samples that lie `spacing` apart: a number, or one for each gap."""

    def cut(start: int | None, stop: int | None) -> Array:
        return f[along(axis, f.ndim, slice(start, stop))]

    def gap(start: int | None, stop: int | None) -> Array:
        if np.ndim(spacing) == 0:
            return spacing
        return np.reshape(spacing[start:stop], (*(1,) * axis, -1, *(1,) * (f.ndim - axis - 1)))

    if np.ndim(spacing) == 0:
        inner = (cut(2, None) - cut(None, -2)) / (2.0 * spacing)
    else:
        (p, q, r) = _parabola(gap(None, -1), gap(1, None))[1]
        inner = p * cut(None, -2) + q * cut(1, -1) + r * cut(2, None)
    if edge_order == 1:
        first = (cut(1, 2) - cut(0, 1)) / gap(0, 1)
        last = (cut(-1, None) - cut(-2, -1)) / gap(-1, None)
    else:
        p, q, r = _parabola(gap(0, 1), gap(1, 2))[0]
        first = p * cut(0, 1) + q * cut(1, 2) + r * cut(2, 3)
        p, q, r = _parabola(gap(-2, -1), gap(-1, None))[2]
        last = p * cut(-3, -2) + q * cut(-2, -1) + r * cut(-1, None)
    return np.concatenate([first, inner, last], axis=axis)


def gradient(f: Any, *varargs: Any, axis: Axis = None, edge_order: int = 1) -> Any:
    edge_order = constant(np.gradient, "edge_order", edge_order)
    f, spacings = array(f), tuple(array(h) for h in varargs) or (1.0,)
    try:
        axes = tuple(range(f.ndim)[k] for k in (range(f.ndim) if axis is None else np.atleast_1d(axis)))
    except IndexError:
        axes = ()
    if len(spacings) == 1 and np.ndim(spacings[0]) == 0:
        spacings *= len(axes)
    fine = axes and len(set(axes)) == len(axes) == len(spacings) and edge_order in (1, 2)
    lengths = [f.shape[k] for k in axes]
    if (
        not fine
        or min(lengths) <= edge_order
        or any(np.shape(h) not in ((), (n,)) for h, n in zip(spacings, lengths, strict=False))
    ):
        refuse: Any = np.gradient  # with NumPy's own error
        refuse(np.zeros(f.shape), *(np.zeros(np.shape(h)) for h in varargs), axis=axis, edge_order=edge_order)
    dtype = f.dtype if f.dtype.kind in "fc" else np.dtype(float)
    if f.dtype != dtype:
        f = f.astype(float)
    slopes = [
        _slope(f, np.diff(h * 1.0) if np.ndim(h) else h, k, edge_order) for h, k in zip(spacings, axes, strict=True)
    ]
    slopes = [slope if slope.dtype == dtype else slope.astype(dtype) for slope in slopes]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


composite(np.gradient, gradient, anew=True)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Array:
    y = array(y)
    if x is not None:
        x = array(x)
    if not -y.ndim <= axis < y.ndim:
        np.trapezoid(np.zeros(y.shape), None if x is None else np.zeros(x.shape), axis=axis)  # NumPy's own error
    after, before = y[along(axis, y.ndim, slice(1, None))], y[along(axis, y.ndim, slice(None, -1))]
    if x is not None:
        if x.ndim == 1:
            dx = np.reshape(np.diff(x), tuple(-1 if k == axis % y.ndim else 1 for k in range(y.ndim)))
        else:
            dx = np.diff(x, axis=axis)
    return np.sum(dx * (after + before) / 2.0, axis=axis)


composite(np.trapezoid, trapezoid)

# --- vectors ---------------------------------------------------------------------------------------------------------


def _in_space(v: Array, axis: int) -> Array:
    """Return vectors with three components, on the last axis; those with two lie in the plane."""
    v = np.moveaxis(v, axis, -1)
    return v if v.shape[-1] == 3 else np.concatenate([v, np.zeros_like(v[..., :1])], axis=-1)


def _cross_adjoint(g: Array, this: Array, other: Array, at: int, other_at: int, axisc: int, sign: int) -> Array:
    """Return the cotangent of a factor of a cross product: the cross product of the other one and `g`."""
    if this.shape[at] == other.shape[other_at] == 2:  # then the result is the third component alone
        z = np.expand_dims(g, -1)
        g = np.concatenate([np.zeros_like(z), np.zeros_like(z), z], axis=-1)
    else:
        g = np.moveaxis(g, axisc, -1)
    other = _in_space(other, other_at)
    pulled = np.cross(other, g) if sign > 0 else np.cross(g, other)
    # Counted from the end, the axis is the same whether or not broadcasting has put others in front.
    return np.moveaxis(pulled[..., : this.shape[at]], -1, at % this.ndim - this.ndim)


def cross_left(
    g: Array, _a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    return _cross_adjoint(g, _a, b, axisa, axisb, axisc, 1)


def cross_right(
    g: Array, a: Array, _b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    return _cross_adjoint(g, _b, a, axisb, axisa, axisc, -1)


bilinear(np.cross, cross_left, cross_right)

# --- convolution -----------------------------------------------------------------------------------------------------

_MODES = {0: "valid", 1: "same", 2: "full"}


def _full(g: Array, n: int, m: int, mode: Any, swapped: bool = False) -> Array:
    """Return a cotangent in the place that it has in the full convolution of n and m numbers."""
    mode = _MODES.get(mode, mode)
    if mode == "full":
        return g
    least = min(n, m)
    start = least - 1 if mode == "valid" else (least - 1) // 2 if not swapped else least // 2
    rest = n + m - 1 - start - g.shape[0]
    return np.concatenate([np.zeros(start, g.dtype), g, np.zeros(rest, g.dtype)])


def _flat(v: Array) -> Array:
    return np.reshape(v, -1)  # a number counts as one element


def convolve_left(g: Array, _a: Any, v: Array, mode: Any = "full") -> Array:
    v = _flat(v)
    return np.convolve(_full(g, np.size(_a), v.size, mode), v[::-1], "valid")


def convolve_right(g: Array, a: Array, _v: Any, mode: Any = "full") -> Array:
    return convolve_left(g, _v, a, mode)


bilinear(np.convolve, convolve_left, convolve_right)


def correlate_left(g: Array, _ans: Any, _a: Any, v: Array, mode: Any = "valid") -> Array:
    v = _flat(v)
    n, m = np.size(_a), v.size
    return np.convolve(_full(g, n, m, mode, n < m), v, "valid")


def correlate_right(g: Array, _ans: Any, a: Array, _v: Any, mode: Any = "valid") -> Array:
    """Return the cotangent of the second operand, which np.correlate conjugates."""
    a = _flat(a)
    n, m = a.size, np.size(_v)
    return np.conj(np.convolve(_full(g, n, m, mode, n < m), np.conj(a)[::-1], "valid")[::-1])


rule(np.correlate, correlate_left, correlate_right, holomorphic=False)

# --- interpolation ---------------------------------------------------------------------------------------------------


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Array:
    x, xp, fp = (array(value) for value in (x, xp, fp))
    fine = xp.ndim == fp.ndim == 1 and xp.shape == fp.shape and xp.size and period is None
    if not (fine and x.dtype == xp.dtype == float and fp.dtype.char in "dD"):
        refuse: Any = np.interp  # with NumPy's own error
        refuse(np.zeros((), x.dtype), np.zeros(xp.shape, xp.dtype), np.zeros(fp.shape, fp.dtype), period=bare(period))
    x, xp = (value if value.dtype == float else value.astype(float) for value in (x, xp))
    dtype = np.dtype(complex if fp.dtype.kind == "c" else float)
    if fp.dtype != dtype:
        fp = fp.astype(dtype)
    if period is not None:
        period, left, right = abs(period), None, None
        x, xp = x % period, xp % period
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    if xp.size == 1:
        y = np.broadcast_to(fp[0], x.shape)
    else:
        # At a point of the table the slope is that of the piece behind it, and at the last point of the one before.
        k = np.minimum(np.maximum(np.searchsorted(xp, x, side="right") - 1, 0), xp.size - 2)
        low, high = xp[k], xp[k + 1]
        slant = np.isfinite(low) & np.isfinite(high) & (low != high)
        # Elsewhere the value is that of one end, and between two infinite ones there is none.
        step = np.where(
            x >= high, 1.0, np.where((x <= low) | np.isfinite(low), 0.0, np.where(high < np.inf, 1, np.nan))
        )
        low, high = np.where(slant, low, 0), np.where(slant, high, 1)
        t = np.where(slant, (np.where(slant, x, 0) - low) / (high - low), step)
        y = fp[k] * (1 - t) + fp[k + 1] * t
    y = np.where(x < xp[0], fp[0] if left is None else left, y)
    return np.where(x > xp[-1], fp[-1] if right is None else right, y)


composite(np.interp, interp, anew=True)

# --- extrema ---------------------------------------------------------------------------------------------------------


def hits(a: Array, value: Array, axis: Axis, where: Any = True) -> tuple[Array, Array]:
    """Tell which elements are equal to the value found along an axis, and how many; a NaN is equal to a NaN."""
    hit = a == value if where is True else (a == value) & where
    n = _add(hit, axis, None, None, True) if type(hit) is np.ndarray else np.sum(hit, axis=axis, keepdims=True)
    if not (n.all() if type(n) is np.ndarray else np.all(n)):
        hit = ((a == value) | ((a != a) & (value != value))) & where
        n = np.sum(hit, axis=axis, keepdims=True)
    return hit, n


def extremum_vjp(
    g: Array,
    ans: Array,
    a: Array,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Array:
    """Share `g` evenly between the elements that are the result; if that is NaN, between the NaNs."""
    usual = initial is None and where is True and type(a) is np.ndarray
    if usual and axis is None and type(g) is np.float64:
        hit = a == ans
        n = np.count_nonzero(hit)
        if n == 1:
            pulled = np.zeros(a.shape, a.dtype)
            pulled.reshape(-1)[hit.argmax()] = g
            return pulled
        if n:
            return np.where(hit, g / n, 0)
    if not keepdims:
        ans, g = expand(ans, axis, keepdims), expand(g, axis, keepdims)
    if usual and type(g) is np.ndarray and a.ndim:
        hit = a == ans
        if np.count_nonzero(hit) == g.size and is_clean(ans):
            pulled = np.zeros(a.shape, g.dtype)
            np.copyto(pulled, g, where=hit)  # one for each: no NaN, so that each has one, and no ties
            return pulled
    hit, n = hits(a, ans, axis, where)
    if initial is not None:
        n = n + ((ans == initial) | ((ans != ans) & (initial != initial)))
    return np.where(hit, g / n, 0)


def extremum_places(g: Array, ans: Array, a: Array, axis: Axis = None, keepdims: bool = False, **unusual: Any) -> Any:
    """Return the same as `extremum_vjp` for rows of a large array of which each has one element that is the result."""
    if unusual or a.size < LARGE or axis not in (-1, a.ndim - 1):
        return NotImplemented
    places = np.flatnonzero(ufunc_in_parts(np.equal, a, expand(ans, axis, keepdims)))
    if places.size != g.size or not is_clean(ans):
        return NotImplemented
    return Scatter(places, g.reshape(-1), _add_at_flat)


def _add_at_flat(buffer: Array, places: Array, g: Array) -> None:
    buffer.flat[places] += g


def started_extremum(
    reduce: Callable[..., Any],
) -> Callable[..., Any]:
    """Make a maximum or minimum in which the start value is one more candidate."""

    @standing_for(reduce)
    def started(a: Array, initial: Array, axis: Axis = None, keepdims: bool = False, where: Any = True) -> Array:
        return reduce(a, axis, None, keepdims, initial, where)

    def start_vjp(
        g: Array, ans: Array, a: Array, initial: Array, axis: Axis = None, keepdims: bool = False, where: Any = True
    ) -> Array:
        ans, g = expand(ans, axis, keepdims), expand(g, axis, keepdims)
        won = (ans == initial) | ((ans != ans) & (initial != initial))
        hit = ((a == ans) | ((a != a) & (ans != ans))) & where
        return np.where(won, g / (1 + np.sum(hit, axis=axis, keepdims=True)), 0)

    rule(
        started,
        lambda g, ans, a, initial, axis=None, keepdims=False, where=True: extremum_vjp(
            g, ans, a, axis, keepdims, initial, where
        ),
        start_vjp,
        holomorphic=False,
        selects=True,
    )
    return started


extremum_jvp = reduction_jvp(extremum_vjp)
extremum: dict[str, Any] = {"jvp": extremum_jvp, "holomorphic": False, "selects": True}
for largest in (np.max, np.amax):
    rule(largest, extremum_vjp, forward=reducing(np.maximum), sparse=extremum_places, **extremum)
for least in (np.min, np.amin):
    rule(least, extremum_vjp, forward=reducing(np.minimum), sparse=extremum_places, **extremum)
for func in (np.nanmax, np.nanmin):
    rule(func, extremum_vjp, **extremum)
started_max, started_min = started_extremum(np.max), started_extremum(np.min)
for largest in (np.max, np.amax):
    start_with(largest, started_max)
for least in (np.min, np.amin):
    start_with(least, started_min)
start_with(np.nanmax, started_max, _is_number)
start_with(np.nanmin, started_min, _is_number)
composite(
    np.ptp, lambda a, axis=None, keepdims=False: np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)
)

# --- reductions by other ufuncs --------------------------------------------------------------------------------------


def log_sum_vjp(
    g: Array,
    ans: Array,
    a: Array,
    exp: np.ufunc,
    axis: Axis = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Array:
    """Multiply by exp(a - ans), the share of an element in the sum; infinite ones that are equal share evenly."""
    ans, g = expand(ans, axis, keepdims), expand(g, axis, keepdims)
    hit, n = hits(a, ans, axis, where)
    if initial is not None:
        n = n + (ans == initial)
    infinite = np.isinf(ans)
    gap = np.where(infinite | np.logical_not(where), 0, a - np.where(infinite, 0, ans))
    return np.where(where, g * np.where(infinite, hit / np.where(infinite, n, 1), exp(gap)), 0)


def _declare_fold(ufunc: np.ufunc, vjp: Callable[..., Array], **options: Any) -> Callable[..., Array]:
    """Declare the reduction by a ufunc that NumPy has no function for."""
    reduce: Any = ufunc.reduce

    @primitive
    def fold(a: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Array:
        return reduce(a, axis, None, None, keepdims, np._NoValue if initial is None else initial, where)

    fold.__name__ = f"{ufunc.__name__}.reduce"
    rule(fold, vjp, jvp=reduction_jvp(vjp), **options)
    return fold


def _log_sum(exp: np.ufunc) -> Callable[..., Array]:
    def vjp(
        g: Array,
        ans: Array,
        a: Array,
        axis: Axis = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Array:
        return log_sum_vjp(g, ans, a, exp, axis, keepdims, initial, where)

    return vjp


# Element by element, ties would be shared between each and all those before it.
FOLDS: dict[np.ufunc, Callable[..., Array]] = {
    np.fmax: _declare_fold(np.fmax, extremum_vjp, holomorphic=False, selects=True),
    np.fmin: _declare_fold(np.fmin, extremum_vjp, holomorphic=False, selects=True),
    np.logaddexp: _declare_fold(np.logaddexp, _log_sum(np.exp)),
    np.logaddexp2: _declare_fold(np.logaddexp2, _log_sum(np.exp2)),
}

# --- truth values, places and counts ---------------------------------------------------------------------------------

nondifferentiable(
    np.all,
    np.any,
    np.argmax,
    np.argmin,
    np.nanargmax,
    np.nanargmin,
    np.count_nonzero,
)
