"""Guest: an array of another library, as it stands inside a Tensor.

It is an array for the rules: they call NumPy's functions on it, and its backend carries these out. What the machinery
asks that an ndarray answers by its memory, it answers so that nobody relies on memory: it is in no order, there are no
views of it, and a part that is read is a copy. It can be written into all the same, since it is a place that an array
stands in: of a library whose arrays stay what they are, another array takes that place. So a copy costs nothing.

It stands in the table of types where traced arrays do; see traced.py. What looks at values, at sizes or at who holds an
array stands aside for both.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

import numpy as np

from . import backends
from .backends import Backend
from .operators import give_operators
from .traced import Traced

# A function of NumPy's as plain calls of others, from its rule; handed down by the rulebook. None where there is none.
body_of: Callable[[Any], Callable[..., Any] | None] = lambda _func: None  # noqa: E731


class _Flags:
    """Those of an array that lies in no order, and whose memory nobody may rely on."""

    c_contiguous = f_contiguous = contiguous = forc = fnc = owndata = False
    writeable = aligned = True

    def __getitem__(self, name: str) -> bool:
        return name in ("WRITEABLE", "ALIGNED", "W", "A")


FLAGS = _Flags()


class _Host:
    """What makes arrays beside a guest, as a program makes them beside a traced array."""

    __slots__ = ("_like",)

    def __init__(self, like: Guest) -> None:
        self._like = like

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Guest:
        like = self._like
        return Guest(like.backend.zeros(shape, np.dtype(dtype), like.array), like.backend)

    def one(self, dtype: Any, shape: tuple[int, ...]) -> Guest:
        like = self._like
        return Guest(like.backend.ones(shape, np.dtype(dtype), like.array), like.backend)

    def entered(self, value: Any) -> Guest:
        like = self._like
        return value if type(value) is Guest else Guest(like.backend.array(np.asarray(value), like.array), like.backend)

    def along(self, nodes: list[Any]) -> list[Any]:
        return nodes

    def opaque(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        return carried_out(self._like, func, args, kwargs)


class Guest(Traced):
    """An array of another library.

    Attributes
    ----------
    array : the array itself; another one, once there has been an update
    backend : who answers for it
    """

    __slots__ = ("_own", "_presumed", "array", "backend")
    __array_priority__ = 2000.0
    __hash__ = None  # type: ignore[assignment]

    array: Any
    backend: Backend
    _own: bool  # nobody else has the array, so that it may be written into
    _presumed: bool | None  # the truth of a result that may not be looked at

    def __init__(self, array: Any, backend: Backend, own: bool = False) -> None:
        self.array = array
        self.backend = backend
        self._own = own
        self._presumed = None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return np.ndarray

    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)
    ndim = property(lambda self: len(self.array.shape))
    size = property(lambda self: int(np.prod(self.array.shape, dtype=np.intp)))
    itemsize = property(lambda self: self.array.dtype.itemsize)
    nbytes = property(lambda self: self.size * self.array.dtype.itemsize)
    base = property(lambda _self: None)
    flags = property(lambda _self: FLAGS)
    strides = property(lambda self: self.value.strides)
    program = property(_Host)

    @property
    def value(self) -> Any:
        """An ndarray of this shape and dtype, for whoever asks for no values."""
        return np.broadcast_to(np.zeros((), self.dtype), self.shape)

    # --- coming and going -------------------------------------------------------------------------------------------

    def given(self, like: Any = None, copy: bool = True) -> Any:
        """Return the array for a caller, who may write into it; laid out as another one of its shape."""
        array, backend = self.array, self.backend
        if type(like) is Guest and like.backend is backend and like.shape == self.shape:
            array = backend.like(array, like.array)
        self._own = False
        return backend.copy(array) if copy or not backend.writes else array

    def apart(self) -> Guest:
        """Return one whose memory nobody else has, where arrays of this library are written into."""
        return Guest(self.backend.copy(self.array), self.backend) if self.backend.writes else self

    def secured(self) -> Guest:
        """Return what a tape may save: it stays what it is now."""
        return self.copy()

    def copy(self, order: Any = "C") -> Guest:
        """Return an array that stays as it is, whatever is written into this one."""
        self._own = False
        return Guest(self.array, self.backend)

    def as_array(self, order: Any = "K", copy: bool = False) -> Guest:
        return self.copy() if copy else self

    def view(self, *args: Any) -> Guest:
        if args and args[0] is not np.ndarray:
            raise TypeError(
                f"{self.backend.name} have no memory that could be seen under another dtype; use x.astype(dtype)"
            )
        return self.copy()

    def strong(self) -> Guest:
        return self

    def is_clean(self) -> bool:
        """Tell whether there is no NaN, as far as one may look."""
        return not self.backend.looks or self.dtype.kind not in "fc" or self.backend.is_clean(self.array)

    def whole(self, func: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return func(*args)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.backend.to_numpy(self.array), dtype, copy=copy)

    def __copy__(self) -> Guest:
        return self.copy()

    def __deepcopy__(self, _memo: Any) -> Guest:
        return self.copy()

    def __reduce__(self) -> Any:
        return arrived, (self.array,)

    def __repr__(self) -> str:
        return repr(self.array)

    def __format__(self, spec: str) -> str:
        return format(self.array, spec)

    # --- NumPy's protocols ------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        outs = kwargs.pop("out", ())
        if not all(map(_understood, map(type, (*inputs, *outs)))):
            return NotImplemented
        if kwargs.get("where", True) is True:
            kwargs.pop("where", None)
        if method == "at":
            return _at(ufunc, *inputs)
        kwargs = {name: value for name, value in kwargs.items() if value is not None or name == "axis"}
        if method == "__call__":
            where = kwargs.pop("where", True)
            result = carried_out(self, ufunc, inputs, kwargs)
            if where is not True:
                before = outs if outs else (np.zeros((), getattr(result, "dtype", float)),)
                result = np.where(where, result, before[0])
        else:
            bare, options = _bare(self, inputs), _bare(self, kwargs)
            result = _hosted(self.backend, self.backend.method(ufunc, method, bare, options))
            if ufunc in PRESUMED and not self.backend.looks:
                _presumed(result, ufunc)
        return _put(outs, result) if outs else result

    def __array_function__(self, func: Any, types: Iterable[type], args: Any, kwargs: dict[str, Any]) -> Any:
        if not all(map(_understood, types)):
            return NotImplemented
        body: Any = getattr(func, "__wrapped__", None)
        if body is not None and (func.__module__ or "").startswith("gradarray"):
            return body(*args, **kwargs)  # it is NumPy calls itself
        if func in (np.may_share_memory, np.shares_memory):
            return args[0] is args[1]
        if func in WRITERS:
            return _written(func, args, kwargs)
        kwargs = {name: value for name, value in kwargs.items() if value is not np._NoValue}
        out = kwargs.pop("out", None)
        result = carried_out(self, func, args, kwargs)
        return result if out is None else _put(out if type(out) is tuple else (out,), result)

    # --- indexing ---------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        self._own = False  # what is read may lie in its memory
        return _hosted(self.backend, self.backend.taken(self.array, _bare(self, index)))

    def __setitem__(self, index: Any, value: Any) -> None:
        value = _cast(value, self)
        self.array = self.backend.assigned(self.array, _bare(self, index), _bare(self, value), self._own)
        self._own = self.backend.writes

    def add_at(self, index: Any, value: Any) -> None:
        """Add a value at an index, as often as an element is named there."""
        value = _cast(value, self)
        self.array = self.backend.added(self.array, _bare(self, index), _bare(self, value), self._own)
        self._own = self.backend.writes

    def _become(self, value: Any) -> Guest:
        """Let another array of the same shape take the place."""
        new: Any = np.broadcast_to(_cast(value, self), self.shape)
        self.array = new.array if type(new) is Guest else self.backend.array(new, self.array)
        self._own = False
        return self

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        """Tell whether the one element is true.

        Where it may not be looked at, any element is presumed to be what was asked for, and not all of them: rules ask
        so whether there is anything that is not done in the usual way, and their other way is right for all elements.
        """
        return bool(self._known()) if self._presumed is None else self._presumed

    def __int__(self) -> int:
        return int(self._known())

    def __float__(self) -> float:
        return float(self._known())

    def __complex__(self) -> complex:
        return complex(self._known())

    def __index__(self) -> int:
        return operator.index(self._known())

    def item(self, *args: Any) -> Any:
        return self._known().item(*args)

    def tolist(self) -> Any:
        return self._known().tolist()

    def _known(self) -> Any:
        """Return the values, for what asks for them as numbers."""
        return self.backend.to_numpy(self.array)

    # --- methods, as NumPy's functions --------------------------------------------------------------------------------

    T = property(lambda self: np.transpose(self))
    mT = property(lambda self: np.swapaxes(self, -1, -2))
    real = property(lambda self: np.real(self) if self.dtype.kind == "c" else self)
    imag = property(lambda self: np.imag(self))

    def astype(
        self, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        if not np.can_cast(self.dtype, dtype, casting):
            np.zeros(0, self.dtype).astype(dtype, casting=casting)  # NumPy's own error
        return self.copy() if self.dtype == dtype else Guest(self.array.astype(dtype), self.backend)

    def reshape(self, *shape: Any, order: Any = "C", copy: Any = None) -> Any:
        shape = shape[0] if len(shape) == 1 else shape
        return np.reshape(self, shape) if order in ("C", "K") else np.reshape(self, shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        return np.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def ravel(self, order: Any = "C") -> Any:
        return self.reshape(-1, order=order)

    def flatten(self, order: Any = "C") -> Any:
        return self.reshape(-1, order=order)

    def fill(self, value: Any) -> None:
        self[...] = value

    def setflags(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise ValueError(f"{self.backend.name} have no flags that could be set")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in _METHODS:
            raise AttributeError(f"{self.backend.name} inside a Tensor have no attribute {name!r}")
        func = getattr(np, {"conj": "conjugate"}.get(name, name))
        return lambda *args, **kwargs: func(self, *args, **kwargs)


_METHODS = frozenset(
    {
        *("all", "any", "argmax", "argmin", "argpartition", "argsort", "choose", "clip", "compress", "conj"),
        *("conjugate", "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ptp"),
        *("repeat", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var"),
    }
)


# --- functions that ask for no values ---------------------------------------------------------------------------------


def _array(a: Any, dtype: Any = None, *, ndmin: int = 0, **_options: Any) -> Any:
    a = a.copy() if dtype is None else a.astype(dtype)
    return a.reshape((1,) * (ndmin - a.ndim) + a.shape) if ndmin > a.ndim else a


def _size(a: Any, axis: int | None = None) -> int:
    return a.size if axis is None else a.shape[axis]  # type: ignore[no-any-return]


def _form(x: Any) -> Any:
    return x.dtype if type(x) is Guest else x


_OURS: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys((np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.require), _array),
    np.copy: lambda a, *_args, **_options: a.copy(),
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: _size,
    np.iscomplexobj: lambda x: x.dtype.kind == "c",
    np.isrealobj: lambda x: x.dtype.kind != "c",
    np.result_type: lambda *args: np.result_type(*map(_form, args)),
    np.can_cast: lambda a, to, casting="safe": np.can_cast(_form(a), _form(to), casting),
    np.min_scalar_type: lambda a: a.dtype,
    np.common_type: lambda *args: np.common_type(*[x.value if type(x) is Guest else x for x in args]),
    np.array_repr: lambda arr, *_args, **_options: repr(arr),
    np.array_str: lambda a, *_args, **_options: repr(a),
    np.array2string: lambda a, *_args, **_options: repr(a),
}


# --- coming in --------------------------------------------------------------------------------------------------------


def hosted(kind: type) -> bool:
    """Tell whether an array of a type may stand inside a Tensor, although it is another library's."""
    return backends.backend_of(kind) is not None


