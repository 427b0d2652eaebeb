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
from typing import Any, NamedTuple

import numpy as np
from scipy import integrate
from scipy.special import roots_legendre

from ...reverse.outputs import revalued
from ...rules.scipy.declared import looking
from ...tape.wrapping import bare, has_variable, lifted
from ..calling import Watched, at_once, each, in_plain_arrays, of_values, with_args
from ..captured import dropped_in
from ..remembered import Memory, Recorded
from ..written import OfValues
from .nodes import IntegrationRange, integral
from .refusals import that_refuses
from .switches import Search, holds_variables, refuse_moving, slightly_others
from .weights import with_weight

Integrand = Callable[..., Any]


class _Source(NamedTuple):
    """What an integrand is made of.

    Attributes
    ----------
    code : the functions that the user has given, and their last arguments
    values : returns it with the values of its variables
    kept : whether it keeps something from call to call
    """

    code: Sequence[Any]
    values: Callable[[], OfValues]
    kept: bool = False


def _ended(func: Integrand, at: Any, total: Any, sign: float) -> Any:
    """Add what a limit contributes that is a variable: nothing, with the integrand as its derivative.

    It is the integral from where it stands to itself, by nodes that are exact for its first derivatives.
    """
    here = float(bare(at))
    if not has_variable(at):
        return total
    step = at - here
    for x, w in zip(*_LIMIT, strict=True):
        total = total + sign * w * step * func(here + step * x)
    return total


# Gauss's nodes and weights on (0, 1).
_LIMIT = [(0.5 - 0.15**0.5, 0.5, 0.5 + 0.15**0.5), (5 / 18, 8 / 18, 5 / 18)]


def _between(
    func: Integrand,
    a: Any,
    b: Any,
    edges: Sequence[tuple[float, float]],
    known: Any,
    breaks: Any,
    noise: float,
    source: _Source,
) -> Any:
    """Return the integral between limits that may be variables."""
    if any(has_variable(at) and not np.isfinite(bare(at)) for at in (a, b)):
        raise TypeError("an integral has no derivative by an infinite limit")
    line = IntegrationRange(func, a, b, breaks, noise=noise)
    if any(map(has_variable, breaks)):
        return integral(line, edges, known, moving=True)
    if not line.finite:
        _refuse_moving(func, lambda: line.nodes(edges), source)
    total = integral(line, edges, known)
    for place in line.jumps:
        if source.kept or _moves(source.values(), place):
            raise _jumps(place)
    if line.moves():
        return integral(line, edges, known, moving=True)
    for at, sign in ((a, -1.0), (b, 1.0)):
        total = _ended(func, at, total, sign)
    return total


def _refuse_moving(func: Integrand, nodes: Callable[[], Sequence[Any]], source: _Source) -> None:
    """Raise where an integrand jumps between some nodes at a place that moves with a variable."""

    def of(f: Integrand) -> Any:
        return lambda places: at_once(f, places[:, 0])

    def search() -> Search:
        return Search(nodes(), of(func), slightly_others(source.values, of), kept=source.kept)

    refuse_moving("an integral", _INSTEAD, source.code, search)


def _evenly(low: float, high: float) -> list[Any]:
    """Return places in a range, the infinite part of which a weight that turns has."""
    turn = 1.0 if low < high else -1.0
    if not (np.isfinite(low) and np.isfinite(high)):
        return IntegrationRange(abs, low, high).nodes([(0.0, 1.0)])
    return [low + turn * np.linspace(0.0, turn * (high - low), 211)[1:-1, None]]


_INSTEAD = "give that place in points=, or take the integral in two parts"


def _jumps(place: tuple[float, float]) -> Exception:
    return ValueError(
        f"the integrand jumps near {place[0]:.6g}, at a place that moves with a variable, of which no derivative of "
        f"the integrand tells: {_INSTEAD}"
    )


def _moves(values: OfValues, place: tuple[float, float]) -> bool:
    """Tell whether a jump is no longer in its place when the variables that the integrand finds are slightly others."""
    first, last = (1.5 * x - 0.5 * y for x, y in (place, place[::-1]))

    def change(f: Integrand, first: float, last: float) -> float:
        return float(np.max(np.abs(np.asarray(bare(f(last))) - np.asarray(bare(f(first))))))

    def jump(f: Integrand) -> float:
        return change(f, first, last)

    def is_one(f: Integrand) -> bool:
        """Tell whether the change is still there in ever shorter parts, as that of a root is not."""
        (a, b), whole = (first, last), change(f, first, last)
        for _ in range(_HALVINGS):
            middle = (a + b) / 2
            a, b = (a, middle) if change(f, a, middle) > change(f, middle, b) else (middle, b)
        return bool(change(f, a, b) > whole / 2)

    return in_plain_arrays(is_one, values) and bool(
        in_plain_arrays(jump, values.changed(_STEP)) < in_plain_arrays(jump, values) / 2
    )


