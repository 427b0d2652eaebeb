"""Indexing, views and in-place updates of Tensors.

Reading ``x[i]`` records the index alone; its cotangent is added into the parent's buffer at the index. Writing
``x[i] = v`` changes the memory that all views share, and gives the base a new node, so that what was computed before
the update keeps its own history; views that see the update get nodes that start from there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from . import loss, tape, wrapping
from .aliases import (
    MANY,
    Family,
    Foreign,
    Step,
    Steps,
    as_array,
    base_of,
    become_array,
    family_of,
    follow,
    held,
    join,
    owner_of,
    shared,
)
from .contributions import Cleared, Scatter, buffer_of
from .dispatch import FUNCTIONS, UFUNCS, primitive
from .fitting import FLOAT64
from .gate import PLAIN
from .kinds import public_name
from .loss import GradientLossError
from .outputs import in_place, likeness, updated_array
from .places import BASIC, add_at, add_at_places, add_in_slice, astype, clear, freeze, is_basic, scatter, value_vjp
from .registry import linear
from .tape import Array, Node, PullbackRule, next_order
from .wrapping import has_tensor, has_variable, new_object, stack_nested, unwrap

if TYPE_CHECKING:
    from ._tensor import Tensor

# --- reading --------------------------------------------------------------------------------------------------------


class Reading(PullbackRule):
    """The rule of a call that reads some elements of an array.

    Attributes
    ----------
    put : adds a cotangent into a buffer, at the place that the node's args tell
    """

    name = "getitem"
    shared = True

    def __init__(self, put: Callable[[Array, Any, Array], None], views: bool) -> None:
        self.put = put
        self.views = views


class GetItem(Reading):
    """The rule of ``x[index]``; the index stands in the node's args."""

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        index = node.args
        if type(g) in PLAIN:
            return (Scatter(index, g, self.put),)
        (parent,) = node.parents
        assert parent is not None
        return (scatter(g, index=index, shape=parent.shape),)


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


def _add_in_view(buffer: Array, place: tuple[Steps, Any], g: Array) -> None:
    steps, index = place
    region = follow(steps, buffer)
    flags = region.flags
    if flags.writeable and np.may_share_memory(region, buffer) and (flags.forc or not _repeats(region)):
        add_at(region, index, g)
    else:  # elements repeat, as in overlapping windows, or the base did not lie in C order, as a buffer does
        flat, places = _located(steps, index, buffer)
        add_at(flat, places, g)


def _located(steps: Steps, index: Any, buffer: Array) -> tuple[Any, Any]:
    """Return the elements of a buffer in one dimension, and where among them an index of a view leads."""
    assert buffer.flags.c_contiguous, "a view in one dimension of this buffer would be a copy"
    flat, codes = buffer.reshape(-1), np.arange(buffer.size).reshape(buffer.shape)
    if buffer.dtype.kind != "c":
        return flat, follow(steps, codes)[index]
    places = follow(steps, 2 * codes + 1j * (2 * codes + 1))[index]
    if places.dtype.kind == "c":
        return flat, places.real.astype(int) // 2
    return flat.view(flat.real.dtype), places.astype(int)


