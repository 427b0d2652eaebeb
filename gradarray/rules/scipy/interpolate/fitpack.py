"""Roots, inserted knots and other forms of splines that FITPACK's functions and classes have."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from scipy import interpolate

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import looking, methods
from ..values import as_double, from_library, looked_at, no_variable
from .bsplines import derived, evaluated, made, padded
from .parts import part
from .pieces import filled


def _parts(tck: Any) -> Any:
    if isinstance(tck, interpolate.BSpline):
        return part(tck, "t"), part(tck, "c"), tck.k
    return tuple(tck)


def _varies(tck: Any) -> bool:
    t, c, _ = _parts(tck)
    return has_variable((t, c))


# --- roots ------------------------------------------------------------------------------------------------------------


@from_library
def _roots(t: Array, c: Array, *, k: int, mest: int) -> Array:
    return np.asarray(interpolate.sproot((t, c, k), mest))


def sproot(tck: Any, mest: int = 10) -> Any:
    """Return the roots, each by Newton's steps from itself: they leave it where it is, and give it its derivatives."""
    if not _varies(tck):
        return interpolate.sproot(tck, mest)
    t, c, k = _parts(tck)
    if isinstance(tck, interpolate.BSpline) and np.ndim(c) > 1:
        return interpolate.sproot(made(bare(t), bare(c), k))  # SciPy's own error
    if isinstance(c, (list, tuple)) or np.ndim(c) > 1:
        return [sproot((t, each, k), mest) for each in c]
    t, c = as_double(t), as_double(c)
    found = np.asarray(_roots(looked_at(t), looked_at(c), k=k, mest=mest))
    if np.any(evaluated(bare(t), bare(c), k, found, 1, True) == 0):
        raise TypeError("scipy.interpolate.sproot of a variable: a root where the slope is zero is not differentiated")
    for _ in range(3):  # each doubles the order up to which the derivatives are those of the root
        found = found - evaluated(t, c, k, found, 0, True) / evaluated(t, c, k, found, 1, True)
    return found


# --- other knots ------------------------------------------------------------------------------------------------------


def insert(x: Any, tck: Any, m: int = 1, per: bool = False) -> Any:
    """Return the same spline with one more knot, m times: its coefficients are a linear function of the old ones."""
    no_variable("scipy.interpolate.insert", x=x, t=_parts(tck)[0])
    if not _varies(tck):
        return interpolate.insert(x, tck, m, per)
    t, c, k = _parts(tck)
    if isinstance(c, (list, tuple)):
        several = [insert(x, (t, each, k), m, per) for each in c]
        return several[0][0], [each[1] for each in several], k
    c = padded(as_double(c), t)
    columns = [interpolate.insert(bare(x), (bare(t), one, k), m, per) for one in np.eye(np.shape(c)[0])]
    knots, matrix = columns[0][0], np.stack([column[1] for column in columns], axis=1)
    found = np.tensordot(matrix, c, 1)
    return made(knots, found, k) if isinstance(tck, interpolate.BSpline) else (knots, found, k)


looking("scipy.interpolate", sproot, insert)

# --- UnivariateSpline -------------------------------------------------------------------------------------------------


def _of_tck(tck: Any, ext: int) -> Any:
    found = interpolate.UnivariateSpline._from_tck(tck, ext)
    found._coefficients = tck[1]  # by which a variable in it is found
    return found


def _derivative(self: Any, n: int = 1) -> Any:
    t, c, k = self._eval_args
    return _of_tck(derived(t, c, k, n), 1 if self.ext == 3 else self.ext)


def _antiderivative(self: Any, n: int = 1) -> Any:
    t, c, k = self._eval_args
    return _of_tck(derived(t, c, k, -n), self.ext)


def _all_roots(self: Any) -> Any:
    t, c, k = self._eval_args
    if k != 3:
        raise NotImplementedError("finding roots unsupported for non-cubic splines")  # SciPy's own error
    return sproot((t, c, k), 3 * (np.shape(t)[0] - 7))


methods(
    "scipy.interpolate",
    "UnivariateSpline",
    derivative=_derivative,
    antiderivative=_antiderivative,
    roots=_all_roots,
)

# --- other forms ------------------------------------------------------------------------------------------------------


def _from_spline(cls: Any, tck: Any, extrapolate: Any = None) -> Any:
    """Return the piecewise polynomial that a spline is."""
    t, c, k = _parts(tck)
    if extrapolate is None:
        extrapolate = getattr(tck, "extrapolate", True)
    rows = [evaluated(t, c, k, t[:-1], m, True) / math.factorial(m) for m in range(k, -1, -1)]
    return filled(object.__new__(cls), np.stack(rows), as_double(t), extrapolate, 0)


def _from_derivatives(cls: Any, xi: Any, yi: Any, orders: Any = None, extrapolate: Any = None) -> Any:
    """Return the Bernstein polynomials that have given values and derivatives at the breakpoints."""
    plain = [looked_at(each) for each in yi]
    like = cls.from_derivatives(looked_at(xi), plain, orders, extrapolate)  # SciPy's own errors, and the orders
    k, xi = np.shape(part(like, "c"))[0], as_double(xi)
    if orders is None or isinstance(orders, (int, np.integer)):
        orders = [orders] * (len(plain) - 1)
    pieces = [_between(xi[i + 1] - xi[i], yi[i], yi[i + 1], order, k) for i, order in enumerate(orders)]
    return filled(object.__new__(cls), np.stack(pieces, axis=1), xi, like.extrapolate, 0)


def _between(width: Any, first: Any, last: Any, order: Any, k: int) -> Any:
    """Return the k coefficients of the polynomial with these derivatives at the ends of an interval.

    The q-th difference of the first q + 1 coefficients is the q-th derivative there, over n! / (n - q)! and in units of
    the width; so it is at the other end.
    """
    n1, n2 = len(first), len(last)
    if order is not None:  # as many from either end as there are
        n1 = min((order + 1) // 2, n1)
        n2 = min(order + 1 - n1, n2)
        n1 = order + 1 - n2
    n = n1 + n2 - 1
    c: list[Any] = [None] * (n + 1)
    for q in range(n1):
        c[q] = first[q] * width**q / math.perm(n, q)
        for j in range(q):
            c[q] = c[q] - (-1) ** (q - j) * math.comb(q, j) * c[j]
    for q in range(n2):
        c[n - q] = last[q] * (-width) ** q / math.perm(n, q)
        for j in range(q):
            c[n - q] = c[n - q] - (-1) ** (q - j) * math.comb(q, j) * c[n - j]
    return _raised(np.stack(c), k - 1)


def _raised(c: Any, degree: int) -> Any:
    """Return the coefficients of the same Bernstein polynomial of another degree."""
    return np.tensordot(_raising(np.shape(c)[0] - 1, degree), c, 1)


@functools.cache
def _raising(n: int, degree: int) -> Array:
    matrix = np.zeros((degree + 1, n + 1))
    for a in range(n + 1):
        for b in range(degree - n + 1):
            matrix[a + b, a] = math.comb(n, a) * math.comb(degree - n, b) / math.comb(degree, a + b)
    return matrix


methods("scipy.interpolate", "PPoly", from_spline=_from_spline)
methods("scipy.interpolate", "BPoly", from_derivatives=_from_derivatives)
