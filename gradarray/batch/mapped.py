"""Mapped: what the function that `ga.vmap` maps gets in place of one element: all of them, as one array.

It looks like one of the elements, and a call of NumPy's on it is carried out for all of them at once: by the forms for
a Batch (see batch.py) where there is one, one by one otherwise. What it holds, one more axis in front, may be anything
that speaks NumPy: a Tensor or a Dual, if a derivative is taken inside or outside; a traced array, of a program; another
Mapped, of a `vmap` around this one. So Mapped arrays are always outermost, and no tape ever sees one.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..context.frames import UnlessNumpyWillDo, leaves_turns
from ..context.settings import held
from ..forward.dual import Dual
from ..kernels.gate import as_guest
from ..kernels.traced import copy_of
from ..reverse.namespace import namespace
from ..reverse.tensor import Tensor
from ..tape import wrapping
from .places import chosen, put
from .refusals import refused

_WITHIN = (np.ndarray, Tensor, Dual)


class Lane:
    """One call of `vmap`.

    Attributes
    ----------
    size : how many elements are mapped
    depth : how many calls of `vmap` there are around this one
    is_open : whether the function is being carried out
    at : of which element all arrays are, while something is called for one after the other; None otherwise
    within : functions of NumPy's that are being carried out by what they are made of
    """

    __slots__ = ("at", "depth", "is_open", "size", "within")

    def __init__(self, size: int, depth: int) -> None:
        self.size, self.depth, self.is_open = size, depth, True
        self.within: set[Any] = set()
        self.at: int | None = None

    def mapped(self, value: Any) -> Mapped:
        """Return an array whose first axis is the mapped one; one of another library is a guest here."""
        return Mapped(value if type(value) in _WITHIN else as_guest(value), self)

    def spread(self, x: Any) -> Any:
        """Return an array with the mapped axis in front, along which it is the same where it depends on no element."""
        if type(x) is Mapped and x.lane is self:
            return x.value
        x = x if hasattr(x, "dtype") else np.asarray(x)
        return np.broadcast_to(x, (self.size, *x.shape))

    def is_on(self, x: Any) -> bool:
        return type(x) is Mapped and x.lane is self


def innermost_lane() -> Lane | None:
    """Return the innermost call of `vmap` that goes on here."""
    lanes = held().lanes
    return lanes[-1] if lanes else None


class Mapped(np.lib.mixins.NDArrayOperatorsMixin):
    """All elements of an array along the mapped axis, which answer as one of them.

    Attributes
    ----------
    value : array
        Holds them along its first axis.
    lane : Lane
    """

    __slots__ = ("lane", "value")
    __array_priority__ = 4000.0

    def __init__(self, value: Any, lane: Lane) -> None:
        self.value, self.lane = value, lane

    # --- what one of them looks like ---------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape[1:]  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        return self.value.ndim - 1  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def flags(self) -> Any:
        return self.value.flags

    @property
    def T(self) -> Any:
        return np.transpose(self)

    @property
    def mT(self) -> Any:
        return np.matrix_transpose(self)

    @property
    def real(self) -> Any:
        return np.real(self)

    @property
    def imag(self) -> Any:
        return np.imag(self)

    @property
    def flat(self) -> Any:
        return np.ravel(self)

    @property
    def device(self) -> str:
        return "cpu"

    def to_device(self, device: str, *, stream: Any = None) -> Any:
        there: Any = device
        np.empty(0).to_device(there, stream=stream)  # NumPy's own error
        return self

    @UnlessNumpyWillDo
    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return namespace(api_version)

    def __repr__(self) -> str:
        return f"Mapped(shape={self.shape}, dtype={self.dtype}, elements={self.lane.size})"

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    # NumPy's protocols: mapped_calls hands them down.
    __array_ufunc__: Callable[..., Any]
    __array_function__: Callable[..., Any]

    def __pow__(self, other: Any) -> Any:
        known = _known_power(self, other)
        return super().__pow__(other) if known is None else known(self)

    # --- places ------------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        if self.lane.at is not None:
            return self.value[self.lane.at][index]
        lane = lane_of((self, index))
        found = chosen(lane, lane.spread(self), index)
        items = index if isinstance(index, tuple) else (index,)
        # Of a number there are no views, and no number is a view.
        number = found.ndim == 1 and not any(item is Ellipsis for item in items)
        return lane.mapped(np.copy(found) if number or not self.ndim else found)

    def __setitem__(self, index: Any, value: Any) -> None:
        if self.lane.at is not None:
            self.value[self.lane.at][index] = value
            return
        lane = lane_of((self, index, value))
        if lane is not self.lane:
            raise refused("outer")
        put(lane, self, index, value)

    # --- what there is no single answer to, but for one element at a time --------------------------------------------

    def _one(self, ask: Callable[[Any], Any], what: str) -> Any:
        if self.lane.at is None:
            raise refused(what)
        return ask(self.value[self.lane.at])

    def __array__(self, *_args: Any, **_kwargs: Any) -> Any:
        if leaves_turns():
            return np.array(None, dtype=object)
        if self.lane.at is not None:
            return np.asarray(self.value[self.lane.at])
        raise refused("place" if self.dtype.kind in "iu" else "array")

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
            )
        return self._one(bool, "bool")  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return self._one(int, "int")  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return self._one(float, "float")  # type: ignore[no-any-return]

    def __complex__(self) -> complex:
        return self._one(complex, "complex")  # type: ignore[no-any-return]

    def __index__(self) -> int:
        return self._one(operator.index, "index")  # type: ignore[no-any-return]

    def __contains__(self, item: Any) -> bool:
        return self._one(lambda x: item in x, "contains")  # type: ignore[no-any-return]

    def item(self, *_args: Any) -> Any:
        return self._one(lambda x: x.item(*_args), "item")

    def tolist(self) -> Any:
        return self._one(lambda x: x.tolist(), "tolist")

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return functools.partial(getattr(np, name), self)
        raise AttributeError(f"the array of one element within vmap has no attribute {name!r}")

    def __copy__(self) -> Any:
        return np.copy(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return np.copy(self)

    def __round__(self, digits: int | None = None) -> Any:
        return np.round(self, digits or 0)

    def astype(self, dtype: Any, *_args: Any, **_kwargs: Any) -> Any:
        return self.lane.mapped(self.value.astype(dtype))

    def view(self) -> Any:
        return self[...]

    def copy(self, order: Any = "C") -> Any:
        return np.copy(self)

    def flatten(self, order: Any = "C") -> Any:
        return np.copy(np.ravel(self, order))

    def reshape(self, *shape: Any, order: Any = "C", **options: Any) -> Any:
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order, **options)

    def transpose(self, *axes: Any) -> Any:
        if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)):
            (axes,) = axes
        return np.transpose(self, axes or None)

    def fill(self, value: Any) -> None:
        self[...] = value

    def sort(self, axis: int = -1, **options: Any) -> None:
        self[...] = np.sort(self, axis, **options)

    def dot(self, b: Any) -> Any:
        return np.dot(self, b)

    def conj(self) -> Any:
        return np.conjugate(self) if self.dtype.kind == "c" else self

    conjugate = conj

    # Augmented assignments: into the same memory, as NumPy's, where the other operand fits there.


def _augmented(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def update(self: Mapped, other: Any) -> Mapped:
        if np.ndim(other) > self.ndim or not np.can_cast(np.result_type(self, other), self.dtype, "same_kind"):
            copy_of(np.zeros(self.shape, self.dtype)).__array_ufunc__(  # NumPy's own error
                ufunc,
                "__call__",
                np.zeros(self.shape, self.dtype),
                np.ones(np.shape(other), np.result_type(other)),
                out=(np.zeros(self.shape, self.dtype),),
            )
        known = _known_power(self, other) if ufunc is np.power else None
        self[...] = ufunc(self, other) if known is None else known(self)
        return self

    return update


def _known_power(x: Any, exponent: Any) -> np.ufunc | None:
    """Return what NumPy's operator computes a power by, which in the last digit may be another than by np.power."""
    if type(exponent) not in (int, float) or x.dtype.kind not in "fc" or not x.ndim:  # a number is another matter
        return None
    return _POWERS.get(exponent)


