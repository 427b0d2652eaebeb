"""What is added to an error of NumPy's on its way to the user: the call that it came from, and the shapes.

Whoever carries out a call on tensors catches what comes of it, adds a note and raises it again, which costs nothing
as long as nothing is raised. The error stays NumPy's, and so does its text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..context.frames import PACKAGE, package
from ..elsewhere.answers import annotate
from ..rules.names import public_name
from ..tape.wrapping import has_tensor

# So many operands are named, and the others counted.
_MOST = 8


class _Note(str):
    """A note of ours, which the call around it may replace."""

    __slots__ = ()


def add_shapes(
    error: BaseException, func: Any, args: Iterable[Any], kwargs: dict[str, Any] | None = None, method: str = "__call__"
) -> None:
    """Note at an error which function, or which method of a ufunc, was called with operands of which shapes.

    Of calls within each other it is the outermost one that the user has written, unless a function of the user's lies
    between: then each is noted.
    """
    if isinstance(error, (TypeError, ValueError)):
        annotate(error, func)
    operands = [_described(x) for x in args if _is_operand(x, func)]
    operands += [f"{_described(x)} as {name}" for name, x in (kwargs or {}).items() if _is_operand(x, func)]
    notes = getattr(error, "__notes__", None)
    if notes and type(notes[-1]) is _Note and not _by_user(error):
        del notes[-1]
    name = public_name(func) if method == "__call__" else f"{public_name(func)}.{method}"
    error.add_note(_Note(f"in {name} of {_listed(operands)}"))


def _is_operand(x: Any, func: Any) -> bool:
    """Tell whether an argument is worth naming: each one of a ufunc, otherwise what is made of arrays."""
    if isinstance(func, np.ufunc):
        return x is not None
    return (
        isinstance(x, (np.ndarray, list))
        or has_tensor(x)
        or (isinstance(x, tuple) and any(_is_operand(y, func) for y in x))
    )


def _described(x: Any) -> str:
    if type(x) is tuple and len(x) == 1:  # as NumPy's protocol has out=
        return _described(x[0])
    if isinstance(x, (list, tuple)) and (has_tensor(x) or any(hasattr(item, "shape") for item in x)):
        return f"{_named(type(x).__name__)} of {_listed([_described(item) for item in x])}"
    try:
        shape = np.shape(x) if isinstance(x, (list, tuple)) else x.shape
    except (AttributeError, ValueError):  # a number; lists of several lengths
        shape = None
    name = _named(type(x).__name__)
    return f"{name} {shape}" if isinstance(shape, tuple) else name  # a type of NumPy's has the attribute itself


def _named(name: str) -> str:
    return f"{'an' if name[0] in 'aeioAEIO' or name.startswith('nd') else 'a'} {name}"  # an n-d array


def _listed(parts: list[str]) -> str:
    if len(parts) > _MOST:
        parts = [*parts[:_MOST], f"{len(parts) - _MOST} more"]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts or ["no arrays"])


def _by_user(error: BaseException) -> bool:
    """Tell whether an error came from within a function of the user's."""
    traceback = error.__traceback__
    while traceback is not None:
        if package(traceback.tb_frame) not in (PACKAGE, "numpy"):
            return True
        traceback = traceback.tb_next
    return False
