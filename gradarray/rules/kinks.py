"""Kinks: derivatives that a convention sets to zero, what their own derivative is, and squares that have no kink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..kernels.arrays import Array
from ..kernels.gate import PLAIN
from ..kernels.guests import in_sight
from ..tape import careful
from ..tape.wrapping import bare
from .differentiable import Differentiable, Elementwise
from .primitives import primitive
from .registry import RULES, rule


def at_kink(value: Array, kink: Array, x: Array, axes: tuple[int, ...] | None = ()) -> Array:
    """Return a derivative that is 0 by convention at a kink, where the function has none.

    To the next order that zero is no constant, since nearby the derivative is another one: there its derivative by `x`,
    on which it depends, is NaN. That costs nothing where nothing is differentiated once more. Where it cannot be seen
    whether there is a kink, the zero is a constant, since a NaN would have to be kept apart from all other elements.

    Where it depends on all elements of `x` along `axes` (None: on all), as that of a norm does, it is NaN by each.
    """
    if type(x) in PLAIN or not in_sight(bare(kink)) or not np.any(kink):
        return value
    careful.met_kink()
    moves = x if axes == () else np.sum(x, axis=axes, keepdims=True)
    return undefined_beyond(value, kink, moves, np.nan)


def are_known(x: Any) -> bool:
    """Tell whether an operand is values, and not a variable, of which a recorded sweep may know the call alone."""
    return type(x) in PLAIN


def unknown(g: Array, where: Array) -> Array:
    """Return a cotangent with NaN where there is no derivative, but for a zero, which is that of what is left out.

    It is no function of the cotangent that a rule may have by itself: in forward mode, rules are differentiated by it.
    """
    if type(where) in PLAIN and not np.any(where):
        return g
    zero = where & (bare(g) == 0)
    if not in_sight(bare(g)) or not in_sight(bare(where)):  # a NaN times the zero that a selection has would stay one
        return g + np.where(where & ~zero, np.nan, 0)
    return at_kink(np.where(where & ~zero, np.nan * g, g), zero, g)


@primitive
def undefined_beyond(value: Array, kink: Array, x: Array, slope: float) -> Array:
    """Return the value; its derivative at a kink is the slope, which is NaN."""
    return np.positive(value)


def _undefined_jvp(
    tangents: Sequence[Array | None], _ans: Array, value: Array, kink: Array, x: Array, slope: float
) -> Array:
    t, _, tx, _ = tangents
    t = np.where(kink, 0, np.zeros(_ans.shape, _ans.dtype) if t is None else t)
    return at_kink(t, kink, x) if tx is None else np.where(kink, slope * value, t)


rule(
    undefined_beyond,
    lambda g, _ans, value, kink, x, slope: at_kink(np.where(kink & np.isnan(slope), 0, g), kink, x),
    # Whatever the cotangent and the value are: what is zero at this point may be none nearby. The slope is an operand,
    # so that the careful sweep, which puts another number in its place, sees which zeros come from a selection.
    lambda g, _ans, value, kink, x, slope: np.where(kink, slope * g * value, 0),
    lambda g, _ans, value, kink, x, slope: np.zeros(np.shape(slope)),
    jvp=_undefined_jvp,
    skip=("kink",),
    holomorphic=False,
)
careful.at_kink = at_kink

# --- squares ---------------------------------------------------------------------------------------------------------
# |x|**2, norm(x)**2, std(x)**2 are smooth although what is squared is not. Where something is differentiated once more
# and stands at its kink, the square is differentiated as a function of the operands; see Differentiable.smooth_square.


def smooth_square(
    func: Callable[..., Any],
    square: Callable[..., Any],
    params: Callable[[Sequence[Any], dict[str, Any]], dict[str, Any] | None] = lambda _operands, params: params,
) -> None:
    """Declare that the square of a function's result is another function of the same operands.

    `params` makes the parameters of `square` from the operands and the parameters of a call, or returns None where the
    square of that call is not meant.
    """
    root, smooth = RULES[func], RULES[square]
    assert isinstance(root, Differentiable)
    assert isinstance(smooth, Differentiable)

    def found(operands: Sequence[Any], given: dict[str, Any]) -> tuple[Differentiable, dict[str, Any]] | None:
        chosen = params(operands, given)
        return None if chosen is None else (smooth, chosen)

    root.smooth_square = found


def squares(func: np.ufunc, test: Callable[..., bool]) -> None:
    """Declare which calls of an element-wise function square their first operand.

    `test` is given the operands: objects of which each stands for an array, or numbers and arrays that are constant.
    """
    declared = RULES[func]
    assert isinstance(declared, Elementwise)
    declared.squares = test
