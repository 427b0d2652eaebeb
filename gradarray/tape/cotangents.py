"""Cotangents of operands that are not a whole array of their own: parts, and products still to be computed.

Each adds itself to what the sweep has of the operand's cotangent: to None, where it is the first one.

Who may write into a cotangent. What a rule returns may be the cotangent that it was given, a view of that, one number
spread over a shape, or an array that somebody goes on holding. So the cotangent that is pending for a node is written
into only where it is a *buffer*, which is three things at once:

- an ndarray, also without axes: ``+=`` of a NumPy scalar makes another scalar, and leaves the first as it was;
- in C order, as the operand is thought to lie when a view of it is taken: ``reshape(-1)`` of another one is a copy;
- the sweep's alone: pending for no other node, kept as no gradient, and no view of anything that is.

The set `owned` names the nodes for which a buffer is pending. Buffers are made by `blank`, and by `buffer_of` of a
cotangent that has come already; a node that is pulled hands its own on as `mine`, to be taken over by the contribution
that needs it last. The sum of two cotangents is none: it may be a scalar, and lies in memory as they do. A large array
of the sweep's alone, told by its references, is as good as a buffer where the order does not matter, which is to say
where a whole cotangent is added to it, or an element-wise product takes its memory; in C order it becomes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..kernels.arrays import LARGE, Array, is_floating
from ..kernels.parts import add, product_in_parts, scaled_in_parts, ufunc_in_parts, zero_fill
from ..kernels.traced import MEMORY, TRACED, copy_of, zeros_beside
from .nodes import Node, PullbackRule


class Part:
    """The cotangent of the k-th of several results."""

    __slots__ = ("g", "k")
    shape = None  # unlike any array's, so that the sweep takes a second look

    def __init__(self, k: int, g: Array) -> None:
        self.k = k
        self.g = g

    def add_to(self, buffer: Any, parent: Node, owned: set[Node], mine: bool) -> Any:
        buffer = [None] * len(parent.out) if buffer is None else buffer
        buffer[self.k] = self.g if buffer[self.k] is None else buffer[self.k] + self.g
        return buffer


class _Pick(PullbackRule):
    """The rule that leads from one of several results to the call that made them."""

    name = "result"
    shared = True
    fixed = True
    batches = True

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        return (Part(node.args[0], g),)

    def push(self, node: Node, tangents: Sequence[Any], forward: Any) -> Any:
        return tangents[0][node.args[0]]


PICK = _Pick()


def picked(call: Node, outs: Iterable[Any], wrap: Callable[[Array, Node], Any]) -> list[Any]:
    """Return the results of one call: what may have a derivative as a Tensor, whose node hangs on that of the call."""
    return [
        wrap(out, Node(PICK, (k,), None, None, (call,), out.shape, out.dtype)) if is_floating(out) else out
        for k, out in enumerate(outs)
    ]


def buffer_of(g: Array, mine: bool = False) -> Array:
    """Return a buffer that holds a cotangent: in its own memory if that is `mine` and can be one, else in a copy."""
    if type(g) not in MEMORY:
        return copy_of(g)
    return g if mine and g.flags.c_contiguous else g.copy()


def blank(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return a buffer of zeros: not by np.zeros, which asks for fresh pages, several times as dear."""
    buffer = np.empty(shape, dtype)
    zero_fill(buffer)
    return buffer


class Scatter:
    """The cotangent of ``x[index]``, added at the index into one buffer: a loop over x[i] costs O(n), not O(n^2)."""

    __slots__ = ("g", "index", "put")
    shape = None

    def __init__(self, index: Any, g: Array, put: Callable[[Array, Any, Array], None]) -> None:
        self.index = index
        self.g = g
        self.put = put

    def add_to(self, buffer: Any, parent: Node, owned: set[Node], mine: bool) -> Any:
        if buffer is None:
            index = self.index
            if self.g.size >= LARGE and type(self.g) is np.ndarray and type(index) is slice and index.step in (None, 1):
                buffer = np.empty(parent.shape, parent.dtype)
                start, stop, _ = index.indices(len(buffer))
                buffer[:start] = 0
                add(buffer[start:stop], self.g, assign=True)
                buffer[max(start, stop) :] = 0
                owned.add(parent)
                return buffer
            if type(self.g) in TRACED:
                buffer = zeros_beside(self.g, parent.shape, parent.dtype)
            else:
                buffer = blank(parent.shape, parent.dtype)
        elif type(self.g) in TRACED and type(buffer) not in TRACED:
            buffer = self.g.program.entered(buffer).as_array()
        elif parent not in owned:
            buffer = buffer_of(buffer)
        owned.add(parent)
        self.put(buffer, self.index, self.g)
        return buffer


