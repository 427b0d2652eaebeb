"""The derivative of the exponential of a matrix along another one, by the derivatives of what computes it.

That is a rational function r of degree m, of A / 2**s, squared s times:

    r(A) = (V + U) (V - U)**-1,  U = A (b1 + b3 A**2 + ...),  V = b0 + b2 A**2 + ...

Al-Mohy, Higham, Computing the Frechet derivative of the matrix exponential, SIAM J. Matrix Anal. Appl. 30 (2009). The
scale is that of a later paper of theirs (A new scaling and squaring algorithm, the same, 31), by norms of powers, which
may be far below the power of the norm: SciPy's `expm_frechet`, without, took 1.3 to 2 times as long.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import lapack

# Up to these norms of A the derivative of r is that of the exponential, to all digits (the first paper, table 6.1).
_LARGEST = {3: 1.08e-2, 5: 2.0e-1, 7: 7.83e-1, 9: 1.78, 13: 4.74}


@functools.cache
def _coefficients(m: int) -> list[float]:
    """Return b0, b1, ..., bm: those of Pade's approximant, times one number."""
    return [math.factorial(2 * m - k) / math.factorial(k) / math.factorial(m - k) for k in range(m + 1)]


# Of which exponential the derivative is: that of A; of A, and of -A; of 1j * A, where A is real; of A, after its value.
PLAIN, BOTH, IMAGINARY, VALUED = range(4)
_PAIRS = (BOTH, VALUED)


class Rational(NamedTuple):
    """What the exponential of a matrix, or of each of several, is computed of: U, V, and what both are made of.

    Attributes
    ----------
    a : the matrix
    powers : the second, the fourth, ... power
    b : the coefficients
    inner : what A is multiplied by in U
    highest : the sums that the sixth power is multiplied by in both, if the degree is 13
    squarings : how often the result is squared
    """

    a: Any
    powers: Any
    b: list[float]
    inner: Any
    highest: Any
    u: Any
    v: Any
    squarings: int


class Quotient(NamedTuple):
    """The inverse of V - U, and the quotient with its squares, all but the last one of which the derivative needs."""

    inverse: Any
    squares: list[Any]


class Slopes(NamedTuple):
    """The derivatives along a matrix `e` of what has these names in `Rational`."""

    e: Any
    powers: Any
    inner: Any
    highest: Any
    u: Any
    v: Any


# For each lot of several matrices that is computed alike, with the places of these; for a single one, without.
Parts = list[tuple[Any, Rational, Quotient]]


def value_and_parts(a: Any) -> tuple[Any, Parts]:
    """Return the exponential of a matrix of finite doubles, or of each of several, and what its derivatives need."""
    if a.ndim == 2:
        norm = _norm(a)
        m = _degree(norm)
        powers = _powers(a, m)
        value, rational, quotient = _computed(a, powers, m, _squarings(norm, [*map(_norm, powers)]) if m == 13 else 0)
        return value, [(None, rational, quotient)]
    flat = a.reshape(-1, *a.shape[-2:])
    found, parts = np.empty_like(flat), []
    for places, m, squarings, powers in _alike(flat, _norms(flat)):
        found[places], rational, quotient = _computed(flat[places], powers, m, squarings)
        parts.append((places, rational, quotient))
    return found.reshape(a.shape), parts


def _computed(a: Any, powers: Any, m: int, squarings: int) -> tuple[Any, Rational, Quotient]:
    rational = _rational(a, powers, m, squarings)
    quotient = _quotient(rational.u, rational.v, squarings)
    last = quotient.squares[-1]
    return last @ last if squarings else last, rational, quotient


def derivative_by_parts(parts: Parts, e: Any) -> Any:
    """Return the derivative along finite doubles, by what was kept."""
    if e.ndim == 2:
        return _by_one(e, *parts[0][1:])
    flat = e.reshape(-1, *e.shape[-2:])
    found = np.empty_like(flat)
    for places, rational, quotient in parts:
        found[places] = _by_one(flat[places], rational, quotient)
    return found.reshape(e.shape)


def _by_one(e: Any, rational: Rational, quotient: Quotient) -> Any:
    slopes = slopes_along(rational, e)
    return quotients_along(slopes.u, slopes.v, quotient, rational.squarings)[-1]


