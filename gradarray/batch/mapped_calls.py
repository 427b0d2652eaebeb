"""Calls of NumPy's for all mapped elements: by the forms for a Batch where there is one, one by one otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules.registry import find
from . import algebra as algebra  # fills the table of forms, as the next ones do
from . import orders as orders
from . import shapes as shapes
from . import sums as sums
from .batch import FORMS, Batch, reduced
from .mapped import Lane, Mapped, lane_in, lane_of
from .mapped_functions import OWN, UPDATES
from .one_by_one import UPDATING, one_after_another, one_of
from .refusals import over, refused

# The functions that give views of an array.
_VIEWS = frozenset((np.reshape, np.ravel, np.expand_dims, np.atleast_1d, np.atleast_2d, np.atleast_3d))


# --- NumPy's protocols ---------------------------------------------------------------------------------------------


def _array_ufunc(_self: Mapped, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    if any(type(x) is Batch for x in inputs):
        return NotImplemented
    lane = lane_of((inputs, kwargs))
    if not lane.is_open:
        raise over()
    if lane.at is not None:
        call = ufunc if method == "__call__" else getattr(ufunc, method)
        return call(*one_of(lane, inputs, lane.at), **one_of(lane, kwargs, lane.at))
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


def _array_function(self: Mapped, func: Callable[..., Any], types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    if Batch in types:
        return NotImplemented
    if lane_in((args, kwargs)) is None:
        return _like_this(self, func(*args, **kwargs))
    return call_function(func, args, kwargs)


def _like_this(array: Mapped, made: Any) -> Any:
    """Return what a call with ``like=`` of this one makes, for each element."""
    if not array.lane.is_open:
        raise over()
    whole = np.array(np.broadcast_to(made, (array.lane.size, *np.shape(made))))
    return array.lane.mapped(whole if type(array.value) is np.ndarray else np.array(whole, like=array.value))


Mapped.__array_ufunc__ = _array_ufunc
Mapped.__array_function__ = _array_function


def call_function(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a function of NumPy's for all elements."""
    lane = lane_of((args, kwargs))
    if not lane.is_open:
        raise over()
    if lane.at is not None:
        whole = func in UPDATING
        return func(*one_of(lane, args, lane.at, whole), **one_of(lane, kwargs, lane.at, whole))
    if func in _JOINING and args and type(args[0]) in (list, tuple):
        args = ([_as_one(part) for part in args[0]], *args[1:])
    if func in _VIEWS and args and type(args[0]) is Mapped and not args[0].ndim:
        args = (np.copy(args[0]), *args[1:])  # of a number there are no views
    if func in UPDATING:
        target = args[0] if args else next(iter(kwargs.values()))
        if not lane.is_on(target):
            raise refused("write", func.__name__)
        own = UPDATES.get(func)
        return one_after_another(lane, func, args, kwargs) if own is None else own(lane, *args, **kwargs)
    if kwargs.get("out") is not None:
        kwargs = dict(kwargs)
        out = kwargs.pop("out")
        return _written(_called(lane, func, args, kwargs), out if isinstance(out, tuple) else (out,), func.__name__)
    return _called(lane, func, args, kwargs)


# What takes several arrays, each of which may be a list.
_JOINING = frozenset((np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack))


def _as_one(part: Any) -> Any:
    """Return a list in which mapped arrays stand as one array, and anything else as it is."""
    if type(part) not in (list, tuple) or lane_in(part) is None:
        return part
    return np.stack([_as_one(x) for x in part])


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


def _is_single(lane: Lane, method: str, rest: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether a ufunc's method is told nothing that depends on the elements, and has the axis that it needs."""
    axis = kwargs.get("axis", rest[method == "reduceat"] if len(rest) > (method == "reduceat") else 0)
    return lane_in((rest, kwargs)) is not lane and (method == "reduce" or axis is not None)
