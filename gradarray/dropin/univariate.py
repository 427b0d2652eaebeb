"""Distributions of one variable: their methods on variables.

A value is the library's own, and so is every error. Its derivatives are had from the private formulas, which are
differentiated element by element where a derivative is asked for: by the argument they are the density and its slope,
by a shape those of the distribution function, and a quantile has those of the equation that it solves.
"""

from __future__ import annotations

import functools
import inspect
import math
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..rules.primitives import primitive
from ..rules.registry import rule
from ..tape.loss import GradientLossError
from ..tape.wrapping import bare, has_variable
from .formulas import NoFormula, differentiated, formulas_of

# What is meant by each method, of a continuous distribution and of one of whole numbers.
OF_ARGUMENT = ("pdf", "logpdf", "pmf", "logpmf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf")


class Computed(NamedTuple):
    """What is computed of a distribution: a method, with loc and scale or of the standardised one, or a derivative.

    Attributes
    ----------
    distribution : the library's own
    method : its public name, for a standardised one with an underscore
    by : the operands by which it is differentiated
    order : of a moment
    """

    distribution: Any
    method: str
    by: tuple[int, ...] = ()
    order: int | str = 0

    def __hash__(self) -> int:
        return hash((id(self.distribution), *self[1:]))

    def __repr__(self) -> str:
        return f"<{self.distribution.name}.{self.method}>"


# --- the standardised distribution ------------------------------------------------------------------------------------

_known: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def _formulas(distribution: Any) -> Any:
    found = _known.get(distribution)
    if found is None or found.badvalue is not distribution.badvalue:
        found = _known[distribution] = formulas_of(distribution)
    return found


def _standard(what: Computed, *operands: Any) -> Any:
    """Return a private formula, or a derivative of it, for plain arrays, as the library calls it."""
    formulas = _formulas(what.distribution)
    shape = np.broadcast_shapes(*map(np.shape, operands))
    flat = [np.ravel(np.broadcast_to(np.asarray(x, float), shape)) for x in operands]
    f, of_argument = _formula(formulas, what), what.method[1:] in OF_ARGUMENT
    size = np.shape(flat[0]) if flat else ()
    if not of_argument:
        out = _of_size(differentiated(f, flat, what.by, 0), size)
        return np.reshape(out, shape)[()] if flat else np.float64(np.ravel(out)[0])
    x, *shapes = flat
    low, high = what.distribution._get_support(*shapes)
    inside = (x >= low) & (x <= high)
    everywhere = bool(inside.all())  # as nearly always, and then there is nothing to choose
    at = x if everywhere else np.where(inside, x, _within(what.distribution, low, high))
    out = _of_size(differentiated(f, [at, *shapes], what.by, 1), size)
    valid = what.distribution._argcheck(*shapes) & ~np.isnan(x)
    if not (everywhere and np.all(valid)):
        out = np.where(valid, np.where(inside, out, 0.0), np.nan)
    return np.reshape(out, shape)[()]


def _formula(formulas: Any, what: Computed) -> Callable[..., Any]:
    if what.method in ("_munp", "_stats"):
        return functools.partial(_moment, formulas, what.method, what.order)
    if what.method in ("_low", "_high"):
        return lambda *shapes: formulas._get_support(*shapes)[what.method == "_high"]
    return getattr(formulas, what.method)  # type: ignore[no-any-return]


def _of_size(out: Any, size: tuple[int, ...]) -> Any:
    return out if np.shape(out) == size else np.broadcast_to(out, size)


def _within(distribution: Any, low: Any, high: Any) -> Any:
    """Return some numbers inside of a support."""
    ends = np.isfinite(low), np.isfinite(high)
    span = np.where(ends[0] & ends[1], high - np.where(ends[0], low, 0), 2.0) / 2
    within = np.where(ends[0], low + span, np.where(ends[1], high - span, 0.0))
    return np.floor(within) if _whole(distribution) else within


def _whole(distribution: Any) -> bool:
    return hasattr(distribution, "pmf")


