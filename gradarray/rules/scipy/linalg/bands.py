"""Matrices that are given by their diagonals: Cholesky factors and equations, and what is made of such whole ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from ....kernels.arrays import conjugate
from ...primitives import primitive, saving
from ...registry import composite, linear, rule
from ..declared import function
from ..values import from_library
from .blocks import pulled_band, pulled_factor
from .diagonals import along_diagonals, times_columns
from .matrices import dtype_of, over_batches, zeros


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
    return pulled_band(g, ans, lower=lower)


def _whole_band(g: Any, band: Any, *, lower: bool) -> Any:
    """Return the same as pulled_band by the whole matrix."""
    if not lower:
        return as_upper(_whole_band(as_lower(g), as_lower(band), lower=True))
    return to_bands(pulled_factor(from_bands(g, True), from_bands(band, True)), g, True)


rule(factored_band, _factored_band_vjp, holomorphic=False)
composite(pulled_band, _whole_band, anew=True)


def cho_solve_banded(cb_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    return _cho_solve_banded(cb_and_lower[0], b, cb_and_lower[1])


@over_batches(cb=2, b="1|2")
def _cho_solve_banded(cb: Any, b: Any, lower: bool) -> Any:
    return by_band(cb, b, lower=bool(lower))


def _fits(ab: Any, b: Any) -> bool:
    """Tell whether LAPACK's own functions, in front of which SciPy has long ones, can be called with these."""
    return ab.ndim == 2 and ab.dtype == b.dtype and ab.dtype.char in "fdFD" and ab.shape[1] == len(b) and b.size > 0


@from_library
def by_band(cb: Any, b: Any, *, lower: bool) -> Any:
    """Return the solution of equations whose matrix has a factor that is given by its diagonals."""
    if _fits(cb, b) and np.isfinite(cb).all() and np.isfinite(b).all():
        found, failed = lapack.get_lapack_funcs("pbtrs", (cb, b))(cb, b, lower=lower)
        if not failed:
            return found
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
    one, other = (along_diagonals(-rows, conjugate(across), **extent) for rows, across in pairs)
    return one + other, s


rule(by_band, joint=_by_band_vjp, holomorphic=False)


@from_library
def banded(ab: Any, b: Any, lower: int, upper: int) -> Any:
    """Return the solution of equations whose matrix is given by its diagonals, as SciPy has them."""
    return linalg.solve_banded((lower, upper), ab, b)


def _turned_bands(ab: Any, lower: int, upper: int) -> Any:
    """Return the diagonals of the transposed matrix."""
    n = np.shape(ab)[-1]
    shifted = []
    for offset in range(lower, -upper - 1, -1):  # its element [j - offset, j] is [j, j - offset] of the matrix
        row = ab[upper + offset]
        empty = zeros(min(abs(offset), n), ab)
        shifted.append(np.concatenate([empty, row[: n - offset]] if offset > 0 else [row[-offset:], empty]))
    return np.stack(shifted)


def _banded_vjp(g: Any, ans: Any, ab: Any, b: Any, lower: int = 0, upper: int = 0, wanted: Any = None) -> Any:
    of_b = banded(_turned_bands(ab, lower, upper), g, upper, lower)
    if wanted is not None and not wanted[0]:
        return None, of_b
    return along_diagonals(-of_b, ans, lower=lower, upper=upper), of_b


rule(banded, joint=_banded_vjp)


def solve_banded(
    l_and_u: Any, ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    lower, upper = map(int, l_and_u)
    return _banded(ab, b, lower, upper)


@over_batches(ab=2, b="1|2")
def _banded(ab: Any, b: Any, lower: int, upper: int) -> Any:
    return banded(ab, b, lower, upper)


@from_library
@saving
def hermitian_banded(ab: Any, b: Any, *, lower: bool) -> Any:
    """Return the solution of equations whose matrix is definite, and given by the diagonals of one triangle.

    What is kept is the factor, which LAPACK finds first.
    """
    if len(ab) > 2 and _fits(ab, b) and np.isfinite(ab).all() and np.isfinite(b).all():  # of two there is another way
        factor, found, failed = lapack.get_lapack_funcs("pbsv", (ab, b))(ab, b, lower=lower)
        if not failed:
            return found, factor
    return linalg.solveh_banded(ab, b, lower=lower), None


def _hermitian_banded_vjp(
    g: Any, ans: Any, ab: Any, b: Any, *, lower: bool, saved: Any = None, wanted: Any = (True,)
) -> Any:
    # Element ij and its mirror image, which is its conjugate: the inner product is the real part of tr(x^H y).
    of_b = hermitian_banded(ab, g, lower=lower) if saved is None else by_band(saved, g, lower=lower)
    if not wanted[0]:
        return None, of_b
    width = np.shape(ab)[0] - 1
    extent: Any = {"lower": width, "upper": 0} if lower else {"lower": 0, "upper": width}
    both = along_diagonals(-of_b, conjugate(ans), **extent) + along_diagonals(-ans, conjugate(of_b), **extent)
    scale = np.ones((width + 1, 1), np.finfo(dtype_of(ab)).dtype)
    scale[0 if lower else width] = 0.5
    return both * scale, of_b


rule(hermitian_banded, joint=_hermitian_banded_vjp, holomorphic=False)


@over_batches(ab=2, b="1|2")
def solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Any:
    return hermitian_banded(ab, b, lower=bool(lower))


function("scipy.linalg", cholesky_banded, cho_solve_banded, solve_banded, solveh_banded)
