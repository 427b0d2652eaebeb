"""Where on a tape a function has no derivative, so that what stands there is a convention or not finite.

No list of kinks is kept for it: each function by itself is looked at near its operands, as `check_grads` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..context.settings import silently
from ..rules.written import EDGE, JUMP, KINK, MEANING, STEEP
from ..testing.differences import FlatFunction, machine_eps
from ..testing.kinks import Rough, rough
from .record import TapeRow

# Functions of more elements are not looked at, since each look calls them some twenty times.
_LARGEST = 1000
# A function that computes with a tolerance of its own seems to have a kink here and there: no two looks see the same.
_LOOKS = (1.0, 0.7, 0.45)


def mark_special(rows: Iterable[TapeRow]) -> list[str]:
    """Note in the rows of a tape which are at a point without a derivative, and return what is to be said of them."""
    notes = []
    for row in rows:
        found = silently(_look, row)
        if found is not None:
            has, place = found
            row.special = has.partition(" ")[2]  # without an article
            at = f", element {place}," if place else ""
            notes.append(f"{row.name} = {row.computed_as}{at} has {has} here: {MEANING[has]}.")
    return notes


def _look(row: TapeRow) -> tuple[str, tuple[int, ...]] | None:
    """Return what the function of a row has at this point, in words, and the first element where it has."""
    function = None if row.node is None else getattr(row.node.rule, "call", None)
    # What only moves and adds has no such point, unless it selects.
    if function is None or (row.node.rule.exact and not row.node.rule.selects):  # type: ignore[union-attr]
        return None
    operands = [x.value for x in row.operands]
    moving = [k for k, x in enumerate(row.operands) if x.row is not None and _is_real(x.value)]
    if not moving or any(x is None for x in operands) or sum(map(np.size, operands)) > _LARGEST:
        return None
    sequence = bool(getattr(row.node.rule, "sequence", False))  # type: ignore[union-attr]
    params = (row.node.kwargs if row.node is not None else None) or {}

    def call(*given: Any) -> list[Any]:
        new = list(operands)
        for k, x in zip(moving, given, strict=True):
            new[k] = x
        return [np.asarray(function(new, **params) if sequence else function(*new, **params))]

    point = [np.asarray(operands[k]) for k in moving]
    rng = np.random.default_rng(0)
    step = max(map(machine_eps, point)) ** 0.2
    found: Rough | None = None
    for part in _LOOKS:
        direction = [
            np.asarray(rng.choice([-1.0, 1.0], x.shape) * rng.uniform(0.5, 1, x.shape), x.dtype) for x in point
        ]
        try:
            (again,) = rough(FlatFunction(call, [row.name]), point, direction, step * part)
        except Exception:  # it takes no other values than these
            return None
        found = again if found is None else again.both(found)
        if not found.any():
            return None
    assert found is not None
    classes = ((KINK, found.kinks), (JUMP, found.jumps), (STEEP, found.steep), (EDGE, found.one_sided))
    kind, mask = next((kind, mask) for kind, mask in classes if np.any(mask))
    return kind, tuple(map(int, np.argwhere(mask)[0]))


def _is_real(x: Any) -> bool:
    return x is not None and np.result_type(x).kind == "f"