def _moment(formulas: Any, method: str, order: Any, *shapes: Any) -> Any:
    """Return a moment about 0, or mean, variance, skewness or excess, as the library puts them together."""
    if method == "_munp":
        if order in (1, 2):
            mean, variance = (_moment(formulas, "_stats", letter, *shapes) for letter in "mv")
            return mean if order == 1 else variance + mean * mean
        return formulas._munp(order, *shapes)
    place = "mvsk".index(order)
    options = {"moments": order} if formulas._stats_has_moments else {}
    found = formulas._stats(*shapes, **options)[place]
    if found is not None:
        return found + np.zeros(np.shape(shapes[0])) if shapes else found
    raw = [formulas._munp(k, *shapes) for k in range(1, place + 2)]
    mean = raw[0]
    if place == 0:
        return mean
    variance = raw[1] - mean * mean
    if place == 1:
        return variance
    third = (-mean * mean - 3 * variance) * mean + raw[2]
    if place == 2:
        return third / variance**1.5
    return (((-(mean**2) - 6 * variance) * mean - 4 * third) * mean + raw[3]) / variance**2 - 3


# --- the library's value, with its derivatives ------------------------------------------------------------------------


def _value(what: Computed, *operands: Any) -> Any:
    """Return what the library computes for plain arrays."""
    if what.method.startswith("_"):
        return _standard(what, *operands)
    *args, loc, scale = operands
    place = {} if _whole(what.distribution) else {"scale": scale}
    return getattr(what.distribution, what.method)(*args, loc=loc, **place)


def partials(what: Computed, wanted: Sequence[int], ans: Any, *operands: Any) -> list[Any]:
    """Return the derivatives by some operands, themselves differentiable; what these have in common is had once."""
    d, method = what.distribution, what.method
    if method.startswith("_"):
        return [computed(what._replace(by=tuple(sorted((*what.by, i)))), *operands) for i in wanted]
    x, *shapes, loc, scale = operands
    of = _of_quantile if method in ("ppf", "isf") else _of_logarithm if method.startswith("log") else _of_number
    place = _Place(d, method, ans, x, tuple(shapes), loc, scale)
    return [of(place, i) for i in wanted]


class _Place:
    """Where a method is differentiated: its operands, its value, and the slope by the first operand."""

    def __init__(self, d: Any, method: str, ans: Any, x: Any, shapes: Any, loc: Any, scale: Any) -> None:
        self.distribution, self.method, self.ans, self.x = d, method, ans, x
        self.shapes, self.loc, self.scale = shapes, loc, scale

    @functools.cached_property
    def z(self) -> Any:
        return (self.x - self.loc) / self.scale

    def by_shape(self, method: str, i: int, z: Any) -> Any:
        return computed(Computed(self.distribution, method, (i,)), z, *self.shapes)

    @functools.cached_property
    def slope(self) -> Any:
        """The slope by the first operand, of a quantile that of the probability there."""
        d, method, rest = self.distribution, self.method, (*self.shapes, self.loc, self.scale)
        if method in ("ppf", "isf"):
            return computed(Computed(d, "pdf"), self.ans, *rest)
        if method in ("logpdf", "pdf"):
            slope = self.by_shape(f"_{method}", 0, self.z)
            return slope / self.scale if method == "logpdf" else slope / self.scale**2
        if method.startswith("log"):
            ans = self.ans
            slope = np.exp(computed(Computed(d, "logpdf"), self.x, *rest) - np.where(np.isinf(bare(ans)), 0, ans))
        else:
            slope = computed(Computed(d, "pdf"), self.x, *rest)
        return -slope if method.endswith("sf") else slope


def _of_quantile(at: _Place, i: int) -> Any:
    method, count = at.method, len(at.shapes)
    if i > count:
        return 1.0 if i == count + 1 else (at.ans - at.loc) / at.scale
    if i == 0:
        return (1 if method == "ppf" else -1) / at.slope
    change = at.by_shape("_cdf" if method == "ppf" else "_sf", i, (at.ans - at.loc) / at.scale) / at.slope
    return -change if method == "ppf" else change


def _of_logarithm(at: _Place, i: int) -> Any:
    if 0 < i <= len(at.shapes):
        return at.by_shape(f"_{at.method}", i, at.z)
    if i <= len(at.shapes) + 1:
        return -at.slope if i else at.slope
    return -1 / at.scale - at.z * at.slope if at.method == "logpdf" else -at.z * at.slope


