"""The methods that Tensor and Dual have in common with ndarray, generated from one list of names."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Never, Protocol, Self, TypeVar

import numpy as np

from ..context import settings
from ..elsewhere.answers import catching, refuse_keywords, telling
from .constants import with_constant
from .notes import add_shapes

Method = Callable[..., Any]
T = TypeVar("T")


class _OfItsClass(Protocol):
    """A method whose result is of the class of the object."""

    def __get__(self, instance: T, owner: type, /) -> Callable[..., T]: ...


def array_method(func: Callable[..., Any]) -> _OfItsClass:
    """Make the method that calls a NumPy function with the array in front, and gives an array; it takes `constant`."""
    plain = answer(func)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if kwargs and "constant" in kwargs:
                constant = kwargs.pop("constant")
                if constant is not None:
                    return with_constant(plain, constant, (self, *args), kwargs)
            return self._functions[func]((self, *args), kwargs)
        except Exception as error:
            add_shapes(error, func, (self, *args), kwargs)
            raise

    return _named(method, func)


def answer(func: Callable[..., Any]) -> Method:
    """Make the method that calls a NumPy function with the array in front."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._functions[func]((self, *args), kwargs)
        except Exception as error:
            add_shapes(error, func, (self, *args), kwargs)
            raise

    return _named(method, func)


def _named(method: Method, func: Callable[..., Any]) -> Method:
    """Give a method the name of its function, and the documentation that ndarray's has."""
    method.__name__ = method.__qualname__ = func.__name__
    method.__doc__ = getattr(np.ndarray, func.__name__, func).__doc__
    return method


# --- what drop-in mode has instead of Python's numbers ----------------------------------------------------------------


def stays() -> bool:
    """Tell whether code of the user's that asks for Python's numbers, two calls up from here, is to get variables."""
    making = settings.held().making
    return making is not None and making.keeps(sys._getframe(2).f_globals)


def element(x: Any, place: tuple[Any, ...]) -> Any:
    """Return what ``x.item(*place)`` is the value of."""
    if not place:
        return np.reshape(x, ())[()]  # and NumPy's own error
    if len(place) == 1 and not isinstance(place[0], tuple):
        return np.ravel(x)[place[0]]
    return x[place[0] if len(place) == 1 else place]


def nested(x: Any) -> Any:
    """Return what ``x.tolist()`` has the values of."""
    return [nested(row) for row in x] if x.ndim else x


