"""Tensor: an ndarray with a place on the tape. Its surface forwards to np.*, and so to the rules."""

from __future__ import annotations

import importlib
import operator
import types
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import dispatch, tape
from .dispatch import FUNCTIONS, UFUNCS, GradientLossWarning, array_function, array_ufunc, wrap
from .rules.nondifferentiable import Printed
from .surface import Surface
from .tape import Array, Node
from .views import getitem, setitem

_ONE = np.float64(1)


class Tensor(Surface):
    """An array whose operations are recorded, so that its gradient can be computed.

    Parameters
    ----------
    data : array_like
        Numbers of any shape.
    dtype : data-type, optional
    constant : bool, optional
        A constant takes no part in differentiation. By default floating-point and complex tensors are variables, and
        integers and truth values are constants.
    copy : bool
        Copy the data; False shares memory with an ndarray where that is possible.
    ndmin : int
        The least number of dimensions.

    Raises
    ------
    ValueError
        For ``constant=False`` with integers or truth values.
    TypeError
        For data that are not numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> x = ga.tensor([1.0, 2.0, 3.0])
    >>> np.sum(x**2).backward()
    >>> x.grad
    array([2., 4., 6.])
    """

    __slots__ = ("__weakref__", "_base", "_data", "_grad", "_node")
    __array_priority__ = 1000.0

    _data: Array
    _node: Node | None
    _base: Tensor | None
    # A gradient that is itself on the tape, while the node's says OUTSIDE. Stored on the node, it would hold the node
    # in a circle: the gradient's history leads back to it.
    _grad: Tensor

    def __init__(
        self, data: Any, dtype: Any = None, *, constant: bool | None = None, copy: bool = True, ndmin: int = 0
    ) -> None:
        if type(data) is np.ndarray:
            pass
        elif isinstance(data, Tensor):
            constant = data.constant if constant is None else constant
            data = data._data
        elif isinstance(data, (list, tuple)) and dispatch.has_tensor(data):
            data = dispatch.unwrap(data)
        raw = np.array(data, dtype=dtype, copy=True if copy else None, ndmin=ndmin)
        kind = raw.dtype.kind
        differentiable = kind == "f" or kind == "c"
        if not differentiable and kind not in "biu":
            raise TypeError(f"a Tensor holds numbers, not {raw.dtype.name} data such as {data!r:.60}")
        if constant is False and not differentiable:
            raise ValueError("Integer-valued tensors must be treated as constants.")
        # Arithmetic on NumPy scalars is several times as fast as on 0-d arrays; .data makes an array again.
        self._data = raw[()] if raw.ndim == 0 and copy else raw
        self._base = None
        self._node = None
        if differentiable and not constant:
            self._node = tape.leaf(raw.shape, raw.dtype)
            self._node.holder = weakref.ref(self)

    # --- the autodiff side ------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The underlying ndarray; no copy, no history."""
        data = self._data
        if isinstance(data, np.generic):
            data = self._data = np.asarray(data)
        return data

    @data.setter
    def data(self, value: Any) -> None:
        self.data[...] = dispatch.unwrap(value)

    @property
    def constant(self) -> bool:
        """Whether backpropagation skips this tensor."""
        return self._node is None

    @property
    def grad(self) -> Any:
        """The gradient that the last `backward` left here: None, or an array of this tensor's shape and dtype."""
        node = self._node
        if node is None:
            return None
        grad = node.grad
        if grad is tape.OUTSIDE:
            return self._grad
        if isinstance(grad, np.generic):
            grad = node.grad = np.asarray(grad)
        return grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if self._node is None:
            if value is not None:
                raise ValueError("A constant tensor has no gradient.")
            return
        if value is not None and (np.shape(value) != self.shape):
            raise ValueError(f"a gradient has its tensor's shape {self.shape}, not {np.shape(value)}")
        self._node.grad = value if value is None or isinstance(value, Tensor) else np.array(value, self.dtype)

    def backward(self, grad: Any = None, *, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Compute the gradient of this tensor, or of its sum, with respect to every variable behind it.

        The gradients are left in ``.grad`` of those variables: of the leaves and of every tensor that is still held.

        Parameters
        ----------
        grad : array_like, optional
            The cotangent, broadcast to this tensor's shape; ones by default.
        retain_graph : bool, optional
            Keep the tape, so that backward can be called again; by default it is released unless `create_graph`.
        create_graph : bool
            Make the gradients Tensors that are on the tape themselves, for derivatives of higher order.

        Raises
        ------
        RuntimeError
            If the graph has been released by an earlier call.
        ValueError
            If the cotangent does not broadcast to this tensor's shape.

        Examples
        --------
        >>> import gradarray as ga
        >>> x = ga.tensor(3.0)
        >>> y = x**3
        >>> y.backward(create_graph=True)
        >>> x.grad
        Tensor(27.)
        >>> x.grad.backward()
        >>> x.grad
        array(18.)
        """
        node = self._node
        if node is None:
            return
        g = self._cotangent(grad, node, create_graph)
        retain = create_graph if retain_graph is None else retain_graph
        if create_graph:
            node.holder = weakref.ref(self)
            gradients = tape.sweep(node, g, retain, wrap)
        else:
            gradients = tape.sweep(node, g, retain)
        taken: set[int] = set()
        for target, gradient in gradients.items():
            if type(gradient) is np.ndarray:
                # Each gradient is the caller's own: no two share memory, and none is a read-only broadcast view.
                if gradient.base is not None or id(gradient) in taken or gradient is grad:
                    gradient = gradient.copy()
                taken.add(id(gradient))
            if create_graph:
                # A rule that returns plain zeros gives a constant.
                _hold(target, gradient if isinstance(gradient, Tensor) else wrap(gradient))
            else:
                target.grad = gradient

    def _cotangent(self, grad: Any, node: Node, create_graph: bool) -> Any:
        if grad is None:
            if node.dtype is tape.FLOAT64 and node.shape == () and not create_graph:
                return _ONE
            g = node.dtype.type(1) if node.shape == () else np.broadcast_to(node.dtype.type(1), node.shape)
            return wrap(g) if create_graph else g
        value = grad if isinstance(grad, Tensor) else np.asarray(grad)
        if value.dtype.kind not in "biufc" or (value.dtype.kind == "c" and node.dtype.kind != "c"):
            raise TypeError(f"a cotangent of dtype {value.dtype} does not fit a tensor of dtype {node.dtype}")
        if value.shape != node.shape:
            try:
                value = np.broadcast_to(value, node.shape)
            except ValueError:
                raise ValueError(
                    f"a cotangent of shape {np.shape(grad)} does not broadcast to the shape {node.shape} of the tensor"
                ) from None
        if value.dtype != node.dtype:
            value = value.astype(node.dtype)
        if create_graph:
            return value if isinstance(value, Tensor) else wrap(value)
        return value._data if isinstance(value, Tensor) else value

    def null_grad(self) -> Tensor:
        """Set the gradient to None and return this tensor."""
        if self._node is not None:
            self._node.grad = None
        return self

    def clear_graph(self) -> None:
        """Release the tape behind this tensor without computing anything."""
        if self._node is not None:
            for node in tape.reachable(self._node):
                if node.rule is not None:
                    node.release()

    def detach(self) -> Tensor:
        """Return a constant with the same data, without a copy."""
        return wrap(self._data)  # type: ignore[no-any-return]

    def to_numpy(self) -> Any:
        """Return the underlying ndarray, the same as ``.data``."""
        return self.data

    @property
    def creator(self) -> Any:
        """The node of the call that made this tensor, or None for a leaf or a constant."""
        return None if self._node is None or self._node.rule is None else self._node

    # --- the protocols ----------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs or method != "__call__":
            return array_ufunc(ufunc, method, inputs, kwargs)
        return UFUNCS[ufunc](*inputs)

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        for t in types:
            if t is not Tensor and t is not np.ndarray:
                return array_function(func, types, args, kwargs)
        return FUNCTIONS[func](args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        self._exit("NumPy asked for a plain array")
        return np.array(self._data, dtype=dtype, copy=copy)

    def _exit(self, what: str) -> None:
        """Say that raw values leave the tape here."""
        if self._node is not None and tape.recording():
            warnings.warn(
                f"{what} of a variable; what is computed from it has no gradient. "
                "Write ga.asarray(t), t.data or t.item() where that is meant.",
                GradientLossWarning,
                stacklevel=dispatch.users_level(),
            )

    # --- inspection -------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Any:
        """The lengths of the axes; assigning reshapes the tensor in place."""
        return self._data.shape

    @shape.setter
    def shape(self, value: Any) -> None:
        raw = self.data.view()
        raw.shape = value  # NumPy's own error where this needs a copy
        reshaped = self.reshape(raw.shape)
        self._data, self._node = reshaped._data, reshaped._node

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._data.size  # type: ignore[no-any-return]

    @property
    def itemsize(self) -> int:
        """The number of bytes of one element."""
        return self._data.itemsize  # type: ignore[no-any-return]

    @property
    def nbytes(self) -> int:
        """The number of bytes of all elements."""
        return self._data.nbytes  # type: ignore[no-any-return]

    @property
    def strides(self) -> Any:
        """The steps in bytes along each axis."""
        return self.data.strides

    @property
    def flags(self) -> Any:
        """The memory layout of the underlying array."""
        return self.data.flags

    @property
    def device(self) -> str:
        """Where the data live, as the array API names it."""
        return "cpu"

    @property
    def base(self) -> Any:
        """The array that this one is a view of, or None."""
        return self._base

    def __repr__(self) -> str:
        return np.array_repr(np.asarray(self._data).view(Printed))

    def __str__(self) -> str:
        return str(self.data)

    def __format__(self, spec: str) -> str:
        return format(self._data if isinstance(self._data, np.generic) or self.ndim else self._data[()], spec)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __float__(self) -> float:
        self._exit("float() takes the bare value")
        return float(self.data)

    def __int__(self) -> int:
        self._exit("int() takes the bare value")
        return int(self.data)

    def __complex__(self) -> complex:
        self._exit("complex() takes the bare value")
        return complex(self.data)

    def __index__(self) -> int:
        return operator.index(self.data)

    def __contains__(self, item: Any) -> bool:
        return dispatch.unwrap(item) in self.data

    def item(self, *args: Any) -> Any:
        """Return one element as a Python number."""
        return self.data.item(*args)

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self.data.tolist()

    # --- indexing ---------------------------------------------------------------------------------------------------

    __getitem__ = getitem
    __setitem__ = setitem

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (getitem(self, i) for i in range(len(self._data)))

    @property
    def flat(self) -> Flat:
        """The elements in C order, for iteration, reading and assignment."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        Flat(self)[:] = value

    # --- in-place methods --------------------------------------------------------------------------------------------

    def fill(self, value: Any) -> None:
        """Set every element to a value."""
        self[...] = value

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None) -> None:
        """Sort the elements in place."""
        self[...] = np.sort(self, axis=axis, kind=kind, order=order, **({} if stable is None else {"stable": stable}))

    def partition(self, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None) -> None:
        """Partition the elements in place, so that the k-th one is where sorting would put it."""
        self[...] = np.partition(self, kth, axis=axis, kind=kind, order=order)  # type: ignore[call-overload]

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Set the elements at flat indices."""
        np.put(self, indices, values, mode)  # type: ignore[arg-type]

    def resize(self, *shape: Any, refcheck: bool = True) -> None:
        """Change shape and size in place; elements that are new are zero."""
        shape = shape[0] if len(shape) == 1 else shape
        size = np.empty(shape, np.bool_).size
        flat = np.ravel(self)
        if size > self.size:
            flat = np.concatenate([flat, np.zeros(size - self.size, self.dtype)])
        resized: Any = np.reshape(flat[:size], shape)
        self._data, self._node = resized._data, resized._node

    def __delitem__(self, index: Any) -> None:
        raise ValueError("cannot delete array elements; np.delete returns a tensor without them")

    # --- copies and raw memory --------------------------------------------------------------------------------------

    def __copy__(self) -> Tensor:
        return Tensor(self._data, constant=self.constant)

    def __deepcopy__(self, memo: Any) -> Tensor:
        return self.__copy__()

    def __reduce__(self) -> Any:
        # The tape does not travel: what arrives is a leaf.
        return _rebuild, (self.data, self.constant)

    def view(self, *args: Any) -> Any:
        """Return a tensor on the same memory; another dtype only for a constant, since bits have no derivative."""
        if not args:
            return self[...]
        if self._node is not None and tape.recording():
            raise TypeError(
                "a view of a variable under another dtype has no derivative; use x.astype(dtype) for its values, "
                "or x.data.view(dtype) for its bits"
            )
        return wrap(self.data.view(*args))

    def tobytes(self, order: Any = "C") -> bytes:
        """Return the raw bytes of the data."""
        return self.data.tobytes(order)  # type: ignore[no-any-return]

    def tofile(self, *args: Any, **kwargs: Any) -> None:
        """Write the data to a file."""
        self.data.tofile(*args, **kwargs)

    def dump(self, file: Any) -> None:
        """Pickle the plain array to a file."""
        self.data.dump(file)

    def dumps(self) -> bytes:
        """Return the plain array's pickle."""
        return self.data.dumps()  # type: ignore[no-any-return]

    def setflags(self, *args: Any, **kwargs: Any) -> None:
        """Set the flags of the underlying array."""
        self.data.setflags(*args, **kwargs)

    @property
    def ctypes(self) -> Any:
        """The underlying array's interface for ctypes."""
        return self.data.ctypes

    def to_device(self, device: str, *, stream: Any = None) -> Tensor:
        """Return the tensor itself; the only device is the CPU."""
        self.data.to_device(device, stream=stream)
        return self

    def __dlpack__(self, **kwargs: Any) -> Any:
        self._exit("another library takes the raw memory")
        return self.data.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> Any:
        return self.data.__dlpack_device__()

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return importlib.import_module(__package__)

    def __class_getitem__(cls, item: Any) -> types.GenericAlias:
        return types.GenericAlias(cls, item)


