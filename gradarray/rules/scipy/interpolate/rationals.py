"""Rational functions in barycentric form, by points and, where these do not choose the weights, by values."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate

from ....kernels.arrays import Array
from ....tape.wrapping import bare, has_variable
from ..declared import function, methods
from ..values import as_double, as_library, from_library, looked_at, moved_back, no_variable, valued


@from_library
def _value(points: Array, values: Array, *, like: Any) -> Array:
    made = object.__new__(type(like))
    vars(made).update(vars(like), _support_values=values, _shape=values.shape[1:], _axis=0)
    return np.asarray(made(points))


def _call(self: Any, z: Any) -> Any:
    points, sites, weights = as_double(z), self._support_points, self.weights
    values = self._support_values
    flat, columns = np.reshape(points, (-1,)), np.reshape(values, (np.shape(values)[0], -1))
    apart = flat[:, None] - sites
    hits = bare(apart) == 0
    if hits.any() and has_variable(points):
        raise TypeError(
            f"scipy.interpolate.{type(self).__name__} of a variable: at a support point it is a limit, which is not "
            "differentiated by the point"
        )
    shares = weights / np.where(hits, 1.0, apart)
    shares = np.where(hits.any(axis=1)[:, None], np.where(hits, 1.0, 0.0), shares)
    made = (shares @ columns) / np.sum(shares, axis=1)[:, None]
    made = np.reshape(made, (*np.shape(points), *np.shape(values)[1:]))
    out = as_library(made, _value, points, values, like=self)
    return moved_back(out, np.ndim(points), self._axis if np.ndim(points) else 0)


def _fixed_init(self: Any, points: Any, values: Any, *, d: int = 3, axis: int = 0) -> None:
    no_variable("scipy.interpolate.FloaterHormannInterpolator", points=points)
    cls = interpolate.FloaterHormannInterpolator
    cls.__init__(self, looked_at(points), looked_at(values), d=d, axis=axis)
    y = np.moveaxis(values, axis, 0)
    finite = np.isfinite(bare(y)).reshape(np.shape(y)[0], -1).all(axis=-1)
    places = np.flatnonzero(finite)
    self._support_values = y[places[np.unique(np.asarray(bare(points))[places], return_index=True)[1]]]


def _chosen_init(self: Any, *_args: Any, **_kwargs: Any) -> None:
    raise TypeError(
        "scipy.interpolate.AAA of a variable: which points support it, with which weights, is chosen by the values; "
        "FloaterHormannInterpolator has a derivative by them"
    )


def lagrange(x: Any, w: Any) -> Any:
    """Return the polynomial through points, with a coefficient for each of them: one that is zero may vary, too."""
    x, w = as_double(x), as_double(w)
    total: Any = 0.0
    for j in range(len(x)):
        term: Any = w[j] * np.ones(1)
        for k in range(len(x)):
            if k != j:
                apart = x[j] - x[k]
                term = np.concatenate([term, np.zeros(1)]) - np.concatenate([np.zeros(1), x[k] * term])
                term = term / apart
        total = total + term
    found = interpolate.lagrange(bare(x), bare(w))
    front = np.zeros(len(x) - len(found.coeffs))  # which SciPy cuts off
    found._coeffs = valued(total, np.concatenate([front, found.coeffs]))
    return found


function("scipy.interpolate", lagrange)
methods("scipy.interpolate", "AAA", __init__=_chosen_init, __call__=_call)
methods("scipy.interpolate", "FloaterHormannInterpolator", __init__=_fixed_init, __call__=_call)


# --- of a series ------------------------------------------------------------------------------------------------------


def pade(an: Any, m: int, n: Any = None) -> Any:
    """Return the polynomials whose quotient has a series that begins like this one: they solve linear equations."""
    m = int(bare(m))
    plain = interpolate.pade(looked_at(an), m, None if n is None else int(bare(n)))  # SciPy's own errors
    an = as_double(an)
    n = np.shape(an)[0] - 1 - m if n is None else int(bare(n))
    an = an[: m + n + 1]
    before = np.arange(m + n + 1)[:, None] - 1 - np.arange(m)
    products = np.where(before >= 0, -an[np.maximum(before, 0)], 0.0)
    pq = np.linalg.solve(np.concatenate([np.eye(m + n + 1, n + 1), products], axis=1), an)
    whole = pq[n::-1], np.concatenate([pq[:n:-1], np.ones(1)])
    return tuple([_polynomial(c, like) for c, like in zip(whole, plain, strict=True)])


def _polynomial(c: Any, like: Any) -> Any:
    """Return NumPy's polynomial with such coefficients, the highest first, which are variables."""
    made = np.poly1d(np.asarray(like.c))
    count = np.shape(like.c)[0]  # without zeros in front
    vars(made)["coeffs"] = valued(c[np.shape(c)[0] - count :], like.c)
    return made


function("scipy.interpolate", pade)
