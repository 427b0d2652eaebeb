"""The parameters of functions: those that a derivative lists, and those that NumPy takes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..context import settings
from ..tape import wrapping
from ..tape.wrapping import bare, has_variable
from .names import public_name


@functools.cache
def parameter_kinds(func: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a function's parameters: those that may be given by position, and the others."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return _UNTOLD.get(func, ((), ()))
    positional = tuple([p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)])
    return positional, tuple([p.name for p in parameters if p.kind is p.KEYWORD_ONLY])


# Of functions that are written in C, older versions of NumPy do not tell the parameters.
_UNTOLD: dict[Any, tuple[tuple[str, ...], tuple[str, ...]]] = {
    np.concatenate: (("arrays", "axis", "out"), ("dtype", "casting")),
    np.dot: (("a", "b", "out"), ()),
}


def is_differentiated(value: Any) -> bool:
    """Tell whether a derivative by this value is asked for."""
    return has_variable(value) and (settings.recording() or isinstance(value, wrapping.Dual))


def constant(func: Callable[..., Any], name: str, value: Any) -> Any:
    """Return the bare values of a parameter that a function has no derivative by; TypeError for a variable."""
    if is_differentiated(value):
        raise not_differentiable(func, name)
    return bare(value)


def not_differentiable(func: Callable[..., Any], name: str) -> TypeError:
    """Return the error for a variable as a parameter that a function has no derivative by."""
    return TypeError(
        f"{public_name(func)} is not differentiable with respect to '{name}', which was given a variable. "
        f"Where no gradient is wanted, pass ga.asarray({name}), or ga.asarray({name}).astype(int) for whole numbers."
    )


class Signature(NamedTuple):
    """The parameters of a function, as far as a declaration asks.

    Attributes
    ----------
    names : the names of the parameters
    required : how many of them come first and have no default; ``*args`` counts
    variadic : whether there is an ``*args``
    takes_keywords : whether there is a ``**kwargs``, which `names` leaves out
    """

    names: tuple[str, ...]
    required: int
    variadic: bool
    takes_keywords: bool

    @property
    def plain(self) -> tuple[str, ...]:
        """The names without the underscore that says that values are not needed."""
        return tuple([name.lstrip("_") for name in self.names])

    @staticmethod
    def of(func: Callable[..., Any]) -> Signature:
        """Return the signature of a function; ValueError or TypeError where it does not tell."""
        code = getattr(getattr(func, "__wrapped__", func), "__code__", None)
        if code is None:
            return Signature._inspected(func)
        # What inspect.signature tells, in a twentieth of its time: some hundred functions are declared on import.
        positional, keyword_only = code.co_argcount, code.co_kwonlyargcount
        variadic = bool(code.co_flags & inspect.CO_VARARGS)
        found = code.co_varnames[: positional + keyword_only + variadic]
        if variadic:  # it stands behind the keyword-only ones there
            found = (*found[:positional], found[-1], *found[positional:-1])
        required = positional - len(getattr(func, "__wrapped__", func).__defaults__ or ()) + variadic
        return Signature(found, required, variadic, bool(code.co_flags & inspect.CO_VARKEYWORDS))

    @staticmethod
    def _inspected(func: Callable[..., Any]) -> Signature:
        parameters = list(inspect.signature(func).parameters.values())
        kinds = [p.kind for p in parameters]
        named = [p for p in parameters if p.kind is not p.VAR_KEYWORD]
        required = [p for p in named if p.default is p.empty and p.kind is not p.KEYWORD_ONLY]
        takes_keywords = inspect.Parameter.VAR_KEYWORD in kinds
        names = tuple([p.name for p in named])
        return Signature(names, len(required), inspect.Parameter.VAR_POSITIONAL in kinds, takes_keywords)


def names(derivative: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's parameters."""
    return Signature.of(derivative).names


def parameter_names(func: Callable[..., Any]) -> tuple[str, ...] | None:
    """Return the names of a function's parameters, or None where it takes any or does not tell them."""
    try:
        signature = Signature.of(func)
    except (TypeError, ValueError):
        return None
    return None if signature.variadic or signature.takes_keywords else signature.names
