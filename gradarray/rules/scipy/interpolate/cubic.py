"""Cubics between sites: their slopes there, by values and sites, and so their coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate
from scipy.linalg import solve_banded

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...registry import rule
from ..declared import function, makers, methods
from ..standing import Operator, affine
from ..values import as_double, from_library, valued
from .parts import part
from .pieces import call, filled

# --- three diagonals --------------------------------------------------------------------------------------------------


@from_library
def solved(upper: Array, middle: Array, lower: Array, b: Array) -> Array:
    """Solve with a matrix of three diagonals: `upper` has a first element too many, `lower` a last one."""
    flat = solve_banded((1, 1), np.stack([upper, middle, lower]), b.reshape(len(b), -1))
    return flat.reshape(b.shape)


def _solved_vjp(g: Any, ans: Any, upper: Any, middle: Any, lower: Any, _b: Any) -> Any:
    zero = np.zeros(1)
    turned = np.concatenate([zero, lower[:-1]]), middle, np.concatenate([upper[1:], zero])
    back = solved(*turned, g)
    s, w = (np.reshape(x, (np.shape(x)[0], -1)) for x in (ans, back))
    return (
        np.concatenate([zero, -np.sum(w[:-1] * s[1:], axis=1)]),
        -np.sum(w * s, axis=1),
        np.concatenate([-np.sum(w[1:] * s[:-1], axis=1), zero]),
        back,
    )


rule(solved, joint=_solved_vjp)


def _column(x: Any, like: Any) -> Any:
    return np.reshape(x, (-1, *[1] * (np.ndim(like) - 1)))


# --- slopes -----------------------------------------------------------------------------------------------------------


def spline_slopes(x: Any, y: Any, bc: Any) -> Any:
    """Return the slopes with which the second derivative is continuous, by the conditions at both ends."""
    n, dx = np.shape(x)[0], x[1:] - x[:-1]
    d = _column(dx, y)
    secant = (y[1:] - y[:-1]) / d
    start, end = bc
    if n == 2:
        start, end = ((1, secant[0]) if b in ("not-a-knot", "periodic") else b for b in bc)
    if isinstance(start, str) and start == "periodic":
        return _periodic_slopes(dx, d, secant)
    if n == 3 and isinstance(start, str) and isinstance(end, str):  # one parabola
        bend = (secant[1] - secant[0]) / (d[0] + d[1])
        return np.stack([secant[0] - d[0] * bend, secant[0] + d[0] * bend, secant[1] + d[1] * bend])
    zero = np.zeros(1)
    middle, upper, lower = 2 * (dx[:-1] + dx[1:]), dx[:-1], dx[1:]
    b = 3 * (d[1:] * secant[:-1] + d[:-1] * secant[1:])
    first, first_next, b_first = _end(start, dx[0], d[0], dx[1] if n > 2 else None, d[1:2], secant, 0, 1)
    last, last_next, b_last = _end(end, dx[-1], d[-1], dx[-2] if n > 2 else None, d[-2:-1], secant, -1, -1)
    return solved(
        np.concatenate([zero, np.reshape(first_next, (1,)), upper]),
        np.concatenate([np.reshape(first, (1,)), middle, np.reshape(last, (1,))]),
        np.concatenate([lower, np.reshape(last_next, (1,)), zero]),
        np.concatenate([b_first[None], b, b_last[None]]),
    )


def _end(bc: Any, h: Any, d: Any, h2: Any, d2: Any, secant: Any, i: int, sign: int) -> tuple[Any, Any, Any]:
    """Return the equation at an end: factors of the slope there and of the next one, and the right-hand side."""
    if isinstance(bc, str):  # not-a-knot
        both, inner = h + h2, secant[i + sign]
        total = d + d2[0]
        return h2, both, ((d + 2 * total) * d2[0] * secant[i] + d * d * inner) / total
    order, value = bc
    if order == 1:
        return np.ones(()), np.zeros(()), value + 0 * secant[i]
    return 2 * h, 1 * h, 3 * d * secant[i] - sign * 0.5 * value * d * d


def _periodic_slopes(dx: Any, d: Any, secant: Any) -> Any:
    """Solve the cyclic equations by those of three diagonals, and Sherman and Morrison's formula."""
    n = np.shape(dx)[0]
    if n == 2:
        slope = np.sum(secant / d, axis=0) / np.sum(1 / d, axis=0)
        return np.stack([slope, slope, slope])
    before = np.concatenate([dx[-1:], dx[:-1]])
    middle, b = 2 * (before + dx), 3 * (np.roll(d, 1, 0) * secant + d * np.roll(secant, 1, 0))
    # Row i: dx[i] s[i-1] + 2 (dx[i-1] + dx[i]) s[i] + dx[i-1] s[i+1]
    corner_first, corner_last = dx[0], dx[-2]
    scale = -middle[0]
    changed = np.concatenate([middle[:1] - scale, middle[1:-1], middle[-1:] - corner_first * corner_last / scale])
    upper, lower = np.concatenate([np.zeros(1), before[:-1]]), np.concatenate([dx[1:], np.zeros(1)])
    u = np.concatenate([np.reshape(scale, (1,)), np.zeros(n - 2), np.reshape(corner_last, (1,))])
    plain, turn = solved(upper, changed, lower, b), solved(upper, changed, lower, u)
    ratio = corner_first / scale
    share = (plain[0] + ratio * plain[-1]) / (1 + turn[0] + ratio * turn[-1])
    s = plain - _column(turn, plain) * share
    return np.concatenate([s, s[:1]])


