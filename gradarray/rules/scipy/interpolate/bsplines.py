"""B-splines: their values by coefficients, points and knots, and coefficients by values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import interpolate

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...registry import rule
from ..declared import function, makers, methods
from ..values import Fit, as_double, as_library, fitted, from_library, looked_at, moved_back, no_variable
from .fits import transposed_fit
from .parts import hold, part
from .pieces import pieces, spread

# --- values -----------------------------------------------------------------------------------------------------------


@from_library
def spline(c: Array, points: Array, t: Array, k: int, nu: int, extrapolate: bool) -> Array:
    """Return the nu-th derivative at points, of shape (points, functions); `c` is (coefficients, functions)."""
    if nu > k:
        return np.zeros((len(points), c.shape[1]), c.dtype)
    return interpolate.BSpline.construct_fast(t, c, k)(points, nu, extrapolate)


def _within(points: Any, t: Any, k: int, extrapolate: bool) -> Array:
    points = bare(points)
    return ~np.isnan(points) if extrapolate else (t[k] <= points) & (points <= t[len(t) - k - 1])


@from_library
def gathered(of: Array, points: Array, t: Array, k: int, nu: int, extrapolate: bool) -> Array:
    """Return the adjoint of `spline` by the coefficients."""
    n = len(t) - k - 1
    if nu > k:
        return np.zeros((n, of.shape[1]), of.dtype)
    if _many(points, t):
        sites = np.unique(t[k : n + 1])
        back = spread(of, sites, points, order=k + 1, nu=nu, extrapolate=extrapolate)
        parts = [gathered(back[k - m], sites[:-1], t, k, m, True) / math.factorial(m) for m in range(k + 1)]
        return np.asarray(sum(parts))
    some = _within(points, t, k, extrapolate)
    inner = t[nu : len(t) - nu]
    found = interpolate.BSpline.design_matrix(points[some], inner, k - nu, True).T @ of[some]
    for j in range(nu, 0, -1):  # the coefficients of a derivative are differences of those of the function
        degree = k - j + 1
        knots = t[j - 1 : len(t) - j + 1]
        gaps = knots[degree + 1 : -1] - knots[1 : -degree - 1]
        scaled = found * np.where(gaps == 0, 0.0, degree / np.where(gaps == 0, 1.0, gaps))[:, None]
        zero = np.zeros((1, found.shape[1]))
        found = np.concatenate([zero, scaled]) - np.concatenate([scaled, zero])
    return found


def _many(points: Any, t: Any) -> bool:
    """Tell whether it takes less time to make the polynomials between the knots first."""
    return bool(np.shape(points)[0] > 4 * np.shape(t)[0])


def _slopes(c: Any, points: Any, t: Any, k: int, nu: int, extrapolate: bool) -> Any:
    """Return a derivative, near to the library's own value."""
    if nu > k or not _many(points, t):
        return spline(c, points, t=t, k=k, nu=nu, extrapolate=extrapolate)
    sites = np.unique(t[k : np.shape(t)[0] - k])
    rows = [spline(c, sites[:-1], t=t, k=k, nu=m, extrapolate=True) / math.factorial(m) for m in range(k, -1, -1)]
    return pieces(np.stack(rows), sites, points, nu=nu, extrapolate=extrapolate)


def _slope(g: Any, c: Any, points: Any, t: Any, k: int, nu: int, extrapolate: bool) -> Any:
    slopes = _slopes(c, points, t, k, nu + 1, extrapolate)
    if not extrapolate:  # where no value is, none depends on the point, so that np.where can choose others there
        at = bare(points)
        slopes = np.where(np.reshape((at < t[k]) | (at > t[np.shape(t)[0] - k - 1]), (-1, 1)), 0.0, slopes)
    return (g * slopes)[:, 0] if np.shape(g)[1] == 1 else np.sum(g * slopes, axis=1)


rule(
    spline,
    lambda g, _ans, _c, points, *, t, k, nu, extrapolate: gathered(g, points, t=t, k=k, nu=nu, extrapolate=extrapolate),
    lambda g, _ans, c, points, *, t, k, nu, extrapolate: _slope(g, c, points, t, k, nu, extrapolate),
)
rule(
    gathered,
    lambda g, _ans, _of, points, *, t, k, nu, extrapolate: spline(g, points, t=t, k=k, nu=nu, extrapolate=extrapolate),
    lambda g, _ans, of, points, *, t, k, nu, extrapolate: _slope(of, g, points, t, k, nu, extrapolate),
)


