"""The names that functions are called by, and where what they warn of is said."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context.frames import at_askers_line, users_level

# Functions of NumPy's, in Python, that warn at the line of their caller.
_WARNING = frozenset(
    func
    for module, names in (
        (np, ("cov", "cross", "in1d", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile", "nanquantile")),
        (np, ("histogram", "histogram_bin_edges", "nanvar", "polyfit")),
        (np.linalg, ("qr",)),
        (np.fft, ("irfftn", "rfftn")),
    )
    for name in names
    if (func := getattr(module, name, None)) is not None
)


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line of the user's that led to the caller."""
    warnings.warn(message, category, stacklevel=users_level())


def warning_there(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function in a form to call: what NumPy's own code warns of is said at the line that asked for it."""
    if func in (np.mean, np.var, np.std, np.nanstd):
        return _of_few_elements(func)
    return at_askers_line(func) if func in _WARNING else func


def _of_few_elements(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a mean or a deviation, whose elements may be too few, in such a form.

    NumPy tells the callers of its methods, and of np.nanvar. A deviation is the root of a variance there, too.
    """
    root = func in (np.std, np.nanstd)

    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        few = func is np.nanstd or not np.size(a) or kwargs.get("ddof") or kwargs.get("where", True) is not True
        unusual = args[2:] or "out" in kwargs or "correction" in kwargs or not isinstance(a, (np.ndarray, np.generic))
        if not few or unusual:
            return func(a, *args, **kwargs)
        if func is np.nanstd:
            return np.sqrt(at_askers_line(np.nanvar)(a, *args, **kwargs))
        if root:
            return np.sqrt(at_askers_line(a.var)(*args, **kwargs))
        return at_askers_line(getattr(a, func.__name__))(*args, **kwargs)

    return call


def public_name(func: Any) -> str:
    """Return the name that a user calls `func` by, such as ``np.linalg.norm``; of our own, what it carries out."""
    func = getattr(func, "__stands_for__", func)
    name: str = getattr(func, "__name__", repr(func))
    module: str = getattr(func, "__module__", None) or ("numpy" if isinstance(func, np.ufunc) else "")
    if isinstance(func, np.ufunc) and getattr(np, name, None) is not func:
        # It does not tell where it is from; the shortest path to it is its public one.
        homes = [m for m, holds in list(sys.modules.items()) if getattr(holds, "__dict__", {}).get(name) is func]
        homes = [m for m in homes if m != "__main__" and not any(part.startswith("_") for part in m.split("."))]
        return f"{min(homes, key=len)}.{name}" if homes else name
    module = module.replace("numpy", "np", 1) if module.split(".")[0] == "numpy" else module
    return name if module in ("", "builtins", "_operator") else f"{module}.{name}"
