"""The methods that Tensor and Dual have in common with ndarray, generated from one list of names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

Method = Callable[..., Any]


def forward(func: Callable[..., Any]) -> Method:
    """Make the method that calls a NumPy function with the array in front."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self._functions[func]((self, *args), kwargs)

    method.__name__ = method.__qualname__ = func.__name__
    method.__doc__ = getattr(np.ndarray, func.__name__, func).__doc__
    return method


class ArrayMethods:
    """What is a function of NumPy with the array in front, and what comes to that."""

    __slots__ = ()

    # What carries out a function: called with its positional arguments and its keywords.
    _functions: ClassVar[Any]

    # pandas leaves operators to what has a higher one than its own Series and DataFrame.
    __pandas_priority__ = 10_000

    if TYPE_CHECKING:
        # Given by `operators.give`, which editors and type checkers do not carry out.
        def _operator(self, other: Any = None, /) -> Any: ...

        __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __divmod__ = __pow__ = _operator
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rdivmod__ = __rpow__ = _operator
        __iadd__ = __isub__ = __imul__ = __itruediv__ = __ifloordiv__ = __imod__ = __ipow__ = _operator
        __matmul__ = __rmatmul__ = __imatmul__ = __neg__ = __pos__ = __abs__ = __invert__ = _operator
        __and__ = __or__ = __xor__ = __lshift__ = __rshift__ = __rand__ = __ror__ = __rxor__ = _operator
        __rlshift__ = __rrshift__ = __iand__ = __ior__ = __ixor__ = __ilshift__ = __irshift__ = _operator
        __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _operator
    # As for an ndarray, == is element-wise, so that there is no hash.
    __hash__ = None  # type: ignore[assignment]

    # --- methods that are functions of NumPy ------------------------------------------------------------------------

    all = forward(np.all)
    any = forward(np.any)
    argmax = forward(np.argmax)
    argmin = forward(np.argmin)
    argpartition = forward(np.argpartition)
    argsort = forward(np.argsort)
    choose = forward(np.choose)
    clip = forward(np.clip)
    cumprod = forward(np.cumprod)
    cumsum = forward(np.cumsum)
    diagonal = forward(np.diagonal)
    dot = forward(np.dot)
    max = forward(np.max)
    mean = forward(np.mean)
    min = forward(np.min)
    nonzero = forward(np.nonzero)
    prod = forward(np.prod)
    ravel = forward(np.ravel)
    repeat = forward(np.repeat)
    round = forward(np.round)
    searchsorted = forward(np.searchsorted)
    squeeze = forward(np.squeeze)
    std = forward(np.std)
    sum = forward(np.sum)
    swapaxes = forward(np.swapaxes)
    take = forward(np.take)
    trace = forward(np.trace)
    var = forward(np.var)

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        """Return the array with another shape, given as one tuple or as several numbers."""
        kwargs: dict[str, Any] = {} if order == "C" else {"order": order}
        if copy is not None:
            kwargs["copy"] = copy
        return self._functions[np.reshape]((self, shape[0] if len(shape) == 1 else shape), kwargs)

    def transpose(self, *axes: Any) -> Any:
        """Return the array with its axes permuted; without arguments, reversed."""
        if not axes:
            return self._functions[np.transpose]((self,), {})
        order = axes[0] if len(axes) == 1 else axes
        return self._functions[np.transpose]((self, order), {})

    def flatten(self, order: str = "C") -> Any:
        """Return a copy in one dimension."""
        return self._functions[np.copy]((self._functions[np.ravel]((self, order), {}),), {})

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Any:
        """Return the slices along an axis where the condition holds."""
        return self._functions[np.compress]((condition, self), {"axis": axis, "out": out})

    @property
    def T(self) -> Any:
        """The array with its axes reversed."""
        return self._functions[np.transpose]((self,), {})

    @property
    def mT(self) -> Any:
        """The array with its last two axes swapped."""
        if self.ndim < 2:  # type: ignore[attr-defined]
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return self._functions[np.swapaxes]((self, -1, -2), {})

    @property
    def real(self) -> Any:
        """The real part."""
        return self._functions[np.real]((self,), {})

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return self._functions[np.imag]((self,), {})

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":  # type: ignore[attr-defined]
            raise TypeError("array does not have imaginary part to set")
        self.imag[...] = value
