"""Integrals of functions.

SciPy finds the value, and into which intervals it takes the range apart for that. The derivative is that of the sum of
the integrand over the nodes in these intervals: what the integrand depends on, in arguments or closures, is found by
calling it. By a limit, it is the integrand there.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import integrate
from scipy.special import roots_legendre

from ...reverse.outputs import revalued
from ...rules.scipy.declared import looking
from ...tape.wrapping import bare, has_variable
from ..calling import Watched, dropped_in

Integrand = Callable[..., Any]
Nodes = tuple[list[float], list[float]]  # where, and how much each counts

# How much of the value nodes may miss, relative to it, before the integrand is taken to be infinite at an end.
_CLOSE = 1e-9


@functools.cache
def _legendre(count: int) -> tuple[Any, Any]:
    """Return nodes and weights on (0, 1)."""
    x, w = roots_legendre(count)
    return (x + 1) / 2, w / 2


@functools.cache
def _double_exponential() -> tuple[Any, Any]:
    """Return nodes and weights on (0, 1) for integrands that may be infinite at an end.

    Takahasi and Mori, Double exponential formulas for numerical integration, Publ. RIMS Kyoto Univ. 9 (1974). The nodes
    are distances from the end, so that those next to it do not round to it.
    """
    t = np.arange(-48, 49) / 12
    u = np.pi / 2 * np.sinh(t)
    x = 1 / (1 + np.exp(-2 * u))
    w = np.pi / 2 * np.cosh(t) / (2 * np.cosh(u) ** 2) / 12
    return x, w


def _nodes(left: Any, right: Any, rule: tuple[Any, Any]) -> Nodes:
    x, w = rule
    places = left + (right - left) * x
    inside = (places > min(left, right)) & (places < max(left, right))
    return places[inside].tolist(), ((right - left) * w[inside]).tolist()


def _ended(func: Integrand, at: Any, here: float, total: Any, sign: float) -> Any:
    """Add what a limit contributes that is a variable: nothing, with the integrand as its derivative.

    It is the integral from where it stands to itself, by nodes that are exact for its first derivatives.
    """
    if not has_variable(at):
        return total
    step = at - here
    for x, w in zip(*_legendre(3), strict=True):
        total = total + sign * w * step * func(here + step * x)
    return total


class _Line:
    """A range of integration, and the variable in which it is finite, as QUADPACK and SciPy's quad_vec have it."""

    def __init__(self, a: float, b: float) -> None:
        self.turn = 1.0
        if a > b:
            a, b, self.turn = b, a, -1.0
        self.a, self.b = a, b
        self.finite = bool(np.isfinite(a) and np.isfinite(b))

    def over(self, t: float) -> list[tuple[float, float]]:
        """Return the places for one in (0, 1], and how many times as much each counts."""
        x, slope = (1 - t) / t, 1 / (t * t)
        if np.isfinite(self.a):
            return [(self.a + x, slope)]
        if np.isfinite(self.b):
            return [(self.b - x, slope)]
        return [(x, slope), (-x, slope)]


def _summed(func: Integrand, line: _Line, nodes: Nodes) -> Any:
    total: Any = 0.0
    for t, w in zip(*nodes, strict=True):
        for x, slope in [(t, 1.0)] if line.finite else line.over(t):
            total = total + (line.turn * w * slope) * func(x)
    return total


def _integral(func: Integrand, line: _Line, edges: Sequence[tuple[float, float]], value: Any) -> Any:
    """Return a sum over the nodes of some intervals that comes close to a value."""
    gauss: Nodes = ([], [])
    for left, right in edges:
        for part, more in zip(gauss, _nodes(left, right, _legendre(21)), strict=True):
            part.extend(more)
    total = _summed(func, line, gauss)
    scale = np.max(np.abs(value), initial=np.finfo(float).tiny)
    if np.max(np.abs(bare(total) - value), initial=0) <= _CLOSE * scale:
        return total
    # Something is not smooth at an end of an interval: nodes that come close to it.
    close: Nodes = ([], [])
    for left, right in edges:
        middle = (left + right) / 2
        for start, end in ((left, middle), (right, middle)):
            places, weights = _nodes(start, end, _double_exponential())
            close[0].extend(places)
            close[1].extend(weights if start == left else [-w for w in weights])
    return _summed(func, line, close)


def _edges(info: dict[str, Any]) -> list[tuple[float, float]]:
    count = info["last"]
    return [*zip(info["alist"][:count].tolist(), info["blist"][:count].tolist(), strict=True)]


def quad(
    func: Any,
    a: Any,
    b: Any,
    args: Any = (),
    full_output: int = 0,
    epsabs: float = 1.49e-8,
    epsrel: float = 1.49e-8,
    limit: int = 50,
    points: Any = None,
    weight: str | None = None,
    wvar: Any = None,
    wopts: Any = None,
    maxp1: int = 50,
    limlst: int = 50,
    complex_func: bool = False,
) -> Any:
    if not callable(func):  # one that is compiled
        return integrate.quad(func, a, b, args, full_output, epsabs, epsrel, limit, points, weight, wvar, wopts)
    args = args if isinstance(args, tuple) else (args,)
    options: dict[str, Any] = {"epsabs": epsabs, "epsrel": epsrel, "limit": limit, "complex_func": complex_func}
    options |= {"weight": weight, "wvar": bare(wvar), "wopts": wopts, "maxp1": maxp1, "limlst": limlst}

    def body() -> Any:
        watched = Watched(lambda x: func(x, *args))
        low, high = float(bare(a)), float(bare(b))
        breaks = None if points is None else bare(points)
        found = integrate.quad(watched, low, high, full_output=1, points=breaks, **options)
        if (not full_output and len(found) > 3) or complex_func:
            found_again = integrate.quad(watched, low, high, full_output=full_output, points=breaks, **options)
            results = found_again  # with SciPy's own warnings
        else:
            results = found if full_output else found[:2]
        if not (watched.variable or has_variable(a) or has_variable(b)):
            return results
        if weight is not None:
            raise TypeError(
                "scipy.integrate.quad of a variable: weight= is not known here; multiply the integrand by it, with "
                "points= where that is not smooth"
            )
        total = _by_intervals(lambda x: func(x, *args), low, high, found, complex_func)
        for at, here, sign in ((a, low, -1.0), (b, high, 1.0)):
            total = _ended(lambda x: func(x, *args), at, here, total, sign)
        value = np.asarray(results[0])[()]
        return (revalued(np.asarray(1.0)[()] * total, value), *results[1:])

    return dropped_in(body, func)


