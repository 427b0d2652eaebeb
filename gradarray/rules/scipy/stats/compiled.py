"""What computes the same as the compiled functions that formulas of scipy.stats call, by all operands.

They are those of scipy.special whose names start with an underscore, and three that have a rule by some operands alone.
Each is written with ufuncs that have rules by all of theirs; noncentral distributions are the mixtures that define them
(Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions, volume 2, chapters 29 to 31).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ..declared import compiled
from ..unswitched import special


def largest(*values: Array) -> float:
    """Return the largest of numbers, which says how many terms are needed."""
    return max(
        float(np.max(bare(x), where=np.isfinite(bare(x)), initial=0.0)) for x in map(np.asarray, map(bare, values))
    )


# --- beta, binomial and what is like them -----------------------------------------------------------------------------


def _beta_pdf(x: Array, a: Array, b: Array) -> Array:
    return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b))


def _binom_pmf(k: Array, n: Array, p: Array) -> Array:
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.exp(ways + special.xlogy(k, p) + special.xlog1py(n - k, -p))


def _binom_cdf(k: Array, n: Array, p: Array) -> Array:
    inside = k < n
    return np.where(inside, special.betaincc(k + 1, np.where(inside, n - k, 1), p), 1.0)


def _binom_sf(k: Array, n: Array, p: Array) -> Array:
    inside = k < n
    return np.where(inside, special.betainc(k + 1, np.where(inside, n - k, 1), p), 0.0)


def _nbinom_pmf(k: Array, n: Array, p: Array) -> Array:
    ways = special.gammaln(n + k) - special.gammaln(k + 1) - special.gammaln(n)
    return np.exp(ways + n * np.log(p) + special.xlog1py(k, -p))


def _nbinom_cdf(k: Array, n: Array, p: Array) -> Array:
    return special.betainc(n, k + 1, p)


def _nbinom_sf(k: Array, n: Array, p: Array) -> Array:
    return special.betaincc(n, k + 1, p)


def _nbinom_mean(n: Array, p: Array) -> Array:
    return n * (1 - p) / p


def _nbinom_variance(n: Array, p: Array) -> Array:
    return n * (1 - p) / p**2


def _nbinom_skewness(n: Array, p: Array) -> Array:
    return (2 - p) / np.sqrt(n * (1 - p))


def _nbinom_kurtosis_excess(n: Array, p: Array) -> Array:
    return 6 / n + p**2 / (n * (1 - p))


compiled(_beta_pdf, _binom_pmf, _binom_cdf, _binom_sf, _nbinom_pmf, _nbinom_cdf, _nbinom_sf)
compiled(_nbinom_mean, _nbinom_variance, _nbinom_skewness, _nbinom_kurtosis_excess)

# --- mixtures by a Poisson distribution -------------------------------------------------------------------------------


def _mixed(part: Callable[..., Array], nc: Array, *operands: Array, reach: float) -> Array:
    """Return the mean of ``part(j, *operands)`` for j of a Poisson distribution with the mean nc / 2."""
    half = np.expand_dims(nc, -1) / 2
    j = np.arange(40.0 + int(largest(half) + 12 * math.sqrt(largest(half)) + reach))
    weights = np.exp(special.xlogy(j, half) - half - special.gammaln(j + 1))
    return np.sum(weights * part(j, *[np.expand_dims(x, -1) for x in operands]), axis=-1)


def _reach(x: Array, df: Array, nc: Array) -> float:
    """Return how many terms more matter for a great argument, up to where nothing of the density is left."""
    return math.sqrt(min(largest(x), 1000 + 50 * (largest(df) + largest(nc))) * largest(nc))


def _ncx2_pdf(x: Array, df: Array, nc: Array) -> Array:
    def part(j: Array, x: Array, df: Array) -> Array:
        a = df / 2 + j
        return np.exp(special.xlogy(a - 1, x / 2) - x / 2 - special.gammaln(a)) / 2

    return _mixed(part, nc, x, df, reach=_reach(x, df, nc))


def chndtr(x: Array, df: Array, nc: Array) -> Array:
    return _mixed(lambda j, x, df: special.gammainc(df / 2 + j, x / 2), nc, x, df, reach=0)


def _ncx2_sf(x: Array, df: Array, nc: Array) -> Array:
    reach = _reach(x, df, nc)
    return _mixed(lambda j, x, df: special.gammaincc(df / 2 + j, x / 2), nc, x, df, reach=reach)


def _ncf_pdf(x: Array, dfn: Array, dfd: Array, nc: Array) -> Array:
    whole = dfn * x + dfd
    y = dfn * x / whole
    density = _mixed(lambda j, y, dfn, dfd: _beta_pdf(y, dfn / 2 + j, dfd / 2), nc, y, dfn, dfd, reach=largest(nc))
    return density * dfn * dfd / whole**2


def ncfdtr(dfn: Array, dfd: Array, nc: Array, x: Array) -> Array:
    y = dfn * x / (dfn * x + dfd)
    return _mixed(lambda j, y, dfn, dfd: special.betainc(dfn / 2 + j, dfd / 2, y), nc, y, dfn, dfd, reach=0)


def _ncf_sf(x: Array, dfn: Array, dfd: Array, nc: Array) -> Array:
    rest = dfd / (dfn * x + dfd)
    return _mixed(lambda j, y, a, b: special.betainc(b / 2, a / 2 + j, y), nc, rest, dfn, dfd, reach=largest(nc))


def _central(raw: list[Array]) -> tuple[Array, ...]:
    """Return mean, variance, skewness and excess of the first four moments about 0."""
    mean, second, third, fourth = raw
    variance = second - mean**2
    skew = (third - 3 * mean * second + 2 * mean**3) / variance**1.5
    return mean, variance, skew, (fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4) / variance**2 - 3


def _ncf_moments(dfn: Array, dfd: Array, nc: Array) -> tuple[Array, ...]:
    raw: list[Array] = []
    falling: Any = 1.0
    above: list[Any] = [1.0]
    for k in range(1, 5):  # moments of a noncentral chi-square from its cumulants, and those of 1 / chi-square
        terms = (
            math.comb(k - 1, i) * 2**i * math.factorial(i) * (dfn + (i + 1) * nc) * above[k - 1 - i] for i in range(k)
        )
        above.append(sum(terms))
        falling = falling / np.where(dfd > 2 * k, dfd - 2 * k, np.nan)
        raw.append((dfd / dfn) ** k * above[k] * falling)
    return _central(raw)


def _ncf_mean(dfn: Array, dfd: Array, nc: Array) -> Array:
    return _ncf_moments(dfn, dfd, nc)[0]


def _ncf_variance(dfn: Array, dfd: Array, nc: Array) -> Array:
    return _ncf_moments(dfn, dfd, nc)[1]


def _ncf_skewness(dfn: Array, dfd: Array, nc: Array) -> Array:
    return _ncf_moments(dfn, dfd, nc)[2]


def _ncf_kurtosis_excess(dfn: Array, dfd: Array, nc: Array) -> Array:
    return _ncf_moments(dfn, dfd, nc)[3]


def _ncx2_cdf(x: Array, df: Array, nc: Array) -> Array:  # chndtr, before SciPy 1.16
    return chndtr(x, df, nc)


compiled(_ncx2_pdf, chndtr, _ncx2_cdf, _ncx2_sf, _ncf_pdf, ncfdtr, _ncf_sf)
compiled(_ncf_mean, _ncf_variance, _ncf_skewness, _ncf_kurtosis_excess)

# --- mixtures by a chi distribution -----------------------------------------------------------------------------------


def over_deviation(integrand: Callable[..., Array], df: Array, *operands: Array) -> Array:
    """Return the mean of ``integrand(s, *operands)``, where df s^2 is distributed as chi-square with df degrees.

    By the trapezoidal rule in log(s), for which the density falls off at both ends.
    """
    at = np.expand_dims(bare(df), -1)
    low = -np.minimum(40 / at + 9 / np.sqrt(2 * at), 700)
    high = np.log1p(9 / np.sqrt(2 * at) + 0.1)
    fractions = np.linspace(0, 1, 400)
    log = low + (high - low) * fractions
    df, *raised = [np.expand_dims(x, -1) for x in (df, *operands)]
    density = np.exp(df * log - df / 2 * np.exp(2 * log) + df / 2 * np.log(df / 2) - special.gammaln(df / 2)) * 2
    return np.sum(density * integrand(np.exp(log), *raised), axis=-1) * (high - low)[..., 0] / 399


def _nct_pdf(x: Array, df: Array, nc: Array) -> Array:
    root = math.sqrt(2 * math.pi)
    return over_deviation(lambda s, x, nc: s * np.exp(-((x * s - nc) ** 2) / 2) / root, df, x, nc)


def nctdtr(df: Array, nc: Array, x: Array) -> Array:
    return over_deviation(lambda s, x, nc: special.ndtr(x * s - nc), df, x, nc)


def _nct_sf(x: Array, df: Array, nc: Array) -> Array:
    return over_deviation(lambda s, x, nc: special.ndtr(nc - x * s), df, x, nc)


def _nct_moments(df: Array, nc: Array) -> tuple[Array, ...]:
    normal = (nc, nc**2 + 1, nc**3 + 3 * nc, nc**4 + 6 * nc**2 + 3)
    raw = []
    for k, moment in enumerate(normal, 1):
        half = np.where(df > k, (df - k) / 2, np.nan)
        raw.append((df / 2) ** (k / 2) * np.exp(special.gammaln(half) - special.gammaln(df / 2)) * moment)
    return _central(raw)


def _nct_mean(df: Array, nc: Array) -> Array:
    return _nct_moments(df, nc)[0]


def _nct_variance(df: Array, nc: Array) -> Array:
    return _nct_moments(df, nc)[1]


def _nct_skewness(df: Array, nc: Array) -> Array:
    return _nct_moments(df, nc)[2]


def _nct_kurtosis_excess(df: Array, nc: Array) -> Array:
    return _nct_moments(df, nc)[3]


compiled(_nct_pdf, nctdtr, _nct_sf, _nct_mean, _nct_variance, _nct_skewness, _nct_kurtosis_excess)

# --- others -----------------------------------------------------------------------------------------------------------


def _skewnorm_cdf(x: Array, _loc: float, _scale: float, a: Array) -> Array:
    return special.ndtr(x) - 2 * special.owens_t(x, a)


def _cosine_cdf(x: Array) -> Array:
    return (np.pi + x + np.sin(x)) / (2 * np.pi)


def _log1mexp(x: Array) -> Array:
    near = x > -math.log(2)
    return np.where(near, np.log(-np.expm1(np.where(near, x, -1))), np.log1p(-np.exp(np.where(near, -1, x))))


def _scaled_exp1(x: Array) -> Array:
    return x * special.hyperu(1.0, 1.0, x)  # 13.6.6


def _kolmogp(x: Array) -> Array:
    """Return the slope of Kolmogorov's function, by the series that converges fast on this side of 0.8."""
    x = np.expand_dims(x, -1)
    k, odd = np.arange(1.0, 12.0), (2 * np.arange(1.0, 12.0) - 1) * (np.pi**2 / 8) ** 0.5
    small = x < 0.8
    far, near = np.where(small, 1.0, x), np.where(small, x, 0.5)
    tail = 8 * far * np.where(k % 2, 1, -1) * k**2 * np.exp(-2 * (k * far) ** 2)
    start = np.exp(-((odd / near) ** 2)) * (2 * odd**2 / near**4 - 1 / near**2) * math.sqrt(2 * math.pi)
    return -np.sum(np.where(small, start, tail), axis=-1)


