"""One call of a function on variables of its own, and the sweeps over what it recorded: what the transforms stand on.

There is one tape for all levels of nesting. The arguments of the call become new nodes, and every node that is older
than these is a constant for the call's own sweeps. An argument that is on a tape already keeps its connection, by a
node that passes a cotangent on as it is; a sweep that meets older nodes is recorded itself, so that the outer
derivative finds its way through the inner one. A Dual, which is an outer derivative in forward mode, stays around the
new variable: Duals are always outermost, Tensors innermost.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..batch.algebra import is_same_for_all
from ..context import settings
from ..context.frames import end_at_users
from ..context.settings import held, hold
from ..dropin import blocks
from ..dropin.making import in_reverse
from ..forward.dual import Dual
from ..forward.levels import same_layout
from ..forward.tangents import copied, joined, matched
from ..kernels.arrays import FLOAT64, Array
from ..kernels.gate import PLAIN, Guest, outward
from ..kernels.traced import MEMORY, TRACED, array_of, as_form, one_beside
from ..reverse.tensor import Tensor, variable
from ..tape import loss
from ..tape.loss import differentiating
from ..tape.nodes import AWAITED, Node, PullbackRule, next_order
from ..tape.plans import Gradients, sweep, sweep_closed
from ..tape.sweeps import reachable
from ..tape.wrapping import is_point, new_object, wrap
from .argnums import Argnums, function_name
from .checks import check_argument, is_usual, zeros_of
from .containers import LEAF, Fixed, Tree, flatten, map_leaves

Pairs = Sequence[tuple[Any, Any]]


class _Argument(PullbackRule):
    """The rule that leads from an argument to the variable that the caller gave."""

    name = "argument"
    batches = True
    entrance = True

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        return (g,)


class Results(PullbackRule):
    """The rule of a root that stands for several results; it hands each one its cotangent."""

    name = "results"

    def __init__(self, cotangents: Sequence[Array]) -> None:
        self.cotangents = cotangents

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        return self.cotangents


ARGUMENT = _Argument()
_ONE = np.float64(1)


class Chosen:
    """The arguments of a call that a derivative is taken by.

    Attributes
    ----------
    leaves : the arrays and numbers in them
    trees : the containers that they stand in
    """

    __slots__ = ("_args", "_kwargs", "_places", "leaves", "trees")

    def __init__(
        self, transform: str, f: Callable[..., Any], argnums: Argnums, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._args = args
        self._kwargs = kwargs
        self._places = argnums.locate(f, args, kwargs)
        self.leaves: list[Any] = []
        self.trees: list[Tree] = []
        for place in self._places:
            value = args[place] if isinstance(place, int) else kwargs[place]
            if is_usual(value):
                self.leaves.append(value)
                self.trees.append(LEAF)
                continue
            leaves, tree = flatten(value)
            if tree.kind is Fixed or value is None:
                raise TypeError(
                    f"{transform} differentiates by arrays, numbers, and containers of them, but argument {place!r} "
                    f"of {function_name(f)} is {value!r:.60}"
                )
            checked = enumerate(leaves)
            self.leaves += [check_argument(leaf, transform, function_name(f), place, tree, i) for i, leaf in checked]
            self.trees.append(tree)

    def call(self, leaves: Iterable[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of the call with other leaves."""
        left = iter(leaves)
        if len(self._args) == 1 and self.trees[0] is LEAF and not self._kwargs:
            return (next(left),), {}
        args = list(self._args)
        kwargs = dict(self._kwargs) if self._kwargs else {}
        for place, tree in zip(self._places, self.trees, strict=True):
            value = next(left) if tree is LEAF else tree.unflatten(left)
            if isinstance(place, int):
                args[place] = value
            else:
                kwargs[place] = value
        return tuple(args), kwargs


