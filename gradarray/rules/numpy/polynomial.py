"""Polynomials given by their coefficients, the highest power first, and numpy.polynomial's functions that dispatch.

Conventions: a leading coefficient that is zero is cut off, as NumPy does, and has no gradient where it is; roots that
coincide have no derivative, and theirs is infinite or NaN unless nothing depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.arrays import Array
from ..kinds import Composite
from ..names import warn
from ..primitives import astype, primitive
from ..registry import composite, family, lowered, rule
from ..signature import constant
from .matrices import adjoint
from .shape import as_array, made_array, plain

# --- evaluation ------------------------------------------------------------------------------------------------------


def coefficients_vjp(g: Array, _ans: Any, _p: Any, x: Array) -> Array:
    # 1.0, because powers of whole numbers overflow.
    return np.ravel(g) @ np.vander(np.ravel(x) * 1.0, _p.shape[0])


def argument_vjp(g: Array, _ans: Any, p: Array, x: Array) -> Array:
    return g * np.polyval(np.polyder(p), x)


rule(np.polyval, coefficients_vjp, argument_vjp)


def _horner(p: Array, x: Any) -> Any:
    y = 0 if isinstance(x, np.poly1d) else np.zeros_like(x)
    for pv in p:
        y = y * x + pv
    return y


def lower_polyval(args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer the calls in which the argument is a polynomial itself, or each row of coefficients a coefficient."""
    if len(args) + len(kwargs) != 2 or not kwargs.keys() <= {"p", "x"}:
        return NotImplemented
    call = {**dict(zip(("p", "x"), args, strict=False)), **kwargs}
    given, x = call["p"], call["x"]
    p = _coefficients(given)
    if isinstance(x, np.poly1d) or p.ndim != 1:
        return _horner(p, x if isinstance(x, np.poly1d) else as_array(x))
    return NotImplemented if p is given else np.polyval(p, x)


# --- arithmetic ------------------------------------------------------------------------------------------------------


def _coefficients(p: Any) -> Array:
    return p.coeffs if isinstance(p, np.poly1d) else as_array(p)


lowered(np.polyval, lower_polyval)

# --- roots -----------------------------------------------------------------------------------------------------------


def roots_vjp(g: Array, ans: Array, p: Array) -> Array:
    # By the implicit function theorem: a root r moves by -r**k / p'(r) with the coefficient of x**k.
    p = np.atleast_1d(p)
    slopes = np.polyval(np.polyder(p), ans)
    return (-g / slopes) @ np.vander(ans, len(p))


@primitive
def characteristic(a: Array) -> Array:
    """Return the coefficients of a matrix's characteristic polynomial."""
    return np.poly(a)


def characteristic_vjp(g: Array, ans: Array, a: Array) -> Array:
    # det(x - a) changes by -tr(adj(x - a) da), and the coefficients of that adjugate are the matrices b of Faddeev
    # and LeVerrier (A. S. Householder, The Theory of Matrices in Numerical Analysis, 1964, section 6.7). Unlike a way
    # through the eigenvalues, they know no exception for equal ones.
    one = np.eye(a.shape[0])
    b, total = one, np.zeros_like(a)
    for k in range(1, a.shape[0] + 1):
        total = total - g[k] * adjoint(b)
        b = a @ b + ans[k] * one
    return total


rule(np.roots, roots_vjp)
rule(characteristic, characteristic_vjp, holomorphic=False)


def _poly(seq_of_zeros: Any) -> Any:
    zeros = np.atleast_1d(as_array(seq_of_zeros))
    if zeros.ndim != 1:
        if zeros.ndim != 2 or zeros.shape[0] != zeros.shape[1] or zeros.size == 0:
            np.poly(np.empty(zeros.shape))  # NumPy's own error
        return characteristic(zeros)
    dtype = np.dtype(np.mintypecode(zeros.dtype.char))
    zeros = zeros if zeros.dtype == dtype else astype(zeros, dtype)
    if len(zeros) == 0:
        return 1.0
    one = np.ones((), dtype)
    p = np.ones(1, dtype)
    for zero in zeros:
        p = np.convolve(p, np.stack((one, -zero)))
    if dtype.kind == "c":
        values = plain(zeros)
        if np.all(np.sort(values) == np.sort(np.conj(values))):  # all of them in conjugate pairs
            p = np.real(p)
    return p


