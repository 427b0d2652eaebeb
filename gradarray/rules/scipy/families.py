"""Which modules of SciPy have a chapter. It is read when its module has been imported and a function of it is met."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from ..kinds import Rule
from ..registry import family
from .declared import DECLARED, FUNCTIONS, OPERATORS

# The modules that read as chapters, in the order in which drop-in mode declares them.
_OF_THEIR_NAME = (
    "special",
    "linalg",
    "fft",
    "fftpack",
    "signal",
    "ndimage",
    "interpolate",
    "stats",
    "sparse",
    "spatial",
)
_CHAPTERS: dict[str, str] = {f"scipy.{name}": f"{__package__}.{name}" for name in _OF_THEIR_NAME} | {
    "scipy.signal.windows": f"{__package__}.signal",
    "scipy.sparse": f"{__package__}.sparse.assembled",
    "scipy.sparse.linalg": f"{__package__}.sparse.linalg",
    "scipy.spatial.distance": f"{__package__}.spatial",
    "scipy.spatial.transform": f"{__package__}.spatial.transform",
    "scipy.stats.qmc": f"{__package__}.stats",
    "scipy.stats.contingency": f"{__package__}.stats",
    "scipy.stats.mstats": f"{__package__}.stats",
}


def chapter(module: str, path: str) -> None:
    """Declare what is imported to read the chapter of a module of SciPy; a chapter may stand in a room above."""
    _CHAPTERS[module] = path


def chapters() -> Collection[str]:
    """Return the modules of SciPy that have a chapter."""
    return _CHAPTERS.keys()


def chapters_of(module: str) -> list[str]:
    """Return the modules with chapters that tell of what stands in one of SciPy's, such as scipy.stats._qmc.

    What is public in scipy.stats, or in scipy.stats.qmc, may stand there: they are those of the same package.
    """
    package = module.split(".")[:2]
    return [name for name in _CHAPTERS if len(package) == 2 and name.split(".")[:2] == package]


# What tells nothing of where it stands: methods by which code comes to objects of a class, and classes in C.
OF_METHODS = {"tocsr": "scipy.sparse", "tocsc": "scipy.sparse", "tocoo": "scipy.sparse"}
OF_CLASSES = {"SuperLU": "scipy.sparse.linalg", "cKDTree": "scipy.spatial"}


def _read(module: str) -> None:
    """Read the chapter of a module of SciPy that has been imported."""
    import_module(_CHAPTERS[module])


def functions_of(module: str) -> Mapping[str, Callable[..., Any]]:
    """Return, by their names, what stands in for the functions of a module of SciPy that has been imported."""
    if module not in _CHAPTERS:
        return {}
    _read(module)
    return FUNCTIONS.get(module, {})


def operators_with(other: Any) -> Mapping[str, Callable[..., Any]] | None:
    """Return, by their names, the operators of an array of ours and an object of a library's, or None."""
    module = type(other).__module__
    if not module.startswith(_WITH_OPERATORS):
        return None
    _read(_WITH_OPERATORS)
    return OPERATORS[_WITH_OPERATORS]


_WITH_OPERATORS = "scipy.sparse"


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
