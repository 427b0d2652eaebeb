"""Writing ``x[i] = v``, for a Tensor and for all that share its memory.

It changes the memory that all views share, and gives the base a new node, so that what was computed before the update
keeps its own history; views that see the update get nodes that start from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...context import settings
from ...context.settings import paused
from ...kernels.arrays import Array
from ...kernels.gate import PLAIN
from ...kernels.parts import add
from ...kernels.placing import is_basic
from ...kernels.traced import MEMORY, address
from ...rules.primitives import clear, primitive, value_vjp
from ...rules.registry import linear
from ...tape import loss, nodes, wrapping
from ...tape.cotangents import Cleared, buffer_of
from ...tape.loss import GradientLossError
from ...tape.nodes import Node, PullbackRule, next_order
from ...tape.wrapping import has_tensor, has_variable, new_object, stack_nested, unwrap
from ..outputs import likeness
from .reading import GETITEM, VIEWITEM, freeze
from .sharing import Family, base_of, become_array, family_of, follow_flags, kept_elsewhere, shared
from .steps import Step, Steps, follow, located, repeats


class _SetItem(PullbackRule):
    """The rule of ``x[index] = value``, on the base of `x`: the node's args are the steps from the base, and the index.

    What comes back to the elements that were overwritten belongs to the value, and not to what stood there before.
    """

    name = "setitem"
    shared = True
    batches = True
    in_place = True

    def __init__(self, basic: bool) -> None:
        self.basic = basic  # the index

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        base, value = node.parents
        steps, index = node.args
        if type(g) not in PLAIN:
            picked = None if value is None else value_vjp(follow(steps, g), None, None, value, index=index)
            if not steps:
                return None if base is None else clear(g, index=index), picked
            return None if base is None else clear_view(g, steps=steps, index=index), picked
        picked = None
        if value is not None:
            picked = value_vjp(follow(steps, g) if steps else g, None, None, value, index=index)
            if base is not None and type(picked) in MEMORY:
                picked = picked.copy()  # before the elements are cleared
        return None if base is None else Cleared(g, _clear, node.args), picked

    def pullback_in_place(self, node: Node, g: Array, pending: dict[Node, Array], owned: set[Node]) -> Iterable[Any]:
        picked, base = self.taken(node, g), node.parents[0]
        if base is not None:
            if base in pending:
                add(g, pending[base])
            pending[base] = g
            owned.add(base)
        return None, picked

    def taken(self, node: Node, g: Array) -> Any:
        """Return what of a buffer belongs to the value, and leave zeros in its place for what was there before."""
        base, value = node.parents
        steps, index = node.args
        picked = None
        if value is not None:
            region = follow(steps, g) if steps else g
            picked = region[index] if self.basic else None
            if picked is None or len(value.shape) > picked.ndim:
                picked = value_vjp(region, None, None, value, index=index)
        if base is not None:
            if type(picked) is np.ndarray:
                picked = picked.copy()  # before the elements are cleared
            if steps:
                _clear(g, node.args)
            else:
                g[index] = 0
        return picked


class _SetWindows(_SetItem):
    """The rule of writing through a view that shows elements more than once: of those, one value alone stays.

    The node's args tell for each value, too, whether it is the one.
    """

    in_place = False

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        base, value = node.parents
        steps, index, stays = node.args
        picked = None
        if value is not None:
            picked = np.where(stays, follow(steps, g)[index], 0)
            if value.ndim > picked.ndim:
                picked = picked.reshape((1,) * (value.ndim - picked.ndim) + picked.shape)
        return None if base is None else clear_view(g, steps=steps, index=index), picked


def _clear(buffer: Array, place: tuple[Steps, Any]) -> None:
    steps, index = place
    region = follow(steps, buffer)
    if steps and not np.may_share_memory(region, buffer):  # the base did not lie in C order, as a buffer does
        flat, places = located(steps, index, buffer)
        flat[places] = 0
    else:
        region[index] = 0


@primitive
def clear_view(y: Array, steps: Steps, index: Any) -> Array:
    """Return a copy of `y` with zeros at an index of the view that the steps lead to."""
    cleared = buffer_of(y)
    _clear(cleared, (steps, index))
    return cleared


linear(clear_view, lambda g, y, *, steps, index: clear_view(g, steps=steps, index=index))  # noqa: ARG005

# At a basic index, at another one, and through a view that shows elements more than once.
SETITEM, SETITEMS, SETWINDOWS = _SetItem(True), _SetItem(False), _SetWindows(False)


def setitem(x: Any, index: Any, value: Any) -> None:
    """Carry out ``x[index] = value``, for `x` and for every tensor that shares its memory."""
    basic = is_basic(index)
    if not basic:
        index = freeze(index)
    if type(value) not in PLAIN:
        if type(value) is not wrapping.Tensor:
            value = _entering(value)
        elif basic and type(value._alias) is tuple:
            of, steps = value._alias
            if of is x and steps == (index,) and writeable(x):
                return  # x[i] += v ends so: the view of x that += has changed is assigned to its own place
    node = value._node if isinstance(value, wrapping.Tensor) else None
    alias = x._alias
    base = x if type(alias) is not tuple else alias[0]
    recorded = (node is not None or base._known is not None) and not (paused and not settings.recording())
    if type(x._raw) is not np.ndarray:
        become_array(x)
        alias = x._alias
    if node is not None and recorded and x._raw.dtype.kind not in "fc":
        raise GradientLossError(
            f"a tensor of dtype {x.dtype} is a constant and cannot take a variable; "
            "convert it to floating-point numbers first, as in x.astype(float)."
        )
    family = alias if type(alias) is Family else None
    if family.alone(x) if family is not None else alias is None and not shared(x):
        if type(value) is wrapping.Tensor:
            # Of what others have, nothing lies in a memory that the family alone knows.
            own = value is x or (type(value._alias) is tuple and value._alias[0] is x)
            value = _apart(x._raw, value._raw) if own else value._raw
        if family is not None:
            family.written = True
        if not recorded:
            x._raw[index] = value
            return
        after = _after(x, x, index, node, basic)
        known, x._known = x._known, nodes.WRITTEN  # as in _assign, without the call
        try:
            x._raw[index] = value
        except Exception:
            x._known = known
            if family is not None and known is None:
                family.stay_constant()
            raise
    else:
        target = None
        if x._alias is not None:
            place = _parts(index) if basic else (...,)
            place = place if Ellipsis in place else (*place, ...)  # for an array of its own, even of one element
            target = x._raw[place]
            if (
                isinstance(value, wrapping.Tensor)
                and type(value._alias) is tuple
                and value._alias[0] is base
                and basic
                and _same(value._raw, target)
                and writeable(x)
            ):
                return  # likewise, by other steps to the same place
        if not recorded:
            write(x, lambda raw: _assign(raw, index, value), target)
            return
        after = _after(x, base, index, node, basic)
        try:
            write(x, lambda raw: _assign(raw, index, value, base), target)
        except Exception:
            if base._known is None and base._alias is not None:
                family_of(base).stay_constant()
            raise
    base._known = after
    before = after.parents[0]
    if before is not None and before.grad is not None:
        nodes.drop_gradient(before, after, nodes.UPDATED)  # of the value that was


def _entering(value: Any) -> Any:
    """Return a value that is neither a Tensor nor plain as it may be assigned."""
    if isinstance(value, (list, tuple)) and has_tensor(value):
        value = stack_nested(value)
    if isinstance(value, wrapping.Dual):
        if not loss.ignored():
            raise GradientLossError(
                "a tensor cannot hold the tangent of what is being differentiated in forward mode. "
                "Let the array be made in the function, as np.zeros_like(x) of its argument."
            )
        value = wrapping.bare(value)
    return value


def _assign(raw: Array, index: Any, value: Any, base: Any = None) -> None:
    """Carry out ``raw[index] = value``; until `base` gets its next node, it has one that tells of an interrupt."""
    value = _apart(raw, unwrap(value))
    if base is None:
        raw[index] = value
        return
    known, base._known = base._known, nodes.WRITTEN
    try:
        raw[index] = value
    except Exception:  # NumPy's, which has changed nothing
        base._known = known
        raise


def _apart(raw: Array, value: Any) -> Any:
    """Return a value that shares no memory with what it is assigned to.

    NumPy may read in it what it has written already, as in ``x[::2] = x[:3]``.
    """
    return value.copy() if isinstance(value, np.ndarray) and np.may_share_memory(raw, value) else value


def _parts(index: Any) -> tuple[Any, ...]:
    return index if type(index) is tuple else (index,)


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and a.strides == b.strides and a.dtype == b.dtype and address(a) == address(b)


def write(x: Any, change: Callable[[Array], object], target: Array | None = None) -> None:
    """Let `change` write into the memory of `x`, or into a copy that takes its place where a tape holds that.

    A change that fails leaves all as it was. `target` is the part that will be written, all of it by default.
    """
    become_array(x)
    if not writeable(x):
        raise ValueError("assignment destination is read-only")
    base, steps = x._alias if type(x._alias) is tuple else (x, ())
    is_busy = busy(x, target)
    if type(base._alias) is Family:
        base._alias.written = True
    if not is_busy:
        change(x._raw)
        return
    fresh = base._raw.copy(order="K")
    change(follow(steps, fresh))
    if base._alias is None:
        base._raw = fresh
    else:  # busy() has founded a family
        base._alias.renew(base, fresh)


def writeable(x: Any) -> bool:
    """Tell whether NumPy would write into the memory of `x`."""
    if type(x._alias) is Family and x._alias.lent:
        follow_flags(x)
    return x._raw.flags.writeable  # type: ignore[no-any-return]


def output(x: Any, traced: bool) -> Array:
    """Return an array for NumPy to write a result into: the memory of `x` if nobody would notice, or one like it.

    `traced` tells that the result has a derivative, which will be assigned.
    """
    become_array(x)
    free = not traced and writeable(x) and not recorded(x) and not busy(x)  # before another reference is made
    return x._raw if free else likeness(x._raw)


def recorded(x: Any, *values: Any) -> bool:
    """Tell whether a change of `x` by these values goes on the tape."""
    if paused and not settings.recording():
        return False
    return base_of(x)._known is not None or has_variable(values)


def busy(x: Any, target: Array | None = None) -> bool:
    """Tell whether writing into the memory of `x` would be noticed by a tape, or by somebody who keeps the array."""
    if x._alias is None:
        return shared(x)
    base = base_of(x)
    if family_of(base).foreign:
        return True
    return kept_elsewhere(base, x._raw[...] if target is None else target)  # not x._raw itself: its references count


def _after(x: Any, base: Any, index: Any, value: Node | None, basic: bool) -> Node:
    """Return the node that the base of `x` has after an update; views are read anew from what it has by then."""
    node, family = base._known, base._alias
    after: Node = new_object(Node)  # in line, as recorders do
    after.rule = SETITEM if basic else SETITEMS
    if base is x:
        after.args = ((), index)
    else:
        steps = x._alias[1]
        after.args = (steps, index)
        if value is not None and any(isinstance(step, Step) for step in steps) and repeats(follow(steps, base._raw)):
            after.rule = SETWINDOWS
            after.args = (steps, index, _last_written(base._raw, steps, index))
    if family is not None:
        (family if type(family) is Family else family_of(base)).outdate(node is None)
    if node is nodes.WRITTEN:
        if not _is_whole(x._raw, base._raw, index):
            return node
        node = None
    after.kwargs = after.out = after.grad = None
    after.parents = (node, value)
    after.order = next_order()
    after.shape, after.dtype = base._raw.shape, base._raw.dtype
    return after


def _is_whole(view: Array, data: Array, index: Any) -> bool:
    """Tell whether an index of a view leads to all elements of the data."""
    return is_basic(index) and view[index].nbytes == data.nbytes and not repeats(view[index])


def _last_written(data: Array, steps: Steps, index: Any) -> Any:
    """Tell of each value that is assigned to a part of a view whether it is what stands there in the end."""
    region = follow(steps, np.empty_like(data, dtype=float))
    turns = np.arange(float(region[index].size)).reshape(region[index].shape)
    region[index] = turns
    return region[index] == turns


def node_of(view: Any) -> Node | None:
    """Return the node of a view, recorded anew if the base has been updated or its tape released since.

    None says that the base is a constant: the update that was to make a variable of it was interrupted.
    """
    node: Node | None = view._known
    assert node is not None
    if node is not nodes.OUTDATED and node.rule is not nodes.RELEASED:
        return node
    base, steps = view._alias
    if node is nodes.OUTDATED:
        family_of(base).updated(view)
    view._known = node = None if base._known is None else _replayed(base._known, view._raw, steps)
    return node


def _replayed(base: Node, view: Array, steps: Steps) -> Node:
    """Record the steps that lead to a view."""
    *before, last = steps
    if not before and isinstance(last, Step):
        return last.node(base, view)
    if not before:
        return Node(GETITEM, last, None, None, (base,), view.shape, view.dtype)
    place = (steps, ...) if isinstance(last, Step) else (tuple(before), last)
    return Node(VIEWITEM, place, None, None, (base,), view.shape, view.dtype)