def _of_number(at: _Place, i: int) -> Any:
    if 0 < i <= len(at.shapes):
        slope = at.by_shape(f"_{at.method}", i, at.z)
        return slope / at.scale if at.method == "pdf" else slope
    if i <= len(at.shapes) + 1:
        return -at.slope if i else at.slope
    return -at.ans / at.scale - at.z * at.slope if at.method == "pdf" else -at.z * at.slope


def computed(what: Computed, *operands: Any) -> Any:
    """Return what is said, of arrays of any kind, as a call that has derivatives by all operands."""
    if not operands:
        return _value(what)
    return _call_of(len(operands))(*operands, what=what)


@functools.cache
def _call_of(count: int) -> Callable[..., Any]:
    """Return the function of so many operands, which is declared by their partial derivatives."""
    operands = [f"x{i}" for i in range(count)]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in operands]
    option = inspect.Parameter("what", inspect.Parameter.KEYWORD_ONLY)

    def body(*operands: Any, what: Any) -> Any:
        return _value(what, *operands)

    def under(names: list[str], f: Callable[..., Any], *more: inspect.Parameter) -> Callable[..., Any]:
        f.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [*[inspect.Parameter(name, kind) for name in names], *parameters, option, *more]
        )
        return _Signed(f)

    call = primitive(body)
    call.__name__ = f"distribution_of_{count - 1}"
    call.__wrapped__ = _Signed(under([], body))  # type: ignore[attr-defined]

    def pulled(g: Any, ans: Any, *x: Any, what: Any, wanted: Any) -> list[Any]:
        given = iter(partials(what, np.flatnonzero(wanted).tolist(), ans, *x))
        return [g * next(given) if asked else None for asked in wanted]

    def pushed(tangents: Any, ans: Any, *x: Any, what: Any) -> Any:
        given = [i for i, t in enumerate(tangents) if t is not None]
        terms = [tangents[i] * slope for i, slope in zip(given, partials(what, given, ans, *x), strict=True)]
        return sum(terms[1:], terms[0])

    asked = inspect.Parameter("wanted", inspect.Parameter.KEYWORD_ONLY)
    rule(call, joint=under(["g", "ans"], pulled, asked), jvp=under(["tangents", "ans"], pushed))
    return call


class _Signed:
    """A function under the signature that it was given."""

    def __init__(self, f: Any) -> None:
        self._f, self.__signature__, self.__name__ = f, f.__signature__, getattr(f, "__name__", "f")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._f(*args, **kwargs)


# --- methods ----------------------------------------------------------------------------------------------------------


def no_derivative(distribution: Any, method: str, what: str, why: str) -> TypeError:
    return TypeError(f"scipy.stats: {distribution.name}.{method} has no derivative by {what} here ({why})")


def _checked(distribution: Any, method: str, operands: tuple[Any, ...], names: list[str]) -> None:
    """Raise for a variable that there is no derivative by."""
    shapes = names[1:-2] if method in OF_ARGUMENT else names[:-2]
    for name, x in zip(names, operands, strict=True):
        if not has_variable(x):
            continue
        if _whole(distribution):
            if name in ("x", "loc") and method in OF_ARGUMENT and method not in ("ppf", "isf"):
                raise no_derivative(distribution, method, "k" if name == "x" else name, "it is a whole number")
            if method in ("ppf", "isf") and name != "loc":
                raise no_derivative(distribution, method, name, "its values are whole numbers, and change in steps")
        if name in shapes and _steps(distribution, name, operands[-2 - len(shapes) : -2]):
            raise no_derivative(distribution, method, name, "it is a whole number")
        reason = _unknown(distribution, method, names.index(name), operands)
        if reason:
            raise no_derivative(distribution, method, name, reason)


def _steps(distribution: Any, name: str, shapes: Any) -> bool:
    """Tell whether a shape is a whole number: the library says so, and takes no other."""
    information = distribution._shape_info() if hasattr(distribution, "_shape_info") else []
    for i, shape in enumerate(information):
        if shape.name == name and shape.integrality:
            args = [np.asarray(bare(x), float) for x in shapes]
            args[i] = np.floor(args[i]) + 0.25
            return not np.any(distribution._argcheck(*args))
    return False


_reasons: weakref.WeakKeyDictionary[Any, dict[Any, str]] = weakref.WeakKeyDictionary()


