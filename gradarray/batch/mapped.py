"""Mapped: what the function that `ga.vmap` maps gets in place of one element: all of them, as one array.

It looks like one of the elements, and a call of NumPy's on it is carried out for all of them at once: by the forms for
a Batch (see batch.py) where there is one, one by one otherwise. What it holds, one more axis in front, may be anything
that speaks NumPy: a Tensor or a Dual, if a derivative is taken inside or outside; a traced array, of a program; another
Mapped, of a `vmap` around this one. So Mapped arrays are always outermost, and no tape ever sees one.
"""

# ruff: noqa: ARG001 - what stands for a function has its parameters, whether it needs them or not
from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..context.frames import UnlessNumpyWillDo, leaves_turns
from ..context.settings import held, silently
from ..forward.dual import Dual
from ..kernels.gate import as_guest
from ..kernels.traced import copy_of
from ..reverse.namespace import namespace
from ..reverse.tensor import Tensor
from ..rules.registry import find
from ..tape import wrapping
from . import algebra as algebra  # fills the table of forms, as the next ones do
from . import orders as orders
from . import shapes as shapes
from . import sums as sums
from .batch import FORMS, Batch, reduced
from .places import chosen, put
from .refusals import VmapError, over, refused

_WITHIN = (np.ndarray, Tensor, Dual)


class Lane:
    """One call of `vmap`.

    Attributes
    ----------
    size : how many elements are mapped
    depth : how many calls of `vmap` there are around this one
    is_open : whether the function is being carried out
    within : functions of NumPy's that are being carried out by what they are made of
    """

    __slots__ = ("depth", "is_open", "size", "within")

    def __init__(self, size: int, depth: int) -> None:
        self.size, self.depth, self.is_open = size, depth, True
        self.within: set[Any] = set()

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

    # --- NumPy's protocols -------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(type(x) is Batch for x in inputs):
            return NotImplemented
        lane = lane_of((inputs, kwargs))
        if not lane.is_open:
            raise over()
        if method == "at":
            return _updated_at(lane, ufunc, inputs)
        out = kwargs.pop("out", None)
        if method == "__call__" and out is not None and "where" in kwargs:
            (target,) = out  # which keeps its values elsewhere
            where = kwargs.pop("where")
            result = np.where(where, call_function(ufunc, inputs, kwargs), target)
        elif method == "__call__" and ufunc.signature is None:
            result = _elementwise(lane, ufunc, inputs, kwargs)
        elif method in _ALONG and lane.is_on(inputs[0]) and _is_single(lane, method, inputs[1:], kwargs):
            result = _ALONG[method](lane, ufunc, *inputs, **kwargs)
        elif method == "__call__":
            result = _called(lane, ufunc, inputs, kwargs)
        else:
            result = one_after_another(lane, getattr(ufunc, method), inputs, kwargs)
        return result if out is None else _written(result, out, getattr(ufunc, "__name__", "ufunc"))

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if Batch in types:
            return NotImplemented
        if lane_in((args, kwargs)) is None:
            return self._like_this(func(*args, **kwargs))
        return call_function(func, args, kwargs)

    def _like_this(self, made: Any) -> Any:
        """Return what a call with ``like=`` of this one makes, for each element."""
        if not self.lane.is_open:
            raise over()
        whole = np.array(np.broadcast_to(made, (self.lane.size, *np.shape(made))))
        return self.lane.mapped(whole if type(self.value) is np.ndarray else np.array(whole, like=self.value))

    # --- places ------------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        lane = lane_of((self, index))
        found = chosen(lane, lane.spread(self), index)
        items = index if isinstance(index, tuple) else (index,)
        # Of a number there are no views, and no number is a view.
        number = found.ndim == 1 and not any(item is Ellipsis for item in items)
        return lane.mapped(np.copy(found) if number or not self.ndim else found)

    def __setitem__(self, index: Any, value: Any) -> None:
        lane = lane_of((self, index, value))
        if lane is not self.lane:
            raise refused("outer")
        put(lane, self, index, value)

    # --- what there is no single answer to ---------------------------------------------------------------------------

    def __array__(self, *_args: Any, **_kwargs: Any) -> Any:
        if leaves_turns():
            return np.array(None, dtype=object)
        raise refused("place" if self.dtype.kind in "iu" else "array")

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
            )
        raise refused("bool")

    def __int__(self) -> int:
        raise refused("int")

    def __float__(self) -> float:
        raise refused("float")

    def __complex__(self) -> complex:
        raise refused("complex")

    def __index__(self) -> int:
        raise refused("index")

    def __contains__(self, item: Any) -> bool:
        raise refused("contains")

    def item(self, *_args: Any) -> Any:
        raise refused("item")

    def tolist(self) -> Any:
        raise refused("tolist")

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
        self[...] = ufunc(self, other)
        return self

    return update


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


