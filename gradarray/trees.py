"""Containers of arrays: lists, tuples, named tuples, dicts and dataclasses, one inside the other.

`flatten` takes a container to the list of its leaves and its `Tree`, which makes another container of the same shape
from other leaves. Leaves are arrays and numbers. None, truth values and all that is no number, such as the name of an
activation function, belong to the container and travel with it unchanged.
"""

from __future__ import annotations

import copy
import dataclasses
import numbers
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .wrapping import PLAIN

Build = Callable[[list[Any]], Any]


class Tree:
    """The shape of a container.

    Attributes
    ----------
    kind : the type of the container; None for a leaf, and `Fixed` for what is no number
    keys : how the parts are called: indices, keys or field names
    parts : the trees of the parts
    build : makes the container from its parts
    """

    __slots__ = ("build", "keys", "kind", "parts")

    def __init__(self, kind: Any, keys: Sequence[Any], parts: Sequence[Tree], build: Build) -> None:
        self.kind = kind
        self.keys = keys
        self.parts = parts
        self.build = build

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

    def _walk(self, path: str) -> Iterator[tuple[str, Tree]]:
        yield path, self
        for key, part in zip(self.keys, self.parts, strict=True):
            yield from part._walk(path + (f".{key}" if self.kind in _WITH_NAMES else f"[{key!r}]"))

    def match(self, other: Any, what: str) -> list[Any]:
        """Return the leaves of another container of this shape, in the order of this one's.

        Raises
        ------
        ValueError
            If it has another shape; `what` says in the message what it is.
        """
        leaves: list[Any] = []
        self._match(other, what, leaves)
        return leaves

    def _match(self, other: Any, what: str, leaves: list[Any]) -> None:
        if self.kind is None:
            if _parts(other) is not None or not is_leaf(other):
                raise ValueError(f"{what} is an array or a number, not {_called(other)}")
            leaves.append(other)
        elif self.kind is not Fixed and self.kind is not type(None):
            kind, keys, values, _ = _parts(other) or (type(other), (), (), None)
            items = dict(zip(keys, values, strict=True))
            if _family(kind) is not _family(self.kind) or items.keys() != set(self.keys):
                raise ValueError(
                    f"{what} is {_called(other)} with the parts {list(keys)}; the container that it belongs to is "
                    f"{_article(self.kind.__name__)} with the parts {list(self.keys)}"
                )
            for key, part in zip(self.keys, self.parts, strict=True):
                part._match(items[key], f"{what}{f'.{key}' if self.kind in _WITH_NAMES else f'[{key!r}]'}", leaves)


class Fixed:
    """The kind of a part that is no number."""


class _WithNames:
    """The types whose parts are attributes."""

    def __contains__(self, kind: Any) -> bool:
        return dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")


_WITH_NAMES = _WithNames()


def _family(kind: Any) -> Any:
    """Return the type that stands for all types of containers that are as good as this one; a list is no tuple."""
    return next((base for base in (dict, list) if issubclass(kind, base)), kind)


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _called(value: Any) -> str:
    return "None" if value is None else _article(type(value).__name__)


_LEAF = Tree(None, (), (), lambda parts: parts[0])
_NONE = Tree(type(None), (), (), lambda _parts: None)


def is_leaf(value: Any) -> bool:
    """Tell whether a value that is no container is an array or a number."""
    return (hasattr(value, "dtype") or isinstance(value, numbers.Number)) and not isinstance(value, bool)


def flatten(value: Any) -> tuple[list[Any], Tree]:
    """Return the leaves of a container, and its shape; an array is its own only leaf."""
    if type(value) in PLAIN and type(value) is not bool:
        return [value], _LEAF
    leaves: list[Any] = []
    return leaves, _flatten(value, leaves)


def _flatten(value: Any, leaves: list[Any]) -> Tree:
    if value is None:
        return _NONE
    found = _parts(value)
    if found is not None:
        kind, keys, items, build = found
        return Tree(kind, keys, [_flatten(item, leaves) for item in items], build)
    if is_leaf(value):
        leaves.append(value)
        return _LEAF
    return Tree(Fixed, (), (), lambda _parts: value)


def _parts(value: Any) -> tuple[Any, Sequence[Any], Sequence[Any], Build] | None:
    """Return the type of a container, the names of its parts, the parts, and how to make it; None for anything else."""
    kind = type(value)
    if kind is list or kind is tuple:
        return kind, range(len(value)), value, kind
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
    filled.update(items)
    return filled


def _replaced(like: Any, fields: list[str], parts: list[Any]) -> Any:
    # Not by its constructor, which may check or convert what it is given, and whose parameters may be others.
    replaced = copy.copy(like)
    for name, part in zip(fields, parts, strict=True):
        object.__setattr__(replaced, name, part)
    return replaced


def tree_map(func: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function to every leaf of a container."""
    leaves, tree = flatten(value)
    return tree.unflatten([func(leaf) for leaf in leaves])
