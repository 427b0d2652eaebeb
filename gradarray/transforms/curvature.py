"""The product of a Hessian with a vector, along what one call of the function has recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..context.settings import held, hold
from ..reverse.tensor import Tensor
from ..tape import second
from ..tape.nodes import Node
from .trace import own_gradients, pull_back


def product_along(out: Any, one: Any, inputs: Sequence[Node], directions: Sequence[Any], oldest: int) -> list[Any]:
    """Return the derivative, along a direction, of the gradient of a result by some leaves.

    Parameters
    ----------
    out, one : the result, and the cotangent with which a sweep from it begins
    inputs : the leaves
    directions : for each of them an array of its shape and dtype
    oldest : older nodes are constants
    """
    if type(out) is Tensor and out._node is not None and out._node.order >= oldest:
        found = second.hessian_product(out._node, one, inputs, directions, oldest)
        if found is not None:
            products = {node: g for node, g in zip(inputs, found, strict=True) if g is not None}
            return own_gradients(products, inputs, set(map(id, directions)))
    before = held()
    try:
        hold(before.with_(recording=True))
        gradients = pull_back([(out, one)], inputs, oldest, True, True)
    finally:
        hold(before)
    # The Hessian is symmetric, so that its product with a vector is that vector pulled back through the gradient.
    return pull_back([*zip(gradients, directions, strict=True)], inputs, oldest, False)
