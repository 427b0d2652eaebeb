"""The operators and methods of Tensor that forward to np.*, generated from one list of names."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from . import rules  # noqa: F401 - fills the registry, from which the operators are made
from .dispatch import FUNCTIONS, foreign, recorder_for
from .parallel import power_in_parts
from .views import astype, update

Method = Callable[..., Any]


def _borrow(method: Method, name: str, source: Any) -> Method:
    method.__name__ = method.__qualname__ = name
    method.__doc__ = getattr(np.ndarray, name, source).__doc__
    return method


def _reflected(record: Method) -> Method:
    def method(self: Any, other: Any) -> Any:
        return record(other, self)

    return method


def _augmented(ufunc: np.ufunc) -> Method:
    def method(self: Any, other: Any) -> Any:
        return NotImplemented if foreign(other) else update(self, ufunc, other)

    return method


def _forward(func: Callable[..., Any], name: str | None = None) -> Method:
    """Make the method that calls a NumPy function with the tensor in front."""
    table = FUNCTIONS

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return table[func]((self, *args), kwargs)

    return _borrow(method, name or func.__name__, func)


class Surface:
    """What ndarray's surface and Tensor's have in common."""

    __slots__ = ()

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

    # --- methods that are functions of NumPy ------------------------------------------------------------------------

    all = _forward(np.all)
    any = _forward(np.any)
    argmax = _forward(np.argmax)
    argmin = _forward(np.argmin)
    argpartition = _forward(np.argpartition)
    argsort = _forward(np.argsort)
    choose = _forward(np.choose)
    clip = _forward(np.clip)
    copy = _forward(np.copy)
    cumprod = _forward(np.cumprod)
    cumsum = _forward(np.cumsum)
    diagonal = _forward(np.diagonal)
    dot = _forward(np.dot)
    max = _forward(np.max)
    mean = _forward(np.mean)
    min = _forward(np.min)
    nonzero = _forward(np.nonzero)
    prod = _forward(np.prod)
    ravel = _forward(np.ravel)
    repeat = _forward(np.repeat)
    round = _forward(np.round)
    searchsorted = _forward(np.searchsorted)
    squeeze = _forward(np.squeeze)
    std = _forward(np.std)
    sum = _forward(np.sum)
    swapaxes = _forward(np.swapaxes)
    take = _forward(np.take)
    trace = _forward(np.trace)
    var = _forward(np.var)
    conj = conjugate = recorder_for(np.conjugate)

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """Return a copy with another dtype; from a variable to integers, a constant."""
        return astype(self, dtype, order, casting, subok, copy)

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        """Return the tensor with another shape, given as one tuple or as several numbers."""
        kwargs: dict[str, Any] = {} if order == "C" else {"order": order}
        if copy is not None:
            kwargs["copy"] = copy
        return FUNCTIONS[np.reshape]((self, shape[0] if len(shape) == 1 else shape), kwargs)

    def transpose(self, *axes: Any) -> Any:
        """Return the tensor with its axes permuted; without arguments, reversed."""
        if not axes:
            return FUNCTIONS[np.transpose]((self,), {})
        order = axes[0] if len(axes) == 1 else axes
        return FUNCTIONS[np.transpose]((self, order), {})

    def flatten(self, order: str = "C") -> Any:
        """Return a copy in one dimension."""
        return FUNCTIONS[np.copy]((FUNCTIONS[np.ravel]((self, order), {}),), {})

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Any:
        """Return the slices along an axis where the condition holds."""
        return FUNCTIONS[np.compress]((condition, self), {"axis": axis, "out": out})

    @property
    def T(self) -> Any:
        """The tensor with its axes reversed."""
        return FUNCTIONS[np.transpose]((self,), {})

    @property
    def mT(self) -> Any:
        """The tensor with its last two axes swapped."""
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