class Trace:
    """What one call recorded.

    Parameters
    ----------
    transform : str
        The name of the transform, for messages.
    f : callable
    argnums : Argnums
        Which arguments become variables.
    args, kwargs : the arguments of the call

    Attributes
    ----------
    out : what `f` returned
    inputs : the nodes of all leaves of the arguments that became variables
    plain : the caller's leaves
    tensors : whether Tensors are among the arguments, so that results are Tensors too
    """

    __slots__ = ("_argnums", "_f", "_reached", "_trees", "inputs", "named", "oldest", "out", "plain", "tensors")

    def __init__(
        self,
        transform: str,
        f: Callable[..., Any],
        argnums: Argnums,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._f = f
        self._reached: Reached | None = None
        self._argnums = argnums
        before = held()
        recording = settings.recording() if settings.paused else before.recording
        self.oldest = next_order()
        self.inputs: list[Node] = []
        chosen = Chosen(transform, f, argnums, args, kwargs)
        self.plain, self._trees = chosen.leaves, chosen.trees
        self.tensors = False
        if kwargs or not PLAIN.issuperset(map(type, args)):
            self.tensors = any(isinstance(value, Tensor) for value in (*args, *kwargs.values(), *self.plain))
        variables = []
        enter = self._enter if type(f) is not blocks.Ours else self._enter_spread
        for leaf in self.plain:
            variables.append(enter(leaf, recording))  # noqa: PERF401 - a comprehension costs more of one item
        args, kwargs = chosen.call(variables)
        # An outer no_grad is about the outer tape; this derivative was asked for inside it.
        now = differentiating(before, in_reverse(before.making), recorded=True)
        try:
            hold(now)
            self.out = blocks.call(f, args, kwargs)
            self.named = dict(now.named) if now.named else None
        except loss.GradientLossError as error:
            end_at_users(error.__traceback__)
            raise
        finally:
            hold(before)

    @property
    def name(self) -> str:
        """The name of the function, for messages."""
        return function_name(self._f)

    def _enter(self, x: Any, recording: bool) -> Any:
        """Return the variable that the function gets in place of an argument."""
        if type(x) is np.ndarray and x.ndim:
            t = variable(np.array(x))
        elif type(x) is np.float64:
            t = variable(x)
        else:
            return self._enter_unusual(x, recording)
        leaf: Any = t._known
        leaf.args = AWAITED
        self.inputs.append(leaf)
        return t

    def _enter_spread(self, x: Any, recording: bool) -> Any:
        """Return the same for what may be spread out over the elements of a `vmap`, which is not copied for each."""
        raw = x._raw if isinstance(x, Tensor) else x
        if type(raw) not in MEMORY or not raw.ndim or not is_same_for_all(as_form(raw)):
            return self._enter(x, recording)
        if raw is x or x._node is None or not recording:
            t = variable(raw)
        else:
            t = new_object(Tensor)
            t._raw, t._alias = raw, None
            t._known = Node(ARGUMENT, None, None, None, (x._node,), x.shape, x.dtype)
            t._known.holder = weakref.ref(t)
        leaf: Any = t._known
        leaf.args = AWAITED
        self.inputs.append(leaf)
        return t

    def _enter_unusual(self, x: Any, recording: bool) -> Any:
        if isinstance(x, Dual):
            value = self._enter(x.value, recording)
            return joined(value, matched(copied(x.tangent), value), x.level)
        elif isinstance(x, Tensor):
            if x._node is not None and recording:
                t = new_object(Tensor)
                t._raw = owned(x._raw)
                t._alias = x._alias if x._alias is False else None
                t._known = node = Node(ARGUMENT, AWAITED, None, None, (x._node,), x.shape, x.dtype)
                node.holder = weakref.ref(t)
                self.inputs.append(node)
                return t
            x = x._raw
        x = owned(x)
        t = variable(x[()], False) if is_point(x) else variable(x)
        leaf: Any = t._known
        leaf.args = AWAITED
        self.inputs.append(leaf)
        return t

    # --- results ----------------------------------------------------------------------------------------------------

    def outer(self, x: Any) -> bool:
        """Tell whether a result depends on a variable that was there before the call."""
        if isinstance(x, Dual):
            return self.outer(x.value) or self.outer(x.tangent)
        if not isinstance(x, Tensor) or x._node is None or not settings.recording():
            return False
        if x._node.order < self.oldest:
            return True
        if self._reached is None or self._reached[0] is not x._node:
            self._reached = reach(x._node, self.oldest)
        return bool(self._reached[2])

    def depends(self, value: Any) -> bool:
        """Tell whether anything in a container of results depends on a variable that was there before the call."""
        return any(map(self.outer, flatten(value)[0]))

    def settle(self, value: Any, copy: bool) -> Any:
        """Return a container of results as the caller sees it: what is on an outer tape stays there, the rest is raw.

        `copy` keeps arrays that a tape goes on needing out of the caller's hands.
        """
        return map_leaves(lambda x: self._settle(x, copy), value)

    def _settle(self, x: Any, copy: bool) -> Any:
        if isinstance(x, Dual):
            return Dual(self._settle(x.value, copy), self._settle(x.tangent, copy), x.level)
        if not isinstance(x, Tensor) or self.outer(x):
            return x
        raw = x._raw
        return self.dressed(raw.copy(order="K") if copy and isinstance(raw, np.ndarray) else raw)

    def dressed(self, x: Any) -> Any:
        """Return a raw result as a Tensor if Tensors are among the arguments."""
        if isinstance(x, Dual):
            return Dual(self.dressed(x.value), self.dressed(x.tangent), x.level)
        return wrap(x) if self.tensors and not isinstance(x, Tensor) else outward(x)

    def warn_of_named(self, out: Any) -> None:
        """Warn of a result that depends on no argument, where somebody took an argument's bare values by name."""
        if self.named is None:
            return
        depends = any(self._from_arguments(node) for x in flatten(out)[0] for node in nodes_of(x))
        named = {place: by for place, by in self.named.items() if isinstance(by[0], Node)}
        loss.warn_of_named(named, self.name, self._from_arguments, depends)
        self.named = None

    def _from_arguments(self, node: Node) -> bool:
        try:
            uses = reachable(node, self.oldest)
        except RuntimeError:  # a backward() in the function has released it
            return False
        return any(leaf in uses for leaf in self.inputs)

    # --- gradients --------------------------------------------------------------------------------------------------

    def gradients(self, pairs: Pairs, retain: bool) -> list[Any]:
        """Pull pairs of a result and its cotangent back to the leaves of the arguments; see `pull_back`."""
        reached, self._reached = self._reached, None
        return pull_back(pairs, self.inputs, self.oldest, retain, reached=reached)

    def gradient(self, out: Any, g: Any, retain: bool) -> Any:
        """Pull the cotangent of one result back to the arguments, and return it in their containers."""
        found = None
        if self._reached is None and type(out) is Tensor and (type(g) is np.float64 or type(g) is np.ndarray):
            # Most of the time there is a plan, so that nothing has to be found out of the tape.
            root = out._node
            found = None if root is None else sweep_closed(root, g, retain, self.oldest)
        if found is None:
            return self.arranged(self.gradients([(out, g)], retain))
        if len(self.inputs) == 1 and self._trees[0] is LEAF:
            gradient = found.get(self.inputs[0])
            if type(gradient) is np.ndarray is type(self.plain[0]) and gradient.base is None and gradient is not g:
                return gradient if self._argnums.single else (gradient,)
        return self.arranged(own_gradients(found, self.inputs, {id(g)}))

    def match(self, tangents: Sequence[Any]) -> list[Any]:
        """Return the leaves of directions, one for each argument that became variables."""
        if len(tangents) != len(self._trees):
            raise ValueError(f"{len(self._trees)} argument(s) need as many tangents, not {len(tangents)}")
        both = enumerate(zip(self._trees, tangents, strict=True))
        return [leaf for i, (tree, t) in both for leaf in tree.match(t, f"tangent {i}")]

    def arranged(self, gradients: list[Any], jacobian: bool = False) -> Any:
        """Return gradients of the leaves in the containers of the arguments: one, or a tuple, as argnums is.

        Those of a Jacobian have other shapes than the leaves.
        """
        left = map(as_given, gradients, self.plain)
        results = [next(left) if tree is LEAF else tree.bare(not jacobian).unflatten(left) for tree in self._trees]
        return self._argnums.arrange(results)


def nodes_of(x: Any) -> list[Node]:
    """Return the nodes of a result: none of a constant, and several where forward mode is around it."""
    if isinstance(x, Dual):
        return nodes_of(x.value) + nodes_of(x.tangent)
    return [x._node] if isinstance(x, Tensor) and x._node is not None else []


Reached = tuple[Node, dict[Node, int], list[Node]]


def reach(root: Node, oldest: int) -> Reached:
    """Return the root, the nodes that it depends on with their numbers of uses, and the older parents of these."""
    beyond: list[Node] = []
    return root, reachable(root, oldest, beyond), beyond


def pull_back(
    pairs: Pairs,
    inputs: Sequence[Node],
    oldest: int,
    retain: bool,
    traced: bool | None = None,
    reached: Reached | None = None,
) -> list[Any]:
    """Pull results' cotangents back and return the sum of the gradients for each input.

    Parameters
    ----------
    pairs : pairs of a result and its cotangent
    inputs : nodes
    oldest : older nodes are constants
    retain : keep the tape
    traced : whether the gradients go on a tape themselves; by default, if the results depend on something older
    reached : what is known of one result already

    Returns
    -------
    list of arrays, or of Tensors if `traced`, or of Duals where the results are Duals
    """
    # The cotangent c + e dc of a result o + e do, with e*e = 0, pulls back to J(o)c and e (J(do)c + J(o)dc).
    level = max([x.level for pair in pairs for x in pair if isinstance(x, Dual)], default=0)
    if level:
        values, tangents = [], []
        for o, c in pairs:
            (o, do), (c, dc) = _split(o, level), _split(c, level)
            values.append((o, c))
            tangents += [pair for pair in ((do, c), (o, dc)) if pair[0] is not None and pair[1] is not None]
        both = [pull_back(part, inputs, oldest, True, traced) for part in (values, tangents)]
        return [Dual(v, t, level) for v, t in zip(*both, strict=True)]
    on_tape = [(o._node, c) for o, c in pairs if isinstance(o, Tensor) and o._node is not None]
    roots = [node for node, _ in on_tape if node.order >= oldest]
    cotangents = [c for node, c in on_tape if node.order >= oldest]
    del on_tape
    if not roots:
        return [zeros_of(node) for node in inputs]
    on_outer = any(isinstance(c, Tensor) and c._node is not None for c in cotangents)
    if len(roots) == 1:
        (root,) = roots
    else:
        root = Node(Results(cotangents), None, None, None, tuple(roots), (), FLOAT64)
    if reached is None or reached[0] is not root:
        reached = reach(root, oldest)
    if settings.recording() and (on_outer or (bool(reached[2]) if traced is None else traced)):
        g = wrap(_ONE) if len(roots) > 1 else cotangents[0]
        found = sweep(root, g if isinstance(g, Tensor) else wrap(g), True, wrap, oldest, reached[1])
        return [found[node] if node in found else wrap(zeros_of(node)) for node in inputs]
    cotangents[:] = [c._raw if isinstance(c, Tensor) else c for c in cotangents]
    g = one_beside(cotangents) if len(roots) > 1 else cotangents[0]
    found = sweep(root, g, retain, None, oldest, reached[1])
    return own_gradients(found, inputs, {id(c) for c in cotangents})


def own_gradients(found: Gradients, inputs: Sequence[Node], taken: set[int]) -> list[Any]:
    """Return the gradients for the inputs: each shares memory with no other one, is no view, and none of those `taken`.

    Those are the identities of arrays.
    """
    gradients = []
    for node in inputs:
        g = found.get(node)
        if g is None:
            g = zeros_of(node)
        elif type(g) in MEMORY:
            if g.base is not None or id(g) in taken:
                g = g.copy()
            taken.add(id(g))
        gradients.append(g)
    return gradients


def owned(x: Any) -> Any:
    """Return an array of the function's own, which it may update in place; a number becomes a NumPy scalar."""
    if type(x) in TRACED:
        return x.as_array("K", copy=True) if type(x) in MEMORY else x.strong()
    if isinstance(x, np.ndarray):
        return np.array(x)
    return x if hasattr(x, "dtype") else np.asarray(x)[()]


def dual(x: Any, tangent: Any, level: int) -> Dual:
    """Return a Dual of copies of an array and a direction, laid out alike, so that a view is one of both."""
    if type(x) is np.ndarray is type(tangent):
        value, tangent = np.array(x), np.array(tangent)
        if not same_layout(tangent, value):
            return joined(value, matched(tangent, value), level)  # type: ignore[no-any-return]
        made = new_object(Dual)  # as Dual() does, without the call
        made.value, made.tangent, made.level = value, tangent, level
        return made
    # Tensors are copied, too: the function may write into its arguments.
    value, tangent = (owned(v) if not isinstance(v, (Tensor, Dual)) else copied(v) for v in (x, tangent))
    return joined(value, matched(tangent, value), level)  # type: ignore[no-any-return]


def as_given(g: Any, x: Any) -> Any:
    """Return a gradient as the kind of thing that the argument is: a Tensor, an array or a NumPy scalar."""
    if type(g) is np.ndarray is type(x):
        return g
    while isinstance(x, Dual):
        x = x.value
    if isinstance(g, Dual):
        return Dual(as_given(g.value, x), as_given(g.tangent, x), g.level)
    if isinstance(g, Tensor):
        return g
    if isinstance(x, Tensor):
        return wrap(g)
    if type(g) is Guest or type(x) is Guest:
        return outward(g, x)
    if isinstance(x, np.ndarray):
        return array_of(g) if isinstance(g, np.generic) else g
    return g[()] if isinstance(g, np.ndarray) and not g.ndim else g


def _split(x: Any, level: int) -> tuple[Any, Any]:
    """Return value and tangent of a Dual of this level; anything else has no tangent."""
    return (x.value, x.tangent) if isinstance(x, Dual) and x.level == level else (x, None)
