"""What an interpolant holds: as attributes, or since SciPy 1.17 under other names with a property for each."""

from __future__ import annotations

from typing import Any


def part(obj: Any, name: str) -> Any:
    """Return an array, or a variable, that an object holds."""
    hidden = isinstance(getattr(type(obj), name, None), property)
    return getattr(obj, f"_{name}" if hidden else name)


def hold(obj: Any, **parts: Any) -> Any:
    """Have an object hold variables; nothing about them is checked."""
    for name, value in parts.items():
        hidden = isinstance(getattr(type(obj), name, None), property)
        setattr(obj, f"_{name}" if hidden else name, value)
        if hidden:
            obj._asarray = _as_it_is
    return obj


def _as_it_is(x: Any, **_options: Any) -> Any:
    return x
