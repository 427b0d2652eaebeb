"""The special functions that SciPy looks for in a namespace: those of scipy.special that have a derivative here.

The standard has no such extension yet; under ``SCIPY_ARRAY_API=1``, SciPy asks for it all the same [1]_. Of a function
that is not here, SciPy takes bare values, which raises in a transform and warns elsewhere.

References
----------
.. [1] https://github.com/data-apis/array-api/issues/725
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dropin.scipy import body_of
from ..mirror.mirrored import mirrored
from ..mirror.ufuncs import ufunc
from ..rules.registry import find
from .results import as_arrays, conforming

__all__: list[str] = []


_made: dict[str, Any] = {}


def _standing_for(name: str) -> Callable[..., Any] | None:
    known = getattr(sys.modules.get("scipy.special"), name, None)
    if known is None:
        return None
    theirs = known
    while find(theirs) is None and hasattr(theirs, "__wrapped__"):  # what asks for the namespace is around it
        theirs = theirs.__wrapped__
    rule = find(theirs)
    if rule is not None and not rule.refuses:
        mirror: Callable[..., Any] = ufunc(theirs) if isinstance(theirs, np.ufunc) else conforming(mirrored(theirs))
        return mirror
    twin = body_of("scipy.special", name)
    return None if twin is None else lambda *args, **kwargs: as_arrays(twin(*args, **kwargs))


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        value = _made.get(name) or (None if name.startswith("_") else _standing_for(name))
        if value is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        _made[name] = value
        return value
