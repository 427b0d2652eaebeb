"""What tells the registry of SciPy's ufuncs: a chapter is imported when the first ufunc of its module is met."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import numpy as np

from ..kinds import Rule
from ..registry import family
from .declared import DECLARED


def _of_special(func: Any) -> bool:
    """Tell whether a function is one of scipy.special's ufuncs, also those that start with an underscore."""
    library = sys.modules.get("scipy.special._ufuncs") if type(func) is np.ufunc else None
    if library is None or getattr(library, func.__name__, None) is not func:
        return False
    import_module(".special", __package__)
    return func.__name__ in DECLARED


def _rule_of(func: Any) -> Rule:
    return DECLARED[func.__name__](func)


family(_of_special, _rule_of)
