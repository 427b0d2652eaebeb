"""Distribution functions and their inverses, by every argument that is not a whole number.

All but the noncentral ones are incomplete gamma and beta functions; an inverse has the derivatives of what it solves.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ....kernels.arrays import Array
from ..declared import STEPS, UNKNOWN, Named, elementwise
from ..quadrature import over_line
from ..unswitched import special
from .errors import ROOT_2PI
from .gamma import beta_by_first, beta_by_second, beta_density, gamma_by_shape, gamma_density


class Distribution:
    """A distribution function: its arguments, and a derivative by each of them, None where none is known."""

    def __init__(self, names: str, *slopes: Callable[..., Array] | None) -> None:
        self.names = names.split()
        self.slopes = slopes

    def declare(self, name: str, sign: int = 1) -> None:
        """Declare a ufunc that is this function, or with a negative sign what is missing from it to 1."""

        def partial(slope: Callable[..., Array]) -> Callable[..., Array]:
            return Named(["_ans", *self.names], lambda _ans, *operands: sign * slope(*operands))

        elementwise(name, *[UNKNOWN if slope is None else partial(slope) for slope in self.slopes])

    def solved(self, name: str, by: str, sign: int = 1, least: float = -np.inf) -> None:
        """Declare a ufunc that solves this function for an argument, in whose place it has the probability.

        Where there is no solution, and the least value stands in for one, it does not change.
        """
        solved = self.names.index(by)
        names = ["ans", *self.names[:solved], "_p", *self.names[solved + 1 :]]
        own = self.slopes[solved]

        def partial(i: int) -> Callable[..., Array] | str:
            slope = self.slopes[i]
            if own is None or slope is None:
                return UNKNOWN

            def value(ans: Array, *operands: Array) -> Array:
                arguments = (*operands[:solved], ans, *operands[solved + 1 :])
                change = sign / own(*arguments) if i == solved else -slope(*arguments) / own(*arguments)
                return change if least == -np.inf else np.where(ans == least, 0, change)

            return Named(names, value)

        elementwise(name, *map(partial, range(len(self.slopes))))


# --- gamma, chi square and Poisson ------------------------------------------------------------------------------------

_GAMMA = Distribution(
    "a b x",
    lambda a, b, x: x * gamma_density(b, a * x),
    lambda a, b, x: gamma_by_shape(b, a * x),
    lambda a, b, x: a * gamma_density(b, a * x),
)
_GAMMA.declare("gdtr")
_GAMMA.declare("gdtrc", -1)
_GAMMA.solved("gdtria", "a")
_GAMMA.solved("gdtrib", "b")
_GAMMA.solved("gdtrix", "x")

_CHI_SQUARE = Distribution(
    "v x",
    lambda v, x: gamma_by_shape(v / 2, x / 2) / 2,
    lambda v, x: gamma_density(v / 2, x / 2) / 2,
)
_CHI_SQUARE.declare("chdtr")
_CHI_SQUARE.declare("chdtrc", -1)
_CHI_SQUARE.solved("chdtri", "x", sign=-1)
_CHI_SQUARE.solved("chdtriv", "v")

elementwise("pdtr", STEPS, lambda _ans, k, m: -gamma_density(np.floor(k) + 1, m))
elementwise("pdtrc", STEPS, lambda _ans, k, m: gamma_density(np.floor(k) + 1, m))
elementwise("pdtri", STEPS, lambda ans, k, _y: -1 / gamma_density(np.floor(k) + 1, ans))
_POISSON = Distribution("k m", lambda k, m: -gamma_by_shape(k + 1, m), lambda k, m: -gamma_density(k + 1, m))
_POISSON.solved("pdtrik", "k", least=0)

# --- beta, binomial, F and Student's t --------------------------------------------------------------------------------

_BETA = Distribution(
    "a b x",
    lambda a, b, x: beta_by_first(a, b, x, 1 - x),
    lambda a, b, x: beta_by_second(a, b, x, 1 - x),
    lambda a, b, x: beta_density(a, b, x),
)
_BETA.solved("btdtria", "a")
_BETA.solved("btdtrib", "b")


def _binomial(k: Array, n: Array, p: Array) -> Array:
    """Return the derivative by the probability of a success."""
    k = np.floor(k)
    return -beta_density(n - k, k + 1, 1 - p)


elementwise("bdtr", STEPS, STEPS, lambda _ans, k, n, p: _binomial(k, n, p))
elementwise("bdtrc", STEPS, STEPS, lambda _ans, k, n, p: -_binomial(k, n, p))
elementwise("bdtri", STEPS, STEPS, lambda ans, k, n, _y: 1 / _binomial(k, n, ans))
_BINOMIAL = Distribution(
    "k n p",
    lambda k, n, p: beta_by_second(n - k, k + 1, 1 - p, p) - beta_by_first(n - k, k + 1, 1 - p, p),
    lambda k, n, p: beta_by_first(n - k, k + 1, 1 - p, p),
    lambda k, n, p: -beta_density(n - k, k + 1, 1 - p),
)
_BINOMIAL.solved("bdtrik", "k", least=0)
_BINOMIAL.solved("bdtrin", "n")

elementwise("nbdtr", STEPS, STEPS, lambda _ans, k, n, p: beta_density(n, k + 1.0, p))
elementwise("nbdtrc", STEPS, STEPS, lambda _ans, k, n, p: -beta_density(n, k + 1.0, p))
elementwise("nbdtri", STEPS, STEPS, lambda ans, k, n, _y: 1 / beta_density(n, k + 1.0, ans))
_NEGATIVE = Distribution(
    "k n p",
    lambda k, n, p: beta_by_second(n, k + 1, p, 1 - p),
    lambda k, n, p: beta_by_first(n, k + 1, p, 1 - p),
    lambda k, n, p: beta_density(n, k + 1, p),
)
_NEGATIVE.solved("nbdtrik", "k", least=0)
_NEGATIVE.solved("nbdtrin", "n")


def _f_share(dfn: Array, dfd: Array, x: Array) -> tuple[Array, Array, Array]:
    """Return y = dfn x / (dfd + dfn x), 1 - y, and the beta density over (dfd + dfn x)^2."""
    total = dfd + dfn * x
    y = dfn * x / total
    return y, dfd / total, beta_density(dfn / 2, dfd / 2, y) / (total * total)


def _f_by_dfn(dfn: Array, dfd: Array, x: Array) -> Array:
    y, rest, density = _f_share(dfn, dfd, x)
    return beta_by_first(dfn / 2, dfd / 2, y, rest) / 2 + density * x * dfd


def _f_by_dfd(dfn: Array, dfd: Array, x: Array) -> Array:
    y, rest, density = _f_share(dfn, dfd, x)
    return beta_by_second(dfn / 2, dfd / 2, y, rest) / 2 - density * x * dfn


_F = Distribution("dfn dfd x", _f_by_dfn, _f_by_dfd, lambda dfn, dfd, x: dfn * dfd * _f_share(dfn, dfd, x)[2])
_F.declare("fdtr")
_F.declare("fdtrc", -1)
_F.solved("fdtri", "x")
_F.solved("fdtridfd", "dfd")


def _student_density(df: Array, t: Array) -> Array:
    return np.exp(-(df + 1) / 2 * np.log1p(t * t / df) - special.betaln(df / 2, 0.5)) / np.sqrt(df)


def _student_by_df(df: Array, t: Array) -> Array:
    """Return the derivative of 1/2 + sign(t) (1 - I(df / (df + t^2); df / 2, 1 / 2)) / 2."""
    zero = t == 0
    square = np.where(zero, 1, t * t)
    total = df + square
    z, rest = df / total, square / total
    tail = beta_by_first(df / 2, 0.5 + 0 * df, z, rest) / 2
    slope = tail + beta_density(df / 2, 0.5, z) * square / (total * total)
    return np.where(zero, 0, -np.sign(t) * slope / 2)


_STUDENT = Distribution("df t", _student_by_df, _student_density)
_STUDENT.declare("stdtr")
_STUDENT.solved("stdtrit", "t")
_STUDENT.solved("stdtridf", "df")

# --- noncentral distributions -----------------------------------------------------------------------------------------


def _chi_density(x: Array, df: Array, nc: Array) -> Array:
    """Return the density of the noncentral chi square distribution, by a Bessel function."""
    central = nc == 0
    off = np.where(central, 1, nc)
    bessel = (x / off) ** (df / 4 - 0.5) * special.ive(df / 2 - 1, np.sqrt(off * x))
    apart = 0.5 * np.exp(-((np.sqrt(x) - np.sqrt(off)) ** 2) / 2) * bessel
    return np.where(central, gamma_density(df / 2, x / 2) / 2, apart)


_NONCENTRAL_CHI = Distribution(
    "x df nc",
    _chi_density,
    None,
    # The Poisson weights of the mixture shift by one.
    lambda x, df, nc: (special.chndtr(x, df + 2, nc) - special.chndtr(x, df, nc)) / 2,
)
_NONCENTRAL_CHI.declare("chndtr")
_NONCENTRAL_CHI.solved("chndtrix", "x")
_NONCENTRAL_CHI.solved("chndtridf", "df")
_NONCENTRAL_CHI.solved("chndtrinc", "nc")


def _shifted(dfn: Array, dfd: Array, nc: Array, f: Array, i: int) -> Array:
    """Return the mixture with `i` added to the first parameter of each incomplete beta function."""
    return special.ncfdtr(dfn + 2 * i, dfd, nc, f * dfn / (dfn + 2 * i))


def _noncentral_density(dfn: Array, dfd: Array, nc: Array, f: Array) -> Array:
    """Return the density, from y (1 - y) dI(p, q)/dy = p (I(p, q) - I(p + 1, q)), 8.17.20, and the Poisson weights."""
    none, one, two = (_shifted(dfn, dfd, nc, f, i) for i in range(3))
    y = dfn * f / (dfd + dfn * f)
    return (dfn * (none - one) + nc * (one - two)) / 2 * dfd * dfn / (dfd + dfn * f) ** 2 / (y * (1 - y))


_NONCENTRAL_F = Distribution(
    "dfn dfd nc f",
    None,
    None,
    lambda dfn, dfd, nc, f: (_shifted(dfn, dfd, nc, f, 1) - special.ncfdtr(dfn, dfd, nc, f)) / 2,
    _noncentral_density,
)
_NONCENTRAL_F.declare("ncfdtr")
_NONCENTRAL_F.solved("ncfdtridfn", "dfn")
_NONCENTRAL_F.solved("ncfdtridfd", "dfd")
_NONCENTRAL_F.solved("ncfdtrinc", "nc")
_NONCENTRAL_F.solved("ncfdtri", "f")


def _mean(func: Callable[..., Array], df: Array, nc: Array, t: Array) -> Array:
    """Return the mean of func(w, z, df), with w distributed as chi with df degrees, and z = t w / sqrt(df) - nc.

    The probability that a normal number is less than z is the noncentral t distribution. In its logarithm, w is spread
    as 1 / sqrt(2 df), and falls like exp(df log(w)) below.
    """

    def integrand(s: Array, df: Array, nc: Array, t: Array) -> Array:
        log = np.log(df) / 2 + s / np.sqrt(2 * df)
        w = np.exp(np.minimum(log, 300))
        size = df * log - w * w / 2 - (df / 2 - 1) * math.log(2) - special.gammaln(df / 2)
        return np.exp(size) / np.sqrt(2 * df) * func(w, t * w / np.sqrt(df) - nc, df)

    return over_line(integrand, df, nc, t, ends=75, step=0.125)


def _bell(z: Array) -> Array:
    return np.exp(-z * z / 2) / ROOT_2PI


def _noncentral_t_density(df: Array, nc: Array, t: Array) -> Array:
    return _mean(lambda w, z, df: w / np.sqrt(df) * _bell(z), df, nc, t)


def _noncentral_t_by_df(df: Array, nc: Array, t: Array) -> Array:
    """Return the derivative by the degrees of freedom: of the density of w, and of the scale of z."""

    def weighted(w: Array, z: Array, df: Array) -> Array:
        return special.ndtr(z) * (np.log(w) - (math.log(2) + special.psi(df / 2)) / 2)

    return _mean(weighted, df, nc, t) - t / (2 * df) * _noncentral_t_density(df, nc, t)


_NONCENTRAL_T = Distribution(
    "df nc t",
    _noncentral_t_by_df,
    lambda df, nc, t: -_mean(lambda _w, z, _df: _bell(z), df, nc, t),
    _noncentral_t_density,
)
_NONCENTRAL_T.declare("nctdtr")
_NONCENTRAL_T.solved("nctdtridf", "df")
_NONCENTRAL_T.solved("nctdtrinc", "nc")
_NONCENTRAL_T.solved("nctdtrit", "t")

# --- the normal distribution by mean and deviation --------------------------------------------------------------------


def _standard(mean: Array, deviation: Array, x: Array) -> Array:
    return (x - mean) / deviation


_NORMAL = Distribution(
    "mean deviation x",
    lambda mean, deviation, x: -_bell(_standard(mean, deviation, x)) / deviation,
    lambda mean, deviation, x: -_bell(z := _standard(mean, deviation, x)) * z / deviation,
    lambda mean, deviation, x: _bell(_standard(mean, deviation, x)) / deviation,
)
_NORMAL.solved("nrdtrimn", "mean")
_NORMAL.solved("nrdtrisd", "deviation")

# --- Kolmogorov and Smirnov -------------------------------------------------------------------------------------------


def _kolmogorov_slope(x: Array) -> Array:
    """Return the derivative of 2 sum of (-1)^(k-1) exp(-2 k^2 x^2); below 0.8 of its transform by Poisson's formula."""
    low, inside = x < 0.8, x > 0.04
    far, near = np.where(low, 1, x), np.where(low & inside, x, 0.5)
    sums, transformed = 0 * far, 0 * near
    for k in range(1, 7):
        sums = sums + 8 * (-1) ** k * k * k * far * np.exp(-2 * k * k * far * far)
        square = ((2 * k - 1) * math.pi) ** 2 / 8
        transformed = transformed + (1 - 2 * square / (near * near)) * np.exp(-square / (near * near))
    below = ROOT_2PI / (near * near) * transformed
    return np.where(low, np.where(inside, below, 0), sums)


elementwise("kolmogorov", lambda _ans, y: _kolmogorov_slope(y))
elementwise("kolmogi", lambda ans, _p: 1 / _kolmogorov_slope(ans))
elementwise("_smirnovp", UNKNOWN, UNKNOWN)
elementwise("smirnov", STEPS, lambda _ans, n, d: special._ufuncs._smirnovp(n, d))
elementwise("smirnovi", STEPS, lambda ans, n, _p: 1 / special._ufuncs._smirnovp(n, ans))
