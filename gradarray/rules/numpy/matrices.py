"""Parts of matrices: what the chapters on them share. It declares nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.arrays import Array, conjugate
from .triangles import below, half


def transposed(x: Array) -> Array:
    """Return the transposes of matrices, of the last two axes."""
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def adjoint(x: Array) -> Array:
    """Return the conjugate transpose."""
    return conjugate(transposed(x))


def diagonal(x: Array) -> Array:
    """Return the diagonals of matrices."""
    return np.diagonal(x, axis1=-2, axis2=-1)


def off_diagonal(x: Array) -> Array:
    """Return matrices with zeros on their diagonals."""
    return np.where(np.eye(x.shape[-1], dtype=bool), 0, x)


def hermitian(a: Array, uplo: Any) -> Array:
    """Return the Hermitian matrix that is read from one triangle of `a`."""
    strict = np.tril(a, -1) if uplo in ("L", "l") else np.triu(a, 1)
    return strict + adjoint(strict) + np.where(np.eye(a.shape[-1], dtype=bool), np.real(a), 0)


def one_triangle(gradient: Array, uplo: Any) -> Array:
    """Return the gradient by the triangle that is read, from any gradient that is right for Hermitian changes."""
    both, is_lower = gradient + adjoint(gradient), uplo in ("L", "l")
    n = both.shape[-1]
    there = below(n) if is_lower else ~below(n, -1)
    return np.where(there, both * half(n, np.finfo(both.dtype).dtype, is_lower), 0)


def chain(x: Array, y: Array, z: Array) -> Array:
    """Return x y z, in the order that takes less work."""
    a, b = x.shape[-2:]
    c, d = z.shape[-2:]
    return x @ y @ z if a * c * (b + d) <= b * d * (a + c) else x @ (y @ z)
