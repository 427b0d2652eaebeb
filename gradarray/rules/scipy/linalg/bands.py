"""Cholesky factors of matrices that are given by their diagonals, and what is made of such matrices as whole ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ...registry import composite, rule
from ..declared import function
from ..values import from_library
from .blocks import pulled_band, pulled_factor
from .matrices import columns, over_batches, zeros


def from_bands(ab: Any, lower: bool) -> Any:
    """Return the triangle of a matrix that is given by its diagonals."""
    count, n = np.shape(ab)
    i, j = np.indices((n, n))
    place = i - j if lower else count - 1 + i - j
    there = (i >= j) & (i - j < count) if lower else (j >= i) & (j - i < count)
    return np.where(there, ab[np.where(there, place, 0), j], 0.0)


def _to_bands(a: Any, ab: Any, lower: bool) -> Any:
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


def _as_lower(band: Any) -> Any:
    """Return the diagonals of an upper triangle as those of its adjoint, each from its first element on."""
    count, n = np.shape(band)
    rows = []
    for k in range(count):
        row = np.conj(band[count - 1 - k])
        rows.append(np.concatenate([row[min(k, n) :], row[: min(k, n)]]))
    return np.stack(rows)


def _as_upper(band: Any) -> Any:
    """Return the diagonals of a lower triangle as those of its adjoint."""
    count, n = np.shape(band)
    rows = []
    for k in range(count - 1, -1, -1):
        row = np.conj(band[k])
        rows.append(np.concatenate([row[n - min(k, n) :], row[: n - min(k, n)]]))
    return np.stack(rows)


def _factored_band_vjp(g: Any, ans: Any, _ab: Any, *, lower: bool) -> Any:
    return pulled_band(g, ans) if lower else _as_upper(pulled_band(_as_lower(g), _as_lower(ans)))


def _whole_band(g: Any, band: Any) -> Any:
    """Return the same as pulled_band by the whole matrix."""
    return _to_bands(pulled_factor(from_bands(g, True), from_bands(band, True)), g, True)


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


def _by_band_vjp(g: Any, ans: Any, cb: Any, b: Any, *, lower: bool) -> Any:
    # As for a whole factor, along its diagonals alone. The k-th one is an off-diagonal of c^H x for c below it.
    s = by_band(cb, g, lower=lower)
    x, t = columns(ans), columns(s)
    count, n = np.shape(cb)
    rows = [cb[k, : n - k] if lower else cb[count - 1 - k, k:] for k in range(min(count, n))]
    u, v = (_times_upper([np.conj(row) for row in rows] if lower else rows, of) for of in (x, t))
    found = []
    for k in range(count):
        m = max(n - k, 0)
        if lower:
            along = -np.sum(t[k:] * np.conj(u[:m]) + x[k:] * np.conj(v[:m]), axis=1)
        else:
            along = -np.sum(v[:m] * np.conj(x[k:]) + u[:m] * np.conj(t[k:]), axis=1)
        empty = zeros(n - m, along)
        found.append(np.concatenate([along, empty] if lower else [empty, along]))
    return np.stack(found if lower else found[::-1]), s


def _times_upper(rows: list[Any], x: Any) -> Any:
    """Return the product of an upper triangular matrix, given by its diagonals, and others."""
    n, total = np.shape(x)[0], rows[0][:, None] * x
    for k, row in enumerate(rows[1:], 1):
        total = total + np.concatenate([row[:, None] * x[k:], zeros((min(k, n), np.shape(x)[1]), x)])
    return total


rule(by_band, joint=_by_band_vjp, holomorphic=False)


function("scipy.linalg", cholesky_banded, cho_solve_banded)