def guest(value: Any) -> Guest:
    """Return an array of another library, for which a backend answers, as it stands inside a Tensor."""
    backend: Any = backends.backend_of(type(value))
    if not backend.writes:
        value = backend.copy(value)  # where an update gives the array another meaning, and no memory is copied
    return Guest(value, backend)


def arrived(array: Any) -> Any:
    """Return what was pickled."""
    return guest(array)


def _understood(kind: type) -> bool:
    """Tell whether a call with an argument of a type is carried out here; another one gets its turn otherwise."""
    if kind is Guest or issubclass(kind, (np.ndarray, np.generic)):
        return True
    return not (hasattr(kind, "__array_ufunc__") or hasattr(kind, "__array_function__")) or hosted(kind)


def _bare(like: Guest, value: Any) -> Any:
    """Return arguments as the library takes them."""
    kind = type(value)
    if kind is Guest:
        return value.array
    if kind is tuple or kind is list:
        return kind([_bare(like, item) for item in value])
    if kind is dict:
        return {name: _bare(like, item) for name, item in value.items()}
    return like.backend.operand(value, like.array) if isinstance(value, np.ndarray) else value


def _hosted(backend: Backend, value: Any) -> Any:
    """Return results of the library as they stand inside a Tensor."""
    if isinstance(value, (tuple, list)):
        items = [_hosted(backend, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if backends.backend_of(type(value)) is None:
        return value
    if any(n != n for n in value.shape):
        raise TypeError(
            "the size of this result is known only once it is computed, and so it cannot stand inside a Tensor. "
            "Choose by np.where(condition, x, 0) in place of x[condition], or compute the condition first"
        )
    return Guest(value, backend)


def carried_out(like: Guest, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Return what a function makes of guests, by the library, or else by plain calls that it is made of."""
    backend = like.backend
    ours = _OURS.get(func)
    if ours is not None:
        return ours(*args, **kwargs)
    special = backend.functions.get(func)
    if special is not None:
        return _hosted(backend, special(*_bare(like, args), **_bare(like, kwargs)))
    result = backend.call(func, _bare(like, args), _bare(like, kwargs))
    if func in PRESUMED and not backend.looks:
        return _presumed(_hosted(backend, result), func)
    if result is NotImplemented:
        body = body_of(func)
        if body is not None:
            return body(*args, **kwargs)
        result = backend.otherwise(func, _bare(like, args), _bare(like, kwargs))
    return _hosted(backend, result)


# What is presumed of results that may not be looked at.
PRESUMED = {np.any: True, np.all: False, np.logical_or: True, np.logical_and: False}


def _presumed(result: Any, func: Any) -> Any:
    if type(result) is Guest and not result.shape:
        result._presumed = PRESUMED[func]
    return result


def decided(condition: Any) -> bool:
    """Return a condition as True or False, computed if need be."""
    return bool(condition._known() if type(condition) is Guest else condition)


def in_sight(x: Any) -> bool:
    """Tell whether the values of an array may be looked at now."""
    return type(x) is not Guest or x.backend.looks


def beside(value: Any, like: Any) -> Any:
    """Return a plain array or a guest as what `like` is: a guest where that is one."""
    return like.program.entered(value) if type(like) is Guest else value


def looked_up(table: Any, places: Any) -> Any:
    """Return ``table[places]``, also of a plain table at places that another library's array tells."""
    if type(places) is Guest and type(table) is np.ndarray:
        return places.program.entered(table)[places]
    return table[places]


# --- writing ----------------------------------------------------------------------------------------------------------


def _cast(value: Any, like: Guest) -> Any:
    """Return a value that is to be written in the dtype of what it is written into."""
    dtype = getattr(value, "dtype", None)
    if dtype is None or dtype == like.dtype:
        return value
    if dtype.kind == "c" and like.dtype.kind != "c":
        value = np.real(value)
    return value.astype(like.dtype)


def _put(outs: tuple[Any, ...], result: Any) -> Any:
    """Write results into what was given as out=."""
    results = result if isinstance(result, tuple) else (result,)
    written = []
    for out, new in zip(outs, results, strict=True):
        if out is None:
            written.append(new)
            continue
        if type(out) is not Guest:
            raise TypeError("the result is an array of another library, and cannot be written into an ndarray")
        if new.shape != out.shape:
            raise ValueError(f"an output of shape {out.shape} does not take a result of shape {new.shape}")
        written.append(out._become(new))
    return tuple(written) if isinstance(result, tuple) else written[0]


def _at(ufunc: np.ufunc, x: Any, index: Any, *values: Any) -> None:
    if type(x) is not Guest:
        raise TypeError("an array of another library cannot be written into an ndarray")
    if ufunc is np.add:
        x.add_at(index, *values)
    elif ufunc is np.subtract:
        x.add_at(index, *[-value for value in values])
    else:
        x._become(_hosted(x.backend, x.backend.changed(ufunc.at, x.array, *_bare(x, ((index, *values), {})))))


# Functions that write into their first argument, and that argument's name.
WRITERS = {
    np.copyto: "dst",
    np.put: "a",
    np.place: "arr",
    np.putmask: "a",
    np.fill_diagonal: "a",
    np.put_along_axis: "arr",
}


def _written(func: Any, args: Any, kwargs: dict[str, Any]) -> None:
    x, *rest = args if args else (kwargs[WRITERS[func]],)
    kwargs = {name: value for name, value in kwargs.items() if name != WRITERS[func]}
    if type(x) is not Guest:
        raise TypeError("an array of another library cannot be written into an ndarray")
    if func is np.copyto:
        (value,) = rest or (kwargs["src"],)
        where = kwargs.get("where", True)
        x._become(value if where is True else np.where(where, value, x))
    else:
        x._become(_hosted(x.backend, x.backend.changed(func, x.array, *_bare(x, (tuple(rest), kwargs)))))


give_operators(Guest, _understood)
