"""The integral of a function as a sum over nodes, with whatever variables the function finds.

The value of an integral is SciPy's, which also tells into which intervals it took the range apart. The derivative is
that of a sum over nodes in these. It can be rougher than the integrand: of ``abs(x - p)`` it is a step. So each
interval is looked at by itself, and halved until the integrand is smooth within it, or does not matter there; at an end
where the integrand is infinite, or has an infinite slope, nodes come close to the end.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import eval_legendre, roots_legendre

from ...context.settings import silently
from ...tape.wrapping import bare, has_variable
from ..calling import at_once

# How much of an integrand's change within an interval its last coefficients may be, times that interval's share of the
# range: the derivative by what moves a kink is off by that interval's length then.
_SMOOTH = 1e-10
# What is left of digits that cancel is taken for smooth, and so is what matters that much less to the whole.
_NOISE = 1e-13
_NOTHING = 1e-7
# From how rough an integrand on it may be infinite, or infinitely steep, at an interval's end.
_STEEP = 1e-6
# How close the double exponential formula comes with half of its nodes; with all, to the square of that.
_HALF = 1e-6
# How many intervals are halved.
_MOST = 80
# On how small a share of the range, and by how much of its mean, an integrand changes where it jumps, and how much of
# that is none of a polynomial.
_SHORT = 1e-4
_SEEN = 1e-6
_JUMP = 1e-3
# How far a sum may be from the integral's value, of the sum of magnitudes, before it is that of something else.
_OFF = 1e-4
_TINY = np.finfo(float).tiny

Rule = tuple[Any, Any, Any]  # where, from the left and from the right end of (0, 1), and how much each counts


@functools.cache
def _legendre() -> Rule:
    x, w = roots_legendre(21)
    return (1 + x) / 2, (1 - x) / 2, w / 2


@functools.cache
def _coefficients() -> Any:
    """Return what makes of the values at the nodes the coefficients of Legendre's polynomials."""
    x, w = roots_legendre(21)
    k = np.arange(21)[:, None]
    return (k + 0.5) * eval_legendre(k, x) * w


@functools.cache
def _double_exponential() -> Rule:
    """Return nodes for integrands that may be infinite at an end.

    Takahasi and Mori, Double exponential formulas for numerical integration, Publ. RIMS Kyoto Univ. 9 (1974).
    """
    t = np.arange(-57, 58) / 12
    u = np.pi / 2 * np.sinh(t)
    w = np.pi / 2 * np.cosh(t) / (2 * np.cosh(u) ** 2) / 12
    return 1 / (1 + np.exp(-2 * u)), 1 / (1 + np.exp(2 * u)), w


class IntegrationRange:
    """A range of integration, and the variable in which it is finite, as QUADPACK and SciPy's quad_vec have it.

    Parameters
    ----------
    func : of a place, or of a place and how far it is from both ends of a finite range
    low, high : the limits, which may be variables
    breaks : where the function may be infinite, or jump, between them; they may be variables
    distances : whether the function takes those
    noise : how much of the function's values may be noise, as of integrals

    Attributes
    ----------
    jumps : to the left and to the right of which places the function was found to jump between its breaks
    """

    def __init__(
        self,
        func: Callable[..., Any],
        low: Any,
        high: Any,
        breaks: Sequence[Any] = (),
        distances: bool = False,
        noise: float = _NOISE,
    ) -> None:
        self._func, self._distances, self.noise = func, distances, noise
        self.turn = 1.0
        if bare(low) > bare(high):
            low, high, self.turn = high, low, -1.0
        self.low, self.high = low, high
        self._a, self._b = float(bare(low)), float(bare(high))
        self.finite = bool(np.isfinite(self._a) and np.isfinite(self._b))
        self.ends = (self._a, *map(float, map(bare, breaks)), self._b) if self.finite else (0.0, 1.0)
        self._moving = [x for x in (low, high, *breaks) if has_variable(x)] if self.finite else []
        self.met_end = any(map(has_variable, breaks))  # the function is not smooth at one of them
        self.jumps: list[tuple[float, float]] = []

    def moves(self) -> bool:
        """Tell whether an end at which the function is not smooth is a variable."""
        return self.met_end and (bool(self._moving) or has_variable(self.low) or has_variable(self.high))

    def nodes(self, intervals: Sequence[Any]) -> list[Any]:
        """Return nodes of an infinite range, in rows of their order, (number, 1), on each side."""
        u, _, _ = _legendre()
        left, right = (np.array(ends)[:, None] for ends in zip(*sorted(intervals), strict=True))
        t = np.sort(np.ravel(left + (right - left) * u))[:, None]
        away = (1 - t) / t
        if np.isfinite(self._a):
            return [self._a + away]
        return [self._b - away] if np.isfinite(self._b) else [away, -away]

    def values(self, intervals: Sequence[Any], rule: Rule, moving: bool) -> Any:
        """Return the function at the nodes of some intervals, each times how much it counts, but for the rule's own."""
        u, v, _ = rule
        left, right = (np.array(ends)[:, None] for ends in zip(*intervals, strict=True))
        if not self.finite:
            t, s = left + (right - left) * u, (1 - right) + (right - left) * v
            away, counts = np.ravel(s / t), np.ravel((right - left) / (t * t)) * self.turn
            return self._infinite(away, counts, moving)
        if moving:
            for end in self._moving:
                left, right = (np.where(np.equal(bare(e), bare(end)), end, e) for e in (left, right))
        x = np.where(u < 0.5, left + (right - left) * u, right - (right - left) * v)
        counts = np.ravel((right - left) + 0 * u) * self.turn
        if not self._distances:
            return _weighed(at_once(self._func, np.ravel(x)), counts)
        low, high = (self.low, self.high) if moving else (self._a, self._b)
        from_low = np.where(np.equal(bare(left), self._a), (right - left) * u, x - low)
        from_high = np.where(np.equal(bare(right), self._b), (right - left) * v, high - x)
        return _weighed(at_once(self._func, *map(np.ravel, (x, from_low, from_high))), counts)

    def _infinite(self, away: Any, counts: Any, moving: bool) -> Any:
        if np.isfinite(self._a):
            return _weighed(at_once(self._func, (self.low if moving else self._a) + away), counts)
        if np.isfinite(self._b):
            return _weighed(at_once(self._func, (self.high if moving else self._b) - away), counts)
        return _weighed(at_once(self._func, away), counts) + _weighed(at_once(self._func, -away), counts)


