"""Dual: a value with its tangent, for forward mode. Its surface is ndarray's, and forwards to plain np.* calls."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..context import settings
from ..context.frames import BY_NAME, UnlessNumpyWillDo, asked_by_user, leaves_turns
from ..context.settings import paused, stopped
from ..elsewhere.answers import Absent, give_absent
from ..elsewhere.names import ON_ARRAYS
from ..kernels.arrays import Array
from ..kernels.gate import asks_for_array
from ..kernels.placing import BASIC
from ..kernels.traced import array_of, as_form
from ..reverse import operators
from ..reverse.constants import with_constant
from ..reverse.methods import ArrayMethods, array_method, element, nested, stays
from ..reverse.namespace import namespace
from ..reverse.notes import add_shapes
from ..reverse.outputs import likeness, revalued
from ..reverse.updates import without_copy
from ..reverse.views.reading import freeze
from ..rules.primitives import astype
from ..tape import loss, wrapping
from ..tape.wrapping import bare, is_scalar, new_object, token
from . import levels
from . import protocols as forward
from .levels import understood, values_of
from .protocols import FUNCTIONS, LIKE, UFUNCS, array_ufunc, created_like
from .tangents import as_constant, joined, matched
from .updates import Flat, assign, update


class DualSurface(ArrayMethods):
    """What ndarray's surface and Dual's have in common."""

    __slots__ = ()
    _functions = FUNCTIONS
    value: Any
    tangent: Any

    put = array_method(np.put)

    def copy(self, order: Any = "C", *, constant: bool | None = None) -> Any:
        """Return a copy of value and tangent; of a scalar, a scalar."""
        if constant is not None:
            return with_constant(self.copy, constant, (order,), {})
        return self[()] if is_scalar(self) else FUNCTIONS[np.copy]((self,), {"order": order})  # type: ignore[index]

    def astype(
        self,
        dtype: Any,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,
        copy: bool = True,
        *,
        constant: bool | None = None,
    ) -> Any:
        """Return a copy with another dtype; whole numbers are a constant."""
        if constant is not None:
            return with_constant(self.astype, constant, (dtype, order, casting, subok, copy), {})
        if not copy and self.dtype == dtype:
            return self
        return astype(self, dtype, order, casting, subok, copy)

    def view(self, *args: Any) -> Any:
        """Return a Dual on the same memory; there is none of another dtype, since bits have no derivative."""
        if args and args[0] != np.ndarray and not np.any(self.tangent):  # such as an array that was made inside
            return self.value.view(*args)
        if args and not asks_for_array(args):
            raise TypeError("a view under another dtype has no derivative; x.astype(dtype) has, for the values")
        return self[() if is_scalar(self) else ...]  # type: ignore[index]


class Dual(DualSurface):
    """A value with the tangent of one differentiation; nested differentiations have levels of their own.

    Parameters
    ----------
    value, tangent : ndarray, NumPy scalar, Tensor or Dual of a lower level
        Of one shape and dtype. Where both are arrays, the tangent lies in memory as the value does, so that a view of
        the Dual is a view of both.
    level : int
        Which differentiation the tangent belongs to; a later one has a higher level.

    Examples
    --------
    >>> import numpy as np
    >>> from gradarray.forward.dual import Dual
    >>> np.square(Dual(np.float64(3.0), np.float64(1.0), 1))
    Dual(9.0, 6.0)
    """

    __slots__ = ("_root", "level", "tangent", "value")
    __array_priority__ = 2000.0

    value: Array
    tangent: Array
    level: int
    _root: Any  # of a result at a kink: see tangents.Root; otherwise not set

    def __init__(self, value: Array, tangent: Array, level: int) -> None:
        self.value = value
        self.tangent = tangent
        self.level = level

    # --- the protocols ----------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        try:
            if kwargs or method != "__call__":
                return array_ufunc(ufunc, method, inputs, kwargs)
            return UFUNCS[ufunc](*inputs)
        except Exception as error:
            add_shapes(error, ufunc, inputs, kwargs, method)
            raise

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        for t in types:
            if t is not Dual and t is not np.ndarray:
                if not understood(types, "__array_function__"):
                    return NotImplemented
                break
        try:
            return created_like(func, args, kwargs, self) if func in LIKE else FUNCTIONS[func](args, kwargs)
        except Exception as error:
            add_shapes(error, func, args, kwargs)
            raise

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if settings.recording():
            if leaves_turns():
                return np.array(None, dtype=object)
            loss.leaving(whole=dtype is not None and np.dtype(dtype).kind in loss.WHOLE)
        return np.array(bare(self), dtype=dtype, copy=copy)

    def _exit(self, *what: str) -> None:
        """Say that raw values leave the differentiation here."""
        if settings.recording():
            loss.leaving(*what)

    @UnlessNumpyWillDo
    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return namespace(api_version)

    # --- inspection -------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The bare values as an ndarray: no tangent."""
        x: Any = self
        while isinstance(x, Dual):
            loss.named(x.level)
            x = x.value
        return x.data if isinstance(x, wrapping.Tensor) else array_of(x)

    def _values(self) -> Any:
        return array_of(bare(self))

    @property
    def shape(self) -> Any:
        """The lengths of the axes; assigning reshapes the array in place."""
        return self.value.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        shape = without_copy(np.asarray(as_form(bare(self))), shape).shape
        self.value, self.tangent = np.reshape(self.value, shape), np.reshape(self.tangent, shape)

    @property
    def strides(self) -> Any:
        """The steps in bytes along each axis."""
        return bare(self).strides

    @property
    def flags(self) -> Any:
        """The memory layout of the value."""
        return self.value.flags

    def __repr__(self) -> str:
        return f"Dual({self.value}, {self.tangent})" if self.ndim == 0 else f"Dual({self.value!r}, {self.tangent!r})"

    def __str__(self) -> str:
        return str(bare(self))

    def __format__(self, spec: str) -> str:
        return format(self._values() if self.ndim else self._values()[()], spec)

    def __len__(self) -> int:
        return len(self._values())

    def __bool__(self) -> bool:
        return bool(bare(self))

    def __contains__(self, item: Any) -> bool:
        return bare(item) in self._values()

    def __index__(self) -> int:
        return operator.index(self._values())  # NumPy's own error

    def __round__(self, digits: int | None = None) -> Any:
        if self.ndim:
            raise TypeError("only 0-d arrays can be rounded by round(); use np.round")
        return round(self._values().item()) if digits is None else FUNCTIONS[np.round]((self, digits), {})

    def __float__(self) -> float:
        self._exit()
        return float(self._values())

    def __int__(self) -> int:
        if settings.held().making is None:
            self._exit()
        return int(self._values())

    def __complex__(self) -> complex:
        self._exit()
        return complex(self._values())

    def item(self, *args: Any) -> Any:
        """Raise: a Python number has no tangent. In drop-in mode, return a variable."""
        if stays():
            return element(self, args)
        self._exit("item()", loss.ITEM)
        return self._values().item(*args)

    def tolist(self) -> Any:
        """Raise: Python numbers have no tangents. In drop-in mode, return lists of variables."""
        if stays():
            return nested(self)
        self._exit("tolist()", loss.TOLIST)
        return self._values().tolist()

    def to_numpy(self) -> Any:
        """Return the bare values, the same as ``.data``; a library that asks by itself makes them leave the tape."""
        return self.data if asked_by_user(*BY_NAME) else np.asarray(self)

    def detach(self) -> Any:
        """Return the value without the tangent; an outer differentiation still sees it."""
        return self.value

    # --- indexing ---------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        if type(index) not in BASIC:
            index = freeze(values_of(index))
        if paused and stopped(self.level):
            return as_constant(self.value[index], self.level)
        d = new_object(Dual)
        d.value = self.value[index]
        d.tangent = self.tangent[index]
        d.level = self.level
        return d

    def __setitem__(self, index: Any, value: Any) -> None:
        index = freeze(values_of(index))
        if isinstance(self.value, np.generic):  # x[...] = v is an assignment here, although a scalar has no elements
            self.value, self.tangent = np.asarray(self.value), np.asarray(self.tangent)
        assign(self, index, value)

    def _revalued(self, value: Any) -> Dual:
        """Return a Dual with this tangent and another value."""
        inner = revalued(self.value, value)
        return joined(inner, matched(self.tangent, inner), self.level)  # type: ignore[no-any-return]

    def _output(self, _traced: bool) -> Any:
        """Return an array for NumPy to write a result into, which will be assigned."""
        return likeness(self.data)

    def __delitem__(self, index: Any) -> None:
        raise ValueError("cannot delete array elements; np.delete returns an array without them")

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    @property
    def flat(self) -> Flat:
        """The elements in C order, for iteration, reading and assignment."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        Flat(self)[:] = value

    # --- in-place methods -------------------------------------------------------------------------------------------

    def fill(self, value: Any) -> None:
        """Set every element to a number."""
        np.empty(1, self.dtype).fill(bare(value))  # NumPy's own error for anything else
        self[...] = value

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None, **options: bool | None) -> None:
        """Sort the elements in place; the options are NumPy's ``stable`` and, since 2.5, ``descending``."""
        self[...] = FUNCTIONS[np.sort]((self, axis, kind, order), options)

    def partition(self, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None) -> None:
        """Partition the elements in place, so that the k-th one is where sorting would put it."""
        self[...] = np.partition(self, kth, axis=axis, kind=kind, order=order)  # type: ignore[call-overload]

    def resize(self, *shape: Any, refcheck: bool = True) -> None:
        """Change shape and size in place; elements that are new are zero."""
        shape = shape[0] if len(shape) == 1 else shape
        size = np.empty(shape, np.bool_).size
        flat: Any = np.ravel(self)
        if size > self.size:
            flat = np.concatenate([flat, np.zeros(size - self.size, self.dtype)])
        flat = np.reshape(flat[:size].copy(), shape)
        self.value, self.tangent = flat.value, flat.tangent

    # --- copies -----------------------------------------------------------------------------------------------------

    def __copy__(self) -> Any:
        return self.copy("K")

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy("K")

    def __reduce__(self) -> Any:
        self._exit("pickle", _PART)
        return self._values().__reduce__()

    def __dask_tokenize__(self) -> Any:
        parts = (self.value, self.tangent)
        return self.level, *[x.__dask_tokenize__() if hasattr(x, "__dask_tokenize__") else token(x) for x in parts]

    # --- raw memory -------------------------------------------------------------------------------------------------

    def tobytes(self, order: Any = "C") -> bytes:
        """Return the raw bytes of the values."""
        return self.data.tobytes(order)  # type: ignore[no-any-return]

    def setflags(self, *args: Any, **kwargs: Any) -> None:
        """Set the flags of value and tangent."""
        for array in (self.value, self.tangent):
            array.setflags(*args, **kwargs)


_PART = "x.copy() keeps the tangent; where the bare values are meant, write x.data first."


# What ndarray or Tensor has and Dual has not.
_ABSENT = {
    **dict.fromkeys(
        ("byteswap", "getfield", "setfield"),
        "bits have no derivative; the array x.data of the bare values has it",
    ),
    "base": "np.shares_memory(x, y) tells whether two arrays share memory",
    **dict.fromkeys(
        ("backward", "clear_graph", "constant", "creator", "grad", "null_grad", "null_gradients", "ops"),
        "forward mode keeps no tape; inside it, take gradients of functions, with ga.grad",
    ),
}


give_absent(Dual, {name: Absent(name, _ABSENT.get(name)) for name in ON_ARRAYS | _ABSENT.keys()})
Dual._array = vars(Dual)["value"]
wrapping.Dual = Dual
operators.give(Dual, operators.Maker(forward.pusher_for, update, levels.foreign, values_of))
