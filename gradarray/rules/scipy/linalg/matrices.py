"""Parts of matrices that the other files of the chapter share."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declared import function


def turned(a: Any) -> Any:
    """Return the transposed matrix, or matrices."""
    return np.swapaxes(a, -1, -2)


def adjoined(a: Any) -> Any:
    return np.conj(turned(a))


def identity(a: Any) -> Any:
    return np.eye(np.shape(a)[-1])


def from_triangle(a: Any, lower: bool, symmetric: bool = False) -> Any:
    """Return the Hermitian, or symmetric, matrix of which SciPy looks at one triangle alone."""
    half = np.tril(a, -1) if lower else np.triu(a, 1)
    return half + (turned(half) if symmetric else adjoined(half)) + np.tril(np.triu(a))


def read(a: Any, assume_a: str | None, lower: bool) -> Any:
    """Return a matrix with that in the place of each element which SciPy reads there, by what it is told of it."""
    if assume_a is None:
        return a
    if assume_a in ("sym", "symmetric"):
        return from_triangle(a, lower, symmetric=True)
    if assume_a in ("her", "hermitian", "pos", "positive definite"):
        return from_triangle(a, lower)
    if assume_a in ("lower triangular", "upper triangular"):
        return np.tril(a) if assume_a.startswith("lower") else np.triu(a)
    if assume_a == "diagonal":
        return np.tril(np.triu(a))
    if assume_a == "tridiagonal":
        return np.tril(np.triu(a, -1), 1)
    return a


def columns(b: Any) -> Any:
    """Return a vector as a matrix of one column."""
    return b[:, None] if np.ndim(b) == 1 else b


def refused(reason: str, *names: str) -> None:
    """Declare functions of scipy.linalg that are refused, with what to write instead."""
    for name in names:
        function("scipy.linalg", _refusing(name, reason))


def _refusing(name: str, reason: str) -> Any:
    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise TypeError(f"scipy.linalg.{name} of a variable has no derivative: {reason}")

    refuse.__name__ = name
    return refuse
