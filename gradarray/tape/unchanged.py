"""Whether the arrays that a tape saved are still what they were; see `guard`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..kernels import guard
from .nodes import Node


def verify(nodes: Iterable[Node]) -> None:
    """Raise if an array that one of the nodes needs has been changed since it was saved."""
    seen: set[int] = set()
    for node in nodes:
        _compare(node.args, node, seen)
        if node.kwargs:
            _compare(node.kwargs, node, seen)


def _compare(value: Any, node: Node, seen: set[int]) -> None:
    kind = type(value)
    if kind is np.ndarray:
        entry = None
        while entry is None and type(value) is np.ndarray:  # it may be a view of what is kept
            entry = guard.watched.get(id(value))
            value = value.base
        if entry is None or id(entry) in seen:
            return
        seen.add(id(entry))
        kept = entry()
        if kept is not None and entry.fingerprint != guard.fingerprint_of(kept):
            name = "" if node.rule is None else f"{node.rule.name} "
            raise RuntimeError(
                f"{name}was given an array of shape {kept.shape} and dtype {kept.dtype}, which has been changed since: "
                "a gradient would be that of another program. Change it after backward(), or give a copy of it; "
                "ga.mem_guard_off, around the forward pass, spares the comparison."
            )
    elif kind is tuple or kind is list:
        for item in value:
            _compare(item, node, seen)
    elif kind is dict:
        for item in value.values():
            _compare(item, node, seen)
