"""Parameters, gradients and states leaf by leaf: what optimisers do with containers.

All else in this room is written with public names alone. How to look into a container is known in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import gradarray as ga

from ..transforms.containers import Tree
from ..transforms.containers import flatten as flatten


def advanced(advance: Callable[..., tuple[Any, ...]], gradients: Any, params: Any, *states: Any) -> list[Any]:
    """Return the updates, and the next states, of all leaves; where a gradient is None, a leaf stays as it is.

    ``advance(g, p, *parts)`` returns those of one leaf. A state may be None as a whole.
    """
    # A container of gradients may have None in the place of a part, which does not tell what stands there.
    leaves, tree = flatten(next((value for value in (params, *states, gradients) if value is not None), None))
    given = leaves_like(tree, leaves, gradients, "gradients")
    like = leaves if params is not None else given
    parts = [[None] * len(leaves) if s is None else leaves_like(tree, leaves, s, "state") for s in states]
    rows: list[tuple[Any, ...]] = []
    for g, p, *old in zip(given, like, *parts, strict=True):
        if g is None:
            rows.append((None, *old))
        else:
            rows.append(tuple(map(in_dtype_of, advance(g, p, *old), (p, *old))))
    made = [tree.unflatten([row[k] for row in rows]) for k in range(1 + len(states))]
    return [made[0], *[None if s is None else new for s, new in zip(states, made[1:], strict=True)]]


def leaves_like(tree: Tree, leaves: list[Any], other: Any, what: str) -> list[Any]:
    """Return the leaves of another container, None where it has None; raise where one has another shape."""
    found = tree.spread(other, f"the {what}")
    for i, (p, x) in enumerate(zip(leaves, found, strict=True)):
        if x is not None and np.shape(x) != np.shape(p):
            place = f"{what}{list(tree.paths())[i]}"
            raise ValueError(f"the {place} of shape {np.shape(x)} belong to something of shape {np.shape(p)}")
    return found


def zeros_for_all(params: Any, real: bool = False) -> Any:
    """Return zeros in the place of all parameters; with `real`, those of absolute values."""

    def zeros(p: Any) -> Any:
        made = np.zeros(np.shape(p), precision(p))[()]
        return made.real.copy() if real else made

    return ga.tree_map(zeros, params)


def precision(x: Any) -> np.dtype[Any]:
    return x.dtype if hasattr(x, "dtype") else np.result_type(x)


def in_dtype_of(x: Any, like: Any) -> Any:
    """Return what was computed in the dtype that it has to have; rates and the like may have brought another one.

    Raise TypeError where that one cannot hold it, as whole numbers cannot: an update cut off there is none.
    """
    if like is None or precision(x) == precision(like):
        return x
    found, wanted = precision(x), precision(like)
    if not np.can_cast(found, wanted, "same_kind"):
        raise TypeError(
            f"what has dtype {wanted} cannot take an update of dtype {found}; parameters and gradients are "
            "floating-point or complex numbers"
        )
    return x.astype(wanted) if hasattr(x, "dtype") else wanted.type(x)
