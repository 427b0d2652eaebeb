"""The operators and methods of Dual that forward to np.*, generated from one list of names."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from . import rules  # noqa: F401 - fills the registry, from which the operators are made
from .array_methods import ArrayMethods, Method, forward, reflected
from .dual_updates import update
from .forward import FUNCTIONS, pusher_for
from .places import astype


def _augmented(ufunc: np.ufunc) -> Method:
    def method(self: Any, other: Any) -> Any:
        return update(self, ufunc, other)

    return method


class DualSurface(ArrayMethods):
    """What ndarray's surface and Dual's have in common."""

    __slots__ = ()
    _functions = FUNCTIONS

    # --- operators --------------------------------------------------------------------------------------------------

    __add__ = pusher_for(np.add, operator.add)
    __sub__ = pusher_for(np.subtract, operator.sub)
    __mul__ = pusher_for(np.multiply, operator.mul)
    __truediv__ = pusher_for(np.divide, operator.truediv)
    __floordiv__ = pusher_for(np.floor_divide)
    __mod__ = pusher_for(np.remainder)
    __divmod__ = pusher_for(np.divmod)
    __matmul__ = pusher_for(np.matmul)
    __and__ = pusher_for(np.bitwise_and)
    __or__ = pusher_for(np.bitwise_or)
    __xor__ = pusher_for(np.bitwise_xor)
    __lshift__ = pusher_for(np.left_shift)
    __rshift__ = pusher_for(np.right_shift)
    _power = staticmethod(pusher_for(np.power, operator.pow))

    def __pow__(self, other: Any, modulo: Any = None) -> Any:
        return NotImplemented if modulo is not None else DualSurface._power(self, other)

    def __rpow__(self, other: Any, modulo: Any = None) -> Any:
        return NotImplemented if modulo is not None else DualSurface._power(other, self)

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

    __neg__ = pusher_for(np.negative, operator.neg)
    __pos__ = pusher_for(np.positive, operator.pos)
    __abs__ = pusher_for(np.absolute, operator.abs)
    __invert__ = pusher_for(np.invert)

    __lt__ = pusher_for(np.less)
    __le__ = pusher_for(np.less_equal)
    __gt__ = pusher_for(np.greater)
    __ge__ = pusher_for(np.greater_equal)
    __eq__ = pusher_for(np.equal)
    __ne__ = pusher_for(np.not_equal)
    # As for an ndarray, == is element-wise, so that there is no hash.
    __hash__ = None  # type: ignore[assignment]

    put = forward(np.put)
    conj = conjugate = pusher_for(np.conjugate)

    def copy(self, order: Any = "C") -> Any:
        """Return a copy of value and tangent."""
        return FUNCTIONS[np.copy]((self,), {"order": order})

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """Return a copy with another dtype; whole numbers are a constant."""
        if not copy and self.dtype == dtype:  # type: ignore[attr-defined]
            return self
        return astype(self, dtype, order, casting, subok, copy)

    def view(self, *args: Any) -> Any:
        """Return a Dual on the same memory; there is none of another dtype, since bits have no derivative."""
        if args:
            raise TypeError("a view under another dtype has no derivative; x.astype(dtype) has, for the values")
        return self[...]  # type: ignore[index]