class ArrayMethods:
    """What is a function of NumPy with the array in front, what comes to that, and what the array inside tells."""

    __slots__ = ()

    # What carries out a function: called with its positional arguments and its keywords.
    _functions: ClassVar[Any]
    # The array inside, which may be traced itself: another name of the attribute that has it.
    _array: Any

    # pandas leaves operators to what has a higher one than its own Series and DataFrame.
    __pandas_priority__ = 10_000

    if TYPE_CHECKING:
        # Given by `operators.give`, which editors and type checkers do not carry out.
        def _operator(self, other: Any = None, /) -> Self: ...
        def _answer(self, other: Any = None, /) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        @property
        def data(self) -> Any: ...

        # The bare values as an array, and what says that they leave the differentiation.
        def _values(self) -> Any: ...
        def _exit(self, *what: str) -> None: ...

        # Written out: what object declares keeps its type, bool, where a name is merely assigned.
        def __eq__(self, other: Any, /) -> Any: ...
        def __ne__(self, other: Any, /) -> Any: ...

        __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = _operator
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = _operator
        __divmod__ = __rdivmod__ = _answer
        __iadd__ = __isub__ = __imul__ = __itruediv__ = __ifloordiv__ = __imod__ = __ipow__ = _operator
        __matmul__ = __rmatmul__ = __imatmul__ = __neg__ = __pos__ = __abs__ = _operator
        __iand__ = __ior__ = __ixor__ = __ilshift__ = __irshift__ = _operator
        __and__ = __or__ = __xor__ = __lshift__ = __rshift__ = __invert__ = _answer
        __rand__ = __ror__ = __rxor__ = __rlshift__ = __rrshift__ = _answer
        __lt__ = __le__ = __gt__ = __ge__ = _answer
    # As for an ndarray, == is element-wise, so that there is no hash.
    __hash__ = None  # type: ignore[assignment]

    # --- what the array inside tells --------------------------------------------------------------------------------

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        return self._array.dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._array.size  # type: ignore[no-any-return]

    @property
    def itemsize(self) -> int:
        """The number of bytes of one element."""
        return self._array.itemsize  # type: ignore[no-any-return]

    @property
    def nbytes(self) -> int:
        """The number of bytes of all elements."""
        return self._array.nbytes  # type: ignore[no-any-return]

    @property
    def device(self) -> str:
        """Where the data live, as the array API names it."""
        return "cpu"

    def to_device(self, device: str, *, stream: Any = None) -> Self:
        """Return the array itself; the only device is the CPU."""
        self._values().to_device(device, stream=stream)
        return self

    def tofile(self, *args: Any, **kwargs: Any) -> None:
        """Write the values to a file."""
        self.data.tofile(*args, **kwargs)

    def dump(self, file: Any) -> None:
        """Pickle the plain array of the values to a file."""
        self._values().dump(file)

    def dumps(self) -> bytes:
        """Return the pickle of the plain array of the values."""
        return self._values().dumps()  # type: ignore[no-any-return]

    @property
    def ctypes(self) -> Any:
        """The interface of the values for ctypes."""
        return self._values().ctypes

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        self._exit("another library (DLPack)")
        return _capsule(self._values(), stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> Any:
        return self._values().__dlpack_device__()

    def __class_getitem__(cls, item: Any) -> types.GenericAlias:
        return types.GenericAlias(cls, item)

    # --- methods that are functions of NumPy ------------------------------------------------------------------------

    all = answer(np.all)
    any = answer(np.any)
    argmax = answer(np.argmax)
    argmin = answer(np.argmin)
    argpartition = answer(np.argpartition)
    argsort = answer(np.argsort)
    choose = array_method(np.choose)
    cumprod = array_method(np.cumprod)
    cumsum = array_method(np.cumsum)
    diagonal = array_method(np.diagonal)
    dot = array_method(np.dot)
    max = array_method(np.max)
    mean = array_method(np.mean)
    min = array_method(np.min)
    moveaxis = array_method(np.moveaxis)
    nonzero = answer(np.nonzero)
    prod = array_method(np.prod)
    ravel = array_method(np.ravel)
    repeat = array_method(np.repeat)
    round = array_method(np.round)
    searchsorted = answer(np.searchsorted)
    squeeze = array_method(np.squeeze)
    std = array_method(np.std)
    sum = array_method(np.sum)
    swapaxes = array_method(np.swapaxes)
    take = array_method(np.take)
    trace = array_method(np.trace)
    var = array_method(np.var)

    @catching
    def reshape(
        self,
        *shape: Any,
        order: str = "C",
        copy: bool | None = None,
        constant: bool | None = None,
        **unknown: Never,
    ) -> Self:
        """Return the array with another shape, given as one tuple or as several numbers."""
        if unknown:
            refuse_keywords(ArrayMethods.reshape, unknown)
        if constant is not None:
            return with_constant(self.reshape, constant, shape, {"order": order, "copy": copy})  # type: ignore[no-any-return]
        kwargs: dict[str, Any] = {} if order == "C" else {"order": order}
        if copy is not None:
            kwargs["copy"] = copy
        return self._functions[np.reshape]((self, shape[0] if len(shape) == 1 else shape), kwargs)  # type: ignore[no-any-return]

    @catching
    def transpose(self, *axes: Any, constant: bool | None = None, **unknown: Never) -> Self:
        """Return the array with its axes permuted; without arguments, reversed."""
        if unknown:
            refuse_keywords(ArrayMethods.transpose, unknown)
        if constant is not None:
            return with_constant(self.transpose, constant, axes, {})  # type: ignore[no-any-return]
        if not axes:
            return self._functions[np.transpose]((self,), {})  # type: ignore[no-any-return]
        try:
            order = axes[0] if len(axes) == 1 else axes
            return self._functions[np.transpose]((self, order), {})  # type: ignore[no-any-return]
        except Exception as error:
            add_shapes(error, np.transpose, (self, *axes))
            raise

    @telling
    def flatten(self, order: str = "C", *, constant: bool | None = None) -> Self:
        """Return a copy in one dimension."""
        if constant is not None:
            return with_constant(self.flatten, constant, (order,), {})  # type: ignore[no-any-return]
        try:
            return self._functions[np.copy]((self._functions[np.ravel]((self, order), {}),), {})  # type: ignore[no-any-return]
        except Exception as error:
            add_shapes(error, np.ndarray.flatten, (self,))
            raise

    def clip(
        self, min: Any = None, max: Any = None, out: Any = None, *, constant: bool | None = None, **options: Any
    ) -> Self:
        """Return the array between two bounds, of which either may be left away; the options are a ufunc's."""
        if constant is not None:
            return with_constant(self.clip, constant, (min, max, out), options)  # type: ignore[no-any-return]
        kwargs = options if out is None else {"out": out, **options}
        return self._functions[np.clip]((self, min, max), kwargs)  # type: ignore[no-any-return]

    def conj(self) -> Self:
        """Return the complex conjugate, element by element; of real numbers the array itself, as NumPy does."""
        this: Any = self
        return np.conjugate(this) if this.dtype.kind == "c" else self

    conjugate = conj

    def compress(
        self, condition: Any, axis: int | None = None, out: Any = None, *, constant: bool | None = None
    ) -> Self:
        """Return the slices along an axis where the condition holds."""
        if constant is not None:
            return with_constant(self.compress, constant, (condition, axis, out), {})  # type: ignore[no-any-return]
        try:
            return self._functions[np.compress]((condition, self), {"axis": axis, "out": out})  # type: ignore[no-any-return]
        except Exception as error:
            add_shapes(error, np.compress, (condition, self), {"out": out})
            raise

    @property
    def T(self) -> Self:
        """The array with its axes reversed."""
        return self._functions[np.transpose]((self,), {})  # type: ignore[no-any-return]

    @property
    def mT(self) -> Self:
        """The array with its last two axes swapped."""
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return self._functions[np.swapaxes]((self, -1, -2), {})  # type: ignore[no-any-return]

    @property
    def real(self) -> Self:
        """The real part."""
        return self._functions[np.real]((self,), {})  # type: ignore[no-any-return]

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Self:
        """The imaginary part."""
        return self._functions[np.imag]((self,), {})  # type: ignore[no-any-return]

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":
            raise TypeError("array does not have imaginary part to set")
        self.imag[...] = value


def _capsule(array: Any, **keywords: Any) -> Any:
    """Return what ``array.__dlpack__`` gives; before NumPy 2.1 it takes few of the keywords."""
    return array.__dlpack__(**{name: value for name, value in keywords.items() if value is not None})