def _unknown(distribution: Any, method: str, i: int, operands: tuple[Any, ...]) -> str:
    """Return why there is no derivative of a method by an operand, or an empty text: it is tried once."""
    known = _reasons.setdefault(distribution, {})
    key = method, i
    if key not in known:
        values = [np.ravel(np.asarray(bare(x), float))[:1] for x in operands]
        try:
            if all(map(np.size, values)):
                values = [x[0] for x in values]
                what = Computed(distribution, method)
                partials(what, (i,), _value(what, *values), *values)
            else:
                return ""
        except (NoFormula, GradientLossError, TypeError, ValueError, AttributeError, NotImplementedError) as error:
            told = str(error).splitlines()[0] if isinstance(error, NoFormula) else "no formula of it is known"
            known[key] = told
        else:
            known[key] = ""
    return known[key]


def _of_argument(method: str) -> Callable[..., Any]:
    def call(distribution: Any, x: Any, *args: Any, **kwds: Any) -> Any:
        shapes, loc, scale = distribution._parse_args(*args, **kwds)
        names = ["q" if method in ("ppf", "isf") else "x", *shape_names(distribution), "loc", "scale"]
        operands = tuple(map(_array, (x, *shapes, loc, scale)))
        _checked(distribution, method, operands, names)
        if _whole(distribution):
            return _of_whole_numbers(distribution, method, *operands)
        return computed(Computed(distribution, method), *operands)

    return call


def _array(x: Any) -> Any:
    """Return a number or a list as an array; what is whole becomes a floating-point number."""
    if isinstance(x, (list, tuple)):
        return np.stack([_array(item) for item in x]) if has_variable(x) else np.asarray(x)
    return x if hasattr(x, "dtype") else np.float64(x)


def shape_names(distribution: Any) -> list[str]:
    return [name.strip() for name in (distribution.shapes or "").split(",") if name.strip()]


def _of_whole_numbers(distribution: Any, method: str, x: Any, *rest: Any) -> Any:
    *shapes, loc, _ = rest
    value = getattr(distribution, method)(bare(x), *bare(list(shapes)), loc=bare(loc))
    if method in ("ppf", "isf"):
        return value + (loc - bare(loc))
    at = bare(x) - bare(loc)
    if method not in ("pmf", "logpmf"):
        at = np.floor(at)
    found = computed(Computed(distribution, f"_{method}"), at, *shapes)
    return valued(found, value)


@primitive
def valued(result: Any, value: Any) -> Any:  # noqa: ARG001
    """Return a value of the library's in the place of what a formula gave for it, whose derivative it has."""
    return value


rule(valued, lambda g, _ans, _result, _value: g, None)


def _standard_moment(distribution: Any, method: str, order: Any, shapes: Any) -> Any:
    names = shape_names(distribution)
    for i, (name, x) in enumerate(zip(names, shapes, strict=True)):
        if has_variable(x):
            if _steps(distribution, name, shapes):
                raise no_derivative(distribution, "stats", name, "it is a whole number")
            _try_moment(distribution, method, order, name, i, shapes)
    return computed(Computed(distribution, method, (), order), *shapes)


def _try_moment(distribution: Any, method: str, order: Any, name: str, i: int, shapes: Any) -> None:
    try:
        _value(Computed(distribution, method, (i,), order), *[np.ravel(bare(x))[:1] for x in shapes])
    except (NoFormula, GradientLossError, TypeError, ValueError, AttributeError, NotImplementedError) as error:
        raise no_derivative(
            distribution, "entropy" if method == "_entropy" else "moments", name, str(error)[:80]
        ) from None


def _stats(distribution: Any, *args: Any, **kwds: Any) -> Any:
    shapes, loc, scale, moments = distribution._parse_args_stats(*args, **kwds)
    shapes, loc, scale = [*map(_array, shapes)], _array(loc), _array(scale)
    found = []
    for letter in [m for m in "mvsk" if m in moments]:
        standard = _standard_moment(distribution, "_stats", letter, shapes)
        found.append(
            standard * scale + loc
            if letter == "m"
            else standard * scale * scale
            if letter == "v"
            else standard + 0 * loc
        )
    values = distribution.stats(*bare(shapes), loc=bare(loc), **_scaled(distribution, scale), moments=moments)
    if len(found) == 1:
        return with_value(found[0], values)
    return tuple([with_value(*pair) for pair in zip(found, values, strict=True)])


