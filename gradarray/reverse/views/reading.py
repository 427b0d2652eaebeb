"""Reading ``x[i]``: the index alone is recorded, and its cotangent is added into the parent's buffer at the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import ref

import numpy as np

from ...context import settings
from ...context.settings import paused
from ...kernels import gate, guard
from ...kernels.arrays import COPIED, FLOAT64, Array
from ...kernels.gate import PLAIN
from ...kernels.placing import BASIC, add_at, add_at_places, add_in_slice, is_basic
from ...kernels.traced import MEMORY, zeros_beside
from ...rules.primitives import primitive, scatter
from ...rules.registry import linear, lowered
from ...tape import wrapping
from ...tape.cotangents import Reading, Scatter
from ...tape.nodes import Node, next_order
from ...tape.wrapping import new_object, unwrap
from .sharing import CROWD, Family, Foreign, as_array, join
from .steps import Steps, follow, located, repeats


def freeze(index: Any) -> Any:
    """Return an index that later changes to the caller's lists and arrays do not reach."""
    if type(index) in BASIC:
        return index
    if type(index) is tuple:
        return tuple([x if type(x) in BASIC else _held(x) if type(x) is np.ndarray else freeze(x) for x in index])
    if type(index) is not np.ndarray:
        index = unwrap(index)
        if isinstance(index, list):
            return np.array(index) if index else np.array(index, np.intp)
        if not isinstance(index, np.ndarray):
            return gate.parameter(index)
    return _held(index)


def _held(index: Array) -> Array:
    # A small one is copied also where the guard is off: it is a small part of what a tape holds.
    return index.copy() if index.nbytes <= COPIED else guard.secured(index)


def lower_take(args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer the usual calls by ``a[indices]``, which is recorded in a fifth of the time and lies alike in memory."""
    if len(args) < 2 or len(args) + len(kwargs) > 3:
        return NotImplemented
    a, indices, *rest = args
    if type(a) is wrapping.Tensor and type(indices) is np.ndarray and indices.ndim and indices.dtype.kind in "iu":
        x = a._raw
        axis = rest[0] if rest else kwargs.get("axis", -1 if kwargs else None)
        if type(x) is np.ndarray and x.flags.c_contiguous and (axis == 0 or (axis is None and x.ndim == 1)):
            return getitem(a, indices)
    return NotImplemented


def getitem(x: Any, index: Any) -> Any:
    """Return ``x[index]`` for any index that NumPy takes."""
    basic = type(index) in BASIC or is_basic(index)
    if not basic:
        index = freeze(index)
        basic = is_basic(index)
    data = x._raw
    if type(data) is not np.ndarray:
        data = as_array(x)
    out = data[index]
    t = new_object(wrapping.Tensor)
    t._raw = out
    t._alias = None
    parent = x._known
    if parent is None or (paused and not settings.recording()):
        t._known = None
    else:
        t._known = n = new_object(Node)
        n.rule = GETITEM if basic else PICKITEM
        n.args = index
        if type(x._alias) is tuple:
            base, steps = x._alias
            parent = base._known
            n.rule = VIEWITEM
            n.args = (steps, index)
        n.kwargs = n.out = n.grad = None
        n.parents = (parent,)
        n.order = next_order()
        if type(out) is np.float64:
            n.shape, n.dtype = (), FLOAT64
            return t
        n.shape, n.dtype = out.shape, out.dtype
    if basic and data is x._raw and type(out) in MEMORY:
        alias = x._alias
        if type(alias) in _FEW_VIEWS and len(alias) < CROWD:  # as join() does, without the call
            alias.append(ref(t))
            t._alias = (x, (index,))
        elif type(alias) is Family:
            alias.views.append(ref(t))
            if len(alias.views) > alias.limit:
                alias.sift()
            t._alias = (x, (index,))
        else:
            join(t, x, index)
    return t


lowered(np.take, lower_take)


class GetItem(Reading):
    """The rule of ``x[index]``; the index stands in the node's args."""

    indexes = True

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        index = node.args
        if type(g) in PLAIN:
            return (Scatter(index, g, self.put),)
        (parent,) = node.parents
        assert parent is not None
        return (scatter(g, index=index, shape=parent.shape),)

    def push(self, node: Node, tangents: Sequence[Any], forward: Any) -> Any:
        return tangents[0][node.args]


class _ViewItem(Reading):
    """The rule of ``view[index]``, recorded as a reading of the base: the node's args are the steps and the index.

    Reading one row after the other by way of another view would otherwise cost a buffer of the base's size each time.
    """

    batches = True

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        if type(g) in PLAIN:
            return (Scatter(node.args, g, self.put),)
        (base,) = node.parents
        assert base is not None
        steps, index = node.args
        if base.dtype.kind == "c":  # the view may be of real or imaginary parts
            return (scatter_view(g, steps=steps, index=index, shape=base.shape, dtype=base.dtype),)
        places = follow(steps, np.arange(base.size).reshape(base.shape))[index]
        return (scatter(g, index=places, shape=(base.size,)).reshape(base.shape),)

    def push(self, node: Node, tangents: Sequence[Any], forward: Any) -> Any:
        steps, index = node.args
        return follow(steps, tangents[0])[index]


def _add_in_view(buffer: Array, place: tuple[Steps, Any], g: Array) -> None:
    steps, index = place
    region = follow(steps, buffer)
    flags = region.flags
    if flags.writeable and np.may_share_memory(region, buffer) and (flags.forc or not repeats(region)):
        add_at(region, index, g)
    else:  # elements repeat, as in overlapping windows, or the base did not lie in C order, as a buffer does
        flat, places = located(steps, index, buffer)
        add_at(flat, places, g)


@primitive
def scatter_view(y: Array, steps: Steps, index: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    """Return zeros with `y` added at an index of the view that the steps lead to: the adjoint of reading there."""
    buffer = zeros_beside(y, shape, dtype)
    _add_in_view(buffer, (steps, index), y)
    return buffer


linear(scatter_view, lambda g, y, *, steps, index, shape, dtype: follow(steps, g)[index])  # noqa: ARG005

# By a basic index, by another one, and from a view.
GETITEM, PICKITEM, VIEWITEM = GetItem(add_in_slice, True), GetItem(add_at_places, False), _ViewItem(_add_in_view, True)


_FEW_VIEWS = frozenset({list, Foreign})