def variable(raw: Any) -> Tensor:
    """Return a leaf around an array of floating-point numbers."""
    t: Tensor = dispatch.new_object(Tensor)
    t._data = raw
    t._base = None
    t._node = node = tape.leaf(raw.shape, raw.dtype)
    node.holder = weakref.ref(t)
    return t


def _hold(node: Node, gradient: Tensor) -> None:
    """Store a gradient that is on the tape: at the Tensor where that is known, so that no circle arises."""
    tensor = node.holder() if hasattr(node, "holder") else None
    if tensor is None or tensor._node is not node:
        node.grad = gradient
    else:
        tensor._grad = gradient
        node.grad = tape.OUTSIDE


def _rebuild(data: Any, constant: bool) -> Tensor:
    return Tensor(data, constant=constant, copy=False)


class Flat:
    """The elements of a tensor in C order, as ``x.flat`` gives them."""

    __slots__ = ("base",)

    def __init__(self, base: Tensor) -> None:
        self.base = base

    def __len__(self) -> int:
        return self.base.size

    def __iter__(self) -> Iterator[Tensor]:
        return iter(np.ravel(self.base))

    def __getitem__(self, index: Any) -> Any:
        return np.ravel(self.base)[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        base = self.base
        places = np.arange(base.size)[index]
        value = value if isinstance(value, Tensor) else np.asarray(dispatch.unwrap(value))
        # NumPy repeats a value that is too short and leaves the rest of one that is too long.
        count = places.size
        value = np.ravel(value)
        base[np.unravel_index(places, base.shape)] = (
            np.resize(value, np.shape(places)) if value.size != count else (np.reshape(value, np.shape(places)))
        )


dispatch.install(Tensor)
