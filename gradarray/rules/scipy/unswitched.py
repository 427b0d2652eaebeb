"""scipy.special as the chapters call it: its functions themselves, whether or not the array API is switched on.

Under ``SCIPY_ARRAY_API=1`` there is a function around many of them, which asks all operands for one namespace: a
variable beside a plain array would be an error, and NumPy's dispatch would not see the ufunc.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special as library

_DISPATCHING = (np.ufunc, type(np.sum))


class _Special:
    def __getattr__(self, name: str) -> Any:
        value = unswitched(getattr(library, name))
        setattr(self, name, value)
        return value


def unswitched(func: Any) -> Any:
    """Return the function that NumPy's dispatch sees and that another one is around, or else the function."""
    inner = getattr(func, "__wrapped__", None)
    return inner if isinstance(inner, _DISPATCHING) else func


def switched() -> dict[str, Any]:
    """Return, by their names, the functions that such a one is around: each stands in for what is around it."""
    pairs = ((name, getattr(library, name)) for name in library.__all__)
    return {name: unswitched(func) for name, func in pairs if unswitched(func) is not func}


special: Any = _Special()