# How much others, of their size, and how short the parts become.
_STEP, _HALVINGS = 1e-6, 15


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
    how: dict[str, Any] = {"epsabs": epsabs, "epsrel": epsrel, "limit": limit, "wopts": wopts, "maxp1": maxp1}
    return _quad(_EXACT, func, a, b, args, full_output, points, weight, wvar, complex_func, limlst=limlst, **how)


# How much of the values of an integrand may be noise: those of an integral are known as well as was asked for.
_EXACT = 1e-13
_INTEGRAL = 1e-9


def _quad(
    noise: float,
    func: Any,
    a: Any,
    b: Any,
    args: Any = (),
    full_output: int = 0,
    points: Any = None,
    weight: str | None = None,
    wvar: Any = None,
    complex_func: bool = False,
    source: _Source | None = None,
    **how: Any,
) -> Any:
    if not callable(func):  # one that is compiled
        return integrate.quad(func, a, b, args, full_output, points=points, weight=weight, wvar=wvar, **how)
    args = args if isinstance(args, tuple) else (args,)
    alone = source is None
    made_of = source or _Source((func, *args), functools.cache(lambda: OfValues(func, args, objects=True)))
    options: dict[str, Any] = how | {"weight": weight, "wvar": bare(wvar), "complex_func": complex_func}

    def body() -> Any:
        low, high = float(bare(a)), float(bare(b))
        places = None if points is None else [*lifted(points)] if has_variable(points) else np.ravel(points)
        breaks = None if places is None else [float(bare(x)) for x in places]
        given = has_variable((a, b, wvar, points))

        def solved(f: Integrand) -> Any:
            found = integrate.quad(f, low, high, full_output=1, points=breaks, **options)
            if (not full_output and len(found) > 3) or complex_func:
                # Once more, for SciPy's own warnings.
                return found, integrate.quad(f, low, high, full_output=full_output, points=breaks, **options)
            return found, found if full_output else found[:2]

        if alone and weight is None and not breaks:
            memory = Memory("scipy.integrate.quad", func, args)
            _, (found, results), variable = of_values(func, args, (_inside(low, high),), given, solved, memory)
            kept = memory.kept
        else:
            watched = Watched(with_args(func, args), "scipy.integrate.quad", *made_of.code)
            found, results = solved(watched)
            variable, kept = watched.depends(given), watched.kept
        source = made_of._replace(kept=kept)
        whole = Recorded(with_args(func, args)) if kept else with_args(func, args)
        if not variable:
            if weight is not None and source.values().variables:
                _refuse_moving(whole, lambda: _evenly(low, high), source)
            if alone and source.values().variables and weight is None and not complex_func and breaks is None:
                # What it returns does not depend on them; where it jumps may.
                _between(whole, a, b, _edges(found[2]), found[:2], (), noise, source)
            return results
        if weight is not None:
            _refuse_moving(whole, lambda: _evenly(low, high), source)
            total = with_weight(whole, a, b, found, weight, wvar)
        else:
            total = _by_intervals(whole, a, b, found, places, complex_func, noise, source)
        value = np.asarray(results[0])[()]
        return (revalued(np.asarray(1.0)[()] * total, value), *results[1:])

    return dropped_in(body, func)


def _inside(low: float, high: float) -> float:
    """Return a place at which QUADPACK asks first."""
    if np.isfinite(low):
        return (low + high) / 2 if np.isfinite(high) else low + 1
    return high - 1 if np.isfinite(high) else 1.0


def _by_intervals(
    func: Integrand,
    a: Any,
    b: Any,
    found: Any,
    breaks: Any,
    is_complex: bool,
    noise: float,
    source: _Source,
) -> Any:
    how = () if breaks is None else breaks, noise, source
    if not is_complex:
        return _between(func, a, b, _edges(found[2]), found[:2], *how)
    info, error = found[2], abs(found[1])
    real = _between(lambda x: np.real(func(x)), a, b, _edges(info["real"][0]), (found[0].real, error), *how)
    imag = _between(lambda x: np.imag(func(x)), a, b, _edges(info["imag"][0]), (found[0].imag, error), *how)
    return real + 1j * imag