def _kolmogc(x: Array) -> Array:
    return 1 - special.kolmogorov(x)


def _smirnovp(n: Array, x: Array) -> Array:
    """Return the slope of Smirnov's function as that of the sum which it is (Birnbaum and Tingey, 1951)."""
    n, x = np.expand_dims(n, -1), np.expand_dims(x, -1)
    j = np.arange(largest(n) + 1)
    inside = (j < n * (1 - x)) & (x > 0)
    u, v, at = np.where(inside, x + j / n, 1.0), np.where(inside, 1 - x - j / n, 1.0), np.where(inside, x, 0.5)
    ways = special.gammaln(n + 1) - special.gammaln(j + 1) - special.gammaln(np.where(inside, n - j, 0) + 1)
    terms = at * np.exp(ways + (j - 1) * np.log(u) + (n - j) * np.log(v))
    return np.sum(np.where(inside, terms * (1 / at + (j - 1) / u - (n - j) / v), 0.0), axis=-1)


def _smirnovc(n: Array, x: Array) -> Array:
    return 1 - special.smirnov(n, x)


def _gen_harmonic(n: Array, a: Array) -> Array:
    return _powers(1, n, a)


def _normalized_gen_harmonic(j: Array, k: Array, n: Array, a: Array) -> Array:
    return _powers(j, k, a) / _powers(1, n, a)


def _powers(low: Array, high: Array, a: Array) -> Array:
    """Return the sum of k^-a for k from one number to another."""
    low, high, a = [
        np.expand_dims(np.asarray(x), -1) if not hasattr(x, "shape") else np.expand_dims(x, -1) for x in (low, high, a)
    ]
    k = np.arange(1.0, largest(high) + 1)
    return np.sum(np.where((k >= low) & (k <= high), k ** (-a), 0.0), axis=-1)


compiled(_skewnorm_cdf, _cosine_cdf, _log1mexp, _scaled_exp1, _kolmogp, _kolmogc, _smirnovp, _smirnovc)
compiled(_gen_harmonic, _normalized_gen_harmonic)