@primitive
def scatter_view(y: Array, steps: Steps, index: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    """Return zeros with `y` added at an index of the view that the steps lead to: the adjoint of reading there."""
    buffer = np.zeros(shape, dtype)
    _add_in_view(buffer, (steps, index), y)
    return buffer


linear(scatter_view, lambda g, y, *, steps, index, shape, dtype: follow(steps, g)[index])  # noqa: ARG005

# By a basic index, by another one, and from a view.
GETITEM, PICKITEM, VIEWITEM = GetItem(add_in_slice, True), GetItem(add_at_places, False), _ViewItem(_add_in_view, True)


_FEW_VIEWS = frozenset({list, Foreign})


def getitem(x: Tensor, index: Any) -> Tensor:
    """Return ``x[index]`` for any index that NumPy takes."""
    basic = type(index) in BASIC
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
    if parent is None or (tape.paused and not tape.recording()):
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
            return t  # type: ignore[no-any-return]
        n.shape, n.dtype = out.shape, out.dtype
    if basic and type(out) is np.ndarray and data is x._raw:
        alias = x._alias
        if type(alias) in _FEW_VIEWS and len(alias) < MANY:  # as join() does, without the call
            alias.append(ref(t))
            t._alias = (x, (index,))
        else:
            join(t, x, index)
    return t  # type: ignore[no-any-return]


# --- writing --------------------------------------------------------------------------------------------------------


class _SetItem(PullbackRule):
    """The rule of ``x[index] = value``, on the base of `x`: the node's args are the steps from the base, and the index.

    What comes back to the elements that were overwritten belongs to the value, and not to what stood there before.
    """

    name = "setitem"
    shared = True
    batches = True

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
            picked = value_vjp(follow(steps, g), None, None, value, index=index)
            if base is not None and isinstance(picked, np.ndarray):
                picked = picked.copy()  # before the elements are cleared
        return None if base is None else Cleared(g, lambda buffer: _clear(buffer, steps, index)), picked


class _SetWindows(_SetItem):
    """The rule of writing through a view that shows elements more than once: of those, one value alone stays.

    The node's args tell for each value, too, whether it is the one.
    """

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        base, value = node.parents
        steps, index, stays = node.args
        picked = None
        if value is not None:
            picked = np.where(stays, follow(steps, g)[index], 0)
            if value.ndim > picked.ndim:
                picked = picked.reshape((1,) * (value.ndim - picked.ndim) + picked.shape)
        return None if base is None else clear_view(g, steps=steps, index=index), picked


def _clear(buffer: Array, steps: Steps, index: Any) -> None:
    region = follow(steps, buffer)
    if steps and not np.may_share_memory(region, buffer):  # the base did not lie in C order, as a buffer does
        flat, places = _located(steps, index, buffer)
        flat[places] = 0
    else:
        region[index] = 0


@primitive
def clear_view(y: Array, steps: Steps, index: Any) -> Array:
    """Return a copy of `y` with zeros at an index of the view that the steps lead to."""
    cleared = buffer_of(y)
    _clear(cleared, steps, index)
    return cleared


linear(clear_view, lambda g, y, *, steps, index: clear_view(g, steps=steps, index=index))  # noqa: ARG005

SETITEM, SETWINDOWS = _SetItem(), _SetWindows()


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """Carry out ``x[index] = value``, for `x` and for every tensor that shares its memory."""
    index = freeze(index)
    if isinstance(value, (list, tuple)) and has_tensor(value):
        value = stack_nested(value)
    if isinstance(value, wrapping.Dual):
        if not loss.ignored():
            raise GradientLossError(
                "a tensor cannot hold the tangent of what is being differentiated in forward mode. "
                "Let the array be made in the function, as np.zeros_like(x) of its argument."
            )
        value = wrapping.bare(value)
    node = value._node if isinstance(value, wrapping.Tensor) else None
    base = base_of(x)
    recorded = (node is not None or base._node is not None) and tape.recording()
    if node is not None and recorded and x.dtype.kind not in "fc":
        raise GradientLossError(
            f"a tensor of dtype {x.dtype} is a constant and cannot take a variable; "
            "convert it to floating-point numbers first, as in x.astype(float)."
        )
    become_array(x)
    if x._alias is None and not shared(x):
        if type(value) is wrapping.Tensor:
            value = value._raw
        if not recorded:
            x._raw[index] = value
            return
        after = _after(x, x, index, node)
        known, x._known = x._known, tape.WRITTEN  # as in _assign, without the call
        try:
            x._raw[index] = value
        except Exception:
            x._known = known
            raise
    else:
        target = None
        if x._alias is not None:
            place = _parts(index) if is_basic(index) else (...,)
            place = place if Ellipsis in place else (*place, ...)  # for an array of its own, even of one element
            target = x._raw[place]
            if (
                isinstance(value, wrapping.Tensor)
                and type(value._alias) is tuple
                and value._alias[0] is base
                and is_basic(index)
                and _same(value._raw, target)
                and writeable(x)
            ):
                return  # x[i] += v ends so: the view of x that += has changed is assigned to its own place
        if not recorded:
            write(x, lambda raw: _assign(raw, index, value), target)
            return
        after = _after(x, base, index, node)
        try:
            write(x, lambda raw: _assign(raw, index, value, base), target)
        except Exception:
            if base._known is None and base._alias is not None:
                family_of(base).stay_constant()
            raise
    base._known = after
    before = after.parents[0]
    if before is not None and before.grad is not None:
        tape.clear(before, after)  # of the value that was


def _assign(raw: Array, index: Any, value: Any, base: Tensor | None = None) -> None:
    """Carry out ``raw[index] = value``; until `base` gets its next node, it has one that tells of an interrupt."""
    value = unwrap(value)
    if isinstance(value, np.ndarray) and np.may_share_memory(raw, value):
        value = value.copy()  # NumPy may read in it what it has written already, as in x[::2] = x[:3]
    if base is None:
        raw[index] = value
        return
    known, base._known = base._known, tape.WRITTEN
    try:
        raw[index] = value
    except Exception:  # NumPy's, which has changed nothing
        base._known = known
        raise


def _parts(index: Any) -> tuple[Any, ...]:
    return index if type(index) is tuple else (index,)


def _same(a: Array, b: Array) -> bool:
    return (
        a.shape == b.shape
        and a.strides == b.strides
        and a.dtype == b.dtype
        and bool(a.__array_interface__["data"] == b.__array_interface__["data"])
    )


def write(x: Tensor, change: Callable[[Array], object], target: Array | None = None) -> None:
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


def writeable(x: Tensor) -> bool:
    """Tell whether NumPy would write into the memory of `x`."""
    data, owner = x._raw, owner_of(x)
    if owner is not None and owner.flags.writeable != data.flags.writeable:  # the caller has set it since
        data.flags.writeable = owner.flags.writeable
    return data.flags.writeable  # type: ignore[no-any-return]


def output(x: Tensor, traced: bool) -> Array:
    """Return an array for NumPy to write a result into: the memory of `x` if nobody would notice, or one like it.

    `traced` tells that the result has a derivative, which will be assigned.
    """
    become_array(x)
    free = not traced and writeable(x) and not recorded(x) and not busy(x)  # before another reference is made
    return x._raw if free else likeness(x._raw)


def recorded(x: Tensor, *values: Any) -> bool:
    """Tell whether a change of `x` by these values goes on the tape."""
    base = base_of(x)
    return tape.recording() and (base._node is not None or has_variable(values))


def busy(x: Tensor, target: Array | None = None) -> bool:
    """Tell whether writing into the memory of `x` would be noticed by a tape, or by somebody who keeps the array."""
    if x._alias is None:
        return shared(x)
    base = base_of(x)
    if family_of(base).foreign:
        return True
    return held(base, x._raw[...] if target is None else target)  # not x._raw itself: its references count


def _after(x: Tensor, base: Tensor, index: Any, value: Node | None) -> Node:
    """Return the node that the base of `x` has after an update; views are read anew from what it has by then."""
    data, node = base._raw, base._known
    steps = () if base is x else x._alias[1]
    rule: PullbackRule = SETITEM
    args: tuple[Any, ...] = (steps, index)
    if steps and value is not None and any(isinstance(step, Step) for step in steps) and _repeats(follow(steps, data)):
        rule, args = SETWINDOWS, (steps, index, _last_written(data, steps, index))
    if base._alias is not None:
        family_of(base).outdate(node is None)
    if node is tape.WRITTEN:
        if not _is_whole(x._raw, base._raw, index):
            return node
        node = None
    return Node(rule, args, None, None, (node, value), data.shape, data.dtype)


def _is_whole(view: Array, data: Array, index: Any) -> bool:
    """Tell whether an index of a view leads to all elements of the data."""
    return is_basic(index) and view[index].nbytes == data.nbytes and not _repeats(view[index])


def _repeats(view: Array) -> bool:
    """Tell whether a view may show elements more than once, as overlapping windows do."""
    extent = view.itemsize
    for stride, n in sorted((abs(stride), n) for stride, n in zip(view.strides, view.shape, strict=True) if n > 1):
        if stride < extent:
            return True
        extent += stride * (n - 1)
    return False


def _last_written(data: Array, steps: Steps, index: Any) -> Any:
    """Tell of each value that is assigned to a part of a view whether it is what stands there in the end."""
    region = follow(steps, np.empty_like(data, dtype=float))
    turns = np.arange(float(region[index].size)).reshape(region[index].shape)
    region[index] = turns
    return region[index] == turns


def node_of(view: Tensor) -> Node | None:
    """Return the node of a view, recorded anew if the base has been updated or its tape released since.

    None says that the base is a constant: the update that was to make a variable of it was interrupted.
    """
    node = view._known
    assert node is not None
    if node is not tape.OUTDATED and node.rule is not tape.RELEASED:
        return node
    base, steps = view._alias
    if node is tape.OUTDATED:
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


# Where NumPy's operator has ways of its own, such as squares for powers of 2, which differ in the last bit.
OPERATED: dict[np.ufunc, Callable[[Any, Any], Any]] = {np.power: operator.pow}


def update(x: Tensor, ufunc: np.ufunc, other: Any) -> Tensor:
    """Carry out an augmented assignment, such as ``x += other``."""
    if wrapping.is_scalar(x) and (x._known is None or tape.recording()):
        # It is not changed but replaced; off the tape, a variable is changed, because what replaces it were a constant.
        return UFUNCS[ufunc](x, other)  # type: ignore[no-any-return]
    other = wrapping.stacked(other, public_name(ufunc))
    _check_update(x, ufunc, unwrap(other))
    if recorded(x, other):
        result = in_place(OPERATED.get(ufunc, UFUNCS[ufunc])(x, other), x, ufunc, other)
        if result.dtype != x.dtype:
            result = astype(result, x.dtype)
        if result.shape != x.shape:  # with more axes of length one, which NumPy's A @= B takes
            result = result.reshape(x.shape)
        if not x._alias:
            if x._known is not None:
                tape.clear(x._known)
            data = _laid_as(x._raw, result._raw)
            alias = False if isinstance(data, np.generic) else None
            x._raw, x._known, x._alias = data, result._known, alias
        else:
            setitem(x, ..., result)
    elif not x._alias and (type(x._raw) is not np.ndarray or shared(x)):
        raw = in_place(np.asarray(OPERATED.get(ufunc, ufunc)(x._raw, unwrap(other))), x, ufunc, other)
        raw = raw.astype(x.dtype, copy=False).reshape(x.shape)
        x._raw = _laid_as(x._raw, raw) if type(x._raw) is np.ndarray else raw[()]
    else:
        write(x, lambda raw: updated_array(raw, ufunc, unwrap(other)))
    return x


def _laid_as(old: Array, new: Array) -> Array:
    """Return the array that takes the place of another one, with its elements in memory in that one's order."""
    if type(new) is not np.ndarray or type(old) is not np.ndarray or new.strides == old.strides:
        return new
    laid = np.empty_like(old, new.dtype)
    if laid.strides == new.strides:
        return new
    laid[...] = new
    return laid


def _check_update(x: Tensor, ufunc: np.ufunc, value: Any) -> None:
    """Raise what NumPy would, before anything has changed."""
    fits = writeable(x) if type(x._raw) is np.ndarray else True
    fits = fits and np.can_cast(np.result_type(x._raw, value), x.dtype, "same_kind")
    if not fits or ufunc is np.matmul or not _spreads(np.shape(value), x.shape):
        scratch = np.array(x._raw)
        scratch.flags.writeable = writeable(x) if type(x._raw) is np.ndarray else True
        updated_array(scratch, ufunc, value)


def _spreads(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    """Tell whether an array of one shape can be broadcast to another one."""
    return len(shape) <= len(into) and all(n in (1, m) for n, m in zip(shape[::-1], into[::-1], strict=False))


def without_copy(array: Array, shape: Any) -> Array:
    """Return a view of an array in another shape, or raise what ``array.shape = shape`` does.

    NumPy deprecates that assignment since 2.5, and np.reshape has no copy=False before 2.1.
    """
    if shape is None:
        raise TypeError("the shape of an array without axes is (), not None")
    view = np.reshape(array, shape)
    if view.size and not np.may_share_memory(view, array):
        raise AttributeError(
            f"an array of shape {array.shape} does not lie in memory so that it can have the shape {view.shape} "
            "without a copy; x.reshape() makes one"
        )
    return view


def reshape_inplace(x: Tensor, shape: Any) -> None:
    """Carry out ``x.shape = shape``.

    A tensor that is no view becomes one, of a base of the old shape that nobody sees: what was computed from the old
    shape, and the views of it, go on from there.
    """
    become_array(x)
    shape = without_copy(x._raw, shape).shape
    if type(x._alias) is not tuple:
        _stand_in_front(x)
    base = x._alias[0]
    front = base._alias.front() is x if type(base._alias) is Family else False
    start = base if front else x
    new: Any = FUNCTIONS[np.reshape]((start, shape), {})
    x._raw, x._alias = new._raw, (base, new._alias[1])
    if x._known is not None:
        x._known = tape.OUTDATED


def _stand_in_front(x: Tensor) -> None:
    """Put a base behind a tensor that has been none, or a base."""
    base = new_object(wrapping.Tensor)
    base._raw, base._alias, base._known = x._raw, x._alias, x._known
    node = x._known
    if node is not None and node.grad is tape.OUTSIDE:
        base._grad = x._grad
        del x._grad
    if node is not None and hasattr(node, "holder"):
        node.holder = ref(base)
    family = family_of(base)
    for view in family.views():
        view._alias = (base, view._alias[1])
    family.front = ref(x)
    family.add(x)
    x._alias = (base, ())
