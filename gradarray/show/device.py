"""Arrays of libraries that are not here: they keep their data to themselves, as those of a graphics processor do."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels.backends import Backend, backend
from ..kernels.operators import give_operators


class Device:
    """An array that NumPy's protocols lead to, and nothing else.

    It answers as CuPy's arrays do: a function of its own for each of NumPy's, which takes no ndarray beside one of its
    arrays; no conversion to an ndarray but the one that is asked for by name; views that share memory.
    """

    __slots__ = ("_values",)
    __array_priority__ = 100.0
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)

    def get(self) -> Any:
        """Return the values as an ndarray."""
        return self._values.copy()

    def __array__(self, *_args: Any, **_options: Any) -> Any:
        raise TypeError("implicit conversion to a NumPy array is not allowed; use .get()")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", ())
        if any(_is_unknown(type(x)) for x in (*inputs, *out)):
            return NotImplemented
        if method not in ("__call__", "at", "outer"):
            return NotImplemented
        if out:
            kwargs["out"] = tuple([_values(x) for x in out])
        result = _device(getattr(ufunc, method)(*map(_values, inputs), **_values(kwargs)))
        return out[0] if len(out) == 1 else result

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        if any(_is_unknown(t) for t in types) or not (func.__module__ or "").startswith("numpy"):
            return NotImplemented
        return _device(func(*_values(args), **_values(kwargs)))

    shape = property(lambda self: self._values.shape)
    dtype = property(lambda self: self._values.dtype)
    ndim = property(lambda self: self._values.ndim)
    size = property(lambda self: self._values.size)
    real = property(lambda self: Device(self._values.real))
    imag = property(lambda self: Device(self._values.imag))
    T = property(lambda self: Device(self._values.T))

    def __getitem__(self, index: Any) -> Any:
        return _device(self._values[_values(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._values[_values(index)] = _values(value)

    def __len__(self) -> int:
        return len(self._values)

    def __bool__(self) -> bool:
        return bool(self._values)

    def __float__(self) -> float:
        return float(self._values)

    def __int__(self) -> int:
        return int(self._values)

    def __index__(self) -> int:
        return operator.index(self._values)

    def astype(self, dtype: Any) -> Device:
        return Device(self._values.astype(dtype))

    def copy(self) -> Device:
        return Device(self._values.copy())

    def reshape(self, *shape: Any) -> Device:
        return Device(self._values.reshape(*shape))

    def __repr__(self) -> str:
        return f"Device{self.shape}"


def _is_unknown(kind: type) -> bool:
    """Tell whether an operand is refused: anything but such an array, numbers, and containers of them."""
    return kind is not Device and hasattr(kind, "__array_ufunc__") and not issubclass(kind, (np.ndarray, np.generic))


def _values(value: Any) -> Any:
    kind = type(value)
    if kind is Device:
        return value._values
    if kind in (tuple, list):
        return kind([_values(item) for item in value])
    if kind is dict:
        return {name: _values(item) for name, item in value.items()}
    if kind is slice:
        return value
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    return value


def _device(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        items = [_device(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return Device(value) if isinstance(value, (np.ndarray, np.generic)) else value


give_operators(Device, lambda kind: not _is_unknown(kind), updates=False)


@backend(Device)
class OfDevices(Backend):
    """The answers for them, as those for CuPy's arrays."""

    name = "device arrays"

    def zeros(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        return Device(np.zeros(shape, dtype))

    def ones(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        return Device(np.ones(shape, dtype))

    def array(self, value: Any, like: Any) -> Any:
        return Device(np.array(value))

    def to_numpy(self, x: Any) -> Any:
        return x.get()
