"""What stands in for the distributions of scipy.stats: objects with the methods of one, which take variables."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..batch.mapped import lane_in
from ..batch.one_by_one import all_or_each, one_of
from ..batch.refusals import refused
from ..rules.scipy.declared import FACES, methods
from ..tape.wrapping import bare, has_variable
from .draws import source_of
from .estimates import METHODS
from .table import NEEDED, counterpart, for_subtypes_of, for_type
from .twins import lifted_arguments, stand_in_of

# How a method of the library and what takes variables in its place become one function.
Face = Callable[[Callable[..., Any], Callable[..., Any]], Callable[..., Any]]
Methods = Mapping[str, Callable[..., Any]]
# The options of methods of a frozen distribution that do not come first in those of the distribution itself.
_OPTIONS = {"stats": ("moments",), "rvs": ("size", "random_state")}
_SEVERAL = ("multi_rv_generic", "multi_rv_frozen")
_BASES = ("rv_generic", "rv_frozen", *_SEVERAL)


def _is_a(value: Any, base: str) -> bool:
    return any(cls.__name__ == base for cls in type(value).__mro__)


def methods_of(real: Any) -> Methods | None:
    """Return what computes the methods of a distribution with variables, by their names; None for anything else."""
    if _is_a(real, "rv_generic"):
        own = {name: functools.partial(body, real) for name, body in METHODS.items() if hasattr(real, name)}
        return {**own, "rvs": _drawing(own["rvs"])} if "rvs" in own else own
    if _is_a(real, "rv_frozen"):
        return frozen_methods(real.dist, real.args, real.kwds)
    bodies = FACES.get(type(real).__name__, {})
    if not bodies and not any(_is_a(real, base) for base in _SEVERAL):
        return None
    known: dict[str, Callable[..., Any]] = {
        name: functools.partial(body, real) for name, body in bodies.items() if hasattr(real, name)
    }
    if "rvs" in known:
        known["rvs"] = _drawing(known["rvs"])
    kind: Any = type(real)
    return {**_unknown_of(kind), **known}


def _drawing(body: Callable[..., Any]) -> Callable[..., Any]:
    """Make the method that draws with the library's own generators; with a seed alone, each element has the same."""

    def rvs(*args: Any, **kwds: Any) -> Any:
        if lane_in((args, kwds)) is not None and not isinstance(kwds.get("random_state"), (int, np.integer)):
            raise refused("random")
        return body(*map(source_of, args), **{name: source_of(x) for name, x in kwds.items()})

    return rvs


_WHY = {"rvs": "a draw is no smooth function of it", "fit": "it is found by a solver; sum logpdf"}


@functools.cache
def _unknown_of(cls: Any) -> Methods:
    """Return what refuses variables in the place of each method of a distribution of several variables."""

    def refusing(name: str) -> Callable[..., Any]:
        def call(*_args: Any, **_kwargs: Any) -> Any:
            kind = cls.__name__.removesuffix("_gen").removesuffix("_frozen")
            why = _WHY.get(name, "no formula of it is known")
            raise TypeError(f"scipy.stats.{kind}.{name} of a variable has no derivative here: {why}")

        call.__name__ = name
        return call

    return {name: refusing(name) for name, value in inspect.getmembers(cls, callable) if not name.startswith("_")}


def frozen_methods(real: Any, args: Any, kwds: dict[str, Any]) -> Methods:
    """Return the same for a distribution whose parameters are given."""

    def of_parameters(name: str, body: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **options: Any) -> Any:
            if name == "expect":
                shapes, loc, scale = real._parse_args(*args, **kwds)
                options.update(zip(("func", "lb", "ub", "conditional"), given, strict=False))
                more = {} if hasattr(real, "pmf") else {"scale": scale}
                return all_or_each(body, (), {"args": tuple(shapes), "loc": loc, **more, **options})
            if name in _OPTIONS:
                options.update(zip(_OPTIONS[name], given, strict=False))
                given = ()
            return all_or_each(body, (*given, *args), {**kwds, **options})

        call.__name__ = name
        return call

    return {name: of_parameters(name, body) for name, body in (methods_of(real) or {}).items()}


