"""Functions that are given by samples: their slopes, integrals and convolutions, and what lies between."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...kernels.guests import looked_up
from ...tape.wrapping import bare
from ..registry import bilinear, composite, rule
from ..signature import constant
from .axes import Axis, along
from .shape import as_array

# --- slopes and integrals --------------------------------------------------------------------------------------------


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
    f, spacings = as_array(f), tuple(as_array(h) for h in varargs) or (1.0,)
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
    y = as_array(y)
    if x is not None:
        x = as_array(x)
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

# --- convolution -----------------------------------------------------------------------------------------------------

_MODES = {0: "valid", 1: "same", 2: "full"}


def _in_full(g: Array, n: int, m: int, mode: Any, swapped: bool = False) -> Array:
    """Return a cotangent in the place that it has in the full convolution of n and m numbers."""
    mode = _MODES.get(mode, mode)
    if mode == "full":
        return g
    least = min(n, m)
    start = least - 1 if mode == "valid" else (least - 1) // 2 if not swapped else least // 2
    rest = n + m - 1 - start - g.shape[0]
    return np.concatenate([np.zeros(start, g.dtype), g, np.zeros(rest, g.dtype)])


def _flat(v: Array) -> Array:
    """Return an array as one row."""
    return np.reshape(v, -1)  # a number counts as one element


def convolve_left(g: Array, _a: Any, v: Array, mode: Any = "full") -> Array:
    """Return the cotangent of the first of two rows that are convolved."""
    v = _flat(v)
    return np.convolve(_in_full(g, np.size(_a), v.size, mode), v[::-1], "valid")


def convolve_right(g: Array, a: Array, _v: Any, mode: Any = "full") -> Array:
    return convolve_left(g, _v, a, mode)


bilinear(np.convolve, convolve_left, convolve_right)


def correlate_left(g: Array, _ans: Any, _a: Any, v: Array, mode: Any = "valid") -> Array:
    v = _flat(v)
    n, m = np.size(_a), v.size
    return np.convolve(_in_full(g, n, m, mode, n < m), v, "valid")


def correlate_right(g: Array, _ans: Any, a: Array, _v: Any, mode: Any = "valid") -> Array:
    """Return the cotangent of the second operand, which np.correlate conjugates."""
    a = _flat(a)
    n, m = a.size, np.size(_v)
    return np.conj(np.convolve(_in_full(g, n, m, mode, n < m), np.conj(a)[::-1], "valid")[::-1])


rule(np.correlate, correlate_left, correlate_right, holomorphic=False)

# --- interpolation ---------------------------------------------------------------------------------------------------


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Array:
    x, xp, fp = (as_array(value) for value in (x, xp, fp))
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
        low, high = looked_up(xp, k), looked_up(xp, k + 1)
        slant = np.isfinite(low) & np.isfinite(high) & (low != high)
        # Elsewhere the value is that of one end, and between two infinite ones there is none.
        step = np.where(
            x >= high, 1.0, np.where((x <= low) | np.isfinite(low), 0.0, np.where(high < np.inf, 1, np.nan))
        )
        low, high = np.where(slant, low, 0), np.where(slant, high, 1)
        t = np.where(slant, (np.where(slant, x, 0) - low) / (high - low), step)
        y = looked_up(fp, k) * (1 - t) + looked_up(fp, k + 1) * t
    y = np.where(x < xp[0], fp[0] if left is None else left, y)
    return np.where(x > xp[-1], fp[-1] if right is None else right, y)


composite(np.interp, interp, anew=True)
