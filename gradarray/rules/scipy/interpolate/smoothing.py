"""Smoothing splines of given weight, or of that by which generalised cross validation is least.

What a spline takes for values at the sites is a sum of modes, each of which the weight shrinks: so the score, and its
derivative by the weight, are sums over them. The weight is a root of that, and has the derivatives of one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import interpolate, optimize

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import function, makers
from ..values import Fit, as_double, as_library, fitted, from_library, looked_at, no_variable
from .bsplines import fitted_spline, made
from .fits import transposed_smoothing
from .parts import part


class _Modes:
    """The values that smoothing leaves at the sites, as multiples of vectors.

    Attributes
    ----------
    into, back : from values to multiples, and back
    stiffness : by which each multiple is bent; the first two are those of straight lines
    """

    def __init__(self, x: Array, w: Array) -> None:
        n, h = len(x), np.diff(x)
        bends = np.zeros((n, n - 2))  # changes of slope, as in C. Reinsch, Smoothing by Spline Functions (1967)
        inner = np.arange(n - 2)
        bends[inner, inner], bends[inner + 2, inner] = 1 / h[:-1], 1 / h[1:]
        bends[inner + 1, inner] = -1 / h[:-1] - 1 / h[1:]
        energy = np.diag((h[:-1] + h[1:]) / 3) + np.diag(h[1:-1] / 6, 1) + np.diag(h[1:-1] / 6, -1)
        roots = np.sqrt(w)
        scaled = bends / roots[:, None]
        self.stiffness, vectors = np.linalg.eigh(scaled @ np.linalg.solve(energy, scaled.T))
        self.stiffness = np.maximum(self.stiffness, 0.0)
        self.stiffness[:2] = 0.0
        self.into, self.back = vectors.T * roots, vectors / roots[:, None]

    def left(self, z: Any, lam: Any) -> Any:
        """Return what is left of multiples, and what is taken away, by one weight for each column."""
        taken = lam * self.stiffness[:, None]
        return z / (1 + taken), z * taken / (1 + taken)

    def score(self, z: Any, lam: Any) -> tuple[Any, Any, Any]:
        """Return what is zero where the score is least, and for bare values its slope: numbers of columns.

        With r what is taken away and t how many values are left free, the score is r.r / (n - t)**2.
        """
        n, d = len(self.stiffness), self.stiffness[:, None]
        share = 1 / (1 + lam * d)
        r, r1 = self.back @ (z * lam * d * share), self.back @ (z * d * share**2)
        r2 = self.back @ (-2 * z * d * d * share**3)
        free, free1, free2 = (np.sum(f, axis=0) for f in (share, -d * share**2, 2 * d * d * share**3))
        rest, rest1 = np.sum(r * r, axis=0), 2 * np.sum(r * r1, axis=0)
        rest2 = 2 * np.sum(r1 * r1 + r * r2, axis=0)
        slope = rest2 * (n - free) + rest1 * free1 + 2 * rest * free2
        return rest1 * (n - free) + 2 * rest * free1, slope, rest


@from_library
def _chosen(y: Array, *, modes: Any, x: Array, w: Any) -> Array:
    """Return for each column the weight that is chosen, and the step to it for each unit of what is zero there."""
    found = np.empty((2, y.shape[1]))
    for k, column in enumerate(y.T):
        z = modes.into @ column[:, None]
        sites = interpolate.make_smoothing_spline(x, column, w)(x)
        far = np.sum((column - sites) ** 2)

        def too_far(log: float, z: Any = z, far: Any = far) -> float:  # which weight it was is told by the values
            return float(modes.score(z, math.exp(log))[2][0] - far)

        ends = math.log(1e-12), math.log(2.0 * len(x))
        at_ends = [too_far(end) for end in ends]
        near = math.exp(optimize.brentq(too_far, *ends, xtol=1e-13)) if at_ends[0] < 0 < at_ends[1] else 0.0
        lam = near
        for _ in range(50):
            zero, slope, _ = modes.score(z, lam)
            step = float(zero[0] / slope[0])
            lam -= step
            if abs(step) <= 1e-13 * abs(lam):
                break
        if near > len(x) - 1e-3:  # the score falls on, and the weight is the greatest one that is tried
            found[:, k] = near, 0.0
            continue
        if not (slope[0] > 0 and abs(lam - near) <= 1e-2 * near + 1e-4):
            raise TypeError(
                "scipy.interpolate.make_smoothing_spline of a variable: the score of cross validation has no single "
                "least value here, so that the weight has no derivative; pass lam="
            )
        found[:, k] = lam, 1 / float(slope[0])
    return found


@from_library
def _library(y: Array, *, x: Array, w: Any, lam: Any) -> Array:
    columns = [part(interpolate.make_smoothing_spline(x, one, w, lam), "c") for one in y.T]
    return np.stack(columns, axis=-1)


def make_smoothing_spline(x: Any, y: Any, w: Any = None, lam: Any = None, *, axis: int = 0) -> Any:
    no_variable("scipy.interpolate.make_smoothing_spline", x=x, w=w)
    x, w = looked_at(x), looked_at(w)
    if lam is None or has_variable(lam):
        return _weighted(np.asarray(x, float), y, w, lam, axis)
    lam = bare(lam)

    def value(v: Array) -> Array:
        columns = [interpolate.make_smoothing_spline(x, each, w, lam).c for each in v.reshape(len(v), -1).T]
        return np.reshape(np.stack(columns, axis=-1), (-1, *v.shape[1:]))

    plain = interpolate.make_smoothing_spline(x, np.zeros(np.shape(x)), w, lam)
    pull = transposed_smoothing(x, w, float(lam)) if np.ndim(lam) == 0 else None
    return fitted_spline(plain, y, axis, value, value, pull, own=False)


def _weighted(x: Array, y: Any, w: Any, lam: Any, axis: int) -> Any:
    """Return the spline by a weight that depends on the values, or is a variable."""
    plain = interpolate.make_smoothing_spline(x, np.zeros(np.shape(x)), w, 0.0)  # SciPy's own errors
    y = np.moveaxis(as_double(y), axis, 0)
    shape = np.shape(y)[1:]
    flat = np.reshape(y, (np.shape(y)[0], math.prod(shape)))
    modes = _Modes(x, np.ones(len(x)) if w is None else np.asarray(w, float))
    z = modes.into @ flat
    given = lam
    if lam is None:
        found = _chosen(bare(flat), modes=modes, x=x, w=w)
        lam, per = found[0], found[1]
        for _ in range(3):  # each is right to one more order of the derivatives
            lam = lam - per * modes.score(z, lam)[0]
    values = modes.back @ modes.left(z, lam)[0]

    def natural(v: Array) -> Array:
        return np.asarray(part(interpolate.make_smoothing_spline(x, v, w, 0.0), "c"))

    c = fitted(values, fit=Fit(natural, natural, len(x), transposed_smoothing(x, w, 0.0)))
    if given is None or np.ndim(given) == 0:
        c = as_library(c, _library, flat, x=x, w=w, lam=bare(given))
    return made(part(plain, "t"), np.reshape(c, (np.shape(c)[0], *shape)), 3, True, axis % (1 + len(shape)))


function("scipy.interpolate", make_smoothing_spline)
makers("scipy.interpolate", "make_smoothing_spline")
