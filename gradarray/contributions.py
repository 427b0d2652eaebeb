"""Cotangents of operands that are not a whole array of their own: parts, and products still to be computed.

Each adds itself to what the sweep has of the operand's cotangent: to None, where it is the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .buffers import LARGE
from .parallel import add, clear, product_in_parts, scaled_in_parts, ufunc_in_parts
from .tape import Array, Node, PullbackRule


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
    batches = True

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        return (Part(node.args[0], g),)


PICK = _Pick()


def blank(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return zeros: not by np.zeros, which asks the operating system for fresh pages, several times as dear."""
    buffer = np.empty(shape, dtype)
    clear(buffer)
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
            if self.g.size >= LARGE and type(index) is slice and index.step in (None, 1):
                buffer = np.empty(parent.shape, parent.dtype)
                start, stop, _ = index.indices(len(buffer))
                buffer[:start] = 0
                add(buffer[start:stop], self.g, assign=True)
                buffer[max(start, stop) :] = 0
                owned.add(parent)
                return buffer
            buffer = blank(parent.shape, parent.dtype)
        elif parent not in owned:
            buffer = np.array(buffer)
        owned.add(parent)
        self.put(buffer, self.index, self.g)
        return buffer


class Cleared:
    """The cotangent of an array before a part of it was overwritten: the same, with zeros in that part.

    It is made in place where the sweep owns the buffer: a loop that fills out[i] costs O(n), not O(n^2).
    """

    __slots__ = ("clear", "g")
    shape = None

    def __init__(self, g: Array, clear: Callable[[Array], None]) -> None:
        self.g = g
        self.clear = clear

    def add_to(self, buffer: Any, parent: Node, owned: set[Node], mine: bool) -> Any:
        g = self.g if mine else np.array(self.g, order="C")
        self.clear(g)
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
        """Add to a contiguous array of the sweep's own, if that can be done without computing the whole first."""
        raise NotImplementedError

    def add_to(self, buffer: Any, parent: Node, owned: set[Node], mine: bool) -> Any:
        if buffer is not None and parent in owned and buffer.flags.c_contiguous and self._add_into(buffer):
            return buffer
        result = self._computed(mine and self.last)
        if result.base is not None:  # one number, spread over the shape
            return result if buffer is None else buffer + result
        owned.add(parent)
        if buffer is not None:
            add(result, buffer)
        return result


class Product(_Lazy):
    """The cotangent times a partial derivative."""

    __slots__ = ("partial", "saved")

    def __init__(self, g: Array, partial: Callable[..., Array], saved: tuple[Any, ...]) -> None:
        super().__init__(g)
        self.partial = partial
        self.saved = saved

    def _computed(self, spare: bool) -> Array:
        return product_in_parts(self.g, self.partial, self.saved, spare=spare)

    def _add_into(self, buffer: Array) -> bool:
        product_in_parts(self.g, self.partial, self.saved, buffer)
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
