"""The tape: nodes, the recording state and the backward sweep. It knows nothing about NumPy's functions."""

from __future__ import annotations

import functools
import itertools
import math
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from .buffers import LARGE, LOOSE, no_nan, references_to
from .fitting import BLAS_THREADS, FLOAT64, fit
from .parallel import add, clear, product_in_parts, scaled_in_parts, subtract

# Whatever can stand inside a Tensor: an ndarray, a NumPy scalar, another Tensor, a Dual, a foreign array.
Array = Any
F = TypeVar("F", bound=Callable[..., Any])

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
    careful : whether the careful pullback is another one than the plain one
    batches : whether the pullback may be given a `batch.Batch` of cotangents, which it may still refuse by an exception
    """

    name: str
    shared = False
    careful = False
    batches = False

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        """Return the cotangent of each operand, None for a constant one."""
        raise NotImplementedError

    def contributions(self, node: Node, g: Array) -> Iterable[Any]:
        """Return the same for a large array in the sweep; one may be an object that adds itself, as `Product` does."""
        return self.pullback(node, g)

    def careful_pullback(self, node: Node, g: Array) -> Iterable[Any]:
        """Do the same as `pullback` so that an exact zero times an infinity or a NaN is zero."""
        return self.pullback(node, g)

    def lift(self, node: Node, wrap: Callable[[Array, Node], Array]) -> Node:
        """Return the node with its saved values as Tensors on the tape, so that the pullback is recorded too."""
        return node


class Node(Spec):
    """One recorded call; its shape and dtype are those of the call's result.

    Attributes
    ----------
    rule : the rule that pulls a cotangent back through the call; None for a leaf, `RELEASED` once the tape is gone
    args : the raw operands that the forward pass saw (a Spec or None where the rule does not need the values)
    kwargs : the remaining parameters, by name
    out : the raw result, or None where the rule does not need it
    parents : the nodes that the operands came from, aligned with `args` (None for a constant)
    grad : the gradient that the last sweep left here, or OUTSIDE where the Tensor holds it
    holder : of a leaf, a weak reference to its Tensor
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

    def release(self) -> None:
        """Drop what the tape saved here; a later sweep that comes by raises."""
        self.rule = RELEASED
        self.args = self.kwargs = self.out = None
        self.parents = ()

    def __repr__(self) -> str:
        name = "leaf" if self.rule is None else self.rule.name
        return f"Node({name}, shape={self.shape}, dtype={self.dtype})"


# Stands for a gradient that the Tensor holds; see Tensor.grad.
OUTSIDE = object()