def by_knots(c: Any, points: Any, t: Any, k: int, nu: int, extrapolate: bool) -> Any:
    """Return the same by de Boor's algorithm, where the knots are variables."""
    made, knots, degree = c, t, k
    for _ in range(nu):
        if degree == 0:
            made, knots = 0.0 * made, knots
            continue
        gaps = (knots[degree + 1 : -1] - knots[1 : -degree - 1])[:, None]
        empty = np.equal(bare(gaps), 0)
        made = np.where(empty, 0.0, degree * (made[1:] - made[:-1]) / np.where(empty, 1.0, gaps))
        knots, degree = knots[1:-1], degree - 1
    plain, at = bare(knots), bare(points)
    n = np.shape(plain)[0] - degree - 1
    i = np.clip(np.searchsorted(plain, at, side="right") - 1, degree, n - 1)
    d = [made[i - degree + j] for j in range(degree + 1)]
    for r in range(1, degree + 1):
        for j in range(degree, r - 1, -1):
            left, right = knots[i - degree + j], knots[i + 1 + j - r]
            share = ((points - left) / (right - left))[:, None]
            d[j] = (1 - share) * d[j - 1] + share * d[j]
    value = np.where(_within(points, bare(t), k, extrapolate)[:, None], d[degree], np.nan)
    return as_library(value, _library, c, points, t, k=k, nu=nu, extrapolate=extrapolate)


@from_library
def _library(c: Array, points: Array, t: Array, k: int, nu: int, extrapolate: bool) -> Array:
    return interpolate.BSpline.construct_fast(t, c, k)(points, nu, extrapolate)


def evaluated(t: Any, c: Any, k: int, x: Any, nu: int, extrapolate: Any) -> Any:
    """Return values at points of any shape, with the axes of the coefficients behind theirs."""
    n = np.shape(t)[0] - k - 1
    points = as_double(x)
    shape, points = np.shape(points), np.reshape(points, (-1,))
    if isinstance(extrapolate, str):
        points, extrapolate = t[k] + (points - t[k]) % (t[n] - t[k]), False
    flat = np.reshape(c, (np.shape(c)[0], math.prod(np.shape(c)[1:])))[:n]
    if has_variable(t):
        out = by_knots(flat, points, t, k, nu, bool(extrapolate))
    else:
        out = spline(flat, points, t=bare(t), k=k, nu=nu, extrapolate=bool(extrapolate))
    return np.reshape(out, (*shape, *np.shape(c)[1:]))


# --- the class --------------------------------------------------------------------------------------------------------


def made(t: Any, c: Any, k: int, extrapolate: Any = True, axis: int = 0) -> Any:
    """Return a BSpline that holds variables; the axis of the coefficients is the first one."""
    obj = object.__new__(interpolate.BSpline)
    return _filled(obj, t, c, k, extrapolate, axis)


def _filled(obj: Any, t: Any, c: Any, k: int, extrapolate: Any, axis: int) -> Any:
    obj.k, obj.extrapolate, obj.axis = k, extrapolate, axis
    return hold(obj, t=t, c=c)


def _init(self: Any, t: Any, c: Any, k: int, extrapolate: Any = True, axis: int = 0) -> None:
    interpolate.BSpline.__init__(self, looked_at(t), looked_at(c), k, extrapolate, axis)  # SciPy's own errors
    c = np.moveaxis(as_double(c), self.axis, 0) if self.axis else as_double(c)
    _filled(self, as_double(t), c, self.k, self.extrapolate, self.axis)


