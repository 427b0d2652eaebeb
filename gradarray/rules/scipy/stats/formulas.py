"""Formulas in place of private methods of scipy.stats that solve, integrate or call compiled code.

They are given the distribution, and arrays of one axis, as the library's own are: see dropin/formulas.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ..declared import formulas
from ..quadrature import between, beyond
from ..unswitched import special
from .compiled import largest, over_deviation

_LEAST = 1e-250  # a density that adds nothing to an integral, and whose logarithm still has a slope

# --- what is so for all of them ---------------------------------------------------------------------------------------


def _pdf(self: Any, x: Array, *shapes: Array) -> Array:
    return self.slope(self._cdf, (x, *shapes), 0)


def _logcdf(self: Any, x: Array, *shapes: Array) -> Array:
    return np.log(self._cdf(x, *shapes))


def _logsf(self: Any, x: Array, *shapes: Array) -> Array:
    return np.log(self._sf(x, *shapes))


def _cdf(self: Any, x: Array, *shapes: Array) -> Array:
    """Return the integral of the density, on the side where there is less of it."""
    low, high = self._get_support(*shapes)
    middle, scale = self.middle(*shapes)
    left = bare(x) < middle

    def density(x: Array, *shapes: Array) -> Array:  # which some cannot compute far out
        found = self._pdf(x, *shapes)
        return np.where(bare(found) > _LEAST, found, 0.0)

    from_left = _up_to(density, low, np.where(left, x, middle), scale, shapes)
    from_right = _from(density, np.where(left, middle, x), high, scale, shapes)
    return np.where(left, from_left, 1 - from_right)


def _up_to(f: Any, low: Any, x: Array, scale: Array, shapes: tuple[Array, ...]) -> Array:
    if not np.any(np.isinf(bare(low))):
        return between(f, low * np.ones(np.shape(x)), x, *shapes)
    return beyond(f, x, -scale, *shapes)


def _from(f: Any, x: Array, high: Any, scale: Array, shapes: tuple[Array, ...]) -> Array:
    if not np.any(np.isinf(bare(high))):
        return between(f, x, high * np.ones(np.shape(x)), *shapes)
    return beyond(f, x, scale, *shapes)


def _mean_of(self: Any, f: Any, shapes: tuple[Array, ...]) -> Array:
    """Return the mean of ``f(x, *shapes)``, in two parts of equal weight."""
    low, high = self._get_support(*shapes)
    middle, scale = self.middle(*shapes)

    def weighted(x: Array, *shapes: Array) -> Array:
        density = self._pdf(x, *shapes)
        return np.where(bare(density) > _LEAST, density * f(x, *shapes), 0.0)

    return _up_to(weighted, low, middle, scale, shapes) + _from(weighted, middle, high, scale, shapes)


def _munp(self: Any, n: Any, *shapes: Array) -> Array:
    return _mean_of(self, lambda x, *_: x ** float(np.max(n)), shapes)


def _entropy(self: Any, *shapes: Array) -> Array:
    return -_mean_of(
        self, lambda x, *shapes: np.log(np.where(bare(p := self._pdf(x, *shapes)) > _LEAST, p, 1.0)), shapes
    )


formulas("rv_generic", _logcdf=_logcdf, _logsf=_logsf)
formulas("rv_continuous", _pdf=_pdf, _cdf=_cdf, _logcdf=_logcdf, _logsf=_logsf, _munp=_munp, _entropy=_entropy)

# --- of whole numbers -------------------------------------------------------------------------------------------------

_MOST = 10**6


def _numbers(self: Any, shapes: tuple[Array, ...], last: Any = None) -> tuple[Array, Array]:
    """Return the numbers of a support, along a new axis, and which of these are in it."""
    bounds = np.broadcast_arrays(*bare(list(self._get_support(*shapes))), *bare(list(shapes)))
    low, high = self.ends(*bounds[:2], *shapes)
    low, high = np.expand_dims(low, -1), np.expand_dims(high, -1)
    if last is not None:
        high = np.minimum(bounds[1][:, None], np.expand_dims(bare(last), -1))
    count = np.max(high - low, initial=0) + 1
    if not count <= _MOST:
        raise self.no_formula("it is a sum of too many terms")
    k = low + np.arange(int(count))
    return k, k <= high


def _sum(self: Any, f: Any, shapes: tuple[Array, ...], last: Any = None) -> Array:
    """Return the sum of ``f(k, p)`` over the numbers k up to the last one, where p is the probability of k."""
    k, inside = _numbers(self, shapes, last)
    spread = [np.ravel(np.broadcast_to(np.expand_dims(x, -1), k.shape)) for x in shapes]
    p = np.reshape(self._pmf(np.ravel(k), *spread), k.shape)
    return np.sum(np.where(inside, f(k, np.where(inside, p, 0.5)), 0.0), axis=-1)


def _cumulative(self: Any, k: Array, *shapes: Array) -> Array:
    return _sum(self, lambda _k, p: p, shapes, np.floor(k))


def _summed_moment(self: Any, n: Any, *shapes: Array) -> Array:
    return _sum(self, lambda k, p: k ** float(np.max(n)) * p, shapes)


def _summed_entropy(self: Any, *shapes: Array) -> Array:
    return _sum(self, lambda _k, p: special.entr(p), shapes)


formulas(
    "rv_discrete",
    _cdf=_cumulative,
    _logcdf=_logcdf,
    _logsf=_logsf,
    _munp=_summed_moment,
    _entropy=_summed_entropy,
)
formulas("binom_gen", _entropy=_summed_entropy)
formulas("poisson_gen", _entropy=_summed_entropy)
formulas("boltzmann_gen", _entropy=_summed_entropy)


def _fisher_pmf(_self: Any, x: Array, M: Array, n: Array, N: Array, odds: Array) -> Array:
    """Return the probability for a fixed number of draws, given how many are drawn of each kind."""
    k = np.arange(largest(n) + 1)

    def weight(k: Array, M: Array, n: Array, N: Array, odds: Array) -> Array:
        inside = (k >= 0) & (k <= n) & (k <= N) & (N - k <= M - n)
        at = np.where(inside, k, np.maximum(N - (M - n), 0))
        ways = _log_binom(n, at) + _log_binom(M - n, N - at)
        return np.where(inside, np.exp(ways + at * np.log(odds) - N * np.log1p(odds)), 0.0)

    whole = weight(k, *[np.expand_dims(x, -1) for x in (M, n, N, odds)])
    return weight(x, M, n, N, odds) / np.sum(whole, axis=-1)


def _log_binom(n: Array, k: Array) -> Array:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def _wallenius_pmf(_self: Any, x: Array, M: Array, n: Array, N: Array, odds: Array) -> Array:
    """Return the probability for draws one by one: an integral (Wallenius, 1963)."""
    inside = (x >= 0) & (x <= n) & (x <= N) & (N - x <= M - n)
    x = np.where(inside, x, np.maximum(N - (M - n), 0))
    rest = odds * (n - x) + (M - n - N + x)
    ways = _log_binom(n, x) + _log_binom(M - n, N - x)
    rest = np.where(bare(rest) > 0, rest, np.inf)

    def integrand(t: Array, x: Array, N: Array, odds: Array, rest: Array, ways: Array) -> Array:
        log = np.log(t)
        first, second = -np.expm1(odds / rest * log), -np.expm1(log / rest)
        return np.exp(special.xlogy(x, first) + special.xlogy(N - x, second) + ways)

    zero = np.zeros(np.shape(x))
    found = between(integrand, zero, zero + 1, x, N, odds, rest, ways)
    return np.where(inside, np.where(np.isinf(bare(rest)), 1.0, found), 0.0)


def _no_stats(_self: Any, *_shapes: Array, moments: str = "mv") -> tuple[None, ...]:
    return None, None, None, None


formulas("nchypergeom_fisher_gen", _pmf=_fisher_pmf)
formulas("nchypergeom_wallenius_gen", _pmf=_wallenius_pmf)
formulas("_nchypergeom_gen", _stats=_no_stats)

# --- one by one -------------------------------------------------------------------------------------------------------


def _gausshyper_pdf(_self: Any, x: Array, a: Array, b: Array, c: Array, z: Array) -> Array:
    def shape(x: Array, a: Array, b: Array, c: Array, z: Array) -> Array:
        return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - c * np.log1p(z * x))

    zero = np.zeros(np.shape(a))
    whole = between(lambda y, a, b, c, z: shape(y, a, b, c, z), zero, zero + 1, a, b, c, z)
    return shape(x, a, b, c, z) / whole


formulas("gausshyper_gen", _pdf=_gausshyper_pdf, _munp=_munp, _stats=_no_stats)


def _genhyperbolic_logpdf(_self: Any, x: Array, p: Array, a: Array, b: Array) -> Array:
    root, wide = np.sqrt((a - b) * (a + b)), np.sqrt(1 + x * x)
    scale = p * np.log(root) - 0.5 * math.log(2 * math.pi) - (p - 0.5) * np.log(a) - np.log(special.kve(p, root)) + root
    bessel = np.log(special.kve(p - 0.5, a * wide)) - a * wide
    return scale + b * x + bessel + (p - 0.5) * np.log(wide)


def _exp_logpdf(self: Any, x: Array, *shapes: Array) -> Array:
    return np.exp(self._logpdf(x, *shapes))


def _one_minus_cdf(self: Any, x: Array, *shapes: Array) -> Array:
    return 1 - self._cdf(x, *shapes)


formulas("genhyperbolic_gen", _logpdf=_genhyperbolic_logpdf, _pdf=_exp_logpdf, _cdf=_cdf, _sf=_one_minus_cdf)


def _geninvgauss_logpdf(_self: Any, x: Array, p: Array, b: Array) -> Array:
    return (p - 1) * np.log(x) - b * (x + 1 / x) / 2 + b - math.log(2) - np.log(special.kve(p, b))


formulas("geninvgauss_gen", _logpdf=_geninvgauss_logpdf, _cdf=_cdf)
formulas("skewnorm_gen", _munp=_munp)
formulas("norminvgauss_gen", _cdf=_cdf, _sf=_one_minus_cdf)


def _irwinhall_pdf(_self: Any, x: Array, n: Array) -> Array:
    """Return the density by the recursion of B-splines, which subtracts nothing (de Boor, 1972)."""
    most = int(largest(n))
    pieces = [np.where((x >= j) & (x < j + 1), 1.0, 0.0) for j in range(most)]
    found = pieces[0]
    for m in range(2, most + 1):
        at = [x - j for j in range(most - m + 1)]
        pieces = [(y * pieces[j] + (m - y) * pieces[j + 1]) / (m - 1) for j, y in enumerate(at)]
        found = np.where(n == m, pieces[0], found)
    return found


formulas("irwinhall_gen", _pdf=_irwinhall_pdf, _cdf=_cdf, _sf=_one_minus_cdf)


def _pearson(x: Array, skew: Array) -> tuple[Array, Array, Array]:
    """Return where a skew is worth mentioning, the shape of a gamma distribution, and the place in it."""
    skewed = np.abs(bare(skew)) > 1.6e-5
    at = np.where(skewed, skew, 1.0)
    return skewed, 4 / at**2, 2 / at * x + 4 / at**2


def _pearson3_logpdf(_self: Any, x: Array, skew: Array) -> Array:
    skewed, a, y = _pearson(x, skew)
    inside = bare(y) > 0
    y = np.where(inside, y, 1.0)
    log = np.log(np.abs(2 / np.where(skewed, skew, 1.0))) + (a - 1) * np.log(y) - y - special.gammaln(a)
    return np.where(skewed, np.where(inside, log, -np.inf), -x * x / 2 - math.log(2 * math.pi) / 2)


def _nearly_normal(x: Array, skew: Array) -> Array:
    """Return what a small skew adds to the normal distribution function: Edgeworth's series up to its square."""
    third, fourth = x**2 - 1, x**3 - 3 * x
    sixth = x**5 - 10 * x**3 + 15 * x
    terms = skew * third / 6 + skew**2 * (fourth / 16 + sixth / 72)
    return -terms * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _pearson3_cdf(_self: Any, x: Array, skew: Array) -> Array:
    _, a, y = _pearson(x, skew)
    y = np.where(bare(y) > 0, y, 0.0)
    found = np.where(bare(skew) > 0, special.gammainc(a, y), special.gammaincc(a, y))
    return np.where(np.abs(bare(skew)) > _SMALL_SKEW, found, special.ndtr(x) + _nearly_normal(x, skew))


