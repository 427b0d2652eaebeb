"""What a call on a Tensor may be given: which arguments are operands, and which parameters a rule knows."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np

from . import guard, tape, wrapping
from .kinds import Rule
from .wrapping import PLAIN, bare, has_variable, unwrap

# Parameters of each ufunc that concern the forward pass alone.
UFUNC_KEYWORDS = ("dtype", "casting", "order", "subok", "signature")


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
        try:
            parameters = inspect.signature(rule.func).parameters.values()
            names = tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))
        except (TypeError, ValueError):
            names = ()
        self.names = names if len(names) >= len(operands) else (*operands, *supported)
        # Where out= stands among NumPy's parameters, if it does and is not the rule's own.
        self._out = self.names.index("out") if "out" in self.names and "out" not in supported else sys.maxsize

    def sort(self, args: Any, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
        """Return the operands, the parameters, and what was given as out=."""
        out = None
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
                if name == "out":
                    out = value
                elif name not in self.supported:
                    self.let_numpy_refuse(args, kwargs)
                elif value is not np._NoValue:
                    params[name] = self._parameter(name, value)
            kwargs = params
        return tuple(args), kwargs, out

    def without_out(self, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any], Any]:
        """Return the arguments as they are but for out=, and what was given as that."""
        if len(args) > self._out:
            kwargs = {**dict(zip(self.names[self._out :], args[self._out :], strict=False)), **kwargs}
            args = args[: self._out]
        if not kwargs:
            return args, kwargs, None
        kwargs = {name: value for name, value in kwargs.items() if value is not np._NoValue}
        return args, kwargs, None if "out" in self.supported else kwargs.pop("out", None)

    def _parameter(self, name: str, value: Any) -> Any:
        if value is None or (type(value) in PLAIN and type(value) is not np.ndarray):
            return value
        if has_variable(value) and (tape.recording() or isinstance(value, wrapping.Dual)):
            raise TypeError(
                f"{self.rule.name} is not differentiable with respect to '{name}', which was given a variable. "
                f"Pass ga.asarray({name}) where no gradient is wanted."
            )
        value = unwrap(value)
        return guard.hold(value) if type(value) is np.ndarray else value

    def let_numpy_refuse(self, args: Any, kwargs: dict[str, Any]) -> None:
        """Call NumPy, so that a mistake gets NumPy's own error; raise ours for what is legal there and not here."""
        self.rule.func(*bare(args), **bare(kwargs))
        odd = [name for name in kwargs if name not in self.supported and name not in self.operands and name != "out"]
        what = ", ".join(f"'{name}'" for name in odd) or "this form of call"
        raise TypeError(
            f"{self.rule.name} on a Tensor does not support {what}. Its parameters are "
            f"({', '.join((*self.operands, *sorted(self.supported)))})."
        )