def _by_intervals(func: Integrand, low: float, high: float, found: Any, is_complex: bool) -> Any:
    line = _Line(low, high)
    if not is_complex:
        return _integral(func, line, _edges(found[2]), found[0])
    info = found[2]
    real = _integral(lambda x: np.real(func(x)), line, _edges(info["real"][0]), found[0].real)
    imag = _integral(lambda x: np.imag(func(x)), line, _edges(info["imag"][0]), found[0].imag)
    return real + 1j * imag


def nquad(func: Integrand, ranges: Any, args: Any = None, opts: Any = None, full_output: bool = False) -> Any:
    if full_output:
        raise TypeError("scipy.integrate.nquad of a variable: full_output is not known here")
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    count = len(ranges)
    options: Any = opts if isinstance(opts, (list, tuple)) else [opts or {}] * count

    def over(k: int, *inner: Any) -> tuple[Any, Any]:
        """Integrate over the variable k, for values of those behind it."""
        ends, chosen = [x(*inner, *args) if callable(x) else x for x in (ranges[k], options[k])]
        integrand = (lambda x: func(x, *inner, *args)) if k == 0 else (lambda x: over(k - 1, x, *inner)[0])
        value, error = quad(integrand, *ends, **chosen)[:2]
        errors.append(error)
        return value, error

    errors: list[float] = []
    value = dropped_in(lambda: over(count - 1)[0], func)
    return value, max(errors)


def dblquad(
    func: Integrand,
    a: Any,
    b: Any,
    gfun: Any,
    hfun: Any,
    args: Any = (),
    epsabs: float = 1.49e-8,
    epsrel: float = 1.49e-8,
) -> Any:
    def inner(*outer: Any) -> list[Any]:
        return [f(outer[0]) if callable(f) else f for f in (gfun, hfun)]

    return nquad(func, [inner, [a, b]], args=args, opts={"epsabs": epsabs, "epsrel": epsrel})


def tplquad(
    func: Integrand,
    a: Any,
    b: Any,
    gfun: Any,
    hfun: Any,
    qfun: Any,
    rfun: Any,
    args: Any = (),
    epsabs: float = 1.49e-8,
    epsrel: float = 1.49e-8,
) -> Any:
    def innermost(*outer: Any) -> list[Any]:
        return [f(outer[1], outer[0]) if callable(f) else f for f in (qfun, rfun)]

    def inner(*outer: Any) -> list[Any]:
        return [f(outer[0]) if callable(f) else f for f in (gfun, hfun)]

    return nquad(func, [innermost, inner, [a, b]], args=args, opts={"epsabs": epsabs, "epsrel": epsrel})


def quad_vec(f: Integrand, a: Any, b: Any, *rest: Any, args: Any = (), **options: Any) -> Any:
    args = args if isinstance(args, tuple) else (args,)

    def body() -> Any:
        watched = Watched(lambda x: f(x, *args))
        low, high = float(bare(a)), float(bare(b))
        results = integrate.quad_vec(watched, low, high, *rest, **options)
        if not (watched.variable or has_variable(a) or has_variable(b)):
            return results
        told: Any = inspect.signature(integrate.quad_vec).bind(watched, low, high, *rest, **options).arguments
        intervals = integrate.quad_vec(**told | {"full_output": True})[2].intervals.tolist()
        func = functools.partial(_applied, f, args)
        line = _Line(low, high)
        if not line.finite:
            intervals = _folded(intervals)
        total = _integral(func, line, intervals, results[0])
        for at, here, sign in ((a, low, -1.0), (b, high, 1.0)):
            total = _ended(func, at, here, total, sign)
        return (revalued(total, results[0]), *results[1:])

    return dropped_in(body, f)


def _applied(f: Integrand, args: tuple[Any, ...], x: Any) -> Any:
    return f(x, *args)


def _folded(intervals: list[Any]) -> list[tuple[float, float]]:
    """Return the intervals of the variable of quad_vec in that of `_Line`, which goes over half of a whole line."""
    edges = {abs(t) for pair in intervals for t in pair} | {0.0, 1.0}
    return [*itertools.pairwise(sorted(edges))]


def fixed_quad(func: Integrand, a: Any, b: Any, args: Any = (), n: int = 5) -> Any:
    args = args if isinstance(args, tuple) else (args,)
    if not (np.all(np.isfinite(bare(a))) and np.all(np.isfinite(bare(b)))):
        raise ValueError("Gaussian quadrature is only available for finite limits.")  # SciPy's own error
    x, w = roots_legendre(n)

    def body() -> Any:
        places = (b - a) * (x + 1) / 2.0 + a
        return (b - a) / 2.0 * np.sum(w * func(places, *args), axis=-1), None

    return dropped_in(body, func)


looking("scipy.integrate", quad, nquad, dblquad, tplquad, quad_vec, fixed_quad)
