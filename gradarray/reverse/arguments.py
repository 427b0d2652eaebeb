"""The arguments of a call: whether a Tensor answers, and which are operands, and which the parameters of the rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..kernels import gate
from ..kernels.gate import PLAIN, SIMPLE, answers
from ..rules.kinds import Rule
from ..rules.signature import constant, parameter_kinds
from ..tape import wrapping
from ..tape.wrapping import bare


def foreign(value: Any) -> bool:
    """Tell whether another operand of a ufunc is to get its turn before a Tensor."""
    cls = type(value)
    return cls not in PLAIN and answers(cls) and not issubclass(cls, wrapping.Tensor)


def understood(types: Iterable[type]) -> bool:
    """Tell whether Tensor may take a call with arguments of these types; another array type gets its turn otherwise."""
    return not any(
        cls not in PLAIN and answers(cls, "__array_function__") and not issubclass(cls, wrapping.Tensor)
        for cls in types
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
