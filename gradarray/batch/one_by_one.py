"""What is called for each mapped element in turn, and its results put side by side."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context.settings import held, hold, silently
from .mapped import Lane, Mapped, lane_in
from .refusals import VmapError, refused

# The functions that write into their first argument.
UPDATING = frozenset((np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis))


def one_after_another(lane: Lane, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a function for each element in turn, and put the results side by side."""
    if not lane.size:
        return silently(_of_none, lane, func, args, kwargs)
    whole = func in UPDATING
    # What a function holds besides its arguments may be mapped, and so its result for one element.
    results = [
        one_of(lane, func(*one_of(lane, args, i, whole), **one_of(lane, kwargs, i, whole)), i) for i in range(lane.size)
    ]
    return gathered_lanes(lane, results, getattr(func, "__name__", "a function"))


def at_one(lane: Lane, i: int, call: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Return what a function gives for one element, which all mapped arrays are meanwhile, wherever they stand."""
    before = held()
    without = before.with_(lanes=tuple([other for other in before.lanes if other is not lane]))
    try:
        lane.at = i
        hold(without)
        return one_of(lane, call(*one_of(lane, args, i), **one_of(lane, kwargs, i)), i)
    finally:
        lane.at = None
        hold(before)


def all_or_each(
    call: Callable[..., Any], args: Any, kwargs: dict[str, Any], each: Callable[..., Any] | None = None
) -> Any:
    """Call what may be able to do with mapped arrays for all elements at once; otherwise for one after the other.

    With `each`, that is called for one: it knows what needs no derivative there.
    """
    lane = lane_within(args, kwargs)
    if lane is None or lane.at is not None:
        return call(*args, **kwargs)
    try:
        return call(*args, **kwargs)
    except Exception as error:  # what is wrong, and not only with all elements at once, comes up again one by one
        if not lane.size or not lane.is_open or getattr(error, "final", False):
            raise
    found = [at_one(lane, i, each or call, args, kwargs) for i in range(lane.size)]
    return gathered_lanes(lane, found, getattr(call, "__name__", "a function"))


def lane_within(args: Any, kwargs: Any) -> Lane | None:
    """Return the lane of a mapped array among arguments, in their containers, or in an object that holds arrays."""
    lane = lane_in((args, kwargs))
    if lane is None:
        for value in (*args, *kwargs.values()):
            if not isinstance(value, np.ndarray) and _holds_arrays(value):
                lane = lane or lane_in([*attributes_of(value).values()])
    return lane


def settled(value: Any) -> Any:
    """Return a value with that of the element in the place of each mapped array that stands for one now."""
    lane = lane_in(value)
    while lane is not None and lane.at is not None:
        value = one_of(lane, value, lane.at)
        lane = lane_in(value)
    return value


def _of_none(lane: Lane, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Return what a function gives for no elements, in the shape and dtype of what it gives for one."""

    def some(value: Any) -> Any:
        kind = type(value)
        if kind is Mapped:
            return np.ones(value.shape, value.dtype)[()] if value.lane is lane else value
        if kind is list or kind is tuple:
            return kind([some(item) for item in value])
        return {key: some(item) for key, item in value.items()} if kind is dict else value

    return gathered_lanes(lane, [func(*some(args), **some(kwargs))], "")


def one_of(lane: Lane, value: Any, i: int, whole: bool = False) -> Any:
    """Return a value as it is for one element; an array without axes as a scalar, or `whole`."""
    kind = type(value)
    if kind is Mapped:
        if value.lane is not lane:
            return value
        return value.value[i, ...] if whole else value.value[i]
    if kind is list or kind is tuple:
        return kind([one_of(lane, item, i, whole) for item in value])
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[one_of(lane, item, i, whole) for item in value])
    if kind is dict:
        return {key: one_of(lane, item, i, whole) for key, item in value.items()}
    if kind is slice:
        return slice(*[one_of(lane, x, i) for x in (value.start, value.stop, value.step)])
    if kind is not np.ndarray and _holds_arrays(value) and lane_in([*attributes_of(value).values()]) is lane:
        return of_element(lane, value, i)
    return value


