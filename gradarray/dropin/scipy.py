"""The functions of SciPy that have twins: the same in differentiable ``np.*``.

Parameters that say how to compute, and not what, have no effect.
"""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules.scipy.declared import LOOKING, OBJECTS
from ..rules.scipy.families import chapters, functions_of
from ..tape.wrapping import bare
from .table import counterpart, for_type, for_type_named
from .twins import stand_in_of, twin

# --- distributions ----------------------------------------------------------------------------------------------------


def _ndtr(x: Any) -> Any:
    return sys.modules["scipy.special"].ndtr(x)


def _ndtri(p: Any) -> Any:
    return sys.modules["scipy.special"].ndtri(p)


_ROOT = math.sqrt(2 * math.pi)


def _standardised(x: Any, loc: Any, scale: Any) -> Any:
    return (x - loc) / scale


_NORMAL: dict[str, Callable[..., Any]] = {
    "cdf": lambda x, loc=0.0, scale=1.0: _ndtr(_standardised(x, loc, scale)),
    "isf": lambda q, loc=0.0, scale=1.0: loc + scale * _ndtri(1 - q),
    "logcdf": lambda x, loc=0.0, scale=1.0: np.log(_ndtr(_standardised(x, loc, scale))),
    "logpdf": lambda x, loc=0.0, scale=1.0: -(_standardised(x, loc, scale) ** 2) / 2 - np.log(_ROOT) - np.log(scale),
    "pdf": lambda x, loc=0.0, scale=1.0: np.exp(-(_standardised(x, loc, scale) ** 2) / 2) / _ROOT / scale,
    "ppf": lambda q, loc=0.0, scale=1.0: loc + scale * _ndtri(q),
    "sf": lambda x, loc=0.0, scale=1.0: _ndtr(-_standardised(x, loc, scale)),
}


def _log_density(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """Return the logarithm of the density of a normal distribution of several variables."""
    if allow_singular and np.linalg.matrix_rank(bare(cov)) < len(np.atleast_2d(bare(cov))):
        raise TypeError("scipy.stats.multivariate_normal of a variable: a singular covariance is not known here")
    cov = np.atleast_2d(cov)
    n = len(cov)
    off = x - (np.zeros(n) if mean is None else mean)
    off = np.reshape(off, (*np.shape(off)[: np.ndim(off) - 1], n)) if np.ndim(off) else np.reshape(off, (1,))
    half = np.linalg.solve(np.linalg.cholesky(cov), np.moveaxis(np.atleast_2d(off), -1, 0))
    logs = -0.5 * (n * math.log(2 * math.pi) + np.linalg.slogdet(cov)[1] + np.sum(half * half, axis=0))
    return logs[0] if np.ndim(off) == 1 else np.reshape(logs, np.shape(off)[:-1])


_NORMALS: dict[str, Callable[..., Any]] = {
    "logpdf": _log_density,
    "pdf": lambda *args, **kwargs: np.exp(_log_density(*args, **kwargs)),
}


class _Distribution:
    """A distribution of scipy.stats some of whose methods take variables."""

    def __init__(self, real: Any, methods: dict[str, Callable[..., Any]]) -> None:
        self.__wrapped__ = real
        for name, function in methods.items():
            vars(self)[name] = stand_in_of(getattr(real, name), function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)


def _method(bound: types.MethodType) -> Any:
    """Return a method of what stands in for its owner, as of a distribution: ``cdf = norm.cdf``."""
    owner = counterpart(bound.__self__) if type(bound.__self__).__name__ in _DISTRIBUTIONS else None
    return None if owner is None else getattr(owner, bound.__name__)


_DISTRIBUTIONS = ("norm_gen", "multivariate_normal_gen")
for_type(types.MethodType, _method)
for_type_named("norm_gen", lambda real: _Distribution(real, _NORMAL))
for_type_named("multivariate_normal_gen", lambda real: _Distribution(real, _NORMALS))


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
