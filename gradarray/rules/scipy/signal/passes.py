"""Filters that go over a signal forward and backward, which have no delay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ...primitives import primitive
from ...registry import rule
from ..standing import Operator, along, stands_for
from .convolutions import MODULE
from .filters import coefficients, filtered_from, inexact, lfilter_zi, part_of
from .sections import cascade_from, sosfilt_zi


def _lengthened(x: Any, axis: int, padtype: Any, padlen: Any, taps: int) -> tuple[Any, int]:
    """Return a signal that goes on at both ends, and by how much."""
    edge = 0 if padtype is None else 3 * taps if padlen is None else padlen
    n = np.shape(x)[axis]
    if padtype not in (None, "odd", "even", "constant") or n <= edge or edge < 0:
        signal.filtfilt(np.ones(taps), np.ones(1), np.zeros(n), padtype=padtype, padlen=padlen)  # SciPy's own error
    if edge == 0:
        return x, 0
    first, last = part_of(x, axis, 0, 1), part_of(x, axis, n - 1, n)
    if padtype == "constant":
        ends = [np.repeat(first, edge, axis), np.repeat(last, edge, axis)]
    else:
        parts = part_of(x, axis, 1, edge + 1), part_of(x, axis, n - edge - 1, n - 1)
        ends = [np.flip(part, axis) for part in parts]
        if padtype == "odd":
            ends = [2 * at - end for at, end in zip((first, last), ends, strict=True)]
    return np.concatenate([ends[0], x, ends[1]], axis=axis), edge


def _forth_and_back(run: Any, x: Any, edge: int, axis: int) -> Any:
    """Filter a signal, and the result from behind; each time from the state that its first element would lead to."""
    for _ in range(2):
        x = np.flip(run(x, part_of(x, axis, 0, 1)), axis)
    return part_of(x, axis, edge, np.shape(x)[axis] - edge)


def _known(call: Any, zi: Any, axis: int, rest: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the same filter for one whose coefficients are known: it is linear, with the first element's part in it.

    Parameters
    ----------
    call : filters a signal, from a state, and returns the state at the end, too
    zi : the state that ones before the signal lead to
    rest : returns from a state the sum of all that would follow
    """

    def pull(g: Any) -> Any:
        # The transpose goes on beyond the first element, where all the ones were.
        found, state = call(np.flip(g, axis), np.zeros(zi.shape) * part_of(g, axis, 0, 1))
        found = np.flip(found, axis)
        part_of(found, axis, 0, 1)[...] += rest(state)
        return found

    op = Operator(lambda x: call(x, zi * part_of(x, axis, 0, 1))[0], pull)
    return lambda x, _x0: op(x)


@stands_for(MODULE, "b", "a", "x")
def filtfilt(b: Any, a: Any, x: Any, axis: int, padtype: Any, padlen: Any, method: str, irlen: Any) -> Any:
    b, a, x = coefficients(b), coefficients(a), inexact(x)
    axis = axis % np.ndim(x)
    if method == "gust":
        return _gust(b, a, x, axis=axis, irlen=irlen)
    if method != "pad":
        signal.filtfilt(bare(b), bare(a), np.zeros(np.shape(x)), method=method)  # SciPy's own error
    longer, edge = _lengthened(x, axis, padtype, padlen, max(len(a), len(b)))
    zi = np.reshape(lfilter_zi(b, a), [-1 if i == axis else 1 for i in range(np.ndim(x))])
    if has_variable((b, a)) or np.iscomplexobj(zi):
        return _forth_and_back(lambda x, x0: filtered_from(b, a, x, zi * x0, axis=axis), longer, edge, axis)

    def rest(state: Any) -> Any:
        return np.sum(state, axis=axis, keepdims=True) * (a[0] / np.sum(a))

    run = _known(lambda x, state: signal.lfilter(b, a, x, axis, state), zi, axis, rest)
    return _forth_and_back(run, longer, edge, axis)


@primitive
def _gust(b: Array, a: Array, x: Array, *, axis: int, irlen: Any) -> Array:
    return signal.filtfilt(b, a, x, axis, method="gust", irlen=irlen)


def _gust_vjp(g: Any, _ans: Any, b: Any, a: Any, _x: Any, *, axis: int, irlen: Any) -> Any:
    b, a, n = bare(b), bare(a), _x.shape[axis]

    def run(x: Any, axis: int) -> Any:
        return signal.filtfilt(b, a, x, axis, method="gust", irlen=irlen)

    pull = along(lambda one: run(one, 0), n, axis)
    return Operator(pull, lambda x: run(x, axis))(g)


rule(_gust, None, None, _gust_vjp)


@stands_for(MODULE, "sos", "x")
def sosfiltfilt(sos: Any, x: Any, axis: int, padtype: Any, padlen: Any) -> Any:
    x = inexact(x)
    axis = axis % np.ndim(x)
    values = bare(sos)
    signal.sosfilt(values, np.zeros(1))  # SciPy's own errors
    taps: Any = 2 * len(values) + 1
    taps -= min(np.count_nonzero(values[:, 2] == 0), np.count_nonzero(values[:, 5] == 0))
    longer, edge = _lengthened(x, axis, padtype, padlen, taps)
    shape = (len(values), *[2 if i == axis else 1 for i in range(np.ndim(x))])
    zi = np.reshape(sosfilt_zi(sos), shape)
    if has_variable(sos) or np.iscomplexobj(zi):
        return _forth_and_back(lambda x, x0: cascade_from(sos, x, zi * x0, axis=axis), longer, edge, axis)

    def rest(states: Any) -> Any:
        total: Any = 0.0
        for section, state in zip(values, states, strict=True):
            # All that comes in and all that the section holds goes out.
            held = np.sum(state, axis=axis, keepdims=True) + np.sum(section[:3]) * total
            total = held / np.sum(section[3:])
        return total

    run = _known(lambda x, state: signal.sosfilt(sos, x, axis, state), zi, axis, rest)
    return _forth_and_back(run, longer, edge, axis)
