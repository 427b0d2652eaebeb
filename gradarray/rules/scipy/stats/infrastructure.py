"""The new distributions of scipy.stats, with variables as parameters or arguments.

An object is the library's own. Its parameters stand in it as arrays, and as they were given among those from which the
library makes others of it, so that none is made without them: what is not known here meets a variable and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
from scipy.stats import _distribution_infrastructure as library

from ....tape.wrapping import bare, has_variable
from ..declared import function, makers, methods
from .forms import Binomial, Form, Logistic, Normal, Uniform, refused
from .transformed import Folded, Mixture, Monotonic, OrderStatistic, ShiftedScaled, Truncated

_LIBRARY = library.__name__
# The class that all are derived from, which has two names.
_BASE = "UnivariateDistribution" if hasattr(library, "UnivariateDistribution") else "ContinuousDistribution"
# Methods of the library's, as they were before any was bound anew.
_SAMPLE = getattr(library, _BASE).sample


# --- what an object is ------------------------------------------------------------------------------------------------


def form_of(distribution: Any) -> Form:
    """Return a distribution as formulas of its parameters."""
    make = next((_FORMS[cls.__name__] for cls in type(distribution).__mro__ if cls.__name__ in _FORMS), None)
    if make is None:
        known = "Normal, Uniform, Logistic, Binomial, and what is made of these"
        raise refused(type(distribution).__name__, f"formulas are known of {known}; scipy.stats has others as objects")
    return make(distribution)


def _given(distribution: Any, name: str, default: Any) -> Any:
    return vars(distribution).get("_original_parameters", {}).get(name, default)


def _named(make: Callable[..., Form], **defaults: Any) -> Callable[[Any], Form]:
    return lambda d: make(*[_given(d, name, default) for name, default in defaults.items()])


def _made_of(make: Callable[..., Form], **defaults: Any) -> Callable[[Any], Form]:
    return lambda d: make(form_of(d._dist), *[_given(d, name, default) for name, default in defaults.items()])


_FORMS: dict[str, Callable[[Any], Form]] = {
    "StandardNormal": lambda _d: Normal(0.0, 1.0),
    "Normal": _named(Normal, mu=0.0, sigma=1.0),
    "Uniform": _named(Uniform, a=0.0, b=1.0),
    "Logistic": lambda _d: Logistic(),
    "Binomial": _named(Binomial, n=None, p=None),
    "ShiftedScaledDistribution": _made_of(ShiftedScaled, loc=0.0, scale=1.0),
    "TruncatedDistribution": _made_of(Truncated, lb=-np.inf, ub=np.inf),
    "OrderStatisticDistribution": _made_of(OrderStatistic, r=None, n=None),
    "FoldedDistribution": _made_of(Folded),
    "MonotonicTransformedDistribution": lambda d: Monotonic(form_of(d._dist), d._g, d._h, d._logdh, d._increasing),
    "Mixture": lambda d: Mixture([form_of(part) for part in d._components], d._weights),
}

# --- objects with variables -------------------------------------------------------------------------------------------


def _init(cls: str) -> Callable[..., None]:
    real = getattr(stats, cls, object).__init__

    def __init__(self: Any, **parameters: Any) -> None:
        real(self, **bare(parameters))
        self._original_parameters = self._original_parameters | _variables(parameters)

    return __init__


def _variables(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: x for name, x in parameters.items() if has_variable(x)}


_transformed = library.TransformedDistribution.__init__


def _init_transformed(self: Any, X: Any, /, *args: Any, **parameters: Any) -> None:
    new = plain(X)
    _transformed(self, new, *args, **bare(parameters))
    _hold(self, new, X, parameters)


def _made(make: Callable[[Any], Any], X: Any, **parameters: Any) -> Any:
    """Return what the library makes of a distribution, with the variables that stand in it and in the parameters."""
    new = plain(X)
    return _hold(make(new), new, X, parameters)


def _hold(made: Any, new: Any, X: Any, parameters: dict[str, Any]) -> Any:
    """Put the distribution itself into what was made of a plain copy, in one step or in two."""
    made._dist = X if made._dist is new else _hold(made._dist, new, X, {})
    made._original_parameters = made._original_parameters | _variables(X._original_parameters) | _variables(parameters)
    return made


def plain(distribution: Any) -> Any:
    """Return a copy that the library may make others of: without variables."""
    new = object.__new__(type(distribution))  # as `copy` would make a standard one of a normal distribution
    vars(new).update(vars(distribution))
    new._original_parameters = bare(distribution._original_parameters)
    if hasattr(distribution, "_dist"):
        new._dist = plain(distribution._dist)
    return new


_mixture = library.Mixture.__init__


def _init_mixture(self: Any, components: Any, *, weights: Any = None) -> None:
    _mixture(self, components, weights=bare(weights))
    if weights is not None:
        self._weights = weights
    self._of = [part._original_parameters for part in components]  # where variables are looked for


def _init_other(self: Any, **_parameters: Any) -> None:
    form_of(self)
    raise refused(type(self).__name__, "its parameters are of a kind that is not known here, as within ga.vmap")


for _cls in ("Normal", "Uniform", "Binomial"):
    methods("scipy.stats", _cls, __init__=_init(_cls))
methods(_LIBRARY, _BASE, __init__=_init_other)
methods(_LIBRARY, "TransformedDistribution", __init__=_init_transformed)

# --- what is made of one ----------------------------------------------------------------------------------------------


def _moved(X: Any, loc: Any, scale: Any) -> Any:
    return _made(
        lambda X: library.ShiftedScaledDistribution(X, loc=bare(loc), scale=bare(scale)), X, loc=loc, scale=scale
    )


def _parts(X: Any) -> tuple[Any, Any, Any]:
    if isinstance(X, library.ShiftedScaledDistribution):
        return X._dist, _given(X, "loc", 0.0), _given(X, "scale", 1.0)
    return X, 0.0, 1.0


def _add(self: Any, loc: Any) -> Any:
    X, old, scale = _parts(self)
    return _moved(X, old + loc, scale)


def _sub(self: Any, loc: Any) -> Any:
    return _add(self, -loc)


def _mul(self: Any, factor: Any) -> Any:
    X, loc, scale = _parts(self)
    return _moved(X, loc * factor, scale * factor)


def _truediv(self: Any, factor: Any) -> Any:
    return _mul(self, 1 / factor)


def _rsub(self: Any, other: Any) -> Any:
    return _add(_mul(self, -1), other)


_REAL = {name: getattr(getattr(library, _BASE), name) for name in ("__pow__", "__rpow__", "__rtruediv__")}


def _rtruediv(self: Any, other: Any) -> Any:
    return _mul(_made(lambda X: _REAL["__rtruediv__"](X, 1.0), self), other)


def _to_power(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        if has_variable(other):
            raise refused("a power", "the other number is a constant; write it as exp(log(...) * X)")
        return _made(lambda X: _REAL[name](X, bare(other)), self)

    return operator


_OPERATORS: dict[str, Any] = {
    "__add__": _add,
    "__radd__": _add,
    "__sub__": _sub,
    "__rsub__": _rsub,
    "__mul__": _mul,
    "__rmul__": _mul,
    "__truediv__": _truediv,
    "__rtruediv__": _rtruediv,
    "__neg__": lambda self: _mul(self, -1),
    "__pow__": _to_power("__pow__"),
    "__rpow__": _to_power("__rpow__"),
    "__abs__": lambda self: _made(library.FoldedDistribution, self),
}
methods(_LIBRARY, _BASE, **_OPERATORS)
methods(_LIBRARY, "ShiftedScaledDistribution", **_OPERATORS)


def truncate(X: Any, lb: Any = -np.inf, ub: Any = np.inf) -> Any:
    return _made(lambda X: stats.truncate(X, bare(lb), bare(ub)), X, lb=lb, ub=ub)


def order_statistic(X: Any, /, *, r: Any, n: Any) -> Any:
    if has_variable((r, n)):
        raise refused("order_statistic", "r and n are whole numbers")
    return _made(lambda X: stats.order_statistic(X, r=bare(r), n=bare(n)), X)


def _of_one(name: str) -> Callable[[Any], Any]:
    def make(X: Any, /) -> Any:
        return _made(getattr(stats, name), X)

    make.__name__ = name
    return make


function("scipy.stats", truncate, order_statistic, *map(_of_one, ("abs", "exp", "log")))

# --- methods ----------------------------------------------------------------------------------------------------------


def _of_argument(name: str) -> Callable[..., Any]:
    def call(self: Any, x: Any, y: Any = None, /, *, method: Any = None) -> Any:
        form, x = form_of(self), _array(x)
        if form.whole:
            _not_by_steps(form, x, y)
        if y is None:
            return form.at(name, x)
        inside = form.between(x, _array(y))
        inside = inside if "ccdf" not in name else 1 - inside
        return np.log(inside + 0j) if name.startswith("log") else inside  # which is below 0 where x > y

    return call


def _not_by_steps(form: Any, *values: Any) -> None:
    if has_variable(values) or has_variable(form.n):
        raise refused("Binomial", "its argument and n are whole numbers")


def _array(x: Any) -> Any:
    return x if hasattr(x, "dtype") else np.asarray(x, float)[()]


def _of_probability(name: str) -> Callable[..., Any]:
    def call(self: Any, p: Any, /, *, method: Any = None) -> Any:
        p = np.exp(_array(p)) if name.startswith("ilog") else _array(p)
        inside = (bare(p) >= 0) & (bare(p) <= 1)
        found = getattr(form_of(self), name.replace("ilog", "i"))(np.where(inside, p, 0.5))
        return np.where(inside, found, np.nan)[()]

    return call


def _of_parameters(body: Callable[[Form], Any]) -> Callable[..., Any]:
    def call(self: Any, *, method: Any = None) -> Any:
        return body(form_of(self))

    return call


def _skewness(form: Form) -> Any:
    return form.central(3) / form.central(2) ** 1.5


def _kurtosis(self: Any, *, method: Any = None, convention: str = "non-excess") -> Any:
    form = form_of(self)
    return form.central(4) / form.central(2) ** 2 - (3 if convention == "excess" else 0)


def _moment(self: Any, order: int = 1, kind: str = "raw", *, method: Any = None) -> Any:
    form = form_of(self)
    if order > 4 or order != int(order):
        raise refused("moment", "those of the first four orders are known")
    mean = form.mean()
    central = [1 + 0 * mean, 0 * mean, *[form.central(k) for k in range(2, order + 1)]]
    if kind == "raw":
        powers = [mean ** (order - k) if order > k else 1.0 for k in range(order + 1)]
        binomial = [1.0]
        for k in range(order):
            binomial.append(binomial[-1] * (order - k) / (k + 1))
        return sum(b * c * m for b, c, m in zip(binomial, central, powers, strict=False))
    return central[order] / (central[2] ** (order / 2) if kind == "standardized" and order > 1 else 1.0)


def _sample(self: Any, shape: Any = (), *, method: Any = None, rng: Any = None) -> Any:
    form = form_of(self)
    form.moved(0.0, bare)  # which says whether that is known
    draw = _SAMPLE(plain(self), shape, method=method, rng=rng)
    return form.moved(draw, bare)


def _refuse(name: str, why: str) -> Callable[..., Any]:
    def call(self: Any, *_args: Any, **_kwargs: Any) -> Any:
        raise refused(f"{type(self).__name__}.{name}", why)

    return call


_METHODS: dict[str, Any] = {
    **{name: _of_argument(name) for name in ("pdf", "logpdf", "cdf", "ccdf", "logcdf", "logccdf")},
    "pmf": _of_argument("pdf"),
    "logpmf": _of_argument("logpdf"),
    **{name: _of_probability(name) for name in ("icdf", "iccdf", "ilogcdf", "ilogccdf")},
    "support": lambda self: form_of(self).ends,
    "mean": _of_parameters(lambda form: form.mean()),
    "median": _of_parameters(lambda form: form.icdf(0.5)),
    "mode": _of_parameters(lambda form: form.mode()),
    "variance": _of_parameters(lambda form: form.central(2)),
    "standard_deviation": _of_parameters(lambda form: np.sqrt(form.central(2))),
    "skewness": _of_parameters(_skewness),
    "kurtosis": _kurtosis,
    "moment": _moment,
    "entropy": _of_parameters(lambda form: form.entropy()),
    "logentropy": _refuse("logentropy", "take the logarithm of entropy()"),
    "sample": _sample,
    "lmoment": _refuse("lmoment", "it is an integral"),
    "llf": _refuse("llf", "sum logpdf()"),
}
methods(_LIBRARY, _BASE, **{name: body for name, body in _METHODS.items() if hasattr(getattr(library, _BASE), name)})
methods(
    "scipy.stats",
    "Mixture",
    __init__=_init_mixture,
    **{name: body for name, body in _METHODS.items() if hasattr(library.Mixture, name)},
)
makers(_LIBRARY, "Normal", "Uniform", "Logistic", "Binomial", "Mixture", "make_distribution", "truncate")
makers(_LIBRARY, "order_statistic")
