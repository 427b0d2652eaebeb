"""The values of a solution at some times, with their derivatives: what stands on a tape for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...batch.batch import Batch
from ...batch.batched import between, push_batch
from ...context.settings import RECORDED, within
from ...forward.dual import Dual
from ...forward.levels import made_of_tensors
from ...forward.tangents import joined
from ...kernels.arrays import Array
from ...reverse.elementwise import records
from ...tape import plans
from ...tape.nodes import Node, PullbackRule, next_order
from ...tape.wrapping import has_tensor, has_variable, wrap
from ...transforms.checkpoint import joined_root
from ...transforms.custom_gradient import put_on_tape
from ...transforms.trace import ARGUMENT
from ..captured import outside_of
from .adjoint import Adjoint


class _Trajectory(PullbackRule):
    """The rule of the values of a solution at some times.

    Parameters
    ----------
    again : carries out the steps on a tape, from where they begin to the values at the times
    outside : the nodes of the variables that they depend on, in which `first` is that of where they begin, if any
    """

    opaque = True
    name = "solve_ivp"

    def __init__(
        self, adjoint: Adjoint, times: Array, again: Callable[[Any], Any], outside: tuple[Node, ...], first: Node | None
    ) -> None:
        self.adjoint, self.times, self.again, self.outside = adjoint, times, again, outside
        self._begins = first is not None

    def pullback(self, node: Node, g: Array) -> list[Any]:
        # A sweep may be carried out inside a no_grad block.
        return within(RECORDED, self._twice if made_of_tensors(g) else self._pulled, node, g)  # type: ignore[no-any-return]

    def _pulled(self, node: Node, g: Array) -> list[Any]:
        self.adjoint.verify()
        along, at_start = within({"recording": False}, self.adjoint.pulled, self.times, g)
        found = within({"recording": False}, self.adjoint.pulled_values, along)
        if found is None:
            call = self.adjoint.taken()
            found = self._swept(call.slopes, along, call.start, call.outside, {}, False)
        if self._begins:
            other = found.get(self.outside[0])
            found[self.outside[0]] = at_start if other is None else at_start + other
        return [found.get(old) for old in self.outside]

    def push(self, node: Node, tangents: Sequence[Any], forward: Any) -> Any:
        given = [t for t in tangents if t is not None]
        if not self.adjoint.by_matrices or not all(type(t) is Batch for t in given):
            return NotImplemented
        return Batch(within(RECORDED, self._pushed, given[0].count, tangents))

    def _pushed(self, count: int, tangents: Sequence[Any]) -> Array:
        adjoint = self.adjoint
        adjoint.matrices()
        call = adjoint.taken()
        outside = call.outside
        leaves = {
            outside[old]: t for old, t in zip(self.outside, tangents, strict=True) if old in outside and t is not None
        }
        m, s, n = np.shape(adjoint.stages)
        along = None
        if leaves and call.slopes is not None:
            along = push_batch(between(call.slopes, [*leaves]), call.slopes, leaves)
        first = tangents[0].value if self._begins and tangents[0] is not None else None
        return adjoint.pushed(
            self.times,
            np.zeros((count, m * s, n)) if along is None else along.value,
            np.zeros((count, len(adjoint.steps.y[0]))) if first is None else first,
        )

    def _twice(self, node: Node, g: Array) -> list[Any]:
        now = dict(zip(self.outside, node.parents, strict=True))
        first = self.adjoint.steps.y[0]
        start = next_order()
        value = self.again(wrap(first, node.parents[0]) if self._begins else first)
        found = self._swept(value._node, g, start, outside_of(value, start), now, True)
        first_now: Any = node.parents[0]
        if self._begins and first_now is not self.outside[0]:
            parts = [found[n] for n in (first_now, self.outside[0]) if found.get(n) is not None]
            found[self.outside[0]] = sum(parts[1:], parts[0]) if parts else None
        return [found.get(old) for old in self.outside]

    def _swept(
        self, root: Node | None, g: Any, start: int, outside: dict[Node, Node], now: dict[Node, Any], traced: bool
    ) -> dict[Node, Any]:
        if not set(outside) <= {*self.outside, *now.values()}:
            raise RuntimeError(
                f"the right-hand side of {self.name} found other variables when it was called again for the derivative"
            )
        if traced:
            # Where this tape was cut from what is older, other nodes stand for the variables; see `cut_from_older`.
            for old in outside:
                outside[old].rule, outside[old].parents = ARGUMENT, (now.get(old, old),)
        if not outside or root is None:
            return {}
        one: Any = np.float64(1)
        found = plans.sweep(
            joined_root([(root, g)]), wrap(one) if traced else one, traced, wrap if traced else None, start
        )
        return {old: found.get(leaf) for old, leaf in outside.items()}


def with_tangents(adjoint: Adjoint, slopes: Any, times: Array, values: Array, y0: Any) -> Any:
    """Return the values of a solution at some times with their tangents, or None where these are no plain arrays.

    Parameters
    ----------
    slopes : those at all stages, as the right-hand side gives them, or None if they have no tangents
    values : (number of times, n)
    y0 : where the steps begin
    """
    duals = [x for x in (slopes, y0) if isinstance(x, Dual)]
    level = max(x.level for x in duals)
    if not adjoint.by_matrices or any(x.level != level or has_tensor((x.value, x.tangent)) for x in duals):
        return None
    if has_variable(y0) and not isinstance(y0, Dual):
        return None
    m, s, n = np.shape(adjoint.stages)
    along = slopes.tangent if isinstance(slopes, Dual) else np.zeros((m * s, n))
    first = y0.tangent if isinstance(y0, Dual) else np.zeros(n)
    return joined(np.array(values), adjoint.pushed(times, along[None], first[None])[0], level)


def trajectory(
    adjoint: Adjoint, outside: tuple[Node, ...], times: Array, values: Array, y0: Any, again: Callable[[Any], Any]
) -> Any:
    """Return the values of a solution at some times with their derivatives.

    Parameters
    ----------
    outside : the nodes of the variables that the right-hand side finds
    values : (number of times, n)
    y0 : where the steps begin; it may be a variable
    again : carries out the steps on a tape, from there to the values
    """
    first = y0._node if has_variable(y0) else None
    # Another call may read a view from what it is a view of.
    read = dict.fromkeys([*outside, *[base for node in outside for base in node.parents if base is not None]])
    nodes = (*read,) if first is None else (first, *[node for node in read if node is not first])
    if not nodes or not records(nodes):
        return values
    rule = _Trajectory(adjoint, times, again, nodes, first)
    return put_on_tape(rule, (), nodes, [np.array(values)], False)[0]
