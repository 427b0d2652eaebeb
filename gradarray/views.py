"""Indexing and in-place updates of Tensors.

Reading ``x[i]`` records the index alone; its cotangent is added into the parent's buffer at the index. Writing
``x[i] = v`` gives the tensor a new node, so that what was computed before the update keeps its own history.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np

from . import tape
from .buffers import references_to
from .dispatch import (
    PLAIN,
    UFUNCS,
    GradientLossError,
    new_object,
    operand,
    primitive,
    unwrap,
    wrap,
)
from .parallel import SPLIT, add
from .registry import linear, rule
from .tape import FLOAT64, Array, Node, PullbackRule, Scatter, next_order

if TYPE_CHECKING:
    from .tensor import Tensor

_BASIC: frozenset[type] = frozenset(
    {int, slice, type(None), EllipsisType, *(np.dtype(code).type for code in np.typecodes["AllInteger"])}
)


def is_basic(index: Any) -> bool:
    """Tell whether an index gives a view: integers, slices, None and Ellipsis alone."""
    if type(index) is tuple:
        return all(type(item) in _BASIC for item in index)
    return type(index) in _BASIC


def freeze(index: Any) -> Any:
    """Return an index that later changes to the caller's lists and arrays do not reach."""
    if type(index) in _BASIC:
        return index
    if type(index) is np.ndarray:
        return index.copy()
    if type(index) is tuple:
        return tuple([item if type(item) in _BASIC else freeze(item) for item in index])
    index = unwrap(index)
    if isinstance(index, list):
        return np.array(index) if index else np.array(index, np.intp)
    return index.copy() if isinstance(index, np.ndarray) else index


def add_at(buffer: Array, index: Any, g: Array) -> None:
    """Add into a buffer at an index, as often as an element is named there."""
    if is_basic(index) or (type(index) is np.ndarray and index.dtype.kind == "b"):
        if g.size >= SPLIT and is_basic(index):
            add(buffer[index], g)
        else:
            buffer[index] += g
    else:
        np.add.at(buffer, index, g)


# --- primitives -----------------------------------------------------------------------------------------------------
# They are functions of their own, so that the same rules serve every order and both modes.


@primitive
def scatter(y: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Return zeros of a shape, with `y` added at an index: the adjoint of reading there."""
    buffer = np.zeros(shape, y.dtype)
    add_at(buffer, index, y)
    return buffer


@primitive
def clear(y: Array, index: Any) -> Array:
    """Return a copy of `y` with zeros at an index."""
    cleared = np.array(y)
    cleared[index] = 0
    return cleared


@primitive
def updated(x: Array, v: Array, index: Any) -> Array:
    """Return a copy of `x` that holds `v` at an index."""
    copy = np.array(x)
    copy[index] = v
    return copy


@primitive
def astype(
    x: Array, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
) -> Array:
    """Return the array with another dtype."""
    return x.astype(dtype, order, casting, subok, copy)


def _winners(index: Any, shape: tuple[int, ...]) -> Any:
    """Tell for each assigned value whether it is the one that stays: of a repeated index only the last does."""
    place = np.zeros(shape, int)
    count = np.arange(place[index].size).reshape(np.shape(place[index]))
    place[index] = count
    return place[index] == count


def value_vjp(g: Array, _ans: Any, _x: Any, _v: Any, *, index: Any) -> Array:
    picked = g[index]
    if not is_basic(index):
        winners = _winners(index, g.shape)
        if not np.all(winners):
            picked = np.where(winners, picked, 0)
    # NumPy lets the value have extra leading axes of length one.
    return picked.reshape((1,) * (_v.ndim - picked.ndim) + picked.shape) if _v.ndim > picked.ndim else picked


linear(astype, lambda g, x, *, dtype, order="K", casting="unsafe", subok=True, copy=True: g)  # noqa: ARG005
linear(scatter, lambda g, y, *, index, shape: g[index])  # noqa: ARG005 - the signature is the support statement
linear(clear, lambda g, y, *, index: clear(g, index=index))  # noqa: ARG005
rule(updated, lambda g, _ans, _x, _v, *, index: clear(g, index=index), value_vjp, holomorphic=False)


# --- reading --------------------------------------------------------------------------------------------------------


class _GetItem(PullbackRule):
    """The rule of ``x[index]``; the index stands in the node's args."""

    name = "getitem"

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        index = node.args
        if type(g) in PLAIN:
            return (Scatter(index, g, add_at),)
        (parent,) = node.parents
        assert parent is not None
        return (scatter(g, index=index, shape=parent.shape),)


GETITEM = _GetItem()


def getitem(x: Tensor, index: Any) -> Tensor:
    """Return ``x[index]`` for any index that NumPy takes."""
    if type(index) not in _BASIC:
        index = freeze(index)
    out = x._data[index]
    parent = x._node
    if parent is None or (tape.paused and not tape.recording()):
        return wrap(out)  # type: ignore[no-any-return]
    parent.grad = None
    n = new_object(Node)
    n.rule = GETITEM
    n.args = index
    n.kwargs = n.out = n.grad = None
    n.parents = (parent,)
    n.order = next_order()
    if type(out) is np.float64:
        n.shape, n.dtype = (), FLOAT64
    else:
        n.shape, n.dtype = out.shape, out.dtype
    return wrap(out, n)  # type: ignore[no-any-return]


# --- writing --------------------------------------------------------------------------------------------------------

# The tensor's own reference, and the argument of the call that counts.
_UNSHARED = 2


def _free(x: Tensor) -> bool:
    """Tell whether nothing but `x` itself can need the values that it holds now.

    A live tape that read a variable holds its node; what a constant's values went into is only known by its array.
    """
    if x._node is not None:
        return references_to(x._node) <= _UNSHARED
    return x._data.base is None and references_to(x._data) <= _UNSHARED


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """Carry out ``x[index] = value``: the tensor holds the new values, and its node knows both histories."""
    index = freeze(index)
    value, node = operand(value)
    if type(x._data) is not np.ndarray:
        x._data = np.asarray(x._data)
    recorded = tape.recording() and (node is not None or x._node is not None)
    if node is not None and recorded and x.dtype.kind not in "fc":
        raise GradientLossError(
            f"a tensor of dtype {x.dtype} is a constant and cannot take a variable; "
            "convert it to floating-point numbers first, as in x.astype(float)."
        )
    if recorded:
        result = updated(wrap(x._data, x._node), wrap(np.asarray(value), node), index=index)
        x._data, x._node = result._data, result._node
    elif _free(x):
        x._data[index] = value
    else:
        x._data = updated(x._data, value, index=index)


def update(x: Tensor, ufunc: np.ufunc, other: Any) -> Tensor:
    """Carry out an augmented assignment, such as ``x += other``."""
    value, node = operand(other)
    fits = np.can_cast(np.result_type(x._data, value), x.dtype, "same_kind")
    if not fits or np.broadcast_shapes(x.shape, np.shape(value)) != x.shape:
        ufunc(x._data, value, out=np.empty(x.shape, x.dtype))  # NumPy's own error
    recorded = tape.recording() and (node is not None or x._node is not None)
    if not recorded and _free(x) and type(x._data) is np.ndarray:
        ufunc(x._data, value, out=x._data, casting="same_kind")
    elif not recorded:
        x._data = np.asarray(ufunc(x._data, value)).astype(x.dtype, copy=False)
    else:
        result = UFUNCS[ufunc](x, other)
        if result.dtype != x.dtype:
            result = astype(result, x.dtype)
        x._data, x._node = result._data, result._node
    return x
