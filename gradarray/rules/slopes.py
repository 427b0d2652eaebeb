"""Infinite slopes of ufuncs, and derivatives that vanish: what has to be known where a zero meets an infinity.

It knows the chapters and the marks of tape/careful.py, and nothing of who sweeps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tape.careful import HARD, ROOT, SHARP, raw
from ..tape.nodes import Node
from .differentiable import Elementwise, Function
from .numpy import norms
from .registry import RULES


def _elementwise_rule(func: np.ufunc) -> Elementwise:
    found = RULES[func]
    assert isinstance(found, Elementwise)
    return found


def _root_of_sqrt(_i: int, ans: Any, _x: Any) -> Any:
    return HARD if np.all(ans) else np.where(ans == 0, ROOT, HARD)


def _root_of_power(i: int, _ans: Any, x1: Any, x2: Any) -> Any:
    if i or type(x2) is int or np.iscomplexobj(x2) or (np.ndim(x2) == 0 and not 0 < x2 < 1) or np.all(x1):
        return HARD
    return np.where((x1 == 0) & (x2 > 0) & (x2 < 1), np.where(np.less(x2, 0.5), SHARP, ROOT), HARD)


def _excused_by_power(i: int, node: Node) -> Any:
    """Tell which roots an inner power is stationary under: a whole one of 0 under a square root, an even one always.

    Beside 0 the derivative has only become 0 by rounding.
    """
    x1, x2 = map(raw, node.args)
    if i or np.iscomplexobj(x2):
        return 0
    return np.where(x1 == 0, np.where(np.equal(x2 % 2, 0), SHARP, np.where(np.equal(x2 % 1, 0), ROOT, 0)), 0)


def _vanishing_power(t: Any, x1: Any, x2: Any) -> int:
    """Tell what a power with an exponent above 1 that is not even excuses at 0.

    Where the tangent is 0 already, as that of an absolute value, it is for that to tell.
    """
    if (x2 <= 1 or x2 == 2) if type(x2) is float or type(x2) is int else np.iscomplexobj(x2):
        return 0
    if x1 != 0 if type(x1) is np.float64 else np.logical_and.reduce(x1, axis=None):
        return 0
    zero = np.equal(x1, 0) & np.not_equal(t, 0)
    if np.any(zero & np.greater(x2, 1) & np.less(x2, 2)):
        return SHARP
    return ROOT if np.any(zero & np.greater(x2, 2) & np.not_equal(x2 % 2, 0)) else 0


_elementwise_rule(np.sqrt).root = _root_of_sqrt
for power in (np.power, np.float_power):
    _elementwise_rule(power).root = _root_of_power
    _elementwise_rule(power).excuses = _excused_by_power
    _elementwise_rule(power).vanishes = _vanishing_power
    _elementwise_rule(power).regular = frozenset((0, 1, 2))
    _elementwise_rule(power).constant = lambda i, node: (
        np.equal(raw(node.args[1]), 0) if i == 0 and node.parents[1] is None else False
    )
for even in (np.square, np.absolute, np.fabs, np.cos, np.cosh, np.hypot):
    _elementwise_rule(even).excuses = lambda _i, _node: SHARP
_elementwise_rule(np.multiply).excuses = lambda _i, node: SHARP if node.parents[0] is node.parents[1] else ROOT
_elementwise_rule(np.multiply).constant = lambda i, node: (
    np.equal(raw(node.args[1 - i]), 0) if node.parents[1 - i] is None else False
)
_elementwise_rule(np.divide).excuses = lambda i, _node: ROOT if i else 0

for norm, extremes in (
    (np.linalg.norm, norms.extremes_of_norm),
    (np.linalg.vector_norm, norms.extremes_of_vector_norm),
    (np.linalg.matrix_norm, norms.extremes_of_matrix_norm),
):
    found = RULES[norm]
    assert isinstance(found, Function)
    found.extremes = extremes
