"""Covariance matrices as objects that hold variables: scipy.stats.Covariance."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import _covariance as library

from ....tape.wrapping import bare
from ..declared import makers, methods
from ..values import as_double


class Holding:
    """What the library's classes ask of an object, for one that is made of variables."""

    holds_variables = True
    rank: Any
    _log_pdet: Any
    _white: Any
    _color: Any

    @property
    def log_pdet(self) -> Any:
        return self._log_pdet

    def whiten(self, x: Any) -> Any:
        return self._white(as_double(x))

    def colorize(self, x: Any) -> Any:
        return self._color(as_double(x))

    _whiten, _colorize = whiten, colorize


@functools.cache
def _holding(cls: type) -> type:
    return type(cls.__name__, (Holding, cls), {})


def _made(cls: str, given: Any, log_pdet: Any, covariance: Any, white: Any, color: Any) -> Any:
    """Return an object of the library's that answers with variables."""
    kind = getattr(library, cls)
    real = kind(*bare(given))  # and SciPy's own errors
    made: Any = object.__new__(_holding(kind))
    vars(made).update(vars(real), _log_pdet=log_pdet, _covariance=covariance, _white=white, _color=color)
    return made


def _roots(w: Any) -> tuple[Any, Any, Any]:
    """Return the square roots of variances, one over them, and the logarithm of their product; zeros have no part."""
    there = bare(w) > 0
    positive = np.where(there, w, 1.0)
    root = np.sqrt(positive)
    return np.where(there, root, 0.0), np.where(there, 1 / root, 0.0), np.sum(np.log(positive), axis=-1)


def _from_diagonal(diagonal: Any) -> Any:
    d = as_double(diagonal)
    root, inverse, log = _roots(d)
    return _made("CovViaDiagonal", (diagonal,), log, np.diag(d), lambda x: x * inverse, lambda x: x * root)


def _from_precision(precision: Any, covariance: Any = None) -> Any:
    p = as_double(precision)
    factor = np.linalg.cholesky(p)
    log = -2 * np.sum(np.log(np.diagonal(factor)))
    whole = np.linalg.inv(p) if covariance is None else as_double(covariance)
    given = (precision,) if covariance is None else (precision, covariance)
    return _made("CovViaPrecision", given, log, whole, lambda x: x @ factor, lambda x: x @ np.linalg.inv(factor))


def _from_cholesky(cholesky: Any) -> Any:
    factor = as_double(cholesky)
    log = 2 * np.sum(np.log(np.diagonal(factor)))

    def white(x: Any) -> Any:
        return x @ np.transpose(np.linalg.inv(np.tril(factor)))

    whole = factor @ np.transpose(factor)
    return _made("CovViaCholesky", (cholesky,), log, whole, white, lambda x: x @ np.transpose(factor))


def _from_eigendecomposition(eigendecomposition: Any) -> Any:
    w, v = map(as_double, eigendecomposition)
    root, inverse, log = _roots(w)
    back = np.transpose(v)
    given = (tuple(eigendecomposition),)
    return _made(
        "CovViaEigendecomposition",
        given,
        log,
        (v * w) @ back,
        lambda x: x @ (v * inverse),
        lambda x: x @ np.transpose(v * root),
    )


_WAYS: dict[str, Callable[..., Any]] = {
    "from_diagonal": _from_diagonal,
    "from_precision": _from_precision,
    "from_cholesky": _from_cholesky,
    "from_eigendecomposition": _from_eigendecomposition,
}
methods("scipy.stats", "Covariance", **_WAYS)
makers("scipy.stats", "Covariance", *_WAYS)


def covariance_of(cov: Any) -> Any:
    """Return the matrix of an object, or a matrix as it is."""
    return getattr(cov, "covariance", cov)