def _call(self: Any, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
    extrapolate = self.extrapolate if extrapolate is None else extrapolate
    out = evaluated(part(self, "t"), part(self, "c"), self.k, x, nu, extrapolate)
    return moved_back(out, np.ndim(x), self.axis)


def padded(c: Any, t: Any) -> Any:
    """Return coefficients as many as knots, as FITPACK has them."""
    missing = np.shape(t)[0] - np.shape(c)[0]
    return np.concatenate([c, np.zeros((missing, *np.shape(c)[1:]))]) if missing > 0 else c


def derived(t: Any, c: Any, k: int, nu: int) -> tuple[Any, Any, int]:
    """Return the knots, the coefficients and the degree of a derivative, or for a negative order of an integral."""
    for _ in range(nu):
        if k == 0:
            raise ValueError(f"order of derivative must be <= k = {k}")
        gaps = np.reshape(t[k + 1 : -1] - t[1 : -k - 1], (-1, *[1] * (np.ndim(c) - 1)))
        empty = np.equal(bare(gaps), 0)
        n = np.shape(t)[0] - k - 1
        c = np.where(empty, 0.0, k * (c[1:n] - c[: n - 1]) / np.where(empty, 1.0, gaps))
        t, k = t[1:-1], k - 1
        c = padded(c, t)
    for _ in range(-nu):
        n = np.shape(t)[0] - k - 1
        gaps = np.reshape(t[k + 1 :] - t[: -k - 1], (-1, *[1] * (np.ndim(c) - 1)))
        sums = np.cumsum(c[:n] * gaps, axis=0) / (k + 1)
        c = np.concatenate([np.zeros((1, *np.shape(c)[1:])), sums, *[sums[-1:]] * (k + 2)])
        t, k = np.concatenate([t[:1], t, t[-1:]]), k + 1
    return t, c, k


def _derivative(self: Any, nu: int = 1) -> Any:
    t, c, k = derived(part(self, "t"), part(self, "c"), self.k, nu)
    return _filled(object.__new__(type(self)), t, c, k, self.extrapolate, self.axis)


def _antiderivative(self: Any, nu: int = 1) -> Any:
    t, c, k = derived(part(self, "t"), part(self, "c"), self.k, -nu)
    extrapolate = False if self.extrapolate == "periodic" else self.extrapolate
    return _filled(object.__new__(type(self)), t, c, k, extrapolate, self.axis)


def _integrate(self: Any, a: Any, b: Any, extrapolate: Any = None) -> Any:
    extrapolate = self.extrapolate if extrapolate is None else extrapolate
    t, k = part(self, "t"), self.k
    low, high = t[k], t[np.shape(t)[0] - k - 1]
    whole = derived(t, part(self, "c"), k, -1)

    def up_to(x: Any) -> Any:
        if extrapolate != "periodic":
            return evaluated(*whole, x if extrapolate else np.clip(x, low, high), 0, True)
        turns = np.floor(bare((x - low) / (high - low)))
        period = evaluated(*whole, high, 0, True) - evaluated(*whole, low, 0, True)
        return turns * period + evaluated(*whole, x - turns * (high - low), 0, True)

    return up_to(b) - up_to(a)


methods(
    "scipy.interpolate",
    "BSpline",
    __init__=_init,
    __call__=_call,
    derivative=_derivative,
    antiderivative=_antiderivative,
    integrate=_integrate,
)

# --- coefficients of values -------------------------------------------------------------------------------------------


def fitted_spline(plain: Any, y: Any, axis: int, value: Any, linear: Any, pull: Any = None, own: bool = True) -> Any:
    """Return the spline whose coefficients a library's fit makes of values, given that of the bare ones.

    It is not their own if it was made of others, for its knots.
    """
    y = np.moveaxis(as_double(y), axis, 0)
    plain_y, plain_c = bare(y), part(plain, "c")

    def known(v: Array) -> Array:  # these have been computed
        same = type(v) is type(plain_y) and len(plain_c) and np.array_equal(v, plain_y)
        return plain_c if same and own else value(v)

    c = fitted(y, fit=Fit(known, linear, np.shape(y)[0], pull))
    return made(part(plain, "t"), c, plain.k, plain.extrapolate, axis % np.ndim(y))


def make_interp_spline(
    x: Any, y: Any, k: int = 3, t: Any = None, bc_type: Any = None, axis: int = 0, check_finite: bool = True
) -> Any:
    no_variable("scipy.interpolate.make_interp_spline", x=x, t=t, bc_type=bc_type)
    x, t, bc = bare(x), bare(t), bare(bc_type)
    fit = interpolate.make_interp_spline
    plain = fit(x, np.zeros(np.shape(y)) if bc == "periodic" else bare(y), k, t, bc, axis, check_finite)
    names = isinstance(bc, str) or bc is None
    ends = bc if names else tuple([e if isinstance(e, str) or e is None else [(o, 0.0) for o, _ in e] for e in bc])

    def linear(one: Array) -> Array:
        if bc == "periodic":  # for which the first and the last value are the same
            both = np.array(one)
            both[-1] = both[0]
            return np.asarray(part(fit(x, both, k, t, bc), "c"))
        if names or all(e is None or isinstance(e, str) for e in ends):
            return np.asarray(part(fit(x, one, k, t, ends), "c"))
        wide = np.zeros(one.shape[1:])
        flat = tuple([e if e is None or isinstance(e, str) else [(o, wide) for o, _ in e] for e in ends])
        return np.asarray(part(fit(x, one, k, t, flat), "c"))

    pull = transposed_fit(np.asarray(x, float), part(plain, "t"), k) if bc is None else None

    def value(v: Array) -> Array:
        return np.asarray(part(fit(x, v, k, t, bc, 0, check_finite), "c"))

    return fitted_spline(plain, y, axis, value, linear, pull, own=bc != "periodic")


def make_lsq_spline(
    x: Any,
    y: Any,
    t: Any,
    k: int = 3,
    w: Any = None,
    axis: int = 0,
    check_finite: bool = True,
    *,
    method: str = "qr",
) -> Any:
    no_variable("scipy.interpolate.make_lsq_spline", x=x, t=t, w=w)
    x, t, w = bare(x), bare(t), bare(w)
    options = {} if method == "qr" else {"method": method}

    def value(v: Array) -> Array:
        return np.asarray(part(interpolate.make_lsq_spline(x, v, t, k, w, 0, check_finite, **options), "c"))

    plain = interpolate.make_lsq_spline(x, bare(y), t, k, w, axis, check_finite, **options)
    pull = transposed_fit(np.asarray(x, float), part(plain, "t"), k, w)
    return fitted_spline(plain, y, axis, value, value, pull)


# --- FITPACK's names --------------------------------------------------------------------------------------------------


def splev(x: Any, tck: Any, der: int = 0, ext: int = 0) -> Any:
    if isinstance(tck, interpolate.BSpline):
        return _call(tck, x, der, ext == 0)
    t, c, k = tck
    t = as_double(t)
    if isinstance(c, (list, tuple)) and np.ndim(looked_at(c)) > 1:
        return [splev(x, (t, each, k), der, ext) for each in c]
    c = as_double(c)
    low, high = bare(t)[k], bare(t)[-k - 1]
    values = bare(x)
    outside = (values < low) | (values > high)
    if ext == 2 and np.any(outside):
        raise ValueError("Input data not allowed: a point is outside of the knots, and ext=2")
    x = np.clip(as_double(x), low, high) if ext == 3 else x
    out = evaluated(t, c, k, x, der, True)
    return np.where(outside, 0.0, out) if ext == 1 else out


def splint(a: Any, b: Any, tck: Any, full_output: int = 0) -> Any:
    if full_output:
        raise TypeError("scipy.interpolate.splint of a variable: full_output= is not known here")
    if isinstance(tck, interpolate.BSpline):
        return _integrate(tck, a, b, False)
    return _integrate(made(tck[0], tck[1], tck[2]), a, b, False)


def splder(tck: Any, n: int = 1) -> Any:
    return _derivative(tck, n) if isinstance(tck, interpolate.BSpline) else derived(tck[0], tck[1], tck[2], n)


def splantider(tck: Any, n: int = 1) -> Any:
    return _antiderivative(tck, n) if isinstance(tck, interpolate.BSpline) else derived(tck[0], tck[1], tck[2], -n)


def spalde(x: Any, tck: Any) -> Any:
    t, c, k = (part(tck, "t"), part(tck, "c"), tck.k) if isinstance(tck, interpolate.BSpline) else tck
    return np.stack([evaluated(t, c, k, x, nu, True) for nu in range(k + 1)], axis=-1)


function("scipy.interpolate", make_interp_spline, make_lsq_spline)
function("scipy.interpolate", splev, splint, splder, splantider, spalde)
makers(
    "scipy.interpolate",
    "make_interp_spline",
    "make_lsq_spline",
    "basis_element",
    "make_splrep",
)
makers("scipy.interpolate", "generate_knots", "splder", "splantider")
