"""The backward sweep. It knows nothing about NumPy's functions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from operator import getitem
from typing import Any

import numpy as np

from ..context.settings import SILENT, errors
from ..kernels.arrays import BLAS_THREADS, FLOAT64, HEAVY, LARGE, Array
from ..kernels.parts import add
from ..kernels.products import no_nan
from ..kernels.references import RETURNED, fewest, holders
from ..kernels.traced import TRACED
from . import careful
from .cotangents import Scatter
from .fitting import fit
from .nodes import (
    AWAITED,
    CLEARED,
    FAILED,
    NULLED,
    RELEASED,
    Node,
    PullbackRule,
    Viewed,
    by_order,
    drop_gradient,
    leaf,
    references,
    released,
    somebody,
)


class _Own:
    """How many references to a node each loop holds itself; with more, a Tensor is still there to show a gradient."""

    small = recorded = large = careful = 0


_own = _Own()


def reachable(root: Node, oldest: int = -1, beyond: list[Node] | None = None, whole: bool = True) -> dict[Node, int]:
    """Return every node that `root` depends on, with the number of times it is an operand of another one of them.

    Nodes that are older than `oldest` are left out; those that the others have for parents are added to `beyond`. One
    that is released raises, unless what there is need not be the `whole` tape.
    """
    uses = {root: 0}
    stack = [root]
    while stack:
        node = stack.pop()
        if node.rule is RELEASED and whole:
            raise released(node, node is root)
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

    Where a NaN comes out, the sweep is done once more with care, so that a zero that comes from a selection wins over
    an infinity or a NaN: ``np.where(x > 0, np.log(x), 0.)`` has a finite gradient everywhere, and code that never meets
    such a point pays next to nothing for it. Most arrays are looked through at the end, in the gradients of the leaves,
    and the tape is released then, so that a rule that fails leaves it as it was. From the first one of `HEAVY` elements
    on, each contribution is looked through as it comes, so that what a node saved can be dropped once used: what the
    next one allocates is then memory that is still mapped. What care needs to know of it is noted down. What outlasts
    the tape is told by `release`.

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
    nodes = sorted(uses, key=by_order)
    start: Any = g if wrap is None else getattr(g, "_raw", g)
    if type(start) in TRACED:
        nodes = start.program.along(nodes)
    # Whatever is infinite or undefined was already warned of on the way forward.
    before = errors.get()
    try:
        try:
            errors.set(SILENT)
            if wrap is None:
                gradients = _pull(nodes, uses, root, g, retain)
            else:
                gradients = _pull_recorded(nodes, uses, root, g, wrap)
            if gradients is None:
                gradients = careful.Sweep(root, g, wrap).run(nodes, uses, _own.careful)
        finally:
            errors.set(before)
    except BaseException:
        for node in nodes:
            if node.rule is RELEASED:
                node.out = FAILED
        raise
    if not retain:
        release(nodes, uses, gradients, root)
    return gradients


def pulled(
    nodes: list[Node], uses: dict[Node, int], root: Node, g: Array, retain: bool = True
) -> dict[Node, Array] | None:
    """Do what `sweep` does with nothing but the loop, and release nothing; return None where a NaN comes out."""
    return _pull(nodes, uses, root, g, retain)


# Three loops, each of which returns None where a NaN came out, so that it has to be done again with care.


def _pull(nodes: list[Node], uses: dict[Node, int], root: Node, g: Array, retain: bool) -> dict[Node, Array] | None:
    """Sweep up to the first array of `HEAVY` elements; over all of them where the tape is retained."""
    kept: dict[Node, Array] = {}
    pending = {root: g}
    start = g
    c: Any
    pop, counted, own, float64, ndarray = pending.pop, references, _own.small, np.float64, np.ndarray
    bare = (float64, ndarray)
    owned: set[Node] = set()  # the nodes for which a buffer is pending; see cotangents.py
    zeros = -1  # which node has a cotangent that is all zeros but for a part without a NaN
    large = False  # whether a large array has come
    parent = c = None
    for node in reversed(nodes):
        g = pop(node, None)
        if g is None:
            node.grad = None  # reached, and nothing came: what an earlier sweep left is not the answer to this one
            continue
        mine = owned and node in owned
        if mine:
            owned.discard(node)  # it would count as somebody who holds the node
        parent = None  # it may still name this node, which would count as somebody who holds it
        rule = node.rule
        if rule is None:
            # A sum of two arrays is in the machine's byte order.
            kept[node] = g if type(g) is not np.ndarray or g.dtype is node.dtype else fit(g, node)
            continue
        if type(g) is np.ndarray and g.size >= LARGE and not (retain or rule.in_place or type(start) in TRACED):
            large = True
        if large and type(g) is np.ndarray and g.size >= HEAVY and not rule.in_place:
            if node.order != zeros and not _is_finite(g):
                return None
            if not all(map(_is_finite, (*pending.values(), *kept.values()))):
                return None
            pending[node] = g
            if mine:
                owned.add(node)
            place = nodes.index(node)
            del node, g, c  # they would count
            return _pull_large(nodes, place, uses, root, start, pending, kept, owned)
        if counted(node) - uses[node] > own and type(g) is not list:
            kept[node] = g if type(g) is not np.ndarray or g.dtype is node.dtype else fit(g, node)
        if rule.put is not None and type(g) in bare and node.parents[0] in owned:
            rule.put(pending[node.parents[0]], node.args, g)  # as `Scatter` does, without one
            continue
        if large:
            held = [g]
            g = c = None
            _pull_whole(node, held, pending, owned, bool(mine), node in kept)
            continue
        for parent, c in zip(  # noqa: B905 - strict= costs as much as the rest
            node.parents,
            rule.pullback(node, g)
            if not (mine and rule.in_place and type(g) is ndarray and node not in kept)
            else rule.pullback_in_place(node, g, pending, owned),
        ):
            # As in `add_cotangents`, without the call.
            if parent is None or c is None:
                continue
            if type(c) is float64:
                if parent.shape or parent.dtype is not FLOAT64:
                    c = fit(c, parent)
            elif c.shape != parent.shape or c.dtype is not parent.dtype:
                if c.shape is None:
                    if type(c) is Scatter and parent not in pending and uses.get(parent) == 1:
                        small = c.g.size < LARGE <= parent.size
                        zeros = parent.order if small and type(start) not in TRACED and _is_finite(c.g) else -1
                    pending[parent] = c.add_to(pending.get(parent), parent, owned, mine and node not in kept)
                    continue
                c = fit(c, parent)
            if parent not in pending:
                pending[parent] = c
            elif parent in owned or ((type(c) is not ndarray or c.size >= LARGE) and _spare(pending, parent)):
                add(pending[parent], c)
            else:
                pending[parent] = pending[parent] + c
    return kept if _leaves_are_clean(kept) else None


def _pull_recorded(
    nodes: list[Node], uses: dict[Node, int], root: Node, g: Array, wrap: Callable[[Array, Node | None], Array]
) -> dict[Node, Array] | None:
    """Sweep so that the gradients are on the tape themselves: cotangents are Tensors."""
    kept: dict[Node, Array] = {}
    pending = {root: g}
    owned: set[Node] = set()
    passed: list[tuple[Node, Array]] = []  # nodes whose cotangent went by their operands, to the operands of these
    source = None
    for node in reversed(nodes):
        source = None  # it may still name this node, which would count as somebody who holds it
        g = pending.pop(node, None)
        if g is None:
            node.grad = None
            continue
        mine = node in owned
        owned.discard(node)
        rule = node.rule
        if rule is None or (references(node) - uses[node] > _own.recorded and type(g) is not list):
            kept[node] = g if type(g) is not np.ndarray or g.dtype is node.dtype else fit(g, node)
        if rule is None:
            continue
        source = node
        smooth = rule.smoothed(node)
        if smooth is not None and smooth.rule is not None:
            passed.append((node, g))
            source, rule = smooth, smooth.rule
        met = careful.kinks
        # Plain zeros, say, would meet as out= or in a Scatter, mixed with Tensors.
        plain = np.ndarray, np.generic
        pulled = [wrap(c, None) if isinstance(c, plain) else c for c in rule.pullback(rule.lift(source, wrap), g)]
        if careful.kinks != met:
            return None
        add_cotangents(source.parents, pulled, pending, owned, mine and node not in kept)
    careful.add_passed(kept, passed, wrap)
    return kept if _leaves_are_clean(kept) else None


def _pull_large(
    nodes: list[Node],
    place: int,
    uses: dict[Node, int],
    root: Node,
    start: Array,
    pending: dict[Node, Array],
    kept: dict[Node, Array],
    owned: set[Node],
) -> dict[Node, Array]:
    """Go on from the first heavy array, at a place in the list: look at each contribution, and release as it goes.

    `start` is the cotangent of the root.
    """
    journal = careful.Journal(root, start)
    for k in range(len(nodes) - 1, place, -1):
        if nodes[k].rule is not None:
            journal.queue.append(journal.note(nodes[k]))
            _drop(nodes[k])
    pulled: Any
    for k in range(place, -1, -1):
        node = nodes[k]
        g = pending.pop(node, None)
        if g is None:
            node.grad = None
            continue
        mine = node in owned
        owned.discard(node)
        rule = node.rule
        if rule is None or (references(node) - uses[node] > _own.large and type(g) is not list):
            kept[node] = g if type(g) is not np.ndarray or g.dtype is node.dtype else fit(g, node)
        if rule is None:
            continue
        if not mine:
            held = [g]
            g = None
            mine = _spare(held, 0)
            g = held.pop()
        pulled = rule.contributions(node, g, journal.mender(node))
        if not rule.mends(g):
            pulled = list(pulled)
            if not all(c is None or c is g or c.shape is None or is_clean(c) for c in pulled):
                pulled = journal.again(node, g)
        note = journal.note(node, g)
        _drop(node)
        g = None  # it may be memory that the next node could use
        add_cotangents(node.parents, pulled, pending, owned, mine and node not in kept)
        journal.queue.append(note)
        pulled = None
    return kept


def add_cotangents(
    parents: Iterable[Node | None], pulled: Iterable[Any], pending: dict[Node, Array], owned: set[Node], mine: bool
) -> None:
    """Add cotangents to those that are pending; `mine` tells that they may take the memory of what was pulled."""
    for parent, c in zip(parents, pulled):  # noqa: B905 - a rule may return more
        if parent is None or c is None:
            continue
        if c.shape is None:
            if parent in pending and _spare(pending, parent) and pending[parent].flags.c_contiguous:
                owned.add(parent)
            pending[parent] = c.add_to(pending.get(parent), parent, owned, mine)
            continue
        if c.shape != parent.shape or c.dtype is not parent.dtype:
            c = fit(c, parent)
        if parent not in pending:
            pending[parent] = c
        elif parent in owned or _spare(pending, parent):
            add(pending[parent], c)
        else:
            pending[parent] = pending[parent] + c


def _pull_whole(
    node: Node, held: list[Array], pending: dict[Node, Array], owned: set[Node], mine: bool, kept: bool
) -> None:
    """Pull the cotangent that a list holds alone back through a node, after a large array has come.

    `mine` tells that it is a buffer, and `kept` that it is a gradient. A NaN is left to come out at the leaves.
    """
    rule: Any = node.rule
    mine = mine or _spare(held, 0)
    add_cotangents(node.parents, rule.contributions(node, held.pop(), _unmended), pending, owned, mine and not kept)


def _unmended(i: int) -> None:
    """Stand for what looks after a NaN in `contributions`."""


def _leaves_are_clean(kept: dict[Node, Array]) -> bool:
    """Tell whether no gradient that arrived holds a NaN."""
    for node, gradient in kept.items():
        if (node.rule is None or node.rule.entrance) and not is_clean(gradient):
            return False
    return True


def _drop(node: Node) -> None:
    """Drop what a node saved, and no view did. Its parents stay until the end: it is counted as a user of theirs."""
    if not _is_view(node) and node.args is not AWAITED:
        parents = node.parents
        node.release()
        node.parents = parents


# --- release ---------------------------------------------------------------------------------------------------------


def release(nodes: list[Node], uses: dict[Node, int], kept: dict[Node, Any], root: Node, by: str | None = None) -> None:
    """Release a tape after its sweep: drop what it saved, so that another sweep that comes by raises.

    Two kinds of nodes outlast it, where a Tensor is still there to show their gradient, and `root` is none of them:

    - A view, which saved nothing of the values: it is read anew from its base.
    - What comes from no leaf of which anybody could still see the gradient becomes a leaf itself: a computed start
      value, a parameter after ``w -= rate * w.grad``. Where a leaf behind it is still shown, as that of a trunk which
      two losses share is, a sweep that ended here would leave an old gradient there in silence.

    Parameters
    ----------
    nodes : all nodes of the tape, from the oldest to the root
    uses : what `reachable` returns for them
    kept : the leaves, and the nodes that are held, as `sweep` returns them
    by : what the error of another sweep says of it, where a backward is not all
    """
    views: Collection[Node] = ()
    for node in kept:
        if node.rule is not None and node is not root:
            views = _views(kept, root)
            if not _all_shown(nodes, uses, kept):
                _make_leaves(nodes, uses, kept)
            break
    for node in nodes:
        rule = node.rule
        if rule is not None and node not in views:
            # As Node.release, without the call.
            if rule is not RELEASED:
                node.rule = RELEASED
                node.args = rule.name
                node.kwargs, node.out = None, by
            node.parents = ()


def release_behind(root: Node, kept: dict[Node, Any], oldest: int, uses: dict[Node, int] | None) -> None:
    """Do the same where only what is kept is known; what hangs on that alone goes with it."""
    if not all(_is_certainly_shown(node) for node in kept):
        uses = reachable(root, oldest) if uses is None else uses
        release(sorted(uses, key=by_order), uses, kept, root)
        return
    views = _views(kept, root)
    for node in kept:  # among them what they are views of, which the tensor of a view holds
        if node.rule is not None and node not in views:
            node.release()


def _is_certainly_shown(node: Node) -> bool:
    """Tell whether a node is not a leaf, or one of which it is known without a count that its gradient is shown."""
    return node.rule is not None or (getattr(node, "holder", None) is not somebody and _is_shown([node], 0, {}, {}))


def _views(kept: Iterable[Node], root: Node) -> set[Node]:
    """Return the nodes of views that are kept, and of those that they are views of."""
    views = {node for node in kept if node is not root and _is_view(node)}
    stack = list(views)
    while stack:
        more = {node for node in stack.pop().parents if node is not None and _is_view(node)} - views
        views |= more
        stack += more
    return views


def _is_view(node: Node) -> bool:
    return node.rule is not None and (node.rule.views or type(node.args) is Viewed)


def _all_shown(nodes: list[Node], uses: dict[Node, int], kept: dict[Node, Any]) -> bool:
    """Tell whether somebody may see the gradient of every leaf."""
    return all(_is_shown(nodes, i, uses, kept) for i in range(len(nodes)) if nodes[i].rule is None)


def _make_leaves(nodes: list[Node], uses: dict[Node, int], kept: dict[Node, Any]) -> None:
    """Make leaves of what is held, and comes from none that is shown.

    What is held first becomes one, and shows the gradient of what comes from it: of the root, and of its views.
    """
    # Those where, or behind which, somebody may see a gradient.
    shown = {nodes[i] for i in range(len(nodes)) if nodes[i].rule is None and _is_shown(nodes, i, uses, kept)}
    for node in nodes:
        if node.rule is None:
            continue
        if node.args is AWAITED or any(p in shown or p not in uses for p in node.parents if p is not None):
            shown.add(node)
        elif node in kept:
            node.become_leaf()
            shown.add(node)


def clear_graph(root: Node) -> None:
    """Release what there is of the tape behind a node, without a sweep."""
    uses = {node: n for node, n in reachable(root, whole=False).items() if node.rule is not RELEASED}
    nodes = sorted(uses, key=by_order)
    # Of what has several results, each has a node of its own.
    kept = {
        nodes[i]: None for i in range(len(nodes)) if type(nodes[i].out) is not tuple and _is_shown(nodes, i, uses, {})
    }
    release(nodes, uses, kept, root, CLEARED)


def null_gradients(root: Node) -> None:
    """Drop the gradients of all that is still on the tape behind a node."""
    for node in reachable(root, whole=False):
        drop_gradient(node, by=NULLED)


def _is_shown(nodes: list[Node], i: int, uses: dict[Node, int], kept: dict[Node, Any]) -> bool:
    """Tell whether somebody may see the gradient of a node, or ask for it in another way.

    Who calls this keeps the node in no variable, because references to it are counted.
    """
    if nodes[i].rule is None:
        holder = getattr(nodes[i], "holder", None)
        if holder is None or nodes[i].args is AWAITED:
            return True
        if holder is not somebody:
            tensor = holder()
            return tensor is not None and tensor._known is nodes[i]
    # Beside the users on the tape there are the list and the dictionaries.
    return references(nodes[i]) - RETURNED > uses[nodes[i]] + 2 + (nodes[i] in kept)


def _spare(cotangents: Any, key: Any) -> bool:
    """Tell whether a cotangent is a large array with memory of its own, which nobody has but the container."""
    g = cotangents[key]
    if type(g) is not np.ndarray or g.size < LARGE or not g.flags.owndata or not g.flags.writeable:
        return False
    del g
    return holders(getitem, cotangents, key) == 1


def is_clean(g: Array) -> bool:
    """Tell whether a cotangent is certain to hold no NaN."""
    if type(g) is np.ndarray:
        if g.size >= BLAS_THREADS:
            # One number, spread over a shape, is soon looked at.
            return no_nan(g) if any(g.strides) else is_clean(g[(0,) * g.ndim])
        # A sum of squares is NaN exactly when an element is, and the cheapest to find for a small array.
        g = np.vdot(g, g)
    if type(g) in TRACED:
        return g.is_clean()  # type: ignore[no-any-return]
    if isinstance(g, np.generic):
        return bool(g == g)
    raw = getattr(g, "_raw", None)
    return raw is None or is_clean(raw)


def _is_finite(g: Array) -> bool:
    """Tell whether a cotangent is certain to be finite."""
    if type(g) is list:
        return all(part is None or _is_finite(part) for part in g)
    if type(g) is np.ndarray and g.size >= BLAS_THREADS:
        if any(g.strides):
            return bool(np.isfinite(np.maximum.reduce(g, axis=None)) and np.isfinite(np.minimum.reduce(g, axis=None)))
        g = g[(0,) * g.ndim]
    return is_clean(g - g)


def _count_own_references() -> None:
    class Same(PullbackRule):
        name = "same"

        def pullback(self, node: Node, g: Array) -> Iterable[Any]:
            return (g,)

    rule: Any = Same()
    for kind, shape in (("small", ()), ("recorded", ()), ("careful", ()), ("large", (HEAVY,))):
        g = np.ones(shape)[()]

        def enough(own: int, kind: str = kind, shape: tuple[int, ...] = shape, g: Array = g) -> bool:
            setattr(_own, kind, own)
            middle = Node(rule, None, None, None, (leaf(shape, g.dtype),), shape, g.dtype)
            root = Node(rule, None, None, None, (middle,), shape, g.dtype)
            del middle
            uses = reachable(root)
            nodes = sorted(uses, key=by_order)
            if kind == "recorded":
                kept = _pull_recorded(nodes, uses, root, g, lambda raw, _node: raw)
            elif kind == "careful":
                kept = careful.Sweep(root, g).run(nodes, uses, own)
            else:
                kept = _pull(nodes, uses, root, g, False)
            # The root is held by this function and the leaf is always kept, so an exact count keeps two of the three.
            return len(kept or ()) <= 2

        setattr(_own, kind, fewest(enough))


_count_own_references()
