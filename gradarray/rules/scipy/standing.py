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
from .declared import function

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
        def signatures() -> tuple[inspect.Signature, tuple[str, ...], bool]:
            known, rest = names(body), _takes_others(body)
            return inspect.signature(getattr(sys.modules[module], called)), known[:-1] if rest else known, rest

        def call(*args: Any, **kwargs: Any) -> Any:
            signature, known, rest = signatures()
            bound = signature.bind(*args, **kwargs)
            given = set(bound.arguments)
            bound.apply_defaults()
            arguments = bound.arguments
            for parameter in list(arguments):
                value = arguments[parameter] = without_zero_tangents(arguments[parameter])
                if parameter in by:
                    if type(value) in (list, tuple) and parameter not in whole:
                        arguments[parameter] = stack_nested(value) if has_variable(value) else np.asarray(value)
                    continue
                value = arguments[parameter] = constant_of(getattr(sys.modules[module], called), parameter, value)
                if parameter in known:
                    continue
                if not rest:
                    if parameter in given and parameter not in _IDLE and not _is_default(signature, parameter, value):
                        raise TypeError(f"{module}.{called} of a variable: {parameter}= is not known here")
                    del arguments[parameter]
            return body(**arguments)

        call.__name__ = called
        call.__wrapped__ = body  # type: ignore[attr-defined]
        function(module, call)
        return call

    return declare


# They say how to compute, and not what.
_IDLE = {"overwrite_x", "overwrite_data", "workers", "plan", "plot"}


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
