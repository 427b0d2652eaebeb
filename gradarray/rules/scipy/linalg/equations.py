"""Equations of matrices: Sylvester, Lyapunov and Riccati."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ...primitives import primitive
from ...registry import rule, zero_gradient
from ..declared import function
from ..values import from_library
from .matrices import adjoined, turned
from .sylvester import solved


@from_library
def sylvester(a: Any, b: Any, q: Any) -> Any:
    """Return the solution of a x + x b = q."""
    return linalg.solve_sylvester(a, b, q)


def _sylvester_vjp(g: Any, ans: Any, a: Any, b: Any, q: Any, wanted: Any = (True, True, True)) -> Any:
    s = sylvester(turned(a), turned(b), g)
    return -(s @ turned(ans)) if wanted[0] else None, -(turned(ans) @ s) if wanted[1] else None, s


rule(sylvester, joint=_sylvester_vjp)


@from_library
def anticommuted(a: Any, q: Any) -> Any:
    """Return the solution of a x + x a = q, by one Schur form, where that of any two matrices needs two."""
    if np.ndim(a) != 2 or np.iscomplexobj(q) != np.iscomplexobj(a) or not np.size(a):
        return linalg.solve_sylvester(a, a, q)
    form, basis = linalg.schur(a, "complex" if np.iscomplexobj(a) else "real")
    inner = adjoined(basis) @ q @ basis
    return basis @ solved(form, form, inner) @ adjoined(basis)


def _anticommuted_vjp(g: Any, ans: Any, a: Any, q: Any) -> Any:
    s = anticommuted(turned(a), g)
    return -(s @ turned(ans) + turned(ans) @ s), s


rule(anticommuted, joint=_anticommuted_vjp)


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    return sylvester(a, b, q)


@from_library
def lyapunov(a: Any, q: Any) -> Any:
    """Return the solution of a x + x a^H = q."""
    return linalg.solve_continuous_lyapunov(a, q)


def _lyapunov_vjp(g: Any, ans: Any, a: Any, _q: Any) -> Any:
    # The inner product is the real part of tr(x^H y).
    s = lyapunov(adjoined(a), g)
    return -(s @ adjoined(ans) + adjoined(s) @ ans), s


rule(lyapunov, joint=_lyapunov_vjp, holomorphic=False)


def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    a, q = map(np.atleast_2d, (a, q))
    return lyapunov(a, q)


def solve_lyapunov(a: Any, q: Any) -> Any:
    return solve_continuous_lyapunov(a, q)


@from_library
def stein(a: Any, b: Any, q: Any) -> Any:
    """Return the solution of x = a x b + q, where b is the adjoint of a."""
    return linalg.solve_discrete_lyapunov(a, q)


def _stein_vjp(g: Any, ans: Any, a: Any, b: Any, q: Any) -> Any:
    s = stein(turned(a), turned(b), g)
    return s @ turned(ans @ b), turned(a @ ans) @ s, s


rule(stein, joint=_stein_vjp)


def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> Any:
    return stein(a, adjoined(a), q)


# --- Riccati: what is found, differentiated by the equation, whose own derivative is a Lyapunov equation -------------
# These are written for complex numbers as they are: the inner product is the real part of tr(x^H y).


@from_library
def continuous_found(a: Any, b: Any, q: Any, r: Any, e: Any, s: Any) -> Any:
    return linalg.solve_continuous_are(a, b, q, r, e, s)


@from_library
def discrete_found(a: Any, b: Any, q: Any, r: Any, e: Any, s: Any) -> Any:
    return linalg.solve_discrete_are(a, b, q, r, e, s)


zero_gradient(continuous_found, discrete_found)


@primitive
def continuous_riccati(a: Any, b: Any, q: Any, r: Any, x: Any) -> Any:
    """Return x, the solution of a^H x + x a - x b r^-1 b^H x + q = 0."""
    return x.copy()


def _continuous_vjp(g: Any, ans: Any, a: Any, b: Any, q: Any, r: Any, x: Any) -> Any:
    feedback = np.linalg.solve(r, adjoined(b) @ ans)
    closed = a - b @ feedback
    m = lyapunov(closed, -g)
    outer = ans @ adjoined(m)
    by_b = -(adjoined(ans) @ m + outer) @ adjoined(feedback)
    return adjoined(ans) @ m + outer, by_b, m, feedback @ m @ adjoined(feedback), None


@primitive
def discrete_riccati(a: Any, b: Any, q: Any, r: Any, x: Any) -> Any:
    """Return x, the solution of x = a^H x a - a^H x b (r + b^H x b)^-1 b^H x a + q."""
    return x.copy()


def _discrete_vjp(g: Any, ans: Any, a: Any, b: Any, q: Any, r: Any, x: Any) -> Any:
    xb = ans @ b
    feedback = np.linalg.solve(r + adjoined(b) @ xb, adjoined(b) @ ans @ a)
    closed = a - b @ feedback
    m = stein(closed, adjoined(closed), g)
    both = adjoined(ans) @ closed @ m + ans @ closed @ adjoined(m)
    return both, -both @ adjoined(feedback), m, feedback @ m @ adjoined(feedback), None


rule(continuous_riccati, joint=_continuous_vjp, skip=("x",), holomorphic=False)
rule(discrete_riccati, joint=_discrete_vjp, skip=("x",), holomorphic=False)


def _standard(a: Any, b: Any, q: Any, r: Any, e: Any, s: Any) -> tuple[Any, Any]:
    """Return a and q of the equation without e and s that has the same solution."""
    if e is not None:
        inverse = np.linalg.inv(e)
        a, q = a @ inverse, adjoined(inverse) @ q @ inverse
        s = None if s is None else adjoined(inverse) @ s
    if s is not None:
        across = np.linalg.solve(r, adjoined(s))
        a, q = a - b @ across, q - s @ across
    return a, q


def solve_continuous_are(a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True) -> Any:
    a, b, q, r = map(np.atleast_2d, (a, b, q, r))
    x = continuous_found(a, b, q, r, e, s)
    a, q = _standard(a, b, q, r, e, s)
    return continuous_riccati(a, b, q, r, x)


def solve_discrete_are(a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True) -> Any:
    a, b, q, r = map(np.atleast_2d, (a, b, q, r))
    x = discrete_found(a, b, q, r, e, s)
    a, q = _standard(a, b, q, r, e, s)
    return discrete_riccati(a, b, q, r, x)


function(
    "scipy.linalg",
    solve_sylvester,
    solve_continuous_lyapunov,
    solve_lyapunov,
    solve_discrete_lyapunov,
    solve_continuous_are,
    solve_discrete_are,
)
