"""What a user's function reads besides its arguments, so that it can be told whether it has changed.

A tape saves what it needs. A program reads it when it is called, so that it has to be what it was when the function was
called for its values.
"""

from __future__ import annotations

import builtins
import functools
import types
from typing import Any

import numpy as np

from ..compiler.surroundings.reads import reads
from ..dropin.table import original_of
from ..kernels.guard import fingerprint_of
from .captured import Slot

_NUMBERS = (bool, int, float, complex, str, bytes, type(None), np.generic, np.dtype)
_LIBRARIES = frozenset(["builtins", "numpy", "math", "scipy"])
_DEEPEST = 16


class UnknownError(Exception):
    """Something is read of which it is not known how it may change."""


def snapshot(*values: Any) -> tuple[Any, ...] | None:
    """Return what functions and values are, to be compared; None where something may change without that."""
    seen: dict[int, int] = {}
    try:
        return tuple([_of(x, seen, 0) for x in values])
    except UnknownError:
        return None


def _of(value: Any, seen: dict[int, int], depth: int) -> Any:
    if isinstance(value, _NUMBERS):
        return type(value), repr(value) if value != value or value == 0 else value
    if type(value) is Slot:
        return "variable", value.number
    if id(value) in seen:
        return "again", seen[id(value)]
    seen[id(value)] = len(seen)
    if type(value) is np.ndarray:
        if value.dtype.hasobject:
            raise UnknownError
        return id(value), value.shape, value.strides, fingerprint_of(value)
    if depth > _DEEPEST:
        raise UnknownError
    inside = _parts_of(value)
    if inside is not None:
        return id(type(value)), tuple([_of(x, seen, depth + 1) for x in inside])
    value = original_of(value)
    if type(value) is types.FunctionType:
        return value.__code__, tuple([_of(x, seen, depth + 1) for x in _read_by(value)])
    if isinstance(value, types.ModuleType):
        if value.__name__.partition(".")[0] in _LIBRARIES:
            return value.__name__
    elif isinstance(value, np.ufunc) or (callable(value) and _library_of(value) in _LIBRARIES):
        return id(value)
    raise UnknownError


def _parts_of(value: Any) -> list[Any] | None:
    """Return what stands in a container, or is bound to a function; None of others.

    Of an object it is not known which of its attributes are read, and others may change.
    """
    if type(value) in (tuple, list):
        return [*value]
    if type(value) is dict:
        return [*value, *value.values()]
    if type(value) is functools.partial:
        return [value.func, value.args, value.keywords]
    return None


def _read_by(func: types.FunctionType) -> list[Any]:
    if _library_of(func) in _LIBRARIES:
        return []
    found = reads(func.__code__)
    if found.set_globals:
        raise UnknownError
    try:
        inside = [cell.cell_contents for cell in func.__closure__ or ()]
    except ValueError:  # one is empty
        raise UnknownError from None
    known = func.__globals__
    inside += [known[name] if name in known else getattr(builtins, name, None) for name in sorted(found.globals)]
    return [*inside, func.__defaults__, *(func.__kwdefaults__ or {}).values()]


def _library_of(value: Any) -> str:
    return str(getattr(value, "__module__", "")).partition(".")[0]
