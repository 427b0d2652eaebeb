"""Several arrays of one shape, side by side, that go through plain np.* calls as one: the cotangents or tangents of
many sweeps in a single one.

Every rule is written in plain np.*, so a Batch takes the place of a cotangent in it. The functions that rules use most
have a form for a Batch, in shapes.py and sums.py; any other one is called for each of the arrays in turn.

A form has the parameters of its function, as far as it covers them. It does what the function does with one array, with
the batch as one more axis in front, or returns NotImplemented.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..kernels.arrays import Array
from ..kernels.traced import copy_of
from .diagonal import Diagonal, dense, total

# The forms for a Batch of NumPy's functions; a form returns NotImplemented for a call that it does not cover.
FORMS: dict[Any, Callable[..., Any]] = {}


class Batch(np.lib.mixins.NDArrayOperatorsMixin):
    """Arrays of one shape that answer as one of them.

    Attributes
    ----------
    value : array
        Holds them along its first axis.
    diagonals : tuple of Diagonal
        What stands for them until somebody asks for the value; all else is zero then.
    weights : array or None
        What the columns of a matrix are still to be multiplied by, as long as that is one row; 1 before the first time.
    """

    __slots__ = ("_value", "diagonals", "weights")
    __array_priority__ = 3000.0

    def __init__(self, value: Array | None, diagonals: tuple[Diagonal, ...] = (), weights: Any = None) -> None:
        self._value = value
        self.diagonals = diagonals
        self.weights = weights

    @property
    def value(self) -> Array:
        if self.diagonals:
            self._value, self.diagonals = dense(self.diagonals), ()
        elif self.weights is not None:
            weights, self.weights = self.weights, None
            if type(weights) is not int:
                self._value = self._value * weights
        return self._value

    @property
    def count(self) -> int:
        return self.diagonals[0].height if self.diagonals else len(self._value)  # type: ignore[arg-type]

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.diagonals[0].width,) if self.diagonals else self._value.shape[1:]  # type: ignore[union-attr]

    @property
    def ndim(self) -> int:
        return 1 if self.diagonals else self._value.ndim - 1  # type: ignore[union-attr]

    @property
    def dtype(self) -> np.dtype[Any]:
        return (self.diagonals[0].vector if self.diagonals else self._value).dtype  # type: ignore[union-attr, no-any-return]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def T(self) -> Batch:
        return Batch(self.value.transpose((0, *range(self.ndim, 0, -1))))

    @property
    def real(self) -> Batch:
        return Batch(self.value.real)

    @property
    def imag(self) -> Batch:
        return Batch(self.value.imag)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs:
            if ufunc.signature is None:
                return _elementwise(ufunc, inputs)
            form = FORMS.get(ufunc, functools.partial(_generalized, ufunc))
            result = form(*inputs)
            if result is not NotImplemented:
                return result
        if "out" in kwargs:
            raise TypeError(f"{ufunc.__name__} cannot write into a batch of arrays")
        return one_by_one(getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        form = FORMS.get(func)
        if form is not None:
            result = form(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return one_by_one(func, args, kwargs)

    def __array__(self, *_args: Any, **_kwargs: Any) -> Any:
        raise TypeError("a batch of arrays is not one array")

    # The operators that are on the way of nearly every cotangent, without the way through NumPy's protocol.

    def __mul__(self, other: Any) -> Any:
        if type(other) is np.ndarray and not self.diagonals and self.weights is None and other.ndim <= self.ndim:
            return Batch(self.value * other)
        return np.multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __add__(self, other: Any) -> Any:
        if type(other) is Batch and other.ndim == self.ndim:
            if not self.diagonals and not other.diagonals:
                if self._value is other._value and np.ndim(self.weights) == 1 == np.ndim(other.weights):
                    return Batch(self._value, weights=self.weights + other.weights)
                return Batch(self.value + other.value)
            if self.dtype == other.dtype and self.shape == other.shape:
                copy = Batch(copy_of(self.value, "C")) if not self.diagonals else Batch(None, self.diagonals)
                copy.add(other)
                return copy
        return np.add(self, other)

    def add(self, other: Batch) -> None:
        """Add another batch of the same form in place, to arrays that are this one's own."""
        if self.diagonals and other.diagonals and (sums := total(self.diagonals, other.diagonals)):
            self.diagonals = sums
        elif self.diagonals and not other.diagonals:
            mine, self.diagonals, self._value = self.diagonals, (), copy_of(other.value, "C")
            self.add(Batch(None, mine))
        else:
            value = self.value
            for diagonal in other.diagonals if value.flags.c_contiguous else ():
                diagonal.add_into(value)
            if not other.diagonals or not value.flags.c_contiguous:
                value += other.value

    def __neg__(self) -> Batch:
        return np.negative(self)  # type: ignore[return-value]

    def __getitem__(self, index: Any) -> Batch:
        if not isinstance(index, tuple):
            index = (index,)
        if self.diagonals and (edges := edges_of(index, self.shape)) is not None:
            return Batch(None, tuple([d.columns(*edges) for d in self.diagonals]))
        if any(isinstance(item, (list, np.ndarray, np.bool_, bool)) for item in index):
            # With the batch as the last axis, indices that stand apart put theirs where they do for a single array.
            return Batch(np.moveaxis(np.moveaxis(self.value, 0, -1)[(*index, slice(None))], -1, 0))
        return Batch(self.value[(slice(None), *index)])

    def __iter__(self) -> Iterator[Batch]:
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        return self.shape[0]

    def __bool__(self) -> bool:
        true = self.value.all()
        if self.ndim or true != self.value.any():
            raise TypeError("the arrays of a batch differ in their truth value")
        return bool(true)

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return functools.partial(getattr(np, name), self)
        raise AttributeError(f"'Batch' object has no attribute {name!r}")

    def astype(self, dtype: Any, *_args: Any, **_kwargs: Any) -> Batch:
        if self.diagonals:
            return Batch(None, tuple([d._replace(vector=d.vector.astype(dtype)) for d in self.diagonals]))
        return Batch(self.value.astype(dtype))

    def reshape(self, *shape: Any, **kwargs: Any) -> Any:
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **kwargs)

    def transpose(self, *axes: Any) -> Any:
        return np.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None)


