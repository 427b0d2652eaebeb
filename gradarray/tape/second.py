"""Second derivatives in one direction, along a tape that stays as it is: a sweep, and the tangent of it beside.

A recorded sweep that is pulled back once more comes to the same. But then each product of the sweep is a call on
tensors, and makes a node. Here tangents go along the tape first, from the operands to the result, and then each node
pulls its cotangent back together with the tangent of that, by plain arithmetic: a rule that is linear in its operands
does so by its pullback, and only a slope that depends on them is computed as forward mode does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..context.settings import next_level, silently
from ..kernels import guard
from ..kernels.arrays import FLOAT64, LARGE, Array, factor_of
from ..kernels.traced import TRACED
from . import careful, wrapping
from .nodes import Node, by_order
from .plans import LONGEST, MOST, Often, room
from .sweeps import add_cotangents, is_clean, reachable
from .unchanged import verify

Products = list[Array | None]
# Takes root, cotangent, oldest, the inputs and their directions, and does what `hessian_product` does. None stands for
# a tape of another structure, and for one from which a NaN comes out, or that meets a kink.
SecondPlan = Callable[[Node, Array, int, Sequence[Node], Sequence[Array]], Products | None]

# Writes such a plan, as `plans.program` does, given the inputs and their directions as well.
program: Callable[..., SecondPlan | None] | None = None


class _Known:
    """The plans for tapes with one rule at the end, and what is known of those that no plan was for."""

    __slots__ = ("often", "plans")

    def __init__(self) -> None:
        self.plans: tuple[SecondPlan, ...] = ()
        self.often = Often()


_known: dict[Any, _Known] = {}


def hessian_product(
    root: Node, g: Array, inputs: Sequence[Node], directions: Sequence[Array], oldest: int
) -> Products | None:
    """Return the derivative, along a direction, of the gradient by each input, None for one that is zero.

    The tape stays as it is. Where it leads to older nodes, where a rule has no way to do it, where a NaN comes out, so
    that it matters where zeros come from, and at kinks, None is returned in place of all.

    Parameters
    ----------
    root, g : the result, and its cotangent
    inputs : leaves
    directions : for each of them an array of its dtype and shape; a scalar where it has none
    oldest : the smallest order of a node on this tape
    """
    rule = root.rule
    known = None if guard.watched or type(g) in TRACED else _known.get(rule)
    if known is not None:
        for plan in known.plans:
            try:
                found: Any = silently(plan, root, g, oldest, inputs, directions)
            except Exception:
                continue  # another tape
            if found is not None:
                return found  # type: ignore[no-any-return]
    beyond: list[Node] = []
    uses = reachable(root, oldest, beyond)
    if beyond:
        return None
    small = True
    for node in uses:
        # Nothing is to be done that has to be done once more.
        if node.dtype is not FLOAT64 or (node.rule is not None and not node.rule.along):
            return None
        small = small and (node.rule is None or (node.rule.shared and node.size < LARGE))
    if guard.watched:
        verify(uses)
    nodes = sorted(uses, key=by_order)
    kinks = careful.kinks
    try:
        found = silently(along, nodes, root, g, inputs, directions)
    except Exception:
        return None  # the other way says what is wrong, from where the author of a rule expects it
    if found is None or careful.kinks != kinks:
        return None
    if small and type(g) not in TRACED and len(uses) <= LONGEST:
        _count(root, g, inputs, directions, uses)
    return found  # type: ignore[no-any-return]


def along(
    nodes: list[Node], root: Node, g: Array, inputs: Sequence[Node], directions: Sequence[Array]
) -> Products | None:
    """Do what `hessian_product` does, of nodes in their order, with nothing but the loop."""
    tangents: dict[Node, Any] = dict(zip(inputs, directions, strict=True))
    for node in nodes:
        rule = node.rule
        if rule is None:
            continue
        given = [tangents.get(p) for p in node.parents]  # type: ignore[arg-type]
        for t in given:
            if t is not None:
                t = rule.push(node, given, FORWARD)
                if t is NotImplemented:
                    return None
                tangents[node] = t if t.shape == node.shape else np.broadcast_to(t, node.shape)
                break
    level = next_level()
    dual_type = wrapping.Dual

    def dual(x: Any, t: Any) -> Any:
        return dual_type(x, t, level)

    if type(g) in TRACED:
        nodes = g.program.along(nodes)
    cotangents: dict[Node, Any] = {root: g}
    moved: dict[Node, Any] = {}
    owned: set[Node] = set()
    owned_too: set[Node] = set()
    for node in reversed(nodes):
        rule = node.rule
        if rule is None:
            continue
        g, dg = cotangents.pop(node, None), moved.pop(node, None)
        owned.discard(node)
        owned_too.discard(node)
        if g is None:
            continue
        if rule.smoothed(node) is not None:
            return None
        parents = node.parents
        pulled = rule.pull_along(node, g, dg, [tangents.get(p) for p in parents], tangents.get(node), dual)  # type: ignore[arg-type]
        if pulled is NotImplemented:
            return None
        values, along = zip(*pulled, strict=True)
        add_cotangents(parents, values, cotangents, owned, False)
        add_cotangents(parents, along, moved, owned_too, False)
    products = [moved.get(node) for node in inputs]
    return products if all(dg is None or is_clean(dg) for dg in products) else None


class _Forward:
    """What `Differentiable.tangent` asks of the tangents here."""

    def product(self, rule: Any, i: int, t: Array, ans: Any, operands: Sequence[Any]) -> Array:
        d = rule.partials[i]
        if callable(d):
            return t * d(ans, *operands)
        return t if d == 1 else -t if d == -1 else t * factor_of(d, t.dtype)

    def apart(self, tangent: Any, tangents: Sequence[Any]) -> Any:
        return tangent  # nobody writes into one


FORWARD = _Forward()


def _count(
    root: Node,
    g: Array,
    inputs: Sequence[Node],
    directions: Sequence[Array],
    uses: dict[Node, int],
) -> None:
    """Note that there was no plan for a tape, and write one where it has come often enough."""
    known = room(_known).setdefault(root.rule, _Known())
    rules = hash(tuple([node.rule for node in uses]))
    varying = known.often.enough(rules, uses)
    if program is not None and varying is not None:
        plan = program(uses, g, varying, inputs, directions)
        if plan is not None:
            known.plans = (plan, *known.plans[: MOST - 1])