def with_value(found: Any, value: Any) -> Any:
    return valued(found, np.asarray(value)[()])


def _scaled(distribution: Any, scale: Any) -> dict[str, Any]:
    return {} if _whole(distribution) else {"scale": bare(scale)}


def _entropy(distribution: Any, *args: Any, **kwds: Any) -> Any:
    shapes, loc, scale = distribution._parse_args(*args, **kwds)
    shapes, loc, scale = [*map(_array, shapes)], _array(loc), _array(scale)
    found = _standard_moment(distribution, "_entropy", 0, shapes) + np.log(scale) + 0 * loc
    return with_value(found, distribution.entropy(*bare(shapes), loc=bare(loc), **_scaled(distribution, scale)))


def _raw_moment(distribution: Any, order: Any, *args: Any, **kwds: Any) -> Any:
    shapes, loc, scale = distribution._parse_args(*args, **kwds)
    shapes, loc, scale = [*map(_array, shapes)], _array(loc), _array(scale)
    value = distribution.moment(order, *bare(shapes), loc=bare(loc), **_scaled(distribution, scale))
    total: Any = loc**order if order else 1.0
    for k in range(1, int(order) + 1):
        total = total + math.comb(order, k) * loc ** (order - k) * scale**k * _standard_moment(
            distribution, "_munp", k, shapes
        )
    return with_value(total, value)


def _interval(distribution: Any, confidence: Any, *args: Any, **kwds: Any) -> Any:
    distribution.interval(bare(confidence), *bare(args), **bare(kwds))  # the library's own error
    ppf = METHODS["ppf"]
    return tuple([ppf(distribution, (1 + sign * confidence) / 2, *args, **kwds) for sign in (-1.0, 1.0)])


def _support(distribution: Any, *args: Any, **kwds: Any) -> Any:
    shapes, loc, scale = distribution._parse_args(*args, **kwds)
    shapes = [*map(_array, shapes)]
    values = distribution.support(*bare(args), **bare(kwds))
    ends = []
    for method, value in zip(("_low", "_high"), values, strict=True):
        found = computed(Computed(distribution, method), *shapes) * scale + loc
        ends.append(with_value(found, value))
    return tuple(ends)


def _rvs(distribution: Any, *args: Any, **kwds: Any) -> Any:
    """Return loc and scale of a draw, which are differentiated; a draw as such depends on shapes in no smooth way."""
    size, state = kwds.pop("size", None), kwds.pop("random_state", None)
    shapes, loc, scale = distribution._parse_args(*args, **kwds)
    if has_variable(list(shapes)):
        raise no_derivative(
            distribution, "rvs", "a shape", "a draw is no smooth function of it; loc and scale are known"
        )
    draw = distribution.rvs(*args_of(shapes, loc), **_scaled(distribution, scale), size=size, random_state=state)
    standard = (draw - bare(loc)) / bare(scale)
    return with_value(standard * scale + loc, draw)


def args_of(shapes: Any, loc: Any) -> list[Any]:
    return [*bare(list(shapes)), bare(loc)]


def _nnlf(distribution: Any, theta: Any, x: Any) -> Any:
    value = distribution.nnlf(bare(theta), bare(x))
    if np.all(np.isinf(value)):
        return value
    *shapes, loc, scale = theta
    found = METHODS["logpdf"](distribution, x, *shapes, loc=loc, scale=scale)
    return with_value(-np.sum(found, axis=0), value)


METHODS: Mapping[str, Callable[..., Any]] = {
    **{name: _of_argument(name) for name in OF_ARGUMENT},
    "stats": _stats,
    "mean": lambda d, *args, **kwds: _stats(d, *args, **kwds, moments="m"),
    "var": lambda d, *args, **kwds: _stats(d, *args, **kwds, moments="v"),
    "std": lambda d, *args, **kwds: np.sqrt(_stats(d, *args, **kwds, moments="v")),
    "median": lambda d, *args, **kwds: METHODS["ppf"](d, 0.5, *args, **kwds),
    "entropy": _entropy,
    "moment": _raw_moment,
    "interval": _interval,
    "support": _support,
    "rvs": _rvs,
    "nnlf": _nnlf,
}
