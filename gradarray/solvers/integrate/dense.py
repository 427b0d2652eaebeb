"""What SciPy's solvers return between their steps, of constants alone, at times that are variables."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import polynomial
from scipy import integrate

from ...kernels.arrays import Array
from ...rules.registry import rule
from ...rules.scipy.declared import makers, methods
from ...rules.scipy.values import as_double, from_library

_LIBRARY = integrate.OdeSolution.__call__  # which a program would meet once more under its name


def _rows(terms: list[tuple[Any, Array]]) -> Array:
    """Return the sum of polynomials, of one variable each, times vectors: their coefficients, the lowest first."""
    degree = max(np.size(p) for p, _ in terms)
    return np.asarray(sum(np.pad(np.asarray(p), (0, degree - np.size(p)))[:, None] * v for p, v in terms))


def _polynomial(piece: Any) -> tuple[float, float, Array]:
    """Return the origin of a step's polynomial, its unit of time, and its coefficients."""
    kind = type(piece).__name__
    if kind in ("RkDenseOutput", "RadauDenseOutput"):
        scale = piece.h if kind == "RkDenseOutput" else 1.0  # not a mistake: as they are
        return piece.t_old, piece.h, np.concatenate([piece.y_old[None], scale * piece.Q.T])
    if kind == "Dop853DenseOutput":
        factor: Any = np.ones(1)
        terms = [(factor, piece.y_old)]
        for i, f in enumerate(piece.F):
            factor = polynomial.polymul(factor, [0, 1] if i % 2 == 0 else [1, -1])
            terms.append((factor, f))
        return piece.t_old, piece.h, _rows(terms)
    if kind == "BdfDenseOutput":
        unit, factor = piece.denom[0], np.ones(1)
        terms = [(factor, piece.D[0])]
        for shift, width, d in zip(piece.t_shift, piece.denom, piece.D[1:], strict=False):
            factor = polynomial.polymul(factor, [(piece.t - shift) / width, unit / width])
            terms.append((factor, d))
        return piece.t, unit, _rows(terms)
    if kind == "LsodaDenseOutput":
        return piece.t, piece.h, piece.yh.T
    if kind == "ConstantDenseOutput":
        return piece.t_old, 1.0, piece.value[None]
    raise TypeError(f"scipy.integrate.OdeSolution of {kind} has no derivative by times here")


@from_library
def _between(t: Array, *, solution: Any, nu: int) -> Array:
    """Return the nu-th derivative of a solution at times, of shape (n, times): of the polynomial of each one's step."""
    if nu == 0:
        return np.asarray(_LIBRARY(solution, t))
    last = len(solution.interpolants) - 1
    which = np.clip(np.searchsorted(solution.ts_sorted, t, side=solution.side) - 1, 0, last)
    which = which if solution.ascending else last - which
    first = _LIBRARY(solution, solution.ts_sorted[0])
    parts = np.empty((len(t), len(first)), first.dtype)
    for step in np.unique(which):
        origin, unit, c = _polynomial(solution.interpolants[step])
        slopes = polynomial.polyder(c, nu) / unit**nu
        parts[which == step] = polynomial.polyval((t[which == step] - origin) / unit, slopes).T
    return parts.T


rule(
    _between,
    lambda g, _ans, t, *, solution, nu: np.sum(g * np.conj(_between(t, solution=solution, nu=nu + 1)), axis=0),
)


def _at(self: Any, t: Any) -> Any:
    t = as_double(t)
    if np.ndim(t) > 1:
        raise ValueError("`t` must be a float or a 1-D array.")
    found = _between(np.reshape(t, (-1,)), solution=self, nu=0)
    return found if np.ndim(t) else found[:, 0]


methods("scipy.integrate", "OdeSolution", __call__=_at)
makers("scipy.integrate", "solve_ivp")