_POWERS = {2: np.square, 1: np.positive, 0.5: np.sqrt, -1: np.reciprocal}


for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "pow": np.power, "matmul": np.matmul, "and": np.bitwise_and, "or": np.bitwise_or,
    "xor": np.bitwise_xor, "lshift": np.left_shift, "rshift": np.right_shift,
}.items():  # fmt: skip
    setattr(Mapped, f"__i{_name}__", _augmented(_ufunc))

wrapping.Mapped = Mapped

_METHODS = frozenset(
    (
        *("all", "any", "argmax", "argmin", "argpartition", "argsort", "choose", "clip", "compress", "cumprod"),
        *("cumsum", "diagonal", "max", "mean", "min", "nonzero", "prod", "put", "ravel", "repeat", "round"),
        *("searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var"),
    )
)


def lane_in(value: Any, found: Lane | None = None) -> Lane | None:
    """Return the innermost call of `vmap` of those whose arrays stand in a value, however deep."""
    kind = type(value)
    if kind is Mapped:
        return value.lane if found is None or value.lane.depth > found.depth else found
    if kind is list or kind is tuple or isinstance(value, (list, tuple)):
        for item in value:
            found = lane_in(item, found)
    elif isinstance(value, dict):
        for item in value.values():
            found = lane_in(item, found)
    elif kind is slice:
        found = lane_in((value.start, value.stop, value.step), found)
    return found


def lane_of(value: Any) -> Lane:
    lane = lane_in(value)
    assert lane is not None
    return lane
