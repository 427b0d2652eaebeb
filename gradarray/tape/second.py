"""Second derivatives in one direction, along a tape that stays as it is: a sweep, and the tangent of it beside.

A recorded sweep that is pulled back once more comes to the same. But then each product of the sweep is a call on
tensors, and makes a node. Here tangents go along the tape first, from the operands to the result, and then each node
pulls its cotangent back together with the tangent of that, by plain arithmetic: a rule that is linear in its operands
does so by its pullback, and only a slope that depends on them is computed as forward mode does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from ..context.settings import next_level, silently
from ..kernels import guard
from ..kernels.arrays import FLOAT64, LARGE, Array, factor_of
from ..kernels.traced import TRACED
from . import careful, wrapping
from .nodes import Node
from .sweeps import accumulate, is_clean
from .unchanged import verify

_by_order = attrgetter("order")


def product(
    root: Node, g: Array, inputs: Sequence[Node], directions: Sequence[Array], uses: dict[Node, int]
) -> list[Array | None] | None:
    """Return the derivative, along a direction, of the gradient by each input, None for one that is zero.

    The tape stays as it is. Where a rule has no way to do it, where a NaN comes out, so that it matters where zeros
    come from, and at kinks, None is returned in their place.

    Parameters
    ----------
    root, g : the result, and its cotangent
    inputs : leaves
    directions : one array for each of them
    uses : all nodes that the root depends on, as `reachable` returns them
    """
    for node in uses:
        rule = node.rule
        if node.dtype is not FLOAT64 or (rule is not None and (not rule.shared or node.size >= LARGE)):
            return None
    if guard.watched:
        verify(uses)
    nodes = sorted(uses, key=_by_order)
    kinks = careful.kinks
    try:
        found: Any = silently(_along, nodes, root, g, dict(zip(inputs, directions, strict=True)))
    except Exception:
        return None  # the other way says what is wrong, from where the author of a rule expects it
    if found is None or careful.kinks != kinks:
        return None
    products = [found.get(node) for node in inputs]
    if not all(dg is None or is_clean(dg) for dg in products):
        return None
    return products


def _along(nodes: list[Node], root: Node, g: Array, tangents: dict[Node, Any]) -> dict[Node, Array] | None:
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
        parents = node.parents
        pulled = rule.pull_along(node, g, dg, [tangents.get(p) for p in parents], tangents.get(node), dual)  # type: ignore[arg-type]
        if pulled is NotImplemented:
            return None
        values, along = zip(*pulled, strict=True)
        accumulate(parents, values, cotangents, owned, False)
        accumulate(parents, along, moved, owned_too, False)
    return moved


class _Forward:
    """What `Differentiable.tangent` asks of the tangents here."""

    def product(self, rule: Any, i: int, t: Array, ans: Any, operands: Sequence[Any]) -> Array:
        d = rule.partials[i]
        return t * d(ans, *operands) if callable(d) else t if d == 1 else t * factor_of(d, t.dtype)

    def apart(self, tangent: Any, tangents: Sequence[Any]) -> Any:
        return tangent  # nobody writes into one


FORWARD = _Forward()
