"""Where pickle finds stand-ins: ``named.numpy.sin`` is what stands in for np.sin."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from .table import counterpart


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    # pickle asks all modules for the name of a function that does not tell its own.
    module = sys.modules.get(name)
    if module is None:
        try:
            module = importlib.import_module(name)
        except ImportError:
            raise AttributeError(name) from None
    return counterpart(module)


def decorated_name(made: Any) -> str | None:
    """Return the name by which pickle finds what a decorator has made of a function; None where nothing is there by it.

    It is the name of the function inside, which would not be found, since this one stands there in its place.
    """
    name: Any = getattr(made.__wrapped__, "__qualname__", "")
    found: Any = sys.modules.get(str(made.__module__))
    for part in name.split("."):
        found = getattr(found, part, None)
    return name if found is made else None
