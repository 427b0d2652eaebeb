"""Filters as sections of second order, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...primitives import primitive
from ...registry import composite, rule
from ..standing import stands_for
from .convolutions import MODULE
from .filters import ahead, filtered_from, final_state, inexact, is_long, lagged, lfilter_zi, turned


@primitive
def cascade(sos: Array, x: Array, *, axis: int) -> Array:
    """Return what filters of second order make of a signal, one after the other."""
    return signal.sosfilt(sos, x, axis)


@primitive
def cascade_by_all(sos: Array, x: Array, *, axis: int) -> Array:
    """Return the same where the sections are variables."""
    return signal.sosfilt(sos, x, axis)


@primitive
def cascade_from(sos: Array, x: Array, zi: Array, *, axis: int) -> Array:
    """Return the same from a state of the filters."""
    return signal.sosfilt(sos, x, axis, zi)[0]


@primitive
def cascade_state(sos: Array, x: Array, zi: Array, *, axis: int) -> Array:
    """Return the state of the filters at the end."""
    return signal.sosfilt(sos, x, axis, zi)[1]


def _cascade_vjp(g: Any, ans: Any, sos: Any, x: Any, *, axis: int) -> tuple[Any, Any]:
    def one(section: Any, x: Any) -> Any:
        return (cascade_by_all if has_variable(section) else cascade)(np.reshape(section, (1, 6)), x, axis=axis)

    signals = [x]
    for section in sos[:-1]:
        signals.append(one(section, signals[-1]))
    signals.append(ans)
    found = []
    for section, before, after in zip(sos[::-1], signals[-2::-1], signals[::-1], strict=False):
        alone = np.concatenate([np.array([1.0, 0.0, 0.0]), section[3:]])
        p = turned(one(alone, np.flip(g, axis)), axis)
        g = ahead(section[:3], p, axis=axis) if is_long(g, axis) else np.flip(one(section, np.flip(g, axis)), axis)
        by_b, by_a = (lagged(p, x, count=3, axis=axis) for x in (before, after))
        found.append(np.concatenate([by_b, -by_a]))
    return np.stack(found[::-1]), g


def _cascade(sos: Any, x: Any, zi: Any, axis: int) -> tuple[Any, Any]:
    states = []
    for section, state in zip(sos, zi, strict=True):
        b, a = section[:3], section[3:]
        states.append(final_state(b, a, x, state, axis=axis))
        x = filtered_from(b, a, x, state, axis=axis)
    return x, np.stack(states)


rule(cascade_by_all, joint=_cascade_vjp)
rule(
    cascade,
    None,
    lambda g, _ans, sos, _x, *, axis: np.flip(cascade(sos, np.flip(g, axis), axis=axis), axis),
)
composite(cascade_from, lambda sos, x, zi, *, axis: _cascade(sos, x, zi, axis)[0], anew=True)
composite(cascade_state, lambda sos, x, zi, *, axis: _cascade(sos, x, zi, axis)[1], anew=True)


@stands_for(MODULE, "sos", "x", "zi")
def sosfilt(sos: Any, x: Any, axis: int, zi: Any) -> Any:
    x = inexact(x)
    axis = axis % np.ndim(x)
    few = [min(n, 1) if i == axis else n for i, n in enumerate(np.shape(x))]
    signal.sosfilt(bare(sos), np.zeros(few), axis, None if zi is None else np.zeros(np.shape(zi)))  # its errors
    if zi is None:
        return (cascade_by_all if has_variable(sos) else cascade)(sos, x, axis=axis)
    return cascade_from(sos, x, zi, axis=axis), cascade_state(sos, x, zi, axis=axis)


@stands_for(MODULE, "sos")
def sosfilt_zi(sos: Any) -> Any:
    signal.sosfilt_zi(bare(sos))  # SciPy's own errors
    found, scale = [], 1.0
    for section in sos:
        b, a = section[:3], section[3:]
        found.append(scale * lfilter_zi(b, a))
        scale = scale * (np.sum(b) / np.sum(a))
    return np.stack(found)
