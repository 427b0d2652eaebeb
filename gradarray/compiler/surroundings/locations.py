"""Where a value stands that a function can read without being given it."""

from __future__ import annotations

import builtins
import contextlib
import functools
import types
from typing import Any

from ...dropin.places import attribute_of

MISSING = object()
_PYTHONS = (types.CellType, types.FunctionType, functools.partial)


class Location:
    """Where a value stands: an item or an attribute of an object.

    Attributes
    ----------
    owner, name
    how : "item", "builtin" (an item of globals that none of them may cover; drop-in mode leaves the same one there),
        "attribute", "class" (an attribute that stands in a class itself) or "fixed" (of what cannot change)
    label : how the program may call what stands there
    """

    __slots__ = ("how", "label", "name", "owner")

    def __init__(self, owner: Any, name: Any, how: str, label: str) -> None:
        self.owner, self.name, self.how, self.label = owner, name, how, label

    @property
    def key(self) -> tuple[int, Any]:
        return id(self.owner), self.name

    def get(self) -> Any:
        try:
            if self.how == "item":
                return self.owner[self.name]
            if self.how == "builtin":
                return self.owner.get(self.name, getattr(builtins, self.name))
            if self.how == "class":
                return vars(self.owner)[self.name]
            return getattr(self.owner, self.name)
        except Exception:  # whatever its class raises
            return MISSING

    def set(self, value: Any) -> None:
        """Let something stand there, or `MISSING`: nothing."""
        if value is MISSING:
            with contextlib.suppress(Exception):  # it is gone already
                if self.how in ("item", "builtin"):
                    del self.owner[self.name]
                else:
                    delattr(self.owner, self.name)
        elif self.how in ("item", "builtin"):
            self.owner[self.name] = value
        elif isinstance(self.owner, functools.partial):
            p = self.owner
            p.__setstate__((p.func, value, p.keywords, vars(p)))  # type: ignore[attr-defined]
        elif self.how == "class" or isinstance(self.owner, _PYTHONS):
            setattr(self.owner, self.name, value)
        else:  # whatever its class says of assignments, as one that is frozen does
            object.__setattr__(self.owner, self.name, value)

    def inherited(self) -> bool:
        """Tell whether what is read there stands in the class of the object."""
        if self.how != "attribute" or isinstance(self.owner, _PYTHONS):
            return False
        own = attribute_of(self.owner, "__dict__")
        cls: Any = type(self.owner)
        return type(own) is dict and self.name not in own and self.name not in slots_of(cls)

    def text(self, owner: str, name: str) -> str:
        """Return how a program reads it, with what it calls the owner and the name."""
        if self.how == "item":
            return f"{owner}[{name}]"
        if self.how == "builtin":
            return f"{owner}.get({name}, {self.name})"
        return f"{owner}.__dict__[{self.name!r}]" if self.how == "class" else f"{owner}.{self.name}"


class Found:
    """What stands at a place.

    Attributes
    ----------
    kind : "array", "number", "equal", "same" (the very object) or "module"; of the owner as a whole "length",
        "contents", "attributes" (how many it has) or "absent" (the names that it does not have)
    """

    __slots__ = ("kind", "place", "value")

    def __init__(self, place: Location, value: Any, kind: str) -> None:
        self.place, self.value, self.kind = place, value, kind


@functools.lru_cache(1000)
def slots_of(cls: Any) -> tuple[str, ...]:
    found: list[str] = []
    for part in cls.__mro__:
        slots = vars(part).get("__slots__", ())
        found += (slots,) if isinstance(slots, str) else slots
    return tuple([name for name in found if name not in ("__dict__", "__weakref__")])
