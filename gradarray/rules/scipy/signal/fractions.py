"""Partial fractions, and feedback that moves poles: smooth functions as long as no two poles come together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare
from ..standing import refuse, stands_for
from ..undifferentiated import Undifferentiated
from ..values import valued
from .convolutions import MODULE
from .forms import as_inexact, from_roots

# --- partial fractions ------------------------------------------------------------------------------------------------


def _ordered(found: Any, like: Any) -> Any:
    """Return roots in the order of the library's."""
    values, like = bare(found), np.asarray(like)
    return found[np.argmin(np.abs(values[None, :] - like[:, None]), axis=1)]


def _trimmed(c: Any, side: str) -> Any:
    """Return a polynomial without the zeros in front, or those behind."""
    there = np.flatnonzero(bare(c))
    if not len(there):
        return c[:0]
    return c[there[0] :] if side == "f" else c[: there[-1] + 1]


def _turned(c: Any, side: str) -> Any:
    """Return coefficients with the highest power first, or turn such ones back."""
    return c if side == "f" else c[::-1]


def _expanded(name: str, side: str, residues: Callable[[Any, Any, Any], Any]) -> None:
    library = getattr(signal, name)

    @stands_for(MODULE, "b", "a", name=name)
    def expansion(b: Any, a: Any, tol: Any, rtype: Any) -> Any:
        value = library(bare(b), bare(a), tol=tol, rtype=rtype)  # and SciPy's own errors
        whole = as_inexact(b)
        b, a = _trimmed(whole, side), _trimmed(as_inexact(a), side)
        poles = value[1]
        apart = np.abs(poles[:, None] - poles) + np.where(np.eye(len(poles), dtype=bool), np.inf, 0.0)
        if np.any(apart <= tol):
            raise TypeError(f"scipy.signal.{name} of a variable has no derivative where poles come together")
        p = _ordered(np.roots(a), poles)
        if len(b) == 0:
            return residues(whole, a, p), p, value[2]
        k = np.polydiv(_turned(b, side), _turned(a, side))[0] if len(b) >= len(a) else np.zeros(0)
        return residues(whole, a, p), p, _turned(k, side)


def _slope(c: Any) -> Any:
    return c[:-1] * np.arange(len(c) - 1, 0, -1)


_expanded("residue", "f", lambda b, a, p: np.polyval(b, p) / np.polyval(_slope(a), p))
_expanded("residuez", "b", lambda b, a, p: -p * np.polyval(b[::-1], 1 / p) / np.polyval(_slope(a[::-1]), 1 / p))


def _padded(c: Any, n: int) -> Any:
    return np.concatenate([np.zeros(n - len(c)), c]) if n > len(c) else c


def _joined(name: str, side: str) -> None:
    library = getattr(signal, name)

    @stands_for(MODULE, "r", "p", "k", name=name)
    def quotient(r: Any, p: Any, k: Any, tol: Any, rtype: Any) -> Any:
        library(bare(r), bare(p), bare(k), tol=tol, rtype=rtype)  # SciPy's own errors
        r, p, k = as_inexact(r), as_inexact(p), _trimmed(as_inexact(k), side)
        # A pole that comes again at once is of a higher order.
        firsts = [0]
        for i in range(1, len(p)):
            if not abs(bare(p)[i] - bare(p)[firsts[-1]]) <= tol:
                firsts.append(i)
        counts = np.diff([*firsts, len(p)])
        of_pole = np.repeat(firsts, counts)
        orders = np.concatenate([np.arange(1, count + 1) for count in counts])
        divisor = from_roots(p[of_pole], real=False)
        total = np.zeros(len(divisor) - 1 if len(r) else 1)
        for i in range(min(len(r), len(p))):
            others = [j for j in range(len(p)) if of_pole[j] != of_pole[i] or orders[j] > orders[i]]
            term = _turned(r[i] * from_roots(p[of_pole[others]], real=False), side)
            n = max(len(total), len(term))
            total = _padded(total, n) + _padded(term, n)
        if len(k):
            whole = np.convolve(_turned(k, side), _turned(divisor, side))
            n = max(len(total), len(whole))
            total = _padded(total, n) + _padded(whole, n)
        return _turned(total, side), divisor


_joined("invres", "f")
_joined("invresz", "b")

# --- feedback ---------------------------------------------------------------------------------------------------------


@stands_for(MODULE, "A", "B", "poles")
def place_poles(A: Any, B: Any, poles: Any, method: Any, rtol: Any, maxiter: Any) -> Any:
    """Return the feedback that one input allows, by Ackermann's formula."""
    found = signal.place_poles(bare(A), bare(B), bare(poles), method, rtol, maxiter)
    n, inputs = np.shape(B)
    if inputs > 1:
        raise TypeError(
            "scipy.signal.place_poles of a variable has a derivative for one input: with several, a search chooses one "
            "of many matrices"
        )
    columns, product = [B], np.eye(n)
    for _ in range(n - 1):
        columns.append(A @ columns[-1])
    for i in range(n):
        product = product @ (A - poles[i] * np.eye(n))
    reach = np.concatenate(columns, axis=1)
    gain = np.real(np.linalg.solve(np.transpose(reach), np.eye(n)[-1]) @ product)
    found.gain_matrix = valued(np.reshape(gain, (1, n)), found.gain_matrix)
    for name in ("computed_poles", "requested_poles"):
        value = np.asarray(getattr(found, name))
        ordered = _ordered(poles, value)
        setattr(found, name, valued(ordered + 0j if value.dtype.kind == "c" else ordered, value))
    found.X = Undifferentiated("X", "place_poles")
    return found


refuse(MODULE, "it chooses or sorts by a search", "remez", "unique_roots")
