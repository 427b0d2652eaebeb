"""Control over differentiation: what is computed twice, what counts as constant, and what is never taped."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from ..batch.mapped import Mapped
from ..context import settings
from ..context.settings import held, hold, next_level, silently, within
from ..dropin import blocks
from ..dropin.making import in_forward, in_reverse
from ..elsewhere.answers import telling
from ..forward.dual import Dual
from ..forward.levels import made_of_tensors, on_a_tape
from ..forward.tangents import joined
from ..kernels.arrays import FLOAT64, Array, is_floating
from ..kernels.guests import Guest, in_sight
from ..kernels.references import COUNTED
from ..kernels.traced import one_beside
from ..reverse.boxing import saved
from ..reverse.elementwise import records
from ..reverse.tensor import variable
from ..tape import nodes, plans, wrapping
from ..tape.loss import differentiating
from ..tape.nodes import Node, PullbackRule, next_order
from ..tape.wrapping import bare, wrap
from .checks import zeros_of
from .containers import Tree, flatten, map_leaves
from .custom_gradient import highest_level, put_on_tape
from .lifting import Lifted, lanes
from .trace import ARGUMENT, Results, dual, owned, pull_back

F = TypeVar("F", bound=Callable[..., Any])


# --- stop_gradient ---------------------------------------------------------------------------------------------------


@telling
def stop_gradient(x: Any) -> Any:
    """Return the value of `x` as a constant, through which no derivative flows in either mode.

    Parameters
    ----------
    x : array_like, Tensor, or a container of them
        Lists, tuples, dicts, named tuples and dataclasses, nested, keep their shape.

    Returns
    -------
    The same values, without a copy: Tensors as constants, anything else as it is.

    Examples
    --------
    >>> import gradarray as ga
    >>> x = ga.tensor(3.0)
    >>> (x * ga.stop_gradient(x)).backward()
    >>> x.grad
    array(3.)
    """
    return map_leaves(_stopped, x)


def innermost(x: Any) -> Any:
    """Return the plain array inside whatever follows its derivatives."""
    x = _stopped(x)
    return x._raw if isinstance(x, wrapping.Tensor) else x


def _stopped(leaf: Any) -> Any:
    if type(leaf) is Mapped:
        return leaf.lane.mapped(_stopped(leaf.value))
    while isinstance(leaf, Dual):
        leaf = leaf.value
    return leaf.detach() if on_a_tape(leaf) else leaf


# --- checkpoint ------------------------------------------------------------------------------------------------------


# Stands for a variable among the leaves of the arguments; the node has its values.
_VARIABLE = object()


class _Checkpoint(PullbackRule):
    """The rule of one call of a checkpointed function.

    Parameters
    ----------
    leaves : the leaves of the arguments, `_VARIABLE` in place of the variables
    outside : the nodes of the variables that the function found outside of its arguments
    prints : a fingerprint of each result with a gradient
    """

    opaque = True
    along = True

    def __init__(
        self, func: Callable[..., Any], leaves: list[Any], structure: Tree, outside: Iterable[Node], prints: list[Any]
    ) -> None:
        self.name = getattr(func, "__name__", repr(func))
        self.func = func
        self.leaves = leaves
        self.structure = structure
        self.outside = tuple(outside)
        self.prints = prints

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        parts = g if type(g) is list else [g]
        # A sweep may be inside a no_grad, and anomalies in the function are the user's.
        return within({"recording": True}, self._again, node, parts)  # type: ignore[no-any-return]

    def _again(self, node: Node, parts: list[Any]) -> list[Any]:
        traced = any(map(made_of_tensors, parts))
        start = next_order()
        variables = [_inner(raw, parent, traced) for raw, parent in zip(node.args, node.parents, strict=False)]
        slots = iter(variables)
        given = [next(slots) if leaf is _VARIABLE else leaf for leaf in self.leaves]
        args, kwargs = self.structure.unflatten(given)
        before = held()
        try:
            hold(differentiating(before, in_reverse(before.making)))
            result = blocks.call(self.func, args, kwargs)
        finally:
            hold(before)
        outs = _tensors(flatten(result)[0])
        self._compare(outs)
        pairs = [(out._node, part) for out, part in zip(outs, parts, strict=True)]
        root = joined_root([(n, part) for n, part in pairs if n is not None and part is not None])
        outside = cut_from_older(root, start, {v._node for v in variables})
        if not outside.keys() <= set(self.outside):
            raise self._differs()
        if traced:
            for old, parent in zip(self.outside, node.parents[len(variables) :], strict=True):
                if old in outside:
                    outside[old].rule, outside[old].parents = ARGUMENT, (parent,)
        one = one_beside(map(bare, parts))
        found = plans.sweep(root, wrap(one) if traced else one, traced, wrap if traced else None, start)
        return [found.get(v._node) for v in variables] + [
            found.get(outside[n]) if n in outside else None for n in self.outside
        ]

    # The same along a tape, for the product of a Hessian with a vector; of one result, and of nothing from outside.

    def push(self, node: Node, tangents: Sequence[Any], forward: Any) -> Any:
        if self.outside or len(self.prints) != 1:
            return NotImplemented
        level = next_level()
        out = self._along(self._duals(node.args, tangents, level), level, False)
        return out.tangent if isinstance(out, Dual) and out.level == level else zeros_of(node)

    def pull_along(
        self, node: Node, g: Array, dg: Array | None, tangents: Sequence[Any], tangent: Any, _: Callable[..., Any]
    ) -> Any:
        if self.outside or len(self.prints) != 1:
            return NotImplemented
        level, start = next_level(), next_order()
        tangents = [zeros_of(parent) if t is None else t for t, parent in zip(tangents, node.parents, strict=True)]
        values, along = ([variable(owned(x)) for x in arrays] for arrays in (node.args, tangents))
        out = self._along([joined(x, t, level) for x, t in zip(values, along, strict=True)], level, True)
        if not (isinstance(out, Dual) and out.level == level):
            return NotImplemented
        # Of <g, J t> + <dg, f>, the gradient by t is the cotangent, and that by the operands the tangent of this.
        pairs = [(out.tangent, g), *([] if dg is None else [(out.value, dg)])]
        leaves: Any = [x._node for x in (*along, *values)]
        found = pull_back(pairs, leaves, start, False)
        return [*zip(found[: len(along)], found[len(along) :], strict=True)]

    def _duals(self, args: Sequence[Any], tangents: Sequence[Any], level: int) -> list[Any]:
        return [owned(x) if t is None else dual(x, t, level) for x, t in zip(args, tangents, strict=True)]

    def _along(self, variables: list[Any], level: int, recorded: bool) -> Any:
        """Call the function in forward mode, and return its one result."""
        slots = iter(variables)
        args, kwargs = self.structure.unflatten([next(slots) if leaf is _VARIABLE else leaf for leaf in self.leaves])
        before = held()
        making = in_forward(in_reverse(before.making) if recorded else before.making, level)
        try:
            hold(differentiating(before, making, recorded))
            result = blocks.call(self.func, args, kwargs)
        finally:
            hold(before)
        outs = [out for out in flatten(result)[0] if isinstance(out, Dual) or _is_result(out)]
        self._compare([wrap(bare(out)) for out in outs])
        return outs[0]

    def _compare(self, outs: list[Any]) -> None:
        """Raise if the function did not compute the same as before, up to rounding."""
        if len(outs) != len(self.prints) or not all(
            _same(before, _fingerprint(out._raw)) for before, out in zip(self.prints, outs, strict=True)
        ):
            raise self._differs()

    def _differs(self) -> RuntimeError:
        return RuntimeError(
            f"{self.name} gave another result when checkpoint called it again for its gradient. It draws random "
            "numbers, or uses something that has been changed in the meantime; pass what it uses as arguments."
        )


def _inner(raw: Array, parent: Any, traced: bool) -> Any:
    """Return an argument for a call on a tape of its own; traced, that tape leads on to the outer one."""
    if traced:
        return wrap(raw, Node(ARGUMENT, None, None, None, (parent,), parent.shape, parent.dtype))
    t = wrap(raw, nodes.leaf(parent.shape, parent.dtype))
    t._node.holder = weakref.ref(t)
    return t


def joined_root(pairs: Sequence[tuple[Node, Array]]) -> Node:
    """Return a root that stands for several results, each with its cotangent."""
    return Node(Results([g for _, g in pairs]), None, None, None, tuple([n for n, _ in pairs]), (), FLOAT64)


def cut_from_older(root: Node, start: int, inputs: Iterable[Node] = ()) -> dict[Node, Node]:
    """Cut a tape from what is older than `start`, and return the leaf that stands for each older node now.

    These are the variables that a function found outside of its arguments; those are the `inputs`.
    """
    outside: dict[Node, Node] = {}

    def leaf_for(old: Node) -> Node:
        if old not in outside:
            outside[old] = nodes.leaf(old.shape, old.dtype)
            outside[old].order = start
        return outside[old]

    stack = [root]
    seen = {root, *inputs}
    while stack:
        node = stack.pop()
        if any(parent is not None and parent.order < start for parent in node.parents):
            node.parents = tuple([p if p is None or p.order >= start else leaf_for(p) for p in node.parents])
        for parent in node.parents:
            if parent is not None and parent not in seen and parent.order > start:
                seen.add(parent)
                stack.append(parent)
    return outside


def _kept(leaf: Any) -> Any:
    """Return what is kept of an argument, so that later changes to it do not matter."""
    if on_a_tape(leaf):
        return _VARIABLE
    return wrap(saved(leaf)) if isinstance(leaf, wrapping.Tensor) else saved(leaf)


def _replaced(raw: Array, before: Array) -> bool:
    """Tell whether an update gave a constant other data."""
    # Where nothing is counted, data that were looked at are on another buffer, too.
    if COUNTED and type(raw) is type(before) is np.ndarray and raw.ndim:
        return raw.size > 0 and not np.may_share_memory(raw, before)
    if type(raw) is Guest is type(before):
        return raw.array is not before.array
    return not np.array_equal(raw, before, equal_nan=True)


def _is_result(out: Any) -> bool:
    """Tell whether a result may have a gradient; a function that does not dispatch gives plain numbers of constants."""
    return type(out) in (float, complex) or (
        is_floating(out) and isinstance(out, (wrapping.Tensor, np.ndarray, np.generic))
    )


def _tensors(outs: Iterable[Any]) -> list[Any]:
    found = [out for out in outs if _is_result(out)]
    return [
        out if isinstance(out, wrapping.Tensor) else wrap(out if hasattr(out, "dtype") else np.asarray(out)[()])
        for out in found
    ]


# Irregular numbers, and not of NumPy's generators, whose import takes 10 ms. BLAS computes longer products in threads,
# which cost more.
_WEIGHTS = np.cos(np.arange(8192.0) ** 2)


def _fingerprint(raw: Array) -> tuple[Any, ...]:
    """Return a weighted sum of the elements, the error that rounding may have brought into it, shape and dtype."""
    total, size = silently(_weighted, np.ravel(raw)) if in_sight(raw) else (0.0, 0.0)
    return total, size, raw.shape, raw.dtype


def _weighted(flat: Array) -> tuple[Any, Any]:
    total = size = 0.0
    for i in range(0, flat.size, len(_WEIGHTS)):
        block = flat[i : i + len(_WEIGHTS)]
        total = total + np.dot(block, _WEIGHTS[: len(block)])
        size = size + np.sum(np.abs(block))
    return total, size * np.sqrt(np.finfo(flat.dtype).eps)


def _same(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    if a[2:] != b[2:]:
        return False
    if not np.isfinite(a[0]):
        return not np.isfinite(b[0])
    return bool(np.abs(a[0] - b[0]) <= a[1])


@telling
def checkpoint(func: F) -> F:
    """Keep no tape of a function's inside: compute it again when its gradient is asked for.

    Memory goes down to that of the arguments, and of one call at a time; time goes up by one more forward pass. A loop
    of n steps, cut into about sqrt(n) segments that are checkpointed, needs about sqrt(n) times less memory [1]_.

    Parameters
    ----------
    func : callable
        A function of arrays and containers of arrays, by position or by keyword, with any such result. Variables that
        it finds in its closure get their gradient too. It has to compute the same when it is called again, so it draws
        no random numbers, and it does not update its arguments in place.

    Returns
    -------
    callable
        The same function, of any order of differentiation, whose results are arrays of their own and no views of an
        argument. In forward mode, which keeps no tape, it is called once.

    Raises
    ------
    RuntimeError
        In the backward pass, if the function computes something else than before.
    TypeError
        When called, if the function updates an argument in place.

    References
    ----------
    .. [1] T. Chen, B. Xu, C. Zhang, C. Guestrin, "Training deep nets with sublinear memory cost",
       arXiv:1604.06174, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> @ga.checkpoint
    ... def block(x):
    ...     return np.tanh(np.sin(x) * 2)
    >>> x = ga.tensor(0.0)
    >>> block(x).backward()
    >>> x.grad
    array(2.)
    """
    if not callable(func):
        raise TypeError(f"checkpoint takes a function, not {type(func).__name__}")

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not settings.recording():
            return func(*args, **kwargs)
        if lanes():
            lifted = Lifted(func, (), args, kwargs)
            return lifted.handed(lifted.within(checkpoint(lifted.function(lifted.aux)), *lifted.args, **lifted.kwargs))
        leaves, structure = flatten((args, kwargs))
        if level := highest_level(leaves):
            if not any(map(on_a_tape, leaves)):
                return func(*args, **kwargs)
            return _forward(func, leaves, structure, level)
        start = next_order()
        variables = [leaf for leaf in leaves if on_a_tape(leaf)]
        given = [wrap(leaf._raw) if on_a_tape(leaf) else leaf for leaf in leaves]
        inner_args, inner_kwargs = structure.unflatten(given)
        result = func(*inner_args, **inner_kwargs)
        outs, answer = flatten(result)
        if any(isinstance(out, Dual) for out in outs):  # forward mode came in by the closure
            return func(*args, **kwargs)
        for before, leaf in zip(leaves, given, strict=True):
            if leaf is not before and (leaf._node is not None or _replaced(leaf._raw, before._raw)):
                raise TypeError(
                    f"{getattr(func, '__name__', func)!s} updates an argument in place, which would be lost under "
                    "checkpoint; let it work on a copy, and return that."
                )
        results = _tensors(outs)
        outside = cut_from_older(joined_root([(out._node, None) for out in results if out._node is not None]), start)
        parents = (*[leaf._node for leaf in variables], *outside)
        if not results or not records(parents):
            return result
        prints = [_fingerprint(out._raw) for out in results]
        rule = _Checkpoint(func, [_kept(leaf) for leaf in leaves], structure, outside, prints)
        args = tuple(map(saved, variables))
        made = iter(put_on_tape(rule, args, parents, [out._raw for out in results], False))
        return answer.unflatten([next(made) if _is_result(out) else out for out in outs])

    return call  # type: ignore[return-value]


def _forward(func: Callable[..., Any], leaves: list[Any], structure: Tree, level: int) -> Any:
    """Call a checkpointed function on Duals of variables: values and tangents are what is checkpointed then."""
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Dual) and leaf.level == level]
    rest = [None if i in places else leaf for i, leaf in enumerate(leaves)]
    shape: list[Any] = []

    def pairs(values: list[Any], tangents: list[Any], rest: list[Any]) -> list[Any]:
        inner = list(rest)
        for i, value, tangent in zip(places, values, tangents, strict=True):
            inner[i] = Dual(value, tangent, level)
        args, kwargs = structure.unflatten(inner)
        outs, answer = flatten(func(*args, **kwargs))
        dual = [isinstance(out, Dual) and out.level == level for out in outs]
        shape[:] = [answer, dual]
        return [[out.value, out.tangent] if d else [out] for out, d in zip(outs, dual, strict=True)]

    functools.update_wrapper(pairs, func)
    found = checkpoint(pairs)([leaves[i].value for i in places], [leaves[i].tangent for i in places], rest)
    answer, dual = shape
    return answer.unflatten(
        [Dual(parts[0], parts[1], level) if d else parts[0] for parts, d in zip(found, dual, strict=True)]
    )
