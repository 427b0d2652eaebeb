"""Containers of arrays: lists, tuples, named tuples, dicts and dataclasses, one inside the other, and those of others.

`flatten` takes a container to the list of its leaves and its `Tree`, which makes another container of the same shape
from other leaves. Leaves are arrays and numbers. None, truth values and all that is no number, such as the name of an
activation function, belong to the container and travel with it unchanged. How to look into an object of another
library, or of the user's, which has an array in it, tells one table of ways.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import itertools
import numbers
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, NamedTuple

from ..batch.mapped import Mapped
from ..elsewhere.answers import telling
from ..forward.dual import Dual
from ..kernels.gate import PLAIN, described
from ..reverse.tensor import Tensor
from ..tape import wrapping

Build = Callable[[list[Any]], Any]


# --- ways to look into an object -------------------------------------------------------------------------------------


class Way(NamedTuple):
    """How to look into an object that has arrays in it.

    Attributes
    ----------
    parts : returns the parts by their names
    build : makes an object like a given one from other parts
    derivatives : whether derivatives by the parts may stand in such an object; otherwise they come without it
    """

    parts: Callable[[Any], Mapping[Any, Any]]
    build: Callable[[Any, dict[Any, Any]], Any]
    derivatives: bool = True


@telling
def register_container(
    cls: type, parts: Callable[[Any], Mapping[Any, Any]], build: Callable[[Any, dict[Any, Any]], Any]
) -> None:
    """Say how to look into objects of a class, so that transforms find the arrays in them.

    Objects of the class, and of its subclasses, may then be arguments and results of the functions that are
    differentiated, as lists, dicts and dataclasses may. Known are xarray's DataArray, Dataset and Variable, and the
    quantities of pint.

    Parameters
    ----------
    cls : type
    parts : callable
        ``parts(x)`` returns a dict with all that may hold an array or another container, under names of your choice.
    build : callable
        ``build(x, parts)`` makes an object like `x` from other parts, which are in a dict with the same names. They may
        be Tensors. It is also called for gradients, which have the shapes of the parts; Jacobians, which have not, come
        as the array itself if there is one part, and in a dict if there are more.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> class Signal:
    ...     def __init__(self, samples, rate):
    ...         self.samples, self.rate = samples, rate
    >>> ga.register_container(
    ...     Signal, lambda s: {"samples": s.samples}, lambda s, parts: Signal(parts["samples"], s.rate)
    ... )
    >>> ga.grad(lambda s: np.sum(s.samples**2) / s.rate)(Signal(np.array([1.0, 2.0]), 2.0)).samples
    array([1., 2.])
    """
    if not isinstance(cls, type) or not callable(parts) or not callable(build):
        raise TypeError("register_container takes a class and two functions")
    _ways[cls] = Way(parts, build)
    _way.cache_clear()


_ways: dict[type, Way] = {}


def _of_array(x: Any) -> dict[str, Any]:
    for name, coordinate in x.coords.items():
        if wrapping.has_tensor(coordinate.data):
            raise TypeError(
                f"a variable stands in the coordinate {name!r} of {described(x)}, into which transforms do not look; "
                "return x.coords[...].data beside it"
            )
    return {"data": x.data}


def _of_dataset(x: Any) -> dict[Any, Any]:
    return {name: _of_array(array)["data"] for name, array in x.data_vars.items()}


# By package and class, since none of these is imported here.
_WAYS = {
    ("xarray", "DataArray"): Way(_of_array, lambda x, parts: x.copy(deep=False, data=parts["data"])),
    ("xarray", "Variable"): Way(lambda x: {"data": x.data}, lambda x, parts: x.copy(deep=False, data=parts["data"])),
    ("xarray", "Dataset"): Way(_of_dataset, lambda x, parts: x.copy(deep=False, data=parts)),
    # A derivative by a quantity has another unit.
    ("pint", "PlainQuantity"): Way(
        lambda x: {"magnitude": x.magnitude}, lambda x, parts: type(x)(parts["magnitude"], x.units), False
    ),
}


@functools.lru_cache(256)
def _way(cls: type) -> Way | None:
    """Return how to look into objects of a class, if that is known."""
    for base in cls.__mro__:
        way = _ways.get(base) or _WAYS.get((base.__module__.partition(".")[0], base.__name__))
        if way is not None:
            return way
    return None


# --- trees -----------------------------------------------------------------------------------------------------------


class Tree:
    """The shape of a container.

    Attributes
    ----------
    kind : the type of the container; None for a leaf, and `Fixed` for what is no number
    keys : how the parts are called: indices, keys or field names
    parts : the trees of the parts
    build : makes the container from its parts
    way : how an object was looked into that is no container of Python's
    strange : there is such an object in it
    """

    __slots__ = ("build", "keys", "kind", "parts", "strange", "way")

    def __init__(
        self, kind: Any, keys: Sequence[Any], parts: Sequence[Tree], build: Build, way: Way | None = None
    ) -> None:
        self.kind = kind
        self.keys = keys
        self.parts = parts
        self.build = build
        self.way = way
        self.strange: bool = way is not None or any(part.strange for part in parts)

    def bare(self, derivatives: bool = False) -> Tree:
        """Return the tree with plain ones in place of objects that cannot take other leaves than their own kind's.

        An array stands for an object with one part, and a dict for one with more. With `derivatives`, objects stay in
        which a derivative may stand that has the shape of the part.
        """
        if not self.strange:
            return self
        parts = [part.bare(derivatives) for part in self.parts]
        if self.way is None or (derivatives and self.way.derivatives):
            return Tree(self.kind, self.keys, parts, self.build, self.way)
        if len(parts) == 1:
            return parts[0]
        return Tree(dict, self.keys, parts, lambda made: dict(zip(self.keys, made, strict=True)))

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """Make a container of this shape from its leaves."""
        return self._take(iter(leaves))

    def _take(self, leaves: Iterator[Any]) -> Any:
        if self.kind is None:
            return next(leaves)
        return self.build([part._take(leaves) for part in self.parts])

    def paths(self) -> Iterator[str]:
        """Yield how each leaf is reached from the container, such as ``['w'][0]``."""
        return (path for path, part in self._walk("") if part.kind is None)

    def fixed(self) -> Iterator[tuple[str, Any]]:
        """Yield what is no number, with its path."""
        return ((path, part.build([])) for path, part in self._walk("") if part.kind is Fixed)

    def with_fixed(self, values: Iterator[Any]) -> Tree:
        """Return the tree with other values, in their order, in the place of what is no number."""
        if self.kind is Fixed:
            value = next(values)
            return Tree(Fixed, (), (), lambda _parts: value)
        if not self.parts:
            return self
        return Tree(self.kind, self.keys, [part.with_fixed(values) for part in self.parts], self.build, self.way)

    def _walk(self, path: str) -> Iterator[tuple[str, Tree]]:
        yield path, self
        for key, part in zip(self.keys, self.parts, strict=True):
            inner = path + self._step(key)
            if part.parts:
                yield from part._walk(inner)
            else:
                yield inner, part

    def _step(self, key: Any) -> str:
        plain = self.kind in _PLAIN or (self.way is None and self.kind not in _WITH_NAMES)
        return f"[{key!r}]" if plain else f".{key}"

    def order(self) -> list[int]:
        """Return the numbers of the leaves, which are counted as they stand, with the parts of dicts by their keys."""
        return self._order(itertools.count())

    def _order(self, numbers: Iterator[int]) -> list[int]:
        if self.kind is None:
            return [next(numbers)]
        parts = [part._order(numbers) for part in self.parts]
        order: Any = range(len(parts))
        if issubclass(self.kind, dict):
            with contextlib.suppress(TypeError):  # keys of several types
                order = sorted(order, key=self.keys.__getitem__)
        return [number for k in order for number in parts[k]]

    def match(self, other: Any, what: str) -> list[Any]:
        """Return the leaves of another container of this shape, in the order of this one's.

        Raises
        ------
        ValueError
            If it has another shape; `what` says in the message what it is.
        """
        if self is LEAF and type(other) in PLAIN and type(other) is not bool:
            return [other]
        leaves: list[Any] = []
        self._match(other, what, leaves)
        return leaves

    def up_to(self, other: Any, what: str) -> list[Any]:
        """Do the same for a container in which anything may stand in the place of a leaf.

        Where here is None, or what is no number, there may be no array, number or container.
        """
        leaves: list[Any] = []
        self._match(other, what, leaves, True)
        return leaves

    def _match(self, other: Any, what: str, leaves: list[Any], up_to: bool = False) -> None:
        if self.kind is None:
            if not up_to and (parts_of(other) is not None or not is_leaf(other)):
                raise ValueError(f"{what} is an array or a number, not {_called(other)}")
            leaves.append(other)
        elif self.way is not None and len(self.parts) == 1 and parts_of(other) is None:
            self.parts[0]._match(other, what, leaves, up_to)
        elif self.kind is Fixed or self.kind is NoneType:
            if up_to and flatten(other)[1].kind is not self.kind:
                raise ValueError(f"{what} is {_called(other)}; in its place stands {self.build([])!r:.60}, no number")
        else:
            kind, keys, values, *_ = parts_of(other) or (type(other), (), ())
            items = dict(zip(keys, values, strict=True))
            if _family(kind) is not _family(self.kind) or items.keys() != set(self.keys):
                parts = f" with the parts {list(keys)}" if parts_of(other) else ""
                raise ValueError(
                    f"{what} is {_called(other)}{parts}; the container that it belongs to is "
                    f"{_article(self.kind.__name__)} with the parts {list(self.keys)}"
                )
            for key, part in zip(self.keys, self.parts, strict=True):
                part._match(items[key], what + self._step(key), leaves, up_to)

    def spread(self, other: Any, what: str, whole: type | tuple[type, ...] = NoneType) -> list[Any]:
        """Do the same for a container with None, or with what else is `whole`, in the place of a leaf or of a part.

        It stands for all leaves there. A part may be in another container than here if its parts have the same names.
        """
        if isinstance(other, whole):
            return [other for _ in self.paths()]
        _, keys, items, *_ = parts_of(other) or (None, (), ())
        if set(keys) != set(self.keys) or not keys:
            return self.match(other, what)
        named = dict(zip(keys, items, strict=True))
        pairs = zip(self.keys, self.parts, strict=True)
        return [leaf for key, part in pairs for leaf in part.spread(named[key], what + self._step(key), whole)]


class Fixed:
    """The kind of a part that is no number."""


class _WithNames:
    """The types whose parts are attributes."""

    def __contains__(self, kind: Any) -> bool:
        return dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")


_WITH_NAMES = _WithNames()
_PLAIN = frozenset((list, tuple, dict))


def _family(kind: Any) -> Any:
    """Return the type that stands for all types of containers that are as good as this one; a list is no tuple."""
    return next((base for base in (dict, list) if issubclass(kind, base)), kind)


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' or name == 'ndarray' else 'a'} {name}"


def _called(value: Any) -> str:
    return "None" if value is None else _article(type(value).__name__)


# An array or a number by itself.
LEAF = Tree(None, (), (), lambda parts: parts[0])
_NONE = Tree(type(None), (), (), lambda _parts: None)


_OURS = frozenset((Tensor, Dual, Mapped))


def _is_known(kind: type) -> bool:
    """Tell of the usual types whether they are those of leaves."""
    return (kind in PLAIN and kind is not bool) or kind in _OURS


def is_leaf(value: Any) -> bool:
    """Tell whether a value that is no container is an array or a number."""
    return (hasattr(value, "dtype") or isinstance(value, numbers.Number)) and not isinstance(value, bool)


def flatten(value: Any, whole: Callable[[Any], bool] | None = None) -> tuple[list[Any], Tree]:
    """Return the leaves of a container, and its shape; an array is its own only leaf, and so is what is `whole`."""
    if _is_known(type(value)):
        return [value], LEAF
    leaves: list[Any] = []
    return leaves, _flatten(value, leaves, whole)


def _flatten(value: Any, leaves: list[Any], whole: Callable[[Any], bool] | None) -> Tree:
    if whole is not None and whole(value):
        leaves.append(value)
        return LEAF
    if _is_known(type(value)):
        leaves.append(value)
        return LEAF
    if value is None:
        return _NONE
    found = parts_of(value)
    if found is not None:
        kind, keys, items, build, *way = found
        return Tree(kind, keys, [_flatten(item, leaves, whole) for item in items], build, *way)
    if is_leaf(value):
        leaves.append(value)
        return LEAF
    return Tree(Fixed, (), (), lambda _parts: value)


def parts_of(value: Any) -> Any:
    """Return the type of a container, the names of its parts, the parts, how to make it, and the way into it, if any.

    None is returned for anything else.
    """
    kind: Any = type(value)
    if kind is list or kind is tuple:
        return kind, range(len(value)), value, kind
    way = _way(kind)
    if way is not None:
        parts = dict(way.parts(value))
        keys = list(parts)
        return kind, keys, list(parts.values()), lambda made: way.build(value, dict(zip(keys, made, strict=True))), way
    if isinstance(value, tuple):
        fields = getattr(kind, "_fields", None)
        return (kind, range(len(value)), value, kind) if fields is None else (kind, fields, value, kind._make)
    if isinstance(value, list):
        return kind, range(len(value)), value, kind
    if isinstance(value, dict):
        return kind, list(value), list(value.values()), lambda parts: _filled(value, parts)
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and not hasattr(value, "dtype"):
        fields = [field.name for field in dataclasses.fields(value) if hasattr(value, field.name)]
        return kind, fields, [getattr(value, name) for name in fields], lambda parts: _replaced(value, fields, parts)
    return None


def _filled(like: dict[Any, Any], parts: list[Any]) -> Any:
    items = dict(zip(like, parts, strict=True))
    if type(like) is dict:
        return items
    filled = copy.copy(like)  # an OrderedDict stays one, and a defaultdict keeps its default
    for key, part in items.items():  # the update of a Counter would add
        filled[key] = part
    return filled


def _replaced(like: Any, fields: list[str], parts: list[Any]) -> Any:
    # Not by its constructor, which may check or convert what it is given, and whose parameters may be others.
    replaced = copy.copy(like)
    for name, part in zip(fields, parts, strict=True):
        object.__setattr__(replaced, name, part)
    return replaced


def map_leaves(func: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function to every leaf of a container."""
    leaves, tree = flatten(value)
    return tree.unflatten([func(leaf) for leaf in leaves])