class Distribution:
    """A distribution of scipy.stats whose methods take variables; all else is the library's."""

    def __init__(self, real: Any, methods: Methods, face: Face) -> None:
        space = vars(self)
        space.update(__wrapped__=real, _face=face)
        for name, body in methods.items():
            if hasattr(real, name):
                space[name] = face(getattr(real, name), body)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.__wrapped__)

    def __call__(self, *args: Any, **kwds: Any) -> Any:
        if has_variable(args) or has_variable(kwds) or _held((args, kwds)) or lane_in((args, kwds)) is not None:
            args, kwds = lifted_arguments(args, kwds, self.__wrapped__)
            return Frozen(self, args, kwds)
        return with_face(self.__wrapped__(*bare(args), **bare(kwds)), self._face)

    def freeze(self, *args: Any, **kwds: Any) -> Any:
        return self(*args, **kwds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__wrapped__, name, value)

    def __reduce__(self) -> Any:
        return _itself, (self.__wrapped__,)


def _itself(value: Any) -> Any:
    return value


class Frozen:
    """A distribution with variables among its parameters.

    Attributes
    ----------
    args, kwds : the parameters
    """

    def __init__(self, dist: Distribution, args: Any, kwds: dict[str, Any]) -> None:
        real: Any = dist.__wrapped__
        self.__wrapped__ = real(*map(_plain, args), **{name: _plain(x) for name, x in kwds.items()})
        self.args, self.kwds, self.dist = args, kwds, dist
        known = frozen_methods(real, args, kwds)
        vars(self).update({name: body for name, body in known.items() if hasattr(self.__wrapped__, name)})

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.__wrapped__)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self.__wrapped__, name)
        given = self._given()
        if name in given:
            return given[name]
        if callable(value) or np.asarray(value).dtype.kind in "fcO":
            raise TypeError(f"{type(self.__wrapped__).__name__}.{name} is not known here for variables as parameters")
        return value

    def _given(self) -> dict[str, Any]:
        """Return the parameters that were given, by their names where these are told."""
        names = inspect.signature(type(self.dist.__wrapped__).__call__).parameters
        known = [n for n, p in names.items() if n != "self" and p.kind is p.POSITIONAL_OR_KEYWORD]
        return {**dict(zip(known, self.args, strict=False)), **self.kwds}


def _plain(x: Any) -> Any:
    """Return a bare value, as a number where it is one: a library may ask for that; of a mapped array, the first."""
    value = bare(x)
    while (lane := lane_in(value)) is not None and lane.size:
        value = bare(one_of(lane, value, lane.at or 0))
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value


def with_face(real: Any, face: Face) -> Any:
    """Return what stands in for a distribution, or the object itself where nothing does."""
    methods = methods_of(real)
    return real if methods is None else Distribution(real, methods, face)


def _stand_in(real: Any) -> Any:
    methods = methods_of(real)
    return None if methods is None else Distribution(real, methods, _of_objects_too)


def _held(given: tuple[tuple[Any, ...], dict[str, Any]]) -> bool:
    """Tell whether an object is given that holds variables, such as a covariance."""
    return any(getattr(x, "holds_variables", False) for x in (*given[0], *given[1].values()))


def _of_objects_too(old: Callable[..., Any], body: Callable[..., Any]) -> Callable[..., Any]:
    usual, always = stand_in_of(old, body), stand_in_of(old, body, looks=True)

    @functools.wraps(usual)
    def call(*args: Any, **kwargs: Any) -> Any:
        return (always if _held((args, kwargs)) else usual)(*args, **kwargs)

    return call


def _method(bound: types.MethodType) -> Any:
    """Return a method of what stands in for its owner, as of a distribution: ``cdf = norm.cdf``."""
    owner = counterpart(bound.__self__) if any(_is_a(bound.__self__, base) for base in _BASES) else None
    return None if owner is None else vars(owner).get(bound.__name__)


# One of these is made in the function; all the others stand in modules.
methods("scipy.stats", "rv_histogram", **METHODS)
for_type(types.MethodType, _method)
for base in _BASES:
    for_subtypes_of(base, _stand_in)
NEEDED.update(METHODS)