def leaf(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Node:
    """Return a node with no history: the place where a variable's gradient arrives."""
    return Node(None, None, None, None, (), shape, dtype)


class _Released(PullbackRule):
    """The rule of a node whose tape has been released."""

    name = "released"

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        raise RuntimeError(_RELEASED)


RELEASED = _Released()
_RELEASED = (
    "The graph behind this tensor has been released by an earlier backward(). "
    "Compute the tensor anew, or pass retain_graph=True to the first backward()."
)


# --- recording state ------------------------------------------------------------------------------------------------


class _Local(threading.local):
    depth = 0  # how many no_grad blocks this thread is in


_local = _Local()
_lock = threading.Lock()
# How many no_grad blocks are open in all threads. The recorders look at this plain number first: an access to a
# thread-local costs several times as much, and hardly any program has such a block open while it records.
paused = 0


def recording() -> bool:
    """Tell whether operations on variables are recorded in this thread."""
    return _local.depth == 0


@contextmanager
def recorded() -> Iterator[None]:
    """Record in this thread, even inside a no_grad block: for a derivative that is computed by one."""
    depth, _local.depth = _local.depth, 0
    try:
        yield
    finally:
        _local.depth = depth


class no_grad:
    """Stop recording inside a ``with`` block or a decorated function; results are constants.

    It acts on the calling thread alone, and blocks may be nested.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor(2.0)
    >>> with ga.no_grad():
    ...     y = x * x
    >>> y.constant
    True
    >>> @ga.no_grad
    ... def double(x):
    ...     return 2 * x
    >>> double(x).constant
    True
    """

    def __new__(cls, func: F | None = None) -> Any:
        if func is None:
            return super().__new__(cls)
        if not callable(func):
            raise TypeError(f"no_grad decorates a function, not {type(func).__name__}")
        return cls.__call__(super().__new__(cls), func)

    def __enter__(self) -> Self:
        global paused
        with _lock:
            paused += 1
        _local.depth += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        global paused
        _local.depth -= 1
        with _lock:
            paused -= 1

    def __call__(self, func: F) -> F:
        @functools.wraps(func)
        def without_recording(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return func(*args, **kwargs)

        return without_recording  # type: ignore[return-value]


# --- contributions that are not a whole array -----------------------------------------------------------------------


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
            subtract(buffer, self.g)
        return self.factor == -1


# --- the sweep ------------------------------------------------------------------------------------------------------

_by_order = attrgetter("order")
# The references to a node that the sweep itself holds; more mean that a Tensor is still there to show the gradient.
_own_references = 0


def _count_sole_references() -> int:
    total = {0: np.empty(0)}[0]
    pending = {0: total}
    return references_to(pending[0])


# The references to an array that stands in a dictionary and in a local variable, and nowhere else.
_sole = _count_sole_references()


def reachable(root: Node, oldest: int = -1, beyond: list[Node] | None = None) -> dict[Node, int]:
    """Return every node that `root` depends on, with the number of times it is an operand of another one of them.

    Nodes that are older than `oldest` are left out; those that the others have for parents are added to `beyond`.
    """
    uses = {root: 0}
    stack = [root]
    while stack:
        node = stack.pop()
        if node.rule is RELEASED:
            raise RuntimeError(_RELEASED)
        for parent in node.parents:
            if parent is not None and parent.order >= oldest:
                if parent in uses:
                    uses[parent] += 1
                else:
                    uses[parent] = 1
                    stack.append(parent)
            elif parent is not None and beyond is not None:
                beyond.append(parent)
    return uses


def sweep(
    root: Node,
    g: Array,
    retain: bool = False,
    wrap: Callable[[Array, Node | None], Array] | None = None,
    oldest: int = -1,
    uses: dict[Node, int] | None = None,
) -> dict[Node, Array]:
    """Pull the cotangent `g` of `root` back and return the gradient of every leaf and of every node still held.

    Where a NaN comes out, the products that made it are formed again so that an exact zero wins over an infinity or a
    NaN: ``np.where(x > 0, np.log(x), 0.)`` has a finite gradient everywhere, and code that never meets such a point
    pays next to nothing for it. Small arrays are looked through at the end, in the gradients of the leaves, and the
    tape is released then, so that a rule that fails leaves it as it was. From the first large array on, each
    contribution is looked through as it comes, so that each node can be released once used: what the next one
    allocates is then memory that is still mapped.

    Parameters
    ----------
    root : Node
    g : the cotangent, of the root's shape and dtype
    retain : keep the tape for another sweep
    wrap : makes a Tensor of a raw array and its node; given, the sweep itself is recorded
    oldest : nodes with a smaller order are taken for constants
    uses : what `reachable` returns for them, where it is known already
    """
    if uses is None:
        uses = reachable(root, oldest)
    nodes = sorted(uses, key=_by_order)
    with np.errstate(all="ignore"):  # whatever is infinite or undefined was already warned of on the way forward
        gradients = _pull(nodes, uses, root, g, False, retain, wrap)
        if gradients is None:
            gradients = _pull(nodes, uses, root, g, True, retain, wrap)
    assert gradients is not None
    if not retain:
        for node in nodes:
            if node.rule is not None:
                # As Node.release, without the call.
                node.rule = RELEASED
                node.args = node.kwargs = node.out = None
                node.parents = ()
    return gradients


def _pull(
    nodes: list[Node],
    uses: dict[Node, int],
    root: Node,
    g: Array,
    careful: bool,
    retain: bool,
    wrap: Callable[[Array, Node | None], Array] | None,
) -> dict[Node, Array] | None:
    """Carry out a sweep; None says that a NaN came out of it, and that it has to be done again with care."""
    kept: dict[Node, Array] = {}
    pending = {root: g}
    pop, references, own, float64 = pending.pop, references_to, _own_references, np.float64
    owned: set[Node] = set()  # nodes whose pending cotangent is a buffer that this sweep made, and may write into
    large = False
    zeros = -1  # which node has a cotangent that is all zeros but for a part without a NaN
    parent = source = None
    c: Any = None
    pulled: Any = None
    total: Any = None
    for node in reversed(nodes):
        g = pop(node, None)
        if g is None:
            continue
        mine = owned and node in owned  # whether the cotangent is a buffer that nobody else needs
        if mine:
            owned.discard(node)
        parent = source = None  # they may still name this node, which would count as somebody who holds it
        rule = node.rule
        if rule is None:
            kept[node] = g
            continue
        if references(node) - uses[node] > own and type(g) is not list:
            kept[node] = g
        if not large and type(g) is np.ndarray and g.size >= LARGE and not retain:
            seen = () if node.order == zeros else (g,)
            if not careful and not all(map(is_clean, (*seen, *pending.values(), *kept.values()))):
                return None
            large = True
            _release_from(nodes, node)
            c = pulled = total = None  # as at the end of each later round
        if large and not mine:
            mine = references(g) <= LOOSE and _owns_much(g)
        source = node if wrap is None else rule.lift(node, wrap)
        pull = rule.careful_pullback if careful else rule.contributions if large else rule.pullback
        pulled = pull(source, g)
        if wrap is not None:  # plain zeros, say; mixed with Tensors they would meet as out= or in a Scatter
            pulled = [wrap(c, None) if isinstance(c, (np.ndarray, np.generic)) else c for c in pulled]
        if large:
            # Large real products absorb by themselves; see product_in_parts.
            if rule.careful and not careful and not all(c is g or _absorbed(c) or is_clean(c, True) for c in pulled):
                pulled = rule.careful_pullback(source, g)
            node.rule = RELEASED
            node.args = node.kwargs = node.out = None
        for parent, c in zip(node.parents, pulled):  # noqa: B905 - strict= costs as much as the rest of the line
            if parent is None or c is None:
                continue
            if type(c) is float64:
                if parent.shape or parent.dtype is not FLOAT64:
                    c = fit(c, parent)
            elif c.shape != parent.shape or c.dtype is not parent.dtype:
                if c.shape is None:
                    total = pending.get(parent)
                    if type(c) is Scatter and total is None and uses.get(parent) == 1:
                        zeros = parent.order if c.g.size < LARGE and is_clean(c.g) else -1
                    if large and _owns_much(total) and references(total) <= _sole:
                        owned.add(parent)
                    pending[parent] = c.add_to(total, parent, owned, mine and node not in kept)
                    continue
                c = fit(c, parent)
            if parent not in pending:
                pending[parent] = c
                continue
            total = pending[parent]
            if parent in owned or (_owns_much(total) and references(total) <= _sole):
                add(total, c)
            else:
                pending[parent] = total + c
        if large:
            g = c = pulled = total = None  # nor may these hold memory that the next node could use
    if not large and not careful:
        for node, gradient in kept.items():
            if node.rule is None and not is_clean(gradient):
                return None
    return kept


def _release_from(nodes: list[Node], end: Node) -> None:
    """Release the nodes from the last one on, down to `end`, which stays."""
    for node in reversed(nodes):
        if node is end:
            return
        if node.rule is not None:
            node.release()


def _owns_much(g: Array) -> bool:
    """Tell whether a cotangent is a large array with memory of its own, which nobody sees who does not hold it."""
    return type(g) is np.ndarray and g.size >= LARGE and g.flags.owndata


def _absorbed(c: Array) -> bool:
    return type(c) is np.ndarray and c.size >= LARGE and c.dtype.kind == "f"


def is_clean(g: Array, views: bool = False) -> bool:
    """Tell whether a cotangent is certain to hold no NaN; large views are, where all others are looked through."""
    if type(g) is np.ndarray:
        if g.size >= BLAS_THREADS:
            if views and g.base is not None:
                return True
            # One number, spread over a shape, is soon looked at.
            return no_nan(g) if any(g.strides) else is_clean(g[(0,) * g.ndim])
        # A sum of squares is NaN exactly when an element is, and the cheapest to find for a small array.
        g = np.vdot(g, g)
    if isinstance(g, np.generic):
        return bool(g == g)
    raw = getattr(g, "_raw", None)
    return raw is None or is_clean(raw)


def _count_own_references() -> None:
    """Find out how many references the loop of `_pull` holds itself; it differs between versions of Python."""
    global _own_references

    class Same(PullbackRule):
        name = "same"

        def pullback(self, node: Node, g: Array) -> Iterable[Any]:
            return (g,)

    rule: Any = Same()
    one = np.float64(1.0)
    middle = Node(rule, None, None, None, (leaf((), one.dtype),), (), one.dtype)
    root = Node(rule, None, None, None, (middle,), (), one.dtype)
    del middle
    uses = reachable(root)
    nodes = sorted(uses, key=_by_order)
    # The root is held by this function and the leaf is always kept, so an exact count keeps two of the three.
    while len(_pull(nodes, uses, root, one, False, True, None) or ()) > 2 and _own_references < 16:
        _own_references += 1


_count_own_references()
