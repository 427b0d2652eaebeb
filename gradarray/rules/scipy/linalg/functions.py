"""Functions of matrices. The derivative of f at A along E is a block of f([[A, E], [0, A]]), so that each is its own.

Mathias, A chain rule for matrix functions and applications, SIAM J. Matrix Anal. Appl. 17 (1996).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg

from ....tape.wrapping import bare, has_variable
from ...primitives import saving
from ...registry import composite, rule
from ..declared import function, looking
from ..values import as_double, from_library
from . import hermitian, logarithms, powers
from .equations import anticommuted
from .exponentials import BOTH, IMAGINARY, VALUED, derivative_along, derivative_by_parts, value_and_parts
from .exponentials_twice import along, second_along, second_by_parts
from .matrices import adjoined, dtype_of, over_batches, turned, zeros

_Function = Callable[..., Any]
_DOUBLE = (np.float64, np.complex128)


def _beside(a: Any, e: Any) -> Any:
    """Return [[a, e], [0, a]]."""
    zero = zeros(np.shape(a), a)
    return np.concatenate([np.concatenate([a, e], -1), np.concatenate([zero, a], -1)], -2)


def _along(f: _Function, a: Any, e: Any) -> Any:
    """Return the derivative of a function of matrices at a along e."""
    n = np.shape(a)[-1]
    return f(_beside(a, e))[..., :n, n:]


def _by_parts(f: _Function, a: Any, e: Any) -> Any:
    """Return the same; of a real matrix along the real and the imaginary part, each with a block of real numbers.

    Where a function has a cut, as along negative numbers, SciPy has one side of it for real matrices, and what rounding
    makes of it for complex ones.
    """
    if np.iscomplexobj(e) and not np.iscomplexobj(a):
        return _along(f, a, np.real(e)) + 1j * _along(f, a, np.imag(e))
    return _along(f, a, e)


@from_library
def logarithm(a: Any) -> Any:
    """Return the principal logarithm of a matrix."""
    return linalg.logm(a)


@from_library
def logarithm_along(a: Any, e: Any) -> Any:
    """Return the derivative of the logarithm at a matrix along another one."""
    if np.ndim(a) == 2 and len(a) >= _FEW and np.isfinite(a).all() and np.isfinite(e).all():
        dtype = np.result_type(a, e)
        found = hermitian.derivative_along(hermitian.of_logarithm, as_double(a), as_double(e), positive=True)
        if found is None:
            found = logarithms.derivative_along(as_double(a), as_double(e))
        if found is not None:
            return found.astype(dtype, copy=False)
    return _by_parts(linalg.logm, a, e)


_FEW = 16  # for smaller ones a block takes less time

rule(logarithm, lambda g, _ans, a: logarithm_along(turned(a), g))
composite(logarithm_along, lambda a, e: _by_parts(logarithm, a, e), anew=True)


@from_library
@saving(alone=linalg.expm)
def exponential(a: Any) -> Any:
    """Return the exponential of a matrix, or of each of several, and keep what that of one is computed of."""
    return value_and_parts(a) if a.dtype in _DOUBLE and _is_any(a) else (linalg.expm(a), None)


def _is_any(a: Any) -> bool:
    """Tell whether a matrix is not small, finite, no triangle, which SciPy has a way of its own for, nor Hermitian."""
    if a.ndim < 2 or not a.size or not _FEW <= a.shape[-1] == a.shape[-2] or not np.isfinite(a).all():
        return False
    if a.ndim > 2:
        return bool(a[..., -1, 0].all() and a[..., 0, -1].all())
    full = a[-1, 0] != 0 != a[0, -1] or (np.any(np.tril(a, -1)) and np.any(np.triu(a, 1)))
    return bool(full and not np.array_equal(a, adjoined(a)))


def _exponential_vjp(g: Any, _ans: Any, a: Any, saved: Any = None) -> Any:
    if saved is None or type(g) is not np.ndarray or g.dtype != a.dtype or not np.isfinite(g).all():
        return frechet(turned(a), g)
    return turned(derivative_by_parts(saved, turned(g)))


@from_library
def frechet(a: Any, e: Any) -> Any:
    """Return the derivative of the exponential of a matrix along another one."""
    if np.iscomplexobj(e) != np.iscomplexobj(a) or (np.ndim(a) == 2 and len(a) < _FEW):
        return _along(linalg.expm, a, e)
    dtype, a, e = _doubles(a, e)
    found = hermitian.derivative_along(hermitian.of_exponential, a, e)
    return (derivative_along(a, e) if found is None else found).astype(dtype, copy=False)


def _doubles(a: Any, e: Any) -> tuple[Any, Any, Any]:
    """Return the dtype of two matrices, and both in double precision, complex where one of them is."""
    dtype = np.result_type(a, e)
    double = np.result_type(dtype, np.float64)
    return dtype, np.asarray(a, double), np.asarray(e, double)


def _frechet_vjp(g: Any, _ans: Any, a: Any, e: Any, wanted: Any = (True, True)) -> Any:
    return _pulled_by_both(None, g, a, e, wanted)


def _pulled_by_both(first: Any, g: Any, a: Any, e: Any, wanted: Any) -> Any:
    """Return the cotangents of a matrix and of a direction, from that of the derivative, and maybe of the value."""
    if not wanted[0]:
        return None, frechet(turned(a), g)
    n = np.shape(a)[-1]
    plain = all(type(x) is np.ndarray and x.ndim == 2 and x.dtype == g.dtype for x in (g, a, e))
    if plain and g.dtype in _DOUBLE and (first is None or type(first) is np.ndarray):
        by_e, by_a = second_along(turned(a), g, turned(e), first)
        return by_a, by_e
    zero = zeros(np.shape(a), g)
    block = turned(_beside(a, e))
    found = frechet(block, np.concatenate([np.concatenate([zero, g], -1), np.concatenate([zero, zero], -1)], -2))
    by_a = found[..., :n, :n] + found[..., n:, n:]
    return by_a if first is None else by_a + frechet(turned(a), first), found[..., :n, n:]


@from_library
@saving
def exponential_and_along(a: Any, e: Any) -> Any:
    """Return the exponential of a matrix, and its derivative along another one, which share most of the work."""
    if a.dtype == e.dtype and a.ndim == e.ndim == 2 and a.dtype in _DOUBLE and _is_any(a) and np.isfinite(e).all():
        value, ((_, of, quotient),) = value_and_parts(a)
        other = along(of, quotient, e)
        return (value, other.quotients[-1]), (of, quotient, other)
    if np.iscomplexobj(e) == np.iscomplexobj(a) and not (np.ndim(a) == 2 and len(a) < _FEW):
        dtype, a, e = _doubles(a, e)
        value, slope = derivative_along(a, e, VALUED)
    else:
        dtype, value, slope = np.result_type(a, e), linalg.expm(a), frechet(a, e)
    return (value, slope.astype(dtype, copy=False)), None


def _exponential_and_along_vjp(g: Any, _ans: Any, a: Any, e: Any, saved: Any = None, wanted: Any = (True, True)) -> Any:
    plain = saved is not None and all(type(x) is np.ndarray and x.dtype == a.dtype and np.isfinite(x).all() for x in g)
    if not plain:
        return _pulled_by_both(g[0], g[1], a, e, wanted)
    of, quotient, other = saved
    if not wanted[0]:
        return None, turned(derivative_by_parts([(None, of, quotient)], turned(g[1])))
    by_e, by_a = second_by_parts(of, quotient, other, turned(g[1]), turned(g[0]))
    return turned(by_a), turned(by_e)


rule(exponential, _exponential_vjp)
rule(frechet, joint=_frechet_vjp)
rule(exponential_and_along, joint=_exponential_and_along_vjp)


@from_library
def square_root(a: Any) -> Any:
    """Return the principal square root of a matrix."""
    return linalg.sqrtm(a)


# From X X = A: X dX + dX X = dA, an equation for each dA, of which this is the transposed one.
rule(square_root, lambda g, ans, _a: anticommuted(turned(ans), g))


@from_library
def sign(a: Any) -> Any:
    """Return the sign of a matrix, whose square is 1."""
    return linalg.signm(a)


def _sign_vjp(g: Any, ans: Any, a: Any) -> Any:
    # With N = S A, which is the root of A A: N dS + dS N = dA - S dA S (Higham, Functions of Matrices, theorem 5.3).
    stretch = turned(ans @ a)
    found = anticommuted(stretch, g)
    return found - turned(ans) @ found @ turned(ans)


rule(sign, _sign_vjp)


def expm(A: Any) -> Any:
    return exponential(A)


def expm_frechet(A: Any, E: Any, method: Any = None, compute_expm: bool = True, check_finite: bool = True) -> Any:
    A, E = as_double(A), as_double(E)  # as SciPy does
    return tuple(exponential_and_along(A, E)) if compute_expm else frechet(A, E)


def logm(A: Any, disp: Any = True) -> Any:
    return logarithm(A) if disp is not False else (logarithm(A), 0.0)


def sqrtm(A: Any, disp: Any = True, blocksize: Any = 64) -> Any:
    return square_root(A) if disp is not False else (square_root(A), 0.0)


def signm(A: Any, disp: Any = True) -> Any:
    return sign(A) if disp is not False else (sign(A), 0.0)


# --- by exponentials, as SciPy has them -------------------------------------------------------------------------------


@from_library
def circular(a: Any, *, odd: bool) -> Any:
    """Return the cosine of a real matrix, or the sine."""
    found = linalg.expm(1j * a)
    return (found.imag if odd else found.real).copy()


@from_library
def circular_along(a: Any, e: Any, *, odd: bool) -> Any:
    """Return the derivative of such a function along another real matrix."""
    dtype, a, e = _doubles(a, e)
    found = hermitian.derivative_along(hermitian.of_sine if odd else hermitian.of_cosine, a, e)
    if found is None:
        both = derivative_along(a, e, IMAGINARY)
        found = both.imag if odd else both.real
    return found.astype(dtype, copy=False)


def _circular_whole(a: Any, e: Any, *, odd: bool) -> Any:
    found = frechet(1j * a, 1j * e)
    return np.imag(found) if odd else np.real(found)


@from_library
def hyperbolic(a: Any, *, odd: bool) -> Any:
    """Return the hyperbolic cosine of a matrix, or the sine."""
    one, other = linalg.expm(a), linalg.expm(-a)
    return 0.5 * (one - other if odd else one + other)


@from_library
def hyperbolic_along(a: Any, e: Any, *, odd: bool) -> Any:
    """Return the derivative of such a function along another matrix."""
    dtype, a, e = _doubles(a, e)
    found = hermitian.derivative_along(hermitian.of_hyperbolic_sine if odd else hermitian.of_hyperbolic_cosine, a, e)
    if found is None:
        one, other = derivative_along(a, e, BOTH)
        found = 0.5 * (one - other if odd else one + other)
    return found.astype(dtype, copy=False)


def _hyperbolic_whole(a: Any, e: Any, *, odd: bool) -> Any:
    one, other = frechet(a, e), frechet(-a, e)
    return 0.5 * (one + other if odd else one - other)


rule(circular, lambda g, _ans, a, *, odd: circular_along(turned(a), g, odd=odd))
rule(hyperbolic, lambda g, _ans, a, *, odd: hyperbolic_along(turned(a), g, odd=odd))
composite(circular_along, _circular_whole, anew=True)
composite(hyperbolic_along, _hyperbolic_whole, anew=True)


def cosm(A: Any) -> Any:
    if np.iscomplexobj(A):
        return 0.5 * (exponential(1j * A) + exponential(-1j * A))
    return circular(A, odd=False)


def sinm(A: Any) -> Any:
    if np.iscomplexobj(A):
        return -0.5j * (exponential(1j * A) - exponential(-1j * A))
    return circular(A, odd=True)


def tanm(A: Any) -> Any:
    return np.linalg.solve(cosm(A), sinm(A))


def coshm(A: Any) -> Any:
    return hyperbolic(A, odd=False)


def sinhm(A: Any) -> Any:
    return hyperbolic(A, odd=True)


def tanhm(A: Any) -> Any:
    return np.linalg.solve(coshm(A), sinhm(A))


@from_library
def power(a: Any, t: Any) -> Any:
    """Return a power of a matrix."""
    return linalg.fractional_matrix_power(a, float(t))


def _power_by_exponent(g: Any, ans: Any, a: Any, t: Any) -> Any:
    return np.sum(g * (logarithm(a) @ ans), axis=(-2, -1))


@from_library
def power_along(a: Any, e: Any, t: Any) -> Any:
    """Return the derivative of a power of a matrix along another one."""
    if np.ndim(a) == 2 and len(a) >= _FEW:
        found = hermitian.derivative_along(hermitian.of_power(float(t)), as_double(a), as_double(e), positive=True)
        if found is None and np.isfinite(a).all() and np.isfinite(e).all():
            found = powers.derivative_along(as_double(a), as_double(e), float(t))
        if found is not None:
            return found.astype(np.result_type(a, e), copy=False)
    return _by_parts(lambda x: linalg.fractional_matrix_power(x, float(t)), a, e)


rule(power, lambda g, _ans, a, t: power_along(turned(a), g, t), _power_by_exponent)
composite(power_along, lambda a, e, t: _by_parts(lambda x: power(x, t), a, e), anew=True)


def fractional_matrix_power(A: Any, t: Any) -> Any:
    return power(A, t)


@over_batches(A=2)
def funm(A: Any, func: _Function, disp: Any = True) -> Any:
    """Return a function of a matrix by its eigenvalues, all of which have to be different."""
    w, v = np.linalg.eig(A)
    values = func(w)
    if not (has_variable(A) or has_variable(values)):
        return linalg.funm(*bare((A, func, disp)))
    found = (v * values) @ np.linalg.inv(v)
    if not np.iscomplexobj(A) and np.iscomplexobj(found):
        single = np.finfo(dtype_of(found)).dtype == np.float32
        tolerance = 1e3 * np.finfo(np.float32).eps if single else 1e6 * np.finfo(float).eps  # SciPy's own
        found = np.real(found) if np.allclose(np.imag(found), 0, atol=tolerance) else found
    return found if disp is not False else (found, 0.0)


function("scipy.linalg", expm, expm_frechet, logm, sqrtm, signm, cosm, sinm, tanm, coshm, sinhm, tanhm)
function("scipy.linalg", fractional_matrix_power)
looking("scipy.linalg", funm)
