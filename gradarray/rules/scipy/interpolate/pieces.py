"""Piecewise polynomials: their values, integrals and roots, by coefficients, breakpoints and points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import interpolate

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ...primitives import scatter
from ...registry import linear, nondifferentiable, rule
from ..declared import methods
from ..standing import Operator
from ..values import as_double, as_library, from_library, looked_at, moved_back
from .parts import hold, part


def intervals(sites: Any, points: Any) -> Array:
    """Return in which interval each point lies; those outside in the first or the last one."""
    sites, points = bare(sites), bare(points)
    if sites[0] > sites[-1]:
        sites, points = -sites, -points
    return placed(sites[1:-1], points, side="right")


@from_library
def placed(sites: Array, points: Array, *, side: Any) -> Array:
    """Return how many of the sites are before each point."""
    if len(points) > len(sites) and (points[1:] >= points[:-1]).all():  # it takes a twentieth the other way round
        ends = np.searchsorted(points, sites, side="right" if side == "left" else "left")
        return np.repeat(np.arange(len(sites) + 1), np.diff(ends, prepend=0, append=len(points)))
    found = _guessed(sites, points, side) if len(sites) > 1 and len(points) > 4 * len(sites) else None
    return np.searchsorted(sites, points, side=side) if found is None else found


def _guessed(sites: Array, points: Array, side: Any) -> Array | None:
    """Return the same by a division, where the sites are about as far from each other: a tenth of the time."""
    gaps = np.diff(sites)
    if not np.max(gaps) < 1.01 * np.min(gaps):
        return None
    ends = np.concatenate([[-np.inf], sites, [np.inf]])
    if not np.equal(points, points).all():
        return None
    share = (points - sites[0]) * ((len(sites) - 1) / (sites[-1] - sites[0]))
    i = (np.clip(share, -1.0, len(sites) - 1.0) + 1.0).astype(np.intp)
    for last in (False, True):
        low, high = ends.take(i), ends.take(i + 1)
        early, late = (points < low, points >= high) if side == "right" else (points <= low, points > high)
        if not (early.any() or late.any()):
            return i
        if last:
            break
        i = np.clip(i + late - early, 0, len(sites))
    return None


nondifferentiable(placed)


def inside(sites: Any, points: Any, extrapolate: bool) -> Array:
    """Return at which points there is a value."""
    points = bare(points)
    if extrapolate:
        return ~np.isnan(points)
    low, high = np.min(bare(sites)), np.max(bare(sites))
    return (low <= points) & (points <= high)


# --- in powers of the distance from the left breakpoint ---------------------------------------------------------------


@from_library
def pieces(c: Array, sites: Array, points: Array, nu: int, extrapolate: bool) -> Array:
    """Return the nu-th derivative at points, of shape (points, functions); `c` is (order, intervals, functions)."""
    return interpolate.PPoly.construct_fast(c, sites)(points, nu, extrapolate)


def powers(s: Any, order: int, nu: int) -> Any:
    """Return what each coefficient is multiplied by in the nu-th derivative, of shape (order, points)."""
    rows: list[Any] = []
    power: Any = 1.0
    for e in range(order):  # by products: NumPy's third power takes a hundred times as long
        if e < nu:
            rows.append(np.zeros(np.shape(s)))
            continue
        rows.append(math.perm(e, nu) * power * np.ones(np.shape(s)) if e == nu else math.perm(e, nu) * power)
        power = power * s
    return np.stack(rows[::-1])


@from_library
def spread(of: Array, sites: Array, points: Array, order: int, nu: int, extrapolate: bool) -> Array:
    """Return the adjoint of `pieces` by the coefficients."""
    i, count = intervals(sites, points), len(sites) - 1
    there = inside(sites, points, extrapolate)
    part = of if there.all() else np.where(there[:, None], of, 0.0)
    distances = (points if there.all() else np.where(there, points, 0.0))[:, None] - sites.take(i)[:, None]
    found = np.zeros((order, count, of.shape[1]), of.dtype)
    add = _adder(i, count)
    for e in range(nu, order):
        found[order - 1 - e] = add(part) * math.perm(e, nu)
        if e < order - 1:
            part = part * distances
    return found


def _adder(places: Array, count: int) -> Any:
    """Return what adds the rows of an array that have one place."""
    early, late = places[:-1], places[1:]
    if len(places) and (late >= early).all():
        # Of points in order: to add one after the other at one place takes five times as long.
        starts = np.concatenate([np.zeros(1, np.intp), np.flatnonzero(late != early) + 1])
        where = places[starts]

        def add(rows: Array) -> Array:
            found = np.zeros((count, rows.shape[1]), rows.dtype)
            if rows.shape[1] == 1:
                found[where, 0] = np.add.reduceat(rows[:, 0], starts)
            else:
                found[where] = np.add.reduceat(rows, starts, axis=0)
            return found

        return add

    def add_anywhere(rows: Array) -> Array:
        if rows.shape[1] == 1 and rows.dtype == np.float64:
            return np.bincount(places, rows[:, 0], count)[:, None]
        return np.asarray(scatter(rows, index=places, shape=(count, rows.shape[1])))

    return add_anywhere


@from_library
def bundled(parts: Array, *, places: Array, count: int) -> Array:
    """Return the sums of the parts along the second axis that have one place."""
    add = _adder(places, count)
    return np.stack([add(part) for part in parts])


linear(bundled, lambda g, parts, *, places, count: g[:, places])


def _slope(g: Any, c: Any, sites: Any, points: Any, nu: int, extrapolate: bool) -> Any:
    slopes = pieces(c, sites, points, nu=nu + 1, extrapolate=extrapolate)
    if not extrapolate:  # where no value is, none depends on the point, so that np.where can choose others there
        low, high, at = np.min(bare(sites)), np.max(bare(sites)), bare(points)
        slopes = np.where(np.reshape((at < low) | (at > high), (-1, 1)), 0.0, slopes)
    return (g * slopes)[:, 0] if np.shape(g)[1] == 1 else np.sum(g * slopes, axis=1)


def _by_sites(g: Any, c: Any, sites: Any, points: Any, nu: int, extrapolate: bool) -> Any:
    moved = np.where(inside(sites, points, extrapolate), _slope(g, c, sites, points, nu, extrapolate), 0.0)
    moved = np.reshape(-moved, (1, -1, 1))
    sums = bundled(moved, places=intervals(sites, points), count=np.shape(sites)[0])
    return np.reshape(sums, (-1,))


def _pieces_vjp(
    g: Any, _ans: Any, c: Any, sites: Any, points: Any, *, nu: int, extrapolate: bool, wanted: Any
) -> tuple[Any, Any, Any]:
    order = np.shape(c)[0]
    of_c: Any = None
    of_sites: Any = None
    if any(wanted[:2]):
        of_c = spread(g, sites, points, order=order, nu=nu, extrapolate=extrapolate)
    if wanted[1]:
        # The slopes in an interval are a sum of the same powers, each but with another factor.
        terms = [e * np.sum(c[order - 1 - e] * of_c[order - e], axis=1) for e in range(nu + 1, order)]
        of_sites = np.concatenate([-sum(terms), np.zeros(1)]) if terms else np.zeros(np.shape(sites))
    of_points = _slope(g, c, sites, points, nu, extrapolate) if wanted[2] else None
    return of_c if wanted[0] else None, of_sites, of_points


rule(pieces, joint=_pieces_vjp)
rule(
    spread,
    lambda g, _ans, _of, sites, points, *, order, nu, extrapolate: pieces(
        g, sites, points, nu=nu, extrapolate=extrapolate
    ),
    lambda g, _ans, of, sites, points, *, order, nu, extrapolate: _by_sites(of, g, sites, points, nu, extrapolate),
    lambda g, _ans, of, sites, points, *, order, nu, extrapolate: _slope(of, g, sites, points, nu, extrapolate),
)


# --- Bernstein polynomials --------------------------------------------------------------------------------------------


@from_library
def _bernstein_value(c: Array, sites: Array, points: Array, nu: int, extrapolate: bool) -> Array:
    return interpolate.BPoly.construct_fast(c, sites)(points, nu, extrapolate)


def _by_coefficients(sites: Array, points: Array, nu: int, extrapolate: bool, order: int) -> Operator:
    """Return the values as a linear function of the coefficients."""
    k, count = order - 1, len(sites) - 1

    def pull(g: Array) -> Array:
        i, there = intervals(sites, points), inside(sites, points, extrapolate)
        part = g if there.all() else np.where(there[:, None], g, 0.0)
        width = np.diff(sites)
        s = ((np.where(there, points, sites[0]) - sites.take(i)) / width.take(i))[:, None]
        add, degree = _adder(i, count), k - nu
        found = np.zeros((max(degree, 0) + 1, count, g.shape[1]), g.dtype)
        if degree < 0:
            return np.zeros((order, count, g.shape[1]), g.dtype)
        rest = [part]  # times powers of how far it is to the right end
        for _ in range(degree):
            rest.append(rest[-1] * (1 - s))
        power: Any = 1.0
        for j in range(degree + 1):
            found[j] = math.comb(degree, j) * add(power * rest[degree - j])
            power = power * s
        for j in range(nu - 1, -1, -1):  # the coefficients of a derivative are differences
            scaled = found * ((k - j) / width)[:, None]
            found = np.zeros((len(scaled) + 1, *scaled.shape[1:]), g.dtype)
            found[1:] = scaled
            found[:-1] -= scaled
        return found

    return Operator(lambda c: interpolate.BPoly.construct_fast(c, sites)(points, nu, extrapolate), pull)


def bernstein(c: Any, sites: Any, points: Any, nu: int, extrapolate: bool) -> Any:
    if type(sites) is type(points) is np.ndarray:
        return _by_coefficients(sites, points, nu, extrapolate, np.shape(c)[0])(c)
    made, k = c, np.shape(c)[0] - 1
    width = sites[1:] - sites[:-1]
    for j in range(nu):
        made = (made[1:] - made[:-1]) * ((k - j) / width)[:, None] if k > j else np.zeros((1, *np.shape(c)[1:]))
    k, i = max(k - nu, 0), intervals(sites, points)
    s = (points - sites[i]) / width[i]
    total: Any = 0.0
    for j in range(k + 1):
        left = s**j if j else np.ones(np.shape(s))
        right = (1 - s) ** (k - j) if j < k else np.ones(np.shape(s))
        total = total + (math.comb(k, j) * left * right)[:, None] * made[j][i]
    total = np.where(inside(sites, points, extrapolate)[:, None], total, np.nan)
    return as_library(total, _bernstein_value, c, sites, points, nu=nu, extrapolate=extrapolate)


# --- methods ----------------------------------------------------------------------------------------------------------


def made_like(obj: Any, c: Any, sites: Any, extrapolate: Any) -> Any:
    """Return an object of the same class with other coefficients."""
    return filled(object.__new__(type(obj)), c, sites, extrapolate, obj.axis)


def filled(obj: Any, c: Any, sites: Any, extrapolate: Any, axis: int) -> Any:
    obj.extrapolate, obj.axis = extrapolate, axis
    return hold(obj, c=c, x=sites)


def _init(self: Any, c: Any, x: Any, extrapolate: Any = None, axis: int = 0) -> None:
    type(self).__init__(self, looked_at(c), looked_at(x), extrapolate, axis)  # SciPy's own errors
    c = as_double(c)
    filled(
        self, np.moveaxis(np.moveaxis(c, axis + 1, 0), axis + 1, 0) if axis else c, as_double(x), self.extrapolate, axis
    )


def call(self: Any, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
    c, sites = part(self, "c"), part(self, "x")
    points = as_double(x)
    shape = np.shape(points)
    points = np.reshape(points, (-1,))
    extrapolate = self.extrapolate if extrapolate is None else extrapolate
    if extrapolate == "periodic":
        points, extrapolate = sites[0] + (points - sites[0]) % (sites[-1] - sites[0]), False
    flat = np.reshape(c, (*np.shape(c)[:2], math.prod(np.shape(c)[2:])))
    at = bernstein if isinstance(self, interpolate.BPoly) else pieces
    out = at(flat, sites, points, nu=nu, extrapolate=bool(extrapolate))
    return moved_back(np.reshape(out, (*shape, *np.shape(c)[2:])), len(shape), self.axis)


@from_library
def _antiderived(c: Array, sites: Array, nu: int) -> Array:
    return part(interpolate.PPoly.construct_fast(c, sites).antiderivative(nu), "c")


def _derivative(self: Any, nu: int = 1) -> Any:
    if nu < 0:
        return self.antiderivative(-nu)
    c = part(self, "c")
    order = np.shape(c)[0]
    factors = np.array([float(math.perm(e, nu)) for e in range(order - 1, nu - 1, -1)])
    kept = c[: order - nu] * np.reshape(factors, (-1, *[1] * (np.ndim(c) - 1))) if order > nu else 0.0 * c[:1]
    return made_like(self, kept, part(self, "x"), self.extrapolate)


def _antiderivative(self: Any, nu: int = 1) -> Any:
    if nu <= 0:
        return self.derivative(-nu)
    c, sites = part(self, "c"), part(self, "x")
    made = c
    for _ in range(nu):
        order = np.shape(made)[0]
        column = (-1, *[1] * (np.ndim(c) - 1))
        rows = made / np.reshape(np.arange(order, 0, -1.0), column)
        width = np.reshape(sites[1:] - sites[:-1], (-1, *[1] * (np.ndim(c) - 2)))
        total: Any = 0.0
        for row in range(order):
            total = (total + rows[row]) * width
        starts = np.concatenate([np.zeros((1, *np.shape(total)[1:])), np.cumsum(total, axis=0)[:-1]])
        made = np.concatenate([rows, starts[None]])
    found = as_library(made, _antiderived, c, sites, nu=nu)
    return made_like(self, found, sites, False if self.extrapolate == "periodic" else self.extrapolate)


def _integrate(self: Any, a: Any, b: Any, extrapolate: Any = None) -> Any:
    extrapolate = self.extrapolate if extrapolate is None else extrapolate
    sites, whole = part(self, "x"), _antiderivative(self)
    if extrapolate != "periodic":
        return call(whole, b, extrapolate=bool(extrapolate)) - call(whole, a, extrapolate=bool(extrapolate))
    period = sites[-1] - sites[0]
    total = call(whole, sites[-1]) - call(whole, sites[0])

    def up_to(x: Any) -> Any:
        turns = np.floor(bare((x - sites[0]) / period))
        return turns * total + call(whole, x - turns * period)

    return up_to(b) - up_to(a)


def _solve(self: Any, y: Any = 0.0, discontinuity: bool = True, extrapolate: Any = None) -> Any:
    """Return the roots, each by Newton's steps from itself: they leave it where it is, and give it its derivatives."""
    c, sites = part(self, "c"), part(self, "x")
    if np.ndim(c) != 2:
        raise TypeError("PPoly.solve of a variable: the roots of one polynomial at a time are differentiated")
    roots = _roots(
        bare(c), bare(sites), bare(y), discontinuity=discontinuity, extrapolate=extrapolate, by=self.extrapolate
    )
    flat = np.reshape(c, (*np.shape(c), 1))
    found: Any = np.asarray(roots)
    if np.isnan(found).any():
        raise TypeError("PPoly.solve of a variable: the polynomial is zero in a whole interval")
    slopes = pieces(bare(flat), bare(sites), found, nu=1, extrapolate=True)[:, 0]
    left = pieces(bare(flat), bare(sites), found, nu=0, extrapolate=True)[:, 0] - bare(y)
    jumps = (slopes == 0) | (np.abs(left) > 1e-6 * np.abs(slopes) * np.ptp(bare(sites)))
    if np.any(jumps):
        raise TypeError(
            "PPoly.solve of a variable: a root at a jump, or where the slope is zero, is not differentiated"
        )
    for _ in range(3):  # each doubles the order up to which the derivatives are those of the root
        values = pieces(flat, sites, found, nu=0, extrapolate=True)[:, 0] - y
        found = found - values / pieces(flat, sites, found, nu=1, extrapolate=True)[:, 0]
    return found


@from_library
def _roots(c: Array, sites: Array, y: Array, discontinuity: bool, extrapolate: Any, by: Any) -> Array:
    return interpolate.PPoly.construct_fast(c, sites, by).solve(y, discontinuity, extrapolate)


def _all_roots(self: Any, discontinuity: bool = True, extrapolate: Any = None) -> Any:
    return _solve(self, 0.0, discontinuity, extrapolate)


def _refused(what: str) -> Any:
    def method(*_args: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"{what} has no form for variables; take the values of them, or write it with `c` and `x`")

    return method


methods(
    "scipy.interpolate",
    "PPoly",
    __init__=_init,
    __call__=call,
    derivative=_derivative,
    antiderivative=_antiderivative,
    integrate=_integrate,
    solve=_solve,
    roots=_all_roots,
    extend=_refused("PPoly.extend"),
)
methods(
    "scipy.interpolate",
    "BPoly",
    __init__=_init,
    __call__=call,
    derivative=_refused("BPoly.derivative"),
    antiderivative=_refused("BPoly.antiderivative"),
    integrate=_refused("BPoly.integrate"),
    extend=_refused("BPoly.extend"),
)