_METHODS = frozenset(
    (
        *("all", "any", "conj", "conjugate", "copy", "cumsum", "diagonal", "dot", "mean", "ravel", "repeat"),
        *("squeeze", "sum", "swapaxes", "take", "trace"),
    )
)


def with_ndim(x: Any, ndim: int) -> Any:
    """Return the raw array of an operand, ready to be broadcast with a Batch of arrays of this dimension."""
    if type(x) is not Batch:
        return x
    value = x.value
    if value.ndim <= ndim:
        value = value.reshape(len(value), *(1,) * (ndim + 1 - value.ndim), *value.shape[1:])
    return value


def aligned(operands: Sequence[Any]) -> list[Any]:
    """Return the raw arrays of operands that are broadcast with each other, the batch in front."""
    ndim = max([x.ndim if type(x) is Batch else np.ndim(x) for x in operands])
    return [with_ndim(x, ndim) for x in operands]


def edges_of(index: Any, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Return which elements of an array with one axis an index names that follow each other; None for another index."""
    (item,) = index if type(index) is tuple and len(index) == 1 else (index,)
    if type(item) is not slice or len(shape) != 1:
        return None
    start, stop, step = item.indices(shape[0])
    return (start, max(start, stop)) if step == 1 else None


def _diagonals_of(ufunc: np.ufunc, inputs: Sequence[Any]) -> tuple[Diagonal, ...] | None:
    """Return what an element-wise function gives of diagonals, where all else stays zero; None for other calls."""
    x, y = inputs if len(inputs) == 2 else (inputs[0], 1)
    if type(x) is type(y) is Batch:
        return None
    if ufunc is np.negative and x.diagonals:
        return tuple([d._replace(vector=-d.vector) for d in x.diagonals])
    if type(x) is Batch and x.diagonals and ufunc in (np.multiply, np.divide):
        found = [d.scaled(ufunc, y, True) for d in x.diagonals]
    elif type(y) is Batch and y.diagonals and ufunc is np.multiply:
        found = [d.scaled(ufunc, x, False) for d in y.diagonals]
    else:
        return None
    return None if None in found else tuple(found)  # type: ignore[arg-type]


def _weighted(ufunc: np.ufunc, inputs: Sequence[Any]) -> Batch | None:
    """Return the product of a matrix, that has or may have weights, and of a row; None for other calls.

    Rows are multiplied and added instead of matrices; of fewer digits than these, something might get lost.
    """
    x: Any = inputs[0]
    y: Any = inputs[1] if len(inputs) == 2 else 1
    x, y = (x, y) if type(x) is Batch else (y, x)
    if x.weights is None or type(y) is Batch or x.dtype.char != "d":
        return None
    if ufunc is np.negative and type(x.weights) is not int:
        return Batch(x._value, weights=-x.weights)
    if ufunc is not np.multiply or np.ndim(y) > 1 or getattr(y, "dtype", x.dtype) != x.dtype:
        return None
    if type(x.weights) is int:
        return Batch(x._value, weights=y) if np.shape(y) == x.shape else None
    return Batch(x._value, weights=x.weights * y) if np.shape(y) in ((), x.shape) else None


def _elementwise(ufunc: np.ufunc, inputs: Sequence[Any]) -> Any:
    diagonals = _diagonals_of(ufunc, inputs)
    if diagonals is not None:
        return Batch(None, diagonals)
    weighted = _weighted(ufunc, inputs)
    if weighted is not None:
        return weighted
    result = ufunc(*aligned(inputs))
    return tuple(map(Batch, result)) if type(result) is tuple else Batch(result)


def _generalized(ufunc: np.ufunc, *inputs: Any) -> Any:
    """Call a generalized ufunc, of which the axes that its signature names are the last ones."""
    assert ufunc.signature is not None
    if "?" in ufunc.signature or ufunc.nout != 1:
        return NotImplemented
    cores = [len([name for name in core.split(",") if name]) for core in _cores(ufunc.signature)]
    loops = max([np.ndim(x) - core for x, core in zip(inputs, cores, strict=True)])
    return Batch(ufunc(*[with_ndim(x, loops + core) for x, core in zip(inputs, cores, strict=True)]))


def _cores(signature: str) -> list[str]:
    """Split the operands of a signature such as (m,n),(n)->(m)."""
    return signature.partition("->")[0].strip("()").split("),(")


# --- one by one ------------------------------------------------------------------------------------------------------


def one_by_one(
    func: Callable[..., Any],
    args: Any,
    kwargs: dict[str, Any],
    beside: Callable[[list[Any]], Any] | None = None,
) -> Any:
    """Call a function for each of the arrays in turn; results that are arrays are put side by side again."""
    count = length((args, kwargs))
    found = [func(*_each(args, i), **_each(kwargs, i)) for i in range(count)]
    return side_by_side(found) if beside is None else beside(found)


def length(value: Any) -> int:
    """Return how many arrays there are in a Batch that stands in a value, however deep; 0 where there is none."""
    if type(value) is Batch:
        return value.count
    if isinstance(value, (list, tuple)):
        return max(map(length, value), default=0)
    if isinstance(value, dict):
        return max(map(length, value.values()), default=0)
    return 0


def has_batch(value: Any) -> bool:
    """Tell whether a Batch stands in a value, however deep."""
    if isinstance(value, (list, tuple)):
        return any(map(has_batch, value))
    return any(map(has_batch, value.values())) if isinstance(value, dict) else type(value) is Batch


def _each(value: Any, i: int) -> Any:
    if type(value) is Batch:
        return value.value[i]
    if type(value) in (list, tuple):
        return type(value)(_each(item, i) for item in value)
    if type(value) is dict:
        return {key: _each(item, i) for key, item in value.items()}
    return value


def side_by_side(results: Sequence[Any]) -> Any:
    first = results[0]
    if isinstance(first, (list, tuple)):
        items = [side_by_side(each) for each in zip(*results, strict=True)]
        return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)
    if isinstance(first, (np.ndarray, np.generic)):
        return Batch(np.stack(results))
    if any(other != first for other in results[1:]):
        raise TypeError(f"the results for a batch of arrays differ: {first!r} is one of them")
    return first


# --- forms -----------------------------------------------------------------------------------------------------------

Form = Callable[..., Any]
Axis = Any


def form(*funcs: Any) -> Callable[[Form], Form]:
    """Make a function the form of NumPy's functions of the same meaning, for calls whose parameters it has."""

    def declare(body: Form) -> Form:
        code = body.__code__
        parameters = frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        first, most = code.co_varnames[0], math.inf if code.co_flags & inspect.CO_VARARGS else code.co_argcount
        alone = body.__annotations__.get(first) == "Batch"  # no other argument may be one

        @functools.wraps(body)
        def covering(*args: Any, **kwargs: Any) -> Any:
            if kwargs:
                kwargs = {name: value for name, value in kwargs.items() if value is not np._NoValue}
                if not args and first in kwargs:
                    args = (kwargs.pop(first),)
            if len(args) > most or not parameters.issuperset(kwargs):
                return NotImplemented
            if alone and (type(args[0]) is not Batch or has_batch(args[1:]) or (kwargs and has_batch(kwargs))):
                return NotImplemented
            return body(*args, **kwargs)

        for func in funcs:
            FORMS[func] = covering
        return covering

    return declare


def front(axis: int, ndim: int) -> int:
    """Return where an axis of each array is in the batch."""
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return int(axis) % ndim + 1


def fronts(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Return where some axes, or all, are in the batch."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    return tuple([front(k, ndim) for k in (axis if isinstance(axis, (tuple, list, range)) else (axis,))])


def reduced(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Return the same of the axes of a reduction, of which NumPy lets a number have one."""
    return () if not ndim and type(axis) is int and axis in (0, -1) else fronts(axis, ndim)


def flat(a: Batch) -> Batch:
    return Batch(a.value.reshape(len(a.value), a.size))


def batches(arrays: Sequence[Any]) -> list[Any]:
    """Return the raw arrays of several operands, those that are no Batch repeated for each of its arrays."""
    count = length(list(arrays))
    return [x.value if type(x) is Batch else np.broadcast_to(x, (count, *np.shape(x))) for x in arrays]
