"""The functions of SciPy that have twins: the same in differentiable ``np.*``.

Parameters that say how to compute, and not what, have no effect. A chapter is read when something of its module is met.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from typing import Any

from ..rules.scipy.declared import LOOKING, OBJECTS
from ..rules.scipy.families import OF_CLASSES, OF_METHODS, chapters, chapters_of, functions_of
from . import distributions as distributions
from .numbers import acting
from .table import for_type_named, stand_in, when_met
from .twins import stand_in_of, twin

_declared: set[str] = set()


def _declare(chapter: str) -> None:
    """Declare the twins of the functions of a module of SciPy, if that has been imported."""
    if chapter in _declared or chapter not in sys.modules:
        return
    for name, function in functions_of(chapter).items():
        original = getattr(sys.modules[chapter], name, None)
        if isinstance(original, type):  # in C, where its methods cannot be bound
            call = stand_in_of(original, function, function in LOOKING)
            stand_in(original, acting(call, lambda _: False, call))
        elif original is not None:
            twin(original, function, looks=function in LOOKING)
    _declared.add(chapter)


def _meet(module: str) -> None:
    for chapter in chapters_of(module):
        _declare(chapter)


def meet_below(module: str, names: Collection[str] | None) -> bool:
    """Declare the twins of what code with these names, or with any, comes to from a module of SciPy.

    Returns
    -------
    Whether it comes to a module that SciPy has not imported yet, or by names that it looks up.
    """
    to_come = False
    for chapter in [*chapters()] if module == "scipy" or module.startswith("scipy.") else ():
        if not chapter.startswith(f"{module}."):
            continue
        if names is None or all(part in names for part in chapter.removeprefix(f"{module}.").split(".")):
            _declare(chapter)
            to_come |= names is None or chapter not in sys.modules
    return to_come


def meet_methods(names: Collection[str]) -> None:
    """Declare what objects of SciPy do that code comes to by methods of these names."""
    for name, chapter in OF_METHODS.items():
        if name in names:
            _declare(chapter)


def _of_class(value: Any) -> Any:
    """Return what stands in for an object of a class in C."""
    name = type(value).__name__
    _declare(OF_CLASSES[name])
    return OBJECTS[name](value) if name in OBJECTS else None


for _name in OF_CLASSES:
    for_type_named(_name, _of_class)
when_met("scipy", _meet)


def body_of(module: str, name: str) -> Callable[..., Any] | None:
    """Return what stands in for a function of a module of SciPy that has been imported, or None where nothing does."""
    return functions_of(module).get(name)
