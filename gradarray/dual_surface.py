"""The operators and methods of Dual that forward to np.*, generated from one list of names."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from . import rules  # noqa: F401 - fills the registry, from which the operators are made
from .dual_updates import update
from .forward import FUNCTIONS, pusher_for
from .views import astype

Method = Callable[..., Any]


def _reflected(push: Method) -> Method:
    def method(self: Any, other: Any) -> Any:
        return push(other, self)

    return method


def _augmented(ufunc: np.ufunc) -> Method:
    def method(self: Any, other: Any) -> Any:
        return update(self, ufunc, other)

    return method


def _forwarded(func: Callable[..., Any]) -> Method:
    """Make the method that calls a NumPy function with the Dual in front."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return FUNCTIONS[func]((self, *args), kwargs)

    method.__name__ = method.__qualname__ = func.__name__
    method.__doc__ = getattr(np.ndarray, func.__name__, func).__doc__
    return method


class DualSurface:
    """What ndarray's surface and Dual's have in common."""

    __slots__ = ()

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

    __radd__ = _reflected(__add__)
    __rsub__ = _reflected(__sub__)
    __rmul__ = _reflected(__mul__)
    __rtruediv__ = _reflected(__truediv__)
    __rfloordiv__ = _reflected(__floordiv__)
    __rmod__ = _reflected(__mod__)
    __rdivmod__ = _reflected(__divmod__)
    __rmatmul__ = _reflected(__matmul__)
    __rand__ = _reflected(__and__)
    __ror__ = _reflected(__or__)
    __rxor__ = _reflected(__xor__)
    __rlshift__ = _reflected(__lshift__)
    __rrshift__ = _reflected(__rshift__)

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

    # --- methods that are functions of NumPy ------------------------------------------------------------------------

    all = _forwarded(np.all)
    any = _forwarded(np.any)
    argmax = _forwarded(np.argmax)
    argmin = _forwarded(np.argmin)
    argpartition = _forwarded(np.argpartition)
    argsort = _forwarded(np.argsort)
    choose = _forwarded(np.choose)
    clip = _forwarded(np.clip)
    cumprod = _forwarded(np.cumprod)
    cumsum = _forwarded(np.cumsum)
    diagonal = _forwarded(np.diagonal)
    dot = _forwarded(np.dot)
    max = _forwarded(np.max)
    mean = _forwarded(np.mean)
    min = _forwarded(np.min)
    nonzero = _forwarded(np.nonzero)
    prod = _forwarded(np.prod)
    put = _forwarded(np.put)
    ravel = _forwarded(np.ravel)
    repeat = _forwarded(np.repeat)
    round = _forwarded(np.round)
    searchsorted = _forwarded(np.searchsorted)
    squeeze = _forwarded(np.squeeze)
    std = _forwarded(np.std)
    sum = _forwarded(np.sum)
    swapaxes = _forwarded(np.swapaxes)
    take = _forwarded(np.take)
    trace = _forwarded(np.trace)
    var = _forwarded(np.var)
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

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        """Return the array with another shape, given as one tuple or as several numbers."""
        kwargs: dict[str, Any] = {} if order == "C" else {"order": order}
        if copy is not None:
            kwargs["copy"] = copy
        return FUNCTIONS[np.reshape]((self, shape[0] if len(shape) == 1 else shape), kwargs)

    def transpose(self, *axes: Any) -> Any:
        """Return the array with its axes permuted; without arguments, reversed."""
        order = None if not axes else axes[0] if len(axes) == 1 else axes
        return FUNCTIONS[np.transpose]((self, order), {})

    def flatten(self, order: str = "C") -> Any:
        """Return a copy in one dimension."""
        return FUNCTIONS[np.ravel]((self, order), {}).copy()

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Any:
        """Return the slices along an axis where the condition holds."""
        return FUNCTIONS[np.compress]((condition, self), {"axis": axis, "out": out})

    def view(self, *args: Any) -> Any:
        """Return a Dual on the same memory; there is none of another dtype, since bits have no derivative."""
        if args:
            raise TypeError("a view under another dtype has no derivative; x.astype(dtype) has, for the values")
        return self[...]  # type: ignore[index]

    @property
    def T(self) -> Any:
        """The array with its axes reversed."""
        return FUNCTIONS[np.transpose]((self,), {})

    @property
    def mT(self) -> Any:
        """The array with its last two axes swapped."""
        if self.ndim < 2:  # type: ignore[attr-defined]
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return FUNCTIONS[np.swapaxes]((self, -1, -2), {})

    @property
    def real(self) -> Any:
        """The real part."""
        return FUNCTIONS[np.real]((self,), {})

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return FUNCTIONS[np.imag]((self,), {})

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":  # type: ignore[attr-defined]
            raise TypeError("array does not have imaginary part to set")
        self.imag[...] = value
