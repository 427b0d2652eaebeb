"""Equations of Sylvester's with triangular matrices, in halves: LAPACK's way goes element by element."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

_SMALL = 48


def solved(a: Any, b: Any, c: Any) -> Any:
    """Return the solution of a x + x b = c, where a and b are Schur forms; c may be written into."""
    m, n = _middle(a), _middle(b)
    if not m and not n:
        found, scale, _ = lapack.get_lapack_funcs("trsyl", (a, c))(a, b, c)
        return found / scale  # of the equation with scale * c
    if m >= n:
        c[m:] = solved(a[m:, m:], b, c[m:])
        c[:m] -= a[:m, m:] @ c[m:]
        c[:m] = solved(a[:m, :m], b, c[:m])
    else:
        c[:, :n] = solved(a, b[:n, :n], c[:, :n])
        c[:, n:] -= c[:, :n] @ b[:n, n:]
        c[:, n:] = solved(a, b[n:, n:], c[:, n:])
    return c


def _middle(a: Any) -> int:
    """Return where a Schur form is cut, which is not within a block for two eigenvalues; 0 for a small one."""
    m = len(a) // 2
    if len(a) <= _SMALL:
        return 0
    return m + 1 if a[m, m - 1] else m


def root(a: Any) -> Any:
    """Return the principal square root of an upper triangular matrix of complex numbers."""
    m = _middle(a)
    if not m:
        return np.triu(linalg.sqrtm(a))
    found = np.zeros_like(a)
    first, last = root(a[:m, :m]), root(a[m:, m:])
    found[:m, :m], found[m:, m:], found[:m, m:] = first, last, solved(first, last, a[:m, m:].copy())
    return found