def nquad(func: Integrand, ranges: Any, args: Any = None, opts: Any = None, full_output: bool = False) -> Any:
    if full_output:
        return that_refuses("nquad", "full_output is not known here")(func, ranges, args, opts, full_output)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    count = len(ranges)
    options: Any = opts if isinstance(opts, (list, tuple)) else [opts or {}] * count

    def over(f: Integrand, k: int, *inner: Any) -> Any:
        """Integrate over the variable k, for values of those behind it."""
        ends, chosen = [x(*inner, *args) if callable(x) else x for x in (ranges[k], options[k])]

        def of(f: Integrand) -> Integrand:
            return (lambda x: f(x, *inner)) if k == 0 else (lambda x: over(f, k - 1, x, *inner))

        how = {**chosen, "source": _Source((func, ranges, *args), lambda: own.seen_as(of))}
        value, error = _quad(_INTEGRAL if k else _EXACT, of(f), *ends, **how)[:2]
        errors.append(error)
        return value

    errors: list[float] = []
    own = OfValues(func, args, objects=True)
    value = dropped_in(lambda: over(with_args(func, args), count - 1), func)
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
        watched = Watched(lambda x: f(x, *args), "scipy.integrate.quad_vec", f, args)
        low, high = float(bare(a)), float(bare(b))
        places = lifted(options.get("points", ()))
        if has_variable(places):
            options["points"] = bare(places)
        results = integrate.quad_vec(watched, low, high, *rest, **options)
        known = not watched.depends(has_variable((a, b, places)))
        if known and (len(places) or not holds_variables(f, args)):
            return results
        told: Any = inspect.signature(integrate.quad_vec).bind(watched, low, high, *rest, **options).arguments
        intervals = integrate.quad_vec(**told | {"full_output": True})[2].intervals.tolist()
        if not (np.isfinite(low) and np.isfinite(high)):
            intervals = _folded(intervals)
        breaks = [*places] if has_variable(places) else told.get("points")
        breaks = () if breaks is None else breaks
        how = breaks, _EXACT, _Source((f, *args), lambda: OfValues(f, args, objects=True), watched.kept)
        whole = with_args(f, args)
        total = _between(Recorded(whole) if watched.kept else whole, a, b, intervals, results[:2], *how)
        if known:
            return results
        return (revalued(total, results[0]), *results[1:])

    return dropped_in(body, f)


def _folded(intervals: list[Any]) -> list[tuple[float, float]]:
    """Return the intervals of the variable of quad_vec in that of `_Line`, which goes over half of a whole line."""
    edges = {abs(t) for pair in intervals for t in pair} | {0.0, 1.0}
    return [*itertools.pairwise(sorted(edges))]


_INSTEAD_OF_ONE = "take the integral in two parts"


def fixed_quad(func: Integrand, a: Any, b: Any, args: Any = (), n: int = 5) -> Any:
    args = args if isinstance(args, tuple) else (args,)
    if not (np.all(np.isfinite(bare(a))) and np.all(np.isfinite(bare(b)))):
        raise ValueError("Gaussian quadrature is only available for finite limits.")  # SciPy's own error
    x, w = roots_legendre(n)

    def of(f: Integrand) -> Any:
        return lambda places: np.moveaxis(np.asarray(bare(f(places[:, 0]))), -1, 0)

    def body() -> Any:
        places = (b - a) * (x + 1) / 2.0 + a

        def search() -> Search | None:
            values = OfValues(func, args, objects=True)
            if not values.variables:
                return None
            others = slightly_others(lambda: values, of)
            return Search([np.asarray(bare(places))[:, None]], of(values), others, kept=memory.kept)

        memory = Memory("scipy.integrate.fixed_quad", func, args)
        values = func(places, *args)
        memory.look(has_variable((values, a, b)))
        refuse_moving("scipy.integrate.fixed_quad", _INSTEAD_OF_ONE, (func, *args), search)
        return (b - a) / 2.0 * np.sum(w * values, axis=-1), None

    return dropped_in(body, func)


def qmc_quad(func: Integrand, a: Any, b: Any, **options: Any) -> Any:
    """Return the mean at the points that SciPy draws, with its derivative."""
    points: list[Any] = []

    def told(x: Any) -> Any:
        points.append(np.array(x))
        return watched(x)

    def body() -> Any:
        result = integrate.qmc_quad(told, bare(a), bare(b), **options)
        if not watched.depends(has_variable((a, b))):
            return result
        drawn = points[-int(options.get("n_estimates", 8)) :]
        if options.get("log") or any(np.ndim(x) != 2 for x in drawn):
            raise TypeError("scipy.integrate.qmc_quad of a variable takes a function of many points, without log=")
        low, high = (np.atleast_1d(lifted(x)) for x in (a, b))
        low, high = low + 0.0 * bare(high), high + 0.0 * bare(low)
        x = np.concatenate(drawn, axis=1)
        if has_variable((a, b)):
            share = (x - bare(low)[:, None]) / bare(high - low)[:, None]
            x = low[:, None] + share * (high - low)[:, None]
        total = np.prod(high - low) * np.mean(func(x))
        return type(result)(revalued(total, np.asarray(result.integral)[()]), result.standard_error)

    watched = Watched(func, "scipy.integrate.qmc_quad", func)
    return dropped_in(body, func)


looking("scipy.integrate", *[each(body) for body in (quad, nquad, dblquad, tplquad, quad_vec, fixed_quad, qmc_quad)])
