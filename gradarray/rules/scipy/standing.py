"""How the chapters are written: bodies with the signatures of SciPy's functions, and linear functions with a transpose.

Nearly all functions of signals and images are linear in these. The value is that of the library's own function, and so
is that of the derivative, which is the same function once more, or its transpose.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...tape.wrapping import bare, has_variable, stack_nested, without_zero_tangents
from ..primitives import primitive
from ..registry import linear, rule
from ..signature import constant as constant_of
from ..signature import names
from .declared import WRITTEN, function

# --- signatures -------------------------------------------------------------------------------------------------------


def stands_for(
    module: str, *by: str, name: str = "", whole: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a body that is given the arguments of a call by name, with the library's defaults for the others.

    Parameters
    ----------
    module : of the library's function
    *by : the parameters that there is a derivative by; a variable in any other one is refused
    name : of the library's function, where it is not that of the body
    whole : those among `by` whose tuples are no arrays, but have parts of several kinds
    """

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        called = name or body.__name__

        @functools.cache  # when it is first called: a chapter has many functions, of which few are met
        def parameters() -> _Parameters:
            return _Parameters(getattr(sys.modules[module], called), body, by, whole)

        def call(*args: Any, **kwargs: Any) -> Any:
            known = parameters()
            given, left_out = known.bound(args, kwargs), []
            for parameter, value in given.items():
                if type(value) not in _BARE and parameter not in WRITTEN:
                    value = without_zero_tangents(value)
                if parameter in by:
                    if type(value) in (list, tuple):
                        if parameter in whole:
                            value = type(value)(map(_part, value))
                        else:
                            value = stack_nested(value) if has_variable(value) else np.asarray(value)
                elif type(value) not in _BARE:
                    value = constant_of(getattr(sys.modules[module], called), parameter, value)
                if parameter in known.taken:
                    given[parameter] = value
                elif parameter in _IDLE or _is_default(known.signature, parameter, value):
                    left_out.append(parameter)
                else:
                    raise TypeError(f"{module}.{called} of a variable: {parameter}= is not known here")
            for parameter in left_out:
                del given[parameter]
            return body(**known.defaults | given)

        call.__name__ = called
        call.__wrapped__ = body  # type: ignore[attr-defined]
        function(module, call)
        return call

    return declare


def _part(value: Any) -> Any:
    """Return what stands in a tuple that is no array; a list of variables is one."""
    return stack_nested(value) if type(value) is list and has_variable(value) else value


# They say how to compute, and not what.
_IDLE = {"overwrite_x", "overwrite_data", "workers", "plan", "plot"}


# They hold no variable, and are no lists.
_BARE = frozenset((str, int, float, bool, type(None), np.ndarray, np.float64))


