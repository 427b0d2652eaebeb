"""The tape: its nodes, what the sweep asks of their rules, and the recording state."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .references import COUNTED, MANY, count
from .settings import Block, next_level
from .settings import paused as paused
from .settings import recording as recording

# Whatever can stand inside a Tensor: an ndarray, a NumPy scalar, another Tensor, a Dual, a foreign array.
Array = Any

next_order = itertools.count().__next__


class Spec:
    """The shape and dtype of an array whose values nobody needs."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype})"


class PullbackRule:
    """What the sweep asks of a rule.

    Attributes
    ----------
    shared : whether one object is the rule of all calls of a function, so that it tells what they have in common
    views : whether its results are views, which a node of it reads anew from what its args tell of the place
    exact : whether the pullback only moves, adds and scales cotangents, so that no zero meets an infinity in it
    entrance : whether the node stands for an argument, at which the gradient of a function arrives
    opaque : whether the pullback is somebody's own program, of which no more is known than what it returns
    batches : whether the pullback may be given a `batch.Batch` of cotangents, which it may still refuse by an exception
    """

    name: str
    shared = False
    views = False
    exact = True
    entrance = False
    opaque = False
    batches = False

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        """Return the cotangent of each operand, None for a constant one."""
        raise NotImplementedError

    def contributions(self, node: Node, g: Array, mend: Callable[..., Any]) -> Iterable[Any]:
        """Return the same for a large array in the sweep; one may be an object that adds itself, as `Product` does.

        ``mend(i)`` is for `parallel.product_in_parts`, about the cotangent of the i-th operand.
        """
        return self.pullback(node, g)

    def smoothed(self, node: Node) -> Node | None:
        """Return a node of the same value that can be differentiated twice where this one cannot, if there is one."""
        return None

    def lift(self, node: Node, wrap: Callable[[Array, Node], Array]) -> Node:
        """Return the node with its saved values as Tensors on the tape, so that the pullback is recorded too."""
        return node