def _weighed(values: Any, counts: Any) -> Any:
    return values * np.reshape(counts, (-1, *[1] * (np.ndim(values) - 1)))


def integral(
    line: IntegrationRange, edges: Sequence[tuple[float, float]], known: tuple[Any, Any], moving: bool = False
) -> Any:
    """Return a sum over nodes in some intervals that comes close to the value of an integral, up to its error.

    `moving` says that nodes next to a limit that is a variable move with it.
    """
    value, error = known
    total: Any = 0.0
    magnitude = np.zeros(np.shape(value))
    whole = sum(abs(right - left) for left, right in edges)
    left_over = [(min(pair), max(pair)) for pair in edges if pair[0] != pair[1]]
    halvings, size = _MOST, None
    while left_over:
        values = line.values(left_over, _legendre(), moving)
        plain = np.reshape(bare(values), (len(left_over), 21, *np.shape(values)[1:]))
        shares = [(end - start) / whole for start, end in left_over]
        flat = np.reshape(plain, (*plain.shape[:2], -1))
        if size is None:
            means = np.mean(np.abs(flat), axis=(1, 2))
            size, mean = means @ shares, np.sum(means) / whole
        rough = _roughness(flat, np.array(shares), size, line.noise)
        again, done = [], []
        for k, interval in enumerate(left_over):
            if not rough[k]:
                done.append(k)
                continue
            at_end = rough[k] > _STEEP and any(e in interval for e in line.ends)
            if at_end and (found := _to_the_end(line, interval, moving)) is not None:
                line.met_end = True
                total, magnitude = total + found[0], magnitude + found[1]
                continue
            middle = (interval[0] + interval[1]) / 2
            if halvings and interval[0] < middle < interval[1]:
                halvings -= 1
                again += [(interval[0], middle), (middle, interval[1])]
            else:
                done.append(k)
        if done:
            if line.finite:
                short = [k for k in done if shares[k] < _SHORT]
                line.jumps += [left_over[k] for k in short if _jumps(plain[k] / (shares[k] * whole), mean)]
            places = np.concatenate([np.arange(21) + 21 * k for k in done])
            weights = np.tile(_legendre()[2], len(done))
            total = total + np.tensordot(weights, values[places], 1)
            magnitude = magnitude + np.tensordot(weights, np.abs(bare(values)[places]), 1)
        left_over = again
    if not np.all(np.abs(bare(total) - value) <= _OFF * magnitude + 10 * error + _TINY):
        raise ValueError(
            f"the integral is {value!r:.60} to SciPy, but {bare(total)!r:.60} by the nodes for its derivative: it has "
            "missed a narrow peak, or the integrand is infinite within the range. Say where in points=."
        )
    return total


def _roughness(values: Any, shares: Any, size: float, noise: float) -> list[float]:
    """Return how much of the values at the nodes of intervals, such shares of the range, is not of a polynomial.

    It is 0 where that does not matter.

    `size` is what the integrand is on the whole range, `noise` how much of it is none of its own.
    """
    sizes = np.max(np.abs(np.matmul(_coefficients(), values)), axis=2)
    tail, change, level = np.max(sizes[:, -3:], axis=1), np.max(sizes[:, 1:], axis=1), np.max(sizes, axis=1)
    smooth = (tail * shares <= np.fmax(_NOTHING * noise * size, _SMOOTH * change)) | (tail <= noise * level)
    return np.divide(tail, change, out=np.zeros(len(tail)), where=~smooth).tolist()  # type: ignore[no-any-return]


def _jumps(values: Any, mean: float) -> bool:
    """Tell whether the values at the nodes of a short interval are those of a step."""
    change = np.max(np.abs(values[-1] - values[0]))
    if not change > _SEEN * mean:
        return False
    return bool(np.max(np.abs(np.tensordot(_coefficients(), values, 1)[-3:])) > _JUMP * change)


def _to_the_end(line: IntegrationRange, interval: tuple[float, float], moving: bool) -> tuple[Any, Any] | None:
    """Return the integral over an interval by nodes that come close to its ends, or None where they do not help."""
    u, v, w = _double_exponential()
    which = np.arange(len(u))
    if line.finite:  # and not the end itself, to which the nodes next to it may round
        left, right = interval
        x = np.where(u < 0.5, left + (right - left) * u, right - (right - left) * v)
        which = which[(x > left) & (x < right)]
    u, v, w = u[which], v[which], w[which]
    values = silently(line.values, [interval], (u, v, w), moving)
    terms = np.reshape(w, (-1, *[1] * (np.ndim(values) - 1))) * bare(values)
    every, half = np.sum(terms, axis=0), 2 * np.sum(terms[which % 2 == 0], axis=0)
    size = np.sum(np.abs(terms), axis=0)
    if not np.all(np.abs(every - half) <= _HALF * size):
        return None
    return np.tensordot(w, values, 1), size