class _Parameters:
    """The parameters of a function of the library's, and which of them a body is given.

    Attributes
    ----------
    signature : of the library's function
    taken : the parameters that are handed on
    defaults : what is handed on of those that a call leaves out
    """

    def __init__(
        self, library: Callable[..., Any], body: Callable[..., Any], by: tuple[str, ...], whole: tuple[str, ...]
    ) -> None:
        self.signature = inspect.signature(library)
        parameters = self.signature.parameters.values()
        self.taken = frozenset(self.signature.parameters if _takes_others(body) else names(body))
        several: dict[Any, Any] = {inspect.Parameter.VAR_POSITIONAL: (), inspect.Parameter.VAR_KEYWORD: {}}
        defaults = {p.name: several.get(p.kind, p.default) for p in parameters if p.name in self.taken}
        left_out = {name: value for name, value in defaults.items() if value is not inspect.Parameter.empty}
        listed = [name for name, value in left_out.items() if type(value) in (list, tuple) and name in by]
        self.defaults = left_out | {name: np.asarray(left_out[name]) for name in listed if name not in whole}
        # The usual signatures are read here, in a fraction of the time that `bind` takes.
        usual = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
        self._positional = None
        if usual.issuperset([p.kind for p in parameters]):
            self._positional = tuple([p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD])
        self._required = frozenset([p.name for p in parameters if p.default is p.empty])

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call by name, or raise as the library does."""
        if self._positional is not None and len(args) <= len(self._positional):
            given = dict(zip(self._positional, args, strict=False))
            if given.keys().isdisjoint(kwargs) and kwargs.keys() <= self.signature.parameters.keys():
                given.update(kwargs)
                if given.keys() >= self._required:
                    return given
        return self.signature.bind(*args, **kwargs).arguments


def _takes_others(body: Callable[..., Any]) -> bool:
    kinds = [p.kind for p in inspect.signature(body).parameters.values()]
    return inspect.Parameter.VAR_KEYWORD in kinds


def _is_default(signature: inspect.Signature, parameter: str, value: Any) -> bool:
    default = signature.parameters[parameter].default
    return value is default or (np.ndim(value) == 0 and np.ndim(default) == 0 and bool(value == default))


def refuse(module: str, reason: str, *functions: str) -> None:
    """Declare functions that are refused where a variable is given, and why."""
    for called in functions:

        def call(*_args: Any, _called: str = called, **_kwargs: Any) -> Any:
            raise TypeError(f"{module}.{_called} of a variable has no derivative here: {reason}")

        call.__name__, call.says = called, "refused"  # type: ignore[attr-defined]
        function(module, call)


def constant(module: str, *functions: str) -> None:
    """Declare functions whose results are whole numbers or the like: they get the bare values."""
    for called in functions:

        def call(*args: Any, _called: str = called, **kwargs: Any) -> Any:
            return getattr(sys.modules[module], _called)(*bare(args), **bare(kwargs))

        call.__name__, call.says = called, "constant"  # type: ignore[attr-defined]
        function(module, call)


# --- linear functions -------------------------------------------------------------------------------------------------


class Operator:
    """A linear function of the arrays of one shape.

    Parameters
    ----------
    push : computes it, as the library does
    pull : computes the transpose, and for complex numbers the adjoint
    value : computes it, where the function adds a constant to what is linear
    """

    __slots__ = ("pull", "push", "value")

    def __init__(
        self,
        push: Callable[[Any], Any],
        pull: Callable[[Any], Any],
        value: Callable[[Any], Any] | None = None,
    ) -> None:
        self.push, self.pull, self.value = push, pull, value

    def __call__(self, x: Any) -> Any:
        return pushed(x, op=self) if self.value is None else affine(x, op=self)


@primitive
def pushed(x: Array, *, op: Operator) -> Array:
    """Return a linear function of an array."""
    return op.push(x)


@primitive
def pulled(y: Array, *, op: Operator) -> Array:
    """Return its transpose, of a cotangent."""
    return op.pull(y)


@primitive
def affine(x: Array, *, op: Operator) -> Array:
    """Return a linear function of an array with a constant that is added."""
    return op.value(x)  # type: ignore[misc]


linear(pushed, lambda g, x, *, op: pulled(g, op=op))
linear(pulled, lambda g, y, *, op: pushed(g, op=op))
rule(
    affine,
    lambda g, _ans, _x, *, op: pulled(g, op=op),
    jvp=lambda tangents, _ans, _x, *, op: pushed(tangents[0], op=op),
    holomorphic=False,
)


def along(call: Callable[[Any], Any], n: int, axis: int) -> Callable[[Any], Any]:
    """Return the transpose of a function along an axis of n elements, from its matrix: for what has no closed form.

    `call` is that function along the first axis.
    """

    @functools.cache
    def matrix() -> Any:  # when it is needed: there may be no way back
        return np.conj(call(np.eye(n)))

    def pull(g: Any) -> Any:
        found = np.tensordot(matrix(), g, axes=(0, axis))
        return np.moveaxis(found, 0, axis)

    return pull