def _alike(a: Any, norms: Any) -> Iterator[tuple[Any, int, int, Any]]:
    """Return the places of the matrices with one degree and one number of squarings, these, and their powers."""
    degrees = np.array([_degree(norm) if np.isfinite(norm) else 0 for norm in norms.tolist()])
    for m in {*degrees[degrees > 0].tolist()}:
        there = np.flatnonzero(degrees == m)
        powers = _powers(a[there], m)
        squarings = np.zeros(len(there), int)
        if m == 13:
            sizes = zip(norms[there], *map(_norms, powers), strict=True)
            squarings[:] = [_squarings(norm, others) for norm, *others in sizes]
        for count in {*squarings.tolist()}:
            some = np.flatnonzero(squarings == count)
            yield there[some], m, count, powers[:, some]


def derivative_along(a: Any, e: Any, what: int = PLAIN) -> Any:
    """Return the derivative of an exponential at `a` along `e`, both of doubles, real or complex; of two, an array."""
    if a.ndim > 2:
        return _of_stacks(a, e, what)
    norm = _norm(a) if len(a) else np.nan
    if not (np.isfinite(norm) and np.isfinite(_norm(e))):
        return _nothing(a.shape, a.dtype, what)
    m = _degree(norm)
    powers = _powers(a, m)
    return _derivative(a, e, powers, m, _squarings(norm, [*map(_norm, powers)]) if m == 13 else 0, what)


def _nothing(shape: tuple[int, ...], dtype: Any, what: int) -> Any:
    dtype = np.result_type(dtype, np.complex64) if what == IMAGINARY else dtype
    return np.full((2, *shape) if what in _PAIRS else shape, np.nan, dtype)


def _of_stacks(a: Any, e: Any, what: int) -> Any:
    """Return the same for stacks of matrices, all of those at once that are computed alike."""
    shape, n = np.broadcast_shapes(a.shape, e.shape), a.shape[-1]
    found = _nothing(shape, a.dtype, what)
    if 0 in shape:
        return found
    a, e = (np.broadcast_to(x, shape).reshape(-1, n, n) for x in (a, e))
    flat = found.reshape(*found.shape[: found.ndim - len(shape)], -1, n, n)
    norms = np.where(np.isfinite(_norms(e)), _norms(a), np.nan)
    for places, m, squarings, powers in _alike(a, norms):
        flat[..., places, :, :] = _derivative(a[places], e[places], powers, m, squarings, what)
    return found


def _degree(norm: float) -> int:
    return next((m for m, largest in _LARGEST.items() if norm <= largest), 13)