class Node(Spec):
    """One recorded call; its shape and dtype are those of the call's result.

    Attributes
    ----------
    rule : the rule that pulls a cotangent back through the call; None for a leaf, `RELEASED` once the tape is gone
    args : the raw operands that the forward pass saw (a Spec or None where the rule does not need the values), `Viewed`
        where the result is a view; of a node that a transform asks for, `AWAITED`; of a released one, its rule's name
    kwargs : the remaining parameters, by name
    out : the raw result, or None where the rule does not need it
    parents : the nodes that the operands came from, aligned with `args` (None for a constant)
    grad : the gradient that the last sweep left here, or OUTSIDE where the Tensor holds it
    holder : of a leaf, a weak reference to its Tensor, or `somebody`; where nothing is counted, of each node
    order : a running number; a node's parents always have smaller ones
    """

    __slots__ = ("args", "grad", "holder", "kwargs", "order", "out", "parents", "rule")

    rule: PullbackRule | None
    args: Any
    kwargs: dict[str, Any] | None
    out: Array
    parents: tuple[Node | None, ...]
    grad: Array
    holder: Callable[[], Any]
    order: int

    def __init__(
        self,
        rule: PullbackRule | None,
        args: Any,
        kwargs: dict[str, Any] | None,
        out: Array,
        parents: tuple[Node | None, ...],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        self.rule = rule
        self.args = args
        self.kwargs = kwargs
        self.out = out
        self.parents = parents
        self.grad = None
        self.order = next_order()
        self.shape = shape
        self.dtype = dtype

    def release(self, by: str | None = None) -> None:
        """Drop what the tape saved here; a later sweep that comes by raises, and says `by` what it was released."""
        if self.rule is not RELEASED:
            assert self.rule is not None
            self.args = self.rule.name
            self.rule = RELEASED
            self.kwargs = None
            self.out = by
        self.parents = ()

    def become_leaf(self) -> None:
        """Drop what the tape saved here, and the history; somebody has the Tensor."""
        self.rule = self.args = self.kwargs = self.out = None
        self.parents = ()
        if COUNTED:
            self.holder = somebody

    def __repr__(self) -> str:
        name = "leaf" if self.rule is None else self.rule.name
        return f"Node({name}, shape={self.shape}, dtype={self.dtype})"


class Viewed(tuple[Any, ...]):
    """What the node of a view saves of its operands: nothing of the values."""

    __slots__ = ()


# Stands for a gradient that the Tensor holds; see Tensor.grad.
OUTSIDE = object()
# Stands in the args of a leaf whose gradient a transform will ask for by its node.
AWAITED = object()


def somebody() -> None:
    """Stand for the Tensor of a leaf that was computed once: nobody knows it, but it counts as a reference."""


def leaf(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Node:
    """Return a node with no history: the place where a variable's gradient arrives."""
    return Node(None, None, None, None, (), shape, dtype)


def _told(node: Node) -> int:
    """Return no references, or many, to a node: whether its Tensor is still there is asked of that, and not counted."""
    holder = getattr(node, "holder", None)
    if holder is None or node.args is AWAITED or (node.rule is not None and node.rule.entrance):
        return MANY
    tensor = holder()
    return MANY if tensor is not None and tensor._known is node else 0


# The number of references to a node, from which it is told whether somebody may still see its gradient.
references: Callable[[Node], int] = count if COUNTED else _told

# Stands for the node of a view whose base has been updated since; see Tensor._node.
OUTDATED = leaf((), np.dtype(float))


def clear(node: Node, after: Node | None = None) -> None:
    """Drop the gradient of a node; if the Tensor holds it, the tape that it is on goes with it.

    `after` is the node that the Tensor has by now, where that is another one.
    """
    if node.grad is OUTSIDE:
        # Where nothing is counted, `after` alone knows the Tensor by now.
        tensor = getattr(after, "holder", node.holder)()
        if tensor is not None and tensor._known is (after or node):
            del tensor._grad
    node.grad = None


class _Released(PullbackRule):
    """The rule of a node whose tape has been released."""

    name = "released"

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        raise released(node)


RELEASED = _Released()
RELEASED_MESSAGE = (
    "was released by an earlier backward(). A parameter is updated off the tape: `w.data -= rate * w.grad`, or inside "
    "`with ga.no_grad():`; a computed start value becomes a leaf by `w = ga.tensor(w)`; to go through the same graph "
    "twice, pass retain_graph=True to the first backward()."
)
# Of large arrays, what a node saved is dropped once used.
FAILED = (
    "is released: an earlier backward() of this tensor failed, and had released a part of the graph by then. Compute "
    "the tensor anew, or pass retain_graph=True to the first backward()."
)
CLEARED = "was released by clear_graph(). Compute the tensor anew."


INTERRUPTED = (
    "an update in place of this tensor, or of one that it was computed from, was interrupted while it wrote, and what "
    "stands there has no derivative. Compute the tensor anew, or assign to all of it: x[...] = value."
)

# Stands for the node of a Tensor that is written into. There it stays if an interrupt comes before the write is
# recorded. It looks like a node of any tape, however young, that was released; its one parent is None.
WRITTEN = leaf((), np.dtype(float))
WRITTEN.rule, WRITTEN.order, WRITTEN.parents = RELEASED, sys.maxsize, (None,)


def released(node: Node, this: bool = False) -> RuntimeError:
    """Return the error for a sweep that comes by a released node; `this` is the tensor that it was asked for."""
    if node is WRITTEN:
        return RuntimeError(INTERRUPTED)
    which = f"this tensor of shape {node.shape}" if this else f"a tensor of shape {node.shape} behind this one"
    return RuntimeError(f"{node.args}, which gave {which}, {RELEASED_MESSAGE if node.out is None else node.out}")


# --- recording state ------------------------------------------------------------------------------------------------


class _NoGrad(Block):
    """Stop recording inside a ``with`` block or a decorated function; results are constants.

    It acts on the calling thread, or asyncio task, alone; blocks may be nested. The function that is differentiated may
    hold such a block: what is computed there is a constant in both modes. One that was open before concerns only what
    is outside of the derivative that is asked for within it. A generator or a coroutine function that is decorated
    does not record whenever it runs.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor(2.0)
    >>> with ga.no_grad:
    ...     y = x * x
    >>> y.constant
    True
    >>> @ga.no_grad
    ... def double(x):
    ...     return 2 * x
    >>> double(x).constant
    True
    """

    def _changes(self) -> dict[str, Any]:
        return {"recording": False, "stopped": next_level()}


no_grad = _NoGrad("no_grad", paused)