class Cleared:
    """The cotangent of an array before a part of it was overwritten: the same, with zeros in that part.

    It is made in place where the sweep owns the buffer: a loop that fills out[i] costs O(n), not O(n^2).
    """

    __slots__ = ("clear", "g", "place")
    shape = None

    def __init__(self, g: Array, clear: Callable[[Array, Any], None], place: Any) -> None:
        self.g = g
        self.clear = clear
        self.place = place

    def add_to(self, buffer: Any, parent: Node, owned: set[Node], mine: bool) -> Any:
        g = buffer_of(self.g, mine)
        self.clear(g, self.place)
        owned.add(parent)
        if buffer is not None:
            add(g, buffer)
        return g


class _Lazy:
    """The cotangent of a large array that is still to be computed: into the buffer, without an array of its own.

    The last one that comes of a cotangent takes its memory where nobody else needs that.
    """

    __slots__ = ("g", "last")
    shape = None

    def __init__(self, g: Array) -> None:
        self.g = g
        self.last = False

    def _computed(self, spare: bool) -> Array:
        """Return the array, which may take the memory of a cotangent to spare."""
        raise NotImplementedError

    def _add_into(self, buffer: Array) -> bool:
        """Add to a buffer, if that can be done without computing the whole first."""
        raise NotImplementedError

    def add_to(self, buffer: Any, parent: Node, owned: set[Node], mine: bool) -> Any:
        if parent in owned and self._add_into(buffer):
            return buffer
        result = self._computed(mine and self.last)
        if parent in owned:
            add(buffer, result)
            return buffer
        if result.base is not None:  # one number, spread over the shape
            return result if buffer is None else buffer + result
        if result.flags.c_contiguous:
            owned.add(parent)
        if buffer is not None:
            add(result, buffer)
        return result


class Product(_Lazy):
    """The cotangent times a partial derivative."""

    __slots__ = ("mend", "partial", "saved")

    def __init__(
        self, g: Array, partial: Callable[..., Array], saved: tuple[Any, ...], mend: Callable[..., Array]
    ) -> None:
        self.g = g
        self.last = False
        self.partial = partial
        self.saved = saved
        self.mend = mend

    def _computed(self, spare: bool) -> Array:
        return product_in_parts(self.g, self.partial, self.saved, spare=spare, mend=self.mend)

    def _add_into(self, buffer: Array) -> bool:
        product_in_parts(self.g, self.partial, self.saved, buffer, mend=self.mend)
        return True


class Scaled(_Lazy):
    """The cotangent times a number."""

    __slots__ = ("factor",)

    def __init__(self, g: Array, factor: float) -> None:
        super().__init__(g)
        self.factor = factor

    def _computed(self, spare: bool) -> Array:
        return scaled_in_parts(self.g, self.factor, spare)

    def _add_into(self, buffer: Array) -> bool:
        if self.factor == -1:
            ufunc_in_parts(np.subtract, buffer, self.g, out=buffer)
        return self.factor == -1


# --- reading --------------------------------------------------------------------------------------------------------


class Reading(PullbackRule):
    """The rule of a call that reads some elements of an array."""

    put: Callable[[Array, Any, Array], None]
    name = "getitem"
    shared = True
    fixed = True
    along = True
    shape_follows = True

    def __init__(self, put: Callable[[Array, Any, Array], None], views: bool) -> None:
        self.put = put
        self.views = views

    def pull_along(
        self, node: Node, g: Array, dg: Array | None, tangents: Sequence[Any], tangent: Any, dual: Callable[..., Any]
    ) -> Any:
        (c,) = self.pullback(node, g)
        return ((c, None if dg is None else next(iter(self.pullback(node, dg)))),)