composite(np.poly, _poly)

# --- fitting ---------------------------------------------------------------------------------------------------------


def _polyfit(
    x: Array, y: Array, deg: Any, rcond: Any = None, full: bool = False, w: Array | None = None, cov: Any = False
) -> Any:
    deg, rcond = constant(np.polyfit, "deg", deg), constant(np.polyfit, "rcond", rcond)
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    w = None if w is None else as_array(w) + 0.0
    shapes_fit = x.ndim == 1 and y.ndim in (1, 2) and len(x) == len(y) and (w is None or w.shape == x.shape)
    stays_real = w is not None and w.dtype.kind == "c" and not x.dtype.kind == y.dtype.kind == "c"
    if deg < 0 or x.size == 0 or not shapes_fit or stays_real:
        np.polyfit(plain(x), plain(y), deg, w=None if w is None else plain(w))  # NumPy's own error
    count = int(deg) + 1
    if rcond is None:
        rcond = len(x) * np.finfo(x.dtype).eps
    lhs, rhs = np.vander(x, count), y
    if w is not None:
        # NumPy does it in place, so that the precision stays.
        column = w[:, None]
        lhs = astype(lhs * column, lhs.dtype)
        rhs = astype(rhs * (column if rhs.ndim == 2 else w), rhs.dtype)
    # Columns of equal length make the normal equations less ill-conditioned.
    scale = np.sqrt(np.sum(lhs * lhs, axis=0))
    lhs = lhs / scale
    c, residuals, rank, s = np.linalg.lstsq(lhs, rhs, rcond)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, rcond
    if rank != count:
        warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning)
    if not cov:
        return c
    covariance = np.linalg.inv(lhs.T @ lhs) / np.outer(scale, scale)
    factor: Any = 1
    if cov != "unscaled":
        if len(x) <= count:
            raise ValueError(
                "the covariance is scaled by the residuals over the number of points beyond that of coefficients, "
                f"and there are {len(x)} points for {count} coefficients; cov='unscaled' leaves them away"
            )
        factor = residuals / (len(x) - count)
    return c, (covariance if y.ndim == 1 else covariance[:, :, None]) * factor


composite(np.polyfit, _polyfit)

# --- calculus --------------------------------------------------------------------------------------------------------


def _polyder(p: Array, m: Any = 1) -> Array:
    m = constant(np.polyder, "m", m)
    p, m = made_array(p), int(m)
    if m < 0:
        np.polyder([1.0], m)  # NumPy's own error
    n = len(p)
    for i in range(1, m + 1):
        p = p[:-1] * np.arange(n - i, 0, -1)
    return p


def _polyint(p: Array, m: Any = 1, k: Any = None) -> Array:
    m = constant(np.polyint, "m", m)
    p, m = made_array(p), int(m)
    k = np.zeros(max(m, 0)) if k is None else np.atleast_1d(as_array(k))
    if len(k) == 1 and m > 1:
        k = k[0] * np.ones(m)
    if m < 0 or len(k) < m:
        np.polyint([1.0], m, plain(k))  # NumPy's own error
    for i in range(m):
        p = np.concatenate((p / np.arange(len(p), 0, -1), k[i : i + 1]))
    return p


composite(np.polyder, _polyder)
composite(np.polyint, _polyint)


def _arithmetic(
    operation: Callable[[Array, Array], Any],
) -> Callable[[Array, Array], Any]:
    """Make the body of an operation on two polynomials; its results are of NumPy's class where an operand is."""

    def body(a1: Any, a2: Any) -> Any:
        result = operation(np.atleast_1d(_coefficients(a1)), np.atleast_1d(_coefficients(a2)))
        if not (isinstance(a1, np.poly1d) or isinstance(a2, np.poly1d)):
            return result
        return tuple(map(np.poly1d, result)) if isinstance(result, tuple) else np.poly1d(result)

    return body


