"""The tape: its nodes, what the sweep asks of their rules, and the recording state."""

from __future__ import annotations

import gc
import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from ..kernels.arrays import Array, Spec
from ..kernels.references import COUNTED, MANY, count

next_order = itertools.count().__next__
by_order = attrgetter("order")  # from the oldest node on


class PullbackRule:
    """What the sweep asks of a rule.

    Attributes
    ----------
    shared : whether one object is the rule of all calls of a function, so that it tells what they have in common
    views : whether its results are views, which a node of it reads anew from what its args tell of the place
    exact : whether the pullback only moves, adds and scales cotangents, so that no zero meets an infinity in it
    indexes : whether it reads its operand at an index, which is all that the node's args tell
    entrance : whether the node stands for an argument, at which the gradient of a function arrives
    opaque : whether the pullback is somebody's own program, of which no more is known than what it returns
    batches : whether the pullback may be given a `batch.Batch` of cotangents, which it may still refuse by an exception
    selects : whether zeros that it puts in say that an element has no part in the result, or "nan"; see careful.py
    ours : whether it is the library's own, so that it returns what it should, and can be asked at random numbers
    in_place : whether what comes back to the operand is the cotangent itself, changed in a part
    put : of a rule that reads some elements, what adds a cotangent into a buffer at the place that the node's args tell
    fixed : whether all its nodes have the same number of operands, and no parameters
    aligned : whether the args of its nodes are operands, aligned with the parents
    shape_follows : whether the operands' shapes, and an index that is a number or a slice, tell the result's shape
    along : whether there may be a way for it in `pull_along`
    flat : whether all that comes back to the operands is zero
    """

    name: str
    shared = False
    views = False
    exact = True
    indexes = False
    entrance = False
    opaque = False
    batches = False
    selects: bool | str = False
    ours = False
    in_place = False
    put: Callable[[Array, Any, Array], None] | None = None
    fixed = False
    aligned = False
    shape_follows = False
    along = False
    flat = False

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        """Return the cotangent of each operand, None for a constant one."""
        raise NotImplementedError

    def pullback_in_place(self, node: Node, g: Array, pending: dict[Node, Array], owned: set[Node]) -> Iterable[Any]:
        """Do what `pullback` does, of a rule that is `in_place`, with a cotangent that is the sweep's own buffer.

        What comes back to the first operand goes on from here as what is pending for that.
        """
        raise NotImplementedError

    def contributions(self, node: Node, g: Array, mend: Callable[..., Any]) -> Iterable[Any]:
        """Return the same for a large array in the sweep; one may be an object that adds itself, as `Product` does.

        ``mend(i)`` is for `parallel.product_in_parts`, about the cotangent of the i-th operand.
        """
        return self.pullback(node, g)

    def push(self, node: Node, tangents: Sequence[Any], forward: Any) -> Any:
        """Return the tangent of a call's result from those of its operands, or NotImplemented.

        `forward` has what the reader does in its own way: see `Differentiable.tangent`.
        """
        return NotImplemented

    def pull_along(
        self, node: Node, g: Array, dg: Array | None, tangents: Sequence[Any], tangent: Any, dual: Callable[..., Any]
    ) -> Any:
        """Return the cotangents of the operands, each with its own tangent, or NotImplemented; see second.py.

        Parameters
        ----------
        g, dg : the cotangent of the result, and its tangent, None for zeros
        tangents, tangent : those of the operands, and of the result, None for a constant
        dual : makes one array of a value and a tangent

        Of an operand that is a leaf, the cotangent itself may be None, since nobody asks for it.
        """
        return NotImplemented

    def mends(self, g: Array) -> bool:
        """Tell whether the contributions of a large cotangent have no NaN in the place of a zero that wins over it."""
        return self.exact

    def carefully(self, sweep: Any, node: Node, source: Node, g: Array, marks: Any) -> list[Any]:
        """Return the cotangents of the operands in a `careful.Sweep`, and pull its marks back as well.

        `source` is the node, or `lift` of it.
        """
        return sweep.moved(node, source, g, marks)  # type: ignore[no-any-return]

    def mark(self, journal: Any, light: Node, marks: Any, level: Any) -> None:
        """Pull the marks of a `careful.Sweep` back, without a cotangent, by what `noted` kept of the node."""
        journal.pass_by(light, marks)

    def noted(self, node: Node, g: Array) -> tuple[Any, Any, Any]:
        """Return what `mark` needs of args and out, with no large array in it, and how infinities came about."""
        return node.args, node.out, 0

    def smoothed(self, node: Node) -> Node | None:
        """Return a node of the same value that can be differentiated twice where this one cannot, if there is one."""
        return None

    def lift(self, node: Node, wrap: Callable[[Array, Node], Array]) -> Node:
        """Return the node with its saved values as Tensors on the tape, so that the pullback is recorded too."""
        return node

    def unsaved(self, params: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return the parameters of a call without what its function saved, which belongs to these operands alone."""
        return params


class Node(Spec):
    """One recorded call; its shape and dtype are those of the call's result.

    Attributes
    ----------
    rule : the rule that pulls a cotangent back through the call; None for a leaf, `RELEASED` once the tape is gone
    args : the raw operands that the forward pass saw (a Spec or None where the rule does not need the values), `Viewed`
        where the result is a view; of a node that a transform asks for, `AWAITED`; of a released one, its rule's name
    kwargs : the remaining parameters, by name
    out : the raw result, or None where the rule does not need it; of a leaf whose gradient was dropped, what did that
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
        return f"Node({_as_called(self)}, shape={self.shape}, dtype={self.dtype})"


def _as_called(node: Node) -> str:
    """Return a recorded call as one would write it, with operands that are computed themselves in short."""
    rule, args = node.rule, node.args
    if rule is None or rule.entrance:
        return _operand(node)
    if rule is RELEASED:
        return f"{args}, released"
    operands = [_brief(_at(args, i)) if p is None else _operand(p) for i, p in enumerate(node.parents)]
    if rule.indexes:
        return f"{operands[0]}[{_index(args)}]"
    if rule.in_place or rule.name == "setitem":
        steps, index = args[:2]
        place = "".join(f"[{_index(step)}]" for step in (*steps, index))
        value = "..." if node.parents[1] is None else operands[1]
        return f"{operands[0]}{place} = {value}"
    given = [f"{name}={_brief(value)}" for name, value in (node.kwargs or {}).items()]
    inner = [f"[{', '.join(operands)}]"] if getattr(rule, "sequence", False) else operands
    return f"{rule.name}({', '.join([*inner, *given])})"


def _operand(node: Node) -> str:
    if node.rule is None:
        return "leaf"
    if node.rule.entrance:
        return "argument"
    name = node.args if node.rule is RELEASED else node.rule.name
    return f"{'updated' if name == 'setitem' else name}(...)"


def _at(args: Any, i: int) -> Any:
    return args[i] if type(args) is tuple and i < len(args) else None


def _index(index: Any) -> str:
    if isinstance(index, tuple):
        return ", ".join(map(_index, index)) or "()"
    if isinstance(index, slice):
        text = ":".join("" if end is None else str(end) for end in (index.start, index.stop))
        return text if index.step is None else f"{text}:{index.step}"
    if index is None:
        return "None"
    return _brief(index) if isinstance(index, (int, np.generic, np.ndarray)) else "..."


def _brief(value: Any) -> str:
    """Return a constant in a few characters; nothing is known of the values that were not saved."""
    if value is None or isinstance(value, Spec):
        return "..."
    if getattr(value, "shape", ()):
        return f"<array {value.shape}>"
    text = str(value) if isinstance(value, np.generic) else repr(value)
    return text if len(text) <= 30 else f"{text[:27]}..."


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


def drop_gradient(node: Node, after: Node | None = None, by: str | None = None) -> None:
    """Drop the gradient of a node; if the Tensor holds it, the tape that it is on goes with it.

    `after` is the node that the Tensor has by now, where that is another one; `by` is what `why_no_grad` says of it.
    """
    if by is not None and node.rule is None and node.grad is not None:
        node.out = by
    if node.grad is OUTSIDE:
        # Where nothing is counted, `after` alone knows the Tensor by now.
        tensor = getattr(after, "holder", node.holder)()
        if tensor is not None and tensor._known is (after or node):
            del tensor._grad
    node.grad = None


def users(node: Node) -> list[Node]:
    """Return the recorded calls that have a node among their operands, from the oldest to the youngest.

    A tape leads back alone, from a result to what it came from. So this looks through all objects that there are, which
    takes milliseconds.
    """
    operands = [x for x in gc.get_referrers(node) if type(x) is tuple]
    places = set(map(id, operands))
    calls = [x for x in gc.get_referrers(*operands) if isinstance(x, Node) and id(x.parents) in places]
    return sorted(calls, key=lambda call: call.order)


class _Released(PullbackRule):
    """The rule of a node whose tape has been released."""

    name = "released"

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        raise released(node)


RELEASED = _Released()
RELEASED_MESSAGE = (
    "was released by an earlier backward(). A parameter is updated off the tape: `w.data -= rate * w.grad`, or inside "
    "`with ga.no_grad():`; a computed start value becomes a leaf by `w = ga.tensor(w)`; data are plain arrays, or "
    "made with constant=True; to go through the same graph twice, pass retain_graph=True to the first backward()."
)
# Of large arrays, what a node saved is dropped once used.
FAILED = (
    "is released: an earlier backward() of this tensor failed, and had released a part of the graph by then. Compute "
    "the tensor anew, or pass retain_graph=True to the first backward()."
)
CLEARED = "was released by clear_graph(). Compute the tensor anew."

# What drops the gradient of a leaf.
SET_TO_NONE = "it was set to None, as null_grad() does"
NULLED = "by null_gradients() of something computed from it"
UPDATED = "the tensor was updated in place"

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