def _pearson3_sf(_self: Any, x: Array, skew: Array) -> Array:
    _, a, y = _pearson(x, skew)
    y = np.where(bare(y) > 0, y, 0.0)
    found = np.where(bare(skew) > 0, special.gammaincc(a, y), special.gammainc(a, y))
    return np.where(np.abs(bare(skew)) > _SMALL_SKEW, found, special.ndtr(-x) - _nearly_normal(x, skew))


_SMALL_SKEW = 4e-3  # below it the shape of the gamma distribution is above 250,000, and its derivative loses digits
formulas("pearson3_gen", _logpdf=_pearson3_logpdf, _pdf=_exp_logpdf, _cdf=_pearson3_cdf, _sf=_pearson3_sf)


def _tukeylambda_entropy(_self: Any, lam: Array) -> Array:
    zero = np.zeros(np.shape(lam))
    return between(lambda p, lam: np.log(p ** (lam - 1) + (1 - p) ** (lam - 1)), zero, zero + 1, lam)


formulas("tukeylambda_gen", _entropy=_tukeylambda_entropy)


def _vonmises_cdf(self: Any, x: Array, kappa: Array) -> Array:
    turns = np.round(bare(x) / (2 * np.pi))
    return 0.5 + turns + between(self._pdf, np.zeros(np.shape(x)), x - 2 * np.pi * turns, kappa)


formulas("vonmises_gen", _cdf=_vonmises_cdf, _sf=_one_minus_cdf)


def _studentized_range(_self: Any, x: Array, k: Array, df: Array) -> Array:
    """Return the distribution of the range of k normal variables, mixed by that of the deviation."""

    def at(s: Array, x: Array, k: Array) -> Array:
        k, wide = np.expand_dims(k, -1), np.expand_dims(x * s, -1)
        z = np.linspace(-9, 9, 181)
        within = np.maximum(special.ndtr(z + wide) - special.ndtr(z), 1e-300)
        return np.sum(k * np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * within ** (k - 1), axis=-1) * 0.1

    return over_deviation(at, df, x, k)


formulas("studentized_range_gen", _cdf=_studentized_range, _pdf=_pdf, _munp=_munp)
