"""What a call on a Tensor may be given: which arguments are operands, and which parameters a rule knows."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from . import gate, tape, wrapping
from .gate import SIMPLE
from .kinds import Rule, public_name
from .wrapping import bare, has_variable

# Parameters of each ufunc that concern the forward pass alone.
UFUNC_KEYWORDS = ("dtype", "casting", "order", "subok", "signature")


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


def constant(func: Callable[..., Any], name: str, value: Any) -> Any:
    """Return the bare values of a parameter that a function has no derivative by; TypeError for a variable."""
    if has_variable(value) and (tape.recording() or isinstance(value, wrapping.Dual)):
        raise not_differentiable(func, name)
    return bare(value)


def not_differentiable(func: Callable[..., Any], name: str) -> TypeError:
    """Return the error for a variable as a parameter that a function has no derivative by."""
    return TypeError(
        f"{public_name(func)} is not differentiable with respect to '{name}', which was given a variable. "
        f"Where no gradient is wanted, pass ga.asarray({name}), or ga.asarray({name}).astype(int) for whole numbers."
    )


class CallSignature:
    """Sorts the arguments of a call into operands and named parameters.

    Python's own call binds the parameters when the derivative is called; only the operands, and what was passed by
    position behind them, are sorted here.
    """

    def __init__(self, rule: Rule, operands: tuple[str, ...], supported: tuple[str, ...], variadic: bool) -> None:
        self.rule = rule
        self.operands = operands
        self.supported = frozenset(supported)
        self.variadic = variadic
        names, _ = parameter_kinds(rule.func)
        self.names = names if len(names) >= len(operands) else (*operands, *supported)

    def sort(self, args: Any, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the operands and the parameters."""
        if not self.variadic:
            count = len(self.operands)
            if len(args) > count:
                if len(args) > len(self.names):
                    self.let_numpy_refuse(args, kwargs)
                given = dict(zip(self.names[count:], args[count:], strict=False))
                if any(name in kwargs for name in given):
                    self.let_numpy_refuse(args, kwargs)
                kwargs = {**given, **kwargs}
                args = args[:count]
            elif len(args) < count:
                # Operands by keyword; the ones that may be left out are at the end.
                kwargs = dict(kwargs)
                found = list(args)
                for name in self.operands[len(args) :]:
                    if name not in kwargs:
                        self.let_numpy_refuse(args, kwargs)
                    found.append(kwargs.pop(name))
                args = tuple(found)
        if kwargs:
            params = {}
            for name, value in kwargs.items():
                if name not in self.supported:
                    self.let_numpy_refuse(args, kwargs)
                elif value is not np._NoValue:
                    params[name] = self._parameter(name, value)
            kwargs = params
        return tuple(args), kwargs

    def _parameter(self, name: str, value: Any) -> Any:
        if type(value) in SIMPLE:
            return value
        return gate.parameter(constant(self.rule.func, name, value))

    def let_numpy_refuse(self, args: Any, kwargs: dict[str, Any]) -> None:
        """Call NumPy, so that a mistake gets NumPy's own error; raise ours for what is legal there and not here."""
        self.rule.func(*bare(args), **bare(kwargs))
        odd = [name for name in kwargs if name not in self.supported and name not in self.operands and name != "out"]
        what = ", ".join(f"'{name}'" for name in odd) or "this form of call"
        raise TypeError(
            f"{self.rule.name} on a Tensor does not support {what}. Its parameters are "
            f"({', '.join((*self.operands, *sorted(self.supported)))})."
        )