def _powers(a: Any, m: int) -> Any:
    """Return the second, fourth, ... power."""
    powers = np.empty((3 if m == 13 else m // 2, *a.shape), a.dtype)
    np.matmul(a, a, out=powers[0])
    for k in range(1, len(powers)):
        np.matmul(powers[k - 1], powers[0], out=powers[k])
    return powers


def _derivative(a: Any, e: Any, powers: Any, m: int, squarings: int, what: int) -> Any:
    rational = _rational(a, powers, m, squarings, what == IMAGINARY)
    u, v = rational.u, rational.v
    slopes = slopes_along(rational, e)
    du, dv = slopes.u, slopes.v
    if what == BOTH:  # of -a both powers that are odd have the other sign
        pairs = ((u, du), (-u, -du))
        return np.stack([quotients_along(du, dv, _quotient(u, v, squarings), squarings)[-1] for u, du in pairs])
    if what == IMAGINARY:
        u, du = 1j * u, 1j * du
    quotient = _quotient(u, v, squarings)
    found = quotients_along(du, dv, quotient, squarings)[-1]
    if what == VALUED:
        last = quotient.squares[-1]
        return np.stack([last @ last if squarings else last, found])
    return found


def _rational(a: Any, powers: Any, m: int, squarings: int, imaginary: bool = False) -> Rational:
    b = [c * 0.5 ** (squarings * k) for k, c in enumerate(_coefficients(m))]  # of a, in place of its half
    if imaginary:  # of even powers each second one has the other sign, and U is 1j times a real matrix
        b = [-c if k % 4 > 1 else c for k, c in enumerate(b)]
    highest, inner, v = sums_of(powers, b)
    if highest is not None:
        inner += powers[2] @ highest[0]
        v += powers[2] @ highest[1]
    _add_to_diagonal(inner, b[1])
    _add_to_diagonal(v, b[0])
    return Rational(a, powers, b, inner, highest, a @ inner, v, squarings)


def slopes_along(of: Rational, e: Any) -> Slopes:
    a, powers, slopes = of.a, of.powers, np.empty_like(of.powers)
    _product_and(a, e, e, a, slopes[0])
    for k in range(1, len(powers)):
        _product_and(powers[k - 1], slopes[0], slopes[k - 1], powers[0], slopes[k])
    highest, inner, v = sums_of(slopes, of.b)
    if highest is not None:
        for part, high, own in zip((inner, v), highest, of.highest, strict=True):
            part += powers[2] @ high
            part += slopes[2] @ own
    return Slopes(e, slopes, inner, highest, _product_and(a, inner, e, of.inner, np.empty_like(inner)), v)


def _quotient(u: Any, v: Any, squarings: int) -> Quotient:
    """Return (V + U) (V - U)**-1, and its squares but the last one."""
    # The inverse takes less time than two solutions with whole matrices: v - u is well conditioned.
    inverse = _inverse(v - u)
    squares = [(v + u) @ inverse]
    for _ in range(squarings - 1):
        squares.append(squares[-1] @ squares[-1])
    return Quotient(inverse, squares)


def quotients_along(du: Any, dv: Any, quotient: Quotient, squarings: int) -> list[Any]:
    """Return the derivatives of the quotient and of its squares, from those of U and V."""
    found = quotient.squares[0] @ (du - dv)
    found += du
    found += dv
    slopes = [found @ quotient.inverse]
    for r in quotient.squares[:squarings]:
        slopes.append(_product_and(r, slopes[-1], slopes[-1], r, np.empty_like(found)))
    return slopes


def _inverse(a: Any) -> Any:
    if a.ndim > 2:
        return np.linalg.inv(a)
    factor, invert = lapack.get_lapack_funcs(("getrf", "getri"), (a,))
    # Transposed, since LAPACK's matrices lie in Fortran's order.
    return invert(*factor(a.T, overwrite_a=True)[:2], lwork=64 * len(a), overwrite_lu=True)[0].T


def _product_and(a: Any, b: Any, c: Any, d: Any, out: Any) -> Any:
    """Write ``a @ b + c @ d`` into an array."""
    np.matmul(a, b, out=out)
    out += c @ d
    return out


def sums_of(powers: Any, b: list[float]) -> tuple[Any, Any, Any]:
    """Return the sums of powers that U and V are made of: what the sixth power is multiplied by, if any, and the rest.

    For degree 13 it is, so that there are fewer products than of higher powers.
    """
    rows = [b[9:14:2], b[8:13:2], b[3:8:2], b[2:7:2]] if len(b) == 14 else [b[3::2], b[2::2]]
    *highest, inner, v = np.tensordot(np.array(rows), powers, 1)
    return highest or None, inner, v


def _add_to_diagonal(a: Any, number: float) -> None:
    np.einsum("...ii->...i", a)[...] += number


def _norm(a: Any) -> float:
    # By columns: of the transposed matrix, in Fortran's order, by rows.
    return float(lapack.get_lapack_funcs("lange", (a,))("i", a.T))


def _norms(a: Any) -> Any:
    return np.max(np.sum(np.abs(a), axis=-2), axis=-1)


def _squarings(norm: float, of_powers: Sequence[float]) -> int:
    """Return how often a is halved, from its norm and those of its second, fourth and sixth power."""
    second, fourth, sixth = of_powers
    # No power from the fourth one on has a larger norm than this one's.
    size = max(fourth ** (1 / 4), sixth ** (1 / 6))
    if size == 0.0:
        return 0  # a**4 is 0, and r then exact
    # What r lacks begins with a**27. Its derivative, a sum of a**j e a**(26 - j), has lower powers too, whose norms may
    # be greater by a factor than this one's.
    factor = max(1.0, norm / size, second / size**2, norm * second / size**3)
    return max(0, math.ceil(math.log2(min(norm, size * factor ** (1 / 26)) / _LARGEST[13])))
