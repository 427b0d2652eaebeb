"""Distributions of several variables: moments and entropies, one of numbers and their variance, and t of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....tape.wrapping import bare, has_variable
from ..declared import faces
from ..unswitched import special
from ..values import as_double
from .covariances import covariance_of
from .multivariate import (
    _array,
    _completed,
    _constant,
    _exponential,
    _logdet,
    _matrix,
    _multigammaln,
    _normal_entropy,
    parameters_of,
)

# --- normal and t -----------------------------------------------------------------------------------------------------


def _normal_cdf(
    _self: Any,
    x: Any,
    mean: Any = None,
    cov: Any = 1,
    allow_singular: bool = False,
    *_options: Any,
    lower_limit: Any = None,
    **_others: Any,
) -> Any:
    return _interval(x, mean, covariance_of(cov), lower_limit, special.ndtr)


def _normal_logcdf(
    _self: Any,
    x: Any,
    mean: Any = None,
    cov: Any = 1,
    allow_singular: bool = False,
    *_options: Any,
    lower_limit: Any = None,
    **_others: Any,
) -> Any:
    if lower_limit is not None:
        return np.log(_interval(x, mean, cov, lower_limit, special.ndtr))
    return _interval(x, mean, cov, None, special.log_ndtr)


def _interval(x: Any, mean: Any, cov: Any, lower_limit: Any, below: Any) -> Any:
    """Return the probability of what is smaller, of one variable; for several it is an integral, drawn at random."""
    cov = as_double(cov)
    if np.size(bare(cov)) != 1 or (mean is not None and np.size(bare(mean)) != 1):
        raise TypeError(
            "scipy.stats.multivariate_normal.cdf of a variable has no derivative here for several variables: "
            "it is integrated at random points"
        )
    x = as_double(x)
    mean, deviation = 0.0 if mean is None else np.reshape(mean, ()), np.sqrt(np.reshape(cov, ()))
    x = x[..., 0] if np.ndim(x) > 1 or np.shape(x) == (1,) else x
    found = below((x - mean) / deviation)
    return found if lower_limit is None else found - below((np.reshape(lower_limit, ()) - mean) / deviation)


def _normal_fit(_self: Any, x: Any, fix_mean: Any = None, fix_cov: Any = None) -> Any:
    x = _array(x)
    mean = np.mean(x, axis=0) if fix_mean is None else np.atleast_1d(fix_mean)
    off = x - mean
    return mean, off.T @ off / np.shape(x)[0] if fix_cov is None else np.atleast_2d(fix_cov)


def _normal_rvs(
    self: Any, mean: Any = None, cov: Any = 1, size: Any = 1, random_state: Any = None, **_options: Any
) -> Any:
    """Return a draw, which moves with the mean."""
    cov = covariance_of(cov)
    if has_variable(cov):
        raise TypeError(
            "scipy.stats.multivariate_normal.rvs of a variable as cov has no derivative here; "
            "write mean + np.linalg.cholesky(cov) @ z with z of a standard normal distribution"
        )
    draw = self.rvs(bare(mean), cov, size, random_state)
    off = draw - (0.0 if mean is None else bare(mean))
    return off if mean is None else mean + off


faces("multivariate_normal_gen", cdf=_normal_cdf, logcdf=_normal_logcdf, fit=_normal_fit, rvs=_normal_rvs)


def _t_entropy(_self: Any, loc: Any = None, shape: Any = 1, df: Any = 1) -> Any:
    if not has_variable(df) and np.isinf(df):
        return _normal_entropy(_self, None, shape)
    shape = _matrix(shape)
    n = np.shape(shape)[0]
    whole, half = (n + df) / 2, df / 2
    start = special.gammaln(half) - special.gammaln(whole) + n / 2 * np.log(df * math.pi) + _logdet(shape) / 2
    return start + whole * (special.psi(whole) - special.psi(half))


faces("multivariate_t_gen", entropy=_t_entropy)

# --- of a simplex, and counts -----------------------------------------------------------------------------------------


def _outer(a: Any) -> Any:
    return a[..., :, None] * a[..., None, :]


def _dirichlet_cov(_self: Any, alpha: Any) -> Any:
    whole = np.sum(alpha)
    share = alpha / whole
    return (np.diag(share) - _outer(share)) / (whole + 1)


faces("dirichlet_gen", cov=_dirichlet_cov)


def _number(name: str, n: Any) -> Any:
    return np.asarray(_constant(name, "n", n), float)


def _multinomial_mean(_self: Any, n: Any, p: Any) -> Any:
    return _number("multinomial", n)[..., None] * _completed(_array(p))


def _multinomial_cov(_self: Any, n: Any, p: Any) -> Any:
    p = _completed(_array(p))
    return _number("multinomial", n)[..., None, None] * (p[..., None] * np.eye(np.shape(p)[-1]) - _outer(p))


def _multinomial_entropy(_self: Any, n: Any, p: Any) -> Any:
    n, p = _number("multinomial", n), _completed(_array(p))
    k = np.arange(1.0, np.max(n) + 1)
    size, share = n[..., None, None], p[..., None]
    ways = special.gammaln(size + 1) - special.gammaln(k + 1) - special.gammaln(np.maximum(size - k, 0) + 1)
    chance = np.exp(ways + special.xlogy(k, share) + special.xlog1py(np.maximum(size - k, 0), -share))
    terms = np.where(k <= size, chance * special.gammaln(k + 1), 0.0)
    return n * np.sum(special.entr(p), axis=-1) - special.gammaln(n + 1) + np.sum(terms, axis=(-1, -2))


faces("multinomial_gen", mean=_multinomial_mean, cov=_multinomial_cov, entropy=_multinomial_entropy)


def _counted(alpha: Any, n: Any) -> tuple[Any, Any, Any]:
    alpha = _array(alpha)
    return alpha, np.sum(alpha, axis=-1, keepdims=True), _number("dirichlet_multinomial", n)[..., None]


def _dirichlet_multinomial_mean(_self: Any, alpha: Any, n: Any) -> Any:
    alpha, whole, n = _counted(alpha, n)
    return n * alpha / whole


def _dirichlet_multinomial_var(_self: Any, alpha: Any, n: Any) -> Any:
    alpha, whole, n = _counted(alpha, n)
    return n * alpha / whole * (1 - alpha / whole) * (n + whole) / (1 + whole)


def _dirichlet_multinomial_cov(_self: Any, alpha: Any, n: Any) -> Any:
    alpha, whole, n = _counted(alpha, n)
    share = alpha / whole
    spread = share[..., None] * np.eye(np.shape(alpha)[-1]) - _outer(share)
    return (n * (n + whole) / (1 + whole))[..., None] * spread


faces(
    "dirichlet_multinomial_gen",
    mean=_dirichlet_multinomial_mean,
    var=_dirichlet_multinomial_var,
    cov=_dirichlet_multinomial_cov,
)

# --- of matrices ------------------------------------------------------------------------------------------------------


def _single(found: Any) -> Any:
    return found[0, 0] if np.shape(found) == (1, 1) else found


def _none_unless(name: str, known: Any) -> None:
    if not np.all(bare(known)):
        raise TypeError(f"scipy.stats.{name} of a variable: it is not defined for so few degrees of freedom")


def _wishart_mean(_self: Any, df: Any, scale: Any) -> Any:
    return _single(df * _matrix(scale))


def _wishart_mode(_self: Any, df: Any, scale: Any) -> Any:
    scale = _matrix(scale)
    _none_unless("wishart.mode", bare(df) >= np.shape(scale)[0] + 1)
    return _single((df - np.shape(scale)[0] - 1) * scale)


def _wishart_var(_self: Any, df: Any, scale: Any) -> Any:
    scale = _matrix(scale)
    return _single(df * (scale**2 + _outer(np.diagonal(scale))))


def _wishart_entropy(_self: Any, df: Any, scale: Any) -> Any:
    scale = _matrix(scale)
    n = np.shape(scale)[0]
    digammas = sum(special.psi((df - i) / 2) for i in range(n))
    start = (n + 1) / 2 * _logdet(scale) + n * (n + 1) / 2 * math.log(2) + _multigammaln(df / 2, n)
    return start - (df - n - 1) / 2 * digammas + df * n / 2


faces("wishart_gen", mean=_wishart_mean, mode=_wishart_mode, var=_wishart_var, entropy=_wishart_entropy)


def _invwishart_mean(_self: Any, df: Any, scale: Any) -> Any:
    scale = _matrix(scale)
    n = np.shape(scale)[0]
    _none_unless("invwishart.mean", bare(df) > n + 1)
    return _single(scale / (df - n - 1))


def _invwishart_mode(_self: Any, df: Any, scale: Any) -> Any:
    scale = _matrix(scale)
    return _single(scale / (df + np.shape(scale)[0] + 1))


def _invwishart_var(_self: Any, df: Any, scale: Any) -> Any:
    scale = _matrix(scale)
    n = np.shape(scale)[0]
    _none_unless("invwishart.var", bare(df) > n + 3)
    top = (df - n + 1) * scale**2 + (df - n - 1) * _outer(np.diagonal(scale))
    return _single(top / ((df - n) * (df - n - 1) ** 2 * (df - n - 3)))


def _invwishart_entropy(_self: Any, df: Any, scale: Any) -> Any:
    scale = _matrix(scale)
    n = np.shape(scale)[0]
    digammas = sum(special.psi((df - n + i) / 2) for i in range(1, n + 1))
    start = _multigammaln(df / 2, n) + n * df / 2 + (n + 1) / 2 * (_logdet(scale) - math.log(2))
    return start - (df + n + 1) / 2 * digammas


faces("invwishart_gen", mean=_invwishart_mean, mode=_invwishart_mode, var=_invwishart_var, entropy=_invwishart_entropy)


def _matrix_normal_entropy(_self: Any, rowcov: Any = 1, colcov: Any = 1) -> Any:
    rowcov, colcov = _matrix(rowcov), _matrix(colcov)
    n, p = np.shape(rowcov)[0], np.shape(colcov)[0]
    return (n * p * (1 + math.log(2 * math.pi)) + p * _logdet(rowcov) + n * _logdet(colcov)) / 2


faces("matrix_normal_gen", entropy=_matrix_normal_entropy)


def _matrix_t_logpdf(
    _self: Any, X: Any, mean: Any = None, row_spread: Any = 1, col_spread: Any = 1, df: Any = 1
) -> Any:
    X = _array(X)
    m, n = np.shape(X)[-2:]
    rows, columns = (_of_size(a, size) for a, size in ((row_spread, m), (col_spread, n)))
    off = X if mean is None else X - mean
    inner = np.linalg.solve(columns, np.swapaxes(off, -1, -2) @ np.linalg.solve(rows, off))
    top = (df + m + n - 1) / 2
    start = _multigammaln(top, n) - _multigammaln((df + n - 1) / 2, n)
    logs = m * n * math.log(math.pi) + n * _logdet(rows) + m * _logdet(columns)
    return start - logs / 2 - top * _logdet(np.eye(n) + inner)


def _of_size(a: Any, size: int) -> Any:
    a = _array(a)
    return a * np.eye(size) if np.ndim(a) == 0 else np.diag(a) if np.ndim(a) == 1 else a


faces("matrix_t_gen", logpdf=_matrix_t_logpdf, pdf=_exponential(_matrix_t_logpdf))

# --- of a sphere; of a number and its variance ------------------------------------------------------------------------


def _vonmises_fisher_entropy(_self: Any, mu: Any = None, kappa: Any = 1) -> Any:
    half = np.shape(mu)[-1] / 2
    bessel = special.ive(half - 1, kappa)
    scale = (half - 1) * np.log(kappa) - half * math.log(2 * math.pi) - np.log(bessel) - kappa
    return -scale - kappa * special.ive(half, kappa) / bessel


faces("vonmises_fisher_gen", entropy=_vonmises_fisher_entropy)


def _inverse_gamma_logpdf(
    _self: Any, x: Any, s2: Any, mu: Any = 0.0, lmbda: Any = 1.0, a: Any = 1.0, b: Any = 1.0
) -> Any:
    x, s2 = _array(x), _array(s2)
    inside = bare(s2) > 0
    s2 = np.where(inside, s2, 1.0)
    start = (np.log(lmbda) - np.log(2 * math.pi * s2)) / 2 + a * np.log(b) - special.gammaln(a)
    found = start - (a + 1) * np.log(s2) - (2 * b + lmbda * (x - mu) ** 2) / (2 * s2)
    return np.where(inside, found, -np.inf)[()]


def _inverse_gamma_mean(_self: Any, mu: Any = 0.0, lmbda: Any = 1.0, a: Any = 1.0, b: Any = 1.0) -> Any:
    mu, variance = np.broadcast_arrays(_array(mu) + 0 * _array(lmbda), b / (_array(a) - 1))
    known = bare(a) > 1
    return np.where(known, mu, np.nan)[()], np.where(known, variance, np.nan)[()]


def _inverse_gamma_var(_self: Any, mu: Any = 0.0, lmbda: Any = 1.0, a: Any = 1.0, b: Any = 1.0) -> Any:
    mu, lmbda, a = _array(mu), _array(lmbda), _array(a)
    first, second = b / ((a - 1) * lmbda) + 0 * mu, b**2 / ((a - 1) ** 2 * (a - 2)) + 0 * (mu + lmbda)
    return np.where(bare(a) > 1, first, np.nan)[()], np.where(bare(a) > 2, second, np.nan)[()]


faces(
    "normal_inverse_gamma_gen",
    logpdf=_inverse_gamma_logpdf,
    pdf=_exponential(_inverse_gamma_logpdf),
    mean=_inverse_gamma_mean,
    var=_inverse_gamma_var,
)
for _kind, _body in (
    ("matrix_t_frozen", _matrix_t_logpdf),
    ("normal_inverse_gamma_frozen", _inverse_gamma_logpdf),
):

    def _of(body: Any) -> Any:
        return lambda frozen, *args: body(None, *args, **parameters_of(frozen))

    faces(_kind, logpdf=_of(_body), pdf=_exponential(_of(_body)))
