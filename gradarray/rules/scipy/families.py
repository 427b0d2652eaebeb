"""What tells the registry of SciPy's ufuncs: a chapter is imported when the first ufunc of its module is met."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from ..kinds import Rule
from ..registry import family
from .declared import DECLARED, FUNCTIONS


def _read(module: str) -> None:
    """Read the chapter of a module of SciPy that has been imported."""
    import_module(module.replace("scipy", "", 1), __package__)


def functions_of(module: str) -> Mapping[str, Callable[..., Any]]:
    """Return, by their names, what stands in for the functions of a module of SciPy that has been imported."""
    _read(module)
    return FUNCTIONS.get(module, {})


def _of_special(func: Any) -> bool:
    """Tell whether a function is one of scipy.special's ufuncs, also those that start with an underscore."""
    if type(func) is not np.ufunc or "scipy.special" not in sys.modules:
        return False
    _read("scipy.special")
    return func in _declared()


@functools.cache
def _declared() -> dict[np.ufunc, str]:
    """Return the names of the ufuncs that are declared; some versions of SciPy call one by another's name."""
    library = sys.modules["scipy.special._ufuncs"]
    return {getattr(library, name): name for name in DECLARED if hasattr(library, name)}


def _rule_of(func: Any) -> Rule:
    return DECLARED[_declared()[func]](func)


family(_of_special, _rule_of)
