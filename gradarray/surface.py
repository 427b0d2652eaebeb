"""The operators and methods of Tensor that forward to np.*, generated from one list of names."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from . import rules  # noqa: F401 - fills the registry, from which the operators are made
from .array_methods import ArrayMethods, Method, forward, reflected
from .dispatch import FUNCTIONS, recorder_for
from .parallel import power_in_parts
from .places import astype
from .views import update
from .wrapping import foreign


def _augmented(ufunc: np.ufunc) -> Method:
    def method(self: Any, other: Any) -> Any:
        return NotImplemented if foreign(other) else update(self, ufunc, other)

    return method


class Surface(ArrayMethods):
    """What ndarray's surface and Tensor's have in common."""

    __slots__ = ()
    _functions = FUNCTIONS

    # --- operators --------------------------------------------------------------------------------------------------

    __add__ = recorder_for(np.add, operator.add)
    __sub__ = recorder_for(np.subtract, operator.sub)
    __mul__ = recorder_for(np.multiply, operator.mul)
    __truediv__ = recorder_for(np.divide, operator.truediv)
    __floordiv__ = recorder_for(np.floor_divide)
    __mod__ = recorder_for(np.remainder)
    __divmod__ = recorder_for(np.divmod)
    __matmul__ = recorder_for(np.matmul)
    __and__ = recorder_for(np.bitwise_and)
    __or__ = recorder_for(np.bitwise_or)
    __xor__ = recorder_for(np.bitwise_xor)
    __lshift__ = recorder_for(np.left_shift)
    __rshift__ = recorder_for(np.right_shift)
    _power = recorder_for(np.power, operator.pow, power_in_parts)

    def __pow__(self, other: Any, modulo: Any = None) -> Any:
        return NotImplemented if modulo is not None else Surface._power(self, other)

    def __rpow__(self, other: Any, modulo: Any = None) -> Any:
        return NotImplemented if modulo is not None else Surface._power(other, self)

    __radd__ = reflected(__add__)
    __rsub__ = reflected(__sub__)
    __rmul__ = reflected(__mul__)
    __rtruediv__ = reflected(__truediv__)
    __rfloordiv__ = reflected(__floordiv__)
    __rmod__ = reflected(__mod__)
    __rdivmod__ = reflected(__divmod__)
    __rmatmul__ = reflected(__matmul__)
    __rand__ = reflected(__and__)
    __ror__ = reflected(__or__)
    __rxor__ = reflected(__xor__)
    __rlshift__ = reflected(__lshift__)
    __rrshift__ = reflected(__rshift__)

    __iadd__ = _augmented(np.add)
    __isub__ = _augmented(np.subtract)
    __imul__ = _augmented(np.multiply)
    __itruediv__ = _augmented(np.divide)
    __ifloordiv__ = _augmented(np.floor_divide)
    __imod__ = _augmented(np.remainder)
    __ipow__ = _augmented(np.power)
    __imatmul__ = _augmented(np.matmul)
    __iand__ = _augmented(np.bitwise_and)
    __ior__ = _augmented(np.bitwise_or)
    __ixor__ = _augmented(np.bitwise_xor)
    __ilshift__ = _augmented(np.left_shift)
    __irshift__ = _augmented(np.right_shift)

    __neg__ = recorder_for(np.negative, operator.neg)
    __pos__ = recorder_for(np.positive, operator.pos)
    __abs__ = recorder_for(np.absolute, operator.abs)
    __invert__ = recorder_for(np.invert)

    __lt__ = recorder_for(np.less)
    __le__ = recorder_for(np.less_equal)
    __gt__ = recorder_for(np.greater)
    __ge__ = recorder_for(np.greater_equal)
    __eq__ = recorder_for(np.equal)
    __ne__ = recorder_for(np.not_equal)
    # As for an ndarray, == is element-wise, so that there is no hash.
    __hash__ = None  # type: ignore[assignment]

    copy = forward(np.copy)
    conj = conjugate = recorder_for(np.conjugate)

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """Return a copy with another dtype; from a variable to integers, a constant."""
        return astype(self, dtype, order, casting, subok, copy)
