"""The steps that lead from a base to a view of it, so that they can be taken again on other data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ...tape.nodes import Node, PullbackRule, Viewed

# What the node of a view by a function of one array saves.
VIEWED = Viewed((None,))


class Step:
    """One call that gives a view, kept so that it can be carried out again on other data.

    A basic index that was read stands for itself among the steps.

    Attributes
    ----------
    PARTS : the names of what tells one step from another
    """

    __slots__ = ()
    PARTS: tuple[str, ...]

    def view(self, array: Array) -> Array:
        """Return the view of an array."""
        raise NotImplementedError

    def node(self, parent: Node, out: Array) -> Node:
        """Return the node of the call that makes `out` of an array whose node is `parent`."""
        raise NotImplementedError


class Call(Step):
    """A call of a function of one array."""

    __slots__ = ("forward", "params", "rule")
    PARTS = __slots__
    rule: PullbackRule
    forward: Callable[..., Array]
    params: dict[str, Any]

    def view(self, array: Array) -> Array:
        return self.forward(array, **self.params)

    def node(self, parent: Node, out: Array) -> Node:
        return Node(self.rule, VIEWED, self.params, None, (parent,), out.shape, out.dtype)


class CallAmongOthers(Step):
    """A call of a function with other operands beside the array, as np.einsum has its subscripts.

    Attributes
    ----------
    saved : what a node saves of the operands, with None in place of the array
    before, after : the operands on either side of it
    """

    __slots__ = ("after", "before", "func", "kwargs", "rule", "saved")
    PARTS = ("after", "before", "func", "kwargs")

    def __init__(
        self, rule: PullbackRule, func: Any, saved: Any, before: list[Any], after: list[Any], kwargs: dict[str, Any]
    ) -> None:
        self.rule = rule
        self.func = func
        self.saved = Viewed(saved)
        self.before = before
        self.after = after
        self.kwargs = kwargs

    def view(self, array: Array) -> Array:
        return self.func(*self.before, array, *self.after, **self.kwargs)

    def node(self, parent: Node, out: Array) -> Node:
        parents = ((None,) * len(self.before)) + (parent,) + ((None,) * len(self.after))
        return Node(self.rule, self.saved, self.kwargs, None, parents, out.shape, out.dtype)


Steps = tuple[Any, ...]


def follow(steps: Steps, array: Array) -> Array:
    """Return what the steps lead to from an array in place of the base."""
    for step in steps:
        array = step.view(array) if isinstance(step, Step) else array[step]
    return array


# Indices are made one from so many steps on, which a chain of slices of slices comes to.
_LONG = 4


def prolonged(base: Any, steps: Steps, step: Any) -> Steps:
    """Return the steps with another one at the end, in which a long row of indices is one."""
    if len(steps) >= _LONG and not isinstance(steps[-1], Step) and not isinstance(step, Step):
        index = _folded(follow(steps[:-1], base._raw).shape, steps[-1], step)
        if index is not None:
            return (*steps[:-1], index)
    return (*steps, step)


def _folded(shape: tuple[int, ...], first: Any, second: Any) -> Any:
    """Return the basic index that leads where two of them lead, one after the other; None where there is none."""
    lengths = iter(shape)
    places = [None if item is None else range(next(lengths))[item] for item in _written_out(first, len(shape))]
    ndim = sum(not isinstance(place, int) for place in places)
    rest = iter(places)
    index: list[Any] = []
    for item in _written_out(second, ndim):
        if item is None:
            index.append(None)
            continue
        place = next(rest)
        while isinstance(place, int):  # an axis that the first index took away
            index.append(place)
            place = next(rest)
        part = range(1)[item] if place is None else place[item]
        if isinstance(part, int):
            index += [] if place is None else [part]
        elif place is not None:
            index.append(slice(part.start, part.stop if part.stop >= 0 else None, part.step) if part else slice(0))
        elif part:
            index.append(None)
        else:
            return None  # nothing of an axis that only the first index made
    return (*index, *rest, ...)  # a view, also of one element


def _written_out(index: Any, ndim: int) -> list[Any]:
    """Return the parts of a basic index: one for each axis, and None for each new one."""
    parts = list(index) if type(index) is tuple else [index]
    place = next((k for k, part in enumerate(parts) if part is Ellipsis), len(parts))
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    parts[place : place + 1] = [slice(None)] * (ndim - taken)
    return parts


def located(steps: Steps, index: Any, buffer: Array) -> tuple[Any, Any]:
    """Return the elements of a buffer in one dimension, and where among them an index of a view leads."""
    assert buffer.flags.c_contiguous, "a view in one dimension of this buffer would be a copy"
    flat, codes = buffer.reshape(-1), np.arange(buffer.size).reshape(buffer.shape)
    if buffer.dtype.kind != "c":
        return flat, follow(steps, codes)[index]
    places = follow(steps, 2 * codes + 1j * (2 * codes + 1))[index]
    if places.dtype.kind == "c":
        return flat, places.real.astype(int) // 2
    return flat.view(flat.real.dtype), places.astype(int)


def repeats(view: Array) -> bool:
    """Tell whether a view may show elements more than once, as overlapping windows do."""
    extent = view.itemsize
    for stride, n in sorted((abs(stride), n) for stride, n in zip(view.strides, view.shape, strict=True) if n > 1):
        if stride < extent:
            return True
        extent += stride * (n - 1)
    return False