# --- which call of vmap ----------------------------------------------------------------------------------------------


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


def _is_single(lane: Lane, method: str, rest: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether a ufunc's method is told nothing that depends on the elements, and has the axis that it needs."""
    axis = kwargs.get("axis", rest[method == "reduceat"] if len(rest) > (method == "reduceat") else 0)
    return lane_in((rest, kwargs)) is not lane and (method == "reduce" or axis is not None)


def as_batches(lane: Lane, value: Any) -> Any:
    """Return a value with a Batch in the place of each array that a call of `vmap` maps."""
    kind = type(value)
    if kind is Mapped:
        return Batch(value.value) if value.lane is lane else value
    if kind is list or kind is tuple:
        return kind([as_batches(lane, item) for item in value])
    if kind is dict:
        return {key: as_batches(lane, item) for key, item in value.items()}
    return value


def from_batches(lane: Lane, result: Any) -> Any:
    kind = type(result)
    if kind is Batch:
        return lane.mapped(result.value)
    if isinstance(result, (list, tuple)):
        items = [from_batches(lane, item) for item in result]
        return kind(*items) if hasattr(result, "_fields") else kind(items)
    return result


# --- calls -----------------------------------------------------------------------------------------------------------


def call_function(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a function of NumPy's for all elements."""
    lane = lane_of((args, kwargs))
    if not lane.is_open:
        raise over()
    if func in _VIEWS and args and type(args[0]) is Mapped and not args[0].ndim:
        args = (np.copy(args[0]), *args[1:])  # of a number there are no views
    if func in _UPDATING:
        target = args[0] if args else next(iter(kwargs.values()))
        if not lane.is_on(target):
            raise refused("write", func.__name__)
        own = _UPDATES.get(func)
        return one_after_another(lane, func, args, kwargs) if own is None else own(lane, *args, **kwargs)
    if kwargs.get("out") is not None:
        kwargs = dict(kwargs)
        out = kwargs.pop("out")
        return _written(_called(lane, func, args, kwargs), out if isinstance(out, tuple) else (out,), func.__name__)
    return _called(lane, func, args, kwargs)


def _called(lane: Lane, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    if type(func) is np.ufunc and func.signature is None:
        return _elementwise(lane, func, args, kwargs)
    own = OWN.get(func)
    if own is not None:
        result = own(lane, *args, **kwargs)
        if result is not NotImplemented:
            return result
    form = FORMS.get(func)
    if form is None and type(func) is np.ufunc and not kwargs:
        result = _generalized(lane, func, args)
    elif form is not None:
        result = form(*as_batches(lane, args), **as_batches(lane, kwargs))
    else:
        result = NotImplemented
    if result is NotImplemented:
        result = _made_of_others(lane, func, args, kwargs)
    if result is NotImplemented:
        return one_after_another(lane, func, args, kwargs)
    return from_batches(lane, result)


# What is computed by its body although that rounds otherwise than NumPy does.
_ROUNDED = frozenset((np.average, np.corrcoef, np.cov, np.ediff1d, np.gradient, np.interp, np.linspace, np.std, np.var))


def _made_of_others(lane: Lane, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a function by the body in np.* that its rule has, if it has one that computes what NumPy does."""
    rule = find(func)
    body = getattr(rule, "body", None)
    if body is None or func in lane.within or not _is_floating(args) or not _is_floating(kwargs):
        return NotImplemented
    lane.within.add(func)  # the body may ask the function itself for values
    try:
        if func not in _ROUNDED and rule.computes_anew(args, kwargs):  # type: ignore[union-attr]
            return NotImplemented
        return body(*args, **kwargs)
    except Exception:  # what is wrong, and not only with all elements at once, comes up again one by one
        return NotImplemented
    finally:
        lane.within.discard(func)


def _is_floating(value: Any) -> bool:
    """Tell whether all mapped arrays in a value are of floating-point or complex numbers."""
    if type(value) is Mapped:
        return value.dtype.kind in "fc"
    if isinstance(value, (list, tuple)):
        return all(map(_is_floating, value))
    return all(map(_is_floating, value.values())) if isinstance(value, dict) else True


def _elementwise(lane: Lane, ufunc: np.ufunc, inputs: Any, kwargs: dict[str, Any]) -> Any:
    where = kwargs.get("where", True)
    operands = inputs if where is True else (*inputs, where)
    ndim = max([x.ndim if type(x) is Mapped else np.ndim(x) for x in operands])
    values = [_with_ndim(lane, x, ndim) for x in operands]
    if where is not True:
        kwargs = {**kwargs, "where": values.pop()}
    result = ufunc(*values, **kwargs)
    return tuple([lane.mapped(part) for part in result]) if type(result) is tuple else lane.mapped(result)


def _with_ndim(lane: Lane, x: Any, ndim: int) -> Any:
    if type(x) is not Mapped or x.lane is not lane:
        return x
    value = x.value
    if value.ndim <= ndim:
        shape = value.shape
        value = value.reshape(shape[0], *(1,) * (ndim + 1 - len(shape)), *shape[1:])
    return value


def _generalized(lane: Lane, ufunc: np.ufunc, inputs: Any) -> Any:
    """Call a generalized ufunc, of which the axes that its signature names are the last ones."""
    assert ufunc.signature is not None
    if "?" in ufunc.signature:
        return NotImplemented
    cores = [len([n for n in c.split(",") if n]) for c in ufunc.signature.partition("->")[0].strip("()").split("),(")]
    loops = max([np.ndim(x) - core for x, core in zip(inputs, cores, strict=True)])
    values = [_with_ndim(lane, x, loops + core) for x, core in zip(inputs, cores, strict=True)]
    result = ufunc(*values)
    return tuple([Batch(part) for part in result]) if type(result) is tuple else Batch(result)


def _reduced(lane: Lane, ufunc: np.ufunc, array: Mapped, axis: Any = 0, dtype: Any = None, **kwargs: Any) -> Any:
    along = reduced(axis, array.ndim)
    kwargs = {name: value for name, value in kwargs.items() if value is not np._NoValue}
    return lane.mapped(ufunc.reduce(array.value, axis=along, dtype=dtype, **kwargs))


def _accumulated(lane: Lane, ufunc: np.ufunc, array: Mapped, axis: int = 0, dtype: Any = None) -> Any:
    along = np.lib.array_utils.normalize_axis_index(axis, array.ndim) + 1
    return lane.mapped(ufunc.accumulate(array.value, axis=along, dtype=dtype))


def _reduced_at(lane: Lane, ufunc: np.ufunc, array: Mapped, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
    along = np.lib.array_utils.normalize_axis_index(axis, array.ndim) + 1
    return lane.mapped(ufunc.reduceat(array.value, indices, axis=along, dtype=dtype))


_ALONG: dict[str, Callable[..., Any]] = {"reduce": _reduced, "accumulate": _accumulated, "reduceat": _reduced_at}


def _updated_at(lane: Lane, ufunc: np.ufunc, inputs: Any) -> None:
    target, index = inputs[0], inputs[1]
    if not lane.is_on(target):
        raise refused("write", f"{ufunc.__name__}.at")
    for i in range(lane.size):
        ufunc.at(target.value, _under(i, one_of(lane, index, i)), *[one_of(lane, x, i) for x in inputs[2:]])


def _under(i: int, index: Any) -> Any:
    return (i, *index) if isinstance(index, tuple) else (i, index)


def _written(result: Any, out: tuple[Any, ...], name: str) -> Any:
    """Write results into the arrays of ``out=``."""
    results = result if isinstance(result, tuple) else (result,)
    for part, target in zip(results, out, strict=False):
        if target is None:
            continue
        if type(target) is not Mapped:
            raise refused("write", name)
        if target.shape != part.shape:
            raise ValueError(f"{name}: out= has shape {target.shape}, the result {part.shape}")
        if not np.can_cast(part.dtype, target.dtype, "same_kind"):
            raise TypeError(f"{name}: cannot cast the result from {part.dtype} to {target.dtype} of out=")
        target[...] = part
    written = tuple([part if target is None else target for part, target in zip(results, out, strict=False)])
    return written if isinstance(result, tuple) else written[0]


# --- one by one ------------------------------------------------------------------------------------------------------

# How often each function was called one by one, while somebody counts; see benchmarks and tests.
counted: dict[Any, int] | None = None


def one_after_another(lane: Lane, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a function for each element in turn, and put the results side by side."""
    if counted is not None:
        counted[func] = counted.get(func, 0) + 1
    if not lane.size:
        return silently(_of_none, lane, func, args, kwargs)
    whole = func in _UPDATING
    results = [func(*one_of(lane, args, i, whole), **one_of(lane, kwargs, i, whole)) for i in range(lane.size)]
    return gathered_lanes(lane, results, getattr(func, "__name__", "a function"))


def _of_none(lane: Lane, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Return what a function gives for no elements, in the shape and dtype of what it gives for one."""

    def some(value: Any) -> Any:
        kind = type(value)
        if kind is Mapped:
            return np.ones(value.shape, value.dtype)[()] if value.lane is lane else value
        if kind is list or kind is tuple:
            return kind([some(item) for item in value])
        return {key: some(item) for key, item in value.items()} if kind is dict else value

    return gathered_lanes(lane, [func(*some(args), **some(kwargs))], "")


def one_of(lane: Lane, value: Any, i: int, whole: bool = False) -> Any:
    """Return a value as it is for one element; an array without axes as a scalar, or `whole`."""
    kind = type(value)
    if kind is Mapped:
        if value.lane is not lane:
            return value
        return value.value[i, ...] if whole else value.value[i]
    if kind is list or kind is tuple:
        return kind([one_of(lane, item, i, whole) for item in value])
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[one_of(lane, item, i, whole) for item in value])
    if kind is dict:
        return {key: one_of(lane, item, i, whole) for key, item in value.items()}
    if kind is slice:
        return slice(*[one_of(lane, x, i) for x in (value.start, value.stop, value.step)])
    return value


def gathered_lanes(lane: Lane, results: list[Any], name: str) -> Any:
    """Put results for each element side by side."""
    first = results[0]
    if isinstance(first, (list, tuple)):
        if any(len(other) != len(first) for other in results):
            raise refused("shapes", name)
        items = [gathered_lanes(lane, list(each), name) for each in zip(*results, strict=True)]
        return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)
    if (hasattr(first, "dtype") and hasattr(first, "shape")) or isinstance(first, (bool, int, float, complex)):
        if any(np.shape(other) != np.shape(first) for other in results):
            raise refused("shapes", name)
        value = np.stack(results)
        return lane.mapped(value if lane.size else value[:0])
    if any(other is not first and other != first for other in results[1:]):
        raise VmapError(f"vmap: {name} gives other results for other elements that are no arrays: {first!r:.60}, say")
    return first


# --- functions that need all of it -----------------------------------------------------------------------------------

# The functions that give views of an array.
_VIEWS = frozenset((np.reshape, np.ravel, np.expand_dims, np.atleast_1d, np.atleast_2d, np.atleast_3d))
# The functions that write into their first argument.
_UPDATING = frozenset((np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis))

OWN: dict[Any, Callable[..., Any]] = {}


def _alike(func: Any) -> None:
    def make(lane: Lane, a: Any, *args: Any, shape: Any = None, **kwargs: Any) -> Any:
        if not lane.is_on(a) or lane_in((args, kwargs)) is lane:
            return NotImplemented
        if shape is not None:
            kwargs["shape"] = (lane.size, *(shape if np.ndim(shape) else (shape,)))
        return lane.mapped(func(a.value, *args, **kwargs))

    OWN[func] = make


_func: Any
for _func in (np.zeros_like, np.ones_like, np.empty_like, np.full_like):
    _alike(_func)


def _array(lane: Lane, a: Any, *args: Any, **kwargs: Any) -> Any:
    """Make an array of a list in which mapped arrays stand, or a copy of one."""
    dtype = kwargs.get("dtype", args[0] if args else None)
    made = np.copy(a) if type(a) is Mapped else from_lists(a)
    more = kwargs.get("ndmin", 0) - made.ndim
    made = np.reshape(made, (*(1,) * more, *made.shape)) if more > 0 else made
    return made if dtype is None or made.dtype == dtype else made.astype(dtype)


def from_lists(value: Any) -> Any:
    """Make one array of nested lists in which mapped arrays stand."""
    if isinstance(value, (list, tuple)) and lane_in(value) is not None:
        return np.stack([from_lists(item) for item in value])
    return value


def _as_array(lane: Lane, a: Any, *args: Any, **kwargs: Any) -> Any:
    return _array(lane, a, *args, **kwargs) if type(a) is not Mapped or args or kwargs else a


OWN[np.array] = _array
for _func in (np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.asarray_chkfinite):
    OWN[_func] = _as_array


def _take(lane: Lane, a: Any, indices: Any, axis: int | None = None, out: None = None, mode: Any = "raise") -> Any:
    """Take elements at places that are others for each element."""
    if not lane.is_on(indices) or mode != "raise":
        return NotImplemented
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = np.lib.array_utils.normalize_axis_index(axis, np.ndim(a))
    if lane.is_on(a):
        return a[(*(slice(None),) * axis, indices)]
    return lane.mapped(np.moveaxis(np.take(a, indices.value, axis), axis, 0))


def _take_along_axis(lane: Lane, arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if not lane.is_on(indices) or axis is None or np.ndim(arr) != indices.ndim:
        return NotImplemented
    axis = np.lib.array_utils.normalize_axis_index(axis, indices.ndim) + 1
    values = lane.spread(arr) if lane.is_on(arr) else np.asarray(arr)[None] if type(arr) is list else arr[None]
    return lane.mapped(np.take_along_axis(values, indices.value, axis))


OWN[np.take] = _take
OWN[np.take_along_axis] = _take_along_axis


def _require(lane: Lane, a: Any, dtype: Any = None, requirements: Any = None) -> Any:
    return _as_array(lane, a, dtype=dtype) if dtype is not None else _as_array(lane, a)


def _from_iterator(lane: Lane, iter: Any, dtype: Any, count: int = -1) -> Any:
    items = [*iter]
    return from_lists(items if count < 0 else items[:count]).astype(dtype)


def _arange(lane: Lane, *args: Any, **kwargs: Any) -> Any:
    one = next(x for x in (*args, *kwargs.values()) if type(x) is Mapped)
    if type(one.value) is np.ndarray or not lane.size:
        return NotImplemented
    like = one.value[0]  # NumPy asks a variable only here
    return one_after_another(lane, lambda *a, **k: np.arange(*a, **k, like=like), args, kwargs)


OWN[np.arange] = _arange
OWN[np.require] = _require
OWN[np.fromiter] = _from_iterator


def _copyto(lane: Lane, dst: Mapped, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    dst[...] = src if where is True else np.where(where, src, dst)


_UPDATES: dict[Any, Callable[..., Any]] = {np.copyto: _copyto}
