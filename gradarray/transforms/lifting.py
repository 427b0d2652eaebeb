"""Transforms within `vmap`: one call of a transform's function for all elements that are mapped.

The elements do not depend on each other. So the gradient of the sum over all of them has, for each element, its own
gradient, and a transform is called with whole arrays, of the function that gives a Mapped to the user's and takes its
results apart again. Tapes see plain arrays therefore, with one more axis. What is differentiated by is spread out over
the elements first, because for each one there is another derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..batch.mapped import Lane, lane_in
from ..batch.one_by_one import at_one, gathered_lanes, of_all_elements
from ..batch.refusals import VmapError
from ..context.settings import held, hold
from ..dropin import blocks
from .argnums import Place, function_name
from .containers import flatten, map_leaves


def lanes() -> bool:
    """Tell whether a function is being mapped here."""
    return bool(held().lanes)


class Lifted:
    """A call of a transform's function, for all elements of the innermost `vmap`.

    Parameters
    ----------
    f : callable
        The user's function.
    args, kwargs : the arguments of the call
    places : positions and names
        Which of them are differentiated by.

    Attributes
    ----------
    args, kwargs : the same with whole arrays
    name : that of the function, for messages
    places : positions and names of what is differentiated by
    """

    def __init__(
        self, f: Callable[..., Any], places: Iterable[Place], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._f, self.name = f, function_name(f)
        self._lanes = held().lanes
        self.lane: Lane = self._lanes[-1]
        kwargs, self.places = dict(kwargs), [*places]
        spread = list(args)
        for place in self.places:
            if isinstance(place, str):
                kwargs[place] = self.spread(kwargs[place])
            else:
                spread[place] = self.spread(args[place])
        leaves, tree = flatten((tuple(spread), kwargs))
        self._mapped = [type(leaf) is _Whole or self.lane.is_on(leaf) for leaf in leaves]
        whole = [leaf.value if mapped else leaf for leaf, mapped in zip(leaves, self._mapped, strict=True)]
        self.args, self.kwargs = tree.unflatten(whole)

    def spread(self, value: Any) -> Any:
        """Return a container in which each number is another one for each element."""
        return map_leaves(lambda x: x if self.lane.is_on(x) else _Whole(self.lane.spread(_copied(x))), value)

    def whole(self, value: Any) -> Any:
        """Return a container with whole arrays in place of all that is mapped, and of all other numbers."""
        return map_leaves(self.lane.spread, value)

    def mapped(self, value: Any) -> Any:
        """Return a container with what is mapped in place of the whole arrays."""
        return map_leaves(self.lane.mapped, value)

    def within(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call something outside of the innermost `vmap`."""
        before = held()
        try:
            hold(before.with_(lanes=self._lanes[:-1]))
            return call(*args, **kwargs)
        finally:
            hold(before)

    def results(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function with whole arrays, and return what it does for what is mapped."""
        leaves, tree = flatten((args, kwargs))
        given = [self.lane.mapped(x) if mapped else x for x, mapped in zip(leaves, self._mapped, strict=True)]
        args, kwargs = tree.unflatten(given)
        return self._carried_out(self._f, args, kwargs)

    def _carried_out(self, f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        before, was_open = held(), self.lane.is_open
        try:
            self.lane.is_open = True  # of a checkpoint, it may be over
            hold(before.with_(lanes=self._lanes))
            return blocks.call(f, args, kwargs)
        finally:
            hold(before)
            self.lane.is_open = was_open

    def function(self, ending: Callable[[Any], Any]) -> Callable[..., Any]:
        """Return the function of whole arrays, with what an ending makes of its results."""
        return blocks.Ours(lambda *args, **kwargs: ending(self.results(*args, **kwargs)), self.name)

    def total(self, g: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function that gives the sum of what another one returns for each element."""
        return blocks.Ours(lambda *args: self.summed(self._carried_out(g, self.mapped(args), {})), function_name(g))

    def summed(self, x: Any) -> Any:
        """Return the sum of a result over all elements."""
        return np.sum(self.lane.spread(x), axis=0)

    def aux(self, value: Any) -> Any:
        """Return a container for the way out, from which `handed` makes what it was."""
        leaves, tree = flatten(value)
        self._kinds = [self.lane.is_on(leaf) for leaf in leaves]
        self._aux = tree
        return [leaf.value if on else leaf for leaf, on in zip(leaves, self._kinds, strict=True)]

    def handed(self, leaves: list[Any]) -> Any:
        return self._aux.unflatten(
            [self.lane.mapped(leaf) if on else leaf for leaf, on in zip(leaves, self._kinds, strict=True)]
        )


def _copied(x: Any) -> Any:
    return np.array(x) if type(x) is np.ndarray else x


class _Whole:
    """A whole array in the place of what is not mapped."""

    dtype = None

    def __init__(self, value: Any) -> None:
        self.value = value


# --- one by one ------------------------------------------------------------------------------------------------------


def for_each(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call what sees plain arrays of the user's own shapes for one element after the other, if any is mapped here.

    Functions among the arguments may find some in their closures. Otherwise it returns NotImplemented.
    """
    if not held().lanes:
        return NotImplemented
    leaves, tree = flatten((args, kwargs))
    lane = lane_in(leaves)
    if lane is None or lane.at is not None:
        if not any(callable(x) and not isinstance(x, (type, np.ufunc)) for x in (*args, *kwargs.values())):
            return NotImplemented
        lane = held().lanes[-1]
    if not lane.size:
        raise VmapError(f"vmap: {function_name(call)} is called for each element, but there is none to tell its result")

    def one(*leaves: Any) -> Any:
        args, kwargs = tree.unflatten([*leaves])
        return flatten(call(*args, **kwargs))

    name = function_name(call)
    found, shapes = zip(*[at_one(lane, i, one, leaves, {}) for i in range(lane.size)], strict=True)
    fixed = zip(*[[value for _, value in shape.fixed()] for shape in shapes], strict=True)
    shape = shapes[0].with_fixed(iter([of_all_elements(lane, list(each), name, texts=True) for each in fixed]))
    return shape.unflatten(gathered_lanes(lane, list(found), name))
