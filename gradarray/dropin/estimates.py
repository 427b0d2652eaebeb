"""What is estimated from a sample, and means of functions: those methods of a distribution that the library solves for.

The value is the library's. Parameters of the greatest likelihood have the derivatives of the equations that they solve:
steps of Newton's with a constant matrix leave the numbers where they are, and each brings one order of derivative more.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..rules.scipy.families import functions_of
from ..tape.wrapping import bare, has_variable
from . import univariate
from .formulas import differentiated
from .univariate import Computed, no_derivative, partials, shape_names, with_value

# --- of the greatest likelihood ---------------------------------------------------------------------------------------

_ORDERS = 2


def _fit(distribution: Any, data: Any, *args: Any, **kwds: Any) -> tuple[Any, ...]:
    if has_variable(args):
        raise no_derivative(distribution, "fit", "where it starts", "what it finds does not depend on that")
    if str(kwds.get("method", "mle")).lower() != "mle":
        raise no_derivative(
            distribution, "fit", "data", "those of the method of moments are not known; stats() has moments"
        )
    found = distribution.fit(bare(data), *args, **bare(kwds))
    x = np.ravel(data) * 1.0
    given = [next((kwds[n] for n in names if kwds.get(n) is not None), None) for names in _fixing(distribution)]
    theta = [value if fixed is None else fixed for value, fixed in zip(found, given, strict=True)]
    free = [i for i, fixed in enumerate(given) if fixed is None]
    closed = _CLOSED.get(distribution.name)
    made = closed(x, *given) if closed else None
    if made is None:
        made = _stationary(distribution, x, theta, free)
    return tuple(
        [with_value(one, value) if i in free else one for i, (one, value) in enumerate(zip(made, found, strict=True))]
    )


def _fixing(distribution: Any) -> list[list[str]]:
    """Return for each parameter the names of the keywords that fix it."""
    names = [[f"f{i}", f"f{name}", f"fix_{name}"] for i, name in enumerate(shape_names(distribution))]
    return [*names, ["floc"], ["fscale"]]


def _stationary(distribution: Any, x: Any, theta: list[Any], free: list[int]) -> list[Any]:
    """Return parameters at which the likelihood has no slope."""

    def moved(values: Any) -> list[Any]:
        of_free = iter(values)
        return [next(of_free) if i in free else fixed for i, fixed in enumerate(theta)]

    def slopes(x: Any, whole: list[Any]) -> Any:
        found = partials(Computed(distribution, "logpdf"), [i + 1 for i in free], None, x, *whole)
        return np.stack([-np.sum(one) for one in found])

    known, start = bare(x), np.array([float(bare(theta[i])) for i in free])
    whole: list[Any] = [float(bare(p)) for p in theta]

    def at(*values: Any) -> Any:
        given = iter(values)
        return slopes(known, [next(given) if i in free else p for i, p in enumerate(whole)])

    matrix = np.stack([np.ravel(differentiated(at, [*start], (i,), len(free))) for i in range(len(free))], axis=1)
    inverse = _inverse(matrix)
    off = np.inf if inverse is None else np.max(np.abs(inverse @ at(*start)) / (np.abs(start) + abs(whole[-1])))
    if inverse is None or not off < 1e-2:
        raise no_derivative(
            distribution, "fit", "data", "the likelihood has a slope there: a parameter is at an end of its range"
        )
    values: Any = start
    for _ in range(_ORDERS):
        values = values - inverse @ slopes(x, moved(values))
    return moved(values)


def _inverse(matrix: Any) -> Any:
    """Return the inverse of a matrix of second derivatives at a minimum, or None."""
    if not np.all(np.isfinite(matrix)):
        return None
    scale = np.sqrt(np.abs(np.diag(matrix))) + np.finfo(float).tiny
    least = np.linalg.eigvalsh((matrix + matrix.T) / 2 / np.outer(scale, scale))[0]
    return np.linalg.inv(matrix) if least > 1e-8 else None


def _expon(x: Any, loc: Any, scale: Any) -> list[Any]:
    loc = np.min(x) if loc is None else loc
    return [loc, np.mean(x) - loc if scale is None else scale]


def _uniform(x: Any, loc: Any, scale: Any) -> list[Any] | None:
    return [np.min(x), np.max(x) - np.min(x)] if loc is None and scale is None else None


def _laplace(x: Any, loc: Any, scale: Any) -> list[Any]:
    loc = np.median(x) if loc is None else loc
    return [loc, np.mean(np.abs(x - loc)) if scale is None else scale]


# Where the likelihood has a kink, or a parameter is at an end of its range.
_CLOSED: dict[str, Callable[..., Any]] = {"expon": _expon, "laplace": _laplace, "uniform": _uniform}


def _fit_loc_scale(distribution: Any, data: Any, *args: Any) -> tuple[Any, ...]:
    values = distribution.fit_loc_scale(bare(data), *bare(args))
    mean, variance = univariate.METHODS["stats"](distribution, *args, moments="mv")
    scale = np.sqrt(np.var(data) / variance)
    found = np.mean(data) - scale * mean, scale
    return tuple([with_value(*pair) for pair in zip(found, values, strict=True)])


# --- means of functions -----------------------------------------------------------------------------------------------


def _expect(distribution: Any, *given: Any, **kwds: Any) -> Any:
    whole = hasattr(distribution, "pmf")
    names = ("func", "args", "loc", *(() if whole else ("scale",)), "lb", "ub", "conditional")
    return (_summed if whole else _integrated)(distribution, **dict(zip(names, given, strict=False)), **kwds)


def _integrated(
    distribution: Any,
    func: Any = None,
    args: Any = (),
    loc: Any = 0,
    scale: Any = 1,
    lb: Any = None,
    ub: Any = None,
    conditional: bool = False,
    **how: Any,
) -> Any:
    place = {"loc": loc, "scale": scale}
    parameters = (*args, loc, scale)
    pdf, cdf = univariate.METHODS["pdf"], univariate.METHODS["cdf"]

    def weighted(x: Any, *parameters: Any) -> Any:
        *shapes, loc, scale = parameters
        density = pdf(distribution, x, *shapes, loc=loc, scale=scale)
        inside = bare(density) > _LEAST
        return np.where(inside, (x if func is None else func(x)) * np.where(inside, density, 1.0), 0.0)[()]

    known = bare(parameters)
    ends: Any = distribution.support(*known)
    moves = has_variable((loc, scale)) or (has_variable(args) and _has_own_support(distribution))
    if moves and any(np.isfinite(end) and np.any(bare(weighted(end, *known))) for end in ends):
        ends = [
            moved if np.isfinite(end) else end
            for end, moved in zip(ends, univariate.METHODS["support"](distribution, *args, **place), strict=True)
        ]
    low, high = (end if given is None else given for end, given in zip(ends, (lb, ub), strict=True))
    inside = distribution.cdf([bare(low), bare(high)], *known)
    # As in the library, where most of it lies is a part of its own.
    middle = distribution.ppf(inside[0] + (inside[1] - inside[0]) * np.array([0.05, 0.95]), *known)
    quad = functions_of("scipy.integrate")["quad"]
    parts = itertools.pairwise([low, *middle, high])
    total = sum([quad(weighted, a, b, args=parameters, **how)[0] for a, b in parts])
    if conditional:
        total = total / (cdf(distribution, high, *args, **place) - cdf(distribution, low, *args, **place))
    return total


_LEAST = 1e-250  # far out, a density that adds nothing


def _has_own_support(distribution: Any) -> bool:
    general = next(base for base in type(distribution).__mro__ if base.__name__ == "rv_generic")
    return type(distribution)._get_support is not vars(general)["_get_support"]


_RARE = 1e-25  # what is rarer adds nothing


def _where_rare(distribution: Any, known: Any, end: float, tail: str, step: float) -> float:
    """Return the end of a support, or a number beyond which there is nearly nothing."""
    if np.isfinite(end):
        return end
    place = distribution.ppf(0.5, *known) + step
    while getattr(distribution, tail)(place, *known) > _RARE:
        step *= 2
        place += step
    return float(place)


def _summed(
    distribution: Any,
    func: Any = None,
    args: Any = (),
    loc: Any = 0,
    lb: Any = None,
    ub: Any = None,
    conditional: bool = False,
    **_how: Any,
) -> Any:
    if has_variable((lb, ub)):
        raise no_derivative(distribution, "expect", "a bound", "it is a whole number")
    known, start = bare(tuple(args)), bare(loc)
    low, high = distribution.support(*known)
    low, high = low if lb is None else max(low, lb - start), high if ub is None else min(high, ub - start)
    low = _where_rare(distribution, known, low, "cdf", -32.0)
    high = _where_rare(distribution, known, high, "sf", 32.0)
    k = np.arange(np.ceil(low), high + 0.5)
    p = univariate.METHODS["pmf"](distribution, k, *args)
    total = np.sum((k + loc if func is None else func(k + loc)) * p)
    return total / np.sum(p) if conditional else total


METHODS: Mapping[str, Callable[..., Any]] = {
    **univariate.METHODS,
    "fit": _fit,
    "fit_loc_scale": _fit_loc_scale,
    "expect": _expect,
}
