"""The functions of SciPy that have twins: the same in differentiable ``np.*``.

Parameters that say how to compute, and not what, have no effect.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..rules.scipy.declared import LOOKING, OBJECTS
from ..rules.scipy.families import chapters, functions_of
from . import distributions as distributions
from .table import for_type_named
from .twins import twin

_declared: set[str] = set()


def declare_known() -> None:
    """Declare the twins of those functions whose library has been imported since."""
    for module in chapters():
        if module in sys.modules and module not in _declared:
            for name, function in functions_of(module).items():
                if hasattr(sys.modules[module], name):
                    twin(getattr(sys.modules[module], name), function, looks=function in LOOKING)
            for name, make in OBJECTS.items():
                for_type_named(name, make)
            _declared.add(module)


def body_of(module: str, name: str) -> Callable[..., Any] | None:
    """Return what stands in for a function of a module of SciPy that has been imported, or None where nothing does."""
    return functions_of(module).get(name)
