"""What a tape keeps of an operand, and how the results of a recorded call become Tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import guard
from ..kernels.arrays import Array
from ..kernels.gate import PLAIN
from ..kernels.traced import MEMORY
from ..rules.differentiable import Differentiable
from ..tape import wrapping
from ..tape.cotangents import picked
from ..tape.nodes import Node
from ..tape.wrapping import wrap, wrap_results
from .views import sharing


def saved(value: Any) -> Array:
    """Return what a tape keeps of an operand; what its owner could change meanwhile is guarded."""
    if isinstance(value, wrapping.Tensor):
        return value._raw if value._alias is None else sharing.saved_alias(value)
    if type(value) in MEMORY:
        return guard.secured(value)
    # An argument of a user's own function, which stays what it is; operands have come in by the gate.
    return value.copy() if isinstance(value, np.ndarray) else value


def record_results(
    rule: Differentiable, saved: Any, kwargs: dict[str, Any], out: Any, parents: tuple[Node | None, ...]
) -> Any:
    """Wrap the result of a recorded call; several results hang on one node, each by a node of its own."""
    if not isinstance(out, (tuple, list)):
        if type(out) not in PLAIN or out.dtype.kind not in "fc":
            return wrap_results(out)
        return wrap(out, Node(rule, saved, kwargs, out if rule.keeps_out else None, parents, out.shape, out.dtype))
    several = Node(rule, saved, kwargs, tuple(out), parents, (), np.dtype(float))
    results = picked(several, out, wrap)
    return type(out)(*results) if hasattr(out, "_fields") else type(out)(results)
