"""Cholesky factors of matrices that are given by their diagonals, and what is made of such matrices as whole ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ....kernels.arrays import conjugate
from ...primitives import primitive
from ...registry import composite, linear, rule
from ..declared import function
from ..values import from_library
from .blocks import pulled_band, pulled_factor
from .diagonals import along_diagonals, times_columns
from .matrices import over_batches


def from_bands(ab: Any, lower: bool) -> Any:
    """Return the triangle of a matrix that is given by its diagonals."""
    count, n = np.shape(ab)
    i, j = np.indices((n, n))
    place = i - j if lower else count - 1 + i - j
    there = (i >= j) & (i - j < count) if lower else (j >= i) & (j - i < count)
    return np.where(there, ab[np.where(there, place, 0), j], 0.0)


def to_bands(a: Any, ab: Any, lower: bool) -> Any:
    """Return the diagonals of a triangle, in an array that stays what it was where there is nothing of them."""
    count, n = np.shape(ab)
    row = np.arange(n) + np.arange(count)[:, None] - (0 if lower else count - 1)
    there = (row >= 0) & (row < n)
    return np.where(there, a[np.where(there, row, 0), np.arange(n)], ab)


@over_batches(ab=2)
def cholesky_banded(ab: Any, overwrite_ab: bool = False, lower: bool = False, check_finite: bool = True) -> Any:
    return factored_band(ab, lower=bool(lower))


@from_library
def factored_band(ab: Any, *, lower: bool) -> Any:
    """Return the factor of a matrix, both given by their diagonals; what is of neither stays what it was."""
    return linalg.cholesky_banded(ab, lower=lower)


@primitive
def as_lower(band: Any) -> Any:
    """Return the diagonals of an upper triangle as those of its adjoint, each from its first element on."""
    count, n = band.shape
    found = np.empty_like(band)
    for k in range(count):
        row, m = band[count - 1 - k], min(k, n)
        found[k, : n - m], found[k, n - m :] = row[m:], row[:m]
    return found.conj()


@primitive
def as_upper(band: Any) -> Any:
    """Return the diagonals of a lower triangle as those of its adjoint."""
    count, n = band.shape
    found = np.empty_like(band)
    for k in range(count):
        row, m = found[count - 1 - k], min(k, n)
        row[m:], row[:m] = band[k, : n - m], band[k, n - m :]
    return found.conj()


linear(as_lower, lambda g, band: as_upper(g))
linear(as_upper, lambda g, band: as_lower(g))


def _factored_band_vjp(g: Any, ans: Any, _ab: Any, *, lower: bool) -> Any:
    return pulled_band(g, ans) if lower else as_upper(pulled_band(as_lower(g), as_lower(ans)))


def _whole_band(g: Any, band: Any) -> Any:
    """Return the same as pulled_band by the whole matrix."""
    return to_bands(pulled_factor(from_bands(g, True), from_bands(band, True)), g, True)


rule(factored_band, _factored_band_vjp, holomorphic=False)
composite(pulled_band, _whole_band, anew=True)


def cho_solve_banded(cb_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    return _cho_solve_banded(cb_and_lower[0], b, cb_and_lower[1])


@over_batches(cb=2, b="1|2")
def _cho_solve_banded(cb: Any, b: Any, lower: bool) -> Any:
    return by_band(cb, b, lower=bool(lower))


@from_library
def by_band(cb: Any, b: Any, *, lower: bool) -> Any:
    """Return the solution of equations whose matrix has a factor that is given by its diagonals."""
    return linalg.cho_solve_banded((cb, lower), b)


def _by_band_vjp(g: Any, ans: Any, cb: Any, b: Any, *, lower: bool, wanted: Any = None) -> Any:
    # As for a whole factor, along its diagonals alone.
    x, s = ans, by_band(cb, g, lower=lower)
    if wanted is not None and not wanted[0]:
        return None, s
    width = np.shape(cb)[0] - 1
    if lower:
        u, v = (times_columns(conjugate(cb), of, upper=0, turn=True) for of in (x, s))
        pairs = (s, u), (x, v)
    else:
        u, v = (times_columns(cb, of, upper=width, turn=False) for of in (x, s))
        pairs = (v, x), (u, s)
    extent: Any = {"lower": width, "upper": 0} if lower else {"lower": 0, "upper": width}
    one, other = (along_diagonals(rows, conjugate(across), **extent) for rows, across in pairs)
    return -(one + other), s


rule(by_band, joint=_by_band_vjp, holomorphic=False)


function("scipy.linalg", cholesky_banded, cho_solve_banded)
