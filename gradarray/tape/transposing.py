"""Forward derivatives by the way back alone, of what tells no tangent.

The way back is linear in the cotangent v: it gives J^H v. Re<J^H v, t> is Re<v, J t>, so that the gradient by v is J t,
whatever v is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..context.settings import RECORDED, silently, within
from ..kernels.arrays import Spec, is_floating
from ..kernels.guests import Guest, beside
from .fitting import fit
from .nodes import Node, leaf
from .wrapping import bare, wrap

# Those that lead to the tangent: cotangents of operands, each with the operand's tangent.
Paired = list[tuple[Any, Any]]
Differentiate = Callable[[Paired, list[Node | None]], list[Any]]


def linear_transpose(
    outs: Iterable[Any],
    pull: Callable[[list[Any]], Iterable[Any]],
    tangents: Sequence[Any],
    gradients: Differentiate,
) -> list[Any]:
    """Return the tangent of each result, None where it has whole numbers.

    Parameters
    ----------
    outs : the results, of which shapes and dtypes are needed
    pull : returns the cotangents of the operands from those of the results, which are Tensors, or None
    tangents : those of the operands, None for a constant
    gradients : returns the gradient of the sum of all ``Re<c, t>`` by each leaf, from the pairs (c, t) and the leaves
    """
    leaves = [leaf(out.shape, out.dtype) if is_floating(out) else None for out in outs]
    like = next((raw for t in tangents if t is not None and type(raw := bare(t)) is Guest), None)
    v = [None if x is None else wrap(beside(np.zeros(x.shape, x.dtype), like), x) for x in leaves]

    def compute() -> list[Any]:
        pulled = zip(pull(v), tangents, strict=False)
        pairs = [(fit(c, Spec(t.shape, t.dtype)), t) for c, t in pulled if c is not None and t is not None]
        return gradients(pairs, leaves)

    return within(RECORDED, silently, compute)  # type: ignore[no-any-return]


def transposed_call(node: Node, tangents: Sequence[Any], gradients: Differentiate) -> Any:
    """Return the tangent of a recorded call, or of each one of its results, by the pullback of its rule."""
    rule = node.rule
    assert rule is not None
    if not isinstance(node.out, (tuple, list)):
        return linear_transpose([node], lambda v: rule.pullback(node, v[0]), tangents, gradients)[0]
    outs = node.out

    def pull(v: list[Any]) -> Iterable[Any]:
        g: Any = [np.zeros(out.shape, out.dtype) if x is None else x for x, out in zip(v, outs, strict=True)]
        return rule.pullback(node, g)

    return linear_transpose(outs, pull, tangents, gradients)
