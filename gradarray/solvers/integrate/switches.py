"""Jumps of a user's function at places that move with a variable, of which none of its derivatives tells.

A right-hand side such as ``k * y if t > p else -y``, or an integrand, has at almost all places a derivative that knows
nothing of where it jumps; the solution, and the integral, depend on that. So the function is looked at between places
at which it was called: a segment between two of them is halved, towards where most of the change is. Of what is
continuous the change vanishes. A jump that stays where it is when variables and states are slightly others is right.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...context.settings import silently
from ...kernels.arrays import Array
from ...tape.wrapping import bare
from ..calling import in_plain_arrays
from ..continuous_code import may_jump
from ..written import OfValues

Function = Callable[[Array], Any]  # of places, (number, axes), all at once

# What counts: such a part of the largest value of a component, and of its change in the segment.
_TINY = 1e-6
_PART = 1e-3
# How often a segment is halved, and how much others variables and states are then, of their size.
_HALVINGS = 40
_STEP = 1e-6
# So many jumps are looked at, and so many numbers at once in the search for them.
_MOST = 256
_AT_ONCE = 5_000_000
# Into so many parts each segment is cut before, within which a small jump is more than what is curved.
_PARTS, _CUT = 8, 1_000_000


class Search(NamedTuple):
    """Where a function is looked at for jumps.

    Attributes
    ----------
    places : rows of them, (number, axes), between neighbours of which the function is looked at
    func : with its values as they are
    changed : make the same with variables that are slightly others
    states : whether all axes but the first one depend on variables
    kept : the function keeps what it has computed before, so that nothing tells how it is with other variables
    """

    places: Sequence[Array]
    func: Function
    changed: Sequence[Callable[[], Function]]
    states: bool = False
    kept: bool = False


def refuse_moving(name: str, instead: str, code: Sequence[Any], search: Callable[[], Search | None]) -> None:
    """Raise where a function jumps at a place that moves with a variable.

    Parameters
    ----------
    name : of what is given the function, for the error
    instead : what to write, for the error
    code : the functions that are called, and their last arguments: there is no search where these cannot jump at all
    search : makes it, if there are places
    """
    if not may_jump(code[0], tuple(code[1:])) or (found := search()) is None:
        return
    places, func, changed, states, kept = found

    def look() -> None:
        others = None
        sizes = _STEP * _others(np.max(np.abs(np.concatenate(places)), axis=0)[1:]) if states else np.zeros(0)
        shifts = [np.append(0.0, sign * sizes) for sign in (1, -1)] if states else []
        for first, last, component in itertools.islice(_jumps(places, func), _MOST):
            if others is None:
                others = [make() for make in changed]
            tries = [(f, 0.0) for f in others] + [(func, shift) for shift in shifts]
            size = _change(func, first, last, component)
            if kept or any(_change(f, first + by, last + by, component) < size / 2 for f, by in tries):
                where = f"{first[0].real:.6g}" if states or first.size == 1 else f"{first.tolist()}"
                raise ValueError(
                    f"{name}: the function that it is given jumps near {where}, at a place that moves with a "
                    f"variable, of which no derivative of the function tells: {instead}"
                )

    silently(in_plain_arrays, look)


def _others(x: Array) -> Array:
    """Return how far to go from values: their size, each by another factor."""
    return (1.5 + np.cos(np.arange(x.size))) * np.where(x == 0, 1.0, np.abs(x))


def _at(func: Function, places: Array) -> Array:
    return np.reshape(np.asarray(bare(func(places))), (len(places), -1))


def _change(func: Function, first: Array, last: Array, component: int) -> Any:
    values = _at(func, np.stack([first, last]))
    return np.abs(values[1] - values[0])[component]


def _jumps(rows: Sequence[Array], func: Function) -> Iterator[tuple[Array, Array, int]]:
    """Return between which places, next to each other, which component jumps."""
    rows = [row for row in rows if len(row) > 1]
    if not rows:
        return
    if _PARTS * sum(row.size for row in rows) <= _CUT:
        rows = [_cut(row) for row in rows]
    values = np.split(_at(func, np.concatenate(rows)), np.cumsum([len(row) for row in rows])[:-1])
    first, last = np.concatenate([row[:-1] for row in rows]), np.concatenate([row[1:] for row in rows])
    before, after = np.concatenate([v[:-1] for v in values]), np.concatenate([v[1:] for v in values])
    if before.dtype.kind not in "fciub" or not before.size:
        return
    before, after = before + 0.0, after + 0.0
    sizes = np.abs(np.concatenate(values))
    scale = np.max(np.where(np.isfinite(sizes), sizes, 0.0), axis=0)
    change = np.abs(after - before)
    segment, component = np.nonzero(np.isfinite(change) & (change > _TINY * scale))
    # From here on, each pair of a segment and a component that changes there goes its own way; those that go the same
    # one have a segment in common.
    whole = change[segment, component]
    before, after = before[segment, component], after[segment, component]
    for k in range(1, _HALVINGS + 1):
        used, segment = np.unique(segment, return_inverse=True)
        if not used.size:
            return
        first, last = first[used], last[used]
        middle = (first + last) / 2
        values_there = _at(func, middle)
        odd = ~np.all(np.isfinite(values_there), axis=1)
        if odd.any():  # such as (t - p) / abs(t - p), where it jumps
            middle[odd] = first[odd] + 0.382 * (last - first)[odd]
            values_there[odd] = _at(func, middle[odd])
        found = values_there[segment, component]
        whole_ones = ~np.isfinite(found)  # which can be halved no more
        left = ~(np.abs(found - before) < np.abs(after - found)) & ~whole_ones
        before, after = np.where(left | whole_ones, before, found), np.where(left, found, after)
        # The left halves, the right ones, and what stays whole.
        first, last = np.concatenate([first, middle, first]), np.concatenate([middle, last, last])
        segment = segment + len(used) * np.where(whole_ones, 2, np.where(left, 0, 1))
        # Of a line as much is left as of the segment; of a jump, its part of the whole.
        left_over = np.abs(after - before) / whole
        alive = np.flatnonzero(left_over > _PART + (1 - _PART) * 0.5**k)
        if alive.size * first.shape[1] > _AT_ONCE:
            alive = alive[np.argsort(-left_over[alive], kind="stable")][: _AT_ONCE // first.shape[1]]
        segment, component, whole = segment[alive], component[alive], whole[alive]
        before, after = before[alive], after[alive]
    for k in np.argsort(-whole, kind="stable").tolist():
        yield first[segment[k]], last[segment[k]], int(component[k])


def _cut(row: Array) -> Array:
    """Return places with others between neighbours."""
    share = np.arange(_PARTS)[:, None] / _PARTS
    between = row[:-1, None] + share * (row[1:] - row[:-1])[:, None]
    return np.concatenate([np.reshape(between, (-1, row.shape[1])), row[-1:]])


def slightly_others(values: Callable[[], OfValues], of: Callable[[Any], Any]) -> list[Callable[[], Any]]:
    """Return what makes a function with variables that are slightly more, and slightly less, in the form of `of`."""
    return [functools.partial(lambda step: of(values().changed(step)), step) for step in (_STEP, -_STEP)]


def holds_variables(func: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Tell whether a function has variables by which it may jump, though what it returns does not depend on them."""
    return may_jump(func, args) and bool(OfValues(func, args, objects=True).variables)