def _aligned(a1: Array, a2: Array) -> tuple[Array, Array]:
    """Put zeros in front of the shorter of two polynomials."""
    missing = len(a2) - len(a1)
    if missing > 0:
        a1 = np.concatenate((np.zeros(missing, a1.dtype), a1))
    elif missing < 0:
        a2 = np.concatenate((np.zeros(-missing, a2.dtype), a2))
    return a1, a2


def _product(a1: Array, a2: Array) -> Array:
    # np.poly1d cuts off what is zero in front, as NumPy does before it multiplies.
    return np.convolve(np.poly1d(a1).coeffs, np.poly1d(a2).coeffs)


def _quotient(u: Array, v: Array) -> tuple[Array, Array]:
    u, v = u + 0.0, v + 0.0
    dtype = (u[0] + v[0]).dtype
    r = u if u.dtype == dtype else astype(u, dtype)
    scale = 1.0 / v[0]
    n = len(v)
    quotient = []
    for k in range(len(u) - n + 1):
        d = scale * r[k]
        quotient.append(d)
        r = np.concatenate((r[:k], r[k : k + n] - d * v, r[k + n :]))
    while len(r) > 1 and np.abs(plain(r[0])) <= 1e-8:
        r = r[1:]
    return np.stack(quotient) if quotient else np.zeros(1, dtype), r


_add = _arithmetic(lambda a1, a2: np.add(*_aligned(a1, a2)))
_subtract = _arithmetic(lambda a1, a2: np.subtract(*_aligned(a1, a2)))
_multiply = _arithmetic(_product)
_divide = _arithmetic(_quotient)

composite(np.polyadd, lambda a1, a2: _add(a1, a2))
composite(np.polysub, lambda a1, a2: _subtract(a1, a2))
composite(np.polymul, lambda a1, a2: _multiply(a1, a2))
composite(np.polydiv, lambda u, v: _divide(u, v))

# --- power series in several variables --------------------------------------------------------------------------------
# NumPy does not import numpy.polynomial by itself, and neither do we. Its coefficients have the lowest power first.


def _series(x: Array, c: Array, outer: bool = True) -> Array:
    """Evaluate the series along the first axis of `c`: each at all of `x`, or each at one if not `outer`."""
    c = np.atleast_1d(c)
    c = c if c.dtype.kind in "fc" else astype(c, np.float64)
    if outer:
        c = np.reshape(c, c.shape + (1,) * np.ndim(x))
    value = c[-1] + x * 0
    for i in range(2, len(c) + 1):
        value = c[-i] + value * x
    return value


def _polyvalnd(pts: Any, c: Any) -> Array:
    pts = [as_array(x) for x in pts]
    value = _series(pts[0], as_array(c))
    for x in pts[1:]:
        if x.shape != pts[0].shape:
            raise ValueError(f"the coordinates of points have one shape, not {pts[0].shape} and {x.shape}")
        value = _series(x, value, outer=False)
    return value


def _polyval2d(x: Any, y: Any, c: Any) -> Array:
    return _polyvalnd((x, y), c)


def _polygrid2d(x: Any, y: Any, c: Any) -> Array:
    # Among arrays, Python's own numbers take the precision of the others.
    x, y = (as_array(z) if isinstance(z, (list, tuple)) else z for z in (x, y))
    return _series(y, _series(x, as_array(c)))


_BODIES: dict[str, Callable[..., Any]] = {
    "polygrid2d": _polygrid2d,
    "polyval2d": _polyval2d,
    "polyvalnd": _polyvalnd,  # NumPy 2.5
}
family(
    lambda func: getattr(func, "__module__", "") == "numpy.polynomial.polynomial" and func.__name__ in _BODIES,
    lambda func: Composite(func, _BODIES[func.__name__]),
)
