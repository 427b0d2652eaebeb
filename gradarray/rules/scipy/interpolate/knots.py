"""Splines whose knots FITPACK chooses: by values, weights and sites, as long as the choice stays the same.

With the knots, a spline through all values, or next to them, solves linear equations. A smooth one is next to them, and
to a spline whose highest derivative jumps little, by the penalty with which it is as far from them as it may be; see
P. Dierckx, Curve and Surface Fitting with Splines (1993), ch. 5. The penalty has the derivatives of that root.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import optimize
from scipy.linalg import eigh

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..values import from_library, looked_at, valued
from .bsplines import evaluated


def moving(t: Array, x: Any, ends: Any = (None, None)) -> Any:
    """Return knots that were chosen as functions of the sites: a site each, the middle of two, or a given end."""
    if not has_variable(x):
        return t
    plain = looked_at(x)
    site = np.clip(np.searchsorted(plain, t), 0, len(plain) - 1)
    before = np.maximum(site - 1, 0)
    at, between = plain[site] == t, (plain[before] + plain[site]) / 2 == t
    for end in ends:
        if end is not None:
            at, between = at & (t != end), between & (t != end)
    return np.where(at, x[site], np.where(between, (x[before] + x[site]) / 2, t))


def moving_unless_given(t: Array, x: Any, k: int, ends: Any, given: Any) -> Any:
    """Return the same; of knots that are given, the inner ones stay."""
    if given is None:
        return moving(t, x, ends)
    first, last = moving(t[: k + 1], x, ends), moving(t[-k - 1 :], x, ends)
    return np.concatenate([first, t[k + 1 : -k - 1], last])


def _jumps(t: Any, k: int) -> Any:
    """Return what makes of coefficients the jumps of the highest derivative at the inner knots, in some unit."""
    count = np.shape(t)[0] - 2 * (k + 1)
    inner = np.arange(count)
    found: Any = np.zeros((count, count + k + 1))
    for j in range(k + 2):
        first = inner + j
        others = [i for i in range(k + 2) if i != k + 1 - j]
        product = math.prod([t[inner + k + 1] - t[first + i] for i in others])
        row = (t[first + k + 1] - t[first]) / product
        found = found + row[:, None] * (first[:, None] == np.arange(count + k + 1))
    return found


class _Fit:
    """The equations of a smooth spline: of the sites, the values, the weights and the knots."""

    def __init__(self, x: Any, y: Any, w: Any, t: Any, k: int) -> None:
        self.y, self.w = y, np.reshape(w, (-1, 1))
        self.design = evaluated(t, np.eye(np.shape(t)[0] - k - 1), k, x, 0, True)
        jumps = _jumps(t, k)
        scale = np.max(np.abs(bare(jumps)), initial=0.0)
        self.jumps = jumps / scale if np.shape(jumps)[0] else jumps
        weighted = self.w * self.design
        self.squares, self.penalties = np.transpose(weighted) @ weighted, np.transpose(self.jumps) @ self.jumps
        self.right = np.transpose(weighted) @ (self.w * y)

    def coefficients(self, mu: Any) -> Any:
        return np.linalg.solve(self.squares + mu * self.penalties, self.right)

    def far(self, mu: Any) -> Any:
        """Return how far a spline is from the values."""
        return np.sum((self.w * (self.y - self.design @ self.coefficients(mu))) ** 2)


@from_library
def _penalty(x: Array, y: Array, w: Array, t: Array, c: Array, *, k: int) -> Array:
    """Return the penalty with which a spline has these coefficients, how far it is, and the step for each unit of that.

    They are zero for one that is next to the values, without a penalty.
    """
    fit = _Fit(x, y, w, t, k)
    near = 1e-6 * np.max(np.abs(c), initial=1e-300)
    if not len(fit.jumps) or np.max(np.abs(fit.coefficients(0.0) - c)) <= near:
        return np.zeros(3)
    far = float(np.sum((fit.w * (y - fit.design @ c)) ** 2))
    modes, vectors = eigh(fit.penalties, fit.squares)
    modes, z = np.maximum(modes, 0.0)[:, None], vectors.T @ fit.right
    least = fit.far(0.0)

    def too_far(log: float) -> float:
        bent = math.exp(log) * modes
        return float(least + np.sum((z * bent / (1 + bent)) ** 2) - far)

    ends = -80.0, 80.0
    if too_far(ends[0]) < 0 < too_far(ends[1]):
        mu = math.exp(optimize.brentq(too_far, *ends, xtol=1e-12))
        if np.max(np.abs(fit.coefficients(mu) - c)) <= near:
            slope = 2 * float(np.sum(z**2 * mu * modes**2 / (1 + mu * modes) ** 3))
            return np.array([mu, far, 1 / slope])
    raise TypeError(
        "scipy.interpolate: a spline of a variable, by s=, is not the smooth one next to these values, and has no "
        "derivative; pass another s=, or take make_smoothing_spline"
    )


def chosen(x: Any, y: Any, w: Any, t: Any, c: Array, k: int) -> Any:
    """Return the coefficients that FITPACK has found, with derivatives.

    Parameters
    ----------
    x : (n,), the sites
    y : (n, m), the values of m functions
    w : (n,), or None
    t, k : the knots, which are variables where they move with the sites, and the degree
    c : (coefficients, m), as found
    """
    w = np.ones(np.shape(y)[0]) if w is None else w
    if np.shape(c)[0] == np.shape(y)[0]:
        design = evaluated(t, np.eye(np.shape(c)[0]), k, x, 0, True)
        return valued(np.linalg.solve(design, y), c)
    fit = _Fit(x, y, w, t, k)
    found = _penalty(*map(bare, (x, y, w, t, c)), k=k)
    mu, far, per = found[0], found[1], found[2]
    for _ in range(3):  # each is right to one more order of the derivatives
        mu = mu - per * (fit.far(mu) - far)
    return valued(fit.coefficients(mu), c)