def pchip_slopes(x: Any, y: Any) -> Any:
    d = _column(x[1:] - x[:-1], y)
    secant = (y[1:] - y[:-1]) / d
    if np.shape(y)[0] == 2:
        return np.concatenate([secant, secant])
    signs, flat = np.sign(bare(secant)), np.equal(bare(secant), 0)
    turns = (signs[1:] != signs[:-1]) | flat[1:] | flat[:-1]
    left, right = (np.where(turns, 1.0, m) for m in (secant[:-1], secant[1:]))
    w1, w2 = 2 * d[1:] + d[:-1], d[1:] + 2 * d[:-1]
    mean = np.where(turns, 0.0, (w1 + w2) / (w1 / left + w2 / right))
    first = _pchip_end(d[0], d[1], secant[0], secant[1])
    last = _pchip_end(d[-1], d[-2], secant[-1], secant[-2])
    return np.concatenate([first[None], mean, last[None]])


def _pchip_end(h0: Any, h1: Any, m0: Any, m1: Any) -> Any:
    slope = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    values, v0, v1 = bare(slope), bare(m0), bare(m1)
    steep = (np.sign(v0) != np.sign(v1)) & np.greater(np.abs(values), 3.0 * np.abs(v0))
    return np.where(np.sign(values) != np.sign(v0), 0.0, np.where(steep, 3.0 * m0, slope))


def akima_slopes(x: Any, y: Any, method: str) -> Any:
    d = _column(x[1:] - x[:-1], y)
    inner = (y[1:] - y[:-1]) / d
    if np.shape(y)[0] == 2:
        return np.concatenate([inner, inner])
    before = 2 * inner[0] - inner[1]
    after = 2 * inner[-1] - inner[-2]
    m = np.concatenate([(2 * before - inner[0])[None], before[None], inner, after[None], (2 * after - inner[-1])[None]])
    change = np.abs(m[1:] - m[:-1])
    f1, f2 = change[2:], change[:-2]
    if method == "makima":
        sums = np.abs(m[1:] + m[:-1])
        f1, f2 = f1 + 0.5 * sums[2:], f2 + 0.5 * sums[:-2]
    total = f1 + f2
    whole = np.greater(bare(total), 1e-9 * np.max(bare(total), initial=-np.inf))
    weighted = m[1:-2] + f2 / np.where(whole, total, 1.0) * (m[2:-1] - m[1:-2])
    return np.where(whole, weighted, 0.5 * (m[3:] + m[:-3]))