def gathered_lanes(lane: Lane, results: list[Any], name: str) -> Any:
    """Put results for each element side by side."""
    first = results[0]
    if isinstance(first, (list, tuple)):
        if any(len(other) != len(first) for other in results):
            raise refused("shapes", name)
        items = [gathered_lanes(lane, list(each), name) for each in zip(*results, strict=True)]
        return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)
    if isinstance(first, dict):
        return type(first)({key: gathered_lanes(lane, [each[key] for each in results], name) for key in first})
    # A sparse matrix has a dtype and a shape, too.
    if all(type(other) is type(first) for other in results) and _holds_arrays(first) and not is_made_in_c(type(first)):
        return _joined_objects(lane, results, name)
    if (hasattr(first, "dtype") and hasattr(first, "shape")) or isinstance(first, (bool, int, float, complex)):
        if any(np.shape(other) != np.shape(first) for other in results):
            raise refused("shapes", name)
        value = np.stack(results)
        return lane.mapped(value if lane.size else value[:0])
    return of_all_elements(lane, results, name)


def of_all_elements(lane: Lane, results: list[Any], name: str, texts: bool = False) -> Any:
    """Return what no arrays are, as it is for all elements; or what stands for that of each one, also of `texts`."""
    first = results[0]
    if all(other is first or (type(other) is type(first) and bool(other == first)) for other in results):
        return first
    if all(isinstance(each, bool) for each in results):
        return lane.mapped(np.array(results))
    if isinstance(first, (str, bytes, type)) and not texts:
        raise VmapError(f"vmap: {name} gives other results for other elements that are no arrays: {first!r:.60}, say")
    return OfEach(lane, results, name)


class OfEach:
    """Stands for several objects, one for each element: what is asked of it is asked of them.

    Parameters
    ----------
    lane
    objects : such as what has a solution between its steps
    name : of what returned them
    """

    def __init__(self, lane: Lane, objects: list[Any], name: str) -> None:
        self._lane, self._objects, self._name = lane, objects, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        lane = self._lane
        if lane.at is not None:
            return self._objects[lane.at](*args, **kwargs)
        found = [at_one(lane, i, one, args, kwargs) for i, one in enumerate(self._objects)]
        return gathered_lanes(lane, found, self._name)

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return gathered_lanes(self._lane, [getattr(one, key) for one in self._objects], f"{self._name}.{key}")

    def __repr__(self) -> str:
        return f"<for each element, as {self._objects[0]!r:.60}>"


_holders: list[Callable[[Any], bool]] = []


def take_apart(tells: Callable[[Any], bool]) -> None:
    """Let objects of which this is true be taken for the arrays that they hold, which may be mapped ones."""
    _holders.append(tells)


def _holds_arrays(value: Any) -> bool:
    return any(tells(value) for tells in _holders)


def is_made_in_c(cls: Any) -> bool:
    """Tell whether an object of a class cannot be made without the numbers that it keeps in C."""
    return cls.__new__ is not object.__new__ and isinstance(cls.__new__, types.BuiltinFunctionType)


def with_state(like: Any, state: dict[str, Any]) -> Any:
    """Return an object of the same class with other attributes."""
    made = object.__new__(type(like))
    for key, value in state.items():
        object.__setattr__(made, key, value)
    return made


def attributes_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, by their names."""
    found = dict(getattr(value, "__dict__", {}))
    for cls in type(value).__mro__:
        names = vars(cls).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if hasattr(value, name):
                found[name] = getattr(value, name)
    return found


def of_element(lane: Lane, value: Any, i: int) -> Any:
    """Return an object that holds mapped arrays as it is for one element."""
    return with_state(value, {key: one_of(lane, x, i) for key, x in attributes_of(value).items()})


def _joined_objects(lane: Lane, results: list[Any], name: str) -> Any:
    states = [attributes_of(x) for x in results]
    if any(state.keys() != states[0].keys() for state in states):
        raise refused("shapes", name)
    return with_state(
        results[0], {key: _joined_attribute(lane, [state[key] for state in states], name) for key in states[0]}
    )


def _joined_attribute(lane: Lane, values: list[Any], name: str) -> Any:
    first = values[0]
    if type(first) is tuple and all(isinstance(part, int) for part in first) and all(x == first for x in values):
        return first
    same = type(first) is np.ndarray and all(type(x) is np.ndarray and np.array_equal(x, first) for x in values)
    return first if same or isinstance(first, (bool, int)) else gathered_lanes(lane, values, name)
