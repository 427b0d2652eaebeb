"""What tells the registry of SciPy's ufuncs: a chapter is imported when the first ufunc of its module is met."""

from __future__ import annotations

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
    if type(func) is not np.ufunc:
        return False
    name = str(func.__name__)
    if getattr(sys.modules.get("scipy.special._ufuncs"), name, None) is not func:
        return False
    _read("scipy.special")
    return name in DECLARED


def _rule_of(func: Any) -> Rule:
    return DECLARED[func.__name__](func)


family(_of_special, _rule_of)