def hermite(x: Any, y: Any, slopes: Any) -> Any:
    """Return the coefficients of cubics with these values and slopes at the sites."""
    d = _column(x[1:] - x[:-1], y)
    secant = (y[1:] - y[:-1]) / d
    bend = (slopes[:-1] + slopes[1:] - 2 * secant) / d
    return np.stack([bend / d, (secant - slopes[:-1]) / d - bend, slopes[:-1] + 0 * bend, y[:-1] + 0 * bend])


# --- classes ----------------------------------------------------------------------------------------------------------


@from_library
def _coefficients(x: Array, y: Array, *more: Any, cls: Any, options: Any) -> Array:
    return part(cls(x, y, *more, **options), "c")


def _fill(
    self: Any, cls: Any, x: Any, y: Any, axis: int, extrapolate: Any, slopes: Any, *more: Any, **options: Any
) -> None:
    options |= {"axis": axis, "extrapolate": extrapolate}
    value = _coefficients(bare(x), bare(y), *map(bare, more), cls=cls, options=options)
    x, y = as_double(x), np.moveaxis(as_double(y), axis, 0)
    made = hermite(x, y, slopes(x, y))
    filled(self, valued(made, value), x, extrapolate, axis % np.ndim(y))


def _hermite_init(self: Any, x: Any, y: Any, dydx: Any, axis: int = 0, extrapolate: Any = None) -> None:
    given = np.moveaxis(as_double(dydx), axis, 0)
    extrapolate = True if extrapolate is None else extrapolate
    _fill(self, interpolate.CubicHermiteSpline, x, y, axis, extrapolate, lambda *_: given, dydx)


def _cubic_init(self: Any, x: Any, y: Any, axis: int = 0, bc_type: Any = "not-a-knot", extrapolate: Any = None) -> None:
    bc = (bc_type, bc_type) if isinstance(bc_type, str) else tuple(bc_type)
    ends = [_NAMED.get(end, end) if isinstance(end, str) else end for end in bc]
    if extrapolate is None:
        extrapolate = "periodic" if ends[0] == "periodic" else True
    cls, given = interpolate.CubicSpline, bare(bc_type)
    # Numbers at the ends that are no plain ones vary too: of a vmap, say.
    known = [end[1] for end in ends if not isinstance(end, str)]
    plain = not has_variable(x) and all(
        isinstance(value, (int, float, list, np.ndarray, np.generic)) for value in known
    )
    if np.shape(x)[0] > 3 and ends[0] != "periodic" and plain and not has_variable(known):
        _linear_init(self, x, y, axis, extrapolate, given, ends)
        return
    _fill(self, cls, x, y, axis, extrapolate, lambda x, y: spline_slopes(x, y, ends), bc_type=given)


def _linear_init(self: Any, x: Any, y: Any, axis: int, extrapolate: Any, given: Any, ends: Any) -> None:
    """Fill a spline of known sites, which is linear in the values but for what is given at the ends."""
    x, y = np.asarray(bare(x), float), np.moveaxis(as_double(y), axis, 0)
    options, shape, plain = {"extrapolate": extrapolate}, np.shape(y), bare(y)
    none = np.zeros(shape[1:])
    level = tuple([end if isinstance(end, str) else (end[0], none) for end in ends])

    def fit(v: Array, ends: Any = given) -> Array:
        return _coefficients(x, v, cls=interpolate.CubicSpline, options={**options, "bc_type": ends})

    known = fit(plain) if type(plain) is np.ndarray else None  # in a program, the values are others each time

    def value(v: Array) -> Array:
        same = known is not None and type(v) is np.ndarray and np.array_equal(v, plain)
        return known.copy() if same else fit(v)  # type: ignore[union-attr]

    def push(t: Array) -> Array:
        return fit(t, level)

    c = affine(
        y, op=Operator(push, _transposed_spline(x, [e if isinstance(e, str) else (e[0], 0.0) for e in ends]), value)
    )
    filled(self, c, x, extrapolate, axis % np.ndim(y))


