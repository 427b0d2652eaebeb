"""Python's operators, as NumPy's ufuncs, for classes whose instances understand these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_BINARY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "pow": np.power,
    "matmul": np.matmul,
    "divmod": np.divmod,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "lshift": np.left_shift,
    "rshift": np.right_shift,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
_UNARY = {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}
_COMPARING = ("lt", "le", "gt", "ge", "eq", "ne")


def give_operators(cls: Any, understood: Callable[[type], bool], updates: bool = True) -> None:
    """Give a class Python's operators, each by NumPy's ufunc; those in place by ``out=``.

    `understood` tells of the type of another operand whether the ufunc takes it; of others, the operator is theirs.
    """

    def give(name: str, ufunc: np.ufunc) -> None:
        def method(self: Any, other: Any) -> Any:
            return ufunc(self, other) if understood(type(other)) else NotImplemented

        def reflected(self: Any, other: Any) -> Any:
            return ufunc(other, self) if understood(type(other)) else NotImplemented

        def update(self: Any, other: Any) -> Any:
            return ufunc(self, other, out=(self,)) if understood(type(other)) else NotImplemented

        setattr(cls, f"__{name}__", method)
        if name not in _COMPARING:
            setattr(cls, f"__r{name}__", reflected)
            if updates:
                setattr(cls, f"__i{name}__", update)

    for name, ufunc in _BINARY.items():
        give(name, ufunc)
    for name, ufunc in _UNARY.items():
        setattr(cls, f"__{name}__", lambda self, ufunc=ufunc: ufunc(self))
