"""Distributions of several variables: logarithms of densities, entropies and moments, by points and parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ....tape.wrapping import bare, has_variable
from ..declared import faces
from ..unswitched import special
from ..values import as_double
from .covariances import Holding, covariance_of


def _array(x: Any) -> Any:
    return x if hasattr(x, "dtype") else as_double(x)


def _constant(name: str, parameter: str, value: Any) -> Any:
    if has_variable(value):
        raise TypeError(f"scipy.stats.{name} has no derivative by {parameter}, which is a whole number")
    return bare(value)


def _exponential(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: np.exp(f(*args, **kwargs))


def _logdet(a: Any) -> Any:
    return np.linalg.slogdet(a)[1]


def _multigammaln(a: Any, d: int) -> Any:
    return d * (d - 1) / 4 * math.log(math.pi) + sum(special.gammaln(a - j / 2) for j in range(d))


# --- normal and t -----------------------------------------------------------------------------------------------------


def _square_form(x: Any, mean: Any, cov: Any) -> tuple[Any, Any, int]:
    """Return Mahalanobis' distances squared, in the shape of the points, the matrix, and how many variables there are.

    As in the library, a number is a multiple of the unit matrix, and a vector a diagonal.
    """
    x, cov = as_double(x), as_double(cov)
    n = np.size(bare(mean)) if mean is not None else 1
    if np.ndim(cov) == 2:
        n = np.shape(cov)[0]
    if np.ndim(cov) == 0:
        cov = cov * np.eye(n)
    elif np.ndim(cov) == 1:
        cov = np.diag(cov)
    # Points of one variable stand along the last axis, without one for their coordinates.
    points = x[..., None] if n == 1 and np.ndim(x) and np.shape(x)[-1:] != (1,) else x
    if np.ndim(points) == 0:
        points = np.reshape(points, (1,))
    elif np.ndim(x) == 1 and n == 1:
        points = np.reshape(x, (-1, 1))
    off = points - (np.zeros(n) if mean is None else mean)
    # By a product, as the library has it too: there are many points to one matrix.
    half = np.reshape(off, (-1, n)) @ np.linalg.inv(np.linalg.cholesky(cov)).T
    squares = np.reshape(np.sum(half * half, axis=1), np.shape(off)[:-1])
    return squares, cov, n


def _scalar(found: Any) -> Any:
    return np.reshape(found, ())[()] if np.size(found) == 1 and np.ndim(found) == 1 else found


def _normal_logpdf(_self: Any, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    if isinstance(cov, Holding):
        x = as_double(x) - (0.0 if mean is None else mean)
        return -0.5 * (cov.rank * math.log(2 * math.pi) + cov.log_pdet + np.sum(cov.whiten(x) ** 2, axis=-1))
    cov = covariance_of(cov)
    if allow_singular and np.linalg.matrix_rank(bare(cov)) < len(np.atleast_2d(bare(cov))):
        return _singular_logpdf(x, mean, cov)
    squares, cov, n = _square_form(x, mean, cov)
    return _scalar(-0.5 * (n * math.log(2 * math.pi) + _logdet(cov) + squares))


def _singular_logpdf(x: Any, mean: Any, cov: Any) -> Any:
    """Return the logarithm of the density in the directions in which the points vary."""
    if has_variable(cov):
        raise TypeError("scipy.stats.multivariate_normal of a variable: a singular covariance that varies is not known")
    w, v = np.linalg.eigh(bare(cov))
    least = 1e6 * np.finfo(float).eps * np.max(np.abs(w))  # as SciPy has it
    there = w > least
    off = as_double(x) - (0.0 if mean is None else mean)
    half = off @ (v[:, there] / np.sqrt(w[there]))
    outside = np.linalg.norm(bare(off) @ v[:, ~there], axis=-1) >= 1e3 * least
    found = -0.5 * (np.sum(there) * math.log(2 * math.pi) + np.sum(np.log(w[there])) + np.sum(half * half, axis=-1))
    return np.where(outside, -np.inf, found)[()]


def _normal_entropy(_self: Any, mean: Any = None, cov: Any = 1) -> Any:
    cov = _array(covariance_of(cov))
    n = np.size(bare(mean)) if mean is not None else 1
    cov = cov * np.eye(n) if np.ndim(cov) == 0 else np.diag(cov) if np.ndim(cov) == 1 else cov
    return 0.5 * (np.shape(cov)[0] * math.log(2 * math.pi * math.e) + _logdet(cov))


faces("multivariate_normal_gen", logpdf=_normal_logpdf, pdf=_exponential(_normal_logpdf), entropy=_normal_entropy)


def _t_logpdf(_self: Any, x: Any, loc: Any = None, shape: Any = 1, df: Any = 1) -> Any:
    if not has_variable(df) and np.isinf(df):
        return _normal_logpdf(_self, x, loc, shape)
    squares, shape, n = _square_form(x, loc, shape)
    scale = special.gammaln((df + n) / 2) - special.gammaln(df / 2) - n / 2 * np.log(df * np.pi) - _logdet(shape) / 2
    return _scalar(scale - (df + n) / 2 * np.log1p(squares / df))


def _t_pdf(self: Any, x: Any, loc: Any = None, shape: Any = 1, df: Any = 1, allow_singular: bool = False) -> Any:
    if allow_singular:
        raise TypeError("scipy.stats.multivariate_t of a variable: allow_singular is not known here")
    return np.exp(_t_logpdf(self, x, loc, shape, df))


faces("multivariate_t_gen", logpdf=_t_logpdf, pdf=_t_pdf)

# --- of a simplex, and counts -----------------------------------------------------------------------------------------


def _dirichlet_logpdf(_self: Any, x: Any, alpha: Any) -> Any:
    x, alpha = _array(x), _array(alpha)
    if np.shape(x)[0] + 1 == np.shape(alpha)[0]:  # the last part is what is missing to 1
        x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)])
    log_beta = np.sum(special.gammaln(alpha)) - special.gammaln(np.sum(alpha))
    return np.sum(special.xlogy((alpha - 1), x.T).T, axis=0) - log_beta


def _dirichlet_mean(_self: Any, alpha: Any) -> Any:
    return alpha / np.sum(alpha)


def _dirichlet_var(_self: Any, alpha: Any) -> Any:
    whole = np.sum(alpha)
    return alpha * (whole - alpha) / (whole * whole * (whole + 1))


def _dirichlet_entropy(_self: Any, alpha: Any) -> Any:
    whole = np.sum(alpha)
    log_beta = np.sum(special.gammaln(alpha)) - special.gammaln(whole)
    n = np.shape(alpha)[0]
    return log_beta + (whole - n) * special.psi(whole) - np.sum((alpha - 1) * special.psi(alpha))


faces(
    "dirichlet_gen",
    logpdf=_dirichlet_logpdf,
    pdf=_exponential(_dirichlet_logpdf),
    mean=_dirichlet_mean,
    var=_dirichlet_var,
    entropy=_dirichlet_entropy,
)


def _counts(self: Any, name: str, x: Any, n: Any) -> tuple[Any, Any]:
    return np.asarray(_constant(name, "x", x), float), np.asarray(_constant(name, "n", n), float)


def _multinomial_logpmf(self: Any, x: Any, n: Any, p: Any) -> Any:
    x, n = _counts(self, "multinomial", x, n)
    p = _completed(_array(p))
    found = special.gammaln(n + 1) + np.sum(special.xlogy(x, p) - special.gammaln(x + 1), axis=-1)
    return np.where(np.sum(x, axis=-1) == n, found, -np.inf)[()]


def _completed(p: Any) -> Any:
    """Return probabilities of which the last one is what is missing to 1, as the library computes it."""
    return np.concatenate([p[..., :-1], 1 - np.sum(p[..., :-1], axis=-1, keepdims=True)], axis=-1)


faces("multinomial_gen", logpmf=_multinomial_logpmf, pmf=_exponential(_multinomial_logpmf))


def _dirichlet_multinomial_logpmf(self: Any, x: Any, alpha: Any, n: Any) -> Any:
    x, n = _counts(self, "dirichlet_multinomial", x, n)
    alpha = _array(alpha)
    whole = np.sum(alpha, axis=-1)
    start = special.gammaln(whole) + special.gammaln(n + 1) - special.gammaln(n + whole)
    terms = special.gammaln(x + alpha) - special.gammaln(alpha) - special.gammaln(x + 1)
    return np.where(np.sum(x, axis=-1) == n, start + np.sum(terms, axis=-1), -np.inf)[()]


faces(
    "dirichlet_multinomial_gen",
    logpmf=_dirichlet_multinomial_logpmf,
    pmf=_exponential(_dirichlet_multinomial_logpmf),
)

# --- of matrices ------------------------------------------------------------------------------------------------------


def _matrix(scale: Any) -> Any:
    scale = as_double(scale)
    return np.reshape(scale, (1, 1)) if np.ndim(scale) == 0 else np.diag(scale) if np.ndim(scale) == 1 else scale


def _matrices(x: Any, n: int) -> tuple[Any, tuple[int, ...]]:
    """Return matrices along the first axis, which the library has along the last ones, and the shape of these."""
    x = _array(x)
    if np.ndim(x) < 2:
        raise TypeError("scipy.stats.wishart of a variable: give the matrix, not a number or a diagonal")
    places = np.shape(x)[2:]
    return np.moveaxis(np.reshape(x, (n, n, -1)), -1, 0), places


def _wishart_logpdf(_self: Any, x: Any, df: Any, scale: Any) -> Any:
    scale = _matrix(scale)
    n = np.shape(scale)[0]
    x, places = _matrices(x, n)
    trace = np.trace(np.linalg.solve(scale, x), axis1=-2, axis2=-1)
    found = (df - n - 1) / 2 * _logdet(x) - trace / 2
    found = found - (df * n * math.log(2) / 2 + df / 2 * _logdet(scale) + _multigammaln(df / 2, n))
    return np.reshape(found, places)[()]


def _invwishart_logpdf(_self: Any, x: Any, df: Any, scale: Any) -> Any:
    scale = _matrix(scale)
    n = np.shape(scale)[0]
    x, places = _matrices(x, n)
    trace = np.trace(np.linalg.solve(x, scale + 0 * x), axis1=-2, axis2=-1)
    found = df / 2 * _logdet(scale) - trace / 2 - (df + n + 1) / 2 * _logdet(x)
    return np.reshape(found - df * n / 2 * math.log(2) - _multigammaln(df / 2, n), places)[()]


faces("wishart_gen", logpdf=_wishart_logpdf, pdf=_exponential(_wishart_logpdf))
faces("invwishart_gen", logpdf=_invwishart_logpdf, pdf=_exponential(_invwishart_logpdf))


def _matrix_normal_logpdf(_self: Any, X: Any, mean: Any = None, rowcov: Any = 1, colcov: Any = 1) -> Any:
    X, rowcov, colcov = _array(X), _array(rowcov), _array(colcov)
    rows, columns = np.shape(X)[-2:]
    rowcov = rowcov * np.eye(rows) if np.ndim(rowcov) == 0 else np.diag(rowcov) if np.ndim(rowcov) == 1 else rowcov
    colcov = colcov * np.eye(columns) if np.ndim(colcov) == 0 else np.diag(colcov) if np.ndim(colcov) == 1 else colcov
    off = X if mean is None else X - mean
    half = np.linalg.solve(np.linalg.cholesky(rowcov), off)
    other = np.linalg.solve(np.linalg.cholesky(colcov), np.swapaxes(half, -1, -2))
    squares = np.sum(other * other, axis=(-2, -1))
    logs = rows * columns * math.log(2 * math.pi) + columns * _logdet(rowcov) + rows * _logdet(colcov)
    return -0.5 * (logs + squares)


faces("matrix_normal_gen", logpdf=_matrix_normal_logpdf, pdf=_exponential(_matrix_normal_logpdf))

# --- of a sphere ------------------------------------------------------------------------------------------------------


def _vonmises_fisher_logpdf(_self: Any, x: Any, mu: Any = None, kappa: Any = 1) -> Any:
    x, mu = _array(x), _array(mu)
    half = np.shape(mu)[-1] / 2
    scale = (half - 1) * np.log(kappa) - half * math.log(2 * math.pi) - np.log(special.ive(half - 1, kappa)) - kappa
    return scale + kappa * np.sum(x * mu, axis=-1)


faces("vonmises_fisher_gen", logpdf=_vonmises_fisher_logpdf, pdf=_exponential(_vonmises_fisher_logpdf))

# --- frozen ones that were made of constants: what their parameters are -----------------------------------------------


def parameters_of(frozen: Any) -> dict[str, Any]:
    kind = type(frozen).__name__
    if kind == "multivariate_normal_frozen":
        return {"mean": frozen.mean, "cov": frozen.cov_object.covariance}
    if kind == "normal_inverse_gamma_frozen":
        return dict(zip(("mu", "lmbda", "a", "b"), frozen._shapes, strict=True))
    if kind == "multivariate_t_frozen":
        return {"loc": frozen.loc, "shape": frozen.shape, "df": frozen.df}
    names = {
        "dirichlet_frozen": ("alpha",),
        "multinomial_frozen": ("n", "p"),
        "dirichlet_multinomial_frozen": ("alpha", "n"),
        "wishart_frozen": ("df", "scale"),
        "invwishart_frozen": ("df", "scale"),
        "vonmises_fisher_frozen": ("mu", "kappa"),
        "matrix_normal_frozen": ("mean", "rowcov", "colcov"),
        "matrix_t_frozen": ("mean", "row_spread", "col_spread", "df"),
    }[kind]
    return {name: getattr(frozen, name) for name in names}


def _of_frozen(body: Callable[..., Any]) -> Callable[..., Any]:
    return lambda frozen, *args: body(None, *args, **parameters_of(frozen))


_FROZEN: dict[str, dict[str, Callable[..., Any]]] = {
    "multivariate_normal_frozen": {"logpdf": _normal_logpdf},
    "multivariate_t_frozen": {"logpdf": _t_logpdf},
    "dirichlet_frozen": {"logpdf": _dirichlet_logpdf},
    "multinomial_frozen": {"logpmf": _multinomial_logpmf},
    "dirichlet_multinomial_frozen": {"logpmf": _dirichlet_multinomial_logpmf},
    "wishart_frozen": {"logpdf": _wishart_logpdf},
    "invwishart_frozen": {"logpdf": _invwishart_logpdf},
    "vonmises_fisher_frozen": {"logpdf": _vonmises_fisher_logpdf},
    "matrix_normal_frozen": {"logpdf": _matrix_normal_logpdf},
}
for _name, _bodies in _FROZEN.items():
    for _method, _body in _bodies.items():
        faces(_name, **{_method: _of_frozen(_body), _method[3:]: _exponential(_of_frozen(_body))})