def _transposed_spline(x: Array, ends: Any) -> Any:
    """Return the transpose of what makes of values the coefficients of a spline: of `hermite` and `spline_slopes`."""
    n, dx = len(x), np.diff(x)
    h, one, zero = dx[:, None], np.eye(2), np.zeros(1)
    first = [_end(ends[0], dx[0], dx[0], dx[1], dx[1:2], one[j], 0, 1) for j in (0, 1)]
    last = [_end(ends[1], dx[-1], dx[-1], dx[-2], dx[-2:-1], one[j], -1, -1) for j in (-1, -2)]
    above = np.concatenate([np.reshape(first[0][1], 1), dx[:-1]])
    below = np.concatenate([dx[1:], np.reshape(last[0][1], 1)])
    middle = np.concatenate([np.reshape(first[0][0], 1), 2 * (dx[:-1] + dx[1:]), np.reshape(last[0][0], 1)])
    turned = np.stack([np.concatenate([zero, below]), middle, np.concatenate([above, zero])])

    def pull(g: Array) -> Array:
        c3, c2, c1, c0 = np.reshape(g, (4, n - 1, -1))
        bend = c3 / h - c2
        secant = (c2 - 2 * bend) / h
        slopes = np.zeros((n, bend.shape[1]), g.dtype)
        slopes[:-1] = c1 + (bend - c2) / h
        slopes[1:] += bend / h
        b = solve_banded((1, 1), turned, slopes)
        secant[:-1] += 3 * h[1:] * b[1:-1]
        secant[1:] += 3 * h[:-1] * b[1:-1]
        for (_, _, weight), j in zip(first, (0, 1), strict=True):
            secant[j] += weight * b[0]
        for (_, _, weight), j in zip(last, (-1, -2), strict=True):
            secant[j] += weight * b[-1]
        secant /= h
        found = np.zeros_like(slopes)
        found[:-1] = c0 - secant
        found[1:] += secant
        return np.reshape(found, (n, *np.shape(g)[2:]))

    return pull


_NAMED = {"clamped": (1, 0.0), "natural": (2, 0.0)}


def _pchip_init(self: Any, x: Any, y: Any, axis: int = 0, extrapolate: Any = None) -> None:
    extrapolate = True if extrapolate is None else extrapolate
    _fill(self, interpolate.PchipInterpolator, x, y, axis, extrapolate, pchip_slopes)


def _akima_init(self: Any, x: Any, y: Any, axis: int = 0, *, method: str = "akima", extrapolate: Any = None) -> None:
    extrapolate = False if extrapolate is None else extrapolate
    slopes = lambda x, y: akima_slopes(x, y, method)  # noqa: E731
    _fill(self, interpolate.Akima1DInterpolator, x, y, axis, extrapolate, slopes, method=method)


methods("scipy.interpolate", "CubicHermiteSpline", __init__=_hermite_init)
methods("scipy.interpolate", "CubicSpline", __init__=_cubic_init)
methods("scipy.interpolate", "PchipInterpolator", __init__=_pchip_init)
methods("scipy.interpolate", "Akima1DInterpolator", __init__=_akima_init)


def pchip_interpolate(xi: Any, yi: Any, x: Any, der: Any = 0, axis: int = 0) -> Any:
    made = object.__new__(interpolate.PchipInterpolator)
    _pchip_init(made, xi, yi, axis)
    return call(made, x, der) if np.ndim(der) == 0 else [call(made, x, each) for each in der]


function("scipy.interpolate", pchip_interpolate)
makers("scipy.interpolate", "pchip", "from_spline", "from_bernstein_basis")
